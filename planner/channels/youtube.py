"""YouTube through Google's own client library: upload, find again, read numbers, delete."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from planner.channels import limits, preflight
from planner.channels.details import Report
from planner.channels.port import (
    Account,
    AudienceCount,
    Keep,
    Limits,
    Listing,
    Media,
    MediaKind,
    NativePost,
    Outcome,
    OutgoingPost,
    OwnPosts,
    Platform,
    PostKind,
    Readings,
    Receipt,
    Refused,
    RetryLater,
    Sent,
)
from planner.channels.wire import inside, nothing_live
from planner.channels.youtube_client import (
    FAILURES,
    NO_TOKEN,
    Connection,
    GarbledError,
    answer,
    connected,
    is_connected,
    items,
    service,
    verdict,
)
from planner.channels.youtube_metrics import BATCH, audience, readings
from planner.channels.youtube_reports import QUERIES, report
from planner.channels.youtube_upload import (
    MARK,
    Pace,
    Uploaded,
    ask_session,
    extras,
    marker,
    metadata,
    rewritten,
    send_video,
)
from planner.core.clock import utc_now

__all__ = ["YouTubeAdapter"]

#: Pages of 50 uploads looked through before a search calls itself incomplete.
_PAGES = 10
#: A session's address lives about a week; looking for what it made goes back well beyond that.
_LOOK_BACK = timedelta(days=30)
#: Uploads that never became a video people can watch.
_NEVER_LIVE = ("deleted", "failed", "rejected")


class _IncompleteError(GarbledError):
    """The channel's uploads could not be looked through to the end."""


class YouTubeAdapter:
    """One YouTube channel's publisher and metrics. Keeps nothing between calls but the description of the API."""

    limits: Limits = limits.YOUTUBE
    batch = BATCH
    reports: Sequence[str] = tuple(QUERIES)

    def __init__(
        self,
        api_url: str,
        analytics_url: str,
        *,
        timeout_seconds: float,
        chunk_bytes: int = 8 * 1024 * 1024,
        tries: int = 3,
        wait: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._youtube = service("youtube", "v3", api_url)
        self._analytics = service("youtubeAnalytics", "v2", analytics_url)
        self._timeout_seconds = timeout_seconds
        self._pace = Pace(chunk_bytes, tries, wait)
        self._now = now

    def publish(self, post: OutgoingPost, account: Account, *, keep: Keep) -> Outcome:
        """Upload the post's video; a kept session is continued. Extras that fail are a note, not a failure."""
        refused = _complaint(post, account, self.limits)
        if refused is not None:
            return refused
        now = self._now()
        with connected(account, self._timeout_seconds) as connection:
            video = self._upload(connection, post, keep, now)
            if not isinstance(video, Uploaded):
                return video
            missing = extras(self._youtube, connection, post, str(video.video["id"]), now)
            notes = [_privacy_note(video.video, post, now), *(sentence for _name, sentence in missing)]
            return Sent(_receipt(video.video), " ".join(filter(None, notes)), undone=_names(missing))

    def _upload(self, connection: Connection, post: OutgoingPost, keep: Keep, now: datetime) -> Uploaded | Outcome:
        """The post's video on YouTube: finished earlier, continued, or sent from its first byte."""
        file, session = _video_of(post), None
        assert file is not None  # _complaint saw to it
        if post.resume:
            try:
                session = ask_session(connection, post.resume, file.size)
                if session.forgotten:
                    earlier = self._marked(connection, post, now - _LOOK_BACK)
                    if earlier:
                        return Uploaded(earlier[0])
                    session = None
            except FAILURES as error:
                return verdict(error, now=now)
        return send_video(self._youtube, connection, post, file, keep=keep, pace=self._pace, now=now, session=session)

    def find(self, post: OutgoingPost, since: datetime, account: Account) -> Listing:
        """Ask the kept session first, then look for our tag among the channel's uploads since then."""
        if not is_connected(account):
            return Listing((), False, NO_TOKEN.reason)
        file = _video_of(post)
        with connected(account, self._timeout_seconds) as connection:
            try:
                if post.resume and file is not None:
                    session = ask_session(connection, post.resume, file.size)
                    if session.video is not None:
                        return Listing((_receipt(session.video),), True)
                return Listing([_receipt(video) for video in self._marked(connection, post, since)], True)
            except FAILURES as error:
                return Listing((), False, verdict(error, now=self._now()).reason)

    def recent(self, since: datetime, account: Account) -> OwnPosts:
        """Videos uploaded since then that everybody can watch by now, ours and others'."""
        if not is_connected(account):
            return OwnPosts(complete=False, failed=NO_TOKEN)
        found: list[NativePost] = []
        with connected(account, self._timeout_seconds) as connection:
            try:
                found.extend(_native(video) for video in self._uploads(connection, since) if _is_out(video))
            except FAILURES as error:
                return OwnPosts(found, complete=False, failed=nothing_live(verdict(error, now=self._now())))
        return OwnPosts(found)

    def edit(self, post: OutgoingPost, external_id: str, account: Account) -> Outcome:
        """Change title, description and tags. What YouTube says of the video is read first, since it takes the snippet whole."""
        if not is_connected(account):
            return NO_TOKEN
        with connected(account, self._timeout_seconds) as connection:
            try:
                found = items(answer(self._youtube.videos().list(part="snippet", id=external_id), connection))
                if not found:
                    return Refused("not_found", "YouTube has no such video any more.")
                snippet = found[0].get("snippet")
                body = {"id": external_id, "snippet": rewritten(snippet if isinstance(snippet, dict) else {}, post)}
                answer(self._youtube.videos().update(part="snippet", body=body), connection)
            except FAILURES as error:
                return verdict(error, now=self._now())
        return Sent(Receipt(external_id, _url(external_id)))

    def finish(self, post: OutgoingPost, external_id: str, steps: Sequence[str], account: Account) -> Outcome:
        """Thumbnail, captions and playlist again, those named; the video itself is not touched."""
        if not is_connected(account):
            return NO_TOKEN
        with connected(account, self._timeout_seconds) as connection:
            missing = extras(self._youtube, connection, post, external_id, self._now(), only=steps)
        return Sent(Receipt(external_id, _url(external_id)), " ".join(sentence for _name, sentence in missing), undone=_names(missing))

    def delete(self, external_id: str, account: Account) -> Outcome:
        """Take the video off YouTube; one that is already gone counts as taken off."""
        if not is_connected(account):
            return NO_TOKEN
        gone = Sent(Receipt(external_id, _url(external_id)))
        with connected(account, self._timeout_seconds) as connection:
            try:
                self._youtube.videos().delete(id=external_id).execute(http=connection)
            except FAILURES as error:
                outcome = verdict(error, now=self._now())
                return gone if isinstance(outcome, Refused) and outcome.code == "not_found" else outcome
        return gone

    def readings(self, external_ids: Sequence[str], account: Account) -> Readings:
        """Counts of up to 50 videos."""
        if len(external_ids) > self.batch:
            raise ValueError(f"YouTube is asked for at most {self.batch} videos a call, not {len(external_ids)}")
        if not is_connected(account):
            return Readings(failed=NO_TOKEN)
        if not external_ids:
            return Readings()
        with connected(account, self._timeout_seconds) as connection:
            return readings(self._youtube, connection, list(dict.fromkeys(external_ids)), self._now())

    def audience(self, account: Account) -> Sequence[AudienceCount] | None:
        """Subscribers and views by country; None when YouTube tells neither."""
        if not is_connected(account):
            return None
        with connected(account, self._timeout_seconds) as connection:
            return audience(self._youtube, self._analytics, connection, self._now())

    def report(self, name: str, external_id: str, since: date, account: Account) -> Report | Refused | RetryLater:
        """One of Analytics' tables about a video, from the day (of California) on which it came out."""
        if not is_connected(account):
            return NO_TOKEN
        with connected(account, self._timeout_seconds) as connection:
            return report(self._analytics, connection, name, external_id, since, self._now())

    def _marked(self, connection: Connection, post: OutgoingPost, since: datetime) -> list[Mapping[str, Any]]:
        """Uploads since then that carry the post's tag. Raises one of FAILURES."""
        tag = marker(post)
        return [video for video in self._uploads(connection, since) if tag in _tags(video)]

    def _uploads(self, connection: Connection, since: datetime) -> Iterator[Mapping[str, Any]]:
        """The channel's own uploads since then, newest first, private ones included. Two units of quota a page."""
        channels = items(answer(self._youtube.channels().list(part="contentDetails", mine=True), connection))
        playlist = inside(channels[0], "contentDetails", "relatedPlaylists", "uploads") if channels else None
        if not isinstance(playlist, str):
            raise _IncompleteError("YouTube did not say where this channel's uploads are.")
        listed = self._youtube.playlistItems().list(part="snippet,contentDetails", playlistId=playlist, maxResults=50)
        for _ in range(_PAGES):
            told = answer(listed, connection)
            page = [item for item in items(told) if (_moment(item) or since) >= since]
            ids = [str(inside(item, "contentDetails", "videoId") or "") for item in page]
            if any(ids):
                wanted = ",".join(filter(None, ids))
                request = self._youtube.videos().list(part="snippet,status", id=wanted, maxResults=50)
                for video in items(answer(request, connection)):
                    if isinstance(video.get("id"), str) and inside(video, "status", "uploadStatus") not in _NEVER_LIVE:
                        yield video
            listed = self._youtube.playlistItems().list_next(listed, told)
            if listed is None or (items(told) and not page):
                return
        raise _IncompleteError(f"The channel has more than {_PAGES * 50} uploads since then.")


def _complaint(post: OutgoingPost, account: Account, taken: Limits) -> Refused | None:
    """What is wrong with the post before YouTube is asked at all."""
    if not is_connected(account):
        return NO_TOKEN
    file = _video_of(post)
    if file is None:
        return Refused("media", "YouTube needs a video file; what is already on YouTube cannot be published again.")
    for each in post.media:
        path = Path(each.path)
        if not path.is_file() or path.stat().st_size == 0:
            return Refused("media", f"The file “{each.name or path.name}” is missing or empty.")
    return preflight.complaint(Platform.YOUTUBE, taken, post)


def _names(missing: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name, _sentence in missing))


def _video_of(post: OutgoingPost) -> Media | None:
    return next((file for file in post.media if file.kind is MediaKind.VIDEO), None)


def _privacy_note(video: Mapping[str, Any], post: OutgoingPost, now: datetime) -> str:
    """YouTube may keep a video private on its own (an unverified project): the person has to know."""
    asked, told = metadata(post, now)["status"]["privacyStatus"], inside(video, "status", "privacyStatus")
    if told == "private" and asked == "public" and not inside(video, "status", "publishAt"):
        return "YouTube keeps this video private; make it public in YouTube Studio."
    return ""


def _receipt(video: Mapping[str, Any]) -> Receipt:
    """The video's number, address and moment; a private one appears at its `publishAt`."""
    at = _time(inside(video, "status", "publishAt")) or _time(inside(video, "snippet", "publishedAt"))
    return Receipt(str(video["id"]), _url(str(video["id"])), at)


def _tags(video: Mapping[str, Any]) -> list[Any]:
    told = inside(video, "snippet", "tags")
    return told if isinstance(told, list) else []


def _is_out(video: Mapping[str, Any]) -> bool:
    """Whether everybody can watch it: not private, unlisted or waiting for its moment, and no announced première."""
    public = inside(video, "status", "privacyStatus") == "public"
    return public and bool(inside(video, "snippet", "liveBroadcastContent") != "upcoming")


def _native(video: Mapping[str, Any]) -> NativePost:
    title, description = inside(video, "snippet", "title"), inside(video, "snippet", "description")
    mark = next((tag.removeprefix(MARK) for tag in _tags(video) if isinstance(tag, str) and tag.startswith(MARK)), "")
    return NativePost(_receipt(video), str(description or ""), title=str(title or ""), kind=PostKind.VIDEO, mark=mark)


def _url(video_id: str) -> str:
    return f"https://www.youtube.com/watch?v={video_id}"


def _moment(item: Mapping[str, Any]) -> datetime | None:
    """When a playlist item was added, which for the uploads playlist is when the video was."""
    return _time(inside(item, "snippet", "publishedAt"))


def _time(told: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(told)).astimezone(UTC) if told else None
    except ValueError:
        return None
