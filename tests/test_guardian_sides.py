"""Guardian sides, by which the second wall knows a guardian's threads (T1, T7, T8): as the participants say, always."""

from __future__ import annotations

import datetime as dt
from typing import Any

import asyncpg
import pytest

from norway.days import oslo_day
from tests.api_connection import as_owner, as_the_api, enter
from tests.roads.place import Place
from tests.walls import MISKEPT_SIDES
from tests.worlds.village import village, with_threads
from tests.worlds.world import World, oslo

DAY = dt.timedelta(days=1)


def talks() -> World:
    """Four threads about the pupil: two of the mother's, one of the father's, one of both."""
    world = with_threads(village())
    start = oslo(world.today - 20 * DAY)
    world.thread("joint", "school", "pupil", start, ("mother", "father"), ("teacher",), joint=True)
    world.message("joint1", "joint", "teacher", start)
    world.message("joint2", "joint", "father", start + 11 * DAY)
    return world


async def sides(place: Place, world: World) -> dict[str, Any]:
    rows = await as_owner(
        place,
        "select subject, guardian_side_id from thread t join unit u on u.id = t.unit_id"
        " join municipality m on m.id = u.municipality_id where m.organisation_number = $1",
        world.organisation_number,
    )
    return {row["subject"].removeprefix("Om "): row["guardian_side_id"] for row in rows}


async def seen(place: Place, world: World, who: str) -> set[str]:
    """Bodies of the messages that the second wall shows by itself."""
    async with as_the_api(place) as connection:
        await enter(connection, place, world, who)
        return {row["body"] for row in await connection.fetch("select body from message")}


async def add_guardian(place: Place, thread: Any, like: str, after: dt.timedelta) -> None:
    """The father comes to a thread's guardian side, past acts and imports, which let nobody come later (T8)."""
    await as_owner(
        place,
        "insert into participant (thread_id, person_id, side, joined_at, unit_id, child_id)"
        " select t.id, p.person_id, 'GUARDIAN', t.created_at + $3, t.unit_id, t.child_id"
        " from thread t, participant p join thread o on o.id = p.thread_id"
        " where t.id = $1 and o.subject = $2 and p.side = 'GUARDIAN' and o.unit_id = t.unit_id",
        thread,
        like,
        after,
    )


async def thread_id(place: Place, world: World, handle: str) -> Any:
    rows = await as_owner(
        place,
        "select t.id from thread t join unit u on u.id = t.unit_id join municipality m on m.id = u.municipality_id"
        " where m.organisation_number = $1 and t.subject = $2",
        world.organisation_number,
        f"Om {handle}",
    )
    return rows[0]["id"]


async def test_the_same_people_about_the_same_child_are_one_side(place: Place) -> None:
    world = talks()
    await place.load(world)
    told = await sides(place, world)
    assert told["talk"] == told["afternoon"]
    assert len({told["talk"], told["sums"], told["joint"]}) == 3
    assert await as_owner(place, MISKEPT_SIDES) == []


async def test_t1_the_second_wall_alone_shows_a_guardian_the_threads_of_their_sides(place: Place) -> None:
    world = talks()
    await place.load(world)
    bodies = {handle: message.body for handle, message in world.messages.items()}
    mothers = {bodies[one] for one in ("talk1", "talk2", "talk3", "afternoon1", "afternoon2", "joint1", "joint2")}
    assert await seen(place, world, "mother") == mothers
    assert await seen(place, world, "father") == {bodies[one] for one in ("sums1", "sums2", "joint1", "joint2")}


async def test_t7_the_second_wall_alone_shows_nothing_of_before_the_responsibility(place: Place) -> None:
    """Also where there are several children, whose relations began on other days."""
    world = talks()
    held = world.document("pupil").responsibilities
    held[:] = [one for one in held if one.holder != "mother"]
    world.responsible("mother", "pupil", since=world.today - 10 * DAY)
    world.person("baby", world.today - 5 * DAY)
    world.responsible("mother", "baby", since=world.today - 5 * DAY)
    await place.load(world)
    bodies = {handle: message.body for handle, message in world.messages.items()}
    assert await seen(place, world, "mother") == {bodies[one] for one in ("talk3", "afternoon2", "joint2")}


async def test_t1_the_second_wall_alone_shows_nothing_of_a_child_whose_guardian_one_was(place: Place) -> None:
    """Of another child, whose guardian she is, she has sides and times as well."""
    world = talks()
    held = world.document("pupil").responsibilities
    held[:] = [one for one in held if one.holder != "mother"]
    world.responsible("mother", "pupil", until=world.today - DAY)
    world.person("sibling", world.today - 3000 * DAY)
    world.responsible("mother", "sibling")
    world.enrol("sibling", "school", world.today - 100 * DAY)
    start = oslo(world.today - 20 * DAY)
    world.thread("other", "school", "sibling", start, ("mother",), ("teacher",))
    world.message("other1", "other", "mother", start)
    await place.load(world)
    assert await seen(place, world, "mother") == {world.messages["other1"].body}


async def test_t1_nor_where_some_threads_are_known_with_their_times(place: Place) -> None:
    """Of another child she has a side that began before her; and a thread about each has no side."""
    world = talks()
    held = world.document("pupil").responsibilities
    held[:] = [one for one in held if one.holder != "mother"]
    world.responsible("mother", "pupil", until=world.today - DAY)
    world.person("sibling", world.today - 3000 * DAY)
    world.responsible("mother", "sibling", since=world.today - 10 * DAY)
    world.enrol("sibling", "school", world.today - 100 * DAY)
    before, since = oslo(world.today - 20 * DAY), oslo(world.today - 5 * DAY)
    for thread in ("other", "late"):
        world.thread(thread, "school", "sibling", before, ("mother",), ("teacher",))
        world.message(f"{thread}1", thread, "teacher", before)
        world.message(f"{thread}2", thread, "teacher", since)
    await place.load(world)
    for thread in ("talk", "late"):
        await add_guardian(place, await thread_id(place, world, thread), "Om sums", 2 * DAY)
        assert (await sides(place, world))[thread] is None
    assert await seen(place, world, "mother") == {world.messages[one].body for one in ("other2", "late2")}


async def test_t7_the_second_wall_alone_shows_nothing_of_between_two_responsibilities(place: Place) -> None:
    world = talks()
    held = world.document("pupil").responsibilities
    held[:] = [one for one in held if one.holder != "mother"]
    ended, again = (oslo_day(world.messages[one].at) for one in ("talk2", "afternoon2"))
    world.responsible("mother", "pupil", until=ended)
    world.responsible("mother", "pupil", since=again)
    await place.load(world)
    told = ("talk1", "talk2", "talk3", "afternoon1", "afternoon2", "joint1", "joint2")
    between = oslo(ended, "00:00"), oslo(again, "00:00")
    shown = {world.messages[one].body for one in told if not between[0] <= world.messages[one].at < between[1]}
    assert 0 < len(shown) < len(told)
    assert await seen(place, world, "mother") == shown
    async with as_the_api(place) as connection:
        await enter(connection, place, world, "mother")
        own = await connection.fetchval("select cardinality(current_setting('innsyn.own')::bigint[])")
    assert own == 2 * 2, "two times of each of two sides, however many threads there are"


async def test_t7_whoever_comes_to_the_side_later_sees_what_was_sent_since(place: Place) -> None:
    world = talks()
    await place.load(world)
    bodies = {handle: message.body for handle, message in world.messages.items()}
    before = await seen(place, world, "mother"), await seen(place, world, "father")
    talk = await thread_id(place, world, "talk")
    await add_guardian(place, talk, "Om sums", 2 * DAY)
    assert (await sides(place, world))["talk"] is None
    assert await as_owner(place, MISKEPT_SIDES) == []
    assert await seen(place, world, "mother") == before[0]
    assert await seen(place, world, "father") == before[1] | {bodies["talk3"]}


async def began(place: Place, side: Any) -> dt.datetime:
    rows = await as_owner(place, "select distinct began from guardian_side where id = $1", side)
    (told,) = (row["began"] for row in rows)
    assert isinstance(told, dt.datetime)
    return told


async def test_t7_a_side_begins_with_the_first_of_its_threads(place: Place) -> None:
    """Whichever is written first, so that nobody sees what was sent before they were guardian."""
    world = talks()
    held = world.document("pupil").responsibilities
    held[:] = [one for one in held if one.holder != "mother"]
    world.responsible("mother", "pupil", since=world.today - 30 * DAY)
    await place.load(world)
    side = (await sides(place, world))["afternoon"]
    rows = await as_owner(place, "select min(created_at) as first from thread where guardian_side_id = $1", side)
    assert await began(place, side) == rows[0]["first"]
    before = await seen(place, world, "mother")
    assert world.messages["afternoon1"].body in before
    for days, what in ((10, "later"), (40, "earlier")):
        at = oslo(world.today - days * DAY)
        await as_owner(
            place,
            "with like_it as (select * from thread where id = $1), begun as ("
            "insert into thread (id, unit_id, child_id, subject, joint, created_at, last_message_at)"
            " select gen_random_uuid(), unit_id, child_id, $2::text, false, $3, $3 from like_it returning *)"
            ", said as (insert into message (id, thread_id, unit_id, child_id, author_id, author_side, body, sent_at)"
            " select gen_random_uuid(), b.id, b.unit_id, b.child_id, p.person_id, 'GUARDIAN', $2, $3"
            " from begun b, participant p where p.thread_id = $1 and p.side = 'GUARDIAN')"
            " insert into participant (thread_id, person_id, side, joined_at, unit_id, child_id)"
            " select b.id, p.person_id, 'GUARDIAN', $3, b.unit_id, b.child_id"
            " from begun b, participant p where p.thread_id = $1 and p.side = 'GUARDIAN'",
            await thread_id(place, world, "afternoon"),
            what,
            at,
        )
        assert await began(place, side) == min(at, rows[0]["first"])
    assert await as_owner(place, MISKEPT_SIDES) == []
    assert await seen(place, world, "mother") == before | {"later"}


SAYS = (
    "insert into message (id, thread_id, unit_id, child_id, author_id, author_side, body, sent_at)"
    " select gen_random_uuid(), id, unit_id, child_id, $2, 'UNIT', 'of before', created_at + $3"
    " from thread where id = $1"
)


async def test_t7_nothing_is_said_in_a_thread_before_it_began(place: Place) -> None:
    """A side's beginning is its threads', and whoever was guardian by then sees all of their messages. Nobody gets
    round it: neither the owner, nor whoever begins a thread as if it were later."""
    world = talks()
    await place.load(world)
    talk = await thread_id(place, world, "talk")
    (author,) = await as_owner(
        place, "select author_id from message where thread_id = $1 and author_side = 'UNIT'", talk
    )
    await as_owner(place, SAYS, talk, author["author_id"], dt.timedelta(0))
    with pytest.raises(asyncpg.CheckViolationError, match="not older than its thread"):
        await as_owner(place, SAYS, talk, author["author_id"], -dt.timedelta(microseconds=1))
    async with as_the_api(place) as connection:
        await enter(connection, place, world, "teacher")
        ahead = await connection.fetchval(
            "insert into thread (id, unit_id, child_id, subject, joint, created_at, last_message_at)"
            " select gen_random_uuid(), unit_id, child_id, 'ahead', false, now, now from thread"
            " cross join (select current_setting('innsyn.now')::timestamptz + interval '9 years') told (now)"
            " where id = $1 returning id",
            talk,
        )
        with pytest.raises(asyncpg.CheckViolationError, match="not older than its thread"):
            await connection.execute(
                "insert into message (id, thread_id, unit_id, child_id, author_id, author_side, body, sent_at)"
                " select gen_random_uuid(), $2, unit_id, child_id, current_setting('innsyn.me')::uuid, 'UNIT', 'today',"
                " current_setting('innsyn.now')::timestamptz from thread where id = $1",
                talk,
                ahead,
            )


async def test_t8_whoever_is_there_from_the_beginning_makes_it_another_side(place: Place) -> None:
    world = talks()
    await place.load(world)
    mothers = await seen(place, world, "mother")
    talk = await thread_id(place, world, "talk")
    await add_guardian(place, talk, "Om sums", 0 * DAY)
    told = await sides(place, world)
    assert told["talk"] == told["joint"] != told["afternoon"]
    assert await as_owner(place, MISKEPT_SIDES) == []
    assert await seen(place, world, "mother") == mothers
    await as_owner(
        place,
        "delete from participant p using participant o, thread t where p.thread_id = $1 and o.person_id = p.person_id"
        " and t.id = o.thread_id and t.subject = 'Om sums' and p.side = 'GUARDIAN'",
        talk,
    )
    assert (await sides(place, world))["talk"] == told["afternoon"]
    assert await as_owner(place, MISKEPT_SIDES) == []


async def test_t8_nobody_says_which_side_a_thread_or_message_is_of(place: Place) -> None:
    """The database sets it, whatever an act may write."""
    world = talks()
    await place.load(world)
    told = await sides(place, world)
    talk = await thread_id(place, world, "talk")
    fathers = await seen(place, world, "father")
    async with as_the_api(place) as connection:
        await enter(connection, place, world, "mother")
        row = await connection.fetchrow("select * from message where thread_id = $1 limit 1", talk)
        await connection.execute(
            "insert into thread (id, unit_id, child_id, subject, joint, created_at, last_message_at, guardian_side_id)"
            " select gen_random_uuid(), $1, $2, 'til far?', false, now, now, $3"
            " from (select current_setting('innsyn.now')::timestamptz) told (now)",
            row["unit_id"],
            row["child_id"],
            told["sums"],
        )
        await connection.execute(
            "insert into message (id, thread_id, unit_id, child_id, author_id, author_side, body, sent_at,"
            " guardian_side_id) values (gen_random_uuid(), $1, $2, $3, current_setting('innsyn.me')::uuid, 'GUARDIAN',"
            " 'til far?', current_setting('innsyn.now')::timestamptz, $4)",
            talk,
            row["unit_id"],
            row["child_id"],
            told["sums"],
        )
    assert await as_owner(place, MISKEPT_SIDES) == []
    assert await seen(place, world, "father") == fathers


async def test_the_api_may_neither_read_nor_write_who_is_on_a_side(place: Place) -> None:
    world = talks()
    await place.load(world)
    side = (await sides(place, world))["sums"]
    async with as_the_api(place) as connection:
        await enter(connection, place, world, "mother")
        for statement in (
            "select * from guardian_side",
            f"insert into guardian_side select '{side}', person_id, child_id from participant",
            "update guardian_side set person_id = current_setting('innsyn.me')::uuid",
            "update thread set guardian_side_id = null",
            "update message set guardian_side_id = null",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
