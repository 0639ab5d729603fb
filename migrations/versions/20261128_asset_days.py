"""Keep asset_day in the order asset, channel, day, without foreign keys, and find an asset's posts on one channel by index; existing rows stay as they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_asset_days"
down_revision = "20261128_follower_gains"
branch_labels = None
depends_on = None

_NEW, _OLD = ["asset_id", "channel_id", "day"], ["day", "asset_id", "channel_id"]
_REFERS = {"asset_id": "assets", "channel_id": "channels"}
_COUNTS = ["views", "impressions", "reach", "engagements", "likes", "comments", "shares", "clicks", "watch_seconds"]


def upgrade() -> None:
    op.drop_index("ix_asset_day_asset_id_day", table_name="asset_day")
    _order_by(_NEW, is_new=True)
    op.create_index("ix_posts_asset_id_channel_id_published_at_state", "posts", ["asset_id", "channel_id", "published_at", "state"])


def downgrade() -> None:
    op.drop_index("ix_posts_asset_id_channel_id_published_at_state", table_name="posts")
    _order_by(_OLD, is_new=False)
    op.create_index("ix_asset_day_asset_id_day", "asset_day", ["asset_id", "day"])


def _order_by(key: list[str], *, is_new: bool) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("pk_asset_day"), "asset_day", type_="primary")
        op.create_primary_key(op.f("pk_asset_day"), "asset_day", key)
        for name, table in _REFERS.items():
            if is_new:
                op.drop_constraint(op.f(f"fk_asset_day_{name}"), "asset_day", type_="foreignkey")
            else:
                op.create_foreign_key(op.f(f"fk_asset_day_{name}"), "asset_day", table, [name], ["id"])
        return
    # SQLite cannot change a table's key: the rows move into a table of the same name.
    kinds = {"day": sa.Date(), "asset_id": sa.Integer(), "channel_id": sa.Integer()}
    op.create_table(
        "asset_day_new",
        *(sa.Column(name, kinds[name], nullable=False, autoincrement=False) for name in key),
        *(sa.Column(name, sa.BigInteger()) for name in _COUNTS),
        *(sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_asset_day_{name}")) for name, table in _REFERS.items() if not is_new),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_asset_day")),
        sqlite_with_rowid=not is_new,
    )
    names = ", ".join([*key, *_COUNTS])
    op.execute(f"INSERT INTO asset_day_new ({names}) SELECT {names} FROM asset_day ORDER BY {', '.join(key)}")  # noqa: S608
    op.drop_table("asset_day")
    op.rename_table("asset_day_new", "asset_day")
