"""A large unit letter to a server of its own: how requests fare meanwhile, and what a killed server leaves behind.

`python -m tests.letter_storm --children 750` sends it to 1,500 homes, asks for an inbox all the while, and prints how
long answers took before, during and after. With `--kill`, the server dies in the middle and is started again.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from norway.days import oslo_day
from server.data_folder import DataFolder
from tests.conftest import Innsyn, told_address
from tests.worlds.files import write_persons, write_roster
from tests.worlds.world import LONG_AGO, World

PLACE = "{ viewer { units { id groups { id } } } }"
PREVIEW = "query ($input: UnitLetterPreviewInput!) { unitLetterPreview(input: $input) { threads previewToken } }"
SEND = """mutation ($input: SendUnitLetterInput!) { sendUnitLetter(input: $input) {
    broadcast { id recipients } problems { code } } }"""
PROGRESS = """query ($id: ID!, $unit: ID!) {
    letter: node(id: $id) { ... on Broadcast { recipients delivered finishedAt threads { totalCount } } }
    unit: node(id: $unit) { ... on Unit { threads { totalCount } } } }"""
INBOX = """{ viewer { unreadCount threads(first: 20) { nodes {
    id subject child { name } latestMessage { body author { name } } } } } }"""


def town(children: int) -> World:
    """A school with so many children of two guardians each, who share a leader."""
    today = oslo_day(dt.datetime.now(dt.UTC))
    world = World(today)
    world.unit("school", "SCHOOL", "Fjellet skole")
    world.group("all", "school")
    world.person("leader")
    world.employ("leader", "school", "LEADER")
    for number in range(children):
        # Everybody has a birthday of their own, of which their number is made.
        child = world.person(f"child{number}", dt.date(today.year - 12, 1, 1) + dt.timedelta(days=number))
        for which in (0, 1):
            born = dt.date(1975, 1, 1) + dt.timedelta(days=2 * number + which)
            guardian = world.person(f"guardian{number}_{which}", born)
            world.responsible(guardian, child)
        world.enrol(child, "school", LONG_AGO)
        world.member(child, "all", since=LONG_AGO)
    return world


@dataclass
class LetterStorm:
    """A server with a town, and the leader's and a guardian's way to ask it."""

    innsyn: Innsyn
    world: World
    tokens: dict[str, str] = field(default_factory=dict)
    server: subprocess.Popen[bytes] | None = None
    address: str = ""

    def bring_in(self) -> None:
        folder = self.innsyn.folder.path.parent
        documents = self.world.readings[0].documents
        self.innsyn.told("import", "roster", write_roster(self.world, folder / "roster"), "--yes")
        self.innsyn.told("import", "persons", write_persons(self.world, documents, folder / "persons.ndjson"), "--yes")
        for who in ("leader", "guardian0_0"):
            self.tokens[who] = self.innsyn.token(self.world.people[who].number or "")

    def serve(self) -> None:
        with tempfile.TemporaryFile() as log:
            self.server = subprocess.Popen(
                self.innsyn.line("serve", "--port", "0"),
                env=self.innsyn.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
            self.address = told_address(self.server, log.fileno())

    def stop(self, *, kill: bool = False) -> None:
        if self.server is not None:
            self.server.kill() if kill else self.server.terminate()
            self.server.wait(timeout=60)

    def ask(self, client: httpx.Client, who: str, query: str, variables: dict[str, Any] | None = None) -> Any:
        headers = {"authorization": f"Bearer {self.tokens[who]}"}
        body = {"query": query, "variables": variables or {}}
        told = client.post(f"{self.address}/graphql", json=body, headers=headers).json()
        assert "errors" not in told, told
        return told["data"]

    def send(self, client: httpx.Client) -> tuple[str, str, int]:
        """The letter's id, the unit's, and how many it is for."""
        [unit] = self.ask(client, "leader", PLACE)["viewer"]["units"]
        where = {"unitId": unit["id"]}
        preview = self.ask(client, "leader", PREVIEW, {"input": where})["unitLetterPreview"]
        given = {**where, "subject": "Tur", "body": "Husk niste.", "previewToken": preview["previewToken"],
                 "idempotencyKey": "letter"}  # fmt: skip
        told = self.ask(client, "leader", SEND, {"input": given})["sendUnitLetter"]
        assert told["problems"] == []
        return told["broadcast"]["id"], unit["id"], told["broadcast"]["recipients"]

    def progress(self, client: httpx.Client, letter: str, unit: str) -> tuple[int, bool, int]:
        """How many of its threads have begun, whether all have, and how many threads the unit has."""
        told = self.ask(client, "leader", PROGRESS, {"id": letter, "unit": unit})
        delivered = told["letter"]["delivered"]
        return delivered, told["letter"]["finishedAt"] is not None, told["unit"]["threads"]["totalCount"]

    def timed(self, client: httpx.Client) -> float:
        began = time.perf_counter()
        self.ask(client, "guardian0_0", INBOX)
        return (time.perf_counter() - began) * 1000


def said(times: list[float]) -> str:
    ordered = sorted(times)
    at = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"{len(times)} answers, median {statistics.median(times):.1f} ms, 99th percentile {at:.1f} ms"


def main() -> int:
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--children", type=int, default=750)
    told.add_argument("--kill", action="store_true")
    options = told.parse_args()
    with tempfile.TemporaryDirectory(prefix="innsyn-letters-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        environment = {**os.environ, "INNSYN_DEV_LOGIN": "1"}
        storm = LetterStorm(Innsyn(DataFolder.at(folder / "data"), None, environment), town(options.children))
        storm.bring_in()
        try:
            storm.serve()
            with httpx.Client(timeout=60) as client:
                for _ in range(20):
                    storm.timed(client)
                print(f"before: {said([storm.timed(client) for _ in range(300)])}", flush=True)
                began = time.perf_counter()
                letter, unit, recipients = storm.send(client)
                print(f"sent to {recipients} homes in {(time.perf_counter() - began) * 1000:.0f} ms", flush=True)
                began, times, finished, delivered = time.perf_counter(), [], False, 0
                while not finished:
                    times += [storm.timed(client) for _ in range(50)]
                    delivered, finished, threads = storm.progress(client, letter, unit)
                    if options.kill and delivered > recipients // 3:
                        options.kill = False
                        storm.stop(kill=True)
                        print(f"killed when {delivered} had begun", flush=True)
                        storm.serve()
                spent = time.perf_counter() - began
                print(f"during: {said(times)}; {delivered} threads in {spent:.0f} s; {threads} threads at the unit")
                print(f"after: {said([storm.timed(client) for _ in range(300)])}")
                return 0 if delivered == threads == recipients else 1
        finally:
            storm.stop()


if __name__ == "__main__":
    sys.exit(main())
