"""The members of requests and answers: strict about what comes in, and every refusal a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from planner.api.problems import Sentence
from planner.core.i18n import N_

__all__ = [
    "MAX_ID", "Body", "Choice", "Day", "Days", "Flag", "Item", "Line", "Lines", "Listed", "Moment", "Money", "NoBody", "Number", "Out", "QueryNumber",
]  # fmt: skip

#: Largest number a row can have.
MAX_ID = 2**63 - 1
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_YEARS = range(1970, 2101)

Messages = dict[str, str | list[Any] | dict[Any, Any]]


def _messages(**own: str) -> Messages:
    """A field's sentences by marshmallow's keys: those all fields share, and its own."""
    return {
        "required": N_("This is needed."),
        "null": N_("This may not be null."),
        "validator_failed": N_("This cannot be taken."),
        **own,
    }


class Body(Schema):
    """A request's body or query: members that are not listed are refused, not ignored."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": N_("There is no such member."), "type": N_("A JSON object is expected here.")}


class NoBody(Body):
    """Nothing has to be said."""


class Out(Schema):
    """The members of an answer."""


class Lines(fields.String):
    """Text of several lines."""

    default_error_messages = _messages(invalid=N_("A text is expected here."))
    _control = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

    def __init__(self, *, most: int, least: int = 0, **options: Any) -> None:
        """most, least -- how many characters, after blanks at both ends are dropped."""
        self.most, self.least = most, least
        options.setdefault("metadata", {})
        options["metadata"] = {"maxLength": most, **({"minLength": least} if least else {}), **options["metadata"]}
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if self._control.search(value) or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise ValidationError(Sentence(N_("This text holds characters that cannot be stored or shown.")))
        text = str(value).strip()
        if len(text) > self.most:
            raise ValidationError(Sentence(N_("At most %(most)s characters; this has %(count)s."), most=self.most, count=len(text)))
        if len(text) < self.least:
            raise ValidationError(Sentence(N_("At least %(least)s characters are needed here."), least=self.least))
        return text


class Line(Lines):
    """Text of one line."""

    _control = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


class Number(fields.Integer):
    """A whole number in JSON: no text, no fraction, nothing a row cannot hold."""

    default_error_messages = _messages(invalid=N_("A whole number is expected here."))

    def __init__(self, *, least: int = 0, most: int = MAX_ID, **options: Any) -> None:
        self.least, self.most = least, most
        options["metadata"] = {"minimum": least, "maximum": most, **options.get("metadata", {})}
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid")
        return self._bounded(value)

    def _bounded(self, value: int) -> int:
        if not self.least <= value <= self.most:
            raise ValidationError(Sentence(N_("A number from %(least)s to %(most)s is expected here."), least=self.least, most=self.most))
        return value


class QueryNumber(Number):
    """A whole number in an address; with a minus where it may be below zero."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, str) or not re.fullmatch(r"-?\d{1,19}" if self.least < 0 else r"\d{1,19}", value, re.ASCII):
            raise self.make_error("invalid")
        return self._bounded(int(value))


class Flag(fields.Boolean):
    """true or false, nothing that merely looks like it (in an address: the words)."""

    default_error_messages = _messages(invalid=N_("true or false is expected here."))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(data, Mapping) and not isinstance(data, dict) and value in ("true", "false"):
            return bool(value == "true")
        raise self.make_error("invalid")


class Moment(fields.DateTime):
    """An aware moment, ISO 8601 with its offset; answered in UTC."""

    default_error_messages = _messages(invalid=N_("A moment such as 2026-03-02T14:00:00+01:00 is expected here."))

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not _MOMENT.fullmatch(value):
            raise self.make_error("invalid")
        try:
            moment = datetime.fromisoformat(value.upper())
        except ValueError:
            raise self.make_error("invalid") from None
        if moment.tzinfo is None:
            raise ValidationError(Sentence(N_("Say which time zone is meant: end the moment with Z or an offset such as +01:00.")))
        if moment.year not in _YEARS:
            raise ValidationError(Sentence(N_("A year from %(first)s to %(last)s is expected here."), first=_YEARS[0], last=_YEARS[-1]))
        return moment.astimezone(UTC)


class Day(fields.Date):
    """A day, YYYY-MM-DD."""

    default_error_messages = _messages(invalid=N_("A day such as 2026-03-02 is expected here."))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
            raise self.make_error("invalid")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise self.make_error("invalid") from None
        if day.year not in _YEARS:
            raise ValidationError(Sentence(N_("A year from %(first)s to %(last)s is expected here."), first=_YEARS[0], last=_YEARS[-1]))
        return day


class Days(fields.Float):
    """A span of time, answered in days."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> float | None:
        return None if value is None else value / timedelta(days=1)


class Money(fields.Decimal):
    """An amount with two decimals, as text ("1200.50") so that no cent is lost; a JSON number is taken too."""

    default_error_messages = _messages(invalid=N_("An amount from 0 to 9999999999.99, with at most two decimals, is expected here."))

    def __init__(self, **options: Any) -> None:
        options["metadata"] = {"type": ["string", "number"], "example": "1200.50", **options.get("metadata", {})}
        super().__init__(as_string=True, **options)

    def _serialize(self, value: Decimal | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else f"{value:.2f}"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > 20:
            raise self.make_error("invalid")
        try:
            amount = Decimal(str(value))
            whole_cents = amount.is_finite() and amount == amount.quantize(Decimal("0.01"))
        except InvalidOperation:
            raise self.make_error("invalid") from None
        if not whole_cents or not 0 <= amount < 10**10:
            raise self.make_error("invalid")
        return amount.quantize(Decimal("0.01"))


class Choice(fields.Enum[Any]):
    """One member of a closed list, by its value."""

    default_error_messages = _messages(invalid=N_("A text is expected here."))

    def __init__(self, enum: type[StrEnum], **options: Any) -> None:
        super().__init__(enum, by_value=True, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        try:
            return self.enum(value)
        except ValueError:
            known = ", ".join(member.value for member in self.enum)
            raise ValidationError(Sentence(N_("One of these is expected here: %(known)s."), known=known)) from None


class Listed(fields.List[Any]):
    """A list with an upper limit."""

    default_error_messages = _messages(invalid=N_("A list is expected here."))

    def __init__(self, inner: Any, *, most: int, **options: Any) -> None:
        limit = validate.Length(max=most, error=Sentence(N_("At most %(most)s of them."), most=most))
        super().__init__(inner, validate=limit, **options)


class Item(fields.Nested):
    """An object inside another."""

    default_error_messages = _messages(type=N_("A JSON object is expected here."))
