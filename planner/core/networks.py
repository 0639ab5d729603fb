"""Addresses on the networks and on any site: which network, what it knows a page by, and what of a query names a page. Pure."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

from planner.core.pages import host_of, page_key

__all__ = ["NETWORKS", "WEB", "Query", "handle_of", "network_of", "number_of", "page_of", "query_of", "site_of"]

#: What of an address's query names a page, by name and value.
Query = frozenset[tuple[str, str]]

WEB = "web"
#: Network -> its name, which needs no translation.
NETWORKS: dict[str, str] = {
    "x": "X", "linkedin": "LinkedIn", "youtube": "YouTube", "facebook": "Facebook", "instagram": "Instagram", "threads": "Threads", "bluesky": "Bluesky",
    "mastodon": "Mastodon", "tiktok": "TikTok", "reddit": "Reddit",
}  # fmt: skip
#: Hosts, themselves and their subdomains.
_HOSTS: dict[str, str] = {
    "x.com": "x", "twitter.com": "x", "t.co": "x", "linkedin.com": "linkedin", "lnkd.in": "linkedin", "youtube.com": "youtube", "youtu.be": "youtube",
    "facebook.com": "facebook", "fb.com": "facebook", "fb.me": "facebook", "instagram.com": "instagram", "threads.net": "threads", "threads.com": "threads",
    "bsky.app": "bluesky", "mastodon.social": "mastodon", "tiktok.com": "tiktok", "reddit.com": "reddit", "redd.it": "reddit",
}  # fmt: skip
_GOES_BY = {"x": "x.com", "youtube": "youtube.com"}
#: What monitoring tools call a network, where no address says it.
_NAMES: dict[str, str] = {**{name.lower(): network for network, name in NETWORKS.items()}, "twitter": "x", "x (twitter)": "x", "x/twitter": "x", "twitter / x": "x"}
#: What is added to an address on its way, and changes no page. One more: mentions that are kept need their keys made again, by a migration.
_MARK = re.compile(
    r"(?:utm|mtm|matomo|pk|piwik|gad|hsa)_.*|(?:fb|g|d|ms|y|tt|tw|li_fat_)clid|msclkid|[gw]braid|srsltid|li_fat_id|igsh(?:id)?|mc_[ce]id|mkt_tok|_hs(?:enc|mi)|_g[al]|cmpid|xtor"
    r"|at_(?:medium|campaign|custom\d)", re.IGNORECASE,
)  # fmt: skip
_STATUS = re.compile(r"/(?:[^/]+|i/web)/status(?:es)?/(\d{1,20})(?:/|$)")
_WRITER = re.compile(r"/(\w{1,30})/status(?:es)?/\d", re.ASCII)
_FILM = re.compile(r"[A-Za-z0-9_-]{6,64}")
_URN = re.compile(r"urn:li:(activity|share|ugcPost):(\d{1,20})")
_SHARED = re.compile(r"-(activity|share|ugcPost)-(\d{1,20})(?:-|/|$)")


def network_of(address: str, named: str = "") -> str:
    """The network an address is on; only without an address what the source calls it. WEB for any other site."""
    if not address:
        return _NAMES.get(" ".join(named.split()).lower(), WEB)
    labels = host_of(address).split(".")
    return next((found for first in range(len(labels) - 1) if (found := _HOSTS.get(".".join(labels[first:])))), WEB)


def site_of(address: str) -> str:
    """The host of an address without www. or m., at most 200 characters; of a network that has several, the one it goes by."""
    return _GOES_BY.get(network_of(address)) or re.sub(r"^(?:m|mobile|amp)\.", "", host_of(address))[:200] if address else ""


def number_of(address: str) -> tuple[str, str] | None:
    """(network, number) by which X, YouTube or LinkedIn know what lies at an address: a status, a video, a URN. None elsewhere."""
    network = network_of(address)
    if network not in ("x", "youtube", "linkedin"):
        return None
    try:
        parts = urlsplit(address)
        query = dict(parse_qsl(parts.query, max_num_fields=50))
    except ValueError:
        return None
    if network == "x":
        found = _STATUS.match(parts.path)
        return (network, found[1]) if found else None
    if network == "youtube":
        first, _slash, rest = parts.path.strip("/").partition("/")
        film = query.get("v", "") if first == "watch" else rest.partition("/")[0] if first in ("shorts", "live", "embed") else first if "youtu.be" in parts.netloc else ""
        return (network, film) if _FILM.fullmatch(film) else None
    if network == "linkedin":
        found = _URN.search(parts.path.replace("%3A", ":").replace("%3a", ":")) or _SHARED.search(parts.path)
        return (network, f"urn:li:{found[1]}:{found[2]}") if found else None
    return None


def handle_of(address: str) -> str:
    """Whose message on X lies at an address, in small letters; empty where it does not say so."""
    found = _WRITER.match(page_key(address)[1]) if network_of(address) == "x" else None
    return found[1].lower() if found else ""


def query_of(address: str) -> Query:
    """What of an address's query is no mark, by name and value; empty for one that cannot be read."""
    if "?" not in address:
        return frozenset()
    try:
        return frozenset(one for one in parse_qsl(urlsplit(address).query, keep_blank_values=True, max_num_fields=100) if not _MARK.fullmatch(one[0]))
    except ValueError:
        return frozenset()


def page_of(address: str) -> str:
    """An address as mentions are told apart by it: a platform's number and a comment's below it, else host, path and what of the query is no mark."""
    number = number_of(address)
    try:
        query = sorted((name, value) for name, value in parse_qsl(urlsplit(address).query, keep_blank_values=True, max_num_fields=100) if not _MARK.fullmatch(name))
    except ValueError:
        query = []
    if number is not None:
        comment = next((value for name, value in query if name in ("lc", "commentUrn")), "")
        return ":".join(filter(None, (*number, comment)))
    host, path = page_key(address)
    return f"{re.sub(r'^(?:m|mobile|amp)[.]', '', host)}{path}{'?' + urlencode(query) if query else ''}"
