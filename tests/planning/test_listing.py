"""The channels of a sensitive announcement: listed with its template, changed by hand, and the only ones on which it goes out; nothing else beside it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry, User
from planner.catalog.models import Asset
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.core.errors import Conflict, Forbidden, Invalid, Refused
from planner.planning import listing, proposals, rules, service, standing
from planner.planning.findings import Listed, Surroundings
from planner.planning.models import Campaign, Post, PostState
from planner.planning.proposals import Draft
from planner.planning.surroundings import at_the_gate, surroundings
from planner.planning.values import PostValues, values_of
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_post, make_user
from tests.planning.test_rules import a_channel, a_post, an_asset, codes

WALL = datetime(2026, 3, 26, 9)
LATER = PostValues(text="More of it.", publish_at=NOON + timedelta(days=40))


class Announced:
    """A sensitive announcement whose template was taken with one of three channels."""

    def __init__(self, db: Session) -> None:
        self.asset = make_asset(db, sensitive=True, title="The plan")
        self.one, self.two, self.three = (make_channel(db, name=name, platform=Platform.LINKEDIN) for name in ("one", "two", "three"))
        self.campaign, self.planner = make_campaign(db, name="Plan", embargo_until=NOON), make_user(db, roles=("planner",))
        self.entry = take(db, self, self.one)
        db.commit()
        self.post = db.scalars(select(Post)).one()


def take(db: Session, world: Announced, *channels: Channel, template: str = "sensitive", asset: Asset | None = None) -> Entry:
    drafts = [Draft((asset or world.asset).id, channel.id, WALL) for channel in channels]
    return proposals.take(db, world.campaign, template, drafts, version=None, actor=world.planner, now=NOON)


def names(db: Session, campaign: Campaign) -> list[str]:
    return [name for _number, name in listing.channels_of(db, campaign.id)]


def relist(db: Session, world: Announced, *channels: Channel, actor: User | None = None, version: int | None = None) -> None:
    listing.relist(db, world.campaign, [one.id for one in channels], version=version, actor=actor or world.planner, now=NOON + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("sensitive", "template", "listed", "found"),
    [
        (True, "", Listed(), []),
        (True, "sensitive", Listed(), []),
        (True, "sensitive", Listed(frozenset({7}), frozenset({1})), []),
        (True, "", Listed(frozenset({8})), ["unlisted"]),
        (True, "sensitive", Listed(None, frozenset({2})), ["nothing_else"]),
        (False, "sensitive", Listed(), ["nothing_else"]),
        (False, "announcement", Listed(frozenset({8})), []),
    ],
)
def test_a_listed_channel_and_nothing_else(sensitive: bool, template: str, listed: Listed, found: list[str]) -> None:
    campaign = Campaign(name="Plan", template=template)
    told = codes(a_post(), asset=an_asset(sensitive=sensitive), campaign=campaign, channel=a_channel(), around=Surroundings(listed=listed))
    assert [code for level, code in told if level == "blocking"] == found


def test_taking_the_template_lists_the_channels_that_were_ticked_and_no_other_has_a_post_of_it(db: Session) -> None:
    world = Announced(db)
    assert names(db, world.campaign) == ["one"]

    for values in (LATER, PostValues(text="Beside it.", publish_at=LATER.publish_at, campaign_id=world.campaign.id)):
        with pytest.raises(Refused, match="“two” is not among the channels listed"):
            service.plan(db, world.asset, world.two, values, actor=world.planner, now=NOON)
    with pytest.raises(Refused, match="not among the channels listed"):
        take(db, world, world.two)
    db.rollback()
    assert names(db, world.campaign) == ["one"]
    tried = proposals.preview(db, world.campaign, [Draft(world.asset.id, world.three.id, WALL)], limits_of=lambda _platform: None, actor=world.planner, now=NOON)
    assert isinstance(tried[0].refused, Refused)
    # What was never listed is held to no list.
    service.plan(db, make_asset(db, sensitive=True), world.two, LATER, actor=world.planner, now=NOON)


def test_a_post_on_a_channel_that_is_listed_no_more_is_neither_approved_nor_sent(db: Session) -> None:
    world = Announced(db)
    service.submit(db, world.post, actor=world.planner, now=NOON)
    relist(db, world, world.two, world.three)

    around = at_the_gate(db, world.post, now=NOON, embargoes=False)
    assert around.listed == surroundings(db, world.post).listed
    found = rules.before_sending(world.post, world.asset, world.campaign, world.one, None, around, NOON + timedelta(days=40))
    assert [one.code for one in found] == ["unlisted"]
    with pytest.raises(Refused, match="“one” is not among"):
        service.approve(db, world.post, actor=make_user(db, roles=("legal",)), now=NOON)
    service.plan(db, world.asset, world.two, LATER, actor=world.planner, now=NOON)


def test_nothing_else_comes_into_the_campaign_of_a_sensitive_announcement(db: Session) -> None:
    world = Announced(db)
    plain = service.plan(db, make_asset(db), world.two, LATER, actor=world.planner, now=NOON)
    beside = PostValues(text="Beside it.", publish_at=LATER.publish_at, campaign_id=world.campaign.id)

    for asset in (make_asset(db), make_asset(db, sensitive=True)):
        with pytest.raises(Refused, match="“Plan” is for one sensitive announcement and nothing else"):
            service.plan(db, asset, world.one, beside, actor=world.planner, now=NOON)
    with pytest.raises(Refused, match="nothing else"):
        service.revise(db, plain, PostValues(**values_of(plain) | {"campaign_id": world.campaign.id}), actor=world.planner, now=NOON)
    with pytest.raises(Refused, match="nothing else"):
        take(db, world, world.one, template="announcement", asset=plain.asset)
    db.rollback()
    # One that was there before is held when it would leave.
    old = make_post(db, campaign=world.campaign, state=PostState.APPROVED)
    assert [one.code for one in rules.before_sending(old, old.asset, world.campaign, old.channel, None, at_the_gate(db, old, now=NOON, embargoes=False), NOON)] == ["nothing_else"]


def test_a_campaign_with_other_posts_takes_no_sensitive_template(db: Session) -> None:
    campaign, secret, channel = make_campaign(db, embargo_until=NOON), make_asset(db, sensitive=True), make_channel(db)
    make_post(db, campaign=campaign)
    with pytest.raises(Refused, match="has posts about something else already"):
        proposals.take(db, campaign, "sensitive", [Draft(secret.id, channel.id, WALL)], version=None, actor=None, now=NOON)


def test_who_undoes_the_template_begins_anew_and_a_cancelled_campaign_holds_to_nothing(db: Session) -> None:
    world = Announced(db)
    assert proposals.drop(db, world.campaign, world.entry.id, actor=world.planner, now=NOON) == 1
    assert names(db, world.campaign) == []
    take(db, world, world.two)
    assert names(db, world.campaign) == ["two"]
    standing.call_off(db, world.campaign, reason="Not now.", actor=world.planner, now=NOON)
    assert listing.around(db, world.asset.id, None) == Listed()


def test_a_list_is_changed_by_who_may_edit_the_campaign_and_history_tells(db: Session) -> None:
    world = Announced(db)
    with pytest.raises(Forbidden):
        relist(db, world, world.two, actor=make_user(db, roles=("author",)))
    with pytest.raises(Invalid, match="Tick at least one channel"):
        relist(db, world)
    with pytest.raises(Conflict):
        relist(db, world, world.two, version=world.campaign.version - 1)
    with pytest.raises(Invalid):
        listing.relist(db, world.campaign, [99_999], actor=world.planner, now=NOON)

    seen = world.campaign.version
    relist(db, world, world.three, world.one, version=seen)
    relist(db, world, world.one, world.three)  # The same again changes nothing.
    db.flush()
    told = db.scalars(select(Entry).where(Entry.action == "campaign.channels_listed").order_by(Entry.id)).all()
    assert [(one.was, one.became) for one in told] == [({"channels": []}, {"channels": ["one"]}), ({"channels": ["one"]}, {"channels": ["one", "three"]})]
    assert world.campaign.version == seen + 1

    plain = make_campaign(db, template="announcement")
    with pytest.raises(Refused, match="announces nothing sensitive"):
        listing.relist(db, plain, [world.one.id], actor=world.planner, now=NOON)


def test_a_campaign_from_before_there_were_lists_gets_one_by_hand(db: Session) -> None:
    campaign, channel = make_campaign(db, template="sensitive"), make_channel(db)
    post = make_post(db, campaign=campaign, asset=make_asset(db, sensitive=True))
    listing.relist(db, campaign, [channel.id], actor=None, now=NOON)
    assert listing.around(db, post.asset_id, campaign.id) == Listed(frozenset({channel.id}), frozenset({post.asset_id}))
