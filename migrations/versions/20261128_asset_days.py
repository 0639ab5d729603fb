"""Keep asset_day in the order asset, channel, day, and find an asset's posts on one channel by index; existing rows stay as they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_asset_days"
down_revision = "20261128_follower_gains"
branch_labels = None
depends_on = None

_NEW, _OLD = ["asset_id", "channel_id", "day"], ["day", "asset_id", "channel_id"]
_COUNTS = ["views", "impressions", "reach", "engagements", "likes", "comments", "shares", "clicks", "watch_seconds"]


def upgrade() -> None:
    op.drop_index("ix_asset_day_asset_id_day", table_name="asset_day")
    _order_by(_NEW, with_rowid=False)
    op.create_index("ix_posts_asset_id_channel_id_published_at", "posts", ["asset_id", "channel_id", "published_at"])


def downgrade() -> None:
    op.drop_index("ix_posts_asset_id_channel_id_published_at", table_name="posts")
    _order_by(_OLD, with_rowid=True)
    op.create_index("ix_asset_day_asset_id_day", "asset_day", ["asset_id", "day"])


def _order_by(key: list[str], *, with_rowid: bool) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("pk_asset_day"), "asset_day", type_="primary")
        op.create_primary_key(op.f("pk_asset_day"), "asset_day", key)
        return
    # SQLite cannot change a table's key: the rows move into a table of the same name.
    kinds = {"day": sa.Date(), "asset_id": sa.Integer(), "channel_id": sa.Integer()}
    op.create_table(
        "asset_day_new",
        *(sa.Column(name, kinds[name], nullable=False, autoincrement=False) for name in key),
        *(sa.Column(name, sa.BigInteger()) for name in _COUNTS),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_asset_day_asset_id")),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_asset_day_channel_id")),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_asset_day")),
        sqlite_with_rowid=with_rowid,
    )
    names = ", ".join([*key, *_COUNTS])
    op.execute(f"INSERT INTO asset_day_new ({names}) SELECT {names} FROM asset_day ORDER BY {', '.join(key)}")  # noqa: S608
    op.drop_table("asset_day")
    op.rename_table("asset_day_new", "asset_day")
