"""The promotion desk: the board, one video's evidence, deciding and taking back, and how right the desk was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import g

from planner.accounts.rules import require
from planner.api.bodies import Blueprint
from planner.api.door import expect, reads, steps, tagged
from planner.api.fields import NoBody
from planner.api.problems import said
from planner.api.promotion_bodies import BoardOut, BoardQuery, DecisionIn, DecisionOut, EvidenceOut, EvidenceQuery, JudgementOut
from planner.core.errors import NotFound
from planner.promotion import queries, service
from planner.promotion.choices import Confidence
from planner.promotion.evidence import Evidence, WhatIf
from planner.promotion.forecast import Forecast
from planner.promotion.looking import look
from planner.promotion.models import Decision
from planner.promotion.queries import BoardFilters, BoardRow
from planner.promotion.scores import calibration, judged, score
from planner.promotion.service import DecisionValues
from planner.promotion.verdict import Reason

__all__ = ["bp"]

bp = Blueprint("api-promotion", __name__, description="Does a video deserve promotion?")


@reads()
@bp.arguments(BoardQuery, location="query")
@bp.response(200, BoardOut)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """The board: videos with their forecast and verdict, as they were worked out last; those that wait first."""
    asked = BoardFilters(query["view"], query["channel_id"], query["verdict"], query["sort"], query["page"], query["limit"])
    board = queries.board(g.db, asked, viewer=g.user, now=g.now)
    return {"items": [_row(row) for row in board.rows], "total": board.total, "waiting": board.open}


@reads()
@bp.response(200, JudgementOut)
def judgement() -> dict[str, Any]:
    """How right the desk was: what was forecast beside what came, and what was said to pay beside what did."""
    made = queries.decisions(g.db, viewer=g.user)
    told = score(judged(made))
    counts = {name: getattr(told, name) for name in ("judged", "inside", "above", "below", "coverage", "error", "wrong_lately")}
    return counts | {"calibration": calibration(made), "decisions": made}


@reads()
@bp.arguments(EvidenceQuery, location="query")
@bp.response(200, EvidenceOut)
def show(query: dict[str, Any], asset_id: int) -> Any:
    """One video's evidence now, with a “what if” where one is asked; its ETag is the decision that holds."""
    asset = queries.video(g.db, asset_id, viewer=g.user)
    found = look(g.db, asset, now=g.now, what_if=WhatIf(cost=query["cost"], kind=query["kind"], goal=query["goal"]))
    if found is None:
        raise NotFound()
    stands = _stands(asset_id)
    return tagged(_evidence(found[1], stands), _tag(stands))


@steps("promotion.decide")
@bp.arguments(DecisionIn)
@bp.response(201, DecisionOut)
def decide(given: dict[str, Any], asset_id: int) -> Any:
    """Decide about a video; every number is kept as it stands. An earlier decision no longer holds."""
    asset = queries.video(g.db, asset_id, viewer=g.user)
    require(g.user, "promotion.decide", asset)
    expect(_tag(_stands(asset_id)))
    found = look(g.db, asset, now=g.now)
    made = service.decide(g.db, asset, DecisionValues(**given), found[1] if found else None, actor=g.user, now=g.now)
    g.db.flush()
    return tagged(made, _tag(made), 201)


@steps("promotion.decide")
@bp.arguments(NoBody, required=False)
@bp.response(200, DecisionOut)
def undo(_nothing: dict[str, Any], asset_id: int) -> Any:
    """Take the decision that holds back; the one before it holds again."""
    queries.video(g.db, asset_id, viewer=g.user)
    stands = _stands(asset_id)
    expect(_tag(stands))
    if stands is None:
        raise NotFound()
    service.undo(g.db, stands, actor=g.user, now=g.now)
    g.db.flush()
    return tagged(stands, _tag(_stands(asset_id)))


def _stands(asset_id: int) -> Decision | None:
    return next((one for one in queries.decisions_of(g.db, asset_id) if one.stands), None)


def _tag(stands: Decision | None) -> str:
    return str(stands.id) if stands else "undecided"


def _row(row: BoardRow) -> dict[str, Any]:
    one = row.standing
    names = (
        "asset_id", "channel_id", "published_at", "read_at", "views", "ratio", "place", "comparable", "exposure", "interest", "retention", "target_share",
        "horizon_days", "median", "low", "high", "cost", "currency", "extra", "pays", "confidence",
    )  # fmt: skip
    return {name: getattr(one, name) for name in names} | {
        "title": row.title, "channel": row.channel, "verdict": one.choice, "decided": row.decided, "decided_at": row.decided_at,
    }  # fmt: skip


def _evidence(told: Evidence, stands: Decision | None) -> dict[str, Any]:
    money, answer, place = told.money, told.verdict, told.standing
    low, high = told.gain.interval()
    known = queries.readable(g.db, [one.asset_id for one in told.similar], viewer=g.user)
    return {
        "asset_id": told.video.asset_id, "title": told.video.title, "age_days": told.age, "views": told.views,
        "ratio": place.ratio if place else None, "place": place.place if place else None, "comparable": place.count if place else 0,
        "retention": told.retention, "retention_rank": told.retention_rank, "click_through": told.click_through, "reactions": told.reactions,
        "alone": _ranges(told.alone), "promoted": _ranges(told.promoted),
        "uplift": {"factor": told.gain.factor, "low": low, "high": high, "measured": told.gain.measured, "promoted": told.gain.promoted, "others": told.gain.others},
        "extra": money.extra if money else None, "pays": money.pays if money else None, "expected_gain": money.expected_gain if money else None,
        "cost_per_extra": money.cost_per_extra if money else None, "goal_chance": told.goal_chance,
        "verdict": answer.choice if answer else None, "confidence": answer.confidence if answer else Confidence.TOO_EARLY,
        "reasons": _sentences(answer.reasons if answer else ()), "would_change": _sentences(answer.would_change if answer else ()),
        "similar": [one for one in told.similar if one.asset_id in known], "decision": stands,
    }  # fmt: skip


def _ranges(told: Mapping[int, Forecast]) -> list[dict[str, Any]]:
    return [{"days": days, "low": one.low, "median": one.median, "high": one.high} for days, one in sorted(told.items())]


def _sentences(told: Sequence[Reason]) -> list[dict[str, str]]:
    return [
        {"code": one.code, "detail": said(one.message, {name: f"{value:.0%}" if name == "chance" else _whole(value) for name, value in one.params.items()})}
        for one in told
    ]


def _whole(value: Any) -> Any:
    return round(value) if isinstance(value, float) else value
