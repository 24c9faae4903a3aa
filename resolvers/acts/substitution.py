"""Letting a substitute work at a unit for a period, and ending it before its day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from authz import staff
from authz import substitution as policy
from authz.engine.sql import HERE, fact, table
from authz.walls.functions import CALL_SUBSTITUTE, SUBSTITUTE_BY_NUMBER
from models import Group, GroupMembership, Kinship, Position, Substitution, Unit, new_key
from models.seen import SeenStaffMember
from norway.days import birthday
from norway.names import name_order
from norway.national_id import born_at_the_latest
from resolvers.acting import Acting, Outcome
from resolvers.acts.child import UNIT, WHICH, make_due_tasks
from resolvers.acts.delegate import checked_period
from resolvers.acts.number import checked_name, checked_number, held_number, known_or_made
from resolvers.engine.source import Act, ReadBack, Source, Told
from resolvers.problems import TOO_MANY, Text, invalid, not_allowed, not_found

LONGEST = dt.timedelta(days=366)
MOST_GROUPS = 50
OF_AGE = 18
ROLES = {"SCHOOL": ("TEACHER", "ASSISTANT")}
OF_OTHERS = ("STAFF",)
"""Roles by the kind of the unit; a leader is the roster's to name."""

WHO = Text(
    nb="Oppgi enten den ansatte (staffMemberId) eller nummer og navn (nationalId og name).",
    nn="Oppgi anten den tilsette (staffMemberId) eller nummer og namn (nationalId og name).",
    en="Say either which member of staff (staffMemberId) or the number and the name (nationalId and name).",
)
TOO_YOUNG = Text(
    nb="En vikar må ha fylt 18 år, og det har ikke den som har dette nummeret.",
    nn="Ein vikar må ha fylt 18 år, og det har ikkje den som har dette nummeret.",
    en="A substitute must be 18 or older, and whoever has this number is not.",
)
TOO_LONG = Text(
    nb="Et vikariat varer høyst ett år.", nn="Eit vikariat varer høgst eitt år.", en="It lasts a year at the most."
)
WRONG_ROLE = Text(
    nb="Den rollen finnes ikke her.", nn="Den rolla finst ikkje her.", en="There is no such role at this unit."
)
NO_GROUPS = Text(
    nb="Bare skoler har roller i grupper.", nn="Berre skular har roller i grupper.", en="Only schools have group roles."
)


async def appoint_substitute(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    unit_id = acting.key_of(given["unitId"], "Unit", "input", "unitId")
    kind = await held_unit(acting, unit_id)
    if kind is None:
        raise not_found("input", "unitId")
    if not await leads(acting, unit_id):
        raise not_allowed("input", "unitId")
    since, until = checked_period(acting, given)
    if until is None or until - since > LONGEST:
        raise invalid(TOO_LONG, "input", "until")
    role: str = given["role"].value
    if role not in ROLES.get(kind, OF_OTHERS):
        raise invalid(WRONG_ROLE, "input", "role")
    told = given.get("groups") or []
    if told and kind != "SCHOOL":
        raise invalid(NO_GROUPS, "input", "groups")
    groups = await groups_of(acting, unit_id, told)
    substitute = await told_substitute(acting, given)
    if substitute.person_id == acting.viewer_id:  # it would outlast their own position
        raise not_allowed("input")
    person_id = substitute.person_id
    substitution_id = new_key()
    period = {"since": since, "until": until, "substitution_id": substitution_id}
    await acting.write(
        insert(Substitution).values(
            id=substitution_id, unit_id=unit_id, person_id=person_id, role=role, since=since, until=until,
            agreed_until=until, told_name=substitute.told_name, told_as=substitute.told_as,
            set_by=acting.viewer_id, set_at=acting.now,
        ),
        insert(Position).values(id=new_key(), person_id=person_id, unit_id=unit_id, role=role, **period),
        *(
            insert(GroupMembership).values(id=new_key(), group_id=group, person_id=person_id, role=as_what, **period)
            for group, as_what in groups
        ),
    )  # fmt: skip
    if substitute.told_name is not None:
        told = {"appointed": substitution_id, "told_key": name_order(substitute.told_name)}
        await acting.connection.execute(CALL_SUBSTITUTE, told)
    await tasks_of_family(acting, person_id)
    return {"substitution": substitution_id}


async def held_unit(acting: Acting, unit_id: UUID) -> str | None:
    """The kind of a unit of the municipality, held alone."""
    await acting.hold(f"unit {unit_id}")
    await acting.scene.enter()
    unit = table(Unit, "the_unit")
    found = await acting.row(
        select(unit.c.kind).where(unit.c.id == WHICH, unit.c.municipality_id == HERE), which=unit_id
    )
    return None if found is None else found["kind"]


async def leads(acting: Acting, unit_id: UUID) -> bool:
    row = await acting.row(select(policy.led(UNIT, acting.keys).label("leads")), unit_id=unit_id)
    return bool(row and row["leads"])


async def groups_of(acting: Acting, unit_id: UUID, told: Sequence[Mapping[str, Any]]) -> list[tuple[UUID, str]]:
    """The groups and roles, each once; NOT_FOUND for a group that is not the unit's."""
    if len(told) > MOST_GROUPS:
        raise invalid(TOO_MANY, "input", "groups", found=len(told), limit=MOST_GROUPS)
    group = table(Group, "of_unit")
    known = {row["id"] for row in await acting.rows(select(group.c.id).where(group.c.unit_id == UNIT), unit_id=unit_id)}
    chosen: dict[tuple[UUID, str], None] = {}
    for one in told:
        key = acting.key_of(one["groupId"], "Group", "input", "groups")
        if key not in known:
            raise not_found("input", "groups")
        chosen[key, one["role"].value] = None
    return list(chosen)


@dataclass(frozen=True)
class Substitute:
    """Whom the leader named, and how."""

    person_id: UUID
    told_name: str | None = None
    told_as: bytes | None = None


async def told_substitute(acting: Acting, given: Mapping[str, Any]) -> Substitute:
    """A colleague whom the leader sees; or, by number and name, any adult."""
    told, number, name = given.get("staffMemberId"), given.get("nationalId"), given.get("name")
    person = table(SeenStaffMember, "substitute")
    if told is not None and number is None and name is None:
        key = acting.key_of(told, "StaffMember", "input", "staffMemberId")
        found = await acting.row(
            select(person.c.id).where(
                person.c.staff_key == WHICH, person.c.municipality_id == HERE, staff.visible(person.c.id, acting.keys)
            ),
            which=key,
        )
        if found is None:
            raise not_found("input", "staffMemberId")
        return Substitute(found["id"])
    if told is not None or number is None or name is None:
        raise invalid(WHO, "input")
    checked = checked_name(name, "input", "name")
    told_number = checked_number(number, "input", "nationalId")
    # By the number alone, so that a child who is known and one who is not are refused alike.
    if birthday(born_at_the_latest(told_number, acting.today), OF_AGE) > acting.today:
        raise invalid(TOO_YOUNG, "input", "nationalId")
    return await named_by_number(acting, told_number, checked)


async def named_by_number(acting: Acting, number: str, name: str) -> Substitute:
    """Whoever has the number, if the name can be theirs. If not, somebody of that name whom nobody can sign in as: a
    slip in a number lets no stranger in, and the leader learns neither that the number is known nor whose it is (C1).

    So a number with a name stays who it was the first time, whatever a register says by then, and a number that has
    been one name's is no other's: ids that change, or do not, would tell what the register says.
    """
    hashed = await held_number(acting, number)
    told_as = acting.services.vault.keyed_hash(" ".join((number, *ends_of(name))), "substitute")
    asked = {"told_hash": hashed, "told_as": told_as}
    [found] = (await acting.connection.execute(SUBSTITUTE_BY_NUMBER, asked)).mappings().all()
    suits = not found["told"] and (found["name"] is None or ends_of(found["name"]) == ends_of(name))
    known = found["appointed"] or (found["holder"] if suits else None)
    person_id = await known_or_made(acting, known, name, number, numbered=found["holder"] is None)
    return Substitute(person_id, name, told_as)


def ends_of(name: str) -> tuple[str, str]:
    """First and last name, case and accents aside; what stands between them may be left out."""
    parts = name_order(name).split() or [name]
    return parts[0], parts[-1]


async def end_substitution(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """From now on: the position and the group roles end with it."""
    substitution_id = acting.key_of(given["substitutionId"], "Substitution", "input", "substitutionId")
    row = table(Substitution, "the_substitution")
    known = await acting.row(
        select(row.c.unit_id).where(row.c.id == WHICH, policy.visible(row, acting.keys)), which=substitution_id
    )
    if known is None:
        raise not_found("input", "substitutionId")
    await held_unit(acting, known["unit_id"])
    found = await acting.row(
        select(row.c.person_id, row.c.unit_id).where(row.c.id == WHICH, policy.visible(row, acting.keys)),
        which=substitution_id,
    )
    if found is None:
        raise not_found("input", "substitutionId")
    await acting.write(
        update(Substitution)
        .where(Substitution.id == substitution_id)
        .values(until=acting.today, ended_at=acting.now, ended_by=acting.viewer_id),
        update(Position).where(Position.substitution_id == substitution_id).values(until=acting.today),
        update(GroupMembership).where(GroupMembership.substitution_id == substitution_id).values(until=acting.today),
    )
    await tasks_of_family(acting, found["person_id"])
    return {"unit": found["unit_id"]}


async def tasks_of_family(acting: Acting, person_id: UUID) -> None:
    """R2 closes the substitute's own family to them; the administration hears of it."""
    kinship = fact(Kinship, "own_family")
    rows = await acting.rows(select(kinship.c.child_id).where(kinship.c.person_id == WHICH), which=person_id)
    # Asked of nobody's children too: whether a number is that of somebody with family here is not the leader's to time.
    children = [row["child_id"] for row in rows]
    await make_due_tasks(acting, children)


SOURCES: dict[str, Source] = {
    "Mutation.appointSubstitute": Act(appoint_substitute, once=True),
    "Mutation.endSubstitution": Act(end_substitution),
    "AppointSubstitutePayload.substitution": ReadBack(("Substitution",)),
    "AppointSubstitutePayload.problems": Told(),
    "EndSubstitutionPayload.unit": ReadBack(("Unit",)),
    "EndSubstitutionPayload.problems": Told(),
}
