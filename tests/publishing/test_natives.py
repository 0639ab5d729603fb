"""Messages published directly: found once, never mistaken for ours, adopted, ignored and put back, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry
from planner.channels.models import Channel, ChannelState
from planner.channels.port import (
    NativePost,
    Outcome,
    OutgoingPost,
    OwnPosts,
    Platform,
    PostKind,
    Reading,
    Receipt,
    Refused,
    RetryLater,
    Unknown,
)
from planner.core.errors import Conflict, Forbidden, PlannerError, WrongState
from planner.core.runtime import Runtime
from planner.insights import collecting, service
from planner.insights import natives as numbers
from planner.insights.models import AssetDay, Snapshot
from planner.jobs import tick
from planner.ledger.jobs import JobContext
from planner.planning import service as planning
from planner.planning.facts import record_published
from planner.planning.models import Origin, Post, PostState
from planner.publishing import held, native_looking, native_queries, natives
from planner.publishing import service as publishing
from planner.publishing.models import Delivery, DeliveryState, Native, NativeLook, NativeState
from tests.conftest import StoppedClock
from tests.factories import NOON, make_asset, make_channel, make_post, make_user
from tests.publishing.conftest import Scripted

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
#: What the factories' posts say on X.
OURS = "What we have to say."


@pytest.fixture(autouse=True)
def agreeing(healthy: None, runtime: Runtime) -> Iterator[None]:
    """After each test the invariants hold, and the roll-ups agree with the readings."""
    yield
    with runtime.sessions() as db:
        assert service.compare(db) == []


@pytest.fixture
def channel(runtime: Runtime) -> int:
    with runtime.sessions.begin() as db:
        return make_channel(db, name="Ours").id


@pytest.fixture
def native(runtime: Runtime, channel: int) -> int:
    """One message that was found, open."""
    with runtime.sessions.begin() as db:
        natives.keep(db, channel, OwnPosts([said("77", "From the phone")]), since=NOON - DAY, now=NOON)
        return db.scalars(select(Native.id)).one()


def said(number: str, text: str, *, age: timedelta = HOUR, at: datetime | None = None, **more: Any) -> NativePost:
    return NativePost(Receipt(number, f"https://x.com/us/status/{number}", at or NOON - age), text, **more)


def dropped(platform: Scripted) -> Callable[[OutgoingPost], Outcome]:
    """The platform takes the post, and its answer never comes."""

    def step(post: OutgoingPost) -> Outcome:
        platform.accept(post)
        return Unknown("The answer never came.")

    return step


def found(runtime: Runtime) -> list[tuple[str, NativeState]]:
    with runtime.sessions() as db:
        return [(row.external_id, row.state) for row in db.execute(select(Native.external_id, Native.state).order_by(Native.external_id))]


def deeds(db: Session) -> list[str]:
    return [action for action in db.scalars(select(Entry.action).order_by(Entry.id)) if action.startswith("native.")]


def live(db: Session, native_id: int) -> Native:
    return db.get_one(Native, native_id)


# --- finding ---


def test_a_message_is_found_once_however_often_it_is_listed(runtime: Runtime, platform: Scripted, channel: int, clock: StoppedClock) -> None:
    platform.native = [said("2", "A & B https://example.com", kind=PostKind.LINK), said("1", "A film", title="Film", kind=PostKind.VIDEO, age=3 * DAY)]

    assert native_looking.look_all(runtime) == 2
    clock.advance(HOUR)
    assert native_looking.look_all(runtime) == 0

    with runtime.sessions() as db:
        rows = db.scalars(select(Native).order_by(Native.external_id)).all()
        assert [(one.channel_id, one.external_id, one.url, one.kind, one.title, one.text, one.published_at, one.found_at, one.gone_at, one.state) for one in rows] == [
            (channel, "1", "https://x.com/us/status/1", PostKind.VIDEO, "Film", "A film", NOON - 3 * DAY, NOON, None, NativeState.FOUND),
            (channel, "2", "https://x.com/us/status/2", PostKind.LINK, "", "A & B https://example.com", NOON - HOUR, NOON, None, NativeState.FOUND),
        ]  # fmt: skip
        assert deeds(db) == []


def test_two_workers_with_the_same_listing_keep_it_once(runtime: Runtime, channel: int) -> None:
    told = OwnPosts([said(str(number), f"Number {number}") for number in range(20)])
    ready, broken = threading.Barrier(2), []

    def work() -> None:
        ready.wait()
        try:
            with runtime.sessions.begin() as db:
                natives.keep(db, channel, told, since=NOON - DAY, now=NOON)
        except Exception as error:
            broken.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert broken == []
    assert len(found(runtime)) == 20


def test_how_far_back_it_looks(runtime: Runtime, platform: Scripted, channel: int, clock: StoppedClock) -> None:
    def look(after: timedelta) -> timedelta | None:
        clock.advance(after)
        platform.asked_since.clear()
        native_looking.look_all(runtime)
        return clock.now() - platform.asked_since[0] if platform.asked_since else None

    assert look(timedelta()) == 30 * DAY, "the first time, a month"
    assert look(10 * MINUTE) is None, "asked within the hour"
    assert look(HOUR) == 2 * DAY + HOUR + 10 * MINUTE, "two days before the last whole look"
    platform.failed = RetryLater("Slow down.", account=True)
    assert look(HOUR) == 2 * DAY + HOUR
    platform.failed = None
    assert look(HOUR) == 2 * DAY + 2 * HOUR, "what was not whole is looked through again"
    assert look(DAY) == 3 * DAY, "X bills what it lists, so a month again only weekly"
    assert look(6 * DAY) == 30 * DAY


def test_elsewhere_a_month_is_looked_through_daily(db: Session) -> None:
    page = make_channel(db, platform=Platform.LINKEDIN)
    db.add(NativeLook(channel_id=page.id, enabled=True, asked_at=NOON - HOUR, looked_at=NOON - HOUR, deep_at=NOON - DAY, trouble=""))
    db.flush()

    assert native_looking.due(db, NOON) == [native_looking.Look(page.id, Platform.LINKEDIN, NOON - native_looking.BACK, True)]


def test_only_a_connected_channel_that_lists_and_is_not_switched_off_is_looked_through(db: Session) -> None:
    wanted = make_channel(db)
    make_channel(db, state=ChannelState.NEEDS_RECONNECT)
    make_channel(db, state=ChannelState.NOT_CONNECTED)
    make_channel(db, platform=Platform.WEBHOOK)
    make_channel(db, platform=Platform.BY_HAND)
    make_channel(db, wait_until=NOON + HOUR)
    off = make_channel(db)
    admin = make_user(db)
    for _ in range(2):
        natives.switch(db, off, False, actor=admin, now=NOON)

    assert [one.channel_id for one in native_looking.due(db, NOON)] == [wanted.id]
    assert list(db.scalars(select(Entry.action))) == ["channel.looks_off"]
    natives.switch(db, off, True, actor=admin, now=NOON)
    assert [one.channel_id for one in native_looking.due(db, NOON)] == [wanted.id, off.id]


@pytest.mark.parametrize(
    ("failed", "state"),
    [(RetryLater("Slow down.", account=True), ChannelState.CONNECTED), (Refused("unauthorised", "Connect again.", account=True), ChannelState.NEEDS_RECONNECT)],
)
def test_a_listing_that_is_not_whole_keeps_what_it_told_and_says_why(
    runtime: Runtime, platform: Scripted, channel: int, failed: RetryLater | Refused, state: ChannelState
) -> None:
    platform.native, platform.failed = [said("1", "One")], failed

    assert native_looking.look_all(runtime) == 1

    with runtime.sessions() as db:
        look = db.get_one(NativeLook, channel)
        assert (look.asked_at, look.looked_at, look.deep_at, look.trouble) == (NOON, None, None, failed.reason)
        assert db.get_one(Channel, channel).state is state


def test_one_broken_channel_does_not_keep_the_others_from_being_looked_through(
    runtime: Runtime, platform: Scripted, channel: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with runtime.sessions.begin() as db:
        make_channel(db, name="Broken")
    real, steps = platform.recent, []

    def recent(since: datetime, account: Any) -> OwnPosts:
        if account.name == "Ours":
            raise RuntimeError("a bug")
        return real(since, account)

    monkeypatch.setattr(platform, "recent", recent)
    platform.native = [said("1", "One")]
    context = JobContext(1, {}, runtime, None, lambda done, total, _: steps.append((done, total)))

    assert native_looking.run(context) == {"found": 1}
    assert steps == [(1, 2), (2, 2)]


def test_what_was_deleted_there_stays_marked_until_it_is_seen_again(runtime: Runtime, platform: Scripted, channel: int, clock: StoppedClock) -> None:
    def look() -> list[tuple[str, datetime | None]]:
        native_looking.look_all(runtime)
        clock.advance(HOUR)
        with runtime.sessions() as db:
            return [(row.external_id, row.gone_at) for row in db.execute(select(Native.external_id, Native.gone_at).order_by(Native.external_id))]

    platform.native = [said("1", "Kept"), said("2", "Deleted"), said("3", "Old", age=10 * DAY)]
    assert look() == [("1", None), ("2", None), ("3", None)]
    platform.native, platform.failed = [said("1", "Reworded")], RetryLater("Only a part.")
    assert look() == [("1", None), ("2", None), ("3", None)], "an absence in a part proves nothing"
    platform.failed = None
    assert look() == [("1", None), ("2", NOON + 2 * HOUR), ("3", None)], "the old one lies before what was listed"
    platform.native = [said("1", "Kept"), said("2", "Deleted")]
    assert look() == [("1", None), ("2", None), ("3", None)]
    with runtime.sessions() as db:
        assert deeds(db) == ["native.gone"]
        assert [one.text for one in db.scalars(select(Native).order_by(Native.external_id))] == ["Kept", "Deleted", "Old"]


# --- never ours ---


def test_what_we_sent_is_never_found_as_published_directly(runtime: Runtime, platform: Scripted, approved: Callable[..., int], clock: StoppedClock) -> None:
    approved()
    clock.advance(11 * MINUTE)
    platform.at = clock.now()
    platform.native = [said("1", OURS)]  # Somebody had said the very same before.
    tick.run(runtime, schedule=False)

    native_looking.look_all(runtime)

    assert found(runtime) == [("1", NativeState.FOUND)]


def test_a_post_whose_answer_was_dropped_waits_until_its_delivery_is_settled(
    runtime: Runtime, platform: Scripted, approved: Callable[..., int], clock: StoppedClock
) -> None:
    approved()
    platform.script = [dropped(platform)]
    clock.advance(11 * MINUTE)
    platform.at = clock.now() - 2 * MINUTE  # Its clock runs behind ours.
    tick.run(runtime, schedule=False)
    platform.native = [said("before", "Earlier", age=DAY), said("beside", "At the same time", at=clock.now())]

    native_looking.look_all(runtime)
    assert found(runtime) == [("before", NativeState.FOUND)], "while its outcome is open, anything since it began may be it"

    clock.advance(2 * HOUR)
    tick.run(runtime, schedule=False)
    with runtime.sessions() as db:
        assert db.scalars(select(Delivery.state)).one() is DeliveryState.PUBLISHED
    native_looking.look_all(runtime)
    assert found(runtime) == [("before", NativeState.FOUND), ("beside", NativeState.FOUND)]


def test_while_a_person_has_yet_to_judge_only_what_resembles_it_waits(
    runtime: Runtime, platform: Scripted, approved: Callable[..., int], clock: StoppedClock
) -> None:
    approved(text="Fibre for the whole of the valley, from May on.")
    platform.script = [dropped(platform)]
    clock.advance(11 * MINUTE)
    platform.at = clock.now()
    tick.run(runtime, schedule=False)
    with runtime.sessions.begin() as db:
        delivery = db.scalars(select(Delivery)).one()
        delivery.state = DeliveryState.UNCONFIRMED
        delivery.post.state = PostState.UNCONFIRMED
    longer = "Fibre for the whole of the  valley, from May on. https://t.co/a Read more"
    platform.native = [said("alike", longer, at=clock.now()), said("other", "Good morning", at=clock.now()), said("older", longer, age=DAY)]

    native_looking.look_all(runtime)
    assert found(runtime) == [("older", NativeState.FOUND), ("other", NativeState.FOUND)]

    with runtime.sessions.begin() as db:
        delivery = db.scalars(select(Delivery)).one()
        publishing.record_by_hand(db, delivery, url="https://x.com/us/status/424242", actor=None, now=clock.now())
    clock.advance(HOUR)
    native_looking.look_all(runtime)
    assert [number for number, _ in found(runtime)] == ["alike", "live-1", "older", "other"], "now each is somebody else's"


def test_one_that_turns_out_to_be_ours_goes_away(runtime: Runtime, platform: Scripted, approved: Callable[..., int], clock: StoppedClock) -> None:
    approved()
    platform.script = [Unknown("Lost.")]
    clock.advance(11 * MINUTE)
    tick.run(runtime, schedule=False)
    with runtime.sessions.begin() as db:
        delivery = db.scalars(select(Delivery)).one()
        delivery.state, delivery.post.state = DeliveryState.UNCONFIRMED, PostState.UNCONFIRMED
        publishing.say_not_live(db, delivery, actor=None, now=clock.now())
    platform.native = [said("991", OURS, at=clock.now())]
    native_looking.look_all(runtime)
    assert found(runtime) == [("991", NativeState.FOUND)]

    with runtime.sessions.begin() as db:
        publishing.record_by_hand(db, db.scalars(select(Delivery)).one(), url="https://x.com/us/status/991", actor=None, now=clock.now())

    assert found(runtime) == []
    with runtime.sessions() as db:
        assert deeds(db) == ["native.retracted"]
    clock.advance(HOUR)
    native_looking.look_all(runtime)
    assert found(runtime) == []


def test_one_that_an_import_brought_in_meanwhile_goes_away_at_the_next_look(runtime: Runtime, platform: Scripted, channel: int, native: int) -> None:
    with runtime.sessions.begin() as db:
        record_published(db, make_asset(db), db.get_one(Channel, channel), external_id="77", url="", published_at=NOON, now=NOON)
        with pytest.raises(Conflict, match="one of the planner's own posts"):
            natives.adopt(db, live(db, native), make_asset(db), actor=None, now=NOON)
    platform.native = [said("77", "From the phone")]

    native_looking.look_all(runtime)

    assert found(runtime) == []


def test_a_video_that_carries_the_mark_of_an_attempt_of_ours_is_ours(
    runtime: Runtime, platform: Scripted, approved: Callable[..., int], clock: StoppedClock
) -> None:
    approved()
    clock.advance(11 * MINUTE)
    tick.run(runtime, schedule=False)
    print_of_ours = platform.calls[0].fingerprint
    platform.native = [said("v1", "Reworded", title="Ours", mark=print_of_ours[:12]), said("v2", "Film", title="Film", mark="0" * 12)]

    native_looking.look_all(runtime)

    assert [number for number, _ in found(runtime)] == ["v2"]


# --- deciding ---


def test_an_adopted_one_is_a_published_post_whose_numbers_are_collected(runtime: Runtime, channel: int, native: int) -> None:
    with runtime.sessions.begin() as db:
        asset, planner = make_asset(db, title="White paper", url="https://example.com"), make_user(db, roles=("planner",), name="Lise")
        post = natives.adopt(db, live(db, native), asset, actor=planner, now=NOON)
        post_id, asset_id = post.id, asset.id
        assert (post.origin, post.state, post.text, post.link, post.external_id, post.external_url, post.published_at, post.publish_at) == (
            Origin.NATIVE, PostState.PUBLISHED, "From the phone", "", "77", "https://x.com/us/status/77", NOON - HOUR, NOON - HOUR,
        )  # fmt: skip
        assert (live(db, native).state, live(db, native).decided_at, live(db, native).decided_by_id) == (NativeState.ADOPTED, NOON, planner.id)

    with runtime.sessions.begin() as db:
        assert {one: {number: due.post_id for number, due in told.items()} for one, told in collecting.due(db, NOON).items()} == {channel: {"77": post_id}}
        service.record(db, [(post_id, Reading("77", impressions=120))], at=NOON, now=NOON)
        assert db.execute(select(AssetDay.asset_id, AssetDay.impressions)).all() == [(asset_id, 120)]
        assert native_queries.entries(db, NOON - DAY, NOON) == []
        assert [(entry.action, entry.actor_name, entry.subject_name) for entry in db.scalars(select(Entry).where(Entry.subject_type == "native_posts"))] == [
            ("native.adopted", "Lise", "From the phone")
        ]  # fmt: skip


def test_put_back_it_is_open_again_and_its_numbers_no_longer_count(runtime: Runtime, channel: int, native: int) -> None:
    with runtime.sessions.begin() as db:
        asset = make_asset(db)
        post_id = natives.adopt(db, live(db, native), asset, actor=None, now=NOON).id
        other = make_post(db, asset=asset, channel=db.get_one(Channel, channel), state=PostState.PUBLISHED, published_at=NOON, external_id="5")
        service.record(db, [(post_id, Reading("77", impressions=120)), (other.id, Reading("5", impressions=7))], at=NOON, now=NOON)
        service.record(db, [(post_id, Reading("77", impressions=150))], at=NOON + DAY, now=NOON)
    with runtime.sessions.begin() as db:
        numbers.put_back(db, live(db, native), actor=None, now=NOON)

    with runtime.sessions.begin() as db:
        post = db.get_one(Post, post_id)
        assert (post.state, post.external_id, live(db, native).state, live(db, native).decided_at) == (PostState.CANCELLED, None, NativeState.FOUND, None)
        assert [(row.day.day, row.impressions) for row in db.execute(select(AssetDay.day, AssetDay.impressions))] == [(2, 7)]
        assert [one.native_id for one in native_queries.entries(db, NOON - DAY, NOON)] == [native]
        with pytest.raises(WrongState, match="Adopt it there again"):
            planning.restore(db, post, actor=None, now=NOON)

    with runtime.sessions.begin() as db:
        second = make_asset(db)
        again = natives.adopt(db, live(db, native), second, actor=None, now=NOON)
        assert (again.id, again.asset_id, again.state, again.external_id) == (post_id, second.id, PostState.PUBLISHED, "77")
        assert db.scalars(select(Snapshot.post_id)).all() == [other.id]
        assert deeds(db) == ["native.adopted", "native.put_back", "native.adopted"]


def test_an_ignored_one_is_off_the_calendar_and_can_be_put_back(runtime: Runtime, native: int) -> None:
    with runtime.sessions.begin() as db:
        natives.ignore(db, live(db, native), actor=None, now=NOON)
        assert native_queries.entries(db, NOON - DAY, NOON) == []
        assert (db.execute(held.counting()).one().direct, len(native_queries.natives(db, state=NativeState.IGNORED).items)) == (0, 1)
        numbers.put_back(db, live(db, native), actor=None, now=NOON)
        assert db.execute(held.counting()).one().direct == 1
        assert deeds(db) == ["native.ignored", "native.put_back"]


@pytest.mark.parametrize(
    ("first", "then", "error"),
    [
        ("adopt", "adopt", WrongState), ("adopt", "ignore", WrongState), ("ignore", "ignore", WrongState), ("", "put_back", WrongState),
        ("", "adopt_as_author", Forbidden), ("", "ignore_as_author", Forbidden), ("ignore", "put_back_as_author", Forbidden),
    ],
)  # fmt: skip
def test_what_cannot_be_decided_says_so_and_changes_nothing(runtime: Runtime, native: int, first: str, then: str, error: type[PlannerError]) -> None:
    def say(db: Session, verb: str) -> None:
        row, actor = live(db, native), make_user(db, roles=("author",)) if verb.endswith("_as_author") else None
        match verb.removesuffix("_as_author"):
            case "adopt":
                natives.adopt(db, row, make_asset(db), actor=actor, now=NOON)
            case "ignore":
                natives.ignore(db, row, actor=actor, now=NOON)
            case "put_back":
                numbers.put_back(db, row, actor=actor, now=NOON)

    with runtime.sessions.begin() as db:
        say(db, first)
        before = live(db, native).state
    with runtime.sessions() as db, pytest.raises(error):
        say(db, then)
    assert found(runtime) == [("77", before)]


def test_an_adopted_one_keeps_the_words_it_was_adopted_with(runtime: Runtime, platform: Scripted, channel: int, native: int) -> None:
    with runtime.sessions.begin() as db:
        natives.adopt(db, live(db, native), make_asset(db), actor=None, now=NOON)
    platform.native = [said("77", "Reworded")]

    native_looking.look_all(runtime)

    with runtime.sessions() as db:
        assert (live(db, native).text, live(db, native).state) == ("From the phone", NativeState.ADOPTED)


# --- reading ---


def test_what_names_an_embargoed_thing_is_told_until_the_embargo_lifts_or_somebody_decided(db: Session) -> None:
    channel = make_channel(db, name="Ours")
    lifts = NOON + DAY
    make_asset(db, embargo_until=lifts, embargo_terms=["Project Falcon"])
    make_asset(db, embargo_until=NOON - DAY, embargo_terms=["Sparrow"])
    told = [said("1", "Soon: #ProjectFalcon!"), said("2", "A sparrow"), said("3", "", title="Project Falcon", age=15 * DAY)]
    natives.keep(db, channel.id, OwnPosts(told), since=NOON - 30 * DAY, now=NOON)
    first = db.scalars(select(Native.id).where(Native.external_id == "1")).one()

    assert native_queries.too_early(db, now=NOON) == [
        native_queries.Leak(first, "Soon: #ProjectFalcon!", "Ours", Platform.X, channel.colour, "Project Falcon", lifts)
    ]
    assert native_queries.too_early(db, now=lifts) == []
    natives.ignore(db, live(db, first), actor=None, now=NOON)
    db.flush()
    assert native_queries.too_early(db, now=NOON) == []


def test_the_list_turns_its_pages_and_the_calendar_reads_one_stretch_of_some_channels(db: Session) -> None:
    one, two = make_channel(db, name="One"), make_channel(db, name="Two")
    for channel in (one, two):
        told = [said(str(number), f"Number {number}", age=number * HOUR) for number in range(5)]
        natives.keep(db, channel.id, OwnPosts(told), since=NOON - DAY, now=NOON)

    first = native_queries.natives(db, limit=6)
    second = native_queries.natives(db, limit=6, cursor=first.next_cursor)
    assert [row.text[-1] for row in (*first.items, *second.items)] == list("0011223344")
    assert second.next_cursor is None
    assert [(entry.channel, entry.says) for entry in native_queries.entries(db, NOON - 3 * HOUR, NOON, channels=[two.id])] == [
        ("Two", "Number 3"), ("Two", "Number 2"), ("Two", "Number 1"),
    ]  # fmt: skip
    assert len(native_queries.entries(db, NOON - 3 * HOUR, NOON)) == 6
    assert [row.channel_id for row in native_queries.natives(db, channel_id=one.id).items] == [one.id] * 5
