"""Add the platforms' tables about posts, and the raw fields of a snapshot; existing snapshots have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_post_reports"
down_revision = "20261128_promotion_steps"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("snapshots", sa.Column("raw", sa.JSON(), nullable=True))
    op.create_table(
        "post_reports",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("post_id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_post_reports_post_id_posts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_reports")),
        sa.UniqueConstraint("post_id", "name", name=op.f("uq_post_reports_post_id_name")),
    )


def downgrade() -> None:
    op.drop_table("post_reports")
    op.drop_column("snapshots", "raw")
