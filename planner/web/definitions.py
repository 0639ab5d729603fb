"""What each count is, in words: every number on screen explains itself, and the page of definitions has them all."""

from __future__ import annotations

from typing import NamedTuple

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from planner.insights.definitions import DEFINITIONS, FORMULA, REGIMES, Definition
from planner.web.access import needs
from planner.web.labels import label

__all__ = ["Word", "definitions", "regimes", "show"]


class Word(NamedTuple):
    """One number, in the reader's language. source -- the platforms' own fields, or what else it is made of; when -- how fresh it is."""

    name: str
    meaning: str
    source: str = ""
    when: str = ""


def definitions() -> dict[str, Word]:
    """Key of a number -> what it is."""
    return {one.key: Word(gettext(one.name), gettext(one.meaning), _source(one), gettext(one.when) if one.when else "") for one in DEFINITIONS}


def regimes() -> dict[str, str]:
    """Code of a way of counting views -> its name and what it counts."""
    return {one.code: gettext("%(name)s: %(meaning)s", name=gettext(one.name), meaning=gettext(one.meaning)) for one in REGIMES}


def _source(one: Definition) -> str:
    if one.source:
        return str(gettext(one.source))
    return " · ".join(f"{label(platform)} {fields}" for platform, fields in one.fields.items())


@needs("read")
def show() -> ResponseReturnValue:
    return render_template("performance/definitions.html", definitions=DEFINITIONS, regimes=REGIMES, formula=FORMULA)
