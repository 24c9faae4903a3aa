"""Local facts: what the municipality itself knows, from blocks and consents to years of threads and messages.

Each line becomes rows of one or more tables, but first it is only staged: in temporary tables the lines are checked
against each other and against what is known, and the plan is counted. Nothing of a file is held whole in memory.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models import Municipality, Unit, new_key
from registers.facts import Fact, LocalFile, read_facts, read_local
from registers.people import People
from registers.plan import Plan, Problems, Progress, Statement, begin_plan, copy_rows
from vault import Vault

__all__ = ["LocalFile", "plan_local", "read_local"]

BATCH = 5000

STAGED = {
    "fact": "line int, id text, kind text, row_id uuid, digest bytea",
    "setting": "fact text, line int, name text, value text",
    "block": "fact text, like block",
    "confirmation": "fact text, like confirmation",
    "delegate": "fact text, like delegate",
    "consent": "fact text, like consent",
    "need_case": "fact text, like need_case",
    "thread": "fact text, like thread",
    "participant": "fact text, like participant",
    "message": "fact text, line int, thread text, id uuid, author_id uuid, on_behalf boolean, body text,"
    " sent_at timestamptz, retracted_at timestamptz",
    "read": "fact text, line int, thread text, person_id uuid, up_to text, read_at timestamptz",
}
"""Temporary tables `in_…`; `fact` is the id of the line that a row came from."""

WRITTEN_AS_STAGED = {
    "block": "blocks",
    "confirmation": "confirmations",
    "delegate": "delegates",
    "consent": "consents",
    "need_case": "need cases",
}

RESOLVE = (
    # The threads that messages and reads of the file belong to, new and known, by the id of their line.
    """
    create temp table in_threads on commit drop as
    select fact, id, unit_id, child_id, created_at from in_thread
    union all
    select k.id, t.id, t.unit_id, t.child_id, t.created_at
    from local_fact k join thread t on t.id = k.row_id
    where k.municipality_id = :municipality and k.kind = 'thread'
        and k.id in (select thread from in_message union select thread from in_read)
    """,
    "analyze in_threads",
    # Who writes first when: whoever is no participant becomes one, of the unit's side, by writing.
    """
    create temp table in_author on commit drop as
    select t.id as thread_id, t.unit_id, t.child_id, m.author_id as person_id, min(m.sent_at) as joined_at
    from in_message m join in_threads t on t.fact = m.thread group by 1, 2, 3, 4
    """,
    "analyze in_author",
    """
    create temp table in_side on commit drop as
    select thread_id, person_id, side from in_participant
    union all
    select p.thread_id, p.person_id, p.side from participant p where p.thread_id in (select id from in_threads)
    """,
    "analyze in_side",
    """
    insert into in_participant (thread_id, person_id, side, joined_at, unit_id, child_id)
    select a.thread_id, a.person_id, 'UNIT', a.joined_at, a.unit_id, a.child_id from in_author a
    where not exists (select from in_side s where s.thread_id = a.thread_id and s.person_id = a.person_id)
    """,
    "analyze in_participant",
    # How far somebody has read: the furthest of the file's lines, at the instant when it was first reached.
    """
    create temp table in_pointer on commit drop as
    select distinct on (t.id, r.person_id) t.id as thread_id, r.person_id, m.sent_at, m.id, r.read_at
    from in_read r
    join in_threads t on t.fact = r.thread
    join (
        select fact, thread, id, sent_at from in_message
        union all
        select k.id, f.id, m.id, m.sent_at
        from local_fact k
        join message m on m.id = k.row_id
        join local_fact f on f.municipality_id = k.municipality_id and f.kind = 'thread' and f.row_id = m.thread_id
        where k.municipality_id = :municipality and k.kind = 'message' and k.id in (select up_to from in_read)
    ) m on m.fact = r.up_to and m.thread = r.thread
    order by t.id, r.person_id, m.sent_at desc, m.id desc, r.read_at
    """,
)

PROBLEMS = {
    ("thread", "names no line of a thread, here or in an earlier file"): """
        select line from in_message m where not exists (select from in_threads t where t.fact = m.thread)
        union all
        select line from in_read r where not exists (select from in_threads t where t.fact = r.thread)
    """,
    ("at", "lies before the thread began"): """
        select line from in_message m join in_threads t on t.fact = m.thread where m.sent_at < t.created_at
    """,
    ("author", "is the child that the thread is about"): """
        select line from in_message m join in_threads t on t.fact = m.thread where m.author_id = t.child_id
    """,
    ("onBehalfOfUnit", "cannot be said by the guardian side"): """
        select line from in_message m
        join in_threads t on t.fact = m.thread
        join in_side s on s.thread_id = t.id and s.person_id = m.author_id
        where m.on_behalf and s.side = 'GUARDIAN'
    """,
    ("upTo", "names no message of the thread, here or in an earlier file"): """
        select line from in_read r where not exists (
            select from in_message m where m.fact = r.up_to and m.thread = r.thread
        ) and not exists (
            select from local_fact k
            join message m on m.id = k.row_id
            join in_threads t on t.id = m.thread_id
            where k.municipality_id = :municipality and k.kind = 'message' and k.id = r.up_to and t.fact = r.thread
        )
    """,
}
KNOWN_PROBLEMS = {
    ("id", "stands on another line too"): """
        select line from (select line, row_number() over (partition by id order by line) as place from in_fact) f
        where place > 1
    """,
    ("id", "is known, with other content"): """
        select line from in_fact f
        join local_fact k on k.municipality_id = :municipality and k.id = f.id
        where k.digest <> f.digest
    """,
}

WRITES = {
    "setting": """
        insert into setting (municipality_id, name, value)
        select distinct on (name) :municipality, name, value from in_setting order by name, line desc
        on conflict (municipality_id, name) do update set value = excluded.value
    """,
    **dict.fromkeys(WRITTEN_AS_STAGED, "insert into {table} select {columns} from in_{table}"),
    "thread": """
        insert into thread (id, unit_id, child_id, subject, joint, created_at, last_message_at)
        select t.id, t.unit_id, t.child_id, t.subject, t.joint, t.created_at, coalesce(m.latest, t.created_at)
        from in_thread t
        left join (select thread, max(sent_at) as latest from in_message group by thread) m on m.thread = t.fact
    """,
    "thread that went on": """
        update thread t set last_message_at = greatest(t.last_message_at, m.latest)
        from (
            select k.id, max(m.sent_at) as latest
            from in_message m join in_threads k on k.fact = m.thread
            where not exists (select from in_thread n where n.id = k.id)
            group by k.id
        ) m
        where m.id = t.id and m.latest > t.last_message_at
    """,
    "participant": """
        insert into participant (thread_id, person_id, side, joined_at, unit_id, child_id)
        select thread_id, person_id, side, joined_at, unit_id, child_id from in_participant
    """,
    "participant who wrote earlier": """
        update participant p set joined_at = a.joined_at from in_author a
        where a.thread_id = p.thread_id and a.person_id = p.person_id and a.joined_at < p.joined_at
            and p.side = 'UNIT'
    """,
    "message": """
        insert into message (id, thread_id, unit_id, child_id, author_id, author_side, on_behalf_of, body, sent_at,
            retracted_at)
        select m.id, t.id, t.unit_id, t.child_id, m.author_id, coalesce(s.side, 'UNIT'),
            case when m.on_behalf then t.unit_id end, m.body, m.sent_at, m.retracted_at
        from in_message m
        join in_threads t on t.fact = m.thread
        left join in_side s on s.thread_id = t.id and s.person_id = m.author_id
    """,
    "read": """
        insert into read_pointer (thread_id, person_id, up_to_sent_at, up_to_id, read_at)
        select thread_id, person_id, sent_at, id, read_at from in_pointer
        on conflict (thread_id, person_id) do update set
            up_to_sent_at = excluded.up_to_sent_at, up_to_id = excluded.up_to_id, read_at = excluded.read_at
        where (excluded.up_to_sent_at, excluded.up_to_id) > (read_pointer.up_to_sent_at, read_pointer.up_to_id)
    """,
    "given": """
        update message m set given_at = p.read_at
        from in_pointer p left join participant w on w.thread_id = p.thread_id and w.person_id = p.person_id
        where m.thread_id = p.thread_id and (m.sent_at, m.id) <= (p.sent_at, p.id) and m.given_at is null
            and m.author_side <> coalesce(w.side, 'UNIT')
    """,
    "fact": """
        insert into local_fact (municipality_id, id, kind, row_id, digest, applied_at)
        select :municipality, id, kind, row_id, digest, :now from in_fact
    """,
}


async def plan_local(
    connection: AsyncConnection,
    vault: Vault,
    municipality_id: UUID,
    facts: LocalFile,
    now: dt.datetime,
    progress: Progress | None = None,
) -> Plan:
    """What the lines would add; those that were carried out before are passed over.

    Raises `InputRefused` for lines that contradict each other or what is known. `progress` is told of lines staged.
    """
    transaction = await begin_plan(connection)
    organisation_number = await connection.scalar(
        select(Municipality.organisation_number).where(Municipality.id == municipality_id)
    )
    plan = Plan(municipality_id, str(organisation_number), now, transaction, warnings=list(facts.unknown))
    problems = Problems()
    units = {
        row.source_id: row.id
        for row in await connection.execute(
            select(Unit.source_id, Unit.id).where(Unit.municipality_id == municipality_id)
        )
    }
    people = await People.load(connection, municipality_id, vault)
    stage = _Stage(connection, people, units, vault, now)
    await stage.open()
    await stage.fill(facts, problems, progress)
    problems.refuse_if_any()
    known = {"municipality": municipality_id}
    await _find(connection, facts, KNOWN_PROBLEMS, known, problems)
    problems.refuse_if_any()
    if known_lines := await stage.forget_known(municipality_id):
        plan.passed_over["lines"] = known_lines
    for statement in RESOLVE:
        await connection.execute(text(statement), known if ":municipality" in statement else {})
    await _find(connection, facts, PROBLEMS, known, problems)
    problems.refuse_if_any()
    people.write_into(plan)
    await _count(connection, plan, known)
    return plan


async def _find(
    connection: AsyncConnection,
    facts: LocalFile,
    questions: Mapping[tuple[str, str], str],
    known: Mapping[str, Any],
    problems: Problems,
) -> None:
    for (column, message), question in questions.items():
        found = await connection.scalars(
            text(f"select line from ({question}) found order by line"),  # noqa: S608 - this page's own questions
            known if ":municipality" in question else {},
        )
        for line in found:
            problems.add(facts.path.name, line, column, message)


class _Stage:
    """Lines on their way into the temporary tables, some thousands at a time."""

    def __init__(
        self, connection: AsyncConnection, people: People, units: Mapping[str, UUID], vault: Vault, now: dt.datetime
    ) -> None:
        self.connection = connection
        self.people = people
        self.units = units
        self.vault = vault
        self.now = now
        self.rows: dict[str, list[dict[str, Any]]] = {table: [] for table in STAGED}

    async def open(self) -> None:
        for table, columns in STAGED.items():
            await self.connection.execute(text(f"drop table if exists in_{table}"))
            await self.connection.execute(text(f"create temp table in_{table} ({columns}) on commit drop"))
        for made in ("in_threads", "in_author", "in_side", "in_pointer"):
            await self.connection.execute(text(f"drop table if exists {made}"))

    async def fill(self, facts: LocalFile, problems: Problems, progress: Progress | None) -> None:
        for done, fact in enumerate(read_facts(facts.path, problems), 1):
            row_id = None
            if fact.at > self.now:
                fact.item.wrong("at", "lies ahead")
            if (staged := STAGING.get(fact.kind)) is not None:
                row_id = staged(self, fact)
            self.add("fact", line=fact.line, id=fact.id, kind=fact.kind, row_id=row_id, digest=fact.digest(self.vault))
            if done % BATCH == 0:
                await self.flush()
                if progress:
                    progress(done, facts.lines)
        await self.flush()
        for table in STAGED:
            await self.connection.execute(text(f"analyze in_{table}"))

    async def flush(self) -> None:
        for table, rows in self.rows.items():
            if rows:
                await copy_rows(self.connection, f"in_{table}", list(rows[0]), [tuple(row.values()) for row in rows])
                rows.clear()

    async def forget_known(self, municipality_id: UUID) -> int:
        """Lines that were carried out before; gives how many they are."""
        for table in STAGED:
            known = await self.connection.execute(
                text(
                    f"delete from in_{table} s using local_fact k"  # noqa: S608 - names of this page
                    f" where k.municipality_id = :municipality and k.id = s.{'id' if table == 'fact' else 'fact'}"
                ),
                {"municipality": municipality_id},
            )
            if table == "fact":
                passed_over = known.rowcount
        return passed_over

    def add(self, table: str, **columns: Any) -> None:
        self.rows[table].append(columns)

    def person(self, number: str) -> UUID:
        return self.people.stub(number).id

    def by(self, fact: Fact) -> UUID | None:
        return self.person(fact.by) if fact.by else None

    def unit(self, fact: Fact) -> UUID:
        source_id = fact.told["unit"]
        if (unit := self.units.get(source_id)) is None:
            fact.item.wrong("unit", "names no unit of the roster")
            return new_key()
        return unit

    def sealed(self, reason: str) -> bytes:
        return self.vault.encrypt(reason, "reason")


def _block(stage: _Stage, fact: Fact) -> UUID:
    told = fact.told
    key = new_key()
    stage.add(
        "block",
        fact=fact.id,
        id=key,
        child_id=stage.person(told["child"]),
        person_id=stage.person(told["person"]),
        since=told["since"],
        until=told["until"],
        agreed_until=told["until"],
        reason_cipher=stage.sealed(told["reason"]),
        set_by=stage.by(fact),
        set_at=fact.at,
    )
    return key


def _confirmation(stage: _Stage, fact: Fact) -> UUID:
    told = fact.told
    key = new_key()
    stage.add(
        "confirmation",
        fact=fact.id,
        id=key,
        child_id=stage.person(told["child"]),
        person_id=stage.person(told["person"]),
        since=told["since"],
        confirmed_by=stage.by(fact),
        confirmed_at=fact.at,
    )
    return key


def _delegate(stage: _Stage, fact: Fact) -> UUID:
    told = fact.told
    key = new_key()
    stage.add(
        "delegate",
        fact=fact.id,
        id=key,
        child_id=stage.person(told["child"]),
        person_id=stage.person(told["person"]),
        unit_id=stage.unit(fact),
        since=told["since"],
        until=told["until"],
        agreed_until=told["until"],
        registered_by=stage.by(fact),
        registered_at=fact.at,
    )
    return key


def _consent(stage: _Stage, fact: Fact) -> UUID:
    told = fact.told
    key = new_key()
    stage.add(
        "consent",
        fact=fact.id,
        id=key,
        child_id=stage.person(told["child"]),
        guardian_id=stage.person(told["guardian"]),
        delegate_id=stage.person(told["delegate"]),
        unit_id=stage.unit(fact),
        since=told["since"],
        until=told["until"],
        agreed_until=told["until"],
        given_at=fact.at,
    )
    return key


def _need_case(stage: _Stage, fact: Fact) -> UUID:
    told = fact.told
    key = new_key()
    # Approved by whoever else wrote the line, if that is somebody who was known before the file.
    approver = stage.people.with_number(fact.by) if fact.by and fact.by != told["person"] else None
    person = stage.person(told["person"])
    approved = approver is not None and not approver.new and approver.id != person
    stage.add(
        "need_case",
        fact=fact.id,
        id=key,
        child_id=stage.person(told["child"]),
        person_id=person,
        reason_cipher=stage.sealed(told["reason"]),
        opened_at=fact.at,
        until=told["until"],
        approved_by=approver.id if approver is not None and approved else None,
        approved_at=fact.at if approved else None,
        for_access_log=False,
    )
    return key


def _setting(stage: _Stage, fact: Fact) -> None:
    stage.add("setting", fact=fact.id, line=fact.line, name=fact.told["name"], value=fact.told["value"])


def _thread(stage: _Stage, fact: Fact) -> UUID:
    told = fact.told
    key = new_key()
    place = {"unit_id": stage.unit(fact), "child_id": stage.person(told["child"])}
    stage.add(
        "thread",
        fact=fact.id,
        id=key,
        **place,
        subject=told["subject"],
        joint=told["joint"],
        created_at=fact.at,
        last_message_at=fact.at,
    )
    for side, numbers in (("GUARDIAN", told["guardianSide"]), ("UNIT", told["staffSide"])):
        for number in numbers:
            stage.add(
                "participant",
                fact=fact.id,
                thread_id=key,
                person_id=stage.person(number),
                side=side,
                joined_at=fact.at,
                **place,
            )
    return key


def _message(stage: _Stage, fact: Fact) -> UUID:
    told = fact.told
    key = new_key()
    if told["retracted"] is not None and told["retracted"] > stage.now:
        fact.item.wrong("retracted", "lies ahead")
    stage.add(
        "message",
        fact=fact.id,
        line=fact.line,
        thread=told["thread"],
        id=key,
        author_id=stage.person(told["author"]),
        on_behalf=told["onBehalfOfUnit"],
        body=told["body"],
        sent_at=fact.at,
        retracted_at=told["retracted"],
    )
    return key


def _read(stage: _Stage, fact: Fact) -> None:
    told = fact.told
    stage.add(
        "read",
        fact=fact.id,
        line=fact.line,
        thread=told["thread"],
        person_id=stage.person(told["person"]),
        up_to=told["upTo"],
        read_at=fact.at,
    )


STAGING: dict[str, Callable[[_Stage, Fact], UUID | None]] = {
    "block": _block,
    "confirmation": _confirmation,
    "delegate": _delegate,
    "consent": _consent,
    "setting": _setting,
    "thread": _thread,
    "message": _message,
    "read": _read,
    "needCase": _need_case,
}


async def _count(connection: AsyncConnection, plan: Plan, known: Mapping[str, Any]) -> None:
    """Counts what is staged, and plans the statements that carry it over."""

    async def rows(table: str) -> int:
        return int(await connection.scalar(text(f"select count(*) from in_{table}")) or 0)  # noqa: S608 - names of this page

    staged = {table: await rows(table) for table in (*STAGED, "pointer")}
    if not staged["fact"]:
        return
    kinds = {**WRITTEN_AS_STAGED, "thread": "threads", "participant": "participants", "message": "messages"}
    for table, kind in kinds.items():
        plan.of(kind).added += staged[table]
    plan.of("settings").changed += staged["setting"]
    plan.of("read pointers").changed += staged["pointer"]
    for table, statement in WRITES.items():
        sql = statement
        if table in WRITTEN_AS_STAGED:
            sql = statement.format(table=table, columns=await _columns(connection, table))
        bound = {name: value for name, value in {**known, "now": plan.made_at}.items() if f":{name}" in sql}
        plan.writes.append(Statement(sql, bound, staged.get(table, 0)))


async def _columns(connection: AsyncConnection, table: str) -> str:
    """The columns of a table in their own order: those that follow `fact` in its staging table."""
    names: Sequence[str] = (
        await connection.scalars(
            text(
                "select attname from pg_attribute where attrelid = cast(:staged as regclass)"
                " and attnum > 1 and not attisdropped order by attnum"
            ),
            {"staged": f"in_{table}"},
        )
    ).all()
    return ", ".join(names)
