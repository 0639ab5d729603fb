"""A route that works out how its address is written when somebody first asks for it.

Werkzeug writes two small functions for each route when it is added; with three hundred of them that was a tenth of a start, and one
page needs a dozen. What a route matches, and every mistake in its text, is still looked at when it is added.
"""

from __future__ import annotations

from typing import Any

from werkzeug.routing import Rule

__all__ = ["LazyRule"]


class LazyRule(Rule):
    """The same route; its two builders are compiled at their first call."""

    def _compile_builder(self, append_unknown: bool = True) -> Any:
        name = "_build_unknown" if append_unknown else "_build"
        compile_builder = super()._compile_builder

        def build(rule: LazyRule, **values: Any) -> tuple[str, str]:
            compiled = compile_builder(append_unknown).__get__(rule, None)
            setattr(rule, name, compiled)
            return compiled(**values)  # type: ignore[no-any-return]

        return build
