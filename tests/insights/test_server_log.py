"""Visits from a web server's log: people's ways to our pages, each once a day and source; nobody's address is kept."""

from __future__ import annotations

import gzip
import tracemalloc
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.core.errors import Invalid
from planner.insights import importing, server_log, visits
from planner.insights.import_writing import Summary
from planner.insights.models import Visits
from planner.insights.server_log import LogPages, LogSummary, read_log
from planner.insights.sources import Source
from planner.insights.traffic import asset_traffic
from planner.insights.visit_rows import believed
from tests.factories import make_asset, make_post

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PAPER = "https://www.example.com/papers/energy-per-bit"
PATH = "/papers/energy-per-bit"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
PHONE = r"Mozilla/5.0 (Linux; Android 14; \"Nova\" \x22S\x22) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36"
OURS = LogPages({PATH: frozenset({"example.com"})}, "Europe/Paris")


def line(
    target: str = PATH, *, address: str = "203.0.113.9", at: str = "20/Nov/2026:13:55:36 +0100", method: str = "GET", status: int = 200,
    referrer: str = "-", agent: str = FIREFOX, user: str = "-", server: str = "",
) -> str:  # fmt: skip
    return f'{server}{address} - {user} [{at}] "{method} {target} HTTP/1.1" {status} 5120 "{referrer}" "{agent}"\n'


def read(*lines: str, ours: LogPages = OURS) -> tuple[dict[tuple[date, str, str, str, str], int], LogSummary]:
    rows, told = read_log("".join(lines).encode(), ours, now=NOW)
    return {row.key: row.visits for row in rows}, told


def bring(db: Session, *lines: str) -> Summary:
    checked = importing.validate("".join(lines).encode(), now=NOW, kind="visits", zone="Europe/Paris", db=db)
    return importing.write(db, checked, actor=None, now=NOW)


def test_a_visit_is_one_browser_from_one_source_on_one_day_however_often_it_loads_the_page() -> None:
    counts, told = read(
        line(referrer="https://t.co/abc"), line(referrer="https://t.co/abc", status=304),
        line(referrer="https://t.co/def", address="2001:db8::a:1"), line(referrer="https://t.co/abc", agent=PHONE),
        line(referrer="https://www.google.fr/"), line(), line(at="21/Nov/2026:00:00:01 +0100"),
    )  # fmt: skip

    day, next_day = date(2026, 11, 20), date(2026, 11, 21)
    assert counts == {
        (day, "t.co", "", "", ""): 3, (day, "google.fr", "", "", ""): 1, (day, "", "", "", ""): 1, (next_day, "", "", "", ""): 1,
    }  # fmt: skip
    assert (told.lines, told.requests, told.visits, told.broken) == (7, 7, 6, 0)


def test_what_is_no_visit_is_left_out_and_counted_by_its_reason() -> None:
    counts, told = read(
        line(method="HEAD"), line(method="POST"), line(status=404), line(status=301), line("/static/site.css"), line("/favicon.ico"), line("/img/a.PNG?v=2"),
        line(agent="Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"), line(agent="curl/8.5.0"), line(agent="-"), line(agent=""),
        line(referrer="https://www.example.com/news"), line("/jobs?who=jo@corp.example"), line("/jobs"), r'203.0.113.9 - - [20/Nov/2026:13:55:36 +0100] "\x16\x03\x01" 400 150 "-" "-"' + "\n",
    )  # fmt: skip

    assert counts == {}
    assert (told.refused, told.files, told.programs, told.inside, told.others, told.broken) == (5, 3, 4, 1, 2, 0)
    assert list(told.names) == ["/jobs"]
    assert told.lines == told.refused + told.files + told.programs + told.inside + told.others


def test_marks_tell_the_source_and_our_mark_a_page_that_moved(db: Session) -> None:
    post = make_post(db, asset=make_asset(db, url=PAPER))
    target = f"{PATH}?utm_source=linkedin&utm_medium=social&utm_campaign=energy-week&utm_content=post-{post.id}"

    bring(
        db, line(target, referrer="https://www.example.com/news"), line(target.replace(PATH, "/p/moved"), address="198.51.100.7"),
        line(f"{PATH}?utm_source=jo@corp.example&utm_campaign=%00spring%0A", address="198.51.100.8"),
    )  # fmt: skip

    kept = db.execute(select(Visits.source, Visits.medium, Visits.campaign, Visits.content, Visits.visits).order_by(Visits.visits)).all()
    assert [tuple(row) for row in kept] == [("", "", "spring", "", 1), ("linkedin", "social", "energy-week", f"post-{post.id}", 2)]


def test_what_of_a_query_names_the_page_tells_its_visits_apart_and_marks_do_not(db: Session) -> None:
    seven, home, english = (make_asset(db, url=f"https://www.example.com/{page}") for page in ("show?id=7", "?p=12", "ports?lang=en"))
    make_asset(db, url="https://youtu.be/abc_DEF-123")
    came = ("/show?id=7", "/show?utm_source=x&id=7&gclid=q", "/show?id=8", "/?p=12", "/", "/ports", "/ports?lang=fr", "/abc_DEF-123")

    summary = bring(db, *(line(target, address=f"198.51.100.{number}", server="www.example.com:443 ") for number, target in enumerate(came)))

    assert [sum(one.visits for one in asset_traffic(db, asset, zone="UTC").sources) for asset in (seven, home, english)] == [2, 1, 1]
    assert summary.unknown == ["example.com/show", "example.com", "example.com/ports", "example.com/abc_DEF-123"]


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("20/Nov/2026:23:30:00 +0000", date(2026, 11, 21)), ("21/Nov/2026:04:59:59 +0530", date(2026, 11, 21)),
        ("20/Nov/2026:17:59:59 -0500", date(2026, 11, 20)),
    ],
)  # fmt: skip
def test_a_day_is_one_of_the_web_statistics_whatever_clock_the_server_writes(at: str, day: date) -> None:
    counts, _told = read(line(at=at))

    assert [key[0] for key in counts] == [day]


def test_a_line_nobody_can_read_is_counted_and_told_by_its_number_and_stops_nothing() -> None:
    text = "".join([
        line(), "\n", "half a li\n", line()[:80] + "\n", line(at="31/Feb/2026:10:00:00 +0100"), line(at="20/Nov/2036:10:00:00 +0100"),
        line(agent="x" * 40_000), line(user="Jo Doe", address="::1"), "\xff\x00\n",
    ])  # fmt: skip

    checked = importing.validate(text.encode("latin-1"), now=NOW, kind="visits", ours=OURS)

    assert checked.errors == [] and checked.log is not None
    assert (checked.log.lines, checked.log.broken, checked.log.numbers, checked.log.visits) == (9, 7, [2, 3, 4, 5, 6, 7, 9], 2)
    assert "Lines that cannot be read are left out: 7. Their numbers: 2, 3, 4, 5, 6, 7, 9." in [note.message % note.params for note in checked.warnings]


def test_the_common_format_and_one_with_the_servers_name_are_understood() -> None:
    common = f'203.0.113.9 - - [20/Nov/2026:13:55:36 +0100] "GET {PATH} HTTP/1.1" 200 5120\n'

    _counts, told = read(common, common, line("/", server="www.example.com:443 "), ours=LogPages({PATH: frozenset({"example.com"}), "": frozenset({"example.com"})}))

    assert (told.requests, told.unnamed, told.visits) == (3, 2, 2)
    assert read(line("/"), ours=LogPages({"": frozenset({"example.com"})}))[0] == {}
    assert read(line(server="other.example:443 "))[0] == {}


def test_the_same_log_twice_changes_nothing_and_a_part_of_a_day_undoes_nothing(db: Session) -> None:
    asset = make_asset(db, url=PAPER)
    lines = [line(address=f"203.0.113.{number}", referrer="https://t.co/") for number in range(5)]

    assert [bring(db, *lines).readings, bring(db, *lines).readings, bring(db, *lines[:2]).readings] == [1, 0, 0]
    assert bring(db, *lines, line(address="203.0.113.99", referrer="https://t.co/")).readings == 1
    assert {one.source: one.visits for one in asset_traffic(db, asset).sources} == {Source.X: 6}


def test_a_log_is_never_added_to_what_an_export_or_the_statistics_told_of_a_day(db: Session) -> None:
    asset = make_asset(db, url=PAPER)
    bring(db, line(referrer="https://t.co/"), line(at="21/Nov/2026:10:00:00 +0100"))
    visits.record(db, [(asset.id, (date(2026, 11, 20), "twitter", "social", "", ""), 9)], actor=None, now=NOW)

    assert {one.source: one.visits for one in asset_traffic(db, asset).sources} == {Source.X: 9, Source.DIRECT: 1}
    day = date(2026, 11, 20)
    assert [believed((day, one) for one in told) for told in (("log", "file"), ("file", "log"), ("file", "api", "log"))] == [
        {day: "file"}, {day: "file"}, {day: "api"},
    ]  # fmt: skip


def test_no_address_and_no_browser_is_kept(db: Session) -> None:
    make_asset(db, url=PAPER)

    checked = importing.validate(line().encode(), now=NOW, kind="visits", db=db)
    importing.write(db, checked, actor=None, now=NOW)

    kept = repr([tuple(row) for row in db.execute(select(*Visits.__table__.columns))]) + repr(checked)
    assert "203.0.113.9" not in kept and "Firefox" not in kept


def test_a_packed_log_is_unpacked_and_anything_else_that_is_packed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "access.log.2.gz"
    path.write_bytes(gzip.compress(line().encode()))

    assert importing.validate(path, now=NOW, kind="visits", ours=OURS).log.visits == 1  # type: ignore[union-attr]
    for data, said in (
        (gzip.compress(b"day,page,visits\n"), "no log of a web server"), (gzip.compress(line().encode() * 9)[:-12], "damaged"),
    ):  # fmt: skip
        with pytest.raises(Invalid, match=said):
            importing.validate(data, now=NOW, kind="visits", ours=OURS)


def test_a_line_without_end_is_given_up_at_the_limit_and_not_unpacked_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_log, "MOST_BYTES", 1_000_000)
    bomb = gzip.compress(b"a" * 50_000_000)

    for packed in (bomb, bomb[:-100]):  # That the second one is damaged is known only to who reads it to its end.
        with pytest.raises(Invalid) as refusal:
            server_log.is_log(packed)
        assert "too large" in str(refusal.value)


def test_a_large_log_takes_no_more_memory_than_a_small_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "access.log.gz"
    block = "".join(line(address=f"203.0.113.{number % 250}") for number in range(1000)).encode()
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _time in range(60):
            file.write(block)

    tracemalloc.start()
    try:
        _rows, told = read_log(path, OURS, now=NOW)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert (told.lines, told.visits) == (60_000, 250)
    assert peak < 2_000_000 < 60 * len(block)
    for name, most, said in (("MOST_BYTES", len(block), "too large"), ("MOST_VISITS", 249, "in parts")):
        with monkeypatch.context() as patch, pytest.raises(Invalid, match=said):
            patch.setattr(server_log, name, most)
            read_log(path, OURS, now=NOW)
