"""Blocks and what lifts them, as a client sees them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import strawberry

from schema.node import Node
from schema.scalars import Relation
from schema.writing import KEY, PROBLEMS

if TYPE_CHECKING:
    from schema.child import Child
    from schema.person import StaffMember
    from schema.writing import Problem


@strawberry.type(
    description="While a block (sperre) stands, the person has no relation to the child at all, at any unit. It takes "
    "two people to lift it, one of them from the administration."
)
class Block(Node):
    id: strawberry.ID = strawberry.field(description="Opaque, and stable.")
    child: Child = strawberry.field(description="From whom the person is kept.")
    name: str = strawberry.field(description="Who is kept away: as it was told with a number, else as they are known.")
    since: dt.date = strawberry.field(description="The first day.")
    until: dt.date | None = strawberry.field(
        description="The first day on which it stands no more; null while no end is known."
    )
    reason: str | None = strawberry.field(description="Why it was set.")
    set_by: StaffMember | None = strawberry.field(
        description="By whom; null where the viewer does not see them among the staff of a unit."
    )
    set_as: Relation | None = strawberry.field(description="In which relation to the child; null for an import.")
    set_at: dt.datetime = strawberry.field(description="When it was set.")
    lifted_at: dt.datetime | None = strawberry.field(description="When it was lifted; null for one that was not.")
    lifts: list[BlockLift] = strawberry.field(description="Voices for lifting it, oldest first.")


@strawberry.type(description="A voice for lifting a block.")
class BlockLift:
    by: StaffMember | None = strawberry.field(
        description="Whose; null where the viewer does not see them among the staff of a unit."
    )
    acted_as: Relation = strawberry.field(description="In which relation to the child.")
    at: dt.datetime = strawberry.field(description="When.")
    reason: str | None = strawberry.field(description="Why the block should be lifted.")


@strawberry.input(
    description="Somebody to be kept from a child: either a person whom the viewer sees, or a number and a name."
)
class SetBlockInput:
    child_id: strawberry.ID = strawberry.field(description="From whom.")
    person_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="A Guardian, OtherAdult, StaffMember or Delegate id."
    )
    national_id: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Their national identity number. The answer is the same whoever it is, known here or not.",
    )
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="What they are called, with a number; at most 200 characters."
    )
    reason: str = strawberry.field(description="Why, at most 2,000 characters; for leaders and the administration.")
    idempotency_key: strawberry.ID = strawberry.field(description=KEY)


@strawberry.input(description="A voice for lifting a block. It takes two people, one of them from the administration.")
class LiftBlockInput:
    block_id: strawberry.ID = strawberry.field(description="The block.")
    reason: str = strawberry.field(description="Why, at most 2,000 characters.")


@strawberry.type(description="What came of setBlock.")
class SetBlockPayload:
    block: Block | None = strawberry.field(description="The block; null when it was refused.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of liftBlock.")
class LiftBlockPayload:
    block: Block | None = strawberry.field(description="The block with its voices; null when it was refused.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)
