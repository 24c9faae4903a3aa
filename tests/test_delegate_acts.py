"""Registering, consenting, withdrawing, revoking and ending: who may, who may not, and what is left behind."""

from __future__ import annotations

import pytest

from tests.acts import Acts, codes
from tests.family import UNKNOWN, Family
from tests.worlds.village import village
from tests.worlds.world import DAY, LONG_AGO, TODAY, World, oslo

LAST_MONTH = TODAY - 30 * DAY


async def at(place, world: World | None = None) -> Family:
    return Family(await Acts.of(place, world or village()))


@pytest.fixture
async def family(place) -> Family:
    return await at(place)


# --- registering --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "unit"), [("teacher", "school"), ("leader", "school"), ("sfo_worker", "sfo"), ("sfo_leader", "sfo")]
)
async def test_staff_of_the_unit_register_a_delegate_who_sees_nothing_yet(family: Family, who: str, unit: str) -> None:
    told = await family.registers(who, unit=unit)
    assert told["problems"] == []
    assert (told["delegate"]["name"], told["delegate"]["active"], told["delegate"]["adult"]) == (
        "Tante Fredrikke", False, None,
    )  # fmt: skip
    assert told["delegate"]["registeredBy"] == {"id": family.acts.id("StaffMember", who)}
    assert await family.relations("aunt") == []


@pytest.mark.parametrize(
    ("who", "unit", "code"),
    [
        ("mother", "school", "NOT_ALLOWED"),
        ("father", "school", "NOT_ALLOWED"),
        ("maths_teacher", "school", "NOT_ALLOWED"),
        ("assistant", "school", "NOT_ALLOWED"),
        ("teacher", "sfo", "NOT_ALLOWED"),
        ("sfo_worker", "school", "NOT_ALLOWED"),
        ("leader", "sfo", "NOT_ALLOWED"),
        ("leader", "kindergarten", "NOT_ALLOWED"),
        ("other_leader", "school", "NOT_FOUND"),
        ("officer", "school", "NOT_FOUND"),
        ("aunt", "school", "NOT_FOUND"),
    ],
)
async def test_nobody_else_registers_a_delegate(family: Family, who: str, unit: str, code: str) -> None:
    before = await family.digest()
    assert codes(await family.registers(who, "neighbour", unit)) == [code]
    assert await family.digest() == before


async def test_a_case_worker_sees_delegates_and_registers_none(place) -> None:
    world = village()
    world.need_case("officer", "pupil", oslo(TODAY, "09:00"), oslo(TODAY, "17:00"))
    family = await at(place, world)
    assert codes(await family.registers("officer")) == ["NOT_ALLOWED"]


async def test_nobody_registers_themself(family: Family) -> None:
    before = await family.digest()
    for who, unit in (("teacher", "school"), ("leader", "school"), ("sfo_worker", "sfo")):
        assert codes(await family.registers(who, who, unit)) == ["NOT_ALLOWED"]
    assert await family.digest() == before


async def test_r2_a_leader_who_is_family_registers_nobody(place) -> None:
    world = village()
    world.employ("father", "school", "LEADER")
    family = await at(place, world)
    assert codes(await family.registers("father")) == ["NOT_ALLOWED"]


async def test_r2_whoever_was_a_delegate_registers_nobody(place) -> None:
    world = village()
    world.delegate("teacher", "pupil", "sfo", LONG_AGO, LAST_MONTH)
    family = await at(place, world)
    assert codes(await family.registers("teacher")) == ["NOT_FOUND"]


@pytest.mark.parametrize("why", ["protected", "blocked"])
async def test_for_a_protected_child_or_one_with_a_block_only_the_leader_registers(place, why: str) -> None:
    world = village()
    if why == "protected":
        world.protect("pupil", since=LAST_MONTH)
    else:
        world.block("neighbour", "pupil")
    family = await at(place, world)
    before = await family.digest()
    assert codes(await family.registers("teacher")) == ["NOT_ALLOWED"]
    assert codes(await family.registers("sfo_worker", unit="sfo")) == ["NOT_ALLOWED"]
    assert await family.digest() == before
    assert codes(await family.registers("leader")) == []
    assert codes(await family.registers("sfo_leader", unit="sfo")) == []


async def test_c6_the_leader_of_a_unit_that_the_child_has_left_registers_nobody(place) -> None:
    world = village()
    world.enrolments = [went for went in world.enrolments if went.unit != "school"]
    world.enrol("pupil", "school", LONG_AGO, TODAY)
    family = await at(place, world)
    assert codes(await family.registers("leader")) == ["NOT_ALLOWED"]


@pytest.mark.parametrize(
    "person", ["aunt", "neighbour", "maths_teacher", "leader", "mother", "officer", "stranger", None]
)
async def test_the_answer_does_not_tell_whose_number_it_is(place, person: str | None) -> None:
    """Known or not, employed, guardian, child, blocked elsewhere: the registrar gets back what they sent."""
    world = village()
    world.block("aunt", "stranger")
    family = await at(place, world)
    number = UNKNOWN if person is None else family.number(person)
    told = await family.registers("teacher", nationalId=number)
    del told["delegate"]["id"]
    assert told == {
        "delegate": {
            "name": "Tante Fredrikke", "active": False, "since": TODAY, "until": None, "adult": None, "consents": [],
            "registeredBy": {"id": family.acts.id("StaffMember", "teacher")},
        },
        "problems": [],
    }  # fmt: skip
    [seen] = (await family.child("teacher"))["delegates"]
    assert (seen["name"], seen["adult"]) == ("Tante Fredrikke", None)


async def test_r1_a_leader_who_registers_somebody_blocked_gets_the_same_answer(place) -> None:
    world = village()
    world.block("aunt", "pupil")
    family = await at(place, world)
    blocked, other = await family.registers("leader", "aunt"), await family.registers("leader", "neighbour")
    del blocked["delegate"]["id"], other["delegate"]["id"]
    assert blocked == other


async def test_somebody_unknown_is_known_by_number_from_then_on(family: Family) -> None:
    first = await family.registered(nationalId=UNKNOWN)
    second = await family.registered(unit="school", nationalId=UNKNOWN, name="Onkel")
    people = await family.rows(
        "select distinct p.name, p.given_name, p.source_id, p.documented_on from person p"
        " join delegate d on d.person_id = p.id where d.child_id = $1"
    )
    assert people == [("Tante Fredrikke", None, None, None)]
    assert first != second
    assert sorted(one["name"] for one in (await family.child("mother"))["delegates"]) == ["Onkel", "Tante Fredrikke"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"nationalId": "12345678901"}, "nationalId"),
        ({"nationalId": ""}, "nationalId"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"since": (TODAY - DAY).isoformat()}, "since"),
        ({"until": TODAY.isoformat()}, "until"),
    ],
)
async def test_nobody_registers_with_an_input_that_does_not_fit(family: Family, more, field: str) -> None:
    before = await family.digest()
    told = await family.registers("teacher", **more)
    assert codes(told) == ["INVALID"]
    assert told["problems"][0]["field"] == ["input", field]
    assert await family.digest() == before


async def test_the_same_registration_sent_twice_is_one(family: Family) -> None:
    first = await family.registers("teacher", idempotencyKey="once")
    again = await family.registers("teacher", idempotencyKey="once")
    assert first["delegate"]["id"] == again["delegate"]["id"]
    assert len((await family.child("mother"))["delegates"]) == 1


# --- consenting ---------------------------------------------------------------------------------------------------


async def test_every_guardian_is_told_that_there_is_a_delegate(family: Family) -> None:
    await family.registered()
    for guardian in ("mother", "father"):
        [seen] = (await family.child(guardian))["delegates"]
        assert (seen["name"], seen["active"]) == ("Tante Fredrikke", False)


async def test_one_consent_is_enough_where_the_municipality_does_not_say_otherwise(family: Family) -> None:
    delegate = await family.registered()
    told = await family.consents("father", delegate)
    assert told["problems"] == []
    assert told["delegate"]["active"]
    assert told["delegate"]["adult"]["id"] == family.acts.id("OtherAdult", "aunt")
    assert await family.relations("aunt") == ["DELEGATE"]
    assert [one["guardian"]["id"] for one in (await family.child("mother"))["delegates"][0]["consents"]] == [
        family.acts.id("Guardian", "father")
    ]


async def test_all_must_consent_where_the_municipality_says_so(place) -> None:
    world = village()
    world.settings["delegateConsent"] = "ALL"
    family = await at(place, world)
    delegate = await family.registered()
    assert not (await family.consents("mother", delegate))["delegate"]["active"]
    assert await family.relations("aunt") == []
    assert (await family.consents("father", delegate))["delegate"]["active"]
    assert await family.relations("aunt") == ["DELEGATE"]


@pytest.mark.parametrize(
    ("who", "code"),
    [("teacher", "NOT_ALLOWED"), ("leader", "NOT_ALLOWED"), ("sfo_worker", "NOT_FOUND"), ("aunt", "NOT_FOUND"),
     ("neighbour", "NOT_FOUND")],
)  # fmt: skip
async def test_nobody_but_a_guardian_consents_withdraws_or_ends(family: Family, who: str, code: str) -> None:
    delegate = await family.registered()
    before = await family.digest()
    for name in ("consentToDelegate", "withdrawConsent", "endDelegation"):
        assert codes(await family.does(who, name, delegateId=delegate)) == [code]
    assert await family.digest() == before


async def test_a_guardian_does_not_consent_when_signed_in_as_an_employee(family: Family) -> None:
    delegate = await family.registered()
    assert codes(await family.does("mother", "consentToDelegate", "employee", delegateId=delegate)) == ["NOT_FOUND"]


async def test_a_guardian_does_not_consent_to_themself(family: Family) -> None:
    delegate = await family.registered(person="mother")
    before = await family.digest()
    assert codes(await family.consents("mother", delegate)) == ["NOT_ALLOWED"]
    assert await family.digest() == before
    assert codes(await family.consents("father", delegate)) == []


async def test_a_delegate_does_not_consent_for_others(family: Family) -> None:
    delegate = await family.registered()
    await family.consents("mother", delegate)
    other = await family.registered(person="neighbour")
    assert codes(await family.consents("aunt", delegate)) == ["NOT_ALLOWED"]
    assert codes(await family.consents("aunt", other)) == ["NOT_FOUND"]


async def test_a_consent_given_twice_is_one_and_another_end_replaces_it(family: Family) -> None:
    delegate = await family.registered()
    await family.consents("mother", delegate)
    await family.consents("mother", delegate)
    assert len((await family.child("mother"))["delegates"][0]["consents"]) == 1
    told = await family.consents("mother", delegate, until=(TODAY + DAY).isoformat())
    assert [(one["until"], one["withdrawnAt"] is None) for one in told["delegate"]["consents"]] == [
        (TODAY, False), (TODAY + DAY, True),
    ]  # fmt: skip
    assert told["delegate"]["active"]


async def test_a_consent_ends_at_its_date_at_midnight(family: Family) -> None:
    delegate = await family.registered()
    await family.consents("mother", delegate, until=(TODAY + DAY).isoformat())
    family.acts.now = oslo(TODAY, "23:59:58")
    assert await family.relations("aunt") == ["DELEGATE"]
    family.acts.now = oslo(TODAY, "23:59:59")  # each question is asked a second later
    assert await family.relations("aunt") == []
    assert not (await family.child("mother"))["delegates"][0]["active"]


async def test_a_registration_ends_at_its_date_at_midnight(family: Family) -> None:
    delegate = await family.registered(until=(TODAY + DAY).isoformat())
    await family.consents("mother", delegate)
    assert await family.relations("aunt") == ["DELEGATE"]
    family.acts.now = oslo(TODAY, "23:59:59")
    assert await family.relations("aunt") == []
    assert (await family.child("mother"))["delegates"] == []


# --- withdrawing, revoking, ending ----------------------------------------------------------------------------------


async def test_a_delegation_rests_from_the_next_request_on_when_the_consent_is_withdrawn(
    family: Family,
) -> None:
    delegate = await family.registered()
    await family.consents("mother", delegate)
    assert await family.relations("aunt") == ["DELEGATE"]
    told = await family.does("mother", "withdrawConsent", delegateId=delegate)
    assert told["problems"] == []
    assert not told["child"]["delegates"][0]["active"]
    assert await family.relations("aunt") == []
    await family.consents("father", delegate)
    assert await family.relations("aunt") == ["DELEGATE"]


async def test_withdrawing_leaves_the_consent_of_the_other_guardian(family: Family) -> None:
    delegate = await family.registered()
    for guardian in ("mother", "father"):
        await family.consents(guardian, delegate)
    await family.does("mother", "withdrawConsent", delegateId=delegate)
    assert await family.relations("aunt") == ["DELEGATE"]


async def test_withdrawing_without_a_consent_does_nothing(family: Family) -> None:
    delegate = await family.registered()
    before = await family.digest()
    assert codes(await family.does("mother", "withdrawConsent", delegateId=delegate)) == []
    assert await family.digest() == before


async def test_any_guardian_ends_a_delegation_that_another_consented_to(family: Family) -> None:
    delegate = await family.registered()
    await family.consents("mother", delegate)
    told = await family.does("father", "endDelegation", delegateId=delegate)
    assert told["problems"] == []
    assert told["child"]["delegates"] == []
    assert await family.relations("aunt") == []
    assert await family.rows("select ended_as, until = since from delegate where child_id = $1") == [("GUARDIAN", True)]


@pytest.mark.parametrize("who", ["teacher", "leader"])
async def test_the_unit_revokes_a_delegate_and_it_counts_from_the_next_request(family: Family, who: str) -> None:
    delegate = await family.registered()
    await family.consents("mother", delegate)
    assert codes(await family.does(who, "revokeDelegate", delegateId=delegate)) == []
    assert await family.relations("aunt") == []
    assert (await family.child("mother"))["delegates"] == []


async def test_revoking_ends_every_registration_of_the_adult_at_the_unit_and_no_other(family: Family) -> None:
    first, second = await family.registered(), await family.registered(name="Fredrikke")
    elsewhere = await family.registered("sfo_worker", unit="sfo")
    for delegate in (first, elsewhere):
        await family.consents("mother", delegate)
    await family.does("teacher", "revokeDelegate", delegateId=first)
    left = (await family.child("mother"))["delegates"]
    assert [one["id"] for one in left] == [elsewhere]
    assert left[0]["active"]
    assert second not in left


@pytest.mark.parametrize(
    ("who", "code"),
    [("mother", "NOT_ALLOWED"), ("aunt", "NOT_ALLOWED"), ("maths_teacher", "NOT_FOUND"), ("sfo_leader", "NOT_FOUND"),
     ("other_leader", "NOT_FOUND"), ("neighbour", "NOT_FOUND")],
)  # fmt: skip
async def test_nobody_but_staff_of_the_unit_revokes(family: Family, who: str, code: str) -> None:
    delegate = await family.registered()
    await family.consents("mother", delegate)
    before = await family.digest()
    assert codes(await family.does(who, "revokeDelegate", delegateId=delegate)) == [code]
    assert await family.digest() == before


async def test_a_consent_does_not_outlive_the_delegation(family: Family) -> None:
    delegate = await family.registered()
    await family.consents("mother", delegate)
    await family.does("teacher", "revokeDelegate", delegateId=delegate)
    again = await family.registered()
    assert await family.relations("aunt") == []
    await family.consents("mother", again)
    assert await family.relations("aunt") == ["DELEGATE"]


async def test_a_consent_does_not_outlive_a_registration_that_has_run_out(place) -> None:
    world = village()
    world.delegate("aunt", "pupil", "school", LAST_MONTH, TODAY)
    world.consent("mother", "pupil", "aunt", "school", LAST_MONTH)
    family = await at(place, world)
    await family.registered()
    assert await family.relations("aunt") == []


async def test_a_consent_that_came_before_the_registration_counts(place) -> None:
    world = village()
    world.consent("mother", "pupil", "aunt", "school", LAST_MONTH)
    family = await at(place, world)
    await family.registered()
    assert await family.relations("aunt") == ["DELEGATE"]


async def test_nothing_that_was_is_overwritten(family: Family) -> None:
    delegate = await family.registered(until=(TODAY + 30 * DAY).isoformat())
    await family.consents("mother", delegate)
    await family.does("father", "endDelegation", delegateId=delegate)
    assert await family.rows("select agreed_until, until from delegate where child_id = $1") == [
        (TODAY + 30 * DAY, TODAY)
    ]
    assert await family.rows("select agreed_until, until, ended_at is not null from consent where child_id = $1") == [
        (None, TODAY, True)
    ]


async def test_r1_a_guardian_does_not_learn_of_a_block_by_taking_a_consent_back(family: Family) -> None:
    """A delegate who is blocked, and one who was revoked, are both gone; withdrawing and ending go well for both."""
    blocked, revoked = await family.registered("leader"), await family.registered("leader", "neighbour")
    for delegate in (blocked, revoked):
        await family.consents("mother", delegate)
    await family.blocks("leader", "aunt", "OtherAdult")
    await family.does("leader", "revokeDelegate", delegateId=revoked)
    for name in ("withdrawConsent", "endDelegation"):
        assert await family.does("mother", name, delegateId=blocked) == await family.does(
            "mother", name, delegateId=revoked
        )
    assert (await family.child("mother"))["delegates"] == []
    for delegate in (blocked, revoked):
        assert codes(await family.consents("mother", delegate)) == ["NOT_FOUND"]


async def test_r2_a_colleague_who_is_registered_is_no_longer_staff_to_the_child(family: Family) -> None:
    assert await family.relations("maths_teacher") == ["SUBJECT_STAFF"]
    await family.registered("leader", "maths_teacher")
    assert await family.relations("maths_teacher") == []
    assert await family.rows("select kind from task where child_id = $1") == [("DEPUTY_NEEDED",)]
