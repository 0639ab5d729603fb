"""A platform that keeps calls until a test lets them go, and the crews that call there."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from planner.channels.port import Account, Outcome, OutgoingPost
from planner.core.runtime import Runtime
from planner.planning.models import Post, PostState
from planner.publishing import crew as crews
from planner.publishing.crew import Crew
from planner.publishing.models import Attempt, Delivery, DeliveryState, Result
from tests.conftest import StoppedClock
from tests.publishing.conftest import Scripted
from tests.publishing.test_fair import due

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
        one.close()


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


@pytest.fixture
def stopwatch(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The crew's, that runs only when told."""
    watch = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(crews, "time", SimpleNamespace(monotonic=lambda: watch.seconds))
    return watch


class Died(BaseException):
    """What ends a thread, past everything that catches what breaks."""
