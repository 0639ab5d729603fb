"""The rules that an administrator may tune per channel: how close, how many, at what hour, on what day, in which words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from planner.catalog.models import Asset
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.core.i18n import N_
from planner.planning import free_days
from planner.planning.findings import Finding, Neighbour, Surroundings
from planner.planning.marks import COUNTED, carries_own
from planner.planning.models import Post, PostState
from planner.planning.moments import zone_of
from planner.planning.rulebook import BY_FINDING, Tuning
from planner.planning.wording import Tongue, language_of

__all__ = ["AWAY", "CLASH", "REPEAT", "habits", "is_quiet", "tuned"]

#: Two posts on one channel closer than this get in each other's way, unless the rules say otherwise.
CLASH = timedelta(minutes=15)
#: The same words again on X within this time are refused there, whatever the rules say.
REPEAT = timedelta(hours=72)

#: Posts that have not gone and will not go by themselves: they are in nobody's way.
AWAY = frozenset({PostState.CANCELLED, PostState.FAILED, PostState.MISSED})
#: Nobody has asked yet for these to go out.
_UNASKED = AWAY | {PostState.DRAFT, PostState.CHANGES_REQUESTED}

Values = Mapping[str, Any]


def habits(post: Post, asset: Asset, channel: Channel, around: Surroundings) -> Iterator[Finding]:
    """What the tunable rules say of a post, each with its own values; a rule that is switched off is not asked."""
    for code, judge in _JUDGES.items():
        stands = around.tuning.of(code)
        if stands.enabled or (code == "repeat" and channel.platform is Platform.X):
            yield from judge(post, asset, channel, around, stands.values)


def tuned(finding: Finding, tuning: Tuning, overridden: frozenset[str]) -> Finding | None:
    """The finding as this channel has it: dropped when its rule is off, blocking when it was made to, a warning again once overridden."""
    rule = BY_FINDING.get(finding.code)
    if rule is None or rule.locked or finding.level == "blocking":
        return finding
    stands = tuning.of(rule.code)
    if not stands.enabled:
        return None
    if not stands.must_not or rule.code in overridden:
        return finding
    return replace(finding, level="blocking", overridable=True)


def is_quiet(clock: time, starts: time, ends: time) -> bool:
    """Whether a clock shows a time within [starts, ends), which may run over midnight; never when both are the same."""
    return starts <= clock < ends if starts <= ends else clock >= starts or clock < ends


def _repeats(post: Post, _asset: Asset, channel: Channel, around: Surroundings, values: Values) -> Iterator[Finding]:
    words, on_x = _folded(post.text), channel.platform is Platform.X
    within = max(timedelta(hours=values["hours"]), REPEAT) if on_x else timedelta(hours=values["hours"])
    for other in around.neighbours:
        if other.state in _UNASKED or not words or _folded(other.text) != words or not _within(post, other, within):
            continue
        sentence = N_("The same text is planned here for %(when)s. Say it differently, or leave %(hours)s hours between them.")
        yield Finding("blocking" if on_x else "warning", "repeat", sentence, {"when": other.publish_at, "hours": within // timedelta(hours=1)}, "text", post_ids=(other.post_id,))
        return


def _clashes(post: Post, _asset: Asset, _channel: Channel, around: Surroundings, values: Values) -> Iterator[Finding]:
    minutes = values["minutes"]
    for other in around.neighbours:
        if other.state not in AWAY and _within(post, other, timedelta(minutes=minutes)):
            sentence = N_("Another post goes out on this channel at %(when)s, less than %(minutes)s minutes apart.")
            yield Finding("warning", "clash", sentence, {"when": other.publish_at, "minutes": minutes}, "publish_at", post_ids=(other.post_id,))
            return


def _daily(post: Post, _asset: Asset, channel: Channel, around: Surroundings, values: Values) -> Iterator[Finding]:
    if post.publish_at is None:
        return
    zone = zone_of(channel.time_zone)
    day = post.publish_at.astimezone(zone).date()
    there = tuple(
        other.post_id for other in around.neighbours
        if other.state not in AWAY and other.publish_at is not None and other.publish_at.astimezone(zone).date() == day
    )  # fmt: skip
    if len(there) + 1 > values["posts"]:
        sentence = N_("This would be post number %(number)s of that day on this channel; at most %(most)s are wanted.")
        yield Finding("warning", "daily", sentence, {"number": len(there) + 1, "most": values["posts"]}, "publish_at", post_ids=there)


def _quiet(post: Post, _asset: Asset, channel: Channel, _around: Surroundings, values: Values) -> Iterator[Finding]:
    if post.publish_at is None:
        return
    clock = post.publish_at.astimezone(zone_of(channel.time_zone)).time()
    if is_quiet(clock, time.fromisoformat(values["starts"]), time.fromisoformat(values["ends"])):
        sentence = N_("It would go out at %(clock)s there, within the quiet hours from %(starts)s to %(ends)s.")
        yield Finding("warning", "quiet", sentence, {"clock": f"{clock:%H:%M}", **values}, "publish_at")


def _blackouts(post: Post, _asset: Asset, channel: Channel, around: Surroundings, _values: Values) -> Iterator[Finding]:
    if post.publish_at is None:
        return
    day = post.publish_at.astimezone(zone_of(channel.time_zone)).date()
    for quiet in around.blackouts:
        if quiet.holds(channel.id, day):
            yield Finding("warning", "blackout", N_("This falls in the blackout “%(name)s”."), {"name": quiet.name}, "publish_at")


def _holiday(post: Post, _asset: Asset, channel: Channel, _around: Surroundings, values: Values) -> Iterator[Finding]:
    if post.publish_at is None:
        return
    country = values["country"] or free_days.country_of(channel.time_zone)
    name = free_days.on(country, post.publish_at.astimezone(zone_of(channel.time_zone)).date())
    if name is not None:
        yield Finding("warning", "holiday", N_("That day is a public holiday (%(country)s): %(name)s."), {"country": country, "name": name}, "publish_at")


def _rival(post: Post, _asset: Asset, channel: Channel, around: Surroundings, values: Values) -> Iterator[Finding]:
    if post.publish_at is None:
        return
    day = post.publish_at.astimezone(zone_of(channel.time_zone)).date()
    for event in around.rivals:
        if event.near(day, values["days"]):
            when = {"name": event.name, "rival": event.rival, "starts": event.starts_on, "ends": event.ends_on - timedelta(days=1)}
            if when["starts"] == when["ends"]:
                yield Finding("warning", "rival", N_("“%(name)s” of %(rival)s is on %(starts)s."), when, "publish_at")
            else:
                yield Finding("warning", "rival", N_("“%(name)s” of %(rival)s is from %(starts)s to %(ends)s."), when, "publish_at")
            return


def _audience(_post: Post, _asset: Asset, _channel: Channel, around: Surroundings, _values: Values) -> Iterator[Finding]:
    if around.alike is not None:
        sentence = N_("“%(channel)s” has another post for the same audience that day, at %(when)s.")
        named = () if around.alike.post_id is None else (around.alike.post_id,)
        yield Finding("warning", "audience", sentence, {"channel": around.alike.channel, "when": around.alike.publish_at}, "publish_at", post_ids=named)


def _language(post: Post, _asset: Asset, _channel: Channel, _around: Surroundings, values: Values) -> Iterator[Finding]:
    wanted, found = values["language"], language_of(post.text or "")
    if wanted and found and found != wanted:
        yield Finding("warning", "language", N_("The text reads like %(found)s; this channel speaks %(wanted)s."), {"found": Tongue(found), "wanted": Tongue(wanted)}, "text")


def _rights(post: Post, asset: Asset, channel: Channel, _around: Surroundings, _values: Values) -> Iterator[Finding]:
    if post.publish_at is None:
        return
    day, chosen = post.publish_at.astimezone(zone_of(channel.time_zone)).date(), {item.get("file_id") for item in post.media or ()}
    held = [(asset.title, asset.rights_until), *((file.name, file.rights_until) for file in (asset.files if chosen else ()) if file.id in chosen)]
    for name, ends in held:
        if ends is not None and day > ends:
            sentence = N_("The rights to “%(name)s” end on %(ends)s. Choose an earlier day, or something else.")
            yield Finding("warning", "rights", sentence, {"name": name, "ends": ends}, "media" if name != asset.title else "publish_at")


def _dead_link(post: Post, _asset: Asset, _channel: Channel, around: Surroundings, values: Values) -> Iterator[Finding]:
    page = around.page
    if page is None or (around.now is not None and post.publish_at is not None and post.publish_at - around.now > timedelta(days=values["days"])):
        return
    if page.status is None or page.status >= 500:
        # A site that is down for a minute is no dead link: twice in a row.
        if page.times_bad > 1:
            yield Finding("warning", "dead_link", N_("The page that the link leads to does not answer. Look whether it is still there."), {}, "link")
    elif page.status >= 400:
        yield Finding("warning", "dead_link", N_("The page that the link leads to is not there (it answered %(status)s)."), {"status": page.status}, "link")
    elif page.leads_to:
        yield Finding("warning", "moved_link", N_("The link leads to another page now: %(leads_to)s. Make sure that this is meant."), {"leads_to": page.leads_to}, "link")


def _stale(post: Post, asset: Asset, _channel: Channel, _around: Surroundings, values: Values) -> Iterator[Finding]:
    since: datetime | None = asset.published_at or asset.created_at
    if post.publish_at is None or since is None:
        return
    days = (post.publish_at - since) // timedelta(days=1)
    if days > values["days"]:
        yield Finding("warning", "stale", N_("“%(title)s” is %(days)s days old by then. Make sure that it still holds."), {"title": asset.title, "days": days}, "publish_at")


def _utm(post: Post, _asset: Asset, channel: Channel, _around: Surroundings, _values: Values) -> Iterator[Finding]:
    if post.link and channel.platform in COUNTED and not (post.marks or carries_own(post.link)):
        sentence = N_("The link has no utm_source: the web statistics will not know that visitors came from this post.")
        yield Finding("warning", "utm", sentence, {}, "link")


_JUDGES: dict[str, Callable[[Post, Asset, Channel, Surroundings, Values], Iterator[Finding]]] = {
    "repeat": _repeats, "gap": _clashes, "daily": _daily, "quiet": _quiet, "blackout": _blackouts, "holiday": _holiday, "rival": _rival, "audience": _audience,
    "language": _language, "stale": _stale, "rights": _rights, "dead_link": _dead_link, "utm": _utm,
}  # fmt: skip


def _within(post: Post, other: Neighbour, gap: timedelta) -> bool:
    if post.publish_at is None or other.publish_at is None:
        return False
    return abs(post.publish_at - other.publish_at) < gap


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
