"""Mentions in the composer without a script: a name is asked for, and whoever is meant is put at the end of the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import g, request

from planner.core.errors import NotFound
from planner.people import queries
from planner.people.person_models import Person
from planner.planning import mentions
from planner.web.people import wires

__all__ = ["Mentioning", "mentioning"]

_OFFERED = 8


@dataclass(frozen=True, slots=True)
class Mentioning:
    """What the block under the text shows: what was asked, whom it may mean, and what the counters need to know."""

    sought: str = ""
    offered: Sequence[Person] = ()
    wires: dict[str, Any] = field(default_factory=dict)


def mentioning(form: Any) -> Mentioning:
    """Put in whom the pressed button names, when it names one; else whom it may mean."""
    pressed, sought = request.form.get("check", ""), request.form.get("mention", "").strip()[:100]
    offered: Sequence[Person] = ()
    if pressed.startswith("mention"):
        chosen = _chosen(pressed)
        if chosen is None and sought:
            offered = queries.people(g.db, sought=sought, limit=_OFFERED).items
            chosen = offered[0] if len(offered) == 1 else None
        if chosen is not None:
            text = (form.text.data or "").rstrip()
            form.text.data = f"{text} {mentions.token(chosen)}".lstrip()
            sought, offered = "", ()
    return Mentioning(sought if pressed.startswith("mention") else "", offered, wires(form.text.data or ""))


def _chosen(pressed: str) -> Person | None:
    number = pressed.partition(":")[2]
    try:
        return queries.person(g.db, int(number)) if number.isdecimal() and len(number) < 19 else None
    except NotFound:
        return None
