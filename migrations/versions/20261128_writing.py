"""Add what people were writing, and templates of posts; existing rows stay as they are, both tables begin empty."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_writing"
down_revision = "20261128_post_source_key"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "kept_texts",
        sa.Column("id", number, primary_key=True),
        sa.Column("user_id", number, sa.ForeignKey("users.id", ondelete="CASCADE", name=op.f("fk_kept_texts_user_id")), nullable=False),
        sa.Column("what", sa.String(24), nullable=False),
        sa.Column("version", sa.Integer()),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("user_id", "what", name=op.f("uq_kept_texts_user_id_what")),
    )
    op.create_table(
        "post_templates",
        sa.Column("id", number, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_comment", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("made_by_id", number, sa.ForeignKey("users.id", ondelete="SET NULL", name=op.f("fk_post_templates_made_by_id"))),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("name", name=op.f("uq_post_templates_name")),
    )


def downgrade() -> None:
    op.drop_table("post_templates")
    op.drop_table("kept_texts")
