"""Setting a block between a person and a child, and lifting it by two (R1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from authz import block as policy
from authz import delegate, guardian, other_adult, staff
from authz.access_log import ADULTS
from authz.engine.policy import Relation
from authz.engine.sql import HERE, table
from models import Block, BlockLift, Delegate, new_key
from models.seen import SeenGuardian, SeenOtherAdult, SeenStaffMember
from resolvers import ids
from resolvers.acting import Acting, Outcome
from resolvers.acts.child import WHICH, follow_up, held_child, strict_relation
from resolvers.acts.number import checked_name, checked_number, person_with_number
from resolvers.engine.source import Act, ReadBack, Source, Told
from resolvers.problems import (
    ActRefused,
    Problem,
    ProblemCode,
    Text,
    checked_text,
    invalid,
    not_allowed,
    not_found,
)

LONGEST_REASON = 2000
WHO = Text(
    nb="Oppgi enten hvem det er (personId) eller nummer og navn (nationalId og name).",
    nn="Oppgi anten kven det er (personId) eller nummer og namn (nationalId og name).",
    en="Say either who it is (personId) or the number and the name (nationalId and name).",
)
THE_CHILD = Text(nb="Det er barnet selv.", nn="Det er barnet sjølv.", en="That is the child themself.")
OVER = Text(nb="Sperren står ikke lenger.", nn="Sperra står ikkje lenger.", en="The block does not stand any more.")
TWICE = Text(
    nb="Du har alt sagt ja til å løfte sperren. Det må én til, og én av dere må være fra kommunens administrasjon.",
    nn="Du har alt sagt ja til å løfte sperra. Det må éin til, og éin av dykk må vere frå administrasjonen i kommunen.",
    en="You have already agreed to lift the block. It takes one more, and one of you from the administration.",
)
VISIBLE = {
    "Guardian": (SeenGuardian, "guardian_key", guardian.visible),
    "OtherAdult": (SeenOtherAdult, "adult_key", other_adult.visible),
    "StaffMember": (SeenStaffMember, "staff_key", staff.visible),
}


async def set_block(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """A second block between the same two is one more, with a reason of its own: lifting one leaves the other."""
    child_id = await held_child(acting, given["childId"], "input", "childId")
    held = await strict_relation(acting, child_id)
    if held is None:
        raise not_allowed("input", "childId")
    reason = checked_text(given["reason"], LONGEST_REASON, "input", "reason")
    person_id, name = await told_person(acting, given)
    if person_id == child_id:
        raise invalid(THE_CHILD, "input")
    if person_id == acting.viewer_id:
        raise not_allowed("input")
    block_id = new_key()
    await acting.write(
        insert(Block).values(
            id=block_id, child_id=child_id, person_id=person_id, since=acting.today, told_name=name,
            reason_cipher=acting.services.vault.encrypt(reason, "reason"), set_by=acting.viewer_id,
            set_at=acting.now, set_as=held.name,
        )
    )  # fmt: skip
    await follow_up(acting, child_id)
    return {"block": block_id}


async def told_person(acting: Acting, given: Mapping[str, Any]) -> tuple[UUID, str | None]:
    """Whom the input names, and the name that was told with a number."""
    told, number, name = given.get("personId"), given.get("nationalId"), given.get("name")
    if told is not None and number is None and name is None:
        return await seen_person(acting, told), None
    if told is not None or number is None or name is None:
        raise invalid(WHO, "input")
    checked = checked_name(name, "input", "name")
    return await person_with_number(acting, checked_number(number, "input", "nationalId"), checked), checked


async def seen_person(acting: Acting, told: str) -> UUID:
    """An adult whom the viewer sees, in any of the roles that adults have, or by a registration as delegate."""
    decoded = ids.decode(told)
    if decoded is None:
        raise not_found("input", "personId")
    type_name, key = decoded
    if type_name == "Delegate":
        row = table(Delegate, "named_delegate")
        statement = select(row.c.person_id.label("id")).where(row.c.id == WHICH, delegate.visible(row, acting.keys))
    elif type_name in VISIBLE:
        people, column, visible = VISIBLE[type_name]
        person = table(people, "named_person")
        statement = select(person.c.id).where(
            person.c[column] == WHICH, person.c.municipality_id == HERE, visible(person.c.id, acting.keys)
        )
    else:
        raise not_found("input", "personId")
    found = await acting.row(statement, which=key)
    if found is None:
        raise not_found("input", "personId")
    person_id: UUID = found["id"]
    if type_name in ADULTS:
        # The block tells what they are called, who may be seen through another child.
        (acting.looks.guardians if type_name == "Guardian" else acting.looks.other_adults).add(person_id)
    return person_id


async def lift_block(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """Adds a voice. With the second, and the administration's among them, the block ends today."""
    block_id = acting.key_of(given["blockId"], "Block", "input", "blockId")
    row = table(Block, "the_block")
    known = await acting.row(
        select(row.c.child_id).where(row.c.id == WHICH, policy.visible(row, acting.keys)), which=block_id
    )
    if known is None:
        raise not_found("input", "blockId")
    await acting.hold_child(known["child_id"], changing=True)
    found = await acting.row(
        select(row.c.child_id, policy.stands(row).label("stands")).where(
            row.c.id == WHICH, policy.visible(row, acting.keys)
        ),
        which=block_id,
    )
    held = await strict_relation(acting, known["child_id"])
    if found is None or held is None:
        raise not_found("input", "blockId")
    acting.met(known["child_id"])
    reason = checked_text(given["reason"], LONGEST_REASON, "input", "reason")
    if not found["stands"]:
        raise ActRefused(Problem(ProblemCode.TOO_LATE, OVER, ("input", "blockId")))
    voices = await counting_voices(acting, block_id)
    if acting.viewer_id in voices:
        raise ActRefused(Problem(ProblemCode.CONFLICT, TWICE, ("input", "blockId")))
    await acting.write(
        insert(BlockLift).values(
            id=new_key(), block_id=block_id, lifted_by=acting.viewer_id, lifted_as=held.name, lifted_at=acting.now,
            reason_cipher=acting.services.vault.encrypt(reason, "reason"),
        )
    )  # fmt: skip
    voices[acting.viewer_id] = held.name or ""
    if len(voices) > 1 and Relation.CASE_WORKER.name in voices.values():
        await acting.write(update(Block).where(Block.id == block_id).values(until=acting.today, lifted_at=acting.now))
        await follow_up(acting, found["child_id"])
    return {"block": block_id}


async def counting_voices(acting: Acting, block_id: UUID) -> dict[UUID, str]:
    """Who has agreed so far and still has a say, with the relation in which they did."""
    voice, block = table(BlockLift, "voice"), table(Block, "voiced")
    rows = await acting.rows(
        select(voice.c.lifted_by, voice.c.lifted_as)
        .join(block, block.c.id == voice.c.block_id)
        .where(block.c.id == WHICH, policy.voice_counts(voice, block)),
        which=block_id,
    )
    return {row["lifted_by"]: row["lifted_as"] for row in rows}


SOURCES: dict[str, Source] = {
    "Mutation.setBlock": Act(set_block, once=True),
    "Mutation.liftBlock": Act(lift_block),
    "SetBlockPayload.block": ReadBack(("Block",)),
    "SetBlockPayload.problems": Told(),
    "LiftBlockPayload.block": ReadBack(("Block",)),
    "LiftBlockPayload.problems": Told(),
}
