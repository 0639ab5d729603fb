"""Sums per day: of each post's last snapshot until the end of a UTC day, over an asset on a channel or a whole channel.

Bringing N posts of one asset up to date costs one read of their snapshots in the days concerned, whatever the history.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from planner.insights.models import METRICS, AssetDay, ChannelDay, Snapshot
from planner.planning.models import Post

__all__ = ["asset_days", "channel_days", "write_asset_days", "write_channel_days"]

Counts = tuple[int | None, ...]


def asset_days(db: Session, asset_id: int, channel_id: int, days: Collection[date]) -> list[dict[str, Any]]:
    """Rows of asset_day for these days."""
    posts = list(db.scalars(select(Post.id).where(Post.asset_id == asset_id, Post.channel_id == channel_id, Post.external_id.is_not(None))))
    return [
        {"day": day, "asset_id": asset_id, "channel_id": channel_id, **dict(zip(METRICS, counts, strict=True))}
        for day, counts in _sums(db, posts, days)
    ]


def channel_days(db: Session, channel_id: int, days: Collection[date]) -> list[dict[str, Any]]:
    """Rows of channel_day for these days, from asset_day's truth: the last row of each asset until then."""
    rows = []
    for day in sorted(days):
        newest = (
            select(AssetDay.asset_id, func.max(AssetDay.day).label("day"))
            .where(AssetDay.channel_id == channel_id, AssetDay.day <= day)
            .group_by(AssetDay.asset_id)
            .subquery()
        )
        sums = [func.sum(getattr(AssetDay, name)) for name in METRICS]
        counts = db.execute(
            select(*sums)
            .join(newest, (newest.c.asset_id == AssetDay.asset_id) & (newest.c.day == AssetDay.day))
            .where(AssetDay.channel_id == channel_id)
        ).one()
        told = [None if value is None else int(value) for value in counts]
        rows.append({"day": day, "channel_id": channel_id, **dict(zip(METRICS, told, strict=True))})
    return rows


def write_asset_days(db: Session, rows: list[dict[str, Any]]) -> int:
    _upsert(db, AssetDay, ["day", "asset_id", "channel_id"], rows)
    return len(rows)


def write_channel_days(db: Session, rows: list[dict[str, Any]]) -> int:
    _upsert(db, ChannelDay, ["day", "channel_id"], rows)
    return len(rows)


def _sums(db: Session, posts: list[int], days: Collection[date]) -> Iterable[tuple[date, Counts]]:
    """For each day, earliest first: the sum over posts of the last snapshot at or before its end."""
    wanted = sorted(days)
    if not posts or not wanted:
        return
    start = datetime.combine(wanted[0], datetime.min.time(), UTC)
    end = datetime.combine(wanted[-1], datetime.min.time(), UTC) + timedelta(days=1)
    current: dict[int, Counts] = {}
    for post_id in posts:  # Where each post stood when the first day began.
        row = db.execute(
            select(*(getattr(Snapshot, name) for name in METRICS))
            .where(Snapshot.post_id == post_id, Snapshot.at < start)
            .order_by(Snapshot.at.desc())
            .limit(1)
        ).first()
        if row is not None:
            current[post_id] = tuple(row)
    later = db.execute(
        select(Snapshot.post_id, Snapshot.at, *(getattr(Snapshot, name) for name in METRICS))
        .where(Snapshot.post_id.in_(posts), Snapshot.at >= start, Snapshot.at < end)
        .order_by(Snapshot.at, Snapshot.id)
    ).all()
    position = 0
    for day in wanted:
        close = datetime.combine(day, datetime.min.time(), UTC) + timedelta(days=1)
        while position < len(later) and later[position][1] < close:
            row = later[position]
            current[row[0]] = tuple(row[2:])
            position += 1
        yield day, _added(current.values())


def _added(rows: Iterable[Counts]) -> Counts:
    """Column by column; a count nobody told is None, not 0."""
    totals: list[int | None] = [None] * len(METRICS)
    for row in rows:
        for index, value in enumerate(row):
            if value is not None:
                totals[index] = (totals[index] or 0) + value
    return tuple(totals)


def _upsert(db: Session, table: Any, keys: list[str], rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    insert = (postgresql if db.get_bind().dialect.name == "postgresql" else sqlite).insert(table)
    db.execute(
        insert.on_conflict_do_update(index_elements=keys, set_={name: getattr(insert.excluded, name) for name in METRICS}), rows
    )

