"""Substitutes: a position for a period, set by the leader, with the group roles that they need; it ends by itself."""

from __future__ import annotations

import datetime as dt

import pytest

from norway.national_id import D_NUMBER, with_check_digits
from resolvers import ids
from tests.acts import Acts, codes
from tests.family import UNKNOWN, Family
from tests.worlds.numbers import synthetic_number
from tests.worlds.village import village
from tests.worlds.world import DAY, TODAY, oslo

NEXT_WEEK = TODAY + 7 * DAY


@pytest.fixture
async def family(place) -> Family:
    return Family(await Acts.of(place, village()))


async def appoints(
    family: Family, who: str, person: str = "aunt", unit: str = "school", until: dt.date = NEXT_WEEK, **more
) -> dict:
    told = family.acts.world.people[person]
    given = {"unitId": family.acts.id("Unit", unit), "role": "TEACHER", "until": until.isoformat(), **more}
    if "staffMemberId" not in given:
        given = {"nationalId": told.number, "name": told.name, **given}
    return await family.does(who, "appointSubstitute", **given)


def role(family: Family, group: str, as_what: str) -> dict[str, str]:
    return {"groupId": family.acts.id("Group", group), "role": as_what}


@pytest.mark.parametrize(
    ("group", "as_what", "relation"),
    [("3B", "CONTACT_TEACHER", "CONTACT_TEACHER"), ("maths", "SUBJECT_TEACHER", "SUBJECT_STAFF"),
     ("3B", "ASSISTANT", "SUBJECT_STAFF")],
)  # fmt: skip
async def test_a_substitute_has_the_relation_of_their_group_role(family: Family, group, as_what, relation) -> None:
    told = await appoints(family, "leader", groups=[role(family, group, as_what)])
    assert told["problems"] == []
    assert told["substitution"]["groups"] == [{"role": as_what, "group": {"id": family.acts.id("Group", group)}}]
    assert told["substitution"]["staffMember"] == {"id": family.acts.id("StaffMember", "aunt")}
    assert await family.relations("aunt") == [relation]


async def test_a_substitute_without_a_group_sees_no_pupil(family: Family) -> None:
    assert codes(await appoints(family, "leader")) == []
    assert await family.relations("aunt") == []


async def test_a_substitute_at_an_sfo_is_unit_staff(family: Family) -> None:
    assert codes(await appoints(family, "sfo_leader", unit="sfo", role="STAFF")) == []
    assert await family.relations("aunt") == ["UNIT_STAFF"]


async def test_a_substitution_begins_and_ends_at_midnight_by_itself(family: Family) -> None:
    since = (TODAY + DAY).isoformat()
    groups = [role(family, "3B", "CONTACT_TEACHER")]
    await appoints(family, "leader", since=since, until=TODAY + 2 * DAY, groups=groups)
    seen = {}
    for day in (TODAY, TODAY + DAY):
        for clock in ("23:59:58", "23:59:59"):  # each question is asked a second later
            family.acts.now = oslo(day, clock)
            seen[day, clock] = await family.relations("aunt")
    assert list(seen.values()) == [[], ["CONTACT_TEACHER"], ["CONTACT_TEACHER"], []]


@pytest.mark.parametrize(
    "who", ["teacher", "sfo_leader", "other_leader", "mother", "officer", "maths_teacher", "neighbour"]
)
async def test_nobody_but_who_leads_the_unit_appoints_or_ends(family: Family, who: str) -> None:
    key = (await appoints(family, "leader"))["substitution"]["id"]
    before = await family.digest()
    assert codes(await appoints(family, who, "aunt")) == ["NOT_ALLOWED"]
    assert codes(await family.does(who, "endSubstitution", substitutionId=key)) == ["NOT_FOUND"]
    assert await family.digest() == before


async def test_a_leader_does_not_appoint_themself(family: Family) -> None:
    before = await family.digest()
    assert codes(await appoints(family, "leader", "leader")) == ["NOT_ALLOWED"]
    own = family.acts.id("StaffMember", "leader")
    assert codes(await appoints(family, "leader", staffMemberId=own)) == ["NOT_ALLOWED"]
    assert await family.digest() == before


async def test_a_leader_appoints_a_colleague_whom_they_see_and_no_other_by_id(family: Family) -> None:
    colleague, stranger = (family.acts.id("StaffMember", who) for who in ("assistant", "kindergarten_worker"))
    told = await appoints(family, "leader", staffMemberId=colleague, groups=[role(family, "3B", "CONTACT_TEACHER")])
    assert told["problems"] == []
    assert await family.relations("assistant") == ["CONTACT_TEACHER", "SUBJECT_STAFF"]
    assert codes(await appoints(family, "leader", staffMemberId=stranger)) == ["NOT_FOUND"]


async def test_a_number_does_not_give_away_a_name_nor_let_in_a_stranger(family: Family) -> None:
    before = await family.digest()
    assert codes(await appoints(family, "leader", name="Helt Annen")) == ["INVALID"]
    assert await family.digest() == before
    told = await appoints(family, "leader", nationalId=UNKNOWN, name="Ny Vikar")
    assert told["problems"] == []
    assert told["substitution"]["name"] == "Ny Vikar"


STAFF = "query ($id: ID!) { node(id: $id) { ... on Unit { staff { id name } groups { staff { id name } } } } }"


async def test_members_of_staff_of_one_name_do_not_stand_by_who_was_known_first(family: Family) -> None:
    """Beside a number of nobody's, told with the same name, a leader would learn whether another was known before."""
    name = "Munter Nype"
    for serial in range(130, 136):
        number = synthetic_number(dt.date(1990, 1, 1), serial)
        told = await appoints(family, "leader", nationalId=number, name=name, groups=[role(family, "3B", "ASSISTANT")])
        assert told["problems"] == []
    unit = (await family.acts.ask("leader", STAFF, {"id": family.acts.id("Unit", "school")}))["node"]
    [of_class] = [group["staff"] for group in unit["groups"] if len(group["staff"]) > 6]
    for listed in (unit["staff"], of_class):
        keys = [ids.decode(one["id"]) for one in listed if one["name"] == name]
        assert (len(keys), keys) == (6, sorted(keys))


# --- of age -----------------------------------------------------------------------------------------------------------


def number_of(born: dt.date, first_day: int = 0) -> str:
    """A number of nobody in the village; `first_day` is what is added to the day."""
    for serial in range(100, 150):
        nine = synthetic_number(born, serial)[:9]
        made = with_check_digits(f"{int(nine[:2]) + first_day:02}{nine[2:]}")
        if made:
            return made
    raise ValueError(born)


@pytest.mark.parametrize("first_day", [0, D_NUMBER])
@pytest.mark.parametrize(
    ("born", "found"),
    [
        (TODAY.replace(year=TODAY.year - 18), []),
        (TODAY.replace(year=TODAY.year - 18) + DAY, ["INVALID"]),
        (TODAY.replace(year=TODAY.year - 8), ["INVALID"]),
        (TODAY, ["INVALID"]),
        (TODAY.replace(year=TODAY.year - 99), []),
    ],
)
async def test_nobody_is_appointed_before_they_are_18(family: Family, born: dt.date, found, first_day: int) -> None:
    told = await appoints(family, "leader", nationalId=number_of(born, first_day), name="Munter Nype")
    assert codes(told) == found


async def test_somebody_comes_of_age_at_midnight_in_oslo(family: Family) -> None:
    born = TODAY.replace(year=TODAY.year - 18) + DAY
    seen = []
    for clock in ("23:59:58", "23:59:59"):  # each question is asked a second later
        family.acts.now = oslo(TODAY, clock)
        seen.append(codes(await appoints(family, "leader", nationalId=number_of(born), name="Munter Nype")))
    assert seen == [["INVALID"], []]


async def test_c1_a_child_s_number_is_refused_alike_whether_the_child_is_known_or_not(family: Family) -> None:
    before = await family.digest()
    pupil = family.acts.world.people["pupil"]
    answers = [
        await appoints(family, "leader", nationalId=number, name=name)
        for number in (family.number("pupil"), family.number("stranger"), number_of(dt.date(2018, 2, 3)))
        for name in (pupil.name, "Munter Nype")
    ]
    assert await family.digest() == before
    assert answers[1:] == answers[:-1]
    [problem] = answers[0]["problems"]
    assert (problem["code"], problem["field"]) == ("INVALID", ["input", "nationalId"])
    assert "18" in problem["message"]


# --- what a substitute may, and until when ----------------------------------------------------------------------------


async def test_r2_a_substitute_is_not_staff_to_their_own_child(family: Family) -> None:
    assert codes(await appoints(family, "leader", "father", groups=[role(family, "3B", "CONTACT_TEACHER")])) == []
    assert await family.relations("father") == ["GUARDIAN"]
    assert await family.rows("select kind from task where child_id = $1 and done_at is null") == [("DEPUTY_NEEDED",)]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"role": "LEADER"}, "INVALID"),
        ({"role": "STAFF"}, "INVALID"),
        ({"until": TODAY}, "INVALID"),
        ({"until": TODAY + 400 * DAY}, "INVALID"),
        ({"since": (TODAY - DAY).isoformat()}, "INVALID"),
        ({"nationalId": "123"}, "INVALID"),
        ({"name": None}, "INVALID"),
        ({"unitId": "nothing"}, "NOT_FOUND"),
    ],
)
async def test_nobody_is_appointed_with_an_input_that_does_not_fit(family: Family, more, code) -> None:
    before = await family.digest()
    assert codes(await appoints(family, "leader", **more)) == [code]
    assert await family.digest() == before


async def test_groups_are_the_school_s_own(family: Family) -> None:
    before = await family.digest()
    others = [role(family, "5A", "CONTACT_TEACHER")]
    assert codes(await appoints(family, "leader", groups=others)) == ["NOT_FOUND"]
    foxes = [role(family, "foxes", "ASSISTANT")]
    assert codes(await appoints(family, "sfo_leader", unit="sfo", role="STAFF", groups=foxes)) == ["INVALID"]
    assert await family.digest() == before


async def test_a_substitution_that_is_ended_counts_no_more_from_the_next_request(family: Family) -> None:
    groups = [role(family, "3B", "CONTACT_TEACHER")]
    key = (await appoints(family, "leader", groups=groups))["substitution"]["id"]
    told = await family.does("leader", "endSubstitution", substitutionId=key)
    assert (told["problems"], told["unit"]["substitutions"]) == ([], [])
    assert await family.relations("aunt") == []
    assert codes(await family.does("leader", "endSubstitution", substitutionId=key)) == ["NOT_FOUND"]


async def test_substitutions_are_told_to_the_unit_s_leader_only(family: Family) -> None:
    key = (await appoints(family, "leader"))["substitution"]["id"]
    text = (
        "query ($id: ID!, $key: ID!) { node(id: $id) { ... on Unit { substitutions { id } } }"
        " one: node(id: $key) { id } }"
    )
    for who in ("leader", "teacher", "sfo_leader", "mother", "aunt", "other_leader"):
        told = await family.acts.ask(who, text, {"id": family.acts.id("Unit", "school"), "key": key})
        found = [{"id": key}] if who == "leader" else []
        assert (told["node"]["substitutions"], told["one"]) == (found, found[0] if found else None)


async def test_a_roster_does_not_end_a_substitution(place) -> None:
    """What the leader set is not the roster's to take back: an import ends only what an import began."""
    family = Family(await Acts.of(place, village()))
    await appoints(family, "leader", groups=[role(family, "3B", "CONTACT_TEACHER")])
    assert await family.relations("aunt") == ["CONTACT_TEACHER"]
    await family.imports_again()
    assert await family.relations("aunt") == ["CONTACT_TEACHER"]
