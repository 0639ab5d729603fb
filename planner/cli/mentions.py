"""flask planner mentions: what others wrote of us, and forgetting who they were."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from planner.cli.running import Run, acts
from planner.listening import forgetting

__all__ = ["mentions"]

mentions = AppGroup("mentions", help="What others wrote of us.")


@mentions.command("forget")
@click.option("--author", default="", metavar="NAME", help="Everything this person wrote; a handle (@name) will do.")
@click.option("--address", default="", metavar="URL", help="What stands at this address.")
@click.option("--dry-run", is_flag=True, help="Say how many there are, and forget nothing.")
@acts()
def forget(run: Run, author: str, address: str, dry_run: bool) -> None:
    """Forget who wrote mentions, their words and their address, for good; that there was one, where and when, stays."""
    run.may("mention.import")
    found = forgetting.written_by(run.db, author=author, address=address)
    if not dry_run:
        forgetting.forget(run.db, found, actor=run.actor, now=run.now)
    run.show({"mentions": len(found), "forgotten": not dry_run}, f"{len(found)} mentions" + (". Nothing was forgotten." if dry_run else " forgotten."))
