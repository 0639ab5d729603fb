"""Add by which formula the counts of stored readings were made again; existing readings stay as they are, the table begins empty."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261129_counts_made"
down_revision = "20261129_listed_channels"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "counts_made",
        sa.Column("formula", sa.String(16), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("counts_made")
