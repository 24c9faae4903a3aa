"""The chains of the access log: whatever is done to its rows shows, and the API's role can do nothing to them."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from models import new_key
from resolvers.access_log_writer import AccessLogWriter, AccessNotLogged, AskedDocument
from resolvers.log_chain import KEY, Entry
from server.database import Database
from server.log_verification import Head, Verified, verify_log
from vault import Vault

NOON = dt.datetime(2026, 11, 28, 11, tzinfo=dt.UTC)
DOCUMENT = AskedDocument(b"d" * 32, ("Child.id", "Child.name"))
HERE, ELSEWHERE, SCHOOL = new_key(), new_key(), new_key()


def look(at: dt.datetime = NOON, municipality: UUID = HERE, **more: Any) -> Entry:
    entry = Entry(
        at, municipality, new_key(), None, "QUERY", "Pupils", DOCUMENT.digest,
        64, SCHOOL, new_key(), False, [new_key(), new_key()],
    )  # fmt: skip
    return replace(entry, **more)


@asynccontextmanager
async def writing(database: Database, vault: Vault, now: dt.datetime = NOON) -> AsyncIterator[AccessLogWriter]:
    async def connect() -> asyncpg.Connection[Any]:
        return await asyncpg.connect(**database.api_connect)

    async with AccessLogWriter(connect, vault.derived_key(KEY), lambda: now).running() as log:
        yield log


async def write(database: Database, vault: Vault, *entries: Entry, **more: Any) -> None:
    """By a worker that comes, writes one after another, and goes."""
    async with writing(database, vault, **more) as log:
        for entry in entries:
            await log.append([entry], DOCUMENT)


async def verified(database: Database, vault: Vault, *options: Any) -> Verified:
    async with database.admin_engine().connect() as connection:
        return await verify_log(connection, vault, *options)


async def owner_does(database: Database, *statements: str) -> None:
    connection = await asyncpg.connect(**database.admin_connect)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def told(database: Database, question: str) -> list[Any]:
    connection = await asyncpg.connect(**database.admin_connect)
    try:
        return await connection.fetch(question)
    finally:
        await connection.close()


async def test_log_that_nobody_touched_is_whole(database: Database, vault: Vault) -> None:
    await write(database, vault, *(look() for _ in range(5)))
    await write(database, vault, look(), look(municipality=ELSEWHERE), look(client="maskinporten 0192", person_id=None))
    found = await verified(database, vault)
    assert found.findings == []
    assert (found.entries, found.chains, found.unsealed) == (8, 3, 0)


FIRST = "(select chain_id from access_log order by chain_id limit 1)"
TAMPERED = {
    "field": f"update access_log set operation = 'Other' where chain_id = {FIRST} and sequence = 3",
    "person": f"update access_log set person_id = gen_random_uuid() where chain_id = {FIRST} and sequence = 1",
    "child": f"update access_log set children[1] = gen_random_uuid() where chain_id = {FIRST} and sequence = 3",
    "left out child": f"update access_log set children = children[1:1] where chain_id = {FIRST} and sequence = 3",
    "turned children": f"""update access_log set children = array[children[2], children[1]]
        where chain_id = {FIRST} and sequence = 3""",
    "unit": f"update access_log set unit_id = null where chain_id = {FIRST} and sequence = 3",
    "relation": f"update access_log set relation = 32 where chain_id = {FIRST} and sequence = 3",
    "need case": f"update access_log set need_case_id = null where chain_id = {FIRST} and sequence = 3",
    "messages alone": f"update access_log set messages_alone = true where chain_id = {FIRST} and sequence = 3",
    "instant": f"update access_log set at = at + interval '1 microsecond' where chain_id = {FIRST} and sequence = 3",
    "kind": f"update access_log set kind = 'MUTATION' where chain_id = {FIRST} and sequence = 3",
    "document": f"update access_log set document = 'x' where chain_id = {FIRST} and sequence = 3",
    "municipality": f"""update access_log set municipality_id = gen_random_uuid()
        where chain_id = {FIRST} and sequence = 3""",
    "seal": f"update access_log set seal = sha256(seal) where chain_id = {FIRST} and sequence = 3",
    "deleted row": f"delete from access_log where chain_id = {FIRST} and sequence = 3",
    "first row": f"delete from access_log where chain_id = {FIRST} and sequence = 1",
    "last row": f"delete from access_log where chain_id = {FIRST} and sequence = 5",
    "inserted row": f"""insert into access_log select chain_id, 6, at, municipality_id, person_id, client, kind,
        operation, document, relation, unit_id, need_case_id, messages_alone, children, seal from access_log
        where chain_id = {FIRST} and sequence = 5""",
    "doubled row": f"""insert into access_log select chain_id, sequence, at + interval '1 second', municipality_id,
        person_id, client, kind, operation, document, relation, unit_id, need_case_id, messages_alone, children, seal
        from access_log
        where chain_id = {FIRST} and sequence = 5""",
    "swapped rows": f"""update access_log set sequence = case sequence when 2 then 3 else 2 end
        where chain_id = {FIRST} and sequence in (2, 3)""",
    "chain": f"delete from access_log where chain_id = {FIRST}",
    "strange chain": f"""insert into access_log select gen_random_uuid(), 1, at, municipality_id, person_id, client,
        kind, operation, document, relation, unit_id, need_case_id, messages_alone, children, seal from access_log
        where chain_id = {FIRST} and sequence = 1""",
    "month": "drop table access_log_months.m202611",
    "emptied month": "truncate access_log_months.m202611",
    "fields": "update access_log_document set fields = '{Child.id}'",
    "deleted document": "delete from access_log_document",
    "deleted checkpoint": "delete from access_log_checkpoint where number = 2",
    "opening checkpoint": "delete from access_log_checkpoint where number = 1",
    "changed checkpoint": "update access_log_checkpoint set length = 4 where number = 2",
    "no checkpoints": "truncate access_log_checkpoint",
}  # fmt: skip


@pytest.mark.parametrize("how", TAMPERED)
async def test_owner_does_not_change_the_log_unseen(database: Database, vault: Vault, how: str) -> None:
    entries = [look(NOON + dt.timedelta(minutes=i)) for i in range(5)]
    await write(database, vault, *entries)
    await write(database, vault, look())
    assert (await verified(database, vault)).findings == []
    await owner_does(database, TAMPERED[how])
    assert (await verified(database, vault)).findings != []


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("field", "entry 3 is not what was written"),
        ("deleted row", "entry 4 follows entry 2"),
        ("last row", "its last 1 entries, from 5 on, are gone"),
        ("doubled row", "entry 5 stands there twice"),
        ("chain", "all of its 5 entries are gone"),
        ("strange chain", "no checkpoint opened it"),
        ("month", "the partition of 2026-11 is gone, with at least 6 entries"),
        ("deleted checkpoint", "checkpoint 3 of"),
    ],
)
async def test_finding_names_what_was_done(database: Database, vault: Vault, how: str, says: str) -> None:
    await write(database, vault, *(look() for _ in range(5)))
    await write(database, vault, look())
    await owner_does(database, TAMPERED[how])
    [finding] = (await verified(database, vault)).findings
    assert says in finding


async def test_owner_without_the_key_does_not_make_a_chain(database: Database, vault: Vault) -> None:
    await write(database, Vault.generate(), look(), look())
    found = (await verified(database, vault)).findings
    assert any("checkpoint 1" in text for text in found)
    assert any("entry 1 is not what was written" in text for text in found)


async def test_last_checkpoint_is_missed_by_whoever_wrote_it_down(database: Database, vault: Vault) -> None:
    await write(database, vault, look())
    [head] = (await verified(database, vault)).heads
    expected = {head.municipality: Head.read(str(head))}
    await write(database, vault, look())
    assert (await verified(database, vault, None, expected)).findings == []
    await owner_does(database, "delete from access_log_checkpoint where number > 1")
    # Entries that no checkpoint tells of are whole still; that is what the written checkpoint is for.
    found = await verified(database, vault, None, expected)
    assert any("was written down, is gone" in text for text in found.findings)


async def test_entries_after_the_last_checkpoint_are_counted_as_such(database: Database, vault: Vault) -> None:
    async with writing(database, vault) as log:
        await log.append([look()], DOCUMENT)
        await log.append([look()], DOCUMENT)
        found = await verified(database, vault)
        assert (found.findings, found.entries, found.unsealed) == ([], 2, 2)
    assert (await verified(database, vault)).unsealed == 0


@pytest.mark.parametrize(
    "statement",
    [
        "update access_log set kind = kind",
        "delete from access_log",
        "truncate access_log",
        "drop table access_log",
        "update access_log_document set fields = fields",
        "delete from access_log_document",
        "truncate access_log_document",
        "update access_log_checkpoint set length = length",
        "delete from access_log_checkpoint",
        "truncate access_log_checkpoint",
        "alter table access_log detach partition access_log_months.m202611",
        "select * from access_log_months.m202611",
        "insert into access_log_months.m202611 select * from access_log",
        "delete from access_log_months.m202611",
        "truncate access_log_months.m202611",
        "drop table access_log_months.m202611",
        "create table access_log_months.mine ()",
    ],
)
async def test_api_does_nothing_to_the_log_but_add(database: Database, vault: Vault, statement: str) -> None:
    await write(database, vault, look())
    connection = await asyncpg.connect(**database.api_connect)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_month_turns_without_anybody_waiting(database: Database, vault: Vault) -> None:
    """In Oslo, whose December begins an hour before that of the clock in Greenwich."""
    before = dt.datetime(2026, 11, 30, 22, 59, 59, 999_999, tzinfo=dt.UTC)
    after = before + dt.timedelta(microseconds=1)
    async with writing(database, vault, before) as log:
        await log.append([look(before)], DOCUMENT)
        there = await told(database, "select relname from pg_class where relname ~ '^m2' and relkind = 'r' order by 1")
        assert [row[0] for row in there] == ["m202611", "m202612"]
        await log.append([look(after)], DOCUMENT)
    rows = await told(database, "select tableoid::regclass::text as part, at from access_log order by at")
    assert [row["part"] for row in rows] == ["access_log_months.m202611", "access_log_months.m202612"]
    found = await verified(database, vault)
    assert (found.findings, found.chains) == ([], 2)
    november = await verified(database, vault, dt.date(2026, 11, 1))
    assert (november.findings, november.entries) == ([], 1)


async def test_workers_that_begin_a_month_together_both_write(database: Database, vault: Vault) -> None:
    async def worker() -> None:
        await write(database, vault, *(look() for _ in range(3)))

    await asyncio.gather(*(worker() for _ in range(4)))
    found = await verified(database, vault)
    assert (found.findings, found.entries, found.chains) == ([], 12, 4)


async def test_many_who_wait_are_written_together_and_in_one_chain(database: Database, vault: Vault) -> None:
    async with writing(database, vault) as log:
        await asyncio.gather(*(log.append([look()], DOCUMENT) for _ in range(500)))
    found = await verified(database, vault)
    assert (found.findings, found.entries, found.chains) == ([], 500, 1)
    transactions = await told(database, "select count(distinct xmin::text) from access_log")
    assert transactions[0][0] < 20


async def test_entry_that_cannot_be_written_is_an_error_and_what_comes_later_is_written(
    database: Database, vault: Vault
) -> None:
    async with writing(database, vault) as log:
        await log.append([look()], DOCUMENT)
        await owner_does(database, "revoke insert on access_log from innsyn_api")
        with pytest.raises(AccessNotLogged):
            await log.append([look()], DOCUMENT)
        await owner_does(database, "grant insert on access_log to innsyn_api")
        await log.append([look()], DOCUMENT)
    found = await verified(database, vault)
    assert (found.findings, found.entries) == ([], 2)


async def test_writer_whose_connection_breaks_while_it_writes_goes_on_with_another(
    database: Database, vault: Vault
) -> None:
    owner = await asyncpg.connect(**database.admin_connect)
    other = await asyncpg.connect(**database.api_connect)
    async with writing(database, vault) as log:
        await log.append([look()], DOCUMENT)
        async with owner.transaction():
            await owner.execute("lock table access_log in access exclusive mode")
            writes = asyncio.create_task(log.append([look()], DOCUMENT))
            waiting = "select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
            for _ in range(500):
                if (pid := await other.fetchval(waiting)) is not None:
                    break
                await asyncio.sleep(0.01)
            assert await other.fetchval("select pg_terminate_backend($1)", pid)
            await asyncio.sleep(0.2)
            assert not writes.done()
        await writes
    await owner.close()
    await other.close()
    found = await verified(database, vault)
    assert (found.findings, found.entries, found.chains) == ([], 2, 2)


@pytest.mark.parametrize(("setting", "kept"), [("off", "on"), ("remote_apply", "remote_apply")])
async def test_commit_of_the_log_means_written_whatever_the_database_is_set_to(
    database: Database, vault: Vault, setting: str, kept: str
) -> None:
    connections: list[asyncpg.Connection[Any]] = []

    async def connect() -> asyncpg.Connection[Any]:
        connections.append(await asyncpg.connect(**database.api_connect))
        await connections[-1].execute(f"set synchronous_commit = {setting}")
        return connections[-1]

    async with AccessLogWriter(connect, vault.derived_key(KEY), lambda: NOON).running() as log:
        await log.append([look()], DOCUMENT)
        assert await connections[-1].fetchval("show synchronous_commit") == kept


async def test_log_that_has_ended_takes_nothing(database: Database, vault: Vault) -> None:
    async with writing(database, vault) as log:
        pass
    with pytest.raises(AccessNotLogged):
        await log.append([look()], DOCUMENT)


async def test_chain_of_a_day_that_is_over_is_closed(database: Database, vault: Vault, monkeypatch) -> None:
    monkeypatch.setattr("resolvers.access_log_writer.SECONDS_BETWEEN_SEALS", 0.05)
    async with writing(database, vault, NOON + dt.timedelta(days=1)) as log:
        await log.append([look()], DOCUMENT)
        for _ in range(600):
            kinds = [row[0] for row in await told(database, "select kind from access_log_checkpoint order by number")]
            if "CLOSED" in kinds:
                break
            await asyncio.sleep(0.05)
        assert kinds == ["OPENED", "CLOSED"]


async def test_chain_that_grows_is_sealed_now_and_then(database: Database, vault: Vault, monkeypatch) -> None:
    monkeypatch.setattr("resolvers.access_log_writer.SECONDS_BETWEEN_SEALS", 0.05)

    async def kinds() -> list[str]:
        return [row[0] for row in await told(database, "select kind from access_log_checkpoint order by number")]

    async with writing(database, vault) as log:
        for seals in range(1, 4):
            await log.append([look()], DOCUMENT)
            async with asyncio.timeout(30):
                while (await kinds()).count("SEALED") < seals:  # noqa: ASYNC110 the writer tells nobody of it
                    await asyncio.sleep(0.02)
            await asyncio.sleep(0.2)  # what has not grown is not sealed
    assert await kinds() == ["OPENED", "SEALED", "SEALED", "SEALED", "CLOSED"]
    assert (await verified(database, vault)).findings == []
