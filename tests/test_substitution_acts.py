"""Substitutes: a position for a period, set by the leader, with the group roles that they need; it ends by itself."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from norway.national_id import D_NUMBER, with_check_digits
from resolvers import ids
from tests.acts import ADD, Acts, act, codes
from tests.family import UNKNOWN, Family
from tests.worlds.numbers import synthetic_number
from tests.worlds.village import village, with_threads
from tests.worlds.world import DAY, LONG_AGO, TODAY, World, oslo

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


# --- who exists is not told (C1) -------------------------------------------------------------------------------------

TOLD = "Munter Nype"
OF_DELEGATE = synthetic_number(TODAY.replace(year=1990), 147)
"""The number of somebody whom no register tells of, and whom another unit has registered as a delegate."""


def neighbourhood() -> World:
    """The village, with two whom the told name suits as far as a leader knows: the registers have a middle name, by
    which they would stand behind the assistant."""
    world = with_threads(village())
    for who, *name in (("aunt", "Munter", "Nype"), ("kindergarten_worker", "Munter", "Nype"),
                       ("assistant", "Munter", "Oter")):  # fmt: skip
        world.people[who].given, world.people[who].family = name
    for who in ("aunt", "kindergarten_worker"):
        world.people[who].middle = "Trane"
    world.person("nursery_nurse")
    world.employ("nursery_nurse", "kindergarten", "STAFF")
    return world


async def named_by_another_unit(family: Family) -> None:
    told = await family.does(
        "other_leader", "registerDelegate", childId=family.acts.id("Child", "stranger"),
        unitId=family.acts.id("Unit", "other_school"), nationalId=OF_DELEGATE, name="Tante Fredrikke",
    )  # fmt: skip
    assert told["problems"] == []


UNIT_SEEN = """
    query ($id: ID!, $child: ID!) {
        node(id: $id) { ... on Unit {
            staff { id name positions { unit { id } role } }
            groups { staff { id name } }
            substitutions { id name staffMember { id name } setBy { id } groups { role } }
        } }
        child: node(id: $child) { ... on Child {
            blocks { id name setBy { id } }
            records { nodes { readers { person { id name } } } }
            threads { nodes { participants { side person { id name } } messages { nodes { author { id name } } } } }
            tasks { kind personName }
        } }
        viewer { person { id name } tasks(first: 50) { nodes { kind personName } } }
    }
"""
SEEN_BY = ("leader", "teacher", "mother")


class Transcript:
    """What a leader does with a number, and everything that comes back, to them and to those around them."""

    def __init__(self, family: Family, number: str) -> None:
        self.family = family
        self.number = number
        self.told: list[Any] = []

    async def appoints(self, name: str) -> str:
        groups = [role(self.family, "3B", "CONTACT_TEACHER"), role(self.family, "maths", "SUBJECT_TEACHER")]
        told = await appoints(self.family, "leader", nationalId=self.number, name=name, groups=groups)
        self.told.append(told)
        assert told["problems"] == []
        return str(told["substitution"]["staffMember"]["id"])

    async def looks(self) -> None:
        acts = self.family.acts
        of = {"id": acts.id("Unit", "school"), "child": acts.id("Child", "pupil")}
        self.told += [await acts.ask(who, UNIT_SEEN, of) for who in SEEN_BY]

    async def goes_on(self) -> None:
        acts = self.family.acts
        substitute = await self.appoints(TOLD)
        await self.looks()
        to_talk = {"threadId": acts.id("Thread", "talk"), "personId": substitute}
        self.told.append(await acts.act("teacher", ADD, to_talk))
        note = {
            "childId": acts.id("Child", "pupil"), "unitId": acts.id("Unit", "school"), "kind": "NOTE", "title": "T",
            "body": "B", "readerIds": [substitute, acts.id("StaffMember", "assistant")], "idempotencyKey": acts.key(),
        }  # fmt: skip
        self.told.append(await acts.act("leader", act("writeRecord", "record { id }"), note))
        await self.looks()
        for name in ("Munter Vind Nype", "munter nype", "Rask Elv", "Rask Kvist", TOLD):
            await self.appoints(name)
            await self.looks()
        by_id = await appoints(self.family, "leader", staffMemberId=substitute)
        self.told.append(by_id)
        await self.looks()
        self.told.append(await self.family.blocks("leader", "", personId=substitute))
        await self.looks()
        key = by_id["substitution"]["id"]
        self.told.append(await self.family.does("leader", "endSubstitution", substitutionId=key))
        await self.appoints(TOLD)
        await self.looks()
        assert not [told for told in self.told if told.get("problems")]

    def without_keys(self) -> list[Any]:
        """Each id by its place among those that were told."""
        met: dict[str, str] = {}

        def plain(value: Any) -> Any:
            if isinstance(value, dict):
                return {name: plain(one) for name, one in value.items()}
            if isinstance(value, list):
                return [plain(one) for one in value]
            if isinstance(value, str) and (decoded := ids.decode(value)):
                return met.setdefault(value, f"<{decoded[0]} {len(met)}>")
            return value

        return [plain(one) for one in self.told]


async def transcript(place, number: str | None, who: str = "") -> list[Any]:
    family = Family(await Acts.of(place, neighbourhood()))
    await named_by_another_unit(family)
    told = Transcript(family, number or family.number(who))
    await told.goes_on()
    return told.without_keys()


@pytest.mark.parametrize("who", ["neighbour", "other_leader", "father", "leader", "aunt", "somebody else's delegate"])
async def test_c1_a_leader_cannot_tell_a_known_number_from_an_unknown_one(place, who: str) -> None:
    """Known under another name: as a guardian elsewhere, staff elsewhere, a guardian here, the leader themself. Under
    the told one, but for a middle name that the register has. And by number alone."""
    known = await transcript(place, OF_DELEGATE if who not in neighbourhood().people else None, who)
    unknown = await transcript(place, UNKNOWN)
    for mine, theirs in zip(known, unknown, strict=True):
        assert mine == theirs


async def test_c1_a_number_and_an_agreeing_name_are_one_member_of_staff_and_another_name_is_another(place) -> None:
    family = Family(await Acts.of(place, neighbourhood()))
    for number in (UNKNOWN, family.number("neighbour"), family.number("aunt")):
        told = Transcript(family, number)
        first, *others = [await told.appoints(name) for name in (TOLD, "Munter Vind Nype", "Rask Elv", TOLD)]
        assert [other == first for other in others] == [True, False, True]
        assert [one["substitution"]["name"] for one in told.told] == [TOLD, "Munter Vind Nype", "Rask Elv", TOLD]


STAFF = "query ($id: ID!) { node(id: $id) { ... on Unit { staff { id name } groups { staff { id name } } } } }"


async def test_members_of_staff_of_one_name_do_not_stand_by_who_was_known_first(family: Family) -> None:
    """Beside a number of nobody's, told with the same name, a leader would learn whether another was known before."""
    for serial in range(130, 136):
        number = synthetic_number(dt.date(1990, 1, 1), serial)
        told = await appoints(family, "leader", nationalId=number, name=TOLD, groups=[role(family, "3B", "ASSISTANT")])
        assert told["problems"] == []
    unit = (await family.acts.ask("leader", STAFF, {"id": family.acts.id("Unit", "school")}))["node"]
    [of_class] = [group["staff"] for group in unit["groups"] if len(group["staff"]) > 6]
    for listed in (unit["staff"], of_class):
        keys = [ids.decode(one["id"]) for one in listed if one["name"] == TOLD]
        assert (len(keys), keys) == (6, sorted(keys))


async def test_a_name_of_accents_alone_is_a_name(family: Family) -> None:
    assert codes(await appoints(family, "leader", nationalId=UNKNOWN, name="\u0301")) == []


OF_ONESELF = "{ viewer { person { id name } units { id } children { id } pupils { nodes { id } } } }"


async def test_whose_number_was_written_under_a_false_name_gets_in_nowhere(place) -> None:
    family = Family(await Acts.of(place, neighbourhood()))
    before = await family.acts.ask("neighbour", OF_ONESELF, {})
    told = await appoints(family, "leader", "neighbour", name=TOLD, groups=[role(family, "3B", "CONTACT_TEACHER")])
    assert (told["problems"], told["substitution"]["name"]) == ([], TOLD)
    assert await family.acts.ask("neighbour", OF_ONESELF, {}) == before
    assert await family.relations("neighbour") == []
    await family.imports_again()
    assert await family.acts.ask("neighbour", OF_ONESELF, {}) == before


async def test_a_slip_is_mended_by_appointing_anew(place) -> None:
    """The leader finds out when the substitute does not get in."""
    family = Family(await Acts.of(place, neighbourhood()))
    groups = [role(family, "3B", "CONTACT_TEACHER")]
    slip = await appoints(family, "leader", "neighbour", name=TOLD, groups=groups)
    ended = await family.does("leader", "endSubstitution", substitutionId=slip["substitution"]["id"])
    assert ended["problems"] == []
    assert codes(await appoints(family, "leader", "neighbour", groups=groups)) == []
    assert await family.relations("neighbour") == ["CONTACT_TEACHER"]


@pytest.mark.parametrize("number", [UNKNOWN, OF_DELEGATE])
async def test_whom_no_register_tells_of_gets_in_under_the_name_that_a_leader_wrote_first(place, number) -> None:
    world = neighbourhood()
    family = Family(await Acts.of(place, world))
    await named_by_another_unit(family)
    world.person("newcomer", numbered=False)
    world.people["newcomer"].number = number  # after the import: no file tells of them
    groups = [role(family, "3B", "CONTACT_TEACHER")]
    assert codes(await appoints(family, "leader", nationalId=number, name=TOLD, groups=groups)) == []
    assert await family.relations("newcomer") == ["CONTACT_TEACHER"]
    at_sfo = {"unit": "sfo", "role": "STAFF", "nationalId": number}
    assert codes(await appoints(family, "sfo_leader", **at_sfo, name="Rask Elv")) == []
    assert await family.relations("newcomer") == ["CONTACT_TEACHER"]
    assert codes(await appoints(family, "sfo_leader", **at_sfo, name="munter vind nype")) == []
    assert await family.relations("newcomer") == ["CONTACT_TEACHER", "UNIT_STAFF"]


async def test_a_leader_cannot_find_out_a_new_name_of_whom_they_appointed_under_the_old_one(place) -> None:
    """Nor when a number became known: under a second name somebody is another, whatever the register says by then."""
    world = neighbourhood()
    family = Family(await Acts.of(place, world))
    first = Transcript(family, family.number("aunt"))
    old = await first.appoints(TOLD)
    world.people["aunt"].family = "Kvist"
    await family.imports_again()
    assert await first.appoints("Munter Kvist") != old
    assert await first.appoints(TOLD) == old


# --- what a substitute is called --------------------------------------------------------------------------------------


async def called(family: Family, who: str, unit: str = "school") -> list[str]:
    """The names of a unit's staff, as somebody sees them."""
    told = await family.acts.ask(who, STAFF, {"id": family.acts.id("Unit", unit)})
    return [one["name"] for one in told["node"]["staff"]]


async def test_a_substitute_is_called_as_the_leader_wrote_it_and_not_as_the_register_has_it(place) -> None:
    family = Family(await Acts.of(place, neighbourhood()))
    groups = [role(family, "3B", "CONTACT_TEACHER")]
    told = await appoints(family, "leader", name=TOLD, groups=groups)
    assert told["substitution"]["name"] == TOLD
    for who in ("leader", "teacher", "mother"):
        assert [name for name in await called(family, who) if name.startswith("Munter")] == [TOLD, "Munter Oter"]
    assert "Munter Trane Nype" in await called(family, "aunt")
    assert (await family.acts.ask("aunt", OF_ONESELF, {}))["viewer"]["person"]["name"] == "Munter Trane Nype"


LOOKED_BY = "query ($id: ID!) { node(id: $id) { ... on Child { accessLog { nodes { lookedByName } } } } }"


async def test_a_substitute_at_work_is_called_as_the_leader_wrote_it(place) -> None:
    """Where they wrote, and where they looked."""
    family = Family(await Acts.of(place, neighbourhood()))
    acts = family.acts
    assert codes(await appoints(family, "leader", name=TOLD, groups=[role(family, "3B", "CONTACT_TEACHER")])) == []
    talk = acts.id("Thread", "talk")
    assert (await acts.send("aunt", talk))["problems"] == []
    text = "query ($id: ID!) { node(id: $id) { ... on Thread { messages { nodes { author { name } } } } } }"
    for who, name in (("leader", TOLD), ("mother", TOLD), ("aunt", "Munter Trane Nype")):
        seen = (await acts.ask(who, text, {"id": talk}))["node"]["messages"]["nodes"]
        assert seen[-1]["author"]["name"] == name
    log = (await acts.ask("leader", LOOKED_BY, {"id": acts.id("Child", "pupil")}))["node"]["accessLog"]["nodes"]
    assert TOLD in {one["lookedByName"] for one in log}
    assert "Munter Trane Nype" not in {one["lookedByName"] for one in log}


async def test_a_substitute_is_called_as_the_leader_wrote_it_last(place) -> None:
    family = Family(await Acts.of(place, neighbourhood()))
    for name in (TOLD, "Munter Vind Nype"):
        await appoints(family, "leader", name=name)
    assert "Munter Vind Nype" in await called(family, "leader")


@pytest.mark.parametrize(
    ("since", "until", "name"),
    [(LONG_AGO, None, "Munter Trane Nype"), (LONG_AGO, TODAY + DAY, "Munter Trane Nype"), (LONG_AGO, TODAY, TOLD),
     (TODAY + DAY, None, "Munter Trane Nype")],
)  # fmt: skip
@pytest.mark.parametrize("unit", ["school", "kindergarten"])
async def test_whom_the_roster_employs_keeps_the_name_that_colleagues_know(place, unit, since, until, name) -> None:
    world = neighbourhood()
    world.employ("aunt", unit, "STAFF" if unit == "kindergarten" else "TEACHER", since, until)
    family = Family(await Acts.of(place, world))
    told = await appoints(family, "leader", name=TOLD)
    assert told["substitution"]["name"] == TOLD
    assert name in await called(family, "leader")
    await family.imports_again()
    assert name in await called(family, "leader")


@pytest.mark.parametrize("where", ["kindergarten", "administration"])
async def test_whom_the_roster_comes_to_employ_is_called_as_it_says(place, where: str) -> None:
    world = neighbourhood()
    family = Family(await Acts.of(place, world))
    assert codes(await appoints(family, "leader", name=TOLD)) == []
    if where == "administration":
        world.administrator("aunt")
    else:
        world.employ("aunt", where, "STAFF")
    await family.imports_again()
    assert "Munter Trane Nype" in await called(family, "leader")
    assert TOLD not in await called(family, "leader")
    if where != "administration":
        assert "Munter Trane Nype" in await called(family, "nursery_nurse", where)


@pytest.mark.parametrize(("until", "name"), [(None, "Munter Trane Nype"), (TODAY, TOLD)])
async def test_who_is_of_the_administration_keeps_the_name_that_colleagues_know(place, until, name: str) -> None:
    """It is under that name that they are seen to have looked."""
    world = neighbourhood()
    world.administrator("aunt", until=until)
    family = Family(await Acts.of(place, world))
    assert codes(await appoints(family, "leader", name=TOLD)) == []
    assert name in await called(family, "leader")
    await family.imports_again()
    assert name in await called(family, "leader")


async def test_a_colleague_who_is_appointed_besides_keeps_their_name(place) -> None:
    family = Family(await Acts.of(place, neighbourhood()))
    told = await appoints(family, "leader", staffMemberId=family.acts.id("StaffMember", "assistant"))
    assert told["substitution"]["name"] == "Munter Oter"
    assert "Munter Oter" in await called(family, "leader")


async def test_a_document_that_tells_of_a_substitute_later_changes_nothing_for_the_leader(place) -> None:
    """And whoever was appointed gets in as before."""
    world = neighbourhood()
    family = Family(await Acts.of(place, world))
    groups = [role(family, "3B", "CONTACT_TEACHER")]
    assert codes(await appoints(family, "leader", nationalId=UNKNOWN, name=TOLD, groups=groups)) == []
    looks = Transcript(family, UNKNOWN)
    await looks.looks()
    world.person("newcomer", dt.date(1990, 10, 14), name=("Munter", "Nype"))
    world.people["newcomer"].middle, world.people["newcomer"].number = "Trane", UNKNOWN
    await family.imports_again()
    await looks.looks()
    assert looks.told[:3] == looks.told[3:]
    assert await family.relations("newcomer") == ["CONTACT_TEACHER"]
    assert (await family.acts.ask("newcomer", OF_ONESELF, {}))["viewer"]["person"]["name"] == "Munter Trane Nype"


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
    told = await appoints(family, "leader", nationalId=number_of(born, first_day), name=TOLD)
    assert codes(told) == found


async def test_somebody_comes_of_age_at_midnight_in_oslo(family: Family) -> None:
    born = TODAY.replace(year=TODAY.year - 18) + DAY
    seen = []
    for clock in ("23:59:58", "23:59:59"):  # each question is asked a second later
        family.acts.now = oslo(TODAY, clock)
        seen.append(codes(await appoints(family, "leader", nationalId=number_of(born), name=TOLD)))
    assert seen == [["INVALID"], []]


async def test_c1_a_child_s_number_is_refused_alike_whether_the_child_is_known_or_not(family: Family) -> None:
    before = await family.digest()
    pupil = family.acts.world.people["pupil"]
    answers = [
        await appoints(family, "leader", nationalId=number, name=name)
        for number in (family.number("pupil"), family.number("stranger"), number_of(dt.date(2018, 2, 3)))
        for name in (pupil.name, TOLD)
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
