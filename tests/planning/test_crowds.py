"""The first posts of each day and how many each has: the same as looking at every post, with filters, masks and cancelled ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from planner.catalog.models import AssetAudience, AssetKind, Audience, Confidentiality
from planner.planning import queries
from planner.planning.crowds import first_of_each
from planner.planning.models import PostState
from planner.planning.queries import Filters
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_post, make_user

START = datetime(2026, 3, 1, 23, tzinfo=UTC)
#: Days of 24 and of 23 hours, one of which has nothing.
DAYS = [(START + timedelta(hours=24 * n), START + timedelta(hours=24 * (n + 1))) for n in range(4)]
DAYS.append((DAYS[-1][1], DAYS[-1][1] + timedelta(hours=23)))
STATES = (PostState.DRAFT, PostState.CANCELLED, PostState.APPROVED, PostState.IN_REVIEW)


def crowd(db: Session) -> dict[str, int]:
    channels, campaign, owner = [make_channel(db), make_channel(db)], make_campaign(db), make_user(db)
    assets = [
        make_asset(db, kind=AssetKind.VIDEO if n % 2 else AssetKind.BLOG_POST, language="fr" if n % 3 else "en", owner_id=owner.id if n % 4 == 0 else None,
                   confidentiality=Confidentiality.CONFIDENTIAL if n % 5 == 0 else Confidentiality.PUBLIC)
        for n in range(12)
    ]  # fmt: skip
    for asset in assets[::2]:
        db.add(AssetAudience(asset_id=asset.id, audience=Audience.ANALYSTS))
    for n in range(60):
        day, _end = DAYS[(0, 0, 0, 1, 4)[n % 5]]
        make_post(
            db, channel=channels[n % 2], asset=assets[n % 12], campaign=campaign if n % 3 == 0 else None, state=STATES[n // 5 % 4],
            publish_at=day + timedelta(minutes=(n * 37) % 1000 if n % 7 else 0), author_id=owner.id if n % 9 == 0 else None,
        )  # fmt: skip
    make_post(db, publish_at=DAYS[-1][1])
    make_post(db, publish_at=START - timedelta(microseconds=1))
    db.flush()
    return {"channel": channels[0].id, "campaign": campaign.id, "owner": owner.id}


@pytest.mark.parametrize("role", ["admin", "viewer"])
def test_it_finds_what_looking_at_every_post_of_each_day_finds(db: Session, role: str) -> None:
    made = crowd(db)
    viewer = make_user(db, roles=(role,))
    for filters in (
        Filters(), Filters(channels=(made["channel"],)), Filters(kinds=(AssetKind.VIDEO,)), Filters(states=(PostState.CANCELLED, PostState.DRAFT)),
        Filters(audiences=(Audience.ANALYSTS,)), Filters(campaign_id=made["campaign"]), Filters(owner_id=made["owner"]), Filters(author_id=made["owner"]),
        Filters(language="fr", channels=(made["channel"],)),
    ):  # fmt: skip
        every = [queries.calendar(db, start, end, viewer=viewer, filters=filters) for start, end in DAYS]

        first, counts = first_of_each(db, DAYS, viewer=viewer, filters=filters, each=4)

        assert counts == [len(day) for day in every], filters
        assert first == [one for day in every for one in day[:4]], filters
        assert first, filters
    assert max(first_of_each(db, DAYS, viewer=viewer, filters=Filters(), each=4)[1]) > 4


def test_days_without_a_post_are_counted_as_none(db: Session) -> None:
    assert first_of_each(db, DAYS, viewer=None, filters=Filters(), each=4) == ([], [0] * len(DAYS))
    make_post(db, publish_at=NOON)
    assert first_of_each(db, DAYS, viewer=None, filters=Filters(), each=4)[1] == [1, 0, 0, 0, 0]
