"""Who has looked at which child's data: a log that only grows, chained so that a change of it shows.

A row is what one operation saw by one relation at one unit: the children stand in an array, because one row of thirty
children is written much faster than thirty rows. Nothing here refers to other tables: what was seen stays seen,
whatever becomes of them.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Index, SmallInteger, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, one_of

PENDING = {"fastupdate": "on", "gin_pending_list_limit": "256"}
"""Kilobytes that wait to be sorted into the index: little at a time, so that no look waits for long."""


class AccessLog(Base):
    """An entry of a chain. A partition holds a month, reckoned in Oslo."""

    __tablename__ = "access_log"
    __table_args__ = (
        one_of("kind", "QUERY", "MUTATION", "SUBSCRIPTION", "DOWNLOAD"),
        Index(None, "children", postgresql_using="gin", postgresql_with=PENDING),
        Index(None, "need_case_id", "at", postgresql_where="need_case_id is not null"),
        {"postgresql_partition_by": "range (at)", "info": {"api": ("insert",)}},
    )

    chain_id: Mapped[UUID] = mapped_column(primary_key=True)
    """A chain for each worker, municipality and day."""
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """From 1, without a gap."""
    at: Mapped[dt.datetime] = mapped_column(primary_key=True)
    """The request's instant."""
    municipality_id: Mapped[UUID]
    person_id: Mapped[UUID | None]
    """Who looked; null for a machine client."""
    client: Mapped[str | None]
    """Issuer and consumer of a machine client."""
    kind: Mapped[str]
    operation: Mapped[str | None]
    """The operation's name: the client's own word, cut and cleaned."""
    document: Mapped[bytes]
    """Digest of the question without its values, as in `access_log_document`."""
    relation: Mapped[int] = mapped_column(SmallInteger)
    """One bit of `authz.engine.policy.Relation`."""
    unit_id: Mapped[UUID | None]
    """At which the relation holds; null for one that is at no unit."""
    need_case_id: Mapped[UUID | None]
    """In which it was seen, by the administration."""
    messages_alone: Mapped[bool]
    """Nothing was seen but threads and what is in them, which the administration learns nothing of."""
    children: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    """Each once."""
    seal: Mapped[bytes]
    """Keyed hash over the seal before it and all of the above; the key is not in the database."""


class AccessLogDocument(Base):
    """What a question asks: the fields, and never a value."""

    __tablename__ = "access_log_document"
    __table_args__ = ({"info": {"api": ("insert",)}},)

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    fields: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    """Coordinates of the schema, sorted."""
    seal: Mapped[bytes]


class AccessLogCheckpoint(Base):
    """A chain of its own for each municipality, into which the heads of the workers' chains are sealed."""

    __tablename__ = "access_log_checkpoint"
    __table_args__ = (
        one_of("kind", "OPENED", "SEALED", "CLOSED"),
        Index(None, "chain_id"),
        {"info": {"api": ("insert",)}},
    )

    municipality_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """From 1, without a gap."""
    at: Mapped[dt.datetime]
    kind: Mapped[str]
    """A chain is OPENED before its first entry, SEALED now and then, and CLOSED when its worker is done with it."""
    chain_id: Mapped[UUID]
    day: Mapped[dt.date]
    """The chain's."""
    length: Mapped[int] = mapped_column(BigInteger)
    """Entries in the chain by then."""
    head: Mapped[bytes]
    """The seal of the last of them."""
    seal: Mapped[bytes]
