"""Reads of planning: what each viewer sees, and that the number of statements does not grow with the rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from planner.accounts.queries import history_of
from planner.catalog.models import AssetKind, Audience, Confidentiality
from planner.channels.models import ChannelState
from planner.channels.port import Platform
from planner.core.errors import Invalid, NotFound
from planner.planning import campaigns, queries
from planner.planning.desk import desk
from planner.planning.drawer import drawer
from planner.planning.models import PostState
from planner.planning.queries import CalendarEntry, Filters
from planner.planning.values import CampaignValues
from tests.factories import make_asset, make_campaign, make_channel, make_post, make_user

DAY = timedelta(days=1)


@contextmanager
def counting(db: Session) -> Iterator[list[str]]:
    """The statements that run inside the block."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(db.get_bind(), "before_cursor_execute", note)
    yield seen
    event.remove(db.get_bind(), "before_cursor_execute", note)


def test_an_entry_says_all_that_a_calendar_shows(db: Session, now: datetime) -> None:
    author = make_user(db)
    asset = make_asset(db, title="Orion", kind=AssetKind.VIDEO, owner=author, embargo_until=now)
    channel = make_channel(db, name="Our X", colour=3, time_zone="Europe/Paris")
    campaign = make_campaign(db)
    post = make_post(db, asset=asset, channel=channel, author=author, campaign=campaign, state=PostState.IN_REVIEW)

    assert queries.calendar(db, now, now + 2 * DAY, viewer=None) == [
        CalendarEntry(
            post_id=post.id, state=PostState.IN_REVIEW, publish_at=now + DAY, time_zone="Europe/Paris", version=1, author_id=author.id,
            channel_id=channel.id, channel="Our X", platform=Platform.X, colour=3, asset_id=asset.id, title="Orion", kind=AssetKind.VIDEO,
            owner_id=author.id, campaign_id=campaign.id, embargo_until=now, masked=False,
        )
    ]  # fmt: skip


def test_an_entry_says_that_its_post_was_taken_down_also_where_its_name_is_hidden(db: Session, now: datetime) -> None:
    gone = {"state": PostState.PUBLISHED, "published_at": now, "publish_at": now, "taken_down_at": now}
    make_post(db, asset=make_asset(db, title="Orion"), **gone)
    make_post(db, asset=make_asset(db, title="Falcon", confidentiality=Confidentiality.CONFIDENTIAL), **gone)
    make_post(db, asset=make_asset(db, title="Vega"), **{**gone, "taken_down_at": None})

    seen = queries.calendar(db, now, now + DAY, viewer=make_user(db, roles=("viewer",)))

    assert [(one.title, one.masked, one.taken_down) for one in seen] == [("Orion", False, True), (None, True, True), ("Vega", False, False)]


def test_the_interval_is_half_open_and_cancelled_posts_are_out_unless_asked_for(db: Session, now: datetime) -> None:
    first = make_post(db, publish_at=now)
    make_post(db, publish_at=now + DAY)
    cancelled = make_post(db, publish_at=now + timedelta(hours=1), state=PostState.CANCELLED)
    make_post(db, publish_at=None)

    assert [one.post_id for one in queries.calendar(db, now, now + DAY, viewer=None)] == [first.id]
    asked = queries.calendar(db, now, now + DAY, viewer=None, filters=Filters(states=(PostState.CANCELLED,)))
    assert [one.post_id for one in asked] == [cancelled.id]


def test_each_filter_keeps_what_it_names(db: Session, now: datetime) -> None:
    author = make_user(db)
    asset = make_asset(db, kind=AssetKind.VIDEO, language="fr")
    asset.audiences = [Audience.ANALYSTS]
    wanted = make_post(db, asset=asset, campaign=make_campaign(db), author=author, state=PostState.APPROVED)
    make_post(db)

    for filters in (
        Filters(channels=(wanted.channel_id,)),
        Filters(kinds=(AssetKind.VIDEO,)),
        Filters(states=(PostState.APPROVED,)),
        Filters(audiences=(Audience.ANALYSTS, Audience.EXPERTS)),
        Filters(campaign_id=wanted.campaign_id),
        Filters(author_id=author.id),
        Filters(language="fr"),
    ):
        assert [one.post_id for one in queries.calendar(db, now, now + 9 * DAY, viewer=None, filters=filters)] == [wanted.id], filters


def test_a_confidential_post_is_masked_for_those_who_may_not_know(db: Session, now: datetime) -> None:
    owner, viewer = make_user(db, roles=("author",)), make_user(db, roles=("viewer",))
    asset = make_asset(db, title="Merger", confidentiality=Confidentiality.CONFIDENTIAL, owner=owner)
    post = make_post(db, asset=asset, campaign=make_campaign(db))

    (masked,) = queries.calendar(db, now, now + 9 * DAY, viewer=viewer)
    (known,) = queries.calendar(db, now, now + 9 * DAY, viewer=owner)
    (planner,) = queries.calendar(db, now, now + 9 * DAY, viewer=make_user(db, roles=("planner",)))

    assert (masked.title, masked.kind, masked.asset_id, masked.campaign_id, masked.owner_id, masked.masked) == (
        None,
        None,
        None,
        None,
        None,
        True,
    )
    assert (known.title, known.masked, planner.title) == ("Merger", False, "Merger")
    with pytest.raises(NotFound):
        queries.post(db, post.id, viewer=viewer)
    assert queries.post(db, post.id, viewer=owner) is post


def test_a_filter_does_not_tell_what_a_masked_post_is_about(db: Session, now: datetime) -> None:
    viewer = make_user(db, roles=("viewer",))
    make_post(db, asset=make_asset(db, kind=AssetKind.VIDEO, confidentiality=Confidentiality.CONFIDENTIAL))

    assert queries.calendar(db, now, now + 9 * DAY, viewer=viewer, filters=Filters(kinds=(AssetKind.VIDEO,))) == []
    assert drawer(db, viewer=viewer).lines == []


def test_a_campaign_counts_its_posts_and_those_that_are_live(db: Session, now: datetime) -> None:
    owner = make_user(db, name="Ada")
    campaign = make_campaign(db, name="Launch", owner=owner)
    make_post(db, campaign=campaign)
    make_post(db, campaign=campaign, state=PostState.PUBLISHED, published_at=now)
    make_post(db, campaign=campaign, state=PostState.CANCELLED)
    make_campaign(db, name="Empty")

    assert {(one.name, one.owner, one.posts, one.published) for one in queries.campaigns(db)} == {
        ("Launch", "Ada", 2, 1),
        ("Empty", None, 0, 0),
    }


def test_the_desk_says_what_needs_somebody(db: Session, now: datetime) -> None:
    me = make_user(db)
    today = make_post(db, publish_at=now + timedelta(hours=2), state=PostState.SCHEDULED)
    waiting = make_post(db, publish_at=now + 3 * DAY, state=PostState.IN_REVIEW)
    missed = make_post(db, publish_at=now - 3 * DAY, state=PostState.MISSED)
    mine = make_post(db, publish_at=now + 4 * DAY, state=PostState.CHANGES_REQUESTED, author=me)
    make_post(db, publish_at=now + 4 * DAY, state=PostState.CHANGES_REQUESTED)
    later = make_post(db, publish_at=now + 5 * DAY, state=PostState.APPROVED)
    soon = make_asset(db, title="Soon", embargo_until=now + DAY)
    make_asset(db, embargo_until=now + 8 * DAY)
    make_campaign(db, name="Show", embargo_until=now + 2 * DAY)
    broken = make_channel(db, state=ChannelState.NEEDS_RECONNECT, state_reason="The key was refused.")

    shown = desk(db, viewer=me, now=now)

    assert [one.post_id for one in shown.today] == [today.id]
    assert [one.post_id for one in shown.waiting] == [waiting.id]
    assert [one.post_id for one in shown.trouble] == [missed.id]
    assert [one.post_id for one in shown.changes] == [mine.id]
    assert shown.next_post is not None
    assert shown.next_post.post_id == later.id
    assert [(one.kind, one.title) for one in shown.embargoes] == [("asset", soon.title), ("campaign", "Show")]
    assert [(one.channel_id, one.reason) for one in shown.reconnect] == [(broken.id, "The key was refused.")]
    assert (shown.has_assets, shown.has_channels, shown.quiet) == (True, True, False)


def test_an_empty_product_is_told_from_a_quiet_day(db: Session, now: datetime) -> None:
    shown = desk(db, viewer=None, now=now)

    assert (shown.quiet, shown.has_assets, shown.has_channels) == (True, False, False)


def test_today_is_the_viewer_s_own_day(db: Session, now: datetime) -> None:
    post = make_post(db, publish_at=datetime.fromisoformat("2026-03-02T22:30:00+00:00"))

    assert [one.post_id for one in desk(db, viewer=None, now=now, zone="Europe/London").today] == [post.id]
    assert [one.post_id for one in desk(db, viewer=None, now=now, zone="Asia/Tokyo").today] == []


def test_statements_do_not_grow_with_the_rows(db: Session, now: datetime) -> None:
    viewer = make_user(db, roles=("planner",))
    counts = []
    for _ in range(2):
        for _ in range(6):
            make_post(db, campaign=make_campaign(db), state=PostState.IN_REVIEW)
            make_asset(db, embargo_until=now + DAY)
        db.flush()
        db.expire_all()
        _ = viewer.role_names
        with counting(db) as seen:
            queries.calendar(db, now, now + 9 * DAY, viewer=viewer)
            queries.campaigns(db)
            drawer(db, viewer=viewer)
            desk(db, viewer=viewer, now=now)
        counts.append(len(seen))

    assert counts[0] == counts[1] <= 16


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 161}, "name"),
        ({"name": "LAUNCH "}, "name"),
        ({"name": "a", "starts_on": date(2026, 3, 2), "ends_on": date(2026, 3, 1)}, "ends_on"),
        ({"name": "a", "owner_id": 99}, "owner_id"),
    ],
)
def test_a_malformed_campaign_is_refused_beside_its_field(db: Session, now: datetime, values: dict[str, object], field: str) -> None:
    make_campaign(db, name="Launch")

    with pytest.raises(Invalid) as refused:
        campaigns.create_campaign(db, CampaignValues(**values), actor=None, now=now)  # type: ignore[arg-type]

    assert refused.value.field == field


def test_a_campaign_is_edited_and_keeps_its_own_name(db: Session, now: datetime) -> None:
    campaign = campaigns.create_campaign(db, CampaignValues("Launch"), actor=None, now=now)

    campaigns.edit_campaign(db, campaign, CampaignValues("launch", embargo_until=now + DAY), actor=None, now=now)

    assert (campaign.name, campaign.embargo_until) == ("launch", now + DAY)
    assert [one.action for one in history_of(db, campaign).items] == ["campaign.edited", "campaign.created"]
