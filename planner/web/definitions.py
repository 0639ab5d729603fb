"""What each count is, in words: every number on screen explains itself, and the page of definitions has them all."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from planner.insights.definitions import DEFINITIONS, FORMULA, REGIMES
from planner.web.access import needs

__all__ = ["definitions", "show"]


def definitions() -> dict[str, tuple[str, str]]:
    """Key of a number -> its name and its definition, in the reader's language."""
    return {one.key: (gettext(one.name), gettext(one.meaning)) for one in DEFINITIONS}


@needs("read")
def show() -> ResponseReturnValue:
    return render_template("performance/definitions.html", definitions=DEFINITIONS, regimes=REGIMES, formula=FORMULA)
