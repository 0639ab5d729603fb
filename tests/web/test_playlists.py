"""The playlist of a YouTube post and the language of captions, on their forms."""

from __future__ import annotations

import io

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import AssetFile
from planner.channels.port import Platform
from planner.planning.models import Post
from tests.conftest import Browser
from tests.factories import make_asset, make_channel, make_post

SRT = b"1\n00:00:00,000 --> 00:00:02,000\nBonjour\n"


def test_a_playlist_is_typed_kept_when_refused_shown_and_asked_for_on_youtube_alone(client: Browser, app_db: Session) -> None:
    youtube, linkedin = (make_post(app_db, channel=make_channel(app_db, platform=one)) for one in (Platform.YOUTUBE, Platform.LINKEDIN))
    app_db.commit()
    typed = {"text": "Fibre", "wall_time": "2026-03-03T13:00", "time_zone": "Europe/Paris", "version": "1"}

    refused = client.submit(f"/posts/{youtube.id}/edit", **typed, playlist="Our films")
    saved = client.submit(f"/posts/{youtube.id}/edit", **typed, playlist="https://www.youtube.com/playlist?list=PL12")

    assert (refused.status_code, "Paste the playlist" in refused.text, 'value="Our films"' in refused.text) == (422, True, True)
    assert saved.status_code == 302
    assert app_db.scalar(select(Post.playlist).where(Post.id == youtube.id)) == "PL12"
    assert 'href="https://www.youtube.com/playlist?list=PL12"' in client.get(f"/posts/{youtube.id}").text
    assert 'value="PL12"' in client.get(f"/posts/{youtube.id}/edit").text
    assert 'name="playlist"' not in client.get(f"/posts/{linkedin.id}/edit").text


def test_the_language_of_captions_is_chosen_when_they_are_added_and_shown_beside_them(client: Browser, app_db: Session) -> None:
    asset = make_asset(app_db, language="en")
    app_db.commit()

    for name, language in (("sous-titres.srt", "fr"), ("subtitles.srt", "")):
        answer = client.submit(f"/assets/{asset.id}/files", file=(io.BytesIO(SRT), name), language=language)
        assert answer.status_code == 302
    refused = client.submit(f"/assets/{asset.id}/files", file=(io.BytesIO(SRT), "c.srt"), language="klingon")

    assert (refused.status_code, "Choose one of these languages" in refused.text) == (422, True)
    assert list(app_db.execute(select(AssetFile.name, AssetFile.language).order_by(AssetFile.id))) == [("sous-titres.srt", "fr"), ("subtitles.srt", "")]
    page = client.get(f"/assets/{asset.id}").text
    assert [f"kB · {name}</span>" in page for name in ("French", "English")] == [True, True]
