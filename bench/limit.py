"""The limit: each question as one hand-written SQL statement that returns the JSON, behind nothing but uvicorn.

What a good author of SQL would write who knows the four questions and nothing else: no schema, no tokens, no ids
but those asked for. The rules of access are those that these answers turn on (who is GUARDIAN or DELEGATE now, T1 to
T7, R1 and R2, the columns for birth date and guardians, C6); need cases and pupils over 15 ask none of these questions.
The viewer comes in a header.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from bench.questions import TEXTS, THREAD, key_of

# $1 the viewer's person key, $2 today, $3 what is asked for.


def now(table: str) -> str:
    return f"{table}.since <= $2 and ({table}.until is null or {table}.until > $2)"


def rows(select: str) -> str:
    """The rows of a select as a JSON list, in its order and with its columns' names."""
    return f"(select coalesce(json_agg(z), '[]') from ({select}) z)"


# What the viewer is, worked out once a statement: units whose threads are theirs to read whole (T4 to T6), units they
# lead, children to whom they are never staff (R1, R2), and the pupils they teach with the unit where they do.
ME = f"""me as materialized (select
    array(
        select p.unit_id from position p join unit pu on pu.id = p.unit_id
        where p.person_id = $1 and {now("p")} and (p.role = 'LEADER' or pu.kind <> 'SCHOOL')) wide,
    array(select p.unit_id from position p where p.person_id = $1 and {now("p")} and p.role = 'LEADER') led,
    array(
        select k.child_id from kinship k where k.person_id = $1
        union all select b.child_id from block b where b.person_id = $1 and {now("b")}) closed)"""
WIDE, LED, CLOSED = (f"(select {name} from me)::uuid[]" for name in ("wide", "led", "closed"))
TAUGHT = f"""taught as materialized (
    select s.person_id child_id, g.unit_id, m.role = 'CONTACT_TEACHER' contact
    from group_membership m join unit_group g on g.id = m.group_id
    join unit gu on gu.id = g.unit_id and gu.kind = 'SCHOOL'
    join group_membership s on s.group_id = g.id and s.role = 'STUDENT' and {now("s")}
    join enrolment e on e.child_id = s.person_id and e.unit_id = g.unit_id and {now("e")}
    where m.person_id = $1 and m.role <> 'STUDENT' and {now("m")} and s.person_id <> all ({CLOSED})
    and exists (select from position p where p.person_id = $1 and p.unit_id = g.unit_id and {now("p")}))"""


def as_family(row: str) -> str:
    """T1's relation to the child of a row, today."""
    return f"""(exists (
            select from guardianship r where r.child_id = {row}.child_id and r.person_id = $1 and {now("r")})
        or exists (
            select from delegation d where d.child_id = {row}.child_id and d.person_id = $1
            and d.unit_id = {row}.unit_id and {now("d")}))"""


def held(row: str) -> str:
    """T7's days of that relation, as instants: worked out once a thread, not once a message."""
    midnight = "{0}::timestamp at time zone 'Europe/Oslo'"
    return f"""(
        select range_agg(tstzrange({midnight.format("since")}, {midnight.format("until")})) from (
            select r.since, r.until from guardianship r where r.child_id = {row}.child_id and r.person_id = $1
            union all select d.since, d.until from delegation d
            where d.child_id = {row}.child_id and d.person_id = $1 and d.unit_id = {row}.unit_id) x)"""


# The threads in which the viewer takes part, as T1 and T2 ask it.
PART = f"""part as materialized (
    select a.thread_id, a.unit_id, a.child_id, a.joined_at, a.side from participant a where a.person_id = $1 and (
        (a.side = 'GUARDIAN' and {as_family("a")})
        or (a.side = 'UNIT'
            and (a.child_id, a.unit_id) in (select child_id, unit_id from taught where not contact))))"""


SEEN = """(t.whole or (m.sent_at >= t.joined_at and (t.side = 'UNIT' or m.sent_at <@ t.held)))"""
"""T7, of a message in a thread with what its viewer is in it."""


def newest(limit: int, *branches: str) -> str:
    """The newest threads of the branches by which a viewer sees some: each can stop early on an index of its own."""
    order = f"order by last_message_at desc, id desc limit {limit}"
    each = " union all ".join(f"({branch} {order})" for branch in branches)
    return f"(select * from ({each}) x {order})"


WHOLE = "select t.*, true whole, null::timestamptz joined_at, null side, null::tstzmultirange held from"
TAKEN_PART = f"select t.*, false whole, p.joined_at, p.side, {held('p')} held from"

NAME = "json_build_object('name', y.name)"
MESSAGE = f"""case when m.retracted_at is null then m.body end body, m.sent_at "sentAt", {NAME} author"""
THREAD_ID = f"rtrim(translate(encode('\\x{THREAD.hex()}'::bytea || uuid_send(t.id), 'base64'), '+/', '-_'), '=')"
GUARDIANS = rows(f"""
    select y.name from guardianship r join person y on y.id = r.person_id
    where r.child_id = c.id and {now("r")} order by y.name_key""")
PARTICIPANTS = rows(f"""
    select {NAME} person from participant o join person y on y.id = o.person_id
    where o.thread_id = t.id order by y.name_key""")

INBOX = rows(f"""
    select {THREAD_ID} id, t.subject, coalesce(l.sent_at, t.created_at) "lastMessageAt",
        json_build_object('name', c.name) child, {PARTICIPANTS} participants, l.message "latestMessage"
    from (
        select t.*, a.joined_at, {held("a")} held from participant a join thread t on t.id = a.thread_id
        where a.person_id = $1 and a.side = 'GUARDIAN' and {as_family("a")}
        order by t.last_message_at desc, t.id desc limit 20
    ) t
    join person c on c.id = t.child_id
    left join lateral (
        select z."sentAt" sent_at, row_to_json(z) message from (
            select {MESSAGE} from message m join person y on y.id = m.author_id
            where m.thread_id = t.id and m.sent_at >= t.joined_at and m.sent_at <@ t.held
            order by m.sent_at desc, m.id desc limit 1) z
    ) l on true
    order by t.last_message_at desc, t.id desc""")
Q1 = f"""
select json_build_object('data', json_build_object('viewer', json_build_object('threads',
    json_build_object('nodes', {INBOX}))))::text"""

# A child's birth date and guardians are open to a relation that holds now; the birth date, by C6, also to a leader of
# the unit that the child has left.
RELATED = f"""(
    (c.id <> all ({CLOSED}) and exists (
        select from enrolment e where e.child_id = c.id and e.unit_id = any ({WIDE}) and {now("e")}))
    or c.id in (select child_id from taught)
    or exists (select from guardianship r where r.child_id = c.id and r.person_id = $1 and {now("r")}))"""
LED_ONCE = f"""(c.id <> all ({CLOSED}) and exists (
    select from enrolment e where e.child_id = c.id and e.unit_id = any ({LED}) and e.since <= $2))"""

OF_UNIT = newest(
    50,
    f"{WHOLE} thread t where t.unit_id = $3 and $3 = any ({WIDE}) and t.child_id <> all ({CLOSED})",
    f"""{WHOLE} (select distinct child_id from taught where contact and unit_id = $3) n
        join thread t on t.child_id = n.child_id and t.unit_id = $3 where $3 <> all ({WIDE})""",
    f"""{TAKEN_PART} part p join thread t on t.id = p.thread_id where p.unit_id = $3
        and (p.side = 'GUARDIAN' or ($3 <> all ({WIDE})
            and p.child_id not in (select child_id from taught where contact and unit_id = $3)))""",
)
CHILD = f"""json_build_object('name', c.name,
    'birthDate', case when k.related or {LED_ONCE} then c.birth_date end,
    'guardians', case when k.related then {GUARDIANS} end)"""
LAST_THREE = rows(f"""
    select {MESSAGE} from (
        select * from message m where m.thread_id = t.id and {SEEN} order by m.sent_at desc, m.id desc limit 3
    ) m join person y on y.id = m.author_id order by m.sent_at, m.id""")
HISTORY = rows(f"""
        select t.subject, {CHILD} child, json_build_object('nodes', {LAST_THREE}) messages
        from {OF_UNIT} t join person c on c.id = t.child_id cross join lateral (select {RELATED} related offset 0) k
        order by t.last_message_at desc, t.id desc""")
Q2 = f"""
with {ME}, {TAUGHT}, {PART}
select json_build_object('data', json_build_object('node', (
    select json_build_object('name', u.name, 'threads', json_build_object('nodes', {HISTORY}))
    from unit u where u.id = $3 and u.municipality_id = (select v.municipality_id from person v where v.id = $1)
)))::text"""

OF_CHILD = newest(
    5,
    f"""{WHOLE} thread t where t.child_id = c.id and c.id <> all ({CLOSED})
        and (t.unit_id = any (c.contact_at) or t.unit_id = any ({WIDE}))""",
    f"""{TAKEN_PART} part p join thread t on t.id = p.thread_id where p.child_id = c.id
        and (p.side = 'GUARDIAN' or not (p.unit_id = any (c.contact_at) or p.unit_id = any ({WIDE})))""",
)
LAST_SEEN_AT = f"""case when t.whole then t.last_message_at else coalesce(
    (select max(m.sent_at) from message m where m.thread_id = t.id and {SEEN}), t.created_at) end"""
NEWEST_FIVE = rows(f"""
        select t.subject, {LAST_SEEN_AT} "lastMessageAt" from {OF_CHILD} t
        order by t.last_message_at desc, t.id desc""")
CLASS = rows(f"""
    select c.name, c.birth_date "birthDate", {GUARDIANS} guardians, json_build_object('nodes', {NEWEST_FIVE}) threads
    from pupil c order by c.name_key, c.id""")
# `offset 0` keeps the planner from hashing all people for 25 of them.
Q3 = f"""
with {ME}, {TAUGHT}, {PART}, pupil as materialized (
    select p.id, p.name, p.name_key, p.birth_date, mine.contact_at from (
        select child_id, coalesce(array_agg(unit_id) filter (where contact), '{{}}') contact_at from (
            select child_id, unit_id, contact from taught
            union all
            select e.child_id, e.unit_id, false from enrolment e where e.unit_id = any ({WIDE}) and {now("e")}
            and e.child_id <> all ({CLOSED})
        ) x group by child_id
    ) mine cross join lateral (select * from person o where o.id = mine.child_id offset 0) p
    order by p.name_key, p.id limit 50
)
select json_build_object('data', json_build_object('viewer', json_build_object('pupils',
    json_build_object('nodes', {CLASS}))))::text"""

# One thread: what the viewer is to its child alone, and T1 first, since this is a guardian's question.
AT_SCHOOL = f"""exists (
    select from group_membership s join unit_group g on g.id = s.group_id and g.unit_id = t.unit_id
    join group_membership m on m.group_id = g.id and m.person_id = $1 and {now("m")}
    join unit gu on gu.id = g.unit_id and gu.kind = 'SCHOOL'
    where s.person_id = t.child_id and s.role = 'STUDENT' and {now("s")} and m.role {{roles}}
    and exists (select from enrolment e where e.child_id = t.child_id and e.unit_id = t.unit_id and {now("e")})
    and exists (select from position p where p.person_id = $1 and p.unit_id = t.unit_id and {now("p")}))"""
NOT_CLOSED = f"""not exists (select from kinship k where k.child_id = t.child_id and k.person_id = $1)
    and not exists (select from block b where b.child_id = t.child_id and b.person_id = $1 and {now("b")})"""
FIRST_FIFTY = rows(f"""
    select {MESSAGE} from (
        select * from message m where m.thread_id = t.id and {SEEN} order by m.sent_at, m.id limit 50
    ) m join person y on y.id = m.author_id order by m.sent_at, m.id""")
Q4 = f"""
select json_build_object('data', json_build_object('node', (
    select json_build_object('subject', t.subject, 'messages', json_build_object('nodes', {FIRST_FIFTY}))
    from (
        select t.*, a.joined_at, a.side, w.whole, {held("t")} held from thread t
        left join participant a on a.thread_id = t.id and a.person_id = $1
        cross join lateral (select a.side = 'GUARDIAN' and {as_family("t")} family) f
        cross join lateral (select f.family is not true and {NOT_CLOSED} and (
            exists (
                select from position p join unit pu on pu.id = p.unit_id
                where p.person_id = $1 and p.unit_id = t.unit_id and {now("p")}
                and (p.role = 'LEADER' or pu.kind <> 'SCHOOL'))
            or {AT_SCHOOL.format(roles="= 'CONTACT_TEACHER'")}) whole) w
        where t.id = $3 and (f.family or w.whole or (a.side = 'UNIT' and {NOT_CLOSED}
            and {AT_SCHOOL.format(roles="in ('SUBJECT_TEACHER', 'ASSISTANT')")}))
    ) t
)))::text"""

STATEMENTS = {"Q1": Q1, "Q2": Q2, "Q3": Q3, "Q4": Q4}
SETTINGS = {"timezone": "UTC", "jit": "off", "plan_cache_mode": "force_generic_plan"}


Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Limit:
    """A bare ASGI application: reads the body, runs the statement that belongs to the text, sends what came back."""

    pool: asyncpg.Pool

    def __init__(self) -> None:
        told = json.loads(os.environ["BENCH_CONNECT"])
        self.connect = {**told, "server_settings": {**told.get("server_settings", {}), **SETTINGS}}
        self.today = dt.date.fromisoformat(os.environ["BENCH_TODAY"])
        self.by_text = {TEXTS[question]: (sql, "$3" in sql) for question, sql in STATEMENTS.items()}

    async def open(self) -> None:
        async def leave(_connection: Any) -> None:
            """Nothing of a session is ever changed, so there is nothing to reset."""

        self.pool = await asyncpg.create_pool(
            **self.connect, min_size=10, max_size=10, reset=leave, max_cacheable_statement_size=0
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await self.open()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await self.pool.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
        body = b""
        more = True
        while more:
            part = await receive()
            body += part.get("body", b"")
            more = part.get("more_body", False)
        asked = orjson.loads(body)
        statement, has_object = self.by_text[asked["query"]]
        viewer = next(UUID(value.decode()) for name, value in scope["headers"] if name == b"x-viewer")
        told = asked["variables"]
        about = (key_of(told.get("unit") or told["thread"]),) if has_object else ()
        answer = (await self.pool.fetchval(statement, viewer, self.today, *about)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


def create_app() -> Limit:
    return Limit()
