"""Need cases of the administration: what opens one, what it opens, and that asking tells nothing (section 5, C1)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.acts import Acts, codes
from tests.cases import APPROVE, CASES, CLOSE, EXTEND, OPEN, asked, child_of, office, opened, protected, state, written
from tests.oracle.view import Node


@pytest.fixture
async def acts(place) -> Acts:
    return await Acts.of(place, office())


async def protected_office(place) -> Acts:
    return await Acts.of(place, protected())


async def test_administrator_without_a_case_sees_no_child(acts: Acts) -> None:
    assert await child_of(acts, "officer") is None


async def test_case_opens_the_child_to_whose_case_it_is_and_no_thread(acts: Acts) -> None:
    await acts.start("mother", "school", "pupil")
    told = await acts.act("officer", OPEN, asked(acts))
    assert (told["case"]["state"], told["case"]["child"]["threads"]["totalCount"]) == ("OPEN", 0)
    assert told["case"]["openedAt"] == told["case"]["askedAt"]
    assert (await child_of(acts, "officer"))["relations"] == ["CASE_WORKER"]
    assert await child_of(acts, "second") is None


@pytest.mark.parametrize("who", ["mother", "teacher", "leader", "stranger"])
async def test_nobody_but_the_administration_opens_a_case(acts: Acts, who: str) -> None:
    assert codes(await acts.act(who, OPEN, asked(acts))) == ["NOT_ALLOWED"]


async def test_case_on_nobody_cannot_be_told_from_one_on_a_protected_child(place) -> None:
    acts = await protected_office(place)
    told = [await acts.act("officer", OPEN, asked(acts, child)) for child in ("pupil", None)]
    for one in told:
        for name in ("id", "askedAt", "until", "askedFor"):
            one["case"].pop(name)
    assert told[0] == told[1]
    assert (told[0]["case"]["state"], told[0]["case"]["openedAt"]) == ("WAITING", None)
    assert await child_of(acts, "officer") is None
    seen = (await acts.ask("second", CASES, {}))["viewer"]["cases"]["nodes"]
    assert [(one["state"], one["child"]) for one in seen] == [("WAITING", None)] * 2


async def test_r1_case_on_a_child_whom_a_block_closes_waits(place) -> None:
    world = office()
    world.block("officer", "pupil")
    acts = await Acts.of(place, world)
    assert (await acts.act("officer", OPEN, asked(acts)))["case"]["state"] == "WAITING"
    assert await child_of(acts, "officer") is None


@pytest.mark.parametrize("who", ["second", "leader"])
async def test_second_person_opens_the_case_on_a_protected_child(place, who: str) -> None:
    acts = await protected_office(place)
    case = (await acts.act("officer", OPEN, asked(acts)))["case"]["id"]
    assert codes(await acts.act("officer", APPROVE, {"caseId": case})) == ["NOT_ALLOWED"]
    assert (await acts.act(who, APPROVE, {"caseId": case}))["problems"] == []
    assert (await child_of(acts, "officer"))["name"]
    assert await child_of(acts, "second") is None


@pytest.mark.parametrize("who", ["teacher", "other_leader", "mother", "sfo_worker"])
async def test_nobody_else_approves_or_sees_a_case(place, who: str) -> None:
    acts = await protected_office(place)
    case = (await acts.act("officer", OPEN, asked(acts)))["case"]["id"]
    assert codes(await acts.act(who, APPROVE, {"caseId": case})) == ["NOT_FOUND"]
    assert not await acts.sees(who, case)
    assert (await acts.ask(who, CASES, {}))["viewer"]["cases"]["totalCount"] == 0


async def test_leaders_of_the_units_see_the_case_at_once_with_its_reason(acts: Acts) -> None:
    await acts.act("officer", OPEN, asked(acts))
    text = "query ($id: ID!) { node(id: $id) { ... on Child { needCases { openedByName reason state askedFor } } } }"
    for leader in ("leader", "sfo_leader"):
        [case] = (await acts.ask(leader, text, {"id": acts.id("Child", "pupil")}))["node"]["needCases"]
        assert (case["reason"], case["state"], case["askedFor"]) == ("Klage på skoleskyss", "OPEN", None)
    assert (await acts.ask("mother", text, {"id": acts.id("Child", "pupil")}))["node"]["needCases"] is None


async def test_case_closes_by_its_hours_and_by_hand(acts: Acts) -> None:
    case = (await acts.act("officer", OPEN, asked(acts, hours=1)))["case"]["id"]
    acts.now += dt.timedelta(minutes=50)
    assert await child_of(acts, "officer")
    assert (await acts.act("officer", EXTEND, {"caseId": case, "hours": 1}))["problems"] == []
    acts.now += dt.timedelta(minutes=50)
    assert await child_of(acts, "officer")
    acts.now += dt.timedelta(minutes=50)
    assert await child_of(acts, "officer") is None
    assert codes(await acts.act("officer", EXTEND, {"caseId": case, "hours": 1})) == ["TOO_LATE"]
    again = (await acts.act("officer", OPEN, asked(acts)))["case"]["id"]
    assert codes(await acts.act("second", CLOSE, {"caseId": again})) == ["NOT_FOUND"]
    told = await acts.act("officer", CLOSE, {"caseId": again})
    assert (told["case"]["state"], told["case"]["child"]) == ("CLOSED", None)
    assert await child_of(acts, "officer") is None


async def test_case_is_over_after_a_day_whatever_else_its_row_says(acts: Acts) -> None:
    case = await opened(acts)
    opening = acts.now
    await written(acts, "update need_case set until = until + interval '30 hours' where child_id = $1", "pupil")
    for seconds, told in ((-10, "OPEN"), (10, "CLOSED")):
        acts.now = opening + dt.timedelta(hours=24, seconds=seconds)
        assert await state(acts, case) == told


@pytest.mark.parametrize("hours", [0, 25, -1])
async def test_hours_beyond_a_day_are_refused(acts: Acts, hours: int) -> None:
    assert codes(await acts.act("officer", OPEN, asked(acts, hours=hours))) == ["INVALID"]


async def test_extension_stays_within_a_day_from_the_opening(acts: Acts) -> None:
    case = (await acts.act("officer", OPEN, asked(acts, hours=20)))["case"]["id"]
    assert codes(await acts.act("officer", EXTEND, {"caseId": case, "hours": 5})) == ["INVALID"]
    assert (await acts.act("officer", EXTEND, {"caseId": case, "hours": 4}))["problems"] == []


async def test_child_is_found_by_whole_name_and_birth_date(acts: Acts) -> None:
    name = acts.world.people["pupil"].name
    given = {"name": name.upper(), "birthDate": "2018-02-03", "reason": "Klage", "idempotencyKey": "k"}
    assert (await acts.act("officer", OPEN, given))["case"]["state"] == "OPEN"
    other = {**given, "birthDate": "2018-02-04", "idempotencyKey": "l"}
    assert (await acts.act("officer", OPEN, other))["case"]["state"] == "WAITING"


@pytest.mark.parametrize(
    "more", [{"name": "A B"}, {"birthDate": "2018-02-03"}, {"nationalId": None}, {"nationalId": "1"}]
)
async def test_case_without_one_way_of_naming_is_refused(acts: Acts, more: dict[str, Any]) -> None:
    assert codes(await acts.act("officer", OPEN, asked(acts, **more))) == ["INVALID"]


async def test_adult_is_no_child_to_open_a_case_on(acts: Acts) -> None:
    assert (await acts.act("officer", OPEN, asked(acts, "mother")))["case"]["state"] == "WAITING"
    assert Node("Child", "mother") in acts.loaded.ids


async def test_case_that_waits_is_nothing_to_the_administration_of_another_municipality(place) -> None:
    here, elsewhere = await protected_office(place), await protected_office(place)
    case = (await here.act("officer", OPEN, asked(here)))["case"]["id"]
    assert await here.sees("second", case)
    assert not await elsewhere.sees("second", case)
    assert (await elsewhere.ask("second", CASES, {}))["viewer"]["cases"]["totalCount"] == 0
    assert codes(await elsewhere.act("second", APPROVE, {"caseId": case})) == ["NOT_FOUND"]
