"""The book of rules: it knows every finding there is, and each tunable rule judges right up to its boundary, also when the clocks change."""

from __future__ import annotations

import ast
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from planner.channels.models import Channel
from planner.channels.port import MediaKind, Platform
from planner.core.errors import Invalid
from planner.planning import free_days, rules
from planner.planning.findings import Alike, Finding, Neighbour, Quiet, RivalEvent, Surroundings
from planner.planning.free_days import FreeDay
from planner.planning.models import Post, PostState
from planner.planning.rulebook import BOOK, BY_FINDING, Tuned, Tuning, rule, tuning_of
from planner.planning.wording import Tongue, language_of
from tests.planning.test_rules import NOON, TOMORROW, a_channel, a_file, a_post, an_asset, codes

PLANNER = Path(__file__).resolve().parent.parent.parent / "planner"
LOCKED = {"embargo", "leak", "sensitive", "retired", "campaign", "mention", "pause", "moment", "platform", "connection"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def with_rule(code: str, *, must_not: bool = False, enabled: bool = True, **values: Any) -> Tuning:
    known = rule(code)
    assert known is not None
    return Tuning({code: Tuned(enabled, must_not, known.defaults | values)})


def only(code: str, post: Post, *, channel: Channel | None = None, asset: Any = None, **around: Any) -> list[dict[str, Any]]:
    """What the findings of that code say, as their parameters."""
    found = rules.findings(post, asset or an_asset(), None, channel or a_channel(), None, NOON, Surroundings(**around))
    return [one.params for one in found if one.code == code]


def test_every_finding_that_the_code_can_give_belongs_to_one_rule_of_the_book() -> None:
    given = set()
    for path in (PLANNER / "planning").glob("*.py"):
        given |= set(re.findall(r'Finding\(\s*(?:"[a-z]+"|[^,()]+),\s*"([a-z_]+)"', path.read_text()))
    for node in ast.walk(ast.parse((PLANNER / "channels" / "preflight.py").read_text())):
        name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if name in ("Objection", "_length") and isinstance(node.args[0], ast.Constant):  # type: ignore[attr-defined]
            given.add(node.args[0].value)  # type: ignore[attr-defined]

    assert given - set(BY_FINDING) == set()
    assert len(given) > 35
    assert sum(len(one.codes) for one in BOOK) == len(BY_FINDING)


def test_what_must_always_hold_is_locked_and_has_nothing_to_tune() -> None:
    assert {one.code for one in BOOK if one.locked} == LOCKED
    assert [one.code for one in BOOK if one.locked and (one.parameters or not one.enabled)] == []


def test_a_setting_for_a_locked_rule_changes_nothing() -> None:
    rows = [SimpleNamespace(channel_id=None, code=code, enabled=False, must_not=False, parameters={}) for code in LOCKED]

    assert tuning_of(rows, 7) == Tuning()
    assert codes(a_post(text=""), around=Surroundings(tuning=tuning_of(rows, 7))) == [("blocking", "no_text")]


def test_a_channel_s_own_setting_goes_before_that_for_all_and_leaves_other_channels_alone() -> None:
    rows = [
        SimpleNamespace(channel_id=7, code="gap", enabled=True, must_not=True, parameters={"minutes": 30}),
        SimpleNamespace(channel_id=None, code="gap", enabled=False, must_not=False, parameters={"minutes": 60}),
        SimpleNamespace(channel_id=None, code="gone", enabled=True, must_not=True, parameters={}),
    ]

    assert tuning_of(rows, 7).of("gap") == Tuned(True, True, {"minutes": 30})
    assert tuning_of(rows, 8).of("gap") == Tuned(False, False, {"minutes": 60})
    assert tuning_of([], 7).of("gap") == Tuned(True, False, {"minutes": 15})


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [
        ("2026-03-03T21:59:59+01:00", False),
        ("2026-03-03T22:00:00+01:00", True),
        ("2026-03-04T05:59:59+01:00", True),
        ("2026-03-04T06:00:00+01:00", False),
        # The night the clocks go forward: 05:30 UTC+2 is still before 06:00 by the clock, an hour earlier than the day before.
        ("2026-03-29T03:59:00+00:00", True),
        ("2026-03-29T04:00:00+00:00", False),
        # And back: 05:59 UTC+1 is 04:59 UTC.
        ("2026-10-25T04:59:00+00:00", True),
        ("2026-10-25T05:00:00+00:00", False),
    ],
)
def test_quiet_hours_go_by_the_channel_s_clock_also_when_it_changes(moment: str, quiet: bool) -> None:
    assert bool(only("quiet", a_post(publish_at=at(moment)))) is quiet


def test_quiet_hours_within_one_day_and_none_at_all() -> None:
    noon = a_post(publish_at=at("2026-03-03T12:30:00+01:00"))

    assert only("quiet", noon, tuning=with_rule("quiet", starts="12:00", ends="13:00")) == [{"clock": "12:30", "starts": "12:00", "ends": "13:00"}]
    assert only("quiet", noon, tuning=with_rule("quiet", starts="12:30", ends="12:30")) == []
    assert only("quiet", noon, channel=a_channel(time_zone="Asia/Tokyo")) == []
    assert only("quiet", a_post(publish_at=at("2026-03-03T20:00:00+01:00")), channel=a_channel(time_zone="Asia/Tokyo"))


@pytest.mark.parametrize(("minutes_apart", "gap", "said"), [(119, 120, True), (120, 120, False), (-119, 120, True), (14, 15, True), (15, 15, False)])
def test_a_gap_is_what_was_set_and_its_end_is_allowed(minutes_apart: int, gap: int, said: bool) -> None:
    other = Neighbour(9, 2, PostState.DRAFT, TOMORROW + timedelta(minutes=minutes_apart), "Other words.")

    found = only("clash", a_post(), neighbours=(other,), tuning=with_rule("gap", minutes=gap))

    assert found == ([{"when": other.publish_at, "minutes": gap}] if said else [])


def test_a_gap_is_time_that_passes_not_what_the_clocks_show() -> None:
    before, after = at("2026-03-29T01:30:00+01:00"), at("2026-03-29T03:30:00+02:00")  # Two hours by the clock, one in fact.
    other = Neighbour(9, 2, PostState.DRAFT, after, "Other words.")

    assert only("clash", a_post(publish_at=before), neighbours=(other,), tuning=with_rule("gap", minutes=90)) == [{"when": after, "minutes": 90}]
    assert only("clash", a_post(publish_at=before), neighbours=(other,), tuning=with_rule("gap", minutes=60)) == []


def test_the_daily_maximum_counts_the_channel_s_own_day_of_any_length() -> None:
    """The day the clocks go back has 25 hours: 00:30 and 23:30 are one day, 00:15 the next night is not."""
    post = a_post(publish_at=at("2026-10-25T12:00:00+01:00"))
    moments = ["2026-10-25T00:30:00+02:00", "2026-10-25T23:30:00+01:00", "2026-10-26T00:15:00+01:00", "2026-10-24T23:45:00+02:00"]
    near = tuple(Neighbour(number, 2, PostState.APPROVED, at(moment), f"Text {number}") for number, moment in enumerate(moments, 10))
    gone = Neighbour(20, 2, PostState.FAILED, at("2026-10-25T10:00:00+01:00"), "Never went.")

    assert only("daily", post, neighbours=(*near, gone), tuning=with_rule("daily", posts=3)) == []
    assert only("daily", post, neighbours=(*near, gone), tuning=with_rule("daily", posts=2)) == [{"number": 3, "most": 2}]


@pytest.mark.parametrize(
    ("moment", "zone", "country", "said"),
    [
        ("2026-07-14T09:00:00+02:00", "Europe/Paris", "", [{"country": "FR", "name": FreeDay("FR", date(2026, 7, 14))}]),
        ("2026-07-13T23:30:00+02:00", "Europe/Paris", "", []),
        ("2026-07-13T23:30:00+00:00", "Europe/Paris", "", [{"country": "FR", "name": FreeDay("FR", date(2026, 7, 14))}]),
        ("2026-07-14T09:00:00+02:00", "Europe/Paris", "DE", []),
        ("2026-10-03T09:00:00+02:00", "Europe/Paris", "DE", [{"country": "DE", "name": FreeDay("DE", date(2026, 10, 3))}]),
        ("2026-07-14T09:00:00+02:00", "UTC", "", []),
    ],
)  # fmt: skip
def test_a_public_holiday_is_that_of_the_zone_s_country_or_of_the_one_chosen(moment: str, zone: str, country: str, said: list[Any]) -> None:
    found = only("holiday", a_post(publish_at=at(moment)), channel=a_channel(time_zone=zone), tuning=with_rule("holiday", country=country))

    assert found == said


def test_holidays_speak_the_reader_s_language_where_the_tables_do() -> None:
    day = date(2026, 12, 25)
    christmas = free_days.on("FR", day)

    assert christmas is not None
    assert [christmas.named(language) for language in ("fr", "en", "xx")] == ["Noël", "Christmas Day", "Christmas Day"]
    assert str(christmas) == "Christmas Day"
    assert FreeDay("DE", date(2026, 10, 3)).named("de") == "Tag der Deutschen Einheit"
    assert free_days.on("XX", day) is None
    assert free_days.on("", day) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("We are proud to present the new orbital engine of our group, and this is how it works.", "en"),
        ("Nous sommes fiers de vous présenter le nouveau moteur de notre groupe, et voici comment il est construit dans nos ateliers.", "fr"),
        ("Wir stellen das neue Triebwerk vor und zeigen, wie es für die Umwelt und unsere Kunden gebaut ist.", "de"),
        ("Presentamos el nuevo motor de nuestro grupo y los talleres en que se construye para los clientes.", "es"),
        ("Orion launch.", None),
        ("#the #and #of https://example.com/the/and/of/to @the_is", None),
        ("", None),
    ],
)
def test_a_language_is_named_only_when_the_small_words_are_clear(text: str, language: str | None) -> None:
    assert language_of(text) == language


def test_a_text_in_another_language_than_the_channel_s_is_said_once_the_channel_has_one() -> None:
    french = a_post(text="Nous sommes fiers de vous présenter le nouveau moteur de notre groupe, et voici comment il est construit dans nos ateliers.")

    assert str(Tongue("fr")) == "French"
    assert Tongue("en").named("fr") == "anglais"
    assert only("language", french) == []
    assert only("language", french, tuning=with_rule("language", language="fr")) == []
    assert only("language", french, tuning=with_rule("language", language="en")) == [{"found": Tongue("fr"), "wanted": Tongue("en")}]


@pytest.mark.parametrize(("days", "said"), [(365, []), (366, [{"title": "Orion launch", "days": 366}])])
def test_an_asset_is_old_after_so_many_days(days: int, said: list[Any]) -> None:
    assert only("stale", a_post(), asset=an_asset(published_at=TOMORROW - timedelta(days=days))) == said


@pytest.mark.parametrize(
    ("link", "platform", "said"),
    [
        ("https://example.com/a?utm_source=x&utm_medium=social", Platform.X, 0),
        ("https://example.com/a", Platform.X, 1),
        ("https://example.com/a?utm_source=", Platform.LINKEDIN, 1),
        ("https://example.com/a", Platform.WEBHOOK, 0),
        ("", Platform.X, 0),
    ],
)
def test_a_link_without_its_mark_is_said_where_visitors_are_counted(link: str, platform: Platform, said: int) -> None:
    assert len(only("utm", a_post(link=link), channel=a_channel(platform), tuning=with_rule("utm"))) == said
    assert only("utm", a_post(link=link), channel=a_channel(platform)) == []


def test_another_post_for_the_same_audience_is_said_unless_the_rule_is_off() -> None:
    alike = Alike("Group on LinkedIn", TOMORROW)

    assert only("audience", a_post(), alike=alike) == [{"channel": "Group on LinkedIn", "when": TOMORROW}]
    assert only("audience", a_post(), alike=alike, tuning=with_rule("audience", enabled=False)) == []


def test_a_finding_names_the_posts_it_speaks_of() -> None:
    twin, near = Neighbour(9, 1, PostState.SCHEDULED, TOMORROW + timedelta(hours=1), "Hello."), Neighbour(4, 2, PostState.DRAFT, TOMORROW, "Else.")
    around = Surroundings(neighbours=(near, twin), tuning=with_rule("daily", posts=1), alike=Alike("Group on LinkedIn", TOMORROW, 7))

    found = rules.findings(a_post(), an_asset(sensitive=True), None, a_channel(), None, NOON, around)

    assert {one.code: one.post_ids for one in found if one.post_ids} == {"sensitive": (9,), "repeat": (9,), "clash": (4,), "daily": (4, 9), "audience": (7,)}


def test_x_refuses_a_repeat_whatever_was_set() -> None:
    twin = Neighbour(9, 1, PostState.SCHEDULED, TOMORROW + timedelta(hours=71), "Hello.")
    off = Surroundings(neighbours=(twin,), tuning=with_rule("repeat", enabled=False, hours=1))

    assert codes(a_post(), around=off) == [("blocking", "repeat")]
    assert codes(a_post(), channel=a_channel(Platform.LINKEDIN), around=off) == []


def test_a_warning_that_was_made_to_block_may_be_overridden_for_exactly_this_content() -> None:
    post, asset, channel = a_post(), an_asset(), a_channel()
    other = Neighbour(9, 2, PostState.DRAFT, TOMORROW + timedelta(minutes=5), "Other words.")
    digest = rules.content_digest(post, asset, channel)

    def level(**around: Any) -> list[tuple[str, bool]]:
        found = rules.findings(post, asset, None, channel, None, NOON, Surroundings(neighbours=(other,), tuning=with_rule("gap", must_not=True), **around))
        return [(one.level, one.overridable) for one in found]

    assert level() == [("blocking", True)]
    assert level(overrides=(("gap", digest),)) == [("warning", False)]
    assert level(overrides=(("gap", "0" * 64), ("daily", digest))) == [("blocking", True)]


def test_a_rule_that_is_off_says_nothing_and_others_go_on() -> None:
    around = Surroundings(blackouts=(Quiet("Before the results", date(2026, 3, 3), date(2026, 3, 4)),), tuning=with_rule("blackout", enabled=False))
    late = a_post(publish_at=datetime(2026, 3, 3, 22, 30, tzinfo=UTC))

    assert codes(late, around=around) == [("warning", "quiet")]


@pytest.mark.parametrize(
    ("code", "name", "value"),
    [("gap", "minutes", 0), ("gap", "minutes", 1441), ("gap", "minutes", True), ("gap", "minutes", "15"), ("quiet", "starts", "24:00"), ("quiet", "starts", "7:00"),
     ("quiet", "ends", ""), ("holiday", "country", "FRA"), ("language", "language", "é!")],
)  # fmt: skip
def test_a_value_that_is_none_is_refused_beside_its_parameter(code: str, name: str, value: Any) -> None:
    known = rule(code)
    assert known is not None
    parameter = next(one for one in known.parameters if one.name == name)

    with pytest.raises(Invalid) as refused:
        parameter.read(value)

    assert refused.value.field == name


def test_a_finding_is_a_warning_that_nobody_need_override_unless_said() -> None:
    assert Finding("warning", "clash", "").overridable is False


def test_the_rights_to_an_asset_and_to_its_files_hold_through_their_last_day() -> None:
    asset = an_asset(rights_until=date(2026, 3, 3), files=[a_file(5, MediaKind.IMAGE, rights_until=date(2026, 3, 2)), a_file(6, MediaKind.IMAGE)])
    last, after = at("2026-03-03T22:59:00+00:00"), at("2026-03-03T23:00:00+00:00")  # Midnight in Paris.

    assert only("rights", a_post(publish_at=last, media=[{"file_id": 6}]), asset=asset) == []
    assert only("rights", a_post(publish_at=after), asset=asset) == [{"name": asset.title, "ends": date(2026, 3, 3)}]
    assert only("rights", a_post(publish_at=last, media=[{"file_id": 5}]), asset=asset) == [{"name": "file-5", "ends": date(2026, 3, 2)}]


def test_a_rival_s_event_is_said_on_its_days_by_the_channel_s_calendar_and_as_far_around_as_was_set() -> None:
    event = RivalEvent("Mobile Week", "Acme", date(2026, 3, 4), date(2026, 3, 6))
    said = {"name": "Mobile Week", "rival": "Acme", "starts": date(2026, 3, 4), "ends": date(2026, 3, 5)}

    def on(moment: str, **tuned: Any) -> list[dict[str, Any]]:
        tuning = {"tuning": with_rule("rival", **tuned)} if tuned else {}
        return only("rival", a_post(publish_at=at(moment)), rivals=[event], **tuning)

    assert [on(f"2026-03-{moment}+01:00") for moment in ("03T23:59", "04T00:00", "05T23:59", "06T00:00")] == [[], [said], [said], []]
    assert [on(f"2026-03-{moment}+01:00", days=2) for moment in ("01T23:59", "02T00:00", "07T23:59", "08T00:00")] == [[], [said], [said], []]
    assert on("2026-03-04T12:00+01:00", enabled=False) == []
