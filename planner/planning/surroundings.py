"""Reads what lies around a post for the rules: embargoed words, neighbours on its channel, blackouts."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset, AssetState
from planner.planning.findings import Neighbour, Quiet, Surroundings, Term
from planner.planning.models import Blackout, Post, PostState
from planner.planning.rules import REPEAT

__all__ = ["at_the_gate", "embargoed_terms", "surroundings"]


def surroundings(db: Session, post: Post, *, at: datetime | None = None) -> Surroundings:
    """What lies around `post` at its moment, or at `at`. Three statements; for an undated one, terms still count."""
    moment = at or post.publish_at
    asset_id, channel_id = post.asset_id or post.asset.id, post.channel_id or post.channel.id
    return Surroundings(
        terms=embargoed_terms(db, except_asset=asset_id, after=moment),
        neighbours=_neighbours(db, post.id, asset_id, channel_id, moment),
        blackouts=_blackouts(db, moment) if moment else (),
    )


def at_the_gate(db: Session, post: Post) -> Surroundings:
    """Only what `rules.gates` asks about before sending: the words under embargo, and a sensitive asset's other posts on this channel.

    One statement, two for a sensitive asset.
    """
    others = _neighbours(db, post.id, post.asset_id, post.channel_id, None) if post.asset.sensitive else ()
    return Surroundings(terms=embargoed_terms(db, except_asset=post.asset_id, after=post.publish_at), neighbours=others, blackouts=())


def embargoed_terms(db: Session, *, except_asset: int | None, after: datetime | None) -> tuple[Term, ...]:
    """The words nobody may say yet: of assets other than that one whose embargo lifts after that moment (None: ever)."""
    query = select(Asset.id, Asset.embargo_terms, Asset.embargo_until).where(
        Asset.embargo_until.is_not(None), Asset.state != AssetState.RETIRED
    )
    if after is not None:
        query = query.where(Asset.embargo_until > after)
    return tuple(
        Term(words, lifts_at)
        for asset_id, terms, lifts_at in db.execute(query.order_by(Asset.id))
        if asset_id != except_asset and lifts_at is not None
        for words in terms or ()
    )


def _neighbours(db: Session, post_id: int | None, asset_id: int, channel_id: int, moment: datetime | None) -> tuple[Neighbour, ...]:
    near = [Post.asset_id == asset_id]
    if moment is not None:
        near.append((Post.publish_at > moment - REPEAT) & (Post.publish_at < moment + REPEAT))
    rows = db.execute(
        select(Post.id, Post.asset_id, Post.state, Post.publish_at, Post.text)
        .where(Post.channel_id == channel_id, or_(*near), Post.state != PostState.CANCELLED, Post.taken_down_at.is_(None))
        .order_by(Post.publish_at, Post.id)
        .limit(500)
    )
    return tuple(Neighbour(*row) for row in rows if row.id != post_id)


def _blackouts(db: Session, moment: datetime) -> tuple[Quiet, ...]:
    day = moment.date()
    rows = db.execute(
        select(Blackout.name, Blackout.starts_on, Blackout.ends_on)
        .where(Blackout.starts_on <= day + timedelta(days=1), Blackout.ends_on >= day)
        .order_by(Blackout.starts_on)
    )
    return tuple(Quiet(*row) for row in rows)
