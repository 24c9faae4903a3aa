"""Absence, as a client sees it."""

from __future__ import annotations

import datetime as dt
from enum import Enum
from typing import TYPE_CHECKING, Any

import strawberry

from schema.node import Node
from schema.scalars import ThreadSide
from schema.writing import KEY, PROBLEMS

if TYPE_CHECKING:
    from schema.child import Child
    from schema.person import Guardian, StaffMember
    from schema.unit import Unit
    from schema.writing import Problem


@strawberry.enum(description="Why a child is absent. There is no finer reason on purpose: a unit need not know more.")
class AbsenceReason(Enum):
    ILLNESS = strawberry.enum_value("ILLNESS", description="Is ill.")
    APPOINTMENT = strawberry.enum_value(
        "APPOINTMENT", description="Is at a doctor's, a dentist's, or another appointment that cannot be moved."
    )
    FUNERAL = strawberry.enum_value("FUNERAL", description="Is at a funeral.")
    LEAVE = strawberry.enum_value("LEAVE", description="Has leave (permisjon), or a day off from SFO or kindergarten.")
    TRANSPORT = strawberry.enum_value("TRANSPORT", description="Is kept by weather, or by a bus that did not come.")
    LATE = strawberry.enum_value("LATE", description="Came late, or will.")
    NOT_REPORTED = strawberry.enum_value(
        "NOT_REPORTED", description="Did not come, and nobody has said why. Only a unit can say so."
    )
    OTHER = strawberry.enum_value("OTHER", description="Another reason, which is not told here.")


@strawberry.enum(description="How an absence ended that does not stand any more.")
class AbsenceEnd(Enum):
    CORRECTED = strawberry.enum_value("CORRECTED", description="Another one stands in its place.")
    WITHDRAWN = strawberry.enum_value("WITHDRAWN", description="It is not so after all.")


@strawberry.type(
    description="A child's absence (fravær) from a unit, as it was reported once. A correction is an absence of its "
    "own; those that stand never overlap, for one child at one unit. Subject staff see the days alone."
)
class Absence(Node):
    id: strawberry.ID = strawberry.field(description="Opaque, and stable.")
    child: Child = strawberry.field(description="Who is absent.")
    unit: Unit = strawberry.field(description="From where.")
    first_day: dt.date = strawberry.field(description="The first day.")
    last_day: dt.date = strawberry.field(description="The last day, which is part of it.")
    from_time: dt.time | None = strawberry.field(
        description="Local time at which a part of a day begins; null for whole days."
    )
    to_time: dt.time | None = strawberry.field(
        description="Local time at which a part of a day ends; null for whole days."
    )
    reason: AbsenceReason | None = strawberry.field(description="Why.")
    note: str | None = strawberry.field(description="Some words more, where the municipality lets there be any.")
    side: ThreadSide | None = strawberry.field(description="Whether a guardian reported it, or the unit itself.")
    reported_at: dt.datetime | None = strawberry.field(description="When it was reported.")
    reported_by: Guardian | None = strawberry.field(
        description="The guardian who reported it. A guardian is not told of another one."
    )
    registered_by: StaffMember | None = strawberry.field(
        description="Who registered it for the unit, while they are employed there."
    )
    confirmed_at: dt.datetime | None = strawberry.field(
        description="When the unit took note of it: at once, where it registered it itself."
    )
    confirmed_by: StaffMember | None = strawberry.field(
        description="Who took note of it for the unit, while they are employed there."
    )
    corrects: Absence | None = strawberry.field(description="The absence in whose place it stands.")
    ended_at: dt.datetime | None = strawberry.field(description="When it was corrected or withdrawn.")
    ended_how: AbsenceEnd | None = strawberry.field(description="How it ended; null while it stands.")


DAYS = (
    "The first day: for a guardian 14 days ago at the earliest, for a unit 400.",
    "The last day: 60 days in all at the most, and not more than a year ahead.",
    "Local time at which a part of a day begins; with `toTime`, on a single day.",
    "Local time at which a part of a day ends.",
    "Some words more, at most 200 characters; NOT_ALLOWED unless the municipality lets there be any.",
)
PLACE = ("Who is absent.", "From where; each unit is told by itself.")


def days_field(number: int, *, optional: bool = False) -> Any:
    return strawberry.field(description=DAYS[number], **({"default": strawberry.UNSET} if optional else {}))


@strawberry.input(description="What a guardian tells a unit.")
class ReportAbsenceInput:
    child_id: strawberry.ID = strawberry.field(description=PLACE[0])
    unit_id: strawberry.ID = strawberry.field(description=PLACE[1])
    first_day: dt.date = days_field(0)
    last_day: dt.date = days_field(1)
    from_time: dt.time | None = days_field(2, optional=True)
    to_time: dt.time | None = days_field(3, optional=True)
    reason: AbsenceReason = strawberry.field(description="Why; NOT_REPORTED is for units.")
    note: str | None = days_field(4, optional=True)
    idempotency_key: strawberry.ID = strawberry.field(description=KEY)


@strawberry.input(description="What a unit registers itself.")
class RegisterAbsenceInput:
    child_id: strawberry.ID = strawberry.field(description=PLACE[0])
    unit_id: strawberry.ID = strawberry.field(description="From where.")
    first_day: dt.date = days_field(0)
    last_day: dt.date = days_field(1)
    from_time: dt.time | None = days_field(2, optional=True)
    to_time: dt.time | None = days_field(3, optional=True)
    reason: AbsenceReason = strawberry.field(description="Why.")
    note: str | None = days_field(4, optional=True)
    idempotency_key: strawberry.ID = strawberry.field(description=KEY)


@strawberry.input(description="An absence of which a unit takes note.")
class ConfirmAbsenceInput:
    absence_id: strawberry.ID = strawberry.field(description="The absence.")


@strawberry.input(description="What stands in the place of an absence; all of it is told anew.")
class CorrectAbsenceInput:
    absence_id: strawberry.ID = strawberry.field(description="The absence that was wrong.")
    first_day: dt.date = days_field(0)
    last_day: dt.date = days_field(1)
    from_time: dt.time | None = days_field(2, optional=True)
    to_time: dt.time | None = days_field(3, optional=True)
    reason: AbsenceReason = strawberry.field(description="Why; NOT_REPORTED is for units.")
    note: str | None = days_field(4, optional=True)
    idempotency_key: strawberry.ID = strawberry.field(description=KEY)


@strawberry.input(description="An absence that is not so after all.")
class WithdrawAbsenceInput:
    absence_id: strawberry.ID = strawberry.field(description="The absence.")


@strawberry.type(description="What came of it.")
class ReportAbsencePayload:
    absence: Absence | None = strawberry.field(description="The absence as it was reported.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of it.")
class RegisterAbsencePayload:
    absence: Absence | None = strawberry.field(description="The absence as it was registered.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of it.")
class ConfirmAbsencePayload:
    absence: Absence | None = strawberry.field(description="The absence, with who took note of it first.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of it.")
class CorrectAbsencePayload:
    absence: Absence | None = strawberry.field(description="The absence that stands now; it names the other one.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of it.")
class WithdrawAbsencePayload:
    absence: Absence | None = strawberry.field(
        description="The absence, which has ended; null to subject staff, who see none that has."
    )
    problems: list[Problem] = strawberry.field(description=PROBLEMS)
