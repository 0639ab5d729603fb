"""Add how rules are set and what was overridden; existing channels keep the rules as the book has them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_rule_settings"
down_revision = "20261128_visits"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FOR_ALL = sa.text("channel_id IS NULL")


def upgrade() -> None:
    op.create_table(
        "rule_settings",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("channel_id", BIG_ID, nullable=True),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("must_not", sa.Boolean(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_rule_settings_channel_id_channels")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_settings")),
        sa.UniqueConstraint("channel_id", "code", name=op.f("uq_rule_settings_channel_id_code")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_rule_settings_code", "rule_settings", ["code"], unique=True, sqlite_where=FOR_ALL, postgresql_where=FOR_ALL)
    op.create_table(
        "rule_overrides",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("post_id", BIG_ID, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", BIG_ID, nullable=True),
        sa.Column("by_name", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_rule_overrides_by_id_users"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_rule_overrides_post_id_posts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_overrides")),
    )
    op.create_index(op.f("ix_rule_overrides_post_id"), "rule_overrides", ["post_id"])


def downgrade() -> None:
    op.drop_table("rule_overrides")
    op.drop_table("rule_settings")
