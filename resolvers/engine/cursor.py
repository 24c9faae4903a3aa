"""Cursors: where a page ends, sealed so that nobody can read, change or lend it.

A cursor holds the values that order a row, which may tell of messages that the viewer does not see. It is encrypted
and bound to the viewer, the connection and its filter: anywhere else it is no cursor at all. Under another parent than
its own it is one whose page is empty. Which of the two it is does not hang on any row.
"""

from __future__ import annotations

import datetime as dt
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV


class Cursors:
    def __init__(self, key: bytes) -> None:
        """`key`: 32 bytes."""
        self._siv = AESSIV(key)

    def seal(self, values: Sequence[Any], bound_to: str) -> str:
        told = orjson.dumps([value.hex if hasattr(value, "hex") else value for value in values])
        return spelt(self._siv.encrypt(told, [bound_to.encode()]))

    def open(self, cursor: str, bound_to: str, types: Sequence[type]) -> list[Any] | None:
        """The values; null for what is no cursor of this connection for this viewer."""
        told = self._opened(cursor, bound_to)
        return None if told is None else [read(value, wanted) for value, wanted in zip(told, types, strict=True)]

    def _opened(self, cursor: str, bound_to: str) -> list[Any] | None:
        try:
            raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
            if spelt(raw) != cursor:
                return None
            told: list[Any] = orjson.loads(self._siv.decrypt(raw, [bound_to.encode()]))
        except (InvalidTag, ValueError):
            return None
        return told

    def belongs(self, cursor: str, bound_to: str) -> bool:
        """Whether it was made for this viewer and connection, whatever is in it."""
        return self._opened(cursor, bound_to) is not None


def spelt(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


def read(value: Any, wanted: type) -> Any:
    if wanted is UUID:
        return UUID(hex=value)
    return dt.datetime.fromisoformat(value) if wanted is dt.datetime else value
