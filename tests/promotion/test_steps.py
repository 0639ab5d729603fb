"""What follows a decision: drafts through planning that count as promotions once live, a re-edit as a task with its before and after."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry, RoleName
from planner.catalog.models import Asset
from planner.channels.port import Platform, Reading
from planner.core.errors import Forbidden, Invalid, PlannerError, WrongState
from planner.insights import service as insights
from planner.insights.intervals import rate
from planner.insights.rules import regime_of
from planner.planning.models import PostState
from planner.promotion import service, steps, tasks
from planner.promotion.choices import Option, PromotionKind
from planner.promotion.comparing import compare
from planner.promotion.forecast import curve
from planner.promotion.looking import compared, look
from planner.promotion.models import Decision, Promotion, ReEdit
from planner.promotion.service import DecisionValues
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_post, make_user
from tests.promotion.making import DAY, asset_of, make_past, make_video, read


def decided(db: Session, asset: Asset, choice: Option, **values) -> Decision:  # type: ignore[no-untyped-def]
    made = service.decide(db, asset, DecisionValues(choice, "It is the story of the year.", **values), None, actor=None, now=NOON)
    db.flush()
    return made


def test_proposed_posts_are_marked_drafts_and_count_as_promotions_once_live(db: Session) -> None:
    youtube, network, room = make_past(db, count=1), make_channel(db), make_channel(db, platform=Platform.WEBHOOK, name="Newsroom")
    asset = asset_of(db, make_video(db, youtube, published_at=NOON - 7 * DAY, title="Slicing", summary="Slices, explained.", url="https://example.com/film"))
    made = decided(db, asset, Option.AMPLIFY_FREE)

    posts = steps.propose(db, made, [network, room], steps.kit(asset).text, actor=None, now=NOON)

    assert [(one.state, one.text, one.link, one.publish_at) for one in posts] == [(PostState.DRAFT, "Slicing\n\nSlices, explained.", "https://example.com/film", None)] * 2
    assert posts[0].marks == {"source": network.platform.value, "medium": "social", "campaign": "promotion"}
    assert steps.proposed(db, made.id) == posts
    assert steps.record_live(db, now=NOON) == 0
    for one in posts:
        one.state, one.publish_at, one.published_at = PostState.PUBLISHED, NOON + DAY, NOON + DAY
    db.flush()
    assert steps.record_live(db, now=NOON + 2 * DAY) == 2
    told = list(db.scalars(select(Promotion).order_by(Promotion.id)))
    assert [(one.kind, one.on, one.post_id) for one in told] == [
        (PromotionKind.POST, date(2026, 3, 3), posts[0].id), (PromotionKind.SHARE_KIT, date(2026, 3, 3), posts[1].id),
    ]  # fmt: skip
    service.remove_promotion(db, told[0], actor=None, now=NOON + 2 * DAY)
    db.flush()
    assert steps.record_live(db, now=NOON + 3 * DAY) == 0
    assert "promotion.proposed" in set(db.scalars(select(Entry.action)))


def test_a_kit_is_not_passed_on_under_an_embargo_or_with_words_that_may_not_be_said(db: Session) -> None:
    asset = asset_of(db, make_video(db, make_past(db, count=1), published_at=NOON - 7 * DAY, title="Slicing", url="https://example.com/falcon"))
    other = make_asset(db, title="Secret", embargo_until=NOON + DAY, embargo_terms=["Vega", "Falcon"])

    def refused(now: datetime = NOON, **values: Any) -> str:
        for name, value in values.items():
            setattr(asset, name, value)
        db.flush()
        try:
            steps.check_kit(db, asset, steps.kit(asset), now=now)
        except PlannerError as error:
            return str(error)
        return ""

    assert "Falcon" in refused()
    assert refused(url="https://example.com/film") == ""
    assert "Vega" in refused(summary="All of Vega.")
    assert refused(NOON + DAY) == ""
    assert refused(summary="", embargo_until=NOON + DAY) == "“Slicing” is under embargo until 03 Mar 2026, 12:00 UTC."
    campaign = make_campaign(db, name="Launch", embargo_until=NOON + 2 * DAY)
    make_post(db, asset=other, campaign=campaign)
    post = make_post(db, asset=asset, campaign=campaign)
    assert refused(embargo_until=None) == "“Launch” is under embargo until 04 Mar 2026, 12:00 UTC."
    post.state = PostState.CANCELLED
    assert refused() == "“Launch” is under embargo until 04 Mar 2026, 12:00 UTC."
    post.campaign_id = None
    assert refused() == ""


def test_posts_follow_only_from_a_decision_that_holds_and_asks_for_them(db: Session) -> None:
    channel = make_channel(db)
    asset = asset_of(db, make_video(db, make_past(db, count=1), published_at=NOON - 7 * DAY))
    left = decided(db, asset, Option.LEAVE)
    promoted = decided(db, asset, Option.PROMOTE)
    viewer = make_user(db, roles=(RoleName.VIEWER,))

    for made, channels, actor, refusal in (
        (left, [channel], None, WrongState), (promoted, [], None, Invalid), (promoted, [channel], viewer, Forbidden),
    ):  # fmt: skip
        with pytest.raises(refusal):
            steps.propose(db, made, channels, "Look.", actor=actor, now=NOON)
    service.undo(db, promoted, actor=None, now=NOON)
    with pytest.raises(WrongState):
        steps.propose(db, promoted, [channel], "Look.", actor=None, now=NOON)
    assert steps.proposed(db, promoted.id) == []


def test_a_re_edit_is_a_task_until_it_is_done_or_its_decision_is_taken_back(db: Session) -> None:
    channel = make_past(db, count=1)
    first, second = (asset_of(db, make_video(db, channel, published_at=NOON - 7 * DAY, title=name)) for name in ("First", "Second"))
    owner, other = make_user(db, roles=(RoleName.PLANNER,)), make_user(db, roles=(RoleName.PLANNER,))

    mine = decided(db, first, Option.RE_EDIT, owner_id=owner.id, due_on=date(2026, 3, 9))
    anybodys = decided(db, second, Option.RE_EDIT)

    assert [(task.due_on, title) for task, title in tasks.reedits(db, viewer=owner)] == [(date(2026, 3, 9), "First"), (date(2026, 3, 16), "Second")]
    assert [title for _task, title in tasks.reedits(db, viewer=other)] == ["Second"]
    task = tasks.reedit_of(db, mine.id)
    assert task is not None
    for moment in (NOON + DAY, NOON - 9 * DAY):
        with pytest.raises(Invalid):
            tasks.finish(db, task, at=moment, actor=owner, now=NOON)
    tasks.finish(db, task, at=NOON, actor=owner, now=NOON)
    with pytest.raises(WrongState):
        tasks.finish(db, task, at=NOON, actor=owner, now=NOON)
    service.undo(db, anybodys, actor=None, now=NOON)
    db.flush()
    assert tasks.reedits(db, viewer=None) == []
    tasks.reopen(db, task, actor=owner, now=NOON)
    db.flush()
    assert [title for _task, title in tasks.reedits(db, viewer=None)] == ["First"]
    with pytest.raises(Invalid) as refused:
        decided(db, second, Option.RE_EDIT, due_on=date(2026, 2, 1))
    assert refused.value.field == "due_on"


def grown(ages: tuple[float, ...], *, first_day: float = 100.0, pace: float = 0.4, changed: float = 99.0, times: float = 1.0) -> list[tuple[float, float]]:
    """A course of views; from an age on, what comes is multiplied."""
    at = first_day * math.exp(pace * curve(changed))
    told = []
    for age in ages:
        plain = first_day * math.exp(pace * curve(age))
        told.append((age, plain if age <= changed else at + (plain - at) * times))
    return told


def test_a_change_is_held_against_the_forecast_from_before_it_and_says_when_nothing_can_be_told() -> None:
    ages = (1.0, 3.0, 7.0, 10.0, 14.0, 21.0, 30.0)
    history = [grown(ages, first_day=80 + 5 * one) for one in range(12)]

    early = compare(grown((1.0, 3.0, 7.0, 10.0, 12.0), changed=10, times=9), 10, history)
    alike = compare(grown(ages), 10, history)
    more = compare(grown(ages, changed=10, times=8), 10, history)
    nothing = compare(grown((1.0, 3.0, 7.0, 10.0)), 10, history)

    assert [one.verdict for one in (early, alike, more, nothing)] == ["too_early", "alike", "more", "too_early"]
    assert alike.before is not None
    assert alike.after is not None
    assert alike.after < alike.before  # It slows down by itself, and that is not held against the change.
    assert alike.expected is not None
    assert alike.expected[0] <= alike.after <= alike.expected[2]
    assert (nothing.after, nothing.expected) == (None, None)


def test_clicks_are_told_apart_only_where_their_intervals_do_not_touch() -> None:
    few, sure = rate((99, 9)), rate((10_000, 300))
    assert few is None
    assert sure is not None
    assert (sure.share, round(sure.low, 4), round(sure.high, 4)) == (0.03, 0.0279, 0.0323)
    assert rate((100, 200)) is not None  # More clicks than showings is a platform's slip, not a share above one.
    course = grown((1.0, 3.0, 7.0, 10.0, 14.0, 21.0))

    def told(after: tuple[int, int] | None) -> str:
        return compare(course, 10, [], shown_before=(5000, 150), shown_after=after).clicks

    assert [told(one) for one in ((4000, 200), (4000, 124), (4000, 60), None)] == ["more", "alike", "less", "too_early"]


def test_before_and_after_are_read_from_the_videos_own_readings(db: Session) -> None:
    post = make_video(db, make_past(db), published_at=NOON - 7 * DAY)
    made = decided(db, asset_of(db, post), Option.RE_EDIT)
    task = tasks.reedit_of(db, made.id)
    assert task is not None
    changed = NOON + DAY
    tasks.finish(db, task, at=changed, actor=None, now=changed)
    read(db, post, ages=(7.9, 20, 28), until=NOON + 30 * DAY)
    for at, shown, clicks in ((NOON + timedelta(hours=3), 2000, 40), (NOON + 20 * DAY, 6000, 280)):
        insights.record_rows(db, [(post.id, at, Reading("", impressions=shown, clicks=clicks, regime=regime_of(Platform.YOUTUBE, at)))])
    later = NOON + 22 * DAY
    found = look(db, asset_of(db, post), now=later)
    assert found is not None

    told = compared(db, found[0], found[1].video, task)

    assert told is not None
    assert (told.verdict, told.clicks, round(told.days)) == ("alike", "more", 20)
    assert (told.clicks_before and told.clicks_before.share, told.clicks_after and told.clicks_after.share) == (0.02, 0.06)
    assert compared(db, found[0], found[1].video, ReEdit(due_on=NOON.date())) is None
