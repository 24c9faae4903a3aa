"""What a made municipality consists of, before it is written as files: people, units, groups, ties, local facts.

Nothing here is a row of the database: the files are, and the importers read them as they read anybody's.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

from demo.numbers import Numbers

UnitKind = Literal["school", "sfo", "kindergarten"]


@dataclass(eq=False, slots=True)
class Address:
    street: str
    house: int
    letter: str
    dwelling: str
    postal_code: str
    grading: str = "ugradert"


@dataclass(eq=False, slots=True)
class Responsibility:
    """An entry of foreldreansvar on a child's own document; the holder is a person, an organisation or a name."""

    kind: str | None
    holder: Person | None
    since: dt.date | None
    until: dt.date | None = None
    current: bool = True
    known: dt.date | None = None
    """When the register got to know, where that is not the day it began."""
    organisation: str | None = None
    holder_name: tuple[str, str] | None = None
    holder_born: dt.date | None = None


@dataclass(eq=False, slots=True)
class Person:
    """`source_id` and `feide` only for whom the roster knows; `documented` for whom Folkeregisteret has a document."""

    given: str
    middle: str | None
    family: str
    born: dt.date
    number: str | None
    d_number: bool = False
    former_number: str | None = None
    documented: bool = True
    source_id: str | None = None
    enabled: bool = True
    address: Address | None = None
    second_address: Address | None = None
    moved_on: dt.date | None = None
    protection: list[tuple[str, dt.date]] = field(default_factory=list)
    family_relations: list[tuple[Person, str, str]] = field(default_factory=list)
    """Other, the other's role, own role."""
    responsibilities: list[Responsibility] = field(default_factory=list)
    responsible_for: list[tuple[Person, str | None, dt.date | None]] = field(default_factory=list)
    """What this adult's own document says (ansvarssubjekt): child, kind, since."""
    roles: list[Role] = field(default_factory=list)

    @property
    def nid(self) -> str:
        """The number of somebody who has one."""
        if self.number is None:
            raise ValueError("this person has no number")
        return self.number

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.given, self.middle, self.family)))


@dataclass(eq=False, slots=True)
class Unit:
    source_id: str
    kind: UnitKind
    name: str
    organisation: str
    phone: str
    groups: list[Group] = field(default_factory=list)
    leader: Person | None = None
    teachers: list[Person] = field(default_factory=list)
    """Teachers of a school; staff of an SFO or kindergarten."""
    aides: list[Person] = field(default_factory=list)

    @property
    def head(self) -> Person:
        if self.leader is None:
            raise ValueError(f"{self.name} has no leader")
        return self.leader


@dataclass(eq=False, slots=True)
class Group:
    source_id: str
    title: str
    homeroom: bool
    unit: Unit
    terms: tuple[str, ...]
    grades: tuple[int, ...] = ()
    contact: Person | None = None

    @property
    def contact_teacher(self) -> Person:
        if self.contact is None:
            raise ValueError(f"{self.title} has no contact teacher")
        return self.contact


@dataclass(eq=False, slots=True)
class Role:
    """A line of roles.csv; `unit` is null for the municipality itself."""

    person: Person
    role: str
    unit: Unit | None
    since: dt.date | None
    until: dt.date | None = None


@dataclass(eq=False, slots=True)
class Membership:
    """A line of enrollments.csv."""

    group: Group
    person: Person
    role: str
    primary: bool = False
    since: dt.date | None = None
    until: dt.date | None = None


@dataclass(eq=False, slots=True)
class Term:
    source_id: str
    title: str
    since: dt.date
    until: dt.date
    school_year: int


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody in whose name one can look: written to personas.json for the table, GraphiQL and the documentation."""

    id: str
    title: str
    about: str
    number: str
    login: Literal["private", "employee", "both"]
    query: str


@dataclass(eq=False)
class Municipality:
    name: str
    organisation: str
    today: dt.date
    year: int
    """The year in which the school year of `today` began."""
    numbers: Numbers
    terms: list[Term] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)
    local_facts: list[dict[str, object]] = field(default_factory=list)
    personas: list[Persona] = field(default_factory=list)
    need: tuple[str, str] = ("", "")
    """The numbers of the administrator and the child of the need case that is open while the demo runs."""

    def give_role(
        self, person: Person, role: str, unit: Unit | None, since: dt.date, until: dt.date | None = None
    ) -> Role:
        made = Role(person, role, unit, since, until)
        self.roles.append(made)
        person.roles.append(made)
        return made

    def children(self) -> list[Person]:
        return [person for person in self.people if any(role.role == "student" for role in person.roles)]
