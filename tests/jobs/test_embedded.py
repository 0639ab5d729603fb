"""Worker threads: a post goes out on its moment, not at the next look, and whatever film is on its way meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from planner.channels.port import Account, OutgoingPost, Platform, Receipt, Sent
from planner.channels.registry import Registry
from planner.channels.sandbox import Running
from planner.core.clock import SystemClock, utc_now
from planner.core.db import sessions_of
from planner.core.runtime import Runtime
from planner.core.settings import Settings
from planner.jobs.embedded import Workers
from planner.planning import service as planning
from planner.publishing import crew, outbox
from planner.publishing.check import violations
from planner.publishing.models import Delivery, DeliveryState
from tests.conftest import make_settings
from tests.factories import make_channel, make_post, make_user
from tests.processes import wait_until


@pytest.fixture
def runtime(database_url: str, engine: Engine, platforms: Running, tmp_path: Path) -> Runtime:
    """Of real time, whose workers look for work once an hour."""
    settings = make_settings(tmp_path, database_url, sandbox=platforms.url, poll_seconds=3600.0, workers=1)
    return Runtime(
        settings=settings, clock=SystemClock(), engine=engine, sessions=sessions_of(engine), make_registry=lambda: Registry(settings, platforms.url)
    )


def approve(runtime: Runtime, *texts: str, seconds: float = 0) -> None:
    """So many posts, each on a channel of its own, in the outbox and due in so many seconds."""
    with runtime.sessions.begin() as db:
        now = utc_now()
        author, approver = make_user(db, roles=("planner",)), make_user(db, roles=("approver",))
        for text in texts:
            post = make_post(db, channel=make_channel(db), text=text, author=author, publish_at=now + timedelta(seconds=seconds))
            planning.submit(db, post, actor=author, now=now)
            planning.approve(db, post, actor=approver, now=now)
        outbox.fill(db, now)


def test_an_idle_sender_wakes_at_the_moment_of_the_next_post(runtime: Runtime) -> None:
    approve(runtime, "On the second", seconds=3)

    def state() -> DeliveryState:
        with runtime.sessions() as db:
            return db.scalars(select(Delivery.state)).one()

    waited_for = state()
    workers = Workers(runtime).start()
    try:
        wait_until(lambda: state() is DeliveryState.PUBLISHED, what="publishing on the moment")
    finally:
        workers.stop()

    assert waited_for is DeliveryState.DUE


class Cinema(Registry):
    """Platforms that take a word at once, and of a film keep the line until `end`."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, "")
        self.end = threading.Event()
        self.under_way: set[str] = set()
        self.most = 0
        self.done: list[str] = []
        self._counting = threading.Lock()

    def adapter(self, _platform: Platform) -> Cinema:  # type: ignore[override]
        return self

    def publish(self, post: OutgoingPost, account: Account, *, keep: Callable[[str], None]) -> Sent:
        with self._counting:
            self.under_way.add(post.text)
            self.most = max(self.most, len(self.under_way))
        assert not post.text.startswith("Film") or self.end.wait(60)
        with self._counting:
            self.under_way.remove(post.text)
            self.done.append(post.text)
        return Sent(Receipt(f"{account.channel_id}-{post.delivery_id}", ""))


def test_films_that_are_on_their_way_keep_nothing_short_waiting(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "LASTING_SECONDS", 0.2)
    cinema = Cinema(runtime.settings)
    runtime = replace(runtime, settings=replace(runtime.settings, poll_seconds=0.05), make_registry=lambda: cinema)
    films, words = [f"Film {number}" for number in range(3)], [f"Word {number}" for number in range(6)]
    approve(runtime, *films)
    workers = Workers(runtime).start()
    try:
        wait_until(lambda: cinema.under_way == set(films), what="sending three films with one sender")
        approve(runtime, *words)
        wait_until(lambda: len(cinema.done) == len(words), what="sending words meanwhile")
        meanwhile = cinema.done.copy()
        cinema.end.set()
        wait_until(lambda: len(cinema.done) == len(films + words), what="ending the films")
    finally:
        cinema.end.set()
        workers.stop()

    assert sorted(meanwhile) == words
    assert cinema.most == len(films) + 1, "beside what lasts, no more at once than there are senders"
    with runtime.sessions() as db:
        assert set(db.scalars(select(Delivery.state))) == {DeliveryState.PUBLISHED}
        assert violations(db, utc_now()) == []
