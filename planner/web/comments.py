"""Comments on a post: say something, about all of it or some of its words; say that it is dealt with."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from planner.core.errors import Invalid
from planner.planning import comments, queries
from planner.web.access import needs
from planner.web.languages import say
from planner.web.session import committing

__all__ = ["add", "settle"]


@needs("read")
def add(post_id: int) -> ResponseReturnValue:
    """From the post's page or the approver's: back to where it was written, with what was typed when it was refused."""
    post = queries.post(g.db, post_id, viewer=g.user)
    text, quote = request.form.get("text", ""), request.form.get("quote", "")
    try:
        with committing(g.db):
            comments.add(g.db, post, text, quote=quote, actor=g.user, now=g.now)
    except Invalid as error:
        flash(say(error), "error")
        return _back(post_id, comment=text[:2000], quote=quote[:600])
    return _back(post_id)


@needs("read")
def settle(post_id: int, comment_id: int) -> ResponseReturnValue:
    post = queries.post(g.db, post_id, viewer=g.user)
    with committing(g.db):
        comments.settle(g.db, post, comment_id, actor=g.user, now=g.now)
    flash(_("Settled."), "success")
    return _back(post_id)


def _back(post_id: int, **typed: Any) -> ResponseReturnValue:
    to = "approvals.show" if request.form.get("to") == "approvals" else "posts.show"
    told: dict[str, Any] = {name: text for name, text in typed.items() if text}
    return redirect(url_for(to, post_id=post_id, _anchor="comments", **told))
