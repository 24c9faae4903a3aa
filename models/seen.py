"""What the API reads people through: views of the schema `seen`, since the table of people itself is closed to it.

A person is seen through what ties them to the viewer. `through` views show a table's rows with the people that they
name; whoever sees the row sees the name (C7). The others show people in one of their roles, or rows on one road, as the
policy lets the viewer see them. `authz/walls/views.py` says what each holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Date, FromClause, MetaData, Table, Text, null
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from models.absence import Absence
from models.access_log import AccessLog
from models.attachment import Attachment
from models.broadcast import Broadcast
from models.child import Enrolment
from models.delegate import Delegate
from models.guardian import ParentalResponsibility
from models.message import Message
from models.need_case import NeedCase
from models.person import Person
from models.photo_consent import PhotoConsent
from models.record import RecordReader
from models.staff import Position
from models.standing import Guardianship
from models.substitution import Substitution
from models.task import Task
from models.thread import Participant, Thread
from models.unit import GroupMembership

SCHEMA = "seen"
METADATA = MetaData()
"""Apart from that of the tables: migrations do not make views."""
PERSON: dict[str, Any] = {
    "name": Text(),
    "name_key": Text(),
    "child_key": PG_UUID(as_uuid=True),
    "guardian_key": PG_UUID(as_uuid=True),
    "staff_key": PG_UUID(as_uuid=True),
    "adult_key": PG_UUID(as_uuid=True),
}
"""What a row tells of a person whom it names."""
CHILD: dict[str, Any] = {"birth_date": Date(), "turns_15_on": Date(), "turns_18_on": Date()}


def view(name: str, *columns: Column[Any]) -> Table:
    return Table(name, METADATA, *columns, schema=SCHEMA)


def told_of(prefix: str) -> dict[str, Any]:
    """What a row tells of the person behind the prefix: of a child more than of an adult, and the masks guard it."""
    return PERSON | CHILD if prefix == "child" else PERSON


def through(model: Any, name: str, **people: str) -> Table:
    """A table's columns and, after each prefix, those of the person whose id the named column holds."""
    own = [Column(one.name, one.type) for one in model.__table__.c]
    people_told: list[Column[Any]] = [
        Column(f"{prefix}_{column}", kind) for prefix in people for column, kind in told_of(prefix).items()
    ]
    made = view(name, *own, *people_told)
    made.info["people"] = people
    made.info["of"] = model
    return made


def rows_of(model: Any, name: str) -> Table:
    """A table's columns, of fewer of its rows."""
    made = view(name, *(Column(one.name, one.type) for one in model.__table__.c))
    made.info["of"] = model
    return made


def role(name: str, *columns: str) -> Table:
    """People in one of their roles."""
    described = Person.__table__.c
    return view(
        name, *(Column(one, described[one].type) for one in ("id", "municipality_id", "name", "name_key", *columns))
    )


class SeenThread:
    """A thread, with the child that it is about."""

    __table__ = through(Thread, "thread", child="child_id")


class SeenAccessLog:
    """What an entry of the access log tells of one child, with who looked."""

    __table__ = through(AccessLog, "access_log", looker="person_id")
    __table__.append_column(Column("child_id", PG_UUID(as_uuid=True)))


class SeenCaseLook:
    """An entry of the access log as one of a need case."""

    __table__ = rows_of(AccessLog, "case_look")


class SeenTask:
    """A task; one that reports on a need case with whose case it was."""

    __table__ = through(Task, "task", person="person_id")


class SeenMessage:
    """A message, with its author."""

    __table__ = through(Message, "message", author="author_id")


class SeenParticipant:
    """A participant, with the person."""

    __table__ = through(Participant, "participant", person="person_id")


class SeenGuardianship:
    """That a person is GUARDIAN of a child, with the guardian."""

    __table__ = through(Guardianship, "guardianship", guardian="person_id")


class SeenPosition:
    """A position, with who holds it."""

    __table__ = through(Position, "position", person="person_id")


class SeenGroupMembership:
    """A membership, with who is in the group."""

    __table__ = through(GroupMembership, "group_membership", person="person_id")


class SeenResponsibility:
    """An entry of parental responsibility, with its holder."""

    __table__ = through(ParentalResponsibility, "parental_responsibility", held_by="holder_id")


class SeenDelegate:
    """A delegate's registration, with the adult."""

    __table__ = through(Delegate, "delegate", person="person_id")


class SeenSubstitution:
    """A substitution that has not ended, with the substitute."""

    __table__ = through(Substitution, "substitution", person="person_id")


class SeenNeedCase:
    """A need case, with whoever asked and whoever approved."""

    __table__ = through(NeedCase, "need_case", asker="person_id", approver="approved_by")


class SeenCaseOnChild:
    """A need case whose child is known to the viewer."""

    __table__ = through(NeedCase, "case_on_child", asker="person_id", approver="approved_by")


class SeenRecordReader:
    """A named reader of a record, with the person."""

    __table__ = through(RecordReader, "record_reader", person="person_id")


class SeenPhotoConsent:
    """A consent to photographs, with whoever gave it."""

    __table__ = through(PhotoConsent, "photo_consent", person="person_id")


class SeenAbsence:
    """An absence."""

    __table__ = rows_of(Absence, "absence")


class SeenAttachment:
    """A file that is attached to something."""

    __table__ = rows_of(Attachment, "attachment")


class SeenBroadcast:
    """A unit letter."""

    __table__ = rows_of(Broadcast, "broadcast")


class SeenChild:
    """A child."""

    __table__ = role("child", "child_key", "birth_date", "turns_15_on", "turns_18_on")


class SeenOwnChild:
    """A child to whom the viewer is GUARDIAN or DELEGATE."""

    __table__ = role("own_child", "child_key", "birth_date", "turns_15_on", "turns_18_on")


class SeenPupil:
    """A child to whom the viewer stands in a staff relation."""

    __table__ = role("pupil", "child_key", "birth_date", "turns_15_on", "turns_18_on")


class SeenGuardian:
    """A guardian."""

    __table__ = role("guardian", "guardian_key")


class SeenStaffMember:
    """A member of staff."""

    __table__ = role("staff_member", "staff_key")


class SeenOtherAdult:
    """An adult who is neither."""

    __table__ = role("other_adult", "adult_key")


class SeenOneself:
    """The viewer."""

    __table__ = role(
        "oneself", "child_key", "guardian_key", "staff_key", "adult_key", "birth_date", "turns_15_on", "turns_18_on"
    )


class SeenChildOfUnit:
    """That a child goes to a unit, for whoever has a relation to it there."""

    __table__ = rows_of(Enrolment, "child_of_unit")


class SeenChildOfGroup:
    """That a child is in a group, for whoever has a relation to it at the group's unit."""

    __table__ = rows_of(GroupMembership, "child_of_group")


class SeenWard:
    """That a person is GUARDIAN of a child, for whoever may know the child's guardians."""

    __table__ = rows_of(Guardianship, "ward")


@dataclass(frozen=True, eq=False)
class Named:
    """A person whom a row of a `through` view names, in the place of a joined one."""

    c: Columns


@dataclass(frozen=True)
class Columns:
    row: Any
    prefix: str
    key: str

    def __getitem__(self, name: str) -> Any:
        if name == "id":
            return self.row.c[self.key]
        return self.row.c[f"{self.prefix}_{name}"] if name in told_of(self.prefix) else null()

    def __getattr__(self, name: str) -> Any:
        return self[name]


def named(row: FromClause, prefix: str, key: str) -> FromClause:
    """The person of the prefix, as if joined: `key` is the row's column that holds the id."""
    return Named(Columns(row, prefix, key))  # type: ignore[return-value] # only its columns are asked for
