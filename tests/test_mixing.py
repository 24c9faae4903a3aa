"""No viewer is ever answered as another, whatever happens on the connections that they share.

Viewers send the same document with the same variables at the same instant, through fewer connections than there are of
them, while others are cancelled, time out, are cut off by the database, or go away. Each answer must be the one that
the viewer gets when nobody else asks; how connections are told whose they are is not looked at.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
from sqlalchemy.exc import DBAPIError

from resolvers.access_log_writer import AccessNotLogged
from server.database import Database
from tests.acts import SEND
from tests.conftest import TestServer, new_database
from tests.furnished import furnished_world
from tests.live import Town, town
from tests.roads.fixtures import opened_place
from tests.roads.place import Place
from tests.worlds.loading import Loaded
from tests.worlds.world import World, oslo
from vault import Vault

QUESTION = """query Everything($pupil: ID!, $stranger: ID!, $thread: ID!) {
  viewer { person { id name } units { name } unreadCount children { id name } pupils { nodes { id name nationalId } }
    tasks { nodes { id kind } }
    threads { totalCount edges { cursor } nodes { id subject messages { nodes { id body author { name } } } } } }
  pupil: node(id: $pupil) { ...Known } stranger: node(id: $stranger) { ...Known }
  thread: node(id: $thread) { ... on Thread { id subject participants { side person { id name } } } }
  explainAccess(node: $pupil) { visible reasons { relation fact } }
}
fragment Known on Child {
  id name birthDate nationalId relations absences { nodes { id reason } } delegates { name } blocks { name }
  threads { nodes { id subject } }
}"""
VIEWERS = [
    ("mother", "private"), ("mother", "employee"), ("father", "private"), ("neighbour", "private"),
    ("teacher", "employee"), ("maths_teacher", "employee"), ("leader", "employee"), ("other_leader", "employee"),
    ("sfo_leader", "both"), ("officer", "employee"), ("aunt", "private"), ("ex", "private"),
]  # fmt: skip
CUT_OFF = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
    OSError,
    TimeoutError,
    DBAPIError,
    AccessNotLogged,
)
"""How a request ends whose connection is broken off, or the access log's in each of its tries; the pool lets such a
connection go."""


@dataclass
class Crowd:
    """A world, those who ask in it, and what each is answered when nobody else does."""

    place: Place
    loaded: Loaded
    world: World
    alone: dict[tuple[str, str], bytes]

    @classmethod
    async def of(cls, place: Place) -> Crowd:
        world = furnished_world()
        crowd = cls(place, await place.load(world), world, {})
        for who in VIEWERS:
            crowd.alone[who] = await crowd.asks(who)
        assert len(set(crowd.alone.values())) == len(VIEWERS), "viewers who are answered alike prove nothing"
        return crowd

    def id(self, kind: str, handle: str) -> str:
        return next(told for node, told in self.loaded.ids.items() if (node.type, node.handle) == (kind, handle))

    async def asks(self, who: tuple[str, str]) -> bytes:
        engine, viewer = self.place.engine, self.place.viewer(self.world, *who)
        variables = {
            "pupil": self.id("Child", "pupil"),
            "stranger": self.id("Child", "stranger"),
            "thread": self.id("Thread", "talk"),
        }
        answer = await engine.run(engine.documents.prepare(QUESTION), variables, viewer, oslo(self.world.today))
        return orjson.dumps([answer.data, answer.errors, answer.hidden], default=str)

    async def at_once(self, rounds: int, *, size: int, disturb: Any = None) -> Counter[str]:
        """Everybody asks at the same instant, so many times; how often each was answered, or cut off."""
        crowd = VIEWERS * size
        barrier = asyncio.Barrier(len(crowd))
        told: Counter[str] = Counter()

        async def one(who: tuple[str, str], chance: Random) -> None:
            for _ in range(rounds):
                await barrier.wait()
                try:
                    answer = await (disturb(self.asks(who), chance) if disturb else self.asks(who))
                except CUT_OFF:
                    if disturb is None:
                        raise
                    told["cut off"] += 1
                    continue
                if answer is None:
                    told["given up"] += 1
                    continue
                told["answered"] += 1
                mixed = [other for other, theirs in self.alone.items() if theirs == answer and other != who]
                assert answer == self.alone[who], f"{who} was answered as {mixed or 'nobody'}"

        await asyncio.gather(*(one(who, Random(number)) for number, who in enumerate(crowd)))
        return told

    async def in_turn(self) -> None:
        for who in VIEWERS:
            assert await self.asks(who) == self.alone[who], f"{who}, afterwards"


@pytest.fixture(scope="module", params=[1, 2, 3], ids=lambda size: f"{size} connections")
async def crowd(request: pytest.FixtureRequest, test_server: TestServer, vault: Vault) -> AsyncIterator[Crowd]:
    async with new_database(test_server) as database, opened_place(database, vault, size=request.param) as place:
        yield await Crowd.of(place)


async def test_viewers_who_ask_the_same_at_the_same_instant_get_their_own_answers(crowd: Crowd) -> None:
    told = await crowd.at_once(6, size=2)
    assert told == {"answered": 6 * 2 * len(VIEWERS)}
    await crowd.in_turn()


async def test_whoever_gives_up_leaves_nothing_to_whoever_comes_next(crowd: Crowd) -> None:
    """Half of them are cancelled at a random instant, in the middle of a statement as likely as between two."""

    async def given_up(asking: Any, chance: Random) -> bytes | None:
        task = asyncio.ensure_future(asking)
        if chance.random() < 0.5:
            await asyncio.wait([task], timeout=chance.random() * 0.05)
            task.cancel()
        try:
            answer: bytes = await task
        except asyncio.CancelledError:
            return None
        return answer

    told = await crowd.at_once(6, size=2, disturb=given_up)
    assert min(told["given up"], told["answered"]) > len(VIEWERS)
    await crowd.in_turn()


async def test_whoever_runs_out_of_time_leaves_nothing_to_whoever_comes_next(crowd: Crowd) -> None:
    async def in_time(asking: Any, chance: Random) -> bytes:
        async with asyncio.timeout(0.02 + chance.random() * 0.3):
            answer: bytes = await asking
            return answer

    told = await crowd.at_once(6, size=2, disturb=in_time)
    assert told["answered"] + told["cut off"] == 6 * 2 * len(VIEWERS)
    await crowd.in_turn()


@pytest.mark.parametrize("how", ["pg_cancel_backend", "pg_terminate_backend"])
async def test_whoever_is_cut_off_by_the_database_leaves_nothing_to_whoever_comes_next(
    crowd: Crowd, test_server: TestServer, how: str
) -> None:
    """Statements are broken off, and whole connections, from outside."""
    superuser = await asyncpg.connect(
        **{**test_server.superuser, "database": crowd.place.database.admin_connect["database"]}
    )

    async def cut() -> None:
        while True:
            await superuser.fetch(
                f"select {how}(pid) from pg_stat_activity where datname = current_database() and usename = $1"
                " and state = 'active' order by random() limit 1",
                crowd.place.database.api_connect["user"],
            )
            await asyncio.sleep(0.02)

    async def perhaps(asking: Any, _: Random) -> bytes:
        answer: bytes = await asking
        return answer

    cutting = asyncio.create_task(cut())
    try:
        storm = asyncio.create_task(crowd.at_once(4, size=2, disturb=perhaps))
        await asyncio.sleep(0.6)
        cutting.cancel()
        told = await storm
    finally:
        cutting.cancel()
        await asyncio.gather(cutting, return_exceptions=True)
        await superuser.close()
    assert told["answered"] > 0
    await crowd.in_turn()


# --- acts ---------------------------------------------------------------------------------------------------------

WRITERS = {"mother": "talk", "teacher": "talk", "father": "sums", "maths_teacher": "sums", "sfo_worker": "afternoon",
           "neighbour": "elsewhere", "other_leader": "elsewhere"}  # fmt: skip


async def test_what_is_written_at_the_same_instant_is_each_ones_own(crowd: Crowd) -> None:
    """Acts of many, some of them given up halfway, while everybody reads: who wrote it is who says so in the text."""
    engine, now = crowd.place.engine, oslo(crowd.world.today)
    prepared = engine.documents.prepare(SEND)
    barrier = asyncio.Barrier(len(WRITERS) * 2)

    async def writes(who: str, chance: Random) -> int:
        viewer = crowd.place.viewer(crowd.world, who, "both")
        sent = 0
        for number in range(4):
            await barrier.wait()
            given = {
                "threadId": crowd.id("Thread", WRITERS[who]),
                "body": f"Hilsen {who}",
                "idempotencyKey": f"{who} {number} {chance.random()}",
            }
            task = asyncio.create_task(engine.run(prepared, {"input": given}, viewer, now))
            if chance.random() < 0.3:
                await asyncio.wait([task], timeout=chance.random() * 0.05)
                task.cancel()
            try:
                told = (await task).data["sendMessage"]
            except asyncio.CancelledError:
                continue
            assert told["problems"] == []
            assert told["message"]["author"]["name"] == crowd.world.people[who].name
            sent += 1
        return sent

    everyone = [(who, Random(turn)) for turn in range(2) for who in WRITERS]
    sent = await asyncio.gather(*(writes(*one) for one in everyone))
    assert sum(sent) > len(everyone)
    connection = await asyncpg.connect(**crowd.place.database.admin_connect)
    try:
        rows = await connection.fetch(
            "select m.body, p.name from message m join person p on p.id = m.author_id where m.body like 'Hilsen %'"
        )
        assert len(rows) >= sum(sent)
        assert [row for row in rows if row["name"] != crowd.world.people[row["body"][7:]].name] == []
        await connection.execute("delete from message where body like 'Hilsen %'")
    finally:
        await connection.close()


# --- over the wire ------------------------------------------------------------------------------------------------

MINE = "{ viewer { person { name } threads { nodes { id subject messages { nodes { body } } } } } }"
READERS = ("mother", "father", "neighbour", "teacher", "maths_teacher", "leader", "other_leader", "sfo_leader")


@pytest.fixture
async def fjellet(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    monkeypatch.setattr("server.app.CONNECTIONS", 2)
    async with town(tmp_path, database, furnished_world()) as opened:
        yield opened


def bearer(fjellet: Town, who: str) -> dict[str, str]:
    return {"authorization": f"Bearer {fjellet.token(who)}"}


async def test_viewers_behind_one_connection_get_their_own_answers(fjellet: Town) -> None:
    """A proxy keeps one connection and sends everybody's requests over it, the same bytes but for the token."""
    async with httpx.AsyncClient(base_url=fjellet.url, limits=httpx.Limits(max_connections=1), timeout=60) as proxy:

        async def asks(who: str) -> Any:
            return (await proxy.post("/graphql", json={"query": MINE}, headers=bearer(fjellet, who))).json()

        alone = {who: await asks(who) for who in READERS}
        assert len({orjson.dumps(told) for told in alone.values()}) == len(READERS)
        crowd = list(READERS) * 8
        Random(1).shuffle(crowd)
        assert await asyncio.gather(*(asks(who) for who in crowd)) == [alone[who] for who in crowd]


async def test_viewers_whose_neighbours_go_away_get_their_own_answers(fjellet: Town) -> None:
    """Every other client sends its request and hangs up, at once or a moment later."""
    body = json.dumps({"query": MINE}).encode()
    barrier = asyncio.Barrier(2 * len(READERS))
    async with httpx.AsyncClient(base_url=fjellet.url, timeout=60) as client:

        async def asks(who: str) -> Any:
            return (await client.post("/graphql", json={"query": MINE}, headers=bearer(fjellet, who))).json()

        alone = {who: await asks(who) for who in READERS}

        async def waits(who: str) -> None:
            for _ in range(6):
                await barrier.wait()
                assert await asks(who) == alone[who]

        async def goes(who: str, chance: Random) -> None:
            host, _, port = fjellet.url.removeprefix("http://").partition(":")
            head = f"POST /graphql HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
            head += f"content-length: {len(body)}\r\nauthorization: {bearer(fjellet, who)['authorization']}\r\n\r\n"
            for _ in range(6):
                await barrier.wait()
                _, writer = await asyncio.open_connection(host, int(port))
                writer.write(head.encode() + body)
                await writer.drain()
                await asyncio.sleep(chance.random() * 0.03)
                writer.transport.abort()

        going = (goes(who, Random(number)) for number, who in enumerate(READERS))
        await asyncio.gather(*(waits(who) for who in READERS), *going)
        assert {who: await asks(who) for who in READERS} == alone


async def test_viewers_of_websockets_get_their_own_answers_under_one_operation_id(fjellet: Town) -> None:
    barrier = asyncio.Barrier(len(READERS))

    async def asks(who: str) -> list[Any]:
        told = []
        async with fjellet.talk(who) as talk:
            for _ in range(5):
                await barrier.wait()
                await talk.subscribe(MINE, "1")
                told.append((await talk.next("1"))["data"])
                assert (await talk.hear())["type"] == "complete"
        return told

    async with httpx.AsyncClient(base_url=fjellet.url, timeout=60) as client:
        alone = {
            who: (await client.post("/graphql", json={"query": MINE}, headers=bearer(fjellet, who))).json()["data"]
            for who in READERS
        }
    answers = await asyncio.gather(*(asks(who) for who in READERS))
    assert answers == [[alone[who]] * 5 for who in READERS]
