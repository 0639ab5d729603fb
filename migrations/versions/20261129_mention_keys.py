"""Know mentions by their pages without the marks that are known since; existing rows get the key they would get today, and those that become one are made one.

What was forgotten has no address any more, and keeps its key.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import sqlalchemy as sa
from alembic import op

revision = "20261129_mention_keys"
down_revision = "20261129_edit_steps"
branch_labels = None
depends_on = None

_AT_ONCE = 500
_BEFORE = re.compile(r"utm_.*|(?:fb|g|ms|y|tt|li_fat_)clid|li_fat_id|igsh(?:id)?|mc_[ce]id|_ga|cmpid|xtor|at_(?:medium|campaign|custom\d)", re.IGNORECASE)
#: A test holds these against the product's: whoever adds one there makes the keys again with a migration like this.
MARKS = re.compile(
    r"(?:utm|mtm|matomo|pk|piwik|gad|hsa)_.*|(?:fb|g|d|ms|y|tt|tw|li_fat_)clid|msclkid|[gw]braid|srsltid|li_fat_id|igsh(?:id)?|mc_[ce]id|mkt_tok|_hs(?:enc|mi)|_g[al]|cmpid|xtor"
    r"|at_(?:medium|campaign|custom\d)", re.IGNORECASE,
)  # fmt: skip
_TEXTS = ("network", "site", "outlet", "author", "address", "title", "excerpt")
_MENTIONS = sa.table(
    "mentions", sa.column("id"), sa.column("key"), *(sa.column(name) for name in _TEXTS), sa.column("at"), sa.column("timed", sa.Boolean),
    sa.column("source"), sa.column("forgotten_at"),
)  # fmt: skip
_ASSETS = sa.table("mention_assets", sa.column("asset_id"), sa.column("mention_id"))


def upgrade() -> None:
    db, last = op.get_bind(), 0
    while rows := db.execute(sa.select(_MENTIONS).where(_MENTIONS.c.id > last, _MENTIONS.c.address.like("%?%")).order_by(_MENTIONS.c.id).limit(_AT_ONCE)).all():
        last = rows[-1].id
        for row in rows:
            became = _key(row.address, MARKS)
            # Whatever is known otherwise, by a platform's number, keeps its key.
            if became != row.key == _key(row.address, _BEFORE):
                _know_by(db, row, became)


def downgrade() -> None:
    """Which rows were one mention is not known any more; an older version would keep some of them once more if told again."""


def _know_by(db: sa.Connection, row: Any, key: str) -> None:
    """Give this mention its key, or make it one with that which has it: the earlier moment, the fuller words, and forgotten if one is."""
    same = db.execute(sa.select(_MENTIONS).where(_MENTIONS.c.key == key)).first()
    if same is None:
        db.execute(sa.update(_MENTIONS).where(_MENTIONS.c.id == row.id).values(key=key))
        return
    timed, at = min((not one.timed, one.at) for one in (same, row))
    told: dict[str, Any] = {"at": at, "timed": not timed, "source": min(same.source, row.source)}
    if same.forgotten_at is None:
        told |= {name: max(getattr(same, name), getattr(row, name), key=lambda text: (len(text), text)) for name in _TEXTS}
    db.execute(sa.update(_MENTIONS).where(_MENTIONS.c.id == same.id).values(told))
    has = sa.select(_ASSETS.c.asset_id).where(_ASSETS.c.mention_id == same.id)
    db.execute(sa.update(_ASSETS).where(_ASSETS.c.mention_id == row.id, _ASSETS.c.asset_id.not_in(has)).values(mention_id=same.id))
    db.execute(sa.delete(_ASSETS).where(_ASSETS.c.mention_id == row.id))
    db.execute(sa.delete(_MENTIONS).where(_MENTIONS.c.id == row.id))


def _key(address: str, marks: re.Pattern[str]) -> str:
    """By host, path and what of the query is no mark, as 64 hex digits."""
    try:
        parts = urlsplit(address)
        query = sorted(one for one in parse_qsl(parts.query, keep_blank_values=True, max_num_fields=100) if not marks.fullmatch(one[0]))
        host = parts.hostname or ""
    except ValueError:
        return ""
    host = re.sub(r"^(?:m|mobile|amp)[.]", "", host.removeprefix("www."))
    path = "/" + address.partition("://")[2].partition("/")[2]
    path = re.split(r"[?#]", path, maxsplit=1)[0].rstrip("/")
    page = f"{host.lower()}{path}{'?' + urlencode(query) if query else ''}"
    return hashlib.sha256(f"at:{page}".encode(errors="replace")).hexdigest()
