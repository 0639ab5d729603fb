"""The drawer: what lies in it and for whom, the moment a day gives, and posts that go back into it and out again as they were."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.catalog.models import AssetKind, AssetState, Confidentiality
from planner.core.errors import Conflict, EmbargoActive, Forbidden, PastMoment, Refused, WrongState
from planner.planning import drawer, service, together
from planner.planning.models import PostState
from planner.planning.together import Doing
from tests.factories import NOON, make_asset, make_channel, make_post, make_user
from tests.planning.test_queries import counting

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WEDNESDAY = date(2026, 3, 4)
NINE = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def doing(actor: User | None, now: datetime = NOON) -> Doing:
    return Doing(lambda _platform: None, "releases", actor, now)


@pytest.fixture
def planner(db: Session) -> User:
    return make_user(db, roles=("planner",))


def test_it_holds_drafts_without_a_time_then_ready_assets_that_nobody_planned(db: Session) -> None:
    free, dropped = make_asset(db, title="Free"), make_post(db, state=PostState.CANCELLED, asset=make_asset(db, title="Dropped")).asset
    loose = make_post(db, publish_at=None, asset=make_asset(db, title="Loose"), channel=make_channel(db, name="Town"))
    make_post(db)
    make_asset(db, state=AssetState.IDEA)

    held = drawer.drawer(db, viewer=None)

    assert [(one.title, one.post_id, one.channel) for one in held.lines[:1]] == [("Loose", loose.id, "Town")]
    assert {(one.asset_id, one.post_id) for one in held.lines[1:]} == {(free.id, None), (dropped.id, None)}
    assert held.more is False


def test_it_says_when_there_is_more_and_costs_one_statement(db: Session) -> None:
    for number in range(3):
        make_asset(db)
        make_post(db, publish_at=None, updated_at=NOON + number * HOUR)
    db.flush()

    with counting(db) as seen:
        held = drawer.drawer(db, viewer=None, limit=2)

    assert (len(held.lines), held.more, len(seen)) == (4, True, 1)
    assert [one.post_id is not None for one in held.lines] == [True, True, False, False]


def test_it_hides_what_its_reader_may_not_know(db: Session) -> None:
    secret = {"confidentiality": Confidentiality.CONFIDENTIAL}
    author, viewer = make_user(db, roles=("author",)), make_user(db, roles=("viewer",))
    make_asset(db, **secret)
    make_post(db, publish_at=None, asset=make_asset(db, title="Merger", **secret), author=author)

    assert [[one.title for one in drawer.drawer(db, viewer=who).lines] for who in (viewer, author)] == [[], ["Merger"]]


@pytest.mark.parametrize(
    ("soonest", "lift", "taken", "at"),
    [
        (NOON, None, [], NINE),
        (NOON, None, [NINE], NINE + 2 * QUARTER),
        (NOON, None, [NINE - timedelta(minutes=14), NINE + 2 * QUARTER], NINE + HOUR),
        # Today, after nine: the next half hour.
        (NINE + timedelta(minutes=40), None, [], NINE + HOUR),
        # An embargo that lifts that day: the very moment, else a half hour after it.
        (NOON, NINE + timedelta(hours=5, minutes=7), [], NINE + timedelta(hours=5, minutes=7)),
        (NOON, NINE + 5 * HOUR, [NINE + 5 * HOUR], NINE + 5 * HOUR + 2 * QUARTER),
        (NOON, NINE - 9 * HOUR, [], NINE),
        # One that lifts later, a day that is over or full: nine, for a rule to say what is wrong with it.
        (NOON, NINE + 3 * DAY, [], NINE),
        (NINE + 3 * DAY, None, [], NINE),
        (NOON, None, [NINE + number * 2 * QUARTER for number in range(40)], NINE),
    ],
)
def test_a_day_gives_the_first_free_time_from_nine(soonest: datetime, lift: datetime | None, taken: list[datetime], at: datetime) -> None:
    assert drawer.moment_on(WEDNESDAY, "Europe/Paris", soonest=soonest, lift=lift, taken=taken, gap=QUARTER) == at


def test_an_asset_put_on_a_day_is_a_draft_with_its_words_and_undo_takes_it_away(db: Session, planner: User) -> None:
    asset, channel = make_asset(db, title="Open house", url="https://example.com/open"), make_channel(db)
    make_post(db, channel=channel, publish_at=NINE)

    post = drawer.plan_on(db, asset, channel, WEDNESDAY, actor=planner, now=NOON)

    assert (post.state, post.publish_at, post.text, post.link) == (PostState.DRAFT, NINE + 2 * QUARTER, "Open house", "https://example.com/open")
    assert asset.id not in {one.asset_id for one in drawer.drawer(db, viewer=planner).lines}
    assert together.take_back(db, NOON, doing(planner)) == 1
    db.flush()
    assert (post.state, [one.asset_id for one in drawer.drawer(db, viewer=planner).lines]) == (PostState.CANCELLED, [asset.id])


def test_what_a_rule_refuses_stays_in_the_drawer(db: Session, planner: User) -> None:
    channel = make_channel(db)
    release = make_asset(db, kind=AssetKind.PRESS_RELEASE, embargo_until=NINE + DAY)
    sensitive = make_post(db, channel=channel, asset=make_asset(db, sensitive=True)).asset

    for asset, day, why in ((release, WEDNESDAY, EmbargoActive), (make_asset(db), date(2026, 2, 20), PastMoment), (sensitive, WEDNESDAY, Refused)):
        with pytest.raises(why):
            drawer.plan_on(db, asset, channel, day, actor=planner, now=NOON)
    with pytest.raises(Forbidden):
        drawer.plan_on(db, make_asset(db), channel, WEDNESDAY, actor=make_user(db, roles=("viewer",)), now=NOON)
    assert drawer.plan_on(db, release, channel, WEDNESDAY + DAY, actor=planner, now=NOON).publish_at == NINE + DAY


def test_a_draft_goes_in_and_comes_back_as_it_was(db: Session, planner: User) -> None:
    post = make_post(db, text="Kept.", time_zone="Europe/Paris")

    drawer.unplan(db, post, actor=planner, now=NOON)
    assert (post.publish_at, post.state, post.wall_time, post.text) == (None, PostState.DRAFT, None, "Kept.")

    together.take_back(db, NOON, doing(planner))
    assert (post.publish_at, post.state, post.wall_time) == (NOON + DAY, PostState.DRAFT, "2026-03-03T13:00")


def test_an_approved_post_comes_back_approved_and_one_whose_words_leak_by_then_does_not(db: Session, planner: User) -> None:
    approver = make_user(db, roles=("approver",))
    first, second = (make_post(db, author=planner, text="The Falcon flies.") for _ in range(2))
    for post in (first, second):
        service.submit(db, post, actor=planner, now=NOON)
        service.approve(db, post, actor=approver, now=NOON)
        drawer.unplan(db, post, actor=planner, now=NOON)
        assert (post.state, post.approved_digest) == (PostState.DRAFT, None)
    was = {"publish_at": (NOON + DAY).isoformat(), "time_zone": "Europe/Paris", "state": "approved"}

    drawer.plan_again(db, first, was, actor=planner, now=NOON)
    assert (first.state, first.publish_at, first.approved_digest is not None) == (PostState.APPROVED, NOON + DAY, True)

    make_asset(db, title="Project Falcon", embargo_until=NOON + 9 * DAY, embargo_terms=["Falcon"])
    with pytest.raises(Refused):
        drawer.plan_again(db, second, was, actor=planner, now=NOON)


def test_what_was_edited_in_the_drawer_comes_back_for_review(db: Session, planner: User) -> None:
    post = make_post(db, author=planner)
    service.submit(db, post, actor=planner, now=NOON)
    service.approve(db, post, actor=make_user(db, roles=("approver",)), now=NOON)
    drawer.unplan(db, post, actor=planner, now=NOON)
    post.text = "Other words."

    drawer.plan_again(db, post, {"publish_at": (NOON + DAY).isoformat(), "time_zone": None, "state": "scheduled"}, actor=planner, now=NOON)

    assert (post.state, post.approved_digest) == (PostState.IN_REVIEW, None)


def test_one_that_is_out_one_that_was_changed_and_one_of_another_s_stay_where_they_are(db: Session, planner: User) -> None:
    with pytest.raises(WrongState):
        drawer.unplan(db, make_post(db, state=PostState.PUBLISHED, published_at=NOON), actor=planner, now=NOON)
    post = make_post(db, author=planner)
    with pytest.raises(Conflict):
        drawer.unplan(db, post, version=post.version + 1, actor=planner, now=NOON)
    with pytest.raises(Forbidden):
        drawer.unplan(db, post, actor=make_user(db, roles=("author",)), now=NOON)
    assert post.publish_at == NOON + DAY


def test_a_loose_draft_gets_a_time_of_its_day_and_undo_takes_it_away_again(db: Session, planner: User) -> None:
    post = make_post(db, publish_at=None)

    drawer.put_on(db, post, WEDNESDAY, version=post.version, actor=planner, now=NOON)
    assert post.publish_at == NINE

    together.take_back(db, NOON, doing(planner))
    assert (post.publish_at, post.state) == (None, PostState.DRAFT)
