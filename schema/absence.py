"""Absence, as a client sees it."""

from __future__ import annotations

import datetime as dt
from enum import Enum
from typing import TYPE_CHECKING

import strawberry

from schema.node import Node
from schema.scalars import ThreadSide

if TYPE_CHECKING:
    from schema.child import Child
    from schema.person import Guardian, StaffMember
    from schema.unit import Unit


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
