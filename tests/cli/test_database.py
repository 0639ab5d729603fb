"""Upgrade, check, rebuild, reseal, backup and restore."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from planner.catalog.models import Asset
from planner.channels.models import Credential
from planner.channels.port import Platform, Reading
from planner.cli import doubts
from planner.core.secrets import Sealer
from planner.core.types import use_sealer
from planner.insights.definitions import FORMULA
from planner.insights.models import CountsMade, Latest
from planner.insights.service import record
from planner.planning import service as planning
from planner.planning.models import PostState
from planner.publishing.models import Attempt
from tests.conftest import SECRET, StoppedClock, make_settings
from tests.factories import NOON, make_asset, make_channel, make_post, make_user

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def fresh(tmp_path: Path) -> Any:
    """A product whose database has no tables yet."""
    from planner.factory import create_app

    app = create_app(make_settings(tmp_path, f"sqlite:///{tmp_path / 'new.sqlite3'}", sandbox="off"))
    yield app
    app.extensions["planner"].engine.dispose()


def test_an_upgrade_makes_the_tables_and_the_next_one_has_nothing_to_do(fresh: Flask) -> None:
    before = fresh.test_cli_runner().invoke(args=["planner", "asset", "list"])
    first = fresh.test_cli_runner().invoke(args=["planner", "upgrade", "--json"])
    second = fresh.test_cli_runner().invoke(args=["planner", "upgrade"])
    after = fresh.test_cli_runner().invoke(args=["planner", "asset", "list"])

    assert (before.exit_code, before.stderr) == (1, "The database is not ready: run “flask planner upgrade” first.\n")
    done = json.loads(first.stdout)
    assert (done["was"], len(done["now"]), done["copy"]) == ([], 1, None)
    assert (second.stdout, after.exit_code) == ("The database is up to date.\n", 0)


def test_an_upgrade_of_what_is_there_copies_it_first(fresh: Flask, tmp_path: Path) -> None:
    runner = fresh.test_cli_runner()
    runner.invoke(args=["planner", "upgrade"])
    runner.invoke(args=["planner", "users", "add", "ann@example.com"])
    with fresh.app_context():
        fresh.extensions["alembic"].downgrade(-1)

    done = json.loads(runner.invoke(args=["planner", "upgrade", "--json"]).stdout)

    copy = Path(done["copy"])
    assert (copy.parent, copy.stat().st_mode & 0o777) == (tmp_path / "backups", 0o600)
    with sqlite3.connect(copy) as opened:
        assert opened.execute("SELECT email FROM users").fetchall() == [("ann@example.com",)]
        assert opened.execute("SELECT version_num FROM alembic_version").fetchall() == [(version,) for version in done["was"]]


def test_check_is_quiet_when_all_is_well_and_names_what_is_not(
    run: Callable[..., Result], told: Callable[..., Any], rows: Session
) -> None:
    post = make_post(rows, state=PostState.PUBLISHED, published_at=NOON, external_id="1")
    record(rows, [(post.id, Reading("1", views=7))], at=NOON, now=NOON)
    rows.commit()
    assert told("check") == {"ok": True, "problems": []}

    rows.scalars(select(Latest)).one().views = 8
    rows.add(make_post(rows, state=PostState.SENDING))
    rows.commit()
    found = run("check", "--json")
    rebuilt = told("rebuild")

    whats = [one["what"] for one in json.loads(found.stdout)["problems"]]
    assert found.exit_code == 1
    assert whats[0] == "a post being sent has a delivery at work"
    assert whats[1].startswith("a roll-up differs from its readings: latest")
    rows.expire_all()
    assert (rebuilt, rows.scalars(select(Latest.views)).one()) == (
        {"asset_days": 1, "differed": [one.removeprefix("a roll-up differs from its readings: ") for one in whats[1:]], "differ": []}, 7,
    )  # fmt: skip


def test_counts_are_made_again_and_the_roll_ups_of_them(run: Callable[..., Result], told: Callable[..., Any], rows: Session) -> None:
    post = make_post(rows, channel=make_channel(rows, platform=Platform.YOUTUBE), state=PostState.PUBLISHED, published_at=NOON, external_id="1")
    record(rows, [(post.id, Reading("1", views=7, raw={"statistics": {"viewCount": "9"}}))], at=NOON, now=NOON)
    rows.add(CountsMade(formula="2025-01", at=NOON - timedelta(days=1), changed=0))
    rows.commit()
    old = json.loads(run("check", "--json").stdout)["problems"]

    made = told("rebuild", "--counts")

    assert [one["what"] for one in old] == [f"counts were made by formula 2025-01, not {FORMULA}: run flask planner rebuild --counts"]
    assert made == {"counts": {"formula": FORMULA, "read": 1, "changed": 1, "left": 0}, "asset_days": 1, "differed": [], "differ": []}
    rows.expire_all()
    assert rows.scalars(select(Latest.views)).one() == 9
    rows.rollback()
    assert told("check") == {"ok": True, "problems": []}
    assert run("rebuild", "--counts").stdout.splitlines()[0] == f"By formula {FORMULA}, 0 of 1 readings have other counts now; 0 could not be made again."


def test_check_finds_references_that_lead_nowhere(run: Callable[..., Result], app: Flask) -> None:
    raw = sqlite3.connect(app.extensions["planner"].engine.url.database)
    raw.execute("INSERT INTO asset_topics (asset_id, topic_id) VALUES (77, 78)")
    raw.commit()
    raw.close()

    found = run("check")

    assert found.exit_code == 1
    assert "✗ rows of asset_topics point at rows that are not there" in found.stdout


def test_reseal_uses_the_newest_key_so_that_the_old_one_may_go(told: Callable[..., Any], rows: Session) -> None:
    make_channel(rows, token="s3cret")
    rows.commit()
    old, new = f"seal:{SECRET}", "a-brand-new-sealing-key"
    try:
        use_sealer(Sealer([new, old]))
        assert told("reseal") == {"resealed": 1}
        use_sealer(Sealer([new]))
        rows.expire_all()
        rows.rollback()
        assert rows.scalars(select(Credential)).one().access_token == "s3cret"
    finally:
        use_sealer(Sealer([old]))


def test_a_planted_key_is_nowhere_in_the_database_file_before_or_after_it_is_sealed_again(
    told: Callable[..., Any], rows: Session, tmp_path: Path
) -> None:
    channel = make_channel(rows, token="planted-access-7f3a")
    assert channel.credential is not None
    channel.credential.refresh_token = "planted-refresh-7f3a"
    rows.commit()

    assert told("reseal") == {"resealed": 1}

    files = [path.read_bytes() for path in tmp_path.glob("planner.sqlite3*")]
    assert files and not any(b"planted-" in content for content in files)


def test_a_backup_brings_everything_back(
    run: Callable[..., Result], told: Callable[..., Any], refused: Callable[..., str], rows: Session, tmp_path: Path
) -> None:
    rows.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
    make_asset(rows, title="Kept")
    rows.commit()
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "picture.png").write_bytes(b"picture")
    made = told("backup")
    make_asset(rows, title="Made afterwards")
    rows.commit()
    (tmp_path / "files" / "picture.png").unlink()

    restored = told("restore", made["file"], "--yes")

    rows.rollback()
    assert rows.scalars(select(Asset.title)).all() == ["Kept"]
    assert (tmp_path / "files" / "picture.png").read_bytes() == b"picture"
    with sqlite3.connect(restored["copy"]) as copy:
        assert copy.execute("SELECT count(*) FROM assets").fetchone() == (2,)
    assert Path(made["file"]).stat().st_mode & 0o777 == 0o600
    assert refused("backup", "--to", made["file"]) == f"{made['file']} is there already."
    assert run("restore", made["file"], typed="n\n").exit_code == 1


@pytest.mark.parametrize("older", [False, True], ids=["same version", "older version"])
def test_a_backup_from_before_a_publish_has_its_unsent_posts_looked_up_before_anything_is_sent(
    told: Callable[..., Any], rows: Session, tmp_path: Path, app: Flask, clock: StoppedClock, older: bool
) -> None:
    """One of an older version is prepared by the upgrade that has to follow."""
    rows.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
    author, approver = make_user(rows, roles=("planner",)), make_user(rows, roles=("approver",))
    post = make_post(rows, text="Once", author=author, publish_at=clock.now() + timedelta(minutes=1))
    planning.submit(rows, post, actor=author, now=clock.now())
    planning.approve(rows, post, actor=approver, now=clock.now())
    rows.commit()
    if older:
        rows.execute(text("ALTER TABLE posts RENAME COLUMN first_comment TO first_reply"))
        rows.commit()
    made = told("backup")["file"]
    if older:
        rows.execute(text("ALTER TABLE posts RENAME COLUMN first_reply TO first_comment"))
        rows.commit()
    rows.close()

    restored = told("restore", made, "--yes")
    if older:
        assert (restored["looked_up_first"], (tmp_path / "restored-from").exists()) == (0, True)
        rows.execute(text("ALTER TABLE posts RENAME COLUMN first_reply TO first_comment"))
        rows.commit()
        doubts.after_upgrade(app.extensions["planner"])
    else:
        assert restored["looked_up_first"] == 1

    assert not (tmp_path / "restored-from").exists()
    [delivery] = told("deliveries", "list")["deliveries"]
    assert (delivery["state"], len(delivery["attempts"])) == ("unknown", 1)
    assert told("deliveries", "look-first", "--since", "2026-03-02T11:00Z") == {"looked_up_first": 0}


def test_after_a_backup_put_back_by_other_means_a_person_has_unsent_posts_looked_up_first(
    told: Callable[..., Any], refused: Callable[..., str], rows: Session, clock: StoppedClock
) -> None:
    author, approver = make_user(rows, roles=("planner",)), make_user(rows, roles=("approver",))
    post = make_post(rows, author=author, publish_at=clock.now() + timedelta(minutes=1))
    planning.submit(rows, post, actor=author, now=clock.now())
    planning.approve(rows, post, actor=approver, now=clock.now())
    rows.commit()

    assert told("deliveries", "look-first", "--since", "2026-03-02T11:00") == {"looked_up_first": 1}

    rows.rollback()
    assert rows.scalars(select(Attempt.started_at)).one() == NOON - timedelta(hours=1)
    assert refused("deliveries", "look-first", "--since", "lately") == "--since: “lately” is not a moment. Write 2026-03-24T09:30Z."
    assert refused("deliveries", "look-first", "--since", "0001-01-01") == "--since: The year 1 is out of reach."


def test_what_is_no_backup_is_refused_and_changes_nothing(refused: Callable[..., str], rows: Session, tmp_path: Path) -> None:
    make_asset(rows, title="Kept")
    rows.commit()
    (tmp_path / "nonsense.tar.gz").write_bytes(b"nonsense")

    sentence = refused("restore", tmp_path / "nonsense.tar.gz", "--yes")

    assert sentence == "nonsense.tar.gz is not a backup made by “flask planner backup”."
    rows.rollback()
    assert rows.scalars(select(Asset.title)).all() == ["Kept"]


def test_the_real_program_keeps_its_exit_codes_and_streams(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"], "PLANNER_SECRET_KEY": SECRET, "PLANNER_DATA_DIR": str(tmp_path), "PLANNER_EXECUTOR": "none",
        "PLANNER_SANDBOX": "off",
    }  # fmt: skip

    def planner(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "flask", "planner", *args], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    upgraded, listed, refused, wrong = (
        planner("upgrade"), planner("users", "list", "--json"), planner("users", "link", "x@example.com"), planner("users", "nonsense"),
    )  # fmt: skip

    assert (upgraded.returncode, listed.returncode, refused.returncode, wrong.returncode) == (0, 0, 1, 2), upgraded.stderr
    assert json.loads(listed.stdout) == {"users": []}
    assert (refused.stdout, refused.stderr) == ("", "Nobody here has the address x@example.com.\n")
