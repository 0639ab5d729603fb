"""The addresses of the pages, one table a screen family. A family's module is imported when one of its pages is first asked for."""

from __future__ import annotations

from planner.core.lazy import Table

__all__ = ["SCREENS"]

SCREENS: tuple[Table, ...] = (
    Table("health", "", "planner.web.health", (
        ("GET", "/healthz", "alive"),
        ("GET", "/readyz", "ready"),
    )),
    Table("account", "", "planner.web.account", (
        ("GET POST", "/sign-in/<token>", "sign_in"),
        ("POST", "/preferences", "preferences"),
    )),
    Table("desk", "", "planner.web.desk", (
        ("GET", "/", "home"),
    )),
    Table("planning", "", "planner.web.planning", (
        ("GET", "/calendar", "calendar"),
        ("GET", "/calendar/events", "events"),
    )),
    Table("shares", "/calendar/shares", "planner.web.shares", (
        ("GET POST", "", "index"),
        ("POST", "/<int:share_id>/revoke", "revoke"),
    )),
    Table("shared", "/s", "planner.web.shared", (
        ("GET", "/<token>", "page"),
        ("GET", "/<token>.ics", "feed"),
    )),
    Table("posts", "/posts", "planner.web.posts", (
        ("GET POST", "/new", "new"),
        ("GET", "/<int:post_id>", "show"),
        ("GET POST", "/<int:post_id>/edit", "edit"),
        ("GET POST", "/<int:post_id>/move", "move"),
    )),
    Table("preflight", "/posts", "planner.web.preflight", (
        ("POST", "/preflight", "new"),
        ("POST", "/<int:post_id>/preflight", "edit"),
    )),
    Table("post_steps", "/posts/<int:post_id>", "planner.web.post_steps", (
        ("POST", "/submit", "submit"),
        ("POST", "/approve", "approve"),
        ("POST", "/request-changes", "request_changes"),
        ("POST", "/withdraw", "withdraw"),
        ("POST", "/cancel", "cancel"),
        ("POST", "/restore", "restore"),
        ("POST", "/retry", "retry"),
        ("POST", "/live", "live"),
        ("POST", "/not-live", "not_live"),
    )),
    Table("post_changes", "/posts/<int:post_id>", "planner.web.post_changes", (
        ("GET POST", "/edit-live", "edit"),
        ("GET POST", "/take-down", "take_down"),
        ("POST", "/finish", "finish"),
        ("POST", "/changes/<int:amendment_id>/approve", "approve"),
        ("POST", "/changes/<int:amendment_id>/refuse", "refuse_change"),
        ("POST", "/changes/<int:amendment_id>/again", "again"),
        ("GET", "/underway", "underway"),
    )),
    Table("held", "/held", "planner.web.held", (
        ("GET", "", "index"),
        ("POST", "", "decide"),
    )),
    Table("natives", "/published-directly", "planner.web.natives", (
        ("GET", "", "index"),
        ("POST", "/decide", "decide"),
        ("GET", "/<int:native_id>", "show"),
        ("POST", "/<int:native_id>/adopt", "adopt"),
        ("POST", "/<int:native_id>/ignore", "ignore"),
        ("POST", "/<int:native_id>/put-back", "put_back"),
        ("POST", "/channels/<int:channel_id>", "switch"),
    )),
    Table("campaigns", "/campaigns", "planner.web.campaigns", (
        ("GET", "", "index"),
        ("GET POST", "/new", "new"),
        ("GET", "/<int:campaign_id>", "show"),
        ("GET POST", "/<int:campaign_id>/edit", "edit"),
    )),
    Table("catalog", "/assets", "planner.web.catalog", (
        ("GET", "", "catalogue"),
        ("GET POST", "/new", "new"),
        ("GET POST", "/<int:asset_id>/edit", "edit"),
        ("POST", "/<int:asset_id>/retire", "retire"),
        ("POST", "/<int:asset_id>/restore", "restore"),
        ("POST", "/<int:asset_id>/state", "change_state"),
    )),
    Table("assets", "/assets", "planner.web.assets", (
        ("GET", "/<int:asset_id>", "show"),
        ("POST", "/<int:asset_id>/files", "upload"),
        ("GET", "/<int:asset_id>/files/<int:file_id>", "file"),
    )),
    Table("performance", "/performance", "planner.web.performance", (
        ("GET", "", "index"),
        ("GET", "/channels", "totals"),
        ("GET", "/audience", "audience"),
    ), context="around"),
    Table("imports", "/imports", "planner.web.imports", (
        ("GET POST", "", "new"),
        ("POST", "/write", "start"),
        ("POST", "/columns", "columns"),
        ("GET", "/done/<int:job_id>", "done"),
        ("GET", "/template/<kind>.csv", "template"),
        ("GET", "/errors/<token>.csv", "errors"),
    )),
    Table("links", "", "planner.web.links", (
        ("GET", "/l/<code>", "follow"),
        ("POST", "/posts/<int:post_id>/short-link", "make"),
    )),
    Table("jobs", "", "planner.web.jobs", (
        ("GET", "/jobs/<int:job_id>", "show"),
        ("POST", "/demo", "load_demo"),
    )),
    Table("settings", "/settings", "planner.web.settings", (
        ("POST", "/channels/connect/<platform>", "connecting.connect"),
        ("GET", "/channels/callback/<platform>", "connecting.connected"),
        ("GET POST", "/channels/choose", "choosing.choose"),
        ("GET", "", "channels.channels"),
        ("POST", "/channels/sandbox", "channels.add_sandbox"),
        ("GET", "/channels/new", "channels.new_channel"),
        ("GET POST", "/channels/new/<platform>", "channels.add_channel"),
        ("GET", "/channels/<int:channel_id>", "channels.channel"),
        ("POST", "/channels/<int:channel_id>/edit", "channels.edit_channel"),
        ("POST", "/channels/<int:channel_id>/reconnect", "channels.reconnect"),
        ("POST", "/channels/<int:channel_id>/disconnect", "channels.disconnect"),
        ("GET", "/history", "history.history"),
        ("GET", "/pause", "pauses.pauses"),
        ("POST", "/pause/start", "pauses.start_pause"),
        ("POST", "/pause/<int:pause_id>/end", "pauses.end_pause"),
        ("GET", "/people", "people.people"),
        ("GET POST", "/people/new", "people.add_person"),
        ("GET", "/people/<int:user_id>", "people.person"),
        ("POST", "/people/<int:user_id>/link", "people.invite_person"),
        ("POST", "/people/<int:user_id>/roles", "people.change_roles"),
        ("POST", "/people/<int:user_id>/disable", "people.disable_person"),
        ("POST", "/people/<int:user_id>/enable", "people.enable_person"),
        ("GET POST", "/preferences", "preferences.preferences"),
        ("GET POST", "/tokens", "tokens.tokens"),
        ("POST", "/tokens/<int:token_id>/revoke", "tokens.revoke_token"),
    ), context="base.tabs"),
)  # fmt: skip
