"""One account's trouble stays its own: a wait or a revoked token holds that account, and the others go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from planner.channels import service as channels
from planner.channels.models import ChannelState
from planner.channels.port import Outcome, OutgoingPost
from planner.channels.wire import verdict
from planner.core.http import Answer
from planner.core.runtime import Runtime
from planner.jobs import tick
from planner.planning import service as planning
from planner.planning.models import Post, PostState
from planner.publishing import service
from planner.publishing.models import Delivery, DeliveryState
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
