"""Threads and messages, as a client sees them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import strawberry

from schema.node import Node, Person
from schema.scalars import Connection, ThreadSide, paged

if TYPE_CHECKING:
    from schema.attachment import Attachment
    from schema.child import Child
    from schema.unit import Unit


@strawberry.type(description="A conversation (samtale) between home and unit about exactly one child.")
class Thread(Node):
    id: strawberry.ID = strawberry.field(description="Opaque, and stable.")
    subject: str = strawberry.field(description="What it is about.")
    unit: Unit = strawberry.field(description="The unit that it belongs to.")
    child: Child = strawberry.field(description="The child that it is about.")
    created_at: dt.datetime = strawberry.field(description="When it began.")
    last_message_at: dt.datetime = strawberry.field(
        description="When the latest message that the viewer sees was sent; when it began, if they see none."
    )
    participants: list[Participant] = strawberry.field(description="Who takes or took part, by name.")
    joint: bool = strawberry.field(description="Several guardians were named on purpose, and each sees this thread.")
    messages: Connection[Message] = paged("The messages that the viewer sees, oldest first.")
    latest_message: Message | None = strawberry.field(description="The latest message that the viewer sees.")
    unread_count: int = strawberry.field(
        description="Messages by others, seen by the viewer and after the viewer's pointer."
    )


@strawberry.type(description="Somebody's part in a thread.")
class Participant:
    person: Person = strawberry.field(description="Who.")
    side: ThreadSide = strawberry.field(description="On which side.")
    joined_at: dt.datetime = strawberry.field(description="Since when.")
    last_read_at: dt.datetime | None = strawberry.field(
        description="When they last marked it read; told of the other side, and of oneself."
    )


@strawberry.type(description="A message in a thread.")
class Message(Node):
    id: strawberry.ID = strawberry.field(description="Opaque, and stable.")
    thread: Thread = strawberry.field(description="The thread that it is in.")
    author: Person = strawberry.field(description="Who wrote it.")
    on_behalf_of: Unit | None = strawberry.field(description="The unit on whose behalf it was written.")
    body: str | None = strawberry.field(description="The text; null for everyone once it is retracted.")
    sent_at: dt.datetime = strawberry.field(description="When it was sent.")
    retracted_at: dt.datetime | None = strawberry.field(description="When it was retracted.")
    attachments: list[Attachment] = strawberry.field(description="Its files; none once it is retracted.")
