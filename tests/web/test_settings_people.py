"""Settings, People, API tokens and My preferences: roles, links that work once, keys shown once, one's own choices."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from planner.accounts import service
from planner.accounts.models import ApiToken, Entry, SignInLink, User
from planner.web.session import database
from tests.conftest import Browser, StoppedClock
from tests.factories import NOON, make_user
from tests.web.counting import statements


def fresh(db: Session) -> None:
    """See what the application wrote, and leave it free to write again."""
    db.commit()
    db.expire_all()


def someone(db: Session, **values: Any) -> User:
    user = make_user(db, email="ines@example.com", name="Inès", **{"roles": ("author",), **values})
    db.commit()
    return user


def ines(db: Session) -> User:
    fresh(db)
    user = db.scalars(select(User).where(User.email == "ines@example.com")).one()
    db.commit()
    return user


def link_in(page: str) -> str:
    found = re.search(r'value="http://[^/"]+(/sign-in/[^"]+)"', page)
    assert found is not None
    return found.group(1)


def test_a_new_person_gets_a_link_that_signs_in_once(app: Flask, client: Browser, app_db: Session) -> None:
    answer = client.submit("/settings/people/new", email="Ines@Example.com", name="Inès", roles=["author", "approver"])

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert ines(app_db).role_names == {"author", "approver"}
    link = link_in(answer.text)
    app.test_client_class = Browser
    visitor = app.test_client()
    assert [visitor.get(link).status_code for _ in range(2)] == [200, 200]  # Looking does not use it up.
    assert visitor.submit(link).status_code == 302  # type: ignore[attr-defined]
    assert visitor.get("/settings").status_code == 200
    other = app.test_client()
    assert (other.get(link).status_code, other.submit(link).status_code) == (404, 404)  # type: ignore[attr-defined]
    assert other.get("/settings").status_code == 302


def test_the_link_is_kept_as_a_digest_and_shown_nowhere_else(client: Browser, app_db: Session) -> None:
    token = link_in(client.submit("/settings/people/new", email="ines@example.com", name="", roles=["viewer"]).text).rpartition("/")[2]

    number = ines(app_db).id
    pages = [client.get(path).text for path in ("/settings/people", f"/settings/people/{number}", "/settings/history")]
    assert [token in page for page in pages] == [False] * 3
    assert token not in app_db.scalars(select(SignInLink)).one().digest


def test_someone_who_came_by_link_sets_a_first_password(app: Flask, client: Browser, app_db: Session) -> None:
    link = link_in(client.submit("/settings/people/new", email="ines@example.com", name="", roles=["viewer"]).text)
    app.test_client_class = Browser
    visitor: Any = app.test_client()
    visitor.submit(link)

    asked = visitor.get("/").text
    assert "somebody has to make you a link each time you sign in." in asked and 'href="/change"' in asked.partition('id="toasts"')[2]
    page = visitor.get("/settings/preferences").text
    form = visitor.get("/change")

    assert "Set a password" in page
    assert form.status_code == 200
    assert 'name="new_password"' in form.text
    answer = visitor.submit("/change", new_password="correct horse battery", new_password_confirm="correct horse battery")
    assert answer.status_code == 302
    assert (ines(app_db).password or "").startswith("$argon2")


def test_a_link_that_lies_about_opens_nothing_once_a_password_is_set(app: Flask, client: Browser, app_db: Session) -> None:
    first = link_in(client.submit("/settings/people/new", email="ines@example.com", name="", roles=["viewer"]).text)
    second = link_in(client.submit(f"/settings/people/{ines(app_db).id}/link").text)
    app.test_client_class = Browser
    visitor: Any = app.test_client()
    visitor.submit(first)
    assert visitor.get(second).status_code == 200
    visitor.submit("/change", new_password="correct horse battery", new_password_confirm="correct horse battery")

    assert (visitor.get(second).status_code, visitor.get("/").status_code) == (404, 200)


def test_a_forgotten_password_is_replaced_within_half_an_hour_of_signing_in_by_a_link(
    app: Flask, client: Browser, app_db: Session, clock: StoppedClock
) -> None:
    def link() -> str:
        return link_in(client.submit(f"/settings/people/{ines(app_db).id}/link").text)

    first = link_in(client.submit("/settings/people/new", email="ines@example.com", name="", roles=["viewer"]).text)
    app.test_client_class = Browser
    visitor: Any = app.test_client()
    visitor.submit(first)
    visitor.submit("/change", new_password="correct horse battery", new_password_confirm="correct horse battery")
    assert 'name="password"' in visitor.get("/change").text, "who has just set one has not forgotten it"

    later: Any = app.test_client()
    later.submit(link())
    assert "If you have forgotten your password" in later.get("/").text
    assert 'name="password"' not in later.get("/change").text
    short = later.submit("/change", new_password="short", new_password_confirm="short")
    assert (short.status_code, "at least 12" in short.text) == (200, True)
    answer = later.submit("/change", new_password="another horse battery", new_password_confirm="another horse battery")
    assert answer.status_code == 302
    assert 'name="password"' in later.get("/change").text

    late: Any = app.test_client()
    late.submit(link())
    clock.advance(timedelta(minutes=31))
    refused = late.submit("/change", new_password="a third horse battery", new_password_confirm="a third horse battery")
    assert (refused.status_code, 'name="password"' in refused.text) == (200, True)


@pytest.mark.parametrize(
    ("language", "door", "present", "new"),
    [
        ("en", ["E-mail address", "Password", "Remember me"], "Present password", ["New password", "New password again"]),
        ("fr", ["Adresse e-mail", "Mot de passe", "Se souvenir de moi"], "Mot de passe actuel", ["Nouveau mot de passe", "Nouveau mot de passe, encore une fois"]),
    ],
)
def test_the_door_and_the_page_of_a_new_password_speak_as_the_house_does(
    app: Flask, client: Browser, app_db: Session, language: str, door: list[str], present: str, new: list[str]
) -> None:
    link = link_in(client.submit("/settings/people/new", email="ines@example.com", name="", roles=["viewer"]).text)
    app.test_client_class = Browser
    visitor: Any = app.test_client()
    visitor.set_cookie("language", language)
    assert labels_of(visitor.get("/login").text) == door
    visitor.submit(link)
    ines(app_db).language = None
    app_db.commit()

    assert labels_of(visitor.get("/change").text) == new
    visitor.submit("/change", new_password="correct horse battery", new_password_confirm="correct horse battery")
    assert labels_of(visitor.get("/change").text) == [present, *new]


def labels_of(page: str) -> list[str]:
    """The words of its labels."""
    return [unescape(re.sub(r"<[^>]+>|\*", "", one)).strip() for one in re.findall(r"<label[^>]*>(.*?)</label>", page, re.DOTALL)]


def test_no_browser_asks_for_every_role_at_once(client: Browser, app_db: Session) -> None:
    pages = [client.get(path).text for path in ("/settings/people/new", f"/settings/people/{someone(app_db).id}")]

    boxes = [re.findall(r'<input[^>]*name="roles"[^>]*>', page) for page in pages]
    assert [len(found) for found in boxes] == [7, 7]
    assert [box for found in boxes for box in found if "required" in box] == []


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"email": "nobody"}, "“nobody” is not an e-mail address."),
        ({"email": ""}, "Give an e-mail address."),
        ({"email": "taken@example.com"}, "taken@example.com already has an account."),
        ({"roles": []}, "Choose at least one role."),
        ({"roles": ["emperor"]}, "is not a valid choice"),
        ({"name": "a" * 121}, "cannot be longer than 120"),
    ],
)
def test_a_person_who_cannot_be_added_is_said_beside_the_field(client: Browser, app_db: Session, wrong: dict[str, Any], sentence: str) -> None:
    make_user(app_db, email="taken@example.com")
    app_db.commit()
    before = app_db.scalars(select(User.email).order_by(User.id)).all()
    app_db.commit()

    answer = client.submit("/settings/people/new", **{"email": "ines@example.com", "name": "Inès", "roles": ["author"], **wrong})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="Inès"' in answer.text or "name" in wrong
    fresh(app_db)
    assert app_db.scalars(select(User.email).order_by(User.id)).all() == before


@pytest.mark.parametrize("role", ["planner", "author", "approver", "legal", "advocate", "viewer"])
def test_only_an_administrator_sees_or_changes_people(sign_in: Any, app_db: Session, role: str) -> None:
    user, other = someone(app_db), sign_in(roles=(role,))
    at = f"/settings/people/{user.id}"

    answers = [
        other.get("/settings/people"), other.get(at), other.get("/settings/people/new"),
        other.submit("/settings/people/new", email="x@example.com", roles=["admin"]),
        other.submit(f"{at}/roles", roles=["admin"]), other.submit(f"{at}/link"), other.submit(f"{at}/disable", typed_name=user.email),
        other.submit(f"{at}/enable"),
    ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [403] * 8
    assert (ines(app_db).role_names, ines(app_db).active) == ({"author"}, True)


def test_a_post_without_its_token_changes_no_person(client: Browser, app_db: Session) -> None:
    user = someone(app_db)
    at = f"/settings/people/{user.id}"

    answers = [
        client.post("/settings/people/new", data={"email": "x@example.com", "roles": "admin"}),
        client.post(f"{at}/roles", data={"roles": "admin"}),
        client.post(f"{at}/link"),
        client.post(f"{at}/disable", data={"typed_name": user.email}),
        client.post("/settings/tokens", data={"name": "x", "days": "30"}),
        client.post("/settings/preferences", data={"language": "fr", "theme": "dark", "time_zone": "UTC"}),
    ]

    assert [answer.status_code for answer in answers] == [400] * 6
    assert (ines(app_db).role_names, ines(app_db).active) == ({"author"}, True)
    assert app_db.scalars(select(ApiToken)).all() == app_db.scalars(select(SignInLink)).all() == app_db.scalars(select(Entry)).all() == []


def test_roles_are_changed_and_the_next_page_obeys(client: Browser, sign_in: Any, app_db: Session) -> None:
    user = someone(app_db)
    theirs = sign_in(user)
    assert theirs.get("/settings/people").status_code == 403

    assert client.submit(f"/settings/people/{user.id}/roles", roles=["admin", "legal"]).status_code == 302

    assert ines(app_db).role_names == {"admin", "legal"}
    assert theirs.get("/settings/people").status_code == 200


def test_the_last_administrator_can_neither_be_disabled_nor_lose_the_role(sign_in: Any, app_db: Session) -> None:
    user = someone(app_db, roles=("admin",))
    make_user(app_db, roles=("admin",), active=False)
    app_db.commit()
    client = sign_in(user)
    at = f"/settings/people/{user.id}"

    disabled = client.submit(f"{at}/disable", typed_name=user.email)
    demoted = client.submit(f"{at}/roles", roles=["viewer"])

    assert [disabled.status_code, demoted.status_code] == [422, 422]
    assert all("Inès is the last administrator" in answer.text for answer in (disabled, demoted))
    assert (ines(app_db).role_names, ines(app_db).active) == ({"admin"}, True)


def test_disabling_wants_the_address_and_ends_sessions_and_tokens(client: Browser, sign_in: Any, app_db: Session) -> None:
    user = someone(app_db)
    service.issue_token(app_db, user, "sync", actor=user, now=NOON)
    app_db.commit()
    theirs = sign_in(user)
    at = f"/settings/people/{user.id}"

    wrong = client.submit(f"{at}/disable", typed_name="Inès")
    assert (wrong.status_code, ines(app_db).active) == (422, True)
    assert "Type “ines@example.com” exactly. Nothing was changed." in wrong.text

    assert client.submit(f"{at}/disable", typed_name="ines@example.com").status_code == 302
    assert ines(app_db).active is False
    assert app_db.scalars(select(ApiToken)).one().revoked_at == NOON
    app_db.commit()
    assert theirs.get("/settings").status_code == 302


def test_a_disabled_person_gets_no_link_and_can_be_let_back_in(client: Browser, app_db: Session) -> None:
    user = someone(app_db, active=False)
    at = f"/settings/people/{user.id}"

    refused = client.submit(f"{at}/link")
    assert refused.status_code == 422
    assert "Inès may not sign in. Let them back in first." in refused.text

    assert client.submit(f"{at}/enable").status_code == 302
    assert ines(app_db).active is True
    assert client.submit(f"{at}/link").status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_people_costs_the_same_whatever_its_length(client: Browser, app: Flask, app_db: Session, count: int) -> None:
    for _ in range(count):
        make_user(app_db)
    app_db.commit()

    assert statements(app, client, "/settings/people") == 4


def test_a_token_is_shown_once_and_works_until_revoked(app: Flask, client: Browser, app_db: Session) -> None:
    answer = client.submit("/settings/tokens", name="Website sync", days="30")

    found = re.search(r'value="(plk_[^"]+)"', answer.text)
    assert found is not None
    token = found.group(1)
    assert answer.headers["Cache-Control"] == "no-store"
    row = app_db.scalars(select(ApiToken)).one()
    assert (row.name, row.expires_at) == ("Website sync", NOON + timedelta(days=30))
    app_db.commit()
    later = client.get("/settings/tokens").text
    assert ("Website sync" in later, token in later) == (True, False)
    program = app.test_client()
    headers = {"Authorization": f"Bearer {token}"}
    assert program.get("/api/v1/channels", headers=headers).status_code == 200

    assert client.submit(f"/settings/tokens/{row.id}/revoke").status_code == 302
    assert program.get("/api/v1/channels", headers=headers).status_code == 401


def test_a_token_needs_a_name_and_nobody_revokes_anothers(client: Browser, sign_in: Any, app_db: Session) -> None:
    user = someone(app_db)
    service.issue_token(app_db, user, "theirs", actor=user, now=NOON)
    app_db.commit()
    number = app_db.scalars(select(ApiToken.id)).one()
    app_db.commit()

    nameless = client.submit("/settings/tokens", name=" ", days="90")
    others = client.submit(f"/settings/tokens/{number}/revoke")

    assert (nameless.status_code, others.status_code) == (422, 404)
    assert "Say what it is for." in nameless.text
    fresh(app_db)
    assert [row.revoked_at for row in app_db.scalars(select(ApiToken))] == [None]


def test_an_advocate_has_preferences_and_no_other_tab(sign_in: Any) -> None:
    page = sign_in(roles=("advocate",)).get("/settings/preferences")

    assert page.status_code == 200
    assert re.findall(r'<a href="(/settings[^"]*)"', page.text) == ["/settings/preferences"]


def test_preferences_are_kept_with_the_person(client: Browser, app_db: Session) -> None:
    answer = client.submit("/settings/preferences", language="fr", theme="dark", time_zone="Asia/Tokyo")

    assert answer.status_code == 302
    user = app_db.scalars(select(User)).one()
    assert (user.language, user.theme, user.time_zone) == ("fr", "dark", "Asia/Tokyo")
    assert '<html lang="fr" data-theme="dark">' in client.get("/settings/preferences").text


@pytest.mark.parametrize("wrong", [{"language": "tlh"}, {"theme": "pink"}, {"time_zone": "Mars/Olympus"}, {"time_zone": ""}])
def test_a_preference_that_is_none_is_refused(client: Browser, app_db: Session, wrong: dict[str, str]) -> None:
    answer = client.submit("/settings/preferences", **{"language": "fr", "theme": "dark", "time_zone": "UTC", **wrong})

    assert answer.status_code == 422
    user = app_db.scalars(select(User)).one()
    assert (user.language, user.theme, user.time_zone) == (None, "auto", None)


@pytest.mark.parametrize("roles", [(), ("author",), ("approver", "planner")])
def test_a_session_tells_whose_it_is_and_what_their_roles_are_called_in_one_statement(app_on_each_database: Flask, roles: tuple[str, ...]) -> None:
    app = app_on_each_database
    with app.app_context():
        made = make_user(database.session, roles=roles)
        database.session.commit()
        mark = made.fs_uniquifier
    with app.app_context():
        asked: list[str] = []
        event.listen(app.extensions["planner"].engine, "before_cursor_execute", lambda _c, _cursor, text, *_rest: asked.append(text))
        user = app.extensions["security"].datastore.find_user(fs_uniquifier=mark)

        assert (user.role_names, user.active, sum("FROM users" in text for text in asked)) == (frozenset(roles), True, 1)
        assert [text for text in asked if "roles" in text and "FROM users" not in text] == []
        assert {role.name for role in user.roles} == set(roles)
        user.roles = []
        assert user.role_names == frozenset()
        database.session.rollback()
        assert user.role_names == frozenset(roles)
