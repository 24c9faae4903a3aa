"""What an operation has seen of children, gathered level by level, and by which relation each of them was seen (L2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, select

from authz import access_log as policy
from authz.engine.policy import Relation
from authz.engine.sql import Keys, table
from models import Person
from resolvers.engine.statement import Statement, compiled
from resolvers.log_chain import Entry

if TYPE_CHECKING:
    from resolvers.engine.run import Run

LONGEST_NAME = 80


class Seen(NamedTuple):
    child_id: UUID
    relation: int
    unit_id: UUID | None
    need_case_id: UUID | None


@dataclass
class Looks:
    """About whom the rows were that an answer is made of. Null keys, of what was joined and missing, are nobody."""

    at_units: set[tuple[UUID | None, UUID | None]] = field(default_factory=set)
    """Children, with the unit that made the row."""
    children: set[UUID | None] = field(default_factory=set)
    """Children as such."""
    guardians: set[UUID] = field(default_factory=set)
    other_adults: set[UUID] = field(default_factory=set)
    cases: set[tuple[UUID | None, UUID | None]] = field(default_factory=set)
    """Children whom another administrator's case tells of, with the case."""

    def __bool__(self) -> bool:
        return bool(self.at_units or self.children or self.guardians or self.other_adults or self.cases)


@dataclass(frozen=True)
class Note:
    """What of a level's records is gathered, by the places of its columns."""

    kind: str
    places: tuple[int, ...]

    def take(self, looks: Looks, records: Sequence[Any]) -> None:
        if self.kind == "at_units":
            child, unit = self.places
            looks.at_units |= {(r[child], r[unit]) for r in records}
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
    return compiled(rows_of(keys))


@lru_cache(maxsize=1)
def filtered_child() -> Statement:
    """Whom the filter of a list names."""
    person = table(Person, "filter_person")
    return compiled(select(person.c.id).where(person.c.child_key == bindparam("filter_child", type_=Uuid())))


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
    whole: set[Any] = looks.children - family
    at_units: set[tuple[Any, Any]] = {pair for pair in looks.at_units if pair[0] not in family}
    told = [
        Seen(child, Relation.CASE_WORKER, None, case)
        for child, case in looks.cases
        if child is not None and child not in family
    ]
    ties = Ties(values)
    if ties.cases:
        await find_cases(run, ties, whole | {child for child, _ in at_units})
    if whole and run.keys.shape & {"led", "staffed"}:
        for child_id, unit_id, now in await rows(run, policy.own_units_of, list(whole)):
            ties.units.setdefault(child_id, []).append((unit_id, now))
    told += [seen for child, unit in at_units for seen in ties.at(child, unit)]
    told += [seen for child in whole for seen in ties.to(child)]
    return list(dict.fromkeys(told))


async def find_children(run: Run) -> None:
    """Through whom those adults were seen who were asked for by their ids; and what was made at no unit is of the child
    as such."""
    looks = run.looks
    if looks.guardians:
        looks.children.update(row[0] for row in await rows(run, policy.through_guardians, list(looks.guardians)))
    if looks.other_adults:
        found = await rows(run, policy.through_other_adults, list(looks.other_adults))
        looks.at_units.update((row[0], row[1]) for row in found)
    nowhere = {pair for pair in looks.at_units if pair[1] is None}
    looks.at_units -= nowhere
    looks.children.update(child for child, _ in nowhere)


async def find_cases(run: Run, ties: Ties, children: set[Any]) -> None:
    of_case = [child for child in children if child in ties.cases]
    if of_case:
        for child_id, case_id in await rows(run, policy.own_cases_on, of_case):
            ties.case_ids.setdefault(child_id, case_id)


class Ties:
    """The viewer's work with children, as the keys have it."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.led = frozenset(values["led"])
        self.staffed = frozenset(values["staffed"])
        self.cases = frozenset(values["cases"])
        self.taught: dict[UUID, list[tuple[int, UUID]]] = {}
        for name, relation in (("contact", Relation.CONTACT_TEACHER), ("subject_staff", Relation.SUBJECT_STAFF)):
            for child, unit in zip(values[name], values[f"{name}_unit"], strict=True):
                self.taught.setdefault(child, []).append((int(relation), unit))
        self.case_ids: dict[UUID, UUID] = {}
        self.units: dict[UUID, list[tuple[UUID, bool]]] = {}
        """Of the viewer's units, those where a child goes (true) or went."""

    def at(self, child: Any, unit: Any) -> Iterator[Seen]:
        """By what is seen what that unit made of the child."""
        found = False
        for relation, there in self.taught.get(child, ()):
            if there == unit:
                found = True
                yield Seen(child, relation, unit, None)
        if unit in self.led or unit in self.staffed:
            # A leader is one of the staff too; one look of theirs is one entry.
            found = True
            yield Seen(child, Relation.UNIT_LEADER if unit in self.led else Relation.UNIT_STAFF, unit, None)
        if child in self.cases:
            found = True
            yield Seen(child, Relation.CASE_WORKER, None, self.case_ids.get(child))
        if not found:
            yield Seen(child, Relation.PARTICIPANT, unit, None)

    def to(self, child: Any) -> Iterator[Seen]:
        """By what the child itself is seen."""
        found = False
        for relation, unit in self.taught.get(child, ()):
            found = True
            yield Seen(child, relation, unit, None)
        left = []
        for unit, now in self.units.get(child, ()):
            if unit in self.led or now:
                found = True
                yield Seen(child, Relation.UNIT_LEADER if unit in self.led else Relation.UNIT_STAFF, unit, None)
            else:
                left.append(unit)
        if child in self.cases:
            found = True
            yield Seen(child, Relation.CASE_WORKER, None, self.case_ids.get(child))
        if found:
            return
        # By name alone, through a thread of an SFO or a kindergarten that the child has left (C7).
        for unit in left:
            yield Seen(child, Relation.UNIT_STAFF, unit, None)
        if not left:
            yield Seen(child, Relation.PARTICIPANT, None, None)


def entry(run: Run, kind: str, operation: str | None, document: bytes, seen: Sequence[Seen]) -> Entry:
    values = run.values
    client = None
    if values["me"] is None:
        client = f"{values['issuer']} {values['subject']}"
    return Entry(
        values["now"],
        values["municipality_id"],
        values["me"],
        client,
        kind,
        plain_name(operation),
        document,
        [one.child_id for one in seen],
        [int(one.relation) for one in seen],
        [one.unit_id for one in seen],
        [one.need_case_id for one in seen] if any(one.need_case_id for one in seen) else None,
    )


def plain_name(told: str | None) -> str | None:
    """The client's own word for its operation: letters, digits and underscores, whatever it sent, and not many."""
    if not told:
        return None
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter == "_") else "?" for letter in told)
    return plain if len(plain) <= LONGEST_NAME else plain[: LONGEST_NAME - 1] + "~"
