"""What every test can ask for.

- `database`: a fresh, empty, migrated `server.database.Database` of its own, dropped after the test. Ways in:
  `asyncpg.connect(**database.admin_connect)` (owner), `asyncpg.connect(**database.api_connect)` (what the API may),
  `database.admin_engine()` (SQLAlchemy).
- `vault`: keys made for the run.

The PostgreSQL behind it is embedded, made once for the run in a folder of its own, and thrown away with it.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from server.data_folder import DataFolder
from server.database import API, NAME, Database, open_database, superuser_connect
from vault import Vault

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "128MB"}
NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class TestServer:
    __test__ = False

    template: Database
    superuser: dict[str, Any]


@pytest.fixture(scope="session")
def cluster_folder() -> Iterator[DataFolder]:
    """Outside pytest's own folder, whose path is long and which PostgreSQL's account may not pass when root tests."""
    path = Path(tempfile.mkdtemp(prefix="innsyn-tests-", dir="/tmp"))
    path.chmod(0o711)
    try:
        yield DataFolder.at(path / "data")
    finally:
        shutil.rmtree(path)


@pytest.fixture(scope="session")
async def test_server(cluster_folder: DataFolder) -> AsyncIterator[TestServer]:
    outside = os.environ.pop("INNSYN_DATABASE_URL", None)
    try:
        async with open_database(cluster_folder, cluster_settings=FAST) as template:
            yield TestServer(template, superuser_connect(cluster_folder, template.admin_connect["host"]))
    finally:
        if outside is not None:
            os.environ["INNSYN_DATABASE_URL"] = outside


@pytest.fixture
async def database(test_server: TestServer) -> AsyncIterator[Database]:
    name = f"test_{next(NUMBERS)}"
    owner = test_server.template.admin_connect["user"]
    superuser = await asyncpg.connect(**test_server.superuser)
    try:
        await superuser.execute(f"create database {name} template {NAME} owner {owner}")
        await superuser.execute(f"revoke all on database {name} from public; grant connect on database {name} to {API}")
        yield replace(
            test_server.template,
            admin_connect={**test_server.template.admin_connect, "database": name},
            api_connect={**test_server.template.api_connect, "database": name},
        )
        await superuser.execute(f"drop database {name} with (force)")
    finally:
        await superuser.close()


@pytest.fixture(scope="session")
def vault() -> Vault:
    return Vault.generate()
