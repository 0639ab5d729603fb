"""Reads of listening: what leads to our assets, an asset's mentions, and their days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset
from planner.catalog.pages import pages_of_assets
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.core.networks import NETWORKS, number_of
from planner.core.pages import marks_of
from planner.core.paging import Page, encode_cursor, name_and_number
from planner.listening.models import Mention, MentionAsset, MentionDay
from planner.listening.rules import Ours, Told, code_of, day_of, links_of
from planner.planning.marks import post_of
from planner.planning.models import Post, PostState, ShortLink
from planner.publishing.models import Native

__all__ = ["AssetMentions", "DayCounts", "MentionLine", "asset_mentions", "days_told", "mentions_of", "ours_for", "titles_about"]

_CHUNK = 500
#: Days nobody told between two that are told count as told up to so many: an export ends with its last mention, not with its last day.
_GAP = timedelta(days=3)

#: What a MentionLine is made of, and what of it only the lines shown need.
_COLUMNS = (Mention.id, Mention.network, Mention.site, Mention.outlet, Mention.author, Mention.address, Mention.title, Mention.excerpt, Mention.at, Mention.timed)
_WORDS = frozenset({"author", "address", "title", "excerpt"})

#: Day -> network, site or outlet -> mentions there, for every day that one source told without a gap.
DayCounts = Mapping[date, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class MentionLine:
    """One mention as a list shows it."""

    id: int
    network: str
    site: str
    outlet: str
    author: str
    address: str
    title: str
    excerpt: str
    at: datetime
    timed: bool


@dataclass(frozen=True, slots=True)
class AssetMentions:
    """An asset's mentions together. days -- UTC day -> how many, of days with some; places -- a network's name or a site -> how many, the most first."""

    total: int
    days: Mapping[date, int]
    places: Sequence[tuple[str, int]]
    newest: Sequence[MentionLine]


def mentions_of(db: Session, asset_id: int, *, cursor: str | None = None, limit: int = 50) -> Page[MentionLine]:
    """An asset's mentions, the newest first, a page at a time. One statement. Raises Invalid for a damaged cursor."""
    query = _lines(asset_id)
    if cursor:
        at, number = _place(cursor)
        query = query.where(or_(Mention.at < at, (Mention.at == at) & (Mention.id < number)))
    rows = [MentionLine(*row) for row in db.execute(query.limit(limit + 1))]
    more, shown = len(rows) > limit, rows[:limit]
    return Page(shown, encode_cursor(shown[-1].at.isoformat(), shown[-1].id) if more else None)


def asset_mentions(db: Session, asset_id: int, *, newest: int = 8) -> AssetMentions:
    """How often an asset was mentioned, when and where, and the newest mentions. One statement, which brings the words of the newest alone."""
    days: Counter[date] = Counter()
    places: Counter[str] = Counter()
    lines: list[MentionLine] = []
    place = func.row_number().over(order_by=(Mention.at.desc(), Mention.id.desc()))
    numbered = (
        select(*_COLUMNS, place.label("place")).join(MentionAsset, MentionAsset.mention_id == Mention.id).where(MentionAsset.asset_id == asset_id).subquery()
    )
    columns = [case((numbered.c.place <= newest, one), else_="") if one.name in _WORDS else one for one in numbered.c]
    for *line, number in db.execute(select(*columns).order_by(numbered.c.place).execution_options(yield_per=1000)):
        one = MentionLine(*line)
        days[day_of(one.at)] += 1
        places[_where(one.network, one.site, one.outlet)] += 1
        if number <= newest:
            lines.append(one)
    return AssetMentions(days.total(), days, sorted(places.items(), key=lambda one: (-one[1], one[0])), lines)


def days_told(db: Session, *, since: datetime, lately: datetime, least: int) -> list[tuple[int, DayCounts]]:
    """Assets mentioned at least so often since `lately`: their mentions by day from `since` on, one entry for each source that told any.

    A source's days begin after its last gap: what nobody told is not zero. Three statements.
    """
    told: dict[str, list[date]] = {}
    for source, day in db.execute(select(MentionDay.source, MentionDay.day).where(MentionDay.day >= day_of(since)).order_by(MentionDay.source, MentionDay.day)):
        told.setdefault(source, []).append(day)
    many = (
        select(MentionAsset.asset_id)
        .join(Mention, Mention.id == MentionAsset.mention_id)
        .where(Mention.at >= lately)
        .group_by(MentionAsset.asset_id)
        .having(func.count() >= least)
    )
    counts: dict[tuple[int, str], dict[date, Counter[str]]] = {}
    rows = db.execute(
        select(MentionAsset.asset_id, Mention.source, Mention.at, Mention.network, Mention.site, Mention.outlet)
        .join(Mention, Mention.id == MentionAsset.mention_id)
        .where(Mention.at >= since, MentionAsset.asset_id.in_(many))
        .order_by(MentionAsset.asset_id)
        .execution_options(yield_per=1000)
    )
    for asset_id, source, at, network, site, outlet in rows:
        counts.setdefault((asset_id, source), {}).setdefault(day_of(at), Counter())[_where(network, site, outlet)] += 1
    return [(asset_id, {day: found.get(day, {}) for day in _unbroken(told[source])}) for (asset_id, source), found in counts.items() if source in told]


def ours_for(db: Session, tellings: Iterable[Told]) -> Ours:
    """What of ours these mentions may lead to. Two statements, and one for each 500 posts, messages, short links or titles they name."""
    numbers: set[tuple[str, str]] = set()
    codes, posts, titles = set(), set(), set()
    for told in tellings:
        for link in (*links_of(told), told.address, told.about):
            if "/" not in link:
                continue
            if (number := number_of(link)) is not None:
                numbers.add(number)
            codes.add(code_of(link))
            posts.add(post_of(marks_of(link).get("utm_content", "")))
        titles.add(told.about)
    known = _chunks(db, {number for _network, number in numbers}, lambda part: (
        select(Channel.platform, Post.external_id, Post.asset_id).join(Post.channel).where(Post.external_id.in_(part), Post.state == PostState.PUBLISHED)
    ))  # fmt: skip
    direct = _chunks(db, {number for _network, number in numbers}, lambda part: (
        select(Channel.platform, Native.external_id).join(Channel, Channel.id == Native.channel_id).where(Native.external_id.in_(part))
    ))  # fmt: skip
    handles = {str((config or {}).get("handle") or "").removeprefix("@").lower() for config in db.scalars(select(Channel.config).where(Channel.platform == Platform.X))}
    by_code = _chunks(db, codes - {""}, lambda part: select(ShortLink.code, Post.asset_id).join(Post, Post.id == ShortLink.post_id).where(ShortLink.code.in_(part)))
    by_post = _chunks(db, posts - {None}, lambda part: select(Post.id, Post.asset_id).where(Post.id.in_(part)))
    by_title: dict[str, int | None] = {}
    for title, asset_id in _chunks(db, titles - {""}, lambda part: select(Asset.title, Asset.id).where(Asset.title.in_(part))):
        by_title[title] = None if title in by_title else asset_id  # A title two assets bear is nobody's.
    pages = pages_of_assets(db)
    by_number = {**pages.numbers, **{(platform.value, number): asset_id for platform, number, asset_id in known}}
    return Ours(
        pages, dict(map(tuple, by_post)), by_number, dict(map(tuple, by_code)),
        {title: asset_id for title, asset_id in by_title.items() if asset_id is not None},
        {(platform.value, number) for platform, number in direct}, handles - {""},
    )  # fmt: skip


def titles_about(db: Session, tellings: Sequence[Told]) -> list[list[str]]:
    """For each of a few mentions that are not kept yet, the titles of the assets it is about."""
    ours = ours_for(db, tellings)
    about = [ours.assets_of(told) for told in tellings]
    titles = {number: title for number, title in _chunks(db, set().union(*about), lambda part: select(Asset.id, Asset.title).where(Asset.id.in_(part)))}  # noqa: C416 -- rows are no pairs to mypy
    return [sorted(titles[number] for number in assets) for assets in about]


def _lines(asset_id: int) -> Any:
    return (
        select(*_COLUMNS)
        .join(MentionAsset, MentionAsset.mention_id == Mention.id)
        .where(MentionAsset.asset_id == asset_id)
        .order_by(Mention.at.desc(), Mention.id.desc())
    )


def _where(network: str, site: str, outlet: str) -> str:
    """A place by one name: the network's, else the site, else what the source calls it."""
    return NETWORKS.get(network) or site or outlet


def _unbroken(days: Sequence[date]) -> list[date]:
    """Every day from the last gap to the newest that was told; days in order."""
    start = next((later for earlier, later in reversed(list(pairwise(days))) if later - earlier > _GAP + timedelta(days=1)), days[0])
    return [start + timedelta(days=number) for number in range((days[-1] - start).days + 1)]


def _chunks(db: Session, wanted: set[Any], query: Callable[[list[Any]], Any]) -> list[Any]:
    """The rows of a query about many values, asked for some at a time."""
    values = sorted(wanted)
    return [row for first in range(0, len(values), _CHUNK) for row in db.execute(query(values[first : first + _CHUNK]))]


def _place(cursor: str) -> tuple[datetime, int]:
    """Where the page before ended. Raises Invalid for a text that is not one of ours."""
    text, number = name_and_number(cursor)
    damaged = Invalid(N_("This page address is damaged. Start again from the first page."), field="cursor")
    if not 0 < number < 2**63:
        raise damaged
    try:
        return datetime.fromisoformat(text).astimezone(UTC), number
    except (ValueError, OverflowError):
        raise damaged from None
