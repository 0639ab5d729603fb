"""Approving, made for a phone: what waits for me, one post at a time, and a campaign's whole wave at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from planner.catalog.models import AssetFile
from planner.core.errors import Conflict, Forbidden, NotFound, PlannerError, WrongState
from planner.planning import comments, queries, routes, rules, service
from planner.planning.digest import leaving_comment, leaving_files, leaving_text
from planner.planning.marks import leaving_link
from planner.planning.mentions import shown
from planner.planning.models import Post, PostState
from planner.planning.saying import digest_of, findings_of
from planner.planning.waiting import Waiting, following, waiting
from planner.publishing import edit_steps
from planner.web.access import needs
from planner.web.decisions import Decision, decision_of, names_of
from planner.web.forms.planning import ApproveForm, NoteForm
from planner.web.languages import say
from planner.web.named_posts import named_in
from planner.web.preflight import limits_of
from planner.web.session import committing, runtime
from planner.web.telling import approved_said, flash_each

__all__ = ["Shown", "approve", "index", "request_changes", "show", "wave"]


#: So many posts are listed, those that go out first.
_LISTED = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """One post as an approver reads it."""

    waits: Waiting
    findings: list[rules.Finding]
    decision: Decision
    text: str
    comment: str
    link: str
    #: Each with what is said of it to people who cannot see it.
    files: list[tuple[AssetFile, str]]
    #: Number -> title of the other posts that the findings speak of, where the reader may open them.
    named: dict[int, str] = field(default_factory=dict)

    @property
    def blocked(self) -> bool:
        return bool(rules.blocking(self.findings))

    @property
    def mine(self) -> bool:
        """Whether this reader can say yes to it as it stands."""
        return self.waits.mine and not self.blocked


@needs("read")
def index() -> ResponseReturnValue:
    found = waiting(g.db, viewer=g.user, four_eyes=runtime().settings.four_eyes, limit=_LISTED + 1)
    more, found = len(found) > _LISTED, found[:_LISTED]
    mine = [one for one in found if one.mine]
    edits = edit_steps.waiting(g.db, viewer=g.user, four_eyes=runtime().settings.four_eyes, limit=_LISTED + 1)
    more, edits = more or len(edits) > _LISTED, edits[:_LISTED]
    waves = {one.post.campaign_id: one.post.campaign for one in mine if one.post.campaign is not None}
    counts = {number: sum(one.post.campaign_id == number for one in mine) for number in waves}
    return render_template(
        "approvals/index.html", more=_LISTED if more else 0, mine=mine, others=[one for one in found if not one.mine],
        edits=[one for one in edits if one.mine], other_edits=[one for one in edits if not one.mine],
        waves=[(campaign, counts[number]) for number, campaign in waves.items() if counts[number] > 1],
    )  # fmt: skip


@needs("read")
def show(post_id: int) -> ResponseReturnValue:
    return _page(post_id)


@needs("read")
def approve(post_id: int) -> ResponseReturnValue:
    form = ApproveForm()

    def act(post: Post) -> str:
        service.approve(
            g.db, post, digest=form.digest.data or "", note=(form.note.data or "").strip(), limits=limits_of(post.channel.platform),
            four_eyes=runtime().settings.four_eyes, actor=g.user, now=g.now,
        )  # fmt: skip
        return approved_said(post) if post.state is PostState.APPROVED else _("Your yes is noted. It waits for others now.")

    return _said(post_id, form, "approve", act)


@needs("read")
def request_changes(post_id: int) -> ResponseReturnValue:
    form = NoteForm(prefix="changes-")

    def act(post: Post) -> str:
        service.request_changes(g.db, post, note=form.note.data or "", actor=g.user, now=g.now)
        return str(_("Sent back to its author with your note."))

    return _said(post_id, form, "request_changes", act)


@needs("read")
def wave(campaign_id: int) -> ResponseReturnValue:
    """All posts of a campaign that are in review, each with what the rules say of it; those ticked are approved, each for itself."""
    campaign = queries.campaign(g.db, campaign_id)
    if request.method == "POST":
        _approve_all(campaign_id)
        return redirect(url_for(".wave", campaign_id=campaign_id))
    found = _waiting(campaign_id)
    known = routes.read(g.db)
    names = names_of(g.db, [stands.step for one in found for stands in one.standing.steps])
    read = [_shown(one, names=names, known=known) for one in found]
    named = named_in(said for one in read for said in one.findings)
    shown = [replace(one, named=named) for one in read]
    return render_template("approvals/wave.html", campaign=campaign, shown=shown, mine=[one for one in shown if one.mine])


def _approve_all(campaign_id: int) -> None:
    """Each ticked post in a transaction of its own: one that is refused does not hold up the others."""
    said: list[str] = []
    count = 0
    for number in dict.fromkeys(request.form.getlist("post", type=int)):
        post = queries.post(g.db, number, viewer=g.user)
        if post.campaign_id != campaign_id:
            raise NotFound()
        title = post.asset.title
        try:
            with committing(g.db):
                service.approve(
                    g.db, post, digest=request.form.get(f"digest-{number}", ""), limits=limits_of(post.channel.platform),
                    four_eyes=runtime().settings.four_eyes, actor=g.user, now=g.now,
                )  # fmt: skip
        except PlannerError as error:
            said.append(_("“%(title)s” on %(channel)s: %(sentence)s", title=title, channel=post.channel.name, sentence=say(error)))
        else:
            count += 1
    if count:
        flash(ngettext("You said yes to one post.", "You said yes to %(num)d posts.", count), "success")
    flash_each(said, "error")
    if not count and not said:
        flash(_("Tick the posts you say yes to."), "error")


def _page(post_id: int, status: int = 200, **forms: Any) -> ResponseReturnValue:
    post = queries.post(g.db, post_id, viewer=g.user)
    found = _waiting()
    mine = [one.post.id for one in found if one.mine]
    waits = next((one for one in found if one.post.id == post_id), None)
    read = _shown(waits) if waits is not None else None
    shown = replace(read, named=named_in(read.findings)) if read is not None else None
    approving = forms.get("approve") or ApproveForm(formdata=None)
    approving.digest.data, approving.digest.raw_data = digest_of(post), None
    page = render_template(
        "approvals/show.html",
        post=post,
        shown=shown,
        number=mine.index(post_id) + 1 if post_id in mine else 0,
        count=len(mine),
        following=following(found, post_id),
        comments=comments.of_post(g.db, post),
        approve=approving,
        request_changes=forms.get("request_changes") or NoteForm(formdata=None, prefix="changes-"),
    )
    return page, status


def _said(post_id: int, form: Any, name: str, act: Callable[[Post], str]) -> ResponseReturnValue:
    """Do it and go on to the next; a refusal comes back with its sentence and what was typed."""
    post = queries.post(g.db, post_id, viewer=g.user)
    after = following(_waiting(), post_id)
    if not form.validate():
        return _page(post_id, 422, **{name: form})
    try:
        with committing(g.db):
            sentence = act(post)
    except (Forbidden, NotFound):
        raise
    except PlannerError as error:
        g.db.expire_all()
        form.refuse(error)
        return _page(post_id, error.status if isinstance(error, (Conflict, WrongState)) else 422, **{name: form})
    flash(sentence, "success")
    return redirect(url_for(".show", post_id=after) if after is not None else url_for(".index"))


def _waiting(campaign_id: int | None = None) -> list[Waiting]:
    return waiting(g.db, viewer=g.user, four_eyes=runtime().settings.four_eyes, campaign_id=campaign_id)


def _shown(one: Waiting, *, names: dict[int, str] | None = None, known: routes.Routes | None = None) -> Shown:
    post = one.post
    return Shown(
        waits=one,
        findings=findings_of(g.db, post, limits_of(post.channel.platform), g.now),
        decision=decision_of(post, one.digest, names=names, routes=known),
        text=shown(leaving_text(post, post.channel, runtime().settings.base_url)),
        comment=leaving_comment(post, post.channel),
        link=leaving_link(post, runtime().settings.base_url),
        files=leaving_files(post),
    )
