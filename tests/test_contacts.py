"""Contacts come from a register that speaks KRR's format, are read with tolerance, and are nowhere kept."""

from __future__ import annotations

import datetime as dt
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from demo.contact_register import running_contact_register
from registers.contacts import REST, ContactRegisterNotAvailable, Krr, NoContacts, read_people
from tests.acts import Acts
from tests.family import Family
from tests.logged import log_rows
from tests.worlds.village import village

NUMBER, OTHER = "01817512345", "02817512345"


class Register(ThreadingHTTPServer):
    """A register that answers whatever it is told to, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, Any], str | None]] = []
        self.status = 200
        self.body: bytes | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Register

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append((self.path, told, self.headers.get("authorization")))
        people = [{"personidentifikator": number, "status": "AKTIV"} for number in told["personidentifikatorer"]]
        body = self.server.body if self.server.body is not None else json.dumps({"personer": people}).encode()
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def register() -> Iterator[Register]:
    with Register() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@contextmanager
def demo_register(folder: Path, contacts: dict[str, Any]) -> Iterator[str]:
    file = folder / "contacts.json"
    file.write_text(json.dumps(contacts))
    with running_contact_register(file) as address:
        yield address


async def test_the_demo_register_answers_as_krr_does(tmp_path: Path) -> None:
    contacts = {
        NUMBER: {"email": "kari@example.no", "mobile": "+4700000001", "reserved": False, "status": "AKTIV"},
        OTHER: {"email": None, "mobile": "+4700000002", "reserved": True},
        "03817512345": {"status": "SLETTET", "email": "gone@example.no"},
    }
    with demo_register(tmp_path, contacts) as address:
        async with Krr(address) as krr:
            found = await krr.look_up([NUMBER, OTHER, "03817512345", "04817512345", NUMBER])
    kari = found[NUMBER]
    assert (kari.email, kari.mobile, kari.reserved, kari.notifiable) == ("kari@example.no", "+4700000001", False, True)
    assert kari.email_confirmed_at == dt.datetime(2026, 8, 1, 7, tzinfo=dt.UTC)
    assert (found[OTHER].email, found[OTHER].reserved, found[OTHER].notifiable) == (None, True, False)
    assert (found["03817512345"].status, found["03817512345"].email) == ("SLETTET", None)
    assert found["04817512345"].status == "IKKE_REGISTRERT"


async def test_whoever_asks_before_the_demo_register_is_up_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = uvicorn.Server.run

    def late(server: uvicorn.Server, sockets: list[socket.socket] | None = None) -> None:
        time.sleep(0.2)
        run(server, sockets)

    monkeypatch.setattr(uvicorn.Server, "run", late)
    with demo_register(tmp_path, {NUMBER: {"email": "kari@example.no"}}) as address:
        async with Krr(address) as krr:
            assert (await krr.look_up([NUMBER]))[NUMBER].email == "kari@example.no"


async def test_a_look_up_asks_for_a_thousand_at_a_time_and_for_nobody_twice(register: Register) -> None:
    numbers = [f"{i:011}" for i in range(2_500)]

    async def bearer() -> str:
        return "maskinporten"

    async with Krr(register.address, bearer=bearer) as krr:
        found = await krr.look_up([*numbers, *numbers])
        assert await krr.look_up([]) == {}
    assert set(found) == set(numbers)
    assert [len(told["personidentifikatorer"]) for _, told, _ in register.asked] == [1000, 1000, 500]
    assert {(path, bearer) for path, _, bearer in register.asked} == {("/rest/v2/personer", "Bearer maskinporten")}


def test_an_answer_is_read_with_tolerance() -> None:
    answer = {
        "personer": [
            {
                "personidentifikator": NUMBER,
                "reservasjon": "NEI",
                "status": "AKTIV",
                "varslingsstatus": "KAN_VARSLES",
                "kontaktinformasjon": {
                    "epostadresse": " kari@example.no ",
                    "epostadresse_oppdatert": "2023-06-13T13:42:34+02",
                    "epostadresse_sist_verifisert": "2024-01-01T00:00:00Z",
                    "epostadresse_duplisert": "JA",
                    "mobiltelefonnummer": "",
                    "mobiltelefonnummer_oppdatert": "yesterday",
                },
                "sprak": "nn",
                "sertifikat": "new",
                "something": {"new": []},
            },
            {"personidentifikator": OTHER, "status": "UKJENT", "kontaktinformasjon": {"epostadresse": "x@example.no"}},
            {"personidentifikator": "99999999999", "status": "AKTIV"},
        ],
        "more": 1,
    }
    found = read_people(answer, {NUMBER, OTHER})
    assert set(found) == {NUMBER, OTHER}
    kari = found[NUMBER]
    assert (kari.email, kari.mobile, kari.language) == ("kari@example.no", None, "nn")
    assert kari.email_confirmed_at == dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    assert kari.mobile_confirmed_at is None
    assert (found[OTHER].email, found[OTHER].status) == (None, "IKKE_REGISTRERT")
    assert "kari" not in repr(found)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""),
        (401, b'{"personer": []}'),
        (302, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"personer": {}}'),
        (200, b'{"personer": [1]}'),
        (200, b"\xff"),
    ],
)
async def test_a_register_that_fails_tells_no_more_than_that(register: Register, status: int, body: bytes) -> None:
    register.status, register.body = status, body
    async with Krr(register.address) as krr:
        with pytest.raises(ContactRegisterNotAvailable) as caught:
            await krr.look_up([NUMBER])
    assert NUMBER not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


async def test_a_register_that_is_not_there_is_not_available() -> None:
    async with Krr("http://127.0.0.1:9") as krr:
        with pytest.raises(ContactRegisterNotAvailable):
            await krr.look_up([NUMBER])


async def test_a_failing_register_is_left_alone_for_a_while(register: Register) -> None:
    now = 0.0
    async with Krr(register.address, clock=lambda: now) as krr:
        register.status = 503
        for _ in range(5):
            with pytest.raises(ContactRegisterNotAvailable):
                await krr.look_up([NUMBER])
        assert len(register.asked) == 3
        now = REST + 1
        with pytest.raises(ContactRegisterNotAvailable):
            await krr.look_up([NUMBER])
        with pytest.raises(ContactRegisterNotAvailable):
            await krr.look_up([NUMBER])
        assert len(register.asked) == 4
        register.status = 200
        now = 2 * REST + 2
        assert NUMBER in await krr.look_up([NUMBER])
        assert NUMBER in await krr.look_up([NUMBER])


async def test_without_a_register_nobody_is_known() -> None:
    assert await NoContacts().look_up([NUMBER]) == {}


async def test_l5_contact_details_are_asked_for_each_time_and_stored_nowhere(place) -> None:
    acts = await Acts.of(place, village())
    family, number = Family(acts), acts.world.people["mother"].number or ""
    text = "query ($id: ID!) { node(id: $id) { ... on Guardian { contact { phone email } } } }"
    before = await family.digest()
    for digits in ("+4799900011", "+4799900022"):
        told = {"phone": digits, "email": f"{digits[-2:]}@example.no"}
        place.contacts.known[number] = {**told, "reserved": False}
        node = (await acts.ask("teacher", text, {"id": acts.id("Guardian", "mother")}))["node"]
        assert node["contact"] == told
    assert await family.digest() == before
    log = await log_rows(place.database, acts.loaded.municipality)
    assert len(log) == 2
    assert not [row for row in log if "79990" in str(row) or "example.no" in str(row)]
