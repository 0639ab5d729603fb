"""What follows a decision to promote: posts proposed through planning, a kit that employees pass on; live, they count as promotions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import require
from planner.catalog.models import Asset
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.core.errors import Invalid, WrongState
from planner.core.i18n import N_
from planner.core.text import shorten, with_utm
from planner.planning import rules
from planner.planning import service as planning
from planner.planning.leaks import leaks
from planner.planning.models import Campaign, Post, PostState
from planner.planning.surroundings import embargoed_terms
from planner.planning.values import PostValues
from planner.promotion import service
from planner.promotion.choices import Option, PromotionKind
from planner.promotion.models import Decision, Promotion, Proposed

__all__ = ["PROPOSES", "Kit", "check_kit", "kit", "offered", "propose", "proposed", "record_live", "wanted"]

#: Decisions that posts follow from.
PROPOSES = frozenset({Option.PROMOTE, Option.AMPLIFY_FREE, Option.REPURPOSE})
#: utm_campaign of what the desk proposes, so that web statistics tell it from the rest.
_CAMPAIGN = "promotion"
_LONGEST = 600


@dataclass(frozen=True, slots=True)
class Kit:
    """What employees may pass on: a text to begin with, and the marked address; empty where the video has no page."""

    text: str
    link: str


def wanted(choice: Option, platform: Platform) -> bool:
    """Whether a channel is chosen to begin with: money follows a promotion to the networks, free amplification also asks the house."""
    return platform is not Platform.WEBHOOK or choice is Option.AMPLIFY_FREE


def offered(db: Session) -> list[Channel]:
    """Channels that posts about a video may be proposed on: all but YouTube, where it lives. One statement."""
    return list(db.scalars(select(Channel).where(Channel.platform != Platform.YOUTUBE).order_by(Channel.name, Channel.id)))


def kit(asset: Asset, live_url: str = "") -> Kit:
    """A text to begin with and the address to pass on. live_url -- where the video is watched, for one without a page of its own."""
    said = asset.summary.strip()
    text = f"{asset.title}\n\n{shorten(said, _LONGEST)}" if said else asset.title
    return Kit(text, with_utm(asset.url, source="employees", medium="share_kit", campaign=_CAMPAIGN) if asset.url else live_url)


def check_kit(db: Session, asset: Asset, offered: Kit, *, now: datetime) -> None:
    """Raise when it may not be passed on now, whatever was decided before. Two statements.

    Raises EmbargoActive for the video's embargo or that of a campaign it has a post in, Refused for the words of something else under embargo.
    """
    held = (
        select(Campaign)
        .join(Post, Post.campaign_id == Campaign.id)
        .where(Post.asset_id == asset.id, Campaign.embargo_until > now)
        .order_by(Campaign.embargo_until.desc(), Campaign.id)
        .limit(1)
    )
    rules.check_embargo(asset, db.scalars(held).first(), now)
    rules.refuse(leaks([offered.text, ("link", offered.link)], embargoed_terms(db, except_asset=asset.id, after=now), now))


def propose(
    db: Session, decision: Decision, channels: Sequence[Channel], text: str, *, live_url: str = "", actor: User | None, now: datetime
) -> list[Post]:
    """Drafts about the video, one a channel, its link marked; approval and moment are planning's. All of them or none.

    Raises Forbidden, WrongState when the decision does not hold or asks for no posts, Invalid without a channel, and what planning refuses.
    """
    require(actor, "post.create", decision.asset)
    if not decision.stands or decision.choice not in PROPOSES:
        raise WrongState(N_("Posts follow from a decision to promote, amplify or repurpose that holds."))
    if not channels:
        raise Invalid(N_("Choose at least one channel."), field="channels")
    asset = decision.asset
    values = PostValues(text=text, link=asset.url or live_url, marks={"campaign": _CAMPAIGN} if asset.url else None)
    made = [planning.plan(db, asset, one, values, actor=actor, now=now) for one in channels]
    db.add_all(Proposed(post_id=post.id, decision_id=decision.id) for post in made)
    history.record(db, actor, "promotion.proposed", decision, now=now, became={"posts": [post.id for post in made]})
    return made


def proposed(db: Session, decision_id: int) -> list[Post]:
    """The posts that were proposed because of a decision, the oldest first; cancelled ones left out."""
    return list(
        db.scalars(
            select(Post)
            .join(Proposed, Proposed.post_id == Post.id)
            .options(selectinload(Post.channel))
            .where(Proposed.decision_id == decision_id, Post.state != PostState.CANCELLED)
            .order_by(Post.id)
        )
    )


def record_live(db: Session, *, now: datetime) -> int:
    """Proposed posts that went live count as what promoted the video, from their day on; how many were new. A chat room is a share kit."""
    told = select(Promotion.post_id).where(Promotion.post_id.is_not(None))
    rows = db.execute(
        select(Post, Channel.platform)
        .join(Proposed, Proposed.post_id == Post.id)
        .join(Channel, Channel.id == Post.channel_id)
        .where(Post.state == PostState.PUBLISHED, Post.published_at.is_not(None), Proposed.counted.is_(False), Post.id.not_in(told))
        .order_by(Post.published_at, Post.id)
        .limit(500)
    ).all()
    for post, platform in rows:
        kind = PromotionKind.SHARE_KIT if platform is Platform.WEBHOOK else PromotionKind.POST
        service.mark_post(db, post, kind=kind, actor=None, now=now)
        db.get_one(Proposed, post.id).counted = True
        db.flush()
    return len(rows)
