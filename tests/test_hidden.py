"""What a column closes is counted, value or none; what protection, a block or a naming closes is not (C10)."""

from __future__ import annotations

from typing import Any

from tests.oracle.relations import Relations
from tests.oracle.view import Node, View
from tests.records import shelved
from tests.roads.place import Place
from tests.worlds.loading import Loaded
from tests.worlds.records import Told
from tests.worlds.village import village
from tests.worlds.world import TODAY, World, oslo

HOME = "address { lines } guardians { name contact { phone } }"
RECORDS = "records { totalCount nodes { id } }"


async def asked(place: Place, loaded: Loaded, who: str, fields: str = HOME) -> tuple[dict[str, Any], dict[str, int]]:
    """The pupil as somebody sees them, and what is counted as hidden."""
    view = View(Relations(loaded.world), who, "both", oslo(TODAY))
    text = f"query ($id: ID!) {{ node(id: $id) {{ ... on Child {{ {fields} }} }} }}"
    answer = await place.ask(view, text, {"id": loaded.ids[Node("Child", "pupil")]})
    assert answer.data is not None
    return answer.data["node"], answer.hidden


def protected() -> World:
    """By the mother's address, where the pupil lives; both guardians are confirmed."""
    world = village()
    world.protect("mother", "fortrolig")
    for guardian in ("mother", "father"):
        world.confirm(guardian, "pupil", TODAY)
    return world


async def test_c10_what_a_column_closes_is_counted_whether_or_not_there_is_a_value(place: Place) -> None:
    without = village()
    without.contacts.clear()
    without.lives("pupil", None)
    for world in (village(), without, protected()):
        child, hidden = await asked(place, await place.load(world), "maths_teacher")
        assert (child["address"], [one["contact"] for one in child["guardians"]]) == (None, [None, None])
        assert hidden == {"Child.address": 1, "Guardian.contact": 2}


async def test_c10_what_a_protection_closes_looks_like_no_value(place: Place) -> None:
    child, hidden = await asked(place, await place.load(village()), "teacher")
    assert child["address"]
    assert all(one["contact"] for one in child["guardians"])
    assert hidden == {}
    child, hidden = await asked(place, await place.load(protected()), "teacher")
    assert child["address"] is None
    assert sorted(bool(one["contact"]) for one in child["guardians"]) == [False, True]
    assert hidden == {}


async def test_c10_whom_a_block_or_a_missing_confirmation_keeps_out_is_not_counted(place: Place) -> None:
    blocked, unconfirmed = village(), village()
    blocked.block("father", "pupil")
    unconfirmed.protect("pupil", "fortrolig")
    unconfirmed.confirm("mother", "pupil", TODAY)
    for world in (blocked, unconfirmed):
        child, hidden = await asked(place, await place.load(world), "teacher", "guardians { name }")
        assert (child, hidden) == ({"guardians": [{"name": world.people["mother"].name}]}, {})


async def test_c10_a_record_of_other_readers_is_not_counted(place: Place) -> None:
    """Of a note that a leader does not read, the closed texts are counted, since that it exists is open to them."""
    told = [Told("note", "pupil", "school", "NOTE", "teacher", oslo(TODAY, "08:00"))]
    loaded = (await shelved(place, village(), told)).loaded
    for who in ("maths_teacher", "assistant"):
        assert await asked(place, loaded, who, RECORDS) == ({"records": {"totalCount": 0, "nodes": []}}, {})
    assert (await asked(place, loaded, "teacher", RECORDS))[0]["records"]["totalCount"] == 1
    text = "records { nodes { latestVersion { body } } }"
    child, hidden = await asked(place, loaded, "leader", text)
    assert (child["records"]["nodes"], hidden) == ([{"latestVersion": None}], {"Record.latestVersion": 1})
