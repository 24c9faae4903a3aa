"""The one way to read: a prepared operation, a viewer, an instant; out comes an answer."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import structlog
from graphql import execute_sync, get_named_type
from graphql.execution.values import VariableValues, get_argument_values
from graphql.language import DocumentNode, FieldNode, OperationDefinitionNode, SelectionSetNode

from authz.engine.sql import Keys
from authz.viewer import Viewer
from resolvers.access_log_writer import AccessLogWriter
from resolvers.engine.asked import asked_document
from resolvers.engine.connections import check_cursors
from resolvers.engine.documents import Documents, Prepared
from resolvers.engine.limits import DocumentRefused, refusal
from resolvers.engine.looks import Seen, entries, seen_by_work
from resolvers.engine.mutations import Mutations, acting_for
from resolvers.engine.plan import Catalogue, Plan
from resolvers.engine.planner import Planner
from resolvers.engine.run import Run, Services, formatted_failures
from resolvers.gateway import Gateway, shape_of

log = structlog.get_logger("innsyn.acts")
T = TypeVar("T")
SECONDS_TO_SETTLE = 5.0
"""For the acts of clients that have gone, when a server stops."""
PLANS_KEPT = 64
"""For one operation: shapes of viewers times values of its @skip and @include variables."""
PLAN_BYTES = 220_000
"""What a plan weighs, as measured on one of four levels: nearly all of it SQLAlchemy's."""


@dataclass(frozen=True)
class Answer:
    """What an operation came to."""

    data: dict[str, Any] | None
    """With dates and instants as such; the edge writes them."""
    errors: list[dict[str, Any]] = field(default_factory=list)
    hidden: dict[str, int] = field(default_factory=dict)
    """By field, how many values a column of the table closed to the viewer (C10)."""


@dataclass(frozen=True)
class Subscribed:
    """The only field of a subscription."""

    node: FieldNode
    name: str
    arguments: dict[str, Any]
    parts: dict[str, str]
    """Fields asked of what it tells, by response key."""


class Engine:
    """Runs operations of one schema against one database."""

    def __init__(self, catalogue: Catalogue, gateway: Gateway, services: Services, access_log: AccessLogWriter) -> None:
        self.catalogue = catalogue
        self.gateway = gateway
        self.services = services
        self.access_log = access_log
        self.documents = Documents(catalogue.schema, services.limits)
        self.live: Any = None
        """The subscriptions of this process (`resolvers/live.py`), where there are any."""
        self.acts: set[asyncio.Task[Any]] = set()
        """Under way, also those whose client has gone."""

    async def run(
        self,
        prepared: Prepared,
        variables: Mapping[str, Any],
        viewer: Viewer,
        now: dt.datetime,
        language: str = "en",
        *,
        downloads: bool = False,
    ) -> Answer:
        """Raises DocumentRefused for variables, page sizes or cursors that do not fit and for an introspection that is
        not the viewer's, and AccessNotLogged where what the viewer would see cannot be logged. `language` (nb, nn or
        en) is that of the problems' texts; `downloads` says that a file follows."""
        prepared.cost(variables)
        if prepared.introspects and not self.services.introspection.allows(viewer):
            raise refusal("INTROSPECTION_NOT_ALLOWED", "The schema does not tell this viewer about itself.")
        values = prepared.values(variables)
        if prepared.kind == "mutation":
            mutations = Mutations(self, prepared, values, viewer, now, language)
            return self.answered(await mutations.carry_out(), mutations.runs)
        async with self.gateway.viewer_connection(viewer, now) as (connection, standing):
            self.check_cursors(prepared, values, standing["me"])
            planner, plan = self.planned(prepared, values, shape_of(standing))
            while True:
                run = Run(connection, standing, self.catalogue, self.services, values, planner)
                run.open_act, run.language = partial(acting_for, self, viewer, now), language
                data = await run.root(plan)
                if await run.hand_out():
                    break
            seen = await seen_by_work(run)
        await self.log(run, plan, seen, "DOWNLOAD" if downloads else "QUERY")
        self.introspect(prepared, values, plan, data)
        errors = formatted_failures(run, data) if run.failures else []
        return Answer(data, errors, run.hidden)

    async def to_its_end(self, act: Coroutine[Any, Any, T]) -> T:
        """Carries out an act though whoever waits for it may go, or run out of time: how long its answer takes to read
        tells what there is to read, and who hangs up in time would leave no trace of having found out."""
        task = asyncio.create_task(act)
        self.acts.add(task)
        task.add_done_callback(self.acts.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(said_to_nobody)
            raise

    async def settled(self) -> None:
        """Returns once the acts under way have ended, or have had their time."""
        if self.acts:
            await asyncio.wait(self.acts, timeout=SECONDS_TO_SETTLE)

    def check_cursors(self, prepared: Prepared, values: VariableValues, me: UUID | None) -> None:
        """Raises DocumentRefused."""
        if prepared.cursors:
            check_cursors(prepared, values, self.catalogue, self.services.cursors, me)

    async def log(self, run: Run, plan: Plan, seen: Sequence[Seen], kind: str) -> None:
        """Returns once it is written down what of children the viewer has seen by work (L2): before that no answer may
        leave. Raises AccessNotLogged."""
        if not seen:
            return
        if plan.asked is None:
            plan.asked = asked_document(run.planner)
        operation = run.planner.prepared.operation.name
        told = entries(run, kind, operation.value if operation else None, plan.asked.digest, seen)
        await self.access_log.append(told, plan.asked)

    @staticmethod
    def answered(data: dict[str, Any], runs: Sequence[Run]) -> Answer:
        """What several runs came to together."""
        hidden = Counter[str]()
        for run in runs:
            hidden.update(run.hidden)
        return Answer(data, [error for run in runs for error in formatted_failures(run, data)], dict(hidden))

    async def tell(
        self,
        prepared: Prepared,
        values: VariableValues,
        viewer: Viewer,
        now: dt.datetime,
        happened: Mapping[str, Any],
    ) -> Answer | None:
        """What a subscription tells of something that happened, as the viewer sees it now; null where they do not.

        `happened`: parameters of the statements of its source (`kind.Event`).
        """
        async with self.gateway.viewer_connection(viewer, now) as (connection, standing):
            planner, plan = self.planned(prepared, values, shape_of(standing))
            while True:
                run = Run(connection, {**standing, **happened}, self.catalogue, self.services, values, planner)
                data = await run.event(plan)
                if await run.hand_out():
                    break
            seen = await seen_by_work(run)
        if data is None:
            return None
        await self.log(run, plan, seen, "SUBSCRIPTION")
        return Answer(data, formatted_failures(run, data) if run.failures else [], run.hidden)

    def subscribed(self, prepared: Prepared, values: VariableValues) -> Subscribed:
        """What a subscription asks to be told. Raises DocumentRefused where its conditions leave nothing."""
        planner = Planner(self.catalogue, prepared, conditions_only(prepared, values), Keys(frozenset()))
        fields = list(planner.collect("Subscription", [prepared.operation.selection_set]).values())
        if not fields:
            raise refusal("BAD_SUBSCRIPTION", "A subscription asks for one field.", prepared.operation)
        [nodes] = fields
        definition = self.catalogue.schema.type_map["Subscription"].fields[nodes[0].name.value]  # type: ignore[attr-defined] # an object
        parts = planner.below(get_named_type(definition.type).name, nodes)
        return Subscribed(
            nodes[0],
            nodes[0].name.value,
            get_argument_values(definition, nodes[0], values),
            {key: below[0].name.value for key, below in parts.items()},
        )

    def planned(self, prepared: Prepared, values: VariableValues, shape: frozenset[str]) -> tuple[Planner, Plan]:
        key = (shape, *(values.coerced.get(name) for name in prepared.skip_variables))
        known = prepared.plans.get(key)
        if known is None:
            planner = Planner(self.catalogue, prepared, conditions_only(prepared, values), Keys(shape))
            if len(prepared.plans) >= PLANS_KEPT:
                prepared.plans.pop(next(iter(prepared.plans)))
                self.documents.grew(prepared, -PLAN_BYTES)
            known = prepared.plans[key] = (planner, planner.plan())
            self.documents.grew(prepared, PLAN_BYTES)
        return known

    def introspect(self, prepared: Prepared, values: VariableValues, plan: Plan, data: dict[str, Any]) -> None:
        """The schema about itself, by graphql-core; kept with the plan where no variable is in it."""
        asked: list[FieldNode] = [
            node for _, name, _, nodes in plan.steps if name in {"__schema", "__type"} for node in nodes
        ]
        if not asked:
            return
        told = plan.introspected
        if told is None:
            operation = prepared.operation
            document = DocumentNode(
                definitions=(
                    OperationDefinitionNode(
                        operation=operation.operation,
                        variable_definitions=operation.variable_definitions,
                        selection_set=SelectionSetNode(selections=tuple(asked)),
                    ),
                    *prepared.fragments.values(),
                )
            )
            result = execute_sync(self.catalogue.schema, document, variable_values=dict(values.coerced))
            told = result.data or {}
            if not operation.variable_definitions:
                plan.introspected = told
        data.update(told)


def said_to_nobody(act: asyncio.Task[Any]) -> None:
    if not act.cancelled() and (wrong := act.exception()) is not None and not isinstance(wrong, DocumentRefused):
        log.error("act failed", raised=type(wrong).__qualname__)


def conditions_only(prepared: Prepared, values: VariableValues) -> VariableValues:
    """The variables that a plan depends on; whatever else a request sends is not kept."""
    names = set(prepared.skip_variables)
    return VariableValues(
        {name: source for name, source in values.sources.items() if name in names},
        {name: value for name, value in values.coerced.items() if name in names},
    )
