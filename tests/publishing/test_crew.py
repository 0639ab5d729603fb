"""A crew: many calls at once and one hand that writes; whose turn it is, what comes of each, and that nothing is lost, doubled or late for another's sake."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError

from planner.channels.port import Account, Outcome, OutgoingPost
from planner.core.runtime import Runtime
from planner.planning.models import Post, PostState
from planner.publishing import crew as crews
from planner.publishing import outbox, settling
from planner.publishing.crew import Crew
from planner.publishing.models import Attempt, Delivery, DeliveryState, Result
from tests.conftest import StoppedClock, make_settings
from tests.processes import wait_until
from tests.publishing.conftest import Scripted
from tests.publishing.test_fair import due, statements

pytestmark = pytest.mark.usefixtures("healthy")
PATIENCE = 60.0
PUBLISHED = (PostState.PUBLISHED, DeliveryState.PUBLISHED)
MakeCrew = Callable[..., Crew]


class Hall(Scripted):
    """A platform where each call stays until the test lets it go, or for good when it says `open`; what comes then is in `says`, by text."""

    def __init__(self) -> None:
        super().__init__()
        self.says: dict[str, Callable[[OutgoingPost], Outcome] | Outcome] = {}
        #: Text -> its account, of the calls that are in; the most there were; accounts that spoke twice at once.
        self.inside: dict[str, int] = {}
        self.most = 0
        self.twice: list[int] = []
        #: All that came in, in their order.
        self.came: list[str] = []
        self._free: set[str] = set()
        self._is_open = False
        self._changed = threading.Condition()

    def publish(self, post: OutgoingPost, account: Account, *, keep: Callable[[str], None]) -> Outcome:
        with self._changed:
            self.twice += [account.channel_id] if account.channel_id in self.inside.values() else []
            self.inside[post.text] = account.channel_id
            self.came.append(post.text)
            self.most = max(self.most, len(self.inside))
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._is_open or post.text in self._free, PATIENCE)
            del self.inside[post.text]
            self._free.discard(post.text)
            self.calls.append(post)
            step = self.says.get(post.text, self.accept)
            return step(post) if callable(step) else step

    def until_in(self, *texts: str) -> None:
        """Until exactly these are in."""
        with self._changed:
            assert self._changed.wait_for(lambda: set(self.inside) == set(texts), PATIENCE), sorted(self.inside)

    def until_so_many_are_in(self, count: int) -> list[str]:
        """Their texts, whoever came first first."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.inside) == count, PATIENCE), sorted(self.inside)
            return list(self.inside)

    def let_go(self, *texts: str) -> None:
        with self._changed:
            self._free |= set(texts)
            self._changed.notify_all()

    def open(self) -> None:
        with self._changed:
            self._is_open = True
            self._changed.notify_all()


@pytest.fixture
def platform() -> Hall:
    return Hall()


@pytest.fixture
def crew_of(runtime: Runtime, platform: Hall, healthy: None) -> Iterator[MakeCrew]:
    """Makes crews; what they have under way in the end is let go and written."""
    made = []

    def make(at_once: int, product: Runtime = runtime) -> Crew:
        made.append(Crew(product, "a crew", at_once))
        return made[-1]

    yield make
    platform.open()
    for one in made:
        finish(one)


def finish(crew: Crew) -> None:
    """Write what comes of all that is under way."""
    while crew.under_way:
        crew.wait(lambda: PATIENCE)
        crew.step(takes=False)


def work(crew: Crew) -> None:
    """As a worker does, until nothing is due or under way any more."""
    while crew.step() or crew.under_way:
        crew.wait(lambda: PATIENCE)


def until_told(crew: Crew, count: int) -> None:
    """Until so many calls have ended that the crew has not heard of yet: only so is it sure that they are written together."""
    end = time.monotonic() + PATIENCE
    while crew._ended.qsize() < count:
        assert time.monotonic() < end
        time.sleep(0.001)


def all_due(runtime: Runtime, clock: StoppedClock, names: str, each: int = 1) -> dict[str, int]:
    """So many posts of each of these accounts, a1, a2… of a, all due by now; name -> channel."""
    made = due(runtime, clock, **{name: [(f"{name}{number}", number / 100) for number in range(1, each + 1)] for name in names})
    clock.advance(timedelta(minutes=4))
    return made


def states(runtime: Runtime) -> dict[str, tuple[PostState, DeliveryState]]:
    with runtime.sessions() as db:
        rows = db.execute(select(Post.text, Post.state, Delivery.state).join(Delivery, Delivery.post_id == Post.id))
        return {row[0]: (row[1], row[2]) for row in rows}


def results(runtime: Runtime) -> Counter[Result | None]:
    with runtime.sessions() as db:
        return Counter(db.scalars(select(Attempt.result)))


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
    ended = {claim.attempt_id: outbox.call(runtime, claim) for claim in claims(outbox.take(runtime, "a worker", 8))}
    few = dict(list(ended.items())[:2])
    settling_ = [statements(runtime, lambda db, some=some: settling.settle(db, runtime, some, now=clock.now())) for some in (few, ended)]  # type: ignore[misc]
    with runtime.sessions.begin() as db:
        settling.settle(db, runtime, ended, now=clock.now())

    assert claiming[0] == claiming[1]
    assert settling_[0] == settling_[1]
    assert set(states(runtime).values()) == {PUBLISHED}


def claims(opened: list[outbox.Claim | outbox.Stopped]) -> list[outbox.Claim]:
    return [one for one in opened if isinstance(one, outbox.Claim)]


# what breaks


def test_a_post_that_cannot_be_prepared_keeps_no_outcome_from_being_written_and_nobody_elses_post_waiting(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew
) -> None:
    made = due(runtime, clock, a=[("a1", 1), ("a2", 1)], b=[("b1", 1), ("b2", 1)], broken=[("Its key does not open", 2)])
    with runtime.sessions.begin() as db:
        db.execute(text("UPDATE credentials SET access_token = 'not sealed by us' WHERE channel_id = :id"), {"id": made["broken"]})
    crew = crew_of(5)
    clock.advance(timedelta(minutes=1))
    crew.step()
    platform.until_in("a1", "b1")
    clock.advance(timedelta(minutes=1))

    platform.open()
    until_told(crew, 2)
    crew.step()
    first_two = [states(runtime)[said] for said in ("a1", "b1")]
    work(crew)

    assert first_two == [PUBLISHED, PUBLISHED]
    assert sorted(platform.came) == ["a1", "a2", "b1", "b2"]
    assert states(runtime) == {**dict.fromkeys(platform.came, PUBLISHED), "Its key does not open": (PostState.SCHEDULED, DeliveryState.DUE)}
    assert results(runtime) == {Result.SENT: 4}


@pytest.mark.parametrize("error", [StaleDataError("changed"), IntegrityError("UPDATE", {}, RuntimeError("taken")), OperationalError("UPDATE", {}, RuntimeError("gone"))])
@pytest.mark.parametrize("takes", [True, False])
def test_an_outcome_that_cannot_be_written_this_moment_is_written_the_next_and_the_others_too(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew, monkeypatch: pytest.MonkeyPatch, error: Exception, takes: bool
) -> None:
    all_due(runtime, clock, "abc")
    crew = crew_of(3)
    crew.step()
    platform.open()
    until_told(crew, 3)
    broken = breaks(monkeypatch, "b1", error, times=3)

    crew.step(takes=takes)
    others = {said: state for said, state in states(runtime).items() if said != "b1"}
    while crew.under_way:
        crew.wait(lambda: PATIENCE)
        crew.step(takes=takes)

    assert broken() == 3
    assert others == {"a1": PUBLISHED, "c1": PUBLISHED}
    assert states(runtime) == {"a1": PUBLISHED, "b1": PUBLISHED, "c1": PUBLISHED}
    assert results(runtime) == {Result.SENT: 3}


@pytest.mark.parametrize("takes", [True, False])
def test_an_outcome_whose_writing_is_broken_for_good_is_looked_up_and_the_others_are_written(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew, go: Callable[..., None], monkeypatch: pytest.MonkeyPatch, takes: bool
) -> None:
    all_due(runtime, clock, "abc")
    crew = crew_of(3)
    crew.step()
    platform.open()
    until_told(crew, 3)

    with monkeypatch.context() as patched:
        breaks(patched, "b1", ValueError("a bug"), times=99)
        crew.step(takes=takes)
    written, left = states(runtime), crew.under_way
    for _ in range(3):
        go(seconds=91)

    assert (written, left) == ({"a1": PUBLISHED, "b1": (PostState.SENDING, DeliveryState.SENDING), "c1": PUBLISHED}, 0)
    assert states(runtime)["b1"] == PUBLISHED
    assert sorted(platform.came) == ["a1", "b1", "c1"]


def breaks(monkeypatch: pytest.MonkeyPatch, said: str, error: Exception, *, times: int) -> Callable[[], int]:
    """Writing that this post is live raises, so many times; how often it did."""
    real, done = settling.planning.mark_published, 0

    def mark(db, post, **told):  # type: ignore[no-untyped-def]
        nonlocal done
        if post.text == said and done < times:
            done += 1
            raise error
        real(db, post, **told)

    monkeypatch.setattr(settling.planning, "mark_published", mark)
    return lambda: done


def test_outcomes_are_held_until_the_database_answers_again(runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew) -> None:
    all_due(runtime, clock, "abcd", each=2)
    refusals = 6

    def away(_connection: object) -> None:
        nonlocal refusals
        if refusals:
            refusals -= 1
            raise OperationalError("BEGIN", {}, RuntimeError("the database is restarting"))

    crew = crew_of(4)
    crew.step()
    platform.open()
    until_told(crew, 4)
    event.listen(runtime.engine, "begin", away)
    with pytest.raises(OperationalError):
        crew.step()
    assert crew.under_way == 4
    work(crew)

    assert refusals == 0
    assert set(states(runtime).values()) == {PUBLISHED}
    assert results(runtime) == {Result.SENT: 8}
    assert len(platform.came) == 8


def test_a_database_that_is_away_while_nothing_is_under_way_costs_nothing(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew
) -> None:
    all_due(runtime, clock, "ab")
    platform.open()
    crew = crew_of(2)

    def away(_connection: object) -> None:
        raise OperationalError("BEGIN", {}, RuntimeError("the database is restarting"))

    event.listen(runtime.engine, "begin", away)
    with pytest.raises(OperationalError):
        crew.step()
    event.remove(runtime.engine, "begin", away)
    work(crew)

    assert states(runtime) == {"a1": PUBLISHED, "b1": PUBLISHED}


class Died(BaseException):
    """What ends a thread, past everything that catches what breaks."""


def test_a_call_whose_thread_dies_has_an_outcome_nobody_knows_and_is_looked_up(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew, go: Callable[..., None]
) -> None:
    def accept_and_die(post: OutgoingPost) -> Outcome:
        platform.accept(post)
        raise Died

    all_due(runtime, clock, "ab")
    platform.says["a1"] = accept_and_die
    platform.open()
    crew = crew_of(2)
    work(crew)
    after, lease = states(runtime), leases(runtime)
    go(seconds=91)

    assert after == {"a1": (PostState.SENDING, DeliveryState.UNKNOWN), "b1": PUBLISHED}
    assert (lease, crew.under_way) == ([None, None], 0)
    assert states(runtime)["a1"] == PUBLISHED
    assert sorted(platform.came) == ["a1", "b1"]


# leases


def test_leases_of_all_calls_are_renewed_also_while_their_outcomes_wait_to_be_written(
    runtime: Runtime, clock: StoppedClock, platform: Hall, crew_of: MakeCrew, tmp_path: Path
) -> None:
    all_due(runtime, clock, "abc")
    crew = crew_of(3, replace(runtime, settings=make_settings(tmp_path, runtime.settings.database_url, lease_seconds=1)))

    def are_renewed() -> bool:
        return all(lease >= clock.now() + timedelta(seconds=1) for lease in leases(runtime) if lease)

    crew.step()
    platform.until_in("a1", "b1", "c1")
    clock.advance(timedelta(seconds=0.8))
    wait_until(are_renewed, seconds=30, what="renewing three leases")
    platform.open()
    until_told(crew, 3)
    for _ in range(2):
        clock.advance(timedelta(seconds=0.8))
        wait_until(are_renewed, seconds=30, what="renewing three leases while outcomes wait")
    held = leases(runtime)
    crew.step()

    assert None not in held
    assert leases(runtime) == [None, None, None]
    assert set(states(runtime).values()) == {PUBLISHED}


def leases(runtime: Runtime) -> list:  # type: ignore[type-arg]
    with runtime.sessions() as db:
        return list(db.scalars(select(Delivery.lease_until).order_by(Delivery.id)))


# calls that last


@pytest.fixture
def stopwatch(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The crew's, that runs only when told."""
    watch = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(crews, "time", SimpleNamespace(monotonic=lambda: watch.seconds))
    return watch


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
