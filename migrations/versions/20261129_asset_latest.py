"""Keep the newest day of each asset on each channel beside its days; filled from the existing rows, which stay as they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261129_asset_latest"
down_revision = "20261129_mentions"
branch_labels = None
depends_on = None

_COUNTS = ["views", "impressions", "reach", "engagements", "likes", "comments", "shares", "clicks", "watch_seconds"]


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "asset_latest",
        sa.Column("asset_id", number, nullable=False, autoincrement=False),
        sa.Column("channel_id", number, nullable=False, autoincrement=False),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.BigInteger()) for name in _COUNTS),
        sa.PrimaryKeyConstraint("asset_id", "channel_id", name=op.f("pk_asset_latest")),
        sqlite_with_rowid=False,
    )
    names = ["asset_id", "channel_id", "day", *_COUNTS]
    op.execute(
        f"INSERT INTO asset_latest ({', '.join(names)}) SELECT {', '.join(f'd.{name}' for name in names)} FROM asset_day d"  # noqa: S608
        " JOIN (SELECT asset_id, channel_id, max(day) AS day FROM asset_day GROUP BY asset_id, channel_id) AS newest"
        " ON newest.asset_id = d.asset_id AND newest.channel_id = d.channel_id AND newest.day = d.day"
    )


def downgrade() -> None:
    op.drop_table("asset_latest")
