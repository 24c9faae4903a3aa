"""Makes the municipality of the measurement straight in the tables: 10,000 children and a million messages.

Real files would take the importers' time at each build, and the shape here has to stay the same from year to year.
Everything is drawn from one seed; only the ciphers differ between two builds. Some of it is there because an answer
must differ by it: leavers, guardians since this spring, blocks, protected children, staff with a child of their own
at work, delegates, retracted messages.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from norway.days import birthday
from norway.names import name_order
from vault import Vault

TODAY = dt.date(2026, 11, 2)
"""The day on which everything is asked, whatever day it is; the first message is of January, the last of November."""
ORGANISATION_NUMBER = "999999999"
CHILDREN, GUARDIANS, STAFF, DELEGATES, THREADS = 10_000, 18_000, 1_500, 100, 100_000
SEED = 42

SCHOOLS, SFOS, KINDERGARTENS = 20, 10, 10
PUPILS = 7_000
PUPILS_A_SCHOOL, PUPILS_A_CLASS, CHILDREN_A_KINDERGARTEN = 350, 25, 300
CLASSES, SUBJECTS = 14, 30

START = dt.date(2024, 8, 19)
LEFT_SCHOOL, LEFT_SFO = dt.date(2026, 6, 20), dt.date(2026, 8, 1)
NEW_RESPONSIBILITY = dt.date(2026, 5, 1)
BLOCKED_ON, PROTECTED_ON = dt.date(2026, 3, 1), dt.date(2026, 2, 1)

ABOUT = ("tur", "lekser", "sykdom", "henting", "utviklingssamtale", "bursdag", "klær", "trivsel")
PROSE = (
    "Vi så i dag at alt gikk bra ute, og at de nye støvlene er gode å ha når det regner så mye som nå. "
    "Husk matpakke og drikkeflaske på torsdag, for da går vi til åsen bak kirken og blir der til klokken to. "
    "Si gjerne fra hvis noe er uklart, eller om det er noe vi bør vite før møtet i neste uke. "
    'Han fant "verdens største kongle" og vil gjerne vise den fram hjemme, så se etter i sekken.\n'
) * 2


def at(day: dt.date, hour: int = 8) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, hour, tzinfo=dt.UTC)


@dataclass
class Keys:
    """UUIDv7 keys that come out the same at each build."""

    draw: random.Random

    def made(self, seconds: int) -> UUID:
        bits = self.draw.getrandbits(74)
        return UUID(int=(seconds * 1000) << 80 | 7 << 76 | (bits >> 62) << 64 | 2 << 62 | bits & (1 << 62) - 1)

    def on(self, day: dt.date) -> UUID:
        return self.made(int(at(day).timestamp()))

    def client(self) -> UUID:
        return UUID(int=self.draw.getrandbits(128), version=4)


def synthetic_number(born: dt.date, serial: int) -> str:
    """The `serial`-th valid synthetic national identity number (month + 80) of whoever was born that day."""
    found = -1
    for individual in range(500, 1000) if born.year >= 2000 else range(499, -1, -1):
        digits = [int(digit) for digit in f"{born.day:02}{born.month + 80:02}{born.year % 100:02}{individual:03}"]
        first = -sum(map(int.__mul__, (3, 7, 6, 1, 8, 9, 4, 5, 2), digits)) % 11
        second = -sum(map(int.__mul__, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2), [*digits, first])) % 11
        if first < 10 and second < 10:
            found += 1
            if found == serial:
                return "".join(map(str, (*digits, first, second)))
    raise ValueError(f"no number left for {born}")


@dataclass
class Somebody:
    key: UUID
    given: str
    family: str
    born: dt.date
    number: str = ""

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"


@dataclass
class Table:
    name: str
    columns: tuple[str, ...]
    rows: Iterable[tuple[Any, ...]]
    expected: int


@dataclass
class Town:
    """All rows but the messages, which are streamed; lists are in the order in which people and units are numbered."""

    vault: Vault
    draw: random.Random = field(default_factory=lambda: random.Random(SEED))
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    serials: dict[dt.date, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keys = Keys(self.draw)
        self.municipality = self.keys.on(START)
        self._people()
        self._units()
        self._staff()
        self._families()
        self._threads()

    def put(self, table: str, *row: Any) -> None:
        self.rows.setdefault(table, []).append(row)

    # --- people -----------------------------------------------------------------------------------------------------

    def _person(self, given: str, family: str, born: dt.date) -> Somebody:
        who = Somebody(self.keys.on(START), given, family, born)
        serial = self.serials.get(born, 0)
        self.serials[born] = serial + 1
        who.number = synthetic_number(born, serial)
        four = (self.keys.client() for _ in range(4))
        days = (birthday(born, 15), birthday(born, 18))
        name = (given, None, family, who.name, name_order(who.name))
        self.put("person", who.key, self.municipality, None, *name, born, *days, START, *four)
        told = (self.vault.keyed_hash(who.number, "national_id"), self.vault.encrypt(who.number, "national_id"))
        self.put("person_identifier", self.municipality, *told, who.key, True)
        return who

    def _people(self) -> None:
        def born(year: int, i: int) -> dt.date:
            return dt.date(year, 1, 1) + dt.timedelta(days=i * 37 % 365)

        def child_year(i: int) -> int:
            return 2020 - (i // PUPILS_A_CLASS) % CLASSES * 10 // CLASSES if i < PUPILS else 2021 + i % 5

        self.children = [
            self._person(f"Barn {i + 1}", f"Bakke{i % 997}", born(child_year(i), i)) for i in range(CHILDREN)
        ]
        self.guardians = [
            self._person(f"Foresatt {i + 1}", f"Bakke{i % 997}", born(1975 + i % 20, i)) for i in range(GUARDIANS)
        ]
        self.staff = [self._person(f"Ansatt {i + 1}", f"Lund{i % 997}", born(1962 + i % 36, i)) for i in range(STAFF)]
        self.delegates = [self._person(f"Voksen {i + 1}", f"Haug{i}", born(1955 + i % 20, i)) for i in range(DELEGATES)]
        self.stranger = self._person("Fremmed", "Ukjentsen", dt.date(1980, 5, 17))

    # --- units, groups, enrolments ----------------------------------------------------------------------------------

    def _units(self) -> None:
        kinds = [("SCHOOL", "Skole")] * SCHOOLS + [("SFO", "SFO")] * SFOS
        kinds += [("KINDERGARTEN", "Barnehage")] * KINDERGARTENS
        self.units: list[UUID] = []
        for i, (kind, word) in enumerate(kinds):
            self.units.append(self.keys.on(START))
            name = f"{word} {i + 1:02}"
            told = (f"unit-{i + 1}", kind, name, name_order(name))
            self.put("unit", self.units[-1], self.municipality, *told, None, None, None)
        self.classes = [
            [self._group(self.units[s], "CLASS", f"{1 + c * 10 // CLASSES}. trinn, {c + 1}") for c in range(CLASSES)]
            for s in range(SCHOOLS)
        ]
        self.subjects = [
            [self._group(self.units[s], "TEACHING_GROUP", f"Fag {f + 1}") for f in range(SUBJECTS)]
            for s in range(SCHOOLS)
        ]
        first = SCHOOLS + SFOS
        departments = [
            [self._group(self.units[first + k], "DEPARTMENT", f"Avdeling {a + 1}") for a in range(12)]
            for k in range(KINDERGARTENS)
        ]
        self.goes_to: list[list[tuple[int, dt.date | None]]] = []
        for i, child in enumerate(self.children):
            if i < PUPILS:
                school, until = i // PUPILS_A_SCHOOL, LEFT_SCHOOL if i % 97 == 96 else None
                visits = [(school, until)]
                groups = [self.classes[school][i // PUPILS_A_CLASS % CLASSES]]
                groups += [self.subjects[school][f] for f in self._subjects_of(i)]
                if self._in_sfo(i):
                    visits.append((SCHOOLS + i // (2 * PUPILS_A_SCHOOL), LEFT_SFO if i % 25 == 24 else None))
            else:
                kindergarten, until = (i - PUPILS) // CHILDREN_A_KINDERGARTEN, None
                visits, groups = [(first + kindergarten, None)], [departments[kindergarten][i // PUPILS_A_CLASS % 12]]
            for unit, last in visits:
                self.put("enrolment", self.keys.on(START), child.key, self.units[unit], None, START, last)
            for group in groups:
                self._join(group, child, "STUDENT", until)
            self.goes_to.append(visits)

    def _group(self, unit: UUID, kind: str, name: str) -> UUID:
        key = self.keys.on(START)
        self.put("unit_group", key, self.municipality, unit, f"group-{key}", kind, name, name_order(name), None)
        return key

    def _join(self, group: UUID, who: Somebody, role: str, until: dt.date | None = None) -> None:
        self.put("group_membership", self.keys.on(START), group, who.key, role, None, START, until)

    @staticmethod
    def _subjects_of(child: int) -> list[int]:
        return sorted((child * 7 + j * 6 + child // PUPILS_A_CLASS) % SUBJECTS for j in range(5))

    @staticmethod
    def _in_sfo(child: int) -> bool:
        return child < PUPILS and child % 7 < 3

    # --- staff: 40 leaders, 280 contact teachers, 600 subject teachers, 200 at SFOs, 380 at kindergartens ------------

    def _staff(self) -> None:
        def employ(i: int, unit: int, role: str) -> None:
            self.put("position", self.keys.on(START), self.staff[i].key, self.units[unit], role, None, START, None)

        for i in range(40):
            employ(i, i, "LEADER")
        for i in range(280):
            employ(40 + i, i // CLASSES, "TEACHER")
            self._join(self.classes[i // CLASSES][i % CLASSES], self.staff[40 + i], "CONTACT_TEACHER")
        for i in range(600):
            employ(320 + i, i // SUBJECTS, "TEACHER")
            role = "ASSISTANT" if i % 10 == 9 else "SUBJECT_TEACHER"
            self._join(self.subjects[i // SUBJECTS][i % SUBJECTS], self.staff[320 + i], role)
        for i in range(200):
            employ(920 + i, SCHOOLS + i // 20, "ASSISTANT" if i % 5 == 4 else "STAFF")
        for i in range(380):
            employ(1120 + i, SCHOOLS + SFOS + i // 38, "ASSISTANT" if i % 5 == 4 else "STAFF")

    # --- families ---------------------------------------------------------------------------------------------------

    def _families(self) -> None:
        self.families: list[list[Somebody]] = []
        for i, child in enumerate(self.children):
            pair = i if i < 9_000 else i - 9_000
            adults = [self.guardians[2 * pair], self.guardians[2 * pair + 1]]
            self.families.append(adults)
            for n, adult in enumerate(adults):
                related = ("mor", "far")[n]
                self.put("family_relation", self.keys.on(START), child.key, adult.key, related, "barn")
                if n == 0 or i % 10 != 9 or i >= 9_000:
                    since = NEW_RESPONSIBILITY if n == 0 and i % 20 == 6 else child.born
                    self._responsible(child, adult, since)
            if i % 250 == 1:
                told = (self.vault.encrypt("Forbud mot kontakt", "reason"), self.staff[0].key, at(BLOCKED_ON))
                self.put("block", self.keys.on(BLOCKED_ON), child.key, adults[1].key, *told, BLOCKED_ON, None)
            if i % 160 == 5:
                self.put("protection", self.keys.on(PROTECTED_ON), child.key, "FORTROLIG", PROTECTED_ON, None)
                if i % 320 == 5:
                    by = (PROTECTED_ON, self.staff[0].key, at(PROTECTED_ON))
                    self.put("confirmation", self.keys.on(PROTECTED_ON), child.key, adults[0].key, *by)
        # staff whose own child is where they work: they are never staff to it (R2)
        for s in range(SFOS):
            here = [i for i in range(s * 700, s * 700 + 700) if self._in_sfo(i) and i % 25 != 24]
            for n in (0, 1):
                self._own_child(here[n * 7 + 3], self.staff[920 + s * 20 + n])
        for c in range(0, 280, 10):
            self._own_child(c * PUPILS_A_CLASS + 3, self.staff[40 + c])
        self.delegate_of: dict[int, Somebody] = {}
        for n, adult in enumerate(self.delegates):
            number, day = n * 69, dt.date(2025, 10, 1)
            unit = self.units[self.goes_to[number][0][0]]
            pair_of = (self.children[number].key, adult.key)
            self.put("delegate", self.keys.on(day), *pair_of, unit, self.staff[n % 20].key, at(day), day, None)
            guardian = self.families[number][0].key
            self.put("consent", self.keys.on(day), pair_of[0], guardian, pair_of[1], unit, at(day), day, None)
            self.delegate_of[number] = adult

    def _own_child(self, child: int, adult: Somebody) -> None:
        self.families[child].append(adult)
        self._responsible(self.children[child], adult, self.children[child].born)

    def _responsible(self, child: Somebody, adult: Somebody, since: dt.date) -> None:
        told = (child.key, True, adult.key, None, None, "felles", True, since, None)
        self.put("parental_responsibility", self.keys.on(START), *told)

    # --- threads ----------------------------------------------------------------------------------------------------

    def _threads(self) -> None:
        """100,000 threads: half spread evenly, half about every fifth child; every 25th holds 60 messages."""
        self.talks: list[tuple[UUID, UUID, UUID, int, int, list[tuple[UUID, str]]]] = []
        base = int(dt.datetime(2026, 1, 1, tzinfo=dt.UTC).timestamp())
        for g in range(1, THREADS + 1):
            even, about, split, when, who = (self.draw.random() for _ in range(5))
            child = int(CHILDREN * about)
            if even >= 0.5:
                child -= child % 5
            unit = self.goes_to[child][-1 if split < 0.45 else 0][0]
            start = base + int(when * 300 * 86_400)
            count = 60 if g % 25 == 0 else 5 + g % 7
            key, about_key, unit_key = self.keys.made(start), self.children[child].key, self.units[unit]
            sides = [(adult.key, "GUARDIAN") for adult in self.families[child]]
            if child in self.delegate_of and unit == self.goes_to[child][0][0]:
                sides.append((self.delegate_of[child].key, "GUARDIAN"))
            member = self._staff_member_for(child, unit, who)
            if all(member != adult for adult, _ in sides):
                sides.append((member, "UNIT"))
            first, last = (dt.datetime.fromtimestamp(sent(start, g, k), dt.UTC) for k in (1, count))
            subject = f"Melding om {ABOUT[g % 8]} nr {g}"
            self.put("thread", key, unit_key, about_key, subject, True, first, last)
            for person, side in sides:
                # every tenth thread got its member of staff later on
                nth = 4 if side == "UNIT" and g % 10 == 3 else 1
                joined = dt.datetime.fromtimestamp(sent(start, g, nth), dt.UTC)
                self.put("participant", key, person, side, joined, unit_key, about_key)
            self.talks.append((key, unit_key, about_key, start, count, sides))

    def _staff_member_for(self, child: int, unit: int, who: float) -> UUID:
        if unit < SCHOOLS:
            first_subject = self._subjects_of(child)[0]
            contact, subject = 40 + child // PUPILS_A_CLASS, 320 + unit * SUBJECTS + first_subject
            return self.staff[contact if who < 0.6 else subject].key
        if unit < SCHOOLS + SFOS:
            return self.staff[920 + (unit - SCHOOLS) * 20 + int(who * 20)].key
        return self.staff[1120 + (unit - SCHOOLS - SFOS) * 38 + int(who * 38)].key

    # --- messages ---------------------------------------------------------------------------------------------------

    def message_count(self) -> int:
        return sum(talk[4] for talk in self.talks)

    def messages(self) -> Iterator[tuple[Any, ...]]:
        """In the order in which they were sent: a thread's messages lie apart, as they do after a year of use."""
        order = sorted(
            sent(start, g, k) * 10**8 + g * 100 + k
            for g, (_, _, _, start, count, _) in enumerate(self.talks, start=1)
            for k in range(1, count + 1)
        )
        keys, instant = Keys(random.Random(SEED + 1)), dt.datetime.fromtimestamp
        for packed in order:
            seconds, g, k = packed // 10**8, packed // 100 % 10**6, packed % 100
            thread, unit, child, _, _, sides = self.talks[g - 1]
            author, side = sides[(g * 31 + k * 17) % len(sides)]
            opening = f"Hei, dette er melding {k} i samtale {g}. "
            where = (g * 7 + k * 53) % 400
            body = opening + PROSE[where : where + 200 - len(opening)]
            behalf = unit if side == "UNIT" and g % 50 == 7 else None
            when = instant(seconds, dt.UTC)
            retracted = when if (g + k) % 1_000 == 0 else None
            yield keys.made(seconds), thread, unit, child, author, side, behalf, body, when, retracted, when

    # --- as COPY takes it -------------------------------------------------------------------------------------------

    def tables(self) -> Iterator[Table]:
        yield Table(
            "municipality",
            ("id", "organisation_number", "name", "source_id"),
            [(self.municipality, ORGANISATION_NUMBER, "Målebygd", "maaling")],
            1,
        )
        for name, columns in COLUMNS.items():
            rows = self.rows[name]
            yield Table(name, columns, rows, len(rows))
        yield Table("message", MESSAGE_COLUMNS, self.messages(), self.message_count())


def sent(start: int, thread: int, nth: int) -> int:
    """Epoch seconds at which the nth message of a thread was sent."""
    return start + nth * 37 * 60 + (thread * 13 + nth * 7) % 60


PERIOD = ("since", "until")
COLUMNS: dict[str, tuple[str, ...]] = {
    "person": (
        *("id", "municipality_id", "source_id", "given_name", "middle_name", "family_name", "name", "name_key"),
        *("birth_date", "turns_15_on", "turns_18_on", "documented_on"),
        *("child_key", "guardian_key", "staff_key", "adult_key"),
    ),
    "person_identifier": ("municipality_id", "number_hash", "number_cipher", "person_id", "in_use"),
    "unit": (
        *("id", "municipality_id", "source_id", "kind", "name", "name_key"),
        *("organisation_number", "phone", "until"),
    ),
    "unit_group": ("id", "municipality_id", "unit_id", "source_id", "kind", "name", "name_key", "until"),
    "enrolment": ("id", "child_id", "unit_id", "source_id", *PERIOD),
    "group_membership": ("id", "group_id", "person_id", "role", "source_id", *PERIOD),
    "position": ("id", "person_id", "unit_id", "role", "source_id", *PERIOD),
    "family_relation": ("id", "person_id", "related_id", "related_role", "own_role"),
    "parental_responsibility": (
        *("id", "child_id", "on_child_document", "holder_id", "holder_name", "holder_organisation"),
        *("kind", "is_current", "since", "until"),
    ),
    "block": ("id", "child_id", "person_id", "reason_cipher", "set_by", "set_at", *PERIOD),
    "protection": ("id", "person_id", "level", *PERIOD),
    "confirmation": ("id", "child_id", "person_id", "since", "confirmed_by", "confirmed_at"),
    "delegate": ("id", "child_id", "person_id", "unit_id", "registered_by", "registered_at", *PERIOD),
    "consent": ("id", "child_id", "guardian_id", "delegate_id", "unit_id", "given_at", *PERIOD),
    "thread": ("id", "unit_id", "child_id", "subject", "joint", "created_at", "last_message_at"),
    "participant": ("thread_id", "person_id", "side", "joined_at", "unit_id", "child_id"),
}

MESSAGE_COLUMNS = (
    *("id", "thread_id", "unit_id", "child_id", "author_id", "author_side"),
    *("on_behalf_of", "body", "sent_at", "retracted_at", "given_at"),
)

DONE = "bench.municipality"
"""The comment on the table `municipality` when everything is in: a build that was cut short begins anew."""
VERSION = "1"


async def is_built(connection: asyncpg.Connection, make: str) -> bool:
    told = await connection.fetchval("select obj_description('municipality'::regclass)")
    return bool(told == f"{DONE} {make}")


async def mark_built(connection: asyncpg.Connection, make: str) -> None:
    await connection.execute(f"comment on table municipality is '{DONE} {make}'")


async def build(connection: asyncpg.Connection, vault: Vault, tell: Callable[[str], None]) -> UUID:
    """Fills the empty tables; the derived ones and the statistics are the caller's to make."""
    tell("drawing people, units and threads")
    town = Town(vault)
    for table in town.tables():
        tell(f"{table.name}: {table.expected:,} rows")
        await connection.copy_records_to_table(table.name, records=table.rows, columns=table.columns)
    return town.municipality
