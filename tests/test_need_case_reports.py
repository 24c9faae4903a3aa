"""What leaders are told of need cases: of each at once, and a report when it is over (sections 2 and 5)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.acts import Acts, act, codes
from tests.cases import APPROVE, CLOSE, EXTEND, office, opened, protected, written
from tests.worlds.world import DAY, TODAY, oslo

TASKS = """{ viewer { tasks { totalCount nodes { id kind madeAt personName unit { id } child { name }
    needCase { id reason openedByName openedAt closedAt state } } } } }"""
AT_UNIT = "query ($id: ID!) { node(id: $id) { ... on Unit { needCases { totalCount nodes { id child { id } } } } } }"
ON_CHILD = "query ($id: ID!) { node(id: $id) { ... on Child { tasks { id kind } needCases { id } } } }"
DONE = act("completeTask", "task { id doneAt }")


@pytest.fixture
async def acts(place) -> Acts:
    return await Acts.of(place, office())


async def reports(acts: Acts, who: str) -> list[dict[str, Any]]:
    found = (await acts.ask(who, TASKS, {}))["viewer"]["tasks"]
    mine = [one for one in found["nodes"] if one["kind"] == "NEED_CASE_REPORT"]
    assert len(found["nodes"]) == found["totalCount"]
    return mine


async def cases_at(acts: Acts, who: str, unit: str) -> list[str]:
    found = (await acts.ask(who, AT_UNIT, {"id": acts.id("Unit", unit)}))["node"]["needCases"]
    assert found["totalCount"] == len(found["nodes"])
    return [one["id"] for one in found["nodes"]]


# --- at once --------------------------------------------------------------------------------------------------------


async def test_leader_finds_a_new_case_at_their_unit_without_knowing_the_child(acts: Acts) -> None:
    first, second = await opened(acts), await opened(acts)
    for leader, unit in (("leader", "school"), ("sfo_leader", "sfo")):
        assert await cases_at(acts, leader, unit) == [second, first]
    for who, unit in (("leader", "sfo"), ("other_leader", "school"), ("teacher", "school"), ("officer", "school"),
                      ("mother", "school")):  # fmt: skip
        assert await cases_at(acts, who, unit) == []


async def test_leader_sees_the_case_on_a_protected_child_before_anybody_approves(place) -> None:
    acts = await Acts.of(place, protected())
    case = await opened(acts)
    found = (await acts.ask("leader", AT_UNIT, {"id": acts.id("Unit", "school")}))["node"]["needCases"]["nodes"]
    assert found == [{"id": case, "child": {"id": acts.id("Child", "pupil")}}]


async def test_r2_leader_of_the_childs_family_sees_no_case_on_it_and_gets_no_report(place) -> None:
    world = office()
    world.family("pupil", "leader", "far", "barn")
    acts = await Acts.of(place, world)
    case = await opened(acts)
    await acts.act("officer", CLOSE, {"caseId": case})
    assert await cases_at(acts, "leader", "school") == []
    assert await reports(acts, "leader") == []
    assert len(await reports(acts, "sfo_leader")) == 1


async def test_c6_leader_whom_the_child_has_left_sees_no_case_and_no_report(place) -> None:
    world = office()
    world.enrolments = [one for one in world.enrolments if (one.child, one.unit) != ("pupil", "school")]
    world.enrol("pupil", "school", TODAY - 30 * DAY, TODAY + DAY)
    acts = await Acts.of(place, world, oslo(TODAY, "23:00"))
    case = await opened(acts, hours=2)
    assert await cases_at(acts, "leader", "school") == [case]
    acts.now = oslo(TODAY + DAY, "02:00")
    assert await cases_at(acts, "leader", "school") == []
    assert await reports(acts, "leader") == []
    assert [one["needCase"]["id"] for one in await reports(acts, "sfo_leader")] == [case]


async def test_case_on_nobody_is_shown_to_no_leader(acts: Acts) -> None:
    await opened(acts, None)
    assert await cases_at(acts, "leader", "school") == []
    acts.now += DAY
    assert await reports(acts, "leader") == []


# --- the report -----------------------------------------------------------------------------------------------------


async def test_leaders_get_a_report_when_a_case_is_closed_by_hand(acts: Acts) -> None:
    case = await opened(acts)
    assert await reports(acts, "leader") == []
    assert codes(await acts.act("officer", CLOSE, {"caseId": case})) == []
    for leader, unit in (("leader", "school"), ("sfo_leader", "sfo")):
        [report] = await reports(acts, leader)
        told = report["needCase"]
        assert (told["id"], told["reason"], told["state"]) == (case, "Klage på skoleskyss", "CLOSED")
        assert report["personName"] == told["openedByName"] == acts.world.people["officer"].name
        assert report["madeAt"] == told["closedAt"]
        assert report["unit"]["id"] == acts.id("Unit", unit)


async def test_leaders_get_a_report_when_the_hours_of_a_case_are_over(acts: Acts) -> None:
    case = await opened(acts, hours=1)
    opening = acts.now
    await acts.act("officer", EXTEND, {"caseId": case, "hours": 1})
    acts.now = opening + dt.timedelta(hours=2, seconds=-2)
    assert await reports(acts, "leader") == []
    acts.now = opening + dt.timedelta(hours=2)
    [report] = await reports(acts, "leader")
    assert report["needCase"]["id"] == case
    assert report["madeAt"] == opening + dt.timedelta(hours=2)


async def test_leaders_get_no_report_of_a_case_that_never_opened(place) -> None:
    acts = await Acts.of(place, protected())
    await opened(acts)
    acts.now += DAY
    assert await reports(acts, "leader") == []


async def test_leaders_get_one_report_of_a_case_that_was_approved_once_it_had_been_open(acts: Acts) -> None:
    case = await opened(acts)
    await written(acts, f"insert into child_protection values ($1, 'FORTROLIG', '{TODAY}', null)", "pupil")
    assert codes(await acts.act("sfo_leader", APPROVE, {"caseId": case})) == []
    acts.now += DAY
    assert len(await reports(acts, "leader")) == 1


async def test_report_is_done_by_the_leader_of_each_unit_for_that_unit(acts: Acts) -> None:
    case = await opened(acts)
    await acts.act("officer", CLOSE, {"caseId": case})
    [report] = await reports(acts, "leader")
    for who in ("sfo_leader", "other_leader", "teacher", "mother", "second"):
        assert codes(await acts.act(who, DONE, {"taskId": report["id"]})) == ["NOT_FOUND"]
    assert codes(await acts.act("leader", DONE, {"taskId": report["id"]})) == []
    assert await reports(acts, "leader") == []
    assert codes(await acts.act("leader", DONE, {"taskId": report["id"]})) == ["TOO_LATE"]
    assert len(await reports(acts, "sfo_leader")) == 1


async def test_report_that_is_not_due_is_nothing_to_anybody(acts: Acts) -> None:
    case = await opened(acts)
    await acts.act("officer", CLOSE, {"caseId": case})
    [report] = await reports(acts, "leader")
    await written(acts, "update need_case set closed_at = null, until = until + interval '2 hours' where child_id = $1",
                  "pupil")  # fmt: skip
    assert not await acts.sees("leader", report["id"])
    assert codes(await acts.act("leader", DONE, {"taskId": report["id"]})) == ["NOT_FOUND"]


async def test_administrator_sees_and_does_no_report_in_a_case_of_theirs(acts: Acts) -> None:
    before = await opened(acts)
    await acts.act("officer", CLOSE, {"caseId": before})
    await opened(acts)
    [report] = await reports(acts, "leader")
    child = (await acts.ask("officer", ON_CHILD, {"id": acts.id("Child", "pupil")}))["node"]
    assert child["tasks"] == []
    assert await reports(acts, "officer") == []
    assert codes(await acts.act("officer", DONE, {"taskId": report["id"]})) == ["NOT_FOUND"]


async def test_administrator_who_leads_the_unit_does_not_do_the_report_on_their_own_case(place) -> None:
    world = office()
    world.employ("officer", "school", "LEADER")
    acts = await Acts.of(place, world)
    case = await opened(acts)
    await acts.act("officer", CLOSE, {"caseId": case})
    [report] = await reports(acts, "officer")
    assert codes(await acts.act("officer", DONE, {"taskId": report["id"]})) == ["NOT_ALLOWED"]
    assert codes(await acts.act("leader", DONE, {"taskId": report["id"]})) == []


async def test_two_cases_of_one_administrator_on_one_child_are_two_reports_in_the_order_of_their_ends(
    acts: Acts,
) -> None:
    long, short = await opened(acts, hours=3), await opened(acts, hours=1)
    acts.now += DAY
    assert [one["needCase"]["id"] for one in await reports(acts, "leader")] == [short, long]


# --- what was looked at ---------------------------------------------------------------------------------------------

LOOKS = (
    "query ($id: ID!) { node(id: $id) { ... on NeedCase { looks { totalCount nodes { at subjects operation } } } } }"
)
ADDRESS = "query WhereItLives($id: ID!) { node(id: $id) { ... on Child { name address { lines } } } }"
FAMILY = "query ($id: ID!) { node(id: $id) { ... on Child { guardians { name } blocks { name } } } }"


async def looks(acts: Acts, who: str, case: str) -> list[tuple[Any, ...]] | None:
    """Without those at cases themselves, which the test makes."""
    node = (await acts.ask(who, LOOKS, {"id": case}))["node"]
    if node is None:
        return None
    found = node["looks"]["nodes"]
    assert len(found) == node["looks"]["totalCount"]
    return [(one["subjects"], one["operation"]) for one in found if "NEED_CASES" not in one["subjects"]]


async def test_case_lists_what_was_looked_at_in_it_to_whose_case_it_is_and_to_the_leaders(acts: Acts) -> None:
    case = await opened(acts)
    child = {"id": acts.id("Child", "pupil")}
    await acts.ask("officer", ADDRESS, child)
    await acts.ask("officer", FAMILY, child)
    expected = [
        (["CHILD", "FAMILY", "PROTECTION"], None),
        (["ADDRESS", "CHILD"], "WhereItLives"),
    ]  # fmt: skip
    for who in ("officer", "leader", "sfo_leader"):
        found = await looks(acts, who, case)
        assert found is not None
        assert found == expected, who
    for who in ("second", "teacher", "other_leader", "mother"):
        assert await looks(acts, who, case) is None
    await acts.act("officer", CLOSE, {"caseId": case})
    assert await acts.ask("officer", ADDRESS, child) == {"node": None}
    told = await looks(acts, "leader", case)
    assert told is not None
    assert told == expected
    [report] = await reports(acts, "leader")
    assert report["needCase"]["id"] == case


async def test_case_lists_no_look_of_another_case_of_anybody_else_or_before_it(acts: Acts) -> None:
    child = {"id": acts.id("Child", "pupil")}
    await acts.ask("leader", ADDRESS, child)
    await opened(acts, who="second")
    await acts.ask("second", ADDRESS, child)
    case = await opened(acts)
    await acts.ask("leader", ADDRESS, child)
    await acts.ask("second", ADDRESS, child)
    assert await looks(acts, "leader", case) == []
    await acts.ask("officer", ADDRESS, child)
    assert await looks(acts, "leader", case) == [(["ADDRESS", "CHILD"], "WhereItLives")]


async def test_case_that_waits_lists_no_look_on_a_known_child_nor_on_nobody(place) -> None:
    acts = await Acts.of(place, protected())
    for child in ("pupil", None):
        case = await opened(acts, child)
        await acts.ask("second", "{ viewer { cases { nodes { reason askedFor } } } }", {})
        for who in ("officer", "second"):
            assert await looks(acts, who, case) == []
        if child:  # that somebody read it to approve it is no look in the case
            assert (await acts.ask("leader", LOOKS, {"id": case}))["node"]["looks"] == {"totalCount": 0, "nodes": []}
