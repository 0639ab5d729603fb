"""The channels on which a sensitive announcement is made: listed when its template is taken, changed by hand, read for the rules."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import require
from planner.catalog.models import Asset
from planner.channels.models import Channel
from planner.core.errors import Conflict, Invalid, Refused
from planner.core.i18n import N_
from planner.planning.findings import Listed
from planner.planning.listed_models import ListedChannel
from planner.planning.models import Campaign, Post, PostState, Standing
from planner.planning.templates import is_listed

__all__ = ["around", "begin", "channels_of", "forget", "relist"]


def around(db: Session, asset_id: int, campaign_id: int | None) -> Listed:
    """What was listed for this asset, in any campaign that is not cancelled, and for this campaign. One statement."""
    about = or_(ListedChannel.asset_id == asset_id, ListedChannel.campaign_id == campaign_id)
    rows = db.execute(
        select(ListedChannel.campaign_id, ListedChannel.asset_id, ListedChannel.channel_id)
        .join(Campaign, Campaign.id == ListedChannel.campaign_id)
        .where(about, Campaign.standing != Standing.CANCELLED)
    ).all()
    channels = frozenset(row.channel_id for row in rows if row.asset_id == asset_id)
    assets = frozenset(row.asset_id for row in rows if row.campaign_id == campaign_id)
    return Listed(channels or None, assets or None)


def channels_of(db: Session, campaign_id: int) -> list[tuple[int, str]]:
    """(number, name) of the channels listed for a campaign, by name; none: nobody listed any. One statement."""
    listed = select(ListedChannel.channel_id).where(ListedChannel.campaign_id == campaign_id)
    return [(row.id, row.name) for row in db.execute(select(Channel.id, Channel.name).where(Channel.id.in_(listed)).order_by(Channel.name, Channel.id))]


def begin(db: Session, campaign: Campaign, pairs: Collection[tuple[int, int]], *, actor: User | None, now: datetime) -> None:
    """List the (asset, channel) pairs that a sensitive template is taken with, where nothing is listed for the campaign yet.

    Raises Refused while the campaign has posts about something else.
    """
    others = select(Post.id).where(Post.campaign_id == campaign.id, Post.state != PostState.CANCELLED, Post.asset_id.not_in({asset for asset, _channel in pairs}))
    if db.scalar(others.limit(1)) is not None:
        raise Refused(N_("This campaign has posts about something else already. Make a campaign of its own for a sensitive announcement."))
    if not channels_of(db, campaign.id):
        _write(db, campaign, sorted(set(pairs)), actor, now)


def relist(db: Session, campaign: Campaign, channel_ids: Collection[int], *, version: int | None = None, actor: User | None, now: datetime) -> None:
    """Say on which channels the campaign's sensitive announcement is made from now on. A post of it elsewhere is held from then on.

    version -- the one the person was looking at; another one is a Conflict.
    Raises Forbidden, Invalid without a channel or for one that is none, Refused for a campaign that announces nothing sensitive.
    """
    require(actor, "campaign.edit")
    if version is not None and version != campaign.version:
        raise Conflict(N_("Somebody changed this campaign while you were editing. Look at their version, then save again."))
    wanted = set(channel_ids)
    if not wanted:
        raise Invalid(N_("Tick at least one channel."), field="channels")
    if wanted - set(db.scalars(select(Channel.id).where(Channel.id.in_(wanted)))):
        raise Invalid(N_("Choose one of the list."), field="channels")
    assets = _announced(db, campaign) if is_listed(campaign.template) else []
    if not assets:
        raise Refused(N_("This campaign announces nothing sensitive, so no channel is listed for it."))
    if wanted != {number for number, _name in channels_of(db, campaign.id)}:
        _write(db, campaign, [(asset, channel) for asset in assets for channel in sorted(wanted)], actor, now)


def forget(db: Session, campaign: Campaign, *, actor: User | None, now: datetime) -> None:
    """Take the list back when no post of the campaign is left: whoever undoes the template begins anew."""
    left = select(Post.id).where(Post.campaign_id == campaign.id, Post.state != PostState.CANCELLED)
    if db.scalar(left.limit(1)) is None and channels_of(db, campaign.id):
        _write(db, campaign, [], actor, now)


def _announced(db: Session, campaign: Campaign) -> list[int]:
    """What the campaign announces: as listed, else what is sensitive among its posts."""
    listed = db.scalars(select(ListedChannel.asset_id).where(ListedChannel.campaign_id == campaign.id).distinct()).all()
    posts = select(Post.asset_id).join(Asset, Asset.id == Post.asset_id).where(Post.campaign_id == campaign.id, Post.state != PostState.CANCELLED, Asset.sensitive)
    return sorted(listed or db.scalars(posts.distinct()).all())


def _write(db: Session, campaign: Campaign, pairs: Iterable[tuple[int, int]], actor: User | None, now: datetime) -> None:
    was = [name for _number, name in channels_of(db, campaign.id)]
    db.execute(delete(ListedChannel).where(ListedChannel.campaign_id == campaign.id))
    db.add_all(ListedChannel(campaign_id=campaign.id, asset_id=asset, channel_id=channel) for asset, channel in pairs)
    campaign.updated_at = now
    flag_modified(campaign, "updated_at")  # Another version, also within the same moment: the list is part of what a person looked at.
    db.flush()
    became = [name for _number, name in channels_of(db, campaign.id)]
    history.record(db, actor, "campaign.channels_listed", campaign, now=now, was={"channels": was}, became={"channels": became}, name=history.COMMAND_LINE)
