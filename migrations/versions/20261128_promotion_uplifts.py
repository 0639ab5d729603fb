"""Add a place for what promotions brought, worked out in the background; for existing channels it fills with the next round."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_promotion_uplifts"
down_revision = "20261128_audience_mappings"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "promotion_uplifts",
        sa.Column("channel_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("regime", sa.String(length=24), nullable=False),
        sa.Column("horizon_days", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("log_mean", sa.Float(), nullable=False),
        sa.Column("log_sd", sa.Float(), nullable=False),
        sa.Column("promoted", sa.Integer(), nullable=False),
        sa.Column("others", sa.Integer(), nullable=False),
        sa.Column("naive", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_promotion_uplifts_channel_id")),
        sa.PrimaryKeyConstraint("channel_id", "kind", "regime", "horizon_days", name=op.f("pk_promotion_uplifts")),
    )


def downgrade() -> None:
    op.drop_table("promotion_uplifts")
