"""Writes what was measured as a table, with the machine it was measured on and whether it is enough."""

from __future__ import annotations

import os
import platform
import sys
import sysconfig
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from bench.load import CONNECTIONS, has_wrk
from bench.measure import Measured, median
from bench.questions import TITLES

OF_THE_LIMIT = {"Q1": 0.6, "Q2": 0.6, "Q3": 0.6, "Q4": 0.5}
TIMES_THE_PEER = 12.0
MEGABYTES_A_WORKER = 150.0


def is_optimised_python() -> bool:
    """Built with profile-guided optimisation; Debian's is, without saying so in its arguments."""
    told = str(sysconfig.get_config_var("CONFIG_ARGS"))
    return "--enable-optimizations" in told or Path(sys.base_prefix) == Path("/usr")


def python_build() -> str:
    which = "optimised" if is_optimised_python() else "NOT optimised: 1.5 to 1.9 times slower than it could be"
    return f"CPython {platform.python_version()} of {sys.base_prefix} ({which}; {platform.python_compiler()})"


def machine() -> str:
    described = platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        models = [line.split(":")[1].strip() for line in information.read_text().splitlines() if "model name" in line]
        described = models[0] if models else described
    return f"{os.cpu_count()} cores of {described}, {platform.system()} {platform.release()}"


def rendered(found: Measured, names: Sequence[str], database: str, day: str, rounds: int, seconds: float) -> str:
    generator = "wrk" if has_wrk() else "the bundled generator (no wrk here; it takes more of the machine itself)"
    names_of_packages = ("strawberry-graphql", "asyncpg", "uvicorn", "sqlalchemy")
    packages = ", ".join(f"{name} {version(name)}" for name in names_of_packages)
    lines = [
        f"- Measured on {day}: {machine()}",
        f"- {python_build()}; {database}; {packages}",
        f"- Load: {generator}, {CONNECTIONS} connections, {rounds} rounds of {seconds:g} s each, contestants in turn",
        "- Every core free for all: one server process each, the database and the load beside it",
        f"- Answers compared first: {', '.join(f'{n} of {q}' for q, n in found.compared.items())}",
        f"- Bodies looked into under load: {found.looked_into:,}",
        "",
        "Requests a second: median (least–most).",
        "",
        "| | " + " | ".join(f"{question} {TITLES[question]}" for question in found.compared) + " | peak memory |",
        "|---" * (len(found.compared) + 2) + "|",
    ]
    for name in names:
        cells = []
        for question in found.compared:
            rates = found.rates[question, name]
            cells.append(f"{median(rates):,.0f} ({min(rates):,.0f}–{max(rates):,.0f})")
        held = found.memory[name]
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {'?' if held is None else f'{held:.0f} MB'} |")
    for other in names:
        if "innsyn" in names and other != "innsyn":
            cells = []
            for question in found.compared:
                ratios = found.ratios(question, "innsyn", other)
                cells.append(f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})")
            lines.append(f"| innsyn / {other} | " + " | ".join(cells) + " | |")
    return "\n".join(lines)


def shortfalls(found: Measured, names: Sequence[str]) -> list[str]:
    """What is demanded and was not reached."""
    missing = []
    for question in found.compared:
        for other, least in (("limit", OF_THE_LIMIT[question]), ("peer", TIMES_THE_PEER)):
            if {"innsyn", other} <= set(names):
                reached = median(found.ratios(question, "innsyn", other))
                if reached < least:
                    missing.append(f"{question}: {reached:.2f} of the {other}, at least {least:g} is demanded")
    held = found.memory.get("innsyn")
    if held is not None and held >= MEGABYTES_A_WORKER:
        missing.append(f"a worker held {held:.0f} MB, less than {MEGABYTES_A_WORKER:g} is demanded")
    return missing
