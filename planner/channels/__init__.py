"""Our accounts on platforms: the port every adapter fits, one adapter a platform, and the sandbox that plays them all."""
