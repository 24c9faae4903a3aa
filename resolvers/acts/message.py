"""Writing a message, and taking it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from authz import message, thread
from authz.engine.sql import table
from models import Message, Participant, Thread, Unit, new_key
from resolvers.acting import Acting, Outcome
from resolvers.acts.attachment import Place, attach
from resolvers.acts.recipient import WHICH
from resolvers.data_keys import data_key
from resolvers.engine.source import Act, ReadBack, Source, Told
from resolvers.problems import ActRefused, Problem, ProblemCode, Text, checked_text, not_allowed, not_found
from screening.advice import Language, advice
from screening.screen import screen
from vault.envelope import seal

LONGEST_BODY = 20_000
LANGUAGES: tuple[Language, ...] = ("nb", "nn", "en")
"""In the order of `Text`."""
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
    visible = thread.visible(row, acting.keys)
    known = await acting.row(select(row.c.child_id).where(row.c.id == WHICH, visible), which=thread_id)
    if known is None:
        raise not_found("input", "threadId")
    await acting.hold_child(known["child_id"])
    await acting.hold(f"thread {thread_id}")
    keys = acting.keys
    found = await acting.row(
        select(
            row,
            thread.writable(row, keys).label("writable"),
            thread.on_guardian_side(row.c.child_id, row.c.unit_id, keys).label("family"),
            thread.speaks_for_unit(row.c.child_id, row.c.unit_id, keys).label("for_unit"),
        ).where(row.c.id == WHICH, thread.visible(row, keys)),
        which=thread_id,
    )
    if found is None:
        raise not_found("input", "threadId")
    acting.met(found["child_id"], found["unit_id"], in_thread=True)
    return thread_id, found


@dataclass(frozen=True)
class Body:
    """A text that may be stored."""

    text: str
    sensitive: bool
    """Its sender has acknowledged that it holds what is sensitive: it is stored encrypted (L4)."""


async def checked_body(acting: Acting, given: Mapping[str, Any], unit_id: UUID) -> Body:
    """The text of a message to or from a unit, screened together with the subject where there is one.

    Raises SENSITIVE_CONTENT for what the sender has not acknowledged, and for a national identity number always.
    """
    body = checked_text(given["body"], LONGEST_BODY, "input", "body")
    found = {name: screen(given[name]) for name in ("subject", "body") if name in given}
    problems = []
    for name, findings in found.items():
        if all(one.kind.may_be_acknowledged for one in findings) and given.get("acknowledgeSensitive"):
            continue
        if findings:
            kinds = [one.kind for one in findings]
            row = table(Unit, "to_call")
            [unit] = await acting.rows(select(row.c.name, row.c.phone).where(row.c.id == WHICH), which=unit_id)
            text = Text(*(advice(kinds, unit["name"], unit["phone"], language) for language in LANGUAGES))
            details = [str(one) for one in findings]
            problems.append(Problem(ProblemCode.SENSITIVE_CONTENT, text, ("input", name), details=details))
    if problems:
        raise ActRefused(*problems)
    return Body(body, any(found.values()))


async def write_message(
    acting: Acting, about: Mapping[str, UUID], side: str, body: Body, sent_at: dt.datetime, *, for_unit: bool
) -> UUID:
    """`about`: thread_id, unit_id and child_id. The new message's id."""
    message_id = new_key()
    cipher = None
    if body.sensitive:
        key = await data_key(
            acting.connection, acting.services.vault, acting.municipality_id, about["child_id"], acting.now
        )
        cipher = seal(key, body.text.encode(), "message.body", message_id)
    await acting.write(
        insert(Message).values(
            id=message_id, **about, author_id=acting.viewer_id, author_side=side, sent_at=sent_at,
            body="" if body.sensitive else body.text, body_cipher=cipher,
            on_behalf_of=about["unit_id"] if for_unit else None,
        )
    )  # fmt: skip
    return message_id


async def send_message(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """Writing makes a member of staff a participant."""
    thread_id, found = await seen_thread(acting, given["threadId"])
    if not found["writable"]:
        raise not_allowed("input", "threadId")
    for_unit = bool(given.get("onBehalfOfUnit"))
    if for_unit and not found["for_unit"]:
        raise not_allowed("input", "onBehalfOfUnit")
    body = await checked_body(acting, given, found["unit_id"])
    # Whoever came first to the thread is first in it, whatever the clocks of two processes say.
    sent_at = max(acting.now, found["last_message_at"] + TICK)
    about = {"thread_id": thread_id, "unit_id": found["unit_id"], "child_id": found["child_id"]}
    side = "GUARDIAN" if found["family"] else "UNIT"
    if side == "UNIT":
        part = insert_or_not(Participant).values(**about, person_id=acting.viewer_id, side=side, joined_at=acting.now)
        await acting.write(part.on_conflict_do_nothing())
    message_id = await write_message(acting, about, side, body, sent_at, for_unit=for_unit)
    await attach(acting, given.get("attachmentIds"), Place(found["child_id"], message_id=message_id))
    await acting.write(update(Thread).where(Thread.id == thread_id).values(last_message_at=sent_at))
    return {"message": message_id}


async def retract_message(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """Its place and time stay (T9). A message that is retracted already stays so."""
    message_id = acting.key_of(given["messageId"], "Message", "input", "messageId")
    row = table(Message, "the_message")
    visible = message.visible(message.written(row), acting.keys)
    known = await acting.row(select(row.c.child_id).where(row.c.id == WHICH, visible), which=message_id)
    if known is None:
        raise not_found("input", "messageId")
    await acting.hold_child(known["child_id"])
    keys = acting.keys
    found = await acting.row(
        select(
            row.c.child_id,
            row.c.unit_id,
            row.c.author_id,
            row.c.retracted_at,
            thread.writable(row, keys).label("writable"),
        ).where(row.c.id == WHICH, message.visible(message.written(row), keys)),
        which=message_id,
    )
    if found is None:
        raise not_found("input", "messageId")
    acting.met(found["child_id"], found["unit_id"], in_thread=True)
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
