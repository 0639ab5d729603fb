"""Reads a request's body and query: JSON without duplicates, NaN or silent guesses, and nothing unknown."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import marshmallow as ma
from flask import Request
from flask_smorest import Blueprint as SmorestBlueprint
from webargs.flaskparser import FlaskParser, is_json_request

from planner.api.problems import BadInput, Malformed, NotJson, Sentence
from planner.core.i18n import N_

__all__ = ["MAX_BODY_BYTES", "Blueprint", "strict_json"]

#: Largest body the API takes; files come in through the pages.
MAX_BODY_BYTES = 5_000_000


def strict_json(raw: bytes) -> Any:
    """The value written in `raw`. Raises Malformed for anything that two readers could understand differently."""
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_no_doubles)
    except (ValueError, RecursionError):
        raise Malformed(N_("The body is not valid JSON.")) from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is there twice")
    return members


class _StrictParser(FlaskParser):
    """Webargs with our own JSON reader; unknown members are refused wherever they stand."""

    DEFAULT_UNKNOWN_BY_LOCATION = dict.fromkeys(("json", "query"), ma.RAISE)

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        raw = req.get_data(cache=True)
        if not raw:
            return {}
        if not is_json_request(req):
            raise NotJson(N_("Send the body as application/json."))
        value = strict_json(raw)
        if not isinstance(value, dict):
            raise BadInput({"json": {"_schema": [Sentence(N_("The body has to be a JSON object."))]}})
        return value

    def handle_error(self, error: ma.ValidationError, req: Any, schema: Any, **options: Any) -> NoReturn:
        raise BadInput(error.messages if isinstance(error.messages, dict) else {"json": error.messages})


class Blueprint(SmorestBlueprint):  # type: ignore[misc]
    """One resource of the API."""

    ARGUMENTS_PARSER = _StrictParser()
