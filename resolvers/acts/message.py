"""Writing a message, and taking it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not
from sqlalchemy.sql.dml import Insert

from authz import message, thread
from authz.engine.sql import table
from models import Message, Participant, Thread, new_key
from resolvers.acting import Acting, Outcome
from resolvers.acts.recipient import WHICH
from resolvers.engine.source import Act, ReadBack, Source, Told
from resolvers.problems import ActRefused, Problem, ProblemCode, Text, checked_text, not_allowed, not_found

LONGEST_BODY = 20_000
TICK = dt.timedelta(microseconds=1)

GIVEN = Text(
    nb="Meldingen er alt levert til den andre siden, og kan ikke trekkes tilbake.",
    nn="Meldinga er alt levert til den andre sida, og kan ikkje trekkjast tilbake.",
    en="The message has already been given to the other side, and cannot be taken back.",
)


async def seen_thread(acting: Acting, told: str) -> tuple[UUID, RowMapping]:
    """A thread that the viewer sees, held together with its child; NOT_FOUND for any other."""
    thread_id = acting.key_of(told, "Thread", "input", "threadId")
    row = table(Thread, "the_thread")
    known = await acting.row(select(row.c.child_id).where(row.c.id == WHICH), which=thread_id)
    if known is None:
        raise not_found("input", "threadId")
    await acting.hold_child(known["child_id"])
    await acting.hold(f"thread {thread_id}")
    keys = acting.keys
    found = await acting.row(
        select(
            row,
            thread.writable(row.c.id, row.c.child_id, row.c.unit_id, keys).label("writable"),
            thread.on_guardian_side(row.c.child_id, row.c.unit_id, keys).label("family"),
            thread.speaks_for_unit(row.c.child_id, row.c.unit_id, keys).label("for_unit"),
        ).where(row.c.id == WHICH, thread.visible(row.c.id, row.c.child_id, row.c.unit_id, keys)),
        which=thread_id,
    )
    if found is None:
        raise not_found("input", "threadId")
    return thread_id, found


def checked_body(given: Mapping[str, Any]) -> str:
    """The text of a message, as it may be stored."""
    return checked_text(given["body"], LONGEST_BODY, "input", "body")


def written_message(
    acting: Acting, about: Mapping[str, UUID], side: str, body: str, sent_at: dt.datetime, *, for_unit: bool
) -> Insert:
    """`about`: thread_id, unit_id and child_id."""
    return insert(Message).values(
        id=new_key(), **about, author_id=acting.viewer_id, author_side=side, body=body, sent_at=sent_at,
        on_behalf_of=about["unit_id"] if for_unit else None,
    )  # fmt: skip


async def send_message(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """Writing makes a member of staff a participant."""
    thread_id, found = await seen_thread(acting, given["threadId"])
    if not found["writable"]:
        raise not_allowed("input", "threadId")
    for_unit = bool(given.get("onBehalfOfUnit"))
    if for_unit and not found["for_unit"]:
        raise not_allowed("input", "onBehalfOfUnit")
    body = checked_body(given)
    # Whoever came first to the thread is first in it, whatever the clocks of two processes say.
    sent_at = max(acting.now, found["last_message_at"] + TICK)
    about = {"thread_id": thread_id, "unit_id": found["unit_id"], "child_id": found["child_id"]}
    side = "GUARDIAN" if found["family"] else "UNIT"
    if side == "UNIT":
        part = insert_or_not(Participant).values(**about, person_id=acting.viewer_id, side=side, joined_at=acting.now)
        await acting.write(part.on_conflict_do_nothing())
    made = written_message(acting, about, side, body, sent_at, for_unit=for_unit)
    message_id: UUID = (await acting.connection.execute(made.returning(Message.id))).scalar_one()
    await acting.write(update(Thread).where(Thread.id == thread_id).values(last_message_at=sent_at))
    return {"message": message_id}


async def retract_message(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """Its place and time stay (T9). A message that is retracted already stays so."""
    message_id = acting.key_of(given["messageId"], "Message", "input", "messageId")
    row = table(Message, "the_message")
    known = await acting.row(select(row.c.child_id).where(row.c.id == WHICH), which=message_id)
    if known is None:
        raise not_found("input", "messageId")
    await acting.hold_child(known["child_id"])
    keys = acting.keys
    found = await acting.row(
        select(
            row.c.author_id,
            row.c.retracted_at,
            thread.writable(row.c.thread_id, row.c.child_id, row.c.unit_id, keys).label("writable"),
        ).where(row.c.id == WHICH, message.visible(message.written(row), keys)),
        which=message_id,
    )
    if found is None:
        raise not_found("input", "messageId")
    if found["author_id"] != acting.viewer_id or not found["writable"]:
        raise not_allowed("input", "messageId")
    if found["retracted_at"] is None:
        # The condition is asked again with the row in hand: it may be given to somebody meanwhile.
        taken_back = update(Message).where(Message.id == message_id, Message.given_at.is_(None))
        done = await acting.connection.execute(taken_back.values(retracted_at=acting.now).returning(Message.id))
        if done.first() is None:
            raise ActRefused(Problem(ProblemCode.TOO_LATE, GIVEN, ("input", "messageId")))
    return {"message": message_id}


SOURCES: dict[str, Source] = {
    "Mutation.sendMessage": Act(send_message, once=True),
    "Mutation.retractMessage": Act(retract_message),
    "SendMessagePayload.message": ReadBack(("Message",)),
    "SendMessagePayload.problems": Told(),
    "RetractMessagePayload.message": ReadBack(("Message",)),
    "RetractMessagePayload.problems": Told(),
}
