"""Judges decisions 30 and 90 days later: what the video had then, beside what was forecast."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.planning.models import Post
from planner.promotion.choices import Option
from planner.promotion.forecast import known_at, tidy
from planner.promotion.gathering import readings_of
from planner.promotion.models import Decision, Promotion

__all__ = ["judge"]

#: How many decisions one round judges.
_MOST = 500
#: The last reading may lie so far before the day, as a part of the time since the decision: three days before thirty.
_AROUND = 0.1

#: When, how much, in which currency.
_Spent = tuple[datetime, float, str]


def judge(db: Session, *, now: datetime) -> int:
    """Fill in what decisions came to whose day has come; how many. Four statements, and one line of history each.

    A video that was not read around that day waits for the next reading; one whose views are counted in another way since is not judged.
    """
    waiting = _waiting(db, now)
    if not waiting:
        return 0
    numbers = [decision.post_id for decision, _published in waiting]
    series, _pairs = readings_of(db, Post.id.in_(numbers))
    spent = _spent(db, [decision.asset_id for decision, _published in waiting])
    judged = 0
    for decision, published_at in waiting:
        readings = tidy(series.get(decision.post_id or 0, {}).get(str(decision.inputs.get("regime", "")), []))
        became = {}
        for days in (30, 90):
            name = f"views_{days}"
            moment = decision.decided_at + timedelta(days=days)
            if getattr(decision, name) is not None or moment > now:
                continue
            age = (moment - published_at).total_seconds() / 86400
            known = known_at(readings, age)
            if known is not None and readings[-1][0] >= age - _AROUND * days:
                became[name] = round(math.exp(known) - 1)
                setattr(decision, name, became[name])
        if became:
            _settle(decision, spent.get(decision.asset_id, ()))
            history.record(db, None, "promotion.judged", decision, now=now, became=became)
            judged += 1
    return judged


def _waiting(db: Session, now: datetime) -> list[tuple[Decision, datetime]]:
    due_30 = Decision.views_30.is_(None) & (Decision.decided_at <= now - timedelta(days=30))
    due_90 = Decision.views_90.is_(None) & (Decision.decided_at <= now - timedelta(days=90))
    rows = db.execute(
        select(Decision, Post.published_at)
        .join(Post, Post.id == Decision.post_id)
        # A year on, a reading that never came will not come.
        .where(Decision.undone_at.is_(None), Post.published_at.is_not(None), or_(due_30, due_90), Decision.decided_at > now - timedelta(days=365))
        .order_by(Decision.id)
        .limit(_MOST)
    )
    return [(decision, published_at) for decision, published_at in rows if published_at is not None]


def _spent(db: Session, assets: Sequence[int]) -> dict[int, list[_Spent]]:
    rows = db.execute(
        select(Promotion.asset_id, Promotion.on, Promotion.cost, Promotion.currency).where(Promotion.asset_id.in_(assets), Promotion.cost.is_not(None))
    )
    found: dict[int, list[_Spent]] = {}
    for asset_id, on, cost, currency in rows:
        found.setdefault(asset_id, []).append((datetime(on.year, on.month, on.day, tzinfo=UTC), float(cost or 0), currency))
    return found


def _settle(decision: Decision, spent: Sequence[_Spent]) -> None:
    """Whether a promotion was worth its cost 30 days later: what came above the forecast without it, at the value that was frozen. Not told
    where something was paid in another currency than that value is in."""
    inputs = decision.inputs
    value, alone = inputs.get("value_per_view"), (inputs.get("alone") or {}).get("30")
    if decision.choice is not Option.PROMOTE or decision.views_30 is None or value is None or not alone:
        return
    began = decision.decided_at - timedelta(days=1)
    paid = [(amount, currency) for on, amount, currency in spent if began <= on <= decision.decided_at + timedelta(days=30)]
    if any(amount and currency != decision.currency for amount, currency in paid):
        return
    planned = float(decision.budget if decision.budget is not None else inputs.get("cost") or 0)
    cost = sum(amount for amount, _currency in paid) if paid else planned
    share = inputs.get("target_share")
    extra = decision.views_30 - alone[1]
    decision.paid_off = extra * (1.0 if share is None else share) * value * inputs.get("quality", 1.0) > cost
