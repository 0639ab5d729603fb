"""The demo's earlier films: the quarter before, as a channel's export tells it, and what was decided on them then and has been judged since."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.catalog.models import Asset, AssetKind, AssetState, Audience
from planner.channels.port import Platform, Reading
from planner.insights import service as insights
from planner.insights.models import Latest
from planner.insights.rules import regime_of
from planner.planning.models import Origin, Post, PostState
from planner.promotion import judging, service
from planner.promotion.choices import Option, PromotionKind
from planner.promotion.forecast import curve
from planner.promotion.looking import look
from planner.promotion.service import DecisionValues

__all__ = ["FILMS", "decide_and_judge", "tell"]

#: The day on which the earlier films were decided on, counted from today.
_DECIDED = -68
_AGES = (1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 75, 90)


@dataclass(frozen=True, slots=True)
class Film:
    """One earlier film: seconds, views on its first day, pace, part watched, clicks a showing, days ago, and what was decided (what came: times as much)."""

    title: str
    seconds: int
    first_day: int
    pace: float
    watched: float
    clicked: float
    day: int
    decided: Option | None = None
    times: float = 1.0


FILMS = (
    Film("Why a port needs its own network", 150, 420, 0.42, 0.46, 0.041, -75, Option.PROMOTE, 3.2),
    Film("Five minutes with the night shift", 310, 260, 0.38, 0.39, 0.033, -91, Option.LEAVE),
    Film("What 60 cameras see", 95, 510, 0.45, 0.58, 0.048, -74, Option.PROMOTE, 2.6),
    Film("The antenna on the silo", 140, 190, 0.36, 0.52, 0.015, -80, Option.RE_EDIT, 1.2),
    Film("A day in the core network", 620, 340, 0.41, 0.28, 0.037, -86, Option.LEAVE),
    Film("Customer day: the trailer", 45, 280, 0.33, 0.71, 0.052, -82, Option.KEEP_FOR_EVENTS),
    Film("How slicing keeps a crane moving", 205, 390, 0.44, 0.49, 0.044, -77, Option.AMPLIFY_FREE, 1.3),
    Film("Three questions to our chief engineer", 260, 230, 0.37, 0.35, 0.029, -76, Option.LEAVE, 8.0),
    Film("Private 5G in ninety seconds", 90, 640, 0.52, 0.61, 0.055, -72, Option.PROMOTE, 0.9),
    Film("From the test field", 180, 310, 0.40, 0.44, 0.036, -90),
    Film("Latency, explained with a tennis ball", 120, 450, 0.43, 0.55, 0.047, -88),
)


def tell(db: Session, *, channel_id: int, owner: User, now: datetime) -> dict[str, int]:
    """The films and what was read of them until they were decided on; their assets by title. The quarter's own films get what an export adds."""
    found = {}
    for film in FILMS:
        at = _at(now, film.day)
        asset = Asset(
            kind=AssetKind.VIDEO, title=film.title, state=AssetState.LIVE, owner_id=owner.id, cost=Decimal(film.seconds * 20), published_at=at,
            duration_seconds=film.seconds, audiences=[Audience.CUSTOMERS], created_at=at, updated_at=at,
        )  # fmt: skip
        post = Post(
            asset=asset, channel_id=channel_id, origin=Origin.IMPORTED, state=PostState.PUBLISHED, publish_at=at, published_at=at, created_at=at, updated_at=at,
        )  # fmt: skip
        db.add(post)
        db.flush()
        found[film.title] = asset.id
        _read(db, post.id, film, start=at, until=_at(now, _DECIDED))
    _export(db, channel_id, now)
    return found


def decide_and_judge(db: Session, assets: dict[str, int], *, planner: User, now: datetime) -> int:
    """What was decided, with only what was known then; then what came since, and its judgement."""
    then = _at(now, _DECIDED)
    for film in FILMS:
        if film.decided is None:
            continue
        asset = db.get_one(Asset, assets[film.title])
        seen = look(db, asset, now=then)
        values = DecisionValues(film.decided, "Decided in the monthly review.", Decimal(400) if film.decided is Option.PROMOTE else None, planner.id)
        service.decide(db, asset, values, seen[1] if seen else None, actor=planner, now=then)
        if film.decided is Option.PROMOTE:
            service.record_promotion(db, asset, kind=PromotionKind.AD, on=then.date(), cost=Decimal(400), actor=planner, now=now)
        if film.decided is Option.KEEP_FOR_EVENTS:
            service.mark_used(db, asset, name="Customer day", on=(then + timedelta(days=9)).date(), screenings=3, attendance=210, leads=6, actor=planner, now=now)
    db.flush()
    rows = db.execute(select(Post.asset_id, Post.id).where(Post.asset_id.in_(assets.values()), Post.origin == Origin.IMPORTED))
    posts = {asset_id: post_id for asset_id, post_id in rows}  # noqa: C416 (a row is no tuple to the type checker)
    for film in FILMS:
        _read(db, posts[assets[film.title]], film, start=_at(now, film.day), since=then, until=now)
    return judging.judge(db, now=now)


def _read(db: Session, post_id: int, film: Film, *, start: datetime, until: datetime, since: datetime | None = None) -> None:
    """Readings at the usual ages, and at the end of the stretch; since a decision what comes is multiplied."""
    ages = [float(age) for age in _AGES] + [(until - start).total_seconds() / 86400]
    turned = (since - start).total_seconds() / 86400 if since else math.inf
    rows = []
    for age in sorted(set(ages)):
        at = start + timedelta(days=age)
        if at > until or (since is not None and at <= since):
            continue
        views = film.first_day * math.exp(film.pace * curve(age))
        if age > turned:
            before = film.first_day * math.exp(film.pace * curve(turned))
            views = before + (views - before) * film.times
        rows.append((post_id, at, _reading(round(views), film.seconds, film.watched, film.clicked, at)))
    insights.record_rows(db, rows, source="import")


def _export(db: Session, channel_id: int, now: datetime) -> None:
    """Watch time, showings and clicks of the quarter's films, as the channel's own export tells them; all else is as the platform told it."""
    rows = db.execute(
        select(Latest, Asset.duration_seconds)
        .join(Post, Post.id == Latest.post_id)
        .join(Asset, Asset.id == Post.asset_id)
        .where(Post.channel_id == channel_id, Post.origin != Origin.IMPORTED, Latest.views.is_not(None))
        .order_by(Latest.post_id)
    ).all()
    told = []
    for place, (latest, seconds) in enumerate(rows):
        at = now - timedelta(minutes=1)
        reading = _reading(latest.views or 0, seconds or 120, 0.30 + 0.045 * ((place * 5) % 8), 0.02 + 0.006 * ((place * 3) % 7), at)
        told.append((latest.post_id, at, replace(reading, engagements=latest.engagements, likes=latest.likes, comments=latest.comments)))
    insights.record_rows(db, told, source="import")


def _reading(views: int, seconds: int, watched: float, clicked: float, at: datetime) -> Reading:
    clicks, likes, comments = round(views * 0.6), round(views * watched / 16), round(views * watched / 190)
    return Reading(
        "", views=views, watch_seconds=round(views * seconds * watched), impressions=round(clicks / clicked), clicks=clicks, engagements=likes + comments,
        likes=likes, comments=comments, regime=regime_of(Platform.YOUTUBE, at),
    )  # fmt: skip


def _at(now: datetime, day: int) -> datetime:
    """A morning; what would fall on a weekend was on the Friday before, as in the rest of the demo."""
    on = (now + timedelta(days=day)).date()
    return datetime.combine(on - timedelta(days=max(on.weekday() - 4, 0)), time(9), UTC)
