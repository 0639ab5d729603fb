"""Add shares, the links that show the calendar without signing in; nothing existing is touched."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_shares"
down_revision = "20261128_promotion_desk"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "shares",
        sa.Column("digest", sa.String(length=43), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.Column("leaves_out", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("created_by_id", BIG_ID, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", BIG_ID, nullable=False),
        sa.CheckConstraint("kind = 'feed' OR expires_at IS NOT NULL", name=op.f("ck_shares_page_expires")),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_shares_created_by_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shares")),
        sa.UniqueConstraint("digest", name=op.f("uq_shares_digest")),
    )
    op.create_index(op.f("ix_shares_created_by_id"), "shares", ["created_by_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_shares_created_by_id"), table_name="shares")
    op.drop_table("shares")
