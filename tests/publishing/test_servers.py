"""What happens beneath the product: PostgreSQL restarted at once, SQLite left with a write-ahead log, a disk that is full."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from planner import tables
from planner.core.db import make_engine, sessions_of
from planner.publishing.models import DeliveryState
from tests.conftest import lacking
from tests.nursery import BEFORE, WHILE_SETTLING
from tests.processes import Child, Nursery, SandboxProcess, approve_posts, wait_until, worker_env
from tests.reckoning import Record, each_once, settle_down, states

pytestmark = pytest.mark.slow
_WORK = ("-m", "flask", "planner", "work")


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path / "platforms.sqlite3") as process:
        yield process


class Cluster:
    """A PostgreSQL server of this test's own."""

    def __init__(self, binaries: Path, place: Path) -> None:
        self._binaries, self._place = binaries, place
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port = free.getsockname()[1]
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"
        self._run("initdb", "-U", "postgres", "-A", "trust", "--no-sync", "-D", str(place / "data"))

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), *arguments]
        if os.geteuid() == 0:  # The server refuses to run as root.
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, cwd="/", timeout=60)

    def start(self) -> None:
        options = f"-p {self.port} -k {self._place} -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=16MB"
        self._run("pg_ctl", "-D", str(self._place / "data"), "-l", str(self._place / "log"), "-o", options, "-w", "start")

    def stop(self) -> None:
        """As if it had crashed: nobody is told, nothing is finished."""
        self._run("pg_ctl", "-D", str(self._place / "data"), "-m", "immediate", "-w", "stop")


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Skipped where no PostgreSQL is installed; the server that the other tests share is never restarted."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [Path(path) for path in [shutil.which("initdb")] if path]
    if not found:
        lacking("initdb is not installed: this test starts a PostgreSQL of its own.")
    if os.geteuid() == 0 and shutil.which("runuser") is None:
        lacking("PostgreSQL does not run as root, and there is no runuser to become somebody else.")
    place = Path(tempfile.mkdtemp(prefix="planner-cluster-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(place, "postgres", "postgres")
        made = Cluster(found[-1].parent, place)
        made.start()
        yield made
        with suppress(subprocess.CalledProcessError):
            made.stop()
    finally:
        shutil.rmtree(place, ignore_errors=True)


@pytest.mark.parametrize("restarts", [1, pytest.param(4, marks=pytest.mark.faults)])
def test_postgresql_restarted_at_once_while_two_workers_send_loses_and_doubles_nothing(
    cluster: Cluster, tmp_path: Path, sandbox: SandboxProcess, record_property: Record, restarts: int
) -> None:
    engine = make_engine(cluster.url)
    tables.metadata.create_all(engine)
    texts = [f"Message {number}" for number in range(12 * restarts + 8)]
    with Session(engine) as db:
        approve_posts(db, texts, channels=4)
    sandbox.script(kind="delay_after", platform="x", operation="x.create", times=None, seconds=0.3)
    env = worker_env(cluster.url, tmp_path, sandbox.url, call_timeout_seconds=3, settle_seconds=8, lease_seconds=4, log_level="CRITICAL")
    with Child(*_WORK, env=env) as first, Child(*_WORK, env=env) as second:
        for _ in range(restarts):
            made = sum(sandbox.live("x").values())
            wait_until(lambda made=made: sum(sandbox.live("x").values()) > made + 1, what="sending")  # type: ignore[misc]
            cluster.stop()
            time.sleep(0.5)
            cluster.start()
        engine.dispose()
        with sessions_of(engine)() as db:
            settle_down(db)
            assert (first.process.poll(), second.process.poll()) == (None, None), "the workers live on"
            each_once(db, sandbox, texts, record_property)
    engine.dispose()


@pytest.mark.parametrize("point", [WHILE_SETTLING, pytest.param(BEFORE, marks=pytest.mark.faults)])
def test_the_files_of_a_killed_sqlite_product_open_sound_elsewhere_and_each_post_goes_out_once(
    sqlite_url: str, tmp_path: Path, sandbox: SandboxProcess, record_property: Record, point: str
) -> None:
    texts = [f"Message {number}" for number in range(6)]
    engine = make_engine(sqlite_url)
    with Session(engine) as db:
        approve_posts(db, texts, channels=3)
    with Nursery(worker_env(sqlite_url, tmp_path, sandbox.url)) as nursery:
        nursery.start(point=point, nth=2)
        assert nursery.arrived(point)
        nursery.kill()
    saved = tmp_path / "saved"
    saved.mkdir()
    for end in ("", "-wal"):
        shutil.copyfile(tmp_path / f"planner.sqlite3{end}", saved / f"planner.sqlite3{end}")
    engine.dispose()
    assert (saved / "planner.sqlite3-wal").stat().st_size > 0, "what was last written is in the log alone"

    with closing(sqlite3.connect(saved / "planner.sqlite3")) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert opened.execute("PRAGMA foreign_key_check").fetchall() == []
    url = f"sqlite:///{saved / 'planner.sqlite3'}"
    with Nursery(worker_env(url, tmp_path, sandbox.url)) as nursery:
        nursery.start()
        engine = make_engine(url)
        with sessions_of(engine)() as db:
            settle_down(db)
            nursery.kill()
            each_once(db, sandbox, texts, record_property, kills=1)
        engine.dispose()


class Disk:
    """A small disk that can be filled to its last byte and emptied again."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._filler = place / "filler"

    def fill(self) -> None:
        with suppress(OSError), self._filler.open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))

    def free(self) -> None:
        self._filler.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place)], check=False, capture_output=True)
    if mounted.returncode:
        lacking("A small disk of its own can only be mounted by root: this test fills one.")
    yield Disk(place)
    subprocess.run(["umount", "-l", str(place)], check=True)


@contextmanager
def product_on(disk: Disk, empty_sqlite: Path, texts: list[str]) -> Iterator[tuple[str, Session]]:
    path = disk.place / "planner.sqlite3"
    path.write_bytes(empty_sqlite.read_bytes())
    engine = make_engine(f"sqlite:///{path}")
    with sessions_of(engine)() as db:
        approve_posts(db, texts, channels=2)
        yield f"sqlite:///{path}", db
    engine.dispose()


def said(log: Path, *sentences: str) -> Callable[[], bool]:
    return lambda: all(sentence in log.read_text() for sentence in sentences)


@pytest.mark.faults
def test_a_disk_that_is_full_before_a_call_means_no_call_and_the_worker_says_so_and_lives_on(
    disk: Disk, empty_sqlite: Path, tmp_path: Path, sandbox: SandboxProcess, record_property: Record
) -> None:
    texts, log = [f"Message {number}" for number in range(6)], tmp_path / "log"
    with product_on(disk, empty_sqlite, texts) as (url, db):
        disk.fill()
        with Child(*_WORK, env=worker_env(url, tmp_path, sandbox.url), log=log) as worker:
            wait_until(said(log, "worker step failed", "database or disk is full"), what="saying that the disk is full")
            time.sleep(0.5)
            assert sandbox.live("x") == {}
            disk.free()
            settle_down(db)
            assert worker.process.poll() is None
        each_once(db, sandbox, texts, record_property)


def test_a_disk_that_fills_up_during_a_call_keeps_the_answer_until_it_can_be_written(
    disk: Disk, empty_sqlite: Path, tmp_path: Path, sandbox: SandboxProcess, record_property: Record
) -> None:
    texts, log = [f"Message {number}" for number in range(4)], tmp_path / "log"
    sandbox.script(kind="delay_after", platform="x", operation="x.create", times=None, seconds=2.0)
    env = {"call_timeout_seconds": 8, "settle_seconds": 10, "log_level": "INFO"}
    with product_on(disk, empty_sqlite, texts) as (url, db):
        with Child(*_WORK, env=worker_env(url, tmp_path, sandbox.url, **env), log=log) as worker:
            wait_until(lambda: sum(sandbox.live("x").values()) > 0, what="accepting the first")
            disk.fill()
            wait_until(said(log, "an outcome could not be written yet"), what="saying that the answer waits")
            assert states(db)[DeliveryState.PUBLISHED] == 0
            disk.free()
            sandbox.unscript()
            settle_down(db)
            assert worker.process.poll() is None
        each_once(db, sandbox, texts, record_property)
