"""Settings, History: who did what, when, and what it was before; narrowed down and paged."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_timezone, gettext

from planner.accounts import queries
from planner.accounts.queries import EntryFilters
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.planning.campaigns import campaign_names
from planner.web.access import needs
from planner.web.settings.changes import changes

#: table -> what people call its rows.
SUBJECTS: dict[str, str] = {
    "assets": N_("Asset"),
    "posts": N_("Post"),
    "deliveries": N_("Delivery"),
    "campaigns": N_("Campaign"),
    "channels": N_("Channel"),
    "native_posts": N_("Published directly"),
    "pauses": N_("Pause"),
    "evergreens": N_("Evergreen"),
    "queue_slots": N_("Slot of the queue"),
    "promotion_decisions": N_("Decision"),
    "promotion_settings": N_("Promotion desk"),
    "shares": N_("Shared link"),
    "saved_views": N_("Saved view"),
    "calendar_notes": N_("Note of a day"),
    "events": N_("Event"),
    "blackouts": N_("Blackout"),
    "approval_routes": N_("Steps of approval"),
    "review_links": N_("Link for an approver outside"),
    "rule_settings": N_("Rule"),
    "audience_mappings": N_("Group of people"),
    "sites": N_("Website statistics"),
    "mentions": N_("Mention"),
    "people": N_("Register of people"),
    "users": N_("Person"),
    "api_tokens": N_("API token"),
}

#: What was done, in words; one that is not here is shown by its own name.
ACTIONS: dict[str, str] = {
    "asset.created": N_("created an asset"),
    "asset.edited": N_("changed an asset"),
    "asset.state_changed": N_("changed an asset's state"),
    "asset.resurfaced_settled": N_("took an asset that came back off the desk"),
    "asset.retired": N_("retired an asset"),
    "asset.restored": N_("brought an asset back"),
    "asset.imported": N_("imported an asset"),
    "asset.mentions_imported": N_("imported mentions of an asset"),
    "asset.file_added": N_("added a file to an asset"),
    "mention.forgotten": N_("had a mention forgotten"),
    "person.added": N_("added a person to the register"),
    "person.edited": N_("changed a person of the register"),
    "person.removed": N_("took a person out of the register"),
    "post.variant_made": N_("made a variant of a post"),
    "post.variant_left": N_("took a post out of its variants"),
    "template.added": N_("kept a post as a template"),
    "template.put_back": N_("put a template of posts back"),
    "template.removed": N_("removed a template of posts"),
    "asset.file_described": N_("described a file of an asset"),
    "campaign.created": N_("created a campaign"),
    "campaign.edited": N_("changed a campaign"),
    "campaign.postponed": N_("postponed a campaign"),
    "campaign.cancelled": N_("cancelled a campaign"),
    "campaign.went_on": N_("let a campaign go on"),
    "campaign.wave_moved": N_("moved a campaign's posts together"),
    "campaign.wave_moved_back": N_("moved a campaign's posts back together"),
    "campaign.channels_listed": N_("listed the channels of a sensitive announcement"),
    "campaign.wave_planned": N_("planned a campaign's posts by a template"),
    "channel.added": N_("added a channel"),
    "channel.edited": N_("changed a channel"),
    "audience.mapped": N_("put a group of people into an audience"),
    "channel.reading_budget": N_("changed what reading a channel's numbers may use"),
    "channel.observed": N_("met a channel in an import"),
    "channel.reconnected": N_("connected a channel again"),
    "channel.refreshed": N_("renewed a channel's key"),
    "channel.refused": N_("was refused by a channel"),
    "channel.warned": N_("could not renew a channel's key"),
    "channel.looks_off": N_("stopped looking for messages published directly"),
    "channel.looks_on": N_("began to look for messages published directly"),
    "channel.silent": N_("got no answer on a channel and leaves it alone for a while"),
    "channel.answers_again": N_("got answers on a channel again"),
    "channel.disconnected": N_("disconnected a channel"),
    "delivery.declared_not_live": N_("said that a post is not live"),
    "delivery.looked_up_first": N_("had a post looked up before it is sent"),
    "delivery.kept": N_("kept the time of a held post"),
    "delivery.recorded_by_hand": N_("said where a post is live"),
    "delivery.retried": N_("had a post sent again"),
    "evergreen.added": N_("made an asset evergreen"),
    "evergreen.changed": N_("changed the cool-down of an asset"),
    "evergreen.removed": N_("made an asset evergreen no longer"),
    "slot.added": N_("added a slot to a channel's queue"),
    "slot.removed": N_("took a slot from a channel's queue"),
    "native.adopted": N_("adopted a message that was published directly"),
    "native.gone": N_("no longer found a message that was published directly"),
    "native.ignored": N_("ignored a message that was published directly"),
    "native.put_back": N_("put back a message that was published directly"),
    "native.retracted": N_("found that a message was one of the planner's own"),
    "pause.started": N_("paused sending"),
    "pause.ended": N_("ended a pause"),
    "post.planned": N_("planned a post"),
    "post.revised": N_("changed a post"),
    "post.moved": N_("moved a post"),
    "post.unplanned": N_("took a post's time away"),
    "post.planned_again": N_("gave a post its time back"),
    "post.retimed": N_("kept a post's time of day when clocks changed their rules"),
    "post.short_link_made": N_("made a short link for a post"),
    "post.submitted": N_("submitted a post"),
    "post.approved": N_("approved a post"),
    "post.guest_advised": N_("gave advice on a post from outside, by a link"),
    "post.guest_approved": N_("said yes to a post from outside, by a link"),
    "post.guest_changes_requested": N_("asked for changes to a post from outside, by a link"),
    "review.made": N_("made a link for an approver outside"),
    "review.revoked": N_("revoked a link for an approver outside"),
    "post.commented": N_("commented on a post"),
    "post.comment_settled": N_("settled a comment on a post"),
    "post.step_approved": N_("said yes to a post in one step of approval"),
    "post.changes_requested": N_("asked for changes to a post"),
    "post.withdrawn": N_("took a post back to draft"),
    "post.cancelled": N_("cancelled a post"),
    "post.restored": N_("brought a post back"),
    "post.reopened": N_("opened a post again"),
    "post.disowned": N_("gave up a post that was published directly"),
    "post.recorded": N_("recorded a live post"),
    "post.rule_overridden": N_("overrode a rule for a post"),
    "digest.set": N_("set the daily digest"),
    "route.set": N_("set the steps of approval"),
    "route.reset": N_("took back the steps of approval that were set"),
    "rule.set": N_("set a rule"),
    "rule.reset": N_("took back how a rule was set"),
    "post.edited_live": N_("changed a post on its platform"),
    "post.taken_down": N_("took a post down"),
    "amendment.edit": N_("asked for an edit of a live post"),
    "amendment.take_down": N_("asked to take a post down"),
    "amendment.finish": N_("had what was missing of a post tried again"),
    "amendment.step_approved": N_("said yes to an edit of a live post in one step"),
    "amendment.reopened": N_("put an edit of a live post back into review"),
    "amendment.approved": N_("approved an edit of a live post"),
    "amendment.cancelled": N_("dropped a change of a live post"),
    "amendment.retried": N_("had a change of a live post tried again"),
    "post.scheduled": N_("scheduled a post"),
    "post.sending": N_("is sending a post"),
    "post.published": N_("published a post"),
    "post.failed": N_("could not publish a post"),
    "post.missed": N_("missed the moment of a post"),
    "post.unconfirmed": N_("could not find out whether a post is live"),
    "promotion.decided": N_("decided about a video"),
    "promotion.undone": N_("took back a decision about a video"),
    "promotion.redone": N_("let a decision about a video hold again"),
    "promotion.judged": N_("judged a decision about a video"),
    "promotion.reacted": N_("recorded who reacted to a video"),
    "promotion.reaction_removed": N_("removed a recorded reaction to a video"),
    "promotion.proposed": N_("proposed posts about a video"),
    "promotion.reedit_done": N_("said that a video's new title or thumbnail is live"),
    "promotion.reedit_reopened": N_("opened a video's re-edit again"),
    "promotion.recorded": N_("recorded what promoted a video"),
    "promotion.removed": N_("removed what had been recorded as a promotion"),
    "promotion.used": N_("recorded that a video was used at an event"),
    "promotion.inputs_changed": N_("changed what is known of a video"),
    "promotion.settings_changed": N_("changed the settings of the promotion desk"),
    "share.made": N_("shared the calendar by a link"),
    "share.revoked": N_("revoked a shared link"),
    "site.added": N_("had a website's statistics read"),
    "site.changed": N_("changed how a website's statistics are read"),
    "site.removed": N_("stopped reading a website's statistics"),
    "view.saved": N_("saved a view"),
    "view.changed": N_("renamed a saved view"),
    "view.removed": N_("deleted a saved view"),
    "note.written": N_("wrote a note of a day"),
    "note.edited": N_("changed a note of a day"),
    "note.removed": N_("removed a note of a day"),
    "event.added": N_("added an event"),
    "event.changed": N_("changed an event"),
    "event.removed": N_("removed an event"),
    "event.put_back": N_("put back an event"),
    "blackout.added": N_("added a blackout"),
    "blackout.changed": N_("changed a blackout"),
    "blackout.removed": N_("removed a blackout"),
    "blackout.put_back": N_("put back a blackout"),
    "note.put_back": N_("put back a note of a day"),
    "token.issued": N_("made an API token"),
    "token.revoked": N_("revoked an API token"),
    "user.created": N_("added a person"),
    "user.invited": N_("made a sign-in link"),
    "user.roles_changed": N_("changed somebody's roles"),
    "user.disabled": N_("ended somebody's access"),
    "user.enabled": N_("let somebody back in"),
}


@needs("history.read")
def history() -> ResponseReturnValue:
    asked = {name: request.args.get(name, "").strip()[:200] for name in ("q", "who", "about", "from", "to")}
    filters, sentence = EntryFilters(), ""
    try:
        filters = _filters(asked)
    except Invalid as error:
        sentence = gettext(error.message)
    cursor = request.args.get("cursor")
    page = queries.entries(g.db, filters, cursor=cursor)
    kept: dict[str, Any] = {name: value for name, value in asked.items() if value}
    people = queries.people(g.db)
    campaigns = {told["campaign_id"] for one in page.items for told in (one.was, one.became) if told.get("campaign_id") is not None}
    named = {"owner_id": {one.id: one.name or one.email for one in people}, "campaign_id": campaign_names(g.db, campaigns)}
    html = render_template(
        "settings/history.html",
        lines=page.items,
        asked=asked,
        sentence=sentence,
        people=people,
        subjects=SUBJECTS,
        actions=ACTIONS,
        changes=partial(changes, named=named),
        next_href=url_for(".history", **kept, cursor=page.next_cursor) if page.next_cursor else None,
        first_href=url_for(".history", **kept) if cursor else None,
    )
    return html, 422 if sentence else 200


def _filters(asked: dict[str, str]) -> EntryFilters:
    """Days are the reader's own; the last one is included. Raises Invalid for a day that is none."""
    who = asked["who"]
    return EntryFilters(
        q=asked["q"].replace("\0", ""),
        actor_id=int(who) if who.isascii() and who.isdigit() and len(who) < 18 else None,
        subject_type=asked["about"] if asked["about"] in SUBJECTS else "",
        since=_midnight(asked["from"]),
        until=_midnight(asked["to"], days=1),
    )


def _midnight(text: str, *, days: int = 0) -> datetime | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not 1990 <= day.year <= 2100:
        raise Invalid(N_("Write the days such as 2026-03-24."), field="from")
    return datetime.combine(day + timedelta(days=days), time(), ZoneInfo(str(get_timezone()))).astimezone(UTC)
