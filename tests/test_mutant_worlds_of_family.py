"""Small worlds for what only a broken page of the family's matters would show: delegates, tasks, absence."""

from __future__ import annotations

import pytest

from tests.test_everyday_rules import away
from tests.test_family_rules import with_aunt
from tests.test_rules import LAST_MONTH, LAST_WEEK, YESTERDAY
from tests.worlds.village import village
from tests.worlds.world import DAY, LONG_AGO, TODAY

TOMORROW = TODAY + DAY


async def test_a_delegate_is_told_of_whatever_blocks_stand_elsewhere_or_are_over(holds):
    world = with_aunt()
    world.block("aunt", "stranger")
    world.block("aunt", "pupil", LAST_MONTH, LAST_WEEK)
    await holds(world, "teacher's pupil.delegates are aunt")


@pytest.mark.parametrize(
    ("child", "day", "told"),
    [
        ("pupil", LAST_WEEK - DAY, "none"),
        ("pupil", LAST_WEEK, "aunt"),
        ("pupil", TODAY, "aunt"),
        ("stranger", TODAY, "none"),
    ],
)
async def test_a_delegate_of_a_protected_child_is_told_of_once_confirmed(holds, child, day, told):
    world = with_aunt()
    world.protect("pupil", since=LAST_WEEK)
    world.confirm("mother", "pupil", LAST_WEEK)
    world.confirm("aunt", child, day)
    await holds(world, f"teacher's pupil.delegates are {told}")


async def test_a_delegate_of_a_child_that_was_protected_once_is_told_of(holds):
    world = with_aunt()
    world.protect("pupil", since=LAST_MONTH, until=LAST_WEEK)
    await holds(world, "teacher's pupil.delegates are aunt")


async def test_a_registration_is_active_by_the_consent_to_that_one(holds):
    """The aunt has consent at the school; not at the SFO, nor for the stranger; the uncle has none."""
    world = with_aunt()
    world.person("uncle")
    world.delegate("uncle", "pupil", "school")
    world.delegate("aunt", "pupil", "sfo")
    world.delegate("aunt", "stranger", "other_school")
    await holds(
        world,
        "mother sees child pupil.delegates",
        "sfo_leader's pupil.delegates are aunt",
        "neighbour's stranger.delegates are aunt",
        "aunt's pupil.delegates are aunt",
    )


async def test_a_delegate_who_works_at_another_unit_is_not_told_of_the_delegates_there(holds):
    world = with_aunt()
    world.person("uncle")
    world.delegate("uncle", "pupil", "sfo")
    world.consent("mother", "pupil", "uncle", "sfo")
    world.employ("aunt", "sfo", "STAFF")
    await holds(world, "aunt's pupil.delegates are aunt", "sfo_worker's pupil.delegates are uncle")


async def test_the_consent_and_the_confirmation_of_one_who_was_guardian_name_no_guardian(holds):
    world = with_aunt()
    world.consent("father", "pupil", "aunt", "school")
    world.protect("pupil", since=LAST_WEEK)
    for person in ("mother", "father", "aunt"):
        world.confirm(person, "pupil", LAST_WEEK)
    world.document("pupil").responsibilities[1].until = YESTERDAY
    await holds(world, "mother sees child pupil.delegates", "leader sees child pupil.confirmations")


async def test_a_leader_who_is_blocked_has_no_task_about_the_child(holds):
    world = village()
    world.protect("pupil", since=LAST_WEEK)
    world.block("leader", "pupil")
    await holds(world, "leader does not see child pupil", "sfo_leader sees child pupil.tasks")


async def test_absence_on_a_day_is_that_of_the_day(holds):
    world = away(village())
    world.absence("before", "pupil", "school", "mother", LAST_WEEK, YESTERDAY)
    world.absence("long", "pupil", "school", "mother", YESTERDAY, TOMORROW)
    world.absence("after", "pupil", "school", "mother", TOMORROW)
    await holds(world, "teacher sees absence before", "leader sees absence after", "mother sees absence long")


async def test_whoever_reported_an_absence_is_named_as_what_they_were_and_are_still(holds):
    """The mother works at the school too; the father, who reported another, is guardian no more."""
    world = away(village())
    world.employ("mother", "school", "TEACHER", LONG_AGO)
    world.absence("his", "pupil", "school", "father", LAST_WEEK)
    world.document("pupil").responsibilities[1].until = YESTERDAY
    await holds(world, "teacher sees absence ill.reason", "leader sees absence his.reason")
