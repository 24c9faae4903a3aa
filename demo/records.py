"""Records of the demo's pupils: something of every kind, by the contact teachers of their classes.

No file that a municipality brings holds records, so they are put in here, under keys of the demo's own.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import Row, exists, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from models import Group, GroupMembership, Record, RecordReader, RecordVersion, Unit, new_key
from resolvers.data_keys import data_key
from vault import Vault
from vault.envelope import seal

CLASS = "4A"
"""Of every school; the cast's teacher has one."""
MOST = 60
"""Pupils who have records."""
TEXTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ASSESSMENT": (
        "Halvårsvurdering",
        ("Leser flytende og liker å fortelle. I matematikk øver vi på å forklare hvordan vi har tenkt.",),
    ),
    "INDIVIDUAL_PLAN": (
        "IOP, norsk",
        (
            "Mål: leser korte tekster høyt og gjenforteller dem. Tiltak: fire timer i uka i liten gruppe.",
            "Mål: leser korte tekster høyt og gjenforteller dem. Tiltak: tre timer i uka i liten gruppe, og lydbok.",
        ),
    ),
    "ANNUAL_REPORT": ("Årsrapport, norsk", ("Målene for året er nådd. Opplegget kan trappes ned til høsten.",)),
    "LETTER": ("Til helsesykepleier", ("Vi ber om en samtale om fravær etter avtale i ansvarsgruppen.",)),
    "NOTE": ("Etter utviklingssamtalen", ("Trives i klassen. Vil gjerne sitte lenger fram.",)),
    "HEALTH": ("Astma", ("Inhalator ligger i sekken, reserve på kontoret. Kan brukes før kroppsøving.",)),
}


async def fill_records(connection: AsyncConnection, vault: Vault, municipality: UUID, now: dt.datetime) -> None:
    """Nothing where there are some already."""
    here = select(Record.id).join(Unit, Unit.id == Record.unit_id).where(Unit.municipality_id == municipality)
    if (await connection.execute(select(exists(here)))).scalar_one():
        return
    for number, (kind, pupil) in enumerate(
        (kind, pupil) for pupil in await pupils(connection, municipality, now.date()) for kind in TEXTS
    ):
        await write(connection, vault, municipality, pupil, kind, now - dt.timedelta(days=200 - number % 150))


async def pupils(connection: AsyncConnection, municipality: UUID, today: dt.date) -> list[Row[UUID, UUID, UUID, UUID]]:
    """Child, unit, contact teacher and another teacher or assistant."""
    child, teacher, other = (GroupMembership.__table__.alias(name) for name in ("child", "teacher", "other"))
    rows = select(child.c.person_id, Group.unit_id, teacher.c.person_id, other.c.person_id)
    held = [(one.c.since <= today) & (one.c.until.is_(None) | (one.c.until > today)) for one in (child, teacher, other)]
    found = await connection.execute(
        rows.ext(distinct_on(child.c.person_id))
        .join(Group, Group.id == child.c.group_id)
        .join(Unit, Unit.id == Group.unit_id)
        .join(teacher, (teacher.c.group_id == Group.id) & (teacher.c.role == "CONTACT_TEACHER"))
        .join(other, (other.c.group_id == Group.id) & other.c.role.in_(["SUBJECT_TEACHER", "ASSISTANT"]))
        .where(
            Unit.municipality_id == municipality,
            Unit.kind == "SCHOOL",
            Group.name == CLASS,
            child.c.role == "STUDENT",
            *held,
        )
        .order_by(child.c.person_id, Group.id, teacher.c.person_id, other.c.person_id)
        .limit(MOST)
    )
    return list(found.all())


async def write(
    connection: AsyncConnection,
    vault: Vault,
    municipality: UUID,
    pupil: Row[UUID, UUID, UUID, UUID],
    kind: str,
    at: dt.datetime,
) -> None:
    child_id, unit_id, author_id, reader_id = tuple(pupil)
    title, bodies = TEXTS[kind]
    record_id = new_key()
    key = await data_key(connection, vault, municipality, child_id, at)
    by = {"author_id": author_id}
    await connection.execute(
        insert(Record).values(id=record_id, child_id=child_id, unit_id=unit_id, kind=kind, written_at=at, **by)
    )
    for number, body in enumerate(bodies, 1):
        version_id = new_key()
        await connection.execute(
            insert(RecordVersion).values(
                id=version_id,
                record_id=record_id,
                child_id=child_id,
                number=number,
                written_at=at + dt.timedelta(days=number - 1),
                title_cipher=seal(key, title.encode(), "record_version.title", version_id),
                body_cipher=seal(key, body.encode(), "record_version.body", version_id),
                **by,
            )
        )
    if kind in {"INDIVIDUAL_PLAN", "HEALTH"}:
        naming = insert(RecordReader).values(id=new_key(), record_id=record_id, person_id=reader_id, named_at=at)
        await connection.execute(naming.values(named_by=author_id))
