"""What a rule says of a post, and what the rules need to know of the world around it; plain values only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

from planner.core.errors import EmbargoActive, NotSendable, PastMoment, PlannerError, Refused
from planner.planning.models import PostState
from planner.planning.rulebook import STANDARD, Tuning

__all__ = ["ALONE", "Alike", "Finding", "Listed", "Neighbour", "Page", "Quiet", "RivalEvent", "Surroundings", "Term", "blocking", "refuse"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about a post. `message` is English with %(name)s places, `params` fills them; `field` is where it belongs."""

    level: Literal["blocking", "warning"]
    code: str
    message: str
    params: dict[str, Any] = field(default_factory=dict)
    field: str = ""
    #: It blocks only because an administrator made it: who may approve may let this one post pass, with a reason.
    overridable: bool = False
    #: The posts that the sentence speaks of; who may know of them is for the page to ask.
    post_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """Words of another asset that may not be said before its embargo lifts."""

    words: str
    lifts_at: datetime


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another post on the same channel: near in time, or about the same asset."""

    post_id: int
    asset_id: int
    state: PostState
    publish_at: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class Quiet:
    """A blackout as the rules see it: half-open days [starts_on, ends_on)."""

    name: str
    starts_on: date
    ends_on: date
    #: Of its row, where a page leads to it.
    number: int | None = None
    #: The channels it holds on; empty: all.
    channels: Sequence[int] = ()

    def holds(self, channel_id: int | None, day: date) -> bool:
        """Whether that day of the channel's own calendar lies in it."""
        return self.starts_on <= day < self.ends_on and self.on_any_of((channel_id,))

    def on_any_of(self, channel_ids: Collection[int | None]) -> bool:
        """Whether it holds on one of these channels; of none in particular: yes."""
        return not self.channels or not channel_ids or not set(self.channels).isdisjoint(channel_ids)

    def on_all_of(self, channel_ids: Collection[int]) -> bool:
        """Whether it holds on each of these channels; of none in particular: only one for every channel does."""
        return not self.channels or (bool(channel_ids) and set(self.channels).issuperset(channel_ids))


@dataclass(frozen=True, slots=True)
class RivalEvent:
    """What a competitor does on half-open days [starts_on, ends_on)."""

    name: str
    rival: str
    starts_on: date
    ends_on: date

    def near(self, day: date, days: int) -> bool:
        """Whether a day is one of it, or at most that many days before or after it."""
        around = timedelta(days=days)
        return self.starts_on - around <= day < self.ends_on + around


@dataclass(frozen=True, slots=True)
class Alike:
    """Another post for the same audience on the same day."""

    channel: str
    publish_at: datetime
    post_id: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What the page a post leads to answered last. status None: nobody answered, `times_bad` times in a row; leads_to: another page."""

    status: int | None
    leads_to: str
    times_bad: int


@dataclass(frozen=True, slots=True)
class Listed:
    """What somebody listed of a sensitive announcement. channels -- where it is made; assets -- what the post's campaign announces; None: nobody listed any."""

    channels: frozenset[int] | None = None
    assets: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What lies around one post; `queries.surroundings` reads it, the rules judge by it."""

    terms: Sequence[Term] = ()
    neighbours: Sequence[Neighbour] = ()
    blackouts: Sequence[Quiet] = ()
    rivals: Sequence[RivalEvent] = ()
    #: The first other post of that day for one of the asset's audiences, about another asset.
    alike: Alike | None = None
    #: When this was read, for rules that look at how far away the post is; None: they hold at any distance.
    now: datetime | None = None
    #: What the post's link answered; None: not asked, or it told nothing.
    page: Page | None = None
    #: Of a sensitive asset only.
    listed: Listed = Listed()
    #: How the rules stand on the post's channel.
    tuning: Tuning = STANDARD
    #: (rule, digest of the content) for each rule that somebody overrode on this post.
    overrides: Sequence[tuple[str, str]] = ()


#: A post with nothing around it.
ALONE = Surroundings()

#: What is wrong with the post itself, so that no moment and no person can send it: raised as NotSendable.
_CONTENT = frozenset({
    "no_text", "too_long", "no_title", "title_too_long", "tags_too_long", "comment_too_long", "alt_too_long", "markup", "unseen", "cashtags", "no_media",
    "mixed", "too_many_files", "not_taken", "file_too_large", "file_too_small", "film_too_long", "film_too_short", "film_shape",
    "too_many_pixels", "too_many_pages",
})  # fmt: skip


def blocking(findings: Iterable[Finding]) -> list[Finding]:
    """Those that stop a post from going on."""
    return [finding for finding in findings if finding.level == "blocking"]


def refuse(findings: Iterable[Finding]) -> None:
    """Raise the first blocking finding as the error it is; return when there is none."""
    for finding in blocking(findings):
        raise as_error(finding)


def as_error(finding: Finding) -> PlannerError:
    """The same sentence as an exception: EmbargoActive, PastMoment, NotSendable for content, else Refused."""
    if finding.code == "embargo":
        return EmbargoActive(finding.params["title"], finding.params["lifts_at"])
    if finding.code == "past":
        return PastMoment(finding.params["moment"])
    kind = NotSendable if finding.code in _CONTENT else Refused
    return kind(finding.message, field=finding.field or None, **finding.params)
