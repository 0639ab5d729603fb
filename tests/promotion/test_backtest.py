"""The forecast tested on a channel's own past: nothing later than the moment of the forecast is used, no two definitions are mixed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset
from planner.channels.port import Platform
from planner.core.errors import Invalid, Refused
from planner.promotion import importing
from planner.promotion.backtest import Case, backtest, summary
from planner.promotion.choices import PromotionKind
from planner.promotion.models import Promotion
from tests.factories import NOON, make_channel
from tests.promotion.making import DAY, make_past, make_video, read, views_at


def test_later_readings_are_forecast_from_earlier_ones_only(db: Session) -> None:
    channel = make_past(db, count=12)
    young = make_video(db, channel, published_at=NOON - 14 * DAY, first_day=100, ages=(1, 3, 7), until=NOON)
    before = backtest(db, channel, start=NOON - 7 * DAY)
    read(db, young, first_day=100, ages=(14,), until=NOON)
    unread = make_video(db, channel, published_at=NOON - 5 * DAY, first_day=100, ages=(3,), until=NOON)
    db.flush()

    cases = backtest(db, channel, start=NOON - 7 * DAY)

    assert [one for one in before if one.carried == views_at(7, 100)] == []
    warm = next(one for one in cases if one.carried == views_at(7, 100))
    assert warm.actual == views_at(14, 100)
    assert warm.low <= warm.actual <= warm.high
    cold = next(one for one in cases if one.cold)
    assert (cold.actual, cold.carried) == (views_at(3, 100), None)
    assert unread.id != young.id
    told = summary("Group TV", cases)
    assert (told.cold, told.cold_coverage) == (1, 1.0)
    assert told.error is not None
    assert told.carried_error is not None
    assert told.error < told.carried_error


def test_across_the_break_nothing_is_forecast(db: Session) -> None:
    channel = make_channel(db, platform=Platform.YOUTUBE)
    published = datetime(2026, 8, 10, tzinfo=UTC)
    make_video(db, channel, published_at=published, ages=(5, 25), until=published + 30 * DAY)

    assert backtest(db, channel, start=published + 10 * DAY) == []
    assert backtest(db, make_channel(db, platform=Platform.YOUTUBE)) == []


def test_the_figures_of_no_case_are_not_told_and_those_of_some_are_whole() -> None:
    empty = summary("nothing", [])
    some = summary("some", [Case(90, 100, 120, 110, 80), Case(90, 100, 120, 200, 90), Case(10, 30, 90, 20, None)])

    assert (empty.cases, empty.coverage, empty.error, empty.carried_error, empty.width) == (0, None, None, None, None)
    assert (some.cases, some.coverage, some.cold, some.cold_coverage, some.cold_error) == (2, 0.5, 1, 1.0, 0.5)
    assert some.width == pytest.approx(120 / 90)


def test_past_promotions_are_taken_in_from_a_file_by_number_address_or_title(db: Session) -> None:
    post = make_video(db, make_channel(db, platform=Platform.YOUTUBE), published_at=NOON - 9 * DAY, title="The film", source_key="youtube:abc123")
    rows = "video_id;titre;date;type;coût\nabc123;;2026-02-25;publicité;1 200,50\n;The FILM;2026-02-26;newsletter;\n"

    checked = importing.read(db, rows.encode(), now=NOON)
    assert checked.errors == []
    assert importing.write(db, checked, actor=None, now=NOON) == 2
    again = importing.read(db, rows.replace("1 200,50", "900").encode(), now=NOON)
    importing.write(db, again, actor=None, now=NOON)

    kept = db.scalars(select(Promotion).order_by(Promotion.id)).all()
    assert [(one.asset_id, one.kind, str(one.on), None if one.cost is None else float(one.cost), one.source) for one in kept] == [
        (post.asset_id, PromotionKind.AD, "2026-02-25", 900.0, "import"),
        (post.asset_id, PromotionKind.NEWSLETTER, "2026-02-26", None, "import"),
    ]


def test_a_file_with_a_wrong_row_is_not_taken_in_and_each_is_named(db: Session) -> None:
    post = make_video(db, make_channel(db, platform=Platform.YOUTUBE), published_at=NOON - 9 * DAY, title="The film")
    rows = "title,date,kind,cost\nThe film,2026-02-25,ad,5\nAnother,2026-02-25,ad,5\nThe film,2027-01-01,ad,5\nThe film,2026-02-25,radio,5\n"

    checked = importing.read(db, rows.encode(), now=NOON)

    assert [(one.row, one.column) for one in checked.errors] == [(3, ""), (4, "date"), (5, "kind")]
    with pytest.raises(Refused):
        importing.write(db, checked, actor=None, now=NOON)
    with pytest.raises(Invalid):
        importing.read(db, b"title,kind\nThe film,ad\n", now=NOON)
    assert db.scalars(select(Promotion)).all() == []
    assert db.get_one(Asset, post.asset_id).title == "The film"
