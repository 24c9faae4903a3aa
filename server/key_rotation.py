"""Rotation of a municipality's key: a new one is made, and every data key is wrapped by it instead of by an old one.

No text and no file is touched, and nobody waits: the old key opens what is not wrapped anew yet, and is wiped once
nothing lies under it. Whoever wraps a key meanwhile (`resolvers/data_keys.py`) is waited for at the very end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from models import Attachment, DataKey, MunicipalityKey
from resolvers.data_keys import municipality_key, new_municipality_key
from vault import Vault
from vault.envelope import seal, unseal

BATCH = 500
ALONE = text("select pg_advisory_lock(hashtextextended(:what, 0))")
WAIT = text("select pg_advisory_xact_lock(hashtextextended(:what, 0))")


@dataclass
class Rotated:
    """What was done."""

    number: int
    """Of the new key."""
    data_keys: int = 0
    uploads: int = 0
    retired: int = 0


async def rotate_keys(connection: AsyncConnection, vault: Vault, municipality_id: UUID, now: dt.datetime) -> Rotated:
    """On a connection of the owner's that nothing else is done with. Can be broken off and begun again at any point."""
    await connection.execute(ALONE, {"what": f"rotation {municipality_id}"})
    rotation = Rotation(connection, vault, municipality_id, now)
    done = Rotated(await rotation.make_key())
    await connection.commit()
    while True:
        wrapped = await rotation.wrap_data_keys()
        await connection.commit()
        done.data_keys += wrapped
        if not wrapped:
            break
    await connection.execute(WAIT, {"what": f"keys {municipality_id}"})
    while wrapped := await rotation.wrap_data_keys():
        done.data_keys += wrapped
    done.uploads = await rotation.wrap_uploads()
    done.retired = await rotation.retire()
    await connection.commit()
    return done


class Rotation:
    def __init__(self, connection: AsyncConnection, vault: Vault, municipality_id: UUID, now: dt.datetime) -> None:
        self.connection = connection
        self.vault = vault
        self.municipality_id = municipality_id
        self.now = now
        self.key_id = UUID(int=0)
        self.key = b""

    async def make_key(self) -> int:
        of_municipality = MunicipalityKey.municipality_id == self.municipality_id
        highest = select(func.coalesce(func.max(MunicipalityKey.number), 0)).where(of_municipality)
        number: int = (await self.connection.execute(highest)).scalar_one() + 1
        row = new_municipality_key(self.vault, self.municipality_id, number, self.now)
        await self.connection.execute(insert(MunicipalityKey).values(row))
        self.key_id, self.key = row["id"], municipality_key(self.vault, row["id"], row["wrapped"])
        return number

    def under_old_keys(self, wrapped: type[DataKey | Attachment], *columns: Any) -> Select[Any]:
        """Rows with a key that lies under an older key than the new one."""
        return (
            select(*columns, MunicipalityKey.id.label("old_id"), MunicipalityKey.wrapped.label("old_wrapped"))
            .join(MunicipalityKey, MunicipalityKey.id == wrapped.municipality_key_id)
            .where(MunicipalityKey.municipality_id == self.municipality_id, MunicipalityKey.id != self.key_id)
            .limit(BATCH)
            .with_for_update(of=wrapped)
        )

    def opened(self, rows: list[Row[Any]], what: str) -> Iterator[tuple[UUID, bytes]]:
        """The id of each row's owner, and the key in the row."""
        old: dict[UUID, bytes] = {}
        for row in rows:
            row_id, cipher, old_id, old_wrapped = tuple(row)
            if old_id not in old:
                old[old_id] = municipality_key(self.vault, old_id, old_wrapped)
            yield row_id, unseal(old[old_id], cipher, what, row_id)

    async def wrap_data_keys(self) -> int:
        statement = self.under_old_keys(DataKey, DataKey.child_id, DataKey.wrapped)
        rows = list((await self.connection.execute(statement)).all())
        for child_id, key in self.opened(rows, "data_key"):
            wrapped = seal(self.key, key, "data_key", child_id)
            await self.connection.execute(
                update(DataKey)
                .where(DataKey.child_id == child_id)
                .values(wrapped=wrapped, municipality_key_id=self.key_id)
            )
        return len(rows)

    async def wrap_uploads(self) -> int:
        """Files that are attached to nothing yet, and have no child whose key could open theirs."""
        count = 0
        while True:
            statement = self.under_old_keys(Attachment, Attachment.id, Attachment.key_cipher)
            rows = list((await self.connection.execute(statement)).all())
            for file_id, key in self.opened(rows, "attachment.upload"):
                wrapped = seal(self.key, key, "attachment.upload", file_id)
                await self.connection.execute(
                    update(Attachment)
                    .where(Attachment.id == file_id)
                    .values(key_cipher=wrapped, municipality_key_id=self.key_id)
                )
            count += len(rows)
            if not rows:
                return count

    async def retire(self) -> int:
        """Wipes the old keys, which nothing lies under any more."""
        old = (
            update(MunicipalityKey)
            .where(
                MunicipalityKey.municipality_id == self.municipality_id,
                MunicipalityKey.id != self.key_id,
                MunicipalityKey.retired_at.is_(None),
            )
            .values(wrapped=None, retired_at=self.now)
            .returning(MunicipalityKey.id)
        )
        return len((await self.connection.execute(old)).all())
