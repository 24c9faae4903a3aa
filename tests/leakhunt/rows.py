"""What lies in the tables and is for nobody: keys, hashes and ciphers, and what files call things.

Read as the owner, from every column that there is, so that a table of tomorrow is hunted too.
"""

from __future__ import annotations

from typing import Any

import asyncpg

from registers.names import UNKNOWN_NAME
from tests.leakhunt.search import LENGTH, Search, key_of

SECRET_TEXTS = (
    "source_id", "local_fact.id", "sign_in_subject.subject", "carried_out.idempotency_key", "unit.organisation_number",
)  # fmt: skip
"""Ends of the names of columns whose texts are for nobody."""
SHORTEST = 6
ROW, CALLED = "never: a key, hash or cipher of a row", "never: what a file calls something"
WORDS = {
    "absence.ended_how", "absence.side", "attachment.media_type", "block.set_as", "block_lift.lifted_as",
    "broadcast_recipient.state", "carried_out.act", "child_protection.level", "confirmation.confirmed_as",
    "delegate.ended_as", "family_relation.own_role", "family_relation.related_role", "group_membership.role",
    "local_fact.kind", "message.author_side", "parental_responsibility.kind", "participant.side",
    "photo_consent.purpose", "position.role", "protection.level", "record.kind", "residence.level", "setting.name",
    "setting.value", "sign_in_subject.issuer", "substitution.role", "task.done_as", "task.kind", "unit.kind",
    "unit_group.kind", "person.given_name",
}  # fmt: skip
"""Columns of words that many rows share: what kind a thing is, or a given name, which stands beside a family name."""
PUBLIC = {
    "municipality.name": "told to everybody who asks",
    "municipality.organisation_number": "the viewer's own token names it",
    "parental_responsibility.holder_organisation": "an organisation's public number",
}


async def columns(connection: asyncpg.Connection[Any]) -> list[tuple[str, str, str]]:
    """Table, column and type."""
    rows = await connection.fetch(
        "select c.table_name, c.column_name, c.data_type from information_schema.columns c"
        " join information_schema.tables t using (table_schema, table_name)"
        " where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.table_name <> 'alembic_version'"
        " order by 1, 2"
    )
    return [tuple(row) for row in rows]


async def values(connection: asyncpg.Connection[Any], table: str, column: str) -> set[Any]:
    rows = await connection.fetch(f'select distinct "{column}" from "{table}" where "{column}" is not null')
    return {row[0] for row in rows}


async def learn_rows(connection: asyncpg.Connection[Any], search: Search, never: dict[str, str]) -> None:
    """Takes it all into the search and says what it is; what a viewer may be given of it, a book knows first."""
    for table, column, kind in await columns(connection):
        if kind in ("uuid", "bytea"):
            found = await values(connection, table, column)
            binaries = [told for one in found if len(told := one.bytes if kind == "uuid" else one) >= LENGTH]
            search.know(binaries=binaries)
            never.update(dict.fromkeys(map(key_of, binaries), ROW))
        elif f"{table}.{column}".endswith(SECRET_TEXTS):
            texts = [one for one in await values(connection, table, column) if len(one) >= SHORTEST]
            search.know(texts=texts)
            never.update(dict.fromkeys(map(key_of, texts), CALLED))


async def without_canary(connection: asyncpg.Connection[Any], search: Search) -> set[str]:
    """Columns of texts that hold one in which no canary is, beside those that are known for it."""
    bare = set()
    for table, column, kind in await columns(connection):
        name = f"{table}.{column}"
        if kind in ("text", "character varying") and name not in WORDS and name not in PUBLIC:
            for told in await values(connection, table, column):
                if told and told.casefold() != UNKNOWN_NAME.casefold() and not search.find(told.encode()):
                    bare.add(f"{name}: {told[:40]!r}")
                    break
    return bare
