"""Need cases from outside: a server on loopback, tokens, HTTP and a websocket, and expectations written by hand.

What CASE_WORKER opens is C2's column, cell by cell; before and after the case there is nothing, on any road, and a
thread is never there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import httpx
import pytest

from resolvers.ids import TYPE_BYTES, encode
from server.database import Database
from tests.acts import Acts, act
from tests.cases import APPROVE, CLOSE, OPEN, asked, office
from tests.live import INBOX, RECEIVED, Town, town
from tests.oracle.relations import Relations
from tests.roads.fixtures import ROADS
from tests.roads.place import Place
from tests.worlds.random_world import random_world
from tests.worlds.village import HOME, village, with_threads
from tests.worlds.world import AUTUMN, TODAY, World, oslo

EVERY_FIELD = """
query Child($id: ID!, $unit: ID!) { node(id: $id) { ... on Child {
  name birthDate nationalId relations protectionLevel
  address { lines postalCode city } units { name } groups { name }
  guardians { name contact { phone email } children { name } }
  responsibilities { holder kind since until opensAccess guardian { name } }
  delegates { name active unit { name } adult { name } consents { guardian { name } } }
  blocks { name reason since until } confirmations { name } tasks { kind }
  needCases { own reason state }
  threads { totalCount nodes { id subject } }
  absences { totalCount } records { totalCount } photoConsents { purpose }
  photoUseAllowed(purpose: INTERNAL, unitId: $unit) { allowed }
  accessLog { totalCount }
} } }
"""
LISTS = """
query Lists($child: ID!, $unit: ID!) {
  viewer { children { name } pupils { totalCount } threads { totalCount } unreadCount tasks { totalCount }
    ofChild: threads(filter: {childId: $child}) { totalCount nodes { id } }
    ofUnit: threads(filter: {unitId: $unit}) { totalCount nodes { id } } }
  node(id: $unit) { ... on Unit { groups { name } staff { name } children { totalCount nodes { name } }
    threads { totalCount } broadcasts { totalCount } absences { totalCount } needCases { totalCount }
    substitutions { id } } }
}
"""
PREVIEWS = """
query Previews($message: RecipientPreviewInput!, $letter: UnitLetterPreviewInput!) {
  recipientPreview(input: $message) { recipients { person { name } } readers { person { name } } threads
    problems { code field } }
  unitLetterPreview(input: $letter) { threads problems { code field } }
}
"""
NODES = "query Nodes($ids: [ID!]!) { nodes(ids: $ids) { id } }"
NODE = """query Node($id: ID!) {
  node(id: $id) { id } explainAccess(node: $id) { visible reasons { relation fact opens } }
}"""
WHY_ANOTHER = "query Why($id: ID!, $who: ID!) { explainAccess(node: $id, viewer: $who) { visible reasons { fact } } }"
CASES = "{ viewer { cases { totalCount nodes { id state child { name } } } } }"
NOTHING = {"visible": False, "reasons": []}


def busy() -> World:
    """The village on an ordinary day: threads, a delegate, a block, absence, consents to photographs."""
    world = office(with_threads(village()))
    world.responsible("mother", "stranger")
    world.delegate("aunt", "pupil", "sfo", AUTUMN)
    world.consent("mother", "pupil", "aunt", "sfo", AUTUMN)
    world.block("assistant", "pupil", AUTUMN)
    world.absence("flu", "pupil", "school", "mother", TODAY)
    world.photo_consent("mother", "pupil", "school", "INTERNAL")
    world.contacts.clear()
    return world


class Outside:
    """Somebody at the door, with a token."""

    def __init__(self, town: Town, client: httpx.AsyncClient, who: str) -> None:
        self.town = town
        self.client = client
        self.headers = {"authorization": f"Bearer {town.token(who)}", "accept": "application/graphql-response+json"}

    def id(self, kind: str, handle: str) -> str:
        return self.town.id(kind, handle)

    async def told(self, query: str, **variables: Any) -> dict[str, Any]:
        """The whole answer: data, errors, cost and what was hidden."""
        answer = await self.client.post("/graphql", json={"query": query, "variables": variables}, headers=self.headers)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def ask(self, query: str, **variables: Any) -> Any:
        body = await self.told(query, **variables)
        assert "errors" not in body, body
        return body["data"]

    async def act(self, query: str, **given: Any) -> dict[str, Any]:
        [payload] = (await self.ask(query, input=given)).values()
        told: dict[str, Any] = payload
        return told

    async def opens(self, **more: Any) -> dict[str, Any]:
        number = self.town.world.people["pupil"].number
        given = {"nationalId": number, "reason": "Klage på skoleskyss", "idempotencyKey": "once", **more}
        told = await self.act(OPEN, **given)
        assert told["problems"] == []
        case: dict[str, Any] = told["case"]
        return case


@pytest.fixture
async def fjellet(tmp_path: Path, database: Database) -> AsyncIterator[Town]:
    async with town(tmp_path, database, busy()) as opened:
        yield opened


@pytest.fixture
async def officer(fjellet: Town) -> AsyncIterator[Outside]:
    async with httpx.AsyncClient(base_url=fjellet.url, timeout=30) as client:
        yield Outside(fjellet, client, "officer")


def closed_ids(town: Town) -> list[tuple[str, str]]:
    """Ids of everything that is somebody's: of all that a world has, but units, with the type."""
    return [(node.type, told) for node, told in town.loaded.ids.items() if node.type not in ("Unit", "StaffMember")]


def acts_on(somebody: Outside, child: str, thread: str, message: str) -> list[tuple[str, dict[str, Any]]]:
    """Acts that would say whether they are there."""
    unit = somebody.id("Unit", "school")
    return [
        (act("startThread", "threads { id }"), {"unitId": unit, "childId": child, "subject": "Emne", "body": "Hei",
         "recipientIds": [somebody.id("Guardian", "mother")], "idempotencyKey": "a"}),
        (act("sendMessage", "message { id }"), {"threadId": thread, "body": "Hei", "idempotencyKey": "b"}),
        (act("markThreadRead", "thread { id }"), {"threadId": thread, "upToMessageId": message}),
        (act("retractMessage", "message { id }"), {"messageId": message}),
        (act("addParticipant", "thread { id }"), {"threadId": thread, "personId":
         somebody.id("StaffMember", "teacher")}),
    ]  # fmt: skip


async def everything(somebody: Outside) -> list[Any]:
    """What every road tells of the pupil; with the same of ids that never were, where the two must be one answer."""
    school, pupil = somebody.id("Unit", "school"), somebody.id("Child", "pupil")
    ids = closed_ids(somebody.town)
    heard: list[Any] = [await somebody.told(LISTS, child=pupil, unit=school)]
    heard.append(await somebody.told(NODES, ids=[told for _, told in ids]))
    for kind, told in {kind: (kind, told) for kind, told in ids}.values():
        never = encode(TYPE_BYTES[kind], UUID(bytes=Random(kind).randbytes(16)))
        assert await somebody.told(NODE, id=told) == await somebody.told(NODE, id=never), kind
    mother = somebody.id("Guardian", "mother")
    heard += [
        await somebody.told(WHY_ANOTHER, id=node, who=mother) for node in (pupil, somebody.id("Guardian", "father"))
    ]
    message = {"unitId": school, "childId": pupil, "recipientIds": [mother]}
    heard.append(await somebody.told(PREVIEWS, message=message, letter={"unitId": school}))
    heard.append(await somebody.told(EVERY_FIELD, id=pupil, unit=school))
    thread, text = somebody.id("Thread", "talk"), somebody.id("Message", "talk1")
    heard += [await somebody.told(query, input=given) for query, given in acts_on(somebody, pupil, thread, text)]
    return heard


NO_LISTS = {
    "viewer": {
        "children": [], "pupils": {"totalCount": 0}, "threads": {"totalCount": 0}, "unreadCount": 0,
        "tasks": {"totalCount": 0}, "ofChild": {"totalCount": 0, "nodes": []}, "ofUnit": {"totalCount": 0, "nodes": []},
    },
    "node": {
        "groups": [], "staff": [], "children": {"totalCount": 0, "nodes": []}, "threads": {"totalCount": 0},
        "broadcasts": {"totalCount": 0}, "absences": {"totalCount": 0}, "needCases": {"totalCount": 0},
        "substitutions": [],
    },
}  # fmt: skip


def is_nothing(somebody: Outside, heard: list[Any]) -> None:
    """Not a name, not a count, not a hidden cell of anybody."""
    assert heard[0]["data"] == NO_LISTS
    assert set(heard[1]["data"]["nodes"]) == {None}
    whole = str(heard)
    people = somebody.town.world.people
    assert not [one.name for handle, one in people.items() if handle != "officer" and one.name in whole]
    assert not [one.number for one in people.values() if one.number and one.number in whole]
    assert "'hidden': {'" not in whole
    for told in heard[2:-7]:
        assert told["data"]["explainAccess"] == NOTHING
    previews = heard[-7]["data"]
    assert (previews["recipientPreview"]["recipients"], previews["recipientPreview"]["readers"]) == ([], [])
    assert [one["code"] for one in previews["recipientPreview"]["problems"]] == ["NOT_FOUND"]
    assert previews["unitLetterPreview"]["threads"] is None
    assert heard[-6]["data"] == {"node": None}
    for told in heard[-5:]:
        [payload] = told["data"].values()
        assert [one["code"] for one in payload["problems"]] == ["NOT_FOUND"]
        assert [value for name, value in payload.items() if name != "problems" and value] == []


async def test_administrator_sees_nothing_of_any_child_before_the_case(officer: Outside) -> None:
    is_nothing(officer, await everything(officer))


async def test_administrator_sees_exactly_the_column_of_case_worker_during_the_case(officer: Outside) -> None:
    assert (await officer.opens())["state"] == "OPEN"
    world = officer.town.world
    name = {handle: person.name for handle, person in world.people.items()}
    told = await officer.told(EVERY_FIELD, id=officer.id("Child", "pupil"), unit=officer.id("Unit", "school"))
    street, place = HOME.split(", ")
    by_name = sorted((name["mother"], name["father"]))
    child = told["data"]["node"]
    responsibilities = child.pop("responsibilities")
    assert sorted(one["holder"] for one in responsibilities) == by_name
    assert {(one["kind"], one["until"], one["opensAccess"]) for one in responsibilities} == {("felles", None, True)}
    assert [one["guardian"]["name"] for one in responsibilities] == [one["holder"] for one in responsibilities]
    guardians = child.pop("guardians")
    assert sorted(one["name"] for one in guardians) == by_name
    assert [one["children"] for one in guardians] == [[{"name": name["pupil"]}]] * 2
    assert child == {
        "name": name["pupil"],
        "birthDate": "2018-02-03",
        "nationalId": world.people["pupil"].number,
        "relations": ["CASE_WORKER"],
        "protectionLevel": None,
        "address": {"lines": [street], "postalCode": place[:4], "city": place[5:]},
        "units": [{"name": "Fjellet SFO"}, {"name": "Fjellet skole"}],
        "groups": [{"name": "3B"}, {"name": "Matte 3"}],
        "delegates": [
            {"name": name["aunt"], "active": True, "unit": {"name": "Fjellet SFO"}, "adult": {"name": name["aunt"]},
             "consents": [{"guardian": {"name": name["mother"]}}]}
        ],
        "blocks": [{"name": name["assistant"], "reason": "Vedtak", "since": "2026-08-17", "until": None}],
        "confirmations": [],
        "tasks": [],
        "needCases": [{"own": True, "reason": "Klage på skoleskyss", "state": "OPEN"}],
        "threads": {"totalCount": 0, "nodes": []},
        "absences": None, "records": None, "photoConsents": None, "photoUseAllowed": None,
        "accessLog": {"totalCount": 0},
    }  # fmt: skip
    assert told["extensions"]["hidden"] == {
        "Child.absences": 1, "Child.records": 1, "Child.photoConsents": 1, "Child.photoUseAllowed": 1,
    }  # fmt: skip


async def test_administrator_never_sees_a_thread_in_a_case_nor_that_there_is_one(officer: Outside) -> None:
    await officer.opens()
    town, pupil, school = officer.town, officer.id("Child", "pupil"), officer.id("Unit", "school")
    lists = await officer.ask(LISTS, child=pupil, unit=school)
    assert lists["viewer"] == NO_LISTS["viewer"]
    unit = lists["node"]
    assert unit["children"] == {"totalCount": 1, "nodes": [{"name": town.world.people["pupil"].name}]}
    for name in ("threads", "broadcasts", "absences", "needCases"):
        assert unit[name] == {"totalCount": 0}
    for kind, told in closed_ids(town):
        if kind in ("Thread", "Message", "Absence", "Task"):
            never = encode(TYPE_BYTES[kind], UUID(bytes=Random(kind).randbytes(16)))
            assert await officer.told(NODE, id=told) == await officer.told(NODE, id=never), kind
    message = {"unitId": school, "childId": pupil, "recipientIds": [officer.id("Guardian", "mother")]}
    previews = await officer.ask(PREVIEWS, message=message, letter={"unitId": school})
    assert (previews["recipientPreview"]["recipients"], previews["recipientPreview"]["readers"]) == ([], [])
    thread, text = officer.id("Thread", "talk"), officer.id("Message", "talk1")
    codes = []
    for query, given in acts_on(officer, pupil, thread, text):
        [payload] = (await officer.ask(query, input=given)).values()
        codes.append([one["code"] for one in payload["problems"]])
        assert not [value for name, value in payload.items() if name != "problems" and value]
    assert codes == [["NOT_ALLOWED"], *[["NOT_FOUND"]] * 4]


@pytest.mark.parametrize("query", [RECEIVED, INBOX])
async def test_administrator_hears_of_no_message_in_a_case(officer: Outside, query: str) -> None:
    await officer.opens()
    town = officer.town
    async with town.listening("officer", query) as quiet, town.listening("mother", query) as talk:
        if query == INBOX:  # begins with the inbox as it is
            assert (await quiet.next())["data"]["inboxChanged"] == {"unreadCount": 0, "thread": None}
            await talk.next()
        await town.write("talk", "teacher")
        await talk.next()
        assert await quiet.hears_nothing()


async def test_administrator_is_told_the_same_of_a_thread_as_of_none_when_subscribing_to_it(officer: Outside) -> None:
    await officer.opens()
    heard = []
    for thread in (officer.id("Thread", "talk"), encode(TYPE_BYTES["Thread"], UUID(int=7))):
        async with officer.town.talk("officer") as talk:
            await talk.subscribe(RECEIVED, thread=thread)
            await officer.town.write("talk", "teacher")
            await officer.town.known(talk)
            heard.append([{**one, "id": ""} for one in talk.kept])
    assert heard[0] == heard[1]


@pytest.mark.parametrize("how", ["by hand", "by its hours", "by a block"])
async def test_administrator_sees_nothing_of_any_child_after_the_case(officer: Outside, how: str) -> None:
    case = (await officer.opens(hours=1))["id"]
    pupil, school = officer.id("Child", "pupil"), officer.id("Unit", "school")
    assert (await officer.ask(EVERY_FIELD, id=pupil, unit=school))["node"]["address"]
    if how == "by hand":
        assert (await officer.act(CLOSE, caseId=case))["problems"] == []
    elif how == "by its hours":
        officer.town.clock.set(oslo(TODAY, "13:00") + dt.timedelta(minutes=1))
    else:
        leader = Outside(officer.town, officer.client, "leader")
        given = {"childId": pupil, "nationalId": officer.town.world.people["officer"].number, "name": "En",
                 "reason": "Inhabil", "idempotencyKey": "k"}  # fmt: skip
        assert (await leader.act(act("setBlock", "block { id }"), **given))["problems"] == []
    is_nothing(officer, await everything(officer))
    [shown] = (await officer.ask(CASES))["viewer"]["cases"]["nodes"]
    assert (shown["id"], shown["child"]) == (case, None)


# --- against the oracle ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [5, 23, 71])
async def test_cases_opened_by_acts_open_in_random_worlds_what_the_oracle_says(place: Place, seed: int) -> None:
    world, draw = random_world(seed), Random(seed)
    world.need_cases = []
    acts = await Acts.of(place, world)
    children = sorted({went.child for went in world.enrolments} & set(acts.people()))
    officers = sorted({one.person for one in world.administrators} & set(acts.people()))
    opened = 0
    for child in draw.sample(children, min(6, len(children))):
        who = draw.choice(officers)
        told = await acts.act(who, OPEN, asked(acts, child))
        if told["case"] is None:
            continue
        at, by = acts.now, None
        if told["case"]["state"] == "WAITING" and draw.random() < 0.7:
            by = draw.choice([one for one in officers if one != who])
            approved = await acts.act(by, APPROVE, {"caseId": told["case"]["id"]})
            by, at = (None, at) if approved["problems"] else (by, acts.now)
        world.need_case(who, child, at, at + dt.timedelta(hours=8), by=by)
        relations = Relations(world)
        sees = relations.case_worker(who, child, acts.now)
        opened += sees
        assert await acts.sees(who, acts.id("Child", child)) == bool(relations.ties(who, child, acts.now, "both"))
    told_apart = [
        await place.agree(acts.loaded, [who], ["both"], acts.now, relations=Relations(world), only=ROADS)
        for who in officers
    ]
    assert not any(told_apart), told_apart
    assert opened
