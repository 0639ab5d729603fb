"""Keys that ended while nobody looked, or were taken back: X's own consent, the real adapters, the pretend platform's journal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sqlalchemy import Engine

from planner.channels import connecting
from planner.channels.connecting import X_SCOPES, challenge_of
from planner.channels.consent import Consent
from planner.channels.models import Channel, ChannelState
from planner.channels.port import Grant, Identity, Platform
from planner.channels.registry import Registry
from planner.channels.sandbox import Running, accounts, posts
from planner.core.db import sessions_of
from planner.core.runtime import Runtime
from planner.jobs import tick
from planner.jobs.celery_app import make_celery, send_messages
from planner.jobs.embedded import Workers
from planner.planning import service as planning
from planner.planning.models import Post, PostState
from planner.publishing.check import violations
from planner.publishing.models import Attempt
from planner.publishing.service import release_channel
from tests.conftest import StoppedClock, make_settings
from tests.factories import make_post, make_user
from tests.processes import wait_until

VERIFIER, BACK = "v" * 50, "http://127.0.0.1/back"


class Doors(Registry):
    """The real adapters, and X's real consent by the test's clock."""

    def __init__(self, settings: Any, url: str, clock: StoppedClock) -> None:
        super().__init__(settings, url)
        self.x = Consent(
            "X", f"{url}/i/oauth2/authorize", f"{url}/2/oauth2/token", self.http, scopes=X_SCOPES, client_id="planner", client_secret="s3cret",
            who=lambda _token: [], basic=True, now=clock.now,
        )  # fmt: skip

    def connect(self, platform: Platform) -> Consent | None:
        return self.x if platform is Platform.X else None


@pytest.fixture
def runtime(database_url: str, engine: Engine, clock: StoppedClock, platforms: Running, tmp_path: Path) -> Runtime:
    settings = make_settings(tmp_path, database_url, sandbox=platforms.url, poll_seconds=0.05, workers=2, broker_url="memory://")
    doors = Doors(settings, platforms.url, clock)
    return Runtime(settings=settings, clock=clock, engine=engine, sessions=sessions_of(engine), make_registry=lambda: doors)


def consent(runtime: Runtime, name: str) -> tuple[Identity, Grant]:
    """What a person does on X's page, and what the planner gets for it."""
    x: Consent = runtime.registry.connect(Platform.X)
    address = x.authorise_url(state="a-state", challenge=challenge_of(VERIFIER), redirect_uri=BACK)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', requests.get(address, timeout=10).text))
    back = requests.post(address, data={**hidden, "decision": "allow", "name": name}, timeout=10, allow_redirects=False)
    code = parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]
    grant = x.exchange(code=code, verifier=VERIFIER, redirect_uri=BACK)
    return Identity(name, name), grant


def connect(runtime: Runtime, clock: StoppedClock, name: str, *, again: int | None = None) -> int:
    """Connect an account, or connect it again; its channel."""
    account, grant = consent(runtime, name)
    with runtime.sessions.begin() as db:
        channel, _ = connecting.connect(
            db, Platform.X, account, grant, again=again, time_zone="Europe/Paris", grace_minutes=20, actor=None, now=clock.now()
        )
        channel.external_id = ""
        release_channel(db, channel, now=clock.now())
        return channel.id


def approve(runtime: Runtime, clock: StoppedClock, channel_id: int, text: str, *, minutes: int = 0) -> int:
    with runtime.sessions.begin() as db:
        author, approver = make_user(db, roles=("planner",)), make_user(db, roles=("approver",))
        post = make_post(
            db, channel=db.get_one(Channel, channel_id), text=text, author=author, publish_at=clock.now() + timedelta(minutes=minutes)
        )
        planning.submit(db, post, actor=author, now=clock.now())
        planning.approve(db, post, actor=approver, now=clock.now())
        return post.id


def journal(platforms: Running) -> list[tuple[str, int]]:
    """(operation, status) of every call so far."""
    with platforms.sandbox.state.reading() as db:
        return [(row["operation"], row["status"]) for row in db.execute("SELECT operation, status FROM calls ORDER BY id")]


def live(platforms: Running, clock: StoppedClock) -> Counter[str]:
    with platforms.sandbox.state.reading() as db:
        return Counter(post.text for post in posts.every(db, "x", clock.now()))


def states(runtime: Runtime, *post_ids: int) -> list[PostState]:
    with runtime.sessions() as db:
        assert violations(db, runtime.clock.now()) == []
        return [db.get_one(Post, one).state for one in post_ids]


def by_tick(runtime: Runtime, _published: Callable[[], bool]) -> None:
    tick.run(runtime, schedule=False)


def by_threads(runtime: Runtime, published: Callable[[], bool]) -> None:
    """As in the web process, and as `flask planner work` runs them."""
    workers = Workers(runtime).start()
    try:
        wait_until(published, what="publishing")
    finally:
        workers.stop()


def by_celery(runtime: Runtime, published: Callable[[], bool]) -> None:
    """Each message is delivered, one after the other, to the task it names."""
    with make_celery(runtime) as celery, celery.connection_for_read() as connection:
        queue = celery.amqp.queues[celery.conf.task_default_queue].bind(connection.channel())
        queue.declare()
        queue.purge()
        for _ in range(5):
            send_messages(celery, runtime)
            while (message := queue.get(no_ack=True)) is not None:
                celery.tasks[message.headers["task"]](*message.payload[0])
            if published():
                return


@pytest.mark.parametrize("work", [by_tick, by_threads, by_celery], ids=["tick", "threads", "celery"])
def test_after_a_night_off_the_key_is_renewed_before_anything_is_sent_with_it(
    runtime: Runtime, clock: StoppedClock, platforms: Running, work: Callable[[Runtime, Callable[[], bool]], None]
) -> None:
    channel = connect(runtime, clock, "Norvane Group")
    clock.advance(timedelta(hours=9))
    post = approve(runtime, clock, channel, "Good morning")
    before = len(journal(platforms))

    work(runtime, lambda: states(runtime, post) == [PostState.PUBLISHED])

    assert states(runtime, post) == [PostState.PUBLISHED]
    calls = [call for call in journal(platforms)[before:] if call[0] in ("x.token", "x.create") or call[1] == 401]
    assert calls == [("x.token", 200), ("x.create", 201)]
    with runtime.sessions() as db:
        assert [one.number for one in db.query(Attempt)] == [1], "no attempt was spent on a certain 401"


def test_a_day_of_renewals_keeps_one_account_connected(runtime: Runtime, clock: StoppedClock, platforms: Running) -> None:
    channel = connect(runtime, clock, "Norvane Group")
    for _ in range(96):
        clock.advance(timedelta(minutes=15))
        tick.run(runtime, schedule=False)

    tokens = [call for call in journal(platforms) if call[0] == "x.token"]
    assert Counter(tokens) == {("x.token", 200): 1 + 13}, "two hours less a margin that the quarter rounds: every 105 minutes"
    with runtime.sessions() as db:
        assert db.get_one(Channel, channel).state is ChannelState.CONNECTED


def test_a_token_taken_back_mid_run_costs_one_401_and_what_was_held_goes_out_once_or_is_missed(
    runtime: Runtime, clock: StoppedClock, platforms: Running
) -> None:
    ours, other = connect(runtime, clock, "Norvane Group"), connect(runtime, clock, "Telmar")
    refused, held, due = (approve(runtime, clock, ours, text, minutes=at) for text, at in (("Refused", 8), ("Held", 15), ("Due", 29)))
    elsewhere = approve(runtime, clock, other, "Elsewhere", minutes=11)
    with runtime.sessions() as db, platforms.sandbox.state.writing() as there:
        accounts.revoke(there, db.get_one(Channel, ours).credential.access_token, "x", clock.now())  # type: ignore[union-attr]

    for _ in range(30):
        clock.advance(timedelta(minutes=1))
        tick.run(runtime, schedule=False)

    assert [call for call in journal(platforms) if call[1] == 401] == [("x.create", 401)]
    assert states(runtime, refused, held, due, elsewhere) == [*[PostState.SCHEDULED] * 3, PostState.PUBLISHED]
    with runtime.sessions() as db:
        assert db.get_one(Channel, ours).state is ChannelState.NEEDS_RECONNECT

    connect(runtime, clock, "Norvane Group", again=ours)
    for _ in range(3):
        clock.advance(timedelta(seconds=20))
        tick.run(runtime, schedule=False)

    assert states(runtime, refused, held, due) == [PostState.MISSED, PostState.PUBLISHED, PostState.PUBLISHED], "missed: later than its grace"
    assert live(platforms, clock) == {"Elsewhere": 1, "Held": 1, "Due": 1}
