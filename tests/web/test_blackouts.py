"""Blackouts made on their page: on the calendar, in what the rules say of a post, and with what they would hit said before and after."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import Confidentiality
from planner.planning import rules
from planner.planning.models import Post, PostState, RuleSetting
from planner.planning.quiet_models import Blackout
from tests.conftest import Browser, StoppedClock
from tests.factories import NOON, make_asset, make_blackout, make_campaign, make_channel, make_post, make_user
from tests.web.counting import statements

WEEK, MONTH, LIST = (f"/calendar?view={view}&date=2026-03-02" for view in ("week", "month", "list"))
PAGE = "/settings/blackouts"
QUIET = {"name": "Before the results", "starts_on": "2026-03-03", "last_on": "2026-03-04", "back": WEEK}
SAYS = "This falls in the blackout “Before the results”."


def silent_days(page: str) -> dict[int, list[str]]:
    """The quiet days of each channel's lane."""
    found: dict[int, list[str]] = {}
    for day, channel in re.findall(r'is-quiet[^"]*" data-day="([0-9-]+)" data-channel="(\d+)"', page):
        found.setdefault(int(channel), []).append(day)
    return found


def all_day(page: str) -> str:
    """The row of the week that is about whole days."""
    found = re.search(r'<tr class="lanes__allday">(.*?)</tr>', page, re.DOTALL)
    assert found is not None
    return found[1]


def rows(db: Session) -> list[tuple[Any, ...]]:
    db.expire_all()
    found = [(one.name, one.starts_on, one.last_on, one.removed_at is None) for one in db.query(Blackout).order_by(Blackout.id)]
    db.commit()
    return found


def test_one_is_added_changed_removed_and_put_back(client: Browser, app_db: Session, clock: StoppedClock) -> None:
    assert "No blackout to come" in client.get(PAGE).text
    assert client.submit(f"{PAGE}/new", **QUIET).location == WEEK
    page = unescape(client.get(WEEK).text)
    assert page.count('class="mark mark--blackout"') == 2
    assert "“Before the results” is on the calendar. No planned post falls inside it." in page

    saved = client.submit(f"{PAGE}/1", **{**QUIET, "name": "Quiet period", "last_on": "", "version": 1, "back": ""})
    assert (saved.location, rows(app_db)) == (PAGE, [("Quiet period", date(2026, 3, 3), date(2026, 3, 3), True)])
    assert client.submit(f"{PAGE}/1", **QUIET, version=1).status_code == 409
    assert "Quiet period" in client.get(PAGE).text

    client.submit(f"{PAGE}/1/remove", back=WEEK)
    assert "mark--blackout" not in client.get(WEEK).text
    assert client.get(f"{PAGE}/1").status_code == 404
    clock.advance(timedelta(seconds=3))
    assert client.submit(f"{PAGE}/1/put-back", back=WEEK).location == WEEK
    assert rows(app_db)[0][-1] is True
    told = unescape(client.get("/settings/history?about=blackouts").text)
    assert [told.count(words) for words in ("added a blackout", "changed a blackout", "removed a blackout", "put back a blackout")] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "  ", "Give the blackout a name."), ("name", "x" * 161, "At most 160 characters."), ("starts_on", "", "Choose a day."),
        ("last_on", "2026-03-01", "The last day comes before the first."), ("last_on", "2027-03-04", "That is longer than a year."),
        ("starts_on", "1800-01-01", "Choose a year between 1990 and 2100."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("preview", ["", "1"])
def test_what_is_wrong_is_said_and_nothing_is_kept(client: Browser, app_db: Session, field: str, value: str, said: str, preview: str) -> None:
    page = client.submit(f"{PAGE}/new", **{**QUIET, field: value, "preview": preview})

    assert (page.status_code, said in unescape(page.text), rows(app_db)) == (422, True, [])


def test_a_post_on_its_days_is_warned_of_until_it_is_removed(client: Browser, app_db: Session) -> None:
    post = make_post(app_db)
    app_db.commit()
    address = f"/posts/{post.id}"
    assert SAYS not in unescape(client.get(address).text)

    client.submit(f"{PAGE}/new", **QUIET)
    assert SAYS in unescape(client.get(address).text)
    client.submit(f"{PAGE}/1", **{**QUIET, "starts_on": "2026-03-04", "version": 1})
    assert SAYS not in unescape(client.get(address).text)
    client.submit(f"{PAGE}/1", **{**QUIET, "version": 2})
    client.submit(f"{PAGE}/1/remove")
    assert SAYS not in unescape(client.get(address).text)
    client.submit(f"{PAGE}/1/put-back")
    assert SAYS in unescape(client.get(address).text)


def test_it_stops_a_post_where_the_rule_blocks_and_lets_it_pass_where_it_warns(client: Browser, app_db: Session) -> None:
    client.submit(f"{PAGE}/new", **QUIET)
    author = make_user(app_db, roles=("planner",))
    posts = [make_post(app_db, state=PostState.IN_REVIEW, author=author, submitted_by_id=author.id) for _ in range(2)]
    app_db.add(RuleSetting(code="blackout", channel_id=posts[0].channel_id, enabled=True, must_not=True, parameters={}))
    digests = {one.id: rules.content_digest(one, one.asset, one.channel) for one in posts}
    app_db.commit()

    stopped, passed = [client.submit(f"/posts/{number}/approve", digest=digest) for number, digest in digests.items()]

    assert (stopped.status_code, SAYS in unescape(stopped.text), passed.status_code) == (422, True, 302)
    states = list(app_db.scalars(select(Post.state).order_by(Post.id)))
    assert (states[0], states[1] in (PostState.APPROVED, PostState.SCHEDULED)) == (PostState.IN_REVIEW, True)


def test_one_for_some_channels_is_silent_there_and_nowhere_else(client: Browser, app_db: Session) -> None:
    quiet, loud = (make_channel(app_db, name=name) for name in ("Group X", "Group Y"))
    posts = [make_post(app_db, asset=make_asset(app_db, title=f"On {one.name}"), channel=one) for one in (quiet, loud)]
    app_db.commit()

    shown = unescape(client.submit(f"{PAGE}/new", **QUIET, channel_ids=[quiet.id], preview="1").text)
    assert ("On Group X" in shown, "On Group Y" in shown, "One planned post falls inside it." in shown) == (True, False, True)
    assert re.search(rf'<input checked[^>]*name="channel_ids"[^>]*value="{quiet.id}"', shown)
    client.submit(f"{PAGE}/new", **QUIET, channel_ids=[quiet.id])

    assert [SAYS in unescape(client.get(f"/posts/{one.id}").text) for one in posts] == [True, False]
    week = unescape(client.get(WEEK).text)
    assert silent_days(week) == {quiet.id: ["2026-03-03", "2026-03-04"]}
    assert week.count("Before the results (Group X)") == 2
    assert "lanes__col-2 is-quiet" not in all_day(week)
    assert "<td data-label=\"Channels\">Group X</td>" in unescape(client.get(PAGE).text)
    history = unescape(client.get(f"{PAGE}/1").text)
    assert "Group X" in history

    client.submit(f"{PAGE}/1", **QUIET, version=1)
    assert silent_days(unescape(client.get(WEEK).text)) == {one.id: ["2026-03-03", "2026-03-04"] for one in (quiet, loud)}
    assert "Every channel" in client.get(PAGE).text


def test_a_calendar_of_other_channels_does_not_show_one_and_a_calendar_of_its_channels_is_quiet(client: Browser, app_db: Session) -> None:
    quiet, loud = (make_channel(app_db, name=name) for name in ("Group X", "Group Y"))
    make_blackout(app_db, channel_ids=[quiet.id])
    make_campaign(app_db, starts_on=NOON.date())
    app_db.commit()

    for view in (WEEK, MONTH, LIST, "/calendar?view=year&date=2026-03-02"):
        assert ["Before the results" in client.get(f"{view}&channel={one.id}").text for one in (quiet, loud)] == [True, False], view
        assert "Before the results (Group X)" in unescape(client.get(view).text), view
    assert ["month__day--quiet" in client.get(f"{MONTH}{channel}").text for channel in ("", f"&channel={quiet.id}")] == [False, True]
    told = [client.get(f"/calendar/events?start=2026-03-01&end=2026-03-09{channel}").json for channel in ("", f"&channel={quiet.id}", f"&channel={loud.id}")]
    assert [[one["title"] for one in rows if one["origin"] == "blackout"] for rows in told] == [["Before the results"], ["Before the results"], []]


def test_a_channel_that_is_not_there_is_refused(client: Browser, app_db: Session) -> None:
    make_channel(app_db)
    app_db.commit()

    assert (client.submit(f"{PAGE}/new", **QUIET, channel_ids=["77"]).status_code, rows(app_db)) == (422, [])


def test_what_it_would_hit_is_shown_before_and_said_after(client: Browser, app_db: Session) -> None:
    inside = make_post(app_db, asset=make_asset(app_db, title="Inside"), state=PostState.APPROVED).id
    make_post(app_db, asset=make_asset(app_db, title="Live"), state=PostState.PUBLISHED, published_at=NOON)
    make_post(app_db, asset=make_asset(app_db, title="After"), publish_at=NOON + timedelta(days=3))
    app_db.commit()

    shown = unescape(client.submit(f"{PAGE}/new", **QUIET, preview="1").text)
    assert ("One planned post falls inside it." in shown, f'href="/posts/{inside}"' in shown, "After" in shown, "Live" in shown) == (True, True, False, False)
    assert rows(app_db) == []
    saved = client.submit(f"{PAGE}/new", **QUIET)
    page = unescape(client.get(saved.location).text)
    assert (saved.location.split("?")[0], f'href="/posts/{inside}"' in page) == (f"{PAGE}/1", True)
    assert "“Before the results” is on the calendar. One planned post falls inside it." in page
    assert "No planned post falls inside it." in unescape(client.submit(f"{PAGE}/1", **{**QUIET, "starts_on": "2026-03-04"}, version=1, preview="1").text)


def test_the_days_are_those_of_each_channel(client: Browser, app_db: Session) -> None:
    """At 23:30 in Paris on the 4th it is the 5th in Tokyo."""
    late = datetime(2026, 3, 4, 22, 30, tzinfo=UTC)
    for zone in ("Europe/Paris", "Asia/Tokyo"):
        make_post(app_db, asset=make_asset(app_db, title=zone), channel=make_channel(app_db, time_zone=zone), publish_at=late)
    app_db.commit()

    shown = client.submit(f"{PAGE}/new", **QUIET, preview="1").text

    assert ("Europe/Paris" in shown, "Asia/Tokyo" in shown) == (True, False)


def test_who_may_not_know_of_a_post_reads_no_word_of_it(sign_in: Callable[..., Browser], app_db: Session) -> None:
    make_post(app_db, asset=make_asset(app_db, title="Falcon", confidentiality=Confidentiality.CONFIDENTIAL))
    make_blackout(app_db)
    app_db.commit()

    page = sign_in(roles=("viewer",)).get(f"{PAGE}/1").text

    assert ("Falcon" in page, "Confidential" in page, "One planned post falls inside it." in page) == (False, True, True)


def test_who_reads_finds_no_form(sign_in: Callable[..., Browser], app_db: Session) -> None:
    make_blackout(app_db)
    app_db.commit()
    author = sign_in(roles=("author",))

    assert 'name="starts_on"' not in author.get(f"{PAGE}/1").text
    answers = [author.submit(f"{PAGE}/{way}", **QUIET).status_code for way in ("new", "1", "1/remove", "1/put-back")]
    assert (answers, rows(app_db)) == ([403] * 4, [("Before the results", date(2026, 3, 3), date(2026, 3, 3), True)])


def test_past_ones_wait_until_asked_for_and_the_rule_is_told(client: Browser, app_db: Session) -> None:
    make_blackout(app_db, "Over", starts_on=date(2026, 2, 1))
    make_blackout(app_db, "Coming")
    app_db.commit()

    assert [name in client.get(path).text for path in (PAGE, f"{PAGE}?past=1") for name in ("Over", "Coming")] == [False, True, True, True]
    assert "is warned of; it may still go out" in client.get(PAGE).text
    for enabled, must_not, said in ((True, True, "is blocked until somebody"), (False, False, "about blackouts is off")):
        app_db.query(RuleSetting).delete()
        app_db.add(RuleSetting(code="blackout", enabled=enabled, must_not=must_not, parameters={}))
        app_db.commit()
        assert said in client.get(PAGE).text


def test_the_way_back_leads_to_the_calendar_or_to_the_list_alone(client: Browser) -> None:
    page = client.get(f"{PAGE}/new?back=javascript:alert(1)").text

    assert 'href="javascript' not in page
    assert client.submit(f"{PAGE}/new", **{**QUIET, "back": "https://example.net/"}).location == PAGE


def test_thousands_are_turned_page_by_page_and_found_by_name(client: Browser, app_db: Session) -> None:
    for number in range(60):
        make_blackout(app_db, f"Quiet {number}", starts_on=NOON.date())
    app_db.commit()

    first = client.get(PAGE).text
    following = re.search(r'href="(/settings/blackouts\?cursor=[^"]+)"', first)
    assert following is not None
    seen = [re.findall(r'class="row-link"[^>]*>(Quiet \d+)<', page) for page in (first, client.get(following[1]).text)]

    assert seen == [[f"Quiet {number}" for number in range(50)], [f"Quiet {number}" for number in range(50, 60)]]
    assert "60 in all" in first
    assert re.findall(r'class="row-link"[^>]*>(Quiet \d+)<', client.get(f"{PAGE}?past=1&q=quiet+59").text) == ["Quiet 59"]
    assert client.get(f"{PAGE}?cursor=x").status_code == 422


def test_blackouts_cost_no_page_a_statement(client: Browser, app: Flask, app_db: Session) -> None:
    make_blackout(app_db)
    make_post(app_db)
    app_db.commit()
    pages = (WEEK, MONTH, LIST, PAGE, f"{PAGE}/1")
    before = [statements(app, client, path) for path in pages]
    for number in range(20):
        make_blackout(app_db, f"Blackout {number}", channel_ids=[make_channel(app_db).id] if number % 2 else [])
        make_post(app_db)
    app_db.commit()

    assert [statements(app, client, path) for path in pages] == before
    assert max(before[3:]) <= 8
