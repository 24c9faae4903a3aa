"""How a viewer stands to children, units and threads: the facts of section 2, each one a SELECT.

A fact's columns are the child, the unit it holds at (where it holds at one), and the days it holds. `parts()` gathers
a viewer's facts into the *keys*: everything that row predicates and masks need to know of the viewer, worked out by one
function in the database (`authz/engine/keys.py`) at the beginning of each request. Facts say how things stand; what
they open is said on the pages of the concepts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    LargeBinary,
    Select,
    Text,
    and_,
    bindparam,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
    union,
    union_all,
)
from sqlalchemy.sql.selectable import Subquery

from authz.engine.sql import (
    HERE,
    INSTANTS,
    NOW,
    PRIVATE,
    TODAY,
    UUIDS,
    Keys,
    all_days,
    days,
    exists_in,
    fact,
    hashed,
    holds,
    number,
    oslo_day_of,
    start_of,
    table,
    word,
)
from models import (
    Administrator,
    Block,
    ChildProtection,
    Delegation,
    Enrolment,
    Group,
    GroupMembership,
    Guardianship,
    GuardianSide,
    Kinship,
    NeedCase,
    Participant,
    Person,
    PersonIdentifier,
    Position,
    SignInSubject,
    Unit,
)


def employment(me: ColumnElement) -> Select:
    """Employed at a unit now; leaders count as employed."""
    position, unit = fact(Position, "position"), fact(Unit, "unit")
    return (
        select(
            position.c.unit_id,
            position.c.role,
            position.c.since,
            position.c.until,
            unit.c.kind,
            unit.c.name.label("unit"),
        )
        .join(unit, unit.c.id == position.c.unit_id)
        .where(position.c.person_id == me, holds(position))
    )


def enrolled(child_id: ColumnElement, unit_id: ColumnElement) -> ColumnElement[bool]:
    """The child is enrolled at the unit now."""
    enrolment = fact(Enrolment, "enrolled")
    return exists_in(enrolment, enrolment.c.child_id == child_id, enrolment.c.unit_id == unit_id, holds(enrolment))


def blocked(me: ColumnElement) -> Select:
    """R1: a block between the person and the child stands."""
    block = fact(Block, "block")
    return select(block.c.child_id).where(block.c.person_id == me, holds(block))


def kin(me: ColumnElement) -> Select:
    """R2: the child is, or once was, a matter of family to the person."""
    kinship = fact(Kinship, "kinship")
    return select(kinship.c.child_id).where(kinship.c.person_id == me)


def was_child(me: ColumnElement) -> Select:
    """The person themself, where they go or went to a unit: nobody is staff to oneself."""
    enrolment = fact(Enrolment, "own_enrolment")
    return select(enrolment.c.child_id).where(enrolment.c.child_id == me)


def closed_to_work(me: ColumnElement) -> Subquery:
    """R1 and R2: children to whom the person has no staff relation."""
    return union(blocked(me), kin(me), was_child(me)).subquery("closed")


def kept_from(child_id: ColumnElement, person_id: ColumnElement) -> ColumnElement[bool]:
    """The same, asked of two columns: of whoever else it may concern than the viewer."""
    block, kinship = fact(Block, "keeping_block"), fact(Kinship, "keeping_kinship")
    enrolment = fact(Enrolment, "keeping_enrolment")
    return or_(
        exists_in(block, block.c.child_id == child_id, block.c.person_id == person_id, holds(block)),
        exists_in(kinship, kinship.c.child_id == child_id, kinship.c.person_id == person_id),
        exists_in(enrolment, enrolment.c.child_id == child_id, enrolment.c.child_id == person_id),
    )


def guardian(me: ColumnElement) -> Select:
    """GUARDIAN: current parental responsibility, by the child's own document (R1, R3 and R4 are in the period)."""
    guardianship = fact(Guardianship, "guardianship")
    return select(guardianship.c.child_id, null().label("unit_id"), guardianship.c.since, guardianship.c.until).where(
        guardianship.c.person_id == me, holds(guardianship), PRIVATE
    )


def delegate(me: ColumnElement) -> Select:
    """DELEGATE: registered by the unit, on consent that counts now (R1 and R3 are in the period)."""
    delegation = fact(Delegation, "delegation")
    return select(delegation.c.child_id, delegation.c.unit_id, delegation.c.since, delegation.c.until).where(
        delegation.c.person_id == me, holds(delegation), PRIVATE
    )


CONTACT_ROLES = ("CONTACT_TEACHER",)
SUBJECT_ROLES = ("SUBJECT_TEACHER", "ASSISTANT")


def taught(me: ColumnElement, *roles: str) -> Select:
    """Employed at the school now, with the role now in a group there that the child belongs to now."""
    own, theirs = fact(GroupMembership, "own"), fact(GroupMembership, "theirs")
    group, unit, position = fact(Group, "unit_group"), fact(Unit, "unit"), fact(Position, "position")
    enrolment = fact(Enrolment, "enrolment")
    closed = closed_to_work(me)
    return (
        select(
            theirs.c.person_id.label("child_id"),
            group.c.unit_id,
            func.greatest(own.c.since, theirs.c.since, position.c.since, enrolment.c.since).label("since"),
            func.least(own.c.until, theirs.c.until, position.c.until, enrolment.c.until).label("until"),
            own.c.role,
            group.c.name.label("group"),
            theirs.c.since.label("belongs_since"),
            unit.c.name.label("unit"),
        )
        .select_from(own)
        .join(group, group.c.id == own.c.group_id)
        .join(unit, unit.c.id == group.c.unit_id)
        .join(position, and_(position.c.person_id == me, position.c.unit_id == group.c.unit_id))
        .join(theirs, theirs.c.group_id == group.c.id)
        .join(enrolment, and_(enrolment.c.child_id == theirs.c.person_id, enrolment.c.unit_id == group.c.unit_id))
        .where(
            own.c.person_id == me,
            own.c.role.in_([word(role) for role in roles]),
            holds(own),
            unit.c.kind == word("SCHOOL"),
            holds(position),
            theirs.c.role == word("STUDENT"),
            holds(theirs),
            holds(enrolment),
            theirs.c.person_id.not_in(select(closed.c.child_id)),
        )
    )


def contact_teacher(me: ColumnElement) -> Select:
    """CONTACT_TEACHER (kontaktlærer) of a group that the child belongs to."""
    return taught(me, *CONTACT_ROLES)


def subject_staff(me: ColumnElement) -> Select:
    """SUBJECT_STAFF: subject teacher or assistant of a group that the child belongs to."""
    return taught(me, *SUBJECT_ROLES)


def at_unit(me: ColumnElement, *conditions: ColumnElement[bool], former: bool = False) -> Select:
    """A child enrolled now (or formerly) at a unit where the person is employed now, under further conditions."""
    job = employment(me).subquery("job")
    enrolment = fact(Enrolment, "enrolment")
    closed = closed_to_work(me)
    presence = left_before(enrolment) if former else holds(enrolment)
    return (
        select(
            enrolment.c.child_id,
            job.c.unit_id,
            func.greatest(job.c.since, enrolment.c.since).label("since"),
            (job.c.until if former else func.least(job.c.until, enrolment.c.until)).label("until"),
            job.c.unit,
            job.c.role,
            job.c.kind,
        )
        .select_from(job)
        .join(enrolment, enrolment.c.unit_id == job.c.unit_id)
        .where(presence, enrolment.c.child_id.not_in(select(closed.c.child_id)), *conditions)
    )


def left_before(enrolment: FromClause) -> ColumnElement[bool]:
    """C6: the child was enrolled and has left."""
    return and_(enrolment.c.until <= TODAY, enrolment.c.since < enrolment.c.until)


def unit_staff(me: ColumnElement) -> Select:
    """UNIT_STAFF: employed at the SFO or kindergarten; school staff never are."""
    return at_unit(me, literal_column("job.kind") != word("SCHOOL"))


def unit_leader(me: ColumnElement) -> Select:
    """UNIT_LEADER: leads the unit where the child is enrolled now."""
    return at_unit(me, literal_column("job.role") == word("LEADER"))


def former_leader(me: ColumnElement) -> Select:
    """UNIT_LEADER by C6: leads the unit that the child has left."""
    return at_unit(me, literal_column("job.role") == word("LEADER"), former=True)


def former_unit_staff(me: ColumnElement) -> Select:
    """Employed at the SFO or kindergarten that the child has left: reads its threads on (T5, T6), and nothing else."""
    return at_unit(me, literal_column("job.kind") != word("SCHOOL"), former=True)


def administration(me: ColumnElement) -> Select:
    """Belongs to the municipality's administration now."""
    administrator = fact(Administrator, "administrator")
    return select(administrator.c.since, administrator.c.until).where(
        administrator.c.person_id == me, holds(administrator)
    )


def case_worker(me: ColumnElement) -> Select:
    """CASE_WORKER: of the administration now, with an open need case; approved by a second person if protected."""
    need, closed = fact(NeedCase, "need_case"), closed_to_work(me)
    until = func.least(need.c.until, need.c.opened_at + literal_column("interval '24 hours'"))
    return select(
        need.c.child_id,
        null().label("unit_id"),
        oslo_day_of(need.c.opened_at).label("since"),
        null().label("until"),
    ).where(
        need.c.person_id == me,
        need.c.opened_at <= NOW,
        until > NOW,
        administration(me).exists(),
        or_(approved(need), ~protected(need.c.child_id)),
        need.c.child_id.not_in(select(closed.c.child_id)),
    )


def approved(need: FromClause) -> ColumnElement[bool]:
    """By a second administrator or a leader of a unit where the child was enrolled, on the day they approved it; not by
    whom R1 or R2 keeps from the child now."""
    day = oslo_day_of(need.c.approved_at)
    administrator = fact(Administrator, "approving_administrator")
    position, enrolment = fact(Position, "approving_leader"), fact(Enrolment, "approved_child")
    by_administrator = exists_in(
        administrator, administrator.c.person_id == need.c.approved_by, holds(administrator, day)
    )
    led_there = exists_in(
        enrolment,
        enrolment.c.child_id == need.c.child_id,
        enrolment.c.unit_id == position.c.unit_id,
        holds(enrolment, day),
    )
    by_leader = exists_in(
        position,
        position.c.person_id == need.c.approved_by,
        position.c.role == word("LEADER"),
        holds(position, day),
        led_there,
    )
    return and_(
        need.c.approved_by != need.c.person_id,
        or_(by_administrator, by_leader),
        ~kept_from(need.c.child_id, need.c.approved_by),
    )


def oneself(me: ColumnElement) -> Select:
    """SELF: the pupil, from 15; from 18 only when signed in as a private person."""
    person = fact(Person, "oneself")
    enrolment = fact(Enrolment, "enrolment")
    ever = exists_in(enrolment, enrolment.c.child_id == person.c.id)
    return select(
        person.c.id.label("child_id"),
        null().label("unit_id"),
        person.c.turns_15_on.label("since"),
        null().label("until"),
    ).where(
        person.c.id == me,
        person.c.turns_15_on <= TODAY,
        or_(person.c.turns_18_on > TODAY, and_(PRIVATE, ever)),
    )


def protected(child_id: ColumnElement) -> ColumnElement[bool]:
    """R3: the child counts as protected today."""
    protection = fact(ChildProtection, "child_protection")
    return exists_in(protection, protection.c.child_id == child_id, holds(protection))


def taught_days(me: ColumnElement, child_id: ColumnElement, unit_id: ColumnElement, *roles: str) -> ColumnElement:
    """Every day on which `taught` holds of the two, blocks aside, as a multirange."""
    own, theirs, group = fact(GroupMembership, "own_then"), fact(GroupMembership, "theirs_then"), fact(Group, "then")
    together = (
        select(func.range_agg(days(own).op("*")(days(theirs))))
        .select_from(own.join(group, group.c.id == own.c.group_id).join(theirs, theirs.c.group_id == group.c.id))
        .where(
            own.c.person_id == me,
            own.c.role.in_([word(role) for role in roles]),
            theirs.c.person_id == child_id,
            theirs.c.role == word("STUDENT"),
            group.c.unit_id == unit_id,
        )
        .correlate_except(own, theirs, group)
        .scalar_subquery()
    )
    enrolment = fact(Enrolment, "enrolled_then")
    there = all_days(enrolment, enrolment.c.child_id == child_id, enrolment.c.unit_id == unit_id)
    return together.op("*")(there).op("*")(employed_days(me, unit_id))


def employed_days(me: ColumnElement, unit_id: ColumnElement, *conditions: ColumnElement[bool]) -> ColumnElement:
    """Every day of employment at the unit."""
    position = fact(Position, "employed_then")
    return all_days(position, position.c.person_id == me, position.c.unit_id == unit_id, *conditions)


def blocked_days(me: ColumnElement, child_id: ColumnElement) -> ColumnElement:
    """R1: every day on which a block between the two stands."""
    block = fact(Block, "blocked_then")
    return all_days(block, block.c.person_id == me, block.c.child_id == child_id)


@dataclass(frozen=True)
class Part:
    """Some of the keys, and when they are worth asking for."""

    rows: Select
    """One row; its columns are keys, arrays that are empty rather than null. Those that are hashes (`_pair`, `_hash`)
    are of use to the second wall alone."""
    when: str
    """A condition over looks and over keys asked for before, in PL/pgSQL."""
    for_walls: bool = False
    """Of use to the second wall alone."""


@dataclass(frozen=True)
class Look:
    """For any row of a part, where a look costs a quarter of asking."""

    rows: Select
    for_walls: bool = False


def gathered(rows: FromClause, **columns: tuple[ColumnElement, str, ColumnElement[bool] | None]) -> Select:
    """One row with an array for each column: the values of those rows that meet its condition."""

    def array(column: ColumnElement, kind: str, condition: ColumnElement[bool] | None) -> ColumnElement:
        made = func.array_agg(column)
        chosen = made if condition is None else made.filter(condition)
        return func.coalesce(chosen, literal_column(f"'{{}}'::{kind}[]"))

    return select(*(array(*told).label(name) for name, told in columns.items())).select_from(rows)


def family(periods: FromClause, me: ColumnElement, name: str, *, at_unit: bool) -> Select:
    """Those to whom the relation holds now; and every period, past ones too, as instants: what T7 asks of a message."""
    until = func.coalesce(start_of(periods.c.until), literal_column("'infinity'::timestamptz"))
    now = holds(periods)
    columns: dict[str, tuple[ColumnElement, str, ColumnElement[bool] | None]] = {
        name: (periods.c.child_id, "uuid", now),
        f"{name}_spell": (periods.c.child_id, "uuid", None),
        f"{name}_spell_since": (start_of(periods.c.since), "timestamptz", None),
        f"{name}_spell_until": (until, "timestamptz", None),
    }
    if at_unit:
        columns[f"{name}_unit"] = (periods.c.unit_id, "uuid", now)
        columns[f"{name}_spell_unit"] = (periods.c.unit_id, "uuid", None)
        columns[f"{name}_pair"] = (hashed(periods.c.child_id, periods.c.unit_id), "bigint", now)
    return gathered(periods, **columns).where(periods.c.person_id == me, PRIVATE)


def jobs(me: ColumnElement) -> Select:
    """The units where the person is employed now, and those whose whole history that opens (T4, T5, T6)."""
    job = employment(me).subquery("position_now")
    unit = (
        select(
            job.c.unit_id,
            func.bool_or(job.c.role == word("LEADER")).label("leads"),
            (job.c.kind == word("SCHOOL")).label("at_school"),
        )
        .group_by(job.c.unit_id, job.c.kind)
        .subquery("job")
    )
    opens_history = or_(unit.c.leads, ~unit.c.at_school)
    return gathered(
        unit,
        employed=(unit.c.unit_id, "uuid", None),
        schools=(unit.c.unit_id, "uuid", unit.c.at_school),
        led=(unit.c.unit_id, "uuid", unit.c.leads),
        staffed=(unit.c.unit_id, "uuid", ~unit.c.at_school),
        history=(unit.c.unit_id, "uuid", opens_history),
    )


def teaching(me: ColumnElement) -> Select:
    """Each child and unit once for each relation."""
    held = taught(me, *CONTACT_ROLES, *SUBJECT_ROLES).subquery("held")
    is_contact = held.c.role.in_([word(role) for role in CONTACT_ROLES])
    rows = select(held.c.child_id, held.c.unit_id, is_contact.label("is_contact")).distinct().subquery("taught")
    columns: dict[str, tuple[ColumnElement, str, ColumnElement[bool] | None]] = {}
    for name, holds_as in (("contact", rows.c.is_contact), ("subject_staff", ~rows.c.is_contact)):
        columns[name] = (rows.c.child_id, "uuid", holds_as)
        columns[f"{name}_unit"] = (rows.c.unit_id, "uuid", holds_as)
        columns[f"{name}_pair"] = (hashed(rows.c.child_id, rows.c.unit_id), "bigint", holds_as)
        columns[f"{name}_hash"] = (hashed(rows.c.child_id), "bigint", holds_as)
    return gathered(rows, **columns)


def children_of(held: Select, name: str) -> Select:
    rows = held.subquery("held")
    return gathered(rows, **{name: (rows.c.child_id, "uuid", None)})


def rows_of(
    model: type, me: ColumnElement, such_as: Callable[[FromClause], Sequence[ColumnElement[bool]]] = lambda _: ()
) -> Select:
    row = fact(model, "row_of")
    return select(number(1)).select_from(row).where(row.c.person_id == me, *such_as(row))


def looks(me: ColumnElement) -> dict[str, Look]:
    """By the name that `Part.when` has for what they find."""
    return {
        "any_guardian": Look(rows_of(Guardianship, me)),
        "any_delegate": Look(rows_of(Delegation, me)),
        "any_employed": Look(rows_of(Position, me)),
        "any_cases": Look(rows_of(NeedCase, me)),
        "any_oneself": Look(oneself(me)),
        "any_of_no_side": Look(rows_of(Participant, me, of_no_side), for_walls=True),
    }


def parts(me: ColumnElement) -> list[Part]:
    """Everything about a person's standing that predicates and masks use, in an order that spares what is empty."""
    works = "cardinality(employed) > 0 or cardinality(cases) > 0"
    takes_part_otherwise = "cardinality(delegate) > 0 or cardinality(subject_staff) > 0"
    threads_apart = "cardinality(guardian) > 0 and (any_of_no_side or cardinality(sides_apart) > 0)"
    return [
        Part(
            family(fact(Guardianship, "guardianship"), me, "guardian", at_unit=False), when="private and any_guardian"
        ),
        Part(family(fact(Delegation, "delegation"), me, "delegate", at_unit=True), when="private and any_delegate"),
        Part(jobs(me), when="any_employed"),
        Part(children_of(case_worker(me), "cases"), when="any_cases"),
        Part(children_of(closed_to_work(me).select(), "closed"), when=works),
        Part(teaching(me), when="cardinality(schools) > 0"),
        Part(children_of(oneself(me), "oneself"), when="any_oneself"),
        Part(guardian_sides(me), when="cardinality(guardian) > 0", for_walls=True),
        Part(taking_part(me), when=f"{takes_part_otherwise} or {threads_apart}", for_walls=True),
    ]


def guardian_sides(me: ColumnElement) -> Select:
    """Of whose threads the person sees all, and every message: by being a guardian of the child now, and on their
    guardian side (T1), and by having been so, once and for all, when the first of them began (T7). And the sides apart,
    of whose threads some messages are seen."""
    side = fact(GuardianSide, "taken_side")
    of_child = Keys(frozenset({"guardian"})).has(side.c.child_id, "guardian")
    spells, since = bindparam("guardian_spell", type_=UUIDS), bindparam("guardian_spell_since", type_=INSTANTS)
    place = func.array_position(spells, side.c.child_id)
    twice = func.array_position(spells, side.c.child_id, place + number(1)).is_not(None)
    apart = or_(twice, since[place] > side.c.began)
    return gathered(side, whole_sides=(side.c.id, "uuid", not_(apart)), sides_apart=(side.c.id, "uuid", apart)).where(
        side.c.person_id == me, of_child
    )


def of_no_side(part: FromClause) -> tuple[ColumnElement[bool], ...]:
    """Somebody came to the guardian side after the thread had begun, so that its threads are judged one by one."""
    return part.c.side == word("GUARDIAN"), part.c.guardian_side_id.is_(None)


def taking_part(me: ColumnElement) -> Select:
    """The threads that the person sees by taking part, T1 and T2, by the keys before (`Keys.entered`), but those of
    `whole_sides`; each with the time whose messages are seen (T7): from joining on, while the relation held. Those of
    a guardian side by the side, of which there are few: everybody of it joined when the thread began.
    """
    part, side = fact(Participant, "own_part"), fact(GuardianSide, "side_apart")
    keys = Keys(frozenset({"guardian", "delegate", "subject_staff", "sides_apart"}))

    def held(relation: str, *more: str) -> FromClause:
        columns: dict[str, Any] = {"": UUIDS, "_since": INSTANTS, "_until": INSTANTS}
        columns |= {f"_{name}": UUIDS for name in more}
        told = [bindparam(f"{relation}_spell{name}", type_=kind) for name, kind in columns.items()]
        names = ("child_id", "since", "until", *(f"{name}_id" for name in more))
        return func.unnest(*told).table_valued(*names).render_derived(name=f"as_{relation}")

    as_guardian, as_delegate = held("guardian"), held("delegate", "unit")
    part_of = (hashed(part.c.thread_id).label("seen_by"), part.c.joined_at)
    ways = [
        select(*part_of, as_guardian.c.since, as_guardian.c.until)
        .select_from(part.join(as_guardian, as_guardian.c.child_id == part.c.child_id))
        .where(part.c.person_id == me, *of_no_side(part), keys.has(part.c.child_id, "guardian")),
        select(hashed(side.c.id), null(), as_guardian.c.since, as_guardian.c.until)
        .select_from(side.join(as_guardian, as_guardian.c.child_id == side.c.child_id))
        .where(side.c.person_id == me, keys.has(side.c.id, "sides_apart")),
        select(*part_of, as_delegate.c.since, as_delegate.c.until)
        .select_from(
            part.join(
                as_delegate,
                and_(as_delegate.c.child_id == part.c.child_id, as_delegate.c.unit_id == part.c.unit_id),
            )
        )
        .where(
            part.c.person_id == me,
            part.c.side == word("GUARDIAN"),
            keys.has_pair(part.c.child_id, part.c.unit_id, "delegate"),
        ),
        select(*part_of, null(), literal_column("'infinity'::timestamptz")).where(
            part.c.person_id == me,
            part.c.side == word("UNIT"),
            keys.has_pair(part.c.child_id, part.c.unit_id, "subject_staff"),
        ),
    ]
    times = union_all(*ways).subquery("times")
    return gathered(
        times,
        own=(times.c.seen_by, "bigint", None),
        own_since=(func.greatest(times.c.joined_at, times.c.since), "timestamptz", None),
        own_until=(times.c.until, "timestamptz", None),
    )


NUMBER_HASH: ColumnElement = bindparam("number_hash", type_=LargeBinary())
ISSUER: ColumnElement = bindparam("issuer", type_=Text())
SUBJECT: ColumnElement = bindparam("subject", type_=Text())


def signed_in() -> Select:
    """The person whom the token names, by number or by the issuer's subject; null for somebody not known here."""
    identifier, subject = table(PersonIdentifier, "identifier"), table(SignInSubject, "sign_in")
    by_number = select(identifier.c.person_id).where(
        identifier.c.municipality_id == HERE, identifier.c.number_hash == NUMBER_HASH
    )
    by_subject = select(subject.c.person_id).where(
        subject.c.municipality_id == HERE, subject.c.issuer == ISSUER, subject.c.subject == SUBJECT
    )
    return select(func.coalesce(by_number.scalar_subquery(), by_subject.scalar_subquery()).label("me"))
