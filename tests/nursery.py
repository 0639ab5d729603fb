"""Run as `python -m tests.nursery`: makes the product once, then forks a worker for each line of JSON it reads.

A line is {"point": where to report, "nth": at which send}. The worker is the product's own (`create_app` and `Workers`);
only its adapters are wrapped, to tell the test where they are. Before a fork nothing has connected to anything.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any, NoReturn

from sqlalchemy import event

from planner.core.runtime import Runtime
from planner.factory import create_app
from planner.jobs.embedded import Workers

BEFORE_OPEN, BEFORE, DURING, KEPT, AFTER, WHILE_SETTLING, WHILE_LOOKING, AFTER_LOOKING = (
    "writing the attempt", "before the call", "during the call", "having kept it", "after the call", "writing what came of it",
    "looking it up", "having looked it up",
)  # fmt: skip


def say(text: str) -> None:
    os.write(1, text.encode() + b"\n")


class Reporting:
    """Counts sends of one process and reports the chosen point of the chosen one."""

    def __init__(self, point: str, nth: int) -> None:
        self.point, self.nth = point, nth
        self._lock = threading.Lock()
        self._seen = 0

    def at(self, point: str, *, stay: bool) -> None:
        if point != self.point:
            return
        with self._lock:
            self._seen += 1
            reached = self._seen == self.nth
        if reached:
            say(f"at {point}")
            while stay:
                time.sleep(60)

    def after_statement(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        """A transaction has written an attempt, or its success, and is not committed yet."""
        if "INSERT INTO attempts " in statement:
            self.at(BEFORE_OPEN, stay=True)
        if "UPDATE attempts " in statement and "external_id" in statement:
            self.at(WHILE_SETTLING, stay=True)


class Reported:
    """A registry whose adapters report."""

    def __init__(self, registry: Any, reporting: Reporting) -> None:
        self._registry, self._reporting = registry, reporting

    def __getattr__(self, name: str) -> Any:
        return getattr(self._registry, name)

    def adapter(self, platform: Any) -> Any:
        return ReportedAdapter(self._registry.adapter(platform), self._reporting)


class ReportedAdapter:
    """An adapter that reports around `publish` and `find`."""

    def __init__(self, adapter: Any, reporting: Reporting) -> None:
        self._adapter, self._reporting = adapter, reporting

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)

    def publish(self, *args: Any, keep: Any) -> Any:
        def kept(text: str) -> None:
            keep(text)
            self._reporting.at(KEPT, stay=True)

        self._reporting.at(BEFORE, stay=True)
        self._reporting.at(DURING, stay=False)
        outcome = self._adapter.publish(*args, keep=kept)
        self._reporting.at(AFTER, stay=True)
        return outcome

    def find(self, *args: Any, **kwargs: Any) -> Any:
        self._reporting.at(WHILE_LOOKING, stay=True)
        listing = self._adapter.find(*args, **kwargs)
        self._reporting.at(AFTER_LOOKING, stay=True)
        return listing


def work(runtime: Runtime, registry: Any, point: str, nth: int) -> NoReturn:
    say(f"worker {os.getpid()}")
    reporting = Reporting(point, nth)
    runtime.make_registry = lambda: Reported(registry, reporting)
    event.listen(runtime.engine, "after_cursor_execute", reporting.after_statement)
    Workers(runtime).start().wait()
    os._exit(0)


def main() -> None:
    runtime = create_app().extensions["planner"]
    registry = runtime.make_registry()
    say("ready")
    for line in sys.stdin:
        wanted = json.loads(line)
        pid = os.fork()
        if pid == 0:
            work(runtime, registry, wanted["point"], wanted["nth"])
        os.waitpid(pid, 0)
        say(f"gone {pid}")


if __name__ == "__main__":
    main()
