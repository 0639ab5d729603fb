"""What a token endpoint answered, read alike for every platform: a key, a no for good, or “not now”."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from planner.channels.port import Grant, Refused, RetryLater
from planner.channels.wire import wait_asked
from planner.core.errors import Refused as ConsentRefused
from planner.core.http import Answer, CallFailed, redact

__all__ = ["SET_UP", "granted", "read_grant", "set_up_refused", "unanswered"]

#: The code of a no to our application: no time mends it, a person does.
SET_UP = "set_up"

#: OAuth's words for “ask again” (RFC 6749, 4.1.2.1).
_LATER = {"temporarily_unavailable", "server_error", "slow_down"}
#: These concern our application and not the person's consent: connecting again alone would change nothing.
_APPLICATION = {"invalid_client", "unauthorized_client"}


def read_grant(answer: Answer, *secrets: str, platform: str, now: datetime) -> Grant | Refused | RetryLater:
    """The key, or what its absence means.

    A no for good is a 4xx with one of OAuth's words in it: a dead refresh token is `invalid_grant` (RFC 6749, 5.2), at X
    `invalid_request`. Whatever is unclear, a broken body or a proxy's page, is “later”: it proves nothing about the key.
    secrets  -- what was sent; it is kept out of the reason.
    platform -- its name in sentences.
    """
    told = answer.json_object()
    key = told.get("access_token")
    if answer.ok and isinstance(key, str) and key:
        return Grant(
            access_token=key,
            refresh_token=_text(told.get("refresh_token")) or None,
            expires_at=_after(now, told.get("expires_in")),
            refresh_expires_at=_after(now, told.get("refresh_token_expires_in")),
            scopes=tuple(_text(told.get("scope")).replace(",", " ").split()),
        )
    word = _text(told.get("error"))
    said = redact(_text(told.get("error_description")) or word, *secrets)[:300]
    tail = f" {platform} says: {said}" if said else ""
    wait = wait_asked(answer.headers, now)
    if refusal := set_up_refused(word, said, platform=platform):
        return refusal
    if word and word not in _LATER and 400 <= answer.status < 500 and answer.status not in (408, 425, 429):
        return Refused("unauthorised", f"{platform} did not give a key for this connection. Connect the account again.{tail}", account=True)
    return RetryLater(f"{platform} did not give a key just now.{tail}", after=wait)


def set_up_refused(word: str, said: str, *, platform: str) -> Refused | None:
    """The no to our application that OAuth's `word` is, with the settings to correct, whose names begin with the platform's; None for another word.

    said -- the platform's own words, without secrets.
    """
    if word not in _APPLICATION:
        return None
    prefix = f"PLANNER_{platform.upper()}_CLIENT"
    todo = f"Correct {prefix}_ID and {prefix}_SECRET, restart the planner, then connect the channel again."
    return Refused(SET_UP, f"{platform} does not accept the planner's application. {todo}" + (f" {platform} says: {said}" if said else ""), account=True)


def granted(told: Grant | Refused | RetryLater) -> Grant:
    """The key, for a person who waits for it. Raises core.errors.Refused with the reason."""
    if isinstance(told, Grant):
        return told
    raise ConsentRefused(told.reason)


def unanswered(failure: CallFailed) -> RetryLater:
    """No answer came. The platform may have renewed the key all the same; the next try finds out."""
    return RetryLater(str(failure))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _after(now: datetime, seconds: Any) -> datetime | None:
    """The moment so many seconds from now; None when no number was told."""
    return now + timedelta(seconds=seconds) if isinstance(seconds, int) and not isinstance(seconds, bool) and 0 <= seconds < 10**10 else None
