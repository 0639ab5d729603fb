"""Routes whose builders are compiled late write the same addresses as Werkzeug's own."""

from __future__ import annotations

import pytest
from werkzeug.exceptions import NotFound
from werkzeug.routing import BuildError, Map, Rule

from planner.web.rules import LazyRule

ROWS = [("/posts/<int:post_id>/move", "move"), ("/l/<code>", "link"), ("/", "home"), ("/files/<path:name>", "file")]


def bound(kind: type[Rule]):
    return Map([kind(rule, endpoint=endpoint) for rule, endpoint in ROWS]).bind("example.com")


@pytest.mark.parametrize(
    ("endpoint", "values"),
    [("move", {"post_id": 7}), ("move", {"post_id": 7, "week": "2026-W48"}), ("link", {"code": "é/x"}), ("home", {}), ("file", {"name": "a/b c"})],
)
@pytest.mark.parametrize("unknown", [True, False])
def test_an_address_is_written_as_by_werkzeug(endpoint: str, values: dict, unknown: bool) -> None:
    lazy, plain = bound(LazyRule), bound(Rule)
    first = lazy.build(endpoint, values, append_unknown=unknown)
    assert [first, lazy.build(endpoint, values, append_unknown=unknown)] == [plain.build(endpoint, values, append_unknown=unknown)] * 2


def test_what_a_route_matches_and_refuses_is_unchanged() -> None:
    lazy = bound(LazyRule)
    assert lazy.match("/posts/12/move") == ("move", {"post_id": 12})
    with pytest.raises(NotFound):
        lazy.match("/posts/x/move")
    with pytest.raises(BuildError):
        lazy.build("move", {})
