"""Assets, channels, campaigns, deliveries, readings and jobs through the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry
from planner.catalog.models import AssetState, Confidentiality
from planner.channels.models import Channel, Credential
from planner.channels.port import Platform
from planner.insights.models import METRICS
from planner.ledger.jobs import enqueue
from planner.planning.models import PostState
from planner.publishing.models import Delivery, DeliveryState
from tests.api.conftest import Caller
from tests.factories import NOON, make_asset, make_blackout, make_channel, make_event, make_post, make_user

UNTOLD = dict.fromkeys(METRICS)


@pytest.fixture
def app(app_on_each_database: Flask) -> Flask:
    return app_on_each_database


def test_an_asset_is_made_with_everything_it_has(admin: Caller) -> None:
    given = {
        "kind": "white_paper", "title": "Private 5G", "summary": "Two pages.\nMore.", "url": "https://example.com/5g", "language": "fr",
        "purpose": "event", "cost": "1200.50", "currency": "EUR", "confidentiality": "internal", "sensitive": False,
        "embargo_until": "2026-03-10T08:00:00Z", "embargo_terms": ["Northwind"], "audiences": ["analysts", "journalists"],
        "topics": ["5G"], "owner_id": admin.user.id,
    }  # fmt: skip

    made = admin.post("/assets", given)

    assert made.status_code == 201, made.text
    told_by_us = {
        "id": made.json["id"], "state": "idea", "published_at": None, "duration_seconds": None, "source_key": None, "rights_until": None,
        "created_at": "2026-03-02T12:00:00Z", "updated_at": "2026-03-02T12:00:00Z", "retired_at": None, "version": 1,
    }  # fmt: skip
    assert made.json == given | told_by_us
    assert admin.get(f"/assets/{made.json['id']}").json == made.json


def test_what_is_left_out_has_its_default_and_null_is_not_told(admin: Caller) -> None:
    made = admin.post("/assets", {"kind": "video", "title": "Tour", "cost": None}).json

    assert (made["cost"], made["summary"], made["confidentiality"], made["owner_id"]) == (None, "", "public", admin.user.id)
    assert admin.patch(f"/assets/{made['id']}", {"cost": 0}, match="*").json["cost"] == "0.00"
    assert admin.patch(f"/assets/{made['id']}", {"cost": None}, match="*").json["cost"] is None


def test_an_asset_is_edited_moved_on_retired_and_brought_back(admin: Caller, rows: Session) -> None:
    asset = make_asset(rows, title="Before", state=AssetState.IDEA)
    rows.commit()
    path = f"/assets/{asset.id}"

    edited = admin.patch(path, {"title": "After"}, match='"1"')
    ready = admin.post(path + "/state", {"state": "ready"}, match=edited.headers["ETag"])
    retired = admin.post(path + "/retire", match=ready.headers["ETag"])
    restored = admin.post(path + "/restore", match=retired.headers["ETag"])

    told = [(one.json["title"], one.json["state"]) for one in (edited, ready, retired, restored)]
    assert told == [("After", "idea"), ("After", "ready"), ("After", "retired"), ("After", "ready")]
    assert admin.get(path).headers["ETag"] == restored.headers["ETag"] == f'"{restored.json["version"]}"'
    actions = rows.scalars(select(Entry.action).where(Entry.subject_type == "assets").order_by(Entry.id)).all()
    assert actions == ["asset.edited", "asset.state_changed", "asset.retired", "asset.restored"]


def test_assets_are_searched_filtered_and_paged(admin: Caller, rows: Session) -> None:
    for number in range(3):
        admin.post("/assets", {"kind": "video", "title": f"Réseau privé {number}"})
    paper = admin.post("/assets", {"kind": "white_paper", "title": "Slicing", "audiences": ["analysts"]}).json

    first = admin.get("/assets?q=reseaux&limit=2").json
    second = admin.get(f"/assets?q=reseaux&limit=2&cursor={first['next_cursor']}").json

    assert [item["title"] for page in (first, second) for item in page["items"]] == [f"Réseau privé {number}" for number in (2, 1, 0)]
    assert second["next_cursor"] is None
    for query in ("?kind=white_paper", "?audience=analysts", "?q=slicing", "?kind=white_paper&kind=podcast"):
        assert [item["id"] for item in admin.get("/assets" + query).json["items"]] == [paper["id"]], query
    assert admin.get("/assets?kind=novel").status_code == 422
    assert admin.get("/assets?embargoed=maybe").status_code == 422


def test_a_channel_is_added_by_an_administrator_and_its_key_never_shown(
    admin: Caller, caller: Callable[..., Caller], rows: Session
) -> None:
    given = {"platform": "x", "name": "Our X", "access_token": "s3cret-token", "refresh_token": "r3fresh", "external_id": "42"}

    refused, made = caller("planner").post("/channels", given), admin.post("/channels", given)
    shown = admin.get(f"/channels/{made.json['id']}")

    assert (refused.status_code, made.status_code, made.json["state"]) == (403, 201, "connected")
    assert shown.json == made.json == admin.get("/channels").json["items"][0]
    assert "s3cret" not in made.text + shown.text
    assert "r3fresh" not in made.text + shown.text
    assert rows.scalars(select(Channel)).one().credential.access_token == "s3cret-token"
    rows.rollback()
    later = admin.post("/channels", {**given, "name": "Another", "expires_at": "2026-05-01T14:00:00+02:00"})
    assert (later.status_code, "expires_at" in later.json) == (201, False)
    assert rows.scalars(select(Credential.expires_at).order_by(Credential.id)).all() == [None, datetime(2026, 5, 1, 12, tzinfo=UTC)]


def test_a_campaign_is_made_changed_and_listed(admin: Caller) -> None:
    made = admin.post("/campaigns", {"name": "Spring", "starts_on": "2026-03-01", "ends_on": "2026-03-31"})
    changed = admin.patch(f"/campaigns/{made.json['id']}", {"ends_on": None, "summary": "Fair."}, match=made.headers["ETag"])

    assert (made.status_code, changed.status_code) == (201, 200)
    assert changed.json == made.json | {"ends_on": None, "summary": "Fair.", "version": 2}
    assert [(one["name"], one["posts"], one["published"]) for one in admin.get("/campaigns").json["items"]] == [("Spring", 0, 0)]
    assert admin.post("/campaigns", {"name": "spring"}).status_code == 422
    wrong = admin.post("/campaigns", {"name": "Autumn", "starts_on": "2026-03-02", "ends_on": "2026-03-01"})
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "ends_on")


def test_an_event_is_made_changed_listed_and_taken_off(admin: Caller, caller: Callable[..., Caller]) -> None:
    made = admin.post("/events", {"name": "Mobile Week", "kind": "trade_show", "rival": "Acme", "starts_on": "2026-03-02"})
    changed = admin.patch(f"/events/{made.json['id']}", {"last_on": "2026-03-05", "place": "Hall 3"}, match=made.headers["ETag"])

    assert (made.status_code, made.json["last_on"], changed.status_code) == (201, "2026-03-02", 200)
    assert changed.json == made.json | {"last_on": "2026-03-05", "place": "Hall 3", "version": 2}
    assert [one["name"] for one in admin.get("/events?since=2026-03-05&until=2026-03-06").json["items"]] == ["Mobile Week"]
    assert admin.get("/events?since=2026-03-06").json["items"] == []
    wrong = admin.post("/events", {"name": "Show", "starts_on": "2026-03-02", "last_on": "2026-03-01"})
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "last_on")
    assert caller("viewer").post("/events", {"name": "Show", "starts_on": "2026-03-02"}).status_code == 403
    gone = admin.post(f"/events/{made.json['id']}/remove", {}, match=changed.headers["ETag"])
    assert (gone.status_code, admin.get(f"/events/{made.json['id']}").status_code, admin.get("/events").json) == (200, 404, {"items": [], "total": 0, "next_cursor": None})
    assert caller("viewer").post(f"/events/{made.json['id']}/put-back", {}, match="*").status_code == 403
    again = admin.post(f"/events/{made.json['id']}/put-back", {}, match=gone.headers["ETag"])
    assert (again.status_code, again.json["place"], admin.get("/events").json) == (200, "Hall 3", {"items": [again.json], "total": 1, "next_cursor": None})


def test_a_blackout_is_made_changed_listed_and_taken_off(admin: Caller, caller: Callable[..., Caller], rows: Session) -> None:
    given = {"name": "Before the results", "starts_on": "2026-03-03"}
    made, again = (admin.post("/blackouts", given, Idempotency_Key="k1") for _ in range(2))
    changed = admin.patch(f"/blackouts/{made.json['id']}", {"last_on": "2026-03-05"}, match=made.headers["ETag"])

    assert (made.status_code, again.get_data() == made.get_data(), changed.status_code) == (201, True, 200)
    assert made.json == {"id": made.json["id"], **given, "last_on": "2026-03-03", "channel_ids": [], "version": 1}
    assert changed.json == made.json | {"last_on": "2026-03-05", "version": 2}
    assert admin.patch(f"/blackouts/{made.json['id']}", {"name": "Late"}, match=made.headers["ETag"]).status_code == 412
    assert admin.get("/blackouts?since=2026-03-05&until=2026-03-06").json["items"] == [changed.json]
    assert admin.get("/blackouts?since=2026-03-06").json["items"] == []
    wrong = admin.post("/blackouts", {**given, "last_on": "2026-03-01"})
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "last_on")
    assert caller("author").post("/blackouts", given).status_code == 403
    gone = admin.post(f"/blackouts/{made.json['id']}/remove", {}, match=changed.headers["ETag"])
    assert (gone.status_code, admin.get(f"/blackouts/{made.json['id']}").status_code, admin.get("/blackouts").json) == (200, 404, {"items": [], "total": 0, "next_cursor": None})
    back = f"/blackouts/{made.json['id']}/put-back"
    assert (admin.post(back, {}, match='"1"').status_code, caller("author").post(back, {}, match="*").status_code) == (412, 403)
    again = [admin.post(back, {}, match=gone.headers["ETag"], Idempotency_Key="k2") for _ in range(2)]
    assert (again[0].status_code, again[0].get_data() == again[1].get_data()) == (200, True)
    assert again[0].json == changed.json | {"version": again[0].json["version"]}
    assert admin.get("/blackouts").json == {"items": [again[0].json], "total": 1, "next_cursor": None}


@pytest.mark.parametrize(("path", "make"), [("/events", make_event), ("/blackouts", make_blackout)])
def test_whole_days_are_listed_a_page_at_a_time_with_their_number(admin: Caller, rows: Session, path: str, make: Callable[..., Any]) -> None:
    for number in (3, 1, 2, 2, 1):
        make(rows, f"Day {number}", starts_on=NOON.date() + timedelta(days=number))
    rows.commit()

    shown, cursor = [], ""
    for _page in range(3):
        told = admin.get(f"{path}?limit=2{cursor}").json
        shown.append([one["name"] for one in told["items"]])
        cursor = f"&cursor={told['next_cursor']}"
        assert told["total"] == 5

    assert (shown, told["next_cursor"]) == ([["Day 1", "Day 1"], ["Day 2", "Day 2"], ["Day 3"]], None)
    found = admin.get(f"{path}?q=day+2").json
    assert ([one["name"] for one in found["items"]], found["total"]) == (["Day 2", "Day 2"], 2)
    assert [admin.get(f"{path}?cursor={wrong}").status_code for wrong in ("x", "WzEsMl0", "WyJzb29uIiwxXQ")] == [422] * 3


def test_a_blackout_of_some_channels_is_told_with_them(admin: Caller, rows: Session) -> None:
    quiet, loud = make_channel(rows), make_channel(rows)
    posts = [make_post(rows, channel=one).id for one in (quiet, loud)]
    rows.commit()
    given = {"name": "Before the results", "starts_on": "2026-03-03", "channel_ids": [quiet.id, quiet.id]}

    asked = f"/blackouts/posts?starts_on=2026-03-03&channel_id={loud.id}"
    assert [one["post_id"] for one in admin.get(asked).json["items"]] == [posts[1]]
    made = admin.post("/blackouts", given)
    assert made.json["channel_ids"] == [quiet.id]
    said = [[one["code"] for one in admin.get(f"/posts/{number}/findings").json["items"]] for number in posts]
    assert ["blackout" in codes for codes in said] == [True, False]
    wrong = admin.patch(f"/blackouts/{made.json['id']}", {"channel_ids": [loud.id, 777]}, match="*")
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "channel_ids")
    assert admin.patch(f"/blackouts/{made.json['id']}", {"channel_ids": []}, match="*").json["channel_ids"] == []
    assert ["blackout" in [one["code"] for one in admin.get(f"/posts/{number}/findings").json["items"]] for number in posts] == [True, True]


def test_a_program_reads_what_a_blackout_would_hit_and_then_what_the_rule_says(admin: Caller, caller: Callable[..., Caller], rows: Session) -> None:
    secret = make_post(rows, asset=make_asset(rows, title="Falcon", confidentiality=Confidentiality.CONFIDENTIAL)).id
    rows.commit()
    asked = "/blackouts/posts?starts_on=2026-03-02&last_on=2026-03-03"

    shown = admin.get(asked)

    assert [(one["post_id"], one["title"], one["state"], one["publish_at"]) for one in shown.json["items"]] == [(secret, "Falcon", "draft", "2026-03-03T12:00:00Z")]
    assert [(one["post_id"], one["title"]) for one in caller("viewer").get(asked).json["items"]] == [(None, None)]
    assert admin.get("/blackouts/posts?starts_on=2026-03-02").json["items"] == []
    assert admin.get("/blackouts/posts?starts_on=2026-03-02&last_on=2026-03-01").status_code == 422
    said = [[one["code"] for one in admin.get(f"/posts/{secret}/findings").json["items"]]]
    admin.post("/blackouts", {"name": "Before the results", "starts_on": "2026-03-03"})
    said.append([one["code"] for one in admin.get(f"/posts/{secret}/findings").json["items"]])
    assert ["blackout" in codes for codes in said] == [False, True]


def _delivery(rows: Session, state: DeliveryState = DeliveryState.MISSED, **values: Any) -> Delivery:
    post = make_post(rows, state=PostState(state.value), approved_digest="0" * 64, **values)
    delivery = Delivery(
        post=post, channel_id=post.channel_id, state=state, due_at=NOON, next_at=NOON, digest="0" * 64, tries=1,
        reason="It was too late.", created_at=NOON,
    )  # fmt: skip
    rows.add(delivery)
    rows.commit()
    return delivery


def test_deliveries_are_listed_and_one_is_sent_again(admin: Caller, rows: Session) -> None:
    missed, failed = _delivery(rows), _delivery(rows, DeliveryState.FAILED)

    listed = admin.get("/deliveries?state=missed").json["items"]
    shown = admin.get(f"/deliveries/{missed.id}")
    stale = admin.post(f"/deliveries/{missed.id}/retry", match='"something-else"')
    again = admin.post(f"/deliveries/{missed.id}/retry", match=shown.headers["ETag"])
    twice = admin.post(f"/deliveries/{missed.id}/retry", match=shown.headers["ETag"])

    assert listed == [shown.json]
    assert (shown.json["state"], shown.json["reason"], shown.json["attempts"]) == ("missed", "It was too late.", [])
    assert (stale.status_code, again.status_code, twice.status_code) == (412, 200, 412)
    assert (again.json["state"], again.json["tries"], again.json["reason"]) == ("due", 0, "")
    assert [one["id"] for one in admin.get("/deliveries").json["items"]] == [failed.id, missed.id]
    assert [one["id"] for one in admin.get(f"/deliveries?post_id={failed.post_id}").json["items"]] == [failed.id]
    assert admin.get("/deliveries?post_id=999").status_code == 404


def test_deliveries_of_what_one_may_not_know_are_not_there(caller: Callable[..., Caller], rows: Session) -> None:
    hidden = _delivery(rows, asset=make_asset(rows, confidentiality="confidential"))
    viewer = caller("viewer")

    assert viewer.get("/deliveries").json["items"] == []
    assert viewer.get(f"/deliveries/{hidden.id}").status_code == 404
    assert viewer.get(f"/deliveries?post_id={hidden.post_id}").status_code == 404
    assert viewer.post(f"/deliveries/{hidden.id}/retry", match="*").status_code == 403


def test_readings_handed_in_show_on_the_post_and_the_asset(admin: Caller, rows: Session) -> None:
    channel = make_channel(rows, platform=Platform.YOUTUBE, name="Our videos")
    post = make_post(
        rows, channel=channel, state=PostState.PUBLISHED, published_at=NOON - timedelta(days=2), external_id="v1", external_url="https://y/v1"
    )
    rows.commit()
    readings = [
        {"post_id": post.id, "at": "2026-03-01T12:00:00Z", "views": 100, "likes": 0},
        {"post_id": post.id, "at": "2026-03-02T12:00:00Z", "views": 150, "likes": None},
    ]

    first, again = admin.post("/snapshots", {"readings": readings}), admin.post("/snapshots", {"readings": readings})

    assert [(one.status_code, one.json) for one in (first, again)] == [(201, {"recorded": 2}), (201, {"recorded": 0})]
    assert admin.get(f"/posts/{post.id}/snapshots").json["items"] == [
        {**UNTOLD, "post_id": post.id, "at": "2026-03-01T12:00:00Z", "source": "import", "regime": "", "views": 100, "likes": 0},
        {**UNTOLD, "post_id": post.id, "at": "2026-03-02T12:00:00Z", "source": "import", "regime": "", "views": 150},
    ]
    told = admin.get(f"/assets/{post.asset_id}/performance").json
    assert told["totals"] == {**UNTOLD, "views": 150}
    assert (told["silent"]["likes"], told["mixed"]) == (["Our videos"], {})
    assert told["posts"] == [
        {
            "post_id": post.id, "channel_id": channel.id, "channel_name": "Our videos", "platform": "youtube",
            "published_at": "2026-02-28T12:00:00Z", "url": "https://y/v1", "read_at": "2026-03-02T12:00:00Z", "regime": "",
            "counts": {**UNTOLD, "views": 150}, "first_read_at": "2026-03-01T12:00:00Z", "growth": {**UNTOLD, "views": 50},
        }
    ]  # fmt: skip
    assert [(day["day"], day["counts"]["views"], day["counts"]["likes"]) for day in told["series"][0]["days"]] == [
        ("2026-03-01", 100, 0), ("2026-03-02", 150, None),
    ]  # fmt: skip


def test_a_total_over_several_platforms_is_told_to_be_mixed(admin: Caller, rows: Session) -> None:
    asset = make_asset(rows)
    posts = [
        make_post(rows, asset=asset, channel=make_channel(rows, platform=one), state=PostState.PUBLISHED, published_at=NOON - timedelta(days=2), external_id="1")
        for one in (Platform.YOUTUBE, Platform.X)
    ]
    rows.commit()
    admin.post("/snapshots", {"readings": [{"post_id": post.id, "at": "2026-03-01T12:00:00Z", "views": 100} for post in posts]})

    told = admin.get(f"/assets/{asset.id}/performance").json

    assert (told["totals"]["views"], told["mixed"]) == (200, {"views": ["x", "youtube"]})


def test_one_wrong_reading_refuses_them_all_by_name(admin: Caller, rows: Session) -> None:
    post = make_post(rows, state=PostState.PUBLISHED, published_at=NOON, external_id="1")
    rows.commit()
    good = {"post_id": post.id, "at": "2026-03-02T11:00:00Z", "views": 1}

    wrong = admin.post("/snapshots", {"readings": [good, {**good, "post_id": 999}, {**good, "at": "2026-03-02T13:00:00Z"}, good]})
    negative = admin.post("/snapshots", {"readings": [{**good, "views": -1}]})
    huge = admin.post("/snapshots", {"readings": [{**good, "views": 10**30}]})

    assert [one["field"] for one in wrong.json["errors"]] == ["readings.1.post_id", "readings.2.at", "readings.3.at"]
    assert [one["field"] for answer in (negative, huge) for one in answer.json["errors"]] == ["readings.0.views"] * 2
    assert [one.status_code for one in (wrong, negative, huge)] == [422] * 3
    assert admin.get(f"/posts/{post.id}/snapshots").json["items"] == []


def test_a_job_is_seen_by_whoever_asked_for_it_and_by_administrators(
    admin: Caller, caller: Callable[..., Caller], rows: Session
) -> None:
    mine, other = caller("planner"), caller("planner")
    job = enqueue(rows, "import.assets", {"file": "x"}, actor=mine.user, now=NOON)
    job.progress_done, job.progress_total = 3, 10
    rows.commit()

    shown = mine.get(f"/jobs/{job.id}")

    assert shown.json == {
        "id": job.id, "name": "import.assets", "state": "queued", "progress_done": 3, "progress_total": 10, "message": "", "result": None,
        "created_at": "2026-03-02T12:00:00Z", "started_at": None, "finished_at": None,
    }  # fmt: skip
    assert [one.get(f"/jobs/{job.id}").status_code for one in (mine, other, admin)] == [200, 404, 200]
    assert [len(one.get("/jobs").json["items"]) for one in (mine, other, admin)] == [1, 0, 1]


def test_lists_are_empty_before_there_is_anything(caller: Callable[..., Caller]) -> None:
    viewer = caller("viewer")

    for path in ("/assets", "/posts", "/channels", "/campaigns", "/events", "/blackouts", "/deliveries", "/jobs"):
        assert viewer.get(path).json["items"] == [], path


def test_an_advocate_reads_nothing(caller: Callable[..., Caller], rows: Session) -> None:
    make_user(rows)
    advocate = caller("advocate")

    assert {path: advocate.get(path).status_code for path in ("/assets", "/posts", "/channels", "/jobs", "/me")} == dict.fromkeys(
        ("/assets", "/posts", "/channels", "/jobs", "/me"), 403
    )
