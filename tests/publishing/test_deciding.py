"""Pauses and what they hold: everything planned stops at once, nothing goes by itself afterwards, a person decides post by post."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from planner.accounts.models import User
from planner.channels.models import Channel
from planner.core.errors import Forbidden, WrongState
from planner.core.runtime import Runtime
from planner.jobs import tick
from planner.planning import drawer, pauses
from planner.planning import service as planning
from planner.planning.models import Post, PostState, RuleSetting
from planner.planning.quiet_models import Pause
from planner.planning.values import PostValues, values_of
from planner.publishing import deciding, outbox, service
from planner.publishing.check import violations
from planner.publishing.models import Attempt, Delivery, DeliveryState, Hold
from tests.conftest import StoppedClock
from tests.factories import make_asset, make_campaign, make_user
from tests.publishing.conftest import Scripted

pytestmark = pytest.mark.usefixtures("healthy")
Approved = Callable[..., int]


def turn(runtime: Runtime, clock: StoppedClock, **by: float) -> None:
    clock.advance(timedelta(**by))
    tick.run(runtime, schedule=False)


def pause(runtime: Runtime, clock: StoppedClock, reason: str = "Strike", **of: int) -> int:
    with runtime.sessions.begin() as db:
        return pauses.pause(db, reason, actor=None, now=clock.now(), **of).id


def end(runtime: Runtime, clock: StoppedClock, pause_id: int) -> int:
    with runtime.sessions.begin() as db:
        return deciding.end_pause(db, db.get_one(Pause, pause_id), actor=None, now=clock.now())


def say(runtime: Runtime, clock: StoppedClock, verb: Callable[..., None], post_id: int, *more: Any, actor: User | None = None, **named: Any) -> None:
    with runtime.sessions.begin() as db:
        verb(db, delivery_of(db, post_id), *more, actor=actor, now=clock.now(), **named)


def delivery_of(db: Any, post_id: int) -> Delivery:
    return db.scalars(select(Delivery).where(Delivery.post_id == post_id)).one()  # type: ignore[no-any-return]


def states(runtime: Runtime, *post_ids: int) -> list[tuple[DeliveryState, Hold | None]]:
    with runtime.sessions() as db:
        return [(one.state, one.hold) for one in (delivery_of(db, post_id) for post_id in post_ids)]


HELD = (DeliveryState.HELD, Hold.PAUSE)
DUE = (DeliveryState.DUE, None)


def test_a_pause_holds_what_is_planned_for_later_too_and_ending_it_lets_nothing_go(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted
) -> None:
    soon, later = approved(minutes=10), approved(minutes=600, text="Later")
    turn(runtime, clock)
    stop = pause(runtime, clock)
    turn(runtime, clock, minutes=1)
    assert states(runtime, soon, later) == [HELD, HELD]

    assert end(runtime, clock, stop) == 2
    turn(runtime, clock, minutes=20)
    turn(runtime, clock, hours=20)

    assert platform.calls == []
    assert states(runtime, soon, later) == [HELD, HELD]


@pytest.mark.parametrize("of", ["channel", "campaign"])
def test_a_pause_of_one_channel_or_campaign_leaves_the_others_alone(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted, of: str
) -> None:
    stopped, free = approved(text="Stopped"), approved(text="Free")
    with runtime.sessions.begin() as db:
        post = db.get_one(Post, stopped)
        post.campaign = make_campaign(db)
        db.flush()
        number = post.channel_id if of == "channel" else post.campaign_id
    pause(runtime, clock, **{f"{of}_id": number})

    turn(runtime, clock, minutes=10)

    assert states(runtime, stopped, free) == [HELD, (DeliveryState.PUBLISHED, None)]
    assert [post.text for post in platform.calls] == ["Free"]


def test_a_pause_that_ends_before_any_worker_came_by_still_holds_what_was_approved(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted
) -> None:
    post_id = approved()

    assert end(runtime, clock, pause(runtime, clock)) == 1
    turn(runtime, clock, minutes=10)

    assert (states(runtime, post_id), platform.calls) == ([HELD], [])


def test_a_kept_post_goes_out_at_its_own_time(runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted) -> None:
    post_id = approved(minutes=60)
    end(runtime, clock, pause(runtime, clock))

    say(runtime, clock, deciding.keep, post_id)
    turn(runtime, clock, minutes=59)
    assert platform.calls == []
    turn(runtime, clock, minutes=1)

    assert (len(platform.live), states(runtime, post_id)) == (1, [(DeliveryState.PUBLISHED, None)])


def test_a_held_post_whose_approval_was_withdrawn_cannot_be_kept(runtime: Runtime, approved: Approved, clock: StoppedClock) -> None:
    post_id = approved(minutes=60)
    end(runtime, clock, pause(runtime, clock))
    with runtime.sessions.begin() as db:
        planning.withdraw(db, db.get_one(Post, post_id), actor=None, now=clock.now())

    with pytest.raises(WrongState, match="draft"):
        say(runtime, clock, deciding.keep, post_id)
    assert states(runtime, post_id) == [HELD]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer at a time.
@pytest.mark.parametrize("verb", [deciding.keep, deciding.send, deciding.drop])
def test_who_decides_on_what_somebody_let_go_meanwhile_is_told_so(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted, verb: Callable[..., None]
) -> None:
    post_id = approved(minutes=60)
    end(runtime, clock, pause(runtime, clock))
    with pytest.raises(WrongState, match="not held by a pause any more"), runtime.sessions.begin() as late:
        read = delivery_of(late, post_id)
        say(runtime, clock, deciding.send, post_id)
        turn(runtime, clock, seconds=1)
        verb(late, read, actor=None, now=clock.now())

    assert (len(platform.live), states(runtime, post_id)) == (1, [(DeliveryState.PUBLISHED, None)])


def test_a_post_whose_time_passed_cannot_be_kept_but_sent_on_a_persons_word(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted
) -> None:
    post_id = approved(minutes=10)
    stop = pause(runtime, clock)
    turn(runtime, clock, hours=3)
    end(runtime, clock, stop)

    with pytest.raises(WrongState, match="Its time has passed"):
        say(runtime, clock, deciding.keep, post_id)
    assert (states(runtime, post_id), platform.calls) == ([HELD], [])
    say(runtime, clock, deciding.send, post_id)
    turn(runtime, clock, seconds=1)

    assert len(platform.live) == 1


def test_a_moved_post_asks_for_approval_again_and_then_goes_out_at_its_new_time(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted
) -> None:
    post_id = approved(minutes=10)
    end(runtime, clock, pause(runtime, clock))
    to = clock.now() + timedelta(days=1)
    with runtime.sessions.begin() as db:
        planner = make_user(db, roles=("planner",))

    say(runtime, clock, deciding.move, post_id, to, four_eyes="always", actor=planner)
    turn(runtime, clock, days=1)
    assert platform.calls == []
    with runtime.sessions.begin() as db:
        post = db.get_one(Post, post_id)
        assert (post.state, post.publish_at) == (PostState.IN_REVIEW, to)
        planning.move(db, post, to + timedelta(hours=1), actor=None, now=clock.now())
        planning.approve(db, post, actor=make_user(db, roles=("approver",)), now=clock.now())
    turn(runtime, clock, hours=1)

    assert [post.publish_at for post in platform.live] == [to + timedelta(hours=1)]


@pytest.mark.parametrize(("text", "state"), [("x" * 280, PostState.APPROVED), ("x" * 281, PostState.IN_REVIEW)])
def test_a_held_post_that_its_platform_would_refuse_is_not_approved_with_its_new_time(
    runtime: Runtime, approved: Approved, clock: StoppedClock, text: str, state: PostState
) -> None:
    post_id = approved(minutes=10, text=text)
    end(runtime, clock, pause(runtime, clock))
    to = clock.now() + timedelta(days=1)

    say(runtime, clock, deciding.move, post_id, to, limits=Scripted.limits, four_eyes="never")

    with runtime.sessions() as db:
        post = db.get_one(Post, post_id)
        assert (post.state, post.publish_at) == (state, to)


def test_moving_a_held_post_to_its_own_time_keeps_it(runtime: Runtime, approved: Approved, clock: StoppedClock) -> None:
    post_id = approved(minutes=60)
    end(runtime, clock, pause(runtime, clock))

    say(runtime, clock, deciding.move, post_id, clock.now() + timedelta(minutes=60), four_eyes="always")

    assert states(runtime, post_id) == [DUE]


def test_a_dropped_post_is_cancelled_also_while_the_pause_lasts(runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted) -> None:
    post_id = approved()
    pause(runtime, clock)
    turn(runtime, clock)

    say(runtime, clock, deciding.drop, post_id)
    turn(runtime, clock, minutes=10)

    assert (states(runtime, post_id), platform.calls) == ([(DeliveryState.CANCELLED, None)], [])
    with runtime.sessions() as db:
        assert db.get_one(Post, post_id).state is PostState.CANCELLED


@pytest.mark.parametrize("verb", [deciding.keep, deciding.send, service.retry])
def test_while_another_pause_lasts_nothing_is_let_go(
    runtime: Runtime, approved: Approved, clock: StoppedClock, verb: Callable[..., None]
) -> None:
    post_id = approved(minutes=60)
    first = pause(runtime, clock)
    pause(runtime, clock, "Results are near")
    end(runtime, clock, first)

    with pytest.raises(WrongState) as refusal:
        say(runtime, clock, verb, post_id)

    assert str(refusal.value) == "Sending is paused: Results are near. An administrator has to end the pause first."
    assert states(runtime, post_id) == [HELD]


def test_a_decision_is_made_once_and_by_those_who_may(runtime: Runtime, approved: Approved, clock: StoppedClock) -> None:
    post_id = approved(minutes=60)
    end(runtime, clock, pause(runtime, clock))
    with runtime.sessions.begin() as db:
        author, approver = make_user(db, roles=("author",)), make_user(db, roles=("approver",))

    with pytest.raises(Forbidden):
        say(runtime, clock, deciding.keep, post_id, actor=author)
    say(runtime, clock, deciding.keep, post_id, actor=approver)
    for verb in (deciding.keep, deciding.send, deciding.drop):
        with pytest.raises(WrongState, match="not held by a pause any more"):
            say(runtime, clock, verb, post_id)

    assert states(runtime, post_id) == [DUE]


def test_ending_a_pause_waits_for_the_worker_that_is_about_to_ask(runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted) -> None:
    """A worker that took the delivery under the pause still sees it: the end comes after, and holds what is left."""
    import threading

    post_id = approved()
    turn(runtime, clock)
    clock.advance(timedelta(minutes=10))
    stop = pause(runtime, clock)
    taken, ended = threading.Event(), []

    def end_it() -> None:
        taken.wait(5)
        ended.append(end(runtime, clock, stop))

    ending = threading.Thread(target=end_it)
    ending.start()
    with runtime.sessions.begin() as db:
        outbox.open_attempts(db, runtime, "worker", now=clock.now())
        taken.set()
        ending.join(0.2)
        assert ended == []
    ending.join(10)

    assert (ended, states(runtime, post_id), platform.calls) == ([1], [HELD], [])


def test_a_channel_reconnected_during_a_pause_sends_nothing(runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted) -> None:
    post_id = approved()
    turn(runtime, clock)
    pause(runtime, clock)
    with runtime.sessions.begin() as db:
        delivery = delivery_of(db, post_id)
        delivery.state, delivery.hold = DeliveryState.HELD, Hold.CHANNEL
        service.release_channel(db, db.get_one(Channel, delivery.channel_id), now=clock.now())

    turn(runtime, clock, minutes=10)

    assert (states(runtime, post_id), platform.calls) == ([HELD], [])


def test_the_time_of_a_held_post_is_not_missed_by_itself(runtime: Runtime, approved: Approved, clock: StoppedClock) -> None:
    post_id = approved(minutes=10)
    pause(runtime, clock)

    turn(runtime, clock, days=3)

    with runtime.sessions() as db:
        assert (db.get_one(Post, post_id).state, delivery_of(db, post_id).due_at) == (PostState.SCHEDULED, datetime(2026, 3, 2, 12, 10, tzinfo=clock.now().tzinfo))


@pytest.mark.parametrize("scope", ["all", "channel"])
def test_a_pause_waits_for_an_attempt_that_is_being_opened_and_begins_after_it(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted, scope: str
) -> None:
    """Asked for before the attempt, which is not committed yet: whoever reads that sending is paused finds nothing begun since."""
    post_id = approved()
    turn(runtime, clock)
    clock.advance(timedelta(minutes=10))
    with runtime.sessions() as db:
        channel_id = delivery_of(db, post_id).channel_id
    began: list[datetime] = []
    asked = threading.Event()

    def set_it() -> None:
        with runtime.sessions.begin() as db:
            asked.set()
            pauses.standstill(db, channel_id if scope == "channel" else None)
            row = pauses.pause(db, "Strike", channel_id=channel_id if scope == "channel" else None, actor=None, now=clock.now())
            began.append(row.started_at)

    with ThreadPoolExecutor(1) as person:
        with runtime.sessions.begin() as db:
            clock.advance(timedelta(seconds=1))
            [opened] = outbox.open_attempts(db, runtime, "worker", now=clock.now())
            assert isinstance(opened, outbox.Claim)
            setting = person.submit(set_it)
            assert asked.wait(20)
            assert wait([setting], timeout=0.5).not_done, "it waits"
            clock.advance(timedelta(seconds=1))
        setting.result(20)

    with runtime.sessions() as db:
        assert [attempt.started_at < began[0] for attempt in db.scalars(select(Attempt))] == [True]
        assert violations(db, clock.now()) == []


@pytest.mark.parametrize("forbids", [False, True])
def test_what_is_sent_before_its_own_time_may_not_say_what_is_under_embargo_until_then(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted, forbids: bool
) -> None:
    with runtime.sessions.begin() as db:
        make_asset(db, title="The new satellite", embargo_until=clock.now() + timedelta(hours=5), embargo_terms=["Project Falcon"])
        if forbids:
            db.add(RuleSetting(code="gap", channel_id=None, enabled=True, must_not=True, parameters={}))
    post_id = approved(minutes=600, text="Project Falcon is here.")
    stop = pause(runtime, clock)
    turn(runtime, clock)
    end(runtime, clock, stop)

    say(runtime, clock, deciding.send, post_id)
    turn(runtime, clock, minutes=1)

    assert (states(runtime, post_id), platform.calls) == ([(DeliveryState.HELD, Hold.EMBARGO)], [])


@pytest.mark.parametrize("away", ["cancelled", "moved", "out of its time"])
@pytest.mark.parametrize("swept", [False, True])
def test_what_a_pause_held_waits_on_when_it_is_taken_away_and_brought_back(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted, away: str, swept: bool
) -> None:
    post_id = approved(minutes=60)
    stop = pause(runtime, clock)
    turn(runtime, clock)
    end(runtime, clock, stop)

    def act(verb: Callable[..., Any], *more: Any) -> None:
        with runtime.sessions.begin() as db:
            post = db.get_one(Post, post_id)
            author = post.author  # Who may decide nothing about deliveries, and is no approver.
            assert author is not None
            verb(db, post, *more, actor=author, now=clock.now())

    at = clock.now() + timedelta(minutes=60)
    if away == "cancelled":
        there, back = (planning.cancel,), (planning.restore,)
    elif away == "moved":
        there, back = (planning.move, at + timedelta(hours=1)), (planning.move, at)
    else:
        there, back = (drawer.unplan,), (drawer.plan_again, {"publish_at": at.isoformat(), "state": PostState.SCHEDULED})
    act(*there)
    if swept:
        turn(runtime, clock, seconds=2)
    act(*back)
    turn(runtime, clock, seconds=2)

    assert states(runtime, post_id) == [HELD]
    turn(runtime, clock, minutes=60)
    assert platform.calls == []


def test_what_is_sent_before_its_own_time_appears_at_once(runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted) -> None:
    post_id = approved(minutes=600)
    stop = pause(runtime, clock)
    turn(runtime, clock)
    end(runtime, clock, stop)

    say(runtime, clock, deciding.send, post_id)
    turn(runtime, clock, minutes=1)

    assert [post.publish_at for post in platform.live] == [clock.now() - timedelta(minutes=1)], "YouTube would keep it private until then"


@pytest.mark.parametrize("became", [PostState.CANCELLED, PostState.DRAFT, PostState.IN_REVIEW])
def test_what_is_no_longer_approved_is_not_sent_again_and_stays_what_it_became(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted, became: PostState
) -> None:
    post_id = approved()
    turn(runtime, clock, hours=6)
    with runtime.sessions.begin() as db:
        post = db.get_one(Post, post_id)
        assert post.state is PostState.MISSED
        if became is PostState.CANCELLED:
            planning.cancel(db, post, actor=None, now=clock.now())
        else:
            planning.revise(db, post, PostValues(**(values_of(post) | {"text": "Other words"})), actor=None, now=clock.now())
        if became is PostState.DRAFT:
            planning.withdraw(db, post, actor=None, now=clock.now())

    with pytest.raises(WrongState):
        say(runtime, clock, service.retry, post_id)
    turn(runtime, clock, minutes=1)

    with runtime.sessions() as db:
        assert (db.get_one(Post, post_id).state, platform.calls) == (became, [])
