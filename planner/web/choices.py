"""How many things a list to choose from offers, before it says that there are more and how to reach them."""

from __future__ import annotations

__all__ = ["OFFERED"]

#: So many assets are offered, those that changed last.
OFFERED = 300
