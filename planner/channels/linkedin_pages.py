"""Which LinkedIn pages a person administers, and what they are called."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence

from planner.channels.linkedin_rest import Rest
from planner.channels.port import Identity, Refused, RetryLater
from planner.channels.wire import Stopped, inside

__all__ = ["administered"]

#: How many roles one call tells, and how many such calls are made: nobody administers more pages than that.
_ROLES = 100
_CALLS = 10
#: How many names are asked for in one call.
_NAMES = 50
_URN = re.compile(r"urn:li:organization:([0-9]{1,19})")
_WAITS = (1.0, 2.0, 3.0, 4.0)


def administered(rest: Rest, *, wait: Callable[[float], None] = time.sleep) -> list[Identity]:
    """The pages on which this key's person is an administrator, by name; none is an answer too. Raises Stopped.

    For some seconds LinkedIn may call a key revoked that it gave a moment ago, so a 401 is asked again for ten seconds.
    """
    urns = list(dict.fromkeys(_patiently(rest, wait)))
    names = {number: name for some in _batches(urns) for number, name in _names(rest, some)}
    found = [Identity(urn, names.get(_number(urn)) or _number(urn)) for urn in urns]
    return sorted(found, key=lambda page: page.name.casefold())


def _patiently(rest: Rest, wait: Callable[[float], None]) -> list[str]:
    for seconds in _WAITS:
        try:
            return list(_roles(rest))
        except Stopped as stopped:
            if not (isinstance(stopped.outcome, Refused) and stopped.outcome.code == "unauthorised"):
                raise
        wait(seconds)
    return list(_roles(rest))


def _roles(rest: Rest) -> Iterator[str]:
    for call in range(_CALLS):
        finder = f"organizationAcls?q=roleAssignee&role=ADMINISTRATOR&state=APPROVED&start={call * _ROLES}&count={_ROLES}"
        roles, _ = rest.find(finder)
        for role in roles:
            if _URN.fullmatch(str(role.get("organization"))):
                yield str(role["organization"])
        if len(roles) < _ROLES:
            return


def _names(rest: Rest, urns: Sequence[str]) -> Iterator[tuple[str, str]]:
    numbers = ",".join(_number(urn) for urn in urns)
    told = rest.yes(rest.get(f"organizationsLookup?ids=List({numbers})", method="BATCH_GET")).json_object()
    if not isinstance(told.get("results"), dict):
        raise Stopped(RetryLater("LinkedIn's answer broke off."))
    for urn in urns:
        name = inside(told, "results", _number(urn), "localizedName")
        if isinstance(name, str) and name.strip():
            yield _number(urn), name.strip()


def _number(urn: str) -> str:
    return urn.rpartition(":")[2]


def _batches(urns: Sequence[str]) -> Iterator[Sequence[str]]:
    return (urns[start : start + _NAMES] for start in range(0, len(urns), _NAMES))
