"""Column types: aware UTC times, sealed secrets, closed lists stored as text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Dialect, LargeBinary, String
from sqlalchemy.types import TypeDecorator

from planner.core.secrets import Sealer

__all__ = ["Choice", "Sealed", "UtcDateTime", "seal", "unseal", "use_sealer"]

_sealer: Sealer | None = None


def use_sealer(sealer: Sealer) -> None:
    """Give this process the keys that Sealed columns use; the factory calls it once."""
    global _sealer
    _sealer = sealer


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment. Stored in UTC: `timestamptz` on PostgreSQL, ISO text without zone on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs its zone: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """SQLite's text is written by one call: a calendar of thousands asks about hundreds of moments."""
        return _write_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], datetime | None] | None:
        """SQLite gives our own ISO text, which one call reads; a calendar reads thousands of these."""
        return _read_text if dialect.name == "sqlite" else _read_moment


def _write_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(f"a moment needs its zone: {value!r}")
    return value.astimezone(UTC).isoformat(" ", "microseconds")[:26]


def _read_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value + "+00:00")  # Seven times as quick as replace().


def _read_moment(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


class Sealed(TypeDecorator[str]):
    """Text that the database only ever sees encrypted."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _keys().seal(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else unseal(value)


def seal(value: str) -> bytes:
    """A secret as a Sealed column would hold it, for who keeps it in another kind of column."""
    return _keys().seal(value)


def unseal(value: bytes) -> str:
    """What a Sealed column holds, read as it lies there: for who must know whose seal it is that does not open."""
    return _keys().open(value)


def _keys() -> Sealer:
    if _sealer is None:
        raise RuntimeError("no sealing keys in this process: create_app() was not called")
    return _sealer


class Choice(TypeDecorator[StrEnum]):
    """A closed list kept as text: a new member needs no migration, an unknown stored one is an error at once."""

    impl = String(32)
    cache_ok = True

    def __init__(self, enum: type[StrEnum]) -> None:
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else self.enum(value).value

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str | None]:
        """A look-up as well."""
        return _Values(self.enum).__getitem__

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], StrEnum | None] | None:
        """A look-up in a table of the members: many times faster than calling the enumeration."""
        return _Members(self.enum).__getitem__


class _Values(dict[Any, str | None]):
    """A member, or its value -> what is stored; what is unknown is the enumeration's own error."""

    def __init__(self, enum: type[StrEnum]) -> None:
        super().__init__({member: member.value for member in enum})
        self[None] = None
        self.enum = enum

    def __missing__(self, key: Any) -> str:
        return self.enum(key).value


class _Members(dict[Any, StrEnum | None]):
    """What is stored -> the member; what is unknown is the enumeration's own error."""

    def __init__(self, enum: type[StrEnum]) -> None:
        super().__init__({member.value: member for member in enum})
        self[None] = None
        self.enum = enum

    def __missing__(self, key: Any) -> StrEnum:
        return self.enum(key)
