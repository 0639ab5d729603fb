"""Looks for old assets that come back. Numbers and mentions are on one floor and know nothing of each other: this door brings both together."""

from __future__ import annotations

from planner.core.db import reading
from planner.insights import noticing
from planner.insights.resurfacing import MENTIONED
from planner.ledger.jobs import JobContext
from planner.listening.queries import days_told

__all__ = ["run"]


def run(ctx: JobContext) -> dict[str, int]:
    """Look through the counts of posts, visits and mentions once; how many rises are new."""
    runtime = ctx.runtime
    with runtime.sessions(bind=reading(runtime.engine)) as db:
        since, lately = noticing.mentions_from(runtime.clock.decision_time(db))
        mentions = days_told(db, since=since, lately=lately, least=MENTIONED.least)
    return {"resurfaced": noticing.look(runtime, mentions)}
