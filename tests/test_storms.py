"""Many acts at once, and servers and databases that die in the middle of them.

What was answered with a yes is there once; what was not may be sent again under its key, and is there once then.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from registers.local import plan_local, read_local
from tests.acts import RETRACT, SEND, START, Acts
from tests.conftest import Innsyn, told_address
from tests.test_command import postgres_of
from tests.worlds.files import write_local, write_persons, write_roster
from tests.worlds.loading import carry_out
from tests.worlds.village import village
from tests.worlds.world import World


async def blocked(acts: Acts, person: str, child: str) -> None:
    """R1 begins: a block comes in, as an import carries it out."""
    alone = World(acts.world.today)
    alone.people = acts.world.people
    alone.block(person, child, acts.world.today)
    with tempfile.TemporaryDirectory() as folder:
        facts = read_local(write_local(alone, Path(folder) / "block.ndjson"))
        async with acts.place.database.admin_engine().begin() as connection:
            plan = await plan_local(connection, acts.place.vault, acts.loaded.municipality, facts, acts.now)
            await carry_out(connection, plan)


async def test_r1_nothing_is_sent_once_a_block_has_begun_whatever_is_under_way(place) -> None:
    acts = await Acts.of(place, village())
    [thread] = (await acts.start("mother", "school", "pupil"))["threads"]
    begun, done = asyncio.Event(), asyncio.Event()
    told: list[tuple[bool, str]] = []

    async def send() -> None:
        while True:
            late = done.is_set()
            sent = await acts.send("mother", thread["id"])
            told.append((late, sent["problems"][0]["code"] if sent["problems"] else "done"))
            if len(told) >= 6:
                begun.set()
            if late:
                return

    async def block() -> None:
        await begun.wait()
        await blocked(acts, "mother", "pupil")
        done.set()

    await asyncio.gather(block(), *(send() for _ in range(4)))
    assert {code for late, code in told if late} == {"NOT_FOUND"}
    assert {code for _, code in told} == {"done", "NOT_FOUND"}
    bodies = await acts.bodies("teacher", thread["id"])
    assert bodies is not None
    assert len(bodies) == 1 + sum(code == "done" for _, code in told)


async def test_messages_of_many_at_once_come_in_one_order(place) -> None:
    acts = await Acts.of(place, village())
    [thread] = (await acts.start("mother", "school", "pupil"))["threads"]
    writers = ["mother", "teacher", "leader"] * 5
    await asyncio.gather(*(acts.send(who, thread["id"], f"{n}") for n, who in enumerate(writers)))
    text = "query ($id: ID!) { node(id: $id) { ... on Thread { messages { nodes { sentAt body } } lastMessageAt } } }"
    node = (await acts.ask("leader", text, {"id": thread["id"]}))["node"]
    times = [one["sentAt"] for one in node["messages"]["nodes"]]
    assert times == sorted(set(times))
    assert Counter(one["body"] for one in node["messages"]["nodes"][1:]) == Counter(map(str, range(15)))
    assert node["lastMessageAt"] == times[-1]


async def test_message_is_either_taken_back_or_given_and_never_both(place) -> None:
    acts = await Acts.of(place, village())
    for _ in range(5):
        [thread] = (await acts.start("mother", "school", "pupil"))["threads"]
        message = thread["messages"]["nodes"][0]["id"]
        taken, read = await asyncio.gather(
            acts.act("mother", RETRACT, {"messageId": message}), acts.bodies("teacher", thread["id"])
        )
        assert read == ([None] if not taken["problems"] else ["Hei"])


# --- what dies ----------------------------------------------------------------------------------------------------


@pytest.fixture
def alone(innsyn: Innsyn) -> Iterator[Innsyn]:
    """The command with an embedded database of its own, so that it may die."""
    folder = Path(tempfile.mkdtemp(prefix="innsyn-storm-", dir="/tmp"))
    folder.chmod(0o711)
    innsyn.folder = type(innsyn.folder).at(folder / "data")
    for name in ("INNSYN_DATABASE_URL", "INNSYN_API_DATABASE_URL"):
        del innsyn.environment[name]
    yield innsyn
    for process in postgres_of(innsyn):
        process.kill()
    shutil.rmtree(folder)


class Storm:
    """Several people who write at once, and send again what was not answered."""

    def __init__(self, innsyn: Innsyn, world: World) -> None:
        self.innsyn = innsyn
        self.world = world
        self.tokens: dict[str, str] = {}
        self.yes: set[str] = set()
        self.tried: dict[str, str] = {}
        self.server: subprocess.Popen[bytes] | None = None
        self.address = ""

    def serve(self) -> None:
        with tempfile.TemporaryFile() as log:
            line = self.innsyn.line("serve", "--port", "0")
            self.server = subprocess.Popen(
                line, env=self.innsyn.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
            self.address = told_address(self.server, log.fileno())

    async def ask(self, client: httpx.Client, who: str, query: str, variables: dict[str, Any]) -> Any:
        headers = {"authorization": f"Bearer {self.tokens[who]}"}
        body = {"query": query, "variables": variables}
        # In a thread: the asynchronous client warns of connections that are refused while it dials.
        answer = await asyncio.to_thread(client.post, f"{self.address}/graphql", json=body, headers=headers)
        return answer.json()["data"]

    async def send(self, client: httpx.Client, who: str, thread: str, key: str) -> None:
        given = {"threadId": thread, "body": key, "idempotencyKey": key}
        self.tried[key] = who
        told = await self.ask(client, who, SEND, {"input": given})
        if told and not told["sendMessage"]["problems"]:
            self.yes.add(key)

    async def blow(self, thread: str, name: str, kill: Any) -> None:
        """Everybody writes until what is killed is dead."""
        stopped = asyncio.Event()

        async def write(who: str, number: int) -> None:
            with httpx.Client(timeout=10) as client:
                for count in range(10_000):
                    if stopped.is_set():
                        return
                    with suppress(httpx.HTTPError, ValueError, TypeError, KeyError):
                        await self.send(client, who, thread, f"{name} {number} {count}")

        async def strike() -> None:
            enough = len(self.yes) + 60
            while len(self.yes) < enough:  # noqa: ASYNC110 (nothing tells of it)
                await asyncio.sleep(0.005)
            kill()
            await asyncio.sleep(0.3)
            stopped.set()

        writers = ["mother", "teacher", "leader", "mother", "teacher", "leader"]
        await asyncio.gather(strike(), *(write(who, number) for number, who in enumerate(writers)))

    async def calm(self, thread: str) -> list[str]:
        """What was not answered is sent again; then everything that is there."""
        with httpx.Client(timeout=30) as client:
            for key, who in self.tried.items():
                if key not in self.yes:
                    await self.send(client, who, thread, key)
            bodies: list[str] = []
            after = None
            text = """query ($id: ID!, $after: String) { node(id: $id) { ... on Thread {
                messages(first: 500, after: $after) { nodes { body } pageInfo { endCursor hasNextPage } } } } }"""
            while True:
                page = (await self.ask(client, "leader", text, {"id": thread, "after": after}))["node"]["messages"]
                bodies += [one["body"] for one in page["nodes"]]
                after = page["pageInfo"]["endCursor"]
                if not page["pageInfo"]["hasNextPage"]:
                    return bodies

    def kill_server(self) -> None:
        assert self.server is not None
        self.server.kill()
        self.server.wait()

    def kill_database(self) -> None:
        """The postmaster and all its backends, as when the machine's memory runs out."""
        for process in postgres_of(self.innsyn):
            with suppress(psutil.NoSuchProcess):
                for one in [*process.children(recursive=True), process]:
                    one.kill()


async def test_every_message_that_was_answered_with_yes_is_there_once_whatever_dies(alone: Innsyn) -> None:
    world = village()
    folder = alone.folder.path.parent
    alone.told("import", "roster", write_roster(world, folder / "roster"), "--yes")
    alone.told("import", "persons", write_persons(world, world.readings[0].documents, folder / "p.ndjson"), "--yes")
    storm = Storm(alone, world)
    for who in ("mother", "teacher", "leader"):
        storm.tokens[who] = alone.token(world.people[who].number or "")
    try:
        storm.serve()
        with httpx.Client(timeout=30) as client:
            viewer = await storm.ask(client, "mother", "{ viewer { children { id units { id name } } } }", {})
            [child] = viewer["viewer"]["children"]
            school = next(unit["id"] for unit in child["units"] if unit["name"] == "Fjellet skole")
            given = {"unitId": school, "childId": child["id"], "subject": "Storm", "body": "Hei", "recipientIds": [],
                     "idempotencyKey": "start"}  # fmt: skip
            started = await storm.ask(client, "mother", START, {"input": given})
            thread = started["startThread"]["threads"][0]["id"]
        await storm.blow(thread, "server", storm.kill_server)
        storm.serve()
        await storm.blow(thread, "database", storm.kill_database)
        storm.kill_server()
        storm.serve()
        answered = set(storm.yes)
        bodies = await storm.calm(thread)
        assert len(answered) > 100
        assert Counter(bodies[1:]) == Counter(storm.tried.keys())
        assert storm.yes == storm.tried.keys()
    finally:
        if storm.server is not None:
            storm.server.terminate()
            storm.server.wait(timeout=30)
