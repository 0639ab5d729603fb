"""The base of every form: a CSRF token, and a way to show a rule's refusal beside its field."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import get_timezone
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, Field

from planner.core.errors import Invalid, PlannerError
from planner.planning.moments import fold_of, is_double, resolve_wall_time
from planner.web.languages import say

__all__ = ["MomentField", "PlannerForm"]


class PlannerForm(FlaskForm):
    """Shape and conversion only. `general` holds sentences that belong to no field; templates show them on top."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.general: list[str] = []

    def refuse(self, error: PlannerError, field: str | None = None) -> None:
        """Attach a failure's sentence to `field`, else to the field it names, else to the top of the form."""
        name = field or error.field
        target: Field | None = self._fields.get(name) if name else None
        if target is None:
            self.general.append(say(error))
        else:
            target.errors = [*target.errors, say(error)]

    @property
    def refused(self) -> bool:
        return bool(self.general or self.errors)

    def hidden_tag_errors(self) -> list[str]:
        """Sentences of hidden fields, which have no place of their own on the page."""
        return [text for name in ("csrf_token",) if name in self._fields for text in self._fields[name].errors]


class MomentField(DateTimeLocalField):
    """A wall time in a zone (the reader's unless given); its data is an aware UTC moment.

    A time that does not exist is refused; for one that comes twice the field `<name>-fold` says which, and is asked for until it does.
    """

    def __init__(self, label: Any = None, validators: Any = None, *, zone: str | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("format", ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"])
        super().__init__(label, validators, **kwargs)
        self.zone = zone
        self.fold: int | None = None
        self._asked = False

    @property
    def chosen_fold(self) -> int | None:
        """0 or 1: which of the two is meant; None where nobody said, or nothing comes twice."""
        if self.fold is None and self.data and is_double(self.data, str(self._tz())):
            return fold_of(self.data, str(self._tz()))
        return self.fold

    @property
    def asks_fold(self) -> bool:
        """Whether the question “the first or the second time?” is on the page."""
        return self._asked or self.chosen_fold is not None

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        told = formdata.get(f"{self.name}-fold") if formdata else None
        self.fold = int(told) if told in ("0", "1") else None
        super().process(formdata, *args, **kwargs)

    def _tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone or str(get_timezone()))

    def _value(self) -> str:
        if self.raw_data:
            return " ".join(self.raw_data)
        return self.data.astimezone(self._tz()).strftime("%Y-%m-%dT%H:%M") if self.data else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Write a date and time such as 2026-03-24 09:30.")) from None
        wall: datetime = self.data  # type: ignore[assignment]
        if not 1990 <= wall.year <= 2100:
            self.data = None
            raise ValueError(_("Choose a year between 1990 and 2100."))
        try:
            self.data = resolve_wall_time(wall, str(self._tz()), fold=self.fold)
        except Invalid as error:
            self.data, self._asked = None, error.field == "fold"
            raise ValueError(say(error)) from None
