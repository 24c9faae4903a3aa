"""Who is known in a municipality, by number, sourcedId and sign-in subject, and the new people that a plan makes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from models import Enrolment, GroupMembership, Person, PersonIdentifier, SignInSubject, new_key
from norway.days import birthday
from registers.joining import join_statements
from registers.names import NO_NAME, Name
from registers.plan import Plan
from vault import Vault


def birth_columns(born: dt.date | None) -> dict[str, Any]:
    return {
        "birth_date": born,
        "turns_15_on": born and birthday(born, 15),
        "turns_18_on": born and birthday(born, 18),
    }


@dataclass(slots=True)
class KnownPerson:
    """A person as they are, or as the plan will have made them."""

    id: UUID
    source_id: str | None
    name: Name
    birth_date: dt.date | None
    documented_on: dt.date | None
    staff_name: str | None = None
    """What a leader calls a substitute whom no roster employs."""
    numbers: dict[bytes, bool] = field(default_factory=dict)
    """Keyed hash of a number to whether it is in use."""
    new: bool = False
    changes: dict[str, Any] = field(default_factory=dict)
    """Columns that the plan sets."""
    child: bool = False
    """Was ever enrolled or in a group as a child."""

    @property
    def by_number_alone(self) -> bool:
        """Neither roster nor register has told of them: nothing but a number says who they are."""
        return self.source_id is None and self.documented_on is None


class People:
    """The people of one municipality, held in memory while a plan is made."""

    def __init__(self, municipality_id: UUID, vault: Vault) -> None:
        self.municipality_id = municipality_id
        self.vault = vault
        self.by_id: dict[UUID, KnownPerson] = {}
        self.by_hash: dict[bytes, KnownPerson] = {}
        self.by_source: dict[str, KnownPerson] = {}
        self.subjects: dict[str, UUID] = {}
        """Feide's subjects."""
        self.joined: dict[UUID, UUID] = {}
        """People known by number alone who turned out to be others: who they are."""
        self.subject_of: dict[UUID, str] = {}
        self._hashes: dict[str, bytes] = {}
        self._new_numbers: list[dict[str, Any]] = []
        self._changed_numbers: list[dict[str, Any]] = []

    @classmethod
    async def load(cls, connection: AsyncConnection, municipality_id: UUID, vault: Vault) -> People:
        people = cls(municipality_id, vault)
        children = set(await connection.scalars(select(Enrolment.child_id).distinct()))
        children |= set(
            await connection.scalars(
                select(GroupMembership.person_id).where(GroupMembership.role == "STUDENT").distinct()
            )
        )
        for row in await connection.execute(
            select(
                Person.id,
                Person.source_id,
                Person.given_name,
                Person.middle_name,
                Person.family_name,
                Person.birth_date,
                Person.documented_on,
                Person.staff_name,
            ).where(Person.municipality_id == municipality_id)
        ):
            name = Name(row.given_name, row.middle_name, row.family_name)
            person = KnownPerson(row.id, row.source_id, name, row.birth_date, row.documented_on, row.staff_name)
            person.child = row.id in children
            people.by_id[row.id] = person
            if row.source_id is not None:
                people.by_source[row.source_id] = person
        for number in await connection.execute(
            select(PersonIdentifier.number_hash, PersonIdentifier.person_id, PersonIdentifier.in_use).where(
                PersonIdentifier.municipality_id == municipality_id
            )
        ):
            person = people.by_id[number.person_id]
            person.numbers[number.number_hash] = number.in_use
            people.by_hash[number.number_hash] = person
        for subject in await connection.execute(
            select(SignInSubject.subject, SignInSubject.person_id).where(
                SignInSubject.municipality_id == municipality_id, SignInSubject.issuer == "feide"
            )
        ):
            people.subjects[subject.subject] = subject.person_id
            people.subject_of[subject.person_id] = subject.subject
        return people

    def hash_of(self, number: str) -> bytes:
        if (known := self._hashes.get(number)) is None:
            known = self._hashes[number] = self.vault.keyed_hash(number, "national_id")
        return known

    def with_number(self, number: str) -> KnownPerson | None:
        return self.by_hash.get(self.hash_of(number))

    def add(self, name: Name, source_id: str | None = None) -> KnownPerson:
        person = KnownPerson(new_key(), source_id, name, None, None, new=True)
        self.by_id[person.id] = person
        if source_id is not None:
            self.by_source[source_id] = person
        return person

    def stub(self, number: str) -> KnownPerson:
        """The person with this number; made, by number alone, when nobody is known by it."""
        if (person := self.with_number(number)) is None:
            person = self.add(NO_NAME)
            self.give_number(person, number, in_use=True)
        return person

    def join(self, stub: KnownPerson, person: KnownPerson) -> None:
        """Both are one: what points at whom is known by number alone will point at the person."""
        self.joined = {old: person.id if new == stub.id else new for old, new in self.joined.items()}
        self.joined[stub.id] = person.id
        del self.by_id[stub.id]
        for hashed, in_use in stub.numbers.items():
            person.numbers[hashed] = in_use
            self.by_hash[hashed] = person
        if (subject := self.subject_of.pop(stub.id, None)) is not None:
            self.subjects[subject] = person.id
            self.subject_of.setdefault(person.id, subject)
        person.child = person.child or stub.child

    def give_number(self, person: KnownPerson, number: str, *, in_use: bool) -> None:
        hashed = self.hash_of(number)
        person.numbers[hashed] = in_use
        self.by_hash[hashed] = person
        self._new_numbers.append(
            {
                "municipality_id": self.municipality_id,
                "number_hash": hashed,
                "number_cipher": self.vault.encrypt(number, "national_id"),
                "person_id": person.id,
                "in_use": in_use,
            }
        )

    def set_in_use(self, person: KnownPerson, hashed: bytes, *, in_use: bool) -> None:
        person.numbers[hashed] = in_use
        self._changed_numbers.append({"municipality_id": self.municipality_id, "number_hash": hashed, "in_use": in_use})

    def rename(self, person: KnownPerson, name: Name) -> None:
        if name != person.name:
            person.name = name
            person.changes |= name.columns()

    def employ(self, person: KnownPerson) -> None:
        """As staff they are called what they are called, whatever a leader called them as a substitute."""
        if person.staff_name is not None:
            person.staff_name = None
            person.changes |= {"staff_name": None, "staff_name_key": None}

    def set_source(self, person: KnownPerson, source_id: str) -> None:
        person.source_id = source_id
        person.changes["source_id"] = source_id
        self.by_source[source_id] = person

    def write_into(self, plan: Plan) -> None:
        """Before everything that refers to people."""
        counts = plan.of("people")
        new = [person for person in self.by_id.values() if person.new]
        plan.insert(Person, (self._new_row(person) for person in new))
        changed = [person for person in self.by_id.values() if person.changes and not person.new]
        plan.update(Person, ({"id": person.id} | person.changes for person in changed))
        plan.writes += join_statements(self.joined, plan.municipality_id, plan.made_at)
        plan.of("joined people").changed += len(self.joined)
        plan.insert(PersonIdentifier, self._new_numbers)
        plan.update(PersonIdentifier, self._changed_numbers)
        counts.added += len(new)
        touched = {person.id for person in changed if set(person.changes) != {"documented_on"}}
        touched |= {row["person_id"] for row in self._new_numbers}
        touched |= {self.by_hash[row["number_hash"]].id for row in self._changed_numbers}
        counts.changed += sum(not self.by_id[key].new for key in touched)

    def _new_row(self, person: KnownPerson) -> dict[str, Any]:
        return {
            "id": person.id,
            "municipality_id": self.municipality_id,
            "source_id": person.source_id,
            **person.name.columns(),
            **birth_columns(person.birth_date),
            "documented_on": person.documented_on,
            # Random and unlike each other, so that no client can tell that two of them are one person.
            "child_key": uuid4(),
            "guardian_key": uuid4(),
            "staff_key": uuid4(),
            "adult_key": uuid4(),
        }
