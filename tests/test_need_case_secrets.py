"""What asking for a need case tells of a child: nothing until it is open, to nobody, by any road (section 5, C1)."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import pytest

from resolvers.engine.limits import DocumentRefused
from resolvers.engine.payload import read_payloads
from tests.acts import Acts, act, codes
from tests.cases import (
    APPROVE,
    CASES,
    CLOSE,
    EXTEND,
    OPEN,
    UNKNOWN,
    asked,
    child_of,
    office,
    opened,
    protected,
    state,
    stored,
    written,
)
from tests.family import Family
from tests.logged import log_rows
from tests.worlds.numbers import synthetic_number
from tests.worlds.world import DAY, LONG_AGO, TODAY, World, oslo

CELLS = """id state own forAccessLog reason askedFor askedAt openedAt until closedAt approvedByName approvedAt
    child { id name }"""
CELL = f"query ($id: ID!) {{ node(id: $id) {{ ... on NeedCase {{ {CELLS} }} }} }}"
LIST = f"{{ viewer {{ cases {{ totalCount nodes {{ {CELLS} }} }} tasks {{ totalCount }} threads {{ totalCount }} }} }}"
WHY = "query ($id: ID!) { explainAccess(node: $id) { visible reasons { relation rule fact since until opens } } }"
LEAVES_OUT = ("id", "askedFor")


def kept(world: World, how: str) -> World:
    """A village in which the officer asks for the pupil and the case has to wait."""
    if how == "protected":
        world.protect("pupil", "fortrolig")
    elif how == "blocked":
        world.block("officer", "pupil")
    elif how == "kin":
        world.family("pupil", "officer", "far", "barn")
    elif how == "not enrolled":
        world.enrolments = [went for went in world.enrolments if went.child != "pupil"]
        world.memberships = [one for one in world.memberships if one.person != "pupil"]
    return world


class Asking:
    """The same steps of an officer, and of those beside them, whomever the case is on."""

    def __init__(self, acts: Acts) -> None:
        self.acts = acts

    async def told(self, who: str, text: str, variables: dict[str, Any]) -> Any:
        engine = self.acts.place.engine
        viewer = self.acts.place.viewer(self.acts.world, who, "both")
        self.acts.now += dt.timedelta(seconds=1)
        answer = await engine.run(engine.documents.prepare(text, None), variables, viewer, self.acts.now)
        assert not answer.errors
        return alike(answer.data), dict(answer.hidden)

    async def everything(self, given: dict[str, Any], approve: bool) -> list[Any]:
        """All that the officer and a second administrator are told, from asking to the end."""
        case = (await self.acts.act("officer", OPEN, given))["case"]["id"]
        heard: list[Any] = [await self.looks(case)]
        if approve:
            heard.append(await self.told("second", APPROVE, {"input": {"caseId": case}}))
            heard.append(await self.looks(case))
        heard.append(await self.told("officer", EXTEND, {"input": {"caseId": case, "hours": 2}}))
        heard.append(await self.told("officer", OPEN, {"input": given}))
        heard.append(await self.told("officer", OPEN, {"input": {**given, "hours": 3}}))
        self.acts.now += dt.timedelta(hours=11)
        heard.append(await self.looks(case))
        heard.append(await self.told("officer", CLOSE, {"input": {"caseId": case}}))
        return heard

    async def looks(self, case: str) -> list[Any]:
        return [
            await self.told(who, text, {"id": case} if "$id" in text else {})
            for who in ("officer", "second")
            for text in (CELL, LIST, WHY)
        ]


def alike(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: alike(value) for name, value in told.items() if name not in LEAVES_OUT}
    return [alike(one) for one in told] if isinstance(told, list) else told


@pytest.mark.parametrize(
    ("how", "approve"),
    [("protected", False), ("blocked", False), ("blocked", True), ("kin", False), ("kin", True),
     ("not enrolled", False), ("not enrolled", True)],
)  # fmt: skip
async def test_administrator_is_told_the_same_of_a_child_that_is_kept_from_them_as_of_nobody(
    place, how: str, approve: bool
) -> None:
    heard = []
    for child in ("pupil", None):
        acts = await Acts.of(place, kept(office(), how))
        given = {**asked(acts, child), "idempotencyKey": "once"}
        heard.append(await Asking(acts).everything(given, approve))
    assert heard[0] == heard[1]
    assert "'state': 'WAITING'" in str(heard[0])
    assert "'state': 'OPEN'" not in str(heard[0])


@pytest.mark.parametrize("how", ["protected", "blocked", "kin", "not enrolled", "known to nobody"])
async def test_case_that_waits_takes_no_hours_whomever_it_is_on(place, how: str) -> None:
    """Section 5: what it waits for is not told by that either; hours count from the opening."""
    acts = await Acts.of(place, kept(office(), how))
    case = await opened(acts, None if how == "known to nobody" else "pupil", hours=2)
    before = (await acts.ask("officer", CELL, {"id": case}))["node"]
    for hours in (1, 99):
        told = await acts.act("officer", EXTEND, {"caseId": case, "hours": hours})
        [problem] = told["problems"]
        assert (problem["code"], problem["field"]) == ("NOT_ALLOWED", ["input", "caseId"])
        assert problem["message"] == "The case is not open."
    assert (await acts.ask("officer", CELL, {"id": case}))["node"] == before
    [problem] = (await acts.act("second", EXTEND, {"caseId": case, "hours": 1}))["problems"]
    assert problem["message"] != "The case is not open."
    acts.now += dt.timedelta(hours=2)
    assert codes(await acts.act("officer", EXTEND, {"caseId": case, "hours": 1})) == ["TOO_LATE"]


async def test_case_takes_hours_from_its_approval_on(place) -> None:
    acts = await Acts.of(place, protected())
    case = await opened(acts, hours=2)
    acts.now += dt.timedelta(hours=1)
    assert (await acts.act("second", APPROVE, {"caseId": case}))["problems"] == []
    approved = acts.now
    assert (await acts.act("officer", EXTEND, {"caseId": case, "hours": 3}))["problems"] == []
    told = (await acts.ask("officer", CELL, {"id": case}))["node"]
    assert told["until"] == approved + dt.timedelta(hours=5)


async def test_r3_case_that_protection_has_closed_takes_no_hours(place) -> None:
    acts = await Acts.of(place, office())
    case = await opened(acts)
    await written(acts, f"insert into child_protection values ($1, 'FORTROLIG', '{TODAY}', null)", "pupil")
    assert codes(await acts.act("officer", EXTEND, {"caseId": case, "hours": 1})) == ["NOT_ALLOWED"]
    assert (await acts.act("leader", APPROVE, {"caseId": case}))["problems"] == []
    assert (await acts.act("officer", EXTEND, {"caseId": case, "hours": 1}))["problems"] == []


async def test_administrator_hears_nothing_of_two_children_of_one_name_and_birth_date(place) -> None:
    heard = []
    for second_name in ("Like", "Ulike"):
        world = office()
        for handle, family in (("one", "Like"), ("other", second_name)):
            world.person(handle, dt.date(2016, 3, 4), name=("Helt", family))
            world.enrol(handle, "school", LONG_AGO)
        acts = await Acts.of(place, world)
        given = {"name": "Helt Like", "birthDate": "2016-03-04", "reason": "Klage", "idempotencyKey": "k"}
        heard.append((await acts.act("officer", OPEN, given))["case"]["state"])
    assert heard == ["WAITING", "OPEN"]


async def test_child_is_found_by_the_number_it_had_before(place) -> None:
    world = office()
    before = synthetic_number(dt.date(2018, 2, 3), 42)
    world.people["pupil"].ended_numbers = (before,)
    acts = await Acts.of(place, world)
    told = await acts.act("officer", OPEN, asked(acts, nationalId=before))
    assert told["case"]["child"]["id"] == acts.id("Child", "pupil")


# --- whoever is to approve ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["blocked", "kin"])
async def test_second_administrator_who_is_kept_from_the_child_sees_and_approves_no_case_on_it(place, how: str) -> None:
    world = protected()
    if how == "blocked":
        world.block("second", "pupil")
    else:
        world.family("pupil", "second", "far", "barn")
    acts = await Acts.of(place, world)
    case = await opened(acts)
    assert await state(acts, case, "second") is None
    assert (await acts.ask("second", CASES, {}))["viewer"]["cases"]["totalCount"] == 0
    assert codes(await acts.act("second", APPROVE, {"caseId": case})) == ["NOT_FOUND"]
    assert await state(acts, case, "third") == "WAITING"
    assert await state(acts, case) == "WAITING"


async def test_approval_of_somebody_who_has_been_blocked_since_counts_no_more(place) -> None:
    acts = await Acts.of(place, protected())
    case = await opened(acts)
    await acts.act("second", APPROVE, {"caseId": case})
    assert await state(acts, case) == "OPEN"
    number = acts.world.people["second"].number
    assert codes(await Family(acts).blocks("leader", "", nationalId=number, name="En")) == []
    assert await state(acts, case) == "WAITING"
    assert await child_of(acts, "officer") is None


async def test_approval_opens_nothing_for_whoever_is_kept_from_the_child_nor_tells_it(place) -> None:
    acts = await Acts.of(place, kept(office(), "kin"))
    case = await opened(acts)
    told = await acts.act("second", APPROVE, {"caseId": case})
    assert told == {"case": None, "problems": []}
    assert await state(acts, case) == "WAITING"
    assert await child_of(acts, "officer") is None


async def test_administrator_who_leads_the_unit_does_not_approve_their_own_case(place) -> None:
    world = protected()
    world.employ("officer", "school", "LEADER")
    acts = await Acts.of(place, world)
    case = await opened(acts)
    assert codes(await acts.act("officer", APPROVE, {"caseId": case})) == ["NOT_ALLOWED"]
    assert await state(acts, case) == "WAITING"


@pytest.mark.parametrize("child", ["pupil", None])
async def test_reading_a_case_to_approve_it_is_logged_on_nobody_as_on_a_known_child(place, child: str | None) -> None:
    acts = await Acts.of(place, protected())
    case = await opened(acts, child)
    await acts.ask("second", CASES, {})
    await acts.ask("second", CELL, {"id": case})
    question = "select count(*) from access_log where need_case_id = $1"
    assert await Family(acts).rows_on(case, question) == [(2,)]


async def test_whoever_may_approve_a_case_sees_whether_it_is_to_show_who_has_looked(place) -> None:
    acts = await Acts.of(place, protected())
    for told in (False, True):
        case = await opened(acts, forAccessLog=told)
        for who in ("officer", "second", "leader"):
            assert (await acts.ask(who, CELL, {"id": case}))["node"]["forAccessLog"] is told


@pytest.mark.parametrize("how", ["blocked", "kin"])
async def test_leader_does_not_approve_what_would_open_nothing_and_tell_whoever_asked_by_it(place, how: str) -> None:
    acts = await Acts.of(place, kept(office(), how))
    case = await opened(acts)
    assert codes(await acts.act("leader", APPROVE, {"caseId": case})) == ["NOT_ALLOWED"]
    told = (await acts.ask("officer", CELL, {"id": case}))["node"]
    assert (told["state"], told["approvedByName"], told["approvedAt"]) == ("WAITING", None, None)
    assert (await acts.ask("second", CASES, {}))["viewer"]["cases"]["totalCount"] == 1


@pytest.mark.parametrize("child", ["pupil", None])
async def test_case_is_asked_for_and_logged_though_whoever_asked_has_gone(
    place, monkeypatch: pytest.MonkeyPatch, child: str | None
) -> None:
    """Else one could ask for much of the child, which takes time where it is known, and hang up before the end."""
    acts = await Acts.of(place, office())
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(*given: Any) -> Any:
        begun.set()
        await go_on.wait()
        return await read_payloads(*given)

    monkeypatch.setattr("resolvers.engine.mutations.read_payloads", slowly)
    asking = asyncio.create_task(acts.act("officer", OPEN, asked(acts, child)))
    await begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    go_on.set()
    await acts.place.engine.settled()
    seen = (await acts.ask("officer", CASES, {}))["viewer"]["cases"]
    assert [one["state"] for one in seen["nodes"]] == ["OPEN" if child else "WAITING"]
    logged = await log_rows(acts.place.database, acts.loaded.municipality)
    assert [row["kind"] for row in logged] == (["MUTATION", "QUERY"] if child else [])


BENEATH = {
    "cursor": 'child { threads(after: "x") { totalCount } } looks(after: "y") { totalCount }',
    "null": "child { photoUseAllowed(purpose: INTERNAL, unitId: $unit) { allowed } }",
}


@pytest.mark.parametrize("what", BENEATH)
async def test_asking_for_a_case_with_what_cannot_be_tells_nothing_of_the_child(place, what: str) -> None:
    """Refused on the way, it would say that there is one, and leave no case behind."""
    acts = await Acts.of(place, office())
    text = act("openNeedCase", f"case {{ {BENEATH[what]} }}")
    if what == "null":
        text = text.replace("!)", '!, $unit: ID = "x")', 1)
    told = []
    for child in ("pupil", None):
        with pytest.raises(DocumentRefused) as refused:
            await acts.ask("officer", text, {"input": asked(acts, child), "unit": None})
        told.append(refused.value.errors)
    assert told[0] == told[1]


async def test_two_approve_one_case_at_once_and_one_of_them_has_done_it(place) -> None:
    acts = await Acts.of(place, protected())
    case = await opened(acts)
    told = await asyncio.gather(*(acts.act(who, APPROVE, {"caseId": case}) for who in ("second", "third")))
    assert sorted(codes(one) for one in told) == [[], ["NOT_FOUND"]]


async def test_case_that_nobody_approved_in_its_hours_is_over(place) -> None:
    acts = await Acts.of(place, protected())
    case = await opened(acts, hours=1)
    acts.now += dt.timedelta(hours=1)
    assert await state(acts, case) == "CLOSED"
    assert codes(await acts.act("leader", APPROVE, {"caseId": case})) == ["TOO_LATE"]
    assert codes(await acts.act("second", APPROVE, {"caseId": case})) == ["NOT_FOUND"]


# --- what happens while it is open ----------------------------------------------------------------------------------


PROTECTS = f"insert into child_protection values ($1, 'FORTROLIG', '{TODAY}', null)"


async def test_r3_protection_that_begins_closes_the_case_at_once_until_a_leader_approves(place) -> None:
    acts = await Acts.of(place, office())
    case = await opened(acts)
    assert await child_of(acts, "officer")
    await written(acts, PROTECTS, "pupil")
    assert await child_of(acts, "officer") is None
    assert await state(acts, case) == "WAITING"
    assert (await acts.act("leader", APPROVE, {"caseId": case}))["problems"] == []
    assert await child_of(acts, "officer")


async def test_approval_of_a_case_that_was_open_before_neither_moves_its_opening_nor_adds_hours(place) -> None:
    acts = await Acts.of(place, office())
    case = await opened(acts, hours=20)
    told = (await acts.ask("officer", CELL, {"id": case}))["node"]
    await written(acts, PROTECTS, "pupil")
    acts.now += dt.timedelta(hours=13)
    assert codes(await acts.act("leader", APPROVE, {"caseId": case})) == []
    again = (await acts.ask("officer", CELL, {"id": case}))["node"]
    assert (again["state"], again["openedAt"]) == ("OPEN", told["openedAt"])
    assert again["until"] == told["openedAt"] + DAY
    acts.now = told["openedAt"] + DAY
    assert await child_of(acts, "officer") is None


@pytest.mark.parametrize("how", ["protected", "blocked", "kin"])
async def test_colleague_is_not_told_that_something_has_closed_a_case(place, how: str) -> None:
    """A case that is there for approval only once it was open would say that the child is known, and what befell it."""
    acts = await Acts.of(place, office())
    case, nobody = await opened(acts), await opened(acts, None)
    if how == "protected":
        await written(acts, PROTECTS, "pupil")
    elif how == "blocked":
        number = acts.world.people["officer"].number
        assert codes(await Family(acts).blocks("leader", "", nationalId=number, name="En")) == []
    else:
        await written(acts, "insert into kinship (child_id, person_id) values ($1, $2)", "pupil", "officer")
    assert [await state(acts, case, who) for who in ("officer", "leader", "second")] == ["WAITING", "WAITING", None]
    assert codes(await acts.act("second", APPROVE, {"caseId": case})) == ["NOT_FOUND"]
    seen = (await acts.ask("second", LIST, {}))["viewer"]["cases"]
    assert [(one["id"], one["openedAt"]) for one in seen["nodes"]] == [(nobody, None)]


async def test_r3_protection_that_ends_opens_no_case_that_waits(place) -> None:
    acts = await Acts.of(place, protected())
    case = await opened(acts)
    await written(acts, "delete from child_protection where child_id = $1", "pupil")
    assert await state(acts, case) == "WAITING"
    assert await child_of(acts, "officer") is None


async def test_r1_block_that_is_set_closes_the_case_at_once(place) -> None:
    acts = await Acts.of(place, office())
    case = await opened(acts)
    number = acts.world.people["officer"].number
    assert codes(await Family(acts).blocks("leader", "", nationalId=number, name="En")) == []
    assert await child_of(acts, "officer") is None
    assert await state(acts, case) == "WAITING"
    assert await state(acts, case, "leader") == "WAITING"


async def test_whoever_leaves_the_administration_sees_no_case_of_theirs(place) -> None:
    world = office()
    world.administrators = [one for one in world.administrators if one.person != "officer"]
    world.administrator("officer", until=TODAY + DAY)
    acts = await Acts.of(place, world, oslo(TODAY, "23:00"))
    case = await opened(acts, hours=4)
    acts.now = oslo(TODAY, "23:59")
    assert await child_of(acts, "officer")
    acts.now = oslo(TODAY + DAY, "00:00")
    assert await child_of(acts, "officer") is None
    assert await state(acts, case) is None
    assert codes(await acts.act("officer", CLOSE, {"caseId": case})) == ["NOT_FOUND"]


async def test_case_goes_on_over_midnight_with_the_approval_of_the_day_before(place) -> None:
    acts = await Acts.of(place, protected(), oslo(TODAY, "23:00"))
    case = await opened(acts, hours=2)
    await acts.act("leader", APPROVE, {"caseId": case})
    acts.now = oslo(TODAY + DAY, "00:30")
    assert await child_of(acts, "officer")
    acts.now = oslo(TODAY + DAY, "01:01")
    assert await child_of(acts, "officer") is None


# --- whose case it is -----------------------------------------------------------------------------------------------


async def test_nobody_closes_or_extends_the_case_of_another(place) -> None:
    acts = await Acts.of(place, protected())
    case = await opened(acts)
    for who, code in (("second", "NOT_ALLOWED"), ("leader", "NOT_ALLOWED"), ("teacher", "NOT_FOUND")):
        assert codes(await acts.act(who, CLOSE, {"caseId": case})) == [code]
        assert codes(await acts.act(who, EXTEND, {"caseId": case, "hours": 1})) == [code]
    assert await state(acts, case) == "WAITING"


async def test_case_that_is_closed_is_not_closed_again(place) -> None:
    acts = await Acts.of(place, office())
    case = await opened(acts)
    assert codes(await acts.act("officer", CLOSE, {"caseId": case})) == []
    before = await Family(acts).digest()
    assert codes(await acts.act("officer", CLOSE, {"caseId": case})) == ["TOO_LATE"]
    assert await Family(acts).digest() == before


@pytest.mark.parametrize("hours", [0, -1, -(2**31), 17, 2**31 - 1])
async def test_extension_beyond_a_day_changes_nothing(place, hours: int) -> None:
    acts = await Acts.of(place, office())
    case = await opened(acts)
    before = await Family(acts).digest()
    assert codes(await acts.act("officer", EXTEND, {"caseId": case, "hours": hours})) == ["INVALID"]
    assert await Family(acts).digest() == before


async def test_nobody_finds_out_by_explain_access_why_a_case_waits(place) -> None:
    acts = await Acts.of(place, protected())
    case = await opened(acts)
    told = {who: (await acts.ask(who, WHY, {"id": case}))["explainAccess"] for who in ("officer", "second", "leader")}
    assert [one["fact"] for one in told["officer"]["reasons"]] == ["of the administration, whose case it is"]
    assert [one["fact"] for one in told["second"]["reasons"]] == ["of the administration, to approve it"]
    assert [one["relation"] for one in told["leader"]["reasons"]] == ["UNIT_LEADER"]
    assert (await acts.ask("teacher", WHY, {"id": case}))["explainAccess"] == {"visible": False, "reasons": []}


# --- at rest --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "named", [{"nationalId": UNKNOWN}, {"name": "Rask Ingen", "birthDate": "2017-04-05"}], ids=["number", "name"]
)
async def test_l4_reason_and_whom_a_case_was_asked_for_lie_encrypted(place, named: dict[str, str]) -> None:
    """Also of somebody whom nobody here knows, whose number or name is kept all the same."""
    acts = await Acts.of(place, office())
    told = await acts.act("officer", OPEN, {"reason": "Klage på skoleskyss", "idempotencyKey": acts.key(), **named})
    row = await stored(acts, told["case"]["id"])
    assert row["child_id"] is None
    assert place.vault.decrypt(row["told_cipher"], "need case") == ", ".join(named.values())
    assert place.vault.decrypt(row["reason_cipher"], "reason") == "Klage på skoleskyss"
    lies = b" ".join(value if isinstance(value, bytes) else str(value).encode() for value in row.values())
    assert not [one for one in (*named.values(), "skoleskyss") if one.encode() in lies]


# --- how many -------------------------------------------------------------------------------------------------------


async def test_administrator_has_no_more_than_ten_cases_at_once(place) -> None:
    acts = await Acts.of(place, office())
    cases = [await opened(acts, child) for child in ("pupil", None) * 5]
    for child in ("pupil", None):
        told = await acts.act("officer", OPEN, asked(acts, child))
        assert codes(told) == ["NOT_ALLOWED"]
        assert "10" in told["problems"][0]["message"]
    assert await opened(acts, who="second")
    await acts.act("officer", CLOSE, {"caseId": cases[0]})
    assert await opened(acts)


async def test_administrator_asks_for_no_more_than_thirty_cases_in_a_day(place) -> None:
    acts = await Acts.of(place, office())
    began = acts.now
    for number in range(30):
        case = await opened(acts, None if number % 3 else "pupil")
        await acts.act("officer", CLOSE, {"caseId": case})
    assert codes(await acts.act("officer", OPEN, asked(acts))) == ["NOT_ALLOWED"]
    acts.now = began + dt.timedelta(hours=24)
    assert codes(await acts.act("officer", OPEN, asked(acts, "pupil"))) == []


async def test_cases_asked_for_at_once_are_counted_one_after_the_other(place) -> None:
    acts = await Acts.of(place, office())
    acts.tick = dt.timedelta()
    told = await asyncio.gather(*(acts.act("officer", OPEN, asked(acts)) for _ in range(14)))
    assert sum(not codes(one) for one in told) == 10


async def test_repeat_of_asking_is_no_second_case(place) -> None:
    acts = await Acts.of(place, office())
    given = asked(acts)
    first, again = [(await acts.act("officer", OPEN, given))["case"]["id"] for _ in range(2)]
    assert first == again
    assert (await acts.ask("officer", CASES, {}))["viewer"]["cases"]["totalCount"] == 1


async def test_c9_case_worker_is_told_no_fact_about_another_child_of_the_guardian(place) -> None:
    world = office()
    world.responsible("mother", "stranger")
    world.employ("teacher", "other_school", "TEACHER")
    world.member("teacher", "5A", "CONTACT_TEACHER", LONG_AGO)
    acts = await Acts.of(place, world)
    await opened(acts)
    text = """query ($id: ID!, $who: ID!) { explainAccess(node: $id, viewer: $who) {
        reasons { relation fact } } }"""
    told = await acts.ask(
        "officer", text, {"id": acts.id("Guardian", "mother"), "who": acts.id("StaffMember", "teacher")}
    )
    [reason] = told["explainAccess"]["reasons"]
    assert reason["relation"] == "CONTACT_TEACHER"
    assert "3B" in reason["fact"]


async def test_case_of_somebody_who_administers_no_more_waits_for_nobody(place) -> None:
    """Section 5: a second person approves what a first one asked for; nothing can open any more, and why is private."""
    acts = await Acts.of(place, protected())
    case = await opened(acts)
    assert await state(acts, case, "second") == "WAITING"
    await written(acts, "update administrator set until = since where person_id = $1", "officer")
    assert await state(acts, case, "second") is None
    assert codes(await acts.act("second", APPROVE, {"caseId": case})) == ["NOT_FOUND"]
