"""The steps of approval through the API: who is asked, who decided what on which content, what is asked next, and what waits for whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from planner.catalog.models import AssetKind, Confidentiality
from planner.planning import routes, service
from planner.planning.models import Post
from planner.planning.steps import GUEST, Step
from tests.api.conftest import Caller
from tests.factories import NOON, make_asset, make_post, make_user

EDITORS, LEGAL = Step("", "Editors"), Step("", "Legal", everyone=True, roles=("legal",), hours=24, nudge=4)


@pytest.fixture
def app(app_on_each_database: Flask) -> Flask:
    return app_on_each_database


@pytest.fixture
def author(caller: Callable[..., Caller]) -> Caller:
    return caller("planner")


def in_review(rows: Session, author: Caller, *route: Step, **values: Any) -> Post:
    if route:
        routes.set_route(rows, routes.ANYTHING_ELSE, route, actor=None, now=NOON)
    post = make_post(rows, author=author.user, text="Out in Lyon.", **values)
    service.submit(rows, post, actor=author.user, now=NOON)
    rows.commit()
    return post


def outline(answer: Any) -> list[tuple[str, str, list[tuple[str, bool, bool]]]]:
    return [(one["name"], one["stands"], [(seat["name"], seat["answered"], seat["missing"]) for seat in one["asks"]]) for one in answer.json["steps"]]


def test_the_steps_say_who_is_asked_by_when_and_who_decided_what(caller: Callable[..., Caller], author: Caller, rows: Session) -> None:
    lawyer = make_user(rows, roles=("legal",), name="Lea")
    named = Step("", "Legal", everyone=True, people=(lawyer.id,), roles=("admin",), hours=24, nudge=4)
    post = in_review(rows, author, EDITORS, named)
    editor, asked = caller("approver"), f"/posts/{post.id}/approval"

    before = editor.get(asked)
    said = editor.post(f"/posts/{post.id}/approve", {"digest": before.json["digest"], "note": "Fine."}, match="*")
    after, legal = editor.get(asked), caller("legal", user=lawyer).get(asked)

    assert outline(before) == [("Editors", "asked", []), ("Legal", "later", [("Lea", False, True), ("admin", False, True)])]
    assert [(one["rule"], one["due_at"], one["remind_at"]) for one in before.json["steps"]] == [
        ("any", "2026-03-03T12:00:00Z", None), ("all", "2026-03-02T12:00:00Z", "2026-03-02T08:00:00Z"),
    ]  # fmt: skip
    assert [(one.json["may_approve"], one.json["may_request_changes"]) for one in (before, after, legal)] == [(True, True), (False, True), (True, True)]
    assert said.json["state"] == "in_review"
    assert outline(after) == [("Editors", "done", []), ("Legal", "asked", [("Lea", False, True), ("admin", False, True)])]
    first, second = (one["key"] for one in after.json["steps"])
    assert (before.json["asked_step"], after.json["asked_step"], after.json["complete"]) == (first, second, False)
    assert after.json["steps"][1]["asks"][0] | {"name": ""} == {"kind": "person", "user_id": lawyer.id, "name": "", "answered": False, "missing": True}
    assert after.json["said"] == [{
        "verb": "approved", "step": first, "by_id": editor.user.id, "by_name": editor.user.display_name, "outside": False, "at": "2026-03-02T12:00:00Z",
        "digest": before.json["digest"], "counts": True, "note": "Fine.",
    }]  # fmt: skip


def test_an_edit_asks_again_and_what_was_said_stays_with_its_digest(caller: Callable[..., Caller], author: Caller, rows: Session) -> None:
    post = in_review(rows, author)
    editor, asked = caller("approver"), f"/posts/{post.id}/approval"
    editor.post(f"/posts/{post.id}/approve", {}, match="*")
    approved = editor.get(asked).json

    author.patch(f"/posts/{post.id}", {"text": "Out in Nice."}, match="*")
    edited = editor.get(asked).json

    assert (approved["state"], approved["complete"], approved["asked_step"], approved["approved_digest"]) == ("approved", True, None, approved["digest"])
    assert (approved["steps"][0]["stands"], approved["may_approve"]) == ("done", False)
    assert (edited["state"], edited["complete"], edited["asked_step"], edited["approved_digest"]) == ("in_review", False, "review", None)
    assert [(one["digest"], one["counts"]) for one in edited["said"]] == [(approved["digest"], False)]
    assert edited["digest"] != approved["digest"]


def test_a_draft_asks_nobody_yet_and_a_release_not_its_author(caller: Callable[..., Caller], rows: Session) -> None:
    both = caller("approver", "planner")
    draft = make_post(rows)
    release = in_review(rows, both, asset=make_asset(rows, kind=AssetKind.PRESS_RELEASE))

    shown, own = both.get(f"/posts/{draft.id}/approval").json, both.get(f"/posts/{release.id}/approval").json

    assert (shown["asked_step"], [one["stands"] for one in shown["steps"]], shown["may_approve"], shown["may_request_changes"]) == (None, ["later"], False, False)
    assert (own["asked_step"], own["may_approve"]) == ("review", False)
    assert caller("approver").get(f"/posts/{release.id}/approval").json["may_approve"] is True


def test_a_step_that_asks_somebody_outside_says_so_and_no_steps_are_one_that_submitting_fills(
    caller: Callable[..., Caller], author: Caller, rows: Session
) -> None:
    post = in_review(rows, author, Step("", "Customer", guest=True))
    asked = author.get(f"/posts/{post.id}/approval").json["steps"]
    routes.set_route(rows, routes.ANYTHING_ELSE, [], actor=None, now=NOON)
    free = in_review(rows, author)

    assert [(one["kind"], one["missing"]) for one in asked[0]["asks"]] == [(GUEST, True)]
    shown = author.get(f"/posts/{free.id}/approval").json
    assert [(one["rule"], one["stands"]) for one in shown["steps"]] == [("none", "done")]
    assert [(one["by_id"], one["counts"]) for one in shown["said"]] == [(author.user.id, True)]


def test_what_waits_is_listed_with_whose_turn_it_is(caller: Callable[..., Caller], author: Caller, rows: Session) -> None:
    late = in_review(rows, author, EDITORS, LEGAL, asset=make_asset(rows, title="Later"), publish_at=NOON.replace(day=9))
    soon = in_review(rows, author, asset=make_asset(rows, title="Soon"), publish_at=NOON.replace(day=5))
    make_post(rows)
    rows.commit()
    editor, lawyer = caller("approver"), caller("legal")
    editor.post(f"/posts/{late.id}/approve", {}, match="*")

    found = [[(one["title"], one["step_name"], one["steps_done"], one["may_approve"]) for one in who.get("/approvals").json["items"]] for who in (editor, lawyer)]

    assert found == [
        [("Soon", "Editors", 0, True), ("Later", "Legal", 1, False)],
        [("Soon", "Editors", 0, True), ("Later", "Legal", 1, True)],
    ]
    assert [one["post_id"] for one in editor.get("/approvals?mine=true").json["items"]] == [soon.id]
    assert [one["due_at"] for one in lawyer.get("/approvals").json["items"]] == ["2026-03-05T12:00:00Z", "2026-03-08T12:00:00Z"]
    assert lawyer.get("/approvals?campaign_id=7").json["items"] == []


def test_who_may_not_know_of_a_post_reads_none_of_its_steps(caller: Callable[..., Caller], author: Caller, rows: Session) -> None:
    post = in_review(rows, author, asset=make_asset(rows, confidentiality=Confidentiality.CONFIDENTIAL))
    viewer = caller("viewer")

    assert (viewer.get(f"/posts/{post.id}/approval").status_code, viewer.get("/approvals").json["items"]) == (404, [])
    assert caller("advocate").get("/approvals").status_code == 403
