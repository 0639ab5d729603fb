"""What a template proposes, and taking it: drafts around the embargo or the day, all or none, dropped again as one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.catalog.models import Asset, AssetKind, AssetState, Confidentiality
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.core.errors import Conflict, EmbargoActive, Refused
from planner.planning import proposals, service
from planner.planning.models import Campaign, Post, PostState
from planner.planning.proposals import Draft
from planner.planning.templates import BY_CODE, TEMPLATES, Part, anchor_of, propose
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_user

PARIS = "Europe/Paris"
#: Thursday 26 March 2026, 09:00 in Paris; the clocks go forward there on the 29th.
LIFT = datetime(2026, 3, 26, 8, tzinfo=UTC)


def channels(db: Session, *platforms: Platform, zone: str = PARIS) -> list[Channel]:
    return [make_channel(db, platform=one, name=one.value, time_zone=zone) for one in platforms]


def told(template: str, where: list[Channel], parts: dict[str, int], **dates: object) -> list[tuple[str, str, str]]:
    """(step, channel, wall time) of each post proposed."""
    given = {"embargo_until": None, "starts_on": None, "ends_on": None, **dates}
    anchor = anchor_of(**given)  # type: ignore[arg-type]
    assert anchor is not None
    names = {one.id: one.name for one in where}
    return [(one.step.label, names[one.channel_id], f"{one.wall:%d %b %H:%M}") for one in propose(BY_CODE[template], anchor, parts, where)]


def test_an_announcement_is_a_release_a_film_a_paper_and_something_for_employees(db: Session) -> None:
    where = channels(db, Platform.YOUTUBE, Platform.LINKEDIN, Platform.X, Platform.WEBHOOK)

    assert told("announcement", where, {"release": 1, "film": 2, "paper": 3}, embargo_until=LIFT) == [
        ("The release", "linkedin", "26 Mar 09:00"), ("The release", "x", "26 Mar 09:00"), ("The release", "webhook", "26 Mar 09:00"),
        ("The film", "youtube", "26 Mar 10:00"), ("The film, on the networks", "linkedin", "26 Mar 11:00"), ("The film, on the networks", "x", "26 Mar 11:00"),
        ("The white paper", "linkedin", "28 Mar 10:00"), ("The white paper", "x", "28 Mar 10:00"), ("What employees may pass on", "webhook", "29 Mar 10:00"),
    ]  # fmt: skip


def test_a_part_without_an_asset_has_no_post(db: Session) -> None:
    where = channels(db, Platform.YOUTUBE, Platform.X)

    assert told("announcement", where, {"release": 1}, embargo_until=LIFT) == [("The release", "x", "26 Mar 09:00")]


def test_a_trade_show_counts_from_its_first_and_from_its_last_day(db: Session) -> None:
    where = channels(db, Platform.LINKEDIN)

    assert told("trade_show", where, {"news": 1, "film": 2}, starts_on=date(2026, 4, 22), ends_on=date(2026, 4, 24)) == [
        ("We will be there", "linkedin", "01 Apr 10:00"), ("Come and see us", "linkedin", "15 Apr 10:00"), ("The first day", "linkedin", "22 Apr 09:00"),
        ("Thank you for coming", "linkedin", "25 Apr 11:00"), ("The film, on the networks", "linkedin", "01 May 11:00"),
    ]  # fmt: skip


def test_elsewhere_the_release_goes_out_at_the_same_moment_and_the_rest_by_the_clock_there(db: Session) -> None:
    where = channels(db, Platform.X, zone="America/New_York")

    assert told("announcement", where, {"release": 1, "paper": 3}, embargo_until=LIFT) == [("The release", "x", "26 Mar 04:00"), ("The white paper", "x", "28 Mar 10:00")]


def test_a_sensitive_announcement_is_one_post_a_channel_and_nothing_else(db: Session) -> None:
    where = channels(db, Platform.LINKEDIN, Platform.X, Platform.BY_HAND)

    assert told("sensitive", where, {"release": 1}, embargo_until=LIFT) == [
        ("The announcement", "linkedin", "26 Mar 09:00"), ("The announcement", "x", "26 Mar 09:00"), ("The announcement", "by_hand", "26 Mar 09:00"),
    ]  # fmt: skip
    assert BY_CODE["sensitive"].is_listed


def test_every_step_is_about_a_part_of_its_template() -> None:
    assert {(one.code, step.part) for one in TEMPLATES for step in one.steps} <= {(one.code, part.code) for one in TEMPLATES for part in one.parts}


def world(db: Session, **campaign: object) -> tuple[Campaign, Asset, Channel, User]:
    campaign.setdefault("embargo_until", LIFT)
    asset = make_asset(db, kind=AssetKind.PRESS_RELEASE, title="We open", summary="At last.", url="https://example.com/open")
    made = make_campaign(db, **campaign), asset, make_channel(db, time_zone=PARIS), make_user(db, roles=("planner",))
    db.commit()
    return made


def test_taking_makes_drafts_in_the_campaign_and_dropping_cancels_them(db: Session) -> None:
    campaign, asset, channel, planner = world(db)
    drafts = [Draft(asset.id, channel.id, datetime(2026, 3, 26, 9)), Draft(asset.id, channel.id, datetime(2026, 3, 28, 10))]

    entry = proposals.take(db, campaign, "announcement", drafts, version=campaign.version, actor=planner, now=NOON)

    posts = db.scalars(select(Post).order_by(Post.id)).all()
    assert [(one.state, one.publish_at, one.campaign_id, one.text, one.link) for one in posts] == [
        (PostState.DRAFT, LIFT, campaign.id, "We open", "https://example.com/open"),
        (PostState.DRAFT, LIFT + timedelta(days=2, hours=1), campaign.id, "We open", "https://example.com/open"),
    ]
    assert campaign.template == "announcement"
    service.submit(db, posts[1], actor=planner, now=NOON)
    db.commit()
    assert proposals.drop(db, campaign, entry.id, actor=planner, now=NOON) == 1  # The one that was submitted is somebody's work by now.
    assert [one.state for one in posts] == [PostState.CANCELLED, PostState.IN_REVIEW]


def test_a_form_sent_twice_makes_one_wave(db: Session) -> None:
    campaign, asset, channel, planner = world(db)
    drafts, seen = [Draft(asset.id, channel.id, datetime(2026, 3, 26, 9))], campaign.version
    proposals.take(db, campaign, "announcement", drafts, version=seen, actor=planner, now=NOON)
    db.commit()

    with pytest.raises(Conflict):
        proposals.take(db, campaign, "announcement", drafts, version=seen, actor=planner, now=NOON)


def test_looking_says_what_each_post_would_meet_and_leaves_nothing(db: Session) -> None:
    campaign, asset, channel, planner = world(db)
    walls = [datetime(2026, 3, 26, 8, 59), datetime(2026, 3, 26, 9), datetime(2026, 3, 26, 9, 5), datetime(2026, 3, 29, 2, 30)]

    tried = proposals.preview(db, campaign, [Draft(asset.id, channel.id, one) for one in walls], limits_of=lambda _platform: None, actor=planner, now=NOON)

    assert [(type(one.refused).__name__, [said.code for said in one.findings]) for one in tried] == [
        ("EmbargoActive", []), ("NoneType", ["clash"]), ("NoneType", ["clash"]), ("Invalid", []),
    ]  # fmt: skip
    db.commit()
    assert db.scalars(select(Post)).all() == []


def test_one_refused_post_makes_none(db: Session) -> None:
    campaign, asset, channel, planner = world(db)
    drafts = [Draft(asset.id, channel.id, datetime(2026, 3, 26, hour)) for hour in (9, 8)]

    with pytest.raises(EmbargoActive):
        proposals.take(db, campaign, "announcement", drafts, version=None, actor=planner, now=NOON)

    db.rollback()
    assert db.scalars(select(Post)).all() == []


def test_the_sensitive_template_plans_nothing_else_and_once_a_channel(db: Session) -> None:
    campaign, asset, channel, planner = world(db)
    secret = make_asset(db, sensitive=True)
    db.commit()

    def take(*drafts: Draft) -> None:
        proposals.take(db, campaign, "sensitive", drafts, version=None, actor=planner, now=NOON)

    with pytest.raises(Refused, match="nothing else"):
        take(Draft(secret.id, channel.id, datetime(2026, 3, 26, 9)), Draft(asset.id, channel.id, datetime(2026, 3, 26, 9)))
    db.rollback()
    with pytest.raises(Refused, match="once a channel"):
        take(Draft(secret.id, channel.id, datetime(2026, 3, 26, 9)), Draft(secret.id, channel.id, datetime(2026, 3, 27, 9)))


def test_a_part_is_offered_what_fits_it_ready_ones_first(db: Session) -> None:
    viewer = make_user(db, roles=("author",))
    ready = make_asset(db, kind=AssetKind.VIDEO, title="Ready", updated_at=NOON - timedelta(days=3))
    idea = make_asset(db, kind=AssetKind.VIDEO, title="Idea", state=AssetState.IDEA)
    make_asset(db, kind=AssetKind.VIDEO, state=AssetState.RETIRED)
    make_asset(db, kind=AssetKind.VIDEO, confidentiality=Confidentiality.CONFIDENTIAL)
    make_asset(db, kind=AssetKind.VIDEO, sensitive=True)
    make_asset(db, kind=AssetKind.PODCAST)

    assert proposals.assets_for(db, Part("film", "Film", (AssetKind.VIDEO,)), viewer=viewer) == [(ready.id, "Ready", True), (idea.id, "Idea", False)]
