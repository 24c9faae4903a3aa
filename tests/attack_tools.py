"""Lets public attack tools at a real server, and says what each found: `just attack-tools`.

The tools come from the package registry at the versions named here, each run by itself (`uvx`): their requirements have
no place among ours. A finding that `EXPLAINED` gives no reason for is a failure.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvloop
from graphql import build_schema

from server.data_folder import DataFolder
from server.database import open_database
from tests.conftest import FAST
from tests.lone_server import LoneServer, lone_server

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Tool:
    name: str
    version: str
    what: str
    """What it does, for whoever reads the result."""
    command: Callable[[LoneServer, Path], list[str]]
    """Its words, given the server and a folder of its own."""
    findings: Callable[[str, Path], list[str]]
    """What it says is wrong, out of what it printed and left in its folder."""
    ran: str
    """A pattern of what it prints when it has done its work."""
    counted: str = ""
    """A pattern of what it says it has done, to be told with the result."""
    more: tuple[str, ...] = ()
    """Further packages that it needs and does not name."""
    python: str = ""
    """The version that it needs, where it does not run on all that we do."""
    module: bool = False
    """It brings no command, and is run as a module."""
    seconds: int = 300
    """After which it is ended, with what it has found by then."""


def private(server: LoneServer) -> str:
    return f"Authorization: Bearer {server.token('mother', 'private')}"


def employee(server: LoneServer) -> str:
    return f"Authorization: Bearer {server.token('leader', 'employee')}"


def roots() -> list[str]:
    """What can be asked at the top, which a guesser would begin with."""
    query = build_schema((ROOT / "schema.graphql").read_text("utf-8")).query_type
    assert query is not None
    return sorted(query.fields)


def clairvoyance(server: LoneServer, folder: Path) -> list[str]:
    """With the names that are there among some hundred that are not, one letter off."""
    off = {f"{name[:at]}x{name[at + 1 :]}" for name in roots() for at in range(len(name))}
    (folder / "words").write_text("\n".join([*roots(), *sorted(off)]) + "\n")
    return ["-v", "-o", str(folder / "schema.json"), "-w", str(folder / "words"), "-H", private(server), "-p", "fast",
            f"{server.url}/graphql"]  # fmt: skip


def told_apart(printed: str, _: Path) -> list[str]:
    """Whether it tells a name that is there from one that is not. What it cannot tell it holds for a name."""
    held = {name for name in re.findall(r"Query\.(\w+)\.args", printed) if not name.startswith("__")}
    missed = [name for name in roots() if name not in held]
    wrong = len(held - set(roots()))
    return [] if missed or wrong > len(roots()) else [f"tells the names of Query, with {wrong} mistakes"]


def schemathesis(server: LoneServer, _: Path) -> list[str]:
    return ["run", str(ROOT / "schema.graphql"), "-u", f"{server.url}/graphql", "-H", employee(server),
            "--phases", "fuzzing", "-n", "25", "--max-time", "90", "--checks", "not_a_server_error",
            "--suppress-health-check", "all", "--continue-on-failure", "--no-color", "--seed", "1"]  # fmt: skip


def failures(printed: str, _: Path) -> list[str]:
    return re.findall(r"^\s*- (.*(?:Server error|Test Case|failed).*)$", printed, re.MULTILINE) + (
        [] if "No issues found" in printed else ["ended without saying that no issues were found"]
    )


def auditor(server: LoneServer, folder: Path) -> list[str]:
    return ["-t", f"{server.url}/graphql", "-H", employee(server), "--json", str(folder / "found.json")]


def audited(_: str, folder: Path) -> list[str]:
    return [one["type"] for one in json.loads((folder / "found.json").read_text())["findings"]]


def inql(server: LoneServer, folder: Path) -> list[str]:
    return ["-t", f"{server.url}/graphql", "--header", *private(server).split(": ", 1), "-o", str(folder),
            "--no-generate-html", "--no-generate-queries"]  # fmt: skip


def introspected(_: str, folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*.json") if '"queryType"' in path.read_text()]
    return ["was told the schema"] if files else []


def graphrecon(server: LoneServer, _: Path) -> list[str]:
    return ["-u", server.url, "--schema"]


def detected(printed: str, folder: Path) -> list[str]:
    return [*(["finds the endpoint"] if "GraphQL FOUND" in printed else []), *introspected(printed, folder)]


GRAPHQLER = """
USE_DEPENDENCY_GRAPH = false
MAX_OUTPUT_SELECTOR_DEPTH = 2
HARD_CUTOFF_DEPTH = 6
SKIP_DOS_ATTACKS = false
REQUEST_TIMEOUT = 20
"""
"""Each question and act by itself: its chains begin with ids that it never comes by, and go no further than 8 of 41.
Deeper documents are refused as too long, and it takes its time to write them."""


def graphqler(server: LoneServer, folder: Path) -> list[str]:
    (folder / "config.toml").write_text(GRAPHQLER)
    return ["--url", f"{server.url}/graphql", "--path", str(folder), "--mode", "run",
            "--auth", employee(server).removeprefix("Authorization: ")]  # fmt: skip


def suspected(_: str, folder: Path) -> list[str]:
    told = json.loads((folder / "stats.json").read_text())
    found = [
        name
        for name, places in told["vulnerabilities"].items()
        if any(place["is_vulnerable"] or place["potentially_vulnerable"] for place in places.values())
    ]
    return [*found, *(f"status {status}" for status in told["http_status_codes"] if status.startswith("5"))]


TOOLS = (
    Tool("schemathesis", "4.32.5", "fuzzes every query and mutation by the schema", schemathesis, failures, "Fuzzing",
         counted=r"[\d,]+ generated"),
    Tool("clairvoyance", "2.5.5", "guesses the schema by the errors, as a private person", clairvoyance, told_apart,
         "Iteration 1", seconds=40),
    Tool("vamp-graphql-audit", "1.4.0", "tries a list of known holes, as an employee", auditor, audited, "RESUMEN",
         more=("aiohttp",)),
    Tool("inql", "4.0.5", "reads the schema and writes attacks from it, as a private person", inql, introspected,
         "Writing Introspection"),
    Tool("graphqler", "2.3.8", "tries injections and floods on every question and act, as an employee", graphqler,
         suspected, "RESULTS", counted=r"\d+/\d+(?= \()", python="3.12", module=True),
    Tool("graphrecon", "1.4.2", "looks for endpoints without a token", graphrecon, detected, "GraphQL"),
)  # fmt: skip

EXPLAINED = {
    ("graphrecon", "finds the endpoint"): "which is documented; without a token it says nothing more",
    ("vamp-graphql-audit", "Introspection Enabled"): "it asks as an employee, who may",
    (
        "vamp-graphql-audit",
        "Sensitive Field Exposure",
    ): "goes by names in the schema; each field has its line of policy",
    ("vamp-graphql-audit", "Framework Fingerprint"): "the directives of the specification",
    ("vamp-graphql-audit", "Custom Directive Disclosure"): "@oneOf, which is the specification's",
    ("vamp-graphql-audit", "BOLA / IDOR"): "nodes(ids:) answered null for each id that it made up",
    ("vamp-graphql-audit", "GraphQL Endpoint Exposed"): "it has a token",
    ("vamp-graphql-audit", "Insecure Transport"): "it is let at loopback; TLS ends before the server",
    ("vamp-graphql-audit", "Subscription Auth Check Required"): "a reminder; tests/test_live_connections.py",
    ("vamp-graphql-audit", "APQ Not Supported"): "there are none",
    ("vamp-graphql-audit", "GQL-HOTCHOC-001 Recursive Fragment DoS"): "was refused; it does not know the error's words",
    ("vamp-graphql-audit", "GQL-APOLLO-001 Fragment Amplification"): "a chain of 15 fragments, which costs 16 fields",
    ("vamp-graphql-audit", "GQL-HASURA-001 Row-Level Permission Bypass"): "no header says who asks; __typename is open",
}


def run(tool: Tool, server: LoneServer) -> tuple[bool, str]:
    """Whether all is well, and a line about it."""
    with tempfile.TemporaryDirectory() as told:
        folder = Path(told)
        more = [word for package in tool.more for word in ("--with", package)]
        command = [
            "uvx",
            "-q",
            *(("--python", tool.python) if tool.python else ()),
            *more,
            "--from",
            f"{tool.name}=={tool.version}",
            *(("python", "-m") if tool.module else ()),
            tool.name,
            *tool.command(server, folder),
        ]
        began = time.monotonic()
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=tool.seconds,
                cwd=folder,
                check=False,
                stdin=subprocess.DEVNULL,
            )
            printed = done.stdout + done.stderr
        except subprocess.TimeoutExpired as late:
            printed = "".join(part.decode() for part in (late.stdout, late.stderr) if part)
        took = f"{time.monotonic() - began:.0f} s"
        if re.search(tool.ran, printed) is None:
            return False, f"FAIL {tool.name} {tool.version} did not run ({took}): {printed[-300:].strip()}"
        found = list(dict.fromkeys(tool.findings(printed, folder)))
    unexplained = [one for one in found if (tool.name, one) not in EXPLAINED]
    did = re.search(tool.counted, printed) if tool.counted else None
    what = f"{tool.what}, {did[0]}" if did else tool.what
    said = f"{what}; {len(found)} findings, {len(unexplained)} not explained ({took})"
    if unexplained:
        return False, f"FAIL {tool.name} {tool.version}: {said}: {'; '.join(unexplained)}"
    return True, f"PASS {tool.name} {tool.version}: {said}"


async def attack(path: Path) -> bool:
    """Whether every tool ran, and found nothing that is not explained."""
    async with (
        open_database(DataFolder.at(path / "cluster"), cluster_settings=FAST) as database,
        lone_server(path, database, INNSYN_INTROSPECTION="EMPLOYEES") as server,
    ):
        well = True
        for tool in TOOLS:
            passed, line = await asyncio.to_thread(run, tool, server)
            well &= passed
            print(line, flush=True)
        log = server.log()
        broken = [line for line in log if line.get("code") == "UNEXPECTED" or line["event"] == "unexpected"]
        said = "FAIL" if broken else "PASS"
        print(f"{said} the server's log: {len(log):,} lines, each a JSON object; {len(broken)} unexpected errors")
        return well and not broken


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="innsyn-attacked-", dir="/tmp") as told:
        path = Path(told)
        path.chmod(0o711)  # PostgreSQL's account passes through it where root runs this
        return 0 if uvloop.run(attack(path)) else 1


if __name__ == "__main__":
    sys.exit(main())
