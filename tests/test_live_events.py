"""Server-sent events: the same as over a websocket, a request an operation."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.database import Database
from tests.conftest import TestServer, new_database
from tests.live import INBOX, RECEIVED, Town, events, eventually, heard, stream, town
from tests.worlds.village import village, with_threads

ASK = "{ viewer { municipality } }"


@pytest.fixture(scope="module")
async def fjellet(tmp_path_factory: pytest.TempPathFactory, test_server: TestServer) -> AsyncIterator[Town]:
    async with (
        new_database(test_server) as database,
        town(tmp_path_factory.mktemp("events"), database, with_threads(village())) as opened,
    ):
        yield opened


def client(town: Town, who: str, accept: str = "text/event-stream") -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {town.token(who)}", "accept": accept}
    return httpx.AsyncClient(base_url=town.url, headers=headers, timeout=5)


async def test_a_stream_tells_the_same_as_a_websocket(fjellet: Town) -> None:
    everything = """subscription { messageReceived {
        id body sentAt author { name } thread { id unreadCount child { name nationalId } participants { side } } } }"""
    async with fjellet.listening("teacher", everything) as talk, stream(fjellet, "teacher", everything) as told:
        await anext(told)
        await fjellet.write("talk", "mother")
        payload = await talk.next()
        event, identified, streamed = await anext(told)
        assert event == "next"
        assert identified == streamed["extensions"].pop("cursor")
        del payload["extensions"]["cursor"]
        assert streamed == payload
        assert payload["extensions"]["hidden"] == {"Child.nationalId": 1}


async def test_a_stream_is_asked_for_by_get_too(fjellet: Town) -> None:
    variables = json.dumps({"thread": fjellet.id("Thread", "talk")})
    asked = {"query": RECEIVED, "variables": variables}
    async with client(fjellet, "mother") as asking, asking.stream("GET", "/graphql", params=asked) as response:
        told = events(response)
        await anext(told)
        sent = await fjellet.write("talk", "teacher")
        assert heard((await anext(told))[2])[0] == sent


async def test_a_stream_begins_once_nothing_is_missed_any_more(fjellet: Town) -> None:
    await eventually(lambda: not fjellet.app.live._connected)
    async with stream(fjellet, "mother") as told:
        event, identified, _ = await anext(told)
        assert (event, bool(identified)) == ("", True)
        assert fjellet.app.live._connected


async def test_a_stranger_is_streamed_nothing(fjellet: Town) -> None:
    async with stream(fjellet, "neighbour") as told:
        await anext(told)
        await fjellet.write("talk", "teacher")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(told), 0.4)


async def test_an_inbox_is_streamed(fjellet: Town) -> None:
    async with stream(fjellet, "mother", INBOX) as told:
        await anext(told)
        _, _, first = await anext(told)
        await fjellet.write("talk", "teacher")
        _, _, then = await anext(told)
        counts = [one["data"]["inboxChanged"]["unreadCount"] for one in (first, then)]
        assert counts[1] == counts[0] + 1


async def all_of(response: httpx.Response) -> list[tuple[str, Any]]:
    return [(event, data) async for event, _, data in events(response) if event]


async def test_a_query_is_streamed_to_whoever_takes_nothing_else(fjellet: Town) -> None:
    async with client(fjellet, "mother") as asking, asking.stream("POST", "/graphql", json={"query": ASK}) as response:
        assert response.status_code == 200
        [(first, told), last] = await all_of(response)
        assert first == "next"
        assert told["data"]["viewer"]["municipality"]
        assert last == ("complete", None)


async def test_a_query_is_answered_as_json_to_whoever_takes_that_too(fjellet: Town) -> None:
    both = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed"
    async with client(fjellet, "mother", both) as asking:
        response = await asking.post("/graphql", json={"query": ASK})
        assert response.headers["content-type"].startswith("application/graphql-response+json")
        async with asking.stream("POST", "/graphql", json={"query": RECEIVED}) as streamed:
            assert streamed.headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ secret }", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription { messageReceived(after: "nonsense") { id } }', "BAD_CURSOR"),
    ],
)
async def test_a_document_that_is_refused_is_an_event(fjellet: Town, query: str, code: str) -> None:
    async with (
        client(fjellet, "mother") as asking,
        asking.stream("POST", "/graphql", json={"query": query}) as response,
    ):
        assert response.status_code == 200
        [(_, told), last] = await all_of(response)
        assert told["errors"][0]["extensions"]["code"] == code
        assert last == ("complete", None)


async def test_a_stream_without_a_token_is_refused_as_any_request(fjellet: Town) -> None:
    async with httpx.AsyncClient(base_url=fjellet.url, headers={"accept": "text/event-stream"}) as asking:
        response = await asking.post("/graphql", json={"query": RECEIVED})
        assert response.status_code == 401
        assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_subscription_is_refused_to_whoever_takes_no_stream(fjellet: Town) -> None:
    async with client(fjellet, "mother", "application/json") as asking:
        response = await asking.post("/graphql", json={"query": RECEIVED})
        assert response.json()["errors"][0]["extensions"]["code"] == "SUBSCRIPTION_NEEDS_WEBSOCKET"


async def test_a_stream_breaks_off_when_its_token_expires(fjellet: Town) -> None:
    headers = {"authorization": f"Bearer {fjellet.token('mother', ttl=2)}", "accept": "text/event-stream"}
    async with httpx.AsyncClient(base_url=fjellet.url, headers=headers, timeout=5) as asking:
        async with asking.stream("POST", "/graphql", json={"query": RECEIVED}) as response:
            assert await all_of(response) == []
        assert (await asking.post("/graphql", json={"query": RECEIVED})).status_code == 401


async def test_a_client_that_leaves_is_forgotten(fjellet: Town) -> None:
    live = fjellet.app.live
    async with stream(fjellet, "mother") as told:
        await anext(told)
        await eventually(lambda: len(live._connected) == 1)
    await eventually(lambda: not live._connected)


async def test_a_viewer_has_a_number_of_streams_at_most(tmp_path: Path, database: Database) -> None:
    few = town(tmp_path, database, village(), connections_a_viewer=1)
    async with few as fjellet, stream(fjellet, "mother") as told:
        await anext(told)
        async with client(fjellet, "mother") as asking:
            response = await asking.post("/graphql", json={"query": RECEIVED})
            assert response.status_code == 429
            assert response.json()["errors"][0]["extensions"]["code"] == "TOO_MANY_CONNECTIONS"


async def test_a_stream_that_nobody_takes_from_is_dropped(tmp_path: Path, database: Database) -> None:
    query = "subscription { messageReceived { body } }"
    few = town(tmp_path, database, with_threads(village()), waiting=20, seconds_to_take=0.5)
    async with few as fjellet, stream(fjellet, "mother", query) as told:
        await anext(told)  # its subscription stands, and the next to stand is the leader's
        async with fjellet.listening("leader", query) as other:
            for number in range(60):
                await fjellet.write("talk", "teacher", f"{number} " + "x" * 200_000)
                await other.next()
            await eventually(lambda: len(fjellet.app.live._connected) == 1)


async def test_a_server_that_stops_breaks_streams_off(tmp_path: Path, database: Database) -> None:
    async with town(tmp_path, database, village()) as fjellet, stream(fjellet, "mother") as told:
        await anext(told)
        fjellet.server.should_exit = True
        assert [event async for event, _, _ in told] == []
