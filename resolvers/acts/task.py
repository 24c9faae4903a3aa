"""Confirming whom a protected child waits for, and doing other tasks (R2 to R4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, insert, select, update

from authz import task as policy
from authz.engine.sql import table
from models import Confirmation, Task, new_key
from resolvers.acting import Acting, Outcome
from resolvers.acts.child import WHICH, follow_up, strict_relation
from resolvers.engine.source import Act, ReadBack, Source, Told
from resolvers.problems import ActRefused, Problem, ProblemCode, Text, not_allowed, not_found

TO_CONFIRM = "CONFIRM_GUARDIAN"
DONE = Text(nb="Oppgaven er alt gjort.", nn="Oppgåva er alt gjord.", en="The task has already been done.")
BY_CONFIRMING = Text(
    nb="Denne oppgaven gjøres ved å bekrefte, eller ved å sette en sperre.",
    nn="Denne oppgåva blir gjord ved å stadfeste, eller ved å setje ei sperre.",
    en="This task is done by confirming, or by setting a block.",
)
OWN_CASE = Text(
    nb="Det er din egen sak. En annen leder må se på den.",
    nn="Det er di eiga sak. Ein annan leiar må sjå på henne.",
    en="It is your own case. Another leader has to look at it.",
)
NOT_TO_CONFIRM = Text(
    nb="Denne oppgaven gjelder ikke en bekreftelse.",
    nn="Denne oppgåva gjeld ikkje ei stadfesting.",
    en="This task does not ask for a confirmation.",
)


async def held_task(acting: Acting, told: str) -> tuple[UUID, RowMapping]:
    """A task that the viewer sees and nobody has done, with its child held."""
    task_id = acting.key_of(told, "Task", "input", "taskId")
    row = table(Task, "the_task")
    known = await acting.row(
        select(row.c.child_id).where(row.c.id == WHICH, policy.visible(row, acting.keys)), which=task_id
    )
    if known is None:
        raise not_found("input", "taskId")
    await acting.hold_child(known["child_id"], changing=True)
    own_case = policy.on_own_case(row).label("own_case")
    found = await acting.row(
        select(row, own_case).where(row.c.id == WHICH, policy.visible(row, acting.keys)), which=task_id
    )
    if found is None:
        raise not_found("input", "taskId")
    acting.met(found["child_id"], found["unit_id"])
    if found["done_at"] is not None:
        raise ActRefused(Problem(ProblemCode.TOO_LATE, DONE, ("input", "taskId")))
    return task_id, found


async def confirm_guardian(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """Lets the guardian or delegate in, from today on; every unit's task about them is done with it."""
    task_id, found = await held_task(acting, given["taskId"])
    held = await strict_relation(acting, found["child_id"])
    if held is None or found["kind"] != TO_CONFIRM or found["person_id"] == acting.viewer_id:
        raise not_allowed("input", "taskId", text=NOT_TO_CONFIRM)
    await acting.write(
        insert(Confirmation).values(
            id=new_key(), child_id=found["child_id"], person_id=found["person_id"], since=acting.today,
            confirmed_by=acting.viewer_id, confirmed_at=acting.now, confirmed_as=held.name,
        )
    )  # fmt: skip
    await follow_up(acting, found["child_id"])
    return {"task": task_id}


async def complete_task(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """Says that somebody has looked at it. It is not asked for again while its reason stays the same."""
    task_id, found = await held_task(acting, given["taskId"])
    if found["kind"] == TO_CONFIRM:
        raise not_allowed("input", "taskId", text=BY_CONFIRMING)
    if found["own_case"]:
        raise not_allowed("input", "taskId", text=OWN_CASE)
    await acting.write(update(Task).where(Task.id == task_id).values(done_at=acting.now, done_by=acting.viewer_id))
    return {"task": task_id}


SOURCES: dict[str, Source] = {
    "Mutation.confirmGuardian": Act(confirm_guardian),
    "Mutation.completeTask": Act(complete_task),
    "ConfirmGuardianPayload.task": ReadBack(("Task",)),
    "ConfirmGuardianPayload.problems": Told(),
    "CompleteTaskPayload.task": ReadBack(("Task",)),
    "CompleteTaskPayload.problems": Told(),
}
