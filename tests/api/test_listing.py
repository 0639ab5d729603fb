"""The channels of a sensitive announcement through the API: read, listed anew by who may, and only where something sensitive is announced."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from planner.channels.port import Platform
from planner.planning import proposals
from planner.planning.proposals import Draft
from tests.api.conftest import Caller
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_user


@pytest.fixture
def app(app_on_each_database: Flask) -> Flask:
    return app_on_each_database


@pytest.fixture
def announced(rows: Session) -> tuple[str, int, int]:
    """Where a campaign's channels lie, the one that is listed and one that is not."""
    asset, campaign = make_asset(rows, sensitive=True, title="The plan"), make_campaign(rows, name="Plan", embargo_until=NOON)
    page, other = (make_channel(rows, name=name, platform=Platform.LINKEDIN) for name in ("Page", "Other page"))
    planner = make_user(rows, roles=("planner",))
    proposals.take(rows, campaign, "sensitive", [Draft(asset.id, page.id, datetime(2026, 3, 26, 9))], version=None, actor=planner, now=NOON)
    rows.commit()
    return f"/campaigns/{campaign.id}/channels", page.id, other.id


def test_the_list_is_read_and_changed_on_the_version_that_was_read(admin: Caller, announced: tuple[str, int, int]) -> None:
    path, page, other = announced
    read = admin.get(path)
    assert (read.status_code, read.json["channels"]) == (200, [{"id": page, "name": "Page"}])

    told = admin.patch(path, {"channel_ids": [page, other]}, match=read.headers["ETag"])
    assert (told.status_code, told.json["channels"]) == (200, [{"id": other, "name": "Other page"}, {"id": page, "name": "Page"}])
    assert told.headers["ETag"] == admin.get(path).headers["ETag"] != read.headers["ETag"]
    assert admin.patch(path, {"channel_ids": [page]}, match=read.headers["ETag"]).status_code == 412
    assert admin.patch(path, {"channel_ids": [page]}).status_code == 428


@pytest.mark.parametrize("body", [{"channel_ids": []}, {"channel_ids": [999]}, {"channel_ids": ["x"]}, {}, {"channel_ids": [2**70]}])
def test_a_list_that_cannot_be_is_refused_and_nothing_changes(admin: Caller, announced: tuple[str, int, int], body: dict[str, object]) -> None:
    path, page, _other = announced
    assert admin.patch(path, body, match="*").status_code == 422
    assert [one["id"] for one in admin.get(path).json["channels"]] == [page]


def test_an_ordinary_campaign_lists_no_channels(admin: Caller, rows: Session) -> None:
    campaign, channel = make_campaign(rows), make_channel(rows)
    path, body = f"/campaigns/{campaign.id}/channels", {"channel_ids": [channel.id]}
    rows.commit()
    assert admin.get(path).json["channels"] == []
    refused = admin.patch(path, body, match="*")
    assert (refused.status_code, refused.json["detail"]) == (422, "This campaign announces nothing sensitive, so no channel is listed for it.")
