"""Absence and photo consents: who sees what of them (C2, mark U; C5, C6; section 5), one small world each."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.oracle import everyday
from tests.statements import Statements
from tests.test_rules import aged, without_father
from tests.worlds.village import village
from tests.worlds.world import DAY, LONG_AGO, TODAY, World, oslo

LAST_WEEK, NEXT_WEEK = TODAY - 7 * DAY, TODAY + 7 * DAY
ALL_OF_IT = ("reason", "fromTime", "note", "side", "reportedAt", "confirmedAt", "endedHow")
STAFF_AT_SCHOOL = ("teacher", "maths_teacher", "assistant", "leader")


def away(world: World) -> World:
    """The mother reported the pupil ill at school; the SFO registered a late coming; a teacher has taken note."""
    world.absence("ill", "pupil", "school", "mother", TODAY, confirmed_by="teacher")
    world.absence(
        "late", "pupil", "sfo", "sfo_worker", TODAY, by_unit=True, part=(dt.time(13), dt.time(14)), reason="LATE"
    )
    return world


def with_delegate(world: World, unit: str) -> World:
    world.delegate("aunt", "pupil", unit)
    world.consent("mother", "pupil", "aunt", unit)
    return world


def with_case(world: World) -> World:
    world.need_case("officer", "pupil", oslo(TODAY, "11:00"), oslo(TODAY, "15:00"))
    return world


# --- C2, absence ---


@pytest.mark.parametrize("who", ["mother", "father"])
async def test_every_guardian_sees_the_whole_absence_at_every_unit(holds, who):
    whole = [f"{who} sees absence {one}.{field}" for one in ("ill", "late") for field in ALL_OF_IT]
    await holds(away(village()), f"{who} sees child pupil.absences", *whole)


@pytest.mark.parametrize("who", ["teacher", "leader"])
async def test_contact_teachers_and_leaders_see_the_whole_absence_of_their_own_unit_only(holds, who):
    whole = [f"{who} sees absence ill.{field}" for field in ALL_OF_IT]
    await holds(away(village()), *whole, f"{who} does not see absence late")


@pytest.mark.parametrize("who", ["sfo_worker", "sfo_leader"])
async def test_staff_of_an_sfo_see_the_whole_absence_there_and_none_from_school(holds, who):
    whole = [f"{who} sees absence late.{field}" for field in ALL_OF_IT]
    await holds(away(village()), *whole, f"{who} does not see absence ill")


@pytest.mark.parametrize("who", ["maths_teacher", "assistant"])
async def test_subject_staff_see_the_days_of_an_absence_and_nothing_more(holds, who):
    closed = [f"{who} does not see absence ill.{field}" for field in ALL_OF_IT]
    await holds(
        away(village()), f"{who} sees absence ill.firstDay", f"{who} sees absence ill.lastDay", *closed,
        f"{who} does not see absence late",
    )  # fmt: skip


async def test_subject_staff_do_not_see_an_absence_that_ended(holds):
    world = village()
    world.absence("wrong", "pupil", "school", "mother", TODAY, ended="WITHDRAWN")
    await holds(
        world,
        "maths_teacher does not see absence wrong",
        "teacher sees absence wrong.endedHow",
        "mother sees absence wrong",
    )


@pytest.mark.parametrize("unit", ["school", "sfo"])
async def test_a_delegate_does_not_see_absence(holds, unit):
    await holds(
        away(with_delegate(village(), unit)),
        "aunt is DELEGATE of pupil",
        "aunt does not see child pupil.absences",
        "aunt does not see absence ill",
        "aunt does not see absence late",
    )


async def test_a_case_worker_does_not_see_absence(holds):
    await holds(
        away(with_case(village())),
        "officer is CASE_WORKER of pupil",
        "officer does not see child pupil.absences",
        "officer does not see absence ill",
    )


@pytest.mark.parametrize("who", ["other_leader", "kindergarten_worker", "aunt", "neighbour", "officer"])
async def test_whoever_has_no_relation_does_not_see_absence(holds, who):
    await holds(away(village()), f"{who} does not see absence ill", f"{who} does not see absence late")


async def test_a_pupil_sees_their_absence_from_the_day_they_turn_18(holds):
    await holds(
        away(aged(18, days=-1)), "pupil is SELF of pupil", "pupil does not see child pupil.absences",
        "pupil does not see absence ill", "mother sees absence ill",
    )  # fmt: skip
    await holds(
        away(aged(18)), "pupil sees absence ill.reason", "pupil sees absence late.reason",
        "mother does not see absence ill", "pupil as employee does not see absence ill",
    )  # fmt: skip


async def test_a_blocked_guardian_does_not_see_absence(holds):
    world = away(village())
    world.block("father", "pupil")
    await holds(world, "father does not see absence ill", "mother sees absence ill")


async def test_staff_who_are_family_do_not_see_absence(holds):
    world = away(village())
    world.family("pupil", "teacher", "slektning", "barn")
    await holds(world, "teacher does not see absence ill", "leader sees absence ill")


async def test_a_leader_of_a_unit_the_child_has_left_does_not_see_absence(holds):
    world = away(village())
    world.enrolments = [went for went in world.enrolments if went.unit != "school"]
    world.enrol("pupil", "school", LONG_AGO, TODAY)
    await holds(
        world,
        "leader sees child pupil",
        "leader does not see child pupil.absences",
        "leader does not see absence ill",
        "mother sees absence ill.reason",
        "mother sees absence late.reason",
    )


async def test_a_teacher_does_not_see_absence_from_the_day_the_group_was_left(holds):
    world = away(village())
    world.memberships = [member for member in world.memberships if member.group != "3B" or member.person != "pupil"]
    world.member("pupil", "3B", since=LONG_AGO, until=TODAY + DAY)
    await holds(world, "teacher sees absence ill.reason")
    await holds(world, "teacher does not see absence ill", "leader sees absence ill", now=oslo(TODAY + DAY))


async def test_a_guardian_is_not_told_that_the_other_guardian_reported_it(holds):
    world = away(village())
    judged = Statements(world)
    told = world.absences["ill"]
    reporters = {who: everyday.reporter(judged.view(who, None), told) for who in ("mother", "father", *STAFF_AT_SCHOOL)}
    assert reporters == {
        "mother": "mother", "father": None, "teacher": "mother", "maths_teacher": "mother", "assistant": "mother",
        "leader": "mother",
    }  # fmt: skip
    await holds(world, "father sees absence ill.reportedBy", "maths_teacher does not see absence ill.reportedBy")


async def test_whoever_registered_an_absence_is_told_of_while_they_are_employed_at_the_unit(holds):
    world = away(village())
    world.positions = [held for held in world.positions if held.person != "sfo_worker"]
    world.employ("sfo_worker", "sfo", "STAFF", LONG_AGO, TODAY)
    judged = Statements(world)
    assert everyday.colleague(judged.view("mother", None), world.absences["late"], "sfo_worker") is None
    await holds(world, "mother sees absence late.registeredBy", "sfo_leader sees absence late.registeredBy")


# --- C2, consents to photographs; section 5 ---


def use(world: World, who: str, unit: str = "school", purpose: str = "OPEN_PAGE", now: dt.datetime | None = None):
    return everyday.use(Statements(world, now).view(who, None), "pupil", unit, purpose)


def givers(world: World, who: str) -> list[str]:
    return [told.person for told in everyday.consents(Statements(world).view(who, None), "pupil")]


def consented(world: World, *people: str, unit: str = "school") -> World:
    for person in people:
        world.photo_consent(person, "pupil", unit, "OPEN_PAGE")
    return world


async def test_a_use_of_photographs_is_allowed_once_every_guardian_has_consented(holds):
    half, whole = consented(village(), "mother"), consented(village(), "mother", "father")
    assert use(half, "teacher") == (False, "CONSENT_MISSING")
    assert use(half, "mother") == (False, "CONSENT_MISSING")
    assert use(half, "father") == (False, "OWN_CONSENT_MISSING")
    assert use(whole, "teacher") == use(whole, "father") == (True, "CONSENTED")
    for world in (half, whole):
        await holds(world, *(f"{who} sees child pupil.photoUseAllowed" for who in ("mother", "father", "teacher")))


async def test_a_consent_allows_one_purpose_at_one_unit(holds):
    world = consented(village(), "mother", "father")
    assert use(world, "mother", purpose="PRESS") == (False, "OWN_CONSENT_MISSING")
    assert use(world, "mother", unit="sfo") == (False, "OWN_CONSENT_MISSING")
    await holds(world, "mother sees child pupil.photoUseAllowed", "sfo_worker sees child pupil.photoUseAllowed")


async def test_whoever_withdraws_ends_the_use_for_everybody(holds):
    world = consented(village(), "father")
    world.photo_consent("mother", "pupil", "school", "OPEN_PAGE", withdrawn=oslo(LAST_WEEK))
    assert use(world, "teacher") == (False, "CONSENT_MISSING")
    await holds(world, "teacher sees child pupil.photoConsents", "mother sees child pupil.photoConsents")


async def test_a_guardian_sees_their_own_photo_consents_and_no_other_guardians(holds):
    world = consented(village(), "mother", "father")
    assert givers(world, "mother") == ["mother"]
    assert givers(world, "father") == ["father"]
    assert givers(world, "teacher") == givers(world, "maths_teacher") == givers(world, "leader") == ["mother", "father"]
    assert givers(world, "sfo_leader") == []
    people = ("mother", "father", *STAFF_AT_SCHOOL, "sfo_leader")
    await holds(world, *(f"{who} sees child pupil.photoConsents" for who in people))


async def test_a_pupils_own_consent_is_asked_for_from_the_day_they_turn_15(holds):
    day_before, day = consented(aged(15, days=-1), "mother", "father"), consented(aged(15), "mother", "father")
    assert use(day_before, "teacher") == (True, "CONSENTED")
    assert use(day, "teacher") == (False, "CONSENT_MISSING")
    assert use(day, "pupil") == (False, "OWN_CONSENT_MISSING")
    assert use(consented(day, "pupil"), "pupil") == (True, "CONSENTED")
    assert givers(day, "pupil") == ["pupil"]
    for world in (day_before, day):
        await holds(world, "teacher sees child pupil.photoUseAllowed", "mother sees child pupil.photoConsents")
    await holds(day, "pupil sees child pupil.photoConsents", "pupil sees child pupil.photoUseAllowed")


async def test_only_the_pupils_own_consent_counts_from_the_day_they_turn_18(holds):
    day_before, day = consented(aged(18, days=-1), "pupil"), consented(aged(18), "pupil")
    assert use(day_before, "teacher") == (False, "CONSENT_MISSING")
    assert use(day, "teacher") == use(day, "pupil") == (True, "CONSENTED")
    assert use(consented(aged(18), "mother", "father"), "teacher") == (False, "CONSENT_MISSING")
    await holds(day_before, "teacher sees child pupil.photoUseAllowed")
    await holds(day, "teacher sees child pupil.photoUseAllowed", "mother does not see child pupil")


async def test_the_consent_of_a_guardian_of_before_does_not_count_and_is_not_asked_for(holds):
    world = consented(without_father(village()), "mother", "father")
    assert use(world, "teacher") == (True, "CONSENTED")
    assert givers(world, "teacher") == ["mother"]
    alone = consented(without_father(village()), "father")
    assert use(alone, "teacher") == (False, "CONSENT_MISSING")
    for each in (world, alone):
        await holds(each, "teacher sees child pupil.photoUseAllowed", "father does not see child pupil")


async def test_a_blocked_guardians_consent_is_not_asked_for(holds):
    world = consented(village(), "mother")
    world.block("father", "pupil")
    assert use(world, "teacher") == (True, "CONSENTED")
    await holds(world, "teacher sees child pupil.photoConsents", "father does not see child pupil")


async def test_no_use_is_allowed_of_a_child_whom_nobody_can_answer_for(holds):
    world = without_father(village())
    world.document("pupil").responsibilities.clear()
    assert use(world, "teacher") == (False, "CONSENT_MISSING")
    await holds(world, "teacher sees child pupil.photoUseAllowed")


async def test_no_use_is_allowed_of_a_protected_child_and_why_looks_like_a_missing_consent(holds):
    world = consented(village(), "mother", "father")
    world.protect("pupil", "fortrolig", LAST_WEEK)
    for guardian in ("mother", "father"):
        world.confirm(guardian, "pupil", TODAY)
    assert use(world, "teacher") == use(world, "mother") == (False, "CONSENT_MISSING")
    await holds(world, "mother is GUARDIAN of pupil", "teacher sees child pupil.photoUseAllowed")


@pytest.mark.parametrize("unit", ["school", "sfo"])
async def test_a_delegate_does_not_see_photo_consents(holds, unit):
    world = consented(with_delegate(village(), unit), "mother", "father")
    assert use(world, "aunt") is None
    await holds(world, "aunt does not see child pupil.photoConsents", "aunt does not see child pupil.photoUseAllowed")


async def test_a_case_worker_does_not_see_photo_consents(holds):
    world = consented(with_case(village()), "mother", "father")
    assert use(world, "officer") is None
    await holds(
        world, "officer does not see child pupil.photoConsents", "officer does not see child pupil.photoUseAllowed"
    )


async def test_staff_learn_nothing_of_uses_at_another_unit(holds):
    world = consented(village(), "mother", "father", unit="sfo")
    assert use(world, "teacher", unit="sfo") is None
    assert use(world, "sfo_worker", unit="sfo") == (True, "CONSENTED")
    await holds(world, "teacher sees child pupil.photoUseAllowed", "sfo_worker sees child pupil.photoUseAllowed")


async def test_nothing_is_told_of_uses_at_a_unit_that_the_child_has_left(holds):
    world = consented(village(), "mother", "father")
    world.enrolments = [went for went in world.enrolments if went.unit != "school"]
    world.enrol("pupil", "school", LONG_AGO, TODAY)
    assert use(world, "leader") is None
    assert use(world, "mother") is None
    await holds(
        world, "leader does not see child pupil.photoUseAllowed", "leader does not see child pupil.photoConsents",
        "mother sees child pupil.photoConsents",
    )  # fmt: skip


async def test_a_consent_of_tomorrow_allows_nothing_today(holds):
    world = consented(village(), "mother")
    world.photo_consent("father", "pupil", "school", "OPEN_PAGE", at=oslo(TODAY + DAY))
    assert use(world, "teacher") == (False, "CONSENT_MISSING")
    assert use(world, "teacher", now=oslo(NEXT_WEEK)) == (True, "CONSENTED")
    await holds(world, "teacher sees child pupil.photoUseAllowed")
    await holds(world, "teacher sees child pupil.photoUseAllowed", now=oslo(NEXT_WEEK))
