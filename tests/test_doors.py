"""The doors in the second wall: whoever takes theirs sees what they would see through the widest, and nobody sees more
through any other (`authz/walls/doors.py`)."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import select

from authz.engine.sql import Keys, table
from authz.walls.doors import DOORS, FOR_ALL, door_for
from authz.walls.session import SETS
from authz.walls.views import ROLES, ROWS
from models.seen import SeenThread
from resolvers.engine.statement import compiled
from resolvers.gateway import shape_of
from tests.acts import act
from tests.api_connection import as_the_api, enter
from tests.furnished import furnished
from tests.roads.place import LOGINS, Place
from tests.worlds.random_world import random_world
from tests.worlds.world import World

VIEWS = [view.__table__.name for view in (*ROLES, *ROWS)]  # type: ignore[attr-defined] # every view of `seen` has one
BESIDE = [door for door in DOORS if door is not FOR_ALL]
COMPARED = " union all ".join(
    f"select '{door.schema}', '{view}', (select count(*) from {door.schema}.{view}),"
    f" (select count(*) from (table {door.schema}.{view} except all table {FOR_ALL.schema}.{view}) more),"
    f" (select count(*) from (table {FOR_ALL.schema}.{view} except all table {door.schema}.{view}) less)"
    for door in BESIDE
    for view in VIEWS
)
"""Of each view at each door: how many rows it shows, how many of them the widest does not, and how many it lacks."""


def test_every_viewer_has_a_door_and_most_have_a_narrow_one() -> None:
    assert door_for(Keys(SETS)) is FOR_ALL
    of_family, of_teachers, of_units = BESIDE
    for shape, door in (
        (set(), of_family),
        ({"guardian"}, of_family),
        ({"guardian", "oneself"}, of_family),
        ({"guardian", "own_threads"}, FOR_ALL),
        ({"delegate", "own_threads"}, FOR_ALL),
        ({"employed", "contact", "subject_staff", "closed", "own_threads"}, of_teachers),
        ({"employed", "staffed", "history"}, of_units),
        ({"employed", "led", "history", "closed"}, of_units),
        ({"employed", "led", "history", "contact"}, FOR_ALL),
        ({"guardian", "employed", "contact"}, FOR_ALL),
        ({"cases"}, FOR_ALL),
    ):
        assert door_for(Keys(frozenset(shape))) is door, shape


async def compare(place: Place, world: World) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    """Rows that somebody's own door shows, by view, and by door and view."""
    by_view: Counter[str] = Counter()
    by_door: Counter[tuple[str, str]] = Counter()
    async with as_the_api(place) as connection:
        compared = await connection.prepare(COMPARED)
        for who in world.people:
            for login in LOGINS:
                standing = await enter(connection, place, world, who, login)
                own = door_for(Keys(shape_of(standing))).schema
                for door, view, rows, more, less in await compared.fetch():
                    assert more == 0, (who, login, door, view)
                    if door == own:
                        assert less == 0, (who, login, door, view)
                        by_door[door, view] += rows
                        by_view[view] += rows
    return by_view, by_door


@pytest.mark.parametrize("seed", [7, 20])
async def test_nobody_sees_more_through_another_door_nor_less_through_their_own(place: Place, seed: int) -> None:
    world = random_world(seed)
    await place.load(world)
    _, shown = await compare(place, world)
    for door in BESIDE:
        assert any(shown[door.schema, view] for view in VIEWS), door.schema


async def test_nor_of_what_only_acts_make(place: Place) -> None:
    here = await furnished(place)
    acts = here.acts
    for who in ("teacher", "leader", "sfo_worker"):
        await acts.ask(who, "{ viewer { threads { nodes { id child { name } } } pupils { nodes { birthDate } } } }", {})
    await acts.ask("officer", "query ($id: ID!) { node(id: $id) { id } }", {"id": acts.id("Child", "pupil")})
    photo = {"childId": acts.id("Child", "pupil"), "unitId": acts.id("Unit", "school"), "purpose": "PRESS"}
    assert not (await acts.act("mother", act("givePhotoConsent", "child { id }"), photo))["problems"]
    shown, at_doors = await compare(place, acts.world)
    assert [view for view in VIEWS if not shown[view]] == []
    for door in BESIDE:
        assert at_doors[door.schema, "message"] > 0


def test_a_statement_reads_through_the_door_of_its_viewer() -> None:
    thread = table(SeenThread, "thread")
    rows = select(thread.c.id).where(thread.c.child_id.in_(select(table(SeenThread, "other").c.child_id)))
    for door, shape in zip(BESIDE, ({"guardian"}, {"contact"}, {"led"}), strict=True):
        sql = compiled(rows, Keys(frozenset(shape))).sql
        assert sql.count(f"{door.schema}.thread AS") == 2
        assert f"{FOR_ALL.schema}.thread" not in sql
    assert compiled(rows).sql.count(f"{FOR_ALL.schema}.thread AS") == 2
