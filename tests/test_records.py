"""Records, rule by rule: small villages in plain words, and random ones, held against the oracle."""

from __future__ import annotations

import datetime as dt
from random import Random

import pytest

from resolvers.engine.run import Run
from tests.oracle import records as oracle
from tests.oracle.relations import Relations
from tests.oracle.view import View
from tests.records import Shelf, shelved
from tests.roads.place import LOGINS, Place
from tests.worlds.random_world import random_world
from tests.worlds.records import HOUR, Opening, Told
from tests.worlds.village import village
from tests.worlds.world import DAY, LONG_AGO, TODAY, World, oslo

SHARED = ("ASSESSMENT", "INDIVIDUAL_PLAN", "ANNUAL_REPORT")
CLOSED = ("LETTER", "NOTE", "HEALTH")
NOW = oslo(TODAY)


def at(number: int) -> dt.datetime:
    return oslo(TODAY - DAY * (30 - number), "10:00")


def one_of_each(author: str, unit: str = "school", readers: tuple[str, ...] = (), child: str = "pupil") -> list[Told]:
    return [
        Told(f"{kind.lower()}_{unit}_{author}", child, unit, kind, author, at(number), readers)
        for number, kind in enumerate((*SHARED, *CLOSED))
    ]


class Village:
    """A village with records, and short questions about it."""

    def __init__(self, shelf: Shelf, now: dt.datetime = NOW) -> None:
        self.shelf = shelf
        self.relations = Relations(shelf.world)
        self.now = now

    def view(self, who: str, login: str = "both") -> View:
        return View(self.relations, who, login, self.now)

    async def reads(self, who: str, login: str = "both") -> list[str]:
        """The kinds, in order of writing, of the records whose text the server gives; and that the oracle agrees about
        all that it gives."""
        view = self.view(who, login)
        wrong = await self.shelf.compare(view)
        assert not wrong, "\n".join(wrong[:20])
        return [told.kind for told in self.shelf.told if oracle.reads(view, told)]

    async def sees(self, who: str, login: str = "both") -> list[str]:
        await self.reads(who, login)
        return [told.kind for told in self.shelf.told if oracle.sees(self.view(who, login), told)]


async def in_village(place: Place, told: list[Told], world: World | None = None, now: dt.datetime = NOW) -> Village:
    return Village(await shelved(place, world or village(), told), now)


# --- Assessments, individual plans, annual reports (C2) ---


async def test_a_guardian_reads_what_is_shared_with_the_home_and_no_more_by_c2(place):
    held = await in_village(place, [*one_of_each("teacher"), *one_of_each("sfo_worker", "sfo")])
    assert await held.sees("mother", "private") == [*SHARED, *SHARED]
    assert await held.sees("mother", "employee") == []


async def test_a_delegate_and_a_stranger_see_no_record_by_c2(place):
    world = village()
    world.delegate("aunt", "pupil", "school")
    world.consent("mother", "pupil", "aunt", "school")
    held = await in_village(place, one_of_each("teacher"), world)
    assert await held.sees("aunt") == []
    assert await held.sees("neighbour") == []


async def test_a_case_worker_sees_no_record_by_c2(place):
    world = village()
    world.need_case("officer", "pupil", NOW - HOUR, NOW + HOUR)
    held = await in_village(place, one_of_each("teacher"), world)
    assert held.view("officer").relations("pupil") == ["CASE_WORKER"]
    assert await held.sees("officer") == []


@pytest.mark.parametrize(("years", "kinds"), [(16, []), (18, list(SHARED))])
async def test_a_pupil_reads_what_is_shared_from_18_by_c2(place, years, kinds):
    world = village(born=TODAY.replace(year=TODAY.year - years))
    held = await in_village(place, one_of_each("teacher"), world)
    assert await held.sees("pupil", "private") == kinds


async def test_a_contact_teacher_reads_what_is_shared_at_the_school_and_nothing_of_the_sfo_by_c2(place):
    world = village()
    world.person("colleague")
    world.employ("colleague", "school", "TEACHER")
    world.member("colleague", "3B", "CONTACT_TEACHER", LONG_AGO)
    held = await in_village(place, [*one_of_each("teacher"), *one_of_each("sfo_worker", "sfo")], world)
    assert await held.sees("colleague") == [*SHARED]
    assert await held.sees("teacher") == [*SHARED, *CLOSED]


@pytest.mark.parametrize(("who", "unit", "author"), [("maths_teacher", "school", "teacher"),
                                                     ("assistant", "school", "teacher"),
                                                     ("sfo_worker", "sfo", "sfo_leader")])  # fmt: skip
async def test_staff_of_a_child_read_records_only_where_they_are_named_by_c3(place, who, unit, author):
    unnamed = await in_village(place, one_of_each(author, unit))
    assert await unnamed.sees(who) == []
    was_named = [Told("was", "pupil", unit, "NOTE", author, at(1), formerly=(who,))]
    assert await (await in_village(place, was_named)).sees(who) == []
    named = await in_village(place, one_of_each(author, unit, (who,)))
    assert await named.sees(who) == [*SHARED, *CLOSED]


async def test_a_named_reader_without_a_staff_relation_at_that_unit_reads_nothing_by_c3(place):
    readers = ("sfo_worker", "other_leader", "kindergarten_worker", "aunt", "maths_teacher")
    world = village()
    world.memberships = [member for member in world.memberships if member.person != "maths_teacher"]
    held = await in_village(place, one_of_each("teacher", readers=readers), world)
    for who in readers:
        assert await held.sees(who) == []


async def test_a_naming_stops_working_when_the_relation_ends_by_c3(place):
    world = village()
    for member in world.memberships:
        if member.person == "maths_teacher":
            member.until = TODAY
    told = one_of_each("teacher", readers=("maths_teacher",))
    assert await (await in_village(place, told, world)).sees("maths_teacher") == []
    before = await in_village(place, told, world, now=oslo(TODAY - DAY))
    assert await before.sees("maths_teacher") == [*SHARED, *CLOSED]


# --- Letters, notes, health information (C2) ---


async def test_a_leader_sees_that_closed_records_exist_and_does_not_read_them_by_c2(place):
    held = await in_village(place, one_of_each("teacher"))
    assert await held.sees("leader") == [*SHARED, *CLOSED]
    assert await held.reads("leader") == [*SHARED]
    assert await held.sees("sfo_leader") == []
    assert await held.sees("other_leader") == []


async def test_a_leader_reads_a_closed_record_while_it_is_opened_for_a_reason_and_its_author_is_shown_by_c2(place):
    opening = Opening("leader", NOW - HOUR, NOW + HOUR)
    told = [Told("note", "pupil", "school", "NOTE", "teacher", at(1), ("maths_teacher",), openings=(opening,)),
            Told("other", "pupil", "school", "NOTE", "teacher", at(2))]  # fmt: skip
    held = await in_village(place, told)
    assert await held.reads("leader") == ["NOTE"]
    assert oracle.openings_seen(held.view("teacher"), told[0]) == ["leader"]
    assert oracle.openings_seen(held.view("leader"), told[0]) == ["leader"]
    assert oracle.openings_seen(held.view("maths_teacher"), told[0]) == []
    assert await held.reads("teacher") == ["NOTE", "NOTE"]
    assert await held.reads("maths_teacher") == ["NOTE"]
    later = Village(held.shelf, NOW + HOUR)
    assert await later.reads("leader") == []
    assert await later.sees("leader") == ["NOTE", "NOTE"]


async def test_an_opening_is_worth_nothing_to_another_leader_or_without_the_relation_by_c2(place):
    opening = Opening("leader", NOW - HOUR, NOW + HOUR)
    told = [Told("note", "pupil", "school", "NOTE", "teacher", at(1), openings=(opening,), held=True)]
    world = village()
    world.person("deputy")
    world.employ("deputy", "school", "LEADER")
    held = await in_village(place, told, world)
    assert await held.reads("deputy") == []
    left = village()
    left.enrolments = []
    left.enrol("pupil", "school", LONG_AGO, TODAY)
    held = await in_village(place, told, left)
    assert await held.sees("leader") == ["NOTE"]
    assert await held.reads("leader") == []


async def test_an_author_who_teaches_the_child_no_more_reads_nothing_of_it_by_c3(place):
    world = village()
    for member in world.memberships:
        if member.person == "teacher":
            member.until = TODAY
    held = await in_village(place, one_of_each("teacher"), world)
    assert await held.sees("teacher") == []


# --- R1, R2, R3, C6 ---


async def test_a_blocked_person_sees_no_record_by_r1(place):
    world = village()
    for who in ("mother", "teacher", "leader"):
        world.block(who, "pupil")
    held = await in_village(place, one_of_each("teacher", readers=("maths_teacher",)), world)
    for who in ("mother", "teacher", "leader"):
        assert await held.sees(who) == []
    assert await held.sees("father") == [*SHARED]


async def test_a_leader_who_is_family_sees_no_record_as_leader_by_r2(place):
    world = village()
    world.family("pupil", "leader", "bror", "søster")
    held = await in_village(place, one_of_each("teacher", readers=("leader",)), world)
    assert await held.sees("leader") == []


async def test_an_unconfirmed_guardian_of_a_protected_child_sees_no_record_by_r3(place):
    world = village()
    world.protect("pupil")
    world.confirm("mother", "pupil", TODAY - DAY)
    held = await in_village(place, one_of_each("teacher"), world)
    assert await held.sees("father") == []
    assert await held.sees("mother") == [*SHARED]


async def test_a_leader_whom_the_child_has_left_sees_the_records_that_are_kept_by_c6(place):
    world = village()
    world.enrolments = []
    world.enrol("pupil", "school", LONG_AGO, TODAY)
    world.enrol("pupil", "sfo", LONG_AGO)
    told = one_of_each("teacher", readers=("leader",))
    told += [Told("held", "pupil", "school", "ASSESSMENT", "teacher", at(20), held=True),
             Told("held_note", "pupil", "school", "NOTE", "teacher", at(21), held=True)]  # fmt: skip
    held = await in_village(place, told, world)
    assert await held.sees("leader") == ["INDIVIDUAL_PLAN", "ANNUAL_REPORT", "ASSESSMENT", "NOTE"]
    assert await held.reads("leader") == ["INDIVIDUAL_PLAN", "ANNUAL_REPORT", "ASSESSMENT"]
    assert await held.sees("teacher") == []
    assert await held.sees("mother") == [*SHARED, "ASSESSMENT"]
    assert await held.sees("sfo_leader") == []


async def test_a_former_leader_of_the_school_sees_no_record_once_they_lead_it_no_more(place):
    world = village()
    for held_position in world.positions:
        if held_position.person == "leader":
            held_position.until = TODAY
    held = await in_village(place, one_of_each("teacher"), world)
    assert await held.sees("leader") == []


async def test_every_version_is_there_and_the_latest_one_holds(place):
    told = [Told("plan", "pupil", "school", "INDIVIDUAL_PLAN", "teacher", at(1), texts=("først", "så", "nå"))]
    held = await in_village(place, told)
    assert await held.reads("mother") == ["INDIVIDUAL_PLAN"]


async def test_records_are_asked_for_by_kind_and_page_by_page(place):
    held = await in_village(place, one_of_each("teacher"))
    child = held.shelf.node("Child", "pupil")
    text = """query ($id: ID!, $after: String) { node(id: $id) { ... on Child {
        records(first: 1, after: $after, kinds: [ASSESSMENT, NOTE]) {
          totalCount pageInfo { hasNextPage endCursor } nodes { kind } } } } }"""
    first = (await held.shelf.place.ask(held.view("teacher"), text, {"id": child})).data["node"]["records"]
    after = first["pageInfo"]["endCursor"]
    second = (await held.shelf.place.ask(held.view("teacher"), text, {"id": child, "after": after})).data["node"]
    assert (first["totalCount"], first["nodes"], first["pageInfo"]["hasNextPage"]) == (2, [{"kind": "NOTE"}], True)
    assert second["records"]["nodes"] == [{"kind": "ASSESSMENT"}]
    assert not second["records"]["pageInfo"]["hasNextPage"]


# --- Random worlds ---


def random_records(world: World, random: Random, count: int) -> list[Told]:
    """Records by whoever has a number, at units the child goes or went to, as often rightly as wrongly named."""
    people = [handle for handle, person in world.people.items() if person.number]
    works = [held.person for held in world.positions if held.person in people]
    leaders = [held.person for held in world.positions if held.role == "LEADER" and held.person in people]
    went = [one for one in world.enrolments if one.child in people]
    told = []
    for number in range(count):
        where = random.choice(went)
        readers = tuple(dict.fromkeys(random.choice(works) for _ in range(random.randint(0, 4))))
        former = tuple({random.choice(works)} - set(readers))
        today = oslo(world.today)
        ends = (today, today + HOUR, today + 2 * HOUR)
        spans = [Opening(random.choice(leaders), end - HOUR, end) for end in ends]
        author = random.choice([random.choice(works), *readers])
        told.append(
            Told(f"record{number}", where.child, where.unit, random.choice((*SHARED, *CLOSED)), author,
                 oslo(world.today - DAY * 400) + HOUR * number, readers, former, random.random() < 0.3,
                 tuple(random.sample(spans, random.randint(0, 2))))
        )  # fmt: skip
    return told


@pytest.mark.parametrize("seed", [3, 4])
async def test_every_viewer_of_a_random_world_sees_the_records_that_the_oracle_says(place, seed):
    world, random = random_world(seed), Random(seed)
    shelf = await shelved(place, world, random_records(world, random, 80))
    relations = Relations(world)
    wrong: list[str] = []
    seen = 0
    for who in [handle for handle, person in world.people.items() if person.number]:
        view = View(relations, who, random.choice(LOGINS), oslo(world.today))
        wrong += await shelf.compare(view)
        seen += sum(oracle.sees(view, told) for told in shelf.told)
    assert not wrong, "\n".join(wrong[:20])
    assert seen > 50


# --- Why a record is seen (C9) ---

EXPLAIN = "query ($id: ID!) { explainAccess(node: $id) { visible reasons { relation rule opens } } }"


@pytest.mark.parametrize(
    ("who", "relation", "reads"),
    [("mother", "GUARDIAN", None), ("teacher", "CONTACT_TEACHER", True), ("leader", "UNIT_LEADER", False),
     ("maths_teacher", "SUBJECT_STAFF", True), ("assistant", None, None)],
)  # fmt: skip
async def test_a_note_is_explained_by_the_relation_that_opens_it_and_to_nobody_else_by_c9(place, who, relation, reads):
    told = [Told("note", "pupil", "school", "NOTE", "teacher", at(1), readers=("maths_teacher",))]
    held = await in_village(place, told)
    answer = await held.shelf.place.ask(held.view(who), EXPLAIN, {"id": held.shelf.ids["note"]})
    told_why = answer.data["explainAccess"]
    if reads is None:
        assert told_why == {"visible": False, "reasons": []}
    else:
        [why] = told_why["reasons"]
        assert (why["relation"], why["rule"]) == (relation, "C2")
        assert ("Record.latestVersion" in why["opens"]) == reads
        assert "Record.kind" in why["opens"]


async def test_a_plan_is_explained_to_a_pupil_of_18_by_being_the_pupil_by_c9(place):
    world = village(born=TODAY.replace(year=TODAY.year - 18))
    held = await in_village(place, [Told("plan", "pupil", "school", "INDIVIDUAL_PLAN", "teacher", at(1))], world)
    answer = await held.shelf.place.ask(held.view("pupil", "private"), EXPLAIN, {"id": held.shelf.ids["plan"]})
    [why] = answer.data["explainAccess"]["reasons"]
    assert (why["relation"], "Record.latestVersion" in why["opens"]) == ("SELF", True)


async def test_the_keys_of_all_children_of_an_answer_are_asked_for_once(place, monkeypatch):
    world = village()
    world.member("stranger", "3B")
    world.enrol("stranger", "school")
    told = [*one_of_each("teacher"), *one_of_each("teacher", child="stranger")]
    for number, one in enumerate(told):
        one.handle = f"record{number}"
    held = await in_village(place, told, world)
    asked = []
    fetch = Run.fetch

    async def counted(self, statement, more=None):
        asked.append("data_key" in statement.sql)
        return await fetch(self, statement, more)

    monkeypatch.setattr(Run, "fetch", counted)
    text = "{ viewer { pupils { nodes { records { nodes { latestVersion { title body } versions { body } } } } } } }"
    answer = await place.ask(held.view("teacher"), text, {})
    shown = [one for child in answer.data["viewer"]["pupils"]["nodes"] for one in child["records"]["nodes"]]
    assert len(shown) == 12
    assert all(one["latestVersion"]["body"] for one in shown)
    assert sum(asked) == 1
