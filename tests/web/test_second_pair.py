"""Where nobody approves alone, no door lets an author's own asking count as the approval, also where no step of approval is set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.accounts.service import issue_token
from planner.planning import routes
from planner.planning.models import Post, PostState
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_channel, make_post, make_user


def by_its_page(browser: Browser, _app: Flask, _token: str, post: Post) -> None:
    browser.submit(f"/posts/{post.id}/submit")


def with_others(browser: Browser, _app: Flask, _token: str, post: Post) -> None:
    browser.submit("/calendar/together/submit", post=post.id)


def from_the_composer(browser: Browser, _app: Flask, _token: str, post: Post) -> None:
    told: dict[str, Any] = {"asset_id": post.asset_id, "channels": post.channel_id, "text": "Written just now.", "wall_time": "2026-03-05T10:00", "time_zone": "Europe/Paris"}
    browser.submit("/posts/new", then="submit", **told)


def by_a_program(_browser: Browser, app: Flask, token: str, post: Post) -> None:
    app.test_client().post(f"/api/v1/posts/{post.id}/submit", json={}, headers={"Authorization": f"Bearer {token}", "If-Match": "*"})


def by_command(_browser: Browser, app: Flask, _token: str, post: Post) -> None:
    app.test_cli_runner().invoke(args=["planner", "post", "submit", str(post.id), "--as", "author@example.com"])


@pytest.mark.parametrize(("policy", "becomes"), [("always", PostState.IN_REVIEW), ("releases", PostState.APPROVED)])
@pytest.mark.parametrize("door", [by_its_page, with_others, from_the_composer, by_a_program, by_command])
def test_asking_is_no_approval_where_two_are_wanted(
    app: Flask, app_db: Session, sign_in: Callable[..., Browser], door: Callable[..., None], policy: str, becomes: PostState
) -> None:
    runtime = app.extensions["planner"]
    runtime.settings = replace(runtime.settings, four_eyes=policy)
    author: User = make_user(app_db, roles=("planner",), email="author@example.com")
    routes.set_route(app_db, routes.ANYTHING_ELSE, [], four_eyes=policy, actor=None, now=NOON)
    token = issue_token(app_db, author, "test", actor=None, now=NOON)
    post = make_post(app_db, asset=make_asset(app_db, url=""), channel=make_channel(app_db, time_zone="Europe/Paris"), author=author)
    app_db.commit()

    door(sign_in(author), app, token, post)

    app_db.expire_all()
    assert app_db.scalars(select(Post.state).order_by(Post.id.desc())).first() is becomes
