"""Counts made again from a platform's own fields, as an adapter would make them of these fields today."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from planner.channels import linkedin_metrics, x_posts, youtube_metrics
from planner.channels.port import Platform, Reading

__all__ = ["count_again"]

_AGAIN: dict[Platform, Callable[[str, Mapping[str, Any], datetime], Reading]] = {
    Platform.YOUTUBE: youtube_metrics.count_again,
    Platform.LINKEDIN: linkedin_metrics.count_again,
    Platform.X: x_posts.count_again,
}


def count_again(platform: Platform, external_id: str, raw: Mapping[str, Any], at: datetime) -> Reading | None:
    """The reading that these fields, told at that moment, are; None where the platform tells no numbers, or these are not its fields."""
    again = _AGAIN.get(platform)
    try:
        return again(external_id, raw, at) if again else None
    except (AttributeError, LookupError, TypeError, ValueError):
        return None
