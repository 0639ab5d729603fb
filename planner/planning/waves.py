"""A campaign's wave: its posts move with its embargo or its day, or by as much as one of them; all at once or not at all, shown first, taken back as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from planner.accounts import history
from planner.accounts.models import Entry, User
from planner.accounts.rules import may, require
from planner.channels.port import Limits, Platform
from planner.core.errors import Conflict, NotFound, PlannerError
from planner.core.i18n import N_
from planner.planning import rules, service, states
from planner.planning.campaigns import edit_campaign
from planner.planning.models import Campaign, Post, PostState
from planner.planning.moments import resolve_wall_time, zone_of
from planner.planning.surroundings import surroundings
from planner.planning.together import Shift, wall_after
from planner.planning.trial import only_tried
from planner.planning.values import CampaignValues, campaign_values_of

__all__ = ["Move", "Shifted", "along", "by", "is_shift", "preview", "proposed", "shift", "undo"]

LimitsOf = Callable[[Platform], Limits | None]
#: History's word for a wave that moved while its campaign's dates stayed.
_WITHOUT_DATES = "campaign.wave_moved"


@dataclass(frozen=True, slots=True)
class Move:
    """Where one post of a wave is to go: what the clock of `zone` shows then. `fold` answers “which of the two?”; None has not been asked."""

    post_id: int
    version: int
    wall: datetime
    zone: str
    fold: int | None = None


@dataclass(frozen=True, slots=True)
class Shifted:
    """One post of a wave as it would stand: `refused` says why it cannot, else `at`, its state and what the rules say of it there."""

    move: Move
    title: str
    channel: str
    platform: Platform
    colour: int
    was: datetime
    state: PostState
    at: datetime | None = None
    becomes: PostState | None = None
    refused: PlannerError | None = None
    findings: list[rules.Finding] = field(default_factory=list)
    #: Codes of findings that the post does not have where it stands now.
    new: frozenset[str] = frozenset()


def is_shift(campaign: Campaign, values: CampaignValues) -> bool:
    """Whether these values move what the wave hangs on: the embargo, or without a changed one the first day."""
    return _moves_embargo(campaign, values) or bool(campaign.starts_on and values.starts_on and campaign.starts_on != values.starts_on)


def proposed(db: Session, campaign: Campaign, values: CampaignValues, *, viewer: User | None, zone: str) -> list[Move]:
    """Where each open, dated post of the wave goes with these values: empty when nothing moves. One statement.

    A post less than a day from the embargo keeps its distance to it. Any other moves by what the clock of `zone` moves by, so that ten in
    the morning stays ten in the morning when the clocks change in between. A day that moves takes its posts along by whole days.
    """
    if not is_shift(campaign, values):
        return []
    return [
        Move(post.id, post.version, _wall(post, campaign, values, zone), post.time_zone or post.channel.time_zone)
        for post in _wave(db, campaign, viewer)
    ]


def by(db: Session, campaign: Campaign, much: Shift, *, viewer: User | None) -> list[Move]:
    """Where each open, dated post of the wave goes when all move by so much, the campaign's own dates staying. One statement."""
    return _by(_wave(db, campaign, viewer), much, {})


def along(db: Session, post: Post, much: Shift, *, viewer: User | None, seen: Mapping[int, int] | None = None) -> list[Move]:
    """Where each post of its campaign's wave goes when this one moves by so much, the campaign's own dates staying: empty where it is of no wave.

    seen -- post -> version of what the person was looking at; another wave is a Conflict here, another version is one when it moves.
    """
    wave = _wave(db, post.campaign, viewer) if post.campaign is not None else []
    if post not in wave:
        return []
    if seen is not None and seen.keys() != {one.id for one in wave}:
        raise Conflict(N_("The wave is no longer what you were looking at. Look again; nothing was moved."))
    return _by(wave, much, seen or {})


def preview(
    db: Session, campaign: Campaign, values: CampaignValues | None, moves: Sequence[Move], *, limits_of: LimitsOf, four_eyes: str, actor: User | None, now: datetime
) -> list[Shifted]:
    """What `shift` would do with each post, and what the rules would say of it there, beside the others where they would be. Nothing of it stays."""
    posts = {post.id: post for post in _wave(db, campaign, actor)}
    moves = [one for one in moves if one.post_id in posts]
    before = {one.post_id: _codes(_findings(db, posts[one.post_id], limits_of, now)) for one in moves}
    with only_tried(db):
        if values is not None:
            edit_campaign(db, campaign, values, actor=actor, now=now)
        tried = {one.post_id: _tried(db, posts[one.post_id], one, limits_of, four_eyes, actor, now) for one in _in_order(posts, moves)}
        rows = [tried[one.post_id] for one in moves]
        found = {one.move.post_id: _findings(db, posts[one.move.post_id], limits_of, now) for one in rows if one.refused is None}
    return [
        replace(one, findings=found[one.move.post_id], new=_codes(found[one.move.post_id]) - before[one.move.post_id]) if one.refused is None else one
        for one in rows
    ]


def shift(
    db: Session,
    campaign: Campaign,
    values: CampaignValues | None,
    moves: Sequence[Move],
    *,
    version: int | None = None,
    limits_of: LimitsOf,
    four_eyes: str,
    actor: User | None,
    now: datetime,
) -> Entry:
    """Change the campaign and move these posts of it: one line of history each; the campaign's line, which `undo` takes.

    values -- the campaign's, None where its dates stay and its posts alone move.
    Raises what editing the campaign and moving a post raise, NotFound for a post that is not of the open wave. The caller's transaction
    makes it all or nothing.
    """
    posts = {post.id: post for post in _wave(db, campaign, actor)}
    if any(one.post_id not in posts for one in moves):
        raise NotFound()
    if values is not None:
        edit_campaign(db, campaign, values, version=version, actor=actor, now=now)
    elif not moves:
        raise Conflict(N_("Nothing moves."))
    else:
        history.record(db, actor, _WITHOUT_DATES, campaign, now=now, became={"posts": len(moves)}, name=history.COMMAND_LINE)
    db.flush()
    entry = db.scalars(_of(campaign).order_by(Entry.id.desc()).limit(1)).first()
    for one in _in_order(posts, moves):
        _move(db, posts[one.post_id], one, limits_of, four_eyes, actor, now)
    if entry is None:
        raise Conflict(N_("Nothing of the campaign changed."))
    return entry


def undo(db: Session, campaign: Campaign, entry_id: int, *, limits_of: LimitsOf, four_eyes: str, actor: User | None, now: datetime) -> int:
    """Take a shift back: the campaign's values and each post's moment as they were; how many posts moved.

    Raises Conflict when the campaign or one of the posts was changed since, and what moving a post raises: a time that has passed.
    """
    entry = db.scalars(_of(campaign).where(Entry.id == entry_id, Entry.action.in_(("campaign.edited", _WITHOUT_DATES)))).one_or_none()
    if entry is None or entry.action != _WITHOUT_DATES:
        require(actor, "campaign.edit")
    if entry is None:
        raise NotFound()
    if entry.action == _WITHOUT_DATES:
        history.record(db, actor, "campaign.wave_moved_back", campaign, now=now, became=entry.became, name=history.COMMAND_LINE)
    else:
        _edit_back(db, campaign, entry, actor, now)
    moved = db.scalars(
        select(Entry)
        .join(Post, Post.id == Entry.subject_id)
        .where(Entry.subject_type == "posts", Entry.action == "post.moved", Entry.at == entry.at, Entry.id > entry.id, Post.campaign_id == campaign.id)
        .order_by(Entry.id.desc())
    ).all()
    for line in moved:
        post = db.get_one(Post, line.subject_id)
        told, then = line.became or {}, line.was or {}
        if post.publish_at is None or post.publish_at != datetime.fromisoformat(told["publish_at"]) or not states.allows(post.state, "move"):
            raise Conflict(N_("One of the posts was changed again since. Nothing was undone."))
        service.move(
            db, post, datetime.fromisoformat(then["publish_at"]), zone=then.get("time_zone"), limits=limits_of(post.channel.platform),
            four_eyes=four_eyes, actor=actor, now=now,
        )  # fmt: skip
    return len(moved)


def _edit_back(db: Session, campaign: Campaign, entry: Entry, actor: User | None, now: datetime) -> None:
    kept = campaign_values_of(campaign)
    was, became = (_as_values(part or {}) for part in (entry.was, entry.became))
    if any(getattr(kept, name) != value for name, value in became.items()):
        raise Conflict(N_("The campaign was changed again since. Nothing was undone."))
    edit_campaign(db, campaign, replace(kept, **was), actor=actor, now=now)


def _in_order(posts: Mapping[int, Post], moves: Sequence[Move]) -> list[Move]:
    """Away from the others first: what moves to where another one of them stands now meets it no more."""
    later: list[tuple[Any, Move]] = []
    earlier: list[tuple[Any, Move]] = []
    for one in moves:
        post = posts[one.post_id]
        (later if one.wall > wall_after(post) else earlier).append((post.publish_at, one))
    return [one for _at, one in [*sorted(later, key=lambda pair: pair[0], reverse=True), *sorted(earlier, key=lambda pair: pair[0])]]


def _wave(db: Session, campaign: Campaign, viewer: User | None) -> list[Post]:
    """The campaign's posts that can still move, the earliest first; only those the viewer may know of."""
    found = db.scalars(
        select(Post)
        .where(Post.campaign_id == campaign.id, Post.state.in_(states.OPEN), Post.publish_at.is_not(None))
        .options(joinedload(Post.asset), joinedload(Post.channel), joinedload(Post.campaign))
        .order_by(Post.publish_at, Post.id)
    )
    return [post for post in found if may(viewer, "post.move", post)]


def _by(wave: Sequence[Post], much: Shift, versions: Mapping[int, int]) -> list[Move]:
    return [Move(one.id, versions.get(one.id, one.version), wall_after(one, much), one.time_zone or one.channel.time_zone) for one in wave]


def _moves_embargo(campaign: Campaign, values: CampaignValues) -> bool:
    return bool(campaign.embargo_until and values.embargo_until and campaign.embargo_until != values.embargo_until)


def _wall(post: Post, campaign: Campaign, values: CampaignValues, zone: str) -> datetime:
    place = zone_of(post.time_zone or post.channel.time_zone)
    at = post.publish_at
    assert at is not None  # `_wave` has only dated posts.
    local = at.astimezone(place).replace(tzinfo=None)
    if not _moves_embargo(campaign, values):
        assert campaign.starts_on is not None
        assert values.starts_on is not None  # Else nothing moves.
        return local + (values.starts_on - campaign.starts_on)
    before, after = campaign.embargo_until, values.embargo_until
    assert before is not None
    assert after is not None
    if abs(at - before) < timedelta(days=1):
        return (after + (at - before)).astimezone(place).replace(tzinfo=None)
    here = zone_of(zone)
    return local + (after.astimezone(here).replace(tzinfo=None) - before.astimezone(here).replace(tzinfo=None))


def _standing(post: Post, move: Move) -> Shifted:
    assert post.publish_at is not None
    channel = post.channel
    return Shifted(move, post.asset.title, channel.name, channel.platform, channel.colour, post.publish_at, post.state)


def _tried(
    db: Session, post: Post, move: Move, limits_of: LimitsOf, four_eyes: str, actor: User | None, now: datetime
) -> Shifted:
    row = _standing(post, move)
    try:
        with db.begin_nested():
            _move(db, post, move, limits_of, four_eyes, actor, now)
            return replace(row, at=post.publish_at, becomes=post.state)
    except PlannerError as error:
        return replace(row, refused=error)


def _move(db: Session, post: Post, move: Move, limits_of: LimitsOf, four_eyes: str, actor: User | None, now: datetime) -> None:
    at = resolve_wall_time(move.wall, move.zone, fold=move.fold)
    service.move(
        db, post, at, zone=move.zone, version=move.version, limits=limits_of(post.channel.platform), four_eyes=four_eyes, actor=actor, now=now
    )


def _findings(db: Session, post: Post, limits_of: LimitsOf, now: datetime) -> list[rules.Finding]:
    limits = limits_of(post.channel.platform)
    return rules.findings(post, post.asset, post.campaign, post.channel, limits, now, surroundings(db, post))


def _codes(findings: Sequence[rules.Finding]) -> frozenset[str]:
    return frozenset(one.code for one in findings)


def _of(campaign: Campaign) -> Select[Entry]:
    return select(Entry).where(Entry.subject_type == "campaigns", Entry.subject_id == campaign.id)


def _as_values(kept: Mapping[str, Any]) -> dict[str, Any]:
    """A campaign's values as history keeps them, as they were."""
    read: dict[str, Callable[[str], Any]] = {"embargo_until": datetime.fromisoformat, "starts_on": date.fromisoformat, "ends_on": date.fromisoformat}
    return {name: read[name](value) if name in read and value is not None else value for name, value in kept.items()}
