"""Websites whose statistics the planner reads: adding one, correcting it, taking it away; and how reading them goes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import require
from planner.core.errors import Invalid, NotFound
from planner.core.i18n import N_
from planner.core.pages import host_of
from planner.core.settings import Settings
from planner.insights.ga4 import Ga4
from planner.insights.matomo import Matomo
from planner.insights.models import Site, SiteDay
from planner.insights.web_statistics import Caller, Statistics

__all__ = ["BACK", "SiteKind", "SiteState", "SiteValues", "add", "by_id", "change", "checked", "remove", "states", "statistics"]

#: How far back days are asked for, when a website is added and whenever some were missed.
BACK = 30
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]|localhost")


class SiteKind(StrEnum):
    """Who keeps the statistics."""

    MATOMO = "matomo"
    GA4 = "ga4"


@dataclass(frozen=True, slots=True)
class SiteValues:
    """What a person fills in. `key` empty: the one there is stays."""

    host: str
    kind: SiteKind
    number: str
    key: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class SiteState:
    """One website as the page of settings shows it; `gaps` are days of the last month that nobody told, as half-open spans."""

    site: Site
    days: int
    gaps: Sequence[tuple[date, date]]


def checked(values: SiteValues, *, has_key: bool = False) -> SiteValues:
    """The values as they are kept. Raises Invalid, naming the field."""
    host = host_of(values.host.strip().lower()) if values.host.strip() else ""
    if not _HOST.fullmatch(host):
        raise Invalid(N_("“%(text)s” is not the name of a website such as www.example.com."), field="host", text=values.host.strip()[:60])
    number = values.number.strip()
    if not re.fullmatch(r"[1-9][0-9]{0,18}", number):
        raise Invalid(N_("This is a whole number: idSite in Matomo, the property's number in Google Analytics."), field="number")
    address = values.address.strip().removesuffix("/index.php").rstrip("/") if values.kind is SiteKind.MATOMO else ""
    if values.kind is SiteKind.MATOMO and not re.fullmatch(r"https?://[^\s?#@]{1,480}", address):
        raise Invalid(N_("Give the address at which you open Matomo, such as https://stats.example.com."), field="address")
    key = values.key.strip()
    if not key and not has_key:
        raise Invalid(N_("The key is missing."), field="key")
    if len(key) > 10_000 or "\0" in key:
        raise Invalid(N_("This is no key: it is too long."), field="key")
    return SiteValues(host[:200], values.kind, number, key, address)


def statistics(values: SiteValues, *, settings: Settings, http: Caller, now: datetime) -> Statistics:
    """What asks this website's statistics."""
    if values.kind is SiteKind.MATOMO:
        return Matomo(http, address=values.address, site=values.number, token=values.key, host=values.host, now=now)
    return Ga4(
        http, api_url=settings.platform_url("google_analytics_url"), token_url=settings.platform_url("google_token_url"), number=values.number,
        key=values.key, host=values.host, now=now,
    )  # fmt: skip


def add(db: Session, values: SiteValues, *, actor: User | None, now: datetime) -> Site:
    """Read this website's statistics from a month ago on. Raises Forbidden, Invalid."""
    require(actor, "channel.manage")
    values = checked(values)
    _refuse_double(db, values.host)
    site = Site(
        host=values.host, kind=values.kind.value, address=values.address, number=values.number, key=values.key,
        since=now.date() - timedelta(days=BACK), created_at=now,
    )  # fmt: skip
    db.add(site)
    db.flush()
    history.record(db, actor, "site.added", site, now=now, became=_told(site))
    return site


def change(db: Session, site: Site, values: SiteValues, *, actor: User | None, now: datetime) -> None:
    """Correct it, and read again at once. What was told stays. Raises Forbidden, Invalid."""
    require(actor, "channel.manage")
    values = checked(values, has_key=True)
    _refuse_double(db, values.host, but=site.id)
    was = _told(site)
    site.host, site.kind, site.address, site.number = values.host, values.kind.value, values.address, values.number
    if values.key:
        site.key = values.key
    site.next_at, site.trouble, site.trouble_params, site.trouble_field, site.failing_since = None, "", {}, "", None
    history.record(db, actor, "site.changed", site, now=now, was=was, became=_told(site) | ({"key": "…"} if values.key else {}))


def remove(db: Session, site: Site, *, actor: User | None, now: datetime) -> None:
    """Read it no more. Its visits stay; the key is gone. Raises Forbidden."""
    require(actor, "channel.manage")
    history.record(db, actor, "site.removed", site, now=now, was=_told(site))
    db.execute(delete(SiteDay).where(SiteDay.site_id == site.id))
    db.delete(site)
    db.flush()


def by_id(db: Session, site_id: int) -> Site:
    """Raises NotFound."""
    found = db.get(Site, site_id)
    if found is None:
        raise NotFound()
    return found


def states(db: Session, *, zone: str, now: datetime) -> list[SiteState]:
    """Every website, by name. Two statements."""
    today = now.astimezone(ZoneInfo(zone)).date()
    first = today - timedelta(days=BACK)
    told: dict[int, set[date]] = {}
    for site_id, day in db.execute(select(SiteDay.site_id, SiteDay.day).where(SiteDay.day >= first)):
        told.setdefault(site_id, set()).add(day)
    return [_state(site, told.get(site.id, set()), max(first, site.since), today) for site in db.scalars(select(Site).order_by(Site.host))]


def _state(site: Site, told: set[date], first: date, today: date) -> SiteState:
    gaps: list[tuple[date, date]] = []
    for day in (first + timedelta(days=number) for number in range(max((today - first).days, 0))):
        if day in told:
            continue
        if gaps and gaps[-1][1] == day:
            gaps[-1] = (gaps[-1][0], day + timedelta(days=1))
        else:
            gaps.append((day, day + timedelta(days=1)))
    return SiteState(site, len(told), gaps)


def _refuse_double(db: Session, host: str, *, but: int | None = None) -> None:
    other = db.scalar(select(Site.id).where(Site.host == host))
    if other not in (None, but):
        raise Invalid(N_("%(host)s is read already: both would count the same people."), field="host", host=host)


def _told(site: Site) -> dict[str, str]:
    return {"host": site.host, "kind": site.kind, "address": site.address, "number": site.number}
