"""Several posts at once: move by days, submit, cancel, and take that back. All or none: the caller's transaction sees to it. None commits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from planner.accounts.models import Entry, User
from planner.accounts.rules import may, require
from planner.channels.port import Limits, Platform
from planner.core.errors import Conflict, Invalid, NotFound, PlannerError, WrongState
from planner.core.i18n import N_
from planner.planning import drawer, rules, service, states
from planner.planning.findings import Surroundings
from planner.planning.models import Post
from planner.planning.moments import resolve_wall_time, zone_of
from planner.planning.surroundings import all_settings, surroundings

__all__ = ["Doing", "Shift", "Step", "cancel", "look", "move", "posts_of", "submit", "take_back", "unplan", "wall_after", "what_blocks"]

#: More than this is no longer looked at one by one.
MOST = 100

LimitsOf = Callable[[Platform], Limits | None]


@dataclass(frozen=True, slots=True)
class Shift:
    """By how much posts move, as the clock of each one's own zone shows it: ten o'clock stays ten o'clock when the clocks change in between."""

    days: int = 0
    minutes: int = 0

    def __bool__(self) -> bool:
        return bool(self.days or self.minutes)


@dataclass(frozen=True, slots=True)
class Doing:
    """Who does it, when, and by what the rules judge."""

    limits_of: LimitsOf
    four_eyes: str
    actor: User | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One post as it would stand: `refused` says why it cannot, else `at`, and what the rules say of it there that they do not say now."""

    post: Post
    at: datetime | None = None
    refused: PlannerError | None = None
    findings: list[rules.Finding] = field(default_factory=list)
    #: It was approved, and will have to be again.
    asks_again: bool = False


def posts_of(db: Session, numbers: Sequence[int], *, viewer: User | None) -> list[Post]:
    """Those posts, the earliest first. Raises NotFound for one that the viewer may not know of, Invalid for too many or none."""
    wanted = list(dict.fromkeys(numbers))
    if not wanted:
        raise Invalid(N_("Tick at least one post."))
    if len(wanted) > MOST:
        raise Invalid(N_("At most %(most)s posts at once."), most=MOST)
    found = _loaded(db, Post.id.in_(wanted))
    if len(found) != len(wanted) or any(not may(viewer, "read", post) for post in found):
        raise NotFound()
    return found


def look(db: Session, posts: Sequence[Post], shift: Shift, doing: Doing) -> list[Step]:
    """What `move` would do with each, and what the rules would say of it there. Writes nothing."""
    settings = all_settings(db)
    moved = {post.id: shift for post in posts}
    with db.no_autoflush:
        return [_looked_at(db, post, shift, moved, settings, doing) for post in posts]


def move(db: Session, posts: Sequence[Post], shift: Shift, versions: dict[int, int], doing: Doing) -> None:
    """Each by that much. Raises what moving one post raises.

    versions -- of what the person was looking at, where they told; another one is a Conflict.
    """
    # Away from the others first: what moves to where another one of them stands now meets it no more.
    for post in sorted(posts, key=_moment, reverse=bool(shift.days > 0 or (not shift.days and shift.minutes > 0))):
        service.move(
            db, post, shifted(post, shift), version=versions.get(post.id), limits=doing.limits_of(post.channel.platform), four_eyes=doing.four_eyes,
            actor=doing.actor, now=doing.now,
        )  # fmt: skip


def unplan(db: Session, posts: Sequence[Post], versions: dict[int, int], doing: Doing) -> None:
    """Take the time of each away. Raises what that raises for one."""
    for post in posts:
        drawer.unplan(db, post, version=versions.get(post.id), actor=doing.actor, now=doing.now)


def submit(db: Session, posts: Sequence[Post], doing: Doing) -> None:
    """Ask for approval of each. Raises what submitting one raises."""
    for post in posts:
        service.submit(db, post, limits=doing.limits_of(post.channel.platform), four_eyes=doing.four_eyes, actor=doing.actor, now=doing.now)


def cancel(db: Session, posts: Sequence[Post], reason: str, doing: Doing) -> None:
    """Drop each, with the same reason. Raises Invalid without one, and what cancelling one raises."""
    reason = reason.strip()
    if not reason:
        raise Invalid(N_("Say why: it stays in the history."), field="reason")
    if len(reason) > 500 or "\0" in reason:
        raise Invalid(N_("That is too long: at most %(most)s characters."), field="reason", most=500)
    for post in posts:
        service.cancel(db, post, note=reason, actor=doing.actor, now=doing.now)


def what_blocks(db: Session, posts: Sequence[Post], verb: str, doing: Doing) -> list[Step]:
    """Each with why it cannot be submitted, cancelled or unplanned, where it cannot. Writes nothing."""
    settings = all_settings(db)
    found = []
    for post in posts:
        step = Step(post, post.publish_at)
        try:
            require(doing.actor, "post.move" if verb == "unplan" else f"post.{verb}", post)
            states.require(post, verb)
            if verb == "submit":
                said = _findings(post, surroundings(db, post, settings=settings), doing)
                rules.refuse(one for one in said if not one.overridable)
                step = replace(step, findings=said)
        except PlannerError as error:
            step = replace(step, refused=error)
        found.append(step)
    return found


def take_back(db: Session, at: datetime, doing: Doing) -> int:
    """Undo what this person did to posts at that very moment; how many there were.

    Raises Conflict when one of them was changed since, and what the way back raises: a time that has passed.
    """
    assert doing.actor is not None
    lines = db.scalars(
        select(Entry)
        .where(Entry.at == at, Entry.actor_id == doing.actor.id, Entry.subject_type == "posts", Entry.action.in_(_WAYS_BACK))
        .order_by(Entry.id)
    ).all()
    if not lines:
        raise WrongState(N_("There is nothing to undo."))
    posts = {post.id: post for post in _loaded(db, Post.id.in_([line.subject_id for line in lines]))}
    for line in lines:
        post = posts[line.subject_id or 0]
        last = db.scalar(select(Entry.id).where(Entry.subject_type == "posts", Entry.subject_id == post.id).order_by(Entry.id.desc()).limit(1))
        if last != line.id:
            raise Conflict(N_("One of the posts was changed again since. Nothing was undone."))
        _WAYS_BACK[line.action](db, post, line, doing)
    return len(lines)


def shifted(post: Post, shift: Shift) -> datetime:
    """Where a post goes. Raises Invalid: it has no time, that hour does not exist there, or comes twice."""
    if post.publish_at is None:
        raise Invalid(N_("Choose when it goes out."), field="publish_at")
    return resolve_wall_time(wall_after(post, shift), post.time_zone or post.channel.time_zone)


def wall_after(post: Post, shift: Shift | None = None) -> datetime:
    """What the clock of a dated post's own zone shows then; without a shift, what it shows where the post is."""
    assert post.publish_at is not None
    wall = post.publish_at.astimezone(zone_of(post.time_zone or post.channel.time_zone)).replace(tzinfo=None)
    return wall + timedelta(days=shift.days, minutes=shift.minutes) if shift else wall


def _looked_at(db: Session, post: Post, shift: Shift, moved: dict[int, Shift], settings: list[Any], doing: Doing) -> Step:
    now_said = {one.code for one in _findings(post, surroundings(db, post, settings=settings), doing)} if post.publish_at else set()
    was = post.publish_at
    try:
        require(doing.actor, "post.move", post)
        states.require(post, "move")
        at = shifted(post, shift)
        rules.check_embargo(post.asset, post.campaign, at)
        rules.check_moment(at, doing.now)
        around = _with_the_others(surroundings(db, post, at=at, settings=settings), moved, shift)
        post.publish_at = at
        said = _findings(post, around, doing)
        if post.state not in (states.OPEN - states.GOING_OUT):
            rules.refuse(one for one in rules.gates(post, post.asset, post.campaign, post.channel, around, at) if one.code == "leak")
    except PlannerError as error:
        return Step(post, refused=error)
    finally:
        post.publish_at = was
    again = post.state in states.GOING_OUT and not (
        may(doing.actor, "post.approve", post) and not rules.wants_second_pair(post.asset, post.campaign, doing.four_eyes)
    )
    return Step(post, at, findings=[one for one in said if one.code not in now_said], asks_again=again)


def _with_the_others(around: Surroundings, moved: dict[int, Shift], shift: Shift) -> Surroundings:
    """The others of the batch move as well: they are judged where they will be."""
    if len(moved) < 2:
        return around
    by = timedelta(days=shift.days, minutes=shift.minutes)
    neighbours = [replace(one, publish_at=one.publish_at + by) if one.post_id in moved and one.publish_at else one for one in around.neighbours]
    return replace(around, neighbours=neighbours)


def _findings(post: Post, around: Surroundings, doing: Doing) -> list[rules.Finding]:
    return rules.findings(post, post.asset, post.campaign, post.channel, doing.limits_of(post.channel.platform), doing.now, around)


def _loaded(db: Session, which: Any) -> list[Post]:
    query = select(Post).where(which).options(joinedload(Post.asset), joinedload(Post.channel), joinedload(Post.campaign))
    return sorted(db.scalars(query), key=_moment)


def _moment(post: Post) -> tuple[bool, datetime | int, int]:
    return (post.publish_at is None, post.publish_at or 0, post.id)


def _move_back(db: Session, post: Post, line: Entry, doing: Doing) -> None:
    was = line.was or {}
    if was["publish_at"] is None:
        drawer.unplan(db, post, actor=doing.actor, now=doing.now)
        return
    service.move(
        db, post, datetime.fromisoformat(was["publish_at"]), zone=was.get("time_zone"), limits=doing.limits_of(post.channel.platform),
        four_eyes=doing.four_eyes, actor=doing.actor, now=doing.now,
    )  # fmt: skip


def _withdraw(db: Session, post: Post, _line: Entry, doing: Doing) -> None:
    service.withdraw(db, post, actor=doing.actor, now=doing.now)


def _restore(db: Session, post: Post, _line: Entry, doing: Doing) -> None:
    service.restore(db, post, limits=doing.limits_of(post.channel.platform), four_eyes=doing.four_eyes, actor=doing.actor, now=doing.now)


def _drop(db: Session, post: Post, _line: Entry, doing: Doing) -> None:
    service.cancel(db, post, actor=doing.actor, now=doing.now)


def _plan_again(db: Session, post: Post, line: Entry, doing: Doing) -> None:
    limits = doing.limits_of(post.channel.platform)
    drawer.plan_again(db, post, line.was or {}, limits=limits, four_eyes=doing.four_eyes, actor=doing.actor, now=doing.now)


_WAYS_BACK: dict[str, Callable[[Session, Post, Entry, Doing], None]] = {
    "post.moved": _move_back,
    "post.submitted": _withdraw,
    "post.cancelled": _restore,
    "post.planned": _drop,
    "post.unplanned": _plan_again,
}
