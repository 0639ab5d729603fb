"""Add links for approvers without an account; existing approvals were all given by people with one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_review_links"
down_revision = "20261128_post_comments"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "review_links",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("digest", sa.String(length=43), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("posts", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("created_by_id", BIG_ID, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=op.f("fk_review_links_created_by_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_links")),
        sa.UniqueConstraint("digest", name=op.f("uq_review_links_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_review_links_created_by_id"), "review_links", ["created_by_id"])
    op.add_column("approvals", sa.Column("guest_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("approvals", "guest_id")
    op.drop_table("review_links")
