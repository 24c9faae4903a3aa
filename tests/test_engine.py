"""The engine as such: plans are shared between viewers and requests, and nothing else is."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from resolvers.engine.limits import DocumentRefused
from resolvers.engine.run import ContactsOutOfReach
from tests.oracle.relations import Relations
from tests.oracle.view import View
from tests.worlds.village import village, with_threads
from tests.worlds.world import oslo

PUPILS = "{ viewer { pupils { nodes { name guardians { name contact { phone } } } } } }"


@pytest.fixture
async def asking(place):
    """`await asking(who, text, **variables)`: the answer as a viewer of the village gets it."""
    world = with_threads(village())
    await place.load(world)
    relations = Relations(world)

    async def ask(who: str, text: str, login: str = "both", **variables):
        return await place.ask(View(relations, who, login, oslo(world.today)), text, variables)

    return ask


async def test_connection_parts_asked_for_twice_are_answered_each_by_itself(asking):
    answer = await asking(
        "mother",
        """{ viewer { threads { a: nodes { subject } b: nodes { id subject } first: edges { cursor }
             second: edges { node { subject } } one: totalCount two: totalCount pageInfo { hasNextPage } } } }""",
    )
    threads = answer.data["viewer"]["threads"]
    assert [list(node) for node in threads["a"]] == [["subject"], ["subject"]]
    assert [list(node) for node in threads["b"]] == [["id", "subject"], ["id", "subject"]]
    assert [list(edge) for edge in threads["first"]] == [["cursor"], ["cursor"]]
    assert [edge["node"]["subject"] for edge in threads["second"]] == [node["subject"] for node in threads["a"]]
    assert (threads["one"], threads["two"], threads["pageInfo"]) == (2, 2, {"hasNextPage": False})


async def test_fields_come_in_the_order_in_which_they_are_asked_for(asking):
    answer = await asking("mother", "{ viewer { unreadCount b: municipality threads { totalCount } a: __typename } }")
    assert list(answer.data["viewer"]) == ["unreadCount", "b", "threads", "a"]


async def test_one_document_follows_its_conditions_in_each_request(asking):
    text = "query ($with: Boolean!) { viewer { municipality unreadCount @include(if: $with) } }"
    for wanted in (True, False, True):
        answer = await asking("mother", text, **{"with": wanted})
        assert ("unreadCount" in answer.data["viewer"]) is wanted


async def test_one_document_serves_viewers_of_every_shape(asking):
    """The same plan must not answer one viewer with the statements of another."""
    seen = {}
    for who in ("mother", "teacher", "leader", "sfo_worker", "aunt", "mother"):
        answer = await asking(who, PUPILS)
        seen[who] = [child["name"] for child in answer.data["viewer"]["pupils"]["nodes"]]
    assert seen["mother"] == seen["aunt"] == []
    assert len(seen["teacher"]) == len(seen["leader"]) == len(seen["sfo_worker"]) == 1


async def test_viewers_who_ask_at_once_get_their_own_answers(asking):
    viewers = ["mother", "father", "teacher", "maths_teacher", "leader", "sfo_worker", "aunt", "other_leader"] * 6
    text = "{ viewer { person { name } threads { nodes { id subject } } unreadCount } }"
    alone = {who: (await asking(who, text)).data for who in set(viewers)}
    together = await asyncio.gather(*(asking(who, text) for who in viewers))
    assert [answer.data for answer in together] == [alone[who] for who in viewers]


async def test_plan_keeps_no_value_of_a_request(asking, place):
    text = "query ($id: ID!, $deep: Boolean!) { node(id: $id) { id __typename @include(if: $deep) } }"
    await asking("mother", text, id="a value of this very request", deep=True)
    prepared = place.engine.documents.prepare(text, None)
    for planner, _ in prepared.plans.values():
        assert planner.values.coerced == {"deep": True}


async def test_contact_register_away_leaves_the_field_null_with_an_error_at_its_place(asking, place):
    async def away(_):
        raise ContactsOutOfReach

    services = place.engine.services
    place.engine.services = replace(services, contacts=away)
    try:
        answer = await asking("teacher", PUPILS)
    finally:
        place.engine.services = services
    (child,) = answer.data["viewer"]["pupils"]["nodes"]
    assert [guardian["contact"] for guardian in child["guardians"]] == [None, None]
    assert [error["path"] for error in answer.errors] == [
        ["viewer", "pupils", "nodes", 0, "guardians", 0, "contact"],
        ["viewer", "pupils", "nodes", 0, "guardians", 1, "contact"],
    ]
    assert {error["extensions"]["code"] for error in answer.errors} == {"CONTACTS_OUT_OF_REACH"}


@pytest.mark.parametrize(
    ("page", "code"),
    [
        ("first: -1", "BAD_PAGE"),
        ("last: -1", "BAD_PAGE"),
        ("first: 1, last: 1", "BAD_PAGE"),
        ('first: 1, before: "x"', "BAD_PAGE"),
        ('after: "x", before: "y"', "BAD_PAGE"),
        ("first: 100000", "PAGE_TOO_LARGE"),
        ('after: "not a cursor"', "BAD_CURSOR"),
        ('before: "bm90IGEgY3Vyc29y"', "BAD_CURSOR"),
    ],
)
async def test_page_that_cannot_be_is_refused(asking, page, code):
    with pytest.raises(DocumentRefused) as refused:
        await asking("mother", f"{{ viewer {{ threads({page}) {{ nodes {{ id }} }} }} }}")
    assert refused.value.errors[0]["extensions"]["code"] == code


async def test_cursor_is_worth_nothing_to_another_viewer_or_elsewhere(asking):
    threads = "{ viewer { threads { edges { cursor } } units { threads { edges { cursor } } } } }"
    own = (await asking("leader", threads)).data["viewer"]
    cursor = own["threads"]["edges"][0]["cursor"]
    text = "query ($after: String) { viewer { threads(after: $after) { nodes { id } } } }"
    unread = "query ($after: String) { viewer { threads(after: $after, filter: {unreadOnly: true}) { nodes { id } } } }"
    assert (await asking("leader", text, after=cursor)).data["viewer"]["threads"]["nodes"]
    with pytest.raises(DocumentRefused):
        await asking("teacher", text, after=cursor)
    with pytest.raises(DocumentRefused):
        await asking("leader", text, after=own["units"][0]["threads"]["edges"][0]["cursor"])
    with pytest.raises(DocumentRefused):
        await asking("leader", unread, after=cursor)


async def test_schema_tells_about_itself_beside_data_and_by_alias(asking):
    answer = await asking(
        "mother",
        '{ viewer { municipality } child: __type(name: "Child") { fields { name } } __schema { queryType { name } } }',
    )
    assert list(answer.data) == ["viewer", "child", "__schema"]
    assert {"name": "birthDate"} in answer.data["child"]["fields"]
    assert answer.data["__schema"] == {"queryType": {"name": "Query"}}


async def test_what_is_hidden_is_counted_at_each_place(asking):
    answer = await asking(
        "teacher", "{ viewer { a: pupils { nodes { nationalId } } b: pupils { nodes { nationalId } } } }"
    )
    assert answer.hidden == {"Child.nationalId": 2}


async def test_contact_register_away_does_not_tell_a_protected_guardian_from_another(place):
    """C10: what C4 closes looks like no value, also while the register is away."""
    world = village()
    world.protect("father", "fortrolig")
    world.confirm("mother", "pupil", world.today)
    world.confirm("father", "pupil", world.today)
    await place.load(world)
    asked: list[str] = []

    async def away(numbers):
        asked.extend(numbers)
        raise ContactsOutOfReach

    services = place.engine.services
    place.engine.services = replace(services, contacts=away)
    try:
        view = View(Relations(world), "teacher", "both", oslo(world.today))
        answer = await place.ask(view, PUPILS, {})
    finally:
        place.engine.services = services
    assert [error["path"][-2] for error in answer.errors] == [0, 1]
    assert len(asked) == 2
