"""Years of threads and messages, loaded in bulk into a municipality that has been imported, whatever its size.

Nothing is invented about who may write to whom: a guardian writes while the guardianship holds and the child is
enrolled, to staff who stood in a group role or a position that day, never to their own kin. Rows are made a portion at
a time and go in by COPY, in one transaction: all of them or none. The same seed gives the same conversations.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random
from typing import Any
from uuid import UUID

import asyncpg

from demo.conversations import Exchange, pools
from norway.days import oslo_day

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""

Row = tuple[Any, ...]
EPOCH = dt.date(1970, 1, 1)
DAY = 86_400
YEARS = 4
PORTION = 2_000
"""Threads between two COPYs: bounds the memory and paces the progress bar."""

COLUMNS = {
    "thread": ("id", "unit_id", "child_id", "subject", "joint", "created_at", "last_message_at"),
    "participant": ("thread_id", "person_id", "side", "joined_at", "unit_id", "child_id"),
    "message": (
        "id", "thread_id", "unit_id", "child_id", "author_id", "author_side", "on_behalf_of", "body", "sent_at",
        "retracted_at", "given_at",
    ),
    "read_pointer": ("thread_id", "person_id", "up_to_sent_at", "up_to_id", "read_at"),
}  # fmt: skip


class NobodyToWrite(Exception):
    """No child of the municipality has a guardian and a unit with staff."""


@dataclass(frozen=True, slots=True)
class Tie:
    """Somebody for a period, in days since 1970."""

    person: UUID
    given: str
    since: int
    until: int

    def holds(self, day: int) -> bool:
        return self.since <= day < self.until


@dataclass(frozen=True, slots=True)
class Place:
    """A child at a unit for a period, and who is around there."""

    child: UUID
    child_given: str
    unit: UUID
    kind: str
    since: int
    until: int
    guardians: Sequence[Tie]
    contacts: Sequence[Tie]
    subject_staff: Sequence[Tie]
    staff: Sequence[Tie]
    watchers: Sequence[UUID]
    """Who reads without writing: the unit's leader, contact teachers, some of an SFO's or kindergarten's staff."""
    shielded: bool
    """Protected, or with a block: no joint thread."""


@dataclass(frozen=True, slots=True)
class Pair:
    place: Place
    guardian: Tie
    since: int
    until: int


@dataclass
class Portion:
    """Rows of some threads."""

    threads: list[Row] = field(default_factory=list)
    participants: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    pointers: list[Row] = field(default_factory=list)


async def fill_threads(
    connection: asyncpg.Connection[Any],
    municipality_id: UUID,
    *,
    seed: int,
    threads: int,
    messages: int,
    now: dt.datetime,
    progress: Progress,
) -> None:
    """Adds exactly so many threads with exactly so many messages, none of them later than `now`.

    `connection` is the owner's, outside a transaction. The derived tables (`models/standing.py`) must be there, as
    every import leaves them. At least one message a thread.
    """
    if not 0 < threads <= messages:
        raise ValueError("there are at least as many messages as threads, and at least one thread")
    rng = Random(f"innsyn threads {seed}")  # noqa: S311 - the same each time is what is wanted
    pairs = await load_pairs(connection, municipality_id, now)
    if not pairs:
        raise NobodyToWrite("no child of this municipality has a guardian and a unit with staff")
    done = 0
    progress("messages", 0, messages)
    async with connection.transaction():
        for portion in portions(Writer(pairs, rng, now), lengths(threads, messages, rng)):
            for table, rows in (
                ("thread", portion.threads),
                ("participant", portion.participants),
                ("message", portion.messages),
                ("read_pointer", portion.pointers),
            ):
                await connection.copy_records_to_table(table, records=rows, columns=COLUMNS[table])
            done += len(portion.messages)
            progress("messages", done, messages)
    for table in COLUMNS:
        await connection.execute(f"vacuum (analyze) {table}")


def lengths(threads: int, messages: int, rng: Random) -> list[int]:
    """How many messages each thread has: mostly few, sometimes many, and together exactly as many as asked for."""
    mean = messages / threads
    made = [1 + int(rng.expovariate(1 / (mean - 0.5))) if mean > 1 else 1 for _ in range(threads)]
    left = messages - sum(made)
    step = 1 if left > 0 else -1
    place = 0
    while left:
        if made[place] + step >= 1:
            made[place] += step
            left -= step
        place = (place + 1) % threads
    return made


def portions(writer: Writer, sizes: Sequence[int]) -> Iterator[Portion]:
    for start in range(0, len(sizes), PORTION):
        portion = Portion()
        for size in sizes[start : start + PORTION]:
            writer.write(portion, size)
        yield portion


# -- who is there ------------------------------------------------------------------------------------------------------


PLACES = """
    select e.child_id, p.name, p.given_name, e.unit_id, u.kind,
        e.since - date '1970-01-01' as since, coalesce(e.until, date '2200-01-01') - date '1970-01-01' as until
    from enrolment e join unit u on u.id = e.unit_id join person p on p.id = e.child_id
    where u.municipality_id = $1
    order by p.source_id, u.source_id, e.since
"""
GUARDIANS = """
    select g.child_id, g.person_id, p.name, p.given_name,
        g.since - date '1970-01-01' as since, coalesce(g.until, date '2200-01-01') - date '1970-01-01' as until
    from guardianship g join person p on p.id = g.person_id
    where p.municipality_id = $1
    order by p.name_key, p.birth_date, p.id, g.since
"""
POSITIONS = """
    select s.unit_id, s.person_id, s.role, p.name, p.given_name,
        s.since - date '1970-01-01' as since, coalesce(s.until, date '2200-01-01') - date '1970-01-01' as until
    from position s join person p on p.id = s.person_id
    where p.municipality_id = $1
    order by p.source_id, s.since
"""
TEACHING = """
    select c.person_id as child_id, g.unit_id, t.person_id, t.role, p.name, p.given_name,
        greatest(c.since, t.since) - date '1970-01-01' as since,
        least(coalesce(c.until, date '2200-01-01'), coalesce(t.until, date '2200-01-01')) - date '1970-01-01' as until
    from group_membership c
    join unit_group g on g.id = c.group_id
    join unit u on u.id = g.unit_id and u.kind = 'SCHOOL'
    join group_membership t on t.group_id = g.id and t.role <> 'STUDENT'
    join person p on p.id = t.person_id
    where c.role = 'STUDENT' and p.municipality_id = $1
    order by p.source_id, g.source_id
"""
KIN = "select k.child_id, k.person_id from kinship k join person p on p.id = k.child_id where p.municipality_id = $1"
SHIELDED = "select child_id from child_protection union select child_id from block"


def first_name(row: asyncpg.Record) -> str:
    return str(row["given_name"] or row["name"])


def tie(row: asyncpg.Record) -> Tie:
    return Tie(row["person_id"], first_name(row), row["since"], row["until"])


def gathered(rows: Sequence[asyncpg.Record], *keys: str) -> dict[Any, list[Tie]]:
    made: dict[Any, list[Tie]] = {}
    for row in rows:
        made.setdefault(tuple(row[key] for key in keys) if len(keys) > 1 else row[keys[0]], []).append(tie(row))
    return made


async def load_pairs(connection: asyncpg.Connection[Any], municipality: UUID, now: dt.datetime) -> list[Pair]:
    """Every guardian of every child at every unit, with the days before today on which they can have written there."""
    today = (oslo_day(now) - EPOCH).days
    guardians = gathered(await connection.fetch(GUARDIANS, municipality), "child_id")
    positions = await connection.fetch(POSITIONS, municipality)
    teaching = await connection.fetch(TEACHING, municipality)
    contacts = gathered([row for row in teaching if row["role"] == "CONTACT_TEACHER"], "child_id", "unit_id")
    subject = gathered([row for row in teaching if row["role"] != "CONTACT_TEACHER"], "child_id", "unit_id")
    staff = gathered(positions, "unit_id")
    leaders = gathered([row for row in positions if row["role"] == "LEADER"], "unit_id")
    kin = {(row["child_id"], row["person_id"]) for row in await connection.fetch(KIN, municipality)}
    shielded = {row["child_id"] for row in await connection.fetch(SHIELDED)}
    pairs: list[Pair] = []
    for row in await connection.fetch(PLACES, municipality):
        child, unit = row["child_id"], row["unit_id"]

        def unrelated(ties: Sequence[Tie], child: UUID = child) -> Sequence[Tie]:
            return [one for one in ties if (child, one.person) not in kin] if kin else ties

        around = unrelated(staff.get(unit, ()))
        own = unrelated(contacts.get((child, unit), ()))
        reading = own if row["kind"] == "SCHOOL" else around[-2:]
        watching = [one.person for one in (*unrelated(leaders.get(unit, ())), *reading) if one.holds(today)]
        place = Place(
            child=child,
            child_given=first_name(row),
            unit=unit,
            kind=row["kind"],
            since=row["since"],
            until=row["until"],
            guardians=guardians.get(child, ()),
            contacts=own,
            subject_staff=unrelated(subject.get((child, unit), ())),
            staff=around,
            watchers=watching,
            shielded=child in shielded,
        )
        first = today - YEARS * 365
        for guardian in place.guardians:
            since, until = max(place.since, guardian.since, first), min(place.until, guardian.until, today)
            if since < until and any(one.since < until and since < one.until for one in around):
                pairs.append(Pair(place, guardian, since, until))
    return pairs


# -- what they write ---------------------------------------------------------------------------------------------------


def moment(second: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(second, dt.UTC)


class Writer:
    """Writes one thread after the other."""

    def __init__(self, pairs: list[Pair], rng: Random, now: dt.datetime) -> None:
        self.pairs = pairs
        self.weights = list(accumulate(pair.until - pair.since for pair in pairs))
        self.rng = rng
        self.now = int(now.timestamp())
        self.pools = pools(rng)

    def key(self, second: int) -> UUID:
        """A UUIDv7 of that second, with the seed's chance instead of the machine's."""
        chance = self.rng.getrandbits(74)
        return UUID(int=second * 1000 << 80 | 7 << 76 | (chance >> 62) << 64 | 2 << 62 | chance & ((1 << 62) - 1))

    def write(self, portion: Portion, size: int) -> None:
        rng = self.rng
        around: list[Tie] = []
        while not around:
            pair = rng.choices(self.pairs, cum_weights=self.weights)[0]
            place, guardian = pair.place, pair.guardian
            lately = 1 - rng.random() ** 2  # more of the recent than of the old
            day = pair.since + int((pair.until - pair.since - 1) * lately)
            around = [one for one in place.staff if one.holds(day)]
        lead = self.lead(place, day, around)
        guardians = [guardian]
        if not place.shielded and rng.random() < 0.06:
            guardians += [one for one in place.guardians if one.person != guardian.person and one.holds(day)][:1]
        lines, subject = self.lines(place.kind, size)
        times = self.times(day, pair, lines)
        self.put(portion, place, guardians, lead, around, subject, lines, times)

    def lead(self, place: Place, day: int, around: Sequence[Tie]) -> Tie:
        """Whoever of the staff the thread is with: at a school mostly the contact teacher of that day."""
        rng = self.rng
        if place.kind == "SCHOOL":
            lot = rng.random()
            near = place.contacts if lot < 0.72 else place.subject_staff if lot < 0.94 else ()
            there = [one for one in near if one.holds(day)]
            if there:
                return rng.choice(there)
        return rng.choice(around)

    def lines(self, kind: str, size: int) -> tuple[list[tuple[str, str, bool]], str]:
        """As many lines as asked for: side, text, and whether it opens an exchange; and the subject of the first."""
        pool: Sequence[Exchange] = self.pools[kind]
        first = self.rng.choice(pool)
        made: list[tuple[str, str, bool]] = []
        exchange = first
        while True:
            for index, (side, text) in enumerate(exchange.lines):
                made.append((side, text, index == 0))
                if len(made) == size:
                    return made, first.subject
            exchange = self.rng.choice(pool)

    def times(self, day: int, pair: Pair, lines: Sequence[tuple[str, str, bool]]) -> list[int]:
        """Seconds since 1970, strictly rising: by day, answers within hours, the next exchange some days later."""
        rng = self.rng
        end = min(self.now, pair.until * DAY - 2 * 3600) - 300
        at = min(day * DAY + 6 * 3600 + rng.randrange(14 * 3600), end - 60 * (len(lines) + 1))
        made = [at]
        for _, _, opens in lines[1:]:
            if opens:
                at = (at // DAY + rng.randint(1, 14)) * DAY + 6 * 3600 + rng.randrange(13 * 3600)
            else:
                at += rng.randint(120, 12_000)
            made.append(at)
        if made[-1] > end:
            first, span, room = made[0], made[-1] - made[0], end - made[0]
            made = [first + (one - first) * room // span for one in made]
            for index in range(1, len(made)):
                made[index] = max(made[index], made[index - 1] + 1)
        return made

    def put(
        self,
        portion: Portion,
        place: Place,
        guardians: Sequence[Tie],
        lead: Tie,
        around: Sequence[Tie],
        subject: str,
        lines: Sequence[tuple[str, str, bool]],
        times: Sequence[int],
    ) -> None:
        rng = self.rng
        unit, child, created = place.unit, place.child, moment(times[0])
        thread = self.key(times[0])
        joined = {one.person: created for one in (*guardians, lead)}
        family = {one.person for one in guardians}
        for_unit = unit if place.kind != "SCHOOL" and rng.random() < 0.3 else None
        sent: list[tuple[dt.datetime, UUID]] = []
        author, writing = guardians[0], lead
        for (side, text, opens), second in zip(lines, times, strict=True):
            at, key = moment(second), self.key(second)
            if opens:
                author = guardians[0] if len(guardians) == 1 else rng.choice(guardians)
                if rng.random() < (0.05 if place.kind == "SCHOOL" else 0.3):
                    writing = rng.choice(around)
                    if writing.person in family:
                        writing = lead
            who = author if side == "F" else writing
            if who.person not in joined:
                joined[who.person] = at
            body = text.format(barn=place.child_given, f=author.given, a=writing.given) if "{" in text else text
            retracted = moment(min(second + rng.randint(20, 600), self.now)) if rng.random() < 0.004 else None
            portion.messages.append((
                key, thread, unit, child, who.person, "GUARDIAN" if side == "F" else "UNIT",
                for_unit if side == "A" else None, body, at, retracted, at,
            ))  # fmt: skip
            sent.append((at, key))
        portion.threads.append((thread, unit, child, subject, len(guardians) > 1, created, sent[-1][0]))
        for person, at in joined.items():
            side = "GUARDIAN" if person in family else "UNIT"
            portion.participants.append((thread, person, side, at, unit, child))
        self.read(portion, thread, place, joined, sent, times)

    def read(
        self,
        portion: Portion,
        thread: UUID,
        place: Place,
        joined: dict[UUID, dt.datetime],
        sent: Sequence[tuple[dt.datetime, UUID]],
        times: Sequence[int],
    ) -> None:
        """Participants have mostly read to the end; those who only watch have read what is older than two weeks."""
        rng = self.rng
        old = times[-1] < self.now - 14 * DAY
        for person in joined:
            lot = rng.random()
            if lot < 0.8 or old:
                upto = len(sent) - 1
            elif lot < 0.92:
                upto = rng.randrange(len(sent))
            else:
                continue
            self.point(portion, thread, person, sent[upto], times[upto])
        if old:
            for person in place.watchers:
                if person not in joined:
                    self.point(portion, thread, person, sent[-1], times[-1])

    def point(self, portion: Portion, thread: UUID, person: UUID, upto: tuple[dt.datetime, UUID], second: int) -> None:
        read_at = moment(min(second + self.rng.randint(60, 40_000), self.now))
        portion.pointers.append((thread, person, upto[0], upto[1], read_at))
