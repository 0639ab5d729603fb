"""Events on their page, on the calendar's days, among what gets in the way, and beside a post whose day is a rival's."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from typing import Any

import icalendar
import pytest
import vobject
from flask import Flask
from sqlalchemy.orm import Session

from planner.people.models import Event
from planner.planning import shares
from planner.planning.models import RuleSetting, ShareKind
from planner.planning.shared import ShownEvents
from tests.conftest import Browser, StoppedClock
from tests.factories import NOON, make_asset, make_channel, make_event, make_post, make_user
from tests.web.counting import statements

WEEK, MONTH, LIST = (f"/calendar?view={view}&date=2026-03-02" for view in ("week", "month", "list"))
SHOW = {"name": "Mobile Week", "kind": "trade_show", "rival": "Acme", "starts_on": "2026-03-03", "last_on": "2026-03-04", "back": WEEK}


def rows(db: Session) -> list[tuple[Any, ...]]:
    db.expire_all()
    found = [(one.name, one.kind.value, one.rival, one.starts_on, one.last_on, one.removed_at is None) for one in db.query(Event).order_by(Event.id)]
    db.commit()
    return found


def test_an_event_is_added_changed_removed_and_put_back(client: Browser, app_db: Session, clock: StoppedClock) -> None:
    assert client.submit("/events/new", **SHOW).location == WEEK
    page = unescape(client.get(WEEK).text)
    assert page.count("Acme: Mobile Week") == 2 and "“Mobile Week” is on the calendar." in page
    assert "Mobile Week" in client.get("/events").text

    saved = client.submit("/events/1", **{**SHOW, "name": "Mobile Days", "last_on": "", "version": 1, "back": ""})
    assert (saved.location, rows(app_db)) == ("/events", [("Mobile Days", "trade_show", "Acme", date(2026, 3, 3), date(2026, 3, 3), True)])
    assert client.submit("/events/1", **SHOW, version=1).status_code == 409
    assert "Mobile Days" in unescape(client.get("/settings/history?about=events").text)

    client.submit("/events/1/remove", back=WEEK)
    assert "Mobile Days" not in client.get("/events").text and client.get("/events/1").status_code == 404
    clock.advance(timedelta(seconds=3))
    client.submit("/events/1/put-back", back=WEEK)
    assert rows(app_db)[0][-1] is True


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("name", "", "Give the event a name."), ("last_on", "2026-03-01", "The last day comes before the first."), ("url", "ftp://x", "A link starts with"), ("kind", "party", "Not a valid choice")],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept(client: Browser, app_db: Session, field: str, value: str, said: str) -> None:
    page = client.submit("/events/new", **{**SHOW, field: value})

    assert (page.status_code, said in unescape(page.text), rows(app_db)) == (422, True, [])


def test_who_reads_sees_it_and_finds_no_form(sign_in: Callable[..., Browser], app_db: Session) -> None:
    make_event(app_db, "Mobile Week", rival="Acme", place="Hall 3")
    app_db.commit()
    viewer = sign_in(roles=("viewer",))

    page = viewer.get("/events/1").text

    assert ("Hall 3" in page, "Acme" in page, 'name="starts_on"' in page) == (True, True, False)
    assert viewer.submit("/events/1", **SHOW).status_code == 403
    assert viewer.submit("/events/1/remove").status_code == 403


def test_past_ones_wait_until_asked_for(client: Browser, app_db: Session) -> None:
    make_event(app_db, "Over", starts_on=date(2026, 2, 1))
    make_event(app_db, "Coming")
    app_db.commit()

    assert [name in client.get(path).text for path in ("/events", "/events?past=1") for name in ("Over", "Coming")] == [False, True, True, True]


def test_each_view_shows_it_on_its_days_and_the_rows_tell_it(client: Browser, app_db: Session) -> None:
    make_event(app_db, "Our stand", starts_on=date(2026, 3, 7), ends_on=date(2026, 3, 10))
    make_channel(app_db)
    app_db.commit()

    assert [client.get(path).text.count('class="mark mark--event"') for path in (WEEK, MONTH, LIST)] == [2, 3, 3]
    told = [one for one in client.get("/calendar/events?start=2026-03-02T00:00:00%2B01:00&end=2026-03-09T00:00:00%2B01:00").get_json() if one["origin"] == "event"]
    assert told == [
        {
            "id": "event-1", "title": "Our stand", "start": "2026-03-07", "end": "2026-03-10", "allDay": True, "url": "/events/1", "move_url": None,
            "editable": False, "origin": "event",
        }
    ]  # fmt: skip


def test_a_rival_s_event_gets_in_the_way_of_a_post_on_its_days_and_ours_does_not(client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db)
    post = make_post(app_db, channel=channel)
    make_event(app_db, "Our stand")
    app_db.commit()
    assert "gets in the way" not in client.get(WEEK).text

    rival = make_event(app_db, "Mobile Week", rival="Acme")
    app_db.commit()
    page = unescape(client.get(WEEK).text)
    assert "One thing gets in the way" in page and "Posts beside a rival's event (Acme, “Mobile Week”): 1." in page
    assert "“Mobile Week” of Acme is on 3 Mar 2026." in unescape(client.get(f"/posts/{post.id}").text)

    rival.starts_on, rival.ends_on = date(2026, 3, 5), date(2026, 3, 7)
    app_db.commit()
    assert "gets in the way" not in client.get(MONTH).text
    app_db.add(RuleSetting(code="rival", enabled=True, parameters={"days": 2}))
    app_db.commit()
    assert "“Mobile Week” of Acme is from 5 Mar 2026 to 6 Mar 2026." in unescape(client.get(f"/posts/{post.id}").text)
    # Also from the next week's page: the event is there, the post here.
    rival.starts_on, rival.ends_on, post.publish_at = date(2026, 3, 9), date(2026, 3, 10), NOON + timedelta(days=5)
    app_db.commit()
    assert "Posts beside a rival's event" in unescape(client.get(WEEK).text)
    app_db.query(RuleSetting).update({"enabled": False})
    app_db.commit()
    assert "gets in the way" not in client.get(MONTH).text
    assert "Mobile Week” of Acme" not in unescape(client.get(f"/posts/{post.id}").text)


def shared_link(db: Session, kind: ShareKind, **wanted: Any) -> str:
    _share, token = shares.make(db, shares.NewShare("All", kind, life=timedelta(days=30), **wanted), actor=make_user(db, roles=("admin",)), now=NOON)
    db.commit()
    return f"/s/{token}" + (".ics" if kind is ShareKind.FEED else "?view=list&date=2026-03-02")


def feed_of(client: Browser, link: str) -> list[Any]:
    """The events of a feed as one reader finds them; another one must find the same days."""
    body = client.get(link).data
    found = icalendar.Calendar.from_ical(body).events
    others = getattr(vobject.readOne(body.decode()), "vevent_list", [])
    assert [(one.dtstart.value, one.dtend.value) for one in others] == [(one.start, one.end) for one in found]
    return found


def test_a_shared_link_shows_no_events_unless_its_maker_said_so(client: Browser, app_db: Session) -> None:
    make_event(app_db, "Our stand", place="Hall 3", note="Bring the key.")
    make_event(app_db, "Mobile Week", rival="Acme")
    make_event(app_db, "Gone", removed_at=NOON)
    app_db.commit()

    shown = {}
    for events in ShownEvents:
        page = client.get(shared_link(app_db, ShareKind.PAGE, events=events)).text
        told = [str(one["summary"]) for one in feed_of(client, shared_link(app_db, ShareKind.FEED, events=events))]
        assert "Bring the key." not in page
        shown[events] = (["Our stand" in page, "Acme: Mobile Week" in page, "Gone" in page], told)

    assert shown == {
        ShownEvents.NONE: ([False, False, False], []),
        ShownEvents.OURS: ([True, False, False], ["Our stand"]),
        ShownEvents.ALL: ([True, True, False], ["Our stand", "Acme: Mobile Week"]),
    }


def test_a_feed_tells_an_event_as_whole_days_that_two_readers_agree_on(client: Browser, app_db: Session) -> None:
    event = make_event(
        app_db, "Mobile Week; halls 1, 2", starts_on=date(2026, 3, 28), ends_on=date(2026, 3, 31), place="Porte de Versailles, Paris",
        url="https://example.com/week", note="Secret.",
    )  # fmt: skip
    app_db.commit()
    others, own = (shared_link(app_db, ShareKind.FEED, events=ShownEvents.ALL, personal=personal) for personal in (False, True))

    (told,) = feed_of(client, others)
    body = client.get(others).data

    assert (told.start, told.end, str(told["location"]), str(told["url"]), told.categories) == (
        date(2026, 3, 28), date(2026, 3, 31), "Porte de Versailles, Paris", "https://example.com/week", ["Another event"],
    )  # fmt: skip
    assert b"DTSTART;VALUE=DATE:20260328\r\nDTEND;VALUE=DATE:20260331\r\n" in body and b"Secret" not in body
    assert b"SUMMARY:Mobile Week\\; halls 1\\, 2\r\n" in body and max(map(len, body.split(b"\r\n"))) <= 75
    assert (str(told["uid"]), told["sequence"]) == (f"event-{event.id}@{str(told['uid']).partition('@')[2]}", 0)
    assert str(feed_of(client, own)[0]["url"]).endswith(f"/events/{event.id}")


def test_an_event_that_says_what_is_under_embargo_is_confidential_until_it_lifts_or_left_out(client: Browser, app_db: Session, clock: StoppedClock) -> None:
    make_asset(app_db, title="Falcon", embargo_until=NOON + timedelta(days=1), embargo_terms=["Falcon"])
    make_event(app_db, "Falcon day", place="Falcon hall")
    app_db.commit()
    masked, left_out = (shared_link(app_db, ShareKind.FEED, events=ShownEvents.ALL, leaves_out=out) for out in (False, True))
    page = shared_link(app_db, ShareKind.PAGE, events=ShownEvents.ALL)

    (told,) = feed_of(client, masked)
    assert (str(told["summary"]), str(told["class"]), told.get("location"), told.get("categories")) == ("Confidential", "CONFIDENTIAL", None, None)
    assert feed_of(client, left_out) == []
    assert all(b"falcon" not in client.get(link).data.lower() for link in (masked, left_out, page))
    assert "Confidential" in client.get(page).text
    clock.advance(timedelta(days=1))
    assert [[str(one["summary"]) for one in feed_of(client, link)] for link in (masked, left_out)] == [["Falcon day"], ["Falcon day"]]


def test_whoever_makes_a_link_chooses_which_events_it_shows(client: Browser, sign_in: Callable[..., Browser], app_db: Session) -> None:
    make_event(app_db, "Mobile Week", rival="Acme")
    app_db.commit()
    fields = {"name": "For me", "days": "30", "secret": "mask"}

    assert re.search(r'<input checked[^>]*name="events"[^>]*value="none"', client.get("/calendar/shares").text)
    viewer = sign_in(roles=("viewer",))
    assert re.search(r'<input checked[^>]*name="events"[^>]*value="all"', viewer.get("/calendar/shares").text)
    made = viewer.submit("/calendar/shares", **fields, what="own", events="all").text
    address = re.search(r'value="[^"]*(/s/[^"]+\.ics)"', made)
    assert address is not None
    assert [str(one["summary"]) for one in feed_of(client, address[1])] == ["Acme: Mobile Week"]
    assert client.submit("/calendar/shares", **fields, what="own", events="some").status_code == 422


def test_thousands_are_turned_page_by_page_and_found_by_words(client: Browser, app: Flask, app_db: Session) -> None:
    for number in range(120):
        make_event(app_db, f"Event {number}", starts_on=NOON.date() + timedelta(days=number), rival="Acme" if number == 110 else "", place="Lyon" if number == 5 else "")
    make_event(app_db, "Over", starts_on=date(2026, 2, 1))
    app_db.commit()

    def names(page: str) -> list[str]:
        return re.findall(r'href="/events/\d+">([^<]+)</a>', page)

    first = client.get("/events").text
    assert "120 in all" in first
    pages, seen = [first], names(first)
    while following := re.search(r'href="(/events\?cursor=[^"]+)"', pages[-1]):
        pages.append(client.get(following[1]).text)
        seen += names(pages[-1])
    assert (len(pages), seen) == (3, [f"Event {number}" for number in range(120)])
    assert names(client.get("/events?past=1").text)[:2] == ["Event 119", "Event 118"]
    assert [names(client.get(f"/events?q={words}").text) for words in ("aCme+event", "lyon", "over")] == [["Event 110"], ["Event 5"], []]
    assert names(client.get("/events?past=1&q=over").text) == ["Over"]
    assert "No event of that name" in client.get("/events?q=%25").text
    assert client.get("/events?cursor=x").status_code == 422
    assert statements(app, client, "/events") <= 8


def test_events_cost_the_calendar_no_statement(client: Browser, app: Flask, app_db: Session) -> None:
    make_post(app_db)
    app_db.commit()
    before = [statements(app, client, path) for path in (WEEK, MONTH, LIST)]
    for number in range(20):
        make_event(app_db, f"Event {number}", rival="Acme" if number % 2 else "")
    app_db.commit()

    assert [statements(app, client, path) for path in (WEEK, MONTH, LIST)] == before
    assert statements(app, client, "/events") <= 8


def send(client: Browser, text: str, name: str = "events.csv") -> Any:
    data = {"csrf_token": client.token(), "file": (io.BytesIO(text.encode()), name)}
    return client.post("/events/import", data=data, content_type="multipart/form-data")


def test_a_file_is_added_as_a_whole_and_sent_twice_adds_nothing_twice(client: Browser, app_db: Session) -> None:
    text = "Nom;Premier jour;Dernier jour;Type;Concurrent\nMobile  Week;2026-03-02;05/03/2026;Salon;\nKeynote;14/10/2026;;annonce;Acme\n"

    assert send(client, text).location == "/events"
    assert "2 events added." in client.get("/events").text
    kept = [("Mobile Week", "trade_show", "", date(2026, 3, 2), date(2026, 3, 5), True), ("Keynote", "announcement", "Acme", date(2026, 10, 14), date(2026, 10, 14), True)]
    assert rows(app_db) == kept
    send(client, text + "Mobile week;2026-03-09;;;\n")
    assert "One event added. 2 were there already." in client.get("/events").text
    assert len(rows(app_db)) == 3


def test_a_file_that_was_added_is_taken_back_as_a_whole(client: Browser, app_db: Session, clock: StoppedClock) -> None:
    make_event(app_db, "There before")
    app_db.commit()
    send(client, "name,first_day\nOne,2026-03-02\nTwo,2026-03-03\nThere before,2026-03-03\n")
    page = client.get("/events").text
    at = unescape(re.search(r'action="/events/import/undo".*?name="at" value="([^"]+)"', page, re.DOTALL)[1])  # type: ignore[index]
    clock.advance(timedelta(seconds=5))

    assert client.submit("/events/import/undo", at=at).location == "/events"

    assert "Undone: 2 events are off the calendar again." in client.get("/events").text
    assert [(row[0], row[-1]) for row in rows(app_db)] == [("There before", True), ("One", False), ("Two", False)]
    client.submit("/events/import/undo", at=at)
    assert "One of the events was changed since. Nothing was undone." in client.get("/events").text
    send(client, "name,first_day\nOne,2026-03-02\n")
    assert [row[-1] for row in rows(app_db)] == [True, False, False, True]


def test_a_file_of_others_or_with_an_event_that_was_changed_since_is_not_taken_back(
    client: Browser, sign_in: Callable[..., Browser], app_db: Session, clock: StoppedClock
) -> None:
    send(client, "name,first_day\nOne,2026-03-02\nTwo,2026-03-03\n")
    at, other = clock.now().isoformat(), sign_in(roles=("planner",))
    clock.advance(timedelta(seconds=5))

    other.submit("/events/import/undo", at=at)
    assert "There is nothing to undo." in other.get("/events").text
    assert sign_in(roles=("viewer",)).submit("/events/import/undo", at=at).status_code == 403
    assert client.submit("/events/import/undo", at="yesterday").status_code == 422
    client.submit("/events/2", **{**SHOW, "name": "Two, moved", "version": 1})
    client.submit("/events/import/undo", at=at)

    assert "One of the events was changed since. Nothing was undone." in client.get("/events").text
    assert [row[-1] for row in rows(app_db)] == [True, True]


def test_one_wrong_row_adds_nothing_and_each_error_names_its_row_and_column(client: Browser, app_db: Session) -> None:
    page = send(client, "name,first_day,last_day,kind,url\nGood,2026-03-02,,,\n,soon,,party,\nBack,2026-03-02,2026-03-01,,\nBad,2026-03-02,,,ftp://x\n")

    told = re.findall(r"</span>(\d+)</th><td[^>]*>([^<]*)</td>\s*<td[^>]*>([^<]*)<", unescape(page.text))
    assert (page.status_code, rows(app_db)) == (422, [])
    assert [(row, column) for row, column, _said in told] == [("3", "first_day"), ("3", "name"), ("3", "kind"), ("4", "last_day"), ("5", "url")]
    assert "The last day comes before the first." in page.text


def test_what_is_no_table_of_events_is_refused(client: Browser, sign_in: Callable[..., Browser], app_db: Session) -> None:
    assert "Events need at least the columns name and first_day." in unescape(send(client, "title,kind\nShow,salon\n").text)
    assert "This file is empty." in send(client, "").text
    assert send(sign_in(roles=("viewer",)), "name,first_day\nShow,2026-03-02\n").status_code == 403
    assert client.get("/events/import/template.csv").data.startswith(b"\xef\xbb\xbfname,first_day")
    assert send(client, client.get("/events/import/template.csv").data.decode("utf-8-sig")).status_code == 302
    assert [row[0] for row in rows(app_db)] == ["Mobile Week", "Autumn keynote"]
