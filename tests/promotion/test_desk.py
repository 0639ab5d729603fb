"""The desk's verbs: decide and freeze, take back, judge 30 and 90 days later; and the board that the background work keeps."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry, RoleName
from planner.catalog.models import Asset, Confidentiality
from planner.channels.port import Platform
from planner.core.errors import Conflict, Forbidden, Invalid, PlannerError, WrongState
from planner.core.runtime import Runtime
from planner.jobs.registry import function
from planner.ledger.jobs import JobContext
from planner.planning.models import PostState
from planner.promotion import judging, queries, service, standings
from planner.promotion.choices import Option, PromotionKind
from planner.promotion.gathering import gather
from planner.promotion.looking import look
from planner.promotion.models import Decision, Promotion, PromotionSettings, Standing
from planner.promotion.queries import BoardFilters
from planner.promotion.scores import calibration, judged, score
from planner.promotion.service import DecisionValues, InputValues, SettingValues
from tests.factories import NOON, make_channel, make_post, make_user
from tests.promotion.making import DAY, make_past, make_video, read, views_at


def decide(db: Session, asset_id: int, choice: Option = Option.LEAVE, *, now=NOON, actor=None, **values) -> Decision:  # type: ignore[no-untyped-def]
    asset = db.get_one(Asset, asset_id)
    found = look(db, asset, now=now)
    return service.decide(
        db, asset, DecisionValues(choice, values.pop("reason", "It grows by itself."), **values), found[1] if found else None, actor=actor, now=now
    )


def test_a_decision_freezes_forecast_verdict_inputs_and_version(db: Session) -> None:
    channel = make_past(db)
    post = make_video(db, channel, published_at=NOON - 7 * DAY, first_day=150)
    service.save_settings(db, None, SettingValues(cost=Decimal(80), value_per_view=Decimal(2)), actor=None, now=NOON)

    made = decide(db, post.asset_id, Option.PROMOTE, budget=Decimal("120"))
    db.flush()
    before = (list(made.forecast_30 or []), dict(made.inputs), made.pays, made.verdict)
    read(db, post, first_day=900, ages=(20,), until=NOON + 60 * DAY)
    service.save_settings(db, None, SettingValues(cost=Decimal(9000)), actor=None, now=NOON)
    db.flush()
    db.expire_all()

    kept = db.get_one(Decision, made.id)
    assert (kept.forecast_30, kept.inputs, kept.pays, kept.verdict) == before
    assert kept.forecast_30 == kept.inputs["promoted"]["30"]
    assert (kept.version, kept.budget, kept.inputs["cost"], kept.inputs["value_per_view"]) == ("1", Decimal("120.00"), 80.0, 2.0)
    assert [len(one) for one in kept.inputs["readings"]] == [2, 2, 2]
    entry = db.scalars(select(Entry).where(Entry.action == "promotion.decided")).one()
    assert (entry.note, entry.became) == ("It grows by itself.", {"choice": "promote", "budget": "120.00"})


def test_without_a_reason_nothing_is_decided_and_only_planners_may(db: Session) -> None:
    post = make_video(db, make_past(db, count=5), published_at=NOON - 7 * DAY)
    viewer, planner = make_user(db, roles=(RoleName.VIEWER,)), make_user(db, roles=(RoleName.PLANNER,))

    with pytest.raises(Invalid) as refused:
        decide(db, post.asset_id, reason="  ", actor=planner)
    with pytest.raises(Forbidden):
        decide(db, post.asset_id, actor=viewer)
    with pytest.raises(Invalid):
        decide(db, post.asset_id, budget=Decimal(-1), actor=planner)

    assert refused.value.field == "reason"
    assert db.scalars(select(Decision)).all() == []


def test_a_newer_decision_replaces_and_taking_it_back_lets_the_earlier_hold_again(db: Session) -> None:
    post = make_video(db, make_past(db, count=5), published_at=NOON - 7 * DAY)
    first = decide(db, post.asset_id)
    second = decide(db, post.asset_id, Option.RE_EDIT)
    db.flush()
    assert (first.stands, second.stands) == (False, True)

    service.undo(db, second, actor=None, now=NOON)
    assert (first.stands, second.stands, second.undone_at) == (True, False, NOON)
    with pytest.raises(WrongState):
        service.undo(db, second, actor=None, now=NOON)
    service.redo(db, second, actor=None, now=NOON)
    db.flush()
    assert (first.stands, second.stands, second.undone_at) == (False, True, None)
    service.undo(db, second, actor=None, now=NOON)
    decide(db, post.asset_id, Option.AMPLIFY_FREE)
    db.flush()
    with pytest.raises(Conflict):
        service.redo(db, second, actor=None, now=NOON)


def test_thirty_and_ninety_days_later_it_is_judged_by_what_came(db: Session) -> None:
    post = make_video(db, make_past(db), published_at=NOON - 7 * DAY, first_day=100)
    made = decide(db, post.asset_id)
    db.flush()

    assert judging.judge(db, now=NOON + 29 * DAY) == 0
    read(db, post, first_day=400, ages=(30, 36.9, 40), until=NOON + 33 * DAY)
    assert judging.judge(db, now=NOON + 34 * DAY) == 1
    db.flush()

    assert made.views_30 == pytest.approx(views_at(37, 400), rel=0.02)
    assert (made.views_90, made.paid_off) == (None, None)
    assert [(one.days, one.where) for one in judged([made])] == [(30, "above")]
    assert score(judged([made])).wrong_lately is None
    assert judging.judge(db, now=NOON + 34 * DAY) == 0
    read(db, post, first_day=400, ages=(90, 96, 98), until=NOON + 92 * DAY)
    assert judging.judge(db, now=NOON + 93 * DAY) == 1
    assert made.views_90 == pytest.approx(views_at(97, 400), rel=0.02)


def test_a_promotion_paid_off_when_what_came_above_the_forecast_was_worth_its_cost(db: Session) -> None:
    channel = make_past(db)
    service.save_settings(db, None, SettingValues(cost=Decimal(100), value_per_view=Decimal(1)), actor=None, now=NOON)
    good, bad = (make_video(db, channel, published_at=NOON - 7 * DAY, first_day=100) for _ in range(2))
    decisions = [decide(db, one.asset_id, Option.PROMOTE) for one in (good, bad)]
    service.record_promotion(db, db.get_one(Asset, good.asset_id), kind=PromotionKind.AD, on=NOON.date(), cost=Decimal(100), actor=None, now=NOON)
    db.flush()
    read(db, good, first_day=400, ages=(36, 40), until=NOON + 40 * DAY)
    read(db, bad, first_day=100, ages=(36, 40), until=NOON + 40 * DAY)

    assert judging.judge(db, now=NOON + 40 * DAY) == 2

    assert [one.paid_off for one in decisions] == [True, False]
    bins = calibration(decisions)
    assert sum(one.count for one in bins) == 2


@pytest.mark.parametrize(("cost", "currency", "paid_off"), [(0, "EUR", True), (5, "EUR", True), (100_000, "EUR", False), (5, "JPY", None)])
def test_what_was_paid_is_what_was_recorded_in_the_currency_of_the_value(db: Session, cost: int, currency: str, paid_off: bool | None) -> None:
    service.save_settings(db, None, SettingValues(cost=Decimal(100_000), value_per_view=Decimal(1)), actor=None, now=NOON)
    post = make_video(db, make_past(db), published_at=NOON - 7 * DAY, first_day=100)
    made = decide(db, post.asset_id, Option.PROMOTE)
    asset = db.get_one(Asset, post.asset_id)
    service.record_promotion(db, asset, kind=PromotionKind.AD, on=NOON.date(), cost=Decimal(cost), currency=currency, actor=None, now=NOON)
    db.flush()
    read(db, post, first_day=400, ages=(36, 40), until=NOON + 40 * DAY)

    assert judging.judge(db, now=NOON + 40 * DAY) == 1

    assert made.paid_off is paid_off  # The 100,000 were planned, and nobody paid them.


def test_an_old_video_that_was_not_read_since_waits_for_a_reading(db: Session) -> None:
    ages = (1, 30, 200, 399.5)
    post = make_video(db, make_past(db), published_at=NOON - 400 * DAY, first_day=100, ages=ages)
    made = decide(db, post.asset_id)
    db.flush()

    assert judging.judge(db, now=NOON + 31 * DAY) == 0
    read(db, post, first_day=100, ages=(428,), until=NOON + 31 * DAY)
    assert judging.judge(db, now=NOON + 31 * DAY) == 1
    assert made.views_30 == pytest.approx(views_at(428, 100), rel=0.02)


def test_views_counted_in_another_way_since_are_not_held_against_a_forecast(db: Session) -> None:
    decided = NOON.replace(month=8, day=10)
    post = make_video(db, make_past(db, now=decided), published_at=decided - 7 * DAY, until=decided)
    made = decide(db, post.asset_id, now=decided)
    db.flush()
    read(db, post, first_day=5000, ages=(36, 38), until=decided + 40 * DAY)

    assert judging.judge(db, now=decided + 40 * DAY) == 0
    assert made.views_30 is None


def past(actual: int, later: int | None = None, **more: object) -> Decision:
    return Decision(forecast_30=[100, 200, 300], views_30=actual, forecast_90=[100, 200, 300], views_90=later, **more)


def test_the_desk_says_it_was_wrong_when_chance_alone_hardly_explains_the_misses() -> None:
    told = score(judged([past(200) for _ in range(4)] + [past(400)]))
    assert (told.judged, told.inside, told.above, told.coverage, told.wrong_lately) == (5, 4, 1, 0.8, False)
    told = score(judged([past(400) for _ in range(4)] + [past(50)]))
    assert (told.lately, told.above, told.below, told.wrong_lately) == ((0, 5), 4, 1, True)
    assert score([]).coverage is None
    # Of ten, five that held are too few (3 in 100 by chance), six are not (12 in 100).
    for held, wrong in ((5, True), (6, False)):
        assert score(judged([past(200 if one < held else 400) for one in range(10)])).wrong_lately is wrong
    # The two judgements of one decision are one proof.
    twice = score(judged([past(400, 400) for _ in range(4)]))
    assert (twice.judged, twice.lately, twice.wrong_lately) == (8, (0, 4), None)


def test_said_and_done_stand_beside_each_other_with_how_sure_that_is() -> None:
    bins = calibration([past(200, pays=0.8, paid_off=one < 3) for one in range(4)] + [past(200, pays=0.2, paid_off=False), past(1, pays=None, paid_off=True)])

    assert [(one.start, one.end, one.count, round(one.said, 2), one.paid) for one in bins] == [(0.0, 0.3, 1, 0.2, 0.0), (0.7, 0.9, 4, 0.8, 0.75)]
    assert (round(bins[1].low, 2), round(bins[1].high, 2)) == (0.43, 0.92)


def test_what_promoted_a_video_is_recorded_once_a_day_and_kind_and_can_be_removed(db: Session) -> None:
    post = make_video(db, make_channel(db, platform=Platform.YOUTUBE), published_at=NOON - 7 * DAY)
    asset = db.get_one(Asset, post.asset_id)

    first = service.record_promotion(db, asset, kind=PromotionKind.AD, on=date(2026, 2, 27), cost=None, actor=None, now=NOON)
    db.flush()
    again = service.record_promotion(db, asset, kind=PromotionKind.AD, on=date(2026, 2, 27), cost=Decimal(30), actor=None, now=NOON)
    elsewhere = make_post(db, asset=asset, state=PostState.PUBLISHED, publish_at=NOON - DAY, published_at=NOON - DAY)
    marked = service.mark_post(db, elsewhere, actor=None, now=NOON)
    db.flush()

    assert (again.id, again.cost) == (first.id, Decimal("30.00"))
    assert (marked.kind, marked.on, marked.post_id) == (PromotionKind.POST, date(2026, 3, 1), elsewhere.id)
    assert queries.live_posts(db, asset.id) == []
    with pytest.raises(Invalid):
        service.record_promotion(db, asset, kind=PromotionKind.AD, on=date(2026, 3, 9), cost=None, actor=None, now=NOON)
    with pytest.raises(WrongState):
        service.mark_post(db, make_post(db, asset=asset), actor=None, now=NOON)
    service.remove_promotion(db, first, actor=None, now=NOON)
    db.flush()
    assert [one.kind for one in db.scalars(select(Promotion))] == [PromotionKind.POST]


@pytest.mark.parametrize(
    ("values", "field"),
    [({"target_share": 1.2}, "target_share"), ({"horizon_days": 3}, "horizon_days"), ({"currency": "EURO"}, "currency"),
     ({"thresholds": {"pays": 1.5}}, "pays"), ({"value_per_view": Decimal(-1)}, "value_per_view")],
)  # fmt: skip
def test_a_setting_out_of_range_is_refused_beside_its_field(db: Session, values: dict, field: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(PlannerError) as refused:
        service.save_settings(db, None, SettingValues(**values), actor=None, now=NOON)

    assert refused.value.field == field
    assert db.scalars(select(PromotionSettings)).all() == []


def test_what_promotions_brought_is_kept_by_the_job_and_read_by_a_page_and_follows_at_once_when_one_is_recorded(db: Session) -> None:
    channel = make_past(db, count=14)
    videos = gather(db, channel.id).videos
    asset = db.get_one(Asset, videos[0].asset_id)

    def promote(number: int) -> None:
        on = (videos[number].published_at or NOON) + 4 * DAY
        service.record_promotion(db, db.get_one(Asset, videos[number].asset_id), kind=PromotionKind.AD, on=on.date(), cost=None, actor=None, now=NOON)
        db.flush()

    promote(1)
    standings.refresh(db, channel.id, now=NOON)
    first = look(db, asset, now=NOON)
    promote(2)
    kept = look(db, asset, now=NOON)
    standings.learn(db, channel.id, now=NOON)
    db.flush()
    told = look(db, asset, now=NOON)

    assert first is not None
    assert kept is not None
    assert told is not None
    assert [one[1].gain.promoted for one in (first, kept, told)] == [1, 1, 2]
    # What a page reads is what the whole channel gives.
    assert told[1].gain == standings.bench(db, channel.id, NOON).gains()[PromotionKind.AD]


def test_the_job_keeps_the_board_which_costs_two_statements_at_any_size(runtime: Runtime) -> None:
    with runtime.sessions.begin() as db:
        few = make_past(db, count=3)
        make_past(db, count=30, channel=make_channel(db, platform=Platform.YOUTUBE))
        fresh = [make_video(db, few, published_at=NOON - days * DAY) for days in (5, 50, 65)]
        secret = make_video(db, few, published_at=NOON - 9 * DAY, confidentiality=Confidentiality.CONFIDENTIAL, title="Falcon")
        viewer = make_user(db, roles=(RoleName.VIEWER,))
    context = JobContext(1, {}, runtime, None, lambda *_told: None)

    assert function("promotion.refresh")(context) == {"standings": 37, "promoted": 0, "judged": 0}
    assert function("promotion.refresh")(context) == {"standings": 0, "promoted": 0, "judged": 0}

    seen: list[str] = []
    with runtime.sessions() as db:
        listener = lambda _c, _cur, statement, *_rest: seen.append(statement)  # noqa: E731
        event.listen(runtime.engine, "before_cursor_execute", listener)
        board = queries.board(db, BoardFilters(), viewer=None, now=NOON)
        small = len([one for one in seen if not one.startswith("BEGIN")])
        everything = queries.board(db, BoardFilters(view="all", sort="views"), viewer=None, now=NOON)
        event.remove(runtime.engine, "before_cursor_execute", listener)
        assert (small, len([one for one in seen if not one.startswith("BEGIN")])) == (2, 4)
        assert {row.standing.asset_id for row in board.rows} == {fresh[0].asset_id, fresh[1].asset_id, secret.asset_id}
        assert (board.total, board.open, board.everything, len(everything.rows)) == (3, 3, 37, 37)
        hidden = queries.board(db, BoardFilters(), viewer=viewer, now=NOON)
        assert (hidden.total, [row.title for row in hidden.rows].count("Falcon")) == (2, 0)
    with runtime.sessions.begin() as db:
        decide(db, fresh[0].asset_id)
    with runtime.sessions() as db:
        assert queries.to_decide(db, viewer=None, now=NOON) == 2
        assert [row.decided for row in queries.board(db, BoardFilters(view="decided"), viewer=None, now=NOON).rows] == [Option.LEAVE]


def test_what_people_know_changes_the_row_at_once(db: Session) -> None:
    channel = make_past(db, count=6)
    post = make_video(db, channel, published_at=NOON - 7 * DAY)
    standings.refresh(db, channel.id, now=NOON)

    service.save_inputs(db, db.get_one(Asset, post.asset_id), InputValues(target_share=0.25, vouched_by="An analyst"), actor=None, now=NOON)
    db.flush()
    assert standings.refresh(db, channel.id, now=NOON + timedelta(minutes=1), only=post.asset_id) == 1

    assert db.get_one(Standing, post.asset_id, populate_existing=True).target_share == 0.25
    entry = db.scalars(select(Entry).where(Entry.action == "promotion.inputs_changed")).one()
    assert entry.became == {"target_share": 0.25, "vouched_by": "An analyst"}
