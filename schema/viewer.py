"""The root of the graph: who asks, objects by id, and why something is seen."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import strawberry

from schema.broadcast import UnitLetterPreviewInput
from schema.child import Child
from schema.node import Node, Person
from schema.scalars import Connection, Relation, argument, asked, paged
from schema.writing import RecipientPreviewInput

if TYPE_CHECKING:
    from schema.broadcast import UnitLetterPreview
    from schema.need_case import NeedCase
    from schema.task import Task
    from schema.thread import Thread
    from schema.unit import Unit
    from schema.writing import RecipientPreview


@strawberry.input(description="Which threads; all conditions must hold.")
class ThreadFilter:
    unit_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Of this unit.")
    child_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="About this child.")
    unread_only: bool | None = strawberry.field(default=strawberry.UNSET, description="With unread messages.")
    participating_only: bool | None = strawberry.field(
        default=strawberry.UNSET, description="In which the viewer takes part."
    )


@strawberry.type(description="Whoever asks, as the token says it.")
class Viewer:
    person: Person | None = strawberry.field(
        description="The viewer as staff member if employed now and signed in so, else as guardian, else as another "
        "adult, else as a child; null for a machine client and for whoever is none of these."
    )
    municipality: str = strawberry.field(description="Name of the municipality that the viewer is signed in to.")
    units: list[Unit] = strawberry.field(description="Where the viewer is employed or leads, by name.")
    children: list[Child] = strawberry.field(description="Those whose guardian or delegate the viewer is, by name.")
    pupils: Connection[Child] = paged(
        "Children enrolled now to whom the viewer is contact teacher, subject staff, unit staff or leader, by name."
    )
    threads: Connection[Thread] = paged(
        "Every thread that the viewer may see, newest first.",
        argument("filter", ThreadFilter | None, "Which of them; all when left out."),
    )
    cases: Connection[NeedCase] = paged(
        "Need cases: the viewer's own, those that wait for the viewer to approve them, and those on children of a unit "
        "that the viewer leads; newest first. The administration's road to a child."
    )
    tasks: Connection[Task] = paged("Open tasks that the viewer has, oldest first.")
    unread_count: int = strawberry.field(description="Unread messages in all threads that the viewer may see.")


@strawberry.type(description="Why something is seen: every fact that holds, and what each opens.")
class AccessExplanation:
    visible: bool = strawberry.field(
        description="False too for an id that never was, and for questions that are not the viewer's to ask."
    )
    reasons: list[AccessReason] = strawberry.field(description="One for each fact; none for a missing access.")


@strawberry.type(description="A fact that opens something.")
class AccessReason:
    relation: Relation = strawberry.field(description="The relation that holds.")
    rule: str = strawberry.field(description="The rule of docs/rules.md that it opens by.")
    fact: str = strawberry.field(description="The fact, in words.")
    since: dt.date | None = strawberry.field(description="The first day; null where it is not for the viewer.")
    until: dt.date | None = strawberry.field(description="The first day on which it holds no more.")
    opens: list[str] = strawberry.field(description="Fields that the relation opens, as Type.field.")


@strawberry.type(description="Everything that can be read.")
class Query:
    viewer: Viewer = strawberry.field(description="Whoever asks.")
    node: Node | None = asked(
        "An object by its global id; null where the viewer does not see it.",
        argument("id", strawberry.ID, "A global id."),
    )
    nodes: list[Node | None] = asked(
        "Objects by their global ids, in the order of the ids; null as in `node`.",
        argument("ids", list[strawberry.ID], "Global ids, 500 at most."),
    )
    explain_access: AccessExplanation = asked(
        "Why the viewer, or for a leader or the administration another person, sees a node.",
        argument("viewer", strawberry.ID | None, "By whom it is seen; the viewer when left out."),
        argument("node", strawberry.ID, "The node that is seen."),
    )
    recipient_preview: RecipientPreview = asked(
        "Whom a new thread or a message would reach, and who else could read it, before it is written.",
        argument("input", RecipientPreviewInput, "What would be written where."),
    )
    unit_letter_preview: UnitLetterPreview = asked(
        "Whom a unit letter would reach, and who else could read its threads, before it is sent.",
        argument("input", UnitLetterPreviewInput, "Whom it would be for."),
    )
