"""Where the fields of an absence come from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Date, FromClause, and_, bindparam, or_

from authz import absence as policy
from authz import staff
from authz.engine.sql import Keys, table, word
from models.seen import SeenAbsence
from resolvers import ids
from resolvers.engine.run import Run
from resolvers.engine.source import Batch, Column, Connection, Entity, One, Rows, Source

ENTITIES = (Entity("Absence", SeenAbsence, visible=policy.visible, mask=policy.mask),)

ENDED_TOO: ColumnElement[bool] = bindparam("ended_too", type_=Boolean())
ON_DAY: ColumnElement[dt.date] = bindparam("on_day", type_=Date())


def absences(keys: Keys, *, of: str) -> Rows:
    """Newest first, of a child or at a unit. Those that stand, on a day where one is named; ended ones if asked for."""
    row = table(SeenAbsence, "absence")
    that_day = or_(ON_DAY.is_(None), and_(row.c.first_day <= ON_DAY, row.c.last_day >= ON_DAY))
    stands = or_(row.c.ended_at.is_(None), ENDED_TOO)
    return Rows(
        row,
        row,
        [policy.visible(row, keys), stands, that_day],
        [row.c.first_day, row.c.id],
        descending=True,
        link=row.c[of],
    )


def asked(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"on_day": arguments.get("on"), "ended_too": bool(arguments.get("ended"))}


async def reasons(run: Run, ciphers: Sequence[bytes]) -> list[str]:
    return [run.services.vault.decrypt(cipher, "absence_reason") for cipher in ciphers]


async def notes(run: Run, ciphers: Sequence[bytes]) -> list[str]:
    return [run.services.vault.decrypt(cipher, "absence_note") for cipher in ciphers]


def registrar(row: FromClause, target: FromClause, keys: Keys) -> ColumnElement[bool]:
    by_unit = and_(row.c.side == word("UNIT"), target.c.id == row.c.reported_by)
    return and_(by_unit, staff.works_there(row.c.reported_by, row.c.unit_id, keys))


SOURCES: dict[str, Source] = {
    "Child.absences": Connection("Absence", partial(absences, of="child_id"), values=asked),
    "Unit.absences": Connection("Absence", partial(absences, of="unit_id"), values=asked),
    "Absence.id": Column(lambda row, _: row.c.id, partial(ids.encode, ids.TYPE_BYTES["Absence"])),
    "Absence.child": One("Child", lambda row, target, _: target.c.id == row.c.child_id),
    "Absence.unit": One("Unit", lambda row, target, _: target.c.id == row.c.unit_id),
    "Absence.firstDay": Column(lambda row, _: row.c.first_day),
    "Absence.lastDay": Column(lambda row, _: row.c.last_day),
    "Absence.fromTime": Column(lambda row, _: row.c.from_time),
    "Absence.toTime": Column(lambda row, _: row.c.to_time),
    "Absence.reason": Batch(lambda row, _: row.c.reason_cipher, reasons),
    "Absence.note": Batch(lambda row, _: row.c.note_cipher, notes),
    "Absence.side": Column(lambda row, _: row.c.side),
    "Absence.reportedAt": Column(lambda row, _: row.c.reported_at),
    "Absence.reportedBy": One(
        "Guardian",
        lambda row, target, keys: and_(target.c.id == row.c.reported_by, policy.reporter_open(row, keys)),
        optional=True,
    ),
    "Absence.registeredBy": One("StaffMember", registrar, optional=True),
    "Absence.confirmedAt": Column(lambda row, _: row.c.confirmed_at),
    "Absence.confirmedBy": One(
        "StaffMember",
        lambda row, target, keys: and_(
            target.c.id == row.c.confirmed_by, staff.works_there(row.c.confirmed_by, row.c.unit_id, keys)
        ),
        optional=True,
    ),
    "Absence.corrects": One("Absence", lambda row, target, _: target.c.id == row.c.corrects, optional=True),
    "Absence.endedAt": Column(lambda row, _: row.c.ended_at),
    "Absence.endedHow": Column(lambda row, _: row.c.ended_how),
}
