"""The verdict: its rules in their order, what is thin, somebody who counts, and the money."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.promotion.forecast import Outlook, outlook
from planner.promotion.uplift import Uplift
from planner.promotion.verdict import Case, Choice, Confidence, Economics, economics, quality_of, verdict


def expected(views: float = 400.0, age: float = 7.0) -> Outlook:
    told = outlook([], [(1.0, views / 2), (age, views)], 30)
    assert told is not None
    return told


def money(pays: float | None) -> Economics:
    return Economics((10.0, 50.0, 200.0), 25.0, pays, None if pays is None else 100.0, 4.0)


def case(pays: float | None = 0.5, **known: object) -> Case:
    usual = {"age_days": 7.0, "comparable": 20, "start": 0.5, "retention": 0.5, "qualified_views": 200.0}
    return Case(expected=expected(), economics=money(pays), **{**usual, **known})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "choice", "code"),
    [
        ({"blocked": "embargo", "pays": 0.99}, Choice.DO_NOT_PROMOTE, "embargo"),
        ({"blocked": "rights", "goal": 10.0}, Choice.DO_NOT_PROMOTE, "rights"),
        ({"goal": 410.0, "pays": 0.99}, Choice.LET_IT_RUN, "goal_by_itself"),
        ({"goal": 1e6, "pays": 0.99}, Choice.PROMOTE, "pays"),
        ({"start": 0.30, "retention": 0.5, "pays": 0.99}, Choice.RE_EDIT, "few_start"),
        ({"click_through": 0.1, "retention": 0.8, "pays": 0.99}, Choice.RE_EDIT, "few_start"),
        ({"start": 0.31, "pays": 0.70}, Choice.PROMOTE, "pays"),
        ({"start": 0.2, "retention": 0.4, "pays": 0.9}, Choice.PROMOTE, "pays"),
        ({"retention": None, "pays": 0.9}, Choice.PROMOTE, "pays"),
        ({"retention": 0.15, "pays": 0.9}, Choice.LET_IT_RUN, "short_visits"),
        ({"pays": 0.69}, Choice.LET_IT_RUN, "does_not_pay"),
        ({"pays": 0.29, "for_event": True}, Choice.KEEP_FOR_EVENTS, "for_event"),
        ({"pays": 0.30, "for_event": True}, Choice.LET_IT_RUN, "does_not_pay"),
        ({"pays": 0.1, "for_event": True, "start": 0.9, "retention": 0.2}, Choice.LET_IT_RUN, "does_not_pay"),
        ({"pays": 0.4, "start": 0.9, "retention": 0.8}, Choice.AMPLIFY_FREE, "does_not_pay"),
        ({"pays": None}, Choice.LET_IT_RUN, "no_value"),
    ],
)
def test_the_first_rule_that_applies_decides(known: dict, choice: Choice, code: str) -> None:
    told = verdict(case(**known))
    assert (told.choice, told.reasons[0].code) == (choice, code)


@pytest.mark.parametrize(
    ("known", "choice"),
    [
        ({"pays": 0.1, "for_event": True}, Choice.LET_IT_RUN),
        ({"pays": 0.5}, Choice.AMPLIFY_FREE),
        ({"pays": 0.5, "start": 0.9, "retention": 0.8}, Choice.PROMOTE),
        ({"pays": 0.9}, Choice.PROMOTE),
        ({"blocked": "sensitive"}, Choice.DO_NOT_PROMOTE),
        ({"start": 0.1, "retention": 0.9}, Choice.RE_EDIT),
    ],
)
def test_somebody_who_counts_moves_it_one_step_up_and_is_named(known: dict, choice: Choice) -> None:
    plain, told = verdict(case(**known)), verdict(case(**known, vouched_by="Ada Byron, analyst"))
    assert told.choice is choice
    named = [reason.params["who"] for reason in told.reasons if reason.code == "vouched"]
    assert named == (["Ada Byron, analyst"] if plain.choice is not choice else [])


@pytest.mark.parametrize(
    ("known", "confidence", "code"),
    [
        ({}, Confidence.SOUND, None),
        ({"age_days": 2.9}, Confidence.TOO_EARLY, "young"),
        ({"comparable": 4}, Confidence.INDICATIVE, "few_comparable"),
        ({"qualified_views": 49.0}, Confidence.INDICATIVE, "few_qualified"),
        ({"qualified_views": None}, Confidence.SOUND, None),
        ({"blocked": "embargo", "age_days": 1.0}, Confidence.SOUND, None),
    ],
)
def test_what_is_thin_is_said(known: dict, confidence: Confidence, code: str | None) -> None:
    told = verdict(case(**known))
    assert told.confidence is confidence
    assert code is None or code in [reason.code for reason in told.reasons]


def test_a_forecast_that_is_too_wide_is_too_early() -> None:
    wide = outlook([], [(0.3, 60.0)], 90)
    assert wide is not None
    assert wide.too_early
    assert verdict(replace(case(), expected=wide)).confidence is Confidence.TOO_EARLY


def test_few_analysts_can_be_worth_more_than_many_others() -> None:
    analysts = economics(expected(60), Uplift(0.4, 0.2), cost=30, target_share=1.0, value_per_view=20)
    crowd = economics(expected(5000), Uplift(0.4, 0.2), cost=30, target_share=1.0, value_per_view=0.02)
    assert analysts.pays is not None
    assert crowd.pays is not None
    assert analysts.pays > 0.7 > 0.3 > crowd.pays


def test_what_is_not_told_is_not_counted_as_nothing() -> None:
    told = economics(expected(), Uplift(0.4, 0.2), cost=100, target_share=None, value_per_view=None)
    assert (told.pays, told.expected_gain) == (None, None)
    assert told.qualified == told.extra[1]
    assert told.cost_per_extra == pytest.approx(100 / told.extra[1])
    nobody = economics(expected(), Uplift(0.4, 0.2), cost=100, target_share=0.0, value_per_view=5)
    assert (nobody.qualified, nobody.pays, nobody.cost_per_extra) == (0.0, 0.0, None)


@pytest.mark.parametrize(
    ("viewed", "others", "quality"),
    [(50.0, [40.0] * 5, 1.25), (44.0, [40.0] * 5, 1.1), (10.0, [40.0] * 5, 0.5), (10.0, [40.0] * 4, 1.0), (None, [40.0] * 9, 1.0), (10.0, [0.0] * 5, 1.0)],
)
def test_quality_is_how_long_people_stay_against_the_channel(viewed: float | None, others: list[float], quality: float) -> None:
    assert quality_of(viewed, others) == pytest.approx(quality)


def test_every_verdict_says_what_would_change_it() -> None:
    for known in ({}, {"pays": 0.9}, {"blocked": "embargo"}, {"retention": None}, {"pays": None}):
        assert verdict(case(**known)).would_change
