"""`flask planner work`: the worker threads as a process of their own, stopped cleanly by SIGTERM or Ctrl-C."""

from __future__ import annotations

import signal
from types import FrameType

from planner.core.runtime import Runtime
from planner.jobs.embedded import Workers

__all__ = ["work"]


def work(runtime: Runtime) -> None:
    """Work until told to stop."""
    workers = Workers(runtime).start()

    def _stop(_number: int, _frame: FrameType | None) -> None:
        workers._stopping.set()

    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    workers.wait()
    workers.stop()
