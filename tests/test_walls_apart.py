"""Either wall alone is enough: one is taken away, and every answer is still the oracle's. Without both it is not."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import asyncpg
import pytest

from tests import test_rules
from tests.acts import Acts
from tests.cases import APPROVE, CLOSE, UNKNOWN, office, opened, written
from tests.conftest import TestServer, new_database
from tests.oracle.relations import Relations
from tests.roads.fixtures import holding, opened_place
from tests.roads.place import LOGINS, Place
from tests.test_rules import LAST_MONTH, LAST_WEEK
from tests.walls import alone, take_down
from tests.worlds.loading import Loaded
from tests.worlds.random_world import random_world
from tests.worlds.village import village, with_threads
from tests.worlds.world import DAY, LONG_AGO, World, oslo

SEEDS = (7, 20)
"""Of random worlds."""


async def everybody_agrees(place: Place, world: World, loaded: Loaded, now: dt.datetime) -> list[str]:
    return await place.agree(loaded, list(world.people), LOGINS, now, relations=Relations(world))


@pytest.mark.parametrize("seed", SEEDS)
async def test_without_any_predicate_no_answer_is_another(place: Place, seed: int) -> None:
    """The first wall is gone from every resolver, and the oracle's answers are given still."""
    world = random_world(seed)
    loaded = await place.load(world)
    with alone(place) as unguarded:
        differing = await everybody_agrees(unguarded, world, loaded, oslo(world.today + seed % 2 * DAY))
    assert not differing, "\n".join(differing[:20])


async def test_without_any_predicate_nobody_of_the_village_sees_more(place: Place) -> None:
    world = village()
    loaded = await place.load(world)
    with alone(place) as unguarded:
        differing = await everybody_agrees(unguarded, world, loaded, oslo(world.today))
    assert not differing, "\n".join(differing[:20])


RULES_OF_THREADS = [
    test_rules.test_a_guardian_sees_the_own_threads_and_not_the_other_guardians,
    test_rules.test_a_guardian_who_lost_responsibility_does_not_see_the_thread,
    test_rules.test_a_guardian_who_was_named_on_the_staff_side_does_not_see_the_thread,
    test_rules.test_a_delegate_sees_own_threads_at_the_own_unit_alone,
    test_rules.test_a_delegate_whose_time_at_one_unit_is_over_sees_the_threads_of_the_other,
    test_rules.test_whoever_took_part_on_the_other_side_does_not_see_the_thread,
    test_rules.test_a_subject_teacher_sees_the_threads_they_take_part_in,
    test_rules.test_a_subject_teacher_who_lost_the_pupil_loses_the_history,
    test_rules.test_a_contact_teacher_sees_every_thread_about_the_pupil_at_the_school,
    test_rules.test_a_contact_teacher_who_lost_the_class_loses_own_messages_too,
    test_rules.test_a_school_leader_sees_all_threads_of_the_school_also_about_leavers,
]
RULES_OF_MESSAGES = [
    test_rules.test_a_guardian_reads_the_messages_of_the_days_on_which_the_relation_held,
    test_rules.test_a_guardian_does_not_read_the_messages_of_the_days_of_a_block,
    test_rules.test_a_guardian_of_two_children_reads_of_each_the_messages_of_its_own_days,
    test_rules.test_a_guardian_does_not_read_the_messages_of_the_days_before_a_confirmation,
    test_rules.test_a_delegate_does_not_read_the_messages_of_the_days_without_consent,
    partial(test_rules.test_a_delegate_of_two_reads_of_each_the_messages_of_its_own_days, longer=("pupil", "school")),
    partial(test_rules.test_a_delegate_of_two_reads_of_each_the_messages_of_its_own_days, longer=("brother", "sfo")),
    test_rules.test_a_subject_teacher_reads_the_messages_since_they_became_a_participant,
]


def named(rule: Any) -> str:
    return f"{rule.func.__name__}[{rule.keywords['longer'][1]}]" if isinstance(rule, partial) else str(rule.__name__)


@pytest.mark.parametrize("rule", RULES_OF_THREADS, ids=named)
async def test_t1_to_t6_without_any_predicate_the_rules_of_threads_hold(place: Place, rule: Any) -> None:
    with alone(place) as unguarded:
        await rule(holding(unguarded))


@pytest.mark.parametrize("rule", RULES_OF_MESSAGES, ids=named)
async def test_t7_without_any_predicate_the_rules_of_messages_hold(place: Place, rule: Any) -> None:
    with alone(place) as unguarded:
        await rule(holding(unguarded))


@pytest.mark.parametrize("grown", [False, True], ids=["once each", "once more of one, and of a grown child"])
async def test_t7_without_any_predicate_each_child_has_its_own_beginning(place: Place, grown: bool) -> None:
    """Three children whose guardian she became on three days."""
    world = with_threads(village())
    for child, since in (("brother", LAST_WEEK), ("sister", LAST_MONTH + 2 * DAY)):
        world.person(child, dt.date(2016, 5, 5))
        world.enrol(child, "school", LONG_AGO)
        world.responsible("mother", child, since=since)
        world.thread(f"about_{child}", "school", child, oslo(LAST_MONTH, "09:00"), ("mother",), ("teacher",))
        for number, day in enumerate((LAST_MONTH + DAY, LAST_MONTH + 3 * DAY, LAST_WEEK, LAST_WEEK + DAY)):
            world.message(f"{child}{number}", f"about_{child}", "teacher", oslo(day, "10:00"))
    if grown:
        world.person("grown", dt.date(world.today.year - 20, 1, 1))
        world.responsible("mother", "grown")
        world.block("mother", "sister", LAST_WEEK, LAST_WEEK + DAY)
    seen = {"brother": (2, 3), "sister": (1, 3) if grown else (1, 2, 3)}
    says = [
        f"mother {'sees' if number in seen[child] else 'does not see'} message {child}{number}"
        for child in seen
        for number in range(4)
    ]
    with alone(place) as unguarded:
        await holding(unguarded)(world, *says)


@pytest.fixture(scope="module")
async def unwalled(test_server: TestServer, vault) -> AsyncIterator[Place]:
    """A place without the second wall."""
    async with new_database(test_server) as database:
        owner = await asyncpg.connect(**database.admin_connect)
        await take_down(owner)
        await owner.close()
        async with opened_place(database, vault) as opened:
            yield opened


@pytest.mark.parametrize("seed", SEEDS)
async def test_without_row_level_security_no_answer_is_another(unwalled: Place, seed: int) -> None:
    world = random_world(seed)
    loaded = await unwalled.load(world)
    differing = await everybody_agrees(unwalled, world, loaded, oslo(world.today + seed % 2 * DAY))
    assert not differing, "\n".join(differing[:20])


LOG = "query ($id: ID!) { node(id: $id) { ... on Child { accessLog { totalCount nodes { role } } } } }"
LOOKED = "{ viewer { cases { nodes { own looks { totalCount nodes { at } } } } } }"
LOGGED = {
    ("mother", "pupil"): ["UNIT_LEADER", "UNIT_STAFF", "CONTACT_TEACHER"],
    ("mother", "gone"): ["UNIT_LEADER", "UNIT_STAFF"],
    # C5, T7: the SFO's staff looked at threads of the mother's
    ("father", "pupil"): ["UNIT_LEADER", "CONTACT_TEACHER"],
    ("father", "gone"): ["UNIT_LEADER"],
    ("second", "pupil"): ["UNIT_LEADER"],
    # not in a case opened for that
    ("second", "gone"): [],
    ("sfo_leader", "pupil"): ["UNIT_LEADER", "UNIT_STAFF"],
    ("leader", "pupil"): ["CONTACT_TEACHER"],
}
"""By viewer and child, who has looked, newest first; but for the administration. Leaders come last: that they ask is a
look as well."""


async def looked_at(place: Place) -> Acts:
    """Staff have looked at a child who goes to the SFO and at one who has left it, all but once at threads alone; an
    administrator has a case on each, one opened for who has looked, and sees a case of a colleague's, which waits."""
    world = office(with_threads(village()))
    world.person("gone", dt.date(2016, 1, 1))
    world.enrol("gone", "sfo", LONG_AGO, world.today - 30 * DAY)
    for guardian in ("mother", "father"):
        world.responsible(guardian, "gone")
    world.thread("old", "sfo", "gone", oslo(world.today - 60 * DAY), ("mother",), ("sfo_worker",))
    acts = await Acts.of(place, world)
    await opened(acts)
    await opened(acts, None)
    await acts.ask("officer", "query ($id: ID!) { node(id: $id) { id } }", {"id": acts.id("Child", "pupil")})
    threads = "{ viewer { threads { nodes { id child { name } } } } }"
    for who in ("teacher", "sfo_worker"):
        await acts.ask(who, threads, {})
    await acts.ask("sfo_leader", threads.replace("name", "birthDate"), {})
    await written(acts, f"insert into child_protection values ($1, 'FORTROLIG', '{world.today}', null)", "pupil")
    await opened(acts)
    case = await opened(acts, who="second", forAccessLog=True)
    assert (await acts.act("third", APPROVE, {"caseId": case}))["problems"] == []
    await opened(acts, "gone", who="second")
    return acts


async def differing_looks(acts: Acts) -> list[tuple[str, str]]:
    """What is told otherwise than `LOGGED` says."""
    wrong = []
    for (who, child), expected in LOGGED.items():
        log = (await acts.ask(who, LOG, {"id": acts.id("Child", child)}))["node"]["accessLog"]
        told = [one["role"] for one in log["nodes"]]
        if [role for role in told if role != "CASE_WORKER"] != expected or log["totalCount"] != len(told):
            wrong.append((who, child))
    cases = (await acts.ask("second", LOOKED, {}))["viewer"]["cases"]["nodes"]
    assert {one["own"] for one in cases} == {True, False}
    if any(one["looks"]["nodes"] or one["looks"]["totalCount"] for one in cases if not one["own"]):
        wrong.append(("second", "case of officer"))
    return wrong


@pytest.mark.parametrize("alone_stands", ["row level security", "the predicates", "neither"])
async def test_l2_either_wall_alone_tells_the_same_of_who_has_looked(
    place: Place, unwalled: Place, alone_stands: str
) -> None:
    acts = await looked_at(place if alone_stands == "row level security" else unwalled)
    if alone_stands == "the predicates":
        assert await differing_looks(acts) == []
        return
    with alone(acts.place) as unguarded:
        acts.place = unguarded
        wrong = await differing_looks(acts)
    # What the two take away does matter.
    both = [("father", "pupil"), ("father", "gone"), ("second", "pupil"), ("second", "gone"), ("sfo_leader", "pupil"),
            ("leader", "pupil"), ("second", "case of officer")]  # fmt: skip
    assert wrong == (both if alone_stands == "neither" else [])


CASES: dict[str, tuple[str, str | None, str]] = {
    "lapsed": ("officer", "stranger", "CLOSED"),
    "over": ("officer", "pupil", "CLOSED"),
    "open": ("officer", "pupil", "OPEN"),
    "waits": ("officer", "stranger", "WAITING"),
    "on nobody": ("officer", None, "WAITING"),
    "kept": ("kept_head", "pupil", "WAITING"),
}
"""Whose each is, about whom, and its state; oldest first. `lapsed` never opened, `over` did."""
ON_PUPIL, ON_STRANGER = ("over", "open", "kept"), ("lapsed", "waits")
SHOWN: dict[str, tuple[str, ...]] = {
    "officer": tuple(CASES),
    "second": ("waits", "on nobody", "kept"),
    # R1 keeps them from the stranger, R2 from the pupil, R1 from the pupil
    "third": ("on nobody", "kept"),
    "cousin": ("waits", "on nobody"),
    "kept_head": ("waits", "on nobody", "kept"),
    "head": ("over", "open", "waits", "on nobody", "kept"),
    "leader": ON_PUPIL,
    "sfo_leader": ON_PUPIL,
    "other_leader": ON_STRANGER,
}
"""By viewer; nobody else is shown any."""
WITH_CHILD: dict[str, tuple[str, ...]] = {
    "officer": ("open",), "head": ON_PUPIL, "leader": ON_PUPIL, "sfo_leader": ON_PUPIL, "other_leader": ON_STRANGER,
}  # fmt: skip
LED = {"school": ("leader", "head"), "sfo": ("sfo_leader",), "other_school": ("other_leader",), "kindergarten": ()}
"""The leaders of each unit who are told of its cases: the pupil has left the kindergarten."""
CELLS = "id state own openedByName reason askedFor child { name }"
ROADS_TO_CASES = f"""query ($children: [ID!]!, $units: [ID!]!, $cases: [ID!]!) {{
    viewer {{ cases {{ totalCount nodes {{ {CELLS} }} }} }}
    children: nodes(ids: $children) {{ ... on Child {{ needCases {{ {CELLS} }} }} }}
    units: nodes(ids: $units) {{ ... on Unit {{ needCases {{ totalCount nodes {{ {CELLS} }} }} }} }}
    cases: nodes(ids: $cases) {{ ... on NeedCase {{ {CELLS} }} }} }}"""


async def cases_of_all_kinds(place: Place) -> tuple[Acts, dict[str, str]]:
    """One's own and a colleague's, about a child of a leader's unit, of another's and nobody, open, waiting and over;
    among administrators of whom one is blocked from one child, one is family of the other, and two lead the school."""
    world = office(with_threads(village()))
    world.protect("stranger", "fortrolig")
    for month, who in enumerate(("cousin", "head", "kept_head", "former_leader")):
        world.person(who, dt.date(1970, 8 + month, 1), documented=False)
    for who in ("cousin", "head", "kept_head"):
        world.administrator(who)
    for who in ("head", "kept_head"):
        world.employ(who, "school", "LEADER")
    world.family("pupil", "cousin", "far", "barn")
    world.block("third", "stranger")
    world.block("kept_head", "pupil")
    world.employ("former_leader", "kindergarten", "LEADER")
    world.enrol("pupil", "kindergarten", LONG_AGO, world.today - 30 * DAY)
    acts = await Acts.of(place, world, oslo(world.today, "09:00"))
    cases = {"lapsed": await opened(acts, "stranger", hours=1)}
    acts.now += dt.timedelta(hours=2)
    for name, (who, child, _) in list(CASES.items())[1:]:
        cases[name] = await opened(acts, child, who)
        if name == "over":
            assert (await acts.act(who, CLOSE, {"caseId": cases[name]}))["problems"] == []
    return acts, cases


def told_of_cases(acts: Acts, who: str, *, masks: bool) -> dict[str, list[Any]]:
    """What the rules say of each road: C1, C2, and section 5. Which fields of a case are open is the first wall's
    alone: without its masks nobody is told whom it was asked for, and whoever sees the child anyhow is told of it."""
    people, shown, known = acts.world.people, SHOWN.get(who, ()), WITH_CHILD.get(who, ())
    sees = {CASES[name][1] for name in known}

    def cell(name: str) -> Any:
        whose, child, state = CASES[name]
        by_office = who == whose or name not in known
        asked_for = (people[child].number if child else UNKNOWN) if masks and by_office else None
        told = people[child].name if child and (name in known or (not masks and child in sees)) else None
        return name, state, who == whose, people[whose].name, "Klage på skoleskyss", asked_for, told

    newest = [name for name in reversed(CASES) if name in shown]
    return {
        "viewer": [len(newest), *map(cell, newest)],
        "pupil": [cell(name) for name in newest if name in known and name in ON_PUPIL],
        "stranger": [cell(name) for name in newest if name in known and name in ON_STRANGER],
        **{unit: [len(at := [name for name in newest if who in leaders and name in known]), *map(cell, at)]
           for unit, leaders in LED.items()},
        "node": [cell(name) for name in CASES if name in shown],
    }  # fmt: skip


async def differing_cases(acts: Acts, cases: dict[str, str], *, masks: bool) -> set[tuple[str, str]]:
    """Viewers and roads by which something else is told than the rules say."""
    names = {told: name for name, told in cases.items()}
    variables = {"children": [acts.id("Child", child) for child in ("pupil", "stranger")],
                 "units": [acts.id("Unit", unit) for unit in LED], "cases": list(cases.values())}  # fmt: skip

    def cell(told: dict[str, Any]) -> Any:
        called, child = names.get(told["id"], "of elsewhere"), told["child"] and told["child"]["name"]
        return called, *(told[one] for one in ("state", "own", "openedByName", "reason", "askedFor")), child

    def listed(told: dict[str, Any] | None) -> list[Any]:
        return [told["totalCount"], *map(cell, told["nodes"])] if told else [0]

    wrong = set()
    for who in acts.people():
        data = await acts.ask(who, ROADS_TO_CASES, variables)
        given = {"viewer": listed(data["viewer"]["cases"])}
        for child, node in zip(("pupil", "stranger"), data["children"], strict=True):
            given[child] = [cell(told) for told in (node and node["needCases"]) or ()]
        for unit, node in zip(LED, data["units"], strict=True):
            given[unit] = listed(node["needCases"])
        given["node"] = [cell(told) for told in data["cases"] if told]
        expected = told_of_cases(acts, who, masks=masks)
        wrong |= {(who, road) for road in expected if given[road] != expected[road]}
    return wrong


@pytest.mark.parametrize("alone_stands", ["both", "row level security", "the predicates", "neither"])
async def test_c1_either_wall_alone_tells_the_same_of_need_cases(
    place: Place, unwalled: Place, alone_stands: str
) -> None:
    walled = alone_stands in ("both", "row level security")
    acts, cases = await cases_of_all_kinds(place if walled else unwalled)
    if alone_stands in ("both", "the predicates"):
        assert await differing_cases(acts, cases, masks=True) == set()
        return
    with alone(acts.place) as unguarded:
        acts.place = unguarded
        wrong = await differing_cases(acts, cases, masks=False)
    if alone_stands == "row level security":
        assert wrong == set()
        return
    # What the two take away does matter, by every road.
    assert wrong >= {(who, road) for who in ("mother", "teacher", "second", "leader") for road in ("viewer", "node")}
    assert {("officer", "pupil"), ("kept_head", "school")} <= wrong


async def test_without_both_walls_strangers_see_what_is_not_theirs(unwalled: Place) -> None:
    """What the two builds take away does matter: without both, anybody sees anything."""
    world = village()
    loaded = await unwalled.load(world)
    with alone(unwalled) as unguarded:
        differing = await unguarded.agree(
            loaded, ["stranger"], ["both"], oslo(world.today), relations=Relations(world), only=("nodes",)
        )
    assert len(differing) > 3
