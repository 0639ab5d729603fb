"""flask planner users: who works here."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import select

from planner.accounts import service
from planner.accounts.models import RoleName, User
from planner.cli.running import Run, acts

__all__ = ["users"]

users = AppGroup("users", help="Who works here: add, list, link, role, disable.")

_ROLES = click.Choice([role.value for role in RoleName])


@users.command("add")
@click.argument("email")
@click.option("--name", default="", help="Name shown to others.")
@click.option("--role", "roles", type=_ROLES, multiple=True, default=("viewer",), show_default=True, help="May be given several times.")
@click.option("--link", is_flag=True, help="Also print a link that signs this person in once.")
@acts()
def add(run: Run, email: str, name: str, roles: tuple[str, ...], link: bool) -> None:
    """Add a person."""
    run.may("user.manage")
    user = service.create_user(run.db, email=email, name=name, roles=roles, actor=run.actor, now=run.now)
    made = _shape(user)
    if link:
        made["link"] = _link(run, user)
    run.show(made, f"Added {user.email} ({', '.join(made['roles'])})." + (f"\n{made['link']}" if link else ""))


@users.command("list")
@acts(writes=False)
def list_(run: Run) -> None:
    """List everybody."""
    run.may("user.manage")
    rows = [_shape(user) for user in run.db.scalars(select(User).order_by(User.email))]
    run.table("users", rows, ("id", "email", "name", "roles", "active", "last_login_at"), "Nobody yet: flask planner users add EMAIL --role admin")


@users.command("link")
@click.argument("email")
@acts()
def link(run: Run, email: str) -> None:
    """Print a link that signs a person in once, within a day."""
    run.may("user.manage")
    address = _link(run, service.user_by_email(run.db, email))
    run.show({"email": email, "link": address}, address)


@users.command("role")
@click.argument("email")
@click.argument("roles", nargs=-1, required=True, type=_ROLES)
@acts()
def role(run: Run, email: str, roles: tuple[str, ...]) -> None:
    """Give a person exactly these roles."""
    run.may("user.manage")
    user = service.user_by_email(run.db, email)
    service.set_roles(run.db, user, list(roles), actor=run.actor, now=run.now)
    run.db.flush()
    run.show(_shape(user), f"{user.email} is now {', '.join(sorted(user.role_names))}.")


@users.command("disable")
@click.argument("email")
@acts()
def disable(run: Run, email: str) -> None:
    """End a person's access at once; their history stays."""
    run.may("user.manage")
    user = service.user_by_email(run.db, email)
    service.disable(run.db, user, actor=run.actor, now=run.now)
    run.show(_shape(user), f"{user.email} can no longer sign in; their tokens are revoked.")


def _link(run: Run, user: User) -> str:
    token = service.invite(run.db, user, actor=run.actor, now=run.now)
    return f"{run.runtime.settings.base_url.rstrip('/')}/sign-in/{token}"


def _shape(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "roles": sorted(user.role_names),
        "active": user.active,
        "last_login_at": user.current_login_at,
    }
