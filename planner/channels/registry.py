"""Which adapter speaks to which platform, and where that platform is: the only module that knows all adapters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from planner.channels.by_hand import ByHandAdapter
from planner.channels.connecting import consents
from planner.channels.linkedin import LinkedInAdapter
from planner.channels.port import Adapter, Connect, Limits, Platform
from planner.channels.usage import Counted, Note
from planner.channels.webhook import WebhookAdapter
from planner.channels.x import XAdapter
from planner.channels.youtube import YouTubeAdapter
from planner.core.clock import utc_now
from planner.core.http import Http
from planner.core.settings import Settings

__all__ = ["Registry"]


class Registry:
    """One adapter a platform, shared by all threads.

    sandbox_url -- the pretend platforms' base address; platforms without an address of their own are taken to be there.
    note        -- told after each call what it used and how it failed; nobody is told without it.
    now         -- the time for what platforms answer by age and day; the demo tells a story with its own.
    """

    def __init__(self, settings: Settings, sandbox_url: str = "", note: Note | None = None, now: Callable[[], datetime] = utc_now) -> None:
        at = {
            name: settings.platform_url(name, sandbox_url)
            for name in ("x_api_url", "linkedin_api_url", "youtube_api_url", "youtube_analytics_url")
        }
        pretend = sandbox_url if settings.sandbox != "off" else ""
        self.http = Http(
            settings.call_timeout_seconds, allow_private=settings.allow_private_addresses, allowed=[pretend]
        )
        adapters: dict[Platform, Adapter] = {
            Platform.X: XAdapter(at["x_api_url"], self.http, fields_name=settings.x_fields_name, now=now),
            Platform.LINKEDIN: LinkedInAdapter(at["linkedin_api_url"], self.http, version=settings.linkedin_version, now=now),
            Platform.YOUTUBE: YouTubeAdapter(
                at["youtube_api_url"], at["youtube_analytics_url"], timeout_seconds=settings.call_timeout_seconds, now=now
            ),
            Platform.WEBHOOK: WebhookAdapter(self.http, sandbox_url=pretend),
            Platform.BY_HAND: ByHandAdapter(),
        }
        self._adapters: dict[Platform, Adapter] = {
            platform: Counted(adapter, note) if note else adapter for platform, adapter in adapters.items()
        }
        self._consents = consents(settings, self.http, sandbox_url)

    def adapter(self, platform: Platform) -> Adapter:
        return self._adapters[platform]

    def connect(self, platform: Platform) -> Connect | None:
        """How an account there is connected in the browser; None where that is not set up."""
        return self._consents.get(platform)

    def limits(self, platform: Platform) -> Limits:
        """What the platform takes, known without asking it."""
        return self._adapters[platform].limits

    def automatic(self, platform: Platform) -> bool:
        """Whether the outbox may send there; on a by-hand channel a person does."""
        return platform is not Platform.BY_HAND
