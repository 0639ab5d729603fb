"""Which steps of approval a post has: read for one post or for many, and set by an administrator for what is sensitive, a campaign, a kind or everything."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, bindparam, case, cast, literal, or_, select
from sqlalchemy.orm import Session, selectinload

from planner.accounts import history
from planner.accounts.models import RoleName, User
from planner.accounts.rules import may, require
from planner.catalog.models import Asset, AssetKind
from planner.core.errors import Conflict, Invalid, NotFound
from planner.core.i18n import N_
from planner.core.statements import among, written_out
from planner.planning import facts, rules, states, steps
from planner.planning.approval_models import ApprovalRoute
from planner.planning.models import STANDARD_STEP, Approval, Campaign, Post
from planner.planning.steps import Standing, Step

__all__ = [
    "ANYTHING_ELSE", "MOST_STEPS", "SENSITIVE", "Routes", "asks", "give_back", "lacking", "of_campaign", "of_kind", "read", "reached", "route_of", "set_route",
    "standing_of",
]  # fmt: skip

#: The place of the route for everything that has no other.
ANYTHING_ELSE = "standard"
#: The place of the route of sensitive announcements. It wins over every other, and none of those stands in for it.
SENSITIVE = "sensitive"
MOST_STEPS = 6
#: A quarter: nobody decides earlier than that.
_MOST_HOURS = 24 * 92
_RANK = case((ApprovalRoute.place == SENSITIVE, 0), (ApprovalRoute.place.like("campaign:%"), 1), (ApprovalRoute.place.like("kind:%"), 2), else_=3)
#: The steps that hold in the first of some places which has any.
_STORED: Select[tuple[list[dict[str, Any]]]] = (
    select(ApprovalRoute.steps).where(or_(*(ApprovalRoute.place == bindparam(name) for name in ("sensitive", "campaign", "kind", "else")))).order_by(_RANK).limit(1)
)
#: What was said of some posts, each word with the steps that hold for its post. Asked for each message sent, so put together once.
_ITS_PLACES = (
    case((Asset.sensitive, SENSITIVE)), case((~Asset.sensitive, literal("campaign:") + cast(Post.campaign_id, String))),
    case((~Asset.sensitive, literal("kind:") + cast(Asset.kind, String))), case((~Asset.sensitive, ANYTHING_ELSE)),
)  # fmt: skip
_ITS_STEPS = select(ApprovalRoute.steps).where(ApprovalRoute.place.in_(_ITS_PLACES)).order_by(_RANK).limit(1).correlate(Post, Asset).scalar_subquery()
_SAID = written_out(
    select(Approval.post_id, Approval.verb, Approval.digest, Approval.step, Approval.by_id, Approval.roles, _ITS_STEPS.label("route"))
    .join(Post, Post.id == Approval.post_id)
    .join(Asset, Asset.id == Post.asset_id)
    .where(among(Approval.post_id, "posts"))
    .order_by(Approval.id)
)


def of_campaign(campaign_id: int) -> str:
    """The place of a campaign's route."""
    return f"campaign:{campaign_id}"


def of_kind(kind: AssetKind) -> str:
    """The place of a kind's route."""
    return f"kind:{kind.value}"


@dataclass(frozen=True, slots=True)
class Routes:
    """All routes that are set, by place."""

    stored: Mapping[str, Sequence[Mapping[str, Any]]]

    def steps(self, campaign_id: int | None, kind: AssetKind, *, second_pair: bool, sensitive: bool = False) -> tuple[Step, ...]:
        """The steps of a post of this campaign about an asset of this kind."""
        places = [of_kind(kind), ANYTHING_ELSE] if campaign_id is None else [of_campaign(campaign_id), of_kind(kind), ANYTHING_ELSE]
        found = next((self.stored[place] for place in ([SENSITIVE] if sensitive else places) if place in self.stored), None)
        return steps.steps_for(found, second_pair=second_pair, sensitive=sensitive)

    def standing(self, post: Post, digest: str, four_eyes: str) -> Standing:
        """Where the steps of one post stand for the content with this digest; the post's approvals and campaign must be read."""
        second = rules.wants_second_pair(post.asset, post.campaign, four_eyes)
        route = self.steps(post.campaign_id, post.asset.kind, second_pair=second, sensitive=post.asset.sensitive)
        return _standing(post, route, post.approvals, digest, alone=second)


def read(db: Session) -> Routes:
    """Every route. One statement."""
    return Routes({row.place: row.steps for row in db.execute(select(ApprovalRoute.place, ApprovalRoute.steps))})


def route_of(db: Session, post: Post, four_eyes: str = "releases") -> tuple[Step, ...]:
    """The steps of one post. One statement.

    four_eyes -- the setting PLANNER_FOUR_EYES.
    """
    stored = db.execute(_STORED, _places(post)).scalars().first()
    return steps.steps_for(stored, second_pair=rules.wants_second_pair(post.asset, post.campaign, four_eyes), sensitive=post.asset.sensitive)


def lacking(db: Session, route: Sequence[Step], *, without: Collection[int | None] = ()) -> Step | None:
    """The first step that nobody here can answer; None when all can be. Two statements.

    without -- whose yes counts for nothing: who wrote and who submitted a release.
    """
    there = {one.id: one for one in db.scalars(select(User).where(User.active)) if one.id not in without and may(one, "read")}
    return steps.lacking(route, {number: one.role_names for number, one in there.items()}, [number for number, one in there.items() if may(one, "post.approve")])


def asks(db: Session, user: User) -> bool:
    """Whether a step that is set names this person. One statement."""
    return any(user.id in one.people for row in read(db).stored.values() for one in steps.read_steps(row))


def standing_of(db: Session, post: Post, digest: str, four_eyes: str = "releases") -> Standing:
    """Where the steps of one post stand for the content with this digest. One statement, and the post's approvals."""
    return _standing(post, route_of(db, post, four_eyes), post.approvals, digest, alone=rules.wants_second_pair(post.asset, post.campaign, four_eyes))


def reached(db: Session, digests: Mapping[Post, str], four_eyes: str) -> set[Post]:
    """Those of these stored posts of which every step said yes to exactly the content with that digest: what is asked before sending. One statement."""
    said: dict[int, list[Any]] = {post.id: [] for post in digests}
    for word in db.connection().execute(_SAID, {"posts": list(said)}):
        said[word.post_id].append(word)
    return {post for post, digest in digests.items() if _is_whole(post, said[post.id], digest, four_eyes)}


def _is_whole(post: Post, said: Sequence[Any], digest: str, four_eyes: str) -> bool:
    if not said:
        return False
    second = rules.wants_second_pair(post.asset, post.campaign, four_eyes)
    known = steps.steps_for(said[0].route, second_pair=second, sensitive=post.asset.sensitive)
    return _standing(post, known, said, digest, alone=second).whole


def _standing(post: Post, route: Sequence[Step], said: Sequence[Any], digest: str, *, alone: bool) -> Standing:
    return steps.standing(route, said, digest, without=post.author_id, waived={post.author_id, post.submitted_by_id}) if alone else steps.standing(route, said, digest)


def _places(post: Post) -> dict[str, str | None]:
    """Where its steps may be set, by the names of _STORED."""
    if post.asset.sensitive:
        return {"sensitive": SENSITIVE, "campaign": None, "kind": None, "else": None}
    campaign_id = post.campaign.id if post.campaign is not None else post.campaign_id
    campaign = None if campaign_id is None else of_campaign(campaign_id)
    return {"sensitive": None, "campaign": campaign, "kind": of_kind(post.asset.kind), "else": ANYTHING_ELSE}


def set_route(
    db: Session, place: str, wanted: Sequence[Step], *, version: int | None = None, four_eyes: str = "releases", actor: User | None, now: datetime
) -> int:
    """Say which steps hold in `place`, at once and also for what is approved already; how many posts go back to review for it.

    wanted  -- in order; empty: no approval is asked for, which what is sensitive never goes without. A step without a key is new.
    version -- the one the person was looking at (0: nothing was set); another one is a Conflict.
    Raises Forbidden, Invalid, NotFound for a place that is none.
    """
    require(actor, "approval.set")
    _check_place(db, place)
    if place == SENSITIVE and not wanted:
        raise Invalid(N_("A sensitive announcement never goes out without a sign-off. Fill in at least one step."))
    row = db.scalar(select(ApprovalRoute).where(ApprovalRoute.place == place))
    if version is not None and version != (row.version if row else 0):
        raise Conflict(N_("Somebody changed these steps while you were editing. Look at theirs, then save again."))
    became = [_stored_step(db, one, first=number == 0) for number, one in enumerate(_checked(wanted))]
    was = list(row.steps) if row else None
    if was == became:
        return 0
    if row is None:
        row = ApprovalRoute(place=place, steps=became, updated_at=now)
        db.add(row)
    else:
        row.steps, row.updated_at = became, now
    db.flush()
    history.record(db, actor, "route.set", row, now=now, was=None if was is None else {"steps": was}, became={"steps": became})
    return _reopen(db, place, four_eyes, now)


def give_back(db: Session, place: str, *, four_eyes: str = "releases", actor: User | None, now: datetime) -> int:
    """Take back what was set: the place follows what holds elsewhere again; how many posts go back to review for it."""
    require(actor, "approval.set")
    row = db.scalar(select(ApprovalRoute).where(ApprovalRoute.place == place))
    if row is None:
        return 0
    history.record(db, actor, "route.reset", row, now=now, was={"steps": row.steps})
    db.delete(row)
    db.flush()
    return _reopen(db, place, four_eyes, now)


def _reopen(db: Session, place: str, four_eyes: str, now: datetime) -> int:
    """What was approved and lacks a step now goes back to review."""
    about = select(Post).join(Asset, Asset.id == Post.asset_id).where(Post.state.in_(states.GOING_OUT)).options(selectinload(Post.approvals))
    what, _, which = place.partition(":")
    if what == "campaign":
        about = about.where(Post.campaign_id == int(which))
    elif what == "kind":
        about = about.where(Asset.kind == AssetKind(which))
    elif what == SENSITIVE:
        about = about.where(Asset.sensitive)
    known, sent_back = read(db), 0
    for post in db.scalars(about).all():
        if not known.standing(post, post.approved_digest or "", four_eyes).whole:
            facts.reopen(db, post, reason=N_("A step of approval was added."), now=now)
            sent_back += 1
    return sent_back


def _check_place(db: Session, place: str) -> None:
    what, _, which = place.partition(":")
    known = place in (ANYTHING_ELSE, SENSITIVE) or (what == "kind" and which in {kind.value for kind in AssetKind})
    if not known and not (what == "campaign" and which.isdecimal() and len(which) < 18 and db.get(Campaign, int(which)) is not None):
        raise NotFound()


def _checked(wanted: Sequence[Step]) -> list[Step]:
    if len(wanted) > MOST_STEPS:
        raise Invalid(N_("At most %(most)s steps."), most=MOST_STEPS)
    tidy = [replace(one, name=one.name.strip()) for one in wanted]
    for one in tidy:
        if len(one.name) > 60 or not one.name.isprintable():
            raise Invalid(N_("Give the step a name of at most 60 characters, on one line."))
        if set(one.roles) - {role.value for role in RoleName}:
            raise Invalid(N_("Choose one of the list."))
        for number in (one.hours, one.nudge):
            if number is not None and not 0 <= number <= _MOST_HOURS:
                raise Invalid(N_("Give a whole number from %(least)s to %(most)s."), least=0, most=_MOST_HOURS)
        if len(tidy) > 1 and not one.name:
            raise Invalid(N_("Name each step, so that people know whose turn it is."))
    keys = [one.key for one in tidy if one.key]
    if len(keys) != len(set(keys)):
        raise Invalid(N_("Choose one of the list."))
    return tidy


def _stored_step(db: Session, one: Step, *, first: bool) -> dict[str, Any]:
    known = set(db.scalars(select(User.id).where(User.id.in_(one.people)))) if one.people else set()
    if set(one.people) - known:
        raise Invalid(N_("Choose one of the list."))
    # The first step of a new route keeps the standard one's key: what was approved there need not be read again.
    key = one.key or (STANDARD_STEP if first else secrets.token_hex(6))
    told: dict[str, Any] = {"key": key, "name": one.name, "everyone": one.everyone, "people": list(one.people), "roles": list(one.roles)}
    # Only then, so that routes set before it was known are the same still.
    return told | {"guest": one.guest, "hours": one.hours, "nudge": one.nudge} | ({"apart": True} if one.apart else {})
