"""Collecting as it runs, against the pretend platforms, hour by hour: how many calls it takes, whether each day is exact, and an outage.

The whole year of 1,000 posts a platform takes some twenty minutes: `pytest -m slow tests/insights/test_year.py`. What `make test` runs is
the same with few posts and a hundred days.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from planner.channels.models import Channel, Use
from planner.channels.port import Platform
from planner.channels.registry import Registry
from planner.channels.sandbox import Sandbox, posts, serve
from planner.channels.sandbox.seeding import seed_account, seed_post
from planner.channels.usage import keeper
from planner.core.db import make_engine, sessions_of
from planner.core.runtime import Runtime
from planner.insights import collecting, service
from planner.insights.budget import MEASURES, USUAL
from planner.insights.models import AssetDay, Latest, Snapshot
from planner.insights.watching import watch
from planner.planning.models import Post, PostState
from tests.bench.insights import needed
from tests.conftest import StoppedClock, make_settings
from tests.factories import make_channel, make_post

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BATCH = {Platform.YOUTUBE: 50, Platform.LINKEDIN: 50, Platform.X: 100}
#: Up to which age each day is exact: read daily until then.
EXACT = {Platform.YOUTUBE: 400, Platform.LINKEDIN: 90, Platform.X: 28}
#: What asks for numbers of posts; the audience, asked once a day, is apart.
_ASKED = {
    "/youtube/v3/videos": Platform.YOUTUBE, "/rest/organizationalEntityShareStatistics": Platform.LINKEDIN, "/rest/posts": Platform.LINKEDIN, "/2/tweets": Platform.X,
}  # fmt: skip


@dataclass
class Life:
    """One post: when it goes out, and its number here and there once it did."""

    platform: Platform
    born: datetime
    external_id: str = ""
    post_id: int = 0
    asset_id: int = 0


@dataclass
class Year:
    """A product, the platforms, and the time that passes for both."""

    runtime: Runtime
    sandbox: Sandbox
    clock: StoppedClock
    channels: dict[Platform, int]
    lives: list[Life] = field(default_factory=list)
    calls: Counter[Platform] = field(default_factory=Counter)
    least: Counter[Platform] = field(default_factory=Counter)

    def pass_by(self, days: int, lives: Iterable[Life], outage: tuple[datetime, datetime]) -> None:
        """Hour by hour: what is out by then is put in, and everything due is collected, unless nobody can."""
        waiting = sorted(lives, key=lambda life: life.born, reverse=True)
        events = {platform: Counter[datetime]() for platform in Platform}
        for life in waiting:
            events[life.platform].update(needed(life.platform, life.born, START + days * DAY))
        owed: Counter[Platform] = Counter()
        for number in range(days * 24):
            now = START + number * HOUR
            self.clock.moment = now
            while waiting and waiting[-1].born <= now:
                self._publish(waiting.pop())
            if outage[0] <= now < outage[1]:
                owed.update({platform: max(owed[platform], events[platform][now]) - owed[platform] for platform in BATCH})
                continue
            for platform, batch in BATCH.items():
                self.least[platform] += math.ceil(max(events[platform][now], owed[platform]) / batch)
            owed.clear()
            if now.hour == 0 or any(events[platform][now] for platform in BATCH) or now == outage[1]:
                collecting.collect(self.runtime)

    def _publish(self, life: Life) -> None:
        put = seed_post(
            self.sandbox, life.platform.value, f"sandbox-{life.platform.value}", created_at=life.born, title="A film" if life.platform is Platform.YOUTUBE else "",
            text=f"What we have to say, {life.born:%d %B %H:%M:%S}.",
        )  # fmt: skip
        with self.runtime.sessions.begin() as db:
            channel = db.get_one(Channel, self.channels[life.platform])
            post = make_post(
                db, channel=channel, state=PostState.PUBLISHED, publish_at=life.born, published_at=life.born, external_id=put.external_id, external_url=put.url
            )  # fmt: skip
            life.external_id, life.post_id, life.asset_id = put.external_id, post.id, post.asset_id
        self.lives.append(life)

    def truth(self, life: Life) -> Callable[[datetime], int]:
        """Views of a post at a moment, as fate drew them."""
        with self.sandbox.state.reading() as db:
            found = posts.find(db, life.platform.value, life.external_id, self.clock.moment)
        assert found is not None
        fate = found.fate(self.sandbox.seed)
        return lambda at: fate.views(max(at - life.born, timedelta()))


@pytest.fixture
def year(sqlite_url: str, tmp_path: Path) -> Iterator[Year]:
    clock = StoppedClock(START)
    sandbox = Sandbox(tmp_path / "sandbox.sqlite3", now=clock.now)
    calls: Counter[Platform] = Counter()
    answer = sandbox.wsgi_app

    def counted(environ: dict[str, Any], start_response: Any) -> Any:
        if environ["REQUEST_METHOD"] == "GET" and environ["PATH_INFO"] in _ASKED:
            calls[_ASKED[environ["PATH_INFO"]]] += 1
        return answer(environ, start_response)

    sandbox.wsgi_app = counted  # type: ignore[method-assign]
    engine = make_engine(sqlite_url)
    sessions = sessions_of(engine)
    with serve(sandbox) as running:
        settings = make_settings(tmp_path, sqlite_url, sandbox=running.url)
        registry = Registry(settings, running.url, keeper(sessions, clock), now=clock.now)
        runtime = Runtime(settings=settings, clock=clock, engine=engine, sessions=sessions, make_registry=lambda: registry)
        channels = {}
        for platform in BATCH:
            account = seed_account(sandbox, platform.value, f"sandbox-{platform.value}", name=f"Norvane on {platform.value}", since=START - 400 * DAY)
            with sessions.begin() as db:
                channels[platform] = make_channel(db, platform=platform, name=account.name, external_id=account.id, token=f"sandbox-{platform.value}").id
        yield Year(runtime, sandbox, clock, channels, calls=calls)
    sandbox.close()
    engine.dispose()


@pytest.mark.parametrize(
    ("count", "days", "born_within", "outage_day"),
    [(9, 100, 2, 45), pytest.param(1000, 365, 365, 200, marks=[pytest.mark.slow, pytest.mark.faults], id="the whole year")],
)
def test_a_year_is_read_in_the_fewest_calls_with_every_day_exact_and_an_outage_is_a_gap(year: Year, count: int, days: int, born_within: int, outage_day: int) -> None:
    chance = random.Random(7)
    # Two of one account in one minute would be the same post to a pretend platform.
    lives = [Life(platform, START + timedelta(minutes=minute)) for platform in BATCH for minute in chance.sample(range(born_within * 24 * 60), count)]
    outage = START + outage_day * DAY + 6 * HOUR, START + (outage_day + 1) * DAY + 18 * HOUR

    year.pass_by(days, lives, outage)

    assert len(year.lives) == 3 * count
    for platform in BATCH:
        assert year.calls[platform] <= 1.1 * year.least[platform], (platform, year.calls[platform], year.least[platform])
    dark = outage[0].date()
    assert _wrong_days(year, days, dark) == []
    with year.runtime.sessions() as db:
        assert service.compare(db) == []
        assert _days_read(db, year) <= (77 if days == 365 else 30 + math.ceil((days - 30) / 7))
        used = db.execute(
            select(Channel.platform, Use.day, func.sum(Use.amount))
            .join(Channel, Channel.id == Use.channel_id)
            .where(Use.kind.in_([str(kind) for kind in MEASURES.values()]))
            .group_by(Channel.platform, Use.day, Use.kind)
        ).all()
        assert used and all(amount <= USUAL[platform] for platform, _day, amount in used)
        gaps = {one.platform: list(one.gaps) for one in watch(db, now=outage[1] + 3 * DAY, units_day=10_000, viewer=None).channels}
    if days < 365:  # In a whole year some post is in its first two days always, and was read before the outage began.
        assert gaps == {platform: [(dark, dark + DAY)] if platform is not Platform.X else [] for platform in BATCH}


def _wrong_days(year: Year, days: int, dark: date) -> list[tuple[Platform, date, int | None, int]]:
    """Days on which what a post had at the end is not what the platform counted; that of the outage is not asked about."""
    wrong = []
    end = (START + days * DAY).date()
    with year.runtime.sessions() as db:
        for life in year.lives:
            truth = year.truth(life)
            column = AssetDay.views if life.platform is Platform.YOUTUBE else AssetDay.impressions
            told = {day: value for day, value in db.execute(select(AssetDay.day, column).where(AssetDay.asset_id == life.asset_id)).all()}  # noqa: C416
            day = life.born.date()
            while day < min(end, life.born.date() + EXACT[life.platform] * DAY) - DAY:
                right = truth(datetime.combine(day + DAY, time(), UTC))
                if day != dark and told.get(day) != right:
                    wrong.append((life.platform, day, told.get(day), right))
                day += DAY
            latest = db.get_one(Latest, life.post_id)
            seen = latest.views if life.platform is Platform.YOUTUBE else latest.impressions
            if seen != truth(latest.at):
                wrong.append((life.platform, latest.at.date(), seen, truth(latest.at)))
    return wrong


def _days_read(db: Any, year: Year) -> int:
    """The most UTC days on which any post on X was read: each is paid for."""
    days: dict[int, set[date]] = {}
    ours = {life.post_id for life in year.lives if life.platform is Platform.X}
    for post_id, at in db.execute(select(Snapshot.post_id, Snapshot.at).join(Post, Post.id == Snapshot.post_id)):
        if post_id in ours:
            days.setdefault(post_id, set()).add(at.date())
    return max(map(len, days.values()))
