"""C2's rows of delegates and consents, blocks, protection, confirmations and tasks: who sees them, in the village."""

from __future__ import annotations

import pytest

from tests.worlds.village import village
from tests.worlds.world import DAY, LONG_AGO, TODAY, World, oslo

YESTERDAY, TOMORROW, LAST_MONTH = TODAY - DAY, TODAY + DAY, TODAY - 30 * DAY
OPEN_CASE = (oslo(TODAY, "09:00"), oslo(TODAY, "17:00"))


def with_aunt(unit: str = "school") -> World:
    """The aunt is registered at a unit, with the mother's consent."""
    world = village()
    world.delegate("aunt", "pupil", unit)
    world.consent("mother", "pupil", "aunt", unit)
    return world


# --- Delegates and consents (C2) ---


async def test_c2_every_guardian_sees_that_there_is_a_delegate_before_anybody_consents(holds):
    world = village()
    world.delegate("aunt", "pupil", "school")
    await holds(
        world,
        "mother's pupil.delegates are aunt",
        "father's pupil.delegates are aunt",
        "mother as employee does not see child pupil",
        "aunt does not see child pupil",
        "neighbour's pupil.delegates are none",
    )


async def test_c2_staff_see_a_delegate_by_a_relation_at_the_unit_only(holds):
    await holds(
        with_aunt("school"),
        "teacher's pupil.delegates are aunt",
        "leader's pupil.delegates are aunt",
        "sfo_worker's pupil.delegates are none",
        "sfo_leader's pupil.delegates are none",
        "maths_teacher's pupil.delegates are none",
        "maths_teacher does not see child pupil.delegates",
        "sfo_worker sees child pupil.delegates",
        "other_leader does not see child pupil",
    )
    await holds(
        with_aunt("sfo"),
        "teacher's pupil.delegates are none",
        "leader's pupil.delegates are none",
        "sfo_worker's pupil.delegates are aunt",
        "sfo_leader's pupil.delegates are aunt",
    )


async def test_c2_a_delegate_sees_their_own_registration_and_no_other(holds):
    world = with_aunt("sfo")
    world.delegate("neighbour", "pupil", "sfo")
    world.consent("mother", "pupil", "neighbour", "sfo")
    await holds(
        world,
        "aunt's pupil.delegates are aunt",
        "neighbour's pupil.delegates are neighbour",
        "mother's pupil.delegates are aunt, neighbour",
    )


async def test_c2_a_case_worker_sees_the_delegates_of_every_unit(holds):
    world = with_aunt("school")
    world.delegate("neighbour", "pupil", "sfo")
    world.need_case("officer", "pupil", *OPEN_CASE)
    await holds(world, "officer's pupil.delegates are aunt, neighbour")


async def test_c2_the_pupil_does_not_see_delegates(holds):
    world = village(born=TODAY.replace(year=TODAY.year - 16))
    world.delegate("aunt", "pupil", "school")
    await holds(world, "pupil does not see child pupil.delegates", "mother sees child pupil.delegates")


async def test_c2_a_delegate_is_a_person_to_others_only_while_a_consent_counts(holds):
    world = village()
    world.delegate("aunt", "pupil", "school")
    await holds(world, "mother does not see adult aunt", "teacher does not see adult aunt")
    world = with_aunt("school")
    await holds(world, "mother sees adult aunt", "teacher sees adult aunt", "sfo_worker does not see adult aunt")


async def test_c2_a_registration_ends_at_its_date_at_midnight(holds):
    world = village()
    world.delegate("aunt", "pupil", "school", LAST_MONTH, TODAY)
    world.consent("mother", "pupil", "aunt", "school", LAST_MONTH)
    last_second, midnight = oslo(YESTERDAY, "23:59:59"), oslo(TODAY, "00:00")
    await holds(world, "aunt is DELEGATE of pupil", "mother's pupil.delegates are aunt", now=last_second)
    await holds(world, "aunt is not DELEGATE of pupil", "mother's pupil.delegates are none", now=midnight)


async def test_r1_a_blocked_delegate_looks_revoked_but_to_those_who_see_blocks(holds):
    world = with_aunt("school")
    world.block("aunt", "pupil")
    world.need_case("officer", "pupil", *OPEN_CASE)
    await holds(
        world,
        "mother's pupil.delegates are none",
        "teacher's pupil.delegates are none",
        "leader's pupil.delegates are aunt",
        "officer's pupil.delegates are aunt",
        "aunt does not see child pupil",
    )


async def test_r3_an_unconfirmed_delegate_looks_revoked_but_to_those_who_see_confirmations(holds):
    world = with_aunt("school")
    world.protect("pupil", since=LAST_MONTH)
    world.confirm("mother", "pupil", LAST_MONTH)
    await holds(
        world,
        "mother's pupil.delegates are none",
        "teacher's pupil.delegates are none",
        "leader's pupil.delegates are aunt",
    )
    world = with_aunt("school")
    world.protect("pupil", since=LAST_MONTH)
    for person in ("mother", "aunt"):
        world.confirm(person, "pupil", LAST_MONTH)
    await holds(world, "mother's pupil.delegates are aunt", "aunt is DELEGATE of pupil")


async def test_c6_the_leader_of_a_unit_that_the_child_has_left_sees_none_of_it(holds):
    world = with_aunt("school")
    world.enrolments = [went for went in world.enrolments if went.unit != "school"]
    world.enrol("pupil", "school", LONG_AGO, YESTERDAY)
    world.block("neighbour", "pupil")
    await holds(
        world,
        "leader sees child pupil",
        "leader does not see child pupil.delegates",
        "leader does not see child pupil.blocks",
        "leader does not see child pupil.tasks",
    )


# --- Blocks, protection level, confirmations (C2, R1, R3) ---


@pytest.mark.parametrize("column", ["blocks", "protectionLevel", "confirmations", "tasks"])
async def test_c2_blocks_protection_confirmations_and_tasks_are_for_leaders_and_case_workers(holds, column):
    world = with_aunt("school")
    world.block("neighbour", "pupil")
    world.need_case("officer", "pupil", *OPEN_CASE)
    await holds(
        world,
        f"leader sees child pupil.{column}",
        f"sfo_leader sees child pupil.{column}",
        f"officer sees child pupil.{column}",
        *(
            f"{who} does not see child pupil.{column}"
            for who in ("mother", "aunt", "teacher", "maths_teacher", "sfo_worker")
        ),
        "leader's pupil.blocks are neighbour",
        "officer's pupil.blocks are neighbour",
    )


async def test_r1_whom_a_block_closes_does_not_see_it(holds):
    world = village()
    world.block("leader", "pupil")
    await holds(world, "leader does not see child pupil", "sfo_leader's pupil.blocks are leader")


async def test_c2_a_block_that_has_ended_is_still_told(holds):
    world = village()
    world.block("father", "pupil", LONG_AGO, YESTERDAY)
    await holds(world, "leader's pupil.blocks are father", "father is GUARDIAN of pupil")


# --- Tasks (C2, R2 to R4) ---


async def test_r3_an_unconfirmed_guardian_is_a_task_of_every_unit_s_leader(holds):
    world = village()
    world.protect("pupil", since=LAST_MONTH)
    world.confirm("mother", "pupil", LAST_MONTH)
    await holds(
        world,
        "leader's tasks are CONFIRM_GUARDIAN_father",
        "leader's pupil.tasks are CONFIRM_GUARDIAN_father",
        "sfo_leader's tasks are CONFIRM_GUARDIAN_father",
        "other_leader's tasks are none",
        "teacher's tasks are none",
        "mother's tasks are none",
        "officer's tasks are none",
    )


async def test_r3_an_unconfirmed_delegate_is_a_task_of_the_leader_of_their_unit_only(holds):
    world = with_aunt("sfo")
    world.protect("pupil", since=LAST_MONTH)
    for guardian in ("mother", "father"):
        world.confirm(guardian, "pupil", LAST_MONTH)
    await holds(world, "sfo_leader's tasks are CONFIRM_GUARDIAN_aunt", "leader's tasks are none")


async def test_r1_a_blocked_guardian_is_no_task_to_confirm(holds):
    world = village()
    world.protect("pupil", since=LAST_MONTH)
    world.confirm("mother", "pupil", LAST_MONTH)
    world.block("father", "pupil")
    await holds(world, "leader's tasks are none")


async def test_r4_an_unclear_entry_is_a_task_of_the_leader(holds):
    world = village()
    world.responsible("neighbour", "pupil", "ukjent")
    await holds(world, "leader's tasks are UNCLEAR_RESPONSIBILITY_neighbour", "teacher's tasks are none")


async def test_r2_a_teacher_of_the_own_child_is_a_task_of_the_administration(holds):
    world = village()
    world.family("pupil", "teacher", "søsken", "søsken")
    world.need_case("officer", "pupil", *OPEN_CASE)
    await holds(world, "officer's tasks are DEPUTY_NEEDED_teacher", "leader's tasks are none")
