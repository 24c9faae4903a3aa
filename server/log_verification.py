"""Reckons every chain of the access log anew, and says where what lies in the database is not what was written.

It needs the vault's key, which is not in the database, and reads as the owner, so that no policy keeps a row from it.
Servers may run meanwhile: all of it is read as of one instant.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from norway.days import OSLO, oslo_day
from resolvers.log_chain import COLUMNS, KEY, Checkpoint, Entry, beginning, document_seal, first_checkpoint
from vault import Vault

MUNICIPALITIES = "select id, organisation_number from municipality"
CHECKPOINTS = """
    select municipality_id, number, at, kind, chain_id, day, length, head, seal
    from access_log_checkpoint order by municipality_id, number
"""
ENTRIES = f"""
    select chain_id, sequence, {", ".join(COLUMNS)}, seal from access_log
    where $1::timestamptz is null or at >= $1 and at < $2
    order by chain_id, sequence, at
"""  # noqa: S608 names of the chain's own module
MONTHS = """
    select relname from pg_class join pg_inherits on inhrelid = oid where inhparent = 'access_log'::regclass
"""
DOCUMENTS = "select digest, fields, seal from access_log_document order by digest"
AT_ONCE = 1_000
MOST_TOLD = 50
"""Findings that are kept; one is enough to know, and a key that is wrong makes one of every chain."""


class NoHead(Exception):
    """A text names no checkpoint."""


@dataclass(frozen=True)
class Head:
    """How a municipality's checkpoints end: what one may write down elsewhere, and ask for again."""

    municipality: str
    number: int
    seal: bytes

    def __str__(self) -> str:
        return f"{self.municipality}:{self.number}:{self.seal.hex()}"

    @classmethod
    def read(cls, told: str) -> Head:
        """As `str` writes it. Raises NoHead."""
        try:
            municipality, number, seal = told.strip().split(":")
            return cls(municipality, int(number), bytes.fromhex(seal))
        except ValueError:
            raise NoHead(told) from None


@dataclass
class Told:
    """What the checkpoints say of a chain."""

    municipality_id: UUID
    day: dt.date
    lengths: dict[int, bytes] = field(default_factory=dict)
    opened: bool = False
    seen: bool = False
    """It has entries."""
    closed_at: int | None = None

    @property
    def length(self) -> int:
        return max(self.lengths, default=0)


@dataclass
class Verified:
    """What was looked at, and what was found."""

    entries: int = 0
    chains: int = 0
    unsealed: int = 0
    """Entries after the last checkpoint of their chain: they are whole, but if more of them were cut off, it would not
    show."""
    heads: list[Head] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    more: int = 0
    """Findings beyond those that are kept."""

    def wrong(self, text: str) -> None:
        if len(self.findings) < MOST_TOLD:
            self.findings.append(text)
        else:
            self.more += 1


async def verify_log(
    connection: AsyncConnection, vault: Vault, month: dt.date | None = None, expected: Mapping[str, Head] | None = None
) -> Verified:
    """On a connection of the owner's. `month`: its first day, where no other month's chains are to be read. `expected`:
    by organisation number, heads that were written down before."""
    raw: Any = (await connection.get_raw_connection()).driver_connection
    async with raw.transaction(isolation="repeatable_read", readonly=True):
        return await Verification(raw, vault.derived_key(KEY), month).run(expected or {})


class Verification:
    """One reading of the whole log, or of a month."""

    def __init__(self, connection: Any, key: bytes, month: dt.date | None) -> None:
        self.connection = connection
        self.key = key
        self.month = month
        self.done = Verified()
        self.told: dict[UUID, Told] = {}
        self.names: dict[UUID, str] = {}
        self.documents: set[bytes] = set()

    async def run(self, expected: Mapping[str, Head]) -> Verified:
        self.names = {row["id"]: row["organisation_number"] for row in await self.connection.fetch(MUNICIPALITIES)}
        await self.read_checkpoints(expected)
        await self.read_documents()
        gone = await self.find_missing_months()
        await self.read_entries()
        for chain_id, told in self.told.items():
            if not told.seen and told.length and self.wanted(told.day) and told.day.replace(day=1) not in gone:
                self.done.wrong(f"{self.named(chain_id)}: all of its {told.length} entries are gone")
        return self.done

    def wanted(self, day: dt.date) -> bool:
        return self.month is None or day.replace(day=1) == self.month

    def name(self, municipality_id: UUID) -> str:
        return self.names.get(municipality_id, str(municipality_id))

    def named(self, chain_id: UUID) -> str:
        told = self.told.get(chain_id)
        return f"chain {chain_id}" + (f" of {self.name(told.municipality_id)}, {told.day}" if told else "")

    # --- checkpoints ------------------------------------------------------------------------------------------------

    async def read_checkpoints(self, expected: Mapping[str, Head]) -> None:
        seal = b""
        at: UUID | None = None
        number = 0
        waiting = dict(expected)
        broken: set[UUID] = set()
        async for row in self.connection.cursor(CHECKPOINTS, prefetch=AT_ONCE):
            municipality_id = row["municipality_id"]
            if municipality_id != at:
                self.end(at, number, seal)
                at, number, seal = municipality_id, 0, first_checkpoint(municipality_id)
            self.tell(row)
            if municipality_id not in broken and not self.follows(row, number, seal):
                # What comes after cannot be told from what should.
                broken.add(municipality_id)
            number, seal = row["number"], row["seal"]
            head = waiting.get(self.name(municipality_id))
            if head is not None and head.number == number:
                del waiting[head.municipality]
                if head.seal != seal:
                    self.done.wrong(
                        f"checkpoint {number} of {head.municipality} has another seal than was written down"
                    )
        self.end(at, number, seal)
        for head in waiting.values():
            self.done.wrong(f"checkpoint {head.number} of {head.municipality}, which was written down, is gone")

    def end(self, municipality_id: UUID | None, number: int, seal: bytes) -> None:
        if municipality_id is not None:
            self.done.heads.append(Head(self.name(municipality_id), number, seal))

    def follows(self, row: Any, number: int, seal: bytes) -> bool:
        name = f"checkpoint {row['number']} of {self.name(row['municipality_id'])}"
        if row["number"] != number + 1:
            self.done.wrong(f"{name} follows checkpoint {number}: what stood between is gone")
            return False
        made = Checkpoint(row["at"], row["kind"], row["chain_id"], row["day"], row["length"], row["head"])
        if made.sealed(seal, self.key, row["number"]) != row["seal"]:
            self.done.wrong(f"{name} is not what was written")
            return False
        return True

    def tell(self, row: Any) -> None:
        """What a checkpoint says of its chain."""
        chain_id, length = row["chain_id"], row["length"]
        told = self.told.setdefault(chain_id, Told(row["municipality_id"], row["day"]))
        if row["kind"] == "OPENED":
            told.opened = True
        elif not told.opened:
            self.done.wrong(f"{self.named(chain_id)}: the checkpoint that opened it is gone")
            told.opened = True
        if row["kind"] == "CLOSED":
            told.closed_at = length
        told.lengths[length] = row["head"]

    # --- documents and months ---------------------------------------------------------------------------------------

    async def read_documents(self) -> None:
        async for row in self.connection.cursor(DOCUMENTS, prefetch=AT_ONCE):
            self.documents.add(row["digest"])
            if document_seal(self.key, row["digest"], row["fields"]) != row["seal"]:
                self.done.wrong(f"document {row['digest'].hex()[:16]} is not what was written")

    async def find_missing_months(self) -> set[dt.date]:
        there = {row[0] for row in await self.connection.fetch(MONTHS)}
        gone: dict[dt.date, list[Told]] = {}
        for told in self.told.values():
            if told.length and self.wanted(told.day) and f"m{told.day:%Y%m}" not in there:
                gone.setdefault(told.day.replace(day=1), []).append(told)
        for month, chains in sorted(gone.items()):
            entries = sum(told.length for told in chains)
            self.done.wrong(f"the partition of {month:%Y-%m} is gone, with at least {entries} entries")
        return set(gone)

    # --- entries ----------------------------------------------------------------------------------------------------

    async def read_entries(self) -> None:
        chain: Reckoned | None = None
        async for row in self.connection.cursor(ENTRIES, *self.bounds(), prefetch=AT_ONCE):
            self.done.entries += 1
            if chain is None or row["chain_id"] != chain.chain_id:
                self.finish(chain)
                chain = self.begin(row)
            if not chain.broken:
                chain.broken = not self.holds(chain, row)
        self.finish(chain)

    def bounds(self) -> tuple[dt.datetime | None, dt.datetime | None]:
        if self.month is None:
            return None, None
        after = (self.month + dt.timedelta(days=31)).replace(day=1)
        since, until = (dt.datetime.combine(day, dt.time(), OSLO) for day in (self.month, after))
        return since, until

    def begin(self, row: Any) -> Reckoned:
        self.done.chains += 1
        chain_id = row["chain_id"]
        told = self.told.get(chain_id)
        if told is None:
            self.done.wrong(f"chain {chain_id}: no checkpoint opened it")
            return Reckoned(chain_id, b"", broken=True)
        told.seen = True
        return Reckoned(chain_id, beginning(chain_id, told.municipality_id, told.day))

    def holds(self, chain: Reckoned, row: Any) -> bool:
        told, sequence = self.told[chain.chain_id], row["sequence"]
        name = self.named(chain.chain_id)
        if sequence == chain.length:
            self.done.wrong(f"{name}: entry {sequence} stands there twice")
            return False
        if sequence != chain.length + 1:
            self.done.wrong(f"{name}: entry {sequence} follows entry {chain.length}: what stood between is gone")
            return False
        seal = Entry(*(row[column] for column in COLUMNS)).sealed(chain.head, self.key, sequence)
        if seal != row["seal"]:
            self.done.wrong(f"{name}: entry {sequence} is not what was written, or not where")
            return False
        if row["municipality_id"] != told.municipality_id or oslo_day(row["at"]) != told.day:
            self.done.wrong(f"{name}: entry {sequence} belongs to another chain")
            return False
        if told.lengths.get(sequence, seal) != seal:
            self.done.wrong(f"{name}: entry {sequence} is not what a checkpoint tells of it")
            return False
        if row["document"] not in self.documents:
            self.done.wrong(f"{name}: what entry {sequence} asked for is gone")
            self.documents.add(row["document"])
        chain.length, chain.head = sequence, seal
        return True

    def finish(self, chain: Reckoned | None) -> None:
        if chain is None or chain.broken:
            return
        told = self.told[chain.chain_id]
        if chain.length < told.length:
            gone = told.length - chain.length
            self.done.wrong(
                f"{self.named(chain.chain_id)}: its last {gone} entries, from {chain.length + 1} on, are gone"
            )
        elif told.closed_at is not None and chain.length > told.closed_at:
            self.done.wrong(f"{self.named(chain.chain_id)}: entries stand after its end")
        else:
            self.done.unsealed += chain.length - told.length


@dataclass
class Reckoned:
    """A chain as far as it was read."""

    chain_id: UUID
    head: bytes
    length: int = 0
    broken: bool = False
