"""The main job from the terminal: channel, asset, post, submit, approve, move, list, numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import AssetFile, AssetKind
from planner.channels.models import Channel, Credential
from planner.channels.port import Platform, Reading
from planner.insights.service import record
from planner.planning.models import Post, PostState
from planner.publishing.models import Delivery, DeliveryState
from tests.factories import NOON, make_asset, make_channel, make_post, make_user


def test_a_channel_is_added_without_showing_its_key(run: Callable[..., Result], told: Callable[..., Any], rows: Session) -> None:
    added = run("channel", "add", "--platform", "x", "--name", "Our X", "--access-token", "s3cret", "--external-id", "42", "--expires-at", "2026-05-01T12:00Z")
    typed = run("channel", "add", "--platform", "linkedin", "--name", "Page", "--access-token", "-", typed="from-stdin\n")
    hook = run("channel", "add", "--platform", "webhook", "--name", "Team", "--flavour", "slack", "--url", "https://hooks.example.com/1")
    hand = run("channel", "add", "--platform", "by_hand", "--name", "Newsletter", "--time-zone", "America/Montreal")

    assert [one.exit_code for one in (added, typed, hook, hand)] == [0] * 4, [one.stderr for one in (added, typed, hook, hand)]
    listed = told("channel", "list")["channels"]
    assert [(one["platform"], one["name"], one["state"], one["time_zone"]) for one in listed] == [
        ("by_hand", "Newsletter", "connected", "America/Montreal"), ("linkedin", "Page", "connected", "Europe/Paris"),
        ("webhook", "Team", "connected", "Europe/Paris"), ("x", "Our X", "connected", "Europe/Paris"),
    ]  # fmt: skip
    assert "s3cret" not in added.output + run("channel", "list").output
    tokens = {one.name: one.credential.access_token if one.credential else None for one in rows.scalars(select(Channel))}
    assert tokens == {"Our X": "s3cret", "Page": "from-stdin", "Team": "https://hooks.example.com/1", "Newsletter": None}
    assert [one.expires_at for one in rows.scalars(select(Credential).order_by(Credential.id))] == [datetime(2026, 5, 1, 12, tzinfo=UTC), None, None]


def test_channel_refusals_are_one_sentence(refused: Callable[..., str], run: Callable[..., Result]) -> None:
    assert refused("channel", "add", "--platform", "x", "--name", "X") == "access_token: An access token is needed to connect this channel."
    assert refused("channel", "add", "--platform", "by_hand", "--name", "Y", "--time-zone", "Mars").startswith("time_zone: “Mars”")
    assert run("channel", "add", "--platform", "myspace", "--name", "X").exit_code == 2


def test_an_asset_is_added_listed_and_shown(told: Callable[..., Any]) -> None:
    added = told(
        "asset", "add", "--kind", "white_paper", "--title", "Réseau privé", "--audience", "analysts", "--state", "ready", "--cost", "1200.5",
        "--embargo-until", "2026-03-10T09:00+01:00", "--url", "https://example.com/5g",
    )  # fmt: skip

    assert added == {
        "id": added["id"], "kind": "white_paper", "state": "ready", "title": "Réseau privé", "summary": "", "url": "https://example.com/5g",
        "language": "en", "purpose": "web", "audiences": ["analysts"], "cost": "1200.50", "currency": "EUR", "confidentiality": "public",
        "embargo_until": "2026-03-10T08:00:00Z", "source_key": None, "version": 1,
    }  # fmt: skip
    assert told("asset", "show", added["id"]) == added
    listed = [{"id": added["id"], "kind": "white_paper", "state": "ready", "title": "Réseau privé"}]
    assert told("asset", "list", "--search", "reseaux") == {"assets": listed}
    assert told("asset", "list", "--kind", "video") == {"assets": []}


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--cost", "much", "--cost: “much” is not an amount such as 1200.50."),
        ("--cost", "NaN", "--cost: “NaN” is not an amount such as 1200.50."),
        ("--cost", "-1", "--cost: “-1” is not an amount such as 1200.50."),
        ("--embargo-until", "2026-03-10T09:00", "--embargo-until: End the moment with Z or an offset such as +01:00."),
        ("--embargo-until", "soon", "--at: “soon” is not a time. Write 2026-03-24T09:30, or “now”."),
        ("--language", "xx", "language: Choose one of these languages: en, fr, de, es, it, nl, pl, pt, ro, ar, ja, zh."),
        ("--title", " ", "title: This is needed."),
    ],
)
def test_a_malformed_asset_is_refused(refused: Callable[..., str], option: str, value: str, sentence: str) -> None:
    said = refused("asset", "add", "--kind", "video", "--title", "Tour", option, value)

    assert said == sentence or (option == "--title" and said.startswith("title: ")) or "is not a time" in said


def test_a_post_is_planned_submitted_approved_and_moved(told: Callable[..., Any], rows: Session) -> None:
    asset, _ = make_asset(rows, title="Paper"), make_channel(rows, name="Our X")
    rows.commit()

    added = told("post", "add", "--asset", asset.id, "--channel", "Our X", "--text", "Read it.", "--at", "2026-03-03T09:30", "--tag", "5g")
    submitted = told("post", "submit", added["id"])
    approved = told("post", "approve", added["id"], "--digest", submitted["digest"])
    moved = told("post", "move", added["id"], "--at", "2026-03-04T09:30")
    cancelled = told("post", "cancel", added["id"], "--reason", "The event is off.")

    assert (added["publish_at"], added["time_zone"], added["tags"]) == ("2026-03-03T08:30:00Z", "Europe/Paris", ["5g"])
    assert [one["state"] for one in (added, submitted, approved, moved, cancelled)] == [
        "draft", "in_review", "approved", "approved", "cancelled",
    ]  # fmt: skip
    assert moved["publish_at"] == "2026-03-04T08:30:00Z"
    shown = told("post", "show", added["id"])
    assert {name: value for name, value in shown.items() if name in cancelled} == cancelled
    assert shown["delivery"] is None


@pytest.mark.parametrize(
    ("at", "zone", "moment"),
    [
        ("now", None, "2026-03-02T12:00:00Z"),
        ("2026-03-03T09:30:00Z", None, "2026-03-03T09:30:00Z"),
        ("2026-03-03T09:30+05:00", None, "2026-03-03T04:30:00Z"),
        ("2026-03-03 09:30", "America/New_York", "2026-03-03T14:30:00Z"),
    ],
)
def test_a_moment_may_be_typed_in_several_ways(told: Callable[..., Any], rows: Session, at: str, zone: str | None, moment: str) -> None:
    asset, channel = make_asset(rows), make_channel(rows)
    rows.commit()

    added = told("post", "add", "--asset", asset.id, "--channel", channel.id, "--text", "X", "--at", at, *(["--zone", zone] if zone else []))

    assert added["publish_at"] == moment


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        ("tomorrow", "“tomorrow” is not a time"),
        ("2026-03-29T02:30", "does not exist"),
        ("2026-10-25T02:30", "comes twice"),
        ("2020-01-01T10:00", "has already passed"),
        ("9999-12-31T23:59", "out of reach"),
        ("2026-02-30T10:00", "is not a time"),
    ],
)
def test_a_moment_that_cannot_be_is_refused_and_nothing_planned(
    refused: Callable[..., str], rows: Session, at: str, sentence: str
) -> None:
    asset, channel = make_asset(rows), make_channel(rows)
    rows.commit()

    assert sentence in refused("post", "add", "--asset", asset.id, "--channel", channel.id, "--text", "X", "--at", at)
    assert rows.scalars(select(Post)).all() == []


def test_a_file_goes_with_a_post_and_a_refused_one_leaves_nothing(
    told: Callable[..., Any], refused: Callable[..., str], rows: Session, tmp_path: Path
) -> None:
    asset, channel = make_asset(rows), make_channel(rows)
    rows.commit()
    picture, script = tmp_path / "chart.png", tmp_path / "chart.svg"
    Image.new("RGB", (4, 3)).save(picture)
    script.write_text("<svg/>")
    base = ("post", "add", "--asset", asset.id, "--channel", channel.id, "--text", "X")

    refused(*base, "--at", "2026-03-03T09:30", "--media", picture, "--media", script)
    refused(*base, "--at", "2020-03-03T09:30", "--media", picture)
    assert list((tmp_path / "files").glob("*")) == []
    told(*base, "--at", "2026-03-03T09:30", "--media", picture)

    kept = rows.scalars(select(AssetFile)).one()
    assert (kept.name, kept.width, kept.height) == ("chart.png", 4, 3)
    assert rows.scalars(select(Post)).one().media == [{"file_id": kept.id, "alt_text": ""}]
    assert (tmp_path / "files" / kept.stored_name).read_bytes() == picture.read_bytes()


def test_an_approval_as_somebody_is_theirs_and_the_second_pair_of_eyes_holds(
    told: Callable[..., Any], refused: Callable[..., str], rows: Session
) -> None:
    make_user(rows, email="ann@example.com", roles=("planner", "approver"))
    make_user(rows, email="bob@example.com", roles=("approver",))
    asset, channel = make_asset(rows, kind=AssetKind.PRESS_RELEASE), make_channel(rows)
    rows.commit()

    args = ("--asset", asset.id, "--channel", channel.id, "--text", "X", "--at", "2026-03-03T09:30")
    number = told("post", "add", *args, "--as", "ann@example.com")["id"]
    told("post", "submit", number, "--as", "ann@example.com")

    said = refused("post", "approve", number, "--as", "ann@example.com")
    assert said == "You submitted this yourself: a second person has to approve it."
    assert told("post", "approve", number, "--as", "bob@example.com")["state"] == "approved"


def test_posts_are_listed_in_their_range(told: Callable[..., Any], run: Callable[..., Result], rows: Session) -> None:
    posts = [make_post(rows, publish_at=NOON + timedelta(days=day)) for day in (1, 2, 40)]
    rows.commit()

    assert [one["id"] for one in told("post", "list")["posts"]] == [posts[0].id, posts[1].id]
    assert [one["id"] for one in told("post", "list", "--from", "2026-03-04", "--to", "2026-05-01")["posts"]] == [posts[1].id, posts[2].id]
    assert told("post", "list", "--state", "published") == {"posts": []}
    assert [one["id"] for one in told("post", "list", "--channel", posts[1].channel_id)["posts"]] == [posts[1].id]
    table = run("post", "list").stdout.splitlines()
    assert table[0].split() == ["id", "state", "publish", "at", "channel", "title"]
    assert table[2].split()[:4] == [str(posts[0].id), "draft", "2026-03-03", "12:00Z"]


def test_deliveries_are_listed_and_sent_again(told: Callable[..., Any], refused: Callable[..., str], rows: Session) -> None:
    post = make_post(rows, state=PostState.MISSED, approved_digest="0" * 64)
    delivery = Delivery(
        post=post, channel_id=post.channel_id, state=DeliveryState.MISSED, due_at=NOON, next_at=NOON, digest="0" * 64, created_at=NOON
    )
    rows.add(delivery)
    rows.commit()

    assert [one["state"] for one in told("deliveries", "list", "--state", "missed")["deliveries"]] == ["missed"]
    assert told("deliveries", "retry", delivery.id)["state"] == "due"
    assert refused("deliveries", "retry", delivery.id) == "Only a delivery that failed, was missed or is held can be sent again."
    assert refused("deliveries", "retry", 999) == "There is no delivery 999."


def test_the_numbers_of_an_asset_keep_not_told_apart_from_zero(
    told: Callable[..., Any], run: Callable[..., Result], rows: Session
) -> None:
    channel = make_channel(rows, name="Our X")
    post = make_post(rows, channel=channel, state=PostState.PUBLISHED, published_at=NOON, external_id="1")
    record(rows, [(post.id, Reading("1", views=7, engagements=0))], at=NOON, now=NOON)
    rows.commit()

    told_now = told("performance", post.asset_id)
    table = run("performance", post.asset_id).stdout

    assert (told_now["totals"]["views"], told_now["totals"]["engagements"], told_now["totals"]["impressions"]) == (7, 0, None)
    assert table.splitlines()[-1].split() == ["together", "–", "–", "7", "–", "0", "–"]
    assert told_now["mixed"] == {}


def test_what_an_asset_has_together_on_several_platforms_is_said_to_be_mixed(told: Callable[..., Any], run: Callable[..., Result], rows: Session) -> None:
    asset = make_asset(rows)
    for platform in (Platform.YOUTUBE, Platform.X):
        post = make_post(rows, asset=asset, channel=make_channel(rows, platform=platform), state=PostState.PUBLISHED, published_at=NOON, external_id="1")
        record(rows, [(post.id, Reading("1", views=7, likes=1, impressions=9 if platform is Platform.X else None))], at=NOON, now=NOON)
    rows.commit()

    assert told("performance", asset.id)["mixed"] == {"views": ["x", "youtube"], "likes": ["x", "youtube"]}
    assert run("performance", asset.id).stdout.splitlines()[-1] == "Mixed definitions, an order of size and nothing to compare: views (x, youtube)"
