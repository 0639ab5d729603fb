"""Published directly, through the browser's door and the programs': hatched on the calendar, adopted, ignored, put back."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts import service as accounts
from planner.catalog.models import Asset, AssetKind, Confidentiality
from planner.catalog.search import Search
from planner.channels.models import Channel
from planner.channels.port import NativePost, OwnPosts, Platform, PostKind, Reading, Receipt
from planner.insights import service as insights
from planner.planning.models import Post, PostState
from planner.publishing import natives
from planner.publishing.models import Native, NativeLook, NativeState
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_channel, make_post, make_user
from tests.web.counting import statements

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVENTS = "/calendar/events?start=2026-03-01T00:00:00%2B00:00&end=2026-03-08T00:00:00%2B00:00"


@pytest.fixture
def channel(app_db: Session) -> Channel:
    """A channel with two messages published directly, numbers 1 and 2, and one planned post."""
    channel = make_channel(app_db, name="Group on X", colour=3)
    told = [NativePost(Receipt(number, f"https://x.com/us/status/{number}", NOON - HOUR), text) for number, text in (("71", "From <the> stand"), ("72", ""))]
    natives.keep(app_db, channel.id, OwnPosts(told), since=NOON - DAY, now=NOON)
    make_post(app_db, channel=channel, asset=make_asset(app_db, title="Annual figures"), state=PostState.SCHEDULED)
    app_db.commit()
    return channel


def states(db: Session) -> list[NativeState]:
    db.expire_all()
    found = list(db.scalars(select(Native.state).order_by(Native.id)))
    db.commit()
    return found


def test_the_calendar_shows_them_hatched_and_in_words_and_nobody_moves_them(client: Browser, channel: Channel) -> None:
    rows = [row for row in client.get(EVENTS).json if row["origin"] == "native"]

    assert rows[0] == {
        "id": "native-1", "title": "From <the> stand", "start": "2026-03-02T12:00:00+01:00", "end": None, "allDay": False,
        "url": "/published-directly/1", "move_url": None, "editable": False, "platform": "x", "channel": "Group on X", "colour": 3,
        "state": "native", "state_label": "Published directly", "confidential": False, "origin": "native",
    }  # fmt: skip
    assert [row["title"] for row in rows] == ["From <the> stand", "Without words"]
    page = client.get("/calendar?view=list&date=2026-03-01").text
    assert page.count('class="channel--3 hatched"') == 2
    assert "From &lt;the&gt; stand" in page
    assert page.index("From &lt;the&gt; stand") < page.index("Annual figures"), "in order of time"
    key = "Hatched: published on the platform itself."
    assert (key in page, key in client.get("/calendar?view=list&date=2026-03-01&native=hide").text) == (True, False)


@pytest.mark.parametrize(
    ("asked", "natives_shown", "posts_shown"),
    [
        ("", 2, 1), ("&native=hide", 0, 1), ("&native=only", 2, 0), ("&native=nonsense", 2, 1), ("&channel=1", 2, 1), ("&channel=99", 0, 0),
        ("&state=published", 2, 0), ("&state=scheduled", 0, 1), ("&kind=video", 0, 0), ("&mine=1", 0, 0), ("&audience=press", 2, 1),
    ],
)  # fmt: skip
def test_filters_that_ask_about_more_than_is_known_of_them_leave_them_out(
    client: Browser, channel: Channel, asked: str, natives_shown: int, posts_shown: int
) -> None:
    origins = [row["origin"] for row in client.get(EVENTS + asked).json]

    assert (origins.count("native"), origins.count("post")) == (natives_shown, posts_shown)
    page = client.get(f"/calendar?view=list&date=2026-03-01{asked}").text
    assert page.count("/published-directly/") == natives_shown
    if asked == "&native=hide":
        assert "date=2026-04-01&amp;native=hide" in page, "kept in the address"


def test_the_calendars_statements_do_not_grow_with_them(app: Flask, client: Browser, app_db: Session, channel: Channel) -> None:
    paths = ("/calendar?view=month&date=2026-03-02", EVENTS, "/published-directly", "/published-directly/1")
    before = [statements(app, client, path) for path in paths]
    told = [NativePost(Receipt(f"9{number}", "", NOON - HOUR), "More") for number in range(40)]
    natives.keep(app_db, channel.id, OwnPosts(told), since=NOON, now=NOON)
    app_db.commit()

    after = [statements(app, client, path) for path in paths]
    assert after == before
    assert max(after) <= 8


def test_adopted_it_becomes_a_post_and_counts_for_the_asset_until_it_is_put_back(client: Browser, app_db: Session, channel: Channel) -> None:
    asset_id = app_db.scalars(select(Asset.id)).one()
    app_db.commit()

    answer = client.submit("/published-directly/1/adopt", asset_id=asset_id)

    assert (answer.status_code, answer.location) == (302, "/published-directly/1")
    page = client.get("/published-directly/1").text
    assert ("Adopted. Its numbers are collected from now on." in page, "/put-back" in page, "Annual figures" in page) == (True, True, True)
    post_id = app_db.scalars(select(Post.id).where(Post.external_id == "71")).one()
    insights.record(app_db, [(post_id, Reading("71", impressions=4321))], at=NOON, now=NOON)
    app_db.commit()
    assert "4,321" in client.get(f"/assets/{asset_id}").text
    assert "/published-directly/1" in client.get(f"/posts/{post_id}").text
    assert [row["id"] for row in client.get(EVENTS).json] == [post_id, 1, "native-2"]

    client.submit("/published-directly/1/put-back")

    assert states(app_db) == [NativeState.FOUND, NativeState.FOUND]
    assert "4,321" not in client.get(f"/assets/{asset_id}").text
    assert f"/posts/{post_id}/restore" not in client.get(f"/posts/{post_id}").text


def test_several_are_decided_at_once(client: Browser, app_db: Session, channel: Channel) -> None:
    asset_id = app_db.scalars(select(Asset.id)).one()
    app_db.commit()

    client.submit("/published-directly/decide", native=[1, 2], what="ignore")
    assert states(app_db) == [NativeState.IGNORED, NativeState.IGNORED]
    assert "2 messages ignored." in client.get("/published-directly?state=ignored").text
    client.submit("/published-directly/decide", native=[1, 2], what="put-back")
    client.submit("/published-directly/decide", native=[1, 2], what="adopt", asset_id=asset_id)
    assert states(app_db) == [NativeState.ADOPTED, NativeState.ADOPTED]
    assert client.get("/published-directly?state=adopted").text.count("Adopted under “Annual figures”") == 2
    assert "Nothing was published past the planner" in client.get("/published-directly").text


@pytest.mark.parametrize(
    ("path", "fields", "status", "sentence"),
    [
        ("decide", {"what": "ignore"}, 422, "Choose at least one message."),
        ("decide", {"what": "adopt", "native": [1]}, 422, "Choose the asset that it is about."),
        ("decide", {"what": "explode", "native": [1]}, 422, "Say what to do with them."),
        ("decide", {"what": "put-back", "native": [1, 2]}, 422, "Nobody decided about this message yet"),
        ("decide", {"what": "ignore", "native": [1, 999]}, 404, ""),
        ("1/adopt", {"asset_id": ""}, 422, "Choose the asset that it is about."),
        ("1/adopt", {"asset_id": "999"}, 404, ""),
        ("1/put-back", {}, 409, "Nobody decided about this message yet"),
    ],
)
def test_what_cannot_be_done_says_why_and_changes_nothing(
    client: Browser, app_db: Session, channel: Channel, path: str, fields: dict[str, Any], status: int, sentence: str
) -> None:
    answer = client.submit(f"/published-directly/{path}", **fields)

    assert answer.status_code == status
    assert sentence in answer.text
    assert states(app_db) == [NativeState.FOUND, NativeState.FOUND]


def test_under_what_asset_is_searched_for(client: Browser, app_db: Session, channel: Channel) -> None:
    open_house = make_asset(app_db, title="Open house")
    Search(app_db).put([(open_house.id, open_house.title)])
    app_db.commit()

    assert ("Annual figures" in (page := client.get("/published-directly/1").text), "Open house" in page) == (True, True)
    assert ("Annual figures" in (page := client.get("/published-directly/1?q=house").text), "Open house" in page) == (False, True)
    assert "Nothing in the catalogue fits “zebra”." in client.get("/published-directly/1?q=zebra").text


def test_a_reader_who_may_not_know_the_asset_does_not_learn_its_title(
    sign_in: Callable[..., Browser], client: Browser, app_db: Session, channel: Channel
) -> None:
    secret = make_asset(app_db, title="Project Falcon", confidentiality=Confidentiality.CONFIDENTIAL)
    app_db.commit()
    client.submit("/published-directly/1/adopt", asset_id=secret.id)
    viewer = sign_in(roles=("viewer",))

    for path in ("/published-directly/1", "/published-directly?state=adopted"):
        assert "Falcon" not in viewer.get(path).text
    assert viewer.submit("/published-directly/1/put-back").status_code == 403


def test_the_desk_names_what_was_said_too_early_and_how_many_wait(client: Browser, app_db: Session, channel: Channel) -> None:
    make_asset(app_db, embargo_until=NOON + DAY, embargo_terms=["the stand"])
    natives.keep(app_db, channel.id, OwnPosts([NativePost(Receipt("73", "", NOON - HOUR), "At the stand!")]), since=NOON, now=NOON)
    app_db.commit()

    page = client.get("/").text

    assert "At the stand!" in page
    assert "It says “the stand”, which is under embargo until Tue 3 Mar 2026, 13:00." in page
    assert "3 posts were published directly: yours?" in page


def test_a_desk_with_nothing_else_on_it_is_not_quiet_while_somebody_has_to_say_whose_a_message_is(
    client: Browser, sign_in: Callable[..., Browser], app_db: Session
) -> None:
    room = make_channel(app_db, platform=Platform.X)
    natives.keep(app_db, room.id, OwnPosts([NativePost(Receipt("9", "", NOON - HOUR), "Hello!")]), since=NOON - DAY, now=NOON)
    app_db.commit()

    said = "One post was published directly: yours?"
    assert [said in page for page in (client.get("/").text, sign_in(make_user(app_db, roles=("viewer",))).get("/").text)] == [True, False]
    assert "Une publication a été faite directement\u00a0: la vôtre\u202f?" in client.get("/", headers={"Accept-Language": "fr"}).text
    make_asset(app_db)
    app_db.commit()
    page = client.get("/").text
    assert (said in page, "Nothing needs you today" in page) == (True, False)


def test_the_calendar_leads_to_what_was_published_directly(client: Browser) -> None:
    assert 'href="/published-directly"' in client.get("/calendar").text.partition("<main")[2]


def test_a_channel_says_how_far_it_was_looked_through_and_can_be_left_alone(client: Browser, app_db: Session, channel: Channel) -> None:
    app_db.add(NativeLook(channel_id=channel.id, enabled=True, asked_at=NOON, trouble="X asks for a pause."))
    app_db.commit()
    at = f"/settings/channels/{channel.id}"
    assert "X asks for a pause." in client.get(at).text

    client.submit(f"/published-directly/channels/{channel.id}", on="0")

    assert "Start looking" in client.get(at).text
    app_db.expire_all()
    assert app_db.get_one(NativeLook, channel.id).enabled is False


def test_a_program_reads_adopts_ignores_and_puts_back(app: Flask, app_db: Session, channel: Channel) -> None:
    planner = make_user(app_db, roles=("planner",))
    token = accounts.issue_token(app_db, planner, "a program", actor=None, now=NOON)
    asset_id = app_db.scalars(select(Asset.id)).one()
    app_db.commit()
    program, auth = app.test_client(), {"Authorization": f"Bearer {token}"}

    listed = program.get("/api/v1/native-posts", headers=auth).json
    assert [(one["id"], one["external_id"], one["text"], one["kind"], one["state"]) for one in listed["items"]] == [
        (2, "72", "", PostKind.TEXT, "found"), (1, "71", "From <the> stand", PostKind.TEXT, "found"),
    ]  # fmt: skip
    at = "/api/v1/native-posts/1"
    tag = program.get(at, headers=auth).headers["ETag"]
    assert program.post(f"{at}/adopt", json={"asset_id": asset_id}, headers=auth).status_code == 428
    adopted = program.post(f"{at}/adopt", json={"asset_id": asset_id}, headers={**auth, "If-Match": tag})
    assert (adopted.status_code, adopted.json["state"]) == (200, "adopted")
    assert program.post(f"{at}/ignore", headers={**auth, "If-Match": tag}).status_code == 412
    for verb, status, state in (("ignore", 409, None), ("put-back", 200, "found"), ("ignore", 200, "ignored"), ("put-back", 200, "found")):
        answer = program.post(f"{at}/{verb}", headers={**auth, "If-Match": "*"})
        assert (answer.status_code, answer.json.get("state")) == (status, state)


def test_the_choice_of_assets_says_where_it_stops(client: Browser, channel: Channel, app_db: Session) -> None:
    app_db.add_all(Asset(title=f"Paper {number:03}", kind=AssetKind.WHITE_PAPER, created_at=NOON, updated_at=NOON + number * HOUR) for number in range(1, 300))
    app_db.commit()
    whole = client.get("/published-directly").text
    make_asset(app_db, title="One more")
    app_db.commit()
    more = client.get("/published-directly").text

    assert ["The 300 that changed last are offered. Any other is found on a message's own page." in html.unescape(page) for page in (whole, more)] == [False, True]
    assert [page.count(">Paper ") for page in (whole, more)] == [299, 299]
