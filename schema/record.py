"""What a unit has written about a child, as a client sees it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import strawberry

from schema.node import Node
from schema.scalars import RecordKind

if TYPE_CHECKING:
    from schema.attachment import Attachment
    from schema.child import Child
    from schema.person import StaffMember
    from schema.unit import Unit


@strawberry.type(
    description="Something that a unit has written about a child and keeps apart from conversations. A leader who sees "
    "only that a letter, a note or health information exists opens it by `openRecordBody`, with a reason."
)
class Record(Node):
    id: strawberry.ID = strawberry.field(description="Opaque, and stable.")
    child: Child = strawberry.field(description="The child that it is about.")
    unit: Unit = strawberry.field(description="The unit that made it.")
    kind: RecordKind = strawberry.field(description="What kind it is.")
    author: StaffMember | None = strawberry.field(
        description="Who wrote it first; null where the viewer does not see them as a member of staff now."
    )
    written_at: dt.datetime = strawberry.field(description="When it was first written.")
    kept: bool = strawberry.field(description="It stays when the child leaves: by its kind, or because it is held.")
    latest_version: RecordVersion | None = strawberry.field(description="The text that holds now.")
    versions: list[RecordVersion] | None = strawberry.field(description="Every text, oldest first.")
    readers: list[RecordReader] | None = strawberry.field(description="Who is named reader now, by name.")
    openings: list[RecordOpening] = strawberry.field(
        description="When leaders opened it for a reason, newest first: all of them to its author, to a leader their "
        "own."
    )


@strawberry.type(description="A text of a record.")
class RecordVersion:
    number: int = strawberry.field(description="1 for the first.")
    title: str | None = strawberry.field(description="What it is about.")
    body: str | None = strawberry.field(description="The text.")
    author: StaffMember | None = strawberry.field(description="Who wrote this version; null as in `Record.author`.")
    written_at: dt.datetime = strawberry.field(description="When it was written.")
    attachments: list[Attachment] = strawberry.field(description="Files that belong to this version.")


@strawberry.type(description="Somebody who was named reader of a record.")
class RecordReader:
    person: StaffMember | None = strawberry.field(description="Who; null as in `Record.author`.")
    named_at: dt.datetime = strawberry.field(description="Since when.")


@strawberry.type(description="A leader opened a record that is closed to leaders, for a stated reason.")
class RecordOpening:
    person: StaffMember | None = strawberry.field(description="Who; null as in `Record.author`.")
    opened_at: dt.datetime = strawberry.field(description="When.")
    until: dt.datetime = strawberry.field(description="Until when it was open to them.")
    reason: str | None = strawberry.field(description="The reason that was stated.")
