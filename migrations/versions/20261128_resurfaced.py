"""Add what was noticed of old assets that come back; existing rows stay as they are, the table begins empty."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_resurfaced"
down_revision = "20261128_events"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "resurfaced",
        sa.Column("id", number, primary_key=True),
        sa.Column("asset_id", number, sa.ForeignKey("assets.id", name=op.f("fk_resurfaced_asset_id")), nullable=False),
        sa.Column("post_id", number, sa.ForeignKey("posts.id", name=op.f("fk_resurfaced_post_id"))),
        sa.Column("metric", sa.String(16), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("gained", sa.BigInteger(), nullable=False),
        sa.Column("expected", sa.Double(), nullable=False),
        sa.Column("threshold", sa.BigInteger(), nullable=False),
        sa.Column("cause_kind", sa.String(16), nullable=False),
        sa.Column("cause", sa.String(200), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_resurfaced_asset_id", "resurfaced", ["asset_id"])
    op.create_index("ix_resurfaced_noticed_at", "resurfaced", ["noticed_at"])


def downgrade() -> None:
    op.drop_table("resurfaced")
