"""Reads what lies around a post for the rules: how they are set, embargoed words, neighbours on its channel, its audiences' day, blackouts, rivals' events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import ColumnElement, String, cast, literal, or_, select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset, AssetAudience, Confidentiality
from planner.channels.models import Channel
from planner.people.models import Event
from planner.planning import listing
from planner.planning.findings import Alike, Listed, Neighbour, Page, Quiet, RivalEvent, Surroundings, Term
from planner.planning.habits import AWAY, REPEAT
from planner.planning.models import Campaign, LinkCheck, Post, PostState, RuleOverride, RuleSetting
from planner.planning.moments import zone_of
from planner.planning.quiet_models import Blackout
from planner.planning.rulebook import Setting, Tuning, tuning_of
from planner.planning.rules import embargo_of

__all__ = ["all_settings", "around_each", "at_the_gate", "embargoed_terms", "rules_forbid", "surroundings", "under_embargo"]


def surroundings(db: Session, post: Post, *, at: datetime | None = None, settings: Sequence[Setting] | None = None) -> Surroundings:
    """What lies around `post` at its moment, or at `at`. For an undated one, terms still count.

    settings -- how the rules are set, when a page has read it already; else it is read here.
    Five statements at most, one more for a post with a link, one for a sensitive asset, and one where an administrator made a warning block.
    """
    moment = at or post.publish_at
    asset_id, channel = post.asset_id or post.asset.id, post.channel or db.get_one(Channel, post.channel_id)
    tuning = tuning_of(all_settings(db) if settings is None else settings, channel.id)
    within = max(REPEAT, timedelta(hours=tuning.of("repeat").values["hours"]))
    blackouts, rivals = _days(db, moment, tuning) if moment else ((), ())
    return Surroundings(
        terms=_unsaid(_terms(db, moment), *_held_by(db, post)),
        neighbours=_neighbours(db, post.id, asset_id, channel.id, moment, within),
        blackouts=blackouts,
        rivals=rivals,
        alike=_alike(db, post.id, asset_id, moment, channel.time_zone) if moment and tuning.of("audience").enabled else None,
        page=_page(db, post.link) if post.link and tuning.of("dead_link").enabled else None,
        listed=_listed(db, post),
        tuning=tuning,
        overrides=_overrides(db, post.id) if tuning.forbids and post.id is not None else (),
    )


def at_the_gate(db: Session, post: Post, *, now: datetime, embargoes: bool, forbids: bool = False) -> Surroundings:
    """Only what `rules.gates` asks about before sending: the words under embargo, and a sensitive asset's other posts on this channel and what was listed for it.

    now       -- when it would leave, which may be long before its own moment: a person may send at once what was held.
    forbids   -- what `rules_forbid` said: everything around the post is read then, for the rules that were made to block.
    embargoes -- what `under_embargo` said at this moment: without any there are no words to read.
    No statement, one while anything is under embargo, two more for a sensitive asset.
    """
    terms = _unsaid(_terms(db, now), *_held_by(db, post)) if embargoes else ()
    if forbids:
        return replace(surroundings(db, post), terms=terms)
    others = _neighbours(db, post.id, post.asset_id, post.channel_id, None, REPEAT) if post.asset.sensitive else ()
    return Surroundings(terms=terms, neighbours=others, blackouts=(), listed=_listed(db, post))


def around_each(db: Session, posts: Sequence[Post]) -> Iterator[tuple[Post, Surroundings]]:
    """Each post with what lies around it as far as the rules ask that block.

    Two statements, however many posts; those of `surroundings` for each that is sensitive or on a channel where an administrator made a warning block.
    """
    settings, terms = all_settings(db), _terms(db, None)
    tunings = {number: tuning_of(settings, number) for number in {post.channel_id for post in posts}}
    for post in posts:
        tuning = tunings[post.channel_id]
        if tuning.forbids or post.asset.sensitive:
            yield post, surroundings(db, post, settings=settings)
        else:
            yield post, Surroundings(terms=_unsaid(terms, *_held_by(db, post)), tuning=tuning)


def rules_forbid() -> ColumnElement[bool]:
    """For any query: whether an administrator made a warning block, on any channel."""
    return select(RuleSetting.id).where(RuleSetting.must_not.is_(True), RuleSetting.enabled.is_(True)).correlate(None).exists()


def under_embargo(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """For any query: whether an asset or a campaign is under embargo at that moment, so that words may not be said."""
    assets = select(Asset.id).where(Asset.embargo_until > now).correlate(None)
    campaigns = select(Campaign.id).where(Campaign.embargo_until > now).correlate(None)
    return or_(assets.exists(), campaigns.exists())


def embargoed_terms(db: Session, *, except_asset: int | None, after: datetime | None) -> tuple[Term, ...]:
    """The words nobody may say yet: of assets other than that one whose embargo lifts after that moment (None: ever).

    An asset is under its own embargo and under that of each campaign it has a post in; the later one counts. Both hold until they lift, whatever
    became of the asset, the campaign and the post: what was called off is still not for telling. One statement.
    """
    return tuple(term for asset_id, term in _terms(db, after) if asset_id != except_asset)


def _held_by(db: Session, post: Post) -> tuple[Asset, Campaign | None]:
    """The asset and the campaign whose embargoes hold a post, which need not be stored; they are at hand mostly."""
    campaign = post.campaign or (db.get(Campaign, post.campaign_id) if post.campaign_id is not None else None)
    return post.asset or db.get_one(Asset, post.asset_id), campaign


def _unsaid(terms: Sequence[tuple[int, Term]], asset: Asset, campaign: Campaign | None) -> tuple[Term, ...]:
    """What a post about this asset in this campaign may not say: the words of other assets, and its own as long as another campaign's embargo
    holds them after those that hold the post itself."""
    held = embargo_of(asset, campaign)
    return tuple(term for number, term in terms if number != asset.id or held is None or term.lifts_at > held[1])


def _terms(db: Session, after: datetime | None) -> list[tuple[int, Term]]:
    """Number of each asset, and one of its words. One statement."""
    own = select(Asset.id, Asset.embargo_terms, Asset.embargo_until).where(Asset.embargo_until.is_not(None))
    told = select(Post.asset_id, Campaign.embargo_until).join(Campaign, Campaign.id == Post.campaign_id).where(Campaign.embargo_until.is_not(None)).distinct()
    if after is not None:
        own, told = own.where(Asset.embargo_until > after), told.where(Campaign.embargo_until > after)
    campaigns = told.subquery()
    theirs = select(Asset.id, Asset.embargo_terms, campaigns.c.embargo_until).join(campaigns, campaigns.c.asset_id == Asset.id)
    lifts: dict[tuple[int, str], datetime] = {}
    for asset_id, terms, lifts_at in db.execute(own.union_all(theirs)):
        if lifts_at is not None:
            for words in terms or ():
                lifts[asset_id, words] = max(lifts.get((asset_id, words), lifts_at), lifts_at)
    return [(asset_id, Term(words, lifts_at)) for (asset_id, words), lifts_at in sorted(lifts.items(), key=lambda item: item[0][0])]


def all_settings(db: Session) -> list[RuleSetting]:
    """How every rule is set on every channel: a small table, read once a page. One statement."""
    return list(db.scalars(select(RuleSetting).order_by(RuleSetting.id)))


def _listed(db: Session, post: Post) -> Listed:
    asset = post.asset or db.get_one(Asset, post.asset_id)
    if not asset.sensitive:
        return Listed()
    return listing.around(db, asset.id, post.campaign.id if post.campaign is not None else post.campaign_id)


def _neighbours(
    db: Session, post_id: int | None, asset_id: int, channel_id: int, moment: datetime | None, within: timedelta
) -> tuple[Neighbour, ...]:
    near = [Post.asset_id == asset_id]
    if moment is not None:
        near.append((Post.publish_at > moment - within) & (Post.publish_at < moment + within))
    rows = db.execute(
        select(Post.id, Post.asset_id, Post.state, Post.publish_at, Post.text)
        .where(Post.channel_id == channel_id, or_(*near), Post.state != PostState.CANCELLED, Post.taken_down_at.is_(None))
        .order_by(Post.publish_at, Post.id)
        .limit(500)
    )
    return tuple(Neighbour(*row) for row in rows if row.id != post_id)


def _days(db: Session, moment: datetime, tuning: Tuning) -> tuple[tuple[Quiet, ...], tuple[RivalEvent, ...]]:
    """Blackouts and rivals' events of that day, wherever its midnight lies. One statement."""
    day, one = moment.date(), timedelta(days=1)
    rule = tuning.of("rival")
    within = timedelta(days=rule.values["days"]) + one
    quiet = select(literal("").label("rival"), Blackout.name, Blackout.starts_on, Blackout.ends_on, Blackout.id, cast(Blackout.channel_ids, String).label("channels")).where(
        Blackout.starts_on <= day + one, Blackout.ends_on >= day, Blackout.removed_at.is_(None)
    )
    rivals = select(Event.rival, Event.name, Event.starts_on, Event.ends_on, Event.id, literal("")).where(
        Event.rival != "", Event.removed_at.is_(None), Event.starts_on <= day + within, Event.ends_on >= day - within
    )
    rows = sorted(db.execute(quiet.union_all(rivals) if rule.enabled else quiet), key=lambda row: (row.starts_on, row.id))
    return (
        tuple(Quiet(row.name, row.starts_on, row.ends_on, channels=json.loads(row.channels)) for row in rows if not row.rival),
        tuple(RivalEvent(row.name, row.rival, row.starts_on, row.ends_on) for row in rows if row.rival),
    )


def _alike(db: Session, post_id: int | None, asset_id: int, moment: datetime, zone: str) -> Alike | None:
    """The first other post of that wall day for one of this asset's audiences. Another asset's: one story told on several channels is one story."""
    place = zone_of(zone)
    day = moment.astimezone(place).date()
    start, end = (datetime.combine(one, time.min, place).astimezone(UTC) for one in (day, day + timedelta(days=1)))
    ours = select(AssetAudience.audience).where(AssetAudience.asset_id == asset_id)
    row = db.execute(
        select(Channel.name, Post.publish_at, Post.id)
        .join(Post, Post.channel_id == Channel.id)
        .join(Asset, Asset.id == Post.asset_id)
        .join(AssetAudience, AssetAudience.asset_id == Asset.id)
        .where(
            Post.publish_at >= start, Post.publish_at < end, Post.state.not_in(AWAY), Post.asset_id != asset_id, Post.id != (post_id or 0),
            Asset.confidentiality != Confidentiality.CONFIDENTIAL, AssetAudience.audience.in_(ours),
        )
        .order_by(Post.publish_at, Post.id)
        .limit(1)
    ).first()  # fmt: skip
    return None if row is None or row[1] is None else Alike(row[0], row[1], row[2])


def _page(db: Session, link: str) -> Page | None:
    row = db.execute(select(LinkCheck.status, LinkCheck.leads_to, LinkCheck.times_bad).where(LinkCheck.key == LinkCheck.key_of(link), LinkCheck.is_known.is_(True))).first()
    return Page(*row) if row is not None else None


def _overrides(db: Session, post_id: int) -> list[tuple[str, str]]:
    return [(row.code, row.digest) for row in db.execute(select(RuleOverride.code, RuleOverride.digest).where(RuleOverride.post_id == post_id))]
