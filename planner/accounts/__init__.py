"""Who works here: users, roles, tokens, and the history of who did what."""
