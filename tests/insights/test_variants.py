"""Variants beside each other: at one age, by a rate with its interval, and “cannot tell yet” where that is the honest answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from planner.channels.models import Channel
from planner.channels.port import Platform, Reading
from planner.insights import service
from planner.insights.intervals import difference, rate
from planner.insights.variants import LEAST_ACTED, LEAST_SEEN, Answer, Comparison, of_asset, of_post
from planner.planning.models import Post, PostState
from tests.factories import NOON, make_asset, make_channel, make_post
from tests.insights.test_queries import statements

DAY = timedelta(days=1)
#: Seen and clicked at the age of so many days.
Told = Mapping[float, tuple[int, int | None]]

def live(db: Session, *told: Told, platform: Platform = Platform.LINKEDIN, regimes: tuple[str, ...] = ()) -> list[Post]:
    """A group on one channel: the first was published 30 days ago, each other two days after the one before."""
    channel = make_channel(db, platform=platform, name="Our page")
    asset = make_asset(db)
    posts: list[Post] = []
    for number, counts in enumerate(told):
        at = NOON - 30 * DAY + 2 * number * DAY
        post = make_post(
            db, asset=asset, channel=channel, state=PostState.PUBLISHED, published_at=at, publish_at=at, external_id=f"urn:{number}",
            text=f"Wording {number}", variant_of_id=posts[0].id if posts else None,
        )  # fmt: skip
        posts.append(post)
        for age, (seen, acted) in counts.items():
            views = {"views": seen} if platform is Platform.YOUTUBE else {"impressions": seen}
            counted = {"engagements": acted} if platform is Platform.YOUTUBE else {"clicks": acted}
            regime = regimes[number] if regimes else ""
            service.record(db, [(post.id, Reading(f"urn:{number}", regime=regime, **views, **counted))], at=at + age * DAY, now=NOON + 40 * DAY)
    db.flush()
    return posts

def compared(db: Session, *told: Told, **more: object) -> Comparison:
    found = of_post(db, live(db, *told, **more)[0])  # type: ignore[arg-type]
    assert found is not None
    return found

def test_one_that_does_better_is_named_with_how_much(db: Session) -> None:
    told = compared(db, {7: (10_000, 200)}, {7: (9_000, 300)})

    assert (told.answer, told.best, told.acted) == (Answer.BETTER, told.shown[1].post_id, "clicks")
    assert [(one.seen, one.acted, one.rate and round(one.rate.share, 4)) for one in told.shown] == [(10_000, 200, 0.02), (9_000, 300, 0.0333)]
    assert told.gap is not None
    gap, low, high = told.gap
    assert round(gap, 4) == 0.0133 and 0 < low < gap < high
    assert (told.apart, told.changes, [one.differs for one in told.shown]) == (2 * DAY, ["text"], [(), ("text",)])

def test_a_difference_that_may_be_chance_cannot_be_told_yet(db: Session) -> None:
    told = compared(db, {7: (1000, 20)}, {7: (1000, 25)})

    assert (told.answer, told.best) == (Answer.CANNOT_TELL, None)
    assert told.gap is not None and told.gap[1] < 0 < told.gap[2]

def test_the_one_that_more_people_saw_does_not_win_by_that(db: Session) -> None:
    told = compared(db, {7: (90_000, 900)}, {7: (9_000, 270)})

    assert (told.answer, told.best) == (Answer.BETTER, told.shown[1].post_id)

@pytest.mark.parametrize("told", [({7: (LEAST_SEEN - 1, 60)}, {7: (4000, 5)}), ({7: (4000, LEAST_ACTED - 1)}, {7: (4000, 0)}), ({7: (0, 0)}, {7: (4000, 90)})])
def test_too_few_say_nothing_however_far_apart_they_are(told: tuple[Told, Told], db: Session) -> None:
    found = compared(db, *told)

    assert (found.answer, found.best) == (Answer.TOO_FEW, None)

def test_they_are_read_at_one_age_and_not_as_they_are_now(db: Session) -> None:
    # The first is older: what it has by now is not what the other has to beat.
    told = compared(db, {3: (4000, 40), 28: (20_000, 900)}, {3.2: (4100, 160)})

    assert [one.seen for one in told.shown] == [4000, 4100]
    assert (told.answer, told.best) == (Answer.BETTER, told.shown[1].post_id)
    assert told.age is not None and 3 * DAY <= told.age < 4 * DAY

@pytest.mark.parametrize("second", [{}, {0.5: (4000, 90)}, {20: (4000, 90)}, {7: (4000, None)}])
def test_without_a_common_age_nothing_is_said(second: Told, db: Session) -> None:
    found = compared(db, {3: (4000, 40), 7: (5000, 60)}, second)

    assert (found.answer, found.best, found.gap) == (Answer.NO_COMMON_AGE, None, None)

def test_where_no_clicks_are_told_engagements_are_compared(db: Session) -> None:
    told = compared(db, {7: (4000, 40)}, {7: (4000, 120)}, platform=Platform.YOUTUBE)

    assert (told.acted, told.answer) == ("engagements", Answer.BETTER)

def test_views_counted_in_two_ways_are_never_compared(db: Session) -> None:
    told = compared(db, {7: (4000, 40)}, {7: (4000, 120)}, platform=Platform.YOUTUBE, regimes=("yt-2012", "yt-2026-08"))

    assert (told.answer, told.best, told.gap) == (Answer.COUNTED_APART, None, None)

@pytest.mark.parametrize(("second", "answer"), [(300, Answer.BETTER), (590, Answer.CANNOT_TELL)])
def test_of_three_the_best_must_beat_each_other(second: int, answer: Answer, db: Session) -> None:
    told = compared(db, {7: (20_000, 200)}, {7: (20_000, second)}, {7: (20_000, 600)})

    assert (told.answer, told.best) == (answer, told.shown[2].post_id if answer is Answer.BETTER else None)

def test_what_is_not_live_or_alone_is_no_comparison(db: Session) -> None:
    first, second = live(db, {7: (4000, 40)}, {7: (4000, 120)})
    alone = make_post(db, asset=first.asset, channel=first.channel, state=PostState.PUBLISHED, published_at=NOON, publish_at=NOON, external_id="alone")
    second.state = PostState.CANCELLED
    db.flush()

    assert of_post(db, first) is None and of_post(db, alone) is None and of_asset(db, first.asset_id) == []

def test_an_assets_groups_take_as_many_statements_however_many_they_are(db: Session) -> None:
    first, *_rest = live(db, {7: (4000, 40)}, {7: (4000, 120)})
    asset_id = first.asset_id
    db.expire_all()
    found: list[int] = []
    one = statements(db, lambda: found.append(len(of_asset(db, asset_id))))
    channel, asset = db.get_one(Channel, first.channel_id), first.asset
    for number in range(4):
        ids: list[int] = []
        for place in range(2):
            at = NOON - 20 * DAY + place * DAY
            post = make_post(
                db, asset=asset, channel=channel, state=PostState.PUBLISHED, published_at=at, publish_at=at, external_id=f"more-{number}-{place}",
                variant_of_id=ids[0] if ids else None,
            )  # fmt: skip
            ids.append(post.id)
    db.flush()
    db.expire_all()
    five = statements(db, lambda: found.append(len(of_asset(db, asset_id))))

    assert (found, five) == ([1, 5], one)

@given(seen=st.tuples(st.integers(1, 5000), st.integers(1, 5000)), parts=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_an_interval_holds_its_share_and_turns_with_the_order(seen: tuple[int, int], parts: tuple[float, float]) -> None:
    one, other = (rate((out_of, round(out_of * part)), least=1, sure=0.95) for out_of, part in zip(seen, parts, strict=True))
    assert one and other

    low, high = difference(one, other)
    assert low <= one.share - other.share <= high
    assert tuple(-end for end in reversed(difference(other, one))) == pytest.approx((low, high))

def test_wilsons_interval_is_that_of_scipy() -> None:
    from scipy import stats  # Takes a second or two to load, which every worker would pay for.

    for out_of, did in ((200, 3), (1000, 25), (50, 50), (9000, 4000)):
        ours, theirs = rate((out_of, did), least=1, sure=0.95), stats.binomtest(did, out_of).proportion_ci(0.95, method="wilson")
        assert ours and (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))

def test_the_interval_of_a_difference_is_as_sure_as_it_says() -> None:
    """Newcombe's example (56 of 70 less 48 of 80: 0.0524 to 0.3339), and how often it holds the truth when drawn at random."""
    example = difference(*(rate(counted, least=1, sure=0.95) for counted in ((70, 56), (80, 48))))  # type: ignore[arg-type]
    assert example == pytest.approx((0.0524, 0.3339), abs=5e-5)

    random, held = Random(11), 0
    for _ in range(1500):
        drawn = [rate((800, sum(random.random() < chance for _ in range(800))), least=1, sure=0.95) for chance in (0.03, 0.05)]
        low, high = difference(*drawn)  # type: ignore[arg-type]
        held += low <= -0.02 <= high
    assert 0.93 <= held / 1500 <= 0.975

def at(_: datetime) -> None: ...
