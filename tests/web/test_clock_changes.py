"""A wall time that does not exist or comes twice is asked about at every door that takes one."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset
from planner.planning.models import Campaign, Post
from tests.conftest import Browser
from tests.factories import make_asset, make_campaign, make_channel, make_post

GAP, TWICE = "2026-03-29T02:30", "2026-10-25T02:30"
SECOND = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.fixture
def post(app_db: Session) -> Post:
    made = make_post(app_db, channel=make_channel(app_db, name="Our X", time_zone="Europe/Paris"), asset=make_asset(app_db, title="Energy"), campaign=make_campaign(app_db, name="Launch"))
    app_db.commit()
    return made


def new_campaign(client: Browser, post: Post, at: str, **more: Any) -> Any:
    return client.submit("/campaigns/new", name="Two", embargo_until=at, **more)


def new_asset(client: Browser, post: Post, at: str, **more: Any) -> Any:
    return client.submit("/assets/new", kind="video", title="Two", language="en", purpose="web", confidentiality="public", currency="EUR", state="idea", owner_id="", embargo_until=at, **more)


def move(client: Browser, post: Post, at: str, **more: Any) -> Any:
    return client.submit(f"/posts/{post.id}/move", wall_time=at, time_zone="Europe/Paris", version=post.version, **more)


def compose(client: Browser, post: Post, at: str, **more: Any) -> Any:
    return client.submit("/posts/new", asset_id=post.asset_id, channels=post.channel_id, text="Two", wall_time=at, time_zone="Europe/Paris", **more)


def drop(client: Browser, post: Post, at: str) -> Any:
    return client.post(f"/posts/{post.id}/move", json={"start": at}, headers={"X-CSRFToken": client.token()})


def bring(client: Browser, post: Post, at: str) -> Any:
    day, _t, clock = at.partition("T")
    text = f"date,time,channel,asset,text\n{day},{clock},Our X,Energy,Two\n"
    return client.post("/calendar/import", data={"csrf_token": client.token(), "file": (io.BytesIO(text.encode()), "a.csv")}, content_type="multipart/form-data")


def bring_assets(client: Browser, post: Post, at: str) -> Any:
    data = {"csrf_token": client.token(), "kind": "assets", "language": "en", "file": (io.BytesIO(f"kind,title,embargo_until\nvideo,Two,{at}\n".encode()), "a.csv")}
    return client.post("/imports", data=data, content_type="multipart/form-data")


@pytest.mark.parametrize("door", [new_campaign, new_asset, move, compose, drop, bring, bring_assets])
@pytest.mark.parametrize(("at", "said"), [(GAP, ("does not exist", "not at all")), (TWICE, ("comes twice",))])
def test_every_door_asks(client: Browser, post: Post, door: Any, at: str, said: tuple[str, ...]) -> None:
    answer = door(client, post, at)

    assert answer.status_code == 422
    assert [words for words in said if words in answer.text]


@pytest.mark.parametrize(
    ("door", "answered"),
    [(new_campaign, {"embargo_until-fold": "1"}), (new_asset, {"embargo_until-fold": "1"}), (move, {"fold": "1"}), (compose, {"fold": "1"})],
)
def test_a_page_takes_the_answer(client: Browser, app_db: Session, post: Post, door: Any, answered: dict[str, str]) -> None:
    (name,) = answered
    asked = door(client, post, TWICE)

    assert f'name="{name}"' in asked.text
    assert door(client, post, TWICE, **answered).status_code == 302
    kept = {
        *app_db.scalars(select(Campaign.embargo_until)), *app_db.scalars(select(Asset.embargo_until)), *app_db.scalars(select(Post.publish_at)),
    }  # fmt: skip
    assert SECOND in kept


def test_a_stored_second_time_stays_the_second_when_the_form_is_saved_again(client: Browser, app_db: Session) -> None:
    campaign = make_campaign(app_db, name="Launch", embargo_until=SECOND)
    app_db.commit()

    page = client.get(f"/campaigns/{campaign.id}/edit").text

    assert 'name="embargo_until-fold" value="1" checked' in page
