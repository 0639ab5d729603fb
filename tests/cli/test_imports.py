"""Files of assets, readings and visits from the terminal: checked as a whole, written whole, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset
from planner.insights.models import Snapshot, Visits
from planner.listening import service
from tests.factories import make_asset, make_user

JANUARY = """video_id,channel_title,title,published_at,views,likes,snapshot_utc
aaaaaa01,Our videos,Slicing explained,2026-01-10T10:00:00Z,100,5,2026-01-31T00:00:00Z
aaaaaa02,Our videos,Private 5G,2026-01-12T10:00:00Z,200,,2026-01-31T00:00:00Z
"""
FEBRUARY = """video_id,views,likes,snapshot_utc
aaaaaa01,150,6,2026-02-28T00:00:00Z
zzzzzz99,7,0,2026-02-28T00:00:00Z
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    january, february = tmp_path / "january.csv", tmp_path / "february.csv"
    january.write_text(JANUARY)
    february.write_text("platform," + FEBRUARY.replace("\n", "\nyoutube,").removesuffix("youtube,"))
    return january, february


def stored(rows: Session) -> tuple[int, int]:
    rows.rollback()
    return tuple(rows.scalar(select(func.count()).select_from(table)) or 0 for table in (Asset, Snapshot))  # type: ignore[return-value]


def test_a_dry_run_checks_and_writes_nothing(told: Callable[..., Any], rows: Session, files: tuple[Path, Path]) -> None:
    answer = told("import", "assets", files[0], "--dry-run")

    assert (answer["rows"], answer["errors"], answer["written"]) == (2, [], None)
    assert stored(rows) == (0, 0)


def test_assets_come_in_once_and_later_readings_show_their_growth(
    told: Callable[..., Any], rows: Session, files: tuple[Path, Path]
) -> None:
    first, again = told("import", "assets", files[0])["written"], told("import", "assets", files[0])["written"]
    later = told("import", "readings", files[1])["written"]

    assert (first["created"], first["known"], first["readings"]) == (2, 0, 2)
    assert (again["created"], again["known"], again["readings"]) == (0, 2, 0)
    assert (later["readings"], later["unknown_count"], len(later["unknown"])) == (1, 1, 1)
    assert "zzzzzz99" in later["unknown"][0]
    assert stored(rows) == (2, 3)
    asset = rows.scalars(select(Asset).where(Asset.title == "Slicing explained")).one()
    post = told("performance", asset.id)["posts"][0]
    assert (post["counts"]["views"], post["growth"]["views"]) == (150, 50)


def test_one_wrong_cell_refuses_the_file_row_by_row(run: Callable[..., Result], rows: Session, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(JANUARY.replace("2026-01-12T10:00:00Z", "soon").replace(",100,", ",-1,"))

    human, machine = run("import", "assets", wrong), run("import", "assets", wrong, "--json")

    assert (human.exit_code, human.stdout, machine.exit_code) == (1, "", 1)
    lines = human.stderr.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["row 2, views", "row 3, published_at", str(wrong)]
    assert lines[-1] == f"{wrong}: nothing was written."
    assert [(one["row"], one["column"], one["value"]) for one in json.loads(machine.stdout)["errors"]] == [
        (2, "views", "-1"), (3, "published_at", "soon"),
    ]  # fmt: skip
    assert stored(rows) == (0, 0)


def test_what_is_no_table_is_one_sentence(refused: Callable[..., str], run: Callable[..., Result], tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("")

    assert refused("import", "assets", empty) == "file: This file is empty."
    assert run("import", "assets", tmp_path / "absent.csv").exit_code == 2


def test_an_author_imports_nothing(refused: Callable[..., str], rows: Session, files: tuple[Path, Path]) -> None:
    make_user(rows, email="ann@example.com", roles=("author",))
    rows.commit()

    for kind in ("assets", "readings", "visits", "mentions"):
        assert refused("import", kind, files[0], "--as", "ann@example.com") == "Your role does not allow this. Ask an administrator."


def test_visits_come_in_with_the_columns_pointed_at_once(told: Callable[..., Any], run: Callable[..., Result], rows: Session, tmp_path: Path) -> None:
    page = "https://www.example.com/papers/energy-per-bit"
    make_asset(rows, url=page)
    rows.commit()
    path = tmp_path / "visits.csv"
    path.write_text(f"Quand,Où,D'où,Combien\n2026-02-01,{page},lnkd.in,5\n2026-02-01,/nowhere,lnkd.in,5\n")
    pointed = [f"--column={one}" for one in ("day=Quand", "page=Où", "source=D'où", "visits=Combien")]

    checked = told("import", "visits", path, "--dry-run", *pointed)["written"]
    first, again = told("import", "visits", path, *pointed)["written"], told("import", "visits", path)["written"]

    assert (checked, first["readings"], first["unknown"], again["readings"]) == (None, 1, ["/nowhere"], 0)
    assert rows.scalars(select(Visits.source)).all() == ["lnkd.in"]
    assert "is not FIELD=HEADING" in run("import", "visits", path, "--column", "day").output


def test_mentions_come_in_with_the_columns_pointed_at_once(told: Callable[..., Any], run: Callable[..., Result], rows: Session, tmp_path: Path) -> None:
    page = "https://www.example.com/papers/energy-per-bit"
    make_asset(rows, url=page)
    rows.commit()
    path = tmp_path / "watch.csv"
    path.write_text(f"Quand,Où,Vers\n2026-02-01,https://a.example/1,{page}\n2026-02-01,https://a.example/2,\n2026-02-01,{page},\n")
    pointed = [f"--column={one}" for one in ("at=Quand", "address=Où", "links=Vers")]

    checked = told("import", "mentions", path, "--dry-run", *pointed)["written"]
    first, again = told("import", "mentions", path, *pointed)["written"], told("import", "mentions", path)["written"]

    assert (checked, first, again["new"], again["known"]) == (None, {"rows": 3, "new": 2, "known": 0, "own": 1, "apart": 1, "unknown": ["https://a.example/2"], "assets": 1}, 0, 2)
    assert "3 rows: 0 new mentions, 2 known already, of 0 assets anew.\n1 are pages and posts of ours, and left out.\n1 about no asset here, kept: https://a.example/2" in run("import", "mentions", path).output
    assert "row 2, Quand: “soon” is not a date" in run("import", "mentions", _written(tmp_path, "Quand,Où\nsoon,https://a.example/1\n"), "--column=at=Quand", "--column=address=Où").output


def test_while_mentions_are_sorted_out_others_write(told: Callable[..., Any], app: Flask, rows: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person, real = make_user(rows).email, service.ours_for
    rows.commit()

    def meanwhile(db: Session, tellings: Any) -> Any:
        with app.extensions["planner"].sessions.begin() as other:
            make_asset(other)
        return real(db, tellings)

    monkeypatch.setattr(service, "ours_for", meanwhile)

    assert told("import", "mentions", _written(tmp_path, "date,url\n2026-02-01,https://a.example/1\n"), "--as", person)["written"]["new"] == 1


def test_a_person_who_wrote_is_forgotten_on_demand(told: Callable[..., Any], run: Callable[..., Result], rows: Session, tmp_path: Path) -> None:
    path = tmp_path / "watch.csv"
    path.write_text("date,url,author\n2026-02-01,https://a.example/1,Jane Doe\n2026-02-01,https://a.example/2,Ann Other\n")
    told("import", "mentions", path)

    assert told("mentions", "forget", "--author", "jane doe", "--dry-run") == {"mentions": 1, "forgotten": False}
    assert "1 mentions forgotten." in run("mentions", "forget", "--author", "jane doe").output
    assert told("mentions", "forget", "--author", "jane doe") == {"mentions": 0, "forgotten": True}
    assert "author: Say who wrote it, or its address." in run("mentions", "forget").output


def _written(folder: Path, table: str) -> Path:
    path = folder / "wrong.csv"
    path.write_text(table)
    return path


def test_a_servers_log_comes_in_and_says_what_its_lines_were(told: Callable[..., Any], run: Callable[..., Result], rows: Session, tmp_path: Path) -> None:
    make_asset(rows, url="https://www.example.com/papers/energy")
    rows.commit()
    path = tmp_path / "access.log"
    path.write_text('203.0.113.9 - - [20/Nov/2025:23:30:00 +0000] "GET /papers/energy HTTP/1.1" 200 51 "-" "Mozilla/5.0 (X11) Firefox/133.0"\n' * 2)

    assert "2 rows, 1 visits. Nothing was written." in run("import", "visits", path, "--dry-run").output
    answer = told("import", "visits", path)
    assert (answer["log"]["requests"], answer["log"]["visits"], answer["written"]["readings"]) == (2, 1, 1)
