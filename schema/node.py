"""What objects have in common."""

from __future__ import annotations

import strawberry


@strawberry.interface(description="An object with a global id, by which `node` finds it again.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque, and stable.")


@strawberry.interface(description="Somebody. The ids of one person in several roles cannot be linked.")
class Person:
    id: strawberry.ID = strawberry.field(description="Opaque, and stable; of this person in this role.")
    name: str = strawberry.field(description="Given, middle and family name.")
