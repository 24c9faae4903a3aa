"""The policy as a page that a headteacher can read: `docs/access.md`, one table for each type of the schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphql import GraphQLField, GraphQLObjectType

from authz.engine.policy import Line, Relation
from resolvers.catalogue import policy_lines
from schema.public import graphql_schema

HEADINGS = {
    Relation.GUARDIAN: "guardian",
    Relation.DELEGATE: "delegate",
    Relation.CONTACT_TEACHER: "contact teacher",
    Relation.SUBJECT_STAFF: "subject staff",
    Relation.UNIT_STAFF: "unit staff",
    Relation.UNIT_LEADER: "unit leader",
    Relation.FORMER_LEADER: "leader, child has left",
    Relation.CASE_WORKER: "case worker",
    Relation.SELF: "self",
    Relation.ADULT_SELF: "self from 18",
    Relation.COLLEAGUE: "colleague",
    Relation.PARTICIPANT: "participant",
    Relation.MUNICIPALITY: "everybody signed in",
    Relation.REPORTER: "reporter",
}
ORDER = (
    "Viewer",
    "Child",
    "PostalAddress",
    "ParentalResponsibility",
    "Guardian",
    "Contact",
    "OtherAdult",
    "StaffMember",
    "Position",
    "Unit",
    "Group",
    "Thread",
    "Participant",
    "Message",
    "Absence",
    "PhotoConsent",
    "PhotoUse",
    "NeedCase",
    "NeedCaseLook",
    "AccessLogEntry",
    "Broadcast",
    "UnitLetterPreview",
    "LetterRecipient",
    "Record",
    "RecordVersion",
    "RecordReader",
    "RecordOpening",
    "Attachment",
    "Delegate",
    "Consent",
    "Block",
    "BlockLift",
    "Confirmation",
    "Task",
    "Substitution",
    "SubstituteGroup",
    "AccessExplanation",
    "AccessReason",
    "RecipientPreview",
    "PreviewRecipient",
    "PreviewReader",
    "Problem",
    "Inbox",
    "Query",
    "Mutation",
    "Subscription",
)

INTRODUCTION = """\
# Access

*Generated from the policy by `uv run just generate`; do not edit it. The rules are in [rules.md](rules.md), the words
in the [glossary](glossary.md).*

A mark says that somebody who stands so can see the field: **✓** whenever they see the object at all, **●** by a column
of C2's table, and for all others the field is null and counted as hidden. A blank says that it is closed. What else
must hold stands on the right; R1 (blocks), R2 (family) and R3 (protection) are in the relation itself and hold
everywhere.

Under Mutation a mark says who may do it; its payload is as open as that, and shows what the viewer sees after it.

Pages of a list (`…Connection`, `…Edge`, `PageInfo`) are as open as what they hold. What a row is seen by is not said
here but in the rules: a child by C1, a thread by T1 to T6, a message by T7, people, units and groups by C7 and C8.
"""


def access_table() -> str:
    """The whole page, as Markdown."""
    objects = {name: kind for name, kind in graphql_schema().type_map.items() if isinstance(kind, GraphQLObjectType)}
    lines = policy_lines()
    pages = [INTRODUCTION]
    for type_name in ORDER:
        about = " ".join((objects[type_name].description or "").split())
        table = "\n".join(rows(type_name, objects[type_name].fields, lines))
        pages.append(f"## {type_name}\n\n{about}\n\n{table}\n")
    return "\n".join(pages)


def rows(type_name: str, fields: Mapping[str, GraphQLField], lines: Mapping[str, Line]) -> Iterator[str]:
    """The table of one type; relations that open none of its fields have no column."""
    held = {name: lines[f"{type_name}.{name}"] for name in fields}
    columns = [relation for relation in HEADINGS if any(relation in line.relations for line in held.values())]
    yield row("field", *(HEADINGS[relation] for relation in columns), "rules", "what else")
    yield row("---", *(":-:" for _ in columns), "---", "---")
    for name, line in held.items():
        mark = "●" if line.masked else "✓"
        marks = (mark if relation in line.relations else "" for relation in columns)
        yield row(f"`{name}`", *marks, ", ".join(line.rules), line.says)


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
