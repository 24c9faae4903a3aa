"""Acts on absence and photo consents: who may, who may not, and what they leave behind (section 5 of the rules)."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from tests.acts import Acts, act, codes
from tests.test_rules import aged, without_father
from tests.worlds.village import village
from tests.worlds.world import DAY, LONG_AGO, TODAY, World, oslo

ABSENCE = """id firstDay lastDay fromTime toTime reason note side confirmedAt endedAt endedHow
    reportedBy { name } registeredBy { name } confirmedBy { name } corrects { id endedHow }"""
REPORT = act("reportAbsence", f"absence {{ {ABSENCE} }}")
REGISTER = act("registerAbsence", f"absence {{ {ABSENCE} }}")
CONFIRM = act("confirmAbsence", f"absence {{ {ABSENCE} }}")
CORRECT = act("correctAbsence", f"absence {{ {ABSENCE} }}")
WITHDRAW = act("withdrawAbsence", f"absence {{ {ABSENCE} }}")
CONSENTS = "photoConsents { purpose withdrawnAt givenBy { name } }"
GIVE = act("givePhotoConsent", f"child {{ {CONSENTS} }}")
TAKE_BACK = act("withdrawPhotoConsent", f"child {{ {CONSENTS} }}")
USE = """query ($child: ID!, $unit: ID!) { node(id: $child) { ... on Child {
    photoUseAllowed(purpose: OPEN_PAGE, unitId: $unit) { allowed reason } } } }"""
LISTED = "query ($child: ID!) { node(id: $child) { ... on Child { absences(ended: true) { nodes { id endedHow } } } } }"


@pytest.fixture
async def acts(place) -> Acts:
    return await Acts.of(place, village())


async def rows(acts: Acts) -> dict[str, list[asyncpg.Record]]:
    """All that these acts could change."""
    connection = await asyncpg.connect(**acts.place.database.admin_connect)
    try:
        tables = {"absence": "child_id", "photo_consent": "child_id", "carried_out": "person_id"}
        of = "in (select id from person where municipality_id = $1) order by t::text"
        here = acts.loaded.municipality
        return {
            name: await connection.fetch(f"select * from {name} t where {column} {of}", here)
            for name, column in tables.items()
        }
    finally:
        await connection.close()


async def absence(acts: Acts, text: str, who: str, unit: str = "school", login: str | None = None, **more: Any) -> Any:
    """Reports or registers; a day of illness today unless told otherwise."""
    given = {"childId": acts.id("Child", "pupil"), "unitId": acts.id("Unit", unit), "firstDay": TODAY.isoformat(),
             "lastDay": TODAY.isoformat(), "reason": "ILLNESS", "idempotencyKey": acts.key(), **more}  # fmt: skip
    return await acts.act(who, text, given, login)


async def corrected(acts: Acts, who: str, told: str, **more: Any) -> Any:
    given = {"absenceId": told, "firstDay": TODAY.isoformat(), "lastDay": TODAY.isoformat(), "reason": "OTHER",
             "idempotencyKey": acts.key(), **more}  # fmt: skip
    return await acts.act(who, CORRECT, given)


async def refused(acts: Acts, code: str, told: Any) -> None:
    """`told` is an act that has not begun; it is refused so, and has changed nothing."""
    before = await rows(acts)
    assert codes(await told) == [code]
    assert await rows(acts) == before


# --- reporting and registering ------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["school", "sfo"])
@pytest.mark.parametrize("who", ["mother", "father"])
async def test_a_guardian_reports_absence_to_every_unit_of_the_child(acts: Acts, who: str, unit: str) -> None:
    told = (await absence(acts, REPORT, who, unit))["absence"]
    assert (told["side"], told["reason"], told["confirmedAt"]) == ("GUARDIAN", "ILLNESS", None)
    assert told["reportedBy"] == {"name": acts.world.people[who].name}


@pytest.mark.parametrize(
    ("who", "unit"),
    [("teacher", "school"), ("maths_teacher", "school"), ("assistant", "school"), ("leader", "school"),
     ("sfo_worker", "sfo"), ("sfo_leader", "sfo")],
)  # fmt: skip
async def test_staff_with_a_relation_register_absence_at_their_unit(acts: Acts, who: str, unit: str) -> None:
    told = await absence(acts, REGISTER, who, unit, reason="NOT_REPORTED")
    assert told["problems"] == []
    [row] = (await rows(acts))["absence"]
    assert (row["side"], row["reported_by"]) == ("UNIT", row["confirmed_by"])


async def test_subject_staff_who_register_absence_read_back_the_days_only(acts: Acts) -> None:
    told = (await absence(acts, REGISTER, "maths_teacher"))["absence"]
    assert (told["firstDay"], told["reason"], told["side"], told["confirmedAt"]) == (TODAY, None, None, None)


@pytest.mark.parametrize(
    ("text", "who", "unit", "login", "code"),
    [
        (REPORT, "mother", "kindergarten", None, "NOT_ALLOWED"),
        (REPORT, "mother", "school", "employee", "NOT_FOUND"),
        (REPORT, "teacher", "school", None, "NOT_ALLOWED"),
        (REPORT, "aunt", "school", None, "NOT_FOUND"),
        (REPORT, "officer", "school", None, "NOT_FOUND"),
        (REGISTER, "mother", "school", None, "NOT_ALLOWED"),
        (REGISTER, "teacher", "sfo", None, "NOT_ALLOWED"),
        (REGISTER, "sfo_worker", "school", None, "NOT_ALLOWED"),
        (REGISTER, "other_leader", "school", None, "NOT_FOUND"),
        (REGISTER, "kindergarten_worker", "kindergarten", None, "NOT_FOUND"),
    ],
)
async def test_nobody_else_reports_or_registers_absence(acts: Acts, text, who, unit, login, code) -> None:
    await refused(acts, code, absence(acts, text, who, unit, login))


async def test_a_delegate_does_not_report_absence(place) -> None:
    world = village()
    world.delegate("aunt", "pupil", "school")
    world.consent("mother", "pupil", "aunt", "school")
    acts = await Acts.of(place, world)
    await refused(acts, "NOT_ALLOWED", absence(acts, REPORT, "aunt"))


async def test_a_case_worker_does_not_register_absence(place) -> None:
    world = village()
    world.need_case("officer", "pupil", oslo(TODAY, "11:00"), oslo(TODAY, "15:00"))
    acts = await Acts.of(place, world)
    await refused(acts, "NOT_ALLOWED", absence(acts, REGISTER, "officer"))


async def test_a_pupil_of_18_does_not_report_their_own_absence(place) -> None:
    acts = await Acts.of(place, aged(18))
    await refused(acts, "NOT_ALLOWED", absence(acts, REPORT, "pupil"))
    await refused(acts, "NOT_FOUND", absence(acts, REPORT, "mother"))


async def test_a_guardian_does_not_report_from_the_day_the_child_has_left(place) -> None:
    world = village()
    world.enrolments = [went for went in world.enrolments if went.unit != "school"]
    world.enrol("pupil", "school", LONG_AGO, TODAY + DAY)
    acts = await Acts.of(place, world)
    assert (await absence(acts, REPORT, "mother"))["problems"] == []
    acts.now = oslo(TODAY + DAY)
    tomorrow = (TODAY + DAY).isoformat()
    await refused(acts, "NOT_ALLOWED", absence(acts, REPORT, "mother", firstDay=tomorrow, lastDay=tomorrow))
    await refused(acts, "NOT_ALLOWED", absence(acts, REGISTER, "leader", firstDay=tomorrow, lastDay=tomorrow))


async def test_a_guardian_who_is_blocked_does_not_report(place) -> None:
    world = village()
    world.block("father", "pupil")
    acts = await Acts.of(place, world)
    await refused(acts, "NOT_FOUND", absence(acts, REPORT, "father"))


async def test_staff_who_are_family_do_not_register(place) -> None:
    world = village()
    world.family("pupil", "teacher", "slektning", "barn")
    acts = await Acts.of(place, world)
    await refused(acts, "NOT_FOUND", absence(acts, REGISTER, "teacher"))


def days(first: int, last: int) -> dict[str, str]:
    return {"firstDay": (TODAY + first * DAY).isoformat(), "lastDay": (TODAY + last * DAY).isoformat()}


@pytest.mark.parametrize(
    "more",
    [
        days(1, 0),
        days(-15, -15),
        days(366, 366),
        days(0, 60),
        {"fromTime": "10:00:00"},
        {"fromTime": "10:00:00", "toTime": "10:00:00"},
        {"fromTime": "11:00:00", "toTime": "10:00:00"},
        {"fromTime": "10:00:00+02:00", "toTime": "11:00:00"},
        {"fromTime": "10:00:00+02:00", "toTime": "11:00:00+02:00"},
        {**days(0, 1), "fromTime": "10:00:00", "toTime": "11:00:00"},
        {"reason": "NOT_REPORTED"},
    ],
)
async def test_a_guardian_does_not_report_what_makes_no_sense(acts: Acts, more) -> None:
    await refused(acts, "INVALID", absence(acts, REPORT, "mother", **more))


@pytest.mark.parametrize(
    "more", [days(-14, -14), days(0, 59), days(365, 365), {"fromTime": "10:00:00", "toTime": "10:01:00"}]
)
async def test_a_guardian_reports_up_to_the_limits(acts: Acts, more) -> None:
    assert (await absence(acts, REPORT, "mother", **more))["problems"] == []


async def test_a_unit_registers_a_school_year_afterwards(acts: Acts) -> None:
    assert (await absence(acts, REGISTER, "teacher", **days(-400, -400)))["problems"] == []
    await refused(acts, "INVALID", absence(acts, REGISTER, "teacher", **days(-401, -401)))


@pytest.mark.parametrize(
    ("more", "meets"),
    [
        ({}, True),
        (days(-1, 0), True),
        (days(0, 3), True),
        (days(1, 1), False),
        ({"fromTime": "08:00:00", "toTime": "09:00:00"}, True),
    ],
)
async def test_two_absences_that_stand_do_not_overlap(acts: Acts, more, meets) -> None:
    first = (await absence(acts, REPORT, "mother"))["absence"]["id"]
    if not meets:
        assert (await absence(acts, REPORT, "father", **more))["problems"] == []
        return
    told = await absence(acts, REPORT, "father", **more)
    assert codes(told) == ["CONFLICT"]
    assert told["problems"][0]["details"] == [first]
    await refused(acts, "CONFLICT", absence(acts, REGISTER, "teacher", **more))


async def test_parts_of_one_day_stand_beside_each_other(acts: Acts) -> None:
    morning = {"fromTime": "08:00:00", "toTime": "10:00:00"}
    assert (await absence(acts, REPORT, "mother", **morning))["problems"] == []
    assert (await absence(acts, REPORT, "mother", fromTime="10:00:00", toTime="11:00:00"))["problems"] == []
    await refused(acts, "CONFLICT", absence(acts, REPORT, "mother", fromTime="09:59:00", toTime="12:00:00"))
    await refused(acts, "CONFLICT", absence(acts, REPORT, "mother"))


async def test_c2_subject_staff_do_not_find_out_the_times_of_an_absence_by_trying(acts: Acts) -> None:
    """They see its dates only."""
    assert (await absence(acts, REPORT, "mother", fromTime="08:00:00", toTime="10:00:00"))["problems"] == []
    for part in ({"fromTime": "09:00:00", "toTime": "09:05:00"}, {"fromTime": "12:00:00", "toTime": "12:05:00"}):
        await refused(acts, "CONFLICT", absence(acts, REGISTER, "maths_teacher", **part))
    assert (await absence(acts, REGISTER, "teacher", fromTime="12:00:00", toTime="12:05:00"))["problems"] == []


async def test_absence_from_one_unit_says_nothing_of_another(acts: Acts) -> None:
    assert (await absence(acts, REPORT, "mother"))["problems"] == []
    assert (await absence(acts, REPORT, "mother", "sfo"))["problems"] == []


async def test_of_two_that_report_at_once_one_is_told_of_the_other(acts: Acts) -> None:
    told = await asyncio.gather(*(absence(acts, REPORT, who) for who in ("mother", "father", "mother", "father")))
    assert sorted(codes(one) for one in told) == [[], ["CONFLICT"], ["CONFLICT"], ["CONFLICT"]]


async def test_the_same_report_with_the_same_key_is_made_once(acts: Acts) -> None:
    first = await absence(acts, REPORT, "mother", idempotencyKey="once")
    again = await absence(acts, REPORT, "mother", idempotencyKey="once")
    assert first["absence"]["id"] == again["absence"]["id"]
    await refused(acts, "CONFLICT", absence(acts, REPORT, "mother", idempotencyKey="once", reason="OTHER"))


async def test_no_free_text_is_taken_unless_the_municipality_lets_there_be_any(place) -> None:
    acts = await Acts.of(place, village())
    await refused(acts, "NOT_ALLOWED", absence(acts, REPORT, "mother", note="Feber"))
    world = village()
    world.settings["absenceNote"] = "ALLOWED"
    acts = await Acts.of(place, world)
    told = (await absence(acts, REPORT, "mother", note=" Feber "))["absence"]
    assert told["note"] == "Feber"
    await refused(acts, "INVALID", absence(acts, REPORT, "mother", note="x" * 201, **days(3, 3)))
    number = f"Ring {world.people['mother'].number}"
    await refused(acts, "SENSITIVE_CONTENT", absence(acts, REPORT, "mother", note=number, **days(3, 3)))


async def test_reason_and_note_lie_encrypted_in_the_database(place, vault) -> None:
    world = village()
    world.settings["absenceNote"] = "ALLOWED"
    acts = await Acts.of(place, world)
    await absence(acts, REPORT, "mother", note="Feber", reason="FUNERAL")
    [row] = (await rows(acts))["absence"]
    assert vault.decrypt(row["reason_cipher"], "absence_reason") == "FUNERAL"
    assert vault.decrypt(row["note_cipher"], "absence_note") == "Feber"
    assert b"Feber" not in row["note_cipher"]
    assert b"FUNERAL" not in row["reason_cipher"]


# --- confirming, correcting, withdrawing --------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["teacher", "maths_teacher", "assistant", "leader"])
async def test_every_staff_relation_confirms_absence(acts: Acts, who: str) -> None:
    told = (await absence(acts, REPORT, "mother"))["absence"]["id"]
    assert (await acts.act(who, CONFIRM, {"absenceId": told}))["problems"] == []
    seen = await acts.ask("leader", LISTED, {"child": acts.id("Child", "pupil")})
    assert [one["id"] for one in seen["node"]["absences"]["nodes"]] == [told]
    assert [one["confirmed_at"] is not None for one in (await rows(acts))["absence"]] == [True]


async def test_whoever_confirms_first_stays(acts: Acts) -> None:
    told = (await absence(acts, REPORT, "mother"))["absence"]["id"]
    first = (await acts.act("teacher", CONFIRM, {"absenceId": told}))["absence"]
    again = (await acts.act("leader", CONFIRM, {"absenceId": told}))["absence"]
    assert first["confirmedBy"] == again["confirmedBy"] == {"name": acts.world.people["teacher"].name}
    assert first["confirmedAt"] == again["confirmedAt"]


@pytest.mark.parametrize(
    ("who", "code"), [("mother", "NOT_ALLOWED"), ("sfo_worker", "NOT_FOUND"), ("aunt", "NOT_FOUND")]
)
async def test_nobody_else_confirms_absence(acts: Acts, who: str, code: str) -> None:
    told = (await absence(acts, REPORT, "mother"))["absence"]["id"]
    await refused(acts, code, acts.act(who, CONFIRM, {"absenceId": told}))


async def test_a_correction_stands_in_the_place_of_what_was_wrong_which_stays_as_it_was(acts: Acts) -> None:
    wrong = (await absence(acts, REPORT, "mother"))["absence"]["id"]
    before = [one for one in (await rows(acts))["absence"] if one["ended_at"] is None]
    made = (await corrected(acts, "mother", wrong, **days(0, 2)))["absence"]
    assert made["corrects"] == {"id": wrong, "endedHow": "CORRECTED"}
    assert (made["lastDay"], made["side"]) == (TODAY + 2 * DAY, "GUARDIAN")
    kept = {one["id"]: one for one in (await rows(acts))["absence"]}
    for one in before:
        untouched = {"ended_at", "ended_by", "ended_how"}
        assert {k: v for k, v in one.items() if k not in untouched} == {
            k: v for k, v in kept[one["id"]].items() if k not in untouched
        }
    await refused(acts, "CONFLICT", corrected(acts, "mother", wrong))
    await refused(acts, "CONFLICT", acts.act("mother", WITHDRAW, {"absenceId": wrong}))
    await refused(acts, "CONFLICT", acts.act("teacher", CONFIRM, {"absenceId": wrong}))


async def test_a_guardian_corrects_and_withdraws_their_own_until_it_is_confirmed(acts: Acts) -> None:
    told = (await absence(acts, REPORT, "mother"))["absence"]["id"]
    await refused(acts, "NOT_ALLOWED", corrected(acts, "father", told))
    await refused(acts, "NOT_ALLOWED", acts.act("father", WITHDRAW, {"absenceId": told}))
    await acts.act("teacher", CONFIRM, {"absenceId": told})
    await refused(acts, "TOO_LATE", corrected(acts, "mother", told))
    await refused(acts, "TOO_LATE", acts.act("mother", WITHDRAW, {"absenceId": told}))
    made = (await corrected(acts, "teacher", told))["absence"]
    assert (made["side"], made["confirmedBy"]) == ("UNIT", {"name": acts.world.people["teacher"].name})


async def test_a_guardian_withdraws_what_they_reported(acts: Acts) -> None:
    told = (await absence(acts, REPORT, "mother"))["absence"]["id"]
    assert (await acts.act("mother", WITHDRAW, {"absenceId": told}))["absence"]["endedHow"] == "WITHDRAWN"
    assert (await absence(acts, REPORT, "father"))["problems"] == []


async def test_a_guardian_does_not_change_what_the_unit_registered(acts: Acts) -> None:
    told = (await absence(acts, REGISTER, "teacher"))["absence"]["id"]
    await refused(acts, "NOT_ALLOWED", corrected(acts, "mother", told))
    await refused(acts, "NOT_ALLOWED", acts.act("mother", WITHDRAW, {"absenceId": told}))


async def test_subject_staff_change_only_what_they_registered_themselves(acts: Acts) -> None:
    by_teacher = (await absence(acts, REGISTER, "teacher"))["absence"]["id"]
    await refused(acts, "NOT_ALLOWED", corrected(acts, "maths_teacher", by_teacher))
    own = (await absence(acts, REGISTER, "maths_teacher", **days(-3, -3)))["absence"]["id"]
    assert (await corrected(acts, "maths_teacher", own, **days(-3, -2)))["problems"] == []
    await refused(acts, "NOT_FOUND", acts.act("maths_teacher", WITHDRAW, {"absenceId": own}))


async def test_an_absence_nobody_may_see_is_answered_like_one_that_never_was(acts: Acts) -> None:
    told = (await absence(acts, REPORT, "mother"))["absence"]["id"]
    for text in (CONFIRM, WITHDRAW):
        unseen = await acts.act("other_leader", text, {"absenceId": told})
        never = await acts.act("other_leader", text, {"absenceId": acts.id("Unit", "school")})
        assert unseen == never
        assert codes(unseen) == ["NOT_FOUND"]


# --- photo consents -----------------------------------------------------------------------------------------------


async def photo(acts: Acts, text: str, who: str, unit: str = "school", login: str | None = None, **more: Any) -> Any:
    given = {"childId": acts.id("Child", "pupil"), "unitId": acts.id("Unit", unit), "purpose": "OPEN_PAGE", **more}
    return await acts.act(who, text, given, login)


async def use(acts: Acts, who: str = "teacher") -> tuple[bool, str]:
    told = await acts.ask(who, USE, {"child": acts.id("Child", "pupil"), "unit": acts.id("Unit", "school")})
    found = told["node"]["photoUseAllowed"]
    return found["allowed"], found["reason"]


async def test_every_guardian_consents_for_themself_and_then_the_use_is_allowed(acts: Acts) -> None:
    given = await photo(acts, GIVE, "mother")
    assert [one["givenBy"]["name"] for one in given["child"]["photoConsents"]] == [acts.world.people["mother"].name]
    assert await use(acts) == (False, "CONSENT_MISSING")
    await photo(acts, GIVE, "father")
    assert await use(acts) == (True, "CONSENTED")


async def test_whoever_consented_withdraws_at_any_time_and_the_history_is_kept(acts: Acts) -> None:
    for who in ("mother", "father"):
        await photo(acts, GIVE, who)
    told = await photo(acts, TAKE_BACK, "mother")
    assert [one["withdrawnAt"] is not None for one in told["child"]["photoConsents"]] == [True]
    assert await use(acts) == (False, "CONSENT_MISSING")
    assert await use(acts, "mother") == (False, "OWN_CONSENT_MISSING")
    again = await photo(acts, GIVE, "mother")
    assert [one["withdrawnAt"] is None for one in again["child"]["photoConsents"]] == [False, True]
    assert await use(acts) == (True, "CONSENTED")


async def test_consenting_twice_and_withdrawing_nothing_change_nothing(acts: Acts) -> None:
    await photo(acts, GIVE, "mother")
    before = await rows(acts)
    assert (await photo(acts, GIVE, "mother"))["problems"] == []
    assert (await photo(acts, TAKE_BACK, "mother", purpose="PRESS"))["problems"] == []
    assert (await photo(acts, TAKE_BACK, "father"))["problems"] == []
    assert await rows(acts) == before


@pytest.mark.parametrize(
    ("who", "unit", "login", "code"),
    [("mother", "kindergarten", None, "NOT_ALLOWED"), ("mother", "school", "employee", "NOT_FOUND"),
     ("teacher", "school", None, "NOT_ALLOWED"), ("leader", "school", None, "NOT_ALLOWED"),
     ("aunt", "school", None, "NOT_FOUND"), ("neighbour", "school", None, "NOT_FOUND"),
     ("pupil", "school", None, "NOT_FOUND")],
)  # fmt: skip
@pytest.mark.parametrize("text", [GIVE, TAKE_BACK])
async def test_nobody_else_consents_or_withdraws(acts: Acts, text, who, unit, login, code) -> None:
    await refused(acts, code, photo(acts, text, who, unit, login))


async def test_a_delegate_does_not_consent(place) -> None:
    world = village()
    world.delegate("aunt", "pupil", "school")
    world.consent("mother", "pupil", "aunt", "school")
    acts = await Acts.of(place, world)
    await refused(acts, "NOT_ALLOWED", photo(acts, GIVE, "aunt"))


async def test_a_pupil_consents_for_themself_from_the_day_they_turn_15(place) -> None:
    acts = await Acts.of(place, aged(15))
    for who in ("mother", "father"):
        await photo(acts, GIVE, who)
    assert await use(acts) == (False, "CONSENT_MISSING")
    assert (await photo(acts, GIVE, "pupil", login="employee"))["problems"] == []
    assert await use(acts) == (True, "CONSENTED")
    acts = await Acts.of(place, aged(15, days=-1))
    await refused(acts, "NOT_FOUND", photo(acts, GIVE, "pupil"))


async def test_a_pupil_of_18_consents_alone_and_only_when_signed_in_privately(place) -> None:
    acts = await Acts.of(place, aged(18))
    await refused(acts, "NOT_FOUND", photo(acts, GIVE, "mother"))
    await refused(acts, "NOT_FOUND", photo(acts, GIVE, "pupil", login="employee"))
    assert (await photo(acts, GIVE, "pupil", login="private"))["problems"] == []
    assert await use(acts) == (True, "CONSENTED")


def left_school(world: World) -> World:
    world.enrolments = [went for went in world.enrolments if went.unit != "school"]
    world.enrol("pupil", "school", LONG_AGO, TODAY + DAY)
    return world


async def test_a_consent_is_withdrawn_at_a_unit_that_the_child_has_left_and_not_given_there(place) -> None:
    acts = await Acts.of(place, left_school(village()))
    await photo(acts, GIVE, "mother")
    acts.now = oslo(TODAY + DAY)
    await refused(acts, "NOT_ALLOWED", photo(acts, GIVE, "father"))
    await refused(acts, "NOT_ALLOWED", photo(acts, TAKE_BACK, "father"))
    told = await photo(acts, TAKE_BACK, "mother")
    assert [one["withdrawnAt"] is not None for one in told["child"]["photoConsents"]] == [True]


async def test_a_guardian_of_before_does_not_consent(place) -> None:
    acts = await Acts.of(place, without_father(village()))
    await refused(acts, "NOT_FOUND", photo(acts, GIVE, "father"))
