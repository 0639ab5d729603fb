"""Where the built scripts, styles and icons are: reads the manifest that `make assets` writes."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import current_app, has_request_context, request, url_for
from flask.globals import app_ctx
from markupsafe import Markup, escape

__all__ = ["MissingAssetsError", "asset_url", "icon"]


_SYMBOL = re.compile(r'<symbol id="([^"]+)"[^>]*>(.*?)</symbol>', re.DOTALL)


class MissingAssetsError(RuntimeError):
    """The assets were never built, or not since this name was added."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: run “make assets”.")


def asset_url(name: str) -> str:
    """The address of a built file: "app.css" -> "/static/dist/app.1A2B3C4D.css". Raises MissingAssetsError."""
    held = app_ctx.g  # Through one proxy: a page asks dozens of times.
    known: dict[str, str] | None = held.get("asset_urls")
    if known is None:
        known = held.asset_urls = _addresses()
    try:
        return known[name]
    except KeyError:
        raise MissingAssetsError(f"“{name}” is not among the built files") from None


def _addresses() -> dict[str, str]:
    """Those of all built files, looked up once a request: they may be built anew while the program runs."""
    manifest = f"{current_app.static_folder or 'static'}/dist/manifest.json"
    try:
        return _known(manifest, Path(manifest).stat().st_mtime_ns, request.script_root if has_request_context() else "")
    except FileNotFoundError:
        raise MissingAssetsError(f"{manifest} is not there") from None


@lru_cache(maxsize=8)
def _known(manifest: str, _changed_at: int, _root: str) -> dict[str, str]:
    """Plain name -> address, read again only when the file changed."""
    folder = url_for("static", filename="dist/")
    names: dict[str, str] = json.loads(Path(manifest).read_text(encoding="utf-8"))
    return {name: f"{folder}{hashed}" for name, hashed in names.items()}


def icon(name: str, label: str = "", **more: Any) -> Markup:
    """One drawing of the sprite, its lines in the page itself: a browser would read the whole sprite before it showed a first one.

    Without a label it is decoration, hidden from screen readers. Raises MissingAssetsError.

    more -- `class`: classes beside its own.
    """
    return _icon(asset_url("icons.svg"), name, label, more.get("class", ""))


@lru_cache(maxsize=2048)
def _icon(sprite: str, name: str, label: str, classes: str) -> Markup:
    spoken = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    try:
        lines = _drawings(sprite)[name]
    except KeyError:
        raise MissingAssetsError(f"There is no drawing “{name}”") from None
    return Markup(f'<svg class="icon{f" {escape(classes)}" if classes else ""}" viewBox="0 0 24 24" {spoken}>{lines}</svg>')  # noqa: S704


@lru_cache(maxsize=8)
def _drawings(sprite: str) -> dict[str, str]:
    """Name -> the lines of that drawing, out of the file at this address, as build.mjs wrote them."""
    file = Path(current_app.static_folder or "static", "dist", sprite.rpartition("/")[2])
    return dict(_SYMBOL.findall(file.read_text(encoding="utf-8")))
