"""Addresses of pages as they are compared, and the marks (utm_…) they carry. Pure."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

__all__ = ["host_of", "marks_of", "page_key"]


def host_of(address: str) -> str:
    """The host of an address, without `www.`; an app's package for android-app:// addresses."""
    try:
        host = urlsplit(address if "://" in address else f"//{address}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def page_key(address: str) -> tuple[str, str]:
    """(host, path) of a page as it is compared: without http(s), www., query, fragment or a final slash; host "" when only a path is told."""
    text = address.strip()
    if text.startswith("/") and not text.startswith("//"):
        host, path = "", text
    else:
        host = host_of(text)
        rest = text.partition("://")[2] if "://" in text else text.removeprefix("//")
        path = "/" + rest.partition("/")[2]
    path = re.split(r"[?#]", path, maxsplit=1)[0].rstrip("/")
    return host.lower(), path


def marks_of(page: str) -> dict[str, str]:
    """The marks (utm_…) in a page's address."""
    try:
        query = urlsplit(page if "://" in page else f"//host{page if page.startswith('/') else '/' + page}").query
        found = parse_qs(query, max_num_fields=50)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items() if name.startswith("utm_")}
