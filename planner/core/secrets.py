"""Seals secrets before they reach the database (AES-256-GCM) and opens them again; keys live outside the database."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets as _secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from planner.core.errors import Unavailable
from planner.core.i18n import N_

__all__ = ["Sealer", "new_token", "token_digest"]

_VERSION = b"\x01"
_NONCE_BYTES = 12


class Sealer:
    """Seals with the first key, opens with any: put a new key first, run `flask planner reseal`, drop the old one.

    keys -- passphrases of at least 16 characters; each is stretched to 256 bits with SHA-256 (they are random
            keys by construction, not memorised words).
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("a sealer needs at least one key")
        self._ciphers = [AESGCM(hashlib.sha256(b"planner-seal:" + key.encode()).digest()) for key in keys]

    def seal(self, plain: str) -> bytes:
        """Version byte, 96-bit random nonce, ciphertext with tag."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._ciphers[0].encrypt(nonce, plain.encode(), _VERSION)

    def open(self, sealed: bytes) -> str:
        """The plain text. Raises Unavailable when no key fits: the key was changed without resealing."""
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(nonce, body, sealed[:1]).decode()
            except InvalidTag:
                continue
        raise Unavailable(N_("A stored secret cannot be opened: PLANNER_SEAL_KEYS does not hold the key it was sealed with."))


def new_token(prefix: str = "") -> str:
    """A random token of 256 bits, URL-safe."""
    return prefix + _secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """What is stored of a bearer token: 43 URL-safe characters of its SHA-256. A random token needs no salt."""
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
