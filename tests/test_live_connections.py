"""The websocket: who may open one, what is said over it, and with what code it ends."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from server.database import Database
from server.settings import Settings, SettingsNotUsable
from tests.conftest import TestServer, new_database
from tests.live import INBOX, RECEIVED, Talk, Town, eventually, heard, town
from tests.worlds.village import village, with_threads

ASK = "{ viewer { municipality } }"


@pytest.fixture(scope="module")
async def fjellet(tmp_path_factory: pytest.TempPathFactory, test_server: TestServer) -> AsyncIterator[Town]:
    """One server for all of these; nothing here changes who sees what."""
    async with (
        new_database(test_server) as database,
        town(tmp_path_factory.mktemp("live"), database, with_threads(village())) as opened,
    ):
        yield opened


# --- who may open one ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [
        None,
        {},
        {"authorization": "Bearer nonsense"},
        {"authorization": "Basic bW90aGVyOng="},
        {"token": ""},
        {"token": "x" * 10_000},
        {"token": None},
        {"viewer": "mother"},
    ],
)
async def test_a_connection_without_a_good_token_is_forbidden(fjellet: Town, payload: Any) -> None:
    async with fjellet.socket() as socket:
        talk = Talk(socket)
        await talk.say("connection_init", payload=payload)
        assert await talk.closed() == 4403


@pytest.mark.parametrize("name", ["authorization", "Authorization", "token"])
async def test_a_token_is_taken_from_the_first_message(fjellet: Town, name: str) -> None:
    token = fjellet.token("mother")
    async with fjellet.socket() as socket:
        talk = Talk(socket)
        await talk.say("connection_init", payload={name: token if name == "token" else f"Bearer {token}"})
        assert (await talk.hear())["type"] == "connection_ack"


async def test_a_token_in_the_address_or_a_header_is_not_looked_at(fjellet: Town) -> None:
    token = fjellet.token("mother")
    headers = {"authorization": f"Bearer {token}", "cookie": f"token={token}"}
    async with fjellet.socket(f"?token={token}", additional_headers=headers) as socket:
        talk = Talk(socket)
        await talk.say("connection_init")
        assert await talk.closed() == 4403


async def test_a_connection_ends_when_its_token_does(fjellet: Town) -> None:
    async with fjellet.talk("mother", ttl=4) as talk:
        await talk.subscribe(RECEIVED)
        await fjellet.known(talk)
        sent = await fjellet.write("talk", "teacher")
        assert heard(await talk.next())[0] == sent
        assert await talk.closed() == 4403


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "http://127.0.0.1", "https://127.0.0.1:1"])
async def test_a_page_of_another_origin_opens_no_connection(fjellet: Town, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with fjellet.socket(origin=origin):
            pass
    assert refused.value.response.status_code == 403


async def test_a_page_of_its_own_or_of_a_listed_origin_opens_one(fjellet: Town) -> None:
    async with fjellet.socket(origin=fjellet.url):
        pass


async def test_origins_are_listed_as_browsers_send_them() -> None:
    told = Settings.read({"INNSYN_ORIGINS": "https://app.example, http://localhost:5173"})
    assert told.origins == ("https://app.example", "http://localhost:5173")
    for wrong in ("app.example", "https://app.example/", "*", "https://"):
        with pytest.raises(SettingsNotUsable):
            Settings.read({"INNSYN_ORIGINS": wrong})


async def test_a_viewer_has_a_number_of_connections_at_most(tmp_path: Path, database: Database) -> None:
    async with town(tmp_path, database, village(), connections_a_viewer=2) as fjellet:
        mothers = fjellet.talk("mother"), fjellet.talk("mother")
        async with mothers[0], mothers[1], fjellet.talk("father"), fjellet.socket() as socket:
            talk = Talk(socket)
            await talk.say("connection_init", payload={"token": fjellet.token("mother")})
            assert await talk.closed() == 4430
        async with fjellet.talk("mother"):
            pass


async def test_a_process_has_a_number_of_connections_at_most(tmp_path: Path, database: Database) -> None:
    async with town(tmp_path, database, village(), connections=1) as fjellet, fjellet.talk("mother"):
        with pytest.raises(InvalidStatus):
            async with fjellet.socket():
                pass


# --- the protocol --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        '{"type": "start"}',
        '{"type": "connection_init", "payload": 1}',
        '{"id": "1"}',
        b"{}",
    ],
)
async def test_what_is_no_message_ends_the_connection(fjellet: Town, said: str | bytes) -> None:
    async with fjellet.socket() as socket:
        await socket.send(said)
        assert await Talk(socket).closed() == 4400


@pytest.mark.parametrize("payload", [None, {}, {"query": 1}, {"query": ASK, "variables": 1}, [], "x"])
async def test_a_subscription_that_is_no_request_ends_the_connection(fjellet: Town, payload: Any) -> None:
    async with fjellet.talk("mother") as talk:
        await talk.say("subscribe", id="1", payload=payload)
        assert await talk.closed() == 4400


@pytest.mark.parametrize("name", [None, "", 1, "x" * 300])
async def test_an_operation_needs_an_id(fjellet: Town, name: Any) -> None:
    async with fjellet.talk("mother") as talk:
        await talk.say("subscribe", id=name, payload={"query": ASK})
        assert await talk.closed() == 4400


async def test_nothing_is_asked_before_the_connection_has_begun(fjellet: Town) -> None:
    async with fjellet.socket() as socket:
        talk = Talk(socket)
        await talk.subscribe(ASK)
        assert await talk.closed() == 4401


async def test_a_connection_begins_once(fjellet: Town) -> None:
    async with fjellet.talk("mother") as talk:
        await talk.say("connection_init", payload={"token": fjellet.token("father")})
        assert await talk.closed() == 4429


async def test_a_connection_that_never_begins_is_ended(tmp_path: Path, database: Database) -> None:
    async with town(tmp_path, database, village(), seconds_to_begin=0.2) as fjellet, fjellet.socket() as socket:
        assert await Talk(socket).closed() == 4408


async def test_an_id_names_one_operation_at_a_time(fjellet: Town) -> None:
    async with fjellet.listening("mother") as talk:
        await talk.subscribe(RECEIVED)
        assert await talk.closed() == 4409


@pytest.mark.parametrize("protocols", [[], ["graphql-ws"]])
async def test_another_protocol_is_not_spoken(fjellet: Town, protocols: list[str]) -> None:
    async with fjellet.socket(subprotocols=protocols or None) as socket:
        assert await Talk(socket).closed() == 4406


async def test_a_ping_is_answered_with_what_it_bore(fjellet: Town) -> None:
    async with fjellet.socket() as socket:
        talk = Talk(socket)
        await talk.say("ping")
        assert await talk.hear() == {"type": "pong"}
        await talk.say("ping", payload={"at": 1})
        assert await talk.hear() == {"type": "pong", "payload": {"at": 1}}
        await talk.say("pong")
        assert await talk.hears_nothing()


async def test_a_client_that_does_not_answer_pings_is_given_up(tmp_path: Path, database: Database) -> None:
    async with town(tmp_path, database, village(), seconds_between_pings=0.3) as fjellet:
        async with fjellet.talk("mother") as talk:
            talk.socket.transport.pause_reading()
            await eventually(lambda: not fjellet.server.server_state.connections)
        async with fjellet.talk("mother") as talk:
            assert await talk.hears_nothing(1.2)


async def test_a_message_that_is_too_large_ends_the_connection(tmp_path: Path, database: Database) -> None:
    async with town(tmp_path, database, village(), body_bytes=1000) as fjellet, fjellet.talk("father") as talk:
        await talk.say("ping", payload={"x": "y" * 1000})
        assert await talk.closed() == 1009


async def test_a_query_is_answered_as_over_http(fjellet: Town) -> None:
    async with fjellet.talk("mother") as talk:
        await talk.subscribe("query($n: Int) { viewer { threads(first: $n) { nodes { subject } } } }", n=1)
        told = await talk.next()
        assert len(told["data"]["viewer"]["threads"]["nodes"]) == 1
        assert told["extensions"]["cost"] == 4
        assert await talk.hear() == {"type": "complete", "id": "1"}
        await talk.subscribe(ASK)
        assert (await talk.next())["data"]["viewer"]["municipality"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ secret }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($n: Int!) { viewer { threads(first: $n) { totalCount } } }", "BAD_VARIABLE"),
        ("subscription { messageReceived { id } inboxChanged { unreadCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription { messageReceived(after: "nonsense") { id } }', "BAD_CURSOR"),
        ("subscription { messageReceived { thread { messages(first: 501) { totalCount } } } }", "PAGE_TOO_LARGE"),
    ],
)
async def test_a_document_that_is_refused_is_an_error_of_its_operation(fjellet: Town, query: str, code: str) -> None:
    async with fjellet.talk("mother") as talk:
        await talk.subscribe(query)
        told = await talk.hear()
        assert (told["type"], told["id"], told["payload"][0]["extensions"]["code"]) == ("error", "1", code)
        await fjellet.known(talk)


async def test_texts_are_in_the_language_of_the_handshake(fjellet: Town) -> None:
    async with fjellet.socket(additional_headers={"accept-language": "nn"}) as socket:
        talk = Talk(socket)
        await talk.say("connection_init", payload={"token": fjellet.token("mother")})
        await talk.hear()
        await talk.subscribe('subscription { messageReceived(after: "nonsense") { id } }')
        assert (await talk.hear())["payload"][0]["message"] == "Peikaren høyrer ikkje til denne lista."


async def test_an_operation_that_is_completed_is_told_no_more(fjellet: Town) -> None:
    async with fjellet.listening("mother") as talk:
        await talk.say("complete", id="1")
        await fjellet.known(talk)
        await fjellet.write("talk", "teacher")
        assert await talk.hears_nothing()
        await talk.subscribe(RECEIVED)
        await fjellet.known(talk)
        await fjellet.write("talk", "teacher")
        assert heard(await talk.next())[1] == "Hei"


async def test_a_connection_carries_several_subscriptions(fjellet: Town) -> None:
    async with fjellet.talk("mother") as talk:
        await talk.subscribe(INBOX, "inbox")
        assert (await talk.hear())["id"] == "inbox"
        await talk.subscribe(RECEIVED, "all")
        await talk.subscribe(RECEIVED, "one", thread=fjellet.id("Thread", "talk"))
        await fjellet.known(talk)
        await fjellet.write("talk", "teacher")
        assert {(await talk.hear())["id"] for _ in range(3)} == {"inbox", "all", "one"}


async def test_a_connection_carries_a_number_of_operations_at_most(tmp_path: Path, database: Database) -> None:
    async with (
        town(tmp_path, database, village(), operations_a_connection=2) as fjellet,
        fjellet.talk("mother") as talk,
    ):
        for name in ("1", "2", "3"):
            await talk.subscribe(RECEIVED, name)
        told = await talk.hear()
        assert (told["type"], told["id"]) == ("error", "3")
        assert told["payload"][0]["extensions"] == {"code": "TOO_MANY_OPERATIONS", "limit": 2}


async def test_what_a_subscription_hides_is_counted(fjellet: Town) -> None:
    async with fjellet.listening(
        "teacher", "subscription { messageReceived { thread { child { nationalId } } } }"
    ) as talk:
        await fjellet.write("talk", "mother")
        told = await talk.next()
        assert told["data"]["messageReceived"]["thread"]["child"] == {"nationalId": None}
        assert told["extensions"]["hidden"] == {"Child.nationalId": 1}


# --- how it ends ---------------------------------------------------------------------------------------------------

LONG = "subscription { messageReceived { body } }"


async def test_a_client_that_takes_nothing_is_dropped(tmp_path: Path, database: Database) -> None:
    async with (
        town(tmp_path, database, with_threads(village()), waiting=20, seconds_to_take=0.5) as fjellet,
        fjellet.listening("mother", LONG) as talk,
        fjellet.listening("leader", LONG) as other,
    ):
        talk.socket.transport.pause_reading()
        for number in range(60):
            await fjellet.write("talk", "teacher", f"{number} " + "x" * 200_000)
            assert (await other.next())["data"]["messageReceived"]["body"].startswith(f"{number} ")
        await eventually(lambda: len(fjellet.app.live._connected) == 1)
        talk.socket.transport.resume_reading()
        assert await talk.closed() in {4410, 1006}


async def test_more_than_may_wait_drops_the_client_with_a_code(tmp_path: Path, database: Database) -> None:
    few = town(tmp_path, database, with_threads(village()), waiting=5)
    async with few as fjellet, fjellet.listening("mother") as talk:
        async with fjellet.hand.transaction():
            for number in range(50):
                await fjellet.write("talk", "teacher", str(number))
        assert await talk.closed() == 4410


async def test_a_server_that_stops_says_that_it_goes_away(tmp_path: Path, database: Database) -> None:
    async with town(tmp_path, database, village()) as fjellet, fjellet.listening("mother") as talk:
        fjellet.server.should_exit = True
        assert await talk.closed() == 1001


async def test_nobody_is_named_in_the_logs(fjellet: Town, caplog: pytest.LogCaptureFixture, capsys: Any) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("websockets.client").setLevel(logging.WARNING)
    async with fjellet.listening("mother") as talk:
        await fjellet.write("talk", "teacher", "Hemmelig")
        await talk.next()
    said: list[str] = []

    def closed() -> bool:
        said.append(capsys.readouterr().out)
        return "connection closed" in "".join(said)

    await eventually(closed)
    written = caplog.text + json.dumps("".join(said))
    mother = fjellet.world.people["mother"]
    for secret in (mother.number, mother.family, "Hemmelig", fjellet.id("Thread", "talk"), "127.0.0.1"):
        assert secret is not None
        assert secret not in written
