"""Real processes for the fault tests: a pretend platform, and product workers that can be killed at a named point."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy.orm import Session

from planner.channels.port import Platform
from planner.core.clock import utc_now
from planner.planning import service as planning
from tests.conftest import SECRET
from tests.factories import make_asset, make_channel, make_post, make_user

ROOT = Path(__file__).resolve().parent.parent
_PATIENCE = 60.0


def worker_env(database_url: str, data_dir: Path, sandbox_url: str, **settings: object) -> dict[str, str]:
    """PLANNER_* variables of a product with times short enough for a test: an answer may take 1 s, an unknown one 3 s to settle."""
    values: dict[str, object] = {
        "secret_key": SECRET, "database_url": database_url, "data_dir": data_dir, "sandbox": sandbox_url, "executor": "worker",
        "workers": 2, "poll_seconds": 0.05, "lease_seconds": 1, "call_timeout_seconds": 1.0, "settle_seconds": 3.0, "log_level": "ERROR",
    }  # fmt: skip
    return {f"PLANNER_{name.upper()}": str(value) for name, value in {**values, **settings}.items()}


def approve_posts(db: Session, texts: Iterable[str], *, platform: Platform = Platform.X, channels: int = 1, **channel: Any) -> list[int]:
    """Approved posts for right now, each about an asset of its own, spread over so many new channels; the posts' ids."""
    now = utc_now()
    author, approver = make_user(db, roles=("planner",)), make_user(db, roles=("approver",))
    there = [make_channel(db, platform=platform, **{"token": f"sandbox-{uuid.uuid4().hex}", **channel}) for _ in range(channels)]
    made = []
    for number, text in enumerate(texts):
        post = make_post(
            db,
            asset=make_asset(db),
            channel=there[number % channels],
            text=text,
            author=author,
            publish_at=now,
            created_at=now,
            updated_at=now,
        )
        planning.submit(db, post, actor=author, now=now)
        planning.approve(db, post, actor=approver, now=now)
        made.append(post.id)
    db.commit()
    return made


def wait_until(holds: Callable[[], bool], *, seconds: float = _PATIENCE, what: str = "it") -> None:
    """Ask again and again, a few times a second. Raises AssertionError when it never holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"{what} did not happen within {seconds:g} s"
        time.sleep(0.1)


class Child:
    """A process whose output is read line by line; ended with its context."""

    def __init__(self, *command: str, env: Mapping[str, str] | None = None, log: Path | None = None) -> None:
        with log.open("wb") if log else nullcontext() as errors:
            self.process = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env={**os.environ, **(env or {})}, text=False,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, start_new_session=True,
            )  # fmt: skip
        self._rest = b""
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._out, selectors.EVENT_READ)

    @property
    def _out(self) -> Any:
        assert self.process.stdout is not None
        return self.process.stdout

    def say(self, **message: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def line(self, *, seconds: float = _PATIENCE) -> str | None:
        """The next line it prints; None when it printed none in time. Raises AssertionError when it ended."""
        end = time.monotonic() + seconds
        while b"\n" not in self._rest:
            if not self._selector.select(max(0.0, end - time.monotonic())):
                return None
            read = os.read(self._out.fileno(), 65536)
            assert read, f"{self.process.args} ended with {self.process.wait(5)}"
            self._rest += read
        line, self._rest = self._rest.split(b"\n", 1)
        return line.decode()

    def end(self, *, by: int = signal.SIGKILL) -> None:
        """End it with everything it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, by)
        self.process.wait(_PATIENCE)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None) -> None:
        self.end()
        self._selector.close()
        self._out.close()
        assert self.process.stdin is not None
        self.process.stdin.close()


class SandboxProcess(Child):
    """The pretend platforms as a process of their own, scripted over HTTP. The same text twice is accepted there, unlike on the real ones."""

    def __init__(self, state: Path) -> None:
        super().__init__("-c", f"from planner.channels.sandbox import run_forever; run_forever({str(state)!r}, port=0)")
        said = self.line() or ""
        self.url = said.split(" ")[2]
        self.ask("POST", "/_sandbox/settings", {"duplicates": "accept", "processing_seconds": 0.1})

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(self.url + path, method=method, data=None if body is None else json.dumps(body).encode())  # noqa: S310
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            raw = answer.read()
        return json.loads(raw) if raw else None

    def script(self, **fault: Any) -> None:
        self.ask("POST", "/_sandbox/faults", fault)

    def unscript(self) -> None:
        self.ask("DELETE", "/_sandbox/faults")

    def live(self, platform: str = "") -> Counter[str]:
        """Text of each live post -> how often it is live."""
        return Counter(post["text"] for post in self.ask("GET", f"/_sandbox/posts?platform={platform}")["posts"])


class Nursery(Child):
    """Forks workers of one product in no time: it has made the product once. One worker at a time."""

    def __init__(self, env: Mapping[str, str]) -> None:
        super().__init__("-m", "tests.nursery", env=env)
        assert self.line() == "ready"
        self._pid = 0

    def start(self, *, point: str = "", nth: int = 1) -> None:
        """A new worker. At its nth send it says `at <point>`; at the points beside the call it also stands still there."""
        self.say(point=point, nth=nth)
        said = self.line() or ""
        self._pid = int(said.removeprefix("worker "))

    def arrived(self, point: str, *, seconds: float = _PATIENCE) -> bool:
        """Whether the worker gets to its point in that time."""
        said = self.line(seconds=seconds)
        assert said in (None, f"at {point}"), said
        return said is not None

    def kill(self) -> None:
        """kill -9, and gone when this returns."""
        os.kill(self._pid, signal.SIGKILL)
        while (said := self.line()) != f"gone {self._pid}":
            assert said is not None
