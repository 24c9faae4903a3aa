"""Measures whether an id that is closed to the viewer takes another time than one that never was: `just timing`.

Pairs of requests over one connection, a closed id and a missing one in random order, so that whatever else the machine
does falls on both. What counts is the median of the differences within pairs. Beside it stands its power: the smallest
difference that would have been noticed in 95 of 100 such measurements, with 5 false alarms in 100. A road passes when
the interval around the difference lies within the bound; where the machine was too restless to say so, it is told as
such, and is no pass. The demo's municipality is measured, made once in a data folder of its own.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import http.client
import json
import math
import random
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import click
import platformdirs

from bench.contestants import started
from bench.questions import Asker
from demo.build import build_demo, demo_is_built, kept_recipe
from resolvers.ids import TYPE_BYTES, encode
from server.data_folder import DataFolder
from server.database import Database, open_database
from server.tokens import issue_development_token
from vault import Vault

FALSE_ALARM, POWER = 1.960, 1.645
"""Of the normal distribution: 5 % on both sides, and 95 % of one."""
WARMING = 100
BATCH = 200
"""Pairs between two looks at whether the spread is small enough."""
ACT = "problems { code }"
NODE = (
    "query ($id: ID!) { node(id: $id) { id ... on Child { name } ... on Thread { subject } ... on Message { body } } }"
)
ROADS: dict[str, tuple[str, str]] = {
    "node, a child": ("Child", NODE),
    "node, a thread": ("Thread", NODE),
    "node, a message": ("Message", NODE),
    "node, a guardian": ("Guardian", NODE),
    "explainAccess, a child": ("Child", "query ($id: ID!) { explainAccess(node: $id) { visible } }"),
    "explainAccess, a thread": ("Thread", "query ($id: ID!) { explainAccess(node: $id) { visible } }"),
    "threads of a child": (
        "Child",
        "query ($id: ID!) { viewer { threads(first: 5, filter: { childId: $id }) { totalCount nodes { id } } } }",
    ),
    "recipientPreview": (
        "Thread",
        f"query ($id: ID!) {{ recipientPreview(input: {{ threadId: $id }}) {{ threads {ACT} }} }}",
    ),
    "sendMessage": (
        "Thread",
        f'mutation ($id: ID!) {{ sendMessage(input: {{threadId: $id, body: "Hei", idempotencyKey: "k"}}) {{{ACT}}} }}',
    ),
    "retractMessage": ("Message", f"mutation ($id: ID!) {{ retractMessage(input: {{ messageId: $id }}) {{ {ACT} }} }}"),
}
"""The kind of id, and what is asked with it."""

SELECT_VIEWER = """
    select g.person_id from guardianship g where g.since <= $1 and (g.until is null or g.until > $1)
    and exists (select from participant a where a.person_id = g.person_id)
    and not exists (select from position p where p.person_id = g.person_id) order by 1 limit 1"""
SELECT_CLOSED = {
    "Child": """select p.child_key from person p join enrolment e on e.child_id = p.id
        where not exists (select from guardianship g where g.child_id = p.id and g.person_id = $1)
        and not exists (select from participant a where a.child_id = p.id and a.person_id = $1) group by 1""",
    "Thread": """select t.id from thread t
        where not exists (select from guardianship g where g.child_id = t.child_id and g.person_id = $1)""",
    "Message": """select m.id from message m
        where not exists (select from guardianship g where g.child_id = m.child_id and g.person_id = $1)""",
    "Guardian": """select p.guardian_key from person p join guardianship o on o.person_id = p.id
        where not exists (select from guardianship g where g.child_id = o.child_id and g.person_id = $1) group by 1""",
}
"""Keys that exist, and that no relation opens to the viewer ($1)."""


@dataclass(frozen=True)
class Measured:
    road: str
    differences: list[float]
    """Closed less missing, in microseconds, a pair each."""
    middle: float
    """Of a request, in microseconds."""

    @property
    def difference(self) -> float:
        return statistics.median(self.differences)

    @property
    def error(self) -> float:
        """The standard error of the median, by the order of the differences and no shape of theirs."""
        ordered, number = sorted(self.differences), len(self.differences)
        reach = FALSE_ALARM * math.sqrt(number) / 2
        low = ordered[max(math.floor(number / 2 - reach), 0)]
        high = ordered[min(math.ceil(number / 2 + reach), number - 1)]
        return (high - low) / (2 * FALSE_ALARM)

    @property
    def noticeable(self) -> float:
        """The smallest difference that this many pairs of this spread show, with the power that the module says."""
        return (FALSE_ALARM + POWER) * self.error

    def judged(self, bound: float) -> str:
        if abs(self.difference) + POWER * self.error < bound:
            return "PASS"
        return "FAIL" if abs(self.difference) > FALSE_ALARM * self.error else "TOO RESTLESS"


class Client:
    """One connection that is kept, and one request at a time."""

    def __init__(self, port: int, token: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}

    def ask(self, body: bytes) -> tuple[float, bytes]:
        """How long it took in microseconds, and the answer."""
        began = time.perf_counter_ns()
        self.connection.request("POST", "/graphql", body, self.headers)
        answer = self.connection.getresponse().read()
        return (time.perf_counter_ns() - began) / 1000, answer


def measure(client: Client, road: str, closed: list[UUID], bound: float, most: int, chance: random.Random) -> Measured:
    """As many pairs as make half the bound noticeable, or as may be."""
    kind, text = ROADS[road]

    def body(key: UUID) -> bytes:
        return json.dumps({"query": text, "variables": {"id": encode(TYPE_BYTES[kind], key)}}).encode()

    differences: list[float] = []
    times: list[float] = []
    seen: set[bytes] = set()
    for number in range(most + WARMING):
        pair = [(True, chance.choice(closed)), (False, uuid4())]
        chance.shuffle(pair)
        took = {}
        for is_closed, key in pair:
            took[is_closed], answer = client.ask(body(key))
            seen.add(answer)
        if len(seen) > 1:
            raise click.ClickException(f"{road}: a closed id and a missing one are answered differently: {seen}")
        if number < WARMING:
            continue
        differences.append(took[True] - took[False])
        times += took.values()
        if len(differences) % BATCH == 0:
            found = Measured(road, differences, statistics.median(times))
            if found.noticeable < bound / 2:
                return found
    return Measured(road, differences, statistics.median(times))


async def who_asks(database: Database, vault: Vault, day: dt.date) -> tuple[str, dict[str, list[UUID]]]:
    """A guardian's number, and keys by kind that are closed to them."""
    connection = await asyncpg.connect(**database.admin_connect)
    try:
        viewer = await connection.fetchval(SELECT_VIEWER, day)
        cipher = await connection.fetchval("select number_cipher from person_identifier where person_id = $1", viewer)
        closed = {
            kind: [row[0] for row in await connection.fetch(f"{select} order by 1 limit 2000", viewer)]
            for kind, select in SELECT_CLOSED.items()
        }
        return vault.decrypt(cipher, "national_id"), closed
    finally:
        await connection.close()


@contextmanager
def serving(database: Database, folder: DataFolder, day: dt.date) -> Iterator[int]:
    askers: list[Asker] = []
    with started("innsyn", folder, database.api_connect, day, askers, folder.path / "timing.log") as server:
        yield server.port


async def run(data: Path, children: int, told: dict[str, Any]) -> bool:
    folder = DataFolder.at(data)
    vault = Vault.open(folder.keys_file, create=True)
    day = dt.date(2026, 11, 23)
    async with open_database(folder) as database:
        if not await demo_is_built(database, folder):
            await build_demo(database, folder, children, None, 1, day, lambda *_: None)
        recipe = kept_recipe(folder)
        assert recipe is not None
        number, closed = await who_asks(database, vault, day)
        found = []
        # Everything below blocks; nothing else runs on this loop.
        with serving(database, folder, day) as port:
            client = Client(
                port, issue_development_token(folder.path, number, recipe.organisation, ttl=dt.timedelta(hours=12))
            )
            for road in told["roads"] or ROADS:
                chance = random.Random(told["seed"])
                found.append(measure(client, road, closed[ROADS[road][0]], told["bound"], told["pairs"], chance))
                click.echo(line(found[-1], told["bound"]))
    judged = [one.judged(told["bound"]) for one in found]
    bound = f"a bound of {told['bound']:.0f} µs on the median, 5 % false alarms, 95 % power"
    click.echo(f"{judged.count('PASS')} of {len(judged)} roads pass; {bound}")
    return judged.count("PASS") == len(judged)


def line(one: Measured, bound: float) -> str:
    return (
        f"{one.judged(bound):<12}  {one.road:<24}  closed less missing {one.difference:+7.1f} µs of {one.middle:,.0f}"
        f"; noticeable from {one.noticeable:6.1f} µs; {len(one.differences):,} pairs"
    )


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Data folder of the measurement, kept between runs.")
@click.option("--children", default=400, show_default=True, help="Of the municipality, when it is made.")
@click.option("--pairs", default=10_000, show_default=True, help="At the most, a road.")
@click.option("--bound", default=50.0, show_default=True, help="Microseconds that closed and missing may differ by.")
@click.option("--road", "roads", type=click.Choice(list(ROADS)), multiple=True, help="These roads (repeat).")
@click.option("--seed", default=1, show_default=True)
def main(data: Path | None, children: int, **told: Any) -> None:
    """Measure whether a closed id takes another time than one that never was."""
    well = asyncio.run(run(data or Path(platformdirs.user_data_dir("innsyn-timing")), children, told))
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
