"""Add what reading numbers may use a day, and the posts that told nothing; nothing existing changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_reading_plans"
down_revision = "20261128_promotion_quadrant"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "reading_plans",
        sa.Column("channel_id", BIG_ID, nullable=False, autoincrement=False),
        sa.Column("a_day", sa.Integer(), nullable=True),
        sa.Column("wait_until", MOMENT, nullable=True),
        sa.Column("wait_reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_reading_plans_channel_id_channels")),
        sa.PrimaryKeyConstraint("channel_id", name=op.f("pk_reading_plans")),
    )
    op.create_table(
        "silences",
        sa.Column("post_id", BIG_ID, nullable=False, autoincrement=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("gone_since", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_silences_post_id_posts")),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_silences")),
    )


def downgrade() -> None:
    op.drop_table("silences")
    op.drop_table("reading_plans")
