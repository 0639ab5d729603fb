"""A zone that changes its rules: planned posts keep what the clock on the wall shows, ask for approval again, and are reported."""

from __future__ import annotations

import struct
import zoneinfo
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry
from planner.catalog.models import AssetKind, Confidentiality
from planner.planning import clocks, service
from planner.planning.models import PostState
from planner.planning.moments import wall_of
from planner.planning.values import PostValues
from tests.factories import NOON, make_asset, make_channel, make_post, make_user

ZONE = "Test/Invented"
NINE = "2026-06-10T09:00"

Rules = Callable[[str], None]


@pytest.fixture
def rules(tmp_path: Path) -> Iterator[Rules]:
    """Sets the rules of an invented zone, as a new edition of tzdata would: a POSIX line such as WAT-1."""
    before = zoneinfo.TZPATH

    def set_rules(line: str) -> None:
        header = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, 0, 1, 4)
        block = struct.pack(">lbb", 0, 0, 0) + b"UTC\0"
        path = tmp_path / "zones" / ZONE
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((header + block) * 2 + b"\n" + line.encode() + b"\n")
        zoneinfo.reset_tzpath([str(tmp_path / "zones"), *before])
        zoneinfo.ZoneInfo.clear_cache()

    yield set_rules
    zoneinfo.reset_tzpath(before)
    zoneinfo.ZoneInfo.clear_cache()


def test_a_planned_post_keeps_its_time_of_day_and_asks_again(db: Session, rules: Rules) -> None:
    rules("AAA-1")
    planner = make_user(db, roles=("planner",))
    post = service.plan(
        db, make_asset(db, kind=AssetKind.PRESS_RELEASE), make_channel(db, time_zone=ZONE), PostValues(text="Hello", wall_time=NINE), actor=planner, now=NOON
    )
    service.submit(db, post, actor=planner, now=NOON)
    service.approve(db, post, actor=make_user(db, roles=("approver",)), now=NOON)
    db.commit()
    assert (post.publish_at, post.wall_time, post.time_zone) == (datetime(2026, 6, 10, 8, tzinfo=UTC), NINE, ZONE)
    assert clocks.retime_all(db, now=NOON) == []

    rules("BBB-2")

    assert clocks.retime_all(db, now=NOON) == [post.id]
    assert (post.publish_at, post.wall_time, post.state, post.approved_digest) == (datetime(2026, 6, 10, 7, tzinfo=UTC), NINE, PostState.IN_REVIEW, None)
    assert post.submitted_by_id == planner.id
    entry = db.scalars(select(Entry).where(Entry.action == "post.retimed")).one()
    assert (entry.actor_name, entry.was["publish_at"], entry.became["publish_at"]) == ("planner", "2026-06-10T08:00:00+00:00", "2026-06-10T07:00:00+00:00")
    assert clocks.retime_all(db, now=NOON) == []


def test_a_time_that_no_longer_exists_or_comes_twice_now_stays_near(db: Session, rules: Rules) -> None:
    rules("AAA-1")
    # From now on the clocks go forward on the second Wednesday of June at two, and back on the last Wednesday at three.
    gone, twice = (make_post(db, publish_at=at, wall_time=wall_of(at, ZONE), time_zone=ZONE) for at in (datetime(2026, 6, 10, 1, 30, tzinfo=UTC), datetime(2026, 6, 24, 1, 30, tzinfo=UTC)))

    rules("AAA-1BBB,M6.2.3/2,M6.4.3/3")

    assert clocks.retime_all(db, now=NOON) == [gone.id]  # 02:30 is 03:30 at the same instant; the second 02:30 is the instant it was.
    assert (gone.publish_at, gone.wall_time) == (datetime(2026, 6, 10, 1, 30, tzinfo=UTC), "2026-06-10T03:30")
    assert (twice.publish_at, twice.wall_time) == (datetime(2026, 6, 24, 1, 30, tzinfo=UTC), "2026-06-24T02:30")


def test_what_is_out_or_due_or_in_another_zone_stays(db: Session, rules: Rules) -> None:
    rules("AAA-1")
    at = NOON + timedelta(minutes=30)
    make_post(db, publish_at=at, wall_time=wall_of(at, ZONE), time_zone=ZONE)  # By the new clock its time has passed.
    make_post(db, publish_at=at, wall_time=wall_of(at, ZONE), time_zone=ZONE, state=PostState.PUBLISHED, published_at=at)
    make_post(db, publish_at=at, wall_time=wall_of(at, "Europe/Paris"), time_zone="Europe/Paris")
    make_post(db, publish_at=at, wall_time="2026-03-02T12:30", time_zone="No/Such")
    make_post(db, publish_at=at)

    rules("BBB-2")

    assert clocks.retime_all(db, now=NOON) == []


def test_the_desk_is_told_of_it_and_masks_what_is_confidential(db: Session, rules: Rules) -> None:
    rules("AAA-1")
    at = datetime(2026, 6, 10, 8, tzinfo=UTC)
    post = make_post(db, publish_at=at, wall_time=NINE, time_zone=ZONE)
    make_post(db, asset=make_asset(db, confidentiality=Confidentiality.CONFIDENTIAL), publish_at=at, wall_time=NINE, time_zone=ZONE)
    rules("BBB-2")
    clocks.retime_all(db, now=NOON)

    told = clocks.retimed(db, viewer=make_user(db, roles=("viewer",)), now=NOON + timedelta(days=1))

    assert [(one.post_id, one.was, one.at) for one in told] == [(post.id, at, at - timedelta(hours=1))]
    assert clocks.retimed(db, viewer=None, now=NOON + timedelta(days=15)) == []
