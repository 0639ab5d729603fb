"""The words for the members of closed lists: kinds, states, platforms, roles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from flask_babel import gettext

from planner.accounts.models import RoleName
from planner.catalog.models import LABELS, Purpose, label_of
from planner.channels.models import ChannelState
from planner.channels.port import Platform
from planner.core.i18n import N_
from planner.insights.sources import SOURCE_LABELS
from planner.people.models import EVENT_LABELS
from planner.planning.models import STATE_LABELS, Standing

__all__ = ["channel_choices", "label", "told_apart"]

_NAMES: dict[StrEnum, str] = {
    **LABELS,
    **STATE_LABELS,
    **EVENT_LABELS,
    **SOURCE_LABELS,
    Standing.RUNNING: N_("Goes on"),
    Standing.POSTPONED: N_("Postponed"),
    Platform.YOUTUBE: N_("YouTube"),
    Platform.LINKEDIN: N_("LinkedIn"),
    Platform.X: N_("X"),
    Platform.WEBHOOK: N_("Internal message"),
    Platform.BY_HAND: N_("By hand"),
    ChannelState.CONNECTED: N_("Connected"),
    ChannelState.NEEDS_RECONNECT: N_("Reconnect"),
    ChannelState.NOT_CONNECTED: N_("Not connected"),
    RoleName.ADMIN: N_("Administrator"),
    RoleName.PLANNER: N_("Planner"),
    RoleName.AUTHOR: N_("Author"),
    RoleName.APPROVER: N_("Approver"),
    RoleName.LEGAL: N_("Legal"),
    RoleName.ADVOCATE: N_("Advocate"),
    RoleName.VIEWER: N_("Viewer"),
}


def label(value: StrEnum | None) -> str:
    """The word for a member of a closed list, in the reader's language."""
    if isinstance(value, Purpose):
        return str(gettext(label_of(value)))
    return gettext(_NAMES[value]) if value is not None else ""


def told_apart(channels: Iterable[tuple[int, str, Platform]]) -> list[tuple[int, str]]:
    """Channels as a list offers them: (number, name). A name that several bear says its platform too: a company calls its accounts alike."""
    known = list(channels)
    borne = Counter(name for _number, name, _platform in known)
    return [(number, f"{name} ({label(platform)})" if borne[name] > 1 else name) for number, name, platform in known]


def channel_choices(channels: Iterable[Any]) -> list[tuple[int, str]]:
    """The same of whatever has an id, a name and a platform."""
    return told_apart((one.id, one.name, one.platform) for one in channels)
