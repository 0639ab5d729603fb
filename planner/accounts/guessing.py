"""Slows down guessing one account's password, from however many addresses and whatever process the tries reach. None commits."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from planner.accounts.models import SignInFailure
from planner.core.errors import PlannerError
from planner.core.i18n import N_
from planner.core.secrets import token_digest

__all__ = ["MOST_TRIES", "WITHIN", "TooManyTries", "count", "forget"]

#: So many tries with a wrong password in this time; links that sign in work meanwhile.
MOST_TRIES, WITHIN = 30, timedelta(hours=1)


class TooManyTries(PlannerError):
    """Somebody guesses at this address, whether or not anybody has it."""

    code = "too_many_requests"
    status = 429

    def __init__(self) -> None:
        super().__init__(N_("Too many tries with this address. Wait an hour, or ask an administrator for a sign-in link."))


def count(db: Session, address: str, *, now: datetime) -> None:
    """Write one try down before it is looked at, so that many at once count as well. Raises TooManyTries."""
    name = _name(address)
    db.execute(delete(SignInFailure).where(SignInFailure.at <= now - WITHIN))
    if (db.scalar(select(func.count()).where(SignInFailure.email == name)) or 0) >= MOST_TRIES:
        raise TooManyTries
    db.add(SignInFailure(email=name, at=now))


def forget(db: Session, address: str) -> None:
    """The right password was among the tries."""
    db.execute(delete(SignInFailure).where(SignInFailure.email == _name(address)))


def _name(address: str) -> str:
    """What is kept of an address: no table of whoever tried, nor of passwords typed into the wrong field."""
    return token_digest(address.lower())
