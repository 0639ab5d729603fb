"""A company calls its accounts alike on every platform: lists of channels tell them apart."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from planner.channels.port import Platform
from planner.planning.models import PostState
from tests.conftest import Browser
from tests.factories import make_asset, make_channel, make_post


@pytest.mark.parametrize(
    "address",
    ["/approvals/links", "/posts/new", "/calendar", "/settings/pause", "/settings/blackouts/new", "/settings/rules", "/calendar/evergreen", "/calendar/shares", "/performance", "/performance/times"],
)  # fmt: skip
def test_channels_of_one_name_say_their_platform_where_one_is_chosen(sign_in: Callable[..., Browser], app_db: Session, address: str) -> None:
    for platform in (Platform.LINKEDIN, Platform.X):
        make_post(app_db, channel=make_channel(app_db, platform=platform, name="Acme Group"), state=PostState.IN_REVIEW)
    make_channel(app_db, platform=Platform.YOUTUBE, name="Acme TV")
    make_asset(app_db)
    app_db.commit()

    page = sign_in(roles=("admin",)).get(address).text

    offered = re.findall(r">\s*(?:Channel: |[^<]* · )?(Acme [^<]*?)\s*<", page)
    assert {"Acme Group (LinkedIn)", "Acme Group (X)"} <= set(offered)
    assert "Acme TV (YouTube)" not in page
