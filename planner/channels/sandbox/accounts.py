"""Whose token it is: accounts appear at their first use, and one token always means the same account."""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from planner.channels.sandbox import numbers
from planner.channels.sandbox.state import moment, stamp

__all__ = [
    "NOBODY", "Account", "Identity", "Rejection", "account", "accounts_of", "all_accounts", "digest", "ensure", "identify", "member",
    "owner_of", "revoke", "with_handle",
]  # fmt: skip

_FIRST = (
    "Norvane", "Altis", "Corvia", "Telmar", "Ostrea", "Lumen Ridge", "Vexio", "Sequanne", "Halden", "Mirabelle", "Quantor",
    "Belvoir", "Astrane", "Fjordline", "Pontel", "Carrouge", "Ibexa", "Ravelin", "Solstrand", "Trevise",
)  # fmt: skip
_SECOND = ("Networks", "Telecom", "Mobile", "Fibre", "Systems", "Connect", "Group", "Cloud")
#: Owner of the account that stands for a LinkedIn member who administers no page.
NOBODY = "nobody"
_FOLLOWERS = {"x": (4_000, 1.0), "linkedin": (18_000, 0.9), "youtube": (1_400, 0.8), "webhook": (0, 0.0)}


class Rejection(StrEnum):
    """Why a token opens nothing."""

    MISSING = "missing"
    INVALID = "invalid"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Account:
    """One pretend account; `owner` is the person (a digest, never a token) who may act for it."""

    platform: str
    id: str
    owner: str
    name: str
    handle: str
    followers: int
    created_at: datetime

    def audience(self, now: datetime) -> int:
        """Followers at a (pretend) moment: about 12 % more a year, on some days more than on others, on a few less than the day before."""
        days = max((now - self.created_at).total_seconds() / 86_400, -1000.0)  # The account is older than the sandbox.
        swing = 0.0006 * numbers.fraction(self.id, "followers", now.date()) if days else 0.0
        return int(self.followers * (1 + 0.00033 * days + swing))


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls: the account, its owner, and what was consented to (None: everything)."""

    account: Account
    owner: str
    scopes: frozenset[str] | None = None


def digest(secret: str) -> str:
    """What is kept and shown of a secret: enough to tell two apart, nothing to use it with."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def owner_of(token: str) -> str:
    """The person behind a token that no consent page gave."""
    return digest(f"owner:{token}")


def identify(
    db: sqlite3.Connection, platform: str, token: str, now: datetime, *, accept_any: bool
) -> Identity | Rejection:
    """Whose token this is. The account may be a proposal that is not stored yet: see `ensure`."""
    if not token:
        return Rejection.MISSING
    row = db.execute("SELECT * FROM tokens WHERE digest = ?", (digest(token),)).fetchone()
    if "revoked" in token or (row and row["revoked_at"] is not None):
        return Rejection.REVOKED
    if row:
        if row["kind"] != "access" or row["platform"] != platform:
            return Rejection.INVALID
        if row["expires_at"] is not None and row["expires_at"] <= stamp(now):
            return Rejection.EXPIRED
        body = json.loads(row["body"])
        known = account(db, platform, body["account"])
        return Identity(known, row["owner"], frozenset(body["scopes"])) if known else Rejection.INVALID
    if not accept_any and not token.startswith("sandbox-"):
        return Rejection.INVALID
    owner = owner_of(token)
    return Identity(_first_of(db, platform, owner, now), owner)


def ensure(db: sqlite3.Connection, wanted: Account) -> Account:
    """Store an account at its first use; the stored one wins."""
    db.execute(
        "INSERT OR IGNORE INTO accounts (platform, id, owner, name, handle, followers, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            wanted.platform, wanted.id, wanted.owner, wanted.name, wanted.handle, wanted.followers,
            stamp(wanted.created_at),
        ),
    )  # fmt: skip
    known = account(db, wanted.platform, wanted.id)
    assert known is not None
    return known


def revoke(db: sqlite3.Connection, token: str, platform: str, now: datetime) -> None:
    """Make a token and everything of the same consent worthless; one nobody issued is remembered as revoked."""
    row = db.execute("SELECT grant_id FROM tokens WHERE digest = ?", (digest(token),)).fetchone()
    if row:
        db.execute(
            "UPDATE tokens SET revoked_at = COALESCE(revoked_at, ?) WHERE grant_id = ?", (stamp(now), row["grant_id"])
        )
        return
    db.execute(
        "INSERT INTO tokens (digest, platform, owner, kind, client, grant_id, body, expires_at, revoked_at)"
        " VALUES (?, ?, ?, 'access', '', ?, '{}', NULL, ?)",
        (digest(token), platform, owner_of(token), digest(token), stamp(now)),
    )


def account(db: sqlite3.Connection, platform: str, account_id: str) -> Account | None:
    """An account by its id, or None."""
    row = db.execute("SELECT * FROM accounts WHERE platform = ? AND id = ?", (platform, account_id)).fetchone()
    return _account(row) if row else None


def with_handle(db: sqlite3.Connection, platform: str, handle: str) -> Account | None:
    """An account by its handle, or None."""
    row = db.execute("SELECT * FROM accounts WHERE platform = ? AND handle = ?", (platform, handle)).fetchone()
    return _account(row) if row else None


def accounts_of(db: sqlite3.Connection, platform: str, owner: str) -> list[Account]:
    """The accounts one person may act for, oldest first."""
    rows = db.execute(
        "SELECT * FROM accounts WHERE platform = ? AND owner = ? ORDER BY created_at, rowid", (platform, owner)
    )
    return [_account(row) for row in rows]


def all_accounts(db: sqlite3.Connection, platform: str) -> list[Account]:
    """Every account of a platform, oldest first."""
    rows = db.execute("SELECT * FROM accounts WHERE platform = ? ORDER BY created_at, rowid", (platform,))
    return [_account(row) for row in rows]


def member(owner: str) -> str:
    """LinkedIn's name for a person."""
    return f"urn:li:person:{base64.urlsafe_b64encode(sha256(owner.encode()).digest()).decode()[:10]}"


def proposal(
    platform: str, owner: str, now: datetime, *, account_id: str = "", name: str = "", handle: str = "",
    followers: int | None = None,
) -> Account:  # fmt: skip
    """The account a person has when nothing else was said: id, name and size follow from the person alone."""
    name = name or " ".join(
        (_FIRST[int(numbers.fraction(owner, "first") * len(_FIRST))], _SECOND[int(numbers.fraction(owner, 2) * len(_SECOND))])
    )
    number = int(numbers.fraction(owner, "handle") * 1000)
    base, spread = _FOLLOWERS[platform]
    return Account(
        platform=platform,
        id=account_id or _id(platform, owner),
        owner=owner,
        name=name,
        handle=handle or f"{re.sub(r'[^a-z0-9]+', '_', name.lower())[:11].strip('_')}{number:03d}",
        followers=int(base * 2.718 ** (spread * numbers.normal(owner, platform))) if followers is None else followers,
        created_at=now,
    )


def _first_of(db: sqlite3.Connection, platform: str, owner: str, now: datetime) -> Account:
    known = accounts_of(db, platform, owner)
    return known[0] if known else proposal(platform, owner, now)


def _id(platform: str, owner: str) -> str:
    raw = sha256(f"{platform}:{owner}".encode()).digest()
    number = int.from_bytes(raw[:8])
    if platform == "x":
        return str(1_500_000_000_000_000_000 + number % 400_000_000_000_000_000)
    if platform == "linkedin":
        return f"urn:li:organization:{10_000_000 + number % 90_000_000}"
    if platform == "youtube":
        return "UC" + base64.urlsafe_b64encode(raw).decode()[:22]
    return raw.hex()[:16]


def _account(row: sqlite3.Row) -> Account:
    return Account(
        platform=row["platform"],
        id=row["id"],
        owner=row["owner"],
        name=row["name"],
        handle=row["handle"],
        followers=row["followers"],
        created_at=moment(row["created_at"]),
    )
