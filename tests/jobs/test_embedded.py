"""Worker threads: a post goes out on its moment, not at the next look."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from planner.channels.registry import Registry
from planner.channels.sandbox import Running
from planner.core.clock import SystemClock, utc_now
from planner.core.db import sessions_of
from planner.core.runtime import Runtime
from planner.jobs.embedded import Workers
from planner.planning import service as planning
from planner.publishing import outbox
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


def test_an_idle_sender_wakes_at_the_moment_of_the_next_post(runtime: Runtime) -> None:
    with runtime.sessions.begin() as db:
        now = utc_now()
        author, approver = make_user(db, roles=("planner",)), make_user(db, roles=("approver",))
        post = make_post(db, channel=make_channel(db), text="On the second", author=author, publish_at=now + timedelta(seconds=3))
        planning.submit(db, post, actor=author, now=now)
        planning.approve(db, post, actor=approver, now=now)
        outbox.fill(db, now)

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
