"""kill -9 in the middle of a video: one video in the end, and what was already there is not sent again."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from planner.catalog.models import AssetFile, AssetKind
from planner.channels.port import MediaKind, Platform
from planner.core.clock import utc_now
from planner.planning import service as planning
from tests.factories import make_asset, make_channel, make_post, make_user
from tests.nursery import KEPT
from tests.processes import Nursery, SandboxProcess, wait_until, worker_env
from tests.reckoning import Record, each_once, settle_down

pytestmark = pytest.mark.slow

#: Three pieces of YouTube's, X's and LinkedIn's each.
SIZE = {Platform.YOUTUBE: 17 << 20, Platform.X: 9 << 20, Platform.LINKEDIN: 9 << 20}
PIECE = {Platform.YOUTUBE: "youtube.insert.chunk", Platform.X: "x.media.append", Platform.LINKEDIN: "linkedin.upload"}
LAST = {Platform.YOUTUBE: "youtube.insert", Platform.X: "x.create", Platform.LINKEDIN: "linkedin.create"}
#: What opens an upload; LinkedIn's finalize goes to the same address, so one whole film asks it twice.
OPENS = {Platform.YOUTUBE: ("youtube.insert.start", 1), Platform.X: ("x.media.initialize", 1), Platform.LINKEDIN: ("linkedin.video", 2)}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path / "platforms.sqlite3") as process:
        yield process


def approve_video(db: Session, folder: Path, platform: Platform, text: str) -> None:
    """An approved post for right now that shows a film."""
    now = utc_now()
    author, approver = make_user(db, roles=("planner",)), make_user(db, roles=("approver",))
    content = os.urandom(1 << 20) * (SIZE[platform] >> 20)
    (folder / "files").mkdir()
    (folder / "files" / "film.mp4").write_bytes(content)
    asset = make_asset(db, kind=AssetKind.VIDEO, title="Our film")
    file = AssetFile(
        asset=asset, kind=MediaKind.VIDEO, name="film.mp4", stored_name="film.mp4", mime="video/mp4", size=len(content),
        sha256=hashlib.sha256(content).hexdigest(), width=1280, height=720, seconds=30.0, created_at=now,
    )  # fmt: skip
    db.add(file)
    db.flush()
    post = make_post(
        db, asset=asset, channel=make_channel(db, platform=platform), text=text, title="Our film", media=[{"file_id": file.id}],
        author=author, publish_at=now, created_at=now, updated_at=now,
    )  # fmt: skip
    planning.submit(db, post, actor=author, now=now)
    planning.approve(db, post, actor=approver, now=now)
    db.commit()


def asked(sandbox: SandboxProcess) -> Counter[str]:
    """How often each operation was asked for."""
    return Counter(call["operation"] for call in sandbox.ask("GET", "/_sandbox/calls")["calls"])


def begins(sandbox: SandboxProcess, nursery: Nursery, platform: Platform, moment: str) -> None:
    """Start a worker and return when its upload has come to that moment; it stays there for a while."""
    if moment == "half of it is there":
        sandbox.script(kind="delay_after", platform=platform, operation=PIECE[platform], times=2, seconds=1.5)
        nursery.start()
        wait_until(lambda: asked(sandbox)[PIECE[platform]] == 1, what="sending the first piece")
    elif moment == "all of it is there":
        sandbox.script(kind="delay_after", platform=platform, operation=LAST[platform], times=1, seconds=5.0)
        nursery.start()
        wait_until(lambda: sum(sandbox.live(platform).values()) == 1, what="accepting it")
    else:
        nursery.start(point=KEPT)
        assert nursery.arrived(KEPT)


@pytest.mark.parametrize(
    ("platform", "moment"),
    [
        pytest.param(platform, moment, marks=[] if (platform, moment) == (Platform.YOUTUBE, "half of it is there") else pytest.mark.faults)
        for platform in (Platform.YOUTUBE, Platform.X, Platform.LINKEDIN)
        for moment in ("its address or number is kept", "half of it is there", "all of it is there")
    ],
    ids=lambda value: str(value).replace(" ", "-"),
)
def test_a_worker_killed_in_the_middle_of_a_video_leaves_one_video(
    db: Session, database_url: str, tmp_path: Path, sandbox: SandboxProcess, record_property: Record, platform: Platform, moment: str
) -> None:
    approve_video(db, tmp_path, platform, "Watch this")
    env = worker_env(database_url, tmp_path, sandbox.url, call_timeout_seconds=8, settle_seconds=9, lease_seconds=2)
    with Nursery(env) as nursery:
        begins(sandbox, nursery, platform, moment)
        nursery.kill()
        sandbox.unscript()
        nursery.start()
        settle_down(db)
        nursery.kill()

    each_once(db, sandbox, ["Watch this"], record_property, platform=platform, kills=1)
    operation, once = OPENS[platform]
    if platform is Platform.YOUTUBE or moment != "half of it is there":
        assert asked(sandbox)[operation] == once, "it went on with what was kept"
