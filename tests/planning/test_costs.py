"""What a post costs to send, from the settings, judged on the text that leaves."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.planning.costs import Prices, cost_of, cost_of_campaign
from planner.planning.models import Post, PostState
from tests.factories import NOON, make_campaign, make_channel, make_post

PRICES = Prices.told(0.015, 0.20)


def a_post(text: str, link: str = "", first_comment: str = "") -> Post:
    return Post(text=text, link=link, first_comment=first_comment)


def test_prices_are_what_was_written_and_not_what_a_machine_keeps() -> None:
    assert Prices.told(0.1, 0.2) == Prices(Decimal("0.1"), Decimal("0.2"))


@pytest.mark.parametrize(
    ("post", "cost"),
    [
        (a_post("Words alone."), "0.015"),
        (a_post("See https://example.com"), "0.2"),
        (a_post("See example.com"), "0.2"),
        (a_post("Words.", "https://example.com"), "0.2"),
        (a_post("Words.", "", "And more."), "0.03"),
        (a_post("Words.", "", "More: https://example.com"), "0.215"),
        (a_post("Words.", "https://example.com", "  "), "0.2"),
    ],
)
def test_x_charges_more_for_a_link_and_for_a_first_comment_again(post: Post, cost: str) -> None:
    assert cost_of(post, Channel(platform=Platform.X), PRICES) == Decimal(cost)


@pytest.mark.parametrize("platform", [one for one in Platform if one is not Platform.X])
def test_no_other_platform_charges(platform: Platform) -> None:
    assert cost_of(a_post("See https://example.com"), Channel(platform=platform), PRICES) is None


def test_a_campaign_costs_what_its_posts_still_to_go_out_on_x_cost(db: Session) -> None:
    campaign, x, linkedin = make_campaign(db), make_channel(db), make_channel(db, platform=Platform.LINKEDIN)
    make_post(db, channel=x, campaign=campaign, text="One.")
    make_post(db, channel=x, campaign=campaign, text="Two.", link="https://example.com")
    make_post(db, channel=linkedin, campaign=campaign, link="https://example.com")
    make_post(db, channel=x)
    for state in (PostState.PUBLISHED, PostState.CANCELLED, PostState.FAILED):
        make_post(db, channel=x, campaign=campaign, state=state, published_at=NOON)

    assert cost_of_campaign(db, campaign.id, PRICES) == (2, Decimal("0.215"))
    assert cost_of_campaign(db, make_campaign(db).id, PRICES) == (0, Decimal())
