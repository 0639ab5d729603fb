"""Add each channel's turn in the outbox and its platform's failures in a row; existing channels have had no turn and no failure."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_fair_outbox"
down_revision = "20261128_file_pages"
branch_labels = None
depends_on = None

_WAITS = sa.text("state IN ('due', 'retry')")


def upgrade() -> None:
    op.add_column("channels", sa.Column("turn", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.add_column("channels", sa.Column("failures", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("channels", sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_deliveries_account", "deliveries", ["channel_id", "due_at", "id"], sqlite_where=_WAITS, postgresql_where=_WAITS
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_account", table_name="deliveries")
    op.drop_column("channels", "failing_since")
    op.drop_column("channels", "failures")
    op.drop_column("channels", "turn")
