"""The npm packages graphql-ws and graphql-sse, which most frontends listen with, understand the server."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from server.database import Database
from server.graphiql import Node
from tests.live import Town, town
from tests.test_audit import installed_node
from tests.worlds.village import village, with_threads

FOLDER = Path(__file__).parent / "clients"
SECONDS = 60


@pytest.fixture(scope="session")
def node() -> Node:
    return installed_node(FOLDER)


class Clients:
    """What the two have said so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said: list[dict[str, Any]] = []

    async def until(self, *wanted: tuple[str, str]) -> dict[tuple[str, str], Any]:
        """Waits until each of the pairs of client and kind has been said; what was said, and is forgotten."""
        found: dict[tuple[str, str], Any] = {}
        async with asyncio.timeout(SECONDS):
            while True:
                for one in self.said:
                    found |= {
                        (one["from"], kind): value for kind, value in one.items() if (one["from"], kind) in wanted
                    }
                self.said.clear()
                if set(found) == set(wanted):
                    return found
                assert self.process.stdout is not None
                line = await self.process.stdout.readline()
                assert line, "the clients have ended"
                self.said.append(json.loads(line))


async def start(node: Node, fjellet: Town, who: str) -> Clients:
    environment = os.environ | {"INNSYN_ADDRESS": f"{fjellet.url}/graphql", "INNSYN_TOKEN": fjellet.token(who)}
    process = await asyncio.create_subprocess_exec(
        node.command, "listen.mjs", cwd=FOLDER, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    return Clients(process)


async def test_the_clients_of_frontends_are_told_of_messages(node: Node, tmp_path: Path, database: Database) -> None:
    async with town(tmp_path, database, with_threads(village())) as fjellet:
        clients = await start(node, fjellet, "mother")
        begun = await clients.until(("ws", "ready"), ("sse", "ready"), ("ws", "refused"), ("sse", "refused"))
        assert begun["ws", "ready"] == begun["sse", "ready"]
        assert begun["ws", "refused"] == begun["sse", "refused"] == "GRAPHQL_VALIDATION_FAILED"
        sent = await fjellet.write("talk", "teacher", "Hei")
        told = await clients.until(("ws", "told"), ("sse", "told"))
        for answer in told.values():
            assert answer["data"] == {"messageReceived": {"id": sent, "body": "Hei"}}
            assert answer["extensions"]["cursor"]
        fjellet.server.should_exit = True
        ended = await clients.until(("ws", "closed"), ("sse", "failed"))
        assert ended["ws", "closed"] == 1001
        assert clients.process.stdin is not None
        clients.process.stdin.close()
        assert await asyncio.wait_for(clients.process.wait(), SECONDS) == 0
