"""Looks for old assets that come back, in what was read and counted already, and keeps what it finds for the desk and the asset's page.

A rise while we ourselves published about the asset is ours and no news. For a video that rises, YouTube is asked again which sites link to
it: what each gained since it was told last says who brought it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, case, func, select, true
from sqlalchemy.orm import Session, aliased

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import require
from planner.catalog.models import Asset
from planner.catalog.queries import known_to
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.core.db import reading
from planner.core.errors import NotFound
from planner.core.log import get_logger
from planner.core.pages import page_key
from planner.core.runtime import Runtime
from planner.insights import detailing
from planner.insights.models import Latest, PostReport, Resurfaced, Site, SiteDay, Snapshot, Visits
from planner.insights.resurfacing import LEAST, LONGEST, MENTIONED, OLD, SPAN, Cause, CauseKind, Rise, cause_of, rise_of
from planner.insights.rollups import day_of
from planner.insights.sources import Source, classify
from planner.insights.visit_rows import believed
from planner.planning.marks import post_of
from planner.planning.models import Post, PostState
from planner.publishing import held

__all__ = ["RETURNED", "SHOWN", "Alert", "Found", "Mentioned", "bursts_of", "look", "mentions_from", "on_desk", "settle"]

log = get_logger(__name__)
#: How far back counts are looked at, and until when an older reading or file says something of today.
_BACK, _FRESH = timedelta(days=45), timedelta(days=7)
#: A rise goes on when it is seen again within so long; after that it is another one.
_SAME = timedelta(days=14)
#: So long an asset is news, and much is written of it.
_NEWS = timedelta(days=14)
#: So many the desk lists.
RETURNED = 20
#: How long the desk shows one that nobody settled.
SHOWN = timedelta(days=7)

#: An asset, and of one source that tells its mentions: day -> where -> how many, for every day that it told without a gap.
Mentioned = tuple[int, Mapping[date, Mapping[str, int]]]


@dataclass(frozen=True, slots=True)
class Found:
    """One rise of one count."""

    asset_id: int
    post_id: int | None
    metric: str
    rise: Rise
    cause: Cause

    @property
    def margin(self) -> timedelta:
        """How long before it began what we published may have been its reason."""
        return MENTIONED.span if self.metric == "mentions" else SPAN


@dataclass(frozen=True, slots=True)
class Alert:
    """One rise as people read it. platform -- whose count it is; None: visits and mentions."""

    alert_id: int
    asset_id: int
    title: str
    metric: str
    platform: Platform | None
    since: date
    until: date
    gained: int
    expected: float
    threshold: int
    cause: Cause
    noticed_at: datetime
    published_at: datetime | None

    @property
    def last_day(self) -> date:
        return self.until - timedelta(days=1)


def mentions_from(now: datetime) -> tuple[datetime, datetime]:
    """Since when `look` needs days of mentions, and since when an asset must have been mentioned often enough to be looked at."""
    return now - _FRESH - MENTIONED.span - MENTIONED.before, now - _FRESH - MENTIONED.span


def look(runtime: Runtime, mentions: Sequence[Mentioned] = ()) -> int:
    """Look through everything once; how many rises are new. mentions -- of assets lately mentioned (see `mentions_from`), an entry for each source."""
    with runtime.sessions(bind=reading(runtime.engine)) as db:  # A long look, during which others write.
        now = runtime.clock.decision_time(db)
        found = [*_posts(db, now), *_pages(db, now), *_mentioned(db, mentions, now)]
        ours = _published_lately(db, {one.asset_id for one in found}, now)
        found = [one for one in found if not any(one.rise.since - one.margin <= day < one.rise.until for day in ours.get(one.asset_id, ()))]
        fresh = [one for one in found if _kept(db, one) is None]
    causes = {one.post_id: _asked_cause(runtime, one) for one in fresh if one.post_id is not None and one.metric == "views"}
    with runtime.sessions.begin() as db:
        for one in found:
            _keep(db, one, causes.get(one.post_id, one.cause) if one.post_id is not None else one.cause, now)
    return len(fresh)


def on_desk(db: Session, *, viewer: User | None, now: datetime) -> tuple[tuple[int, int], list[Alert]]:
    """How many held posts and messages published directly wait (publishing.held.counting), and the rises nobody settled, the newest first; one above RETURNED tells that there are more. One statement for both."""
    counts = held.counting().subquery()
    known = known_to(viewer)
    alerts = _alerts().where(Resurfaced.settled_at.is_(None), Resurfaced.noticed_at > now - SHOWN, true() if known is None else known)
    lines = alerts.order_by(Resurfaced.noticed_at.desc(), Resurfaced.id.desc()).limit(RETURNED + 1).subquery()
    rows = db.execute(select(counts, lines).select_from(counts.outerjoin(lines, true())).order_by(lines.c.noticed_at.desc(), lines.c.alert.desc())).all()
    return (rows[0][0], rows[0][1]), [_alert(row[2:]) for row in rows if row[2] is not None]


def bursts_of(db: Session, asset_id: int, *, limit: int = 5) -> list[Alert]:
    """What was noticed of one asset, the newest first. One statement."""
    rows = db.execute(_alerts().where(Resurfaced.asset_id == asset_id).order_by(Resurfaced.since.desc(), Resurfaced.id.desc()).limit(limit))
    return [_alert(row) for row in rows]


def settle(db: Session, alert_id: int, *, actor: User | None, now: datetime) -> None:
    """Take a rise off everybody's desk; it stays on the asset's page. Raises NotFound, Forbidden."""
    require(actor, "readings.refresh")
    found = db.get(Resurfaced, alert_id)
    if found is None:
        raise NotFound()
    if found.settled_at is None:
        found.settled_at = now
        history.record(db, actor, "asset.resurfaced_settled", db.get_one(Asset, found.asset_id), now=now)


def _alerts() -> Any:
    return (
        select(
            Resurfaced.id.label("alert"), Resurfaced.asset_id, Asset.title, Resurfaced.metric, Channel.platform, Resurfaced.since, Resurfaced.until,
            Resurfaced.gained, Resurfaced.expected, Resurfaced.threshold, Resurfaced.cause_kind, Resurfaced.cause, Resurfaced.noticed_at,
            func.coalesce(Asset.published_at, Post.published_at).label("out_at"),
        )
        .join(Asset, Asset.id == Resurfaced.asset_id)
        .outerjoin(Post, Post.id == Resurfaced.post_id)
        .outerjoin(Channel, Channel.id == Post.channel_id)
    )  # fmt: skip


def _alert(row: Any) -> Alert:
    alert_id, asset_id, title, metric, platform, since, until, gained, expected, threshold, kind, name, noticed_at, out_at = row
    cause = Cause(CauseKind(kind), name)
    return Alert(alert_id, asset_id, title, metric, platform, since, until, gained, expected, threshold, cause, noticed_at, out_at)


def _posts(db: Session, now: datetime) -> list[Found]:
    """Rises of how often old posts were seen. Two statements: who gained enough at all, then the readings of those."""
    earlier = aliased(Snapshot)
    before = select(func.max(earlier.at)).where(earlier.post_id == Post.id, earlier.at <= now - SPAN).correlate(Post).scalar_subquery()
    rows = db.execute(
        select(Post.id, Post.asset_id, Channel.platform, Latest.regime)
        .join(Channel, Channel.id == Post.channel_id)
        .join(Latest, Latest.post_id == Post.id)
        .join(Snapshot, (Snapshot.post_id == Post.id) & (Snapshot.at == before))
        .where(
            Post.state == PostState.PUBLISHED, Post.published_at <= now - OLD, Post.taken_down_at.is_(None), Latest.at > now - _FRESH,
            _seen(Latest) - _seen(Snapshot) >= LEAST,
        )
        .order_by(Post.id)
        .limit(5000)
    ).all()  # fmt: skip
    posts = {row.id: row for row in rows}
    found = []
    for post_id, points in _readings(db, {row.id: row.regime for row in rows}, now).items():
        row, rise = posts[post_id], rise_of(points)
        if rise is not None:
            found.append(Found(row.asset_id, post_id, "views" if row.platform is Platform.YOUTUBE else "impressions", rise, Cause()))
    return found


def _readings(db: Session, regimes: Mapping[int, str], now: datetime) -> dict[int, list[tuple[date, int]]]:
    """Post -> (day, count at its end), each day's last, of the way of counting that holds now. One statement for each 500 posts."""
    found: dict[int, dict[date, int]] = {}
    numbers = list(regimes)
    for first in range(0, len(numbers), 500):
        query = (
            select(Snapshot.post_id, Snapshot.at, Snapshot.regime, _seen(Snapshot))
            .join(Post, Post.id == Snapshot.post_id)
            .join(Channel, Channel.id == Post.channel_id)
            .where(Snapshot.post_id.in_(numbers[first : first + 500]), Snapshot.at > now - _BACK)
            .order_by(Snapshot.post_id, Snapshot.at)
        )
        for post_id, at, regime, count in db.execute(query):
            if count is not None and regime == regimes[post_id]:
                found.setdefault(post_id, {})[day_of(at)] = int(count)
    return {post_id: sorted(days.items()) for post_id, days in found.items()}


def _seen(table: Any) -> ColumnElement[Any]:
    return case((Channel.platform == Platform.YOUTUBE, table.views), else_=table.impressions)


def _pages(db: Session, now: datetime) -> list[Found]:
    """Rises of visits to old assets' pages that carry none of our marks. Two statements."""
    first = (now - _BACK).date()
    out = select(func.min(Post.published_at)).where(Post.asset_id == Asset.id, Post.state == PostState.PUBLISHED).correlate(Asset).scalar_subquery()
    lately = select(Visits.asset_id).where(Visits.day >= (now - _FRESH - LONGEST).date()).group_by(Visits.asset_id).having(func.sum(Visits.visits) >= LEAST)
    query = (
        select(Visits.asset_id, Asset.url, Visits.day, Visits.origin, Visits.source, Visits.medium, Visits.campaign, Visits.content, Visits.visits)
        .join(Asset, Asset.id == Visits.asset_id)
        .where(Visits.day >= first, Visits.asset_id.in_(lately), func.coalesce(Asset.published_at, out) <= now - OLD)
        .order_by(Visits.asset_id)
        .execution_options(yield_per=1000)
    )
    whole: dict[str, set[date]] = {}
    for host, day in db.execute(select(Site.host, SiteDay.day).join(SiteDay, SiteDay.site_id == Site.id).where(SiteDay.day >= first)):
        whole.setdefault(host, set()).add(day)
    found = []
    for asset_id, rows in groupby(db.execute(query), key=attrgetter("asset_id")):
        told = list(rows)
        one = _page(asset_id, told, whole.get(page_key(told[0].url)[0], set()) if told[0].url else set(), now)
        if one is not None:
            found.append(one)
    return found


def _page(asset_id: int, rows: Sequence[Any], whole: set[date], now: datetime) -> Found | None:
    told = believed([*((day, "api") for day in whole), *((row.day, row.origin) for row in rows)])
    days: dict[date, Counter[tuple[CauseKind, str]]] = {day: Counter() for day in told}
    for row in rows:
        if row.origin == told[row.day] and post_of(row.content) is None:
            days[row.day][_source(row)] += row.visits
    points, count = [], 0
    for day in sorted(days):
        count += days[day].total()
        points.append((day, count))
    rise = rise_of(points)
    if rise is None or rise.until <= now.date() - _FRESH:
        return None
    span = (rise.until - rise.since).days
    inside = sum((came for day, came in days.items() if rise.since <= day < rise.until), Counter[tuple[CauseKind, str]]())
    outside = sum((came for day, came in days.items() if day < rise.since), Counter[tuple[CauseKind, str]]())
    known = max((rise.since - min(days)).days, 1)
    extra = {source: inside[source] - outside[source] * span / known for source in inside if source[0] is not CauseKind.UNKNOWN}
    return Found(asset_id, None, "visits", rise, cause_of(rise.gained, rise.expected, extra))


def _mentioned(db: Session, mentions: Sequence[Mentioned], now: datetime) -> list[Found]:
    """Rises of how often old assets were mentioned, in the newest week or, as files come late, in one that ended of late; of several sources the one
    that tells most beyond the expected. One statement for each 500 assets."""
    out = select(func.min(Post.published_at)).where(Post.asset_id == Asset.id, Post.state == PostState.PUBLISHED).correlate(Asset).scalar_subquery()
    since, numbers = func.coalesce(Asset.published_at, out).label("since"), sorted({asset_id for asset_id, _days in mentions})
    old: dict[int, date] = {}
    for first in range(0, len(numbers), 500):
        for asset_id, at in db.execute(select(Asset.id, since).where(Asset.id.in_(numbers[first : first + 500]), since <= now - OLD)):
            old[asset_id] = at.date()
    found: dict[int, Found] = {}
    for asset_id, days in mentions:
        rise = _burst(days, old[asset_id], now.date() - _FRESH) if asset_id in old else None
        before = found.get(asset_id)
        if rise is not None and (before is None or rise.gained - rise.expected > before.rise.gained - before.rise.expected):
            found[asset_id] = Found(asset_id, None, "mentions", rise, _where(days, rise))
    return [found[number] for number in sorted(found)]


def _burst(days: Mapping[date, Mapping[str, int]], out: date, first_end: date) -> Rise | None:
    """The rise of the newest week that has one and ended on `first_end` or later; what was written when the asset was news is no measure of what its age
    predicts, and is left aside where enough remains."""
    counted = list(accumulate(((day, sum(places.values())) for day, places in sorted(days.items())), lambda sofar, one: (one[0], sofar[1] + one[1])))
    while counted and counted[-1][0] >= first_end:
        later = [one for one in counted if one[0] >= out + _NEWS]
        rise = rise_of(later if len(later) > (MENTIONED.fewest + 1) * MENTIONED.span.days else counted, MENTIONED)
        if rise is not None:
            return rise
        counted.pop()
    return None


def _where(days: Mapping[date, Mapping[str, int]], rise: Rise) -> Cause:
    """The network or site that brought most of a rise of mentions."""
    first = max(min(days), rise.since - MENTIONED.before)
    inside = sum((Counter(places) for day, places in days.items() if rise.since <= day < rise.until), Counter[str]())
    outside = sum((Counter(places) for day, places in days.items() if first <= day < rise.since), Counter[str]())
    part = MENTIONED.span / max(rise.since - first, MENTIONED.span)
    return cause_of(rise.gained, rise.expected, {(CauseKind.EXTERNAL, name): came - outside[name] * part for name, came in inside.items() if name})


def _source(row: Any) -> tuple[CauseKind, str]:
    """How a visit's source is named as a cause: another site or network by its name, search engines by theirs, the rest not at all."""
    kind = classify(row.source, row.medium, row.campaign)
    if kind is Source.SEARCH:
        return CauseKind.SEARCH, row.source or "search"
    if kind in (Source.DIRECT, Source.CAMPAIGN) or not row.source:
        return CauseKind.UNKNOWN, ""
    return CauseKind.EXTERNAL, row.source


def _published_lately(db: Session, assets: Iterable[int], now: datetime) -> dict[int, list[date]]:
    """Asset -> the days on which we published about it of late. One statement."""
    numbers = sorted(assets)
    found: dict[int, list[date]] = {}
    for first in range(0, len(numbers), 500):
        query = select(Post.asset_id, Post.published_at).where(
            Post.asset_id.in_(numbers[first : first + 500]), Post.state == PostState.PUBLISHED, Post.published_at > now - _BACK
        )
        for asset_id, at in db.execute(query):
            if at is not None:
                found.setdefault(asset_id, []).append(at.astimezone(UTC).date())
    return found


def _asked_cause(runtime: Runtime, one: Found) -> Cause:
    """Which site linked to a video: YouTube is asked now, and what each site gained since it was told last is set against the rise."""
    with runtime.sessions() as db:
        before = _sites(db, one.post_id)
    if before is None:
        return Cause()
    detailing.refresh(runtime, one.asset_id)
    with runtime.sessions() as db:
        after = _sites(db, one.post_id) or {}
    gained: dict[tuple[CauseKind, str], float] = {(CauseKind.EXTERNAL, site): float(views - before.get(site, 0)) for site, views in after.items()}
    return cause_of(one.rise.gained, one.rise.expected, {source: views for source, views in gained.items() if views > 0})


def _sites(db: Session, post_id: int | None) -> dict[str, int] | None:
    """Other site -> views it brought since publication; None: never told."""
    told = db.scalars(select(PostReport).where(PostReport.post_id == post_id, PostReport.name == "sites")).one_or_none()
    if told is None:
        return None
    rows = [dict(zip(told.columns, row, strict=False)) for row in told.rows]
    return {str(row["insightTrafficSourceDetail"]): int(row["views"]) for row in rows}


def _kept(db: Session, one: Found) -> Resurfaced | None:
    """The row of a rise that was noticed already and goes on."""
    same = Resurfaced.post_id.is_(None) if one.post_id is None else Resurfaced.post_id == one.post_id
    query = select(Resurfaced).where(Resurfaced.asset_id == one.asset_id, same, Resurfaced.metric == one.metric, Resurfaced.until > one.rise.since - _SAME)
    return db.scalars(query.order_by(Resurfaced.id.desc()).limit(1)).one_or_none()


def _keep(db: Session, one: Found, cause: Cause, now: datetime) -> None:
    kept = _kept(db, one)
    if kept is None:
        db.add(
            Resurfaced(
                asset_id=one.asset_id, post_id=one.post_id, metric=one.metric, since=one.rise.since, until=one.rise.until, gained=one.rise.gained,
                expected=one.rise.expected, threshold=one.rise.threshold, cause_kind=cause.kind.value, cause=cause.name[:200], noticed_at=now,
            )
        )  # fmt: skip
    elif one.rise.gained > kept.gained:
        kept.since, kept.until, kept.gained, kept.expected, kept.threshold = (
            one.rise.since, one.rise.until, one.rise.gained, one.rise.expected, one.rise.threshold,
        )  # fmt: skip
        if cause.kind is not CauseKind.UNKNOWN:
            kept.cause_kind, kept.cause = cause.kind.value, cause.name[:200]
