"""A live post through the API: edited with approval, taken down with a reason, tried again; each once however often it is sent."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from planner.catalog.models import Confidentiality
from planner.channels.port import Platform
from planner.planning import routes
from planner.planning.models import Post, PostState
from planner.planning.steps import Step
from planner.publishing.models import Amendment, AmendmentKind, AmendmentState, Delivery, DeliveryState
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


def lacking(rows: Session, post_id: int) -> None:
    """The live post went out without its first comment."""
    channel_id = rows.get_one(Post, post_id).channel_id
    rows.add(
        Delivery(
            post_id=post_id, channel_id=channel_id, state=DeliveryState.PUBLISHED, due_at=NOON, next_at=NOON, digest="0" * 64, created_at=NOON,
            tries=1, looks=0, undone=["first_comment"],
        )
    )  # fmt: skip
    rows.commit()


def test_what_is_missing_of_a_live_post_is_asked_for_again(caller: Callers, live: Callable[..., int], rows: Session) -> None:
    number, planner = live(), caller("planner")
    nothing = planner.post(f"/posts/{number}/finish", match="*")
    lacking(rows, number)

    asked = planner.post(f"/posts/{number}/finish", match="*")

    assert (nothing.status_code, nothing.json["code"]) == (409, "wrong_state")
    assert [(one["kind"], one["state"], one["steps"]) for one in asked.json["changes"]] == [("finish", "queued", ["first_comment"])]
    assert [one["undone"] for one in planner.get(f"/deliveries?post_id={number}").json["items"]] == [["first_comment"]]


@pytest.mark.parametrize(
    ("step", "body", "kind"),
    [
        ("edit-live", {"text": "First words"}, AmendmentKind.EDIT),
        ("take-down", {"reason": "A wrong figure"}, AmendmentKind.TAKE_DOWN),
        ("finish", {}, AmendmentKind.FINISH),
    ],
)
def test_a_step_sent_again_under_its_key_gives_the_first_answer_though_the_version_moved_on(
    caller: Callers, live: Callable[..., int], rows: Session, step: str, body: dict[str, Any], kind: AmendmentKind
) -> None:
    path, planner = f"/posts/{(number := live())}", caller("planner")
    lacking(rows, number)
    seen = planner.get(path).headers["ETag"]
    first = planner.post(f"{path}/{step}", body, match=seen, Idempotency_Key="k1")
    rows.get_one(Post, number).link = "https://example.org/moved-on"
    rows.commit()

    again = planner.post(f"{path}/{step}", body, match=seen, Idempotency_Key="k1")
    other = planner.post(f"{path}/{step}", {**body, "reason": "Another"}, match="*", Idempotency_Key="k1")

    assert (first.status_code, again.status_code, again.headers.get("Idempotent-Replay")) == (200, 200, "true")
    assert again.get_data() == first.get_data()
    assert other.status_code == 422
    assert [(one.kind, one.post_id) for one in rows.query(Amendment)] == [(kind, number)]


def test_a_word_on_a_change_under_a_key_is_said_once(caller: Callers, live: Callable[..., int], rows: Session) -> None:
    path, approver = f"/posts/{live()}", caller("approver")
    change = caller("planner").post(path + "/edit-live", {"text": "First words"}, match="*").json["changes"][0]
    told = [approver.post(f"{path}/changes/{change['id']}/approve", {"digest": change["digest"]}, match="*", Idempotency_Key="yes") for _ in range(2)]
    assert [(one.status_code, one.json["changes"][0]["state"]) for one in told] == [(200, "queued")] * 2

    row = rows.get_one(Amendment, change["id"])
    row.state, row.ended_at = AmendmentState.FAILED, NOON
    rows.commit()
    again = [approver.post(f"{path}/changes/{change['id']}/again", match="*", Idempotency_Key="again") for _ in range(2)]
    gone = [approver.post(f"{path}/changes/{change['id']}/refuse", {"note": "No"}, match="*", Idempotency_Key="no") for _ in range(2)]

    assert [one.json["changes"][0]["state"] for one in (*again, *gone)] == ["queued"] * 2 + ["cancelled"] * 2
    assert [one.headers.get("Idempotent-Replay") for one in (*told, *again, *gone)] == [None, "true"] * 3


def test_a_refused_step_does_not_use_up_its_key(caller: Callers, live: Callable[..., int]) -> None:
    path, planner = f"/posts/{live()}", caller("planner")

    told = [planner.post(path + "/take-down", {"reason": "A wrong figure"}, match=match, Idempotency_Key="k1").status_code for match in ('"77"', "*")]

    assert told == [412, 200]


def test_ten_at_once_under_one_key_take_it_down_once(app: Flask, caller: Callers, live: Callable[..., int], rows: Session) -> None:
    number, planner = live(), caller("planner")

    def send(_number: int) -> tuple[int, str]:
        one = Caller(app.test_client(), planner.user, planner.token).post(
            f"/posts/{number}/take-down", {"reason": "A wrong figure"}, match="*", Idempotency_Key="once"
        )
        return one.status_code, one.get_data(as_text=True) if one.status_code == 200 else one.json["code"]

    with ThreadPoolExecutor(10) as pool:
        told = list(pool.map(send, range(10)))

    assert {status for status, _ in told} <= {200, 409}
    assert (len({text for status, text in told if status == 200}), {text for status, text in told if status == 409} - {"in_progress"}) == (1, set())
    assert rows.query(Amendment).count() == 1


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


def test_an_edit_takes_the_steps_of_its_post_and_says_whose_yes_it_lacks(caller: Callers, live: Callable[..., int], rows: Session) -> None:
    boss, approver, planner = caller("author"), caller("approver"), caller("planner")
    routes.set_route(rows, routes.ANYTHING_ELSE, [Step("", "Editors", hours=24), Step("", "Boss", people=(boss.user.id,))], actor=None, now=NOON)
    rows.commit()
    number = live()
    path = f"/posts/{number}"
    change = planner.post(path + "/edit-live", {"text": "First words"}, match="*").json["changes"][0]
    first, second = (one["key"] for one in change["approval"]["steps"])
    word, told = f"{path}/changes/{change['id']}/approve", {"digest": change["digest"]}

    def lists() -> list[list[tuple[int, str, int, bool]]]:
        found = [one.get("/approvals").json["edits"] for one in (planner, approver, boss)]
        return [[(one["change_id"], one["step_name"], one["steps_done"], one["may_approve"]) for one in edits] for edits in found]

    assert [(one["name"], one["stands"], one["due_at"]) for one in change["approval"]["steps"]] == [("Editors", "asked", None), ("Boss", "later", None)]
    assert lists() == [[(change["id"], "Editors", 0, mine)] for mine in (False, True, False)]
    assert [one.post(word, told, match="*").status_code for one in (boss, planner)] == [403, 403]

    said = approver.post(word, told, match="*").json["changes"][0]

    assert (said["state"], said["approval"]["asked_step"], said["approval"]["may_approve"]) == ("in_review", second, False)
    assert said["approval"]["said"] == [{
        "verb": "approved", "step": first, "by_id": approver.user.id, "by_name": approver.user.display_name, "outside": False, "at": "2026-03-02T12:00:00Z",
        "digest": change["digest"], "counts": True, "note": "",
    }]  # fmt: skip
    seat = {"kind": "person", "user_id": boss.user.id, "name": boss.user.display_name, "answered": False, "missing": True}
    assert [(one["stands"], one["asks"]) for one in said["approval"]["steps"]] == [("done", []), ("asked", [seat])]
    assert lists() == [[(change["id"], "Boss", 1, mine)] for mine in (False, False, True)]
    assert [one.get("/approvals?mine=true").json["edits"] != [] for one in (approver, boss)] == [False, True]
    assert boss.get("/approvals?campaign_id=1").json["edits"] == []
    again = approver.post(word, told, match="*")
    assert (again.status_code, again.json["code"]) == (409, "wrong_state")

    done = boss.post(word, told, match="*")

    assert [(one["state"], one["approval"], one["approved_by"]) for one in done.json["changes"]] == [("queued", None, boss.user.display_name)]
    assert lists() == [[]] * 3
    assert done.json["approvals"] == [], "no word on an edit is one on the post"


def test_of_what_is_confidential_no_edit_is_listed_for_who_may_not_know_of_it(caller: Callers, live: Callable[..., int], rows: Session) -> None:
    number = live()
    caller("planner").post(f"/posts/{number}/edit-live", {"text": "First words"}, match="*")
    rows.get_one(Post, number).asset.confidentiality = Confidentiality.CONFIDENTIAL
    rows.commit()

    told = [[one["post_id"] for one in caller(role).get("/approvals").json["edits"]] for role in ("viewer", "author", "approver")]

    assert told == [[], [], [number]]


def test_an_edit_that_was_asked_for_while_its_post_was_taken_down_waits_for_nobody(caller: Callers, live: Callable[..., int], rows: Session) -> None:
    number, approver = live(), caller("approver")
    caller("planner").post(f"/posts/{number}/edit-live", {"text": "First words"}, match="*")
    rows.get_one(Post, number).taken_down_at = NOON
    rows.commit()

    assert [one["approval"] for one in approver.get(f"/posts/{number}").json["changes"]] == [None]


def test_what_became_of_an_edit_is_told_also_to_who_knows_this_version_of_the_post(caller: Callers, live: Callable[..., int]) -> None:
    path, planner = f"/posts/{live()}", caller("planner")
    known = planner.get(path).headers["ETag"]
    assert planner.get(path, If_None_Match=known).status_code == 304

    planner.post(path + "/edit-live", {"text": "First words"}, match="*")
    told = planner.get(path, If_None_Match=known)

    assert (told.status_code, told.headers["ETag"]) == (200, known)
    assert [one["state"] for one in told.json["changes"]] == ["in_review"]
