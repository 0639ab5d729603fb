"""A create under one key happens once, however often and from however many threads it is sent."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.ledger.models import IdempotencyKey
from planner.planning.models import Campaign, Post
from tests.api.conftest import Caller
from tests.conftest import StoppedClock
from tests.factories import NOON, make_asset, make_channel


@pytest.fixture
def app(app_on_each_database: Flask) -> Flask:
    return app_on_each_database


def count(rows: Session, model: Any) -> int:
    rows.rollback()
    return rows.scalar(select(func.count()).select_from(model)) or 0


def test_the_same_request_again_gives_the_first_answer_and_changes_nothing(admin: Caller, rows: Session) -> None:
    first = admin.post("/campaigns", {"name": "Spring"}, Idempotency_Key="k1")
    again = admin.post("/campaigns", {"name": "Spring"}, Idempotency_Key="k1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.get_data() == first.get_data()
    assert again.headers["ETag"] == first.headers["ETag"]
    assert (first.headers.get("Idempotent-Replay"), again.headers.get("Idempotent-Replay")) == (None, "true")
    assert count(rows, Campaign) == 1


def test_the_same_key_for_another_body_or_address_is_refused(admin: Caller, rows: Session) -> None:
    admin.post("/campaigns", {"name": "Spring"}, Idempotency_Key="k1")

    other_body = admin.post("/campaigns", {"name": "Autumn"}, Idempotency_Key="k1")
    other_place = admin.post("/assets", {"name": "Spring"}, Idempotency_Key="k1")

    assert [(one.status_code, one.json["code"]) for one in (other_body, other_place)] == [(422, "idempotency_key_reused")] * 2
    assert count(rows, Campaign) == 1


def test_an_answer_that_tells_a_link_once_lies_in_the_database_encrypted(admin: Caller, rows: Session) -> None:
    first = admin.post("/shares", {"name": "Agency"}, Idempotency_Key="k1")
    kept = rows.scalars(select(IdempotencyKey.body)).one() or ""
    rows.rollback()
    again = admin.post("/shares", {"name": "Agency"}, Idempotency_Key="k1")

    assert (first.status_code, again.status_code, again.json) == (201, 201, first.json)
    assert [one.headers["Cache-Control"] for one in (first, again)] == ["no-store"] * 2
    assert first.json["address"].rpartition("/")[2] not in kept


def test_two_people_may_use_the_same_key(admin: Caller, caller: Callable[..., Caller], rows: Session) -> None:
    admin.post("/campaigns", {"name": "Spring"}, Idempotency_Key="k1")

    assert caller("planner").post("/campaigns", {"name": "Autumn"}, Idempotency_Key="k1").status_code == 201
    assert count(rows, Campaign) == 2


def test_a_refused_create_frees_its_key(admin: Caller, rows: Session) -> None:
    assert admin.post("/campaigns", {"name": ""}, Idempotency_Key="k1").status_code == 422

    assert admin.post("/campaigns", {"name": "Spring"}, Idempotency_Key="k1").status_code == 201
    assert count(rows, IdempotencyKey) == 1


def test_a_key_is_forgotten_after_a_day(admin: Caller, rows: Session, clock: StoppedClock) -> None:
    admin.post("/campaigns", {"name": "Spring"}, Idempotency_Key="k1")
    clock.advance(timedelta(hours=24, seconds=1))

    assert admin.post("/campaigns", {"name": "Autumn"}, Idempotency_Key="k1").status_code == 201
    assert count(rows, Campaign) == 2


def test_while_the_first_is_under_way_the_second_is_409_and_after_a_minute_takes_over(
    admin: Caller, rows: Session, clock: StoppedClock
) -> None:
    admin.post("/campaigns", {"name": "Spring"}, Idempotency_Key="k1")
    row = rows.scalars(select(IdempotencyKey)).one()
    row.status = row.body = row.headers = None  # As a process that died before its answer leaves it.
    rows.delete(rows.scalars(select(Campaign)).one())
    rows.commit()

    early = admin.post("/campaigns", {"name": "Spring"}, Idempotency_Key="k1")
    clock.advance(timedelta(seconds=61))
    late = admin.post("/campaigns", {"name": "Spring"}, Idempotency_Key="k1")

    assert (early.status_code, early.json["code"]) == (409, "in_progress")
    assert late.status_code == 201
    assert count(rows, Campaign) == 1


@pytest.mark.parametrize("key", ["", "with space", "é", "x" * 201])
def test_what_is_no_key_is_refused(admin: Caller, key: str) -> None:
    assert admin.post("/campaigns", {"name": "Spring"}, Idempotency_Key=key).status_code == 422


def test_ten_at_once_make_one_post(app: Flask, admin: Caller, rows: Session) -> None:
    asset, channel = make_asset(rows), make_channel(rows)
    body = {
        "asset_id": asset.id,
        "channel_id": channel.id,
        "text": "Once.",
        "publish_at": (NOON + timedelta(days=1)).isoformat(),
    }
    rows.commit()

    def send(_number: int) -> tuple[int, str]:
        answer = Caller(app.test_client(), admin.user, admin.token).post("/posts", body, Idempotency_Key="once")
        return answer.status_code, answer.get_data(as_text=True) if answer.status_code == 201 else answer.json["code"]

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(send, range(10)))

    assert {status for status, _ in answers} <= {201, 409}
    assert len({text for status, text in answers if status == 201}) == 1
    assert {text for status, text in answers if status == 409} <= {"in_progress"}
    assert count(rows, Post) == 1
