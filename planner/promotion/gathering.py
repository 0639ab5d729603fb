"""Gathers what one channel's videos showed: four statements a channel, a bounded number of readings, one view definition at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import Float, and_, case, cast, extract, func, or_, select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset, AssetKind, Confidentiality, Purpose
from planner.insights.models import PostReport, Snapshot
from planner.insights.rules import way_of
from planner.planning.models import Campaign, Post, PostState
from planner.promotion.choices import VOUCHES, PromotionKind
from planner.promotion.forecast import Reading, tidy
from planner.promotion.models import Promotion, PromotionInput, Reaction

__all__ = ["GRID", "MOST", "ChannelPast", "Video", "gather", "readings_of"]

#: Ages in days between which one reading a video is kept: finer than the forecast can use, and never more than this many.
GRID = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 14.0, 21.0, 30.0, 37.0, 45.0, 60.0, 75.0, 90.0, 120.0, 180.0, 365.0, 730.0)
#: How many of a channel's newest videos are looked at.
MOST = 3000
_KINDS = (AssetKind.VIDEO, AssetKind.PODCAST)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
#: Fewer showings of a thumbnail say nothing of how often it is clicked.
_FEWEST_SHOWN = 100

#: How many there were to begin with, and how many of them.
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Video:
    """One published video of a channel and what people and the platform told of it.

    campaign, campaign_embargo -- the campaign of one of its posts that is longest under embargo. rights_until -- last day it may be used.
    viewed -- average part watched as the platform itself tells it, in [0, 1].
    series -- view definition -> readings by age, one definition never mixed with another; what began under an older one stands under a name
    of its own (insights.rules.way_of) and compares with no other video. watched, clicked, liked -- definition ->
    (views, seconds watched), (times its thumbnail was shown, clicks), (views, likes + comments + shares), each as read last.
    promoted -- (kind, age in days at which it began, cost).
    """

    post_id: int | None
    asset_id: int
    title: str
    kind: AssetKind
    published_at: datetime | None
    duration: int | None
    embargo_until: datetime | None = None
    sensitive: bool = False
    confidentiality: Confidentiality = Confidentiality.PUBLIC
    purpose: Purpose = Purpose.WEB
    owner_id: int | None = None
    cost: float | None = None
    goal: int | None = None
    target_share: float | None = None
    value_per_view: float | None = None
    audio_only: bool = False
    vouched_by: str = ""
    campaign: str = ""
    campaign_embargo: datetime | None = None
    rights_until: date | None = None
    regime: str = ""
    series: Mapping[str, Sequence[Reading]] = field(default_factory=dict)
    viewed: float | None = None
    watched: Mapping[str, Pair] = field(default_factory=dict)
    clicked: Mapping[str, Pair] = field(default_factory=dict)
    liked: Mapping[str, Pair] = field(default_factory=dict)
    promoted: Sequence[tuple[PromotionKind, float, float | None]] = ()

    @property
    def seen(self) -> Sequence[Reading]:
        """Its readings in the definition that counts now."""
        return self.series.get(self.regime, ())

    def retention(self, regime: str) -> float | None:
        """Average part of it that was watched, in [0, 1]: as the platform tells it, else from watch time; None where it tells neither."""
        if self.viewed is not None:
            return self.viewed
        views, seconds = self.watched.get(regime, (0, 0))
        return min(seconds / (views * self.duration), 1.0) if views and seconds and self.duration else None

    def click_through(self, regime: str) -> float | None:
        """Share of those shown its thumbnail who clicked, in [0, 1]; None where the platform or a file does not tell, or too few saw it."""
        shown, clicks = self.clicked.get(regime, (0, 0))
        return min(clicks / shown, 1.0) if shown >= _FEWEST_SHOWN else None

    def reactions(self, regime: str) -> float | None:
        """Likes, comments and shares for one view; None where none of them is told."""
        views, reacted = self.liked.get(regime, (0, 0))
        return reacted / views if views else None

    def age(self, now: datetime) -> float:
        """In days; 0 before publication."""
        return max((now - self.published_at).total_seconds() / 86400, 0.0) if self.published_at else 0.0


@dataclass(frozen=True, slots=True)
class ChannelPast:
    """A channel's published videos, the newest first."""

    channel_id: int
    videos: Sequence[Video]

    def find(self, asset_id: int) -> Video | None:
        return next((one for one in self.videos if one.asset_id == asset_id), None)


def gather(db: Session, channel_id: int, *, most: int = MOST, also: int | None = None) -> ChannelPast:
    """A channel with all that was read of its newest videos. Four statements, at most `most` × (len(GRID) + 1) readings a definition.

    also -- an asset whose posts are among them however old they are.
    """
    live = (Post.channel_id == channel_id, Post.state == PostState.PUBLISHED, Post.published_at.is_not(None))
    newest = select(Post.id).where(*live).order_by(Post.published_at.desc(), Post.id.desc()).limit(most)
    which = and_(*live, or_(Post.id.in_(newest), Post.asset_id == also) if also is not None else Post.id.in_(newest))
    rows = db.execute(
        select(
            Post.id, Asset.id, Asset.title, Asset.kind, Post.published_at, Asset.duration_seconds, Asset.embargo_until, Asset.sensitive,
            Asset.confidentiality, Asset.purpose, Asset.owner_id, Asset.cost, PromotionInput.goal, PromotionInput.target_share,
            PromotionInput.value_per_view, PromotionInput.audio_only, PromotionInput.vouched_by, Asset.rights_until, *_campaign(), _voucher(),
        )
        .join(Asset, Asset.id == Post.asset_id)
        .outerjoin(PromotionInput, PromotionInput.asset_id == Asset.id)
        .where(which, Asset.kind.in_(_KINDS))
        .order_by(Post.published_at.desc(), Post.id.desc())
    ).all()  # fmt: skip
    series, pairs = readings_of(db, which)
    promotions, viewed = _promotions(db, channel_id), _viewed(db, which)
    first: dict[int, Any] = {}
    for row in reversed(rows):  # A video put up twice is judged by its first upload.
        first.setdefault(row[1], row)
    videos = [_video(row, series.get(row[0], {}), pairs.get(row[0], {}), promotions.get(row[1], ()), viewed.get(row[0])) for row in first.values()]
    return ChannelPast(channel_id, sorted(videos, key=lambda one: one.published_at or _NEVER, reverse=True))


def _campaign() -> tuple[Any, Any]:
    """Name and end of the embargo that holds longest among the campaigns of an asset's posts."""
    ends = (
        select(Campaign.embargo_until, Campaign.name)
        .join(Post, Post.campaign_id == Campaign.id)
        .where(Post.asset_id == Asset.id, Campaign.embargo_until.is_not(None))
        .correlate(Asset)
        .order_by(Campaign.embargo_until.desc(), Campaign.id)
        .limit(1)
    )
    return ends.with_only_columns(Campaign.name).scalar_subquery(), ends.with_only_columns(Campaign.embargo_until).scalar_subquery()


def _voucher() -> Any:
    """The name of the last journalist, analyst or politician who reacted."""
    newest = select(Reaction.who).where(Reaction.asset_id == Asset.id, Reaction.role.in_(VOUCHES)).correlate(Asset)
    return newest.order_by(Reaction.on.desc(), Reaction.id.desc()).limit(1).scalar_subquery()


def _video(row: Any, series: Mapping[str, list[Reading]], pairs: Mapping[str, dict[str, Pair]], promoted: Sequence[Any], viewed: float | None) -> Video:
    regime = max(series, key=lambda name: max(series[name])[0]) if series else ""
    told = {name: tidy(readings) for name, readings in series.items()}
    began = [(kind, (datetime.combine(on, time(), UTC) - row[4]).total_seconds() / 86400, cost) for kind, on, cost in promoted]
    return Video(
        post_id=row[0], asset_id=row[1], title=row[2], kind=row[3], published_at=row[4], duration=row[5], embargo_until=row[6], sensitive=row[7],
        confidentiality=row[8], purpose=row[9], owner_id=row[10], cost=_amount(row[11]), goal=row[12], target_share=row[13],
        value_per_view=_amount(row[14]), audio_only=bool(row[15]), vouched_by=row[16] or row[20] or "", rights_until=row[17], campaign=row[18] or "",
        campaign_embargo=row[19], regime=regime, series=told, viewed=viewed,
        **{name: {regime: one[name] for regime, one in pairs.items() if name in one} for name in ("watched", "clicked", "liked")},
        promoted=[(kind, max(age, 0.01), cost) for kind, age, cost in began],
    )  # fmt: skip


def _amount(value: Any) -> float | None:
    return None if value is None else float(value)


def readings_of(db: Session, which: Any) -> tuple[dict[int, dict[str, list[Reading]]], dict[int, dict[str, dict[str, Pair]]]]:
    """Post -> view definition -> readings by age, and post -> definition -> what `Video` calls watched, clicked, liked.

    which -- condition on posts. One statement: of each stretch of age only the last reading comes out of the database.
    """
    # The age is worked out once a reading: written into every branch, the database would work it out anew in each.
    aged = (
        select(
            Snapshot.post_id, Snapshot.regime, Post.published_at, _age(db).label("age"), Snapshot.views, Snapshot.watch_seconds, Snapshot.impressions, Snapshot.clicks,
            Snapshot.likes, Snapshot.comments, Snapshot.shares,
        )
        .select_from(Post)
        .join(Snapshot, Snapshot.post_id == Post.id)
        .where(which, Snapshot.views.is_not(None), Snapshot.at > Post.published_at)
        .cte("aged")
        .prefix_with("MATERIALIZED")
    ).c  # fmt: skip
    stretch = case(*((aged.age < edge, place) for place, edge in enumerate(GRID)), else_=len(GRID))
    # What makes a rate comes from the readings that tell both parts: others of the stretch tell views alone, and more of them.
    reacted = or_(aged.likes.is_not(None), aged.comments.is_not(None), aged.shares.is_not(None))
    counts = (
        aged.age, aged.views, case((aged.watch_seconds > 0, aged.views)), aged.watch_seconds, case((aged.clicks.is_not(None), aged.impressions)),
        case((aged.impressions > 0, aged.clicks)), case((reacted, aged.views)), aged.likes, aged.comments, aged.shares,
    )  # fmt: skip
    rows = db.execute(select(aged.post_id, aged.regime, func.max(aged.published_at), *map(func.max, counts)).group_by(aged.post_id, aged.regime, stretch))
    series: dict[int, dict[str, list[Reading]]] = {}
    pairs: dict[int, dict[str, dict[str, Pair]]] = {}
    for post_id, counted, published_at, days, views, viewed, seconds, shown, clicks, liked, likes, comments, shares in rows:
        regime = way_of(counted, published_at)
        series.setdefault(post_id, {}).setdefault(regime, []).append((float(days), float(views)))
        if viewed and seconds:
            _newer(pairs, post_id, regime, "watched", viewed, seconds)
        if shown and clicks is not None:
            _newer(pairs, post_id, regime, "clicked", shown, clicks)
        if liked:
            _newer(pairs, post_id, regime, "liked", liked, (likes or 0) + (comments or 0) + (shares or 0))
    return series, pairs


def _newer(pairs: dict[int, dict[str, dict[str, Pair]]], post_id: int, regime: str, name: str, many: int, of_them: int) -> None:
    known = pairs.setdefault(post_id, {}).setdefault(regime, {})
    if many >= known.get(name, (0, 0))[0]:
        known[name] = (int(many), int(of_them))


def _age(db: Session) -> Any:
    """Days between publication and reading, worked out by the database."""
    if db.get_bind().dialect.name == "postgresql":
        return cast(extract("epoch", Snapshot.at - Post.published_at), Float) / 86400.0
    return func.julianday(Snapshot.at) - func.julianday(Post.published_at)


def _viewed(db: Session, which: Any) -> dict[int, float]:
    """Post -> average part watched, where the platform's own tables tell it; an empty table tells nothing."""
    rows = db.execute(select(PostReport.post_id, PostReport.columns, PostReport.rows).join(Post, Post.id == PostReport.post_id).where(which, PostReport.name == "total"))
    found = {}
    for post_id, columns, told in rows:
        percent = dict(zip(columns, told[0], strict=False)).get("averageViewPercentage") if told else None
        if percent is not None:
            found[post_id] = min(float(percent) / 100, 1.0)
    return found


def _promotions(db: Session, channel_id: int) -> dict[int, list[tuple[PromotionKind, Any, float | None]]]:
    mine = select(Post.asset_id).where(Post.channel_id == channel_id, Post.state == PostState.PUBLISHED)
    rows = db.execute(
        select(Promotion.asset_id, Promotion.kind, Promotion.on, Promotion.cost).where(Promotion.asset_id.in_(mine)).order_by(Promotion.on, Promotion.id)
    )
    found: dict[int, list[tuple[PromotionKind, Any, float | None]]] = {}
    for asset_id, kind, on, cost in rows:
        found.setdefault(asset_id, []).append((kind, on, _amount(cost)))
    return found
