"""Two monthly files of a catalogue, imported: ranking, growth and standing are what pandas works out from the files alone.

The files here are made up. PLANNER_TEST_CATALOGUE names a folder with two real ones (…-01.csv and …-02.csv) to be tried as well.
"""

from __future__ import annotations

import io
import os
import random
import re
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
from tests.conftest import Browser
from tests.insights.files import as_csv, video
from tests.web.test_performance import texts

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


both_kinds = pytest.mark.parametrize("files", [made_up, pytest.param(real, marks=pytest.mark.skipif(not _REAL, reason="PLANNER_TEST_CATALOGUE is not set"))])


@both_kinds
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


def is_shown_as(text: str, expected: float) -> bool:
    """Whether a cell says this number, as exactly as it is written: “×1.8”, “12,345”, “+7”."""
    digits = text.lstrip("×+").replace(",", "").replace("−", "-")
    return abs(float(digits) - expected) <= 0.5 * 10 ** -len(digits.partition(".")[2]) + 1e-9


@both_kinds
def test_the_pages_show_what_pandas_works_out(client: Browser, app_db: Session, files: object) -> None:
    first, second = files()  # type: ignore[operator]
    bring(app_db, first)
    bring(app_db, second)
    app_db.commit()
    expected = by_pandas(first, second)
    posts = {post.id: (str(post.external_id), post.asset_id) for post in app_db.scalars(select(Post))}

    for order in ("best", "worst"):
        page = client.get(f"/performance?order={order}").text
        shown = [int(number) for number in re.findall(r'class="nowrap"><a href="/posts/(\d+)">', page)]
        wanted = expected.loc[[posts[number][0] for number in shown]]
        assert len(shown) == 100
        ratios = expected["ratio"].dropna().sort_values(ascending=order == "worst").head(100)
        assert wanted["ratio"].tolist() == pytest.approx(ratios.tolist() + [float("nan")] * (100 - len(ratios)), nan_ok=True)
        for column, label in (("view_count", "Seen"), ("median", "Ordinary there"), ("ratio", "Against it")):
            for text, number in zip(texts(page, label), wanted[column], strict=True):
                assert (text == "–" or "not enough posts yet" in text or text == "the median is 0") if pd.isna(number) else is_shown_as(text, number), (label, text, number)

    tried = [number for number in posts if not pd.isna(expected.loc[posts[number][0], "ratio"])][::15]
    assert len(tried) >= 3
    for number in tried:
        video_id, asset_id = posts[number]
        wanted_one = expected.loc[video_id]
        (against,) = texts(client.get(f"/performance/assets/{asset_id}").text, "Against its channel")
        (cell,) = re.findall(r'<td class="end" data-label="Growth">(.*?)</td>', client.get(f"/assets/{asset_id}").text, re.S)
        growth = re.sub(r"<[^>]+>", " ", cell).strip()
        told = re.fullmatch(r"(×[\d.,]+)place ([\d,]+) of ([\d,]+)", against)
        assert told is not None, against
        assert all(is_shown_as(text, wanted_one[column]) for text, column in zip(told.groups(), ("ratio", "place", "peers"), strict=True))
        gained = re.match(r"([+\-−]?[\d,]+)", growth)
        assert (gained is None) == bool(pd.isna(wanted_one["gained"])), growth
        assert gained is None or is_shown_as(gained[1], wanted_one["gained"])
