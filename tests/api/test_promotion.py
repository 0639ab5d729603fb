"""The promotion desk for programs: the board, the evidence, a decision that guards against two at once, and the judgement."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import RoleName
from planner.catalog.models import Confidentiality
from planner.planning.models import Post
from planner.promotion import judging, service, standings
from planner.promotion.models import Decision, ReEdit
from planner.promotion.service import SettingValues
from tests.api.conftest import Caller
from tests.factories import NOON, make_asset
from tests.promotion.making import DAY, make_past, make_video, read

CallerFor = Callable[..., Caller]


@pytest.fixture
def video(rows: Session) -> Post:
    channel = make_past(rows, count=10, watched=0.5)
    service.save_settings(rows, None, SettingValues(cost=Decimal(100), value_per_view=Decimal(2)), actor=None, now=NOON)
    make_video(rows, channel, published_at=NOON - 8 * DAY, title="Falcon", confidentiality=Confidentiality.CONFIDENTIAL)
    post = make_video(rows, channel, published_at=NOON - 7 * DAY, first_day=180, watched=0.6, title="Slicing, explained")
    standings.refresh(rows, channel.id, now=NOON)
    rows.commit()
    return post


def test_the_board_and_the_evidence_say_what_the_pages_say(admin: Caller, caller: CallerFor, video: Post) -> None:
    board = admin.get("/promotion").json
    seen = caller(RoleName.VIEWER).get("/promotion?view=all&sort=views&limit=200").json
    page = admin.get(f"/promotion/{video.asset_id}")
    told = page.json

    assert [one["title"] for one in board["items"]] == ["Slicing, explained", "Falcon"]
    assert (board["total"], board["waiting"]) == (2, 2)
    row = next(one for one in board["items"] if one["asset_id"] == video.asset_id)
    assert (row["place"], row["comparable"], row["decided"], row["interest"]) == (1, 12, None, 1.0)
    assert "Falcon" not in {one["title"] for one in seen["items"]}
    assert len(seen["items"]) == 11
    assert (page.headers["ETag"], told["decision"]) == ('"undecided"', None)
    assert [one["days"] for one in told["alone"]] == [30, 90]
    assert told["alone"][0]["low"] <= told["alone"][0]["median"] <= told["alone"][0]["high"] < told["promoted"][0]["high"]
    assert (told["uplift"]["measured"], round(told["uplift"]["factor"], 2)) == (False, 1.5)
    assert told["reasons"][0]["detail"].endswith("only.") or told["reasons"][0]["code"] == "pays"
    dear = admin.get(f"/promotion/{video.asset_id}?cost=100000").json
    assert (dear["pays"], dear["verdict"]) == (0, "amplify_free")


def test_a_decision_freezes_and_of_two_at_once_the_second_is_told_to_read_again(admin: Caller, video: Post, rows: Session) -> None:
    page = f"/promotion/{video.asset_id}"
    at = f"{page}/decisions"
    rows.rollback()
    body = {"choice": "re_edit", "reason": "Nobody clicks.", "due_on": "2026-03-20"}

    without = admin.post(at, body)
    made = admin.post(at, body, match='"undecided"', Idempotency_Key="once")
    again = admin.post(at, body, match='"undecided"', Idempotency_Key="once")
    late = admin.post(at, body | {"choice": "leave"}, match='"undecided"')
    wrong = admin.post(at, body | {"reason": " ", "budget": -1}, match="*")

    assert [one.status_code for one in (without, made, again, late, wrong)] == [428, 201, 201, 412, 422]
    assert made.json["forecast_30"][0] <= made.json["forecast_30"][1] <= made.json["forecast_30"][2]
    assert (made.json["stands"], made.json["verdict"] is not None, again.json) == (True, True, made.json)
    assert {one["field"] for one in wrong.json["errors"]} == {"reason", "budget"}
    assert [one.due_on.isoformat() for one in rows.scalars(select(ReEdit))] == ["2026-03-20"]
    rows.rollback()
    tag = admin.get(page).headers["ETag"]
    assert tag == made.headers["ETag"]
    undone = admin.post(f"{page}/undo", match=tag)
    assert (undone.status_code, undone.json["stands"], undone.headers["ETag"]) == (200, False, '"undecided"')


def test_viewers_decide_nothing_and_what_is_hidden_or_no_video_is_not_there(caller: CallerFor, video: Post, rows: Session) -> None:
    viewer = caller(RoleName.VIEWER)
    paper = make_asset(rows)
    secret = next(post for post in rows.scalars(select(Post)) if post.asset.title == "Falcon")
    rows.commit()

    hidden, page, other = f"/promotion/{secret.asset_id}", f"/promotion/{video.asset_id}", f"/promotion/{paper.id}"
    rows.rollback()

    answers = [
        viewer.post(f"{page}/decisions", {"choice": "leave", "reason": "No."}, match="*"),
        viewer.get(hidden), viewer.get(other), viewer.get("/promotion?view=nonsense"),
    ]  # fmt: skip

    assert [one.status_code for one in answers] == [403, 404, 404, 422]
    assert rows.scalars(select(Decision)).all() == []


def test_the_judgement_is_told_once_its_day_has_come(admin: Caller, video: Post, rows: Session) -> None:
    at = f"/promotion/{video.asset_id}/decisions"
    rows.rollback()
    assert admin.post(at, {"choice": "promote", "reason": "It pays.", "budget": "100"}, match="*").status_code == 201
    rows.expire_all()
    read(rows, video, first_day=4000, ages=(30, 36.9, 40), until=NOON + 33 * DAY)
    assert judging.judge(rows, now=NOON + 34 * DAY) == 1
    rows.commit()

    told = admin.get("/promotion/judgement").json

    assert (told["judged"], told["above"], told["coverage"], told["wrong_lately"]) == (1, 1, 0.0, None)
    assert (told["decisions"][0]["paid_off"], told["decisions"][0]["budget"]) == (True, "100.00")
    assert [(one["count"], one["paid"]) for one in told["calibration"]] == [(1, 1.0)]
