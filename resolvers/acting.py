"""One act of one viewer: a transaction in which everything is judged, done and read back, or nothing happens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, RowMapping, Select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Insert, Update

from authz.engine.sql import Keys
from resolvers import ids
from resolvers.engine.looks import Looks, Pairs
from resolvers.engine.run import Services
from resolvers.gateway import Scene, shape_of
from resolvers.problems import not_found

HOLD = {
    False: text("select pg_advisory_xact_lock_shared(hashtextextended(:what, 0))"),
    True: text("select pg_advisory_xact_lock(hashtextextended(:what, 0))"),
}


@dataclass
class Acting:
    """What a command has in hand. Judge after `hold_child`, never before: what holds may change while one waits."""

    scene: Scene
    services: Services
    looks: Looks = field(default_factory=Looks)
    """About whom the answer tells something whatever it is, for the access log."""
    looked_at: dict[str, Pairs] = field(default_factory=dict)
    """By field of a preview that tells of them: children, and the units by which."""

    @property
    def connection(self) -> AsyncConnection:
        """In the act's transaction, as the API's role."""
        return self.scene.connection

    @property
    def values(self) -> dict[str, Any]:
        """The viewer's standing and the clock, as the parameters of statements."""
        return self.scene.standing

    @property
    def keys(self) -> Keys:
        return Keys(shape_of(self.scene.standing))

    @property
    def viewer_id(self) -> UUID:
        """The person who acts; whoever is not known here was refused before."""
        me: UUID = self.scene.standing["me"]
        return me

    @property
    def municipality_id(self) -> UUID:
        municipality_id: UUID = self.scene.standing["municipality_id"]
        return municipality_id

    @property
    def now(self) -> dt.datetime:
        now: dt.datetime = self.scene.standing["now"]
        return now

    @property
    def today(self) -> dt.date:
        """The local day in Oslo."""
        today: dt.date = self.scene.standing["today"]
        return today

    async def rows(self, statement: Select | CompoundSelect, **more: Any) -> Sequence[RowMapping]:
        """The rows of a SELECT whose parameters are the viewer's standing, the clock, and `more`."""
        found = await self.connection.execute(statement, {**self.scene.standing, **more})
        return found.mappings().all()

    async def row(self, statement: Select, **more: Any) -> RowMapping | None:
        """The only row, or null."""
        rows = await self.rows(statement, **more)
        return rows[0] if rows else None

    async def write(self, *statements: Insert | Update) -> None:
        for statement in statements:
            await self.connection.execute(statement)

    def met(self, child_id: UUID, unit_id: UUID | None = None, *, in_thread: bool = False) -> None:
        """From here on every answer tells that the child is there for the viewer, also a refusal. At a unit once it is
        known that the viewer stands there; before that by whatever relation."""
        self.looks = Looks()
        if unit_id is None:
            (self.looks.by_threads if in_thread else self.looks.children).add(child_id)
        else:
            self.looks.made(child_id, unit_id, in_thread=in_thread)

    async def hold_child(self, child_id: UUID, *, changing: bool = False) -> None:
        """Puts acts about one child in an order: those that change who may see or do what (`changing`) wait for all
        others and are waited for. The viewer's standing is asked for anew, as it is once the wait is over."""
        await self.hold(f"child {child_id}", alone=changing)
        await self.scene.enter()

    async def hold(self, what: str, *, alone: bool = True) -> None:
        """A lock until the end of the act, on whatever the text names."""
        await self.connection.execute(HOLD[alone], {"what": what})

    @staticmethod
    def key_of(told: str, type_name: str, *field: str) -> UUID:
        """The key in a global id of the type; NOT_FOUND for any other, as for a thing that is not there."""
        key = ids.decode_as(type_name, told)
        if key is None:
            raise not_found(*field)
        return key


Outcome = Mapping[str, Any]
"""By field of the payload: keys of what is to be read back, and plain values."""
