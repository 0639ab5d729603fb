"""Keys planted in credentials stand in no log, page, answer, dump or backup after a run full of faults: found by grep, in any spelling."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from planner.accounts import service as accounts
from planner.catalog.models import AssetFile
from planner.channels.models import Channel, ChannelState
from planner.channels.port import MediaKind, Platform
from planner.core.clock import utc_now
from planner.core.log import set_up_logging
from planner.planning import service as planning
from planner.publishing.models import Delivery, DeliveryState
from tests.conftest import POSTGRES, SECRET, Browser
from tests.factories import make_asset, make_channel, make_post, make_user
from tests.processes import ROOT, Child, SandboxProcess, wait_until, worker_env

X, LINKEDIN, YOUTUBE, WEBHOOK, RENEWAL, TYPED = (f"planted-{name}-7f3a9c51e0b2" for name in ("x", "linkedin", "youtube", "webhook", "renewal", "typed"))
KEYS = (X, LINKEDIN, YOUTUBE, WEBHOOK, RENEWAL, TYPED)
CLIENT_SECRET = "planted-client-7f3a9c51e0b2"
_WAITS = (DeliveryState.DUE, DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.RETRY)


@pytest.fixture
def app(app_on_each_database: Flask) -> Flask:
    return app_on_each_database


def spellings(key: str) -> list[bytes]:
    """A key as it may be written: plain, in an address, in hexadecimal, and in base64 whatever stands before it."""
    coded = [base64.b64encode(b"_" * before + key.encode())[4 if before else 0 : -4].strip(b"=") for before in range(3)]
    return [key.encode(), quote(key, safe="").encode(), key.encode().hex().encode(), *(one[:24] for one in coded)]


def found_in(place: str, content: bytes) -> list[tuple[str, str]]:
    return [(place, key) for key in (*KEYS, CLIENT_SECRET) for one in spellings(key) if one in content]


def test_the_grep_would_find_a_key_in_each_spelling() -> None:
    for content in (X.encode(), base64.b64encode(b"a" + X.encode() + b"z"), base64.b64encode(f"id:{CLIENT_SECRET}".encode()), X.encode().hex().encode()):
        assert len({key for _, key in found_in("here", b"before" + content + b"after")}) == 1


def cases() -> list[Any]:
    """In `make test` what people and programs are told, in `make faults` after a worker's run full of faults too, on both databases."""
    kinds = ["sqlite", "postgresql"] if POSTGRES or os.environ.get("CI") == "true" else ["sqlite"]
    whole = [pytest.param(kind, True, marks=[pytest.mark.faults, pytest.mark.slow], id=f"after a run, {kind}") for kind in kinds]
    return [pytest.param("sqlite", False, id="told"), *whole]


@pytest.mark.parametrize(("database_url", "works"), cases(), indirect=["database_url"])
def test_keys_planted_in_credentials_are_found_nowhere(
    app: Flask, sign_in: Callable[..., Browser], database_url: str, works: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging("DEBUG")
    logs = {}
    with SandboxProcess(tmp_path / "platforms.sqlite3") as sandbox, app.extensions["planner"].sessions() as db:
        plan_posts(db, app, sandbox)
        client = {f"{name}_client_{part}": CLIENT_SECRET for name in ("x", "linkedin", "google") for part in ("id", "secret")}
        env = worker_env(database_url, tmp_path, sandbox.url, log_level="DEBUG", settle_seconds=2.0, max_tries=3, **client)
        if works:
            script_faults(sandbox)
            with Child("-m", "flask", "planner", "work", env=env, log=tmp_path / "worker.log"):
                wait_until(lambda: settled(db), seconds=240, what="settling everything")
                time.sleep(0.5)  # What it has to say of the last of them.
            logs["worker.log"] = (tmp_path / "worker.log").read_bytes()
            assert b"a key was not renewed" in logs["worker.log"], "it is not clean for being empty"
        seen = dict(asked(app, sign_in, db))
        dumps, archive = dict(dumped(db, database_url)), backed_up(database_url, env, tmp_path)

    logs["web log"] = "".join(capsys.readouterr()).encode()
    assert b"crash" in logs["web log"], "it is not clean for being empty"
    assert {name.partition(" ")[0] for name in seen} >= {"400", "404", "405", "409", "413", "422", "500"}
    files = {str(path): path.read_bytes() for path in tmp_path.glob("*.sqlite3*") if "platforms" not in path.name}
    places = logs | seen | dumps | archive | files
    assert [hit for place, content in places.items() for hit in found_in(place, content)] == []


def plan_posts(db: Session, app: Flask, sandbox: SandboxProcess) -> None:
    """Four accounts with planted keys, four posts on each for right now, and one account whose key wants to be renewed."""
    now = utc_now()
    author, approver = make_user(db, roles=("planner",)), make_user(db, roles=("approver",))
    there = {
        Platform.X: make_channel(db, token=X), Platform.LINKEDIN: make_channel(db, platform=Platform.LINKEDIN, token=LINKEDIN),
        Platform.YOUTUBE: make_channel(db, platform=Platform.YOUTUBE, token=YOUTUBE),
        Platform.WEBHOOK: make_channel(db, platform=Platform.WEBHOOK, token=f"{sandbox.url}/hooks/{WEBHOOK}", config={"flavour": "mattermost"}),
    }  # fmt: skip
    renewed = make_channel(db, token=X)
    assert renewed.credential is not None
    renewed.credential.refresh_token, renewed.credential.expires_at = RENEWAL, now + timedelta(minutes=5)
    folder = app.extensions["planner"].settings.data_path / "files"
    folder.mkdir(exist_ok=True)
    content = os.urandom(300_000)
    (folder / "film.mp4").write_bytes(content)
    for number in range(4):
        for platform, channel in there.items():
            asset = make_asset(db)
            film = AssetFile(
                asset=asset, kind=MediaKind.VIDEO, name="film.mp4", stored_name=f"{asset.id}.mp4", mime="video/mp4", size=len(content),
                sha256=hashlib.sha256(content).hexdigest(), width=1280, height=720, seconds=30.0, created_at=now,
            )  # fmt: skip
            db.add(film)
            db.flush()
            (folder / film.stored_name).write_bytes(content)
            post = make_post(
                db, asset=asset, channel=channel, text=f"Message {number} on {platform.value}", author=author, publish_at=now, created_at=now, updated_at=now,
                media=[{"file_id": film.id}] if platform is Platform.YOUTUBE else [], first_comment="More.",
            )  # fmt: skip
            planning.submit(db, post, actor=author, now=now)
            planning.approve(db, post, actor=approver, now=now)
    db.commit()


def script_faults(sandbox: SandboxProcess) -> None:
    """Each way of going wrong on each platform, then a yes; in the end X no longer knows the key."""
    for operation in ("x.create", "linkedin.create", "youtube.insert", "webhook.send"):
        platform = operation.partition(".")[0]
        for fault in ({"kind": "drop_after"}, {"kind": "status", "status": 500}, {"kind": "truncate_answer"}, {"kind": "status", "status": 400}):
            sandbox.script(platform=platform, operation=operation, **fault)
    sandbox.script(kind="status", status=503, platform="x", operation="x.token")
    for operation in ("x.list", "linkedin.list", "youtube.list", "x.lookup"):
        sandbox.script(kind="status", status=400, platform=operation.partition(".")[0], operation=operation, times=2)
    sandbox.script(kind="token_revoked", platform="linkedin", operation="linkedin.comment", times=2)


def settled(db: Session) -> bool:
    """Whether nothing waits for a worker but what is held."""
    waiting = select(Delivery.id).join(Channel, Channel.id == Delivery.channel_id).where(Delivery.state.in_(_WAITS), Channel.state == ChannelState.CONNECTED)
    known = db.scalar(select(Delivery.id).limit(1)) is not None and db.scalar(waiting.limit(1)) is None
    db.rollback()
    return known


def asked(app: Flask, sign_in: Callable[..., Browser], db: Session) -> Iterable[tuple[str, bytes]]:
    """Pages and answers of every sort of failure, and the pages that show what was written down."""
    admin = make_user(db, roles=("admin",))
    token = accounts.issue_token(db, admin, "a program", actor=None, now=utc_now())
    channels, posts = (list(db.scalars(text(f"SELECT id FROM {table} ORDER BY id"))) for table in ("channels", "posts"))  # noqa: S608
    db.commit()
    page, bearer = sign_in(admin), {"Authorization": f"Bearer {token}"}
    typed = {"name": "Typed", "access_token": TYPED, "external_id": "", "time_zone": "Europe/Paris", "grace_minutes": "30"}

    def tell(answer: Any, where: str) -> tuple[str, bytes]:
        return f"{answer.status_code} {where}", answer.get_data() + str(answer.headers).encode()

    for path in ("/", "/settings", "/settings/history", *(f"/settings/channels/{one}" for one in channels), *(f"/posts/{one}" for one in posts[:8])):
        yield tell(page.get(path), path)
    for path in ("/api/v1/channels", "/api/v1/deliveries", "/api/v1/jobs", f"/api/v1/posts/{posts[0]}", f"/api/v1/channels/{channels[0]}"):
        yield tell(app.test_client().get(path, headers=bearer), path)
    for path in ("/settings/channels/99999", "/nothing/there"):
        yield tell(page.get(path), path)
    yield tell(page.post("/settings/channels/new/x", data=typed), "without a token of the form")
    yield tell(page.submit("/settings/channels/new/x", **{**typed, "time_zone": "Mars"}), "a refused form")
    yield tell(page.submit("/healthz", **typed), "the wrong method")
    given = {"platform": "x", "name": "Typed", "access_token": TYPED}
    for name, body, more in (
        ("an unknown member", {**given, "colour": TYPED[:5]}, {}), ("an unknown zone", {**given, "time_zone": "Mars"}, {}), ("not JSON", None, {}),
        ("a taken name", {**given, "name": db.get_one(Channel, channels[0]).name}, {}), ("too large", {**given, "external_id": "x" * 6_000_000}, {}),
    ):  # fmt: skip
        db.rollback()
        told: dict[str, Any] = {"json": body} if body else {"data": '{"access_token": "' + TYPED, "content_type": "application/json"}
        yield tell(app.test_client().post("/api/v1/channels", headers=bearer | more, **told), name)
    db.execute(text("ALTER TABLE credentials RENAME TO credentials_away"))
    db.commit()
    try:  # A real crash, with the key on its way into the database.
        app.testing, app.config["PROPAGATE_EXCEPTIONS"] = False, False
        yield tell(page.submit("/settings/channels/new/x", **typed), "the database broke under a form")
        yield tell(app.test_client().post("/api/v1/channels", headers=bearer, json=given), "the database broke under the API")
        yield tell(page.get(f"/settings/channels/{channels[0]}"), "the database broke under a page")
    finally:
        db.rollback()
        db.execute(text("ALTER TABLE credentials_away RENAME TO credentials"))
        db.commit()


def dumped(db: Session, database_url: str) -> Iterable[tuple[str, bytes]]:
    """The whole database as its own tool writes it down."""
    if database_url.startswith("postgresql"):
        done = subprocess.run(["pg_dump", database_url.replace("+psycopg", "")], capture_output=True, check=True)  # noqa: S607
        assert b"COPY public.credentials" in done.stdout
        yield "dump", done.stdout
    else:
        connection = db.connection().connection.dbapi_connection
        assert connection is not None
        yield "dump", "\n".join(connection.iterdump()).encode("utf-8", "surrogateescape")
        db.rollback()


def backed_up(database_url: str, env: dict[str, str], folder: Path) -> dict[str, bytes]:
    """What `flask planner backup` writes and says, each file of it unpacked; PostgreSQL has pg_dump instead."""
    if database_url.startswith("postgresql"):
        return {}
    archive = folder / "backup.tar.gz"
    environ = {**os.environ, **env, "FLASK_APP": "app.py", "PLANNER_SECRET_KEY": SECRET}
    said = subprocess.run(
        [sys.executable, "-m", "flask", "planner", "backup", "--to", str(archive)], cwd=ROOT, env=environ, capture_output=True, check=True
    )
    with tarfile.open(archive) as packed:
        members = {f"backup/{one.name}": packed.extractfile(one).read() for one in packed if one.isfile()}  # type: ignore[union-attr]
    assert any(name.endswith(".sqlite3") for name in members), members.keys()
    return {**members, "backup.tar.gz": archive.read_bytes(), "what backup said": said.stdout + said.stderr}
