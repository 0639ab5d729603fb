"""Accounts take turns: one with much to send, or a slow one, never makes another's post late; each keeps its own order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from planner.channels.models import Channel
from planner.channels.port import Account, Outcome, OutgoingPost, RetryLater
from planner.core.runtime import Runtime
from planner.planning.digest import content_digest
from planner.planning.models import Approval, Post, PostState, Verb
from planner.publishing import outbox, queries
from tests.conftest import StoppedClock
from tests.factories import make_asset, make_channel, make_user
from tests.publishing.conftest import Scripted

pytestmark = pytest.mark.usefixtures("healthy")


class Gated(Scripted):
    """A platform whose answers to texts that start with “Slow” come only when `gate` opens."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.waiting = threading.Event()

    def publish(self, post: OutgoingPost, account: Account, *, keep: Callable[[str], None]) -> Outcome:
        if post.text.startswith("Slow"):
            self.waiting.set()
            assert self.gate.wait(60)
        return super().publish(post, account, keep=keep)


@pytest.fixture
def platform() -> Gated:
    return Gated()


def due(runtime: Runtime, clock: StoppedClock, **accounts: list[tuple[str, float]]) -> dict[str, int]:
    """Approved posts, an account a name: (text, minutes from now), then the outbox is filled; name -> channel."""
    made = {}
    with runtime.sessions.begin() as db:
        asset, approver = make_asset(db), make_user(db, roles=("approver",))
        for name, posts in accounts.items():
            channel = make_channel(db, name=name)
            made[name] = channel.id
            for said, minutes in posts:
                at = clock.now() + timedelta(minutes=minutes)
                post = Post(
                    asset=asset, channel=channel, text=said, publish_at=at, title="", link="", first_comment="", tags=[], media=[],
                    created_at=clock.now(), updated_at=clock.now(),
                )  # fmt: skip
                post.state, post.approved_digest = PostState.APPROVED, content_digest(post, asset, channel)
                post.approvals.append(Approval(verb=Verb.APPROVED, digest=post.approved_digest, by_id=approver.id, by_name="Ann", at=clock.now()))
                db.add(post)
    with runtime.sessions.begin() as db:
        outbox.fill(db, clock.now())
    return made


def send(runtime: Runtime, times: int) -> None:
    for _ in range(times):
        assert outbox.send_one(runtime, "a worker") is not None


def statements(runtime: Runtime, step: Callable[[Session], object]) -> int:
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest):  # type: ignore[no-untyped-def]
        seen.append(statement)

    event.listen(runtime.engine, "before_cursor_execute", note)
    try:
        with runtime.sessions() as db:
            step(db)
    finally:
        event.remove(runtime.engine, "before_cursor_execute", note)
    return sum(not one.startswith("BEGIN") for one in seen)


def test_two_hundred_of_one_account_let_the_one_of_another_through_and_cost_no_more_statements(
    runtime: Runtime, clock: StoppedClock, platform: Gated
) -> None:
    many = due(runtime, clock, many=[(f"Many {number}", number / 100) for number in range(200)])["many"]
    alone = due(runtime, clock, alone=[("Alone", 3)])["alone"]
    clock.advance(timedelta(minutes=4))

    def claim(db: Session) -> None:
        assert outbox.open_attempts(db, runtime, "a worker", now=clock.now(), channel_id=channel_id)

    counts = []
    for channel_id in (many, alone):
        counts.append(statements(runtime, claim))
    send(runtime, 5)

    writes = 4 if runtime.engine.dialect.name == "sqlite" else 1
    assert counts == [3 + writes] * 2, "its account with its turn, itself with all its rules look at, its approvals; attempt, delivery, post, history"
    assert [post.text for post in platform.calls] == ["Many 0", "Alone", "Many 1", "Many 2", "Many 3"]


def test_accounts_take_turns_whoever_was_served_longest_ago_first(runtime: Runtime, clock: StoppedClock, platform: Gated) -> None:
    due(runtime, clock, a=[("a1", 1), ("a2", 1), ("a3", 1)], b=[("b1", 2), ("b2", 2), ("b3", 2)], c=[("c1", 3)])
    clock.advance(timedelta(minutes=4))
    send(runtime, 7)
    due(runtime, clock, d=[("d1", 0)])
    send(runtime, 1)

    assert [post.text for post in platform.calls] == ["a1", "b1", "c1", "a2", "b2", "a3", "b3", "d1"]


def test_an_account_keeps_its_own_order_except_what_has_to_wait(runtime: Runtime, clock: StoppedClock, platform: Gated) -> None:
    due(runtime, clock, a=[("third", 3), ("first", 1), ("second", 2), ("much later", 60)])
    platform.script = [RetryLater("The file is still being worked on.", after=timedelta(minutes=1))]
    clock.advance(timedelta(minutes=4))
    send(runtime, 2)
    clock.advance(timedelta(minutes=2))
    send(runtime, 2)

    assert [post.text for post in platform.calls] == ["first", "second", "first", "third"]
    assert outbox.send_one(runtime, "a worker") is None


def test_a_slow_account_holds_one_worker_and_nobody_elses_post(runtime: Runtime, clock: StoppedClock, platform: Gated) -> None:
    due(runtime, clock, slow=[(f"Slow {number}", 1) for number in range(3)], a=[("a1", 2), ("a2", 2)], b=[("b1", 2)])
    clock.advance(timedelta(minutes=4))
    held = threading.Thread(target=outbox.send_one, args=(runtime, "the first worker"))
    held.start()
    assert platform.waiting.wait(60)
    send(runtime, 3)
    meanwhile = outbox.send_one(runtime, "the second worker")
    platform.gate.set()
    held.join(60)
    send(runtime, 2)

    assert meanwhile is None, "one call of an account at a time"
    assert [post.text for post in platform.calls] == ["a1", "b1", "a2", "Slow 0", "Slow 1", "Slow 2"]


def test_two_workers_at_once_send_each_post_once_and_each_account_in_its_order(
    runtime: Runtime, clock: StoppedClock, platform: Gated
) -> None:
    texts = {name: [f"{name}{number}" for number in range(6)] for name in "abc"}
    due(runtime, clock, **{name: [(said, 1 + at / 10) for at, said in enumerate(posts)] for name, posts in texts.items()})
    clock.advance(timedelta(minutes=4))

    def work(name: str) -> None:
        while len(platform.live) < 18 and time.monotonic() < end:
            outbox.send_one(runtime, name)

    end = time.monotonic() + 120
    workers = [threading.Thread(target=work, args=(name,)) for name in ("first", "second")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    sent = [post.text for post in platform.calls]
    assert {name: [said for said in sent if said.startswith(name)] for name in texts} == texts


def test_a_worker_that_died_gives_its_account_back_when_its_lease_ends(runtime: Runtime, clock: StoppedClock, platform: Gated) -> None:
    due(runtime, clock, a=[("first", 1), ("second", 2)])
    clock.advance(timedelta(minutes=4))
    with runtime.sessions.begin() as db:
        assert isinstance(outbox.open_attempts(db, runtime, "a worker about to die", now=clock.now())[0], outbox.Claim)
    before = outbox.send_one(runtime, "another")
    clock.advance(timedelta(seconds=runtime.settings.lease_seconds + 1))
    send(runtime, 1)

    assert before is None
    assert [post.text for post in platform.calls] == ["second"]


def test_while_one_worker_claims_another_takes_the_next_account(runtime: Runtime, clock: StoppedClock, platform: Gated) -> None:
    made = due(runtime, clock, a=[("a1", 1), ("a2", 1)], b=[("b1", 2)])
    clock.advance(timedelta(minutes=4))
    if runtime.engine.dialect.name == "sqlite":
        # There is one writer at a time; the second claim waits for the first, which the other tests show.
        send(runtime, 3)
        return
    with runtime.sessions() as one, runtime.sessions() as two, runtime.sessions() as three:
        claims = [outbox.open_attempts(db, runtime, "a worker", now=clock.now()) for db in (one, two, three)]

    assert [[claim.account.channel_id for claim in one if isinstance(claim, outbox.Claim)] for one in claims] == [[made["a"]], [made["b"]], []]


def test_the_queue_is_read_through_its_index(runtime: Runtime, clock: StoppedClock, platform: Gated) -> None:
    made = due(runtime, clock, a=[("first", 1)])

    with runtime.sessions() as db:
        plans = [plan(db, query) for query in (queries.ACCOUNTS.params(now=clock.now()), queries.DUE.params(account=made["a"], now=clock.now()))]

    for told in plans:
        assert "ix_deliveries_account" in told
        assert "SCAN deliveries" not in told
    assert "TEMP B-TREE" not in plans[1], "one account's order is the index's"
    assert "Semi Join" not in plans[0], "each account is looked up by itself, not all deliveries for each"


def test_the_next_moment_is_that_of_the_first_delivery_of_a_span_and_read_through_the_queue(
    runtime: Runtime, clock: StoppedClock, platform: Gated
) -> None:
    due(runtime, clock, a=[("now", 0), ("soon", 1), ("later", 10)], b=[("sooner", 0.5)])
    now, minute = clock.now(), timedelta(minutes=1)

    with runtime.sessions() as db:
        told = [queries.next_due(db, now + timedelta(minutes=after), minute) for after in (0, 0.5, 1, 9)]
        read = plan(db, queries.NEXT_DUE.params(now=now, until=now + minute))

    assert told == [now + minute / 2, now + minute, None, now + 10 * minute]
    assert "ix_deliveries_queue" in read and "TEMP B-TREE" not in read


def plan(db: Session, query) -> str:  # type: ignore[no-untyped-def]
    """How the database reads it; PostgreSQL is told that tables are large, for on a small one it reads everything."""
    is_sqlite = db.get_bind().dialect.name == "sqlite"
    if not is_sqlite:
        db.execute(text("SET LOCAL enable_seqscan = off"))
    said = query.compile(db.get_bind(), compile_kwargs={"literal_binds": True, "render_postcompile": True})
    rows = db.execute(text(f"EXPLAIN {'QUERY PLAN ' if is_sqlite else ''}{said}".replace(":", "\\:"))).all()
    return "\n".join(str(row[-1]) for row in rows)


def test_many_accounts_are_offered_once_each_in_the_order_of_their_turns(runtime: Runtime, clock: StoppedClock, platform: Gated) -> None:
    made = due(runtime, clock, a=[("a1", 1), ("a2", 1)], b=[("b1", 2)], later=[("l1", 60)])
    clock.advance(timedelta(minutes=4))
    send(runtime, 1)

    with runtime.sessions() as db:
        assert queries.accounts_due(db, clock.now()) == [made["b"], made["a"]]
        turns = dict(db.execute(select(Channel.name, Channel.turn)).all())
    assert turns == {"a": 1, "b": 0, "later": 0}

