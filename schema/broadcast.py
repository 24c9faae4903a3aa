"""Unit letters, as a client sees them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import strawberry

from schema.node import Node
from schema.scalars import Connection, paged
from schema.writing import ACKNOWLEDGED, KEY, PROBLEMS

if TYPE_CHECKING:
    from schema.child import Child
    from schema.person import Guardian, StaffMember
    from schema.thread import Thread
    from schema.unit import Group, Unit
    from schema.writing import PreviewReader, Problem


@strawberry.type(
    description="A unit letter: one message to the homes of a group or a unit, as a thread with each guardian of each "
    "child. The threads begin in the background; each answer is in its own thread. Every number counts threads that "
    "the viewer sees."
)
class Broadcast(Node):
    id: strawberry.ID = strawberry.field(description="Opaque, and stable.")
    unit: Unit = strawberry.field(description="The unit that its threads belong to.")
    group: Group | None = strawberry.field(description="To whose homes it goes; null for the whole unit.")
    sender: StaffMember | None = strawberry.field(description="Who sent it, while they are employed at the unit.")
    subject: str = strawberry.field(description="What it is about.")
    body: str | None = strawberry.field(description="The text.")
    on_behalf_of_unit: bool = strawberry.field(description="Written on behalf of the unit.")
    sent_at: dt.datetime = strawberry.field(description="When it was sent.")
    finished_at: dt.datetime | None = strawberry.field(
        description="When the last of its threads had begun; null while some have not."
    )
    recipients: int = strawberry.field(description="How many threads there are or will be.")
    delivered: int = strawberry.field(description="How many of them have begun.")
    read: int = strawberry.field(description="How many the guardian has marked as read.")
    answered: int = strawberry.field(description="How many the guardian has written in.")
    threads: Connection[Thread] = paged("Its threads that the viewer sees, newest first.")


@strawberry.input(description="Whom a unit letter is for.")
class UnitLetterPreviewInput:
    unit_id: strawberry.ID = strawberry.field(description="The unit.")
    group_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="A group of it; the whole unit when left out."
    )


@strawberry.type(description="A guardian whom a unit letter would reach, in a thread about the child.")
class LetterRecipient:
    child: Child | None = strawberry.field(description="About whom.")
    guardian: Guardian | None = strawberry.field(description="Who gets it.")


@strawberry.type(description="Whom a unit letter would reach if it were sent now.")
class UnitLetterPreview:
    recipients: list[LetterRecipient] = strawberry.field(
        description="Each guardian of each child, by the child's name. Nobody else gets it."
    )
    readers: list[PreviewReader] = strawberry.field(
        description="Staff who can read threads that it begins, beside the sender, by name."
    )
    threads: int | None = strawberry.field(description="How many threads it would begin.")
    preview_token: str | None = strawberry.field(description="For `sendUnitLetter`, as long as nothing of it changes.")
    problems: list[Problem] = strawberry.field(description="Why there is no preview; empty when there is.")


@strawberry.input(description="A unit letter.")
class SendUnitLetterInput:
    unit_id: strawberry.ID = strawberry.field(description="The unit.")
    group_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="A group of it; the whole unit when left out."
    )
    subject: str = strawberry.field(description="What it is about; at most 200 characters.")
    body: str = strawberry.field(description="The text; at most 20,000 characters.")
    on_behalf_of_unit: bool | None = strawberry.field(
        default=False, description="Written on behalf of the unit, by its staff or leader."
    )
    acknowledge_sensitive: bool | None = strawberry.field(default=False, description=ACKNOWLEDGED)
    preview_token: str = strawberry.field(
        description="Of `unitLetterPreview`; a CONFLICT when whom it reaches has changed since."
    )
    idempotency_key: strawberry.ID = strawberry.field(description=KEY)


@strawberry.type(description="What came of it.")
class SendUnitLetterPayload:
    broadcast: Broadcast | None = strawberry.field(
        description="The letter. Its threads begin in the background: ask for its `delivered`."
    )
    problems: list[Problem] = strawberry.field(description=PROBLEMS)
