"""Add the promotion desk: what promoted, what people know, how each video stands, what was decided; existing videos begin undecided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_promotion_desk"
down_revision = "20261128_uploads"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "promotion_settings",
        sa.Column("channel_id", BIG_ID, nullable=True),
        sa.Column("value_per_view", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.Column("target_share", sa.Float(), nullable=True),
        sa.Column("cost", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("horizon_days", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=True),
        sa.Column("thresholds", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_promotion_settings_channel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_settings")),
        sa.UniqueConstraint("channel_id", name=op.f("uq_promotion_settings_channel_id")),
    )
    op.create_table(
        "event_uses",
        sa.Column("asset_id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("screenings", sa.Integer(), nullable=True),
        sa.Column("attendance", sa.Integer(), nullable=True),
        sa.Column("leads", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.CheckConstraint("attendance IS NULL OR attendance >= 0", name=op.f("ck_event_uses_attendance_not_negative")),
        sa.CheckConstraint("leads IS NULL OR leads >= 0", name=op.f("ck_event_uses_leads_not_negative")),
        sa.CheckConstraint("screenings IS NULL OR screenings >= 0", name=op.f("ck_event_uses_screenings_not_negative")),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_event_uses_asset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_uses")),
    )
    op.create_index(op.f("ix_event_uses_asset_id"), "event_uses", ["asset_id"], unique=False)
    op.create_table(
        "promotion_inputs",
        sa.Column("asset_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("goal", sa.Integer(), nullable=True),
        sa.Column("target_share", sa.Float(), nullable=True),
        sa.Column("value_per_view", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.Column("audio_only", sa.Boolean(), nullable=False),
        sa.Column("vouched_by", sa.String(length=160), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_promotion_inputs_asset_id")),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_promotion_inputs")),
    )
    op.create_table(
        "promotion_decisions",
        sa.Column("asset_id", BIG_ID, nullable=False),
        sa.Column("post_id", BIG_ID, nullable=True),
        sa.Column("choice", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("budget", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("owner_id", BIG_ID, nullable=True),
        sa.Column("decided_by_id", BIG_ID, nullable=True),
        sa.Column("decided_by_name", sa.String(length=120), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verdict", sa.String(length=32), nullable=True),
        sa.Column("confidence", sa.String(length=32), nullable=False),
        sa.Column("pays", sa.Float(), nullable=True),
        sa.Column("forecast_30", sa.JSON(), nullable=True),
        sa.Column("forecast_90", sa.JSON(), nullable=True),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("views_30", sa.BigInteger(), nullable=True),
        sa.Column("views_90", sa.BigInteger(), nullable=True),
        sa.Column("paid_off", sa.Boolean(), nullable=True),
        sa.Column("id", BIG_ID, nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_promotion_decisions_has_reason")),
        sa.CheckConstraint("budget IS NULL OR budget >= 0", name=op.f("ck_promotion_decisions_budget_not_negative")),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_promotion_decisions_asset_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name=op.f("fk_promotion_decisions_decided_by_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_promotion_decisions_owner_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_promotion_decisions_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_decisions")),
    )
    op.create_index("ix_promotion_decisions_decided_at", "promotion_decisions", ["decided_at"], unique=False)
    op.create_index(
        "uq_promotion_decisions_asset_id",
        "promotion_decisions",
        ["asset_id"],
        unique=True,
        sqlite_where=sa.text("stands"),
        postgresql_where=sa.text("stands"),
    )
    op.create_table(
        "promotion_standings",
        sa.Column("asset_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("post_id", BIG_ID, nullable=False),
        sa.Column("channel_id", BIG_ID, nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("views", sa.BigInteger(), nullable=True),
        sa.Column("ratio", sa.Float(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("comparable", sa.Integer(), nullable=False),
        sa.Column("retention", sa.Float(), nullable=True),
        sa.Column("retention_rank", sa.Float(), nullable=True),
        sa.Column("target_share", sa.Float(), nullable=True),
        sa.Column("cost", sa.Float(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("median", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("extra", sa.Float(), nullable=True),
        sa.Column("extra_per_money", sa.Float(), nullable=True),
        sa.Column("pays", sa.Float(), nullable=True),
        sa.Column("choice", sa.String(length=32), nullable=True),
        sa.Column("confidence", sa.String(length=32), nullable=False),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.Column("fan", sa.JSON(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_promotion_standings_asset_id")),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_promotion_standings_channel_id")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_promotion_standings_post_id")),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_promotion_standings")),
    )
    op.create_index("ix_promotion_standings_channel_id", "promotion_standings", ["channel_id"], unique=False)
    op.create_index("ix_promotion_standings_published_at", "promotion_standings", ["published_at"], unique=False)
    op.create_table(
        "promotions",
        sa.Column("asset_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("cost", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("post_id", BIG_ID, nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.CheckConstraint("cost IS NULL OR cost >= 0", name=op.f("ck_promotions_cost_not_negative")),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_promotions_asset_id")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_promotions_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotions")),
        sa.UniqueConstraint("asset_id", "kind", "on", name=op.f("uq_promotions_asset_id_kind_on")),
        sa.UniqueConstraint("post_id", name=op.f("uq_promotions_post_id")),
    )


def downgrade() -> None:
    op.drop_table("promotions")
    op.drop_table("promotion_standings")
    op.drop_table("promotion_decisions")
    op.drop_table("promotion_inputs")
    op.drop_table("event_uses")
    op.drop_table("promotion_settings")
