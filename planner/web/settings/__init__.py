"""Settings: channels, people, API tokens, pauses, history, and one's own preferences."""
