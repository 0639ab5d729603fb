"""Every rule there is: what it checks, what it says, what an administrator may set; the rules page is drawn from this, and tuning obeys it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

from planner.core.errors import Invalid
from planner.core.i18n import N_

__all__ = ["BOOK", "BY_FINDING", "PLACES", "STANDARD", "Parameter", "Place", "Rule", "Setting", "Tuned", "Tuning", "rule", "tuning_of"]


class Place(StrEnum):
    """Where a rule is asked."""

    TYPING = "typing"
    SUBMIT = "submit"
    APPROVAL = "approval"
    MOVE = "move"
    IMPORT = "import"
    SENDING = "sending"
    CALENDAR = "calendar"


PLACES: dict[Place, str] = {
    Place.TYPING: N_("while you type"),
    Place.SUBMIT: N_("when it is submitted"),
    Place.APPROVAL: N_("when it is approved"),
    Place.MOVE: N_("when it is moved"),
    Place.IMPORT: N_("when a plan is imported"),
    Place.SENDING: N_("before it is sent"),
    Place.CALENDAR: N_("on the desk and above the calendar"),
}
_PLANNING = (Place.TYPING, Place.SUBMIT, Place.APPROVAL, Place.MOVE, Place.IMPORT)
_EVERYWHERE = (*_PLANNING, Place.SENDING)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing to set. kind "number" has unit, least and most; "clock" is HH:MM; "country" and "language" two letters, empty for none."""

    name: str
    label: str
    kind: Literal["number", "clock", "country", "language"]
    default: Any
    unit: str = ""
    least: int = 0
    most: int = 0

    def read(self, value: Any) -> Any:
        """The value as it is kept. Raises Invalid, naming the parameter, for one that is none."""
        if self.kind == "number":
            if isinstance(value, bool) or not isinstance(value, int) or not self.least <= value <= self.most:
                raise Invalid(N_("Give a whole number from %(least)s to %(most)s."), field=self.name, least=self.least, most=self.most)
            return value
        text = str(value or "").strip()
        if self.kind == "clock":
            if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
                raise Invalid(N_("Give a time such as 22:00."), field=self.name)
            return text
        text = text.upper() if self.kind == "country" else text.lower()
        if not re.fullmatch(r"([A-Za-z]{2})?", text):
            raise Invalid(N_("Choose one of the list."), field=self.name)
        return text


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `codes` are the findings it gives; `says` is what a person reads. A rule that is `locked` can neither be switched off nor tuned."""

    code: str
    name: str
    checks: str
    says: str
    level: Literal["blocking", "warning"]
    codes: tuple[str, ...]
    locked: bool = False
    enabled: bool = True
    parameters: tuple[Parameter, ...] = ()
    places: tuple[Place, ...] = _PLANNING

    @property
    def judges_posts(self) -> bool:
        """Whether it gives findings about a post, so that it could block one."""
        return bool(self.codes)

    @property
    def defaults(self) -> dict[str, Any]:
        return {one.name: one.default for one in self.parameters}


_MINUTES, _HOURS, _DAYS, _POSTS = N_("minutes"), N_("hours"), N_("days"), N_("posts a day")

#: The audiences by name, and how many days each may go without a post unless an administrator says otherwise; 0: it is not watched.
_HEARD = (
    ("journalists", N_("Journalists"), 21), ("analysts", N_("Analysts"), 21), ("experts", N_("Experts"), 0), ("customers", N_("Customers"), 28),
    ("employees", N_("Employees"), 0), ("investors", N_("Investors"), 0), ("general_public", N_("General public"), 0),
)  # fmt: skip

#: In the order in which the page shows them: what always holds, then what can be tuned.
BOOK: tuple[Rule, ...] = (
    Rule(
        "embargo", N_("Embargo"), N_("Nothing goes out before the embargo of its asset or its campaign lifts, whichever is later."),
        N_("“…” is under embargo until …"), "blocking", ("embargo",), locked=True, places=_EVERYWHERE,
    ),
    Rule(
        "leak", N_("Leak"), N_(
            "No post says the words of another asset before that asset's embargo lifts, in any of their forms: in text, title, link, comment, tags, picture descriptions "
            "or names of files."
        ),
        N_("“…” may not be mentioned before …"), "blocking", ("leak",), locked=True, places=_EVERYWHERE,
    ),
    Rule(
        "sensitive", N_("Sensitive announcement"), N_("A sensitive announcement has one post on each channel that is listed for it, and its campaign has nothing else; nobody answers it, or a person is told where to close the comments by hand."),
        N_("A sensitive announcement goes out once a channel, and this channel has its post already."), "blocking", ("sensitive", "unlisted", "nothing_else", "answers"), locked=True, places=_EVERYWHERE,
    ),
    Rule(
        "retired", N_("Retired asset"), N_("What was retired is not planned any more."), N_("“…” is retired. Bring it back before planning it."), "blocking", ("retired",),
        locked=True, places=_EVERYWHERE,
    ),
    Rule(
        "campaign", N_("Campaign that does not go on"), N_("Nothing of a cancelled campaign is planned, approved or sent; what belongs to a postponed one is held at its time."),
        N_("The campaign “…” is cancelled: …"), "blocking", ("called_off", "postponed"), locked=True, places=_EVERYWHERE,
    ),
    Rule(
        "mention", N_("Mention"), N_("Whoever a post mentions is in the register of people and did not ask not to be named."),
        N_("“…” does not want to be named. Take the mention out."), "blocking", ("mention_gone", "mention_refused"), locked=True, places=_EVERYWHERE,
    ),
    Rule(
        "pause", N_("Pause"), N_("While everything, a channel or a campaign is paused, its posts are held at their time."), N_("“…” is paused: …"), "blocking", ("pause",),
        locked=True, places=(Place.SENDING,),
    ),
    Rule(
        "moment", N_("Moment"), N_("A post has a time, and it is still to come."), N_("… has already passed. Choose a later time."), "blocking",
        ("no_moment", "past", "far"), locked=True,
    ),
    Rule(
        "platform", N_("What the platform takes"), N_("Lengths, titles, tags, and the kinds, types, sizes and durations of files that the channel's platform accepts."),
        N_("The text has … characters; … takes at most …"), "blocking",
        (
            "no_text", "too_long", "no_title", "title_too_long", "tags_too_long", "comment_too_long", "alt_too_long", "markup", "cashtags", "no_media", "mixed",
            "too_many_files", "not_taken", "file_too_large", "file_too_small", "film_too_long", "film_too_short", "film_shape", "too_many_pixels",
            "too_many_pages", "unseen", "unchecked", "left_behind",
        ),
        locked=True, places=_EVERYWHERE,
    ),
    Rule(
        "connection", N_("Connection"), N_("The channel is connected, and its key is still accepted."), N_("“…” is not connected, so nothing can be sent there."), "blocking",
        ("not_connected", "needs_reconnect"), locked=True, places=_EVERYWHERE,
    ),
    Rule(
        "gap", N_("Gap"), N_("Two posts on one channel leave each other some time."), N_("Another post goes out on this channel at …, less than … minutes apart."), "warning", ("clash",),
        parameters=(Parameter("minutes", N_("Shortest time between two posts"), "number", 15, _MINUTES, 1, 1440),),
    ),
    Rule(
        "daily", N_("Daily maximum"), N_("Only so many posts a day on one channel, by the channel's own calendar day."),
        N_("This would be post number … of that day on this channel; at most … are wanted."), "warning", ("daily",),
        parameters=(Parameter("posts", N_("Most on one day"), "number", 6, _POSTS, 1, 100),),
    ),
    Rule(
        "quiet", N_("Quiet hours"), N_("Nothing goes out at night, by the clock of the channel's time zone."), N_("It would go out at … there, within the quiet hours from … to …"),
        "warning", ("quiet",), parameters=(Parameter("starts", N_("From"), "clock", "22:00"), Parameter("ends", N_("To"), "clock", "06:00")),
    ),
    Rule(
        "blackout", N_("Blackout"), N_("Nothing goes out in a planned quiet period, such as the days before results."), N_("This falls in the blackout “…”."), "warning",
        ("blackout",),
    ),
    Rule(
        "holiday", N_("Public holiday"), N_("Few people read on a public holiday. The country is that of the channel's time zone unless you choose another."),
        N_("That day is a public holiday (…): …"), "warning", ("holiday",), parameters=(Parameter("country", N_("Country"), "country", ""),),
    ),
    Rule(
        "rival", N_("Rival's event"), N_("On the days of a rival's trade show, conference or announcement few people hear what we say. The events are those of the calendar."),
        N_("“…” of … is on that day."), "warning", ("rival",),
        parameters=(Parameter("days", N_("Also before and after it, at most"), "number", 0, _DAYS, 0, 14),),
    ),
    Rule(
        "repeat", N_("Same text again"), N_("The same words are not said twice on one channel within some time. X refuses a repeat, so there it always blocks, within three days at least."),
        N_("The same text is planned here for …"), "warning", ("repeat",),
        parameters=(Parameter("hours", N_("Not again within"), "number", 72, _HOURS, 1, 336),),
    ),
    Rule(
        "audience", N_("Same audience twice"), N_("One audience is not addressed twice on one day about two different assets, on whatever channels. Confidential assets are not counted."),
        N_("“…” has another post for the same audience that day, at …"), "warning", ("audience",),
    ),
    Rule(
        "silence", N_("Gap for an audience"),
        N_("No audience goes without a post for too long, on whatever channel; set for one channel, that channel is watched by itself as well. 0 days: not watched. An audience that no asset is for is not counted."),
        N_("Nothing for … since …"), "warning", (), places=(Place.CALENDAR,),
        parameters=tuple(Parameter(name, label, "number", days, _DAYS, 0, 366) for name, label, days in _HEARD),
    ),
    Rule(
        "language", N_("Language"), N_("The text is in the channel's language, judged by its small words. Silent for a short text, and until the channel's language is chosen."),
        N_("The text reads like …; this channel speaks …"), "warning", ("language",), parameters=(Parameter("language", N_("The channel's language"), "language", ""),),
    ),
    Rule(
        "stale", N_("Old asset"), N_("What was published long ago is looked at again before it is posted."), N_("“…” is … days old by then. Make sure that it still holds."), "warning", ("stale",),
        parameters=(Parameter("days", N_("Old after"), "number", 365, _DAYS, 1, 3650),),
    ),
    Rule(
        "rights", N_("Rights"), N_("Nothing goes out after the rights to its asset, or to one of its files, have ended."), N_("The rights to “…” end on …"), "warning", ("rights",),
    ),
    Rule(
        "dead_link", N_("Dead link"),
        N_("The page a post leads to is there and is still the same page. It is looked at once a day, from thirty days before; what is under embargo is not asked for."),
        N_("The page that the link leads to is not there (it answered …)."), "warning", ("dead_link", "moved_link"),
        parameters=(Parameter("days", N_("Said before it goes out, at most"), "number", 7, _DAYS, 1, 30),),
    ),
    Rule(
        "no_alt", N_("Picture descriptions"), N_("Each picture is described for people who cannot see it."), N_("Describe each picture for people who cannot see it."), "warning", ("no_alt",),
    ),
    Rule(
        "handle", N_("Handles of people mentioned"), N_("Whoever a post mentions has a handle on its platform, so that the mention leads to them. Elsewhere the plain name leaves."),
        N_("“…” has no X handle in the register, so the name leaves without a link to them."), "warning", ("mention_plain",),
    ),
    Rule(
        "consent", N_("Consent of people mentioned"), N_("Whoever a post mentions agreed to be named, and the register of people says so."),
        N_("Nobody noted whether “…” agreed to be named."), "warning", ("mention_unasked",),
    ),
    Rule(
        "utm", N_("Campaign marks in the link"), N_("The link carries utm_source, so that the web statistics know where a visitor came from."),
        N_("The link has no utm_source: the web statistics will not know that visitors came from this post."), "warning", ("utm",), enabled=False,
    ),
)  # fmt: skip

_BY_CODE = {one.code: one for one in BOOK}
#: The code of a finding -> the rule that gives it.
BY_FINDING: dict[str, Rule] = {code: one for one in BOOK for code in one.codes}


def rule(code: str) -> Rule | None:
    """The rule of that code; None when there is none."""
    return _BY_CODE.get(code)


@dataclass(frozen=True, slots=True)
class Tuned:
    """How one rule stands on one channel. must_not -- an administrator made its warning block."""

    enabled: bool
    must_not: bool
    values: Mapping[str, Any]


class Setting(Protocol):
    """What was set: for one channel, or for all when `channel_id` is None."""

    channel_id: Any
    code: Any
    enabled: Any
    must_not: Any
    parameters: Any


@dataclass(frozen=True, slots=True)
class Tuning:
    """How every rule stands on one channel; what is not told is as the book has it."""

    told: Mapping[str, Tuned] = field(default_factory=dict)

    def of(self, code: str) -> Tuned:
        found = self.told.get(code)
        if found is None:
            known = _BY_CODE[code]
            return Tuned(known.enabled, False, known.defaults)
        return found

    @property
    def forbids(self) -> bool:
        """Whether any warning was made to block."""
        return any(one.must_not and one.enabled for one in self.told.values())


#: Nothing was set.
STANDARD = Tuning()


def tuning_of(settings: Iterable[Setting], channel_id: int | None) -> Tuning:
    """How the rules stand on this channel: its own setting, else the one for all channels, else the book's. None: for all channels."""
    told: dict[str, Tuned] = {}
    ranked = sorted((one for one in settings if one.channel_id in (None, channel_id)), key=lambda one: one.channel_id is not None)
    for one in ranked:
        known = _BY_CODE.get(one.code)
        if known is not None and not known.locked:
            values = {name: one.parameters.get(name, default) for name, default in known.defaults.items()}
            told[one.code] = Tuned(bool(one.enabled), bool(one.must_not), values)
    return Tuning(told)
