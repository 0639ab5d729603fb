"""The evergreen page and its queue, through the browser's door."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset, AssetKind, AssetState
from planner.insights.models import Latest
from planner.planning.models import Post, PostState
from planner.planning.recurring import Evergreen, Slot
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_channel, make_post

DAY = timedelta(days=1)


@pytest.fixture
def numbers(app_db: Session) -> tuple[int, int]:
    """An asset that was shared a hundred days ago, and the channel."""
    channel = make_channel(app_db, name="Ours", time_zone="Europe/Paris")
    asset = make_asset(app_db, title="Energy", kind=AssetKind.PRESS_RELEASE, published_at=NOON - 500 * DAY)
    post = make_post(app_db, asset=asset, channel=channel, state=PostState.PUBLISHED, publish_at=NOON - 100 * DAY, published_at=NOON - 100 * DAY)
    app_db.add(Latest(post_id=post.id, at=NOON, views=1234, impressions=None))
    app_db.commit()
    return asset.id, channel.id


def posts(db: Session) -> list[tuple[PostState, str | None]]:
    found = [(row[0], row[1]) for row in db.execute(select(Post.state, Post.wall_time).where(Post.state != PostState.PUBLISHED))]
    db.commit()
    return found


def test_from_an_asset_to_a_draft_in_the_next_free_slot(client: Browser, app_db: Session, numbers: tuple[int, int]) -> None:
    asset, channel = numbers
    client.submit("/calendar/evergreen", asset_id=asset, cool_down_days=90)
    client.submit("/calendar/evergreen/slots", channel_id=channel, weekday=4, clock="16:00")

    page = client.get("/calendar/evergreen").text
    assert [words in page for words in ("Energy", "1,234", "views", "500 days old", "It still holds", "Friday, 16:00")] == [True] * 6
    rows = client.get("/calendar/events?start=2026-03-02&end=2026-03-09").get_json()
    assert [(row["start"], row["channel"], row["proposed"]) for row in rows if row["origin"] == "slot"] == [("2026-03-06T16:00:00+01:00", "Ours", True)]
    for asked, slots in (("kind=video", 1), ("state=draft", 0), ("native=only", 0)):
        rows = client.get(f"/calendar/events?start=2026-03-02&end=2026-03-09&{asked}").get_json()
        assert [row["origin"] for row in rows].count("slot") == slots, asked

    asked = client.submit("/calendar/evergreen/queue", asset_id=asset, channel_id=channel)
    assert (asked.status_code, "Say that it still holds" in asked.text, posts(app_db)) == (422, True, [])
    client.submit("/calendar/evergreen/queue", asset_id=asset, channel_id=channel, confirmed="1")
    assert posts(app_db) == [(PostState.DRAFT, "2026-03-06T16:00")]
    assert "is queued for" in client.get("/calendar/evergreen").text
    rows = client.get("/calendar/events?start=2026-03-02&end=2026-03-09").get_json()
    assert [row["origin"] for row in rows] == ["post"]


def test_slots_and_assets_are_taken_away_again(client: Browser, app_db: Session, numbers: tuple[int, int]) -> None:
    asset, channel = numbers
    client.submit("/calendar/evergreen", asset_id=asset, cool_down_days=90)
    client.submit("/calendar/evergreen/slots", channel_id=channel, weekday=4, clock="16:00")
    slot = app_db.scalars(select(Slot.id)).one()
    app_db.commit()

    client.submit(f"/calendar/evergreen/slots/{slot}/remove")
    no_slot = client.get("/calendar/evergreen").text
    client.submit(f"/calendar/evergreen/{asset}/remove")
    none = client.get("/calendar/evergreen").text

    assert (app_db.scalars(select(Slot)).all(), app_db.scalars(select(Evergreen)).all()) == ([], [])
    app_db.commit()
    assert "No channel has a slot yet." in no_slot and "No channel has a slot yet." not in none
    for page in (no_slot, none):
        undo = page[page.index("data-toast") :]
        address = re.search(r'action="([^"]+)"', undo)
        assert address is not None
        client.submit(address[1], **dict(re.findall(r'name="(asset_id|cool_down_days|channel_id|weekday|clock)" value="([^"]*)"', undo)))
    assert [(one.channel_id, one.weekday, one.clock) for one in app_db.scalars(select(Slot))] == [(channel, 4, "16:00")]
    assert [(one.asset_id, one.cool_down_days) for one in app_db.scalars(select(Evergreen))] == [(asset, 90)]


@pytest.mark.parametrize(
    ("path", "fields", "sentence"),
    [
        ("", {"asset_id": "", "cool_down_days": "90"}, "Choose an asset."),
        ("", {"cool_down_days": "0"}, "Give a whole number from 1 to 3,650."),
        ("/slots", {"weekday": "4", "clock": "23:30"}, "quiet hours"),
        ("/slots", {"weekday": "9", "clock": "10:30"}, "Choose a day of the week."),
        ("/queue", {}, "evergreen assets only"),
    ],
)
def test_what_is_refused_says_why(client: Browser, numbers: tuple[int, int], path: str, fields: dict[str, str], sentence: str) -> None:
    given = {"asset_id": numbers[0], "channel_id": numbers[1], **fields}

    answer = client.submit(f"/calendar/evergreen{path}", **given)

    assert (answer.status_code, sentence in answer.text) == (422, True)


def test_who_may_only_read_sees_and_changes_nothing(sign_in: Callable[..., Browser], app_db: Session, numbers: tuple[int, int]) -> None:
    viewer = sign_in(roles=("viewer",))

    assert "To share again" in viewer.get("/calendar/evergreen").text
    statuses = [viewer.submit(f"/calendar/evergreen{path}", asset_id=numbers[0], channel_id=numbers[1]).status_code for path in ("", "/queue", "/slots")]
    assert (statuses, posts(app_db)) == ([403] * 3, [])


def test_the_choice_of_assets_says_where_it_stops_and_any_other_is_found_by_its_title(client: Browser, app_db: Session) -> None:
    app_db.add_all(Asset(title=f"Paper {number:03}", kind=AssetKind.WHITE_PAPER, state=AssetState.READY, created_at=NOON, updated_at=NOON + number * DAY) for number in range(1, 301))
    app_db.add(Asset(title="Étude ancienne", kind=AssetKind.WHITE_PAPER, state=AssetState.READY, created_at=NOON, updated_at=NOON))
    app_db.commit()

    whole, found, none = (client.get(f"/calendar/evergreen{asked}").text for asked in ("", "?q=etude", "?q=nothing"))

    assert ["The 300 that changed last are offered." in page for page in (whole, found, none)] == [True, False, False]
    assert [re.findall(r"<option value=\"\d+\">((?:Paper 300|Étude)[^<]*)<", page) for page in (whole, found, none)] == [["Paper 300"], ["Étude ancienne"], []]
    assert "One title holds “etude”." in found and "has “nothing” in its title" in none
    app_db.delete(app_db.scalars(select(Asset).where(Asset.title == "Paper 300")).one())
    app_db.commit()
    assert "that changed last" not in client.get("/calendar/evergreen").text
