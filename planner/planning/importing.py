"""A plan from a table: every row is read and tried against the rules first, each refusal names its row, its column and why; then drafts, once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from planner.accounts.models import Entry, User
from planner.accounts.rules import require
from planner.catalog import cells
from planner.catalog.importing import Row, RowError, columns_of, rows_of
from planner.catalog.models import Asset, AssetState
from planner.catalog.sheets import Sheet
from planner.channels.models import Channel
from planner.channels.port import Limits, Platform
from planner.core.errors import Conflict, Invalid, PlannerError, WrongState
from planner.core.i18n import N_
from planner.planning import exporting, rules, service
from planner.planning.findings import Finding, Surroundings
from planner.planning.models import Campaign, Post, PostState
from planner.planning.moments import resolve_wall_time, zone_of
from planner.planning.queries import knows
from planner.planning.surroundings import around_each, surroundings
from planner.planning.trial import only_tried
from planner.planning.values import PostValues, checked

__all__ = ["COLUMNS", "MOST_ROWS", "TEMPLATE", "Plan", "PlanRow", "TakenBack", "read", "take_back", "write"]

#: Field -> headings that mean it, as `heading` writes them, in English and in French.
COLUMNS: dict[str, tuple[str, ...]] = {
    "date": ("date", "day", "jour"),
    "time": ("time", "heure", "hour"),
    "time_zone": ("time_zone", "zone", "fuseau", "fuseau_horaire"),
    "channel": ("channel", "canal", "channel_name"),
    "asset": ("asset", "contenu", "content"),
    "text": ("text", "texte", "message"),
    "title": ("title", "titre"),
    "link": ("link", "lien", "url", "address", "adresse"),
    "first_comment": ("first_comment", "premier_commentaire"),
    "tags": ("tags", "mots_cles", "hashtags"),
    "campaign": ("campaign", "campagne"),
    "key": ("key", "reference", "ref", "identifiant"),
    "post": ("post", "publication", "numero"),
    "state": ("state",),
}
#: What the downloadable template holds: headings and two lines that show the forms.
TEMPLATE: tuple[tuple[str, ...], ...] = (
    ("date", "time", "time_zone", "channel", "asset", "text", "title", "link", "first_comment", "tags", "campaign", "key"),
    (
        "2026-03-24", "09:30", "Europe/Paris", "Our X account", "Energy per bit: the road to 2030", "Where the watts go, in twelve pages.", "",
        "https://www.example.com/papers/energy-per-bit", "", "energy, networks", "", "plan-1",
    ),
    ("24/03/2026", "10h30", "", "Our LinkedIn page", "Energy per bit: the road to 2030", "Where the watts go.", "", "", "", "", "", "plan-2"),
)  # fmt: skip

#: Each row is tried against the rules, which reads what lies around it.
MOST_ROWS = 1000
#: A draft may be planned without these.
_NOT_YET = frozenset({"no_text", "no_moment"})
_CLOCK = re.compile(r"(\d{1,2})(?::|h)(\d{2})?(?::\d{2}(?:\.\d+)?)?", re.IGNORECASE)
#: Where a rule's field stands in the table.
_PLACES = {"publish_at": "date", "wall_time": "date", "fold": "time", "campaign_id": "campaign"}


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One post of a file. `known`: it was planned from a file before, or its number is that of a post, so it stays as it is."""

    number: int
    asset_id: int
    asset: str
    channel_id: int
    channel: str
    values: PostValues
    source_key: str
    known: bool = False


@dataclass
class Plan:
    """A file that was read; it can be written only when there is no error. unused -- headings that mean nothing here."""

    rows: list[PlanRow] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    #: Field -> its heading in the file.
    headings: Mapping[str, str] = field(default_factory=dict)
    #: Number of a row -> what the rules will say of its draft, for as many rows as were asked about; of the rows after these only what blocks.
    findings: dict[int, list[Finding]] = field(default_factory=dict)

    @property
    def new(self) -> list[PlanRow]:
        return [one for one in self.rows if not one.known]


class TakenBack(NamedTuple):
    """How many drafts of an import were dropped, and how many somebody had touched, which stay."""

    dropped: int
    left: int


class _Named(NamedTuple):
    """What a cell may name: title -> numbers, and number -> title."""

    by_name: Mapping[str, Sequence[int]]
    by_number: Mapping[int, str]
    #: Number -> what is written where another bears the same name; empty: the number is.
    apart: Mapping[int, str] = {}


def read(
    db: Session, sheet: Sheet, *, judged: int = 0, limits_of: Callable[[Platform], Limits | None] = lambda _platform: None, actor: User | None, now: datetime
) -> Plan:
    """What the file would plan, and everything that is wrong in it: each row is planned on trial beside the others. Writes nothing.

    judged    -- of how many of the first rows to say what the rules will say of their drafts, each beside all the others; of the rows after these
                 only what blocks is said. 0: nothing is said of any.
    limits_of -- what a platform takes, where that is known.

    Raises Invalid, field "file", for a table that is none of a plan.
    """
    plan = _read(db, sheet, actor)
    with only_tried(db):
        made = _plan(db, plan, actor, now)
        numbers, posts = list(made), list(made.values())

        def judge(post: Post, around: Surroundings) -> list[Finding]:
            found = rules.findings(post, post.asset, post.campaign, post.channel, limits_of(post.channel.platform), now, around)
            return [one for one in found if one.code not in _NOT_YET]

        plan.findings = {number: judge(post, surroundings(db, post)) for number, post in zip(numbers[:judged], posts, strict=False)}
        rest = around_each(db, posts[judged:]) if judged else ()
        for number, (post, around) in zip(numbers[judged:], rest, strict=False):
            if held := rules.blocking(judge(post, around)):
                plan.findings[number] = held
    return plan


def write(db: Session, sheet: Sheet, *, actor: User | None, now: datetime) -> Plan:
    """The same for good: a draft for each new row, or, when anything is wrong by now, errors and nothing written."""
    plan = _read(db, sheet, actor)
    if not plan.errors:
        with db.begin_nested() as all_of_it:
            _plan(db, plan, actor, now)
            if plan.errors:
                all_of_it.rollback()
    return plan


def take_back(db: Session, at: datetime, *, actor: User, now: datetime) -> TakenBack:
    """Drop the drafts that this person's file made at that very moment and that nobody touched since; the same file can plan them anew.

    Raises WrongState when there are none any more, Conflict when each was touched, and what cancelling one raises. Two statements, and those that write.
    """
    require(actor, "post.create")
    line = aliased(Entry)
    mine = select(line.subject_id).where(line.at == at, line.actor_id == actor.id, line.subject_type == "posts", line.action == "post.planned")
    made = db.scalars(
        select(Post).where(Post.id.in_(mine), Post.source_key.is_not(None), Post.state != PostState.CANCELLED).order_by(Post.id)
    ).all()
    if not made:
        raise WrongState(N_("There is nothing to undo."))
    told = select(Entry.subject_id).where(Entry.subject_type == "posts", Entry.subject_id.in_(mine)).group_by(Entry.subject_id).having(func.count() > 1)
    touched = set(db.scalars(told))
    untouched = [post for post in made if post.id not in touched]
    if not untouched:
        raise Conflict(N_("Each of these drafts was changed since. They stay."))
    for post in untouched:
        post.source_key = None
        service.cancel(db, post, note=N_("The import that made it was undone."), actor=actor, now=now)
    db.flush()
    return TakenBack(len(untouched), len(made) - len(untouched))


def _plan(db: Session, plan: Plan, actor: User | None, now: datetime) -> dict[int, Post]:
    """Plan each new row that is right so far; what refuses is noted. Gives the drafts by their row's number."""
    made: dict[int, Post] = {}
    wrong = {one.row for one in plan.errors}
    for row in plan.new:
        if row.number in wrong:
            continue
        try:
            with db.begin_nested():
                post = service.plan(db, db.get_one(Asset, row.asset_id), db.get_one(Channel, row.channel_id), row.values, actor=actor, now=now)
                post.source_key = row.source_key
                db.flush()
            made[row.number] = post
        except PlannerError as error:
            place = _PLACES.get(error.field or "", error.field or "")
            plan.errors.append(RowError(row.number, plan.headings.get(place, ""), error.message, error.params))
    plan.errors.sort(key=lambda one: one.row)
    return made


def _read(db: Session, sheet: Sheet, actor: User | None) -> Plan:
    require(actor, "post.create")
    places, unused = columns_of(sheet, COLUMNS)
    missing = [name for name in ("channel", "asset") if name not in places]
    if missing:
        raise Invalid(N_("A plan needs at least the columns channel and asset. The template shows them all."), field="file")
    if len(sheet.rows) > MOST_ROWS:
        raise Invalid(N_("This table has more than %(most)s rows. Send it in parts."), field="file", most=MOST_ROWS)
    plan = Plan(unused=unused, headings={name: sheet.headings[place][:60] for name, place in places.items()})
    zones = {row.id: row.time_zone for row in db.execute(select(Channel.id, Channel.time_zone))}
    channels, campaigns = _channels(db), _named(db.execute(select(Campaign.id, Campaign.name)))
    assets = _named(_assets(db, actor))
    seen: dict[str, int] = {}
    for row in rows_of(sheet, places, plan.errors):
        if row["state"].startswith(exporting.PUBLISHED_DIRECTLY):
            continue
        one = _row(row, assets, channels, campaigns, zones)
        if one is None:
            continue
        if one.source_key in seen:
            row.complain(N_("The same post stands in row %(row)s already."), "key", row=seen[one.source_key])
        seen.setdefault(one.source_key, one.number)
        plan.rows.append(one)
    plan.rows = _known(db, plan.rows)
    for one in plan.new:
        if one.source_key.startswith("post:"):
            said = N_("There is no post of this number. Leave the cell empty to plan a new one.")
            plan.errors.append(RowError(one.number, plan.headings.get("post", ""), said, {}, one.source_key.removeprefix("post:")))
    return plan


def _row(row: Row, assets: _Named, channels: _Named, campaigns: _Named, zones: Mapping[int, str]) -> PlanRow | None:
    asset_id = row.take("asset", partial(_find, assets, N_("There is no asset called “%(text)s” here.")), 0)
    channel_id = row.take("channel", partial(_find, channels, N_("There is no channel called “%(text)s” here.")), 0)
    for name in ("asset", "channel"):
        if not row[name]:
            row.complain(N_("This cell is empty, and it is needed."), name)
    campaign_id = row.take("campaign", partial(_find, campaigns, N_("There is no campaign called “%(text)s” here.")), None)
    zone = row.take("time_zone", _zone, zones.get(channel_id or 0, "UTC"))
    words: dict[str, Any] = {name: row.take(name, str, "") for name in ("text", "title", "link", "first_comment")}
    values = PostValues(
        **words, tags=row.take("tags", cells.parts, []), campaign_id=campaign_id, publish_at=_moment(row, zone), time_zone=zone,
    )  # fmt: skip
    number = row.take("post", _number, 0)
    if not row.is_good:
        return None
    try:
        checked(values, zone=zone)
    except Invalid as error:
        row.complain(error.message, _PLACES.get(error.field or "", error.field or ""), **error.params)
        return None
    key = f"post:{number}" if number else _key(row, asset_id or 0, channel_id or 0, values)
    return PlanRow(row.number, asset_id or 0, assets.by_number[asset_id or 0], channel_id or 0, channels.by_number[channel_id or 0], values, key)


def _moment(row: Row, zone: str) -> datetime | None:
    """When it goes out; None where the row says no day. A time that does not exist, or comes twice, is asked about."""
    day = row.take("date", _day, None)
    clock = row.take("time", _clock, None)
    if day is None:
        if row["time"] and not row["date"]:
            row.complain(N_("There is a time and no day."), "date")
        return None
    if day.tzinfo is not None:
        return day.astimezone(UTC)
    wall = datetime.combine(day.date(), clock) if clock is not None else day
    if clock is None and (wall.hour, wall.minute) == (0, 0) and not row["time"]:
        row.complain(N_("There is a day and no time."), "time")
        return None
    try:
        return resolve_wall_time(wall, zone)
    except Invalid as error:
        if error.field == "fold":
            asked = N_("On %(day)s the clocks go back in %(zone)s and %(time)s comes twice. Write the date with its offset, such as %(day)sT%(time)s+02:00.")
            row.complain(asked, "time", **error.params)
        else:
            row.complain(error.message, "time", **error.params)
        return None


def _day(text: str) -> datetime:
    found = cells.written(text)
    if not 1990 <= found.year <= 2100:
        raise Invalid(N_("Choose a year between 1990 and 2100."))
    return found


def _clock(text: str) -> time:
    found = _CLOCK.fullmatch(text)
    hour, minute = (int(part or 0) for part in found.groups()) if found else (99, 0)
    if hour > 23 or minute > 59:
        raise Invalid(N_("“%(text)s” is not a time such as 09:30."), text=text[:40])
    return time(hour, minute)


def _zone(text: str) -> str:
    zone_of(text)
    return text


def _number(text: str) -> int:
    plain = text.lstrip("#")
    if not (plain.isascii() and plain.isdigit() and len(plain) < 18):
        raise Invalid(N_("“%(text)s” is not the number of a post."), text=text[:40])
    return int(plain)


def _find(known: _Named, sentence: str, text: str) -> int:
    """The number of the one thing of that name, or of that number (#12)."""
    plain = text.removeprefix("#")
    if plain.isascii() and plain.isdigit() and len(plain) < 18 and int(plain) in known.by_number:
        return int(plain)
    found = known.by_name.get(_plain(text), ())
    if len(found) > 1 and known.apart:
        raise Invalid(N_("Several channels are called “%(text)s”. Write which one, such as “%(one)s”."), text=text[:80], one=known.apart[found[0]])
    if len(found) > 1:
        raise Invalid(N_("Several are called “%(text)s”. Write the number of the one you mean, such as #%(number)s."), text=text[:80], number=found[0])
    if not found:
        raise Invalid(sentence, text=text[:80])
    return found[0]


def _named(rows: Any) -> _Named:
    by_name: dict[str, list[int]] = {}
    by_number: dict[int, str] = {}
    for number, name in rows:
        by_name.setdefault(_plain(name), []).append(number)
        by_number[number] = name
    return _Named(by_name, by_number)


def _channels(db: Session) -> _Named:
    """Each by its name, and by its name with its platform, as an export writes those of one name."""
    rows = db.execute(select(Channel.id, Channel.name, Channel.platform).order_by(Channel.id)).all()
    named = _named((row.id, row.name) for row in rows)
    apart = {row.id: exporting.apart(row.name, row.platform) for row in rows}
    return _Named({**{_plain(text): [number] for number, text in apart.items()}, **named.by_name}, named.by_number, apart)


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _assets(db: Session, viewer: User | None) -> Any:
    """What the viewer may know of: a file cannot be used to ask whether a confidential title exists."""
    query = select(Asset.id, Asset.title).where(Asset.state != AssetState.RETIRED)
    known = knows(viewer)
    return db.execute(query if known is None else query.where(known))


def _key(row: Row, asset_id: int, channel_id: int, values: PostValues) -> str:
    if row["key"]:
        return f"plan:{row['key'][:150]}"
    at = values.publish_at.isoformat() if values.publish_at else ""
    said = "\n".join((str(asset_id), str(channel_id), at, values.text, values.title, values.link))
    return f"row:{hashlib.sha256(said.encode(errors='replace')).hexdigest()[:40]}"


def _known(db: Session, rows: Sequence[PlanRow]) -> list[PlanRow]:
    """The rows, those that are in the plan already marked so."""
    found: set[str] = set()
    keys = [one.source_key for one in rows]
    numbers = [int(key.removeprefix("post:")) for key in keys if key.startswith("post:")]
    for start in range(0, len(keys), 500):
        found |= {key for key in db.scalars(select(Post.source_key).where(Post.source_key.in_(keys[start : start + 500]))) if key}
    for start in range(0, len(numbers), 500):
        found |= {f"post:{number}" for number in db.scalars(select(Post.id).where(Post.id.in_(numbers[start : start + 500])))}
    return [PlanRow(one.number, one.asset_id, one.asset, one.channel_id, one.channel, one.values, one.source_key, one.source_key in found) for one in rows]
