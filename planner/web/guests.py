"""What somebody without an account sees by their link: the posts it was made for, each with a yes or what should change. Nothing leads into the product."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, flash, g, make_response, redirect, render_template, request, send_from_directory, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_limiter import RequestLimit
from werkzeug.wrappers import Response as BaseResponse

from planner.catalog.models import AssetFile
from planner.channels.port import MediaKind
from planner.core.errors import NotFound, PlannerError
from planner.planning import guests
from planner.planning.approval_models import ReviewLink
from planner.planning.differences import Difference, differences, snapshot
from planner.planning.digest import leaving_comment, leaving_files, leaving_text
from planner.planning.marks import leaving_link
from planner.planning.mentions import shown
from planner.planning.models import Approval, Post, PostState
from planner.planning.saying import digest_of
from planner.web.access import public
from planner.web.languages import say
from planner.web.preflight import limits_of
from planner.web.security import limiter
from planner.web.session import committing, runtime

__all__ = ["approve", "file", "page", "request_changes"]


@dataclass(frozen=True, slots=True)
class Part:
    """One post as the link shows it: what leaves, nothing of what the team says about it."""

    post: Post
    digest: str
    text: str
    comment: str
    link: str
    files: list[tuple[AssetFile, str]]
    #: Their own last word, whether it is about what stands here now, and what changed since when it is not.
    said: Approval | None
    holds: bool
    since: list[Difference]

    @property
    def waits(self) -> bool:
        return self.post.state is PostState.IN_REVIEW and not self.holds


def _too_many(_limit: RequestLimit) -> Response:
    return _private(make_response(render_template("shared/gone.html", sentence=_("Too many tries. Wait a minute, then try again.")), 429))


#: Only what opens nothing counts, together with the other links of the product.
_guess_slowly = limiter.shared_limit(
    "30 per minute; 300 per hour", scope="shared links", deduct_when=lambda answer: answer.status_code == 404, on_breach=_too_many
)
_say_slowly = limiter.limit("30 per minute; 200 per hour", on_breach=_too_many)


@public
@_guess_slowly
def page(token: str) -> ResponseReturnValue:
    link = _opened(token)
    if isinstance(link, Response):
        return link
    answer = _page(token, link)
    with runtime().sessions.begin() as db:
        guests.note_use(db, link, now=g.now)
    return answer


@public
@_guess_slowly
@_say_slowly
def approve(token: str, post_id: int) -> ResponseReturnValue:
    def act(link: ReviewLink, post: Post) -> str:
        guests.approve(
            g.db, link, post, digest=request.form.get("digest", ""), note=request.form.get("note", ""), limits=limits_of(post.channel.platform),
            four_eyes=runtime().settings.four_eyes, now=g.now,
        )  # fmt: skip
        return str(_("Thank you: your yes is noted."))

    return _said(token, post_id, act)


@public
@_guess_slowly
@_say_slowly
def request_changes(token: str, post_id: int) -> ResponseReturnValue:
    def act(link: ReviewLink, post: Post) -> str:
        guests.request_changes(g.db, link, post, digest=request.form.get("digest", ""), note=request.form.get("note", ""), now=g.now)
        return str(_("Thank you: your note went to its author."))

    return _said(token, post_id, act)


@public
@_guess_slowly
def file(token: str, post_id: int, file_id: int) -> ResponseReturnValue:
    """A picture or another file that goes out with one of the posts; none else."""
    link = _opened(token)
    if isinstance(link, Response):
        return link
    post = _one(link, post_id)
    found = next((one for one, _alt in leaving_files(post) if one.id == file_id), None)
    if found is None:
        raise NotFound(guests.GONE)
    inline = found.kind in (MediaKind.IMAGE, MediaKind.GIF)
    answer = send_from_directory(
        runtime().settings.data_path / "files", found.stored_name, mimetype=found.mime, as_attachment=not inline, download_name=found.name
    )
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return _private(answer)


def _said(token: str, post_id: int, act: Callable[[ReviewLink, Post], str]) -> ResponseReturnValue:
    link = _opened(token)
    if isinstance(link, Response):
        return link
    post = _one(link, post_id)
    try:
        with committing(g.db):
            sentence = act(link, post)
    except PlannerError as error:
        g.db.expire_all()
        return _page(token, link, refused=(post_id, say(error), request.form.get("note", "")[:2000]), status=error.status)
    flash(sentence, "success")
    return _private(redirect(url_for(".page", token=token, _anchor=f"post-{post_id}")))


def _opened(token: str) -> ReviewLink | Response:
    try:
        return guests.opened(g.db, token, now=g.now)
    except NotFound as error:
        return _private(make_response(render_template("shared/gone.html", sentence=say(error)), 404))


def _one(link: ReviewLink, post_id: int) -> Post:
    post = next((one for one in guests.posts_of(g.db, link) if one.id == post_id), None)
    if post is None:
        raise NotFound(guests.GONE)
    return post


def _page(token: str, link: ReviewLink, *, refused: tuple[int, str, str] | None = None, status: int = 200) -> Response:
    def html() -> str:
        parts = [_part(post, link) for post in guests.posts_of(g.db, link)]
        return render_template("approvals/guest.html", token=token, link=link, parts=parts, refused=refused)

    if request.accept_languages or request.cookies.get("language"):
        return _private(make_response(html(), status))
    with force_locale(link.language):
        return _private(make_response(html(), status))


def _part(post: Post, link: ReviewLink) -> Part:
    digest, said = digest_of(post), guests.last_read(post, link)
    holds = said is not None and said.digest == digest
    since = differences(said.content, snapshot(post)) if said is not None and said.content is not None and not holds else []
    base = runtime().settings.base_url
    text, comment = shown(leaving_text(post, post.channel, base)), leaving_comment(post, post.channel)
    return Part(post, digest, text, comment, leaving_link(post, base), leaving_files(post), said, holds, since)


def _private(answer: Any) -> Response:
    """Whoever has the address can read it: no index, no cache, and no page it leads to may learn it."""
    answer = answer if isinstance(answer, BaseResponse) else make_response(answer)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    # Its own forms say where they come from, as the check against forged ones asks over HTTPS; nobody else learns it.
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer  # type: ignore[no-any-return]
