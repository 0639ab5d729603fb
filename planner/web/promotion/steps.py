"""What follows a decision on screen: drafts on channels, a re-edit that is done, and its before and after."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from planner.accounts.rules import may
from planner.catalog.models import Asset
from planner.core.errors import Forbidden, NotFound, PlannerError
from planner.planning.models import PostState
from planner.promotion import queries, steps, tasks
from planner.promotion.evidence import Bench, Evidence
from planner.promotion.looking import compared
from planner.promotion.models import Decision, ReEdit
from planner.web.access import needs
from planner.web.forms.promotion import DoneForm, ProposeForm
from planner.web.labels import channel_choices
from planner.web.languages import say
from planner.web.session import committing

__all__ = ["done", "followed", "propose", "reopen"]


@needs("post.create")
def propose(decision_id: int) -> ResponseReturnValue:
    """Drafts on the chosen channels; a single one opens in the composer."""
    made = queries.decision(g.db, decision_id, viewer=g.user)
    channels = steps.offered(g.db)
    form = ProposeForm(prefix="propose")
    form.offer(channel_choices(channels))
    if form.validate_on_submit():
        wanted = [one for one in channels if one.id in form.channels.data]
        try:
            with committing(g.db):
                posts = steps.propose(
                    g.db, made, wanted, form.text.data or "", live_url=queries.live_url(g.db, made.asset_id), actor=g.user, now=g.now
                )  # fmt: skip
        except PlannerError as error:
            _refuse(form, error)
        else:
            flash(_("Draft saved.") if len(posts) == 1 else _("%(count)s drafts saved, one a channel.", count=len(posts)), "success")
            return redirect(url_for("posts.edit", post_id=posts[0].id) if len(posts) == 1 else url_for(".show", video_id=made.asset_id) + "#decision")
    return _page(made.asset, proposing=form)


@needs("promotion.record")
def done(reedit_id: int) -> ResponseReturnValue:
    task = _task(reedit_id)
    form = DoneForm(prefix="done")
    if form.validate_on_submit():
        try:
            with committing(g.db):
                tasks.finish(g.db, task, at=form.done_at.data or g.now, actor=g.user, now=g.now)
        except PlannerError as error:
            _refuse(form, error)
        else:
            said: Any = {"text": _("Done. What it changes shows here from a week on."), "undo": url_for(".reopen", reedit_id=reedit_id)}
            flash(said, "success")
            return redirect(url_for(".show", video_id=task.decision.asset_id) + "#decision")
    return _page(task.decision.asset, finishing=form)


@needs("promotion.record")
def reopen(reedit_id: int) -> ResponseReturnValue:
    task = _task(reedit_id)
    with committing(g.db):
        tasks.reopen(g.db, task, actor=g.user, now=g.now)
    flash(_("The re-edit is open again."), "success")
    return redirect(url_for(".show", video_id=task.decision.asset_id) + "#decision")


def followed(asset: Asset, stands: Decision | None, found: tuple[Bench, Evidence] | None, given: dict[str, Any]) -> dict[str, Any]:
    """What the page of a video needs of what followed the decision that holds, and of what still may."""
    values: dict[str, Any] = {"task": None, "comparison": None, "planned": [], "proposing": None, "finishing": None, "kit": None, "withheld": ""}
    if stands is None:
        return values
    values["task"] = task = tasks.reedit_of(g.db, stands.id)
    if task is not None:
        values["comparison"] = compared(g.db, *_of(found), task) if found else None
        values["finishing"] = given.get("finishing") or DoneForm(formdata=None, prefix="done", data={"done_at": g.now})
    if stands.choice in steps.PROPOSES and asset.state != "retired":
        values["planned"] = steps.proposed(g.db, stands.id)
        live = queries.live_url(g.db, asset.id)
        kit = None if asset.sensitive else steps.kit(asset, live)
        if kit is not None:
            values |= _kit_or_why_not(asset, kit)
        if may(g.user, "post.create"):
            values["proposing"] = given.get("proposing") or _begin(stands, kit.text if kit else asset.title)
    return values


def _kit_or_why_not(asset: Asset, kit: steps.Kit) -> dict[str, Any]:
    try:
        steps.check_kit(g.db, asset, kit, now=g.now)
    except PlannerError as error:
        return {"withheld": say(error)}
    return {"kit": kit}


def _begin(stands: Decision, text: str) -> ProposeForm:
    channels = steps.offered(g.db)
    form = ProposeForm(formdata=None, prefix="propose", data={"text": text, "channels": [one.id for one in channels if steps.wanted(stands.choice, one.platform)]})
    form.offer(channel_choices(channels))
    return form


def _of(found: tuple[Bench, Evidence]) -> tuple[Bench, Any]:
    return found[0], found[1].video


def _task(reedit_id: int) -> ReEdit:
    """Raises NotFound for one that is not, or whose video this person may not know of."""
    task = tasks.reedit(g.db, reedit_id)
    queries.decision(g.db, task.decision_id, viewer=g.user)
    return task


def _page(asset: Asset, **forms: Any) -> ResponseReturnValue:
    from planner.web.promotion.evidence import page  # It draws what this module gathers.

    return page(asset, **forms)


def _refuse(form: Any, error: PlannerError) -> None:
    if isinstance(error, (Forbidden, NotFound)):
        raise error
    form.refuse(error)


#: States in which a proposed post is still being written.
DRAFTS = (PostState.DRAFT, PostState.CHANGES_REQUESTED)
