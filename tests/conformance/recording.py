"""A sandbox that remembers every call to the letter, so that a test can hold it against what a platform says of itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from werkzeug.formparser import parse_form_data

from planner.channels.sandbox import Sandbox, serve

__all__ = ["Exchange", "Recorder", "form_of", "recorded"]


@dataclass(frozen=True)
class Exchange:
    """One call: the address as it stood on the wire, and what was answered. Header names are in small letters."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    status: int
    answer_headers: Mapping[str, str]
    answer: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path}{'?' if self.query else ''}{self.query} -> {self.status}"

    @property
    def said(self) -> Any:
        return json.loads(self.answer)


class Recorder:
    """A WSGI application around another that keeps every exchange."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application
        self.exchanges: list[Exchange] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        told: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            told.append((status, headers))
            return start_response(status, headers, *more)

        answer = b"".join(self.application(environ, start))
        path, _, query = environ["REQUEST_URI"].partition("?")
        sent = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
        sent["content-type"] = environ.get("CONTENT_TYPE", "")
        status, headers = told[-1]
        received = {name.lower(): value for name, value in headers}
        self.exchanges.append(Exchange(environ["REQUEST_METHOD"], path, query, sent, body, int(status[:3]), received, answer))
        return [answer]

    def taken(self) -> list[Exchange]:
        """The exchanges since the last time somebody asked."""
        exchanges, self.exchanges = self.exchanges, []
        return exchanges


@contextmanager
def recorded(folder: Path) -> Iterator[tuple[Sandbox, str, Recorder]]:
    """A sandbox of its own, its address, and what is said to it."""
    sandbox = Sandbox(folder / "sandbox.sqlite3")
    recorder = Recorder(sandbox.wsgi_app)
    sandbox.wsgi_app = recorder  # type: ignore[method-assign]
    with serve(sandbox) as running:
        yield sandbox, running.url, recorder
    sandbox.close()


def form_of(exchange: Exchange) -> dict[str, str]:
    """A form's fields and files; a file's bytes as text, a character each."""
    environ = {"wsgi.input": BytesIO(exchange.body), "CONTENT_LENGTH": str(len(exchange.body)), "CONTENT_TYPE": exchange.headers["content-type"]}
    _, fields, files = parse_form_data(environ, stream_factory=lambda **_: BytesIO())
    return {**fields.to_dict(), **{name: file.read().decode("latin-1") for name, file in files.items()}}
