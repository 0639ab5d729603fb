"""The register of people in the browser, and mentions in the composer with and without a script."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.channels.port import Platform
from planner.people.person_models import Person, Tier
from planner.planning import mentions
from planner.planning.models import Post
from tests.conftest import Browser
from tests.factories import make_asset, make_channel, make_person, make_post
from tests.web.counting import statements

FILLED = {"name": "Jane Doe", "tier": "journalist", "x_handle": "@janedoe", "may_be_named": "yes"}


def people(db: Session) -> list[Person]:
    db.rollback()
    found = list(db.scalars(select(Person).order_by(Person.id)))
    db.expunge_all()
    db.rollback()
    return found


def test_an_empty_register_starts_one(client: Browser) -> None:
    page = client.get("/people").text

    assert "Nobody yet" in page and 'href="/people/new"' in page and 'href="/people/import"' in page


def test_somebody_is_added_found_changed_and_taken_out(client: Browser, app_db: Session) -> None:
    added = client.submit("/people/new", **FILLED)
    assert added.status_code == 302
    (jane,) = people(app_db)
    assert (jane.name, jane.tier, jane.x_handle, jane.may_be_named) == ("Jane Doe", Tier.JOURNALIST, "janedoe", True)
    assert "@janedoe" in client.get("/people?q=jan").text
    assert "Nobody of that name" in client.get("/people?q=zoe").text

    changed = client.submit(f"/people/{jane.id}", **(FILLED | {"may_be_named": "", "linkedin_urn": "https://linkedin.com/company/12", "version": 1}))
    assert changed.status_code == 302
    page = client.get(f"/people/{jane.id}").text
    assert "@[Jane Doe](urn:li:organization:12)" in unescape(page)
    stale = client.submit(f"/people/{jane.id}", **(FILLED | {"name": "Joan", "version": 1}))
    assert (stale.status_code, "Somebody changed this entry" in stale.text) == (409, True)

    assert client.submit(f"/people/{jane.id}/remove").status_code == 302
    assert people(app_db) == []


def test_what_is_refused_stands_beside_its_field_and_changes_nothing(client: Browser, app_db: Session) -> None:
    for wrong, sentence in (({"x_handle": "jane doe"}, "An X handle has letters"), ({"name": ""}, ""), ({"linkedin_urn": "urn:li:member:1"}, "cannot be mentioned")):
        page = client.submit("/people/new", **(FILLED | wrong))
        assert page.status_code == 422 and sentence in page.text
    assert people(app_db) == []


def test_who_is_mentioned_in_what_has_not_gone_out_stays(client: Browser, app_db: Session) -> None:
    jane = make_person(app_db, name="Jane Doe")
    post = make_post(app_db, text=mentions.token(jane))
    number, post_id = jane.id, post.id
    app_db.commit()

    assert client.submit(f"/people/{number}/remove").status_code == 302
    assert f"Post {post_id} mentions this person" in client.get(f"/people/{number}").text
    assert len(people(app_db)) == 1


def test_the_list_costs_the_same_whatever_its_length(client: Browser, app_db: Session, app: Any) -> None:
    make_person(app_db)
    app_db.commit()
    client.get("/people")
    one = statements(app, client, "/people")
    for _more in range(20):
        make_person(app_db)
    app_db.commit()

    assert statements(app, client, "/people") == one


def send(client: Browser, text: str) -> Any:
    data = {"csrf_token": client.token(), "file": (io.BytesIO(text.encode()), "people.csv")}
    return client.post("/people/import", data=data, content_type="multipart/form-data")


def test_a_table_is_checked_shown_and_then_added_once(client: Browser, app_db: Session) -> None:
    page = send(client, "name;x;consent\nJane;@jane;oui\nJohn;;\n").text
    assert "2 people to be added" in page and people(app_db) == []
    token = re.search(r'name="token" value="([0-9a-f]{32})"', page)[1]  # type: ignore[index]

    for _twice in range(2):
        assert client.submit("/people/import/write", token=token, name="people.csv").status_code == 302
    assert [(one.name, one.may_be_named) for one in people(app_db)] == [("Jane", True), ("John", None)]


def test_a_wrong_table_names_each_row_and_its_list_can_be_fetched(client: Browser, app_db: Session) -> None:
    page = send(client, "name,x\nJane,not a handle\n,@x\n")

    assert page.status_code == 422
    assert "2 things to put right" in page.text and people(app_db) == []
    address = re.search(r'href="(/people/import/[0-9a-f]{32}/errors)"', page.text)[1]  # type: ignore[index]
    assert "An X handle has letters" in client.get(address).text
    assert client.get("/people/import/template.csv").text.startswith("\ufeffname,organisation")


def test_the_composer_asks_for_names_and_gets_what_goes_into_the_text(client: Browser, app_db: Session) -> None:
    jane = make_person(app_db, name="Jane Doe", organisation="The Times", x_handle="janedoe", linkedin_urn="urn:li:person:1")
    number = jane.id
    app_db.commit()

    told = client.get("/people/find?q=do").json

    assert told["items"] == [
        {
            "number": number, "name": "Jane Doe", "about": "The Times", "token": f"@[Jane Doe](person:{number})", "refused": False,
            "wires": {"x": "@janedoe", "linkedin": "@[Jane Doe](urn:li:person:1)", "name": "Jane Doe"},
        }
    ]  # fmt: skip
    assert client.get("/people/find?q=").json["items"] == []


@pytest.mark.parametrize("where", ["new", "edit"])
def test_without_a_script_a_name_and_a_button_put_the_mention_into_the_text(client: Browser, app_db: Session, where: str) -> None:
    jane, joan = make_person(app_db, name="Jane Doe"), make_person(app_db, name="Joan Doe", x_handle="joan")
    post = make_post(app_db, text="Thanks to")
    number, first, second = post.id, mentions.token(jane), mentions.token(joan)
    path, fields = (f"/posts/{number}/edit", {"version": 1}) if where == "edit" else ("/posts/new", {"asset_id": post.asset_id, "channels": [post.channel_id]})
    one, other = jane.id, joan.id
    app_db.commit()

    def press(**more: Any) -> str:
        page = client.submit(path, text="Thanks to", time_zone="Europe/Paris", **fields, **more)
        assert page.status_code == 200
        return unescape(page.text)

    assert f">\r\nThanks to {first}</textarea>" in press(check="mention", mention="jane")
    both = press(check="mention", mention="doe")
    assert f'value="mention:{one}"' in both and f'value="mention:{other}"' in both and ">\r\nThanks to</textarea>" in both
    assert f">\r\nThanks to {second}</textarea>" in press(check=f"mention:{other}", mention="doe")
    assert "Nobody in the register is called “zoe”." in press(check="mention", mention="zoe")
    assert [one.text for one in app_db.scalars(select(Post))] == ["Thanks to"]


def test_the_preview_shows_the_name_and_the_counters_are_told_what_leaves(client: Browser, app_db: Session) -> None:
    jane = make_person(app_db, name="Jane Doe", x_handle="janedoe", linkedin_urn="urn:li:person:1")
    channels = [make_channel(app_db, platform=platform).id for platform in (Platform.X, Platform.LINKEDIN)]
    asset, number, mark = make_asset(app_db).id, str(jane.id), mentions.token(jane)
    app_db.commit()

    page = client.submit("/posts/preflight", asset_id=asset, channels=channels, text=f"Thanks to {mark}.", time_zone="Europe/Paris").text

    shown = [unescape(one) for one in re.findall(r'<p class="look__text">([^<]*)</p>', page)]
    assert sorted(shown) == ["Thanks to @janedoe.", "Thanks to Jane Doe."]
    wires = [json.loads(unescape(one)) for one in re.findall(r'data-wires="([^"]*)"', page)]
    assert wires == [{number: {"x": "@janedoe", "linkedin": "@[Jane Doe](urn:li:person:1)", "name": "Jane Doe"}}] * 2
    assert sorted(re.findall(r">(\d+) / ", page)) == [str(len("Thanks to @janedoe.")), str(len("Thanks to @[Jane Doe](urn:li:person:1)."))]


def test_a_viewer_reads_the_register_and_changes_nothing(sign_in: Callable[..., Browser], app_db: Session) -> None:
    number = make_person(app_db).id
    app_db.commit()
    viewer = sign_in(roles=("viewer",))

    assert "You may read this entry" in viewer.get(f"/people/{number}").text
    for path in (f"/people/{number}", f"/people/{number}/remove", "/people/new", "/people/import/write"):
        assert viewer.submit(path, **FILLED).status_code == 403, path
    assert len(people(app_db)) == 1
