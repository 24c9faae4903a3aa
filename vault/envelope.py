"""Envelope encryption: what is written about a child lies under the child's own data key, and that under the
municipality's key, and that under the keys of the vault, which are not in the database.

Every seal is bound to its place (what it is, and the row it is in), so that a cipher that is moved to another row or
column does not open. Rotating the municipality's key wraps data keys anew and touches no text.
"""

from __future__ import annotations

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12
KEY = 32


class SealBroken(Exception):
    """A cipher does not open: it was changed, is in another place than it was made for, or its key is another."""


def new_data_key() -> bytes:
    return os.urandom(KEY)


def bound_to(what: str, row_id: UUID) -> bytes:
    """The associated data of a seal: its kind, and the row that it lies in."""
    return f"innsyn\0{what}\0".encode() + row_id.bytes


def seal(key: bytes, plain: bytes, what: str, row_id: UUID) -> bytes:
    """A random nonce and the cipher with its tag: 28 bytes more than the plain text."""
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to(what, row_id))


def unseal(key: bytes, cipher: bytes, what: str, row_id: UUID) -> bytes:
    """Raises SealBroken."""
    try:
        return AESGCM(key).decrypt(cipher[:NONCE], cipher[NONCE:], bound_to(what, row_id))
    except (InvalidTag, ValueError):
        raise SealBroken(what) from None
