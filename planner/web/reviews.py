"""Links for approvers without an account: made for one person and shown once, listed, revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from planner.accounts.rules import may
from planner.core.errors import NotFound, PlannerError
from planner.core.text import isolated
from planner.planning import guests, queries
from planner.planning.waiting import waiting
from planner.web.access import needs
from planner.web.forms.approval import GuestForm
from planner.web.labels import channel_choices
from planner.web.session import committing, runtime

__all__ = ["index", "revoke"]


@needs("review.make")
def index() -> ResponseReturnValue:
    """The form, for the post or the campaign of the address, and the links there are."""
    offered = _offered()
    form, made = GuestForm(offered=offered), None
    if not form.is_submitted():
        form.posts.data = [number for number, _title in offered] if request.args else []
    elif form.validate():
        try:
            posts = [queries.post(g.db, number, viewer=g.user) for number in form.posts.data]
            with committing(g.db):
                link, token = guests.make(
                    g.db, form.name.data or "", posts, life=timedelta(days=int(form.days.data)), language=str(get_locale() or "en")[:2], actor=g.user, now=g.now
                )
        except NotFound:
            raise
        except PlannerError as error:
            form.refuse(error)
        else:
            made = {"name": link.name, "address": runtime().settings.base_url.rstrip("/") + url_for("guests.page", token=token)}
            form = GuestForm(formdata=None, offered=offered)
    html = render_template(
        "approvals/links.html", form=form, made=made, offered=offered, lines=guests.lines(g.db, viewer=g.user, now=g.now), everybodys=may(g.user, "share.manage"),
    )  # fmt: skip
    answer = make_response(html, 422 if form.refused else 200)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@needs("review.make")
def revoke(link_id: int) -> ResponseReturnValue:
    link = guests.by_id(g.db, link_id, viewer=g.user)
    with committing(g.db):
        guests.revoke(g.db, link, actor=g.user, now=g.now)
    flash(_("The link for %(name)s no longer works.", name=link.name), "success")
    return redirect(url_for(".index"))


def _offered() -> list[tuple[int, str]]:
    """The posts in review that a link may show; those of the address's post or campaign where it names one."""
    post_id, campaign_id = request.args.get("post", type=int), request.args.get("campaign", type=int)
    if campaign_id is not None and not 0 < campaign_id <= queries.LAST_ID:
        return []
    found: list[Any] = waiting(g.db, viewer=g.user, four_eyes=runtime().settings.four_eyes, campaign_id=campaign_id)
    channels = dict(channel_choices({one.post.channel_id: one.post.channel for one in found}.values()))
    return [(one.post.id, f"{isolated(one.post.asset.title)} · {isolated(channels[one.post.channel_id])}") for one in found if post_id in (None, one.post.id)]
