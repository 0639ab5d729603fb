"""What an attacker tries at the pages: each try gets the stated answer, leaves nothing behind and never breaks the planner."""

from __future__ import annotations

import re
import socket
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_security import hash_password
from limits import RateLimitItemPerMinute
from markupsafe import escape
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from planner.accounts import guessing
from planner.accounts import service as accounts
from planner.accounts.models import SignInFailure, User
from planner.api import throttle
from planner.catalog.models import Asset, AssetKind
from planner.planning import rules, service
from planner.planning.models import Post, PostState
from planner.web.security import limiter
from tests.conftest import Browser, StoppedClock, make_settings
from tests.factories import NOON, make_asset, make_post, make_user
from tests.web.scene import PLANTED, SECRET_TITLE, Scene, make_scene, stored

SignIn = Callable[..., Browser]
PASSWORD = "a-long-enough-password"  # noqa: S105
WINDOW = {"start": "2026-02-01T00:00:00Z", "end": "2026-04-01T00:00:00Z"}
ASSET = {
    "title": "A title", "kind": "blog_post", "state": "idea", "language": "en", "purpose": "web", "currency": "EUR", "confidentiality": "public",
    "owner_id": "",
}  # fmt: skip


@pytest.fixture
def scene(app_db: Session) -> Scene:
    return make_scene(app_db)


@pytest.mark.parametrize("role", ["viewer", "author"])
def test_a_confidential_asset_is_nowhere_for_those_who_may_not_know(role: str, scene: Scene, sign_in: SignIn) -> None:
    client, number = sign_in(scene.people[role]), scene.confidential.id
    hidden = [f"/assets/{number}", f"/assets/{number}/files/{scene.secret_file.id}", f"/posts/{scene.secret_post.id}"]
    assert [client.get(path).status_code for path in hidden] == [404] * 3
    assert client.get(f"/assets/{number}/edit").status_code == {"viewer": 403, "author": 404}[role]

    entry = next(one for one in client.get("/calendar/events", query_string=WINDOW).get_json() if one["id"] == scene.secret_post.id)
    assert (entry["title"], entry["url"], entry["confidential"]) == ("Confidential", None, True)
    lists = ("/", "/assets?q=Falcon", "/calendar", "/performance", f"/campaigns/{scene.arguments['campaign_id']}", "/posts/new")
    assert [path for path in lists if SECRET_TITLE in client.get(path).text] == []


def test_a_role_that_is_taken_away_is_gone_at_the_next_request(scene: Scene, sign_in: SignIn, app_db: Session) -> None:
    client = sign_in(scene.people["planner"])
    assert client.get("/assets/new").status_code == 200
    person = app_db.get_one(User, scene.people["planner"].id)
    accounts.set_roles(app_db, person, ["viewer"], actor=None, now=NOON)
    app_db.commit()
    assert client.get("/assets/new").status_code == 403


def test_a_disabled_account_is_signed_out_at_the_next_request(scene: Scene, sign_in: SignIn, app_db: Session) -> None:
    client = sign_in(scene.people["viewer"])
    assert client.get("/").status_code == 200
    accounts.disable(app_db, app_db.get_one(User, scene.people["viewer"].id), actor=None, now=NOON)
    app_db.commit()
    assert client.get("/").location.startswith("/login")


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "/\n/evil.example", "\v//evil.example", "javascript:alert(1)"])
def test_signing_in_never_leads_elsewhere(elsewhere: str, app: Flask, app_db: Session, sign_in: SignIn) -> None:
    with app.test_request_context():
        make_user(app_db, email="ines@example.com", password=hash_password(PASSWORD))
    app_db.commit()
    app.test_client_class = Browser
    client: Any = app.test_client()

    answer = client.post(
        "/login", query_string={"next": elsewhere},
        data={"csrf_token": client.token(), "email": "ines@example.com", "password": PASSWORD},
    )  # fmt: skip

    assert (answer.status_code, answer.location) == (302, "/"), "home, signed in"
    assert sign_in().submit("/preferences", theme="dark", next=elsewhere).location == "/"


@pytest.mark.parametrize("way", ["password", "link"])
def test_a_session_begun_by_somebody_else_forges_nothing_after_signing_in(way: str, app: Flask, app_db: Session) -> None:
    with app.test_request_context():
        user = make_user(app_db, email="ines@example.com", password=hash_password(PASSWORD))
    link = accounts.sign_in_link(app_db, user, now=NOON)
    app_db.commit()
    app.test_client_class = Browser
    client: Any = app.test_client()
    known = client.token()

    if way == "password":
        client.post("/login", data={"csrf_token": known, "email": "ines@example.com", "password": PASSWORD})
    else:
        client.post(f"/sign-in/{link}", data={"csrf_token": known})

    own = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', client.get("/settings/preferences").text)
    assert own is not None
    forged, meant = (client.post("/preferences", data={"csrf_token": token, "theme": "dark"}).status_code for token in (known, own[1]))
    assert (forged, meant) == (400, 302)


@pytest.mark.parametrize("referrer", ["http://[", "http://localhost]/calendar", "\t", "//[::1"])
def test_a_malformed_referrer_leads_to_the_post(referrer: str, client: Browser, scene: Scene) -> None:
    page = client.get(f"/posts/{scene.post.id}/move", headers={"Referer": referrer})

    assert (page.status_code, f'href="/posts/{scene.post.id}"' in page.text) == (200, True)


def test_who_signs_in_by_link_alone_has_no_password_to_verify(sign_in: SignIn, app_db: Session) -> None:
    answer = sign_in().submit("/verify", password=PASSWORD)

    assert (answer.status_code, "Invalid password" in answer.text) == (200, True)


def test_a_poisoned_host_is_in_no_link(client: Browser, scene: Scene) -> None:
    number = scene.people["viewer"].id
    answer = client.post(f"/settings/people/{number}/link", data={"csrf_token": client.token()}, headers={"X-Forwarded-Host": "evil.example"})
    assert answer.status_code == 200
    assert "evil.example" not in answer.text and "http://127.0.0.1:8000/sign-in/" in answer.text


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "{{7*7}}", "\"><img src=x onerror=alert(1)>"])
def test_markup_in_a_title_is_text(text: str, client: Browser, app_db: Session) -> None:
    asset = make_asset(app_db, title=text)
    app_db.commit()
    pages = [client.get(path).text for path in ("/assets", f"/assets/{asset.id}", "/calendar", "/", f"/posts/new?asset={asset.id}")]
    app_db.rollback()
    assert all(str(escape(text)) in page for page in (pages[0], pages[1]))
    assert [path for path in pages if "<" in text and text in path] == []


def test_what_a_form_does_not_offer_is_ignored(sign_in: SignIn, scene: Scene, app_db: Session) -> None:
    client = sign_in(scene.people["author"])
    given = {"asset_id": scene.asset.id, "channels": scene.channel.id, "text": "Hello", "time_zone": "Europe/Paris", "campaign_id": ""}
    answer = client.submit("/posts/new", **given, state="published", approved_digest="1" * 64, author_id=scene.people["admin"].id)
    assert answer.status_code == 302
    post = app_db.scalars(select(Post).order_by(Post.id.desc())).first()
    assert post is not None
    assert (post.state, post.author_id, post.approved_digest) == (PostState.DRAFT, scene.people["author"].id, None)


def test_nobody_approves_their_own_press_release(sign_in: SignIn, app_db: Session) -> None:
    person = make_user(app_db, roles=("admin",))
    post = make_post(app_db, asset=make_asset(app_db, kind=AssetKind.PRESS_RELEASE), author=person)
    service.submit(app_db, post, actor=person, now=NOON)
    number, digest = post.id, rules.content_digest(post, post.asset, post.channel)
    app_db.commit()
    client = sign_in(person)
    app_db.rollback()
    assert client.submit(f"/posts/{number}/approve", digest=digest).status_code in (403, 409, 422)
    assert app_db.get_one(Post, number, populate_existing=True).state is PostState.IN_REVIEW


@pytest.mark.parametrize("step", ["approve", "retry", "live", "not-live"])
def test_nothing_goes_out_without_an_approval_by_a_direct_request(step: str, client: Browser, scene: Scene, app_db: Session) -> None:
    before = stored(app_db)
    answer = client.submit(f"/posts/{scene.post.id}/{step}", digest="0" * 64, url="https://example.com/1")
    assert answer.status_code in (403, 409, 422)
    assert stored(app_db) == before


@pytest.mark.parametrize(
    "bad",
    [
        {"title": "a\0b"}, {"title": "x" * 1_000_000}, {"cost": "1e309"}, {"cost": "NaN"},
        {"topics": ",".join(f"t{n}" for n in range(10_000))}, {"embargo_until": "0000-01-01T00:00"}, {"embargo_until": "9999-12-31T23:59"},
        {"kind": "bomb"}, {"url": "javascript:alert(1)"}, {"owner_id": "9" * 30},
    ],
)  # fmt: skip
def test_an_asset_form_with_nonsense_is_refused_with_a_sentence(bad: dict[str, Any], client: Browser, app_db: Session) -> None:
    answer = client.submit("/assets/new", **(ASSET | bad))
    assert (answer.status_code, app_db.scalars(select(Asset)).all()) == (422, [])
    assert "error" in answer.text


def test_sql_in_filters_finds_nothing_and_breaks_nothing(client: Browser, scene: Scene) -> None:
    tried = [
        client.get(path, query_string={name: "1' OR '1'='1; --"}).status_code
        for path in ("/assets", "/performance", "/performance/channels", "/calendar", "/settings/history")
        for name in ("q", "kind", "state", "sort", "channel", "cursor", "topic", "actor", "days")
    ]
    assert [status for status in tried if status >= 500] == []


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**40])
@pytest.mark.parametrize(
    ("address", "status"), [("/approvals/links?campaign=%s", 200), ("/posts/good-hours?channels=%s", 200), ("/promotion/next?after=%s", 302)]
)
def test_a_number_that_no_row_can_have_is_nobody_s(address: str, status: int, number: int, client: Browser, scene: Scene) -> None:
    assert client.get(address % number).status_code == status


@pytest.mark.parametrize("at", ["", "nonsense", "2026-03-02T12:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
@pytest.mark.parametrize("address", ["/calendar/together/undo", "/calendar/import/undo", "/events/import/undo"])
def test_a_moment_at_which_nothing_can_have_been_done_undoes_nothing(address: str, at: str, client: Browser, scene: Scene) -> None:
    assert client.submit(address, at=at).status_code == 422


def test_a_database_that_somebody_else_writes_to_is_no_mistake_of_ours(client: Browser, scene: Scene, sqlite_url: str) -> None:
    engine = client.application.extensions["planner"].engine

    def hurry(connection: Any, *_more: Any) -> None:
        connection.execute("PRAGMA busy_timeout=20")

    event.listen(engine, "checkout", hurry)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        answer = client.submit("/campaigns/new", name="Autumn")
    finally:
        other.rollback()
        other.close()
        event.remove(engine, "checkout", hurry)

    assert (answer.status_code, "The planner is busy. Try again in a moment." in answer.text) == (503, True)
    assert client.submit("/campaigns/new", name="Autumn").status_code == 302


def test_the_pages_of_mistakes_say_so(client: Browser, scene: Scene) -> None:
    found = (client.get("/nowhere"), client.delete("/assets"), client.get("/sign-in/guessed"), client.get(f"/assets/{10**30}"))
    assert [answer.status_code for answer in found] == [404, 405, 404, 404]
    assert all("frame-ancestors 'none'" in one.headers["Content-Security-Policy"] and PLANTED not in one.text for one in found)


def test_guessing_passwords_is_slowed_down(app: Flask) -> None:
    app.test_client_class = Browser
    client: Any = app.test_client()
    sent = {"csrf_token": client.token(), "email": "nobody@example.com", "password": "x"}
    statuses = [client.post("/login", data=sent) for _ in range(31)]
    assert (statuses[29].status_code, statuses[30].status_code) == (200, 429)
    assert "Too many tries" in statuses[30].text


def test_guessing_one_password_from_many_addresses_is_slowed_down(app: Flask, app_db: Session, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessing, "MOST_TRIES", 5)
    with app.test_request_context():
        user = make_user(app_db, email="ines@example.com", password=hash_password(PASSWORD))
        link = accounts.sign_in_link(app_db, user, now=NOON)
    app_db.commit()
    app.test_client_class = Browser
    client: Any = app.test_client()

    def statuses(password: str, *written: str) -> list[int]:
        """One try a spelling, each from a network of its own."""
        found = []
        for number, email in enumerate(written):
            place = {"REMOTE_ADDR": f"192.0.2.{number}"}
            sent = {"csrf_token": client.token(), "email": email, "password": password}
            found.append(client.post("/login", data=sent, environ_base=place).status_code)
        return found

    spellings = ["ines@example.com", "INES@example.com", " ines@EXAMPLE.com", "ines@ｅxample.com"]
    assert statuses("x", *spellings) == [200] * 4
    assert statuses(PASSWORD, "ines@example.com") == [302], "a few tries keep nobody out, and are forgotten with the right one"
    client.submit("/logout")
    assert statuses("x", *spellings, "Ines@example.com") == [200] * 5
    assert statuses(PASSWORD, "ines@example.com", "nobody@example.com") == [429, 200]
    assert statuses("x", *["nobody@example.com"] * 5) == [200] * 4 + [429], "the same for an address that nobody has"
    assert client.submit(f"/sign-in/{link}").status_code == 302
    client.submit("/logout")
    clock.advance(timedelta(hours=1))
    assert statuses(PASSWORD, "ines@example.com") == [302]
    assert app_db.scalars(select(SignInFailure)).all() == []


@pytest.mark.parametrize("address", ["/verify", "/change"])
def test_guessing_the_password_of_a_session_that_was_left_open_is_slowed_down(address: str, app: Flask, app_db: Session, sign_in: SignIn) -> None:
    with app.test_request_context():
        user = make_user(app_db, password=hash_password(PASSWORD))
    app_db.commit()
    client = sign_in(user)
    tries = [client.submit(address).status_code for _ in range(31)]
    assert (set(tries[:30]), tries[30]) == ({200}, 429)


@pytest.mark.parametrize("sent", [[1, 2], "text", {"email": "ines@example.com", "password": PASSWORD}])
def test_the_sign_in_page_talks_to_no_program(sent: Any, app: Flask, app_db: Session) -> None:
    with app.test_request_context():
        make_user(app_db, email="ines@example.com", password=hash_password(PASSWORD))
    app_db.commit()
    app.test_client_class = Browser
    client: Any = app.test_client()

    as_json = client.post("/login?include_auth_token", json=sent, headers={"X-CSRFToken": client.token()})
    form = {"csrf_token": client.token(), "email": "ines@example.com", "password": PASSWORD}
    as_form = client.post("/login?include_auth_token", data=form, headers={"Accept": "application/json"})

    assert (as_json.status_code, as_form.status_code) == (415, 302)
    assert "authentication_token" not in as_json.text + as_form.text


@pytest.mark.parametrize(("base_url", "is_secure"), [("https://planner.example.org", True), ("HTTPS://planner.example.org", True), ("http://127.0.0.1:8000", False)])
def test_an_https_address_alone_keeps_cookies_on_https(base_url: str, is_secure: bool, tmp_path: Path, sqlite_url: str) -> None:
    from planner.factory import create_app

    folder = tmp_path / "data"
    app = create_app(make_settings(folder, sqlite_url, sandbox="off", base_url=base_url))
    answer = app.test_client().get("/login")
    app.extensions["planner"].engine.dispose()

    assert ("Secure" in answer.headers["Set-Cookie"], "Strict-Transport-Security" in answer.headers) == (is_secure, is_secure)
    assert app.config["REMEMBER_COOKIE_SECURE"] is is_secure
    assert folder.stat().st_mode & 0o077 == 0, "nobody else on the machine reads what it holds"


@pytest.fixture
def a_redis_that_is_away(tmp_path: Path, sqlite_url: str) -> Iterator[Flask]:
    """The product where nothing answers that could count requests."""
    from planner.factory import create_app

    with socket.create_server(("127.0.0.1", 0)) as server:
        nowhere = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
    before = dict(vars(limiter))  # One for the whole process, whatever the number of its applications.
    app = create_app(make_settings(tmp_path, sqlite_url, sandbox="off", rate_limit_url=nowhere))
    yield app
    app.extensions["planner"].engine.dispose()
    vars(limiter).clear()
    vars(limiter).update(before)


def test_a_redis_that_is_away_keeps_nobody_out_and_lets_nobody_guess(a_redis_that_is_away: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    app = a_redis_that_is_away
    with app.extensions["planner"].sessions.begin() as db:
        token = accounts.issue_token(db, make_user(db), "a program", actor=None, now=NOON)
    app.test_client_class = Browser
    client: Any = app.test_client()
    monkeypatch.setattr(throttle, "_LIMIT", RateLimitItemPerMinute(2))

    opened = [client.get(f"/s/{number}").status_code for number in range(31)]
    tries = [client.post("/login", data={"csrf_token": client.token(), "email": f"nobody{number}@example.com"}).status_code for number in range(31)]
    calls = [client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code for _ in range(3)]

    assert (opened, tries, calls) == ([404] * 30 + [429], [200] * 30 + [429], [200, 200, 429])
