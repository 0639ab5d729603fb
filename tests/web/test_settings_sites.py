"""Settings, Websites: a connection is tried before it is kept, what is wrong stands beside its field, and the key never comes back."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from pytest_httpserver import HTTPServer
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from planner.core.http import Http
from planner.insights import sites
from planner.insights.models import Site, SiteDay
from planner.insights.sites import SiteKind, SiteValues
from planner.ledger.models import Job
from tests.conftest import Browser
from tests.factories import NOON
from tests.insights.pretend_statistics import TOKEN, PretendMatomo
from tests.web.counting import statements


@pytest.fixture
def matomo(app: Flask, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> PretendMatomo:
    monkeypatch.setattr(app.extensions["planner"], "_registry", SimpleNamespace(http=Http(5, allow_private=True)))
    return PretendMatomo(httpserver)


def fields(matomo: PretendMatomo, **other: str) -> dict[str, str]:
    return {"host": "www.example.com", "kind": "matomo", "address": matomo.address, "number": "3", "key": TOKEN} | other


def complaints(page: str) -> dict[str, str]:
    """Field -> what stands beside it."""
    found = re.findall(r'id="(\w+)-note" class="field__note"><p class="field__error">.*?<span>(.*?)</span>', page, flags=re.DOTALL)
    return dict(found)


def kept(db: Session) -> Any:
    """What is stored, read in a transaction that is over; None: nothing."""
    db.rollback()
    site = db.scalar(select(Site))
    found = None if site is None else SimpleNamespace(id=site.id, host=site.host, key=site.key, address=site.address, next_at=site.next_at)
    db.rollback()
    return found


def test_a_connection_that_works_is_kept_and_read(client: Browser, app_db: Session, matomo: PretendMatomo) -> None:
    answer = client.submit("/settings/websites/new", **fields(matomo))

    assert (answer.status_code, answer.location) == (302, "/settings/websites")
    page = client.get("/settings/websites").text
    assert ["example.com answers. Its last month is being read." in page, "Being read" in page, TOKEN in page] == [True, True, False]
    site = kept(app_db)
    assert (site.host, site.key, list(app_db.scalars(select(Job.name)))) == ("example.com", TOKEN, ["visits.read"])
    app_db.rollback()


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"key": "wrong"}, "key", "Matomo does not accept the token."),
        ({"number": "4"}, "number", "The token may not read the site 4 of this Matomo"),
        ({"address": "http://127.0.0.1:9"}, "address", "127.0.0.1 does not answer."),
        ({"host": "a b"}, "host", "is not the name of a website"),
        ({"kind": "ga4", "key": "{}"}, "key", "This is not the key file of a service account"),
        ({"kind": "piwik"}, "kind", "Not a valid choice"),
        ({"number": ""}, "number", "The number is missing."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_kept(client: Browser, app_db: Session, matomo: PretendMatomo, change: dict[str, str], field: str, words: str) -> None:
    answer = client.submit("/settings/websites/new", **fields(matomo, **change))

    assert (answer.status_code, kept(app_db)) == (422, None)
    if field != "kind":
        assert words in complaints(answer.text).get(field, "")
    assert TOKEN not in answer.text.replace(change.get("key", "-"), "")


def test_a_private_address_is_not_asked_unless_the_settings_allow_it(client: Browser, app: Flask, app_db: Session, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.extensions["planner"], "_registry", SimpleNamespace(http=Http(5)))
    pretend = PretendMatomo(httpserver)

    answer = client.submit("/settings/websites/new", **fields(pretend))

    assert (answer.status_code, pretend.asked, kept(app_db)) == (422, [], None)


def test_it_is_corrected_with_the_key_that_is_there_but_not_for_another_address(client: Browser, app_db: Session, matomo: PretendMatomo) -> None:
    client.submit("/settings/websites/new", **fields(matomo))
    site = kept(app_db)
    path = f"/settings/websites/{site.id}"

    moved = client.submit(path, **fields(matomo, key="", address=matomo.address + "/elsewhere"))
    renamed = client.submit(path, **fields(matomo, key="", host="blog.example.com"))

    assert (moved.status_code, complaints(moved.text)) == (422, {"key": "The key is missing."})
    assert (renamed.status_code, TOKEN in client.get(path).text) == (302, False)
    found = kept(app_db)
    assert (found.host, found.key, found.address) == ("blog.example.com", TOKEN, matomo.address)


def test_trouble_and_days_that_nobody_told_are_said(client: Browser, app_db: Session) -> None:
    site = sites.add(app_db, SiteValues("example.com", SiteKind.MATOMO, "3", TOKEN, "https://stats.example.com"), actor=None, now=NOON)
    site.trouble, site.trouble_params, site.failing_since = "%(host)s does not answer. Check the address, and that this server may reach it.", {"host": "stats.example.com"}, NOON
    for back in range(1, 29):
        app_db.add(SiteDay(site_id=site.id, day=(NOON - timedelta(days=back)).date(), told_at=NOON))
    app_db.commit()

    page = client.get("/settings/websites").text

    assert ["stats.example.com does not answer." in page, "not told: " in page, ">28<" in page] == [True] * 3


def test_reading_now_and_taking_away(client: Browser, app_db: Session, matomo: PretendMatomo) -> None:
    client.submit("/settings/websites/new", **fields(matomo))
    site = kept(app_db)
    app_db.execute(update(Site).values(next_at=NOON + timedelta(days=1)))
    app_db.commit()

    assert client.submit(f"/settings/websites/{site.id}/read").status_code == 302
    assert kept(app_db).next_at is None
    assert client.submit(f"/settings/websites/{site.id}/remove").location == "/settings/websites"
    assert kept(app_db) is None
    assert "stopped reading a website" in client.get("/settings/history").text


def test_only_administrators_change_it(sign_in: Any, app_db: Session, matomo: PretendMatomo) -> None:
    planner = sign_in(roles=("planner",))

    assert [planner.get("/settings/websites").status_code, planner.get("/settings/websites/new").status_code] == [200, 403]
    assert (planner.submit("/settings/websites/new", **fields(matomo)).status_code, kept(app_db)) == (403, None)


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_whatever_its_length(client: Browser, app: Flask, app_db: Session, count: int) -> None:
    for number in range(count):
        sites.add(app_db, SiteValues(f"s{number}.example.com", SiteKind.MATOMO, "3", TOKEN, "https://stats.example.com"), actor=None, now=NOON)
    app_db.commit()

    assert statements(app, client, "/settings/websites") == 4
