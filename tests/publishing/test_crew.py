"""A crew: many calls at once and one hand that writes; whose turn it is, what comes of each, and that nothing is lost, doubled or late for another's sake."""
# ruff: noqa: F811

from __future__ import annotations

import random
import re
import threading
import time
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event, update

from planner.core.runtime import Runtime
from planner.planning.models import Post, PostState
from planner.publishing import crew as crews
from planner.publishing import outbox, settling
from planner.publishing.models import DeliveryState
from tests.conftest import StoppedClock
from tests.publishing.hall import (  # noqa: F401
    PATIENCE,
    PUBLISHED,
    Hall,
    MakeCrew,
    all_due,
    crew_of,
    finish,
    platform,
    states,
    stopwatch,
    until_told,
    work,
)
from tests.publishing.test_fair import due, statements

pytestmark = pytest.mark.usefixtures("healthy")


# at once


def test_posts_of_one_moment_are_called_for_at_once_and_of_each_account_one(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew
) -> None:
    all_due(runtime, clock, "abcd", each=3)
    crew = crew_of(16)

    crew.step()
    platform.until_in("a1", "b1", "c1", "d1")
    more, under_way = crew.step(), crew.under_way
    platform.open()
    work(crew)

    assert (more, under_way) == (False, 4)
    assert (platform.most, platform.twice) == (4, [])
    assert {name: [said for said in platform.came if said[0] == name] for name in "abcd"} == {name: [f"{name}{n}" for n in (1, 2, 3)] for name in "abcd"}
    assert set(states(runtime).values()) == {PUBLISHED}


def test_no_more_are_called_for_at_once_than_a_crew_has_hands(runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew) -> None:
    all_due(runtime, clock, "abcde")
    crew = crew_of(3)

    crew.step()
    platform.until_in("a1", "b1", "c1")
    crew.step()
    platform.let_go("b1")
    crew.wait(lambda: PATIENCE)
    crew.step()
    platform.until_in("a1", "c1", "d1")
    platform.open()
    work(crew)

    assert platform.most == 3
    assert platform.came[3:] == ["d1", "e1"]


def test_what_is_stopped_instead_of_sent_leaves_its_hand_to_the_next(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew
) -> None:
    made = all_due(runtime, clock, "ab")
    with runtime.sessions.begin() as db:
        db.execute(update(Post).where(Post.channel_id == made["a"]).values(text="Changed by nobody"))
    crew = crew_of(1)

    told = [crew.step(), crew.step()]
    platform.until_in("b1")

    assert told == [True, False]


# turns


@pytest.mark.parametrize("hands", [1, 2, 3])
def test_with_fewer_hands_than_accounts_each_has_its_turn_equally_often(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew, hands: int
) -> None:
    all_due(runtime, clock, "abcde", each=5)
    crew, chance = crew_of(hands), random.Random(hands)  # noqa: S311
    turns: Counter[str] = Counter(dict.fromkeys("abcde", 0))

    while crew.step() or crew.under_way:
        inside = platform.until_so_many_are_in(crew.under_way)
        turns = Counter({name: sum(said[0] == name for said in platform.came) for name in "abcde"})
        assert max(turns.values()) - min(turns.values()) <= 1, platform.came
        ends = inside[: chance.randint(1, len(inside))]
        platform.let_go(*ends)
        until_told(crew, len(ends))

    assert set(turns.values()) == {5}


def test_a_slow_account_holds_one_hand_and_the_others_take_turns(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew
) -> None:
    all_due(runtime, clock, "abcd", each=3)
    crew = crew_of(2)

    crew.step()
    platform.until_in("a1", "b1")
    for leaves, comes in (("b1", "c1"), ("c1", "d1"), ("d1", "b2"), ("b2", "c2"), ("c2", "d2")):
        platform.let_go(leaves)
        crew.wait(lambda: PATIENCE)
        crew.step()
        platform.until_in("a1", comes)


def test_statements_do_not_grow_with_how_many_are_claimed_and_settled_at_once(runtime: Runtime, clock: StoppedClock, platform: Hall) -> None:
    all_due(runtime, clock, "abcdefgh")
    platform.open()

    claiming = [statements(runtime, lambda db, n=n: outbox.open_attempts(db, runtime, "a worker", now=clock.now(), count=n)) for n in (2, 8)]  # type: ignore[misc]
    ended = {claim.attempt: outbox.call(runtime, claim) for claim in claims(outbox.take(runtime, "a worker", 8))}
    few = dict(list(ended.items())[:2])
    settling_ = [statements(runtime, lambda db, some=some: settling.settle(db, runtime, some, now=clock.now())) for some in (few, ended)]  # type: ignore[misc]
    with runtime.sessions.begin() as db:
        settling.settle(db, runtime, ended, now=clock.now())

    assert claiming[0] == claiming[1]
    assert settling_[0] == settling_[1]
    assert set(states(runtime).values()) == {PUBLISHED}


def test_no_step_of_a_delivery_reads_a_table_that_grows(runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew) -> None:
    all_due(runtime, clock, "abcd", each=2)
    platform.open()
    said: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, is_many: bool) -> None:
        said.append((statement, values[0] if is_many else values))

    event.listen(runtime.engine, "before_cursor_execute", note)
    try:
        work(crew_of(3))
    finally:
        event.remove(runtime.engine, "before_cursor_execute", note)

    assert set(states(runtime).values()) == {PUBLISHED}
    is_sqlite = runtime.engine.dialect.name == "sqlite"
    asked = {statement: values for statement, values in said if statement.startswith(("SELECT", "UPDATE", "INSERT", "WITH"))}
    assert len(asked) > 5
    with runtime.engine.connect() as connection:
        if not is_sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # On a table this small it would read everything.
        for statement, values in asked.items():
            rows = connection.exec_driver_sql(f"EXPLAIN {'QUERY PLAN ' if is_sqlite else ''}{statement}", values)
            plan = "\n".join(str(row[-1]) for row in rows)
            assert not GROWING.search(plan), statement + plan


#: How SQLite and PostgreSQL say that they read the whole of a table with a row for each message.
GROWING = re.compile(r"(?:SCAN|Seq Scan on) (?:posts|native_posts|deliveries|attempts|approvals|history)\b(?! USING INDEX ix_deliveries_queue)")


def claims(opened: list[outbox.Claim | outbox.Stopped]) -> list[outbox.Claim]:
    return [one for one in opened if isinstance(one, outbox.Claim)]


# calls that last


def test_calls_that_last_are_not_counted_and_six_stand_in_for_them_at_most(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew, stopwatch: SimpleNamespace
) -> None:
    all_due(runtime, clock, "abcdefghijk")
    crew = crew_of(2)
    under_way = []
    for _ in range(6):
        crew.step()
        platform.until_in(*["a1", "b1", "c1", "d1", "e1", "f1", "g1", "h1"][: crew.under_way])
        crew.step()
        under_way.append(crew.under_way)
        stopwatch.seconds += crews.LASTING_SECONDS

    assert under_way == [2, 4, 6, 8, 8, 8]


def test_short_posts_go_out_beside_films_as_many_at_once_as_there_are_hands(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew, stopwatch: SimpleNamespace
) -> None:
    due(runtime, clock, one=[("Film 1", 1)], other=[("Film 2", 1)], **{f"w{n}": [(f"Word {n}", 2)] for n in range(5)})
    crew = crew_of(2)
    clock.advance(timedelta(minutes=1))
    crew.step()
    platform.until_in("Film 1", "Film 2")
    clock.advance(timedelta(minutes=2))
    crew.step()
    before = crew.under_way
    stopwatch.seconds += crews.LASTING_SECONDS
    crew.step()
    platform.until_in("Film 1", "Film 2", "Word 0", "Word 1")
    for leaves, stays, comes in ((0, 1, 2), (1, 2, 3), (2, 3, 4)):
        platform.let_go(f"Word {leaves}")
        crew.wait(lambda: PATIENCE)
        crew.step()
        platform.until_in("Film 1", "Film 2", f"Word {stays}", f"Word {comes}")

    assert before == 2
    assert platform.most == 4


# stopping


def test_a_crew_that_is_told_to_stop_writes_what_comes_and_calls_for_nothing_more(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew
) -> None:
    all_due(runtime, clock, "abc", each=2)
    crew = crew_of(2)
    crew.step()
    platform.until_in("a1", "b1")
    more = [crew.step(takes=False)]
    platform.let_go("b1")
    crew.wait(lambda: PATIENCE)
    more.append(crew.step(takes=False))
    half = states(runtime)
    platform.open()
    finish(crew)

    assert more == [False, False]
    assert (half["a1"], half["b1"]) == ((PostState.SENDING, DeliveryState.SENDING), PUBLISHED)
    waits = (PostState.SCHEDULED, DeliveryState.DUE)
    assert states(runtime) == {"a1": PUBLISHED, "b1": PUBLISHED, "a2": waits, "b2": waits, "c1": waits, "c2": waits}
    assert platform.came == ["a1", "b1"]


def test_anybody_can_end_a_wait(runtime: Runtime, crew_of: MakeCrew) -> None:
    crew = crew_of(1)
    crew.step()
    person = threading.Timer(0.05, crew.wake)
    person.start()
    began = time.monotonic()
    crew.wait(lambda: PATIENCE)
    person.join()

    assert time.monotonic() - began < PATIENCE / 2


def test_how_long_to_wait_is_asked_only_when_nothing_has_happened(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew
) -> None:
    all_due(runtime, clock, "a")
    asked: list[bool] = []
    crew = crew_of(1)
    crew.wait(lambda: asked.append(True) or 0.0)
    crew.step()
    platform.open()
    until_told(crew, 1)
    crew.wait(lambda: asked.append(True) or 0.0)

    assert asked == [True]
