"""Writes readings: raw snapshots as the truth, and the roll-ups that screens read, in one transaction.

Roll-ups, exactly:
  latest       the newest snapshot of each post.
  asset_day    for each UTC day on which any post of the asset on the channel has a snapshot: the sum, over all posts of that
               asset on that channel, of each post's last snapshot at or before the end of that day. A count nobody told stays None.
  channel_day  the same over all posts of the channel.
Counts are kept as told, also when a platform corrects them downwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

from sqlalchemy import delete, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from planner.channels.port import Reading
from planner.insights.models import METRICS, AssetDay, ChannelDay, Latest, Snapshot
from planner.insights.rollups import asset_days, channel_days, write_asset_days, write_channel_days
from planner.planning.models import Post

__all__ = ["compare", "rebuild", "record", "record_rows"]

_COLUMNS = ", ".join(METRICS)
_BATCH = 500


def record(
    db: Session, readings: Sequence[tuple[int, Reading]], *, at: datetime, source: str = "platform", now: datetime
) -> int:
    """Keep what was told about posts at one moment; how many were new. A reading known already (post, moment) changes nothing.

    readings -- (post id, reading); the reading's external id is not used.
    """
    return record_rows(db, [(post_id, at, reading) for post_id, reading in readings], source=source)


def record_rows(db: Session, rows: Sequence[tuple[int, datetime, Reading]], *, source: str = "platform") -> int:
    """The same for readings of different moments, in batches; roll-ups are brought up to date once at the end."""
    fresh: set[tuple[int, date]] = set()
    count = 0
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        new = _new_ones(db, batch)
        if new:
            _insert(db, new, source)
            count += len(new)
            fresh |= {(post_id, at.astimezone(UTC).date()) for post_id, at, _reading in new}
    if fresh:
        _roll_up(db, fresh)
    return count


def rebuild(db: Session) -> int:
    """Make every roll-up again from the snapshots; how many rows of asset_day there are."""
    for table in (Latest, AssetDay, ChannelDay):
        db.execute(delete(table))
    db.execute(text(_LATEST))
    posts = {post_id: (asset_id, channel_id) for post_id, asset_id, channel_id in db.execute(select(Post.id, Post.asset_id, Post.channel_id))}
    days: dict[int, set[date]] = {}
    pairs: dict[tuple[int, int], set[date]] = {}
    for post_id, at in db.execute(select(Snapshot.post_id, Snapshot.at)):
        day = at.astimezone(UTC).date()
        asset_id, channel_id = posts[post_id]
        pairs.setdefault((asset_id, channel_id), set()).add(day)
        days.setdefault(channel_id, set()).add(day)
    total = 0
    for (asset_id, channel_id), wanted in sorted(pairs.items()):
        total += write_asset_days(db, asset_days(db, asset_id, channel_id, wanted))
    for channel_id, wanted in sorted(days.items()):
        write_channel_days(db, channel_days(db, channel_id, wanted))
    return total


def compare(db: Session) -> list[str]:
    """Where the roll-ups differ from what the snapshots say; empty when they agree. Rolled back by the caller."""
    before = _contents(db)
    rebuild(db)
    after = _contents(db)
    return [f"{name}: {key}" for name in before for key in sorted(before[name].items() ^ after[name].items(), key=str)][:50]


def _contents(db: Session) -> dict[str, dict[tuple[object, ...], tuple[object, ...]]]:
    tables = {"latest": (Latest, ("post_id",)), "asset_day": (AssetDay, ("day", "asset_id", "channel_id")), "channel_day": (ChannelDay, ("day", "channel_id"))}
    found = {}
    for name, (table, keys) in tables.items():
        columns = [getattr(table, key) for key in (*keys, *METRICS)]
        found[name] = {tuple(row[: len(keys)]): tuple(row[len(keys) :]) for row in db.execute(select(*columns))}
    return found


def _new_ones(db: Session, batch: Sequence[tuple[int, datetime, Reading]]) -> list[tuple[int, datetime, Reading]]:
    """Those whose (post, moment) is not known yet; the last of two in one batch is dropped."""
    unique = {(post_id, at.astimezone(UTC)): reading for post_id, at, reading in reversed(batch)}
    ids = {post_id for post_id, _at in unique}
    low, high = min(at for _post_id, at in unique), max(at for _post_id, at in unique)
    known = db.execute(
        select(Snapshot.post_id, Snapshot.at).where(Snapshot.post_id.in_(ids), Snapshot.at >= low, Snapshot.at <= high)
    )
    there = {(post_id, at) for post_id, at in known}
    return [(post_id, at, reading) for (post_id, at), reading in unique.items() if (post_id, at) not in there]


def _insert(db: Session, rows: Sequence[tuple[int, datetime, Reading]], source: str) -> None:
    values = [
        {"post_id": post_id, "at": at, "source": source, "regime": reading.regime, **{name: getattr(reading, name) for name in METRICS}}
        for post_id, at, reading in rows
    ]
    db.execute(Snapshot.__table__.insert(), values)
    newest: dict[int, dict[str, object]] = {}
    for value in values:
        kept = newest.get(value["post_id"])
        if kept is None or kept["at"] < value["at"]:
            newest[value["post_id"]] = value
    _keep_latest(db, list(newest.values()))


def _keep_latest(db: Session, values: list[dict[str, object]]) -> None:
    insert = (postgresql if db.get_bind().dialect.name == "postgresql" else sqlite).insert(Latest)
    names = ("at", "regime", *METRICS)
    statement = insert.on_conflict_do_update(
        index_elements=["post_id"], set_={name: getattr(insert.excluded, name) for name in names}, where=insert.excluded.at >= Latest.at
    )
    db.execute(statement, [{key: value for key, value in one.items() if key != "source"} for one in values])


def _roll_up(db: Session, fresh: Iterable[tuple[int, date]]) -> None:
    """Bring the days of these posts up to date, and every later day that already has a row (a late reading changes those too)."""
    touched = dict.fromkeys(post_id for post_id, _day in fresh)
    posts = {}
    ids = list(touched)
    for start in range(0, len(ids), _BATCH):
        rows = db.execute(select(Post.id, Post.asset_id, Post.channel_id).where(Post.id.in_(ids[start : start + _BATCH])))
        posts |= {post_id: (asset_id, channel_id) for post_id, asset_id, channel_id in rows}
    pairs: dict[tuple[int, int], set[date]] = {}
    channels: dict[int, set[date]] = {}
    for post_id, day in fresh:
        pairs.setdefault(posts[post_id], set()).add(day)
        channels.setdefault(posts[post_id][1], set()).add(day)
    for (asset_id, channel_id), days in pairs.items():
        later = db.scalars(select(AssetDay.day).where(AssetDay.asset_id == asset_id, AssetDay.channel_id == channel_id, AssetDay.day > min(days)))
        write_asset_days(db, asset_days(db, asset_id, channel_id, days | set(later)))
    for channel_id, days in channels.items():
        later = db.scalars(select(ChannelDay.day).where(ChannelDay.channel_id == channel_id, ChannelDay.day > min(days)))
        write_channel_days(db, channel_days(db, channel_id, days | set(later)))


_LATEST = f"""
    INSERT INTO latest (post_id, at, regime, {_COLUMNS})
    SELECT s.post_id, s.at, s.regime, {", ".join("s." + name for name in METRICS)} FROM snapshots s
    JOIN (SELECT post_id, max(at) AS at FROM snapshots GROUP BY post_id) m ON m.post_id = s.post_id AND m.at = s.at
"""  # noqa: S608
