"""Need cases, as a client sees them."""

from __future__ import annotations

import datetime as dt
from enum import Enum
from typing import TYPE_CHECKING

import strawberry

from schema.access_log import AccessLogSubject
from schema.node import Node
from schema.scalars import Connection, paged
from schema.writing import KEY, PROBLEMS

if TYPE_CHECKING:
    from schema.child import Child
    from schema.writing import Problem


@strawberry.enum(description="How far a need case has come.")
class NeedCaseState(Enum):
    WAITING = strawberry.enum_value(
        "WAITING", description="Opens nothing: it waits for a second person, or there is nobody whom it could be about."
    )
    OPEN = strawberry.enum_value("OPEN", description="Opens the child to the administrator whose case it is.")
    CLOSED = strawberry.enum_value("CLOSED", description="Closed, or its hours are over.")


@strawberry.type(
    description="A stated need of somebody in the administration to look at one child (sak), for some hours. It opens "
    "no thread. The leaders of the child's units see it at once."
)
class NeedCase(Node):
    id: strawberry.ID = strawberry.field(description="Opaque, and stable.")
    opened_by_name: str = strawberry.field(description="Name of the administrator whose case it is.")
    own: bool = strawberry.field(description="It is the viewer's own.")
    reason: str | None = strawberry.field(description="The stated need.")
    asked_for: str | None = strawberry.field(
        description="Whom the administrator asked for, in their own words; for them and whoever is to approve."
    )
    state: NeedCaseState = strawberry.field(description="How far it has come.")
    for_access_log: bool = strawberry.field(
        description="It was asked for to see who has looked at the child's data, too, which no other case shows."
    )
    child: Child | None = strawberry.field(description="The child; null until the case is open.")
    asked_at: dt.datetime = strawberry.field(description="When it was asked for.")
    opened_at: dt.datetime | None = strawberry.field(description="When it opened; null while it waits.")
    until: dt.datetime = strawberry.field(description="When it closes by itself; 24 hours from the opening at most.")
    closed_at: dt.datetime | None = strawberry.field(description="When it was closed; null for one that was not.")
    approved_by_name: str | None = strawberry.field(description="Name of the second person.")
    approved_at: dt.datetime | None = strawberry.field(description="When they approved it.")
    looks: Connection[NeedCaseLook] = paged(
        "What the administrator has looked at in the case, newest first; none for whoever is only to approve it."
    )


@strawberry.type(description="One operation in which the administrator saw something of the child.")
class NeedCaseLook:
    at: dt.datetime = strawberry.field(description="When.")
    subjects: list[AccessLogSubject] = strawberry.field(
        description="What the operation asked for, whether or not there was any of it."
    )
    operation: str | None = strawberry.field(
        description="The name that the client gave to the operation: letters, digits and underscores, 80 at the most."
    )


@strawberry.input(description="A child by number, or by name and birth date, and the need to look at it.")
class OpenNeedCaseInput:
    national_id: str | None = strawberry.field(
        default=strawberry.UNSET, description="The child's national identity number."
    )
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The child's whole name, as it is registered; with `birthDate`."
    )
    birth_date: dt.date | None = strawberry.field(default=strawberry.UNSET, description="With `name`.")
    reason: str = strawberry.field(
        description="The need, at most 2,000 characters; the leaders of the child's units read it."
    )
    hours: int | None = strawberry.field(
        default=strawberry.UNSET, description="For how long, 1 to 24; 8 when left out. They run from the opening."
    )
    for_access_log: bool = strawberry.field(
        default=False, description="The need is to see who has looked at the child's data, which no other case shows."
    )
    idempotency_key: strawberry.ID = strawberry.field(description=KEY)


@strawberry.input(description="A case that waits for a second person.")
class ApproveNeedCaseInput:
    case_id: strawberry.ID = strawberry.field(description="The case.")


@strawberry.input(description="More time for an open case.")
class ExtendNeedCaseInput:
    case_id: strawberry.ID = strawberry.field(description="The case.")
    hours: int = strawberry.field(description="So many more; 24 from the opening in all.")


@strawberry.input(description="A case that is needed no longer.")
class CloseNeedCaseInput:
    case_id: strawberry.ID = strawberry.field(description="The case.")


@strawberry.type(description="What came of openNeedCase. It does not tell whether the child is known here.")
class OpenNeedCasePayload:
    case: NeedCase | None = strawberry.field(description="The case; null when it was refused.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of approveNeedCase.")
class ApproveNeedCasePayload:
    case: NeedCase | None = strawberry.field(
        description="The case; null when it was refused, and where the viewer sees it no more."
    )
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of extendNeedCase.")
class ExtendNeedCasePayload:
    case: NeedCase | None = strawberry.field(description="The case; null when it was refused.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of closeNeedCase.")
class CloseNeedCasePayload:
    case: NeedCase | None = strawberry.field(description="The case; null when it was refused.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)
