"""Settings, Channels: who may change what, keys that are never shown, sentences beside the field, and the sandbox in one click."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry
from planner.channels import usage
from planner.channels.models import Channel, ChannelState
from planner.channels.port import Platform
from planner.channels.usage import Doing
from planner.jobs import tick
from planner.planning.models import PostState
from planner.publishing.models import Delivery, DeliveryState, Hold
from tests.conftest import Browser, StoppedClock, make_settings
from tests.factories import NOON, make_channel, make_post, make_user
from tests.web.counting import statements

TOKEN = "key-0123456789-that-nobody-may-see"
NEW = {"name": "Group on X", "access_token": TOKEN, "external_id": "", "time_zone": "Europe/Paris", "grace_minutes": "30"}


def channels(db: Session) -> list[tuple[Any, ...]]:
    db.expire_all()
    rows = [tuple(row) for row in db.execute(select(Channel.platform, Channel.name, Channel.state).order_by(Channel.id))]
    db.commit()  # The application may write again.
    return rows


def text_of(page: str) -> str:
    """What a person reads of it, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def a_channel(db: Session, **values: Any) -> Channel:
    channel = make_channel(db, name="Group on X", token=TOKEN, **values)
    db.commit()
    return channel


def test_an_administrator_adds_a_channel_and_its_key_is_kept_sealed_and_unseen(client: Browser, app_db: Session) -> None:
    answer = client.submit("/settings/channels/new/x", **NEW)

    assert answer.status_code == 302
    assert channels(app_db) == [(Platform.X, "Group on X", ChannelState.CONNECTED)]
    channel = app_db.scalars(select(Channel)).one()
    assert (channel.time_zone, channel.grace_minutes) == ("Europe/Paris", 30)
    assert channel.credential is not None
    assert channel.credential.access_token == TOKEN
    pages = [client.get(path) for path in ("/settings", f"/settings/channels/{channel.id}", "/settings/history")]
    assert [page.status_code for page in pages] == [200, 200, 200]
    assert [TOKEN in page.text for page in pages] == [False, False, False]
    assert all("Group on X" in page.text for page in pages)


def test_a_refused_channel_keeps_what_was_typed_except_the_key(client: Browser, app_db: Session) -> None:
    answer = client.submit("/settings/channels/new/x", **{**NEW, "time_zone": "Europe/Atlantis", "external_id": "12345"})

    assert answer.status_code == 422
    assert "Choose a time zone of the list" in answer.text
    assert 'value="Group on X"' in answer.text
    assert 'value="Europe/Atlantis"' in answer.text
    assert 'value="12345"' in answer.text
    assert TOKEN not in answer.text
    assert channels(app_db) == []


@pytest.mark.parametrize(
    ("platform", "wrong", "sentence"),
    [
        ("x", {"access_token": ""}, "An access token is needed"),
        ("x", {"access_token": "two words"}, "A key holds no spaces"),
        ("x", {"name": " "}, "Give the channel a name."),
        ("x", {"name": "a\x00b"}, "Write this on one line"),
        ("x", {"name": "a" * 121}, "cannot be longer than 120"),
        ("x", {"grace_minutes": "-1"}, "Between 0 and 1440 minutes"),
        ("x", {"grace_minutes": "soon"}, "Not a valid integer value"),
        ("webhook", {"access_token": "chat.example.com/hooks/1"}, "A webhook needs its address"),
        ("webhook", {"flavour": "irc"}, "Not a valid choice"),
    ],
)
def test_a_mistake_is_said_beside_its_field_and_nothing_is_written(
    client: Browser, app_db: Session, platform: str, wrong: dict[str, str], sentence: str
) -> None:
    values = {**NEW, "flavour": "mattermost", **({"access_token": "https://chat.example.com/hooks/1"} if platform == "webhook" else {})}

    answer = client.submit(f"/settings/channels/new/{platform}", **{**values, **wrong})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert values["access_token"] not in answer.text
    assert channels(app_db) == []


@pytest.mark.parametrize("day", ["2026-03-01", "1889-01-01", "2101-01-01", "soon"])
def test_a_last_day_that_cannot_be_is_refused(client: Browser, app_db: Session, day: str) -> None:
    assert client.submit("/settings/channels/new/x", **NEW, key_ends_on=day).status_code == 422
    assert channels(app_db) == []


def test_the_last_day_of_a_pasted_key_reminds_and_then_holds(client: Browser, app_db: Session, clock: StoppedClock) -> None:
    client.submit("/settings/channels/new/x", **NEW, key_ends_on="2026-03-10")
    channel = app_db.scalars(select(Channel)).one()
    assert channel.credential is not None
    number, ends = channel.id, channel.credential.expires_at
    app_db.rollback()
    assert ends == datetime(2026, 3, 10, 23, tzinfo=UTC), "midnight in Paris"
    assert "Reconnect it within 8 days" in client.get(f"/settings/channels/{number}").text

    client.submit(f"/settings/channels/{number}/reconnect", access_token="another-key-0123456789", key_ends_on="2026-03-03")
    assert "Reconnect it within one day" in client.get(f"/settings/channels/{number}").text
    clock.advance(timedelta(days=1, hours=11))
    tick.run(client.application.extensions["planner"], schedule=False)
    app_db.expire_all()
    assert app_db.get_one(Channel, number).state is ChannelState.NEEDS_RECONNECT
    app_db.rollback()

    client.submit(f"/settings/channels/{number}/reconnect", access_token="a-third-key-0123456789")
    app_db.expire_all()
    renewed = app_db.get_one(Channel, number)
    assert renewed.credential is not None
    assert (renewed.state, renewed.credential.expires_at) == (ChannelState.CONNECTED, None)


def test_a_name_that_is_taken_on_the_platform_is_refused(client: Browser, app_db: Session) -> None:
    a_channel(app_db)

    answer = client.submit("/settings/channels/new/x", **NEW)

    assert answer.status_code == 422
    assert "There is already a channel “Group on X” on this platform." in answer.text
    assert channels(app_db) == [(Platform.X, "Group on X", ChannelState.CONNECTED)]


def test_a_by_hand_channel_needs_no_key_and_a_webhook_keeps_its_product(client: Browser, app_db: Session) -> None:
    client.submit("/settings/channels/new/by_hand", **{**NEW, "name": "Newsletter", "access_token": ""})
    client.submit("/settings/channels/new/webhook", **{**NEW, "name": "Room", "access_token": "https://chat.example.com/hooks/1", "flavour": "teams"})

    assert channels(app_db) == [
        (Platform.BY_HAND, "Newsletter", ChannelState.CONNECTED),
        (Platform.WEBHOOK, "Room", ChannelState.CONNECTED),
    ]
    assert [row.config for row in app_db.scalars(select(Channel).order_by(Channel.id))] == [{}, {"flavour": "teams"}]


@pytest.mark.parametrize("role", ["planner", "author", "approver", "legal", "viewer"])
def test_only_an_administrator_manages_channels_others_may_look(sign_in: Any, app_db: Session, role: str) -> None:
    channel, other = a_channel(app_db), sign_in(roles=(role,))
    at = f"/settings/channels/{channel.id}"

    looks = [other.get("/settings"), other.get(at)]
    refused = [
        other.get("/settings/channels/new"),
        other.submit("/settings/channels/new/x", **NEW),
        other.submit("/settings/channels/sandbox"),
        other.submit(f"{at}/edit", name="Mine", time_zone="UTC", grace_minutes="1"),
        other.submit(f"{at}/reconnect", access_token="mine"),
        other.submit(f"{at}/disconnect", typed_name="Group on X"),
    ]

    assert [page.status_code for page in looks] == [200, 200]
    assert ["/reconnect" in page.text or "/channels/new" in page.text for page in looks] == [False, False]
    assert [page.status_code for page in refused] == [403] * 6
    assert channels(app_db) == [(Platform.X, "Group on X", ChannelState.CONNECTED)]
    assert app_db.scalars(select(Channel)).one().credential.access_token == TOKEN  # type: ignore[union-attr]


def test_a_stranger_and_an_advocate_see_no_channel(app: Flask, sign_in: Any, app_db: Session) -> None:
    a_channel(app_db)

    assert app.test_client().get("/settings").status_code == 302
    assert sign_in(roles=("advocate",)).get("/settings").status_code == 403


def test_a_post_without_its_token_changes_nothing(client: Browser, app_db: Session) -> None:
    channel = a_channel(app_db)
    at = f"/settings/channels/{channel.id}"

    answers = [
        client.post("/settings/channels/new/x", data={**NEW, "name": "Second"}),
        client.post("/settings/channels/sandbox"),
        client.post(f"{at}/edit", data={"name": "Changed", "time_zone": "UTC", "grace_minutes": "1"}),
        client.post(f"{at}/reconnect", data={"access_token": "changed"}),
        client.post(f"{at}/disconnect", data={"typed_name": "Group on X"}),
    ]

    assert [answer.status_code for answer in answers] == [400] * 5
    assert channels(app_db) == [(Platform.X, "Group on X", ChannelState.CONNECTED)]
    assert app_db.scalar(select(func.count()).select_from(Entry)) == 0


def test_a_channel_is_edited_and_the_history_says_what_it_was(client: Browser, app_db: Session) -> None:
    channel = a_channel(app_db)

    answer = client.submit(
        f"/settings/channels/{channel.id}/edit", name="Group", external_id="77", time_zone="Asia/Tokyo", grace_minutes="45", marks_links="y"
    )

    assert answer.status_code == 302
    app_db.expire_all()
    changed = app_db.scalars(select(Channel)).one()
    assert (changed.name, changed.external_id, changed.time_zone, changed.grace_minutes) == ("Group", "77", "Asia/Tokyo", 45)
    entry = app_db.scalars(select(Entry)).one()
    assert (entry.action, entry.was, entry.became) == (
        "channel.edited",
        {"name": "Group on X", "external_id": "", "time_zone": "Europe/Paris", "grace_minutes": 20},
        {"name": "Group", "external_id": "77", "time_zone": "Asia/Tokyo", "grace_minutes": 45},
    )


def test_a_new_key_frees_what_the_old_one_held(client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db, name="Group on X", state=ChannelState.NEEDS_RECONNECT, state_reason="X says no.", wait_until=NOON + timedelta(hours=1))
    post = make_post(app_db, channel=channel, state=PostState.SCHEDULED)
    held = Delivery(
        post_id=post.id, channel_id=channel.id, state=DeliveryState.HELD, hold=Hold.CHANNEL, due_at=NOON, next_at=NOON, digest="d" * 64,
        created_at=NOON, tries=0, looks=0,
    )  # fmt: skip
    app_db.add(held)
    app_db.commit()

    answer = client.submit(f"/settings/channels/{channel.id}/reconnect", access_token=TOKEN)

    assert answer.status_code == 302
    assert "one held post is due" in client.get(answer.location).text
    app_db.expire_all()
    app_db.refresh(channel)
    assert (channel.state, channel.state_reason, channel.wait_until) == (ChannelState.CONNECTED, "", None)
    assert channel.credential is not None
    assert channel.credential.access_token == TOKEN
    assert (held.state, held.hold) == (DeliveryState.DUE, None)


def test_connecting_again_without_a_key_is_refused(client: Browser, app_db: Session) -> None:
    channel = a_channel(app_db, state=ChannelState.NEEDS_RECONNECT)

    answer = client.submit(f"/settings/channels/{channel.id}/reconnect", access_token="")

    assert answer.status_code == 422
    assert "An access token is needed to connect this channel." in answer.text
    assert channels(app_db) == [(Platform.X, "Group on X", ChannelState.NEEDS_RECONNECT)]


@pytest.mark.parametrize("typed", ["", "group on x", "Group on X!"])
def test_disconnecting_wants_the_exact_name(client: Browser, app_db: Session, typed: str) -> None:
    channel = a_channel(app_db)

    answer = client.submit(f"/settings/channels/{channel.id}/disconnect", typed_name=typed)

    assert answer.status_code == 422
    assert "Type “Group on X” exactly. Nothing was changed." in answer.text
    assert channels(app_db) == [(Platform.X, "Group on X", ChannelState.CONNECTED)]


def test_disconnecting_forgets_the_key_and_keeps_the_channel(client: Browser, app_db: Session) -> None:
    channel = a_channel(app_db)

    assert client.submit(f"/settings/channels/{channel.id}/disconnect", typed_name=" Group on X ").status_code == 302

    assert channels(app_db) == [(Platform.X, "Group on X", ChannelState.NOT_CONNECTED)]
    assert app_db.scalars(select(Channel)).one().credential is None


def test_the_page_says_how_the_channel_is(client: Browser, app_db: Session) -> None:
    channel = a_channel(app_db, wait_until=NOON + timedelta(hours=1), wait_reason="X asks for a pause.")
    channel.credential.expires_at = NOON + timedelta(days=3)  # type: ignore[union-attr]
    app_db.commit()

    page = client.get(f"/settings/channels/{channel.id}").text

    assert "X asks for a pause." in page
    assert "soon" in page
    assert "never" in page


def facts(page: str) -> dict[str, str]:
    """Term -> what the page says of it, tags and white space taken out."""
    plain = {term: " ".join(re.sub("<[^>]+>", " ", said).split()) for term, said in re.findall(r"<dt>(.*?)</dt>\s*<dd[^>]*>(.*?)</dd>", page, re.DOTALL)}
    return {re.sub("<[^>]+>", "", term): said for term, said in plain.items()}


def used(page: str) -> list[list[str]]:
    """The rows of the table of what was used."""
    table = page.partition('<table class="used"')[2].partition("</table>")[0]
    return [[" ".join(re.sub("<[^>]+>", " ", cell).split()) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)] for row in table.split("<tr")[2:]]


def test_what_nobody_told_is_said_so_and_never_zero(client: Browser, app_db: Session) -> None:
    numbers = [make_channel(app_db, platform=platform).id for platform in (Platform.X, Platform.YOUTUBE, Platform.LINKEDIN)]
    app_db.commit()

    x, youtube, linkedin = (client.get(f"/settings/channels/{number}").text for number in numbers)

    assert [facts(x)[name] for name in ("Key ends", "Renewal", "Last trouble")] == ["not told", "none: somebody has to connect again", "none noted"]
    assert (facts(linkedin)["API version"], facts(linkedin)["Served until"]) == ("202607", "15 Jul 2027")
    assert used(x) == [[name, "not told", "not told"] for name in ("Cost of posts", "Posts without a link", "Posts with a link", "Calls")]
    assert used(youtube) == [
        ["Units of quota", "not told", "not told"], ["of 10,000 a day"], ["Uploads", "not told", "not told"], ["of 100 a day"],
        ["Calls", "not told", "not told"],
    ]  # fmt: skip
    assert used(linkedin) == [["Calls", "not told", "not told"]]
    assert all("A key that was typed in does not say what it may do" in page for page in (x, youtube, linkedin))


def test_what_was_used_and_what_is_missing_is_on_the_channels_page(client: Browser, app_db: Session) -> None:
    x, youtube = a_channel(app_db), make_channel(app_db, platform=Platform.YOUTUBE)
    assert youtube.credential is not None
    youtube.credential.scopes, youtube.credential.refresh_token = ["https://www.googleapis.com/auth/youtube.force-ssl"], "1//R"
    youtube.credential.refresh_expires_at = NOON + timedelta(days=7)
    x.last_success_at = NOON
    for channel, tally, reason, days in (
        (x, {"calls": 3, "posts": 1, "link_posts": 1}, "X asks for a pause.", 0), (x, {"posts": 2}, "", 1), (youtube, {"units": 1600, "uploads": 1}, "", 0),
    ):  # fmt: skip
        usage.keep(app_db, channel.id, channel.platform, Doing.SEND, tally, reason, now=NOON - timedelta(days=days, minutes=1))
    numbers = (x.id, youtube.id)
    app_db.commit()

    first, second = (client.get(f"/settings/channels/{number}").text for number in numbers)

    assert used(first) == [
        ["Cost of posts", "US$0.215", "US$0.245"], ["Posts without a link", "1", "3"], ["Posts with a link", "1", "1"], ["Calls", "3", "3"]
    ]
    assert facts(first)["Last trouble"] == "Sending, 2 Mar 2026, 12:59 worked again since X asks for a pause."
    assert "X charges US$0.015 for a post and US$0.20 for one with a link" in first
    assert used(second)[:4] == [
        ["Units of quota", "1,600", "1,600"], ["1,600 of 10,000 today, all channels"], ["Uploads", "1", "1"], ["1 of 100 today, all channels"]
    ]
    assert facts(second)["Renewal"] == "possible until 9 Mar 2026, 13:00"
    assert "YouTube Analytics tells nothing: no watch time, no audience." in second
    assert "1//R" not in second


def test_the_end_of_linkedins_version_is_announced(tmp_path: Path, sqlite_url: str, clock: Any, app_db: Session, client: Browser) -> None:
    make_channel(app_db, platform=Platform.LINKEDIN)
    app_db.commit()
    assert "LinkedIn stops serving" not in client.get("/settings").text

    clock.moment = NOON.replace(year=2027, month=6, day=1)
    assert "LinkedIn stops serving version 202607 of its API on 15 Jul 2027." in client.get("/settings").text

    clock.moment = NOON.replace(year=2027, month=7, day=15)
    assert "LinkedIn no longer serves version 202607 of its API" in client.get("/settings").text


def test_one_click_adds_the_sandbox_channels_once(tmp_path: Path, sqlite_url: str, clock: Any) -> None:
    from planner.factory import create_app

    app = create_app(make_settings(tmp_path, sqlite_url, sandbox="embedded"), clock=clock)
    app.testing, app.test_client_class = True, Browser
    sessions = app.extensions["planner"].sessions
    with sessions.begin() as db:
        identity = make_user(db).fs_uniquifier
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = identity

    assert "Add sandbox channels" in client.get("/settings").text
    answers = [client.submit("/settings/channels/sandbox") for _ in range(2)]  # type: ignore[attr-defined]

    assert [answer.status_code for answer in answers] == [302, 302]
    page = client.get("/settings").text
    assert "5 sandbox channels added." in page
    assert "The sandbox channels are there already." in page
    assert "Add sandbox channels" not in page
    with sessions() as db:
        found = db.scalars(select(Channel).order_by(Channel.id)).all()
        assert [one.platform for one in found] == [Platform.YOUTUBE, Platform.LINKEDIN, Platform.X, Platform.WEBHOOK, Platform.BY_HAND]
        assert all("sandbox" in one.credential.access_token for one in found[:4])
    app.extensions["planner"].engine.dispose()


def test_with_the_sandbox_off_there_are_no_sandbox_channels(client: Browser, app_db: Session) -> None:
    assert "Add sandbox channels" not in client.get("/settings").text

    answer = client.submit("/settings/channels/sandbox")

    assert answer.status_code == 422
    assert "The sandbox is off" in answer.text
    assert channels(app_db) == []


def test_an_unknown_channel_or_platform_is_nothing_here(client: Browser) -> None:
    assert [client.get(path).status_code for path in ("/settings/channels/9", "/settings/channels/new/minitel")] == [404, 404]


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_whatever_its_length(client: Browser, app: Flask, app_db: Session, count: int) -> None:
    for _ in range(count):
        make_channel(app_db)
    app_db.commit()

    assert statements(app, client, "/settings") == 3


def test_a_channel_whose_platform_is_silent_says_since_when_and_when_it_is_tried_again(client: Browser, app_db: Session) -> None:
    channel = a_channel(app_db, failures=4, failing_since=NOON - timedelta(minutes=3), wait_until=NOON + timedelta(minutes=2), wait_reason="No answer.")

    for address in (f"/settings/channels/{channel.id}", "/settings", "/"):
        page = text_of(client.get(address).text)
        assert "X has not answered since 12:57; it is tried again at 13:02." in page, address

    channel.wait_until = NOON
    app_db.commit()
    for address in (f"/settings/channels/{channel.id}", "/settings", "/"):
        assert "X has not answered since 12:57; it is tried again with the next post." in text_of(client.get(address).text), address


def test_a_channel_s_links_are_marked_and_shortened_as_its_page_says(client: Browser, app_db: Session) -> None:
    channel = a_channel(app_db)
    values = {"name": channel.name, "time_zone": "Europe/Paris", "grace_minutes": "20"}

    client.submit(f"/settings/channels/{channel.id}/edit", **values, short_links="y")

    app_db.expire_all()
    assert app_db.scalars(select(Channel)).one().config == {"marks_links": False, "short_links": True}
    page = client.get(f"/settings/channels/{channel.id}").text
    assert ("checked" in re.search(r'<input[^>]*name="marks_links"[^>]*>', page)[0], "checked" in re.search(r'<input[^>]*name="short_links"[^>]*>', page)[0]) == (False, True)
