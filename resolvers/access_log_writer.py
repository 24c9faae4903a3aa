"""Writes the access log: one task of a worker takes all entries that wait, and writes them in one go.

An answer waits until its entry is committed, and is refused where it cannot be. Nobody waits for another worker: each
has chains of its own, and seals them into the municipality's now and then.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import structlog

from models import new_key
from norway.days import OSLO, oslo_day
from resolvers.log_chain import COLUMNS, Checkpoint, Entry, beginning, document_seal, first_checkpoint

AT_A_TIME = 200
"""Operations whose entries are written together."""
SECONDS_TO_GATHER = 0.008
"""From the beginning of one write to that of the next: under load many share a commit, which costs ten times what an
entry does; whoever asks while nothing was written a moment ago does not wait."""
SECONDS_BETWEEN_SEALS = 60.0
DOCUMENTS_REMEMBERED = 10_000
"""As written already; of any other it is told once more, which changes nothing."""
TRIES = 2
DURABLE = "select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'"
"""Off, "committed" would not mean written; how much more than on the database demands is its own to say."""
INSERT = (
    f"insert into access_log (chain_id, sequence, {', '.join(COLUMNS)}, seal)"  # noqa: S608 names of this module
    f" values ({', '.join(f'${i}' for i in range(1, len(COLUMNS) + 4))})"
)
DOCUMENT = "insert into access_log_document (digest, fields, seal) values ($1, $2, $3) on conflict do nothing"
ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtextextended('access log ' || $1::text, 0))"
LAST_CHECKPOINT = (
    "select number, seal from access_log_checkpoint where municipality_id = $1 order by number desc limit 1"
)
CHECKPOINT = (
    "insert into access_log_checkpoint (municipality_id, number, at, kind, chain_id, day, length, head, seal)"
    " values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
)
MONTH = "select access_log_month($1)"
CELLS = attrgetter(*COLUMNS)

Connect: TypeAlias = Callable[[], Awaitable["asyncpg.Connection[Any]"]]
log = structlog.get_logger("innsyn.log")


class AccessNotLogged(Exception):
    """The entry could not be written, so that the answer must not leave."""


@dataclass(frozen=True, slots=True)
class AskedDocument:
    """What a question asks, without its values."""

    digest: bytes
    fields: Sequence[str]


@dataclass(slots=True)
class Chain:
    municipality_id: UUID
    day: dt.date
    chain_id: UUID = field(default_factory=new_key)
    length: int = 0
    head: bytes = b""
    sealed: int = -1
    """The length that the last checkpoint tells of; none of an empty chain that was not opened yet."""

    def __post_init__(self) -> None:
        self.head = beginning(self.chain_id, self.municipality_id, self.day)


@dataclass(slots=True)
class Waiting:
    entries: Sequence[Entry]
    document: AskedDocument
    written: asyncio.Future[None]


class AccessLogWriter:
    """The log of one worker. `running` is open for as long as it serves."""

    def __init__(self, connect: Connect, key: bytes, now: Callable[[], dt.datetime]) -> None:
        self._connect = connect
        self._key = key
        self._now = now
        self._waiting: list[Waiting] = []
        self._come = asyncio.Event()
        self._ended = True
        self._connection: asyncpg.Connection[Any] | None = None
        self._chains: dict[tuple[UUID, dt.date], Chain] = {}
        self._documents: set[bytes] = set()
        self._months: set[tuple[int, int]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[AccessLogWriter]:
        """At the end what waits is written, and every chain is closed."""
        self._ended = False
        task = asyncio.create_task(self._run())
        try:
            yield self
        finally:
            self._ended = True
            self._come.set()
            await task
            if self._connection is not None:
                await self._connection.close()
                self._connection = None

    async def append(self, entries: Sequence[Entry], document: AskedDocument) -> None:
        """Returns once the entries of an operation are committed. Raises AccessNotLogged."""
        if self._ended:
            raise AccessNotLogged
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(entries, document, written))
        self._come.set()
        await written

    # --- the one task that writes -----------------------------------------------------------------------------------

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        seal_at, begun = loop.time() + SECONDS_BETWEEN_SEALS, 0.0
        while not (self._ended and not self._waiting):
            if loop.time() >= seal_at:
                await self._seal(everything=False)
                seal_at = loop.time() + SECONDS_BETWEEN_SEALS
            try:
                async with asyncio.timeout_at(seal_at):
                    await self._come.wait()
            except TimeoutError:
                continue
            early = begun + SECONDS_TO_GATHER - loop.time()
            if early > 0 and len(self._waiting) < AT_A_TIME:
                await asyncio.sleep(early)
            begun = loop.time()
            batch, self._waiting = self._waiting[:AT_A_TIME], self._waiting[AT_A_TIME:]
            if not self._waiting:
                self._come.clear()
            if batch:
                await self._write(batch)
        await self._seal(everything=True)

    async def _write(self, batch: list[Waiting]) -> None:
        for left in reversed(range(TRIES)):
            try:
                await self._append(batch)
                break
            except Exception as reason:  # noqa: BLE001 whatever it is, nothing leaves unlogged
                log.error("not logged", raised=type(reason).__qualname__, entries=len(batch), tries_left=left)
                self._abandon()
                if not left:
                    for one in batch:
                        if not one.written.done():
                            one.written.set_exception(AccessNotLogged())
                    return
        for one in batch:
            if not one.written.done():
                one.written.set_result(None)

    def _abandon(self) -> None:
        """Nobody knows how much of it was written: what comes begins chains of its own, on a new connection."""
        self._chains.clear()
        self._documents.clear()
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _connected(self) -> asyncpg.Connection[Any]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connect()
            await self._connection.execute(DURABLE)
        return self._connection

    async def _append(self, batch: list[Waiting]) -> None:
        connection = await self._connected()
        rows = []
        opened: dict[UUID, Chain] = {}
        months: set[tuple[int, int]] = set()
        documents: dict[bytes, AskedDocument] = {}
        for one in batch:
            for entry in one.entries:
                local = entry.at.astimezone(OSLO)
                months.add((local.year, local.month))
                chain = self._chain(entry.municipality_id, local.date())
                if chain.sealed < 0:
                    opened[chain.chain_id] = chain
                sequence = chain.length + 1
                seal = entry.sealed(chain.head, self._key, sequence)
                chain.length, chain.head = sequence, seal
                rows.append((chain.chain_id, sequence, *CELLS(entry), seal))
            if one.document.digest not in self._documents:
                documents[one.document.digest] = one.document
        for month in sorted(months - self._months):
            await self._make_month(connection, month)
        if not opened and not documents:
            # All of it or nothing: asyncpg sends the rows together, and they are one transaction.
            await connection.executemany(INSERT, rows)
            return
        async with connection.transaction():
            for chain in opened.values():
                await self._checkpoint(connection, chain, "OPENED", 0)
            told = [(key, one.fields, document_seal(self._key, key, one.fields)) for key, one in documents.items()]
            await connection.executemany(DOCUMENT, told)
            await connection.executemany(INSERT, rows)
        for chain in opened.values():
            chain.sealed = 0
        if len(self._documents) > DOCUMENTS_REMEMBERED:
            self._documents.clear()
        self._documents |= documents.keys()

    def _chain(self, municipality_id: UUID, day: dt.date) -> Chain:
        chain = self._chains.get((municipality_id, day))
        if chain is None:
            chain = self._chains[municipality_id, day] = Chain(municipality_id, day)
        return chain

    async def _make_month(self, connection: asyncpg.Connection[Any], month: tuple[int, int]) -> None:
        """And the one after it, so that nobody waits for it at the turn of a month."""
        day = dt.date(*month, 1)
        for one in (day, (day + dt.timedelta(days=31)).replace(day=1)):
            await connection.execute(MONTH, one)
        self._months.add(month)

    # --- sealing ----------------------------------------------------------------------------------------------------

    async def _seal(self, *, everything: bool) -> None:
        """A checkpoint for each chain that has grown; the chains of days that are over are closed, or all of them."""
        today = oslo_day(self._now())
        for key, chain in list(self._chains.items()):
            over = everything or chain.day < today
            if chain.sealed < 0 or (chain.sealed == chain.length and not over):
                continue
            try:
                connection = await self._connected()
                async with connection.transaction():
                    number, seal = await self._checkpoint(
                        connection, chain, "CLOSED" if over else "SEALED", chain.length
                    )
            except Exception as reason:  # noqa: BLE001 it is done next time, or shows as a chain that nobody closed
                log.error("not sealed", raised=type(reason).__qualname__)
                self._abandon()
                return
            chain.sealed = chain.length
            if over:
                del self._chains[key]
            # Said outside of the database too: there it cannot be taken back together with what it seals.
            log.info("sealed", municipality=str(chain.municipality_id), checkpoint=number, seal=seal.hex())

    async def _checkpoint(
        self, connection: asyncpg.Connection[Any], chain: Chain, kind: str, length: int
    ) -> tuple[int, bytes]:
        """In a transaction. Number and seal."""
        await connection.execute(ONE_AT_A_TIME, str(chain.municipality_id))
        last = await connection.fetchrow(LAST_CHECKPOINT, chain.municipality_id)
        number, before = (last["number"], last["seal"]) if last else (0, first_checkpoint(chain.municipality_id))
        head = chain.head if length else beginning(chain.chain_id, chain.municipality_id, chain.day)
        made = Checkpoint(self._now(), kind, chain.chain_id, chain.day, length, head)
        seal = made.sealed(before, self._key, number + 1)
        await connection.execute(
            CHECKPOINT, chain.municipality_id, number + 1, made.at, kind, chain.chain_id, chain.day, length, head, seal
        )
        return number + 1, seal
