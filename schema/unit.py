"""Units and the groups in them, as a client sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import strawberry

from schema.node import Node
from schema.scalars import ABSENCES, Connection, GroupKind, UnitKind, paged

if TYPE_CHECKING:
    from schema.absence import Absence
    from schema.broadcast import Broadcast
    from schema.child import Child
    from schema.need_case import NeedCase
    from schema.person import StaffMember
    from schema.substitution import Substitution
    from schema.thread import Thread


@strawberry.type(description="A school, an SFO or a kindergarten.")
class Unit(Node):
    id: strawberry.ID = strawberry.field(description="Opaque, and stable.")
    name: str = strawberry.field(description="What the unit is called.")
    kind: UnitKind = strawberry.field(description="What kind of unit it is.")
    phone: str | None = strawberry.field(description="The unit's telephone number.")
    groups: list[Group] = strawberry.field(description="Its groups that the viewer sees, by name.")
    staff: list[StaffMember] = strawberry.field(description="Those employed here now whom the viewer sees, by name.")
    children: Connection[Child] = paged(
        "Children enrolled here now whom the viewer sees by a relation at this unit, by name."
    )
    threads: Connection[Thread] = paged("Threads of this unit that the viewer sees, newest first.")
    broadcasts: Connection[Broadcast] = paged("Letters of this unit that the viewer sees, newest first.")
    absences: Connection[Absence] = paged(
        "Absence from this unit that the viewer sees, the latest days first: with `on`, who is absent that day.",
        *ABSENCES,
    )
    need_cases: Connection[NeedCase] = paged(
        "Need cases of the administration on children who go here now, newest first, since they were asked for; none "
        "for whoever does not lead the unit."
    )
    substitutions: list[Substitution] = strawberry.field(
        description="Substitutes, now and to come, by their first day; none for whoever does not lead the unit."
    )


@strawberry.type(description="A class, a teaching group or a department of a unit.")
class Group(Node):
    id: strawberry.ID = strawberry.field(description="Opaque, and stable.")
    name: str = strawberry.field(description="What the group is called.")
    kind: GroupKind = strawberry.field(description="What kind of group it is.")
    unit: Unit = strawberry.field(description="The unit that it belongs to.")
    children: list[Child] = strawberry.field(
        description="Children who belong to it now and whom the viewer sees by a relation at its unit, by name."
    )
    staff: list[StaffMember] = strawberry.field(
        description="Teachers and assistants of the group whom the viewer sees, by name."
    )
