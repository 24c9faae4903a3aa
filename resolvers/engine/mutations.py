"""Carries out the acts of a mutation, one after another, each in a transaction of its own.

A refused act changes nothing and fills in `problems`. What was carried out under an idempotency key is not done again:
the key's row is written first, so that a second request with it waits for the first, and says what came of it last.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import orjson
from graphql.execution.values import VariableValues
from graphql.language import FieldNode
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not
from sqlalchemy.exc import DBAPIError

from authz.viewer import Viewer
from models import CarriedOut
from resolvers.acting import Acting
from resolvers.engine import source as kind
from resolvers.engine.documents import Prepared
from resolvers.engine.looks import seen_by_work
from resolvers.engine.payload import Payload, all_seen, note_all, read_payloads
from resolvers.engine.plan import Plan
from resolvers.engine.run import Run
from resolvers.gateway import shape_of
from resolvers.problems import KEY_REUSED, ActRefused, Problem, ProblemCode, checked_text, not_allowed, not_found

if TYPE_CHECKING:
    from resolvers.engine.engine import Engine

LONGEST_KEY = 200
# Days and times as Python says them: orjson refuses a time with an offset, which an act has to refuse itself.
SAME = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME
TRIES = 3
TRY_AGAIN = {"40001", "40P01"}
"""Serialization failure and deadlock: PostgreSQL has undone the act, and it may succeed when done anew."""


class TakenBack(Exception):
    """A message that the payload shows was taken back while it was read."""


class Mutations:
    """The acts of one operation."""

    def __init__(
        self,
        engine: Engine,
        prepared: Prepared,
        values: VariableValues,
        viewer: Viewer,
        now: dt.datetime,
        language: str,
    ) -> None:
        self.engine = engine
        self.prepared = prepared
        self.values = values
        self.viewer = viewer
        self.now = now
        self.language = language
        self.runs: list[Run] = []
        """One for each act, with what was hidden and what failed in reading back."""

    async def carry_out(self) -> dict[str, Any]:
        data: dict[str, Any] = {}
        _, plan = self.engine.planned(self.prepared, self.values, frozenset())
        for key, name, node, step in plan.steps:
            data[key] = (
                "Mutation" if name == "__typename" else await self.engine.to_its_end(self.act(key, node, step[0]))
            )
        return data

    async def act(self, key: str, node: FieldNode, act: kind.Act) -> dict[str, Any]:
        given = self.given(node)
        for left in reversed(range(TRIES)):
            try:
                return await self.attempt(key, node, act, given)
            except TakenBack:
                continue
            except (DBAPIError, asyncpg.PostgresError) as wrong:
                # In reading back it is the driver's own.
                if not left or getattr(getattr(wrong, "orig", wrong), "sqlstate", None) not in TRY_AGAIN:
                    raise
        raise AssertionError

    async def attempt(self, key: str, node: FieldNode, act: kind.Act, given: Mapping[str, Any]) -> dict[str, Any]:
        async with acting_for(self.engine, self.viewer, self.now) as acting:
            problems: tuple[Problem, ...] = ()
            self.engine.check_cursors(self.prepared, self.values, acting.values["me"])
            try:
                if act.once:
                    outcome = await self.once(acting, node, act, given)
                else:
                    outcome = await act.carry_out(acting, given)
                if acting.values["me"] is None:
                    # Not before: whoever is known only as somebody to be kept away must not learn it by another answer.
                    raise not_allowed()
                await acting.scene.enter()
            except ActRefused as refusal:
                await acting.scene.begin_anew()
                outcome, problems = {}, refusal.problems
            run, plan = self.reading(acting)
            payload: Payload = next(step[1] for one, _, _, step in plan.steps if one == key)
            told = {**outcome, "problems": [problem.told(self.language) for problem in problems]}
            [made] = await read_payloads(run, payload, [told])
            if not await run.hand_out():
                raise TakenBack
            # Within the act's transaction: what cannot be logged is not done either.
            await self.engine.log(run, plan, await seen_by_work(run), "MUTATION")
            self.runs.append(run)
            return made

    def reading(self, acting: Acting) -> tuple[Run, Plan]:
        """A run for the viewer as they stand after the act, and the plan for its payload."""
        engine = self.engine
        planner, plan = engine.planned(self.prepared, self.values, shape_of(acting.values))
        run = Run(acting.scene.raw, acting.values, engine.catalogue, engine.services, self.values, planner)
        run.looks.join(acting.looks)
        return run, plan

    def given(self, node: FieldNode) -> Mapping[str, Any]:
        """The input, by the names of the schema."""
        given: Mapping[str, Any] = self.prepared.arguments("Mutation", node, self.values)["input"]
        return given

    async def once(self, acting: Acting, node: FieldNode, act: kind.Act, given: Mapping[str, Any]) -> Mapping[str, Any]:
        name = node.name.value
        key = checked_text(given["idempotencyKey"], LONGEST_KEY, "input", "idempotencyKey")
        if acting.values["me"] is None:
            return await act.carry_out(acting, given)
        same = orjson.dumps([name, given], option=SAME, default=str).decode()
        digest = acting.services.vault.keyed_hash(same, "act")
        row = {"person_id": acting.viewer_id, "idempotency_key": key, "act": name, "given": digest,
               "outcome": {}, "carried_out_at": acting.now}  # fmt: skip
        first = await acting.connection.execute(
            insert_or_not(CarriedOut).values(row).on_conflict_do_nothing().returning(CarriedOut.person_id)
        )
        of_key = (CarriedOut.person_id == acting.viewer_id, CarriedOut.idempotency_key == key)
        if first.first() is None:
            done = (await acting.connection.execute(select(CarriedOut.given, CarriedOut.outcome).where(*of_key))).one()
            if done.given != digest:
                raise ActRefused(Problem(ProblemCode.CONFLICT, KEY_REUSED, ("input", "idempotencyKey")))
            await acting.scene.enter()  # the first may have begun the viewer's own thread while this one waited for it
            return await self.repeated(acting, node, done.outcome)
        outcome = await act.carry_out(acting, given)
        plain = orjson.loads(orjson.dumps(outcome, default=str))
        await acting.write(update(CarriedOut).where(*of_key).values(outcome=plain))
        return outcome

    async def repeated(self, acting: Acting, node: FieldNode, outcome: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the first act made, unless the viewer sees it no more."""
        mutation = self.engine.catalogue.schema.type_map["Mutation"]
        payload_type = mutation.fields[node.name.value].type.of_type  # type: ignore[attr-defined] # an object
        planner, _ = self.engine.planned(self.prepared, self.values, shape_of(acting.values))
        engine = self.engine
        run = Run(acting.scene.raw, acting.values, engine.catalogue, engine.services, self.values, planner)
        run.looks = acting.looks
        told = dict(outcome)
        for name in payload_type.fields:
            source = engine.catalogue.sources[f"{payload_type.name}.{name}"]
            if isinstance(source, kind.ReadBack) and told.get(name):
                told[name] = [UUID(one) for one in told[name]] if source.many else UUID(told[name])
                if not await all_seen(run, source, told[name]):
                    raise not_found("input")
                await note_all(run, source, told[name])
        return told


@asynccontextmanager
async def acting_for(engine: Engine, viewer: Viewer, now: dt.datetime) -> AsyncIterator[Acting]:
    async with engine.gateway.acting(viewer, now) as scene:
        yield Acting(scene, engine.services)
