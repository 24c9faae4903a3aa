"""Small worlds for what only a broken rule of work would show: teachers, leaders, and children who have left."""

from __future__ import annotations

import datetime as dt

from tests.test_mutant_worlds import BEFORE_YESTERDAY, moved_to_another_school, with_classmate
from tests.test_rules import LAST_MONTH, LAST_WEEK, YESTERDAY, aged
from tests.worlds.village import ELSEWHERE, village, with_threads
from tests.worlds.world import DAY, LONG_AGO, TODAY, World, oslo

TOMORROW = TODAY + DAY


# --- Teachers ---


async def test_a_teacher_does_not_see_a_child_who_has_left_the_school_and_still_stands_in_the_group(holds):
    world = with_classmate()
    world.enrolments[0].until = LAST_WEEK
    await holds(world, "teacher sees child classmate", "teacher does not see child pupil")


async def test_unread_of_a_teacher_begins_when_the_child_became_a_pupil_of_the_group(holds):
    world = with_threads(aged(16))
    for member in world.memberships:
        if (member.person, member.group) == ("pupil", "3B"):
            member.since = BEFORE_YESTERDAY
    world.member("pupil", "3B", "ASSISTANT", LONG_AGO, BEFORE_YESTERDAY)
    await holds(world, "teacher finds 3 messages in talk", "teacher has 1 unread in talk")


async def test_unread_of_a_contact_teacher_does_not_begin_with_having_taught_a_subject(holds):
    world = with_threads(village())
    for member in world.memberships:
        if member.person == "teacher":
            member.since = BEFORE_YESTERDAY
    world.member("teacher", "3B", "SUBJECT_TEACHER", LONG_AGO, BEFORE_YESTERDAY - DAY)
    world.employ("teacher", "other_school", "TEACHER")
    world.member("teacher", "5A", "SUBJECT_TEACHER", LONG_AGO)
    await holds(world, "teacher finds 3 messages in talk", "teacher has 1 unread in talk")


async def test_a_pupil_who_assists_in_a_group_does_not_belong_to_it(holds):
    world = with_classmate()
    world.memberships = [told for told in world.memberships if (told.person, told.group) != ("pupil", "maths")]
    world.member("pupil", "maths", "ASSISTANT", LONG_AGO)
    await holds(world, "mother's pupil.groups are 3B", "leader's maths.children are none")


async def test_a_teacher_who_moved_to_another_school_is_no_longer_of_the_old_class(holds):
    world = village()
    for held in world.positions:
        if held.person == "teacher":
            held.until = YESTERDAY
    world.employ("teacher", "other_school", "TEACHER")
    await holds(world, "mother's 3B.staff are assistant", "leader's 3B.staff are assistant")


async def test_a_subject_teacher_does_not_see_threads_at_a_unit_they_have_left(holds):
    world = with_threads(village())
    world.employ("maths_teacher", "sfo", "STAFF", until=LAST_WEEK)
    world.thread("pickup", "sfo", "pupil", oslo(LAST_MONTH), ("mother",), ("maths_teacher",))
    world.message("pickup1", "pickup", "mother", oslo(LAST_MONTH, "13:00"))
    await holds(
        world,
        "maths_teacher sees thread sums",
        "maths_teacher does not see thread pickup",
        "maths_teacher does not see message pickup1",
    )


async def test_a_teacher_does_not_see_contact_details_of_whoever_was_guardian_of_a_child_in_the_class(holds):
    world = village()
    world.person("sister", dt.date(2016, 3, 3))
    world.responsible("father", "sister")
    world.enrol("sister", "school", LONG_AGO)
    world.member("sister", "maths", since=LONG_AGO)
    world.member("teacher", "maths", "SUBJECT_TEACHER", LONG_AGO)
    world.memberships = [told for told in world.memberships if (told.person, told.group) != ("pupil", "maths")]
    world.document("pupil").responsibilities[1].until = LAST_WEEK
    await holds(world, "teacher sees guardian father", "teacher does not see guardian father.contact")


# --- Groups ---


async def test_a_group_that_is_over_is_listed_no_more(holds):
    world = village(LAST_MONTH)
    world.today = TODAY
    for group, gone in (("2A", LAST_WEEK), ("2B", TODAY)):
        world.group(group, "school")
        world.groups[group].gone = gone
        world.member("pupil", group, since=LONG_AGO)
    await holds(world, "leader's school.groups are 3B, maths", "mother's pupil.groups are 3B, maths")
    await holds(world, "leader's school.groups are 2B, 3B, maths", now=oslo(YESTERDAY))


# --- C6: children who have left ---


async def test_a_child_whose_enrolment_was_withdrawn_before_it_began_has_not_left(holds):
    world = village(LAST_MONTH)
    world.today = TODAY
    world.enrol("pupil", "other_school", LAST_WEEK, gone=LAST_MONTH + DAY)
    await holds(world, "other_leader does not see child pupil", "leader sees child pupil")


async def test_a_leader_whom_the_child_left_and_who_leads_its_new_school_sees_the_address_of_today(holds):
    world = moved_to_another_school()
    world.employ("leader", "other_school", "LEADER")
    await holds(world, "leader sees child pupil.address", "leader's pupils are pupil, stranger")


async def test_a_leader_whom_the_child_left_who_teaches_it_a_subject_sees_a_confidential_address_of_then(holds):
    world = moved_to_another_school("SUBJECT_TEACHER")
    world.protect("pupil", since=LAST_MONTH)
    await holds(world, "leader is SUBJECT_STAFF of pupil", "leader sees child pupil.address")


async def test_the_address_of_then_is_that_of_the_childs_own_last_day_there(holds):
    """Others left later, the child left another unit later, and it will be back."""
    world = moved_to_another_school()
    world.person("classmate", dt.date(2018, 9, 9))
    world.enrol("classmate", "school", LONG_AGO, TODAY)
    world.enrolments[1].until = TODAY
    world.enrol("pupil", "school", TOMORROW, TODAY + 99 * DAY)
    await holds(world, "leader sees child pupil.address", "leader's pupil.units are school")


def joined_late(world: World) -> World:
    """The child was put into 3B after it had left the school, and was in 2B while there."""
    world.enrolments[0].until = LAST_MONTH
    for member in world.memberships:
        if member.group == "3B" and member.person == "pupil":
            member.since = LAST_WEEK
    world.memberships = [told for told in world.memberships if (told.person, told.group) != ("pupil", "maths")]
    world.group("2B", "school")
    world.member("pupil", "2B", since=LONG_AGO, until=LAST_MONTH)
    return world


async def test_a_leader_whom_the_child_left_is_told_of_groups_it_belonged_to_while_there(holds):
    world = joined_late(village())
    world.person("classmate", dt.date(2018, 9, 9))
    world.enrol("classmate", "school", LONG_AGO, YESTERDAY)
    world.enrolments[1].until = YESTERDAY
    await holds(world, "leader's pupil.groups are 2B")


async def test_a_leader_whom_the_child_left_is_not_told_of_groups_in_which_it_assisted(holds):
    world = joined_late(aged(17))
    world.member("pupil", "maths", "ASSISTANT", LONG_AGO)
    await holds(world, "leader's pupil.groups are 2B")


async def test_a_leader_to_whom_the_child_has_come_back_is_told_of_the_groups_of_now(holds):
    world = joined_late(village())
    world.enrol("pupil", "school", LAST_WEEK)
    await holds(world, "leader's pupil.groups are 3B")


async def test_a_leader_whom_the_child_left_does_not_see_the_former_address_of_one_hidden_since(holds):
    world = moved_to_another_school()
    world.protect("pupil", "strengtFortrolig", YESTERDAY)
    await holds(world, "leader does not see child pupil.address")
    world = moved_to_another_school()
    world.read_again(TODAY)
    world.protect("pupil", "strengtFortrolig", TODAY)
    world.lives("pupil", ELSEWHERE, YESTERDAY)
    await holds(world, "leader does not see child pupil.address")
