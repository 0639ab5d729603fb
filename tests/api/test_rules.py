"""Rules, overrides and shared links for programs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.orm import Session

from planner.accounts.models import RoleName
from planner.planning.models import PostState
from tests.api.conftest import Caller
from tests.factories import make_channel, make_post, make_user

CallerFor = Callable[..., Caller]


def gap(caller: Caller, channel_id: int | None = None) -> dict[str, object]:
    items = caller.get("/rules" + (f"?channel_id={channel_id}" if channel_id else "")).json["items"]
    (found,) = [one for one in items if one["code"] == "gap"]
    return {name: found[name] for name in ("enabled", "must_not", "parameters", "own")}


def test_a_rule_is_tuned_for_one_channel_and_given_back(admin: Caller, caller: CallerFor, rows: Session) -> None:
    channel = make_channel(rows)
    rows.commit()

    assert admin.post("/rules", {"rule": "gap", "channel_id": channel.id, "must_not": True, "parameters": {"minutes": 30}}).status_code == 200
    assert gap(admin, channel.id) == {"enabled": True, "must_not": True, "parameters": {"minutes": 30}, "own": True}
    assert gap(admin) == {"enabled": True, "must_not": False, "parameters": {"minutes": 15}, "own": False}

    refused = [
        admin.post("/rules", {"rule": "gap", "parameters": {"minutes": 0}}), admin.post("/rules", {"rule": "embargo"}), admin.post("/rules", {"rule": "none"}),
        admin.post("/rules", {"rule": "gap", "channel_id": 99}), caller(RoleName.PLANNER).post("/rules", {"rule": "gap"}),
    ]  # fmt: skip
    assert [one.status_code for one in refused] == [422, 409, 404, 404, 403]

    assert admin.post("/rules/reset", {"rule": "gap", "channel_id": channel.id}).json["own"] is False
    assert gap(admin, channel.id)["parameters"] == {"minutes": 15}


def test_an_override_lets_one_content_pass_and_is_on_record(admin: Caller, rows: Session) -> None:
    author = make_user(rows, roles=("planner",))
    post = make_post(rows, state=PostState.IN_REVIEW, author=author)
    assert post.publish_at is not None
    make_post(rows, channel=post.channel, publish_at=post.publish_at + timedelta(minutes=5), text="Another.")
    rows.commit()
    assert admin.post(f"/posts/{post.id}/overrides", {"rule": "gap", "reason": "Live."}, match="*").status_code == 409
    admin.post("/rules", {"rule": "gap", "must_not": True})

    made = admin.post(f"/posts/{post.id}/overrides", {"rule": "gap", "reason": "Live."}, match="*")

    assert (made.status_code, made.json["rule"], made.json["reason"]) == (201, "gap", "Live.")
    assert [one["reason"] for one in admin.get(f"/posts/{post.id}/overrides").json["items"]] == ["Live."]
    assert [one["level"] for one in admin.get(f"/posts/{post.id}/findings").json["items"] if one["code"] == "clash"] == ["warning"]


def test_a_shared_link_is_told_once_and_revoked(admin: Caller, rows: Session) -> None:
    made = admin.post("/shares", {"name": "Agency", "days": 7})

    assert made.status_code == 201 and "/s/" in made.json["address"]
    (line,) = admin.get("/shares").json["items"]
    assert (line["name"], line["works"]) == ("Agency", True) and "address" not in line
    assert admin.post("/shares/revoke", {"id": made.json["id"]}).json["items"][0]["works"] is False
    assert admin.post("/shares/revoke", {"id": 99}).status_code == 404
