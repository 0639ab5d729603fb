"""Add open_consents, where a consent waits while a person chooses its accounts; nothing existing is touched."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_open_consents"
down_revision = "20261123_asset_search"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "open_consents",
        sa.Column("word_digest", sa.String(length=43), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("grant", sa.LargeBinary(), nullable=False),
        sa.Column("accounts", sa.JSON(), nullable=False),
        sa.Column("again", sa.Integer(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_open_consents_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open_consents")),
        sa.UniqueConstraint("word_digest", name=op.f("uq_open_consents_word_digest")),
    )


def downgrade() -> None:
    op.drop_table("open_consents")
