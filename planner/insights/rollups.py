"""The roll-ups: sums per day of each post's last snapshot, brought forward cheaply or made again from the snapshots.

`bring_forward` is for what happens all day long, readings of today or of days after all that is known: it computes with the posts
that were read and the sums of their assets' others, and no snapshot is read again. `days_of` walks a channel's snapshots in order of time and is right for everything: late readings and a rebuild.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Date, String, delete, func, insert, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from planner.insights.models import METRICS, AssetDay, AssetLatest, Snapshot
from planner.planning.models import Post

__all__ = ["Counts", "Day", "Standing", "bring_forward", "columns_of", "day_of", "day_told", "days_of", "keep_newest", "make_again", "midnight", "opening", "upsert", "write"]

#: Counts in the order of METRICS; None is “not told”.
Counts = tuple[int | None, ...]
_AssetRow = tuple[int, date, Counts]

#: A row of asset_day that is there already is written over.
_CLASH = "ON CONFLICT (asset_id, channel_id, day) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in METRICS)
#: An older day never takes the place of a newer one.
_NEWEST_CLASH = (
    "ON CONFLICT (asset_id, channel_id) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in ("day", *METRICS)) + " WHERE excluded.day >= asset_latest.day"
)
_NOTHING: Counts = (None,) * len(METRICS)
_CHUNK = 500
_STREAM = 5000
#: Rows of one INSERT on SQLite, which steps through many values faster than through many statements.
_TOGETHER = 200
#: What is no number, in PostgreSQL's words; counts and keys are. Raw fields are told as text, which the driver would write as JSON once more.
_KINDS = {"at": "timestamptz", "day": "date", "source": "text", "regime": "text", "raw": "text"}
_CHANNEL_CLASH = "ON CONFLICT (day, channel_id) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in METRICS)
#: Readings are taken at midnight, or soon after when there are many: this long they still tell how the day before ended.
_CLOSING = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Day:
    """One UTC day of one channel: what the assets read that day had at its end, and what the whole channel had."""

    day: date
    assets: dict[int, Counts]
    channel: Counts


class Standing(NamedTuple):
    """A post's place, and its newest reading: its moment as the driver stores it, and its counts; both None before the first."""

    asset_id: int
    channel_id: int
    stamp: Any
    counts: Counts | None


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


def day_told(db: Session, at: Any, *, closes: bool = True) -> ColumnElement[date]:
    """The same of a column of moments; closes -- False: simply the UTC day it lies in."""
    seconds = _CLOSING.total_seconds() if closes else 0
    if _is_sqlite(db):  # Moments are texts in UTC there.
        return func.date(at, literal(f"-{seconds:.0f} seconds", String), type_=Date)
    return func.date(func.timezone("UTC", at - func.make_interval(0, 0, 0, 0, 0, 0, seconds)), type_=Date)


def opening(day: date) -> datetime:
    """From when on readings tell of this day (see `day_of`)."""
    return midnight(day) + _CLOSING


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
    assets: list[_AssetRow] = []
    whole: list[tuple[date, Counts]] = []
    for one in days_of(db, channel_id, start):
        whole.append((one.day, one.channel))
        assets += [(asset_id, one.day, counts) for asset_id, counts in one.assets.items() if only is None or asset_id in only]
        if len(assets) >= _STREAM:
            count += _write_assets(db, channel_id, assets)
            assets.clear()
    _write_days(db, channel_id, whole)
    return count + _write_assets(db, channel_id, assets)


def keep_newest(db: Session, asset_id: int, channel_id: int) -> None:
    """Look up once more which of an asset's days on a channel is its newest, where some were taken away."""
    names = ["asset_id", "channel_id", "day", *METRICS]
    db.execute(delete(AssetLatest).where(AssetLatest.asset_id == asset_id, AssetLatest.channel_id == channel_id))
    days = select(*(getattr(AssetDay, name) for name in names)).where(AssetDay.asset_id == asset_id, AssetDay.channel_id == channel_id)
    db.execute(insert(AssetLatest).from_select(names, days.order_by(AssetDay.day.desc()).limit(1)))


def bring_forward(db: Session, channel_id: int, days: Mapping[date, Mapping[int, Counts]], known: Mapping[int, Standing]) -> bool:
    """Write days that no later one follows on this channel; False, and nothing written, when only the snapshots can tell their sums.

    days  -- day -> post -> its last counts of that day; posts of which nothing newer was told that day are left out.
    known -- every post that was read, and where it stood before.
    """
    last, total = _last_of(db, channel_id)
    if last is not None and last > _day_stamp(db, min(days)):
        return False
    members: dict[int, list[int]] = {}
    for post_id, one in known.items():
        members.setdefault(one.asset_id, []).append(post_id)
    others = _others(db, channel_id, members)
    alone = {posts[0]: asset_id for asset_id, posts in members.items() if len(posts) == 1 and asset_id not in others}
    current = {post_id: one.counts for post_id, one in known.items() if one.counts is not None}
    assets: list[_AssetRow] = []
    whole: list[tuple[date, Counts]] = []
    for day in sorted(days):
        read = days[day]
        moved = _moved(total, [current[post_id] for post_id in read if post_id in current], list(read.values()))
        if moved is None:
            return False
        total = moved
        current.update(read)
        whole.append((day, total))
        assets += [(alone[post_id], day, counts) for post_id, counts in read.items() if post_id in alone]
        for asset_id in {known[post_id].asset_id for post_id in read if post_id not in alone}:
            parts = [current[post_id] for post_id in members[asset_id] if post_id in current]
            if asset_id in others:
                parts.append(others[asset_id])
            assets.append((asset_id, day, _added(parts)))
    _write_assets(db, channel_id, assets, is_new=last is None or last < _day_stamp(db, min(days)), is_first=last is None)
    _write_days(db, channel_id, whole)
    return True


def write(db: Session, table: str, columns: Mapping[str, Sequence[Any]], clash: str, *, is_new: bool = False) -> int:
    """Insert rows, told column by column, by the driver's own means: mapped rows would take thirty times as long. How many were written.

    clash  -- what to do about a row that is there already.
    is_new -- that none is: where it makes a difference, the rows go straight into the table.
    """
    count = len(next(iter(columns.values())))
    if not count:
        return 0
    if is_new and not _is_sqlite(db):
        return _copy(db, table, columns)
    # To hand a value over costs as much as to store it: what is the same in all rows (most counts are not told) is handed over once.
    alike = {name: column[0] for name, column in columns.items() if column[0] == column[-1] and column.count(column[0]) == count}
    differing = {name: column for name, column in columns.items() if name not in alike}
    connection, written = db.connection(), 0
    if not _is_sqlite(db):
        statement = _unnesting(table, tuple(alike), tuple(differing), count, clash)
        return int(connection.exec_driver_sql(statement, (*alike.values(), *map(list, differing.values()))).rowcount)
    for first in range(0, count, _TOGETHER):
        parts = [column[first : first + _TOGETHER] for column in differing.values()]
        statement = _insertion(table, tuple(alike), tuple(differing), min(count - first, _TOGETHER), clash)
        written += connection.exec_driver_sql(statement, (*alike.values(), *chain.from_iterable(zip(*parts, strict=True)))).rowcount
    return written


@lru_cache(maxsize=64)
def _insertion(table: str, alike: tuple[str, ...], differing: tuple[str, ...], count: int, clash: str) -> str:
    """One INSERT of `count` rows on SQLite."""
    names = ", ".join(alike + differing)
    values = ", ".join(["?"] * len(alike) + [f"column{number}" for number in range(1, len(differing) + 1)])
    row = f"({', '.join('?' * len(differing))})" if differing else "(0)"
    return f"INSERT INTO {table} ({names}) SELECT {values} FROM (VALUES {', '.join([row] * count)}) WHERE true {clash}"  # noqa: S608


def _unnesting(table: str, alike: tuple[str, ...], differing: tuple[str, ...], count: int, clash: str) -> str:
    """One INSERT of `count` rows on PostgreSQL, to which a column that differs is handed over as an array, in the server's own format."""
    kinds = {name: _KINDS.get(name, "int8") for name in alike + differing}
    told = {**{name: f"%b::{kinds[name]}" for name in alike}, **{name: name for name in differing}}
    values = ", ".join(f"{value}::json" if name == "raw" else value for name, value in told.items())
    arrays, names = ", ".join(f"%b::{kinds[name]}[]" for name in differing), ", ".join(differing)
    rows = f"unnest({arrays}) AS told ({names})" if differing else f"generate_series(1, {count})"
    return f"INSERT INTO {table} ({', '.join(told)}) SELECT {values} FROM {rows} {clash}"  # noqa: S608


def _copy(db: Session, table: str, columns: Mapping[str, Sequence[Any]]) -> int:
    """New rows on PostgreSQL, in the server's own format, without the columns that nobody told; how many."""
    count = len(next(iter(columns.values())))
    told = {name: column for name, column in columns.items() if column[0] is not None or column.count(None) < count}
    driver: Any = db.connection().connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(told)}) FROM STDIN (FORMAT BINARY)") as target:
        target.set_types([_KINDS.get(name, "int8") for name in told])
        for row in zip(*told.values(), strict=True):
            target.write_row(row)
    return count


def upsert(db: Session, table: Any, keys: Sequence[str], rows: list[dict[str, Any]]) -> None:
    """Write these rows over those with the same keys."""
    if not rows:
        return
    insert = (postgresql if db.get_bind().dialect.name == "postgresql" else sqlite).insert(table)
    changed = {name: getattr(insert.excluded, name) for name in rows[0] if name not in keys}
    db.execute(insert.on_conflict_do_update(index_elements=list(keys), set_=changed), rows)


def _last_of(db: Session, channel_id: int) -> tuple[Any, Counts]:
    """The last day on which a post of the channel was read, as its column stores it, and what the channel had at its end."""
    row = db.connection().exec_driver_sql(
        f"SELECT day, {', '.join(METRICS)} FROM channel_day WHERE channel_id = {int(channel_id)} ORDER BY day DESC LIMIT 1"  # noqa: S608
    ).first()
    return (row[0], tuple(row[1:])) if row else (None, _NOTHING)


def _others(db: Session, channel_id: int, members: Mapping[int, Sequence[int]]) -> dict[int, Counts]:
    """Asset -> the sums of its posts on this channel that are not among `members`, where there are any with a reading."""
    found: dict[int, Counts] = {}
    assets = sorted(members)
    sums = ", ".join(f"SUM(l.{name})" for name in METRICS)
    for first in range(0, len(assets), _CHUNK):
        some = assets[first : first + _CHUNK]
        numbers, ours = ",".join(str(int(one)) for one in some), ",".join(str(int(one)) for asset_id in some for one in members[asset_id])
        rows = db.connection().exec_driver_sql(
            f"SELECT p.asset_id, {sums} FROM posts p JOIN latest l ON l.post_id = p.id"  # noqa: S608
            f" WHERE p.asset_id IN ({numbers}) AND p.channel_id = {int(channel_id)} AND p.id NOT IN ({ours}) GROUP BY p.asset_id"
        )
        found |= {row[0]: tuple(None if value is None else int(value) for value in row[1:]) for row in rows}
    return found


def _write_assets(db: Session, channel_id: int, rows: list[_AssetRow], *, is_new: bool = False, is_first: bool = False) -> int:
    """Rows of asset_day, an asset's by day, over those that are there, and its newest one of them as such; how many days.

    is_new, is_first -- that no asset has one of these days on the channel yet, or any day at all.
    """
    if rows:
        rows.sort(key=itemgetter(0))  # In the order in which they lie.
        days = _rows_of(db, channel_id, rows)
        write(db, "asset_day", days, _CLASH, is_new=is_new)
        newest = list({row[0]: row for row in rows}.values())
        write(db, "asset_latest", days if len(newest) == len(rows) else _rows_of(db, channel_id, newest), _NEWEST_CLASH, is_new=is_first)
    return len(rows)


def _rows_of(db: Session, channel_id: int, rows: Sequence[_AssetRow]) -> dict[str, Sequence[Any]]:
    """Column by column, with the days as they are stored."""
    assets, days, counts = zip(*rows, strict=True)
    stamps = {day: _day_stamp(db, day) for day in set(days)}
    return {"asset_id": assets, "channel_id": (channel_id,) * len(rows), "day": tuple(map(stamps.__getitem__, days)), **columns_of(counts)}


def _write_days(db: Session, channel_id: int, rows: Sequence[tuple[date, Counts]]) -> None:
    if rows:
        days, counts = zip(*rows, strict=True)
        key = {"day": [_day_stamp(db, day) for day in days], "channel_id": (channel_id,) * len(rows)}
        write(db, "channel_day", {**key, **columns_of(counts)}, _CHANNEL_CLASH)


def columns_of(counts: Iterable[Counts]) -> dict[str, tuple[int | None, ...]]:
    """Metric -> what each row has of it; of at least one row."""
    return dict(zip(METRICS, zip(*counts, strict=True), strict=True))


def _day_stamp(db: Session, day: date) -> Any:
    """A day as its column stores it."""
    return day.isoformat() if _is_sqlite(db) else day


def _is_sqlite(db: Session) -> bool:
    return db.get_bind().dialect.name == "sqlite"


def _moved(base: Counts, before: Sequence[Counts], after: Sequence[Counts]) -> Counts | None:
    """The sums once `before` gave way to `after`; None when nobody read tells a count any more, because others may or may not tell it."""
    if not after:
        return base
    moved = []
    for total, old, new in zip(base, zip(*before, strict=True) if before else [()] * len(METRICS), zip(*after, strict=True), strict=True):
        if new.count(None) < len(new):
            moved.append((total or 0) - sum(filter(None, old)) + sum(filter(None, new)))
        elif old.count(None) < len(old):
            return None
        else:
            moved.append(total)
    return tuple(moved)


def _added(parts: Sequence[Counts]) -> Counts:
    added = []
    for column in zip(*parts, strict=True):
        silent = column.count(None)
        added.append(sum(column) if not silent else None if silent == len(parts) else sum(filter(None, column)))
    return tuple(added)


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
