"""The promotion desk from the terminal: its forecast put to the test, and past promotions from a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.channels.port import Platform
from planner.promotion.models import Promotion
from tests.factories import NOON, make_channel
from tests.promotion.making import DAY, make_past, make_video


def test_a_backtest_says_how_right_the_forecast_was_on_one_channel_and_on_all(
    told: Callable[..., Any], refused: Callable[..., str], run: Callable[..., Result], rows: Session
) -> None:
    channel = make_past(rows, count=8)
    make_video(rows, channel, published_at=NOON - 14 * DAY, ages=(1, 3, 13))
    rows.commit()

    answer = told("promotion", "backtest", "--channel", channel.id, "--from", "2026-02-26")
    everywhere = told("promotion", "backtest", "--all", "--from", "2026-02-26")

    assert (answer["together"]["cases"], answer["together"]["coverage"], len(answer["channels"])) == (1, 1.0, 1)
    assert everywhere["together"] == answer["together"]
    assert "100.0%" in run("promotion", "backtest", "--all", "--from", "2026-02-26").stdout
    assert "--channel" in refused("promotion", "backtest")
    assert "not a moment" in refused("promotion", "backtest", "--all", "--from", "soon")


def test_promotions_come_in_from_a_file_whole_or_not_at_all(
    told: Callable[..., Any], run: Callable[..., Result], rows: Session, tmp_path: Path
) -> None:
    make_video(rows, make_channel(rows, platform=Platform.YOUTUBE), published_at=NOON - 14 * DAY, title="The film")
    rows.commit()
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("title,date,kind,cost\nThe film,2026-02-20,ad,90\n")
    bad.write_text(good.read_text() + "The film,2026-02-20,radio,1\n")

    wrong = run("promotion", "import", bad)
    dry = told("promotion", "import", good, "--dry-run")
    assert (wrong.exit_code, wrong.stdout, dry["written"], dry["rows"]) == (1, "", None, 1)
    assert wrong.stderr.startswith("row 3, kind:")
    assert rows.scalars(select(Promotion)).all() == []
    rows.rollback()

    assert told("promotion", "import", good)["written"] == 1
    assert [float(one.cost or 0) for one in rows.scalars(select(Promotion))] == [90.0]
