"""What guards each table: which rows the viewer may read, add and change, in the words of the policy pages.

A table that is not here holds nothing about a person. One that has no line for a verb is closed to it: the API's role
has no right to it either (`models/`), and what acts need of it they get from a function of the database
(`authz/walls/functions.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, literal_column, or_, true

from authz import (
    absence,
    attachment,
    block,
    broadcast,
    child,
    delegate,
    guardian,
    message,
    need_case,
    photo_consent,
    record,
    staff,
    substitution,
    task,
    thread,
    unit,
)
from authz.engine.policy import STAFF, Relation
from authz.engine.sql import HERE, ME, NOW, Keys, all_of, any_of, exists_in, fact, holds, number, word
from authz.relation import left_before
from authz.walls.doors import DOORS, FOR_ALL, READER
from authz.walls.session import ACTING, WHOEVER, written
from models import (
    Absence,
    AccessLog,
    Administrator,
    Attachment,
    Base,
    Block,
    BlockLift,
    Broadcast,
    BroadcastRecipient,
    CarriedOut,
    ChildProtection,
    Confirmation,
    Consent,
    DataKey,
    Delegate,
    Delegation,
    Enrolment,
    FamilyRelation,
    Group,
    GroupMembership,
    Guardianship,
    GuardianSide,
    Kinship,
    LocalFact,
    Message,
    MunicipalityKey,
    NeedCase,
    ParentalResponsibility,
    Participant,
    Person,
    PersonIdentifier,
    PhotoConsent,
    Position,
    Protection,
    ReadPointer,
    Record,
    RecordHold,
    RecordOpening,
    RecordReader,
    RecordVersion,
    Residence,
    Setting,
    SignInSubject,
    Substitution,
    Task,
    Thread,
    Unit,
)

K = WHOEVER
Condition = Callable[[FromClause], ColumnElement[bool]]
Seen = Callable[[FromClause, Keys], ColumnElement[bool]]


@dataclass(frozen=True)
class Wall:
    """Of one table; what is left out is closed."""

    read: Seen | None = None
    """By the ways that are among the keys (`authz/walls/doors.py`)."""
    add: Condition | None = None
    """Of a new row."""
    change: Condition | None = None
    """Of a row before and after it is changed; which columns may be is the right's to say."""


def within(model: type, name: str, condition: Callable[[FromClause], ColumnElement[bool]]) -> ColumnElement[bool]:
    """There is a row of another table under a condition."""
    row = fact(model, name)
    return exists_in(row, condition(row))


# --- groups, and who goes and works where ----------------------------------------------------------------------------


def enrolment_seen(row: FromClause, keys: Keys) -> ColumnElement[bool]:
    """C2's column of units, and C6."""
    now = and_(holds(row), child.unit_opened(row.c.child_id, row.c.unit_id, keys))
    return or_(now, and_(left_before(row), child.former_unit_opened(row.c.child_id, row.c.unit_id, keys)))


def membership_seen(row: FromClause, keys: Keys) -> ColumnElement[bool]:
    """Of children C2's column of groups, and C6; of adults as their positions are seen (C8)."""

    def of_child(group: FromClause) -> ColumnElement[bool]:
        now = and_(unit.belongs(row, group), child.unit_opened(row.c.person_id, group.c.unit_id, keys))
        was = and_(row.c.role == word("STUDENT"), child.former_unit_opened(row.c.person_id, group.c.unit_id, keys))
        return or_(now, was)

    def of_adult(group: FromClause) -> ColumnElement[bool]:
        return and_(row.c.role != word("STUDENT"), staff.unit_shows_staff(group.c.unit_id, keys))

    return within(
        Group, "of_membership", lambda group: and_(group.c.id == row.c.group_id, or_(of_child(group), of_adult(group)))
    )


def position_seen(row: FromClause, keys: Keys) -> ColumnElement[bool]:
    return or_(row.c.person_id == ME, staff.unit_shows_staff(row.c.unit_id, keys))


def substitutes_at(group_id: ColumnElement) -> ColumnElement[bool]:
    return within(Group, "led_group", lambda group: and_(group.c.id == group_id, substitution.led(group.c.unit_id, K)))


# --- family ----------------------------------------------------------------------------------------------------------


def number_seen(row: FromClause, keys: Keys) -> ColumnElement[bool]:
    """C2's columns of the number, and of contact details, which are looked up by it."""
    shows_number = Relation.GUARDIAN | Relation.UNIT_LEADER | Relation.CASE_WORKER | Relation.SELF
    contact = number(guardian.CONTACT | Relation.GUARDIAN)
    shows_contact = guardian.mask(row.c.person_id, keys).bitwise_and(contact) != number(0)
    return and_(row.c.municipality_id == HERE, or_(child.related(row.c.person_id, shows_number, keys), shows_contact))


def residence_seen(row: FromClause, keys: Keys) -> ColumnElement[bool]:
    day = child.address_day(row.c.person_id, keys)
    return and_(
        child.related(row.c.person_id, child.ADDRESS, keys),
        child.residing(row, day),
        child.address_opened(row.c.person_id, row, keys),
    )


def consent_seen(row: FromClause, keys: Keys) -> ColumnElement[bool]:
    def registered(one: FromClause) -> ColumnElement[bool]:
        same = (one.c.child_id == row.c.child_id, one.c.person_id == row.c.delegate_id, one.c.unit_id == row.c.unit_id)
        return and_(*same, delegate.visible(one, keys))

    return and_(delegate.consent_visible(row), within(Delegate, "consented_to", registered))


def lifts_seen(row: FromClause, keys: Keys) -> ColumnElement[bool]:
    return within(Block, "lifted", lambda one: and_(one.c.id == row.c.block_id, block.visible(one, keys)))


def strict(child_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    return child.related(child_id, child.STRICT, keys)


# --- threads ---------------------------------------------------------------------------------------------------------


def pointer_seen(row: FromClause, keys: Keys) -> ColumnElement[bool]:
    """C7: one's own, and the other side's."""

    def of_other_side(part: FromClause) -> ColumnElement[bool]:
        return and_(
            part.c.thread_id == row.c.thread_id,
            part.c.person_id == row.c.person_id,
            thread.visible(part, keys),
            thread.last_read_open(part.c.person_id, part.c.side, part.c.child_id, part.c.unit_id, keys),
        )

    return or_(row.c.person_id == ME, within(Participant, "pointing", of_other_side))


def pointer_set(row: FromClause) -> ColumnElement[bool]:
    def seen(one: FromClause) -> ColumnElement[bool]:
        return and_(one.c.id == row.c.thread_id, thread.visible(one, K))

    return and_(row.c.person_id == ME, within(Thread, "pointed_at", seen))


def seen_thread(row: FromClause, keys: Keys) -> ColumnElement[bool]:
    return thread.visible(row, keys)


def writes_in(row: FromClause) -> ColumnElement[bool]:
    return thread.writable(row, ACTING)


def of_its_thread(row: FromClause) -> ColumnElement[bool]:
    """The child and the unit that a row says are the thread's."""
    return within(
        Thread,
        "its_thread",
        lambda one: and_(one.c.id == row.c.thread_id, one.c.child_id == row.c.child_id, one.c.unit_id == row.c.unit_id),
    )


def part_taken(row: FromClause) -> ColumnElement[bool]:
    """From now on: by whoever begins the thread, which nobody has written in, or by staff who are taken in."""
    written = within(Message, "written_before", lambda one: one.c.thread_id == row.c.thread_id)
    begins = and_(thread.startable(row.c.child_id, row.c.unit_id, K), ~written)
    taken_in = and_(row.c.side == word("UNIT"), writes_in(row))
    return and_(of_its_thread(row), row.c.joined_at >= NOW, or_(begins, taken_in))


def let_in(row: FromClause) -> ColumnElement[bool]:
    """Somebody who can sign in already, or works somewhere: another number would let another in as them."""
    return or_(
        within(PersonIdentifier, "known_number", lambda one: one.c.person_id == row.c.person_id),
        within(SignInSubject, "known_subject", lambda one: one.c.person_id == row.c.person_id),
        within(Position, "known_position", lambda one: one.c.person_id == row.c.person_id),
    )


def approved_by_oneself(row: FromClause) -> ColumnElement[bool]:
    """Or by nobody, or as before the change."""

    def before(one: FromClause) -> ColumnElement[bool]:
        return and_(one.c.id == row.c.id, one.c.approved_by == row.c.approved_by)

    own = and_(row.c.approved_by == ME, row.c.person_id != ME)
    return or_(row.c.approved_by.is_(None), own, within(NeedCase, "case_before", before))


def recipient_seen(row: FromClause, keys: Keys) -> ColumnElement[bool]:
    def of_letter(letter: FromClause) -> ColumnElement[bool]:
        counted = and_(broadcast.visible(letter, keys), broadcast.counted(row, letter, keys))
        return and_(letter.c.id == row.c.broadcast_id, or_(letter.c.sender_id == ME, counted))

    return within(Broadcast, "letter", of_letter)


def recipient_set(row: FromClause) -> ColumnElement[bool]:
    def sent(letter: FromClause) -> ColumnElement[bool]:
        return and_(letter.c.id == row.c.broadcast_id, letter.c.sender_id == ME)

    return within(Broadcast, "own_letter", sent)


# --- records ---------------------------------------------------------------------------------------------------------


def of_record(row: FromClause, condition: Callable[[FromClause], ColumnElement[bool]]) -> ColumnElement[bool]:
    return within(Record, "the_record", lambda one: and_(one.c.id == row.c.record_id, condition(one)))


def writes_record(one: FromClause) -> ColumnElement[bool]:
    """Whoever has just begun it, too."""
    staff_there = record.is_staff(one.c.child_id, one.c.unit_id, K)
    return and_(staff_there, or_(one.c.author_id == ME, record.writable(one, K)))


def readers_shown(one: FromClause, keys: Keys) -> ColumnElement[bool]:
    return record.mask(one, keys).bitwise_and(number(STAFF)) != number(0)


def loose(row: FromClause) -> ColumnElement[bool]:
    """One's own upload, not attached yet."""
    return and_(row.c.uploaded_by == ME, row.c.attached_at.is_(None))


# --- the rest --------------------------------------------------------------------------------------------------------


def case_seen(row: FromClause, keys: Keys) -> ColumnElement[bool]:
    """Whoever approved it, too: the act that does so changes the row."""
    return or_(need_case.visible(row, keys), and_(row.c.approved_by == ME, need_case.asked_here(row)))


def absence_seen(row: FromClause, keys: Keys) -> ColumnElement[bool]:
    """Subject staff, too, who have just ended what they reported themselves."""
    own = and_(row.c.reported_by == ME, row.c.ended_by == ME)
    by_subject = child.related_at(row.c.child_id, row.c.unit_id, Relation.SUBJECT_STAFF, keys)
    return or_(absence.visible(row, keys), and_(own, by_subject))


def absence_told(row: FromClause) -> ColumnElement[bool]:
    by_guardian = all_of(row.c.side == word("GUARDIAN"), absence.reportable(row.c.child_id, row.c.unit_id, K))
    by_unit = all_of(row.c.side == word("UNIT"), absence.registrable(row.c.child_id, row.c.unit_id, K))
    return and_(row.c.reported_by == ME, any_of(by_guardian, by_unit))


CLOSED = Wall()
WALLS: dict[type[Base], Wall] = {
    Unit: Wall(read=lambda row, _: unit.visible(row)),
    Group: Wall(read=unit.group_visible),
    Setting: Wall(read=lambda row, _: row.c.municipality_id == HERE),
    Enrolment: Wall(read=enrolment_seen),
    GroupMembership: Wall(
        read=membership_seen,
        add=lambda row: and_(
            row.c.role != word("STUDENT"), row.c.substitution_id.is_not(None), substitutes_at(row.c.group_id)
        ),
        change=lambda row: and_(row.c.substitution_id.is_not(None), substitutes_at(row.c.group_id)),
    ),
    Position: Wall(
        read=position_seen,
        add=lambda row: and_(row.c.substitution_id.is_not(None), substitution.led(row.c.unit_id, K)),
        change=lambda row: and_(row.c.substitution_id.is_not(None), substitution.led(row.c.unit_id, K)),
    ),
    Substitution: Wall(
        read=lambda row, keys: substitution.led(row.c.unit_id, keys),
        add=lambda row: and_(row.c.set_by == ME, substitution.led(row.c.unit_id, K)),
        change=lambda row: substitution.led(row.c.unit_id, K),
    ),
    Administrator: CLOSED,
    Person: Wall(add=lambda row: and_(row.c.municipality_id == HERE, row.c.source_id.is_(None), ME.is_not(None))),
    PersonIdentifier: Wall(
        read=number_seen, add=lambda row: and_(row.c.municipality_id == HERE, ME.is_not(None), ~let_in(row))
    ),
    SignInSubject: CLOSED,
    LocalFact: CLOSED,
    Protection: CLOSED,
    Kinship: CLOSED,
    Delegation: CLOSED,
    FamilyRelation: CLOSED,
    ChildProtection: Wall(read=lambda row, keys: strict(row.c.child_id, keys)),
    Guardianship: Wall(read=lambda row, keys: child.visible(row.c.child_id, keys)),
    ParentalResponsibility: Wall(
        read=lambda row, keys: and_(
            row.c.on_child_document, child.related(row.c.child_id, guardian.RESPONSIBILITY, keys)
        )
    ),
    Residence: Wall(read=residence_seen),
    Delegate: Wall(
        read=delegate.visible,
        add=lambda row: and_(row.c.registered_by == ME, delegate.registers(row.c.child_id, row.c.unit_id, K)),
    ),
    Consent: Wall(read=consent_seen, add=lambda row: and_(row.c.guardian_id == ME, K.has(row.c.child_id, "guardian"))),
    Block: Wall(
        read=block.visible,
        add=lambda row: and_(row.c.set_by == ME, strict(row.c.child_id, K)),
        change=lambda row: block.visible(row, K),
    ),
    BlockLift: Wall(
        read=lifts_seen,
        add=lambda row: and_(row.c.lifted_by == ME, lifts_seen(row, K)),
    ),
    Confirmation: Wall(
        read=lambda row, keys: strict(row.c.child_id, keys),
        add=lambda row: and_(row.c.confirmed_by == ME, strict(row.c.child_id, K)),
    ),
    Task: Wall(read=task.visible, change=lambda row: task.visible(row, K)),
    NeedCase: Wall(
        read=case_seen,
        add=lambda row: and_(
            row.c.person_id == ME, row.c.opened_at.is_(None), row.c.approved_by.is_(None), need_case.administers()
        ),
        change=lambda row: and_(case_seen(row, K), approved_by_oneself(row)),
    ),
    Absence: Wall(read=absence_seen, add=absence_told, change=lambda row: absence_seen(row, K)),
    PhotoConsent: Wall(
        read=photo_consent.visible,
        add=lambda row: and_(row.c.person_id == ME, photo_consent.givable(row.c.child_id, row.c.unit_id, K)),
        change=lambda row: and_(row.c.person_id == ME, photo_consent.visible(row, K)),
    ),
    Thread: Wall(
        read=seen_thread,
        add=lambda row: and_(row.c.created_at >= NOW, thread.startable(row.c.child_id, row.c.unit_id, K)),
        change=lambda row: thread.writable(row, K),
    ),
    GuardianSide: CLOSED,
    Participant: Wall(read=seen_thread, add=part_taken),
    ReadPointer: Wall(read=pointer_seen, add=pointer_set, change=pointer_set),
    Message: Wall(
        read=lambda row, keys: message.visible(message.written(row), keys),
        add=lambda row: and_(row.c.author_id == ME, row.c.sent_at >= NOW, of_its_thread(row), writes_in(row)),
        change=lambda row: message.visible(message.written(row), K),
    ),
    Broadcast: Wall(
        read=lambda row, keys: or_(broadcast.visible(row, keys), row.c.sender_id == ME),
        add=lambda row: and_(row.c.sender_id == ME, K.has(row.c.unit_id, "employed")),
        change=lambda row: row.c.sender_id == ME,
    ),
    BroadcastRecipient: Wall(read=recipient_seen, add=recipient_set, change=recipient_set),
    Record: Wall(
        read=record.visible,
        add=lambda row: and_(row.c.author_id == ME, record.is_staff(row.c.child_id, row.c.unit_id, K)),
    ),
    RecordVersion: Wall(
        read=lambda row, keys: of_record(row, lambda one: record.reads(one, keys)),
        add=lambda row: and_(row.c.author_id == ME, of_record(row, writes_record)),
    ),
    RecordReader: Wall(
        read=lambda row, keys: or_(row.c.person_id == ME, of_record(row, lambda one: readers_shown(one, keys))),
        add=lambda row: and_(row.c.named_by == ME, of_record(row, writes_record)),
        change=lambda row: of_record(row, writes_record),
    ),
    RecordOpening: Wall(
        read=lambda row, _: of_record(row, lambda one: record.opening_visible(row, one.c.author_id)),
        add=lambda row: and_(
            row.c.person_id == ME, of_record(row, lambda one: record.leads(one.c.child_id, one.c.unit_id, K))
        ),
    ),
    RecordHold: Wall(
        read=lambda row, keys: of_record(row, lambda one: record.leads(one.c.child_id, one.c.unit_id, keys)),
        add=lambda row: and_(
            row.c.set_by == ME, of_record(row, lambda one: record.leads(one.c.child_id, one.c.unit_id, K))
        ),
        change=lambda row: of_record(row, lambda one: record.leads(one.c.child_id, one.c.unit_id, K)),
    ),
    Attachment: Wall(
        read=lambda row, keys: or_(loose(row), attachment.visible(row, keys)),
        add=lambda row: or_(loose(row), attachment.visible(row, K)),
        change=lambda row: or_(loose(row), attachment.visible(row, K)),
    ),
    AccessLog: Wall(add=lambda _: true()),
    CarriedOut: Wall(
        read=lambda row, _: row.c.person_id == ME,
        add=lambda row: row.c.person_id == ME,
        change=lambda row: row.c.person_id == ME,
    ),
    DataKey: Wall(
        read=lambda row, keys: child.visible(row.c.child_id, keys), add=lambda row: child.visible(row.c.child_id, K)
    ),
    MunicipalityKey: Wall(
        read=lambda row, _: row.c.municipality_id == HERE,
        add=lambda row: and_(row.c.municipality_id == HERE, ME.is_not(None)),
    ),
}
"""Each table that holds something about a person, or about what is theirs."""


def readable() -> list[str]:
    """The tables that the API's role may read, as far as their walls let it."""
    return sorted(model.__tablename__ for model, wall in WALLS.items() if wall.read is not None)


def statements() -> Iterator[str]:
    for model, wall in WALLS.items():
        name, row = model.__tablename__, own_row(model)
        yield f"alter table {name} enable row level security"
        if wall.read is not None:
            yield reading(f"{name}_read", name, (READER, FOR_ALL.role), told(wall.read(row, FOR_ALL.keys), row))
        if wall.add is not None:
            yield f"create policy {name}_add on {name} for insert with check ({told(wall.add(row), row)})"
        if wall.change is not None:
            condition = told(wall.change(row), row)
            yield f"create policy {name}_change on {name} for update using ({condition}) with check ({condition})"


class NameTaken(Exception):
    """A subquery of a policy has the name of the policy's own table, which it would hide."""


@dataclass(frozen=True)
class OwnRow:
    """The row that a policy judges: columns of no FROM, since there is none around them."""

    name: str
    c: OwnColumns


class OwnColumns(dict[str, ColumnElement[Any]]):
    """By name, as an item or an attribute."""

    def __getattr__(self, name: str) -> ColumnElement[Any]:
        return self[name]


def own_row(model: type[Base]) -> FromClause:
    name = model.__tablename__
    columns = {one.name: literal_column(f"{name}.{one.name}", one.type) for one in model.__table__.c}
    return OwnRow(name, OwnColumns(columns))  # type: ignore[return-value] # only its columns are asked for


def reading(policy: str, table: str, roles: Sequence[str], condition: str) -> str:
    return f"create policy {policy} on {table} for select to {', '.join(roles)} using ({condition})"


def at_doors(models: Iterable[type[Base]]) -> Iterator[str]:
    """Policies of the doors that not everybody takes, on the tables that their views read."""
    for model in models:
        name, row, read = model.__tablename__, own_row(model), WALLS[model].read
        for door in DOORS:
            if read is not None and door is not FOR_ALL:
                yield reading(f"{name}_{door.schema}", name, (door.role,), told(read(row, door.keys), row))


def told(condition: ColumnElement[bool], row: FromClause) -> str:
    text = written(condition)
    if f" AS {row.name} " in f"{text} ":  # type: ignore[attr-defined] # it has a name
        raise NameTaken(text)
    return text
