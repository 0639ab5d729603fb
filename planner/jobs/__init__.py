"""The clock's door: what runs by itself, in threads, in `flask planner work`, or through Celery.

Embedded workers start with gunicorn (see gunicorn.conf.py).
"""

from __future__ import annotations

__all__ = ["COMMANDS"]

#: The terminal's commands that do background work by hand -> where each is.
COMMANDS = {
    "tick": "planner.jobs.commands:tick_command",
    "work": "planner.jobs.commands:work_command",
    "demo": "planner.jobs.commands:demo_command",
}
