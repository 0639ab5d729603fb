"""flask planner performance: what an asset did, across its channels."""

from __future__ import annotations

from typing import Any

import click

from planner.catalog import queries as catalog
from planner.cli import output
from planner.cli.running import Run, acts
from planner.insights import queries

__all__ = ["performance"]

_COLUMNS = ("channel", "published_at", "read_at", "views", "impressions", "engagements", "views_gained")


@click.command("performance")
@click.argument("asset_id", metavar="ASSET", type=click.IntRange(1, 2**63 - 1))
@acts(writes=False)
def performance(run: Run, asset_id: int) -> None:
    """Show an asset's newest numbers on each channel, and what it has together."""
    run.may("read")
    asset = catalog.asset(run.db, asset_id, viewer=run.actor)
    told = queries.asset_performance(run.db, asset.id)
    rows = [_line(post) for post in told.posts]
    totals = {"channel": "together", **{name: told.totals[name] for name in ("views", "impressions", "engagements")}}
    human = f"{asset.title}\n\n" + (output.table([*rows, totals], _COLUMNS) + _mixed(told) if rows else "Nothing about it is live yet.")
    run.show({"asset_id": asset.id, "title": asset.title, "totals": told.totals, "mixed": told.mixed, "posts": told.posts}, human)


def _mixed(told: queries.AssetPerformance) -> str:
    """Which of the totals shown add up what is counted differently."""
    said = [f"{name} ({', '.join(told.mixed[name])})" for name in ("views", "impressions", "engagements") if name in told.mixed]
    return f"\n\nMixed definitions, an order of size and nothing to compare: {'; '.join(said)}" if said else ""


def _line(post: queries.PostNumbers) -> dict[str, Any]:
    counts, growth = post.counts or {}, post.growth or {}
    return {
        "channel": post.channel_name,
        "published_at": post.published_at,
        "read_at": post.read_at,
        "views": counts.get("views"),
        "impressions": counts.get("impressions"),
        "engagements": counts.get("engagements"),
        "views_gained": growth.get("views"),
    }
