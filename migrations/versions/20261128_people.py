"""Add the register of people; nothing existing is touched."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_people"
down_revision = "20261128_resurfaced"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("organisation", sa.String(length=160), nullable=False),
        sa.Column("role", sa.String(length=160), nullable=False),
        sa.Column("tier", sa.String(length=32), nullable=False),
        sa.Column("x_handle", sa.String(length=15), nullable=False),
        sa.Column("linkedin_urn", sa.String(length=120), nullable=False),
        sa.Column("linkedin_name", sa.String(length=120), nullable=False),
        sa.Column("linkedin_vanity", sa.String(length=100), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("may_be_named", sa.Boolean(), nullable=True),
        sa.Column("sought", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_people_name"), "people", ["name"])


def downgrade() -> None:
    op.drop_index(op.f("ix_people_name"), table_name="people")
    op.drop_table("people")
