"""Counts made again from the platforms' own fields: what an older formula left is corrected, what has no fields stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from planner.channels.counting import count_again
from planner.channels.port import Platform, Reading
from planner.insights import service
from planner.insights.definitions import FORMULA
from planner.insights.models import METRICS, CountsMade, Latest, Snapshot
from planner.insights.recounting import FIRST, Recounted, counted_by, recount
from planner.planning.models import Post, PostState
from tests.factories import NOON, make_channel, make_post

DAY = timedelta(days=1)
FIELDS: dict[Platform, dict[str, Any]] = {
    Platform.YOUTUBE: {"statistics": {"viewCount": "1204", "likeCount": "10", "commentCount": "7", "favoriteCount": "0"}},
    Platform.LINKEDIN: {"totalShareStatistics": {"impressionCount": 900, "uniqueImpressionsCount": 700, "clickCount": 4, "likeCount": 3, "commentCount": 2, "shareCount": 1}},
    Platform.X: {
        "public_metrics": {"repost_count": 3, "reply_count": 2, "like_count": 10, "quote_count": 1, "bookmark_count": 4, "impression_count": 500},
        "non_public_metrics": {"url_link_clicks": 6}, "media": {"7_1": {"public_metrics": {"view_count": 120}}},
    },
}  # fmt: skip
COUNTS: dict[Platform, dict[str, int]] = {
    Platform.YOUTUBE: {"views": 1204, "engagements": 17, "likes": 10, "comments": 7},
    Platform.LINKEDIN: {"impressions": 900, "reach": 700, "engagements": 10, "clicks": 4, "likes": 3, "comments": 2, "shares": 1},
    Platform.X: {"views": 120, "impressions": 500, "engagements": 20, "likes": 10, "comments": 2, "shares": 4, "clicks": 6},
}


def told(db: Session, platform: Platform, raw: dict[str, Any] | None = None, **counts: int) -> Post:
    """A live post, read once: the platform's own fields, and the counts that were made of them."""
    post = make_post(db, channel=make_channel(db, platform=platform), state=PostState.PUBLISHED, published_at=NOON, publish_at=NOON, external_id="1")
    service.record(db, [(post.id, Reading("1", raw=raw, regime="as-it-was", **counts))], at=NOON + DAY, now=NOON + DAY)
    return post


def stored(db: Session, post: Post, table: Any = Snapshot) -> dict[str, int]:
    row = db.execute(select(*(getattr(table, name) for name in METRICS)).where(table.post_id == post.id)).one()
    return {name: count for name, count in zip(METRICS, row, strict=True) if count is not None}


@pytest.mark.parametrize("platform", FIELDS)
def test_the_fields_of_a_platform_make_the_counts_of_the_page_of_definitions(platform: Platform) -> None:
    found = count_again(platform, "1", FIELDS[platform], NOON)

    assert found is not None
    assert {name: getattr(found, name) for name in METRICS if getattr(found, name) is not None} == COUNTS[platform]


@pytest.mark.parametrize(("platform", "raw"), [(Platform.YOUTUBE, {}), (Platform.LINKEDIN, {"totalShareStatistics": None}), (Platform.WEBHOOK, {"a": 1})])
def test_fields_that_are_no_platforms_are_no_reading(platform: Platform, raw: dict[str, Any]) -> None:
    assert count_again(platform, "1", raw, NOON) is None


def test_what_an_older_formula_made_of_the_fields_is_made_again_and_the_roll_ups_after_it(db: Session) -> None:
    older = {platform: told(db, platform, FIELDS[platform], likes=1, reach=5) for platform in FIELDS}
    right = told(db, Platform.X, FIELDS[Platform.X], **COUNTS[Platform.X])

    made = recount(db, count_again, now=NOON + 2 * DAY)
    service.rebuild(db)

    assert made == Recounted(read=4, changed=3, left=0)
    assert {platform: (stored(db, post), stored(db, post, Latest)) for platform, post in older.items()} == {one: (COUNTS[one], COUNTS[one]) for one in FIELDS}
    assert stored(db, right) == COUNTS[Platform.X]
    assert set(db.scalars(select(Snapshot.regime))) == {"as-it-was"}
    assert service.compare(db) == []
    assert recount(db, count_again, now=NOON + 3 * DAY) == Recounted(read=4, changed=0, left=0)


def test_what_a_file_told_and_fields_of_which_nothing_is_understood_stay(db: Session) -> None:
    by_file, strange = told(db, Platform.YOUTUBE, likes=3), told(db, Platform.X, {"metrics": {"likes": 9}}, likes=3)
    huge = told(db, Platform.YOUTUBE, {"statistics": {"viewCount": str(10**20)}}, likes=3)
    handed_in = told(db, Platform.YOUTUBE, FIELDS[Platform.YOUTUBE], likes=3)
    db.execute(update(Snapshot).where(Snapshot.post_id == handed_in.id).values(source="import"))

    assert recount(db, count_again, now=NOON + 2 * DAY) == Recounted(read=2, changed=0, left=2)
    assert [stored(db, post) for post in (by_file, strange, huge, handed_in)] == [{"likes": 3}] * 4


def test_readings_beyond_one_handful_are_all_made_again(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planner.insights.recounting._TOGETHER", 2)
    post = told(db, Platform.YOUTUBE, FIELDS[Platform.YOUTUBE], likes=1)
    for day in range(2, 6):
        service.record(db, [(post.id, Reading("1", likes=1, raw=FIELDS[Platform.YOUTUBE]))], at=NOON + day * DAY, now=NOON)

    assert recount(db, count_again, now=NOON + 9 * DAY) == Recounted(read=5, changed=5, left=0)


def test_which_formula_everything_is_counted_by_is_kept(db: Session) -> None:
    assert counted_by(db) == FIRST

    db.add(CountsMade(formula="2025-01", at=datetime(2025, 1, 1, tzinfo=UTC), changed=4))
    db.flush()
    before = counted_by(db)
    for day in (1, 2):
        recount(db, count_again, now=NOON + day * DAY)

    assert (before, counted_by(db)) == ("2025-01", FORMULA)
    assert db.execute(select(CountsMade.formula, CountsMade.at).order_by(CountsMade.at)).all()[-1] == (FORMULA, NOON + 2 * DAY)
