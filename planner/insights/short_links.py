"""Short addresses of our own, and how often people follow them: a count a day, and nothing about anybody."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import require
from planner.core.errors import NotFound, Refused
from planner.core.i18n import N_
from planner.insights.models import LinkClicks, ShortLink
from planner.insights.sources import marked
from planner.planning import marks
from planner.planning.leaks import watch_of
from planner.planning.models import Post, PostState
from planner.planning.rules import embargo_of
from planner.planning.surroundings import embargoed_terms

__all__ = ["Target", "address_of", "clicks_of", "count_click", "is_person", "link_of", "make", "target"]

#: Programs that follow links without anybody looking: search engines, previews of networks and chats, link checkers, libraries.
_BOT = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|preview|fetch|scan|monitor|check|validator|archiv|headless|phantom|lighthouse|curl|wget|python|"
    r"java/|go-http|okhttp|libwww|httpclient|axios|node|ruby|perl|php|facebookexternalhit|facebot|meta-external|whatsapp|skypeuripreview|"
    r"slack|telegram|discord|teams|embedly|quora link|pinterest/|linkedin|twitterbot|mastodon|bluesky|cardyb|iframely|google-|"
    r"apis-google|mediapartners|feed|rss|uptime|pingdom|gpt|claude|perplexity|ahrefs|semrush|safelinks|proofpoint|mimecast|barracuda",
    re.IGNORECASE,
)
#: Apps of networks show the page inside themselves, to a person.
_APPS = re.compile(r"Mozilla/5\.0 \((?:iPhone|iPad|Linux; Android)[^)]*\).*(?:LinkedInApp|Twitter for|\[FBAN|Instagram|Slack/|Teams/)", re.IGNORECASE)


def make(db: Session, post: Post, *, actor: User | None, now: datetime) -> ShortLink:
    """The post's short link, a new one where it has none. Raises Forbidden, and Refused for a post that leads nowhere."""
    require(actor, "post.edit", post)
    if not address_of(post):
        raise Refused(N_("This post leads to no page. Give it a link first."), field="link")
    known = link_of(db, post.id)
    if known is not None:
        return known
    link = marks.new_short_link(post.id, now)
    db.add(link)
    db.flush()
    history.record(db, actor, "post.short_link_made", post, now=now, became={"code": link.code})
    return link


def link_of(db: Session, post_id: int) -> ShortLink | None:
    """A post's short link, None when it has none."""
    return db.scalar(select(ShortLink).where(ShortLink.post_id == post_id))


def clicks_of(db: Session, link: ShortLink) -> int:
    """How often people followed it."""
    return int(db.scalar(select(func.sum(LinkClicks.clicks)).where(LinkClicks.link_id == link.id)) or 0)


def address_of(post: Post, *, names_campaign: bool = True) -> str:
    """Where a post leads, with the marks it was given, else with ours: its own link, else the asset's page. Empty: nowhere."""
    url = post.link or post.asset.url
    if post.marks:
        return marks.marked(url, post.marks if names_campaign else {**post.marks, "campaign": ""}, post.id)
    campaign = post.campaign.name if post.campaign is not None and names_campaign else ""
    return marked(url, platform=post.channel.platform.value, post_id=post.id, campaign=campaign) if url else ""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a short link leads, and whether its post is live, so that the link is known to anybody."""

    link_id: int
    address: str
    is_live: bool


def target(db: Session, code: str, *, now: datetime) -> Target:
    """What a code leads to. Raises NotFound for one nobody made, and while an embargo holds: both look the same.

    Anybody may ask, also before the post is out. So while words are under embargo, a campaign's name that says them is left out, and an
    address that says them leads nowhere until the post is live.
    """
    link = db.scalar(select(ShortLink).where(ShortLink.code == code[:16])) if code.isprintable() else None
    post = db.get_one(Post, link.post_id) if link is not None else None
    held = embargo_of(post.asset, post.campaign) if post is not None else None
    if link is None or post is None or (held is not None and held[1] > now):
        raise NotFound()
    address = address_of(post)
    words = watch_of(embargoed_terms(db, except_asset=None, after=now))
    if words.says(address):
        address = address_of(post, names_campaign=False)
        if post.state is not PostState.PUBLISHED and words.says(address):
            raise NotFound()
    if not address:
        raise NotFound()
    return Target(link.id, address, post.state is PostState.PUBLISHED)


def count_click(db: Session, link_id: int, *, now: datetime) -> None:
    """One person followed a link. Adds up in the database, so that a thousand at once are a thousand."""
    insert = (postgresql if db.get_bind().dialect.name == "postgresql" else sqlite).insert(LinkClicks)
    values = {"link_id": link_id, "day": now.astimezone(UTC).date(), "clicks": 1}
    db.execute(
        insert.values(**values).on_conflict_do_update(index_elements=["link_id", "day"], set_={"clicks": LinkClicks.clicks + 1})
    )


def is_person(method: str, agent: str, purpose: str = "") -> bool:
    """Whether a request is somebody following the link: no look at the headers only, no fetching ahead, no program.

    agent   -- the User-Agent, looked at and forgotten. purpose -- Sec-Purpose, Purpose or X-Moz together.
    """
    if method != "GET" or "prefetch" in purpose.lower() or "preview" in purpose.lower() or "prerender" in purpose.lower():
        return False
    if not agent.strip():
        return False
    return bool(_APPS.match(agent)) or not _BOT.search(agent)
