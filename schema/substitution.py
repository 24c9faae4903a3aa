"""Substitutes, as a client sees them."""

from __future__ import annotations

import datetime as dt
from enum import Enum
from typing import TYPE_CHECKING

import strawberry

from schema.node import Node
from schema.scalars import StaffRole
from schema.writing import KEY, PROBLEMS

if TYPE_CHECKING:
    from schema.person import StaffMember
    from schema.unit import Group, Unit
    from schema.writing import Problem


@strawberry.enum(description="As what somebody teaches a group.")
class GroupRole(Enum):
    CONTACT_TEACHER = strawberry.enum_value("CONTACT_TEACHER", description="Contact teacher (kontaktlærer).")
    SUBJECT_TEACHER = strawberry.enum_value("SUBJECT_TEACHER", description="Subject teacher (faglærer).")
    ASSISTANT = strawberry.enum_value("ASSISTANT", description="Assistant (assistent).")


@strawberry.type(description="Somebody whom the leader lets work at the unit for a period (vikar). It ends by itself.")
class Substitution(Node):
    id: strawberry.ID = strawberry.field(description="Opaque, and stable.")
    unit: Unit = strawberry.field(description="Where.")
    name: str = strawberry.field(description="Who, as the leader wrote it.")
    staff_member: StaffMember | None = strawberry.field(
        description="The same as staff; null before the first day, unless they are seen as staff anyhow."
    )
    role: StaffRole = strawberry.field(description="As what they work at the unit.")
    groups: list[SubstituteGroup] = strawberry.field(description="Their groups, in the order in which they were told.")
    since: dt.date = strawberry.field(description="The first day.")
    until: dt.date = strawberry.field(description="The first day on which they work here no more.")
    set_by: StaffMember | None = strawberry.field(description="Who decided it; null once they are not seen as staff.")
    set_at: dt.datetime = strawberry.field(description="When it was decided.")


@strawberry.type(description="A substitute's role in a group.")
class SubstituteGroup:
    group: Group = strawberry.field(description="In which group.")
    role: GroupRole = strawberry.field(description="As what.")


@strawberry.input(description="A role that the substitute takes over in a group of the school.")
class SubstituteGroupInput:
    group_id: strawberry.ID = strawberry.field(description="In which group.")
    role: GroupRole = strawberry.field(description="As what.")


@strawberry.input(
    description="Somebody to work at the unit for a period: a member of staff whom the viewer sees, or a number and a "
    "name."
)
class AppointSubstituteInput:
    unit_id: strawberry.ID = strawberry.field(description="Where.")
    staff_member_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="A StaffMember id.")
    national_id: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Their national identity number, together with the name; INVALID where they are not yet 18.",
    )
    name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Their first and last name, at most 200 characters. Nobody is told whether it is the name of the "
        "number: under another one whoever has the number does not get in.",
    )
    role: StaffRole = strawberry.field(description="At a school TEACHER or ASSISTANT, elsewhere STAFF.")
    since: dt.date | None = strawberry.field(
        default=strawberry.UNSET, description="The first day; today when left out, and never earlier."
    )
    until: dt.date = strawberry.field(
        description="The first day on which they work here no more, a year after the first at the latest."
    )
    groups: list[SubstituteGroupInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Roles in groups of a school, at most 50; without one a teacher sees no child.",
    )
    idempotency_key: strawberry.ID = strawberry.field(description=KEY)


@strawberry.input(description="A substitution to be ended before its day.")
class EndSubstitutionInput:
    substitution_id: strawberry.ID = strawberry.field(description="From now on it holds no more.")


@strawberry.type(description="What came of appointSubstitute.")
class AppointSubstitutePayload:
    substitution: Substitution | None = strawberry.field(description="The substitution; null when it was refused.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of endSubstitution.")
class EndSubstitutionPayload:
    unit: Unit | None = strawberry.field(description="The unit; null when it was refused.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)
