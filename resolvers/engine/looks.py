"""What an operation has seen of children, gathered level by level, and by which relation each of them was seen (L2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, null, select

from authz import access_log as policy
from authz.child import visible
from authz.engine.policy import Relation
from authz.engine.sql import Keys, table
from models.seen import SeenChild
from resolvers.engine.statement import Statement, compiled
from resolvers.log_chain import Entry

if TYPE_CHECKING:
    from resolvers.engine.run import Run
    from resolvers.engine.source import Entity

LONGEST_NAME = 80


CONTACT_TEACHER, SUBJECT_STAFF = int(Relation.CONTACT_TEACHER), int(Relation.SUBJECT_STAFF)
UNIT_LEADER, UNIT_STAFF = int(Relation.UNIT_LEADER), int(Relation.UNIT_STAFF)
CASE_WORKER, PARTICIPANT = int(Relation.CASE_WORKER), int(Relation.PARTICIPANT)
TEACHING = (("contact", CONTACT_TEACHER), ("subject_staff", SUBJECT_STAFF))

Pairs: TypeAlias = set[tuple[UUID | None, UUID | None]]
Seen: TypeAlias = tuple[UUID, int, UUID | None, UUID | None, bool]
"""A child, the relation, the unit of the relation, the need case, and whether nothing but messages was seen by it."""


@dataclass
class Looks:
    """About whom the rows were that an answer is made of. Null keys, of what was joined and missing, are nobody."""

    at_units: Pairs = field(default_factory=set)
    """Children, with the unit that made the row; but for threads and what is in them."""
    threads: Pairs = field(default_factory=set)
    """The same of threads and what is in them."""
    children: set[UUID | None] = field(default_factory=set)
    """Children as such."""
    by_threads: set[UUID | None] = field(default_factory=set)
    """Children as such, of whom only their threads tell."""
    guardians: set[UUID] = field(default_factory=set)
    other_adults: set[UUID] = field(default_factory=set)
    cases: set[tuple[UUID | None, UUID | None]] = field(default_factory=set)
    """Children whom another administrator's case tells of, with the case."""
    groups: set[UUID] = field(default_factory=set)
    staff: set[UUID] = field(default_factory=set)
    """Whom a case worker sees because a child of theirs is there."""
    counted: set[tuple[str, Any]] = field(default_factory=set)
    """Lists, with what they hang on, of whose length a case worker was told something."""

    def __bool__(self) -> bool:
        return any(vars(self).values())

    def join(self, others: Looks) -> None:
        for name, seen in vars(others).items():
            setattr(self, name, getattr(self, name) | seen)

    def made(self, child: UUID | None, unit: UUID | None, *, in_thread: bool) -> None:
        """A row that a unit made."""
        (self.threads if in_thread else self.at_units).add((child, unit))


@dataclass(frozen=True)
class Note:
    """What of a level's records is gathered, by the places of its columns."""

    kind: str
    places: tuple[int, ...]

    def take(self, looks: Looks, records: Sequence[Any]) -> None:
        if self.kind in {"at_units", "threads"}:
            child, unit = self.places
            getattr(looks, self.kind).update((r[child], r[unit]) for r in records)
        elif self.kind == "files":
            child, unit, message = self.places
            for r in records:
                looks.made(r[child], r[unit], in_thread=r[message] is not None)
        elif self.kind == "children":
            (child,) = self.places
            looks.children |= {r[child] for r in records}
        elif self.kind == "cases":
            child, case = self.places
            looks.children |= {r[child] for r in records if r[case] is None}
            looks.cases |= {(r[child], r[case]) for r in records if r[case] is not None}
        else:
            (person,) = self.places
            getattr(looks, self.kind).update(r[person] for r in records)


@lru_cache(maxsize=256)
def statement(rows_of: Callable[[Keys], Select], keys: Keys) -> Statement:
    return compiled(rows_of(keys), keys)


@lru_cache(maxsize=256)
def filtered_child(keys: Keys) -> Statement:
    """Whom the filter of a list names, and whether the viewer sees them by more than a thread."""
    person = table(SeenChild, "filter_person")
    named = person.c.child_key == bindparam("filter_child", type_=Uuid())
    return compiled(select(person.c.id, visible(person.c.id, keys)).where(named), keys)


@lru_cache(maxsize=256)
def about_statement(entity: Entity, keys: Keys) -> Statement:
    """Of a row by its key: child, unit, message and need case."""
    row, about = table(entity.model, "node"), policy.ABOUT[entity.type_name]
    others = (null() if part is None else part(row) for part in (about.unit, about.message, about.case))
    wanted = row.c[entity.key] == bindparam("key", type_=Uuid())
    return compiled(select(about.child(row, keys), *others).where(wanted), keys)


async def note_row(run: Run, type_name: str, key: UUID) -> None:
    """That something is told of whomever the row is about, though it may not be read as an object."""
    for child, unit, message, case in await run.fetch(
        about_statement(run.catalogue.entities[type_name], run.keys), {"key": key}
    ):
        if case is not None:
            run.looks.cases.add((child, case))
        else:
            run.looks.made(child, unit, in_thread=type_name in policy.OF_THREADS or message is not None)


async def rows(run: Run, rows_of: Callable[[Keys], Select], these: Sequence[UUID]) -> Sequence[Any]:
    return await run.fetch(statement(rows_of, run.keys), {"parents": these})


async def seen_by_work(run: Run) -> list[Seen]:
    """Whom the viewer saw as staff or administration, once for each relation and unit. Asks the database only for what
    the viewer's keys do not say, and before the connection is given back."""
    looks, values = run.looks, run.values
    if not looks:
        return []
    await find_children(run)
    # Whoever is family to a child, or was, has no work with it (R2).
    family = {None, *values["closed"], *values["guardian"], *values["delegate"], *values["oneself"]}
    seen = Work(values, looks, family)
    seen.by_others_cases(pair for pair in looks.cases if pair[0] not in family)
    seen.by_teaching()
    if seen.of_case:
        for child_id, case_id in await rows(run, policy.own_cases_on, list(seen.of_case)):
            seen.cases.setdefault(child_id, case_id)
        seen.by_own_case()
    if values["led"] or values["staffed"]:
        goes = await rows(run, policy.own_units_of, list(seen.children)) if seen.children else ()
        seen.at_own_units(goes)
    seen.by_name_alone()
    return seen.told


async def find_children(run: Run) -> None:
    """Through whom those adults were seen who were asked for by their ids; and what was made at no unit is of the child
    as such."""
    looks = run.looks
    if looks.guardians:
        for child, by_thread in await rows(run, policy.through_guardians, list(looks.guardians)):
            (looks.by_threads if by_thread else looks.children).add(child)
    if looks.other_adults:
        for child, unit, by_thread in await rows(run, policy.through_other_adults, list(looks.other_adults)):
            looks.made(child, unit, in_thread=by_thread)
    if run.values["cases"]:
        if looks.groups:
            looks.children |= {row[0] for row in await rows(run, policy.in_groups, list(looks.groups))}
        if looks.staff:
            looks.children |= {row[0] for row in await rows(run, policy.at_units_of, list(looks.staff))}
        if units := [parent for name, parent in looks.counted if name == "Unit.children"]:
            looks.children |= {row[0] for row in await rows(run, policy.counted_at, units)}
        if any(name == "Viewer.tasks" for name, _ in looks.counted):
            looks.children |= {row[0] for row in await rows(run, policy.with_tasks, list(run.values["cases"]))}
    nowhere = {pair for pair in looks.at_units if pair[1] is None}
    if nowhere:
        looks.at_units -= nowhere
        looks.children.update(child for child, _ in nowhere)


class Work:
    """By which of the viewer's relations, as the keys have them, each child was seen. Sets, and no loop for each child:
    this is done in every answer to whoever works with many."""

    def __init__(self, values: Mapping[str, Any], looks: Looks, family: set[Any]) -> None:
        self.values = values
        self.looks = looks
        self.children: set[Any] = (looks.children | looks.by_threads) - family
        self.at_units: set[tuple[Any, Any]] = {pair for pair in looks.at_units | looks.threads if pair[0] not in family}
        self.of_case: set[Any] = set()
        if values["cases"]:
            # By a case nobody sees a thread; what a unit made is seen by it where nothing else opens it.
            by_case = {child for child, unit in looks.at_units if not self.works_there(child, unit)}
            self.of_case = (looks.children | by_case).intersection(values["cases"]) - family
        self.cases: dict[UUID, UUID] = {}
        self.told: list[Seen] = []

    def works_there(self, child: Any, unit: Any) -> bool:
        teaches = any(
            (child, unit) in zip(self.values[name], self.values[f"{name}_unit"], strict=True) for name, _ in TEACHING
        )
        return teaches or unit in self.values["led"] or unit in self.values["staffed"]

    def by_others_cases(self, pairs: Iterable[tuple[Any, Any]]) -> None:
        self.told += [(child, CASE_WORKER, None, case, False) for child, case in pairs]

    def alone(self, child: Any, unit: Any) -> bool:
        """Of the child nothing was seen at the unit but threads and what is in them."""
        return child not in self.looks.children and (child, unit) not in self.looks.at_units

    def by_teaching(self) -> None:
        """What a unit made by the relation there, a child as such by each."""
        for name, relation in TEACHING:
            self.told += [
                (pair[0], relation, pair[1], None, self.alone(*pair))
                for pair in zip(self.values[name], self.values[f"{name}_unit"], strict=True)
                if pair in self.at_units or pair[0] in self.children
            ]

    def by_own_case(self) -> None:
        self.told += [(child, CASE_WORKER, None, self.cases.get(child), False) for child in self.of_case]

    def at_own_units(self, goes: Iterable[Any]) -> None:
        """`goes`: of the children as such, the viewer's units where they go (true) or went. A leader is one of the
        staff too; one look of theirs is one entry."""
        led, staffed = frozenset(self.values["led"]), frozenset(self.values["staffed"])
        places = {pair for pair in self.at_units if pair[1] in led or pair[1] in staffed}
        places |= {(child, unit) for child, unit, now in goes if now or unit in led}
        # Of a child who has left an SFO or kindergarten, its staff see threads, and the name beside them (C7).
        left = {(child, unit) for child, unit, now in goes if not now and unit not in led}
        self.told += [
            (
                pair[0], UNIT_LEADER if pair[1] in led else UNIT_STAFF, pair[1], None,
                pair in left or self.alone(*pair),
            )
            for pair in places
        ]  # fmt: skip
        met = {seen[0] for seen in self.told}
        self.told += [(child, UNIT_STAFF, unit, None, True) for child, unit in left if child not in met]

    def by_name_alone(self) -> None:
        """Through a thread, whatever else made it visible: nothing that was seen goes unlogged."""
        met, pairs = {seen[0] for seen in self.told}, {(seen[0], seen[2]) for seen in self.told}
        left = {pair for pair in self.at_units if pair not in pairs and pair[0] not in self.of_case}
        left |= {(child, None) for child in self.children if child not in met}
        self.told += [(child, PARTICIPANT, unit, None, True) for child, unit in left]


def entries(run: Run, kind: str, operation: str | None, document: bytes, seen: Sequence[Seen]) -> list[Entry]:
    """One for each relation, unit and need case, with all children who were seen by it; those of whom nothing but
    messages was seen in one of their own."""
    values = run.values
    client = f"{values['issuer']} {values['subject']}" if values["me"] is None else None
    looker = values["now"], values["municipality_id"], values["me"], client
    asked = kind, plain_name(operation), document
    together: dict[tuple[int, UUID | None, UUID | None, bool], list[UUID]] = {}
    for child, relation, unit, case, messages_alone in seen:
        together.setdefault((relation, unit, case, messages_alone), []).append(child)
    # mypy does not count what stars give
    return [Entry(*looker, *asked, *by, children) for by, children in together.items()]  # type: ignore[arg-type]


def plain_name(told: str | None) -> str | None:
    """The client's own word for its operation: letters, digits and underscores, whatever it sent, and not many."""
    if not told:
        return None
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter == "_") else "?" for letter in told)
    return plain if len(plain) <= LONGEST_NAME else plain[: LONGEST_NAME - 1] + "~"
