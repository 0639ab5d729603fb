"""An asset's page: its numbers, its plan, its files, its history; and what may be given to it as a file."""

from __future__ import annotations

import html
import io
import re
import struct
import zlib
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry
from planner.catalog.models import Asset, AssetFile, AssetState, Confidentiality
from planner.channels.details import Report
from planner.channels.models import Channel
from planner.channels.port import MediaKind, Platform, Reading
from planner.insights import detailing
from planner.insights import service as insights
from planner.insights.rules import YOUTUBE_BREAK
from planner.planning import facts
from planner.planning.models import Post, PostState
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_channel, make_post, make_user
from tests.web.test_performance import texts

SignIn = Callable[..., Browser]
DAY = timedelta(days=1)
_TAG = re.compile(r"<[^>]+>")
NAMES = "Files of this kind are not taken. These are: gif, jpeg, jpg, mov, mp4, pdf, png, srt, vtt, webp."
OTHER = "What is in this file is not what its name says."
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def picture(side: int = 20) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (side, side), "teal").save(target, "PNG")
    return target.getvalue()


def bomb(side: int) -> bytes:
    """A PNG of a few bytes that says it is `side` pixels wide and high."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


def made(db: Session, thing: Any) -> Any:
    db.commit()
    return thing


def text(page: Any) -> str:
    """What is read on the page, in one line."""
    return " ".join(html.unescape(_TAG.sub(" ", page.text)).split())


def table(page: Any, label: str) -> list[list[str]]:
    """The rows of the table of that name, heads included, as words."""
    found = re.search(rf'<table[^>]*aria-label="{label}">(.*?)</table>', page.text, re.S)
    if found is None:
        return []
    return [[words(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)] for row in found.group(1).split("</tr>")[:-1]]


def words(cell: str) -> str:
    plain = re.sub(r'<span aria-hidden="true">.*?</span>|<span class="sr-only">, what is this number.</span>|<details class="explain explain--info.*?</details>|<div class="explain__sheet">.*?</div>', "", cell, flags=re.S)
    said = html.unescape(_TAG.sub(" ", plain))
    return " ".join(said.split())


def tiles(page: Any) -> dict[str, str]:
    """Count -> the figure on its tile, or the sign that nobody told it, and what stands under it."""
    found = {}
    for tile in re.findall(r'<div class="stat">(.*?)</div>\s*(?=<div class="stat">|</div>)', page.text, re.S):
        name = words(re.findall(r'<span class="stat__label">(.*?)</span>', tile)[0])
        figure = words(re.findall(r'<summary class="num">(.*?)<span class="sr-only">, ', tile, re.S)[0])
        note = re.findall(r'<span class="stat__note">(.*?)</span>', tile, re.S)
        found[name] = " | ".join([figure, *(words(one) for one in note)])
    return found


def published(db: Session, asset: Asset, channel: Channel, number: str, days_ago: int = 60) -> Post:
    at = NOON - days_ago * DAY
    return facts.record_published(db, asset, channel, external_id=number, url=f"https://example.com/{number}", published_at=at, now=at)


def seen(db: Session, days_ago: int, *readings: tuple[Post, Reading]) -> None:
    at = NOON - days_ago * DAY
    insights.record(db, [(post.id, reading) for post, reading in readings], at=at, source="collected", now=at)


@pytest.fixture
def film(app_db: Session) -> Asset:
    """An asset on two channels: YouTube tells views, LinkedIn tells impressions; three readings over sixty days."""
    asset = make_asset(app_db, title="How a slice works")
    youtube = make_channel(app_db, platform=Platform.YOUTUBE, name="Our films", colour=3)
    linkedin = make_channel(app_db, platform=Platform.LINKEDIN, name="Our page", colour=5)
    shown, told = published(app_db, asset, youtube, "v1"), published(app_db, asset, linkedin, "s1")
    app_db.flush()
    for days_ago, views, impressions in ((60, 100, 1000), (30, 0, 1500), (0, 1234, 2000)):
        seen(
            app_db, days_ago,
            (shown, Reading(external_id="v1", views=views, likes=views // 10, comments=0)),
            (told, Reading(external_id="s1", impressions=impressions, engagements=impressions // 100)),
        )  # fmt: skip
    return made(app_db, asset)


# what it shows


def test_totals_add_what_was_told_and_name_who_did_not_tell(client: Browser, film: Asset) -> None:
    assert tiles(client.get(f"/assets/{film.id}")) == {
        "Views": "1,234 | Not told by: Our page",
        "Impressions": "2,000 | Not told by: Our films",
        "Engagements": "20 | Not told by: Our films",
        "Reactions": "123 | Not told by: Our page",
        "Comments": "0 | Not told by: Our page",
    }


@pytest.mark.parametrize(("told", "tile"), [((8, 0), "8"), ((0, 0), "0"), ((None, 0), None)])
def test_clicks_that_x_tells_no_more_stand_on_the_page_and_on_that_of_its_numbers_as_told_last(
    client: Browser, app_db: Session, told: tuple[int | None, int], tile: str | None
) -> None:
    asset, x = make_asset(app_db), make_channel(app_db, platform=Platform.X, name="Group on X")
    post = published(app_db, asset, x, "t1", 40)
    app_db.flush()
    for days_ago, clicks in ((30, 1 if told[0] else None), (20, told[0]), (10, None), (0, None)):
        seen(app_db, days_ago, (post, Reading(external_id="t1", impressions=100, clicks=clicks)))
    app_db.commit()
    kept = {"Clicks": f"{tile} | Group on X: kept as last told, the oldest from 10 Feb 2026"} if tile else {}

    page, numbers = client.get(f"/assets/{asset.id}"), client.get(f"/performance/assets/{asset.id}").text

    assert {name: told for name, told in tiles(page).items() if name == "Clicks"} == kept
    assert texts(numbers, "Clicks")[0].split()[0] == (tile or "–")
    assert ("kept from 10 Feb 2026" in words(numbers)) == bool(tile)


def test_clicks_of_an_asset_are_what_each_of_its_posts_told_last(client: Browser, app_db: Session) -> None:
    asset, x, page = make_asset(app_db), make_channel(app_db, platform=Platform.X, name="Group on X"), make_channel(app_db, platform=Platform.LINKEDIN, name="Our page")
    old, new, linked = published(app_db, asset, x, "t1", 40), published(app_db, asset, x, "t2", 5), published(app_db, asset, page, "s1", 40)
    app_db.flush()
    seen(app_db, 20, (old, Reading(external_id="t1", clicks=8)))
    seen(app_db, 0, (old, Reading(external_id="t1", impressions=9)), (new, Reading(external_id="t2", clicks=2)), (linked, Reading(external_id="s1", clicks=5)))
    app_db.commit()

    assert tiles(client.get(f"/assets/{asset.id}"))["Clicks"] == "15 | Mixed definitions: LinkedIn, X. Group on X: kept as last told, the oldest from 10 Feb 2026"
    assert [one.split()[0] for one in texts(client.get(f"/performance/assets/{asset.id}").text, "Clicks")] == ["8", "5", "2"]


ANALYTICS = ["day", "views", "estimatedMinutesWatched", "averageViewDuration", "averageViewPercentage", "likes", "comments", "shares", "subscribersGained"]


def test_the_days_of_a_video_are_drawn_with_their_gaps_their_tables_and_a_sentence(client: Browser, film: Asset, app_db: Session) -> None:
    post_id = app_db.scalars(select(Post.id).where(Post.asset_id == film.id, Post.external_id == "v1")).one()
    days = [(date(2026, 1, 2), 100, 90), (date(2026, 1, 3), 250, 300), (date(2026, 1, 5), 0, 0)]
    tables = [
        Report("days", date(2026, 1, 1), date(2026, 1, 6), ANALYTICS, [[str(on), views, minutes, 60, 40.0, 0, 0, 0, 0] for on, views, minutes in reversed(days)]),
        Report("total", date(2026, 1, 1), date(2026, 1, 6), ANALYTICS[1:], [[350, 390, 66, 40.0, 12, 0, 3, 1]]),
    ]  # fmt: skip
    detailing.keep(app_db, post_id, tables, now=NOON)
    app_db.commit()

    page = client.get(f"/assets/{film.id}")

    columns = {}
    for name in ("watched-views", "watched-hours"):
        assert f'data-chart="line" data-table="{name}-{post_id}"' in page.text
        table = page.text[page.text.index(f'id="{name}-{post_id}"') :].partition("</table>")[0]
        columns[name] = re.findall(r'<th scope="row" data-value="([^"]+)">[^<]*</th><td class="end"(?: data-value="([\d.]+)")?>', table)
    on = [f"2026-01-0{number}" for number in (2, 3, 4, 5)]
    assert columns == {"watched-views": list(zip(on, ("100", "250", "", "0"), strict=True)), "watched-hours": list(zip(on, ("1.5", "5.0", "", "0.0"), strict=True))}
    watched = page.text[page.text.index(f'id="watched-{post_id}"') :].partition('id="visits"')[0]
    assert "From 2 Jan 2026 to 5 Jan 2026 it was started 350 times and watched for 6.5 h; most often on 3 Jan 2026 (250)." in words(watched)
    assert (watched.count('data-chart-file="png"'), watched.count('data-chart-file="csv"')) == (2, 2)
    told = re.findall(r'<span class="stat__label">(Reactions|Comments|Shares)</span>.*?<summary class="num">(\d+)<', watched, re.S)
    assert told == [("Reactions", "12"), ("Comments", "0"), ("Shares", "3")]


def test_views_of_a_videos_days_are_not_added_up_across_two_ways_of_counting(client: Browser, film: Asset, app_db: Session) -> None:
    post_id = app_db.scalars(select(Post.id).where(Post.asset_id == film.id, Post.external_id == "v1")).one()
    rows = [[str(YOUTUBE_BREAK + number * DAY), 100 + 500 * (number >= 0), 60, 60, 40.0, 0, 0, 0, 0] for number in range(-2, 2)]
    detailing.keep(app_db, post_id, [Report("days", YOUTUBE_BREAK - 2 * DAY, YOUTUBE_BREAK + DAY, ANALYTICS, rows)], now=NOON)
    app_db.commit()

    page = client.get(f"/assets/{film.id}").text

    assert re.findall(r'<tr data-break="([^"]+)"><th scope="row" data-value="([^"]+)">', page) == [("YouTube counts views in another way", str(YOUTUBE_BREAK))]
    assert "From 27 Aug 2026 to 28 Aug 2026 it was started 1,200 times and watched for 2 h; most often on 28 Aug 2026 (600)." in words(page)


def test_a_chat_room_is_not_named_among_those_that_told_nothing(client: Browser, film: Asset, app_db: Session) -> None:
    before = tiles(client.get(f"/assets/{film.id}"))
    published(app_db, film, make_channel(app_db, platform=Platform.WEBHOOK, name="Town square"), "room")
    app_db.commit()

    assert tiles(client.get(f"/assets/{film.id}")) == before


def test_each_post_has_its_newest_numbers_and_its_growth(client: Browser, film: Asset) -> None:
    none = "Not told by the source"

    assert table(client.get(f"/assets/{film.id}"), "Numbers by post") == [
        ["Live on", "Views", "Impressions", "Engagements", "Growth"],
        ["Our films Thu 1 Jan 2026, 13:00", "1,234", none, none, "+1,134 Views"],
        ["Our page Thu 1 Jan 2026, 13:00", none, "2,000", "20", "+1,000 Impressions"],
    ]


def test_a_chart_s_table_tells_zero_from_not_told(client: Browser, app_db: Session, film: Asset) -> None:
    late = published(app_db, film, make_channel(app_db, platform=Platform.YOUTUBE, name="Second", colour=1), "v2", 5)
    app_db.flush()
    seen(app_db, 0, (late, Reading(external_id="v2", views=7)))
    app_db.commit()

    page = client.get(f"/assets/{film.id}").text
    drawn = re.search(r'id="chart-views".*?</table>', page, re.S)
    assert drawn is not None
    assert re.findall(r'data-colour="(\d)">(.*?)<', drawn.group()) == [("3", "Our films"), ("1", "Second")]
    rows = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', drawn.group(), re.S)
    assert {day: re.findall(r'data-value="(\d+)"|(not-told)', cells) for day, cells in rows} == {
        "1 Jan 2026": [("100", ""), ("", "not-told")],
        "31 Jan 2026": [("0", ""), ("", "not-told")],
        "2 Mar 2026": [("1234", ""), ("7", "")],
    }


def test_the_day_youtube_began_to_count_otherwise_breaks_the_line(client: Browser, app_db: Session, clock: Any) -> None:
    clock.advance(365 * DAY)
    asset, channel = make_asset(app_db), make_channel(app_db, platform=Platform.YOUTUBE)
    post = published(app_db, asset, channel, "v1", -170)
    app_db.flush()
    for days in (172, 180, 190):  # 21 August, 29 August and 8 September 2026
        seen(app_db, -days, (post, Reading(external_id="v1", views=days)))
    app_db.commit()

    page = client.get(f"/assets/{asset.id}").text

    said = "YouTube counts views from the first frame"
    rows = re.findall(r'<tr( data-break="[^"]*")?><th scope="row">(.*?)</th><td class="end"(?: data-value="(\d+)")?>', page[page.index('id="chart-views"') :])
    assert rows == [("", "21 Aug 2026", "172"), (f' data-break="{said}"', "27 Aug 2026", ""), ("", "29 Aug 2026", "180"), ("", "8 Sept 2026", "190")]


def test_what_was_told_on_the_day_of_the_break_stands_after_it_and_another_platform_has_none(client: Browser, app_db: Session, clock: Any) -> None:
    clock.advance(365 * DAY)
    asset = make_asset(app_db)
    film = published(app_db, asset, make_channel(app_db, platform=Platform.YOUTUBE, name="A"), "v1", -170)
    clip = published(app_db, asset, make_channel(app_db, platform=Platform.X, name="B"), "x1", -170)
    app_db.flush()
    for days in (177, 178, 179):  # 26 to 28 August 2026
        seen(app_db, -days, (film, Reading(external_id="v1", views=days)), (clip, Reading(external_id="x1", views=5)))
    app_db.commit()

    page = client.get(f"/assets/{asset.id}").text

    rows = re.findall(r"<tr[^>]*><th scope=\"row\">(\d+ Aug 2026)</th>(.*?)</tr>", page[page.index('id="chart-views"') :])
    assert [(day, re.findall(r'data-value="(\d+)"', cells)) for day, cells in rows] == [
        ("26 Aug 2026", ["177", "5"]), ("27 Aug 2026", ["5"]), ("27 Aug 2026", ["178", "5"]), ("28 Aug 2026", ["179", "5"]),
    ]  # fmt: skip


def test_an_asset_nobody_has_read_yet_shows_no_number(client: Browser, app_db: Session) -> None:
    asset = make_asset(app_db)
    published(app_db, asset, make_channel(app_db, name="Our account"), "x1", 2)
    app_db.commit()

    page = client.get(f"/assets/{asset.id}")

    none = "Not told by the source"
    assert tiles(page) == {"Views": none, "Impressions": none, "Engagements": none}
    assert table(page, "Numbers by post")[1] == ["Our account Sat 28 Feb 2026, 13:00 · not read yet", none, none, none, none]
    assert "<canvas" not in page.text
    assert "charts" not in page.text.partition("</main>")[2]


def test_an_asset_without_posts_starts_the_job(client: Browser, app_db: Session) -> None:
    asset = made(app_db, make_asset(app_db))

    page = client.get(f"/assets/{asset.id}")

    assert "Nobody has planned anything about it yet." in page.text
    assert "Numbers appear here once a post about it is live." in page.text
    assert f'href="/posts/new?asset={asset.id}"' in page.text


def test_the_plan_lists_what_is_not_live_yet_and_nothing_else(client: Browser, app_db: Session, film: Asset) -> None:
    channel = make_channel(app_db, name="Our account")
    make_post(app_db, asset=film, channel=channel, state=PostState.IN_REVIEW, publish_at=NOON + 2 * DAY)
    make_post(app_db, asset=film, channel=channel, state=PostState.DRAFT, publish_at=NOON + DAY)
    make_post(app_db, channel=channel)
    app_db.commit()

    assert table(client.get(f"/assets/{film.id}"), "Posts about this asset that are not live yet") == [
        ["When", "Channel", "State"],
        ["Tue 3 Mar 2026, 13:00", "Our account", "Draft"],
        ["Wed 4 Mar 2026, 13:00", "Our account", "In review"],
    ]


def test_the_head_says_what_holds_it_back(client: Browser, app_db: Session) -> None:
    asset = make_asset(
        app_db, confidentiality=Confidentiality.CONFIDENTIAL, sensitive=True, embargo_until=NOON + DAY, embargo_terms=["Le Havre"]
    )
    app_db.commit()

    page = text(client.get(f"/assets/{asset.id}"))

    wanted = ("Under embargo until Tue 3 Mar 2026, 13:00", "Confidential", "Sensitive", "Not to be named Le Havre")
    assert [one for one in wanted if one not in page] == []


def test_a_cost_is_written_the_reader_s_way(sign_in: SignIn, app_db: Session) -> None:
    people = [make_user(app_db, language=language) for language in ("en", "fr")]
    assets = [make_asset(app_db, cost=Decimal(cost)) for cost in ("18500", "0", "12.50")]
    app_db.commit()

    shown = [re.findall(r"<dd>([^<]*€[^<]*)</dd>", sign_in(one).get(f"/assets/{asset.id}").text) for one in people for asset in assets]

    assert shown == [["€18,500"], ["€0"], ["€12.50"], ["18\u202f500\xa0€"], ["0\xa0€"], ["12,50\xa0€"]]


def test_a_lifted_embargo_is_not_shown(client: Browser, app_db: Session) -> None:
    asset = made(app_db, make_asset(app_db, embargo_until=NOON, embargo_terms=["Le Havre"]))

    page = client.get(f"/assets/{asset.id}").text

    assert ["Under embargo" in page, "Le Havre" in page] == [False, False]


def test_a_viewer_is_offered_nothing_to_change(sign_in: SignIn, app_db: Session) -> None:
    asset = made(app_db, make_asset(app_db))

    page = sign_in(roles=("viewer",)).get(f"/assets/{asset.id}")

    assert page.status_code == 200
    assert re.findall(rf'(?:href|action)="/assets/{asset.id}[^"]*"', page.text) == []
    assert "/posts/new" not in page.text


def test_a_retired_asset_offers_only_to_be_brought_back(client: Browser, app_db: Session) -> None:
    asset = made(app_db, make_asset(app_db, state=AssetState.RETIRED))

    page = client.get(f"/assets/{asset.id}").text

    assert re.findall(rf'action="/assets/{asset.id}/(\w+)"', page) == ["restore", "files"]
    assert "/posts/new?asset" not in page


def test_a_retired_asset_still_says_its_embargo_and_its_form_lifts_it(client: Browser, app_db: Session) -> None:
    asset = made(app_db, make_asset(app_db, title="Merger", state=AssetState.RETIRED, embargo_until=NOON + DAY, embargo_terms=["Vega"]))
    told = client.get(f"/assets/{asset.id}").text
    form = {"kind": "press_release", "title": "Merger", "state": "retired", "language": "en", "purpose": "web", "cost": "", "currency": "EUR", "confidentiality": "public", "owner_id": ""}

    answer = client.submit(f"/assets/{asset.id}/edit", **form, embargo_until="", embargo_terms="Vega", version="1")

    app_db.expire_all()
    assert ["Under embargo until" in told, "Not to be named" in told, f'href="/assets/{asset.id}/edit"' in told] == [True, True, True]
    assert (answer.status_code, asset.embargo_until, asset.state) == (302, None, AssetState.RETIRED)
    assert ["Under embargo until" in client.get(f"/assets/{asset.id}").text, asset.embargo_terms] == [False, ["Vega"]]


def test_the_page_costs_the_same_at_three_readings_and_at_sixty(app: Flask, client: Browser, app_db: Session, film: Asset) -> None:
    from tests.web.test_catalog import counting

    client.get(f"/assets/{film.id}")
    with counting(app) as few:
        fetched(client, f"/assets/{film.id}")
    post = app_db.scalars(select(Post).where(Post.external_id == "v1")).one()
    for days_ago in range(1, 60):
        seen(app_db, days_ago, (post, Reading(external_id="v1", views=days_ago)))
    for number in range(10):
        make_post(app_db, asset=film, channel=post.channel)
        published(app_db, film, post.channel, f"more{number}", 3)
    app_db.commit()
    with counting(app) as many:
        fetched(client, f"/assets/{film.id}")

    assert len(many) == len(few)
    assert len(many) <= 16


@pytest.mark.parametrize(("state", "said"), [(AssetState.IDEA, "still “Idea”"), (AssetState.IN_PRODUCTION, "still “In production”"), (AssetState.READY, ""), (AssetState.LIVE, "")])
def test_a_state_that_is_behind_its_live_posts_is_said_and_set_right_by_one_click(client: Browser, sign_in: SignIn, app_db: Session, state: AssetState, said: str) -> None:
    asset = made(app_db, make_asset(app_db, state=state))
    channel = make_channel(app_db)
    make_post(app_db, asset=asset, channel=channel)
    gone = published(app_db, asset, channel, "v1")
    gone.taken_down_at = NOON
    app_db.commit()
    planned = client.get(f"/assets/{asset.id}").text
    published(app_db, asset, channel, "v2")
    app_db.commit()
    behind, viewed = (html.unescape(one.get(f"/assets/{asset.id}").text) for one in (client, sign_in(roles=("viewer",))))

    assert "is still" not in planned and "is still" not in viewed
    if not said:
        assert "is still" not in behind
        return
    assert f"A post about it is live, and its state is {said}." in behind
    inside = behind.partition(said)[2].partition("</form>")[0]
    assert (f'action="/assets/{asset.id}/state"' in inside, 'name="state" value="live"' in inside, "Mark as: Live" in inside) == (True, True, True)
    client.submit(f"/assets/{asset.id}/state", state="live")
    assert "is still" not in client.get(f"/assets/{asset.id}").text


# files


@pytest.fixture
def asset(app_db: Session) -> Asset:
    return made(app_db, make_asset(app_db, title="Harbour"))


def give(client: Browser, asset: Asset, body: bytes, name: str) -> Any:
    return client.submit(f"/assets/{asset.id}/files", file=(io.BytesIO(body), name))


def fetched(client: Browser, path: str) -> Any:
    """An answer read to its end, so that the file behind it is closed."""
    answer = client.get(path)
    _ = answer.data
    answer.close()
    return answer


def kept(app: Flask) -> list[Path]:
    folder = app.extensions["planner"].settings.data_path
    return [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("planner.sqlite3")]


def rows(db: Session) -> tuple[int, int]:
    counts = db.scalar(select(func.count(AssetFile.id))) or 0, db.scalar(select(func.count(Entry.id))) or 0
    db.commit()
    return counts


def beside(page: Any) -> str:
    note = re.search(r'<div id="file-note" class="field__note">(.*?)</div>', page.text, re.S)
    assert note is not None, page.text
    return " ".join(words(one) for one in re.findall(r'<p class="field__error">(.*?)</p>', note.group(1), re.S))


def test_a_picture_is_kept_shown_and_told_in_history(app: Flask, client: Browser, app_db: Session, asset: Asset) -> None:
    body = picture()

    answer = give(client, asset, body, "Port à l’aube.png")

    assert (answer.status_code, answer.location) == (302, f"/assets/{asset.id}#files")
    file = app_db.scalars(select(AssetFile)).one()
    assert (file.name, file.mime, file.size, file.width, file.height) == ("Port à l’aube.png", "image/png", len(body), 20, 20)
    assert [path.read_bytes() for path in kept(app)] == [body]
    app_db.commit()
    page = client.get(answer.location)
    assert f'<img class="card__picture" src="/assets/{asset.id}/files/{file.id}"' in page.text
    assert "File added Port à l’aube.png" in text(page)
    assert "“Port à l’aube.png” is kept with the asset." in page.text


def test_a_picture_is_shown_and_a_document_is_saved_never_run(client: Browser, app_db: Session, asset: Asset) -> None:
    give(client, asset, picture(), "a.png")
    give(client, asset, b"%PDF-1.7\n", "Rapport été.pdf")
    ids = list(app_db.scalars(select(AssetFile.id).order_by(AssetFile.id)))
    app_db.commit()

    answers = [fetched(client, f"/assets/{asset.id}/files/{number}") for number in ids]

    assert [answer.data for answer in answers] == [picture(), b"%PDF-1.7\n"]
    names = ("Content-Type", "X-Content-Type-Options", "Content-Security-Policy")
    assert [[answer.headers[name] for name in names] for answer in answers] == [
        ["image/png", "nosniff", "default-src 'none'; sandbox"],
        ["application/pdf", "nosniff", "default-src 'none'; sandbox"],
    ]
    shown = [answer.headers.get("Content-Disposition", "").partition(";")[0] for answer in answers]
    assert shown == ["inline", "attachment"]


def test_what_is_no_proper_file_is_refused_and_nothing_is_kept(app: Flask, client: Browser, app_db: Session, asset: Asset) -> None:
    attacks = [
        (SVG, "logo.svg", NAMES),
        (b"<html><script>alert(1)</script></html>", "page.html", NAMES),
        (b"root:x:0:0", "../../etc/passwd", NAMES),
        (SVG, "logo.png", OTHER),
        (picture(), "film.mp4", OTHER),
        (b"MZ\x90\0", "setup.pdf", OTHER),
        (b"<html>--></html>", "page.srt", OTHER),
        (bomb(30_000), "big.png", "This picture has too many pixels: at most 50 million."),
        (picture()[:30], "half.png", "This picture cannot be read."),
        (b"", "empty.png", "This file is empty."),
        (b"", "", "Choose a file."),
    ]
    before = kept(app)

    pages = [give(client, asset, body, name) for body, name, _sentence in attacks]

    assert [beside(page) for page in pages] == [sentence for _body, _name, sentence in attacks]
    assert {page.status_code for page in pages} == {422}
    assert kept(app) == before
    assert rows(app_db) == (0, 0)


def test_a_name_with_folders_in_it_is_only_a_name(app: Flask, client: Browser, app_db: Session, asset: Asset) -> None:
    answers = [give(client, asset, picture(), name).status_code for name in ("../../../tmp/x.png", "/etc/x.png", "<b>x.png")]

    assert answers == [302, 302, 302]
    assert list(app_db.scalars(select(AssetFile.name).order_by(AssetFile.id))) == ["x.png", "x.png", "<b>x.png"]
    folder = app.extensions["planner"].settings.data_path / "files"
    assert {path.parent for path in kept(app)} == {folder}
    app_db.commit()
    assert "<b>x.png" not in client.get(f"/assets/{asset.id}").text


def test_a_file_above_the_limit_is_refused_with_the_limit(app: Flask, client: Browser, app_db: Session, asset: Asset) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 100_000

    page = give(client, asset, b"%PDF-1.7\n".ljust(100_001), "a.pdf")

    assert page.status_code == 413
    assert "That is too large to take." in page.text
    assert rows(app_db) == (0, 0)


def test_a_form_without_its_token_keeps_no_file(app: Flask, client: Browser, app_db: Session, asset: Asset) -> None:
    page = client.post(f"/assets/{asset.id}/files", data={"file": (io.BytesIO(picture()), "a.png")})

    assert page.status_code == 400
    assert (rows(app_db), kept(app)) == ((0, 0), [])


def test_only_those_who_may_edit_give_files(sign_in: SignIn, app_db: Session, asset: Asset) -> None:
    secret = made(app_db, make_asset(app_db, confidentiality=Confidentiality.CONFIDENTIAL))
    viewer, author = sign_in(roles=("viewer",)), sign_in(roles=("author",))

    answers = [give(who, thing, picture(), "a.png").status_code for who in (viewer, author) for thing in (asset, secret)]

    assert answers == [403, 403, 403, 404]
    assert rows(app_db) == (0, 0)


def test_a_file_is_only_reached_through_an_asset_one_may_know(sign_in: SignIn, client: Browser, app_db: Session, asset: Asset) -> None:
    owner = make_user(app_db, roles=("author",))
    secret = made(app_db, make_asset(app_db, confidentiality=Confidentiality.CONFIDENTIAL, owner=owner))
    give(client, secret, picture(), "a.png")
    number = app_db.scalars(select(AssetFile.id)).one()
    app_db.commit()
    stranger = sign_in(roles=("viewer",))

    answers = [
        fetched(sign_in(owner), f"/assets/{secret.id}/files/{number}").status_code,
        fetched(stranger, f"/assets/{secret.id}/files/{number}").status_code,
        fetched(stranger, f"/assets/{asset.id}/files/{number}").status_code,
        fetched(client, f"/assets/{asset.id}/files/{number}").status_code,
        fetched(client, f"/assets/{secret.id}/files/{number + 1}").status_code,
    ]

    assert answers == [200, 404, 404, 404, 404]


def test_a_purpose_and_a_confidentiality_of_the_same_name_are_told_apart(app) -> None:  # type: ignore[no-untyped-def]
    from planner.catalog.models import Confidentiality, Purpose
    from planner.web.labels import label

    with app.test_request_context():
        assert (label(Purpose.INTERNAL), label(Confidentiality.INTERNAL)) == ("Internal", "Internal only")


def test_a_file_is_described_and_its_rights_told_on_the_assets_page(client: Browser, app_db: Session) -> None:
    asset = make_asset(app_db, rights_until=date(2026, 3, 1))
    file = AssetFile(
        asset_id=asset.id, name="stand.png", stored_name="stand.png", kind=MediaKind.IMAGE, mime="image/png", size=8, sha256="0" * 64, created_at=NOON
    )
    app_db.add(file)
    app_db.commit()
    where, name = f"/assets/{asset.id}/files/{file.id}", f"file-{file.id}-"

    refused = client.submit(where, **{f"{name}alt_text": "x" * 1001, f"{name}rights_until": "2026-05-01"})
    client.submit(where, **{f"{name}alt_text": "Our stand", f"{name}rights_until": "2026-05-01"})

    assert refused.status_code == 422
    app_db.refresh(file)
    assert (file.alt_text, file.rights_until) == ("Our stand", date(2026, 5, 1))
    page = client.get(f"/assets/{asset.id}").text
    assert "until 1 May 2026" in page and "described a file of an asset" in client.get("/settings/history").text
    assert "1 Mar 2026" in page and "ended" in page
    assert client.submit(f"/assets/{make_committed(app_db).id}/files/{file.id}").status_code == 404


def make_committed(db: Session) -> Asset:
    asset = make_asset(db)
    db.commit()
    return asset


def test_how_a_video_was_watched_is_told_and_what_is_withheld_is_never_zero(client: Browser, app_db: Session) -> None:
    post = make_post(app_db, channel=make_channel(app_db, platform=Platform.YOUTUBE), state=PostState.PUBLISHED, published_at=NOON - timedelta(days=20))
    tables = [
        Report("total", NOON.date(), NOON.date(), ["views", "estimatedMinutesWatched", "averageViewDuration", "averageViewPercentage", "subscribersGained"], [[300, 450, 90, 51.5, 2]]),
        Report("sources", NOON.date(), NOON.date(), ["insightTrafficSourceType", "views", "estimatedMinutesWatched"], [["YT_SEARCH", 225, 3], ["ADVERTISING", 75, 1]]),
        Report("people", NOON.date(), NOON.date(), ["ageGroup", "gender", "viewerPercentage"], []),
    ]  # fmt: skip
    detailing.keep(app_db, post.id, tables, now=NOON)
    app_db.commit()

    page = client.get(f"/assets/{post.asset_id}").text.partition("How it was watched")[2]

    assert [words in page for words in ("7.5 h", "1:30", "52%", "Search on YouTube", "25%")] == [True] * 5
    people = page.partition("Age and gender")[2]
    assert people.index("Not enough data") < people.index("Subscribers")
    assert "Not asked for yet." in page.partition("Country, by views")[2]


def test_a_copy_of_a_picture_is_cut_to_a_shape_with_its_description_and_rights(client: Browser, app_db: Session) -> None:
    asset = make_committed(app_db)
    number = asset.id
    picture = io.BytesIO()
    Image.new("RGB", (800, 400), "red").save(picture, "PNG")
    picture.seek(0)
    client.submit(f"/assets/{number}/files", file=(picture, "stand.png"))
    file = app_db.scalars(select(AssetFile)).one()
    file.alt_text, file.rights_until = "Our stand", date(2026, 5, 1)
    app_db.commit()

    client.submit(f"/assets/{number}/files/{file.id}/crop", shape="1:1", focus="end")
    client.submit(f"/assets/{number}/files/{file.id}/crop", shape="9:1", focus="end")

    made = app_db.scalars(select(AssetFile).order_by(AssetFile.id)).all()[1:]
    assert [(one.name, one.width, one.height, one.alt_text, one.rights_until) for one in made] == [("stand 1x1.png", 400, 400, "Our stand", date(2026, 5, 1))]


def test_a_picture_is_cut_out_of_the_composer_and_leads_back_there_and_nowhere_else(client: Browser, app_db: Session) -> None:
    make_channel(app_db)
    asset = make_committed(app_db)
    picture = io.BytesIO()
    Image.new("RGB", (800, 400), "red").save(picture, "PNG")
    picture.seek(0)
    client.submit(f"/assets/{asset.id}/files", file=(picture, "stand.png"))
    page, back = f"/assets/{asset.id}/files/{app_db.scalars(select(AssetFile.id)).one()}/crop", f"/posts/new?asset={asset.id}&restore=1"
    app_db.commit()

    link = re.search(r'data-sheet href="([^"]+/crop[^"]+)"', client.get(f"/posts/new?asset={asset.id}").text)
    assert link is not None
    assert unquote(link[1]) == f"{page}?back={back}"
    shown = client.get(page, query_string={"back": back}).text
    assert f'name="back" value="{back.replace("&", "&amp;")}" data-restore' in shown
    assert client.submit(page, shape="1:1", focus="end", back=back).location == back
    assert "Tick it to send it." in client.get("/posts/new").text
    refused = client.submit(page, shape="9:1", focus="end", back=back)
    assert (refused.status_code, "Choose one of the list." in refused.text) == (422, True)
    for elsewhere in ("//example.com", "https://example.com/posts/new", "/posts/new\n", "/settings"):
        assert client.submit(page, shape="1:1", focus="end", back=elsewhere).location == f"/assets/{asset.id}#files"
