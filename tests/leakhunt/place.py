"""Where a hunt takes place: two municipalities in one database, and a server over them, in this process or another."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, redirect_stderr
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
from graphql import GraphQLSchema, build_schema

from authz.engine.keys import LEAVE
from demo.contact_register import running_contact_register
from resolvers.gateway import UNFINISHED_LETTERS, Gateway
from resolvers.ids import TYPE_BYTES, encode
from schema.public import printed_schema
from server.app import Edge, Serving, build_app, open_engine
from server.clock import Clock
from server.data_folder import DataFolder
from server.database import Database
from server.logs import configure_logs
from server.settings import EdgeLimits, Settings
from server.storage import FolderStorage
from server.tokens import Tokens, development_key
from tests.conftest import Innsyn
from tests.edge import served
from tests.key_server import running_key_server
from tests.leakhunt.book import Book
from tests.leakhunt.canaries import Mint, make_records, mark
from tests.leakhunt.hunter import Hunter, Tally
from tests.leakhunt.outsiders import issuer, outsiders_of
from tests.leakhunt.rows import learn_rows
from tests.leakhunt.search import Search
from tests.leakhunt.wire import wired
from tests.worlds.loading import Loaded, load
from tests.worlds.random_world import random_world
from tests.worlds.records import write_records
from tests.worlds.world import World, oslo
from vault import Vault

ORGANISATIONS = ("999000001", "999000002")
EDGE = EdgeLimits(seconds=120, connections_a_viewer=60)


class HeldClock(Clock):
    """A clock that stands until it is set."""

    def __init__(self, instant: dt.datetime) -> None:
        super().__init__()
        self.set(instant)

    def set(self, instant: dt.datetime) -> None:
        object.__setattr__(self, "instant", instant)

    def now(self) -> dt.datetime:
        held: dt.datetime = vars(self)["instant"]
        return held


@dataclass
class Town:
    """Two municipalities, as they lie in a database, and every canary of theirs."""

    folder: Path
    database: Database
    vault: Vault
    books: list[Book]
    search: Search
    schema: GraphQLSchema
    contacts: Path
    never: dict[str, str] = field(default_factory=dict)
    """What lies in the tables and is for nobody, and what it is."""

    @property
    def world(self) -> World:
        return self.books[0].world

    async def learn_rows(self) -> None:
        connection = await asyncpg.connect(**self.database.admin_connect)
        try:
            await learn_rows(connection, self.search, self.never)
        finally:
            await connection.close()

    def hunter(self, seed: int, wire, now, tally: Tally) -> Hunter:
        tally.canaries += len(self.never.keys() | {key for book in self.books for key in book.kinds})
        return Hunter(seed, self, wire, now, tally)


async def build_town(folder: Path, database: Database, seed: int, today: dt.date | None = None) -> Town:
    """Both municipalities live on the same day."""
    vault = Vault.open(DataFolder(folder).keys_file, create=True)
    mint, search = Mint(seed), Search()
    books: list[Book] = []
    people: dict[str, dict[str, object]] = {}
    for number, (organisation, offset) in enumerate(zip(ORGANISATIONS, (0, 500_000), strict=True)):
        world = mark(random_world(seed + offset, today or (books[0].world.today if books else None)), mint)
        world.organisation_number = organisation
        if number:
            world.name = "Fjellvik"
        loaded = await load(world, database, vault)
        records = [told for told in make_records(world, mint) if world.people[told.author].number]
        record_ids = await write_records(records, loaded, database, vault)
        books.append(
            Book(loaded, search, records, record_ids, await need_cases_of(loaded, database),
                 outsiders=outsiders_of(world, mint))
        )  # fmt: skip
        for handle, contact in world.contacts.items():
            if (known := world.people[handle].number) is not None:
                people[known] = {"email": contact.email, "mobile": contact.phone, "reserved": contact.reserved}
    contacts = folder / "contacts.json"
    contacts.write_text(json.dumps(people))
    town = Town(folder, database, vault, books, search, build_schema(printed_schema()), contacts)
    for book in books:
        book.log_is_shown = "AccessLogEntry" in town.schema.type_map
        book.learn()
    await town.learn_rows()
    return town


async def need_cases_of(loaded: Loaded, database: Database) -> dict[str, str]:
    connection = await asyncpg.connect(**database.admin_connect)
    try:
        rows = await connection.fetch(
            "select id, row_id from local_fact where municipality_id = $1 and kind = 'needCase'", loaded.municipality
        )
    finally:
        await connection.close()
    return {row["id"]: encode(TYPE_BYTES["NeedCase"], row["row_id"]) for row in rows if row["row_id"]}


OF_NOBODYS_REQUEST = (UNFINISHED_LETTERS, LEAVE)
"""Asked now and then, whoever asks for something meanwhile."""


class Statements:
    """What a server's pool of connections for reading has been asked, text by text."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.asked: list[str] = []
        self.known: set[int] = set()

    def __call__(self) -> list[str]:
        """Since the last call."""
        for holder in self.gateway._pool._holders:
            connection = holder._con
            if connection is not None and id(connection) not in self.known:
                self.known.add(id(connection))
                connection.add_query_logger(self._take)
        taken, self.asked = self.asked, []
        return taken

    def _take(self, record: Any) -> None:
        if record.query not in OF_NOBODYS_REQUEST:
            self.asked.append(record.query)


@asynccontextmanager
async def here(town: Town, seed: int, tally: Tally) -> AsyncIterator[tuple[Hunter, HeldClock]]:
    """A server in this process, whose clock stands at noon of the towns' day until it is set."""
    clock = HeldClock(oslo(town.world.today))
    with running_contact_register(town.contacts) as register, running_key_server() as keys:
        settings = Settings(edge=EDGE, development_login=True, contact_register=register)
        serving = Serving(town.folder, town.database.api_connect, settings)
        machines = issuer(ORGANISATIONS, keys.url)
        tokens = Tokens(town.vault, (machines,), development_key(town.folder).public_key())

        async def ready() -> None:
            pass

        opened: list[Any] = []

        @asynccontextmanager
        async def opening() -> AsyncIterator[object]:
            async with open_engine(serving, town.vault, clock) as engine:
                opened.append(engine)
                await asyncio.wait_for(engine.live.listening.ready.wait(), 15)
                yield engine

        storage = FolderStorage(DataFolder(town.folder).attachments)
        app = build_app(Edge(settings, opening, tokens, clock, ready, storage=storage))
        async with (
            app.router.lifespan_context(app),
            served(app, settings.edge) as (url, _),
            wired(url, town.folder) as wire,
        ):
            hunter = town.hunter(seed, wire, lambda: (clock.now(),), tally)
            hunter.statements = Statements(opened[0].gateway)
            try:
                yield hunter, clock
            finally:
                await hunter.stop_listening()
                await wire.close()


@asynccontextmanager
async def elsewhere(town: Town, seed: int, tally: Tally) -> AsyncIterator[Hunter]:
    """`innsyn serve` in a process of its own, on the towns' day; at the end all that it wrote is judged too."""

    def now() -> tuple[dt.datetime, ...]:
        """The server's clock goes on, and relations begin and end by whole minutes."""
        minute = Clock(town.world.today).now().replace(second=0, microsecond=0)
        return minute, minute + dt.timedelta(minutes=1)

    with running_contact_register(town.contacts) as register, running_key_server() as keys:
        issuers = town.folder / "issuers.json"
        issuers.write_text(json.dumps([asdict(issuer(ORGANISATIONS, keys.url))]))
        environment = {
            "INNSYN_CONTACT_REGISTER": register,
            "INNSYN_ISSUERS": str(issuers),
            "INNSYN_LIMITS": json.dumps({"seconds": 120, "connections_a_viewer": 60}),
        }
        command = Innsyn.on(DataFolder(town.folder), town.database, **environment)
        log = town.folder / "server.log"
        with command.serving("--today", town.world.today.isoformat(), log=log) as url:
            async with wired(url, town.folder) as wire:
                hunter = town.hunter(seed, wire, now, tally)
                yield hunter
                await hunter.stop_listening()
        hunter.judge_log(log.read_bytes())


async def emptied(database: Database) -> None:
    connection = await asyncpg.connect(**database.admin_connect)
    try:
        await connection.execute("truncate municipality, person, unit cascade")
    finally:
        await connection.close()


class Log:
    """Where the logs of this process go from here on, in the form of a server's. Whoever has logged keeps to where it
    went, so there is one, made before anything is logged."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.read = 0
        with redirect_stderr(file.open("w", encoding="utf-8")):
            configure_logs()

    def new(self) -> bytes:
        """What has been written since this was asked last."""
        written = self.file.read_bytes()
        since, self.read = self.read, len(written)
        return written[since:]
