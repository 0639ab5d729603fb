"""One broken post, adapter, import or database hiccup never stops the others, and never sends anything twice or unapproved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.exc import OperationalError

from planner.channels.models import Channel, ChannelState
from planner.channels.port import Listing, Outcome, OutgoingPost, Platform, Receipt, Refused, Sent, Unknown
from planner.core.runtime import Runtime
from planner.jobs import tick
from planner.planning import pauses
from planner.planning.facts import record_published
from planner.planning.models import Post, PostState
from planner.publishing import outbox, queries
from planner.publishing.models import Attempt, Delivery, DeliveryState, Result
from planner.publishing.settling import settle
from tests.conftest import StoppedClock, make_settings
from tests.factories import make_post
from tests.processes import wait_until
from tests.publishing.conftest import Scripted

pytestmark = pytest.mark.usefixtures("healthy")
Approved = Callable[..., int]


def states(runtime: Runtime) -> list[tuple[PostState, DeliveryState]]:
    with runtime.sessions() as db:
        rows = db.execute(select(Post.state, Delivery.state).join(Delivery, Delivery.post_id == Post.id).order_by(Post.id))
        return [(row[0], row[1]) for row in rows]


def results(runtime: Runtime) -> list[Result | None]:
    with runtime.sessions() as db:
        return list(db.scalars(select(Attempt.result).order_by(Attempt.id)))


PUBLISHED = (PostState.PUBLISHED, DeliveryState.PUBLISHED)


@pytest.mark.parametrize("state", [state for state in PostState if state is not PostState.APPROVED])
def test_a_post_in_any_other_state_than_approved_is_not_scheduled(runtime: Runtime, clock: StoppedClock, state: PostState) -> None:
    with runtime.sessions.begin() as db:
        make_post(db, state=state, published_at=clock.now() if state is PostState.PUBLISHED else None, approved_digest="0" * 64)
    with runtime.sessions.begin() as db:
        assert outbox.fill(db, clock.now()) == 0
        assert db.scalars(select(Delivery)).all() == []
        db.execute(update(Post).values(state=PostState.DRAFT, approved_digest=None))


@pytest.mark.parametrize("digest", [None, "0" * 64])
def test_a_post_marked_approved_past_every_door_is_not_scheduled(runtime: Runtime, clock: StoppedClock, digest: str | None) -> None:
    with runtime.sessions.begin() as db:
        make_post(db, state=PostState.APPROVED, approved_digest=digest)
    with runtime.sessions.begin() as db:
        assert outbox.fill(db, clock.now()) == 0
        assert db.scalars(select(Delivery)).all() == []


def test_a_post_that_cannot_be_prepared_steps_aside_and_ends_as_missed(
    runtime: Runtime, approved: Approved, go: Callable[..., None], platform: Scripted
) -> None:
    approved(minutes=9, text="Its token cannot be opened")
    approved(minutes=10, text="In order")
    with runtime.sessions.begin() as db:
        db.execute(text("UPDATE credentials SET access_token = 'not sealed by us' WHERE channel_id = (SELECT min(channel_id) FROM posts)"))

    go(minutes=10)
    assert [call.text for call in platform.calls] == ["In order"]
    assert states(runtime) == [(PostState.SCHEDULED, DeliveryState.DUE), PUBLISHED]
    go(minutes=30)

    assert states(runtime) == [(PostState.MISSED, DeliveryState.MISSED), PUBLISHED]
    assert results(runtime) == [Result.SENT]


def test_an_adapter_that_breaks_while_sending_leaves_an_unknown_outcome_that_is_looked_up(
    runtime: Runtime, approved: Approved, go: Callable[..., None], platform: Scripted
) -> None:
    def accept_then_break(post: OutgoingPost) -> Sent:
        platform.accept(post)
        raise RuntimeError("a bug")

    platform.script = [accept_then_break]
    approved(minutes=9)
    approved(minutes=10)

    go(minutes=10)
    assert states(runtime) == [(PostState.SENDING, DeliveryState.UNKNOWN), PUBLISHED]
    go(seconds=91)

    assert states(runtime) == [PUBLISHED, PUBLISHED]
    assert len(platform.live) == 2


def test_an_adapter_that_breaks_while_looking_ends_with_a_person(
    runtime: Runtime, approved: Approved, go: Callable[..., None], platform: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> Listing:
        raise RuntimeError("a bug")

    platform.script = [Unknown("timeout")]
    monkeypatch.setattr(platform, "find", broken)
    approved()

    go(minutes=10)
    for _ in range(12):
        go(minutes=16)

    assert states(runtime) == [(PostState.UNCONFIRMED, DeliveryState.UNCONFIRMED)]
    assert len(platform.calls) == 1


def test_an_answer_is_held_until_the_database_answers_again(
    runtime: Runtime, approved: Approved, go: Callable[..., None], platform: Scripted
) -> None:
    refusals = 3

    def accept_while_the_database_goes_away(post: OutgoingPost) -> Sent:
        event.listen(runtime.engine, "begin", away)
        return platform.accept(post)  # type: ignore[return-value]

    def away(_connection: object) -> None:
        nonlocal refusals
        if refusals == 0:
            return
        refusals -= 1
        raise OperationalError("BEGIN", {}, RuntimeError("the database is restarting"))

    platform.script = [accept_while_the_database_goes_away]
    approved()

    go(minutes=10)

    assert refusals == 0
    assert (states(runtime), results(runtime)) == ([PUBLISHED], [Result.SENT])


def test_a_duplicate_refused_after_an_earlier_attempt_was_told_as_live_leaves_it_published(
    runtime: Runtime, approved: Approved, go: Callable[..., None], clock: StoppedClock, platform: Scripted
) -> None:
    def meanwhile_the_first_answers(post: OutgoingPost) -> Refused:
        with runtime.sessions.begin() as db:
            delivery_id = db.scalars(select(Attempt.delivery_id).distinct()).one()
            settle(db, runtime, {(delivery_id, 1): Sent(Receipt("late-1", "https://x.com/i/status/9"))}, now=clock.now())
        return Refused("duplicate", "You already said that.")

    platform.script = [Unknown("timeout"), meanwhile_the_first_answers]
    approved()

    go(minutes=10)
    go(seconds=91)

    assert (states(runtime), results(runtime)) == ([PUBLISHED], [Result.SENT, Result.REFUSED])


def test_a_live_message_that_an_import_brought_in_meanwhile_is_not_sent_again(
    runtime: Runtime, approved: Approved, go: Callable[..., None], clock: StoppedClock, platform: Scripted
) -> None:
    platform.script = [Unknown("timeout")]
    platform.listing = Listing((Receipt("77", "https://x.com/i/status/77"),), complete=True)
    post_id = approved()
    go(minutes=10)
    with runtime.sessions.begin() as db:
        post = db.get_one(Post, post_id)
        record_published(
            db, post.asset, post.channel, external_id="77", url="https://x.com/i/status/77", published_at=clock.now(), now=clock.now()
        )

    go(seconds=91)

    assert states(runtime) == [(PostState.UNCONFIRMED, DeliveryState.UNCONFIRMED)]
    assert len(platform.calls) == 1


def test_unknown_outcomes_of_a_channel_that_has_to_be_reconnected_do_not_keep_others_waiting(
    runtime: Runtime, approved: Approved, go: Callable[..., None], platform: Scripted
) -> None:
    platform.script = [Unknown("timeout")] * 52
    for number in range(52):
        approved(minutes=9 if number < 51 else 10)
    go(minutes=10)
    with runtime.sessions.begin() as db:
        newest = db.scalars(select(Channel.id).order_by(Channel.id.desc())).first()
        db.execute(update(Channel).where(Channel.id != newest).values(state=ChannelState.NEEDS_RECONNECT))

    for _ in range(3):
        go(seconds=91)

    assert states(runtime)[-1] == PUBLISHED
    assert {state for _, state in states(runtime)[:-1]} == {DeliveryState.UNKNOWN}


def test_posts_that_people_publish_are_not_among_what_workers_are_told(runtime: Runtime, approved: Approved, clock: StoppedClock) -> None:
    approved(channel_values={"platform": Platform.BY_HAND, "token": None})
    automatic = approved()
    clock.advance(timedelta(minutes=10))
    with runtime.sessions.begin() as db:
        assert outbox.fill(db, clock.now()) == 2
        assert queries.accounts_due(db, clock.now()) == [db.get_one(Post, automatic).channel_id]


def test_the_outcome_of_one_and_the_claim_of_the_next_are_one_commit(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted
) -> None:
    for number in range(3):
        approved(minutes=10, text=f"Message {number}")
    with runtime.sessions.begin() as db:
        outbox.fill(db, clock.now())
    clock.advance(timedelta(minutes=10))
    commits: list[object] = []
    event.listen(runtime.engine, "commit", commits.append)

    assert outbox.send_all(runtime, "a worker") == 3

    assert len(commits) == 3 + 1 + 1, "one to begin with, one for each, and one that finds nothing"
    assert states(runtime) == [PUBLISHED] * 3


def test_what_breaks_the_next_claim_leaves_the_outcome_before_it_written(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted
) -> None:
    first, _broken, _third = (approved(minutes=at, text=said) for at, said in ((8, "First"), (9, "Its token cannot be opened"), (10, "Third")))
    with runtime.sessions.begin() as db:
        outbox.fill(db, clock.now())
        db.execute(text("UPDATE credentials SET access_token = 'not sealed by us' WHERE channel_id = (SELECT channel_id FROM posts WHERE id = :id)"), {"id": first + 1})
    clock.advance(timedelta(minutes=10))

    assert outbox.send_all(runtime, "a worker") == 3

    assert [call.text for call in platform.calls] == ["First", "Third"]
    assert states(runtime) == [PUBLISHED, (PostState.SCHEDULED, DeliveryState.DUE), PUBLISHED]
    assert results(runtime) == [Result.SENT, Result.SENT]


def test_a_worker_told_to_stop_ends_what_it_sends_and_opens_nothing_more(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted
) -> None:
    approved(text="First")
    approved(text="Second")
    with runtime.sessions.begin() as db:
        outbox.fill(db, clock.now())
    clock.advance(timedelta(minutes=10))

    assert outbox.send_all(runtime, "a worker", goes_on=lambda: not platform.calls) == 1

    assert states(runtime) == [PUBLISHED, (PostState.SCHEDULED, DeliveryState.DUE)]
    assert results(runtime) == [Result.SENT]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer at a time.
def test_a_post_that_somebody_is_changing_this_moment_is_passed_over(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted
) -> None:
    held, _other = approved(minutes=9, text="Being changed"), approved(minutes=10, text="In order")
    with runtime.sessions.begin() as db:
        outbox.fill(db, clock.now())
    clock.advance(timedelta(minutes=10))
    with runtime.sessions.begin() as somebody:
        somebody.execute(update(Post).where(Post.id == held).values(updated_at=clock.now()))
        assert outbox.send_all(runtime, "a worker") == 1
    assert outbox.send_all(runtime, "a worker") == 1

    assert [call.text for call in platform.calls] == ["In order", "Being changed"]


def test_a_call_that_lasts_keeps_its_lease(runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted, tmp_path: Path) -> None:
    product = replace(runtime, settings=make_settings(tmp_path, runtime.settings.database_url, lease_seconds=1))

    def lasting(post: OutgoingPost) -> Outcome:
        clock.advance(timedelta(seconds=0.8))
        wait_until(lambda: lease() >= clock.now() + timedelta(seconds=1), seconds=30, what="the lease's renewal")
        return platform.accept(post)

    def lease() -> datetime:
        with runtime.sessions() as db:
            return db.scalars(select(Delivery.lease_until)).one() or clock.now()

    approved()
    with runtime.sessions.begin() as db:
        outbox.fill(db, clock.now())
    clock.advance(timedelta(minutes=10))
    platform.script = [lasting]

    outbox.send_one(product, "a worker")

    assert states(runtime) == [PUBLISHED]


@pytest.mark.parametrize("why", ["approved", "paused", "silent", "withdrawn", "cancelled while held", "late"])
def test_the_outbox_is_tidy_until_there_is_something_to_put_in_order(
    runtime: Runtime, approved: Approved, clock: StoppedClock, platform: Scripted, why: str
) -> None:
    post_id = approved(minutes=10)
    tick.keep_house(runtime)
    with runtime.sessions.begin() as db:
        assert outbox.is_tidy(db, clock.now())
        delivery = db.scalars(select(Delivery).where(Delivery.post_id == post_id)).one()
        if why == "paused":
            pauses.pause(db, "Quiet, please.", actor=None, now=clock.now())
        if why == "silent":
            delivery.state, delivery.lease_until = DeliveryState.SENDING, clock.now() - timedelta(seconds=1)
        if why == "withdrawn":
            delivery.post.state = PostState.IN_REVIEW
        if why == "cancelled while held":
            delivery.state, delivery.post.state = DeliveryState.HELD, PostState.CANCELLED
        if why == "late":
            clock.advance(timedelta(minutes=31))
    if why == "approved":
        approved(minutes=20)

    with runtime.sessions.begin() as db:
        assert not outbox.is_tidy(db, clock.now())
        db.rollback()
    if why == "silent":  # Played, without an attempt: nothing is left of it.
        with runtime.sessions.begin() as db:
            db.execute(update(Delivery).values(state=DeliveryState.DUE, lease_until=None))
    tick.keep_house(runtime)
