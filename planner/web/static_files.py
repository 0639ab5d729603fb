"""Where the built scripts, styles and icons are: reads the manifest that `make assets` writes."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from flask import current_app, g, url_for

__all__ = ["MissingAssetsError", "asset_url"]


class MissingAssetsError(RuntimeError):
    """The assets were never built, or not since this name was added."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: run “make assets”.")


def asset_url(name: str) -> str:
    """The address of a built file: "app.css" -> "/static/dist/app.1A2B3C4D.css". Raises MissingAssetsError."""
    known: dict[str, str] = g.setdefault("asset_urls", {})
    if name not in known:
        known[name] = _address(name)
    return known[name]


def _address(name: str) -> str:
    manifest = f"{current_app.static_folder or 'static'}/dist/manifest.json"
    try:
        hashed = _names(manifest, Path(manifest).stat().st_mtime_ns)[name]
    except FileNotFoundError:
        raise MissingAssetsError(f"{manifest} is not there") from None
    except KeyError:
        raise MissingAssetsError(f"“{name}” is not among the built files") from None
    return url_for("static", filename=f"dist/{hashed}")


@lru_cache(maxsize=2)
def _names(manifest: str, _changed_at: int) -> dict[str, str]:
    """Plain name -> hashed name, read again only when the file changed."""
    names: dict[str, str] = json.loads(Path(manifest).read_text(encoding="utf-8"))
    return names
