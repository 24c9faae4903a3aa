"""Folkeregisteret's plan: who people are, who has responsibility for whom, where they live and who is protected.

A document is the whole truth about its person: what is gone from it has ended today. Responsibility is read from the
child's own document; what an adult's says is kept for R2 and to be compared, and opens nothing. Family relations are
kept for R2 alone, and for good. People without a document in the file are untouched.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models import FamilyRelation, Municipality, ParentalResponsibility, Person, Protection, Residence, new_key
from norway.days import OSLO
from registers.folkeregisteret import FORTROLIG, STRENGT_FORTROLIG, Home, PersonDocument, Responsibility, read_persons
from registers.names import NO_NAME
from registers.people import KnownPerson, People, birth_columns
from registers.periods import Reconciled, Span, kept_apart, reconciled
from registers.plan import MAX_ENDED, InputRefused, Plan, Problem, begin_plan
from vault import Vault

__all__ = ["plan_persons", "read_persons"]

Entry = tuple[Any, ...]
"""An entry of foreldreansvar but for its period: child, whether on the child's document, holder, kind."""
LEVELS = {FORTROLIG: 1, STRENGT_FORTROLIG: 2}
BEGINNING = dt.date.min
"""Stands for a beginning that the register does not say."""


async def plan_persons(
    connection: AsyncConnection,
    vault: Vault,
    municipality_id: UUID,
    documents: Sequence[PersonDocument],
    today: dt.date,
    max_ended: float = MAX_ENDED,
) -> Plan:
    """What the documents would change. `plan.stop` is set when they would end or ease more than the share `max_ended`
    (0 to 1) of the protections that hold. Raises `InputRefused` when two of them are of one person."""
    transaction = await begin_plan(connection)
    organisation_number = await connection.scalar(
        select(Municipality.organisation_number).where(Municipality.id == municipality_id)
    )
    plan = Plan(
        municipality_id=municipality_id,
        municipality=str(organisation_number),
        made_at=dt.datetime.combine(today, dt.time(), OSLO),
        transaction=transaction,
    )
    people = await People.load(connection, municipality_id, vault)
    planner = _Planner(plan, people, vault, today)
    planner.join(documents)
    await planner.load(connection)
    for document, person in planner.joined:
        planner.protections(document, person)
        planner.responsibilities(document, person)
        planner.relations(document, person)
    planner.residences()
    planner.write()
    plan.stop = planner.stopped(max_ended)
    return plan


@dataclass
class _Rows:
    """The changes to one table."""

    new: list[dict[str, Any]] = field(default_factory=list)
    changed: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    ended: set[UUID] = field(default_factory=set)

    def take(self, result: Reconciled[Any], columns: dict[str, Any]) -> None:
        for span in result.begin:
            self.new.append({"id": new_key(), **columns, "since": _known(span.since), "until": span.until})
        for span, since, until in result.move:
            self.changed.setdefault(span.row.id, {}).update(since=_known(since), until=until)
        for span, until in result.end:
            self.changed.setdefault(span.row.id, {}).update(until=until)
            self.ended.add(span.row.id)

    def write(self, plan: Plan, kind: str, table: Any) -> None:
        counts = plan.of(kind)
        counts.added += len(self.new)
        counts.ended += len(self.ended)
        counts.changed += len(self.changed) - len(self.ended)
        plan.update(table, ({"id": key, **columns} for key, columns in self.changed.items()))
        plan.insert(table, self.new)


def graded(document: PersonDocument) -> list[tuple[str, dt.date | None]]:
    """The gradings that are current, of the person and of where they are registered, each with its end."""
    told = [(grading.level, grading.until) for grading in document.gradings if grading.current]
    return told + [(home.level, home.until) for home in document.homes if home.level and home.current]


def _known(day: dt.date) -> dt.date | None:
    return None if day == BEGINNING else day


def _span(row: Any) -> Span[Any]:
    return Span(row.since or BEGINNING, row.until, row)


@dataclass
class _Planner:
    plan: Plan
    people: People
    vault: Vault
    today: dt.date
    joined: list[tuple[PersonDocument, KnownPerson]] = field(default_factory=list)
    documented_first: set[UUID] = field(default_factory=set)
    """People whose first document is in this file."""
    known_protections: dict[UUID, list[Any]] = field(default_factory=dict)
    known_residences: dict[UUID, list[Any]] = field(default_factory=dict)
    by_child: dict[UUID, list[Any]] = field(default_factory=dict)
    """Entries of foreldreansvar on children's documents, by child."""
    by_holder: dict[UUID, list[Any]] = field(default_factory=dict)
    """Entries on adults' documents, by adult."""
    known_relations: set[tuple[UUID, UUID, str | None, str | None]] = field(default_factory=set)
    protection_rows: _Rows = field(default_factory=_Rows)
    residence_rows: _Rows = field(default_factory=_Rows)
    responsibility_rows: _Rows = field(default_factory=_Rows)
    relation_rows: _Rows = field(default_factory=_Rows)

    async def load(self, connection: AsyncConnection) -> None:
        here = select(Person.id).where(Person.municipality_id == self.plan.municipality_id)
        for model, owner, rows in (
            (Protection, Protection.person_id, self.known_protections),
            (Residence, Residence.person_id, self.known_residences),
        ):
            for row in await self._rows(connection, select(model.__table__).where(owner.in_(here))):
                rows.setdefault(row.person_id, []).append(row)
        entries = ParentalResponsibility.__table__
        for row in await self._rows(connection, select(entries).where(entries.c.child_id.in_(here))):
            if row.on_child_document:
                self.by_child.setdefault(row.child_id, []).append(row)
            else:
                self.by_holder.setdefault(row.holder_id, []).append(row)
        relations = FamilyRelation.__table__
        for row in await self._rows(connection, select(relations).where(relations.c.person_id.in_(here))):
            self.known_relations.add((row.person_id, row.related_id, row.related_role, row.own_role))

    async def _rows(self, connection: AsyncConnection, question: Select[Any]) -> list[Any]:
        """Rows as they will be once people are joined."""
        rows = await connection.execute(question)
        if not self.people.joined:
            return list(rows)
        joined: Mapping[Any, UUID] = self.people.joined
        return [
            SimpleNamespace(
                **{
                    name: joined.get(value, value) if isinstance(value, UUID) else value
                    for name, value in row._mapping.items()
                }
            )
            for row in rows
        ]

    # Who the documents are of

    def join(self, documents: Iterable[PersonDocument]) -> None:
        """Every document's person first, so that no number of theirs becomes a person of its own."""
        lines: dict[UUID, int] = {}
        twice = []
        for document in documents:
            if (person := self._person_of(document)) is None:
                continue
            if (line := lines.setdefault(person.id, document.line)) != document.line:
                message = f"is the person of line {line} under another number; a person is one line"
                twice.append(Problem(document.file, document.line, "identifikasjonsnummer", message))
            self._describe(document, person)
            self.joined.append((document, person))
        if twice:
            raise InputRefused(twice)

    def _person_of(self, document: PersonDocument) -> KnownPerson | None:
        found = {
            person.id: person for number in document.numbers if (person := self.people.with_number(number)) is not None
        }

        def conflict(column: str, message: str) -> None:
            self.plan.conflicts.append(Problem(document.file, document.line, column, message))

        # Those known by number alone are joined to who they are: the one whom roster or register has told of.
        told = [person for person in found.values() if not person.by_number_alone]
        if len(told) > 1:
            conflict("identifikasjonsnummer", "joins two people who are known apart")
            return None
        if not found:
            return self.people.add(document.name or NO_NAME)
        person = next(iter(told or found.values()))
        by_roster = person.source_id is not None and person.documented_on is None
        if by_roster and document.name and not person.name.agrees_with(document.name, child=person.child):
            conflict("navn", "contradicts the roster's name of the person with this number")
            return None
        for stub in found.values():
            if stub is not person:
                self.people.join(stub, person)
                message = "joins somebody known by number alone to this person"
                self.plan.warnings.append(str(Problem(document.file, document.line, "identifikasjonsnummer", message)))
        return person

    def _describe(self, document: PersonDocument, person: KnownPerson) -> None:
        if document.name is not None:
            self.people.rename(person, document.name)
        if person.birth_date != document.born:
            person.birth_date = document.born
            person.changes |= birth_columns(document.born)
        if person.documented_on is None:
            self.documented_first.add(person.id)
            person.documented_on = person.changes["documented_on"] = self.today
        for number, in_use in document.numbers.items():
            hashed = self.people.hash_of(number)
            if hashed not in person.numbers:
                self.people.give_number(person, number, in_use=in_use)
            elif person.numbers[hashed] != in_use:
                self.people.set_in_use(person, hashed, in_use=in_use)
        told = {self.people.hash_of(number) for number in document.numbers}
        for hashed, in_use in list(person.numbers.items()):
            if in_use and hashed not in told:
                self.people.set_in_use(person, hashed, in_use=False)

    def stopped(self, max_ended: float) -> str | None:
        """Why the plan is held back: an extract without protections looks like a town where nobody is in danger."""
        before = {one for one in {*self.known_protections, *self.known_residences} if self._known_level(one)}
        eased = sum(self._known_level(person.id) > self._told_level(document) for document, person in self.joined)
        if not before or eased / len(before) <= max_ended:
            return None
        return (
            f"The documents would end or ease {eased} of {len(before)} protections ({eased / len(before):.0%}),"
            f" more than the {max_ended:.0%} that may end at once."
        )

    def _known_level(self, person_id: UUID) -> int:
        """What protects somebody today or from a known day on, as far as it is known: 0 is nothing."""
        rows = [*self.known_protections.get(person_id, ()), *self.known_residences.get(person_id, ())]
        return max((LEVELS[row.level] for row in rows if row.level and self._ahead(row.until)), default=0)

    def _told_level(self, document: PersonDocument) -> int:
        return max((LEVELS[level] for level, until in graded(document) if self._ahead(until)), default=0)

    # What the documents say

    def protections(self, document: PersonDocument, person: KnownPerson) -> None:
        known: dict[str, list[Span[Any]]] = {}
        told: dict[str, list[Span[Any]]] = {}
        for row in self.known_protections.get(person.id, ()):
            known.setdefault(row.level, []).append(_span(row))
        for grading in document.gradings:
            live = next((span for span in known.get(grading.level, ()) if span.live(self.today)), None)
            first_known = live.since if live else self.today
            if grading.current:
                span = Span(grading.since or first_known, grading.until, grading)
            elif grading.since and grading.until:
                span = Span(grading.since, min(grading.until, self.today), grading)
            else:
                continue
            told.setdefault(grading.level, []).append(span)
        for level in {**known, **told}:
            result = reconciled(known.get(level, []), told.get(level, []), self.today, tells_past=True)
            self.protection_rows.take(result, {"person_id": person.id, "level": level})

    def responsibilities(self, document: PersonDocument, person: KnownPerson) -> None:
        own = [entry for entry in document.responsibilities if entry.subject is None]
        adults = [entry for entry in document.responsibilities if entry.subject is not None]
        self._entries(
            self.by_child.get(person.id, []),
            [(self._held(person, entry), entry) for entry in own],
        )
        self._entries(
            self.by_holder.get(person.id, []),
            [(self._had(person, entry), entry) for entry in adults],
        )

    def _held(self, child: KnownPerson, entry: Responsibility) -> Entry:
        holder = self.people.stub(entry.holder).id if entry.holder else None
        return (child.id, True, holder, entry.holder_name, entry.holder_organisation, entry.kind)

    def _had(self, holder: KnownPerson, entry: Responsibility) -> Entry:
        child = self.people.stub(str(entry.subject)).id
        return (child, False, holder.id, None, None, entry.kind)

    COLUMNS = ("child_id", "on_child_document", "holder_id", "holder_name", "holder_organisation", "kind")

    def _entries(self, known: Sequence[Any], told: Sequence[tuple[Entry, Responsibility]]) -> None:
        """Compares entries of one document. What is current is a period; what is not is kept as the register has it."""
        known_current: dict[Entry, list[Span[Any]]] = {}
        told_current: dict[Entry, list[Span[Any]]] = {}
        settled: dict[tuple[Entry, dt.date | None, dt.date | None], Any] = {}
        ended: dict[Entry, dt.date] = {}
        seen: set[Hashable] = set()
        for row in known:
            key = tuple(getattr(row, column) for column in self.COLUMNS)
            if row.is_current:
                known_current.setdefault(key, []).append(_span(row))
            else:
                settled[(key, row.since, row.until)] = row
        for key, entry in told:
            if entry.current:
                told_current.setdefault(key, []).append(Span(entry.since or BEGINNING, entry.until, entry))
                continue
            if entry.until:
                ended[key] = max(entry.until, ended.get(key, entry.until))
            same = (key, entry.since, entry.until)
            if settled.pop(same, None) is None and same not in seen:
                columns = {"is_current": False, "since": entry.since, "until": entry.until}
                self.responsibility_rows.new.append(
                    {"id": new_key(), **dict(zip(self.COLUMNS, key, strict=True)), **columns}
                )
            seen.add(same)
        for (_, _, until), row in settled.items():
            if until is None or until > self.today:
                self.responsibility_rows.changed[row.id] = {"until": self.today}
                self.responsibility_rows.ended.add(row.id)
        for key in {**known_current, **told_current}:
            result = reconciled(known_current.get(key, []), told_current.get(key, []), self.today, tells_past=True)
            kept_apart(result, self.today)
            # An entry that is no longer current ended when the register says, which may be before today.
            last = ended.get(key, self.today)
            result.end = [(span, max(span.since, min(until, last))) for span, until in result.end]
            columns = dict(zip(self.COLUMNS, key, strict=True))
            self.responsibility_rows.take(result, {**columns, "is_current": True})

    def relations(self, document: PersonDocument, person: KnownPerson) -> None:
        for relation in document.relations:
            related = self.people.stub(relation.related)
            key = (person.id, related.id, relation.related_role, relation.own_role)
            if key not in self.known_relations:
                self.known_relations.add(key)
                columns = ("person_id", "related_id", "related_role", "own_role")
                self.relation_rows.new.append({"id": new_key(), **dict(zip(columns, key, strict=True))})

    # Addresses

    def address_hash(self, dwelling: str) -> bytes:
        """Tells that people of this municipality live together; the same address in another is another hash."""
        return self.vault.keyed_hash(f"{self.plan.municipality_id}\0{dwelling}", "address")

    def residences(self) -> None:
        """The text of an address is kept for nobody who lives with somebody under strengtFortrolig, or is it."""
        texts: dict[tuple[UUID, bytes | None], str] = {}
        told_of: dict[UUID, list[tuple[bytes | None, Home]]] = {}
        for document, person in self.joined:
            homes = told_of.setdefault(person.id, [])
            for home in document.homes:
                hashed = self.address_hash(home.dwelling) if home.dwelling else None
                homes.append((hashed, home))
                if hashed and home.address:
                    texts[person.id, hashed] = orjson.dumps(home.address).decode()
        kept = {person.id: self._kept(person.id, document) for document, person in self.joined}
        strict_people, strict_places = self._strict(told_of, kept)

        def withheld(person: UUID, hashed: bytes | None) -> bool:
            return person in strict_people or hashed in strict_places

        for _, person in self.joined:
            self._homes(person.id, told_of[person.id], kept[person.id])
        for row in self.residence_rows.new:
            place = row["person_id"], row["address_hash"]
            text = None if withheld(*place) else texts.get(place)
            row["address_cipher"] = text and self.vault.encrypt(text, "address")
        for row in (row for rows in self.known_residences.values() for row in rows):
            place = row.person_id, row.address_hash
            cipher = self._cipher(row.address_cipher, texts.get(place), withheld=withheld(*place))
            if cipher != row.address_cipher:
                self.residence_rows.changed.setdefault(row.id, {})["address_cipher"] = cipher

    def _cipher(self, known: bytes | None, told: str | None, *, withheld: bool) -> bytes | None:
        """The cipher that a known address shall have: a new one only for a text that has changed."""
        if withheld:
            return None
        if told is None or (known is not None and self.vault.decrypt(known, "address") == told):
            return known
        return self.vault.encrypt(told, "address")

    def _kept(self, person_id: UUID, document: PersonDocument) -> list[Any]:
        """The homes of whom the register tells no address because of strengtFortrolig.

        They are not gone: whoever lives with such a person stays protected with them (R3).
        """
        if any(home.current and home.dwelling for home in document.homes) or not self._is_strict(document):
            return []
        return [row for row in self.known_residences.get(person_id, ()) if row.address_hash and self._ahead(row.until)]

    def _ahead(self, until: dt.date | None) -> bool:
        return until is None or until > self.today

    def _is_strict(self, document: PersonDocument) -> bool:
        return any(level == STRENGT_FORTROLIG and self._ahead(until) for level, until in graded(document))

    def _strict(
        self, told_of: dict[UUID, list[tuple[bytes | None, Home]]], kept: dict[UUID, list[Any]]
    ) -> tuple[set[UUID], set[bytes | None]]:
        """Who lives under strengtFortrolig today or from a known day on, and where: as the plan will leave it."""
        ahead = self._ahead
        people = {
            row.person_id
            for rows in self.known_protections.values()
            for row in rows
            if row.level == STRENGT_FORTROLIG and ahead(row.until) and row.person_id not in told_of
        }
        people |= {person.id for document, person in self.joined if self._is_strict(document)}
        live = [
            (row.person_id, row.address_hash, row.level)
            for rows in self.known_residences.values()
            for row in rows
            if ahead(row.until) and row.person_id not in told_of
        ]
        live += [
            (person, hashed, home.level)
            for person, homes in told_of.items()
            for hashed, home in homes
            if home.current and ahead(home.until)
        ]
        live += [(row.person_id, row.address_hash, row.level) for rows in kept.values() for row in rows]
        people |= {person for person, _, level in live if level == STRENGT_FORTROLIG}
        return people, {hashed for person, hashed, _ in live if hashed and person in people}

    def _homes(self, person_id: UUID, homes: list[tuple[bytes | None, Home]], kept: list[Any]) -> None:
        known: dict[tuple[bytes | None, str | None], list[Span[Any]]] = {}
        told: dict[tuple[bytes | None, str | None], list[Span[Any]]] = {}
        for row in self.known_residences.get(person_id, ()):
            known.setdefault((row.address_hash, row.level), []).append(_span(row))
        moves = [home.since for _, home in homes if home.current and home.since and home.since <= self.today]
        moved = max(moves, default=self.today)
        # An address without a day, of somebody who is known, is a move of today: the leader of a unit that a child
        # has left must never get a newer one (C6).
        first_known = BEGINNING if person_id in self.documented_first else self.today
        for hashed, home in homes:
            key = (hashed, home.level)
            live = next((span for span in known.get(key, ()) if span.live(self.today)), None)
            since = home.since or (live.since if live else first_known)
            if home.current:
                told.setdefault(key, []).append(Span(since, home.until, home))
            elif home.until:
                told.setdefault(key, []).append(Span(since, min(home.until, self.today), home))
        untold = {(row.address_hash, row.level) for row in kept} - told.keys()
        for key in {**known, **told}:
            if key in untold:
                continue
            hashed, level = key
            columns = {"person_id": person_id, "known_on": self.today, "address_hash": hashed, "level": level}
            result = reconciled(known.get(key, []), told.get(key, []), self.today, tells_past=True)
            # Whoever has moved left on the day of the move, which may be before today.
            result.end = [(span, max(span.since, min(until, moved))) for span, until in result.end]
            self.residence_rows.take(result, columns)

    def write(self) -> None:
        plan = self.plan
        self.people.write_into(plan)
        self.protection_rows.write(plan, "protections", Protection)
        self.residence_rows.write(plan, "addresses", Residence)
        self.responsibility_rows.write(plan, "parental responsibilities", ParentalResponsibility)
        self.relation_rows.write(plan, "family relations", FamilyRelation)
