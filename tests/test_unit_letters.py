"""Unit letters: who may send one, whom it reaches, and that each home gets one thread of its own (T3 to T8)."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from server.letters import deliver
from tests.acts import SEND, Acts, act, codes
from tests.worlds.village import village
from tests.worlds.world import DAY, LONG_AGO, TODAY, World, oslo

COUNTS = "id subject body onBehalfOfUnit finishedAt recipients delivered read answered sender { name } group { name }"
LETTER = act("sendUnitLetter", f"broadcast {{ {COUNTS} }}")
PREVIEW = """query ($input: UnitLetterPreviewInput!) { unitLetterPreview(input: $input) {
    recipients { child { name } guardian { name } } readers { relation person { name } } threads previewToken
    problems { code field } } }"""
PROGRESS = f"query ($id: ID!) {{ node(id: $id) {{ ... on Broadcast {{ {COUNTS} threads {{ totalCount }} }} }} }}"
LISTED = "query ($id: ID!) { node(id: $id) { ... on Unit { broadcasts { totalCount nodes { id } } } } }"
THREADS = """query { viewer { threads { nodes {
    id subject child { name } participants { side person { name } } messages { nodes { id body author { name } } }
} } } }"""


def class_3b() -> World:
    """The pupil of mother and father, and a classmate of the neighbour; both go to the SFO."""
    world = village()
    world.person("classmate", dt.date(2018, 5, 1))
    world.responsible("neighbour", "classmate")
    for unit in ("school", "sfo"):
        world.enrol("classmate", unit, LONG_AGO)
    world.member("classmate", "3B", since=LONG_AGO)
    return world


@dataclass(frozen=True)
class At:
    """A clock that stands."""

    instant: dt.datetime

    def now(self) -> dt.datetime:
        return self.instant


@pytest.fixture
async def acts(place) -> Acts:
    return await Acts.of(place, class_3b())


def where(acts: Acts, unit: str, group: str | None) -> dict[str, str]:
    return {"unitId": acts.id("Unit", unit), **({"groupId": acts.id("Group", group)} if group else {})}


async def preview(acts: Acts, who: str, unit: str = "school", group: str | None = "3B") -> dict[str, Any]:
    return await acts.act(who, PREVIEW, where(acts, unit, group))


async def letter(acts: Acts, who: str, unit: str = "school", group: str | None = "3B", **more: Any) -> dict[str, Any]:
    given = {**where(acts, unit, group), "subject": "Tur", "body": "Husk niste", "idempotencyKey": acts.key(), **more}
    if "previewToken" not in given:
        given["previewToken"] = (await preview(acts, who, unit, group))["previewToken"] or "none"
    return await acts.act(who, LETTER, given)


async def delivered(acts: Acts) -> None:
    acts.now += dt.timedelta(seconds=1)
    await deliver(acts.place.engine, At(acts.now))


async def progress(acts: Acts, who: str, told: str) -> dict[str, Any] | None:
    return (await acts.ask(who, PROGRESS, {"id": told}))["node"]


async def threads(acts: Acts, who: str) -> list[dict[str, Any]]:
    return (await acts.ask(who, THREADS, {}))["viewer"]["threads"]["nodes"]


async def rows(acts: Acts) -> dict[str, list[asyncpg.Record]]:
    """All that a letter could change."""
    connection = await asyncpg.connect(**acts.place.database.admin_connect)
    try:
        tables = ("broadcast", "broadcast_recipient", "thread", "participant", "message", "carried_out")
        return {name: await connection.fetch(f"select * from {name} t order by t::text") for name in tables}
    finally:
        await connection.close()


async def refused(acts: Acts, code: str, told: Any) -> None:
    """`told` is an act that has not begun; it is refused so, and has changed nothing."""
    await delivered(acts)
    before = await rows(acts)
    assert codes(await told) == [code]
    await delivered(acts)
    assert await rows(acts) == before


def name(acts: Acts, who: str) -> str:
    return acts.world.people[who].name


# --- whom it reaches ----------------------------------------------------------------------------------------------


async def test_each_guardian_of_each_child_gets_a_thread_of_their_own(acts: Acts) -> None:
    made = (await letter(acts, "teacher"))["broadcast"]
    assert (made["recipients"], made["delivered"], made["finishedAt"]) == (3, 0, None)
    await delivered(acts)
    told = await progress(acts, "teacher", made["id"])
    assert told is not None
    assert (told["recipients"], told["delivered"], told["threads"]["totalCount"]) == (3, 3, 3)
    assert told["finishedAt"] is not None
    for guardian, child in (("mother", "pupil"), ("father", "pupil"), ("neighbour", "classmate")):
        [one] = await threads(acts, guardian)
        assert (one["subject"], one["child"]["name"]) == ("Tur", name(acts, child))
        assert {(part["side"], part["person"]["name"]) for part in one["participants"]} == {
            ("GUARDIAN", name(acts, guardian)),
            ("UNIT", name(acts, "teacher")),
        }
        assert [message["body"] for message in one["messages"]["nodes"]] == ["Husk niste"]


async def test_an_answer_goes_to_the_senders_side_only(acts: Acts) -> None:
    made = (await letter(acts, "teacher"))["broadcast"]
    await delivered(acts)
    [own] = await threads(acts, "mother")
    given = {"threadId": own["id"], "body": "Takk", "idempotencyKey": acts.key()}
    assert (await acts.act("mother", SEND, given))["problems"] == []
    for other in ("father", "neighbour"):
        assert not any("Takk" in str(one) for one in await threads(acts, other))
    assert await acts.bodies("teacher", own["id"]) == ["Husk niste", "Takk"]
    told = await progress(acts, "teacher", made["id"])
    assert told is not None
    assert (told["read"], told["answered"]) == (0, 1)


async def test_the_sender_is_told_how_many_have_read(acts: Acts) -> None:
    made = (await letter(acts, "teacher"))["broadcast"]
    await delivered(acts)
    [own] = await threads(acts, "father")
    given = {"threadId": own["id"], "upToMessageId": own["messages"]["nodes"][0]["id"]}
    await acts.act("father", act("markThreadRead", "thread { id }"), given)
    told = await progress(acts, "teacher", made["id"])
    assert told is not None
    assert (told["read"], told["answered"]) == (1, 0)


async def test_a_preview_names_everybody_whom_it_would_reach_and_who_else_could_read(acts: Acts) -> None:
    told = await preview(acts, "teacher")
    assert {(one["child"]["name"], one["guardian"]["name"]) for one in told["recipients"]} == {
        (name(acts, "pupil"), name(acts, "mother")),
        (name(acts, "pupil"), name(acts, "father")),
        (name(acts, "classmate"), name(acts, "neighbour")),
    }
    assert [(one["relation"], one["person"]["name"]) for one in told["readers"]] == [
        ("UNIT_LEADER", name(acts, "leader"))
    ]
    assert told["threads"] == 3
    by_leader = await preview(acts, "leader")
    assert [one["relation"] for one in by_leader["readers"]] == ["CONTACT_TEACHER"]


async def test_a_letter_to_an_sfo_reaches_the_homes_of_its_children(acts: Acts) -> None:
    made = (await letter(acts, "sfo_worker", "sfo", None, onBehalfOfUnit=True))["broadcast"]
    assert (made["recipients"], made["onBehalfOfUnit"], made["group"]) == (3, True, None)
    await delivered(acts)
    assert [one["child"]["name"] for one in await threads(acts, "neighbour")] == [name(acts, "classmate")]
    assert await threads(acts, "teacher") == []


async def test_a_delegate_and_a_guardian_of_before_get_no_letter(place) -> None:
    world = class_3b()
    world.delegate("aunt", "pupil", "school")
    world.consent("mother", "pupil", "aunt", "school")
    document = world.document("pupil")
    document.responsibilities = [one for one in document.responsibilities if one.holder != "father"]
    acts = await Acts.of(place, world)
    assert (await letter(acts, "teacher"))["broadcast"]["recipients"] == 2
    await delivered(acts)
    assert await threads(acts, "aunt") == await threads(acts, "father") == []


async def test_r1_a_blocked_guardian_gets_no_letter(place) -> None:
    world = class_3b()
    world.block("father", "pupil")
    acts = await Acts.of(place, world)
    assert (await letter(acts, "teacher"))["broadcast"]["recipients"] == 2


async def test_r2_a_sender_does_not_write_about_their_own_child(place) -> None:
    world = class_3b()
    world.family("classmate", "teacher", "mor", "barn")
    acts = await Acts.of(place, world)
    told = await preview(acts, "teacher")
    assert {one["child"]["name"] for one in told["recipients"]} == {name(acts, "pupil")}
    assert (await preview(acts, "leader"))["threads"] == 3


async def test_r3_a_letter_reaches_of_a_protected_child_only_whoever_is_confirmed(place) -> None:
    world = class_3b()
    world.protect("pupil", "fortrolig", TODAY - 7 * DAY)
    world.confirm("mother", "pupil", TODAY)
    acts = await Acts.of(place, world)
    told = await preview(acts, "teacher")
    assert {one["guardian"]["name"] for one in told["recipients"]} == {name(acts, "mother"), name(acts, "neighbour")}


# --- who may ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "unit", "group"),
    [("teacher", "school", "3B"), ("leader", "school", "3B"), ("leader", "school", "maths"), ("leader", "school", None),
     ("sfo_worker", "sfo", None), ("sfo_leader", "sfo", None)],
)  # fmt: skip
async def test_leaders_contact_teachers_and_a_units_staff_send_letters(acts: Acts, who, unit, group) -> None:
    assert (await letter(acts, who, unit, group))["problems"] == []


@pytest.mark.parametrize(
    ("who", "unit", "group", "code"),
    [
        ("teacher", "school", None, "NOT_ALLOWED"),
        ("teacher", "school", "maths", "NOT_ALLOWED"),
        ("maths_teacher", "school", "maths", "NOT_ALLOWED"),
        ("assistant", "school", "3B", "NOT_ALLOWED"),
        ("mother", "school", "3B", "NOT_ALLOWED"),
        ("mother", "school", None, "NOT_ALLOWED"),
        ("sfo_worker", "school", None, "NOT_ALLOWED"),
        ("leader", "sfo", None, "NOT_ALLOWED"),
        ("other_leader", "school", "3B", "NOT_FOUND"),
        ("other_leader", "other_school", "3B", "NOT_FOUND"),
        ("officer", "school", None, "NOT_ALLOWED"),
    ],
)
async def test_nobody_else_sends_or_previews_a_letter(acts: Acts, who, unit, group, code) -> None:
    told = await preview(acts, who, unit, group)
    assert [one["code"] for one in told["problems"]] == [code]
    assert told["previewToken"] is None
    assert told["recipients"] == []
    await refused(acts, code, letter(acts, who, unit, group, previewToken="x"))


async def test_a_contact_teacher_does_not_write_on_behalf_of_the_school(acts: Acts) -> None:
    await refused(acts, "NOT_ALLOWED", letter(acts, "teacher", onBehalfOfUnit=True))


async def test_a_contact_teacher_of_before_sends_no_letter(place) -> None:
    world = class_3b()
    world.memberships = [one for one in world.memberships if one.person != "teacher"]
    world.member("teacher", "3B", "CONTACT_TEACHER", LONG_AGO, TODAY)
    acts = await Acts.of(place, world)
    await refused(acts, "NOT_ALLOWED", letter(acts, "teacher", previewToken="x"))


async def test_a_letter_without_the_preview_of_now_is_a_conflict(place) -> None:
    acts = await Acts.of(place, class_3b())
    seal = (await preview(acts, "teacher"))["previewToken"]
    await refused(acts, "CONFLICT", letter(acts, "teacher", previewToken="x"))
    await refused(acts, "CONFLICT", letter(acts, "leader", previewToken=seal))
    for_all = (await preview(acts, "leader", "school", None))["previewToken"]
    await refused(acts, "CONFLICT", letter(acts, "leader", previewToken=for_all))
    assert codes(await acts.act("leader", BLOCK, blocked(acts, "father"))) == []
    await refused(acts, "CONFLICT", letter(acts, "teacher", previewToken=seal))


async def test_a_letter_to_nobody_is_refused(acts: Acts) -> None:
    await refused(acts, "INVALID", letter(acts, "sfo_leader", "sfo", "foxes"))


@pytest.mark.parametrize("more", [{"body": " "}, {"subject": "x" * 201}, {"body": "x" * 20_001}])
async def test_a_letter_has_a_text_within_the_limits(acts: Acts, more) -> None:
    await refused(acts, "INVALID", letter(acts, "teacher", **more))


async def test_the_same_letter_with_the_same_key_is_sent_once(acts: Acts) -> None:
    seal = (await preview(acts, "teacher"))["previewToken"]
    first = await letter(acts, "teacher", idempotencyKey="once", previewToken=seal)
    again = await letter(acts, "teacher", idempotencyKey="once", previewToken=seal)
    assert first["broadcast"]["id"] == again["broadcast"]["id"]
    await delivered(acts)
    assert len(await threads(acts, "mother")) == 1


async def test_sensitive_content_is_stopped_and_let_through_when_acknowledged(acts: Acts) -> None:
    await refused(acts, "SENSITIVE_CONTENT", letter(acts, "teacher", body="Ola har fått diagnosen ADHD."))
    made = await letter(acts, "teacher", body="Ola har fått diagnosen ADHD.", acknowledgeSensitive=True)
    assert made["broadcast"]["body"] == "Ola har fått diagnosen ADHD."
    await delivered(acts)
    [own] = await threads(acts, "mother")
    assert [one["body"] for one in own["messages"]["nodes"]] == ["Ola har fått diagnosen ADHD."]
    assert not any("ADHD" in str(one) for one in (await rows(acts))["message"] + (await rows(acts))["broadcast"])
    number = acts.world.people["pupil"].number
    await refused(acts, "SENSITIVE_CONTENT", letter(acts, "teacher", body=f"Nr {number}", acknowledgeSensitive=True))


# --- what has changed when it is their turn -----------------------------------------------------------------------

BLOCK = act("setBlock", "block { id }")


def blocked(acts: Acts, who: str) -> dict[str, Any]:
    return {"childId": acts.id("Child", "pupil"), "personId": acts.id("Guardian", who), "reason": "Vedtak",
            "idempotencyKey": acts.key()}  # fmt: skip


async def test_r1_whoever_is_blocked_after_it_was_sent_gets_no_thread(acts: Acts) -> None:
    made = (await letter(acts, "teacher"))["broadcast"]
    assert codes(await acts.act("leader", BLOCK, blocked(acts, "father"))) == []
    await delivered(acts)
    told = await progress(acts, "teacher", made["id"])
    assert told is not None
    assert (told["recipients"], told["delivered"]) == (2, 2)
    assert told["finishedAt"] is not None
    assert await threads(acts, "father") == []


async def test_a_guardian_whose_responsibility_has_ended_by_then_gets_no_thread(place) -> None:
    world = class_3b()
    document = world.document("pupil")
    document.responsibilities = [one for one in document.responsibilities if one.holder != "father"]
    world.responsible("father", "pupil", "felles", LONG_AGO, TODAY + DAY)
    acts = await Acts.of(place, world)
    made = (await letter(acts, "teacher"))["broadcast"]
    assert made["recipients"] == 3
    acts.now = oslo(TODAY + DAY, "00:00")
    await delivered(acts)
    told = await progress(acts, "teacher", made["id"])
    assert told is not None
    assert (told["recipients"], told["delivered"]) == (2, 2)
    assert await threads(acts, "father") == []


@pytest.mark.parametrize("what", ["positions", "memberships"])
async def test_a_sender_who_has_stopped_by_then_begins_no_more_threads(place, what) -> None:
    world = class_3b()
    for told in getattr(world, what):
        if told.person == "teacher":
            told.until = TODAY + DAY
    acts = await Acts.of(place, world)
    made = (await letter(acts, "teacher"))["broadcast"]
    acts.now = oslo(TODAY + DAY, "00:00")
    await delivered(acts)
    assert await threads(acts, "mother") == []
    assert await progress(acts, "leader", made["id"]) is None


@pytest.mark.parametrize(
    ("to", "begun"),
    [({}, 1), ({"onBehalfOfUnit": True}, 0), ({"group": None}, 0)],
    ids=["to the class", "on behalf of the school", "to the school"],
)
async def test_a_leader_who_only_teaches_by_then_begins_no_threads_as_leader(place, to, begun: int) -> None:
    world = class_3b()
    world.member("leader", "3B", "CONTACT_TEACHER", LONG_AGO)
    for held in world.positions:
        if held.person == "leader":
            held.until = TODAY + DAY
    world.employ("leader", "school", "TEACHER", TODAY + DAY)
    acts = await Acts.of(place, world)
    assert (await letter(acts, "leader", **to))["problems"] == []
    acts.now = oslo(TODAY + DAY, "00:00")
    await delivered(acts)
    assert len(await threads(acts, "mother")) == begun


async def test_a_child_who_has_left_the_group_by_then_is_passed_over(place) -> None:
    world = class_3b()
    for told in world.memberships:
        if told.person == "classmate":
            told.until = TODAY + DAY
    acts = await Acts.of(place, world)
    await letter(acts, "leader")
    acts.now = oslo(TODAY + DAY, "00:00")
    await delivered(acts)
    assert await threads(acts, "neighbour") == []
    assert len(await threads(acts, "mother")) == 1


# --- who sees how it fared ----------------------------------------------------------------------------------------


async def test_the_sender_and_whoever_sees_all_its_threads_see_the_letter(acts: Acts) -> None:
    made = (await letter(acts, "teacher"))["broadcast"]["id"]
    await delivered(acts)
    seeing = {who for who in acts.people() if await progress(acts, who, made) is not None}
    assert seeing == {"teacher", "leader"}
    for who in acts.people():
        listed = (await acts.ask(who, LISTED, {"id": acts.id("Unit", "school")}))["node"]["broadcasts"]
        assert [one["id"] for one in listed["nodes"]] == ([made] if who in seeing else [])
        assert listed["totalCount"] == len(listed["nodes"])


async def test_whoever_does_not_see_one_of_its_threads_does_not_see_the_letter(place) -> None:
    world = class_3b()
    world.family("classmate", "leader", "far", "barn")
    acts = await Acts.of(place, world)
    made = (await letter(acts, "teacher"))["broadcast"]["id"]
    await delivered(acts)
    assert await progress(acts, "leader", made) is None
    assert await progress(acts, "teacher", made) is not None


async def test_t7_numbers_are_of_threads_that_the_sender_sees_still(place) -> None:
    world = class_3b()
    for told in world.memberships:
        if told.person == "classmate":
            told.until = TODAY + DAY
    acts = await Acts.of(place, world)
    made = (await letter(acts, "teacher"))["broadcast"]["id"]
    await delivered(acts)
    acts.now = oslo(TODAY + DAY)
    told = await progress(acts, "teacher", made)
    assert told is not None
    assert (told["recipients"], told["delivered"], told["threads"]["totalCount"]) == (2, 2, 2)
    by_leader = await progress(acts, "leader", made)
    assert by_leader is not None
    assert by_leader["delivered"] == 3


async def test_a_sender_who_has_left_the_unit_does_not_see_the_letter(place) -> None:
    world = class_3b()
    for told in world.positions:
        if told.person == "teacher":
            told.until = TODAY + DAY
    acts = await Acts.of(place, world)
    made = (await letter(acts, "teacher"))["broadcast"]["id"]
    await delivered(acts)
    acts.now = oslo(TODAY + DAY)
    assert await progress(acts, "teacher", made) is None
    by_leader = await progress(acts, "leader", made)
    assert by_leader is not None
    assert by_leader["sender"] is None


async def test_the_text_of_a_letter_lies_encrypted_in_the_database(acts: Acts) -> None:
    await letter(acts, "teacher", body="Husk regntøy")
    assert not any("regntøy".encode() in bytes(one["body_cipher"]) for one in (await rows(acts))["broadcast"])


# --- once, whatever happens ---------------------------------------------------------------------------------------


def large_class(size: int) -> World:
    world = class_3b()
    for number in range(size):
        child, parents = f"pupil{number}", (f"one{number}", f"two{number}")
        world.person(child, dt.date(2018, 1 + number % 12, 1 + number % 28))
        for parent in parents:
            world.person(parent, dt.date(1985, 1 + number % 12, 1 + number % 28))
            world.responsible(parent, child)
        world.enrol(child, "school", LONG_AGO)
        world.member(child, "3B", since=LONG_AGO)
    return world


async def by_pair(acts: Acts, told: str) -> Counter[tuple[Any, Any]]:
    """Threads of the letter by child and guardian; and each recipient has the state of its thread."""
    connection = await asyncpg.connect(**acts.place.database.admin_connect)
    try:
        made = await connection.fetch(
            """
            select t.child_id, p.person_id from thread t join participant p on p.thread_id = t.id
            where p.side = 'GUARDIAN' and t.subject = $1
            """,
            told,
        )
        assert not await connection.fetchval(
            "select count(*) from broadcast_recipient where (state = 'DELIVERED') != (thread_id is not null)"
        )
        return Counter((row["child_id"], row["person_id"]) for row in made)
    finally:
        await connection.close()


async def test_every_home_gets_one_thread_when_deliverers_are_cut_off_and_work_side_by_side(place) -> None:
    acts = await Acts.of(place, large_class(20))
    made = (await letter(acts, "teacher", subject="Bare én gang"))["broadcast"]
    assert made["recipients"] == 43
    clock: Any = At(acts.now)
    for cut_after in (0.01, 0.03, 0.05, 0.08):
        working = [asyncio.create_task(deliver(acts.place.engine, clock)) for _ in range(3)]
        await asyncio.sleep(cut_after)
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
    await asyncio.gather(*(deliver(acts.place.engine, clock) for _ in range(3)))
    await deliver(acts.place.engine, clock)
    told = await progress(acts, "teacher", made["id"])
    assert told is not None
    assert (told["delivered"], told["threads"]["totalCount"]) == (43, 43)
    assert told["finishedAt"] is not None
    pairs = await by_pair(acts, "Bare én gang")
    assert len(pairs) == 43
    assert set(pairs.values()) == {1}


async def test_a_letter_that_fails_does_not_hold_up_another(acts: Acts) -> None:
    broken = (await letter(acts, "teacher"))["broadcast"]["id"]
    connection = await asyncpg.connect(**acts.place.database.admin_connect)
    try:
        kept = await connection.fetch("select id, body_cipher from broadcast where finished_at is null")
        await connection.execute("update broadcast set body_cipher = 'x' where finished_at is null")
        whole = (await letter(acts, "leader"))["broadcast"]["id"]
        await delivered(acts)
        assert await begun(acts, broken) == 0
        assert await begun(acts, whole) == 3
        for row in kept:
            await connection.execute("update broadcast set body_cipher = $2 where id = $1", *row)
        await delivered(acts)
        assert await begun(acts, broken) == 3
    finally:
        await connection.close()


async def begun(acts: Acts, told: str) -> int:
    text = "query ($id: ID!) { node(id: $id) { ... on Broadcast { delivered } } }"
    count: int = (await acts.ask("leader", text, {"id": told}))["node"]["delivered"]
    return count
