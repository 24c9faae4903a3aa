"""What becomes of a file: it is begun, stored and attached; or it is left lying, expires, and is deleted.

The row comes before the first byte, so that there is never a file that no row knows of, whenever the power goes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from authz import attachment as policy
from authz.engine.sql import Keys, table
from authz.walls.functions import EXPIRE_UPLOADS
from models import Attachment, DataKey, MunicipalityKey, new_key
from resolvers.data_keys import unwrapped, wrapping_key
from resolvers.engine.statement import Statement, compiled
from resolvers.gateway import shape_of
from vault import Vault
from vault.envelope import new_data_key, seal, unseal

LIFE = dt.timedelta(days=1)
"""For which an upload may lie without being attached to anything."""
LOOSE = 30
"""Uploads of one person that may lie so at a time."""
FINISH = text("select finish_upload(cast(:upload as uuid), cast(:bytes as integer), cast(:at as timestamptz))")
DISCARD = text("select discard_upload(cast(:upload as uuid), cast(:at as timestamptz))")
"""In nobody's name: functions of the database, which tell nothing."""
HOLD = text("select pg_advisory_xact_lock(hashtextextended(:what, 0))")


class TooManyUploads(Exception):
    """The person has as many uploads lying as one may have."""


class Fetches(Protocol):
    async def fetch(self, query: str, *args: Any) -> Sequence[Any]: ...


@dataclass(frozen=True)
class Begun:
    """A file that is about to come."""

    file_id: UUID
    key: bytes = field(repr=False)


async def begin_upload(
    connection: AsyncConnection, vault: Vault, standing: Mapping[str, Any], name: str, media_type: str
) -> Begun:
    """Raises TooManyUploads."""
    me, now, municipality_id = standing["me"], standing["now"], standing["municipality_id"]
    await connection.execute(HOLD, {"what": f"uploads {me}"})
    lying = select(func.count()).where(
        Attachment.uploaded_by == me,
        Attachment.attached_at.is_(None),
        Attachment.expired_at.is_(None),
        Attachment.deleted_at.is_(None),
        Attachment.begun_at > now - LIFE,
    )
    if (await connection.execute(lying)).scalar_one() >= LOOSE:
        raise TooManyUploads
    begun = Begun(new_key(), new_data_key())
    key_id, above = await wrapping_key(connection, vault, municipality_id, now)
    await connection.execute(
        insert(Attachment).values(
            id=begun.file_id,
            file_id=begun.file_id,
            municipality_id=municipality_id,
            uploaded_by=me,
            begun_at=now,
            media_type=media_type,
            name_cipher=seal(begun.key, name.encode(), "attachment.name", begun.file_id),
            key_cipher=seal(above, begun.key, "attachment.upload", begun.file_id),
            municipality_key_id=key_id,
        )
    )
    return begun


async def finish_upload(connection: AsyncConnection, file_id: UUID, size: int, now: dt.datetime) -> None:
    """The whole file is in the storage, and is what it says it is."""
    await connection.execute(FINISH, {"upload": file_id, "bytes": size, "at": now})


async def discard_upload(connection: AsyncConnection, file_id: UUID, now: dt.datetime) -> None:
    """Nothing of the file is in the storage."""
    await connection.execute(DISCARD, {"upload": file_id, "at": now})


async def expire_uploads(connection: AsyncConnection, now: dt.datetime) -> list[UUID]:
    """Those that have lain too long can be attached to nothing from here on; their files are to be deleted.

    With them come those whose files were to be deleted before, and are not known to be.
    """
    found = await connection.execute(EXPIRE_UPLOADS, {"begun_before": now - LIFE, "at": now})
    return list(found.scalars())


@cache
def file_statement(keys: Keys) -> Statement:
    """What opens the file, for whoever sees the attachment."""
    row, key, by = table(Attachment, "attachment"), table(DataKey, "key"), table(MunicipalityKey, "by")
    return compiled(
        select(row.c.file_id, row.c.key_cipher, key.c.child_id, key.c.wrapped, by.c.id, by.c.wrapped)
        .select_from(row.join(key, key.c.child_id == row.c.child_id).join(by, by.c.id == key.c.municipality_key_id))
        .where(row.c.id == bindparam("attachment", type_=Uuid()), policy.visible(row, keys))
    )


async def file_of(
    connection: Fetches, vault: Vault, standing: Mapping[str, Any], attachment_id: UUID
) -> tuple[UUID, bytes] | None:
    """Where the file of an attachment that the viewer sees lies, and its key; null for any other."""
    statement = file_statement(Keys(shape_of(standing)))
    found = await connection.fetch(statement.sql, *statement.arguments({**standing, "attachment": attachment_id}))
    if not found:
        return None
    file_id, key_cipher, child_id, *wrapped = found[0]
    data_key = unwrapped(vault, [(child_id, *wrapped)])[child_id]
    return file_id, unseal(data_key, key_cipher, "attachment.key", attachment_id)
