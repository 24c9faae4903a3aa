"""The rows of the access log as its chains know them: what of a row is sealed, and from what its chain begins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from vault.chains import content, link

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
KEY = "access log"
"""Of the vault's derived key."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one operation of somebody saw by one relation, in the order of `COLUMNS`."""

    at: dt.datetime
    municipality_id: UUID
    person_id: UUID | None
    client: str | None
    kind: str
    operation: str | None
    document: bytes
    relation: int
    unit_id: UUID | None
    need_case_id: UUID | None
    messages_alone: bool
    children: Sequence[UUID]

    def sealed(self, before: bytes, key: bytes, sequence: int) -> bytes:
        """The entry's seal as the one of that number in its chain."""
        told = content(
            sequence,
            microseconds(self.at),
            self.municipality_id.bytes,
            bytes_of(self.person_id),
            self.client,
            self.kind,
            self.operation,
            self.document,
            self.relation,
            bytes_of(self.unit_id),
            bytes_of(self.need_case_id),
            self.messages_alone,
            b"".join([child.bytes for child in self.children]),
        )
        return link(key, before, told)


COLUMNS = (
    "at",
    "municipality_id",
    "person_id",
    "client",
    "kind",
    "operation",
    "document",
    "relation",
    "unit_id",
    "need_case_id",
    "messages_alone",
    "children",
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a chain at an instant."""

    at: dt.datetime
    kind: str
    chain_id: UUID
    day: dt.date
    length: int
    head: bytes

    def sealed(self, before: bytes, key: bytes, number: int) -> bytes:
        return link(
            key,
            before,
            content(
                number,
                microseconds(self.at),
                self.kind,
                self.chain_id.bytes,
                self.day.isoformat(),
                self.length,
                self.head,
            ),
        )


def bytes_of(key: UUID | None) -> bytes | None:
    return None if key is None else key.bytes


def microseconds(at: dt.datetime) -> int:
    """As exact as PostgreSQL keeps an instant."""
    return (at - EPOCH) // MICROSECOND


def beginning(chain_id: UUID, municipality_id: UUID, day: dt.date) -> bytes:
    """What the first entry of a chain follows."""
    return content("chain", chain_id.bytes, municipality_id.bytes, day.isoformat())


def first_checkpoint(municipality_id: UUID) -> bytes:
    """What the first checkpoint of a municipality follows."""
    return content("checkpoints", municipality_id.bytes)


def document_seal(key: bytes, digest: bytes, fields: Sequence[str]) -> bytes:
    return link(key, content("document"), content(digest, *fields))
