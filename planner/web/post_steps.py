"""The steps of a post, one button each: submit, approve, ask for changes, withdraw, cancel, and what to do when sending went wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from planner.accounts.rules import require
from planner.channels.port import Platform
from planner.core.errors import Conflict, Forbidden, NotFound, PlannerError, WrongState
from planner.core.i18n import N_
from planner.planning import queries, service, states, together, tuning
from planner.planning.models import Post, PostState
from planner.planning.together import Doing
from planner.publishing import service as publishing
from planner.publishing.models import Delivery
from planner.web.access import needs
from planner.web.forms.planning import ApproveForm, CancelForm, LiveForm, NoteForm
from planner.web.forms.rules import OverrideForm
from planner.web.languages import say
from planner.web.posts import limits_of, post_page
from planner.web.session import committing, runtime
from planner.web.telling import approved_said

__all__ = ["approve", "cancel", "live", "not_live", "override", "request_changes", "restore", "retry", "submit", "withdraw"]


@needs("read")
def submit(post_id: int) -> ResponseReturnValue:
    def act(post: Post) -> None:
        service.submit(g.db, post, limits=limits_of(post.channel.platform), four_eyes=runtime().settings.four_eyes, actor=g.user, now=g.now)

    def said(post: Post) -> str:
        return _("Submitted for approval.") if post.state is PostState.IN_REVIEW else approved_said(post, asked=False)

    return _step(post_id, act, said, undo="withdraw")


@needs("read")
def approve(post_id: int) -> ResponseReturnValue:
    form = ApproveForm()

    def act(post: Post) -> None:
        service.approve(
            g.db, post, digest=form.digest.data or "", note=(form.note.data or "").strip(), limits=limits_of(post.channel.platform),
            four_eyes=runtime().settings.four_eyes, actor=g.user, now=g.now,
        )  # fmt: skip

    if not form.validate():
        return post_page(queries.post(g.db, post_id, viewer=g.user), 422, approve=form)
    def said(post: Post) -> str:
        return approved_said(post) if post.state is PostState.APPROVED else _("Your yes is noted. It waits for others now.")

    return _step(post_id, act, said, undo="withdraw", form=("approve", form))


@needs("read")
def request_changes(post_id: int) -> ResponseReturnValue:
    form = NoteForm(prefix="changes-")

    def act(post: Post) -> None:
        service.request_changes(g.db, post, note=form.note.data or "", actor=g.user, now=g.now)

    if not form.validate():
        return post_page(queries.post(g.db, post_id, viewer=g.user), 422, request_changes=form)
    return _step(post_id, act, _("Sent back to its author with your note."), form=("request_changes", form))


@needs("read")
def withdraw(post_id: int) -> ResponseReturnValue:
    def act(post: Post) -> None:
        service.withdraw(g.db, post, actor=g.user, now=g.now)

    return _step(post_id, act, _("Back to draft. It does not go out until it is submitted and approved again."))


@needs("read")
def override(post_id: int) -> ResponseReturnValue:
    """Let this very content pass a rule that an administrator made blocking."""
    form = OverrideForm(prefix="override-")

    def act(post: Post) -> None:
        tuning.override(
            g.db, post, form.code.data or "", reason=form.reason.data or "", digest=form.digest.data or "",
            limits=limits_of(post.channel.platform), actor=g.user, now=g.now,
        )  # fmt: skip

    if not form.validate():
        return post_page(queries.post(g.db, post_id, viewer=g.user), 422, override=form)
    return _step(post_id, act, _("That rule lets this post pass as it is now. Any edit asks again."), form=("override", form))


@needs("read")
def cancel(post_id: int) -> ResponseReturnValue:
    """Ask why, then drop it."""
    post, form = queries.post(g.db, post_id, viewer=g.user), CancelForm()
    require(g.user, "post.cancel", post)

    def act(post: Post) -> None:
        together.cancel(g.db, [post], form.reason.data or "", Doing(limits_of, runtime().settings.four_eyes, g.user, g.now))

    if form.validate_on_submit():
        return _step(post_id, act, _("Cancelled. It will not go out."), undo="restore")
    states.require(post, "cancel")
    return render_template("planning/cancel.html", post=post, form=form), 422 if form.is_submitted() else 200


@needs("read")
def restore(post_id: int) -> ResponseReturnValue:
    def act(post: Post) -> None:
        service.restore(g.db, post, limits=limits_of(post.channel.platform), four_eyes=runtime().settings.four_eyes, actor=g.user, now=g.now)

    return _step(post_id, act, _("The post is back."))


@needs("read")
def retry(post_id: int) -> ResponseReturnValue:
    """Send it now although its time passed or its tries ran out; the checks before sending are asked again."""

    def act(post: Post) -> None:
        require(g.user, "delivery.resolve", post)
        publishing.retry(g.db, _delivery(post), actor=g.user, now=g.now)

    return _step(post_id, act, _("It is sent again, within a minute."))


@needs("read")
def live(post_id: int) -> ResponseReturnValue:
    """A person says where it is live: posted by hand, or one that nobody could confirm."""
    form = LiveForm()

    def act(post: Post) -> None:
        require(g.user, "delivery.resolve", post)
        by_hand = post.channel.platform is Platform.BY_HAND
        delivery = publishing.delivery_for(g.db, post, now=g.now) if by_hand else _delivery(post)
        publishing.record_by_hand(g.db, delivery, url=(form.url.data or "").strip(), actor=g.user, now=g.now)

    if not form.validate():
        return post_page(queries.post(g.db, post_id, viewer=g.user), 422, live=form)
    return _step(post_id, act, _("Recorded as published."), form=("live", form))


@needs("read")
def not_live(post_id: int) -> ResponseReturnValue:
    """A person looked: it is not live."""

    def act(post: Post) -> None:
        require(g.user, "delivery.resolve", post)
        publishing.say_not_live(g.db, _delivery(post), actor=g.user, now=g.now)

    return _step(post_id, act, _("Recorded as not live. You may send it again."))


def _step(
    post_id: int, act: Callable[[Post], None], done: str | Callable[[Post], str], *, undo: str = "", form: tuple[str, Any] | None = None
) -> ResponseReturnValue:
    """Do it, commit, and go back to the post; a refusal comes back as its page, with the sentence and what was typed."""
    post = queries.post(g.db, post_id, viewer=g.user)
    try:
        with committing(g.db):
            act(post)
    except (Forbidden, NotFound):
        raise
    except PlannerError as error:
        return _refused(post_id, error, form)
    told = done if isinstance(done, str) else done(post)
    said: Any = {"text": told, "undo": url_for(f".{undo}", post_id=post_id)} if undo else told
    flash(said, "success")
    return redirect(url_for("posts.show", post_id=post_id))


def _refused(post_id: int, error: PlannerError, form: tuple[str, Any] | None) -> ResponseReturnValue:
    post = queries.post(g.db, post_id, viewer=g.user)
    status = error.status if isinstance(error, (Conflict, WrongState)) else 422
    if form is None or error.field not in form[1]._fields:
        flash(say(error), "error")
    else:
        form[1].refuse(error)
    return post_page(post, status, **({form[0]: form[1]} if form else {}))


def _delivery(post: Post) -> Delivery:
    found = g.db.scalars(select(Delivery).where(Delivery.post_id == post.id)).first()
    if found is None:
        raise WrongState(N_("This post was never on its way out."))
    return found  # type: ignore[no-any-return]
