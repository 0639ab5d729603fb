"""A campaign's wave as its template proposes it: a page to look at and change, then drafts, and a way to drop them again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from sqlalchemy import select

from planner.catalog.models import Asset
from planner.channels.models import Channel
from planner.core.errors import Conflict, Forbidden, Invalid, NotFound, PlannerError
from planner.core.i18n import N_
from planner.planning import proposals, queries
from planner.planning.models import Campaign
from planner.planning.proposals import Draft, Tried
from planner.planning.templates import BY_CODE, TEMPLATES, Step, Template, anchor_of
from planner.planning.templates import propose as proposed
from planner.web.access import needs
from planner.web.languages import say
from planner.web.named_posts import named_in
from planner.web.preflight import limits_of
from planner.web.session import committing, trying

__all__ = ["drop", "propose"]

#: More rows than a template has on a hundred channels are not ours.
_MOST_ROWS = 500

Row = tuple[Step, Draft]


@needs("campaign.edit")
def propose(campaign_id: int) -> ResponseReturnValue:
    campaign = queries.campaign(g.db, campaign_id)
    template = BY_CODE.get(request.values.get("template", campaign.template))
    anchor = anchor_of(campaign.embargo_until, campaign.starts_on, campaign.ends_on)
    if template is None or anchor is None:
        return render_template("campaigns/propose.html", campaign=campaign, template=None, templates=TEMPLATES, chosen=template, anchor=anchor)
    if request.method == "POST":
        return _posted(campaign, template)
    offered = {part.code: proposals.assets_for(g.db, part, viewer=g.user) for part in template.parts}
    chosen = _chosen(template, offered)
    channels = list(g.db.scalars(select(Channel).order_by(Channel.name)))
    rows = [(one.step, Draft(one.asset_id, one.channel_id, one.wall)) for one in proposed(template, anchor, chosen, channels)]
    ticked = set() if template.is_listed else set(range(len(rows)))
    return _page(campaign, template, rows, ticked, offered=offered, parts=chosen)


@needs("campaign.edit")
def drop(campaign_id: int) -> ResponseReturnValue:
    """Take the drafts of one proposal back."""
    campaign, entry = queries.campaign(g.db, campaign_id), request.form.get("entry", "")
    try:
        with committing(g.db):
            number = int(entry) if entry.isascii() and entry.isdigit() and len(entry) < 18 else 0
            count = proposals.drop(g.db, campaign, number, actor=g.user, now=g.now)
    except (Forbidden, NotFound):
        raise
    except PlannerError as error:
        flash(say(error), "error")
    else:
        flash(ngettext("Undone: one draft is cancelled.", "Undone: %(num)d drafts are cancelled.", count), "success")
    return redirect(url_for("campaigns.show", campaign_id=campaign_id))


def _posted(campaign: Campaign, template: Template) -> ResponseReturnValue:
    wrong: dict[int, str] = {}
    rows = _typed(template, wrong)
    ticked = {number for number in range(len(rows)) if f"go-{number}" in request.form}
    sentence = ""
    if request.form.get("do") == "take" and not wrong.keys() & ticked:
        try:
            with committing(g.db):
                entry = proposals.take(
                    g.db, campaign, template.code, [draft for number, (_step, draft) in enumerate(rows) if number in ticked],
                    version=_number("version"), actor=g.user, now=g.now,
                )  # fmt: skip
        except (Conflict, Forbidden, NotFound):
            raise
        except PlannerError as error:
            sentence = say(error)
        else:
            text = ngettext("One draft made.", "%(num)d drafts made.", len(ticked))
            back: Any = {"text": text, "undo": url_for(".drop", campaign_id=campaign.id), "fields": {"entry": entry.id}}
            flash(back, "success")
            return redirect(url_for("campaigns.show", campaign_id=campaign.id))
    page = _page(campaign, template, rows, ticked, wrong=wrong, sentence=sentence)
    return page, 422 if request.form.get("do") == "take" else 200


def _page(campaign: Campaign, template: Template, rows: Sequence[Row], ticked: set[int], **told: Any) -> str:
    wrong: dict[int, str] = told.pop("wrong", {})
    titles = {row.id: row.title for row in g.db.execute(select(Asset.id, Asset.title).where(Asset.id.in_({draft.asset_id for _step, draft in rows})))}
    channels = {one.id: one for one in g.db.scalars(select(Channel).where(Channel.id.in_({draft.channel_id for _step, draft in rows})))}
    tried = _tried(campaign, rows, ticked)
    shown = [
        (step, draft, titles.get(draft.asset_id, ""), channels[draft.channel_id], wrong.get(number) or _why(tried.get(number)), tried.get(number))
        for number, (step, draft) in enumerate(rows)
    ]
    g.db.rollback()
    said = told.pop("sentence", "")
    if any(why for *_rest, why, _one in shown):
        said = ""  # The row that refused says it.
    named = named_in(one for row in tried.values() for one in row.findings)
    return render_template("campaigns/propose.html", campaign=queries.campaign(g.db, campaign.id), template=template, rows=shown, ticked=ticked, sentence=said, named=named, **told)


def _tried(campaign: Campaign, rows: Sequence[Row], ticked: set[int]) -> dict[int, Tried]:
    """What would come of the ticked rows, by number; with nothing ticked, of each of them."""
    numbers = sorted(ticked) or list(range(len(rows)))
    drafts = [rows[number][1] for number in numbers]
    with trying() as db:  # It writes and takes it back; what this page has read so far must not stand in the way of that.
        tried = proposals.preview(db, queries.campaign(db, campaign.id), drafts, limits_of=limits_of, actor=g.user, now=g.now)
    return dict(zip(numbers, tried, strict=True))


def _why(tried: Tried | None) -> str:
    return say(tried.refused) if tried is not None and tried.refused is not None else ""


def _chosen(template: Template, offered: dict[str, list[tuple[int, str, bool]]]) -> dict[str, int]:
    """part -> asset: as asked for, else the first that is ready."""
    found = {}
    for part in template.parts:
        asked = request.args.get(f"part-{part.code}")
        known = {number for number, _title, _ready in offered[part.code]}
        first = next((number for number, _title, ready in offered[part.code] if ready), None)
        number = first if asked is None else int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 18 else None
        if number in known:
            found[part.code] = number
    return found


def _typed(template: Template, wrong: dict[int, str]) -> list[Row]:
    """The rows as the person left them; what is no time is noted. Raises Invalid for rows that no page of ours sends."""
    rows: list[Row] = []
    for number in range(min(_number("rows") or 0, _MOST_ROWS)):
        step, asset, channel, fold = (_number(f"{name}-{number}") for name in ("step", "asset", "channel", "fold"))
        if step is None or asset is None or channel is None or step >= len(template.steps) or g.db.get(Channel, channel) is None:
            raise Invalid(N_("This page is out of date. Open it again."))
        try:
            wall = datetime.fromisoformat(request.form.get(f"at-{number}", ""))
            if wall.tzinfo is not None or not 1990 <= wall.year <= 2100:
                raise ValueError
        except ValueError:
            wrong[number] = say(Invalid(N_("Write a date and time such as 2026-03-24T09:30.")))
            wall = g.now.replace(tzinfo=None, second=0, microsecond=0)
        rows.append((template.steps[step], Draft(asset, channel, wall, fold if fold in (0, 1) else None)))
    return rows


def _number(name: str) -> int | None:
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None
