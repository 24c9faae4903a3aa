"""What no world asks about is held by the tests themselves: they are run on the broken policy until one goes red.

Acts are judged so, and pages whose rows no file can tell. Each mutant has a process that is forked off, where every
module of the project is imported anew; the clusters are made once, without the second wall. What no test sees is killed
by the printed schema still, as in the worlds.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from server.data_folder import DataFolder
from server.database import NAME, Database, open_database, superuser_connect
from tests.conftest import FAST
from tests.mutants.mutations import ROOT, Mutant
from tests.mutants.printed import as_lines
from tests.mutants.trial import Broken, Verdict
from tests.walls import take_down

ACTS = ("tests/test_writing.py", *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("tests/test_*_acts.py")))
BY_CONCEPT = {
    "record": ("tests/test_records.py", "tests/test_record_acts.py"),
    "attachment": ("tests/test_files_http.py",),
    "thread": ("tests/test_writing.py",),
    "message": ("tests/test_writing.py",),
    "recipient": ("tests/test_writing.py",),
    "block": ("tests/test_block_acts.py",),
    "task": ("tests/test_block_acts.py",),
    "confirmation": ("tests/test_block_acts.py",),
    "delegate": ("tests/test_delegate_acts.py",),
    "substitution": ("tests/test_substitution_acts.py",),
    "absence": ("tests/test_everyday_acts.py",),
    "photo_consent": ("tests/test_everyday_acts.py",),
    "access_log": (
        "tests/test_access_log.py",
        "tests/test_access_log_served.py::test_file_is_logged_by_the_unit_of_the_message_or_the_record_that_it_hangs_on",
    ),
    "need_case": ("tests/test_need_cases.py", "tests/test_need_case_secrets.py", "tests/test_need_case_reports.py"),
}
"""The files that a concept's mutants are tried on; those of any other page are tried on all acts."""


def files_of(mutant: Mutant) -> tuple[str, ...]:
    return BY_CONCEPT.get(mutant.module.rsplit(".", 1)[-1], ACTS)


@dataclass
class Bench:
    """A cluster that one process at a time runs tests on."""

    folder: DataFolder
    database: Database

    async def clear(self) -> None:
        """What a process that was ended left behind."""
        connection = await asyncpg.connect(**superuser_connect(self.folder, self.database.admin_connect["host"]))
        rows = await connection.fetch(
            "select datname from pg_database where datname <> $1 and (datname = 'worlds' or datname like 'test%')", NAME
        )
        for row in rows:
            await connection.execute(f"drop database {row['datname']} with (force)")
        await connection.close()


async def benches(stack: AsyncExitStack, folder: Path, count: int) -> list[Bench]:
    made = []
    for number in range(count):
        place = DataFolder.at(folder / f"bench{number}")
        made.append(Bench(place, await stack.enter_async_context(open_database(place, cluster_settings=FAST))))
        connection = await asyncpg.connect(**made[-1].database.admin_connect)
        await take_down(connection)  # a mutant that the second wall hides is one all the same
        await connection.close()
    return made


@dataclass
class Likely:
    """Runs those tests first that saw a neighbour; remembers the first that fails."""

    seen: Counter[str]
    failed: list[str] = field(default_factory=list)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: -self.seen[item.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)


def hold(bench: Bench, mutant: Mutant | None, files: Iterable[str], seen: Counter[str]) -> Verdict:
    """In a process of its own; without a mutant, whether the tests are green."""
    asyncio.run(bench.clear())
    forget_project()
    if mutant is not None:
        sys.meta_path.insert(0, Broken(mutant))
    lend(bench)
    plugin, said = Likely(seen), io.StringIO()
    options = ["-x", "-q", "-o", "addopts=", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", str(ROOT)]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # plugins are imported here already
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = pytest.main([*options, *(str(ROOT / one) for one in files)], plugins=[plugin])
    if code == pytest.ExitCode.OK:
        told = as_lines(mutant) if mutant is not None and mutant.module.startswith("authz.") else ""
        return Verdict("printed" if told else "survived", told)
    if code == pytest.ExitCode.TESTS_FAILED:
        return Verdict("test", plugin.failed[0])
    return Verdict("raised", said.getvalue()[-300:])


def forget_project() -> None:
    """The next import of anything of the project's own is a new one, but for the mutants' machinery."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        own = file is not None and Path(file).is_relative_to(ROOT) and ".venv" not in Path(file).parts
        if own and not name.startswith("tests.mutants"):
            del sys.modules[name]


def lend(bench: Bench) -> None:
    """The tests' fixture gets the cluster that is there."""
    import server.database as database  # noqa: PLC0415 (the new one)

    @asynccontextmanager
    async def lent(*_: Any, **__: Any) -> AsyncIterator[Database]:
        yield database.Database(**vars(bench.database))

    host = bench.database.admin_connect["host"]
    told = superuser_connect(bench.folder, host)
    database.open_database = lent  # type: ignore[assignment]
    database.superuser_connect = lambda *_: told  # type: ignore[assignment]
