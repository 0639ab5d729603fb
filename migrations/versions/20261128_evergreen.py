"""Add evergreen assets and the weekly slots they take; no existing asset is evergreen, and there is no slot."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_evergreen"
down_revision = "20261128_hashtags"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "evergreens",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("asset_id", BIG_ID, nullable=False),
        sa.Column("cool_down_days", sa.Integer(), nullable=False),
        sa.Column("added_by_id", BIG_ID, nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cool_down_days > 0", name=op.f("ck_evergreens_cools_down")),
        sa.ForeignKeyConstraint(["added_by_id"], ["users.id"], name=op.f("fk_evergreens_added_by_id_users"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_evergreens_asset_id_assets"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evergreens")),
        sa.UniqueConstraint("asset_id", name=op.f("uq_evergreens_asset_id")),
    )
    op.create_table(
        "queue_slots",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("channel_id", BIG_ID, nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("clock", sa.String(length=5), nullable=False),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_queue_slots_is_weekday")),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_queue_slots_channel_id_channels")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_slots")),
        sa.UniqueConstraint("channel_id", "weekday", "clock", name=op.f("uq_queue_slots_channel_id_weekday_clock")),
    )


def downgrade() -> None:
    op.drop_table("queue_slots")
    op.drop_table("evergreens")
