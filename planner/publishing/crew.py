"""Several calls at once, and one hand that writes: what came of all that have ended, and whose turn it is next, is one transaction.

So one moment's posts go out on all their channels at that moment, and SQLite, which has one writer at a time, is never fought over.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

from planner.channels import usage
from planner.channels.port import Outcome, Unknown
from planner.core.log import get_logger
from planner.core.runtime import Runtime
from planner.publishing import outbox
from planner.publishing.heartbeat import Heartbeat
from planner.publishing.outbox import Claim
from planner.publishing.settling import AttemptKey

__all__ = ["Crew"]

log = get_logger(__name__)

#: A call that lasts longer, an upload, is no longer counted among those that are made at once: films that are on their way never
#: make a message late that takes a second.
LASTING_SECONDS = 10.0
#: So many more at most.
_STAND_INS = 6
_AGAIN_SECONDS = 0.5


class Crew:
    """So many calls at once as `at_once` says, those that last not counted. One thread uses it; the calls run in threads of their own.

    Those end with the process: what is under way then is looked up by the next worker, as whatever a worker leaves behind.
    """

    def __init__(self, runtime: Runtime, worker: str, at_once: int) -> None:
        self._runtime, self._worker, self._at_once = runtime, worker, at_once
        self._claims: SimpleQueue[Claim | None] = SimpleQueue()
        self._ended: SimpleQueue[tuple[Claim, Outcome, list[usage.Noted]] | None] = SimpleQueue()
        #: What has ended and is to be written.
        self._known: list[tuple[Claim, Outcome]] = []
        self._noted: list[usage.Noted] = []
        #: Attempt -> since when on this machine's stopwatch, and what keeps its lease.
        self._under_way: dict[AttemptKey, tuple[float, Heartbeat]] = {}
        #: Attempt -> since when its outcome could not be written.
        self._failing: dict[AttemptKey, float] = {}
        self._threads = 0
        self._is_woken = False

    @property
    def under_way(self) -> int:
        """Calls that have not ended, or of which nothing is written yet."""
        return len(self._under_way)

    @property
    def is_full(self) -> bool:
        """Whether nobody is free to call for what becomes due now."""
        return not self._free(set())

    def step(self, *, takes: bool = True) -> bool:
        """Write what came of the calls that have ended and, unless `takes` is false, call for what is due while anybody is free;
        whether there may be more to take at once."""
        self._look()
        ended, self._known = self._known, []
        noted, self._noted = self._noted, []
        free = self._free({claim.attempt for claim, _outcome in ended}) if takes else 0
        done = outbox.record_and_take(self._runtime, self._worker, ended, free, noted=noted) if ended and free else None
        if done is not None:
            left, opened = done
            self._let_go(ended, left)
        else:
            left = outbox.record_once(self._runtime, ended)
            self._let_go(ended, left)
            if len(left) < len(ended):
                usage.put_down(self._runtime.sessions, noted)
            else:  # The database is away: what was used waits with what came of it.
                self._noted = noted
            opened = outbox.take(self._runtime, self._worker, free) if free else []
        claims = [one for one in opened if isinstance(one, Claim)]
        for claim in claims:
            self._send(claim)
        return len(claims) < len(opened)  # Whoever was to send what was stopped is still free.

    def wait(self, longest: Callable[[], float]) -> None:
        """Until a call has ended, somebody says `wake`, or so many seconds are over; it is only asked how many when nothing has happened yet.

        What could not be written is tried again soon.
        """
        if not self._look() and not self._is_woken:
            with suppress(Empty):
                self._hear(self._ended.get(timeout=min(longest(), _AGAIN_SECONDS) if self._known else longest()))
        self._is_woken = False

    def wake(self) -> None:
        """End a wait, this one or the next. Any thread may say so."""
        self._ended.put(None)

    def close(self) -> None:
        """Let the threads end with what they are calling for; whoever calls this takes no more steps."""
        for _ in range(self._threads):
            self._claims.put(None)

    def _free(self, ended: set[AttemptKey]) -> int:
        long_ago = time.monotonic() - LASTING_SECONDS
        busy = [since for attempt, (since, _heart) in self._under_way.items() if attempt not in ended]
        lasting = sum(since <= long_ago for since in busy)
        return max(0, min(self._at_once - len(busy) + lasting, self._at_once + _STAND_INS - len(busy)))

    def _let_go(self, ended: outbox.Ended, left: outbox.Ended) -> None:
        """What is written is over. What is not is kept for a while, its lease too."""
        now = time.monotonic()
        for one in left:
            if now - self._failing.setdefault(one[0].attempt, now) <= outbox.HOLD_SECONDS:
                self._known.append(one)
            else:
                outbox.give_up(one[0])
        for attempt in {claim.attempt for claim, _outcome in ended} - {claim.attempt for claim, _outcome in self._known}:
            self._failing.pop(attempt, None)
            self._under_way.pop(attempt)[1].end()

    def _send(self, claim: Claim) -> None:
        heart = Heartbeat(self._runtime, claim)
        heart.begin()
        self._under_way[claim.attempt] = time.monotonic(), heart
        self._claims.put(claim)
        if self._threads < len(self._under_way):
            self._threads += 1
            threading.Thread(target=self._run, name=f"call-{self._threads}", daemon=True).start()

    def _run(self) -> None:
        while (claim := self._claims.get()) is not None:
            outcome: Outcome = Unknown(outbox.BROKE)
            with usage.later() as noted:
                try:
                    outcome = outbox.call(self._runtime, claim)
                except BaseException as error:  # Whatever it is, nobody else would tell what became of the call.
                    log.error("a call ended its thread", delivery=claim.delivery_id, exc_info=error)
            self._ended.put((claim, outcome, noted))

    def _look(self) -> bool:
        """Hear all that was told; whether there was anything."""
        heard = False
        with suppress(Empty):
            while True:
                self._hear(self._ended.get_nowait())
                heard = True
        return heard

    def _hear(self, told: tuple[Claim, Outcome, list[usage.Noted]] | None) -> None:
        if told is None:
            self._is_woken = True
        else:
            claim, outcome, noted = told
            self._known.append((claim, outcome))
            self._noted += noted
