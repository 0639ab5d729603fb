"""Two monthly files of a catalogue, imported: ranking, growth and standing are what pandas works out from the files alone.

The files here are made up. PLANNER_TEST_CATALOGUE names a folder with two real ones (…-01.csv and …-02.csv) to be tried as well.
"""

from __future__ import annotations

import io
import os
import random
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.insights import importing, queries
from planner.insights.ranking import rank
from planner.insights.standing import standings
from planner.planning.models import Post
from tests.insights.files import as_csv, video

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
_REAL = os.environ.get("PLANNER_TEST_CATALOGUE", "")


def made_up() -> tuple[bytes, bytes]:
    """Two months of 160 videos on three channels; some are in one file only, some shrank, some views are equal."""
    chance = random.Random(11)
    first, second = [], []
    for number in range(1, 161):
        born = f"2025-{11 + number % 2:02d}-{1 + number % 28:02d}T{number % 24:02d}:15:08Z"
        row = video(number, published_at=born, view_count=str(chance.choice((0, 10, 500, chance.randrange(40, 90_000)))))
        first.append(row)
        gained = chance.choice((-3, 0, chance.randrange(1, 9000)))
        second.append(row | {"snapshot_month": "2026-02", "snapshot_utc": "2026-02-04T10:09:16.423475+00:00", "view_count": str(max(int(row["view_count"]) + gained, 0))})
    return as_csv([row for number, row in enumerate(first) if number % 9]), as_csv([row for number, row in enumerate(second) if number % 13])


def real() -> tuple[bytes, bytes]:
    """The newest 600 videos of the real files, so that all of them are compared."""
    months = [pd.read_csv(path, dtype=str, keep_default_na=False) for path in sorted(Path(_REAL).glob("*.csv"))[:2]]
    newest = set(pd.concat(months).drop_duplicates("video_id").sort_values("published_at")["video_id"].tail(600))
    told = [month[month["video_id"].isin(newest)].to_csv(index=False).encode() for month in months]
    return told[0], told[1]


def read(data: bytes) -> pd.DataFrame:
    table = pd.read_csv(io.BytesIO(data), encoding="utf-8-sig")
    table["at"] = pd.to_datetime(table["snapshot_utc"], utc=True, format="ISO8601")
    table["born"] = pd.to_datetime(table["published_at"], utc=True, format="ISO8601")
    return table


def by_pandas(first: bytes, second: bytes) -> pd.DataFrame:
    """Of each video: newest views, what it gained, the median of its channel's videos about as old, its ratio and its place."""
    both = pd.concat([read(first), read(second)]).sort_values("at")
    newest = both.drop_duplicates("video_id", keep="last").set_index("video_id")
    oldest = both.drop_duplicates("video_id", keep="first").set_index("video_id")
    oldest = oldest.loc[newest.index]
    newest["gained"] = (newest["view_count"] - oldest["view_count"]).where(newest["at"] > oldest["at"])
    # A video that the first file knows came out when that file says: YouTube moves the date of a première.
    newest["age"] = newest["at"] - oldest["born"]
    slack = (newest["age"] * 0.2).clip(lower=pd.Timedelta(hours=12))
    for number, one in newest.iterrows():
        peers = newest[(newest["channel_id"] == one["channel_id"]) & ((newest["age"] - one["age"]).abs() <= slack[number])]["view_count"]
        middle = peers.median() if len(peers) >= 5 else float("nan")
        newest.loc[number, "peers"] = len(peers)
        newest.loc[number, "median"] = middle or float("nan")
        newest.loc[number, "place"] = 1 + int((peers > one["view_count"]).sum())
    newest["ratio"] = newest["view_count"] / newest["median"]
    return newest


def bring(db: Session, data: bytes) -> None:
    for kind in ("assets", "readings"):
        checked = importing.validate(data, now=NOW, kind=kind, db=db)
        assert checked.errors == []
        importing.write(db, checked, actor=None, now=NOW)


@pytest.mark.parametrize("files", [made_up, pytest.param(real, marks=pytest.mark.skipif(not _REAL, reason="PLANNER_TEST_CATALOGUE is not set"))])
def test_ranking_growth_and_standing_are_what_pandas_works_out(db: Session, files: object) -> None:
    first, second = files()  # type: ignore[operator]
    bring(db, first)
    bring(db, second)
    expected = by_pandas(first, second)

    numbers = {row.id: str(row.external_id) for row in db.execute(select(Post.id, Post.external_id))}
    ranking = rank(db, metric="views", viewer=None)

    assert len(ranking.posts) == len(expected)
    ours = pd.DataFrame(
        [(numbers[one.post_id], one.value, one.peers, one.median, one.ratio, one.place) for one in ranking.posts],
        columns=["video_id", "view_count", "peers", "median", "ratio", "place"],
    ).set_index("video_id")
    pd.testing.assert_frame_equal(ours.sort_index(), expected[list(ours.columns)].sort_index(), check_dtype=False, check_index_type=False, rtol=1e-12)
    order = [one.ratio for one in ranking.posts if one.ratio is not None]
    assert order == sorted(order, reverse=True)
    for post in db.scalars(select(Post).order_by(Post.id).limit(40)):
        performance = queries.asset_performance(db, post.asset_id)
        (told,) = performance.posts
        wanted = expected.loc[str(post.external_id)]
        grown = None if told.growth is None else told.growth["views"]
        assert (grown is None) == bool(pd.isna(wanted["gained"]))
        assert grown is None or grown == wanted["gained"]
        (standing,) = standings(db, performance, viewer=None)
        assert standing.standing is not None
        assert standing.standing.place == wanted["place"]
