"""What is done to a post that is live: other words, what is missing of it, its end; and how far a worker is with it."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from planner.accounts.rules import require
from planner.core.errors import Forbidden, NotFound, PlannerError, WrongState
from planner.core.i18n import N_
from planner.planning import editing, queries, routes
from planner.planning.limits import COUNTED_AS
from planner.planning.models import Post, PostState
from planner.publishing import amending, uploads
from planner.publishing import queries as publishing
from planner.publishing.models import Amendment
from planner.web.access import needs
from planner.web.decisions import Decision, edit_decision_of
from planner.web.forms.planning import EditLiveForm, TakeDownForm
from planner.web.languages import say
from planner.web.named_posts import named_in
from planner.web.posts import refuse
from planner.web.preflight import limits_of
from planner.web.session import committing, runtime

__all__ = ["again", "approve", "edit", "finish", "refuse_change", "take_down", "underway"]

@needs("read")
def edit(post_id: int) -> ResponseReturnValue:
    """Asks for other words where the post is live; they go there once somebody has approved them."""
    post = queries.post(g.db, post_id, viewer=g.user)
    require(g.user, "post.edit_live", post)
    limits, four_eyes = limits_of(post.channel.platform), runtime().settings.four_eyes
    if not amending.may_edit(post, limits):
        raise WrongState(N_("This post cannot be changed where it is live."))
    form = EditLiveForm()
    if form.is_submitted():
        try:
            if form.validate():
                with committing(g.db):
                    asked = amending.ask_edit(
                        g.db, post, _given(form), reason=form.reason.data or "", limits=limits, four_eyes=four_eyes, actor=g.user, now=g.now
                    )
                flash(_asked_said(post, asked), "success")
                return redirect(url_for("posts.show", post_id=post_id))
        except PlannerError as error:
            refuse(form, error)
    else:
        form.title.data, form.text.data, form.tags.data = post.title or post.asset.title, post.text, ", ".join(post.tags or [])
    findings = editing.judge(g.db, post, {}, limits, at=g.now) if not form.is_submitted() else []
    page = render_template(
        "planning/edit_live.html", form=form, post=post, limits=limits, counted=COUNTED_AS, findings=findings, named=named_in(findings),
        route=routes.route_of(g.db, post, four_eyes),
    )  # fmt: skip
    return page, 422 if form.is_submitted() else 200


@needs("read")
def take_down(post_id: int) -> ResponseReturnValue:
    """Asks why and whether it is meant; a worker then deletes it, or the person says that they did."""
    post = queries.post(g.db, post_id, viewer=g.user)
    require(g.user, "post.take_down", post)
    limits = limits_of(post.channel.platform)
    form = TakeDownForm()
    if form.is_submitted():
        try:
            if form.validate():
                with committing(g.db):
                    amending.take_down(g.db, post, reason=form.reason.data or "", limits=limits, actor=g.user, now=g.now)
                flash(_("It is being taken down.") if limits.can_delete else _("Recorded as taken down."), "success")
                return redirect(url_for("posts.show", post_id=post_id))
        except PlannerError as error:
            refuse(form, error)
    elif post.taken_down_at is not None or post.external_id is None:
        raise WrongState(N_("Only a post that is live can be taken down."))
    return render_template("planning/take_down.html", form=form, post=post, limits=limits), 422 if form.is_submitted() else 200


@needs("read")
def finish(post_id: int) -> ResponseReturnValue:
    """Try again what belongs to a live post and is missing."""
    return _step(post_id, lambda post: amending.ask_finish(g.db, post, actor=g.user, now=g.now), _("It is tried again, within a minute."))


@needs("read")
def approve(post_id: int, amendment_id: int) -> ResponseReturnValue:
    def act(post: Post) -> str:
        amendment = _amendment(post, amendment_id)
        amending.approve(
            g.db, amendment, digest=request.form.get("digest", ""), limits=limits_of(post.channel.platform),
            four_eyes=runtime().settings.four_eyes, actor=g.user, now=g.now,
        )  # fmt: skip
        return _approved_said(post, amendment)

    return _step(post_id, act)


@needs("read")
def refuse_change(post_id: int, amendment_id: int) -> ResponseReturnValue:
    def act(post: Post) -> None:
        amending.refuse(
            g.db, _amendment(post, amendment_id), note=request.form.get("note", ""), four_eyes=runtime().settings.four_eyes, actor=g.user, now=g.now
        )

    return _step(post_id, act, _("Dropped. The post stays as it is."))


@needs("read")
def again(post_id: int, amendment_id: int) -> ResponseReturnValue:
    def act(post: Post) -> None:
        amending.again(g.db, _amendment(post, amendment_id), actor=g.user, now=g.now)

    return _step(post_id, act, _("It is tried again, within a minute."))


@needs("read")
def underway(post_id: int) -> ResponseReturnValue:
    """The part of a post's page that says what a worker is doing; asks the browser for the whole page once there is nothing left."""
    post = queries.post(g.db, post_id, viewer=g.user)
    changes = [one for one in publishing.amendments_of(g.db, post) if one.is_open]
    upload = uploads.of_posts(g.db, [post.id]).get(post.id)
    if request.args.get("line"):  # On the desk: only the bar, as long as it is being sent.
        return render_template("planning/_sending.html", post_id=post.id, upload=upload, sending=post.state is PostState.SENDING)
    response = make_response(render_template("planning/_underway.html", post=post, changes=changes, upload=upload))
    if not changes and post.state is not PostState.SENDING:
        response.headers["HX-Refresh"] = "true"
    return response


def _given(form: EditLiveForm) -> dict[str, object]:
    tags = [tag.strip() for tag in (form.tags.data or "").split(",") if tag.strip()]
    return {"title": form.title.data or "", "text": form.text.data or "", "tags": tags}


def _asked_said(post: Post, edit: Amendment) -> str:
    """What becomes of an edit that was asked for."""
    decision = _waits(post, edit)
    if decision is None:
        return str(_("Approved: no approval is asked for here. It goes to the platform now."))
    if not decision.tells or decision.now is None:
        return str(_("Asked. It goes to the platform once somebody has approved it."))
    step, waits = decision.now.name, decision.now.waits
    return str(_("Asked. It goes to the platform once each step said yes. “%(step)s” is asked now. %(waits)s.", step=step, waits=waits))


def _approved_said(post: Post, edit: Amendment) -> str:
    """What becomes of an edit that somebody said yes to."""
    decision = _waits(post, edit)
    if decision is None or decision.now is None:
        return str(_("Approved. It goes to the platform now."))
    return str(_("Your yes is noted. “%(step)s” is asked now. %(waits)s.", step=decision.now.name, waits=decision.now.waits))


def _waits(post: Post, edit: Amendment) -> Decision | None:
    """Where its approval stands; None when it is on its way."""
    return edit_decision_of(post, [one for one in publishing.amendments_of(g.db, post) if one.id == edit.id])


def _amendment(post: Post, amendment_id: int) -> Amendment:
    return amending.by_id(g.db, post, amendment_id)


def _step(post_id: int, act: Callable[[Post], object], done: str = "") -> ResponseReturnValue:
    """Do it, commit, and go back to the post, which says what came of it (`done`, or what `act` gives back) or what was refused."""
    post = queries.post(g.db, post_id, viewer=g.user)
    try:
        with committing(g.db):
            told = act(post)
    except (Forbidden, NotFound):
        raise
    except PlannerError as error:
        flash(say(error), "error")
    else:
        flash(done or str(told), "success")
    return redirect(url_for("posts.show", post_id=post_id))
