"""Writing records, naming who reads them, and a leader's opening of what is closed to leaders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from authz import child, recipient
from authz import record as policy
from authz.engine.sql import HERE, table
from models import Record, RecordHold, RecordOpening, RecordReader, RecordVersion, Unit, new_key
from models.seen import SeenChild, SeenRecordReader
from resolvers.acting import Acting, Outcome
from resolvers.acts.attachment import Place, attach, child_key
from resolvers.acts.recipient import KEY, WHICH
from resolvers.engine.source import Act, ReadBack, Source, Told
from resolvers.problems import (
    TOO_MANY,
    ActRefused,
    Problem,
    ProblemCode,
    Text,
    checked_text,
    invalid,
    not_allowed,
    not_found,
)
from vault.envelope import seal

LONGEST_TITLE = 200
LONGEST_BODY = 50_000
LONGEST_REASON = 500
MOST_READERS = 50
OPEN_FOR = dt.timedelta(hours=1)
"""After which a leader has to state a reason anew."""

WRITTEN_SINCE = Text(
    nb="Noen har skrevet en ny versjon i mellomtiden. Les den først.",
    nn="Nokon har skrive ein ny versjon i mellomtida. Les han først.",
    en="Somebody has written a new version meanwhile. Read it first.",
)


@dataclass(frozen=True)
class Texts:
    title: str
    body: str

    @classmethod
    def checked(cls, given: Mapping[str, Any]) -> Texts:
        return cls(
            checked_text(given["title"], LONGEST_TITLE, "input", "title"),
            checked_text(given["body"], LONGEST_BODY, "input", "body"),
        )


async def place_of(acting: Acting, given: Mapping[str, Any]) -> tuple[UUID, UUID]:
    """The child and the unit. NOT_FOUND for what the viewer does not see; NOT_ALLOWED for who is not staff there."""
    child_key_told = acting.key_of(given["childId"], "Child", "input", "childId")
    unit_id = acting.key_of(given["unitId"], "Unit", "input", "unitId")
    person, unit = table(SeenChild, "the_child"), table(Unit, "the_unit")
    known = await acting.row(
        select(person.c.id).where(
            person.c.child_key == KEY, person.c.municipality_id == HERE, child.visible(person.c.id, acting.keys)
        ),
        key=child_key_told,
    )
    if known is None:
        raise not_found("input", "childId")
    await acting.hold_child(known["id"])
    there = await acting.row(select(unit.c.id).where(unit.c.id == WHICH, unit.c.municipality_id == HERE), which=unit_id)
    stands = await acting.row(
        select(
            child.visible(recipient.CHILD, acting.keys).label("seen"),
            policy.is_staff(recipient.CHILD, recipient.UNIT, acting.keys).label("staff"),
        ),
        child_id=known["id"],
        unit_id=unit_id,
    )
    if stands is None or not stands["seen"]:
        raise not_found("input", "childId")
    acting.met(known["id"])
    if there is None:
        raise not_found("input", "unitId")
    if not stands["staff"]:
        raise not_allowed("input", "unitId")
    acting.met(known["id"], unit_id)
    return known["id"], unit_id


async def seen_record(acting: Acting, told: str) -> RowMapping:
    """A record that the viewer sees, held together with its child; NOT_FOUND for any other."""
    record_id = acting.key_of(told, "Record", "input", "recordId")
    row = table(Record, "the_record")
    known = await acting.row(
        select(row.c.child_id).where(row.c.id == WHICH, policy.visible(row, acting.keys)), which=record_id
    )
    if known is None:
        raise not_found("input", "recordId")
    await acting.hold_child(known["child_id"])
    await acting.hold(f"record {record_id}")
    keys = acting.keys
    found = await acting.row(
        select(
            row,
            policy.mask(row, keys).label("reads"),
            policy.writable(row, keys).label("writable"),
            policy.leads(row.c.child_id, row.c.unit_id, keys).label("leads"),
        ).where(row.c.id == WHICH, policy.visible(row, keys)),
        which=record_id,
    )
    if found is None:
        raise not_found("input", "recordId")
    acting.met(found["child_id"], found["unit_id"])
    return found


async def writable_record(acting: Acting, told: str) -> RowMapping:
    found = await seen_record(acting, told)
    if not found["writable"]:
        raise not_allowed("input", "recordId")
    return found


async def staff_named(acting: Acting, child_id: UUID, unit_id: UUID, told: Sequence[str], field: str) -> list[UUID]:
    """C3: people behind the ids who stand in a staff relation to the child at the unit; NOT_FOUND for anybody else."""
    if len(told) > MOST_READERS:
        raise invalid(TOO_MANY, "input", field, found=len(told), limit=MOST_READERS)
    of = {"child_id": child_id, "unit_id": unit_id}
    by_key = {row["staff_key"]: row["id"] for row in await acting.rows(recipient.staff_of_child(), **of)}
    chosen: dict[UUID, None] = {}
    for one in told:
        person_id = by_key.get(acting.key_of(one, "StaffMember", "input", field))
        if person_id is None:
            raise not_found("input", field)
        chosen[person_id] = None
    return list(chosen)


async def write_version(acting: Acting, about: Mapping[str, UUID], number_: int, texts: Texts) -> UUID:
    """`about`: record_id and child_id."""
    version_id = new_key()
    key = await child_key(acting, about["child_id"])
    await acting.write(
        insert(RecordVersion).values(
            id=version_id,
            **about,
            number=number_,
            author_id=acting.viewer_id,
            written_at=acting.now,
            title_cipher=seal(key, texts.title.encode(), "record_version.title", version_id),
            body_cipher=seal(key, texts.body.encode(), "record_version.body", version_id),
        )
    )
    return version_id


async def name_readers(acting: Acting, record_id: UUID, people: Sequence[UUID]) -> None:
    """Whoever is one already stays one."""
    for person_id in people:
        naming = insert_or_not(RecordReader).values(
            id=new_key(), record_id=record_id, person_id=person_id, named_by=acting.viewer_id, named_at=acting.now
        )
        await acting.write(naming.on_conflict_do_nothing())


async def write_record(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """Whoever writes what is shared with the home is a reader of it, as those are whom they name."""
    texts = Texts.checked(given)
    child_id, unit_id = await place_of(acting, given)
    readers = await staff_named(acting, child_id, unit_id, given.get("readerIds") or (), "readerIds")
    kind = getattr(given["kind"], "value", given["kind"])
    record_id = new_key()
    await acting.write(
        insert(Record).values(
            id=record_id, child_id=child_id, unit_id=unit_id, kind=kind, author_id=acting.viewer_id,
            written_at=acting.now,
        )
    )  # fmt: skip
    version_id = await write_version(acting, {"record_id": record_id, "child_id": child_id}, 1, texts)
    if kind in policy.SHARED:
        readers = [acting.viewer_id, *(one for one in readers if one != acting.viewer_id)]
    await name_readers(acting, record_id, readers)
    await attach(acting, given.get("attachmentIds"), Place(child_id, record_version_id=version_id))
    return {"record": record_id}


async def write_record_version(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """CONFLICT where another version was written than the one that the viewer read."""
    texts = Texts.checked(given)
    found = await writable_record(acting, given["recordId"])
    row = table(RecordVersion, "newest")
    newest = await acting.row(
        select(func.max(row.c.number).label("number")).where(row.c.record_id == WHICH), which=found["id"]
    )
    if newest is None or newest["number"] != given["afterVersion"]:
        raise ActRefused(Problem(ProblemCode.CONFLICT, WRITTEN_SINCE, ("input", "afterVersion")))
    about = {"record_id": found["id"], "child_id": found["child_id"]}
    version_id = await write_version(acting, about, newest["number"] + 1, texts)
    place = Place(found["child_id"], record_version_id=version_id)
    await attach(acting, given.get("attachmentIds"), place, kept_from=found["id"])
    return {"record": found["id"]}


async def name_record_readers(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    found = await writable_record(acting, given["recordId"])
    people = await staff_named(acting, found["child_id"], found["unit_id"], given["personIds"], "personIds")
    await name_readers(acting, found["id"], people)
    return {"record": found["id"]}


async def remove_record_reader(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """Also of somebody whose relation has ended. Whoever removes themself may see the record no more."""
    found = await writable_record(acting, given["recordId"])
    key = acting.key_of(given["personId"], "StaffMember", "input", "personId")
    reader = table(SeenRecordReader, "reader")
    naming = await acting.row(
        select(reader.c.id).where(
            reader.c.record_id == WHICH, reader.c.ended_at.is_(None), reader.c.person_staff_key == KEY
        ),
        which=found["id"],
        key=key,
    )
    if naming is None:
        raise not_found("input", "personId")
    ended = update(RecordReader).where(RecordReader.id == naming["id"])
    await acting.write(ended.values(ended_at=acting.now, ended_by=acting.viewer_id))
    return {"record": found["id"]}


async def open_record_body(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """For an hour. Of a record that the leader reads anyway, nothing is opened and nothing written down."""
    reason = checked_text(given["reason"], LONGEST_REASON, "input", "reason")
    found = await seen_record(acting, given["recordId"])
    if not found["reads"]:
        if not found["leads"]:
            raise not_allowed("input", "recordId")
        opening_id = new_key()
        key = await child_key(acting, found["child_id"])
        await acting.write(
            insert(RecordOpening).values(
                id=opening_id,
                record_id=found["id"],
                child_id=found["child_id"],
                person_id=acting.viewer_id,
                opened_at=acting.now,
                until=acting.now + OPEN_FOR,
                reason_cipher=seal(key, reason.encode(), "record_opening.reason", opening_id),
            )
        )
    return {"record": found["id"]}


async def hold_record(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """L3: it stays although it would be due to go. One that is held already stays held."""
    found = await led_record(acting, given["recordId"])
    hold = insert_or_not(RecordHold).values(
        id=new_key(), record_id=found["id"], set_by=acting.viewer_id, set_at=acting.now
    )
    await acting.write(hold.on_conflict_do_nothing())
    return {"record": found["id"]}


async def release_record(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    found = await led_record(acting, given["recordId"])
    held = update(RecordHold).where(RecordHold.record_id == found["id"], RecordHold.ended_at.is_(None))
    await acting.write(held.values(ended_at=acting.now, ended_by=acting.viewer_id))
    return {"record": found["id"]}


async def led_record(acting: Acting, told: str) -> RowMapping:
    found = await seen_record(acting, told)
    if not found["leads"]:
        raise not_allowed("input", "recordId")
    return found


SOURCES: dict[str, Source] = {
    "Mutation.writeRecord": Act(write_record, once=True),
    "Mutation.writeRecordVersion": Act(write_record_version, once=True),
    "Mutation.nameRecordReaders": Act(name_record_readers),
    "Mutation.removeRecordReader": Act(remove_record_reader),
    "Mutation.openRecordBody": Act(open_record_body, once=True),
    "Mutation.holdRecord": Act(hold_record),
    "Mutation.releaseRecord": Act(release_record),
    **{
        f"{name}Payload.{field}": source
        for name in (
            "WriteRecord",
            "WriteRecordVersion",
            "NameRecordReaders",
            "RemoveRecordReader",
            "OpenRecordBody",
            "HoldRecord",
            "ReleaseRecord",
        )
        for field, source in (("record", ReadBack(("Record",))), ("problems", Told()))
    },
}
