"""A mention from the register to the pretend platforms' own wire."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import requests

from planner.channels.port import Platform
from planner.channels.pretend import CHANNELS
from planner.channels.sandbox import Running
from planner.core.runtime import Runtime
from planner.jobs import tick
from planner.people import service as register
from planner.people.rules import PersonValues
from planner.planning import mentions
from planner.planning import service as planning
from planner.planning.models import Post, PostState
from planner.planning.values import PostValues
from tests.conftest import StoppedClock
from tests.factories import make_asset, make_channel

KEYS = {platform: key for platform, _name, key in CHANNELS}


def told(platforms: Running, platform: Platform, path: str, **headers: str) -> Any:
    answer = requests.get(platforms.url + path, headers={"Authorization": f"Bearer {KEYS[platform]}", **headers}, timeout=20)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_x_is_told_a_handle_and_linkedin_a_name_with_its_number(runtime: Runtime, clock: StoppedClock, platforms: Running) -> None:
    with runtime.sessions.begin() as db:
        group = register.add(
            db, PersonValues("Example", x_handle="@example_fr", linkedin_urn="urn:li:organization:2414183", linkedin_name="Example (France) Group", may_be_named=True),
            actor=None, now=clock.now(),
        )  # fmt: skip
        asset, numbers = make_asset(db), {}
        for platform in (Platform.X, Platform.LINKEDIN):
            values = PostValues(text=f"With {mentions.token(group)} [at last] #5G", publish_at=clock.now(), marks={})
            post = planning.plan(db, asset, make_channel(db, platform=platform, token=KEYS[platform]), values, actor=None, now=clock.now())
            planning.submit(db, post, actor=None, now=clock.now())
            planning.approve(db, post, actor=None, now=clock.now())
            numbers[platform] = post.id

    tick.run(runtime)

    with runtime.sessions() as db:
        live = {platform: db.get_one(Post, number) for platform, number in numbers.items()}
        assert {one.state for one in live.values()} == {PostState.PUBLISHED}
        ids = {platform: str(one.external_id) for platform, one in live.items()}
    on_x = told(platforms, Platform.X, f"/2/tweets/{ids[Platform.X]}?post.fields=entities")["data"]
    assert on_x["text"] == "With @example_fr [at last] #5G"
    assert [one["username"] for one in on_x["entities"]["mentions"]] == ["example_fr"]
    on_linkedin = told(
        platforms, Platform.LINKEDIN, f"/rest/posts/{quote(ids[Platform.LINKEDIN], safe='')}?viewContext=AUTHOR",
        **{"LinkedIn-Version": runtime.settings.linkedin_version, "X-Restli-Protocol-Version": "2.0.0"},
    )  # fmt: skip
    assert on_linkedin["commentary"] == "With @[Example \\(France\\) Group](urn:li:organization:2414183) \\[at last\\] {hashtag|\\#|5G}"
