"""One database session a request: reads take no lock, and a view says where it commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from inspect import iscoroutinefunction
from typing import Any, TypeVar

from flask import Flask, current_app, g, has_request_context, request
from flask_sqlalchemy_lite import SQLAlchemy
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from planner.core.db import reading
from planner.core.errors import Conflict
from planner.core.i18n import N_
from planner.core.lazy import Lazy
from planner.core.runtime import Runtime

__all__ = ["committing", "database", "decision_time", "init_app", "only_look", "only_reads", "runtime", "trying"]

View = TypeVar("View", bound=Callable[..., Any])


class RequestSession(Session):
    """A session whose transactions promise not to write while a page is only being read."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Any:
        engine = super().get_bind(*args, **kwargs)
        return reading(engine) if isinstance(engine, Engine) and has_request_context() and _only_looks() else engine


def only_reads(view: View) -> View:
    """Mark a view that writes nothing although it is sent a form: it takes no lock, as a page that is read."""
    view.only_reads = True  # type: ignore[attr-defined]
    return view


def only_look() -> None:
    """Let the rest of this request write nothing: a page that says what went wrong waits for nobody who writes."""
    g.only_looks = True


def _only_looks() -> bool:
    if request.method in ("GET", "HEAD", "OPTIONS") or g.get("only_looks"):
        return True
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(view.load() if isinstance(view, Lazy) else view, "only_reads", False))


class Database(SQLAlchemy):
    """Sessions that a request opens and that are closed when it ends. None is asynchronous, so no request starts a thread to close such ones."""

    def init_app(self, app: Any) -> None:
        super().init_app(app)
        app.teardown_appcontext_funcs = [one for one in app.teardown_appcontext_funcs if not iscoroutinefunction(one)]


database = Database(session_options={"class_": RequestSession, "expire_on_commit": False})


def runtime() -> Runtime:
    """What the running product holds."""
    held: Runtime = current_app.extensions["planner"]
    return held


def decision_time() -> datetime:
    """The time that the workers go by, for what must be before or after what they do; ask for it once the rows in question are held."""
    return runtime().clock.decision_time(database.session)


@contextmanager
def committing(db: Session) -> Iterator[None]:
    """Commit when the block ends well, roll back when it raises; somebody else's newer version is a Conflict, and so is the same thing stored twice."""
    try:
        yield
        db.commit()
    except StaleDataError:
        db.rollback()
        raise Conflict(N_("Somebody changed this while you were editing. Look at their version, then save again.")) from None
    except IntegrityError:
        db.rollback()
        raise Conflict(N_("Somebody stored the same thing at the same moment. Read it again.")) from None
    except BaseException:
        db.rollback()
        raise


@contextmanager
def trying() -> Iterator[Session]:
    """A session in which something is tried: whatever it writes is taken back at the end, and a page that only reads may try as well."""
    if _only_looks():
        with runtime().sessions() as db:
            yield db
            db.rollback()
        return
    # The request's own holds the lock already, or would wait for this one.
    db = database.session
    try:
        yield db
    finally:
        db.rollback()


def init_app(app: Flask) -> None:
    @app.before_request
    def _open() -> None:
        g.db = database.session
        g.now = runtime().clock.now()
