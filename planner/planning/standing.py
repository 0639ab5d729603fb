"""Whether a campaign goes on: postponed its posts are held, cancelled they are dropped, each with a reason that everybody reads; and the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import Entry, User
from planner.accounts.rules import require
from planner.channels.port import Limits, Platform
from planner.core.errors import Invalid, WrongState
from planner.core.i18n import N_
from planner.planning import pauses, service, states
from planner.planning.models import Campaign, Post, PostState, Standing
from planner.planning.quiet_models import Pause

__all__ = ["CalledOff", "called_off", "call_off", "go_on", "open_posts", "postpone"]

LimitsOf = Callable[[Platform], Limits | None]
#: How long the desk says that a campaign was cancelled.
_TOLD_FOR = timedelta(days=7)
_MOST_REASON = 500


@dataclass(frozen=True, slots=True)
class CalledOff:
    """A campaign that does not go on as planned, as people read it; `posts` are those that would still go out."""

    campaign_id: int
    name: str
    standing: Standing
    reason: str
    since: datetime | None
    posts: int


def postpone(db: Session, campaign: Campaign, *, reason: str, actor: User | None, now: datetime) -> Pause:
    """Hold everything of the campaign that is on its way, until `go_on`; its posts keep their times. Raises Invalid without a reason, WrongState."""
    require(actor, "campaign.edit")
    reason = _reason(reason)
    if campaign.standing is not Standing.RUNNING:
        raise WrongState(N_("This campaign does not go on as it is. Let it go on first."))
    pause = pauses.pause(db, reason, campaign_id=campaign.id, actor=actor, now=now)
    _into(db, campaign, Standing.POSTPONED, "campaign.postponed", reason, actor, now)
    return pause


def call_off(db: Session, campaign: Campaign, *, reason: str, actor: User | None, now: datetime) -> int:
    """Cancel the campaign and each post of it that is not out: how many. Nothing of it can be planned, approved or sent any more.

    What is being sent at this very moment is told by its own outcome. Raises Invalid without a reason, WrongState when it was cancelled.
    """
    require(actor, "campaign.edit")
    reason = _reason(reason)
    if campaign.standing is Standing.CANCELLED:
        raise WrongState(N_("This campaign is cancelled already."))
    _end_pause(db, campaign, actor, now)
    _into(db, campaign, Standing.CANCELLED, "campaign.cancelled", reason, actor, now)
    posts = open_posts(db, campaign)
    for post in posts:
        service.cancel(db, post, note=reason, actor=actor, now=now)
    return len(posts)


def go_on(db: Session, campaign: Campaign, *, limits_of: LimitsOf, four_eyes: str = "releases", actor: User | None, now: datetime) -> int:
    """Let a postponed or cancelled campaign go on; how many posts came back.

    What the pause held waits for a person, as after every pause. Posts that cancelling the campaign cancelled come back as `service.restore`
    brings them back; one that somebody cancelled by itself stays cancelled. Raises WrongState when it goes on already, and what restoring raises.
    """
    require(actor, "campaign.edit")
    if campaign.standing is Standing.RUNNING:
        raise WrongState(N_("This campaign goes on already."))
    was, since = campaign.standing, campaign.standing_since
    _end_pause(db, campaign, actor, now)
    _into(db, campaign, Standing.RUNNING, "campaign.went_on", "", actor, now)
    if was is Standing.POSTPONED:
        return 0
    gone = select(Entry.subject_id).where(Entry.subject_type == "posts", Entry.action == "post.cancelled", Entry.at == since)
    posts = db.scalars(
        select(Post).where(Post.campaign_id == campaign.id, Post.state == PostState.CANCELLED, Post.updated_at == since, Post.id.in_(gone)).order_by(Post.id)
    ).all()
    for post in posts:
        service.restore(db, post, limits=limits_of(post.channel.platform), four_eyes=four_eyes, actor=actor, now=now)
    return len(posts)


def open_posts(db: Session, campaign: Campaign) -> list[Post]:
    """Its posts that are not out and not on the wire, the earliest first."""
    query = select(Post).where(Post.campaign_id == campaign.id, Post.state.in_(states.ALLOWED["cancel"]))
    return list(db.scalars(query.order_by(Post.publish_at, Post.id)))


def called_off(db: Session, *, now: datetime) -> list[CalledOff]:
    """Campaigns that are postponed, or were cancelled within a week, the latest first. One statement."""
    waiting = select(func.count()).where(Post.campaign_id == Campaign.id, Post.state.in_(states.OPEN)).scalar_subquery()
    rows = db.execute(
        select(Campaign.id, Campaign.name, Campaign.standing, Campaign.standing_reason, Campaign.standing_since, waiting)
        .where(
            Campaign.standing != Standing.RUNNING,
            or_(Campaign.standing == Standing.POSTPONED, Campaign.standing_since > now - _TOLD_FOR),
        )
        .order_by(Campaign.standing_since.desc(), Campaign.id)
        .limit(50)
    )
    return [CalledOff(*row) for row in rows]


def _reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise Invalid(N_("Say why: everybody will read the reason."), field="reason")
    if len(reason) > _MOST_REASON or "\0" in reason:
        raise Invalid(N_("That is too long: at most %(most)s characters."), field="reason", most=_MOST_REASON)
    return reason


def _into(db: Session, campaign: Campaign, standing: Standing, action: str, reason: str, actor: User | None, now: datetime) -> None:
    was = campaign.standing
    campaign.standing, campaign.standing_reason, campaign.updated_at = standing, reason, now
    campaign.standing_since = None if standing is Standing.RUNNING else now
    history.record(db, actor, action, campaign, now=now, was={"standing": was}, became={"standing": standing}, note=reason, name=history.COMMAND_LINE)
    db.flush()


def _end_pause(db: Session, campaign: Campaign, actor: User | None, now: datetime) -> None:
    """End the pause that postponing began; one that an administrator set by hand stays."""
    if campaign.standing is not Standing.POSTPONED:
        return
    ours = select(Pause).where(Pause.campaign_id == campaign.id, Pause.ended_at.is_(None), Pause.started_at == campaign.standing_since)
    for pause in db.scalars(ours):
        pauses.resume(db, pause, actor=actor, now=now)
