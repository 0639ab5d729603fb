"""Keeps what is typed into the composer as one types, brings it back after a closed tab, and shows the templates of posts."""

from __future__ import annotations

import re
from typing import Any

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from planner.accounts.rules import may, require
from planner.core.errors import Invalid, NotFound, PlannerError
from planner.planning import queries, variants, writing
from planner.planning.models import Campaign, Post
from planner.planning.writing_models import KeptText
from planner.web.access import needs
from planner.web.calendar.ways import say_with_undo
from planner.web.histories import last_changed_by
from planner.web.languages import translate
from planner.web.moments import in_zone
from planner.web.session import committing

__all__ = ["discard", "hashtags", "keep", "keep_template", "leave_variants", "make_variant", "restored", "templates", "typed", "unsaved", "drop_template", "put_back_template"]

#: The fields of the composer; nothing else that a page sends is kept.
_FIELDS = re.compile(
    r"(text|title|first_comment|alt)-\d{1,18}|others|text|title|link|first_comment|tags|playlist|media|channels|asset_id|campaign_id|wall_time|time_zone|fold|marks_link|utm_(source|medium|campaign)"
)


@needs("read")
def keep(what: str) -> ResponseReturnValue:
    """Keep the form. Answers when, and whether somebody else has saved the post since it was opened."""
    post = _post(what)
    values = {name: given for name, given in request.form.lists() if _FIELDS.fullmatch(name)}
    version = request.form.get("version", "")
    with committing(g.db):
        writing.keep(g.db, g.user, what, values, version=int(version) if version.isdecimal() and len(version) < 18 else None, now=g.now)
    newer = post is not None and version != str(post.version)
    said = _("Kept at %(time)s", time=in_zone(g.now, None, "HH:mm").striptags())
    if newer and post is not None:
        said = _("%(said)s. %(name)s changed this post meanwhile: saving will show both.", said=said, name=last_changed_by(post))
    return jsonify(said=said, newer=newer)


@needs("read")
def discard(what: str) -> ResponseReturnValue:
    post = _post(what)
    with committing(g.db):
        writing.discard(g.db, g.user, what)
    return redirect(url_for("posts.edit", post_id=post.id) if post is not None else url_for("posts.new"))


@needs("post.create")
def make_variant(post_id: int) -> ResponseReturnValue:
    """Another post that says it differently; it opens to be written."""
    post = queries.post(g.db, post_id, viewer=g.user)
    with committing(g.db):
        made = variants.make(g.db, post, actor=g.user, now=g.now)
    flash(_("A variant: say it differently, then choose its time. Only what differs can be compared, so change one thing."), "success")
    return redirect(url_for("posts.edit", post_id=made.id))


@needs("post.edit")
def leave_variants(post_id: int) -> ResponseReturnValue:
    post = queries.post(g.db, post_id, viewer=g.user)
    with committing(g.db):
        variants.leave(g.db, post, actor=g.user, now=g.now)
    flash(_("It stands alone again."), "success")
    return redirect(url_for("posts.show", post_id=post_id))


@needs("read")
def hashtags() -> ResponseReturnValue:
    """The sets of hashtags of the campaign in the address, as a piece of the composer."""
    number = request.args.get("campaign_id", type=int)
    found = g.db.get(Campaign, number) if number is not None and 0 < number <= queries.LAST_ID else None
    return render_template("planning/_hashtags.html", sets=found.hashtags or [] if found is not None else [])


@needs("read")
def templates() -> ResponseReturnValue:
    sought, cursor = request.args.get("q", "").strip()[:200], request.args.get("cursor")
    page = writing.templates(g.db, sought=sought, cursor=cursor)
    return render_template(
        "planning/templates.html", templates=page.items, sought=sought,
        next_href=url_for(".templates", q=sought or None, cursor=page.next_cursor) if page.next_cursor else None,
        first_href=url_for(".templates", q=sought or None) if cursor else None,
    )  # fmt: skip


@needs("post.edit")
def keep_template(post_id: int) -> ResponseReturnValue:
    """Keep the words of a post as a template."""
    post = queries.post(g.db, post_id, viewer=g.user)
    try:
        with committing(g.db):
            made = writing.add_template(g.db, request.form.get("name", ""), post, actor=g.user, now=g.now)
    except PlannerError as error:
        flash(translate(error.message, **error.params), "error")
        return redirect(url_for("posts.show", post_id=post_id))
    flash(_("“%(name)s” is kept as a template.", name=made.name), "success")
    return redirect(url_for("writing.templates"))


@needs("template.remove")
def drop_template(template_id: int) -> ResponseReturnValue:
    made = writing.template(g.db, template_id)
    with committing(g.db):
        name, entry = made.name, writing.remove_template(g.db, made, actor=g.user, now=g.now)
    say_with_undo(_("The template “%(name)s” is removed.", name=name), url_for("writing.put_back_template"), entry=entry.id)
    return redirect(url_for("writing.templates"))


@needs("template.remove")
def put_back_template() -> ResponseReturnValue:
    """A removed template again."""
    entry = request.form.get("entry", "")
    try:
        with committing(g.db):
            made = writing.put_back_template(g.db, int(entry) if entry.isdecimal() and len(entry) < 18 else 0, actor=g.user, now=g.now)
    except Invalid as error:
        flash(translate(error.message, **error.params), "error")
    else:
        flash(_("The template “%(name)s” is there again.", name=made.name), "success")
    return redirect(url_for("writing.templates"))


def unsaved(what: str) -> KeptText | None:
    """What this person had typed there and not saved, when the page is opened anew and does not bring it back already."""
    return None if request.method != "GET" or "restore" in request.args else writing.kept(g.db, g.user, what, now=g.now)


def restored(what: str) -> MultiDict[str, str] | None:
    """The form as it was typed, when the address asks for it; `typed` gives it to the page."""
    found = writing.kept(g.db, g.user, what, now=g.now) if request.method == "GET" and "restore" in request.args else None
    if found is None:
        return None
    g.typed = MultiDict([(name, one) for name, given in found.values.items() for one in given])
    if found.version is not None:
        g.typed["version"] = str(found.version)
    return g.typed  # type: ignore[no-any-return]


def typed() -> Any:
    """What was typed: sent with this request, or brought back."""
    return g.get("typed", request.form)


def _post(what: str) -> Post | None:
    """The post that is changed; None for a new one. Raises NotFound for what is neither, Forbidden for who may not write it."""
    if what == "new":
        require(g.user, "post.create")
        return None
    if not what.isdecimal() or len(what) > 17:
        raise NotFound()
    post = queries.post(g.db, int(what), viewer=g.user)
    if not may(g.user, "post.edit", post):
        raise NotFound()
    return post
