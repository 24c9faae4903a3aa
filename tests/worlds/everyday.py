"""Absence and photo consents of a world. No register and no file tells of them, so they are put straight into the
tables, as the acts leave them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from models import Absence, PhotoConsent, new_key
from vault import Vault

if TYPE_CHECKING:
    from tests.worlds.world import World

PURPOSES = ("INTERNAL", "CLASS_PHOTO", "CLOSED_PAGE", "OPEN_PAGE", "SOCIAL_MEDIA", "PRESS")


@dataclass
class Away:
    """An absence; `by_unit` tells who the reporter was then."""

    id: str
    child: str
    unit: str
    reporter: str
    by_unit: bool
    first: dt.date
    last: dt.date
    at: dt.datetime
    part: tuple[dt.time, dt.time] | None = None
    reason: str = "ILLNESS"
    note: str | None = None
    confirmed_by: str | None = None
    corrects: str | None = None
    ended: str | None = None
    """CORRECTED or WITHDRAWN, by the reporter."""


@dataclass
class Photographed:
    """A photo consent."""

    child: str
    unit: str
    person: str
    purpose: str
    at: dt.datetime
    withdrawn: dt.datetime | None = None


async def put_everyday(
    world: World, connection: AsyncConnection, vault: Vault, people: Mapping[str, UUID], units: Mapping[str, UUID]
) -> dict[str, UUID]:
    """The keys of the absences, in the order in which they were reported."""
    keys: dict[str, UUID] = {}
    for told in world.absences.values():
        keys[told.id] = new_key()
        confirmed_by = told.reporter if told.by_unit else told.confirmed_by
        await connection.execute(
            insert(Absence).values(
                id=keys[told.id],
                child_id=people[told.child],
                unit_id=units[told.unit],
                first_day=told.first,
                last_day=told.last,
                from_time=told.part and told.part[0],
                to_time=told.part and told.part[1],
                reason_cipher=vault.encrypt(told.reason, "absence_reason"),
                note_cipher=told.note and vault.encrypt(told.note, "absence_note"),
                side="UNIT" if told.by_unit else "GUARDIAN",
                reported_by=people[told.reporter],
                reported_at=told.at,
                confirmed_by=confirmed_by and people[confirmed_by],
                confirmed_at=told.at if confirmed_by else None,
                corrects=told.corrects and keys[told.corrects],
                ended_at=told.at if told.ended else None,
                ended_by=people[told.reporter] if told.ended else None,
                ended_how=told.ended,
            )
        )
    for consent in world.photo_consents:
        await connection.execute(
            insert(PhotoConsent).values(
                id=new_key(),
                child_id=people[consent.child],
                unit_id=units[consent.unit],
                person_id=people[consent.person],
                purpose=consent.purpose,
                given_at=consent.at,
                withdrawn_at=consent.withdrawn,
            )
        )
    return keys
