"""The command line, `innsyn`: what there is to do, and how it is said when it cannot be done.

Imports of other modules stand inside the commands, so that `--help` comes at once.
"""

# ruff: noqa: PLC0415 - as said above

from __future__ import annotations

import asyncio
import datetime as dt
import os
import select
import signal
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from server.imports import Kind

Command = TypeVar("Command", bound=Callable[..., Any])


class CommandFailed(click.ClickException):
    exit_code = 1


class InputNotTaken(CommandFailed):
    exit_code = 2


class SaysWhatIsWrong(click.Group):
    """Nobody who runs a command meets a traceback, for it helps only whoever knows the code and holds what should not
    be in a terminal. INNSYN_TRACEBACK=1 shows it."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as wrong:
            if os.environ.get("INNSYN_TRACEBACK") == "1":
                raise
            raise told(wrong) from None


def told(wrong: Exception) -> CommandFailed:
    """What is said of an exception: its own text where that was written for people, else only its kind."""
    from demo.municipality import TooFewChildren
    from norway.national_id import NotANationalId
    from registers.plan import InputRefused
    from server.cluster import ClusterNotUsable
    from server.database import DatabaseNotUsable
    from server.development_login import DevelopmentLoginRefused
    from server.imports import ImportRefused, MunicipalityUnclear
    from server.s3 import BucketNotUsable
    from server.settings import SettingsNotUsable
    from vault import KeysNotUsable

    match wrong:
        case InputRefused() | ImportRefused():
            return InputNotTaken(f"{wrong}\nNothing was changed.")
        case NotANationalId() | MunicipalityUnclear() | TooFewChildren():
            return InputNotTaken(str(wrong))
        case (
            BucketNotUsable()
            | ClusterNotUsable()
            | DatabaseNotUsable()
            | DevelopmentLoginRefused()
            | KeysNotUsable()
            | SettingsNotUsable()
        ):
            return CommandFailed(str(wrong))
        case OSError(strerror=str(reason), filename=None):
            return CommandFailed(reason)
        case OSError(strerror=str(reason), filename=file):
            return CommandFailed(f"{os.fspath(file)}: {reason}")
    return CommandFailed(f"Unexpected error ({type(wrong).__name__}). INNSYN_TRACEBACK=1 shows where.")


def stop(number: int, _frame: FrameType | None) -> None:
    """End as after an error, so that a database that was started is stopped."""
    sys.exit(128 + number)


class Day(click.ParamType):
    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        if isinstance(value, dt.date):
            return value
        try:
            return dt.datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=dt.UTC).date()
        except ValueError:
            self.fail(f"{value!r} is not a day as 2026-08-17 is", param, ctx)


def data_option(command: Command) -> Command:
    return click.option(
        "--data",
        metavar="DIR",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="INNSYN_DATA",
        help="The data folder; your own where none is told.",
    )(command)


def municipality_option(command: Command) -> Command:
    return click.option(
        "--municipality", metavar="ORGNR", help="Organisation number; needed where the database holds several."
    )(command)


def today_option(command: Command) -> Command:
    return click.option("--today", type=Day(), help="The day that it is. Only where INNSYN_DEV_LOGIN=1.")(command)


def port_option(command: Command) -> Command:
    return click.option(
        "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one."
    )(command)


def run_fast(serving: Coroutine[Any, Any, None]) -> None:
    """Run what serves, in a loop that is quicker at it than asyncio's own."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serving)


def development(what: str) -> bool:
    """Whether the development login is on; raises where it is not and `what` needs it."""
    on = os.environ.get("INNSYN_DEV_LOGIN") == "1"
    if what and not on:
        raise CommandFailed(f"{what} is for development only: set INNSYN_DEV_LOGIN=1")
    return on


@click.group(cls=SaysWhatIsWrong, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="innsyn")
def main() -> None:
    """The conversation between homes and schools, SFOs and kindergartens: each sees what is theirs to see."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, stop)


@main.command()
@port_option
@data_option
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that answer.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@today_option
def serve(port: int, data: Path | None, workers: int, host: str, today: dt.date | None) -> None:
    """Serve GraphQL, and GraphiQL at / where the development login is on."""
    if today is not None:
        development("--today")

    async def run() -> None:
        from server.app import Serving, run_server
        from server.data_folder import DataFolder
        from server.database import open_database
        from server.imports import open_vault
        from server.settings import Settings

        settings = Settings.read(os.environ)
        folder = DataFolder.at(data)
        async with open_database(folder) as database:
            async with database.admin_engine().connect() as connection:
                await open_vault(connection, folder)
            serving = Serving(folder.path, database.api_connect, settings, today)
            await run_server(
                serving,
                host=host,
                port=port,
                workers=workers,
                announce=lambda address: click.echo(f"Innsyn answers at {address}/graphql", err=True),
            )

    run_fast(run())


@main.command()
@port_option
@click.option("--children", type=click.IntRange(min=1), default=2000, show_default=True, help="How many there are.")
@click.option(
    "--messages", type=click.IntRange(min=0), help="How many there are in all; some for each child otherwise."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another one makes another municipality.")
@data_option
@today_option
def demo(port: int, children: int, messages: int | None, seed: int, data: Path | None, today: dt.date | None) -> None:
    """Make a municipality that does not exist, open GraphiQL on it, and say whom one can ask as.

    A second start keeps what is there.
    """
    os.environ["INNSYN_DEV_LOGIN"] = "1"

    async def run() -> None:
        from demo.build import build_demo, demo_is_built, kept_recipe, open_need_case
        from demo.contact_register import running_contact_register
        from demo.personas import print_personas
        from demo.progress import progress_bars
        from server.app import Serving, run_server
        from server.clock import Clock
        from server.data_folder import DataFolder
        from server.database import open_database
        from server.graphiql import GraphiqlBuild
        from server.imports import municipalities, open_vault
        from server.settings import Settings

        settings = Settings.read(os.environ)
        folder, clock = DataFolder.at(data), Clock(today)
        # Beside everything else: the server does not wait for it.
        GraphiqlBuild().start()

        def announce(address: str) -> None:
            print_personas(folder, int(address.rsplit(":", 1)[1]))
            click.echo(f"Innsyn answers at {address}/graphql", err=True)

        async with open_database(folder) as database:
            async with database.admin_engine().connect() as connection:
                if kept_recipe(folder) is None and await municipalities(connection):
                    raise InputNotTaken(f"{folder.path} holds another municipality: choose another folder by --data")
                await open_vault(connection, folder)
            if not await demo_is_built(database, folder):
                with progress_bars() as progress:
                    await build_demo(database, folder, children, messages, seed, clock.today(), progress)
            await open_need_case(database, folder, clock)
            recipe = kept_recipe(folder)
            with running_contact_register(folder.path / "contacts.json") as contact_register:
                serving = Serving(
                    folder.path,
                    database.api_connect,
                    replace(settings, contact_register=contact_register),
                    today,
                    recipe.organisation if recipe else None,
                )
                await run_server(serving, port=port, announce=announce)

    run_fast(run())


@main.group(name="import")
def import_() -> None:
    """Take in a file: read whole, checked whole, shown as a plan, applied in one transaction."""


def import_options(command: Command) -> Command:
    for option in (
        click.option("--yes", is_flag=True, help="Apply the plan without asking."),
        click.option("--dry-run", is_flag=True, help="Show the plan and change nothing."),
        today_option,
        municipality_option,
        data_option,
    ):
        command = option(command)
    return command


def max_ended_option(what: str) -> Callable[[Command], Command]:
    return click.option(
        "--max-ended", metavar="PERCENT", type=click.FloatRange(0, 100), default=10, show_default=True,
        help=f"The share of {what} may end; what ends on its known date does not count.",
    )  # fmt: skip


@import_.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@import_options
@max_ended_option("people or of enrolments that the roster")
def roster(path: Path, max_ended: float, **options: Any) -> None:
    """Take in a OneRoster folder or zip file (CSV, version 1.2 or 1.1)."""
    carry_out("roster", path, max_ended=max_ended / 100, **options)


@import_.command()
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@import_options
@max_ended_option("protections that the documents")
def persons(path: Path, max_ended: float, **options: Any) -> None:
    """Take in person documents of Folkeregisteret, one JSON document a line."""
    carry_out("persons", path, max_ended=max_ended / 100, **options)


@import_.command()
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@import_options
def local(path: Path, **options: Any) -> None:
    """Take in what the municipality itself knows, one JSON fact a line: blocks, consents, threads and so on."""
    carry_out("local", path, **options)


def carry_out(
    kind: Kind,
    path: Path,
    *,
    data: Path | None,
    municipality: str | None,
    today: dt.date | None,
    dry_run: bool,
    yes: bool,
    max_ended: float | None = None,
) -> None:
    from rich.console import Console

    from server.clock import Clock
    from server.data_folder import DataFolder
    from server.database import open_database
    from server.imports import Import, take_in

    if today is not None:
        development("--today")
    wanted = Import(kind, path, Clock(today), municipality)
    if max_ended is not None:
        wanted = replace(wanted, max_ended=max_ended)
    console = Console()

    def agreed() -> bool:
        if dry_run:
            return False
        if yes:
            return True
        if not sys.stdin.isatty():
            raise CommandFailed("Nobody is there to be asked: --yes applies the plan, --dry-run only shows it.")
        # asyncio answers Ctrl-C by cancelling, which cannot reach a question that waits at the terminal.
        kept = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            click.echo("Apply this? [y/N]: ", nl=False)
            # Waited for apart from reading, which some builds of Python do not leave at Ctrl-C.
            select.select([sys.stdin], [], [])
            return sys.stdin.readline().strip().lower() in {"y", "yes"}
        except KeyboardInterrupt:
            raise click.Abort from None
        finally:
            signal.signal(signal.SIGINT, kept)

    async def run() -> None:
        folder = DataFolder.at(data)
        async with open_database(folder) as database:
            applied = await take_in(database, folder, wanted, console, agreed)
        click.echo("Done." if applied else "Nothing was changed.")

    asyncio.run(run())


@main.group()
def keys() -> None:
    """The keys under which records and files lie."""


@keys.command()
@municipality_option
@data_option
def rotate(municipality: str | None, data: Path | None) -> None:
    """Give a municipality a new key, and wipe the old one once nothing lies under it. Servers may run meanwhile."""

    async def run() -> str:
        from server.clock import Clock
        from server.data_folder import DataFolder
        from server.database import open_database
        from server.imports import open_vault, the_municipality
        from server.key_rotation import rotate_keys

        folder = DataFolder.at(data)
        async with open_database(folder) as database, database.admin_engine().connect() as connection:
            meant = await the_municipality(connection, municipality)
            vault = await open_vault(connection, folder)
            done = await rotate_keys(connection, vault, meant.id, Clock().now())
        return (
            f"Key {done.number} is in use: {done.data_keys:,} data keys and {done.uploads:,} uploads lie under it now,"
            f" and {done.retired} older keys are wiped."
        )

    click.echo(asyncio.run(run()))


@main.group()
def log() -> None:
    """Who has looked at which child's data."""


class Month(click.ParamType):
    name = "YYYY-MM"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        if isinstance(value, dt.date):
            return value
        try:
            return dt.datetime.strptime(value, "%Y-%m").replace(tzinfo=dt.UTC).date()
        except ValueError:
            self.fail(f"{value!r} is not a month as 2026-11 is", param, ctx)


class Checkpoint(click.ParamType):
    name = "ORGNR:NUMBER:SEAL"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from server.log_verification import Head, NoHead

        try:
            return Head.read(value)
        except NoHead:
            self.fail(f"{value!r} is not a checkpoint as this command prints it", param, ctx)


@log.command()
@click.option("--month", type=Month(), help="Read no other month's chains.")
@click.option(
    "--expect", type=Checkpoint(), multiple=True, help="A checkpoint that was printed before, and must stand still."
)
@data_option
def verify(month: dt.date | None, expect: tuple[Any, ...], data: Path | None) -> None:
    """Reckon every chain of the access log anew; ends with 1 where something was changed. Servers may run meanwhile."""

    async def run() -> Any:
        from server.data_folder import DataFolder
        from server.database import open_database
        from server.imports import open_vault
        from server.log_verification import verify_log

        folder = DataFolder.at(data)
        async with open_database(folder) as database, database.admin_engine().connect() as connection:
            vault = await open_vault(connection, folder)
            await connection.rollback()
            return await verify_log(connection, vault, month, {head.municipality: head for head in expect})

    found = asyncio.run(run())
    for text in found.findings:
        click.echo(text)
    if found.more:
        click.echo(f"And {found.more:,} more.")
    click.echo(
        f"{found.entries:,} entries in {found.chains:,} chains, {found.unsealed:,} of them after the last checkpoint of"
        " their chain."
    )
    for head in found.heads:
        click.echo(f"Checkpoint {head}")
    if found.findings:
        raise CommandFailed("The access log is not what was written.")


@main.command()
@click.option("--as", "national_id", metavar="NATIONAL_ID", required=True, help="Who asks.")
@click.option(
    "--login",
    type=click.Choice(["private", "employee", "both"]),
    default="both",
    show_default=True,
    help="How they signed in.",
)
@click.option("--ttl", metavar="SECONDS", type=click.IntRange(1, 30 * 24 * 3600), default=8 * 3600, show_default=True)
@municipality_option
@data_option
def token(national_id: str, login: Any, ttl: int, municipality: str | None, data: Path | None) -> None:
    """Print a token of the development issuer. Only where INNSYN_DEV_LOGIN=1."""
    development("innsyn token")

    async def run() -> str:
        from norway.national_id import checked_national_id
        from server.data_folder import DataFolder
        from server.database import open_database
        from server.imports import the_municipality
        from server.tokens import issue_development_token

        number = checked_national_id(national_id)
        folder = DataFolder.at(data)
        async with open_database(folder) as database, database.admin_engine().connect() as connection:
            meant = await the_municipality(connection, municipality)
        return issue_development_token(folder.path, number, meant.organisation_number, login, dt.timedelta(seconds=ttl))

    click.echo(asyncio.run(run()))
