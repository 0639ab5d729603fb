"""The roll-ups: sums per day of each post's last snapshot, brought forward cheaply or made again from the snapshots.

`bring_forward` is for what happens all day long, readings of today: it touches the rows of the assets that were read and one row
of the channel. `days_of` walks a channel's snapshots in order of time and is right for everything: late readings and a rebuild.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from planner.insights.models import METRICS, ChannelDay, Latest, Snapshot
from planner.planning.models import Post

__all__ = ["Change", "Counts", "Day", "bring_forward", "day_of", "days_of", "make_again", "midnight", "newest_day", "opening", "upsert"]

#: Counts in the order of METRICS; None is “not told”.
Counts = tuple[int | None, ...]

#: A row of asset_day that is there already is written over.
_CLASH = "ON CONFLICT (day, asset_id, channel_id) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in METRICS)
_NOTHING: Counts = (None,) * len(METRICS)
_CHUNK = 500
_STREAM = 5000
#: Readings are taken at midnight, or soon after when there are many: this long they still tell how the day before ended.
_CLOSING = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Day:
    """One UTC day of one channel: what the assets read that day had at its end, and what the whole channel had."""

    day: date
    assets: dict[int, Counts]
    channel: Counts


@dataclass(frozen=True, slots=True)
class Change:
    """A post's newest counts became others. `old` is None at its first reading."""

    asset_id: int
    old: Counts | None
    new: Counts


class _Sums:
    """Adds counts column by column; what nobody told stays None, which is not 0."""

    __slots__ = ("told", "total")

    def __init__(self) -> None:
        self.total = [0] * len(METRICS)
        self.told = [0] * len(METRICS)

    def swap(self, old: Counts, new: Counts) -> None:
        for place, (before, after) in enumerate(zip(old, new, strict=True)):
            if before is not None:
                self.total[place] -= before
                self.told[place] -= 1
            if after is not None:
                self.total[place] += after
                self.told[place] += 1

    def counts(self) -> Counts:
        return tuple(total if told else None for total, told in zip(self.total, self.told, strict=True))


def midnight(day: date) -> datetime:
    """The first moment of a UTC day."""
    return datetime.combine(day, time(), UTC)


def day_of(at: datetime) -> date:
    """The UTC day that a reading tells the end of: one of the first hour after midnight closes the day before."""
    return (at.astimezone(UTC) - _CLOSING).date()


def opening(day: date) -> datetime:
    """From when on readings tell of this day (see `day_of`)."""
    return midnight(day) + _CLOSING


def newest_day(db: Session, channel_id: int) -> date | None:
    """The last day on which a post of the channel was read."""
    return db.scalar(select(ChannelDay.day).where(ChannelDay.channel_id == channel_id).order_by(ChannelDay.day.desc()).limit(1))


def days_of(db: Session, channel_id: int, start: date | None = None) -> Iterator[Day]:
    """Each day, from `start`, on which a post of the channel was read. Two statements; memory grows with posts, not with snapshots."""
    standing: dict[int, Counts] = {}
    assets: dict[int, _Sums] = {}
    whole = _Sums()

    def say(post_id: int, asset_id: int, counts: Counts) -> None:
        old = standing.get(post_id, _NOTHING)
        standing[post_id] = counts
        assets.setdefault(asset_id, _Sums()).swap(old, counts)
        whole.swap(old, counts)

    if start is not None:
        for row in _standing_before(db, channel_id, start):
            say(row[0], row[1], tuple(row[2:]))
    today: date | None = None
    read: set[int] = set()
    for row in _snapshots_of(db, channel_id, start):
        day = day_of(row[2])
        if today is not None and day != today:
            yield Day(today, {asset: assets[asset].counts() for asset in sorted(read)}, whole.counts())
            read.clear()
        today = day
        read.add(row[1])
        say(row[0], row[1], tuple(row[3:]))
    if today is not None:
        yield Day(today, {asset: assets[asset].counts() for asset in sorted(read)}, whole.counts())


def make_again(db: Session, channel_id: int, start: date | None = None, only: Collection[int] | None = None) -> int:
    """Write the days of a channel from `start`, of these assets only where given; how many rows of asset_day."""
    count = 0
    asset_rows: list[tuple[date, int, int, Counts]] = []
    channel_rows: list[dict[str, Any]] = []
    for one in days_of(db, channel_id, start):
        channel_rows.append({"day": one.day, "channel_id": channel_id, **_named(one.channel)})
        for asset_id, counts in one.assets.items():
            if only is None or asset_id in only:
                asset_rows.append((one.day, asset_id, channel_id, counts))
        if len(asset_rows) >= _STREAM:
            count += len(asset_rows)
            _write_days(db, asset_rows)
            asset_rows.clear()
    _write_days(db, asset_rows)
    upsert(db, ChannelDay, ("day", "channel_id"), channel_rows)
    return count + len(asset_rows)


def bring_forward(db: Session, channel_id: int, day: date, changes: Sequence[Change]) -> None:
    """Bring a day up to date that no later one follows on this channel. `latest` holds the new counts already."""
    assets = sorted({change.asset_id for change in changes})
    for first in range(0, len(assets), _CHUNK):
        _sum_assets(db, channel_id, day, assets[first : first + _CHUNK])
    base = db.execute(
        select(*(getattr(ChannelDay, name) for name in METRICS))
        .where(ChannelDay.channel_id == channel_id)
        .order_by(ChannelDay.day.desc())
        .limit(1)
    ).first()
    counts = _moved(tuple(base) if base else _NOTHING, changes)
    if counts is None:
        sums = (func.sum(getattr(Latest, name)) for name in METRICS)
        row = db.execute(select(*sums).join(Post, Post.id == Latest.post_id).where(Post.channel_id == channel_id)).one()
        counts = tuple(None if value is None else int(value) for value in row)
    upsert(db, ChannelDay, ("day", "channel_id"), [{"day": day, "channel_id": channel_id, **_named(counts)}])


def upsert(db: Session, table: Any, keys: Sequence[str], rows: list[dict[str, Any]]) -> None:
    """Write these rows over those with the same keys."""
    if not rows:
        return
    insert = (postgresql if db.get_bind().dialect.name == "postgresql" else sqlite).insert(table)
    changed = {name: getattr(insert.excluded, name) for name in rows[0] if name not in keys}
    db.execute(insert.on_conflict_do_update(index_elements=list(keys), set_=changed), rows)


def _sum_assets(db: Session, channel_id: int, day: date, assets: Sequence[int]) -> None:
    # “+ 0” keeps the planner from walking the whole channel: an asset has few posts, a channel may have all of them.
    place = "?" if _is_sqlite(db) else "%s"
    sums = ", ".join(f"SUM(l.{name})" for name in METRICS)
    numbers = ",".join(str(int(one)) for one in assets)
    db.connection().exec_driver_sql(
        f"INSERT INTO asset_day (day, asset_id, channel_id, {', '.join(METRICS)}) SELECT {'' if _is_sqlite(db) else 'CAST('}{place}"  # noqa: S608
        f"{'' if _is_sqlite(db) else ' AS date)'}, p.asset_id, p.channel_id, {sums} FROM posts p JOIN latest l ON l.post_id = p.id"
        f" WHERE p.asset_id IN ({numbers}) AND p.channel_id + 0 = {int(channel_id)} GROUP BY p.asset_id, p.channel_id {_CLASH}",
        (_day_stamp(db, day),),
    )


def _write_days(db: Session, rows: Sequence[tuple[date, int, int, Counts]]) -> None:
    """Rows of asset_day over those that are there, straight to the driver."""
    if rows:
        place = "?" if _is_sqlite(db) else "%s"
        values = ", ".join([place] * (3 + len(METRICS)))
        db.connection().exec_driver_sql(
            f"INSERT INTO asset_day (day, asset_id, channel_id, {', '.join(METRICS)}) VALUES ({values}) {_CLASH}",  # noqa: S608
            [(_day_stamp(db, day), asset_id, channel_id, *counts) for day, asset_id, channel_id, counts in rows],
        )


def _day_stamp(db: Session, day: date) -> Any:
    """A day as its column stores it."""
    return day.isoformat() if _is_sqlite(db) else day


def _is_sqlite(db: Session) -> bool:
    return db.get_bind().dialect.name == "sqlite"


def _moved(base: Counts, changes: Sequence[Change]) -> Counts | None:
    """The sums after these changes; None when a count that was told is told no more, which a difference cannot express."""
    moved = list(base)
    for change in changes:
        for place, (before, after) in enumerate(zip(change.old or _NOTHING, change.new, strict=True)):
            if after is None:
                if before is not None:
                    return None
                continue
            moved[place] = (moved[place] or 0) + after - (before or 0)
    return tuple(moved)


def _named(counts: Counts) -> dict[str, int | None]:
    return dict(zip(METRICS, counts, strict=True))


def _snapshots_of(db: Session, channel_id: int, start: date | None) -> Iterator[Any]:
    query = (
        select(Snapshot.post_id, Post.asset_id, Snapshot.at, *(getattr(Snapshot, name) for name in METRICS))
        .join(Post, Post.id == Snapshot.post_id)
        .where(Post.channel_id == channel_id)
        .order_by(Snapshot.at, Snapshot.id)
    )
    if start is not None:
        query = query.where(Snapshot.at >= opening(start))
    yield from db.execute(query.execution_options(yield_per=_STREAM))


def _standing_before(db: Session, channel_id: int, start: date) -> Iterator[Any]:
    """Where each post of the channel stood when the day began."""
    earlier = aliased(Snapshot)
    last = select(func.max(earlier.at)).where(earlier.post_id == Post.id, earlier.at < opening(start)).scalar_subquery()
    yield from db.execute(
        select(Post.id, Post.asset_id, *(getattr(Snapshot, name) for name in METRICS))
        .join(Snapshot, (Snapshot.post_id == Post.id) & (Snapshot.at == last))
        .where(Post.channel_id == channel_id)
    )
