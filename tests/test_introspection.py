"""Who may ask the schema about itself, that the answer is the same on every road, and that it cannot be made dear."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import get_introspection_query

from authz.viewer import Viewer
from resolvers.engine.documents import Documents
from resolvers.engine.introspection import Introspection
from resolvers.engine.limits import DocumentRefused
from schema.public import public_catalogue
from server.database import Database
from server.settings import Settings, SettingsNotUsable
from tests.acts import Acts
from tests.live import Town, stream, town
from tests.worlds.village import village, with_threads

ASKED = {
    "plain": "{ __schema { queryType { name } } }",
    "by name": '{ __type(name: "Child") { name } }',
    "by alias": "{ viewer { municipality } innocent: __schema { queryType { name } } }",
    "in a fragment": "{ ...F } fragment F on Query { ... on Query { __schema { queryType { name } } } }",
    "unless skipped": "query ($no: Boolean = true) { viewer { municipality } __schema @skip(if: $no) { description } }",
}
REFUSED = "INTROSPECTION_NOT_ALLOWED"


@pytest.fixture
async def fjellet(tmp_path: Path, database: Database) -> AsyncIterator[Town]:
    world = with_threads(village())
    async with town(tmp_path, database, world, introspection=Introspection.EMPLOYEES) as opened:
        yield opened


async def posted(fjellet: Town, who: str, login: Any, query: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {fjellet.token(who, login)}"}
    async with httpx.AsyncClient(base_url=fjellet.url, headers=headers) as client:
        return await client.post("/graphql", json={"query": query})


async def test_a_private_person_does_not_ask_for_the_schema_on_any_road(fjellet: Town) -> None:
    over_http = (await posted(fjellet, "mother", "private", ASKED["plain"])).json()
    async with fjellet.talk("mother", "private") as talk:
        await talk.subscribe(ASKED["plain"])
        told = await talk.hear()
        assert told["type"] == "error"
        over_websocket = {"errors": told["payload"]}
    async with stream(fjellet, "mother", ASKED["plain"], login="private") as events:
        [over_stream] = [told async for _, _, told in events if told]
    assert over_http["errors"][0]["extensions"] == {"code": REFUSED}
    assert over_stream == over_websocket == over_http


@pytest.mark.parametrize("query", ASKED.values(), ids=ASKED)
async def test_no_way_of_writing_it_opens_the_schema_to_a_private_person(fjellet: Town, query: str) -> None:
    told = (await posted(fjellet, "mother", "private", query)).json()
    assert [error["extensions"]["code"] for error in told["errors"]] == [REFUSED]
    assert "data" not in told
    assert "errors" not in (await posted(fjellet, "mother", "employee", query)).json()


async def test_the_refusal_is_told_in_the_language_of_the_viewer(fjellet: Town) -> None:
    headers = {"authorization": f"Bearer {fjellet.token('mother', 'private')}", "accept-language": "nn"}
    async with httpx.AsyncClient(base_url=fjellet.url, headers=headers) as client:
        told = (await client.post("/graphql", json={"query": ASKED["plain"]})).json()
    assert told["errors"][0]["message"].startswith("Skjemaet fortel")


async def test_typename_is_everybodys(fjellet: Town) -> None:
    told = (await posted(fjellet, "mother", "private", "{ __typename viewer { __typename } }")).json()
    assert told["data"] == {"__typename": "Query", "viewer": {"__typename": "Viewer"}}


@pytest.mark.parametrize(
    ("setting", "private", "employee", "machine"),
    [("EMPLOYEES", False, True, False), ("EVERYBODY", True, True, True), ("NOBODY", False, False, False)],
)
def test_the_setting_says_who_asks(setting: str, private: bool, employee: bool, machine: bool) -> None:
    allowed = Settings.read({"INNSYN_INTROSPECTION": setting}).introspection
    viewer = Viewer("999999999", None, ("maskinporten", "0192:999999999"), private=False, employee=False)
    assert allowed.allows(replace(viewer, private=True)) is private
    assert allowed.allows(replace(viewer, employee=True)) is employee
    assert allowed.allows(viewer) is machine


def test_the_setting_is_for_employees_and_with_the_development_login_for_everybody() -> None:
    assert Settings.read({}).introspection is Introspection.EMPLOYEES
    assert Settings.read({"INNSYN_DEV_LOGIN": "1"}).introspection is Introspection.EVERYBODY
    told = {"INNSYN_DEV_LOGIN": "1", "INNSYN_INTROSPECTION": "NOBODY"}
    assert Settings.read(told).introspection is Introspection.NOBODY
    with pytest.raises(SettingsNotUsable, match="INNSYN_INTROSPECTION"):
        Settings.read({"INNSYN_INTROSPECTION": "everybody"})


# --- what it costs ------------------------------------------------------------------------------------------------

BELOW = "name description args { name description type { name } } type { name kind ofType { name kind } }"
DEAR = {
    "repeated": " ".join(f"a{n}: fields {{ type {{ fields {{ {BELOW} }} }} }}" for n in range(30)).join(
        ["{ __schema { types { ", " } } }"]
    ),
    "at the top": " ".join(
        f"a{n}: __schema {{ types {{ fields {{ type {{ fields {{ {BELOW} }} }} }} }} }}" for n in range(20)
    ).join(["{ ", " }"]),
    "in a fragment": "{ __schema { types { ...A b: fields { type { ...A } } } } } fragment A on __Type { "
    + " ".join(f"a{n}: fields {{ {BELOW} }}" for n in range(20))
    + " }",
}


@pytest.mark.parametrize("query", DEAR.values(), ids=DEAR)
def test_nobody_asks_for_the_schema_many_times_over(query: str) -> None:
    with pytest.raises(DocumentRefused) as caught:
        Documents(public_catalogue().schema).prepare(query)
    assert caught.value.errors[0]["extensions"]["code"] == "TOO_COSTLY"


def test_nobody_asks_for_the_schema_in_circles() -> None:
    query = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"
    with pytest.raises(DocumentRefused) as caught:
        Documents(public_catalogue().schema).prepare(query)
    assert "introspection depth" in caught.value.errors[0]["message"]


def test_the_introspection_that_tools_send_is_well_below_its_limit() -> None:
    documents = Documents(public_catalogue().schema)
    query = get_introspection_query(input_value_deprecation=True, directive_is_repeatable=True)
    assert documents.prepare(query).cost({}) < 0.8 * documents.limits.introspection


async def test_a_document_says_once_whether_it_asks_for_the_schema(place: Any) -> None:
    acts = await Acts.of(place, village())
    documents = acts.place.engine.documents
    assert not documents.prepare("{ __typename viewer { __typename } }").introspects
    assert all(documents.prepare(query).introspects for query in ASKED.values())
