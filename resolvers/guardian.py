"""Where a guardian's fields come from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, FromClause, case

from authz import guardian as policy
from authz.engine.sql import Keys, bytes_word, holds, table
from models.seen import SeenChild, SeenGuardian, SeenWard
from resolvers import ids
from resolvers.child import decrypted_numbers, number_cipher
from resolvers.engine.run import Run
from resolvers.engine.source import Batch, Column, Entity, Many, Rows, Source

ENTITIES = (
    Entity(
        "Guardian",
        SeenGuardian,
        visible=lambda row, keys: policy.visible(row.c.id, keys),
        mask=lambda row, keys: policy.mask(row.c.id, keys),
        key="guardian_key",
    ),
)


OPEN, CLOSED = b"\x01", b"\x00"


def contact_number(row: FromClause, keys: Keys) -> ColumnElement[bytes]:
    """The number to ask the contact register for, marked by whether C4 leaves the contact details open."""
    marked = case((policy.contact_opened(row.c.id, keys), bytes_word(OPEN)), else_=bytes_word(CLOSED))
    return marked.op("||")(number_cipher(row.c.id))


async def contacts(run: Run, marked: Sequence[bytes]) -> list[Any]:
    """One look-up for all, at the moment of use; nothing of it is kept (L5).

    Those whom C4 closes are looked up too, and dropped: a register that is away, or slow, would tell them from the
    others, and protection must look like no value (C10).
    """
    numbers = await decrypted_numbers(run, [cipher[1:] for cipher in marked])
    found = await run.services.contacts(numbers)
    return [found.get(number) if told[:1] == OPEN else None for told, number in zip(marked, numbers, strict=True)]


def children(keys: Keys) -> Rows:
    """By name."""
    guardianship, row = table(SeenWard, "guardianship"), table(SeenChild, "child")
    return Rows(
        guardianship.join(row, row.c.id == guardianship.c.child_id),
        row,
        [holds(guardianship), policy.child_listed(row.c.id, keys)],
        [row.c.name_key, row.c.id],
        link=guardianship.c.person_id,
    )


SOURCES: dict[str, Source] = {
    "Guardian.id": Column(lambda row, _: row.c.guardian_key, partial(ids.encode, ids.TYPE_BYTES["Guardian"])),
    "Guardian.name": Column(lambda row, _: row.c.name),
    "Guardian.contact": Batch(contact_number, contacts, is_object=True),
    "Guardian.children": Many("Child", children),
}
