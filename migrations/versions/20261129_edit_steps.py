"""Keep each yes to an edit of a live post; existing edits have none: what is approved stays so, what is in review needs its steps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261129_edit_steps"
down_revision = "20261129_asset_latest"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("amendments", sa.Column("said", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("amendments", "said")
