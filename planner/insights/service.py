"""Writes readings: raw snapshots as the truth, and the roll-ups that screens read, in one transaction.

Roll-ups, exactly:
  latest       the newest snapshot of each post.
  asset_day    for each UTC day on which any post of the asset on the channel has a snapshot: the sum, over all posts of that
               asset on that channel, of each post's last snapshot at or before the end of that day. A count nobody told stays None.
               The day of a snapshot taken in the first hour after midnight is the one before: it tells how that one ended.
  asset_latest the newest of those days, with its counts, of each asset on each channel.
  channel_day  the same as asset_day over all posts of the channel.
Counts are kept as told, also when a platform corrects them downwards.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session, aliased

from planner.channels.models import Channel
from planner.channels.port import Reading
from planner.core.errors import Invalid, NotFound
from planner.core.i18n import N_
from planner.insights.models import METRICS, AssetDay, AssetLatest, ChannelDay, Latest, Snapshot
from planner.insights.rollups import Counts, Standing, bring_forward, columns_of, day_of, days_of, keep_newest, make_again, write
from planner.planning.models import Post

__all__ = ["TOO_MANY", "compare", "forget", "rebuild", "record", "record_rows", "take_turns"]

#: Counts from here on are refused: sums over thousands of posts must fit a column.
TOO_MANY = 10**15
_CHUNK = 5000
_COUNTS: Callable[[Reading], Counts] = attrgetter(*METRICS)
_DIFFERENCES = 50

_LATEST_CLASH = "ON CONFLICT (post_id) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in ("at", "regime", *METRICS)) + " WHERE excluded.at > latest.at"


class _Told(NamedTuple):
    """Readings, column by column: a post's are neighbours and the last one is its newest. Moments as the driver stores them, which compare alike."""

    posts: list[int]
    stamps: list[Any]
    regimes: list[str]
    counts: list[Counts]
    raws: list[str | None]
    #: Moment -> the day whose end it tells.
    day_at: dict[Any, date]


def record(
    db: Session, readings: Sequence[tuple[int, Reading]], *, at: datetime, source: str = "platform", now: datetime
) -> int:
    """Keep what was told about posts at one moment; how many were new. A reading known already (post, moment) changes nothing.

    readings -- (post id, reading); the reading's external id is not used.
    Raises NotFound for a post that does not exist, Invalid for a count below zero or beyond reason.
    """
    return record_rows(db, [(post_id, at, reading) for post_id, reading in readings], source=source)


def record_rows(db: Session, rows: Sequence[tuple[int, datetime, Reading]], *, source: str = "platform") -> int:
    """The same for readings of different moments; all together, so that late ones make a channel's days again only once."""
    if not rows:
        return 0
    db.flush()  # What follows goes past the session.
    told = _told(db, rows)
    post_ids = sorted(set(told.posts))
    take_turns(db, post_ids)
    standing = _standing(db, post_ids)
    fresh = write(
        db, "snapshots",
        {"post_id": told.posts, "at": told.stamps, "source": (source,) * len(told.posts), "regime": told.regimes, **columns_of(told.counts), "raw": told.raws},
        "ON CONFLICT (post_id, at) DO NOTHING", is_new=_is_all_new(told, standing),
    )  # fmt: skip
    if fresh:
        _roll_up(db, told, standing)
    return fresh


def rebuild(db: Session) -> int:
    """Make every roll-up again from the snapshots; how many rows of asset_day there are."""
    take_turns(db)
    for table in (Latest, AssetDay, AssetLatest, ChannelDay):
        db.execute(delete(table))
    names = ["post_id", "at", "regime", *METRICS]
    db.execute(insert(Latest).from_select(names, _newest()))
    return sum(make_again(db, channel_id) for channel_id in db.scalars(select(Channel.id).order_by(Channel.id)).all())


def forget(db: Session, post_id: int) -> None:
    """Take a post's readings out, and make again the days they were in. For a post that is none of ours after all."""
    take_turns(db, [post_id])
    first = db.scalar(select(func.min(Snapshot.at)).where(Snapshot.post_id == post_id))
    if first is None:
        return
    asset_id, channel_id = db.execute(select(Post.asset_id, Post.channel_id).where(Post.id == post_id)).one()
    day = day_of(first)
    db.execute(delete(Snapshot).where(Snapshot.post_id == post_id))
    db.execute(delete(Latest).where(Latest.post_id == post_id))
    db.execute(delete(AssetDay).where(AssetDay.asset_id == asset_id, AssetDay.channel_id == channel_id, AssetDay.day >= day))
    db.execute(delete(ChannelDay).where(ChannelDay.channel_id == channel_id, ChannelDay.day >= day))
    make_again(db, channel_id, day, only={asset_id})
    keep_newest(db, asset_id, channel_id)


def compare(db: Session) -> list[str]:
    """Where the roll-ups differ from what the snapshots say, at most 50 places; empty when they agree. Writes nothing."""
    found = []
    for place in _differences(db):
        found.append(place)
        if len(found) == _DIFFERENCES:
            break
    return found


def _told(db: Session, rows: Sequence[tuple[int, datetime, Reading]]) -> _Told:
    """The readings by post and moment, each once: of two of the same post and moment the first stays, as in the table.

    Raises Invalid for a count below zero or beyond reason.
    """
    moments = sorted({at for _post_id, at, _reading in rows})
    size, place_of = len(moments), {at: place for place, at in enumerate(moments)}
    readings = {post_id * size + place_of[at]: reading for post_id, at, reading in reversed(rows)}
    keys = sorted(readings)
    ordered = [readings[key] for key in keys]
    stamps = [_stamp(db, at) for at in moments]
    told = _Told(
        [key // size for key in keys], [stamps[key % size] for key in keys], [one.regime for one in ordered], list(map(_COUNTS, ordered)),
        [None if one.raw is None else json.dumps(one.raw, ensure_ascii=False, separators=(",", ":")) for one in ordered],
        dict(zip(stamps, map(day_of, moments), strict=True)),
    )  # fmt: skip
    given = {count for column in columns_of(told.counts).values() for count in set(column) if count is not None}
    if given and min(given) < 0:
        raise Invalid(N_("A count cannot be below zero."))
    if given and max(given) >= TOO_MANY:
        raise Invalid(N_("“%(text)s” is larger than a count can be."), text=max(given))
    return told


def _is_all_new(told: _Told, posts: Mapping[int, Standing]) -> bool:
    """Whether every reading is of a moment after all that is known of its post: then none of them can be there."""
    first = dict(zip(reversed(told.posts), reversed(told.stamps), strict=True))
    return all(posts[post_id].stamp is None or posts[post_id].stamp < stamp for post_id, stamp in first.items())


def _standing(db: Session, post_ids: Sequence[int]) -> dict[int, Standing]:
    """Where each post belongs and what is known of it so far. Raises NotFound."""
    found: dict[int, Standing] = {}
    for first in range(0, len(post_ids), _CHUNK):
        numbers = ",".join(str(int(one)) for one in post_ids[first : first + _CHUNK])
        rows = db.connection().exec_driver_sql(
            f"SELECT p.id, p.asset_id, p.channel_id, l.at, {', '.join('l.' + name for name in METRICS)} "  # noqa: S608
            f"FROM posts p LEFT JOIN latest l ON l.post_id = p.id WHERE p.id IN ({numbers})"
        ).fetchall()
        found.update([(row[0], Standing(row[1], row[2], row[3], None if row[3] is None else row[4:])) for row in rows])
    if len(found) < len(post_ids):
        raise NotFound(N_("One of these readings is about a post that is not here."))
    return found


def take_turns(db: Session, post_ids: Sequence[int] | None = None) -> None:
    """Two writers of one channel's numbers wait for each other; on SQLite every writer does anyway. None: of every channel."""
    if db.get_bind().dialect.name == "postgresql":
        ours = "" if post_ids is None else "WHERE id IN (SELECT channel_id FROM posts WHERE id = ANY(%s)) "
        db.connection().exec_driver_sql(f"SELECT id FROM channels {ours}ORDER BY id FOR NO KEY UPDATE", () if post_ids is None else (list(post_ids),))  # noqa: S608


def _roll_up(db: Session, told: _Told, posts: Mapping[int, Standing]) -> None:
    """Bring forward what is newer than all that was known; make again what is late."""
    days: dict[int, dict[date, dict[int, Counts]]] = defaultdict(lambda: defaultdict(dict))
    for post_id, stamp, counts in zip(told.posts, told.stamps, told.counts, strict=True):
        before = posts[post_id]
        read = days[before.channel_id][told.day_at[stamp]]
        if before.stamp is None or before.stamp < stamp:
            read[post_id] = counts
    _keep_latest(db, told, posts)
    for channel_id, by_day in days.items():
        here = {post_id: one for post_id, one in posts.items() if one.channel_id == channel_id} if len(days) > 1 else posts
        if not bring_forward(db, channel_id, by_day, here):
            make_again(db, channel_id, min(by_day), {one.asset_id for one in here.values()})


def _keep_latest(db: Session, told: _Told, posts: Mapping[int, Standing]) -> None:
    """An older reading never replaces a newer one; one of the same moment is the one that is there."""
    last = {post_id: place for place, post_id in enumerate(told.posts)}
    newer = [place for post_id, place in last.items() if posts[post_id].stamp is None or posts[post_id].stamp < told.stamps[place]]
    if newer:
        key = {"post_id": [told.posts[place] for place in newer], "at": [told.stamps[place] for place in newer], "regime": [told.regimes[place] for place in newer]}
        is_first = all(one.stamp is None for one in posts.values())  # Nothing is known of any, and the channel's other writers wait.
        write(db, "latest", {**key, **columns_of([told.counts[place] for place in newer])}, _LATEST_CLASH, is_new=is_first)


def _stamp(db: Session, at: datetime) -> Any:
    """A moment as UtcDateTime stores it."""
    at = at.astimezone(UTC)
    return at.replace(tzinfo=None).isoformat(" ", "microseconds") if _is_sqlite(db) else at


def _is_sqlite(db: Session) -> bool:
    return db.get_bind().dialect.name == "sqlite"


def _newest() -> Any:
    """The newest snapshot of each post."""
    other = aliased(Snapshot)
    last = select(func.max(other.at)).where(other.post_id == Post.id).scalar_subquery()
    columns = (Snapshot.post_id, Snapshot.at, Snapshot.regime, *(getattr(Snapshot, name) for name in METRICS))
    return select(*columns).join(Post, (Post.id == Snapshot.post_id) & (Snapshot.at == last))


def _differences(db: Session) -> Iterator[str]:
    stored = {row[0]: tuple(row) for row in db.execute(select(Latest.post_id, Latest.at, Latest.regime, *(getattr(Latest, name) for name in METRICS)))}
    for row in db.execute(_newest()):
        if stored.pop(row[0], None) != tuple(row):
            yield f"latest: post {row[0]}"
    yield from (f"latest: post {post_id}" for post_id in sorted(stored))
    for channel_id in db.scalars(select(Channel.id).order_by(Channel.id)).all():
        yield from _channel_differences(db, channel_id)


def _channel_differences(db: Session, channel_id: int) -> Iterator[str]:
    counts = [getattr(ChannelDay, name) for name in METRICS]
    days = {row[0]: tuple(row[1:]) for row in db.execute(select(ChannelDay.day, *counts).where(ChannelDay.channel_id == channel_id))}
    counts = [getattr(AssetDay, name) for name in METRICS]
    query = select(AssetDay.day, AssetDay.asset_id, *counts).where(AssetDay.channel_id == channel_id)
    assets = {(row[0], row[1]): tuple(row[2:]) for row in db.execute(query)}
    counts = [getattr(AssetLatest, name) for name in METRICS]
    query = select(AssetLatest.asset_id, AssetLatest.day, *counts).where(AssetLatest.channel_id == channel_id)
    stored, newest = {row[0]: tuple(row[1:]) for row in db.execute(query)}, {}
    for one in days_of(db, channel_id):
        if days.pop(one.day, None) != one.channel:
            yield f"channel_day: {one.day}, channel {channel_id}"
        for asset_id, told in one.assets.items():
            newest[asset_id] = (one.day, *told)
            if assets.pop((one.day, asset_id), None) != told:
                yield f"asset_day: {one.day}, asset {asset_id}, channel {channel_id}"
    yield from (f"channel_day: {day}, channel {channel_id}" for day in sorted(days))
    yield from (f"asset_day: {day}, asset {asset_id}, channel {channel_id}" for day, asset_id in sorted(assets))
    yield from (f"asset_latest: asset {number}, channel {channel_id}" for number in sorted(stored.keys() | newest) if stored.get(number) != newest.get(number))
