"""What is malformed is refused beside its member, with a sentence, and nothing is stored."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset
from tests.api.conftest import Caller

TOMORROW = "2026-03-03T12:00:00Z"


@pytest.mark.parametrize(
    "member",
    [
        {"state": "published"}, {"approved_digest": "0" * 64}, {"author_id": 1}, {"external_id": "1"}, {"published_at": TOMORROW},
        {"version": 9}, {"origin": "native"}, {"submitted_by_id": 1}, {"id": 5}, {"nonsense": None},
    ],
    ids=lambda member: next(iter(member)),
)  # fmt: skip
def test_what_is_not_the_callers_to_set_is_refused_by_name(admin: Caller, planned: dict[str, Any], member: dict[str, Any]) -> None:
    changed = admin.patch(f"/posts/{planned['id']}", {"text": "X", **member}, match="*")
    created = admin.post("/posts", {"asset_id": planned["asset_id"], "channel_id": planned["channel_id"], **member})

    wanted = [{"field": next(iter(member)), "detail": "There is no such member.", "code": "invalid"}]
    assert [(one.status_code, one.json["errors"]) for one in (changed, created)] == [(422, wanted)] * 2
    assert admin.get(f"/posts/{planned['id']}").json == planned


@pytest.mark.parametrize(
    ("member", "field"),
    [
        ({"text": "a\x00b"}, "text"),
        ({"text": "\ud800"}, "text"),
        ({"text": 5}, "text"),
        ({"text": None}, "text"),
        ({"text": "x" * 60_001}, "text"),
        ({"title": "two\nlines"}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"publish_at": "2026-03-03T12:00:00"}, "publish_at"),
        ({"publish_at": "2026-03-03"}, "publish_at"),
        ({"publish_at": "9999-12-31T23:59:59-14:00"}, "publish_at"),
        ({"publish_at": "0001-01-01T00:00:00+14:00"}, "publish_at"),
        ({"publish_at": "2026-02-30T12:00:00Z"}, "publish_at"),
        ({"publish_at": 1e308}, "publish_at"),
        ({"publish_at": "2099-01-01T00:00:00Z"}, "publish_at"),
        ({"publish_at": "2020-01-01T00:00:00Z"}, "publish_at"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"campaign_id": True}, "campaign_id"),
        ({"campaign_id": "1"}, "campaign_id"),
        ({"campaign_id": 1.5}, "campaign_id"),
        ({"campaign_id": 2**63}, "campaign_id"),
        ({"tags": "one"}, "tags"),
        ({"tags": ["x"] * 61}, "tags"),
        ({"tags": [""]}, "tags.0"),
        ({"tags": [None]}, "tags.0"),
        ({"media": [{"file_id": 1, "path": "/etc/passwd"}]}, "media.0.path"),
        ({"media": [{}]}, "media.0.file_id"),
        ({"media": [5]}, "media.0"),
        ({"media": [{"file_id": 999}]}, "media"),
    ],
)
def test_malformed_values_are_refused_beside_their_member(
    admin: Caller, planned: dict[str, Any], member: dict[str, Any], field: str
) -> None:
    answer = admin.patch(f"/posts/{planned['id']}", member, match="*")

    assert answer.status_code == 422
    assert [one["field"] for one in answer.json["errors"]] == [field]
    assert answer.json["errors"][0]["detail"].endswith((".", "?"))
    assert admin.get(f"/posts/{planned['id']}").json == planned


def test_a_number_beyond_all_numbers_is_refused(admin: Caller) -> None:
    answer = admin.client.post(
        "/api/v1/assets", data='{"kind": "video", "title": "X", "cost": 1e309}', content_type="application/json",
        headers={"Authorization": f"Bearer {admin.token}"},
    )  # fmt: skip

    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "cost")


@pytest.mark.parametrize(
    ("member", "field"),
    [
        ({"kind": "novel"}, "kind"),
        ({"title": ""}, "title"),
        ({"title": "  "}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"cost": -1}, "cost"),
        ({"cost": "1e400"}, "cost"),
        ({"cost": "0.001"}, "cost"),
        ({"cost": True}, "cost"),
        ({"cost": [1]}, "cost"),
        ({"currency": "EURO"}, "currency"),
        ({"language": "xx"}, "language"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"audiences": ["everybody"]}, "audiences.0"),
        ({"audiences": [{}]}, "audiences.0"),
        ({"sensitive": "true"}, "sensitive"),
        ({"sensitive": 1}, "sensitive"),
        ({"owner_id": 999_999}, "owner_id"),
        ({"embargo_until": "2026-03-10"}, "embargo_until"),
        ({"state": "live"}, "state"),
        ({"retired_at": None}, "retired_at"),
        ({"source_key": "youtube:x"}, "source_key"),
    ],
)
def test_a_malformed_asset_is_refused_beside_its_member(admin: Caller, rows: Session, member: dict[str, Any], field: str) -> None:
    answer = admin.post("/assets", {"kind": "video", "title": "Tour", **member})

    assert answer.status_code == 422, answer.text
    assert [one["field"] for one in answer.json["errors"]] == [field]
    assert rows.scalars(select(Asset)).all() == []


@pytest.mark.parametrize("cursor", ["WyJ4Iiwx XQ", "WyJ4IiwxXQ", "WzEsMl0", "W10", "e30", "WyIyMDI2LTAzLTAyVDEyOjAwOjAwKzAwOjAwIiwxZTMwXQ", "WyIyMDI2LTAzLTAyVDEyOjAwOjAwKzAwOjAwIiwxODQ0Njc0NDA3MzcwOTU1MTYxNV0", "%F0%9F%92%A9"])
def test_a_damaged_cursor_is_refused(admin: Caller, cursor: str) -> None:
    for path in ("/assets", "/posts"):
        answer = admin.get(f"{path}?cursor={cursor}")
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "cursor"), path


@pytest.mark.parametrize(
    ("member", "field"),
    [
        ({"platform": "myspace"}, "platform"),
        ({"access_token": None}, "access_token"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"platform": "webhook", "access_token": "https://hooks.example.com/1"}, "flavour"),
        ({"grace_minutes": -1}, "grace_minutes"),
        ({"state": "connected"}, "state"),
    ],
)
def test_a_malformed_channel_is_refused_beside_its_member(admin: Caller, member: dict[str, Any], field: str) -> None:
    answer = admin.post("/channels", {"platform": "x", "name": "Our X", "access_token": "token", **member})

    assert (answer.status_code, [one["field"] for one in answer.json["errors"]]) == (422, [field])


@pytest.mark.parametrize("name", ["nonsense\ud800", "\udfff", "__class__", "a.b"])
def test_a_member_nobody_knows_is_refused_whatever_it_is_called(admin: Caller, planned: dict[str, Any], name: str) -> None:
    answer = admin.patch(f"/posts/{planned['id']}", {name: 1}, match="*")

    assert (answer.status_code, answer.json["errors"][0]["detail"]) == (422, "There is no such member.")
