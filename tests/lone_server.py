"""What attackers are let at: a real server over a furnished municipality, in a process of its own, with its log."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from server.data_folder import DataFolder
from server.database import Database
from server.tokens import issue_development_token
from tests.conftest import told_address, url_of
from tests.furnished import Furnished, furnished
from tests.roads.fixtures import opened_place
from vault import Vault


@dataclass
class LoneServer:
    url: str
    here: Furnished
    folder: Path
    log_file: Path

    def token(self, who: str, login: Any = "both") -> str:
        world = self.here.acts.world
        number = world.people[who].number
        assert number
        return issue_development_token(self.folder, number, world.organisation_number, login)

    def bearer(self, who: str, login: Any = "both") -> dict[str, str]:
        return {"authorization": f"Bearer {self.token(who, login)}"}

    def log(self) -> list[dict[str, Any]]:
        """From where the server answers: every line is one JSON object, or this fails."""
        _, _, told = self.log_file.read_bytes().partition(b"/graphql\n")
        return [orjson.loads(line) for line in told.splitlines()]


@asynccontextmanager
async def lone_server(folder: Path, database: Database, **environment: str) -> AsyncIterator[LoneServer]:
    data = DataFolder.at(folder / "data")
    vault = Vault.open(data.keys_file, create=True)
    async with opened_place(database, vault) as place:
        here = await furnished(place)
    told = {
        **os.environ,
        "INNSYN_DATABASE_URL": url_of(database.admin_connect),
        "INNSYN_API_DATABASE_URL": url_of(database.api_connect),
        "INNSYN_DEV_LOGIN": "1",
        **environment,
    }
    day = here.acts.world.today.isoformat()
    command = [Path(sys.executable).with_name("innsyn"), "serve", "--port", "0", "--data", data.path, "--today", day]
    log = folder / "log"
    with running(command, told, log) as url:
        yield LoneServer(url, here, data.path, log)


@contextmanager
def running(command: list[Any], environment: dict[str, str], log: Path) -> Iterator[str]:
    with log.open("w+b") as said:
        server = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said
        )
        try:
            yield told_address(server, said.fileno())
        finally:
            server.terminate()
            try:
                server.wait(timeout=30)
            finally:
                server.kill()
                server.wait()
