"""One post with all that is known of it, its words and its moment; `new` is in planner.web.composing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_timezone
from flask_babel import gettext as _

from planner.accounts.rules import may, require
from planner.channels.by_hand import CopyPack, copy_pack
from planner.channels.limits import held_at
from planner.channels.port import Platform
from planner.core.errors import Conflict, Invalid, PlannerError
from planner.core.i18n import N_
from planner.insights import standing
from planner.insights import variants as shown_variants
from planner.insights.queries import post_numbers
from planner.planning import base_texts, comments, marks, queries, rules, service, states, tuning, variants, writing
from planner.planning.costs import cost_of
from planner.planning.digest import leaving_comment, leaving_files, leaving_text
from planner.planning.limits import COUNTED_AS, length_of
from planner.planning.marks import leaving_link
from planner.planning.mentions import shown, spoken
from planner.planning.models import Origin, Post, PostState
from planner.planning.moments import fold_of, resolve_wall_time, wall_of
from planner.planning.rulebook import BY_FINDING, rule
from planner.planning.values import PostValues
from planner.publishing import amending, native_queries, uploads
from planner.publishing import queries as publishing
from planner.publishing.compose import outgoing_of
from planner.publishing.models import Attempt
from planner.web import clashes
from planner.web.access import needs
from planner.web.calendar.ways import came_from
from planner.web.composing import campaigns, files, new, refuse, submit_saved
from planner.web.decisions import Decision, decision_of, edit_decision_of
from planner.web.definitions import definitions, regimes
from planner.web.forms.planning import ApproveForm, LiveForm, MoveForm, NoteForm, PostForm
from planner.web.forms.rules import OverrideForm
from planner.web.histories import last_changed_by, past_of
from planner.web.languages import say, translate
from planner.web.links import short_link_of
from planner.web.mentioning import mentioning
from planner.web.moments import in_zone
from planner.web.named_posts import named_in
from planner.web.preflight import check_of, is_pretend, limits_of, prices, values_of
from planner.web.session import committing, runtime
from planner.web.telling import flash_each
from planner.web.words import RESULTS
from planner.web.writing import restored, typed, unsaved

__all__ = ["edit", "limits_of", "move", "new", "post_page", "refuse", "show"]

@needs("read")
def show(post_id: int) -> ResponseReturnValue:
    return post_page(queries.post(g.db, post_id, viewer=g.user))


@needs("read")
def edit(post_id: int) -> ResponseReturnValue:
    post = queries.post(g.db, post_id, viewer=g.user)
    require(g.user, "post.edit", post)
    states.require(post, "revise")
    back = restored(str(post_id))
    form = PostForm(back) if back is not None else PostForm()
    form.offer(campaigns=campaigns(), files=files(post.asset))
    form.offer_zones(post.channel.time_zone, str(get_timezone()), post.time_zone)
    changed_by, checking = None, "check" in request.form
    if form.is_submitted():
        try:
            if form.validate() and not checking:
                _revise(post, form)
                if "then" in request.form and _to_be_submitted(post):
                    submit_saved([post])
                return redirect(url_for(".show", post_id=post_id))
        except Conflict:
            g.db.expire_all()
            post = queries.post(g.db, post_id, viewer=g.user)
            changed_by = last_changed_by(post)
            form.version.data, form.version.raw_data = post.version, [str(post.version)]
        except PlannerError as error:
            refuse(form, error)
    elif back is None:
        _fill(form, post)
    told = mentioning(form)
    page = render_template(
        "planning/edit.html", mentioning=told, typed=typed(), unsaved=unsaved(str(post_id)), form=form, post=post, changed_by=changed_by, checks=[check_of(form, post)],
        clash=[] if changed_by is None else clashes.of_post(post, form),
        limits=limits_of(post.channel.platform), counted=COUNTED_AS, usual=marks.usual(post.channel.platform, post.campaign),
        can_submit=_to_be_submitted(post), together=base_texts.together(g.db, post), others_too="others" in request.form or (back is not None and "others" in back),
        alts={item.get("file_id"): item.get("alt_text", "") for item in post.media or []},
    )  # fmt: skip
    return page, 409 if changed_by is not None else 422 if form.is_submitted() and (form.refused or not checking) else 200


@needs("read")
def move(post_id: int) -> ResponseReturnValue:
    """The form, and what the calendar's script posts when a post is dropped (JSON in, JSON out)."""
    post = queries.post(g.db, post_id, viewer=g.user)
    require(g.user, "post.move", post)
    if request.is_json:
        return _dropped(post)
    form = MoveForm()
    form.offer_zones(post.time_zone or post.channel.time_zone, post.channel.time_zone, str(get_timezone()), form.time_zone.data)
    if form.is_submitted():
        try:
            if form.validate() and (to := form.moment()) is not None:
                message = _move(post, to, form.version.data, zone=form.time_zone.data)
                flash(message, "success")
                return redirect(url_for(".show", post_id=post_id))
        except PlannerError as error:
            refuse(form, error)
    else:
        form.show_moment(post)
    form.version.data, form.version.raw_data = post.version, [str(post.version)]
    leave = came_from(url_for(".show", post_id=post_id))
    return render_template("planning/move.html", form=form, post=post, leave=leave), 422 if form.is_submitted() else 200


def post_page(post: Post, status: int = 200, **forms: Any) -> ResponseReturnValue:
    """One post with everything known of it; `forms` bring back what was refused."""
    limits = limits_of(post.channel.platform)
    digest = rules.content_digest(post, post.asset, post.channel)
    found, decision = _findings(post), decision_of(post, digest)
    approve = forms.get("approve") or ApproveForm(formdata=None)
    approve.digest.data, approve.digest.raw_data = digest, None
    siblings = queries.posts_of(g.db, asset_id=post.asset_id, viewer=g.user, limit=30)
    others = variants.of_post(g.db, post)
    numbers = post_numbers(g.db, post.id) if post.state is PostState.PUBLISHED else None
    stale, pack = _is_stale(post, digest), _copy_pack(post)
    changes = publishing.amendments_of(g.db, post) if post.external_id else []
    page = render_template(
        "planning/post.html",
        post=post,
        numbers=numbers,
        against=standing.of_post(g.db, numbers, viewer=g.user) if numbers else None,
        words=definitions() if numbers else {},
        regimes=regimes() if numbers else {},
        findings=found,
        named=named_in(found),
        blocked=bool(rules.blocking(found)),
        hopeless=any(not one.overridable for one in rules.blocking(found)),
        overridable=_overridable(post, found),
        override=_override(forms.get("override"), digest),
        overrides=[(translate(known.name), one) for one in tuning.overrides_of(g.db, post) if (known := rule(one.code))],
        can=_allowed(post, digest, decision),
        decision=decision,
        comments=comments.of_post(g.db, post),
        cancelled=queries.cancellation_of(g.db, post) if post.state is PostState.CANCELLED else None,
        stale=stale,
        text=shown(leaving_text(post, post.channel, runtime().settings.base_url)),
        link=leaving_link(post, runtime().settings.base_url),
        length=length_of(post, post.asset, post.channel),
        limits=held_at(post.channel.platform, limits, post.channel.config or {}),
        cost=cost_of(post, post.channel, prices()) if post.state in states.OPEN else None,
        pretend=is_pretend(post.channel.platform),
        embargo=rules.embargo_of(post.asset, post.campaign),
        comment=leaving_comment(post, post.channel),
        files=leaving_files(post),
        delivery=publishing.delivery_of(g.db, post.id),
        pack=pack,
        withheld=pack is not None and (stale or _is_held_back(post)),
        upload=uploads.of_posts(g.db, [post.id]).get(post.id) if post.state is PostState.SENDING else None,
        changes=changes,
        edit_decision=edit_decision_of(post, changes),
        leaves=lambda said: shown(spoken(said, post.channel.platform, post.channel)),
        may_live=amending.allowed(post, g.user, limits),
        history=past_of(post),
        short_link=short_link_of(post),
        variants=[(one, [translate(variants.DIFFERENCES[name]) for name in one.differs]) for one in others],
        compared=shown_variants.of_post(g.db, post) if others else None, least_shown=(shown_variants.LEAST_SEEN, shown_variants.LEAST_ACTED),
        result_words=RESULTS,
        native_id=native_queries.of_post(g.db, post.id) if post.origin is Origin.NATIVE else None,
        siblings=[one for one in siblings if one.post_id != post.id],
        approve=approve,
        request_changes=forms.get("request_changes") or NoteForm(formdata=None, prefix="changes-"),
        live=forms.get("live") or LiveForm(formdata=None),
    )
    return page, status


def _copy_pack(post: Post) -> CopyPack | None:
    """What a person copies to publish this post by hand; None where the planner sends, or it is not approved, or out already."""
    if post.channel.platform is not Platform.BY_HAND or post.state not in (PostState.APPROVED, PostState.SCHEDULED, PostState.MISSED):
        return None
    attempt = Attempt(number=0, fingerprint="", resume=None)
    return copy_pack(outgoing_of(g.db, post, attempt, delivery_id=0, data_path=runtime().settings.data_path, base_url=runtime().settings.base_url))


def _is_held_back(post: Post) -> bool:
    """Whether a gate that no door may pass stands before what a person would publish: no worker asks at its moment, so the page does."""
    at = max(post.publish_at or g.now, g.now)
    return bool(rules.blocking(rules.gates(post, post.asset, post.campaign, post.channel, queries.surroundings(g.db, post, at=at), at)))


def _revise(post: Post, form: PostForm) -> None:
    was = post.state
    four_eyes, carried = runtime().settings.four_eyes, None
    with committing(g.db):
        others = base_texts.together(g.db, post) if "others" in request.form else None
        service.revise(g.db, post, PostValues(**values_of(form, post)), version=form.version.data, four_eyes=four_eyes, actor=g.user, now=g.now)
        if others is not None:
            carried = base_texts.carry(g.db, post, others, four_eyes=four_eyes, actor=g.user, now=g.now)
        writing.discard(g.db, g.user, str(post.id))
    flash(_("Saved. It needs approval again.") if was in states.GOING_OUT and post.state is PostState.IN_REVIEW else _("Saved."), "success")
    if carried is not None:
        _say_carried(carried)


def _say_carried(carried: base_texts.Carried) -> None:
    """Where the words were changed as well, and where not and why."""
    if carried.changed:
        flash(_("Changed as well: %(channels)s.", channels=", ".join(one.channel.name for one in carried.changed)), "success")
    flash_each([_("%(channel)s: left as it is. %(why)s", channel=one.channel.name, why=say(error)) for one, error in carried.left], "warning")


def _to_be_submitted(post: Post) -> bool:
    return post.state not in states.GOING_OUT and states.allows(post.state, "submit") and may(g.user, "post.submit", post)


def _dropped(post: Post) -> ResponseReturnValue:
    """A drop on the calendar: 200 with the new version and a sentence, else the refusal's status and sentence."""
    body = request.get_json(silent=True)
    given = body if isinstance(body, dict) else {}
    told = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"') or given.get("version")
    if told is not None and not (str(told).isdecimal() and len(str(told)) < 18):
        raise Invalid(N_("The version is a number."), field="version")
    message = _move(post, _dropped_at(given), None if told is None else int(told))
    text = message["text"] if isinstance(message, dict) else message
    return jsonify(version=post.version, publish_at=post.publish_at.isoformat(), state=post.state.value, message=text)  # type: ignore[union-attr]


def _dropped_at(given: dict[str, Any]) -> datetime:
    text = given.get("publish_at") or given.get("start")
    try:
        parsed = datetime.fromisoformat(text) if isinstance(text, str) and len(text) > 10 else None
    except ValueError:
        parsed = None
    if parsed is None or not 1990 <= parsed.year <= 2100:
        raise Invalid(N_("Write a date and time such as 2026-03-24T09:30."), field="publish_at")
    return parsed.astimezone(UTC) if parsed.tzinfo else resolve_wall_time(parsed, str(get_timezone()))


def _move(post: Post, to: datetime, version: int | None, *, zone: str | None = None) -> Any:
    """Move, commit, and say what came of it, with the way back."""
    was, said_before = post.state, len(post.approvals)
    back = _way_back(post)
    with committing(g.db):
        service.move(
            g.db, post, to, zone=zone, version=version, limits=limits_of(post.channel.platform), four_eyes=runtime().settings.four_eyes,
            actor=g.user, now=g.now,
        )  # fmt: skip
    when = in_zone(post.publish_at, post.time_zone).striptags()
    if len(post.approvals) > said_before:
        text = _("Moved to %(when)s, and approved with the new time.", when=when)
    elif post.state is PostState.APPROVED and was is PostState.IN_REVIEW:
        text = _("Back to %(when)s; its approval holds again.", when=when)
    elif post.state is PostState.IN_REVIEW and was is not PostState.IN_REVIEW:
        text = _("Moved to %(when)s. It needs approval again.", when=when)
    else:
        text = _("Moved to %(when)s.", when=when)
    return {"text": text, "undo": url_for(".move", post_id=post.id), "fields": {**back, "version": post.version}} if back else text


def _way_back(post: Post) -> dict[str, Any] | None:
    """What the move form needs to bring a post back to where it is now."""
    if post.publish_at is None:
        return None
    zone = post.time_zone or post.channel.time_zone
    return {"wall_time": wall_of(post.publish_at, zone), "time_zone": zone, "fold": fold_of(post.publish_at, zone)}


def _fill(form: PostForm, post: Post) -> None:
    for name in ("text", "title", "link", "first_comment", "playlist"):
        form[name].data = getattr(post, name)
    form.tags.data = ", ".join(post.tags or [])
    form.media.data = [item.get("file_id") for item in post.media or []]
    form.campaign_id.data = post.campaign_id
    form.version.data = post.version
    standard = marks.usual(post.channel.platform, post.campaign)
    form.marks_link.data = bool(post.marks)
    for name, mark in (post.marks or {}).items():
        form[f"utm_{name}"].data = "" if mark == standard[name] else mark
    form.show_moment(post)


def _findings(post: Post) -> list[rules.Finding]:
    if not states.allows(post.state, "revise"):
        return []
    around = queries.surroundings(g.db, post)
    found = rules.findings(post, post.asset, post.campaign, post.channel, limits_of(post.channel.platform), g.now, around)
    # Once approved, a moment that passed blocks nothing: the post is on its way, waits for “Send it now”, or a person publishes it late.
    has_time = post.state in (PostState.DRAFT, PostState.CHANGES_REQUESTED, PostState.IN_REVIEW)
    return [one for one in found if has_time or one.code != "past"]


def _overridable(post: Post, found: Sequence[rules.Finding]) -> list[tuple[str, str]]:
    """(code, name) of each rule that blocks this post and that this person may override."""
    if not may(g.user, "post.approve", post):
        return []
    named = (BY_FINDING[one.code] for one in found if one.overridable)
    return list(dict.fromkeys((one.code, translate(one.name)) for one in named))


def _override(refused: OverrideForm | None, digest: str) -> OverrideForm:
    form = refused or OverrideForm(formdata=None, prefix="override-")
    form.digest.data, form.digest.raw_data = digest, None
    return form


def _is_stale(post: Post, digest: str) -> bool:
    """Approved, but something that leaves was changed elsewhere since (the asset's title or address)."""
    return post.state in states.GOING_OUT and post.approved_digest != digest


def _allowed(post: Post, digest: str, decision: Decision) -> dict[str, bool]:
    """verb -> whether this person may say it of this post now."""
    actions = {
        "revise": "post.edit", "move": "post.move", "submit": "post.submit",
        "withdraw": "post.submit", "cancel": "post.cancel", "restore": "post.cancel",
    }  # fmt: skip
    can = {verb: states.allows(post.state, verb) and may(g.user, action, post) for verb, action in actions.items()}
    can["withdraw"] = states.allows(post.state, "withdraw") and (may(g.user, "post.submit", post) or may(g.user, "post.approve", post))
    can["submit"] = can["submit"] and (post.state not in states.GOING_OUT or _is_stale(post, digest))
    can["approve"] = decision.mine
    can["request_changes"] = states.allows(post.state, "request_changes") and decision.may_send_back
    can["restore"] = can["restore"] and post.origin is Origin.PLANNED
    can["resolve"] = may(g.user, "delivery.resolve", post)
    return can

