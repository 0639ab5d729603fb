"""Reads mentions out of a monitoring tool's export: the columns that such tools write, or those that a person pointed at."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from planner.catalog import cells
from planner.catalog.importing import Row
from planner.catalog.rules import check_url
from planner.core.i18n import N_
from planner.core.networks import network_of, site_of
from planner.core.text import find_links, shorten
from planner.listening.rules import Told, plain

__all__ = ["MENTION_COLUMNS", "MENTION_FIELDS", "TEMPLATE", "read_row"]

#: Field -> headings that mean it, as `heading` writes them: the planner's own and those of usual tools, in English and in French.
MENTION_COLUMNS: dict[str, tuple[str, ...]] = {
    "at": (
        "at", "date", "day", "published", "published_at", "publish_date", "published_date", "publication_date", "post_date", "created_at", "jour",
        "date_de_publication", "date_de_parution", "publie_le",
    ),
    "time": ("time", "hour", "heure"),
    "address": ("address", "url", "link", "permalink", "post_url", "article_url", "mention_url", "adresse", "lien", "url_de_l_article"),
    "title": ("title", "headline", "subject", "titre"),
    "excerpt": (
        "excerpt", "snippet", "content_snippet", "hit_sentence", "opening_text", "text", "full_text", "content", "message", "mention", "description", "extrait",
        "texte", "contenu",
    ),
    "author": ("author", "author_name", "influencer", "journalist", "full_name", "username", "screen_name", "auteur", "journaliste", "nom_de_l_auteur"),
    "outlet": (
        "outlet", "media_outlet", "source", "source_name", "outlet_name", "media", "media_name", "publication", "domain", "site", "support", "nom_du_media",
        "nom_de_la_source",
    ),
    "network": ("network", "source_type", "media_type", "content_source", "page_type", "platform", "reseau", "type_de_source", "type_de_media", "plateforme"),
    "links": ("links", "links_to", "urls", "expanded_urls", "outbound_links", "liens", "liens_sortants"),
    "asset": ("asset", "asset_id", "about", "contenu_id", "a_propos_de"),
}  # fmt: skip
#: What a person may point at, in the order of the screen.
MENTION_FIELDS = ("at", "time", "address", "title", "excerpt", "author", "outlet", "network", "links", "asset")
TEMPLATE: tuple[tuple[str, ...], ...] = (
    ("date", "address", "title", "excerpt", "author", "outlet", "network", "links", "asset"),
    (
        "2026-11-20T09:30:00+01:00", "https://www.example.org/2026/11/what-a-bit-costs", "What a bit costs", "The group's paper counts the watts of every hop.",
        "Jane Doe", "The Example Times", "", "https://www.example.com/papers/energy-per-bit", "",
    ),
)  # fmt: skip
#: Nothing that is read of a cell stands behind so many characters: a whole article is shorter, and a cell may have millions.
_READ = 50_000
_LONGEST = {"title": 300, "excerpt": 1000, "author": 200, "outlet": 200, "asset": 300, "network": 80}
#: A date that a time follows, written with colons or without.
_TIMED = re.compile(r"\d[T ]+\d|\d[:hH]\d")


def read_row(row: Row, *, now: datetime, zone: str, source: str) -> Told:
    """One row as a mention; what is wrong is noted on the row. What other people wrote is taken as it stands, a sign at its beginning too.

    zone -- of moments without an offset. source -- what the mention is kept as told by.
    """
    at, timed = row.take("at", lambda text: _moment(text, row["time"], zone), (now, True))
    if not row["at"]:
        row.complain(N_("The day of the mention is missing."), "at")
    elif at > now + timedelta(days=1):
        row.complain(N_("A mention cannot be from the future."), "at")
    address = row.take("address", _address, "")
    told = {name: shorten(plain(row[name][:_READ]), most) for name, most in _LONGEST.items()}
    if not address and not told["title"] and not told["excerpt"]:
        row.complain(N_("This row has neither an address nor a text."), "address")
    words = " ".join(row[name][:_READ] for name in ("links", "title", "excerpt"))[:_READ]
    return Told(
        at, source, network_of(address, told["network"]), site_of(address), told["outlet"], told["author"], address, told["title"], told["excerpt"], timed,
        links=tuple(dict.fromkeys(one[:2000] for one in find_links(words.replace("|", " ").replace(";", " ")))),
        about=told["asset"].removeprefix("#"),
    )  # fmt: skip


def _moment(text: str, time: str, zone: str) -> tuple[datetime, bool]:
    """A date with its time, from one cell or from two, and whether a time was told at all: a day alone is its noon UTC. Midnight is what workbooks and tools write
    for a day."""
    day = re.sub(r"[T ]00:00(?::00(?:\.0+)?)?$", "", text)
    if time:
        return cells.moment(f"{day} {cells.clock(time)}", zone), True
    found = cells.moment(day, zone if (timed := _TIMED.search(day) is not None) else "UTC")
    return (found, True) if timed else (found.replace(hour=12), False)


def _address(text: str) -> str:
    """A web address, with or without its scheme."""
    return check_url(text if "://" in text or not re.match(r"[\w-]+(?:\.[\w-]+)+(?:/|$)", text) else f"https://{text}")
