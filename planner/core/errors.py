"""Every failure the product expects, as one tree; the text of each is a sentence a communications officer can act on.

PlannerError
├── NotFound            there is no such thing, or this person may not know of it      404
├── Forbidden           this person's roles do not allow it                            403
├── Invalid             the value itself is malformed                                  422
├── Refused             a rule says no; nothing was changed                            422
│   ├── EmbargoActive   the moment lies before an embargo lifts
│   ├── PastMoment      the moment has already gone
│   ├── WrongState      the thing is not in a state that allows this                   409
│   ├── SelfApproval    a release needs a second pair of eyes                          403
│   └── NotSendable     the platform would refuse this content
├── Conflict            somebody changed it first                                      409
└── Unavailable         something outside does not answer                              503
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from planner.core.i18n import N_

__all__ = [
    "Conflict",
    "EmbargoActive",
    "Forbidden",
    "Invalid",
    "NotFound",
    "NotSendable",
    "PastMoment",
    "PlannerError",
    "Refused",
    "SelfApproval",
    "Unavailable",
    "WrongState",
]


class PlannerError(Exception):
    """An expected failure. `message` is the English sentence with %(name)s places, `params` fills them.

    The doors translate `message` and format `params` (datetimes in the reader's zone); `str(error)` is the
    English sentence with UTC times. `field` names the form field or JSON member it belongs beside, if any.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400

    def __init__(self, message: str, *, field: str | None = None, **params: Any) -> None:
        self.message = message
        self.params = params
        self.field = field
        super().__init__(message, params)

    def __str__(self) -> str:
        return self.message % {name: _plain(value) for name, value in self.params.items()} if self.params else self.message


def _plain(value: Any) -> Any:
    return f"{value:%d %b %Y, %H:%M} UTC" if isinstance(value, datetime) else value


class NotFound(PlannerError):
    code = "not_found"
    status = 404

    def __init__(self, message: str = N_("There is nothing here, or you may not see it."), **params: Any) -> None:
        super().__init__(message, **params)


class Forbidden(PlannerError):
    code = "forbidden"
    status = 403

    def __init__(
        self, message: str = N_("Your role does not allow this. Ask an administrator."), **params: Any
    ) -> None:
        super().__init__(message, **params)


class Invalid(PlannerError):
    code = "invalid"
    status = 422


class Refused(PlannerError):
    code = "refused"
    status = 422


class EmbargoActive(Refused):
    code = "embargo_active"

    def __init__(self, title: str, lifts_at: datetime, *, field: str | None = "publish_at") -> None:
        super().__init__(
            N_("“%(title)s” is under embargo until %(lifts_at)s."), field=field, title=title, lifts_at=lifts_at
        )
        self.lifts_at = lifts_at


class PastMoment(Refused):
    code = "past_moment"

    def __init__(self, moment: datetime, *, field: str | None = "publish_at") -> None:
        super().__init__(N_("%(moment)s has already passed. Choose a later time."), field=field, moment=moment)


class WrongState(Refused):
    code = "wrong_state"
    status = 409


class SelfApproval(Refused):
    code = "self_approval"
    status = 403

    def __init__(self) -> None:
        super().__init__(N_("You submitted this yourself: a second person has to approve it."))


class NotSendable(Refused):
    code = "not_sendable"


class Conflict(PlannerError):
    code = "conflict"
    status = 409


class Unavailable(PlannerError):
    code = "unavailable"
    status = 503
