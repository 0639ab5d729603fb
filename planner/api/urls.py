"""The addresses of the API, one table a resource. A resource's module is imported with the first request for one of its addresses."""

from __future__ import annotations

from planner.core.lazy import Table

__all__ = ["DOCUMENT", "RESOURCES"]

#: Converter of a row's number in an address.
_ID = "int(min=1,max=9223372036854775807)"

RESOURCES: tuple[Table, ...] = (
    Table("api-me", "/api/v1/me", "planner.api.me", (
        ("GET", "", "show"),
    )),
    Table("api-assets", "/api/v1/assets", "planner.api.assets", (
        ("GET", "", "index"),
        ("POST", "", "create"),
        ("GET", f"/<{_ID}:asset_id>", "show"),
        ("PATCH", f"/<{_ID}:asset_id>", "edit"),
        ("POST", f"/<{_ID}:asset_id>/state", "change_state"),
        ("POST", f"/<{_ID}:asset_id>/retire", "retire"),
        ("POST", f"/<{_ID}:asset_id>/restore", "restore"),
    )),
    Table("api-performance", "/api/v1/assets", "planner.api.performance", (
        ("GET", f"/<{_ID}:asset_id>/performance", "show"),
    )),
    Table("api-mentions", "/api/v1/assets", "planner.api.mentions", (
        ("GET", f"/<{_ID}:asset_id>/mentions", "of_asset"),
    )),
    Table("api-variants", "/api/v1", "planner.api.variants", (
        ("GET", f"/assets/<{_ID}:asset_id>/variants", "of_asset"),
        ("GET", f"/posts/<{_ID}:post_id>/variants", "of_post"),
    )),
    Table("api-channel-performance", "/api/v1/channels", "planner.api.channel_performance", (
        ("GET", "/follower-gains", "follower_gains"),
        ("GET", f"/<{_ID}:channel_id>/performance", "show"),
    )),
    Table("api-channels", "/api/v1/channels", "planner.api.channels", (
        ("GET", "", "index"),
        ("GET", f"/<{_ID}:channel_id>", "show"),
        ("POST", "", "add"),
    )),
    Table("api-campaigns", "/api/v1/campaigns", "planner.api.campaigns", (
        ("GET", "", "index"),
        ("POST", "", "create"),
        ("GET", f"/<{_ID}:campaign_id>", "show"),
        ("PATCH", f"/<{_ID}:campaign_id>", "edit"),
        ("GET", f"/<{_ID}:campaign_id>/channels", "channels"),
        ("PATCH", f"/<{_ID}:campaign_id>/channels", "relist"),
    )),
    Table("api-events", "/api/v1/events", "planner.api.events", (
        ("GET", "", "index"),
        ("POST", "", "create"),
        ("GET", f"/<{_ID}:event_id>", "show"),
        ("PATCH", f"/<{_ID}:event_id>", "edit"),
        ("POST", f"/<{_ID}:event_id>/remove", "remove"),
        ("POST", f"/<{_ID}:event_id>/put-back", "put_back"),
    )),
    Table("api-waves", "/api/v1/campaigns", "planner.api.waves", (
        ("GET", f"/<{_ID}:campaign_id>/wave", "preview"),
        ("POST", f"/<{_ID}:campaign_id>/wave/shift", "shift"),
        ("POST", f"/<{_ID}:campaign_id>/wave/undo", "undo"),
    )),
    Table("api-proposals", "/api/v1/campaigns", "planner.api.proposals", (
        ("GET", f"/<{_ID}:campaign_id>/proposal", "show"),
        ("POST", f"/<{_ID}:campaign_id>/proposal/take", "take"),
        ("POST", f"/<{_ID}:campaign_id>/proposal/drop", "drop"),
    )),
    Table("api-comments", "/api/v1/posts", "planner.api.comments", (
        ("GET", f"/<{_ID}:post_id>/comments", "index"),
        ("POST", f"/<{_ID}:post_id>/comments", "add"),
        ("POST", f"/<{_ID}:post_id>/comments/<{_ID}:comment_id>/settle", "settle"),
    )),
    Table("api-blackouts", "/api/v1/blackouts", "planner.api.blackouts", (
        ("GET", "", "index"),
        ("POST", "", "create"),
        ("GET", "/posts", "posts"),
        ("GET", f"/<{_ID}:blackout_id>", "show"),
        ("PATCH", f"/<{_ID}:blackout_id>", "edit"),
        ("POST", f"/<{_ID}:blackout_id>/remove", "remove"),
        ("POST", f"/<{_ID}:blackout_id>/put-back", "put_back"),
    )),
    Table("api-people", "/api/v1/people", "planner.api.people", (
        ("GET", "", "index"),
        ("POST", "", "create"),
        ("GET", f"/<{_ID}:person_id>", "show"),
        ("PATCH", f"/<{_ID}:person_id>", "edit"),
        ("POST", f"/<{_ID}:person_id>/remove", "remove"),
    )),
    Table("api-posts", "/api/v1/posts", "planner.api.posts", (
        ("GET", "", "index"),
        ("POST", "", "create"),
        ("GET", f"/<{_ID}:post_id>", "show"),
        ("GET", f"/<{_ID}:post_id>/findings", "findings"),
        ("PATCH", f"/<{_ID}:post_id>", "revise"),
    )),
    Table("api-post-steps", "/api/v1/posts", "planner.api.post_steps", (
        ("POST", f"/<{_ID}:post_id>/submit", "submit"),
        ("POST", f"/<{_ID}:post_id>/approve", "approve"),
        ("POST", f"/<{_ID}:post_id>/request-changes", "request_changes"),
        ("POST", f"/<{_ID}:post_id>/withdraw", "withdraw"),
        ("POST", f"/<{_ID}:post_id>/move", "move"),
        ("POST", f"/<{_ID}:post_id>/cancel", "cancel"),
        ("POST", f"/<{_ID}:post_id>/restore", "restore"),
    )),
    Table("api-approvals", "/api/v1", "planner.api.approvals", (
        ("GET", "/approvals", "index"),
        ("GET", f"/posts/<{_ID}:post_id>/approval", "show"),
    )),
    Table("api-post-changes", "/api/v1/posts", "planner.api.post_changes", (
        ("POST", f"/<{_ID}:post_id>/edit-live", "edit"),
        ("POST", f"/<{_ID}:post_id>/take-down", "take_down"),
        ("POST", f"/<{_ID}:post_id>/finish", "finish"),
        ("POST", f"/<{_ID}:post_id>/changes/<{_ID}:change_id>/approve", "approve"),
        ("POST", f"/<{_ID}:post_id>/changes/<{_ID}:change_id>/refuse", "refuse"),
        ("POST", f"/<{_ID}:post_id>/changes/<{_ID}:change_id>/again", "again"),
    )),
    Table("api-rules", "/api/v1", "planner.api.rules", (
        ("GET", "/rules", "index"),
        ("POST", "/rules", "set_rule"),
        ("POST", "/rules/reset", "reset"),
        ("GET", f"/posts/<{_ID}:post_id>/overrides", "overrides"),
        ("POST", f"/posts/<{_ID}:post_id>/overrides", "override"),
    )),
    Table("api-shares", "/api/v1/shares", "planner.api.shares", (
        ("GET", "", "index"),
        ("POST", "", "make"),
        ("POST", "/revoke", "revoke"),
    )),
    Table("api-deliveries", "/api/v1/deliveries", "planner.api.deliveries", (
        ("GET", "", "index"),
        ("GET", f"/<{_ID}:delivery_id>", "show"),
        ("POST", f"/<{_ID}:delivery_id>/retry", "retry"),
    )),
    Table("api-snapshots", "/api/v1", "planner.api.snapshots", (
        ("GET", f"/posts/<{_ID}:post_id>/snapshots", "index"),
        ("POST", "/snapshots", "record"),
    )),
    Table("api-native-posts", "/api/v1/native-posts", "planner.api.natives", (
        ("GET", "", "index"),
        ("GET", f"/<{_ID}:native_id>", "show"),
        ("POST", f"/<{_ID}:native_id>/adopt", "adopt"),
        ("POST", f"/<{_ID}:native_id>/ignore", "ignore"),
        ("POST", f"/<{_ID}:native_id>/put-back", "put_back"),
    )),
    Table("api-promotion", "/api/v1/promotion", "planner.api.promotion", (
        ("GET", "", "index"),
        ("GET", "/judgement", "judgement"),
        ("GET", f"/<{_ID}:asset_id>", "show"),
        ("POST", f"/<{_ID}:asset_id>/decisions", "decide"),
        ("POST", f"/<{_ID}:asset_id>/undo", "undo"),
    )),
    Table("api-jobs", "/api/v1/jobs", "planner.api.jobs", (
        ("GET", "", "index"),
        ("GET", f"/<{_ID}:job_id>", "show"),
    )),
)  # fmt: skip

#: What describes them all; anybody may read it.
DOCUMENT = Table("api-docs", "/api/v1", "planner.api.spec", (("GET", "/openapi.json", "openapi_json"),))
