"""One post, or one message published directly, as every view of the calendar draws it: plain words, worked out once, so that a page of hundreds stays cheap."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from flask import g, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from planner.accounts.models import RoleName
from planner.accounts.rules import ACTIONS
from planner.planning import states
from planner.planning.drawer import InDrawer
from planner.planning.models import PostState
from planner.planning.moments import zone_of
from planner.planning.queries import CalendarEntry
from planner.publishing.native_queries import NativeEntry
from planner.web.labels import label

__all__ = ["LOOKS", "Entry", "Hands", "Slip", "hands", "moment_of", "slips"]

Entry = CalendarEntry | NativeEntry

_S = PostState
#: State -> tone and drawing; the word is always beside it, or read aloud.
LOOKS: dict[str, tuple[str, str]] = {
    _S.DRAFT: ("neutral", "pencil"),
    _S.IN_REVIEW: ("amber", "eye"),
    _S.CHANGES_REQUESTED: ("orange", "message-square-warning"),
    _S.APPROVED: ("blue", "badge-check"),
    _S.SCHEDULED: ("teal", "clock-3"),
    _S.SENDING: ("violet", "send"),
    _S.PUBLISHED: ("green", "circle-check-big"),
    _S.FAILED: ("red", "octagon-x"),
    _S.MISSED: ("red", "alarm-clock-off"),
    _S.UNCONFIRMED: ("orange", "circle-question-mark"),
    _S.CANCELLED: ("neutral", "ban"),
    "taken_down": ("neutral", "trash-2"),
    "native": ("neutral", "square-pen"),
    "native_gone": ("neutral", "trash-2"),
}


class Slip(NamedTuple):
    """What is drawn of it; a tuple, since a month makes hundreds of them."""

    day: date
    #: The reader's clock.
    time: str
    #: The channel's clock and city, where it shows something else.
    there: str
    title: str
    #: Empty: there is nothing to open.
    url: str
    channel_id: int
    channel: str
    platform: str
    colour: int
    state: str
    word: str
    tone: str
    icon: str
    post_id: int | None
    version: int
    masked: bool
    #: This reader may move, submit and cancel it.
    open: bool
    at: datetime
    #: Of an embargo line: not a post.
    lift: bool = False
    #: Of a free slot of the queue: what fills it, “12:2026-03-04”; `open` says whether this reader may.
    slot: str = ""


class Hands(NamedTuple):
    """What the reader may take hold of."""

    any: bool
    mine_only: bool
    me: int

    def may_move(self, one: CalendarEntry) -> bool:
        return self.any and not one.masked and one.state in states.ALLOWED["move"] and self.holds(one)

    def holds(self, one: CalendarEntry | InDrawer) -> bool:
        """An author holds only the posts that they wrote, whosever asset they are about."""
        return self.any and (not self.mine_only or self.me == one.author_id)


def hands() -> Hands:
    """Of the person who looks."""
    roles = g.user.role_names & ACTIONS["post.move"]
    return Hands(bool(roles), roles == {RoleName.AUTHOR}, g.user.id)


def moment_of(entry: Entry) -> datetime:
    """When it went or goes out."""
    return entry.at if isinstance(entry, NativeEntry) else entry.publish_at


def slips(entries: Iterable[Entry], place: ZoneInfo) -> list[Slip]:
    """Each as it is drawn, in order of time; days and clocks are those of `place`."""
    language, mine = str(get_locale()), hands()
    posts, natives = url_for("posts.show", post_id=0).removesuffix("0"), url_for("natives.show", native_id=0).removesuffix("0")
    made = [_of_native(one, place, language, natives) if isinstance(one, NativeEntry) else _of_post(one, place, language, posts, mine) for one in entries]
    made.sort(key=_AT)
    return made


@lru_cache(maxsize=8192)
def _of_post(one: CalendarEntry, place: ZoneInfo, language: str, pages: str, mine: Hands) -> Slip:
    """Kept by all that it is made of: the same posts are looked at over and over, and by many."""
    local = one.publish_at.astimezone(place)
    return Slip(
        local.date(), f"{local:%H:%M}", "" if one.time_zone == place.key else _there(one.publish_at, local, one.time_zone),
        _("Confidential") if one.masked else one.title or "", "" if one.masked else f"{pages}{one.post_id}", one.channel_id, one.channel, one.platform.value,
        one.colour % 8, *_looks(language)["taken_down" if one.taken_down else one.state], one.post_id, one.version, one.masked, mine.may_move(one), one.publish_at,
    )  # fmt: skip


def _of_native(one: NativeEntry, place: ZoneInfo, language: str, pages: str) -> Slip:
    local = one.at.astimezone(place)
    return Slip(
        local.date(), f"{local:%H:%M}", "", one.says or _("Without words"), f"{pages}{one.native_id}", one.channel_id, one.channel, one.platform.value,
        one.colour % 8, *_looks(language)["native_gone" if one.gone else "native"], None, 0, False, False, one.at,
    )  # fmt: skip


_AT = attrgetter("at")


@lru_cache(maxsize=8)
def _looks(_language: str) -> dict[str, tuple[str, str, str, str]]:
    """What is written of a state, its word, tone and drawing, in the reader's language; kept, like the templates' own words."""
    looks: dict[str, tuple[str, str, str, str]] = {state: (state.value, label(state), *LOOKS[state]) for state in PostState}
    told = {"taken_down": _("Taken down"), "native": _("Published directly"), "native_gone": _("Published directly, deleted there since")}
    return looks | {name: (name, word, *LOOKS[name]) for name, word in told.items()}


def _there(at: datetime, local: datetime, zone: str) -> str:
    """The clock and the city of the channel; nothing when both clocks show the same."""
    told = at.astimezone(zone_of(zone))
    if told.utcoffset() == local.utcoffset():
        return ""
    days = (told.date() - local.date()).days
    return f"{told:%H:%M}{f' ({days:+d})' if days else ''} {zone.rpartition('/')[2].replace('_', ' ')}"
