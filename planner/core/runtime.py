"""What a running product holds in one place: settings, clock, engine, sessions, and the registry of adapters."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from planner.core.clock import Clock
from planner.core.db import Sessions
from planner.core.settings import Settings

__all__ = ["Runtime"]


@dataclass
class Runtime:
    """One a process, made by the factory. The registry is made at its first use: it may have to start the sandbox."""

    settings: Settings
    clock: Clock
    engine: Engine
    sessions: Sessions
    #: Makes a planner.channels.registry.Registry; that room lies above this floor, hence no name for it here.
    make_registry: Callable[[], Any]
    _registry: Any = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    @property
    def registry(self) -> Any:
        with self._lock:
            if self._registry is None:
                self._registry = self.make_registry()
            return self._registry
