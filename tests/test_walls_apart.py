"""Either wall alone is enough: one is taken away, and every answer is still the oracle's. Without both it is not."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.conftest import TestServer, new_database
from tests.oracle.relations import Relations
from tests.roads.fixtures import opened_place
from tests.roads.place import LOGINS, Place
from tests.walls import alone, take_down
from tests.worlds.loading import Loaded
from tests.worlds.random_world import random_world
from tests.worlds.village import village
from tests.worlds.world import DAY, World, oslo

SEEDS = (7, 20)
"""Of random worlds."""


async def everybody_agrees(place: Place, world: World, loaded: Loaded, now: dt.datetime) -> list[str]:
    return await place.agree(loaded, list(world.people), LOGINS, now, relations=Relations(world))


@pytest.mark.parametrize("seed", SEEDS)
async def test_without_any_predicate_no_answer_is_another(place: Place, seed: int) -> None:
    """The first wall is gone from every resolver, and the oracle's answers are given still."""
    world = random_world(seed)
    loaded = await place.load(world)
    with alone(place) as unguarded:
        differing = await everybody_agrees(unguarded, world, loaded, oslo(world.today + seed % 2 * DAY))
    assert not differing, "\n".join(differing[:20])


async def test_without_any_predicate_nobody_of_the_village_sees_more(place: Place) -> None:
    world = village()
    loaded = await place.load(world)
    with alone(place) as unguarded:
        differing = await everybody_agrees(unguarded, world, loaded, oslo(world.today))
    assert not differing, "\n".join(differing[:20])


@pytest.fixture(scope="module")
async def unwalled(test_server: TestServer, vault) -> AsyncIterator[Place]:
    """A place without the second wall."""
    async with new_database(test_server) as database:
        owner = await asyncpg.connect(**database.admin_connect)
        await take_down(owner)
        await owner.close()
        async with opened_place(database, vault) as opened:
            yield opened


@pytest.mark.parametrize("seed", SEEDS)
async def test_without_row_level_security_no_answer_is_another(unwalled: Place, seed: int) -> None:
    world = random_world(seed)
    loaded = await unwalled.load(world)
    differing = await everybody_agrees(unwalled, world, loaded, oslo(world.today + seed % 2 * DAY))
    assert not differing, "\n".join(differing[:20])


async def test_without_both_walls_strangers_see_what_is_not_theirs(unwalled: Place) -> None:
    """What the two builds take away does matter: without both, anybody sees anything."""
    world = village()
    loaded = await unwalled.load(world)
    with alone(unwalled) as unguarded:
        differing = await unguarded.agree(
            loaded, ["stranger"], ["both"], oslo(world.today), relations=Relations(world), only=("nodes",)
        )
    assert len(differing) > 3
