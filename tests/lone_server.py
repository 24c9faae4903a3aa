"""What attackers are let at: a real server over a furnished municipality, in a process of its own, with its log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from server.data_folder import DataFolder
from server.database import Database
from server.tokens import issue_development_token
from tests.conftest import Innsyn
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
    day = here.acts.world.today.isoformat()
    log = folder / "log"
    with Innsyn.on(data, database, **environment).serving("--today", day, log=log) as url:
        yield LoneServer(url, here, data.path, log)
