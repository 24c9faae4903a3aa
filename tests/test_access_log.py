"""Who looks at which child's data, on every road, and who is told of it: L2, and the row of C2's table on it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import asyncpg
import pytest

from authz.engine.policy import Relation
from resolvers.access_log import SINGLE
from resolvers.access_log_writer import AccessNotLogged
from resolvers.engine.limits import DocumentRefused
from resolvers.ids import decode
from schema.public import public_catalogue
from tests.acts import PREVIEW, Acts, act, codes
from tests.cases import UNKNOWN
from tests.logged import Look, log_rows, looks
from tests.oracle.relations import Relations
from tests.oracle.view import View
from tests.worlds.random_world import random_world
from tests.worlds.village import village, with_threads
from tests.worlds.world import DAY, LONG_AGO, World, oslo

TEACHER: Look = ("teacher", "pupil", "CONTACT_TEACHER", "school")
MATHS: Look = ("maths_teacher", "pupil", "SUBJECT_STAFF", "school")
LEADER: Look = ("leader", "pupil", "UNIT_LEADER", "school")
SFO: Look = ("sfo_worker", "pupil", "UNIT_STAFF", "sfo")
SFO_LEADER: Look = ("sfo_leader", "pupil", "UNIT_LEADER", "sfo")
OFFICER: Look = ("officer", "pupil", "CASE_WORKER", None)

NODE = "query ($id: ID!) { node(id: $id) { id } }"
PREVIEW_OF = "query ($input: RecipientPreviewInput!) {{ recipientPreview(input: $input) {{ {} }} }}"
NAME = "query ($id: ID!) { node(id: $id) { ... on Child { name } } }"
LOG = """query ($id: ID!) { node(id: $id) { ... on Child { accessLog(first: 50) { totalCount
    nodes { at role unit { name } lookedByName subjects operation } } } } }"""
BY_WORK = {"CONTACT_TEACHER", "SUBJECT_STAFF", "UNIT_STAFF", "UNIT_LEADER", "CASE_WORKER"}
OPEN, CLOSE = act("openNeedCase", "case { id state }"), act("closeNeedCase", "case { id }")


def threads() -> World:
    return with_threads(village())


async def of(place: Any, world: World | None = None) -> Acts:
    return await Acts.of(place, world or threads())


async def logged(acts: Acts) -> list[set[Look]]:
    return await looks(acts.place.database, acts.loaded)


async def asks(acts: Acts, who: str, text: str, login: str | None = None, **variables: Any) -> list[set[Look]]:
    """What is logged of one operation."""
    before = len(await logged(acts))
    await acts.ask(who, text, variables, login)
    return (await logged(acts))[before:]


# --- roads ----------------------------------------------------------------------------------------------------------

UNIT = "query ($sfo: ID!) { node(id: $sfo) { ... on Unit { %s } } }"
CHILD = "query ($child: ID!) { node(id: $child) { ... on Child { %s } } }"
ROADS: dict[str, tuple[str, str, set[Look]]] = {
    "pupils": ("teacher", "{ viewer { pupils { nodes { name } } } }", {TEACHER}),
    "pupils' ids alone": ("teacher", "{ viewer { pupils { edges { node { id } } } } }", {TEACHER}),
    "child by id": ("maths_teacher", CHILD % "name", {MATHS}),
    "child's typename": ("leader", CHILD % "__typename", {LEADER}),
    "child by ids": ("sfo_worker", "query ($child: ID!) { nodes(ids: [$child, $child]) { id } }", {SFO}),
    "hidden field": ("assistant", CHILD % "nationalId", {("assistant", "pupil", "SUBJECT_STAFF", "school")}),
    "threads": ("teacher", "{ viewer { threads { nodes { subject } } } }", {TEACHER}),
    "threads by leader": ("leader", "{ viewer { threads { nodes { id } } } }", {LEADER}),
    "threads by SFO": ("sfo_worker", "{ viewer { threads { nodes { child { name } } } } }", {SFO}),
    "thread by id": ("maths_teacher", "query ($sums: ID!) { node(id: $sums) { id } }", {MATHS}),
    "message by id": ("teacher", "query ($talk1: ID!) { node(id: $talk1) { ... on Message { body } } }", {TEACHER}),
    "author who is no child": (
        "teacher", ("query ($talk1: ID!) { node(id: $talk1) { ... on Message { author { ... on Child { birthDate } "
        "... on Guardian { name contact { phone } } } } } }"), {TEACHER},
    ),
    "number of threads": ("teacher", CHILD % "threads { totalCount }", {TEACHER}),
    "number of threads by filter": (
        "leader", "query ($child: ID!) { viewer { threads(filter: {childId: $child}) { totalCount } } }", {LEADER},
    ),
    "no thread by filter": (
        "assistant", "query ($child: ID!) { viewer { threads(filter: {childId: $child}) { totalCount } } }",
        {("assistant", "pupil", "SUBJECT_STAFF", "school")},
    ),
    "cursors alone": ("teacher", "{ viewer { pupils { edges { cursor } } } }", {TEACHER}),
    "last cursor alone": ("teacher", "{ viewer { threads { pageInfo { endCursor } } } }", {TEACHER}),
    "cursors by filter": (
        "leader", "query ($child: ID!) { viewer { threads(filter: {childId: $child}) { pageInfo { endCursor } } } }",
        {LEADER},
    ),
    "unit's children": ("sfo_worker", UNIT % "children { nodes { id } }", {SFO}),
    "unit's threads": ("sfo_leader", UNIT % "threads { nodes { id } }", {SFO_LEADER}),
    "group's children": ("teacher", "query ($class: ID!) { node(id: $class) { ... on Group { children { id } } } }",
                         {TEACHER}),
    "guardian by id": ("teacher", "query ($mother: ID!) { node(id: $mother) { ... on Guardian { name } } }", {TEACHER}),
    "guardian by a subject teacher": ("maths_teacher", "query ($mother: ID!) { node(id: $mother) { id } }", {MATHS}),
    "guardian by an SFO": ("sfo_worker", "query ($mother: ID!) { node(id: $mother) { id } }", {SFO}),
    "guardian by thread": ("sfo_leader", "query ($mother: ID!) { node(id: $mother) { id } }", {SFO_LEADER}),
    "guardian's children": (
        "leader", "query ($mother: ID!) { node(id: $mother) { ... on Guardian { children { name } } } }", {LEADER},
    ),
    "explanation": ("leader", "query ($child: ID!) { explainAccess(node: $child) { visible } }", {LEADER}),
    "explanation of a thread": ("teacher", "query ($talk: ID!) { explainAccess(node: $talk) { visible } }", {TEACHER}),
    "explanation of a guardian": ("teacher", "query ($mother: ID!) { explainAccess(node: $mother) { visible } }",
                                  {TEACHER}),
}  # fmt: skip


async def alone(acts: Acts) -> dict[str, bool]:
    """Of each child that the last operation saw, whether nothing was seen of it but messages."""
    rows = await log_rows(acts.place.database, acts.loaded.municipality)
    connection = await asyncpg.connect(**acts.place.database.admin_connect)
    try:
        names = {row["id"]: row["name"] for row in await connection.fetch("select id, name from person")}
    finally:
        await connection.close()
    handles = {person.name: handle for handle, person in acts.world.people.items()}
    last = [row for row in rows if row["at"] == rows[-1]["at"]]
    return {handles[names[child]]: row["messages_alone"] for row in last for child in row["children"]}


def variables_of(acts: Acts, text: str) -> dict[str, str]:
    """The ids that an operation names by handles."""
    kinds = {"child": ("Child", "pupil"), "sfo": ("Unit", "sfo"), "school": ("Unit", "school"),
             "class": ("Group", "3B"), "mother": ("Guardian", "mother"),
             "talk": ("Thread", "talk"), "sums": ("Thread", "sums"),
             "talk1": ("Message", "talk1"), "stranger": ("Child", "stranger"),
             "teacher": ("StaffMember", "teacher")}  # fmt: skip
    return {name: acts.id(*kind) for name, kind in kinds.items() if f"${name}:" in text}


OF_MESSAGES = {
    "threads", "threads by leader", "threads by SFO", "thread by id", "message by id",
    "number of threads by filter", "cursors by filter", "no thread by filter", "last cursor alone",
    "unit's threads", "explanation of a thread",
}  # fmt: skip
"""Roads on which nothing is seen but threads, what is in them, and the names beside (C7)."""


@pytest.mark.parametrize("road", ROADS)
async def test_whoever_works_with_a_child_is_logged_on_every_road(place, road: str) -> None:
    acts = await of(place)
    who, text, expected = ROADS[road]
    assert await asks(acts, who, text, **variables_of(acts, text)) == [expected]
    assert await alone(acts) == {child: road in OF_MESSAGES for _, child, _, _ in expected}


NOTHING = {
    "nothing seen": ("teacher", "query ($stranger: ID!) { node(id: $stranger) { id } }"),
    "nothing explained": ("teacher", "query ($stranger: ID!) { explainAccess(node: $stranger) { visible } }"),
    "another's thread": ("maths_teacher", "query ($talk: ID!) { node(id: $talk) { id } }"),
    "threads of a child who is not theirs": (
        "other_leader", "query ($child: ID!) { viewer { threads(filter: {childId: $child}) { totalCount } } }",
    ),
    "oneself": ("teacher", "{ viewer { municipality person { name } units { name staff { name } } } }"),
    "colleague": ("leader", "query ($teacher: ID!) { node(id: $teacher) { ... on StaffMember { name } } }"),
    "how many children a unit has": (
        "leader", "query ($school: ID!) { node(id: $school) { ... on Unit { children { totalCount } } } }",
    ),
    "how much is unread": ("leader", "{ viewer { unreadCount pupils { totalCount } threads { totalCount } } }"),
    "the schema": ("leader", "{ __schema { queryType { name } } }"),
    "as guardian": ("mother", "{ viewer { children { name threads { nodes { messages { nodes { body } } } } } } }"),
    "as guardian by id": ("mother", CHILD % "name address { city }"),
}  # fmt: skip


@pytest.mark.parametrize("what", NOTHING)
async def test_what_tells_nothing_about_a_child_or_is_read_by_family_is_not_logged(place, what: str) -> None:
    acts = await of(place)
    who, text = NOTHING[what]
    assert await asks(acts, who, text, **variables_of(acts, text)) == []


async def test_each_child_of_a_list_is_logged_once_for_each_relation(place) -> None:
    world = threads()
    world.person("friend", dt.date(2018, 5, 5))
    world.enrol("friend", "school", LONG_AGO)
    world.member("friend", "3B", since=LONG_AGO)
    world.member("teacher", "maths", "SUBJECT_TEACHER", LONG_AGO)
    acts = await of(place, world)
    text = "{ viewer { pupils { nodes { name threads { nodes { messages { nodes { body author { name } } } } } } } } }"
    friend: Look = ("teacher", "friend", "CONTACT_TEACHER", "school")
    subject: Look = ("teacher", "pupil", "SUBJECT_STAFF", "school")
    assert await asks(acts, "teacher", text) == [{TEACHER, subject, friend}]


async def test_what_one_unit_made_is_logged_by_the_relation_there_and_the_child_by_all(place) -> None:
    world = threads()
    world.employ("teacher", "sfo", "STAFF")
    acts = await of(place, world)
    at_sfo: Look = ("teacher", "pupil", "UNIT_STAFF", "sfo")
    text = "query ($id: ID!) { node(id: $id) { ... on Thread { subject child { name } } } }"
    assert await asks(acts, "teacher", text, id=acts.id("Thread", "talk")) == [{TEACHER}]
    assert await asks(acts, "teacher", text, id=acts.id("Thread", "afternoon")) == [{at_sfo}]
    more = "query ($id: ID!) { node(id: $id) { ... on Thread { child { birthDate } } } }"
    assert await asks(acts, "teacher", more, id=acts.id("Thread", "talk")) == [{TEACHER, at_sfo}]


async def test_child_who_has_left_is_logged_with_the_unit_it_left(place) -> None:
    world = village()
    world.person("gone", dt.date(2016, 1, 1))
    for unit in ("school", "sfo"):
        world.enrol("gone", unit, LONG_AGO, world.today - 30 * DAY)
    world.responsible("mother", "gone")
    world.thread("old", "sfo", "gone", oslo(world.today - 60 * DAY), ("mother",), ("sfo_worker",))
    acts = await of(place, world)
    left = acts.id("Child", "gone")
    assert await asks(acts, "leader", NAME, id=left) == [{("leader", "gone", "UNIT_LEADER", "school")}]
    by_name: Look = ("sfo_worker", "gone", "UNIT_STAFF", "sfo")
    assert await asks(acts, "sfo_worker", NAME, id=left) == [{by_name}]
    assert await asks(acts, "sfo_worker", NODE, id=acts.id("Thread", "old")) == [{by_name}]


async def test_child_seen_by_its_threads_alone_is_told_from_those_seen_beside(place) -> None:
    world = threads()
    world.person("gone", dt.date(2016, 1, 1))
    world.enrol("gone", "school", LONG_AGO, world.today - 30 * DAY)
    world.responsible("neighbour", "gone")
    world.thread("old", "school", "gone", oslo(world.today - 60 * DAY), ("neighbour",), ("teacher",))
    acts = await of(place, world)
    inbox = "{ viewer { threads { nodes { subject child { id name } participants { person { name } } } } } }"
    await acts.ask("leader", inbox, {})
    assert await alone(acts) == {"pupil": True, "gone": True}
    await acts.ask("leader", inbox.replace("viewer {", "viewer { pupils { nodes { name } }"), {})
    assert await alone(acts) == {"pupil": False, "gone": True}
    await acts.ask("leader", inbox.replace("id name", "birthDate"), {})
    assert await alone(acts) == {"pupil": False, "gone": False}
    guardian = acts.id("Guardian", "neighbour")
    await acts.ask("leader", NODE, {"id": guardian})
    assert await alone(acts) == {"gone": True}
    await acts.ask("leader", "query ($id: ID!) { explainAccess(node: $id) { visible } }", {"id": guardian})
    assert await alone(acts) == {"gone": True}


async def test_guardian_is_seen_through_their_own_threads_and_those_that_the_viewer_sees(place) -> None:
    world = threads()
    world.person("gone", dt.date(2016, 1, 1))
    for unit in ("school", "sfo"):
        world.enrol("gone", unit, LONG_AGO, world.today - 30 * DAY)
    for guardian in ("neighbour", "mother"):
        world.responsible(guardian, "gone")
    before = oslo(world.today - 60 * DAY)
    world.thread("old", "school", "gone", before, ("neighbour",), ("teacher",))
    world.thread("at_work", "school", "gone", before, ("neighbour",), ("mother",))
    world.thread("elsewhere", "sfo", "gone", before, ("mother",), ("sfo_worker",))
    world.person("was", dt.date(2016, 1, 1))
    world.enrol("was", "school", LONG_AGO)
    world.responsible("mother", "was", until=world.today)
    acts = await of(place, world)
    await acts.ask("leader", NODE, {"id": acts.id("Guardian", "mother")})
    assert await alone(acts) == {"pupil": False}
    await acts.ask("other_leader", NODE, {"id": acts.id("Guardian", "neighbour")})
    assert await alone(acts) == {"stranger": False}


async def test_adult_who_is_no_guardian_is_seen_through_their_threads_or_what_is_registered(place) -> None:
    world = threads()
    before = oslo(world.today - 60 * DAY)
    world.person("once")
    world.person("friend", dt.date(2018, 5, 5))
    world.person("own", dt.date(2018, 5, 6))
    for child in ("friend", "own"):
        world.enrol(child, "school", LONG_AGO)
        world.enrol(child, "sfo", LONG_AGO)
    world.responsible("once", "own")
    world.thread("past", "school", "pupil", before, ("once",), ("teacher",))
    world.thread("of_another", "school", "friend", before, ("neighbour",), ("teacher",))
    world.thread("at_work", "school", "friend", before, ("neighbour",), ("once",))
    world.thread("elsewhere", "sfo", "friend", before, ("once",), ("sfo_worker",))
    world.thread("as_guardian", "school", "own", before, ("once",), ("teacher",))
    world.responsible("mother", "friend")
    for delegate, child, unit in (
        ("aunt", "pupil", "school"),
        ("aunt", "friend", "sfo"),
        ("neighbour", "friend", "school"),
    ):
        world.delegate(delegate, child, unit)
        world.consent("mother", child, delegate, unit)
    world.delegate("aunt", "friend", "school")  # rests without a consent
    acts = await of(place, world)
    for adult, told in (("once", True), ("aunt", False)):
        await acts.ask("leader", NODE, {"id": acts.id("OtherAdult", adult)})
        assert await alone(acts) == {"pupil": told}, adult


async def test_whatever_staff_of_an_sfo_see_of_a_child_who_has_left_is_messages(place) -> None:
    """T5, C7: its threads, and the name beside them, whatever is asked of the child."""
    world = village()
    world.person("gone", dt.date(2016, 1, 1))
    world.enrol("gone", "sfo", LONG_AGO, world.today - 30 * DAY)
    world.responsible("mother", "gone")
    world.thread("old", "sfo", "gone", oslo(world.today - 60 * DAY), ("mother",), ("sfo_worker",))
    acts = await of(place, world)
    more = "query ($id: ID!) { node(id: $id) { ... on Thread { child { name birthDate } } } }"
    for text, kind, handle in ((NODE, "Thread", "old"), (NAME, "Child", "gone"), (more, "Thread", "old")):
        await acts.ask("sfo_worker", text, {"id": acts.id(kind, handle)})
        assert await alone(acts) == {"gone": True}, text
    await acts.ask("sfo_leader", more, {"id": acts.id("Thread", "old")})
    assert await alone(acts) == {"gone": False}


async def test_case_worker_who_works_with_the_child_besides_is_not_logged_with_the_case_for_a_thread(place) -> None:
    world = threads()
    world.employ("officer", "sfo", "STAFF")
    acts = await of(place, world)
    await acts.act("officer", OPEN, asked(acts))
    at_sfo: Look = ("officer", "pupil", "UNIT_STAFF", "sfo")
    assert await asks(acts, "officer", NODE, id=acts.id("Thread", "afternoon")) == [{at_sfo}]
    assert await alone(acts) == {"pupil": True}
    number = "query ($id: ID!) { viewer { threads(filter: {childId: $id}) { totalCount } } }"
    assert await asks(acts, "officer", number, id=acts.id("Child", "pupil")) == [{at_sfo}]
    assert await asks(acts, "officer", NAME, id=acts.id("Child", "pupil")) == [{at_sfo, OFFICER}]
    assert await alone(acts) == {"pupil": False}


async def test_child_who_is_to_come_to_a_unit_is_not_logged_there(place) -> None:
    world = threads()
    world.employ("leader", "sfo", "LEADER")
    world.person("coming", dt.date(2018, 5, 5))
    world.enrol("coming", "school", LONG_AGO)
    world.enrol("coming", "sfo", world.today + 10 * DAY)
    acts = await of(place, world)
    assert await asks(acts, "leader", NAME, id=acts.id("Child", "coming")) == [
        {("leader", "coming", "UNIT_LEADER", "school")}
    ]


async def test_r2_teacher_is_logged_for_pupils_and_not_for_their_own_child(place) -> None:
    world = threads()
    world.person("own", dt.date(2018, 4, 4))
    world.responsible("teacher", "own")
    world.enrol("own", "school", LONG_AGO)
    world.member("own", "3B", since=LONG_AGO)
    acts = await of(place, world)
    text = "{ viewer { children { name } pupils { nodes { name } } units { children { nodes { name } } } } }"
    assert await asks(acts, "teacher", text) == [{TEACHER}]
    assert await asks(acts, "teacher", NAME, id=acts.id("Child", "own")) == []


# --- acts, previews, cases ------------------------------------------------------------------------------------------


async def test_what_an_act_reads_back_is_logged_and_not_that_there_is_nothing_to_act_on(place) -> None:
    acts = await of(place)
    told = await acts.send("teacher", acts.id("Thread", "talk"))
    assert await logged(acts) == [{TEACHER}]
    [row] = await log_rows(acts.place.database, acts.loaded.municipality)
    assert row["kind"] == "MUTATION"
    assert codes(await acts.send("maths_teacher", acts.id("Thread", "talk"))) == ["NOT_FOUND"]
    await acts.send("mother", told["message"]["thread"]["id"])
    assert len(await logged(acts)) == 1


def only(name: str) -> str:
    """The act, of whose outcome nothing is asked but what is wrong."""
    return f"mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ problems {{ code }} }} }}"


def absent(child: str = "pupil", unit: str = "school", first: int = 0, last: int = 0) -> dict[str, Any]:
    """Days from today."""
    return {"child": child, "unit": unit, "days": (first, last)}


TALK = {"thread": "talk", "message": "talk1"}
OUTCOMES: dict[str, tuple[str, str, dict[str, Any], str | None, set[Look]]] = {
    "the child is absent then": ("maths_teacher", "registerAbsence", absent(), "CONFLICT", {MATHS}),
    "days that make no sense": ("maths_teacher", "registerAbsence", absent(last=-1), "INVALID", {MATHS}),
    "not at that unit": ("maths_teacher", "registerAbsence", absent(unit="sfo"), "NOT_ALLOWED", {MATHS}),
    "not for whoever teaches": ("maths_teacher", "setBlock", {"child": "pupil", "number": "mother"}, "NOT_ALLOWED",
                                {MATHS}),
    "no child of theirs": ("maths_teacher", "registerAbsence", absent("stranger"), "NOT_FOUND", set()),
    "a thread that is read": ("teacher", "markThreadRead", TALK, None, {TEACHER}),
    "a thread of others": ("maths_teacher", "markThreadRead", TALK, "NOT_FOUND", set()),
    "family": ("mother", "reportAbsence", absent(), "CONFLICT", set()),
}  # fmt: skip
"""Who does what, the problem with it, and what is logged, of a pupil who is absent today."""


def input_of(acts: Acts, told: dict[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, value in told.items():
        if name == "days":
            first, last = ((acts.world.today + days * DAY).isoformat() for days in value)
            given |= {"firstDay": first, "lastDay": last, "reason": "ILLNESS", "idempotencyKey": acts.key()}
        elif name == "number":
            number = acts.world.people[value].number
            given |= {"nationalId": number, "name": value, "reason": "Grunn", "idempotencyKey": acts.key()}
        else:
            given["upToMessageId" if name == "message" else f"{name}Id"] = acts.id(name.capitalize(), value)
    return given


@pytest.mark.parametrize("what", OUTCOMES)
async def test_l2_outcome_of_an_act_is_logged_where_it_tells_that_the_child_is_there(place, what: str) -> None:
    acts = await of(place)
    await acts.act("leader", only("registerAbsence"), input_of(acts, absent()))
    who, name, told, problem, expected = OUTCOMES[what]
    before = len(await logged(acts))
    outcome = await acts.act(who, only(name), input_of(acts, told))
    assert [one["code"] for one in outcome["problems"]] == ([problem] if problem else [])
    assert (await logged(acts))[before:] == ([expected] if expected else [])
    if expected:
        assert await alone(acts) == {"pupil": "thread" in told}


async def test_l2_act_that_is_repeated_is_logged_again(place) -> None:
    acts = await of(place)
    given = input_of(acts, absent())
    for _ in range(2):
        before = len(await logged(acts))
        assert (await acts.act("teacher", only("registerAbsence"), given))["problems"] == []
        assert (await logged(acts))[before:] == [{TEACHER}]


async def test_l2_joint_thread_that_cannot_be_had_is_logged_since_it_tells_why(place) -> None:
    world = threads()
    world.protect("pupil", "fortrolig")
    for guardian in ("mother", "father"):
        world.confirm(guardian, "pupil", world.today)
    acts = await of(place, world)
    given = {"childId": acts.id("Child", "pupil"), "unitId": acts.id("Unit", "school"), "joint": True,
             "recipientIds": [acts.id("Guardian", one) for one in ("mother", "father")]}  # fmt: skip
    assert codes(await acts.preview("teacher", **given)) == ["NOT_ALLOWED"]
    assert await logged(acts) == [{TEACHER}]


async def test_leader_is_told_what_an_act_was_about_of_which_only_the_outcome_was_asked(place) -> None:
    acts = await of(place)
    for _ in range(2):
        await acts.act("maths_teacher", only("registerAbsence"), input_of(acts, absent()))
    assert [one["subjects"] for one in await told(acts, "leader") or ()] == [["ABSENCE"], ["ABSENCE"]]


async def test_every_act_has_a_word_for_what_it_tells_of_or_is_about_no_child() -> None:
    """`appointSubstitute` and `endSubstitution` are about staff."""
    acts = {name for name in public_catalogue().lines if name.startswith("Mutation.")}
    assert acts - SINGLE.keys() == {"Mutation.appointSubstitute", "Mutation.endSubstitution"}
    assert {name for name in SINGLE if name.startswith("Mutation.")} <= acts


async def test_l2_contact_of_a_guardian_is_logged_with_the_child_whose_relation_opened_it(place) -> None:
    """The mathematics teacher of one child is contact teacher of the other."""
    world = threads()
    world.person("sibling", dt.date(2015, 2, 2))
    world.enrol("sibling", "school", LONG_AGO)
    for guardian in ("mother", "father"):
        world.responsible(guardian, "sibling")
    world.group("6A", "school")
    world.member("sibling", "6A", since=LONG_AGO)
    world.member("maths_teacher", "6A", "CONTACT_TEACHER", LONG_AGO)
    acts = await of(place, world)
    sibling: Look = ("maths_teacher", "sibling", "CONTACT_TEACHER", "school")
    guardians = "query ($id: ID!) { node(id: $id) { ... on Child { guardians { %s } } } }"
    pupil = acts.id("Child", "pupil")
    assert await asks(acts, "maths_teacher", guardians % "name", id=pupil) == [{MATHS}]
    assert await asks(acts, "maths_teacher", guardians % "contact { phone }", id=pupil) == [{MATHS, sibling}]
    assert await alone(acts) == {"pupil": False, "sibling": False}
    participants = "participants { person { ... on Guardian { contact { phone } } } }"
    inbox = f"{{ viewer {{ threads {{ nodes {{ {participants} }} }} }} }}"
    assert await asks(acts, "maths_teacher", inbox) == [{MATHS, sibling}]
    assert await alone(acts) == {"pupil": False, "sibling": False}


REFUSED_WHOLE = {
    "cursor": "query ($id: ID!) { node(id: $id) { ... on Child { threads(after: \"x\") { nodes { id } } } } }",
    "cursor beneath": "query ($id: ID!) { node(id: $id) { ... on Child { absences { nodes { child { "
               "threads(before: \"x\") { nodes { id } } } } } } } }",
    "null": "query ($id: ID!, $unit: ID = \"x\") { node(id: $id) { ... on Child { "
            "photoUseAllowed(purpose: INTERNAL, unitId: $unit) { allowed } } } }",
    "null in a directive": "query ($id: ID!, $unit: Boolean = true) { node(id: $id) { ... on Child { "
                           "id @include(if: $unit) } } }",
    "cursor in a fragment": "query ($id: ID!) { node(id: $id) { ...C } } fragment C on Child { threads(after: \"x\") "
                     "{ nodes { id } } }",
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED_WHOLE)
async def test_c1_request_is_refused_for_what_it_says_and_not_for_what_there_is(place, what: str) -> None:
    """Told only where the child is there, it would tell that, and the log would not know."""
    acts = await of(place)
    told = []
    for who, child in (("maths_teacher", "pupil"), ("maths_teacher", "stranger"), ("mother", "pupil")):
        with pytest.raises(DocumentRefused) as refused:
            await acts.ask(who, REFUSED_WHOLE[what], {"id": acts.id("Child", child), "unit": None})
        told.append(refused.value.errors)
    assert told[0][0]["extensions"]["code"] == ("BAD_VARIABLE" if "null" in what else "BAD_CURSOR")
    assert told[0] == told[1] == told[2]
    assert await logged(acts) == []


async def test_c1_act_is_not_begun_where_its_payload_has_what_is_no_cursor(place) -> None:
    acts = await of(place)
    payload = act("registerAbsence", 'absence { child { threads(after: "x") { nodes { id } } } }')
    told = []
    for child in ("pupil", "stranger"):
        with pytest.raises(DocumentRefused) as refused:
            await acts.act("teacher", payload, input_of(acts, absent(child)))
        told.append(refused.value.errors)
    assert told[0] == told[1]
    assert codes(await acts.act("teacher", only("registerAbsence"), input_of(acts, absent()))) == []


async def test_cursor_of_another_parent_is_an_empty_page_of_a_child_who_is_logged(place) -> None:
    world = threads()
    world.person("friend", dt.date(2018, 5, 5))
    world.enrol("friend", "school", LONG_AGO)
    world.member("friend", "3B", since=LONG_AGO)
    acts = await of(place, world)
    page = "query ($id: ID!, $after: String) { node(id: $id) { ... on Child { threads(first: 1, after: $after) "
    page += "{ edges { cursor } } } } }"
    friend, pupil = acts.id("Child", "friend"), acts.id("Child", "pupil")
    [edge] = (await acts.ask("teacher", page, {"id": pupil}))["node"]["threads"]["edges"]
    told = await acts.ask("teacher", page, {"id": friend, "after": edge["cursor"]})
    assert told["node"]["threads"]["edges"] == []
    assert await alone(acts) == {"friend": False}


async def test_l2_block_that_tells_a_name_is_logged_with_the_child_through_whom_they_are_seen(place) -> None:
    world = threads()
    world.person("friend", dt.date(2018, 5, 5))
    world.enrol("friend", "school", LONG_AGO)
    world.responsible("neighbour", "friend")
    acts = await of(place, world)
    given = {"childId": acts.id("Child", "pupil"), "personId": acts.id("Guardian", "neighbour"), "reason": "Fare",
             "idempotencyKey": acts.key()}  # fmt: skip
    before = len(await logged(acts))
    assert codes(await acts.act("leader", act("setBlock", "block { name }"), given)) == []
    assert (await logged(acts))[before:] == [{LEADER, ("leader", "friend", "UNIT_LEADER", "school")}]


BY_CASE = {
    "groups": "query ($school: ID!) { node(id: $school) { ... on Unit { groups { name } } } }",
    "a group": "query ($class: ID!) { node(id: $class) { ... on Group { name } } }",
    "staff": "query ($school: ID!) { node(id: $school) { ... on Unit { staff { name } } } }",
    "one of the staff": "query ($teacher: ID!) { node(id: $teacher) { id } }",
    "number of children": "query ($school: ID!) { node(id: $school) { ... on Unit { children { totalCount } } } }",
    "how long a list is": (
        "query ($school: ID!) { node(id: $school) { ... on Unit { children { edges { __typename } } } } }"
    ),
    "whether there is any": (
        "query ($school: ID!) { node(id: $school) { ... on Unit { children(first: 0) { pageInfo { hasNextPage } } } } }"
    ),
}


@pytest.mark.parametrize("what", BY_CASE)
async def test_l2_what_the_administration_sees_of_a_unit_by_a_case_is_logged_with_it(place, what: str) -> None:
    acts = await of(place)
    text = BY_CASE[what]
    assert await asks(acts, "officer", text, **variables_of(acts, text)) == []
    await acts.act("officer", OPEN, asked(acts))
    assert await asks(acts, "officer", text, **variables_of(acts, text)) == [{OFFICER}]
    other = text.replace("$school", "$sfo") if what == "groups" else "{ viewer { units { name } } }"
    assert await asks(acts, "officer", other, **variables_of(acts, other)) == []


async def test_administrator_who_works_elsewhere_is_not_logged_with_a_case_for_what_they_see_there(place) -> None:
    world = threads()
    world.employ("officer", "sfo", "LEADER")
    world.member("officer", "3B", "CONTACT_TEACHER", LONG_AGO)
    world.employ("officer", "school", "STAFF")
    acts = await of(place, world)
    await acts.act("officer", OPEN, asked(acts))
    count = "query ($sfo: ID!) { node(id: $sfo) { ... on Unit { children { totalCount } staff { name } } } }"
    assert await asks(acts, "officer", count, sfo=acts.id("Unit", "sfo")) == []
    await acts.act("leader", only("registerAbsence"), input_of(acts, absent()))
    away = "query ($school: ID!) { node(id: $school) { ... on Unit { absences { nodes { id } } } } }"
    assert await asks(acts, "officer", away, school=acts.id("Unit", "school")) == [
        {("officer", "pupil", "CONTACT_TEACHER", "school")}
    ]


async def test_cursors_of_a_page_are_logged_and_not_the_row_that_tells_of_a_further_one(place) -> None:
    world = threads()
    world.person("friend", dt.date(2018, 5, 5))
    world.enrol("friend", "school", LONG_AGO)
    world.member("friend", "3B", since=LONG_AGO)
    acts = await of(place, world)
    page = "{ viewer { pupils(first: %d) { edges { cursor } pageInfo { hasNextPage } } } }"
    [seen] = await asks(acts, "teacher", page % 1)
    assert len(seen) == 1
    assert await asks(acts, "teacher", page % 0) == []


async def test_l2_facts_about_children_in_an_explanation_of_a_group_or_of_staff_are_logged(place) -> None:
    acts = await of(place)
    text = "query ($id: ID!) { explainAccess(node: $id) { reasons { fact since } } }"
    assert await asks(acts, "teacher", text, id=acts.id("Group", "3B")) == [{TEACHER}]
    assert await alone(acts) == {"pupil": False}
    assert await asks(acts, "leader", text, id=acts.id("StaffMember", "sfo_worker")) == [{LEADER}]
    assert await asks(acts, "teacher", text, id=acts.id("Unit", "school")) == []


PREVIEWS = {
    "all": PREVIEW,
    "counts": PREVIEW_OF.format("threads previewToken"),
    "problems": PREVIEW_OF.format("problems { code }"),
    "typename": PREVIEW_OF.format("__typename"),
}
"""By what is asked: that there is no problem says already that those whom it names belong to the child."""


@pytest.mark.parametrize("told", PREVIEWS)
async def test_l2_preview_of_recipients_is_logged_whatever_is_asked_of_it(place, told: str) -> None:
    acts = await of(place)
    text = PREVIEWS[told]
    given = {"childId": acts.id("Child", "pupil"), "unitId": acts.id("Unit", "school"),
             "recipientIds": [acts.id("Guardian", "mother")]}  # fmt: skip
    assert await asks(acts, "teacher", text, input=given) == [{TEACHER}]
    assert await alone(acts) == {"pupil": True}
    assert await asks(acts, "teacher", text, input={"threadId": acts.id("Thread", "talk")}) == [{TEACHER}]
    assert await alone(acts) == {"pupil": True}
    # The refusal is about whom it names, and says by that that the child is there.
    refused = {**given, "recipientIds": [acts.id("Guardian", "neighbour")]}
    assert await asks(acts, "teacher", text, input=refused) == [{TEACHER}]
    unknown = {**given, "childId": acts.id("Child", "stranger")}
    assert await asks(acts, "teacher", text, input=unknown) == []
    of_family = {**given, "recipientIds": []}
    assert await asks(acts, "mother", text, input=of_family) == []


async def test_preview_of_a_unit_letter_is_logged_where_it_tells_of_recipients(place) -> None:
    acts = await of(place)
    letter = "query ($input: UnitLetterPreviewInput!) { unitLetterPreview(input: $input) { %s } }"
    to_unit = {"unitId": acts.id("Unit", "sfo")}
    assert await asks(acts, "sfo_leader", letter % "threads", input=to_unit) == []
    assert await asks(acts, "sfo_leader", letter % "recipients { guardian { name } }", input=to_unit) == [{SFO_LEADER}]
    assert await alone(acts) == {"pupil": True}
    await asks(acts, "sfo_leader", letter % "recipients { child { name } }", input=to_unit)
    assert await alone(acts) == {"pupil": False}


async def test_leader_is_told_that_a_preview_was_of_messages(place) -> None:
    acts = await of(place)
    await acts.preview("teacher", threadId=acts.id("Thread", "talk"))
    [entry] = await told(acts, "leader") or ()
    assert (entry["role"], entry["subjects"]) == ("CONTACT_TEACHER", ["MESSAGES"])


def asked(acts: Acts, **more: Any) -> dict[str, Any]:
    number = acts.world.people["pupil"].number
    return {"nationalId": number, "reason": "Klage", "idempotencyKey": acts.key(), **more}


async def test_case_worker_is_logged_with_the_case(place) -> None:
    acts = await of(place)
    told = await acts.act("officer", OPEN, asked(acts))
    assert told["case"]["state"] == "OPEN"
    assert await logged(acts) == [{OFFICER}]
    assert await asks(acts, "officer", NAME, id=acts.id("Child", "pupil")) == [{OFFICER}]
    [first, second] = await log_rows(acts.place.database, acts.loaded.municipality)
    case_id = decode(told["case"]["id"])
    assert case_id
    assert first["need_case_id"] == second["need_case_id"] == case_id[1]
    assert await asks(acts, "officer", NODE, id=acts.id("Guardian", "mother")) == [{OFFICER}]
    assert await alone(acts) == {"pupil": False}


async def test_case_worker_is_logged_with_the_latest_case_of_theirs_that_is_open(place) -> None:
    world = threads()
    world.person("second", documented=False)
    world.administrator("second")
    acts = await of(place, world)
    cases = [(await acts.act(who, OPEN, asked(acts)))["case"]["id"] for who in ("officer", "officer", "officer")]
    assert (await acts.act("officer", CLOSE, {"caseId": cases[2]}))["problems"] == []
    assert (await acts.act("second", OPEN, asked(acts)))["case"]["state"] == "OPEN"
    await acts.ask("officer", NAME, {"id": acts.id("Child", "pupil")})
    last = (await log_rows(acts.place.database, acts.loaded.municipality))[-1]
    assert last["need_case_id"] == (decode(cases[1]) or ())[1]


async def test_whoever_reads_whom_anothers_case_is_about_is_logged_and_whoever_asked_is_not(place) -> None:
    world = threads()
    world.person("second", documented=False)
    world.administrator("second")
    world.protect("pupil", "fortrolig")
    acts = await of(place, world)
    assert (await acts.act("officer", OPEN, asked(acts)))["case"]["state"] == "WAITING"
    cases = "{ viewer { cases { nodes { state askedFor } } } }"
    assert await asks(acts, "officer", cases) == []
    assert await asks(acts, "second", cases) == [{("second", "pupil", "CASE_WORKER", None)}]
    assert await asks(acts, "leader", cases) == [{LEADER}]
    assert await asks(acts, "teacher", cases) == []


async def test_leader_who_administers_is_logged_by_what_they_see_the_case_by(place) -> None:
    world = threads()
    world.administrator("leader")
    acts = await of(place, world)
    await acts.act("officer", OPEN, asked(acts))
    cases = "query ($school: ID!) { node(id: $school) { ... on Unit { needCases { nodes { state } } } } }"
    assert await asks(acts, "leader", cases, school=acts.id("Unit", "school")) == [{LEADER}]


async def test_c5_guardian_is_told_of_looks_at_messages_only_where_they_have_a_thread(place) -> None:
    """Else who polls an inbox would tell that there is a thread of the other guardian."""
    world = village()
    world.thread("hers", "school", "pupil", oslo(world.today - 5 * DAY), ("mother",), ("teacher",))
    acts = await of(place, world)
    await acts.ask("teacher", "{ viewer { threads { nodes { subject } } } }", {})
    assert [entry["role"] for entry in await told(acts, "mother") or ()] == ["CONTACT_TEACHER"]
    assert await told(acts, "father") == []
    await acts.ask("teacher", NAME, {"id": acts.id("Child", "pupil")})
    assert [entry["role"] for entry in await told(acts, "father") or ()] == ["CONTACT_TEACHER"]


async def test_c5_guardian_is_not_told_of_looks_from_before_their_thread_nor_at_one_of_others(place) -> None:
    """T2: a subject teacher reads the threads that they take part in."""
    world = village()
    start = oslo(world.today - 5 * DAY)
    world.thread("hers", "school", "pupil", start, ("mother",), ("teacher",))
    world.thread("sums", "school", "pupil", start, ("mother",), ("maths_teacher",))
    acts = await of(place, world)
    inbox = "{ viewer { threads { nodes { subject } } } }"
    await acts.ask("teacher", inbox, {})
    assert (await acts.start("father", "school", "pupil", acts.id("StaffMember", "teacher")))["problems"] == []
    assert await told(acts, "father") == []
    for who in ("teacher", "maths_teacher"):
        await acts.ask(who, inbox, {})
    assert [entry["role"] for entry in await told(acts, "father") or ()] == ["CONTACT_TEACHER"]
    roles = [entry["role"] for entry in await told(acts, "mother") or ()]
    assert roles == ["SUBJECT_STAFF", "CONTACT_TEACHER", "CONTACT_TEACHER"]


@pytest.mark.parametrize("child", ["pupil", None])
async def test_l2_whoever_is_to_approve_is_logged_with_the_case_on_every_road(place, child: str | None) -> None:
    world = threads()
    world.person("second", documented=False)
    world.administrator("second")
    world.protect("pupil", "fortrolig")
    acts = await of(place, world)
    more = {} if child else {"nationalId": UNKNOWN}
    case = (await acts.act("officer", OPEN, {**asked(acts), **more}))["case"]["id"]
    case_id = (decode(case) or ())[1]
    explain = "query ($id: ID!) { explainAccess(node: $id) { visible } }"
    approve = "mutation ($id: ID!) { approveNeedCase(input: {caseId: $id}) { problems { code } } }"
    for text in (NODE, explain, approve):
        await acts.ask("second", text, {"id": case})
        row = (await log_rows(acts.place.database, acts.loaded.municipality))[-1]
        assert Relation(row["relation"]) is Relation.CASE_WORKER, text
        assert (row["unit_id"], row["need_case_id"], row["messages_alone"]) == (None, case_id, False), text
    assert len(await log_rows(acts.place.database, acts.loaded.municipality)) == 3


async def test_act_that_cannot_be_logged_is_not_done(place, monkeypatch) -> None:
    acts = await of(place)
    connection = await asyncpg.connect(**acts.place.database.admin_connect)
    await connection.execute("revoke insert on access_log from innsyn_api")
    try:
        with pytest.raises(AccessNotLogged):
            await acts.send("teacher", acts.id("Thread", "talk"), body="Ikke sendt")
        with pytest.raises(AccessNotLogged):
            await acts.ask("teacher", NAME, {"id": acts.id("Child", "pupil")})
        # Whose reading is not logged need not wait for the log.
        assert await acts.ask("mother", NAME, {"id": acts.id("Child", "pupil")})
    finally:
        await connection.execute("grant insert on access_log to innsyn_api")
        await connection.close()
    assert "Ikke sendt" not in (await acts.bodies("mother", acts.id("Thread", "talk")) or [])


# --- what is written ------------------------------------------------------------------------------------------------


async def document(acts: Acts, who: str, text: str, **variables: Any) -> tuple[bytes, list[str]]:
    await acts.ask(who, text, variables)
    row = (await log_rows(acts.place.database, acts.loaded.municipality))[-1]
    connection = await asyncpg.connect(**acts.place.database.admin_connect)
    try:
        fields = "select fields from access_log_document where digest = $1"
        return row["document"], await connection.fetchval(fields, row["document"])
    finally:
        await connection.close()


async def test_question_is_kept_by_its_fields_without_a_word_of_the_client(place) -> None:
    acts = await of(place)
    child = acts.id("Child", "pupil")
    digest, fields = await document(acts, "teacher", NAME, id=child)
    assert fields == ["Child.name", "Query.node"]
    written = (
        'query Ola01817512345 { ola01817512345: node(id: "%s") { ...Secret } } fragment Secret on Child { n: name }'
    )
    assert (await document(acts, "teacher", written % child))[0] == digest
    other = written.replace("n: name", "id n: name")
    longer = await document(acts, "teacher", other % child)
    assert longer[0] != digest
    assert longer[1] == ["Child.id", "Child.name", "Query.node"]


async def test_what_a_request_left_out_is_not_said_to_be_asked(place) -> None:
    acts = await of(place)
    child = acts.id("Child", "pupil")
    text = """query ($id: ID!, $all: Boolean!) { node(id: $id) { ... on Child { name
        address @include(if: $all) { city } ...More @skip(if: $all) } } } fragment More on Child { birthDate }"""
    _, some = await document(acts, "teacher", text, id=child, all=False)
    assert some == ["Child.birthDate", "Child.name", "Query.node"]
    _, other = await document(acts, "teacher", text, id=child, all=True)
    assert other == ["Child.address", "Child.name", "PostalAddress.city", "Query.node"]


async def test_name_of_an_operation_is_cut_and_cannot_break_a_line(place) -> None:
    acts = await of(place)
    child = acts.id("Child", "pupil")
    await acts.ask("teacher", NAME.replace("query", f"query {'N' * 5000}"), {"id": child})
    await acts.ask("teacher", NAME.replace("query", "query Fine_1"), {"id": child})
    await acts.ask("teacher", NAME, {"id": child})
    rows = await log_rows(acts.place.database, acts.loaded.municipality)
    assert [row["operation"] for row in rows] == ["N" * 79 + "~", "Fine_1", None]


def test_name_with_strange_letters_becomes_a_plain_one() -> None:
    from resolvers.engine.looks import plain_name  # noqa: PLC0415

    assert plain_name("a\nb\x1b[31m\u202eÅ;--") == "a?b??31m??????"[: len("a\nb\x1b[31m\u202eÅ;--")]
    assert plain_name("") is None


async def test_instant_and_looker_are_the_requests_own(place) -> None:
    acts = await of(place)
    await acts.ask("teacher", NAME, {"id": acts.id("Child", "pupil")})
    [row] = await log_rows(acts.place.database, acts.loaded.municipality)
    assert (row["at"], row["kind"], row["client"]) == (acts.now, "QUERY", None)


# --- who is told ----------------------------------------------------------------------------------------------------


async def looked_at(acts: Acts, *who: str) -> None:
    for one in who:
        await acts.ask(one, NAME.replace("query", f"query By_{one}"), {"id": acts.id("Child", "pupil")})


async def told(acts: Acts, who: str, login: str | None = None) -> list[dict[str, Any]] | None:
    node = (await acts.ask(who, LOG, {"id": acts.id("Child", "pupil")}, login))["node"]
    if node["accessLog"] is None:
        return None
    assert node["accessLog"]["totalCount"] == len(node["accessLog"]["nodes"])
    entries: list[dict[str, Any]] = node["accessLog"]["nodes"]
    return entries


def short(entries: list[dict[str, Any]] | None) -> list[tuple[str, str | None, str | None]]:
    assert entries is not None
    return [(one["role"], one["unit"] and one["unit"]["name"], one["operation"]) for one in entries]


async def test_guardian_is_told_role_and_unit_and_not_who(place) -> None:
    acts = await of(place)
    await looked_at(acts, "teacher", "sfo_worker", "leader")
    for guardian in ("mother", "father"):
        entries = await told(acts, guardian)
        assert short(entries) == [
            ("UNIT_LEADER", "Fjellet skole", None),
            ("UNIT_STAFF", "Fjellet SFO", None),
            ("CONTACT_TEACHER", "Fjellet skole", None),
        ]
        assert {(one["lookedByName"], one["subjects"]) for one in entries or ()} == {(None, None)}


async def test_guardian_who_is_registered_as_a_delegate_besides_is_told_no_more(place) -> None:
    world = threads()
    world.delegate("mother", "pupil", "school")
    world.consent("father", "pupil", "mother", "school")
    acts = await of(place, world)
    await looked_at(acts, "teacher")
    entries = await told(acts, "mother")
    assert short(entries) == [("CONTACT_TEACHER", "Fjellet skole", None)]
    assert [one["lookedByName"] for one in entries or ()] == [None]


async def test_guardian_signed_in_as_an_employee_is_told_nothing(place) -> None:
    acts = await of(place)
    await looked_at(acts, "teacher")
    assert (await acts.ask("mother", LOG, {"id": acts.id("Child", "pupil")}, "employee"))["node"] is None


async def test_leader_is_told_who_of_the_own_unit_and_of_the_administration(place) -> None:
    acts = await of(place)
    await acts.act("officer", OPEN, asked(acts))
    await looked_at(acts, "teacher", "sfo_worker", "officer")
    entries = await told(acts, "leader")
    assert short(entries)[:2] == [
        ("CASE_WORKER", None, "By_officer"),
        ("CONTACT_TEACHER", "Fjellet skole", "By_teacher"),
    ]
    assert [one["lookedByName"] for one in entries or ()] == [
        acts.world.people[who].name for who in ("officer", "teacher", "officer")
    ]
    assert (entries or [])[0]["subjects"] == ["CHILD"]
    entries = await told(acts, "sfo_leader")
    assert [role for role, _, _ in short(entries)] == ["CASE_WORKER", "UNIT_STAFF", "CASE_WORKER"]


@pytest.mark.parametrize("role", ["CONTACT_TEACHER", "SUBJECT_TEACHER", "STAFF"])
async def test_leader_who_works_at_another_unit_is_told_of_their_own_alone(place, role: str) -> None:
    world = threads()
    if role == "STAFF":
        world.employ("leader", "sfo", "STAFF")
        who, unit = "leader", "Fjellet skole"
    else:
        world.employ("sfo_leader", "school", "TEACHER")
        world.member("sfo_leader", "3B" if role == "CONTACT_TEACHER" else "maths", role, LONG_AGO)
        who, unit = "sfo_leader", "Fjellet SFO"
    acts = await of(place, world)
    await looked_at(acts, "teacher", "sfo_worker")
    assert {place for _, place, _ in short(await told(acts, who))} == {unit}


@pytest.mark.parametrize("who", ["teacher", "maths_teacher", "assistant", "sfo_worker"])
async def test_nobody_else_is_told_who_looked(place, who: str) -> None:
    acts = await of(place)
    await looked_at(acts, "teacher")
    engine = acts.place.engine
    prepared = engine.documents.prepare(LOG, None)
    viewer = acts.place.viewer(acts.world, who, "both")
    answer = await engine.run(prepared, {"id": acts.id("Child", "pupil")}, viewer, acts.now)
    assert answer.data == {"node": {"accessLog": None}}
    assert answer.hidden == {"Child.accessLog": 1}


async def test_leader_whom_the_child_has_left_and_the_pupil_are_told_nothing(place) -> None:
    world = village(born=dt.date(2010, 2, 3))
    world.person("gone", dt.date(2016, 1, 1))
    world.enrol("gone", "school", LONG_AGO, world.today - 30 * DAY)
    acts = await of(place, world)
    await looked_at(acts, "teacher")
    assert await told(acts, "pupil") is None
    node = (await acts.ask("leader", LOG, {"id": acts.id("Child", "gone")}))["node"]
    assert node == {"accessLog": None}


async def test_case_worker_is_told_in_a_case_opened_for_that_and_in_no_other(place) -> None:
    world = threads()
    world.person("second", documented=False)
    world.administrator("second")
    acts = await of(place, world)
    await looked_at(acts, "teacher", "sfo_worker")
    assert (await acts.act("officer", OPEN, asked(acts)))["problems"] == []
    assert await told(acts, "officer") == []
    assert (await acts.act("second", OPEN, asked(acts, forAccessLog=True)))["problems"] == []
    assert await told(acts, "officer") == []
    entries = await told(acts, "second")
    assert {(one["lookedByName"], one["role"]) for one in entries or ()} >= {
        (acts.world.people["teacher"].name, "CONTACT_TEACHER"),
        (acts.world.people["sfo_worker"].name, "UNIT_STAFF"),
    }
    acts.now += dt.timedelta(hours=9)
    assert (await acts.ask("second", LOG, {"id": acts.id("Child", "pupil")}))["node"] is None


async def test_case_opened_for_that_tells_of_its_own_child_and_while_it_is_open(place) -> None:
    acts = await of(place)
    await looked_at(acts, "teacher")
    stranger = acts.world.people["stranger"].number
    assert (await acts.act("officer", OPEN, asked(acts)))["problems"] == []
    assert (await acts.act("officer", OPEN, asked(acts, nationalId=stranger, forAccessLog=True)))["problems"] == []
    assert await told(acts, "officer") == []
    case = (await acts.act("officer", OPEN, asked(acts, forAccessLog=True)))["case"]["id"]
    assert "CONTACT_TEACHER" in [role for role, _, _ in short(await told(acts, "officer"))]
    assert (await acts.act("officer", CLOSE, {"caseId": case}))["problems"] == []
    assert await told(acts, "officer") == []


async def test_case_worker_is_not_told_that_there_is_a_thread(place) -> None:
    """Section 3: the administration never learns that a thread exists, by who has looked either."""
    acts = await of(place)
    await acts.ask("leader", "query TheThreads { viewer { threads { nodes { id subject } } } }", {})
    assert (await acts.act("officer", OPEN, asked(acts, forAccessLog=True)))["problems"] == []
    assert [one for one in await told(acts, "officer") or () if one["role"] != "CASE_WORKER"] == []
    assert "MESSAGES" in (await told(acts, "leader") or [])[-1]["subjects"]
    await acts.ask("leader", "query All { viewer { threads { nodes { child { birthDate } subject } } } }", {})
    look = next(one for one in await told(acts, "officer") or () if one["role"] == "UNIT_LEADER")
    assert (look["subjects"], look["operation"]) == (["CHILD"], None)


async def test_case_worker_is_not_told_of_an_inbox_with_the_names_in_it(place) -> None:
    """Section 3, C7: an inbox is asked for again and again, and a child without threads is never in it."""
    acts = await of(place)
    names = (
        "child { name } participants { person { name } } messages { nodes { author { name } attachments { name } } }"
    )
    for text in (f"{{ viewer {{ threads {{ nodes {{ subject {names} }} }} }} }}",
                 "query ($id: ID!) { viewer { threads(filter: {childId: $id}) { totalCount } } }"):  # fmt: skip
        assert await asks(acts, "teacher", text, **({"id": acts.id("Child", "pupil")} if "$id" in text else {}))
    assert (await acts.act("officer", OPEN, asked(acts, forAccessLog=True)))["problems"] == []
    assert [one["role"] for one in await told(acts, "officer") or ()] == ["CASE_WORKER"]
    await acts.ask("teacher", NODE, {"id": acts.id("Child", "pupil")})
    assert "CONTACT_TEACHER" in [one["role"] for one in await told(acts, "officer") or ()]


async def test_guardian_without_a_thread_at_a_unit_that_was_left_is_not_told_who_reads_there(place) -> None:
    """C5, T7: staff of an SFO see nothing of a child who has left but its threads."""
    world = village()
    world.person("gone", dt.date(2016, 1, 1))
    world.enrol("gone", "sfo", LONG_AGO, world.today - 30 * DAY)
    world.enrol("gone", "school", LONG_AGO)
    for guardian in ("mother", "father"):
        world.responsible(guardian, "gone")
    world.thread("old", "sfo", "gone", oslo(world.today - 60 * DAY), ("mother",), ("sfo_worker",))
    # Threads of another unit, about another child, and of others are none of theirs there.
    world.thread("class", "school", "gone", oslo(world.today - 60 * DAY), ("father",), ("teacher",))
    world.thread("talk", "sfo", "pupil", oslo(world.today - 60 * DAY), ("father",), ("sfo_worker",))
    world.thread("work", "sfo", "gone", oslo(world.today - 60 * DAY), ("mother",), ("father",))
    acts = await of(place, world)
    await acts.ask("sfo_worker", NODE, {"id": acts.id("Thread", "old")})
    for guardian, roles in (("mother", ["UNIT_STAFF"]), ("father", [])):
        node = (await acts.ask(guardian, LOG, {"id": acts.id("Child", "gone")}))["node"]
        assert [one["role"] for one in node["accessLog"]["nodes"]] == roles, guardian


async def test_leader_of_two_units_is_told_of_neither_that_the_child_has_left(place) -> None:
    world = threads()
    world.employ("leader", "sfo", "LEADER")
    world.person("half", dt.date(2016, 1, 1))
    world.responsible("mother", "half")
    world.enrol("half", "school", LONG_AGO)
    world.enrol("half", "sfo", LONG_AGO, world.today)
    acts = await of(place, world)
    yesterday = acts.now
    acts.now = yesterday - DAY
    await acts.ask("sfo_worker", NAME, {"id": acts.id("Child", "half")})
    acts.now = yesterday
    node = (await acts.ask("leader", LOG, {"id": acts.id("Child", "half")}))["node"]
    assert node["accessLog"]["nodes"] == []
    node = (await acts.ask("mother", LOG, {"id": acts.id("Child", "half")}))["node"]
    assert [one["role"] for one in node["accessLog"]["nodes"]] == ["UNIT_LEADER", "UNIT_LEADER", "UNIT_STAFF"]


async def test_entries_tell_nothing_of_the_other_children_of_an_operation(place) -> None:
    world = threads()
    world.person("friend", dt.date(2018, 5, 5))
    world.enrol("friend", "school", LONG_AGO)
    world.member("friend", "3B", since=LONG_AGO)
    acts = await of(place, world)
    await acts.ask("teacher", "{ viewer { pupils { nodes { name } } } }", {})
    await acts.ask("teacher", NAME, {"id": acts.id("Child", "friend")})
    assert len(await told(acts, "mother") or ()) == 1


async def test_r1_looks_of_somebody_who_is_blocked_now_stay_listed(place) -> None:
    world = threads()
    world.block("teacher", "pupil", world.today)
    acts = await of(place, world)
    noon = acts.now
    acts.now = noon - DAY
    await looked_at(acts, "teacher")
    acts.now = noon
    assert (await acts.ask("teacher", NAME, {"id": acts.id("Child", "pupil")}))["node"] is None
    assert [role for role, _, _ in short(await told(acts, "mother"))] == ["CONTACT_TEACHER"]


async def test_pages_go_through_all_entries_once(place) -> None:
    acts = await of(place)
    await acts.act("officer", OPEN, asked(acts))
    await looked_at(acts, *["teacher", "officer", "leader"] * 3)
    text = """query ($id: ID!, $after: String) { node(id: $id) { ... on Child { accessLog(first: 3, after: $after) {
        edges { cursor node { at role } } pageInfo { hasNextPage } } } } }"""
    met: list[Any] = []
    after = None
    while True:
        page = (await acts.ask("mother", text, {"id": acts.id("Child", "pupil"), "after": after}))["node"]["accessLog"]
        met += [edge["node"]["at"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["edges"][-1]["cursor"]
    assert met == sorted(met, reverse=True)
    assert len(met) == len(set(met)) == 10
    backwards = text.replace("first: 3, after: $after", "last: 4").replace(", $after: String", "")
    page = (await acts.ask("mother", backwards, {"id": acts.id("Child", "pupil")}))["node"]["accessLog"]
    assert [edge["node"]["at"] for edge in page["edges"]] == met[-4:]


# --- what it costs --------------------------------------------------------------------------------------------------


async def test_guardians_plan_gathers_nothing_and_reads_no_column_for_the_log(place) -> None:
    acts = await of(place)
    text = "{ viewer { threads { nodes { subject child { name birthDate } messages { nodes { body } } } } } }"
    prepared = acts.place.engine.documents.prepare(text, None)
    gathered: dict[bool, int] = {}
    columns: dict[bool, int] = {}
    for who in ("mother", "leader"):
        await acts.ask(who, text, {})
    for planner, plan in prepared.plans.values():
        [(_, _, _, steps)] = plan.steps
        [(_, _, reading)] = steps
        [part] = reading.level.parts
        works = planner.viewer_works
        gathered[works], columns[works] = len(part.view.notes), len(reading.level.columns)
    assert gathered == {False: 0, True: 2}
    # The leader's rows bring the child and the unit of the thread.
    assert columns[True] == columns[False] + 2


# --- against the oracle ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [3, 11])
async def test_everybody_in_a_random_world_is_logged_by_the_relations_that_the_oracle_gives(place, seed: int) -> None:
    world = random_world(seed)
    acts = await of(place, world)
    relations = Relations(world)
    children = sorted({enrolment.child for enrolment in world.enrolments})
    text = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    expected: list[set[Look]] = []
    named: list[set[str]] = []
    for who in acts.people():
        view = View(relations, who, "both", acts.now + acts.tick)
        told = (await acts.ask(who, text, {"ids": [acts.id("Child", child) for child in children]}))["nodes"]
        ties = {(child, tie) for child in children for tie in view.ties(child) if tie.relation in BY_WORK}
        leads = {(child, tie.unit) for child, tie in ties if tie.relation == "UNIT_LEADER"}
        looks_of = {
            (who, child, tie.relation, tie.unit)
            for child, tie in ties
            if tie.relation != "UNIT_STAFF" or (child, tie.unit) not in leads
        }
        family = {child for child in children if set(view.relations(child)) & {"GUARDIAN", "DELEGATE", "SELF"}}
        by_name = (
            {child for child, node in zip(children, told, strict=True) if node} - family - {one[1] for one in looks_of}
        )
        if looks_of or by_name:
            expected.append(looks_of)
            named.append(by_name)
    given = await logged(acts)
    assert len(given) == len(expected) > 5
    for one, wanted, by_name in zip(given, expected, named, strict=True):
        assert {look for look in one if look[1] not in by_name} == wanted
        assert {look[1] for look in one if look[1] in by_name} == by_name
