"""Add until when an asset and a file may be used, and what links answered; existing assets have no end yet, and no link was asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_rights_and_links"
down_revision = "20261128_reading_plans"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assets", sa.Column("rights_until", sa.Date()))
    op.add_column("asset_files", sa.Column("rights_until", sa.Date()))
    op.create_table(
        "link_checks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("leads_to", sa.String(2000), nullable=False),
        sa.Column("is_known", sa.Boolean(), nullable=False),
        sa.Column("times_bad", sa.Integer(), nullable=False),
        sa.Column("bad_since", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("key", name=op.f("uq_link_checks_key")),
    )


def downgrade() -> None:
    op.drop_table("link_checks")
    op.drop_column("asset_files", "rights_until")
    op.drop_column("assets", "rights_until")
