"""Keeps one program from taking the whole planner: so many requests a minute for each person."""

from __future__ import annotations

import time

from flask import Flask, current_app
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from planner.core.errors import PlannerError
from planner.core.i18n import N_
from planner.core.log import get_logger
from planner.core.settings import Settings

__all__ = ["A_MINUTE", "TooMany", "count", "init_app"]

#: Requests a minute, for each person, whatever the number of their tokens.
A_MINUTE = 1200
_LIMIT = RateLimitItemPerMinute(A_MINUTE)

log = get_logger(__name__)


class TooMany(PlannerError):
    """More requests than a minute allows."""

    code = "too_many_requests"
    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(N_("Too many requests. Wait a minute, then try again."))
        self.headers = {"Retry-After": str(seconds)}


def init_app(app: Flask, settings: Settings) -> None:
    """Count where PLANNER_RATE_LIMIT_URL says: in this process, or in a Redis that all processes share. While that is away, each counts for itself."""
    storage = storage_from_string(settings.rate_limit_url, wrap_exceptions=True, **settings.rate_limit_options)
    app.extensions["planner-api-throttle"] = FixedWindowRateLimiter(storage)
    app.extensions["planner-api-throttle-alone"] = FixedWindowRateLimiter(MemoryStorage())


def count(user_id: int) -> None:
    """One more request of this person. Raises TooMany, saying how long to wait."""
    try:
        _count(user_id, current_app.extensions["planner-api-throttle"])
    except StorageError as error:
        log.warning("rate_limit_storage_away", reason=str(error))
        _count(user_id, current_app.extensions["planner-api-throttle-alone"])


def _count(user_id: int, limiter: FixedWindowRateLimiter) -> None:
    if not limiter.hit(_LIMIT, "api", str(user_id)):
        reset = limiter.get_window_stats(_LIMIT, "api", str(user_id)).reset_time
        raise TooMany(max(1, round(reset - time.time())))
