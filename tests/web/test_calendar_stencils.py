"""Posts drawn from a stencil: what the template's macro would draw, character for character; and a page that scans no catalogue."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from markupsafe import Markup
from sqlalchemy import event
from sqlalchemy.orm import Session

from planner.channels.port import Platform
from planner.planning.models import PostState
from planner.web.calendar.sheets import Day, Mark
from planner.web.calendar.slips import LOOKS, Slip
from planner.web.calendar.stencils import drawer, month_boxes
from planner.web.calendar.ways import ANY_DAY, by_day
from planner.web.static_files import asset_url
from tests.conftest import Browser
from tests.factories import NOON, make_post

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
#: What people may call a channel or a post: marks of HTML, of both ways to fill in, and of the stencil itself.
NAMES = ("Group on X", "R&D <b>", "100% sure %(title)s", "{title} {0}", 'So "quoted"', "L’été", "title", "\0title\0")


def slip(state: str, name: str, *, url: bool = True, there: bool = False, masked: bool = False, may_move: bool = False, lift: bool = False) -> Slip:
    tone, icon = LOOKS[state]
    return Slip(
        AT.date(), "13:00", "07:00 (-1) New York & so" if there else "", f"About {name}", "/posts/7?a=1&b=2" if url else "", 3, name.replace("\0", ""), "x", 5, state,
        f"<{state}>", tone, icon, None if state == "native" else 7, 4, masked, may_move, AT, lift,
    )  # fmt: skip


#: View -> the macro that draws its posts.
MACROS = {"week": "slip", "month": "slip", "list": "line"}


def macro(app: Flask, one: Slip, view: str = "week") -> str:
    return str(getattr(app.jinja_env.get_template("calendar/_macros.html").module, MACROS[view])(one))


@pytest.mark.parametrize("view", MACROS)
@pytest.mark.parametrize("name", NAMES)
def test_a_post_of_any_kind_and_name_is_drawn_as_the_macro_draws_it(app: Flask, name: str, view: str) -> None:
    kinds = [
        slip(state, name, url=url, there=there, masked=masked, may_move=may_move, lift=lift)
        for state in LOOKS
        for url, there, masked, may_move, lift in itertools.product((True, False), repeat=5)
    ]
    with app.test_request_context():
        drawn = drawer(view)
        for one in kinds:
            assert drawn([one]) == macro(app, one, view)
        assert drawn(kinds) == Markup("".join(macro(app, one, view) for one in kinds))
        assert drawn([]) == ""


@pytest.mark.parametrize("may_fill", [True, False])
def test_a_free_slot_is_drawn_as_the_macro_draws_it_each_with_its_own_day(app: Flask, may_fill: bool) -> None:
    kinds = [slip("draft", name, url=False, may_move=may_fill)._replace(state="free", slot=f"{number}:2026-03-02") for number, name in enumerate(NAMES)]
    with app.test_request_context():
        for view in MACROS:
            assert [drawer(view)([one]) for one in kinds] == [macro(app, one, view) for one in kinds]
        assert ("12:2026-03-02" in drawer("week")([kinds[0]._replace(slot="12:2026-03-02")])) is may_fill


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_day_of_a_month_is_drawn_as_the_macros_draw_it(app: Flask, language: str) -> None:
    page, note_page = f"/calendar?view=list&date={ANY_DAY}&days=1&kind=a%20b", f"/calendar/notes/new?day={ANY_DAY}&back=/calendar?date=2026-03-02%26x"
    days = [
        Day(date(2026, 3, number), name, name[:3], [Mark("note", name, "pencil")] * (number % 3 * 3), [slip("draft", name)] * (number % 4), number % 3, today=number % 2 == 0)
        for number, name in enumerate(NAMES, 1)
    ]
    with app.test_request_context(headers={"Accept-Language": language}):
        plain: Any = app.jinja_env.get_template("calendar/_macros.html").module
        for note in (note_page, ""):
            boxes = month_boxes(page, note)
            for one in days:
                at = by_day(page)(one.day)
                head, marks = plain.month_head(one, at, note and by_day(note)(one.day)), plain.marks(one, at)
                assert boxes([one]) == str(plain.month_box(one, head, marks, drawer("month")(one.slips), plain.more(one.more, at)))
            assert boxes(days) == Markup("".join(boxes([one]) for one in days))


def test_two_posts_of_one_kind_keep_their_own_words(app: Flask) -> None:
    first, second = slip("draft", "One"), slip("draft", "One")._replace(title="Other <i>", url="/posts/8", time="09:05")
    with app.test_request_context():
        assert [drawer("week")([one]) for one in (first, second, first)] == [macro(app, one) for one in (first, second, first)]


def test_a_line_speaks_the_language_of_who_reads_it_though_it_is_kept(app: Flask) -> None:
    secret = slip("draft", "One", url=False, masked=True)
    drawn = []
    for language in ("en", "fr", "en"):
        with app.test_request_context(headers={"Accept-Language": language}):
            drawn.append(drawer("list")([secret]))

    assert "Confidential" in drawn[0]
    assert "Confidentiel" in drawn[1]
    assert drawn[2] == drawn[0]


def test_everything_that_is_drawn_of_a_post_has_its_mask(app: Flask) -> None:
    with app.test_request_context():
        style = (Path(app.static_folder or "static") / "dist" / asset_url("calendar.css").rpartition("/")[2]).read_text()
    wanted = {icon for _tone, icon in LOOKS.values()} | {f"platform-{platform}" for platform in Platform} | {"plus", "pencil", "shield", "lock-keyhole-open"}

    assert {icon for icon in wanted if f".drawn--{icon}:before{{" not in style} == set()


def test_an_address_is_filled_in_at_its_first_day_and_nowhere_else() -> None:
    page = by_day(f"/calendar?view=list&date={ANY_DAY}&days=1&channel={ANY_DAY}")

    assert page(date(2026, 3, 2)) == f"/calendar?view=list&date=2026-03-02&days=1&channel={ANY_DAY}"


def test_no_page_of_the_calendar_reads_the_whole_catalogue(app: Flask, client: Browser, app_db: Session) -> None:
    for days in range(3):
        make_post(app_db, publish_at=NOON + timedelta(days=days), state=PostState.APPROVED)
    app_db.commit()
    said: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, values: object, *_rest: object) -> None:
        if statement.startswith("SELECT"):
            said.append((statement, values))

    engine = app.extensions["planner"].engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        for view in ("week", "month", "list"):
            assert client.get(f"/calendar?view={view}&date=2026-03-02").status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    plans = [row[3] for statement, values in said for row in app_db.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]  # type: ignore[arg-type]
    used = "\n".join(plans)

    assert [line for line in plans if line.startswith(("SCAN assets", "SCAN posts"))] == []
    for index in ("ix_assets_owner_id", "ix_assets_embargo_until", "ix_posts_campaign_id_publish_at", "ix_posts_publish_at"):
        assert index in used, index
