"""Rotation of a municipality's key: everything opens before, during and after, and the old key opens nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import asyncpg
import pytest
from sqlalchemy import select

from models import DataKey, MunicipalityKey
from resolvers.data_keys import data_key
from server.database import Database
from server.key_rotation import rotate_keys
from tests.oracle.relations import Relations
from tests.oracle.view import View
from tests.records import Shelf, shelved
from tests.test_records import CLOSED, NOW, SHARED, at
from tests.worlds.records import Told
from tests.worlds.village import village
from tests.worlds.world import World


def two_children() -> World:
    world = village()
    world.member("stranger", "3B")
    world.enrol("stranger", "school")
    return world


async def some_records(place) -> Shelf:
    told = [
        Told(f"{child}_{kind}", child, "school", kind, "teacher", at(number))
        for child in ("pupil", "stranger")
        for number, kind in enumerate((*SHARED, *CLOSED))
    ]
    return await shelved(place, two_children(), told)


async def all_open(shelf: Shelf) -> None:
    wrong = await shelf.compare(View(Relations(shelf.world), "teacher", "both", NOW))
    assert not wrong, wrong


async def rotated(shelf: Shelf, vault=None):
    async with shelf.place.database.admin_engine().connect() as connection:
        return await rotate_keys(connection, vault or shelf.place.vault, shelf.loaded.municipality, NOW)


async def rows(shelf: Shelf, text: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(**shelf.place.database.admin_connect)
    try:
        return await connection.fetch(text, shelf.loaded.municipality)
    finally:
        await connection.close()


CIPHERS = """select v.body_cipher, v.title_cipher from record_version v join person p on p.id = v.child_id
             where p.municipality_id = $1 order by v.id"""
WRAPPED = """select d.child_id, d.wrapped, k.number
             from data_key d join municipality_key k on k.id = d.municipality_key_id
             where k.municipality_id = $1 order by d.child_id"""
KEYLESS = "select id from person where municipality_id = $1 and id not in (select child_id from data_key)"
KEYS = "select number, wrapped, retired_at from municipality_key where municipality_id = $1 order by number"


async def test_rotation_wraps_every_data_key_anew_and_touches_no_text(place):
    shelf = await some_records(place)
    texts, wrapped = await rows(shelf, CIPHERS), await rows(shelf, WRAPPED)
    done = await rotated(shelf)
    assert (done.number, done.data_keys, done.retired) == (2, 2, 1)
    assert await rows(shelf, CIPHERS) == texts
    after = await rows(shelf, WRAPPED)
    assert [row["number"] for row in after] == [2, 2]
    assert not {row["wrapped"] for row in after} & {row["wrapped"] for row in wrapped}
    old, new = await rows(shelf, KEYS)
    assert (old["wrapped"], old["retired_at"], new["retired_at"]) == (None, NOW, None)
    await all_open(shelf)


async def test_rotation_can_be_done_again_and_again(place):
    shelf = await some_records(place)
    for number in (2, 3, 4):
        assert (await rotated(shelf)).number == number
        await all_open(shelf)


async def test_a_municipality_without_records_gets_its_key_by_rotation(place):
    shelf = await shelved(place, village(), [])
    done = await rotated(shelf)
    assert (done.number, done.data_keys, done.retired) == (1, 0, 0)


async def test_readers_and_writers_do_not_notice_a_rotation(place):
    shelf = await some_records(place)
    engine = shelf.place.database.admin_engine()
    stop = asyncio.Event()

    async def reading() -> None:
        while not stop.is_set():
            await all_open(shelf)

    async def writing(child_id) -> bytes:
        async with engine.begin() as connection:
            return await data_key(connection, shelf.place.vault, shelf.loaded.municipality, child_id, NOW)

    others = await rows(shelf, KEYLESS)
    readers = [asyncio.create_task(reading()) for _ in range(2)]
    made, *_ = await asyncio.gather(
        asyncio.gather(*(writing(row["id"]) for row in others)), *(rotated(shelf) for _ in range(3))
    )
    stop.set()
    await asyncio.gather(*readers)
    async with engine.begin() as connection:
        kept = [
            await data_key(connection, shelf.place.vault, shelf.loaded.municipality, row["id"], NOW) for row in others
        ]
        retired = await connection.execute(
            select(DataKey.child_id)
            .join(MunicipalityKey, MunicipalityKey.id == DataKey.municipality_key_id)
            .where(MunicipalityKey.retired_at.is_not(None))
        )
        assert retired.all() == []
    assert kept == made


async def test_a_rotation_that_was_broken_off_is_finished_by_the_next(place, monkeypatch):
    shelf = await some_records(place)
    monkeypatch.setattr("server.key_rotation.BATCH", 1)

    async def broken(self):
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr("server.key_rotation.Rotation.retire", broken)
        with pytest.raises(ConnectionResetError):
            await rotated(shelf)
    await all_open(shelf)
    done = await rotated(shelf)
    assert (done.number, done.data_keys, done.retired) == (3, 2, 2)
    await all_open(shelf)


async def test_rotation_takes_the_newest_key_of_the_vault(place):
    shelf = await some_records(place)
    vault = shelf.place.vault
    newer = replace(vault, encryption_keys=(*vault.encryption_keys, b"n" * 32))
    await rotated(shelf, newer)
    [_, row] = await rows(shelf, KEYS)
    assert newer.is_newest(row["wrapped"])


def test_the_command_rotates_while_nothing_is_there(innsyn):
    done = innsyn("keys", "rotate")
    assert done.returncode == 2
    assert "import a roster first" in done.stderr


async def test_api_can_neither_change_nor_wipe_a_key(database: Database):
    connection = await asyncpg.connect(**database.api_connect)
    try:
        for table in ("municipality_key", "data_key"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"update {table} set wrapped = null")
    finally:
        await connection.close()
