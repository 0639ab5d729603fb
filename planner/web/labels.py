"""The words for the members of closed lists: kinds, states, platforms, roles."""

from __future__ import annotations

from enum import StrEnum

from flask_babel import gettext

from planner.accounts.models import RoleName
from planner.catalog.models import LABELS, Purpose, label_of
from planner.channels.models import ChannelState
from planner.channels.port import Platform
from planner.core.i18n import N_
from planner.insights.sources import SOURCE_LABELS
from planner.people.models import EVENT_LABELS
from planner.planning.models import STATE_LABELS, Standing

__all__ = ["label"]

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
