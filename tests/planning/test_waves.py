"""A campaign's wave moves as one: shown first, all or nothing, and back again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry, User
from planner.catalog.models import AssetKind
from planner.channels.port import Limits, Platform
from planner.core.errors import Conflict, EmbargoActive, Forbidden, Invalid
from planner.planning import service, waves
from planner.planning.models import Campaign, Post, PostState, RuleSetting
from planner.planning.together import Shift
from planner.planning.values import CampaignValues, campaign_values_of
from planner.planning.waves import Move
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_post, make_user

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PARIS = "Europe/Paris"
#: Thursday 26 March 2026, 09:00 in Paris; the clocks go forward there on the 29th.
LIFT = datetime(2026, 3, 26, 8, tzinfo=UTC)


def no_limits(_platform: Platform) -> Limits | None:
    return None


def launch(db: Session, *offsets: timedelta, **values: object) -> tuple[Campaign, list[Post], User]:
    """A campaign whose embargo lifts at LIFT, with a post at each offset, each on a channel of its own in Paris; and its planner."""
    campaign = make_campaign(db, embargo_until=LIFT)
    asset = make_asset(db, kind=AssetKind.PRESS_RELEASE)
    posts = [
        make_post(db, asset=asset, channel=make_channel(db, time_zone=PARIS), campaign=campaign, publish_at=LIFT + one, time_zone=PARIS, **values)
        for one in offsets
    ]
    return campaign, posts, make_user(db, roles=("planner",))


def later(campaign: Campaign, by: timedelta) -> CampaignValues:
    assert campaign.embargo_until is not None
    return replace(campaign_values_of(campaign), embargo_until=campaign.embargo_until + by)


def shift(db: Session, campaign: Campaign, values: CampaignValues, moves: list[Move], actor: User) -> Entry:
    entry = waves.shift(db, campaign, values, moves, version=None, limits_of=no_limits, four_eyes="releases", actor=actor, now=NOON)
    db.commit()
    return entry


def test_posts_of_the_day_keep_their_distance_and_the_others_their_time_of_day(db: Session) -> None:
    campaign, _posts, planner = launch(db, timedelta(), HOUR, 2 * DAY + HOUR)
    values = replace(campaign_values_of(campaign), embargo_until=datetime(2026, 3, 30, 7, tzinfo=UTC))  # Monday, 09:00 in summer time.

    moves = waves.proposed(db, campaign, values, viewer=planner, zone=PARIS)

    assert [one.wall for one in moves] == [datetime(2026, 3, 30, 9), datetime(2026, 3, 30, 10), datetime(2026, 4, 1, 10)]


def test_in_another_zone_the_post_of_the_day_still_goes_out_with_the_embargo(db: Session) -> None:
    campaign = make_campaign(db, embargo_until=datetime(2026, 3, 5, 14, tzinfo=UTC))
    new_york = make_channel(db, time_zone="America/New_York")
    make_post(db, channel=new_york, campaign=campaign, publish_at=campaign.embargo_until)

    (move,) = waves.proposed(db, campaign, later(campaign, 7 * DAY), viewer=None, zone=PARIS)

    assert (move.wall, move.zone) == (datetime(2026, 3, 12, 10), "America/New_York")  # 15:00 in Paris on both days; New York changed its clocks.


def test_a_day_that_moves_takes_its_posts_along_by_whole_days(db: Session) -> None:
    campaign = make_campaign(db, starts_on=date(2026, 3, 26), ends_on=date(2026, 3, 28))
    make_post(db, channel=make_channel(db, time_zone=PARIS), campaign=campaign, publish_at=LIFT)
    values = replace(campaign_values_of(campaign), starts_on=date(2026, 4, 2), ends_on=date(2026, 4, 4))

    assert [one.wall for one in waves.proposed(db, campaign, values, viewer=None, zone=PARIS)] == [datetime(2026, 4, 2, 9)]


def test_looking_changes_nothing_and_says_what_the_rules_would_say(db: Session) -> None:
    campaign, (first, second), planner = launch(db, timedelta(), HOUR)
    busy = make_post(db, channel=first.channel, publish_at=LIFT + 2 * DAY + timedelta(minutes=5))
    db.commit()
    values = later(campaign, 2 * DAY)
    moves = waves.proposed(db, campaign, values, viewer=planner, zone=PARIS)

    rows = waves.preview(db, campaign, values, moves, limits_of=no_limits, four_eyes="releases", actor=planner, now=NOON)

    assert [(one.was, one.at, one.refused) for one in rows] == [(LIFT, LIFT + 2 * DAY, None), (LIFT + HOUR, LIFT + 2 * DAY + HOUR, None)]
    assert [one.new for one in rows] == [{"clash"}, set()]
    db.commit()
    db.expire_all()
    assert (campaign.embargo_until, first.publish_at, second.publish_at) == (LIFT, LIFT, LIFT + HOUR)
    assert db.scalars(select(Entry)).all() == []
    assert busy.publish_at == LIFT + 2 * DAY + timedelta(minutes=5)


def test_a_shift_writes_one_line_a_post_and_is_undone_as_one(db: Session) -> None:
    campaign, posts, planner = launch(db, timedelta(), 3 * DAY)
    values = later(campaign, DAY)

    entry = shift(db, campaign, values, waves.proposed(db, campaign, values, viewer=planner, zone=PARIS), planner)

    assert [(one.action, one.subject_id) for one in db.scalars(select(Entry).order_by(Entry.id))] == [
        ("campaign.edited", campaign.id), ("post.moved", posts[1].id), ("post.moved", posts[0].id),  # Away from the others first.
    ]  # fmt: skip
    assert [one.publish_at for one in posts] == [LIFT + DAY, LIFT + 4 * DAY]
    undone = waves.undo(db, campaign, entry.id, limits_of=no_limits, four_eyes="releases", actor=planner, now=NOON + HOUR)
    assert (undone, campaign.embargo_until, [one.publish_at for one in posts]) == (2, LIFT, [LIFT, LIFT + 3 * DAY])


def test_undoing_brings_the_approvals_back(db: Session) -> None:
    campaign, (post,), planner = launch(db, timedelta())
    approver = make_user(db, roles=("approver",))
    service.submit(db, post, actor=planner, now=NOON)
    service.approve(db, post, actor=approver, now=NOON)
    values = later(campaign, DAY)

    entry = shift(db, campaign, values, waves.proposed(db, campaign, values, viewer=planner, zone=PARIS), planner)

    moved = post.state
    waves.undo(db, campaign, entry.id, limits_of=no_limits, four_eyes="releases", actor=planner, now=NOON + HOUR)
    assert (moved, post.state) == (PostState.IN_REVIEW, PostState.APPROVED)


def test_nothing_is_undone_once_a_post_was_moved_again(db: Session) -> None:
    campaign, (first, second), planner = launch(db, timedelta(), HOUR)
    values = later(campaign, DAY)
    entry = shift(db, campaign, values, waves.proposed(db, campaign, values, viewer=planner, zone=PARIS), planner)
    service.move(db, second, LIFT + 5 * DAY, actor=planner, now=NOON + HOUR)
    db.commit()

    with pytest.raises(Conflict, match="changed again since"):
        waves.undo(db, campaign, entry.id, limits_of=no_limits, four_eyes="releases", actor=planner, now=NOON + HOUR)

    db.rollback()
    assert (campaign.embargo_until, first.publish_at) == (LIFT + DAY, LIFT + DAY)


def test_one_post_that_is_refused_leaves_the_whole_wave_where_it_was(db: Session) -> None:
    campaign, (first, second), planner = launch(db, timedelta(), HOUR)
    db.commit()
    values = later(campaign, DAY)
    moves = waves.proposed(db, campaign, values, viewer=planner, zone=PARIS)
    moves[1] = replace(moves[1], wall=datetime(2026, 3, 27, 8))  # An hour before the new embargo lifts.

    rows = waves.preview(db, campaign, values, moves, limits_of=no_limits, four_eyes="releases", actor=planner, now=NOON)
    with pytest.raises(EmbargoActive):
        shift(db, campaign, values, moves, planner)

    db.rollback()
    assert [type(one.refused) for one in rows] == [type(None), EmbargoActive]
    assert (campaign.embargo_until, first.publish_at, second.publish_at) == (LIFT, LIFT, LIFT + HOUR)


def test_a_time_that_does_not_exist_or_comes_twice_is_asked_about(db: Session) -> None:
    campaign = make_campaign(db, starts_on=date(2026, 3, 26))
    channel = make_channel(db, time_zone=PARIS)
    make_post(db, channel=channel, campaign=campaign, publish_at=datetime(2026, 3, 26, 1, 30, tzinfo=UTC))  # 02:30
    (gap,), (twice,) = (
        [waves.proposed(db, campaign, replace(campaign_values_of(campaign), starts_on=day), viewer=None, zone=PARIS)[0]]
        for day in (date(2026, 3, 29), date(2026, 10, 25))
    )

    def seen(move: Move, day: date) -> waves.Shifted:
        values = replace(campaign_values_of(campaign), starts_on=day)
        return waves.preview(db, campaign, values, [move], limits_of=no_limits, four_eyes="releases", actor=None, now=NOON)[0]

    assert [getattr(seen(move, day).refused, "field", "") for move, day in ((gap, date(2026, 3, 29)), (twice, date(2026, 10, 25)))] == ["wall_time", "fold"]
    assert seen(replace(twice, fold=1), date(2026, 10, 25)).at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert isinstance(seen(gap, date(2026, 3, 29)).refused, Invalid)


def test_what_is_out_or_on_its_way_stays(db: Session) -> None:
    campaign, _posts, planner = launch(db, timedelta(), state=PostState.PUBLISHED, published_at=LIFT)

    assert waves.proposed(db, campaign, later(campaign, DAY), viewer=planner, zone=PARIS) == []


def by(days: int = 0, minutes: int = 0) -> Shift:
    return Shift(days, minutes)


def test_a_wave_along_with_one_post_is_what_can_still_move_of_its_campaign(db: Session) -> None:
    campaign, planner = make_campaign(db), make_user(db, roles=("planner",))
    first, second = make_post(db, campaign=campaign), make_post(db, campaign=campaign, state=PostState.SCHEDULED, publish_at=NOON + 2 * DAY)
    out = make_post(db, campaign=campaign, state=PostState.PUBLISHED, published_at=NOON)
    make_post(db, campaign=campaign, publish_at=None)

    assert [one.post_id for one in waves.along(db, second, by(1), viewer=planner)] == [first.id, second.id]
    assert waves.along(db, second, by(1), viewer=make_user(db, roles=("author",))) == []
    assert [waves.along(db, one, by(1), viewer=planner) for one in (out, make_post(db))] == [[], []]


def test_a_wave_along_with_one_post_keeps_each_clock_and_the_campaign_s_dates_and_is_undone_as_one(db: Session) -> None:
    campaign, posts, planner = launch(db, timedelta(), HOUR, 2 * DAY)  # The clocks go forward on the 29th.
    moves = waves.along(db, posts[1], by(days=3, minutes=30), viewer=planner)

    entry = waves.shift(db, campaign, None, moves, limits_of=no_limits, four_eyes="releases", actor=planner, now=NOON)

    moved = [LIFT + 3 * DAY - HOUR / 2, LIFT + 3 * DAY + HOUR / 2, LIFT + 5 * DAY - HOUR / 2]
    assert ([one.publish_at for one in posts], campaign.embargo_until) == (moved, LIFT)
    assert [one.action for one in db.scalars(select(Entry).order_by(Entry.id))] == ["campaign.wave_moved", *["post.moved"] * 3]
    undone = waves.undo(db, campaign, entry.id, limits_of=no_limits, four_eyes="releases", actor=planner, now=NOON + HOUR)
    assert (undone, [one.publish_at for one in posts]) == (3, [LIFT, LIFT + HOUR, LIFT + 2 * DAY])
    with pytest.raises(Conflict, match="changed again since"):
        waves.undo(db, campaign, entry.id, limits_of=no_limits, four_eyes="releases", actor=planner, now=NOON + 2 * HOUR)


def test_an_author_moves_a_wave_of_their_own_and_takes_it_back_but_not_the_campaign_s_dates(db: Session) -> None:
    author, campaign = make_user(db, roles=("author",)), make_campaign(db, embargo_until=LIFT)
    posts = [make_post(db, campaign=campaign, publish_at=LIFT + number * DAY, author=author) for number in (1, 2)]
    moves = waves.along(db, posts[0], by(1), viewer=author)

    with pytest.raises(Forbidden):
        waves.shift(db, campaign, later(campaign, DAY), moves, limits_of=no_limits, four_eyes="releases", actor=author, now=NOON)
    entry = waves.shift(db, campaign, None, moves, limits_of=no_limits, four_eyes="releases", actor=author, now=NOON)

    assert waves.undo(db, campaign, entry.id, limits_of=no_limits, four_eyes="releases", actor=author, now=NOON + HOUR) == 2


def test_a_wave_that_is_no_longer_the_one_looked_at_does_not_move(db: Session) -> None:
    campaign, posts, planner = launch(db, DAY, 2 * DAY)
    seen = {one.id: one.version for one in posts}
    db.commit()

    posts[1].text = "Changed meanwhile."
    db.commit()
    moves = waves.along(db, posts[0], by(1), viewer=planner, seen=seen)
    with pytest.raises(Conflict, match="Somebody changed this post"):
        waves.shift(db, campaign, None, moves, limits_of=no_limits, four_eyes="releases", actor=planner, now=NOON)
    db.rollback()
    assert [one.publish_at for one in posts] == [LIFT + DAY, LIFT + 2 * DAY]
    make_post(db, campaign=campaign, publish_at=LIFT + 3 * DAY)
    with pytest.raises(Conflict, match="no longer what you were looking at"):
        waves.along(db, posts[0], by(1), viewer=planner, seen=seen)


def test_posts_that_move_to_where_another_of_them_stands_do_not_meet_it(db: Session) -> None:
    """An approver's own move approves anew what nothing blocks: a rule made to block is asked where each will stand, not half-way."""
    approver, campaign, channel = make_user(db, roles=("approver", "planner")), make_campaign(db), make_channel(db)
    db.add(RuleSetting(code="clash", enabled=True, must_not=True))
    posts = [
        make_post(db, asset=make_asset(db, kind=AssetKind.BLOG_POST), channel=channel, campaign=campaign, publish_at=NOON + number * DAY, text=f"Text {number}.")
        for number in (1, 2, 3)
    ]
    for post in posts:
        service.submit(db, post, actor=approver, now=NOON)
        service.approve(db, post, actor=make_user(db, roles=("approver",)), now=NOON)

    for number, days in ((0, 1), (2, -1)):
        moves = waves.along(db, posts[number], by(days), viewer=approver)
        rows = waves.preview(db, campaign, None, moves, limits_of=no_limits, four_eyes="releases", actor=approver, now=NOON)
        waves.shift(db, campaign, None, moves, limits_of=no_limits, four_eyes="releases", actor=approver, now=NOON)
        assert [(one.becomes, one.new) for one in rows] == [(PostState.APPROVED, frozenset())] * 3
        assert [one.state for one in posts] == [PostState.APPROVED] * 3
