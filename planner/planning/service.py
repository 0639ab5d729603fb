"""The verbs of a post: plan, revise, move, retime, submit, withdraw, cancel, restore, and with those of approval all there are. None commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import may, require
from planner.catalog.models import Asset, AssetFile
from planner.channels.models import Channel
from planner.channels.port import Limits
from planner.core.errors import Conflict, Invalid, WrongState
from planner.core.i18n import N_
from planner.planning import listing, marks, routes, rules, states
from planner.planning.approving import approve, completes, request_changes, settle, still_approved
from planner.planning.facts import (
    mark_failed,
    mark_missed,
    mark_published,
    mark_scheduled,
    mark_sending,
    mark_unconfirmed,
    record_published,
    reopen,
)
from planner.planning.findings import Listed
from planner.planning.models import Campaign, Origin, Post, PostState, Verb
from planner.planning.queries import cancellation_of
from planner.planning.saying import digest_of, findings_of, into, record, say
from planner.planning.surroundings import surroundings
from planner.planning.values import PostValues, checked, values_of
from planner.planning.values import settle as agreed

__all__ = [
    "PostValues", "approve", "cancel", "check_version", "mark_failed", "mark_missed", "mark_published", "mark_scheduled", "mark_sending",
    "mark_unconfirmed", "move", "plan", "record_published", "reopen", "request_changes", "restore", "retime", "revise", "submit", "withdraw",
]  # fmt: skip

#: What moving and revising leave in this state stays in it: nobody has asked for anything yet, or somebody still must.
_UNASKED = frozenset({PostState.DRAFT, PostState.CHANGES_REQUESTED})

#: What refuses even a draft.
_NEVER_PLANNED = ("sensitive", "unlisted", "nothing_else", "retired", "called_off")


def plan(db: Session, asset: Asset, channel: Channel, values: PostValues, *, actor: User | None, now: datetime) -> Post:
    """A new draft about `asset` on `channel`. Raises Invalid, EmbargoActive, PastMoment, Refused (retired, sensitive twice, on a channel not listed or beside it)."""
    require(actor, "post.create", asset)
    columns = checked(values, zone=channel.time_zone)
    campaign = _campaign(db, columns["campaign_id"])
    columns["marks"] = marks.settled(values.marks, before=None, wanted=marks.marks_links(channel.platform, channel.config, asset), platform=channel.platform, campaign=campaign)
    post = Post(
        asset=asset, channel=channel, campaign=campaign, created_at=now, updated_at=now, author_id=actor.id if actor else None, **columns,
    )  # fmt: skip
    db.flush()
    with db.no_autoflush:
        _check_files(db, asset, columns["media"])
        _check_moment(post, now)
        around = surroundings(db, post)
        rules.refuse(
            one for one in rules.gates(post, asset, post.campaign, channel, around, _at(post, now)) if one.code in _NEVER_PLANNED
        )
    db.add(post)
    db.flush()
    marks.shorten_as_told(db, post, now=now)
    record(db, actor, "post.planned", post, now, became=values_of(post) | {"channel": channel.name})
    db.flush()
    return post


def revise(
    db: Session, post: Post, values: PostValues, *, version: int | None = None, four_eyes: str = "releases", actor: User | None, now: datetime
) -> Post:
    """Change what a post says or when. What was approved no longer holds: the post goes back to review (see `_settle_state`).

    version -- the one the person was looking at; another one is a Conflict.
    """
    require(actor, "post.edit", post)
    states.require(post, "revise")
    check_version(post, version)
    columns = checked(values, zone=post.channel.time_zone)
    before, digest = values_of(post), digest_of(post)
    with db.no_autoflush:
        campaign = _campaign(db, columns["campaign_id"])
    columns["marks"] = marks.settled(values.marks, before=before["marks"], wanted=False, platform=post.channel.platform, campaign=campaign)
    if columns["marks"] == before["marks"] and campaign is not post.campaign:
        columns |= marks.campaign_changed(post, post.campaign, campaign)
    changed = {name: value for name, value in columns.items() if value != before[name]}
    if not changed:
        return post
    with db.no_autoflush:
        _check_files(db, post.asset, columns["media"])
        if "campaign_id" in changed:
            listed = listing.around(db, post.asset_id, columns["campaign_id"]) if post.asset.sensitive else Listed()
            rules.check_campaign(post.asset, campaign, listed)
        if {"publish_at", "campaign_id"} & changed.keys() and columns["publish_at"] is not None:
            rules.check_embargo(post.asset, campaign, columns["publish_at"])
            if "publish_at" in changed:
                rules.check_moment(columns["publish_at"], now)
        if columns["publish_at"] is None and post.state is not PostState.DRAFT:
            raise Invalid(N_("Only a draft may be without a time. Choose when it goes out."), field="publish_at")
    for name, value in columns.items():
        setattr(post, name, value)
    post.campaign = campaign
    marks.shorten_as_told(db, post, now=now)
    became = changed | _settle_state(db, post, digest, four_eyes, actor, now)
    record(db, actor, "post.revised", post, now, was={name: before[name] for name in changed}, became=became)
    db.flush()
    return post


def move(
    db: Session,
    post: Post,
    to: datetime,
    *,
    zone: str | None = None,
    wall_time: str | None = None,
    version: int | None = None,
    limits: Limits | None = None,
    four_eyes: str = "releases",
    actor: User | None,
    now: datetime,
) -> Post:
    """Give a post a new moment.

    The moment is part of what was approved. An approved post that is moved
    - stays approved when this exact content and moment was approved before and nothing blocks it now (so Undo brings the approval back),
    - is approved anew, in the mover's name, when the mover's yes is all it needs, the post needs no second pair of eyes and
      nothing blocks it at its new moment,
    - else goes back to review, with the mover as the one who asks.
    The same holds for one that failed or missed its time.
    Raises EmbargoActive, PastMoment, Refused (leak), Invalid, WrongState, Conflict; leaves the post untouched when it raises.
    """
    require(actor, "post.move", post)
    states.require(post, "move")
    check_version(post, version)
    at, wall, place = agreed(to, wall_time, zone or post.time_zone or post.channel.time_zone)
    if at is None or (at == post.publish_at and place == post.time_zone):
        return post
    rules.check_embargo(post.asset, post.campaign, at)
    rules.check_moment(at, now)
    if post.state is not PostState.DRAFT:
        around = surroundings(db, post, at=at)
        rules.refuse(one for one in rules.gates(post, post.asset, post.campaign, post.channel, around, at) if one.code == "leak")
    was = {"publish_at": post.publish_at, "time_zone": post.time_zone, "state": post.state}
    asked, digest = post.state not in _UNASKED | {PostState.IN_REVIEW}, digest_of(post)
    post.publish_at, post.wall_time, post.time_zone = at, wall, place
    became = {"publish_at": at, "time_zone": place} | _settle_state(db, post, digest, four_eyes, actor, now)
    if asked and post.state is PostState.IN_REVIEW and (step := _waved_through(db, post, limits, four_eyes, actor, now)):
        say(post, Verb.APPROVED, N_("Approved with the new time."), actor, now, step=step)
        post.state, post.approved_digest = PostState.APPROVED, digest_of(post)
        became["state"] = post.state
    record(db, actor, "post.moved", post, now, was=was, became=became)
    db.flush()
    return post


def retime(db: Session, post: Post, to: datetime, wall_time: str, *, note: str, now: datetime) -> Post:
    """Give a post the moment that its wall time means by now, after its zone changed its rules.

    The moment is part of what was approved, so an approved post goes back to review. Nothing is refused: what a gate says of the new
    moment is asked when it is approved, and before it is sent.
    """
    states.require(post, "move")
    was = {"publish_at": post.publish_at, "wall_time": post.wall_time, "state": post.state}
    asked_by, digest = post.submitted_by_id, digest_of(post)
    post.publish_at, post.wall_time = to, wall_time
    became = {"publish_at": to, "wall_time": wall_time} | _settle_state(db, post, digest, "releases", None, now)
    post.submitted_by_id = asked_by
    history.record(db, None, "post.retimed", post, now=now, was=was, became=became, note=note)
    db.flush()
    return post


def submit(db: Session, post: Post, *, limits: Limits | None = None, four_eyes: str = "releases", actor: User | None, now: datetime) -> Post:
    """Ask for approval; where none is asked for, the post is approved in the name of whoever submits, unless something blocks it.

    Raises what blocks: EmbargoActive, PastMoment, NotSendable, Refused, WrongState.

    What blocks only because an administrator made it so is for the approver, who may override it with a reason.
    """
    require(actor, "post.submit", post)
    states.require(post, "submit")
    if post.state in states.GOING_OUT and post.approved_digest == digest_of(post):
        raise WrongState(N_("This post is already approved."))
    found = findings_of(db, post, limits, now)
    rules.refuse(one for one in found if not one.overridable)
    marks.shorten_as_told(db, post, now=now)
    into(db, post, PostState.IN_REVIEW, "post.submitted", actor, now)
    post.submitted_by_id = actor.id if actor else None
    stands = routes.standing_of(db, post, digest_of(post), four_eyes)
    if stands.asked.step.anybody and not rules.blocking(found):
        say(post, Verb.APPROVED, N_("No approval is asked for here."), actor, now, step=stands.asked.step.key)
        settle(db, post, routes.standing_of(db, post, digest_of(post), four_eyes), actor, now)
    return post


def withdraw(db: Session, post: Post, *, actor: User | None, now: datetime) -> Post:
    """Take a post out of review, or an approved one off its way, back to draft."""
    if not may(actor, "post.approve", post):
        require(actor, "post.submit", post)
    states.require(post, "withdraw")
    if post.state in states.GOING_OUT:
        say(post, Verb.WITHDRAWN, "", actor, now)
    into(db, post, PostState.DRAFT, "post.withdrawn", actor, now)
    post.approved_digest = None
    return post


def cancel(db: Session, post: Post, *, note: str = "", actor: User | None, now: datetime) -> Post:
    """Drop a post; `restore` takes it back to where it was."""
    require(actor, "post.cancel", post)
    states.require(post, "cancel")
    into(db, post, PostState.CANCELLED, "post.cancelled", actor, now, note=note)
    post.approved_digest = None
    return post


def restore(db: Session, post: Post, *, limits: Limits | None = None, four_eyes: str = "releases", actor: User | None, now: datetime) -> Post:
    """Bring a cancelled post back: approved again if that very content was, nothing blocks it and its time is still to come, else as it was."""
    require(actor, "post.cancel", post)
    states.require(post, "restore")
    if post.origin is not Origin.PLANNED:
        raise WrongState(N_("This message was put back under “Published directly”. Adopt it there again."))
    found = findings_of(db, post, limits, now)
    rules.refuse(one for one in found if one.code in _NEVER_PLANNED)
    state = _state_before_cancel(db, post)
    ahead = post.publish_at is not None and post.publish_at >= now
    if state in states.GOING_OUT or state is PostState.IN_REVIEW:
        approved = ahead and not rules.blocking(found) and still_approved(db, post, digest_of(post), four_eyes)
        state = PostState.APPROVED if approved else PostState.IN_REVIEW if ahead else PostState.DRAFT
    into(db, post, state, "post.restored", actor, now)
    post.approved_digest = digest_of(post) if state is PostState.APPROVED else None
    return post


def _settle_state(db: Session, post: Post, digest: str, four_eyes: str, actor: User | None, now: datetime) -> dict[str, PostState]:
    """Where a changed post stands: in review again, unless nobody had asked yet, or the change leads back to what was approved and nothing blocks that now.

    digest -- of the content before; when it is still the same (another campaign, another zone) and as many steps said yes, nothing moves.
    """
    before, post.updated_at = post.state, now
    changed = digest_of(post)
    if before in _UNASKED or (changed == digest and before not in states.GOING_OUT):
        return {}
    approved = still_approved(db, post, changed, four_eyes)
    if changed == digest and approved:
        return {}
    if approved and not rules.blocking(findings_of(db, post, None, now)):
        post.state, post.approved_digest = PostState.APPROVED, changed
    else:
        post.state, post.approved_digest = PostState.IN_REVIEW, None
        post.submitted_by_id = actor.id if actor else None
    return {} if post.state is before else {"state": post.state}


def _waved_through(db: Session, post: Post, limits: Limits | None, four_eyes: str, actor: User | None, now: datetime) -> str:
    """The step in which the mover's yes is all that the post needs; empty when it needs another's, or something blocks it."""
    if actor is not None and rules.wants_second_pair(post.asset, post.campaign, four_eyes):
        return ""
    stands = routes.standing_of(db, post, digest_of(post), four_eyes)
    passes = completes(stands, post, actor) and not rules.blocking(findings_of(db, post, limits, now))
    return stands.asked.step.key if passes else ""


def _check_moment(post: Post, now: datetime) -> None:
    if post.publish_at is not None:
        rules.check_embargo(post.asset, post.campaign, post.publish_at)
        rules.check_moment(post.publish_at, now)


def check_version(post: Post, version: int | None) -> None:
    """Raise Conflict when the person was looking at another version; None: not told."""
    if version is not None and version != post.version:
        raise Conflict(N_("Somebody changed this post while you were editing. Look at their version, then save again."))


def _check_files(db: Session, asset: Asset, media: list[dict[str, int]]) -> None:
    """Only the asset's own files go out with its posts: a number cannot reach into another's."""
    wanted = {item["file_id"] for item in media}
    if wanted and wanted - set(db.scalars(select(AssetFile.id).where(AssetFile.asset_id == asset.id, AssetFile.id.in_(wanted)))):
        raise Invalid(N_("Choose files of this asset."), field="media")


def _campaign(db: Session, campaign_id: int | None) -> Campaign | None:
    if campaign_id is None:
        return None
    found = db.get(Campaign, campaign_id)
    if found is None:
        raise Invalid(N_("There is no such campaign."), field="campaign_id")
    return found


def _state_before_cancel(db: Session, post: Post) -> PostState:
    entry = cancellation_of(db, post)
    return PostState((entry.was or {}).get("state", PostState.DRAFT)) if entry else PostState.DRAFT


def _at(post: Post, now: datetime) -> datetime:
    return post.publish_at or now
