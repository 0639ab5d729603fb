"""Saved views, notes of a day and the year of campaigns, through the browser's door and without script."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.planning.models import CalendarNote, SavedView
from planner.planning.quiet_models import Blackout
from tests.conftest import Browser
from tests.factories import NOON, make_campaign, make_channel, make_post, make_user
from tests.web.counting import statements

SignIn = Callable[..., Browser]


def undo(client: Browser, path: str, **fields: str) -> None:
    """Press the Undo of the message on that page."""
    page = client.get(path).text
    form = re.search(r'<form[^>]*action="([^"]+)"[^>]*>((?:(?!</form>).)*<span>Undo</span>.*?)</form>', page, flags=re.DOTALL)
    assert form, page
    hidden = {name: unescape(value) for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[2]) if name != "csrf_token"}
    assert client.submit(unescape(form[1]), **hidden).status_code == 302


def menu(client: Browser) -> list[tuple[str, str]]:
    """(name, address) of each saved view on the calendar's menu, in order."""
    page = client.get("/calendar?view=week").text.partition("<span class=\"button__word\">Views")[2].partition("</details>")[0]
    return [(unescape(name), unescape(href)) for href, name in re.findall(r'href="(/calendar\?[^"]*)"[^>]*><span>([^<]*)</span>', page)]


def test_what_the_calendar_shows_is_saved_under_a_name_for_oneself_or_for_the_team(sign_in: SignIn, app_db: Session) -> None:
    channel = make_channel(app_db)
    app_db.commit()
    hugo, nadia = sign_in(roles=("planner",)), sign_in(roles=("approver",))
    form = hugo.get(f"/calendar/views?view=month&date=2026-03-02&channel={channel.id}&state=draft&nonsense=1").text
    query = unescape(re.search(r'name="query"[^>]*value="([^"]*)"', form)[1])  # type: ignore[index]
    assert query == f"view=month&channel={channel.id}&state=draft"

    saved = hugo.submit("/calendar/views", name=" My  drafts ", query=query)
    hugo.submit("/calendar/views", name="Team drafts", query=f"{query}&evil=1&date=1999-01-01", shared="y")

    assert saved.location == f"/calendar?{query}"
    assert menu(hugo) == [("My drafts", f"/calendar?{query}"), ("Team drafts", f"/calendar?{query}")]
    assert menu(nadia) == [("Team drafts", f"/calendar?{query}")]
    assert nadia.get(saved.location).status_code == 200


def test_a_view_is_renamed_deleted_and_brought_back(client: Browser, app_db: Session) -> None:
    client.submit("/calendar/views", name="Old", query="view=list&kind=video", shared="y")
    client.submit("/calendar/views", name="Other", query="view=week")
    number = app_db.scalars(select(SavedView.id).where(SavedView.name == "Old")).one()
    app_db.commit()

    assert client.submit(f"/calendar/views/{number}/rename", name="Other").status_code == 422
    assert client.submit(f"/calendar/views/{number}/rename", name="New").status_code == 302
    assert menu(client) == [("New", "/calendar?view=list&kind=video"), ("Other", "/calendar?view=week")]
    client.submit(f"/calendar/views/{number}/remove")
    undo(client, "/calendar/views")

    assert menu(client)[0] == ("New", "/calendar?view=list&kind=video")


def test_the_calendar_opens_with_the_view_one_chose(client: Browser, sign_in: SignIn, app_db: Session) -> None:
    client.submit("/calendar/views", name="Videos", query="view=month&kind=video", shared="y")
    number = app_db.scalars(select(SavedView.id)).one()
    app_db.commit()

    client.submit("/calendar/views/first", view=number)

    assert client.get("/calendar").location == "/calendar?view=month&kind=video"
    assert (client.get("/calendar?view=week").status_code, sign_in(roles=("planner",)).get("/calendar").status_code) == (200, 200)
    client.submit("/calendar/views/first", view="")
    assert client.get("/calendar").status_code == 200
    client.submit("/calendar/views/first", view=number)
    client.submit(f"/calendar/views/{number}/remove")
    assert client.get("/calendar").status_code == 200


def test_nobody_touches_another_one_s_views_but_who_keeps_order(sign_in: SignIn, app_db: Session) -> None:
    author, viewer, planner = (sign_in(roles=(role,)) for role in ("author", "viewer", "planner"))
    author.submit("/calendar/views", name="Private", query="view=week")
    author.submit("/calendar/views", name="Ours", query="view=week", shared="y")
    private, ours = app_db.scalars(select(SavedView.id).order_by(SavedView.id)).all()
    app_db.commit()

    assert [who.submit(f"/calendar/views/{private}/remove").status_code for who in (viewer, planner)] == [404, 404]
    assert viewer.submit(f"/calendar/views/{ours}/remove").status_code == 403
    assert viewer.submit("/calendar/views", name="Mine", query="view=week", shared="y").status_code == 403
    assert viewer.submit("/calendar/views", name="Mine", query="view=week").status_code == 302
    assert planner.submit(f"/calendar/views/{ours}/rename", name="Renamed", shared="y").status_code == 302
    assert ("Renamed" in dict(menu(viewer)), "Private" in dict(menu(planner))) == (True, False)


def test_a_nameless_view_is_refused_and_keeps_what_it_asked(client: Browser) -> None:
    answer = client.submit("/calendar/views", name="", query="view=month&kind=video")

    assert answer.status_code == 422
    assert 'value="view=month&amp;kind=video"' in answer.text
    assert "Give the view a name." in answer.text


def test_a_note_is_written_on_a_day_changed_removed_and_put_back(client: Browser, app_db: Session) -> None:
    back = "/calendar?view=month&date=2026-03-02&kind=video"
    assert 'value="2026-03-04"' in client.get("/calendar/notes/new?day=2026-03-04").text

    saved = client.submit("/calendar/notes/new", text="  <b>Trade</b>  show  ", day="2026-03-04", back=back)
    number = app_db.scalars(select(CalendarNote.id)).one()
    app_db.commit()

    assert saved.location == back
    for view in ("week", "month", "list"):
        assert "&lt;b&gt;Trade&lt;/b&gt; show" in client.get(f"/calendar?view={view}&date=2026-03-02").text, view
    assert client.submit(f"/calendar/notes/{number}", text="Trade show", day="2026-03-11", version=1, back=back).location == back
    assert client.submit(f"/calendar/notes/{number}", text="Late", day="2026-03-11", version=1).status_code == 409
    assert ["Trade show" in client.get(f"/calendar?date={day}").text for day in ("2026-03-04", "2026-03-11")] == [False, True]
    client.submit(f"/calendar/notes/{number}/remove", back="/calendar?date=2026-03-11")
    assert "Trade show" not in client.get("/calendar?view=list&date=2026-03-11").text.partition("toasts")[0]
    client.submit(f"/calendar/notes/{number}/put-back")
    assert "Trade show" in client.get("/calendar?date=2026-03-11").text


def test_the_undo_of_a_note_takes_it_away_again(client: Browser, app_db: Session) -> None:
    client.submit("/calendar/notes/new", text="Too early", day="2026-03-04")

    undo(client, "/calendar?date=2026-03-04")

    assert app_db.scalars(select(CalendarNote.removed_at)).one() == NOON


@pytest.mark.parametrize("fields", [{"text": ""}, {"text": "x" * 301}, {"day": "soon"}, {"day": "1066-10-14"}])
def test_a_bad_note_is_refused_with_what_was_typed(client: Browser, app_db: Session, fields: dict[str, str]) -> None:
    answer = client.submit("/calendar/notes/new", **{"text": "Words", "day": "2026-03-04", **fields})

    assert (answer.status_code, app_db.scalars(select(CalendarNote)).all()) == (422, [])
    assert fields.get("text", "Words") in answer.text


@pytest.mark.parametrize("back", ["https://example.com/", "//example.com", "/settings", "/calendar.evil?x", "/calendar?x\r\nSet-Cookie: a"])
def test_a_note_leads_back_to_the_calendar_and_nowhere_else(client: Browser, back: str) -> None:
    assert client.submit("/calendar/notes/new", text="Words", day="2026-03-04", back=back).location == "/calendar?date=2026-03-04"


def test_who_only_looks_writes_no_note(sign_in: SignIn) -> None:
    viewer = sign_in(roles=("viewer",))

    assert (viewer.get("/calendar/notes/new").status_code, viewer.submit("/calendar/notes/new", text="x", day="2026-03-04").status_code) == (403, 403)
    assert "/calendar/notes/new" not in viewer.get("/calendar?view=week").text


def test_the_year_shows_a_bar_for_each_campaign_with_its_embargo_and_what_has_no_date(client: Browser, app: Flask, app_db: Session) -> None:
    launch = make_campaign(app_db, name="Launch", starts_on=date(2026, 4, 1), ends_on=date(2026, 6, 30), embargo_until=NOON + timedelta(days=29))
    drifting = make_campaign(app_db, name="Drifting")
    make_post(app_db, campaign=drifting, publish_at=NOON + timedelta(days=60))
    make_campaign(app_db, name="Long gone", starts_on=date(2020, 1, 1), ends_on=date(2020, 2, 1))
    make_campaign(app_db, name="Someday")
    app_db.add(Blackout(name="Before the results", starts_on=date(2026, 7, 1), ends_on=date(2026, 7, 15)))
    app_db.commit()

    page = unescape(client.get("/calendar?view=year&date=2026-03-02").text)

    bars = re.findall(r'href="(/campaigns/\d+)" data-row>.*?<rect class="strip__bar[^"]*" x="([\d.]+)%" y="8" width="([\d.]+)%"', page, flags=re.DOTALL)
    assert [(href, float(left), float(width)) for href, left, width in bars] == [
        (f"/campaigns/{launch.id}", 25.0, 25.0),
        (f"/campaigns/{drifting.id}", 33.33, 0.6),
    ]
    assert 'class="strip__lift" x1="24.73%"' in page
    assert "embargo until 31 Mar" in page
    assert "Before the results" in page
    assert "Long gone" not in page.partition('class="strip"')[2]
    assert "Without a date:" in page
    assert "Someday" in page
    assert statements(app, client, "/calendar?view=year&date=2026-03-02") <= 8


def test_a_person_s_views_go_with_their_account(app_db: Session) -> None:
    owner = make_user(app_db)
    app_db.add(SavedView(screen="calendar", name="Mine", query="view=week", owner_id=owner.id, created_at=NOON, updated_at=NOON))
    app_db.commit()

    app_db.delete(owner)
    app_db.commit()

    assert app_db.scalars(select(SavedView)).all() == []


@pytest.mark.parametrize("view", ["week", "month", "list"])
def test_filters_that_no_post_passes_are_said_with_the_way_out(client: Browser, app_db: Session, view: str) -> None:
    campaign = make_campaign(app_db)
    make_post(app_db)
    number = campaign.id
    app_db.commit()

    narrowed = unescape(client.get(f"/calendar?view={view}&date=2026-03-02&campaign={number}").text)
    everything = unescape(client.get(f"/calendar?view={view}&date=2026-03-02").text)

    assert ("No post passes these filters from" in narrowed, "No post passes these filters" in everything) == (view != "list", False)
    assert re.search(rf'<a href="/calendar\?view={view}&date=2026-03-02"[^>]*>(<svg.*?</svg>)?(<span>)?Clear the filters', narrowed, flags=re.DOTALL)
    if view != "month":
        assert re.search(rf'href="/posts/new\?[^"]*campaign={number}\b', narrowed)
