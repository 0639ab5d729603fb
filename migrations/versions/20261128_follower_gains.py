"""Add followers gained day by day; nothing existing changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_follower_gains"
down_revision = "20261128_blackout_channels"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "follower_gains",
        sa.Column("channel_id", BIG_ID, nullable=False, autoincrement=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("organic", sa.Integer(), nullable=True),
        sa.Column("paid", sa.Integer(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raw", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_follower_gains_channel_id_channels"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("channel_id", "day", name=op.f("pk_follower_gains")),
    )


def downgrade() -> None:
    op.drop_table("follower_gains")
