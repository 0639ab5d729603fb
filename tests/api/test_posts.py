"""A post through the API: planned, changed, taken through its steps, moved, dropped, listed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from planner.catalog.models import AssetKind, Confidentiality
from planner.planning.models import Post, PostState
from tests.api.conftest import Caller
from tests.factories import NOON, make_asset, make_channel, make_post, make_user

TOMORROW = "2026-03-03T12:00:00Z"


@pytest.fixture
def app(app_on_each_database: Flask) -> Flask:
    return app_on_each_database


def step(caller: Caller, post: dict[str, Any], verb: str, body: Any = None) -> dict[str, Any]:
    answer = caller.post(f"/posts/{post['id']}/{verb}", body, match=f'"{post["version"]}"')
    assert answer.status_code == 200, answer.text
    return answer.json  # type: ignore[no-any-return]


def test_a_post_is_planned_and_read_again_as_it_was_given(admin: Caller, planned: dict[str, Any]) -> None:
    shown = admin.get(f"/posts/{planned['id']}").json

    assert shown == planned
    assert {name: shown[name] for name in ("state", "text", "publish_at", "wall_time", "time_zone", "link", "tags", "media")} == {
        "state": "draft", "text": "Hello.", "publish_at": TOMORROW, "wall_time": "2026-03-03T13:00", "time_zone": "Europe/Paris",
        "link": "", "tags": [], "media": [],
    }  # fmt: skip
    assert (shown["author_id"], shown["external_id"], shown["published_at"]) == (admin.user.id, None, None)


def test_an_offset_is_understood_and_answered_in_utc(admin: Caller, planned: dict[str, Any]) -> None:
    moved = step(admin, planned, "move", {"publish_at": "2026-03-04T09:30:00+01:00"})

    assert moved["publish_at"] == "2026-03-04T08:30:00Z"


def test_the_whole_way_from_draft_to_approved_and_back(admin: Caller, planned: dict[str, Any]) -> None:
    in_review = step(admin, planned, "submit")
    sent_back = step(admin, in_review, "request-changes", {"note": "Shorter, please."})
    again = step(admin, sent_back, "submit", {})
    approved = step(admin, again, "approve", {"digest": again["digest"], "note": "Good."})
    withdrawn = step(admin, approved, "withdraw")
    cancelled = step(admin, withdrawn, "cancel", {"reason": "The event is off."})
    restored = step(admin, cancelled, "restore")

    states = [one["state"] for one in (in_review, sent_back, again, approved, withdrawn, cancelled, restored)]
    assert states == ["in_review", "changes_requested", "in_review", "approved", "draft", "cancelled", "draft"]
    assert [one["cancelled_reason"] for one in (withdrawn, cancelled, restored)] == [None, "The event is off.", None]
    assert approved["approved_digest"] == approved["digest"]
    assert [(one["verb"], one["note"]) for one in restored["approvals"]] == [
        ("changes_requested", "Shorter, please."), ("approved", "Good."), ("withdrawn", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "x" * 501}, {"reason": "a\0b"}])
def test_cancelling_without_a_reason_is_refused_beside_it(admin: Caller, planned: dict[str, Any], body: dict[str, str]) -> None:
    answer = admin.post(f"/posts/{planned['id']}/cancel", body, match=f'"{planned["version"]}"')

    assert (answer.status_code, [one["field"] for one in answer.json["errors"]]) == (422, ["reason"])
    assert admin.get(f"/posts/{planned['id']}").json == planned


def test_changing_an_approved_post_sends_it_back_to_review(admin: Caller, planned: dict[str, Any]) -> None:
    approved = step(admin, step(admin, planned, "submit"), "approve")
    answer = admin.patch(f"/posts/{planned['id']}", {"text": "Other words."}, match=f'"{approved["version"]}"')

    assert (answer.status_code, answer.json["state"], answer.json["approved_digest"]) == (200, "in_review", None)
    assert answer.json["publish_at"] == planned["publish_at"], "what was left out stays"


def test_approving_what_was_changed_meanwhile_is_a_conflict(admin: Caller, planned: dict[str, Any]) -> None:
    in_review = step(admin, planned, "submit")
    answer = admin.post(f"/posts/{planned['id']}/approve", {"digest": "0" * 64}, match=f'"{in_review["version"]}"')

    assert (answer.status_code, answer.json["code"]) == (409, "conflict")


def test_a_write_needs_the_version_and_refuses_an_old_one(admin: Caller, planned: dict[str, Any]) -> None:
    path = f"/posts/{planned['id']}"
    stale = f'"{planned["version"]}"'
    assert admin.patch(path, {"text": "First."}, match=stale).status_code == 200

    without, late, weak, anything = (
        admin.patch(path, {"text": "Second."}),
        admin.patch(path, {"text": "Third."}, match=stale),
        admin.patch(path, {"text": "Fourth."}, match='W/"2"'),
        admin.patch(path, {"text": "Fifth."}, match="*"),
    )

    assert [one.status_code for one in (without, late, weak, anything)] == [428, 412, 412, 200]
    assert admin.get(path).json["text"] == "Fifth."


def test_every_write_to_an_existing_thing_is_428_without_its_version(admin: Caller) -> None:
    document = admin.get("/openapi.json").json
    writes = [
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
        if method in ("post", "patch", "put", "delete") and "{" in path
    ]

    answers = {(method, path): admin.send(method, _filled(path), {}).status_code for method, path in writes}

    assert len(answers) > 12
    assert set(answers.values()) == {428}, answers


def test_an_unchanged_post_is_not_sent_again(admin: Caller, planned: dict[str, Any]) -> None:
    path = f"/posts/{planned['id']}"

    same = admin.get(path, If_None_Match=f'"{planned["version"]}"')

    assert (same.status_code, same.get_data()) == (304, b"")


def test_a_moment_before_the_embargo_says_why_and_stores_nothing(admin: Caller, rows: Session) -> None:
    asset, channel = make_asset(rows, title="Merger", embargo_until=NOON + timedelta(days=3)), make_channel(rows)
    rows.commit()

    answer = admin.post("/posts", {"asset_id": asset.id, "channel_id": channel.id, "text": "X", "publish_at": TOMORROW})

    sentence = "“Merger” is under embargo until 2026-03-05 12:00 UTC."
    assert (answer.status_code, answer.json["code"], answer.json["detail"]) == (422, "embargo_active", sentence)
    assert answer.json["errors"] == [{"field": "publish_at", "detail": sentence, "code": "embargo_active"}]
    assert rows.scalars(select(Post)).all() == []


def test_a_confidential_asset_and_its_posts_do_not_exist_for_a_viewer(caller: Callable[..., Caller], rows: Session) -> None:
    asset = make_asset(rows, confidentiality=Confidentiality.CONFIDENTIAL)
    post, channel = make_post(rows, asset=asset), make_channel(rows)
    rows.commit()
    viewer, author, planner = caller("viewer"), caller("author"), caller("planner")

    paths = (f"/assets/{asset.id}", f"/posts/{post.id}", f"/posts/{post.id}/snapshots", f"/posts/{post.id}/findings")
    assert [viewer.get(path).status_code for path in paths] == [404] * 4
    assert [planner.get(path).status_code for path in paths] == [200] * 4
    assert (viewer.get("/posts").json["items"], len(planner.get("/posts").json["items"])) == ([], 1)
    assert author.post(f"/posts/{post.id}/submit", {}, match="*").status_code == 404
    assert author.post("/posts", {"asset_id": asset.id, "channel_id": channel.id, "text": "X"}).status_code == 404


def test_roles_hold_here_too(caller: Callable[..., Caller], rows: Session, planned: dict[str, Any]) -> None:
    viewer, author, approver = caller("viewer"), caller("author"), caller("approver")
    path = f"/posts/{planned['id']}"

    assert viewer.post("/posts", {"asset_id": 1, "channel_id": 1}).status_code == 403
    assert author.patch(path, {"text": "Not mine."}, match="*").status_code == 403
    assert author.post(path + "/approve", match="*").status_code == 403
    assert approver.patch(path, {"text": "Not mine."}, match="*").status_code == 403
    assert approver.post(path + "/submit", match="*").status_code == 403


def test_nobody_approves_their_own_press_release(admin: Caller, rows: Session) -> None:
    asset, channel = make_asset(rows, kind=AssetKind.PRESS_RELEASE), make_channel(rows)
    rows.commit()
    body = {"asset_id": asset.id, "channel_id": channel.id, "text": "X", "publish_at": TOMORROW}
    post = step(admin, admin.post("/posts", body).json, "submit")

    answer = admin.post(f"/posts/{post['id']}/approve", match="*")

    assert (answer.status_code, answer.json["code"]) == (403, "self_approval")


def test_a_step_in_the_wrong_state_is_409_with_the_reason(admin: Caller, planned: dict[str, Any]) -> None:
    answer = admin.post(f"/posts/{planned['id']}/approve", match="*")

    assert (answer.status_code, answer.json["code"]) == (409, "wrong_state")
    assert answer.json["detail"] == "This post is a draft: submit it for approval first."


def test_findings_come_with_their_sentences(admin: Caller, rows: Session) -> None:
    post = make_post(rows, text="", publish_at=None)
    rows.commit()

    items = admin.get(f"/posts/{post.id}/findings").json["items"]

    assert {"level": "blocking", "code": "no_moment", "detail": "Choose when it goes out.", "field": "publish_at"} in items


def test_the_list_is_paged_newest_first_and_filtered(admin: Caller, rows: Session) -> None:
    channel = make_channel(rows)
    posts = [make_post(rows, channel=channel, publish_at=NOON + timedelta(days=day)) for day in range(5)]
    posts[0].state = PostState.CANCELLED
    rows.commit()
    ids = [post.id for post in reversed(posts)]

    first = admin.get("/posts?limit=2").json
    second = admin.get(f"/posts?limit=2&cursor={first['next_cursor']}").json
    third = admin.get(f"/posts?limit=2&cursor={second['next_cursor']}").json

    assert [[item["id"] for item in page["items"]] for page in (first, second, third)] == [ids[:2], ids[2:4], ids[4:]]
    assert third["next_cursor"] is None
    assert _ids(admin, "?state=cancelled&state=published") == [posts[0].id]
    assert _ids(admin, "?from=2026-03-04T12:00:00Z&to=2026-03-05T12:00:00Z") == [posts[2].id]
    assert _ids(admin, f"?asset_id={posts[3].asset_id}") == [posts[3].id]
    assert _ids(admin, f"?channel_id={channel.id + 1}") == []


def test_the_list_takes_a_fixed_number_of_statements(admin: Caller, rows: Session) -> None:
    def statements() -> int:
        seen: list[str] = []
        engine = admin.client.application.extensions["planner"].engine
        listener = lambda *args: seen.append(args[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", listener)
        assert admin.get("/posts").status_code == 200
        event.remove(engine, "before_cursor_execute", listener)
        return len([one for one in seen if one.startswith("SELECT")])

    make_post(rows, asset=make_asset(rows, owner_id=make_user(rows).id))
    rows.commit()
    one = statements()
    for _ in range(3):
        make_post(rows)
    rows.commit()

    assert statements() == one


def _ids(caller: Caller, query: str) -> list[int]:
    answer = caller.get("/posts" + query)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json["items"]]


def _filled(path: str) -> str:
    return "/".join("1" if part.startswith("{") else part for part in path.removeprefix("/api/v1").split("/"))
