"""Settings, Rules: the page drawn from the code, tuning per channel, and letting one post pass with a reason."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.planning.models import PostState, RuleOverride, RuleSetting
from planner.planning.rulebook import BOOK
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_channel, make_post, make_user
from tests.web.counting import statements

TOMORROW = NOON + timedelta(days=1)


def stored(db: Session) -> list[tuple[Any, ...]]:
    db.expire_all()
    rows = [(one.channel_id, one.code, one.enabled, one.must_not, one.parameters) for one in db.scalars(select(RuleSetting).order_by(RuleSetting.id))]
    db.commit()
    return rows


def a_clash(db: Session) -> int:
    """A post in review, ten minutes from another on its channel, where that blocks."""
    channel = make_channel(db)
    make_post(db, channel=channel, publish_at=TOMORROW + timedelta(minutes=10), text="The other one.")
    post = make_post(db, channel=channel, publish_at=TOMORROW, state=PostState.IN_REVIEW, asset=make_asset(db, title="The first one"))
    db.add(RuleSetting(code="gap", enabled=True, must_not=True, parameters={"minutes": 15}))
    number = post.id
    db.commit()
    return number


def let_pass(browser: Browser, post: int, reason: str, digest: str = "") -> int:
    """The status of the answer to the form of the post's page, as far as this person sees one."""
    shown = re.search(r'name="override-digest" value="([0-9a-f]{64})"', browser.get(f"/posts/{post}").text)
    typed = {"override-code": "gap", "override-reason": reason, "override-digest": digest or (shown[1] if shown else "")}
    return int(browser.submit(f"/posts/{post}/override", **typed).status_code)


def test_the_page_shows_every_rule_of_the_book_and_where_it_is_asked(client: Browser) -> None:
    page = unescape(client.get("/settings/rules").text)

    assert [one.code for one in BOOK if one.name not in page or one.checks not in page or one.says not in page] == []
    assert [one.code for one in BOOK if f'id="rule-{one.code}"' not in page] == []
    assert page.count("Asked while you type, when it is submitted, when it is approved, when it is moved, when a plan is imported, before it is sent.") == 8
    assert page.count('href="/settings/rules/') == sum(not one.locked for one in BOOK)


def test_the_page_says_it_in_french(sign_in: Any, app_db: Session) -> None:
    reader = make_user(app_db, language="fr")
    app_db.commit()

    page = unescape(sign_in(reader).get("/settings/rules").text)

    assert "Rien ne sort la nuit, à l’heure du fuseau horaire du canal." in page
    assert "Pas plus de tant de publications par jour" in page


def test_a_rule_is_tuned_for_all_then_for_one_channel_and_given_back(client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db, name="Group on X").id
    app_db.commit()
    apart = f"?channel={channel}"

    assert client.submit("/settings/rules/gap", enabled="y", minutes="120").status_code == 302
    assert client.submit(f"/settings/rules/gap{apart}", enabled="y", must_not="y", minutes="30").status_code == 302
    assert stored(app_db) == [(None, "gap", True, False, {"minutes": 120}), (channel, "gap", True, True, {"minutes": 30})]
    everywhere, there = client.get("/settings/rules").text, client.get(f"/settings/rules{apart}").text
    assert ["120 minutes" in page for page in (everywhere, there)] == [True, False]
    assert ["30 minutes" in page for page in (everywhere, there)] == [False, True]
    assert "Set apart for: Group on X" in everywhere

    assert client.submit(f"/settings/rules/gap/reset{apart}").status_code == 302
    assert client.submit("/settings/rules/quiet", starts="21:30", ends="07:00").status_code == 302
    assert stored(app_db) == [(None, "gap", True, False, {"minutes": 120}), (None, "quiet", False, False, {"starts": "21:30", "ends": "07:00"})]
    history = client.get("/settings/history").text
    assert ["set a rule" in history, "took back how a rule was set" in history, "minutes 30" in history] == [True, True, True]


@pytest.mark.parametrize(
    ("address", "typed", "sentence"),
    [
        ("gap", {"minutes": "0"}, "Give a whole number from 1 to 1440."),
        ("gap", {"minutes": "soon"}, "Not a valid integer value"),
        ("quiet", {"starts": "25:00", "ends": "06:00"}, "Give a time such as 22:00."),
        ("holiday", {"country": "XX"}, "Not a valid choice"),
    ],
)
def test_a_bad_value_is_refused_beside_its_field_and_nothing_is_written(
    client: Browser, app_db: Session, address: str, typed: dict[str, str], sentence: str
) -> None:
    answer = client.submit(f"/settings/rules/{address}", enabled="y", **typed)

    assert answer.status_code == 422
    assert sentence in unescape(answer.text)
    assert stored(app_db) == []


def test_what_always_holds_has_no_form_and_what_is_unknown_is_not_found(client: Browser, app_db: Session) -> None:
    addresses = [f"/settings/rules/{one.code}" for one in BOOK if one.locked] + ["/settings/rules/nonsense", "/settings/rules?channel=99", "/settings/rules/gap?channel=x"]

    assert [client.get(address).status_code for address in addresses] == [404] * len(addresses)
    assert client.submit("/settings/rules/embargo", enabled="").status_code == 404
    assert client.submit("/settings/rules/embargo/reset").status_code == 404
    assert stored(app_db) == []


@pytest.mark.parametrize("role", ["planner", "author", "approver", "legal", "viewer"])
def test_others_read_the_rules_and_set_none(sign_in: Any, app_db: Session, role: str) -> None:
    other = sign_in(roles=(role,))

    answers = [other.get("/settings/rules"), other.submit("/settings/rules/gap", minutes="5"), other.submit("/settings/rules/gap/reset")]

    assert [answer.status_code for answer in answers] == [200, 403, 403]
    assert "Change…" not in answers[0].text
    assert stored(app_db) == []


@pytest.mark.parametrize("count", [1, 5])
def test_the_page_costs_the_same_whatever_was_set(client: Browser, app: Flask, app_db: Session, count: int) -> None:
    for number in range(count):
        channel = make_channel(app_db)
        app_db.add_all(RuleSetting(code=one.code, channel_id=channel.id, enabled=bool(number), parameters=one.defaults) for one in BOOK if not one.locked)
    app_db.commit()

    # The person, the banner, the channels, the settings.
    assert statements(app, client, "/settings/rules") == 4


def test_an_approver_lets_one_post_pass_with_a_reason_that_stays_on_its_page(sign_in: Any, app_db: Session) -> None:
    post, approver = a_clash(app_db), sign_in(roles=("approver",))
    address = f"/posts/{post}"
    before = unescape(approver.get(address).text)
    assert "Let it pass “Gap” all the same…" in before
    assert "It cannot be approved while something blocks it." in before

    empty = approver.submit(f"{address}/override", **{"override-code": "gap", "override-reason": " "})
    assert empty.status_code == 422
    assert "Say why it may go out all the same" in unescape(empty.text)

    assert let_pass(approver, post, "Both are for the same fair.", digest="0" * 64) == 409  # Something else than what was on the page.
    assert let_pass(approver, post, "Both are for the same fair.") == 302
    after = unescape(approver.get(address).text)
    assert [said in after for said in ("Rules it was let past", "Both are for the same fair.", "It cannot be approved")] == [True, True, False]


@pytest.mark.parametrize(("role", "status"), [("author", 403), ("planner", 403), ("viewer", 403), ("legal", 302)])
def test_only_who_may_approve_overrides(sign_in: Any, app_db: Session, role: str, status: int) -> None:
    post = a_clash(app_db)

    assert let_pass(sign_in(roles=(role,)), post, "Mine.") == status
    assert len(list(app_db.scalars(select(RuleOverride)))) == (status == 302)


def test_the_composer_says_what_was_tuned_while_one_types(client: Browser, app_db: Session) -> None:
    channel, asset = make_channel(app_db, time_zone="Europe/Paris").id, make_asset(app_db).id
    app_db.add(RuleSetting(code="quiet", channel_id=channel, enabled=True, must_not=True, parameters={"starts": "12:00", "ends": "14:00"}))
    app_db.commit()

    said = client.submit("/posts/preflight", asset_id=str(asset), channels=str(channel), text="Hello.", wall_time="2026-03-03T13:00", time_zone="Europe/Paris")

    assert "It would go out at 13:00 there, within the quiet hours from 12:00 to 14:00." in unescape(said.text)
    assert "Blocking:" in said.text
