"""`make run`: first-run keys, a copy and a migration of the database, a way to sign in, then gunicorn."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from pathlib import Path

from planner.core.settings import Settings

__all__ = ["main"]


def main() -> None:
    """Prepare, print where to go, and become gunicorn."""
    parser = argparse.ArgumentParser(description="Start the planner on this machine.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--demo", action="store_true", help="load the demo quarter first")
    options = parser.parse_args()
    os.environ.setdefault("PLANNER_BASE_URL", f"http://{options.host}:{options.port}")
    _load_keys(Path(os.environ.get("PLANNER_DATA_DIR", "instance")))
    _prepare(demo=options.demo)
    sys.stdout.flush()
    gunicorn = Path(sys.executable).with_name("gunicorn")
    os.environ["PLANNER_BIND"] = f"{options.host}:{options.port}"
    os.execv(gunicorn, [str(gunicorn), "-c", "gunicorn.conf.py", "app:app"])  # noqa: S606


def _load_keys(folder: Path) -> None:
    """A random secret key for this installation, made once and readable by its owner only."""
    if os.environ.get("PLANNER_SECRET_KEY"):
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / "secret_key"
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(48))
    os.environ["PLANNER_SECRET_KEY"] = file.read_text().strip()


def _prepare(*, demo: bool) -> None:
    from planner.accounts import service
    from planner.accounts.models import RoleName, User
    from planner.cli.upgrade import upgrade_database
    from planner.demo.asking import ask
    from planner.factory import create_app
    from planner.jobs.run import run_next
    from planner.ledger.leases import worker_name

    settings = Settings.from_env()
    app = create_app(settings)
    with app.app_context():
        runtime = app.extensions["planner"]
        copy = upgrade_database(runtime)
        if copy:
            print(f"A copy of the database was taken first: {copy}")
        with runtime.sessions.begin() as db:
            now = runtime.clock.now()
            admin = db.query(User).order_by(User.id).first()
            if admin is None:
                admin = service.create_user(
                    db, email="admin@example.com", name="Administrator", roles=[RoleName.ADMIN], actor=None, now=now
                )
            link = service.sign_in_link(db, admin, now=now) if not admin.password else ""
        if demo:
            print("Loading the demo quarter…")
            with runtime.sessions.begin() as db:
                job = ask(db, actor=None, now=runtime.clock.now())
            run_next(runtime, worker_name(), job.id)
        runtime.engine.dispose()
    print(f"\n  The planner is at {settings.base_url}")
    if link:
        print(f"  Sign in once as {admin.email}: {settings.base_url}/sign-in/{link}")
    print("  Ctrl-C stops it.\n")


if __name__ == "__main__":
    main()
