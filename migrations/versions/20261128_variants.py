"""Add which posts are variants of one another; existing posts stand alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_variants"
down_revision = "20261128_writing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("posts", sa.Column("variant_of_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
    op.create_index(op.f("ix_posts_variant_of_id"), "posts", ["variant_of_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_posts_variant_of_id"), "posts")
    op.drop_column("posts", "variant_of_id")
