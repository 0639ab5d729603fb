"""Add amendments, posts.taken_down_at and deliveries.undone; existing posts are not taken down, and nothing of them is undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_amendments"
down_revision = "20261128_fair_outbox"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("state IN ('in_review','queued','working')")
TO_DO = sa.text("state IN ('queued','working')")


def upgrade() -> None:
    op.add_column("posts", sa.Column("taken_down_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deliveries", sa.Column("undone", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "amendments",
        sa.Column("post_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("was", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by_id", BIG_ID, nullable=True),
        sa.Column("asked_by", sa.String(length=120), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("approved_by_id", BIG_ID, nullable=True),
        sa.Column("approved_by", sa.String(length=120), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(length=80), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", BIG_ID, nullable=False),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_amendments_tries_not_negative")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_amendments_post_id_posts")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["users.id"], name=op.f("fk_amendments_asked_by_id_users"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["approved_by_id"], ["users.id"], name=op.f("fk_amendments_approved_by_id_users"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amendments")),
    )
    op.create_index("ix_amendments_post_id", "amendments", ["post_id", "id"])
    op.create_index("ix_amendments_queue", "amendments", ["next_at", "id"], sqlite_where=TO_DO, postgresql_where=TO_DO)
    op.create_index("uq_amendments_open", "amendments", ["post_id", "kind"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)


def downgrade() -> None:
    op.drop_table("amendments")
    op.drop_column("deliveries", "undone")
    op.drop_column("posts", "taken_down_at")
