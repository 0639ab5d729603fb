"""What the API tells of the promotion desk and takes for a decision. Views, shares and probabilities are numbers; null is not told."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from marshmallow import ValidationError, fields

from planner.api.fields import Body, Choice, Day, Line, Lines, Moment, Money, Number, Out, QueryNumber
from planner.api.problems import Sentence
from planner.core.i18n import N_
from planner.promotion.choices import Choice as Verdict
from planner.promotion.choices import Confidence, Option, PromotionKind
from planner.promotion.queries import SORTS, VIEWS

__all__ = ["BoardOut", "BoardQuery", "DecisionIn", "DecisionOut", "EvidenceOut", "EvidenceQuery", "JudgementOut"]


def _one_of(names: Collection[str]) -> Callable[[str], None]:
    def check(value: str) -> None:
        if value not in names:
            raise ValidationError(Sentence(N_("One of these is expected here: %(known)s."), known=", ".join(names)))

    return check


def _float(**metadata: Any) -> fields.Float:
    return fields.Float(required=True, allow_none=True, metadata=metadata)


class BoardQuery(Body):
    view = Line(most=10, load_default="open", validate=_one_of(VIEWS), metadata={"enum": list(VIEWS)})
    channel_id = QueryNumber(least=1, load_default=None)
    verdict = Choice(Verdict, load_default=None)
    sort = Line(most=10, load_default="verdict", validate=_one_of(SORTS), metadata={"enum": list(SORTS)})
    page = QueryNumber(least=1, most=1000, load_default=1)
    limit = QueryNumber(least=1, most=200, load_default=50)


class RowOut(Out):
    asset_id = fields.Integer(required=True)
    title = fields.String(required=True)
    channel_id = fields.Integer(required=True)
    channel = fields.String(required=True)
    published_at = Moment(required=True)
    read_at = Moment(required=True, allow_none=True)
    views = fields.Integer(required=True, allow_none=True)
    ratio = _float(description="Views over the median of the channel's videos at the same age.")
    place = fields.Integer(required=True, allow_none=True)
    comparable = fields.Integer(required=True, metadata={"description": "Videos known at that age, this one with them."})
    exposure = _float(description="Share of the channel's others with fewer views at its age.")
    interest = _float(description="Share of the channel's others that are watched, or reacted to, less.")
    retention = _float(description="Seconds watched over views and length.")
    target_share = _float()
    horizon_days = fields.Integer(required=True)
    median = _float(description="Forecast of its views in horizon_days, without promotion.")
    low = _float()
    high = _float(description="Four in five videos end up between low and high.")
    cost = _float()
    currency = fields.String(required=True)
    extra = _float(description="Views that a promotion would add, at the median.")
    pays = _float(description="Probability that it pays.")
    verdict = Choice(Verdict, required=True, allow_none=True)
    confidence = Choice(Confidence, required=True)
    decided = Choice(Option, required=True, allow_none=True)
    decided_at = Moment(required=True, allow_none=True)


class BoardOut(Out):
    items = fields.List(fields.Nested(RowOut), required=True)
    total = fields.Integer(required=True)
    waiting = fields.Integer(required=True, metadata={"description": "Videos of the last 60 days that nobody decided on."})


class EvidenceQuery(Body):
    """What to work it out with instead; nothing is kept."""

    kind = Choice(PromotionKind, load_default=None)
    cost = QueryNumber(most=10**9, load_default=None)
    goal = QueryNumber(least=1, most=10**9, load_default=None)


class SentenceOut(Out):
    code = fields.String(required=True)
    detail = fields.String(required=True)


class RangeOut(Out):
    days = fields.Integer(required=True)
    low = fields.Float(required=True)
    median = fields.Float(required=True)
    high = fields.Float(required=True)


class UpliftOut(Out):
    factor = fields.Float(required=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)
    measured = fields.Boolean(required=True, metadata={"description": "false: a default, as no promotion of this kind is on record."})
    promoted = fields.Integer(required=True)
    others = fields.Integer(required=True)


class SimilarOut(Out):
    asset_id = fields.Integer(required=True)
    title = fields.String(required=True)
    views_then = fields.Float(required=True)
    views_later = _float()
    promoted = fields.Boolean(required=True)


class DecisionOut(Out):
    id = fields.Integer(required=True)
    asset_id = fields.Integer(required=True)
    choice = Choice(Option, required=True)
    reason = fields.String(required=True)
    budget = Money(required=True, allow_none=True)
    currency = fields.String(required=True)
    owner_id = fields.Integer(required=True, allow_none=True)
    decided_by = fields.String(required=True, attribute="decided_by_name")
    decided_at = Moment(required=True)
    stands = fields.Boolean(required=True)
    verdict = Choice(Verdict, required=True, allow_none=True, metadata={"description": "What the desk would have done, frozen."})
    confidence = Choice(Confidence, required=True)
    pays = _float(description="Frozen.")
    forecast_30 = fields.List(fields.Float(), required=True, allow_none=True, metadata={"description": "Frozen: low, median, high."})
    forecast_90 = fields.List(fields.Float(), required=True, allow_none=True)
    views_30 = fields.Integer(required=True, allow_none=True)
    views_90 = fields.Integer(required=True, allow_none=True)
    paid_off = fields.Boolean(required=True, allow_none=True)
    version = fields.String(required=True)


class EvidenceOut(Out):
    asset_id = fields.Integer(required=True)
    title = fields.String(required=True)
    age_days = fields.Float(required=True)
    views = _float()
    ratio = _float()
    place = fields.Integer(required=True, allow_none=True)
    comparable = fields.Integer(required=True)
    retention = _float()
    retention_rank = _float(description="Share of the channel's videos of like length of which less is watched.")
    click_through = _float()
    reactions = _float(description="Likes, comments and shares a view.")
    alone = fields.List(fields.Nested(RangeOut), required=True)
    promoted = fields.List(fields.Nested(RangeOut), required=True)
    uplift = fields.Nested(UpliftOut, required=True)
    extra = fields.List(fields.Float(), required=True, allow_none=True, metadata={"description": "Views a promotion would add, at 10, 50 and 90 %."})
    pays = _float()
    expected_gain = _float()
    cost_per_extra = _float()
    goal_chance = _float()
    verdict = Choice(Verdict, required=True, allow_none=True)
    confidence = Choice(Confidence, required=True)
    reasons = fields.List(fields.Nested(SentenceOut), required=True)
    would_change = fields.List(fields.Nested(SentenceOut), required=True)
    similar = fields.List(fields.Nested(SimilarOut), required=True)
    decision = fields.Nested(DecisionOut, required=True, allow_none=True)


class DecisionIn(Body):
    choice = Choice(Option, required=True)
    reason = Lines(least=1, most=4000, required=True)
    budget = Money(allow_none=True, load_default=None)
    owner_id = Number(least=1, allow_none=True, load_default=None)
    due_on = Day(allow_none=True, load_default=None, metadata={"description": "Until when a re-edit is to be done; in a fortnight when left out."})


class BinOut(Out):
    start = fields.Float(required=True)
    end = fields.Float(required=True)
    count = fields.Integer(required=True)
    said = fields.Float(required=True)
    paid = fields.Float(required=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)


class JudgementOut(Out):
    judged = fields.Integer(required=True)
    inside = fields.Integer(required=True)
    above = fields.Integer(required=True)
    below = fields.Integer(required=True)
    coverage = _float(description="Share of judged forecasts whose interval held; four in five should.")
    error = _float()
    wrong_lately = fields.Boolean(required=True, allow_none=True)
    calibration = fields.List(fields.Nested(BinOut), required=True)
    decisions = fields.List(fields.Nested(DecisionOut), required=True)
