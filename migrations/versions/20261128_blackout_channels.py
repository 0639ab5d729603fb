"""Add blackouts.channel_ids; existing ones go on holding on every channel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_blackout_channels"
down_revision = "20261128_blackouts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("blackouts", sa.Column("channel_ids", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("blackouts", "channel_ids")
