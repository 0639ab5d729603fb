"""A product without doors: database, stopped clock, and a platform that the test scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, LargeBinary, select, type_coerce, update
from sqlalchemy.orm import Session

from planner.channels.models import Credential
from planner.channels.port import (
    Account,
    Limits,
    Listing,
    NativePost,
    Outcome,
    OutgoingPost,
    OwnPosts,
    Platform,
    Readings,
    Receipt,
    Refused,
    RetryLater,
    Sent,
)
from planner.core.db import sessions_of
from planner.core.runtime import Runtime
from planner.jobs import tick
from planner.planning import service as planning
from planner.planning.models import Post
from planner.publishing.check import violations
from tests.conftest import StoppedClock, make_settings
from tests.factories import NOON, make_channel, make_post, make_user

if TYPE_CHECKING:
    from tests.publishing.house import House


class Scripted:
    """A platform that answers what the test says, and remembers what it was given."""

    limits = Limits(text=280, editable=("text", "title", "tags"), can_delete=True)
    batch = 100

    def __init__(self) -> None:
        self.script: list[Callable[[OutgoingPost], Outcome] | Outcome] = []
        self.live: list[OutgoingPost] = []
        self.calls: list[OutgoingPost] = []
        self.listing: Listing | None = None
        self.looks = 0
        #: What was done to live messages: ("edit", number, text), ("finish", number, steps), ("delete", number).
        self.amended: list[tuple[Any, ...]] = []
        self.answers: list[Callable[[], Outcome] | Outcome] = []
        #: What `recent` tells beside what went through here: written on the platform itself; `at` is when all of ours went live.
        self.native: list[NativePost] = []
        self.at = NOON
        self.failed: RetryLater | Refused | None = None
        self.asked_since: list[datetime] = []

    def publish(self, post: OutgoingPost, account: Account, *, keep: Callable[[str], None]) -> Outcome:
        self.calls.append(post)
        step = self.script.pop(0) if self.script else self.accept
        return step(post) if callable(step) else step

    def accept(self, post: OutgoingPost) -> Outcome:
        self.live.append(post)
        return Sent(Receipt(f"live-{len(self.live)}", f"https://x.com/i/status/{len(self.live)}"))

    def find(self, post: OutgoingPost, since: datetime, account: Account) -> Listing:
        self.looks += 1
        if self.listing is not None:
            return self.listing
        found = [Receipt(f"live-{n}", f"https://x.com/i/status/{n}") for n, one in enumerate(self.live, 1) if one.fingerprint == post.fingerprint]
        return Listing(found, complete=True)

    def recent(self, since: datetime, account: Account) -> OwnPosts:
        self.asked_since.append(since)
        ours = [NativePost(Receipt(f"live-{n}", f"https://x.com/i/status/{n}", self.at), one.text) for n, one in enumerate(self.live, 1)]
        told = [one for one in (*self.native, *ours) if one.receipt.at and one.receipt.at >= since]
        return OwnPosts(told, complete=self.failed is None, failed=self.failed)

    def edit(self, post: OutgoingPost, external_id: str, account: Account) -> Outcome:
        return self._amend("edit", external_id, post.text)

    def finish(self, post: OutgoingPost, external_id: str, steps: Sequence[str], account: Account) -> Outcome:
        return self._amend("finish", external_id, tuple(steps))

    def delete(self, external_id: str, account: Account) -> Outcome:
        return self._amend("delete", external_id)

    def _amend(self, verb: str, external_id: str, *told: Any) -> Outcome:
        self.amended.append((verb, external_id, *told))
        answer = self.answers.pop(0) if self.answers else Sent(Receipt(external_id, ""))
        return answer() if callable(answer) else answer

    def readings(self, external_ids: Any, account: Account) -> Readings:
        return Readings()

    def audience(self, account: Account) -> None:
        return None


class ScriptedRegistry:
    """Hands out the one scripted platform."""

    def __init__(self, platform: Scripted) -> None:
        self.platform = platform

    def adapter(self, platform: Platform) -> Scripted:
        return self.platform

    def connect(self, platform: Platform) -> None:
        """Nothing here is connected in a browser."""

    def limits(self, platform: Platform) -> Limits:
        return self.platform.limits

    def automatic(self, platform: Platform) -> bool:
        return platform is not Platform.BY_HAND


def seal_of(runtime: Runtime, post_id: int, sealed: bytes) -> bytes:
    """Put this in the place of the sealed key of a post's channel; what was there."""
    with runtime.sessions.begin() as db:
        of = Credential.channel_id == select(Post.channel_id).where(Post.id == post_id).scalar_subquery()
        before = db.scalars(select(type_coerce(Credential.access_token, LargeBinary)).where(of)).one()
        db.execute(update(Credential).where(of).values(access_token=type_coerce(sealed, LargeBinary)).execution_options(synchronize_session=False))
        return before


@pytest.fixture
def platform() -> Scripted:
    return Scripted()


@pytest.fixture
def runtime(database_url: str, engine: Engine, clock: StoppedClock, platform: Scripted, tmp_path: Path) -> Runtime:
    return Runtime(
        settings=make_settings(tmp_path, database_url, settle_seconds=90, call_timeout_seconds=30, max_tries=4),
        clock=clock,
        engine=engine,
        sessions=sessions_of(engine),
        make_registry=lambda: ScriptedRegistry(platform),
    )


@pytest.fixture
def approved(runtime: Runtime, clock: StoppedClock) -> Callable[..., int]:
    """Makes approved posts due in ten minutes; gives back the post's id."""

    def _approved(*, minutes: float = 10, channel_values: dict[str, Any] | None = None, asset: Any = None, db: Session | None = None, **values: Any) -> int:
        with runtime.sessions.begin() as session:
            author, approver = make_user(session, roles=("planner",)), make_user(session, roles=("approver",))
            channel = make_channel(session, **(channel_values or {}))
            made = asset(session) if callable(asset) else None
            post: Post = make_post(
                session, asset=made, channel=channel, author=author, publish_at=clock.now() + timedelta(minutes=minutes), **values
            )
            planning.submit(session, post, actor=author, now=clock.now())
            if post.asset.sensitive:  # It needs two people, and one of them from legal.
                planning.approve(session, post, actor=make_user(session, roles=("legal",)), now=clock.now())
            planning.approve(session, post, actor=approver, now=clock.now())
            return post.id

    return _approved


@pytest.fixture
def healthy(runtime: Runtime, clock: StoppedClock) -> Iterator[None]:
    """After each test the invariants hold."""
    yield
    with runtime.sessions() as db:
        assert violations(db, clock.now()) == []


@pytest.fixture
def house(runtime: Runtime, clock: StoppedClock) -> House:
    from tests.publishing.house import House

    return House(runtime, clock)


@pytest.fixture
def go(runtime: Runtime, clock: StoppedClock) -> Callable[..., None]:
    """Let time pass, then do one round of everything that is due."""

    def _go(**by: float) -> None:
        clock.advance(timedelta(**by))
        tick.run(runtime, schedule=False)

    return _go
