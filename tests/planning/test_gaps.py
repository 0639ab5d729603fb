"""Gaps: audiences that nothing is said to for too long, right up to the boundary, by what was set, and as far as the reader may know."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.catalog.models import Asset, AssetAudience, AssetState, Audience, Confidentiality
from planner.planning import gaps, tuning
from planner.planning.gaps import Gap, Watch, gap_of
from planner.planning.models import PostState
from planner.planning.rulebook import rule
from tests.factories import NOON, make_asset, make_channel, make_post, make_user
from tests.planning.test_queries import counting

DAY = timedelta(days=1)
ANALYSTS = Watch(Audience.ANALYSTS, None, 21)


def told(last: datetime | None, following: datetime | None) -> tuple[datetime | None, datetime | None] | None:
    found = gap_of(ANALYSTS, last, following, NOON)
    return None if found is None else (found.due, found.following)


@pytest.mark.parametrize(
    ("last", "following", "due"),
    [
        # Nothing within three weeks, and nothing planned before long.
        (None, None, NOON),
        (None, NOON + 8 * DAY, NOON),
        (None, NOON + 7 * DAY, None),
        # It is told a week before it is as long as was set.
        (NOON - 14 * DAY, None, NOON + 7 * DAY),
        (NOON - 14 * DAY + timedelta(minutes=1), None, None),
        # What is planned ends it in time, or too late.
        (NOON - 18 * DAY, NOON + 3 * DAY, None),
        (NOON - 18 * DAY, NOON + 7 * DAY, None),
        (NOON - 18 * DAY, NOON + 7 * DAY + timedelta(minutes=1), NOON + 3 * DAY),
        (NOON, None, None),
    ],
)
def test_a_gap_is_told_while_it_can_be_mended_unless_what_is_planned_ends_it(last: datetime | None, following: datetime | None, due: datetime | None) -> None:
    assert told(last, following) == (None if due is None else (due, following))


def a_setting(channel_id: int | None, *, enabled: bool = True, **days: int) -> Any:
    return SimpleNamespace(channel_id=channel_id, code="silence", enabled=enabled, must_not=False, parameters=days)


def test_all_channels_are_watched_together_and_one_by_itself_only_where_that_was_set() -> None:
    def watched(*settings: Any) -> list[tuple[str, int | None, int]]:
        return [(one.audience.value, one.channel_id, one.days) for one in gaps.watches(settings)]

    book = [("journalists", None, 21), ("analysts", None, 21), ("customers", None, 28)]
    assert watched() == book
    assert watched(SimpleNamespace(channel_id=None, code="gap", enabled=False, must_not=False, parameters={})) == book
    assert watched(a_setting(None, journalists=0, analysts=10, customers=0, employees=7)) == [("analysts", None, 10), ("employees", None, 7)]
    assert watched(a_setting(None, enabled=False), a_setting(3, journalists=0, analysts=5, customers=0)) == [("analysts", 3, 5)]


def test_every_audience_has_its_days_in_the_book() -> None:
    known = rule(gaps.CODE)
    assert known is not None and list(known.defaults) == [one.value for one in Audience]


def for_analysts(db: Session, **values: Any) -> Asset:
    asset = make_asset(db, **values)
    db.add(AssetAudience(asset_id=asset.id, audience=Audience.ANALYSTS))
    db.flush()
    return asset


def found(db: Session, viewer: User | None = None, watch: Watch = ANALYSTS) -> list[tuple[datetime | None, datetime | None, str]]:
    return [(one.last, one.following, one.channel) for one in gaps.gaps(db, [watch], viewer=viewer, now=NOON)]


def test_what_is_out_and_what_is_planned_counts_and_nothing_else(db: Session) -> None:
    asset = for_analysts(db)
    out = {"state": PostState.PUBLISHED, "published_at": NOON}
    make_post(db, publish_at=NOON - 2 * DAY, **out)  # For nobody in particular.
    make_post(db, asset=asset, publish_at=NOON - 2 * DAY, taken_down_at=NOON, **out)
    make_post(db, asset=asset, publish_at=NOON - 2 * DAY, state=PostState.MISSED)
    make_post(db, asset=asset, publish_at=NOON - 22 * DAY, **out)
    make_post(db, asset=asset, publish_at=NOON + 2 * DAY, state=PostState.CANCELLED)
    assert found(db) == [(None, None, "")]

    make_post(db, asset=asset, publish_at=NOON - 19 * DAY, **out)
    make_post(db, asset=asset, publish_at=NOON + 9 * DAY)
    assert found(db) == [(NOON - 19 * DAY, NOON + 9 * DAY, "")]

    make_post(db, asset=asset, publish_at=NOON + 2 * DAY)
    assert found(db) == []


def test_one_channel_is_judged_by_its_own_posts(db: Session) -> None:
    asset, loud, silent = for_analysts(db), make_channel(db, name="Loud"), make_channel(db, name="Silent")
    make_post(db, asset=asset, channel=loud, publish_at=NOON + DAY)

    assert [found(db, watch=Watch(Audience.ANALYSTS, one.id, 21)) for one in (loud, silent)] == [[], [(None, None, "Silent")]]


def test_an_audience_that_nothing_is_for_has_no_gap(db: Session) -> None:
    for_analysts(db, state=AssetState.RETIRED)

    assert found(db) == []


def test_who_may_not_know_a_post_is_told_nothing_of_it(db: Session) -> None:
    make_post(db, asset=for_analysts(db, confidentiality=Confidentiality.CONFIDENTIAL), publish_at=NOON + DAY)

    assert [found(db, make_user(db, roles=(role,))) for role in ("author", "planner")] == [[(None, None, "")], []]


def test_many_watches_cost_one_statement_and_none_without_any(db: Session) -> None:
    for_analysts(db)
    wanted = [Watch(one, channel, 21) for one in Audience for channel in (None, make_channel(db).id)]
    with counting(db) as seen:
        told = gaps.gaps(db, wanted, viewer=None, now=NOON)
        assert gaps.gaps(db, [], viewer=None, now=NOON) == []

    assert (len(seen), [(one.watch.audience, type(one)) for one in told]) == (1, [(Audience.ANALYSTS, Gap)] * 2)


def test_it_judges_no_post_and_so_blocks_none(db: Session) -> None:
    row = tuning.set_rule(db, gaps.CODE, enabled=True, must_not=True, parameters={"analysts": 9}, actor=None, now=NOON)

    assert (row.must_not, row.parameters["analysts"], row.parameters["customers"]) == (False, 9, 28)
