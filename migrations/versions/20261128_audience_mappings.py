"""Add the table that puts platforms' groups of people into our audiences; nothing existing changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_audience_mappings"
down_revision = "20261128_variants"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audience_mappings",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("dimension", sa.String(32), nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("audience", sa.String(24), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audience_mappings")),
        sa.UniqueConstraint("platform", "dimension", "key", name=op.f("uq_audience_mappings_platform_dimension_key")),
    )


def downgrade() -> None:
    op.drop_table("audience_mappings")
