"""What an address asks the calendar for: which view, which days, which posts. What is no filter of ours is ignored, so that an old link still opens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from flask import g
from werkzeug.datastructures import MultiDict

from planner.catalog.models import AssetKind, Audience
from planner.catalog.service import LANGUAGES
from planner.planning.models import PostState
from planner.planning.queries import Filters
from planner.web.native_rows import choice
from planner.web.stretches import Stretch, day_of, stretch

__all__ = ["FILTERS", "VIEWS", "Asked", "asked_of", "filters_of", "kept"]

VIEWS = ("week", "month", "list", "year")
#: The filters of an address, in the order the page offers them.
FILTERS = ("channel", "campaign", "audience", "kind", "state", "owner", "language", "mine", "native")

Member = TypeVar("Member", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Asked:
    """One page of the calendar, as asked for."""

    view: str
    day: date
    around: Stretch
    filters: Filters
    #: What of the messages published directly is wanted: native_rows.HIDE, ONLY, or "".
    native: str
    #: The filters again, for links that keep them.
    kept: Mapping[str, Any]
    #: A list of that many days; None for the usual length.
    days: int | None = None


def asked_of(args: MultiDict[str, str]) -> Asked:
    """The page an address asks for; a week around today where it says nothing."""
    view = args.get("view", "week")
    view = view if view in VIEWS else "week"
    day = day_of(args.get("date", ""))
    days = next((number for number in _numbers(args.getlist("days")) if 0 < number <= 62), None) if view == "list" else None
    return Asked(view, day, stretch(view, day, days=days), filters_of(args), choice(args), kept(args), days)


def filters_of(args: MultiDict[str, str]) -> Filters:
    """Which posts an address asks for."""
    return Filters(
        channels=_numbers(args.getlist("channel")),
        kinds=_members(AssetKind, args.getlist("kind")),
        states=_members(PostState, args.getlist("state")),
        audiences=_members(Audience, args.getlist("audience")),
        campaign_id=next(iter(_numbers(args.getlist("campaign"))), None),
        owner_id=next(iter(_numbers(args.getlist("owner"))), None),
        language=next((text for text in args.getlist("language") if text in LANGUAGES), ""),
        author_id=g.user.id if args.get("mine") == "1" else None,
    )


def kept(args: MultiDict[str, str]) -> dict[str, list[str]]:
    """The filters of an address, without what is empty."""
    found = {name: [text for text in args.getlist(name) if text] for name in FILTERS}
    return {name: texts for name, texts in found.items() if texts}


def _numbers(texts: list[str]) -> tuple[int, ...]:
    return tuple(int(text) for text in texts if text.isdecimal() and len(text) < 18)


def _members(kind: type[Member], texts: list[str]) -> tuple[Member, ...]:
    known = {member.value: member for member in kind}
    return tuple(known[text] for text in texts if text in known)
