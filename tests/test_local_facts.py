"""Local facts: what each kind of line becomes, and what a file cannot say."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from registers.local import read_local
from registers.plan import InputRefused
from server.database import Database
from tests.town import LEADER, NORA, NOW, ODIN, TEACHER, TODAY, Town, small
from tests.walls import MISKEPT_SIDES
from vault import Vault

MOTHER, STRANGER = "41819077906", "57877940111"
BEGUN = "2026-10-01T08:00:00+02:00"


def at(day: int, hour: int = 12) -> dt.datetime:
    return dt.datetime(2026, 10, day, hour, tzinfo=dt.UTC)


def line(kind: str, line_id: str, when: Any = BEGUN, by: str = "import", **told: Any) -> dict[str, Any]:
    written = when if isinstance(when, str) else when.isoformat()
    return {"id": line_id, "kind": kind, "at": written, "by": by, **told}


THREAD = line("thread", "t", child=NORA, unit="skole", subject="Tur", guardianSide=[MOTHER], staffSide=[TEACHER])


def message(line_id: str, when: dt.datetime, author: str = MOTHER, **told: Any) -> dict[str, Any]:
    return line("message", line_id, when, **{"thread": "t", "author": author, "body": f"Hei fra {line_id}", **told})


@pytest.fixture
async def town(database: Database, vault: Vault, tmp_path: Path) -> Town:
    made = Town(database, vault, tmp_path)
    await made.takes(small())
    return made


async def refusal(town: Town, *facts: Any) -> list[str]:
    with pytest.raises(InputRefused) as refused:
        await town.notes(*facts)
    told = [str(problem) for problem in refused.value.problems]
    assert not any(number in " ".join(told) for number in (NORA, ODIN, TEACHER, LEADER, MOTHER, STRANGER))
    return told


async def person(town: Town, number: str) -> Any:
    hashed = town.vault.keyed_hash(number, "national_id").hex()
    ((key,),) = await town.rows(f"select person_id from person_identifier where number_hash = '\\x{hashed}'")
    return key


async def test_a_block_keeps_its_reason_encrypted(town: Town) -> None:
    plan = await town.notes(
        line("block", "b", by=LEADER, child=NORA, person=STRANGER, since="2026-10-01", reason="Besøksforbud")
    )
    ((child, blocked, since, until, cipher, set_by, set_at),) = await town.rows(
        "select child_id, person_id, since, until, reason_cipher, set_by, set_at from block"
    )
    assert (child, blocked, set_by) == (
        await person(town, NORA),
        await person(town, STRANGER),
        await person(town, LEADER),
    )
    assert (since, until) == (dt.date(2026, 10, 1), None)
    assert town.vault.decrypt(cipher, "reason") == "Besøksforbud"
    assert set_at == dt.datetime(2026, 10, 1, 6, tzinfo=dt.UTC)
    assert plan.counts["blocks"].added == 1


async def test_a_key_that_is_not_known_is_a_warning(town: Town) -> None:
    told = {"child": NORA, "person": STRANGER, "since": "2026-10-01", "reason": "x"}
    plan = await town.notes(line("block", "b", **told, untill="2026-11-01", **{MOTHER: "x"}))
    assert plan.counts["blocks"].added == 1
    assert plan.warnings == [
        "lines.ndjson, line 1: “[number]” is no key of a block, and is not read",
        "lines.ndjson, line 1: “untill” is no key of a block, and is not read",
    ]


async def test_whoever_is_not_known_becomes_a_person_by_number_alone(town: Town) -> None:
    await town.notes(line("block", "b", child=ODIN, person=STRANGER, since="2026-10-01", reason="x"))
    key = await person(town, STRANGER)
    assert await town.rows(f"select name, documented_on, source_id from person where id = '{key}'") == [
        ("Ukjent", None, None)
    ]


async def test_a_roster_finds_the_person_whom_a_block_made_known(town: Town) -> None:
    await town.notes(line("block", "b", child=ODIN, person=STRANGER, since="2026-10-01", reason="x"))
    files = small()
    files["users"].append(f"ny,,true,Kald,,Bris,{STRANGER},")
    files["roles"].append("ny,teacher,skole,,,")
    await town.takes(files)
    key = await person(town, STRANGER)
    assert await town.rows(f"select name, source_id from person where id = '{key}'") == [("Kald Bris", "ny")]


async def test_the_kinds_of_consent_become_rows(town: Town) -> None:
    await town.notes(
        line("confirmation", "c", child=NORA, person=MOTHER, since="2026-10-02", by=LEADER),
        line("delegate", "d", child=NORA, person=STRANGER, unit="skole", since="2026-10-03", until="2027-01-01"),
        line("consent", "k", child=NORA, guardian=MOTHER, delegate=STRANGER, unit="skole", since="2026-10-04"),
        line("setting", "s1", name="delegateConsent", value="ALL"),
        line("setting", "s2", name="delegateConsent", value="ONE"),
    )
    assert await town.rows("select since, confirmed_by is not null from confirmation") == [(dt.date(2026, 10, 2), True)]
    assert await town.rows("select since, until, registered_by from delegate") == [
        (dt.date(2026, 10, 3), dt.date(2027, 1, 1), None)
    ]
    assert await town.rows("select since, until from consent") == [(dt.date(2026, 10, 4), None)]
    assert await town.rows("select name, value from setting") == [("delegateConsent", "ONE")]


async def test_a_thread_is_taken_as_it_was(town: Town) -> None:
    await town.notes(THREAD)
    assert await town.rows("select subject, joint, created_at, last_message_at from thread") == [
        ("Tur", False, at(1, 6), at(1, 6))
    ]
    assert sorted(await town.rows("select side, joined_at from participant")) == [
        ("GUARDIAN", at(1, 6)),
        ("UNIT", at(1, 6)),
    ]


async def test_messages_keep_their_side_place_and_time(town: Town) -> None:
    await town.notes(
        THREAD,
        message("m2", at(3), LEADER, onBehalfOfUnit=True),
        message("m1", at(2)),
        message("m3", at(4), TEACHER, retracted=True),
        message("m4", at(5), retracted=at(6).isoformat()),
    )
    unit = (await town.rows("select id from unit where source_id = 'skole'"))[0][0]
    assert await town.rows(
        "select body, author_side, on_behalf_of, sent_at, retracted_at from message order by sent_at"
    ) == [
        ("Hei fra m1", "GUARDIAN", None, at(2), None),
        ("Hei fra m2", "UNIT", unit, at(3), None),
        ("Hei fra m3", "UNIT", None, at(4), at(4)),
        ("Hei fra m4", "GUARDIAN", None, at(5), at(6)),
    ]
    assert await town.rows("select last_message_at from thread") == [(at(5),)]
    place = "(t.id, t.unit_id, t.child_id) = (m.thread_id, m.unit_id, m.child_id)"
    assert await town.rows(f"select count(*) from message m join thread t on {place}") == [(4,)]
    assert await town.rows(MISKEPT_SIDES) == []


async def test_whoever_writes_for_the_unit_becomes_a_participant_by_the_first_message(town: Town) -> None:
    await town.notes(THREAD, message("m2", at(5), LEADER), message("m1", at(3), LEADER))
    key = await person(town, LEADER)
    joined = f"select side, joined_at from participant where person_id = '{key}'"
    assert await town.rows(joined) == [("UNIT", at(3))]


async def test_a_later_file_goes_on_with_a_thread(town: Town) -> None:
    await town.notes(THREAD, message("m1", at(2)))
    plan = await town.notes(
        message("m2", at(3), LEADER), line("read", "r", at(4), thread="t", person=TEACHER, upTo="m1")
    )
    assert await town.rows("select last_message_at from thread") == [(at(3),)]
    assert await town.rows("select up_to_sent_at, read_at from read_pointer") == [(at(2), at(4))]
    assert await town.rows("select count(*) from participant") == [(3,)]
    assert plan.counts["messages"].added == 1
    assert not plan.counts["threads"]
    assert await town.rows(MISKEPT_SIDES) == []


async def test_an_earlier_message_of_a_later_file_makes_its_author_a_participant_earlier(town: Town) -> None:
    await town.notes(THREAD, message("m2", at(5), LEADER))
    await town.notes(message("m1", at(3), LEADER))
    key = await person(town, LEADER)
    assert await town.rows(f"select joined_at from participant where person_id = '{key}'") == [(at(3),)]


async def test_a_read_pointer_does_not_move_back(town: Town) -> None:
    reads = [
        line("read", "r1", at(9), thread="t", person=TEACHER, upTo="m2"),
        line("read", "r2", at(10), thread="t", person=TEACHER, upTo="m1"),
        line("read", "r3", at(11), thread="t", person=TEACHER, upTo="m2"),
    ]
    await town.notes(THREAD, message("m1", at(2)), message("m2", at(3)), *reads[:2])
    pointer = "select up_to_sent_at, read_at from read_pointer"
    assert await town.rows(pointer) == [(at(3), at(9))]
    await town.notes(reads[2])
    assert await town.rows(pointer) == [(at(3), at(9))]
    await town.notes(message("m3", at(4)), line("read", "r4", at(12), thread="t", person=TEACHER, upTo="m3"))
    assert await town.rows(pointer) == [(at(4), at(12))]


async def test_a_need_case_is_approved_by_another_known_person_alone(town: Town) -> None:
    told = {"child": NORA, "person": LEADER, "reason": "Klage", "until": "2026-10-01T16:00:00+02:00"}
    await town.notes(
        # Named before, but by this file alone: that makes nobody known.
        line("block", "b", child=ODIN, person=STRANGER, since="2026-10-01", reason="x"),
        line("needCase", "n1", by=TEACHER, **told),
        line("needCase", "n2", by=LEADER, **told),
        line("needCase", "n3", **told),
        line("needCase", "n4", by=STRANGER, **told),
    )
    approvals = (
        "select k.id, n.approved_by, n.approved_at from need_case n join local_fact k on k.row_id = n.id order by 1"
    )
    assert await town.rows(approvals) == [
        ("n1", await person(town, TEACHER), at(1, 6)),
        ("n2", None, None),
        ("n3", None, None),
        ("n4", None, None),
    ]


FACTS = [
    THREAD,
    message("m1", at(2)),
    message("m2", at(3), LEADER),
    line("read", "r", at(4), thread="t", person=TEACHER, upTo="m1"),
    line("block", "b", child=NORA, person=STRANGER, since="2026-10-01", reason="x"),
    line("setting", "s", name="delegateConsent", value="ALL"),
]


async def test_the_same_file_again_changes_nothing(town: Town) -> None:
    await town.notes(*FACTS)
    async with town.facts_planned(*(dict(reversed(fact.items())) for fact in FACTS), now=NOW + dt.timedelta(9)) as (
        _,
        plan,
    ):
        assert plan.empty
        assert plan.passed_over["lines"] == len(FACTS)


async def test_an_old_file_does_not_turn_a_setting_back(town: Town) -> None:
    await town.notes(line("setting", "s1", name="delegateConsent", value="ALL"))
    await town.notes(line("setting", "s2", name="delegateConsent", value="ONE"))
    await town.notes(line("setting", "s1", name="delegateConsent", value="ALL"))
    assert await town.rows("select value from setting") == [("ONE",)]


async def test_the_same_id_with_other_content_is_refused(town: Town) -> None:
    await town.notes(*FACTS)
    assert await refusal(town, message("m1", at(2), TEACHER)) == [
        "lines.ndjson, line 1, id: is known, with other content"
    ]


async def test_a_plan_writes_nothing(town: Town) -> None:
    async with town.facts_planned(*FACTS):
        pass
    assert await town.rows("select count(*) from local_fact") == [(0,)]
    assert await town.rows("select count(*) from person where name = 'Ukjent'") == [(0,)]


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ([message("m", at(2))], "line 1, thread"),
        ([THREAD, message("m", at(2)), message("m", at(2))], "line 3, id: stands on another line too"),
        ([THREAD, message("m", dt.datetime(2026, 9, 30, tzinfo=dt.UTC))], "line 2, at: lies before"),
        ([THREAD, message("m", dt.datetime(2126, 9, 30, tzinfo=dt.UTC))], "line 2, at: lies ahead"),
        ([THREAD, message("m", at(2), retracted="2126-09-30T08:00:00Z")], "line 2, retracted: lies ahead"),
        ([THREAD, message("m", at(2), NORA)], "line 2, author"),
        ([THREAD, message("m", at(2), onBehalfOfUnit=True)], "line 2, onBehalfOfUnit"),
        ([{**THREAD, "unit": "hvor"}], "line 1, unit"),
        ([THREAD, line("read", "r", thread="t", person=MOTHER, upTo="m")], "line 2, upTo"),
        ([THREAD, line("read", "r", thread="u", person=MOTHER, upTo="m")], "line 2, thread"),
        (
            [
                THREAD,
                {**THREAD, "id": "u"},
                message("m", at(2)),
                line("read", "r", thread="u", person=MOTHER, upTo="m"),
            ],
            "line 4, upTo",
        ),
    ],
)
async def test_a_line_that_points_nowhere_is_refused(town: Town, facts: list[Any], told: str) -> None:
    assert any(told in problem for problem in await refusal(town, *facts))
    assert await town.rows("select count(*) from local_fact") == [(0,)]


BLOCK = line("block", "b", child=NORA, person=STRANGER, since="2026-10-01", reason="x")
NEED = line("needCase", "n", child=NORA, person=LEADER, reason="x", until="2026-10-02T08:00:00+02:00")


@pytest.mark.parametrize(
    ("fact", "told"),
    [
        ({**BLOCK, "kind": "blok"}, "kind: is none of"),
        ({**BLOCK, "id": None}, "id: must not be missing"),
        ({**BLOCK, "id": 7}, "id: must be a text"),
        ({**BLOCK, "id": "x" * 201}, "id: is longer"),
        ({**BLOCK, "at": None}, "at: must not be missing"),
        ({**BLOCK, "at": "i går"}, "at: an instant is written"),
        ({**BLOCK, "at": "2026-10-01T25:00:00Z"}, "at: there is no such instant"),
        ({**BLOCK, "by": None}, "by: must not be missing"),
        ({**BLOCK, "by": "leder"}, "by: a national identity number"),
        ({**BLOCK, "child": "14831899778"}, "child: the check digits"),
        ({**BLOCK, "person": NORA}, "person: child and person must be different"),
        ({**BLOCK, "since": None}, "since: must not be missing"),
        ({**BLOCK, "until": "2026-09-01"}, "until: lies before since"),
        ({**BLOCK, "reason": " "}, "reason: must not be missing or empty"),
        ({**BLOCK, "reason": "a\0b"}, "reason: holds a NUL"),
        ({**THREAD, "guardianSide": []}, "guardianSide: must be a list"),
        ({**THREAD, "guardianSide": MOTHER}, "guardianSide: must be a list"),
        ({**THREAD, "guardianSide": [MOTHER, MOTHER]}, "guardianSide[1]: is named twice"),
        ({**THREAD, "guardianSide": [MOTHER, 3]}, "guardianSide[1]: must be a text"),
        ({**THREAD, "staffSide": [MOTHER]}, "staffSide: names somebody of the guardian side"),
        ({**THREAD, "joint": "ja"}, "joint: must be true or false"),
        (message("m", at(2), body=None), "body: must not be missing"),
        (message("m", at(2), retracted=at(1).isoformat()), "retracted: lies before"),
        (message("m", at(2), retracted=1), "retracted: must be true or false"),
        ({**NEED, "until": "2026-10-02T08:00:01+02:00"}, "until: must lie after"),
        ({**NEED, "until": BEGUN}, "until: must lie after"),
        (line("setting", "s", name="delegateConsent", value="BOTH"), "value: delegateConsent is one of"),
        (line("setting", "s", name="delegateConsent", value=True), "value: must be a text"),
    ],
)
def test_a_line_that_cannot_be_understood_names_its_place(tmp_path: Path, fact: dict[str, Any], told: str) -> None:
    path = tmp_path / "lines.ndjson"
    path.write_text("\n" + json.dumps(fact) + "\n")
    with pytest.raises(InputRefused) as refused:
        read_local(path)
    problems = [str(problem) for problem in refused.value.problems]
    assert any(f"lines.ndjson, line 2, {told}" in problem for problem in problems), problems
    assert not any(number in " ".join(problems) for number in (NORA, MOTHER, STRANGER, "14831899778"))


@pytest.mark.parametrize("text", ["{", "[]", "7", '{"id": "\\ud800"}', '{"id": NaN}', "\x00", "{} {}"])
def test_a_line_that_is_no_json_object_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "lines.ndjson"
    path.write_text(text + "\n")
    with pytest.raises(InputRefused) as refused:
        read_local(path)
    assert refused.value.problems[0].line == 1


async def test_a_reader_of_many_lines_holds_few(town: Town) -> None:
    await town.notes(THREAD, *(message(f"m{n}", at(2)) for n in range(12_000)))
    assert await town.rows("select count(*) from message") == [(12_000,)]


def test_the_day_of_the_tests_is_after_their_threads() -> None:
    assert at(31).date() < TODAY
