"""The audit suite of the npm package graphql-http has nothing to say about the server: no error, no warning."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from server.graphiql import GraphiqlBuild, GraphiqlNotBuilt, Node
from tests.edge import running, small_edge
from vault import Vault

FOLDER = Path(__file__).parent / "audit"
SECONDS = 300


def installed_node(folder: Path) -> Node:
    """Node, with the packages of the folder's lockfile installed in it; the test is skipped where that cannot be."""
    try:
        found = GraphiqlBuild().node()
    except (GraphiqlNotBuilt, OSError) as reason:
        pytest.skip(f"this needs Node: {reason}")
    path = os.pathsep.join((str(found.command.parent), os.environ.get("PATH", os.defpath)))
    installed = subprocess.run(
        [*found.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    if installed.returncode != 0:
        pytest.skip(f"this needs an npm registry: {installed.stderr[-500:]}")
    return found


@pytest.fixture(scope="session")
def node() -> Node:
    return installed_node(FOLDER)


async def audited(node: Node, address: str, token: str) -> list[dict[str, Any]]:
    """What each audit says of the server at that address."""
    environment = os.environ | {"INNSYN_ADDRESS": address, "INNSYN_TOKEN": token}
    process = await asyncio.create_subprocess_exec(
        node.command, "audit.mjs", cwd=FOLDER, env=environment, stdout=subprocess.PIPE
    )
    told, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    assert process.returncode == 0
    results = [json.loads(line) for line in told.splitlines()]
    assert len(results) > 50
    return results


async def test_the_audits_find_neither_error_nor_warning(node: Node, tmp_path: Path, vault: Vault) -> None:
    async with small_edge(tmp_path, vault) as edge, running(edge) as (address, _):
        results = await audited(node, f"{address}/graphql", edge.token())
    assert [result for result in results if result["status"] != "ok"] == []


async def test_the_audits_would_find_something(node: Node, tmp_path: Path, vault: Vault) -> None:
    async with small_edge(tmp_path, vault) as edge, running(edge) as (address, _):
        results = await audited(node, f"{address}/graphql", "no token")
    assert {result["status"] for result in results} >= {"ok", "warn", "error"}
