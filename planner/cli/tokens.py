"""flask planner token: keys for the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select

from planner.accounts import service
from planner.accounts.models import ApiToken
from planner.cli.running import Run, acts
from planner.core.errors import NotFound
from planner.core.i18n import N_

__all__ = ["token"]

token = AppGroup("token", help="Keys for the API: add, list, revoke.")


@token.command("add")
@click.argument("email")
@click.option("--name", default="command line", show_default=True, help="What it is for.")
@click.option("--days", type=click.IntRange(1, 3650), help="How long it works; for ever when left out.")
@acts()
def add(run: Run, email: str, name: str, days: int | None) -> None:
    """Make a token for a person; it is shown this once."""
    user = service.user_by_email(run.db, email)
    run.may("token.own" if run.actor and run.actor.id == user.id else "user.manage")
    expires_at = run.now + timedelta(days=days) if days else None
    made = service.issue_token(run.db, user, name, actor=run.actor, now=run.now, expires_at=expires_at)
    run.show({"email": user.email, "name": name, "expires_at": expires_at, "token": made}, made)


@token.command("list")
@click.argument("email", required=False)
@acts(writes=False)
def list_(run: Run, email: str | None) -> None:
    """List tokens, without what they are."""
    wanted = select(ApiToken).order_by(ApiToken.id)
    if email:
        wanted = wanted.where(ApiToken.user_id == service.user_by_email(run.db, email).id)
    if not run.actor or run.actor.email != (email or "").strip().lower():
        run.may("user.manage")
    rows = [_shape(one) for one in run.db.scalars(wanted)]
    run.table("tokens", rows, ("id", "email", "name", "created_at", "expires_at", "last_used_at", "revoked_at"), "No tokens.")


@token.command("revoke")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@acts()
def revoke(run: Run, number: int) -> None:
    """Make a token stop working at once."""
    found = run.db.get(ApiToken, number)
    if found is None:
        raise NotFound(N_("There is no token %(number)s."), number=number)
    run.may("token.own" if run.actor and run.actor.id == found.user_id else "user.manage")
    service.revoke_token(run.db, found, actor=run.actor, now=run.now)
    run.show(_shape(found), f"Token {found.id} of {found.user.email} no longer works.")


def _shape(found: ApiToken) -> dict[str, Any]:
    return {
        "id": found.id,
        "email": found.user.email,
        "name": found.name,
        "created_at": found.created_at,
        "expires_at": found.expires_at,
        "last_used_at": found.last_used_at,
        "revoked_at": found.revoked_at,
    }
