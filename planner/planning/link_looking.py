"""Follows the links of posts that are still to go out, and keeps what they answered; no transaction is open while a page is asked.

A page is asked as it was typed, without our marks, so that no visit is counted. What is under embargo is not asked at all: its page
may not be there yet, and the question itself would stand in somebody's log.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset, AssetState
from planner.core.addresses import Blocked
from planner.core.http import Answer, CallFailed
from planner.core.log import get_logger
from planner.ledger.jobs import JobContext
from planner.planning.models import Campaign, LinkCheck, Post
from planner.planning.states import OPEN

__all__ = ["AHEAD", "AGAIN_AFTER", "Fetcher", "Looked", "checks_of", "due", "look", "look_all", "run", "write_down"]

log = get_logger(__name__)
#: How long an answer stands, and how soon one that said no is asked again.
AGAIN_AFTER, SOONER_AFTER = timedelta(hours=24), timedelta(hours=3)
#: Links of posts within this time are followed, and of posts without a moment.
AHEAD = timedelta(days=30)
#: Pages that one round asks, so that a round ends.
_MOST = 200
_SECONDS, _BYTES = 10.0, 64 * 1024
#: Names that no public page has: reserved for examples and tests (RFC 2606), or used inside a house.
_NOWHERE = (".example", ".test", ".invalid", ".localhost", ".local", ".internal")
#: “Not for you, not now, not in this way”: many sites answer so to every program, and people get through.
_FOR_PROGRAMS = frozenset({401, 403, 405, 406, 408, 425, 429, 451, 999})


class Fetcher(Protocol):
    """core.http.Http, as far as it is needed here."""

    def fetch_public(self, url: str, *, headers: Any = None, timeout_seconds: float | None = None, max_bytes: int = _BYTES) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Looked:
    """What a link answered. status -- HTTP's, None: nobody answered; leads_to -- where it ended, empty: where it was; is_known -- False: it tells nothing."""

    url: str
    status: int | None = None
    leads_to: str = ""
    is_known: bool = True


def due(db: Session, now: datetime) -> list[str]:
    """The links to follow now: of posts that may still go out soon, asked long enough ago or never. One statement."""
    checked = select(LinkCheck.key, LinkCheck.checked_at, LinkCheck.bad_since).subquery()
    rows = db.execute(
        select(Post.link, func.min(Post.publish_at))
        .join(Asset, Asset.id == Post.asset_id)
        .outerjoin(Campaign, Campaign.id == Post.campaign_id)
        .where(
            Post.link != "", Post.state.in_(OPEN), Asset.state != AssetState.RETIRED,
            or_(Post.publish_at.is_(None), and_(Post.publish_at >= now - timedelta(days=1), Post.publish_at <= now + AHEAD)),
            or_(Asset.embargo_until.is_(None), Asset.embargo_until <= now),
            or_(Campaign.embargo_until.is_(None), Campaign.embargo_until <= now),
        )
        .group_by(Post.link)
        .order_by(func.min(Post.publish_at), Post.link)
        .limit(5_000)
    ).all()  # fmt: skip
    known = {row.key: row for row in db.execute(select(checked).where(checked.c.key.in_([LinkCheck.key_of(link) for link, _at in rows])))} if rows else {}
    return [link for link, _at in rows if _is_due(known.get(LinkCheck.key_of(link)), now)][:_MOST]


def look(http: Fetcher, url: str) -> Looked:
    """Follow one link, at most five redirects, each guarded like the first. Never raises for what a page answers."""
    if (urlsplit(url).hostname or "").endswith(_NOWHERE):
        return Looked(url, is_known=False)
    try:
        answer = http.fetch_public(url, timeout_seconds=_SECONDS, max_bytes=_BYTES)
    except Blocked:
        return Looked(url, is_known=False)  # An address of the house: people inside may reach it, and this may not.
    except CallFailed:
        return Looked(url)
    if answer.status in _FOR_PROGRAMS:
        return Looked(url, is_known=False)
    return Looked(url, answer.status, "" if _same_page(url, answer.url) else answer.url[:2000])


def write_down(db: Session, seen: Looked, *, now: datetime) -> None:
    """Keep what a link answered; since when it is bad stays while it is bad."""
    row = db.scalar(select(LinkCheck).where(LinkCheck.key == LinkCheck.key_of(seen.url)))
    if row is None:
        row = LinkCheck(key=LinkCheck.key_of(seen.url), url=seen.url, checked_at=now)
        db.add(row)
    is_bad = seen.is_known and (seen.status is None or seen.status >= 400)
    row.checked_at, row.status, row.leads_to, row.is_known = now, seen.status, seen.leads_to, seen.is_known
    row.times_bad = row.times_bad + 1 if is_bad and row.times_bad else int(is_bad)
    row.bad_since = (row.bad_since or now) if is_bad else None
    db.flush()


def look_all(runtime: Any, ctx: JobContext | None = None) -> int:
    """Follow everything that is due; how many pages were asked."""
    with runtime.sessions() as db:
        wanted = due(db, runtime.clock.decision_time(db))
    for number, url in enumerate(wanted, 1):
        seen = look(runtime.registry.http, url)
        with runtime.sessions.begin() as db:
            write_down(db, seen, now=runtime.clock.decision_time(db))
        if ctx is not None:
            ctx.progress(number, len(wanted))
    if wanted:
        log.info("links were followed", count=len(wanted))
    return len(wanted)


def run(ctx: JobContext) -> dict[str, int]:
    """The same as a job, whose lease is renewed after each page."""
    return {"looked": look_all(ctx.runtime, ctx)}


def checks_of(db: Session, urls: Iterable[str]) -> dict[str, LinkCheck]:
    """What is known of these links, by address. One statement."""
    keys = [LinkCheck.key_of(one) for one in urls if one]
    return {one.url: one for one in db.scalars(select(LinkCheck).where(LinkCheck.key.in_(keys)))} if keys else {}


def _is_due(known: Any, now: datetime) -> bool:
    if known is None:
        return True
    return bool(known.checked_at <= now - (SOONER_AFTER if known.bad_since else AGAIN_AFTER))


def _same_page(asked: str, ended: str) -> bool:
    """Whether a redirect leads to what a reader would call the same page: http or https, www or not, a slash, other parameters."""
    return _plain(asked) == _plain(ended)


def _plain(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return (parts.hostname or "").removeprefix("www."), parts.path.rstrip("/").casefold()
