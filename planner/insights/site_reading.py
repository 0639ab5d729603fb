"""Reads the statistics of our websites in the small hours: each day that was not told yet, and once more when it is final.

No transaction is open while statistics are asked. A day that could not be read is a gap until it is; what is told again takes the
place of what was told before, so reading twice gives the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset
from planner.core.errors import PlannerError
from planner.core.log import get_logger
from planner.core.networks import query_of
from planner.core.pages import page_key
from planner.core.runtime import Runtime
from planner.insights import visits
from planner.insights.import_writing import Summary
from planner.insights.models import Site, SiteDay, Visits
from planner.insights.rollups import upsert
from planner.insights.sites import BACK, SiteKind, SiteValues, statistics
from planner.insights.visit_rows import VisitRow
from planner.ledger.jobs import JobContext

__all__ = ["keep_day", "read", "read_all", "run", "wanted"]

log = get_logger(__name__)
#: By the clock of the statistics: when nobody waits for them and the day before is over everywhere they are kept.
_AT = time(3, 30)
#: Counts of a day still change for so long: Google says 24 to 48 hours, Matomo archives later than it counts.
_FINAL = timedelta(days=2)
_AGAIN = timedelta(hours=1)


def wanted(told: Mapping[date, datetime], *, since: date, zone: str, now: datetime) -> list[date]:
    """The days to ask for, earliest first: over, within the last month, and not told yet or told before they were final."""
    place = ZoneInfo(zone)
    today = now.astimezone(place).date()
    first = max(since, today - timedelta(days=BACK))
    days = [first + timedelta(days=number) for number in range(max((today - first).days, 0))]

    def is_final(day: date) -> bool:
        return day in told and told[day] >= datetime.combine(day + timedelta(days=1), time(), place) + _FINAL

    # Told today already, a day is not asked again before tomorrow.
    return [day for day in days if not is_final(day) and not (day in told and told[day].astimezone(place).date() == today)]


def read_all(runtime: Runtime) -> int:
    """Every website that is due; how many counts were new or different."""
    with runtime.sessions() as db:
        now = runtime.clock.decision_time(db)
        due = list(db.scalars(select(Site.id).where(or_(Site.next_at.is_(None), Site.next_at <= now)).order_by(Site.id)))
    return sum(read(runtime, site_id) for site_id in due)


def read(runtime: Runtime, site_id: int) -> int:
    """One website now; how many counts were new or different. What keeps it from being read is kept with it, and tried again in an hour."""
    zone = runtime.settings.time_zone
    with runtime.sessions() as db:
        now = runtime.clock.decision_time(db)
        site = db.get(Site, site_id)
        if site is None:
            return 0
        values = SiteValues(site.host, SiteKind(site.kind), site.number, site.key, site.address)
        told = {day: at for day, at in db.execute(select(SiteDay.day, SiteDay.told_at).where(SiteDay.site_id == site_id)).all()}  # noqa: C416
        days = wanted(told, since=site.since, zone=zone, now=now)
        pages = {(path, query_of(url)) for url in db.scalars(select(Asset.url).where(Asset.url != "")) for host, path in [page_key(url)] if host == site.host}
        paths, by_query = sorted({path for path, _query in pages}), any(query for _path, query in pages)
    changed, thinned = 0, False
    trouble: PlannerError | None = None
    try:
        asking = statistics(values, settings=runtime.settings, http=runtime.registry.http, now=now)
        for _number, part in groupby(days, key=lambda day: (day - days[0]).days // 7):
            asked = asking.visits(list(part), paths, by_query=by_query)
            thinned = thinned or asked.is_thinned
            with runtime.sessions.begin() as db:
                for day, rows in asked.days.items():
                    changed += keep_day(db, site_id, values.host, day, rows, now=runtime.clock.decision_time(db))
    except PlannerError as error:
        log.warning("website statistics not read", host=values.host, why=str(error))
        trouble = error
    with runtime.sessions.begin() as db:
        _note(db, site_id, trouble, thinned, zone, runtime.clock.decision_time(db))
    return changed


def run(ctx: JobContext) -> dict[str, int]:
    """`read_all` as a job."""
    return {"visits": read_all(ctx.runtime)}


def keep_day(db: Session, site_id: int, host: str, day: date, rows: Collection[VisitRow], *, now: datetime) -> int:
    """Keep all that a website's statistics told of one day, in place of what they told of it before; how many counts differ."""
    if db.get(Site, site_id) is None:
        return 0
    told = [replace(row, number=number) for number, row in enumerate(rows)]
    counted = visits.gather(told, visits.pages_of(db, told), Summary())
    ours = {number for number, url in db.execute(select(Asset.id, Asset.url).where(Asset.url != "")) if page_key(url)[0] == host}
    keys = {(asset_id, *key) for asset_id, key, _count in counted}
    query = select(Visits.id, Visits.asset_id, Visits.day, Visits.source, Visits.medium, Visits.campaign, Visits.content)
    gone = [
        row.id for row in db.execute(query.where(Visits.origin == "api", Visits.day == day)) if row.asset_id in ours and tuple(row[1:]) not in keys
    ]
    for first in range(0, len(gone), 500):
        db.execute(delete(Visits).where(Visits.id.in_(gone[first : first + 500])))
    changed = visits.record(db, counted, origin="api", actor=None, now=now)
    upsert(db, SiteDay, ("site_id", "day"), [{"site_id": site_id, "day": day, "told_at": now}])
    return changed + len(gone)


def _note(db: Session, site_id: int, trouble: PlannerError | None, thinned: bool, zone: str, now: datetime) -> None:
    site = db.get(Site, site_id)
    if site is None:
        return
    site.trouble, site.trouble_params, site.trouble_field = (trouble.message, trouble.params, trouble.field or "") if trouble else ("", {}, "")
    if trouble:
        site.failing_since, site.next_at = site.failing_since or now, now + _AGAIN
    else:
        site.failing_since, site.read_at, site.is_thinned, site.next_at = None, now, thinned, _next(zone, now)


def _next(zone: str, now: datetime) -> datetime:
    local = now.astimezone(ZoneInfo(zone))
    at = datetime.combine(local.date(), _AT, local.tzinfo)
    return (at if at > local else datetime.combine(local.date() + timedelta(days=1), _AT, local.tzinfo)).astimezone(UTC)
