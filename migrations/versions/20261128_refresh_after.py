"""Add credentials.refresh_after; existing keys have none and are renewed as soon as they come near their end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_refresh_after"
down_revision = "20261128_channel_uses"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("credentials", sa.Column("refresh_after", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("credentials", "refresh_after")
