"""Somebody named by national identity number, known here or not: the answer must not tell which.

Whoever is not known is made as an import makes them: by number alone, so that a register that tells of them later finds
them. The name that was told stands where no register has given one.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, literal, select
from sqlalchemy.sql.dml import Insert

from authz.walls.functions import PERSON_BY_NUMBER
from models import Person, PersonIdentifier, new_key
from norway.names import name_order
from norway.national_id import NotANationalId, checked_national_id
from resolvers.acting import Acting
from resolvers.problems import Text, checked_text, invalid

LONGEST_NAME = 200
NOT_A_NUMBER = Text(
    nb="Det er ikke et gyldig fødselsnummer eller D-nummer.",
    nn="Det er ikkje eit gyldig fødselsnummer eller D-nummer.",
    en="It is not a valid national identity number.",
)


def checked_number(told: str, *field: str) -> str:
    """Eleven digits, spaces aside. What is wrong with others depends on the digits alone."""
    try:
        return checked_national_id("".join(told.split()))
    except NotANationalId:
        raise invalid(NOT_A_NUMBER, *field) from None


def checked_name(told: str, *field: str) -> str:
    return " ".join(checked_text(told, LONGEST_NAME, *field).split())


async def person_with_number(acting: Acting, number: str, name: str) -> UUID:
    """Whoever has the number here, asked past the second wall: nobody is seen by their number."""
    hashed = await held_number(acting, number)
    found: UUID | None = await acting.connection.scalar(PERSON_BY_NUMBER, {"told_hash": hashed})
    return await known_or_made(acting, found, name, number, numbered=found is None)


async def held_number(acting: Acting, number: str) -> bytes:
    """Its keyed hash. Two acts that name the same unknown number wait for each other, so that one person is made and
    not two."""
    hashed = acting.services.vault.keyed_hash(number, "national_id")
    await acting.hold(f"number {acting.municipality_id} {hashed.hex()}")
    return hashed


async def known_or_made(acting: Acting, known: UUID | None, name: str, number: str, *, numbered: bool) -> UUID:
    """Known and unknown people take the same statements: what would be made of an unknown one is told for both. It is
    theirs to sign in by the number if they are `numbered`."""
    person_id, unknown = new_key(), known is None
    vault = acting.services.vault
    await acting.write(
        made_where(
            Person, unknown,
            id=person_id, municipality_id=acting.municipality_id, name=name, name_key=name_order(name),
            child_key=uuid4(), guardian_key=uuid4(), staff_key=uuid4(), adult_key=uuid4(),
        ),
        made_where(
            PersonIdentifier, unknown and numbered,
            municipality_id=acting.municipality_id, number_hash=vault.keyed_hash(number, "national_id"),
            person_id=person_id, in_use=True, number_cipher=vault.encrypt(number, "national_id"),
        ),
    )  # fmt: skip
    return known or person_id


def made_where(model: type, needed: bool, **values: Any) -> Insert:
    """An INSERT of one row, or of none by the same statement."""
    columns = model.__table__.c  # type: ignore[attr-defined] # every model has one
    row = [literal(told, columns[name].type) for name, told in values.items()]
    return insert(model).from_select(list(values), select(*row).where(literal(needed)), include_defaults=False)
