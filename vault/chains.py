"""Chains: each link is a keyed hash over the one before it and over what it stands for.

Whoever holds the rows but not the key can neither change, drop, add nor move one without the links saying so.
"""

from __future__ import annotations

import hmac

LINK = 32
"""Bytes of a link."""


def link(key: bytes, before: bytes, content: bytes) -> bytes:
    """The next link. `before` is the link before it, or the name of the chain for its first."""
    return hmac.digest(key, before + content, "sha256")


def content(*parts: bytes | str | int | None) -> bytes:
    """Parts written so that no two lists of parts come to the same bytes."""
    return b"".join(written(part) for part in parts)


def written(part: bytes | str | int | None) -> bytes:
    if part is None:
        return b"-"
    if isinstance(part, int):
        return b"i" + part.to_bytes(8, "big", signed=True)
    told = part.encode() if isinstance(part, str) else part
    return b"b" + len(told).to_bytes(4, "big") + told
