"""The one statement that says who of the connected sees a message, held against the oracle in random worlds."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from norway.days import oslo_day
from resolvers.ids import decode
from resolvers.live import Connected, Live
from tests.oracle.relations import Relations
from tests.oracle.view import Node, View
from tests.roads.place import LOGINS, Place
from tests.worlds.random_world import random_world
from tests.worlds.village import village, with_threads
from tests.worlds.world import World, oslo


async def entries_of(place: Place, world: World, municipality: Any) -> list[tuple[str, str, Connected]]:
    """Everybody, signed in in every way, as if all were connected."""
    people = [(who, login) for who, person in world.people.items() if person.number for login in LOGINS]
    made = [Connected(place.viewer(world, who, login), municipality, None) for who, login in people]
    rows = await place.engine.gateway.ask("live_identities", Live._given(made))
    for row in rows:
        made[row["n"] - 1].person_id = row["person_id"]
    return [(who, login, entry) for (who, login), entry in zip(people, made, strict=True)]


@pytest.mark.parametrize("seed", [None, 3, 11, 29, 64, 101])
async def test_whom_the_statement_names_is_whom_the_oracle_names(place: Place, seed: int | None) -> None:
    world = with_threads(village()) if seed is None else random_world(seed)
    loaded = await place.load(world)
    now, relations = oslo(world.today), Relations(world)
    connected = await entries_of(place, world, loaded.municipality)
    handles = {}
    for node, told in loaded.ids.items():
        if node.type == "Message" and (decoded := decode(told)):
            handles[decoded[1]] = node.handle
    given = Live._given(
        [entry for _, _, entry in connected], {"happened": list(handles), "today": oslo_day(now), "now": now}
    )
    rows = await place.engine.gateway.ask("live_seers", given)
    named = [(handles[row["id"]], *connected[row["n"] - 1][:2]) for row in rows]
    expected = {
        (handle, who, login)
        for who, login, _ in connected
        for view in [View(relations, who, login, now)]
        for handle in handles.values()
        if view.sees(Node("Message", handle))
    }
    assert len(named) == len(set(named))
    assert set(named) == expected
    assert 0 < len(expected) < len(handles) * len(connected)


async def test_children_concern_everybody_whose_inbox_may_hold_threads_about_them(place: Place) -> None:
    world = with_threads(village())
    loaded = await place.load(world)
    view_of = {who: View(Relations(world), who, "both", oslo(world.today)) for who in world.people}
    pupil = decode(loaded.ids[Node("Child", "pupil")])
    assert pupil is not None
    owner = await asyncpg.connect(**place.database.admin_connect)
    child = await owner.fetchval("select id from person where child_key = $1", pupil[1])
    await owner.close()
    rows = await place.engine.gateway.ask("live_concerned", {"happened": [child]})
    connected = await entries_of(place, world, loaded.municipality)
    persons = {who: entry.person_id for who, _, entry in connected}
    concerned = {row[0] for row in rows}
    seeing = {who for who, view in view_of.items() if any(view.sees(Node("Thread", one)) for one in world.threads)}
    assert {persons[who] for who in seeing} <= concerned
    assert persons["neighbour"] not in concerned
