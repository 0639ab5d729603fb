"""Connecting in the browser: the real client against the sandbox's own consent pages, and answers nobody asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from planner.channels.models import Channel, ChannelState
from planner.channels.port import Platform
from planner.channels.sandbox import Sandbox, serve
from tests.conftest import Browser, StoppedClock, make_settings
from tests.factories import make_channel, make_user
from tests.web.scene import stored


@pytest.fixture
def there(tmp_path: Path) -> Iterator[str]:
    sandbox = Sandbox(tmp_path / "sandbox.sqlite3")
    with serve(sandbox) as running:
        yield running.url
    sandbox.close()


@pytest.fixture
def app(tmp_path: Path, sqlite_url: str, clock: StoppedClock, there: str, compiled_templates: FileSystemBytecodeCache) -> Iterator[Flask]:
    """The product with its sandbox on, reached by the address that people use."""
    from planner.factory import create_app

    made = create_app(make_settings(tmp_path, sqlite_url, sandbox=there, base_url="https://planner.example/"), clock=clock)
    made.testing = True
    made.jinja_env.bytecode_cache = compiled_templates
    yield made
    made.extensions["planner"].engine.dispose()


def leave(client: Browser, platform: str, **fields: Any) -> str:
    """Press the button; the address of the platform's page."""
    answer = client.submit(f"/settings/channels/connect/{platform}", **fields)
    assert answer.status_code == 200
    address: str = answer.headers["Refresh"].removeprefix("0; url=")
    return address


def decide(address: str, decision: str = "allow", *, without: str = "no box", **choice: str) -> str:
    """What the person does on the platform's page, boxes `without` these letters ticked; path and query of where they are sent back to."""
    shown = requests.get(address, timeout=10)
    assert shown.status_code == 200
    fields = {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown.text)}
    ticked = [scope for scope in re.findall(r'name="granted" checked value="([^"]*)"', shown.text) if without not in scope]
    back = requests.post(address, data={**fields, "granted": ticked, "decision": decision, **choice}, timeout=10, allow_redirects=False)
    parts = urlsplit(back.headers["Location"])
    assert (parts.scheme, parts.netloc) == ("https", "planner.example")
    return f"{parts.path}?{parts.query}"


def connecting_scopes(client: Browser, platform: str) -> list[str]:
    """What the planner asks for there."""
    return list(client.application.extensions["planner"].registry.connect(Platform(platform)).scopes)


def channels(db: Session) -> list[Channel]:
    """Every channel with its key, detached: reading them opens no transaction."""
    db.expunge_all()
    found = list(db.scalars(select(Channel).order_by(Channel.id)))
    for channel in found:
        _ = channel.credential
    db.expunge_all()
    db.rollback()
    return found


CONNECTABLE = ("x", "linkedin", "youtube")


@pytest.mark.parametrize(("platform", "number"), [("x", r"[0-9]+"), ("linkedin", r"urn:li:organization:[0-9]+"), ("youtube", r"UC[\w-]{22}")])
def test_an_account_is_connected_on_the_platforms_own_page(client: Browser, app_db: Session, platform: str, number: str) -> None:
    answer = client.get(decide(leave(client, platform), name="Norvane Group"))

    channel = channels(app_db)[0]
    assert answer.location == f"/settings/channels/{channel.id}"
    assert (channel.platform, channel.name, channel.state) == (Platform(platform), "Norvane Group", ChannelState.CONNECTED)
    assert re.fullmatch(number, channel.external_id)
    key = channel.credential
    assert key is not None
    assert bool(key.refresh_token) is (platform != "linkedin"), "LinkedIn gives none unless it knows the application as a partner's"
    assert key.expires_at is not None
    assert set(key.scopes) >= set(connecting_scopes(client, platform))
    page = client.get(answer.location)
    assert "Norvane Group is connected." in page.text
    assert [secret in page.text for secret in (key.access_token, key.refresh_token) if secret] in ([False], [False, False])


def test_x_is_asked_for_every_right_with_a_proof_that_stays_here(client: Browser) -> None:
    asked = parse_qs(urlsplit(leave(client, "x")).query)

    assert asked["scope"] == ["tweet.read tweet.write users.read media.write offline.access"]
    assert asked["redirect_uri"] == ["https://planner.example/settings/channels/callback/x"]
    assert asked["code_challenge_method"] == ["S256"]
    with client.session_transaction() as session:
        kept = session["connecting"]
    assert asked["state"] == [kept["state"]]
    assert kept["verifier"] not in str(asked)


GOOGLE = "https://www.googleapis.com/auth/"


def test_google_is_asked_for_a_key_that_lasts_and_for_every_right(client: Browser) -> None:
    asked = parse_qs(urlsplit(leave(client, "youtube")).query)

    told = {name: asked[name][0] for name in ("access_type", "prompt", "include_granted_scopes", "response_type", "code_challenge_method")}
    assert told == {
        "access_type": "offline", "prompt": "consent", "include_granted_scopes": "true", "response_type": "code", "code_challenge_method": "S256",
    }  # fmt: skip
    assert asked["scope"][0].split() == [
        GOOGLE + name for name in ("youtube.upload", "youtube", "youtube.force-ssl", "youtube.readonly", "yt-analytics.readonly")
    ]


def test_a_box_left_unticked_at_google_is_said_with_what_then_does_not_work(client: Browser, app_db: Session) -> None:
    answer = client.get(decide(leave(client, "youtube"), without="yt-analytics", name="Norvane Group"))

    (channel,) = channels(app_db)
    assert channel.credential is not None
    assert [scope for scope in channel.credential.scopes if "analytics" in scope] == []
    page = client.get(answer.location).text
    assert "Not everything was allowed at YouTube. yt-analytics.readonly: YouTube Analytics tells nothing: no watch time, no audience." in page
    assert "Norvane Group is connected." in page


def test_without_the_right_to_see_the_channel_nothing_is_stored(client: Browser, app_db: Session) -> None:
    answer = client.get(decide(leave(client, "youtube"), without="auth/youtube"))

    assert "A permission is missing. Connect the channel again and accept every permission. Nothing was stored." in client.get(answer.location).text
    assert channels(app_db) == []


def test_a_key_that_cannot_be_renewed_is_said_and_does_not_replace_one_that_can(client: Browser, app_db: Session) -> None:
    def connect(address: str) -> str:
        return client.get(client.get(decide(address, name="Norvane Group")).location).text

    first = connect(leave(client, "youtube").replace("access_type=offline", "access_type=online"))
    fresh = connect(leave(client, "youtube"))
    (known,) = channels(app_db)
    again = connect(leave(client, "youtube").replace("access_type=offline", "access_type=online"))
    (after,) = channels(app_db)

    assert "YouTube gave no key to renew with: somebody has to connect again before" in first
    assert "to renew with" not in fresh
    assert "YouTube gave no new key to renew with; the one we have stays in use." in again
    assert known.credential is not None
    assert after.credential is not None
    assert known.credential.refresh_token
    assert known.credential.refresh_token == after.credential.refresh_token
    assert known.credential.access_token != after.credential.access_token


def test_the_same_account_again_gets_a_new_key(client: Browser, app_db: Session) -> None:
    client.get(decide(leave(client, "x"), name="Norvane Group"))
    channel = channels(app_db)[0]
    assert channel.credential is not None
    first = channel.credential.access_token
    app_db.execute(update(Channel).values(state=ChannelState.NEEDS_RECONNECT))
    app_db.commit()

    answer = client.get(decide(leave(client, "x", channel_id=channel.id), account=channel.external_id))

    (again,) = channels(app_db)
    assert answer.location == f"/settings/channels/{again.id}"
    assert again.credential is not None
    assert (again.state, again.credential.access_token != first) == (ChannelState.CONNECTED, True)
    assert "Norvane Group is connected again." in client.get(answer.location).text


def test_another_account_than_the_channels_changes_nothing(client: Browser, app_db: Session) -> None:
    client.get(decide(leave(client, "x"), name="Norvane Group"))
    channel = channels(app_db)[0]
    before = stored(app_db)

    answer = client.get(decide(leave(client, "x", channel_id=channel.id), name="Somebody else"))

    assert stored(app_db) == before
    assert "You chose “Somebody else” there, which is another account than “Norvane Group”." in client.get(answer.location).text


def test_a_channel_without_a_number_learns_it(client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db, name="Ours", platform=Platform.X, external_id="")
    number = channel.id
    app_db.commit()

    client.get(decide(leave(client, "x", channel_id=number), name="Norvane Group"))

    (known,) = channels(app_db)
    assert (known.name, known.external_id != "") == ("Ours", True)


def test_a_name_that_is_taken_gets_the_accounts_number(client: Browser, app_db: Session) -> None:
    make_channel(app_db, name="Norvane Group", platform=Platform.X, external_id="12")
    app_db.commit()

    client.get(decide(leave(client, "x"), name="Norvane Group"))

    second = channels(app_db)[1]
    assert second.name == f"Norvane Group ({second.external_id})"


@pytest.mark.parametrize(("platform", "name"), [("x", "X"), ("linkedin", "LinkedIn"), ("youtube", "YouTube")])
def test_a_consent_that_is_denied_is_said_with_a_way_back(platform: str, name: str, client: Browser, app_db: Session) -> None:
    answer = client.get(decide(leave(client, platform), "deny"))

    assert answer.location == "/settings/channels/new"
    page = client.get(answer.location).text
    assert f"{name} was not connected: the consent was not given there." in page
    assert f"Connect with {name}" in page
    assert channels(app_db) == []


def test_a_question_the_platform_refuses_is_said_in_its_words(client: Browser, app_db: Session) -> None:
    state = parse_qs(urlsplit(leave(client, "linkedin")).query)["state"][0]
    told = {"state": state, "error": "unauthorized_scope_error", "error_description": "Scope “rw_organization_admin” is not authorized"}

    answer = client.get("/settings/channels/callback/linkedin", query_string=told)

    assert "unauthorized_scope_error: Scope “rw_organization_admin” is not authorized" in client.get(answer.location).text
    assert channels(app_db) == []


def test_a_code_the_platform_refuses_stores_nothing_and_is_not_shown(client: Browser, app_db: Session) -> None:
    state = parse_qs(urlsplit(leave(client, "x")).query)["state"][0]

    answer = client.get("/settings/channels/callback/x", query_string={"state": state, "code": "a-code-of-my-own"})

    page = client.get(answer.location).text
    assert "X did not give a key" in page
    assert "a-code-of-my-own" not in page
    assert channels(app_db) == []


def _missing(client: Browser, _other: Browser, _clock: StoppedClock, platform: str) -> str:
    return re.sub(r"&?state=[^&]+", "", decide(leave(client, platform)))


def _of_somebody_else(_client: Browser, other: Browser, _clock: StoppedClock, platform: str) -> str:
    return decide(leave(other, platform))


def _of_somebody_else_while_mine_waits(client: Browser, other: Browser, _clock: StoppedClock, platform: str) -> str:
    leave(client, platform)
    return decide(leave(other, platform))


def _of_an_earlier_try(client: Browser, _other: Browser, _clock: StoppedClock, platform: str) -> str:
    back = decide(leave(client, platform))
    leave(client, platform)
    return back


def _of_another_platform(client: Browser, _other: Browser, _clock: StoppedClock, platform: str) -> str:
    return decide(leave(client, platform)).replace(f"/callback/{platform}", "/callback/x" if platform == "youtube" else "/callback/youtube")


def _not_ascii(client: Browser, _other: Browser, _clock: StoppedClock, platform: str) -> str:
    leave(client, platform)
    return f"/settings/channels/callback/{platform}?code=1&state=%C3%A9%00%F0%9F%94%91"


def _too_late(client: Browser, _other: Browser, clock: StoppedClock, platform: str) -> str:
    back = decide(leave(client, platform))
    clock.advance(timedelta(minutes=10, seconds=1))
    return back


ATTACKS = (_missing, _of_somebody_else, _of_somebody_else_while_mine_waits, _of_an_earlier_try, _of_another_platform, _not_ascii, _too_late)


@pytest.mark.parametrize("platform", CONNECTABLE)
def test_an_answer_nobody_here_asked_for_is_refused_and_nothing_is_stored(
    platform: str, client: Browser, sign_in: Callable[..., Browser], clock: StoppedClock, app_db: Session
) -> None:
    other = sign_in()
    before = stored(app_db)

    answers = {attack.__name__: client.get(attack(client, other, clock, platform)) for attack in ATTACKS}

    assert {name: (answer.status_code, "Nothing was stored." in answer.text) for name, answer in answers.items()} == {
        attack.__name__: (400, True) for attack in ATTACKS
    }
    assert stored(app_db) == before


@pytest.mark.parametrize("platform", CONNECTABLE)
def test_an_answer_is_taken_once(platform: str, client: Browser, app_db: Session) -> None:
    back = decide(leave(client, platform))
    assert client.get(back).status_code == 302
    before = stored(app_db)

    assert client.get(back).status_code == 400
    assert stored(app_db) == before


def test_a_person_who_signs_in_after_somebody_cannot_finish_what_they_began(client: Browser, app_db: Session, sign_in: Any) -> None:
    back = decide(leave(client, "x"))
    with sign_in().session_transaction() as theirs:
        identity = theirs["_user_id"]
    with client.session_transaction() as session:
        session["_user_id"] = identity

    assert client.get(back).status_code == 400
    assert channels(app_db) == []


def test_the_page_says_what_is_missing_and_which_address_to_register(tmp_path: Path, sqlite_url: str, clock: StoppedClock) -> None:
    from planner.factory import create_app

    keys = {"x_client_id": "an-id", "linkedin_client_id": "planted-id", "base_url": "https://planner.example/"}
    made = create_app(make_settings(tmp_path, sqlite_url, sandbox="off", **keys), clock=clock)
    made.testing, made.test_client_class = True, Browser
    client = made.test_client()
    with made.extensions["planner"].sessions.begin() as db:
        identity = make_user(db).fs_uniquifier
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = identity, True

    page = client.get("/settings/channels/new").text

    assert re.findall(r"Set (PLANNER_.*) first\.", page) == ["PLANNER_GOOGLE_CLIENT_ID, PLANNER_GOOGLE_CLIENT_SECRET", "PLANNER_LINKEDIN_CLIENT_SECRET"]
    assert re.findall(r'value="(https://planner.example/[^"]*)"', page) == [
        f"https://planner.example/settings/channels/callback/{platform}" for platform in ("youtube", "linkedin", "x")
    ]
    assert [name for name in ("X", "LinkedIn", "YouTube") if f"<span>Connect with {name}</span>" in page] == ["X"]
    assert "planted-id" not in page
    made.extensions["planner"].engine.dispose()


def test_without_its_keys_and_with_the_sandbox_off_a_platform_has_no_button(tmp_path: Path, sqlite_url: str) -> None:
    from planner.channels.connecting import consents, missing
    from planner.core.http import Http

    def offered(**values: Any) -> list[Platform]:
        return list(consents(make_settings(tmp_path, sqlite_url, sandbox="off", **values), Http(5.0)))

    assert offered() == []
    assert offered(x_client_id="an-id", linkedin_client_id="an-id") == [Platform.X], "X alone takes an application without a secret"
    keys = {f"{name}_client_{what}": "a-word" for name in ("linkedin", "google") for what in ("id", "secret")}
    assert offered(**keys) == [Platform.LINKEDIN, Platform.YOUTUBE]
    half = make_settings(tmp_path, sqlite_url, linkedin_client_id="an-id")
    assert missing(half, Platform.LINKEDIN) == ["PLANNER_LINKEDIN_CLIENT_SECRET"]
    assert missing(half, Platform.X) == ["PLANNER_X_CLIENT_ID"]
    assert missing(half, Platform.WEBHOOK) == []
