"""The daily digest: what needs one person today, as plain lines that tell nothing that is not public.

It leaves by e-mail or into a chat room, so a post that is confidential, internal, sensitive, under an embargo, or that says a word under one,
is “a confidential post” here, also for those who may know of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.accounts.rules import may
from planner.catalog.models import Asset
from planner.core.i18n import N_
from planner.insights.noticing import Alert, on_desk
from planner.insights.watching import unkept
from planner.planning.desk import desk
from planner.planning.leaks import watch_of
from planner.planning.models import Campaign, Post, PostState
from planner.planning.queries import CalendarEntry
from planner.planning.shared import is_secret
from planner.planning.surroundings import embargoed_terms
from planner.planning.waiting import waiting
from planner.publishing import edit_steps, held
from planner.reports.speech import Speech

__all__ = ["Digest", "Line", "Part", "as_text", "gather", "secret_posts"]

#: Lines of one part; the others are counted.
_MOST = 10
#: What leaves today unless something stops it; a draft does not, and what is live has left.
_GOES_OUT = (PostState.APPROVED, PostState.SCHEDULED, PostState.SENDING)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to do: a sentence and where it is done (a path of ours)."""

    text: str
    path: str


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines under a title."""

    title: str
    lines: tuple[Line, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Digest:
    """All of it, in the reader's language."""

    subject: str
    parts: tuple[Part, ...]

    @property
    def empty(self) -> bool:
        return not self.parts


def gather(db: Session, user: User, tongue: Speech, *, zone: str, four_eyes: str, now: datetime) -> Digest:
    """What needs this person now. A fixed number of statements."""
    found = desk(db, viewer=user, now=now, zone=zone)
    mine = [one for one in waiting(db, viewer=user, four_eyes=four_eyes) if one.mine]
    edits = [one for one in edit_steps.waiting(db, viewer=user, four_eyes=four_eyes) if one.mine]
    closing = unkept(db, now=now, viewer=user) if may(user, "readings.refresh") else []
    awaited = held.not_held(db, [*found.by_hand, *(one for one in found.today if one.state in _GOES_OUT)])
    by_hand, today = [one for one in awaited if one in found.by_hand], [one for one in awaited if one not in found.by_hand]
    entries = [*today, *by_hand, *found.trouble, *found.changes]
    secret = secret_posts(db, [one.post_id for one in entries] + [one.post.id for one in mine] + [one.post.id for one in edits] + [one.post_id for one in closing], now=now)
    words = watch_of(embargoed_terms(db, except_asset=None, after=now))

    def channel(name: str) -> str:
        return tongue.say(N_("a channel")) if words.says(name) else name

    def title(post_id: int, told: str | None) -> str:
        return tongue.say(N_("a confidential post")) if told is None or post_id in secret or words.says(told) else f"“{told}”"

    def posts(these: Sequence[CalendarEntry], *, clock: bool = False) -> list[Line]:
        return [
            Line(f"{(tongue.clock if clock else tongue.moment)(one.publish_at)} · {channel(one.channel)} · {title(one.post_id, one.title)}", f"/posts/{one.post_id}")
            for one in these
        ]

    edited = tongue.say(N_("edit of the live post"))
    asked = [
        Line(f"{channel(one.post.channel.name)} · {title(one.post.id, one.post.asset.title)} · {edited}", f"/posts/{one.post.id}#edit-{one.edit.id}") for one in edits
    ]
    asked += [
        Line(
            f"{tongue.moment(one.post.publish_at)} · {channel(one.post.channel.name)} · {title(one.post.id, one.post.asset.title)}"
            + (f" · {tongue.say(N_('answer due %(when)s'), when=tongue.moment(one.due))}" if one.due and one.due < one.post.publish_at else ""),
            f"/approvals/{one.post.id}",
        )
        for one in mine
        if one.post.publish_at is not None
    ]
    (waits, direct), returned = on_desk(db, viewer=user, now=now)
    hidden, confidential = _secret_assets(db, [one.asset_id for one in returned], now=now), tongue.say(N_("a confidential asset"))
    undecided = direct if may(user, "native.decide") else 0
    parts = [
        _part(tongue.say(N_("Waiting for your yes")), asked),
        _part(tongue.say(N_("Did not go out as planned")), posts(found.trouble)),
        _part(tongue.say(N_("To publish by hand")), posts(by_hand)),
        _part(tongue.say(N_("Sent back to you")), posts(found.changes)),
        _part(tongue.say(N_("Held, waiting for a decision")), [Line(tongue.ngettext("one post", "%(num)d posts", waits), "/held")] if waits else []),
        _part(tongue.say(N_("Going out today")), posts(today, clock=True)),
        _part(tongue.say(N_("Channels to reconnect")), [_to_reconnect(tongue, channel(one.name), one.channel_id, one.reminder) for one in found.reconnect]),
        _part(
            tongue.say(N_("Old assets that come back")),
            [
                Line(f"{confidential if one.asset_id in hidden or words.says(one.title) else f'“{one.title}”'} · {_risen(tongue, one)}", f"/assets/{one.asset_id}#returned")
                for one in returned
            ],
        ),
        _part(
            tongue.say(N_("Numbers about to close")),
            [Line(f"{tongue.moment(one.closes_at)} · {channel(one.channel)} · {title(one.post_id, one.title)}", "/performance/readings") for one in closing],
        ),
        _part(tongue.say(N_("Published directly")), [Line(tongue.ngettext("one message", "%(num)d messages", undecided), "/published-directly")] if undecided else []),
        _part(
            tongue.say(N_("Embargoes lifting within 7 days")),
            [Line(tongue.moment(one.lifts_at), f"/{'campaigns' if one.kind == 'campaign' else 'assets'}/{one.thing_id}") for one in found.embargoes],
        ),
    ]
    kept = tuple(part for part in parts if part is not None)
    todo = len(asked) + len(found.trouble) + len(by_hand) + len(found.changes) + waits + undecided + len(found.reconnect) + len(closing)
    what = tongue.ngettext("One thing needs you", "%(num)d things need you", todo) if todo else tongue.say(N_("Nothing needs you today"))
    return Digest(f"{what} · {tongue.day(now)}", kept)


def secret_posts(db: Session, posts: Iterable[int], *, now: datetime) -> set[int]:
    """Those of these posts of which nobody outside may know more than that something is planned. One statement."""
    rows = db.execute(
        select(Post.id, Asset.confidentiality, Asset.sensitive, Asset.embargo_until, Campaign.embargo_until.label("campaign_lift"))
        .join(Asset, Asset.id == Post.asset_id)
        .outerjoin(Campaign, Campaign.id == Post.campaign_id)
        .where(Post.id.in_(set(posts)))
    )
    return {row.id for row in rows if is_secret(row.confidentiality, row.sensitive, (row.embargo_until, row.campaign_lift), now)}


def _secret_assets(db: Session, assets: Iterable[int], *, now: datetime) -> set[int]:
    """Those of these assets of which nobody outside may know. One statement, none for none."""
    wanted = set(assets)
    if not wanted:
        return set()
    rows = db.execute(select(Asset.id, Asset.confidentiality, Asset.sensitive, Asset.embargo_until).where(Asset.id.in_(wanted)))
    return {row.id for row in rows if is_secret(row.confidentiality, row.sensitive, (row.embargo_until,), now)}


def _risen(tongue: Speech, one: Alert) -> str:
    """What it gained against what its age predicts, in the desk's words."""
    told = {
        "visits": N_("%(gained)s visits without one of our marks, %(days)s; its age predicts %(expected)s, told from %(least)s on."),
        "mentions": N_("%(gained)s mentions, %(days)s; its age predicts %(expected)s, told from %(least)s on."),
        "views": N_("%(gained)s views, %(days)s; its age predicts %(expected)s, told from %(least)s on."),
    }.get(one.metric, N_("%(gained)s impressions, %(days)s; its age predicts %(expected)s, told from %(least)s on."))
    days = tongue.say(N_("%(first)s to %(last)s"), first=tongue.date(one.since), last=tongue.date(one.last_day))
    number = tongue.number
    return tongue.say(told, gained=number(one.gained), days=days, expected=number(round(one.expected)), least=number(one.threshold))


def as_text(digest: Digest, tongue: Speech, base_url: str) -> str:
    """The digest as plain text, each line with where it is done, and at its end where to switch it off."""
    base = base_url.rstrip("/")
    told = [tongue.say(N_("Nothing needs you today.")), ""] if digest.empty else []
    for part in digest.parts:
        told.append(f"{part.title} ({part.count})")
        for line in part.lines:
            told += [f"- {line.text}", f"  {base}{line.path}"]
        if part.count > len(part.lines) and part.lines and part.count - len(part.lines) > 0:
            told.append(f"- {tongue.say(N_('and %(count)s more'), count=part.count - len(part.lines))}")
        told.append("")
    told += [tongue.say(N_("When this comes, and whether: %(where)s"), where=f"{base}/settings/digest"), ""]
    return "\n".join(told)


def _to_reconnect(tongue: Speech, name: str, channel_id: int, reminder: object) -> Line:
    ends = getattr(reminder, "ends_at", None)
    told = tongue.say(N_("%(channel)s: the connection ends on %(when)s"), channel=name, when=tongue.moment(ends)) if ends else name
    return Line(told, f"/settings/channels/{channel_id}")


def _part(title: str, lines: Sequence[Line]) -> Part | None:
    return Part(title, tuple(lines[:_MOST]), len(lines)) if lines else None
