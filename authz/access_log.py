"""Who sees who has looked at a child's data (C2, L2); and what of a row, and of a viewer, says about whom it is.

A look is logged with the relation by which it was seen, and the unit of that relation. What is read as family is not
logged: L2 asks for staff, administration and machine clients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    column,
    false,
    func,
    or_,
    select,
    true,
)

from authz import child, delegate, guardian, need_case, task, thread, unit
from authz.engine.policy import Line, Relation, opens, settled
from authz.engine.sql import (
    ME,
    TODAY,
    UUIDS,
    Keys,
    all_of,
    any_of,
    bit,
    bits,
    exists_in,
    fact,
    holds,
    number,
    word,
)
from models import (
    Delegate,
    Enrolment,
    Group,
    GroupMembership,
    Guardianship,
    Message,
    NeedCase,
    Participant,
    Position,
    Record,
    RecordVersion,
    Task,
)

SEEN = Relation.GUARDIAN | Relation.UNIT_LEADER | Relation.CASE_WORKER
WHO = Relation.UNIT_LEADER | Relation.CASE_WORKER
OF_UNIT = "to a leader, those of the own unit and of the administration"
IN_CASE = "to a case worker, in a case opened for that"

LINES: dict[str, Line] = {
    "Child.accessLog": opens(SEEN, "C2", "L2", says=f"{OF_UNIT}; {IN_CASE}"),
    "AccessLogEntry.at": settled(SEEN, "C2", "L2"),
    "AccessLogEntry.role": settled(SEEN, "C2", "L2"),
    "AccessLogEntry.unit": settled(SEEN, "C2", "L2"),
    "AccessLogEntry.lookedByName": opens(WHO, "C2", "L2"),
    "AccessLogEntry.subjects": opens(WHO, "C2", "L2"),
    # A name that the client chose may say that a thread was read.
    "AccessLogEntry.operation": opens(Relation.UNIT_LEADER, "C2", "L2"),
}


# --- who sees it ----------------------------------------------------------------------------------------------------


def for_each_child(entry: FromClause) -> FromClause:
    """An entry as a row for each of its children, whom the judgements are about."""
    seen = func.unnest(entry.c.children).table_valued(column("child_id", Uuid()), name="seen_child").render_derived()
    return select(*entry.c, seen.c.child_id).select_from(entry.join(seen, true())).subquery("look")


def case_for_it(child_id: ColumnElement, keys: Keys) -> ColumnElement[bool]:
    """The viewer has an open need case on the child, and it was opened to see this."""
    need = fact(NeedCase, "case_for_log")
    opened = exists_in(
        need,
        need.c.child_id == child_id,
        need.c.person_id == ME,
        need.c.for_access_log,
        need_case.is_open(need),
    )
    return all_of(keys.has(child_id, "cases"), opened) if "cases" in keys else any_of()


def leads_there(entry: FromClause, keys: Keys) -> ColumnElement[bool]:
    """C2's mark U: seen by a relation at the leader's own unit; or by the administration, which is at none."""
    here = child.related_at(entry.c.child_id, entry.c.unit_id, Relation.UNIT_LEADER, keys)
    by_administration = all_of(
        child.enrolled_at(entry.c.child_id, "led", keys), entry.c.relation == number(Relation.CASE_WORKER)
    )
    return any_of(here, by_administration)


def as_guardian(entry: FromClause, keys: Keys) -> ColumnElement[bool]:
    """A look at messages alone is told to guardians whose own thread at that unit it may have been at: to another it
    would tell that there is one, since a child without any is never in an inbox (C5, T2, T7)."""
    part, reader = fact(Participant, "own_thread_there"), fact(Participant, "reader_of_own")
    takes_part = exists_in(reader, reader.c.thread_id == part.c.thread_id, reader.c.person_id == entry.c.person_id)
    own = exists_in(
        part,
        part.c.person_id == ME,
        part.c.child_id == entry.c.child_id,
        part.c.unit_id == entry.c.unit_id,
        part.c.side == word("GUARDIAN"),
        part.c.joined_at <= entry.c.at,
        or_(entry.c.relation != number(Relation.SUBJECT_STAFF), takes_part),
    )
    return all_of(keys.has(entry.c.child_id, "guardian"), or_(~entry.c.messages_alone, own))


def in_case(entry: FromClause, keys: Keys) -> ColumnElement[bool]:
    """But for looks at messages alone: the administration does not learn that there is one."""
    return all_of(case_for_it(entry.c.child_id, keys), ~entry.c.messages_alone)


def mask(entry: FromClause, keys: Keys) -> ColumnElement[int]:
    """The viewer's relations by which they see more of the entry than a guardian, as bits."""
    return bits(
        bit(leads_there(entry, keys), Relation.UNIT_LEADER),
        bit(in_case(entry, keys), Relation.CASE_WORKER),
    )


def visible(entry: FromClause, keys: Keys) -> ColumnElement[bool]:
    return any_of(as_guardian(entry, keys), leads_there(entry, keys), in_case(entry, keys))


def looked_in_case(entry: FromClause, keys: Keys) -> ColumnElement[bool]:
    """By whose case it is, to whoever is shown what was looked at in it."""
    need = fact(NeedCase, "looked_in")
    own = and_(need.c.id == entry.c.need_case_id, need.c.person_id == entry.c.person_id)
    return exists_in(need, own, need_case.looks_shown(need, keys))


# --- about whom a row is --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class About:
    """Where a row says about which child it is, and at which unit it was made; without one it is the child as such."""

    child: Callable[[FromClause, Keys], ColumnElement]
    unit: Callable[[FromClause], ColumnElement] | None = None
    case: Callable[[FromClause], ColumnElement] | None = None
    """The need case of somebody else that a row shows to the administration; null to anybody else."""
    message: Callable[[FromClause], ColumnElement] | None = None
    """Set where the row hangs on a message; for a type of which only some do."""


def made_at_unit(row: FromClause) -> ColumnElement:
    return row.c.unit_id


def unit_of_file(row: FromClause) -> ColumnElement:
    """That of the message or of the record which the file is attached to."""
    message, version, record = fact(Message, "of_file"), fact(RecordVersion, "file_of"), fact(Record, "of_version")
    by_message = select(message.c.unit_id).where(message.c.id == row.c.message_id).correlate_except(message)
    by_record = (
        select(record.c.unit_id)
        .select_from(version.join(record, record.c.id == version.c.record_id))
        .where(version.c.id == row.c.record_version_id)
        .correlate_except(version, record)
    )
    return func.coalesce(by_message.scalar_subquery(), by_record.scalar_subquery())


def approves(row: FromClause) -> ColumnElement[bool]:
    """One of the administration reads another's case, to approve it: it tells whom that one asked for."""
    return need_case.for_colleague(row)


OF_CHILD_AT_UNIT = About(lambda row, _: row.c.child_id, made_at_unit)
ABOUT: Mapping[str, About] = {
    "Child": About(lambda row, _: row.c.id),
    "Thread": OF_CHILD_AT_UNIT,
    "Message": OF_CHILD_AT_UNIT,
    "Record": OF_CHILD_AT_UNIT,
    "Absence": OF_CHILD_AT_UNIT,
    "Delegate": OF_CHILD_AT_UNIT,
    "Task": OF_CHILD_AT_UNIT,
    "Attachment": About(lambda row, _: row.c.child_id, unit_of_file, message=lambda row: row.c.message_id),
    "Block": About(lambda row, _: row.c.child_id),
    "NeedCase": About(
        # A case on nobody stands for itself: were it not logged, its answer would leave earlier.
        lambda row, keys: case(
            (need_case.open_to_viewer(row, keys), row.c.child_id),
            (approves(row), func.coalesce(row.c.child_id, row.c.id)),
        ),
        case=lambda row: case((approves(row), row.c.id)),
    ),
}
"""Types whose rows say it themselves."""
OF_THREADS = {"Thread", "Message"}
"""Those of them of which the administration learns nothing."""
ADULTS = {"Guardian", "OtherAdult"}
"""Types that are seen through children: asked for by id, each is logged with those."""
BENEATH = {
    "ParentalResponsibility", "Participant", "RecordVersion", "RecordReader", "RecordOpening", "PhotoConsent",
    "Consent", "BlockLift", "Confirmation", "AccessLogEntry", "NeedCaseLook",
}  # fmt: skip
"""Types that are only ever met beneath a row which says about whom it is."""
OF_NO_CHILD = {
    "Unit", "Group", "StaffMember", "Position", "Substitution", "SubstituteGroup", "Broadcast",
}  # fmt: skip
BY_CASE = {"Group", "StaffMember"}
"""Of those, what the administration sees because of a child: what it is told of them is of that child."""
COUNTED_BY_CASE = {"Unit.children", "Viewer.tasks"}
"""Numbers that are of no child to whoever works there, and to a case worker of one."""
SAID_ABOVE = {"Thread.messages", "Thread.latestMessage", "Message.attachments", "RecordVersion.attachments"}
"""Lists of the same child and unit as the row that they hang on."""
BY_NAME = {"id", "name", "__typename"}
"""What C7 opens of a child: by the relation to the thread that says so."""
OF_GUARDIAN = {"contact"}
"""What C2 opens of a guardian by the relation to any of their children."""
WORKING = {"contact", "subject_staff", "led", "staffed", "history", "cases"}
"""Key sets of whose owner something may have to be logged."""


# --- by what the viewer saw it --------------------------------------------------------------------------------------

THESE: ColumnElement = bindparam("parents", type_=UUIDS)


def own_units_of(keys: Keys) -> Select:
    """Of these children, the viewer's units where they go or went, and whether they go there now: for what is seen of a
    child as such, by a leader or by the staff of an SFO or kindergarten."""
    enrolment = fact(Enrolment, "goes_or_went")
    return (
        select(enrolment.c.child_id, enrolment.c.unit_id, func.bool_or(holds(enrolment)).label("now"))
        .where(
            enrolment.c.child_id == any_(THESE),
            any_of(keys.has(enrolment.c.unit_id, "led"), keys.has(enrolment.c.unit_id, "staffed")),
            enrolment.c.since <= TODAY,
        )
        .group_by(enrolment.c.child_id, enrolment.c.unit_id)
    )


def own_cases_on(_: Keys) -> Select:
    """The viewer's open cases on these children, the latest first."""
    need = fact(NeedCase, "own_case")
    return (
        select(need.c.child_id, need.c.id)
        .where(need.c.child_id == any_(THESE), need.c.person_id == ME, need_case.is_open(need))
        .order_by(need.c.opened_at.desc(), need.c.id.desc())
    )


def in_groups(keys: Keys) -> Select:
    """The children of the viewer's cases who belong to these groups."""
    membership, group = fact(GroupMembership, "group_of_case"), fact(Group, "seen_group")
    return (
        select(membership.c.person_id)
        .select_from(membership.join(group, group.c.id == membership.c.group_id))
        .where(
            group.c.id == any_(THESE),
            unit.belongs(membership, group),
            keys.has(membership.c.person_id, "cases"),
            keys.has_not(group.c.unit_id, "employed"),
        )
    )


def counted_at(keys: Keys) -> Select:
    """The children of the viewer's cases who go to these units, where the viewer does not work."""
    enrolment = fact(Enrolment, "enrolment_counted")
    return select(enrolment.c.child_id).where(
        enrolment.c.unit_id == any_(THESE),
        holds(enrolment),
        keys.has(enrolment.c.child_id, "cases"),
        keys.has_not(enrolment.c.unit_id, "employed"),
    )


def with_tasks(keys: Keys) -> Select:
    """Those of these children whom tasks of the viewer's are about."""
    row = fact(Task, "counted_task")
    return select(row.c.child_id).distinct().where(row.c.child_id == any_(THESE), task.visible(row, keys))


def at_units_of(keys: Keys) -> Select:
    """The children of the viewer's cases who go where these members of staff work, who are no colleagues."""
    position, enrolment = fact(Position, "seen_position"), fact(Enrolment, "enrolment_of_case")
    beside = fact(Position, "position_beside")
    colleague = exists_in(
        beside, beside.c.person_id == position.c.person_id, holds(beside), keys.has(beside.c.unit_id, "employed")
    )
    return (
        select(enrolment.c.child_id)
        .select_from(position.join(enrolment, enrolment.c.unit_id == position.c.unit_id))
        .where(
            position.c.person_id == any_(THESE),
            holds(position),
            holds(enrolment),
            keys.has(enrolment.c.child_id, "cases"),
            ~colleague,
        )
    )


def through_guardians(keys: Keys) -> Select:
    """Through whom C8 and C7 show these guardians: the children whose GUARDIAN they are now, and whether a thread alone
    does."""
    held, part = fact(Guardianship, "seen_guardianship"), fact(Participant, "seen_part")
    by_thread = exists_in(
        part,
        part.c.person_id == held.c.person_id,
        part.c.child_id == held.c.child_id,
        part.c.side == word("GUARDIAN"),
        thread.visible(part, keys),
    )
    related = child.related(held.c.child_id, guardian.SEEN, keys)
    return (
        select(held.c.child_id, ~related)
        .distinct()
        .where(held.c.person_id == any_(THESE), holds(held), or_(related, by_thread))
    )


def through_other_adults(keys: Keys) -> Select:
    """Through whom C7 and C2 show these adults: children of threads in which they took part, and of registrations; and
    whether it is a thread."""
    part, registered = fact(Participant, "adult_part"), fact(Delegate, "adult_registration")
    by_thread = select(part.c.child_id, part.c.unit_id, true()).where(
        part.c.person_id == any_(THESE),
        part.c.side == word("GUARDIAN"),
        ~guardian.is_guardian(part.c.person_id, part.c.child_id),
        thread.visible(part, keys),
    )
    by_registration = select(registered.c.child_id, registered.c.unit_id, false()).where(
        registered.c.person_id == any_(THESE), delegate.visible(registered, keys), delegate.active(registered)
    )
    return by_thread.union(by_registration)  # type: ignore[return-value] # a SELECT as much as any
