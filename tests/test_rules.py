"""The rules, one small world each: what the village says in plain words, and the server says the same on every road.

A test changes one thing in the village and says who now sees what. The statements are held against the oracle, and for
everybody whom they name the server's answers are held against the oracle's, cell by cell.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from tests.oracle.view import name_order
from tests.statements import Statements
from tests.worlds.numbers import synthetic_number
from tests.worlds.village import ELSEWHERE, HOME, village, with_threads
from tests.worlds.world import DAY, LONG_AGO, TODAY, Residence, Responsibility, World, oslo

YESTERDAY, TOMORROW = TODAY - DAY, TODAY + DAY
BEGINS_AND_ENDS = {"since": TODAY, "until": TODAY + 2 * DAY}
LAST_WEEK, NEXT_WEEK = TODAY - 7 * DAY, TODAY + 7 * DAY
LAST_MONTH = TODAY - 30 * DAY


async def holds_from_today_to_tomorrow(holds, world: World, who: str, what: str) -> None:
    """Something that begins today and ends the day after tomorrow: neither yesterday nor then, but between."""
    for day, sees in ((YESTERDAY, False), (TODAY, True), (TOMORROW, True), (TOMORROW + DAY, False)):
        await holds(world, f"{who} {'sees' if sees else 'does not see'} {what}", now=oslo(day))


def without_father(world: World) -> World:
    """The mother alone has responsibility; the father is family, by the register."""
    document = world.document("pupil")
    document.responsibilities = [entry for entry in document.responsibilities if entry.holder != "father"]
    return world


def aged(years: int, *, days: int = 0) -> World:
    """A village whose pupil turned `years` so many days ago."""
    day = TODAY - days * DAY
    return village(born=day.replace(year=day.year - years))


# --- Section 1: how one signs in ---


async def test_a_guardian_sees_the_child_only_when_signed_in_privately(holds):
    await holds(
        village(),
        "mother as private sees child pupil",
        "mother sees child pupil",
        "mother as employee does not see child pupil",
        "mother as private signs in as Guardian",
        "mother as employee signs in as nobody",
    )


async def test_a_delegate_sees_the_child_only_when_signed_in_privately(holds):
    world = village()
    world.delegate("aunt", "pupil", "sfo")
    world.consent("mother", "pupil", "aunt", "sfo")
    await holds(
        world,
        "aunt as private sees child pupil",
        "aunt as employee does not see child pupil",
        "aunt as private signs in as OtherAdult",
    )


async def test_staff_see_their_children_however_they_sign_in(holds):
    await holds(
        village(),
        "teacher as private sees child pupil",
        "teacher as employee sees child pupil",
        "leader as private sees child pupil",
        "sfo_worker as private sees child pupil",
        "maths_teacher as private sees child pupil",
        "teacher as employee signs in as StaffMember",
        "teacher as private signs in as nobody",
        "teacher as private's units are school",
    )


async def test_a_pupil_under_18_sees_themself_however_they_sign_in(holds):
    await holds(
        aged(16),
        "pupil as private sees child pupil",
        "pupil as employee sees child pupil",
        "pupil as private signs in as Child",
    )


async def test_a_pupil_from_18_sees_themself_only_when_signed_in_privately(holds):
    await holds(
        aged(18),
        "pupil as private sees child pupil",
        "pupil as employee does not see child pupil",
        "pupil as employee signs in as nobody",
    )


async def test_a_guardian_who_teaches_signs_in_as_staff_with_feide_and_as_guardian_without(holds):
    world = village()
    world.employ("mother", "other_school", "TEACHER")
    await holds(
        world,
        "mother signs in as StaffMember",
        "mother as employee signs in as StaffMember",
        "mother as private signs in as Guardian",
        "mother as employee does not see child pupil",
        "mother as employee's units are other_school",
    )


async def test_somebody_in_the_administration_signs_in_as_staff(holds):
    await holds(village(), "officer as employee signs in as StaffMember", "officer as private signs in as nobody")


async def test_a_former_delegate_signs_in_as_another_adult(holds):
    world = village()
    world.delegate("aunt", "pupil", "sfo", LAST_MONTH, LAST_WEEK)
    await holds(world, "aunt signs in as OtherAdult", "aunt does not see child pupil", "aunt sees adult aunt")


# --- GUARDIAN ---


async def test_each_guardian_sees_the_child_and_a_stranger_does_not(holds):
    await holds(
        village(),
        "mother sees child pupil",
        "father sees child pupil",
        "mother is GUARDIAN of pupil",
        "mother does not see child stranger",
        "aunt does not see child pupil",
        "neighbour does not see child pupil",
        "mother's children are pupil",
        "aunt's children are none",
        "neighbour's children are stranger",
    )


async def test_a_father_who_is_only_family_does_not_see_the_child(holds):
    await holds(
        without_father(village()),
        "father does not see child pupil",
        "father is not GUARDIAN of pupil",
        "father does not see guardian mother",
        "mother sees child pupil",
    )


async def test_a_guardian_sees_the_child_until_the_day_before_it_turns_18(holds):
    await holds(aged(18, days=-1), "mother sees child pupil", "pupil is SELF of pupil")
    await holds(aged(18), "mother does not see child pupil", "pupil is SELF of pupil")


async def test_a_guardian_of_a_child_born_on_leap_day_sees_it_until_the_first_of_march(holds):
    born = dt.date(2008, 2, 29)
    await holds(village(dt.date(2026, 2, 28), born=born), "mother sees child pupil")
    await holds(village(dt.date(2026, 3, 1), born=born), "mother does not see child pupil")


async def test_a_leap_day_child_is_self_from_the_first_of_march(holds):
    born = dt.date(2012, 2, 29)
    await holds(village(dt.date(2027, 2, 28), born=born), "pupil is not SELF of pupil")
    await holds(village(dt.date(2027, 3, 1), born=born), "pupil is SELF of pupil")


async def test_a_guardian_of_a_child_whose_birth_date_is_not_known_does_not_see_it(holds):
    world = village()
    world.document("pupil").born = None
    await holds(world, "mother does not see child pupil", "teacher sees child pupil", "pupil does not see child pupil")


async def test_a_guardian_sees_the_child_from_the_first_day_to_the_last_of_the_responsibility(holds):
    world = without_father(village())
    world.responsible("father", "pupil", "far", **BEGINS_AND_ENDS)
    await holds_from_today_to_tomorrow(holds, world, "father", "child pupil")


@pytest.mark.parametrize("kind", ["felles", "mor", "far", "medmor", "andre"])
async def test_a_holder_of_every_known_kind_of_responsibility_sees_the_child(holds, kind):
    world = without_father(village())
    world.responsible("aunt", "pupil", kind)
    await holds(world, "aunt sees child pupil", "aunt is GUARDIAN of pupil")


async def test_a_holder_by_the_adults_document_alone_does_not_see_the_child(holds):
    world = without_father(village())
    world.document("father").responsible_for.append(Responsibility("pupil", "far", LONG_AGO))
    await holds(world, "father does not see child pupil")


async def test_a_guardian_gone_from_a_later_document_does_not_see_the_child(holds):
    world = village(LAST_WEEK)
    world.today = TODAY
    world.read_again(YESTERDAY)
    without_father(world)
    await holds(world, "father does not see child pupil", "mother sees child pupil")


async def test_a_guardian_new_in_a_later_document_sees_the_child(holds):
    world = without_father(village(LAST_WEEK))
    world.today = TODAY
    world.read_again(YESTERDAY)
    world.responsible("father", "pupil", "felles", YESTERDAY)
    await holds(world, "father sees child pupil")


# --- DELEGATE ---


def with_aunt(**consent: object) -> World:
    world = village()
    world.delegate("aunt", "pupil", "sfo")
    world.consent("mother", "pupil", "aunt", "sfo", **consent)
    return world


async def test_a_delegate_with_one_consent_sees_the_child_at_that_unit(holds):
    await holds(
        with_aunt(),
        "aunt sees child pupil",
        "aunt is DELEGATE of pupil",
        "aunt's children are pupil",
        "aunt's pupil.units are sfo",
        "aunt's sfo.children are pupil",
        "aunt's school.children are none",
        "aunt sees staff sfo_worker",
        "aunt does not see staff teacher",
    )


async def test_a_delegate_without_consent_does_not_see_the_child(holds):
    world = village()
    world.delegate("aunt", "pupil", "sfo")
    await holds(world, "aunt does not see child pupil", "aunt is not DELEGATE of pupil")


async def test_an_adult_with_consent_whom_no_unit_registered_does_not_see_the_child(holds):
    world = village()
    world.consent("mother", "pupil", "aunt", "sfo")
    await holds(world, "aunt does not see child pupil")


async def test_a_delegate_with_consent_for_another_unit_or_child_does_not_see_the_child(holds):
    world = village()
    world.delegate("aunt", "pupil", "sfo")
    world.consent("mother", "pupil", "aunt", "school")
    world.consent("mother", "stranger", "aunt", "sfo")
    await holds(world, "aunt does not see child pupil", "aunt does not see child stranger")


async def test_a_delegate_with_anothers_consent_does_not_see_the_child(holds):
    world = village()
    world.delegate("aunt", "pupil", "sfo")
    world.consent("mother", "pupil", "neighbour", "sfo")
    await holds(world, "aunt does not see child pupil", "neighbour does not see child pupil")


async def test_a_delegate_with_consent_of_one_who_is_not_guardian_does_not_see_the_child(holds):
    world = without_father(village())
    world.delegate("aunt", "pupil", "sfo")
    world.consent("father", "pupil", "aunt", "sfo")
    await holds(world, "aunt does not see child pupil")


async def test_a_delegate_rests_when_the_consenting_guardian_loses_responsibility(holds):
    world = village()
    world.document("pupil").responsibilities[0].until = TODAY
    world.delegate("aunt", "pupil", "sfo")
    world.consent("mother", "pupil", "aunt", "sfo")
    await holds(world, "aunt does not see child pupil", "mother does not see child pupil")


async def test_a_delegate_rests_while_the_consenting_guardian_is_blocked(holds):
    world = with_aunt()
    world.block("mother", "pupil")
    await holds(world, "aunt does not see child pupil")


async def test_a_delegate_sees_the_child_within_the_days_of_the_consent(holds):
    await holds_from_today_to_tomorrow(holds, with_aunt(**BEGINS_AND_ENDS), "aunt", "child pupil")


async def test_a_delegate_sees_the_child_within_the_days_of_the_registration(holds):
    world = village()
    world.delegate("aunt", "pupil", "sfo", **BEGINS_AND_ENDS)
    world.consent("mother", "pupil", "aunt", "sfo", LAST_MONTH)
    await holds_from_today_to_tomorrow(holds, world, "aunt", "child pupil")


async def test_a_delegate_needs_every_guardian_where_the_municipality_asks_for_all(holds):
    one = with_aunt()
    one.settings["delegateConsent"] = "ALL"
    await holds(one, "aunt does not see child pupil")
    both = with_aunt()
    both.settings["delegateConsent"] = "ALL"
    both.consent("father", "pupil", "aunt", "sfo")
    await holds(both, "aunt sees child pupil")
    alone = without_father(with_aunt())
    alone.settings["delegateConsent"] = "ALL"
    await holds(alone, "aunt sees child pupil")


async def test_a_delegate_of_a_grown_up_does_not_see_them(holds):
    world = aged(18)
    world.delegate("aunt", "pupil", "sfo")
    world.consent("mother", "pupil", "aunt", "sfo")
    await holds(world, "aunt does not see child pupil")


# --- Staff of a school ---


async def test_a_contact_teacher_sees_the_children_of_the_class_alone(holds):
    world = village()
    world.person("classmate", dt.date(2018, 9, 9))
    world.enrol("classmate", "school")
    await holds(
        world,
        "teacher is CONTACT_TEACHER of pupil",
        "teacher is not SUBJECT_STAFF of pupil",
        "teacher's pupils are pupil",
        "teacher does not see child classmate",
        "teacher does not see child stranger",
        "leader sees child classmate",
        "teacher's 3B.children are pupil",
    )


async def test_a_subject_teacher_and_an_assistant_are_subject_staff(holds):
    await holds(
        village(),
        "maths_teacher is SUBJECT_STAFF of pupil",
        "maths_teacher is not CONTACT_TEACHER of pupil",
        "assistant is SUBJECT_STAFF of pupil",
        "assistant is not CONTACT_TEACHER of pupil",
    )


async def test_a_second_teacher_of_a_class_is_subject_staff_and_no_contact_teacher(holds):
    world = village()
    world.person("colleague")
    world.employ("colleague", "school", "TEACHER")
    world.member("colleague", "3B", "SUBJECT_TEACHER")
    await holds(world, "colleague is SUBJECT_STAFF of pupil", "colleague is not CONTACT_TEACHER of pupil")


@pytest.mark.parametrize(("teacher", "group"), [("teacher", "3B"), ("maths_teacher", "maths"), ("assistant", "3B")])
async def test_school_staff_see_the_child_within_the_days_of_their_own_role(holds, teacher, group):
    world = village()
    world.memberships = [
        replace(member, **BEGINS_AND_ENDS) if member.person == teacher else member for member in world.memberships
    ]
    await holds_from_today_to_tomorrow(holds, world, teacher, "child pupil")


@pytest.mark.parametrize("teacher", ["teacher", "maths_teacher"])
async def test_school_staff_see_the_child_within_the_days_of_their_employment(holds, teacher):
    world = village()
    world.positions = [replace(held, **BEGINS_AND_ENDS) if held.person == teacher else held for held in world.positions]
    await holds_from_today_to_tomorrow(holds, world, teacher, "child pupil")


@pytest.mark.parametrize(("teacher", "group"), [("teacher", "3B"), ("maths_teacher", "maths")])
async def test_school_staff_see_the_child_within_the_days_it_belongs_to_the_group(holds, teacher, group):
    world = village()
    world.memberships = [
        replace(member, **BEGINS_AND_ENDS) if (member.person, member.group) == ("pupil", group) else member
        for member in world.memberships
    ]
    await holds_from_today_to_tomorrow(holds, world, teacher, "child pupil")


async def test_a_teacher_does_not_see_a_child_that_left_the_school_though_the_class_still_lists_it(holds):
    world = village()
    world.enrolments[0].until = TODAY
    await holds(
        world,
        "teacher does not see child pupil",
        "maths_teacher does not see child pupil",
        "leader's 3B.children are none",
        "sfo_worker sees child pupil",
    )


async def test_a_teacher_does_not_see_the_child_of_last_years_class_whose_terms_are_over(holds):
    for ends, sees in (((YESTERDAY, TOMORROW), True), ((LAST_MONTH, TODAY), False)):
        world = village()
        world.groups["3B"].term_ends = ends
        await holds(
            world,
            f"teacher {'sees' if sees else 'does not see'} child pupil",
            f"assistant {'sees' if sees else 'does not see'} child pupil",
            "maths_teacher sees child pupil",
        )


async def test_a_teacher_employed_at_another_school_does_not_see_the_child(holds):
    world = village()
    for held in world.positions:
        if held.person == "teacher":
            held.unit = "other_school"
    await holds(world, "teacher does not see child pupil", "teacher's units are other_school")


# --- Staff of an SFO or kindergarten ---


async def test_sfo_staff_see_the_children_enrolled_there_and_school_staff_are_not_among_them(holds):
    world = village()
    world.person("colleague")
    world.employ("colleague", "school", "TEACHER")
    await holds(
        world,
        "sfo_worker is UNIT_STAFF of pupil",
        "sfo_leader is UNIT_STAFF of pupil",
        "sfo_leader is UNIT_LEADER of pupil",
        "colleague does not see child pupil",
        "kindergarten_worker does not see child pupil",
        "sfo_worker does not see child stranger",
        "teacher is not UNIT_STAFF of pupil",
        "leader is not UNIT_STAFF of pupil",
        "sfo_worker's pupils are pupil",
    )


async def test_kindergarten_staff_see_the_children_enrolled_there(holds):
    world = village()
    world.person("toddler", dt.date(2023, 4, 4))
    world.responsible("mother", "toddler")
    world.enrol("toddler", "kindergarten")
    await holds(
        world,
        "kindergarten_worker is UNIT_STAFF of toddler",
        "sfo_worker does not see child toddler",
        "leader does not see child toddler",
        "kindergarten_worker's pupils are toddler",
    )


async def test_a_group_role_at_an_sfo_adds_nothing(holds):
    world = village()
    world.member("pupil", "foxes", since=LONG_AGO)
    world.member("sfo_worker", "foxes", "CONTACT_TEACHER", LONG_AGO)
    world.member("teacher", "foxes", "CONTACT_TEACHER", LONG_AGO)
    world.employ("sfo_worker", "sfo", "STAFF", LONG_AGO, LAST_MONTH)
    world.positions = [held for held in world.positions if held.until is not None or held.person != "sfo_worker"]
    await holds(world, "sfo_worker does not see child pupil", "teacher is not UNIT_STAFF of pupil")


async def test_a_group_role_at_an_sfo_makes_no_contact_teacher(holds):
    world = village()
    world.member("pupil", "foxes", since=LONG_AGO)
    world.member("sfo_worker", "foxes", "CONTACT_TEACHER", LONG_AGO)
    await holds(
        world, "sfo_worker is UNIT_STAFF of pupil", "sfo_worker is not CONTACT_TEACHER of pupil",
        "sfo_worker is not SUBJECT_STAFF of pupil",
    )  # fmt: skip


async def test_sfo_staff_see_the_child_within_the_days_of_its_enrolment(holds):
    world = village()
    world.enrolments[1] = replace(world.enrolments[1], **BEGINS_AND_ENDS)
    await holds_from_today_to_tomorrow(holds, world, "sfo_worker", "child pupil")


async def test_sfo_staff_see_the_child_within_the_days_of_their_employment(holds):
    world = village()
    for held in world.positions:
        if held.person == "sfo_worker":
            held.since, held.until = TODAY, TODAY + 2 * DAY
    await holds_from_today_to_tomorrow(holds, world, "sfo_worker", "child pupil")


# --- Leaders ---


async def test_a_leader_sees_the_children_of_the_own_unit_alone(holds):
    await holds(
        village(),
        "leader is UNIT_LEADER of pupil",
        "leader's pupils are pupil",
        "leader's school.children are pupil",
        "leader does not see child stranger",
        "other_leader does not see child pupil",
        "other_leader sees child stranger",
    )


async def test_a_leader_sees_the_children_within_the_days_of_the_leadership(holds):
    world = village()
    for held in world.positions:
        if held.person == "leader":
            held.since, held.until = TODAY, TODAY + 2 * DAY
    await holds_from_today_to_tomorrow(holds, world, "leader", "child pupil")


async def test_a_leader_does_not_see_a_child_that_has_not_begun(holds):
    for since, sees in ((TODAY, True), (TOMORROW, False)):
        world = village()
        world.person("beginner", dt.date(2020, 1, 5))
        world.enrol("beginner", "school", since)
        await holds(world, f"leader {'sees' if sees else 'does not see'} child beginner")


async def test_a_former_leader_who_still_teaches_does_not_lead(holds):
    world = village()
    for held in world.positions:
        if held.person == "leader":
            held.until = TODAY
    world.employ("leader", "school", "TEACHER", TODAY)
    await holds(world, "leader does not see child pupil", "leader's units are school")


# --- CASE_WORKER ---


def with_case(start: dt.datetime, end: dt.datetime) -> World:
    world = village()
    world.need_case("officer", "pupil", start, end)
    return world


async def test_the_administration_sees_a_child_only_with_an_open_need_case(holds):
    world = with_case(oslo(TODAY, "09:00"), oslo(TODAY, "17:00"))
    await holds(
        world,
        "officer sees child pupil",
        "officer is CASE_WORKER of pupil",
        "officer does not see child stranger",
        "officer's pupils are none",
        "officer as private sees child pupil",
    )
    await holds(village(), "officer does not see child pupil", "officer does not see guardian mother")


async def test_a_need_case_is_over_at_its_end(holds):
    world = with_case(oslo(TODAY, "08:00"), oslo(TODAY, "12:00"))
    await holds(world, "officer sees child pupil", now=oslo(TODAY, "11:59"))
    await holds(world, "officer does not see child pupil", now=oslo(TODAY, "12:00"))


async def test_a_need_case_has_not_begun_before_its_beginning(holds):
    world = with_case(oslo(TODAY, "10:00"), oslo(TODAY, "12:00"))
    await holds(world, "officer does not see child pupil", now=oslo(TODAY, "09:59"))
    await holds(world, "officer sees child pupil", now=oslo(TODAY, "10:00"))


async def test_a_need_case_holds_24_hours_at_the_most(holds):
    world = with_case(oslo(YESTERDAY, "10:00"), oslo(TODAY, "10:00"))
    await holds(world, "officer sees child pupil", now=oslo(TODAY, "09:59"))
    await holds(world, "officer does not see child pupil", now=oslo(TODAY, "10:00"))


async def test_whoever_left_the_administration_does_not_see_by_a_need_case(holds):
    for until, sees in ((TOMORROW, True), (TODAY, False)):
        world = with_case(oslo(TODAY, "09:00"), oslo(TODAY, "17:00"))
        world.administrators[0].until = until
        await holds(world, f"officer {'sees' if sees else 'does not see'} child pupil")
    world = with_case(oslo(TODAY, "09:00"), oslo(TODAY, "17:00"))
    world.administrators[0].since = TOMORROW
    await holds(world, "officer does not see child pupil")


async def test_a_need_case_of_one_who_is_not_in_the_administration_opens_nothing(holds):
    world = village()
    world.need_case("aunt", "pupil", oslo(TODAY, "09:00"), oslo(TODAY, "17:00"))
    world.need_case("other_leader", "pupil", oslo(TODAY, "09:00"), oslo(TODAY, "17:00"))
    await holds(world, "aunt does not see child pupil", "other_leader does not see child pupil")


async def test_a_need_case_on_a_protected_child_opens_nothing_until_it_is_approved(holds):
    for approver, sees in ((None, False), ("officer", False), ("colleague", True), ("leader", True)):
        world = village()
        world.protect("pupil")
        world.person("colleague")
        world.administrator("colleague")
        world.need_case("officer", "pupil", oslo(TODAY, "09:00"), oslo(TODAY, "17:00"), by=approver)
        word = "sees" if sees else "does not see"
        await holds(world, f"officer {word} child pupil", f"officer {word} child pupil.address")


async def test_a_need_case_is_not_approved_by_whom_a_block_or_kinship_keeps_from_the_child(holds):
    for how in ("blocked today", "blocked yesterday", "kin"):
        world = village()
        world.protect("pupil")
        world.person("colleague")
        world.administrator("colleague")
        if how == "kin":
            world.family("pupil", "colleague", "far", "barn")
        else:
            world.block("colleague", "pupil", LONG_AGO, TODAY if how == "blocked yesterday" else None)
        world.need_case("officer", "pupil", oslo(TODAY, "09:00"), oslo(TODAY, "17:00"), by="colleague")
        word = "sees" if how == "blocked yesterday" else "does not see"
        await holds(world, f"officer {word} child pupil")


# --- SELF ---


async def test_a_pupil_sees_themself_from_the_15th_birthday(holds):
    await holds(aged(15, days=-1), "pupil does not see child pupil", "pupil signs in as nobody")
    await holds(aged(15), "pupil sees child pupil", "pupil is SELF of pupil", "pupil does not see child stranger")


async def test_a_pupil_who_left_sees_themself_and_no_unit(holds):
    world = aged(17)
    for enrolment in world.enrolments:
        enrolment.until = LAST_WEEK
    await holds(world, "pupil sees child pupil", "pupil's pupil.units are none", "mother sees child pupil")


async def test_a_grown_up_who_never_was_a_pupil_is_no_child(holds):
    world = village()
    world.person("teenager", dt.date(2010, 1, 1))
    world.responsible("mother", "teenager")
    await holds(
        world,
        "aunt does not see child aunt",
        "teacher does not see child teacher",
        "teenager sees child teenager",
        "mother sees child teenager",
    )


# --- R1 ---


BLOCKED = ["mother", "teacher", "maths_teacher", "sfo_worker", "leader", "sfo_leader"]


@pytest.mark.parametrize("who", BLOCKED)
async def test_whoever_is_blocked_does_not_see_the_child_nor_a_thread_about_it(holds, who):
    world = with_threads(village())
    world.thread("more", "school", "pupil", oslo(LAST_MONTH), ("mother",), ("maths_teacher",))
    world.block(who, "pupil", TODAY)
    await holds(
        world,
        f"{who} does not see child pupil",
        f"{who}'s threads are none",
        f"{who}'s children are none",
        f"{who}'s pupils are none",
        "father sees child pupil",
    )


async def test_a_block_holds_within_its_days_alone(holds):
    for since, until, sees in (
        (TODAY, None, False),
        (TOMORROW, None, True),
        (LONG_AGO, TOMORROW, False),
        (LONG_AGO, TODAY, True),
    ):
        world = with_threads(village())
        world.block("mother", "pupil", since, until)
        world.block("leader", "pupil", since, until)
        world.block("sfo_leader", "pupil", since, until)
        words = "sees" if sees else "does not see"
        await holds(
            world,
            f"mother {words} child pupil",
            f"leader {words} child pupil",
            f"leader {words} thread talk",
            f"sfo_leader {words} thread afternoon",
        )


async def test_a_blocked_delegate_does_not_see_the_child(holds):
    world = with_aunt()
    world.block("aunt", "pupil")
    await holds(world, "aunt does not see child pupil", "mother sees child pupil")


async def test_a_blocked_officer_does_not_see_the_child(holds):
    world = with_case(oslo(TODAY, "09:00"), oslo(TODAY, "17:00"))
    world.block("officer", "pupil")
    await holds(world, "officer does not see child pupil")


async def test_a_block_on_one_child_leaves_the_sibling(holds):
    world = village()
    world.person("sister", dt.date(2016, 3, 3))
    world.responsible("father", "sister")
    world.block("father", "pupil")
    await holds(world, "father does not see child pupil", "father sees child sister", "mother sees child pupil")


async def test_a_later_reading_of_the_register_does_not_lift_a_block(holds):
    world = village(LAST_WEEK)
    world.today = TODAY
    world.block("father", "pupil", LAST_MONTH)
    world.read_again(YESTERDAY)
    world.document("pupil").responsibilities[1].since = YESTERDAY
    await holds(world, "father does not see child pupil", "mother sees child pupil")


# --- R2 ---


async def test_a_guardian_is_not_staff_to_the_own_child(holds):
    world = with_threads(village())
    world.employ("mother", "school", "LEADER")
    world.member("mother", "3B", "CONTACT_TEACHER", LONG_AGO)
    world.employ("mother", "sfo", "LEADER")
    await holds(
        world,
        "mother is GUARDIAN of pupil",
        "mother is not CONTACT_TEACHER of pupil",
        "mother is not UNIT_LEADER of pupil",
        "mother is not UNIT_STAFF of pupil",
        "mother as employee does not see child pupil",
        "mother as employee does not see thread talk",
        "mother does not see thread sums",
        "mother sees thread talk",
        "mother's pupils are none",
    )


async def test_whoever_was_guardian_is_not_staff_to_the_child(holds):
    world = with_threads(village())
    world.document("pupil").family.clear()
    world.document("pupil").responsibilities[1].until = LAST_WEEK
    world.employ("father", "school", "LEADER")
    await holds(world, "father does not see child pupil", "father does not see thread talk")


async def test_whoever_is_family_by_either_document_is_not_staff_to_the_child(holds):
    for whose, related in (("pupil", "leader"), ("leader", "pupil")):
        world = with_threads(village())
        world.family(whose, related, "soesken", "soesken")
        await holds(world, "leader does not see child pupil", "leader does not see thread talk")


async def test_whoever_the_adults_document_ties_to_the_child_is_not_staff_to_it(holds):
    world = with_threads(village())
    world.document("sfo_leader").responsible_for.append(Responsibility("pupil", "andre", LONG_AGO))
    await holds(world, "sfo_leader does not see child pupil", "sfo_leader does not see thread afternoon")


async def test_an_unclear_entry_of_responsibility_closes_the_staff_relations_too(holds):
    world = village()
    world.responsible("teacher", "pupil", "ukjent")
    await holds(world, "teacher does not see child pupil", "leader sees child pupil")


async def test_whoever_was_registered_as_delegate_is_not_staff_to_the_child(holds):
    world = with_threads(village())
    world.delegate("teacher", "pupil", "sfo", LAST_MONTH, LAST_WEEK)
    world.delegate("sfo_worker", "pupil", "school", LAST_MONTH, LAST_WEEK)
    world.delegate("maths_teacher", "pupil", "sfo", LAST_MONTH, LAST_WEEK)
    await holds(
        world,
        "teacher does not see child pupil",
        "teacher does not see thread talk",
        "sfo_worker does not see child pupil",
        "sfo_worker does not see thread afternoon",
        "maths_teacher does not see thread sums",
        "leader sees thread talk",
    )


async def test_an_officer_who_is_family_does_not_see_by_a_need_case(holds):
    world = with_case(oslo(TODAY, "09:00"), oslo(TODAY, "17:00"))
    world.family("pupil", "officer", "mor", "barn")
    await holds(world, "officer does not see child pupil")


async def test_a_family_relation_gone_from_the_document_still_closes(holds):
    world = village(LAST_WEEK)
    world.today = TODAY
    world.family("pupil", "leader", "far", "barn")
    world.read_again(YESTERDAY)
    world.document("pupil").family = []
    await holds(world, "leader does not see child pupil")


# --- R3 ---


async def test_a_guardian_of_a_protected_child_does_not_see_it_until_confirmed(holds):
    world = with_threads(village())
    world.protect("pupil", since=LAST_WEEK)
    world.confirm("mother", "pupil", YESTERDAY)
    await holds(
        world,
        "mother sees child pupil",
        "father does not see child pupil",
        "father's threads are none",
        "father does not see guardian mother",
        "teacher sees child pupil",
        "leader's pupil.guardians are mother",
    )


async def test_a_confirmation_counts_from_the_day_the_protection_began(holds):
    for since, sees in ((LAST_WEEK - DAY, False), (LAST_WEEK, True), (TODAY, True), (TOMORROW, False)):
        world = village()
        world.protect("pupil", since=LAST_WEEK)
        world.confirm("mother", "pupil", since)
        await holds(world, f"mother {'sees' if sees else 'does not see'} child pupil")


async def test_a_protection_without_a_day_begins_when_it_was_first_known(holds):
    for since, sees in ((YESTERDAY, False), (TODAY, True)):
        world = village()
        world.protect("pupil", since=None)
        world.confirm("mother", "pupil", since)
        await holds(world, f"mother {'sees' if sees else 'does not see'} child pupil")


async def test_a_protection_asks_within_its_days_alone(holds):
    for since, until, sees in (
        (TODAY, None, False),
        (TOMORROW, None, True),
        (LAST_WEEK, TOMORROW, False),
        (LAST_WEEK, TODAY, True),
    ):
        world = village()
        world.protect("pupil", since=since, until=until)
        await holds(world, f"mother {'sees' if sees else 'does not see'} child pupil")


async def test_a_protection_gone_from_a_later_document_asks_no_more(holds):
    world = village(LAST_WEEK)
    world.today = TODAY
    world.protect("pupil", since=LAST_MONTH)
    world.read_again(YESTERDAY)
    world.document("pupil").protections.clear()
    await holds(world, "mother sees child pupil")


async def test_the_protection_of_one_guardian_protects_the_child_from_the_other(holds):
    world = village()
    world.protect("mother", since=LAST_WEEK)
    world.confirm("mother", "pupil", YESTERDAY)
    await holds(world, "mother sees child pupil", "father does not see child pupil")


async def test_the_protection_of_a_former_guardian_elsewhere_does_not_protect_the_child(holds):
    world = village()
    world.document("pupil").responsibilities[1].until = LAST_WEEK
    world.protect("father", since=LAST_MONTH)
    await holds(world, "mother sees child pupil")


async def test_the_protection_of_whoever_lives_with_the_child_protects_it(holds):
    for address, sees in ((HOME, False), (ELSEWHERE, True)):
        world = without_father(village())
        world.lives("aunt", address)
        world.protect("aunt", since=LAST_WEEK)
        await holds(world, f"mother {'sees' if sees else 'does not see'} child pupil")


async def test_protection_begins_on_the_day_a_protected_person_moves_in(holds):
    for since, sees in ((LAST_WEEK - DAY, False), (LAST_WEEK, True)):
        world = village()
        world.lives("aunt", HOME, LAST_WEEK)
        world.protect("aunt", since=LONG_AGO)
        world.confirm("mother", "pupil", since)
        await holds(world, f"mother {'sees' if sees else 'does not see'} child pupil")


@pytest.mark.parametrize("grading", ["klientadresse", "fortrolig", "strengtFortrolig", "noeNytt"])
async def test_a_graded_address_protects_the_child(holds, grading):
    world = village()
    world.document("pupil").residences = [Residence(HOME, LONG_AGO, grading)]
    await holds(world, "mother does not see child pupil", "father does not see child pupil")


@pytest.mark.parametrize(("level", "sees"), [("noeNytt", False), ("strengtFortrolig", False), ("ugradert", True)])
async def test_a_grading_that_is_not_known_protects_the_child_and_ugradert_does_not(holds, level, sees):
    world = village()
    world.protect("pupil", level, LAST_WEEK)
    await holds(world, f"mother {'sees' if sees else 'does not see'} child pupil")


async def test_a_stricter_protection_asks_for_a_new_confirmation(holds):
    for since, sees in ((YESTERDAY - DAY, False), (YESTERDAY, True)):
        world = village()
        world.protect("pupil", "fortrolig", LAST_MONTH)
        world.protect("pupil", "strengtFortrolig", YESTERDAY)
        world.confirm("mother", "pupil", since)
        await holds(world, f"mother {'sees' if sees else 'does not see'} child pupil")


async def test_a_milder_protection_after_a_stricter_one_asks_for_no_new_confirmation(holds):
    world = village()
    world.protect("pupil", "strengtFortrolig", LAST_MONTH, LAST_WEEK)
    world.protect("pupil", "fortrolig", LAST_WEEK)
    world.confirm("mother", "pupil", LAST_MONTH + DAY)
    await holds(world, "mother sees child pupil", "father does not see child pupil")


async def test_a_protection_that_begins_anew_after_a_gap_asks_for_a_new_confirmation(holds):
    world = village()
    world.protect("pupil", "fortrolig", LAST_MONTH, LAST_WEEK - DAY)
    world.protect("pupil", "fortrolig", LAST_WEEK)
    world.confirm("mother", "pupil", LAST_MONTH + DAY)
    world.confirm("father", "pupil", LAST_WEEK)
    await holds(world, "mother does not see child pupil", "father sees child pupil")


async def test_a_delegate_of_a_protected_child_needs_a_confirmation_too(holds):
    for confirmed, sees in (("mother", False), ("mother aunt", True)):
        world = with_aunt()
        world.protect("pupil", since=LAST_WEEK)
        for who in confirmed.split():
            world.confirm(who, "pupil", TODAY)
        await holds(world, f"aunt {'sees' if sees else 'does not see'} child pupil")


async def test_a_delegate_by_consent_of_an_unconfirmed_guardian_does_not_see_the_child(holds):
    world = with_aunt()
    world.protect("pupil", since=LAST_WEEK)
    world.confirm("aunt", "pupil", TODAY)
    await holds(world, "aunt does not see child pupil")


async def test_a_confirmation_of_one_is_no_confirmation_of_another_nor_for_another_child(holds):
    world = village()
    world.protect("pupil", since=LAST_WEEK)
    world.confirm("father", "stranger", TODAY)
    world.confirm("aunt", "pupil", TODAY)
    await holds(world, "father does not see child pupil", "aunt does not see child pupil")


async def test_an_unclear_holder_who_is_protected_protects_the_child_while_the_entry_is_current(holds):
    for current, sees in ((True, False), (False, True)):
        world = village()
        world.responsible("aunt", "pupil", "ukjent", current=current)
        world.protect("aunt", since=LAST_WEEK)
        await holds(world, f"mother {'sees' if sees else 'does not see'} child pupil")


# --- R4 ---


@pytest.mark.parametrize("kind", ["ukjent", None, "nyttAnsvar"])
async def test_a_responsibility_of_an_unknown_kind_opens_nothing(holds, kind):
    world = without_father(village())
    world.responsible("aunt", "pupil", kind)
    await holds(world, "aunt does not see child pupil", "mother sees child pupil")
    await holds(world, "leader sees child pupil.responsibilities")


@pytest.mark.parametrize("current", [False, None])
async def test_a_responsibility_that_is_not_current_opens_nothing(holds, current):
    world = without_father(village())
    world.responsible("aunt", "pupil", "andre", current=current)
    await holds(world, "aunt does not see child pupil", "leader sees child pupil.responsibilities")


async def test_an_organisation_or_an_unidentified_holder_opens_nothing(holds):
    world = village()
    world.responsible(None, "pupil", "andre", organisation="974761076")
    world.responsible(None, "pupil", "andre", unidentified=world.people["aunt"].name)
    await holds(world, "aunt does not see child pupil", "mother sees child pupil", "leader's pupil.guardians are "
                + ", ".join(sorted(("mother", "father"), key=lambda who: world.people[who].name)))  # fmt: skip


# --- T1 to T6 ---


async def test_a_guardian_sees_the_own_threads_and_not_the_other_guardians(holds):
    await holds(
        with_threads(village()),
        "mother's threads are afternoon, talk",
        "father's threads are sums",
        "mother does not see thread sums",
        "mother does not see message sums1",
        "mother as employee does not see thread talk",
        "neighbour's threads are none",
    )


async def test_a_guardian_who_lost_responsibility_does_not_see_the_thread(holds):
    for until, sees in ((TOMORROW, True), (TODAY, False)):
        world = with_threads(village())
        world.document("pupil").responsibilities[0].until = until
        await holds(world, f"mother {'sees' if sees else 'does not see'} thread talk")


async def test_a_guardian_who_was_named_on_the_staff_side_does_not_see_the_thread(holds):
    world = with_threads(village())
    world.thread("meeting", "school", "pupil", oslo(LAST_WEEK), ("father",), ("mother", "teacher"))
    world.message("meeting1", "meeting", "teacher", oslo(LAST_WEEK, "13:00"))
    await holds(world, "mother does not see thread meeting", "father sees thread meeting")


async def test_a_delegate_sees_own_threads_at_the_own_unit_alone(holds):
    world = with_aunt()
    world.thread("pickup", "sfo", "pupil", oslo(LAST_WEEK), ("aunt",), ("sfo_worker",))
    world.message("pickup1", "pickup", "aunt", oslo(LAST_WEEK, "13:00"))
    world.thread("lesson", "school", "pupil", oslo(LAST_WEEK, "14:00"), ("aunt",), ("teacher",))
    await holds(
        world,
        "aunt's threads are pickup",
        "mother does not see thread pickup",
        "sfo_leader sees thread pickup",
        "aunt as employee does not see thread pickup",
    )


async def test_a_delegate_whose_time_at_one_unit_is_over_sees_the_threads_of_the_other(holds):
    world = with_threads(with_aunt())
    world.delegate("aunt", "pupil", "school", until=LAST_WEEK)
    world.consent("mother", "pupil", "aunt", "school")
    world.thread("pickup", "sfo", "pupil", oslo(LAST_MONTH), ("aunt",), ("sfo_worker",))
    world.thread("lesson", "school", "pupil", oslo(LAST_MONTH), ("aunt",), ("teacher",))
    await holds(world, "aunt's threads are pickup", "aunt does not see thread lesson", "teacher sees thread lesson")


async def test_whoever_took_part_on_the_other_side_does_not_see_the_thread(holds):
    world = with_threads(village())
    world.thread("lesson", "school", "pupil", oslo(LAST_MONTH), ("mother", "maths_teacher"), ("teacher",))
    world.positions = [one for one in world.positions if one.person != "sfo_worker"]
    world.employ("sfo_worker", "sfo", "STAFF", until=LAST_WEEK)
    world.delegate("sfo_worker", "pupil", "sfo", LAST_WEEK)
    world.consent("mother", "pupil", "sfo_worker", "sfo", LAST_WEEK)
    world.thread("pickup", "sfo", "pupil", oslo(YESTERDAY), ("sfo_worker",))
    await holds(
        world,
        "maths_teacher's threads are sums",
        "sfo_worker is DELEGATE of pupil",
        "sfo_worker's threads are pickup",
        "sfo_worker does not see message afternoon1",
    )


async def test_a_subject_teacher_sees_the_threads_they_take_part_in(holds):
    await holds(
        with_threads(village()),
        "maths_teacher's threads are sums",
        "assistant's threads are none",
        "maths_teacher does not see thread talk",
    )


async def test_a_subject_teacher_who_lost_the_pupil_loses_the_history(holds):
    world = with_threads(village())
    for member in world.memberships:
        if member.person == "maths_teacher":
            member.until = TODAY
    await holds(world, "maths_teacher does not see thread sums", "maths_teacher does not see message sums1")


async def test_a_contact_teacher_sees_every_thread_about_the_pupil_at_the_school(holds):
    world = with_threads(village())
    world.memberships = [
        replace(member, since=YESTERDAY) if member.person == "teacher" else member for member in world.memberships
    ]
    await holds(
        world,
        "teacher's threads are talk, sums",
        "teacher sees message sums1",
        "teacher does not see thread afternoon",
        "teacher finds 3 messages in talk",
    )


async def test_a_contact_teacher_who_lost_the_class_loses_own_messages_too(holds):
    world = with_threads(village())
    for member in world.memberships:
        if member.person == "teacher":
            member.until = TODAY
    await holds(world, "teacher's threads are none", "teacher does not see message talk2")


async def test_a_school_leader_sees_all_threads_of_the_school_also_about_leavers(holds):
    world = with_threads(village())
    world.enrolments[0].until = LAST_WEEK
    world.thread("far", "other_school", "stranger", oslo(LAST_WEEK), ("neighbour",))
    await holds(
        world,
        "leader's threads are talk, sums",
        "leader does not see thread afternoon",
        "leader does not see thread far",
        "teacher's threads are none",
        "other_leader's threads are far",
    )


async def test_a_former_school_leader_does_not_see_the_threads(holds):
    for until, sees in ((TOMORROW, True), (TODAY, False)):
        world = with_threads(village())
        for held in world.positions:
            if held.person == "leader":
                held.until = until
        await holds(world, f"leader {'sees' if sees else 'does not see'} thread talk")


async def test_school_staff_who_do_not_lead_do_not_see_the_schools_threads(holds):
    world = with_threads(village())
    world.person("colleague")
    world.employ("colleague", "school", "TEACHER")
    await holds(world, "colleague's threads are none", "colleague sees staff teacher")


async def test_sfo_staff_see_all_threads_of_the_sfo_also_about_leavers(holds):
    world = with_threads(village())
    world.enrolments[1].until = LAST_WEEK
    await holds(
        world,
        "sfo_worker's threads are afternoon",
        "sfo_leader's threads are afternoon",
        "sfo_worker sees child pupil",
        "sfo_worker is not UNIT_STAFF of pupil",
        "sfo_worker does not see child pupil.birthDate",
        "sfo_worker's pupil.units are none",
        "sfo_worker does not see thread talk",
        "kindergarten_worker's threads are none",
    )


async def test_former_sfo_staff_do_not_see_the_threads(holds):
    for until, sees in ((TOMORROW, True), (TODAY, False)):
        world = with_threads(village())
        for held in world.positions:
            if held.person in ("sfo_worker", "sfo_leader"):
                held.until = until
        words = "sees" if sees else "does not see"
        await holds(world, f"sfo_worker {words} thread afternoon", f"sfo_leader {words} thread afternoon")


async def test_kindergarten_staff_see_all_threads_of_the_kindergarten(holds):
    world = village()
    world.person("toddler", dt.date(2023, 4, 4))
    world.responsible("mother", "toddler")
    world.enrol("toddler", "kindergarten", LONG_AGO, LAST_WEEK)
    world.thread("nap", "kindergarten", "toddler", oslo(LAST_MONTH), ("mother",))
    world.message("nap1", "nap", "mother", oslo(LAST_MONTH, "13:00"))
    await holds(
        world,
        "kindergarten_worker's threads are nap",
        "sfo_worker's threads are none",
        "leader's threads are none",
        "mother's threads are nap",
    )


async def test_the_administration_does_not_see_that_there_is_a_thread(holds):
    world = with_threads(with_case(oslo(TODAY, "09:00"), oslo(TODAY, "17:00")))
    await holds(world, "officer sees child pupil", "officer's threads are none", "officer does not see message talk1")


async def test_the_pupil_does_not_see_the_threads_about_themself(holds):
    await holds(with_threads(aged(16)), "pupil sees child pupil", "pupil's threads are none")


# --- T7 ---


async def test_a_guardian_reads_the_messages_of_the_days_on_which_the_relation_held(holds):
    world = with_threads(without_father(village()))
    world.responsible("father", "pupil", "far", LONG_AGO, LAST_MONTH + 2 * DAY)
    world.responsible("father", "pupil", "felles", LAST_WEEK)
    world.message("sums1b", "sums", "maths_teacher", oslo(LAST_MONTH + DAY, "23:59"))
    world.message("sums1c", "sums", "maths_teacher", oslo(LAST_MONTH + 2 * DAY, "00:00"))
    world.message("sums1d", "sums", "maths_teacher", oslo(LAST_WEEK - DAY, "23:59"))
    world.message("sums1e", "sums", "maths_teacher", oslo(LAST_WEEK, "00:00"))
    await holds(
        world,
        "father sees message sums1",
        "father sees message sums1b",
        "father does not see message sums1c",
        "father does not see message sums1d",
        "father sees message sums1e",
        "father finds 4 messages in sums",
        "teacher finds 6 messages in sums",
    )


async def test_a_guardian_does_not_read_the_messages_of_the_days_of_a_block(holds):
    world = with_threads(village())
    world.block("mother", "pupil", LAST_MONTH + DAY, LAST_MONTH + 2 * DAY)
    await holds(
        world,
        "mother sees message talk1",
        "mother does not see message talk2",
        "mother sees message talk3",
    )


async def test_a_guardian_of_two_children_reads_of_each_the_messages_of_its_own_days(holds):
    world = with_threads(village())
    world.person("brother", dt.date(2016, 5, 5))
    world.enrol("brother", "school", LONG_AGO)
    world.responsible("mother", "brother")
    world.thread("other", "school", "brother", oslo(LAST_MONTH, "09:00"), ("mother",), ("teacher",))
    world.block("mother", "pupil", LAST_MONTH + DAY, LAST_MONTH + 2 * DAY)
    world.block("mother", "brother", LAST_WEEK, LAST_WEEK + DAY)
    for handle, thread, day in (("other1", "other", LAST_MONTH + DAY), ("other2", "other", LAST_WEEK),
                                ("talk4", "talk", LAST_WEEK)):  # fmt: skip
        world.message(handle, thread, "teacher", oslo(day, "10:00"))
    await holds(
        world,
        "mother does not see message talk2",
        "mother sees message talk4",
        "mother sees message other1",
        "mother does not see message other2",
    )


async def test_a_guardian_does_not_read_the_messages_of_the_days_before_a_confirmation(holds):
    world = with_threads(village())
    world.protect("pupil", since=LAST_MONTH + DAY)
    world.confirm("mother", "pupil", YESTERDAY)
    await holds(
        world,
        "mother sees message talk1",
        "mother does not see message talk2",
        "mother does not see message talk3",
        "mother finds 1 messages in talk",
        "mother finds 2 messages in afternoon",
    )


async def test_a_delegate_does_not_read_the_messages_of_the_days_without_consent(holds):
    world = with_aunt(since=LAST_MONTH, until=LAST_WEEK)
    world.consent("father", "pupil", "aunt", "sfo", YESTERDAY)
    world.thread("pickup", "sfo", "pupil", oslo(LAST_MONTH), ("aunt",), ("sfo_worker",))
    world.message("before", "pickup", "aunt", oslo(LAST_MONTH, "13:00"))
    world.message("between", "pickup", "sfo_worker", oslo(LAST_WEEK, "13:00"))
    world.message("after", "pickup", "sfo_worker", oslo(YESTERDAY, "13:00"))
    await holds(
        world,
        "aunt sees message before",
        "aunt does not see message between",
        "aunt sees message after",
        "sfo_worker finds 3 messages in pickup",
    )


@pytest.mark.parametrize("longer", [("pupil", "school"), ("brother", "sfo")], ids=["units", "children"])
async def test_a_delegate_of_two_reads_of_each_the_messages_of_its_own_days(holds, longer):
    child, unit = longer
    world = with_aunt(since=LAST_WEEK)
    world.person("brother", TODAY.replace(year=TODAY.year - 7))
    world.responsible("mother", "brother")
    world.enrol("brother", "sfo", LONG_AGO)
    world.delegate("aunt", child, unit)
    world.consent("mother", child, "aunt", unit)
    world.thread("pickup", "sfo", "pupil", oslo(LAST_MONTH), ("aunt",), ("sfo_worker",))
    world.message("before", "pickup", "sfo_worker", oslo(LAST_MONTH, "13:00"))
    world.message("after", "pickup", "sfo_worker", oslo(YESTERDAY, "13:00"))
    await holds(world, f"aunt is DELEGATE of {child}", "aunt sees message after", "aunt does not see message before")


async def test_a_subject_teacher_reads_the_messages_since_they_became_a_participant(holds):
    world = with_threads(village())
    world.message("sums3", "sums", "assistant", oslo(YESTERDAY, "08:00"))
    world.message("sums4", "sums", "father", oslo(YESTERDAY, "09:00"))
    await holds(
        world,
        "assistant sees thread sums",
        "assistant does not see message sums1",
        "assistant does not see message sums2",
        "assistant sees message sums3",
        "assistant finds 2 messages in sums",
        "maths_teacher finds 4 messages in sums",
    )


async def test_the_latest_message_is_the_latest_that_is_seen(holds):
    world = with_threads(village())
    world.block("mother", "pupil", TODAY - 2 * DAY, TODAY)
    await holds(world, "mother finds 2 messages in talk", "mother does not see message talk3")
    await holds(world, "leader sees message talk3")


async def test_a_thread_without_a_message_that_is_seen_is_seen_all_the_same(holds):
    world = with_threads(village())
    world.block("mother", "pupil", LAST_MONTH, TODAY)
    await holds(world, "mother sees thread talk", "mother finds 0 messages in talk")


async def test_unread_counts_what_was_written_by_others_after_the_pointer(holds):
    world = with_threads(village())
    world.read("talk", "teacher", "talk2", oslo(LAST_WEEK))
    world.read("talk", "leader", "talk3", oslo(YESTERDAY))
    await holds(
        world,
        "teacher has 1 unread in talk",
        "leader has 0 unread in talk",
        "leader has 2 unread in sums",
        "mother has 1 unread in talk",
        "mother has 1 unread in afternoon",
        "maths_teacher has 1 unread in sums",
        "sfo_leader has 2 unread in afternoon",
    )


async def test_unread_of_a_new_viewer_begins_with_the_relation(holds):
    world = with_threads(village())
    for member in world.memberships:
        if member.person == "teacher":
            member.since = TODAY - 2 * DAY
    for held in world.positions:
        if held.person == "sfo_leader":
            held.since = YESTERDAY
    await holds(
        world,
        "teacher has 1 unread in talk",
        "teacher has 0 unread in sums",
        "teacher finds 2 messages in sums",
        "sfo_leader has 1 unread in afternoon",
        "sfo_worker has 1 unread in afternoon",
    )


# --- T8, T9 ---


async def test_a_joint_thread_is_seen_by_each_guardian_who_was_named(holds):
    world = with_threads(village())
    world.thread("both", "school", "pupil", oslo(LAST_WEEK), ("mother", "father"), ("teacher",), joint=True)
    world.message("both1", "both", "father", oslo(LAST_WEEK, "13:00"))
    await holds(
        world, "mother sees message both1", "father sees message both1", "mother sees guardian father",
        "mother does not see guardian father.contact",
    )  # fmt: skip


async def test_a_retracted_message_keeps_its_place_and_its_body_is_gone_for_everyone(holds):
    world = with_threads(village())
    world.message("oops", "talk", "teacher", oslo(YESTERDAY), retracted=True)
    await holds(
        world,
        "mother sees message oops",
        "mother does not see message oops.body",
        "teacher does not see message oops.body",
        "leader does not see message oops.body",
        "mother sees message talk2.body",
    )


# --- C2 ---


async def test_each_relation_opens_its_own_columns(holds):
    world = with_aunt()
    world.need_case("officer", "pupil", oslo(TODAY, "09:00"), oslo(TODAY, "17:00"))
    columns = {
        "mother": "birthDate nationalId address guardians",
        "father": "birthDate nationalId guardians",
        "aunt": "",
        "teacher": "birthDate address guardians",
        "maths_teacher": "birthDate guardians",
        "assistant": "birthDate guardians",
        "sfo_worker": "birthDate address guardians",
        "leader": "birthDate nationalId address guardians responsibilities",
        "sfo_leader": "birthDate nationalId address guardians responsibilities",
        "officer": "birthDate nationalId address guardians responsibilities",
    }
    told = [
        f"{who} {'sees' if column in opened.split() else 'does not see'} child pupil.{column}"
        for who, opened in columns.items()
        for column in ("birthDate", "nationalId", "address", "guardians", "responsibilities")
    ]
    await holds(world, *told)


async def test_a_pupil_opens_the_own_columns(holds):
    await holds(
        aged(16),
        "pupil sees child pupil.birthDate",
        "pupil sees child pupil.nationalId",
        "pupil sees child pupil.address",
        "pupil sees child pupil.guardians",
        "pupil does not see child pupil.responsibilities",
        "pupil does not see guardian mother.contact",
        "pupil's pupil.units are sfo, school",
    )


async def test_contact_details_are_open_to_those_who_may_call(holds):
    world = with_aunt()
    world.need_case("officer", "pupil", oslo(TODAY, "09:00"), oslo(TODAY, "17:00"))
    await holds(
        world,
        "mother sees guardian mother.contact",
        "mother does not see guardian father.contact",
        "teacher sees guardian mother.contact",
        "sfo_worker sees guardian father.contact",
        "leader sees guardian mother.contact",
        "officer sees guardian mother.contact",
        "maths_teacher sees guardian mother",
        "maths_teacher does not see guardian mother.contact",
        "aunt sees guardian mother",
        "aunt does not see guardian mother.contact",
        "aunt's mother.children are none",
    )


async def test_units_and_groups_of_a_child_are_open_at_the_own_unit_or_all(holds):
    world = with_aunt()
    world.member("pupil", "foxes", since=LONG_AGO)
    await holds(
        world,
        "mother's pupil.units are sfo, school",
        "leader's pupil.units are sfo, school",
        "teacher's pupil.units are school",
        "maths_teacher's pupil.units are school",
        "sfo_worker's pupil.units are sfo",
        "aunt's pupil.units are sfo",
        "mother's pupil.groups are 3B, maths, foxes",
        "teacher's pupil.groups are 3B, maths",
        "sfo_worker's pupil.groups are foxes",
        "aunt's pupil.groups are foxes",
        "leader's pupil.groups are 3B, maths, foxes",
    )


async def test_a_guardian_sees_the_address_only_where_both_are_registered(holds):
    world = village()
    world.lives("father", HOME)
    world.lives("mother", None)
    await holds(world, "father sees child pupil.address", "mother does not see child pupil.address")


async def test_two_whose_address_is_not_known_do_not_live_together(holds):
    world = village()
    for who in ("pupil", "mother"):
        world.lives(who, None)
    await holds(world, "mother does not see child pupil.address", "leader does not see child pupil.address")


# --- C4 ---


@pytest.mark.parametrize("protected", ["pupil", "mother"])
async def test_a_confidential_address_is_open_to_leaders_and_case_workers_alone(holds, protected):
    world = village()
    world.protect(protected, "fortrolig", LAST_WEEK)
    for guardian in ("mother", "father"):
        world.confirm(guardian, "pupil", TODAY)
    await holds(
        world,
        "mother sees child pupil",
        "mother does not see child pupil.address",
        "teacher does not see child pupil.address",
        "sfo_worker does not see child pupil.address",
        "leader sees child pupil.address",
        "leader sees child pupil.birthDate",
    )


async def test_a_strictly_confidential_address_is_open_to_no_one(holds):
    world = village()
    world.protect("pupil", "strengtFortrolig", LAST_WEEK)
    await holds(
        world,
        "leader sees child pupil",
        "leader does not see child pupil.address",
        "sfo_leader does not see child pupil.address",
        "leader sees child pupil.nationalId",
    )


async def test_a_client_address_is_open_to_leaders_alone(holds):
    world = village()
    world.document("mother").residences = [Residence(HOME, LONG_AGO, "klientadresse")]
    await holds(world, "teacher does not see child pupil.address", "leader sees child pupil.address")


async def test_contact_details_of_a_protected_guardian_are_open_to_leaders_alone(holds):
    world = village()
    world.protect("father", "fortrolig", LAST_WEEK)
    for guardian in ("mother", "father"):
        world.confirm(guardian, "pupil", TODAY)
    await holds(
        world,
        "teacher does not see guardian father.contact",
        "sfo_worker does not see guardian father.contact",
        "leader sees guardian father.contact",
        "father does not see guardian father.contact",
        "teacher sees guardian mother.contact",
    )


async def test_contact_details_of_a_strictly_protected_guardian_are_open_to_no_one(holds):
    world = village()
    world.protect("father", "strengtFortrolig", LAST_WEEK)
    world.confirm("father", "pupil", TODAY)
    await holds(
        world,
        "leader sees guardian father",
        "leader does not see guardian father.contact",
        "leader does not see guardian mother",
    )


# --- C5, C6 ---


async def test_a_guardian_learns_nothing_of_the_other_guardian_but_the_name(holds):
    world = village()
    world.person("half_sister", dt.date(2015, 1, 2))
    world.responsible("father", "half_sister")
    world.enrol("half_sister", "school")
    await holds(
        world,
        "mother sees guardian father",
        "mother does not see guardian father.contact",
        "mother does not see child half_sister",
        "mother's father.children are pupil",
        "father's father.children are " + ", ".join(
            sorted(("pupil", "half_sister"), key=lambda who: world.people[who].name)),
    )  # fmt: skip


def left_last_week() -> World:
    """The pupil left the school last week, and has moved since."""
    world = with_threads(village(LAST_MONTH))
    world.today = TODAY
    world.enrolments[0].until = LAST_WEEK
    world.thread("kept", "school", "pupil", oslo(LAST_MONTH), ("mother",))
    world.read_again(YESTERDAY)
    world.lives("pupil", ELSEWHERE, YESTERDAY)
    return world


async def test_a_leader_whom_a_child_has_left_opens_what_was_so_on_the_last_day(holds):
    world = left_last_week()
    await holds(
        world,
        "leader sees child pupil",
        "leader is UNIT_LEADER of pupil",
        "leader sees child pupil.birthDate",
        "leader sees child pupil.address",
        "leader does not see child pupil.nationalId",
        "leader does not see child pupil.guardians",
        "leader does not see child pupil.responsibilities",
        "leader's pupil.units are school",
        "leader's pupil.groups are 3B, maths",
        "leader's pupils are none",
        "leader's school.children are none",
        "sfo_leader's pupil.units are sfo",
    )


async def test_a_leader_whom_a_child_has_left_does_not_see_its_guardians(holds):
    world = left_last_week()
    world.threads = {}
    world.messages = {}
    await holds(world, "leader does not see guardian mother", "sfo_leader sees guardian mother")


async def test_a_leader_whom_a_child_will_leave_tomorrow_opens_everything(holds):
    world = village()
    world.enrolments[0].until = TOMORROW
    await holds(world, "leader sees child pupil.guardians", "leader's pupils are pupil")


async def test_a_leader_whom_a_child_has_left_does_not_see_an_address_that_is_strictly_confidential_since(holds):
    child_protected = left_last_week()
    child_protected.document("pupil").residences = child_protected.readings[0].documents["pupil"].residences
    child_protected.protect("pupil", "strengtFortrolig", YESTERDAY)
    await holds(child_protected, "leader does not see child pupil.address")
    resident_protected = left_last_week()
    resident_protected.lives("aunt", HOME, YESTERDAY)
    resident_protected.protect("aunt", "strengtFortrolig", YESTERDAY)
    await holds(resident_protected, "leader does not see child pupil.address")
    elsewhere_protected = left_last_week()
    elsewhere_protected.protect("father", "strengtFortrolig", YESTERDAY)
    await holds(elsewhere_protected, "leader sees child pupil.address")


async def test_a_leader_whom_a_child_has_left_does_not_see_a_group_that_it_joined_since(holds):
    world = left_last_week()
    world.group("3C", "school")
    world.member("pupil", "3C", since=YESTERDAY)
    await holds(world, "leader's pupil.groups are 3B, maths")


# --- C7, C8 ---


async def test_whoever_sees_a_thread_sees_its_child_and_participants_by_name(holds):
    world = with_threads(village())
    world.enrolments[1].until = LAST_WEEK
    world.document("pupil").responsibilities[0].until = YESTERDAY
    await holds(
        world,
        "sfo_worker sees adult mother",
        "sfo_worker does not see guardian mother",
        "sfo_worker does not see guardian father",
        "sfo_worker sees child pupil",
        "sfo_worker does not see child pupil.guardians",
        "leader sees adult mother",
        "leader sees guardian father",
    )


async def test_staff_who_are_guardians_too_are_seen_in_a_unit_sides_thread_as_staff_alone(holds):
    world = with_threads(village())
    world.responsible("sfo_worker", "pupil")
    world.person("colleague")
    world.employ("colleague", "sfo", "STAFF")
    world.enrolments[1].until = LAST_WEEK
    await holds(
        world,
        "colleague sees thread afternoon",
        "colleague sees staff sfo_worker",
        "colleague does not see guardian sfo_worker",
        "colleague does not see adult sfo_worker",
        "sfo_leader does not see guardian sfo_worker",
        "mother sees guardian sfo_worker",
    )


async def test_a_participant_who_left_the_school_is_seen_by_name_without_positions(holds):
    world = with_threads(village())
    for held in world.positions:
        if held.person == "teacher":
            held.until = TODAY
    await holds(
        world,
        "mother sees staff teacher",
        "mother's teacher.positions are none",
        "father does not see staff teacher",
        "mother's leader.positions are school_LEADER",
    )


async def test_staff_are_seen_by_colleagues_and_by_whoever_has_to_do_with_a_child_there(holds):
    world = village()
    await holds(
        world,
        "teacher sees staff leader",
        "teacher does not see staff sfo_worker",
        "leader sees staff sfo_worker",
        "mother sees staff teacher",
        "mother sees staff sfo_worker",
        "mother does not see staff other_leader",
        "aunt does not see staff teacher",
        "officer does not see staff teacher",
        "neighbour does not see staff teacher",
        "aunt's school.staff are none",
        "teacher's teacher.positions are school_TEACHER",
    )


async def test_positions_are_told_at_the_units_by_which_a_colleague_is_visible(holds):
    world = village()
    world.employ("teacher", "other_school", "TEACHER")
    await holds(
        world,
        "leader's teacher.positions are school_TEACHER",
        "neighbour's teacher.positions are other_school_TEACHER",
        "teacher's teacher.positions are school_TEACHER, other_school_TEACHER",
    )


async def test_units_are_seen_by_everyone_and_groups_by_those_who_have_to_do_with_them(holds):
    await holds(
        village(),
        "aunt sees unit school",
        "neighbour sees unit kindergarten",
        "aunt does not see group 3B",
        "neighbour does not see group 3B",
        "mother sees group 3B",
        "mother does not see group 5A",
        "mother does not see group foxes",
        "teacher sees group maths",
        "sfo_worker sees group foxes",
        "sfo_worker does not see group 3B",
        "aunt's school.groups are none",
    )


async def test_a_delegate_does_not_see_the_groups_of_another_unit(holds):
    world = with_aunt()
    world.member("pupil", "foxes", since=LONG_AGO)
    await holds(world, "aunt sees group foxes", "aunt does not see group 3B")


async def test_a_guardian_finds_in_a_class_the_own_child_alone(holds):
    world = village()
    world.person("classmate", dt.date(2018, 9, 9))
    world.enrol("classmate", "school")
    world.member("classmate", "3B")
    await holds(
        world,
        "mother's 3B.children are pupil",
        "mother's school.children are pupil",
        "mother does not see child classmate",
    )


async def test_a_teacher_finds_at_the_sfo_no_child_though_it_goes_there(holds):
    world = village()
    world.employ("teacher", "sfo", "STAFF", LONG_AGO, LAST_WEEK)
    await holds(world, "teacher's sfo.children are none", "teacher's school.children are pupil")


async def test_staff_are_seen_within_the_days_of_their_employment(holds):
    world = village()
    world.person("colleague")
    world.employ("colleague", "school", "TEACHER", **BEGINS_AND_ENDS)
    for who in ("teacher", "mother"):
        await holds_from_today_to_tomorrow(holds, world, who, "staff colleague")


async def test_whoever_works_with_the_child_is_seen_while_the_child_goes_there(holds):
    world = village()
    world.enrolments[1] = replace(world.enrolments[1], **BEGINS_AND_ENDS)
    await holds_from_today_to_tomorrow(holds, world, "mother", "staff sfo_worker")


async def test_colleagues_are_seen_within_the_days_of_ones_own_employment(holds):
    world = village()
    world.person("colleague")
    world.employ("colleague", "school", "TEACHER", **BEGINS_AND_ENDS)
    await holds_from_today_to_tomorrow(holds, world, "colleague", "staff teacher")
    await holds_from_today_to_tomorrow(holds, world, "colleague", "group 3B")


async def test_a_group_is_seen_while_the_child_belongs_to_it(holds):
    world = village()
    world.memberships[1] = replace(world.memberships[1], **BEGINS_AND_ENDS)
    await holds_from_today_to_tomorrow(holds, world, "mother", "group maths")


async def test_a_teacher_is_among_the_staff_of_a_group_within_the_days_of_the_role(holds):
    world = village()
    world.person("colleague")
    world.employ("colleague", "school", "TEACHER", LONG_AGO)
    world.member("colleague", "3B", "SUBJECT_TEACHER", **BEGINS_AND_ENDS)
    world.person("visitor")
    world.member("visitor", "3B", "CONTACT_TEACHER", LONG_AGO)
    for day, listed in ((YESTERDAY, False), (TODAY, True), (TOMORROW, True), (TOMORROW + DAY, False)):
        staff = ["teacher", "assistant", *(["colleague"] if listed else [])]
        told = ", ".join(sorted(staff, key=lambda who: name_order(world.people[who].name)))
        await holds(world, f"mother's 3B.staff are {told}", f"leader's 3B.staff are {told}", now=oslo(day))


async def test_a_blocked_or_unconfirmed_guardian_is_not_among_the_guardians(holds):
    world = village()
    world.block("father", "pupil", TODAY)
    await holds(world, "leader does not see guardian father", "mother's pupil.guardians are mother")
    unconfirmed = village()
    unconfirmed.protect("pupil", since=TODAY)
    unconfirmed.confirm("mother", "pupil", TODAY)
    await holds(unconfirmed, "leader's pupil.guardians are mother", "teacher does not see guardian father")


async def test_an_address_is_protected_within_the_days_of_the_protection(holds):
    world = village()
    world.protect("pupil", "fortrolig", **BEGINS_AND_ENDS)
    for day, sees in ((YESTERDAY, True), (TODAY, False), (TOMORROW, False), (TOMORROW + DAY, True)):
        await holds(world, f"teacher {'sees' if sees else 'does not see'} child pupil.address", now=oslo(day))


async def test_an_address_is_not_protected_by_one_who_moved_away(holds):
    world = village(LAST_WEEK)
    world.today = TODAY
    world.lives("aunt", HOME, LAST_MONTH)
    world.protect("aunt", "fortrolig", LAST_MONTH)
    world.read_again(YESTERDAY)
    world.lives("aunt", ELSEWHERE, YESTERDAY)
    await holds(world, "teacher sees child pupil.address", "father sees child pupil")
    await holds(world, "teacher does not see child pupil.address", now=oslo(YESTERDAY - DAY))


async def test_contact_details_are_protected_within_the_days_of_the_protection(holds):
    world = village()
    world.protect("father", "fortrolig", **BEGINS_AND_ENDS)
    for guardian in ("mother", "father"):
        world.confirm(guardian, "pupil", TODAY)
    for day, sees in ((YESTERDAY, True), (TODAY, False), (TOMORROW + DAY, True)):
        await holds(world, f"teacher {'sees' if sees else 'does not see'} guardian father.contact", now=oslo(day))


async def test_a_guardian_sees_the_address_while_living_there(holds):
    world = village(LAST_WEEK)
    world.today = TODAY
    world.read_again(YESTERDAY)
    world.lives("mother", ELSEWHERE, YESTERDAY)
    world.lives("father", HOME, YESTERDAY)
    await holds(world, "mother does not see child pupil.address", "father sees child pupil.address")


async def test_the_responsibility_of_a_protected_person_protects_within_its_days(holds):
    world = without_father(village())
    world.responsible("aunt", "pupil", "andre", **BEGINS_AND_ENDS)
    world.protect("aunt", "fortrolig", LONG_AGO)
    for day, sees in ((YESTERDAY, True), (TODAY, False), (TOMORROW, False), (TOMORROW + DAY, True)):
        await holds(world, f"mother {'sees' if sees else 'does not see'} child pupil", now=oslo(day))


async def test_who_has_read_is_told_of_the_other_side_and_of_oneself(holds):
    world = with_threads(village())
    sides = ("mother", "father"), ("teacher", "maths_teacher")
    world.thread("both", "school", "pupil", oslo(LAST_WEEK), *sides, joint=True)
    world.message("both1", "both", "father", oslo(LAST_WEEK, "13:00"))
    for who in (*sides[0], *sides[1]):
        world.read("both", who, "both1", oslo(YESTERDAY))
    await holds(
        world,
        "mother sees when mother read both",
        "mother sees when teacher read both",
        "mother does not see when father read both",
        "teacher sees when teacher read both",
        "teacher sees when father read both",
        "teacher does not see when maths_teacher read both",
        "leader sees when mother read both",
        "leader does not see when teacher read both",
    )


async def test_a_name_is_the_registers_and_else_the_rosters(holds):
    world = village()
    world.people["teacher"].roster_name = (world.people["teacher"].given, "Gammelnavn")
    world.people["officer"].roster_name = ("Ny", "Ås")
    world.people["mother"].middle = "Ørn"
    world.employ("officer", "school", "TEACHER")
    await holds(world, "leader sees staff teacher", "leader sees staff officer", "leader sees guardian mother")


async def test_names_stand_in_norwegian_order(holds):
    world = village()
    names = [
        ("Ås", "Å"),
        ("Ærlig", "Rev"),
        ("Øde", "Elv"),
        ("Åpen", "Elv"),
        ("aker", "Elv"),
        ("Zorro", "Ås"),
        ("Éva", "Ås"),
    ]
    for index, name in enumerate(names):
        child = world.person(f"child{index}", dt.date(2018, 1, 1 + index), name=name)
        world.enrol(child, "school")
        world.member(child, "3B")
    await holds(world, "teacher's pupils are child4, child6, pupil, child5, child1, child2, child3, child0")


async def test_nothing_crosses_from_one_municipality_to_another(place):
    here, there = await place.load(with_threads(village())), await place.load(with_threads(village()))
    for who in ("mother", "teacher", "leader"):
        given = await place.ask(
            Statements(there.world).view(who, "both"),
            "query Other($ids: [ID!]!) { nodes(ids: $ids) { id } }",
            {"ids": list(here.ids.values())},
        )
        assert given.data["nodes"] == [None] * len(here.ids)


async def test_whoever_is_unknown_sees_the_units_and_nothing_else(place):
    loaded = await place.load(with_threads(village()))
    view = Statements(loaded.world).view("aunt", "both")
    loaded.world.people["aunt"].number = synthetic_number(dt.date(1991, 1, 1), 7)
    given = await place.ask(
        view,
        "query Stranger($ids: [ID!]!) { viewer { person { id } children { id } threads { totalCount } } "
        "nodes(ids: $ids) { __typename } }",
        {"ids": list(loaded.ids.values())},
    )
    assert given.data["viewer"] == {"person": None, "children": [], "threads": {"totalCount": 0}}
    assert {node["__typename"] for node in given.data["nodes"] if node} == {"Unit"}


# --- Day boundaries ---


async def test_a_relation_begins_and_ends_at_midnight_in_oslo(holds):
    world = without_father(village())
    world.responsible("father", "pupil", "far", TODAY, TOMORROW)
    await holds(world, "father does not see child pupil", now=oslo(YESTERDAY, "23:59"))
    await holds(world, "father sees child pupil", now=oslo(TODAY, "00:00"))
    await holds(world, "father sees child pupil", now=oslo(TODAY, "23:59"))
    await holds(world, "father does not see child pupil", now=oslo(TOMORROW, "00:00"))


@pytest.mark.parametrize("night", [dt.date(2026, 10, 25), dt.date(2026, 3, 29)])
async def test_a_relation_ends_at_midnight_on_the_nights_when_the_clocks_change(holds, night):
    world = without_father(village(night - 2 * DAY))
    world.today = night
    world.responsible("father", "pupil", "far", LONG_AGO, night + DAY)
    await holds(world, "father sees child pupil", now=oslo(night, "00:00"))
    await holds(world, "father sees child pupil", now=oslo(night, "23:59"))
    await holds(world, "father does not see child pupil", now=oslo(night + DAY, "00:00"))


async def test_a_message_of_the_hour_that_comes_twice_is_of_that_night(holds):
    night = dt.date(2026, 10, 25)
    world = without_father(village(night + DAY))
    world.responsible("father", "pupil", "far", LONG_AGO, night)
    world.responsible("father", "pupil", "felles", night + DAY)
    world.thread("clocks", "school", "pupil", oslo(night - DAY), ("father",), ("teacher",))
    world.message("evening", "clocks", "teacher", oslo(night - DAY, "23:59"))
    world.message("first", "clocks", "teacher", oslo(night, "02:30"))
    world.message("second", "clocks", "teacher", oslo(night, "02:30", fold=1))
    world.message("late", "clocks", "teacher", oslo(night, "23:59"))
    world.message("morning", "clocks", "teacher", oslo(night + DAY, "00:00"))
    await holds(
        world,
        "father sees message evening",
        "father does not see message first",
        "father does not see message second",
        "father does not see message late",
        "father sees message morning",
        "teacher finds 5 messages in clocks",
    )


async def test_t3_unread_begins_with_the_relation_that_opens_the_thread_and_no_other(holds):
    """The assistant of a year has become contact teacher last week, and takes no part in the talk."""
    world = with_threads(village())
    world.member("assistant", "3B", "CONTACT_TEACHER", LAST_WEEK)
    await holds(
        world, "assistant sees thread talk", "assistant finds 3 messages in talk", "assistant has 1 unread in talk"
    )
