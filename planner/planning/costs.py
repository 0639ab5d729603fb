"""What a post costs to send, estimated from the settings: X charges for each post, and more for one with a link."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.core.text import x_has_link
from planner.planning.digest import leaving_text, text_leaving
from planner.planning.models import Post
from planner.planning.states import OPEN

__all__ = ["Prices", "cost_of", "cost_of_campaign"]

@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars X charges for one post without and with a link."""

    post: Decimal
    link: Decimal

    @classmethod
    def told(cls, post: float, link: float) -> Prices:
        """From the settings: the amounts as they were written, not as a machine keeps fractions."""
        return cls(Decimal(str(post)), Decimal(str(link)))


def cost_of(post: Post, channel: Channel, prices: Prices) -> Decimal | None:
    """US dollars, judged on the text that leaves; a first comment is a post of its own. None where nothing is charged."""
    return _cost(channel.platform, leaving_text(post, channel), post.first_comment, prices)


def cost_of_campaign(db: Session, campaign_id: int, prices: Prices) -> tuple[int, Decimal]:
    """How many posts of a campaign are still to go out at a price, and the sum. One statement."""
    rows: Iterable[Any] = db.execute(
        select(Channel.platform, Post.text, Post.link, Post.first_comment)
        .join(Channel, Channel.id == Post.channel_id)
        .where(Post.campaign_id == campaign_id, Post.state.in_(OPEN), Channel.platform == Platform.X)
    )
    costs = [_cost(platform, text_leaving(platform, text, link), comment, prices) for platform, text, link, comment in rows]
    told = [cost for cost in costs if cost is not None]
    return len(told), sum(told, Decimal())


def _cost(platform: Platform, text: str, first_comment: str, prices: Prices) -> Decimal | None:
    if platform is not Platform.X:
        return None
    said = [text, *([first_comment] if first_comment.strip() else [])]
    return sum((prices.link if x_has_link(one) else prices.post for one in said), Decimal())
