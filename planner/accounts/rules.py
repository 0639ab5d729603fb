"""Who may do what: one function, `may`, used by every door."""

from __future__ import annotations

from typing import Any

from planner.accounts.models import RoleName, User
from planner.core.errors import Forbidden

__all__ = ["ACTIONS", "may", "require"]

_ADMIN, _PLANNER, _AUTHOR = RoleName.ADMIN, RoleName.PLANNER, RoleName.AUTHOR
_APPROVER, _LEGAL, _VIEWER = RoleName.APPROVER, RoleName.LEGAL, RoleName.VIEWER
_READERS = frozenset({_ADMIN, _PLANNER, _AUTHOR, _APPROVER, _LEGAL, _VIEWER})

#: action -> roles that may do it. What is not here is allowed to nobody.
ACTIONS: dict[str, frozenset[str]] = {
    "read": _READERS,
    "asset.read_confidential": frozenset({_ADMIN, _PLANNER, _APPROVER, _LEGAL}),
    "asset.create": frozenset({_ADMIN, _PLANNER, _AUTHOR}),
    "asset.edit": frozenset({_ADMIN, _PLANNER, _AUTHOR}),
    "asset.retire": frozenset({_ADMIN, _PLANNER}),
    "asset.import": frozenset({_ADMIN, _PLANNER}),
    "campaign.edit": frozenset({_ADMIN, _PLANNER}),
    "post.create": frozenset({_ADMIN, _PLANNER, _AUTHOR}),
    "post.edit": frozenset({_ADMIN, _PLANNER, _AUTHOR}),
    "template.remove": frozenset({_ADMIN, _PLANNER}),
    "person.edit": frozenset({_ADMIN, _PLANNER, _AUTHOR}),
    "post.move": frozenset({_ADMIN, _PLANNER, _AUTHOR}),
    "post.submit": frozenset({_ADMIN, _PLANNER, _AUTHOR}),
    "post.approve": frozenset({_ADMIN, _APPROVER, _LEGAL}),
    "post.cancel": frozenset({_ADMIN, _PLANNER, _AUTHOR}),
    "post.edit_live": frozenset({_ADMIN, _PLANNER, _AUTHOR}),
    "post.take_down": frozenset({_ADMIN, _PLANNER, _APPROVER, _LEGAL}),
    "delivery.resolve": frozenset({_ADMIN, _PLANNER, _APPROVER}),
    "native.decide": frozenset({_ADMIN, _PLANNER}),
    "promotion.decide": frozenset({_ADMIN, _PLANNER}),
    "promotion.record": frozenset({_ADMIN, _PLANNER}),
    "promotion.settings": frozenset({_ADMIN, _PLANNER}),
    "pause.set": frozenset({_ADMIN}),
    "rules.set": frozenset({_ADMIN}),
    "blackout.edit": frozenset({_ADMIN, _PLANNER}),
    "audiences.map": frozenset({_ADMIN, _PLANNER}),
    "readings.refresh": frozenset({_ADMIN, _PLANNER, _AUTHOR}),
    "approval.set": frozenset({_ADMIN}),
    "readings.import": frozenset({_ADMIN, _PLANNER}),
    "mention.import": frozenset({_ADMIN, _PLANNER}),
    "channel.manage": frozenset({_ADMIN}),
    "user.manage": frozenset({_ADMIN}),
    "token.own": _READERS,
    # One's own feed; links for others; links of others.
    "share.own": _READERS,
    "share.make": frozenset({_ADMIN, _PLANNER}),
    "share.manage": frozenset({_ADMIN}),
    # One's own saved views; views for the team; the team's views of others.
    "view.own": _READERS,
    "view.share": _READERS - {_VIEWER},
    "view.manage": frozenset({_ADMIN, _PLANNER}),
    "note.write": _READERS - {_VIEWER},
    "event.edit": frozenset({_ADMIN, _PLANNER, _AUTHOR}),
    # A link for an approver without an account.
    "review.make": frozenset({_ADMIN, _PLANNER, _APPROVER, _LEGAL}),
    "history.read": frozenset({_ADMIN}),
    "demo.load": frozenset({_ADMIN}),
}

#: Actions an author may only do to what is theirs.
_OWN_ONLY_FOR_AUTHORS = frozenset({"asset.edit", "post.edit", "post.move", "post.submit", "post.cancel", "post.edit_live"})


def may(user: User | None, action: str, thing: Any = None) -> bool:
    """Whether this person may do this to that thing.

    user   -- None is the command line or the planner itself, which may do everything.
    action -- a key of ACTIONS. Raises KeyError for an unknown one: that is a mistake in the code.
    thing  -- an asset (owner_id, confidentiality) or a post (author_id, asset), where it matters.
    """
    allowed = ACTIONS[action]
    if user is None:
        return True
    if not user.active:
        return False
    roles = user.role_names & allowed
    if not roles:
        return False
    asset = getattr(thing, "asset", None) or thing
    if getattr(asset, "confidentiality", None) == "confidential":
        own = user.id in (getattr(asset, "owner_id", None), getattr(thing, "author_id", None))
        if not own and not user.role_names & ACTIONS["asset.read_confidential"]:
            return False
    if action in _OWN_ONLY_FOR_AUTHORS and roles == {_AUTHOR} and thing is not None:
        return user.id in (getattr(thing, "owner_id", None), getattr(thing, "author_id", None))
    return True


def require(user: User | None, action: str, thing: Any = None) -> None:
    """Raise Forbidden unless `may`."""
    if not may(user, action, thing):
        raise Forbidden()
