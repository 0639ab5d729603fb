"""Which asset a page is: by its address, or by its path alone where no other asset shares that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset
from planner.core.pages import page_key

__all__ = ["AssetPages", "asset_pages"]


@dataclass(frozen=True, slots=True)
class AssetPages:
    """Every asset's number, and (host, path) -> asset; a path that two share is nobody's."""

    assets: frozenset[int]
    by_page: Mapping[tuple[str, str], int]

    def of(self, address: str) -> int | None:
        """The asset whose page this is, None for nobody's."""
        return self.by_page.get(page_key(address))


def asset_pages(db: Session) -> AssetPages:
    """The pages of all assets. One statement."""
    by_page: dict[tuple[str, str], int] = {}
    shared = set()
    numbers = set()
    for asset_id, url in db.execute(select(Asset.id, Asset.url).order_by(Asset.id)):
        numbers.add(asset_id)
        if not url:
            continue
        host, path = page_key(url)
        for key in {(host, path), ("", path)} if path else {(host, path)}:
            if by_page.setdefault(key, asset_id) != asset_id:
                shared.add(key)
    return AssetPages(frozenset(numbers), {key: found for key, found in by_page.items() if key not in shared})
