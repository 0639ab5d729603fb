"""May this delivery still go out, and when is the next try: pure answers, asked again inside the attempt transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from planner.channels.models import Channel, ChannelState
from planner.channels.port import Platform
from planner.core.i18n import N_
from planner.planning.findings import Finding
from planner.planning.models import Post, PostState
from planner.publishing.models import Delivery, DeliveryState, Hold

__all__ = ["LOOKED_UP", "MAX_LOOKS", "PAUSED", "UNPREPARED", "Stop", "can_be_looked_up", "may_still_go_out", "next_look", "next_try"]

#: Tries to look an unknown outcome up before a person is asked; with `next_look` they span about an hour.
MAX_LOOKS = 8
#: Platforms that list our own messages.
LOOKED_UP = (Platform.X, Platform.LINKEDIN, Platform.YOUTUBE)
_FIRST_WAIT = timedelta(seconds=15)
_LONGEST_WAIT = timedelta(minutes=10)
#: What a delivery held at a gate tells people; the post's page says more.
_GATES = {
    "embargo": N_("The embargo lifts later than the post was planned."),
    "leak": N_("The text names something that is under embargo."),
    "sensitive": N_("A sensitive announcement goes out once a channel, and this channel has its post already."),
    "unlisted": N_("The channel is not listed for this sensitive announcement."),
    "nothing_else": N_("The campaign is for one sensitive announcement and nothing else."),
    "retired": N_("The content was retired."),
    "called_off": N_("The campaign was cancelled."),
}
#: What one that breaks while it is prepared tells people.
UNPREPARED = N_("The planner could not put this post together. Your administrator finds the cause in the log.")
_FORBIDDEN = N_("A rule that blocks stands in its way; the post's page says which.")


@dataclass(frozen=True, slots=True)
class Stop:
    """A delivery does not go out: the state it gets, why, and what holds it if it is held."""

    state: DeliveryState
    reason: str
    hold: Hold | None = None


PAUSED = Stop(DeliveryState.HELD, N_("Sending is paused."), Hold.PAUSE)


def may_still_go_out(
    delivery: Delivery,
    post: Post,
    channel: Channel,
    *,
    digest: str,
    approved: bool,
    gates: Sequence[Finding],
    paused: bool,
    max_tries: int,
    now: datetime,
) -> Stop | None:
    """None when it may; else what becomes of it.

    digest   -- of the content as it is now, compared with the approved one.
    approved -- whether every step of approval said yes to that content.
    gates    -- what `planning.rules.before_sending` says of it at `now`: embargo, leak, sensitive, retired, and rules made to block.
    paused   -- whether a pause in force concerns this post.
    now      -- the database's time.
    """
    if post.state is PostState.CANCELLED:
        return Stop(DeliveryState.CANCELLED, N_("The post was cancelled."))
    if post.state is PostState.PUBLISHED:
        return Stop(DeliveryState.CANCELLED, N_("The post is already live."))
    if paused:
        return PAUSED
    if post.approved_digest is None or not (post.approved_digest == delivery.digest == digest):
        return Stop(DeliveryState.HELD, N_("The content is not the one that was approved."), Hold.APPROVAL)
    if not approved:
        return Stop(DeliveryState.HELD, N_("A step of approval has not said yes to it."), Hold.APPROVAL)
    for gate in gates:
        if gate.level == "blocking":
            return Stop(DeliveryState.HELD, _GATES.get(gate.code, _FORBIDDEN), Hold.EMBARGO)
    if channel.state is not ChannelState.CONNECTED:
        return Stop(DeliveryState.HELD, N_("The channel has to be reconnected."), Hold.CHANNEL)
    if is_too_late(delivery, channel, now):
        return Stop(DeliveryState.MISSED, N_("Its moment passed before it could be sent."))
    if delivery.tries >= max_tries:
        return Stop(DeliveryState.FAILED, N_("The platform kept saying “not now”; the planner gave up."))
    return None


def is_too_late(delivery: Delivery, channel: Channel, now: datetime) -> bool:
    """Later than the channel's grace: stale news is never posted silently."""
    return now > delivery.due_at + timedelta(minutes=channel.grace_minutes)


def next_try(tries: int, asked: timedelta | None, now: datetime) -> datetime:
    """When to try again after a definite “not now”.

    tries -- how many attempts there have been, ≥ 1; the wait doubles from 15 s to 10 min.
    asked -- what the platform asked for, which wins when it is longer than a second.
    """
    if asked is not None and asked >= timedelta(seconds=1):
        return now + asked
    return now + min(_FIRST_WAIT * (1 << min(max(tries, 1) - 1, 10)), _LONGEST_WAIT)


def next_look(looks: int, now: datetime) -> datetime:
    """When to look an unknown outcome up again after the platform could not be asked."""
    return now + min(timedelta(seconds=30) * (1 << min(looks, 10)), timedelta(minutes=15))


def can_be_looked_up(platform: Platform) -> bool:
    """Whether the platform lists our own messages; a webhook does not, so a person has to look."""
    return platform in LOOKED_UP
