"""flask planner asset: what the company has to say."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import click
from flask.cli import AppGroup

from planner.catalog import queries, service
from planner.catalog.models import Asset, AssetKind, AssetState, Audience, Confidentiality, Purpose
from planner.catalog.service import AssetValues
from planner.cli import output
from planner.cli.moments import one_day, when
from planner.cli.running import Run, acts
from planner.cli.variants import beside, shape_of
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.insights import variants

__all__ = ["asset"]

asset = AppGroup("asset", help="What the company has to say: add, list, show, compare variants.")

_COLUMNS = ("id", "kind", "state", "title")


def _choice(enum: Any) -> click.Choice[str]:
    return click.Choice([member.value for member in enum])


@asset.command("add")
@click.option("--kind", required=True, type=_choice(AssetKind))
@click.option("--title", required=True)
@click.option("--url", default="", help="Where it lives.")
@click.option("--summary", default="")
@click.option("--language", default="en", show_default=True)
@click.option("--purpose", type=_choice(Purpose), default="web", show_default=True)
@click.option("--audience", "audiences", type=_choice(Audience), multiple=True, help="May be given several times.")
@click.option("--state", type=_choice(AssetState), default="idea", show_default=True)
@click.option("--cost", help="What it cost to make; left out: not told.")
@click.option("--confidentiality", type=_choice(Confidentiality), default="public", show_default=True)
@click.option("--embargo-until", help="A moment with its offset: 2026-03-24T09:30+01:00.")
@click.option("--rights-until", help="The last day on which it may be used: 2026-12-31.")
@click.option("--embargo-term", "embargo_terms", multiple=True, help="Words that would give it away; may be given several times.")
@acts()
def add(run: Run, **given: Any) -> None:
    """Add an asset."""
    values = AssetValues(
        kind=AssetKind(given["kind"]), title=given["title"], url=given["url"], summary=given["summary"], language=given["language"],
        purpose=Purpose(given["purpose"]), audiences=[Audience(one) for one in given["audiences"]],
        state=AssetState(given["state"]), cost=_amount(given["cost"]), confidentiality=Confidentiality(given["confidentiality"]),
        embargo_until=_moment(given["embargo_until"], run.now), embargo_terms=list(given["embargo_terms"]),
        rights_until=one_day(given["rights_until"], field="--rights-until") if given["rights_until"] else None,
        owner_id=run.actor.id if run.actor else None, currency=run.runtime.settings.currency,
    )  # fmt: skip
    run.may("asset.create")
    made = service.create(run.db, values, actor=run.actor, now=run.now)
    run.db.flush()
    run.show(_shape(made), f"Added asset {made.id}: {made.title} ({made.kind}, {made.state}).")


@asset.command("list")
@click.option("--search", default="", help="Words of the title or summary.")
@click.option("--kind", "kinds", type=_choice(AssetKind), multiple=True)
@click.option("--state", "states", type=_choice(AssetState), multiple=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@acts(writes=False)
def list_(run: Run, search: str, kinds: tuple[str, ...], states: tuple[str, ...], limit: int) -> None:
    """List assets."""
    run.may("read")
    filters = queries.Filters(q=search, kinds=[AssetKind(one) for one in kinds], states=[AssetState(one) for one in states])
    page = queries.search(run.db, filters, viewer=run.actor, limit=limit)
    rows = [{name: getattr(card, name) for name in _COLUMNS} for card in page.items]
    run.table("assets", rows, _COLUMNS, "No assets.")


@asset.command("show")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@acts(writes=False)
def show(run: Run, number: int) -> None:
    """Show one asset."""
    run.may("read")
    shape = _shape(queries.asset(run.db, number, viewer=run.actor))
    run.show(shape, output.facts(shape))


@asset.command("variants")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@acts(writes=False)
def variants_(run: Run, number: int) -> None:
    """Compare its live variants, each group at one age."""
    run.may("read")
    found = variants.of_asset(run.db, queries.asset(run.db, number, viewer=run.actor).id)
    human = "\n\n".join(map(beside, found)) or "It has no two live variants."
    run.show({"asset_id": number, "groups": [shape_of(one) for one in found]}, human)


def _amount(typed: str | None) -> Decimal | None:
    if typed is None:
        return None
    try:
        amount = Decimal(typed)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount < 10**10:
        raise Invalid(N_("“%(typed)s” is not an amount such as 1200.50."), field="--cost", typed=typed[:40])
    return amount


def _moment(typed: str | None, now: datetime) -> datetime | None:
    if not typed:
        return None
    chosen = when(typed, now)
    if "publish_at" not in chosen:
        raise Invalid(N_("End the moment with Z or an offset such as +01:00."), field="--embargo-until")
    moment: datetime = chosen["publish_at"]
    return moment


def _shape(found: Asset) -> dict[str, Any]:
    return {
        "id": found.id,
        "kind": found.kind,
        "state": found.state,
        "title": found.title,
        "summary": found.summary,
        "url": found.url,
        "language": found.language,
        "purpose": found.purpose,
        "audiences": found.audiences,
        "cost": found.cost,
        "currency": found.currency,
        "confidentiality": found.confidentiality,
        "embargo_until": found.embargo_until,
        "source_key": found.source_key,
        "version": found.version,
    }
