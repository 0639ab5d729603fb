"""Which asset an address is a page of, told apart as mentions are: by what a platform knows it by, else by host, path and what of the query names a page. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from planner.core.pages import page_key
from planner.listening.networks import number_of, query_of

__all__ = ["OurPages", "our_pages"]

_Query = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class OurPages:
    """Every asset's number; (network, number) -> asset, of pages that a platform knows by a number; (host, path) -> what of the query names the page, and the asset."""

    assets: frozenset[int]
    numbers: Mapping[tuple[str, str], int]
    by_page: Mapping[tuple[str, str], Sequence[tuple[_Query, int]]]

    def of(self, address: str) -> int | None:
        """The asset whose page this is; None for nobody's, for one that two share, and for what a platform knows by a number.

        Of several on one path it is the one that names most of the query; without any query the path alone will do, but for a site's first page.
        """
        if number_of(address) is not None:
            return None
        key, query = page_key(address), query_of(address)
        here = self.by_page.get(key, ())
        fits = [(len(wanted), asset_id) for wanted, asset_id in here if wanted <= query]
        if not fits and not query and key[1]:
            fits = [(0, asset_id) for _wanted, asset_id in here]
        best = {asset_id for named, asset_id in fits if named == max(fits)[0]}
        return best.pop() if len(best) == 1 else None


def our_pages(addresses: Iterable[tuple[int, str]]) -> OurPages:
    """addresses -- every asset and its address, which may be empty."""
    numbers: dict[tuple[str, str], set[int]] = {}
    by_page: dict[tuple[str, str], list[tuple[_Query, int]]] = {}
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
