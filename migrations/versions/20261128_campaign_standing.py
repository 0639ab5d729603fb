"""Add a campaign's template and whether it goes on; existing campaigns have no template and go on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_campaign_standing"
down_revision = "20261128_calendar_views"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("template", sa.String(32), nullable=False, server_default=""))
    op.add_column("campaigns", sa.Column("standing", sa.String(32), nullable=False, server_default="running"))
    op.add_column("campaigns", sa.Column("standing_reason", sa.Text(), nullable=False, server_default=""))
    op.add_column("campaigns", sa.Column("standing_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for name in ("standing_since", "standing_reason", "standing", "template"):
        op.drop_column("campaigns", name)
