"""The four questions of the measurement, and who asks them: the same text goes to every contestant."""

from __future__ import annotations

import datetime as dt
import random
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

TEXTS = {
    "Q1": """query Inbox($first: Int!) {
  viewer { threads(first: $first) { nodes {
    id subject lastMessageAt child { name } participants { person { name } }
    latestMessage { body sentAt author { name } }
  } } }
}""",
    "Q2": """query UnitHistory($unit: ID!, $first: Int!) {
  node(id: $unit) { ... on Unit { name threads(first: $first) { nodes {
    subject child { name birthDate guardians { name } } messages(last: 3) { nodes { body sentAt author { name } } }
  } } } }
}""",
    "Q3": """query MyPupils($first: Int!) {
  viewer { pupils(first: 50) { nodes {
    name birthDate guardians { name } threads(first: $first) { nodes { subject lastMessageAt } }
  } } }
}""",
    "Q4": """query OneThread($thread: ID!, $first: Int!) {
  node(id: $thread) { ... on Thread { subject messages(first: $first) { nodes { body sentAt author { name } } } } }
}""",
}
TITLES = {
    "Q1": "a guardian's inbox",
    "Q2": "an SFO's history",
    "Q3": "a contact teacher's class",
    "Q4": "one thread",
}
UNIT, THREAD = b"U", b"T"
"""Type bytes of global ids, as the server has them; other ones would not be answered alike."""


@dataclass(frozen=True)
class Asker:
    """One request: a person, by key and national identity number, and the unit or thread they ask for."""

    person: UUID
    number: str
    about: UUID | None


def global_id(kind: bytes, key: UUID) -> str:
    return urlsafe_b64encode(kind + key.bytes).rstrip(b"=").decode()


def key_of(told: str) -> UUID:
    """The key in a global id; its type byte is not looked at, since each statement reads one table."""
    return UUID(bytes=urlsafe_b64decode(told + "=")[1:])


def variables(question: str, about: UUID | None) -> dict[str, Any]:
    if question == "Q2":
        return {"unit": global_id(UNIT, about or UUID(int=0)), "first": 50}
    if question == "Q4":
        return {"thread": global_id(THREAD, about or UUID(int=0)), "first": 50}
    return {"first": 20 if question == "Q1" else 5}


# Who asks: enough of each that neither the database nor a cache of answers could live off a few.
SELECT_ASKERS = {
    "Q1": """
        select a.person_id, null::uuid about from participant a
        where a.side = 'GUARDIAN' and exists (
            select from guardianship g where g.person_id = a.person_id and g.child_id = a.child_id and g.since <= $1
            and (g.until is null or g.until > $1))
        and not exists (select from position p where p.person_id = a.person_id)
        group by 1 having count(*) >= 20 order by 1""",
    "Q2": """
        select p.person_id, p.unit_id about from position p join unit u on u.id = p.unit_id
        where u.kind = 'SFO' and p.since <= $1 order by 1""",
    "Q3": """
        select m.person_id, null::uuid about from group_membership m
        where m.role = 'CONTACT_TEACHER' and m.since <= $1 order by 1""",
    "Q4": """
        select a.person_id, a.thread_id about from participant a
        where a.side = 'GUARDIAN' and a.thread_id in (select thread_id from message group by 1 having count(*) >= 50)
        and exists (
            select from guardianship g where g.person_id = a.person_id and g.child_id = a.child_id and g.since <= $1
            and (g.until is null or g.until > $1))
        order by 1, 2""",
}


async def pick_askers(
    connection: asyncpg.Connection, number_of: Callable[[UUID], str], today: dt.date
) -> dict[str, list[Asker]]:
    """Up to 1,000 for each question, the same ones at each run."""
    picked = {}
    for question, select in SELECT_ASKERS.items():
        rows = [tuple(row) for row in await connection.fetch(select, today)]
        random.Random(1).shuffle(rows)
        picked[question] = [Asker(person, number_of(person), about) for person, about in rows[:1_000]]
    return picked


def foreign_askers(askers: dict[str, list[Asker]], stranger: Asker) -> dict[str, list[Asker]]:
    """Requests that must not be answered as the askers' own: a stranger's, and those of other questions' people."""

    def asking(who: Sequence[Asker], about: Sequence[Asker]) -> list[Asker]:
        return [Asker(one.person, one.number, other.about) for one, other in zip(who, about, strict=False)]

    strangers = [stranger] * 3
    teachers, guardians, staff = askers["Q3"][:3], askers["Q1"][:3], askers["Q2"]
    return {
        "Q1": strangers[:1],
        "Q2": [
            *asking(strangers, staff),
            *asking(guardians, staff),
            *asking(teachers, staff),
            *asking(staff[:3], staff[3:]),
        ],
        "Q3": [*strangers[:1], *guardians[:1]],
        "Q4": [*asking(strangers, askers["Q4"]), *asking(teachers, askers["Q4"]), *asking(staff[:3], askers["Q4"][5:])],
    }
