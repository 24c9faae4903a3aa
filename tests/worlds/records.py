"""Records of a world: what units have written about its children, put into the database as the owner."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models import PersonIdentifier, Record, RecordHold, RecordOpening, RecordReader, RecordVersion, Unit, new_key
from resolvers.data_keys import data_key
from resolvers.ids import TYPE_BYTES, encode
from server.database import Database
from tests.worlds.loading import Loaded
from tests.worlds.world import oslo
from vault import Vault
from vault.envelope import seal

HOUR = dt.timedelta(hours=1)


@dataclass
class Opening:
    leader: str
    at: dt.datetime
    until: dt.datetime
    reason: str = "Klage fra hjemmet"


@dataclass
class Told:
    """A record, in the handles of its world."""

    handle: str
    child: str
    unit: str
    kind: str
    author: str
    at: dt.datetime
    readers: tuple[str, ...] = ()
    """Named now; whoever was named and is no more is in `formerly`."""
    formerly: tuple[str, ...] = ()
    held: bool = False
    openings: tuple[Opening, ...] = ()
    texts: tuple[str, ...] = field(default=())
    """The bodies of its versions; one that names the handle when not told."""

    @property
    def bodies(self) -> tuple[str, ...]:
        return self.texts or (f"Tekst i {self.handle}",)


async def people_of(connection: AsyncConnection, vault: Vault, loaded: Loaded) -> dict[str, UUID]:
    rows = await connection.execute(
        select(PersonIdentifier.number_hash, PersonIdentifier.person_id).where(
            PersonIdentifier.municipality_id == loaded.municipality
        )
    )
    by_hash = {row.number_hash: row.person_id for row in rows}
    return {
        handle: by_hash[digest]
        for handle, person in loaded.world.people.items()
        if person.number and (digest := vault.keyed_hash(person.number, "national_id")) in by_hash
    }


async def write_records(told: list[Told], loaded: Loaded, database: Database, vault: Vault) -> dict[str, str]:
    """Puts the records in; their global ids by handle."""
    ids: dict[str, str] = {}
    async with database.admin_engine().begin() as connection:
        people = await people_of(connection, vault, loaded)
        rows = await connection.execute(
            select(Unit.source_id, Unit.id).where(Unit.municipality_id == loaded.municipality)
        )
        units = {row.source_id.removeprefix("unit-"): row.id for row in rows}
        for one in told:
            record_id = new_key()
            ids[one.handle] = encode(TYPE_BYTES["Record"], record_id)
            await write_one(connection, vault, loaded.municipality, one, record_id, people, units[one.unit])
    return ids


async def write_one(
    connection: AsyncConnection,
    vault: Vault,
    municipality: UUID,
    one: Told,
    record_id: UUID,
    people: dict[str, UUID],
    unit_id: UUID,
) -> None:
    child_id = people[one.child]
    key = await data_key(connection, vault, municipality, child_id, oslo(one.at.date()))

    async def put(model: type, **values: Any) -> None:
        await connection.execute(insert(model).values(**values))

    await put(Record, id=record_id, child_id=child_id, unit_id=unit_id, kind=one.kind, author_id=people[one.author],
              written_at=one.at)  # fmt: skip
    for number, body in enumerate(one.bodies, 1):
        version_id = new_key()
        await put(
            RecordVersion,
            id=version_id,
            record_id=record_id,
            child_id=child_id,
            number=number,
            author_id=people[one.author],
            written_at=one.at + (number - 1) * HOUR,
            title_cipher=seal(key, f"Tittel på {one.handle}".encode(), "record_version.title", version_id),
            body_cipher=seal(key, body.encode(), "record_version.body", version_id),
        )
    for person, ended in [*((who, False) for who in one.readers), *((who, True) for who in one.formerly)]:
        end = {"ended_at": one.at, "ended_by": people[one.author]} if ended else {}
        await put(RecordReader, record_id=record_id, person_id=people[person], named_by=people[one.author],
                  named_at=one.at, **end)  # fmt: skip
    for opening in one.openings:
        opening_id = new_key()
        await put(
            RecordOpening,
            id=opening_id,
            record_id=record_id,
            child_id=child_id,
            person_id=people[opening.leader],
            opened_at=opening.at,
            until=opening.until,
            reason_cipher=seal(key, opening.reason.encode(), "record_opening.reason", opening_id),
        )
    if one.held:
        await put(RecordHold, record_id=record_id, set_by=people[one.author], set_at=one.at)
