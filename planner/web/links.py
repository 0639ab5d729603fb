"""Our own short links: followed by anybody, counted without remembering who, made on a post's page."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from planner.accounts.rules import may, require
from planner.core.errors import NotFound
from planner.insights import short_links
from planner.planning import queries
from planner.planning.models import Post
from planner.web.access import needs, public
from planner.web.security import limiter
from planner.web.session import committing, runtime

__all__ = ["follow", "make", "short_link_of"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A post's short address (empty: it has none yet), where it leads, and how often people followed it."""

    address: str
    leads_to: str
    clicks: int


#: Codes that lead nowhere count, however many people follow links behind one address. Whoever tries too many is told no more what a code
#: leads to, but for what is live, which is no secret.
_guess_slowly = limiter.shared_limit(
    "30 per minute; 300 per hour", scope="short links", deduct_when=lambda answer: answer.status_code == 404,
    exempt_when=lambda: g.followed is not None and g.followed.is_live,
)  # fmt: skip


@public
def follow(code: str) -> ResponseReturnValue:
    """Lead to the page with the post's marks; 404 for a code nobody made and while an embargo holds. A count that fails keeps nobody waiting."""
    try:
        g.followed = short_links.target(g.db, code, now=g.now)
    except NotFound:
        g.followed = None
    g.db.rollback()
    return _lead()


@_guess_slowly
def _lead() -> ResponseReturnValue:
    if g.followed is None:
        raise NotFound()
    purpose = " ".join(request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"))
    if short_links.is_person(request.method, request.headers.get("User-Agent", ""), purpose):
        try:
            with runtime().sessions.begin() as db:
                short_links.count_click(db, g.followed.link_id, now=g.now)
        except SQLAlchemyError:
            log.warning("a click on a short link could not be counted", exc_info=True)
    answer = redirect(g.followed.address, 302)
    answer.headers["Cache-Control"] = "no-store"  # Else a browser follows it again without being counted.
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@needs("read")
def make(post_id: int) -> ResponseReturnValue:
    """Give a post its short link. Asked for twice, it is the same."""
    post = queries.post(g.db, post_id, viewer=g.user)
    require(g.user, "post.edit", post)
    with committing(g.db):
        short_links.make(g.db, post, actor=g.user, now=g.now)
    return redirect(url_for("posts.show", post_id=post.id, _anchor="short-link"))


def short_link_of(post: Post) -> ShownLink | None:
    """The address of the post's short link, where it leads and how often it was followed; None for a post that leads nowhere."""
    leads_to = short_links.address_of(post)
    link = short_links.link_of(g.db, post.id) if leads_to else None
    if not leads_to or (link is None and not may(g.user, "post.edit", post)):
        return None
    if link is None:
        return ShownLink("", leads_to, 0)
    return ShownLink(f"{runtime().settings.base_url.rstrip('/')}/l/{link.code}", leads_to, short_links.clicks_of(g.db, link))
