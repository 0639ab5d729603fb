"""Add visits to our pages, remembered columns of files, and short links with their clicks; nothing existing changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_visits"
down_revision = "20261128_shares"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "visits",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("asset_id", BIG_ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("origin", sa.String(8), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("medium", sa.String(80), nullable=False),
        sa.Column("campaign", sa.String(200), nullable=False),
        sa.Column("content", sa.String(200), nullable=False),
        sa.Column("visits", sa.BigInteger(), nullable=False),
        sa.Column("told_at", MOMENT, nullable=False),
        sa.CheckConstraint("visits >= 0", name=op.f("ck_visits_visits_not_negative")),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_visits_asset_id_assets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
        sa.UniqueConstraint("asset_id", "day", "origin", "source", "medium", "campaign", "content", name="uq_visits_counted_once"),
    )
    op.create_table(
        "remembered_columns",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("headings", sa.String(64), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remembered_columns")),
        sa.UniqueConstraint("headings", name=op.f("uq_remembered_columns_headings")),
    )
    op.create_table(
        "short_links",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("post_id", BIG_ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_short_links_post_id_posts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_short_links")),
        sa.UniqueConstraint("code", name=op.f("uq_short_links_code")),
        sa.UniqueConstraint("post_id", name=op.f("uq_short_links_post_id")),
    )
    op.create_table(
        "link_clicks",
        sa.Column("link_id", BIG_ID, nullable=False, autoincrement=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("clicks", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["short_links.id"], name=op.f("fk_link_clicks_link_id_short_links")),
        sa.PrimaryKeyConstraint("link_id", "day", name=op.f("pk_link_clicks")),
    )


def downgrade() -> None:
    op.drop_table("link_clicks")
    op.drop_table("short_links")
    op.drop_table("remembered_columns")
    op.drop_table("visits")
