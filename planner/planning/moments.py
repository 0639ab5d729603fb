"""Moments people choose: wall time in a zone to UTC and back, asking when the clock change makes a time absent or double."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from planner.core.errors import Invalid, PastMoment
from planner.core.i18n import N_

__all__ = ["FARTHEST", "NOW_TOLERANCE", "check_moment", "fold_of", "is_double", "resolve_wall_time", "wall_of", "zone_of"]

#: “Publish now” takes a moment to travel from the button to the rule.
NOW_TOLERANCE = timedelta(seconds=60)
#: A plan beyond this is a slip of the keyboard.
FARTHEST = timedelta(days=5 * 366)


def zone_of(name: str) -> ZoneInfo:
    """The zone of that IANA name. Raises Invalid for a name that is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # ZoneInfo opens files: a folder's name such as “Europe” is an OSError.
        raise Invalid(N_("“%(zone)s” is not a time zone such as Europe/Paris."), field="time_zone", zone=name[:64]) from None


def resolve_wall_time(naive: datetime, zone: str, *, fold: int | None = None) -> datetime:
    """The moment (UTC) at which clocks in `zone` show `naive`.

    naive -- a datetime without zone.
    fold  -- 0 or 1 answers “which of the two?” on the night the clocks go back; None has not been asked.
    Raises Invalid: on `wall_time` when the clocks jump over it, on `fold` when it comes twice and nobody said which.
    """
    place = zone_of(zone)
    first, second = (naive.replace(tzinfo=place, fold=one) for one in (0, 1))
    try:
        moments = first.astimezone(UTC), second.astimezone(UTC)
    except OverflowError:
        raise Invalid(N_("That date is out of reach. Choose another."), field="wall_time") from None
    if moments[0] == moments[1]:
        return moments[0]
    if moments[0].astimezone(place).replace(tzinfo=None) != naive:
        raise Invalid(
            N_("On %(day)s the clocks go forward in %(zone)s and %(time)s does not exist. Did you mean %(earlier)s or %(later)s?"),
            field="wall_time",
            day=f"{naive:%Y-%m-%d}",
            zone=zone,
            time=f"{naive:%H:%M}",
            earlier=f"{moments[1].astimezone(place):%H:%M}",
            later=f"{moments[0].astimezone(place):%H:%M}",
        )
    if fold is None:
        raise Invalid(
            N_("On %(day)s the clocks go back in %(zone)s and %(time)s comes twice. Say which: the first or the second time?"),
            field="fold",
            day=f"{naive:%Y-%m-%d}",
            zone=zone,
            time=f"{naive:%H:%M}",
        )
    return moments[1 if fold else 0]


def fold_of(moment: datetime, zone: str) -> int:
    """0 or 1: which of the two, where clocks in `zone` show that time twice; 0 on any other day."""
    return moment.astimezone(zone_of(zone)).fold


def is_double(moment: datetime, zone: str) -> bool:
    """Whether clocks in `zone` show that time twice that day."""
    local = moment.astimezone(zone_of(zone))
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def wall_of(moment: datetime, zone: str) -> str:
    """What clocks in `zone` show at that moment, ISO without zone, to the minute."""
    at = moment.astimezone(zone_of(zone))
    return f"{at.year:04}-{at.month:02}-{at.day:02}T{at.hour:02}:{at.minute:02}"


def check_moment(at: datetime, now: datetime) -> None:
    """Raise PastMoment when `at` has gone by more than NOW_TOLERANCE, Invalid when it is absurdly far."""
    if at < now - NOW_TOLERANCE:
        raise PastMoment(at)
    if at > now + FARTHEST:
        raise Invalid(N_("That is more than five years ahead. Check the year."), field="publish_at")
