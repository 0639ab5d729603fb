"""For Alembic's own command line: the same metadata and database as `flask planner upgrade`."""

from __future__ import annotations

from alembic import context

from planner import tables
from planner.core.db import make_engine
from planner.core.settings import Settings

engine = make_engine(Settings.from_env().effective_database_url)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=tables.metadata)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
