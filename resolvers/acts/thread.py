"""Starting threads, reading in them, and taking colleagues in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import insert, select, tuple_
from sqlalchemy.dialects.postgresql import insert as insert_or_update

from authz import message, recipient
from authz.engine.sql import table
from models import Message, Participant, ReadPointer, Thread, new_key
from resolvers.acting import Acting, Outcome
from resolvers.acts.attachment import Place, attach
from resolvers.acts.message import Body, checked_body, seen_thread, write_message
from resolvers.acts.recipient import WHICH, agreed, place_of
from resolvers.engine.source import Act, ReadBack, Source, Told
from resolvers.problems import checked_text, not_allowed, not_found

LONGEST_SUBJECT = 200


async def start_thread(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """A thread for each recipient on the guardian side, or one for all where it is joint (T8)."""
    subject = checked_text(given["subject"], LONGEST_SUBJECT, "input", "subject")
    place = await place_of(acting, given)
    chosen = await agreed(acting, place, given)
    for_unit = bool(given.get("onBehalfOfUnit"))
    if for_unit and not place.for_unit:
        raise not_allowed("input", "onBehalfOfUnit")
    body = await checked_body(acting, given, place.unit_id)
    joint = bool(given.get("joint"))
    together = joint or place.family
    about = {"unit_id": place.unit_id, "child_id": place.child_id}
    side = "GUARDIAN" if place.family else "UNIT"
    threads, places = [], []
    for group in [chosen] if together else [[one] for one in chosen]:
        parts = {acting.viewer_id: side, **{one.person_id: one.side for one in group}}
        begun = await begin_thread(acting, about, subject, body, parts, joint=joint, for_unit=for_unit)
        threads.append(begun.thread_id)
        places.append(Place(place.child_id, message_id=begun.message_id))
    await attach(acting, given.get("attachmentIds"), *places)
    return {"threads": threads}


class Begun(NamedTuple):
    thread_id: UUID
    message_id: UUID


async def begin_thread(
    acting: Acting,
    about: Mapping[str, UUID],
    subject: str,
    body: Body,
    parts: Mapping[UUID, str],
    *,
    joint: bool = False,
    for_unit: bool = False,
) -> Begun:
    """A thread and its first message, by the viewer. `about`: unit_id and child_id. `parts`: the sides of those who
    take part, the viewer's among them."""
    thread_id = new_key()
    placed = {**about, "thread_id": thread_id}
    await acting.write(
        insert(Thread).values(
            id=thread_id, **about, subject=subject, joint=joint, created_at=acting.now, last_message_at=acting.now
        ),
        insert(Participant).values(
            [{**placed, "person_id": who, "side": on, "joined_at": acting.now} for who, on in parts.items()]
        ),
    )
    message_id = await write_message(acting, placed, parts[acting.viewer_id], body, acting.now, for_unit=for_unit)
    return Begun(thread_id, message_id)


async def mark_thread_read(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """Moves the viewer's pointer forward, never back."""
    thread_id, _ = await seen_thread(acting, given["threadId"])
    message_id = acting.key_of(given["upToMessageId"], "Message", "input", "upToMessageId")
    row = table(Message, "read_to")
    found = await acting.row(
        select(row.c.id, row.c.sent_at).where(
            row.c.id == WHICH,
            row.c.thread_id == recipient.THREAD,
            message.visible(message.written(row), acting.keys),
        ),
        which=message_id,
        thread_id=thread_id,
    )
    if found is None:
        raise not_found("input", "upToMessageId")
    pointer = insert_or_update(ReadPointer).values(
        thread_id=thread_id, person_id=acting.viewer_id, up_to_sent_at=found["sent_at"], up_to_id=found["id"],
        read_at=acting.now,
    )  # fmt: skip
    new = pointer.excluded
    await acting.write(
        pointer.on_conflict_do_update(
            index_elements=[ReadPointer.thread_id, ReadPointer.person_id],
            set_={"up_to_sent_at": new.up_to_sent_at, "up_to_id": new.up_to_id, "read_at": new.read_at},
            where=tuple_(ReadPointer.up_to_sent_at, ReadPointer.up_to_id) < tuple_(new.up_to_sent_at, new.up_to_id),
        )
    )
    return {"thread": thread_id}


async def add_participant(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """Takes in a colleague who would see the thread as a participant; they see no earlier message by that (T7)."""
    thread_id, found = await seen_thread(acting, given["threadId"])
    if found["family"] or not found["writable"]:
        raise not_allowed("input", "threadId")
    key = acting.key_of(given["personId"], "StaffMember", "input", "personId")
    of = {"child_id": found["child_id"], "unit_id": found["unit_id"]}
    colleagues = {row["staff_key"]: row["id"] for row in await acting.rows(recipient.staff_of_child(), **of)}
    if key not in colleagues:
        raise not_found("input", "personId")
    await acting.write(
        insert_or_update(Participant)
        .values(thread_id=thread_id, person_id=colleagues[key], side="UNIT", joined_at=acting.now, **of)
        .on_conflict_do_nothing()
    )
    return {"thread": thread_id}


SOURCES: dict[str, Source] = {
    "Mutation.startThread": Act(start_thread, once=True),
    "Mutation.markThreadRead": Act(mark_thread_read),
    "Mutation.addParticipant": Act(add_participant),
    "StartThreadPayload.threads": ReadBack(("Thread",), many=True),
    "StartThreadPayload.problems": Told(),
    "MarkThreadReadPayload.thread": ReadBack(("Thread",)),
    "MarkThreadReadPayload.problems": Told(),
    "AddParticipantPayload.thread": ReadBack(("Thread",)),
    "AddParticipantPayload.problems": Told(),
}
