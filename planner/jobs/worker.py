"""`flask planner work`: the worker threads as a process of their own, stopped cleanly by SIGTERM or Ctrl-C."""

from __future__ import annotations

import signal
from types import FrameType

from planner.core.runtime import Runtime
from planner.jobs.embedded import Workers

__all__ = ["work"]


class _ToldToStopError(Exception):
    """Raised in the main thread by the signal, because a handler may not touch a lock that this thread is waiting on."""


def work(runtime: Runtime) -> None:
    """Work until told to stop; then finish what is being sent. A second signal ends the process at once."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    workers = Workers(runtime)
    try:
        workers.start().wait()
    except _ToldToStopError:
        workers.stop()


def _stop(_number: int, _frame: FrameType | None) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    raise _ToldToStopError
