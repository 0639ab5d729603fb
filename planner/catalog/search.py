"""Full-text search over assets, accents and plurals forgiven: FTS5 on SQLite, tsvector on PostgreSQL, behind one class."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from sqlalchemy import DDL, ColumnElement, Connection, event, literal_column, text
from sqlalchemy.orm import Session

from planner.catalog.models import Asset

__all__ = ["CREATE", "DROP", "Search", "fold"]

#: What a migration runs, by database; the tests' `create_all` runs the same.
CREATE = {
    "sqlite": ["CREATE VIRTUAL TABLE asset_search USING fts5(words, tokenize='unicode61 remove_diacritics 2')"],
    "postgresql": [
        "CREATE TABLE asset_search (asset_id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)",
        "CREATE INDEX ix_asset_search_words ON asset_search USING gin (words)",
    ],
}
DROP = "DROP TABLE IF EXISTS asset_search"

_WORD = re.compile(r"\w+", re.UNICODE)

for _dialect, _statements in CREATE.items():
    for _statement in _statements:
        event.listen(Asset.__table__, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]
event.listen(Asset.__table__, "before_drop", DDL(DROP))  # type: ignore[no-untyped-call]


def fold(said: str) -> list[str]:
    """Words as they are compared: lower case, no accents, no plural ending. "Les Réseaux privés" -> les, reseau, priv."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", said.casefold()) if unicodedata.category(char) != "Mn")
    return [_stem(word) for word in _WORD.findall(plain)]


def _stem(word: str) -> str:
    """The word without what English and French add to it for several: boxes and box, journaux and journal, companies and company.

    It need not be a word any more; it only has to be the same for one thing and for many.
    """
    if len(word) < 4 or not word.isalpha():
        return word
    if word.endswith("aux") and not word.endswith("eaux"):
        word = word[:-2] + "l"
    elif word.endswith(("eaux", "eux", "oux")) or (word.endswith("s") and not word.endswith("ss")):
        word = word[:-1]
    if word.endswith("ie"):
        return word[:-1]
    if word.endswith("y"):
        return word[:-1] + "i"
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


class Search:
    """Keeps the index and asks it. All of it happens in the caller's transaction."""

    def __init__(self, db: Session | Connection) -> None:
        bind = db.get_bind() if isinstance(db, Session) else db
        self._db = db
        self._is_postgres = bind.dialect.name == "postgresql"

    def put(self, rows: Sequence[tuple[int, str]]) -> None:
        """Index (or index again) assets: their number and everything to be found by."""
        if not rows:
            return
        values = [{"id": number, "words": " ".join(fold(said))[:500_000]} for number, said in rows]
        if self._is_postgres:
            self._db.execute(
                text(
                    "INSERT INTO asset_search (asset_id, words) VALUES (:id, to_tsvector('simple', :words)) "
                    "ON CONFLICT (asset_id) DO UPDATE SET words = excluded.words"
                ),
                values,
            )
            return
        self._db.execute(text("DELETE FROM asset_search WHERE rowid = :id"), [{"id": one["id"]} for one in values])
        self._db.execute(text("INSERT INTO asset_search (rowid, words) VALUES (:id, :words)"), values)

    def matching(self, said: str) -> ColumnElement[bool] | None:
        """A condition on Asset.id: every word of `said` begins some word of the asset. None when nothing was said."""
        words = fold(said)[:12]
        if not words:
            return None
        if self._is_postgres:
            asked = " & ".join(f"{word}:*" for word in words)
            found = text("SELECT asset_id FROM asset_search WHERE words @@ to_tsquery('simple', :asked)").bindparams(asked=asked)
        else:
            asked = " ".join(f'"{word}"*' for word in words)
            found = text("SELECT rowid FROM asset_search WHERE asset_search MATCH :asked").bindparams(asked=asked)
        return Asset.id.in_(found.columns(literal_column("id")))  # type: ignore[arg-type]
