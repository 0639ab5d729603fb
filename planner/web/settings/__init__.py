"""Settings: channels, people, API tokens, pauses, history, and one's own preferences."""

from planner.web.settings import channels, choosing, connecting, history, pauses, people, preferences, tokens
from planner.web.settings.base import bp

__all__ = ["bp", "channels", "choosing", "connecting", "history", "pauses", "people", "preferences", "tokens"]
