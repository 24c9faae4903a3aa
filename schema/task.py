"""Tasks, as a client sees them."""

from __future__ import annotations

import datetime as dt
from enum import Enum
from typing import TYPE_CHECKING

import strawberry

from schema.node import Node
from schema.writing import PROBLEMS

if TYPE_CHECKING:
    from schema.child import Child
    from schema.need_case import NeedCase
    from schema.person import StaffMember
    from schema.unit import Unit
    from schema.writing import Problem


@strawberry.enum(description="What there is to do.")
class TaskKind(Enum):
    DEPUTY_NEEDED = strawberry.enum_value(
        "DEPUTY_NEEDED", description="Somebody works where their own child, or a child of the family, goes (R2)."
    )
    CONFIRM_GUARDIAN = strawberry.enum_value(
        "CONFIRM_GUARDIAN", description="A guardian or delegate of a protected child waits to be confirmed (R3)."
    )
    UNCLEAR_RESPONSIBILITY = strawberry.enum_value(
        "UNCLEAR_RESPONSIBILITY", description="An entry of parental responsibility says too little to count (R4)."
    )
    CONFLICTING_RESPONSIBILITY = strawberry.enum_value(
        "CONFLICTING_RESPONSIBILITY", description="An adult's document says what the child's own does not (R4)."
    )
    NEED_CASE_REPORT = strawberry.enum_value(
        "NEED_CASE_REPORT", description="A need case of the administration is over: what was the child looked at for?"
    )


@strawberry.type(description="What a unit's leader or the administration has to look at about a child (oppgave).")
class Task(Node):
    id: strawberry.ID = strawberry.field(description="Opaque, and stable.")
    kind: TaskKind = strawberry.field(description="What there is to do.")
    child: Child = strawberry.field(description="About whom.")
    unit: Unit | None = strawberry.field(
        description="The unit whose leader has it; null for one that the administration has."
    )
    person_name: str | None = strawberry.field(description="The adult whom it concerns, where it concerns one.")
    need_case: NeedCase | None = strawberry.field(description="The case that a NEED_CASE_REPORT is on.")
    made_at: dt.datetime = strawberry.field(description="Since when it is there.")
    done_at: dt.datetime | None = strawberry.field(description="When it was done, or nothing was left to do.")
    done_by: StaffMember | None = strawberry.field(
        description="By whom; null where nobody had to, or where the viewer does not see them among the staff."
    )


@strawberry.input(description="A guardian or delegate of a protected child to be let in.")
class ConfirmGuardianInput:
    task_id: strawberry.ID = strawberry.field(description="A task of kind CONFIRM_GUARDIAN, which names them.")


@strawberry.input(description="A task that somebody has looked at.")
class CompleteTaskInput:
    task_id: strawberry.ID = strawberry.field(
        description="Any but CONFIRM_GUARDIAN, which is done by confirming or by setting a block. A NEED_CASE_REPORT "
        "is done by a leader whose own case it was not."
    )


@strawberry.type(description="What came of confirmGuardian.")
class ConfirmGuardianPayload:
    task: Task | None = strawberry.field(description="The task, done; null when it was refused.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of completeTask.")
class CompleteTaskPayload:
    task: Task | None = strawberry.field(description="The task, done; null when it was refused.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)
