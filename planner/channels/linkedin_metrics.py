"""What LinkedIn tells about the page's posts and its followers.

Statistics are organic only and reach back twelve months. Inside them LinkedIn leaves out a post that had no
statistics at all, which means zero; to tell such a post from a deleted or an old one, the posts themselves are asked.
Source: learn.microsoft.com, LinkedIn marketing, organization share and follower statistics.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from planner.channels.details import FollowerGain
from planner.channels.linkedin_rest import Rest, encoded, objects, urn_list
from planner.channels.port import AudienceCount, Reading, Readings
from planner.channels.wire import Stopped, inside

__all__ = ["BATCH", "audience", "gains", "moment", "readings"]

#: LinkedIn documents no limit for a list of posts; this keeps the address well under 8 kB.
BATCH = 50

REGIME = "li-organic"
_TOLD_FOR = timedelta(days=365)
#: Gains of followers are told from twelve months ago to two days ago.
_GAINS_LAG = timedelta(days=2)
_DAY = timedelta(days=1)
#: Parameter and answer field by what a post's URN begins with.
_KINDS = {"urn:li:share:": ("shares", "share"), "urn:li:ugcPost:": ("ugcPosts", "ugcPost")}
_COUNTS = {
    "impressions": "impressionCount",
    "reach": "uniqueImpressionsCount",
    "clicks": "clickCount",
    "likes": "likeCount",
    "comments": "commentCount",
    "shares": "shareCount",
}
#: Follower breakdowns: LinkedIn's list, the member that names the slice, our dimension.
_BREAKDOWNS = (
    ("followerCountsBySeniority", "seniority", "seniority"),
    ("followerCountsByFunction", "function", "function"),
    ("followerCountsByIndustry", "industry", "industry"),
    ("followerCountsByGeoCountry", "geo", "country"),
    ("followerCountsByGeo", "geo", "region"),
    ("followerCountsByStaffCountRange", "staffCountRange", "staff_count"),
)
#: The same of views of the page by its visitors.
_VISITS = (
    ("pageStatisticsBySeniority", "seniority", "visits_seniority"),
    ("pageStatisticsByFunction", "function", "visits_function"),
    ("pageStatisticsByIndustryV2", "industryV2", "visits_industry"),
    ("pageStatisticsByGeoCountry", "geo", "visits_country"),
)


def readings(rest: Rest, external_ids: Sequence[str], now: datetime) -> Readings:
    """Counts of at most 50 posts. An id that is neither a share nor a ugcPost is neither told nor gone. Raises Stopped."""
    told: dict[str, Reading] = {}
    for begins, (parameter, member) in _KINDS.items():
        urns = [urn for urn in external_ids if urn.startswith(begins)]
        if urns:
            told |= _statistics(rest, parameter, member, urns)
    silent = [urn for urn in external_ids if urn not in told and urn.startswith(tuple(_KINDS))]
    young, gone = _without_statistics(rest, silent, now) if silent else ([], [])
    told |= {urn: _reading(urn, dict.fromkeys(_COUNTS.values(), 0)) for urn in young}
    return Readings(told=[told[urn] for urn in external_ids if urn in told], gone=gone)


def count_again(urn: str, raw: Mapping[str, Any], _at: datetime) -> Reading:
    """The reading that a post's fields are."""
    return _reading(urn, raw["totalShareStatistics"], raw)


def audience(rest: Rest, now: datetime) -> list[AudienceCount] | None:
    """Followers of the page, in all and by what LinkedIn knows of them, and views of the page by visitors likewise (dimensions
    `visits_…`); keys are LinkedIn's URNs and ranges. All of the page: LinkedIn tells nothing about who saw one post.

    In `organicFollowerCount` LinkedIn rolls up organic and paid followers; its `paidFollowerCount` says nothing here. None when LinkedIn
    tells none of it.
    """
    counts = _total(rest, now) + _breakdowns(rest, now) + _visitors(rest, now)
    return counts or None


def gains(rest: Rest, since: date, now: datetime) -> list[FollowerGain] | None:
    """Followers gained a UTC day from `since` (never more than twelve months ago) to two days ago, organic and paid apart: of the page.

    Gains are net, so a day may be below zero. A day that LinkedIn leaves out is not told. None when it tells none of it.
    """
    first, end = max(since, (now - _TOLD_FOR).date() + _DAY), (now - _GAINS_LAG).date() + _DAY
    if first >= end:
        return []
    path = (
        f"organizationalEntityFollowerStatistics?q=organizationalEntity&organizationalEntity={encoded(rest.owner)}"
        f"&timeIntervals=(timeRange:(start:{_midnight(first)},end:{_midnight(end)}),timeGranularityType:DAY)"
    )
    try:
        elements, _ = rest.find(path)
    except Stopped:
        return None
    found = []
    for element in elements:
        at, told = moment(inside(element, "timeRange", "start")), element.get("followerGains")
        if at is not None and isinstance(told, dict):
            found.append(FollowerGain(at.date(), _whole(told.get("organicFollowerGain")), _whole(told.get("paidFollowerGain")), element))
    return found


def moment(told: Any) -> datetime | None:
    """A LinkedIn time (milliseconds since 1970) as a moment; None when it is not one."""
    try:
        return datetime.fromtimestamp(int(told) / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _statistics(rest: Rest, parameter: str, member: str, urns: Iterable[str]) -> dict[str, Reading]:
    path = (
        "organizationalEntityShareStatistics?q=organizationalEntity"
        f"&organizationalEntity={encoded(rest.owner)}&{parameter}={urn_list(urns)}"
    )
    elements, _ = rest.find(path)
    found = {str(element.get(member)): element.get("totalShareStatistics") for element in elements}
    return {urn: _reading(urn, totals, {"totalShareStatistics": totals}) for urn, totals in found.items() if isinstance(totals, dict)}


def _without_statistics(rest: Rest, urns: Sequence[str], now: datetime) -> tuple[list[str], list[str]]:
    """Of posts that LinkedIn tells no statistics of: those young enough that this means zero, and those deleted."""
    told = rest.yes(rest.get(f"posts?ids={urn_list(urns)}", method="BATCH_GET")).json_object()
    young = []
    for urn in urns:
        at = moment(inside(told, "results", urn, "publishedAt") or inside(told, "results", urn, "createdAt"))
        if at is not None and now - at < _TOLD_FOR:
            young.append(urn)
    return young, [urn for urn in urns if inside(told, "errors", urn, "status") == 404]


def _reading(urn: str, totals: Mapping[str, Any], raw: Mapping[str, Any] | None = None) -> Reading:
    counts = {ours: _count(totals.get(theirs)) for ours, theirs in _COUNTS.items()}
    parts = [counts[name] for name in ("clicks", "likes", "comments", "shares")]
    engagements = None if None in parts else sum(part for part in parts if part is not None)
    return Reading(external_id=urn, engagements=engagements, regime=REGIME, raw=raw, **counts)


def _total(rest: Rest, now: datetime) -> list[AudienceCount]:
    path = f"networkSizes/{encoded(rest.owner)}?edgeType=COMPANY_FOLLOWED_BY_MEMBER"
    try:
        count = _count(rest.yes(rest.get(path)).json_object().get("firstDegreeSize"))
    except Stopped:
        return []
    return [] if count is None else [AudienceCount("followers", "total", count, now.date())]


def _breakdowns(rest: Rest, now: datetime) -> list[AudienceCount]:
    owner = encoded(rest.owner)
    path = f"organizationalEntityFollowerStatistics?q=organizationalEntity&organizationalEntity={owner}"
    try:
        elements, _ = rest.find(path)
    except Stopped:
        return []
    slices = []
    for element in elements[:1]:
        for name, member, dimension in _BREAKDOWNS:
            for entry in objects(element.get(name)):
                count = _count(inside(entry, "followerCounts", "organicFollowerCount"))
                if count is not None and entry.get(member):
                    slices.append(AudienceCount(dimension, str(entry[member]), count, now.date()))
    return slices


def _visitors(rest: Rest, now: datetime) -> list[AudienceCount]:
    """Views of the page since it exists, by what LinkedIn knows of who looked."""
    path = f"organizationPageStatistics?q=organization&organization={encoded(rest.owner)}"
    try:
        elements, _ = rest.find(path)
    except Stopped:
        return []
    slices = []
    for element in elements[:1]:
        for name, member, dimension in _VISITS:
            for entry in objects(element.get(name)):
                count = _count(inside(entry, "pageStatistics", "views", "allPageViews", "pageViews"))
                if count is not None and entry.get(member):
                    slices.append(AudienceCount(dimension, str(entry[member]), count, now.date()))
    return slices


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp() * 1000)


def _whole(told: Any) -> int | None:
    return told if isinstance(told, int) and not isinstance(told, bool) else None


def _count(told: Any) -> int | None:
    """A count, None when not told. Likes may be told as less than zero (an unlike of a sponsored copy): none."""
    return max(told, 0) if isinstance(told, int) and not isinstance(told, bool) else None
