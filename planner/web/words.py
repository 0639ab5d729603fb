"""Words for what was done to a thing, for what changed in it, and for how a try to send it ended."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from planner.accounts.models import Entry
from planner.catalog.models import LABELS, AssetState
from planner.core.i18n import N_

__all__ = ["HISTORY", "RESULTS", "change_word", "changed", "deed", "doer", "undone_word"]

#: An entry's action -> what a page about that thing says; who did it and when stand beside it.
HISTORY: dict[str, str] = {
    "asset.created": N_("Added to the catalogue"),
    "asset.edited": N_("Changed"),
    "asset.file_added": N_("File added"),
    "asset.imported": N_("Imported"),
    "asset.mentions_imported": N_("Mentions imported"),
    "asset.state_changed": N_("State changed"),
    "asset.retired": N_("Retired"),
    "asset.restored": N_("Brought back"),
    "campaign.created": N_("Created"),
    "campaign.edited": N_("Changed"),
    "campaign.postponed": N_("Postponed"),
    "campaign.cancelled": N_("Cancelled"),
    "campaign.went_on": N_("Goes on again"),
    "campaign.wave_moved": N_("Its posts moved together"),
    "campaign.wave_moved_back": N_("Its posts moved back together"),
    "campaign.channels_listed": N_("Its channels listed"),
    "campaign.wave_planned": N_("Posts planned by a template"),
    "delivery.declared_not_live": N_("Marked as not live by a person"),
    "delivery.kept": N_("Kept its time after a pause"),
    "delivery.recorded_by_hand": N_("Marked as live by a person"),
    "delivery.retried": N_("Sent again by a person"),
    "post.planned": N_("Written"),
    "post.revised": N_("Changed"),
    "post.moved": N_("Moved"),
    "post.unplanned": N_("Its time was taken away"),
    "post.planned_again": N_("Back at its time"),
    "post.retimed": N_("Its time zone changed its rules"),
    "post.submitted": N_("Submitted for approval"),
    "post.approved": N_("Approved"),
    "post.guest_advised": N_("Advice from outside"),
    "post.guest_approved": N_("A yes from outside"),
    "post.guest_changes_requested": N_("Changes requested from outside"),
    "post.commented": N_("Comment"),
    "post.comment_settled": N_("Comment settled"),
    "post.step_approved": N_("A step of approval said yes"),
    "post.changes_requested": N_("Changes requested"),
    "post.withdrawn": N_("Withdrawn to draft"),
    "post.cancelled": N_("Cancelled"),
    "post.restored": N_("Brought back"),
    "post.reopened": N_("Back in review"),
    "post.in_review": N_("Back in review"),
    "post.scheduled": N_("Scheduled"),
    "post.sending": N_("Sending began"),
    "post.published": N_("Published"),
    "post.failed": N_("Could not be sent"),
    "post.missed": N_("Missed its time"),
    "post.unconfirmed": N_("Outcome unknown"),
    "event.added": N_("Added"),
    "event.changed": N_("Changed"),
    "event.removed": N_("Removed"),
    "event.put_back": N_("Put back"),
    "blackout.added": N_("Added"),
    "blackout.changed": N_("Changed"),
    "blackout.removed": N_("Removed"),
    "blackout.put_back": N_("Put back"),
    "native.adopted": N_("Adopted under an asset"),
    "native.gone": N_("No longer on the platform"),
    "native.ignored": N_("Ignored"),
    "native.put_back": N_("Put back"),
    "promotion.recorded": N_("Promotion recorded"),
    "promotion.removed": N_("Promotion removed"),
    "promotion.used": N_("Used at an event"),
    "promotion.inputs_changed": N_("What is known of it changed"),
    "post.disowned": N_("Put back under “Published directly”"),
    "post.recorded": N_("Found on the platform"),
    "post.edited_live": N_("Changed on the platform"),
    "post.taken_down": N_("Taken down"),
    "amendment.edit": N_("Edit of the live post asked for"),
    "amendment.take_down": N_("Taking down asked for"),
    "amendment.finish": N_("What is missing tried again"),
    "amendment.step_approved": N_("Edit of the live post: a step said yes"),
    "amendment.reopened": N_("Edit of the live post back in review"),
    "amendment.approved": N_("Edit of the live post approved"),
    "amendment.cancelled": N_("Change of the live post dropped"),
    "amendment.retried": N_("Change of the live post tried again"),
}

#: An asset's column -> its name on the form.
COLUMNS: dict[str, str] = {
    "kind": N_("Kind"),
    "title": N_("Title"),
    "summary": N_("Summary"),
    "url": N_("Address"),
    "language": N_("Language"),
    "purpose": N_("Made for"),
    "cost": N_("Cost"),
    "currency": N_("Currency"),
    "confidentiality": N_("Confidentiality"),
    "sensitive": N_("Sensitive"),
    "embargo_until": N_("Embargo until"),
    "embargo_terms": N_("Words that would give it away"),
    "audiences": N_("Audiences"),
    "topics": N_("Topics"),
    "owner_id": N_("Owner"),
}

#: Who acted without an account -> what the page says.
_NOBODY = {"planner": N_("the planner"), "command line": N_("the command line")}

#: How an attempt ended -> what the page says; None is still open.
RESULTS = {
    "sent": _l("Sent"),
    "refused": _l("Refused by the platform"),
    "later": _l("The platform said: not now"),
    "unknown": _l("No clear answer came"),
    "found": _l("Found live on the platform"),
    "absent": _l("Looked up: it is not there"),
    "None": _l("Waiting for the answer"),
}


#: What is done to a live post -> what its page says.
_CHANGES = {"edit": N_("Edit"), "take_down": N_("Taking down"), "finish": N_("What was missing")}

#: What belongs to a post and may be missing, by the names adapters use.
_UNDONE = {
    "first_comment": N_("the first comment"),
    "thumbnail": N_("the thumbnail"),
    "captions": N_("the captions"),
    "playlist": N_("the playlist"),
}


def change_word(kind: str) -> str:
    """What was done to a live post, in the reader's language."""
    return str(gettext(_CHANGES[str(kind)]))


def undone_word(name: str) -> str:
    """What is missing, in the reader's language."""
    return str(gettext(_UNDONE[name])) if name in _UNDONE else name


def deed(entry: Entry) -> str:
    """The action in the reader's language; an unknown one as it is stored."""
    return str(gettext(HISTORY[entry.action])) if entry.action in HISTORY else entry.action


def doer(name: str) -> str:
    """Who did it: a person's name as it is, the planner itself in the reader's language."""
    return str(gettext(_NOBODY[name])) if name in _NOBODY else name


def changed(entry: Entry) -> str:
    """What changed, short: an asset's states before and after, the columns that were edited, the file that came, how many mentions."""
    if entry.subject_type != "assets":
        return ""
    was, became = entry.was or {}, entry.became or {}
    parts = [str(became["file"])] if "file" in became else []
    if was.get("state") and became.get("state"):
        parts.append(f"{_state(was['state'])} → {_state(became['state'])}")
    if entry.action == "asset.edited":
        parts += [str(gettext(text)) for name, text in COLUMNS.items() if name in became]
    if "mentions" in became:
        parts.append(str(became["mentions"]))
    return ", ".join(parts)


def _state(value: Any) -> str:
    try:
        return str(gettext(LABELS[AssetState(value)]))
    except ValueError:
        return str(value)
