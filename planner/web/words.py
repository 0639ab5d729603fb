"""Words for what was done to a thing, and for how a try to send it ended."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

__all__ = ["HISTORY", "RESULTS"]

#: An entry's action -> what the page says.
HISTORY = {
    "post.planned": _l("Written"),
    "post.revised": _l("Changed"),
    "post.moved": _l("Moved"),
    "post.submitted": _l("Submitted for approval"),
    "post.approved": _l("Approved"),
    "post.changes_requested": _l("Changes requested"),
    "post.withdrawn": _l("Withdrawn to draft"),
    "post.cancelled": _l("Cancelled"),
    "post.restored": _l("Brought back"),
    "post.reopened": _l("Back in review"),
    "post.in_review": _l("Back in review"),
    "post.scheduled": _l("Scheduled"),
    "post.sending": _l("Sending began"),
    "post.published": _l("Published"),
    "post.failed": _l("Could not be sent"),
    "post.missed": _l("Missed its time"),
    "post.unconfirmed": _l("Outcome unknown"),
    "post.recorded": _l("Found on the platform"),
    "campaign.created": _l("Created"),
    "campaign.edited": _l("Changed"),
}

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
