"""Adults, as a client sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import strawberry

from schema.node import Node, Person
from schema.scalars import StaffRole

if TYPE_CHECKING:
    from schema.child import Child
    from schema.unit import Unit


@strawberry.type(description="How to reach somebody, from the contact register (KRR) at this moment. Do not keep it.")
class Contact:
    phone: str | None = strawberry.field(description="Mobile number.")
    email: str | None = strawberry.field(description="E-mail address.")
    reserved: bool = strawberry.field(description="Has reserved themself against digital letters.")


@strawberry.type(description="Somebody with parental responsibility (foresatt).")
class Guardian(Node, Person):
    id: strawberry.ID = strawberry.field(description="Opaque, and stable; of this person as a guardian.")
    name: str = strawberry.field(description="Given, middle and family name.")
    contact: Contact | None = strawberry.field(
        description="Contact details; a guardian sees their own only. Null with an error when the register is away."
    )
    children: list[Child] = strawberry.field(
        description="Those whose guardian they are, as far as the viewer may know, by name."
    )


@strawberry.type(description="An adult who takes or took part for the home without parental responsibility.")
class OtherAdult(Node, Person):
    id: strawberry.ID = strawberry.field(description="Opaque, and stable; of this person as another adult.")
    name: str = strawberry.field(description="Given, middle and family name.")


@strawberry.type(description="Somebody who works, or worked, at a unit (ansatt).")
class StaffMember(Node, Person):
    id: strawberry.ID = strawberry.field(description="Opaque, and stable; of this person as a member of staff.")
    name: str = strawberry.field(
        description="Given, middle and family name; of a substitute whom no roster employs as the leader wrote it."
    )
    positions: list[Position] = strawberry.field(
        description="Where they are employed now, of the units by which the viewer sees them, by the unit's name."
    )


@strawberry.type(description="Employment at a unit.")
class Position:
    unit: Unit = strawberry.field(description="Where.")
    role: StaffRole = strawberry.field(description="As what.")
