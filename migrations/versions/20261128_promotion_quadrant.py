"""Add the last day a video may be used, and where it stands by how much it is seen and liked; existing rows are not told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_promotion_quadrant"
down_revision = "20261128_link_marks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("promotion_inputs", sa.Column("rights_until", sa.Date(), nullable=True))
    op.add_column("promotion_standings", sa.Column("exposure", sa.Float(), nullable=True))
    op.add_column("promotion_standings", sa.Column("interest", sa.Float(), nullable=True))
    op.add_column("promotion_standings", sa.Column("interest_by", sa.String(length=8), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("promotion_standings", "interest_by")
    op.drop_column("promotion_standings", "interest")
    op.drop_column("promotion_standings", "exposure")
    op.drop_column("promotion_inputs", "rights_until")
