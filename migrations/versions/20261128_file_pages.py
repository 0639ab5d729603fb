"""Add the number of pages to asset files; of existing files it is not told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_file_pages"
down_revision = "20261128_refresh_after"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("asset_files", sa.Column("pages", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("asset_files", "pages")
