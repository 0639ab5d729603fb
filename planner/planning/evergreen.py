"""Evergreen: assets that are shared again with some days between, what to share again now, and a queue that gives each the next free slot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import may, require
from planner.catalog.models import Asset, AssetAudience, AssetKind, AssetState
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.core.errors import Invalid, NotFound, Refused
from planner.core.i18n import N_
from planner.core.seeking import holding
from planner.planning import rules, service, states
from planner.planning.models import Post, PostState
from planner.planning.moments import zone_of
from planner.planning.proposals import first_words
from planner.planning.queries import Filters, knows
from planner.planning.recurring import Evergreen, Slot
from planner.planning.rulebook import tuning_of
from planner.planning.slots import AHEAD, free_slots
from planner.planning.surroundings import all_settings
from planner.planning.values import PostValues

__all__ = ["COOL_DOWN", "EvergreenLine", "Suggestion", "add", "choices", "enqueue", "fill", "is_old_release", "lines", "remove", "suggestions"]

#: Days between two posts about the same asset, unless somebody says otherwise.
COOL_DOWN = 90
#: Asks nothing of an asset.
ANYTHING = Filters()
_MOST_DAYS = 3650
#: What nobody waits for any more.
_OUT = (PostState.PUBLISHED, PostState.SENDING, PostState.UNCONFIRMED)


@dataclass(frozen=True, slots=True)
class EvergreenLine:
    """One evergreen asset. last_at -- of its last post that is out; next_at -- of one that is planned."""

    asset_id: int
    title: str
    kind: AssetKind
    cool_down_days: int
    last_at: datetime | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An asset to share again: its last post, and since when it may be. old_days -- of a release beyond its age, how old it is; it has to be confirmed."""

    asset_id: int
    title: str
    kind: AssetKind
    cool_down_days: int
    last_at: datetime | None
    post_id: int | None
    channel: str | None
    platform: Platform | None
    colour: int | None
    old_days: int | None


def add(db: Session, asset: Asset, cool_down_days: int = COOL_DOWN, *, actor: User | None, now: datetime) -> Evergreen:
    """Share this asset again and again. A second time changes its cool-down. Raises Invalid, Refused for a sensitive or retired one."""
    require(actor, "campaign.edit")
    require(actor, "read", asset)
    if not 1 <= cool_down_days <= _MOST_DAYS:
        raise Invalid(N_("Give a whole number from %(least)s to %(most)s."), field="cool_down_days", least=1, most=_MOST_DAYS)
    if asset.sensitive:
        raise Refused(N_("A sensitive announcement goes out once, and is never shared again."), field="asset_id")
    if asset.state is AssetState.RETIRED:
        raise Refused(N_("“%(title)s” is retired. Bring it back before planning it."), field="asset_id", title=asset.title)
    found = db.scalars(select(Evergreen).where(Evergreen.asset_id == asset.id)).one_or_none()
    if found is None:
        found = Evergreen(asset=asset, cool_down_days=cool_down_days, added_at=now, added_by_id=actor.id if actor else None)
        db.add(found)
        db.flush()
        history.record(db, actor, "evergreen.added", found, now=now, became={"cool_down_days": cool_down_days}, name=history.COMMAND_LINE)
    elif found.cool_down_days != cool_down_days:
        was, found.cool_down_days = found.cool_down_days, cool_down_days
        history.record(
            db, actor, "evergreen.changed", found, now=now, was={"cool_down_days": was}, became={"cool_down_days": cool_down_days}, name=history.COMMAND_LINE
        )  # fmt: skip
    db.flush()
    return found


def remove(db: Session, asset_id: int, *, actor: User | None, now: datetime) -> None:
    """No longer; what is planned stays planned. Raises NotFound."""
    require(actor, "campaign.edit")
    found = db.scalars(select(Evergreen).where(Evergreen.asset_id == asset_id)).one_or_none()
    if found is None:
        raise NotFound()
    history.record(db, actor, "evergreen.removed", found, now=now, name=history.COMMAND_LINE)
    db.delete(found)
    db.flush()


def enqueue(db: Session, asset: Asset, channel: Channel, *, confirmed: bool = False, actor: User | None, now: datetime) -> Post:
    """A draft about this evergreen asset in the channel's next free slot after its cool-down.

    confirmed -- a person says that a release beyond its age still holds; without that it is Invalid, field "confirmed".
    Raises Refused: not evergreen, planned already, or no slot free; and what planning a post raises.
    """
    require(actor, "post.create", asset)
    evergreen = db.scalars(select(Evergreen).where(Evergreen.asset_id == asset.id)).one_or_none()
    if evergreen is None or asset.sensitive:
        raise Refused(N_("The queue is for evergreen assets only. Plan a post for this one."), field="asset_id")
    db.execute(select(Channel.id).where(Channel.id == channel.id).with_for_update())  # Two people never get the same slot.
    planned = select(Post.id).where(Post.asset_id == asset.id, Post.state.in_(states.OPEN))
    if db.scalar(planned.limit(1)) is not None:
        raise Refused(N_("“%(title)s” is planned already. It can be queued again once that is out."), field="asset_id", title=asset.title)
    last = db.scalar(select(func.max(Post.published_at)).where(Post.asset_id == asset.id, Post.state.in_(_OUT)))
    lift = rules.embargo_of(asset, None)
    earliest = max(one for one in (now, last and last + timedelta(days=evergreen.cool_down_days), lift and lift[1]) if one)
    slots = free_slots(db, earliest, max(earliest, now) + AHEAD, channel_id=channel.id, limit=1)
    if not slots:
        raise Refused(N_("“%(channel)s” has no free slot within half a year. Add one to its week."), field="channel", channel=channel.name)
    at = slots[0].at
    days = is_old_release(asset, at, tuning_of(all_settings(db), channel.id).of("stale").values["days"])
    if days is not None and not confirmed:
        raise Invalid(N_("This release is %(days)s days old by then. Say that it still holds before it is shared again."), field="confirmed", days=days)
    values = PostValues(**first_words(asset, channel), publish_at=at, time_zone=channel.time_zone)
    return service.plan(db, asset, channel, values, actor=actor, now=now)


def fill(db: Session, slot_id: int, day: date, *, fits: Filters = ANYTHING, actor: User | None, now: datetime) -> Post:
    """A draft in that slot on that day of its channel, about the evergreen asset that was not shared for longest and has cooled down by then.

    fits -- only an asset of these kinds, audiences, language and owner.

    What has to be confirmed, and what the channel cannot carry, is passed over. Raises NotFound, and Refused where the slot is not free any
    more or nothing fits; and what planning a post raises.
    """
    require(actor, "post.create")
    slot = db.get(Slot, slot_id)
    if slot is None:
        raise NotFound()
    channel = slot.channel
    db.execute(select(Channel.id).where(Channel.id == channel.id).with_for_update())  # Two people never fill the same slot.
    start = datetime.combine(day, time.min, zone_of(channel.time_zone)).astimezone(UTC)
    free = free_slots(db, max(start, now), start + timedelta(days=1, hours=2), channel_id=channel.id)
    here = next((one.at for one in free if one.slot_id == slot_id), None)
    if here is None:
        raise Refused(N_("This slot is not free any more. Choose another."), field="slot")
    for one in suggestions(db, fits=fits, viewer=actor, now=here):
        asset = db.get_one(Asset, one.asset_id)
        words = first_words(asset, channel)
        if one.old_days or not may(actor, "post.create", asset) or (channel.platform is Platform.YOUTUBE and not words["media"]):
            continue
        return service.plan(db, asset, channel, PostValues(**words, publish_at=here, time_zone=channel.time_zone), actor=actor, now=now)
    if fits.kinds or fits.audiences or fits.language or fits.owner_id:
        raise Refused(N_("Nothing evergreen that fits the filters has cooled down by then and could go out here."), field="slot")
    raise Refused(N_("Nothing evergreen has cooled down by then that could go out here."), field="slot")


def is_old_release(asset: Asset, at: datetime, old_after_days: int) -> int | None:
    """How many days old a release is at `at`, when it is older than that many; None for what is no release, or still holds by itself."""
    since = asset.published_at or asset.created_at
    days = (at - since) // timedelta(days=1)
    return days if asset.kind is AssetKind.PRESS_RELEASE and days > old_after_days else None


def lines(db: Session, *, viewer: User | None, now: datetime) -> list[EvergreenLine]:
    """Every evergreen asset the viewer may know of, by title. One statement."""
    last = select(func.max(Post.published_at)).where(Post.asset_id == Asset.id, Post.state.in_(_OUT)).scalar_subquery()
    ahead = select(func.min(Post.publish_at)).where(Post.asset_id == Asset.id, Post.state.in_(states.OPEN), Post.publish_at > now).scalar_subquery()
    query = select(Asset.id, Asset.title, Asset.kind, Evergreen.cool_down_days, last, ahead).join(Evergreen, Evergreen.asset_id == Asset.id)
    known = knows(viewer)
    if known is not None:
        query = query.where(known)
    return [EvergreenLine(*row) for row in db.execute(query.order_by(func.lower(Asset.title), Asset.id).limit(500))]


def suggestions(db: Session, *, fits: Filters = ANYTHING, viewer: User | None, now: datetime, limit: int = 30) -> list[Suggestion]:
    """What may be shared again now: evergreen, cooled down, not planned, not under embargo; the longest unshared first. Two statements.

    fits -- only assets of these kinds, audiences, language and owner.
    """
    other = aliased(Post)
    latest = (
        select(other.id)
        .where(other.asset_id == Asset.id, other.state.in_(_OUT))
        .order_by(other.published_at.desc(), other.id.desc())
        .limit(1)
        .correlate(Asset)
        .scalar_subquery()
    )
    planned = select(other.id).where(other.asset_id == Asset.id, other.state.in_(states.OPEN)).correlate(Asset).exists()
    query = (
        select(Asset, Evergreen.cool_down_days, Post.published_at, Post.id, Channel.name, Channel.platform, Channel.colour)
        .join(Evergreen, Evergreen.asset_id == Asset.id)
        .outerjoin(Post, Post.id == latest)
        .outerjoin(Channel, Channel.id == Post.channel_id)
        .where(
            Asset.state != AssetState.RETIRED, ~Asset.sensitive, ~planned,
            or_(Asset.embargo_until.is_(None), Asset.embargo_until <= now), *_fitting(fits),
        )
        .order_by(Post.published_at.is_not(None), Post.published_at, Asset.id)
        .limit(limit * 10)
    )  # fmt: skip
    known = knows(viewer)
    if known is not None:
        query = query.where(known)
    old_after = tuning_of(all_settings(db), None).of("stale").values["days"]
    found = [
        Suggestion(asset.id, asset.title, asset.kind, cool_down, last, post_id, channel, platform, colour, is_old_release(asset, now, old_after))
        for asset, cool_down, last, post_id, channel, platform, colour in db.execute(query)
        if last is None or last + timedelta(days=cool_down) <= now
    ]
    return found[:limit]


def _fitting(fits: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if fits.kinds:
        found.append(Asset.kind.in_(fits.kinds))
    if fits.audiences:
        found.append(Asset.id.in_(select(AssetAudience.asset_id).where(AssetAudience.audience.in_(fits.audiences))))
    if fits.language:
        found.append(Asset.language == fits.language)
    if fits.owner_id is not None:
        found.append(Asset.owner_id == fits.owner_id)
    return found


def choices(db: Session, *, viewer: User | None, sought: str = "", limit: int = 300) -> list[tuple[int, str]]:
    """Number and title of what may become evergreen, the freshest first; `sought`: every word of it is in the title. Two statements."""
    taken: Sequence[int] = db.scalars(select(Evergreen.asset_id)).all()
    query = select(Asset.id, Asset.title).where(
        Asset.state.in_((AssetState.READY, AssetState.LIVE)), ~Asset.sensitive, Asset.id.not_in(taken), *holding(sought, Asset.title)
    )
    known = knows(viewer)
    if known is not None:
        query = query.where(known)
    return [(row[0], row[1]) for row in db.execute(query.order_by(Asset.updated_at.desc(), Asset.id.desc()).limit(limit))]
