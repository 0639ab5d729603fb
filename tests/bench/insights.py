"""The benches of numbers: what an asset did, the dashboard, taking readings in, the roll-ups' truth, and what a year of polling costs."""

from __future__ import annotations

import math
import random
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from planner.channels.port import Platform, Reading
from planner.core.db import make_engine, sessions_of
from planner.insights import queries, service
from planner.insights.budget import USUAL, cost_of
from planner.insights.cadence import cadence_of, is_due
from planner.insights.models import METRICS
from tests.bench.measure import Line, cpu_ratio
from tests.bench.world import FOLDER, path_of

__all__ = ["ALL", "COUNTS", "DASHBOARD", "DAYS", "LAST", "LIVE", "NOW", "needed", "readings_of", "truth", "world"]

#: The measured world ends on this day; every post has ten readings, the last ten days'.
LAST = date(2026, 3, 31)
DAYS = 10
NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
COUNTS = ", ".join(METRICS)
LIVE = 1000
#: The raw roll-up: who gained most after a day, and each channel's days after it.
DASHBOARD = (
    "SELECT a.id, a.title, SUM(d.views) FROM asset_day d JOIN assets a ON a.id = d.asset_id WHERE d.day > ? GROUP BY a.id ORDER BY 3 DESC LIMIT 20",
    f"SELECT channel_id, day, {COUNTS} FROM channel_day WHERE day > ?",  # noqa: S608
)


def world(posts: int) -> Path:
    """The calendar's database with ten readings of each post and their roll-ups, made once."""
    path = FOLDER / path_of(posts).name.replace("posts", "numbers", 1)
    if path.exists():
        return path
    half = path.with_suffix(".part")
    half.unlink(missing_ok=True)
    source = sqlite3.connect(path_of(posts))
    db = sqlite3.connect(half, isolation_level=None)
    source.backup(db)
    source.close()
    db.execute("PRAGMA synchronous=OFF")
    db.execute("BEGIN")
    for back in range(DAYS - 1, -1, -1):
        day = LAST - timedelta(days=back)
        db.execute(
            f"INSERT INTO snapshots (post_id, at, source, regime, {COUNTS}) SELECT id, ?, 'platform', '',"  # noqa: S608
            " (id * 7919 % 5000) * ?, (id * 104729 % 9000) * ?, NULL, (id % 97) * ?, (id % 53) * ?, id % 11, id % 7, NULL, NULL FROM posts",
            (f"{day} 12:00:00.000000", *[DAYS - back] * 4),
        )
    db.execute(f"INSERT INTO latest (post_id, at, regime, {COUNTS}) SELECT post_id, at, regime, {COUNTS} FROM snapshots WHERE at = ?", (f"{LAST} 12:00:00.000000",))  # noqa: S608
    sums = ", ".join(f"SUM(s.{name})" for name in METRICS)
    db.execute(
        f"INSERT INTO asset_day (day, asset_id, channel_id, {COUNTS}) SELECT substr(s.at, 1, 10), p.asset_id, p.channel_id, {sums}"  # noqa: S608
        " FROM snapshots s JOIN posts p ON p.id = s.post_id GROUP BY 2, 3, 1"
    )
    db.execute(f"INSERT INTO asset_latest (asset_id, channel_id, day, {COUNTS}) SELECT asset_id, channel_id, day, {COUNTS} FROM asset_day WHERE day = ?", (str(LAST),))  # noqa: S608
    db.execute(f"INSERT INTO channel_day (day, channel_id, {COUNTS}) SELECT day, channel_id, {', '.join(f'SUM({name})' for name in METRICS)} FROM asset_day GROUP BY 1, 2")  # noqa: S608
    db.execute("COMMIT")
    db.execute("ANALYZE")
    db.close()
    half.rename(path)
    return path


def _raw_asset(path: Path) -> Callable[[], int]:
    """The least that gives an asset's page its numbers: its posts with the newest counts, its first readings, its days."""
    db = sqlite3.connect(path)
    columns, first = ", ".join(f"l.{name}" for name in METRICS), ", ".join(f"s.{name}" for name in METRICS)

    def run() -> int:
        rows = db.execute(
            f"SELECT p.id, p.channel_id, c.name, c.platform, p.published_at, p.external_url, l.at, l.regime, p.taken_down_at, {columns} FROM posts p"  # noqa: S608
            " JOIN channels c ON c.id = p.channel_id LEFT JOIN latest l ON l.post_id = p.id WHERE p.asset_id = ? AND p.state = 'published' ORDER BY p.published_at, p.id",
            (7,),
        ).fetchall()
        firsts = db.execute(
            f"SELECT s.post_id, s.at, s.regime, {first} FROM snapshots s JOIN posts p ON p.id = s.post_id"  # noqa: S608
            " AND s.at = (SELECT min(o.at) FROM snapshots o WHERE o.post_id = p.id) WHERE p.asset_id = ? AND p.state = 'published'",
            (7,),
        ).fetchall()
        days = db.execute(f"SELECT channel_id, day, {COUNTS} FROM asset_day WHERE asset_id = ? ORDER BY channel_id, day", (7,)).fetchall()  # noqa: S608
        return len(rows) + len(firsts) + len(days)

    return run


def asset_page(posts: int) -> Line:
    """Everything the asset's page shows of its numbers, against the raw SQL that fetches the same rows."""
    path = world(posts)
    with sessions_of(make_engine(f"sqlite:///{path}"))() as db:
        return Line("asset_page", cpu_ratio(lambda: queries.asset_performance(db, 7), _raw_asset(path), rounds=9, each=3), 2.0, 1.5)


def dashboard_30d(posts: int) -> Line:
    """The twenty assets that gained most and each channel's totals, against the raw roll-up SQL: what each asset has at the window's ends."""
    path = world(posts)
    raw = sqlite3.connect(path)
    since = str(NOW.date() - timedelta(days=30))

    def limit() -> int:
        return sum(len(raw.execute(statement, (since,)).fetchall()) for statement in DASHBOARD)

    with sessions_of(make_engine(f"sqlite:///{path}"))() as db:

        def ours() -> None:
            queries.top_assets(db, metric="views", days=30, now=NOW, viewer=None, limit=20)
            queries.channel_totals(db, days=30, now=NOW)

        return Line("dashboard_30d", cpu_ratio(ours, limit, rounds=7, each=2), 2.0, 1.5)


def _empty(posts: int, name: str) -> tuple[Path, list[int]]:
    """A fresh copy of a small world without readings; its first posts."""
    path = FOLDER / f"{name}.sqlite3"
    path.unlink(missing_ok=True)
    source, target = sqlite3.connect(path_of(posts)), sqlite3.connect(path)
    source.backup(target)
    for one in (source, target):
        one.close()
    return path, list(range(1, posts + 1))


def readings_of(ids: Sequence[int], at: datetime, chance: random.Random) -> list[tuple[int, datetime, Reading]]:
    return [(post, at, Reading("", views=chance.randrange(9000), likes=chance.randrange(90), comments=3, engagements=9, regime="")) for post in ids]


def _bare(path: Path, rows: list[tuple[int, datetime, Reading]]) -> float:
    """Seconds of this process that the same rows take as an executemany in a transaction of its own."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    told = [
        (post, at.replace(tzinfo=None).isoformat(" ", "microseconds"), "platform", one.regime, *[getattr(one, name) for name in METRICS])
        for post, at, one in rows
    ]
    start = time.process_time()
    db.execute("BEGIN IMMEDIATE")
    places = ", ".join(["?"] * (4 + len(METRICS)))
    db.executemany(f"INSERT INTO snapshots (post_id, at, source, regime, {COUNTS}) VALUES ({places})", told)  # noqa: S608
    db.execute("COMMIT")
    took = time.process_time() - start
    db.close()
    return took


def _record(db: Session, rows: list[tuple[int, datetime, Reading]]) -> float:
    start = time.process_time()
    service.record_rows(db, rows)
    db.commit()
    return time.process_time() - start


def ingest_live(_posts: int) -> Line:
    """One channel's batch of 1,000 readings of now with all roll-ups, against the bare insert of the same batch: the part of its speed."""
    ours, _ids = _empty(20_000, "ingest-ours")
    bare, _ids = _empty(20_000, "ingest-bare")
    chance, parts = random.Random(3), []
    with sqlite3.connect(ours) as one:
        ids = [row[0] for row in one.execute("SELECT id FROM posts WHERE channel_id = 1 ORDER BY id")]
    with sessions_of(make_engine(f"sqlite:///{ours}"))() as db:
        for number in range(16):
            rows = readings_of(ids[:LIVE], datetime(2026, 4, 1, 2, tzinfo=UTC) + timedelta(hours=number), chance)
            parts.append((_bare(bare, rows), _record(db, rows)))
    return Line("ingest_live", statistics.median(limit / took for limit, took in parts[1:]), 0.30, 0.45, higher=True)


def ingest_bulk(_posts: int) -> Line:
    """A back-fill of 100,000 readings (10,000 posts, ten days) with all roll-ups, against one executemany."""
    ratios = []
    for _ in range(3):
        ours, ids = _empty(10_000, "ingest-ours")
        bare, _ids = _empty(10_000, "ingest-bare")
        chance = random.Random(5)
        rows = [one for day in range(10) for one in readings_of(ids, datetime(2026, 4, 1 + day, 12, tzinfo=UTC), chance)]
        limit = _bare(bare, rows)
        with sessions_of(make_engine(f"sqlite:///{ours}"))() as db:
            ratios.append(limit / _record(db, rows))
    return Line("ingest_bulk", statistics.median(ratios), 0.5, 0.9, higher=True)


def rollup_truth(_posts: int) -> Line:
    """Places where the roll-ups differ from a rebuild after 100,000 random readings: late, doubled, shrinking, not told."""
    path, ids = _empty(10_000, "rollup-truth")
    with sessions_of(make_engine(f"sqlite:///{path}"))() as db:
        return Line("rollup_truth", truth(db, ids[:500]), 0, 0, unit="")


def truth(db: Session, ids: Sequence[int]) -> int:
    """How many places differ, after the readings."""
    chance = random.Random(9)
    for batch in range(20):
        rows = []
        for _ in range(5000):
            at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=30 * chance.randrange(120 * (1 + batch)))
            views = None if chance.random() < 0.1 else chance.randrange(5000)
            rows.append((chance.choice(ids), at, Reading("", views=views, likes=chance.randrange(9))))
        service.record_rows(db, rows + rows[:500])
        db.commit()
    return len(service.compare(db))


def poll_cost(_posts: int) -> Line:
    """A simulated year of 1,000 posts a platform: calls over the least that the schedules need, each round's batches full.

    Beside the figure it holds: no X post is read on more than 77 days of its year, no budget is exceeded, and the series of days
    under 28 days of age (90 on LinkedIn, all on YouTube) has no error.
    """
    ratio = max(_year(platform) for platform in (Platform.YOUTUBE, Platform.LINKEDIN, Platform.X))
    return Line("poll_cost", ratio, 1.1, 1.0)


def _year(platform: Platform) -> float:
    batch = 100 if platform is Platform.X else 50
    start, chance = datetime(2026, 1, 1, tzinfo=UTC), random.Random(7)
    rounds: dict[datetime, int] = {}
    least: dict[datetime, int] = {}
    fresh: dict[datetime, int] = {}
    for _ in range(1000):
        born = start + timedelta(minutes=chance.randrange(365 * 24 * 60))
        read = list(_read(platform, born, start + timedelta(days=365)))
        assert platform is not Platform.X or len({at.date() for at in read}) <= 77
        for at in read:
            rounds[at] = rounds.get(at, 0) + 1
        days: set[date] = set()
        for at in read:
            if at.date() not in days:
                days.add(at.date())
                fresh[at] = fresh.get(at, 0) + 1
        for at in needed(platform, born, start + timedelta(days=365)):
            least[at] = least.get(at, 0) + 1
        exact = {Platform.X: 28, Platform.LINKEDIN: 90, Platform.YOUTUBE: 400}[platform]
        midnights = {at for at in read if at.hour == 0}
        first = datetime.combine((born + timedelta(days=1)).date(), datetime.min.time(), UTC)
        last = min(born + timedelta(days=exact - 1), start + timedelta(days=364))
        assert all(first + timedelta(days=number) in midnights for number in range(max((last - first).days, 0)))
    a_day: dict[date, int] = {}
    for at, count in rounds.items():
        cost = cost_of(platform, fresh.get(at, 0)) * (1 if platform is Platform.X else math.ceil(count / batch))
        a_day[at.date()] = a_day.get(at.date(), 0) + cost
    assert max(a_day.values()) <= USUAL[platform]
    return sum(math.ceil(count / batch) for count in rounds.values()) / sum(math.ceil(count / batch) for count in least.values())


def _read(platform: Platform, born: datetime, end: datetime) -> Iterator[datetime]:
    """When a post is read by the product's own rule, in hourly rounds: it can only become due at a midnight once it is two days old."""
    cadence, last = cadence_of(platform), None
    at = born.replace(minute=0, second=0) + timedelta(hours=1)
    while at < end:
        if is_due(born, last, at, cadence=cadence):
            last = at
            yield at
        step = timedelta(hours=1) if at - born < cadence.hourly else datetime.combine(at.date() + timedelta(days=1), datetime.min.time(), UTC) - at
        at += step


def needed(platform: Platform, born: datetime, end: datetime) -> Iterator[datetime]:
    """The same written down once more, from the schedules as they are documented and nothing else."""
    daily = {Platform.YOUTUBE: 10_000, Platform.LINKEDIN: 90, Platform.X: 29}[platform]
    closes = {Platform.X: 30, Platform.LINKEDIN: 365}.get(platform)
    at = born.replace(minute=0, second=0) + timedelta(hours=1)
    while at < min(born + timedelta(hours=48), end):
        yield at
        at += timedelta(hours=1)
    last = at - timedelta(hours=1)
    closing_day = (born + timedelta(days=closes, hours=-6)).date() if closes else None
    day = datetime.combine((born + timedelta(hours=48)).date() + timedelta(days=1), datetime.min.time(), UTC)
    while day < end and not (platform is Platform.LINKEDIN and day >= born + timedelta(days=365)):
        due = (day.date() - born.date()).days < daily or (day.date() - last.date()).days >= 7 or (day.date() == closing_day and day < born + timedelta(days=closes or 0))
        if due:
            yield day
            last = day
        day += timedelta(days=1)


ALL = {
    "asset_page": asset_page, "dashboard_30d": dashboard_30d, "ingest_live": ingest_live, "ingest_bulk": ingest_bulk, "rollup_truth": rollup_truth,
    "poll_cost": poll_cost,
}  # fmt: skip
