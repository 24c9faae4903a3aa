"""The demo's first start: files are written, imported as anybody's files are, and filled with years of threads.

Every step can be broken off. What is there is kept: the files are whole or not there, an import is one transaction and
the same file again changes nothing, the threads go in together or not at all.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
from rich.console import Console

from demo.facts import Municipality
from demo.maker import instant
from demo.municipality import LOCAL, PERSONS, ROSTER, make_municipality, write_municipality
from demo.personas import write_personas
from demo.recipe import Recipe, keep, kept_recipe
from demo.records import fill_records
from demo.threads import Progress, fill_threads
from resolvers import ids
from server.clock import Clock
from server.data_folder import DataFolder
from server.database import Database
from server.imports import TITLES, Import, Kind, take_in
from vault import Vault

__all__ = ["build_demo", "demo_is_built", "kept_recipe", "open_need_case"]

MESSAGES_A_CHILD = 50
MESSAGES_A_THREAD = 10


async def municipality_of(database: Database, recipe: Recipe) -> UUID | None:
    connection = await asyncpg.connect(**database.admin_connect)
    try:
        found: UUID | None = await connection.fetchval(
            "select id from municipality where organisation_number = $1", recipe.organisation
        )
    finally:
        await connection.close()
    return found


async def demo_is_built(database: Database, folder: DataFolder) -> bool:
    """Whether the folder's demo is in this database, whole."""
    recipe = kept_recipe(folder)
    return recipe is not None and recipe.built and await municipality_of(database, recipe) is not None


async def build_demo(
    database: Database,
    folder: DataFolder,
    children: int,
    messages: int | None,
    seed: int,
    today: dt.date,
    progress: Progress,
    console: Console | None = None,
) -> None:
    """Makes the demo as it is on the morning of `today`; the same arguments give the same files.

    A start that was broken off goes on with the arguments that it had. `messages` null means some for each child.
    The plans of the imports are shown on the console, where there is one.
    """
    recipe = kept_recipe(folder)
    if recipe is None or await municipality_of(database, recipe) is None:
        wanted = MESSAGES_A_CHILD * children if messages is None else messages
        m = make_municipality(children, seed, today)
        administrator, child = m.need
        recipe = Recipe(children, wanted, seed, today.isoformat(), m.organisation, administrator, child)
        keep(recipe, folder)
    else:
        m = recipe.make()
    progress("files", 0, 1)
    write_municipality(m, folder.municipality_files)
    progress("files", 1, 1)
    now = instant(recipe.day, 0)
    await import_files(database, folder, recipe, progress, console or Console(quiet=True))
    await fill(database, m, recipe, now, progress)
    await write_records(database, folder, recipe, now)
    write_personas(m, folder, await ids_of(database, folder, recipe))
    keep(replace(recipe, built=True), folder)


async def import_files(
    database: Database, folder: DataFolder, recipe: Recipe, progress: Progress, console: Console
) -> None:
    """What `innsyn import` does, for each of the three."""
    files, clock = folder.municipality_files, Clock(recipe.day)
    kinds: tuple[tuple[Kind, str], ...] = (("roster", ROSTER), ("persons", PERSONS), ("local", LOCAL))
    for kind, name in kinds:
        wanted = Import(kind, files / name, clock, recipe.organisation)
        progress(TITLES[kind], 0, 1)
        await take_in(database, folder, wanted, console, agreed)
        progress(TITLES[kind], 1, 1)


def agreed() -> bool:
    """Nobody is asked about files that were made a moment ago."""
    return True


async def fill(database: Database, m: Municipality, recipe: Recipe, now: dt.datetime, progress: Progress) -> None:
    """The bulk of the threads, unless they are there."""
    municipality = await municipality_of(database, recipe)
    if municipality is None:
        raise LookupError("the municipality of the roster is not in the database")
    connection: asyncpg.Connection[Any] = await asyncpg.connect(**database.admin_connect)
    try:
        count = "select count(*) from thread t join unit u on u.id = t.unit_id where u.municipality_id = $1"
        written_by_hand = sum(1 for fact in m.local_facts if fact["kind"] == "thread")
        if await connection.fetchval(count, municipality) > written_by_hand or recipe.messages == 0:
            return
        await fill_threads(
            connection,
            municipality,
            seed=recipe.seed,
            threads=max(1, recipe.messages // MESSAGES_A_THREAD),
            messages=recipe.messages,
            now=now,
            progress=progress,
        )
    finally:
        await connection.close()


async def write_records(database: Database, folder: DataFolder, recipe: Recipe, now: dt.datetime) -> None:
    """Records of some of the pupils, unless they are there."""
    municipality = await municipality_of(database, recipe)
    if municipality is None:
        raise LookupError("the municipality of the roster is not in the database")
    vault = Vault.open(folder.keys_file, create=False)
    async with database.admin_engine().begin() as connection:
        await fill_records(connection, vault, municipality, now)


async def ids_of(database: Database, folder: DataFolder, recipe: Recipe) -> dict[str, str]:
    """The global ids that personas' queries name."""
    connection = await asyncpg.connect(**database.admin_connect)
    try:
        key = await connection.fetchval(
            """
            select p.child_key from person_identifier i
            join person p on p.id = i.person_id
            join municipality m on m.id = i.municipality_id
            where i.number_hash = $1 and m.organisation_number = $2
            """,
            Vault.open(folder.keys_file, create=False).keyed_hash(recipe.child, "national_id"),
            recipe.organisation,
        )
    finally:
        await connection.close()
    return {"CHILD_ID": ids.encode(ids.TYPE_BYTES["Child"], key)}


async def open_need_case(database: Database, folder: DataFolder, clock: Clock) -> None:
    """At each start: the administrator of the table holds an open case, since yesterday's is over.

    It comes in as a local fact, like any other.
    """
    recipe = kept_recipe(folder)
    if recipe is None:
        return
    now = clock.now()
    line = {
        "id": f"needCase-{now:%Y%m%dT%H%M%S.%f}",
        "kind": "needCase",
        "at": now.isoformat(),
        "by": recipe.administrator,
        "child": recipe.child,
        "person": recipe.administrator,
        "reason": "Demo: spørsmål om hvem som har ansvaret nå.",
        "until": (now + dt.timedelta(hours=8)).isoformat(),
    }
    file = folder.municipality_files / "need-case.ndjson"
    file.write_text(json.dumps(line, ensure_ascii=False) + "\n", "utf-8")
    wanted = Import("local", file, clock, recipe.organisation)
    await take_in(database, folder, wanted, Console(quiet=True), agreed)
