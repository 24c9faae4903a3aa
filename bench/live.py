"""Measures live delivery: 2,000 subscriptions open in one process, 20 of which may see an event.

Each subscription has a connection of its own, as 2,000 people at home have. The 20 work at one kindergarten; the others
are guardians elsewhere, who are told nothing, and that is counted too. A message is written in one of its threads
straight into the database, and the clock runs from before its transaction to the arrival of the event at the last of
the 20. `python -m bench.live`
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import click
import platformdirs
import psutil
from websockets.asyncio.client import ClientConnection, connect

from bench import municipality
from bench.__main__ import fill, tell
from bench.contestants import Contestant, started
from bench.questions import Asker
from models.base import new_key
from server.data_folder import DataFolder
from server.database import open_database
from vault import Vault

RECEIVED = "subscription { messageReceived { id body sentAt author { name } thread { id unreadCount } } }"
AT_ONCE = 50
"""Connections that are opened together."""


@dataclass
class Listener:
    """One connection with one subscription, and when each event came to it, by its message's text."""

    socket: ClientConnection
    came: dict[str, float] = field(default_factory=dict)

    async def listen(self) -> None:
        async for told in self.socket:
            arrived = time.perf_counter()
            message = json.loads(told)
            if message["type"] == "next":
                self.came[message["payload"]["data"]["messageReceived"]["body"]] = arrived


@dataclass
class Figures:
    memory: float
    """Megabytes of the server's process, with everybody connected."""
    memory_before: float
    last: list[float]
    """Milliseconds until the last of those who may see an event has it."""
    each: list[float]
    strays: int


async def who_listens(connection: asyncpg.Connection[Any], vault: Vault, seeing: int, others: int) -> Any:
    """A thread of a kindergarten; those who work there, and guardians who have nothing to do with it."""
    thread = await connection.fetchrow(
        """
        select t.id, t.unit_id, t.child_id, a.person_id as author from thread t
        join participant a on a.thread_id = t.id and a.side = 'GUARDIAN'
        join unit u on u.id = t.unit_id and u.kind = 'KINDERGARTEN'
        where (
            select count(*) from position p where p.unit_id = t.unit_id and p.since <= $1 and p.until is null
            and not exists (select from kinship k where k.person_id = p.person_id and k.child_id = t.child_id)
            and not exists (select from block b where b.person_id = p.person_id and b.child_id = t.child_id)
        ) >= $2
        order by t.id limit 1
        """,
        municipality.TODAY,
        seeing,
    )
    if thread is None:
        raise click.ClickException(f"no kindergarten has {seeing} people who may see a thread")
    staff = await connection.fetch(
        """
        select p.person_id from position p where p.unit_id = $2 and p.since <= $1 and p.until is null
        and not exists (select from kinship k where k.person_id = p.person_id and k.child_id = $3)
        and not exists (select from block b where b.person_id = p.person_id and b.child_id = $3)
        order by 1 limit $4
        """,
        *(municipality.TODAY, thread["unit_id"], thread["child_id"], seeing),
    )
    guardians = await connection.fetch(
        """
        select distinct g.person_id from guardianship g
        where g.until > $1 and not exists (
            select from enrolment e where e.child_id = g.child_id and e.unit_id = $2)
        and not exists (select from position p where p.person_id = g.person_id)
        order by 1 limit $3
        """,
        *(municipality.TODAY, thread["unit_id"], others),
    )
    ciphers = {
        row["person_id"]: row["number_cipher"]
        for row in await connection.fetch("select person_id, number_cipher from person_identifier")
    }

    def asker(row: Any) -> Asker:
        return Asker(row["person_id"], vault.decrypt(ciphers[row["person_id"]], "national_id"), None)

    return thread, [asker(row) for row in staff], [asker(row) for row in guardians]


async def opened(server: Contestant, asker: Asker, turn: asyncio.Semaphore) -> Listener:
    assert server.tokens is not None
    async with turn:
        socket = await connect(
            f"ws://127.0.0.1:{server.port}/graphql",
            subprotocols=["graphql-transport-ws"],
            compression=None,
            open_timeout=60,
        )
        token = {"token": server.tokens[asker.number]}
        await socket.send(json.dumps({"type": "connection_init", "payload": token}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": RECEIVED}}))
        # Answered after the subscription has been taken in.
        known = {"id": "2", "type": "subscribe", "payload": {"query": "{ viewer { municipality } }"}}
        await socket.send(json.dumps(known))
        while json.loads(await socket.recv()) != {"id": "2", "type": "complete"}:
            pass
    return Listener(socket)


async def write(connection: asyncpg.Connection[Any], thread: Any, body: str) -> None:
    now = dt.datetime.combine(municipality.TODAY, dt.datetime.now().astimezone().timetz())
    async with connection.transaction():
        await connection.execute(
            "insert into message (id, thread_id, unit_id, child_id, author_id, author_side, body, sent_at)"
            " values ($1, $2, $3, $4, $5, 'GUARDIAN', $6, $7)",
            *(new_key(), thread["id"], thread["unit_id"], thread["child_id"], thread["author"], body, now),
        )
        await connection.execute("update thread set last_message_at = $2 where id = $1", thread["id"], now)


def resident(server: Contestant) -> float:
    """Megabytes of the largest process of Python."""
    process = psutil.Process(server.process.pid)
    processes = [one for one in (process, *process.children(recursive=True)) if "postgres" not in one.name()]
    return max(one.memory_info().rss for one in processes) / 1024**2


async def measure(
    server: Contestant, connection: asyncpg.Connection[Any], thread: Any, seeing: list[Asker], others: list[Asker],
    events: int,
) -> Figures:  # fmt: skip
    turn = asyncio.Semaphore(AT_ONCE)
    before = resident(server)
    tell(f"opening {len(seeing) + len(others)} connections")
    listeners = await asyncio.gather(*(opened(server, asker, turn) for asker in (*seeing, *others)))
    tasks = [asyncio.create_task(listener.listen()) for listener in listeners]
    near, far = listeners[: len(seeing)], listeners[len(seeing) :]
    last, each = [], []
    for number in range(-3, events):  # the first make plans
        body = f"event {number} {UUID(int=time.time_ns())}"
        started_at = time.perf_counter()
        await write(connection, thread, body)
        async with asyncio.timeout(20):
            while not all(body in listener.came for listener in near):  # noqa: ASYNC110 the socket has no event for it
                await asyncio.sleep(0.001)
        if number >= 0:
            took = [(listener.came[body] - started_at) * 1000 for listener in near]
            last.append(max(took))
            each += took
        await asyncio.sleep(0.1)
    memory = resident(server)
    for task in tasks:
        task.cancel()
    strays = sum(len(listener.came) for listener in far)
    await asyncio.gather(*(listener.socket.close() for listener in listeners))
    return Figures(memory, before, last, each, strays)


def percentile(figures: list[float], share: float) -> float:
    return sorted(figures)[min(len(figures) - 1, round(share * len(figures)))]


async def run(data: Path, seeing: int, connections: int, events: int) -> Figures:
    folder = DataFolder.at(data)
    vault = Vault.open(folder.keys_file, create=True)
    async with open_database(folder) as database:
        await fill(database, vault, anew=False)
        connection = await asyncpg.connect(**database.admin_connect)
        try:
            thread, near, far = await who_listens(connection, vault, seeing, connections - seeing)
            about = (folder, database.api_connect, municipality.TODAY, [*near, *far], folder.path / "bench-live.log")
            with started("innsyn", *about) as server:
                return await measure(server, connection, thread, near, far, events)
        finally:
            await connection.close()


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Data folder of the measurement, kept between runs.")
@click.option("--connections", default=2_000, show_default=True)
@click.option("--seeing", default=20, show_default=True, help="Of them, those who may see the event.")
@click.option("--events", default=100, show_default=True)
def main(data: Path | None, connections: int, seeing: int, events: int) -> None:
    """How much memory open subscriptions hold, and how soon an event reaches everybody who may see it."""
    found = asyncio.run(run(data or Path(platformdirs.user_data_dir("innsyn-bench")), seeing, connections, events))
    last, each = found.last, found.each
    click.echo(
        f"memory     {found.memory:.0f} MB with {connections:,} subscriptions, {found.memory_before:.0f} MB before"
    )
    click.echo(f"to all {seeing}  median {statistics.median(last):.0f} ms, 99 % {percentile(last, 0.99):.0f} ms")
    click.echo(f"to each    median {statistics.median(each):.0f} ms, 99 % {percentile(each, 0.99):.0f} ms")
    click.echo(f"strays     {found.strays} events at {connections - seeing:,} who may not see them")
    if found.memory >= 300 or statistics.median(found.last) >= 250 or found.strays:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
