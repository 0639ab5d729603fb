"""Connecting in the browser: the real client against the sandbox's own consent pages, and answers nobody asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask
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
def app(tmp_path: Path, sqlite_url: str, clock: StoppedClock, there: str) -> Iterator[Flask]:
    """The product with its sandbox on, reached by the address that people use."""
    from planner.factory import create_app

    made = create_app(make_settings(tmp_path, sqlite_url, sandbox=there, base_url="https://planner.example/"), clock=clock)
    made.testing = True
    yield made
    made.extensions["planner"].engine.dispose()


def leave(client: Browser, platform: str, **fields: Any) -> str:
    """Press the button; the address of the platform's page."""
    answer = client.submit(f"/settings/channels/connect/{platform}", **fields)
    assert answer.status_code == 200
    address: str = answer.headers["Refresh"].removeprefix("0; url=")
    return address


def decide(address: str, decision: str = "allow", **choice: str) -> str:
    """What the person does on the platform's page; path and query of where they are sent back to."""
    shown = requests.get(address, timeout=10)
    assert shown.status_code == 200
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown.text))
    back = requests.post(address, data={**hidden, "decision": decision, **choice}, timeout=10, allow_redirects=False)
    parts = urlsplit(back.headers["Location"])
    assert (parts.scheme, parts.netloc) == ("https", "planner.example")
    return f"{parts.path}?{parts.query}"


def channels(db: Session) -> list[Channel]:
    """Every channel with its key, detached: reading them opens no transaction."""
    db.expunge_all()
    found = list(db.scalars(select(Channel).order_by(Channel.id)))
    for channel in found:
        _ = channel.credential
    db.expunge_all()
    db.rollback()
    return found


@pytest.mark.parametrize(("platform", "number"), [("x", r"[0-9]+")])
def test_an_account_is_connected_on_the_platforms_own_page(client: Browser, app_db: Session, platform: str, number: str) -> None:
    answer = client.get(decide(leave(client, platform), name="Norvane Group"))

    channel = channels(app_db)[0]
    assert answer.location == f"/settings/channels/{channel.id}"
    assert (channel.platform, channel.name, channel.state) == (Platform(platform), "Norvane Group", ChannelState.CONNECTED)
    assert re.fullmatch(number, channel.external_id)
    key = channel.credential
    assert key is not None
    assert key.refresh_token
    assert key.expires_at is not None
    page = client.get(answer.location)
    assert "Norvane Group is connected." in page.text
    assert [secret in page.text for secret in (key.access_token, key.refresh_token)] == [False, False]


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


def test_a_consent_that_is_denied_is_said_with_a_way_back(client: Browser, app_db: Session) -> None:
    answer = client.get(decide(leave(client, "x"), "deny"))

    assert answer.location == "/settings/channels/new"
    page = client.get(answer.location).text
    assert "X was not connected: the consent was not given there." in page
    assert "Connect with X" in page
    assert channels(app_db) == []


def test_a_code_the_platform_refuses_stores_nothing_and_is_not_shown(client: Browser, app_db: Session) -> None:
    state = parse_qs(urlsplit(leave(client, "x")).query)["state"][0]

    answer = client.get("/settings/channels/callback/x", query_string={"state": state, "code": "a-code-of-my-own"})

    page = client.get(answer.location).text
    assert "X did not give a key" in page
    assert "a-code-of-my-own" not in page
    assert channels(app_db) == []


def _missing(client: Browser, _other: Browser, _clock: StoppedClock) -> str:
    return re.sub(r"&?state=[^&]+", "", decide(leave(client, "x")))


def _of_somebody_else(_client: Browser, other: Browser, _clock: StoppedClock) -> str:
    return decide(leave(other, "x"))


def _of_somebody_else_while_mine_waits(client: Browser, other: Browser, _clock: StoppedClock) -> str:
    leave(client, "x")
    return decide(leave(other, "x"))


def _of_an_earlier_try(client: Browser, _other: Browser, _clock: StoppedClock) -> str:
    back = decide(leave(client, "x"))
    leave(client, "x")
    return back


def _too_late(client: Browser, _other: Browser, clock: StoppedClock) -> str:
    back = decide(leave(client, "x"))
    clock.advance(timedelta(minutes=10, seconds=1))
    return back


def _of_another_platform(client: Browser, _other: Browser, _clock: StoppedClock) -> str:
    return decide(leave(client, "x")).replace("/callback/x", "/callback/youtube")


def _not_ascii(client: Browser, _other: Browser, _clock: StoppedClock) -> str:
    leave(client, "x")
    return "/settings/channels/callback/x?code=1&state=%C3%A9%00%F0%9F%94%91"


@pytest.mark.parametrize(
    "attack",
    [_missing, _of_somebody_else, _of_somebody_else_while_mine_waits, _of_an_earlier_try, _too_late, _of_another_platform, _not_ascii],
    ids=lambda attack: attack.__name__.strip("_"),
)
def test_an_answer_nobody_here_asked_for_is_refused_and_nothing_is_stored(
    attack: Callable[..., str], client: Browser, sign_in: Callable[..., Browser], clock: StoppedClock, app_db: Session
) -> None:
    other = sign_in()
    address = attack(client, other, clock)
    before = stored(app_db)

    answer = client.get(address)

    assert answer.status_code == 400
    assert "Nothing was stored." in answer.text
    assert stored(app_db) == before


def test_an_answer_is_taken_once(client: Browser, app_db: Session) -> None:
    back = decide(leave(client, "x"))
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


def test_without_a_client_id_and_with_the_sandbox_off_there_is_no_button(tmp_path: Path, sqlite_url: str, clock: StoppedClock) -> None:
    from planner.channels.connecting import consents
    from planner.core.http import Http

    def offered(**values: Any) -> list[Platform]:
        return list(consents(make_settings(tmp_path, sqlite_url, sandbox="off", **values), Http(5.0)))

    assert offered() == []
    assert offered(x_client_id="an-id") == [Platform.X]
