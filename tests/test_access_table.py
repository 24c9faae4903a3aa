"""`docs/access.md` and `schema.graphql` are what the policy says, for every field there is."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, build_schema

from authz.engine.policy import Relation
from lint.schema_diff import guard, guarded_fields
from resolvers.catalogue import policy_lines
from schema.access_table import HEADINGS, ORDER, access_table
from schema.public import graphql_schema, printed_schema

ROOT = Path(__file__).parent.parent


def cells(type_name: str, field: str) -> dict[str, str]:
    """A row of the page, by the headings of its table."""
    section = access_table().split(f"\n## {type_name}\n")[1].split("\n## ")[0]
    table = [[cell.strip() for cell in line[2:-2].split(" | ")] for line in section.splitlines() if line[:1] == "|"]
    (found,) = (row for row in table if row[0] == f"`{field}`")
    return dict(zip(table[0], found, strict=True))


def directive(field: str) -> str:
    return "allowedFor" if field.startswith("Mutation.") else "visibleTo"


def test_every_relation_has_a_heading() -> None:
    assert set(HEADINGS) == set(Relation)


def test_every_type_has_its_table() -> None:
    objects = {name for name, kind in graphql_schema().type_map.items() if isinstance(kind, GraphQLObjectType)}
    pages = {name for name in objects if name.endswith(("Connection", "Edge", "Payload")) or name == "PageInfo"}
    assert {name for name in objects - pages if not name.startswith("__")} == set(ORDER)


@pytest.mark.parametrize("type_name", ORDER)
def test_every_field_stands_in_its_table(type_name: str) -> None:
    described = graphql_schema().type_map[type_name]
    assert isinstance(described, GraphQLObjectType | GraphQLInterfaceType)
    for field in described.fields:
        line = policy_lines()[f"{type_name}.{field}"]
        marked = {heading for heading, cell in cells(type_name, field).items() if cell in {"✓", "●"}}
        assert marked == {HEADINGS[relation] for relation in Relation if relation in line.relations}


def test_a_headteacher_reads_that_subject_staff_do_not_see_a_national_identity_number() -> None:
    row = cells("Child", "nationalId")
    assert row["guardian"] == row["unit leader"] == "●"
    assert row["subject staff"] == row["contact teacher"] == row["delegate"] == ""
    assert row["rules"] == "C2"


def test_every_field_of_the_printed_schema_bears_its_directive() -> None:
    fields = guarded_fields(build_schema(printed_schema()))
    bare = [name for name, field in fields.items() if guard(field, directive(name)) is None]
    assert bare == []


@pytest.mark.parametrize(("path", "printed"), [("schema.graphql", printed_schema), ("docs/access.md", access_table)])
def test_what_is_checked_in_is_fresh(path: str, printed: object) -> None:
    assert callable(printed)
    assert (ROOT / path).read_text(encoding="utf-8") == printed(), "run `uv run just generate`"


LAW = {
    "name": "Child.name",
    "birth date": "Child.birthDate",
    "national identity number": "Child.nationalId",
    "address": "Child.address",
    "units and groups": "Child.units",
    "the guardians: all who are GUARDIAN now, however they signed in": "Child.guardians",
    "kind and period of responsibility, and the entries that open nothing": "Child.responsibilities",
    "phone and e-mail of a guardian": "Guardian.contact",
    "delegates and consents (**U**)": "Child.delegates",
    "blocks, protection level, confirmations": "Child.blocks",
    "tasks about the child (**U**)": "Child.tasks",
}
BESIDE = {
    "Child.name": Relation.PARTICIPANT,  # C7
    "Guardian.contact": Relation.DELEGATE,  # a delegate's own are not a guardian's
}


@pytest.mark.parametrize("what", LAW)
def test_the_policy_opens_what_the_law_opens(what: str) -> None:
    """The table of C2 on the law's page, cell by cell."""
    law = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    table = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in law.splitlines() if " | " in line]
    (heading,) = (row for row in table if row[0] == "What")
    (found,) = (row for row in table if row[0] == what)
    opened = {name for name, cell in zip(heading[1:], found[1:], strict=True) if cell != "–"}
    beside = BESIDE.get(LAW[what], Relation(0))
    assert set(policy_lines()[LAW[what]].printed) ^ opened == {
        relation.name for relation in Relation if relation in beside
    }
