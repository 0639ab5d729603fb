"""The sandbox inside the product's own process: started at the first use, on a free port of this machine only."""

from __future__ import annotations

import threading

from planner.channels.sandbox import Sandbox, serve
from planner.core.settings import Settings

__all__ = ["address"]

_lock = threading.Lock()
_running: dict[str, str] = {}


def address(settings: Settings) -> str:
    """Where the pretend platforms answer: started here, at the address set, or nowhere ("") when off.

    Its state is a file in the data folder, so several processes show the same pretend world.
    """
    if settings.sandbox == "off":
        return ""
    if settings.sandbox.startswith(("http://", "https://")):
        return settings.sandbox
    path = str(settings.data_path / "sandbox.sqlite3")
    with _lock:
        if path not in _running:
            _running[path] = serve(Sandbox(path)).url
        return _running[path]
