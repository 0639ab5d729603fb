"""What every command shares: a session, who acts, when; one sentence and an exit code when it is refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from planner.accounts.models import User
from planner.accounts.rules import require
from planner.accounts.service import user_by_email
from planner.cli import output
from planner.core.db import reading
from planner.core.errors import PlannerError, Refused
from planner.core.i18n import N_
from planner.core.runtime import Runtime

__all__ = ["PROBLEMS", "Run", "acts", "held_runtime"]

#: Exit code of a command that was refused or found problems; click itself ends with 2 on wrong usage.
PROBLEMS = 1

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(slots=True)
class Run:
    """One run of one command.

    actor -- whom `--as` names; None is the command line itself, which may do everything.
    """

    db: Session
    runtime: Runtime
    actor: User | None
    now: datetime
    as_json: bool

    def show(self, data: Any, human: str) -> None:
        """The answer on stdout: `data` with --json, else `human`."""
        click.echo(output.as_json(data) if self.as_json else human)

    def table(self, name: str, rows: list[dict[str, Any]], columns: tuple[str, ...], empty: str) -> None:
        """A list on stdout: {name: rows} with --json, else a table of `columns`."""
        self.show({name: rows}, output.table(rows, columns) if rows else empty)

    def may(self, action: str, thing: Any = None) -> None:
        """Raise Forbidden unless the actor may."""
        require(self.actor, action, thing)


def acts(*, writes: bool = True) -> Callable[[Command], Command]:
    """Give a command its `Run`, the options --json and --as, a commit at the end, and its exit code.

    writes -- False: the session promises not to write, and takes no lock.
    """

    def wrap(command: Command) -> Command:
        @click.option("--json", "as_json", is_flag=True, help="Answer with JSON on stdout.")
        @click.option("--as", "acting_as", metavar="EMAIL", help="Act as this person, with what their roles allow.")
        @wraps(command)
        def run(*args: Any, as_json: bool, acting_as: str | None, **kwargs: Any) -> None:
            runtime = held_runtime()
            with Session(runtime.engine if writes else reading(runtime.engine), expire_on_commit=False) as db:
                try:
                    actor = _active(user_by_email(db, acting_as)) if acting_as else None
                    command(Run(db, runtime, actor, runtime.clock.now(), as_json), *args, **kwargs)
                    if writes:
                        db.commit()
                except (PlannerError, StaleDataError, OperationalError, ProgrammingError) as error:
                    db.rollback()
                    click.echo(_sentence(error), err=True)
                    sys.exit(PROBLEMS)

        return with_appcontext(run)  # type: ignore[return-value]

    return wrap


def held_runtime() -> Runtime:
    """What the product this command belongs to holds."""
    held: Runtime = current_app.extensions["planner"]
    return held


def _active(user: User) -> User:
    if not user.active:
        raise Refused(N_("The account %(email)s is disabled."), email=user.email)
    return user


def _sentence(error: Exception) -> str:
    if isinstance(error, PlannerError):
        return f"{error.field}: {error}" if error.field else str(error)
    if isinstance(error, StaleDataError):
        return "Somebody changed this at the same moment. Try again."
    reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
    if "no such table" in reason or "does not exist" in reason:
        return "The database is not ready: run “flask planner upgrade” first."
    return f"The database does not answer: {reason}"
