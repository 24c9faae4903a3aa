"""The whole server over a real database: its audits, its time limit, and how its processes start and end."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
import pytest
from graphql import build_client_schema, get_introspection_query, print_schema
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from authz.viewer import Viewer
from models.base import new_key
from server.app import Serving, open_engine
from server.clock import Clock
from server.data_folder import DataFolder
from server.database import Database
from server.settings import EdgeLimits, Settings
from server.tokens import issue_development_token
from tests.conftest import TestServer
from tests.edge import MUNICIPALITY, NUMBER, served
from tests.test_audit import audited, node
from vault import Vault

__all__ = ["node"]

WHO = {"query": "{ viewer { municipality units { name } } }"}


@pytest.fixture
async def municipality(database: Database) -> Database:
    connection = await asyncpg.connect(**database.admin_connect)
    await connection.execute(
        "insert into municipality (id, organisation_number, name) values ($1, $2, 'Lillevik')", new_key(), MUNICIPALITY
    )
    await connection.close()
    return database


def serving(folder: Path, database: Database, **limits: Any) -> Serving:
    Vault.open(DataFolder(folder).keys_file, create=True)
    return Serving(folder, database.api_connect, Settings(edge=EdgeLimits(**limits), development_login=True))


def bearer(folder: Path, municipality: str = MUNICIPALITY) -> dict[str, str]:
    return {"authorization": f"Bearer {issue_development_token(folder, NUMBER, municipality)}"}


@asynccontextmanager
async def answering(serving: Serving) -> AsyncIterator[httpx.AsyncClient]:
    app = serving()
    async with (
        app.router.lifespan_context(app),
        served(app) as (address, _),
        httpx.AsyncClient(base_url=address, headers=bearer(serving.folder), timeout=30) as asking,
    ):
        yield asking


async def test_a_stranger_to_the_register_is_answered_with_nothing(municipality: Database, tmp_path: Path) -> None:
    async with answering(serving(tmp_path, municipality)) as asking:
        response = await asking.post("/graphql", json=WHO)
        assert response.json()["data"] == {"viewer": {"municipality": "Lillevik", "units": []}}
        assert (await asking.get("/readyz")).status_code == 200


async def test_a_token_for_a_municipality_that_is_not_here_is_refused(municipality: Database, tmp_path: Path) -> None:
    async with answering(serving(tmp_path, municipality)) as asking:
        elsewhere = await asking.post("/graphql", json=WHO, headers=bearer(tmp_path, "888888888"))
        nonsense = await asking.post("/graphql", json=WHO, headers={"authorization": "Bearer x"})
        assert elsewhere.status_code == nonsense.status_code == 401
        assert elsewhere.json() == nonsense.json()
        assert elsewhere.headers["www-authenticate"] == nonsense.headers["www-authenticate"]


async def test_the_audits_find_nothing_in_the_whole_server(municipality: Database, tmp_path: Path, node: Any) -> None:
    async with answering(serving(tmp_path, municipality)) as asking:
        token = issue_development_token(tmp_path, NUMBER, MUNICIPALITY)
        results = await audited(node, str(asking.base_url.join("/graphql")), token)
    assert [result for result in results if result["status"] != "ok"] == []


async def test_the_introspection_that_tools_send_is_answered(municipality: Database, tmp_path: Path) -> None:
    async with answering(serving(tmp_path, municipality)) as asking:
        for descriptions in (True, False):
            query = get_introspection_query(descriptions=descriptions, input_value_deprecation=True)
            told = (await asking.post("/graphql", json={"query": query})).json()
            assert "errors" not in told
            assert "type Child implements Node & Person" in print_schema(build_client_schema(told["data"]))


@asynccontextmanager
async def locked(server: TestServer, database: Database) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A table that every operation reads, held by somebody else; and a connection that sees what others are at."""
    holding = await asyncpg.connect(**database.admin_connect)
    # Another one: within a transaction what others are at stands still.
    watching = await asyncpg.connect(**{**server.superuser, "database": database.admin_connect["database"]})
    async with holding.transaction():
        await holding.execute("lock table municipality in access exclusive mode")
        yield watching
    await holding.close()
    await watching.close()


async def until(connection: asyncpg.Connection[Any], holds: Callable[[int], bool]) -> None:
    """Waits for a number of the API's sessions that are at work."""
    at_work = -1
    for _ in range(100):
        at_work = await connection.fetchval(
            "select count(*) from pg_stat_activity where application_name = 'innsyn' and state = 'active'"
            " and datname = current_database()"
        )
        if holds(at_work):
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"{at_work} sessions are at work")


async def test_an_operation_that_takes_too_long_is_stopped_in_the_database_too(
    test_server: TestServer, municipality: Database, tmp_path: Path
) -> None:
    async with answering(serving(tmp_path, municipality, seconds=2)) as asking:
        async with locked(test_server, municipality) as connection:
            # More at once than the pool has connections.
            requests = [asyncio.create_task(asking.post("/graphql", json=WHO)) for _ in range(15)]
            await until(connection, lambda at_work: at_work > 1)
            responses = await asyncio.gather(*requests)
            assert {response.status_code for response in responses} == {503}
            await until(connection, lambda at_work: at_work == 0)
        responses = await asyncio.gather(*(asking.post("/graphql", json=WHO) for _ in range(15)))
        assert {response.status_code for response in responses} == {200}


async def test_a_client_that_leaves_stops_its_work_in_the_database_too(
    test_server: TestServer, municipality: Database, tmp_path: Path
) -> None:
    async with answering(serving(tmp_path, municipality)) as asking:
        async with locked(test_server, municipality) as connection:
            request = asyncio.create_task(asking.post("/graphql", json=WHO))
            await until(connection, lambda at_work: at_work == 1)
            request.cancel()
            await until(connection, lambda at_work: at_work == 0)
        assert (await asking.post("/graphql", json=WHO)).status_code == 200


async def test_the_database_gives_up_by_itself_a_little_later(municipality: Database, tmp_path: Path) -> None:
    made = serving(tmp_path, municipality, seconds=1.5)
    async with open_engine(made, Vault.open(DataFolder(tmp_path).keys_file, create=False)) as engine:
        viewer = Viewer(MUNICIPALITY, b"x" * 32, None, private=True, employee=False)
        async with engine.gateway.viewer_connection(viewer, Clock().now()) as (connection, _):
            assert await connection.fetchval("show statement_timeout") == "2500ms"


async def test_a_server_without_its_database_is_not_ready_and_recovers(database: Database, tmp_path: Path) -> None:
    made = serving(tmp_path, database)
    admin = await asyncpg.connect(**database.admin_connect)
    async with answering(made) as asking:
        assert (await asking.get("/readyz")).status_code == 200
        await admin.execute("update alembic_version set version_num = 'older'")
        assert (await asking.get("/readyz")).status_code == 503
        assert (await asking.get("/livez")).status_code == 200
    await admin.close()


# --- processes ---------------------------------------------------------------------------------------------------

PROGRAM = """
    import asyncio, pickle, sys
    from server.app import run_server

    if __name__ == "__main__":
        made, workers = pickle.load(open(sys.argv[1], "rb"))
        asyncio.run(run_server(made, port=0, workers=workers, announce=lambda address: print(address, flush=True)))
        print("closed", flush=True)
"""


@contextmanager
def process(made: Serving, folder: Path, workers: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    (folder / "program.py").write_text(textwrap.dedent(PROGRAM))
    (folder / "serving.pickle").write_bytes(pickle.dumps((made, workers)))
    root = Path(__file__).parent.parent
    started = subprocess.Popen(
        [sys.executable, folder / "program.py", folder / "serving.pickle"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(root)},
        cwd=folder,
    )
    try:
        assert started.stdout is not None
        address = started.stdout.readline().strip()
        yield started, address
    finally:
        if started.poll() is None:
            started.kill()
        started.communicate()


def answered(address: str, headers: dict[str, str]) -> bool:
    return httpx.post(f"{address}/graphql", json=WHO, headers=headers, timeout=60).status_code == 200


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_server_that_is_told_to_stop_ends_in_order(
    municipality: Database, tmp_path: Path, workers: int
) -> None:
    made = serving(tmp_path, municipality)
    with process(made, tmp_path, workers) as (started, address):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", address)
        assert await asyncio.to_thread(answered, address, bearer(tmp_path))
        children = psutil.Process(started.pid).children(recursive=True)
        started.send_signal(signal.SIGTERM)
        out, err = await asyncio.to_thread(started.communicate, None, 20)
    # What the caller has to close, such as a database, it gets to close.
    assert (started.returncode, out) == (0, "closed\n")
    assert psutil.wait_procs(children, timeout=5)[1] == []
    logged = [json.loads(line) for line in err.splitlines()]
    assert any("DEVELOPMENT LOGIN IS ON" in entry["event"] for entry in logged)
    assert NUMBER not in err


@pytest.mark.parametrize("workers", [1, 2])
async def test_open_connections_do_not_hold_up_a_server_that_is_told_to_stop(
    municipality: Database, tmp_path: Path, workers: int
) -> None:
    made = serving(tmp_path, municipality)
    with process(made, tmp_path, workers) as (started, address):
        token = issue_development_token(tmp_path, NUMBER, MUNICIPALITY)
        headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}
        received = {"query": "subscription { messageReceived { id } }"}
        assert await asyncio.to_thread(answered, address, bearer(tmp_path))
        url = f"ws{address.removeprefix('http')}/graphql"
        async with (
            connect(url, subprotocols=[Subprotocol("graphql-transport-ws")], open_timeout=60) as socket,
            httpx.AsyncClient(base_url=address, headers=headers, timeout=30) as asking,
            asking.stream("POST", "/graphql", json=received) as stream,
        ):
            await socket.send(json.dumps({"type": "connection_init", "payload": {"token": token}}))
            await socket.recv()
            await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": received}))
            lines = stream.aiter_lines()
            await anext(lines)
            started.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1001
            assert [line async for line in lines if line.startswith("event:")] == []
        _, err = await asyncio.to_thread(started.communicate, None, 10)
    assert started.returncode == 0
    assert {"1001", "GONE"} <= {str(json.loads(line).get("code")) for line in err.splitlines()}
    assert NUMBER not in err
    assert "127.0.0.1" not in err


async def test_workers_do_not_outlive_a_server_that_was_killed(municipality: Database, tmp_path: Path) -> None:
    made = serving(tmp_path, municipality)
    with process(made, tmp_path, 2) as (started, address):
        assert await asyncio.to_thread(answered, address, bearer(tmp_path))
        children = psutil.Process(started.pid).children(recursive=True)
        assert len(children) >= 2
        started.kill()
        assert (await asyncio.to_thread(psutil.wait_procs, children, 10))[1] == []
