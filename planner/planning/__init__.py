"""When and where it is said: campaigns, posts, the calendar, rules and approvals."""
