"""What a request costs in processor time, server and database apart: a figure that a busy machine hardly moves.

Beside it stands how much of the machine was idle and how much others took: only where others took next to nothing do
requests a second mean anything.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from bench.contestants import Contestant, body
from bench.load import Request, load
from bench.measure import check, median
from bench.questions import Asker

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Spent:
    """Milliseconds of processor time a request."""

    server: float
    database: float
    rate: float
    """Requests a second."""
    idle: float
    """Cores that nobody used."""
    others: float
    """Cores that were used by neither the server, the database nor the load."""

    @property
    def whole(self) -> float:
        return self.server + self.database

    def __str__(self) -> str:
        spent = f"{self.server:.3f} + {self.database:.3f} = {self.whole:.3f} ms"
        return f"{spent} ({self.rate:,.0f}/s; idle {self.idle:.2f}, others {self.others:.2f} cores)"


async def postmaster(connect: dict[str, Any]) -> psutil.Process:
    """The process whose children are the database's backends; it must run on this machine."""
    connection = await asyncpg.connect(**connect)
    try:
        parent = psutil.Process(await connection.fetchval("select pg_backend_pid()")).parent()
    finally:
        await connection.close()
    assert parent is not None
    return parent


def family(process: psutil.Process) -> Iterator[psutil.Process]:
    yield process
    yield from process.children(recursive=True)


def milliseconds(root: psutil.Process) -> dict[int, float]:
    """Of each process that there is now: a backend that has ended takes its time with it."""
    spent = {}
    for process in family(root):
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        spent[process.pid] = (int(fields[11]) + int(fields[12])) * 1_000 / TICK
    return spent


def machine() -> tuple[float, float]:
    """Milliseconds of processor time, used and idle, since it was started."""
    told = [int(one) for one in Path("/proc/stat").read_text().split("\n", maxsplit=1)[0].split()[1:9]]
    idle = told[3] + told[4]
    return (sum(told) - idle) * 1_000 / TICK, idle * 1_000 / TICK


def load_itself() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1_000


def grown(before: dict[int, float], after: dict[int, float]) -> float:
    return sum(told - before.get(pid, 0.0) for pid, told in after.items())


def spent_in(
    one: Contestant, question: str, asking: list[Asker], database: psutil.Process, begin: int, seconds: float
) -> Spent:
    """In one run of the load."""
    server = psutil.Process(one.process.pid)
    requests = [Request(one.header(asker), body(question, asker)) for asker in asking]
    begun, used, idle, loading = time.perf_counter(), *machine(), load_itself()
    before = milliseconds(server), milliseconds(database)
    run = load(one.url, requests, seconds, begin=begin)
    own = [grown(b, a) for b, a in zip(before, (milliseconds(server), milliseconds(database)), strict=True)]
    check(run, question, one)
    took, used_after, idle_after = (time.perf_counter() - begun) * 1_000, *machine()
    others = used_after - used - sum(own) - (load_itself() - loading)
    per = (own[0] / run.requests, own[1] / run.requests)
    return Spent(*per, run.rate, (idle_after - idle) / took, max(0.0, others / took))


def spent_by(
    contestants: Sequence[Contestant],
    askers: dict[str, list[Asker]],
    database: psutil.Process,
    rounds: int,
    seconds: float,
    tell: Callable[[str], None],
) -> dict[tuple[str, str], Spent]:
    """By question and contestant, the medians of the rounds; a first round only warms."""
    found: dict[tuple[str, str], list[Spent]] = {}
    for number in range(rounds + 1):
        for question, asking in askers.items():
            for one in contestants:
                spent = spent_in(one, question, asking, database, number * 37, seconds)
                if number:
                    found.setdefault((question, one.name), []).append(spent)
                tell(f"{question} {one.name}: {spent}")
    return {
        place: Spent(**{name: median([getattr(one, name) for one in spent]) for name in Spent.__dataclass_fields__})
        for place, spent in found.items()
    }


def rendered(found: dict[tuple[str, str], Spent]) -> str:
    """For each question a line of each contestant, and the limit's time over Innsyn's."""
    lines = []
    for question in dict.fromkeys(question for question, _ in found):
        of = {name: spent for (asked, name), spent in found.items() if asked == question}
        lines += [f"{question} {name:7} {spent}" for name, spent in of.items()]
        if {"innsyn", "limit"} <= of.keys():
            cost, rate = of["limit"].whole / of["innsyn"].whole, of["innsyn"].rate / of["limit"].rate
            lines.append(f"{question} time of the limit over innsyn's {cost:.2f}; requests a second {rate:.2f}")
    return "\n".join(lines)
