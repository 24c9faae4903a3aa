"""Who is set on a connection: without a viewer the second wall opens nothing, and nobody gets the one before them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import product
from random import Random
from typing import Any

import asyncpg
import pytest

from authz.engine import keys
from authz.engine.sql import FACTS
from authz.walls.doors import DOORS
from resolvers.gateway import Gateway, asked_by, shape_of
from tests.api_connection import as_the_api, enter
from tests.live import eventually
from tests.roads.place import LOGINS, Place
from tests.walls import WITHOUT_PEOPLE, names_of_the_closed
from tests.worlds.loading import Loaded
from tests.worlds.random_world import random_world
from tests.worlds.village import village, with_threads
from tests.worlds.world import DAY, oslo


@pytest.fixture
async def loaded(place: Place) -> Loaded:
    return await place.load(village())


async def relations_of(connection: asyncpg.Connection[Any]) -> list[str]:
    """Everything that the API's role may read of people."""
    rows = await connection.fetch(
        "select nspname || '.' || relname as name from pg_class c join pg_namespace n on n.oid = relnamespace"
        " where nspname = any($1) and relkind in ('r', 'p', 'v') and has_table_privilege(c.oid, 'select')",
        ["public", FACTS, *(door.schema for door in DOORS)],
    )
    plain = {f"public.{name}" for name in (*WITHOUT_PEOPLE, "alembic_version")}
    return sorted(row["name"] for row in rows if row["name"] not in plain)


async def test_without_a_viewer_everything_is_closed(place: Place, loaded: Loaded) -> None:
    async with as_the_api(place) as connection:
        names = await relations_of(connection)
        assert len(names) > 150
        for name in names:
            assert await connection.fetchval(f"select count(*) from {name}") == 0, name
        for name in names_of_the_closed():
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f"select * from {name}")


async def test_with_a_viewer_something_is_open_and_after_them_nothing(place: Place, loaded: Loaded) -> None:
    async with as_the_api(place) as connection:
        await enter(connection, place, loaded.world, "mother")
        assert await connection.fetchval("select count(*) from seen.own_child") > 0
        assert await connection.fetchval(f"select count(*) from {FACTS}.enrolment") > 0
        await connection.execute(keys.LEAVE)
        for name in await relations_of(connection):
            assert await connection.fetchval(f"select count(*) from {name}") == 0, name


async def test_whoever_is_nobody_here_sees_the_units_and_nothing_else(place: Place, loaded: Loaded) -> None:
    world = loaded.world
    async with as_the_api(place) as connection:
        viewer = replace(place.viewer(world, "mother", "private"), number_hash=b"nobody's")
        found = await connection.fetchrow(
            "select id, name from municipality where organisation_number = $1", world.organisation_number
        )
        asked = {**asked_by(viewer, (found["id"], found["name"]), oslo(world.today)), "for_transaction": False}
        entered = await connection.fetchrow(keys.ENTER, *[asked[name] for name in keys.ENTERING])
        assert entered["me"] is None
        open_ones = {name for name in await relations_of(connection) if await has_rows(connection, name)}
        of_nobody = {"public.unit", "public.setting", "public.municipality_key"}
        assert {name for name in open_ones if not name.startswith(f"{FACTS}.")} <= of_nobody


async def has_rows(connection: asyncpg.Connection[Any], name: str) -> bool:
    return bool(await connection.fetchval(f"select exists (select from {name})"))


EVERYTHING_SET = """
    select array_agg(name) from unnest($1::text[]) name
    where coalesce(current_setting('innsyn.' || name, true), '') <> ''
"""


@pytest.fixture
async def lonely(place: Place, loaded: Loaded) -> AsyncIterator[Gateway]:
    """A gateway of one connection, which every request gets."""
    gateway = await Gateway.open(place.database.api_connect, size=1)
    yield gateway
    await gateway.close()


async def left_over(gateway: Gateway) -> Any:
    """What is set on the connection that is had next, before anybody is entered."""
    async with gateway.nobodys_connection() as connection:
        return await connection.fetchval(EVERYTHING_SET, list(keys.settings()))


async def test_a_viewer_is_gone_when_the_request_is_answered(place: Place, loaded: Loaded, lonely: Gateway) -> None:
    viewer, now = place.viewer(loaded.world, "mother", "both"), oslo(loaded.world.today)
    async with lonely.viewer_connection(viewer, now) as (connection, _):
        assert "guardian" in await connection.fetchval(EVERYTHING_SET, list(keys.settings()))
    assert await left_over(lonely) is None


async def test_a_viewer_is_gone_from_a_connection_that_nobody_takes(
    place: Place, loaded: Loaded, lonely: Gateway
) -> None:
    viewer, now = place.viewer(loaded.world, "mother", "both"), oslo(loaded.world.today)
    async with lonely.viewer_connection(viewer, now):
        pass
    await eventually(lambda: not lonely._left)
    async with lonely._pool.acquire() as connection:
        assert await connection.fetchval(EVERYTHING_SET, list(keys.settings())) is None


async def told_of(connection: asyncpg.Connection[Any]) -> dict[str, Any]:
    """What the session is told, but for what is empty. Lists come in the order of whatever plan made them, and those of
    one thread's times stand beside each other."""
    rows = await connection.fetch(
        "select name, current_setting('innsyn.' || name, true) as value from unnest($1::text[]) name",
        [*keys.settings()],
    )
    told: dict[str, Any] = {row["name"]: row["value"] for row in rows if row["value"] not in (None, "", "{}")}
    lists = {name: told.pop(name)[1:-1].split(",") for name in list(told) if told[name].startswith("{")}
    if beside := sorted(lists.keys() & {"own", "own_since", "own_until"}):
        lists["own"] = list(zip(*(lists.pop(name) for name in beside), strict=True))
    return {**told, **{name: sorted(value) for name, value in lists.items()}}


@pytest.mark.parametrize("for_transaction", [False, True], ids=["as a session", "as an act"])
async def test_nothing_of_one_viewer_is_left_to_the_next(place: Place, for_transaction: bool) -> None:
    """Not every setting is set for every viewer: whoever comes after somebody else is told what they are told first."""
    world = random_world(20)
    await place.load(world)
    viewers = [(who, login) for who in world.people for login in LOGINS] * 2
    Random(1).shuffle(viewers)
    first: dict[tuple[str, str], dict[str, Any]] = {}
    async with as_the_api(place) as kept:
        for who, login in viewers:
            if (who, login) not in first:
                async with as_the_api(place) as fresh:
                    await enter(fresh, place, world, who, login)
                    first[who, login] = await told_of(fresh)
            before = await told_of(kept)
            async with kept.transaction():
                await enter(kept, place, world, who, login, for_transaction=for_transaction)
                assert await told_of(kept) == first[who, login], (who, login)
            assert await told_of(kept) == (before if for_transaction else first[who, login]), (who, login)
            if Random(who + login).random() < 0.5:  # a session's viewer before the next act's
                await enter(kept, place, world, who, login)
    assert {len(told) > 12 for told in first.values()} == {False, True}


async def test_nothing_of_anybody_is_left_to_a_guardian(place: Place) -> None:
    """Of whom `enter` sets least: whatever else the viewer before had, alone or with other things."""
    again = with_threads(village())
    again.block("mother", "pupil", again.today - 40 * DAY, again.today - 30 * DAY)
    for world in (random_world(7), again):
        await place.load(world)
        told: dict[tuple[str, str], dict[str, Any]] = {}
        had: dict[tuple[str, str], frozenset[str]] = {}
        for viewer in product(world.people, LOGINS):
            async with as_the_api(place) as fresh:
                had[viewer] = shape_of(await enter(fresh, place, world, *viewer))
                told[viewer] = await told_of(fresh)
        guardian = next(viewer for viewer, shape in had.items() if shape == {"guardian"})
        async with as_the_api(place) as kept:
            for viewer in told:
                for one in (guardian, viewer, guardian):
                    await enter(kept, place, world, *one)
                    assert await told_of(kept) == told[one], (viewer, one)
        if world is again:
            assert frozenset({"guardian", "own_threads"}) in had.values()
        else:
            assert {"cases", "delegate"} <= set().union(*(shape for shape in had.values() if "employed" not in shape))


@pytest.mark.parametrize("how", ["raises", "breaks", "is cancelled", "is too slow", "loses the connection"])
async def test_a_viewer_is_gone_however_the_request_ends(
    place: Place, loaded: Loaded, lonely: Gateway, how: str
) -> None:
    viewer, now = place.viewer(loaded.world, "mother", "both"), oslo(loaded.world.today)
    entered = asyncio.Event()

    async def ask() -> None:
        async with lonely.viewer_connection(viewer, now) as (connection, _):
            entered.set()
            if how == "raises":
                raise KeyError(how)
            if how == "breaks":
                await connection.fetch("select 1 / 0")
            if how == "loses the connection":
                await connection.execute("select pg_terminate_backend(pg_backend_pid())")
            async with asyncio.timeout(0.05 if how == "is too slow" else 60):
                await connection.fetch("select pg_sleep(30)")

    asking = asyncio.create_task(ask())
    await entered.wait()
    if how == "is cancelled":
        await asyncio.sleep(0.05)
        asking.cancel()
    with pytest.raises((KeyError, asyncpg.PostgresError, asyncio.CancelledError, TimeoutError, OSError)):
        await asking
    assert await left_over(lonely) is None
    async with lonely.viewer_connection(place.viewer(loaded.world, "stranger", "both"), now) as (connection, _):
        assert await connection.fetchval("select count(*) from seen.own_child where name = $1", "Pupil") == 0


async def test_the_viewer_of_an_act_is_gone_with_its_transaction(place: Place, loaded: Loaded, lonely: Gateway) -> None:
    viewer, now = place.viewer(loaded.world, "mother", "both"), oslo(loaded.world.today)
    async with lonely.acting(viewer, now) as scene:
        pid = await scene.raw.fetchval("select pg_backend_pid()")
        assert await scene.raw.fetchval("select count(*) from seen.own_child") > 0
    with pytest.raises(KeyError):
        async with lonely.acting(viewer, now) as scene:
            raise KeyError
    async with lonely._acts.connect() as connection:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        assert await raw.fetchval("select pg_backend_pid()") == pid
        assert await raw.fetchval(EVERYTHING_SET, list(keys.settings())) is None
        assert await raw.fetchval("select count(*) from seen.own_child") == 0
