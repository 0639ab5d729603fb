"""Parts of the frame that are drawn once and kept: the same page as one drawn anew, whoever asked for another before; and everybody's own in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from random import Random

import pytest
from sqlalchemy.orm import Session

from planner.planning.saved_views import save
from planner.web import once
from planner.web.calendar.views import SCREEN
from tests.conftest import Browser
from tests.factories import NOON, make_campaign, make_post, make_user

#: Pages of the frame, and of the calendar whatever is asked of it.
ADDRESSES = (
    "/", "/calendar?view=week&date=2026-03-02", "/calendar?view=month&date=2026-03-02", "/calendar?view=month&date=2026-05-02", "/calendar?view=list&date=2026-03-02&days=9",
    "/calendar?view=year&date=2026-03-02", "/calendar?view=month&date=2026-03-02&kind=video&state=draft", "/calendar?view=month&date=2026-03-02&mine=1",
    "/calendar?view=month&date=2026-03-02&filters=1", "/assets?q=%25(name)s", "/assets?q=%22%3E%3Cb%3E", "/assets",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    once._drawn.clear()
    yield
    once._drawn.clear()


@pytest.fixture
def team(app_db: Session, sign_in: Callable[..., Browser]) -> list[Browser]:
    """Five people, alike but for one thing each: roles, language, theme, name."""
    post = make_post(app_db)
    make_campaign(app_db)
    people = [
        make_user(app_db, roles=("planner",), name="Ada L"), make_user(app_db, roles=("viewer",), name="Ada L"), make_user(app_db, roles=("planner",), name="Ada L"),
        make_user(app_db, roles=("planner",), name="Ada L"), make_user(app_db, roles=("planner",), name="100% <b>%(asked)s"),
    ]  # fmt: skip
    people[2].language, people[3].theme = "fr", "dark"
    save(app_db, SCREEN, "Only mine", "view=month&kind=video", shared=False, actor=people[0], now=NOON)
    save(app_db, SCREEN, "Everybody's", "view=week", shared=True, actor=people[3], now=NOON)
    post.author = people[0]
    app_db.commit()
    return [sign_in(one) for one in people]


def seen(reader: Browser, address: str) -> str:
    """The page without what is another at each request."""
    page = reader.get(address)
    assert page.status_code == 200
    return re.sub(r'(nonce="|csrf-token" content="|name="csrf_token" value=")[^"]+', r"\1", page.text)


def test_a_page_of_kept_parts_is_the_page_drawn_anew_whoever_asked_before(team: list[Browser]) -> None:
    alone = {}
    for number, reader in enumerate(team):
        for address in ADDRESSES:
            once._drawn.clear()
            alone[number, address] = seen(reader, address)
    once._drawn.clear()
    places = [*alone] * 2
    Random(7).shuffle(places)

    for number, address in places:
        assert seen(team[number], address) == alone[number, address], (number, address)

    assert len(set(alone.values())) == len(alone)
    assert len(once._drawn) < len(alone) * 4


def test_a_kept_form_has_the_token_of_who_reads_it(team: list[Browser]) -> None:
    tokens = []
    for reader in (team[0], team[3], team[0], team[3]):
        page = reader.get("/calendar?view=week").text
        form = page[page.index("data-preferences") :]
        tokens.append(re.search(r'name="csrf_token" value="([^"]+)"', form)[1])  # type: ignore[index]
        assert set(re.findall(r'name="csrf_token" value="([^"]+)"', page)) == {tokens[-1]}
        assert reader.post("/preferences", data={"csrf_token": tokens[-1], "theme": "light"}).status_code == 302

    assert team[0].post("/preferences", data={"csrf_token": tokens[1], "theme": "dark"}).status_code == 400


def test_what_was_looked_for_stays_with_who_looked(team: list[Browser]) -> None:
    asked = '/assets?q="><b>%(asked)s'

    page = team[0].get(asked).text

    assert 'name="q" value="&#34;&gt;&lt;b&gt;%(asked)s"' in page
    assert "<b>" not in page.partition("<h1")[2]
    assert "%(asked)s" not in team[0].get("/assets").text


def test_what_becomes_another_for_the_same_person_shows_at_once(app_db: Session, sign_in: Callable[..., Browser]) -> None:
    person = make_user(app_db, roles=("planner",))
    app_db.commit()
    reader = sign_in(person)
    pages = [reader.get("/calendar").text]

    for name, value in (("theme", "dark"), ("name", "Another"), ("email", "another@example.com"), ("language", "fr"), ("roles", [])):
        setattr(person, name, value)
        app_db.commit()
        pages.append(reader.get("/" if name == "roles" else "/calendar").text)

    assert 'value="dark" data-theme-pick="dark" aria-pressed="true"' in pages[1]
    assert "Another" in pages[2] and "another@example.com" in pages[3]
    assert 'value="fr" lang="fr" aria-pressed="true"' in pages[4]
    assert "menu--new" in pages[4] and "menu--new" not in pages[5]


def test_the_rail_says_where_one_is_also_on_pages_apart(sign_in: Callable[..., Browser]) -> None:
    reader = sign_in(roles=("planner",))
    where = {
        "/": "Desk", "/approvals": "Desk", "/held": "Desk", "/calendar": "Calendar", "/posts/templates": "Calendar", "/published-directly": "Calendar",
        "/events": "Calendar", "/imports": "Catalogue", "/assets/new": "Catalogue", "/settings/history": "Settings",
    }  # fmt: skip

    assert {address: re.findall(r'aria-current="page">.*?<span>(.*?)</span>', reader.get(address).text) for address in where} == {address: [place] for address, place in where.items()}
