"""Templates of campaigns: which posts a launch, a trade show or a sensitive announcement usually has, and when; pure, and only ever a proposal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol

from planner.catalog.models import AssetKind
from planner.channels.port import Platform
from planner.core.i18n import N_
from planner.planning.moments import zone_of

__all__ = ["BY_CODE", "TEMPLATES", "Anchor", "Part", "Proposal", "Step", "Template", "anchor_of", "is_listed", "propose"]

_NINE = time(9)


@dataclass(frozen=True, slots=True)
class Part:
    """A role that one asset plays in a campaign. kinds -- of assets that fit, the first is offered first; empty: any. sensitive -- only such."""

    code: str
    label: str
    kinds: tuple[AssetKind, ...] = ()
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One post a channel of these platforms (empty: of any), about a part.

    after -- how long after the anchor it goes out; None: `days` later, when the channel's clock shows `clock`.
    from_end -- days count from the campaign's last day instead.
    """

    part: str
    label: str
    platforms: tuple[Platform, ...] = ()
    after: timedelta | None = None
    days: int = 0
    clock: time = time(10)
    from_end: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """The usual wave of one kind of story. is_listed -- nothing is ticked: a person lists each channel."""

    code: str
    name: str
    says: str
    parts: tuple[Part, ...]
    steps: tuple[Step, ...]
    is_listed: bool = False


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a wave hangs on: a moment (the embargo), or the first and last day, which begin at nine by each channel's clock."""

    at: datetime | None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """One post as a template proposes it: what the clock of `zone` shows then."""

    step: Step
    asset_id: int
    channel_id: int
    wall: datetime
    zone: str


class ChannelLike(Protocol):
    id: int
    platform: Platform
    time_zone: str


_SOCIAL = (Platform.LINKEDIN, Platform.X)
_INSIDE = (Platform.WEBHOOK,)
_HOUR = timedelta(hours=1)

TEMPLATES: tuple[Template, ...] = (
    Template(
        "announcement", N_("Announcement"), N_("A release when the embargo lifts, its film an hour later, its white paper two days later, and what employees may pass on a day after that."),
        (
            Part("release", N_("Release"), (AssetKind.PRESS_RELEASE, AssetKind.BLOG_POST)), Part("film", N_("Film"), (AssetKind.VIDEO,)),
            Part("paper", N_("White paper"), (AssetKind.WHITE_PAPER, AssetKind.TECHNICAL_ARTICLE)),
        ),
        (
            Step("release", N_("The release"), (*_SOCIAL, *_INSIDE, Platform.BY_HAND), timedelta()),
            Step("film", N_("The film"), (Platform.YOUTUBE,), _HOUR),
            Step("film", N_("The film, on the networks"), _SOCIAL, 2 * _HOUR),
            Step("paper", N_("The white paper"), _SOCIAL, days=2),
            Step("release", N_("What employees may pass on"), _INSIDE, days=3),
        ),
    ),
    Template(
        "trade_show", N_("Trade show"), N_("Three weeks, one week and a day before, the first morning, the day after the last, and the film a week later."),
        (Part("news", N_("What we show")), Part("film", N_("Film of the show"), (AssetKind.VIDEO,))),
        (
            Step("news", N_("We will be there"), _SOCIAL, days=-21), Step("news", N_("Come and see us"), _SOCIAL, days=-7),
            Step("news", N_("It begins tomorrow"), (Platform.X, *_INSIDE), days=-1, clock=time(16)), Step("news", N_("The first day"), _SOCIAL, days=0, clock=_NINE),
            Step("news", N_("Thank you for coming"), (Platform.LINKEDIN,), days=1, clock=time(11), from_end=True),
            Step("film", N_("The film of the show"), (Platform.YOUTUBE,), days=7, from_end=True),
            Step("film", N_("The film, on the networks"), _SOCIAL, days=7, clock=time(11), from_end=True),
        ),
    ),
    Template(
        "white_paper", N_("White paper launch"), N_("The paper, what employees may pass on, and the paper again in other words two days, a week, two weeks and a month later."),
        (Part("paper", N_("White paper"), (AssetKind.WHITE_PAPER, AssetKind.TECHNICAL_ARTICLE)), Part("film", N_("Film that sums it up"), (AssetKind.VIDEO,))),
        (
            Step("paper", N_("The paper is out"), (*_SOCIAL, Platform.BY_HAND), timedelta()), Step("paper", N_("What employees may pass on"), _INSIDE, _HOUR),
            Step("paper", N_("One figure of it"), (Platform.X,), days=2), Step("paper", N_("What it changes"), (Platform.LINKEDIN,), days=7),
            Step("film", N_("The film that sums it up"), (Platform.YOUTUBE,), days=14), Step("film", N_("The film, on the networks"), _SOCIAL, days=14, clock=time(11)),
            Step("paper", N_("In case you missed it"), (Platform.X,), days=30),
        ),
    ),
    Template(
        "sensitive", N_("Sensitive"), N_("One post on each channel that you list, when the embargo lifts, and nothing else."),
        (Part("release", N_("The announcement"), sensitive=True),), (Step("release", N_("The announcement"), after=timedelta()),), is_listed=True,
    ),
)  # fmt: skip

BY_CODE: Mapping[str, Template] = {one.code: one for one in TEMPLATES}


def is_listed(code: str) -> bool:
    """Whether a campaign of this template is for one announcement on the channels that somebody lists, and for nothing else."""
    return code in BY_CODE and BY_CODE[code].is_listed


def anchor_of(embargo_until: datetime | None, starts_on: date | None, ends_on: date | None) -> Anchor | None:
    """What a campaign's wave hangs on: its embargo, else its first day; None while it has neither."""
    return Anchor(embargo_until, starts_on, ends_on) if embargo_until or starts_on else None


def propose(template: Template, anchor: Anchor, assets: Mapping[str, int], channels: Iterable[ChannelLike]) -> list[Proposal]:
    """The wave: a post for each step, channel of its platforms and part that has an asset, the earliest first by the clock there.

    assets -- part -> asset.
    """
    where = list(channels)
    found = [
        Proposal(step, assets[step.part], channel.id, _wall(step, anchor, channel.time_zone), channel.time_zone)
        for step in template.steps
        if step.part in assets
        for channel in _channels(step, where)
    ]
    return sorted(found, key=lambda one: one.wall)


def _channels(step: Step, channels: Iterable[ChannelLike]) -> Iterator[ChannelLike]:
    return (one for one in channels if not step.platforms or one.platform in step.platforms)


def _wall(step: Step, anchor: Anchor, zone: str) -> datetime:
    place = zone_of(zone)
    if anchor.at is not None and step.after is not None:
        return (anchor.at + step.after).astimezone(place).replace(tzinfo=None)
    first = anchor.at.astimezone(place).date() if anchor.at is not None else anchor.first
    assert first is not None  # `anchor_of` gives none without either.
    day = (anchor.last or first) if step.from_end else first
    if step.after is not None:
        return datetime.combine(day, _NINE) + step.after
    return datetime.combine(day + timedelta(days=step.days), step.clock)
