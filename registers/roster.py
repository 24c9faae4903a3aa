"""The roster's plan: who works and learns where, as OneRoster tells it. It never says who somebody is.

A roster never joins two people known apart, changes a known national identity number or moves a feideSub: that is a
conflict, and a person decides. The importer touches only rows that a roster made (they bear a sourcedId); what people
here have entered by hand is not the roster's to end.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from models import (
    Administrator,
    Enrolment,
    Group,
    GroupMembership,
    Municipality,
    Position,
    SignInSubject,
    Unit,
    new_key,
)
from norway.days import OSLO
from norway.names import name_order
from registers.oneroster import Roster, RosterPerson, Told, read_roster
from registers.people import KnownPerson, People
from registers.periods import Span, reconciled
from registers.plan import MAX_ENDED, Plan, Problem, begin_plan
from vault import Vault

__all__ = ["Roster", "plan_roster", "read_roster"]

Tie = tuple[UUID, ...]
"""What ties together: a person and a unit, a person and a group."""
Known = dict[tuple[Tie, str], list[Span[Any]]]
"""The rows of a tie in one role."""


async def plan_roster(
    connection: AsyncConnection, vault: Vault, roster: Roster, today: dt.date, max_ended: float = MAX_ENDED
) -> Plan:
    """What the roster would change. `plan.stop` is set when it would end more than the share `max_ended` (0 to 1)."""
    transaction = await begin_plan(connection)
    found = (
        await connection.execute(
            select(Municipality).where(Municipality.organisation_number == roster.organisation_number)
        )
    ).one_or_none()
    plan = Plan(
        municipality_id=found.id if found else new_key(),
        municipality=roster.organisation_number,
        made_at=dt.datetime.combine(today, dt.time(), OSLO),
        transaction=transaction,
        passed_over=roster.passed_over.copy(),
    )
    told: dict[str, Any] = {"name": roster.name, "source_id": roster.source_id}
    if found is None:
        plan.of("municipalities").added += 1
        plan.insert(
            Municipality,
            [{"id": plan.municipality_id, "organisation_number": roster.organisation_number, **told}],
        )
    elif told != {"name": found.name, "source_id": found.source_id}:
        plan.of("municipalities").changed += 1
        plan.update(Municipality, [dict(told, id=found.id)])
    people = await People.load(connection, plan.municipality_id, vault)
    planner = _Planner(roster, plan, people, today)
    await planner.units_and_groups(connection)
    planner.people_of_the_roster()
    await planner.ties(connection)
    plan.stop = planner.stopped(max_ended)
    plan.warnings += _idle_memberships(roster)
    return plan


def _idle_memberships(roster: Roster) -> list[str]:
    """Memberships that open nothing, since the person has no role at the group's unit: often a gap in the export."""
    enrolled = {(told.person, told.place) for told in roster.enrolments}
    employed = {(told.person, told.place) for told in roster.positions}
    idle = Counter(
        "a child" if told.role == "STUDENT" else "an adult"
        for told in roster.memberships
        if (told.person, roster.groups[told.place].unit) not in (enrolled if told.role == "STUDENT" else employed)
    )
    return [
        f"{count} times {who} is in a group of a unit without a role at that unit, which opens nothing"
        for who, count in sorted(idle.items(), reverse=True)
    ]


@dataclass
class _Planner:
    roster: Roster
    plan: Plan
    people: People
    today: dt.date
    persons: dict[str, KnownPerson] = field(default_factory=dict)
    """By sourcedId, those whom the roster ties to anything."""
    units: dict[str, UUID] = field(default_factory=dict)
    groups: dict[str, UUID] = field(default_factory=dict)
    live_before: int = 0
    """Ties of children and groups that hold today, before the plan."""
    ended: int = 0
    """How many of these the plan ends."""
    holding_before: set[UUID] = field(default_factory=set)
    """People who work or learn somewhere today, by what is known."""
    ended_rows: set[UUID] = field(default_factory=set)
    begun_people: set[UUID] = field(default_factory=set)
    rows_of: dict[UUID, set[UUID]] = field(default_factory=dict)
    """The rows by which a person works or learns somewhere today."""

    def conflict(self, file: str, line: int, column: str, message: str) -> None:
        self.plan.conflicts.append(Problem(file, line, column, message))

    # Units and groups

    async def units_and_groups(self, connection: AsyncConnection) -> None:
        known_units = {
            row.source_id: row
            for row in await connection.execute(
                select(Unit.__table__).where(Unit.municipality_id == self.plan.municipality_id)
            )
        }
        wanted = {
            unit.source_id: {
                "kind": unit.kind,
                "name": unit.name,
                "name_key": name_order(unit.name),
                "organisation_number": unit.organisation_number,
                "phone": unit.phone,
                "until": None,
            }
            for unit in self.roster.units.values()
        }
        for source_id, row in known_units.items():
            if source_id in wanted and row.kind != wanted[source_id]["kind"]:
                line = self.roster.units[source_id].line
                self.conflict("orgs.csv", line, "metadata.no.unitType", "is another kind than the unit is known as")
        self.units = self._places("units", Unit, known_units, wanted)

        known_groups = {
            row.source_id: row
            for row in await connection.execute(
                select(Group.__table__).where(Group.municipality_id == self.plan.municipality_id)
            )
        }
        wanted_groups: dict[str, dict[str, Any]] = {
            group.source_id: {
                "unit_id": self.units[group.unit],
                "kind": group.kind,
                "name": group.name,
                "name_key": name_order(group.name),
                "until": None,
            }
            for group in self.roster.groups.values()
        }
        for source_id, row in known_groups.items():
            if source_id in wanted_groups and row.unit_id != wanted_groups[source_id]["unit_id"]:
                line = self.roster.groups[source_id].line
                self.conflict("classes.csv", line, "schoolSourcedId", "is another unit than the group is known at")
        self.groups = self._places("groups", Group, known_groups, wanted_groups)

    def _places(
        self, kind: str, table: Any, known: Mapping[str, Any], wanted: Mapping[str, dict[str, Any]]
    ) -> dict[str, UUID]:
        """Plans the rows of units or groups; gives the key of each by sourcedId."""
        counts = self.plan.of(kind)
        keys = {source_id: row.id for source_id, row in known.items()}
        new = []
        changed = []
        for source_id, columns in wanted.items():
            if (row := known.get(source_id)) is None:
                keys[source_id] = new_key()
                new.append(
                    {
                        "id": keys[source_id],
                        "municipality_id": self.plan.municipality_id,
                        "source_id": source_id,
                        **columns,
                    }
                )
            elif any(getattr(row, name) != value for name, value in columns.items()):
                changed.append({"id": row.id, **columns})
        ended = [
            {"id": row.id, "until": self.today}
            for source_id, row in known.items()
            if source_id not in wanted and (row.until is None or row.until > self.today)
        ]
        self.plan.insert(table, new)
        self.plan.update(table, changed)
        self.plan.update(table, ended)
        counts.added += len(new)
        counts.changed += len(changed)
        counts.ended += len(ended)
        return keys

    # People

    def people_of_the_roster(self) -> None:
        roster = self.roster
        children = {told.person for told in roster.enrolments}
        children |= {told.person for told in roster.memberships if told.role == "STUDENT"}
        jobs = (*roster.positions, *roster.administrators)
        employed = {told.person for told in jobs if told.until is None or told.until > self.today}
        subjects: list[dict[str, Any]] = []
        replaced: list[dict[str, Any]] = []
        # Those known by sourcedId first: a new sourcedId must not take a person away from a known one.
        for row in sorted(roster.people.values(), key=lambda row: row.source_id not in self.people.by_source):
            person = self._join(row, child=row.source_id in children)
            if person is None:
                # In conflict, and so not applied; the plan tells what else it would do, and no end of what is known.
                if (known := self.people.by_source.get(row.source_id)) is not None:
                    self.persons[row.source_id] = known
                continue
            self.persons[row.source_id] = person
            if person.documented_on is None:
                self.people.rename(person, row.name)
            if row.source_id in employed:
                self.people.employ(person)
            self._subject(row, person, subjects, replaced)
        self.people.write_into(self.plan)
        self.plan.delete(SignInSubject, replaced)
        self.plan.insert(SignInSubject, subjects)

    def _join(self, row: RosterPerson, *, child: bool) -> KnownPerson | None:
        """The person whom a row of users.csv means; null, and a conflict, where only a person can tell."""
        known = self.people.by_source.get(row.source_id)
        numbered = self.people.with_number(row.number) if row.number else None
        if known is None:
            return self._join_by_number(row, numbered, child=child)
        joins = numbered is not None and numbered.by_number_alone and not known.numbers
        if numbered is not None and numbered is not known and not joins:
            self.conflict("users.csv", row.line, "identifier", "is the number of a person known apart from this one")
            return None
        # Whoever has the same sourcedId and the same number is the same person: the register has renamed them.
        if numbered is not known and not known.name.agrees_with(row.name, child=False):
            self.conflict("users.csv", row.line, "sourcedId", "is known, and for somebody of another name")
            return None
        if joins and numbered is not None:
            self.people.join(numbered, known)
        elif row.number and numbered is None:
            if known.numbers:
                self.conflict("users.csv", row.line, "identifier", "is another number than this person's known one")
                return None
            self.people.give_number(known, row.number, in_use=True)
        return known

    def _join_by_number(self, row: RosterPerson, numbered: KnownPerson | None, *, child: bool) -> KnownPerson | None:
        if numbered is None:
            person = self.people.add(row.name, row.source_id)
            if row.number:
                self.people.give_number(person, row.number, in_use=True)
            return person
        if numbered.source_id in self.roster.people:
            self.conflict("users.csv", row.line, "identifier", "is the number of another row's person, known apart")
            return None
        if not numbered.name.agrees_with(row.name, child=child or numbered.child):
            message = "is the number of a person whose name contradicts this row's"
            self.conflict("users.csv", row.line, "identifier", message)
            return None
        self.people.set_source(numbered, row.source_id)
        return numbered

    def _subject(
        self, row: RosterPerson, person: KnownPerson, new: list[dict[str, Any]], replaced: list[dict[str, Any]]
    ) -> None:
        if (subject := row.feide_subject) is None or self.people.subjects.get(subject) == person.id:
            return
        if subject in self.people.subjects:
            self.conflict("users.csv", row.line, "metadata.no.feideSub", "is known as another person's")
            return
        key = {"municipality_id": self.plan.municipality_id, "issuer": "feide"}
        counts = self.plan.of("sign-in subjects")
        if (old := self.people.subject_of.get(person.id)) is not None:
            self.plan.warnings.append(f"users.csv, line {row.line}: a person's feideSub is replaced by another")
            replaced.append({**key, "subject": old})
            counts.changed += 1
        else:
            counts.added += 1
        self.people.subjects[subject] = person.id
        self.people.subject_of[person.id] = subject
        new.append({**key, "subject": subject, "person_id": person.id})

    # Ties

    async def ties(self, connection: AsyncConnection) -> None:
        roster = self.roster
        here = self.plan.municipality_id
        position, enrolment, membership, administrator = (
            model.__table__ for model in (Position, Enrolment, GroupMembership, Administrator)
        )
        of_unit = select(Unit.id).where(Unit.municipality_id == here)
        of_group = select(Group.id).where(Group.municipality_id == here)
        owned = [
            ("positions", position, "unit_id", "person_id", position.c.unit_id.in_(of_unit), roster.positions),
            ("enrolments", enrolment, "unit_id", "child_id", enrolment.c.unit_id.in_(of_unit), roster.enrolments),
            (
                "administrators",
                administrator,
                "municipality_id",
                "person_id",
                administrator.c.municipality_id == here,
                roster.administrators,
            ),
            (
                "group memberships",
                membership,
                "group_id",
                "person_id",
                membership.c.group_id.in_(of_group),
                roster.memberships,
            ),
        ]
        places = {"unit_id": self.units, "group_id": self.groups, "municipality_id": {roster.source_id: here}}
        for kind, table, place, person, mine, told in owned:
            known: Known = {}
            for row in await connection.execute(select(table).where(mine, table.c.source_id.is_not(None))):
                tie = (getattr(row, person), getattr(row, place))
                span = Span(row.since, row.until, row.id)
                known.setdefault((tie, getattr(row, "role", "")), []).append(span)
            wanted = self._wanted(told, places[place], has_role="role" in table.c)
            self._compare(kind, table, (person, place), known, wanted)

    def _wanted(self, told: Iterable[Told], places: Mapping[str, UUID], *, has_role: bool) -> Known:
        wanted: Known = {}
        for row in told:
            if (person := self.persons.get(row.person)) is not None:
                key = ((person.id, places[row.place]), row.role if has_role else "")
                wanted.setdefault(key, []).append(Span(row.since, row.until, row))
        return wanted

    def _compare(self, kind: str, table: Any, columns: tuple[str, str], known: Known, wanted: Known) -> None:
        counts = self.plan.of(kind)
        begun, moved, ended = [], [], []
        people_count = kind != "group memberships"
        enrolments_count = kind in {"enrolments", "group memberships"}
        for key in {**known, **wanted}:
            (tie, role), spans = key, known.get(key, [])
            result = reconciled(spans, wanted.get(key, []), self.today)
            begun += [
                {
                    "id": new_key(),
                    **dict(zip(columns, tie, strict=True)),
                    **({"role": role} if role else {}),
                    "since": span.since,
                    "until": span.until,
                    "source_id": span.row.source_id,
                }
                for span in result.begin
            ]
            moved += [{"id": span.row, "since": since, "until": until} for span, since, until in result.move]
            ended += [{"id": span.row, "until": until} for span, until in result.end]
            holding = {span.row for span in spans if span.since <= self.today < span.last}
            stopped = holding & {span.row for span, _ in result.end}
            if enrolments_count:
                self.live_before += len(holding)
                self.ended += len(stopped)
            if people_count:
                if holding:
                    self.rows_of.setdefault(tie[0], set()).update(holding)
                self.ended_rows |= stopped
                if any(span.live(self.today) for span in result.begin):
                    self.begun_people.add(tie[0])
        counts.added += len(begun)
        counts.changed += len(moved)
        counts.ended += len(ended)
        self.plan.update(table, ended)
        self.plan.update(table, moved)
        self.plan.insert(table, begun)

    def stopped(self, max_ended: float) -> str | None:
        """Why the plan is held back: a broken export looks like a town that everybody left."""
        gone = sum(rows <= self.ended_rows and person not in self.begun_people for person, rows in self.rows_of.items())
        for what, ended, before in (
            ("people", gone, len(self.rows_of)),
            ("enrolments and group memberships", self.ended, self.live_before),
        ):
            if before and ended / before > max_ended:
                return (
                    f"The roster would end {ended} of {before} {what} ({ended / before:.0%}),"
                    f" more than the {max_ended:.0%} that may end at once."
                )
        return None
