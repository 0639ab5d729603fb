"""flask planner share: links that show the calendar to people without an account."""

from __future__ import annotations

from datetime import timedelta

import click
from flask.cli import AppGroup

from planner.accounts.models import User
from planner.accounts.rules import may
from planner.cli.channels import find_channel
from planner.cli.running import Run, acts
from planner.core.errors import Invalid, NotFound
from planner.core.i18n import N_
from planner.planning import shares
from planner.planning.models import Share, ShareKind

__all__ = ["share"]

share = AppGroup("share", help="Links that show the calendar: make, list, revoke.")


@share.command("make")
@click.argument("name")
@click.option("--feed", is_flag=True, help="A calendar feed instead of a page.")
@click.option("--days", type=click.IntRange(0, 366), default=30, show_default=True, help="How long it works; 0, for a feed: until it is revoked.")
@click.option("--channel", "channel_names", multiple=True, help="Number or name; may be given several times. All when left out.")
@click.option("--leave-out", is_flag=True, help="What is confidential is left out.")
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", show_default=True)
@acts()
def make(run: Run, name: str, feed: bool, days: int, channel_names: tuple[str, ...], leave_out: bool, language: str) -> None:
    """Make a link in the name of the person that --as names; it is told this once."""
    maker = _somebody(run)
    wanted = shares.NewShare(
        name, ShareKind.FEED if feed else ShareKind.PAGE, channels=[find_channel(run.db, one).id for one in channel_names], leaves_out=leave_out,
        life=timedelta(days=days) if days else None, language=language,
    )  # fmt: skip
    made, token = shares.make(run.db, wanted, actor=maker, now=run.now)
    address = f"{run.runtime.settings.base_url.rstrip('/')}/s/{token}" + (".ics" if feed else "")
    run.show({"id": made.id, "name": made.name, "kind": made.kind, "expires_at": made.expires_at, "address": address}, address)


@share.command("list")
@acts(writes=False)
def list_(run: Run) -> None:
    """List the links, without what they are."""
    viewer = _somebody(run)
    rows = [
        {
            "id": one.id, "name": one.name, "kind": one.kind, "made_by": one.made_by, "expires_at": one.expires_at, "last_used_at": one.last_used_at,
            "works": one.works,
        }
        for one in shares.lines(run.db, viewer=viewer, now=run.now)
    ]  # fmt: skip
    run.table("shares", rows, ("id", "name", "kind", "made_by", "expires_at", "last_used_at", "works"), "No links.")


@share.command("revoke")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@acts()
def revoke(run: Run, number: int) -> None:
    """Make a link stop working at once."""
    found = run.db.get(Share, number)
    if found is None or not (run.actor is None or found.created_by_id == run.actor.id or may(run.actor, "share.manage")):
        raise NotFound(N_("There is no link %(number)s."), number=number)
    shares.revoke(run.db, found, actor=run.actor, now=run.now)
    run.show({"id": found.id, "name": found.name, "revoked_at": found.revoked_at}, f"Link {found.id}, “{found.name}”, no longer works.")


def _somebody(run: Run) -> User:
    if run.actor is None:
        raise Invalid(N_("Name the person with --as: a link is somebody's."), field="--as")
    return run.actor
