"""Letting a substitute work at a unit for a period, and ending it before its day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from authz import staff
from authz import substitution as policy
from authz.engine.sql import HERE, fact, table
from models import Group, GroupMembership, Kinship, Position, Substitution, Unit, new_key
from models.seen import SeenStaffMember
from norway.days import birthday
from norway.national_id import born_at_the_latest
from resolvers.acting import Acting, Outcome
from resolvers.acts.child import UNIT, WHICH, make_due_tasks
from resolvers.acts.delegate import checked_period
from resolvers.acts.number import checked_name, checked_number, person_known, person_with_number
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
NAME_AND_NUMBER = Text(
    nb="Nummeret og navnet hører ikke sammen.",
    nn="Nummeret og namnet høyrer ikkje saman.",
    en="The number and the name do not belong together.",
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
    person_id = await told_substitute(acting, given)
    if person_id == acting.viewer_id:  # it would outlast their own position
        raise not_allowed("input")
    substitution_id = new_key()
    period = {"since": since, "until": until, "substitution_id": substitution_id}
    await acting.write(
        insert(Substitution).values(
            id=substitution_id, unit_id=unit_id, person_id=person_id, role=role, since=since, until=until,
            agreed_until=until, set_by=acting.viewer_id, set_at=acting.now,
        ),
        insert(Position).values(id=new_key(), person_id=person_id, unit_id=unit_id, role=role, **period),
        *(
            insert(GroupMembership).values(id=new_key(), group_id=group, person_id=person_id, role=as_what, **period)
            for group, as_what in groups
        ),
    )  # fmt: skip
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


async def told_substitute(acting: Acting, given: Mapping[str, Any]) -> UUID:
    """A colleague whom the leader sees; or, by number and name, any adult. A name that is not that of a person who is
    known refuses: a slip in a number must not let a stranger in, nor must a number give away a name."""
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
        seen: UUID = found["id"]
        return seen
    if told is not None or number is None or name is None:
        raise invalid(WHO, "input")
    checked = checked_name(name, "input", "name")
    told_number = checked_number(number, "input", "nationalId")
    # By the number alone, so that a child who is known and one who is not are refused alike.
    if birthday(born_at_the_latest(told_number, acting.today), OF_AGE) > acting.today:
        raise invalid(TOO_YOUNG, "input", "nationalId")
    known = await person_known(acting, told_number)
    if known is not None and (known["given_name"] or known["family_name"]) and not same_name(checked, known["name"]):
        raise invalid(NAME_AND_NUMBER, "input", "name")
    return await person_with_number(acting, told_number, checked)


def same_name(told: str, known: str) -> bool:
    """First and last names agree, case aside; what stands between them need not."""
    mine, theirs = told.casefold().split(), known.casefold().split()
    return (mine[0], mine[-1]) == (theirs[0], theirs[-1])


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
