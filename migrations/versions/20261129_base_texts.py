"""Add the words that posts written at once share; existing posts stand by themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261129_base_texts"
down_revision = "20261128_asset_days"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "base_texts",
        sa.Column("id", number, primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("first_comment", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.add_column("posts", sa.Column("base_text_id", number))
    written = sa.text("base_text_id IS NOT NULL")
    op.create_index("ix_posts_base_text_id", "posts", ["base_text_id"], sqlite_where=written, postgresql_where=written)


def downgrade() -> None:
    op.drop_index("ix_posts_base_text_id", "posts")
    op.drop_column("posts", "base_text_id")
    op.drop_table("base_texts")
