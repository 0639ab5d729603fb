"""Tells the demo: a pretend quarter lived day by day, through the real services, adapters and outbox, in pretend time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.catalog.models import Asset
from planner.channels.registry import Registry
from planner.channels.sandbox import Sandbox, serve
from planner.channels.webhook import PRETEND
from planner.core.errors import Refused
from planner.core.i18n import N_
from planner.core.runtime import Runtime
from planner.core.settings import Settings
from planner.demo import cast, desk, echo, website, world
from planner.demo.content import ASSETS, SOON
from planner.insights import collecting, detailing
from planner.ledger.jobs import JobContext
from planner.publishing import outbox, reconcile

__all__ = ["PARIS", "StoryClock", "run"]

PARIS = ZoneInfo("Europe/Paris")
#: The first day of the story, counted from today.
_FIRST_DAY = -66
_ADDRESSES = ("x_api_url", "linkedin_api_url", "youtube_api_url")


class StoryClock:
    """A clock that the story turns; it never runs by itself."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def decision_time(self, db: Session) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    def observer(self) -> str:
        return f"story-{os.getpid()}"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens at a moment of the story."""

    at: datetime
    order: int
    happen: Callable[[], Any]


def run(ctx: JobContext) -> dict[str, int]:
    """Load the demo quarter. Raises Refused outside the sandbox, or when there is content already."""
    settings = ctx.settings
    if settings.sandbox == "off" or any(getattr(settings, name) for name in _ADDRESSES):
        raise Refused(N_("The demo needs the sandbox: it would otherwise speak to real platforms."))
    with ctx.sessions() as db:
        if db.scalar(select(func.count()).select_from(Asset)):
            raise Refused(N_("There is content here already. The demo only fills an empty planner."))
    today = ctx.clock.now().astimezone(PARIS).date()
    now = ctx.clock.now()
    clock = StoryClock(_at(today, _FIRST_DAY, 7, now=now))
    with _pretend(settings, clock) as (registry, webhook):
        runtime = Runtime(settings, clock, ctx.runtime.engine, ctx.sessions, lambda: registry)
        story = cast.Story(runtime, clock, webhook, now=now, moment=lambda day, hour: _at(today, day, hour, now=now))
        with runtime.sessions.begin() as db:
            story.set_the_stage(db)
        _live(story, runtime, clock, ctx)
    with ctx.sessions.begin() as db:
        website.tell(db, now=now)
        echo.tell(db, now=now)
        world.tell(db, today=today, now=now)
        story.correct(db, ctx.runtime.registry, now=now - timedelta(hours=2))
        film, planner = db.get_one(Asset, story.assets["three-ports-one-network"]), db.get_one(User, story.people["claire"])
        desk.fill(db, channel_id=story.channels["yt"], planner=planner, promoted=film, on=_at(today, -50, 9, now=now), now=now)
    with ctx.sessions() as db:
        return cast.count(db)


def _live(story: cast.Story, runtime: Runtime, clock: StoryClock, ctx: JobContext) -> None:
    """Everything that happens, in the order of time, each in its own moment."""
    events: list[Event] = []
    for at, happen in story.events(ASSETS):
        events.append(Event(at, 1, happen))
    now = ctx.clock.now()
    day = clock.moment.astimezone(UTC).date()
    while (midnight := datetime.combine(day, time(0, 2), UTC)) < now:
        events.append(Event(midnight, 2, lambda: collecting.collect(runtime)))
        day += timedelta(days=1)
    events.append(Event(now, 3, lambda: collecting.collect(runtime)))
    events.sort(key=lambda event: (event.at, event.order))
    for number, event in enumerate(events, 1):
        clock.moment = min(event.at, now)
        event.happen()
        _work(runtime)
        if number % 5 == 0 or number == len(events):
            ctx.progress(number, len(events))
    detailing.collect(runtime)


def _work(runtime: Runtime) -> None:
    with runtime.sessions.begin() as db:
        outbox.fill(db, runtime.clock.now())
        outbox.sweep(db, runtime.clock.now())
    outbox.send_all(runtime, "the demo")
    while reconcile.look_next(runtime, "the demo") is not None:
        pass


@contextmanager
def _pretend(settings: Settings, clock: StoryClock) -> Iterator[tuple[Registry, str]]:
    """The sandbox's own state, seen at the story's time, while the story lasts."""
    running = serve(Sandbox(str(settings.data_path / "sandbox.sqlite3"), now=clock.now))
    try:
        yield Registry(settings, running.url, now=clock.now), f"{PRETEND}/hooks/demo-norvane"
    finally:
        running.close()


def _at(today: date, day: int, hour: float, *, now: datetime) -> datetime:
    """A moment of the story. Nobody publishes at weekends: what would fall there moves to the Friday before or the Monday after."""
    if hour == SOON:
        return (now + timedelta(minutes=15)).replace(second=0, microsecond=0)
    on = today + timedelta(days=day)
    if on.weekday() >= 5:
        on += timedelta(days=7 - on.weekday()) if day > 0 else timedelta(days=4 - on.weekday())
    return datetime.combine(on, time(int(hour), round(hour % 1 * 60)), PARIS).astimezone(UTC)
