"""One round of everything that is due, with the real adapters on the pretend platforms."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select

from planner.catalog.models import AssetFile, AssetKind
from planner.channels.models import Channel
from planner.channels.port import MediaKind, Platform, PostKind
from planner.channels.pretend import CHANNELS
from planner.channels.sandbox import Running, posts
from planner.channels.sandbox.seeding import seed_post
from planner.core.runtime import Runtime
from planner.insights.models import Latest
from planner.jobs import tick
from planner.jobs.schedule import PERIODIC
from planner.ledger.models import Job, JobState
from planner.planning import service as planning
from planner.planning.models import Post, PostState
from planner.publishing.check import violations
from planner.publishing.models import Native
from tests.conftest import StoppedClock
from tests.factories import make_asset, make_channel, make_post, make_user

AUTOMATIC = [Platform.YOUTUBE, Platform.LINKEDIN, Platform.X, Platform.WEBHOOK]


@pytest.fixture
def approved(runtime: Runtime, clock: StoppedClock, tmp_path: Path) -> dict[Platform, int]:
    """One approved post a platform, for right now; the video is a kilobyte that YouTube's pretend server takes."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "film.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(1000))
    made = {}
    with runtime.sessions.begin() as db:
        author, approver = make_user(db, roles=("planner",)), make_user(db, roles=("approver",))
        for platform, _name, key in CHANNELS:
            if platform not in AUTOMATIC:
                continue
            channel = make_channel(db, platform=platform, token=key, config={"flavour": "mattermost"} if platform is Platform.WEBHOOK else {})
            asset = make_asset(db, kind=AssetKind.VIDEO if platform is Platform.YOUTUBE else AssetKind.BLOG_POST)
            if platform is Platform.YOUTUBE:
                db.add(
                    AssetFile(
                        asset_id=asset.id, kind=MediaKind.VIDEO, name="film.mp4", stored_name="film.mp4", mime="video/mp4", size=1012,
                        sha256="0" * 64, created_at=clock.now(),
                    )
                )  # fmt: skip
                db.flush()
            post = make_post(db, asset=asset, channel=channel, text=f"Fibre for {platform.value}", author=author, publish_at=clock.now())
            planning.submit(db, post, actor=author, now=clock.now())
            planning.approve(db, post, actor=approver, now=clock.now())
            made[platform] = post.id
    return made


def test_one_round_publishes_on_each_platform_and_collects_their_numbers(
    runtime: Runtime, clock: StoppedClock, platforms: Running, approved: dict[Platform, int]
) -> None:
    assert tick.run(runtime).as_dict() == {"renewed": 0, "filled": 4, "swept": 0, "sent": 4, "looked_up": 0, "amended": 0, "jobs": len(PERIODIC), "readings": 0}

    with runtime.sessions() as db:
        told = {post.channel.platform: (post.state, post.external_id) for post in db.scalars(select(Post))}
        assert violations(db, clock.now()) == []
    assert {platform: state for platform, (state, _) in told.items()} == dict.fromkeys(AUTOMATIC, PostState.PUBLISHED)
    with platforms.sandbox.state.reading() as state:
        live = [(post.platform, post.id) for post in posts.every(state, None, clock.now())]
    assert Counter(platform for platform, _ in live) == Counter(AUTOMATIC)
    assert {(platform.value, told[platform][1]) for platform in AUTOMATIC if platform is not Platform.WEBHOOK} <= set(live)

    clock.advance(timedelta(days=1))
    assert tick.run(runtime).as_dict() == {"renewed": 0, "filled": 0, "swept": 0, "sent": 0, "looked_up": 0, "amended": 0, "jobs": len(PERIODIC), "readings": 0}

    with runtime.sessions() as db:
        assert set(db.scalars(select(Job.state))) == {JobState.DONE}
        counted = {platform for platform, in db.execute(select(Channel.platform).join(Post).join(Latest, Latest.post_id == Post.id))}
    assert counted == {Platform.YOUTUBE, Platform.LINKEDIN, Platform.X}, "a webhook tells no numbers"


def test_what_was_published_directly_is_found_on_each_platform_that_lists_it(runtime: Runtime, clock: StoppedClock, platforms: Running) -> None:
    keys = {platform: key for platform, _name, key in CHANNELS if platform in (Platform.YOUTUBE, Platform.LINKEDIN, Platform.X)}
    with runtime.sessions.begin() as db:
        for platform, key in keys.items():
            make_channel(db, platform=platform, token=key)
    made = {
        platform: seed_post(
            platforms.sandbox, platform.value, key or "", created_at=clock.now() - timedelta(days=5), text="From the stand", title="Live" if platform == "youtube" else ""
        )
        for platform, key in keys.items()
    }  # fmt: skip

    for _ in range(2):
        tick.run(runtime)
        clock.advance(timedelta(hours=1))

    with runtime.sessions() as db:
        rows = db.execute(select(Channel.platform, Native.external_id, Native.title, Native.text, Native.kind).join(Native)).all()
        assert violations(db, clock.now()) == []
    assert {platform: tuple(row) for platform, *row in rows} == {
        Platform.YOUTUBE: (made[Platform.YOUTUBE].external_id, "Live", "From the stand", PostKind.VIDEO),
        Platform.LINKEDIN: (made[Platform.LINKEDIN].external_id, "", "From the stand", PostKind.TEXT),
        Platform.X: (made[Platform.X].external_id, "", "From the stand", PostKind.TEXT),
    }
    assert len(rows) == 3


def test_keeping_house_with_nothing_to_do_writes_nothing_and_keeps_nobody_from_writing(
    runtime: Runtime, clock: StoppedClock, approved: dict[Platform, int]
) -> None:
    assert tick.keep_house(runtime) == (len(approved), 0)
    asked: list[str] = []
    event.listen(runtime.engine, "before_cursor_execute", lambda _connection, _cursor, statement, *_rest: asked.append(statement))

    assert tick.keep_house(runtime) == (0, 0)

    assert [one for one in asked if not one.startswith(("SELECT ", "BEGIN")) or "IMMEDIATE" in one or "FOR UPDATE" in one] == []
    clock.advance(max(every for _name, every in PERIODIC))
    tick.keep_house(runtime)
    with runtime.sessions() as db:
        assert Counter(db.scalars(select(Job.name))) == {name: 2 for name, _every in PERIODIC}
