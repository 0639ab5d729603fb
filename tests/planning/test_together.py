"""Several posts at once: by their own clocks, all or none, beside each other where they will be, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry, User
from planner.catalog.models import AssetKind
from planner.core.errors import Conflict, EmbargoActive, Invalid, NotFound, PastMoment, WrongState
from planner.planning import service, together
from planner.planning.models import PostState
from planner.planning.together import Doing, Shift
from tests.factories import NOON, make_asset, make_channel, make_post, make_user

DAY = timedelta(days=1)


def doing(actor: User | None, now: datetime = NOON) -> Doing:
    return Doing(lambda _platform: None, "releases", actor, now)


@pytest.fixture
def planner(db: Session) -> User:
    return make_user(db, roles=("planner",))


def test_ten_o_clock_stays_ten_o_clock_in_each_post_s_own_zone(db: Session, planner: User) -> None:
    before = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)  # Paris changes its clocks on the 29th, New York has already.
    paris, york = make_post(db, publish_at=before, time_zone="Europe/Paris"), make_post(db, publish_at=before, time_zone="America/New_York")

    together.move(db, [paris, york], Shift(days=7), {}, doing(planner))

    assert [paris.publish_at, york.publish_at] == [before + 7 * DAY - timedelta(hours=1), before + 7 * DAY]


def test_an_hour_that_does_not_exist_is_refused_in_the_preview(db: Session, planner: User) -> None:
    post = make_post(db, publish_at=datetime(2026, 3, 28, 1, 30, tzinfo=UTC), time_zone="Europe/Paris")

    (step,) = together.look(db, [post], Shift(days=1), doing(planner))

    assert (type(step.refused), step.at) == (Invalid, None)
    assert "02:30 does not exist" in str(step.refused)


def test_the_preview_says_what_is_new_there_and_changes_nothing(db: Session, planner: User) -> None:
    channel = make_channel(db)
    post = make_post(db, channel=channel, text="One.")
    make_post(db, channel=channel, publish_at=NOON + 3 * DAY + timedelta(minutes=5), text="Another.")
    db.commit()

    (step,) = together.look(db, [post], Shift(days=2), doing(planner))

    assert (step.at, [one.code for one in step.findings]) == (NOON + 3 * DAY, ["clash"])
    assert (post.publish_at, db.is_modified(post), list(db.new)) == (NOON + DAY, False, [])


def test_posts_that_move_together_do_not_meet_where_the_others_stood(db: Session, planner: User) -> None:
    channel = make_channel(db)
    posts = [make_post(db, channel=channel, publish_at=NOON + number * DAY, text=f"Text {number}.") for number in (1, 2, 3)]

    steps = together.look(db, posts, Shift(days=1), doing(planner))

    assert [one.findings for one in steps] == [[], [], []]


def test_one_refusal_moves_none(db: Session, planner: User) -> None:
    free = make_post(db)
    held = make_post(db, asset=make_asset(db, embargo_until=NOON + 9 * DAY), publish_at=NOON + 10 * DAY)
    db.commit()

    with pytest.raises(EmbargoActive):
        together.move(db, [free, held], Shift(days=-2), {}, doing(planner, NOON - 5 * DAY))
    db.rollback()
    steps = together.look(db, [free, held], Shift(days=-2), doing(planner, NOON - 5 * DAY))

    assert (free.publish_at, held.publish_at) == (NOON + DAY, NOON + 10 * DAY)
    assert [type(one.refused) for one in steps] == [type(None), EmbargoActive]


def test_an_approved_post_that_asks_again_says_so(db: Session) -> None:
    approver = make_user(db, roles=("approver", "planner"))
    release, blog = (make_post(db, asset=make_asset(db, kind=kind), state=PostState.SCHEDULED) for kind in (AssetKind.PRESS_RELEASE, AssetKind.BLOG_POST))

    steps = together.look(db, [release, blog], Shift(days=1), doing(approver))

    assert [one.asks_again for one in steps] == [True, False]


def test_a_move_of_several_is_taken_back_at_once_with_its_approvals(db: Session) -> None:
    person = make_user(db, roles=("planner",))
    posts = [make_post(db), make_post(db, publish_at=NOON + 2 * DAY)]
    service.submit(db, posts[1], actor=person, now=NOON)
    service.approve(db, posts[1], actor=make_user(db, roles=("approver",)), now=NOON)
    later = NOON + timedelta(minutes=1)
    together.move(db, posts, Shift(days=3), {}, doing(person, later))
    assert [one.state for one in posts] == [PostState.DRAFT, PostState.IN_REVIEW]

    count = together.take_back(db, later, doing(person, later + timedelta(seconds=5)))

    assert (count, [one.publish_at for one in posts]) == (2, [NOON + DAY, NOON + 2 * DAY])
    assert posts[1].state is PostState.APPROVED


def test_submitting_and_cancelling_several_are_taken_back_too(db: Session, planner: User) -> None:
    posts = [make_post(db), make_post(db)]
    together.submit(db, posts, doing(planner))
    together.take_back(db, NOON, doing(planner, NOON + timedelta(seconds=1)))
    assert [one.state for one in posts] == [PostState.DRAFT] * 2

    at = NOON + timedelta(minutes=1)
    together.cancel(db, posts, " The event is off. ", doing(planner, at))

    assert [one.state for one in posts] == [PostState.CANCELLED] * 2
    assert set(db.scalars(select(Entry.note).where(Entry.action == "post.cancelled"))) == {"The event is off."}
    together.take_back(db, at, doing(planner, at + timedelta(seconds=1)))
    assert [one.state for one in posts] == [PostState.DRAFT] * 2


def test_nothing_is_taken_back_of_what_others_did_or_changed_since(db: Session, planner: User) -> None:
    posts = [make_post(db), make_post(db)]
    together.move(db, posts, Shift(days=1), {}, doing(planner))
    with pytest.raises(WrongState):
        together.take_back(db, NOON, doing(make_user(db, roles=("planner",))))
    later = NOON + timedelta(minutes=1)
    service.move(db, posts[0], NOON + 5 * DAY, actor=planner, now=later)

    with pytest.raises(Conflict):
        together.take_back(db, NOON, doing(planner, later))


def test_what_stands_in_the_way_is_said_post_by_post(db: Session, planner: User) -> None:
    good, gone, late = make_post(db), make_post(db, state=PostState.PUBLISHED, published_at=NOON), make_post(db, publish_at=NOON - DAY)

    submitted = together.what_blocks(db, [good, gone, late], "submit", doing(planner))
    cancelled = together.what_blocks(db, [good, gone, late], "cancel", doing(planner))

    assert [type(one.refused) for one in submitted] == [type(None), WrongState, PastMoment]
    assert [type(one.refused) for one in cancelled] == [type(None), WrongState, type(None)]


def test_too_many_none_and_unknown_posts_are_refused(db: Session, planner: User) -> None:
    for numbers, error in (([], Invalid), (range(1, 102), Invalid), ([987], NotFound)):
        with pytest.raises(error):
            together.posts_of(db, list(numbers), viewer=planner)
