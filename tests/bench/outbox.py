"""The outbox's benches: what a claim and a settle cost over their bare SQL, how late a full minute goes out, a backlog in one tick."""

from __future__ import annotations

import itertools
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from planner import tables
from planner.catalog.models import Asset, AssetKind, AssetState
from planner.channels.models import Channel, ChannelState, Credential
from planner.channels.port import Account, OutgoingPost, Platform, Receipt, Sent
from planner.channels.registry import Registry
from planner.core.clock import SystemClock, utc_now
from planner.core.db import make_engine, sessions_of
from planner.core.runtime import Runtime
from planner.core.secrets import Sealer
from planner.core.settings import Settings
from planner.core.types import use_sealer
from planner.jobs import tick
from planner.planning.digest import content_digest
from planner.planning.models import Approval, Post, PostState, Verb
from planner.publishing import outbox
from planner.publishing.crew import Crew
from planner.publishing.models import Attempt, Delivery, DeliveryState
from tests.bench.measure import Line
from tests.processes import Child, SandboxProcess, worker_env

__all__ = ["ALL"]

_KEY = "a-key-for-benches-0123456789-abcdefgh"
_POSTGRES = os.environ.get("PLANNER_TEST_POSTGRES_URL", "")
#: A large group: so many accounts share what is due.
_ACCOUNTS = 20
_LATENCY = 0.2
#: Posts due at one moment in `lateness`.
_MINUTE = 1000


def claims(_posts: int) -> Line:
    """Deliveries a second of the whole protocol, over those of the smallest loop that is still right; at least 0.8 of it, on SQLite.

    Ours is a worker's crew as it is shipped, with a platform that answers at once. The limit does the same for nobody in
    particular, through the database's own driver and with the same settings: BEGIN IMMEDIATE (SKIP LOCKED on PostgreSQL), the first
    due delivery, its attempt, its state, a durable commit; then attempt, delivery, post and history, and a second durable commit. It
    asks no rule: no turns, pauses, embargoes, digests, keys or numbers that are taken. It is not a replay of our own statements, for
    that would reward asking for more. Wall time, after a while, as for workers that run for days; rounds in turn, the
    median of their ratios.
    """
    return Line("claims", _claims(_sqlite), 0.8, 1.0, higher=True)


def claims_postgresql(_posts: int) -> Line:
    """The same on PostgreSQL."""
    return Line("claims_postgresql", _claims(_postgres), 0.8, 1.0, higher=True)


def lateness(_posts: int) -> Line:
    """The 99th percentile of (settled - due) of 1,000 posts due at the same minute, over calls x latency ÷ workers: at most 1.1.

    The real thing: two `flask planner work` processes with one sender each that look for work every two seconds, as they are shipped,
    the pretend platforms as a process of their own that takes 200 ms for an answer, X posts spread over 20 accounts. Latency is what a call takes here and now: the median over 60 calls
    that two bare processes make to the same platform through the same adapter, half of them before and half after. SQLite, or
    PostgreSQL when PLANNER_TEST_POSTGRES_URL offers one.
    """
    with _postgres() if _POSTGRES else _sqlite() as made, tempfile.TemporaryDirectory() as folder:
        engine, _copy = made
        with SandboxProcess(Path(folder) / "platforms.sqlite3") as sandbox:
            sandbox.script(kind="delay_before", platform="x", operation="x.create", times=None, seconds=_LATENCY)
            url = engine.url.render_as_string(hide_password=False)
            env = worker_env(
                url, Path(folder), sandbox.url, secret_key=_KEY, workers=1, poll_seconds=2.0, lease_seconds=60, call_timeout_seconds=30,
                settle_seconds=40,
            )  # fmt: skip
            latencies = _bare_calls(env)
            with Child("-m", "flask", "planner", "work", env=env), Child("-m", "flask", "planner", "work", env=env):
                warm = _wait_for_both(engine)
                due = utc_now() + timedelta(seconds=60)
                _make_due(engine, _MINUTE, at=due)
                assert utc_now() < due, "the thousand were not in the outbox before their moment"
                _wait_for_all(engine, warm + _MINUTE)
            latencies += _bare_calls(env)
            assert sum(sandbox.live("x").values()) == warm + _MINUTE + len(latencies)
        with sessions_of(engine)() as db:
            ends = db.scalars(select(Attempt.ended_at).join(Delivery).where(Delivery.due_at == due)).all()
        late = sorted((ended - due).total_seconds() for ended in ends if ended is not None)
        limit = _MINUTE * statistics.median(latencies) / 2
        return Line("lateness", late[_MINUTE * 99 // 100 - 1] / limit, 1.1, 1.0)


def backlog(_posts: int) -> Line:
    """Ticks until 400 deliveries that became due while nothing worked are all out: one."""
    with _sqlite() as (engine, _copy):
        _make_due(engine, 400, at=utc_now() - timedelta(minutes=5))
        runtime, ticks = _runtime(engine), 0
        while _count(engine, DeliveryState.PUBLISHED) < 400 and ticks < 5:
            tick.run(runtime, schedule=False)
            ticks += 1
        return Line("backlog", ticks, 1, 1, unit="")


class Instant:
    """A platform that says yes at once."""

    batch = 0

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def publish(self, post: OutgoingPost, account: Account, *, keep: Callable[[str], None]) -> Sent:
        number = next(self._numbers)
        return Sent(Receipt(f"live-{number}", f"https://x.com/i/status/{number}"))

    def adapter(self, _platform: Platform) -> Instant:
        return self

    def connect(self, _platform: Platform) -> None:
        """No key of it ends."""


Made = tuple[Engine, Callable[[], Engine]]


def _claims(database: Callable[[], Any], *, each: int = 240, warm: int = 60, rounds: int = 15) -> float:
    """The median, over pairs of rounds, of the bare seconds for a delivery over ours."""
    with database() as (engine, copy):
        _make_due(engine, warm + each, at=utc_now() - timedelta(minutes=1))
        return statistics.median(_send_bare(copy(), warm, each) / _send(copy(), warm, warm + each) for _ in range(rounds))


def _send_bare(engine: Engine, warm: int, each: int) -> float:
    pooled = engine.raw_connection()
    connection = pooled.driver_connection
    assert connection is not None
    loop = _BareLoop(connection, is_sqlite=engine.dialect.name == "sqlite")
    for _ in range(warm):
        loop.once()
    start = time.perf_counter()
    for _ in range(each):
        loop.once()
    took = time.perf_counter() - start
    pooled.close()
    assert _count(engine, DeliveryState.PUBLISHED) == warm + each
    engine.dispose()
    return took / each


class _BareLoop:
    """Claim, attempt, commit; settle, commit: each statement once, as short as it can be."""

    def __init__(self, connection: Any, *, is_sqlite: bool) -> None:
        self._connection, self._is_sqlite = connection, is_sqlite
        self._numbers = itertools.count(1)
        lock = "" if is_sqlite else " FOR UPDATE SKIP LOCKED"
        self._first = (
            "SELECT id, post_id, digest FROM deliveries WHERE state IN ('due', 'retry') AND due_at <= ? AND next_at <= ?"
            f" ORDER BY due_at, id LIMIT 1{lock}"
        )

    def once(self) -> None:
        now: Any = utc_now()
        if self._is_sqlite:
            now = now.replace(tzinfo=None).isoformat(sep=" ")
        number = f"live-{next(self._numbers)}"
        self._begin()
        delivery, post, digest = self._do(self._first, now, now)
        (attempt,) = self._do(
            "INSERT INTO attempts (delivery_id, number, fingerprint, digest, worker, started_at, code, reason)"
            " VALUES (?, 1, ?, ?, 'a worker', ?, '', '') RETURNING id", delivery, digest, digest, now,
        )  # fmt: skip
        self._do("UPDATE deliveries SET state = 'sending', tries = tries + 1, lease_owner = 'a worker', lease_until = ? WHERE id = ?", now, delivery)
        self._connection.commit()
        self._begin()
        self._do("UPDATE attempts SET result = 'sent', ended_at = ?, external_id = ? WHERE id = ?", now, number, attempt)
        self._do("UPDATE deliveries SET state = 'published', lease_owner = NULL, lease_until = NULL, settled_at = ? WHERE id = ?", now, delivery)
        self._do(
            "UPDATE posts SET state = 'published', external_id = ?, published_at = ?, updated_at = ?, version = version + 1 WHERE id = ?",
            number, now, now, post,
        )  # fmt: skip
        self._do(
            "INSERT INTO history (at, actor_name, action, subject_type, subject_id, subject_name, note)"
            " VALUES (?, 'planner', 'post.published', 'posts', ?, '', '')", now, post,
        )  # fmt: skip
        self._connection.commit()

    def _begin(self) -> None:
        if self._is_sqlite:
            self._do("BEGIN IMMEDIATE")

    def _do(self, statement: str, *values: Any) -> Any:
        cursor = self._connection.execute(statement if self._is_sqlite else statement.replace("?", "%s"), values)
        row = cursor.fetchone() if cursor.description is not None else None
        cursor.close()
        return row


def _send(engine: Engine, warm: int, count: int) -> float:
    runtime = _runtime(engine)
    crew = Crew(runtime, "a worker", runtime.settings.workers)
    _work(crew, takes=lambda: _count(engine, DeliveryState.PUBLISHED) < warm)
    known = _count(engine, DeliveryState.PUBLISHED)
    start = time.perf_counter()
    _work(crew, takes=lambda: True)
    took = time.perf_counter() - start
    assert warm <= known < count == _count(engine, DeliveryState.PUBLISHED)
    engine.dispose()
    return took / (count - known)


def _work(crew: Crew, *, takes: Callable[[], bool]) -> None:
    """As a worker does, until nothing is due or taken any more."""
    while crew.step(takes=takes()) or crew.under_way:
        crew.wait(lambda: 1.0)


def _runtime(engine: Engine) -> Runtime:
    use_sealer(Sealer([f"seal:{_KEY}"]))
    platform = Instant()
    settings = Settings(secret_key=_KEY, database_url=engine.url.render_as_string(hide_password=False), executor="none", sandbox="off")
    return Runtime(settings=settings, clock=SystemClock(), engine=engine, sessions=sessions_of(engine), make_registry=lambda: platform)


def _make_due(engine: Engine, count: int, *, at: datetime) -> None:
    """So many approved posts of that one moment, spread over the accounts, in the outbox."""
    use_sealer(Sealer([f"seal:{_KEY}"]))
    with sessions_of(engine).begin() as db:
        asset = Asset(title="How we build networks", kind=AssetKind.BLOG_POST, state=AssetState.READY, created_at=at, updated_at=at)
        accounts = [_account(at) for _ in range(_ACCOUNTS)]
        db.add_all([asset, *accounts])
        db.flush()
        db.add_all(_post(asset, accounts[number % _ACCOUNTS], number, at) for number in range(count))
    with sessions_of(engine).begin() as db:
        outbox.fill(db, utc_now())  # Unless a worker has been faster.
    with Session(engine.execution_options(reading=True)) as db:
        while db.scalar(select(func.count()).select_from(Delivery).where(Delivery.due_at == at)) != count:
            time.sleep(0.2)
            db.rollback()


def _account(at: datetime) -> Channel:
    name = uuid.uuid4().hex
    channel = Channel(platform=Platform.X, name=name, state=ChannelState.CONNECTED, created_at=at)
    channel.credential = Credential(access_token=f"sandbox-{name}", updated_at=at)
    return channel


def _post(asset: Asset, channel: Channel, number: int, at: datetime) -> Post:
    post = Post(
        asset=asset, channel=channel, state=PostState.APPROVED, text=f"What we have to say, part {number}.", title="", link="",
        first_comment="", tags=[], media=[], publish_at=at, created_at=at, updated_at=at,
    )  # fmt: skip
    post.approved_digest = content_digest(post, asset, channel)
    post.approvals.append(Approval(verb=Verb.APPROVED, digest=post.approved_digest, by_name="Ann", at=at))
    return post


def _bare_calls(env: dict[str, str]) -> list[float]:
    """Seconds of each of 15 calls of two processes that do nothing else."""
    children = [Child("-m", "tests.bench.outbox", env=env) for _ in range(2)]
    try:
        return [float(child.line() or "nan") for _ in range(15) for child in children]
    finally:
        for child in children:
            child.end()


def _call_alone() -> None:
    """Run as a process: calls the platform as a worker's adapter does, and prints what each call took."""
    settings = Settings.from_env(os.environ)
    registry = Registry(settings, settings.sandbox)
    account = Account(channel_id=1, platform=Platform.X, name="Bare", external_id="1", secret=f"sandbox-{uuid.uuid4().hex}")
    adapter = registry.adapter(Platform.X)
    for number in range(15):
        post = OutgoingPost(delivery_id=number, attempt=1, fingerprint="f" * 64, text=f"Bare {uuid.uuid4().hex}")
        start = time.perf_counter()
        outcome = adapter.publish(post, account, keep=lambda _text: None)
        assert isinstance(outcome, Sent), outcome
        print(time.perf_counter() - start, flush=True)


def _wait_for_both(engine: Engine) -> int:
    """Give the two workers something to send until both have; how many posts that took."""
    warm = 0
    while True:
        _make_due(engine, 4, at=utc_now())
        warm += 4
        _wait_for_all(engine, warm)
        with Session(engine.execution_options(reading=True)) as db:
            if db.scalar(select(func.count(Attempt.worker.distinct()))) == 2:
                return warm


def _wait_for_all(engine: Engine, count: int) -> None:
    end = time.monotonic() + 900
    while _count(engine, DeliveryState.PUBLISHED) < count:
        assert time.monotonic() < end, "a thousand posts did not go out within fifteen minutes"
        time.sleep(0.5)


def _count(engine: Engine, state: DeliveryState) -> int:
    with Session(engine.execution_options(reading=True)) as db:
        return db.scalar(select(func.count()).select_from(Delivery).where(Delivery.state == state)) or 0


@contextmanager
def _sqlite() -> Iterator[Made]:
    """An empty SQLite and what copies it as it is by then."""
    numbers = itertools.count()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "outbox.sqlite3"
        engine = make_engine(f"sqlite:///{path}")
        tables.metadata.create_all(engine)

        def copy() -> Engine:
            engine.dispose()  # The last connection writes everything into the one file.
            there = path.with_name(f"copy-{next(numbers)}.sqlite3")
            there.write_bytes(path.read_bytes())
            return make_engine(f"sqlite:///{there}")

        yield engine, copy
        engine.dispose()


@contextmanager
def _postgres() -> Iterator[Made]:
    """The same on the PostgreSQL that is offered."""
    url = make_url(_POSTGRES)
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def new(template: str) -> Engine:
        made.append(f"planner_bench_{uuid.uuid4().hex[:10]}")
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{made[-1]}" TEMPLATE "{template}"'))
        return make_engine(url.set(database=made[-1]).render_as_string(hide_password=False))

    engine = new("template1")
    tables.metadata.create_all(engine)

    def copy() -> Engine:
        engine.dispose()
        return new(str(engine.url.database))

    try:
        yield engine, copy
    finally:
        engine.dispose()
        with admin.connect() as connection:
            for name in made:
                connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        admin.dispose()


ALL = {"claims": claims, **({"claims_postgresql": claims_postgresql} if _POSTGRES else {}), "lateness": lateness, "backlog": backlog}

if __name__ == "__main__":
    _call_alone()
