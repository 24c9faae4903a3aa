"""One mutant's trial, in a process of its own: its modules are imported anew, one of them broken."""

from __future__ import annotations

import asyncio
import importlib.abc
import importlib.util
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from tests.mutants.mutations import Mutant, path_of
from tests.mutants.printed import as_printed
from tests.mutants.stage import (
    EXPLAIN,
    RAISING,
    SHARED,
    Cabinet,
    Case,
    Difference,
    Questioner,
    Stage,
    call_keys,
    connection_to,
    standing_of,
)

FEW = 60
"""Cases that are enough to ask for a mask that the printed schema tells from the whole one."""
TEMPORARY = "pg_temp.standing"


@dataclass(frozen=True)
class Verdict:
    """How a mutant ended: killed at build, by a case of the oracle's or a test, as printed; raised, or survived."""

    how: str
    told: str = ""
    case: int | None = None
    cases: int = 0

    @property
    def killed(self) -> bool:
        return self.how in {"oracle", "build", "test", "printed"}


class Broken(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a mutant's source."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(self, name: str, *_: Any) -> Any:
        return importlib.util.spec_from_loader(name, self) if name == self.mutant.module else None

    def exec_module(self, module: Any) -> None:
        exec(compile(self.mutant.source(), str(path_of(self.mutant.module)), "exec"), vars(module))


def forget_policy() -> None:
    """The next import of the policy and the sources is a new one."""
    for name in [name for name in sys.modules if name.split(".")[0] in {"authz", "resolvers"} and name not in SHARED]:
        del sys.modules[name]


def try_mutant(stage: Stage, mutant: Mutant, order: Sequence[int]) -> Verdict:
    """`order`: numbers of cases, those first that are likely to see the difference."""
    forget_policy()
    sys.meta_path.insert(0, Broken(mutant))
    try:
        from authz.engine.keys import function_text  # noqa: PLC0415
        from resolvers.catalogue import catalogue, policy_lines  # noqa: PLC0415
        from schema.public import graphql_schema  # noqa: PLC0415

        catalogue(graphql_schema())
        function = function_text()
    except Exception as refused:  # noqa: BLE001 (whatever it is, the broken policy cannot be used)
        return Verdict("build", f"{type(refused).__name__}: {refused}")
    printed = as_printed(policy_lines()) if mutant.kind == "mask" else ""
    try:
        verdict = asyncio.run(judge(stage, mutant, order[:FEW] if printed else order, function))
    except Exception as raised:  # noqa: BLE001
        return Verdict("raised", f"{type(raised).__name__}: {raised}"[:500])
    if verdict.how == "survived" and printed:
        return Verdict("printed", printed, cases=verdict.cases)
    return verdict


async def judge(stage: Stage, mutant: Mutant, order: Sequence[int], function: str) -> Verdict:
    connection = await connection_to(stage.database)
    try:
        await connection.execute("begin")
        verdict = await hold_all(stage, mutant, order, function, connection)
        await connection.execute("rollback")
        return verdict
    finally:
        connection.terminate()


async def hold_all(
    stage: Stage, mutant: Mutant, order: Sequence[int], function: str, connection: asyncpg.Connection[Any]
) -> Verdict:
    cabinet, keys = Cabinet(stage, connection), stage.keys
    moved: set[int] = set()
    """Municipalities whose standing is another."""
    if mutant.module == "authz.standing":
        try:
            await derive(stage, mutant, connection)
        except asyncpg.PostgresError as refused:
            return Verdict("build", f"nothing can be imported: {type(refused).__name__}: {refused}")
        now = await standing_of(connection)
        moved = {
            i
            for i, held in enumerate(stage.held)
            if now.get(held.municipality) != stage.standing.get(held.municipality)
        }
        order = [number for number in order if stage.cases[number].tried in moved]
        cabinet.trusted = False
    if function != stage.function or moved:
        made = function.replace("function standing(", f"function {TEMPORARY}(")
        await connection.execute(made)
        keys = await call_keys(connection, stage, TEMPORARY)
    other = {view for view, told in enumerate(keys) if told != stage.keys[view]}
    order = [number for number in order if keys[stage.cases[number].view] is not RAISING]
    reached = [number for number in order if stage.cases[number].view in other or concerns(stage, mutant, number)]
    reached.sort(key=lambda number: stage.cases[number].view not in other)
    if moved:
        reached = list(order)
    questioner = Questioner(stage, cabinet, keys)
    raised = "the keys of a viewer" if any(told is RAISING for told in keys) else ""
    await connection.execute("savepoint whole")
    for count, number in enumerate(reached):
        try:
            await questioner.hold(stage.cases[number])
        except Difference as difference:
            return Verdict("oracle", str(difference), number, count + 1)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is no answer that could be judged)
            raised = raised or f"{type(error).__name__}: {error}"[:500]
            await connection.execute("rollback to savepoint whole")
    return Verdict("raised" if raised else "survived", raised, cases=len(reached))


def concerns(stage: Stage, mutant: Mutant, number: int) -> bool:
    """Whether the case's statements are made by what is broken; explanations keep theirs from case to case."""
    if stage.cases[number].road == EXPLAIN and mutant.module == "authz.relation":
        return True
    if mutant.kind == "column":
        return mutant.place.rsplit(".", 1)[-1] in stage.cases[number].text
    if mutant.function is None:
        return mutant.module != "authz.standing"
    return (str(path_of(mutant.module)), mutant.function) in reached_by(stage, stage.cases[number])


def reached_by(stage: Stage, case: Case) -> set[tuple[str, int]]:
    from resolvers.gateway import shape_of  # noqa: PLC0415

    shape = shape_of({**stage.asked[case.view], **stage.keys[case.view]})
    return stage.reached[case.text, shape]


async def derive(stage: Stage, mutant: Mutant, connection: asyncpg.Connection[Any]) -> None:
    """Every municipality's standing by the broken page, all of one setting at once."""
    from authz.standing import derivations  # noqa: PLC0415

    unsaid = re.search(r'or "(ONE|ALL)"', mutant.source().decode())
    assert unsaid
    for consent, asks_for_all in ((unsaid[1], False), ("ALL", True)):
        told = [held.municipality for held in stage.held if held.asks_for_all == asks_for_all]
        for statement in derivations(consent):
            sql = statement.replace("= :municipality", "= any($1::uuid[])").replace(":children", "null")
            await connection.execute(sql, told)
