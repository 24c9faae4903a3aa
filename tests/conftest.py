"""What every test can ask for.

- `database`: a fresh, empty, migrated `server.database.Database` of its own, dropped after the test. Ways in:
  `asyncpg.connect(**database.admin_connect)` (owner), `asyncpg.connect(**database.api_connect)` (what the API may),
  `database.admin_engine()` (SQLAlchemy).
- `vault`: keys made for the run.
- `place` and `holds`: where worlds are held against the oracle, see `tests/roads/`.
- `innsyn`: the installed command on a data folder and an empty database of its own. `innsyn("import", "roster", path,
  "--yes")` runs it to its end (`innsyn.told(...)` demands that it went well and returns its standard output); `with
  innsyn.serving() as url:` runs `innsyn serve` on a free port. The development login is on; `innsyn.folder` is the data
  folder, `innsyn.database` the way into the database.

The PostgreSQL behind it is embedded, made once for the run in a folder of its own, and thrown away with it.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from server.data_folder import DataFolder
from server.database import API, NAME, Database, open_database, superuser_connect
from tests.roads.fixtures import holds, place, place_of_all  # noqa: F401 (fixtures of the rule tests)
from vault import Vault

# How long an example takes tells what else the machine does, and nothing of what it is an example of.
settings.register_profile("at any pace", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("at any pace")

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "128MB"}


def pytest_configure() -> None:
    """A run that is told to end stops its PostgreSQL too; and what it starts can be interrupted, also where the run
    itself is in a shell's background."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # as under nohup: ignored here still, and not passed on
        signal.signal(signal.SIGHUP, lambda *_: None)


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


@asynccontextmanager
async def new_database(test_server: TestServer) -> AsyncIterator[Database]:
    """Fresh, empty and migrated; dropped after the block. As files: by its log, where nothing waits for a disk, a copy
    takes ten times as long."""
    name = f"test_{secrets.token_hex(6)}"
    owner = test_server.template.admin_connect["user"]
    superuser = await asyncpg.connect(**test_server.superuser)
    try:
        await superuser.execute(f"create database {name} template {NAME} owner {owner} strategy file_copy")
        await superuser.execute(f"revoke all on database {name} from public; grant connect on database {name} to {API}")
        yield replace(
            test_server.template,
            admin_connect={**test_server.template.admin_connect, "database": name},
            api_connect={**test_server.template.api_connect, "database": name},
        )
        await superuser.execute(f"drop database {name} with (force)")
    finally:
        await superuser.close()


@pytest.fixture
async def database(test_server: TestServer) -> AsyncIterator[Database]:
    async with new_database(test_server) as made:
        yield made


@pytest.fixture(scope="session")
def vault() -> Vault:
    return Vault.generate()


@dataclass
class Innsyn:
    """The command `innsyn`, in processes of its own."""

    folder: DataFolder
    database: Database
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def on(cls, folder: DataFolder, database: Database, **environment: str) -> Innsyn:
        """On a database that is there, with the development login."""
        told = {
            "INNSYN_DATABASE_URL": url_of(database.admin_connect),
            "INNSYN_API_DATABASE_URL": url_of(database.api_connect),
            "INNSYN_DEV_LOGIN": "1",
        }
        return cls(folder, database, {**os.environ, **told, **environment})

    def __call__(self, *words: str | Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; the data folder is told by itself."""
        return subprocess.run(
            self.line(*words), check=False, env=self.environment, input=stdin or "", capture_output=True, text=True
        )

    def told(self, *words: str | Path) -> str:
        """Run a command that goes well; its standard output."""
        done = self(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def token(self, national_id: str, login: str = "both") -> str:
        return self.told("token", "--as", national_id, "--login", login).strip()

    def line(self, *words: str | Path) -> list[str | Path]:
        return [Path(sys.executable).with_name("innsyn"), *words, "--data", self.folder.path]

    @contextmanager
    def serving(self, *words: str, log: Path | None = None) -> Iterator[str]:
        """`innsyn serve` on a free port until the block ends; the address, as http://127.0.0.1:40123. What it says is
        kept where `log` says."""
        with tempfile.TemporaryFile() if log is None else log.open("w+b") as said:
            line = self.line("serve", "--port", "0", *words)
            server = subprocess.Popen(
                line, env=self.environment, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
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


def told_address(server: subprocess.Popen[bytes], log: int) -> str:
    """Waits until the server says where it answers."""
    while True:
        ended = server.poll() is not None
        said = os.pread(log, 1_000_000, 0).decode()
        if (told := re.search(r"Innsyn answers at (http://\S+)/graphql", said)) is not None:
            return told[1]
        if ended:
            raise AssertionError(f"the server did not start:\n{said}")
        time.sleep(0.02)


def url_of(connect: dict[str, Any]) -> str:
    """The ways into a database that the fixtures give, as a URL."""
    password = quote(connect["password"], safe="")
    return f"postgresql://{connect['user']}:{password}@/{connect['database']}?host={quote(connect['host'], safe='')}"


@pytest.fixture
def innsyn(database: Database, tmp_path: Path) -> Innsyn:
    """On the tests' own PostgreSQL, since a server of its own for each test would be slow."""
    return Innsyn.on(DataFolder.at(tmp_path / "data"), database)
