"""What the documents say is there, is there: links, files, rules, commands and their options."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import click
import pytest
from graphql import build_schema, parse, validate

from authz.engine.policy import PRINTED_AS, Relation
from models import Base
from server.command import main

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("bench/*.md"), *ROOT.glob("examples/*/*.md")]
)
FOLDERS = (
    "schema|resolvers|authz|models|server|registers|vault|norway|demo|migrations|lint|graphiql|bench|docs|tests"
    "|screening|examples"
)
RULES = {
    *(f"R{n}" for n in range(1, 5)),
    *(f"T{n}" for n in range(1, 10)),
    *(f"C{n}" for n in range(1, 11)),
    *(f"L{n}" for n in range(1, 7)),
}

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def anchors(page: Path) -> set[str]:
    """The headings of a page, as a link names them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pages
def test_a_reader_does_not_follow_a_link_to_nowhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


@pages
def test_a_reader_does_not_look_for_a_file_that_is_not_there(page: Path) -> None:
    named = re.findall(rf"`((?:{FOLDERS})/(?:[\w./-]*(?:/|\.\w+))?)`", page.read_text(encoding="utf-8"))
    assert [path for path in named if not (ROOT / path).exists() and not path.endswith(".log")] == []


@pages
def test_a_reader_is_not_told_of_a_command_that_is_not_there(page: Path) -> None:
    for line in re.findall(r"\binnsyn ([a-z][^`\n]*)", " ".join(code(page))):
        assert_there(line)


def assert_there(line: str) -> None:
    """Whether `serve --port 8000` is a command with such an option."""
    command: click.Command = main
    words = line.split()
    while isinstance(command, click.Group) and words and (word := words[0]) in command.commands:
        command = command.commands[word]
        words.pop(0)
    assert not isinstance(command, click.Group) or not words, f"there is no `innsyn {line}`"
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    for option in re.findall(r"(?<!\w)--[a-z][a-z-]*", " ".join(words)):
        assert option in {*options, "--help"}, f"`innsyn {line}` has no {option}"


def code(page: Path) -> list[str]:
    """What stands as code on a page: spans, and the lines of blocks."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    return [f"{line} `" for line in [*spans, *(line.split("#")[0] for block in blocks for line in block.splitlines())]]


@pages
def test_a_reader_is_not_told_of_a_task_that_is_not_there(page: Path) -> None:
    just = Path(sys.executable).with_name("just")
    listed = subprocess.run([just, "--summary"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    told = re.findall(r"`(?:uv run )?just ([a-z-]+)", page.read_text(encoding="utf-8"))
    assert set(told) <= set(listed)


@pages
def test_a_reader_does_not_copy_a_question_that_is_refused(page: Path) -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
    for question in re.findall(r"^```graphql\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        assert validate(schema, parse(question)) == []


@pages
def test_a_page_names_nobody_who_could_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for address in re.findall(r"[\w.]+@[\w.]+\w", text):
        assert address.endswith(("example.no", ".invalid")), address
    for number in re.findall(r"(?<!\d)\d{11}(?!\d)", text):
        assert int(number[2:4]) > 80, f"{number} is not synthetic"


def test_the_law_has_every_rule_once() -> None:
    law = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"\*\*([RTCL]\d+)\b", law)) == sorted(RULES)


def test_the_law_says_what_each_relation_is() -> None:
    law = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert [relation.name for relation in Relation if relation not in PRINTED_AS and relation.name not in law] == []


def test_the_schema_cites_no_rule_that_the_law_does_not_have() -> None:
    schema = (ROOT / "schema.graphql").read_text(encoding="utf-8")
    cited = {rule for rules in re.findall(r"rules: \[([^\]]*)\]", schema) for rule in re.findall(r'"(\w+)"', rules)}
    assert cited
    assert cited <= RULES


def test_the_glossary_is_in_order_and_says_each_word_once() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^\| ([^|]+?) \|", glossary, re.MULTILINE)[1:]
    assert words == sorted(set(words), key=str.lower)


def test_every_variable_that_the_code_reads_is_told_of() -> None:
    told = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    code = [path for folder in ("server", "vault", "registers") for path in (ROOT / folder).rglob("*.py")]
    read = {
        name for path in code for name in re.findall(r"\"(INNSYN_[A-Z_]+[A-Z])\"", path.read_text(encoding="utf-8"))
    }
    assert "INNSYN_DATABASE_URL" in read
    assert {name for name in read if f"`{name}`" not in told} == set()


@pytest.fixture(scope="module")
def tests_there_are() -> set[str]:
    return {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
    }


@pages
def test_a_reader_does_not_look_for_a_test_that_is_not_there(page: Path, tests_there_are: set[str]) -> None:
    named = re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8"))
    assert set(named) - tests_there_are == set()


@pytest.mark.parametrize(("page", "least"), [("must-never", 20), ("attacks", 60)])
def test_every_incident_and_every_attack_is_stood_against(page: str, least: int) -> None:
    assert len(re.findall(r"`(test_\w+)`", (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8"))) > least


def rows_of(page: str, heading: str) -> list[list[str]]:
    """The cells of the table's rows below a heading."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    [part] = [one for one in re.split(r"^## ", text, flags=re.MULTILINE) if one.startswith(f"{heading}\n")]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in part.splitlines() if line[:1] == "|"][
        2:
    ]


STANDS_BY_NO_TEST = Counter({"the same": 2})
"""Incidents against which no test stands at the most; each says why, or what does."""


def test_every_incident_and_promise_has_a_test_or_says_that_there_is_nothing_to_attack() -> None:
    incidents, promises = rows_of("must-never.md", "The incidents"), rows_of("must-never.md", "The promises")
    assert len(incidents) >= 19
    assert [row[0] for row in promises] == [str(number) for number in range(1, 26)]
    bare = [row for row in (*incidents, *promises) if "`test_" not in row[2] and "nothing to attack" not in row[2]]
    assert Counter(row[0] for row in bare) <= STANDS_BY_NO_TEST


def test_every_line_of_the_law_has_a_test_or_is_not_built() -> None:
    page = "rules-kept.md"
    of_law = {"Relations": "2. Relations: the only facts that open anything", "Acts": "5. Acts"}
    of_law["When a right ends"] = "7. When a right ends"
    for here, there in of_law.items():
        assert [row[0] for row in rows_of(page, here)] == [row[0] for row in rows_of("rules.md", there)], here
    kept = {heading: rows_of(page, heading) for heading in ("Words", *of_law, "Rules")}
    assert sorted(row[0] for row in kept["Rules"]) == sorted(RULES)
    bare = [row[0] for rows in kept.values() for row in rows if "`test_" not in row[1] and row[1] != "Not built."]
    assert bare == []


def test_the_threat_model_asks_all_six_questions_of_each_flow() -> None:
    text = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    flows = re.findall(r"^## (\d+\. .*)$", text, re.MULTILINE)
    assert [flow.split(".")[0] for flow in flows] == [str(number) for number in range(1, len(flows) + 1)]
    drawn = {number for label in re.findall(r"\|([\d, ]+)[^|\n]*\|", text) for number in re.findall(r"\d+", label)}
    assert drawn >= {str(number) for number in range(1, len(flows) + 1)}
    for flow in flows:
        asked = {letter for row in rows_of("threat-model.md", flow) for letter in row[0].split(", ")}
        assert asked == set("STRIDE"), flow


def test_the_draft_of_an_assessment_names_every_table_that_there_is() -> None:
    told = (ROOT / "docs" / "dpia.md").read_text(encoding="utf-8")
    assert {table for table in Base.metadata.tables if f"`{table}`" not in told} == set()
