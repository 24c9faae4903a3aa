"""The one command: makes the municipality of the measurement if need be, compares, measures, prints a table."""

from __future__ import annotations

import asyncio
import datetime as dt
import signal
import subprocess
import sys
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import click
import platformdirs

from authz.standing import derivations, derive_standing
from bench import cpu, municipality, unwalled
from bench.contestants import Contestant, body, started
from bench.load import Request, load
from bench.measure import AnswersDiffer, Measured, compare, measure
from bench.questions import TEXTS, Asker, foreign_askers, pick_askers
from bench.table import is_optimised_python, python_build, rendered, shortfalls
from models import Base
from server.data_folder import DataFolder
from server.database import Database, open_database, superuser_connect
from vault import Vault

ALL = ("innsyn", "limit", "peer")
WITHOUT = ("unlogged", "unwalled")
"""Innsyn without its access log, and without its second wall, where they are asked for by name."""
README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- measured -->", "<!-- end of what was measured -->"


def tell(line: str) -> None:
    click.echo(f"{dt.datetime.now().astimezone():%H:%M:%S}  {line}", err=True)


async def fill(database: Database, vault: Vault, *, anew: bool) -> None:
    """The municipality, unless it is there already; one that was cut short, or is of another make, is made anew."""
    make = f"{municipality.VERSION} {sha256(''.join(derivations('ONE')).encode()).hexdigest()[:8]}"
    connection = await asyncpg.connect(**database.admin_connect)
    try:
        if not anew and await municipality.is_built(connection, make):
            return
        tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
        async with connection.transaction():
            await connection.execute(f"truncate {tables} cascade")
            await municipality.build(connection, vault, tell)
        tell("deriving how people stand to children")
        async with database.admin_engine().begin() as deriving:
            key = await connection.fetchval("select id from municipality")
            await derive_standing(deriving, key)
        await connection.execute("vacuum analyze")
        await municipality.mark_built(connection, make)
    finally:
        await connection.close()


async def who_asks(database: Database, vault: Vault) -> tuple[dict[str, list[Asker]], Asker, str]:
    """The askers of each question, a stranger to everybody, and what the database is."""
    connection = await asyncpg.connect(**database.admin_connect)
    try:
        rows = await connection.fetch("select person_id, number_cipher from person_identifier")
        ciphers = {row["person_id"]: row["number_cipher"] for row in rows}
        askers = await pick_askers(
            connection, lambda person: vault.decrypt(ciphers[person], "national_id"), municipality.TODAY
        )
        key = await connection.fetchval("select id from person where given_name = 'Fremmed'")
        stranger = Asker(key, vault.decrypt(ciphers[key], "national_id"), None)
        version = str(await connection.fetchval("select version()")).split(" on ", maxsplit=1)[0]
        buffers = await connection.fetchval("show shared_buffers")
        return askers, stranger, f"{version} (shared_buffers {buffers})"
    finally:
        await connection.close()


def as_owner(database: Database) -> dict[str, Any]:
    """For contestants without walls of their own: past the second wall, and planning as the API does."""
    settings = database.api_connect["server_settings"]
    return {**database.admin_connect, "server_settings": settings}


def url_of(way: dict[str, Any]) -> str:
    secret = quote(way["password"], safe="")
    return f"postgresql://{way['user']}:{secret}@/{way['database']}?host={quote(way['host'], safe='')}"


def profile(one: Contestant, question: str, askers: list[Asker], into: Path) -> None:
    """Where the time of a server goes under load, as a flame graph."""
    requests = [Request(one.header(asker), body(question, asker)) for asker in askers]
    recording = ["record", "--pid", str(one.process.pid), "--subprocesses", "--rate", "250", "--duration", "10"]
    with subprocess.Popen(
        [str(Path(sys.executable).with_name("py-spy")), *recording, "--output", str(into)]
    ) as watching:
        run = load(one.url, requests, 12)
        watching.wait()
    tell(f"{one.name} {question}: {run.rate:,.0f} a second under py-spy; {into}")


def write_into(page: Path, table: str) -> None:
    """Between the page's two marks."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    page.write_text(f"{before}{begin}\n\n{table}\n\n{end}{after}")


async def run(data: Path, told: dict[str, Any]) -> bool:
    folder = DataFolder.at(data)
    vault = Vault.open(folder.keys_file, create=True)
    async with open_database(folder) as database:
        await fill(database, vault, anew=told["rebuild"])
        askers, stranger, version = await who_asks(database, vault)
        foreign = foreign_askers(askers, stranger)
        root = await cpu.postmaster(database.admin_connect) if told["cpu"] else None
        asked = {question: askers[question] for question in told["questions"]}
        everyone = [asker for asking in (*askers.values(), *foreign.values()) for asker in asking]
        ways: dict[str, dict[str, Any]] = {}
        if "unwalled" in told["contestants"]:  # before anybody is connected to what is copied
            tell("copying the database for the one without a wall")
            copied = await unwalled.make(database, superuser_connect(folder, database.admin_connect["host"]))
            ways["unwalled"] = {role: url_of(way) for role, way in copied.items()}
        with ExitStack() as stack:
            contestants = []
            for name in told["contestants"]:
                tell(f"starting {name}")
                log = folder.path / f"bench-{name}.log"
                about = (folder, ways.get(name, as_owner(database)), municipality.TODAY, everyone, log)
                contestants.append(stack.enter_context(started(name, *about)))
            # Everything below blocks; nothing else runs on this loop.
            if told["profile"]:
                for question, asking in asked.items():
                    profile(contestants[0], question, asking, Path(f"profile-{contestants[0].name}-{question}.svg"))
                return True
            if root is not None:
                click.echo(cpu.rendered(cpu.spent_by(contestants, asked, root, told["rounds"], told["seconds"], tell)))
                return True
            found = Measured()
            tell("comparing answers")
            compare(contestants, asked, foreign, found)
            if told["compare_only"]:
                click.echo(f"the same answers: {found.compared}")
                return True
            measure(contestants, asked, found, told["rounds"], told["seconds"], tell)
        day = f"{dt.datetime.now().astimezone():%Y-%m-%d}"
        names = [one.name for one in contestants]
        table = rendered(found, names, version, day, told["rounds"], told["seconds"])
        click.echo(table)
        if told["readme"]:
            write_into(README, table)
        missing = shortfalls(found, names)
        for line in missing:
            click.echo(f"NOT REACHED  {line}")
        return not missing


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Data folder of the measurement, kept between runs.")
@click.option("--rounds", default=5, show_default=True)
@click.option("--seconds", default=4.0, show_default=True, help="Of load, for each question and contestant a round.")
@click.option(
    "--only", "contestants", type=click.Choice((*ALL, *WITHOUT)), multiple=True, help="These contestants (repeat)."
)
@click.option(
    "--question", "questions", type=click.Choice(list(TEXTS)), multiple=True, help="These questions (repeat)."
)
@click.option("--compare-only", is_flag=True, help="Stop when the answers were found to be the same.")
@click.option("--profile", is_flag=True, help="Flame graphs of the first contestant instead of figures (py-spy).")
@click.option("--cpu", is_flag=True, help="Processor time a request instead: for a machine that others use too.")
@click.option("--rebuild", is_flag=True, help="Make the municipality anew.")
@click.option("--readme", is_flag=True, help="Write the table into bench/README.md too.")
@click.option("--any-python", is_flag=True, help="Measure though this Python was built without optimisation.")
def main(data: Path | None, any_python: bool, **told: Any) -> None:
    """Measure how fast Innsyn answers four questions, beside hand-written SQL and beside a plain Strawberry server."""
    if not is_optimised_python() and not any_python:
        raise click.ClickException(f"{python_build()}. Take another Python, or say --any-python.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped then, too
    told["contestants"] = told["contestants"] or ALL
    told["questions"] = told["questions"] or tuple(TEXTS)
    try:
        enough = asyncio.run(run(data or Path(platformdirs.user_data_dir("innsyn-bench")), told))
    except AnswersDiffer as wrong:
        raise click.ClickException(str(wrong)) from None
    sys.exit(0 if enough else 1)


if __name__ == "__main__":
    main()
