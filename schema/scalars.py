"""The enums, and the pages and cursors of connections."""

from __future__ import annotations

import datetime as dt
from enum import Enum
from typing import Any, Generic, TypeVar

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

Entry = TypeVar("Entry")


@strawberry.enum(
    description="How a viewer stands to a child, or is tied to something beside a child. See docs/rules.md, section 2."
)
class Relation(Enum):
    GUARDIAN = strawberry.enum_value("GUARDIAN", description="Has parental responsibility now.")
    DELEGATE = strawberry.enum_value("DELEGATE", description="Registered by a unit, on consent that counts now.")
    CONTACT_TEACHER = strawberry.enum_value("CONTACT_TEACHER", description="Contact teacher of the child's group.")
    SUBJECT_STAFF = strawberry.enum_value("SUBJECT_STAFF", description="Subject teacher or assistant of a group.")
    UNIT_STAFF = strawberry.enum_value("UNIT_STAFF", description="Employed at the child's SFO or kindergarten.")
    UNIT_LEADER = strawberry.enum_value("UNIT_LEADER", description="Leads the unit that the child goes, or went, to.")
    CASE_WORKER = strawberry.enum_value("CASE_WORKER", description="Of the administration, with an open need case.")
    SELF = strawberry.enum_value("SELF", description="The child, 15 or older.")
    COLLEAGUE = strawberry.enum_value("COLLEAGUE", description="Employed at the same unit now.")
    PARTICIPANT = strawberry.enum_value("PARTICIPANT", description="Seen through a thread.")
    MUNICIPALITY = strawberry.enum_value("MUNICIPALITY", description="Signed in to the municipality.")
    REPORTER = strawberry.enum_value("REPORTER", description="Granted reports, which are numbers only.")


@strawberry.enum(description="What kind of unit it is.")
class UnitKind(Enum):
    SCHOOL = strawberry.enum_value("SCHOOL", description="A school (skole).")
    SFO = strawberry.enum_value("SFO", description="After-school care (skolefritidsordning).")
    KINDERGARTEN = strawberry.enum_value("KINDERGARTEN", description="A kindergarten (barnehage).")


@strawberry.enum(description="What kind of group it is.")
class GroupKind(Enum):
    CLASS = strawberry.enum_value("CLASS", description="A class at a school.")
    TEACHING_GROUP = strawberry.enum_value("TEACHING_GROUP", description="A group taught together at a school.")
    DEPARTMENT = strawberry.enum_value("DEPARTMENT", description="A department of an SFO or a kindergarten.")


@strawberry.enum(description="As what somebody is employed at a unit.")
class StaffRole(Enum):
    LEADER = strawberry.enum_value("LEADER", description="Leads the unit.")
    TEACHER = strawberry.enum_value("TEACHER", description="Teacher at a school.")
    ASSISTANT = strawberry.enum_value("ASSISTANT", description="Assistant at a school.")
    STAFF = strawberry.enum_value("STAFF", description="Employed at an SFO or a kindergarten.")


@strawberry.enum(description="The side of a thread on which somebody takes part.")
class ThreadSide(Enum):
    GUARDIAN = strawberry.enum_value("GUARDIAN", description="The home's side.")
    UNIT = strawberry.enum_value("UNIT", description="The unit's side.")


@strawberry.enum(description="What kind of record it is, which decides who reads it. See docs/rules.md, C2.")
class RecordKind(Enum):
    ASSESSMENT = strawberry.enum_value("ASSESSMENT", description="An assessment (vurdering); shared with the home.")
    INDIVIDUAL_PLAN = strawberry.enum_value(
        "INDIVIDUAL_PLAN", description="An individual plan (IOP); shared with the home, and kept for good."
    )
    ANNUAL_REPORT = strawberry.enum_value(
        "ANNUAL_REPORT", description="An annual report (årsrapport); shared with the home, and kept for good."
    )
    LETTER = strawberry.enum_value("LETTER", description="A letter; for its author and named readers.")
    NOTE = strawberry.enum_value("NOTE", description="A note; for its author and named readers.")
    HEALTH = strawberry.enum_value("HEALTH", description="Health information; for its author and named readers.")


@strawberry.enum(description="How strongly an address is protected (adressebeskyttelse).")
class ProtectionLevel(Enum):
    FORTROLIG = strawberry.enum_value("FORTROLIG", description="Confidential.")
    STRENGT_FORTROLIG = strawberry.enum_value("STRENGT_FORTROLIG", description="Strictly confidential.")


@strawberry.type(description="Where a page lies in its connection.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="There are entries after the last one of this page.")
    has_previous_page: bool = strawberry.field(description="There are entries before the first one of this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first entry; null for an empty page.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last entry; null for an empty page.")


@strawberry.type(description="An entry of a connection.")
class Edge(Generic[Entry]):
    node: Entry = strawberry.field(description="The entry itself.")
    cursor: str = strawberry.field(description="Marks the entry, for `after` and `before` of this connection only.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[Entry]):
    edges: list[Edge[Entry]] = strawberry.field(description="The entries of this page with their cursors.")
    nodes: list[Entry] = strawberry.field(description="The entries of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page lies.")
    total_count: int = strawberry.field(
        description="How many entries there are for the viewer, on all pages. Counted only when asked for."
    )


PAGE_ARGUMENTS = (
    ("first", int, "The size of a page from the beginning, or after `after`; 50 when no size is given, 500 at most."),
    ("after", str, "A cursor of this connection: the page begins after it."),
    ("last", int, "The size of a page from the end, or before `before`."),
    ("before", str, "A cursor of this connection: the page ends before it."),
)


def argument(name: str, annotation: Any, description: str) -> StrawberryArgument:
    return StrawberryArgument(
        python_name=name,
        graphql_name=None,
        type_annotation=StrawberryAnnotation(annotation),
        description=description,
        default=strawberry.UNSET,
    )


def asked(description: str, *arguments: StrawberryArgument) -> Any:
    """A field with arguments; the engine answers it, so it has no resolver."""
    field = StrawberryField(description=description)
    field.arguments = list(arguments)
    return field


def paged(description: str, *more: StrawberryArgument) -> Any:
    """A connection's field: first and after, or last and before."""
    return asked(description, *more, *(argument(name, kind | None, told) for name, kind, told in PAGE_ARGUMENTS))


ABSENCES = (
    argument("on", dt.date | None, "Of this day only."),
    argument("ended", bool | None, "Those too that were corrected or withdrawn; left out otherwise."),
)


def acted(description: str, input_type: type) -> Any:
    """A field of Mutation, whose only argument is its input."""
    return asked(description, argument("input", input_type, "What to do."))
