"""Which verb may be said of a post in which state: one table, read by the services and by the buttons on the page."""

from __future__ import annotations

from planner.core.errors import WrongState
from planner.core.i18n import N_
from planner.planning.models import Post, PostState

__all__ = ["ALLOWED", "GOING_OUT", "OPEN", "allows", "require"]

_S = PostState

#: Approved and on its way; a change of content or moment voids what was approved.
GOING_OUT = frozenset({_S.APPROVED, _S.SCHEDULED})
#: Not out yet and still ours to change.
OPEN = frozenset({_S.DRAFT, _S.IN_REVIEW, _S.CHANGES_REQUESTED}) | GOING_OUT
#: It should have gone out and did not; nothing is live, so a new moment may be chosen.
_STRANDED = frozenset({_S.FAILED, _S.MISSED})

#: verb -> states in which a person may say it. A post that is being sent, is live, or may be live takes none of them.
ALLOWED: dict[str, frozenset[PostState]] = {
    "revise": OPEN | _STRANDED,
    "move": OPEN | _STRANDED,
    # Approved ones only when what was approved is no longer what would leave; the service looks.
    "submit": frozenset({_S.DRAFT, _S.CHANGES_REQUESTED}) | GOING_OUT,
    "approve": frozenset({_S.IN_REVIEW}),
    "request_changes": frozenset({_S.IN_REVIEW}) | GOING_OUT,
    "withdraw": frozenset({_S.IN_REVIEW, _S.CHANGES_REQUESTED}) | GOING_OUT,
    "cancel": OPEN | _STRANDED,
    "restore": frozenset({_S.CANCELLED}),
    # What was approved goes to the platform once more; what became a draft, went back to review or was cancelled has another way.
    "send_again": frozenset({_S.SCHEDULED}) | _STRANDED,
    # Its time is taken away, or given back as it was.
    "unplan": OPEN,
    "plan_again": frozenset({_S.DRAFT}),
}

#: What is in the way, as a sentence for each state.
_WHY: dict[PostState, str] = {
    _S.DRAFT: N_("This post is a draft: submit it for approval first."),
    _S.IN_REVIEW: N_("This post is already in review."),
    _S.CHANGES_REQUESTED: N_("Changes were requested: make them, then submit it again."),
    _S.APPROVED: N_("This post is already approved."),
    _S.SCHEDULED: N_("This post is already scheduled."),
    _S.SENDING: N_("This post is being sent right now. Wait for the outcome."),
    _S.PUBLISHED: N_("This post is already published."),
    _S.FAILED: N_("This post could not be sent. Choose a new time, or try to send it again."),
    _S.MISSED: N_("This post missed its time. Choose a new time, or send it now."),
    _S.UNCONFIRMED: N_("Nobody knows yet whether this post went out. Check the platform and say what you find there."),
    _S.CANCELLED: N_("This post is cancelled. Bring it back first."),
}


def allows(state: PostState, verb: str) -> bool:
    """Whether a person may say this verb of a post in this state."""
    return state in ALLOWED[verb]


def require(post: Post, verb: str) -> None:
    """Raise WrongState, with the sentence of its state, unless `allows`."""
    if not allows(post.state, verb):
        raise WrongState(_WHY[post.state])
