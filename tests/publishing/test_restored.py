"""A backup put back from before a publish: what is live is found, what is not stands where it stood, and nothing goes out twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from planner.channels.models import ChannelState
from planner.channels.port import Listing, Platform, Receipt, Refused, Unknown
from planner.core.errors import WrongState
from planner.core.runtime import Runtime
from planner.planning import pauses
from planner.planning.models import Post, PostState
from planner.publishing import service
from planner.publishing.models import Attempt, Delivery, DeliveryState, Hold, Result
from planner.publishing.restored import look_first
from tests.conftest import StoppedClock
from tests.factories import make_asset
from tests.publishing.conftest import Scripted

pytestmark = pytest.mark.usefixtures("healthy")
Approved = Callable[..., int]


@pytest.fixture
def put_back(runtime: Runtime, clock: StoppedClock) -> Callable[..., int]:
    """What happens after a backup made so many minutes ago was put back."""

    def _put_back(*, minutes: float) -> int:
        with runtime.sessions.begin() as db:
            return look_first(db, since=clock.now() - timedelta(minutes=minutes), actor=None, now=clock.now())

    return _put_back


def standing(runtime: Runtime, post_id: int) -> tuple[PostState, DeliveryState, list[Result | None]]:
    with runtime.sessions() as db:
        delivery = db.scalars(select(Delivery).where(Delivery.post_id == post_id)).one()
        results = list(db.scalars(select(Attempt.result).where(Attempt.delivery_id == delivery.id).order_by(Attempt.id)))
        return db.get_one(Post, post_id).state, delivery.state, results


def went_out_after_the_backup(platform: Scripted) -> None:
    """What the platform shows of a publish that the backup knows nothing of."""
    platform.listing = Listing((Receipt("live-9", "https://x.com/i/status/9"),), complete=True)


def test_a_post_that_went_out_after_the_backup_is_found_and_not_sent_again(
    runtime: Runtime, approved: Approved, go: Callable[..., None], put_back: Callable[..., int], platform: Scripted, clock: StoppedClock
) -> None:
    post_id = approved()
    clock.advance(timedelta(minutes=12))
    went_out_after_the_backup(platform)

    assert put_back(minutes=15) == 1
    go()
    assert standing(runtime, post_id) == (PostState.SENDING, DeliveryState.UNKNOWN, [None])
    go(seconds=91)

    assert standing(runtime, post_id) == (PostState.PUBLISHED, DeliveryState.PUBLISHED, [Result.FOUND])
    assert platform.calls == []


def test_one_that_had_missed_its_time_in_the_backup_cannot_be_sent_by_a_person_before_somebody_looked(
    runtime: Runtime, approved: Approved, go: Callable[..., None], put_back: Callable[..., int], platform: Scripted, clock: StoppedClock
) -> None:
    post_id = approved()
    go(hours=2)
    assert standing(runtime, post_id)[1] is DeliveryState.MISSED
    went_out_after_the_backup(platform)
    put_back(minutes=150)

    with runtime.sessions.begin() as db, pytest.raises(WrongState):
        service.retry(db, db.scalars(select(Delivery)).one(), actor=None, now=clock.now())
    go(seconds=1)
    go(seconds=91)

    assert standing(runtime, post_id) == (PostState.PUBLISHED, DeliveryState.PUBLISHED, [Result.FOUND])
    assert platform.calls == []


def test_one_that_is_not_live_goes_out_at_its_time_and_not_before(
    runtime: Runtime, approved: Approved, go: Callable[..., None], put_back: Callable[..., int], platform: Scripted, clock: StoppedClock
) -> None:
    ahead = approved(minutes=600, asset=lambda db: make_asset(db, sensitive=True))
    over = approved(minutes=10)
    clock.advance(timedelta(minutes=11))

    assert put_back(minutes=15) == 2
    go()
    go(seconds=91)
    assert standing(runtime, over) == (PostState.PUBLISHED, DeliveryState.PUBLISHED, [Result.ABSENT, Result.SENT])
    assert standing(runtime, ahead) == (PostState.SCHEDULED, DeliveryState.DUE, [Result.ABSENT])
    assert len(platform.calls) == 1
    go(minutes=600)

    assert standing(runtime, ahead) == (PostState.PUBLISHED, DeliveryState.PUBLISHED, [Result.ABSENT, Result.SENT])


def test_what_was_missed_failed_or_held_in_the_backup_is_so_again_when_it_is_not_live(
    runtime: Runtime, approved: Approved, go: Callable[..., None], put_back: Callable[..., int], platform: Scripted, clock: StoppedClock
) -> None:
    missed = approved(minutes=1)
    go(hours=1)
    held = approved(minutes=5)
    with runtime.sessions.begin() as db:
        pause = pauses.pause(db, "Strike", actor=None, now=clock.now())
        assert pause.id
    go(minutes=5)
    with runtime.sessions.begin() as db:
        pauses.resume(db, pauses.by_id(db, pause.id), actor=None, now=clock.now())

    assert put_back(minutes=90) == 2
    go(seconds=1)
    go(seconds=91)

    assert standing(runtime, missed) == (PostState.MISSED, DeliveryState.MISSED, [Result.ABSENT])
    assert standing(runtime, held) == (PostState.SCHEDULED, DeliveryState.HELD, [Result.ABSENT])
    with runtime.sessions() as db:
        told = [tuple(row) for row in db.execute(select(Delivery.hold, Delivery.reason).order_by(Delivery.id))]
    assert told == [(None, "Its moment passed before it could be sent."), (Hold.PAUSE, "Sending is paused.")]
    assert platform.calls == []


def test_while_the_platform_cannot_be_asked_nothing_is_sent_and_in_the_end_a_person_decides(
    runtime: Runtime, approved: Approved, go: Callable[..., None], put_back: Callable[..., int], platform: Scripted
) -> None:
    post_id = approved()
    platform.listing = Listing((), complete=False, reason="503")
    put_back(minutes=15)

    for _ in range(12):
        go(minutes=16)

    assert standing(runtime, post_id) == (PostState.UNCONFIRMED, DeliveryState.UNCONFIRMED, [None])
    assert platform.calls == []


def test_a_message_to_a_room_waits_for_a_person_only_when_its_moment_lies_between_backup_and_now(
    runtime: Runtime, approved: Approved, go: Callable[..., None], put_back: Callable[..., int], platform: Scripted, clock: StoppedClock
) -> None:
    room = {"platform": Platform.WEBHOOK, "token": "https://chat.example.com/hooks/abc"}
    over, ahead = approved(minutes=10, channel_values=room), approved(minutes=30, channel_values=room)
    by_hand = approved(minutes=10, channel_values={"platform": Platform.BY_HAND, "token": None})
    clock.advance(timedelta(minutes=12))

    assert put_back(minutes=15) == 1
    go()
    go(seconds=91)
    go(minutes=20)

    assert standing(runtime, over) == (PostState.UNCONFIRMED, DeliveryState.UNCONFIRMED, [None])
    assert standing(runtime, ahead) == (PostState.PUBLISHED, DeliveryState.PUBLISHED, [Result.SENT])
    assert standing(runtime, by_hand) == (PostState.SCHEDULED, DeliveryState.DUE, [])


def test_what_was_unknown_in_the_backup_is_looked_up_as_ever(
    runtime: Runtime, approved: Approved, go: Callable[..., None], put_back: Callable[..., int], platform: Scripted
) -> None:
    platform.script = [Unknown("timeout")]
    post_id = approved()
    go(minutes=10)

    assert put_back(minutes=1) == 0
    go(seconds=91)

    assert standing(runtime, post_id) == (PostState.PUBLISHED, DeliveryState.PUBLISHED, [Result.ABSENT, Result.SENT])


@pytest.mark.parametrize(("minutes", "state"), [(5, DeliveryState.PUBLISHED), (180, DeliveryState.MISSED)])
def test_what_the_backup_held_for_a_channel_that_was_reconnected_meanwhile_is_held_no_more(
    runtime: Runtime, approved: Approved, go: Callable[..., None], put_back: Callable[..., int], platform: Scripted, minutes: int, state: DeliveryState
) -> None:
    post_id = approved(minutes=10)
    platform.script = [Refused("unauthorised", "Connect again.", account=True)]
    go(minutes=10)
    assert standing(runtime, post_id)[1] is DeliveryState.HELD
    put_back(minutes=15)
    go(minutes=minutes)
    with runtime.sessions.begin() as db:
        channel = db.get_one(Post, post_id).channel
        channel.state = ChannelState.CONNECTED
        assert service.release_channel(db, channel, now=runtime.clock.now()) == 0
    go(seconds=1)
    go(seconds=91)
    go(seconds=1)

    assert standing(runtime, post_id)[1] is state
