"""The access log behind a whole server: over HTTP, websockets and event streams, for files, and when it is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
import pytest

from server.database import Database
from tests.conftest import Innsyn, told_address
from tests.live import Town, eventually, stream, town
from tests.logged import log_rows, looks
from tests.test_files_http import Desk, opened_desk
from tests.test_record_acts import written
from tests.worlds.files import write_persons, write_roster
from tests.worlds.village import village, with_threads
from tests.worlds.world import TODAY

PUPILS = {"query": "query Pupils { viewer { pupils { nodes { name } } } }"}
TEACHER = {("teacher", "pupil", "CONTACT_TEACHER", "school")}


@pytest.fixture
async def fjellet(tmp_path: Path, database: Database) -> AsyncIterator[Town]:
    async with town(tmp_path, database, with_threads(village())) as opened:
        yield opened


@pytest.fixture
async def desk(place, tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened_desk(place, tmp_path) as opened:
        yield opened


async def kinds(fjellet: Town) -> list[str]:
    return [row["kind"] for row in await log_rows(fjellet.database, fjellet.loaded.municipality)]


async def asked(fjellet: Town, who: str, body: dict[str, Any] = PUPILS) -> httpx.Response:
    async with httpx.AsyncClient(base_url=fjellet.url, timeout=30) as client:
        return await client.post("/graphql", json=body, headers={"authorization": f"Bearer {fjellet.token(who)}"})


async def test_teacher_is_logged_over_http(fjellet: Town) -> None:
    assert (await asked(fjellet, "teacher")).json()["data"]["viewer"]["pupils"]["nodes"]
    assert await looks(fjellet.database, fjellet.loaded) == [TEACHER]


async def test_teacher_is_logged_over_a_websocket(fjellet: Town) -> None:
    async with fjellet.talk("teacher") as talk:
        await talk.subscribe(PUPILS["query"])
        assert (await talk.next())["data"]["viewer"]["pupils"]["nodes"]
        assert await looks(fjellet.database, fjellet.loaded) == [TEACHER]


async def test_teacher_is_logged_for_each_event_and_guardian_for_none(fjellet: Town) -> None:
    async with fjellet.listening("teacher") as teacher, fjellet.listening("mother") as mother:
        assert await kinds(fjellet) == []
        for number in range(2):
            await fjellet.write("talk", "mother" if number else "teacher")
            await mother.next()
            await teacher.next()
    assert await looks(fjellet.database, fjellet.loaded) == [TEACHER, TEACHER]
    assert await kinds(fjellet) == ["SUBSCRIPTION", "SUBSCRIPTION"]


async def test_leader_is_logged_for_each_event_of_a_stream(fjellet: Town) -> None:
    async with stream(fjellet, "leader") as events:
        await eventually(lambda: bool(fjellet.app.live._connected))
        await fjellet.write("sums", "father")
        async for _, _, event in events:
            if event and event.get("data"):
                break
        assert await kinds(fjellet) == ["SUBSCRIPTION"]


async def test_answer_that_cannot_be_logged_does_not_leave(fjellet: Town) -> None:
    await fjellet.hand.execute("revoke insert on access_log from innsyn_api")
    try:
        answer = await asked(fjellet, "teacher")
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (500, "UNEXPECTED")
        assert "data" not in answer.json()
        assert "Blomst" not in answer.text
        assert fjellet.world.people["pupil"].name not in answer.text
        async with fjellet.listening("teacher") as teacher:
            await fjellet.write("talk", "mother")
            # Told to come again, and given nothing.
            assert await teacher.closed() == 1013
    finally:
        await fjellet.hand.execute("grant insert on access_log to innsyn_api")
    assert await kinds(fjellet) == []
    assert (await asked(fjellet, "teacher")).status_code == 200


async def test_answer_waits_until_it_is_logged(fjellet: Town) -> None:
    """Whoever holds the log holds the answers, and the reads of those who are not logged go on."""
    owner = await asyncpg.connect(**fjellet.database.admin_connect)
    await asked(fjellet, "teacher")
    try:
        async with owner.transaction():
            await owner.execute("lock table access_log in share row exclusive mode")
            waits = asyncio.create_task(asked(fjellet, "teacher"))
            guardian = await asked(fjellet, "mother", {"query": "{ viewer { children { name } } }"})
            assert guardian.json()["data"]["viewer"]["children"]
            await asyncio.sleep(0.3)
            assert not waits.done()
        assert (await waits).status_code == 200
    finally:
        await owner.close()
    assert await kinds(fjellet) == ["QUERY", "QUERY"]


async def test_file_that_is_fetched_is_logged(desk: Desk) -> None:
    file = await desk.uploaded("mother")
    [thread] = (await desk.acts.start("mother", "school", "pupil", attachmentIds=[file]))["threads"]
    [attachment] = await desk.attachments("teacher", thread["messages"]["nodes"][0]["id"]) or []
    acts = desk.acts
    before = len(await log_rows(acts.place.database, acts.loaded.municipality))
    assert (await desk.fetch("teacher", attachment["url"])).status_code == 200
    rows = (await log_rows(acts.place.database, acts.loaded.municipality))[before:]
    assert [row["kind"] for row in rows] == ["DOWNLOAD"]
    assert rows[0]["messages_alone"]
    assert (await looks(acts.place.database, acts.loaded))[before:] == [TEACHER]
    [own] = await desk.attachments("mother", thread["messages"]["nodes"][0]["id"]) or []
    assert (await desk.fetch("mother", own["url"])).status_code == 200
    assert len(await log_rows(acts.place.database, acts.loaded.municipality)) == before + 1


async def test_file_is_logged_by_the_unit_of_the_message_or_the_record_that_it_hangs_on(desk: Desk) -> None:
    acts = desk.acts
    to_sfo, to_school = await desk.uploaded("mother"), await desk.uploaded("teacher")
    for unit, files in (("sfo", [to_sfo]), ("school", [])):
        assert (await acts.start("mother", unit, "pupil", attachmentIds=files))["problems"] == []
    for files in ([to_school], []):
        await written(acts, "teacher", attachmentIds=files)
    text = "query ($id: ID!) { node(id: $id) { id } }"
    at_sfo = {("sfo_worker", "pupil", "UNIT_STAFF", "sfo")}
    for who, file, look, messages_alone in (
        ("sfo_worker", to_sfo, at_sfo, True),
        ("teacher", to_school, TEACHER, False),
    ):
        assert (await acts.ask(who, text, {"id": file}))["node"]
        assert (await looks(acts.place.database, acts.loaded))[-1] == look
        assert (await log_rows(acts.place.database, acts.loaded.municipality))[-1]["messages_alone"] == messages_alone


def taken_in(innsyn: Innsyn, folder: Path) -> str:
    """A village in the installed server; the teacher's number."""
    world = village()
    world.organisation_number = "999000111"
    innsyn.told("import", "roster", write_roster(world, folder / "roster", TODAY), "--yes", "--today", str(TODAY))
    [reading] = world.readings[-1:]
    persons = write_persons(world, reading.documents, folder / "persons.ndjson")
    innsyn.told("import", "persons", persons, "--yes", "--today", str(TODAY))
    number = world.people["teacher"].number
    assert number is not None
    return number


def test_entry_is_there_after_the_server_was_killed_and_the_log_is_whole(innsyn: Innsyn, tmp_path: Path) -> None:
    number = taken_in(innsyn, tmp_path)
    headers = {"authorization": f"Bearer {innsyn.token(number)}"}
    log = tmp_path / "log"
    with log.open("wb+") as said:
        line = innsyn.line("serve", "--port", "0", "--today", str(TODAY))
        server = subprocess.Popen(line, env=innsyn.environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        try:
            url = told_address(server, said.fileno())
            answers = [httpx.post(f"{url}/graphql", json=PUPILS, headers=headers) for _ in range(3)]
            os.kill(server.pid, signal.SIGKILL)
        finally:
            for child in psutil.Process(server.pid).children(recursive=True) if psutil.pid_exists(server.pid) else ():
                child.kill()
            server.wait()
    assert all(one.json()["data"]["viewer"]["pupils"]["nodes"] for one in answers)
    assert "3 entries in 1 chains, 3 of them after the last checkpoint" in innsyn.told("log", "verify")


def test_command_ends_with_1_and_names_what_was_changed(innsyn: Innsyn, tmp_path: Path) -> None:
    number = taken_in(innsyn, tmp_path)
    headers = {"authorization": f"Bearer {innsyn.token(number)}"}
    with innsyn.serving("--today", str(TODAY)) as url:
        for _ in range(3):
            httpx.post(f"{url}/graphql", json=PUPILS, headers=headers).raise_for_status()
        said = innsyn.told("log", "verify")
        assert "3 entries in 1 chains, 3 of them" in said
    said = innsyn.told("log", "verify")
    assert "3 entries in 1 chains, 0 of them" in said
    head = said.strip().splitlines()[-1].removeprefix("Checkpoint ")
    assert head.startswith("999000111:2:")
    innsyn.told("log", "verify", "--expect", head, "--month", f"{TODAY:%Y-%m}")
    assert "0 entries" in innsyn.told("log", "verify", "--month", "2020-01")

    async def change() -> None:
        connection = await asyncpg.connect(**innsyn.database.admin_connect)
        await connection.execute("delete from access_log where sequence = 2")
        await connection.execute("delete from access_log_checkpoint where number = 2")
        await connection.close()

    asyncio.run(change())
    done = innsyn("log", "verify", "--expect", head)
    assert done.returncode == 1
    assert "entry 3 follows entry 1: what stood between is gone" in done.stdout
    assert "checkpoint 2 of 999000111, which was written down, is gone" in done.stdout
    assert innsyn("log", "verify", "--expect", "nonsense").returncode == 2
    assert innsyn("log", "verify", "--month", "november").returncode == 2
