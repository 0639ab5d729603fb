"""Add what was published directly on the platforms, and how far each channel was looked through; existing rows stay as they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_native_posts"
down_revision = "20261128_open_consents"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "native_looks",
        sa.Column("channel_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deep_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_native_looks_channel_id")),
        sa.PrimaryKeyConstraint("channel_id", name=op.f("pk_native_looks")),
    )
    op.create_table(
        "native_posts",
        sa.Column("channel_id", BIG_ID, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("post_id", BIG_ID, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", BIG_ID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.CheckConstraint("state <> 'adopted' OR post_id IS NOT NULL", name=op.f("ck_native_posts_adopted_has_post")),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_native_posts_channel_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name=op.f("fk_native_posts_decided_by_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_native_posts_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_native_posts")),
        sa.UniqueConstraint("channel_id", "external_id", name=op.f("uq_native_posts_channel_id_external_id")),
        sa.UniqueConstraint("post_id", name=op.f("uq_native_posts_post_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_native_posts_open",
        "native_posts",
        ["published_at", "id"],
        sqlite_where=sa.text("state = 'found'"),
        postgresql_where=sa.text("state = 'found'"),
    )


def downgrade() -> None:
    op.drop_index("ix_native_posts_open", table_name="native_posts")
    op.drop_table("native_posts")
    op.drop_table("native_looks")
