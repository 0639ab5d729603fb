"""Pretend LinkedIn: statistics of posts, page and followers, and who may act for which page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from werkzeug.wrappers import Response

from planner.channels.sandbox import accounts, numbers, posts, things
from planner.channels.sandbox.accounts import Account, member
from planner.channels.sandbox.linkedin_wire import gate, identifiers, millis, organization, page_of, refuse, trouble
from planner.channels.sandbox.posts import Post
from planner.channels.sandbox.state import moment
from planner.channels.sandbox.wire import Call, Routes, answer

__all__ = ["followers_by", "routes", "statistics_of"]

routes = Routes("linkedin", trouble, gate)

_ADMIN = ("rw_organization_admin", "r_organization_admin")
_YEAR = timedelta(days=365)
_GAINS_LAG = timedelta(days=1)
#: Rest.li's record of a span and its steps. The order of a record's members means nothing; LinkedIn's pages and its library write another.
_RANGE = r"timeRange:\((?:start:(?P<{0}s>\d+),end:(?P<{0}e>\d+)|end:(?P<{0}e2>\d+),start:(?P<{0}s2>\d+))\)"
_INTERVALS = re.compile(
    rf"\((?:{_RANGE.format('a')},timeGranularityType:(?P<ag>DAY|MONTH)|timeGranularityType:(?P<bg>DAY|MONTH),{_RANGE.format('b')})\)"
)

#: How followers of a business page split: (number in LinkedIn's tables, weight).
_SLICES: dict[str, tuple[str, str, tuple[tuple[str, float], ...]]] = {
    "followerCountsBySeniority": ("seniority", "urn:li:seniority:", (
        ("1", 2), ("2", 3), ("3", 16), ("4", 31), ("5", 17), ("6", 12), ("7", 4), ("8", 7), ("9", 4), ("10", 3))),
    "followerCountsByFunction": ("function", "urn:li:function:", (
        ("8", 24), ("13", 17), ("25", 11), ("4", 10), ("18", 8), ("15", 7), ("19", 6), ("20", 5), ("16", 4), ("9", 3), ("12", 3))),
    "followerCountsByIndustry": ("industry", "urn:li:industry:", (
        ("8", 29), ("96", 18), ("4", 11), ("119", 9), ("43", 6), ("135", 5), ("147", 4), ("11", 4), ("75", 3), ("80", 2))),
    "followerCountsByGeoCountry": ("geo", "urn:li:geo:", (
        ("105015875", 41), ("103644278", 11), ("101165590", 9), ("101282230", 8), ("105646813", 6), ("102713980", 6),
        ("103350119", 5), ("100565514", 4), ("106693272", 3), ("102890719", 3))),
    "followerCountsByGeo": ("geo", "urn:li:geo:", (
        ("104246759", 24), ("90009659", 6), ("90009496", 7), ("106383538", 4), ("100025096", 3), ("102571732", 4))),
    "followerCountsByStaffCountRange": ("staffCountRange", "", (
        ("SIZE_1", 3), ("SIZE_2_TO_10", 9), ("SIZE_11_TO_50", 11), ("SIZE_51_TO_200", 13), ("SIZE_201_TO_500", 9),
        ("SIZE_501_TO_1000", 8), ("SIZE_1001_TO_5000", 15), ("SIZE_5001_TO_10000", 7), ("SIZE_10001_OR_MORE", 25))),
    "followerCountsByAssociationType": ("associationType", "", (("EMPLOYEE", 8),)),
}  # fmt: skip
#: Slices of a page's visitors: the name, the member of the followers' slice, the member here.
_VISITORS = (("Seniority", "seniority", "seniority"), ("Function", "function", "function"), ("IndustryV2", "industry", "industryV2"), ("GeoCountry", "geo", "geo"))
#: Part of all followers that LinkedIn can put into a slice.
_KNOWN = 0.93


@routes("GET", "/rest/organizationalEntityShareStatistics", "linkedin.statistics", scopes=_ADMIN)
def share_statistics(call: Call) -> Response:
    owner = _entity(call, "organizationalEntity")
    wanted = {"share": identifiers(call, "shares"), "ugcPost": identifiers(call, "ugcPosts")}
    for kind, urns in wanted.items():
        if any(not urn.startswith(f"urn:li:{kind}:") for urn in urns):
            refuse(400, f"Invalid query parameters passed to request: not a {kind} URN", "ILLEGAL_ARGUMENT")
    asked = [*wanted["share"], *wanted["ugcPost"]]
    with call.reading() as db:
        found = posts.find_all(db, "linkedin", asked, call.now) if asked else {}
        everything = [] if asked else posts.listed(db, "linkedin", owner.id, call.now)
        own_comments = {urn: len(things.children(db, "linkedin", "comment", urn)) for urn in found}
    elements: list[dict[str, Any]] = []
    for start, end in _intervals(call):
        span = {} if start is None else {"timeRange": {"start": millis(start), "end": millis(end)}}
        base = {"organizationalEntity": owner.id, **span}
        if not asked:
            elements.append({**base, "totalShareStatistics": _sum(call, everything, start, end)})
            continue
        for urn, post in found.items():
            numbers_told = statistics_of(call, post, start, end, own_comments[urn])
            # A post that nobody saw, or older than a year, is left out: absent means zeros.
            if post.account == owner.id and numbers_told["impressionCount"]:
                elements.append({**base, urn.split(":")[2]: urn, "totalShareStatistics": numbers_told})
    return answer({"paging": {"start": 0, "count": len(elements), "links": []}, "elements": elements})


@routes("GET", "/rest/organizationalEntityFollowerStatistics", "linkedin.followers", scopes=_ADMIN)
def follower_statistics(call: Call) -> Response:
    owner = _entity(call, "organizationalEntity")
    if "timeIntervals" not in call.request.args:
        return answer({"paging": {"start": 0, "count": 1, "links": []}, "elements": [followers_by(call, owner)]})
    elements = []
    for start, end in _intervals(call):
        assert start is not None
        if end > call.now - _GAINS_LAG:  # Newer days are not told yet: left out, not zero.
            break
        gained = owner.audience(call.line.at(end)) - owner.audience(call.line.at(start))
        paid = _paid(owner, start, gained)
        elements.append({
            "organizationalEntity": owner.id,
            "timeRange": {"start": millis(start), "end": millis(end)},
            "followerGains": {"organicFollowerGain": gained - paid, "paidFollowerGain": paid},
        })  # fmt: skip
    return answer({"paging": {"start": 0, "count": len(elements), "links": []}, "elements": elements})


@routes("GET", "/rest/organizationPageStatistics", "linkedin.page", scopes=_ADMIN)
def page_statistics(call: Call) -> Response:
    owner = _entity(call, "organization")
    total = int(owner.audience(call.line.at(call.now)) * 1.7)
    views = {"allPageViews": {"pageViews": total}, "overviewPageViews": {"pageViews": total * 6 // 10}}
    element: dict[str, Any] = {"organization": owner.id, "totalPageStatistics": {"views": views}}
    followers = followers_by(call, owner)
    for slice_, member_name, name in _VISITORS:
        element[f"pageStatisticsBy{slice_}"] = [
            {name: one[member_name], "pageStatistics": {"views": {"allPageViews": {"pageViews": one["followerCounts"]["organicFollowerCount"] * 2}}}}
            for one in followers[f"followerCountsBy{slice_.removesuffix('V2')}"]
        ]
    return answer({"paging": {"start": 0, "count": 1, "links": []}, "elements": [element]})


@routes("GET", "/rest/networkSizes/<urn>", "linkedin.network")
def network_size(call: Call) -> Response:
    if call.query("edgeType") != "COMPANY_FOLLOWED_BY_MEMBER":
        refuse(400, "Unknown edgeType", "ILLEGAL_ARGUMENT")
    owner = organization(call, call.args["urn"])
    return answer({"firstDegreeSize": owner.audience(call.line.at(call.now))})


@routes("GET", "/rest/organizationAcls", "linkedin.acls", scopes=("rw_organization_admin", "r_organization_admin", "r_organization_social"))
def acls(call: Call) -> Response:
    """The pages a person administers."""
    if call.query("q") not in ("roleAssignee", "organization"):
        refuse(400, "Unknown finder", "ILLEGAL_ARGUMENT")
    start, count = page_of(call)
    with call.reading() as db:
        mine = accounts.accounts_of(db, "linkedin", call.account.owner)
    role = call.query("role") or "ADMINISTRATOR"
    elements = [
        {"role": "ADMINISTRATOR", "organization": one.id, "roleAssignee": member(one.owner), "state": "APPROVED"}
        for one in mine
        if role == "ADMINISTRATOR" and one.owner != accounts.NOBODY
    ]
    return answer({"paging": {"start": start, "count": count, "links": [], "total": len(elements)}, "elements": elements[start : start + count]})


@routes("GET", "/rest/organizations/<int:number>", "linkedin.organization")
def one_organization(call: Call) -> Response:
    return answer(_organization(organization(call, f"urn:li:organization:{call.args['number']}")))


@routes("GET", "/rest/organizations", "linkedin.organization")
@routes("GET", "/rest/organizationsLookup", "linkedin.organization")
def organizations(call: Call) -> Response:
    found = {number: organization(call, f"urn:li:organization:{number}") for number in identifiers(call, "ids")}
    return answer({"results": {number: _organization(one) for number, one in found.items()}, "statuses": {}, "errors": {}})


def statistics_of(call: Call, post: Post, start: datetime | None, end: datetime, own_comments: int = 0) -> dict[str, Any]:
    """A post's numbers over [start, end), or since its publication; uniqueImpressionsCount has no meaning over a span."""
    fate = post.fate(call.seed)
    if post.age(call.line, call.now) > _YEAR:
        return _counts({}, whole=start is None)
    until = post.age(call.line, min(end, call.now)) if end > post.created_at else timedelta()
    since = post.age(call.line, start) if start and start > post.created_at else timedelta()
    told = {what: fate.count(what, until) - fate.count(what, since) for what in ("reach", "clicks", "likes", "comments", "shares")}
    told["views"] = fate.views(until) - fate.views(since)
    if start is None and told["views"]:
        told["comments"] += own_comments
    return _counts(told, whole=start is None)


def followers_by(call: Call, owner: Account) -> dict[str, Any]:
    """The follower statistics of a page: each slice's counts sum to the followers LinkedIn knows enough about."""
    total = owner.audience(call.line.at(call.now))
    told: dict[str, Any] = {"organizationalEntity": owner.id}
    for name, (member_name, prefix, weights) in _SLICES.items():
        part = sum(weight for _, weight in weights) / 100 if name.endswith(("Geo", "AssociationType")) else 1.0
        tilted = [weight * (0.6 + 0.8 * numbers.fraction(owner.id, name, key)) for key, weight in weights]
        counts = numbers.shares_of(int(total * _KNOWN * min(part, 1.0)), tilted)
        told[name] = [
            {"followerCounts": {"organicFollowerCount": count, "paidFollowerCount": 0}, member_name: prefix + key}
            for (key, _), count in zip(weights, counts, strict=True)
            if count
        ]
    return told


def _paid(owner: Account, start: datetime, gained: int) -> int:
    """What advertising brought of a span's new followers: in one week of four a third of them."""
    return gained // 3 if gained > 0 and start.isocalendar().week % 4 == int(4 * numbers.fraction(owner.id, "advertises")) else 0


def _counts(told: dict[str, int], *, whole: bool) -> dict[str, Any]:
    views = told.get("views", 0)
    acts = sum(told.get(what, 0) for what in ("clicks", "likes", "comments", "shares"))
    counts: dict[str, Any] = {
        "impressionCount": views,
        "clickCount": told.get("clicks", 0),
        "likeCount": told.get("likes", 0),
        "commentCount": told.get("comments", 0),
        "shareCount": told.get("shares", 0),
        "engagement": acts / views if views else 0,
    }
    return {**counts, "uniqueImpressionsCount": told.get("reach", 0)} if whole else counts


def _sum(call: Call, found: list[Post], start: datetime | None, end: datetime) -> dict[str, Any]:
    each = [statistics_of(call, post, start, end) for post in found]
    names = {"views": "impressionCount", "reach": "uniqueImpressionsCount", "clicks": "clickCount", "likes": "likeCount",
             "comments": "commentCount", "shares": "shareCount"}  # fmt: skip
    return _counts({short: sum(one.get(name, 0) for one in each) for short, name in names.items()}, whole=start is None)


def _intervals(call: Call) -> Iterator[tuple[datetime | None, datetime]]:
    """The spans asked for by `timeIntervals`; one span without a start when it is absent."""
    raw = call.query("timeIntervals")
    if not raw:
        yield None, call.now
        return
    found = _INTERVALS.fullmatch(raw)
    told = {name[1]: text for name, text in found.groupdict().items() if text} if found else {}
    if not told or int(told["s"]) >= int(told["e"]) or int(told["e"]) - int(told["s"]) > 430 * 86_400_000:
        refuse(400, "Invalid query parameters passed to request: timeIntervals", "ILLEGAL_ARGUMENT")
    start, last = moment(int(told["s"]) / 1000), moment(int(told["e"]) / 1000)
    while start < last:
        if told["g"] == "DAY":
            end = start + timedelta(days=1)
        else:
            end = datetime(start.year + start.month // 12, start.month % 12 + 1, 1, tzinfo=UTC)
        yield start, min(end, last)
        start = end


def _entity(call: Call, name: str) -> Account:
    if call.query("q") != name:
        refuse(400, f"Unknown finder; q={name} is needed", "ILLEGAL_ARGUMENT")
    return organization(call, call.query(name))


def _organization(one: Account) -> dict[str, Any]:
    locale = {"country": "FR", "language": "fr"}
    return {
        "id": int(one.id.rsplit(":", 1)[1]),
        "$URN": one.id,
        "localizedName": one.name,
        "name": {"localized": {"fr_FR": one.name}, "preferredLocale": locale},
        "vanityName": one.handle.replace("_", "-"),
        "primaryOrganizationType": "NONE",
    }
