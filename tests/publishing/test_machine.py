"""A random walk over everything that can happen to deliveries: whatever the order, the invariants hold after each step."""

from __future__ import annotations

import itertools
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner import tables
from planner.accounts import history
from planner.accounts.models import User
from planner.channels import service as channels
from planner.channels.models import Channel
from planner.channels.port import Account, Listing, Outcome, OutgoingPost, Receipt, Refused, RetryLater, Sent, Unknown
from planner.core.db import make_engine, sessions_of
from planner.core.errors import PlannerError
from planner.core.runtime import Runtime
from planner.planning import pauses
from planner.planning import service as planning
from planner.planning.models import Post, PostState
from planner.planning.quiet_models import Pause
from planner.planning.values import PostValues, values_of
from planner.publishing import deciding, outbox, reconcile, restored, service
from planner.publishing.check import violations
from planner.publishing.models import Attempt, Delivery, DeliveryState
from tests.conftest import StoppedClock, make_settings
from tests.factories import make_channel, make_post, make_user
from tests.publishing.conftest import Scripted, ScriptedRegistry

SETTLE, LATE, LAG = 90, 40, 30
FATES = ("yes", "dropped before", "dropped after", "accepted late", "not now", "never", "not this account", "die before", "die after")


class Died(BaseException):
    """kill -9, as far as one thread can play it: nothing after this point runs."""


class Town(Scripted):
    """A platform whose listing lags and that may accept late; it remembers whether a call was allowed when it came."""

    def __init__(self, clock: StoppedClock) -> None:
        super().__init__()
        self.clock, self.fate = clock, "yes"
        #: fingerprint, since when it is live, its number.
        self.shown: list[tuple[str, datetime, str]] = []
        self.lag = timedelta()

    def publish(self, post: OutgoingPost, account: Account, *, keep: Callable[[str], None]) -> Outcome:
        self.calls.append(post)
        match self.fate:
            case "die before":
                raise Died
            case "dropped before":
                return Unknown("the connection was cut")
            case "not now":
                return RetryLater("busy")
            case "never":
                return Refused("content", "not allowed")
            case "not this account":
                return Refused("unauthorised", "Connect again.", account=True)
        number = f"live-{len(self.shown) + 1}"
        at = self.clock.moment + timedelta(seconds=LATE if self.fate == "accepted late" else 0)
        self.shown.append((post.fingerprint, at, number))
        if self.fate == "die after":
            raise Died
        if self.fate in ("dropped after", "accepted late"):
            return Unknown("no answer")
        return Sent(Receipt(number, f"https://x.com/i/status/{number}"))

    def find(self, post: OutgoingPost, since: datetime, account: Account) -> Listing:
        seen = self.clock.moment - self.lag
        return Listing([Receipt(number, f"https://x.com/{number}") for mark, at, number in self.shown if mark == post.fingerprint and since <= at <= seen], True)


class Deliveries(RuleBasedStateMachine):
    """People, workers, the platform and the clock, in any order."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__()
        self.url, self.folder = url, folder

    @initialize()
    def begin(self) -> None:
        self.clock = StoppedClock()
        self.town = Town(self.clock)
        self.engine = make_engine(self.url)
        with self.engine.begin() as connection:
            for table in reversed(tables.metadata.sorted_tables):
                connection.execute(table.delete())
        self.runtime = Runtime(
            settings=make_settings(self.folder, self.url, settle_seconds=SETTLE, call_timeout_seconds=30, max_tries=4),
            clock=self.clock,
            engine=self.engine,
            sessions=sessions_of(self.engine),
            make_registry=lambda: ScriptedRegistry(self.town),
        )
        self.words = itertools.count(1)
        self.copy: sqlite3.Connection | None = None
        self.was_put_back = False
        with self.runtime.sessions.begin() as db:
            self.author = make_user(db, roles=("planner",)).id
            self.approver = make_user(db, roles=("approver",)).id
            self.channel = make_channel(db).id

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.settle()
            self.engine.dispose()

    # people

    @rule(minutes=st.integers(1, 60))
    def plan_and_approve(self, minutes: int) -> None:
        with self.runtime.sessions.begin() as db:
            author, approver = self._people(db)
            post = make_post(
                db, channel=db.get_one(Channel, self.channel), text=f"Text {next(self.words)}", author=author,
                publish_at=self.clock.moment + timedelta(minutes=minutes),
            )  # fmt: skip
            planning.submit(db, post, actor=author, now=self.clock.moment)
            planning.approve(db, post, actor=approver, now=self.clock.moment)

    @rule(pick=st.integers(0, 9))
    def approve(self, pick: int) -> None:
        self._try(pick, lambda db, post: planning.approve(db, post, actor=self._people(db)[1], now=self.clock.moment))

    @rule(pick=st.integers(0, 9))
    def edit(self, pick: int) -> None:
        def edit(db: Session, post: Post) -> None:
            told = {name: value for name, value in values_of(post).items() if name in PostValues.__dataclass_fields__}
            planning.revise(db, post, PostValues(**{**told, "text": f"Text {next(self.words)}"}), actor=self._people(db)[0], now=self.clock.moment)

        self._try(pick, edit)

    @rule(pick=st.integers(0, 9), minutes=st.integers(-5, 120))
    def move(self, pick: int, minutes: int) -> None:
        at = self.clock.moment + timedelta(minutes=minutes)
        self._try(pick, lambda db, post: planning.move(db, post, at, actor=self._people(db)[0], now=self.clock.moment))

    @rule(pick=st.integers(0, 9), hours=st.integers(-1, 2))
    def move_the_embargo(self, pick: int, hours: int) -> None:
        def embargo(db: Session, post: Post) -> None:
            was, post.asset.embargo_until = post.asset.embargo_until, self.clock.moment + timedelta(hours=hours)
            history.record(db, None, "asset.edited", post.asset, now=self.clock.moment, was={"embargo_until": was})

        self._try(pick, embargo)

    @rule(pick=st.integers(0, 9))
    def cancel(self, pick: int) -> None:
        self._try(pick, lambda db, post: planning.cancel(db, post, actor=self._people(db)[0], now=self.clock.moment))

    @rule(pick=st.integers(0, 9))
    def bring_back(self, pick: int) -> None:
        self._try(pick, lambda db, post: planning.restore(db, post, actor=self._people(db)[0], now=self.clock.moment))

    @rule(pick=st.integers(0, 9))
    def withdraw(self, pick: int) -> None:
        self._try(pick, lambda db, post: planning.withdraw(db, post, actor=self._people(db)[0], now=self.clock.moment))

    @rule(pick=st.integers(0, 9), verb=st.sampled_from((deciding.keep, deciding.send, deciding.drop)))
    def decide(self, pick: int, verb: Callable[..., None]) -> None:
        self._try(pick, lambda db, post: verb(db, self._delivery(db, post), actor=self._people(db)[1], now=self.clock.moment))

    @rule()
    def reconnect(self) -> None:
        # A second later: the key that an attempt used is told from the new one by their moments.
        self.clock.advance(timedelta(seconds=1))
        with self.runtime.sessions.begin() as db:
            channel = db.get_one(Channel, self.channel)
            channels.reconnect(db, channel, access_token="another-token", actor=None, now=self.clock.moment)
            service.release_channel(db, channel, now=self.clock.moment)
        self.clock.advance(timedelta(seconds=1))

    @rule()
    def pause(self) -> None:
        with self.runtime.sessions.begin() as db:
            if not pauses.all_in_force(db):
                pauses.pause(db, "Strike", actor=None, now=self.clock.moment)

    @rule()
    def resume(self) -> None:
        # A second later: a pause and an attempt of one moment cannot be told apart.
        self.clock.advance(timedelta(seconds=1))
        with self.runtime.sessions.begin() as db:
            for row in db.scalars(select(Pause).where(Pause.ended_at.is_(None))).all():
                deciding.end_pause(db, row, actor=None, now=self.clock.moment)
        self.clock.advance(timedelta(seconds=1))

    @rule(pick=st.integers(0, 9))
    def send_again(self, pick: int) -> None:
        self._try(pick, lambda db, post: service.retry(db, self._delivery(db, post), actor=None, now=self.clock.moment))

    @rule(pick=st.integers(0, 9))
    def say_what_is_there(self, pick: int) -> None:
        """A person looks at the channel and tells the truth."""

        def say(db: Session, post: Post) -> None:
            delivery = self._delivery(db, post)
            if delivery.state is not DeliveryState.UNCONFIRMED:
                return
            prints = {one.fingerprint for one in delivery.attempts}
            there = [number for mark, _, number in self.town.shown if mark in prints]
            if there:
                service.record_by_hand(db, delivery, url=f"https://x.com/i/status/{there[0]}", actor=None, now=self.clock.moment)
            else:
                service.say_not_live(db, delivery, actor=None, now=self.clock.moment)

        self._try(pick, say)

    # workers

    @rule()
    def keep_house(self) -> None:
        with self.runtime.sessions.begin() as db:
            outbox.fill(db, self.clock.moment)
            deciding.hold_paused(db, now=self.clock.moment)
            outbox.sweep(db, self.clock.moment)

    @rule(fate=st.sampled_from(FATES), times=st.sampled_from((1, 1, 3)))
    def send(self, fate: str, times: int) -> None:
        """One, or several with the outcome of each and the claim of the next in one transaction."""
        self.town.fate, left = fate, iter([True] * times)
        with suppress(Died):
            outbox.send_all(self.runtime, "worker", goes_on=lambda: next(left, False))

    @rule(fate=st.sampled_from(("yes", "dropped after", "never")), then=st.sampled_from(("pause", "sweep", "look")))
    def send_while_others_act(self, fate: str, then: str) -> None:
        """Something else happens between the platform's acceptance and what is written of it."""
        town, real = self.town, self.town.publish
        town.fate = fate

        def publish(post: OutgoingPost, account: Account, *, keep: Callable[[str], None]) -> Outcome:
            outcome = real(post, account, keep=keep)
            self.clock.advance(timedelta(seconds=70))
            self.keep_house()
            if then == "pause":
                self.pause()
            if then == "look":
                reconcile.look_next(self.runtime, "other")
            return outcome

        town.publish = publish  # type: ignore[method-assign]
        try:
            outbox.send_one(self.runtime, "worker")
        finally:
            del town.publish

    @rule(lag=st.sampled_from((0, LAG)))
    def look(self, lag: int) -> None:
        self.town.lag = timedelta(seconds=lag)
        reconcile.look_next(self.runtime, "worker")

    @rule()
    def look_and_die(self) -> None:
        real, self.town.find = self.town.find, self._die  # type: ignore[method-assign]
        with suppress(Died):
            reconcile.look_next(self.runtime, "worker")
        self.town.find = real  # type: ignore[method-assign]

    @rule(seconds=st.sampled_from((1, 20, 65, 95, 400, 1500)))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    @precondition(lambda self: self.engine.dialect.name == "sqlite")
    @rule()
    def make_a_backup(self) -> None:
        self.copy, self.copied_at = sqlite3.connect(":memory:"), self.clock.moment
        with closing(sqlite3.connect(self.engine.url.database or "")) as source:
            source.backup(self.copy)

    @precondition(lambda self: self.copy is not None and self._only_approved_in_copy())
    @rule()
    def put_the_backup_back(self) -> None:
        assert self.copy is not None
        with closing(sqlite3.connect(self.engine.url.database or "")) as target:
            self.copy.backup(target)
        with self.runtime.sessions.begin() as db:
            restored.look_first(db, since=self.copied_at, actor=None, now=self.clock.moment)
        self.copy, self.was_put_back = None, True

    # what must hold

    @invariant()
    def each_content_is_live_once_and_the_outbox_is_sound(self) -> None:
        assert [mark for mark, times in Counter(mark for mark, _, _ in self.town.shown).items() if times > 1] == []
        with self.runtime.sessions() as db:
            broken = violations(db, self.clock.moment)
            assert [one for one in broken if one.invariant != "nothing due stays in limbo"] == []

    def settle(self) -> None:
        """Let everything come to its end: then what is published is live, and what is live is published."""
        self.town.fate, self.town.lag = "yes", timedelta()
        self.resume()
        self.reconnect()
        for _ in range(12):
            self.clock.advance(timedelta(seconds=200))
            self.keep_house()
            while outbox.send_one(self.runtime, "worker") is not None:
                pass
            while reconcile.look_next(self.runtime, "worker") is not None:
                pass
        with self.runtime.sessions() as db:
            assert violations(db, self.clock.moment) == []
            published = set(db.scalars(select(Post.external_id).where(Post.state == PostState.PUBLISHED)))
            open_ = db.scalars(select(Attempt).where(Attempt.result.is_(None))).all()
        live = {number for _, _, number in self.town.shown}
        assert published <= live if self.was_put_back else published == live, "what is live is known, and what is known is live"
        assert open_ == []

    # helpers

    def _only_approved_in_copy(self) -> bool:
        """A draft of the backup that was approved and sent afterwards is a draft again: a person sees its message as one from elsewhere."""
        assert self.copy is not None
        [[others]] = self.copy.execute("SELECT count(*) FROM posts WHERE state IN ('draft', 'in_review', 'changes_requested', 'cancelled')")
        return not others

    def _die(self, *_args: object) -> Listing:
        raise Died

    def _people(self, db: Session) -> tuple[User, User]:
        return db.get_one(User, self.author), db.get_one(User, self.approver)

    def _delivery(self, db: Session, post: Post) -> Delivery:
        found = db.scalars(select(Delivery).where(Delivery.post_id == post.id)).first()
        if found is None:
            raise PlannerError("none yet")
        return found

    def _try(self, pick: int, act: Callable[[Session, Post], object]) -> None:
        """Do something to one of the posts; what the product refuses changes nothing."""
        with suppress(PlannerError), self.runtime.sessions.begin() as db:
            posts = db.scalars(select(Post).order_by(Post.id)).all()
            if posts:
                act(db, posts[pick % len(posts)])


_WALKS = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None, "print_blob": False}


def test_whatever_happens_in_whatever_order_the_invariants_hold_after_each_step(sqlite_url: str, tmp_path: Path) -> None:
    walks = settings(max_examples=12, stateful_step_count=30, derandomize=True, **_WALKS)
    run_state_machine_as_test(lambda: Deliveries(sqlite_url, tmp_path), settings=walks)


@pytest.mark.faults
def test_so_they_do_on_hundreds_of_long_walks(database_url: str, tmp_path: Path) -> None:
    count = 200 if database_url.startswith("sqlite") else 80
    walks = settings(max_examples=count, stateful_step_count=50, **_WALKS)
    run_state_machine_as_test(lambda: Deliveries(database_url, tmp_path), settings=walks)
