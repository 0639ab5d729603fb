"""Add the row of a file that a post was planned by; existing posts come from none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_post_source_key"
down_revision = "20261128_promotion_reactions"
branch_labels = None
depends_on = None


TOLD = sa.text("source_key IS NOT NULL")


def upgrade() -> None:
    op.add_column("posts", sa.Column("source_key", sa.String(200), nullable=True))
    op.create_index("uq_posts_source_key", "posts", ["source_key"], unique=True, sqlite_where=TOLD, postgresql_where=TOLD)


def downgrade() -> None:
    op.drop_index("uq_posts_source_key", "posts")
    op.drop_column("posts", "source_key")
