"""Films and documents made on the spot: as small as a reader of their form still understands."""

from __future__ import annotations

import struct

__all__ = ["film", "pdf"]

_STRAIGHT = (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_QUARTER_TURN = (0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)


def film(seconds: float = 10, width: int = 1280, height: int = 720, *, turned: bool = False, size: int = 0) -> bytes:
    """An MP4 that says so many seconds and pixels and shows nothing. `turned`: it asks to be shown turned by 90 degrees.

    size -- of the whole file, in bytes; 0: as small as it gets.
    """
    ticks = round(seconds * 1000)
    matrix = struct.pack(">9i", *(_QUARTER_TURN if turned else _STRAIGHT))
    mvhd = _full(b"mvhd", struct.pack(">IIIIIH10x", 0, 0, 1000, ticks, 0x10000, 0x100) + struct.pack(">9i", *_STRAIGHT) + b"\0" * 24 + struct.pack(">I", 2))
    tkhd = _full(b"tkhd", struct.pack(">IIIII8xhhHH", 0, 0, 1, 0, ticks, 0, 0, 0, 0) + matrix + struct.pack(">II", width << 16, height << 16), flags=7)
    mdhd = _full(b"mdhd", struct.pack(">IIIIHH", 0, 0, 1000, ticks, 0x55C4, 0))
    hdlr = _full(b"hdlr", b"\0\0\0\0vide" + b"\0" * 12 + b"\0")
    entry = _box(b"avc1", b"\0" * 6 + struct.pack(">H", 1) + b"\0" * 16 + struct.pack(">HHIIIH", width, height, 0x480000, 0x480000, 0, 1) + b"\0" * 32 + struct.pack(">Hh", 24, -1))
    stbl = _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1) + entry) + _full(b"stts", struct.pack(">III", 1, 1, ticks)) + _full(b"stsc", struct.pack(">IIII", 1, 1, 1, 1))
        + _full(b"stsz", struct.pack(">III", 0, 1, 1)) + _full(b"stco", struct.pack(">II", 1, 0)),
    )  # fmt: skip
    dinf = _box(b"dinf", _full(b"dref", struct.pack(">I", 1) + _full(b"url ", b"", flags=1)))
    minf = _box(b"minf", _full(b"vmhd", b"\0" * 8, flags=1) + dinf + stbl)
    made = _box(b"ftyp", b"mp42\0\0\0\0mp42isom") + _box(b"moov", mvhd + _box(b"trak", tkhd + _box(b"mdia", mdhd + hdlr + minf)))
    return made + _box(b"mdat", b"\0" * max(size - len(made) - 8, 1))


def pdf(pages: int = 1) -> bytes:
    """A PDF that says it has so many empty pages."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join(b"%d 0 R" % n for n in range(3, 3 + pages)), pages)]
    objects += [b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>"] * pages
    body, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + table + b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(body))


def _box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + name + body


def _full(name: bytes, body: bytes, *, flags: int = 0) -> bytes:
    return _box(name, struct.pack(">I", flags) + body)
