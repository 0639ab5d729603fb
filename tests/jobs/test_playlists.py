"""A YouTube post's playlist and the language of its captions, from what people type to the pretend platform."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy.orm import Session

from planner.catalog import media
from planner.catalog import service as catalog
from planner.catalog.models import Asset, AssetKind
from planner.channels.port import MediaKind, Platform
from planner.channels.pretend import CHANNELS
from planner.channels.sandbox import Running
from planner.core.errors import Invalid
from planner.core.runtime import Runtime
from planner.jobs import tick
from planner.planning import rules
from planner.planning import service as planning
from planner.planning.models import Post
from planner.planning.values import PostValues, checked
from tests.conftest import StoppedClock
from tests.factories import make_asset, make_channel
from tests.films import film

KEY = next(key for platform, _name, key in CHANNELS if platform is Platform.YOUTUBE)
SRT = b"1\n00:00:00,000 --> 00:00:02,000\nBonjour\n"


def youtube(platforms: Running, method: str, what: str, body: Any = None, **query: str) -> Any:
    answer = requests.request(
        method, f"{platforms.url}/youtube/v3/{what}", params=query, json=body, headers={"Authorization": f"Bearer {KEY}"}, timeout=20
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def keep(db: Session, asset: Asset, folder: Path, name: str, content: bytes, now: Any, language: str = "") -> int:
    (folder / name).write_bytes(content)
    with (folder / name).open("rb") as stream:
        stored = media.store(stream, name, folder / "files", most_bytes=10**6)
    return catalog.add_file(db, asset, stored, language=language, actor=None, now=now).id


def test_a_video_goes_into_its_playlist_with_captions_in_their_own_language(
    runtime: Runtime, clock: StoppedClock, platforms: Running, tmp_path: Path
) -> None:
    made = youtube(platforms, "POST", "playlists", {"snippet": {"title": "Trials"}, "status": {"privacyStatus": "public"}}, part="snippet,status")
    (tmp_path / "files").mkdir(exist_ok=True)
    with runtime.sessions.begin() as db:
        asset = make_asset(db, kind=AssetKind.VIDEO, language="en")
        channel = make_channel(db, platform=Platform.YOUTUBE, token=KEY)
        film_id = keep(db, asset, tmp_path, "film.mp4", film(), clock.now(), language="fr")
        french = keep(db, asset, tmp_path, "sous-titres.srt", SRT, clock.now(), language="fr")
        english = keep(db, asset, tmp_path, "subtitles.srt", SRT, clock.now())
        values = PostValues(
            text="Fibre", publish_at=clock.now(), playlist=f"https://www.youtube.com/playlist?list={made['id']}&si=x",
            media=[{"file_id": number} for number in (film_id, french, english)],
        )  # fmt: skip
        post = planning.plan(db, asset, channel, values, actor=None, now=clock.now())
        planning.submit(db, post, actor=None, now=clock.now())
        planning.approve(db, post, actor=None, now=clock.now())
        number, kinds = post.id, [(one.kind, one.language) for one in asset.files]

    tick.run(runtime)

    with runtime.sessions() as db:
        live = db.get_one(Post, number)
        video = live.external_id
        assert (live.playlist, video is not None) == (made["id"], True)
    assert kinds == [(MediaKind.VIDEO, ""), (MediaKind.CAPTIONS, "fr"), (MediaKind.CAPTIONS, "")]
    items = youtube(platforms, "GET", "playlistItems", part="contentDetails", playlistId=made["id"])["items"]
    assert [one["contentDetails"]["videoId"] for one in items] == [video]
    captions = youtube(platforms, "GET", "captions", part="snippet", videoId=str(video))["items"]
    assert sorted(one["snippet"]["language"] for one in captions) == ["en", "fr"]


def test_a_playlist_is_part_of_what_is_approved_and_none_leaves_older_approvals_alone(db: Session) -> None:
    post = Post(text="Fibre", title="", link="", first_comment="", tags=[], media=[], playlist="")
    asset, channel = make_asset(db), make_channel(db)
    without = rules.content_digest(post, asset, channel)

    post.playlist = "PL123"
    chosen = rules.content_digest(post, asset, channel)
    post.playlist = "PL124"

    assert len({without, chosen, rules.content_digest(post, asset, channel)}) == 3


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        (" PLx0sYbCqOb8T_-9 ", "PLx0sYbCqOb8T_-9"),
        ("https://www.youtube.com/playlist?list=PL12", "PL12"),
        ("https://www.youtube.com/watch?v=abc&list=PL12&index=2", "PL12"),
    ],
)
def test_a_playlist_is_known_by_its_number_or_its_address(typed: str, kept: str) -> None:
    assert checked(PostValues(playlist=typed), zone="UTC")["playlist"] == kept


@pytest.mark.parametrize("typed", ["Our films", "https://www.youtube.com/watch?v=abc", "https://[", "PL" + "1" * 63, "PL12\u00e9"])
def test_what_is_no_playlist_is_refused_beside_its_field(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(PostValues(playlist=typed), zone="UTC")

    assert refused.value.field == "playlist"


def test_captions_in_a_language_nobody_knows_are_refused(db: Session, tmp_path: Path, clock: StoppedClock) -> None:
    (tmp_path / "files").mkdir(exist_ok=True)

    with pytest.raises(Invalid, match="Choose one of these languages"):
        keep(db, make_asset(db), tmp_path, "a.srt", SRT, clock.now(), language="klingon")
