"""Pretend YouTube, through Google's own client library: uploads that resume, videos, lists, reports."""

from __future__ import annotations

import io
import json
import struct
from http.client import HTTPException

import pytest
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaIoBaseUpload, build_http

CHUNK = 256 << 10


def connect(server, name, version, token="sandbox-one"):
    document = json.loads(get_static_doc(name, version))
    document.update(rootUrl=f"{server.url}/", baseUrl=f"{server.url}/{document['servicePath']}", mtlsRootUrl=f"{server.url}/")
    http = AuthorizedHttp(Credentials(token=token), http=build_http(), refresh_status_codes=())
    return build_from_document(document, http=http, client_options={"api_endpoint": server.url})


@pytest.fixture
def youtube(server):
    service = connect(server, "youtube", "v3")
    yield service
    service.close()


@pytest.fixture
def analytics(server):
    service = connect(server, "youtubeAnalytics", "v2")
    yield service
    service.close()


def film(size, seconds=125):
    header = b"mvhd" + bytes(12) + struct.pack(">II", 1000, seconds * 1000) + bytes(16)
    return (b"\0\0\0\0" + header).ljust(size, b"v")


def insertion(youtube, content=b"film", *, title="Our network", chunk=CHUNK, snippet=None, **status):
    body = {
        "snippet": {"title": title, "description": "About it", "tags": ["5G", "field trial"], "categoryId": "28", **(snippet or {})},
        "status": {"privacyStatus": "private", "selfDeclaredMadeForKids": False, **status},
    }
    media = MediaIoBaseUpload(io.BytesIO(content), "video/mp4", chunksize=chunk, resumable=True)
    return youtube.videos().insert(part="snippet,status", body=body, media_body=media, notifySubscribers=False)


def insert(youtube, **options):
    return insertion(youtube, **options).execute()


def video(youtube, video_id, part="snippet,status,statistics,contentDetails,processingDetails"):
    return youtube.videos().list(part=part, id=video_id).execute()["items"][0]


def reason(call):
    with pytest.raises(HttpError) as caught:
        call.execute()
    return caught.value.resp.status, caught.value.error_details[0]["reason"]


def test_a_video_is_uploaded_in_chunks_and_processed(youtube, clock):
    request = insertion(youtube, film(3 * CHUNK + 7))
    answer, progress = None, []
    while answer is None:
        status, answer = request.next_chunk()
        progress.append(status.resumable_progress if status else None)
    at_once = video(youtube, answer["id"])
    clock.pass_(seconds=3)
    later = video(youtube, answer["id"])

    assert progress == [CHUNK, 2 * CHUNK, 3 * CHUNK, None]
    assert answer["snippet"]["title"] == "Our network"
    assert (at_once["status"]["uploadStatus"], at_once["processingDetails"]["processingStatus"]) == ("uploaded", "processing")
    assert (later["status"]["uploadStatus"], later["contentDetails"]["duration"]) == ("processed", "PT2M5S")
    assert later["statistics"] == {"viewCount": "0", "likeCount": "0", "favoriteCount": "0", "commentCount": "0"}


def test_an_upload_is_taken_up_again_by_another_process_from_its_session(youtube, server):
    content = film(3 * CHUNK)
    first = insertion(youtube, content)
    first.next_chunk()
    saved = first.resumable_uri

    again = insertion(youtube, content)
    again.resumable_uri, again._in_error_state = saved, True
    answer = None
    while answer is None:
        _, answer = again.next_chunk()

    assert len(uploads(youtube)) == 1
    assert uploads(youtube)[0]["contentDetails"]["videoId"] == answer["id"]


def test_a_finished_upload_whose_answer_was_lost_tells_its_video_when_asked(youtube, door):
    door("POST", "/_sandbox/faults", json=[{"operation": "youtube.insert", "kind": "drop_after", "times": None}])
    content = film(2 * CHUNK)
    request = insertion(youtube, content)
    request.next_chunk()
    with pytest.raises((OSError, HTTPException)):  # httplib2 itself tries twice
        request.next_chunk()
    door("DELETE", "/_sandbox/faults")

    again = insertion(youtube, content)
    again.resumable_uri, again._in_error_state = request.resumable_uri, True
    _, answer = again.next_chunk()

    assert [item["contentDetails"]["videoId"] for item in uploads(youtube)] == [answer["id"]]


def test_a_status_query_tells_how_far_an_upload_got(youtube, caller):
    request = insertion(youtube, film(2 * CHUNK + 1))
    request.next_chunk()
    ask = caller()

    told = ask("PUT", request.resumable_uri, headers={"Content-Range": f"bytes */{2 * CHUNK + 1}"})
    unknown = ask("PUT", request.resumable_uri + "x", headers={"Content-Range": "bytes */9"})
    wrong = ask("PUT", request.resumable_uri, data=b"abc", headers={"Content-Range": f"bytes {CHUNK}-{CHUNK + 2}/{2 * CHUNK + 1}"})

    assert (told.status_code, told.headers["Range"]) == (308, f"bytes=0-{CHUNK - 1}")
    assert unknown.status_code == 404
    assert wrong.status_code == 400


def test_a_scheduled_video_goes_public_at_its_moment_and_gains_views_from_then(youtube, clock):
    made = insert(youtube, publishAt="2026-11-25T09:00:00Z")
    clock.pass_(hours=23)
    before = video(youtube, made["id"])
    clock.pass_(hours=1)
    at = video(youtube, made["id"])
    clock.pass_(days=30)
    after = video(youtube, made["id"])

    assert (before["status"]["privacyStatus"], before["status"]["publishAt"], before["statistics"]["viewCount"]) == (
        "private", "2026-11-25T09:00:00Z", "0",
    )  # fmt: skip
    assert (at["status"]["privacyStatus"], at["snippet"]["publishedAt"]) == ("public", "2026-11-25T09:00:00Z")
    assert "publishAt" not in at["status"]
    assert int(after["statistics"]["viewCount"]) > int(after["statistics"]["likeCount"]) >= 0
    assert int(after["statistics"]["viewCount"]) > 20


def test_privacy_defaults_to_public_as_it_does_since_november_2026(youtube):
    body = {"snippet": {"title": "Careless", "categoryId": "28"}}
    media = MediaIoBaseUpload(io.BytesIO(b"film"), "video/mp4", resumable=True)

    made = youtube.videos().insert(part="snippet", body=body, media_body=media).execute()

    assert made["status"]["privacyStatus"] == "public"


@pytest.mark.parametrize(
    ("snippet", "status", "why"),
    [
        ({"title": ""}, {}, "invalidTitle"),
        ({"title": "a" * 101}, {}, "invalidTitle"),
        ({"title": "a < b"}, {}, "invalidTitle"),
        ({"description": "é" * 2501}, {}, "invalidDescription"),
        ({"tags": ["a" * 251, "b" * 249]}, {}, "invalidTags"),
        ({"categoryId": "news"}, {}, "invalidCategoryId"),
        ({}, {"publishAt": "2026-11-25T09:00:00Z", "privacyStatus": "public"}, "invalidPublishAt"),
        ({}, {"publishAt": "tomorrow"}, "invalidPublishAt"),
    ],
)
def test_metadata_that_youtube_refuses_is_refused_before_any_byte(youtube, snippet, status, why):
    assert reason(insertion(youtube, snippet=snippet, **status)) == (400, why)
    assert uploads(youtube) == []


def test_numbers_come_in_batches_by_either_call(youtube, clock):
    ids = [insert(youtube, title=f"Video {number}", privacyStatus="public")["id"] for number in range(3)]
    clock.pass_(days=20)

    listed = youtube.videos().list(part="statistics", id=[*ids, "unknown0000"]).execute()["items"]
    batch = youtube.videos().batchGetStats(part="statistics,contentDetails", id=ids).execute()["items"]

    assert [item["id"] for item in listed] == ids == [item["id"] for item in batch]
    assert [item["statistics"]["viewCount"] for item in listed] == [item["statistics"]["viewCount"] for item in batch]
    assert reason(youtube.videos().list(part="statistics", id=["a"] * 51))[0] == 400


def test_a_private_video_is_hidden_from_others(youtube, server):
    made = insert(youtube)
    other = connect(server, "youtube", "v3", "sandbox-other")

    assert other.videos().list(part="id", id=made["id"]).execute()["items"] == []
    other.close()


def test_an_update_replaces_the_part_and_a_delete_removes_the_video(youtube):
    made = insert(youtube)
    changed = youtube.videos().update(part="snippet", body={"id": made["id"], "snippet": {"title": "New title", "categoryId": "28"}}).execute()
    youtube.videos().delete(id=made["id"]).execute()

    assert (changed["snippet"]["title"], changed["snippet"]["description"], "tags" in changed["snippet"]) == ("New title", "", False)
    assert youtube.videos().list(part="id", id=made["id"]).execute()["items"] == []
    assert reason(youtube.videos().delete(id=made["id"])) == (404, "videoNotFound")


def uploads(youtube, **options):
    channel = youtube.channels().list(part="contentDetails", mine=True).execute()["items"][0]
    playlist = channel["contentDetails"]["relatedPlaylists"]["uploads"]
    return youtube.playlistItems().list(part="snippet,contentDetails,status", playlistId=playlist, **options).execute()["items"]


def test_own_uploads_are_listed_private_ones_too_and_paged(youtube, clock):
    ids = []
    for number in range(3):
        ids.append(insert(youtube, title=f"Video {number}")["id"])
        clock.pass_(minutes=1)
    channel = youtube.channels().list(part="contentDetails,snippet,statistics", mine=True).execute()["items"][0]
    playlist = channel["contentDetails"]["relatedPlaylists"]["uploads"]
    call = youtube.playlistItems().list(part="contentDetails", playlistId=playlist, maxResults=2)
    first = call.execute()
    second = youtube.playlistItems().list_next(call, first).execute()

    found = [item["contentDetails"]["videoId"] for item in first["items"] + second["items"]]
    assert found == ids[::-1]
    assert uploads(youtube)[0]["status"] == {"privacyStatus": "private"}
    assert channel["statistics"]["videoCount"] == "0"
    assert channel["id"] == f"UC{playlist[2:]}"


@pytest.mark.parametrize("resumable", [True, False])
def test_a_thumbnail_and_captions_belong_to_a_video(youtube, resumable):
    made = insert(youtube)["id"]
    image = MediaIoBaseUpload(io.BytesIO(b"\x89PNG"), "image/png", resumable=resumable)
    thumbnail = youtube.thumbnails().set(videoId=made, media_body=image).execute()
    body = {"snippet": {"videoId": made, "language": "fr", "name": "Français", "isDraft": False}}
    text = MediaIoBaseUpload(io.BytesIO(b"1\n00:00:00,000 --> 00:00:02,000\nBonjour\n"), "application/octet-stream", resumable=resumable)
    caption = youtube.captions().insert(part="snippet", body=body, media_body=text).execute()
    listed = youtube.captions().list(part="snippet", videoId=made).execute()["items"]

    assert thumbnail["items"][0]["default"]["url"].endswith(f"/vi/{made}/default.jpg")
    assert [item["id"] for item in listed] == [caption["id"]]
    assert listed[0]["snippet"]["language"] == "fr"
    assert video(youtube, made)["contentDetails"]["caption"] == "true"
    again = MediaIoBaseUpload(io.BytesIO(b"x"), "application/octet-stream", resumable=resumable)
    assert reason(youtube.captions().insert(part="snippet", body=body, media_body=again)) == (409, "captionExists")


def test_a_playlist_holds_the_videos_added(youtube):
    made = insert(youtube)["id"]
    playlist = youtube.playlists().insert(part="snippet,status", body={"snippet": {"title": "Trials"}, "status": {"privacyStatus": "public"}}).execute()
    youtube.playlistItems().insert(
        part="snippet", body={"snippet": {"playlistId": playlist["id"], "resourceId": {"kind": "youtube#video", "videoId": made}}}
    ).execute()

    items = youtube.playlistItems().list(part="contentDetails", playlistId=playlist["id"]).execute()["items"]

    assert [item["contentDetails"]["videoId"] for item in items] == [made]
    assert [one["id"] for one in youtube.playlists().list(part="id", mine=True).execute()["items"]] == [playlist["id"]]


def test_comments_are_as_many_as_counted_and_ours_is_among_them(youtube, clock):
    made = insert(youtube, privacyStatus="public")["id"]
    youtube.commentThreads().insert(
        part="snippet", body={"snippet": {"videoId": made, "topLevelComment": {"snippet": {"textOriginal": "Chapters below"}}}}
    ).execute()
    clock.pass_(days=60)

    threads = youtube.commentThreads().list(part="snippet,replies", videoId=made, order="time", maxResults=100, textFormat="plainText").execute()
    texts = [one["snippet"]["topLevelComment"]["snippet"]["textDisplay"] for one in threads["items"]]

    assert str(threads["pageInfo"]["totalResults"]) == video(youtube, made)["statistics"]["commentCount"]
    assert "Chapters below" in texts


def test_a_revoked_token_and_an_exceeded_quota_are_told_in_googles_words(youtube, server, door):
    revoked = connect(server, "youtube", "v3", "revoked-one")
    door("POST", "/_sandbox/faults", json=[{"platform": "youtube", "kind": "rate_limit"}])

    throttled = reason(youtube.channels().list(part="id", mine=True))
    door("POST", "/_sandbox/settings", json={"limits": "enforce"})
    for _ in range(100):
        insert(youtube)

    assert reason(revoked.channels().list(part="id", mine=True)) == (401, "authError")
    assert throttled == (429, "rateLimitExceeded")
    assert reason(insertion(youtube)) == (403, "quotaExceeded")
    revoked.close()


def report(analytics, **query):
    query = {"ids": "channel==MINE", "startDate": "2026-11-20", "endDate": "2027-02-28", **query}
    return analytics.reports().query(**query).execute()


def rows(analytics, **query):
    told = report(analytics, **query)
    names = [column["name"] for column in told["columnHeaders"]]
    return [dict(zip(names, row, strict=True)) for row in told.get("rows", [])]


@pytest.fixture
def aged(youtube, clock):
    """Three videos that have been public for 60 days; the ids, the most viewed first."""
    ids = [insert(youtube, title=f"Video {number}", privacyStatus="public")["id"] for number in range(3)]
    clock.pass_(days=60)
    return sorted(ids, key=lambda one: -int(video(youtube, one)["statistics"]["viewCount"]))


def test_days_of_a_video_sum_to_its_whole_and_recent_days_are_not_told(analytics, aged):
    days = rows(analytics, dimensions="day", metrics="views,estimatedMinutesWatched,likes", filters=f"video=={aged[0]}", sort="day")
    whole = rows(analytics, metrics="views,likes", filters=f"video=={aged[0]}")

    assert [sum(day[name] for day in days) for name in ("views", "likes")] == [whole[0]["views"], whole[0]["likes"]]
    assert (days[0]["day"], days[-1]["day"]) == ("2026-11-24", "2027-01-20")


def test_without_lag_a_report_agrees_with_the_public_count(analytics, youtube, door, aged):
    door("POST", "/_sandbox/settings", json={"analytics_lag_days": 0.0})

    whole = rows(analytics, metrics="views", filters=f"video=={aged[0]}")

    assert str(whole[0]["views"]) == video(youtube, aged[0])["statistics"]["viewCount"]


def test_countries_and_sources_sum_to_the_views(analytics, aged):
    whole = rows(analytics, metrics="views", filters=f"video=={aged[0]}")[0]["views"]
    countries = rows(analytics, dimensions="country", metrics="views,averageViewPercentage", filters=f"video=={aged[0]}", sort="-views")
    sources = rows(analytics, dimensions="insightTrafficSourceType", metrics="views,estimatedMinutesWatched", filters=f"video=={aged[0]}")
    sites = rows(
        analytics, dimensions="insightTrafficSourceDetail", metrics="views,estimatedMinutesWatched",
        filters=f"video=={aged[0]};insightTrafficSourceType==EXT_URL", sort="-views", maxResults=25,
    )  # fmt: skip
    outside = next(one["views"] for one in sources if one["insightTrafficSourceType"] == "EXT_URL")

    assert sum(one["views"] for one in countries) == sum(one["views"] for one in sources) == whole
    assert sum(one["views"] for one in sites) == outside
    assert countries[0]["country"] == "FR"


def test_who_watched_sums_to_a_hundred_percent_and_is_withheld_for_few_views(analytics, youtube, aged, clock):
    people = rows(analytics, dimensions="ageGroup,gender", metrics="viewerPercentage", filters=f"video=={aged[0]}")
    fresh = insert(youtube, title="Fresh", privacyStatus="public")["id"]

    assert sum(one["viewerPercentage"] for one in people) == pytest.approx(100, abs=1)
    assert {one["gender"] for one in people} == {"male", "female"}
    assert "rows" not in report(analytics, dimensions="ageGroup,gender", metrics="viewerPercentage", filters=f"video=={fresh}")


def test_retention_falls_over_a_hundred_steps(analytics, aged):
    steps = rows(
        analytics, dimensions="elapsedVideoTimeRatio", metrics="audienceWatchRatio,relativeRetentionPerformance", filters=f"video=={aged[0]}"
    )
    ratios = [one["audienceWatchRatio"] for one in steps]

    assert [one["elapsedVideoTimeRatio"] for one in steps] == [step / 100 for step in range(1, 101)]
    assert ratios == sorted(ratios, reverse=True)


def test_a_ranking_needs_its_limit_and_its_order(analytics, aged):
    ranked = rows(analytics, dimensions="video", metrics="views", sort="-views", maxResults=10)

    assert [one["video"] for one in ranked] == aged
    with pytest.raises(HttpError):
        report(analytics, dimensions="video", metrics="views")


@pytest.mark.parametrize(
    "query",
    [
        {"dimensions": "insightTrafficSourceType", "metrics": "likes"},
        {"dimensions": "ageGroup", "metrics": "views"},
        {"dimensions": "elapsedVideoTimeRatio", "metrics": "audienceWatchRatio"},
        {"dimensions": "insightTrafficSourceDetail", "metrics": "views"},
        {"dimensions": "moonPhase", "metrics": "views"},
        {"metrics": "views", "startDate": "2027-01-01", "endDate": "2026-01-01"},
        {"metrics": "views", "sort": "likes"},
        {"metrics": "views", "filters": "video=ID"},
        {"metrics": "happiness"},
    ],
)
def test_combinations_that_youtube_does_not_support_are_refused(analytics, query):
    with pytest.raises(HttpError) as caught:
        report(analytics, **query)
    assert caught.value.resp.status == 400
