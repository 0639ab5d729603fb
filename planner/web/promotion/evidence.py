"""One video: every number with what it means, the forecast with and without promotion, “what if”, and the decision."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from planner.accounts.rules import may
from planner.catalog.models import Asset
from planner.catalog.queries import owners
from planner.core.errors import Forbidden, NotFound, PlannerError
from planner.planning import queries as planning
from planner.promotion import queries, service, standings
from planner.promotion.choices import ANSWERS, VOUCHES, Option, PromotionKind
from planner.promotion.evidence import HORIZONS, Bench, Evidence
from planner.promotion.looking import look
from planner.promotion.reactions import reactions_of
from planner.promotion.scores import judged
from planner.web.access import needs
from planner.web.forms.promotion import DecisionForm, InputForm, PromotionForm, ReactionForm, UseForm, WhatIfForm
from planner.web.promotion.drawing import Picture, draw
from planner.web.promotion.steps import DRAFTS, followed
from planner.web.promotion.words import promotion_label, reason
from planner.web.session import committing

__all__ = ["decide", "inputs", "mark", "page", "record", "redo", "refresh", "remove", "show", "undo", "use"]

_ASKED = ("kind", "cost", "value_per_view", "target_share", "goal")


@needs("read")
def show(video_id: int) -> ResponseReturnValue:
    asset = queries.video(g.db, video_id, viewer=g.user)
    return page(asset)


@needs("promotion.decide")
def decide(video_id: int) -> ResponseReturnValue:
    asset = queries.video(g.db, video_id, viewer=g.user)
    form = DecisionForm()
    form.offer(owners(g.db))
    if form.validate_on_submit():
        found = look(g.db, asset, now=g.now)
        try:
            with committing(g.db):
                made = service.decide(g.db, asset, form.values(), found[1] if found else None, actor=g.user, now=g.now)
        except PlannerError as error:
            _refuse(form, error)
        else:
            text = _("Decided: %(choice)s. The numbers are kept as they stand.", choice=promotion_label(made.choice))
            _say_with_undo(text, url_for(".undo", decision_id=made.id))
            return redirect(url_for(".show", video_id=asset.id) + "#decision")
    return page(asset, decision=form)


@needs("promotion.decide")
def undo(decision_id: int) -> ResponseReturnValue:
    made = queries.decision(g.db, decision_id, viewer=g.user)
    with committing(g.db):
        service.undo(g.db, made, actor=g.user, now=g.now)
    _say_with_undo(_("The decision is taken back."), url_for(".redo", decision_id=made.id))
    return redirect(url_for(".show", video_id=made.asset_id))


@needs("promotion.decide")
def redo(decision_id: int) -> ResponseReturnValue:
    made = queries.decision(g.db, decision_id, viewer=g.user)
    with committing(g.db):
        service.redo(g.db, made, actor=g.user, now=g.now)
    flash(_("The decision holds again."), "success")
    return redirect(url_for(".show", video_id=made.asset_id))


@needs("promotion.record")
def inputs(video_id: int) -> ResponseReturnValue:
    """Keep what people know of it; its row on the board is worked out again at once."""
    asset = queries.video(g.db, video_id, viewer=g.user)
    form = InputForm(prefix="known")
    if form.validate_on_submit():
        try:
            with committing(g.db):
                service.save_inputs(g.db, asset, form.values(), actor=g.user, now=g.now)
                refresh(asset)
        except PlannerError as error:
            _refuse(form, error)
        else:
            flash(_("Saved."), "success")
            return redirect(url_for(".show", video_id=asset.id))
    return page(asset, known=form)


@needs("promotion.record")
def record(video_id: int) -> ResponseReturnValue:
    asset = queries.video(g.db, video_id, viewer=g.user)
    form = PromotionForm(prefix="promotion")
    form.offer()
    if form.validate_on_submit():
        try:
            with committing(g.db):
                service.record_promotion(
                    g.db, asset, kind=PromotionKind(form.kind.data), on=form.on.data, cost=form.cost.data, currency=form.currency.data or "EUR",
                    actor=g.user, now=g.now,
                )  # fmt: skip
                _learn(asset)
        except PlannerError as error:
            _refuse(form, error)
        else:
            flash(_("Recorded. The next forecasts learn from it."), "success")
            return redirect(url_for(".show", video_id=asset.id) + "#promotions")
    return page(asset, promoted=form)


@needs("promotion.record")
def mark(video_id: int, post_id: int) -> ResponseReturnValue:
    """A post that is live promoted this video."""
    asset = queries.video(g.db, video_id, viewer=g.user)
    post = planning.post(g.db, post_id, viewer=g.user)
    if post.asset_id != asset.id:
        raise NotFound()
    with committing(g.db):
        service.mark_post(g.db, post, actor=g.user, now=g.now)
        _learn(asset)
    flash(_("Recorded. The next forecasts learn from it."), "success")
    return redirect(url_for(".show", video_id=asset.id) + "#promotions")


@needs("promotion.record")
def remove(promotion_id: int) -> ResponseReturnValue:
    found = queries.promotion(g.db, promotion_id, viewer=g.user)
    video_id = found.asset_id
    asset = queries.video(g.db, video_id, viewer=g.user)
    with committing(g.db):
        service.remove_promotion(g.db, found, actor=g.user, now=g.now)
        _learn(asset)
    flash(_("Removed."), "success")
    return redirect(url_for(".show", video_id=video_id) + "#promotions")


@needs("promotion.record")
def use(video_id: int) -> ResponseReturnValue:
    asset = queries.video(g.db, video_id, viewer=g.user)
    form = UseForm(prefix="use")
    if form.validate_on_submit():
        try:
            with committing(g.db):
                service.mark_used(
                    g.db, asset, name=form["name"].data or "", on=form.on.data, screenings=form.screenings.data, attendance=form.attendance.data,
                    leads=form.leads.data, actor=g.user, now=g.now,
                )  # fmt: skip
        except PlannerError as error:
            _refuse(form, error)
        else:
            flash(_("Recorded."), "success")
            return redirect(url_for(".show", video_id=asset.id) + "#events")
    return page(asset, used=form)


def page(asset: Asset, **forms: Any) -> ResponseReturnValue:
    """The whole page, or only the answer to a “what if” when the browser asks for that alone."""
    asked = WhatIfForm(formdata=request.args if any(name in request.args for name in _ASKED) else None)
    asked.offer()
    typed = bool(asked.kind.raw_data or any(name in request.args for name in _ASKED))
    right = asked.validate() if typed else True
    found = look(g.db, asset, now=g.now, what_if=asked.asked() if typed else None)
    values: dict[str, Any] = {"asset": asset, "evidence": None, "asked": asked, "typed": typed}
    if found is not None:
        values |= _evidence(*found)
        if not typed:
            _start(asked, found[1])
    if request.headers.get("HX-Request"):
        return render_template("promotion/_answer.html", **values), 200 if right else 422
    wrong = any(form.refused for form in forms.values()) or not right
    values |= _forms(asset, found[1] if found else None, forms)
    values |= _record(asset)
    values |= followed(asset, values["stands"], found, forms)
    return render_template("promotion/show.html", **values), 422 if wrong else 200


def _evidence(bench: Bench, evidence: Evidence) -> dict[str, Any]:
    return {
        "evidence": evidence, "picture": _picture(evidence), "horizons": HORIZONS, "channel_id": bench.past.channel_id,
        "ahead": sorted(evidence.alone), "readable": queries.readable(g.db, [one.asset_id for one in evidence.similar], viewer=g.user), "share": _first(evidence.video.target_share, evidence.knobs.target_share),
        "value": _first(evidence.video.value_per_view, evidence.knobs.value_per_view),
    }  # fmt: skip


def _picture(evidence: Evidence) -> Picture | None:
    """Seen so far, and both courses, the one with promotion below."""
    def course(told: Mapping[int, Any]) -> list[tuple[float, float, float, float]]:
        return [(evidence.age + days, one.low, one.median, one.high) for days, one in sorted(told.items())]

    return draw([list(one) for one in evidence.video.seen], [course(evidence.promoted), course(evidence.alone)], width=680, height=260, axes=True)


def _record(asset: Asset) -> dict[str, Any]:
    decisions = queries.decisions_of(g.db, asset.id)
    return {
        "decisions": decisions, "stands": next((one for one in decisions if one.stands), None),
        "outcomes": {one.id: judged([one]) for one in decisions}, "promotions": queries.known_promotions(g.db, asset.id),
        "posts": queries.live_posts(g.db, asset.id) if may(g.user, "promotion.record", asset) else [], "uses": queries.uses_of(g.db, asset.id), "drafts": DRAFTS,
        "reactions": reactions_of(g.db, asset.id), "vouches": VOUCHES,
    }  # fmt: skip


def _forms(asset: Asset, evidence: Evidence | None, given: dict[str, Any]) -> dict[str, Any]:
    """The forms of the page: those that were refused as they were typed, the others filled with what is known."""
    people = owners(g.db) if may(g.user, "promotion.decide", asset) else []
    decision = given.get("decision") or DecisionForm(formdata=None)
    decision.offer(people)
    if "decision" not in given:
        _propose(decision, evidence)
    known = given.get("known") or InputForm(formdata=None, obj=queries.inputs_of(g.db, asset.id), prefix="known")
    promoted = given.get("promoted") or PromotionForm(formdata=None, prefix="promotion", data={"currency": evidence.knobs.currency if evidence else "EUR"})
    promoted.offer()
    reacted = given.get("reacted") or ReactionForm(formdata=None, prefix="reaction", data={"on": g.now.date()})
    reacted.offer()
    return {"decision": decision, "known": known, "promoted": promoted, "reacted": reacted, "used": given.get("used") or UseForm(formdata=None, prefix="use")}


def _propose(form: DecisionForm, evidence: Evidence | None) -> None:
    """What the desk would do, with its reasons as a start."""
    form.owner_id.data = str(g.user.id)
    if evidence is None or evidence.verdict is None:
        return
    choice = ANSWERS[evidence.verdict.choice]
    form.choice.data = choice.value
    form.reason.data = " ".join(reason(one) for one in evidence.verdict.reasons)
    if choice is Option.PROMOTE:
        form.budget.data = Decimal(str(evidence.knobs.cost))


def _start(form: WhatIfForm, evidence: Evidence) -> None:
    """What it is worked out with now."""
    form.kind.data = evidence.knobs.kind.value
    form.cost.data = evidence.knobs.cost
    form.goal.data = evidence.video.goal
    form.value_per_view.data = _first(evidence.video.value_per_view, evidence.knobs.value_per_view)
    form.target_share.data = _first(evidence.video.target_share, evidence.knobs.target_share)


def _learn(asset: Asset) -> None:
    """What promotions brought on its channel follows at once."""
    g.db.flush()
    channel_id = queries.place_of(g.db, asset.id)
    if channel_id is not None:
        standings.learn(g.db, channel_id, now=g.now)


def refresh(asset: Asset) -> None:
    """Its row on the board follows at once."""
    g.db.flush()
    channel_id = queries.place_of(g.db, asset.id)
    if channel_id is not None:
        standings.refresh(g.db, channel_id, now=g.now, only=asset.id)


def _say_with_undo(text: str, address: str) -> None:
    said: Any = {"text": text, "undo": address}
    flash(said, "success")


def _refuse(form: Any, error: PlannerError) -> None:
    """A rule's sentence beside its field; what the person may not do at all is not about a field."""
    if isinstance(error, (Forbidden, NotFound)):
        raise error
    form.refuse(error)


def _first(own: float | None, general: float | None) -> float | None:
    return own if own is not None else general
