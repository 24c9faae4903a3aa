"""Substitutes, as a client sees them."""

from __future__ import annotations

import datetime as dt
from enum import Enum
from typing import TYPE_CHECKING

import strawberry

from schema.node import Node
from schema.scalars import StaffRole

if TYPE_CHECKING:
    from schema.person import StaffMember
    from schema.unit import Group, Unit


@strawberry.enum(description="As what somebody teaches a group.")
class GroupRole(Enum):
    CONTACT_TEACHER = strawberry.enum_value("CONTACT_TEACHER", description="Contact teacher (kontaktlærer).")
    SUBJECT_TEACHER = strawberry.enum_value("SUBJECT_TEACHER", description="Subject teacher (faglærer).")
    ASSISTANT = strawberry.enum_value("ASSISTANT", description="Assistant (assistent).")


@strawberry.type(description="Somebody whom the leader lets work at the unit for a period (vikar). It ends by itself.")
class Substitution(Node):
    id: strawberry.ID = strawberry.field(description="Opaque, and stable.")
    unit: Unit = strawberry.field(description="Where.")
    name: str = strawberry.field(description="Who.")
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
