"""Confirmations for protected children, as a client sees them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import strawberry

from schema.scalars import Relation

if TYPE_CHECKING:
    from schema.person import Guardian, StaffMember


@strawberry.type(
    description="Says that a guardian or delegate of a protected child was looked at and let in (bekreftelse). It "
    "counts for the protection that stood that day, and not for a later one."
)
class Confirmation:
    name: str = strawberry.field(description="Who was confirmed.")
    guardian: Guardian | None = strawberry.field(description="The same, where they are guardian of the child now.")
    since: dt.date = strawberry.field(description="The day from which it counts.")
    confirmed_by: StaffMember | None = strawberry.field(
        description="By whom; null where the viewer does not see them among the staff of a unit."
    )
    confirmed_as: Relation | None = strawberry.field(description="In which relation to the child; null for an import.")
    confirmed_at: dt.datetime = strawberry.field(description="When.")
