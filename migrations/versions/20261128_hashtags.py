"""Add sets of hashtags to campaigns; existing campaigns have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_hashtags"
down_revision = "20261128_promotion_uplifts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("hashtags", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("campaigns", "hashtags")
