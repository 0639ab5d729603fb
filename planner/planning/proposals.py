"""Taking a proposed wave: what would be planned is shown with what the rules say of it, then made as drafts, all or none, and dropped again as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import Entry, User
from planner.accounts.rules import may, require
from planner.catalog.models import Asset, AssetState
from planner.channels.models import Channel
from planner.channels.port import Limits, MediaKind, Platform
from planner.core.errors import Conflict, Invalid, NotFound, PlannerError, Refused
from planner.core.i18n import N_
from planner.planning import listing, rules, service
from planner.planning.models import Campaign, Post, PostState
from planner.planning.moments import resolve_wall_time
from planner.planning.queries import knows
from planner.planning.surroundings import surroundings
from planner.planning.templates import BY_CODE, Part, is_listed
from planner.planning.trial import only_tried
from planner.planning.values import PostValues

__all__ = ["Draft", "Tried", "assets_for", "drop", "first_words", "preview", "take"]

LimitsOf = Callable[[Platform], Limits | None]


@dataclass(frozen=True, slots=True)
class Draft:
    """One post to be made: what the clock of the channel's zone shows then. `fold` answers “which of the two?”; None has not been asked."""

    asset_id: int
    channel_id: int
    wall: datetime
    fold: int | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """One post as it would be: `refused` says why it cannot be planned, else what the rules say of it."""

    draft: Draft
    refused: PlannerError | None = None
    findings: list[rules.Finding] = field(default_factory=list)


def assets_for(db: Session, part: Part, *, viewer: User | None, limit: int = 100) -> list[tuple[int, str, bool]]:
    """(number, title, whether it is ready) of what may play this part: ready ones first, then the freshest. One statement."""
    query = select(Asset.id, Asset.title, Asset.state == AssetState.READY).where(Asset.state != AssetState.RETIRED, Asset.sensitive == part.sensitive)
    if part.kinds:
        query = query.where(Asset.kind.in_(part.kinds))
    known = knows(viewer)
    if known is not None:
        query = query.where(known)
    order = (Asset.state == AssetState.READY).desc(), Asset.updated_at.desc(), Asset.id.desc()
    return [(row[0], row[1], bool(row[2])) for row in db.execute(query.order_by(*order).limit(limit))]


def first_words(asset: Asset, channel: Channel) -> dict[str, Any]:
    """What a proposed post says until somebody writes it: the asset's title, summary and address, as its platform has places for them."""
    films = [one.id for one in asset.files if one.kind is MediaKind.VIDEO]
    if channel.platform is Platform.YOUTUBE:
        return {"text": asset.summary or asset.title, "media": [{"file_id": one} for one in films[:1]]}
    long = channel.platform is not Platform.X and asset.summary
    return {"text": f"{asset.title}\n\n{asset.summary}" if long else asset.title, "link": asset.url}


def preview(
    db: Session, campaign: Campaign, drafts: Sequence[Draft], *, limits_of: LimitsOf, actor: User | None, now: datetime
) -> list[Tried]:
    """What `take` would do with each, and what the rules would say of it beside the others. Writes nothing."""
    tried: list[Tried] = []
    made: list[Post | None] = []
    with only_tried(db):
        for one in drafts:
            try:
                with db.begin_nested():
                    made.append(_plan(db, campaign, one, actor, now))
                tried.append(Tried(one))
            except PlannerError as error:
                made.append(None)
                tried.append(Tried(one, refused=error))
        return [one if post is None else replace(one, findings=_findings(db, post, limits_of, now)) for one, post in zip(tried, made, strict=True)]


def take(
    db: Session, campaign: Campaign, template: str, drafts: Sequence[Draft], *, version: int | None, actor: User | None, now: datetime
) -> Entry:
    """Make these drafts in the campaign; its line of history, which `drop` takes.

    version -- of the campaign that was on the screen; another one is a Conflict, so that a form sent twice makes one wave.
    A template that asks to list channels lists those of its first drafts; later ones are held to them.
    Raises what planning a post raises; the caller's transaction makes it all or nothing.
    """
    require(actor, "campaign.edit")
    if template not in BY_CODE:
        raise Invalid(N_("There is no such template."), field="template")
    if not drafts:
        raise Invalid(N_("Tick at least one post."))
    if BY_CODE[template].is_listed and db.scalar(select(Asset.id).where(Asset.id.in_({one.asset_id for one in drafts}), ~Asset.sensitive).limit(1)):
        raise Refused(N_("This template is for one announcement that is marked sensitive, and for nothing else."))
    if version is not None and version != campaign.version:
        raise Conflict(N_("Somebody changed this campaign meanwhile, or its posts were made already. Look at it, then go on."))
    if is_listed(campaign.template) and not is_listed(template):
        listing.forget(db, campaign, actor=actor, now=now)
        left = select(Post.id).where(Post.campaign_id == campaign.id, Post.state != PostState.CANCELLED)
        if db.scalar(left.limit(1)) is not None:
            raise Refused(N_("The campaign “%(name)s” is for one sensitive announcement and nothing else. Plan this outside of it."), name=campaign.name)
    campaign.template, campaign.updated_at = template, now
    entry = history.record(
        db, actor, "campaign.wave_planned", campaign, now=now, became={"template": template, "posts": len(drafts)}, name=history.COMMAND_LINE
    )  # fmt: skip
    db.flush()
    if is_listed(template):
        listing.begin(db, campaign, [(one.asset_id, one.channel_id) for one in drafts], actor=actor, now=now)
    for one in drafts:
        _plan(db, campaign, one, actor, now)
    return entry


def drop(db: Session, campaign: Campaign, entry_id: int, *, actor: User | None, now: datetime) -> int:
    """Cancel the drafts that one `take` made and that nobody touched since; how many. With the last post goes the list of channels."""
    require(actor, "campaign.edit")
    entry = db.get(Entry, entry_id)
    if entry is None or (entry.action, entry.subject_type, entry.subject_id) != ("campaign.wave_planned", "campaigns", campaign.id):
        raise NotFound()
    made = select(Entry.subject_id).where(Entry.action == "post.planned", Entry.at == entry.at, Entry.id > entry.id)
    posts = db.scalars(
        select(Post).where(Post.campaign_id == campaign.id, Post.id.in_(made), Post.state == PostState.DRAFT, Post.updated_at == Post.created_at)
    ).all()
    for post in posts:
        service.cancel(db, post, actor=actor, now=now)
    db.flush()
    listing.forget(db, campaign, actor=actor, now=now)
    return len(posts)


def _plan(db: Session, campaign: Campaign, draft: Draft, actor: User | None, now: datetime) -> Post:
    asset, channel = db.get(Asset, draft.asset_id), db.get(Channel, draft.channel_id)
    if asset is None or channel is None or not may(actor, "read", asset):
        raise NotFound()
    at = resolve_wall_time(draft.wall, channel.time_zone, fold=draft.fold)
    values = PostValues(**first_words(asset, channel), publish_at=at, time_zone=channel.time_zone, campaign_id=campaign.id)
    return service.plan(db, asset, channel, values, actor=actor, now=now)


def _findings(db: Session, post: Post, limits_of: LimitsOf, now: datetime) -> list[rules.Finding]:
    return rules.findings(post, post.asset, post.campaign, post.channel, limits_of(post.channel.platform), now, surroundings(db, post))
