"""Which asset an address is a page of: by what a platform knows it by, else by host, path and what of the query names a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset
from planner.core.networks import Query, number_of, query_of
from planner.core.pages import page_key

__all__ = ["OurPages", "fitting", "our_pages", "pages_of_assets"]


@dataclass(frozen=True, slots=True)
class OurPages:
    """Every asset's number; (network, number) -> asset, of pages that a platform knows by a number; (host, path) -> what of the query names the page, and the asset.

    Without a host a path is looked up as well: web statistics mostly leave it out.
    """

    assets: frozenset[int]
    numbers: Mapping[tuple[str, str], int]
    by_page: Mapping[tuple[str, str], Sequence[tuple[Query, int]]]

    def of(self, address: str) -> int | None:
        """The asset whose page this is; None for nobody's, for one that two share, and for what a platform knows by a number."""
        if number_of(address) is not None:
            return None
        key = page_key(address)
        here = self.by_page.get(key)
        if not here:
            return None
        if len(here) == 1 and not here[0][0]:
            return here[0][1]
        named = fitting([wanted for wanted, _asset in here], query_of(address), is_first=not key[1])
        found = {asset_id for wanted, asset_id in here if wanted in named}
        return found.pop() if len(found) == 1 else None

    def visited(self, address: str) -> int | None:
        """The same of a page that was visited, or of a platform's page by its number."""
        number = number_of(address)
        return self.of(address) if number is None else self.numbers.get(number)


def fitting(wanted: Iterable[Query], query: Query, *, is_first: bool) -> set[Query]:
    """Of what names the pages on one path, that which an address with this query means: what names most of it. What it holds besides does not matter.

    Without any query the path alone will do, whatever else names its pages, but for a site's first page.
    """
    there = set(wanted)
    fits = {one for one in there if one <= query}
    if not fits and not query and not is_first:
        return there
    most = max((len(one) for one in fits), default=0)
    return {one for one in fits if len(one) == most}


def our_pages(addresses: Iterable[tuple[int, str]]) -> OurPages:
    """addresses -- every asset and its address, which may be empty."""
    numbers: dict[tuple[str, str], set[int]] = {}
    by_page: dict[tuple[str, str], list[tuple[Query, int]]] = {}
    assets = set()
    for asset_id, url in addresses:
        assets.add(asset_id)
        if not url:
            continue
        if (number := number_of(url)) is not None:
            numbers.setdefault(number, set()).add(asset_id)
            continue
        host, path = page_key(url)
        for key in {(host, path), ("", path)} if path else {(host, path)}:
            by_page.setdefault(key, []).append((query_of(url), asset_id))
    return OurPages(frozenset(assets), {number: found.pop() for number, found in numbers.items() if len(found) == 1}, by_page)


def pages_of_assets(db: Session) -> OurPages:
    """The pages of all assets. One statement."""
    return our_pages((asset_id, url) for asset_id, url in db.execute(select(Asset.id, Asset.url).order_by(Asset.id)))
