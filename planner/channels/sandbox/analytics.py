"""Pretend YouTube Analytics: a channel's reports, with YouTube's rules on what may be asked together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from operator import itemgetter
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from werkzeug.wrappers import Response

from planner.channels.sandbox import numbers, posts
from planner.channels.sandbox.posts import Post
from planner.channels.sandbox.wire import Call, Routes, answer
from planner.channels.sandbox.youtube_wire import SCOPE, age_of, gate, refuse, seconds_of, trouble

__all__ = ["routes"]

routes = Routes("youtube", trouble, gate)
_PACIFIC = ZoneInfo("America/Los_Angeles")
_WATCHED = ("views", "engagedViews", "estimatedMinutesWatched", "averageViewDuration", "averageViewPercentage")
_ACTS = ("likes", "dislikes", "comments", "shares", "subscribersGained", "subscribersLost")
_FLOATS = ("averageViewPercentage", "viewerPercentage", "audienceWatchRatio", "relativeRetentionPerformance")
#: Below so many views YouTube tells nothing about who watched.
_ENOUGH = 50

_COUNTRIES = (("FR", 41), ("US", 11), ("GB", 9), ("DE", 8), ("ES", 6), ("IN", 6), ("IT", 5), ("BE", 4), ("CH", 3), ("NL", 3), ("SN", 2), ("PL", 2))
_SOURCES = (("YT_SEARCH", 24), ("EXT_URL", 22), ("RELATED_VIDEO", 17), ("SUBSCRIBER", 12), ("YT_CHANNEL", 10), ("NO_LINK_OTHER", 7),
            ("PLAYLIST", 3), ("YT_OTHER_PAGE", 3), ("NOTIFICATION", 2))  # fmt: skip
_SITES = (("linkedin.com", 36), ("Google Search", 24), ("x.com", 12), ("group.example", 11), ("reddit.com", 6), ("teams.microsoft.com", 6), ("news.example", 5))
_SERVICES = (("COPY_PASTE", 40), ("LINKEDIN", 26), ("EMAIL", 12), ("TWITTER", 10), ("WHATS_APP", 8), ("REDDIT", 4))
_DEVICES = (("DESKTOP", 61), ("MOBILE", 32), ("TABLET", 4), ("TV", 3))
_SUBSCRIBED = (("UNSUBSCRIBED", 74), ("SUBSCRIBED", 26))
_AGES = (("age18-24", 9), ("age25-34", 31), ("age35-44", 29), ("age45-54", 19), ("age55-64", 9), ("age65-", 3))
_GENDERS = (("male", 68), ("female", 32))

Weights = Sequence[tuple[str, float]]
#: Dimensions that split the views, and which numbers come with them.
_SPLITS: dict[str, tuple[Weights, tuple[str, ...]]] = {
    "country": (_COUNTRIES, (*_WATCHED, *_ACTS)),
    "deviceType": (_DEVICES, _WATCHED),
    "subscribedStatus": (_SUBSCRIBED, _WATCHED),
    "insightTrafficSourceType": (_SOURCES, ("views", "engagedViews", "estimatedMinutesWatched")),
    "insightTrafficSourceDetail": (_SITES, ("views", "engagedViews", "estimatedMinutesWatched")),
    "sharingService": (_SERVICES, ("shares",)),
}


@dataclass(frozen=True, slots=True)
class _Query:
    """One report as asked for; times half-open, already cut where YouTube knows nothing yet."""

    start: datetime
    end: datetime
    days: list[date]
    dimensions: list[str]
    metrics: list[str]
    filters: dict[str, list[str]]


@routes(
    "GET", "/v2/reports", "youtube.analytics", scopes=(SCOPE + "yt-analytics.readonly", SCOPE + "youtube", SCOPE + "youtube.readonly")
)
def reports(call: Call) -> Response:
    query = _query(call)
    with call.reading() as db:
        videos = [post for post in posts.listed(db, "youtube", call.account.id, call.now) if post.body.get("public_at") is not None]
    wanted = query.filters.get("video")
    if wanted:
        videos = [post for post in videos if post.id in wanted]
    rows = _rows(call, query, videos)
    rows = _sorted(call, query, rows)
    columns = [{"name": name, "columnType": "DIMENSION", "dataType": "FLOAT" if name == "elapsedVideoTimeRatio" else "STRING"} for name in query.dimensions]
    columns += [{"name": name, "columnType": "METRIC", "dataType": "FLOAT" if name in _FLOATS else "INTEGER"} for name in query.metrics]
    body: dict[str, Any] = {"kind": "youtubeAnalytics#resultTable", "columnHeaders": columns}
    return answer({**body, "rows": rows} if rows else body)


def _rows(call: Call, query: _Query, videos: list[Post]) -> list[list[Any]]:
    dimensions = query.dimensions
    if not dimensions:
        row = _told(query, _numbers(call, videos, query.start, query.end))
        return [row] if videos and query.days else []
    if dimensions == ["elapsedVideoTimeRatio"]:
        return _retention(call, query, videos)
    if set(dimensions) <= {"ageGroup", "gender"}:
        return _people(call, query, videos)
    if dimensions == ["video"]:
        each = ((post.id, _numbers(call, [post], query.start, query.end)) for post in videos)
        return [[video, *_told(query, told)] for video, told in each if told["views"]]
    by_day = dimensions[0] in ("day", "month")
    spans: Iterator[tuple[list[str], datetime, datetime]] = _spans(query, videos) if by_day else iter([([], query.start, query.end)])
    splits = dimensions[1:] if by_day else dimensions
    rows = []
    for label, start, end in spans:
        whole = _numbers(call, videos, start, end)
        if not splits:
            rows.append([*label, *_told(query, whole)])
            continue
        for name, part in _split(query, splits[0], videos, whole):
            rows.append([*label, name, *_told(query, part)])
    return rows


def _numbers(call: Call, videos: Sequence[Post], start: datetime, end: datetime) -> dict[str, float]:
    """Numbers of some videos over [start, end): the counts of the end minus those of the start."""
    told = dict.fromkeys((*_WATCHED, *_ACTS), 0.0)
    seconds = percent = 0.0
    end = min(end, call.now)
    for post in videos:
        fate = post.fate(call.seed)
        public = datetime.fromtimestamp(post.body["public_at"], start.tzinfo)
        first = age_of(call, post, start) if start > public else timedelta()
        last = age_of(call, post, end) if end > public else timedelta()
        views = fate.views(last) - fate.views(first)
        kept = _kept(post)
        told["views"] += views
        told["engagedViews"] += int(views * 0.82)
        for metric, name in (("likes", "likes"), ("comments", "comments"), ("shares", "shares"), ("subscribersGained", "subscribers")):
            told[metric] += fate.count(name, last) - fate.count(name, first)
        seconds += views * kept * seconds_of(post)
        percent += views * kept * 100
    told["subscribersLost"] = int(told["subscribersGained"] * 0.2)
    told["estimatedMinutesWatched"] = int(seconds / 60)
    if told["views"]:
        told["averageViewDuration"] = int(seconds / told["views"])
        told["averageViewPercentage"] = round(percent / told["views"], 2)
    return told


def _split(query: _Query, dimension: str, videos: Sequence[Post], whole: dict[str, float]) -> Iterator[tuple[str, dict[str, float]]]:
    """Divide numbers among the values of a dimension; the parts of each count sum to it."""
    weights, _ = _SPLITS[dimension]
    key = ",".join(sorted(post.id for post in videos)) if len(videos) < 3 else "channel"
    tilted = [weight * (0.5 + numbers.fraction(key, dimension, name)) for name, weight in weights]
    if dimension == "insightTrafficSourceDetail":
        outside = dict(_split(query, "insightTrafficSourceType", videos, whole))
        whole = outside.get(query.filters["insightTrafficSourceType"][0], dict.fromkeys(whole, 0))
    parts = {name: numbers.shares_of(int(value), tilted) for name, value in whole.items() if not name.startswith("average")}
    for index, (name, _) in enumerate(weights):
        told: dict[str, float] = {metric: split[index] for metric, split in parts.items()}
        told |= {metric: whole[metric] for metric in ("averageViewDuration", "averageViewPercentage")}
        if told["shares" if dimension == "sharingService" else "views"]:
            yield name, told


def _people(call: Call, query: _Query, videos: list[Post]) -> list[list[Any]]:
    """Who watched, in percent; nothing when too few did."""
    views = _numbers(call, videos, query.start, query.end)["views"]
    if views < _ENOUGH:
        return []
    key = videos[0].id if len(videos) == 1 else "channel"
    cells = {(age, gender): a * g * (0.6 + 0.8 * numbers.fraction(key, age, gender)) for age, a in _AGES for gender, g in _GENDERS}
    total = sum(cells.values())
    grouped: dict[tuple[str, ...], float] = {}
    for (age, gender), weight in cells.items():
        label = tuple({"ageGroup": age, "gender": gender}[name] for name in query.dimensions)
        grouped[label] = grouped.get(label, 0.0) + 100 * weight / total
    return [[*label, round(percent, 1)] for label, percent in grouped.items()]


def _retention(call: Call, query: _Query, videos: list[Post]) -> list[list[Any]]:
    """How many still watch at each hundredth of one video."""
    if not videos or _numbers(call, videos, query.start, query.end)["views"] < _ENOUGH:
        return []
    post = videos[0]
    kept, middle = _kept(post), 0.3 + 0.4 * numbers.fraction("relative", post.id)
    rows = []
    for step in range(1, 101):
        ratio = step / 100
        # Falls from a little above one, steeply at first, so that its mean is about the average part viewed.
        still = 1.08 * (1 - ratio) ** 3 * (1 - kept) + kept * (1.15 - 0.3 * ratio)
        told = {"audienceWatchRatio": round(still, 4), "relativeRetentionPerformance": round(middle + 0.08 * numbers.fraction(post.id, step), 4)}
        rows.append([ratio, *(told[name] for name in query.metrics)])
    return rows


def _kept(post: Post) -> float:
    """The part of a video that an average viewer watches; shorter ones are watched further."""
    return max(0.18, min(0.75, 0.62 - 0.0006 * seconds_of(post) + 0.12 * numbers.normal("kept", post.id)))


def _told(query: _Query, values: dict[str, float]) -> list[Any]:
    return [values[name] if name in _FLOATS else int(values[name]) for name in query.metrics]


def _spans(query: _Query, videos: Sequence[Post]) -> Iterator[tuple[list[str], datetime, datetime]]:
    """Each day or month of the report, from the first publication on."""
    born = min((datetime.fromtimestamp(post.body["public_at"], _PACIFIC).date() for post in videos), default=None)
    if born is None:
        return
    if query.dimensions[0] == "day":
        for day in query.days:
            if day >= born:
                yield [day.isoformat()], _midnight(day), _midnight(day + timedelta(days=1))
        return
    for month in sorted({(day.year, day.month) for day in query.days}):
        days = [day for day in query.days if (day.year, day.month) == month]
        yield [f"{month[0]}-{month[1]:02d}"], _midnight(days[0]), _midnight(days[-1] + timedelta(days=1))


def _query(call: Call) -> _Query:
    if call.query("ids") not in ("channel==MINE", f"channel=={call.account.id}"):
        _unsupported("The ids parameter must be channel==MINE or your own channel.", code=403)
    first, last = (_day(call.query(name), name) for name in ("startDate", "endDate"))
    if first > last:
        _unsupported("The end date is before the start date.")
    lag = timedelta(days=float(call.settings["analytics_lag_days"])) / call.line.speed
    known = (call.now - lag).astimezone(_PACIFIC)
    # A day is told once it is over. With no lag at all, today is told as far as it has gone.
    last = min(last, known.date() if not lag else known.date() - timedelta(days=1))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    query = _Query(
        start=_midnight(first),
        end=_midnight(max(last + timedelta(days=1), first)),
        days=days,
        dimensions=[one for one in call.query("dimensions").split(",") if one],
        metrics=[one for one in call.query("metrics").split(",") if one],
        filters=_filters(call.query("filters")),
    )
    _check(call, query)
    return query


def _check(call: Call, query: _Query) -> None:
    """YouTube's rules on dimensions, metrics and filters; anything else is not supported."""
    dimensions, metrics = query.dimensions, set(query.metrics)
    most, by = call.query("maxResults"), call.query("sort")
    one_video = len(query.filters.get("video", [])) == 1
    core = dimensions[0] if dimensions else ""
    allowed: tuple[str, ...]
    extra_ok = len(dimensions) <= 1
    match core:
        case "" | "day" | "month" | "video":
            allowed = (*_WATCHED, *_ACTS)
            if core in ("day", "month") and len(dimensions) == 2 and dimensions[1] in _SPLITS and dimensions[1] != "insightTrafficSourceDetail":
                allowed, extra_ok = _SPLITS[dimensions[1]][1], True
        case "ageGroup" | "gender":
            allowed, extra_ok = ("viewerPercentage",), set(dimensions) <= {"ageGroup", "gender"}
        case "elapsedVideoTimeRatio":
            allowed, extra_ok = ("audienceWatchRatio", "relativeRetentionPerformance"), extra_ok and one_video
        case _ if core in _SPLITS:
            allowed = _SPLITS[core][1]
        case _:
            _unsupported(f"Unknown identifier ({core}) given in field parameters.dimensions.")
    if not metrics or not metrics <= set(allowed) or not extra_ok:
        _unsupported("The query is not supported. Check the documentation for supported queries.")
    if core == "video" and (not most.isdigit() or not 1 <= int(most) <= 200 or not by.startswith("-") or "video" in query.filters):
        _unsupported("A ranking of videos needs sort by a metric, descending, and maxResults of at most 200, without a video filter.")
    detailed = query.filters.get("insightTrafficSourceType") and most.isdigit() and int(most) <= 25 and by == "-views"
    if core == "insightTrafficSourceDetail" and not detailed:
        _unsupported("Traffic details need a source type, sort=-views and maxResults of at most 25.")


def _filters(raw: str) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for part in raw.split(";") if raw else []:
        found = re.fullmatch(r"(video|insightTrafficSourceType|country|subscribedStatus|channel)==([^;]+)", part)
        if not found:
            _unsupported(f"Unknown filter {part[:60]}.")
        told[found[1]] = found[2].split(",")
    return told


def _sorted(call: Call, query: _Query, rows: list[list[Any]]) -> list[list[Any]]:
    names = [*query.dimensions, *query.metrics]
    for key in reversed([one for one in call.query("sort").split(",") if one]):
        name = key.lstrip("-")
        if name not in names:
            _unsupported(f"Cannot sort by {name[:40]}: it is not in the report.")
        rows.sort(key=itemgetter(names.index(name)), reverse=key.startswith("-"))
    most = call.query("maxResults")
    start = call.query("startIndex", "1")
    first = int(start) - 1 if start.isdigit() and int(start) else 0
    return rows[first : first + int(most)] if most.isdigit() and int(most) else rows[first:]


def _day(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        _unsupported(f"Invalid value '{text[:20]}' for {name}. Values must match YYYY-MM-DD.")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), _PACIFIC)


def _unsupported(message: str, code: int = 400) -> NoReturn:
    refuse(code, "badRequest" if code == 400 else "forbidden", message, "global")
