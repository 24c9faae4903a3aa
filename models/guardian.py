"""What ties a family to a child by the register: responsibility and kinship."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy.orm import Mapped

from models.base import Base, Key, reference


class ParentalResponsibility(Base):
    """An entry of foreldreansvar, kept as the register has it; `authz/standing.py` says which entries open anything."""

    __tablename__ = "parental_responsibility"

    id: Mapped[Key]
    child_id: Mapped[UUID] = reference("person.id", index=True)
    on_child_document: Mapped[bool]
    """False for an adult's document that names the child (ansvarssubjekt): it closes by R2 and opens nothing."""
    holder_id: Mapped[UUID | None] = reference("person.id", index=True)
    holder_name: Mapped[str | None]
    """Name of a holder without an identifier."""
    holder_organisation: Mapped[str | None]
    """Organisation number of a holder that is one."""
    kind: Mapped[str | None]
    """`ansvar` as it came: felles, mor, far, medmor, andre, ukjent, or what else the register sends."""
    is_current: Mapped[bool]
    """erGjeldende is true."""
    since: Mapped[dt.date | None]
    until: Mapped[dt.date | None]
    """opphoerstidspunkt, or the day the entry was gone from the document, whichever came first."""


class FamilyRelation(Base):
    """An entry of familierelasjon, live or not. Kept only because R2 closes by it; it never opens anything."""

    __tablename__ = "family_relation"

    id: Mapped[Key]
    person_id: Mapped[UUID] = reference("person.id", index=True)
    """Whose document says so."""
    related_id: Mapped[UUID] = reference("person.id", index=True)
    related_role: Mapped[str | None]
    own_role: Mapped[str | None]
