"""Let what was approved cover a file's own alt text and the card of a link; existing approvals hold for what these say now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

revision = "20261129_leaving_digests"
down_revision = "20261129_base_texts"
branch_labels = None
depends_on = None

_AT_ONCE = 500
_POSTS = sa.table(
    "posts", sa.column("id"), sa.column("asset_id"), sa.column("channel_id"), sa.column("link"), sa.column("media", sa.JSON), sa.column("approved_digest")
)
_CHANNELS = sa.table("channels", sa.column("id"), sa.column("platform"))
_ASSETS = sa.table("assets", sa.column("id"), sa.column("summary"))
_FILES = sa.table("asset_files", sa.column("id"), sa.column("asset_id"), sa.column("kind"), sa.column("alt_text"))
_DELIVERIES = sa.table("deliveries", sa.column("id"), sa.column("post_id"), sa.column("digest"))
_ATTEMPTS = sa.table("attempts", sa.column("id"), sa.column("delivery_id"), sa.column("digest"))
_OTHERS = [sa.table(name, sa.column("id"), sa.column("post_id"), sa.column("digest")) for name in ("approvals", "rule_overrides", "nudges")]


def upgrade() -> None:
    db, last = op.get_bind(), 0
    while posts := _posts(db, last):
        last = posts[-1].id
        added = {number: told for number, told in _added(db, posts) if told}
        if not added:
            continue
        _join(db, _POSTS, sa.select(_POSTS.c.id, _POSTS.c.id.label("post_id"), _POSTS.c.approved_digest.label("digest")), "approved_digest", added)
        for table in (_DELIVERIES, *_OTHERS):
            _join(db, table, sa.select(table.c.id, table.c.post_id, table.c.digest), "digest", added)
        tried = sa.select(_ATTEMPTS.c.id, _DELIVERIES.c.post_id, _ATTEMPTS.c.digest).join_from(_ATTEMPTS, _DELIVERIES, _DELIVERIES.c.id == _ATTEMPTS.c.delivery_id)
        _join(db, _ATTEMPTS, tried, "digest", added)


def downgrade() -> None:
    """No digest leads back: an older version asks again for the posts concerned."""


def _posts(db: sa.Connection, last: int) -> list[Any]:
    """The next posts that have files, or a link on LinkedIn whose card says something."""
    card = sa.and_(_CHANNELS.c.platform == "linkedin", _POSTS.c.link != "", _ASSETS.c.summary != "")
    query = (
        sa.select(_POSTS.c.id, _POSTS.c.asset_id, _POSTS.c.link, _POSTS.c.media, _CHANNELS.c.platform, _ASSETS.c.summary)
        .join_from(_POSTS, _CHANNELS, _CHANNELS.c.id == _POSTS.c.channel_id)
        .join(_ASSETS, _ASSETS.c.id == _POSTS.c.asset_id)
        .where(_POSTS.c.id > last, sa.or_(sa.cast(_POSTS.c.media, sa.Text).not_in(["[]", "null"]), card))
    )
    return list(db.execute(query.order_by(_POSTS.c.id).limit(_AT_ONCE)))


def _added(db: sa.Connection, posts: list[Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number of each post, and what leaves with it that its digest did not cover."""
    files = {row.id: row for row in db.execute(sa.select(_FILES).where(_FILES.c.asset_id.in_({post.asset_id for post in posts if post.media})))}
    for post in posts:
        told: dict[str, Any] = {}
        chosen = [(files.get(item.get("file_id")), item.get("alt_text")) for item in post.media or []]
        mine = [(file, alt) for file, alt in chosen if file is not None and file.asset_id == post.asset_id]
        if alts := [[file.id, file.alt_text] for file, alt in mine if not alt and file.alt_text]:
            told["alts"] = alts
        is_card = post.platform == "linkedin" and post.link and all(file.kind in ("thumbnail", "captions") for file, _alt in mine)
        if is_card and post.summary:
            told["card"] = post.summary[:250]
        yield post.id, told


def _join(db: sa.Connection, table: sa.TableClause, query: Any, column: str, added: dict[int, dict[str, Any]]) -> None:
    whose = query.selected_columns.post_id
    rows = db.execute(query.where(whose.in_(added), query.selected_columns.digest.is_not(None)))
    changed = [{"row": row.id, "became": _digest({"content": row.digest, **added[row.post_id]})} for row in rows]
    if changed:
        db.execute(sa.update(table).where(table.c.id == sa.bindparam("row")).values({column: sa.bindparam("became")}), changed)


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
