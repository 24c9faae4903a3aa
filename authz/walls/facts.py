"""The schema `facts`: what the policy reads to judge by, whosever row it is.

Whether somebody is blocked decides what others see of a delegate; the viewer may not see the block. So facts are read
past the wall, by views that hold ids, days and kinds and never anybody's name, a text or a number, and nothing at all
while no viewer is set. Answers are made of other tables: in `resolvers/`, `lint` lets acts and the engine alone read
the schema.
"""

from __future__ import annotations

from collections.abc import Iterator

from authz.engine.sql import FACTS, facts_of
from authz.walls.session import SOMEBODY
from models import (
    Absence,
    Administrator,
    Attachment,
    Base,
    Block,
    BlockLift,
    Broadcast,
    BroadcastRecipient,
    ChildProtection,
    Confirmation,
    Consent,
    Delegate,
    Delegation,
    Enrolment,
    Group,
    GroupMembership,
    Guardianship,
    Kinship,
    Message,
    NeedCase,
    ParentalResponsibility,
    Participant,
    Person,
    PersonIdentifier,
    PhotoConsent,
    Position,
    Protection,
    ReadPointer,
    Record,
    RecordHold,
    RecordOpening,
    RecordReader,
    RecordVersion,
    Residence,
    SignInSubject,
    Substitution,
    Task,
    Thread,
    Unit,
)

JUDGED_BY: tuple[type[Base], ...] = (
    Absence,
    Administrator,
    Attachment,
    Block,
    BlockLift,
    Broadcast,
    BroadcastRecipient,
    ChildProtection,
    Confirmation,
    Consent,
    Delegate,
    Delegation,
    Enrolment,
    Group,
    GroupMembership,
    Guardianship,
    Kinship,
    Message,
    NeedCase,
    ParentalResponsibility,
    Participant,
    Person,
    PersonIdentifier,
    PhotoConsent,
    Position,
    Protection,
    ReadPointer,
    Record,
    RecordHold,
    RecordOpening,
    RecordReader,
    RecordVersion,
    Residence,
    SignInSubject,
    Substitution,
    Task,
    Thread,
    Unit,
)


def statements() -> Iterator[str]:
    for model in JUDGED_BY:
        name = facts_of(model).name
        columns = ", ".join(one.name for one in facts_of(model).c)
        yield f"create view {FACTS}.{name} as select {columns} from public.{name} where {SOMEBODY}"
