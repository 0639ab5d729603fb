"""flask planner channel: our accounts on platforms, added without a browser."""

from __future__ import annotations

import sys
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.channels import service
from planner.channels.models import Channel
from planner.channels.port import Flavour, Platform
from planner.cli.moments import moment
from planner.cli.running import Run, acts
from planner.core.errors import NotFound
from planner.core.i18n import N_

__all__ = ["channel", "find_channel"]

channel = AppGroup("channel", help="Our accounts on platforms: add, list.")

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
