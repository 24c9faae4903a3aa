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
from tests.api_connection import as_the_api, enter
from tests.furnished import furnished_world
from tests.roads.place import LOGINS, Place
from tests.worlds.random_world import random_world
from tests.worlds.village import village, with_threads
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


@pytest.mark.parametrize(
    "world", [random_world(7), random_world(20), with_threads(village()), furnished_world()],
    ids=("seed 7", "seed 20", "village", "furnished"),
)  # fmt: skip
async def test_nobody_sees_more_through_another_door_nor_less_through_their_own(place: Place, world: World) -> None:
    loaded = await place.load(world)
    shown: Counter[str] = Counter()
    async with as_the_api(place) as connection:
        compare = await connection.prepare(COMPARED)
        for who in loaded.world.people:
            for login in LOGINS:
                standing = await enter(connection, place, loaded.world, who, login)
                own = door_for(Keys(shape_of(standing))).schema
                for door, view, rows, more, less in await compare.fetch():
                    assert more == 0, (who, login, door, view)
                    if door == own:
                        assert less == 0, (who, login, door, view)
                        shown[door] += rows
    assert all(shown[door.schema] > 0 for door in BESIDE), shown


def test_a_statement_reads_through_the_door_of_its_viewer() -> None:
    thread = table(SeenThread, "thread")
    rows = select(thread.c.id).where(thread.c.child_id.in_(select(table(SeenThread, "other").c.child_id)))
    for door, shape in zip(BESIDE, ({"guardian"}, {"contact"}, {"led"}), strict=True):
        sql = compiled(rows, Keys(frozenset(shape))).sql
        assert sql.count(f"{door.schema}.thread AS") == 2
        assert f"{FOR_ALL.schema}.thread" not in sql
    assert compiled(rows).sql.count(f"{FOR_ALL.schema}.thread AS") == 2
