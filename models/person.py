"""People: one row a person, whatever they are to whom."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key, one_of, reference, sort_key


class Person(Base):
    """A child, guardian, staff member or other adult; often several of these.

    Each of the four has a random key of its own, the one that clients see: the ids of one person cannot be linked.
    """

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("municipality_id", "source_id"), {"info": {"api": ("insert",)}})

    id: Mapped[Key]
    municipality_id: Mapped[UUID] = reference("municipality.id", index=True)
    source_id: Mapped[str | None]
    """The sourcedId of the person's row in the roster."""
    given_name: Mapped[str | None]
    middle_name: Mapped[str | None]
    family_name: Mapped[str | None]
    name: Mapped[str]
    name_key: Mapped[str] = sort_key()
    staff_name: Mapped[str | None]
    """Of whom substitutions alone make staff: what they are called as that, as a leader wrote it last."""
    staff_name_key: Mapped[str | None] = mapped_column(Text(collation="C"))
    birth_date: Mapped[dt.date | None]
    turns_15_on: Mapped[dt.date | None]
    turns_18_on: Mapped[dt.date | None]
    """Days are stored, not reckoned in SQL, because whoever is born on 29 February comes of age on 1 March."""
    documented_on: Mapped[dt.date | None]
    """The day the first document of Folkeregisteret came; null for whom none has."""
    child_key: Mapped[UUID] = mapped_column(unique=True)
    guardian_key: Mapped[UUID] = mapped_column(unique=True)
    staff_key: Mapped[UUID] = mapped_column(unique=True)
    adult_key: Mapped[UUID] = mapped_column(unique=True)


class PersonIdentifier(Base):
    """A national identity number of a person, in use or ended: encrypted, with a keyed hash for look-up."""

    __tablename__ = "person_identifier"
    __table_args__ = ({"info": {"api": ("insert",)}},)

    municipality_id: Mapped[UUID] = reference("municipality.id", primary_key=True)
    number_hash: Mapped[bytes] = mapped_column(primary_key=True)
    number_cipher: Mapped[bytes]
    person_id: Mapped[UUID] = reference("person.id", index=True)
    in_use: Mapped[bool]


class SignInSubject(Base):
    """The subject by which an issuer knows a person."""

    __tablename__ = "sign_in_subject"

    municipality_id: Mapped[UUID] = reference("municipality.id", primary_key=True)
    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = reference("person.id", index=True)


class Protection(Base):
    """Address protection (adressebeskyttelse) of a person; gradings that are not known are stored as FORTROLIG."""

    __tablename__ = "protection"
    __table_args__ = (one_of("level", "FORTROLIG", "STRENGT_FORTROLIG"),)

    id: Mapped[Key]
    person_id: Mapped[UUID] = reference("person.id", index=True)
    level: Mapped[str]
    since: Mapped[dt.date]
    """The register's gyldighetstidspunkt, or the day it was first known here."""
    until: Mapped[dt.date | None]


class Residence(Base):
    """Where a person is or was registered (bostedsadresse). The text is encrypted; of whoever lives under
    strengtFortrolig it is never stored, only the keyed hash that tells that people live together."""

    __tablename__ = "residence"
    __table_args__ = (one_of("level", "FORTROLIG", "STRENGT_FORTROLIG"), Index(None, "address_hash"))

    id: Mapped[Key]
    person_id: Mapped[UUID] = reference("person.id", index=True)
    since: Mapped[dt.date | None]
    """Open when the register does not say."""
    until: Mapped[dt.date | None]
    known_on: Mapped[dt.date]
    address_hash: Mapped[bytes | None]
    """Keyed hash of municipality and normalised address; null when the register tells no place (ukjentBosted)."""
    address_cipher: Mapped[bytes | None]
    """Encrypted JSON: {"lines": [str], "postalCode": str | null, "city": str | null}."""
    level: Mapped[str | None]
    """The address's own grading (adressegradering), null for ugradert."""
