"""Files are encrypted while they stream, in chunks: 64 KiB each, sealed by AES-256-GCM under a key of the file's own.

The nonce is the chunk's number and whether it is the last one (the STREAM construction), so that chunks that are left
out, put in another order, or cut off at the end do not open. A key is used for one file and never again; that is what
makes counted nonces safe.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault.envelope import SealBroken, bound_to

CHUNK = 64 * 1024
TAG = 16
SEALED_CHUNK = CHUNK + TAG


def nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def sealed_size(size: int) -> int:
    """How long a file of this size is once it is sealed."""
    return size + TAG * max(1, -(-size // CHUNK))


@dataclass
class Sealing:
    """Turns a file, piece by piece, into its sealed form."""

    key: bytes = field(repr=False)
    file_id: UUID
    _held: bytearray = field(default_factory=bytearray, repr=False)
    _number: int = 0

    def take(self, piece: bytes) -> bytes:
        """Whatever chunks are full by now, sealed. The last one waits, since it is marked as such."""
        self._held += piece
        made = bytearray()
        while len(self._held) > CHUNK:
            made += self._seal(bytes(self._held[:CHUNK]), last=False)
            del self._held[:CHUNK]
        return bytes(made)

    def end(self) -> bytes:
        """The last chunk; nothing can be taken after it."""
        return self._seal(bytes(self._held), last=True)

    def _seal(self, chunk: bytes, *, last: bool) -> bytes:
        sealed = AESGCM(self.key).encrypt(nonce(self._number, last), chunk, bound_to("file", self.file_id))
        self._number += 1
        return sealed


async def unsealed(key: bytes, file_id: UUID, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The file's chunks, each given only once its seal was found whole. Raises SealBroken."""
    cipher, about = AESGCM(key), bound_to("file", file_id)
    held = bytearray()
    number = 0

    def opened(chunk: bytes, *, last: bool) -> bytes:
        try:
            return cipher.decrypt(nonce(number, last), chunk, about)
        except (InvalidTag, ValueError):
            raise SealBroken("file") from None

    async for piece in pieces:
        held += piece
        while len(held) > SEALED_CHUNK:
            yield opened(bytes(held[:SEALED_CHUNK]), last=False)
            del held[:SEALED_CHUNK]
            number += 1
    yield opened(bytes(held), last=True)
