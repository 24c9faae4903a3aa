"""A world: the plain facts of one small municipality, as its files will tell them.

People, units, groups, threads and messages are called by short handles ("mother", "school", "3B"); periods are
`since` (inclusive) to `until` (exclusive, open when None). What Folkeregisteret says is kept reading by reading, since
a document replaces the one before it.
"""

from __future__ import annotations

import datetime as dt
from copy import deepcopy
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from tests.worlds.everyday import Away, Photographed
from tests.worlds.numbers import synthetic_number

OSLO = ZoneInfo("Europe/Oslo")
TODAY = dt.date(2026, 10, 14)
DAY = dt.timedelta(days=1)
LONG_AGO = dt.date(2019, 1, 1)
AUTUMN = dt.date(2026, 8, 17)

ADJECTIVES = [
    "Rask", "Modig", "Stille", "Glad", "Varm", "Klok", "Blå", "Snill", "Tapper", "Lys", "Frisk", "Munter",
    "Rolig", "Våken", "Ørliten", "Ærlig", "Åpen",
]  # fmt: skip
NOUNS = [
    "Rev", "Måke", "Fjord", "Bjørk", "Ørn", "Gran", "Elv", "Ås", "Hare", "Lykt", "Sky", "Trane", "Bekk", "Stein",
    "Vind", "Kløver", "Isbre", "Plomme", "Ugle", "Ål", "Øy", "Ærfugl", "Duggdråpe", "Humle", "Kvist", "Morell",
    "Nype", "Oter", "Perle", "Rogn", "Sel", "Tue", "Vår", "Yr",
]  # fmt: skip


def oslo(day: dt.date, clock: str = "12:00", fold: int = 0) -> dt.datetime:
    """An instant on an Oslo day, told in UTC; `fold=1` is the second pass of the hour that comes twice in October."""
    local = dt.datetime.combine(day, dt.time.fromisoformat(clock), OSLO).replace(fold=fold)
    return local.astimezone(dt.UTC)


@dataclass
class Person:
    handle: str
    given: str
    family: str
    born: dt.date | None
    number: str | None
    middle: str = ""
    roster_name: tuple[str, str] | None = None
    """What the roster calls them, where it is another name than the register's."""
    subject: str | None = None
    """What a token without a number calls them; Feide's is in the roster, for those whom the roster names."""
    ended_numbers: tuple[str, ...] = ()
    """National identity numbers of before."""

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.given, self.middle, self.family) if part)


@dataclass
class Unit:
    handle: str
    kind: str
    name: str
    phone: str | None = None


@dataclass
class Group:
    handle: str
    unit: str
    kind: str
    name: str
    term_ends: tuple[dt.date, ...] = ()
    gone: dt.date | None = None
    """The day of the first roster without it."""


@dataclass
class Position:
    person: str
    unit: str
    role: str
    since: dt.date
    until: dt.date | None


@dataclass
class Administrator:
    person: str
    since: dt.date
    until: dt.date | None


@dataclass
class Enrolment:
    child: str
    unit: str
    since: dt.date
    until: dt.date | None
    gone: dt.date | None = None
    """The day of the first roster without it."""


@dataclass
class Membership:
    person: str
    group: str
    role: str
    """STUDENT, CONTACT_TEACHER, SUBJECT_TEACHER or ASSISTANT."""
    since: dt.date
    until: dt.date | None


@dataclass
class Responsibility:
    """An entry of foreldreansvar on a child's own document."""

    holder: str | None
    kind: str | None
    since: dt.date | None
    until: dt.date | None = None
    current: bool | None = True
    organisation: str | None = None
    unidentified: str | None = None
    """Name of a holder without an identifier: given name, space, family name."""


@dataclass
class Residence:
    address: str | None
    """"Granveien 1, 1470 Lørenskog"; None where the place is not known."""
    since: dt.date | None
    """None where the register does not say."""
    grading: str | None = None


@dataclass
class Protection:
    level: str
    since: dt.date | None
    until: dt.date | None = None
    current: bool = True


@dataclass
class Family:
    related: str
    their_role: str
    own_role: str


@dataclass
class Document:
    """What one document of Folkeregisteret says about its person."""

    residences: list[Residence] = field(default_factory=list)
    protections: list[Protection] = field(default_factory=list)
    family: list[Family] = field(default_factory=list)
    responsibilities: list[Responsibility] = field(default_factory=list)
    responsible_for: list[Responsibility] = field(default_factory=list)
    """Entries of an adult's document (ansvarssubjekt); `holder` is the child here."""
    born: dt.date | None = None


@dataclass
class Reading:
    """The documents of one persons file, read on one day."""

    day: dt.date
    documents: dict[str, Document]


@dataclass
class Acted:
    """Who did something by an act, and when; a fact without one came by a file."""

    by: str
    at: dt.datetime
    relation: str = ""
    told_name: str | None = None
    reason: str = ""


@dataclass
class Block:
    id: str
    person: str
    child: str
    since: dt.date
    until: dt.date | None
    act: Acted | None = None
    lifts: list[Acted] = field(default_factory=list)
    lifted_at: dt.datetime | None = None
    reason: str = "Vedtak"
    """As a file tells it."""


@dataclass
class Confirmation:
    id: str
    person: str
    child: str
    since: dt.date
    act: Acted | None = None


@dataclass
class Delegate:
    id: str
    person: str
    child: str
    unit: str
    since: dt.date
    until: dt.date | None
    act: Acted | None = None


@dataclass
class Consent:
    id: str
    guardian: str
    child: str
    delegate: str
    unit: str
    since: dt.date
    until: dt.date | None
    act: Acted | None = None
    ended_at: dt.datetime | None = None


@dataclass
class NeedCase:
    id: str
    person: str
    child: str
    at: dt.datetime
    until: dt.datetime
    by: str | None
    reason: str = "Klage"
    opened: bool = True
    """It has been open since `at`, as whatever an import brings; while it has not, `at` is when it was asked for."""
    asked_at: dt.datetime | None = None
    """Null for an import, which is asked for when it opens."""
    approved_at: dt.datetime | None = None
    closed_at: dt.datetime | None = None


@dataclass
class Thread:
    id: str
    unit: str
    child: str
    subject: str
    at: dt.datetime
    guardian_side: tuple[str, ...]
    staff_side: tuple[str, ...]
    joint: bool


@dataclass
class Message:
    id: str
    thread: str
    author: str
    at: dt.datetime
    body: str
    on_behalf_of_unit: bool
    retracted: bool
    retracted_at: dt.datetime | None = None
    """By an act; a file says only that it is."""


@dataclass
class Added:
    """A colleague taken into a thread by an act; no file says so."""

    thread: str
    person: str
    at: dt.datetime


@dataclass
class Read:
    id: str
    thread: str
    person: str
    up_to: str
    at: dt.datetime


@dataclass
class Contact:
    phone: str | None
    email: str | None
    reserved: bool = False


class World:
    """The facts, and a short way to say each of them."""

    def __init__(self, today: dt.date = TODAY) -> None:
        self.today = today
        self.organisation_number = "999000001"
        self.name = "Lørenskog"
        self.people: dict[str, Person] = {}
        self.units: dict[str, Unit] = {}
        self.groups: dict[str, Group] = {}
        self.positions: list[Position] = []
        self.administrators: list[Administrator] = []
        self.enrolments: list[Enrolment] = []
        self.memberships: list[Membership] = []
        self.readings: list[Reading] = [Reading(today, {})]
        self.blocks: list[Block] = []
        self.confirmations: list[Confirmation] = []
        self.delegates: list[Delegate] = []
        self.consents: list[Consent] = []
        self.need_cases: list[NeedCase] = []
        self.settings: dict[str, str] = {}
        self.threads: dict[str, Thread] = {}
        self.messages: dict[str, Message] = {}
        self.reads: list[Read] = []
        self.added: list[Added] = []
        self.contacts: dict[str, Contact] = {}
        self.absences: dict[str, Away] = {}
        self.photo_consents: list[Photographed] = []
        self._lines = 0

    # People and what Folkeregisteret says of them

    def person(
        self,
        handle: str,
        born: dt.date | None = dt.date(1985, 5, 17),
        *,
        numbered: bool = True,
        documented: bool = True,
        name: tuple[str, str] | None = None,
        birth_known: bool = True,
    ) -> str:
        """Adds a person; everybody has a document from Folkeregisteret unless told otherwise."""
        count = len(self.people)
        given, family = name or (
            ADJECTIVES[count * 5 % len(ADJECTIVES)],
            NOUNS[(count * 7 + count // len(NOUNS)) % len(NOUNS)],
        )
        day = born or dt.date(1980, 1, 1)
        number = synthetic_number(day, count % 150) if numbered else None
        self.people[handle] = Person(handle, given, family, born if birth_known else None, number)
        if documented and numbered:
            self.readings[-1].documents[handle] = Document(born=born if birth_known else None)
        return handle

    def document(self, handle: str) -> Document:
        """The document of a person in the latest reading; a copy of the one before where this reading had none yet."""
        latest = self.readings[-1].documents
        if handle not in latest:
            before = [reading.documents[handle] for reading in self.readings if handle in reading.documents]
            latest[handle] = deepcopy(before[-1])
        return latest[handle]

    def read_again(self, day: dt.date) -> None:
        """From here on, what is said of documents comes with a persons file that is read on a later day."""
        self.readings.append(Reading(day, {}))

    def responsible(
        self,
        holder: str | None,
        child: str,
        kind: str | None = "felles",
        since: dt.date | None = LONG_AGO,
        until: dt.date | None = None,
        **more: object,
    ) -> Responsibility:
        entry = Responsibility(holder, kind, since, until)
        entry = replace(entry, **more)
        self.document(child).responsibilities.append(entry)
        return entry

    def family(self, person: str, related: str, their_role: str = "far", own_role: str = "barn") -> None:
        self.document(person).family.append(Family(related, their_role, own_role))

    def lives(
        self, person: str, address: str | None, since: dt.date | None = LONG_AGO, *, grading: str | None = None
    ) -> None:
        self.document(person).residences = [Residence(address, since, grading)]

    def protect(
        self, person: str, level: str = "fortrolig", since: dt.date | None = LONG_AGO, until: dt.date | None = None
    ) -> None:
        self.document(person).protections.append(Protection(level, since, until))

    # The roster

    def unit(self, handle: str, kind: str, name: str, phone: str | None = None) -> str:
        self.units[handle] = Unit(handle, kind, name, phone)
        return handle

    def group(
        self, handle: str, unit: str, kind: str = "CLASS", term_ends: tuple[dt.date, ...] = (), name: str | None = None
    ) -> str:
        self.groups[handle] = Group(handle, unit, kind, name or handle, term_ends)
        return handle

    def employ(
        self, person: str, unit: str, role: str, since: dt.date = LONG_AGO, until: dt.date | None = None
    ) -> None:
        self.positions.append(Position(person, unit, role, since, until))

    def administrator(self, person: str, since: dt.date = LONG_AGO, until: dt.date | None = None) -> None:
        self.administrators.append(Administrator(person, since, until))

    def enrol(
        self,
        child: str,
        unit: str,
        since: dt.date = AUTUMN,
        until: dt.date | None = None,
        *,
        gone: dt.date | None = None,
    ) -> None:
        self.enrolments.append(Enrolment(child, unit, since, until, gone))

    def member(
        self, person: str, group: str, role: str = "STUDENT", since: dt.date = AUTUMN, until: dt.date | None = None
    ) -> None:
        self.memberships.append(Membership(person, group, role, since, until))

    # Local facts

    def _id(self, kind: str) -> str:
        self._lines += 1
        return f"{kind}-{self._lines}"

    def block(self, person: str, child: str, since: dt.date = LONG_AGO, until: dt.date | None = None) -> None:
        self.blocks.append(Block(self._id("block"), person, child, since, until))

    def confirm(self, person: str, child: str, since: dt.date) -> None:
        self.confirmations.append(Confirmation(self._id("confirmation"), person, child, since))

    def delegate(
        self, person: str, child: str, unit: str, since: dt.date = AUTUMN, until: dt.date | None = None
    ) -> None:
        self.delegates.append(Delegate(self._id("delegate"), person, child, unit, since, until))

    def consent(
        self,
        guardian: str,
        child: str,
        delegate: str,
        unit: str,
        since: dt.date = AUTUMN,
        until: dt.date | None = None,
    ) -> None:
        self.consents.append(Consent(self._id("consent"), guardian, child, delegate, unit, since, until))

    def need_case(self, person: str, child: str, at: dt.datetime, until: dt.datetime, by: str | None = None) -> None:
        self.need_cases.append(NeedCase(self._id("needCase"), person, child, at, until, by))

    def thread(
        self,
        handle: str,
        unit: str,
        child: str,
        at: dt.datetime,
        guardian_side: tuple[str, ...],
        staff_side: tuple[str, ...] = (),
        *,
        joint: bool = False,
    ) -> str:
        self.threads[handle] = Thread(handle, unit, child, f"Om {handle}", at, guardian_side, staff_side, joint)
        return handle

    def message(
        self,
        handle: str,
        thread: str,
        author: str,
        at: dt.datetime,
        *,
        on_behalf_of_unit: bool = False,
        retracted: bool = False,
    ) -> str:
        text = f"Hei fra {handle}"
        self.messages[handle] = Message(handle, thread, author, at, text, on_behalf_of_unit, retracted)
        return handle

    def read(self, thread: str, person: str, up_to: str, at: dt.datetime) -> None:
        self.reads.append(Read(self._id("read"), thread, person, up_to, at))

    def absence(
        self,
        handle: str,
        child: str,
        unit: str,
        reporter: str,
        first: dt.date,
        last: dt.date | None = None,
        *,
        at: dt.datetime | None = None,
        by_unit: bool = False,
        **more: object,
    ) -> str:
        told = Away(handle, child, unit, reporter, by_unit, first, last or first, at or oslo(first, "07:00"))
        self.absences[handle] = replace(told, **more)
        return handle

    def photo_consent(
        self,
        person: str,
        child: str,
        unit: str,
        purpose: str,
        *,
        at: dt.datetime | None = None,
        withdrawn: dt.datetime | None = None,
    ) -> None:
        at = at or oslo(AUTUMN) + dt.timedelta(minutes=len(self.photo_consents))
        self.photo_consents.append(Photographed(child, unit, person, purpose, at, withdrawn))
