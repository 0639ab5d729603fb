"""The YouTube adapter: what it refuses unasked, how it finds its own videos, and what its numbers mean."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug import Response

from planner.channels.limits import YOUTUBE as LIMITS
from planner.channels.port import (
    Account,
    AudienceCount,
    Listing,
    Media,
    MediaKind,
    OutgoingPost,
    Platform,
    PostKind,
    Reading,
    Readings,
    Receipt,
    Refused,
    RetryLater,
    Sent,
    Unknown,
)
from planner.channels.youtube import YouTubeAdapter
from planner.channels.youtube_metrics import REGIME, regime
from tests.channels.contract import AdapterContract
from tests.channels.fake_youtube import NOW, FakeYouTube, refusal

TOKEN = "ya29.planted-token"
ACCOUNT = Account(channel_id=1, platform=Platform.YOUTUBE, name="Nordwave", external_id="UCnordwave", secret=TOKEN)
OURS = "planner-0123456789ab"


class TestContract(AdapterContract):
    platform = Platform.YOUTUBE
    create = "youtube.insert"
    unknown_id = "dQw4w9WgXcA"

    def make_adapter(self, url: str) -> YouTubeAdapter:
        # The contract is about one answer to one call, so an upload that stumbles does not look for itself here.
        return YouTubeAdapter(url, url, timeout_seconds=3, chunk_bytes=256 * 1024, tries=0)

    def make_post(self, folder: Path, number: int = 1) -> OutgoingPost:
        path = folder / f"film-{number}.mp4"
        path.write_bytes(b"film" * 200_000)
        return OutgoingPost(
            delivery_id=number,
            attempt=1,
            fingerprint=hashlib.sha256(str(number).encode()).hexdigest(),
            text="Réseaux privés & 5G",
            title=f"Film {number}",
            language="fr",
            tags=["5G", "private network"],
            media=[Media(MediaKind.VIDEO, str(path), "video/mp4", 800_000)],
        )

    @pytest.mark.parametrize("kind", ["drop_before", "drop_after", "status"])
    @pytest.mark.parametrize("step", ["youtube.insert.chunk", "youtube.insert"])
    def test_an_upload_that_stumbles_once_is_one_public_video(self, stage, step, kind):
        stage.adapter = YouTubeAdapter(
            stage.url, stage.url, timeout_seconds=3, chunk_bytes=256 * 1024, wait=lambda seconds: None
        )
        stage.script(kind, step)

        outcome = stage.publish()

        assert isinstance(outcome, Sent), outcome
        assert outcome.note == ""
        self.found(stage, 1)

    @pytest.mark.parametrize(
        ("step", "kind"),
        [
            ("youtube.insert.chunk", "drop_before"),
            ("youtube.insert.chunk", "drop_after"),
            ("youtube.insert", "drop_after"),
        ],
    )
    def test_an_upload_cut_off_and_taken_up_by_another_worker_is_one_video(self, stage, step, kind):
        kept = []
        stage.script(kind, step)

        first = stage.adapter.publish(stage.post, stage.account, keep=kept.append)
        second = self.make_adapter(stage.url).publish(
            replace(stage.post, attempt=2, resume=kept[-1]), stage.account, keep=kept.append
        )

        assert isinstance(first, Unknown)
        assert isinstance(second, Sent)
        assert len(kept) == 1
        self.found(stage, 1)

    def test_thumbnail_captions_and_playlist_reach_the_sandbox(self, stage, tmp_path):
        (tmp_path / "t.png").write_bytes(b"png" * 100)
        (tmp_path / "c.vtt").write_bytes(b"WEBVTT")
        thumbnail = Media(MediaKind.THUMBNAIL, str(tmp_path / "t.png"), "image/png", 300)
        captions = Media(MediaKind.CAPTIONS, str(tmp_path / "c.vtt"), "text/vtt", 6, name="Français")

        outcome = stage.publish(media=[*stage.post.media, thumbnail, captions])

        assert isinstance(outcome, Sent), outcome
        assert outcome.note == ""

    def test_the_audience_is_told(self, stage):
        assert "followers" in {one.dimension for one in stage.adapter.audience(stage.account)}


@pytest.fixture
def youtube(httpserver):
    return FakeYouTube(httpserver, NOW)


@pytest.fixture
def adapter(youtube):
    return YouTubeAdapter(youtube.url, youtube.url, timeout_seconds=5, wait=lambda seconds: None, now=lambda: NOW)


@pytest.fixture
def post(tmp_path):
    path = tmp_path / "launch.mp4"
    path.write_bytes(b"film")
    video = Media(MediaKind.VIDEO, str(path), "video/mp4", 4, name="launch.mp4")
    return OutgoingPost(
        delivery_id=7, attempt=1, fingerprint="0123456789abcdef" * 4, title="T", text="D", media=(video,)
    )


def reading(video_id: str, **counts) -> Reading:
    return Reading(external_id=video_id, regime=REGIME, **counts)


def no_keep(address: str) -> None:
    raise AssertionError("nothing was to be uploaded")


# What is refused before YouTube is asked


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"media": ()}, "media"),
        ({"title": "  "}, "content"),
        ({"title": "x" * 101}, "too_long"),
        ({"title": "5G <live>"}, "content"),
        ({"text": "a > b"}, "content"),
        ({"text": "é" * 2501}, "too_long"),
        ({"tags": ["x" * 480]}, "too_long"),
    ],
)
def test_what_youtube_would_refuse_is_refused_without_asking(adapter, youtube, post, change, code):
    outcome = adapter.publish(replace(post, **change), ACCOUNT, keep=no_keep)

    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.account) == (code, False)
    assert youtube.calls == {}


def test_texts_as_long_as_the_limits_say_go_up(adapter, youtube, post):
    longest = replace(post, title="x" * LIMITS.title, text="é" * (LIMITS.text // 2), tags=["x" * 479])

    assert isinstance(adapter.publish(longest, ACCOUNT, keep=lambda address: None), Sent)
    (upload,) = youtube.sessions.values()
    assert upload.body["snippet"]["tags"] == ["x" * 479, OURS]


@pytest.mark.parametrize("content", [None, b""])
def test_a_file_that_is_missing_or_empty_is_named(adapter, post, tmp_path, content):
    (tmp_path / "launch.mp4").unlink()
    if content is not None:
        (tmp_path / "launch.mp4").write_bytes(content)

    outcome = adapter.publish(post, ACCOUNT, keep=no_keep)

    assert outcome == Refused("media", "The file “launch.mp4” is missing or empty.")


def test_a_channel_that_is_not_connected_answers_nothing_and_asks_nothing(adapter, youtube, post):
    nobody = replace(ACCOUNT, secret=None)
    refused = Refused(
        "unauthorised", "This YouTube channel is not connected. Connect it again in Settings.", account=True
    )

    assert adapter.publish(post, nobody, keep=no_keep) == refused
    assert adapter.delete("v1", nobody) == refused
    assert adapter.readings(["v1"], nobody) == Readings(failed=refused)
    assert adapter.find(post, NOW, nobody) == Listing((), False, refused.reason)
    assert not adapter.recent(NOW, nobody).complete
    assert adapter.audience(nobody) is None
    assert youtube.calls == {}


# How refusals are sorted


@pytest.mark.parametrize(
    ("status", "reason", "outcome"),
    [
        (
            403,
            "quotaExceeded",
            # 09:00 UTC is 01:00 in California: 23 hours to the next midnight there.
            RetryLater(
                "YouTube's daily quota is used up; it is renewed at midnight Pacific time.",
                timedelta(hours=23),
                account=True,
            ),
        ),
        (403, "rateLimitExceeded", RetryLater("YouTube asks for fewer calls a minute.", account=True)),
        (429, "other", RetryLater("YouTube asks for fewer calls a minute.", account=True)),
        (
            400,
            "uploadLimitExceeded",
            RetryLater(
                "This channel has uploaded as many videos as YouTube allows a day.", timedelta(hours=24), account=True
            ),
        ),
        (
            401,
            "authError",
            Refused(
                "unauthorised", "YouTube no longer accepts this connection. Connect the channel again.", account=True
            ),
        ),
        (
            403,
            "insufficientPermissions",
            Refused(
                "forbidden",
                "A permission is missing. Connect the channel again and accept every permission.",
                account=True,
            ),
        ),
        (403, "forbidden", Refused("forbidden", "YouTube refused: no")),
        (400, "invalidTitle", Refused("content", "YouTube refuses the title: 1 to 100 characters, without < and >.")),
        (400, "somethingNew", Refused("content", "YouTube refused: no")),
        (503, "backendError", RetryLater("YouTube gave no clear answer (503).")),
        (302, "moved", RetryLater("YouTube gave no clear answer (302).")),
    ],
)
def test_each_refusal_of_an_upload_means_what_youtube_says_it_means(adapter, youtube, post, status, reason, outcome):
    youtube.faults = {"session": [refusal(status, reason)]}

    assert adapter.publish(post, ACCOUNT, keep=no_keep) == outcome


@pytest.mark.parametrize("body", ["", "<html>", "[]", '{"error": "no"}', '{"error": {"errors": []}}', "null"])
def test_a_refusal_in_another_shape_is_still_a_refusal(adapter, youtube, post, body):
    youtube.faults = {"session": [Response(body, 400)]}

    assert adapter.publish(post, ACCOUNT, keep=no_keep) == Refused("content", "YouTube refused: 400")


def test_how_long_to_wait_is_taken_from_youtube_when_it_says(adapter, youtube):
    busy = refusal(429, "rateLimitExceeded")
    busy.headers["Retry-After"] = "90"
    youtube.faults = {"videos": [busy]}

    failed = RetryLater("YouTube asks for fewer calls a minute.", timedelta(seconds=90), account=True)
    assert adapter.readings(["v1"], ACCOUNT) == Readings(failed=failed)


def test_the_token_is_in_no_outcome_and_no_repr(adapter, youtube, post):
    youtube.faults = {
        "session": [refusal(401, "authError", "bad")],
        "videos": [Response("x", 200)],
        "uploads": ["drop"],
    }
    said = [
        adapter.publish(post, ACCOUNT, keep=no_keep),
        adapter.readings(["v1"], ACCOUNT),
        adapter.find(post, NOW - timedelta(hours=1), ACCOUNT),
        adapter,
        ACCOUNT,
    ]

    assert TOKEN not in repr(said)


# Finding what is already there


def test_a_video_of_ours_is_found_by_its_tag_whatever_became_of_its_title(adapter, youtube, post):
    youtube.add_video(post.title, age=timedelta(minutes=1), tags=("5G",))
    ours = youtube.add_video("Renamed since", age=timedelta(minutes=2), tags=("5G", OURS))

    listing = adapter.find(post, NOW - timedelta(minutes=5), ACCOUNT)

    at = NOW - timedelta(minutes=2)
    assert listing == Listing([Receipt(ours, f"https://www.youtube.com/watch?v={ours}", at)], True)


@pytest.mark.parametrize(
    "broken", [{"snippet": {"tags": 7}}, {"snippet": None}, {"id": None, "snippet": {"tags": [OURS]}}]
)
def test_a_video_that_is_told_brokenly_is_not_ours(adapter, youtube, post, broken):
    other, ours = (youtube.add_video("T", age=timedelta(minutes=n), tags=(OURS,)) for n in (1, 2))
    told = [youtube.videos[other] | broken, youtube.videos[ours]]
    youtube.faults = {"uploads": [Response(json.dumps({"items": [{"contentDetails": {"videoId": "v"}}]}))]}
    youtube.faults["videos"] = [Response(json.dumps({"items": told}))]

    assert [receipt.external_id for receipt in adapter.find(post, NOW, ACCOUNT).matches] == [ours]


def test_a_channel_without_our_video_proves_its_absence(adapter, youtube, post):
    youtube.add_video("Another", age=timedelta(minutes=1))

    assert adapter.find(post, NOW - timedelta(hours=1), ACCOUNT) == Listing([], True)


def test_two_videos_with_our_tag_are_both_told(adapter, youtube, post):
    ids = [youtube.add_video("T", age=timedelta(minutes=n), tags=(OURS,)) for n in (1, 2)]

    assert [receipt.external_id for receipt in adapter.find(post, NOW - timedelta(hours=1), ACCOUNT).matches] == ids


@pytest.mark.parametrize("upload_status", ["failed", "rejected", "deleted"])
def test_an_upload_that_never_became_a_video_is_not_live(adapter, youtube, post, upload_status):
    youtube.add_video("T", age=timedelta(minutes=1), tags=(OURS,), upload_status=upload_status)

    assert adapter.find(post, NOW - timedelta(hours=1), ACCOUNT) == Listing([], True)


def test_looking_goes_on_over_pages_and_stops_at_older_ones(adapter, youtube, post):
    for n in range(60):
        youtube.add_video("Another", age=timedelta(minutes=n))
    ours = youtube.add_video("T", age=timedelta(hours=2), tags=(OURS,))
    for n in range(120):
        youtube.add_video("Old", age=timedelta(days=40 + n))

    listing = adapter.find(post, NOW - timedelta(hours=3), ACCOUNT)

    assert ([receipt.external_id for receipt in listing.matches], listing.complete) == ([ours], True)
    assert youtube.calls["uploads"] == 3


def test_more_uploads_than_can_be_looked_through_prove_nothing(adapter, youtube, post):
    for n in range(501):
        youtube.add_video("Another", age=timedelta(seconds=n))

    listing = adapter.find(post, NOW - timedelta(hours=1), ACCOUNT)

    assert listing == Listing((), False, "The channel has more than 500 uploads since then.")


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        ("channels", refusal(403, "quotaExceeded")),
        ("uploads", "drop"),
        ("videos", Response("<html>", 200)),
        ("channels", Response("{}", 200)),
        ("channels", Response("[]", 200)),
    ],
)
def test_a_look_that_was_cut_short_proves_nothing(adapter, youtube, post, step, fault):
    youtube.add_video("Another", age=timedelta(minutes=1))
    youtube.faults = {step: [fault]}

    listing = adapter.find(post, NOW - timedelta(hours=1), ACCOUNT)

    assert (listing.matches, listing.complete) == ((), False)
    assert listing.reason


def test_recent_uploads_are_told_with_their_title_and_description(adapter, youtube):
    new = youtube.add_video("By hand", age=timedelta(hours=1))
    youtube.add_video("Too old", age=timedelta(hours=3))

    told = adapter.recent(NOW - timedelta(hours=2), ACCOUNT)

    (native,) = told.posts
    assert (native.receipt.external_id, native.title, native.text, native.kind, told.complete) == (new, "By hand", "", PostKind.VIDEO, True)


def test_what_nobody_can_watch_yet_is_left_out_and_our_own_is_told_by_its_tag(adapter, youtube):
    for number, status in enumerate(({"privacyStatus": "private"}, {"privacyStatus": "unlisted"}, {"privacyStatus": "private", "publishAt": "2030-01-01T00:00:00Z"})):
        youtube.videos[youtube.add_video(f"Hidden {number}", age=timedelta(hours=1))]["status"] |= status
    youtube.videos[youtube.add_video("Première", age=timedelta(hours=1))]["snippet"]["liveBroadcastContent"] = "upcoming"
    youtube.add_video("Ours", age=timedelta(hours=1), tags=("5G", OURS))

    assert [(one.title, one.mark) for one in adapter.recent(NOW - timedelta(hours=2), ACCOUNT).posts] == [("Ours", "0123456789ab")]


def test_recent_uploads_that_cannot_be_read_are_not_told(adapter, youtube):
    youtube.faults = {"uploads": [Response("broken", 500)]}

    told = adapter.recent(NOW, ACCOUNT)
    assert (told.posts, told.complete) == ([], False)
    assert isinstance(told.failed, RetryLater)


# Deleting


def test_a_deleted_video_is_gone_and_deleting_it_again_is_no_error(adapter, youtube):
    video_id = youtube.add_video("T", age=timedelta(0))
    gone = Sent(Receipt(video_id, f"https://www.youtube.com/watch?v={video_id}"))

    assert adapter.delete(video_id, ACCOUNT) == gone
    assert youtube.videos == {}
    assert adapter.delete(video_id, ACCOUNT) == gone


def test_a_deletion_without_an_answer_is_unknown(post):
    nowhere = YouTubeAdapter("http://127.0.0.1:9", "http://127.0.0.1:9", timeout_seconds=2)

    assert nowhere.delete("v1", ACCOUNT) == Unknown("YouTube gave no clear answer (ConnectionRefusedError).")


# Numbers


def test_counts_are_numbers_hidden_ones_are_not_told_and_missing_videos_are_gone(adapter, youtube):
    open_, hidden, silent = (youtube.add_video("T", age=timedelta(days=1)) for _ in range(3))
    youtube.videos[open_]["statistics"] = {"viewCount": "1204", "likeCount": "0", "commentCount": "7"}
    youtube.videos[hidden]["statistics"] = {"viewCount": "9"}

    assert adapter.readings([open_, "deleted00", hidden, silent], ACCOUNT) == Readings(
        told=[
            reading(open_, views=1204, likes=0, comments=7, engagements=7),
            reading(hidden, views=9),
            reading(silent),
        ],
        gone=["deleted00"],
    )
    assert youtube.calls == {"videos": 1}


def test_fifty_videos_are_read_in_one_call(adapter, youtube):
    ids = [youtube.add_video("T", age=timedelta(days=1)) for _ in range(adapter.batch)]

    assert len(adapter.readings(ids, ACCOUNT).told) == 50
    assert youtube.calls == {"videos": 1}


def test_no_videos_are_no_call(adapter, youtube):
    assert adapter.readings([], ACCOUNT) == Readings()
    assert youtube.calls == {}


@pytest.mark.parametrize("fault", ["drop", Response("<html>", 200), Response("[]", 200), Response("broken", 500)])
def test_numbers_that_did_not_come_are_neither_told_nor_gone(adapter, youtube, fault):
    youtube.faults = {"videos": [fault]}

    result = adapter.readings(["v1"], ACCOUNT)

    assert isinstance(result.failed, RetryLater)
    assert (result.told, result.gone) == ((), ())


@pytest.mark.parametrize(
    ("at", "which"),
    [
        (datetime(2026, 8, 26, 23, 59, tzinfo=UTC), "yt-2012"),
        (datetime(2026, 8, 27, tzinfo=UTC), "yt-2026-08"),
        (NOW, "yt-2026-08"),
    ],
)
def test_a_reading_says_which_definition_of_a_view_it_follows(at, which):
    assert regime(at) == which


# Audience


def report(httpserver, rows, status=200):
    body = {"columnHeaders": [{"name": "country"}, {"name": "views"}], "rows": rows}
    asked = {
        "ids": "channel==MINE",
        "startDate": "2026-10-24",
        "endDate": "2026-11-20",
        "metrics": "views",
        "dimensions": "country",
        "sort": "-views",
        "alt": "json",
    }
    httpserver.expect_request("/v2/reports", query_string=asked).respond_with_data(
        json.dumps(body), status, content_type="application/json"
    )


def test_subscribers_and_views_by_country_are_told_with_their_day(adapter, youtube, httpserver):
    report(httpserver, [["FR", 812], ["DE", 90]])

    assert adapter.audience(ACCOUNT) == [
        AudienceCount("followers", "total", 1250, NOW.date()),
        AudienceCount("country_views", "FR", 812, datetime(2026, 11, 20).date()),
        AudienceCount("country_views", "DE", 90, datetime(2026, 11, 20).date()),
    ]


def test_subscribers_are_told_even_when_analytics_is_silent(adapter, youtube, httpserver):
    report(httpserver, [], status=403)

    assert adapter.audience(ACCOUNT) == [AudienceCount("followers", "total", 1250, NOW.date())]


def test_an_audience_nobody_tells_is_not_an_empty_one(adapter, youtube, httpserver):
    youtube.faults = {"channels": [Response("broken", 500)]}
    report(httpserver, [], status=500)

    assert adapter.audience(ACCOUNT) is None


# Whatever YouTube answers

NAMES = ["items", "id", "snippet", "status", "statistics", "tags", "title", "publishedAt", "contentDetails", "relatedPlaylists",
         "uploads", "videoId", "viewCount", "nextPageToken", "error", "errors", "reason", "columnHeaders", "rows",
         "name", "publishAt", "subscriberCount"]  # fmt: skip
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["", "x", "1", "v0000000001", "2026-11-23T09:00:00Z"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(ANYTHING, min_size=6, max_size=6), status=st.sampled_from([200, 200, 400, 500]))
def test_no_answer_whatever_its_shape_makes_the_adapter_raise(adapter, youtube, httpserver, post, bodies, status):
    steps = ["session", "last_chunk", "status", "channels", "uploads", "videos", "playlist_check", "playlist"]
    youtube.faults = {step: [Response(json.dumps(body), status) for body in bodies] for step in steps}
    httpserver.expect_oneshot_request("/v2/reports").respond_with_data(json.dumps(bodies[0]), status)
    resumed = replace(post, resume=f"{youtube.url}/session/1", playlist="PL")

    for each in (post, resumed):
        outcome = adapter.publish(each, ACCOUNT, keep=lambda address: None)
        assert isinstance(outcome, Sent | Refused | RetryLater | Unknown)
    assert isinstance(adapter.find(resumed, NOW, ACCOUNT), Listing)
    assert isinstance(adapter.readings(["v1"], ACCOUNT), Readings)
    adapter.recent(NOW, ACCOUNT)
    adapter.audience(ACCOUNT)
