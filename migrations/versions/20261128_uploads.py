"""Add uploads, how far files are on their way; existing deliveries have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_uploads"
down_revision = "20261128_amendments"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "uploads",
        sa.Column("delivery_id", BIG_ID, nullable=False, autoincrement=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_uploads_delivery_id_deliveries")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_uploads")),
    )


def downgrade() -> None:
    op.drop_table("uploads")
