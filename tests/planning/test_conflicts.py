"""What gets in its own way on the calendar: posts too close, on a holiday, one audience twice a day; to the boundary, and when the clocks change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from planner.catalog.models import Audience
from planner.planning.conflicts import Stands, conflicts, free_days_of, how_channels_stand
from planner.planning.findings import RivalEvent
from planner.planning.free_days import FreeDay
from planner.planning.models import PostState, RuleSetting
from planner.planning.rulebook import STANDARD, Tuned, Tuning
from tests.factories import make_channel

PARIS = Stands("Europe/Paris", STANDARD)


@dataclass
class Planned:
    post_id: int
    publish_at: datetime
    channel_id: int = 7
    asset_id: int | None = 1
    channel: str = "Our X"
    state: PostState = PostState.APPROVED


def planned(number: int, at: str, **values: Any) -> Planned:
    return Planned(number, datetime.fromisoformat(at), **values)


def found(*posts: Planned, stands: Stands = PARIS, audiences: dict[int, list[Audience]] | None = None) -> list[tuple[str, date, tuple[int, ...]]]:
    return [(one.code, one.day, one.post_ids) for one in conflicts(posts, {7: stands, 8: stands}, audiences or {})]


def test_posts_within_their_channel_s_gap_are_one_line_a_run_and_the_gap_itself_is_allowed() -> None:
    run = [planned(1, "2026-03-03T09:00+01:00"), planned(2, "2026-03-03T09:14+01:00"), planned(3, "2026-03-03T09:28+01:00")]
    fine = planned(4, "2026-03-03T09:43+01:00")
    elsewhere = planned(5, "2026-03-03T09:00+01:00", channel_id=8)
    failed = planned(6, "2026-03-03T09:01+01:00", state=PostState.FAILED)

    assert found(*run, fine, elsewhere, failed) == [("gap", date(2026, 3, 3), (1, 2, 3))]
    assert found() == []


def test_a_gap_is_the_channel_s_own_and_time_that_passes() -> None:
    two_hours = Stands("Europe/Paris", Tuning({"gap": Tuned(True, False, {"minutes": 120})}))
    off = Stands("Europe/Paris", Tuning({"gap": Tuned(False, False, {"minutes": 120})}))
    night = [planned(1, "2026-03-29T01:30+01:00"), planned(2, "2026-03-29T03:30+02:00")]  # Two hours by the clock, one in fact.

    (one,) = conflicts(night, {7: two_hours}, {})

    assert (one.code, one.params) == ("gap", {"count": 2, "channel": "Our X", "minutes": 120})
    assert found(*night, stands=off) == []


def test_posts_on_a_holiday_of_their_channel_s_country_are_counted_by_the_channel_s_day() -> None:
    posts = [planned(1, "2026-07-13T23:59+02:00"), planned(2, "2026-07-14T00:00+02:00"), planned(3, "2026-07-14T23:00+02:00", asset_id=None)]

    (one,) = (one for one in conflicts(posts, {7: PARIS}, {}) if one.code == "holiday")

    assert (one.code, one.day, one.post_ids, one.params) == (
        "holiday", date(2026, 7, 14), (2, 3), {"count": 2, "country": "FR", "name": FreeDay("FR", date(2026, 7, 14))},
    )  # fmt: skip
    assert found(posts[0], posts[2], stands=Stands("UTC", STANDARD)) == []


def test_posts_beside_a_rival_s_event_are_counted_as_far_as_the_rule_looks() -> None:
    posts = [planned(1, "2026-03-03T23:59+01:00"), planned(2, "2026-03-04T00:00+01:00"), planned(3, "2026-03-06T00:00+01:00")]
    event = RivalEvent("Mobile Week", "Acme", date(2026, 3, 4), date(2026, 3, 6))

    def met(stands: Stands) -> list[tuple[date, tuple[int, ...], dict[str, object]]]:
        return [(one.day, one.post_ids, one.params) for one in conflicts(posts, {7: stands}, {}, [event]) if one.code == "rival"]

    said = {"rival": "Acme", "name": "Mobile Week"}
    assert met(PARIS) == [(date(2026, 3, 4), (2,), said | {"count": 1})]
    assert met(Stands("Europe/Paris", Tuning({"rival": Tuned(True, False, {"days": 1})}))) == [(date(2026, 3, 3), (1, 2, 3), said | {"count": 3})]
    assert met(Stands("Europe/Paris", Tuning({"rival": Tuned(False, False, {"days": 1})}))) == []


def test_one_audience_on_one_day_for_two_assets_is_said_and_a_hidden_one_is_not_counted() -> None:
    audiences = {1: [Audience.ANALYSTS, Audience.EXPERTS], 2: [Audience.ANALYSTS], 3: [Audience.ANALYSTS]}
    ours, again = planned(1, "2026-03-03T09:00+01:00"), planned(2, "2026-03-03T11:00+01:00", channel_id=8)
    theirs, hidden = planned(3, "2026-03-03T23:59+01:00", asset_id=2), planned(4, "2026-03-03T15:00+01:00", asset_id=None)
    tomorrow = planned(5, "2026-03-04T00:00+01:00", asset_id=3)

    assert found(ours, again, hidden, tomorrow, audiences=audiences) == []
    assert found(ours, again, theirs, audiences=audiences) == [("audience", date(2026, 3, 3), (1, 2, 3))]


def test_countries_that_call_a_day_the_same_share_its_line() -> None:
    stands = [PARIS, Stands("Europe/Berlin", STANDARD), Stands("UTC", STANDARD), Stands("Asia/Tokyo", Tuning({"holiday": Tuned(False, False, {"country": ""})}))]

    kept = [(day, str(one), countries) for day, one, countries in free_days_of(stands, date(2026, 12, 25), date(2027, 1, 2))]

    assert kept == [
        (date(2026, 12, 25), "Christmas Day", ["DE", "FR"]),
        (date(2026, 12, 26), "Second Day of Christmas", ["DE"]),
        (date(2027, 1, 1), "New Year's Day", ["DE", "FR"]),
    ]


def test_a_day_is_named_with_the_apostrophe_of_french() -> None:
    assert (FreeDay("FR", date(2027, 1, 1)).named("fr"), FreeDay("FR", date(2026, 12, 25)).named("fr")) == ("Jour de l’an", "Noël")


def test_each_channel_stands_as_it_was_set(db: Session) -> None:
    tuned, plain = make_channel(db, time_zone="Europe/Berlin"), make_channel(db)
    db.add_all([
        RuleSetting(code="gap", enabled=True, parameters={"minutes": 60}),
        RuleSetting(code="holiday", channel_id=tuned.id, enabled=True, parameters={"country": "AT"}),
        RuleSetting(code="quiet", enabled=False, parameters={}),
    ])  # fmt: skip
    db.flush()

    stands = how_channels_stand(db)

    assert {number: (one.country, one.tuning.of("gap").values) for number, one in stands.items()} == {
        tuned.id: ("AT", {"minutes": 60}), plain.id: ("FR", {"minutes": 60}),
    }  # fmt: skip
