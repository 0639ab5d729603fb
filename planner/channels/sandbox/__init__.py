"""A pretend X, LinkedIn, YouTube and webhook, each in its own wire format, so that real client libraries run against it.

One server, every platform at its root paths; one SQLite file, shared by any number of processes. What people see is at
`/`; its own door, for tests and demos, is `/_sandbox/`:

    GET    health · posts?platform= · calls?after=&platform= · faults · settings
    POST   faults    [{"kind", "platform", "operation", "account", "times", "probability", "seed", …}]: see faults.Fault
    POST   settings  {"duplicates", "limits", "processing_seconds", …}: see state.DEFAULTS
    POST   clock     {"speed": 1440, "advance_seconds": 86400}: posts age faster, or are older at once
    POST   tokens/revoke  {"platform", "token"}
    DELETE faults, or everything (`DELETE /_sandbox`)
"""

from planner.channels.sandbox.seeding import Seeded
from planner.channels.sandbox.server import Cut, Sandbox
from planner.channels.sandbox.serving import Running, run_forever, serve

__all__ = ["Cut", "Running", "Sandbox", "Seeded", "run_forever", "serve"]
