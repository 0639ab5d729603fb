"""Moving a campaign's wave: what would become of each post is shown first, then it is done at once, and can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_timezone, ngettext
from flask_babel import gettext as _

from planner.core.errors import Conflict, Forbidden, Invalid, PlannerError
from planner.core.i18n import N_
from planner.planning import queries, waves
from planner.planning.models import Campaign
from planner.planning.values import CampaignValues
from planner.planning.waves import Move
from planner.web.access import needs
from planner.web.calendar.ways import back_to, wants_json
from planner.web.languages import say
from planner.web.named_posts import named_in
from planner.web.preflight import limits_of
from planner.web.session import committing, runtime

__all__ = ["ask_or_shift", "undo"]


def ask_or_shift(campaign: Campaign, form: Any, values: CampaignValues) -> ResponseReturnValue | None:
    """The page that asks whether the posts go along, or the way back once they did; None where nothing moves, or the posts are to stay.

    Raises Conflict when somebody changed the campaign meanwhile, and Invalid for what editing it refuses.
    """
    if request.form.get("wave") == "stay" or not waves.is_shift(campaign, values):
        return None
    if form.version.data is not None and form.version.data != campaign.version:
        raise Conflict(N_("Somebody changed this campaign while you were editing. Look at their version, then save again."))
    moves = waves.proposed(g.db, campaign, values, viewer=g.user, zone=str(get_timezone()))
    if not moves:
        return None
    wrong: dict[int, str] = {}
    if "wave" in request.form:
        moves = [_typed(one, wrong) for one in moves]
        if request.form["wave"] == "move" and not wrong:
            try:
                return _shift(campaign, form, values, [one for one in moves if f"go-{one.post_id}" in request.form])
            except (Conflict, Forbidden):
                raise
            except PlannerError:
                pass  # The page says which post refused, and why.
    return _page(campaign, form, values, moves, wrong), 422 if request.form.get("wave") == "move" else 200


@needs("post.move")
def undo(campaign_id: int) -> ResponseReturnValue:
    """Take a shift back: one with the campaign's dates is for who may edit them."""
    campaign, entry = queries.campaign(g.db, campaign_id), request.form.get("entry", "")
    try:
        with committing(g.db):
            number = int(entry) if entry.isascii() and entry.isdigit() and len(entry) < 18 else 0
            count = waves.undo(
                g.db, campaign, number, limits_of=limits_of, four_eyes=runtime().settings.four_eyes, actor=g.user, now=g.now
            )  # fmt: skip
    except Forbidden:
        raise
    except PlannerError as error:
        if wants_json():
            raise
        flash(say(error), "error")
    else:
        text = ngettext("Undone: one post is back where it was.", "Undone: %(num)d posts are back where they were.", count)
        if wants_json():
            return jsonify(message=text)
        flash(text, "success")
    return redirect(back_to(request.form.get("back") or url_for("campaigns.show", campaign_id=campaign_id)))


def _shift(campaign: Campaign, form: Any, values: CampaignValues, moves: Sequence[Move]) -> ResponseReturnValue:
    with committing(g.db):
        entry = waves.shift(
            g.db, campaign, values, moves, version=form.version.data, limits_of=limits_of, four_eyes=runtime().settings.four_eyes,
            actor=g.user, now=g.now,
        )  # fmt: skip
    text = ngettext("Saved, and one post moved along.", "Saved, and %(num)d posts moved along.", len(moves)) if moves else _("Saved.")
    back: Any = {"text": text, "undo": url_for("waves.undo", campaign_id=campaign.id), "fields": {"entry": entry.id}}
    flash(back, "success")
    return redirect(url_for("campaigns.show", campaign_id=campaign.id))


def _page(campaign: Campaign, form: Any, values: CampaignValues, moves: Sequence[Move], wrong: dict[int, str]) -> str:
    rows = waves.preview(
        g.db, campaign, values, moves, limits_of=limits_of, four_eyes=runtime().settings.four_eyes, actor=g.user, now=g.now
    )  # fmt: skip
    g.db.rollback()
    asked = "wave" in request.form
    return render_template(
        "campaigns/shift.html",
        campaign=queries.campaign(g.db, campaign.id),
        form=form,
        rows=[(one, wrong.get(one.move.post_id) or (say(one.refused) if one.refused else "")) for one in rows],
        goes={one.post_id for one in moves if not asked or f"go-{one.post_id}" in request.form},
        values=values,
        named=named_in(said for one in rows for said in one.findings),
    )


def _typed(move: Move, wrong: dict[int, str]) -> Move:
    """The move as the person wants it; what is no time is noted, and the proposed one stays."""
    text, fold = request.form.get(f"at-{move.post_id}", ""), request.form.get(f"fold-{move.post_id}", "")
    version = request.form.get(f"version-{move.post_id}", "")
    try:
        wall = datetime.fromisoformat(text)
        if wall.tzinfo is not None or not 1990 <= wall.year <= 2100:
            raise ValueError(text)
    except ValueError:
        wrong[move.post_id] = say(Invalid(N_("Write a date and time such as 2026-03-24T09:30.")))
        return move
    seen = int(version) if version.isascii() and version.isdigit() and len(version) < 18 else move.version
    return Move(move.post_id, seen, wall, move.zone, int(fold) if fold in ("0", "1") else None)
