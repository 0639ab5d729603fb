"""The circuit of one account: a platform in a storm is asked a bounded number of times, and no post pays for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from planner.accounts.models import Entry
from planner.channels import circuit
from planner.channels import service as channels
from planner.channels.models import Channel
from planner.channels.port import Account, Listing, Outcome, OutgoingPost, Refused, RetryLater, Unknown
from planner.channels.wire import nothing_live, unanswered, verdict
from planner.core.http import Answer, MaybeSent, NotSent
from planner.core.runtime import Runtime
from planner.jobs import tick
from planner.planning import service as planning
from planner.planning.models import Post
from planner.publishing import reconcile
from planner.publishing.models import Attempt, Delivery, DeliveryState
from tests.conftest import StoppedClock
from tests.factories import NOON, make_asset, make_channel, make_post, make_user
from tests.publishing.conftest import Scripted

pytestmark = pytest.mark.usefixtures("healthy")
REFUSED = "refused connection"
BROKEN = "broken server"
SWALLOWED = "accepted, then no answer"


class Stormy(Scripted):
    """A platform that is down for one account while `storm` says how."""

    def __init__(self) -> None:
        super().__init__()
        self.storm = ""
        self.struck = 0

    def publish(self, post: OutgoingPost, account: Account, *, keep: Callable[[str], None]) -> Outcome:
        if not self.storm or account.name != "struck":
            return super().publish(post, account, keep=keep)
        self.struck += 1
        if self.storm == REFUSED:
            return unanswered(NotSent("api.x.com"))
        if self.storm == SWALLOWED:
            self.accept(post)
            return unanswered(MaybeSent("api.x.com"))
        return verdict(Answer(502, {}, b""), platform="X", said="", now=NOON)

    def find(self, post, since, account) -> Listing:  # type: ignore[no-untyped-def]
        if self.storm and account.name == "struck":
            return Listing((), complete=False, reason="X is down.")
        return super().find(post, since, account)


@pytest.fixture
def platform() -> Stormy:
    return Stormy()


def plan(runtime: Runtime, clock: StoppedClock, name: str, minutes: list[float], **values: int) -> int:
    """Approved posts of one account; its channel."""
    with runtime.sessions.begin() as db:
        author, approver = make_user(db, roles=("planner",)), make_user(db, roles=("approver",))
        channel, asset = make_channel(db, name=name, **values), make_asset(db)
        for number, at in enumerate(minutes):
            post = make_post(
                db, asset=asset, channel=channel, author=author, text=f"{name} {number}", publish_at=clock.now() + timedelta(minutes=at)
            )
            planning.submit(db, post, actor=author, now=clock.now())
            planning.approve(db, post, actor=approver, now=clock.now())
        return channel.id


def live_through(runtime: Runtime, clock: StoppedClock, *, minutes: float, step: float = 15) -> None:
    """Let time pass, a round of everything due each `step` seconds."""
    for _ in range(int(minutes * 60 / step)):
        clock.advance(timedelta(seconds=step))
        tick.keep_house(runtime, schedule=False)
        tick.send_due(runtime, "a worker")
        while reconcile.look_next(runtime, "a worker") is not None:
            pass


def states(runtime: Runtime) -> dict[str, DeliveryState]:
    with runtime.sessions() as db:
        return {row[0]: row[1] for row in db.execute(select(Post.text, Delivery.state).join(Delivery, Delivery.post_id == Post.id))}


def told(runtime: Runtime, channel_id: int) -> Channel:
    with runtime.sessions() as db:
        return db.get_one(Channel, channel_id)


def test_the_pause_doubles_from_half_a_minute_to_five_minutes() -> None:
    seconds = [rest and rest.total_seconds() for rest in map(circuit.pause, (0, 1, 2, 3, 4, 5, 6, 7, 8, 1000))]

    assert seconds == [None, None, None, 30, 60, 120, 240, 300, 300, 300]


@pytest.mark.parametrize("kind", [REFUSED, BROKEN, SWALLOWED])
def test_a_storm_of_ten_minutes_costs_few_calls_and_no_post(runtime: Runtime, clock: StoppedClock, platform: Stormy, kind: str) -> None:
    struck = [f"struck {number}" for number in range(12)]
    plan(runtime, clock, "struck", [1 + number / 2 for number in range(12)])
    plan(runtime, clock, "spared", [2, 5, 8])
    platform.storm = kind

    live_through(runtime, clock, minutes=10, step=60)
    calls, meanwhile = platform.struck, [post.text for post in platform.calls]
    platform.storm = ""
    live_through(runtime, clock, minutes=12, step=60)

    assert meanwhile == ["spared 0", "spared 1", "spared 2"]
    assert circuit.OPENS_AFTER < calls <= 8
    assert states(runtime) == dict.fromkeys([*struck, "spared 0", "spared 1", "spared 2"], DeliveryState.PUBLISHED)
    assert sorted(post.text for post in platform.live) == sorted([*struck, "spared 0", "spared 1", "spared 2"])


def test_after_the_pause_one_call_tries_and_its_answer_decides(runtime: Runtime, clock: StoppedClock, platform: Stormy) -> None:
    channel_id = plan(runtime, clock, "struck", [1] * 5)
    platform.storm = REFUSED
    live_through(runtime, clock, minutes=1, step=60)
    opened = told(runtime, channel_id)
    assert (platform.struck, opened.failures, opened.failing_since, opened.wait_until) == (
        3, 3, clock.now(), clock.now() + timedelta(seconds=30),
    )  # fmt: skip
    live_through(runtime, clock, minutes=0.25)
    assert platform.struck == 3, "left alone"
    live_through(runtime, clock, minutes=0.25)
    assert platform.struck == 4, "one call tries"
    assert told(runtime, channel_id).wait_until == clock.now() + timedelta(minutes=1)
    live_through(runtime, clock, minutes=0.75)
    platform.storm = ""
    live_through(runtime, clock, minutes=0.25)

    closed = told(runtime, channel_id)
    assert (closed.failures, closed.failing_since, closed.last_success_at) == (0, None, clock.now())
    assert set(states(runtime).values()) == {DeliveryState.PUBLISHED}
    with runtime.sessions() as db:
        actions = list(db.scalars(select(Entry.action).where(Entry.subject_type == "channels").order_by(Entry.id)))
    assert actions == ["channel.silent", "channel.answers_again"]


def test_a_long_storm_uses_up_no_tries_and_a_post_goes_out_within_a_long_grace(
    runtime: Runtime, clock: StoppedClock, platform: Stormy
) -> None:
    plan(runtime, clock, "struck", [1], grace_minutes=180)
    platform.storm = REFUSED
    live_through(runtime, clock, minutes=60, step=120)
    platform.storm = ""
    live_through(runtime, clock, minutes=6, step=60)

    assert states(runtime) == {"struck 0": DeliveryState.PUBLISHED}
    assert 4 < platform.struck < 30
    with runtime.sessions() as db:
        assert len(db.scalars(select(Attempt.id)).all()) == platform.struck + 1


def test_after_a_storm_what_is_too_late_is_missed_and_the_rest_goes_out(runtime: Runtime, clock: StoppedClock, platform: Stormy) -> None:
    plan(runtime, clock, "struck", [1, 25], grace_minutes=20)
    platform.storm = REFUSED
    live_through(runtime, clock, minutes=30, step=60)
    platform.storm = ""
    live_through(runtime, clock, minutes=6, step=60)

    assert states(runtime) == {"struck 0": DeliveryState.MISSED, "struck 1": DeliveryState.PUBLISHED}
    assert [post.text for post in platform.live] == ["struck 1"]


@pytest.mark.parametrize(
    "answer",
    [Refused("content", "No."), RetryLater("Still working on the film."), RetryLater("Slow down.", timedelta(seconds=1), account=True)],
    ids=["a no", "a later about the post", "a 429"],
)
def test_any_answer_closes_the_circuit(runtime: Runtime, clock: StoppedClock, platform: Stormy, answer: Outcome) -> None:
    channel_id = plan(runtime, clock, "struck", [1] * 4)
    platform.storm = REFUSED
    live_through(runtime, clock, minutes=1, step=60)
    platform.storm, platform.script = "", [answer]
    live_through(runtime, clock, minutes=1, step=60)

    assert (told(runtime, channel_id).failures, len(platform.calls) > 0) == (0, True)


def test_connecting_again_ends_the_pause(runtime: Runtime, clock: StoppedClock, platform: Stormy) -> None:
    channel_id = plan(runtime, clock, "struck", [1] * 4)
    platform.storm = REFUSED
    live_through(runtime, clock, minutes=1, step=60)
    with runtime.sessions.begin() as db:
        channels.reconnect(db, db.get_one(Channel, channel_id), access_token="fresh", actor=None, now=clock.now())

    row = told(runtime, channel_id)
    assert (row.failures, row.failing_since, row.wait_until) == (0, None, None)


def test_only_a_platform_that_gives_no_answer_counts() -> None:
    def means(status: int, **headers: str) -> object:
        return verdict(Answer(status, headers, b""), platform="X", said="", now=NOON)

    down = [means(500), means(502), means(408), means(503, **{"Retry-After": "5"}), unanswered(NotSent("x")), unanswered(MaybeSent("x"))]
    up = [means(429), means(302), RetryLater("Still working on the film."), Unknown("It said yes without a number.")]

    assert [getattr(one, "down", False) for one in (*down, *up)] == [True] * 6 + [False] * 4
    assert nothing_live(Unknown("Broken.", down=True)).down  # type: ignore[union-attr]
