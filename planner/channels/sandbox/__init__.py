"""A pretend X, LinkedIn, YouTube and webhook, each in its own wire format, so that real client libraries run against it.

One server, all platforms at root paths; one SQLite file; see docs/channels.md.
"""

from planner.channels.sandbox.seeding import Seeded
from planner.channels.sandbox.server import Cut, Sandbox
from planner.channels.sandbox.serving import Running, run_forever, serve

__all__ = ["Cut", "Running", "Sandbox", "Seeded", "run_forever", "serve"]
