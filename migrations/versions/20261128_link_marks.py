"""Add the marks and the short code that a post's link leaves with; existing posts have neither, so their links leave as they were approved."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_link_marks"
down_revision = "20261128_playlists"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("posts", sa.Column("marks", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("posts", sa.Column("short_code", sa.String(16), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("posts", "short_code")
    op.drop_column("posts", "marks")
