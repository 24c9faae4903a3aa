"""A schema change that breaks a client or weakens the policy is named as such."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lint.schema_diff import Change, changes, missing, unnamed

ROOT = Path(__file__).parent.parent
CONTRACT = (Path(__file__).parent / "data" / "contract.graphql").read_text(encoding="utf-8")

SCHEMA = """
directive @visibleTo(relations: [Relation!]!, rules: [String!]) on FIELD_DEFINITION
directive @allowedFor(relations: [Relation!]!, rules: [String!]) on FIELD_DEFINITION
enum Relation { GUARDIAN SELF UNIT_LEADER SUBJECT_STAFF }
interface Person { name: String! @visibleTo(relations: [GUARDIAN]) }
type Query { child(id: ID!, unit: ID): Child }
type Child implements Person {
  name: String! @visibleTo(relations: [GUARDIAN, UNIT_LEADER], rules: ["R1", "R3"])
  birthDate: String @visibleTo(relations: [GUARDIAN, SELF], rules: ["C6"])
}
input Looked { id: ID! }
type Mutation { look(input: Looked!): Child @allowedFor(relations: [UNIT_LEADER], rules: ["R1"]) }
"""


def after(old: str, new: str) -> list[tuple[str, str]]:
    """Kind and coordinate of what changing a piece of the schema does."""
    assert SCHEMA.count(old) >= 1
    return [(change.kind, change.coordinate) for change in changes(SCHEMA, SCHEMA.replace(old, new, 1))]


def test_the_same_schema_has_no_changes() -> None:
    assert changes(SCHEMA, SCHEMA) == []


@pytest.mark.parametrize(
    ("old", "new", "coordinate"),
    [
        ('  birthDate: String @visibleTo(relations: [GUARDIAN, SELF], rules: ["C6"])\n', "", "Child.birthDate"),
        ("birthDate: String", "birthDate: Int", "Child.birthDate"),
        (
            "  name: String! @visibleTo(relations: [GUARDIAN, UNIT",
            "  name: String @visibleTo(relations: [GUARDIAN, UNIT",
            "Child.name",
        ),
        (", unit: ID", "", "Query.child(unit:)"),
        ("unit: ID)", "unit: ID!)", "Query.child(unit:)"),
        ("unit: ID)", "unit: ID, day: String!)", "Query.child(day:)"),
        ("input Looked { id: ID! }", "input Looked { id: ID! why: String! }", "Looked.why"),
        (" SUBJECT_STAFF }", " }", "Relation.SUBJECT_STAFF"),
        ("type Child implements Person", "type Child", "Child"),
    ],
)
def test_a_client_is_told_of_what_breaks_it(old: str, new: str, coordinate: str) -> None:
    assert ("breaks", coordinate) in after(old, new)


def test_a_client_is_told_of_a_type_that_is_gone() -> None:
    assert ("breaks", "Looked") in [
        (change.kind, change.coordinate)
        for change in changes(SCHEMA, SCHEMA.replace("input Looked { id: ID! }", "").replace("Looked!", "ID!"))
    ]


@pytest.mark.parametrize(
    ("old", "new", "coordinate", "what"),
    [
        ("[GUARDIAN, SELF]", "[GUARDIAN, SELF, SUBJECT_STAFF]", "Child.birthDate", "SUBJECT_STAFF"),
        ('["R1", "R3"]', '["R1"]', "Child.name", "R3"),
        (', rules: ["C6"]', "", "Child.birthDate", "C6"),
        (' @visibleTo(relations: [GUARDIAN, SELF], rules: ["C6"])', "", "Child.birthDate", "gone"),
        ('Child @allowedFor(relations: [UNIT_LEADER], rules: ["R1"])', "Child", "Mutation.look", "gone"),
        ("@allowedFor(relations: [UNIT_LEADER]", "@allowedFor(relations: [GUARDIAN]", "Mutation.look", "GUARDIAN"),
        ("{ name: String! @visibleTo(relations: [GUARDIAN])", "{ name: String!", "Person.name", "gone"),
    ],
)
def test_a_headteacher_is_told_of_what_weakens_the_policy(old: str, new: str, coordinate: str, what: str) -> None:
    (change,) = changes(SCHEMA, SCHEMA.replace(old, new, 1))
    assert (change.kind, change.coordinate) == ("weakens", coordinate)
    assert what in change.what


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("birthDate: String", "shoeSize: Int\n  birthDate: String"),
        ("[GUARDIAN, SELF]", "[GUARDIAN]"),
        ('rules: ["C6"]', 'rules: ["C4", "C6"]'),
        ("unit: ID)", "unit: ID, day: String)"),
        ("enum Relation {", "enum Relation { REPORTER"),
    ],
)
def test_a_schema_that_grows_or_closes_is_left_alone(old: str, new: str) -> None:
    assert after(old, new) == []


def test_a_change_is_refused_until_the_changelog_names_it() -> None:
    opened = Change("weakens", "Child.birthDate", "@visibleTo opens it to SUBJECT_STAFF")
    released = "## [Unreleased]\n\n## [0.1.0]\n- **Opened:** `Child.birthDate`\n"
    assert unnamed([opened], "# Changes\n") == [opened]
    assert unnamed([opened], released) == [opened]
    assert unnamed([opened], "## [Unreleased]\n- **Opened:** `Child.birthDates`\n") == [opened]
    assert unnamed([opened], "## [Unreleased]\n- **Opened:** `Child.birthDate` to SUBJECT_STAFF\n") == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("birthDate: String", "birthDate: String!"),
        ("birthDate: String", "bornOn: String"),
        ("unit: ID)", "unit: ID!)"),
        ("SUBJECT_STAFF }", "}"),
        ("type Child implements Person", "type Child"),
        ("input Looked { id: ID! }", "input Looked { id: ID! = 1 }"),
        ("directive @allowedFor(relations", "directive @allowedFor(forms: [String!], relations"),
    ],
)
def test_a_contract_that_is_not_kept_is_found(old: str, new: str) -> None:
    changed = SCHEMA.replace(old, new, 1)
    assert missing(SCHEMA, changed) or missing(changed, SCHEMA)


def test_the_schema_keeps_the_contract() -> None:
    assert missing(CONTRACT, (ROOT / "schema.graphql").read_text(encoding="utf-8")) == []


def test_the_command_compares_with_the_commit_before(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        identity = ("-c", "user.name=Frost Bekk", "-c", "user.email=frost@example.no")
        subprocess.run(["git", *identity, *words], cwd=tmp_path, check=True, capture_output=True)

    def compare() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "lint.schema_diff"]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )

    git("init", "-q")
    (tmp_path / "CHANGELOG.md").write_text("## [Unreleased]\n")
    (tmp_path / "schema.graphql").write_text(SCHEMA)
    git("add", ".")
    git("commit", "-qm", "Begin")
    assert compare().returncode == 0, "there is no commit before the first"

    (tmp_path / "schema.graphql").write_text(SCHEMA.replace("[GUARDIAN, SELF]", "[GUARDIAN, SELF, SUBJECT_STAFF]"))
    git("commit", "-qam", "Open birth dates")
    refused = compare()
    assert refused.returncode == 1
    assert "weakens: Child.birthDate: @visibleTo opens it to SUBJECT_STAFF (not in the changelog)" in refused.stdout

    (tmp_path / "CHANGELOG.md").write_text("## [Unreleased]\n- **Opened:** `Child.birthDate` to SUBJECT_STAFF\n")
    assert compare().returncode == 0
