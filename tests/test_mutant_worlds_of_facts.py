"""Small worlds for what only a broken fact would show: who signs in, and what the registers say."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.test_rules import LAST_MONTH, LAST_WEEK, YESTERDAY, aged, with_aunt, with_case
from tests.worlds.numbers import synthetic_number
from tests.worlds.village import ELSEWHERE, HOME, village, with_threads
from tests.worlds.world import DAY, LONG_AGO, TODAY, World, oslo

BEFORE_YESTERDAY = TODAY - 2 * DAY

# --- Section 1: who signs in ---


def with_visitor(subject: str | None = None) -> World:
    """A village, and somebody of whom nothing is known here."""
    world = village()
    world.person("visitor", dt.date(1931, 3, 7), documented=False)
    world.people["visitor"].subject = subject
    return world


async def test_a_teacher_signed_in_by_feide_is_who_the_roster_says(holds):
    world = with_visitor("nobody-here")
    world.people["teacher"].subject = "teacher-here"
    await holds(
        world,
        "teacher as feide sees child pupil",
        "teacher as feide signs in as StaffMember",
        "visitor as feide sees unit school",
        "visitor as feide does not see child pupil",
        "visitor as feide signs in as nobody",
    )


async def test_a_machine_with_a_teachers_subject_is_not_the_teacher_and_no_person(holds):
    world = with_visitor("also-a-machine")
    world.people["teacher"].subject = "also-a-machine"
    await holds(
        world,
        "teacher as feide sees child pupil",
        "visitor as machine does not see child pupil",
        "visitor as machine does not see unit school",
    )


async def test_a_teacher_of_another_municipality_is_nobody_here(holds):
    elsewhere, here = village(), with_visitor("teacher-elsewhere")
    for who in ("teacher", "leader"):
        elsewhere.people[who].subject = f"{who}-elsewhere"
    elsewhere.people["leader"].number = here.people["visitor"].number
    elsewhere.document("leader").born = here.people["visitor"].born
    await holds(elsewhere, "teacher as feide sees child pupil", "leader's units are school")
    await holds(
        here,
        "visitor as feide does not see child pupil",
        "visitor's units are none",
        "visitor as feide's units are none",
    )


async def test_somebody_with_a_number_that_nobody_has_is_nobody_though_there_is_but_one_person(holds):
    world = World()
    world.unit("school", "SCHOOL", "Ensom skole")
    world.person("hermit", dt.date(1932, 4, 8))
    world.employ("hermit", "school", "LEADER")
    world.person("visitor", dt.date(1931, 3, 8), documented=False)
    await holds(world, "hermit's units are school", "visitor's units are none", "visitor signs in as nobody")


async def test_the_number_in_use_is_told_and_none_of_before(holds):
    world = village()
    for who, year in (("pupil", 1933), ("mother", 1934), ("father", 1935), ("neighbour", 1936)):
        world.people[who].ended_numbers = tuple(synthetic_number(dt.date(year, 1, day), 0) for day in range(1, 7))
    world.employ("leader", "other_school", "LEADER")
    await holds(world, "leader sees child pupil.nationalId", "leader sees guardian father.contact")


# --- GUARDIAN ---


async def test_an_entry_that_names_an_organisation_beside_a_person_opens_nothing(holds):
    world = village()
    world.responsible("aunt", "pupil", "andre", organisation="923609016")
    world.responsible("mother", "pupil", "andre", dt.date(2020, 1, 1), organisation="923609016")
    await holds(
        world,
        "aunt does not see child pupil",
        "mother sees child pupil",
        "leader sees child pupil.responsibilities",
    )


async def test_an_entry_without_a_beginning_opens_from_birth(holds):
    world = village()
    world.responsible("aunt", "pupil", "andre", None)
    await holds(world, "aunt is GUARDIAN of pupil", "leader sees child pupil.responsibilities")


async def test_an_entry_that_is_not_current_is_told_as_opening_nothing_beside_one_that_opens(holds):
    world = village()
    world.responsible("mother", "pupil", "andre", dt.date(2020, 1, 1), current=False)
    await holds(world, "leader sees child pupil.responsibilities", "mother sees child pupil")


# --- R3, C4: who lives where, and since when ---


async def test_a_graded_address_without_a_day_protects_from_the_day_it_was_known(holds):
    for day, sees in ((LAST_WEEK - DAY, False), (LAST_WEEK, True)):
        world = village(LAST_WEEK)
        world.today = TODAY
        world.lives("pupil", HOME, None, grading="fortrolig")
        world.confirm("mother", "pupil", day)
        await holds(
            world, f"mother {'sees' if sees else 'does not see'} child pupil", "leader sees child pupil.address"
        )


async def test_an_address_without_a_day_is_the_address_of_today(holds):
    world = village()
    for who in ("pupil", "mother"):
        world.lives(who, HOME, None)
    await holds(world, "leader sees child pupil.address", "mother sees child pupil.address")


async def test_an_address_is_told_from_the_day_of_the_move(holds):
    world = village(LAST_WEEK)
    world.today = TODAY
    world.read_again(TODAY)
    world.lives("pupil", ELSEWHERE, TODAY)
    await holds(
        world,
        "leader sees child pupil.address",
        "father sees child pupil.address",
        "mother does not see child pupil.address",
    )


async def test_the_protection_of_whoever_moves_out_today_is_the_addresss_no_longer(holds):
    world = village(LAST_MONTH)
    world.today = TODAY
    world.lives("aunt", HOME)
    world.protect("aunt", since=LAST_WEEK)
    for guardian in ("mother", "father"):
        world.confirm(guardian, "pupil", YESTERDAY)
    world.read_again(TODAY)
    world.lives("aunt", ELSEWHERE, TODAY)
    await holds(world, "teacher sees child pupil.address", "mother sees child pupil")


async def test_contact_details_of_one_who_has_moved_from_a_graded_address_are_open(holds):
    world = village(LAST_MONTH)
    world.today = TODAY
    world.lives("father", "Elveveien 7, 1470 Lørenskog", grading="fortrolig")
    world.read_again(LAST_WEEK)
    world.lives("father", ELSEWHERE, LAST_WEEK)
    await holds(world, "teacher sees guardian father.contact")


# --- CASE_WORKER: who may approve ---


@pytest.mark.parametrize(
    ("by", "sees"),
    [
        ("teacher", False),
        ("other_leader", False),
        ("leader", True),
        ("sfo_leader", True),
        ("kindergarten_worker", False),
    ],
)
async def test_a_need_case_on_a_protected_child_is_approved_by_those_who_may(holds, by, sees):
    world = with_case(oslo(TODAY, "09:00"), oslo(TODAY, "17:00"))
    world.need_cases[0].by = by
    world.protect("pupil", since=LAST_WEEK)
    await holds(world, f"officer {'sees' if sees else 'does not see'} child pupil")


@pytest.mark.parametrize("who", ["former administrator", "former leader", "leader of a unit that the child has left"])
async def test_a_need_case_is_not_approved_by_those_who_might_have(holds, who):
    world = with_case(oslo(TODAY, "09:00"), oslo(TODAY, "17:00"))
    world.protect("pupil", since=LAST_WEEK)
    if who == "former administrator":
        world.administrator("aunt", until=TODAY)
        world.employ("aunt", "other_school", "TEACHER")
    elif who == "former leader":
        world.employ("aunt", "school", "LEADER", until=TODAY)
        world.employ("aunt", "other_school", "LEADER")
    else:
        world.employ("aunt", "school", "LEADER")
        world.enrolments[0].until = TODAY
    world.need_cases[0].by = "aunt"
    await holds(world, "officer does not see child pupil")


async def test_a_need_case_is_approved_by_one_who_might_on_that_day(holds):
    world = village()
    world.need_case("officer", "pupil", oslo(YESTERDAY, "21:00"), oslo(TODAY, "20:00"), by="leader")
    world.protect("pupil", since=LAST_WEEK)
    for held in world.positions:
        if held.person == "leader":
            held.until = TODAY
    await holds(world, "officer sees child pupil")


async def test_a_case_worker_sees_contact_details_that_are_confidential(holds):
    world = with_case(oslo(TODAY, "09:00"), oslo(TODAY, "17:00"))
    world.need_cases[0].by = "leader"
    world.protect("father", since=LAST_WEEK)
    for guardian in ("mother", "father"):
        world.confirm(guardian, "pupil", YESTERDAY)
    await holds(world, "officer sees guardian father.contact")


# --- DELEGATE: each unit by itself ---


def delegate_of_two(*, now_at_sfo: bool = True) -> World:
    """The aunt is delegate at the school all the time; at the SFO until last week, perhaps again since yesterday."""
    world = village()
    for unit in ("school", "sfo"):
        world.delegate("aunt", "pupil", unit, LONG_AGO)
    world.consent("mother", "pupil", "aunt", "school", LONG_AGO)
    world.consent("mother", "pupil", "aunt", "sfo", LAST_MONTH, LAST_WEEK)
    if now_at_sfo:
        world.consent("mother", "pupil", "aunt", "sfo", YESTERDAY)
    world.thread("pickup", "sfo", "pupil", oslo(LAST_MONTH), ("aunt",), ("sfo_worker",))
    for number, day in enumerate((LAST_MONTH, BEFORE_YESTERDAY, YESTERDAY)):
        world.message(f"pickup{number}", "pickup", "sfo_worker", oslo(day, "13:00"))
    return world


async def test_a_delegate_at_two_units_reads_what_was_written_while_delegate_at_that_one(holds):
    await holds(delegate_of_two(), "aunt finds 2 messages in pickup", "aunt does not see message pickup1")


async def test_a_delegate_at_one_unit_who_was_at_another_does_not_read_there(holds):
    await holds(
        delegate_of_two(now_at_sfo=False),
        "aunt is DELEGATE of pupil",
        "aunt does not see thread pickup",
        "aunt does not see message pickup0",
    )


async def test_a_guardian_of_a_sister_who_is_blocked_does_not_see_a_message_of_before(holds):
    world = with_threads(village())
    world.person("sister", dt.date(2016, 3, 3))
    world.responsible("mother", "sister")
    world.block("mother", "pupil", YESTERDAY)
    await holds(world, "mother sees child sister", "mother does not see message talk1")


async def test_unread_does_not_begin_with_a_relation_that_has_just_ended(holds):
    """At midnight the mother is guardian no more, and delegate since yesterday and once before."""
    world = village()
    world.person("sister", dt.date(2016, 3, 3))
    world.responsible("mother", "sister")
    world.document("pupil").responsibilities[0].until = TODAY
    world.delegate("mother", "pupil", "sfo", LONG_AGO)
    world.consent("father", "pupil", "mother", "sfo", LAST_MONTH, LAST_WEEK)
    world.consent("father", "pupil", "mother", "sfo", YESTERDAY)
    world.thread("pickup", "sfo", "pupil", oslo(LAST_MONTH), ("mother",), ("sfo_worker",))
    world.message("first", "pickup", "sfo_worker", oslo(LAST_MONTH, "13:00"))
    world.message("second", "pickup", "sfo_worker", oslo(YESTERDAY, "13:00"))
    await holds(world, "mother finds 2 messages in pickup", "mother has 1 unread in pickup", now=oslo(TODAY, "00:00"))


# --- SELF ---


async def test_nobody_is_staff_to_themself(holds):
    world = with_threads(aged(16))
    world.employ("pupil", "sfo", "STAFF")
    world.employ("pupil", "school", "TEACHER")
    world.member("pupil", "3B", "CONTACT_TEACHER", LONG_AGO)
    await holds(
        world,
        "pupil is SELF of pupil",
        "pupil is not UNIT_STAFF of pupil",
        "pupil is not CONTACT_TEACHER of pupil",
        "pupil does not see thread afternoon",
        "pupil's pupils are none",
    )


async def test_a_leader_who_once_was_a_pupil_there_does_not_see_their_own_threads(holds):
    world = aged(30)
    world.enrolments[0].until = LAST_MONTH
    world.employ("pupil", "school", "LEADER")
    world.thread("then", "school", "pupil", oslo(LONG_AGO), ("mother",), ("teacher",))
    await holds(
        world,
        "pupil as private sees child pupil",
        "pupil as employee does not see child pupil",
        "pupil does not see thread then",
        "leader sees thread then",
    )


async def test_a_delegate_who_works_at_another_unit_of_the_childs_is_told_of_their_own_alone(holds):
    world = with_aunt()
    world.delegates[0].unit = world.consents[0].unit = "school"
    world.employ("aunt", "sfo", "STAFF")
    await holds(world, "aunt is DELEGATE of pupil", "aunt's pupil.units are school")
    world = with_aunt()
    world.employ("aunt", "school", "LEADER")
    world.enrolments[0].until = LAST_WEEK
    await holds(world, "aunt is DELEGATE of pupil", "aunt's pupil.units are sfo")
