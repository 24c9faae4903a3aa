"""Unit letters: whom one reaches, sending it, and beginning its threads, one child at a time (T8, section 5).

Sending writes down who is to get it. The threads are begun in the background, each as an act of the sender: the policy
is asked again for every child and guardian when it is their turn.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, any_, insert, select, update

from authz import broadcast as policy
from authz import guardian, unit
from authz.engine.policy import Relation
from authz.engine.sql import HERE, ME, holds, table, word
from models import Broadcast, BroadcastRecipient, Group, Unit, new_key
from models.seen import SeenChild, SeenGuardianship
from resolvers.acting import Acting, Outcome
from resolvers.acts.message import Body, checked_body
from resolvers.acts.recipient import CHANGED, told_readers
from resolvers.acts.thread import LONGEST_SUBJECT, begin_thread
from resolvers.engine.source import Act, Looked, ReadBack, Source, Told
from resolvers.gateway import Letter
from resolvers.problems import ActRefused, Problem, ProblemCode, Text, checked_text, invalid, not_allowed, not_found

MOST_THREADS = 5_000

NOBODY = Text(nb="Det er ingen å sende til.", nn="Det er ingen å sende til.", en="There is nobody to send it to.")
TOO_LARGE = Text(
    nb="Det er {found} mottakere, og grensen er {limit}. Send til en gruppe om gangen.",
    nn="Det er {found} mottakarar, og grensa er {limit}. Send til ei gruppe om gongen.",
    en="There are {found} recipients, and the limit is {limit}. Send it to one group at a time.",
)


@dataclass(frozen=True)
class Address:
    """The unit, or the group of it, that a letter is for, as the viewer may write to it."""

    unit_id: UUID
    group_id: UUID | None
    for_unit: bool
    """The viewer may speak for the unit."""

    @property
    def values(self) -> dict[str, UUID | None]:
        return {"unit_id": self.unit_id, "group_id": self.group_id}


async def address_of(acting: Acting, given: Mapping[str, Any]) -> Address:
    """NOT_FOUND for a unit or group that the viewer does not see, NOT_ALLOWED where they see it and send no letters."""
    unit_id = acting.key_of(given["unitId"], "Unit", "input", "unitId")
    group_id = None
    row, group, keys = table(Unit, "the_unit"), table(Group, "the_group"), acting.keys
    of = {"unit_id": unit_id, "group_id": group_id}
    if await acting.row(select(row.c.id).where(row.c.id == policy.UNIT, unit.visible(row)), **of) is None:
        raise not_found("input", "unitId")
    if given.get("groupId") is not None:
        group_id = acting.key_of(given["groupId"], "Group", "input", "groupId")
        of = {"unit_id": unit_id, "group_id": group_id}
        of_unit = select(group.c.id).where(
            group.c.id == policy.GROUP, group.c.unit_id == policy.UNIT, unit.group_visible(group, keys)
        )
        if await acting.row(of_unit, **of) is None:
            raise not_found("input", "groupId")
    stands = await acting.row(select(policy.sendable(keys).label("may"), policy.speaks(keys).label("for_unit")), **of)
    if stands is None or not stands["may"]:
        raise not_allowed("input", "unitId" if group_id is None else "groupId")
    return Address(unit_id, group_id, stands["for_unit"])


async def recipients(acting: Acting, address: Address) -> Sequence[RowMapping]:
    """Every guardian of now of every child whom the viewer may write about there, by the child's name."""
    held, child = table(SeenGuardianship, "held"), table(SeenChild, "child")
    return await acting.rows(
        select(
            child.c.id.label("child_id"),
            child.c.child_key,
            held.c.person_id,
            held.c.guardian_guardian_key.label("guardian_key"),
        )
        .select_from(held.join(child, child.c.id == held.c.child_id))
        .where(
            child.c.municipality_id == HERE,
            holds(held),
            held.c.person_id != ME,
            policy.is_recipient(held.c.child_id, acting.keys),
        )
        .order_by(child.c.name_key, child.c.id, held.c.guardian_name_key, held.c.person_id),
        **address.values,
    )


def token(acting: Acting, address: Address, reached: Iterable[RowMapping]) -> str:
    """The seal over the set of recipients, for this viewer and address only."""
    pairs = sorted((one["child_id"], one["person_id"]) for one in reached)
    parts = (acting.viewer_id, address.unit_id, address.group_id, pairs)
    sealed = acting.services.vault.keyed_hash(repr(parts), "unit letter preview")
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


async def preview(acting: Acting, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    address = await address_of(acting, arguments["input"])
    reached = await recipients(acting, address)
    reading = await acting.rows(policy.readers(), **address.values)
    acting.looked_at["recipients"] = {(one["child_id"], address.unit_id) for one in reached}
    return {
        "recipients": [{"child": one["child_key"], "guardian": one["guardian_key"]} for one in reached],
        "readers": told_readers((one["id"], one["staff_key"], Relation[one["relation"]]) for one in reading),
        "threads": len(reached),
        "previewToken": token(acting, address, reached),
    }


async def send_unit_letter(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """Writes down who is to get it; the threads begin afterwards."""
    subject = checked_text(given["subject"], LONGEST_SUBJECT, "input", "subject")
    address = await address_of(acting, given)
    for_unit = bool(given.get("onBehalfOfUnit"))
    if for_unit and not address.for_unit:
        raise not_allowed("input", "onBehalfOfUnit")
    reached = await recipients(acting, address)
    if not hmac.compare_digest(token(acting, address, reached).encode(), given["previewToken"].encode()):
        raise ActRefused(Problem(ProblemCode.CONFLICT, CHANGED, ("input", "previewToken")))
    if not reached:
        raise invalid(NOBODY, "input", "unitId")
    if len(reached) > MOST_THREADS:
        raise invalid(TOO_LARGE, "input", "unitId", found=len(reached), limit=MOST_THREADS)
    body = await checked_body(acting, given, address.unit_id)
    key = new_key()
    await acting.write(
        insert(Broadcast).values(
            id=key,
            unit_id=address.unit_id,
            group_id=address.group_id,
            sender_id=acting.viewer_id,
            subject=subject,
            body_cipher=acting.services.vault.encrypt(body.text, "letter"),
            on_behalf=for_unit,
            sensitive=body.sensitive,
            sent_at=acting.now,
        )
    )
    rows = [
        {"broadcast_id": key, "child_id": one["child_id"], "person_id": one["person_id"], "state": "WAITING"}
        for one in reached
    ]
    await acting.connection.execute(insert(BroadcastRecipient), rows)
    return {"broadcast": key}


async def begin_next(acting: Acting, letter: Letter) -> bool:
    """Begins the threads about the next child that waits, with each of its guardians; false when none is left to take.

    `acting` is the sender's, and its transaction holds the rows that it takes: another process takes other ones.
    """
    waiting = table(BroadcastRecipient, "waiting")
    here = (waiting.c.broadcast_id == policy.LETTER, waiting.c.state == word("WAITING"))
    of: dict[str, Any] = {"letter_id": letter.broadcast_id, "unit_id": letter.unit_id, "group_id": letter.group_id}
    oldest = select(waiting.c.child_id).where(*here).order_by(waiting.c.child_id, waiting.c.person_id)
    first = await acting.row(oldest.limit(1).with_for_update(skip_locked=True), **of)
    if first is None:
        await finish(acting, letter)
        return False
    child_id = first["child_id"]
    of |= {"child_id": child_id}
    theirs = select(waiting.c.person_id).where(*here, waiting.c.child_id == policy.CHILD)
    of |= {"people": [one["person_id"] for one in await acting.rows(theirs.with_for_update(skip_locked=True), **of)]}
    await acting.hold_child(child_id)
    row = table(Broadcast, "the_letter")
    [told] = await acting.rows(
        select(
            row.c.subject, row.c.body_cipher, row.c.sensitive, row.c.on_behalf,
            policy.still_writes(row, acting.keys).label("may"),
        ).where(row.c.id == policy.LETTER),
        **of,
    )  # fmt: skip
    still = guardian.is_guardian(waiting.c.person_id, waiting.c.child_id).label("still")
    rows = await acting.rows(
        select(waiting.c.person_id, still)
        .where(*here, waiting.c.child_id == policy.CHILD, waiting.c.person_id == any_(policy.PEOPLE))
        .order_by(waiting.c.person_id),
        **of,
    )
    body = Body(acting.services.vault.decrypt(told["body_cipher"], "letter"), told["sensitive"])
    for one in rows:
        thread_id = None
        if told["may"] and one["still"]:
            begun = await begin_thread(
                acting,
                {"unit_id": letter.unit_id, "child_id": child_id},
                told["subject"],
                body,
                {acting.viewer_id: "UNIT", one["person_id"]: "GUARDIAN"},
                for_unit=told["on_behalf"],
            )
            thread_id = begun.thread_id
        own = (
            BroadcastRecipient.broadcast_id == letter.broadcast_id,
            BroadcastRecipient.child_id == child_id,
            BroadcastRecipient.person_id == one["person_id"],
        )
        state = "LEFT_OUT" if thread_id is None else "DELIVERED"
        done = update(BroadcastRecipient).where(*own)
        await acting.write(done.values(state=state, thread_id=thread_id, done_at=acting.now))
    return True


async def finish(acting: Acting, letter: Letter) -> None:
    """Unless another process holds some that wait still."""
    left = select(BroadcastRecipient.person_id).where(
        BroadcastRecipient.broadcast_id == letter.broadcast_id, BroadcastRecipient.state == "WAITING"
    )
    over = update(Broadcast).where(Broadcast.id == letter.broadcast_id, Broadcast.finished_at.is_(None), ~left.exists())
    await acting.write(over.values(finished_at=acting.now))


SOURCES: dict[str, Source] = {
    "Query.unitLetterPreview": Looked(preview),
    "UnitLetterPreview.recipients": Told(),
    "UnitLetterPreview.readers": Told(),
    "UnitLetterPreview.threads": Told(),
    "UnitLetterPreview.previewToken": Told(),
    "UnitLetterPreview.problems": Told(),
    "LetterRecipient.child": ReadBack(("Child",)),
    "LetterRecipient.guardian": ReadBack(("Guardian",)),
    "Mutation.sendUnitLetter": Act(send_unit_letter, once=True),
    "SendUnitLetterPayload.broadcast": ReadBack(("Broadcast",)),
    "SendUnitLetterPayload.problems": Told(),
}
