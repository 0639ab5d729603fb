"""The random walk of test_machine with crews: several calls of several accounts under way at once, answered in any order and as late as may be."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from planner.channels.port import Account, Outcome, OutgoingPost
from planner.publishing import crew as crews
from planner.publishing.crew import Crew
from tests.factories import make_channel
from tests.publishing.hall import PATIENCE, finish, until_told
from tests.publishing.test_machine import _WALKS, FATES, Deliveries, Died, Town

_THREE_FATES = st.lists(st.sampled_from(FATES), min_size=3, max_size=3)


@dataclass
class Call:
    """One that is in and waits to be answered."""

    post: OutgoingPost
    told: threading.Event = field(default_factory=threading.Event)


class Hall(Town):
    """A town that decides when a call comes, and answers when it is told to."""

    fates: list[str] = ["yes"]  # noqa: RUF012
    is_open = False

    def __init__(self, *told: object) -> None:
        super().__init__(*told)  # type: ignore[arg-type]
        self.waiting: list[Call] = []
        self._changed = threading.Condition()

    def publish(self, post: OutgoingPost, account: Account, *, keep: Callable[[str], None]) -> Outcome:
        call = Call(post)
        with self._changed:
            self.fate = "yes" if self.is_open else self.fates[post.delivery_id % len(self.fates)]
            try:
                outcome: Outcome | Died = super().publish(post, account, keep=keep)
            except Died as died:
                outcome = died
            waits = not self.is_open
            if waits:
                self.waiting.append(call)
                self._changed.notify_all()
        if waits:
            call.told.wait()
        if isinstance(outcome, Died):
            raise outcome
        return outcome

    def come_in(self, count: int) -> list[Call]:
        """So many more calls, once they are in."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.waiting) == count, PATIENCE)
            came, self.waiting = sorted(self.waiting, key=lambda one: (one.post.delivery_id, one.post.attempt)), []
            return came


@dataclass
class Worker:
    """A crew, with its calls that nobody has answered yet, and how many were answered of which it has not written what came."""

    crew: Crew
    calls: list[Call] = field(default_factory=list)
    answered: int = 0


class CrewsAtWork(Deliveries):
    """People, two crews, the platform and the clock, in any order. Leases run out as time passes: a crew's answers may come long after."""

    town: Hall

    @initialize()
    def begin(self) -> None:
        super().begin()
        self.town = Hall(self.clock)
        with self.runtime.sessions.begin() as db:
            self.channels = [self.channel, make_channel(db).id, make_channel(db).id]
        self.workers = [Worker(Crew(self.runtime, name, hands)) for name, hands in (("first", 3), ("second", 2))]

    def teardown(self) -> None:
        super().teardown()
        for worker in getattr(self, "workers", ()):
            worker.crew.close()

    @rule(minutes=st.integers(1, 60), which=st.integers(0, 2))
    def plan_and_approve(self, minutes: int, which: int) -> None:  # type: ignore[override]
        self.channel = self.channels[which]
        super().plan_and_approve(minutes)

    @rule()
    def reconnect(self) -> None:
        for self.channel in self.channels:
            super().reconnect()

    @rule()
    def pause(self) -> None:
        # A second later: a pause and an attempt of one moment cannot be told apart.
        self.clock.advance(timedelta(seconds=1))
        super().pause()

    @rule(which=st.sampled_from((0, 0, 1)), fates=_THREE_FATES)
    def go_on(self, which: int, fates: list[str]) -> None:
        """A crew writes what came, all in one, and calls for what is due."""
        self.town.fates = fates
        self._step(self.workers[which], takes=True)

    @rule(which=st.integers(0, 1))
    def write(self, which: int) -> None:
        """A crew that is told to stop only writes what came."""
        self._step(self.workers[which], takes=False)

    @precondition(lambda self: any(one.calls for one in self.workers))
    @rule(pick=st.integers(0, 9), times=st.sampled_from((1, 2, 3)))
    def answer(self, pick: int, times: int) -> None:
        for _ in range(times):
            held = [(worker, call) for worker in self.workers for call in worker.calls]
            if held:
                self._answer(*held[pick % len(held)])

    @rule(minutes=st.integers(0, 30), fates=_THREE_FATES)
    def let_much_come_due_at_once(self, minutes: int, fates: list[str]) -> None:
        for which in (0, 1, 2, 0, 1, 2):
            self.plan_and_approve(1, which)
        self.keep_house()
        self.time_passes(60 + minutes)
        self.go_on(0, fates)

    def make_a_backup(self) -> None:
        """Not here: workers are stopped before a backup is put back."""

    put_the_backup_back = send = send_while_others_act = make_a_backup  # And here, crews send.

    def settle(self) -> None:
        """One crew ends in time; what the other has under way is looked up before it is answered."""
        self.town.is_open = True
        first, second = self.workers
        for worker in (first, second):
            while worker.calls:
                self._answer(worker, worker.calls[0])
            if worker is first:
                finish(first.crew)
                super().settle()
        finish(second.crew)
        super().settle()

    def _answer(self, worker: Worker, call: Call) -> None:
        worker.calls.remove(call)
        worker.answered += 1
        call.told.set()
        until_told(worker.crew, worker.answered)

    def _step(self, worker: Worker, *, takes: bool) -> None:
        while worker.crew.step(takes=takes):
            worker.answered = 0
        worker.answered = 0
        worker.calls += self.town.come_in(worker.crew.under_way - len(worker.calls))


@pytest.fixture(autouse=True)
def no_call_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is: the clock that counts in a walk is the stopped one."""
    monkeypatch.setattr(crews, "LASTING_SECONDS", 1e9)


def test_with_crews_the_invariants_hold_whatever_is_answered_when(sqlite_url: str, tmp_path: Path) -> None:
    walks = settings(max_examples=12, stateful_step_count=30, derandomize=True, **_WALKS)
    run_state_machine_as_test(lambda: CrewsAtWork(sqlite_url, tmp_path), settings=walks)


@pytest.mark.faults
def test_so_they_do_on_hundreds_of_long_walks_of_crews(database_url: str, tmp_path: Path) -> None:
    count = 200 if database_url.startswith("sqlite") else 80
    walks = settings(max_examples=count, stateful_step_count=50, **_WALKS)
    run_state_machine_as_test(lambda: CrewsAtWork(database_url, tmp_path), settings=walks)
