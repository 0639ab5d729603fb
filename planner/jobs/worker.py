"""`flask planner work`: the worker threads as a process of their own, stopped cleanly by SIGTERM or Ctrl-C."""

from __future__ import annotations

import signal

from planner.core.runtime import Runtime
from planner.jobs.embedded import Workers

__all__ = ["work"]

_STOPS = (signal.SIGTERM, signal.SIGINT)


def work(runtime: Runtime) -> None:
    """Work until told to stop; then finish what is being sent. A second signal ends the process at once.

    The signals are held back and waited for, instead of handled wherever they find this thread: a handler could
    break into the start of a thread or into a lock. The threads inherit that.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    workers = Workers(runtime).start()
    signal.sigwait(_STOPS)
    for number in _STOPS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
    workers.stop()
