"""Add mentions, which assets they are about, the days their sources told, and how far channels were asked; existing rows stay as they are, the four tables begin empty."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261129_mentions"
down_revision = "20261129_counts_made"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "mentions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("network", sa.String(16), nullable=False),
        sa.Column("site", sa.String(200), nullable=False),
        sa.Column("outlet", sa.String(200), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("address", sa.String(2000), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("timed", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(24), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forgotten_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentions")),
        sa.UniqueConstraint("key", name=op.f("uq_mentions_key")),
    )
    op.create_index("ix_mentions_at_id", "mentions", ["at", "id"])
    op.create_table(
        "mention_assets",
        sa.Column("asset_id", BIG_ID, nullable=False),
        sa.Column("mention_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_mention_assets_asset_id")),
        sa.ForeignKeyConstraint(["mention_id"], ["mentions.id"], name=op.f("fk_mention_assets_mention_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("asset_id", "mention_id", name=op.f("pk_mention_assets")),
    )
    op.create_index("ix_mention_assets_mention_id", "mention_assets", ["mention_id"])
    op.create_table(
        "mention_days",
        sa.Column("source", sa.String(24), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("source", "day", name=op.f("pk_mention_days")),
    )
    op.create_table(
        "mention_looks",
        sa.Column("channel_id", BIG_ID, nullable=False),
        sa.Column("known_to", sa.String(24), nullable=False),
        sa.Column("newest", sa.String(24), nullable=False),
        sa.Column("oldest", sa.String(24), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("told_to", sa.DateTime(timezone=True)),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_mention_looks_channel_id")),
        sa.PrimaryKeyConstraint("channel_id", name=op.f("pk_mention_looks")),
    )


def downgrade() -> None:
    op.drop_table("mention_looks")
    op.drop_table("mention_days")
    op.drop_table("mention_assets")
    op.drop_table("mentions")
