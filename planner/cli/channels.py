"""flask planner channel: our accounts on platforms, added without a browser."""

from __future__ import annotations

import sys
from datetime import UTC, timedelta
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.channels import service
from planner.channels.models import Channel
from planner.channels.port import Flavour, Platform
from planner.cli import output
from planner.cli.channel_numbers import days_back, gains_of, numbers_of, said_of
from planner.cli.moments import moment
from planner.cli.running import Run, acts
from planner.core.errors import NotFound
from planner.core.i18n import N_
from planner.insights.channel_page import channel_numbers
from planner.insights.gains import gains

__all__ = ["channel", "find_channel"]

channel = AppGroup("channel", help="Our accounts on platforms: add, list, performance, gains.")

_COLUMNS = ("id", "platform", "name", "state", "external_id", "time_zone", "last_success_at")


@channel.command("add")
@click.option("--platform", required=True, type=click.Choice([one.value for one in Platform]))
@click.option("--name", required=True, help="As people will see it here.")
@click.option("--access-token", help="The platform's token. “-” reads it from standard input.")
@click.option("--external-id", default="", help="The platform's own number or URN for the account.")
@click.option("--refresh-token", help="Where the platform gives one.")
@click.option("--expires-at", help="When the token ends, with its offset: 2026-03-24T09:30+01:00.")
@click.option("--flavour", type=click.Choice([one.value for one in Flavour]), help="For a webhook: which product.")
@click.option("--url", help="For a webhook: its address.")
@click.option("--time-zone", help="IANA name; the setting PLANNER_TIME_ZONE when left out.")
@acts()
def add(
    run: Run,
    platform: str,
    name: str,
    access_token: str | None,
    external_id: str,
    refresh_token: str | None,
    expires_at: str | None,
    flavour: str | None,
    url: str | None,
    time_zone: str | None,
) -> None:
    """Add a channel with its key; the key is stored sealed and never shown again."""
    run.may("channel.manage")
    if access_token == "-":  # noqa: S105
        access_token = sys.stdin.readline().strip()
    made = service.add(
        run.db, platform=platform, name=name, access_token=url or access_token, external_id=external_id, refresh_token=refresh_token,
        expires_at=moment(expires_at, field="--expires-at") if expires_at else None, config={"flavour": flavour} if flavour else {}, time_zone=time_zone or run.runtime.settings.time_zone,
        actor=run.actor, now=run.now,
    )  # fmt: skip
    run.show(_shape(made), f"Added channel {made.id}: {made.name} ({made.platform}), {made.state}.")


@channel.command("list")
@acts(writes=False)
def list_(run: Run) -> None:
    """List channels."""
    run.may("read")
    rows = [_shape(one) for one in run.db.scalars(select(Channel).order_by(Channel.platform, Channel.name))]
    run.table("channels", rows, _COLUMNS, "No channels yet: flask planner channel add --help")


@channel.command("performance")
@click.argument("wanted", metavar="CHANNEL")
@days_back
@acts(writes=False)
def performance(run: Run, wanted: str, days: int) -> None:
    """Show what a channel gained, its best and weakest posts, its followers and its good hours."""
    run.may("read")
    found = channel_numbers(run.db, find_channel(run.db, wanted).id, viewer=run.actor, days=days, now=run.now)
    run.show(numbers_of(found), said_of(found))


@channel.command("gains")
@days_back
@acts(writes=False)
def gains_(run: Run, days: int) -> None:
    """Show followers gained, organic and paid apart, where a platform tells it."""
    run.may("read")
    since = run.now.astimezone(UTC).date() - timedelta(days=days)
    told = gains(run.db, since)
    known = run.db.scalars(select(Channel).where(Channel.id.in_(told)).order_by(Channel.platform, Channel.name))
    rows: list[dict[str, Any]] = [{"channel_id": one.id, "channel_name": one.name, "platform": one.platform} | gains_of(told[one.id]) for one in known]
    lines = [row | {"from": row["days"][0]["day"], "to": row["days"][-1]["day"]} for row in rows]
    human = output.table(lines, ("channel_name", "from", "to", "organic", "paid", "read_at")) if rows else "No platform told any."
    run.show({"since": since, "channels": rows}, human)


def find_channel(db: Session, wanted: str) -> Channel:
    """A channel by its number or its name. Raises NotFound, also for a name that two platforms share."""
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 19:
        return service.by_id(db, int(wanted))
    found = db.scalars(select(Channel).where(Channel.name == wanted).limit(2)).all()
    if len(found) != 1:
        raise NotFound(N_("%(count)s channels are called “%(name)s”. Give its number instead."), count=len(found), name=wanted[:120])
    return found[0]


def _shape(one: Channel) -> dict[str, Any]:
    return {
        "id": one.id,
        "platform": one.platform,
        "name": one.name,
        "state": one.state,
        "external_id": one.external_id,
        "time_zone": one.time_zone,
        "last_success_at": one.last_success_at,
    }
