"""Structured log lines on stderr; a key that looks like a secret is never written.

structlog is loaded with the first line: it brings a terminal's whole toolbox where one is installed, and a good day logs nothing.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from functools import cached_property
from typing import Any

__all__ = ["Log", "get_logger", "set_up_logging"]

_SECRET_WORDS = ("token", "secret", "password", "authorization", "cookie", "credential")
_level = "INFO"


def set_up_logging(level: str) -> None:
    """One line an event, key=value, on stderr; from this level on."""
    global _level
    _level = level
    if "structlog" in sys.modules:
        _configure()


def get_logger(name: str) -> Log:
    """The log of one module."""
    return Log(name)


class Log:
    """Writes events: `log.error("crash", path=…, exc_info=error)`."""

    def __init__(self, name: str) -> None:
        self._name = name

    @cached_property
    def _lines(self) -> Any:
        import structlog

        _configure()
        return structlog.get_logger(self._name)

    def info(self, event: str, **values: Any) -> None:
        self._lines.info(event, **values)

    def warning(self, event: str, **values: Any) -> None:
        self._lines.warning(event, **values)

    def error(self, event: str, **values: Any) -> None:
        self._lines.error(event, **values)


def _configure() -> None:
    import structlog

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _hide_secrets,
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping().get(_level.upper(), 20)),
        logger_factory=lambda *_name: structlog.PrintLogger(sys.stderr),  # What stderr is when a line is written, not when the first one was.
        cache_logger_on_first_use=False,
    )


def _hide_secrets(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in event:
        if any(word in key.lower() for word in _SECRET_WORDS):
            event[key] = "(hidden)"
    return event
