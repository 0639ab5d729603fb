"""Add the full-text index of assets; existing assets are indexed by their title and summary."""

from __future__ import annotations

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "20261123_asset_search"
down_revision = "20261122_first_tables"
branch_labels = None
depends_on = None

_WORD = re.compile(r"\w+")


def upgrade() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, title, summary, url FROM assets")).all()
    values = [{"id": number, "words": _folded(f"{title} {summary} {url}")} for number, title, summary, url in rows]
    if connection.dialect.name == "postgresql":
        op.execute("CREATE TABLE asset_search (asset_id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)")
        op.execute("CREATE INDEX ix_asset_search_words ON asset_search USING gin (words)")
        insert = "INSERT INTO asset_search (asset_id, words) VALUES (:id, to_tsvector('simple', :words))"
    else:
        op.execute("CREATE VIRTUAL TABLE asset_search USING fts5(words, tokenize='unicode61 remove_diacritics 2')")
        insert = "INSERT INTO asset_search (rowid, words) VALUES (:id, :words)"
    if values:
        connection.execute(sa.text(insert), values)


def downgrade() -> None:
    op.execute("DROP TABLE asset_search")


def _folded(said: str) -> str:
    """As planner.catalog.search folded words on the day of this migration."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", said.casefold()) if unicodedata.category(char) != "Mn")
    return " ".join(_singular(word) for word in _WORD.findall(plain))


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word[-1] in "sx" and not word.endswith("ss"):
        return word[:-1]
    return word
