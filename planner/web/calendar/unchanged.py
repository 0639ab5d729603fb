"""Whether a page of the calendar is still what its reader has: a mark of everything it is drawn from, read from two keys.

Every change of a plan writes a line of history, and a message found on a platform is a new row; so the highest number of each tells whether
anything changed. On PostgreSQL a line may appear after one with a higher number, so those just below the highest are counted too. It is read before the posts: what changes meanwhile makes the page old, never new. The mark carries the page's nonce: an answer “nothing changed” renews the stored page's policy, which must go on naming it.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Any

from flask import Response, g, request, session
from sqlalchemy import ColumnElement, Dialect, func, select
from sqlalchemy.orm import aliased

from planner.accounts.models import Entry
from planner.core.db import Record
from planner.publishing.models import Native
from planner.web.session import runtime
from planner.web.static_files import asset_url

__all__ = ["marked", "newest", "unchanged"]

#: A page says “today” and what is still to come, so it is drawn anew after this many seconds whatever happened.
_HOLDS_SECONDS = 600
#: No change is committed after so many others that began later.
_NEAR = 100

_NONCE = re.compile(r"[A-Za-z0-9_-]{22}")


def newest() -> tuple[Any, Any]:
    """The mark of the lines of history and that of the found messages, as columns; 0 without one."""
    return _mark(Entry), _mark(Native)


def _mark(kind: type[Record]) -> ColumnElement[int]:
    """The highest number with how many of the last ones there are: another one after each change, in whatever order several are committed."""
    other = aliased(kind)
    highest = select(func.max(other.id)).scalar_subquery()
    near = select(func.count()).select_from(kind).where(kind.id > highest - _NEAR).scalar_subquery()
    return func.coalesce(select(func.max(kind.id)).scalar_subquery(), 0) * (_NEAR + 1) + near


@lru_cache(maxsize=2)
def _newest(dialect: Dialect) -> str:
    """Handed to the driver as it is: all that an unchanged page asks for beside its reader."""
    return str(select(*newest()).compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def unchanged() -> Response | None:
    """The answer to who has this very page; None: draw it."""
    if not request.if_none_match or "_flashes" in session:
        return None
    key = _key()
    for tag in request.if_none_match.as_set():
        had, _dot, nonce = tag.partition(".")
        if had == key and _NONCE.fullmatch(nonce):
            g.nonce = nonce
            answer = Response(status=304)
            answer.set_etag(tag)
            return answer
    return None


def marked(page: str, *, with_messages: bool) -> Response:
    """The page with its mark; one that tells of something just done has none, since it tells it once."""
    answer = Response(page)
    if not with_messages:
        answer.set_etag(f"{_key()}.{g.nonce}")
    return answer


def _key() -> str:
    user, cookies, usual = g.user, request.cookies, runtime().settings
    if "newest" not in g:
        connection = g.db.connection()
        g.newest = tuple(connection.exec_driver_sql(_newest(connection.dialect)).one())
    parts: list[Any] = [
        *g.newest, user.id, user.fs_uniquifier, *sorted(user.role_names), user.theme, user.language, user.time_zone,
        session.get("csrf_token"), cookies.get("theme"), cookies.get("language"), request.headers.get("Accept-Language"), request.full_path,
        usual.language, usual.time_zone, int(g.now.timestamp()) // _HOLDS_SECONDS, asset_url("calendar.js"),
    ]  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
