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
from tests.factories import make_channel
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


CONNECTABLE = ("x", "linkedin")


@pytest.mark.parametrize(("platform", "number"), [("x", r"[0-9]+"), ("linkedin", r"urn:li:organization:[0-9]+")])
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


@pytest.mark.parametrize(("platform", "name"), [("x", "X"), ("linkedin", "LinkedIn")])
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
    return decide(leave(client, platform)).replace(f"/callback/{platform}", "/callback/x" if platform != "x" else "/callback/linkedin")


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


def test_without_its_keys_and_with_the_sandbox_off_a_platform_has_no_button(tmp_path: Path, sqlite_url: str) -> None:
    from planner.channels.connecting import consents, missing
    from planner.core.http import Http

    def offered(**values: Any) -> list[Platform]:
        return list(consents(make_settings(tmp_path, sqlite_url, sandbox="off", **values), Http(5.0)))

    assert offered() == []
    assert offered(x_client_id="an-id", linkedin_client_id="an-id") == [Platform.X], "X alone takes an application without a secret"
    assert offered(linkedin_client_id="an-id", linkedin_client_secret="a-secret") == [Platform.LINKEDIN]
    half = make_settings(tmp_path, sqlite_url, linkedin_client_id="an-id")
    assert missing(half, Platform.LINKEDIN) == ["PLANNER_LINKEDIN_CLIENT_SECRET"]
    assert missing(half, Platform.X) == ["PLANNER_X_CLIENT_ID"]
    assert missing(half, Platform.WEBHOOK) == []
