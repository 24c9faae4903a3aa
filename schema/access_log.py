"""Who has looked at a child's data, as a client sees it."""

from __future__ import annotations

import datetime as dt
from enum import Enum
from typing import TYPE_CHECKING

import strawberry

from schema.scalars import Relation

if TYPE_CHECKING:
    from schema.unit import Unit


@strawberry.enum(description="What a look was at: what was asked for, whether or not there was any of it.")
class AccessLogSubject(Enum):
    ABSENCE = strawberry.enum_value("ABSENCE", description="Absence.")
    ACCESS_LOG = strawberry.enum_value("ACCESS_LOG", description="Who has looked.")
    ADDRESS = strawberry.enum_value("ADDRESS", description="The address.")
    CHILD = strawberry.enum_value("CHILD", description="The child: name, birth date, units and groups.")
    FAMILY = strawberry.enum_value("FAMILY", description="Guardians and other adults, contact details, consents.")
    FILES = strawberry.enum_value("FILES", description="Files.")
    MESSAGES = strawberry.enum_value("MESSAGES", description="Threads and their messages.")
    NATIONAL_ID = strawberry.enum_value("NATIONAL_ID", description="The national identity number.")
    NEED_CASES = strawberry.enum_value("NEED_CASES", description="Need cases of the administration.")
    PHOTO_CONSENTS = strawberry.enum_value("PHOTO_CONSENTS", description="Consents to photographs.")
    PROTECTION = strawberry.enum_value("PROTECTION", description="Blocks, protection and confirmations.")
    RECORDS = strawberry.enum_value("RECORDS", description="What a unit has written about the child.")
    TASKS = strawberry.enum_value("TASKS", description="Tasks about the child.")


@strawberry.type(
    description="Somebody saw something of the child by their work (innsynslogg): one operation, once for each "
    "relation and unit. To a guardian it tells role and unit, and not who it was."
)
class AccessLogEntry:
    at: dt.datetime = strawberry.field(description="When.")
    role: Relation = strawberry.field(
        description="The looker's relation to the child then; PARTICIPANT for whoever saw its name in a thread only."
    )
    unit: Unit | None = strawberry.field(
        description="The unit of that relation; null for the administration, which looks in a need case."
    )
    looked_by_name: str | None = strawberry.field(description="Name of whoever looked.")
    subjects: list[AccessLogSubject] | None = strawberry.field(
        description="What the operation asked for, of all children that it saw together."
    )
    operation: str | None = strawberry.field(
        description="The name that the client gave to the operation: letters, digits and underscores, 80 at the most."
    )
