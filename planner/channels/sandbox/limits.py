"""Rate limits and daily quotas of the pretend platforms: counted always, enforced when a setting says so."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from werkzeug.wrappers import Response

from planner.channels.sandbox.faults import Fault, retry_after
from planner.channels.sandbox.state import stamp
from planner.channels.sandbox.wire import Budget, Call, Voice

__all__ = ["over", "throttled"]

_DAY = 86_400
_PACIFIC = ZoneInfo("America/Los_Angeles")


def over(voice: Voice, call: Call, operation: str) -> Response | None:
    """Count a call against its budget; the refusal when it is used up and limits are enforced.

    X's answers tell the budget in headers. While limits are only reported, at least one call remains.
    """
    budget = call.route.budget
    if budget is None or call.identity is None:
        return None
    slot, ends = _window(budget, call.now)
    with call.writing() as db:
        row = db.execute(
            "INSERT INTO counters (name, slot, n) VALUES (?, ?, ?) ON CONFLICT (name, slot) DO UPDATE SET n = n + excluded.n"
            " RETURNING n",
            (f"{call.route.platform}:{call.account.id}:{budget.name}", slot, budget.cost),
        ).fetchone()
    used: int = row["n"]
    enforced = call.settings["limits"] == "enforce"
    if call.route.platform == "x":
        remaining = max(budget.limit - used, 0 if enforced else 1)
        _tell(call, budget.limit, remaining, ends)
    if not enforced or used <= budget.limit:
        return None
    refusal = voice(403, "quota") if budget.seconds == _DAY and call.route.platform == "youtube" else voice(429, "throttled")
    refusal.headers.extend(call.headers)
    return refusal


def throttled(voice: Voice, call: Call, fault: Fault) -> Response:
    """The answer of a scripted rate limit, with the wait told as the script says (X tells it in its reset header too)."""
    response = voice(429, "throttled")
    wait = retry_after(fault, call.now)
    if wait is not None:
        response.headers["Retry-After"] = wait
    if call.route.platform == "x" and fault.retry_after in ("seconds", "http-date"):
        _tell(call, 100, 0, stamp(call.now + timedelta(seconds=fault.wait_seconds)))
        response.headers.extend(call.headers)
    return response


def _tell(call: Call, limit: int, remaining: int, ends: float) -> None:
    call.headers["x-rate-limit-limit"] = str(limit)
    call.headers["x-rate-limit-remaining"] = str(remaining)
    call.headers["x-rate-limit-reset"] = f"{ends:.0f}"


def _window(budget: Budget, now: datetime) -> tuple[int, float]:
    """The number of the window a moment lies in, and when it ends (seconds since 1970)."""
    if budget.seconds == _DAY:
        local = now.astimezone(_PACIFIC)
        midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return local.toordinal(), stamp(midnight)
    slot = int(stamp(now) // budget.seconds)
    return slot, (slot + 1) * budget.seconds
