"""Users and tokens from the terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from click.testing import Result
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import ApiToken, Entry, User
from tests.factories import make_user


def test_a_person_is_added_listed_given_roles_and_disabled(told: Callable[..., Any], rows: Session) -> None:
    make_user(rows, email="root@example.com")
    rows.commit()

    added = told("users", "add", "Ann@Example.com", "--name", "Ann", "--role", "author", "--role", "approver")
    changed = told("users", "role", "ann@example.com", "planner")
    disabled = told("users", "disable", "ann@example.com")

    assert added == {
        "id": added["id"], "email": "ann@example.com", "name": "Ann", "roles": ["approver", "author"], "active": True, "last_login_at": None,
    }  # fmt: skip
    assert (changed["roles"], disabled["active"]) == (["planner"], False)
    assert [user["email"] for user in told("users", "list")["users"]] == ["ann@example.com", "root@example.com"]


def test_a_link_signs_in_once(app: Flask, told: Callable[..., Any]) -> None:
    link = told("users", "add", "ann@example.com", "--role", "admin", "--link")["link"]

    assert link.startswith("http://127.0.0.1:8000/sign-in/")
    assert app.test_client().get(link.removeprefix("http://127.0.0.1:8000")).status_code == 200
    assert told("users", "link", "ann@example.com")["link"] != link


def test_refusals_are_one_sentence(refused: Callable[..., str], told: Callable[..., Any]) -> None:
    told("users", "add", "ann@example.com", "--role", "admin")

    assert refused("users", "add", "nonsense") == "email: “nonsense” is not an e-mail address."
    assert refused("users", "add", "ann@example.com") == "email: ann@example.com already has an account."
    assert refused("users", "link", "bob@example.com") == "Nobody here has the address bob@example.com."
    assert refused("users", "disable", "ann@example.com") == "ann is the last administrator: make somebody else one first."


def test_wrong_usage_is_exit_code_2(run: Callable[..., Result]) -> None:
    assert [run(*args).exit_code for args in (("users", "add"), ("users", "role", "a@b.c", "king"), ("nonsense",), ("users", "list", "--x"))] == [2] * 4


def test_as_somebody_only_what_their_roles_allow(
    told: Callable[..., Any], refused: Callable[..., str], rows: Session, run: Callable[..., Result]
) -> None:
    make_user(rows, email="root@example.com")
    make_user(rows, email="viewer@example.com", roles=("viewer",))
    gone = make_user(rows, email="gone@example.com")
    gone.active = False
    rows.commit()

    forbidden = "Your role does not allow this. Ask an administrator."
    assert refused("users", "list", "--as", "viewer@example.com") == forbidden
    assert refused("users", "add", "x@example.com", "--as", "viewer@example.com") == forbidden
    assert refused("users", "list", "--as", "gone@example.com") == "The account gone@example.com is disabled."
    assert refused("users", "list", "--as", "nobody@example.com") == "Nobody here has the address nobody@example.com."
    told("users", "add", "new@example.com", "--as", "root@example.com")
    entry = rows.scalars(select(Entry).where(Entry.action == "user.created")).one()
    assert entry.actor_id == rows.scalars(select(User.id).where(User.email == "root@example.com")).one()
    assert rows.scalars(select(User).where(User.email == "x@example.com")).first() is None


def test_a_token_is_shown_once_works_and_is_revoked(
    app: Flask, run: Callable[..., Result], told: Callable[..., Any], rows: Session
) -> None:
    told("users", "add", "ann@example.com", "--role", "admin")

    token = run("token", "add", "ann@example.com", "--name", "sync", "--days", "30").stdout.strip()
    listed = run("token", "list")
    call = {"Authorization": f"Bearer {token}"}
    before = app.test_client().get("/api/v1/me", headers=call).status_code
    number = told("token", "list", "ann@example.com")["tokens"][0]["id"]
    revoked = told("token", "revoke", number)

    assert token.startswith("plk_")
    assert token not in listed.stdout
    assert rows.scalars(select(ApiToken)).one().digest not in listed.stdout
    assert (before, app.test_client().get("/api/v1/me", headers=call).status_code) == (200, 401)
    assert (revoked["name"], revoked["expires_at"], revoked["revoked_at"]) == ("sync", "2026-04-01T12:00:00Z", "2026-03-02T12:00:00Z")


def test_a_link_made_for_somebody_stands_in_the_history_and_none_is_made_for_who_may_not_sign_in(
    told: Callable[..., Any], refused: Callable[..., str], rows: Session
) -> None:
    make_user(rows, email="ann@example.com", name="Ann")
    make_user(rows, email="gone@example.com", name="Gone", active=False)
    rows.commit()

    told("users", "link", "ann@example.com")
    rows.rollback()
    assert rows.scalars(select(Entry.subject_name).where(Entry.action == "user.invited")).all() == ["Ann"]
    rows.rollback()
    assert refused("users", "link", "gone@example.com") == "Gone may not sign in. Let them back in first."


def test_people_make_tokens_for_themselves_only(told: Callable[..., Any], refused: Callable[..., str], rows: Session) -> None:
    make_user(rows, email="ann@example.com", roles=("author",))
    make_user(rows, email="bob@example.com", roles=("author",))
    rows.commit()

    assert told("token", "add", "ann@example.com", "--as", "ann@example.com")["token"].startswith("plk_")
    for args in (("add", "bob@example.com"), ("list",), ("list", "bob@example.com")):
        assert refused("token", *args, "--as", "ann@example.com") == "Your role does not allow this. Ask an administrator."
    assert len(told("token", "list", "ann@example.com", "--as", "ann@example.com")["tokens"]) == 1
    assert refused("token", "revoke", "999") == "There is no token 999."
