"""Add who reacted to a video, existing videos have nobody on record; when a video's rights end moves to its asset, where it was not said there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_promotion_reactions"
down_revision = "20261128_campaign_standing"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    told = "SELECT rights_until FROM promotion_inputs WHERE promotion_inputs.asset_id = assets.id AND promotion_inputs.rights_until IS NOT NULL"
    op.execute(f"UPDATE assets SET rights_until = ({told}) WHERE rights_until IS NULL AND EXISTS ({told})")  # noqa: S608 (no value of anybody's)
    op.drop_column("promotion_inputs", "rights_until")
    op.create_table(
        "promotion_reactions",
        sa.Column("asset_id", BIG_ID, nullable=False),
        sa.Column("who", sa.String(length=160), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("outlet", sa.String(length=160), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_promotion_reactions_asset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_reactions")),
    )
    op.create_index(op.f("ix_promotion_reactions_asset_id"), "promotion_reactions", ["asset_id"], unique=False)


def downgrade() -> None:
    op.add_column("promotion_inputs", sa.Column("rights_until", sa.Date(), nullable=True))
    op.drop_table("promotion_reactions")
