"""What a key may be used for: the permissions each adapter needs, and what does not work without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planner.channels.port import Platform
from planner.core.i18n import N_

__all__ = ["NEEDS", "Need", "lacking"]

_GOOGLE = "https://www.googleapis.com/auth/"


@dataclass(frozen=True, slots=True)
class Need:
    """One permission by the platform's own name; `or_else` are wider ones that hold it; `without` is what then does not work."""

    scope: str
    without: str
    or_else: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The scope as people read it: Google's without its address."""
        return self.scope.removeprefix(_GOOGLE)


_NO_POSTS = N_("Nothing can be posted.")

#: Sources: X's OAuth 2.0 scopes, LinkedIn's Community Management permissions, Google's discovery documents (YouTube v3, Analytics v2).
NEEDS: dict[Platform, tuple[Need, ...]] = {
    Platform.X: (
        Need("tweet.write", _NO_POSTS),
        Need("media.write", N_("Posts with pictures or video cannot go out.")),
        Need("tweet.read", N_("No numbers come back, and a post whose answer was lost cannot be looked up.")),
        Need("users.read", N_("The planner cannot tell whose account this is.")),
        Need("offline.access", N_("The key cannot be renewed: it ends two hours after the consent.")),
    ),
    Platform.LINKEDIN: (
        Need("w_organization_social", _NO_POSTS),
        Need("r_organization_social", N_("A post whose answer was lost cannot be looked up.")),
        Need("rw_organization_admin", N_("Neither numbers nor followers come back."), ("r_organization_admin",)),
        Need("w_organization_social_feed", N_("First comments cannot be added.")),
        Need("r_organization_social_feed", N_("Comments and reactions cannot be read.")),
    ),
    Platform.YOUTUBE: (
        Need(_GOOGLE + "youtube.upload", N_("Videos cannot be uploaded."), (_GOOGLE + "youtube", _GOOGLE + "youtube.force-ssl")),
        Need(_GOOGLE + "youtube", N_("Playlists cannot be filled, and videos cannot be changed or taken down."), (_GOOGLE + "youtube.force-ssl",)),
        Need(_GOOGLE + "youtube.force-ssl", N_("Captions and comments do not work.")),
        Need(
            _GOOGLE + "youtube.readonly", N_("Views and likes do not come back."), (_GOOGLE + "youtube", _GOOGLE + "youtube.force-ssl")
        ),
        Need(_GOOGLE + "yt-analytics.readonly", N_("YouTube Analytics tells nothing: no watch time, no audience.")),
    ),
}


def lacking(platform: Platform, granted: Sequence[str]) -> list[Need]:
    """What is missing from these permissions, in the adapter's order; none when no permission was told, for then nothing is known."""
    return [need for need in NEEDS.get(platform, ()) if granted and not {need.scope, *need.or_else} & set(granted)]
