"""Add the channels listed for sensitive announcements; existing campaigns have no list and are held to none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261129_listed_channels"
down_revision = "20261129_leaving_digests"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "listed_channels",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("campaign_id", BIG_ID, nullable=False),
        sa.Column("asset_id", BIG_ID, nullable=False),
        sa.Column("channel_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_listed_channels_campaign_id_campaigns")),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_listed_channels_asset_id_assets")),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_listed_channels_channel_id_channels")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listed_channels")),
        sa.UniqueConstraint("campaign_id", "asset_id", "channel_id", name=op.f("uq_listed_channels_campaign_id_asset_id_channel_id")),
    )
    op.create_index(op.f("ix_listed_channels_asset_id"), "listed_channels", ["asset_id"])


def downgrade() -> None:
    op.drop_table("listed_channels")
