"""One account's trouble stays its own: a wait or a revoked token holds that account, and the others go on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from planner.channels import service as channels
from planner.channels.models import ChannelState
from planner.channels.port import Outcome, OutgoingPost, Refused
from planner.channels.wire import verdict
from planner.core.http import Answer
from planner.core.runtime import Runtime
from planner.jobs import tick
from planner.planning import service as planning
from planner.planning.models import Post, PostState
from planner.publishing import amending, service
from planner.publishing.models import Delivery, DeliveryState, Hold
from tests.conftest import StoppedClock
from tests.factories import make_post, make_user
from tests.publishing.conftest import Scripted

pytestmark = pytest.mark.usefixtures("healthy")
Approved = Callable[..., int]


def beside(runtime: Runtime, clock: StoppedClock, post_id: int, text: str) -> int:
    """Another approved post of the same account, due a minute after the first."""
    with runtime.sessions.begin() as db:
        author, approver = make_user(db, roles=("planner",)), make_user(db, roles=("approver",))
        post = make_post(
            db, channel=db.get_one(Post, post_id).channel, text=text, author=author, publish_at=clock.now() + timedelta(minutes=11)
        )
        planning.submit(db, post, actor=author, now=clock.now())
        planning.approve(db, post, actor=approver, now=clock.now())
        return post.id


def turn(runtime: Runtime, clock: StoppedClock, **by: float) -> None:
    clock.advance(timedelta(**by))
    tick.run(runtime, schedule=False)


def refusing(platform: Scripted, clock: StoppedClock, status: int, headers: dict[str, str]) -> Callable[[OutgoingPost], Outcome]:
    """The platform's answer to the first account; whatever belongs to the other is accepted."""

    def _answer(post: OutgoingPost) -> Outcome:
        if post.text.startswith("Other"):
            return platform.accept(post)
        return verdict(Answer(status, headers, b""), platform="X", said="", now=clock.now())

    return _answer


@pytest.mark.parametrize(
    ("told", "waits"),
    [("120", 120), ("date", 300), (None, 900), ("soon, please", 900), ("999999999999", 86_400), ("-30", 1)],
    ids=["seconds", "date", "absent", "garbage", "huge", "negative"],
)
def test_a_429_makes_its_whole_account_wait_as_told_and_no_other(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted, told: str | None, waits: int
) -> None:
    first = approved(text="First")
    beside(runtime, clock, first, "Second")
    approved(text="Other account", minutes=11)
    at = clock.now() + timedelta(minutes=15)
    headers = {} if told is None else {"Retry-After": f"{at:%a, %d %b %Y %H:%M:%S} GMT" if told == "date" else told}
    platform.script = [refusing(platform, clock, 429, headers)]

    turn(runtime, clock, minutes=10)

    with runtime.sessions() as db:
        assert db.get_one(Post, first).channel.wait_until == clock.now() + timedelta(seconds=waits)
    if waits > 60:
        turn(runtime, clock, seconds=61)
        assert [post.text for post in platform.calls] == ["First", "Other account"]


def test_a_token_revoked_mid_run_costs_one_401_and_its_account_resumes_after_reconnecting(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted
) -> None:
    first = approved(text="First")
    second = beside(runtime, clock, first, "Second")
    approved(text="Other account", minutes=11)
    platform.script = [refusing(platform, clock, 401, {})]

    turn(runtime, clock, minutes=10)
    turn(runtime, clock, seconds=61)
    assert [post.text for post in platform.calls] == ["First", "Other account"], "one 401, and the other account goes on"

    with runtime.sessions.begin() as db:
        channel = db.get_one(Post, first).channel
        assert channel.state is ChannelState.NEEDS_RECONNECT
        channels.reconnect(db, channel, access_token="fresh", actor=None, now=clock.now())
        service.release_channel(db, channel, now=clock.now())
    turn(runtime, clock, seconds=5)

    assert sorted(post.text for post in platform.live) == ["First", "Other account", "Second"]
    with runtime.sessions() as db:
        assert [db.get_one(Post, one).state for one in (first, second)] == [PostState.PUBLISHED] * 2


@pytest.mark.parametrize("before", [ChannelState.CONNECTED, ChannelState.NEEDS_RECONNECT])
def test_reconnecting_while_a_hold_is_being_written_leaves_no_post_with_nobody_to_release_it(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted, before: ChannelState
) -> None:
    """Two sessions: a person gives the new key, and has not committed, while a worker writes the 401 that the old key earned.

    before -- held already when a renewal was refused while the message was on its way.
    """
    post_id, giving = approved(text="First"), runtime.sessions()

    def refused(_post: OutgoingPost) -> Outcome:
        clock.advance(timedelta(seconds=1))
        if before is ChannelState.NEEDS_RECONNECT:
            with runtime.sessions.begin() as db:
                channels.hold(db, db.get_one(Post, post_id).channel, "The key could not be renewed.", now=clock.now())
        channel = giving.get_one(Post, post_id).channel
        channels.reconnect(giving, channel, access_token="fresh", actor=None, now=clock.now())
        assert service.release_channel(giving, channel, now=clock.now()) == 0
        giving.flush()
        threading.Timer(0.5, giving.commit).start()
        return Refused("unauthorised", "The key was refused.", account=True)

    platform.script = [refused]
    turn(runtime, clock, minutes=10)
    turn(runtime, clock, seconds=5)

    giving.close()
    with runtime.sessions() as db:
        post = db.get_one(Post, post_id)
        assert (post.channel.state, post.state, len(platform.live)) == (ChannelState.CONNECTED, PostState.PUBLISHED, 1)


def test_a_key_given_while_the_hold_is_written_first_releases_what_it_held(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted
) -> None:
    """The other way round: the worker has the channel's row, and the person's form waits for it."""
    post_id = approved(text="First")
    platform.script = [Refused("unauthorised", "The key was refused.", account=True)]
    holding, done = runtime.sessions(), threading.Event()

    def give() -> None:
        with runtime.sessions.begin() as db:
            channel = channels.locked(db, db.get_one(Post, post_id).channel)
            channels.reconnect(db, channel, access_token="fresh", actor=None, now=clock.now())
            service.release_channel(db, channel, now=clock.now())
        done.set()

    turn(runtime, clock, minutes=10)
    with runtime.sessions.begin() as db:  # As if it had not been written yet, and is now.
        delivery, channel = db.scalars(select(Delivery)).one(), db.get_one(Post, post_id).channel
        delivery.state, delivery.hold, channel.state = DeliveryState.DUE, None, ChannelState.CONNECTED
    delivery = holding.scalars(select(Delivery)).one()
    channels.hold(holding, channels.locked(holding, delivery.post.channel), "The key was refused.", now=clock.now())
    delivery.state, delivery.hold = DeliveryState.HELD, Hold.CHANNEL
    holding.flush()
    thread = threading.Thread(target=give)
    thread.start()
    assert not done.wait(0.3)
    holding.commit()
    thread.join()
    turn(runtime, clock, seconds=5)

    holding.close()
    assert [post.text for post in platform.live] == ["First"]


def test_a_401_that_the_old_key_earned_for_an_edit_does_not_hold_the_channel(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted
) -> None:
    post_id = approved(text="First")
    turn(runtime, clock, minutes=10)
    with runtime.sessions.begin() as db:
        post = db.get_one(Post, post_id)
        amending.take_down(db, post, reason="Wrong", limits=platform.limits, actor=None, now=clock.now())

    def refused() -> Outcome:
        clock.advance(timedelta(seconds=1))
        with runtime.sessions.begin() as db:
            channels.reconnect(db, db.get_one(Post, post_id).channel, access_token="fresh", actor=None, now=clock.now())
        return Refused("unauthorised", "The key was refused.", account=True)

    platform.answers = [refused]
    turn(runtime, clock, seconds=1)

    with runtime.sessions() as db:
        assert db.get_one(Post, post_id).channel.state is ChannelState.CONNECTED


def test_after_an_outage_of_six_hours_what_was_due_is_missed_and_what_is_due_now_goes_out(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted
) -> None:
    for minutes in (10, 60, 200):
        approved(text=f"Due in {minutes}", minutes=minutes)
    approved(text="Due now", minutes=359)

    turn(runtime, clock, hours=6)
    turn(runtime, clock, minutes=1)

    assert [post.text for post in platform.calls] == ["Due now"]
    with runtime.sessions() as db:
        states = list(db.scalars(select(Delivery.state).order_by(Delivery.due_at)))
    assert states == [DeliveryState.MISSED] * 3 + [DeliveryState.PUBLISHED]
