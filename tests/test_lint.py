"""The house's rules see what they are there to see, and let pass what is right."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from lint import clocks, connections, modules, row_filters, sql_texts
from lint.__main__ import RULES, findings
from lint.source import Source, read_sources

ROOT = Path(__file__).parent.parent
DOCSTRING = '"""A page."""\n'


def found(rule: ModuleType, path: str, text: str) -> list[int]:
    """The lines in which the rule finds something."""
    return [finding.line for finding in rule.check(Source(path, text))]


FILTERS = [
    "rows = select(Thread).where(Thread.unit_id == unit)",
    "rows = session.query(Thread).filter_by(unit_id=unit)",
    "rows = session.query(Thread).filter(Thread.unit_id == unit)",
    "rows = select(Thread.unit_id).group_by(Thread.unit_id).having(count > 3)",
]
TEXTS = [
    "ROWS = 'select id from thread'",
    "ROWS = '''SELECT name\n  FROM person p'''",
    "ROWS = f'select id from {table}'",
    "GONE = 'delete from block'",
    "MOVED = 'update read_pointer set up_to_id = $1'",
]
PAGES = "from authz import child, thread\nfrom authz import unit as policy\nfrom authz.engine.sql import holds\n"


@pytest.mark.parametrize("text", [*FILTERS, *TEXTS])
@pytest.mark.parametrize("path", ["schema/thread.py", "server/app.py"])
def test_the_edge_does_not_filter_rows(path: str, text: str) -> None:
    assert found(row_filters, path, text) == [1]


@pytest.mark.parametrize("text", TEXTS)
def test_a_resolver_does_not_read_by_text(text: str) -> None:
    assert found(row_filters, "resolvers/thread.py", text) == [1]


@pytest.mark.parametrize(
    "text",
    [
        "def threads(keys): return Rows(row, row, [], order)",
        "def threads(keys): return Rows(row, row, [holds(row)], order)",
        "def threads(keys): return Rows(row, row, [row.c.unit_id == unit], order)",
        "def threads(keys): return source.Rows(row, row, [policy.belongs(row)], order)",
        "def threads(keys): return Rows(row, row, [visible(row, keys)], order)",
        "THREADS = Rows(row, row, [], order)",
        "ENTITIES = (Entity('Thread', Thread, visible=lambda row, keys: row.c.joint),)",
        "ENTITIES = (Entity('Thread', Thread, visible=anything),)",
    ],
)
def test_a_resolver_does_not_give_rows_that_the_policy_was_not_asked_about(text: str) -> None:
    assert found(row_filters, "resolvers/thread.py", PAGES + text) == [4]


@pytest.mark.parametrize(
    "text",
    [
        "def threads(keys): return Rows(row, row, [thread.visible(row.c.id, keys)], order)",
        "def threads(keys):\n    seen = policy.opened(row, keys)\n    return Rows(row, row, [holds(row), seen], order)",
        "ENTITIES = (Entity('Unit', Unit, visible=lambda row, _: policy.visible(row)),)",
        "ENTITIES = (Entity('Unit', Unit, visible=policy.visible),)",
        "ENTITIES = (Entity('Position', Position),)",
    ],
)
def test_a_resolver_gives_rows_that_the_policy_was_asked_about(text: str) -> None:
    assert found(row_filters, "resolvers/thread.py", PAGES + text) == []


def test_rows_that_are_settled_elsewhere_are_named_one_by_one() -> None:
    text = "def participants(keys): return Rows(row, row, [], order)"
    assert found(row_filters, "resolvers/thread.py", text) == []
    assert found(row_filters, "resolvers/message.py", text) == [1]


@pytest.mark.parametrize("named", row_filters.SETTLED)
def test_every_function_that_is_let_off_is_there(named: str) -> None:
    path, function = named.split(":")
    assert f"def {function}(" in (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("resolvers/engine/statement.py", "rows = select(Thread).where(predicate)"),
        ("authz/thread.py", "held = exists().where(Position.person_id == viewer)"),
        ("registers/roster.py", "rows = select(Person).where(Person.municipality_id == municipality)"),
        ("server/app.py", "names = list(filter(None, names))"),
        ("resolvers/thread.py", '"""How one may select a thread from a unit."""'),
        ("resolvers/thread.py", "class Threads:\n    unit: str\n    '''Select one from the list.'''"),
    ],
)
def test_what_is_no_filter_of_rows_is_left_alone(path: str, text: str) -> None:
    assert found(row_filters, path, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "connection = await asyncpg.connect(dsn)",
        "from asyncpg import connect\nconnection = connect(dsn)",
        "pool = await asyncpg.create_pool(dsn)",
        "engine = create_async_engine(url)",
        "engine = sqlalchemy.create_engine(url)",
        "async with self.pool.acquire() as connection: ...",
    ],
)
@pytest.mark.parametrize("path", ["resolvers/thread.py", "server/app.py", "registers/local.py", "authz/viewer.py"])
def test_nobody_but_the_gateway_opens_a_connection(path: str, text: str) -> None:
    assert len(found(connections, path, text)) == 1


@pytest.mark.parametrize("path", connections.ALLOWED)
def test_the_gateway_and_the_database_open_connections(path: str) -> None:
    assert found(connections, path, "pool = await asyncpg.create_pool(dsn)") == []


def test_who_got_a_connection_or_an_engine_may_use_it() -> None:
    text = "async with engine.connect() as connection: await connection.execute(statement)"
    assert found(connections, "registers/roster.py", text) == []


@pytest.mark.parametrize(
    "text",
    [
        "today = dt.date.today()",
        "today = date.today()",
        "now = dt.datetime.now(dt.UTC)",
        "now = datetime.utcnow()",
        "now = time.time()",
        "now = func.now()",
        "today = sqlalchemy.func.current_date()",
        "PREDICATE = 'since <= current_date'",
        "PREDICATE = 'sent_at < now()'",
    ],
)
@pytest.mark.parametrize("path", ["authz/child.py", "resolvers/child.py", "registers/roster.py", "norway/days.py"])
def test_nothing_below_the_edge_reads_a_clock(path: str, text: str) -> None:
    assert found(clocks, path, text) == [1]


def test_the_edge_reads_the_clock() -> None:
    assert found(clocks, "server/app.py", "now = dt.datetime.now(dt.UTC)") == []


def test_how_long_something_took_is_not_what_time_it_is() -> None:
    assert found(clocks, "registers/roster.py", "started = time.monotonic()") == []


@pytest.mark.parametrize(
    "text",
    [
        "rows = await connection.fetch(f'select name from person where id = {key}')",
        "rows = await connection.execute(text('select 1 where ' + condition))",
        "rows = await connection.fetchrow('select %s' % key)",
        "rows = await connection.execute('select {}'.format(key))",
        "mask = literal_column(f'{bit} & relations')",
        "rows = await connection.execute(' and '.join(conditions))",
    ],
)
def test_nobody_puts_sql_together_out_of_values(text: str) -> None:
    assert found(sql_texts, "registers/roster.py", text) == [1]


@pytest.mark.parametrize(
    "text",
    [
        "rows = await connection.fetch('select name from person where id = $1', key)",
        "rows = await connection.execute(select(Person).where(Person.id == key))",
        "rows = await connection.execute(text('select 1'))",
        "rows = await connection.fetch(f'select 1')",
        "rows = await connection.fetch(STATEMENT, first + second)",
    ],
)
def test_a_literal_with_bound_values_is_right(text: str) -> None:
    assert found(sql_texts, "registers/roster.py", text) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("server/utils.py", DOCSTRING),
        ("authz/helpers/facts.py", DOCSTRING),
        ("authz/child.py", "CHILD = 1"),
        ("authz/child.py", ""),
        ("authz/child.py", DOCSTRING + "class ChildManager: ..."),
    ],
)
def test_a_module_says_what_it_holds(path: str, text: str) -> None:
    assert len(found(modules, path, text)) == 1


def test_a_module_that_says_what_it_holds_is_right() -> None:
    assert found(modules, "authz/child.py", DOCSTRING + "class Child: ...") == []


@pytest.mark.parametrize("rule", RULES)
def test_every_module_that_is_let_off_is_there(rule: ModuleType) -> None:
    allowed: tuple[str, ...] = getattr(rule, "ALLOWED", ())
    assert [place for place in allowed if not (ROOT / place).exists()] == []


def test_the_project_keeps_every_rule() -> None:
    sources = list(read_sources(ROOT))
    assert len(sources) > 40
    assert [str(finding) for finding in findings(sources)] == []


def test_the_command_ends_with_1_when_a_rule_is_broken(tmp_path: Path) -> None:
    (tmp_path / "resolvers").mkdir()
    (tmp_path / "resolvers" / "thread.py").write_text("MINE = Rows(row, row, [], order)\n")
    ran = subprocess.run(
        [sys.executable, "-m", "lint"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "resolvers/thread.py:1: row-filter" in ran.stdout
