"""Setting and lifting blocks, confirming for protected children, and doing tasks."""

from __future__ import annotations

import asyncio

import pytest

from tests.acts import Acts, codes
from tests.family import UNKNOWN, Family
from tests.worlds.village import village, with_threads
from tests.worlds.world import DAY, LONG_AGO, TODAY, World, oslo

LAST_MONTH = TODAY - 30 * DAY
OPEN_CASE = (oslo(TODAY, "09:00"), oslo(TODAY, "17:00"))


async def at(place, world: World | None = None) -> Family:
    return Family(await Acts.of(place, world or village()))


def with_case(world: World | None = None, *officers: str) -> World:
    """A village whose administration has an open need case on the pupil."""
    world = world or village()
    for officer in officers or ("officer",):
        world.need_case(officer, "pupil", *OPEN_CASE)
    return world


@pytest.fixture
async def family(place) -> Family:
    return await at(place)


# --- setting a block (R1) -----------------------------------------------------------------------------------------


async def test_r1_a_leader_blocks_a_guardian_from_the_next_request_on(place) -> None:
    family = await at(place, with_threads(village()))
    assert await family.relations("father") == ["GUARDIAN"]
    assert await family.acts.sees("father", family.acts.id("Thread", "sums"))
    told = await family.blocks("leader", "father")
    assert told["problems"] == []
    assert (told["block"]["setAs"], told["block"]["reason"], told["block"]["until"]) == (
        "UNIT_LEADER", "Besøksforbud", None,
    )  # fmt: skip
    assert told["block"]["name"] == family.acts.world.people["father"].name
    assert await family.relations("father") == []
    assert not await family.acts.sees("father", family.acts.id("Thread", "sums"))
    assert await family.relations("mother") == ["GUARDIAN"]


@pytest.mark.parametrize("who", ["leader", "sfo_leader", "officer"])
async def test_r1_leaders_of_every_unit_of_the_child_and_case_workers_block(place, who: str) -> None:
    family = await at(place, with_case())
    assert codes(await family.blocks(who, "father")) == []
    assert await family.relations("father") == []


@pytest.mark.parametrize(
    ("who", "code"),
    [("mother", "NOT_ALLOWED"), ("teacher", "NOT_ALLOWED"), ("maths_teacher", "NOT_ALLOWED"),
     ("sfo_worker", "NOT_ALLOWED"), ("other_leader", "NOT_FOUND"), ("officer", "NOT_FOUND"), ("aunt", "NOT_FOUND")],
)  # fmt: skip
async def test_r1_nobody_else_blocks(family: Family, who: str, code: str) -> None:
    before = await family.digest()
    assert codes(await family.blocks(who, "father")) == [code]
    assert codes(await family.blocks(who, "aunt", nationalId=family.number("aunt"), name="Tante")) == [code]
    assert await family.digest() == before


async def test_c6_the_leader_of_a_unit_that_the_child_has_left_blocks_nobody(place) -> None:
    world = village()
    world.enrolments = [went for went in world.enrolments if went.unit != "school"]
    world.enrol("pupil", "school", LONG_AGO, TODAY)
    family = await at(place, world)
    assert codes(await family.blocks("leader", "aunt", nationalId=UNKNOWN, name="En")) == ["NOT_ALLOWED"]


@pytest.mark.parametrize("person", ["aunt", "father", "maths_teacher", None])
async def test_r1_a_block_by_number_answers_with_what_was_told(family: Family, person: str | None) -> None:
    number = UNKNOWN if person is None else family.number(person)
    told = await family.blocks("leader", "", nationalId=number, name="En Person")
    assert told["problems"] == []
    assert told["block"]["name"] == "En Person"
    if person:
        assert await family.relations(person) == []


async def test_r1_a_colleague_is_blocked_by_the_id_of_their_staff(family: Family) -> None:
    assert codes(await family.blocks("leader", "teacher", "StaffMember")) == []
    assert await family.relations("teacher") == []


async def test_r1_a_delegate_is_blocked_before_anybody_has_consented(family: Family) -> None:
    delegate = await family.registered()
    told = await family.blocks("leader", "", personId=delegate)
    assert told["block"]["name"] == "Tante Fredrikke"
    await family.consents("mother", delegate)
    assert await family.relations("aunt") == []


async def test_r1_a_leader_names_nobody_whom_they_do_not_see(family: Family) -> None:
    before = await family.digest()
    for kind, person in (
        ("Guardian", "neighbour"),
        ("StaffMember", "officer"),
        ("OtherAdult", "aunt"),
        ("Child", "stranger"),
    ):
        assert codes(await family.blocks("leader", person, kind)) == ["NOT_FOUND"]
    assert await family.digest() == before


async def test_r1_nobody_blocks_themself_nor_the_child(family: Family) -> None:
    before = await family.digest()
    assert codes(await family.blocks("leader", "leader", "StaffMember")) == ["NOT_ALLOWED"]
    assert codes(await family.blocks("leader", "", nationalId=family.number("pupil"), name="x")) == ["INVALID"]
    assert await family.digest() == before


@pytest.mark.parametrize(
    "more",
    [{"reason": " "}, {"reason": "x" * 2001}, {"personId": None}, {"name": "En"}, {"nationalId": "1", "name": "En"}],
)
async def test_nobody_blocks_with_an_input_that_does_not_fit(family: Family, more) -> None:
    before = await family.digest()
    given = {"childId": family.acts.id("Child", "pupil"), "personId": family.acts.id("Guardian", "father"),
             "reason": "x", **more}  # fmt: skip
    assert codes(await family.does("leader", "setBlock", **given)) == ["INVALID"]
    assert await family.digest() == before


async def test_r1_the_reason_is_not_readable_in_the_database(family: Family) -> None:
    await family.blocks("leader", "father", reason="Et hemmelig vedtak")
    [(cipher,)] = await family.rows("select reason_cipher from block where child_id = $1")
    assert b"hemmelig" not in cipher


# --- lifting a block (R1) -----------------------------------------------------------------------------------------


async def lifted(family: Family, who: str, block: str, reason: str = "Vedtaket er opphevet") -> dict:
    return await family.does(who, "liftBlock", blockId=block, reason=reason)


async def test_r1_a_leader_and_the_administration_lift_a_block(place) -> None:
    family = await at(place, with_case())
    block = (await family.blocks("leader", "father"))["block"]["id"]
    first = await lifted(family, "leader", block)
    assert first["problems"] == []
    assert (first["block"]["liftedAt"], [one["actedAs"] for one in first["block"]["lifts"]]) == (None, ["UNIT_LEADER"])
    assert await family.relations("father") == []
    second = await lifted(family, "officer", block, "Enig")
    assert second["block"]["until"] == TODAY
    assert [(one["actedAs"], one["reason"]) for one in second["block"]["lifts"]] == [
        ("UNIT_LEADER", "Vedtaket er opphevet"), ("CASE_WORKER", "Enig"),
    ]  # fmt: skip
    assert await family.relations("father") == ["GUARDIAN"]


async def test_r1_two_leaders_do_not_lift_a_block_without_the_administration(place) -> None:
    family = await at(place, with_case())
    block = (await family.blocks("leader", "father"))["block"]["id"]
    for who in ("leader", "sfo_leader"):
        assert codes(await lifted(family, who, block)) == []
    assert await family.relations("father") == []
    assert codes(await lifted(family, "officer", block)) == []
    assert await family.relations("father") == ["GUARDIAN"]


async def test_r1_two_of_the_administration_lift_a_block(place) -> None:
    world = village()
    world.person("officer2", documented=False)
    world.administrator("officer2")
    family = await at(place, with_case(world, "officer", "officer2"))
    block = (await family.blocks("leader", "father"))["block"]["id"]
    assert codes(await lifted(family, "officer", block)) == []
    assert await family.relations("father") == []
    assert codes(await lifted(family, "officer2", block)) == []
    assert await family.relations("father") == ["GUARDIAN"]


@pytest.mark.parametrize("who", ["leader", "officer"])
async def test_r1_the_same_person_does_not_lift_a_block_twice(place, who: str) -> None:
    family = await at(place, with_case())
    block = (await family.blocks("leader", "father"))["block"]["id"]
    await lifted(family, who, block)
    before = await family.digest()
    assert codes(await lifted(family, who, block)) == ["CONFLICT"]
    assert await family.digest() == before
    assert await family.relations("father") == []


async def test_r1_whoever_leads_and_administers_does_not_lift_a_block_alone(place) -> None:
    world = village()
    world.administrator("leader")
    family = await at(place, with_case(world, "leader"))
    block = (await family.blocks("leader", "father"))["block"]["id"]
    await lifted(family, "leader", block)
    assert codes(await lifted(family, "leader", block)) == ["CONFLICT"]
    assert await family.relations("father") == []
    await lifted(family, "sfo_leader", block)
    assert await family.relations("father") == ["GUARDIAN"]


async def test_r1_whom_it_blocks_does_not_lift_it(place) -> None:
    world = with_case(None, "officer")
    world.employ("aunt", "school", "LEADER")
    family = await at(place, world)
    block = (await family.blocks("leader", "aunt", "StaffMember"))["block"]["id"]
    before = await family.digest()
    assert codes(await lifted(family, "aunt", block)) == ["NOT_FOUND"]
    assert await family.digest() == before


async def test_r1_the_voice_of_somebody_who_is_blocked_since_counts_no_more(place) -> None:
    family = await at(place, with_case())
    block = (await family.blocks("leader", "father"))["block"]["id"]
    await lifted(family, "leader", block)
    await family.blocks("sfo_leader", "", nationalId=family.number("leader"), name="Rektor")
    await lifted(family, "officer", block)
    assert await family.relations("father") == []


async def test_r2_the_voice_of_somebody_who_turns_out_to_be_family_counts_no_more(place) -> None:
    family = await at(place, with_case())
    block = (await family.blocks("leader", "father"))["block"]["id"]
    await lifted(family, "leader", block)
    family.acts.world.family("pupil", "leader", "slektning", "barn")
    await family.imports_again()
    assert await family.relations("leader") == []
    await lifted(family, "officer", block)
    assert await family.relations("father") == []


@pytest.mark.parametrize(
    ("who", "code"), [("mother", "NOT_FOUND"), ("teacher", "NOT_FOUND"), ("other_leader", "NOT_FOUND"),
                      ("father", "NOT_FOUND"), ("officer", "NOT_FOUND")],
)  # fmt: skip
async def test_r1_nobody_else_lifts_a_block(family: Family, who: str, code: str) -> None:
    block = (await family.blocks("leader", "father"))["block"]["id"]
    before = await family.digest()
    assert codes(await lifted(family, who, block)) == [code]
    assert await family.digest() == before


async def test_r1_a_lifted_block_is_not_lifted_again_and_stays_told(place) -> None:
    family = await at(place, with_case())
    block = (await family.blocks("leader", "father"))["block"]["id"]
    for who in ("leader", "officer"):
        await lifted(family, who, block)
    assert codes(await lifted(family, "sfo_leader", block)) == ["TOO_LATE"]
    assert [one["id"] for one in (await family.child("leader"))["blocks"]] == [block]


async def test_r1_a_second_block_stands_when_the_first_is_lifted(place) -> None:
    family = await at(place, with_case())
    first = (await family.blocks("leader", "father"))["block"]["id"]
    await family.blocks("sfo_leader", "", nationalId=family.number("father"), name="Far")
    for who in ("leader", "officer"):
        await lifted(family, who, first)
    assert await family.relations("father") == []


async def test_r1_two_who_lift_at_once_lift_it_once(place) -> None:
    family = await at(place, with_case())
    block = (await family.blocks("leader", "father"))["block"]["id"]
    told = await asyncio.gather(*(lifted(family, who, block) for who in ("leader", "officer")))
    assert [codes(one) for one in told] == [[], []]
    assert sorted(one["block"]["until"] is None for one in told) == [False, True]
    assert await family.relations("father") == ["GUARDIAN"]


async def test_r1_one_who_lifts_twice_at_once_has_one_voice(place) -> None:
    family = await at(place, with_case())
    block = (await family.blocks("leader", "father"))["block"]["id"]
    told = await asyncio.gather(*(lifted(family, "officer", block) for _ in range(3)))
    assert sorted(tuple(codes(one)) for one in told) == [(), ("CONFLICT",), ("CONFLICT",)]
    assert await family.relations("father") == []


# --- confirming (R3) ----------------------------------------------------------------------------------------------


def protected() -> World:
    world = village()
    world.protect("pupil", since=LAST_MONTH)
    world.confirm("mother", "pupil", LAST_MONTH)
    return world


async def the_task(family: Family, who: str = "leader") -> str:
    [task] = (await family.child(who))["tasks"]
    key: str = task["id"]
    return key


async def test_r3_a_leader_confirms_a_guardian_and_every_leader_s_task_is_done(place) -> None:
    family = await at(place, protected())
    assert await family.relations("father") == []
    told = await family.does("leader", "confirmGuardian", taskId=await the_task(family))
    assert told["problems"] == []
    assert told["task"]["doneBy"] == {"id": family.acts.id("StaffMember", "leader")}
    assert await family.relations("father") == ["GUARDIAN"]
    assert (await family.child("sfo_leader"))["tasks"] == []
    assert await family.rows("select confirmed_as, since from confirmation where child_id = $1 order by since") == [
        (None, LAST_MONTH), ("UNIT_LEADER", TODAY),
    ]  # fmt: skip


async def test_r3_a_case_worker_confirms(place) -> None:
    world = protected()
    world.need_case("officer", "pupil", *OPEN_CASE, by="leader")
    family = await at(place, world)
    task = (await family.child("officer"))["tasks"][0]["id"]
    assert codes(await family.does("officer", "confirmGuardian", taskId=task)) == []
    assert await family.relations("father") == ["GUARDIAN"]


@pytest.mark.parametrize("who", ["mother", "father", "teacher", "sfo_leader", "sfo_worker", "other_leader", "officer"])
async def test_r3_nobody_else_does_the_task_of_a_leader(place, who: str) -> None:
    family = await at(place, protected())
    task = await the_task(family)
    before = await family.digest()
    for name in ("confirmGuardian", "completeTask"):
        assert codes(await family.does(who, name, taskId=task)) == ["NOT_FOUND"]
    assert await family.digest() == before


async def test_r3_a_confirmation_is_not_a_task_to_be_looked_at(place) -> None:
    family = await at(place, protected())
    before = await family.digest()
    assert codes(await family.does("leader", "completeTask", taskId=await the_task(family))) == ["NOT_ALLOWED"]
    assert await family.digest() == before


async def test_r3_a_delegate_of_a_protected_child_is_registered_confirmed_and_consented_to(place) -> None:
    world = protected()
    world.confirm("father", "pupil", LAST_MONTH)
    family = await at(place, world)
    delegate = await family.registered("leader")
    assert (await family.child("mother"))["delegates"] == []
    [task] = (await family.child("leader"))["tasks"]
    assert (task["kind"], task["personName"]) == ("CONFIRM_GUARDIAN", "Tante Fredrikke")
    await family.does("leader", "confirmGuardian", taskId=task["id"])
    assert [one["id"] for one in (await family.child("mother"))["delegates"]] == [delegate]
    assert codes(await family.consents("mother", delegate)) == []
    assert await family.relations("aunt") == ["DELEGATE"]


async def test_r3_a_block_does_the_task_too(place) -> None:
    family = await at(place, protected())
    task = await the_task(family)
    await family.blocks("leader", "", nationalId=family.number("father"), name="Far")
    assert (await family.child("leader"))["tasks"] == []
    assert codes(await family.does("leader", "confirmGuardian", taskId=task)) == ["TOO_LATE"]


# --- other tasks (R2, R4) -------------------------------------------------------------------------------------------


async def test_r4_a_task_that_was_looked_at_is_not_asked_for_again(place) -> None:
    world = village()
    world.responsible("neighbour", "pupil", "ukjent")
    family = await at(place, world)
    task = await the_task(family)
    told = await family.does("leader", "completeTask", taskId=task)
    assert told["task"]["doneBy"] == {"id": family.acts.id("StaffMember", "leader")}
    assert codes(await family.does("leader", "completeTask", taskId=task)) == ["TOO_LATE"]
    await family.blocks("leader", "father")  # tasks about the child are gone through again
    assert (await family.child("leader"))["tasks"] == []
    assert codes(await family.does("leader", "confirmGuardian", taskId=task)) == ["TOO_LATE"]


async def test_r4_an_unclear_entry_is_not_to_be_confirmed(place) -> None:
    world = village()
    world.responsible("neighbour", "pupil", "ukjent")
    family = await at(place, world)
    before = await family.digest()
    assert codes(await family.does("leader", "confirmGuardian", taskId=await the_task(family))) == ["NOT_ALLOWED"]
    assert await family.digest() == before


# --- at the same time -----------------------------------------------------------------------------------------------


async def test_r1_a_block_and_a_message_at_once_are_explained_by_an_order(place) -> None:
    """Whoever came first: a message that was answered yes was sent before the block, one that was refused after."""
    for _ in range(6):
        family = await at(place, with_threads(village()))
        thread = family.acts.id("Thread", "talk")
        told, block = await asyncio.gather(family.acts.send("mother", thread), family.blocks("leader", "mother"))
        assert codes(block) == []
        sent = await family.rows("select count(*) from message where child_id = $1 and body = 'Hei'")
        assert (codes(told), sent) in (([], [(1,)]), (["NOT_FOUND"], [(0,)]))
        assert codes(await family.acts.send("mother", thread)) == ["NOT_FOUND"]


async def test_a_withdrawn_consent_and_a_message_at_once_are_explained_by_an_order(place) -> None:
    for _ in range(6):
        family = await at(place)
        delegate = await family.registered()
        await family.consents("mother", delegate)
        [thread] = (await family.acts.start("aunt", "school", "pupil", body="Hallo"))["threads"]
        told, withdrawn = await asyncio.gather(
            family.acts.send("aunt", thread["id"]), family.does("mother", "withdrawConsent", delegateId=delegate)
        )
        assert codes(withdrawn) == []
        sent = await family.rows("select count(*) from message where child_id = $1 and body = 'Hei'")
        assert (codes(told), sent) in (([], [(1,)]), (["NOT_FOUND"], [(0,)]))
        assert codes(await family.acts.send("aunt", thread["id"])) == ["NOT_FOUND"]


async def test_one_unknown_number_told_by_two_at_once_is_one_person(family: Family) -> None:
    told = await asyncio.gather(
        family.registers("teacher", nationalId=UNKNOWN), family.registers("sfo_worker", unit="sfo", nationalId=UNKNOWN)
    )
    assert [codes(one) for one in told] == [[], []]
    assert await family.rows("select count(distinct person_id) from delegate where child_id = $1") == [(1,)]


# --- imports --------------------------------------------------------------------------------------------------------


async def test_r1_no_import_lifts_a_block_that_a_leader_has_set(place) -> None:
    """Register, roster and local facts once more, and a block of the municipality's own that ends before this one."""
    world = village()
    world.block("father", "pupil", LONG_AGO, TODAY + DAY)
    family = await at(place, world)
    block = (await family.blocks("leader", "", nationalId=family.number("father"), name="Far"))["block"]["id"]
    await family.imports_again()
    assert await family.relations("father") == []
    assert await family.rows("select count(*), count(until) from block where child_id = $1") == [(2, 1)]
    family.acts.now = oslo(TODAY + 2 * DAY)
    assert await family.relations("father") == []
    assert [one["id"] for one in (await family.child("leader"))["blocks"] if one["until"] is None] == [block]


async def test_an_import_revives_no_delegation_that_was_ended(place) -> None:
    world = village()
    world.delegate("aunt", "pupil", "school")
    world.consent("mother", "pupil", "aunt", "school")
    family = await at(place, world)
    [delegate] = (await family.child("mother"))["delegates"]
    await family.does("father", "endDelegation", delegateId=delegate["id"])
    await family.imports_again()
    assert await family.relations("aunt") == []
    assert (await family.child("mother"))["delegates"] == []
