"""Believable files of videos, made up here: an invented house with its own titles, numbers and slips."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Mapping, Sequence

__all__ = ["VIDEO_HEADINGS", "as_csv", "video", "videos"]

VIDEO_HEADINGS = (
    "snapshot_month", "snapshot_utc", "channel_id", "channel_title", "video_id", "published_at", "title", "duration_iso8601",
    "category_id", "view_count", "like_count", "comment_count",
)  # fmt: skip

_SUBJECTS = ("fibre à la ferme", "5G at the quay", "cœur de réseau", "edge computing", "câble sous-marin", "private networks")
_FORMS = ("Visite : {}", "{} explained in 90 seconds", "Why {} matters", "{} – les coulisses", "@norvane answers: {}", "-30 % d’énergie avec {}")


def video(number: int, **other: str) -> dict[str, str]:
    """One row of an export, the same for the same number."""
    chance = random.Random(number)
    channel = number % 3
    views = chance.randrange(40, 90_000)
    row = {
        "snapshot_month": "2026-01",
        "snapshot_utc": "2026-01-28T00:26:46.333802+00:00",
        "channel_id": f"UCnorvane{channel:015d}",
        "channel_title": ("Norvane TV", "Norvane Labs", "Norvane Carrières")[channel],
        "video_id": f"nv{number:09d}",
        "published_at": f"2025-{1 + number % 12:02d}-{1 + number % 28:02d}T17:15:08Z",
        "title": chance.choice(_FORMS).format(chance.choice(_SUBJECTS)) + f" #{number}",
        "duration_iso8601": f"PT{chance.randrange(1, 40)}M{chance.randrange(60)}S",
        "category_id": "28",
        "view_count": str(views),
        "like_count": "" if number % 10 == 0 else str(views // 50),
        "comment_count": str(views // 900),
    }
    return row | other


def videos(count: int, **other: str) -> list[dict[str, str]]:
    return [video(number, **other) for number in range(1, count + 1)]


def as_csv(
    rows: Sequence[Mapping[str, str]], *, headings: Sequence[str] = VIDEO_HEADINGS, delimiter: str = ",", encoding: str = "utf-8-sig"
) -> bytes:
    """A file as an office program writes it."""
    target = io.StringIO(newline="")
    writer = csv.DictWriter(target, headings, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue().encode(encoding)
