"""Add three indexes of assets (by owner, the ready ones, those with an embargo), and the moment to that of posts by campaign; existing rows stay as they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261128_asset_indexes"
down_revision = "20261128_digests"
branch_labels = None
depends_on = None

READY, EMBARGOED = sa.text("state = 'ready'"), sa.text("embargo_until IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_assets_owner_id", "assets", ["owner_id"])
    op.create_index("ix_assets_ready", "assets", ["updated_at", "id"], sqlite_where=READY, postgresql_where=READY)
    op.create_index("ix_assets_embargo_until", "assets", ["embargo_until"], sqlite_where=EMBARGOED, postgresql_where=EMBARGOED)
    op.create_index("ix_posts_campaign_id_publish_at", "posts", ["campaign_id", "publish_at"])
    op.drop_index("ix_posts_campaign_id", table_name="posts")


def downgrade() -> None:
    op.create_index("ix_posts_campaign_id", "posts", ["campaign_id"])
    op.drop_index("ix_posts_campaign_id_publish_at", table_name="posts")
    for name in ("ix_assets_embargo_until", "ix_assets_ready", "ix_assets_owner_id"):
        op.drop_index(name, table_name="assets")
