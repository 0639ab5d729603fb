"""A page of the calendar that is still what its reader has is not sent again; a month of thousands shows the first of each day and counts the rest."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from planner.catalog.models import Audience
from planner.planning import service
from planner.planning.models import Post
from planner.web.calendar import pages
from tests.conftest import Browser, Furnish, StoppedClock
from tests.factories import NOON, make_asset, make_channel, make_post

MONTH = "/calendar?view=month&date=2026-03-02"


@pytest.fixture
def app(request: pytest.FixtureRequest, furnish: Furnish) -> Iterator[Flask]:
    """On SQLite, or on what a test asks for."""
    with furnish(request.getfixturevalue(getattr(request, "param", "sqlite_url"))) as application:
        yield application


def again(client: Browser, tag: str, path: str = MONTH) -> int:
    return int(client.get(path, headers={"If-None-Match": tag}).status_code)


def test_what_did_not_change_is_not_sent_again_and_what_did_is(client: Browser, app_db: Session, clock: StoppedClock) -> None:
    post = make_post(app_db)
    app_db.commit()
    client.get(MONTH)
    tag = client.get(MONTH).headers["ETag"]

    same = client.get(MONTH, headers={"If-None-Match": tag})

    assert (same.status_code, same.data, same.headers["ETag"]) == (304, b"", tag)
    assert f"'nonce-{tag.strip(chr(34)).partition('.')[2]}'" in same.headers["Content-Security-Policy"]
    assert [again(client, tag, path) for path in (f"{MONTH}&kind=video", "/calendar?view=week")] == [200, 200]
    service.move(app_db, post, NOON + timedelta(days=2), actor=None, now=NOON)
    app_db.commit()
    assert again(client, tag) == 200
    tag = client.get(MONTH).headers["ETag"]
    clock.advance(timedelta(minutes=11))
    assert again(client, tag) == 200


@pytest.mark.parametrize("app", ["postgres_url"], indirect=True)
def test_a_change_that_is_committed_after_a_later_one_is_seen(client: Browser, app: Flask, app_db: Session) -> None:
    post, other = make_post(app_db), make_post(app_db)
    app_db.commit()
    service.move(app_db, post, NOON + timedelta(days=2), actor=None, now=NOON)
    app_db.flush()
    with app.extensions["planner"].sessions.begin() as quick:
        service.move(quick, quick.get_one(Post, other.id), NOON + timedelta(days=3), actor=None, now=NOON)
    client.get(MONTH)
    tag = client.get(MONTH).headers["ETag"]
    assert again(client, tag) == 304

    app_db.commit()

    assert again(client, tag) == 200


def test_a_page_is_one_person_s_and_a_message_is_shown_once(client: Browser, sign_in: Callable[..., Browser], app_db: Session) -> None:
    client.get(MONTH)
    tag = client.get(MONTH).headers["ETag"]
    assert again(sign_in(roles=("viewer",)), tag) == 200

    client.submit("/calendar/notes/new", text="Words", day="2026-03-04", back=MONTH)
    told = client.get(MONTH)

    assert ("Noted." in told.text, told.headers.get("ETag")) == (True, None)
    assert "Noted." not in client.get(MONTH).text


def test_whose_language_or_clocks_are_others_gets_it_anew(client: Browser, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client.get(MONTH)
    tag = client.get(MONTH).headers["ETag"]
    assert again(client, tag) == 304
    assert client.get(MONTH, headers={"If-None-Match": tag, "Accept-Language": "fr"}).status_code == 200

    held = app.extensions["planner"]
    monkeypatch.setattr(held, "settings", replace(held.settings, time_zone="America/New_York"))

    assert again(client, tag) == 200


def test_a_month_with_more_than_a_page_reads_the_first_of_each_day_and_counts_them_all(
    client: Browser, app_db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, other = make_channel(app_db), make_channel(app_db)
    for number in range(10):
        make_post(app_db, channel=channel if number % 2 else other, publish_at=NOON + timedelta(minutes=number))
    make_post(app_db, channel=channel, publish_at=NOON + timedelta(days=3))
    app_db.commit()
    whole, narrowed = client.get(MONTH).text, client.get(f"{MONTH}&channel={channel.id}&kind=blog_post").text
    monkeypatch.setattr(pages, "MOST", 5)

    def drawn(page: str) -> tuple[list[str], list[str]]:
        return re.findall(r'cal-event__time">([\d:]+)', page), re.findall(r">\+(\d+) more<", page)

    assert drawn(whole)[1] == ["5"]
    assert drawn(client.get(MONTH).text) == drawn(whole)
    assert drawn(client.get(f"{MONTH}&channel={channel.id}&kind=blog_post").text) == drawn(narrowed)


def test_a_list_with_more_than_a_page_still_says_what_gets_in_the_way(client: Browser, app_db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    channels = [make_channel(app_db), make_channel(app_db)]
    for number, channel in enumerate(channels):
        asset = make_asset(app_db)
        asset.audiences = [Audience.ANALYSTS]
        make_post(app_db, channel=channel, asset=asset, publish_at=NOON + timedelta(hours=1 + 4 * number))
    make_post(app_db, channel=channels[0], publish_at=NOON + timedelta(days=3))
    app_db.commit()
    path = "/calendar?view=list&date=2026-03-02"
    whole = client.get(path).text
    monkeypatch.setattr(pages, "MOST", 2)

    assert "different assets for one audience that day" in whole
    assert "different assets for one audience that day" in client.get(path).text


def test_a_page_with_more_than_is_compared_says_so_in_a_month_and_a_week(client: Browser, app_db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        make_post(app_db, publish_at=NOON + timedelta(hours=number))
    app_db.commit()
    said = "There is more in these days than is compared at once, so not all that gets in the way is named"
    paths = [MONTH, "/calendar?view=week&date=2026-03-02", "/calendar?view=list&date=2026-03-02", "/calendar?view=year&date=2026-03-02"]
    whole = [said in client.get(path).text for path in paths]
    monkeypatch.setattr(pages, "MOST", 2)

    assert whole == [False] * 4
    assert [said in client.get(path).text for path in paths] == [True, True, False, False]
