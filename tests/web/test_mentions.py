"""What others wrote of an asset in the browser: brought in by a file, seen on the asset's page, and as an alert when it comes back."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import RoleName
from planner.catalog.models import Asset, Confidentiality, RememberedColumns
from planner.jobs.run import run_next
from planner.ledger import jobs
from planner.listening import importing, service
from planner.listening.models import Mention
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_user
from tests.web.counting import statements
from tests.web.test_visits import hidden, text

SignIn = Callable[..., Browser]
DAY = timedelta(days=1)
PAPER = "https://www.example.com/papers/energy-per-bit"
HEAD = "date,address,title,excerpt,author,outlet,links\n"


@pytest.fixture
def asset(app_db: Session) -> Asset:
    made = make_asset(app_db, url=PAPER, title="Energy per bit", published_at=NOON - 200 * DAY)
    app_db.commit()
    return made


def send(client: Browser, table: str) -> Any:
    return client.submit("/imports", kind="mentions", language="en", file=(io.BytesIO(table.encode()), "watch.csv"))


def line(back: int, number: int, *, links: str = PAPER, outlet: str = "The Chronicle") -> str:
    return f"{NOON - back * DAY:%Y-%m-%d},https://chronicle.example/{number},Title {number},<b>Watts</b>,Jane Doe,{outlet},{links}\n"


def keep(db: Session, table: str) -> None:
    importing.write(db, importing.validate((HEAD + table).encode(), now=NOON), actor=None, now=NOON)
    db.commit()


def confirmed(client: Browser, app: Flask, page: Any) -> str:
    """What is told in the end of a file that was looked at."""
    moved = client.submit("/imports/write", **hidden(page.text.partition("Choose the columns")[0].rpartition('action="/imports/columns"')[0]))
    run_next(app.extensions["planner"], "test")
    assert "See what came of it" in client.get(moved.location).text
    return text(client.get(f"/imports/done/{moved.location.rpartition('/')[2]}"))


def test_a_file_is_looked_at_written_by_a_worker_and_seen_on_the_assets_page(client: Browser, app: Flask, asset: Asset) -> None:
    page = send(client, HEAD + line(3, 1) + line(2, 2, links="") + f"{NOON:%Y-%m-%d},{PAPER},Ours,,,,\n")
    assert page.status_code == 200
    assert "3 mentions in “watch.csv”" in page.text
    assert "Title 1 27 Feb 2026 Jane Doe · The Chronicle · chronicle.example Energy per bit" in text(page)
    assert "Title 2" in page.text and "No asset here" in page.text

    told = confirmed(client, app, page)

    assert "New mentions 2 Mentions known already 0 Kept once About no asset here 1 Kept as well Our own pages and posts 1 Not kept Assets with new mentions 1" in told
    assert "One mention is about no asset here" in told and "Title 2" in told
    shown = client.get(f"/assets/{asset.id}")
    assert "Others mentioned it once." in text(shown) and "Mentions imported 1" in text(shown)
    assert '<a class="wrap" href="https://chronicle.example/1" rel="noopener noreferrer nofollow external" target="_blank">Title 1</a>' in shown.text
    assert "&lt;b&gt;Watts&lt;/b&gt;" in shown.text
    assert "New mentions 0 Mentions known already 2" in confirmed(client, app, send(client, HEAD + line(3, 1) + line(2, 2, links="")))


def test_while_a_file_is_sorted_out_others_write(client: Browser, app: Flask, asset: Asset, monkeypatch: pytest.MonkeyPatch) -> None:
    page, real = send(client, HEAD + line(3, 1)), service.ours_for

    def meanwhile(db: Session, tellings: Any) -> Any:
        with app.extensions["planner"].sessions.begin() as other:
            make_asset(other)
        return real(db, tellings)

    monkeypatch.setattr(service, "ours_for", meanwhile)

    assert "New mentions 1" in confirmed(client, app, page)


def test_columns_are_pointed_at_once(client: Browser, app: Flask, app_db: Session, asset: Asset) -> None:
    table = f"Quand,Où,Vers\n2026-02-01,https://a.example/1,{PAPER}\n"
    asked = send(client, table)
    assert asked.status_code == 422
    assert "No column says the day of a mention." in asked.text and "Paper, blog or programme" in asked.text and '<option value="Vers">' in asked.text
    sent = hidden(asked.text)

    short = client.submit("/imports/columns", **sent, column_at="Quand", column_address="", column_links="Vers")
    assert short.status_code == 422 and "No column holds a mention" in short.text
    looked = client.submit("/imports/columns", **sent, column_at="Quand", column_address="Où", column_links="Vers")
    assert looked.status_code == 200 and "One mention in “watch.csv”" in looked.text
    assert "New mentions 1" in confirmed(client, app, looked)

    assert app_db.scalars(select(RememberedColumns.columns)).one()["links"] == "Vers"
    app_db.rollback()
    again = send(client, table)
    assert again.status_code == 200
    chosen = client.submit("/imports/columns", kind="mentions", token=hidden(again.text)["token"], name="watch.csv")
    assert '<option value="Vers" selected>' in chosen.text


def test_a_wrong_file_is_refused_row_by_row(client: Browser, app_db: Session) -> None:
    page = send(client, HEAD + "soon,https://a.example/1,A,,,,\n2026-02-01,javascript:alert(1),B,,,,\n")

    assert page.status_code == 422
    assert "2 things to put right in “watch.csv”" in page.text and "Write an address that starts with https:// or http://." in page.text
    assert app_db.scalars(select(Mention.id)).all() == []


def test_an_asset_without_mentions_leads_to_the_import_those_who_may(client: Browser, sign_in: SignIn, asset: Asset) -> None:
    assert 'href="/imports?kind=mentions"' in client.get(f"/assets/{asset.id}").text
    seen = sign_in(roles=(RoleName.VIEWER,)).get(f"/assets/{asset.id}").text
    assert "Nothing others wrote about it is known yet." in seen and "/imports?kind=mentions" not in seen
    assert "No mention" in client.get(f"/assets/{asset.id}/mentions").text


def test_many_mentions_are_drawn_by_month_and_listed_page_by_page(app: Flask, client: Browser, app_db: Session, asset: Asset) -> None:
    keep(app_db, line(1, 0))
    few = statements(app, client, f"/assets/{asset.id}")
    keep(app_db, "".join(line(number % 90, number) for number in range(60)) + line(90, 99, outlet=""))

    page = client.get(f"/assets/{asset.id}")
    assert "Others mentioned it 61 times. Where: chronicle.example 61." in text(page) and "Mentions by month" in page.text
    assert "Feb 2026 28" in text(page)
    assert statements(app, client, f"/assets/{asset.id}") == few
    listed = client.get(f"/assets/{asset.id}/mentions")
    assert listed.text.count("<li data-row>") == 50
    (following,) = [one for one in listed.text.split('"') if one.startswith(f"/assets/{asset.id}/mentions?cursor=")]
    assert client.get(following).text.count("<li data-row>") == 11
    assert client.get(f"/assets/{asset.id}/mentions?cursor=x").status_code == 422


def test_a_mention_of_which_only_the_day_was_told_is_of_that_day_for_everybody(sign_in: SignIn, app_db: Session, asset: Asset) -> None:
    reader = make_user(app_db, time_zone="Pacific/Auckland")
    keep(app_db, line(3, 1))
    there = sign_in(reader)

    assert "The Chronicle · chronicle.example · 27 Feb 2026" in text(there.get(f"/assets/{asset.id}/mentions"))
    assert "Title 2 27 Feb 2026 Jane Doe" in text(send(there, HEAD + line(3, 2)))


def test_nobody_reads_mentions_of_what_they_may_not_know(sign_in: SignIn, app_db: Session) -> None:
    secret = make_asset(app_db, url="https://example.com/falcon", confidentiality=Confidentiality.CONFIDENTIAL)
    number = secret.id
    keep(app_db, line(1, 1, links="https://example.com/falcon"))

    answers = [sign_in(roles=(role,)).get(f"/assets/{number}/mentions").status_code for role in (RoleName.PLANNER, RoleName.VIEWER)]

    assert answers == [200, 404]


def test_an_old_asset_that_is_mentioned_again_is_told_on_the_desk(app: Flask, client: Browser, app_db: Session, asset: Asset) -> None:
    runtime = app.extensions["planner"]
    keep(app_db, "".join(line(7 * week, 100 + week) for week in range(1, 13)) + line(95, 99, links="") + "".join(line(number % 5, number) for number in range(9)))
    with runtime.sessions.begin() as db:
        job = jobs.enqueue(db, "resurfaced.look", {}, slot_key="now", now=NOON)
        assert job is not None

    run_next(runtime, "test")

    sentence = "9 mentions, 24 Feb to 2 Mar; its age predicts 1, told from 6 on."
    page = text(client.get("/"))
    assert "Old assets that come back" in page and sentence in page and "External: chronicle.example, will fade." in page
    assert sentence in text(client.get(f"/assets/{asset.id}"))


def test_a_mention_without_a_title_is_known_by_its_words(client: Browser, app_db: Session, asset: Asset) -> None:
    keep(app_db, f"{NOON - DAY:%Y-%m-%d},https://x.com/ann/status/7,,Do you publish the raw data?,Ann,,{PAPER}\n")

    page = client.get(f"/assets/{asset.id}/mentions").text

    assert re.findall(r'<a class="wrap" href="https://x.com/ann/status/7"[^>]*>(.*?)</a>', page) == ["Do you publish the raw data?"]
    assert page.count("Do you publish the raw data?") == 1
