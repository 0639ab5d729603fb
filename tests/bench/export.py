"""The bench of exports: a CSV of 100,000 posts, streamed through the product, against csv.writer on the same rows out of raw SQL."""

from __future__ import annotations

import csv
import resource
import sqlite3
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask

from planner.web import performance, plan_files
from tests.bench.insights import world
from tests.bench.measure import Line
from tests.bench.world import application, path_of, request_of

__all__ = ["ALL", "NUMBERS", "PLAN", "Nowhere"]

_POSTS = 100_000
_MOST_GROWN = 30_000_000
_PAGE = resource.getpagesize()
PLAN = """
    SELECT p.publish_at, c.time_zone, c.name, a.title, p.text, p.title, p.link, p.first_comment, p.tags, m.name, p.id, p.state, a.kind, p.external_url, p.published_at
    FROM posts p JOIN assets a ON a.id = p.asset_id JOIN channels c ON c.id = p.channel_id LEFT JOIN campaigns m ON m.id = p.campaign_id
    WHERE p.publish_at >= '2019-01-01' AND p.publish_at < '2029-01-01' AND p.state <> 'cancelled' ORDER BY p.publish_at, p.id"""
NUMBERS = """
    SELECT p.id, c.platform, p.external_id, p.external_url, l.at, l.views, l.impressions, l.reach, l.engagements, l.likes, l.comments, l.shares, l.clicks,
           l.watch_seconds, l.regime, c.name, a.title, a.kind, p.published_at
    FROM posts p LEFT JOIN latest l ON l.post_id = p.id JOIN assets a ON a.id = p.asset_id JOIN channels c ON c.id = p.channel_id
    WHERE p.state = 'published' ORDER BY p.publish_at, p.id"""


class Nowhere:
    """What is written is encoded and counted, as a server would hand it on, and thrown away."""

    lines = 0

    def write(self, text: str) -> None:
        text.encode()
        self.lines += 1


def export(_posts: int) -> Line:
    """The smaller of two parts of csv.writer's speed: the plan (all whose time lies in ten years) and each live post's numbers.

    Beside the figure it holds: the process grows by less than 30 MB, and both have as many rows.
    """
    numbers = world(_POSTS)
    parts = [
        _part(application(_POSTS), "/calendar/export.csv?start=2019-01-01&end=2028-12-31", plan_files.export_csv, path_of(_POSTS), PLAN),
        _part(application(_POSTS, at=numbers), "/performance/export.csv", performance.export, numbers, NUMBERS),
    ]
    return Line("export", min(parts), 0.5, 0.6, higher=True)


def _part(app: Flask, address: str, view: Callable, path: Path, sql: str) -> float:  # type: ignore[type-arg]
    ratios = []
    for _ in range(5):
        took, lines = _ours(app, address, view)
        limit, known = _limit(path, sql)
        assert abs(lines - known - 1) <= known // 1000, (lines, known)
        ratios.append(limit / took)
    return statistics.median(ratios)


def _ours(app: Flask, address: str, view: Callable) -> tuple[float, int]:  # type: ignore[type-arg]
    with request_of(app, address):
        before, start, lines = _resident(), time.process_time(), 0
        for piece in view().iter_encoded():
            lines += piece.count(b"\r\n")
            grown = _resident() - before
            assert grown < _MOST_GROWN, f"grown by {grown} bytes"
        return time.process_time() - start, lines


def _limit(path: Path, sql: str) -> tuple[float, int]:
    start, target = time.process_time(), Nowhere()
    db = sqlite3.connect(path)
    csv.writer(target).writerows(db.execute(sql))
    took = time.process_time() - start
    db.close()
    return took, target.lines


def _resident() -> int:
    """Bytes of this process's own; pages of the database's file that the system keeps in memory are not."""
    _size, resident, shared, *_rest = Path("/proc/self/statm").read_text().split()
    return (int(resident) - int(shared)) * _PAGE


ALL = {"export": export}
