"""Reads visits out of the log of a web server: Apache's and nginx's “combined” and “common” formats, packed with gzip or not.

A visit is one browser at one network address that came to a page of ours from one source on one day, once however often it loaded the
page. Browsers are told apart by a salted hash that lives as long as the file is read; the salt, the address and the browser's name are
kept nowhere. Left out are programs, requests that were no successful GET, files that belong to a page, and ways from one page of a
website to another, which begin no visit.
Sources: httpd.apache.org, Log Files (“%h %l %u %t \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-agent}i\\"”, with “%v:%p ” before it in
vhost_combined); nginx.org, ngx_http_log_module (combined; a quotation mark is written \\x22).
"""

from __future__ import annotations

import gzip
import io
import re
import secrets
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import IO
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from planner.catalog.pages import fitting
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.core.networks import Query, query_of
from planner.core.pages import host_of, marks_of, page_key
from planner.insights.short_links import is_person
from planner.insights.sources import tidy
from planner.insights.visit_rows import VisitRow
from planner.planning.marks import post_of

__all__ = ["MOST_BYTES", "LogSummary", "LogPages", "is_log", "read_log"]

#: Unpacked.
MOST_BYTES = 1_000_000_000
#: Visits that are told apart at once, and counts they come to: what keeps the memory of a reading within bounds.
MOST_VISITS, MOST_COUNTS = 1_000_000, 200_000
_LONGEST = 16_384
_LOOKED_AT, _EVERY = 20, 50_000
_MOST_NAMED, _MOST_NUMBERS = 500, 10
_QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_LINE = re.compile(
    r"(?:([\w.-]+):\d+ )?(\S+) \S+ [^\[]{1,256}? \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d):\d\d ([+-]\d{4})\] "
    + _QUOTED + r" (\d{3}) (?:\d+|-)(?: " + _QUOTED + " " + _QUOTED + r'(?: .*)?| [^"]*)?\s*',
    re.ASCII | re.DOTALL,
)  # fmt: skip
_MONTHS = {name: number for number, name in enumerate(("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1)}
_FILE = re.compile(
    r"\.(?:css|m?js|map|json|xml|txt|ico|png|jpe?g|gif|svg|webp|avif|woff2?|ttf|otf|eot|mp[34]|webm|webmanifest|vtt)$", re.IGNORECASE
)

#: (day, path and what of the query names the page, host, source, medium, campaign, content)
_Count = tuple[date, str, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class LogPages:
    """Where assets' pages are: path -> hosts, both as `page_key` writes them. `zone` is the clock that days are told by.

    named -- path -> what of the query names each page there, of the paths where it names one.
    """

    hosts: Mapping[str, frozenset[str]]
    zone: str = "UTC"
    named: Mapping[str, frozenset[Query]] = field(default_factory=dict)

    def has(self, host: str, path: str) -> bool:
        """Whether an asset's page is there; a log mostly does not say the host."""
        known = self.hosts.get(path)
        return known is not None and (host in known if host else bool(path))

    def query(self, path: str, target: str) -> str | None:
        """What of a request's query names a page of ours on that path, as it follows the path; None where what it names is nobody's."""
        wanted = self.named.get(path)
        if not wanted:
            return ""
        meant = fitting(wanted, query_of(target), is_first=not path)
        one = max(meant, key=len, default=None) if len(meant) < 2 else frozenset[tuple[str, str]]()
        return None if one is None else f"?{urlencode(sorted(one))}" if one else ""


@dataclass
class LogSummary:
    """What a log held: its visits, and the lines that are none, each counted once.

    programs, inside -- requests by no person, and from another page of the same website.
    others           -- people's requests for pages of no asset; `names` are the first of those pages.
    refused          -- what was no GET, or was not answered with the page.
    unnamed          -- lines among all that name neither a browser nor a referring page (“common” format).
    broken           -- lines nobody can read; `numbers` are the first.
    first, last      -- between which moments it was written, by the clock that days are told by; None when no line can be read.
    """

    lines: int = 0
    visits: int = 0
    requests: int = 0
    programs: int = 0
    inside: int = 0
    others: int = 0
    files: int = 0
    refused: int = 0
    unnamed: int = 0
    broken: int = 0
    numbers: list[int] = field(default_factory=list)
    names: dict[str, None] = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None


def is_log(source: Path | bytes) -> bool:
    """Whether one of the first lines is a line of a server's log. Raises Invalid for a packed file that is none, or cannot be unpacked."""
    lines = _lines(source)
    found = any(_LINE.fullmatch(line) for _number, line in zip(range(_LOOKED_AT), lines, strict=False))
    if not found and _is_packed(source):
        raise Invalid(N_("What is packed in this file is no log of a web server. Unpack a table before you send it."), field="file")
    return found


def read_log(
    source: Path | bytes, ours: LogPages, *, now: datetime, progress: Callable[[int], None] | None = None
) -> tuple[list[VisitRow], LogSummary]:
    """A log's visits to our pages, and what else it held. Whatever the size of the file, the memory taken is bounded.

    Raises Invalid, field "file", when it is too large or holds more visits than are told apart at once.
    """
    told, counts, first_lines = LogSummary(), Counter[_Count](), dict[_Count, int]()
    salt, seen, tomorrow = secrets.token_bytes(16), set[bytes](), now + timedelta(days=1)
    is_somebody = lru_cache(4096)(lambda agent: is_person("GET", agent))
    moment_of = lru_cache(4096)(lambda minute, offset: _moment(minute, offset, ours.zone))
    for line in _lines(source):
        told.lines += 1
        if progress is not None and told.lines % _EVERY == 0:
            progress(told.lines)
        found = _LINE.fullmatch(line)
        at = moment_of(found[3], found[4]) if found else None
        if not found or at is None or at > tomorrow:
            told.broken += 1
            if len(told.numbers) < _MOST_NUMBERS:
                told.numbers.append(told.lines)
            continue
        if told.first is None or told.last is None or not told.first <= at <= told.last:
            told.first, told.last = min(told.first or at, at), max(told.last or at, at)
        server, address, _minute, _offset, request, status, referrer, agent = ("" if part == "-" else part for part in found.groups())
        told.unnamed += agent is None
        count = _count_of(told, ours, at.date(), server or "", str(request), str(status), referrer or "", agent, is_somebody)
        if count is None:
            continue
        told.requests += 1
        mark = blake2b("\0".join((str(address), agent or "", str(at.date()), *count[1:])).encode(), digest_size=8, key=salt).digest()
        if mark not in seen:
            seen.add(mark)
            counts[count] += 1
            first_lines.setdefault(count, told.lines)
            if len(seen) > MOST_VISITS or len(counts) > MOST_COUNTS:
                raise Invalid(N_("This log holds more visits than can be told apart at once. Send it in parts, whole days in each."), field="file")
    told.visits = len(seen)
    return [_row(count, visits, first_lines[count]) for count, visits in counts.items()], told


def _count_of(
    told: LogSummary, ours: LogPages, day: date, server: str, request: str, status: str, referrer: str, agent: str | None,
    is_somebody: Callable[[str], bool],
) -> _Count | None:
    """What a line counts for; None, noted in `told`, for what is no visit."""
    method, _space, rest = request.partition(" ")
    target = rest.rpartition(" ")[0]
    if method != "GET" or not target or not (status.startswith("2") or status == "304"):
        told.refused += 1
        return None
    host, path = page_key(target)
    if not host and server:
        host = host_of(server.lower())
    marks = marks_of(target) if "utm_" in target else {}
    query = ours.query(path, target) if ours.has(host, path) else None
    is_ours = query is not None
    if not is_ours and _FILE.search(path[-12:]):
        told.files += 1
    elif agent is not None and not is_somebody(agent):
        told.programs += 1
    elif not is_ours and post_of(marks.get("utm_content", "")) is None:
        told.others += 1
        if len(told.names) < _MOST_NAMED:
            told.names[_name(host, path)] = None
    else:
        source = marks.get("utm_source", "") or host_of(referrer)
        if not marks and source and (source == host or source in ours.hosts.get(path, ())):
            told.inside += 1
            return None
        kept = (_kept(marks.get(name, ""), most) for name, most in (("utm_medium", 80), ("utm_campaign", 200), ("utm_content", 200)))
        return (day, path + (query or ""), host, _kept(source, 200), *kept)  # type: ignore[return-value]  # Three of them.
    return None


def _row(count: _Count, visits: int, number: int) -> VisitRow:
    day, path, host, source, medium, campaign, content = count
    return VisitRow(number, None, f"https://{host}{path}" if host else path, day, source, medium, campaign, content, visits)


def _name(host: str, path: str) -> str:
    return (host + path)[:200] or "/"


def _kept(text: str, most: int) -> str:
    """A name as it is kept, without what a database cannot hold."""
    return tidy("".join(char for char in text if char.isprintable()))[:most]


def _moment(minute: str, offset: str, zone: str) -> datetime | None:
    """20/Nov/2026:13:55 and +0100 on the clock of `zone`; None when there is no such moment."""
    try:
        shift = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:]))
        place = timezone(-shift if offset[0] == "-" else shift)
        at = datetime(int(minute[7:11]), _MONTHS[minute[3:6]], int(minute[:2]), int(minute[12:14]), int(minute[15:17]), tzinfo=place)
        return at.astimezone(ZoneInfo(zone)) if 1990 <= at.year < 2100 else None
    except (ValueError, KeyError):
        return None


def _is_packed(source: Path | bytes) -> bool:
    with _opened(source) as file:
        return file.read(2) == b"\x1f\x8b"


def _opened(source: Path | bytes) -> IO[bytes]:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _lines(source: Path | bytes) -> Iterator[str]:
    """Its lines, unpacked; of one that is too long the beginning."""
    read = 0
    with _opened(source) as raw, gzip.GzipFile(fileobj=raw) if _is_packed(source) else raw as file:
        try:
            while line := file.readline(_LONGEST):
                rest = line
                while True:
                    read += len(rest)
                    if read > MOST_BYTES:
                        raise Invalid(N_("This file is too large: at most %(most)s MB."), field="file", most=MOST_BYTES // 1_000_000)
                    if len(rest) < _LONGEST or rest.endswith(b"\n"):
                        break
                    rest = file.readline(_LONGEST)
                yield line.decode(errors="replace")
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise Invalid(N_("This file is damaged and cannot be unpacked. Send it again."), field="file") from None
