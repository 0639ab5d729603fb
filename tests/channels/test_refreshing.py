"""Renewing keys: the real client against token endpoints that answer what a test says, on both databases."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import Engine, select, text
from werkzeug import Request, Response

from planner.accounts.models import Entry
from planner.channels import service
from planner.channels.consent import Consent
from planner.channels.models import Channel, ChannelState, Credential
from planner.channels.port import Platform
from planner.channels.refreshing import LEASE, is_due, refresh_due, refresh_next
from planner.core.db import sessions_of
from planner.core.http import Http
from planner.core.log import set_up_logging
from planner.core.runtime import Runtime
from tests.conftest import StoppedClock, make_settings
from tests.factories import NOON, make_channel

MINUTE = timedelta(minutes=1)
HALF_A_YEAR = NOON + timedelta(days=180)
ENDED = "The key of this channel has ended, and it cannot be renewed without you. Connect the channel again."
Told = dict[str, Any] | Response | Callable[[], dict[str, Any]]


class Endpoint:
    """A token endpoint: answers from a list, the last for ever, and keeps what it was sent."""

    def __init__(self, server: HTTPServer) -> None:
        self.asked: list[str] = []
        self.says: list[Told] = [{"access_token": "new-access", "refresh_token": "new-refresh", "expires_in": 7200}]
        server.expect_request("/token", method="POST").respond_with_handler(self._answer)

    def _answer(self, request: Request) -> Response:
        self.asked.append(request.form["refresh_token"])
        told = self.says.pop(0) if len(self.says) > 1 else self.says[0]
        if isinstance(told, Response):
            return told
        return answer(200, told() if callable(told) else told)


class Doors:
    """A registry whose platforms share the one endpoint; a webhook is not connected in a browser."""

    def __init__(self, url: str, clock: StoppedClock) -> None:
        self.url, self._clock = url, clock

    def connect(self, platform: Platform) -> Consent | None:
        if platform is Platform.WEBHOOK:
            return None
        return Consent(
            "X", "http://127.0.0.1/page", self.url, Http(5.0), scopes=(), client_id="planner", client_secret="cl1ent-s3cret",
            who=lambda _token: [], now=self._clock.now,
        )  # fmt: skip


def answer(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(body if isinstance(body, str) else json.dumps(body), status, headers)


@pytest.fixture
def endpoint(httpserver: HTTPServer) -> Endpoint:
    return Endpoint(httpserver)


@pytest.fixture
def runtime(database_url: str, engine: Engine, clock: StoppedClock, httpserver: HTTPServer, tmp_path: Path) -> Runtime:
    return Runtime(
        settings=make_settings(tmp_path, database_url), clock=clock, engine=engine, sessions=sessions_of(engine),
        make_registry=lambda: Doors(httpserver.url_for("/token"), clock),
    )  # fmt: skip


def a_key(runtime: Runtime, *, ends: datetime | None = NOON + MINUTE, refresh_token: str | None = "old-refresh", **values: Any) -> int:
    """A channel whose key ends then; its number."""
    refresh_expires_at = values.pop("refresh_expires_at", None)
    with runtime.sessions.begin() as db:
        channel = make_channel(db, token="old-access", **values)
        assert channel.credential is not None
        channel.credential.expires_at = ends
        channel.credential.refresh_token = refresh_token
        channel.credential.refresh_expires_at = refresh_expires_at
        return channel.id


def kept(runtime: Runtime, channel_id: int) -> tuple[str, str | None, datetime | None, datetime | None]:
    """Access token, refresh token, and when each ends."""
    with runtime.sessions() as db:
        key = db.scalars(select(Credential).where(Credential.channel_id == channel_id)).one()
        return key.access_token, key.refresh_token, key.expires_at, key.refresh_expires_at


def state(runtime: Runtime, channel_id: int) -> tuple[ChannelState, str]:
    with runtime.sessions() as db:
        channel = db.get_one(Channel, channel_id)
        return channel.state, channel.state_reason


OLD = ("old-access", "old-refresh", NOON + MINUTE, None)
NEW = ("new-access", "new-refresh", NOON + timedelta(hours=2), None)


@pytest.mark.parametrize(
    ("platform", "margin"),
    [(Platform.X, timedelta(minutes=20)), (Platform.YOUTUBE, timedelta(minutes=10)), (Platform.LINKEDIN, timedelta(days=7))],
)
def test_a_key_is_renewed_from_its_platforms_margin_on_and_not_a_second_before(
    runtime: Runtime, clock: StoppedClock, endpoint: Endpoint, platform: Platform, margin: timedelta
) -> None:
    channel = a_key(runtime, platform=platform, ends=NOON + margin + timedelta(seconds=1))
    assert (is_due(runtime), refresh_next(runtime), endpoint.asked) == (False, None, [])

    clock.advance(timedelta(seconds=1))

    assert (is_due(runtime), refresh_next(runtime), endpoint.asked) == (True, channel, ["old-refresh"])
    assert kept(runtime, channel)[:2] == ("new-access", "new-refresh")
    assert (is_due(runtime), refresh_next(runtime)) == (False, None)


@pytest.mark.parametrize(("lives", "again_after"), [(7200, 3600), (60, 60), (0, 60)])
def test_a_key_shorter_than_its_margin_is_not_asked_for_over_and_over(
    runtime: Runtime, clock: StoppedClock, endpoint: Endpoint, lives: int, again_after: int
) -> None:
    a_key(runtime, platform=Platform.LINKEDIN)
    endpoint.says = [{"access_token": "new-access", "expires_in": lives}]
    assert refresh_due(runtime) == 1

    clock.advance(timedelta(seconds=again_after - 1))
    assert refresh_next(runtime) is None
    clock.advance(timedelta(seconds=1))
    assert refresh_due(runtime) == 1


def test_a_renewed_key_is_stored_whole_and_history_says_so_without_it(runtime: Runtime, endpoint: Endpoint) -> None:
    channel = a_key(runtime, refresh_expires_at=HALF_A_YEAR)

    refresh_due(runtime)

    assert kept(runtime, channel) == NEW
    assert state(runtime, channel) == (ChannelState.CONNECTED, "")
    with runtime.sessions() as db:
        assert [(one.action, one.subject_id, one.actor_id) for one in db.scalars(select(Entry))] == [("channel.refreshed", channel, None)]


@pytest.mark.parametrize("told", [{}, {"refresh_token": ""}, {"refresh_token": None}, {"refresh_token": 7}], ids=["absent", "empty", "null", "a number"])
def test_a_refresh_token_is_never_overwritten_with_nothing_nor_is_its_end(runtime: Runtime, endpoint: Endpoint, told: dict[str, Any]) -> None:
    channel = a_key(runtime, refresh_expires_at=HALF_A_YEAR)
    endpoint.says = [{"access_token": "new-access", "expires_in": 3599, **told}]

    refresh_due(runtime)

    assert kept(runtime, channel) == ("new-access", "old-refresh", NOON + timedelta(seconds=3599), HALF_A_YEAR)


def test_the_same_refresh_token_with_its_days_counted_down_is_taken_as_told(runtime: Runtime, endpoint: Endpoint) -> None:
    channel = a_key(runtime, platform=Platform.LINKEDIN, refresh_expires_at=HALF_A_YEAR)
    endpoint.says = [{"access_token": "new-access", "expires_in": 60, "refresh_token": "old-refresh", "refresh_token_expires_in": 86_400}]

    refresh_next(runtime)

    assert kept(runtime, channel) == ("new-access", "old-refresh", NOON + MINUTE, NOON + timedelta(days=1))


@pytest.mark.parametrize(
    ("word", "said"), [("invalid_grant", "Token has been expired or revoked."), ("invalid_request", "Value passed for the token was invalid.")]
)
def test_a_dead_grant_holds_the_channel_with_a_sentence_that_says_reconnect(
    runtime: Runtime, clock: StoppedClock, endpoint: Endpoint, word: str, said: str
) -> None:
    dead = a_key(runtime)
    other = a_key(runtime, ends=NOON + 2 * MINUTE)
    endpoint.says = [answer(400, {"error": word, "error_description": said}), {"access_token": "new-access", "refresh_token": "new-refresh", "expires_in": 7200}]

    assert refresh_due(runtime) == 2

    reason = f"X did not give a key for this connection. Connect the account again. X says: {said}"
    assert state(runtime, dead) == (ChannelState.NEEDS_RECONNECT, reason)
    assert kept(runtime, dead) == OLD
    assert kept(runtime, other) == NEW, "the other account goes on"
    clock.advance(timedelta(hours=1))
    refresh_due(runtime)
    assert len(endpoint.asked) == 2, "a dead one is not asked for again"


@pytest.mark.parametrize(
    ("told", "waits"),
    [
        (answer(500, "broken"), 60),
        (answer(503, "", {"Retry-After": "120"}), 120),
        (answer(429, {"error": "temporarily_unavailable"}, {"Retry-After": "900"}), 900),
        (answer(429, "Too many"), 60),
        (answer(400, {"error": "server_error"}), 60),
        (answer(403, "<html>a proxy</html>"), 60),
        (answer(200, '{"access_token": "cut'), 60),
        (answer(200, {"token_type": "bearer"}), 60),
    ],
    ids=["500", "503", "429", "429 without a wait", "server_error", "a proxy", "cut", "no key"],
)
def test_what_is_not_clear_loses_nothing_and_is_asked_again_after_the_wait(
    runtime: Runtime, clock: StoppedClock, endpoint: Endpoint, told: Response, waits: int
) -> None:
    channel = a_key(runtime, ends=NOON + timedelta(minutes=19))
    endpoint.says = [told, *endpoint.says]

    refresh_due(runtime)

    assert kept(runtime, channel) == ("old-access", "old-refresh", NOON + timedelta(minutes=19), None)
    assert state(runtime, channel) == (ChannelState.CONNECTED, "")
    clock.advance(timedelta(seconds=waits - 1))
    assert refresh_next(runtime) is None
    clock.advance(timedelta(seconds=1))
    refresh_due(runtime)
    assert kept(runtime, channel)[:2] == ("new-access", "new-refresh")


NOT_OURS = (
    "X does not accept the planner's application. Correct PLANNER_X_CLIENT_ID and PLANNER_X_CLIENT_SECRET, restart the planner, "
    "then connect the channel again."
)


@pytest.mark.parametrize("word", ["invalid_client", "unauthorized_client"])
def test_a_wrong_client_id_is_said_at_once_and_holds_the_channel_when_its_key_ends_and_then_nobody_asks(
    runtime: Runtime, clock: StoppedClock, endpoint: Endpoint, word: str
) -> None:
    channel = a_key(runtime, ends=NOON + 19 * MINUTE)
    endpoint.says = [answer(401, {"error": word})]

    refresh_due(runtime)
    assert state(runtime, channel) == (ChannelState.CONNECTED, f"{NOT_OURS} X says: {word}"), "what its key still opens goes on"
    for _minute in range(60):
        clock.advance(MINUTE)
        refresh_due(runtime)

    assert state(runtime, channel) == (ChannelState.NEEDS_RECONNECT, f"{NOT_OURS} X says: {word}")
    assert endpoint.asked == ["old-refresh"] * 2, "once when it was due, once when the key had ended"
    assert kept(runtime, channel)[:2] == ("old-access", "old-refresh")
    with runtime.sessions() as db:
        assert [one.action for one in db.scalars(select(Entry))] == ["channel.warned", "channel.refused"]


def test_an_ended_key_and_a_wrong_client_id_hold_the_channel_at_once(runtime: Runtime, endpoint: Endpoint) -> None:
    channel = a_key(runtime, ends=NOON)
    endpoint.says = [answer(401, {"error": "invalid_client", "error_description": "Client authentication failed."})]

    refresh_due(runtime)

    assert state(runtime, channel) == (ChannelState.NEEDS_RECONNECT, f"{NOT_OURS} X says: Client authentication failed.")


def test_once_the_client_id_is_right_a_living_key_is_renewed_within_the_hour_and_nothing_is_said_any_more(
    runtime: Runtime, clock: StoppedClock, endpoint: Endpoint
) -> None:
    channel = a_key(runtime, platform=Platform.LINKEDIN, ends=NOON + timedelta(days=6))
    endpoint.says = [answer(401, {"error": "invalid_client"}), *endpoint.says]
    refresh_due(runtime)
    clock.advance(timedelta(minutes=59))
    refresh_due(runtime)
    assert (len(endpoint.asked), state(runtime, channel)[1] != "") == (1, True)

    clock.advance(MINUTE)
    refresh_due(runtime)

    assert (kept(runtime, channel)[0], state(runtime, channel)) == ("new-access", (ChannelState.CONNECTED, ""))


def test_while_an_ended_key_cannot_be_renewed_the_channel_says_why_it_waits(runtime: Runtime, endpoint: Endpoint) -> None:
    channel = a_key(runtime, ends=NOON)
    endpoint.says = [answer(503, "", {"Retry-After": "120"})]

    refresh_due(runtime)

    with runtime.sessions() as db:
        row = db.get_one(Channel, channel)
        assert (row.wait_until, row.wait_reason) == (NOON + timedelta(seconds=120), "X did not give a key just now.")


def test_a_platform_that_is_not_there_is_asked_again(runtime: Runtime) -> None:
    channel = a_key(runtime)
    runtime.registry.url = "http://127.0.0.1:9/token"

    refresh_due(runtime)

    assert (kept(runtime, channel), state(runtime, channel)[0]) == (OLD, ChannelState.CONNECTED)


def test_eight_workers_at_once_ask_once_and_one_key_is_stored(runtime: Runtime, endpoint: Endpoint) -> None:
    channel = a_key(runtime)
    numbers = iter(range(100))
    endpoint.says = [lambda: {"access_token": f"access-{(n := next(numbers))}", "refresh_token": f"refresh-{n}", "expires_in": 7200}]
    ready, broken = threading.Barrier(8), []

    def work() -> None:
        ready.wait()
        try:
            refresh_due(runtime)
        except BaseException as error:
            broken.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (broken, endpoint.asked) == ([], ["old-refresh"])
    assert kept(runtime, channel)[:2] == ("access-0", "refresh-0")


def reconnect(runtime: Runtime, channel_id: int, **key: Any) -> None:
    with runtime.sessions.begin() as db:
        service.reconnect(db, db.get_one(Channel, channel_id), actor=None, now=NOON, **key)


def test_what_a_person_connects_while_the_platform_is_asked_is_kept(runtime: Runtime, endpoint: Endpoint) -> None:
    channel = a_key(runtime)
    theirs = {"access_token": "their-access", "refresh_token": "their-refresh", "expires_at": HALF_A_YEAR, "refresh_expires_at": HALF_A_YEAR}

    def meanwhile() -> dict[str, Any]:
        reconnect(runtime, channel, **theirs)
        return {"access_token": "late-access", "refresh_token": "late-refresh", "expires_in": 7200}

    endpoint.says = [meanwhile]
    refresh_due(runtime)

    assert kept(runtime, channel) == tuple(theirs.values())


def test_a_key_without_a_refresh_token_stays_too_and_the_turned_over_one_is_not_lost(runtime: Runtime, endpoint: Endpoint) -> None:
    channel = a_key(runtime)

    def meanwhile() -> dict[str, Any]:
        reconnect(runtime, channel, access_token="their-access")
        return {"access_token": "late-access", "refresh_token": "late-refresh", "expires_in": 7200}

    endpoint.says = [meanwhile]
    refresh_due(runtime)

    assert kept(runtime, channel) == ("their-access", "late-refresh", None, None)


def test_a_refusal_that_comes_after_a_person_connected_holds_nothing(runtime: Runtime, endpoint: Endpoint) -> None:
    channel = a_key(runtime)

    def meanwhile() -> dict[str, Any]:
        reconnect(runtime, channel, access_token="their-access", refresh_token="their-refresh")
        return {}

    endpoint.says = [meanwhile, answer(400, {"error": "invalid_grant"})]
    refresh_due(runtime)

    assert (kept(runtime, channel)[:2], state(runtime, channel)[0]) == (("their-access", "their-refresh"), ChannelState.CONNECTED)


def test_a_channel_that_is_disconnected_meanwhile_gets_no_key_back(runtime: Runtime, endpoint: Endpoint) -> None:
    channel = a_key(runtime)

    def meanwhile() -> dict[str, Any]:
        with runtime.sessions.begin() as db:
            service.disconnect(db, db.get_one(Channel, channel), actor=None, now=NOON)
        return {"access_token": "late-access", "refresh_token": "late-refresh", "expires_in": 7200}

    endpoint.says = [meanwhile]
    refresh_due(runtime)

    with runtime.sessions() as db:
        assert list(db.scalars(select(Credential))) == []
    assert state(runtime, channel)[0] is ChannelState.NOT_CONNECTED


@pytest.mark.parametrize(
    "values",
    [{"refresh_token": None}, {"refresh_expires_at": NOON}, {"platform": Platform.WEBHOOK}],
    ids=["no refresh token", "an ended one", "no application"],
)
def test_a_key_that_ended_and_cannot_be_renewed_holds_its_channel_without_asking(
    runtime: Runtime, clock: StoppedClock, endpoint: Endpoint, values: dict[str, Any]
) -> None:
    channel = a_key(runtime, ends=NOON + MINUTE, **values)
    assert (is_due(runtime), refresh_next(runtime), state(runtime, channel)[0]) == (False, None, ChannelState.CONNECTED)

    clock.advance(MINUTE)

    assert is_due(runtime)
    refresh_due(runtime)
    assert (state(runtime, channel), endpoint.asked) == ((ChannelState.NEEDS_RECONNECT, ENDED), [])


def test_a_key_whose_end_was_not_told_is_left_alone(runtime: Runtime, endpoint: Endpoint) -> None:
    a_key(runtime, ends=None)

    assert (is_due(runtime), refresh_next(runtime), endpoint.asked) == (False, None, [])


def test_a_key_that_cannot_be_opened_does_not_stand_in_the_way_of_the_others(runtime: Runtime, endpoint: Endpoint) -> None:
    broken = a_key(runtime)
    sound = a_key(runtime, ends=NOON + 2 * MINUTE)
    with runtime.sessions.begin() as db:
        db.execute(text("UPDATE credentials SET refresh_token = :junk WHERE channel_id = :id"), {"junk": b"\x01" * 60, "id": broken})

    refresh_due(runtime)

    assert (kept(runtime, sound), endpoint.asked) == (NEW, ["old-refresh"])


class DyingError(BaseException):
    """Stands for the end of the process."""


def test_a_worker_that_dies_after_the_platform_answered_leaves_no_limbo(runtime: Runtime, clock: StoppedClock, endpoint: Endpoint) -> None:
    channel = a_key(runtime, ends=NOON + timedelta(minutes=20))
    doors = runtime.registry
    consent = doors.connect(Platform.X)

    class Fatal:
        """Asks, and never gets to say what came of it."""

        def refresh(self, refresh_token: str) -> None:
            consent.refresh(refresh_token)
            raise DyingError

    runtime.registry.connect = lambda _platform: Fatal()
    endpoint.says = [*endpoint.says, answer(400, {"error": "invalid_request", "error_description": "Value passed for the token was invalid."})]
    with pytest.raises(DyingError):
        refresh_next(runtime)
    runtime.registry.connect = lambda _platform: consent

    assert (refresh_next(runtime), kept(runtime, channel)[1]) == (None, "old-refresh")
    clock.advance(LEASE)
    refresh_due(runtime)

    assert endpoint.asked == ["old-refresh", "old-refresh"]
    assert state(runtime, channel)[0] is ChannelState.NEEDS_RECONNECT
    assert "Connect the account again." in state(runtime, channel)[1]


def test_a_renewed_key_is_in_no_history_log_or_file(
    runtime: Runtime, clock: StoppedClock, endpoint: Endpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging("info")  # From here on, to the stream that this test reads.
    channel = a_key(runtime, refresh_token="planted-refresh-0")
    planted = {"access_token": "planted-access-1", "refresh_token": "planted-refresh-1", "expires_in": 1200}
    echo = {"error": "invalid_grant", "error_description": "planted-refresh-1 of cl1ent-s3cret is dead"}
    endpoint.says = [answer(503, "planted-refresh-0 planted-access-0"), planted, answer(400, echo)]
    for _ in range(3):
        refresh_due(runtime)
        clock.advance(timedelta(minutes=10))

    assert len(endpoint.asked) == 3
    assert kept(runtime, channel)[:2] == ("planted-access-1", "planted-refresh-1")
    logged = capsys.readouterr().err
    with runtime.sessions() as db:
        told = [str(list(vars(one).values())) for one in db.scalars(select(Entry))]
    told.extend(state(runtime, channel))
    files = b"".join(path.read_bytes() for path in tmp_path.glob("planner.sqlite3*"))
    secrets = ("planted-", "cl1ent-s3cret")
    assert [secret for secret in secrets if secret in logged + "".join(told) or secret.encode() in files] == []
    assert logged.count("a key was not renewed") == 1
