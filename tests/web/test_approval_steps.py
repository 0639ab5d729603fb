"""The steps of approval in the browser: set by an administrator, shown on the post, said yes to one after the other."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.planning import routes, service
from planner.planning.approval_models import ApprovalRoute
from planner.planning.models import PostState
from planner.planning.steps import Step
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_post, make_user

SignIn = Callable[..., Browser]


def test_an_administrator_sets_steps_and_takes_one_away(client: Browser, app_db: Session) -> None:
    lawyer = make_user(app_db, roles=("legal",), name="Lea").id
    app_db.commit()

    saved = client.submit(
        "/settings/approval/kind:press_release",
        **{"asked": "yes", "version": "0", "s0-key": "", "s0-name": "Editors", "s0-how": "any", "s1-key": "", "s1-name": "Legal", "s1-how": "all",
           "s1-people": str(lawyer), "s1-hours": "24", "s1-nudge": "4"},
    )  # fmt: skip
    assert saved.status_code == 302
    page = client.get("/settings/approval").text
    assert "Editors" in page and "(Lea)" in page
    row = app_db.scalars(select(ApprovalRoute)).one()
    first, second = (one["key"] for one in row.steps)
    assert [(one["name"], one["people"], one["hours"]) for one in row.steps] == [("Editors", [], None), ("Legal", [lawyer], 24)]
    app_db.rollback()

    client.submit(
        "/settings/approval/kind:press_release",
        **{"asked": "yes", "version": "1", "s0-key": first, "s0-name": "Editors", "s0-how": "any", "s1-key": second, "s1-name": "Legal", "s1-how": "all",
           "s1-people": str(lawyer), "s1-remove": "y"},
    )  # fmt: skip
    app_db.expire_all()
    assert [one["name"] for one in row.steps] == ["Editors"]


def test_a_refused_form_keeps_what_was_typed_and_older_steps_are_never_written_over(client: Browser, app_db: Session) -> None:
    typed = {"asked": "yes", "version": "0", "s0-key": "", "s0-name": "Editors", "s0-how": "any", "s1-key": "", "s1-name": "", "s1-how": "any", "s1-roles": "legal"}
    refused = client.submit("/settings/approval/standard", **typed)
    assert refused.status_code == 422
    assert "Name each step" in refused.text and 'value="Editors"' in refused.text
    assert client.submit("/settings/approval/standard", **(typed | {"asked": "no"})).status_code == 302
    stale = client.submit("/settings/approval/standard", **(typed | {"s1-name": "Legal"}))
    assert stale.status_code == 409
    assert "Somebody changed these steps" in stale.text
    assert client.get("/settings/approval/kind:nothing").status_code == client.get("/settings/approval/campaign:77").status_code == 404


def test_the_post_says_whose_turn_it_is_and_what_changed(sign_in: SignIn, app_db: Session) -> None:
    editor, author = (make_user(app_db, roles=(role,), name=role.title()) for role in ("approver", "planner"))
    routes.set_route(app_db, routes.ANYTHING_ELSE, [Step("", "Editors"), Step("", "Legal", roles=("legal",))], actor=None, now=NOON)
    post = make_post(app_db, author=author, text="Out in Lyon.")
    service.submit(app_db, post, actor=author, now=NOON)
    app_db.commit()
    address, digest = f"/posts/{post.id}", service.digest_of(post)
    app_db.commit()
    asks, writes = sign_in(editor), sign_in(author)

    assert "Waits for anybody who may approve" in asks.get(address).text
    said = asks.submit(f"{address}/approve", digest=digest)
    assert said.status_code == 302
    shown = asks.get(address).text
    assert "Your yes is noted. It waits for others now." in shown
    assert "Waits for: Legal" in shown
    app_db.expire_all()
    assert post.state is PostState.IN_REVIEW
    version = post.version
    app_db.rollback()

    assert writes.submit(f"{address}/edit", text="Out in Lille.", wall_time="2026-03-03T13:00", time_zone="Europe/Paris", version=version).status_code == 302
    changed = asks.get(address).text
    assert "Changed since you last read it" in changed
    assert "<del>Lyon.</del><ins>Lille.</ins>" in changed


def test_what_is_sensitive_has_a_row_of_its_own_which_says_who_is_missing(client: Browser, app_db: Session) -> None:
    page = client.get("/settings/approval").text
    assert "Sensitive announcements" in page
    assert "(Legal or Administrator)" in page
    assert "Nobody can answer the step “Second sign-off”." in page, "there is one administrator"
    make_user(app_db, roles=("approver",), name="Ben")
    app_db.commit()
    assert "Nobody else can answer the step “Legal” when the announcement is written by " in client.get("/settings/approval").text
    make_user(app_db, roles=("legal",), name="Lea")
    app_db.commit()
    assert "can answer the step" not in client.get("/settings/approval").text

    form = client.get("/settings/approval/sensitive").text
    assert 'value="Second sign-off"' in form and "Somebody who said yes in no step before" in form
    asked = {"asked": "yes", "version": "0", "s0-key": "sign_off_legal", "s0-name": "Legal", "s0-how": "any", "s0-roles": "legal"}
    assert client.submit("/settings/approval/sensitive", **(asked | {"asked": "no"})).status_code == 422
    assert client.submit("/settings/approval/sensitive", **asked, **{"s1-key": "", "s1-name": "HR", "s1-how": "any", "s1-apart": "y"}).status_code == 302
    row = app_db.scalars(select(ApprovalRoute)).one()
    assert (row.place, [(one["name"], one.get("apart", False)) for one in row.steps]) == ("sensitive", [("Legal", False), ("HR", True)])
    app_db.rollback()
    assert client.submit("/settings/approval/sensitive/reset").status_code == 302
    app_db.expire_all()
    assert app_db.scalars(select(ApprovalRoute)).all() == []


def test_the_post_says_whom_its_sign_off_lacks(client: Browser, sign_in: SignIn, app_db: Session) -> None:
    author = make_user(app_db, roles=("planner",), name="Nora")
    post = make_post(app_db, author=author, asset=make_asset(app_db, sensitive=True))
    service.submit(app_db, post, actor=author, now=NOON)
    app_db.commit()
    for address in (f"/posts/{post.id}", f"/approvals/{post.id}"):
        page = client.get(address).text
        assert "Nobody else here can answer the step “Second sign-off”." in page
        assert "Waits for one of: Legal, Administrator" in page
    make_user(app_db, roles=("approver",), name="Ben")
    app_db.commit()
    for address in (f"/posts/{post.id}", f"/approvals/{post.id}"):
        assert "can answer the step" not in client.get(address).text


def test_a_step_that_asks_somebody_who_left_says_so_where_they_are_disabled_in_settings_and_on_its_posts(client: Browser, sign_in: SignIn, app_db: Session) -> None:
    sofia, author = make_user(app_db, roles=("approver",), name="Sofia", email="sofia@example.com"), make_user(app_db, roles=("planner",))
    number = sofia.id
    routes.set_route(app_db, routes.ANYTHING_ELSE, [Step("", "Editors", people=(number,))], actor=None, now=NOON)
    post = make_post(app_db, author=author)
    service.submit(app_db, post, actor=author, now=NOON)
    at = post.id
    app_db.commit()
    pages = [client.get(address).text for address in (f"/posts/{at}", f"/approvals/{at}")]
    assert [["Waits for: Sofia" in page, "can answer the step" in page] for page in pages] == [[True, False]] * 2

    client.submit(f"/settings/people/{number}/disable", typed_name="sofia@example.com")

    assert "Steps of approval still ask Sofia." in client.get("/settings/people").text
    assert "Sofia (account disabled)" in client.get("/settings/approval").text
    pages = [client.get(address).text for address in (f"/posts/{at}", f"/approvals/{at}")]
    assert [["Waits for: Sofia (account disabled)" in page, "Nobody else here can answer the step “Editors”." in page] for page in pages] == [[True, True]] * 2
    other = make_user(app_db, roles=("viewer",), name="Otto", email="otto@example.com")
    who = other.id
    app_db.commit()
    client.submit(f"/settings/people/{who}/disable", typed_name="otto@example.com")
    assert "Steps of approval still ask" not in client.get("/settings/people").text
