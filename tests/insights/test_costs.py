"""What a view by people in target cost: by asset, cheapest first; what is not known is no answer, and nothing confidential is told."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy.orm import Session

from planner.catalog.models import Asset, Audience, Confidentiality
from planner.channels.models import AudienceSlice, Channel
from planner.channels.port import Platform
from planner.insights.costs import costs
from planner.insights.models import Latest
from planner.planning.models import PostState
from tests.factories import NOON, make_asset, make_channel, make_post, make_user

ENGINEERING, SALES = (f"urn:li:function:{number}" for number in (8, 25))


def a_page(db: Session, engineers: int, sellers: int) -> Channel:
    """A LinkedIn page whose followers are experts and customers, as many as told."""
    channel = make_channel(db, platform=Platform.LINKEDIN)
    for dimension, key, count in (("followers", "total", engineers + sellers), ("function", ENGINEERING, engineers), ("function", SALES, sellers)):
        db.add(AudienceSlice(channel_id=channel.id, day=NOON.date(), dimension=dimension, key=key, count=count))
    return channel


def shown(db: Session, channel: Channel, impressions: int | None, cost: str | None, audiences: tuple[Audience, ...] = (Audience.EXPERTS,), **values: object) -> Asset:
    asset = make_asset(db, cost=None if cost is None else Decimal(cost), **values)
    asset.audiences = list(audiences)
    post = make_post(db, asset=asset, channel=channel, state=PostState.PUBLISHED, published_at=NOON)
    if impressions is not None:
        db.add(Latest(post_id=post.id, at=NOON, impressions=impressions))
    db.flush()
    return asset


def test_the_cheapest_view_by_people_in_target_comes_first_and_what_is_unknown_last(db: Session) -> None:
    page = a_page(db, 250, 750)
    dear, cheap = shown(db, page, 1000, "2000"), shown(db, page, 4000, "1000")
    nobody, unread = shown(db, page, 9000, "50", ()), shown(db, page, None, "70")
    for left_out in ("0", None):
        shown(db, page, 500, left_out)
    make_asset(db, cost=Decimal(10))

    found = costs(db, viewer=None)

    assert found is not None
    assert [(one.asset_id, one.seen, one.qualified, one.per_view) for one in found.assets] == [
        (cheap.id, 4000, 1000.0, Decimal(1)), (dear.id, 1000, 250.0, Decimal(8)), (unread.id, None, None, None), (nobody.id, 9000, None, None),
    ]  # fmt: skip
    assert ([one.asset_id for one in found.placed], found.elsewhere, found.cut) == ([cheap.id, dear.id], 0, False)


def test_channels_count_with_their_own_people(db: Session) -> None:
    asset = shown(db, a_page(db, 100, 300), 800, "100")
    other = make_post(db, asset=asset, channel=a_page(db, 900, 100), state=PostState.PUBLISHED, published_at=NOON)
    db.add(Latest(post_id=other.id, at=NOON, impressions=1000))
    db.flush()

    found = costs(db, viewer=None)

    assert found is not None
    assert (found.assets[0].seen, found.assets[0].qualified) == (1800, 800 * 0.25 + 1000 * 0.9)


def test_currencies_are_never_mixed_and_the_commonest_is_shown(db: Session) -> None:
    page = a_page(db, 1, 1)
    for currency in ("USD", "EUR", "EUR"):
        shown(db, page, 10, "5", currency=currency)

    found, dollars = costs(db, viewer=None), costs(db, viewer=None, currency="USD")

    assert found is not None and dollars is not None
    assert [(one.currency, len(one.assets), one.elsewhere) for one in (found, dollars)] == [("EUR", 2, 1), ("USD", 1, 2)]
    assert costs(db, viewer=None, currency="XXX") == found


def test_what_a_person_may_not_know_of_is_not_there(db: Session) -> None:
    shown(db, a_page(db, 1, 1), 10, "5", confidentiality=Confidentiality.CONFIDENTIAL)

    assert costs(db, viewer=make_user(db, roles=("viewer",))) is None
    assert costs(db, viewer=make_user(db, roles=("admin",))) is not None
