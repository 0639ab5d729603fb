"""Many at once on the same thing: workers on one row, and one person's ten tabs."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.channels.port import RetryLater
from planner.core.runtime import Runtime
from planner.jobs import tick
from planner.planning import rules
from planner.planning import service as planning
from planner.planning.models import Approval, Post, PostState
from planner.publishing import outbox
from planner.publishing.check import violations
from planner.publishing.models import Attempt, Delivery, DeliveryState
from tests.conftest import Browser, StoppedClock, make_settings
from tests.factories import make_asset, make_channel, make_post, make_user
from tests.publishing.conftest import Scripted, ScriptedRegistry

Approved = Callable[..., int]


@pytest.mark.parametrize(
    ("workers", "rounds"),
    [(4, 20), pytest.param(2, 1000, marks=[pytest.mark.faults, pytest.mark.slow]), pytest.param(4, 1000, marks=[pytest.mark.faults, pytest.mark.slow])],
)
def test_workers_that_grab_one_row_at_the_same_moment_send_it_once_each_time(
    runtime: Runtime, database_url: str, tmp_path: Path, approved: Approved, clock: StoppedClock, platform: Scripted,
    record_property: Callable[[str, object], None], workers: int, rounds: int,
) -> None:  # fmt: skip
    """Each row is refused for a second some rounds long, so that it is there to be grabbed again, and then taken."""
    product = replace(runtime, settings=make_settings(tmp_path, database_url, max_tries=100))
    each = min(rounds, 50)
    together = threading.Barrier(workers)

    def grab(name: str) -> None:
        together.wait()
        outbox.send_one(product, name)

    with ThreadPoolExecutor(workers) as crowd:
        for number in range(rounds):
            if number % each == 0:
                approved(minutes=1, text=f"Message {number}")
                clock.advance(timedelta(minutes=1))
                with product.sessions.begin() as db:
                    outbox.fill(db, clock.now())
            clock.advance(timedelta(seconds=20 if number % each else 0))
            platform.script = [] if number % each == each - 1 else [RetryLater("busy", after=timedelta(seconds=1))]
            for done in [crowd.submit(grab, f"worker {one}") for one in range(workers)]:
                done.result()
            assert len(platform.calls) == number + 1, f"round {number}"

    told = {"posts": rounds // each, "attempts": rounds, "mode": "threads", "database": runtime.engine.dialect.name}
    for name, value in told.items():
        record_property(name, value)
    with product.sessions() as db:
        assert Counter(db.scalars(select(Delivery.state))) == {DeliveryState.PUBLISHED: rounds // each}
        assert db.scalar(select(func.count()).select_from(Attempt)) == rounds
        assert violations(db, clock.now()) == []


def from_ten_tabs(browser: Callable[[], Browser], path: str, **fields: Any) -> Counter[int]:
    """The same form sent ten times at the same moment; how often each status came back."""
    together = threading.Barrier(10)
    tabs = [browser() for _ in range(10)]

    def send(tab: Browser) -> int:
        token = tab.token()
        together.wait()
        return int(tab.post(path, data={"csrf_token": token, **fields}).status_code)

    with ThreadPoolExecutor(10) as crowd:
        return Counter(crowd.map(send, tabs))


def from_one_tab(tab: Browser, path: str, **fields: Any) -> int:
    return int(tab.post(path, data={"csrf_token": tab.token(), **fields}).status_code)


def test_an_approval_and_a_second_try_sent_from_ten_tabs_each_make_one_live_post(
    app: Any, sign_in: Callable[..., Browser], app_db: Session, clock: StoppedClock, platform: Scripted
) -> None:
    runtime: Runtime = app.extensions["planner"]
    runtime.make_registry = lambda: ScriptedRegistry(platform)
    author, approver = make_user(app_db, roles=("planner",)), make_user(app_db, roles=("approver", "planner"))
    posts = [make_post(app_db, text=text, author=author, publish_at=clock.now() + timedelta(minutes=5)) for text in ("On time", "Missed")]
    for post in posts:
        planning.submit(app_db, post, actor=author, now=clock.now())
    digests = [rules.content_digest(post, post.asset, post.channel) for post in posts]
    first, second = (post.id for post in posts)
    app_db.commit()
    app_db.close()

    for post_id, digest in zip((first, second), digests, strict=True):
        told = from_ten_tabs(lambda: sign_in(approver), f"/posts/{post_id}/approve", digest=digest)
        assert set(told) <= {302, 409, 422} and told[302] >= 1
    with runtime.sessions.begin() as db:
        assert db.scalar(select(func.count()).select_from(Approval)) == 2
        assert outbox.fill(db, clock.now()) == 2
        late = db.scalars(select(Delivery).where(Delivery.post_id == second)).one()
        late.due_at = late.next_at = clock.now() - timedelta(hours=2)
    clock.advance(timedelta(minutes=5))
    tick.run(runtime, schedule=False)
    assert [post.text for post in platform.live] == ["On time"]

    told = from_ten_tabs(lambda: sign_in(approver), f"/posts/{second}/retry")
    assert set(told) <= {302, 409, 422} and told[302] >= 1
    with ThreadPoolExecutor(4) as crowd:
        list(crowd.map(lambda number: outbox.send_one(runtime, f"worker {number}"), range(4)))
    tick.run(runtime, schedule=False)

    assert [post.text for post in platform.live] == ["On time", "Missed"]
    assert list(app_db.scalars(select(Post.state))) == [PostState.PUBLISHED] * 2
    assert violations(app_db, clock.now()) == []


def test_the_composer_sent_from_ten_tabs_plans_one_post_and_ten_composers_plan_ten_while_a_worker_is_at_work(
    app: Any, sign_in: Callable[..., Browser], app_db: Session, clock: StoppedClock, platform: Scripted
) -> None:
    """One person, ten sessions at once, on SQLite's one write lock, which a worker wants too: nobody is told that the database is locked."""
    runtime: Runtime = app.extensions["planner"]
    runtime.make_registry = lambda: ScriptedRegistry(platform)
    author, asset, channel = make_user(app_db, roles=("planner",)), make_asset(app_db), make_channel(app_db)
    app_db.commit()
    app_db.close()
    typed = {"asset_id": asset.id, "channels": channel.id, "text": "Said once.", "time_zone": "Europe/Paris"}

    def name_of_a_new_form() -> str:
        found = re.search(r'name="once"[^>]* value="([^"]+)"', sign_in(author).get("/posts/new").text)
        assert found is not None
        return found[1]

    stop = threading.Event()

    def work() -> int:
        rounds = 0
        while not stop.is_set():
            tick.run(runtime, schedule=False)
            rounds += 1
        return rounds

    with ThreadPoolExecutor(1) as worker:
        working = worker.submit(work)
        same = from_ten_tabs(lambda: sign_in(author), "/posts/new", once=name_of_a_new_form(), **typed)
        names = [name_of_a_new_form() for _ in range(10)]
        again = typed | {"text": "Said ten times."}
        with ThreadPoolExecutor(10) as crowd:
            others = Counter(crowd.map(lambda name: from_one_tab(sign_in(author), "/posts/new", once=name, **again), names))
        stop.set()
        assert working.result() > 0

    assert (same, others) == (Counter({302: 10}), Counter({302: 10}))
    assert Counter(app_db.scalars(select(Post.text))) == {"Said once.": 1, "Said ten times.": 10}


def test_a_form_changed_and_sent_again_is_another_post(sign_in: Callable[..., Browser], app_db: Session) -> None:
    author, asset, channel = make_user(app_db, roles=("planner",)), make_asset(app_db), make_channel(app_db)
    app_db.commit()
    tab = sign_in(author)
    for text in ("One.", "Another.", "One."):
        told = tab.submit("/posts/new", once="a-form", asset_id=asset.id, channels=[channel.id], text=text, time_zone="Europe/Paris")
        assert told.status_code == 302
    assert "This was saved already." in tab.get(told.location).text

    assert list(app_db.scalars(select(Post.text).order_by(Post.id))) == ["One.", "Another."]
