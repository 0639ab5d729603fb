"""Functions that are imported at their first call, and tables of addresses that lead to them.

What starts the product (a web process, one command, a worker) should not load every page, form and library there is. The doors
keep plain tables that name functions; docs/decisions/0009 says why.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from typing import Any, NamedTuple

__all__ = ["Address", "Lazy", "Table", "without"]


class Lazy:
    """Stands for a function given as "module:name"; its module is imported when it is first called."""

    def __init__(self, path: str) -> None:
        self.__module__, _, self.__name__ = path.partition(":")
        self.__qualname__ = self.__name__

    def load(self) -> Any:
        """The function itself. Raises ImportError, AttributeError: a table names something that is not there."""
        return getattr(import_module(self.__module__), self.__name__)

    @cached_property
    def _function(self) -> Any:
        return self.load()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"Lazy({self.__module__}:{self.__name__})"


class Address(NamedTuple):
    """One row of a table, ready for a router."""

    methods: list[str]
    rule: str
    endpoint: str
    view: Lazy


class Table(NamedTuple):
    """The addresses of one family of pages, or of one resource.

    module -- where the views are; a row that names "people.show" means the module `people` inside it.
    rows   -- methods, rule below the prefix, view: ("GET POST", "/<int:post_id>/edit", "edit").
    """

    name: str
    prefix: str
    module: str
    rows: tuple[tuple[str, str, str], ...]
    #: A function of that module whose values every template of this family gets.
    context: str = ""

    def addresses(self) -> Iterator[Address]:
        for methods, rule, view in self.rows:
            lazy = self.lazy(view)
            yield Address(methods.split(), rule, lazy.__name__, lazy)

    def lazy(self, name: str) -> Lazy:
        """A function of this family by its name in the table."""
        inside, _, function = name.rpartition(".")
        return Lazy(f"{self.module}{'.' * bool(inside)}{inside}:{function}")


@contextmanager
def without(module: str) -> Iterator[None]:
    """Import what stands in the block as if this optional module were not installed, when that library has a way to do without it."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # Python's own mark for “cannot be imported”.
    try:
        yield
    finally:
        del sys.modules[module]
