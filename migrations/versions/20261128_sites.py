"""Add websites whose statistics are read by the planner, and the days they told; existing visits stay as they are, both tables begin empty."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_sites"
down_revision = "20261128_asset_indexes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "sites",
        sa.Column("id", number, primary_key=True),
        sa.Column("host", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("address", sa.String(500), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True)),
        sa.Column("read_at", sa.DateTime(timezone=True)),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.Column("trouble_params", sa.JSON(), nullable=False),
        sa.Column("trouble_field", sa.String(16), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True)),
        sa.Column("is_thinned", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("host", name=op.f("uq_sites_host")),
    )
    op.create_table(
        "site_days",
        sa.Column("site_id", number, sa.ForeignKey("sites.id", ondelete="CASCADE", name=op.f("fk_site_days_site_id")), primary_key=True, autoincrement=False),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("site_days")
    op.drop_table("sites")
