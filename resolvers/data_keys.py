"""The keys under which texts about children lie: looked up for a level of rows at once, unwrapped here, and made when
something is first written about a child.

Whoever wraps a key under the municipality's holds `keys` of the municipality shared meanwhile; rotation
(`server/key_rotation.py`) holds it alone before it retires one, so that nothing is ever wrapped under a retired key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from aiodataloader import DataLoader
from sqlalchemy import ColumnElement, FromClause, Select, any_, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import insert as insert_or_not
from sqlalchemy.ext.asyncio import AsyncConnection

from authz.engine.sql import UUIDS, table
from models import DataKey, MunicipalityKey, new_key
from resolvers.engine.run import Run
from resolvers.engine.statement import compiled
from vault import Vault
from vault.envelope import new_data_key, seal, unseal


def keys_of_children() -> Select:
    """The data keys of `of_children`, with the keys that they are wrapped by."""
    key, by = table(DataKey, "key"), table(MunicipalityKey, "by")
    return (
        select(key.c.child_id, key.c.wrapped, by.c.id, by.c.wrapped.label("municipality_wrapped"))
        .join(by, by.c.id == key.c.municipality_key_id)
        .where(key.c.child_id == any_(bindparam("of_children", type_=UUIDS)))
    )


KEYS_OF_CHILDREN = compiled(keys_of_children())


def municipality_key(vault: Vault, key_id: UUID, wrapped: bytes) -> bytes:
    return vault.unwrap(wrapped, f"municipality_key {key_id}")


def unwrapped(vault: Vault, rows: Iterable[Any]) -> dict[UUID, bytes]:
    """By child."""
    above: dict[UUID, bytes] = {}
    keys: dict[UUID, bytes] = {}
    for child_id, wrapped, key_id, municipality_wrapped in rows:
        if key_id not in above:
            above[key_id] = municipality_key(vault, key_id, municipality_wrapped)
        keys[child_id] = unseal(above[key_id], wrapped, "data_key", child_id)
    return keys


async def data_keys(run: Run, children: Iterable[UUID]) -> Mapping[UUID, bytes]:
    """Those of the children, each asked for once in an operation however many columns lie under it."""
    loader = run.loaders.get(id(KEYS_OF_CHILDREN))
    if loader is None:

        async def load(wanted: list[UUID]) -> list[bytes]:
            keys = unwrapped(run.services.vault, await run.fetch(KEYS_OF_CHILDREN, {"of_children": wanted}))
            return [keys[child_id] for child_id in wanted]

        loader = run.loaders[id(KEYS_OF_CHILDREN)] = DataLoader(load, max_batch_size=1000)
    wanted = list(dict.fromkeys(children))
    return dict(zip(wanted, await loader.load_many(wanted), strict=True))


HOLD_KEYS = text("select pg_advisory_xact_lock_shared(hashtextextended(:what, 0))")


async def wrapping_key(
    connection: AsyncConnection, vault: Vault, municipality_id: UUID, now: dt.datetime
) -> tuple[UUID, bytes]:
    """The municipality's key that wraps now, with its id; made where there is none."""
    await connection.execute(HOLD_KEYS, {"what": f"keys {municipality_id}"})
    newest = (
        select(MunicipalityKey.id, MunicipalityKey.wrapped)
        .where(MunicipalityKey.municipality_id == municipality_id, MunicipalityKey.retired_at.is_(None))
        .order_by(MunicipalityKey.number.desc())
        .limit(1)
    )
    found = (await connection.execute(newest)).first()
    if found is None:
        await connection.execute(
            insert_or_not(MunicipalityKey)
            .values(**new_municipality_key(vault, municipality_id, 1, now))
            .on_conflict_do_nothing()
        )
        found = (await connection.execute(newest)).one()
    return found.id, municipality_key(vault, found.id, found.wrapped)


def new_municipality_key(vault: Vault, municipality_id: UUID, number: int, now: dt.datetime) -> dict[str, Any]:
    key_id = new_key()
    wrapped = vault.wrap(new_data_key(), f"municipality_key {key_id}")
    return {
        "id": key_id,
        "municipality_id": municipality_id,
        "number": number,
        "wrapped": wrapped,
        "made_at": now,
        "retired_at": None,
    }


async def data_key(
    connection: AsyncConnection, vault: Vault, municipality_id: UUID, child_id: UUID, now: dt.datetime
) -> bytes:
    """The child's data key, made where there is none."""
    asked = {"of_children": [child_id]}
    found = (await connection.execute(keys_of_children(), asked)).all()
    if not found:
        key_id, above = await wrapping_key(connection, vault, municipality_id, now)
        wrapped = seal(above, new_data_key(), "data_key", child_id)
        row = {"child_id": child_id, "municipality_key_id": key_id, "wrapped": wrapped, "made_at": now}
        await connection.execute(insert_or_not(DataKey).values(row).on_conflict_do_nothing())
        found = (await connection.execute(keys_of_children(), asked)).all()
    return unwrapped(vault, found)[child_id]


def sealed(row: FromClause, column: str) -> ColumnElement:
    """What `texts` opens: the row's id, whose child it is about, and the cipher."""
    return func.row(row.c.id, row.c.child_id, row.c[column])


def texts(what: str) -> Callable[[Run, Sequence[Any]], Awaitable[Sequence[str]]]:
    """A loader of texts that lie sealed in a column; `what` names the column, as when it was sealed."""

    async def load(run: Run, inputs: Sequence[Any]) -> list[str]:
        keys = await data_keys(run, (child_id for _, child_id, _ in inputs))
        return [unseal(keys[child_id], cipher, what, row_id).decode() for row_id, child_id, cipher in inputs]

    return load
