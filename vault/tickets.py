"""Tickets: a short-lived leave to fetch one file, sealed so that nobody can read, change, lengthen or lend it."""

from __future__ import annotations

import datetime as dt
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault import NONCE, Vault

HOLDER = 32
LIFE = dt.timedelta(minutes=5)


class TicketRefused(Exception):
    """No ticket, another's, or one that has expired: which of these is nobody's business."""


@dataclass(frozen=True)
class Tickets:
    vault: Vault

    @property
    def _cipher(self) -> AESGCM:
        return AESGCM(self.vault.derived_key("tickets"))

    def holder(self, number_hash: bytes | None, subject: tuple[str, str] | None) -> bytes:
        """Stands for whoever signed in, by what their token names them by."""
        named = number_hash.hex() if number_hash is not None else "\0".join(subject or ())
        return self.vault.keyed_hash(named, "ticket holder")

    def issue(self, file_id: UUID, holder: bytes, now: dt.datetime) -> str:
        until = int((now + LIFE).timestamp())
        nonce = os.urandom(NONCE)
        sealed = self._cipher.encrypt(nonce, file_id.bytes + holder + until.to_bytes(8, "big"), None)
        return urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()

    def file_of(self, ticket: str, holder: bytes, now: dt.datetime) -> UUID:
        """The file that the holder may fetch. Raises TicketRefused."""
        try:
            raw = urlsafe_b64decode(ticket.encode("ascii") + b"=" * (-len(ticket) % 4))
            told = self._cipher.decrypt(raw[:NONCE], raw[NONCE:], None)
        except (InvalidTag, ValueError):
            raise TicketRefused from None
        file_id, issued_to, until = told[:16], told[16 : 16 + HOLDER], told[16 + HOLDER :]
        if issued_to != holder or now.timestamp() >= int.from_bytes(until, "big"):
            raise TicketRefused
        return UUID(bytes=file_id)
