"""flask planner deliveries: the outbox."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from planner.cli.moments import moment
from planner.cli.running import Run, acts
from planner.core.errors import NotFound
from planner.core.i18n import N_
from planner.publishing import queries, service
from planner.publishing.models import Delivery, DeliveryState
from planner.publishing.restored import look_first

__all__ = ["deliveries"]

deliveries = AppGroup("deliveries", help="The outbox: list, retry, look-first.")

_COLUMNS = ("id", "post_id", "channel_id", "state", "due_at", "tries", "reason")


@deliveries.command("list")
@click.option("--state", "states", type=click.Choice([state.value for state in DeliveryState]), multiple=True, help="May be given several times.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@acts(writes=False)
def list_(run: Run, states: tuple[str, ...], limit: int) -> None:
    """List deliveries with their attempts, newest first."""
    run.may("delivery.resolve")
    found = queries.recent(run.db, states=tuple(DeliveryState(state) for state in states), limit=limit)
    run.table("deliveries", [_shape(one) for one in found], _COLUMNS, "No deliveries.")


@deliveries.command("retry")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@acts()
def retry(run: Run, number: int) -> None:
    """Send one now although its moment passed or its tries ran out."""
    delivery = run.db.get(Delivery, number)
    if delivery is None:
        raise NotFound(N_("There is no delivery %(number)s."), number=number)
    run.may("delivery.resolve", delivery.post)
    service.retry(run.db, delivery, actor=run.actor, now=run.now)
    run.db.flush()
    view = queries.delivery_of(run.db, delivery.post_id)
    assert view is not None
    run.show(_shape(view), f"Delivery {number} is due again.")


@deliveries.command("look-first")
@click.option("--since", required=True, metavar="MOMENT", help="When the backup was made, such as 2026-03-24T09:30Z.")
@acts()
def look_first_command(run: Run, since: str) -> None:
    """After putting a backup back by other means than `restore`: look every unsent post up before it is sent."""
    run.may("user.manage")
    count = look_first(run.db, since=moment(since, field="--since"), actor=run.actor, now=run.now)
    run.show({"looked_up_first": count}, f"{count} unsent posts are looked up before they are sent.")


def _shape(view: queries.DeliveryView) -> dict[str, object]:
    return {
        "id": view.id,
        "post_id": view.post_id,
        "channel_id": view.channel_id,
        "state": view.state,
        "hold": view.hold,
        "due_at": view.due_at,
        "next_at": view.next_at,
        "tries": view.tries,
        "reason": view.reason,
        "attempts": view.attempts,
    }
