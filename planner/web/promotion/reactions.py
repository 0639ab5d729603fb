"""Who reacted to a video, on its page: recorded and removed."""

from __future__ import annotations

from flask import flash, g, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from planner.core.errors import Forbidden, NotFound, PlannerError
from planner.promotion import queries, reactions
from planner.web.access import needs
from planner.web.forms.promotion import ReactionForm
from planner.web.promotion.evidence import page, refresh
from planner.web.session import committing

__all__ = ["record_reaction", "remove_reaction"]


@needs("promotion.record")
def record_reaction(video_id: int) -> ResponseReturnValue:
    """Keep it; the video's row on the board is worked out again at once."""
    asset = queries.video(g.db, video_id, viewer=g.user)
    form = ReactionForm(prefix="reaction")
    form.offer()
    if form.validate_on_submit():
        try:
            with committing(g.db):
                reactions.record(g.db, asset, form.values(), actor=g.user, now=g.now)
                refresh(asset)
        except PlannerError as error:
            if isinstance(error, (Forbidden, NotFound)):
                raise
            form.refuse(error)
        else:
            flash(_("Recorded."), "success")
            return redirect(url_for(".show", video_id=asset.id) + "#reactions")
    return page(asset, reacted=form)


@needs("promotion.record")
def remove_reaction(reaction_id: int) -> ResponseReturnValue:
    found = reactions.reaction(g.db, reaction_id)
    asset = queries.video(g.db, found.asset_id, viewer=g.user)
    with committing(g.db):
        reactions.remove(g.db, found, actor=g.user, now=g.now)
        refresh(asset)
    flash(_("Removed."), "success")
    return redirect(url_for(".show", video_id=asset.id) + "#reactions")
