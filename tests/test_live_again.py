"""What was missed is caught up with: by a client that was away, and by a server that was deaf for a while."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from server.data_folder import DataFolder
from server.database import Database
from tests.conftest import TestServer
from tests.live import INBOX, RECEIVED, Town, another, eventually, heard, stream, town
from tests.worlds.village import village, with_threads
from tests.worlds.world import DAY, oslo
from vault import Vault


@pytest.fixture
async def fjellet(tmp_path: Path, database: Database) -> AsyncIterator[Town]:
    async with town(tmp_path, database, with_threads(village()), missed=10) as opened:
        yield opened


def cursor(payload: dict[str, Any]) -> str:
    told: str = payload["extensions"]["cursor"]
    return told


async def test_a_client_that_was_away_receives_what_it_missed_and_then_goes_on(fjellet: Town) -> None:
    async with fjellet.listening("mother") as talk:
        await fjellet.write("talk", "teacher", "before")
        after = cursor(await talk.next())
    missed = [await fjellet.write(thread, "teacher") for thread in ("talk", "afternoon", "talk")]
    await fjellet.write("sums", "father")
    async with fjellet.listening("mother", after=after) as talk:
        assert [heard(await talk.next())[0] for _ in missed] == missed
        sent = await fjellet.write("talk", "teacher")
        assert heard(await talk.next())[0] == sent
        assert await talk.hears_nothing()


async def test_a_client_that_was_away_from_one_thread_catches_up_with_that_thread(fjellet: Town) -> None:
    thread = fjellet.id("Thread", "talk")
    async with fjellet.listening("mother", thread=thread) as talk:
        await fjellet.write("talk", "teacher")
        after = cursor(await talk.next())
    await fjellet.write("afternoon", "sfo_worker")
    missed = await fjellet.write("talk", "teacher")
    async with fjellet.listening("mother", thread=thread, after=after) as talk:
        assert heard(await talk.next())[0] == missed
        assert await talk.hears_nothing()


async def test_a_client_that_heard_nothing_begins_at_the_cursor_of_its_connection(fjellet: Town) -> None:
    async with fjellet.talk("mother") as talk:
        after = talk.acknowledged["payload"]["cursor"]
    missed = await fjellet.write("talk", "teacher")
    async with fjellet.listening("mother", after=after) as talk:
        assert heard(await talk.next())[0] == missed
        assert await talk.hears_nothing()


async def test_the_cursor_of_an_event_stream_serves_a_websocket(fjellet: Town) -> None:
    async with stream(fjellet, "mother") as events:
        _, after, _ = await anext(events)
        assert after
    missed = [await fjellet.write("talk", "teacher") for _ in range(2)]
    async with fjellet.listening("mother", after=after) as talk:
        assert heard(await talk.next())[0] == missed[0]
        assert heard(await talk.next())[0] == missed[1]


async def test_a_message_that_was_committed_late_is_not_missed(fjellet: Town) -> None:
    late = await asyncpg.connect(**fjellet.database.admin_connect)
    async with fjellet.listening("mother") as talk:
        slow = late.transaction()
        await slow.start()
        # The thread's row is locked by whoever writes in it, so that the late one is in another thread.
        first = await fjellet.write("talk", "teacher", hand=late)
        second = await fjellet.write("afternoon", "sfo_worker")
        told = await talk.next()
        assert heard(told)[0] == second
    await slow.commit()
    await late.close()
    async with fjellet.listening("mother", after=cursor(told)) as talk:
        assert heard(await talk.next())[0] == first
        assert await talk.hears_nothing()


async def test_what_was_missed_is_what_the_viewer_may_see_now(fjellet: Town) -> None:
    async with fjellet.talk("teacher") as talk:
        after = talk.acknowledged["payload"]["cursor"]
    await fjellet.write("talk", "mother")
    teacher = await fjellet.key("Guardian", "teacher")
    await fjellet.hand.execute("update position set until = $1 where person_id = $2", fjellet.world.today, teacher)
    async with fjellet.listening("teacher", after=after) as talk:
        assert await talk.hears_nothing()


async def test_who_missed_too_much_is_told_so_and_goes_on(fjellet: Town) -> None:
    async with fjellet.talk("mother") as talk:
        after = talk.acknowledged["payload"]["cursor"]
    for _ in range(11):
        await fjellet.write("talk", "teacher")
    async with fjellet.listening("mother", after=after) as talk:
        told = await talk.next()
        assert told["data"] is None
        assert told["errors"][0]["extensions"]["code"] == "TOO_MUCH_MISSED"
        sent = await fjellet.write("talk", "teacher")
        assert heard(await talk.next())[0] == sent
    async with fjellet.listening("mother", after=cursor(told)) as talk:
        assert heard(await talk.next())[0] == sent
        assert await talk.hears_nothing()


async def test_who_was_away_for_long_is_told_to_read_the_inbox(fjellet: Town) -> None:
    async with fjellet.talk("mother") as talk:
        after = talk.acknowledged["payload"]["cursor"]
    fjellet.clock.set(oslo(fjellet.world.today + 8 * DAY))
    async with fjellet.listening("mother", after=after) as talk:
        assert (await talk.next())["errors"][0]["extensions"]["code"] == "TOO_MUCH_MISSED"


@pytest.mark.parametrize("whose", ["another's", "made up", "changed", "a list's", "another login's"])
async def test_a_cursor_that_is_not_the_viewers_own_is_refused(fjellet: Town, whose: str) -> None:
    async with fjellet.talk("father") as talk, fjellet.talk("mother", "private") as other:
        own = talk.acknowledged["payload"]["cursor"]
        await talk.subscribe("{ viewer { threads(first: 1) { pageInfo { endCursor } } } }", "list")
        end = (await talk.next("list"))["data"]["viewer"]["threads"]["pageInfo"]["endCursor"]
        private = other.acknowledged["payload"]["cursor"]
    changed = ("B" if own[0] == "A" else "A") + own[1:]
    told = {"another's": own, "made up": "x" * len(own), "changed": changed, "a list's": end,
            "another login's": private}[whose]  # fmt: skip
    async with fjellet.talk("father" if whose in {"changed", "a list's"} else "mother") as talk:
        await talk.subscribe(RECEIVED, after=told)
        answer = await talk.hear()
        assert (answer["type"], answer["payload"][0]["extensions"]["code"]) == ("error", "BAD_CURSOR")


# --- a server that was deaf ----------------------------------------------------------------------------------------


@asynccontextmanager
async def deaf(town: Town, test_server: TestServer, whom: str = "query ilike 'listen%'") -> AsyncIterator[None]:
    """While it lasts, the server has lost the connection that it listens on and gets no other, as when a database
    restarts; those that it had for reading stay."""
    name = town.database.api_connect["database"]
    superuser = await asyncpg.connect(**test_server.superuser)
    try:
        await superuser.execute(f"alter database {name} with allow_connections false")
        ended = await superuser.fetchval(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity"
            f" where datname = $1 and usename = $2 and {whom}",
            *(name, town.database.api_connect["user"]),
        )
        assert ended > 0
        await eventually(lambda: not town.app.live.listening.ready.is_set())
        yield
    finally:
        await superuser.execute(f"alter database {name} with allow_connections true")
        await superuser.close()


async def test_a_message_that_was_sent_while_the_server_was_deaf_is_delivered(
    fjellet: Town, test_server: TestServer
) -> None:
    async with fjellet.listening("mother") as talk, fjellet.listening("neighbour") as stranger:
        heard_before = await fjellet.write("talk", "teacher")
        assert heard(await talk.next())[0] == heard_before
        async with deaf(fjellet, test_server):
            sent = await fjellet.write("talk", "teacher")
        assert heard(await talk.next())[0] == sent
        again = await fjellet.write("talk", "teacher")
        assert heard(await talk.next())[0] == again
        assert await talk.hears_nothing()
        assert await stranger.hears_nothing(0.1)


async def test_an_inbox_is_looked_at_again_when_the_server_was_deaf(fjellet: Town, test_server: TestServer) -> None:
    async with fjellet.talk("mother") as talk:
        await talk.subscribe(INBOX)
        before = (await talk.next())["data"]["inboxChanged"]["unreadCount"]
        async with deaf(fjellet, test_server):
            await fjellet.write("talk", "teacher")
        assert (await talk.next())["data"]["inboxChanged"]["unreadCount"] == before + 1


async def test_more_than_is_caught_up_with_while_deaf_is_said(
    tmp_path: Path, database: Database, test_server: TestServer
) -> None:
    few = town(tmp_path, database, with_threads(village()), waiting=5)
    async with few as fjellet, fjellet.listening("mother") as talk:
        async with deaf(fjellet, test_server):
            for _ in range(8):
                await fjellet.write("talk", "teacher")
        told = await talk.hear()
        assert told["payload"]["errors"][0]["extensions"]["code"] == "TOO_MUCH_MISSED"


async def test_a_database_that_is_away_for_a_moment_ends_no_subscription(
    fjellet: Town, test_server: TestServer
) -> None:
    async with fjellet.listening("mother") as talk:
        async with deaf(fjellet, test_server, "true"):
            sent = await fjellet.write("talk", "teacher")
        assert heard(await talk.next(seconds=10))[0] == sent


# --- several processes ---------------------------------------------------------------------------------------------


async def test_two_servers_over_one_database_tell_of_each_others_messages(fjellet: Town, tmp_path: Path) -> None:
    vault = Vault.open(DataFolder(tmp_path).keys_file, create=False)
    async with (
        fjellet.listening("mother") as here,
        another(tmp_path, fjellet.database, vault, fjellet.clock) as (url, _, app),
    ):
        beside = Town(**{**vars(fjellet), "url": url, "app": app})
        async with beside.listening("mother") as there:
            sent = await fjellet.write("talk", "teacher")
            told = await there.next()
            assert heard(await here.next())[0] == heard(told)[0] == sent
        missed = await fjellet.write("talk", "teacher")
    async with fjellet.listening("mother", after=cursor(told)) as talk:
        assert heard(await talk.next())[0] == missed
