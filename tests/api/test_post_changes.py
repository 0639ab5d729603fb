"""A live post through the API: edited with approval, taken down with a reason, tried again; each once however often it is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from planner.channels.port import Platform
from planner.planning.models import Post, PostState
from planner.publishing.models import Amendment, AmendmentState
from tests.api.conftest import Caller
from tests.factories import NOON, make_asset, make_channel, make_post

Callers = Callable[..., Caller]


@pytest.fixture
def app(app_on_each_database: Flask) -> Flask:
    return app_on_each_database


@pytest.fixture
def live(rows: Session) -> Callable[..., int]:
    """Makes live posts, on a LinkedIn page unless another platform is named; their numbers."""

    def make(platform: Platform = Platform.LINKEDIN) -> int:
        channel = make_channel(rows, platform=platform)
        post = make_post(
            rows, channel=channel, asset=make_asset(rows), state=PostState.PUBLISHED, published_at=NOON, publish_at=NOON, text="Frist words",
            external_id="urn:li:share:7", external_url="https://www.linkedin.com/feed/update/urn:li:share:7/",
        )  # fmt: skip
        rows.commit()
        return post.id

    return make


def changes_of(answer: Any) -> list[tuple[str, str, dict[str, Any], dict[str, Any], str]]:
    assert answer.status_code == 200, answer.text
    return [(one["kind"], one["state"], one["was"], one["becomes"], one["reason"]) for one in answer.json["changes"]]


def test_an_edit_waits_for_an_approver_and_then_for_the_platform(caller: Callers, live: Callable[..., int]) -> None:
    path, planner, approver = f"/posts/{live()}", caller("planner"), caller("approver")

    asked = planner.post(path + "/edit-live", {"text": "First words", "reason": "A typo"}, match="*")
    read = approver.get(path)
    change = read.json["changes"][0]
    refused = approver.post(f"{path}/changes/{change['id']}/approve", {"digest": "0" * 64}, match=read.headers["ETag"])
    approved = approver.post(f"{path}/changes/{change['id']}/approve", {"digest": change["digest"]}, match=read.headers["ETag"])

    said = ({"text": "Frist words"}, {"text": "First words"}, "A typo")
    assert changes_of(asked) == changes_of(read) == [("edit", "in_review", *said)]
    assert (refused.status_code, refused.json["code"]) == (409, "conflict")
    assert changes_of(approved) == [("edit", "queued", *said)]
    assert approved.json["text"] == "Frist words", "it says so once the platform does"


def test_an_edit_is_taken_back_by_whoever_asked(caller: Callers, live: Callable[..., int]) -> None:
    path, planner = f"/posts/{live()}", caller("planner")
    change = planner.post(path + "/edit-live", {"text": "First words"}, match="*").json["changes"][0]

    dropped = planner.post(f"{path}/changes/{change['id']}/refuse", {"note": "Not worth it"}, match="*")

    assert [(one["state"], one["answer"]) for one in dropped.json["changes"]] == [("cancelled", "Not worth it")]


def test_a_post_is_taken_down_once_with_a_reason_that_stays(caller: Callers, live: Callable[..., int]) -> None:
    path, legal = f"/posts/{live()}", caller("legal")

    taken = legal.post(path + "/take-down", {"reason": "A wrong figure"}, match="*")
    again = legal.post(path + "/take-down", {"reason": "A wrong figure"}, match="*")

    assert changes_of(taken) == [("take_down", "queued", {}, {}, "A wrong figure")]
    assert (taken.json["taken_down_at"], taken.json["taken_down_reason"]) == (None, None), "a worker has yet to ask the platform"
    assert (again.status_code, again.json["code"]) == (409, "conflict")


def test_where_no_program_can_taking_down_records_that_a_person_did(caller: Callers, live: Callable[..., int]) -> None:
    path, planner = f"/posts/{live(Platform.BY_HAND)}", caller("planner")

    taken = planner.post(path + "/take-down", {"reason": "A wrong figure"}, match='"1"')

    assert changes_of(taken) == [("take_down", "done", {}, {}, "A wrong figure")]
    assert (taken.json["state"], taken.json["taken_down_at"], taken.json["taken_down_reason"]) == ("published", "2026-03-02T12:00:00Z", "A wrong figure")
    assert [one["taken_down_at"] for one in planner.get("/posts").json["items"]] == ["2026-03-02T12:00:00Z"]
    stale = planner.post(path + "/take-down", {"reason": "A wrong figure"}, match='"1"')
    assert (stale.status_code, stale.json["code"]) == (412, "stale")


def test_what_failed_is_tried_again(caller: Callers, live: Callable[..., int], rows: Session) -> None:
    path, planner = f"/posts/{live()}", caller("planner")
    change = planner.post(path + "/take-down", {"reason": "A wrong figure"}, match="*").json["changes"][0]
    row = rows.get_one(Amendment, change["id"])
    row.state, row.answer, row.ended_at = AmendmentState.FAILED, "Not today.", NOON
    rows.commit()

    retried = planner.post(f"{path}/changes/{change['id']}/again", match="*")

    assert [(one["state"], one["answer"], one["ended_at"]) for one in retried.json["changes"]] == [("queued", "", None)]


@pytest.mark.parametrize(
    ("platform", "step", "body", "told"),
    [
        (Platform.LINKEDIN, "take-down", {}, (422, "invalid", "reason")),
        (Platform.LINKEDIN, "take-down", {"reason": "  "}, (422, "invalid", "reason")),
        (Platform.LINKEDIN, "edit-live", {"text": "Frist words"}, (422, "invalid", "")),
        (Platform.LINKEDIN, "edit-live", {"title": "Another"}, (422, "invalid", "title")),
        (Platform.LINKEDIN, "edit-live", {"text": "x" * 3001}, (422, "not_sendable", "text")),
        (Platform.X, "edit-live", {"text": "First words"}, (409, "wrong_state", "")),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason_and_nothing_is_written(
    caller: Callers, live: Callable[..., int], rows: Session, platform: Platform, step: str, body: dict[str, Any], told: tuple[int, str, str]
) -> None:
    answer = caller("planner").post(f"/posts/{live(platform)}/{step}", body, match="*")

    fields = [one["field"] for one in answer.json.get("errors", [])] or [""]
    assert (answer.status_code, answer.json["code"], fields[0]) == told
    assert rows.query(Amendment).count() == 0


def test_a_change_of_another_post_is_not_there(caller: Callers, live: Callable[..., int], rows: Session) -> None:
    admin, first = caller("admin"), live()
    change = admin.post(f"/posts/{first}/edit-live", {"text": "First words"}, match="*").json["changes"][0]
    other = make_post(rows, asset=rows.get_one(Post, first).asset, channel=rows.get_one(Post, first).channel)
    rows.commit()

    assert admin.post(f"/posts/{other.id}/changes/{change['id']}/approve", match="*").status_code == 404


@pytest.mark.parametrize(
    ("role", "edit", "down"),
    [("admin", 200, 200), ("planner", 200, 200), ("author", 403, 403), ("approver", 403, 200), ("legal", 403, 200), ("viewer", 403, 403), ("advocate", 403, 403)],
)
def test_who_may_edit_and_take_down(caller: Callers, live: Callable[..., int], role: str, edit: int, down: int) -> None:
    path, person = f"/posts/{live()}", caller(role)

    told = (person.post(path + "/edit-live", {"text": "First words"}, match="*").status_code, person.post(path + "/take-down", {"reason": "Why"}, match="*").status_code)

    assert told == (edit, down)
