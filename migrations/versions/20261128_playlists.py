"""Add the playlist of a post and the language of captions; existing posts have no playlist, existing captions are in their asset's language."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_playlists"
down_revision = "20261128_rule_settings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("posts", sa.Column("playlist", sa.String(64), nullable=False, server_default=""))
    op.add_column("asset_files", sa.Column("language", sa.String(8), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("asset_files", "language")
    op.drop_column("posts", "playlist")
