"""Broken files of every kind: always a clear refusal, never another exception, and a number is never told."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registers.local import read_local
from registers.persons import read_persons
from registers.plan import InputRefused, apply_plan
from registers.roster import read_roster
from server.database import Database
from tests.test_local_facts import FACTS, NEED
from tests.test_persons import WHOLE
from tests.town import SMALL, Town, small, written
from vault import Vault

ANY_NUMBER = re.compile(r"\d{11}")
FUZZ = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["14831899779", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
TREES = [*WHOLE, *FACTS, NEED]


def check(read: Callable[[Path], Any], path: Path) -> None:
    """Reads, or refuses clearly."""
    try:
        read(path)
    except InputRefused as refused:
        told = list(map(str, refused.problems))
    else:
        return
    assert told
    assert not any(ANY_NUMBER.search(problem) for problem in told)


def spots(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value of a JSON tree."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(spot for key, value in inner for spot in spots(value, (*path, key)))]


def exchanged(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The tree with another value at a spot."""
    if not path:
        return value
    copy = tree.copy()
    copy[path[0]] = exchanged(tree[path[0]], path[1:], value)
    return copy


def damaged(text: bytes, place: int, length: int, instead: bytes) -> bytes:
    place %= len(text) + 1
    return text[:place] + instead + text[place + length :]


BYTES = st.binary(max_size=8) | st.sampled_from(
    [b'"', b"\n", b"\r", b",", b"\0", b"\xff", b'""', b"\xef\xbb\xbf", b"{", b"[", b"\\u0000"]
)


@FUZZ
@given(data=st.data())
def test_a_line_with_any_value_anywhere_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    tree = data.draw(st.sampled_from(TREES))
    changed = exchanged(tree, data.draw(st.sampled_from(spots(tree))), data.draw(JSON))
    path = tmp_path / "lines.ndjson"
    path.write_text(json.dumps(changed))
    check(read_persons, path)
    check(read_local, path)


@FUZZ
@given(place=st.integers(0, 10**6), length=st.integers(0, 40), instead=BYTES)
def test_lines_with_any_bytes_exchanged_are_read_or_refused(
    tmp_path: Path, place: int, length: int, instead: bytes
) -> None:
    for name, read, lines in (("persons", read_persons, WHOLE), ("local", read_local, FACTS)):
        path = tmp_path / f"{name}.ndjson"
        whole = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode()
        path.write_bytes(damaged(whole, place, length, instead))
        check(read, path)


@FUZZ
@given(content=st.binary(max_size=200))
def test_any_bytes_are_no_lines_or_few(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lines.ndjson"
    path.write_bytes(content)
    check(read_persons, path)
    check(read_local, path)
    check(read_roster, path)


@FUZZ
@given(
    name=st.sampled_from([*SMALL, "manifest"]),
    place=st.integers(0, 10**6),
    length=st.integers(0, 40),
    instead=BYTES,
)
def test_a_roster_with_any_bytes_exchanged_is_read_or_refused(
    tmp_path: Path, name: str, place: int, length: int, instead: bytes
) -> None:
    folder = written(tmp_path / "roster", SMALL)
    (folder / "manifest.csv").write_text("propertyName,value\noneroster.version,1.2\nfile.users,bulk\n")
    file = folder / f"{name}.csv"
    file.write_bytes(damaged(file.read_bytes(), place, length, instead))
    check(read_roster, folder)


CELLS = st.text(max_size=10) | st.sampled_from(
    ["2026-08-17", "teacher", "skole", "nora", "3b", "", "tobedeleted", "14831899779"]
)


@FUZZ
@given(name=st.sampled_from(list(SMALL)), row=st.lists(CELLS, min_size=0, max_size=9))
def test_a_roster_with_any_row_is_read_or_refused(tmp_path: Path, name: str, row: list[str]) -> None:
    quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in row)
    files = {**SMALL, name: [*SMALL[name], quoted]}
    folder = tmp_path / "roster"
    try:
        written(folder, files)
    except UnicodeEncodeError:
        return
    check(read_roster, folder)


class Undone(Exception):
    """Takes back what an example did."""


@pytest.fixture
async def town(database: Database, vault: Vault, tmp_path: Path) -> Town:
    made = Town(database, vault, tmp_path)
    await made.takes(small())
    return made


@settings(FUZZ, max_examples=60)
@given(data=st.data())
async def test_whatever_is_read_can_be_compared_and_applied(town: Town, data: st.DataObject) -> None:
    """A document or fact with any value anywhere gets into the database, or is refused before it touches it."""
    documents, facts = list(WHOLE), list(FACTS)
    lines = documents if data.draw(st.booleans()) else facts
    place = data.draw(st.integers(0, len(lines) - 1))
    lines[place] = exchanged(lines[place], data.draw(st.sampled_from(spots(lines[place]))), data.draw(JSON))
    planned = town.documents_planned(*documents) if lines is documents else town.facts_planned(*facts)
    with suppress(InputRefused, Undone):
        async with planned as (connection, plan):
            if not plan.conflicts:
                await apply_plan(connection, plan)
            raise Undone


def packed() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, lines in SMALL.items():
            archive.writestr(f"{name}.csv", "\n".join(lines))
    return out.getvalue()


ZIP = packed()


@FUZZ
@given(place=st.integers(0, 10**6), length=st.integers(0, 40), instead=st.binary(max_size=40))
def test_a_zip_with_any_bytes_exchanged_is_read_or_refused(
    tmp_path: Path, place: int, length: int, instead: bytes
) -> None:
    path = tmp_path / "roster.zip"
    path.write_bytes(damaged(ZIP, place, length, instead))
    check(read_roster, path)


@pytest.mark.parametrize("depth", [100, 2000, 200_000])
def test_a_deep_line_is_refused(tmp_path: Path, depth: int) -> None:
    path = tmp_path / "lines.ndjson"
    path.write_text('{"id": ' + "[" * depth + "]" * depth + "}")
    for read in (read_persons, read_local):
        with pytest.raises(InputRefused):
            read(path)


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lines.ndjson"
    with path.open("wb") as file:
        file.truncate(20 * 2**20)
    for read in (read_persons, read_local):
        with pytest.raises(InputRefused, match="is longer than"):
            read(path)
