"""Keeps mentions: each once, whatever the order in which it is told and however often, with the assets it is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.accounts.rules import require
from planner.listening.models import Mention, MentionAsset, MentionDay
from planner.listening.queries import ours_for
from planner.listening.rules import Told, joined, key_of, together

__all__ = ["Kept", "SortedOut", "keep", "say_days", "sort_out"]

_CHUNK = 500
_MOST_NAMED = 500


@dataclass
class Kept:
    """What became of some mentions. `rows` of them are told; `new` were kept, `known` had been; `apart` are about no content of ours, and `unknown` names
    the first hundreds of those; `own` are pages and posts of ours, which are no mentions."""

    rows: int = 0
    new: int = 0
    known: int = 0
    own: int = 0
    apart: int = 0
    unknown: list[str] = field(default_factory=list)
    #: Asset -> how many mentions are about it that were not known to be.
    gained: Counter[int] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != "gained"} | {"assets": len(self.gained)}


@dataclass(frozen=True, slots=True)
class SortedOut:
    """What some tellings are, before anything is kept: by key those of one mention, and the assets it is about. `own` were ours, of `rows` in all."""

    rows: int
    own: int
    same: Mapping[str, Sequence[Told]]
    about: Mapping[str, Collection[int]]


def sort_out(db: Session, tellings: Sequence[Told]) -> SortedOut:
    """Which of these are one mention, and of what. Reads only, and computes for seconds where there are tens of thousands."""
    ours, own = ours_for(db, tellings), 0
    same: dict[str, list[Told]] = {}
    about: dict[str, set[int]] = {}
    for told in tellings:
        if ours.wrote(told):
            own += 1
            continue
        key = key_of(told)
        same.setdefault(key, []).append(told)
        about.setdefault(key, set()).update(ours.assets_of(told))
    return SortedOut(len(tellings), own, same, about)


def keep(db: Session, tellings: Sequence[Told] | SortedOut, *, actor: User | None, now: datetime) -> Kept:
    """Keep what is told. What is known already gains what this telling knows better, and the assets it is about. Raises Forbidden."""
    require(actor, "mention.import")
    if not tellings:
        return Kept()
    found = tellings if isinstance(tellings, SortedOut) else sort_out(db, tellings)
    done, same, about = Kept(rows=found.rows, own=found.own), found.same, found.about
    keys, forgotten = sorted(same), set[str]()
    for first in range(0, len(keys), _CHUNK):
        part = keys[first : first + _CHUNK]
        numbers = _write(db, {key: together(same[key]) for key in part}, done, forgotten, now)
        done.gained.update(_tie(db, sorted((asset_id, numbers[key]) for key in part for asset_id in about[key])))
    apart = [key for key, assets in about.items() if not assets]
    done.apart, done.unknown = len(apart), [same[key][0].name for key in apart if key not in forgotten][:_MOST_NAMED]
    return done


def say_days(db: Session, source: str, first: date, last: date) -> None:
    """Keep that a source told each of these days, both included."""
    insert = _insert(db, MentionDay).on_conflict_do_nothing()
    days = [{"source": source, "day": first + timedelta(days=number)} for number in range((last - first).days + 1)]
    for start in range(0, len(days), _CHUNK):
        db.execute(insert, days[start : start + _CHUNK])


def _write(db: Session, wanted: dict[str, Told], done: Kept, forgotten: set[str], now: datetime) -> dict[str, int]:
    """Key -> number of the mention; `forgotten` receives the keys of those that are. Three statements and one for each that is known and gained something."""
    insert = _insert(db, Mention).on_conflict_do_nothing(index_elements=["key"]).returning(Mention.key)
    new = set(db.scalars(insert, [{"key": key, "told_at": now} | told.columns for key, told in wanted.items()]))
    done.new += len(new)
    done.known += len(wanted) - len(new)
    numbers: dict[str, int] = {}
    for row in db.scalars(select(Mention).where(Mention.key.in_(wanted)).order_by(Mention.key).with_for_update()):
        numbers[row.key] = row.id
        if row.forgotten_at is not None:
            forgotten.add(row.key)
        elif row.key not in new:
            better = joined(_told(row), wanted[row.key])
            for name, value in better.columns.items():
                if getattr(row, name) != value:
                    setattr(row, name, value)
    db.flush()
    return numbers


def _tie(db: Session, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """Keep which assets mentions are about; the asset of each pair that is new."""
    rows = [{"asset_id": asset_id, "mention_id": mention_id} for asset_id, mention_id in pairs]
    return list(db.scalars(_insert(db, MentionAsset).on_conflict_do_nothing().returning(MentionAsset.asset_id), rows)) if rows else []


def _told(row: Mention) -> Told:
    return Told(**{name: getattr(row, name) for name in ("at", "timed", "source", "network", "site", "outlet", "author", "address", "title", "excerpt")})


def _insert(db: Session, table: type) -> Any:
    return (postgresql if db.get_bind().dialect.name == "postgresql" else sqlite).insert(table)
