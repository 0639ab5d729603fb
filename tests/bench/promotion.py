"""The promotion desk's benches, in CPU milliseconds: one forecast, a “what if” on a channel of 200 videos, the board at 3,000 videos."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, insert

from planner import tables
from planner.accounts.models import User
from planner.catalog.models import Asset, AssetKind, AssetState
from planner.channels.models import Channel, ChannelState
from planner.channels.port import Platform
from planner.core.clock import SystemClock, utc_now
from planner.core.db import make_engine, sessions_of
from planner.core.settings import Settings
from planner.factory import create_app
from planner.insights.models import Snapshot
from planner.insights.rules import regime_of
from planner.planning.models import Origin, Post, PostState
from planner.promotion import standings
from planner.promotion.choices import PromotionKind
from planner.promotion.evidence import WhatIf
from planner.promotion.forecast import curve, forecast
from planner.promotion.looking import look
from planner.promotion.models import Promotion
from tests.bench.measure import Line
from tests.promotion.real import GRID, readings, videos

__all__ = ["ALL", "CHANNELS", "fill", "videos_of"]

#: Channels of the measured board and videos in all: a large group.
CHANNELS, _VIDEOS = 15, 3000


def one_forecast(_posts: int) -> Line:
    """One forecast from 100 other real videos and three readings; the best of 60 forecasts."""
    history = [readings(video, 90) for video in videos()[:100]]
    target = [readings(video, 7) for video in videos()[100:160]]
    return Line("forecast", _best([lambda seen=seen: forecast(history, seen, 30) for seen in target]), 2.0, 1.0, unit="ms")


def board(_posts: int) -> Line:
    """The board's page at 3,000 videos: CPU of the server, everything of the request with it; statements must not depend on the size."""
    counts = {}
    with product(CHANNELS, 300) as (app, client):
        counts["few"] = _statements(app, client, "/promotion?view=all")
    with product(CHANNELS, _VIDEOS) as (app, client):
        counts["many"] = _statements(app, client, "/promotion?view=all")
        figure = _best([lambda: _get(client, "/promotion?view=all") for _ in range(15)])
    return Line("promotion_board", figure if counts["few"] == counts["many"] else 9999, 300, 150, unit="ms")


def what_if(_posts: int) -> Line:
    """A “what if” answered for a video of a channel of 200, by the door that its page asks: CPU of the server, templates with it."""
    with product(1, 201) as (_app, client):
        number = videos_of(client.application)[0]
        address = f"/promotion/{number}?kind=ad&cost=250&value_per_view=2&target_share=30&goal=900"
        return Line("promotion_what_if", _best([lambda: _get(client, address, piece=True) for _ in range(15)]), 50, 30, unit="ms")


def what_if_alone(_posts: int) -> Line:
    """The same without the door: reading the channel, weighing the video, the verdict."""
    with product(1, 201) as (app, _client):
        number = videos_of(app)[0]
        with sessions_of(app.extensions["planner"].engine)() as db:
            asset, now = db.get_one(Asset, number), utc_now()
            steps = [lambda cost=cost: look(db, asset, now=now, what_if=WhatIf(cost=cost)) for cost in range(100, 115)]
            return Line("promotion_weigh", _best(steps), 50, 30, unit="ms")


@contextmanager
def product(channels: int, count: int) -> Iterator[tuple[Flask, FlaskClient]]:
    """The product with so many videos in all, worked out, and somebody signed in; on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'board.sqlite3'}"
        engine = make_engine(url)
        tables.metadata.create_all(engine)
        fill(engine, channels, count)
        engine.dispose()
        app = create_app(Settings(secret_key="a-key-for-benches-0123456789-abcdefgh", database_url=url, data_dir=folder, executor="none", sandbox="off"), clock=SystemClock())
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = "bench", True
        yield app, client
        app.extensions["planner"].engine.dispose()


def fill(engine, channels: int, count: int) -> None:  # type: ignore[no-untyped-def]
    """Videos spread over channels and three years, read at the usual ages, and a row of the board for each."""
    now = utc_now().replace(microsecond=0)
    with sessions_of(engine).begin() as db:
        admin = User(email="bench@example.com", name="Bench", active=True, fs_uniquifier="bench", created_at=now)
        admin.roles = _roles(db)
        db.add(admin)
        for place in range(channels):
            db.add(Channel(platform=Platform.YOUTUBE, name=f"Channel {place}", state=ChannelState.CONNECTED, created_at=now))
        db.flush()
        assets, posts, told = [], [], []
        for number in range(1, count + 1):
            at = now - timedelta(days=1 + number * 1000 / count)
            assets.append({
                "id": number, "kind": AssetKind.VIDEO, "title": f"How the network learned its lesson number {number}", "state": AssetState.LIVE,
                "duration_seconds": 60 + number % 400, "created_at": at, "updated_at": at, "embargo_terms": [], "version": 1,
            })  # fmt: skip
            posts.append({
                "id": number, "asset_id": number, "channel_id": 1 + number % channels, "origin": Origin.IMPORTED, "state": PostState.PUBLISHED,
                "publish_at": at, "published_at": at, "tags": [], "media": [], "created_at": at, "updated_at": at, "version": 1,
            })  # fmt: skip
            for age in GRID:
                moment = at + timedelta(days=age)
                if moment <= now:
                    views = round((60 + number % 200) * math.exp(0.4 * curve(age)))
                    told.append({
                        "post_id": number, "at": moment, "views": views, "watch_seconds": views * (20 + number % 60), "likes": views // 40,
                        "regime": regime_of(Platform.YOUTUBE, moment), "source": "import",
                    })  # fmt: skip
        for table, rows in ((Asset, assets), (Post, posts), (Snapshot, told)):
            db.execute(insert(table), rows)
    with sessions_of(engine).begin() as db:
        # Every eighth was promoted when it was a week old, so that uplift is measured.
        db.execute(insert(Promotion), [
            {"asset_id": one["id"], "kind": PromotionKind.AD, "on": (one["created_at"] + timedelta(days=7)).date(), "created_at": now, "source": "import"}
            for one in assets if one["id"] % 8 == 0 and one["created_at"] + timedelta(days=8) < now
        ])  # fmt: skip
        for place in range(1, channels + 1):
            standings.refresh(db, place, now=now)


def videos_of(app: Flask) -> list[int]:
    """Numbers of the videos, the newest first."""
    with sessions_of(app.extensions["planner"].engine)() as db:
        return [number for (number,) in db.query(Post.asset_id).order_by(Post.published_at.desc())]


def _roles(db):  # type: ignore[no-untyped-def]
    from planner.accounts.models import Role, RoleName

    role = Role(name=RoleName.ADMIN, description="")
    db.add(role)
    return [role]


def _best(steps: list[Callable[[], object]]) -> float:
    """CPU milliseconds of the quickest, two of them to warm up: other work on the machine only ever adds."""
    for step in steps[:2]:
        step()
    taken = []
    for step in steps:
        start = time.process_time()
        step()
        taken.append((time.process_time() - start) * 1000)
    return round(min(taken), 2)


def _get(client: FlaskClient, address: str, *, piece: bool = False) -> None:
    answer = client.get(address, headers={"HX-Request": "true"} if piece else {})
    assert answer.status_code == 200, answer.status_code


def _statements(app: Flask, client: FlaskClient, address: str) -> int:
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest):  # type: ignore[no-untyped-def]
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.append(statement)

    engine = app.extensions["planner"].engine
    _get(client, address)
    event.listen(engine, "before_cursor_execute", note)
    _get(client, address)
    event.remove(engine, "before_cursor_execute", note)
    return len(seen)


ALL = {"forecast": one_forecast, "promotion_board": board, "promotion_what_if": what_if, "promotion_weigh": what_if_alone}
