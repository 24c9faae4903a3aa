"""What is written into strings stays in them: SQL, control characters, forged log lines, and whatever is too long.

Every argument and field of an input that takes a string or an id is found in the schema and sent each of the texts
below, over HTTP, to a real server whose log is read afterwards.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest

from tests.conftest import TestServer, new_database
from tests.files import FILES
from tests.inputs import Asking, Slot, slots
from tests.lone_server import LoneServer, lone_server
from tests.test_existence import KINDS, SCHEMA, VIEWERS

MARK = "Kvark"
"""In every text, and in nothing else."""
TEXTS = {
    "quote": f"{MARK}' or '1'='1",
    "comment": f"{MARK}'); drop table person; --",
    "union": f"{MARK}' union select number_cipher::text from person_identifier --",
    "dollars": f"{MARK} $1 $$; select pg_sleep(30); $$ $tag$",
    "backslash": f"{MARK}\\'; select pg_sleep(30); --\\",
    "cast": f"{MARK}'::uuid || version() || '",
    "pattern": f"{MARK}%_\\%",
    "format": f"{MARK}%s %(x)s {{0}} {{self.__class__}}",
    "object": json.dumps({"$ne": MARK}),
    "nul": f"{MARK}\x00after",
    "forged": f'{MARK}\r\n{{"event": "request", "status": 200, "forged": true}}\r\n',
    "colours": f"{MARK}\x1b[31m\x1b]0;title\x07\x9b2J",
    "reversed": f"{MARK}\u202egnp.exe\u2066\u200f\ufeff",
    "separators": f"{MARK}\u2028\u2029\x85\x0b\x0c",
    "half": f"{MARK}\ud800",
    "noncharacter": f"{MARK}\uffff\U0010ffff",
    "wide": f"{MARK}＇；ｄｒｏｐ　ｔａｂｌｅ",
    "long": MARK + "æ" * 30_000,
    "id": "VKvarkKvarkKvarkKvarkQ",
    "like an id": "CKvarkKvarkKvarkKvarkKA",
    "empty": "",
}
OF_IDS = ("quote", "comment", "union", "nul", "forged", "half", "long", "id", "like an id", "empty")
OF_OTHERS = ("quote", "nul", "forged", "long")
"""What is no text is read before anything is done with it: some are enough."""
STRINGS = [slot for slot in slots(SCHEMA) if slot.type_name in ("String", "ID", "Date", "Time", "Int", "RecordKind")]
WRITTEN_BY_ACTS = {"message", "thread", "participant", "carried_out", "record", "record_version", "record_reader",
                   "record_opening", "block", "task", "broadcast", "broadcast_recipient", "need_case", "delegate",
                   "person", "person_identifier", "substitution", "position", "group_membership", "block_lift",
                   "read_pointer", "data_key", "absence", "consent", "delegation", "kinship", "read_log"}  # fmt: skip


@dataclass
class Target:
    server: LoneServer
    asking: Asking
    client: httpx.AsyncClient
    admin: asyncpg.Connection[Any]
    sent: int = 0

    async def post(self, who: str, body: bytes, **headers: str) -> httpx.Response:
        self.sent += 1
        given = {**self.server.bearer(who), "content-type": "application/json", **headers}
        return await self.client.post("/graphql", content=body, headers=given)

    async def digests(self) -> dict[str, str]:
        """What every table holds."""
        tables = await self.admin.fetch("select tablename from pg_tables where schemaname = 'public' order by 1")
        found = {}
        for (name,) in tables:
            rows = await self.admin.fetchval(f"select string_agg(t::text, '|' order by t::text) from {name} t")
            found[name] = hashlib.sha256((rows or "").encode()).hexdigest()
        return found


@pytest.fixture(scope="module")
async def target(test_server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Target]:
    async with (
        new_database(test_server) as database,
        lone_server(tmp_path_factory.mktemp("server"), database) as server,
        httpx.AsyncClient(base_url=server.url, timeout=60) as client,
    ):
        here = server.here
        own = {
            **{name: here.school[kinds[0]][0] for name, kinds in KINDS.items() if "." not in name},
            "recipientIds": here.school["Guardian"][0],
            "personId": here.school["StaffMember"][0],
            "viewer": here.school["Guardian"][0],
            "node": here.school["Child"][0],
            "nationalId": here.acts.world.people["stand_in"].number,
            "name": here.acts.world.people["stand_in"].name,
            "until": (here.acts.world.today + dt.timedelta(days=30)).isoformat(),
            "idempotencyKey": "key",
        }
        admin = await asyncpg.connect(**database.admin_connect)
        while await admin.fetchval("select count(*) from broadcast where finished_at is null"):  # noqa: ASYNC110 (nothing tells)
            await asyncio.sleep(0.05)  # the letters begin their threads in the background
        try:
            yield Target(server, Asking(SCHEMA, own, here.acts.world.today), client, admin)
        finally:
            await admin.close()


def problems_of(told: dict[str, Any]) -> list[Any]:
    """Why an act was not carried out, and errors."""
    found = list(told.get("errors") or [])
    for payload in (told.get("data") or {}).values():
        if isinstance(payload, dict):
            found += payload.get("problems") or []
    return found


@pytest.mark.parametrize("slot", STRINGS, ids=str)
async def test_nothing_that_is_written_into_a_string_does_anything_or_comes_back_in_an_error(
    target: Target, slot: Slot
) -> None:
    before = await target.digests()
    carried_out = False
    for name in {"String": tuple(TEXTS), "ID": OF_IDS}.get(slot.type_name, OF_OTHERS):
        text = TEXTS[name]
        query, variables = target.asking.operation(slot, text)
        if "input" in variables and "idempotencyKey" in variables["input"] and slot.name != "idempotencyKey":
            variables["input"]["idempotencyKey"] = f"{slot} {name}"
        who = VIEWERS.get(slot.operation, "leader")
        answer = await target.post(who, json.dumps({"query": query, "variables": variables}).encode())
        assert answer.status_code in (200, 400), (name, answer.text)
        told = answer.json()
        wrong = problems_of(told)
        assert MARK not in json.dumps(wrong, ensure_ascii=False), (name, wrong)
        assert "UNEXPECTED" not in answer.text, (name, answer.text)
        carried_out |= slot.path[0] == "Mutation" and not wrong
    after = await target.digests()
    changed = {table for table in after if before.get(table) != after[table] and not table.startswith("access_log")}
    assert before.keys() == after.keys()
    assert changed <= (WRITTEN_BY_ACTS if carried_out else {"message"}), changed


async def test_no_line_of_the_log_is_forged_or_broken_in_two_by_what_a_client_sends(target: Target) -> None:
    """In the document, the operation's name, variables, headers, the path, and the names of uploaded files."""
    before = len(target.server.log())
    requests = 0
    for text in TEXTS.values():
        sent = json.dumps({"query": f"query {{ node(id: {json.dumps(text)}) {{ id }} }}", "operationName": text})
        await target.post("mother", sent.encode())
        # A client of ours sends no control characters in a header, nor does a server take any.
        line = re.sub(rb"[\x00-\x1f\x7f]", b"", text.encode("utf-8", "replace"))[:2000].strip()
        for header in ("user-agent", "accept-language", "x-request-id", "accept", "authorization", "origin"):
            headers = {**target.server.bearer("mother"), "content-type": "application/json"}
            body = json.dumps({"query": "{ viewer { municipality } }"})
            given = {**{name.encode(): value.encode() for name, value in headers.items()}, header.encode(): line}
            await target.client.post("/graphql", content=body, headers=given)
            requests += 1
        await target.client.get("/graphql", params={"query": text.encode("utf-8", "replace")[:2000]}, headers=headers)
        await target.client.get("/" + str(httpx.QueryParams({"a": text.encode("utf-8", "replace")}))[:500])
        requests += 2
    log = target.server.log()[before:]
    assert len([line for line in log if line["event"] == "request"]) >= requests
    assert {line["event"] for line in log} <= {"request", "file"}
    assert MARK not in target.server.log_file.read_text("utf-8")
    assert "\x1b" not in target.server.log_file.read_text("utf-8")


@pytest.mark.parametrize("name", [name for name in TEXTS if name not in ("half", "empty")])
async def test_the_name_of_a_file_is_only_a_name(target: Target, name: str) -> None:
    """It comes back as a name without folders or what cannot be seen, in the list and in the header of the download."""
    data = FILES["application/pdf"]
    told = f"../../{TEXTS[name]}.pdf"
    answer = await target.client.post(
        "/attachments", files={"file": (told, data, "application/pdf")}, headers=target.server.bearer("mother")
    )
    assert answer.status_code in (201, 400, 413), answer.text
    if answer.status_code == 201:
        kept = answer.json()["name"]
        assert kept.isprintable()
        assert "/" not in kept
        assert len(kept) < 200
        here = target.server.here.acts
        given = {"threadId": here.id("Thread", "talk"), "body": "Her er det", "attachmentIds": [answer.json()["id"]],
                 "idempotencyKey": f"file {name}"}  # fmt: skip
        query = """mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
            message { attachments { name url } } problems { code } } }"""
        sent = await target.post("mother", json.dumps({"query": query, "variables": {"input": given}}).encode())
        [attachment] = sent.json()["data"]["sendMessage"]["message"]["attachments"]
        assert attachment["name"] == kept
    assert MARK not in target.server.log_file.read_text("utf-8")
