"""The outbox's protocol: one attempt before the first byte, outcomes as facts, nothing lost and nothing doubled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset, AssetFile, AssetKind
from planner.channels.models import ChannelState
from planner.channels.port import Listing, MediaKind, Platform, Receipt, Refused, RetryLater, Sent, Unknown
from planner.core.errors import Invalid
from planner.core.runtime import Runtime
from planner.jobs import tick
from planner.planning import pauses
from planner.planning import service as planning
from planner.planning.models import Post, PostState
from planner.publishing import outbox, reconcile, service
from planner.publishing.models import Attempt, Delivery, DeliveryState, Result
from tests.conftest import StoppedClock
from tests.factories import make_asset, make_post
from tests.publishing.conftest import Scripted, seal_of

pytestmark = pytest.mark.usefixtures("healthy")


@pytest.fixture
def go(runtime: Runtime, clock: StoppedClock) -> Callable[..., None]:
    """Let time pass, then do one round of everything that is due."""

    def _go(**by: float) -> None:
        if by:
            clock.advance(timedelta(**by))
        tick.run(runtime, schedule=False)

    return _go


def look(runtime: Runtime, post_id: int) -> tuple[PostState, DeliveryState, list[Result | None]]:
    with runtime.sessions() as db:
        post = db.get_one(Post, post_id)
        delivery = db.scalars(select(Delivery).where(Delivery.post_id == post_id)).one()
        results = list(db.scalars(select(Attempt.result).where(Attempt.delivery_id == delivery.id).order_by(Attempt.id)))
        return post.state, delivery.state, results


def test_an_approved_post_goes_out_at_its_time_once(runtime, approved, go, platform: Scripted) -> None:
    post_id = approved(text="Hello")
    go()
    assert look(runtime, post_id) == (PostState.SCHEDULED, DeliveryState.DUE, [])

    go(minutes=10)
    go(minutes=1)

    assert look(runtime, post_id) == (PostState.PUBLISHED, DeliveryState.PUBLISHED, [Result.SENT])
    assert [call.text for call in platform.calls] == ["Hello"]
    with runtime.sessions() as db:
        post = db.get_one(Post, post_id)
        assert (post.external_id, post.external_url) == ("live-1", "https://x.com/i/status/1")


def test_filling_twice_makes_one_delivery(runtime, approved, clock) -> None:
    approved()
    with runtime.sessions.begin() as db:
        assert outbox.fill(db, clock.now()) == 1
    with runtime.sessions.begin() as db:
        assert outbox.fill(db, clock.now()) == 0
        assert len(db.scalars(select(Delivery)).all()) == 1


def test_a_definite_not_now_is_tried_again_when_the_platform_asked(runtime, approved, go, platform: Scripted) -> None:
    platform.script = [RetryLater("slow down", after=timedelta(seconds=120), account=True)]
    post_id = approved()

    go(minutes=10)
    assert look(runtime, post_id)[1:] == (DeliveryState.RETRY, [Result.LATER])
    go(seconds=60)
    assert len(platform.calls) == 1
    go(seconds=61)

    assert look(runtime, post_id)[1:] == (DeliveryState.PUBLISHED, [Result.LATER, Result.SENT])


def test_a_wait_of_one_post_holds_its_whole_account(runtime, approved, go, clock, platform: Scripted) -> None:
    platform.script = [RetryLater("slow down", after=timedelta(minutes=5), account=True)]
    first = approved()
    with runtime.sessions.begin() as db:
        from tests.factories import make_post, make_user

        author, approver = make_user(db, roles=("planner",)), make_user(db, roles=("approver",))
        channel = db.get_one(Post, first).channel
        second = make_post(db, channel=channel, text="Another", author=author, publish_at=clock.now() + timedelta(minutes=11))
        planning.submit(db, second, actor=author, now=clock.now())
        planning.approve(db, second, actor=approver, now=clock.now())

    go(minutes=10)
    go(minutes=2)
    assert len(platform.calls) == 1
    go(minutes=4)

    assert len(platform.live) == 2


def test_a_permanent_no_fails_with_the_platforms_reason(runtime, approved, go, platform: Scripted) -> None:
    platform.script = [Refused("content", "Your text is not allowed here.")]
    post_id = approved()

    go(minutes=10)

    assert look(runtime, post_id) == (PostState.FAILED, DeliveryState.FAILED, [Result.REFUSED])
    with runtime.sessions() as db:
        assert db.scalars(select(Delivery.reason)).one() == "Your text is not allowed here."


def test_a_refused_account_is_held_and_resumes_after_reconnecting(runtime, approved, go, clock, platform: Scripted) -> None:
    platform.script = [Refused("unauthorised", "Invalid token.", account=True)]
    post_id = approved()
    go(minutes=10)
    assert look(runtime, post_id)[1] is DeliveryState.HELD
    go(minutes=1)
    assert len(platform.calls) == 1, "one 401, then silence"

    from planner.channels import service as channels

    with runtime.sessions.begin() as db:
        channel = db.get_one(Post, post_id).channel
        assert channel.state is ChannelState.NEEDS_RECONNECT
        channels.reconnect(db, channel, access_token="fresh", actor=None, now=clock.now())
        assert service.release_channel(db, channel, now=clock.now()) == 1
    go(seconds=5)

    assert look(runtime, post_id)[1] is DeliveryState.PUBLISHED


def test_an_answer_that_never_came_is_looked_up_after_it_settled_and_found(runtime, approved, go, platform: Scripted) -> None:
    def accepted_then_dropped(post):  # type: ignore[no-untyped-def]
        platform.accept(post)
        return Unknown("The connection was cut after the message was sent.")

    platform.script = [accepted_then_dropped]
    post_id = approved()

    go(minutes=10)
    assert look(runtime, post_id) == (PostState.SENDING, DeliveryState.UNKNOWN, [None])
    go(seconds=60)
    assert platform.looks == 0, "it has not settled yet"
    go(seconds=31)

    assert look(runtime, post_id) == (PostState.PUBLISHED, DeliveryState.PUBLISHED, [Result.FOUND])
    assert len(platform.calls) == 1
    assert len(platform.live) == 1


def test_an_unknown_outcome_that_is_absent_from_a_complete_listing_is_sent_again(runtime, approved, go, platform: Scripted) -> None:
    platform.script = [Unknown("timeout")]
    post_id = approved()

    go(minutes=10)
    go(seconds=91)

    assert look(runtime, post_id) == (PostState.PUBLISHED, DeliveryState.PUBLISHED, [Result.ABSENT, Result.SENT])
    assert len(platform.live) == 1


def test_a_clock_set_forward_does_not_shorten_the_time_to_settle(runtime, approved, go, clock, platform: Scripted) -> None:
    platform.script = [Unknown("timeout")]
    approved(channel_values={"grace_minutes": 600})
    go(minutes=10)

    clock.moment += timedelta(hours=1)
    go()

    assert platform.looks == 0


def test_an_incomplete_listing_never_proves_absence_and_ends_with_a_person(runtime, approved, go, platform: Scripted) -> None:
    platform.script = [Unknown("timeout")]
    platform.listing = Listing((), complete=False, reason="503")
    post_id = approved()

    go(minutes=10)
    for _ in range(12):
        go(minutes=16)

    assert look(runtime, post_id) == (PostState.UNCONFIRMED, DeliveryState.UNCONFIRMED, [None])
    assert len(platform.calls) == 1


def test_several_matches_are_for_a_person_to_tell_apart(runtime, approved, go, clock, platform: Scripted) -> None:
    platform.script = [Unknown("timeout")]
    platform.listing = Listing((Receipt("1", "https://x.com/i/status/1"), Receipt("2", "https://x.com/i/status/2")), complete=True)
    post_id = approved()
    go(minutes=10)
    go(seconds=91)
    assert look(runtime, post_id)[:2] == (PostState.UNCONFIRMED, DeliveryState.UNCONFIRMED)

    with runtime.sessions.begin() as db:
        delivery = db.scalars(select(Delivery)).one()
        service.record_by_hand(db, delivery, url="https://x.com/group/status/2", actor=None, now=clock.now())

    assert look(runtime, post_id) == (PostState.PUBLISHED, DeliveryState.PUBLISHED, [Result.FOUND])


def test_a_sensitive_announcement_is_never_sent_again_by_itself(runtime, approved, go, platform: Scripted) -> None:
    platform.script = [Unknown("timeout")]
    post_id = approved(asset=lambda db: make_asset(db, sensitive=True))

    go(minutes=10)
    go(seconds=91)

    assert look(runtime, post_id) == (PostState.UNCONFIRMED, DeliveryState.UNCONFIRMED, [Result.ABSENT])
    assert len(platform.calls) == 1


def test_a_sensitive_announcement_leaves_so_that_nobody_answers_it_and_no_other_post_does(runtime, approved, go, platform: Scripted) -> None:
    approved(asset=lambda db: make_asset(db, sensitive=True))
    approved()

    go(minutes=10)
    go(seconds=1)

    assert sorted(one.replies_off for one in platform.live) == [False, True]


def test_what_becomes_sensitive_after_its_approval_does_not_leave(runtime, approved, go, platform: Scripted) -> None:
    post_id = approved()
    with runtime.sessions.begin() as db:
        db.get_one(Post, post_id).asset.sensitive = True

    go(minutes=10)

    assert (look(runtime, post_id)[1], platform.calls) == (DeliveryState.HELD, [])


def test_a_worker_that_dies_while_sending_is_found_out_and_its_post_is_not_doubled(runtime, approved, go, clock, platform: Scripted) -> None:
    post_id = approved()
    clock.advance(timedelta(minutes=10))
    with runtime.sessions.begin() as db:
        outbox.fill(db, clock.now())
    with runtime.sessions.begin() as db:
        [claim] = outbox.open_attempts(db, runtime, "a worker about to die", now=clock.now())
    platform.accept(claim.post)  # The platform took it; the worker died before it could write that down.

    go()
    assert look(runtime, post_id)[1] is DeliveryState.SENDING, "its lease still runs"
    go(seconds=61)
    assert look(runtime, post_id)[1] is DeliveryState.UNKNOWN
    go(seconds=91)

    assert look(runtime, post_id) == (PostState.PUBLISHED, DeliveryState.PUBLISHED, [Result.FOUND])
    assert len(platform.live) == 1


def test_a_late_success_is_recorded_although_the_lease_is_gone(runtime, approved, go, clock, platform: Scripted) -> None:
    post_id = approved()
    clock.advance(timedelta(minutes=10))
    with runtime.sessions.begin() as db:
        outbox.fill(db, clock.now())
    with runtime.sessions.begin() as db:
        [claim] = outbox.open_attempts(db, runtime, "a slow worker", now=clock.now())
    go(seconds=61)

    from planner.publishing.settling import settle

    with runtime.sessions.begin() as db:
        settle(db, runtime, {claim.attempt: Sent(Receipt("late-1", "https://x.com/i/status/9"))}, now=clock.now())

    assert look(runtime, post_id) == (PostState.PUBLISHED, DeliveryState.PUBLISHED, [Result.SENT])


def test_a_post_later_than_its_grace_is_missed_and_a_person_may_send_it(runtime, approved, go, clock, platform: Scripted) -> None:
    post_id = approved()
    go()
    go(hours=6)
    assert look(runtime, post_id) == (PostState.MISSED, DeliveryState.MISSED, [])
    assert platform.calls == []

    with runtime.sessions.begin() as db:
        service.retry(db, db.scalars(select(Delivery)).one(), actor=None, now=clock.now())
    go(seconds=1)

    assert look(runtime, post_id) == (PostState.PUBLISHED, DeliveryState.PUBLISHED, [Result.SENT])


def test_not_now_for_ever_ends_as_failed(runtime, approved, go, platform: Scripted) -> None:
    platform.script = [RetryLater("busy", after=timedelta(seconds=5))] * 10
    post_id = approved()

    go(minutes=10)
    for _ in range(6):
        go(seconds=6)

    assert look(runtime, post_id)[0] is PostState.FAILED
    assert len(platform.calls) == 4


@pytest.mark.parametrize("interference", ["pause", "embargo", "edit", "withdraw", "cancel", "retire"])
def test_what_changes_between_planning_and_sending_stops_the_call(runtime, approved, go, clock, platform: Scripted, interference: str) -> None:
    post_id = approved()
    go()
    with runtime.sessions.begin() as db:
        post = db.get_one(Post, post_id)
        if interference == "pause":
            pauses.pause(db, "Strike", actor=None, now=clock.now())
        elif interference == "embargo":
            post.asset.embargo_until = clock.now() + timedelta(days=3)
        elif interference == "edit":
            post.text = "Other words, written past every door"
        elif interference == "withdraw":
            planning.withdraw(db, post, actor=None, now=clock.now())
        elif interference == "cancel":
            planning.cancel(db, post, actor=None, now=clock.now())
        else:
            db.get_one(Asset, post.asset_id).state = "retired"

    go(minutes=10)
    go(minutes=1)

    assert platform.calls == []
    assert look(runtime, post_id)[1] in (DeliveryState.HELD, DeliveryState.CANCELLED)


def test_ending_a_pause_sends_nothing_by_itself(runtime, approved, go, clock, platform: Scripted) -> None:
    approved()
    with runtime.sessions.begin() as db:
        pause = pauses.pause(db, "Strike", actor=None, now=clock.now())
        pause_id = pause.id
    go(minutes=10)
    with runtime.sessions.begin() as db:
        from planner.planning.quiet_models import Pause

        pauses.resume(db, db.get_one(Pause, pause_id), actor=None, now=clock.now())

    go(minutes=1)

    assert platform.calls == []


def test_two_workers_on_one_row_send_it_once(runtime, approved, clock, platform: Scripted) -> None:
    import threading

    approved()
    clock.advance(timedelta(minutes=10))
    with runtime.sessions.begin() as db:
        outbox.fill(db, clock.now())
    ready = threading.Barrier(4)

    def work(name: str) -> None:
        ready.wait()
        outbox.send_one(runtime, name)

    threads = [threading.Thread(target=work, args=(f"worker {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(platform.calls) == 1


def test_a_duplicate_refused_after_an_absent_attempt_is_looked_up_again(runtime, approved, go, platform: Scripted) -> None:
    """The first attempt was accepted late, after the listing had been read."""

    def late(post):  # type: ignore[no-untyped-def]
        platform.accept(post)
        return Refused("duplicate", "You already said that.")

    platform.script = [Unknown("timeout"), late]
    post_id = approved()

    go(minutes=10)
    go(seconds=91)
    go(seconds=91)

    assert look(runtime, post_id) == (PostState.PUBLISHED, DeliveryState.PUBLISHED, [Result.ABSENT, Result.FOUND])
    assert len(platform.live) == 1


def test_a_post_by_hand_waits_for_the_person_who_publishes_it(runtime, approved, go, clock, platform: Scripted) -> None:
    post_id = approved(channel_values={"platform": Platform.BY_HAND, "token": None})
    go(minutes=40)
    assert platform.calls == []

    with runtime.sessions.begin() as db:
        post = db.get_one(Post, post_id)
        delivery = service.delivery_for(db, post, now=clock.now())
        service.record_by_hand(db, delivery, url="https://example.com/said", actor=None, now=clock.now())

    state, delivery_state, results = look(runtime, post_id)
    assert (state, delivery_state, results) == (PostState.PUBLISHED, DeliveryState.PUBLISHED, [Result.FOUND])


@pytest.mark.parametrize(
    ("url", "number"),
    [
        ("https://x.com/group/status/1234567890123456789/photo/1", "1234567890123456789"),
        ("https://x.com/group/status/1234567890123456789?s=20", "1234567890123456789"),
        ("https://www.linkedin.com/feed/update/urn:li:share:7123/", "urn:li:share:7123"),
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=3s", "dQw4w9WgXcQ"),
        ("https://youtu.be/dQw4w9WgXcQ", "dQw4w9WgXcQ"),
    ],
)
def test_the_platform_s_number_is_read_out_of_an_address_a_person_gives(runtime, approved, go, clock, platform: Scripted, url: str, number: str) -> None:
    platform.script = [Unknown("timeout")]
    platform.listing = Listing((), complete=False)
    post_id = approved()
    go(minutes=10)

    with runtime.sessions.begin() as db:
        service.record_by_hand(db, db.scalars(select(Delivery)).one(), url=url, actor=None, now=clock.now())

    with runtime.sessions() as db:
        assert (db.get_one(Post, post_id).external_id, db.get_one(Post, post_id).external_url) == (number, url)


def test_an_address_that_is_another_post_s_is_refused_and_nothing_changes(runtime, approved, go, clock) -> None:
    by_hand = {"platform": Platform.BY_HAND, "token": None}
    first = approved(channel_values=by_hand)
    with runtime.sessions.begin() as db:
        second = make_post(db, channel=db.get_one(Post, first).channel, publish_at=clock.now() + timedelta(minutes=10)).id
        planning.submit(db, db.get_one(Post, second), actor=None, now=clock.now())
        planning.approve(db, db.get_one(Post, second), actor=None, now=clock.now())
    go(minutes=10)

    def recorded(post_id: int, url: str) -> PostState:
        with runtime.sessions.begin() as db:
            service.record_by_hand(db, service.delivery_for(db, db.get_one(Post, post_id), now=clock.now()), url=url, actor=None, now=clock.now())
        return look(runtime, post_id)[0]

    assert recorded(first, "https://example.com/news/12") is PostState.PUBLISHED
    with pytest.raises(Invalid) as refusal:
        recorded(second, "https://example.com/news/12")
    assert refusal.value.field == "url"
    assert look(runtime, second) == (PostState.SCHEDULED, DeliveryState.DUE, [])
    assert recorded(second, "https://example.com/topics/12") is PostState.PUBLISHED


def test_an_outcome_that_cannot_be_looked_up_stands_in_nobody_s_way_and_ends_with_a_person(runtime, approved, go, platform: Scripted) -> None:
    platform.script = [Unknown("timeout"), Unknown("timeout")]
    broken, whole = approved(), approved()
    go(minutes=10)
    sealed = seal_of(runtime, broken, b"by a key that is gone")

    go(seconds=91)
    go(seconds=91)
    assert look(runtime, whole)[0] is PostState.PUBLISHED

    for _ in range(12):
        go(minutes=16)
    assert look(runtime, broken) == (PostState.UNCONFIRMED, DeliveryState.UNCONFIRMED, [None])
    seal_of(runtime, broken, sealed)


def test_another_video_than_the_approved_one_does_not_leave(runtime, approved, go, clock, platform: Scripted) -> None:
    def film(db: Session) -> Asset:
        asset = make_asset(db, kind=AssetKind.VIDEO)
        with_video(asset, "first.mp4")
        return asset

    def with_video(asset: Asset, name: str) -> None:
        stored = f"{asset.id}-{name}"
        asset.files.append(AssetFile(kind=MediaKind.VIDEO, name=name, stored_name=stored, mime="video/mp4", size=1, sha256="0", created_at=clock.now()))

    same, other = (approved(asset=film, channel_values={"platform": Platform.YOUTUBE}) for _ in range(2))
    with runtime.sessions.begin() as db:
        with_video(db.get_one(Post, other).asset, "second.mp4")

    go(minutes=10)

    assert [[file.name for file in one.media] for one in platform.live] == [["first.mp4"]]
    assert [look(runtime, post_id)[1] for post_id in (same, other)] == [DeliveryState.PUBLISHED, DeliveryState.HELD]


def test_reconciling_with_nothing_unknown_finds_nothing(runtime) -> None:
    assert reconcile.look_next(runtime, "worker") is None


def test_the_link_leaves_with_its_marks_or_as_our_short_one(runtime, approved, go, platform: Scripted) -> None:
    page, marks = "https://example.com/a", {"source": "x", "medium": "social", "campaign": ""}
    approved(text="Long", link=page, marks=marks)
    number = approved(text="Short", link=page, marks=marks, channel_values={"config": {"short_links": True}})

    go(minutes=11)
    go(minutes=1)

    with runtime.sessions() as db:
        code = db.get_one(Post, number).short_code
    long, short = f"{page}?utm_source=x&utm_medium=social&utm_content=post-1", f"http://127.0.0.1:8000/l/{code}"
    assert sorted((call.text, call.link) for call in platform.calls) == [(f"Long {long}", long), (f"Short {short}", short)]
