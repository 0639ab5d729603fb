"""Settings: channels, people, API tokens, pauses, history, and one's own preferences."""

from planner.web.settings import channels, history, pauses, people, preferences, tokens
from planner.web.settings.base import bp

__all__ = ["bp", "channels", "history", "pauses", "people", "preferences", "tokens"]
