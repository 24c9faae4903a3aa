"""Takes a file in: read whole, checked whole, shown as a plan, and applied in one transaction or not at all.

The command line and the demo both come this way, so the demo shows what an import is and nothing else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models import Municipality
from registers.local import plan_local, read_local
from registers.persons import plan_persons, read_persons
from registers.plan import MAX_ENDED, Plan, apply_plan
from registers.roster import plan_roster, read_roster
from server.clock import Clock
from server.data_folder import DataFolder
from server.database import Database
from vault import Vault

Kind = Literal["roster", "persons", "local"]
TITLES: dict[Kind, str] = {"roster": "roster", "persons": "person documents", "local": "local facts"}
MOST_LINES = 100
"""So many warnings or conflicts are shown; the count of the rest is."""


class ImportRefused(Exception):
    """The input can be read, but not be taken in as things are; nothing was changed."""


class MunicipalityUnclear(Exception):
    """Which municipality is meant cannot be told."""


@dataclass(frozen=True)
class Import:
    """What is to be imported, and how."""

    kind: Kind
    path: Path
    clock: Clock
    municipality: str | None = None
    """Organisation number; not needed where the database holds one municipality."""
    max_ended: float = MAX_ENDED


async def take_in(
    database: Database, folder: DataFolder, wanted: Import, console: Console, agreed: Callable[[], bool]
) -> bool:
    """Show what the file would change and, once `agreed`, change it; whether it was changed.

    Raises InputRefused, ImportRefused and MunicipalityUnclear; then, and where it is not agreed to, nothing is changed.
    """
    with console.status(f"Reading {wanted.path}"):
        plan_it = _read(wanted)
    async with database.admin_engine().connect() as connection:
        vault = await open_vault(connection, folder)
        with console.status("Comparing it with what is known"):
            plan = await plan_it(connection, vault)
        show(plan, wanted.kind, console)
        if plan.conflicts:
            raise ImportRefused("People must decide the conflicts first.")
        if plan.stop:
            raise ImportRefused(f"{plan.stop} (--max-ended PERCENT lets more end)")
        if plan.empty or not agreed():
            return False
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        ) as bars:
            bar = bars.add_task("Writing", total=None)
            await apply_plan(connection, plan, lambda done, total: bars.update(bar, completed=done, total=total))
        await connection.commit()
        # The API's plans are made once and kept, so they must not be made on what was known of empty tables.
        await connection.exec_driver_sql("analyze")
        await connection.commit()
    return True


def _read(wanted: Import) -> Callable[[AsyncConnection, Vault], Awaitable[Plan]]:
    """Read and check the file; what is returned makes the plan."""
    today, now = wanted.clock.today(), wanted.clock.now()
    if wanted.kind == "roster":
        roster = read_roster(wanted.path)
        if wanted.municipality not in {None, roster.organisation_number}:
            raise ImportRefused(f"the roster is of {roster.organisation_number}, not of {wanted.municipality}")
        return lambda connection, vault: plan_roster(connection, vault, roster, today, wanted.max_ended)
    if wanted.kind == "persons":
        documents = read_persons(wanted.path)

        async def plan_of(connection: AsyncConnection, vault: Vault) -> Plan:
            municipality = await the_municipality(connection, wanted.municipality)
            return await plan_persons(connection, vault, municipality.id, documents, today, wanted.max_ended)

    else:
        facts = read_local(wanted.path)

        async def plan_of(connection: AsyncConnection, vault: Vault) -> Plan:
            municipality = await the_municipality(connection, wanted.municipality)
            return await plan_local(connection, vault, municipality.id, facts, now)

    return plan_of


async def municipalities(connection: AsyncConnection) -> Sequence[Row[UUID, str]]:
    """Key and organisation number of each that the database holds."""
    return (await connection.execute(select(Municipality.id, Municipality.organisation_number))).all()


async def the_municipality(connection: AsyncConnection, organisation_number: str | None) -> Row[UUID, str]:
    """Key and organisation number of the one that is meant. Raises MunicipalityUnclear."""
    found = await municipalities(connection)
    if organisation_number is not None:
        found = [row for row in found if row.organisation_number == organisation_number]
        if not found:
            raise MunicipalityUnclear(f"there is no municipality {organisation_number} here; import its roster first")
    if not found:
        raise MunicipalityUnclear("there is no municipality here; import a roster first")
    if len(found) > 1:
        numbers = ", ".join(sorted(row.organisation_number for row in found))
        raise MunicipalityUnclear(f"there are several municipalities here; choose by --municipality: {numbers}")
    return found[0]


async def open_vault(connection: AsyncConnection, folder: DataFolder) -> Vault:
    """The keys; made while there is nothing that other keys have encrypted."""
    return Vault.open(folder.keys_file, create=not await municipalities(connection))


def show(plan: Plan, kind: Kind, console: Console) -> None:
    table = Table("", "added", "changed", "ended", title=f"What the {TITLES[kind]} would change")
    for name in ("added", "changed", "ended"):
        table.columns[("", "added", "changed", "ended").index(name)].justify = "right"
    for name, counts in plan.counts.items():
        if counts:
            table.add_row(
                name, *(f"{count:,}" if count else "" for count in (counts.added, counts.changed, counts.ended))
            )
    if table.rows:
        console.print(table)
    else:
        console.print("Everything in it is known already.")
    if plan.passed_over:
        listed = ", ".join(f"{count:,} {name}" for name, count in plan.passed_over.most_common())
        why = "known already" if kind == "local" else "it means nothing here"
        console.print(f"Passed over, since {why}: {listed}", markup=False, highlight=False)
    _list("Warnings", plan.warnings, console)
    _list("Conflicts", [str(conflict) for conflict in plan.conflicts], console)


def _list(title: str, lines: Sequence[str], console: Console) -> None:
    if lines:
        console.print(f"{title}:")
        for line in lines[:MOST_LINES]:
            console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
        if len(lines) > MOST_LINES:
            console.print(f"  … and {len(lines) - MOST_LINES:,} more")
