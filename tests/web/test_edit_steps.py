"""An edit of a live post on screen: whose yes it has and whose it lacks, who finds it waiting, and what is said after each yes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from planner.accounts.models import User
from planner.catalog.models import AssetKind, Confidentiality
from planner.channels.port import Platform
from planner.planning import editing, routes
from planner.planning.mentions import token
from planner.planning.models import Post, PostState
from planner.planning.steps import Step
from planner.publishing.models import Amendment, AmendmentKind, AmendmentState
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_channel, make_person, make_post, make_user
from tests.web.counting import statements

SignIn = Callable[..., Browser]
S = AmendmentState
MINE, OTHERS = "Waiting for your yes", "Waiting for others"


@pytest.fixture
def team(app_db: Session) -> dict[str, User]:
    app_db.expire_on_commit = False
    people = {role: make_user(app_db, roles=(role,), name=f"The {role}") for role in ("planner", "author", "approver", "legal", "viewer")}
    routes.set_route(app_db, routes.ANYTHING_ELSE, [Step("", "Editors"), Step("", "Boss", people=(people["author"].id,))], actor=None, now=NOON)
    app_db.commit()
    return people


@pytest.fixture
def edit(app_db: Session, team: dict[str, User]) -> Callable[..., Amendment]:
    """Makes an edit, asked for by the planner, of a live post on a LinkedIn page."""

    def make(title: str = "Orion", **asset: Any) -> Amendment:
        channel = make_channel(app_db, platform=Platform.LINKEDIN)
        post = make_post(
            app_db, channel=channel, asset=make_asset(app_db, title=title, **asset), state=PostState.PUBLISHED, publish_at=NOON - timedelta(days=1),
            published_at=NOON - timedelta(days=1), text="Frist words", external_id="urn:li:share:7", external_url="https://www.linkedin.com/feed/update/urn:li:share:7/",
        )  # fmt: skip
        who = team["planner"]
        made = Amendment(
            post=post, kind=AmendmentKind.EDIT, state=S.IN_REVIEW, content={"text": "First words"}, was={"text": "Frist words"}, asked_by_id=who.id,
            asked_by=who.display_name, asked_at=NOON, next_at=NOON,
        )  # fmt: skip
        app_db.add(made)
        app_db.commit()
        return made

    return make


def say(client: Browser, edit: Amendment, verb: str = "approve") -> str:
    """Press the button, and read what the next page says."""
    address, digest, db = f"/posts/{edit.post_id}/changes/{edit.id}/{verb}", editing.digest_of(edit.post, edit.content), object_session(edit)
    assert db is not None
    db.rollback()  # It would hold the one write lock.
    answer = client.submit(address, digest=digest)
    return client.get(answer.location).text if answer.status_code == 302 else str(answer.status_code)


def state(db: Session) -> AmendmentState:
    db.expire_all()
    found = db.scalars(select(Amendment.state)).one()
    db.rollback()
    return found


def card(page: str) -> str:
    """The edit's own part of its post's page."""
    return page.partition('<section class="card card--decide" aria-labelledby="edit-')[2].partition("</section>")[0]


def test_the_page_shows_the_steps_and_the_button_only_to_whom_is_asked_now(
    sign_in: SignIn, app_db: Session, team: dict[str, User], edit: Callable[..., Amendment]
) -> None:
    one = edit()
    people = {name: sign_in(team[name]) for name in ("planner", "author", "approver", "legal", "viewer")}

    def shown() -> dict[str, tuple[bool, bool]]:
        pages = {name: card(client.get(f"/posts/{one.post_id}").text) for name, client in people.items()}
        return {name: ("Approve the edit" in page, re.search("Turn it down|Take it back", page) is not None) for name, page in pages.items()}

    assert shown() == {"planner": (False, True), "author": (False, False), "approver": (True, True), "legal": (True, True), "viewer": (False, False)}
    first = card(people["viewer"].get(f"/posts/{one.post_id}").text)
    assert [words in first for words in ("Editors", "Waits for anybody who may approve", "Waits for: The author")] == [True] * 3
    assert say(people["author"], one) == "403"

    told = say(people["approver"], one)
    assert "Your yes is noted. “Boss” is asked now. Waits for: The author." in told
    assert (state(app_db), "The approver" in card(told), "Your yes is not asked for now." in card(told)) == (S.IN_REVIEW, True, True)
    assert "You have said yes to this already. It waits for others now." in say(people["approver"], one)
    assert shown() == {"planner": (False, True), "author": (True, True), "approver": (False, True), "legal": (False, True), "viewer": (False, False)}

    assert "Approved. It goes to the platform now." in say(people["author"], one)
    assert state(app_db) is S.QUEUED
    assert "approved by The approver, The author" in people["viewer"].get(f"/posts/{one.post_id}").text


def test_whoever_is_asked_without_the_right_to_approve_turns_an_edit_down(
    sign_in: SignIn, app_db: Session, team: dict[str, User], edit: Callable[..., Amendment]
) -> None:
    one, boss = edit(), sign_in(team["author"])
    assert say(boss, one, "refuse") == "403"
    say(sign_in(team["approver"]), one)

    assert "Dropped. The post stays as it is." in say(boss, one, "refuse")
    assert state(app_db) is S.CANCELLED


def test_what_is_said_after_asking_is_what_comes_next(sign_in: SignIn, app_db: Session, team: dict[str, User], edit: Callable[..., Amendment]) -> None:
    one, planner = edit(), sign_in(team["planner"])
    address = f"/posts/{one.post_id}"

    def ask() -> tuple[str, str]:
        app_db.query(Amendment).delete()
        app_db.commit()
        form = planner.get(f"{address}/edit-live").text
        planner.submit(f"{address}/edit-live", text="First words")
        return form, planner.get(address).text

    form, page = ask()
    assert "once each step said yes to it: Editors, Boss." in form
    assert "Asked. It goes to the platform once each step said yes. “Editors” is asked now. Waits for anybody who may approve." in page
    routes.set_route(app_db, routes.ANYTHING_ELSE, [Step("", "")], actor=None, now=NOON)
    form, page = ask()
    assert "once somebody has approved it" in form and "Asked. It goes to the platform once somebody has approved it." in page
    routes.set_route(app_db, routes.ANYTHING_ELSE, [], actor=None, now=NOON)
    form, page = ask()
    assert "at once: no approval is asked for here" in form
    assert "Approved: no approval is asked for here. It goes to the platform now." in page
    assert state(app_db) is S.QUEUED


def test_of_a_release_who_asked_for_its_edit_is_told_that_it_needs_another(
    sign_in: SignIn, app_db: Session, team: dict[str, User], edit: Callable[..., Amendment]
) -> None:
    routes.set_route(app_db, routes.ANYTHING_ELSE, [Step("", "")], actor=None, now=NOON)
    one, admin = edit(kind=AssetKind.PRESS_RELEASE), make_user(app_db, roles=("admin",))
    one.asked_by_id = admin.id
    app_db.commit()
    client = sign_in(admin)

    page = card(client.get(f"/posts/{one.post_id}").text)

    assert ("You asked for this: a second person has to approve it." in page, "Approve the edit" in page, "Take it back" in page) == (True, False, True)
    assert say(client, one) and state(app_db) is S.IN_REVIEW
    assert (MINE in client.get("/").text, "Orion" in client.get("/approvals").text.partition(OTHERS)[2]) == (False, True)


def places(client: Browser, address: str) -> list[str]:
    """Under which of the two headings Orion stands."""
    page = client.get(address).text
    mine, _, others = page.partition(f">{OTHERS}<") if f">{MINE}<" in page or address == "/approvals" else ("", "", "")
    return [name for name, part in ((MINE, mine), (OTHERS, others)) if "#edit-" in part and "Orion" in part]


def test_an_edit_stands_on_the_desk_and_under_approvals_of_who_is_asked_now(
    sign_in: SignIn, app_db: Session, team: dict[str, User], edit: Callable[..., Amendment]
) -> None:
    one = edit()
    people = {name: sign_in(team[name]) for name in ("planner", "author", "approver", "viewer")}

    def stands() -> dict[str, tuple[list[str], list[str]]]:
        return {name: (places(client, "/"), places(client, "/approvals")) for name, client in people.items()}

    not_theirs: tuple[list[str], list[str]] = ([], [OTHERS])
    assert stands() == {"planner": not_theirs, "author": not_theirs, "approver": ([MINE], [MINE]), "viewer": not_theirs}
    page = people["approver"].get("/approvals").text.replace("\N{NO-BREAK SPACE}", " ")
    assert f'href="/posts/{one.post_id}#edit-{one.id}"' in page and "Editors · Edit of the post live since 1 Mar 2026 · The planner" in page
    assert f'<time datetime="{one.asked_at.isoformat()}">' in page, "its moment is when it was asked for"
    assert f'id="edit-{one.id}"' in people["approver"].get(f"/posts/{one.post_id}").text

    say(people["approver"], one)
    assert stands() == {"planner": not_theirs, "author": ([MINE], [MINE]), "approver": not_theirs, "viewer": not_theirs}
    say(people["author"], one)
    assert stands() == dict.fromkeys(people, ([], []))
    assert "Nothing waits for approval" in people["approver"].get("/approvals").text


def test_an_edit_of_what_is_confidential_is_told_to_nobody_who_may_not_know_of_it(
    sign_in: SignIn, app_db: Session, team: dict[str, User], edit: Callable[..., Amendment]
) -> None:
    routes.set_route(app_db, routes.ANYTHING_ELSE, [Step("", "", roles=("author", "viewer", "legal"))], actor=None, now=NOON)
    edit("Zqfalcon", confidentiality=Confidentiality.CONFIDENTIAL)

    told = {name: ["Zqfalcon" in sign_in(team[name]).get(address).text for address in ("/", "/approvals")] for name in ("viewer", "author", "legal")}

    assert told == {"viewer": [False, False], "author": [False, False], "legal": [True, True]}
    assert "Nothing waits for approval" in sign_in(team["viewer"]).get("/approvals").text


@pytest.mark.parametrize("address", ["/", "/approvals"])
def test_finding_edits_costs_a_page_one_statement_whatever_waits(
    app: Flask, sign_in: SignIn, app_db: Session, team: dict[str, User], edit: Callable[..., Amendment], address: str
) -> None:
    client = sign_in(team["approver"])
    client.get(address)
    make_post(app_db, state=PostState.DRAFT)
    app_db.commit()
    none = statements(app, client, address)

    counts = []
    for _ in range(3):
        one = edit()
        one.post.published_at = one.post.publish_at = NOON - timedelta(days=200)
        app_db.commit()
        counts.append(statements(app, client, address))

    assert counts == [none] * 3


def test_a_sensitive_announcement_keeps_its_edit_from_everybody_and_says_why(
    sign_in: SignIn, app_db: Session, team: dict[str, User], edit: Callable[..., Amendment]
) -> None:
    one, legal = edit(sensitive=True), sign_in(team["legal"])

    page = card(legal.get(f"/posts/{one.post_id}").text)

    assert ("new words need its sign-offs" in page, "Approve the edit" in page, places(legal, "/approvals")) == (True, False, [])
    assert app_db.get_one(Post, one.post_id).text == "Frist words"


def test_whom_an_edit_mentions_is_read_as_readers_see_it(sign_in: SignIn, app_db: Session, edit: Callable[..., Amendment]) -> None:
    person = make_person(app_db, name="Jane Doe", linkedin_urn="urn:li:organization:5", linkedin_name="Doe & Co")
    one = edit()
    one.content, one.was = {"text": f"With {token(person)} now"}, {"text": "Frist words"}
    app_db.commit()

    page = sign_in(roles=("approver",)).get(f"/posts/{one.post_id}").text

    assert "With Doe &amp; Co now</ins>" in page
    assert "](" not in page
