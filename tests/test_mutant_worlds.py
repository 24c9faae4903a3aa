"""Small worlds for what only a broken rule would show: each kills mutants that no other world kills."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.test_rules import LAST_MONTH, LAST_WEEK, YESTERDAY, aged, with_aunt
from tests.worlds.village import ELSEWHERE, HOME, village, with_threads
from tests.worlds.world import DAY, LONG_AGO, TODAY, World, oslo

BEFORE_YESTERDAY = TODAY - 2 * DAY

# --- Section 1 ---


async def test_a_leader_signed_in_as_employee_is_told_no_reason_of_the_own_family(holds):
    world = with_aunt()
    world.responsible("father", "stranger")
    for leader in ("mother", "aunt"):
        world.employ(leader, "other_school", "LEADER")
    await holds(
        world,
        "mother as employee sees guardian father",
        "aunt as employee sees guardian father",
        "mother as employee does not see child pupil",
    )


# --- C2, C4: an address by two relations ---


async def test_a_guardian_elsewhere_who_is_a_delegate_too_does_not_see_the_address(holds):
    world = village()
    world.delegate("father", "pupil", "sfo")
    world.consent("mother", "pupil", "father", "sfo")
    await holds(world, "father is DELEGATE of pupil", "father does not see child pupil.address")


async def test_a_guardian_who_is_a_delegate_too_does_not_see_a_confidential_address(holds):
    world = village()
    world.delegate("mother", "pupil", "sfo")
    world.consent("father", "pupil", "mother", "sfo")
    world.protect("pupil", "fortrolig", LAST_WEEK)
    for guardian in ("mother", "father"):
        world.confirm(guardian, "pupil", TODAY)
    await holds(world, "mother is DELEGATE of pupil", "mother does not see child pupil.address")


async def test_a_contact_teacher_who_teaches_a_subject_too_does_not_see_what_is_confidential(holds):
    world = village()
    world.member("teacher", "maths", "SUBJECT_TEACHER", LONG_AGO)
    for protected in ("pupil", "father"):
        world.protect(protected, "fortrolig", LAST_WEEK)
    for guardian in ("mother", "father"):
        world.confirm(guardian, "pupil", TODAY)
    await holds(
        world,
        "teacher is SUBJECT_STAFF of pupil",
        "teacher does not see child pupil.address",
        "teacher does not see guardian father.contact",
    )


async def test_a_pupil_does_not_see_the_own_confidential_address(holds):
    world = aged(16)
    world.protect("pupil", "fortrolig", LAST_WEEK)
    await holds(world, "pupil sees child pupil", "pupil does not see child pupil.address")


# --- C6: a leader whom the child has left ---


def moved_to_another_school(role: str | None = None) -> World:
    """The pupil left the school last week for another one, where the leader works too, and has moved since."""
    world = village(LAST_MONTH)
    world.today = TODAY
    world.enrolments[0].until = LAST_WEEK
    world.enrol("pupil", "other_school", LAST_WEEK)
    world.member("pupil", "5A", since=LAST_WEEK)
    if role:
        world.employ("leader", "other_school", "TEACHER")
        world.member("leader", "5A", role, LONG_AGO)
    world.read_again(YESTERDAY)
    world.lives("pupil", ELSEWHERE, YESTERDAY)
    return world


@pytest.mark.parametrize("role", ["CONTACT_TEACHER", "SUBJECT_TEACHER", None])
async def test_a_leader_whom_the_child_left_for_another_of_their_schools_sees_what_both_open(holds, role):
    world = moved_to_another_school(role)
    await holds(world, "leader is UNIT_LEADER of pupil", "leader sees child pupil.address")


async def test_a_leader_whom_the_child_left_sees_the_address_of_today_by_a_need_case(holds):
    world = moved_to_another_school()
    world.administrator("leader")
    world.need_case("leader", "pupil", oslo(TODAY, "09:00"), oslo(TODAY, "17:00"))
    await holds(world, "leader is CASE_WORKER of pupil", "leader sees child pupil.address")


async def test_a_leader_whom_the_child_left_for_their_sfo_sees_the_address_of_today(holds):
    world = village(LAST_MONTH)
    world.today = TODAY
    world.enrolments[0].until = LAST_WEEK
    world.employ("leader", "sfo", "STAFF")
    world.read_again(YESTERDAY)
    world.lives("pupil", ELSEWHERE, YESTERDAY)
    await holds(world, "leader is UNIT_STAFF of pupil", "leader sees child pupil.address")


async def test_a_leader_whom_the_child_left_who_teaches_it_now_does_not_see_confidential_contact_details(holds):
    world = moved_to_another_school("CONTACT_TEACHER")
    world.lives("father", "Elveveien 7, 1470 Lørenskog", YESTERDAY)
    world.protect("father", "fortrolig", LAST_WEEK)
    world.confirm("father", "pupil", YESTERDAY)
    world.confirm("mother", "pupil", YESTERDAY)
    await holds(world, "leader sees guardian father", "leader does not see guardian father.contact")


async def test_a_leader_whom_the_child_left_who_teaches_it_now_does_not_see_its_confidential_address_of_today(holds):
    world = moved_to_another_school("CONTACT_TEACHER")
    world.protect("father", "fortrolig", LAST_WEEK)
    world.confirm("father", "pupil", YESTERDAY)
    world.confirm("mother", "pupil", YESTERDAY)
    await holds(world, "leader sees child pupil", "leader does not see child pupil.address")


async def test_a_leader_whom_the_child_left_sees_a_confidential_address_of_then(holds):
    for level, sees in (("fortrolig", True), ("strengtFortrolig", False)):
        world = village()
        world.enrolments[0].until = LAST_WEEK
        world.protect("pupil", level, LAST_MONTH)
        await holds(world, f"leader {'sees' if sees else 'does not see'} child pupil.address")


async def test_a_leader_whom_the_child_left_is_closed_out_by_a_block_and_by_kinship(holds):
    world = village()
    world.enrolments[0].until = LAST_WEEK
    world.block("leader", "pupil")
    await holds(world, "leader does not see child pupil")
    world = village()
    world.enrolments[0].until = LAST_WEEK
    world.family("pupil", "leader", "far", "barn")
    await holds(world, "leader does not see child pupil")


async def test_a_leader_whom_the_child_leaves_today_is_told_of_the_day_before(holds):
    world = village()
    world.enrolments[0].until = TODAY
    await holds(world, "leader's pupils are none", "leader sees child pupil.address", "leader's pupil.units are school")


# --- C7: who has read ---


async def test_how_far_somebody_has_read_is_for_the_other_side_and_for_oneself(holds):
    world = with_threads(with_aunt())
    world.thread(
        "both", "sfo", "pupil", oslo(LAST_WEEK), ("mother", "father", "aunt"), ("sfo_worker", "sfo_leader"), joint=True
    )
    world.message("both1", "both", "father", oslo(LAST_WEEK, "13:00"))
    world.message("both2", "both", "sfo_worker", oslo(LAST_WEEK, "14:00"))
    for minute, who in enumerate(("mother", "father", "aunt", "sfo_worker", "sfo_leader")):
        world.read("both", who, "both1", oslo(YESTERDAY, f"10:0{minute}"))
    world.read("afternoon", "sfo_worker", "afternoon1", oslo(YESTERDAY, "11:00"))
    await holds(
        world,
        "mother has 1 unread in both",
        "father has 1 unread in both",
        "aunt has 1 unread in both",
        "sfo_worker has 0 unread in both",
        "sfo_leader has 1 unread in both",
    )


async def test_how_far_one_has_read_is_told_of_that_one_alone(holds):
    world = with_threads(village())
    world.read("afternoon", "sfo_worker", "afternoon1", oslo(YESTERDAY, "11:00"))
    await holds(world, "mother sees when sfo_worker read afternoon", "mother does not see when mother read afternoon")


# --- Section 5: where unread begins ---


@pytest.mark.parametrize("what", ["role", "class", "enrolment", "employment", "block", "other role", "other unit"])
async def test_unread_of_a_contact_teacher_begins_when_all_that_makes_the_relation_has_begun(holds, what):
    world = with_threads(village())
    world.person("classmate", dt.date(2018, 9, 9))
    world.enrol("classmate", "school", LONG_AGO)
    world.member("classmate", "3B", since=LONG_AGO)
    world.person("colleague")
    world.employ("colleague", "school", "TEACHER")
    world.member("colleague", "3B", "CONTACT_TEACHER", LONG_AGO)
    begin_late(world, what, "teacher", "3B", "CONTACT_TEACHER", "ASSISTANT")
    await holds(world, "teacher finds 3 messages in talk", "teacher has 1 unread in talk")


@pytest.mark.parametrize("what", ["role", "class", "enrolment", "employment", "block"])
async def test_unread_of_a_subject_teacher_begins_when_all_that_makes_the_relation_has_begun(holds, what):
    world = with_threads(village())
    world.message("sums1b", "sums", "father", oslo(LAST_WEEK, "08:00"))
    world.message("sums1c", "sums", "father", oslo(YESTERDAY, "08:00"))
    begin_late(world, what, "maths_teacher", "maths", "SUBJECT_TEACHER", "CONTACT_TEACHER")
    await holds(world, "maths_teacher finds 4 messages in sums", "maths_teacher has 1 unread in sums")


def begin_late(world: World, what: str, who: str, group: str, role: str, other: str) -> None:
    """One of the facts that make the relation began the day before yesterday."""
    for member in world.memberships:
        late = (member.person == who and what in ("role", "other role", "other unit")) or (
            member.person == "pupil" and what == "class"
        )
        if member.group == group and late:
            member.since = BEFORE_YESTERDAY
    if what == "other role":
        world.member(who, group, other, LONG_AGO, BEFORE_YESTERDAY)
        world.member(who, "5A", role, LONG_AGO)
    elif what == "other unit":
        world.member(who, "5A", role, LONG_AGO)
        world.member("pupil", "5A", since=LONG_AGO)
    elif what == "enrolment":
        world.enrolments[0].since = BEFORE_YESTERDAY
    elif what == "employment":
        next(held for held in world.positions if held.person == who).since = BEFORE_YESTERDAY
    elif what == "block":
        world.block(who, "pupil", LAST_MONTH, BEFORE_YESTERDAY)
        world.block(who, "stranger", LAST_MONTH, YESTERDAY)


async def test_unread_of_a_leader_begins_with_the_leadership(holds):
    world = with_threads(village())
    for held in world.positions:
        if held.person == "leader":
            held.since = BEFORE_YESTERDAY
    world.employ("leader", "school", "TEACHER", LONG_AGO, BEFORE_YESTERDAY)
    world.employ("leader", "other_school", "LEADER", LONG_AGO)
    await holds(world, "leader has 1 unread in talk", "leader has 0 unread in sums")


async def test_unread_of_sfo_staff_begins_with_the_employment_whatever_the_role(holds):
    world = with_threads(village())
    world.employ("sfo_leader", "sfo", "STAFF", LONG_AGO, LAST_WEEK)
    next(held for held in world.positions if held.person == "sfo_leader").since = LAST_WEEK
    await holds(world, "sfo_leader has 2 unread in afternoon")


@pytest.mark.parametrize(("who", "thread"), [("leader", "talk"), ("sfo_worker", "afternoon")])
async def test_unread_after_a_block_begins_with_its_end(holds, who, thread):
    world = with_threads(village())
    world.block(who, "pupil", LAST_MONTH, BEFORE_YESTERDAY)
    world.block("assistant", "pupil", LAST_MONTH, YESTERDAY)
    await holds(world, f"{who} has 1 unread in {thread}")


async def test_unread_of_a_delegate_begins_with_the_relation_at_that_unit(holds):
    world = village()
    world.delegate("aunt", "pupil", "sfo", LONG_AGO)
    world.delegate("aunt", "pupil", "school", LONG_AGO)
    world.consent("mother", "pupil", "aunt", "school", LAST_MONTH)
    world.consent("mother", "pupil", "aunt", "sfo", LAST_MONTH, LAST_WEEK)
    world.consent("mother", "pupil", "aunt", "sfo", YESTERDAY)
    world.thread("pickup", "sfo", "pupil", oslo(LAST_MONTH), ("aunt",), ("sfo_worker",))
    world.message("first", "pickup", "sfo_worker", oslo(LAST_MONTH, "13:00"))
    world.message("second", "pickup", "sfo_worker", oslo(YESTERDAY, "13:00"))
    await holds(world, "aunt finds 2 messages in pickup", "aunt has 1 unread in pickup")


async def test_unread_of_a_guardian_begins_with_the_relation_that_holds_now_to_that_child(holds):
    world = with_threads(village())
    world.person("sister", dt.date(2016, 3, 3))
    world.responsible("mother", "sister")
    world.enrol("sister", "school", LONG_AGO)
    world.block("mother", "pupil", LAST_WEEK, BEFORE_YESTERDAY)
    await holds(world, "mother has 0 unread in talk", "mother finds 3 messages in talk")


# --- T9 and R1 beside T2 ---


async def test_a_participant_on_the_staff_side_who_was_delegate_once_is_seen_as_staff(holds):
    world = with_threads(village())
    world.delegate("maths_teacher", "pupil", "sfo", LAST_MONTH, LAST_WEEK)
    await holds(world, "father sees staff maths_teacher", "father does not see adult maths_teacher")


# --- Staff of a school: each half of the relation with the other half elsewhere ---


async def test_a_teacher_who_moved_to_another_school_does_not_see_the_child_of_the_old_class(holds):
    world = village()
    for held in world.positions:
        if held.person == "teacher":
            held.until = YESTERDAY
    world.employ("teacher", "other_school", "TEACHER")
    await holds(world, "teacher does not see child pupil", "teacher's units are other_school")


async def test_sfo_staff_who_teach_at_a_school_too_are_no_teachers_at_the_sfo(holds):
    world = village()
    world.member("pupil", "foxes", since=LONG_AGO)
    world.member("sfo_worker", "foxes", "CONTACT_TEACHER", LONG_AGO)
    world.employ("sfo_worker", "other_school", "TEACHER")
    await holds(world, "sfo_worker is UNIT_STAFF of pupil", "sfo_worker is not CONTACT_TEACHER of pupil")


def with_classmate() -> World:
    """A pupil of 16, employed at the own school, and a classmate."""
    world = aged(16)
    world.employ("pupil", "school", "ASSISTANT")
    world.person("classmate", dt.date(2018, 9, 9))
    world.enrol("classmate", "school", LONG_AGO)
    world.member("classmate", "3B", since=LONG_AGO)
    return world


async def test_a_pupil_who_is_employed_at_the_school_is_not_staff_to_classmates(holds):
    await holds(with_classmate(), "pupil does not see child classmate", "teacher sees child classmate")


async def test_a_pupil_who_assists_in_a_group_is_no_pupil_of_its_teacher(holds):
    world = with_classmate()
    world.memberships = [told for told in world.memberships if (told.person, told.group) != ("pupil", "maths")]
    world.member("pupil", "maths", "ASSISTANT", LONG_AGO)
    world.member("classmate", "maths", since=LONG_AGO)
    await holds(world, "maths_teacher sees child classmate", "maths_teacher does not see child pupil")


async def test_a_colleague_of_the_same_group_at_another_school_does_not_see_the_child(holds):
    world = village()
    world.employ("other_leader", "school", "TEACHER")
    world.member("other_leader", "5A", "CONTACT_TEACHER", LONG_AGO)
    await holds(world, "other_leader does not see child pupil", "other_leader sees child stranger")


# --- CASE_WORKER ---


async def test_a_need_case_on_a_protected_child_asks_for_a_second_person(holds):
    for by, since, until, sees in (
        (None, LAST_WEEK, None, False),
        ("leader", LAST_WEEK, None, True),
        (None, LAST_WEEK, TODAY, True),
        (None, TODAY + DAY, None, True),
    ):
        world = village()
        world.need_case("officer", "pupil", oslo(TODAY, "09:00"), oslo(TODAY, "17:00"), by)
        world.protect("pupil", since=since, until=until)
        await holds(world, f"officer {'sees' if sees else 'does not see'} child pupil")


async def test_a_need_case_on_a_child_beside_a_protected_one_asks_for_nobody_else(holds):
    world = village()
    world.need_case("officer", "pupil", oslo(TODAY, "09:00"), oslo(TODAY, "17:00"))
    world.protect("stranger", since=LAST_WEEK)
    await holds(world, "officer sees child pupil")


# --- R3: who lived where, and when ---


@pytest.mark.parametrize("moved", ["pupil", "aunt"])
async def test_the_protection_of_whoever_lived_with_the_child_before_does_not_protect_it(holds, moved):
    world = village(LAST_MONTH)
    world.today = TODAY
    world.lives("aunt", HOME)
    world.read_again(LAST_WEEK)
    world.lives(moved, ELSEWHERE if moved == "aunt" else "Elveveien 9, 1470 Lørenskog", LAST_WEEK)
    world.protect("aunt", since=YESTERDAY)
    await holds(world, "mother sees child pupil", "father sees child pupil")


# --- Two schools ---


@pytest.mark.parametrize(("contact", "subject"), [("3B", "5A"), ("5A", "3B")])
async def test_a_teacher_of_two_schools_has_each_relation_at_its_own(holds, contact, subject):
    world = village()
    world.enrol("pupil", "other_school", LONG_AGO)
    world.enrol("stranger", "school", LONG_AGO)
    for number in range(4):
        world.person(f"substitute{number}")
        world.employ(f"substitute{number}", "school", "TEACHER")
        world.employ(f"substitute{number}", "other_school", "TEACHER")
        world.member(f"substitute{number}", contact, "CONTACT_TEACHER", LONG_AGO)
        world.member(f"substitute{number}", subject, "SUBJECT_TEACHER", LONG_AGO)
    told = [
        f"substitute{number} sees child {child}.guardians" for number in range(4) for child in ("pupil", "stranger")
    ]
    await holds(world, *told)


async def test_a_confirmation_from_before_a_housemate_was_protected_does_not_count(holds):
    for since, sees in ((LAST_WEEK - DAY, False), (LAST_WEEK, True)):
        world = village()
        world.lives("aunt", HOME)
        world.protect("aunt", since=LAST_WEEK)
        world.confirm("mother", "pupil", since)
        await holds(world, f"mother {'sees' if sees else 'does not see'} child pupil")


async def test_the_protection_of_a_holder_whose_entry_is_not_current_does_not_protect_the_child(holds):
    world = village()
    world.responsible("aunt", "pupil", "andre", current=False)
    world.protect("aunt", since=LAST_WEEK)
    await holds(world, "mother sees child pupil")


async def test_a_second_confirmation_takes_nothing_from_the_first(holds):
    world = with_threads(village())
    world.protect("pupil", since=LAST_MONTH)
    for day in (LAST_MONTH, YESTERDAY):
        world.confirm("mother", "pupil", day)
    await holds(world, "mother finds 3 messages in talk")


# --- A relation that is over beside one that holds ---


async def test_a_former_guardian_who_is_a_delegate_now_is_no_guardian(holds):
    world = village()
    world.document("pupil").responsibilities[1].until = LAST_WEEK
    world.delegate("father", "pupil", "sfo")
    world.consent("mother", "pupil", "father", "sfo")
    await holds(world, "father is DELEGATE of pupil", "father is not GUARDIAN of pupil")


async def test_a_former_delegate_who_is_guardian_now_is_no_delegate(holds):
    world = with_aunt(until=LAST_WEEK)
    world.responsible("aunt", "pupil", "andre", YESTERDAY)
    await holds(world, "aunt is GUARDIAN of pupil", "aunt is not DELEGATE of pupil")


async def test_a_leader_does_not_see_the_groups_of_a_school_at_which_the_child_has_not_begun(holds):
    world = village()
    world.enrolments[0].since = TODAY + DAY
    world.employ("leader", "sfo", "LEADER")
    await holds(world, "leader sees child pupil", "leader's pupil.units are sfo", "leader's pupil.groups are none")


async def test_a_leader_is_told_of_each_entry_of_a_guardian_whether_it_opens_anything(holds):
    tomorrow = TODAY + DAY
    for told in (
        (
            ("ukjent", LONG_AGO + 2 * DAY, None),
            ("andre", tomorrow, None),
            ("far", LAST_WEEK, TODAY),
            ("medmor", TODAY, None),
        ),
        (("andre", LAST_MONTH, tomorrow), ("mor", LONG_AGO + 3 * DAY, None), ("far", LONG_AGO + 2 * DAY, None)),
    ):
        world = village()
        for kind, since, until in told:
            world.responsible("mother", "pupil", kind, since, until)
        world.responsible("mother", "pupil", "nyttAnsvar", LONG_AGO + DAY, current=False)
        await holds(world, "leader sees child pupil.responsibilities", "mother sees child pupil")
