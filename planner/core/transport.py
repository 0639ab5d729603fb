"""The sockets under the outgoing client: they note when the first byte leaves, keep a deadline, and guard addresses."""

from __future__ import annotations

import io
import logging
import os
import socket
import threading
import time
from http import cookiejar
from http.client import HTTPResponse as RawResponse
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError

from planner.core.addresses import check_address

__all__ = ["call", "new_session"]

# urllib3 writes whole addresses to its log, and the path of a webhook is its key.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)


class _Call(threading.local):
    """What the connection below tells the call above it: when to give up, and whether a byte has left."""

    deadline = 0.0
    sent = False


#: The call this thread is making.
call = _Call()


class _TimedReader(io.RawIOBase):
    """Reads a socket so that all reads together end at the deadline, however slowly the bytes drip."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._inner = sock.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._sock.settimeout(left)
        return self._inner.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
        super().close()


class _TimedResponse(RawResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_TimedReader(sock, call.deadline))


class _Watched:
    """Notes the moment the first byte of a request leaves; connecting and the TLS handshake are not part of it."""

    response_class = _TimedResponse
    sock: socket.socket | None

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined]
        call.sent = True
        super().send(data)  # type: ignore[misc]


class _Guarded:
    """Resolves the name once, looks at every address it stands for, and connects to one of those very addresses."""

    allow_private = False

    def _new_conn(self) -> socket.socket:
        host, port, timeout = self._dns_host, self.port, self.timeout  # type: ignore[attr-defined]
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as err:
            raise NameResolutionError(host, self, err) from err  # type: ignore[arg-type]
        addresses = list(dict.fromkeys(entry[4][0] for entry in found))
        for address in addresses:
            check_address(str(address), host, allow_private=self.allow_private)
        for address in addresses:
            try:
                return socket.create_connection((str(address), port), timeout)
            except OSError:
                continue
        raise NewConnectionError(self, "no address of this name answers")  # type: ignore[arg-type]


def _connections(guarded: bool, allow_private: bool) -> dict[str, type[HTTPConnectionPool]]:
    """urllib3's connection pools with our watch, and our guard when asked, built in."""
    bases: tuple[type, ...] = (_Watched, _Guarded) if guarded else (_Watched,)
    extra = {"allow_private": allow_private}
    plain = type("PlainConnection", (*bases, HTTPConnection), extra)
    secure = type("SecureConnection", (*bases, HTTPSConnection), extra)
    return {
        "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }


class _Transport(HTTPAdapter):
    def __init__(self, pools: dict[str, type[HTTPConnectionPool]]) -> None:
        self._pools = pools
        super().__init__(pool_connections=8, pool_maxsize=2, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools


def new_session(*, guarded: bool, allow_private: bool) -> requests.Session:
    """A session that takes nothing from the machine but its certificates: no .netrc, no proxy, no cookies."""
    session = requests.Session()
    session.trust_env = False
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    session.headers["User-Agent"] = "editorial-planner"
    session.cookies.set_policy(cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    transport = _Transport(_connections(guarded, allow_private))
    session.mount("http://", transport)
    session.mount("https://", transport)
    return session
