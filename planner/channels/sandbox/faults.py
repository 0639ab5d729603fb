"""Scripted failures: a list of faults, each for some calls, applied in the order they were given."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from planner.channels.sandbox import numbers

__all__ = ["KINDS", "BadFault", "Fault", "Plan", "add", "listing", "parse", "plan", "retry_after", "wipe"]

KINDS = (
    "status", "drop_before", "drop_after", "delay_before", "delay_after", "rate_limit", "listing_lag", "token_revoked",
    "truncate_answer",
)  # fmt: skip
_DELAYS = ("delay_before", "delay_after", "listing_lag")
_RETRY_AFTER = ("seconds", "http-date", "absent", "garbage")


class BadFault(ValueError):
    """A fault that was not understood; its text says why."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One scripted failure.

    platform, operation, account -- which calls it strikes; "*" is any. An operation is e.g. "x.create" or "x.*".
    times        -- how often it strikes, None for ever.
    probability  -- chance per matching call, drawn from `seed` and the number of the call: the same every run.
    seconds      -- for the delays and listing_lag.
    status       -- for kind "status"; `accepted` true: the call is carried out first, then answered with that status.
    retry_after  -- for rate_limit: how the wait is told; `wait_seconds` how long it is (0 and negative are allowed).
    accept_delay -- seconds until what this call leaves behind becomes visible; for drop_after, delay_after, status.
    """

    kind: str
    platform: str = "*"
    operation: str = "*"
    account: str = "*"
    times: int | None = 1
    probability: float = 1.0
    seed: int = 1
    seconds: float = 0.0
    status: int = 503
    accepted: bool = False
    retry_after: str = "seconds"
    wait_seconds: float = 60.0
    accept_delay: float = 0.0

    def strikes(self, platform: str, operation: str, account: str) -> bool:
        """Whether a call is one of those it is for."""
        wanted = self.operation
        return (
            self.platform in ("*", platform)
            and self.account in ("*", account)
            and (wanted in ("*", operation) or (wanted.endswith(".*") and operation.startswith(wanted[:-1])))
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to one call: waits before and after, at most one ending, how late listings and acceptance are."""

    before: float = 0.0
    after: float = 0.0
    ending: Fault | None = None
    lag: timedelta = timedelta()
    accept_delay: timedelta = timedelta()


def parse(raw: Any) -> Fault:
    """A fault as JSON -> Fault. Raises BadFault."""
    if not isinstance(raw, Mapping):
        raise BadFault("A fault is a JSON object.")
    known = asdict(Fault(kind="status"))
    strange = sorted(set(raw) - set(known))
    if strange:
        raise BadFault(f"Unknown member: {', '.join(strange)}.")
    if raw.get("kind") not in KINDS:
        raise BadFault(f"kind must be one of {', '.join(KINDS)}.")
    for name, value in raw.items():
        kind = type(known[name])
        right = isinstance(value, (int, float)) if kind is float else isinstance(value, kind)
        if name == "times":
            right = value is None or (isinstance(value, int) and value > 0)
        if not right or (isinstance(value, bool) and kind is not bool):
            raise BadFault(f"{name} is not of the right type.")
    fault = Fault(**raw)
    if fault.kind in _DELAYS and fault.seconds < 0:
        raise BadFault("seconds must not be negative.")
    if not 0 <= fault.probability <= 1:
        raise BadFault("probability lies between 0 and 1.")
    if not 400 <= fault.status <= 599:
        raise BadFault("status lies between 400 and 599.")
    if fault.retry_after not in _RETRY_AFTER:
        raise BadFault(f"retry_after must be one of {', '.join(_RETRY_AFTER)}.")
    return fault


def add(db: sqlite3.Connection, fault: Fault) -> int:
    """Script a failure; its number."""
    cursor = db.execute(
        "INSERT INTO faults (spec, seen, remaining) VALUES (?, 0, ?)", (json.dumps(asdict(fault)), fault.times)
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def wipe(db: sqlite3.Connection) -> None:
    """Forget all scripted failures."""
    db.execute("DELETE FROM faults")


def listing(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """The scripted failures with how many matching calls each has seen and how often it will still strike."""
    rows = db.execute("SELECT * FROM faults ORDER BY id")
    return [
        {"id": row["id"], **json.loads(row["spec"]), "seen": row["seen"], "remaining": row["remaining"]} for row in rows
    ]


def plan(db: sqlite3.Connection, platform: str, operation: str, account: str, *, lists: bool) -> Plan:
    """Draw what happens to one call, and count it. Needs a writing transaction: a strike is used up by one call only.

    lists -- whether the call lists posts; a listing lag strikes no other.
    """
    drawn = Plan()
    for row in db.execute("SELECT * FROM faults WHERE remaining IS NULL OR remaining > 0 ORDER BY id").fetchall():
        fault = Fault(**json.loads(row["spec"]))
        if not fault.strikes(platform, operation, account) or (fault.kind == "listing_lag" and not lists):
            continue
        ends = fault.kind not in _DELAYS
        if ends and drawn.ending is not None:
            continue
        hit = numbers.fraction("fault", fault.seed, row["id"], row["seen"]) < fault.probability
        db.execute(
            "UPDATE faults SET seen = seen + 1, remaining = remaining - ? WHERE id = ?", (int(hit), row["id"])
        )
        if hit:
            drawn = _with(drawn, fault)
    return drawn


def _with(drawn: Plan, fault: Fault) -> Plan:
    late = max(drawn.accept_delay, timedelta(seconds=fault.accept_delay))
    match fault.kind:
        case "delay_before":
            return replace(drawn, before=drawn.before + fault.seconds, accept_delay=late)
        case "delay_after":
            return replace(drawn, after=drawn.after + fault.seconds, accept_delay=late)
        case "listing_lag":
            return replace(drawn, lag=max(drawn.lag, timedelta(seconds=fault.seconds)))
        case _:
            return replace(drawn, ending=fault, accept_delay=late)


def retry_after(fault: Fault, now: datetime) -> str | None:
    """The Retry-After header of a rate limit, or None when the platform does not send one."""
    match fault.retry_after:
        case "seconds":
            return f"{fault.wait_seconds:.0f}"
        case "http-date":
            return format_datetime(now + timedelta(seconds=fault.wait_seconds), usegmt=True)
        case "garbage":
            return "soon, please"
        case _:
            return None
