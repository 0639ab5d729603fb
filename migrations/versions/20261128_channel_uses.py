"""Add channel_uses and channel_troubles; existing channels begin without counts, which reads as not told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_channel_uses"
down_revision = "20261128_native_posts"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "channel_uses",
        sa.Column("channel_id", BIG_ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_channel_uses_amount_not_negative")),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_channel_uses_channel_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("channel_id", "day", "kind", name=op.f("pk_channel_uses")),
    )
    op.create_table(
        "channel_troubles",
        sa.Column("channel_id", BIG_ID, nullable=False),
        sa.Column("doing", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_channel_troubles_channel_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("channel_id", "doing", name=op.f("pk_channel_troubles")),
    )


def downgrade() -> None:
    op.drop_table("channel_troubles")
    op.drop_table("channel_uses")
