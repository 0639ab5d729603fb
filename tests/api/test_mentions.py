"""An asset's mentions for programs."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from planner.listening import importing
from tests.api.conftest import Caller
from tests.factories import NOON, make_asset


def test_an_assets_mentions_are_told_page_by_page_and_what_was_not_told_is_empty(admin: Caller, rows: Session) -> None:
    asset = make_asset(rows, url="https://example.com/paper")
    number = asset.id
    table = f"date,address,author,links\n{NOON - timedelta(days=2):%Y-%m-%dT%H:%M:%S}Z,https://x.com/jane/status/5,Jane,https://example.com/paper\n{NOON - timedelta(days=1):%Y-%m-%d},https://a.example/1,,https://example.com/paper\n"
    importing.write(rows, importing.validate(table.encode(), now=NOON), actor=None, now=NOON)
    rows.commit()

    first = admin.get(f"/assets/{number}/mentions?limit=1").json
    second = admin.get(f"/assets/{number}/mentions?limit=1&cursor={first['next_cursor']}").json

    assert [one["address"] for one in first["items"]] == ["https://a.example/1"]
    assert second == {
        "items": [
            {"id": second["items"][0]["id"], "at": "2026-02-28T12:00:00Z", "timed": True, "network": "x", "site": "x.com", "outlet": "", "author": "Jane", "address": "https://x.com/jane/status/5", "title": "", "excerpt": ""}
        ],
        "next_cursor": None,
    }  # fmt: skip
    assert admin.get(f"/assets/{number}/mentions?cursor=x").status_code == 422
    assert admin.get(f"/assets/{number + 999}/mentions").status_code == 404
