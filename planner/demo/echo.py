"""What others write of the demo's pages, as a monitoring tool's export tells it: most when a page comes out, and of one page again weeks later."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from zlib import crc32

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset, AssetState
from planner.ledger import jobs
from planner.listening import importing
from planner.planning.models import Post, PostState

__all__ = ["tell"]

#: The page that comes back, and who writes of it then: days ago, author, outlet, host, what is said.
_AGAIN = "latency-at-the-quay"
_WRITTEN_AGAIN = (
    (5, "Hedda Lund", "Open Networks forum", "forum.opennetworks.example", "Has anybody measured latency at a real quay?"),
    (5, "rack42", "Open Networks forum", "forum.opennetworks.example", "Re: Has anybody measured latency at a real quay?"),
    (4, "Tomás Brill", "Open Networks forum", "forum.opennetworks.example", "The tail matters: the worst 0.1 % at the quay"),
    (4, "Ilse Marchetti", "The Edge Letter", "edgeletter.example", "Somebody published the whole distribution"),
    (3, "rack42", "Open Networks forum", "forum.opennetworks.example", "We repeated the quay measurements, and got 12 ms"),
    (3, "Noor Haddad", "Open Networks forum", "forum.opennetworks.example", "Which afternoon went wrong, and why"),
    (2, "Hedda Lund", "Open Networks forum", "forum.opennetworks.example", "A reading list on industrial latency"),
    (1, "Paul Vestergaard", "Radio Access Weekly", "ranweekly.example", "Eleven milliseconds, two months later"),
)
#: Who writes when a page comes out: author, outlet, host (empty: a message on a network, whose address the tool does not tell), network, what is said.
_FIRST = (
    ("Ana Petrescu", "The Harbour Gazette", "harbourgazette.example", "", "{title}: what it means for the docks"),
    ("Luc Aubry", "Le Fil des réseaux", "fildesreseaux.example", "", "Norvane : « {title} »"),
    ("Mei Tanaka", "Telecom Ledger", "telecomledger.example", "", "Norvane goes into detail: {title}"),
    ("@portwatch", "", "", "Twitter", "Worth your time: {title}"),
    ("@ana_edge", "", "", "Twitter", "Good numbers in “{title}”."),
    ("Sofia Klein", "", "", "LinkedIn", "We discussed “{title}” in our team today."),
)
_HEADINGS = ("date", "address", "title", "excerpt", "author", "outlet", "network", "links")


def tell(db: Session, *, now: datetime) -> int:
    """Bring the export in, and have what comes back looked for; how many mentions there are."""
    rows = sorted(_rows(db, now))
    table = io.StringIO(newline="")
    csv.writer(table).writerows([_HEADINGS, *rows])
    done = importing.write(db, importing.validate(table.getvalue().encode(), now=now), actor=None, now=now)
    jobs.enqueue(db, "resurfaced.look", {}, now=now)
    return done.new


def _rows(db: Session, now: datetime) -> Iterator[tuple[str, ...]]:
    first_live = func.min(Post.published_at)
    pages = db.execute(
        select(Asset.id, Asset.title, Asset.url, first_live)
        .join(Post, Post.asset_id == Asset.id)
        .where(Asset.url != "", Asset.state == AssetState.LIVE, Post.state == PostState.PUBLISHED)
        .group_by(Asset.id)
        .order_by(Asset.id)
    ).all()
    for asset_id, title, url, since in pages:
        assert since is not None  # A published post has its moment.
        chance = random.Random(asset_id)
        for author, outlet, host, network, said in _FIRST:
            # Within a week and a half, the sooner the likelier.
            at = since + timedelta(hours=min(chance.expovariate(1 / 40), 250))
            if at < now and chance.random() < 0.6:
                yield _row(at, title, url, author, outlet, host, network, said)
        if url.endswith(_AGAIN):
            for back, author, outlet, host, said in _WRITTEN_AGAIN:
                yield _row(now - timedelta(days=back, minutes=chance.randrange(600)), title, url, author, outlet, host, "", said)
    # The tool also finds what is about no page of ours, up to the day of the export.
    for back in range(0, 66, 6):
        yield _row(now - timedelta(days=back, minutes=20), "", "", "Gil Navarro", "Exchange Notes", "exchangenotes.example", "", f"Norvane in the market notes, no. {200 - back // 6}")


def _row(at: datetime, title: str, url: str, author: str, outlet: str, host: str, network: str, said: str) -> tuple[str, ...]:
    number = crc32((said + author).encode())
    address = f"https://{host}/{at:%Y/%m/%d}/{number}" if host else ""
    headline = said.format(title=title)
    return (at.isoformat(timespec="minutes"), address, headline if host else "", "" if host else f"{headline} {url}", author, outlet, network, url)
