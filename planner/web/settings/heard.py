"""How a channel is asked for what others write to it, and why it is not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import g

from planner.channels.queries import ChannelHealth
from planner.insights import budget
from planner.listening.hearing import LEAST, PLATFORMS
from planner.listening.models import MentionLook

__all__ = ["LEAST_A_DAY", "Heard", "heard"]

#: With a smaller budget a day no account is ever asked.
LEAST_A_DAY = budget.least_for_mentions(LEAST)


@dataclass(frozen=True, slots=True)
class Heard:
    """The last try, up to when everything was told, and what was wrong; None is “never”. a_day -- what reading the channel may use."""

    asked_at: datetime | None
    told_to: datetime | None
    trouble: str
    a_day: int

    @property
    def too_small(self) -> bool:
        return self.a_day < LEAST_A_DAY


def heard(channel: ChannelHealth) -> Heard | None:
    """Of one channel; None where its platform is not asked. Two statements."""
    if channel.platform not in PLATFORMS:
        return None
    look = g.db.get(MentionLook, channel.id)
    a_day = budget.a_day_of(g.db, channel.id, channel.platform)
    return Heard(look.asked_at, look.told_to, look.trouble, a_day) if look is not None else Heard(None, None, "", a_day)
