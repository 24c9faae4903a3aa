"""What is given to and told by the acts on records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import strawberry

from schema.scalars import RecordKind
from schema.writing import ATTACHED, KEY, PROBLEMS, Problem

if TYPE_CHECKING:
    from schema.record import Record

TITLE = "What it is about; at most 200 characters."
BODY = "The text; at most 50,000 characters."
DONE = "The record, as the viewer sees it now; null when nothing was done, or when they see it no more."


@strawberry.input(description="A new record about a child at a unit.")
class WriteRecordInput:
    child_id: strawberry.ID = strawberry.field(description="The child that it is about.")
    unit_id: strawberry.ID = strawberry.field(
        description="The unit that makes it, where the viewer is the child's staff."
    )
    kind: RecordKind = strawberry.field(description="What kind it is; it decides who reads it.")
    title: str = strawberry.field(description=TITLE)
    body: str = strawberry.field(description=BODY)
    reader_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET,
        description="StaffMember ids of named readers, at most 50; each is the child's staff at the unit (C3).",
    )
    attachment_ids: list[strawberry.ID] | None = strawberry.field(default=strawberry.UNSET, description=ATTACHED)
    idempotency_key: strawberry.ID = strawberry.field(description=KEY)


@strawberry.input(description="A text that takes the place of a record's latest.")
class WriteRecordVersionInput:
    record_id: strawberry.ID = strawberry.field(description="The record.")
    after_version: int = strawberry.field(
        description="The number of the latest version that the viewer has read; a CONFLICT when there is a later one."
    )
    title: str = strawberry.field(description=TITLE)
    body: str = strawberry.field(description=BODY)
    attachment_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"{ATTACHED} Files of the record's earlier versions may be named too, and are kept by that.",
    )
    idempotency_key: strawberry.ID = strawberry.field(description=KEY)


@strawberry.input(description="Who is to read a record.")
class NameRecordReadersInput:
    record_id: strawberry.ID = strawberry.field(description="The record.")
    person_ids: list[strawberry.ID] = strawberry.field(
        description="StaffMember ids, at most 50; each is the child's staff at the unit (C3)."
    )


@strawberry.input(description="Who is to read a record no more.")
class RemoveRecordReaderInput:
    record_id: strawberry.ID = strawberry.field(description="The record.")
    person_id: strawberry.ID = strawberry.field(description="A StaffMember id.")


@strawberry.input(description="A leader's reason for reading what is closed to leaders.")
class OpenRecordBodyInput:
    record_id: strawberry.ID = strawberry.field(description="The record.")
    reason: str = strawberry.field(description="Shown to the author; at most 500 characters.")
    idempotency_key: strawberry.ID = strawberry.field(description=KEY)


@strawberry.input(description="A record that is to stay although it would be due to go.")
class HoldRecordInput:
    record_id: strawberry.ID = strawberry.field(description="The record.")


@strawberry.input(description="A record that need not stay any longer.")
class ReleaseRecordInput:
    record_id: strawberry.ID = strawberry.field(description="The record.")


@strawberry.type(description="What came of writeRecord.")
class WriteRecordPayload:
    record: Record | None = strawberry.field(description=DONE)
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of writeRecordVersion.")
class WriteRecordVersionPayload:
    record: Record | None = strawberry.field(description=DONE)
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of nameRecordReaders.")
class NameRecordReadersPayload:
    record: Record | None = strawberry.field(description=DONE)
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of removeRecordReader.")
class RemoveRecordReaderPayload:
    record: Record | None = strawberry.field(description=DONE)
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of openRecordBody.")
class OpenRecordBodyPayload:
    record: Record | None = strawberry.field(description=DONE)
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of holdRecord.")
class HoldRecordPayload:
    record: Record | None = strawberry.field(description=DONE)
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of releaseRecord.")
class ReleaseRecordPayload:
    record: Record | None = strawberry.field(description=DONE)
    problems: list[Problem] = strawberry.field(description=PROBLEMS)
