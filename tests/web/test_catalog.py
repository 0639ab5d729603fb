"""The catalogue's list and forms, through the browser's door."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry, User
from planner.catalog import service
from planner.catalog.models import Asset, AssetKind, AssetState, Audience, Confidentiality, Purpose
from planner.catalog.service import AssetValues
from planner.planning.models import PostState
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_post, make_user

SignIn = Callable[..., Browser]
#: A form as a browser sends it, every field present.
FORM: dict[str, Any] = {
    "title": "How a slice works",
    "kind": "video",
    "state": "in_production",
    "summary": "Four minutes.",
    "url": "https://example.com/slice",
    "language": "fr",
    "purpose": "event",
    "audiences": ["experts", "customers"],
    "topics": "private 5G, networks , ",
    "owner_id": "",
    "cost": "1500.50",
    "currency": "chf",
    "confidentiality": "internal",
    "embargo_until": "2026-03-10T09:30",
    "embargo_terms": "Le Havre\nHarbour One\n",
    "sensitive": "y",
}
_TAG = re.compile(r"<[^>]+>")


@pytest.fixture
def planner(app_db: Session) -> User:
    return made(app_db, make_user(app_db, roles=("planner",), name="Hugo"))


@pytest.fixture
def browser(planner: User, sign_in: SignIn) -> Browser:
    return sign_in(planner)


def made(db: Session, thing: Any) -> Any:
    db.commit()
    return thing


def fresh(db: Session, asset: Asset) -> Asset:
    """The asset as it is stored now; the transaction ends, so that the application may write again."""
    db.expire_all()
    db.refresh(asset)
    _ = asset.topics, asset.audiences
    db.commit()
    return asset


def how_many(db: Session) -> tuple[int, int]:
    """Assets and lines of history."""
    counts = db.scalar(select(func.count(Asset.id))) or 0, db.scalar(select(func.count(Entry.id))) or 0
    db.commit()
    return counts


def beside(page: Any, field: str) -> str:
    """The sentence that stands beside a field."""
    note = re.search(rf'<div id="{field}-note" class="field__note">(.*?)</div>', page.text, re.S)
    assert note is not None, page.text
    errors = re.findall(r'<p class="field__error">(.*?)</p>', note.group(1), re.S)
    return html.unescape(" ".join(_TAG.sub("", error).strip() for error in errors))


def titles(page: Any) -> list[str]:
    """The assets of the list, in its order."""
    assert page.status_code == 200
    return re.findall(r'<a class="row-link" href="/assets/\d+">(.*?)</a>', page.text)


def chips(page: Any) -> list[str]:
    found = re.findall(r'<a class="chip[^"]*" href="[^"]*"[^>]*>(.*?)</a>', page.text, re.S)
    return [" ".join(_TAG.sub(" ", one).split()) for one in found]


@contextmanager
def counting(app: Flask) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    engine = app.extensions["planner"].engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def known(db: Session, **values: Any) -> Asset:
    """An asset made through its service, so that it can be searched."""
    values.setdefault("kind", AssetKind.BLOG_POST)
    values.setdefault("state", AssetState.READY)
    return service.create(db, AssetValues(**values), actor=None, now=values.pop("now", NOON))


# the list


def test_the_empty_catalogue_starts_the_job(client: Browser) -> None:
    page = client.get("/assets")

    assert page.status_code == 200
    assert "What does the company have to say?" in page.text
    assert 'href="/assets/new"' in page.text
    assert 'role="search" aria-label="In this list"' not in page.text


def test_a_viewer_is_not_offered_what_only_others_may_do(sign_in: SignIn) -> None:
    page = sign_in(roles=("viewer",)).get("/assets")

    assert 'href="/assets/new"' not in page.text
    assert "Load the demo" not in page.text


def test_the_list_shows_each_asset_with_its_state_and_owner(client: Browser, app_db: Session) -> None:
    owner = make_user(app_db, name="Vera Lang")
    make_asset(app_db, title="Latency, measured", state=AssetState.LIVE, owner=owner, embargo_until=NOON + timedelta(days=1))
    app_db.commit()

    page = client.get("/assets")

    assert titles(page) == ["Latency, measured"]
    assert [text in page.text for text in ("Vera Lang", ">Live<", "Under embargo", "2 Mar 2026")] == [True] * 4


def test_the_newest_change_comes_first_and_the_retired_only_when_asked_for(client: Browser, app_db: Session) -> None:
    make_asset(app_db, title="Old", updated_at=NOON - timedelta(days=9))
    make_asset(app_db, title="New", updated_at=NOON)
    make_asset(app_db, title="Gone", state=AssetState.RETIRED, updated_at=NOON + timedelta(days=1))
    app_db.commit()

    assert titles(client.get("/assets")) == ["New", "Old"]
    assert titles(client.get("/assets?state=retired")) == ["Gone"]


def test_searching_forgives_accents_and_plurals_and_keeps_the_word(client: Browser, app_db: Session) -> None:
    known(app_db, title="Les réseaux privés")
    known(app_db, title="Half-year results")
    app_db.commit()

    page = client.get("/assets?q=reseau")

    assert titles(page) == ["Les réseaux privés"]
    assert 'name="q" value="reseau"' in page.text


def test_any_search_is_answered(client: Browser, app_db: Session) -> None:
    made(app_db, known(app_db, title="Something"))
    asked = ["%22", "%27", "%", "*", "a%00b", "(", "AND", "x" * 5000, "%F0%9F%98%80", "NEAR(", "%3Cscript%3E"]

    pages = [client.get(f"/assets?q={one}") for one in asked]

    assert [(page.status_code, "<script>" in page.text) for page in pages] == [(200, False)] * len(asked)


def test_facets_narrow_the_list_and_say_what_else_there_is(client: Browser, app_db: Session) -> None:
    for kind, language in ((AssetKind.VIDEO, "en"), (AssetKind.VIDEO, "fr"), (AssetKind.PODCAST, "en")):
        known(app_db, title=f"{kind.value} {language}", kind=kind, language=language, audiences=[Audience.EXPERTS])
    app_db.commit()

    page = client.get("/assets?kind=video&language=fr")

    assert titles(page) == ["video fr"]
    assert chips(page) == ["Video 1 Take away".replace(" Take away", ""), "English 1", "French 1"]


def test_a_facet_is_switched_on_and_off_by_its_address(client: Browser, app_db: Session) -> None:
    known(app_db, title="A", kind=AssetKind.VIDEO)
    known(app_db, title="B", kind=AssetKind.PODCAST)
    app_db.commit()

    assert 'href="/assets?kind=video"' in client.get("/assets").text
    on = client.get("/assets?kind=video&q=a&cursor=")
    assert 'href="/assets?q=a" aria-current="true"' in on.text
    assert 'href="/assets?kind=video&amp;q=a&amp;kind=podcast"' not in on.text


def test_a_topic_and_the_embargo_narrow_and_can_be_taken_away(client: Browser, app_db: Session) -> None:
    known(app_db, title="Tagged", topics=["5G & slices"], embargo_until=NOON + timedelta(days=2))
    known(app_db, title="Other")
    app_db.commit()

    page = client.get("/assets?topic=5G+%26+slices&embargoed=1")

    assert titles(page) == ["Tagged"]
    assert 'href="/assets?embargoed=1" aria-current="true">#5G &amp; slices' in page.text
    assert 'href="/assets?topic=5G+%26+slices" aria-current="true">Under embargo' in page.text
    assert '<input type="hidden" name="topic" value="5G &amp; slices">' in page.text


def test_nothing_found_leads_back_to_everything(client: Browser, app_db: Session) -> None:
    made(app_db, known(app_db, title="Something"))

    page = client.get("/assets?q=harbour")

    assert (page.status_code, titles(page)) == (200, [])
    assert "No asset matches all of this." in page.text


def test_a_damaged_address_is_refused_with_a_sentence(client: Browser) -> None:
    sentences = {
        "kind=poem": "“poem” is not a choice here.",
        "state=x": "“x” is not a choice here.",
        "audience=x": "“x” is not a choice here.",
        "topic=a%00b": "This contains characters that cannot be stored.",
        "topic=" + "x" * 81: "That is too long: at most 80 characters.",
        "cursor=x": "This page address is damaged.",
        "cursor=%00": "This page address is damaged.",
    }

    pages = {address: client.get(f"/assets?{address}") for address in sentences}

    assert {address: (page.status_code, sentences[address] in page.text) for address, page in pages.items()} == dict.fromkeys(
        sentences, (422, True)
    )


def test_pages_follow_each_other_without_a_gap_and_keep_the_filters(client: Browser, app_db: Session) -> None:
    for number in range(120):
        make_asset(app_db, title=f"Asset {number:03}", updated_at=NOON - timedelta(minutes=number // 2), kind=AssetKind.VIDEO)
    make_asset(app_db, title="Another kind", kind=AssetKind.PODCAST)
    app_db.commit()
    seen, address = [], "/assets?kind=video"
    sizes = []

    while address:
        page = client.get(address)
        sizes.append(len(titles(page)))
        seen += titles(page)
        link = re.search(r'href="([^"]*)" class="[^"]*" rel="next"', page.text)
        address = link.group(1).replace("&amp;", "&") if link else ""

    assert sizes == [50, 50, 20]
    assert sorted(seen) == [f"Asset {number:03}" for number in range(120)]
    assert 'href="/assets?kind=video" class="button button--quiet button--small"' in page.text


def test_the_list_costs_the_same_at_one_asset_and_at_thirty(app: Flask, client: Browser, app_db: Session) -> None:
    owner = make_user(app_db)
    costs = []
    for wanted in (1, 29):
        for _ in range(wanted):
            known(app_db, title="Thing", owner_id=owner.id, topics=["a", "b"], audiences=list(Audience))
        app_db.commit()
        client.get("/assets")
        with counting(app) as seen:
            assert client.get("/assets").status_code == 200
        costs.append(len(seen))

    assert costs[0] == costs[1]
    assert costs[1] <= 8


def test_what_is_confidential_is_in_the_list_of_those_who_may_know_only(sign_in: SignIn, app_db: Session) -> None:
    owner = make_user(app_db, roles=("author",))
    known(app_db, title="Layoffs", confidentiality=Confidentiality.CONFIDENTIAL, owner_id=owner.id, kind=AssetKind.PRESS_RELEASE)
    known(app_db, title="Slices")
    app_db.commit()

    lists = {role: titles(sign_in(roles=(role,)).get("/assets")) for role in ("viewer", "author", "planner", "legal")}

    assert lists == {"viewer": ["Slices"], "author": ["Slices"], "planner": ["Slices", "Layoffs"], "legal": ["Slices", "Layoffs"]}
    assert titles(sign_in(owner).get("/assets")) == ["Slices", "Layoffs"]
    assert chips(sign_in(roles=("viewer",)).get("/assets?q=Layoffs")) == []


# making one


def test_a_new_asset_is_stored_with_everything_that_was_typed(browser: Browser, planner: User, app_db: Session) -> None:
    answer = browser.submit("/assets/new", **FORM)

    asset = app_db.scalars(select(Asset)).one()
    assert (answer.status_code, answer.location) == (302, f"/assets/{asset.id}")
    assert service.values_of(asset) == {
        "kind": AssetKind.VIDEO,
        "title": "How a slice works",
        "summary": "Four minutes.",
        "url": "https://example.com/slice",
        "language": "fr",
        "purpose": Purpose.EVENT,
        "cost": Decimal("1500.50"),
        "currency": "CHF",
        "confidentiality": Confidentiality.INTERNAL,
        "sensitive": True,
        "embargo_until": datetime(2026, 3, 10, 8, 30, tzinfo=UTC),
        "embargo_terms": ["Le Havre", "Harbour One"],
        "rights_until": None,
        "audiences": [Audience.CUSTOMERS, Audience.EXPERTS],
        "topics": ["networks", "private 5G"],
        "owner_id": planner.id,
        "state": AssetState.IN_PRODUCTION,
    }
    assert [(entry.action, entry.actor_name) for entry in app_db.scalars(select(Entry))] == [("asset.created", "Hugo")]
    app_db.commit()
    assert "“How a slice works” is in the catalogue." in browser.get(answer.location).text


def test_the_new_form_proposes_the_person_their_language_and_the_currency(browser: Browser) -> None:
    page = browser.get("/assets/new?kind=podcast")

    chosen = re.findall(r'<option selected value="([^"]*)">', page.text)
    assert page.status_code == 200
    assert chosen[0] == "podcast"
    assert "en" in chosen
    assert re.search(r"<option selected value=\"\d+\">Hugo<", page.text)
    assert re.search(r'name="currency"[^>]*value="EUR"', page.text)


def test_an_amount_is_read_the_way_people_write_it(browser: Browser, app_db: Session) -> None:
    stored = {
        "": None, "0": Decimal(0), "1 500,5": Decimal("1500.50"), "1\u202f500,50": Decimal("1500.50"), "1,500": Decimal(1500), " 3 ": Decimal(3),
        "1,500.25": Decimal("1500.25"), "1.500,25": Decimal("1500.25"), "12,345,678": Decimal(12_345_678),
    }  # fmt: skip

    answers = [browser.submit("/assets/new", **{**FORM, "title": f"[{typed}]", "cost": typed}).status_code for typed in stored]

    assert answers == [302] * len(stored)
    assert list(app_db.scalars(select(Asset.cost).order_by(Asset.id))) == list(stored.values())


BAD = [
    ("title", "", "This cannot be empty."),
    ("title", "   ", "This cannot be empty."),
    ("title", "x" * 301, "That is too long: at most 300 characters."),
    ("title", "x" * 1_000_000, "That is too long: at most 300 characters."),
    ("title", "a\0b", "This contains characters that cannot be stored."),
    ("summary", "a\0b", "This contains characters that cannot be stored."),
    ("summary", "x" * 20_001, "That is too long: at most 20,000 characters."),
    ("url", "javascript:alert(1)", "Write an address that starts with https:// or http://."),
    ("url", "JAVASCRIPT:alert(1)//https://", "Write an address that starts with https:// or http://."),
    ("url", "data:text/html,x", "Write an address that starts with https:// or http://."),
    ("url", "https://", "Write an address that starts with https:// or http://."),
    ("url", "https://x:99999999/", "Write an address that starts with https:// or http://."),
    ("url", "https://[", "Write an address that starts with https:// or http://."),
    ("url", "a\0", "This contains characters that cannot be stored."),
    ("cost", "1e309", "Write an amount between 0 and 9,999,999,999.99."),
    ("cost", "-1", "Write an amount between 0 and 9,999,999,999.99."),
    ("cost", "NaN", "Write an amount between 0 and 9,999,999,999.99."),
    ("cost", "Infinity", "Write an amount between 0 and 9,999,999,999.99."),
    ("cost", "free", "Write an amount such as 1500 or 1500.50."),
    ("cost", "1\0", "Write an amount such as 1500 or 1500.50."),
    ("currency", "EURO", "Write a currency as three letters, such as EUR."),
    ("currency", "\0\0\0", "Write a currency as three letters, such as EUR."),
    ("embargo_until", "9999-12-31T23:59", "Choose a year between 1990 and 2100."),
    ("embargo_until", "0001-01-01T00:00", "Choose a year between 1990 and 2100."),
    ("embargo_until", "tomorrow", "Write a date and time such as 2026-03-24 09:30."),
    ("embargo_terms", "x" * 201, "That is too long: at most 200 characters."),
    ("embargo_terms", "\n".join(map(str, range(101))), "That is too many. Keep the ones that matter."),
    ("topics", "x" * 81, "That is too long: at most 80 characters."),
    ("topics", ",".join(map(str, range(51))), "That is too many. Keep the ones that matter."),
    ("kind", "poem", "Not a valid choice."),
    ("state", "", "Not a valid choice."),
    ("language", "xx", "Not a valid choice."),
    ("purpose", "x", "Not a valid choice."),
    ("confidentiality", "x", "Not a valid choice."),
    ("owner_id", "999999", "Not a valid choice."),
    ("owner_id", "1 OR 1=1", "Not a valid choice."),
    ("audiences", "everybody", "'everybody' is not a valid choice for this field."),
]


def test_each_refused_field_says_why_beside_it_and_nothing_is_stored(browser: Browser, app_db: Session) -> None:
    said = []
    for field, typed, _sentence in BAD:
        page = browser.submit("/assets/new", **{**FORM, field: typed})
        said.append((field, typed, beside(page, field)))
        kept = [text in page.text for text in ('value="https://example.com/slice"', "Le Havre", "networks")]
        assert page.status_code == 422
        assert kept.count(True) >= 2, (field, typed[:40])

    assert said == BAD
    assert how_many(app_db) == (0, 0)


def test_a_refused_change_keeps_what_was_typed_and_leaves_the_asset_as_it_was(browser: Browser, app_db: Session) -> None:
    asset = made(app_db, make_asset(app_db, title="As it was"))
    said = []
    for field, typed, _sentence in BAD:
        page = browser.submit(f"/assets/{asset.id}/edit", **{**FORM, "version": "1", field: typed})
        said.append((field, typed, beside(page, field)))
        assert page.status_code == 422

    assert said == BAD
    assert (fresh(app_db, asset).title, asset.url, asset.version) == ("As it was", "", 1)
    assert how_many(app_db) == (1, 0)


def test_markup_in_a_title_is_shown_as_text(browser: Browser, app_db: Session) -> None:
    evil = "<script>alert(1)</script>"
    answer = browser.submit("/assets/new", **{**FORM, "title": evil, "summary": evil, "topics": evil, "embargo_terms": evil})

    pages = [browser.get(path).text for path in (answer.location, "/assets", f"{answer.location}/edit")]
    pages.append(browser.submit("/assets/new", **{**FORM, "title": evil, "cost": "x"}).text)

    assert [page.count("<script>") for page in pages] == [0, 0, 0, 0]
    assert ["&lt;script&gt;alert(1)&lt;/script&gt;" in page for page in pages] == [True] * 4


# changing one


def test_the_form_shows_what_is_stored_and_saving_it_untouched_changes_nothing(browser: Browser, app_db: Session) -> None:
    location = browser.submit("/assets/new", **FORM).location
    asset = app_db.scalars(select(Asset)).one()
    before, counts = service.values_of(asset), how_many(app_db)
    page = browser.get(f"{location}/edit").text
    shown = {
        name: value
        for name, value in re.findall(r'<input[^>]* name="([a-z_]+)"[^>]* value="([^"]*)"', page)
        if name in FORM or name == "version"
    }
    texts = dict(re.findall(r'<textarea[^>]* name="([a-z_]+)"[^>]*>\r?\n?(.*?)</textarea>', page, re.S))
    chosen = dict(re.findall(r'<select[^>]* name="([a-z_]+)".*?<option selected value="([^"]*)">', page, re.S))
    ticked = re.findall(r'<input checked[^>]* name="audiences"[^>]* value="([^"]*)"', page)

    answer = browser.submit(f"{location}/edit", **{**shown, **texts, **chosen, "audiences": ticked, "sensitive": "y"})

    assert answer.status_code == 302, answer.text
    assert service.values_of(fresh(app_db, asset)) == before
    assert how_many(app_db) == counts


def test_a_change_is_stored_and_told_in_history(browser: Browser, app_db: Session) -> None:
    asset = made(app_db, make_asset(app_db, title="Before", language="fr"))

    answer = browser.submit(f"/assets/{asset.id}/edit", **{**FORM, "title": "After", "version": "1"})

    assert answer.status_code == 302
    assert (fresh(app_db, asset).title, asset.version, asset.updated_at) == ("After", 2, NOON)
    entry = app_db.scalars(select(Entry)).one()
    assert (entry.action, entry.actor_name, (entry.was or {})["title"], (entry.became or {})["title"]) == (
        "asset.edited", "Hugo", "Before", "After",
    )  # fmt: skip
    app_db.commit()
    page = browser.get(f"/assets/{asset.id}").text
    assert "Saved." in page
    assert "<strong>Changed</strong> <span>Ready → In production, Kind, Title, Summary, Address, Made for" in page


def test_two_people_are_told_and_nothing_is_overwritten(browser: Browser, app_db: Session) -> None:
    vera = make_user(app_db, name="Vera Lang")
    asset = made(app_db, make_asset(app_db, title="First", url="https://example.com/slice", language="fr"))
    values = AssetValues(**{**service.values_of(asset), "title": "Hers", "audiences": [Audience.ANALYSTS]})
    service.edit(app_db, asset, values, actor=vera, now=NOON)
    app_db.commit()

    page = browser.submit(f"/assets/{asset.id}/edit", **{**FORM, "title": "Mine", "version": "1"})

    assert page.status_code == 409
    assert "Vera Lang changed this while you were editing." in page.text
    assert 'value="Mine"' in page.text
    assert re.search(r'name="version"[^>]* value="2"', page.text)
    theirs = dict(re.findall(r'<dt>([^<]*)</dt><dd class="post-text">([^<]*)</dd>', page.text))
    assert {name: theirs.get(name) for name in ("Title", "Audiences", "Address", "Language")} == {
        "Title": "Hers", "Audiences": "Analysts", "Address": None, "Language": None,
    }  # fmt: skip
    assert fresh(app_db, asset).title == "Hers"

    again = browser.submit(f"/assets/{asset.id}/edit", **{**FORM, "title": "Mine", "version": "2"})
    assert again.status_code == 302
    assert fresh(app_db, asset).title == "Mine"


def test_a_form_that_does_not_say_what_it_was_looking_at_overwrites_nothing(browser: Browser, app_db: Session) -> None:
    asset = made(app_db, make_asset(app_db, title="As it was"))

    for version in ("", "0", "-1", "x", "²", "9" * 5000, "1\0"):
        page = browser.submit(f"/assets/{asset.id}/edit", **{**FORM, "version": version})
        assert page.status_code == 409
        assert "Somebody changed this while you were editing." in page.text

    assert fresh(app_db, asset).title == "As it was"


def test_an_owner_who_has_left_stays_the_owner_until_somebody_changes_it(browser: Browser, app_db: Session) -> None:
    gone = make_user(app_db, name="Paul Gone", active=False)
    asset = made(app_db, make_asset(app_db, title="Theirs", owner=gone))

    page = browser.get(f"/assets/{asset.id}/edit").text
    assert f'<option selected value="{gone.id}">Paul Gone</option>' in page
    answer = browser.submit(f"/assets/{asset.id}/edit", **{**FORM, "owner_id": str(gone.id), "version": "1"})

    assert answer.status_code == 302
    assert fresh(app_db, asset).owner_id == gone.id
    assert "Paul Gone" not in browser.get("/assets/new").text


def test_a_retired_asset_is_not_brought_back_by_its_form(browser: Browser, app_db: Session) -> None:
    asset = made(app_db, make_asset(app_db, state=AssetState.RETIRED))

    page = browser.submit(f"/assets/{asset.id}/edit", **{**FORM, "state": "live", "version": "1"})

    assert page.status_code == 422
    assert beside(page, "state") == "This is retired. Bring it back first."
    assert fresh(app_db, asset).state is AssetState.RETIRED


def test_an_author_cannot_retire_through_the_form(sign_in: SignIn, app_db: Session) -> None:
    author = make_user(app_db, roles=("author",))
    asset = made(app_db, make_asset(app_db, owner=author))

    page = sign_in(author).submit(f"/assets/{asset.id}/edit", **{**FORM, "state": "retired", "version": "1"})

    assert page.status_code == 422
    assert "Your role does not allow this." in page.text
    assert fresh(app_db, asset).state is AssetState.READY


# states


def test_retiring_can_be_undone(browser: Browser, app_db: Session) -> None:
    asset = made(app_db, make_asset(app_db, title="Old news", state=AssetState.LIVE))

    answer = browser.submit(f"/assets/{asset.id}/retire")
    assert (answer.status_code, answer.location) == (302, f"/assets/{asset.id}")
    assert (fresh(app_db, asset).state, asset.retired_at) == (AssetState.RETIRED, NOON)
    page = browser.get(answer.location).text
    assert "“Old news” is retired." in page
    assert f'action="/assets/{asset.id}/restore"' in page

    answer = browser.submit(f"/assets/{asset.id}/restore")
    assert answer.status_code == 302
    assert (fresh(app_db, asset).state, asset.retired_at) == (AssetState.LIVE, None)
    assert [entry.action for entry in app_db.scalars(select(Entry).order_by(Entry.id))] == ["asset.retired", "asset.restored"]


def test_retiring_twice_is_told_once(browser: Browser, app_db: Session) -> None:
    asset = made(app_db, make_asset(app_db))

    assert [browser.submit(f"/assets/{asset.id}/retire").status_code for _ in range(2)] == [302, 302]

    assert how_many(app_db) == (1, 1)


def test_the_state_is_changed_from_the_asset_s_page(browser: Browser, app_db: Session) -> None:
    asset = made(app_db, make_asset(app_db, state=AssetState.IDEA))

    answer = browser.submit(f"/assets/{asset.id}/state", state="in_production")

    assert answer.status_code == 302
    assert fresh(app_db, asset).state is AssetState.IN_PRODUCTION
    assert "<strong>State changed</strong> <span>Idea → In production</span>" in browser.get(answer.location).text


def test_a_state_that_is_none_is_refused(browser: Browser, app_db: Session) -> None:
    asset = made(app_db, make_asset(app_db))

    page = browser.submit(f"/assets/{asset.id}/state", state="sold")

    assert page.status_code == 422
    assert "“sold” is not a choice here." in page.text
    assert browser.submit(f"/assets/{asset.id}/state").status_code == 422
    assert fresh(app_db, asset).state is AssetState.READY


def test_a_retired_asset_s_state_is_not_changed(browser: Browser, app_db: Session) -> None:
    asset = made(app_db, make_asset(app_db, state=AssetState.RETIRED))

    page = browser.submit(f"/assets/{asset.id}/state", state="live")

    assert page.status_code == 409
    assert "This is retired. Bring it back first." in page.text
    assert fresh(app_db, asset).state is AssetState.RETIRED


# who may


def every_form(asset: Asset) -> list[str]:
    return ["/assets/new", *(f"/assets/{asset.id}/{verb}" for verb in ("edit", "retire", "restore", "state"))]


def test_a_form_without_its_token_changes_nothing(browser: Browser, app_db: Session) -> None:
    asset = made(app_db, make_asset(app_db, title="As it was"))

    pages = [browser.post(path, data={**FORM, "version": "1", "state": "live"}) for path in every_form(asset)]

    assert [page.status_code for page in pages] == [400] * 5
    assert ["This form is too old or did not come from this site." in page.text for page in pages] == [True] * 5
    nonces = [re.search(r"script-src 'nonce-([^']*)'", page.headers["Content-Security-Policy"]).group(1) for page in pages]  # type: ignore[union-attr]
    assert [len(nonce) > 20 and f'nonce="{nonce}"' in page.text for nonce, page in zip(nonces, pages, strict=True)] == [True] * 5
    assert (fresh(app_db, asset).title, asset.state) == ("As it was", AssetState.READY)
    assert how_many(app_db) == (1, 0)


def test_a_viewer_changes_nothing(sign_in: SignIn, app_db: Session) -> None:
    asset = made(app_db, make_asset(app_db))
    viewer = sign_in(roles=("viewer",))

    answers = [viewer.submit(path, **{**FORM, "version": "1"}).status_code for path in every_form(asset)]

    assert answers == [403] * 5
    assert how_many(app_db) == (1, 0)


def test_an_author_changes_only_their_own(sign_in: SignIn, app_db: Session) -> None:
    asset = made(app_db, make_asset(app_db, owner=make_user(app_db)))
    author = sign_in(roles=("author",))

    answers = [author.submit(path, **{**FORM, "version": "1"}).status_code for path in every_form(asset)[1:]]

    assert answers == [403] * 4
    assert author.get(f"/assets/{asset.id}/edit").status_code == 403
    assert how_many(app_db) == (1, 0)


@pytest.mark.parametrize("role", ["viewer", "author"])
def test_nobody_learns_of_a_confidential_asset_that_is_not_theirs(sign_in: SignIn, app_db: Session, role: str) -> None:
    asset = made(app_db, make_asset(app_db, title="Layoffs", confidentiality=Confidentiality.CONFIDENTIAL))
    client = sign_in(roles=(role,))

    pages = [client.get(f"/assets/{asset.id}"), client.get("/assets/999999")]
    if role == "author":
        pages += [client.get(f"/assets/{asset.id}/edit"), client.submit(f"/assets/{asset.id}/state", state="live")]
        pages += [client.submit(f"/assets/{asset.id}/edit", **{**FORM, "version": "1"})]

    assert {page.status_code for page in pages} == {404}
    assert [page for page in pages if "Layoffs" in page.text] == []
    assert how_many(app_db) == (1, 0)


def test_the_owner_of_a_confidential_asset_sees_and_changes_it(sign_in: SignIn, app_db: Session) -> None:
    author = make_user(app_db, roles=("author",))
    asset = made(app_db, make_asset(app_db, confidentiality=Confidentiality.CONFIDENTIAL, owner=author))
    client = sign_in(author)

    assert client.get(f"/assets/{asset.id}").status_code == 200
    form = {**FORM, "confidentiality": "confidential", "owner_id": str(author.id), "version": "1"}
    assert client.submit(f"/assets/{asset.id}/edit", **form).status_code == 302
    assert fresh(app_db, asset).title == "How a slice works"


def test_another_embargo_shows_first_which_posts_it_would_hold_back(client: Browser, app_db: Session) -> None:
    asset = make_asset(app_db, title="Harbour One")
    held, later = make_post(app_db, asset=asset, publish_at=NOON + timedelta(days=1)), make_post(app_db, asset=asset, publish_at=NOON + timedelta(days=20))
    make_post(app_db, asset=asset, state=PostState.PUBLISHED, publish_at=NOON - timedelta(days=1), published_at=NOON - timedelta(days=1))
    number, shown, hidden = asset.id, f'href="/posts/{held.id}"', f'href="/posts/{later.id}"'
    app_db.commit()
    given = FORM | {"version": "1", "title": "Harbour Two", "embargo_until": "2026-03-10T09:30"}

    asked = client.submit(f"/assets/{number}/edit", **given)

    assert asked.status_code == 422
    assert "one post goes out before the new embargo" in asked.text
    assert (shown in asked.text, hidden in asked.text, 'value="Harbour Two"' in asked.text) == (True, False, True)
    assert app_db.scalars(select(Asset.embargo_until)).all() == [None]
    app_db.commit()
    seen = re.search(r'name="seen" value="([^"]+)"', asked.text)
    assert seen is not None
    assert client.submit(f"/assets/{number}/edit", **(given | {"embargo_until": "2026-03-11T09:30", "seen": seen[1]})).status_code == 422
    assert client.submit(f"/assets/{number}/edit", **given, seen=seen[1]).status_code == 302
    assert client.submit(f"/assets/{number}/edit", **(given | {"version": "2"})).status_code == 302, "the embargo it has asks nothing"
