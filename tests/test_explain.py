"""Why somebody sees something (C9): only about what the asker sees now, and no fact that is closed to the asker."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.acts import Acts, act
from tests.cases import office, opened
from tests.oracle.relations import Relations
from tests.oracle.view import COLUMNS, Node, View
from tests.roads.operations import plausible_nodes
from tests.roads.place import Place
from tests.worlds.loading import Loaded
from tests.worlds.random_world import random_world
from tests.worlds.village import village, with_threads
from tests.worlds.world import LONG_AGO, TODAY, World, oslo

WHY = """query Why($viewer: ID, $node: ID!) {
  explainAccess(viewer: $viewer, node: $node) { visible reasons { relation rule fact since until opens } }
}"""
NOTHING = {"visible": False, "reasons": []}


class Explaining:
    """A loaded world, and the questions of its people."""

    def __init__(self, place: Place, loaded: Loaded) -> None:
        self.place = place
        self.loaded = loaded
        self.relations = Relations(loaded.world)

    def view(self, who: str, login: str = "both") -> View:
        return View(self.relations, who, login, oslo(self.loaded.world.today))

    async def why(self, asker: str, node: Node, about: Node | None = None, login: str = "both") -> dict[str, Any]:
        variables = {"node": self.loaded.ids[node], "viewer": self.loaded.ids[about] if about else None}
        given = await self.place.ask(self.view(asker, login), WHY, variables)
        assert not given.errors
        assert given.data
        told: dict[str, Any] = given.data["explainAccess"]
        return told

    async def relations_told(self, asker: str, node: Node, about: Node | None = None) -> set[str]:
        return {str(reason["relation"]) for reason in (await self.why(asker, node, about))["reasons"]}


async def explaining(place: Place, world: World) -> Explaining:
    return Explaining(place, await place.load(world))


def busy_village() -> World:
    world = with_threads(village())
    world.delegate("aunt", "pupil", "sfo")
    world.consent("mother", "pupil", "aunt", "sfo")
    world.need_case("officer", "pupil", oslo(TODAY, "09:00"), oslo(TODAY, "17:00"))
    return world


PUPIL, STRANGER = Node("Child", "pupil"), Node("Child", "stranger")
EVERYBODY = ("mother", "father", "aunt", "teacher", "maths_teacher", "sfo_worker", "leader", "officer", "neighbour")


async def test_everybody_is_told_of_a_node_as_visible_exactly_when_they_see_it(place: Place) -> None:
    asking = await explaining(place, busy_village())
    nodes = [node for node in asking.loaded.ids if node in plausible_nodes(asking.loaded.world)]
    for who in ("mother", "aunt", "maths_teacher", "leader", "officer"):
        view = asking.view(who)
        for node in nodes:
            told = await asking.why(who, node)
            assert told["visible"] == view.sees(node), (who, node)
            assert told["visible"] or told == NOTHING, (who, node)
            assert told["reasons"] or not told["visible"], (who, node)


async def test_everybody_is_told_every_relation_by_which_they_see_a_child_or_guardian(place: Place) -> None:
    asking = await explaining(place, busy_village())
    for who in EVERYBODY:
        for node in (PUPIL, STRANGER, Node("Guardian", "mother"), Node("Guardian", "father")):
            told = await asking.relations_told(who, node)
            holding = asking.view(who).explaining_relations(node)
            assert told - {"PARTICIPANT"} == holding - {"PARTICIPANT"}, (who, node)
            assert told <= holding, (who, node)
            assert bool(told) == bool(holding), (who, node)


@pytest.mark.parametrize("seed", [21, 22])
async def test_everybody_in_a_random_world_is_told_why_exactly_when_they_see(place: Place, seed: int) -> None:
    asking = await explaining(place, random_world(seed))
    world, random = asking.loaded.world, Random(seed)
    nodes = [node for node in asking.loaded.ids if node in plausible_nodes(world)]
    for who in random.sample([one for one in world.people if world.people[one].number], 12):
        view = asking.view(who)
        for node in random.sample(nodes, 15):
            told = await asking.why(who, node)
            assert told["visible"] == bool(told["reasons"]) == view.sees(node), (who, node)
            if node.type in ("Child", "Guardian"):
                relations = {str(reason["relation"]) for reason in told["reasons"]}
                holding = view.explaining_relations(node)
                assert relations - {"PARTICIPANT"} == holding - {"PARTICIPANT"}, (who, node)


async def test_a_reason_names_what_its_relation_opens_and_no_more(place: Place) -> None:
    asking = await explaining(place, busy_village())
    for who in EVERYBODY:
        for reason in (await asking.why(who, PUPIL))["reasons"]:
            for column in ("birthDate", "nationalId", "guardians", "responsibilities"):
                opened = f"Child.{column}" in reason["opens"]
                assert opened == (str(reason["relation"]) in COLUMNS[column]), (who, reason, column)


async def test_a_guardian_signed_in_as_employee_is_told_nothing(place: Place) -> None:
    asking = await explaining(place, busy_village())
    assert await asking.why("mother", PUPIL, login="employee") == NOTHING


async def test_a_leader_is_told_why_the_schools_staff_see_a_child_there(place: Place) -> None:
    asking = await explaining(place, busy_village())
    assert await asking.relations_told("leader", PUPIL, Node("StaffMember", "teacher")) == {"CONTACT_TEACHER"}
    assert await asking.relations_told("leader", PUPIL, Node("StaffMember", "maths_teacher")) == {"SUBJECT_STAFF"}
    assert await asking.relations_told("officer", PUPIL, Node("StaffMember", "teacher")) == {"CONTACT_TEACHER"}


async def test_a_leader_is_not_told_facts_at_another_unit(place: Place) -> None:
    asking = await explaining(place, busy_village())
    told = await asking.relations_told("leader", PUPIL, Node("StaffMember", "sfo_worker"))
    assert "UNIT_STAFF" not in told


async def test_a_guardian_a_teacher_and_a_delegate_are_told_nothing_about_others(place: Place) -> None:
    asking = await explaining(place, busy_village())
    for who in ("mother", "aunt", "teacher", "maths_teacher", "sfo_worker", "neighbour"):
        for other in (Node("StaffMember", "leader"), Node("Guardian", "father"), Node("StaffMember", "assistant")):
            if other.handle != who:
                assert await asking.why(who, PUPIL, other) == NOTHING, (who, other)


async def test_a_leader_is_told_nothing_about_others_on_what_the_leader_does_not_see(place: Place) -> None:
    asking = await explaining(place, busy_village())
    assert await asking.why("leader", STRANGER, Node("StaffMember", "other_leader")) == NOTHING
    assert await asking.why("other_leader", PUPIL, Node("StaffMember", "leader")) == NOTHING


async def test_a_leader_is_told_nothing_about_others_on_threads(place: Place) -> None:
    asking = await explaining(place, busy_village())
    assert await asking.why("leader", Node("Thread", "talk"), Node("StaffMember", "teacher")) == NOTHING


async def test_a_missing_access_has_no_reasons(place: Place) -> None:
    world = busy_village()
    world.block("teacher", "pupil")
    asking = await explaining(place, world)
    assert await asking.why("leader", PUPIL, Node("StaffMember", "teacher")) == NOTHING
    assert await asking.why("teacher", PUPIL) == NOTHING


async def test_an_id_that_never_was_is_answered_as_one_that_is_not_ones_own(place: Place) -> None:
    asking = await explaining(place, busy_village())
    for told in ("nothing", "", "Q" * 23, asking.loaded.ids[STRANGER]):
        given = await place.ask(asking.view("mother"), WHY, {"node": told, "viewer": None})
        assert given.data
        assert given.data["explainAccess"] == NOTHING


async def test_a_leader_cannot_link_a_persons_roles_by_asking(place: Place) -> None:
    """Section 1: the ids of one person cannot be linked by a client."""
    world = busy_village()
    world.responsible("teacher", "stranger")
    world.enrol("stranger", "school", LONG_AGO)
    asking = await explaining(place, world)
    assert await asking.relations_told("leader", STRANGER, Node("Guardian", "teacher")) == {"GUARDIAN"}
    assert await asking.relations_told("leader", STRANGER, Node("StaffMember", "teacher")) == set()
    assert await asking.relations_told("leader", PUPIL, Node("StaffMember", "teacher")) == {"CONTACT_TEACHER"}
    assert await asking.relations_told("leader", PUPIL, Node("Guardian", "teacher")) == set()


async def test_a_delegate_as_a_person_is_explained_by_the_relation_to_the_child(place: Place) -> None:
    told = await explaining(place, busy_village())
    aunt = Node("OtherAdult", "aunt")
    assert await told.relations_told("mother", aunt) == {"GUARDIAN"}
    assert await told.relations_told("sfo_worker", aunt) == {"UNIT_STAFF"}
    assert await told.why("teacher", aunt) == NOTHING


async def test_a_registration_and_a_block_are_explained_by_c2(place: Place) -> None:
    world = busy_village()
    world.block("neighbour", "pupil")
    told = await explaining(place, world)
    registration, block = Node("Delegate", world.delegates[0].id), Node("Block", world.blocks[0].id)
    assert await told.relations_told("father", registration) == {"GUARDIAN"}
    assert await told.relations_told("officer", block) == {"CASE_WORKER"}
    assert await told.relations_told("leader", block) == {"UNIT_LEADER"}
    for who in ("mother", "teacher", "neighbour"):
        assert await told.why(who, block) == NOTHING


async def test_need_case_is_explained_to_whose_it_is_and_to_the_leader_and_to_nobody_else(place: Place) -> None:
    acts = await Acts.of(place, village())
    number = acts.world.people["pupil"].number
    given = {"nationalId": number, "reason": "Klage på skoleskyss", "idempotencyKey": acts.key()}
    case = (await acts.act("officer", act("openNeedCase", "case { id }"), given))["case"]["id"]
    why = {who: (await acts.ask(who, WHY, {"node": case}))["explainAccess"] for who in ("officer", "leader", "teacher")}
    assert [one["relation"] for one in why["officer"]["reasons"]] == ["CASE_WORKER"]
    assert [one["relation"] for one in why["leader"]["reasons"]] == ["UNIT_LEADER"]
    assert why["teacher"] == NOTHING


async def test_c9_case_worker_is_not_told_of_the_case_of_another(place: Place) -> None:
    """`Child.needCases` shows them their own."""
    world = office()
    world.employ("second", "school", "STAFF")
    acts = await Acts.of(place, world)
    for who in ("officer", "second"):
        await opened(acts, who=who)
    text = "query ($node: ID!, $of: ID!) { explainAccess(node: $node, viewer: $of) { reasons { relation } } }"
    given = {"node": acts.id("Child", "pupil"), "of": acts.id("StaffMember", "second")}
    told = {who: (await acts.ask(who, text, given))["explainAccess"]["reasons"] for who in ("officer", "leader")}
    assert told == {"officer": [], "leader": [{"relation": "CASE_WORKER"}]}
