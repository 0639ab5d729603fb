"""The demo: a believable quarter through the real services, adapters and sandbox, and nothing where there is content or no sandbox."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset
from planner.channels.models import AudienceSlice, Channel
from planner.channels.port import Platform
from planner.channels.queries import FOLLOWERS
from planner.core.clock import SystemClock
from planner.core.db import make_engine, sessions_of
from planner.core.settings import Settings
from planner.demo.content import ASSETS
from planner.demo.past import FILMS
from planner.factory import create_app
from planner.insights.gains import gains
from planner.insights.models import Latest, Snapshot
from planner.insights.variants import of_asset
from planner.jobs.run import run_next
from planner.ledger import jobs
from planner.ledger.models import Job, JobState
from planner.listening.models import Mention
from planner.people.person_models import Person
from planner.planning.models import Post, PostState
from planner.promotion.models import Decision
from planner.promotion.queries import to_decide
from planner.promotion.scores import judged
from planner.publishing import edit_steps
from planner.publishing.check import violations
from tests.conftest import make_settings
from tests.factories import make_asset


def load(settings: Settings) -> tuple[Job, object]:
    runtime = create_app(settings).extensions["planner"]
    with runtime.sessions.begin() as db:
        job_id = jobs.enqueue(db, "demo.load", {}, now=runtime.clock.now()).id
    run_next(runtime, "test", job_id)
    with runtime.sessions() as db:
        return db.get_one(Job, job_id), runtime


@pytest.fixture
def lived(demo_quarter: Path, tmp_path: Path) -> Iterator[Session]:
    """What is there after the demo quarter."""
    engine = make_engine(f"sqlite:///{shutil.copytree(demo_quarter, tmp_path / 'lived') / 'planner.sqlite3'}")
    with sessions_of(engine)() as db:
        yield db
    engine.dispose()


def test_the_demo_quarter_is_lived_through_the_real_outbox(lived: Session) -> None:
    db, now = lived, SystemClock().now()
    job = db.scalars(select(Job).where(Job.name == "demo.load")).one()

    assert (job.state, job.message) == (JobState.DONE, "")
    states = dict(db.execute(select(Post.state, func.count()).group_by(Post.state)).all())
    assert db.scalar(select(func.count()).select_from(Asset)) == len(ASSETS) + len(FILMS)
    assert states[PostState.PUBLISHED] >= 45
    assert states[PostState.FAILED] == 1, "a text said twice on LinkedIn"
    assert states[PostState.MISSED] == 1
    assert states[PostState.SCHEDULED] >= 8
    assert violations(db, now) == []
    (edit,) = edit_steps.waiting(db, viewer=None, four_eyes="releases")
    assert (edit.post.state, edit.edit.content["text"] != edit.post.text) == (PostState.PUBLISHED, True)
    known = set(db.scalars(select(Person.name)))
    wrote = set(db.scalars(select(Mention.author)))
    assert len(known) >= 9 and len(known & wrote) >= 5, "the register holds who writes of the group"
    told = db.execute(select(Latest.views, Latest.impressions).join(Post, Post.id == Latest.post_id)).all()
    assert len(told) >= 40
    counts, fallen = ("views", "impressions", "engagements", "likes", "comments"), []
    told = db.execute(select(Snapshot).order_by(Snapshot.post_id, Snapshot.at)).scalars().all()
    for before, after in pairwise(told):
        if before.post_id == after.post_id:
            fallen += [(after.post_id, name) for name in counts if (getattr(after, name) or 0) < (getattr(before, name) or 0) and getattr(after, name) is not None]
    assert fallen == [], "no count falls: a platform and its export say the same"
    weekend = [post.id for post in db.scalars(select(Post).where(Post.state == PostState.PUBLISHED)) if post.publish_at.weekday() >= 5]
    assert weekend == []
    assert to_decide(db, viewer=None, now=now) >= 5
    told = judged(db.scalars(select(Decision)))
    assert (len(told), {one.where for one in told}) == (sum(film.decided is not None for film in FILMS), {"inside", "above"})
    days = db.execute(
        select(Channel.platform, func.count(AudienceSlice.day.distinct())).join(Channel, Channel.id == AudienceSlice.channel_id)
        .where(AudienceSlice.dimension == FOLLOWERS).group_by(Channel.id)
    ).all()  # fmt: skip
    assert {platform for platform, _days in days} == {Platform.LINKEDIN, Platform.X, Platform.YOUTUBE}
    assert min(count for _platform, count in days) >= 30, "followers were told day after day, by the story's own clock"
    (gained,) = gains(db, date.min).values()
    assert len(gained.days) >= 360 and None not in {one.organic for one in gained.days}
    groups = [one for asset in db.scalars(select(Asset.id)) for one in of_asset(db, asset)]
    assert len(groups) == sum(said.variant for piece in ASSETS for said in piece.posts)
    assert all(one.age is not None and one.gap is not None for one in groups)


def test_the_demo_is_refused_outside_the_sandbox(tmp_path: Path, sqlite_url: str) -> None:
    job, runtime = load(make_settings(tmp_path, sqlite_url, sandbox="off"))

    assert (job.state, job.message) == (JobState.FAILED, "The demo needs the sandbox: it would otherwise speak to real platforms.")
    runtime.engine.dispose()


def test_the_demo_never_mixes_with_content_that_is_there(tmp_path: Path, sqlite_url: str) -> None:
    settings = make_settings(tmp_path, sqlite_url, sandbox="embedded")
    runtime = create_app(settings).extensions["planner"]
    with runtime.sessions.begin() as db:
        make_asset(db)
    runtime.engine.dispose()

    job, runtime = load(settings)

    assert (job.state, job.message) == (JobState.FAILED, "There is content here already. The demo only fills an empty planner.")
    runtime.engine.dispose()


@pytest.mark.parametrize("piece", ASSETS, ids=[piece.key for piece in ASSETS])
def test_a_piece_of_the_demo_is_plausible(piece) -> None:  # type: ignore[no-untyped-def]
    assert len(piece.title) <= 100
    assert [said.text for said in piece.posts if said.channel in ("x", "press") and len(said.text) > 250] == []
