"""Verbs of the promotion desk: decide, take a decision back, say what promoted a video and what people know of it. History with each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import require
from planner.catalog.models import Asset
from planner.catalog.rules import check_line, check_money, check_text
from planner.channels.models import Channel
from planner.core.errors import Conflict, Invalid, NotFound, WrongState
from planner.core.i18n import N_
from planner.planning.models import Post, PostState
from planner.promotion.choices import Confidence, Option, PromotionKind
from planner.promotion.evidence import HORIZONS, Evidence, frozen
from planner.promotion.forecast import VERSION
from planner.promotion.models import Decision, EventUse, Promotion, PromotionInput, PromotionSettings, ReEdit
from planner.promotion.verdict import Thresholds

__all__ = [
    "SHARES", "DecisionValues", "InputValues", "SettingValues", "decide", "mark_post", "mark_used", "record_promotion", "redo", "remove_promotion",
    "save_inputs", "save_settings", "undo",
]  # fmt: skip

_MOST_COUNT = 10**9
#: How long a re-edit may take when nobody says.
REEDIT_WITHIN = timedelta(days=14)
#: Thresholds that are shares or probabilities.
SHARES = ("goal_sure", "low_start", "pays", "pays_not", "worst_retention", "good")


@dataclass(frozen=True, slots=True)
class DecisionValues:
    """What a person says when deciding; the reason is required."""

    choice: Option
    reason: str
    budget: Decimal | None = None
    owner_id: int | None = None
    #: Until when a re-edit is to be done; None: in a fortnight.
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class InputValues:
    """What people know of a video; None is not told."""

    goal: int | None = None
    target_share: float | None = None
    value_per_view: Decimal | None = None
    audio_only: bool = False
    vouched_by: str = ""


@dataclass(frozen=True, slots=True)
class SettingValues:
    """What holds everywhere or on one channel; None: as everywhere, or as shipped."""

    value_per_view: Decimal | None = None
    target_share: float | None = None
    cost: Decimal | None = None
    currency: str | None = None
    horizon_days: int | None = None
    kind: PromotionKind | None = None
    thresholds: Mapping[str, float] | None = None


def decide(db: Session, asset: Asset, values: DecisionValues, evidence: Evidence | None, *, actor: User | None, now: datetime) -> Decision:
    """Keep what was decided with every number as it stands in `evidence`; an earlier decision no longer holds.

    evidence -- of this moment; None when nothing is known of the video.
    Raises Forbidden, Invalid (without a reason, a budget that is none, a day gone by), NotFound for an owner without an account.
    """
    require(actor, "promotion.decide", asset)
    reason = check_text(values.reason, "reason", most=4000)
    if not reason:
        raise Invalid(N_("Write the reason: in a month somebody will want to know it."), field="reason")
    budget = check_money(values.budget, "budget")
    if values.owner_id is not None:
        owner = db.get(User, values.owner_id)
        if owner is None or not owner.active:
            raise Invalid(N_("Choose somebody who has an account here."), field="owner_id")
    if values.due_on is not None and values.due_on < now.date():
        raise Invalid(N_("Choose a day that is still to come."), field="due_on")
    earlier = _release(db, asset.id)
    told = _frozen(values.choice, evidence) if evidence else {"confidence": Confidence.TOO_EARLY}
    decision = Decision(
        asset=asset, choice=values.choice, reason=reason, budget=budget, owner_id=values.owner_id, decided_by_id=actor.id if actor else None,
        decided_by_name=actor.display_name if actor else history.PLANNER, decided_at=now, stands=True, version=VERSION, **told,
    )  # fmt: skip
    db.add(decision)
    if values.choice is Option.RE_EDIT:
        db.add(ReEdit(decision=decision, owner_id=values.owner_id, due_on=values.due_on or (now + REEDIT_WITHIN).date()))
    was = {"choice": earlier.choice} if earlier else None
    history.record(db, actor, "promotion.decided", decision, now=now, was=was, became={"choice": values.choice, "budget": budget}, note=reason)
    return decision


def undo(db: Session, decision: Decision, *, actor: User | None, now: datetime) -> None:
    """Take a decision back; the one before it holds again. Raises Forbidden, WrongState when it does not hold."""
    require(actor, "promotion.decide", decision.asset)
    if not decision.stands:
        raise WrongState(N_("This decision does not hold any more."))
    decision.stands, decision.undone_at = False, now
    db.flush()
    before = db.scalars(
        select(Decision)
        .where(Decision.asset_id == decision.asset_id, Decision.id < decision.id, Decision.undone_at.is_(None))
        .order_by(Decision.id.desc())
        .limit(1)
    ).first()
    if before is not None:
        before.stands = True
    history.record(db, actor, "promotion.undone", decision, now=now, was={"choice": decision.choice})


def redo(db: Session, decision: Decision, *, actor: User | None, now: datetime) -> None:
    """Let a decision hold again that was taken back. Raises Forbidden, WrongState, Conflict when a newer one was made meanwhile."""
    require(actor, "promotion.decide", decision.asset)
    if decision.undone_at is None:
        raise WrongState(N_("This decision was not taken back."))
    newer = select(Decision.id).where(Decision.asset_id == decision.asset_id, Decision.id > decision.id, Decision.undone_at.is_(None))
    if db.scalar(newer.limit(1)) is not None:
        raise Conflict(N_("Somebody decided anew meanwhile. Look at that decision first."))
    _release(db, decision.asset_id)
    decision.stands, decision.undone_at = True, None
    history.record(db, actor, "promotion.redone", decision, now=now, became={"choice": decision.choice})


def record_promotion(
    db: Session, asset: Asset, *, kind: PromotionKind, on: date, cost: Decimal | None, currency: str = "EUR", source: str = "by_hand",
    actor: User | None, now: datetime,
) -> Promotion:  # fmt: skip
    """Say that something promoted a video from a day on. Known already (video, kind, day): its cost is brought up to date."""
    require(actor, "promotion.record", asset)
    _check_day(on, now)
    cost = check_money(cost)
    found = db.scalars(select(Promotion).where(Promotion.asset_id == asset.id, Promotion.kind == kind, Promotion.on == on)).first()
    if found is not None:
        found.cost = cost if cost is not None else found.cost
        found.currency = _currency(currency)
        return found
    made = Promotion(asset_id=asset.id, kind=kind, on=on, cost=cost, currency=_currency(currency), source=source, created_at=now)
    db.add(made)
    history.record(db, actor, "promotion.recorded", asset, now=now, became={"kind": kind, "on": on, "cost": cost})
    return made


def mark_post(db: Session, post: Post, *, kind: PromotionKind = PromotionKind.POST, cost: Decimal | None = None, actor: User | None, now: datetime) -> Promotion:
    """Say that this live post promoted its video. Raises Forbidden, WrongState while it is not live."""
    require(actor, "promotion.record", post)
    if post.state is not PostState.PUBLISHED or post.published_at is None:
        raise WrongState(N_("Only a post that is live can have promoted something."))
    made = record_promotion(
        db, post.asset, kind=kind, on=post.published_at.astimezone(UTC).date(), cost=cost, source="post", actor=actor, now=now
    )
    made.post_id = made.post_id or post.id
    return made


def remove_promotion(db: Session, promotion: Promotion, *, actor: User | None, now: datetime) -> None:
    """It was a mistake: the video counts as not promoted by it."""
    asset = db.get_one(Asset, promotion.asset_id)
    require(actor, "promotion.record", asset)
    history.record(db, actor, "promotion.removed", asset, now=now, was={"kind": promotion.kind, "on": promotion.on, "cost": promotion.cost})
    db.delete(promotion)


def mark_used(
    db: Session, asset: Asset, *, name: str, on: date, screenings: int | None, attendance: int | None, leads: int | None,
    actor: User | None, now: datetime,
) -> EventUse:  # fmt: skip
    """Say that a video was used at an event, and what came of it; None is not told."""
    require(actor, "promotion.record", asset)
    _check_day(on, now)
    counts = {"screenings": screenings, "attendance": attendance, "leads": leads}
    for field, value in counts.items():
        if value is not None and not 0 <= value < _MOST_COUNT:
            raise Invalid(N_("Write a number from 0 on."), field=field)
    used = EventUse(asset_id=asset.id, name=check_line(name, "name", most=160, required=True), on=on, created_at=now, **counts)
    db.add(used)
    history.record(db, actor, "promotion.used", asset, now=now, became={"event": used.name, **counts})
    return used


def save_inputs(db: Session, asset: Asset, values: InputValues, *, actor: User | None, now: datetime) -> PromotionInput:
    """Keep what people know of a video. Raises Forbidden, Invalid."""
    require(actor, "promotion.record", asset)
    if values.goal is not None and not 0 < values.goal < _MOST_COUNT:
        raise Invalid(N_("Write a number of views from 1 on."), field="goal")
    _check_share(values.target_share)
    given = asdict(values) | {
        "value_per_view": _value(values.value_per_view), "vouched_by": check_line(values.vouched_by, "vouched_by", most=160),
    }  # fmt: skip
    row = db.get(PromotionInput, asset.id) or PromotionInput(asset_id=asset.id, audio_only=False, vouched_by="")
    was, became = _keep(db, row, given, now)
    if was:
        history.record(db, actor, "promotion.inputs_changed", asset, now=now, was=was, became=became)
    return row


def _keep(db: Session, row: PromotionInput | PromotionSettings, given: dict[str, Any], now: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write the values into the row; those that changed, as they were and as they became."""
    was = {name: getattr(row, name) for name in given if getattr(row, name) != given[name]}
    for name, value in given.items():
        setattr(row, name, value)
    row.updated_at = now
    db.add(row)
    return was, {name: given[name] for name in was}


def save_settings(db: Session, channel: Channel | None, values: SettingValues, *, actor: User | None, now: datetime) -> PromotionSettings:
    """Keep what holds everywhere (no channel) or on one channel. Raises Forbidden, Invalid beside the field."""
    require(actor, "promotion.settings")
    _check_share(values.target_share)
    if values.horizon_days is not None and not 7 <= values.horizon_days <= 365:
        raise Invalid(N_("Choose between 7 and 365 days."), field="horizon_days")
    given = {name: getattr(values, name) for name in ("target_share", "horizon_days", "kind")} | {
        "value_per_view": _value(values.value_per_view), "cost": check_money(values.cost),
        "currency": _currency(values.currency) if values.currency else None, "thresholds": _thresholds(values.thresholds or {}),
    }  # fmt: skip
    number = channel.id if channel else None
    of = PromotionSettings.channel_id.is_(None) if number is None else PromotionSettings.channel_id == number
    row = db.scalars(select(PromotionSettings).where(of)).first() or PromotionSettings(channel_id=number, thresholds={})
    was, became = _keep(db, row, given, now)
    if was:
        history.record(db, actor, "promotion.settings_changed", row, now=now, was=was, became=became, note=channel.name if channel else "")
    return row


def _release(db: Session, asset_id: int) -> Decision | None:
    """No decision on this video holds any more; the one that did."""
    earlier = db.scalars(select(Decision).where(Decision.asset_id == asset_id, Decision.stands)).first()
    if earlier is not None:
        earlier.stands = False
        db.flush()
    return earlier


def _frozen(choice: Option, evidence: Evidence) -> dict[str, Any]:
    kept = frozen(evidence)
    course = kept["promoted" if choice is Option.PROMOTE else "alone"]
    answer = evidence.verdict
    near, far = (course.get(str(days)) if evidence.video.post_id is not None else None for days in HORIZONS)
    return {
        "post_id": evidence.video.post_id, "verdict": answer.choice if answer else None,
        "confidence": answer.confidence if answer else Confidence.TOO_EARLY, "pays": evidence.money.pays if evidence.money else None,
        "forecast_30": near, "forecast_90": far, "inputs": kept, "currency": evidence.knobs.currency,
    }  # fmt: skip


def _thresholds(told: Mapping[str, float]) -> dict[str, float]:
    """Only those that differ from what is shipped."""
    shipped = Thresholds()
    known = {one.name for one in fields(Thresholds)}
    kept = {}
    for name, value in told.items():
        if name not in known:
            raise NotFound()
        most = 1.0 if name in SHARES else 1_000_000.0
        if not 0 <= value <= most:
            sentence = N_("Write a share between 0 and 1.") if most == 1.0 else N_("Write a number from 0 on.")
            raise Invalid(sentence, field=name)
        if value != getattr(shipped, name):
            kept[name] = int(value) if name == "comparable" else float(value)
    return kept


def _check_share(share: float | None) -> None:
    if share is not None and not 0 <= share <= 1:
        raise Invalid(N_("Write a share between 0 and 100 percent."), field="target_share")


def _check_day(on: date, now: datetime) -> None:
    if not date(2005, 1, 1) <= on <= now.astimezone(UTC).date():
        raise Invalid(N_("Choose a day that has come: this tells of what happened."), field="on")


def _value(value: Decimal | None) -> Decimal | None:
    if value is None:
        return None
    if not value.is_finite() or not 0 <= value <= 1_000_000:
        raise Invalid(N_("Write what one view is worth, between 0 and 1,000,000."), field="value_per_view")
    return value.quantize(Decimal("0.0001"))


def _currency(text: str) -> str:
    code = text.strip().upper()
    if len(code) != 3 or not code.isalpha() or not code.isascii():
        raise Invalid(N_("A currency is three letters, such as EUR."), field="currency")
    return code
