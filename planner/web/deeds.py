"""Lines of history in words: what each recorded action is called on screen."""

from __future__ import annotations

from flask_babel import gettext

from planner.accounts.models import Entry
from planner.core.i18n import N_

__all__ = ["DEEDS", "deed"]

DEEDS: dict[str, str] = {
    "asset.created": N_("Added to the catalogue"),
    "asset.edited": N_("Edited"),
    "asset.file_added": N_("File added"),
    "asset.imported": N_("Imported"),
    "asset.state_changed": N_("State changed"),
    "asset.retired": N_("Retired"),
    "asset.restored": N_("Brought back"),
    "campaign.created": N_("Campaign created"),
    "campaign.edited": N_("Campaign edited"),
    "channel.added": N_("Channel added"),
    "channel.observed": N_("Channel known from an import"),
    "channel.reconnected": N_("Channel reconnected"),
    "channel.refused": N_("Refused by the platform"),
    "channel.disconnected": N_("Channel disconnected"),
    "delivery.retried": N_("Sent again by a person"),
    "delivery.recorded_by_hand": N_("Marked as live by a person"),
    "delivery.declared_not_live": N_("Marked as not live by a person"),
    "pause.started": N_("Pause started"),
    "pause.ended": N_("Pause ended"),
    "post.planned": N_("Planned"),
    "post.revised": N_("Revised"),
    "post.moved": N_("Moved"),
    "post.submitted": N_("Submitted for approval"),
    "post.approved": N_("Approved"),
    "post.changes_requested": N_("Changes requested"),
    "post.withdrawn": N_("Withdrawn"),
    "post.cancelled": N_("Cancelled"),
    "post.restored": N_("Brought back"),
    "post.reopened": N_("Back to review"),
    "post.recorded": N_("Recorded as published"),
    "post.scheduled": N_("Scheduled"),
    "post.sending": N_("Sending started"),
    "post.published": N_("Published"),
    "post.failed": N_("Failed"),
    "post.missed": N_("Missed"),
    "post.unconfirmed": N_("To check"),
    "token.issued": N_("API token issued"),
    "token.revoked": N_("API token revoked"),
    "user.created": N_("Person added"),
    "user.disabled": N_("Account disabled"),
    "user.roles_changed": N_("Roles changed"),
}


def deed(entry: Entry) -> str:
    """The action in the reader's language; an unknown one as it is stored."""
    return gettext(DEEDS[entry.action]) if entry.action in DEEDS else entry.action
