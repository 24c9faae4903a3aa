"""Attaching uploaded files to what an act writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import any_, bindparam, insert, select, update

from authz.engine.sql import HERE, ME, UUIDS, table
from models import Attachment, MunicipalityKey, RecordVersion, new_key
from resolvers.acting import Acting
from resolvers.data_keys import data_key, municipality_key
from resolvers.problems import TOO_MANY, invalid, not_found
from vault.envelope import seal, unseal

MOST = 10
"""Files of one message or version."""
FIELD = ("input", "attachmentIds")


@dataclass(frozen=True)
class Place:
    """What files are attached to: a message or a version of a record, about a child."""

    child_id: UUID
    message_id: UUID | None = None
    record_version_id: UUID | None = None


@dataclass(frozen=True)
class Upload:
    """A file that may be attached, opened."""

    row: Any
    key: bytes
    name: bytes


async def attach(acting: Acting, told: Sequence[str] | None, *places: Place, kept_from: UUID | None = None) -> None:
    """Attaches the viewer's own uploads, by their global ids, to each of the places; with `kept_from`, files of that
    record's versions too. NOT_FOUND for any other file, and for one that has been attached before."""
    wanted = list(dict.fromkeys(acting.key_of(one, "Attachment", *FIELD) for one in told or ()))
    if len(wanted) > MOST:
        raise invalid(TOO_MANY, *FIELD, found=len(wanted), limit=MOST)
    if not wanted:
        return
    found = {upload.row["id"]: upload for upload in await uploads(acting, wanted)}
    if kept_from is not None:
        found |= {upload.row["id"]: upload for upload in await kept(acting, wanted, kept_from)}
    if found.keys() != set(wanted):
        raise not_found(*FIELD)
    # The wall knows the viewer's own threads from when they were entered, and one may have begun since.
    await acting.scene.enter()
    for attachment_id in wanted:
        await put(acting, found[attachment_id], places)


async def uploads(acting: Acting, wanted: Sequence[UUID]) -> list[Upload]:
    """Those that the viewer uploaded and nothing was done with yet."""
    row, by = table(Attachment, "upload"), table(MunicipalityKey, "by")
    found = await acting.rows(
        select(row, by.c.wrapped)
        .select_from(row.join(by, by.c.id == row.c.municipality_key_id))
        .where(
            row.c.id == any_(bindparam("wanted", type_=UUIDS)),
            row.c.uploaded_by == ME,
            row.c.municipality_id == HERE,
            row.c.stored_at.is_not(None),
            row.c.attached_at.is_(None),
            row.c.expired_at.is_(None),
        ),
        wanted=list(wanted),
    )
    vault = acting.services.vault
    return [
        opened(one, municipality_key(vault, one["municipality_key_id"], one["wrapped"]), "attachment.upload")
        for one in found
    ]


async def kept(acting: Acting, wanted: Sequence[UUID], record_id: UUID) -> list[Upload]:
    """Those of the record's versions. Whoever asks has seen to it that the viewer reads the record."""
    row, version = table(Attachment, "earlier"), table(RecordVersion, "version")
    found = await acting.rows(
        select(row)
        .select_from(row.join(version, version.c.id == row.c.record_version_id))
        .where(row.c.id == any_(bindparam("wanted", type_=UUIDS)), version.c.record_id == bindparam("of_record")),
        wanted=list(wanted),
        of_record=record_id,
    )
    return [opened(one, await child_key(acting, one["child_id"]), "attachment.key") for one in found]


def opened(row: Any, above: bytes, what: str) -> Upload:
    key = unseal(above, row["key_cipher"], what, row["id"])
    return Upload(row, key, unseal(key, row["name_cipher"], "attachment.name", row["id"]))


async def child_key(acting: Acting, child_id: UUID) -> bytes:
    return await data_key(acting.connection, acting.services.vault, acting.municipality_id, child_id, acting.now)


async def put(acting: Acting, upload: Upload, places: Sequence[Place]) -> None:
    """The first place takes the upload itself; each further one, and one that keeps a file, a row of its own."""
    row, rest = upload.row, list(places)
    if row["attached_at"] is None:
        first = rest.pop(0)
        claimed = await acting.connection.execute(
            update(Attachment)
            .where(Attachment.id == row["id"], Attachment.attached_at.is_(None), Attachment.expired_at.is_(None))
            .values(
                key_cipher=seal(await child_key(acting, first.child_id), upload.key, "attachment.key", row["id"]),
                municipality_key_id=None,
                **attached(acting, first),
            )
            .returning(Attachment.id)
        )
        if claimed.first() is None:
            raise not_found(*FIELD)
    for place in rest:
        own_id = new_key()
        key_cipher = seal(await child_key(acting, place.child_id), upload.key, "attachment.key", own_id)
        await acting.write(
            insert(Attachment).values(
                id=own_id,
                file_id=row["file_id"],
                municipality_id=row["municipality_id"],
                uploaded_by=row["uploaded_by"],
                begun_at=row["begun_at"],
                stored_at=row["stored_at"],
                media_type=row["media_type"],
                size=row["size"],
                name_cipher=seal(upload.key, upload.name, "attachment.name", own_id),
                key_cipher=key_cipher,
                **attached(acting, place),
            )
        )


def attached(acting: Acting, place: Place) -> dict[str, Any]:
    return {
        "attached_at": acting.now,
        "child_id": place.child_id,
        "message_id": place.message_id,
        "record_version_id": place.record_version_id,
    }
