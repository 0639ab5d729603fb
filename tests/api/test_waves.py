"""A campaign's wave and the comments of a post through the API: shown, done once, taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.catalog.models import AssetKind
from planner.planning.approval_models import PostComment
from planner.planning.models import Campaign, Post, PostState
from tests.api.conftest import Caller
from tests.factories import make_asset, make_campaign, make_channel, make_post

LIFT = datetime(2026, 3, 26, 8, tzinfo=UTC)
WEEK_LATER = "2026-04-02T07:00:00Z"  # Nine in Paris, as before: the clocks have gone forward.
PARIS = "Europe/Paris"


@pytest.fixture
def app(app_on_each_database: Flask) -> Flask:
    return app_on_each_database


@pytest.fixture
def wave(rows: Session) -> tuple[int, list[int]]:
    campaign, asset = make_campaign(rows, name="Launch", embargo_until=LIFT), make_asset(rows)
    offsets = (timedelta(), timedelta(days=2, hours=1))
    posts = [make_post(rows, asset=asset, channel=make_channel(rows, time_zone=PARIS), campaign=campaign, publish_at=LIFT + one, time_zone=PARIS) for one in offsets]
    made = campaign.id, [one.id for one in posts]
    rows.commit()
    return made


def moments(rows: Session, posts: list[int]) -> list[str]:
    rows.rollback()
    found = [one.isoformat() for one in rows.scalars(select(Post.publish_at).where(Post.id.in_(posts)).order_by(Post.id)) if one]
    rows.rollback()
    return found


def test_a_shift_is_shown_done_once_and_taken_back(admin: Caller, rows: Session, wave: tuple[int, list[int]]) -> None:
    campaign, posts = wave
    before = moments(rows, posts)

    shown = admin.get(f"/campaigns/{campaign}/wave?embargo_until={WEEK_LATER}&time_zone={PARIS}")
    assert shown.status_code == 200, shown.text
    shown = shown.json["items"]
    assert [(one["post_id"], one["wall_time"], one["at"], one["refused"]) for one in shown] == [
        (posts[0], "2026-04-02T09:00", "2026-04-02T07:00:00Z", None), (posts[1], "2026-04-04T10:00", "2026-04-04T08:00:00Z", None),
    ]  # fmt: skip
    assert moments(rows, posts) == before

    body = {"embargo_until": WEEK_LATER, "time_zone": PARIS}
    done = admin.post(f"/campaigns/{campaign}/wave/shift", body, match='"1"', Idempotency_Key="k1")
    again = admin.post(f"/campaigns/{campaign}/wave/shift", body, match='"1"', Idempotency_Key="k1")
    assert (done.status_code, done.json["moved"], again.json) == (200, 2, done.json), done.text
    assert moments(rows, posts) == ["2026-04-02T07:00:00+00:00", "2026-04-04T08:00:00+00:00"]

    back = admin.post(f"/campaigns/{campaign}/wave/undo", {"entry_id": done.json["entry_id"]}, match=done.headers["ETag"])
    assert back.json == {"campaign_id": campaign, "moved": 2}
    assert moments(rows, posts) == before
    assert rows.get_one(Campaign, campaign).embargo_until == LIFT


def test_only_the_named_posts_move_to_where_they_are_wanted(admin: Caller, rows: Session, wave: tuple[int, list[int]]) -> None:
    campaign, posts = wave
    moves = [{"post_id": posts[1], "version": 1, "wall_time": "2026-04-05T11:15"}]

    done = admin.post(f"/campaigns/{campaign}/wave/shift", {"embargo_until": WEEK_LATER, "time_zone": PARIS, "moves": moves}, match='"1"')

    assert done.json["moved"] == 1, done.text
    assert moments(rows, posts) == ["2026-03-26T08:00:00+00:00", "2026-04-05T09:15:00+00:00"]


def test_a_shift_that_cannot_be_done_whole_changes_nothing(admin: Caller, rows: Session, wave: tuple[int, list[int]]) -> None:
    campaign, posts = wave
    before, path = moments(rows, posts), f"/campaigns/{campaign}/wave/shift"
    early = {"post_id": posts[0], "version": 1, "wall_time": "2026-04-01T09:00"}
    late = {"post_id": posts[1], "version": 1, "wall_time": "2026-04-05T09:00"}
    asked = {"embargo_until": WEEK_LATER, "time_zone": PARIS}

    answers = [
        admin.post(path, asked | {"moves": [late, early]}, match='"1"'),
        admin.post(path, asked | {"moves": [late | {"version": 7}]}, match='"1"'),
        admin.post(path, asked | {"moves": [late, late]}, match='"1"'),
        admin.post(path, asked | {"moves": [late | {"post_id": 10**6}]}, match='"1"'),
        admin.post(path, asked | {"moves": [late | {"wall_time": "soon"}]}, match='"1"'),
        admin.post(path, asked | {"time_zone": "Mars/Base"}, match='"1"'),
        admin.post(path, {"embargo_until": LIFT.isoformat()}, match='"1"'),
        admin.post(path, asked, match='"7"'),
        admin.post(path, asked),
    ]

    assert [(one.status_code, one.json["code"]) for one in answers] == [
        (422, "embargo_active"), (409, "conflict"), (422, "invalid"), (422, "invalid"), (422, "invalid"), (422, "invalid"), (422, "invalid"),
        (412, "stale"), (428, "needs_if_match"),
    ]  # fmt: skip
    assert moments(rows, posts) == before
    assert rows.get_one(Campaign, campaign).version == 1


def test_a_wave_without_dates_moves_by_days_once_and_back(admin: Caller, rows: Session, wave: tuple[int, list[int]]) -> None:
    campaign, posts = wave
    rows.get_one(Campaign, campaign).embargo_until = None
    rows.commit()
    before, path = moments(rows, posts), f"/campaigns/{campaign}/wave"

    shown = admin.get(f"{path}?days=7").json["items"]
    assert [(one["wall_time"], one["at"], one["refused"]) for one in shown] == [
        ("2026-04-02T09:00", "2026-04-02T07:00:00Z", None), ("2026-04-04T10:00", "2026-04-04T08:00:00Z", None),
    ]  # fmt: skip
    assert {one["refused"] for one in admin.get(f"{path}?days=-60").json["items"]} != {None}
    assert moments(rows, posts) == before

    done = admin.post(f"{path}/shift", {"days": 7}, match='"2"')
    assert (done.status_code, done.json["moved"], done.headers["ETag"]) == (200, 2, '"3"'), done.text
    assert moments(rows, posts) == ["2026-04-02T07:00:00+00:00", "2026-04-04T08:00:00+00:00"]
    assert admin.post(f"{path}/shift", {"days": 7}, match='"2"').status_code == 412, "sent twice, it moves once"
    assert admin.post(f"{path}/undo", {"entry_id": done.json["entry_id"]}, match='"3"').json["moved"] == 2
    assert moments(rows, posts) == before

    only = [{"post_id": posts[1], "version": shown[1]["version"] + 2, "wall_time": "2026-04-05T11:15"}]
    assert admin.post(f"{path}/shift", {"days": 1, "moves": only}, match='"3"').json["moved"] == 1
    assert moments(rows, posts) == [before[0], "2026-04-05T09:15:00+00:00"]


def test_a_move_by_days_is_refused_whole_and_says_what_is_wrong(admin: Caller, rows: Session, wave: tuple[int, list[int]]) -> None:
    campaign, posts = wave
    before, path = moments(rows, posts), f"/campaigns/{campaign}/wave"

    answers = [
        admin.post(f"{path}/shift", {"days": -1}, match='"1"'),
        admin.post(f"{path}/shift", {"days": 0}, match='"1"'),
        admin.post(f"{path}/shift", {"days": 1, "embargo_until": WEEK_LATER}, match='"1"'),
        admin.post(f"{path}/shift", {"days": 801}, match='"1"'),
        admin.post(f"{path}/shift", {"days": 1.5}, match='"1"'),
        admin.get(f"{path}?days=0"),
        admin.get(f"{path}?days=1e3"),
    ]

    assert [(one.status_code, one.json["errors"][0]["field"] if one.json.get("errors") else one.json["code"]) for one in answers] == [
        (422, "publish_at"), *[(422, "days")] * 6,
    ]  # fmt: skip
    assert answers[0].json["code"] == "embargo_active"
    assert moments(rows, posts) == before
    assert admin.get(f"{path}?days=1").json["items"][0]["refused"] is None


def test_who_may_not_edit_campaigns_neither_looks_nor_moves(caller: Callable[..., Caller], wave: tuple[int, list[int]]) -> None:
    campaign, _posts = wave
    author = caller("author")

    assert author.get(f"/campaigns/{campaign}/wave?embargo_until={WEEK_LATER}").status_code == 403
    assert author.post(f"/campaigns/{campaign}/wave/shift", {"embargo_until": WEEK_LATER}, match="*").status_code == 403
    assert author.post(f"/campaigns/{campaign}/wave/undo", {"entry_id": 1}, match="*").status_code == 403


def test_a_comment_is_made_once_read_and_settled(admin: Caller, caller: Callable[..., Caller], rows: Session, wave: tuple[int, list[int]]) -> None:
    post = wave[1][0]
    said = {"text": "Say when.", "quote": "we have to"}

    first = admin.post(f"/posts/{post}/comments", said, match="*", Idempotency_Key="c1")
    again = admin.post(f"/posts/{post}/comments", said, match="*", Idempotency_Key="c1")
    (made,) = first.json["items"]

    assert again.json == first.json and rows.scalar(select(func.count()).select_from(PostComment)) == 1
    rows.rollback()
    assert (made["text"], made["quote"], made["outdated"], made["settled_at"]) == ("Say when.", "we have to", False, None)
    viewer = caller("viewer")
    assert viewer.get(f"/posts/{post}/comments").json == first.json
    assert viewer.post(f"/posts/{post}/comments/{made['id']}/settle", match="*").status_code == 403
    assert admin.post(f"/posts/{post}/comments", {"text": "x", "quote": "not there"}, match="*").status_code == 422
    settled = admin.post(f"/posts/{post}/comments/{made['id']}/settle", match="*").json["items"]
    assert settled[0]["settled_at"] == "2026-03-02T12:00:00Z"
    assert admin.post(f"/posts/{post}/comments/{made['id'] + 1}/settle", match="*").status_code == 404


def test_a_template_s_wave_is_proposed_taken_once_and_dropped(admin: Caller, caller: Callable[..., Caller], rows: Session) -> None:
    campaign = make_campaign(rows, name="Launch", embargo_until=LIFT).id
    make_asset(rows, title="The release", kind=AssetKind.PRESS_RELEASE)
    make_channel(rows, time_zone=PARIS)
    rows.commit()
    path = f"/campaigns/{campaign}/proposal"

    shown = admin.get(f"{path}?template=announcement").json["items"]
    assert shown and {one["refused"] for one in shown} == {None}
    assert rows.scalar(select(func.count()).select_from(Post)) == 0
    rows.rollback()

    body = {"template": "announcement", "posts": [{name: one[name] for name in ("asset_id", "channel_id", "wall_time")} for one in shown]}
    early = body | {"posts": [*body["posts"], body["posts"][0] | {"wall_time": "2026-03-20T09:00"}]}
    assert (admin.post(f"{path}/take", early, match='"1"').json["code"]) == "embargo_active"
    taken = admin.post(f"{path}/take", body, match='"1"', Idempotency_Key="t1")
    assert admin.post(f"{path}/take", body, match='"1"', Idempotency_Key="t1").json == taken.json
    states = rows.execute(select(Post.state, Post.campaign_id)).all()
    assert (taken.json["made"], [tuple(one) for one in states]) == (len(shown), [(PostState.DRAFT, campaign)] * len(shown))
    rows.rollback()

    assert admin.post(f"{path}/drop", {"entry_id": taken.json["entry_id"]}, match=taken.headers["ETag"]).json["cancelled"] == len(shown)
    assert admin.get(f"{path}?template=nothing").status_code == 422
    assert caller("author").post(f"{path}/take", body, match="*").status_code == 403
