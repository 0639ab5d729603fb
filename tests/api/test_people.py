"""The register of people through the API."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from planner.planning import mentions
from tests.api.conftest import Caller
from tests.factories import make_person, make_post


@pytest.fixture
def app(app_on_each_database: Flask) -> Flask:
    return app_on_each_database


def test_an_entry_is_made_once_changed_found_and_taken_out(admin: Caller) -> None:
    given = {"name": "Jane Doe", "tier": "journalist", "x_handle": "@janedoe", "linkedin_urn": "https://www.linkedin.com/company/12"}

    made = admin.post("/people", given, Idempotency_Key="k1")
    again = admin.post("/people", given, Idempotency_Key="k1")
    number = made.json["id"]
    changed = admin.patch(f"/people/{number}", {"may_be_named": True}, match=made.headers["ETag"])
    stale = admin.patch(f"/people/{number}", {"may_be_named": None}, match=made.headers["ETag"])

    assert made.json == again.json == {
        "id": number, "name": "Jane Doe", "organisation": "", "role": "", "tier": "journalist", "x_handle": "janedoe", "linkedin_urn": "urn:li:organization:12",
        "linkedin_name": "", "linkedin_vanity": "", "note": "", "may_be_named": None, "mention": f"@[Jane Doe](person:{number})",
        "created_at": "2026-03-02T12:00:00Z", "updated_at": "2026-03-02T12:00:00Z", "version": 1,
    }  # fmt: skip
    assert (changed.json["may_be_named"], changed.json["x_handle"], stale.status_code) == (True, "janedoe", 412)
    assert [one["id"] for one in admin.get("/people?q=jan").json["items"]] == [number]
    assert admin.get("/people?tier=analyst").json == {"items": [], "next_cursor": None}
    assert admin.post(f"/people/{number}/remove", match=changed.headers["ETag"]).json == {"id": number}
    assert admin.get(f"/people/{number}").status_code == 404


def test_what_is_refused_names_its_member(admin: Caller) -> None:
    for given, place in (({"name": "J", "x_handle": "a b"}, "x_handle"), ({"name": "J", "linkedin_urn": "urn:li:member:1"}, "linkedin_urn"), ({"name": "J[]"}, "name")):
        answer = admin.post("/people", given)
        assert (answer.status_code, answer.json["code"], place in answer.text) == (422, "invalid", True), answer.text


def test_who_is_mentioned_in_what_has_not_gone_out_stays(admin: Caller, rows: Session) -> None:
    jane = make_person(rows)
    make_post(rows, text=mentions.token(jane))
    number = jane.id
    rows.commit()

    answer = admin.post(f"/people/{number}/remove", match="*")

    assert (answer.status_code, answer.json["code"]) == (422, "refused")
    assert admin.get(f"/people/{number}").status_code == 200


def test_who_only_reads_is_refused_every_write(caller: Callable[..., Caller], rows: Session) -> None:
    number = make_person(rows).id
    rows.commit()
    viewer = caller("viewer")

    assert viewer.get("/people").status_code == 200
    assert viewer.post("/people", {"name": "J"}).status_code == 403
    assert viewer.patch(f"/people/{number}", {"name": "J"}, match="*").status_code == 403
    assert viewer.post(f"/people/{number}/remove", match="*").status_code == 403
