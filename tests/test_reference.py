"""The engine answers any operation as graphql-core's own executor does over resolvers that ask the oracle."""

from __future__ import annotations

from random import Random

import pytest

from tests.oracle.relations import Relations
from tests.oracle.view import View
from tests.reference.operations import random_operation
from tests.roads.operations import Road
from tests.roads.place import LOGINS, Place
from tests.worlds.random_world import random_world
from tests.worlds.world import oslo


@pytest.mark.parametrize("seed", [11, 12])
async def test_a_random_operation_is_answered_as_by_the_reference(place: Place, seed: int) -> None:
    world = random_world(seed)
    loaded = await place.load(world)
    relations = Relations(world)
    random = Random(seed)
    viewers = [one for one in world.people if world.people[one].number]
    for number in range(80):
        view = View(relations, random.choice(viewers), random.choice(LOGINS), oslo(world.today))
        text, _, variables = random_operation(place.schema, random, list(loaded.ids.values()))
        wrong = await place.compare(view, loaded.ids, Road(f"operation {number}", text, variables))
        assert not wrong, "\n".join([*wrong[:10], text, str(variables)])
