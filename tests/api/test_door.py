"""Who gets in, how failures look, and what the pages keep."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import ApiToken
from planner.accounts.service import disable, issue_token, revoke_token
from planner.api import throttle
from planner.api.throttle import A_MINUTE
from tests.api.conftest import Caller
from tests.conftest import StoppedClock
from tests.factories import make_user


def test_a_request_without_a_token_is_401_and_says_how_to_get_one(app: Flask) -> None:
    answer = app.test_client().get("/api/v1/assets")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="planner"'
    assert answer.mimetype == "application/problem+json"
    assert answer.json == {
        "type": "urn:planner:problem:needs_token",
        "title": "Unauthorized",
        "status": 401,
        "detail": "Send a token: Authorization: Bearer … (made with “flask planner token add” or in the settings).",
        "code": "needs_token",
    }


@pytest.mark.parametrize("header", ["Bearer wrong", "Basic YTpi", "Bearer ", "plk_x", "Bearer a b"])
def test_what_is_no_token_of_ours_opens_nothing(app: Flask, header: str) -> None:
    assert app.test_client().get("/api/v1/me", headers={"Authorization": header}).status_code == 401


def test_a_revoked_an_expired_and_a_disabled_persons_token_open_nothing(
    app: Flask, rows: Session, caller: Callable[..., Caller], clock: StoppedClock
) -> None:
    make_user(rows)  # another administrator, so that one may be disabled
    revoked, disabled, person = caller("viewer"), caller("viewer"), make_user(rows, roles=("viewer",))
    short = issue_token(rows, person, "short", actor=None, now=clock.now(), expires_at=clock.now() + timedelta(hours=1))
    rows.commit()
    assert [one.get("/me").status_code for one in (revoked, disabled)] == [200, 200]

    revoke_token(rows, rows.scalars(select(ApiToken).where(ApiToken.user_id == revoked.user.id)).one(), actor=None, now=clock.now())
    disable(rows, disabled.user, actor=None, now=clock.now())
    rows.commit()
    clock.advance(timedelta(hours=1))

    assert [one.get("/me").status_code for one in (revoked, disabled)] == [401, 401]
    assert Caller(app.test_client(), person, short).get("/me").status_code == 401


def test_a_signed_in_browsers_cookie_opens_nothing(app: Flask, admin: Caller) -> None:
    browser = app.test_client()
    with browser.session_transaction() as session:
        session["_user_id"], session["_fresh"] = admin.user.fs_uniquifier, True

    assert browser.get("/api/v1/me").status_code == 401
    assert browser.post("/api/v1/assets", json={"kind": "video", "title": "X"}).status_code == 401


def test_a_token_beside_a_cookie_works_and_is_the_one_that_counts(app: Flask, admin: Caller, caller: Callable[..., Caller]) -> None:
    viewer = caller("viewer")
    with viewer.client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = admin.user.fs_uniquifier, True

    assert viewer.get("/me").json["email"] == viewer.user.email
    assert viewer.post("/campaigns", {"name": "X"}).status_code == 403


def test_me_tells_who_the_token_stands_for(caller: Callable[..., Caller]) -> None:
    viewer = caller("viewer")

    assert viewer.get("/me").json == {
        "id": viewer.user.id, "email": viewer.user.email, "name": viewer.user.name, "roles": ["viewer"], "language": None,
        "time_zone": None, "actions": ["read", "share.own", "token.own", "view.own"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/assets/1", 404, "not_found"),
        ("GET", "/assets/99999999999999999999999", 404, "not_found"),
        ("GET", "/assets/0", 404, "not_found"),
        ("DELETE", "/assets", 405, "method_not_allowed"),
        ("GET", "/assets?nonsense=1", 422, "invalid"),
        ("GET", "/posts?limit=0", 422, "invalid"),
        ("GET", "/posts?limit=9999999999999999999999", 422, "invalid"),
        ("GET", "/posts?cursor=%00", 422, "invalid"),
        ("GET", "/posts?cursor=nonsense", 422, "invalid"),
        ("GET", "/posts?from=2026-03-02", 422, "invalid"),
        ("POST", "/posts/1/submit", 428, "needs_if_match"),
    ],
)
def test_every_failure_is_a_problem_with_a_sentence(admin: Caller, method: str, path: str, status: int, code: str) -> None:
    answer = admin.send(method, path)

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json["code"] == code
    assert answer.json["detail"].endswith((".", "”."))


def test_a_405_names_what_is_allowed(admin: Caller) -> None:
    assert set(admin.send("DELETE", "/assets").headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"name": "X"}', "text/plain", 415),
        (b'{"name": ', "application/json", 400),
        (b'{"name": "X", "name": "Y"}', "application/json", 400),
        (b'{"name": NaN}', "application/json", 400),
        (b'{"name": "\xff"}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'["name"]', "application/json", 422),
        (b"null", "application/json", 422),
        (b"", "application/json", 422),
        (b'{"name": "' + b"x" * 5_000_001 + b'"}', "application/json", 413),
    ],
    ids=["not json type", "cut off", "twice", "NaN", "not UTF-8", "deep", "list", "null", "empty", "too large"],
)
def test_a_body_that_cannot_be_read_is_refused_with_a_sentence(admin: Caller, body: bytes, kind: str, status: int) -> None:
    answer = admin.client.post(
        "/api/v1/campaigns", data=body, content_type=kind, headers={"Authorization": f"Bearer {admin.token}"}
    )

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json["detail"].endswith(".")


def test_sentences_are_french_for_those_who_ask_and_english_for_all_others(admin: Caller) -> None:
    english, french, german = (admin.get("/nowhere", Accept_Language=one) for one in ("en-GB", "fr-FR,fr;q=0.9", "de"))

    assert english.headers["Content-Language"] == german.headers["Content-Language"] == "en"
    assert french.headers["Content-Language"] == "fr"
    assert english.json["detail"] == "There is nothing here, or you may not see it."


def test_more_than_a_minute_allows_is_429_for_that_person_alone(
    app: Flask, admin: Caller, caller: Callable[..., Caller]
) -> None:
    viewer = caller("viewer")
    with app.app_context():
        for _ in range(A_MINUTE - 1):
            throttle.count(admin.user.id)
    assert admin.get("/me").status_code == 200

    refused = admin.get("/me")

    assert (refused.status_code, refused.json["code"]) == (429, "too_many_requests")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert viewer.get("/me").status_code == 200


def test_a_crash_is_a_500_without_its_trace(app: Flask, admin: Caller) -> None:
    def broken() -> Any:
        raise ZeroDivisionError("the secret reason")

    app.view_functions["api-me.show"] = broken
    answer = admin.get("/me")

    assert (answer.status_code, answer.json["code"]) == (500, "crash")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_pages_keep_their_html_errors(sign_in_page: Any) -> None:
    page = sign_in_page.get("/nowhere")

    assert (page.status_code, page.mimetype) == (404, "text/html")


@pytest.fixture
def sign_in_page(app: Flask) -> Any:
    return app.test_client()
