"""Add blackouts.removed_at and blackouts.version; existing ones are in force."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_blackouts"
down_revision = "20261128_people"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("blackouts", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("blackouts", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))


def downgrade() -> None:
    op.drop_column("blackouts", "version")
    op.drop_column("blackouts", "removed_at")
