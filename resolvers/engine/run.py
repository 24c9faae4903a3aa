"""A plan runs level by level: one statement for all parents of a level, one call for all inputs of a computed value."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from aiodataloader import DataLoader
from graphql import GraphQLError, located_error
from graphql.execution.values import VariableValues
from graphql.language import FieldNode

from authz.engine.sql import Keys
from resolvers import ids
from resolvers.engine import source as kind
from resolvers.engine.connections import read_connection
from resolvers.engine.cursor import Cursors
from resolvers.engine.introspection import Introspection
from resolvers.engine.limits import Limits, refusal
from resolvers.engine.looks import Looks
from resolvers.engine.payload import Payload, read_payloads
from resolvers.engine.plan import Catalogue, Level, Plan, Reading, View, Working
from resolvers.engine.planner import Planner
from resolvers.engine.statement import Statement, Window
from resolvers.problems import ActRefused
from vault import Vault

if TYPE_CHECKING:
    from resolvers.acting import Acting


HAND_OUT = "update message set given_at = $2 where id = any($1) and given_at is null and retracted_at is null"
TAKEN_BACK = "select id from message where id = any($1) and retracted_at is not null limit 1"


class Fetches(Protocol):
    """A viewer's connection, as asyncpg has it."""

    async def fetch(self, query: str, *args: Any) -> Sequence[Any]: ...


class ContactsOutOfReach(Exception):
    """A computed value could not be had; the field is null and the answer says so."""


@dataclass(frozen=True)
class Services:
    """What sources need beside the database."""

    vault: Vault
    contacts: Callable[[Sequence[str]], Awaitable[Mapping[str, Mapping[str, Any]]]]
    """Look-up in the contact register: the fields of `Contact` by national identity number."""
    cursors: Cursors
    limits: Limits
    introspection: Introspection = Introspection.EMPLOYEES


@dataclass(eq=False)
class Run:
    """One operation for one viewer."""

    connection: Fetches
    values: dict[str, Any]
    """The viewer's keys and the clock, by the names of the statements' parameters."""
    catalogue: Catalogue
    services: Services
    variables: VariableValues
    planner: Planner
    hidden: dict[str, int] = field(default_factory=dict)
    failures: list[tuple[Exception, list[FieldNode], dict[str, Any], str]] = field(default_factory=list)
    loaders: dict[int, DataLoader[Any, Any]] = field(default_factory=dict)
    open_act: Callable[[], AbstractAsyncContextManager[Acting]] | None = None
    """For fields of Query that are worked out as an act is."""
    language: str = "en"
    handed_out: list[UUID] = field(default_factory=list)
    """Messages whose text the viewer, on the other side, is about to be given for the first time."""
    looks: Looks = field(default_factory=Looks)
    """About whom the rows are that were read."""

    @property
    def keys(self) -> Keys:
        return self.planner.keys

    async def fetch(self, statement: Statement, more: Mapping[str, Any] | None = None) -> Sequence[Any]:
        values = self.values if more is None else {**self.values, **more}
        return await self.connection.fetch(statement.sql, *[values[name] for name in statement.names])

    def given(self, key: UUID | None, value: Any) -> Any:
        if key is not None:
            self.handed_out.append(key)
        return value

    async def hand_out(self) -> bool:
        """Writes down what the viewer is given, before it leaves. False when some of it was taken back meanwhile: the
        answer is to be worked out anew."""
        if not self.handed_out:
            return True
        await self.connection.fetch(HAND_OUT, self.handed_out, self.values["now"])
        taken_back = await self.connection.fetch(TAKEN_BACK, self.handed_out)
        return not taken_back

    # --- the root ---------------------------------------------------------------------------------------------

    async def root(self, plan: Plan) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, name, node, step in plan.steps:
            if name == "__typename":
                data[key] = "Query"
            elif name.startswith("__"):
                data[key] = None
            elif name == "viewer":
                data[key] = await self.viewer(step)
            elif isinstance(step[0], kind.ByIds):
                data[key] = await self.by_ids(plan, key, node, step)
            elif isinstance(step[0], kind.Looked):
                data[key] = await self.looked(node, *step)
            else:
                source, selected = step
                answer = await source.answer(self, self.arguments("Query", node))
                data[key] = selected.of(answer)
        return data

    async def looked(self, node: FieldNode, source: kind.Looked, payload: Payload) -> dict[str, Any]:
        assert self.open_act is not None
        async with self.open_act() as acting:
            try:
                told = {"problems": [], **await source.look(acting, self.arguments("Query", node))}
                for _, name, _, _ in payload.steps:
                    # Whom a thread is for, or would be.
                    self.looks.threads |= acting.looked_at.get(name, set())
            except ActRefused as refusal:
                told = {"problems": [problem.told(self.language) for problem in refusal.problems]}
            self.looks.join(acting.looks)
        [made] = await read_payloads(self, payload, [told])
        return made

    async def event(self, plan: Plan) -> dict[str, Any] | None:
        """What the only field of a subscription tells; null where the viewer does not see it."""
        [(key, _, _, step)] = plan.steps
        if not isinstance(step, Reading):
            return {key: await self.viewer(step)}
        told: dict[str, Any] = {}
        await self.read(step, [(None, told)])
        return None if told[""] is None else {key: told[""]}

    def arguments(self, type_name: str, node: FieldNode) -> dict[str, Any]:
        return self.planner.prepared.arguments(type_name, node, self.variables)

    async def viewer(self, steps: list[tuple[str, list[FieldNode], Any]]) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for key, nodes, step in steps:
            match step:
                case str():
                    told[key] = step
                case Reading():
                    told[key] = None
                    await self.read(step, [(None, told)])
                case Statement():
                    told[key] = (await self.fetch(step))[0][0]
                case kind.Known():
                    told[key] = step.value(self)
                case _:
                    raise AssertionError(nodes)
        return told

    async def by_ids(self, plan: Plan, key: str, node: FieldNode, step: tuple[kind.ByIds, list[FieldNode]]) -> Any:
        source, nodes = step
        arguments = self.arguments("Query", node)
        told = arguments["ids"] if source.many else [arguments["id"]]
        if len(told) > self.services.limits.page:
            limit = self.services.limits.page
            raise refusal("PAGE_TOO_LARGE", f"nodes takes at most {limit} ids.", node, found=len(told), limit=limit)
        wanted = [ids.decode(one) for one in told]
        found: dict[tuple[str, Any], dict[str, Any]] = {}
        by_type: dict[str, dict[Any, None]] = {}
        for decoded in wanted:
            if decoded is not None:
                by_type.setdefault(decoded[0], {})[decoded[1]] = None
        for type_name, keyed in by_type.items():
            level = plan.levels_by_id.get((key, type_name))
            if level is None:
                level = plan.levels_by_id[key, type_name] = self.planner.level_by_id(type_name, nodes)
            groups = await self.groups(level, list(keyed), None, {})
            assert level.view is not None
            # Built once for each place, so that what is hidden is counted in each.
            places = [decoded for decoded in wanted if decoded and decoded[0] == type_name and decoded[1] in groups]
            objects = await self.build(level.view, [groups[place[1]][0] for place in places])
            found |= zip(places, objects, strict=True)
        results = [found.get(decoded) if decoded is not None else None for decoded in wanted]
        return results if source.many else results[0]

    # --- levels -----------------------------------------------------------------------------------------------

    async def read(self, reading: Reading, parents: list[tuple[Any, dict[str, Any]]]) -> None:
        """Fills in the field for every parent, given as the key that rows hang on and the object."""
        level, key = reading.level, reading.response_key
        if isinstance(level.source, kind.Connection):
            await read_connection(self, reading, parents)
            return
        wanted = list(dict.fromkeys(parent for parent, _ in parents))
        groups = await self.groups(level, wanted, None, {})
        assert level.view is not None
        records = [record for parent, _ in parents for record in groups.get(parent, ())]
        objects = iter(await self.build(level.view, records))
        for parent, made in parents:
            rows = list(islice(objects, len(groups.get(parent, ()))))
            made[key] = (rows[0] if rows else None) if level.source.first else rows

    async def groups(
        self, level: Level, wanted: list[Any], window: Window | None, more: Mapping[str, Any]
    ) -> dict[Any, list[Any]]:
        """The records of each parent; of those that have none, there need not be an entry."""
        statement = level.statement(window, more.get("arguments", {}))
        records = await self.fetch(statement, {"parents": wanted, **more})
        if level.at_root:
            return {wanted[0]: list(records)}
        if window is None and not level.takes_first:
            groups: dict[Any, list[Any]] = defaultdict(list)
            for record in records:
                groups[record[0]].append(record)
            return groups
        # A number tells the parent: a key would be made and hashed for each record.
        groups = {parent: [] for parent in wanted}
        places = list(groups.values())
        for record in records:
            places[record[0] - 1].append(record)
        return groups

    async def build(self, view: View, records: Sequence[Any]) -> list[Any]:
        """Objects of the records, with everything that hangs on them."""
        if not records:
            return []
        for note in view.notes:
            note.take(self.looks, records)
        counted = [0] * len(view.hidden)

        def hide(number: int) -> None:
            counted[number] += 1

        reads: list[list[tuple[Any, dict[str, Any]]]] = [[] for _ in view.readings]
        works: list[list[tuple[Any, dict[str, Any]]]] = [[] for _ in view.workings]
        objects = view.build(records, hide, reads, works, self.given)
        for name, count in zip(view.hidden, counted, strict=True):
            if count:
                self.hidden[name] = self.hidden.get(name, 0) + count
        for working, inputs in zip(view.workings, works, strict=True):
            if inputs:
                await self.work(working, inputs)
        for reading, parents in zip(view.readings, reads, strict=True):
            if parents:
                await self.read(reading, parents)
        return objects

    async def work(self, working: Working, inputs: list[tuple[Any, dict[str, Any]]]) -> None:
        source = working.source
        loader = self.loaders.get(id(source))
        if loader is None:

            async def load(keys: list[Any]) -> list[Any]:
                return list(await source.load(self, keys))

            loader = self.loaders[id(source)] = DataLoader(load, max_batch_size=1000)
        asked = [(value, made) for value, made in inputs if value is not None]
        arguments = self.arguments(working.type_name, working.nodes[0]) if source.pick else {}
        values = await asyncio.gather(*(loader.load(value) for value, _ in asked), return_exceptions=True)
        for (_, made), value in zip(asked, values, strict=True):
            if isinstance(value, BaseException):
                if not isinstance(value, ContactsOutOfReach):
                    raise value
                self.failures.append((value, working.nodes, made, working.response_key))
            else:
                selected = working.selected
                picked = value if source.pick is None else source.pick(value, arguments)
                made[working.response_key] = picked if selected is None else selected.of(picked)


def path_to(data: Any, wanted: dict[str, Any], path: tuple[str | int, ...] = ()) -> tuple[str | int, ...] | None:
    """Where an object stands in the answer; only looked for when something failed."""
    if data is wanted:
        return path
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in entries:
        found = path_to(value, wanted, (*path, step))
        if found is not None:
            return found
    return None


def formatted_failures(run: Run, data: dict[str, Any]) -> list[dict[str, Any]]:
    errors = []
    for failure, nodes, made, key in run.failures:
        path = path_to(data, made)
        error = located_error(failure, nodes, [*(path or ()), key])
        told = dict(GraphQLError("The contact register could not be reached.", nodes, path=error.path).formatted)
        told["extensions"] = {"code": "CONTACTS_OUT_OF_REACH"}
        errors.append(told)
    return errors
