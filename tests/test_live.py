"""Who is told of a message, and who is not: T1 to T7, and section 7 of the rules."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from authz.viewer import Viewer
from models.base import new_key
from server.database import Database
from tests.live import INBOX, RECEIVED, SECONDS, Talk, Town, eventually, heard, stream, town
from tests.worlds.village import village, with_threads
from tests.worlds.world import DAY, World, oslo

Change = Callable[[Town], Awaitable[Any]]


def lively_village() -> World:
    """The village with an aunt who is the mother's delegate at the SFO and takes part in a thread there."""
    world = with_threads(village())
    world.delegate("aunt", "pupil", "sfo", world.today - 30 * DAY)
    world.consent("mother", "pupil", "aunt", "sfo", world.today - 30 * DAY)
    world.thread("pickup", "sfo", "pupil", oslo(world.today - 10 * DAY), ("aunt",), ("sfo_worker",))
    world.message("pickup1", "pickup", "aunt", oslo(world.today - 10 * DAY))
    return world


@pytest.fixture
async def fjellet(tmp_path: Path, database: Database) -> AsyncIterator[Town]:
    async with town(tmp_path, database, lively_village()) as opened:
        yield opened


# --- who receives ------------------------------------------------------------------------------------------------

SEES = {
    "talk": ("mother", "teacher", "leader"),
    "sums": ("father", "maths_teacher", "teacher", "leader"),
    "afternoon": ("mother", "sfo_worker", "sfo_leader"),
    "pickup": ("aunt", "sfo_worker", "sfo_leader"),
}
AUTHORS = {"talk": "teacher", "sums": "father", "afternoon": "mother", "pickup": "sfo_worker"}
EVERYBODY = ("mother", "father", "aunt", "teacher", "maths_teacher", "assistant", "leader", "sfo_worker", "sfo_leader",
             "kindergarten_worker", "other_leader", "officer", "neighbour", "pupil")  # fmt: skip


@pytest.mark.parametrize("thread", SEES)
async def test_those_who_see_a_thread_receive_its_messages_and_nobody_else_does(fjellet: Town, thread: str) -> None:
    async def receives(who: str, begun: asyncio.Barrier) -> str | None:
        async with fjellet.listening(who) as talk:
            await begun.wait()
            try:
                return heard(await talk.next(seconds=SECONDS if who in SEES[thread] else 1.5))[0]
            except TimeoutError:
                return None

    begun = asyncio.Barrier(len(EVERYBODY) + 1)
    listening = {who: asyncio.create_task(receives(who, begun)) for who in EVERYBODY}
    await begun.wait()
    sent = await fjellet.write(thread, AUTHORS[thread])
    received = {who: await task for who, task in listening.items()}
    assert {who for who, told in received.items() if told} == set(SEES[thread])
    assert {told for told in received.values() if told} == {sent}


async def test_an_author_receives_their_own_message_in_another_session(fjellet: Town) -> None:
    async with fjellet.listening("mother") as phone, fjellet.listening("mother") as laptop:
        sent = await fjellet.write("talk", "mother")
        assert heard(await phone.next())[0] == heard(await laptop.next())[0] == sent


async def test_a_subscription_to_a_thread_receives_that_thread_only(fjellet: Town) -> None:
    async with fjellet.listening("mother", thread=fjellet.id("Thread", "talk")) as talk:
        await fjellet.write("afternoon", "sfo_worker")
        sent = await fjellet.write("talk", "teacher")
        assert heard(await talk.next())[0] == sent
        assert await talk.hears_nothing()


@pytest.mark.parametrize("told", ["sums", "nothing", "a child"])
async def test_a_subscription_to_a_thread_that_is_not_seen_is_silent(fjellet: Town, told: str) -> None:
    ids = {"sums": fjellet.id("Thread", "sums"), "a child": fjellet.id("Child", "pupil"), "nothing": "nothing"}
    async with fjellet.listening("mother", thread=ids[told]) as talk:
        await fjellet.write("sums", "father")
        await fjellet.write("talk", "teacher")
        assert await talk.hears_nothing()


async def test_a_viewer_signed_in_as_an_employee_receives_nothing_as_a_guardian(fjellet: Town) -> None:
    async with fjellet.talk("mother", "employee") as talk:
        await talk.subscribe(RECEIVED)
        await fjellet.known(talk)
        await fjellet.write("talk", "teacher")
        assert await talk.hears_nothing()


async def test_messages_of_a_thread_come_in_the_order_of_sending(fjellet: Town) -> None:
    async with fjellet.listening("mother") as talk:
        sent = [await fjellet.write("talk", "teacher", str(number)) for number in range(30)]
        assert [heard(await talk.next())[0] for _ in sent] == sent


async def test_a_teacher_added_later_receives_what_is_sent_from_then_on(fjellet: Town) -> None:
    async with fjellet.listening("assistant", thread=fjellet.id("Thread", "talk")) as talk:
        await fjellet.write("talk", "mother", "before")
        assert await talk.hears_nothing()
        row = await fjellet.hand.fetchrow("select * from thread where id = $1", await fjellet.key("Thread", "talk"))
        await fjellet.hand.execute(
            "insert into participant (thread_id, person_id, side, joined_at, unit_id, child_id)"
            " values ($1, $2, 'UNIT', $3, $4, $5)",
            *(row["id"], await fjellet.key("Guardian", "assistant"), fjellet.clock.now()),
            *(row["unit_id"], row["child_id"]),
        )
        sent = await fjellet.write("talk", "mother", "after")
        assert heard(await talk.next()) == (sent, "after")


async def test_a_retracted_message_comes_once_more_without_its_text(fjellet: Town) -> None:
    async with fjellet.listening("teacher") as talk:
        sent = await fjellet.write("talk", "teacher", "Feil tråd")
        assert heard(await talk.next()) == (sent, "Feil tråd")
        await retract(fjellet)
        assert heard(await talk.next()) == (sent, None)


SEND = """mutation($thread: ID!) { sendMessage(input: {threadId: $thread, body: "Hei", idempotencyKey: "1"}) {
    message { id } problems { code } } }"""
RETRACT = "mutation($message: ID!) { retractMessage(input: {messageId: $message}) { problems { code } } }"


@pytest.mark.parametrize(("delivered", "problems"), [(True, ["TOO_LATE"]), (False, [])])
async def test_what_was_delivered_to_the_other_side_cannot_be_retracted(
    fjellet: Town, delivered: bool, problems: list[str]
) -> None:
    async with fjellet.listening("mother" if delivered else "leader") as talk, fjellet.talk("teacher") as writing:
        await writing.subscribe(SEND, thread=fjellet.id("Thread", "talk"))
        sent = (await writing.next())["data"]["sendMessage"]
        assert sent["problems"] == []
        assert heard(await talk.next())[0] == sent["message"]["id"]
        await writing.subscribe(RETRACT, "retract", message=sent["message"]["id"])
        assert (await writing.hear())["type"] == "complete"
        told = (await writing.next("retract"))["data"]["retractMessage"]["problems"]
        assert [problem["code"] for problem in told] == problems


async def retract(town: Town) -> None:
    """The newest message."""
    await town.hand.execute(
        "update message set retracted_at = $1 where id = (select id from message order by sent_at desc limit 1)",
        town.clock.now(),
    )


# --- how it ends -------------------------------------------------------------------------------------------------


async def block(town: Town, who: str) -> None:
    await town.hand.execute(
        "insert into block (id, person_id, child_id, since, reason_cipher, set_at)"
        " values ($1, $2, $3, $4, '', $4::date::timestamptz)",
        *(new_key(), await town.key("Guardian", who), await town.key("Child", "pupil"), town.world.today),
    )
    await town.derive()


def ends(table: str, who: str, column: str = "person_id") -> Change:
    """Ends what somebody has in a table, as of today."""

    async def change(town: Town) -> None:
        await town.hand.execute(
            f"update {table} set until = $1 where {column} = $2 and (until is null or until > $1)",
            *(town.world.today, await town.key("Guardian", who)),
        )
        await town.derive()

    return change


async def protect(town: Town) -> None:
    await town.hand.execute(
        "insert into protection (id, person_id, level, since) values ($1, $2, 'FORTROLIG', $3)",
        *(new_key(), await town.key("Child", "pupil"), town.world.today),
    )
    await town.derive()


async def become_family(town: Town) -> None:
    await town.hand.execute(
        "insert into family_relation (id, person_id, related_id) values ($1, $2, $3)",
        *(new_key(), await town.key("Child", "pupil"), await town.key("Guardian", "leader")),
    )
    await town.derive()


ENDINGS: dict[str, tuple[str, str, str, Change]] = {
    "R1 a block on a guardian": ("mother", "talk", "teacher", lambda town: block(town, "mother")),
    "R1 a block on a teacher": ("teacher", "talk", "mother", lambda town: block(town, "teacher")),
    "R2 kinship of a leader": ("leader", "talk", "mother", become_family),
    "R3 a protection": ("mother", "talk", "teacher", protect),
    "T1 responsibility ended": (
        "mother",
        "talk",
        "teacher",
        ends("parental_responsibility", "mother", "holder_id"),
    ),
    "T1 a consent withdrawn": ("aunt", "pickup", "sfo_worker", ends("consent", "mother", "guardian_id")),
    "T1 a delegation ended": ("aunt", "pickup", "sfo_worker", ends("delegate", "aunt")),
    "T2 the end of a teacher's part in the group": (
        "maths_teacher",
        "sums",
        "father",
        ends("group_membership", "maths_teacher"),
    ),
    "T2 the end of the child's part in the group": (
        "maths_teacher",
        "sums",
        "father",
        ends("group_membership", "pupil"),
    ),
    "T3 the end of a position": ("teacher", "talk", "mother", ends("position", "teacher")),
    "T3 the end of the enrolment": ("teacher", "talk", "mother", ends("enrolment", "pupil", "child_id")),
    "T4 the end of a leader's position": ("leader", "talk", "mother", ends("position", "leader")),
    "T5 the end of a position at the SFO": ("sfo_worker", "afternoon", "mother", ends("position", "sfo_worker")),
}


@pytest.mark.parametrize("ending", ENDINGS)
async def test_delivery_stops_when_a_relation_ends(fjellet: Town, ending: str) -> None:
    who, thread, author, change = ENDINGS[ending]
    async with fjellet.listening(who) as talk, stream(fjellet, who) as events:
        await anext(events)  # what a stream begins with
        sent = await fjellet.write(thread, author, "before")
        assert heard(await talk.next()) == (sent, "before")
        assert heard((await anext(events))[2]) == (sent, "before")
        await change(fjellet)
        await fjellet.write(thread, author, "after")
        assert await talk.hears_nothing()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(events), 0.1)


@pytest.mark.parametrize("ending", ENDINGS)
async def test_what_waits_is_not_delivered_once_the_relation_has_ended(fjellet: Town, ending: str) -> None:
    who, thread, author, change = ENDINGS[ending]
    async with waiting(fjellet, who) as subscriber:
        for number in range(3):
            await fjellet.write(thread, author, str(number))
        await eventually(lambda: len(subscriber.waiting) == 3)
        assert (await subscriber.next()).answer.data["messageReceived"]["body"] == "0"
        await change(fjellet)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(subscriber.next(), 0.3)
        assert not subscriber.waiting


async def test_what_is_retracted_while_it_waits_is_delivered_without_its_text(fjellet: Town) -> None:
    async with waiting(fjellet, "mother") as subscriber:
        await fjellet.write("talk", "teacher", "Feil tråd")
        await eventually(lambda: len(subscriber.waiting) == 1)
        await retract(fjellet)
        assert (await subscriber.next()).answer.data["messageReceived"]["body"] is None


@pytest.mark.parametrize(("who", "thread", "author", "table"), [
    ("teacher", "talk", "mother", "position"),
    ("aunt", "pickup", "sfo_worker", "delegate"),
])  # fmt: skip
async def test_delivery_stops_at_midnight_in_oslo(
    fjellet: Town, who: str, thread: str, author: str, table: str
) -> None:
    tomorrow = fjellet.world.today + DAY
    await fjellet.hand.execute(
        f"update {table} set until = $1 where person_id = $2", tomorrow, await fjellet.key("Guardian", who)
    )
    await fjellet.derive()
    fjellet.clock.set(oslo(fjellet.world.today, "23:58"))
    async with fjellet.listening(who) as talk:
        sent = await fjellet.write(thread, author)
        assert heard(await talk.next())[0] == sent
        fjellet.clock.set(oslo(tomorrow, "00:00"))
        await fjellet.write(thread, author)
        assert await talk.hears_nothing()


async def test_a_relation_that_begins_is_delivered_to_at_once(fjellet: Town) -> None:
    await ends("position", "sfo_leader")(fjellet)
    async with fjellet.listening("sfo_leader") as talk:
        await fjellet.write("afternoon", "mother")
        assert await talk.hears_nothing()
        unit = await fjellet.hand.fetchval("select id from unit where kind = 'SFO'")
        await fjellet.hand.execute(
            "insert into position (id, person_id, unit_id, role, since) values ($1, $2, $3, 'LEADER', $4)",
            *(new_key(), await fjellet.key("Guardian", "sfo_leader"), unit, fjellet.world.today),
        )
        sent = await fjellet.write("afternoon", "mother")
        assert heard(await talk.next())[0] == sent


# --- the inbox ---------------------------------------------------------------------------------------------------


def inbox(payload: dict[str, Any]) -> tuple[int, str | None]:
    """How many are unread, and in which thread something changed."""
    told = payload["data"]["inboxChanged"]
    return told["unreadCount"], told["thread"] and told["thread"]["id"]


async def first(talk: Talk) -> int:
    """What an inbox says at once."""
    count, thread = inbox(await talk.next())
    assert thread is None
    return count


async def test_an_inbox_tells_of_itself_at_once_and_of_a_message_that_comes(fjellet: Town) -> None:
    async with fjellet.talk("mother") as talk:
        await talk.subscribe(INBOX)
        before = await first(talk)
        await fjellet.write("talk", "teacher")
        assert inbox(await talk.next()) == (before + 1, fjellet.id("Thread", "talk"))
        await fjellet.write("sums", "father")
        assert await talk.hears_nothing(1.5)


async def test_an_inbox_tells_once_of_what_changes_within_a_second(fjellet: Town) -> None:
    async with fjellet.talk("mother") as talk:
        await talk.subscribe(INBOX)
        before = await first(talk)
        for thread in ("talk", "afternoon") * 3:
            await fjellet.write(thread, "teacher")
        assert inbox(await talk.next()) == (before + 6, None)
        assert await talk.hears_nothing(1.5)


async def test_an_inbox_asked_for_threads_alone_tells_of_each(fjellet: Town) -> None:
    async with fjellet.talk("mother") as talk:
        await talk.subscribe("subscription { inboxChanged { thread { id } } }")
        await talk.next()
        for thread in ("talk", "afternoon"):
            await fjellet.write(thread, "teacher")
        told = {(await talk.next())["data"]["inboxChanged"]["thread"]["id"] for _ in range(2)}
        assert told == {fjellet.id("Thread", "talk"), fjellet.id("Thread", "afternoon")}


async def test_an_inbox_tells_of_what_was_read_in_another_session(fjellet: Town) -> None:
    async with fjellet.talk("mother") as talk:
        await talk.subscribe(INBOX)
        await first(talk)
        await fjellet.hand.execute(
            "insert into read_pointer (thread_id, person_id, up_to_sent_at, up_to_id, read_at)"
            " select thread_id, $2, sent_at, id, sent_at from message where thread_id = $1"
            " order by sent_at desc limit 1 on conflict (thread_id, person_id) do update"
            " set up_to_sent_at = excluded.up_to_sent_at, up_to_id = excluded.up_to_id",
            *(await fjellet.key("Thread", "talk"), await fjellet.key("Guardian", "mother")),
        )
        assert inbox(await talk.next())[1] == fjellet.id("Thread", "talk")


async def test_an_inbox_empties_when_the_relation_ends(fjellet: Town) -> None:
    async with fjellet.talk("aunt") as talk:
        await talk.subscribe(INBOX)
        before = await first(talk)
        await fjellet.write("pickup", "sfo_worker")
        assert inbox(await talk.next())[0] == before + 1
        await ends("consent", "mother", "guardian_id")(fjellet)
        assert inbox(await talk.next()) == (0, None)


async def test_an_inbox_empties_at_midnight(fjellet: Town) -> None:
    tomorrow = fjellet.world.today + DAY
    await fjellet.hand.execute(
        "update delegate set until = $1 where person_id = $2", tomorrow, await fjellet.key("Guardian", "aunt")
    )
    await fjellet.derive()
    async with fjellet.talk("aunt") as talk:
        await talk.subscribe(INBOX)
        await first(talk)
        await fjellet.write("pickup", "sfo_worker")
        assert inbox(await talk.next())[0] > 0
        fjellet.clock.set(oslo(tomorrow, "00:00"))
        assert inbox(await talk.next()) == (0, None)


async def test_an_inbox_is_silent_about_what_others_do(fjellet: Town) -> None:
    async with fjellet.talk("father") as talk:
        await talk.subscribe(INBOX)
        await first(talk)
        await fjellet.write("talk", "teacher")
        await block(fjellet, "mother")
        assert await talk.hears_nothing(1.5)


# --- helpers -----------------------------------------------------------------------------------------------------


def waiting(town: Town, who: str) -> Any:
    """A subscription in the server that nobody takes from."""
    engine = town.app
    viewer_number = town.world.people[who].number
    hashed = engine.services.vault.keyed_hash(viewer_number, "national_id")
    viewer = Viewer(town.world.organisation_number, hashed, None, private=True, employee=True)
    return engine.live.subscribed(engine.documents.prepare(RECEIVED), {}, viewer)
