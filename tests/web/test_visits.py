"""Visits in the browser: a file sent and written, columns pointed at, the asset's page that says what came of it, and short links."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import RoleName
from planner.catalog.models import Asset, RememberedColumns
from planner.channels.port import Platform
from planner.insights import short_links, visits
from planner.insights.models import LinkClicks, ShortLink, Visits
from planner.jobs.run import run_next
from planner.planning.models import Post, PostState
from tests.conftest import Browser, StoppedClock
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_post

SignIn = Callable[..., Browser]
PAPER = "https://www.example.com/papers/energy-per-bit"
FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}


def text(page: Any) -> str:
    """What is read on the page, in one line, every space a plain one."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.text)))


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in found if name != "csrf_token"}


def send(client: Browser, table: str) -> Any:
    return client.submit("/imports", kind="visits", language="en", file=(io.BytesIO(table.encode()), "march.csv"))


@pytest.fixture
def asset(app_db: Session) -> Asset:
    made = make_asset(app_db, url=PAPER, title="Energy per bit", published_at=datetime(2026, 2, 1, 8, 0, tzinfo=UTC))
    app_db.commit()
    return made


def tell(db: Session, asset: Asset, *counts: tuple[int, str, str, str, int]) -> None:
    """Day of February, source, medium, content, visits."""
    rows = [(asset.id, (datetime(2026, 2, day, tzinfo=UTC).date(), source, medium, "", content), count) for day, source, medium, content, count in counts]
    visits.record(db, rows, actor=None, now=NOON)
    db.commit()


def test_a_file_is_looked_at_written_by_a_worker_and_seen_on_the_assets_page(client: Browser, app: Flask, asset: Asset) -> None:
    page = send(client, f"day,page,source,medium,visits\n2026-02-01,{PAPER},t.co,referral,7\n2026-02-01,{PAPER},google,organic,93\n2026-02-01,/nowhere,x,,1\n")
    assert page.status_code == 200
    assert "3 rows of visits in “march.csv”" in page.text
    assert "t.co / referral X 7" in text(page)

    moved = client.submit("/imports/write", **hidden(page.text.partition("Choose the columns")[0].rpartition('action="/imports/columns"')[0]))
    run_next(app.extensions["planner"], "test")

    told = text(client.get(f"/imports/done/{moved.location.rpartition('/')[2]}"))
    assert "Counts new or changed 2" in told and "One row is about no page of an asset here" in told and "/nowhere" in told
    shown = text(client.get(f"/assets/{asset.id}"))
    assert "At least 7% came from networks: X 7%. 0% of the first two days came from nowhere we can name." in shown
    assert "Search engines 93 93.0%" in shown


def test_columns_are_pointed_at_once(client: Browser, app: Flask, app_db: Session, asset: Asset) -> None:
    table = f"Quand,Où,Combien\n2026-02-01,{PAPER},5\n"
    asked = send(client, table)
    assert asked.status_code == 422
    assert "No column says the day of the visits." in asked.text and '<option value="Combien">' in asked.text
    sent = hidden(asked.text)

    short = client.submit("/imports/columns", **sent, column_day="Quand", column_page="Où", column_visits="")
    assert short.status_code == 422 and "No column counts the visits." in short.text
    looked = client.submit("/imports/columns", **sent, column_day="Quand", column_page="Où", column_visits="Combien")
    assert looked.status_code == 200 and "One row of visits in “march.csv”" in looked.text
    client.submit("/imports/write", **hidden(looked.text.partition("Choose the columns")[0].rpartition('action="/imports/columns"')[0]))
    run_next(app.extensions["planner"], "test")

    assert app_db.scalars(select(Visits.visits)).all() == [5]
    assert app_db.scalars(select(RememberedColumns.columns)).one()["visits"] == "Combien"
    app_db.rollback()
    assert send(client, table.replace(",5", ",6")).status_code == 200


def test_a_wrong_file_is_refused_row_by_row(client: Browser, app_db: Session, asset: Asset) -> None:
    page = send(client, f"day,page,source,visits\nsoon,{PAPER},x,1\n2026-02-01,{PAPER},x,many\n")

    assert page.status_code == 422
    assert "2 things to put right in “march.csv”" in page.text and "“many” is not a whole number" in page.text
    assert app_db.scalars(select(Visits.id)).all() == []


def test_an_asset_without_statistics_leads_to_the_import_those_who_may(client: Browser, sign_in: SignIn, asset: Asset) -> None:
    assert 'href="/imports?kind=visits"' in client.get(f"/assets/{asset.id}").text
    seen = sign_in(roles=(RoleName.VIEWER,)).get(f"/assets/{asset.id}").text
    assert "No web statistics yet." in seen and "/imports?kind=visits" not in seen


def test_the_share_of_networks_is_never_rounded_up_and_french_is_written_as_french(client: Browser, app_db: Session, asset: Asset) -> None:
    post = make_post(app_db, asset=asset, channel=make_channel(app_db, platform=Platform.LINKEDIN, name="Notre page"))
    tell(app_db, asset, (1, "t.co", "", "", 79), (1, "linkedin", "social", f"post-{post.id}", 50), (2, "(direct)", "", "", 300), (9, "google", "", "", 571))

    english, french = text(client.get(f"/assets/{asset.id}")), text(client.get(f"/assets/{asset.id}", headers={"Accept-Language": "fr"}))

    assert "At least 12% came from networks: X 7%, LinkedIn 5%. 70% of the first two days came from nowhere we can name." in english
    assert "Au moins 12 % viennent des réseaux : X 7 %, LinkedIn 5 %." in french
    assert "Notre page" in english and "Visits by day" in english


def test_the_page_asks_as_much_of_the_database_for_one_post_as_for_many(client: Browser, app_db: Session, asset: Asset) -> None:
    from sqlalchemy import event

    def statements() -> int:
        seen: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            seen.append(statement)

        engine = app_db.get_bind()
        event.listen(engine, "before_cursor_execute", note)
        client.get(f"/assets/{asset.id}")
        event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    posts = [make_post(app_db, asset=asset) for _number in range(4)]
    tell(app_db, asset, (1, "x", "social", f"post-{posts[0].id}", 1))
    few = statements()
    tell(app_db, asset, *((day, "x", "social", f"post-{post.id}", 1) for day, post in enumerate(posts, 2)))

    assert statements() == few


@pytest.fixture
def link(app_db: Session, asset: Asset) -> ShortLink:
    post = make_post(app_db, asset=asset, link=PAPER, channel=make_channel(app_db, platform=Platform.LINKEDIN))
    made = short_links.make(app_db, post, actor=None, now=NOON)
    app_db.commit()
    return made


def clicks(db: Session) -> list[tuple[str, int]]:
    found = [(str(day), count) for day, count in db.execute(select(LinkClicks.day, LinkClicks.clicks).order_by(LinkClicks.day))]
    db.rollback()
    return found


def test_a_short_link_leads_anybody_to_the_page_with_the_posts_mark_and_is_counted_by_day(
    app: Flask, app_db: Session, link: ShortLink, clock: StoppedClock
) -> None:
    stranger = app.test_client()
    answer = stranger.get(f"/l/{link.code}", headers=FIREFOX)
    stranger.get(f"/l/{link.code}", headers=FIREFOX)
    clock.advance(timedelta(days=1))
    stranger.get(f"/l/{link.code}", headers=FIREFOX)

    assert (answer.status_code, answer.headers["Cache-Control"]) == (302, "no-store")
    assert answer.location == f"{PAPER}?utm_source=linkedin&utm_medium=social&utm_content=post-{link.post_id}"
    assert "Set-Cookie" not in answer.headers
    assert clicks(app_db) == [("2026-03-02", 2), ("2026-03-03", 1)]


@pytest.mark.parametrize("code", ["a%00b", "%00", "%0a", "nobodysone"])
def test_a_code_that_nobody_made_leads_nowhere_on_each_database(app_on_each_database: Flask, code: str) -> None:
    assert app_on_each_database.test_client().get(f"/l/{code}").status_code == 404


def test_guessing_codes_is_slowed_down_and_a_link_is_followed_as_often_as_people_like(app: Flask, app_db: Session, link: ShortLink, asset: Asset) -> None:
    live = short_links.make(
        app_db, make_post(app_db, asset=asset, link=PAPER, channel=make_channel(app_db, platform=Platform.X), state=PostState.PUBLISHED, published_at=NOON), actor=None, now=NOON
    )  # fmt: skip
    held = short_links.make(app_db, make_post(app_db, asset=make_asset(app_db, embargo_until=NOON + timedelta(days=1)), link=PAPER), actor=None, now=NOON)
    app_db.commit()
    newsroom = app.test_client()

    def follow(*codes: str, place: str = "192.0.2.1") -> list[int]:
        return [newsroom.get(f"/l/{code}", headers=FIREFOX, environ_base={"REMOTE_ADDR": place}).status_code for code in codes]

    assert set(follow(*[link.code, live.code] * 200)) == {302}
    assert follow(*[f"aaaaa{number}" for number in range(20)], *[held.code] * 10) == [404] * 30
    assert follow(held.code, "aaaaaaa", link.code, live.code) == [429, 429, 429, 302], "a link that is out there is followed all the same"
    assert follow(held.code, link.code, live.code, place="192.0.2.2") == [404, 302, 302]
    told = newsroom.get("/l/aaaaaaa", environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert (told.status_code, "Too many tries. Wait a minute, then try again." in told.text, "example.com/papers" in told.text) == (429, True, False)


def test_programs_and_looks_ahead_follow_the_link_uncounted(app: Flask, app_db: Session, link: ShortLink) -> None:
    stranger = app.test_client()
    answers = [
        stranger.head(f"/l/{link.code}", headers=FIREFOX),
        stranger.get(f"/l/{link.code}", headers={**FIREFOX, "Sec-Purpose": "prefetch;prerender"}),
        stranger.get(f"/l/{link.code}", headers={"User-Agent": "LinkedInBot/1.0"}),
    ]

    assert ([one.status_code for one in answers], clicks(app_db)) == ([302, 302, 302], [])


def test_an_embargoed_link_looks_like_one_that_nobody_made(app: Flask, app_db: Session, link: ShortLink, asset: Asset) -> None:
    asset.embargo_until = NOON + timedelta(hours=1)
    app_db.commit()
    stranger = app.test_client()

    held, unknown = stranger.get(f"/l/{link.code}", headers=FIREFOX), stranger.get("/l/aaaaaaa", headers=FIREFOX)

    assert (held.status_code, unknown.status_code, clicks(app_db)) == (404, 404, [])
    assert "example.com/papers" not in held.text


def test_a_short_link_says_no_word_that_is_under_embargo(app: Flask, app_db: Session, link: ShortLink, clock: StoppedClock) -> None:
    """The campaign has no embargo of its own, but its name holds a word of what it announces."""
    post = app_db.get_one(Post, link.post_id)
    post.campaign = make_campaign(app_db, name="Zephyr launch")
    released = make_asset(app_db, title="The release", embargo_terms=["Zephyr"], embargo_until=NOON + timedelta(days=1))
    app_db.commit()
    stranger = app.test_client()

    def leads_to() -> str | None:
        app_db.commit()
        return stranger.get(f"/l/{link.code}", headers=FIREFOX).location

    unnamed = f"{PAPER}?utm_source=linkedin&utm_medium=social&utm_content=post-{link.post_id}"
    assert leads_to() == unnamed
    post.marks = {"source": "linkedin", "medium": "social", "campaign": "zephyr"}
    assert leads_to() == unnamed
    released.embargo_terms, post.marks = ["Energy per bit"], {}
    assert leads_to() is None, "the address of the page says it"
    post.state, post.published_at = PostState.PUBLISHED, NOON
    assert leads_to() == unnamed, "and stands in a post that is live"
    clock.advance(timedelta(days=1))
    assert leads_to() == f"{PAPER}?utm_source=linkedin&utm_medium=social&utm_campaign=zephyr-launch&utm_content=post-{link.post_id}"


def test_a_link_is_made_once_on_the_posts_page_by_who_may_edit_it(client: Browser, sign_in: SignIn, app_db: Session, asset: Asset) -> None:
    post = make_post(app_db, asset=asset, link=PAPER)
    app_db.commit()
    assert "Make a short link" in client.get(f"/posts/{post.id}").text
    assert sign_in(roles=(RoleName.VIEWER,)).submit(f"/posts/{post.id}/short-link").status_code == 403

    client.submit(f"/posts/{post.id}/short-link")
    client.submit(f"/posts/{post.id}/short-link")

    (code,) = app_db.scalars(select(ShortLink.code)).all()
    app_db.rollback()
    page = client.get(f"/posts/{post.id}")
    assert f"http://127.0.0.1:8000/l/{code}" in page.text and "Nobody has followed it yet." in page.text
    assert "made a short link for a post" in client.get("/settings/history").text


def test_a_post_that_leads_nowhere_gets_no_link(client: Browser, app_db: Session) -> None:
    post = make_post(app_db, asset=make_asset(app_db, url=""), link="")
    app_db.commit()

    assert "Make a short link" not in client.get(f"/posts/{post.id}").text
    assert client.submit(f"/posts/{post.id}/short-link").status_code == 422
    assert app_db.scalars(select(Post.version).where(Post.id == post.id)).one() == post.version
