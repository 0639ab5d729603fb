"""Sending a file in the browser: checked first, refused row by row, written by a worker, told in the end."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.accounts.models import RoleName, User
from planner.catalog.models import Asset
from planner.insights import queries
from planner.insights.models import Snapshot
from planner.jobs.run import run_next
from planner.ledger.models import Job, JobState
from tests.conftest import Browser, StoppedClock
from tests.insights.files import as_csv, video, videos

SPRING = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def send(client: Browser, data: bytes, *, kind: str = "assets", name: str = "videos.csv", language: str = "en") -> Any:
    return client.submit("/imports", kind=kind, language=language, file=(io.BytesIO(data), name))


def fields_of(page: str) -> dict[str, str]:
    """The hidden fields of the page that asks for a confirmation."""
    return {name: value for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page) if name != "csrf_token"}


def waiting(app: Flask) -> list[str]:
    folder = Path(app.extensions["planner"].settings.data_path) / "imports"
    return sorted(path.name for path in folder.glob("*.table")) if folder.exists() else []


def count(db: Session, table: type) -> int:
    """How many rows there are; ends its transaction, which on SQLite would keep everybody else waiting."""
    found = db.scalar(select(func.count()).select_from(table)) or 0
    db.rollback()
    return found


def test_the_page_says_what_a_file_may_look_like(client: Browser) -> None:
    page = client.get("/imports")

    assert page.status_code == 200
    for words in ("Check the file", "Download the template", "What a file may look like"):
        assert words in page.text


@pytest.mark.parametrize("kind", ["assets", "readings"])
def test_a_template_is_a_table_that_opens_in_an_office(client: Browser, kind: str) -> None:
    answer = client.get(f"/imports/template/{kind}.csv")

    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{kind}.csv"'
    assert answer.data.startswith("\ufeff".encode())


def test_a_good_file_is_shown_first_then_written_by_a_worker_and_told(client: Browser, app: Flask, app_db: Session) -> None:
    page = send(client, as_csv(videos(230)))

    assert page.status_code == 200
    assert "230 assets in “videos.csv”" in page.text
    assert video(1)["title"] in page.text.replace("&#39;", "'")
    assert count(app_db, Asset) == 0

    moved = client.submit("/imports/write", **fields_of(page.text))
    number, state = app_db.execute(select(Job.id, Job.state)).one()
    app_db.rollback()
    assert (moved.status_code, moved.location, state) == (302, f"/jobs/{number}", JobState.QUEUED)
    assert "Waiting for a worker" in client.get(moved.location).text
    run_next(app.extensions["planner"], "test")

    assert (count(app_db, Asset), count(app_db, Snapshot), waiting(app)) == (230, 230, [])
    assert "See what came of it" in client.get(moved.location, headers={"HX-Request": "true"}).text
    told = client.get(f"/imports/done/{number}").text
    assert "“videos.csv” is in" in told
    assert re.findall(r'stat__value">([^<]+)<', told) == ["230", "0", "230"]


def test_readings_of_unknown_posts_are_named_in_the_end(client: Browser, app: Flask, app_db: Session) -> None:
    client.submit("/imports/write", **fields_of(send(client, as_csv(videos(3))).text))
    run_next(app.extensions["planner"], "test")
    later = as_csv([video(2, snapshot_utc="2026-02-04T10:00:00Z", view_count="999999"), video(9, title="<b>Not here</b>")])

    moved = client.submit("/imports/write", **fields_of(send(client, later, kind="readings").text))
    run_next(app.extensions["planner"], "test")

    told = client.get(f"/imports/done/{moved.location.rpartition('/')[2]}").text
    assert "One reading is of a post nobody knows here" in told
    assert "nv000000009 · &lt;b&gt;Not here&lt;/b&gt;" in told
    asset = app_db.scalars(select(Asset).where(Asset.source_key == "youtube:nv000000002")).one()
    (post,) = queries.asset_performance(app_db, asset.id).posts
    assert post.growth is not None and post.growth["views"] == 999999 - int(video(2)["view_count"])


def test_a_tampered_file_is_refused_row_by_row_and_writes_nothing(client: Browser, app: Flask, app_db: Session) -> None:
    rows = videos(20)
    rows[3]["published_at"], rows[7]["view_count"], rows[11]["video_id"] = "soon", "-4", rows[0]["video_id"]
    rows[15]["title"] = "=HYPERLINK(\"http://evil.example\")<script>alert(1)</script>"
    rows[17]["title"] = "x" * 400_000

    page = send(client, as_csv(rows))

    assert page.status_code == 422
    assert "5 things to put right in “videos.csv”" in page.text
    for sentence in (
        "“soon” is not a date such as 2026-03-24", "“-4” is below zero", "This is there twice: row 2 is the same.",
        "This looks like a spreadsheet formula", "That is too long: at most 300 characters.",
    ):  # fmt: skip
        assert sentence in page.text
    assert "<script>alert(1)" not in page.text
    assert len(page.text) < 60_000
    assert (count(app_db, Asset), count(app_db, Job), waiting(app)) == (0, 0, [])


def errors_of(client: Browser, page: str) -> list[list[str]]:
    """The list of errors that the page offers."""
    (address,) = re.findall(r'href="(/imports/errors/[0-9a-f]{32}\.csv)"', page)
    answer = client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="errors.csv"'
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def test_the_errors_can_be_taken_home_as_a_table_that_runs_nothing(client: Browser) -> None:
    rows = videos(3)
    rows[0]["title"], rows[2]["view_count"] = "=HYPERLINK(\"http://evil.example\")", "-4"

    page = send(client, as_csv(rows))

    assert errors_of(client, page.text) == [
        ["Row", "Column", "What is wrong", "What is there"],
        ["2", "title", "This looks like a spreadsheet formula, which is not taken. Write the plain text.", "'=HYPERLINK(\"http://evil.example\")"],
        ["4", "view_count", "“-4” is below zero: a count cannot be.", "'-4"],
    ]


def test_nobody_takes_home_the_errors_of_somebody_else(client: Browser, sign_in: Callable[..., Browser]) -> None:
    page = send(client, as_csv(videos(3, view_count="?")))
    (address,) = re.findall(r'href="(/imports/errors/[0-9a-f]{32}\.csv)"', page.text)

    answer = sign_in(roles=("planner",)).get(address)

    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert "The file is not there any more. Send it again." in answer.text


def test_of_many_errors_two_hundred_are_shown_all_are_counted_and_listed(client: Browser) -> None:
    page = send(client, as_csv(videos(450, view_count="?")))

    assert page.status_code == 422
    assert page.text.count("is not a whole number") == 200
    assert "The first 200 of 450 are shown." in page.text
    assert len(errors_of(client, page.text)) == 451


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"", "empty.csv", "This file is empty."),
        (b"\x00\x01\x02", "photo.png", "This is not a text file."),
        (b"a,b\n1,2\n", "table.csv", "This table has no column “title”"),
    ],
)
def test_what_is_no_table_is_refused_beside_the_field(client: Browser, app: Flask, data: bytes, name: str, sentence: str) -> None:
    page = send(client, data, name=name)

    assert page.status_code == 422
    assert re.search(rf'id="file-note"[^/]*>.*{sentence}', page.text, flags=re.DOTALL)
    assert waiting(app) == []


def test_no_file_chosen_is_said_beside_the_field_and_the_choice_is_kept(client: Browser) -> None:
    page = client.submit("/imports", kind="readings", language="fr")

    assert page.status_code == 422
    assert "Choose a file first." in page.text
    assert re.search(r'<input[^>]*checked[^>]*value="readings"|value="readings"[^>]*checked', page.text)


def test_confirming_twice_makes_one_job(client: Browser, app_db: Session) -> None:
    fields = fields_of(send(client, as_csv(videos(2))).text)

    first, second = client.submit("/imports/write", **fields), client.submit("/imports/write", **fields)

    assert (first.location, count(app_db, Job)) == (second.location, 1)


@pytest.mark.parametrize("token", ["", "../../planner.sqlite3", "0" * 32, "x" * 32])
def test_a_token_that_is_not_ones_own_file_is_refused(client: Browser, app_db: Session, token: str) -> None:
    answer = client.submit("/imports/write", token=token, kind="assets", language="en", name="x")

    assert answer.status_code == 422
    assert "The file is not there any more. Send it again." in answer.text
    assert count(app_db, Job) == 0


def test_nobody_confirms_somebody_elses_file(client: Browser, sign_in: Callable[..., Browser], app_db: Session) -> None:
    fields = fields_of(send(client, as_csv(videos(2))).text)

    answer = sign_in(roles=("planner",)).submit("/imports/write", **fields)

    assert (answer.status_code, count(app_db, Job)) == (422, 0)


def test_without_the_forms_token_nothing_happens(client: Browser, app: Flask, app_db: Session) -> None:
    fields = fields_of(send(client, as_csv(videos(2))).text)

    answers = [
        client.post("/imports", data={"kind": "assets", "language": "en", "file": (io.BytesIO(as_csv(videos(2))), "a.csv")}),
        client.post("/imports/write", data=fields),
    ]

    assert answers[1].status_code == 400
    assert answers[0].status_code in (400, 422)
    assert (count(app_db, Asset), count(app_db, Job), len(waiting(app))) == (0, 0, 1)


@pytest.mark.parametrize("role", [RoleName.AUTHOR, RoleName.APPROVER, RoleName.VIEWER])
def test_only_who_may_import_reaches_the_pages(sign_in: Callable[..., Browser], role: RoleName) -> None:
    browser = sign_in(roles=(role,))

    answers = [browser.get("/imports").status_code, browser.get("/imports/template/assets.csv").status_code, send(browser, as_csv(videos(1))).status_code]

    assert answers == [403, 403, 403]


def test_anothers_import_is_not_shown(client: Browser, sign_in: Callable[..., Browser], app_db: Session) -> None:
    moved = client.submit("/imports/write", **fields_of(send(client, as_csv(videos(2))).text))
    number = moved.location.rpartition("/")[2]

    assert sign_in(roles=("planner",)).get(f"/imports/done/{number}").status_code == 404
    assert client.get(f"/imports/done/{number}").location == f"/jobs/{number}"
    assert client.get("/imports/done/999999").status_code == 404


def test_a_worker_that_died_is_followed_by_one_that_adds_nothing_twice(
    client: Browser, app: Flask, app_db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from planner.insights import importing

    moved = client.submit("/imports/write", **fields_of(send(client, as_csv(videos(450))).text))
    number = int(moved.location.rpartition("/")[2])
    runtime = app.extensions["planner"]
    blocks = []

    def write_one_and_die(*args: Any, **kwargs: Any) -> None:
        if blocks:
            raise KeyboardInterrupt
        blocks.append(real(*args, **kwargs))

    real = importing.write_block
    monkeypatch.setattr(importing, "write_block", write_one_and_die)
    with pytest.raises(KeyboardInterrupt):
        run_next(runtime, "first", number)
    monkeypatch.setattr(importing, "write_block", real)
    assert count(app_db, Asset) == 200

    app_db.get_one(Job, number).lease_until = SPRING.replace(year=2020)
    app_db.commit()
    run_next(runtime, "second", number)

    assert (count(app_db, Asset), count(app_db, Snapshot)) == (450, 450)
    job = app_db.get_one(Job, number)
    assert (job.state, (job.result or {})["created"], (job.result or {})["known"]) == (JobState.DONE, 250, 200)


def test_a_file_nobody_confirmed_is_thrown_away_after_a_day(client: Browser, app: Flask, clock: StoppedClock) -> None:
    send(client, as_csv(videos(2)))
    (name,) = waiting(app)
    path = Path(app.extensions["planner"].settings.data_path) / "imports" / name
    old = clock.moment.timestamp() - 90_000
    os.utime(path, (old, old))

    send(client, as_csv(videos(3)))

    assert (len(waiting(app)), name in waiting(app)) == (1, False)


def test_owners_are_found_by_name_or_address(client: Browser, app: Flask, app_db: Session) -> None:
    with app.extensions["planner"].sessions.begin() as db:
        from tests.factories import make_user

        make_user(db, roles=("author",), name="Yann Kerdoncuff", email="yann@norvane.example")
    rows = [{"kind": "video", "title": "One", "owner": "YANN@norvane.example"}, {"kind": "video", "title": "Two", "owner": "yann kerdoncuff"}]

    client.submit("/imports/write", **fields_of(send(client, as_csv(rows, headings=["kind", "title", "owner"])).text))
    run_next(app.extensions["planner"], "test")

    owner = app_db.scalars(select(User.id).where(User.name == "Yann Kerdoncuff")).one()
    assert app_db.scalars(select(Asset.owner_id)).all() == [owner, owner]


def test_a_servers_log_is_shown_line_by_kind_of_line_then_written_once(client: Browser, app: Flask, app_db: Session) -> None:
    from planner.insights.models import Visits
    from tests.factories import make_asset

    make_asset(app_db, url="https://www.example.com/papers/energy")
    app_db.commit()
    lines = [
        '203.0.113.9 - - [01/Mar/2026:23:30:00 +0000] "GET /papers/energy HTTP/1.1" 200 51 "https://t.co/a" "Mozilla/5.0 (X11) Firefox/133.0"',
        '203.0.113.9 - - [01/Mar/2026:23:31:00 +0000] "GET /papers/energy HTTP/1.1" 200 51 "https://t.co/a" "Mozilla/5.0 (X11) Firefox/133.0"',
        '203.0.113.9 - - [01/Mar/2026:23:32:00 +0000] "GET /jobs HTTP/1.1" 200 51 "-" "Mozilla/5.0 (X11) Firefox/133.0"', "not a line",
    ]  # fmt: skip
    data = "\n".join(lines).encode()

    page = send(client, data, kind="visits", name="access.log")

    assert page.status_code == 200
    assert "One visit in the log “access.log”" in page.text
    assert "no address and no browser is kept" in page.text
    assert "Lines that cannot be read are left out: 1. Their numbers: 4." in page.text
    assert dict(re.findall(r'<th scope="row">([^<]+)</th><td data-label="Lines" class="end num">(\d+)', page.text))["People coming to pages of assets"] == "2"
    assert "203.0.113.9" not in page.text
    for _time in range(2):
        moved = client.submit("/imports/write", **fields_of(send(client, data, kind="visits", name="access.log").text))
        run_next(app.extensions["planner"], "test")

    day = app_db.execute(select(Visits.day, Visits.origin, Visits.source, Visits.visits)).one()
    app_db.rollback()
    assert (day.day.isoformat(), day.origin, day.source, day.visits) == ("2026-03-02", "log", "t.co", 1)
    told = client.get(f"/imports/done/{moved.location.rpartition('/')[2]}").text
    assert re.findall(r'stat__value">([^<]+)<', told) == ["4", "1", "1", "0"]
    assert "One request is for a page of no asset here" in told and "<li>/jobs</li>" in told
