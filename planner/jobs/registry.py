"""Names of background work, and the function behind each."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from planner.ledger.jobs import JobContext

__all__ = ["FUNCTIONS", "function"]

#: name -> module:function. Looked up at the first use, so that the web process does not load what only workers need.
FUNCTIONS: dict[str, str] = {
    "demo.load": "planner.demo.load:run",
    "import.assets": "planner.insights.importing:run_import",
    "import.readings": "planner.insights.importing:run_import",
    "import.visits": "planner.insights.importing:run_import",
    "import.mentions": "planner.listening.importing:run_import",
    "consents.forget": "planner.channels.waiting:run",
    "digest.send": "planner.reports.digesting:run",
    "native.look": "planner.publishing.native_looking:run",
    "links.look": "planner.planning.link_looking:run",
    "plan.clocks": "planner.planning.clocks:run",
    "promotion.refresh": "planner.promotion.standings:run",
    "collect": "planner.insights.collecting:run",
    "details": "planner.insights.detailing:run",
    "visits.read": "planner.insights.site_reading:run",
    "mentions.hear": "planner.jobs.hearing:run",
    "resurfaced.look": "planner.jobs.resurfacing:run",
    "readings.refresh": "planner.insights.collecting:run_now",
}


def function(name: str) -> Callable[[JobContext], dict[str, Any]]:
    """Raises KeyError for an unknown name."""
    module, _, attribute = FUNCTIONS[name].partition(":")
    found: Callable[[JobContext], dict[str, Any]] = getattr(import_module(module), attribute)
    return found
