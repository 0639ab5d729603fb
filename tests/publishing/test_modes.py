"""The faults that matter most, in each way the product works and on both databases, with the platforms in another process."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.channels import service as channels
from planner.channels.models import Channel, ChannelState, Credential
from planner.core.clock import utc_now
from planner.planning import pauses
from planner.planning.quiet_models import Pause
from planner.publishing import service
from planner.publishing.models import Delivery, DeliveryState
from tests.conftest import POSTGRES
from tests.modes import MODES, Mode, crew
from tests.processes import SandboxProcess, approve_posts, wait_until
from tests.reckoning import Record, each_once, settle_down, states

pytestmark = pytest.mark.slow

_BOTH = ["sqlite", "postgresql"] if POSTGRES or os.environ.get("CI") == "true" else ["sqlite"]
_CREATE = {"platform": "x", "operation": "x.create"}


def cells(*quick: tuple[str, str]) -> Any:
    """Every mode on every database; those in `quick` are part of `make test` too."""
    pairs = [(mode, database) for mode in MODES for database in _BOTH]
    return pytest.mark.parametrize(
        ("mode", "database_url"),
        [pytest.param(MODES[mode], database, marks=[] if (mode, database) in quick else pytest.mark.faults) for mode, database in pairs],
        indirect=["database_url"],
        ids=[f"{mode}-{database}" for mode, database in pairs],
    )


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path / "platforms.sqlite3") as process:
        yield process


@pytest.fixture
def record(record_property: Record, mode: Mode) -> Record:
    record_property("mode", mode.name)
    return record_property


def messages(count: int = 24) -> list[str]:
    return [f"Message {number}" for number in range(count)]


def creates(sandbox: SandboxProcess) -> int:
    """How many posts the platform was asked to make so far."""
    return sum(call["operation"] == "x.create" for call in sandbox.ask("GET", "/_sandbox/calls?platform=x")["calls"])


@cells(("embedded", "sqlite"))
def test_answers_dropped_after_half_the_posts_were_accepted_lose_and_double_nothing(
    db: Session, database_url: str, tmp_path: Path, sandbox: SandboxProcess, mode: Mode, record: Record
) -> None:
    texts = messages()
    approve_posts(db, texts, channels=12)
    sandbox.script(kind="drop_after", times=None, probability=0.5, seed=4, **_CREATE)
    sandbox.script(kind="drop_before", times=None, probability=0.12, seed=5, **_CREATE)
    with crew(mode, database_url, tmp_path, sandbox.url):
        settle_down(db)

    each_once(db, sandbox, texts, record)


@cells(("worker", "postgresql"))
def test_posts_accepted_after_the_client_gave_up_and_listed_later_still_are_not_doubled(
    db: Session, database_url: str, tmp_path: Path, sandbox: SandboxProcess, mode: Mode, record: Record
) -> None:
    """The client gives up after 2 s; the post appears a second into the watch, and in a listing another second later."""
    texts = messages(16)
    approve_posts(db, texts, channels=8)
    sandbox.script(kind="delay_after", times=None, seconds=2.5, accept_delay=3.0, probability=0.6, seed=6, **_CREATE)
    sandbox.script(kind="listing_lag", times=None, seconds=1.0, platform="x")
    with crew(mode, database_url, tmp_path, sandbox.url, call_timeout_seconds=2.0, settle_seconds=15.0):
        settle_down(db)

    each_once(db, sandbox, texts, record)


@cells()
def test_two_processes_killed_in_turn_in_mid_run_lose_and_double_nothing(
    db: Session, database_url: str, tmp_path: Path, sandbox: SandboxProcess, mode: Mode, record: Record
) -> None:
    chance = random.Random(7)  # noqa: S311
    texts = messages(40)
    approve_posts(db, texts, channels=4)
    sandbox.script(kind="delay_after", times=None, seconds=0.3, **_CREATE)
    with crew(mode, database_url, tmp_path, sandbox.url, size=2) as workers:
        for _ in range(4):
            made = creates(sandbox)
            wait_until(lambda made=made: creates(sandbox) > made, what="another call")  # type: ignore[misc]
            time.sleep(chance.uniform(0.0, 0.3))
            workers.kill(workers.at_work[0])
            workers.start()
        sandbox.unscript()
        settle_down(db)

    each_once(db, sandbox, texts, record, kills=workers.kills)


@cells()
def test_a_pause_in_mid_run_stops_every_call_and_what_it_held_goes_out_once_when_a_person_says_so(
    db: Session, database_url: str, tmp_path: Path, sandbox: SandboxProcess, mode: Mode, record: Record
) -> None:
    texts = messages(30)
    approve_posts(db, texts, channels=3)
    sandbox.script(kind="delay_before", times=None, seconds=0.2, **_CREATE)
    with crew(mode, database_url, tmp_path, sandbox.url):
        wait_until(lambda: creates(sandbox) >= 3, what="the first calls")
        pauses.standstill(db)
        pause = pauses.pause(db, "Strike", actor=None, now=utc_now())
        db.commit()
        wait_until(lambda: set(states(db)) <= {DeliveryState.PUBLISHED, DeliveryState.HELD}, what="holding the rest")
        made = creates(sandbox)
        assert states(db) == {DeliveryState.PUBLISHED: made, DeliveryState.HELD: len(texts) - made}
        pauses.resume(db, db.get_one(Pause, pause.id), actor=None, now=utc_now())
        db.commit()
        time.sleep(1.0)
        assert creates(sandbox) == made, "ending a pause sends nothing by itself"

        for delivery in db.scalars(select(Delivery).where(Delivery.state == DeliveryState.HELD)).all():
            service.retry(db, delivery, actor=None, now=utc_now())
        db.commit()
        settle_down(db)

    each_once(db, sandbox, texts, record)


@cells(("celery-redis", "postgresql"))
def test_a_storm_of_errors_some_of_which_hide_accepted_posts_loses_and_doubles_nothing(
    db: Session, database_url: str, tmp_path: Path, sandbox: SandboxProcess, mode: Mode, record: Record
) -> None:
    texts = messages(16)
    approve_posts(db, texts, channels=16)
    sandbox.script(kind="status", status=500, accepted=True, times=None, probability=0.4, seed=8, **_CREATE)
    sandbox.script(kind="status", status=503, times=None, **_CREATE)
    with crew(mode, database_url, tmp_path, sandbox.url):
        wait_until(lambda: creates(sandbox) >= len(texts) + 4, what="trying again in the storm")
        sandbox.unscript()
        settle_down(db)

    each_once(db, sandbox, texts, record)


def refused(db: Session) -> list[int]:
    """Channels whose connection the platform no longer takes."""
    found = list(db.scalars(select(Channel.id).where(Channel.state == ChannelState.NEEDS_RECONNECT)))
    db.rollback()
    return found


def waiting_beside(db: Session, channel_id: int) -> int:
    """How many deliveries of other channels are not out yet."""
    query = select(Delivery.id).where(Delivery.channel_id != channel_id, Delivery.state != DeliveryState.PUBLISHED)
    found = len(db.scalars(query).all())
    db.rollback()
    return found


@cells(("celery-rabbitmq", "postgresql"))
def test_a_token_revoked_in_mid_run_holds_its_account_and_the_rest_goes_out_once_after_reconnecting(
    db: Session, database_url: str, tmp_path: Path, sandbox: SandboxProcess, mode: Mode, record: Record
) -> None:
    texts = messages(20)
    approve_posts(db, texts, channels=2)
    account, revoked = db.execute(select(Credential.channel_id, Credential.access_token).order_by(Credential.channel_id)).first()  # type: ignore[misc]
    db.rollback()  # On SQLite a session that asked holds the write lock until it says it is done.
    sandbox.script(kind="delay_before", times=None, seconds=0.15, **_CREATE)
    with crew(mode, database_url, tmp_path, sandbox.url):
        wait_until(lambda: creates(sandbox) >= 3, what="the first calls")
        sandbox.ask("POST", "/_sandbox/tokens/revoke", {"platform": "x", "token": revoked})
        wait_until(lambda: sum(sandbox.live("x").values()) >= 10 and refused(db) == [account], what="holding the account")
        wait_until(lambda: waiting_beside(db, account) == 0, what="sending all of the other account")
        assert len(texts) > states(db)[DeliveryState.PUBLISHED] >= 10
        channel = db.get_one(Channel, account, populate_existing=True)
        channels.reconnect(db, channel, access_token="sandbox-fresh", actor=None, now=utc_now())
        service.release_channel(db, channel, now=utc_now())
        db.commit()
        settle_down(db)

    each_once(db, sandbox, texts, record)
