"""Numbers about our posts: collected, kept as told, rolled up, never invented."""
