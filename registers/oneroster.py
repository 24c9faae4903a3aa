"""OneRoster 1.2 and 1.1 CSV in bulk mode, read whole and checked by itself: who works and learns where.

The columns' meaning here is in `docs/import.md`. Of users only those are read whom a role or an enrollment ties to
something here: parents, guardians and relatives, and all they have of contact columns, are passed over unread.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import lzma
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from norway.national_id import NotANationalId, checked_national_id
from registers.instants import NotADay, read_day
from registers.names import Name
from registers.periods import OPEN_PAST
from registers.plan import Problems, shown

FILES = ("manifest", "orgs", "users", "roles", "classes", "enrollments", "academicSessions")
FILE_NAMES = {f"{name}.csv".casefold(): name for name in FILES}
LARGEST = 256 * 2**20
"""Bytes that one file of a roster may hold; a zip is not opened out further."""
UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
"""What the standard library raises for a damaged, encrypted or odd zip."""
LONGEST = 255
"""Characters that one field may hold, as the standard limits its ids; a list of ids may be longer."""
LONGEST_LIST = 10_000
LISTS = frozenset({"orgSourcedIds", "termSourcedIds"})

ROLES = {
    "1.2": "aide counselor districtAdministrator guardian parent principal proctor relative siteAdministrator student"
    " systemAdministrator teacher",
    "1.1": "administrator aide guardian parent proctor relative student teacher",
}
ROLES_OF = {version: frozenset(words.split()) for version, words in ROLES.items()}
ENROLLMENT_ROLES = ROLES_OF["1.2"] | ROLES_OF["1.1"]
PASSED_ORG_TYPES = frozenset({"department", "local", "state", "national"})
UNIT_KINDS = {"": "SCHOOL", "school": "SCHOOL", "sfo": "SFO", "kindergarten": "KINDERGARTEN"}

POSITIONS = {"principal": "LEADER", "administrator": "LEADER", "teacher": "TEACHER", "aide": "ASSISTANT"}
"""At a school; elsewhere teachers and aides are STAFF."""
ADMINISTRATION = frozenset({"districtAdministrator", "administrator"})

REQUIRED = {
    "manifest": ("propertyName", "value"),
    "orgs": ("sourcedId", "name", "type"),
    "users": ("sourcedId", "givenName", "familyName"),
    "roles": ("userSourcedId", "role", "orgSourcedId"),
    "classes": ("sourcedId", "title", "classType", "schoolSourcedId"),
    "enrollments": ("classSourcedId", "userSourcedId", "role"),
    "academicSessions": ("sourcedId", "startDate", "endDate"),
}
REQUIRED_OF_1_1 = {**REQUIRED, "users": (*REQUIRED["users"], "role", "orgSourcedIds")}
OPTIONAL = (
    *("status", "enabledUser", "middleName", "identifier", "metadata.no.feideSub", "role", "orgSourcedIds"),
    *("metadata.no.unitType", "metadata.no.phone", "parentSourcedId", "termSourcedIds", "primary"),
    *("beginDate", "endDate", "sourcedId", "schoolSourcedId"),
)


@dataclass(frozen=True, slots=True)
class RosterUnit:
    line: int
    source_id: str
    kind: str
    name: str
    organisation_number: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class RosterGroup:
    line: int
    source_id: str
    unit: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class RosterPerson:
    line: int
    source_id: str
    name: Name
    number: str | None
    feide_subject: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """One tie that holds for a period: a role at a unit, or a place in a group."""

    person: str
    place: str
    role: str
    since: dt.date
    until: dt.date | None
    source_id: str


@dataclass
class Roster:
    """A roster by itself: checked, and nothing in it that means nothing here."""

    organisation_number: str
    name: str
    source_id: str
    version: str
    units: dict[str, RosterUnit] = field(default_factory=dict)
    groups: dict[str, RosterGroup] = field(default_factory=dict)
    people: dict[str, RosterPerson] = field(default_factory=dict)
    positions: list[Told] = field(default_factory=list)
    administrators: list[Told] = field(default_factory=list)
    enrolments: list[Told] = field(default_factory=list)
    memberships: list[Told] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file, by the names that the standard gives the columns."""

    file: str
    line: int
    values: Mapping[str, str]
    problems: Problems

    def get(self, column: str) -> str:
        return self.values.get(column, "")

    def wrong(self, column: str | None, message: str) -> None:
        self.problems.add(self.file, self.line, column, message)

    def required(self, column: str) -> str:
        if not (value := self.get(column)):
            self.wrong(column, "must not be empty")
        return value

    def day(self, column: str) -> dt.date | None:
        if not (value := self.get(column)):
            return None
        try:
            return read_day(value)
        except NotADay as wrong:
            self.wrong(column, str(wrong))
            return None

    def flag(self, column: str, *, default: bool) -> bool:
        value = self.get(column).casefold()
        if value not in {"", "true", "false"}:
            self.wrong(column, "must be true or false")
        return default if not value else value == "true"

    def active(self) -> bool:
        value = self.get("status").casefold()
        if value not in {"", "active", "tobedeleted"}:
            self.wrong("status", f"is {shown(value)}; bulk mode knows active and tobedeleted")
        return value != "tobedeleted"


def _columns_named(header: list[str], required: tuple[str, ...]) -> dict[int, str]:
    """Place of each column that is used; names are compared without case, lest a misspelt endDate leave a door open."""
    by_folded = {column.casefold(): column for column in (*required, *OPTIONAL)}
    return {
        place: by_folded[folded]
        for place, written in enumerate(header)
        if (folded := written.strip().casefold()) in by_folded
    }


def _decoded(content: bytes, file: str, problems: Problems) -> str | None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        problems.add(file, content.count(b"\n", 0, wrong.start) + 1, None, "is not UTF-8")
        return None
    if (place := text.find("\0")) >= 0:
        problems.add(file, text.count("\n", 0, place) + 1, None, "holds a NUL character")
        return None
    return text


def _rows(content: bytes, file: str, required: tuple[str, ...], problems: Problems) -> Iterator[Row]:
    """The records of one file, as RFC 4180 has them; a row is told by the line that it begins on."""
    if (text := _decoded(content, file, problems)) is None:
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: dict[int, str] | None = None
    width = 0
    line = 0
    try:
        while True:
            line = reader.line_num + 1
            if (record := next(reader, None)) is None:
                break
            if not record:
                continue
            if columns is None:
                columns = _columns_named(record, required)
                width = len(record)
                if not _header_is_usable(columns, required, file, line, problems):
                    return
                continue
            if len(record) != width:
                problems.add(file, line, None, f"has {len(record)} fields where the header has {width}")
                continue
            values = {column: record[place].strip() for place, column in columns.items()}
            long = [name for name, value in values.items() if len(value) > (LONGEST_LIST if name in LISTS else LONGEST)]
            for column in long:
                problems.add(
                    file, line, column, f"is longer than {LONGEST_LIST if column in LISTS else LONGEST} characters"
                )
            if long:
                continue
            yield Row(file, line, values, problems)
    except csv.Error as wrong:
        problems.add(file, line, None, f"is not CSV as RFC 4180 has it ({wrong})")
        return
    if columns is None:
        problems.add(file, 1, None, "has no header row")


def _header_is_usable(
    columns: dict[int, str], required: tuple[str, ...], file: str, line: int, problems: Problems
) -> bool:
    twice = [column for column, times in Counter(columns.values()).items() if times > 1]
    missing = [column for column in required if column not in columns.values()]
    for column in twice:
        problems.add(file, line, column, "stands twice in the header")
    for column in missing:
        problems.add(file, line, column, "is missing in the header")
    return not twice and not missing


def _contents(path: Path, problems: Problems) -> dict[str, bytes]:
    """The bytes of each file that is there, from a folder or a zip (at its top or in a folder)."""
    found: dict[str, bytes] = {}
    try:
        files = _in_folder(path) if path.is_dir() else _in_zip(path)
        for name, content in files:
            if name in found:
                problems.add(f"{name}.csv", None, None, "is there twice")
            elif len(content) > LARGEST:
                problems.add(f"{name}.csv", None, None, "is too large")
            else:
                found[name] = content
    except FileNotFoundError:
        problems.add(path.name, None, None, "is not there")
    except UNREADABLE as wrong:
        problems.add(path.name, None, None, f"is neither a folder nor a zip that can be read ({type(wrong).__name__})")
    return found


def _in_folder(path: Path) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(path.iterdir()):
        if name := FILE_NAMES.get(entry.name.casefold()):
            with entry.open("rb") as file:
                yield name, file.read(LARGEST + 1)


def _in_zip(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            place = PurePosixPath(info.filename)
            if (name := FILE_NAMES.get(place.name.casefold())) and place.parts[0] != "__MACOSX" and not info.is_dir():
                with archive.open(info) as member:
                    yield name, member.read(LARGEST + 1)


class _Reader:
    """Reads the files one after the other, since each refers to those before it."""

    def __init__(self, contents: dict[str, bytes], problems: Problems) -> None:
        self.contents = contents
        self.problems = problems
        self.version = ""
        self.roster = Roster("", "", "", "")
        self.orgs: dict[str, str | None] = {}
        """sourcedId of each org to the kind of the unit, `district`, or null for one that means nothing or is gone."""
        self.users: dict[str, Row | None] = {}
        """sourcedId of each user to the row, or null for one who is gone or disabled."""
        self.terms: dict[str, tuple[dt.date | None, dt.date | None]] = {}
        self.group_terms: dict[str, tuple[dt.date | None, dt.date | None] | None] = {}
        """sourcedId of each class to its terms' first and last day, or null for one that is gone."""
        self.class_units: dict[str, str] = {}

    def rows(self, name: str) -> Iterator[Row]:
        if (content := self.contents.get(name)) is not None:
            required = (REQUIRED_OF_1_1 if self.version == "1.1" else REQUIRED)[name]
            yield from _rows(content, f"{name}.csv", required, self.problems)

    def read(self) -> Roster:
        self.manifest()
        for name in ("orgs", "users", *(["roles"] if self.version == "1.2" else [])):
            if name not in self.contents:
                self.problems.add(f"{name}.csv", None, None, "is missing")
        self.problems.refuse_if_any()
        self.read_orgs()
        self.problems.refuse_if_any()
        self.read_terms()
        self.read_classes()
        self.read_users()
        self.problems.refuse_if_any()
        self.read_roles()
        self.read_enrollments()
        self.read_people()
        self.problems.refuse_if_any()
        self.roster.version = self.version
        return self.roster

    def manifest(self) -> None:
        told: dict[str, tuple[Row, str]] = {}
        for row in self.rows("manifest"):
            told[row.get("propertyName")] = (row, row.get("value"))
        if "oneroster.version" in told:
            row, version = told["oneroster.version"]
            self.version = re.sub(r"^v?(\d)[.p](\d).*$", r"\1.\2", version.casefold())
            if self.version not in ROLES_OF:
                row.wrong("value", f"OneRoster {shown(version)} is not read; 1.1 and 1.2 are")
        else:
            self.version = "1.2" if "roles" in self.contents else "1.1"
        for name in FILES[1:]:
            if f"file.{name}" not in told:
                continue
            row, mode = told[f"file.{name}"]
            match mode.casefold():
                case "bulk":
                    if name not in self.contents:
                        row.wrong("value", f"{name}.csv is said to be there, and is not")
                case "absent":
                    if name in self.contents:
                        row.wrong("value", f"{name}.csv is said to be absent, and is there")
                case "delta":
                    row.wrong("value", "delta mode is not read; export in bulk mode")
                case _:
                    row.wrong("value", f"is {shown(mode)}; known are bulk and absent")

    def new_id(self, row: Row, known: Mapping[str, object]) -> str:
        if (source_id := row.required("sourcedId")) in known:
            row.wrong("sourcedId", "stands on another row too")
        return source_id

    def read_orgs(self) -> None:
        parents: list[tuple[Row, str]] = []
        districts = 0
        for row in self.rows("orgs"):
            source_id = self.new_id(row, self.orgs)
            active = row.active()
            if parent := row.get("parentSourcedId"):
                parents.append((row, parent))
            match row.get("type").casefold():
                case "district":
                    districts += 1
                    self.orgs[source_id] = "district"
                    self.district(row, source_id, active=active, first=districts == 1)
                case "school":
                    self.orgs[source_id] = self.unit(row, source_id) if active else None
                case other if other in PASSED_ORG_TYPES:
                    self.orgs[source_id] = None
                    self.roster.passed_over[f"org of type {other}"] += 1
                case other:
                    self.orgs[source_id] = None
                    row.wrong("type", f"is {shown(other)}, which OneRoster does not know")
        for row, parent in parents:
            if parent not in self.orgs:
                row.wrong("parentSourcedId", "names no row of orgs.csv")
        if not districts:
            self.problems.add("orgs.csv", None, "type", "no row is the municipality (district)")

    def district(self, row: Row, source_id: str, *, active: bool, first: bool) -> None:
        if not first:
            row.wrong("type", "there is more than one municipality (district)")
        if not active:
            row.wrong("status", "the municipality itself cannot be deleted")
        number = row.get("identifier").replace(" ", "")
        if not re.fullmatch(r"[0-9]{9}", number):
            row.wrong("identifier", "must be the municipality's organisation number, nine digits")
        self.roster.organisation_number = number
        self.roster.name = row.required("name")
        self.roster.source_id = source_id

    def unit(self, row: Row, source_id: str) -> str | None:
        written = row.get("metadata.no.unitType")
        if (kind := UNIT_KINDS.get(written.casefold())) is None:
            row.wrong("metadata.no.unitType", f"is {shown(written)}; known are school, sfo and kindergarten")
            return None
        self.roster.units[source_id] = RosterUnit(
            row.line,
            source_id,
            kind,
            row.required("name"),
            row.get("identifier") or None,
            row.get("metadata.no.phone") or None,
        )
        return kind

    def read_terms(self) -> None:
        for row in self.rows("academicSessions"):
            source_id = self.new_id(row, self.terms)
            begin, end = row.day("startDate"), row.day("endDate")
            if begin and end and end < begin:
                row.wrong("endDate", "lies before startDate")
            self.terms[source_id] = (begin, end)

    def read_classes(self) -> None:
        for row in self.rows("classes"):
            source_id = self.new_id(row, self.group_terms)
            self.group_terms[source_id] = None
            if not row.active():
                continue
            unit = row.required("schoolSourcedId")
            if unit not in self.orgs:
                row.wrong("schoolSourcedId", "names no row of orgs.csv")
                continue
            kind = self.orgs[unit]
            if kind == "district":
                row.wrong("schoolSourcedId", "is the municipality and no unit")
                continue
            bounds = self.bounds_of(row)
            match row.get("classType").casefold():
                case "homeroom":
                    group_kind = "CLASS" if kind == "SCHOOL" else "DEPARTMENT"
                case "scheduled":
                    group_kind = "TEACHING_GROUP"
                case other:
                    row.wrong("classType", f"is {shown(other)}; known are homeroom and scheduled")
                    continue
            title = row.required("title")
            if kind is None:
                continue
            self.class_units[source_id] = unit
            self.group_terms[source_id] = bounds
            self.roster.groups[source_id] = RosterGroup(row.line, source_id, unit, group_kind, title)

    def bounds_of(self, row: Row) -> tuple[dt.date | None, dt.date | None]:
        """The first and last day of a class's terms; open where it has none, or one of them is."""
        terms = []
        for term in filter(None, (part.strip() for part in row.get("termSourcedIds").split(","))):
            if term in self.terms:
                terms.append(self.terms[term])
            else:
                row.wrong("termSourcedIds", "names no row of academicSessions.csv")
        if not terms:
            return None, None
        begins, ends = [begin for begin, _ in terms if begin], [end for _, end in terms if end]
        return min(begins, default=None), max(ends) if len(ends) == len(terms) else None

    def read_users(self) -> None:
        for row in self.rows("users"):
            source_id = self.new_id(row, self.users)
            # Not "and": both columns are checked.
            self.users[source_id] = row if row.active() & row.flag("enabledUser", default=True) else None

    def read_people(self) -> None:
        """The users whom something ties to the municipality, and no others."""
        roster = self.roster
        ties = (*roster.positions, *roster.administrators, *roster.enrolments, *roster.memberships)
        numbers: dict[str, int] = {}
        subjects: dict[str, int] = {}
        tied = {told.person for told in ties}
        for source_id, row in self.users.items():
            if row is None or source_id not in tied:
                continue
            name = Name(row.get("givenName") or None, row.get("middleName") or None, row.get("familyName") or None)
            if not name.told:
                row.wrong("familyName", "the row has no name")
            number, subject = self.number_of(row), row.get("metadata.no.feideSub") or None
            for seen, value, column in (
                (numbers, number, "identifier"),
                (subjects, subject, "metadata.no.feideSub"),
            ):
                if value is not None and seen.setdefault(value, row.line) != row.line:
                    row.wrong(column, f"is that of line {seen[value]} too; one person has one row")
            roster.people[source_id] = RosterPerson(row.line, source_id, name, number, subject)
        without = sum(row is not None for row in self.users.values()) - len(roster.people)
        if without:
            roster.passed_over["user without a role here"] = without

    @staticmethod
    def number_of(row: Row) -> str | None:
        if not (written := row.get("identifier").replace(" ", "")):
            return None
        try:
            return checked_national_id(written)
        except NotANationalId as wrong:
            row.wrong("identifier", str(wrong))
            return None

    def read_roles(self) -> None:
        if self.version == "1.1":
            for row in self.rows("users"):
                for org in filter(None, (part.strip() for part in row.get("orgSourcedIds").split(","))):
                    self.role(row, row.get("sourcedId"), org, "orgSourcedIds")
                if row.get("role") not in ROLES_OF["1.1"]:
                    row.wrong("role", f"is {shown(row.get('role'))}, which OneRoster 1.1 does not know")
            return
        for row in self.rows("roles"):
            if row.get("role") not in ROLES_OF["1.2"]:
                row.wrong("role", f"is {shown(row.get('role'))}, which OneRoster 1.2 does not know")
                continue
            self.role(row, row.required("userSourcedId"), row.required("orgSourcedId"), "orgSourcedId")

    def role(self, row: Row, user: str, org: str, org_column: str) -> None:
        """What a role at an org means; of a row that means nothing no more is read."""
        role = row.get("role")
        if role != "student" and role not in ADMINISTRATION and role not in POSITIONS:
            self.roster.passed_over[f"role {role}"] += 1
            return
        if not row.active():
            return
        if user not in self.users:
            row.wrong("userSourcedId", "names no row of users.csv")
            return
        if org not in self.orgs:
            row.wrong(org_column, "names no row of orgs.csv")
            return
        period = self.period(row) if self.version == "1.2" else (OPEN_PAST, None)
        if self.users[user] is not None and self.orgs[org] is not None and period is not None:
            self.tie(role, Told(user, org, role, *period, f"{user}/{role}/{org}"))

    def tie(self, role: str, told: Told) -> None:
        kind = self.orgs[told.place]
        if kind == "district":
            if role in ADMINISTRATION:
                self.roster.administrators.append(told)
            else:
                self.roster.passed_over[f"role {role} at the municipality"] += 1
        elif role == "student":
            self.roster.enrolments.append(told)
        elif position := POSITIONS.get(role):
            meant = position if kind == "SCHOOL" or position == "LEADER" else "STAFF"
            self.roster.positions.append(Told(told.person, told.place, meant, told.since, told.until, told.source_id))
        else:
            self.roster.passed_over[f"role {role} at a unit"] += 1

    @staticmethod
    def period(
        row: Row, first: dt.date | None = None, last: dt.date | None = None
    ) -> tuple[dt.date, dt.date | None] | None:
        """Begin and end of a row within the bounds of its class; null for one that cannot be told."""
        begin, end = row.day("beginDate"), row.day("endDate")
        if begin and end and end < begin:
            row.wrong("endDate", "lies before beginDate")
            return None
        return begin or first or OPEN_PAST, min((day for day in (end, last) if day), default=None)

    def read_enrollments(self) -> None:
        seen: dict[str, int] = {}
        for row in self.rows("enrollments"):
            if source_id := row.get("sourcedId"):
                if source_id in seen:
                    row.wrong("sourcedId", "stands on another row too")
                seen[source_id] = row.line
            role = row.get("role")
            if role not in ENROLLMENT_ROLES:
                row.wrong("role", f"is {shown(role)}, which OneRoster does not know")
            elif role not in {"student", "teacher", "aide"}:
                self.roster.passed_over[f"enrollment as {role}"] += 1
            elif row.active():
                self.enrollment(row, role, source_id)

    def enrollment(self, row: Row, role: str, source_id: str) -> None:
        user, group = row.required("userSourcedId"), row.required("classSourcedId")
        primary = row.flag("primary", default=False)
        if user not in self.users:
            row.wrong("userSourcedId", "names no row of users.csv")
            return
        if group not in self.group_terms:
            row.wrong("classSourcedId", "names no row of classes.csv")
            return
        bounds = self.group_terms[group]
        period = self.period(row, *(bounds or (None, None)))
        if self.users[user] is None or bounds is None or period is None:
            return
        if (unit := row.get("schoolSourcedId")) and unit != self.class_units[group]:
            row.wrong("schoolSourcedId", "is not the school of the class")
            return
        contact = primary and self.roster.groups[group].kind == "CLASS"
        meant = {
            "student": "STUDENT",
            "teacher": "CONTACT_TEACHER" if contact else "SUBJECT_TEACHER",
            "aide": "ASSISTANT",
        }[role]
        self.roster.memberships.append(Told(user, group, meant, *period, source_id or f"{user}/{meant}/{group}"))


def read_roster(path: Path) -> Roster:
    """A folder or zip of OneRoster CSV, checked by itself; raises `InputRefused` with everything that is wrong."""
    problems = Problems()
    contents = _contents(path, problems)
    problems.refuse_if_any()
    return _Reader(contents, problems).read()
