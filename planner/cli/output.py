"""How answers look: JSON with UTC moments, or a plain table."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from planner.core.errors import PlannerError

__all__ = ["as_json", "cell", "facts", "sentence", "table"]

_WIDEST = 60


def as_json(value: Any) -> str:
    """Two-space JSON; moments in UTC ending in Z, amounts as text."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=_plain)


def table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    """Rows under their column names, each cell on one line."""
    lines = [[name.replace("_", " ") for name in columns]] + [[cell(row.get(name)) for name in columns] for row in rows]
    widths = [max(len(line[number]) for line in lines) for number in range(len(columns))]
    lines.insert(1, ["─" * width for width in widths])
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def facts(values: dict[str, Any]) -> str:
    """One thing, a line a member."""
    width = max(len(name) for name in values)
    return "\n".join(f"{name.replace('_', ' ').ljust(width)}  {cell(value, widest=2000)}" for name, value in values.items())


def cell(value: Any, *, widest: int = _WIDEST) -> str:
    """A value for people: “–” is not told, moments to the minute in UTC."""
    if value is None or value == "":
        return "–"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%MZ}"
    if isinstance(value, list | tuple):
        return ", ".join(cell(item) for item in value) or "–"
    text = " ".join(str(value).split())
    return text if len(text) <= widest else text[: widest - 1] + "…"


def sentence(message: str, params: Mapping[str, Any]) -> str:
    """An English sentence marked with N_, its places filled."""
    error = PlannerError(message)
    error.params = dict(params)
    return str(error)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"not JSON: {value!r}")
