"""A child and what is known about it, as a client sees it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import strawberry

from schema.node import Node, Person
from schema.photo_consent import PhotoPurpose
from schema.scalars import ABSENCES, Connection, ProtectionLevel, RecordKind, Relation, argument, asked, paged

if TYPE_CHECKING:
    from schema.absence import Absence
    from schema.access_log import AccessLogEntry
    from schema.block import Block
    from schema.confirmation import Confirmation
    from schema.delegate import Delegate
    from schema.need_case import NeedCase
    from schema.person import Guardian
    from schema.photo_consent import PhotoConsent, PhotoUse
    from schema.record import Record
    from schema.task import Task
    from schema.thread import Thread
    from schema.unit import Group, Unit


@strawberry.type(description="An address in Norway.")
class PostalAddress:
    lines: list[str] = strawberry.field(description="Street and number, and what else stands above the postal code.")
    postal_code: str | None = strawberry.field(description="Four digits.")
    city: str | None = strawberry.field(description="The post office's name (poststed).")


@strawberry.type(description="An entry of parental responsibility (foreldreansvar) in Folkeregisteret.")
class ParentalResponsibility:
    holder: str = strawberry.field(description="Name of the holder; the number of an organisation.")
    guardian: Guardian | None = strawberry.field(description="The holder, where they are guardian of the child now.")
    kind: str = strawberry.field(description="As the register has it: felles, mor, far, medmor, andre, ukjent.")
    opens_access: bool = strawberry.field(description="Whether this entry opens access today.")
    since: dt.date | None = strawberry.field(description="The first day.")
    until: dt.date | None = strawberry.field(description="The first day on which it holds no more.")


@strawberry.type(
    description="A child (barn). What is not open to the viewer is null, and so is what is not known: "
    "`extensions.hidden` of the answer counts fields that the viewer's relations close."
)
class Child(Node, Person):
    id: strawberry.ID = strawberry.field(description="Opaque, and stable; of this person as a child.")
    name: str = strawberry.field(description="Given, middle and family name.")
    relations: list[Relation] = strawberry.field(
        description="The viewer's own relations to this child; none for whoever sees it only through a thread."
    )
    birth_date: dt.date | None = strawberry.field(description="The day on which the child was born.")
    national_id: str | None = strawberry.field(
        description="The national identity number in use: fødselsnummer or D-number, 11 digits."
    )
    address: PostalAddress | None = strawberry.field(
        description="Where the child is registered. A guardian sees it where they are registered at it themselves."
    )
    units: list[Unit] = strawberry.field(
        description="Where the child goes now, as far as the viewer may know, by name."
    )
    groups: list[Group] = strawberry.field(
        description="What the child belongs to now, as far as the viewer may know, by name."
    )
    guardians: list[Guardian] | None = strawberry.field(description="Everybody who is guardian now, by name.")
    responsibilities: list[ParentalResponsibility] | None = strawberry.field(
        description="Every entry of parental responsibility, those that open nothing too, oldest first."
    )
    delegates: list[Delegate] | None = strawberry.field(
        description="Other adults whom a unit has registered, oldest first; those that have ended are gone."
    )
    blocks: list[Block] | None = strawberry.field(
        description="Every block between somebody and the child, ended ones too, oldest first."
    )
    protection_level: ProtectionLevel | None = strawberry.field(
        description="The strongest protection of the child, those with responsibility and those at the same address."
    )
    confirmations: list[Confirmation] | None = strawberry.field(
        description="Who was confirmed while the child was protected, oldest first."
    )
    need_cases: list[NeedCase] | None = strawberry.field(
        description="Need cases of the administration on the child, newest first; those that are over too."
    )
    access_log: Connection[AccessLogEntry] | None = paged(
        "Who has seen something of the child by their work, newest first: to a guardian all of it, to a leader what "
        "was seen at the own unit or by the administration, and to the administration in a case opened for that, none "
        "in any other. What family looks at is not written down."
    )
    tasks: list[Task] | None = strawberry.field(description="Open tasks about the child, oldest first.")
    threads: Connection[Thread] = paged("Threads about the child that the viewer sees, newest first.")
    absences: Connection[Absence] | None = paged(
        "Absence from the units by which the viewer sees the child, the latest days first.", *ABSENCES
    )
    photo_consents: list[PhotoConsent] | None = strawberry.field(
        description="Consents to photographs, oldest first: to a unit those of all who are asked now, to a guardian "
        "and to the pupil their own."
    )
    photo_use_allowed: PhotoUse | None = asked(
        "Whether photographs of the child may be used so, now: every guardian of now must have consented, and the "
        "pupil from 15. Null at a unit by which the viewer does not see the child.",
        argument("purpose", PhotoPurpose, "For what."),
        argument("unit_id", strawberry.ID, "At which unit."),
    )
    records: Connection[Record] | None = paged(
        "What units have written about the child, as far as the viewer sees it, newest first.",
        argument("kinds", list[RecordKind] | None, "Of these kinds; of all when left out."),
    )
