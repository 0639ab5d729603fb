"""The sandbox's few HTML pages: escaped, styled by one file of its own, without scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.wrappers import Response

__all__ = ["FOLDER", "show"]

FOLDER = Path(__file__).parent / "html"
_environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def show(template: str, status: int = 200, **values: Any) -> Response:
    """A page from html/."""
    return Response(_environment.get_template(template).render(**values), status, _HEADERS, content_type="text/html; charset=utf-8")
