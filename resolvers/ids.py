"""Global ids: opaque to clients, a type byte and a key in base64url.

The ids of one person as child, guardian, staff member and other adult hold four random keys that cannot be linked.
"""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64
from uuid import UUID

TYPE_BYTES = {
    "Unit": b"U",
    "Group": b"G",
    "Child": b"C",
    "Guardian": b"F",
    "StaffMember": b"S",
    "OtherAdult": b"A",
    "Thread": b"T",
    "Message": b"M",
    "Record": b"R",
    "Attachment": b"B",
    "Absence": b"a",
    "Delegate": b"D",
    "Block": b"X",
    "Task": b"O",
    "Substitution": b"V",
    "Broadcast": b"b",
    "NeedCase": b"N",
}
TYPES = {byte: name for name, byte in TYPE_BYTES.items()}
LENGTH = 23
TO_URL = bytes.maketrans(b"+/", b"-_")


def encode(type_byte: bytes, key: UUID) -> str:
    return b2a_base64(type_byte + key.bytes, newline=False).rstrip(b"=").translate(TO_URL).decode()


def decode(told: str) -> tuple[str, UUID] | None:
    """The type and key of a global id; null for whatever never was one."""
    if len(told) != LENGTH:
        return None
    try:
        raw = a2b_base64(told.replace("-", "+").replace("_", "/").encode("ascii") + b"=", strict_mode=True)
    except (Error, ValueError):
        return None
    name = TYPES.get(raw[:1])
    if name is None or len(raw) != 17:
        return None
    key = UUID(bytes=raw[1:])
    return (name, key) if encode(raw[:1], key) == told else None


def decode_as(type_name: str, told: str) -> UUID | None:
    """The key of an id of this type; null for any other."""
    decoded = decode(told)
    return decoded[1] if decoded is not None and decoded[0] == type_name else None
