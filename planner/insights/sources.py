"""Where visits came from: the words of web statistics sorted into eight sources, and what part of all each brought. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from planner.core.i18n import N_
from planner.core.pages import host_of
from planner.core.text import with_utm
from planner.planning.marks import slug_of

__all__ = ["NETWORKS", "SOURCE_LABELS", "Source", "classify", "marked", "tidy", "traffic_share"]


class Source(StrEnum):
    """What brought a visit."""

    X = "x"
    LINKEDIN = "linkedin"
    YOUTUBE = "youtube"
    OTHER_SOCIAL = "other_social"
    CAMPAIGN = "campaign"
    SEARCH = "search"
    DIRECT = "direct"
    WEBSITE = "website"


SOURCE_LABELS: dict[StrEnum, str] = {
    Source.X: N_("X"),
    Source.LINKEDIN: N_("LinkedIn"),
    Source.YOUTUBE: N_("YouTube"),
    Source.OTHER_SOCIAL: N_("Other networks"),
    Source.CAMPAIGN: N_("Newsletters and advertisements"),
    Source.SEARCH: N_("Search engines"),
    Source.DIRECT: N_("Direct or unknown"),
    Source.WEBSITE: N_("Other websites"),
}
#: The sources that are networks: their sum is the least that networks brought.
NETWORKS = (Source.X, Source.LINKEDIN, Source.YOUTUBE, Source.OTHER_SOCIAL)

#: Names that Matomo, GA4 and utm_source use for a network, in lower case and as a whole.
_NAMES: dict[str, Source] = {
    **dict.fromkeys(("x", "twitter", "twitter / x", "x (twitter)", "x/twitter", "tweet", "tweetdeck"), Source.X),
    **dict.fromkeys(("linkedin", "linked in", "linkedin company page", "com.linkedin.android"), Source.LINKEDIN),
    **dict.fromkeys(("youtube", "youtube shorts", "yt", "com.google.android.youtube"), Source.YOUTUBE),
    **dict.fromkeys(
        (
            "facebook", "fb", "instagram", "ig", "threads", "bluesky", "mastodon", "tiktok", "pinterest", "reddit", "snapchat", "whatsapp",
            "telegram", "discord", "twitch", "vk", "vkontakte", "weibo", "quora", "tumblr", "flickr", "viadeo", "xing", "hacker news",
            "stack overflow", "stackoverflow", "github", "vimeo", "dailymotion", "slideshare", "com.facebook.katana", "com.reddit.frontpage",
        ),
        Source.OTHER_SOCIAL,
    ),
    **dict.fromkeys(
        ("google", "bing", "yahoo", "yahoo!", "duckduckgo", "qwant", "ecosia", "baidu", "yandex", "startpage", "brave", "lilo"), Source.SEARCH
    ),
    **dict.fromkeys(
        ("", "direct", "(direct)", "(none)", "none", "(not set)", "not set", "(other)", "direct entry", "direct entries", "entrée directe",
         "entrées directes", "acces direct", "accès direct", "accès directs", "bookmark", "typein", "keyword not defined", "-"),
        Source.DIRECT,
    ),
}  # fmt: skip
#: Hosts, themselves and all their subdomains; the most exact wins (mail.google.com is no search).
_HOSTS: dict[str, Source] = {
    **dict.fromkeys(("x.com", "twitter.com", "t.co"), Source.X),
    **dict.fromkeys(("linkedin.com", "lnkd.in"), Source.LINKEDIN),
    **dict.fromkeys(("youtube.com", "youtu.be", "youtube-nocookie.com"), Source.YOUTUBE),
    **dict.fromkeys(
        (
            "facebook.com", "fb.com", "fb.me", "instagram.com", "threads.net", "threads.com", "bsky.app", "mastodon.social", "tiktok.com",
            "pinterest.com", "pinterest.fr", "pin.it", "reddit.com", "redd.it", "snapchat.com", "whatsapp.com", "wa.me", "telegram.org",
            "t.me", "discord.com", "discord.gg", "twitch.tv", "vk.com", "weibo.com", "quora.com", "tumblr.com", "flickr.com", "viadeo.com",
            "xing.com", "news.ycombinator.com", "stackoverflow.com", "github.com", "vimeo.com", "dailymotion.com", "slideshare.net",
        ),
        Source.OTHER_SOCIAL,
    ),
    **dict.fromkeys(
        ("bing.com", "duckduckgo.com", "qwant.com", "ecosia.org", "baidu.com", "startpage.com", "search.brave.com", "lilo.org"), Source.SEARCH
    ),
    **dict.fromkeys(("mail.google.com", "docs.google.com", "sites.google.com", "news.google.com", "mail.yahoo.com"), Source.WEBSITE),
}  # fmt: skip
#: Search engines that have a host in each country.
_SEARCH_HOST = re.compile(r"(?:www\.)?google(?:\.[a-z]{2,3}){1,2}|(?:[a-z]{2}\.)?search\.yahoo\.com|(?:www\.)?yandex\.[a-z]{2,3}")
#: utm_medium, GA4's default channel group, Matomo's type of referrer.
_PAID = re.compile(
    r"(?:.*\b)?(?:cp[cmvap]|ppc|paid.*|ads?|advert\w*|display|banner|retargeting|sponsored|affiliates?|cross-network|payant\w*|publicité)(?:\b.*)?"
)
_MEDIUMS: dict[str, Source] = {
    **dict.fromkeys(
        ("email", "e-mail", "mail", "newsletter", "emailing", "campaign", "campaigns", "campagne", "campagnes", "sms", "push", "qr", "print",
         "mobile push notifications"), Source.CAMPAIGN
    ),
    **dict.fromkeys(
        ("social", "social network", "social networks", "social-network", "social media", "social-media", "sm", "organic social",
         "organic video", "réseaux sociaux", "réseau social"), Source.OTHER_SOCIAL
    ),
    **dict.fromkeys(("organic", "organic search", "search", "search engine", "search engines", "moteurs de recherche", "moteur de recherche"),
                    Source.SEARCH),
    **dict.fromkeys(("referral", "website", "websites", "site web", "sites web", "sites internet"), Source.WEBSITE),
    **dict.fromkeys(("direct", "direct entry", "entrée directe", "entrées directes"), Source.DIRECT),
}  # fmt: skip
_HOST = re.compile(r"(?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]+")


def classify(source: str, medium: str = "", campaign: str = "") -> Source:
    """What brought a visit, by what the statistics say of it: a name or a host, a medium or type, a campaign.

    What was paid for is an advertisement, on a network too. Then the name of the source decides, then the medium.
    """
    source, medium, campaign = tidy(source), tidy(medium), tidy(campaign)
    if medium and _PAID.fullmatch(medium):
        return Source.CAMPAIGN
    named = _named(source)
    if named in NETWORKS:
        return named
    by_medium = _MEDIUMS.get(medium)
    if by_medium in (Source.CAMPAIGN, Source.OTHER_SOCIAL, Source.SEARCH):
        return by_medium
    if source in ("newsletter", "email", "e-mail", "infolettre"):
        return Source.CAMPAIGN
    if named is Source.DIRECT:
        return Source.CAMPAIGN if _NAMES.get(campaign) is not Source.DIRECT else by_medium or Source.DIRECT
    return named or by_medium or (Source.WEBSITE if _HOST.fullmatch(source) else Source.CAMPAIGN if campaign else Source.WEBSITE)


def traffic_share(visits: Mapping[Any, int]) -> dict[Any, float]:
    """Part of a page's visits that each source brought.

    visits  -- source -> visits counted over one window, each >= 0.
    returns -- the same sources -> fraction in [0, 1]; the fractions sum to 1.
               Empty when nobody came: no visits is no answer, not 0 %.
    Raises ValueError on a negative count.
    """
    if any(count < 0 for count in visits.values()):
        raise ValueError("a count of visits cannot be negative")
    total = sum(visits.values())
    return {source: count / total for source, count in visits.items()} if total else {}


def marked(url: str, *, platform: str, post_id: int, campaign: str = "") -> str:
    """A post's page with our marks: utm_source (the platform), utm_medium (social, of a chat room internal), utm_campaign, and
    utm_content=post-<number>."""
    return with_utm(url, source=platform, medium="internal" if platform == "webhook" else "social", campaign=slug_of(campaign), content=f"post-{post_id}")


def tidy(text: str) -> str:
    """A name as it is kept: lower case, spaces evened out, of an address the host only, and no e-mail address ever."""
    text = " ".join(text.split()).lower()
    if "://" in text or ("/" in text and _HOST.fullmatch(text.partition("/")[0])):
        return host_of(text)
    return "" if "@" in text else text


def _named(source: str) -> Source | None:
    if source in _NAMES:
        return _NAMES[source]
    if not _HOST.fullmatch(source):
        return None
    labels = source.split(".")
    for first in range(len(labels) - 1):
        found = _HOSTS.get(".".join(labels[first:]))
        if found is not None:
            return found
    return Source.SEARCH if _SEARCH_HOST.fullmatch(source) else None
