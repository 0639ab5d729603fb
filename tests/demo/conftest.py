"""The quarter that the browser tests' products have lived through is the one that is looked into here."""

from __future__ import annotations

from tests.browser.conftest import demo_quarter

__all__ = ["demo_quarter"]
