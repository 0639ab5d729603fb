"""Clocks that differ by an hour, hours that do not exist or come twice, and a storm of ten minutes: each post once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.channels.port import Outcome, OutgoingPost, Unknown
from planner.channels.wire import verdict
from planner.core.clock import SystemClock
from planner.core.db import make_engine, sessions_of
from planner.core.http import Answer
from planner.core.runtime import Runtime
from planner.jobs import tick
from planner.planning import rules
from planner.planning.models import Post, PostState
from planner.publishing import outbox, reconcile
from planner.publishing.check import violations
from planner.publishing.models import Attempt, Delivery, DeliveryState
from tests.conftest import Browser, StoppedClock, make_settings
from tests.factories import make_asset, make_channel, make_user
from tests.processes import approve_posts
from tests.publishing.conftest import Scripted, ScriptedRegistry

Approved = Callable[..., int]
HOUR = timedelta(hours=1)


class OffBy(StoppedClock):
    """A clock that shows another time than the one it follows; its stopwatch, too, started elsewhere."""

    def __init__(self, right: StoppedClock, by: timedelta) -> None:
        self._right, self._by = right, by

    def now(self) -> datetime:
        return self._right.moment + self._by

    def decision_time(self, db: Session) -> datetime:
        return self.now()

    def monotonic(self) -> float:
        return self._right.stopwatch + 50_000 + self._by.total_seconds()

    def observer(self) -> str:
        return f"off by {self._by}"


def published(runtime: Runtime) -> bool:
    with runtime.sessions() as db:
        return set(db.scalars(select(Delivery.state))) == {DeliveryState.PUBLISHED}


def each_once(platform: Scripted, count: int) -> None:
    assert Counter(Counter(post.delivery_id for post in platform.live).values()) == {1: count}


@pytest.mark.parametrize("seed", range(3))
def test_two_workers_whose_clocks_are_two_hours_apart_send_each_post_once(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted, seed: int
) -> None:
    """The worst case: each decides by its own clock, so the one ahead calls the other dead in the middle of its call."""
    chance = random.Random(seed)  # noqa: S311
    slow, fast = (replace(runtime, clock=OffBy(clock, by)) for by in (-HOUR, HOUR))
    for number in range(12):
        approved(minutes=70 + number, text=f"Message {number}", channel_values={"grace_minutes": 1440})

    def answer(post: OutgoingPost) -> Outcome:
        other = chance.choice((slow, fast))
        with other.sessions.begin() as db:
            outbox.sweep(db, other.clock.decision_time(db))
        reconcile.look_next(other, "the other")
        if len(platform.calls) < 60 and chance.random() < 0.3:
            outbox.send_one(other, "the other")
        fate = chance.random()
        if fate < 0.25:
            return Unknown("dropped before")
        said = platform.accept(post)
        return Unknown("dropped after") if fate < 0.6 else said

    platform.script = [answer] * 200
    for _ in range(60):
        worker = chance.choice((slow, fast))
        clock.advance(timedelta(seconds=chance.uniform(20, 240)))
        tick.run(worker, schedule=False)
        if published(runtime):
            break

    with runtime.sessions() as db:
        assert Counter(db.scalars(select(Delivery.state))) == {DeliveryState.PUBLISHED: 12}
        assert violations(db, clock.now() + HOUR) == []
    each_once(platform, 12)


class WrongHere(SystemClock):
    """A machine whose own clock is wrong; the database's is not."""

    def __init__(self, by: timedelta) -> None:
        self._by = by

    def now(self) -> datetime:
        return super().now() + self._by


def test_on_postgresql_machines_whose_clocks_are_wrong_decide_by_the_database_s_time(postgres_url: str, tmp_path: Path, platform: Scripted) -> None:
    engine = make_engine(postgres_url)
    settings = make_settings(tmp_path, postgres_url)
    behind, ahead = (
        Runtime(settings=settings, clock=WrongHere(by), engine=engine, sessions=sessions_of(engine), make_registry=lambda: ScriptedRegistry(platform))
        for by in (-HOUR, HOUR)
    )
    with behind.sessions() as db:
        approve_posts(db, ["Now"])
        later = approve_posts(db, ["In half an hour"])[0]
        db.execute(Delivery.__table__.delete())
        post = db.get_one(Post, later)
        assert post.publish_at is not None
        outbox.fill(db, behind.clock.decision_time(db))
        delivery = db.scalars(select(Delivery).where(Delivery.post_id == later)).one()
        delivery.due_at = delivery.next_at = delivery.due_at + timedelta(minutes=30)
        db.commit()

    for worker in (ahead, behind, ahead, behind):
        tick.run(worker, schedule=False)

    assert [post.text for post in platform.calls] == ["Now"]
    engine.dispose()


@pytest.fixture
def wired(app: Flask, platform: Scripted) -> Runtime:
    """The whole product, in front of the scripted platform."""
    runtime: Runtime = app.extensions["planner"]
    runtime.make_registry = lambda: ScriptedRegistry(platform)
    return runtime


@pytest.mark.parametrize(
    ("asked", "sentence", "answered", "fires"),
    [
        ("2027-03-28T02:30", "02:30 does not exist. Did you mean 01:30 or 03:30?", {"wall_time": "2027-03-28T03:30"}, "2027-03-28T01:30"),
        ("2026-10-25T02:30", "02:30 comes twice. Say which: the first or the second time?", {"fold": "0"}, "2026-10-25T00:30"),
        ("2026-10-25T02:30", "02:30 comes twice. Say which: the first or the second time?", {"fold": "1"}, "2026-10-25T01:30"),
    ],
    ids=["does not exist", "twice: the first", "twice: the second"],
)
def test_half_past_two_in_paris_on_the_night_of_a_change_is_asked_about_and_fires_once(
    wired: Runtime, sign_in: Callable[..., Browser], app_db: Session, clock: StoppedClock, platform: Scripted,
    asked: str, sentence: str, answered: dict[str, str], fires: str,
) -> None:  # fmt: skip
    at = datetime.fromisoformat(fires).replace(tzinfo=UTC)
    clock.moment = at - timedelta(hours=5)
    asset, channel = make_asset(app_db), make_channel(app_db)
    author, approver = make_user(app_db, roles=("planner",)), make_user(app_db, roles=("approver",))
    app_db.commit()
    writing, approving = sign_in(author), sign_in(approver)
    form = {"asset_id": asset.id, "channels": [channel.id], "text": "Good night", "wall_time": asked, "time_zone": "Europe/Paris"}

    refused = writing.submit("/posts/new", **form)
    taken = writing.submit("/posts/new", **{**form, **answered})

    assert (refused.status_code, sentence in refused.text, taken.status_code) == (422, True, 302)
    post = app_db.scalars(select(Post)).one()
    digest = rules.content_digest(post, post.asset, post.channel)
    app_db.commit()
    assert writing.submit(f"/posts/{post.id}/submit").status_code == 302
    assert approving.submit(f"/posts/{post.id}/approve", digest=digest).status_code == 302
    sent_at = []
    while clock.moment < at + timedelta(hours=3):
        tick.run(wired, schedule=False)
        sent_at += [clock.moment] * (len(platform.calls) - len(sent_at))
        clock.advance(timedelta(minutes=10))
    assert sent_at == [at]
    app_db.rollback()
    assert app_db.scalars(select(Post.state)).one() is PostState.PUBLISHED


def storm(platform: Scripted, clock: StoppedClock, until: datetime, status: int, headers: dict[str, str], hidden: random.Random) -> Callable[[OutgoingPost], Outcome]:
    """The platform's answers in a storm: errors, a third of them with the post accepted all the same; afterwards a yes."""

    def answer(post: OutgoingPost) -> Outcome:
        if clock.moment >= until:
            return platform.accept(post)
        if not headers and hidden.random() < 0.33:
            platform.accept(post)
        return verdict(Answer(status, headers, b""), platform="X", said="", now=clock.now())

    return answer


@pytest.mark.parametrize(("status", "headers"), [(500, {}), (503, {"Retry-After": "5"}), (504, {})], ids=["500", "503 with a wait", "504"])
def test_a_storm_of_ten_minutes_of_server_errors_loses_doubles_and_misses_nothing(
    database_url: str, tmp_path: Path, clock: StoppedClock, platform: Scripted, runtime: Runtime, approved: Approved, status: int, headers: dict[str, str]
) -> None:
    """With the product's own times: an unknown outcome settles in 90 s, at most six tries, a grace of 20 minutes."""
    product = replace(runtime, settings=make_settings(tmp_path, database_url))
    for number in range(6):
        approved(minutes=10, text=f"Message {number}")
    answer = storm(platform, clock, clock.now() + timedelta(minutes=20), status, headers, random.Random(3))  # noqa: S311
    platform.script, begun = [answer] * 500, clock.now()

    clock.advance(timedelta(minutes=10))
    while clock.moment < begun + timedelta(minutes=29) and not published(runtime):
        tick.keep_house(product, schedule=False)
        tick.send_due(product, "worker")
        while reconcile.look_next(product, "worker") is not None:
            pass
        clock.advance(timedelta(seconds=15))

    with runtime.sessions() as db:
        assert Counter(db.scalars(select(Delivery.state))) == {DeliveryState.PUBLISHED: 6}
        assert violations(db, clock.now()) == []
        assert len(db.scalars(select(Attempt.id)).all()) <= 6 * 10, "a platform in trouble is not asked all the time"
    each_once(platform, 6)

