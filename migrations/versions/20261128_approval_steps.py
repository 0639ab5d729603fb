"""Add the steps of approval; existing approvals count for the one step there was, in which any approver said yes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_approval_steps"
down_revision = "20261128_evergreen"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "approval_routes",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("place", sa.String(length=48), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_routes")),
        sa.UniqueConstraint("place", name=op.f("uq_approval_routes_place")),
        sqlite_autoincrement=True,
    )
    op.add_column("approvals", sa.Column("step", sa.String(length=32), nullable=False, server_default="review"))
    op.add_column("approvals", sa.Column("roles", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("approvals", sa.Column("content", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("approvals", "content")
    op.drop_column("approvals", "roles")
    op.drop_column("approvals", "step")
    op.drop_table("approval_routes")
