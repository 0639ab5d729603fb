"""Add the posts proposed because of a decision, and re-edits as tasks; existing decisions have neither."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_promotion_steps"
down_revision = "20261128_rights_and_links"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "promotion_posts",
        sa.Column("post_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("decision_id", BIG_ID, nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["promotion_decisions.id"], name=op.f("fk_promotion_posts_decision_id")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_promotion_posts_post_id")),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_promotion_posts")),
    )
    op.create_index(op.f("ix_promotion_posts_decision_id"), "promotion_posts", ["decision_id"], unique=False)
    op.create_table(
        "promotion_reedits",
        sa.Column("decision_id", BIG_ID, nullable=False),
        sa.Column("owner_id", BIG_ID, nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["promotion_decisions.id"], name=op.f("fk_promotion_reedits_decision_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_promotion_reedits_owner_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_reedits")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_promotion_reedits_decision_id")),
    )
    op.create_index(
        "ix_promotion_reedits_open", "promotion_reedits", ["due_on"], unique=False, sqlite_where=sa.text("done_at IS NULL"), postgresql_where=sa.text("done_at IS NULL")
    )


def downgrade() -> None:
    op.drop_table("promotion_reedits")
    op.drop_table("promotion_posts")
