"""Who gets which page: every address of the product for every role, and nothing changes by looking or without a token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from planner.accounts import service as accounts
from planner.web.security import limiter
from tests.conftest import Browser, StoppedClock, make_settings
from tests.factories import NOON
from tests.web.scene import PLANTED, ROLES, SECRET_TITLE, Scene, make_scene, rules, stored

SignIn = Callable[..., Browser]
ANYBODY = (*ROLES, "anonymous")

#: What each of ANYBODY gets when they open the address of an endpoint. The asset is the author's, the post the planner's, the job the
#: administrator's. 302 for the anonymous leads to /login; elsewhere it leads on (signed in already, password asked again, job under way).
MATRIX = {
    # admin planner author approver legal advocate viewer anonymous
    "desk.home": "200 200 200 200 200 403 200 302",
    "approvals.index": "200 200 200 200 200 403 200 302",
    "approvals.show": "200 200 200 200 200 403 200 302",
    "approvals.wave": "200 200 200 200 200 403 200 302",
    "reviews.index": "200 200 403 200 200 403 403 302",
    # Only the link's own token counts, and this is none.
    "guests.page": "404 404 404 404 404 404 404 404",
    "guests.file": "404 404 404 404 404 404 404 404",
    "api-assets.index": "200 200 200 200 200 403 200 401",
    "api-assets.show": "200 200 200 200 200 403 200 401",
    "api-performance.show": "200 200 200 200 200 403 200 401",
    "api-mentions.of_asset": "200 200 200 200 200 403 200 401",
    "api-variants.of_asset": "200 200 200 200 200 403 200 401",
    "api-variants.of_post": "200 200 200 200 200 403 200 401",
    "api-channel-performance.follower_gains": "200 200 200 200 200 403 200 401",
    "api-channel-performance.show": "200 200 200 200 200 403 200 401",
    "api-campaigns.index": "200 200 200 200 200 403 200 401",
    "api-campaigns.show": "200 200 200 200 200 403 200 401",
    "api-campaigns.channels": "200 200 200 200 200 403 200 401",
    "api-events.index": "200 200 200 200 200 403 200 401",
    "api-events.show": "200 200 200 200 200 403 200 401",
    "api-blackouts.index": "200 200 200 200 200 403 200 401",
    "api-blackouts.show": "200 200 200 200 200 403 200 401",
    "api-blackouts.posts": "422 422 422 422 422 403 422 401",
    "api-channels.index": "200 200 200 200 200 403 200 401",
    "api-channels.show": "200 200 200 200 200 403 200 401",
    "api-deliveries.index": "200 200 200 200 200 403 200 401",
    "api-deliveries.show": "200 200 200 200 200 403 200 401",
    "api-jobs.index": "200 200 200 200 200 403 200 401",
    "api-jobs.show": "200 404 404 404 404 403 404 401",
    "api-me.show": "200 200 200 200 200 403 200 401",
    "api-docs.openapi_json": "200 200 200 200 200 200 200 200",
    "api-native-posts.index": "200 200 200 200 200 403 200 401",
    "api-native-posts.show": "200 200 200 200 200 403 200 401",
    # Nothing is asked to move.
    "api-waves.preview": "422 422 403 403 403 403 403 401",
    "api-proposals.show": "422 422 403 403 403 403 403 401",
    "api-approvals.index": "200 200 200 200 200 403 200 401",
    "api-approvals.show": "200 200 200 200 200 403 200 401",
    "api-comments.index": "200 200 200 200 200 403 200 401",
    "api-people.index": "200 200 200 200 200 403 200 401",
    "api-people.show": "200 200 200 200 200 403 200 401",
    "api-posts.index": "200 200 200 200 200 403 200 401",
    "api-posts.show": "200 200 200 200 200 403 200 401",
    "api-rules.index": "200 200 200 200 200 403 200 401",
    "api-rules.overrides": "200 200 200 200 200 403 200 401",
    "api-shares.index": "200 200 200 200 200 403 200 401",
    "api-posts.findings": "200 200 200 200 200 403 200 401",
    "api-snapshots.index": "200 200 200 200 200 403 200 401",
    "api-promotion.index": "200 200 200 200 200 403 200 401",
    "api-promotion.judgement": "200 200 200 200 200 403 200 401",
    "api-promotion.show": "404 404 404 404 404 403 404 401",
    "catalog.catalogue": "200 200 200 200 200 403 200 302",
    "assets.show": "200 200 200 200 200 403 200 302",
    "catalog.edit": "200 200 200 403 403 403 403 302",
    "mentions.index": "200 200 200 200 200 403 200 302",
    "assets.file": "200 200 200 200 200 403 200 302",
    "crops.crop": "200 200 200 403 403 403 403 302",
    "catalog.new": "200 200 200 403 403 403 403 302",
    "planning.calendar": "200 200 200 200 200 403 200 302",
    "planning.events": "422 422 422 422 422 403 422 302",
    "together.unplan": "422 422 422 403 403 403 403 302",
    "together.look": "422 422 422 403 403 403 403 302",
    "views.index": "200 200 200 200 200 403 200 302",
    "blackouts.index": "200 200 200 200 200 403 200 302",
    "blackouts.new": "200 200 403 403 403 403 403 302",
    "blackouts.edit": "200 200 200 200 200 403 200 302",
    "events.send": "200 200 200 403 403 403 403 302",
    "events.template": "200 200 200 403 403 403 403 302",
    "events.index": "200 200 200 200 200 403 200 302",
    "events.new": "200 200 200 403 403 403 403 302",
    "events.edit": "200 200 200 200 200 403 200 302",
    "notes.new": "200 200 200 200 200 403 403 302",
    "notes.edit": "200 200 200 200 200 403 403 302",
    "evergreen.index": "200 200 200 200 200 403 200 302",
    "plan_files.send": "200 200 200 403 403 403 403 302",
    "plan_files.template": "200 200 200 403 403 403 403 302",
    "plan_files.template_xlsx": "200 200 200 403 403 403 403 302",
    "plan_files.errors": "422 422 422 403 403 403 403 302",
    "plan_files.export_csv": "200 200 200 200 200 403 200 302",
    "plan_files.export_xlsx": "200 200 200 200 200 403 200 302",
    "people.index": "200 200 200 200 200 403 200 302",
    "people.edit": "200 200 200 200 200 403 200 302",
    "people.new": "200 200 200 403 403 403 403 302",
    "people.find": "200 200 200 403 403 403 403 302",
    "people.send": "200 200 200 403 403 403 403 302",
    "people.template": "200 200 200 403 403 403 403 302",
    "people.errors": "422 422 422 403 403 403 403 302",
    "campaigns.index": "200 200 200 200 200 403 200 302",
    "campaigns.show": "200 200 200 200 200 403 200 302",
    "campaigns.edit": "200 200 403 403 403 403 403 302",
    "campaigns.new": "200 200 403 403 403 403 403 302",
    "standing.cancel": "200 200 403 403 403 403 403 302",
    "standing.postpone": "200 200 403 403 403 403 403 302",
    "listing.edit": "200 200 403 403 403 403 403 302",
    "proposals.propose": "200 200 403 403 403 403 403 302",
    "security.change_password": "302 302 302 302 302 302 302 302",
    "security.static": "404 404 404 404 404 404 404 302",
    "health.alive": "200 200 200 200 200 200 200 200",
    "health.ready": "503 503 503 503 503 503 503 503",  # The tests' tables were made without migrations.
    "held.index": "200 200 200 200 200 403 200 302",
    "imports.new": "200 200 403 403 403 403 403 302",
    "imports.done": "302 404 403 403 403 403 403 302",
    "imports.errors": "422 422 403 403 403 403 403 302",
    "imports.template": "200 200 403 403 403 403 403 302",
    "links.follow": "404 404 404 404 404 404 404 404",
    "jobs.show": "200 404 404 404 404 403 404 302",
    "security.login": "302 302 302 302 302 302 302 200",
    "natives.index": "200 200 200 200 200 403 200 302",
    "natives.show": "200 200 200 200 200 403 200 302",
    "settings.sites": "200 200 200 200 200 403 200 302",
    "settings.add_site": "200 403 403 403 403 403 403 302",
    "settings.site": "200 403 403 403 403 403 403 302",
    "performance.index": "200 200 200 200 200 403 200 302",
    "performance.times_of_week": "200 200 200 200 200 403 200 302",
    "performance.what_views_cost": "200 200 200 200 200 403 200 302",
    "performance.export": "200 200 200 200 200 403 200 302",
    "performance.audience": "200 200 200 200 200 403 200 302",
    "performance.totals": "200 200 200 200 200 403 200 302",
    "channel_numbers.show": "200 200 200 200 200 403 200 302",
    "asset_numbers.show": "200 200 200 200 200 403 200 302",
    "asset_numbers.compare": "200 200 200 200 200 403 200 302",
    "audiences.table": "200 200 200 200 200 403 200 302",
    "definitions.show": "200 200 200 200 200 403 200 302",
    "readings.readings": "200 200 200 200 200 403 200 302",
    "promotion.board": "200 200 200 200 200 403 200 302",
    "promotion.next_one": "302 302 403 403 403 403 403 302",
    "promotion.quadrant": "200 200 200 200 200 403 200 302",
    "promotion.forecasts": "200 200 200 200 200 403 200 302",
    "promotion.idea": "200 200 200 200 200 403 200 302",
    "promotion.scores": "200 200 200 200 200 403 200 302",
    "promotion.settings": "200 200 403 403 403 403 403 302",
    "promotion.show": "200 200 200 200 200 403 200 302",
    "posts.show": "200 200 200 200 200 403 200 302",
    "posts.edit": "200 200 403 403 403 403 403 302",
    "post_steps.cancel": "200 200 403 403 403 403 403 302",
    "posts.move": "200 200 403 403 403 403 403 302",
    "post_changes.edit": "409 409 403 403 403 403 403 302",
    "post_changes.take_down": "409 409 403 409 409 403 403 302",
    "post_changes.underway": "200 200 200 200 200 403 200 302",
    "posts.new": "200 200 200 403 403 403 403 302",
    "best_times.hints": "200 200 200 200 200 403 200 302",
    "writing.hashtags": "200 200 200 200 200 403 200 302",
    "writing.templates": "200 200 200 200 200 403 200 302",
    "shares.index": "200 200 200 200 200 403 200 302",
    # Whoever is signed in or not: only the link's own token counts, and this is none.
    "shared.page": "404 404 404 404 404 404 404 404",
    "shared.feed": "404 404 404 404 404 404 404 404",
    "settings.channels": "200 200 200 200 200 403 200 302",
    "settings.channel": "200 200 200 200 200 403 200 302",
    "settings.new_channel": "200 403 403 403 403 403 403 302",
    "settings.add_channel": "200 403 403 403 403 403 403 302",
    "settings.choose": "400 403 403 403 403 403 403 302",
    "settings.connected": "400 403 403 403 403 403 403 302",
    "settings.history": "200 403 403 403 403 403 403 302",
    "settings.pauses": "200 200 200 200 200 403 200 302",
    "settings.digest": "200 200 200 200 200 403 200 302",
    "settings.approval": "200 200 200 200 200 403 200 302",
    "settings.route": "200 403 403 403 403 403 403 302",
    "settings.rules": "200 200 200 200 200 403 200 302",
    "settings.rule": "200 403 403 403 403 403 403 302",
    "settings.people": "200 403 403 403 403 403 403 302",
    "settings.person": "200 403 403 403 403 403 403 302",
    "settings.add_person": "200 403 403 403 403 403 403 302",
    "settings.preferences": "200 200 200 200 200 200 200 302",
    "settings.tokens": "200 200 200 200 200 403 200 302",
    "account.sign_in": "200 200 200 200 200 200 200 200",
    "static": "404 404 404 404 404 404 404 404",
    "security.verify": "200 200 200 200 200 200 200 302",
}


@dataclass(frozen=True)
class Answer:
    """One page as one person got it."""

    who: str
    endpoint: str
    address: str
    status: int
    headers: dict[str, str]
    text: str


@pytest.fixture(scope="module")
def walked(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[Answer], list[str]]]:
    """The answers to everybody opening everything, once for all tests here, and the tables whose rows that changed."""
    from planner.factory import create_app

    folder = tmp_path_factory.mktemp("walk")
    (folder / "planner.sqlite3").write_bytes(empty_sqlite.read_bytes())
    app = create_app(make_settings(folder, f"sqlite:///{folder / 'planner.sqlite3'}", sandbox="off"), clock=StoppedClock())
    with app.extensions["planner"].sessions() as db:
        scene = furnish(app, db)
        tokens = {role: accounts.issue_token(db, scene.people[role], "a program", actor=None, now=NOON) for role in ROLES}
        db.commit()
        before = stored(db, but=("api_tokens.last_used_at",))
        found = [answer for who in ANYBODY for answer in walk(app, scene, who, tokens.get(who))]
        after = stored(db, but=("api_tokens.last_used_at",))
    yield found, [table for table in before if before[table] != after[table]]
    app.extensions["planner"].engine.dispose()


def furnish(app: Flask, db: Session) -> Scene:
    """The scene with its two files on the disk."""
    made = make_scene(db)
    folder = app.extensions["planner"].settings.data_path / "files"
    folder.mkdir()
    for asset in (made.asset, made.confidential):
        (folder / f"{asset.id}.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return made


def walk(app: Flask, scene: Scene, who: str, token: str | None) -> Iterator[Answer]:
    """Open every address there is: pages with a session, /api with a token."""
    limiter.reset()  # Guessed links are slowed down by address, and everybody here has the same one.
    client = client_of(app, scene, who)
    for rule in rules(app, "GET"):
        bearer = {"Authorization": f"Bearer {token}"} if token and rule.rule.startswith("/api/") else {}
        with client.get(scene.address(app, rule), headers=bearer) as answer:
            yield Answer(who, rule.endpoint, rule.rule, answer.status_code, dict(answer.headers), answer.get_data().decode("utf-8", "replace"))


def client_of(app: Flask, scene: Scene, who: str) -> FlaskClient:
    app.test_client_class = Browser
    client = app.test_client()
    if who != "anonymous":
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = scene.people[who].fs_uniquifier, True
    return client


@pytest.fixture
def scene(app: Flask, app_db: Session) -> Scene:
    return furnish(app, app_db)


def pages(app: Flask, scene: Scene) -> list[tuple[str, str]]:
    """Endpoint and address of every page that takes a form."""
    return [(rule.endpoint, scene.address(app, rule)) for rule in rules(app, "POST") if not rule.rule.startswith("/api/")]


def test_every_page_answers_each_role_as_the_matrix_says(walked: tuple[list[Answer], list[str]]) -> None:
    found: dict[str, list[str]] = {}
    for one in walked[0]:
        found.setdefault(one.endpoint, []).append(str(one.status))

    assert {endpoint: " ".join(statuses) for endpoint, statuses in found.items()} == MATRIX


def test_whoever_is_not_signed_in_is_led_to_the_sign_in_page(walked: tuple[list[Answer], list[str]]) -> None:
    led = {one.headers["Location"].partition("?")[0] for one in walked[0] if one.who == "anonymous" and one.status == 302}

    assert led == {"/login"}


def test_looking_at_everything_changes_nothing(walked: tuple[list[Answer], list[str]]) -> None:
    assert walked[1] == []


def test_no_answer_holds_a_channels_key(walked: tuple[list[Answer], list[str]]) -> None:
    assert [(one.who, one.address) for one in walked[0] if PLANTED in one.text + str(one.headers)] == []


def test_a_confidential_title_is_on_no_page_of_those_who_may_not_know(walked: tuple[list[Answer], list[str]]) -> None:
    knowing = {one.who for one in walked[0] if SECRET_TITLE in one.text}

    assert knowing == {"admin", "planner", "approver", "legal"}


def test_every_answer_carries_the_security_headers(walked: tuple[list[Answer], list[str]]) -> None:
    def is_guarded(one: Answer) -> bool:
        policy = one.headers.get("Content-Security-Policy", "")
        framed = "frame-ancestors 'none'" in policy or "sandbox" in policy
        return framed and "unsafe-inline" not in policy and one.headers.get("X-Content-Type-Options") == "nosniff"

    assert [(one.who, one.address) for one in walked[0] if not is_guarded(one)] == []


def test_no_answer_may_be_kept_for_another_reader(walked: tuple[list[Answer], list[str]]) -> None:
    def is_kept_apart(one: Answer) -> bool:
        said = one.headers.get("Cache-Control", "")
        return "private" in said or "no-store" in said or one.endpoint in ("static", "security.static")

    assert [(one.who, one.address, one.headers.get("Cache-Control")) for one in walked[0] if not is_kept_apart(one)] == []


@pytest.mark.parametrize("token", [None, "foreign"])
def test_no_form_is_taken_without_the_token_of_ones_own_session(token: str | None, app: Flask, app_db: Session, scene: Scene) -> None:
    client = client_of(app, scene, "admin")
    sent = {"csrf_token": client_of(app, scene, "viewer").token()[:-3] + "abc"} if token else {}  # type: ignore[attr-defined]
    before = stored(app_db)

    answers = {endpoint: client.post(address, data=sent).status_code for endpoint, address in pages(app, scene)}

    assert {endpoint: status for endpoint, status in answers.items() if status != 400} == {}
    assert stored(app_db) == before


def test_a_large_body_is_taken_only_from_who_is_signed_in_and_only_where_files_are_sent(app: Flask, app_db: Session, scene: Scene) -> None:
    def taking(who: str, size: int) -> set[str]:
        """Where so much is not refused at once. None of it is sent: what is said of it decides."""
        client = client_of(app, scene, who)
        sent: dict[str, Any] = {"content_type": "multipart/form-data; boundary=x", "environ_overrides": {"CONTENT_LENGTH": str(size)}}
        return {endpoint for endpoint, address in pages(app, scene) if client.post(address, **sent).status_code != 413}

    files = {"assets.upload", "events.send", "imports.new", "people.send", "plan_files.send", "promotion.import_promotions"}
    assert taking("admin", 500_000_000) == files
    assert taking("admin", 4_000_000) == {endpoint for endpoint, _address in pages(app, scene)}
    assert taking("anonymous", 100_001) == set()
    assert taking("anonymous", 100_000) == {endpoint for endpoint, _address in pages(app, scene)}
