"""What others wrote of an account, asked for each hour: kept once, about our posts' assets, within the budget, and going on where a listing was cut short."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset
from planner.channels.hearing import Heard, Mentions
from planner.channels.models import Channel, ChannelState
from planner.channels.port import Account, Platform, Receipt, Refused, RetryLater
from planner.core.db import make_engine, sessions_of
from planner.core.runtime import Runtime
from planner.insights import budget
from planner.jobs import hearing as door
from planner.ledger.jobs import JobContext
from planner.listening import hearing, importing
from planner.listening.models import Mention, MentionAsset, MentionDay, MentionLook
from planner.planning.models import PostState
from tests.conftest import StoppedClock, make_settings
from tests.factories import NOON, make_asset, make_channel, make_post

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAPER = "https://www.example.com/paper"


class Speaking:
    """A platform with messages of others, numbered by their order; tells them as X does, the newest first."""

    hears = True

    def __init__(self) -> None:
        self.said: list[Heard] = []
        self.asked: list[tuple[str, str, int]] = []
        self.failure: Refused | RetryLater | None = None

    def mentions(self, account: Account, *, after: str, before: str, since: Any, most: int) -> Mentions:
        self.asked.append((after, before, most))
        told = [one for one in reversed(self.said) if int(one.receipt.external_id) > int(after or 0) and (not before or int(one.receipt.external_id) < int(before))]
        if self.failure is not None:
            return Mentions(complete=False, failed=self.failure)
        return Mentions(told[:most], complete=len(told) <= most)

    def says(self, text: str, *, number: int, links: Sequence[str] = (), thread: str = "", author_id: str = "7", back: timedelta = HOUR) -> None:
        self.said.append(Heard(Receipt(str(number), f"https://x.com/jane/status/{number}", NOON - back), text, "Jane Doe @jane", author_id, links, thread))


class OnePlatform:
    """Hands out the same platform whatever the channel."""

    def __init__(self, platform: Speaking) -> None:
        self.platform = platform

    def adapter(self, platform: Platform) -> Speaking:
        return self.platform


@pytest.fixture
def platform() -> Speaking:
    return Speaking()


@pytest.fixture
def runtime(database_url: str, clock: StoppedClock, platform: Speaking, tmp_path: Path) -> Iterator[Runtime]:
    engine = make_engine(database_url)
    yield Runtime(
        settings=make_settings(tmp_path, database_url), clock=clock, engine=engine, sessions=sessions_of(engine), make_registry=lambda: OnePlatform(platform),
    )  # fmt: skip
    engine.dispose()


@pytest.fixture
def channel(runtime: Runtime) -> int:
    with runtime.sessions.begin() as db:
        return make_channel(db, platform=Platform.X, external_id="42").id


def plenty(_db: Session, _channel_id: int, _now: Any) -> int:
    return 1000


def kept(runtime: Runtime) -> list[tuple[str, str, list[int]]]:
    """Author, words and assets of each mention."""
    with runtime.sessions() as db:
        return [
            (one.author, one.excerpt, sorted(db.scalars(select(MentionAsset.asset_id).where(MentionAsset.mention_id == one.id))))
            for one in db.scalars(select(Mention).order_by(Mention.id))
        ]


def look_of(runtime: Runtime, channel_id: int) -> MentionLook:
    with runtime.sessions() as db:
        return db.get_one(MentionLook, channel_id)


def test_what_links_to_an_asset_or_stands_below_our_post_is_about_it_and_our_own_words_are_none(
    runtime: Runtime, platform: Speaking, channel: int, clock: StoppedClock
) -> None:
    with runtime.sessions.begin() as db:
        paper, film = make_asset(db, url=PAPER).id, make_asset(db).id
        make_post(db, asset=db.get_one(Asset, film), channel=db.get_one(Channel, channel), state=PostState.PUBLISHED, published_at=NOON, external_id="5")
    platform.says("Read this\n", number=10, links=[PAPER])
    platform.says("So true", number=11, thread="5")
    platform.says("Quoted", number=12, links=["https://twitter.com/norvane/status/5"])
    platform.says("Hello", number=13, thread="13")
    platform.says("Ourselves", number=14, author_id="42", links=[PAPER])

    assert (hearing.collect(runtime, plenty), hearing.collect(runtime, plenty)) == (4, 0)
    clock.advance(HOUR)
    assert hearing.collect(runtime, plenty) == 0

    assert sorted(kept(runtime), key=lambda one: one[1]) == [
        ("Jane Doe @jane", "Hello", []), ("Jane Doe @jane", "Quoted", [film]), ("Jane Doe @jane", "Read this", [paper]), ("Jane Doe @jane", "So true", [film]),
    ]  # fmt: skip
    assert [asked[:2] for asked in platform.asked] == [("", ""), ("14", "")]
    with runtime.sessions() as db:
        days = list(db.scalars(select(MentionDay.day).where(MentionDay.source == f"api-{channel}").order_by(MentionDay.day)))
    assert (days[0], days[-1], len(days)) == ((NOON - 30 * DAY).date(), NOON.date(), 31)


def test_a_listing_cut_short_goes_on_where_it_ended_and_nothing_is_lost(runtime: Runtime, platform: Speaking, channel: int, clock: StoppedClock) -> None:
    for number in range(10, 30):
        platform.says(f"Said {number}", number=number)
    seen = []
    for round_ in range(4):
        seen.append(hearing.collect(runtime, lambda _db, _channel, _now: 8))
        if round_ == 0:
            platform.says("Later", number=40)
        clock.advance(HOUR)

    assert (seen, len(kept(runtime))) == ([8, 8, 4, 1], 21)
    assert [asked[:2] for asked in platform.asked] == [("", ""), ("", "22"), ("", "14"), ("29", "")]
    look = look_of(runtime, channel)
    assert (look.known_to, look.newest, look.oldest, look.told_to) == ("40", "", "", NOON + 3 * HOUR)


def test_an_empty_budget_asks_nothing_and_the_door_counts_authors_too(
    runtime: Runtime, platform: Speaking, channel: int
) -> None:
    platform.says("Hello", number=10)
    assert hearing.collect(runtime, lambda _db, _channel, _now: 4) == 0
    assert platform.asked == []

    assert door.run(JobContext(1, {}, runtime, None, lambda *_told: None)) == {"mentions": 1}
    assert platform.asked == [("", "", 1000 // 11)]


@pytest.mark.parametrize(("below", "asked"), [(0, [("", "", hearing.LEAST)]), (1, [])])
def test_the_smallest_budget_that_asks_is_the_one_that_people_are_told(runtime: Runtime, platform: Speaking, channel: int, below: int, asked: list[Any]) -> None:
    with runtime.sessions.begin() as db:
        budget.set_budget(db, db.get_one(Channel, channel), budget.least_for_mentions(hearing.LEAST) - below, actor=None, now=NOON)

    door.run(JobContext(1, {}, runtime, None, lambda *_told: None))

    assert platform.asked == asked


@pytest.mark.parametrize(
    ("failure", "state", "again"),
    [
        (RetryLater("Too many calls.", after=3 * HOUR, account=True), ChannelState.CONNECTED, [1, 1, 2]),
        (RetryLater("X did not answer.", down=True), ChannelState.CONNECTED, [2, 3, 4]),
        (Refused("unauthorised", "The key is dead.", account=True), ChannelState.NEEDS_RECONNECT, [1, 1, 1]),
        (Refused("forbidden", "X does not let this app read mentions.", account=True), ChannelState.CONNECTED, [2, 3, 4]),
    ],
)
def test_a_refusal_says_why_and_when_to_ask_again(
    runtime: Runtime, platform: Speaking, channel: int, clock: StoppedClock, failure: Any, state: ChannelState, again: list[int]
) -> None:
    platform.failure = failure
    hearing.collect(runtime, plenty)
    assert look_of(runtime, channel).trouble == failure.reason
    counts = []
    for _ in range(3):
        clock.advance(HOUR)
        hearing.collect(runtime, plenty)
        counts.append(len(platform.asked))

    with runtime.sessions() as db:
        assert (db.get_one(Channel, channel).state, counts) == (state, again)
        assert db.scalars(select(MentionDay)).all() == []


def test_what_a_file_told_too_is_one_mention_that_the_account_tells(runtime: Runtime, platform: Speaking, channel: int) -> None:
    with runtime.sessions.begin() as db:
        make_asset(db, url=PAPER)
        table = f"date,url,text\n{NOON:%Y-%m-%d},https://twitter.com/jane/status/10,Read this {PAPER}\n"
        importing.write(db, importing.validate(table.encode(), now=NOON), actor=None, now=NOON)
    platform.says("Read this", number=10, links=[PAPER])

    assert hearing.collect(runtime, plenty) == 0
    with runtime.sessions() as db:
        (one,) = db.scalars(select(Mention)).all()
        assert (one.source, one.author, one.at, one.timed) == (f"api-{channel}", "Jane Doe @jane", NOON - HOUR, True)


def days_of(runtime: Runtime, channel_id: int) -> list[Any]:
    with runtime.sessions() as db:
        return list(db.scalars(select(MentionDay.day).where(MentionDay.source == f"api-{channel_id}").order_by(MentionDay.day)))


def test_days_on_which_a_listing_waited_to_go_on_are_told_only_once_they_are_asked_for(
    runtime: Runtime, platform: Speaking, channel: int, clock: StoppedClock
) -> None:
    for number in range(10, 26):
        platform.says(f"Said {number}", number=number)
    hearing.collect(runtime, lambda _db, _channel, _now: 8)
    platform.says("Meanwhile", number=40, back=-2 * DAY)
    clock.advance(4 * DAY)

    assert hearing.collect(runtime, lambda _db, _channel, _now: 8) == 8
    assert (days_of(runtime, channel)[-1], look_of(runtime, channel).told_to) == (NOON.date(), NOON - HOUR)

    clock.advance(HOUR)
    assert hearing.collect(runtime, lambda _db, _channel, _now: 8) == 1
    assert (days_of(runtime, channel)[-1], look_of(runtime, channel).told_to) == ((NOON + 4 * DAY).date(), NOON + 4 * DAY + HOUR)


def test_what_lies_before_the_last_that_a_platform_lists_is_not_told_although_the_listing_came_in_parts(
    runtime: Runtime, platform: Speaking, channel: int, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "_MOST", 16)
    for number in range(10, 30):
        platform.says(f"Said {number}", number=number, back=(30 - number) * DAY)
    platform.said = platform.said[-16:]
    for _ in range(2):
        hearing.collect(runtime, lambda _db, _channel, _now: 8)
        clock.advance(HOUR)

    assert (days_of(runtime, channel)[0], len(kept(runtime))) == ((NOON - 16 * DAY).date(), 16)
