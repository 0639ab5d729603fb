"""Add saved views, which of them opens first, and notes on the calendar's days; nothing existing is touched."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_calendar_views"
down_revision = "20261128_post_reports"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "saved_views",
        sa.Column("screen", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.Column("owner_id", BIG_ID, nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_saved_views_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("owner_id", "screen", "name", name=op.f("uq_saved_views_owner_id_screen_name")),
    )
    op.create_table(
        "first_views",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("screen", sa.String(length=20), nullable=False),
        sa.Column("view_id", BIG_ID, nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_first_views_user_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["view_id"], ["saved_views.id"], name=op.f("fk_first_views_view_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_first_views")),
        sa.UniqueConstraint("user_id", "screen", name=op.f("uq_first_views_user_id_screen")),
    )
    op.create_index(op.f("ix_first_views_view_id"), "first_views", ["view_id"])
    op.create_table(
        "calendar_notes",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("author_id", BIG_ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_calendar_notes_author_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_notes")),
    )
    op.create_index(op.f("ix_calendar_notes_day"), "calendar_notes", ["day"])


def downgrade() -> None:
    op.drop_index(op.f("ix_calendar_notes_day"), table_name="calendar_notes")
    op.drop_table("calendar_notes")
    op.drop_index(op.f("ix_first_views_view_id"), table_name="first_views")
    op.drop_table("first_views")
    op.drop_table("saved_views")
