"""Writing records: who may, what it opens and to whom, and what a refused act leaves behind (section 5, C2, C3, L3)."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import asyncpg
import pytest

from resolvers import ids
from tests.acts import Acts, act, codes
from tests.family import Family
from tests.worlds.village import village
from tests.worlds.world import LONG_AGO, TODAY

RECORD = """id kind kept author { name } readers { person { id } } openings { person { id } reason until }
    latestVersion { number title body author { id } } versions { number body }"""
WRITE = act("writeRecord", f"record {{ {RECORD} }}")
REWRITE = act("writeRecordVersion", f"record {{ {RECORD} }}")
NAME = act("nameRecordReaders", f"record {{ {RECORD} }}")
REMOVE = act("removeRecordReader", f"record {{ {RECORD} }}")
OPEN = act("openRecordBody", f"record {{ {RECORD} }}")
HOLD = act("holdRecord", f"record {{ {RECORD} }}")
RELEASE = act("releaseRecord", f"record {{ {RECORD} }}")
SEEN = f"query ($id: ID!) {{ node(id: $id) {{ ... on Record {{ {RECORD} }} }} }}"
HOUR = dt.timedelta(hours=1)


@pytest.fixture
async def acts(place) -> Acts:
    return await Acts.of(place, village())


async def write(acts: Acts, who: str, kind: str = "NOTE", unit: str = "school", child: str = "pupil", **more: Any):
    given = {"childId": acts.id("Child", child), "unitId": acts.id("Unit", unit), "kind": kind, "title": "Emne",
             "body": "Tekst", "idempotencyKey": acts.key(), **more}  # fmt: skip
    return await acts.act(who, WRITE, given)


async def written(acts: Acts, who: str, kind: str = "NOTE", **more: Any) -> str:
    told = await write(acts, who, kind, **more)
    assert told["problems"] == []
    return told["record"]["id"]


async def rewrite(acts: Acts, who: str, record: str, after: int = 1, body: str = "Ny tekst", **more: Any):
    given = {"recordId": record, "afterVersion": after, "title": "Emne", "body": body, "idempotencyKey": acts.key(),
             **more}  # fmt: skip
    return await acts.act(who, REWRITE, given)


async def open_body(acts: Acts, who: str, record: str, reason: str = "Klage fra hjemmet"):
    return await acts.act(who, OPEN, {"recordId": record, "reason": reason, "idempotencyKey": acts.key()})


async def body(acts: Acts, who: str, record: str) -> str | None:
    """What the viewer reads; null where they see that it exists, "-" where it does not for them."""
    node = (await acts.ask(who, SEEN, {"id": record}))["node"]
    if node is None:
        return "-"
    return node["latestVersion"] and node["latestVersion"]["body"]


async def reading(acts: Acts, record: str) -> set[str]:
    return {who for who in acts.people() if await body(acts, who, record) not in (None, "-")}


async def everything(acts: Acts) -> dict[str, list[asyncpg.Record]]:
    connection = await asyncpg.connect(**acts.place.database.admin_connect)
    try:
        tables = ("record", "record_version", "record_reader", "record_opening", "record_hold", "attachment",
                  "carried_out")  # fmt: skip
        return {name: await connection.fetch(f"select * from {name} t order by t::text") for name in tables}
    finally:
        await connection.close()


async def rows_of(acts: Acts, name: str, record: str) -> list[asyncpg.Record]:
    """Of one record: worlds of other tests lie beside it."""
    key = ids.decode_as("Record", record)
    return [row for row in (await everything(acts))[name] if row["id" if name == "record" else "record_id"] == key]


# --- writing ---


@pytest.mark.parametrize(
    ("who", "unit"),
    [("teacher", "school"), ("maths_teacher", "school"), ("assistant", "school"), ("leader", "school"),
     ("sfo_worker", "sfo"), ("sfo_leader", "sfo")],
)  # fmt: skip
async def test_staff_of_the_child_writes_a_note_that_the_author_reads(acts: Acts, who, unit) -> None:
    told = await write(acts, who, unit=unit)
    assert told["problems"] == []
    assert told["record"]["latestVersion"]["body"] == "Tekst"
    assert await reading(acts, told["record"]["id"]) == {who}


@pytest.mark.parametrize(
    ("who", "unit", "code"),
    [("mother", "school", "NOT_ALLOWED"), ("teacher", "sfo", "NOT_ALLOWED"), ("sfo_worker", "school", "NOT_ALLOWED"),
     ("kindergarten_worker", "kindergarten", "NOT_FOUND"), ("other_leader", "other_school", "NOT_FOUND"),
     ("officer", "school", "NOT_FOUND"), ("neighbour", "school", "NOT_FOUND")],
)  # fmt: skip
async def test_nobody_else_writes_a_record_and_nothing_is_left(acts: Acts, who, unit, code) -> None:
    before = await everything(acts)
    assert codes(await write(acts, who, unit=unit)) == [code]
    assert await everything(acts) == before


async def test_a_former_leader_writes_nothing_about_a_child_who_has_left_by_c6(place) -> None:
    world = village()
    world.enrolments = []
    world.enrol("pupil", "school", LONG_AGO, TODAY)
    acts = await Acts.of(place, world)
    assert codes(await write(acts, "leader", "ANNUAL_REPORT")) == ["NOT_ALLOWED"]


async def test_a_subject_teacher_who_writes_an_assessment_is_a_named_reader_of_it(acts: Acts) -> None:
    told = await write(acts, "maths_teacher", "ASSESSMENT")
    assert [one["person"]["id"] for one in told["record"]["readers"]] == [acts.id("StaffMember", "maths_teacher")]
    assert await reading(acts, told["record"]["id"]) == {"maths_teacher", "teacher", "leader", "mother", "father"}


async def test_health_information_is_read_by_author_and_named_readers_only_by_c2(acts: Acts) -> None:
    record = await written(acts, "teacher", "HEALTH", readerIds=[acts.id("StaffMember", "assistant")])
    assert await reading(acts, record) == {"teacher", "assistant"}
    assert await body(acts, "leader", record) is None
    assert await body(acts, "mother", record) == "-"


@pytest.mark.parametrize("reader", ["sfo_worker", "kindergarten_worker", "other_leader", "officer", "mother", "aunt"])
async def test_nobody_without_a_staff_relation_there_is_named_reader_by_c3(acts: Acts, reader) -> None:
    before = await everything(acts)
    assert codes(await write(acts, "teacher", readerIds=[acts.id("StaffMember", reader)])) == ["NOT_FOUND"]
    assert await everything(acts) == before


async def test_a_kin_of_the_child_is_not_named_reader_by_r2(place) -> None:
    world = village()
    world.family("pupil", "assistant", "bror", "bror")
    acts = await Acts.of(place, world)
    assert codes(await write(acts, "teacher", readerIds=[acts.id("StaffMember", "assistant")])) == ["NOT_FOUND"]


async def test_texts_lie_encrypted_under_a_key_of_the_child(acts: Acts) -> None:
    await written(acts, "teacher", title="Nøtteallergi", body="Reagerer på nøtter")
    rows = await everything(acts)
    raw = b"".join(row["title_cipher"] + row["body_cipher"] for row in rows["record_version"])
    assert b"allergi" not in raw
    assert b"tter" not in raw


async def test_texts_that_are_empty_or_too_long_are_refused(acts: Acts) -> None:
    assert codes(await write(acts, "teacher", title=" ")) == ["INVALID"]
    assert codes(await write(acts, "teacher", title="x" * 201)) == ["INVALID"]
    assert codes(await write(acts, "teacher", body="x" * 50_001)) == ["INVALID"]


async def test_a_repeated_key_writes_one_record(acts: Acts) -> None:
    first = await write(acts, "teacher", idempotencyKey="same")
    again = await write(acts, "teacher", idempotencyKey="same")
    assert first["record"]["id"] == again["record"]["id"]
    assert len(await rows_of(acts, "record_version", first["record"]["id"])) == 1
    child = (await rows_of(acts, "record", first["record"]["id"]))[0]["child_id"]
    assert sum(row["child_id"] == child for row in (await everything(acts))["record"]) == 1


# --- versions ---


async def test_a_new_version_takes_the_place_of_the_old_which_stays(acts: Acts) -> None:
    record = await written(acts, "teacher", "INDIVIDUAL_PLAN")
    told = await rewrite(acts, "leader", record)
    assert told["record"]["latestVersion"]["number"] == 2
    assert [one["body"] for one in told["record"]["versions"]] == ["Tekst", "Ny tekst"]
    assert await body(acts, "mother", record) == "Ny tekst"


async def test_a_version_after_one_that_is_not_the_latest_is_a_conflict(acts: Acts) -> None:
    record = await written(acts, "teacher")
    await rewrite(acts, "teacher", record)
    assert codes(await rewrite(acts, "teacher", record, after=1)) == ["CONFLICT"]


async def test_of_two_versions_at_once_one_is_written(acts: Acts) -> None:
    record = await written(acts, "teacher", "INDIVIDUAL_PLAN")
    told = await asyncio.gather(*(rewrite(acts, who, record) for who in ("teacher", "leader", "teacher", "leader")))
    assert sorted(code for one in told for code in codes(one)) == ["CONFLICT"] * 3


@pytest.mark.parametrize(("who", "code"), [("mother", "NOT_ALLOWED"), ("assistant", "NOT_FOUND"),
                                           ("sfo_leader", "NOT_FOUND")])  # fmt: skip
async def test_who_does_not_read_it_as_staff_writes_no_version(acts: Acts, who, code) -> None:
    record = await written(acts, "teacher", "INDIVIDUAL_PLAN")
    before = await everything(acts)
    assert codes(await rewrite(acts, who, record)) == [code]
    assert await everything(acts) == before


async def test_an_opening_is_for_reading_and_not_for_writing(acts: Acts) -> None:
    record = await written(acts, "teacher")
    assert codes(await rewrite(acts, "leader", record)) == ["NOT_ALLOWED"]
    await open_body(acts, "leader", record)
    assert codes(await rewrite(acts, "leader", record)) == ["NOT_ALLOWED"]
    naming = {"recordId": record, "personIds": [acts.id("StaffMember", "assistant")]}
    assert codes(await acts.act("leader", NAME, naming)) == ["NOT_ALLOWED"]


# --- readers ---


async def test_a_reader_is_named_and_removed_and_named_again_and_all_of_it_is_kept(acts: Acts) -> None:
    record = await written(acts, "teacher")
    assistant = acts.id("StaffMember", "assistant")
    for _ in range(2):
        await acts.act("teacher", NAME, {"recordId": record, "personIds": [assistant]})
        assert await body(acts, "assistant", record) == "Tekst"
        await acts.act("teacher", REMOVE, {"recordId": record, "personId": assistant})
        assert await body(acts, "assistant", record) == "-"
    history = await rows_of(acts, "record_reader", record)
    assert [row["ended_at"] is not None for row in history] == [True, True]


async def test_whoever_is_no_reader_cannot_be_removed(acts: Acts) -> None:
    record = await written(acts, "teacher")
    given = {"recordId": record, "personId": acts.id("StaffMember", "assistant")}
    assert codes(await acts.act("teacher", REMOVE, given)) == ["NOT_FOUND"]


async def test_a_named_reader_of_a_record_names_another(acts: Acts) -> None:
    record = await written(acts, "teacher", readerIds=[acts.id("StaffMember", "assistant")])
    given = {"recordId": record, "personIds": [acts.id("StaffMember", "maths_teacher")]}
    assert codes(await acts.act("assistant", NAME, given)) == []
    assert await body(acts, "maths_teacher", record) == "Tekst"


# --- openings ---


async def test_a_leader_opens_a_note_for_an_hour_and_the_author_is_shown_who_and_why_by_c2(acts: Acts) -> None:
    record = await written(acts, "teacher", readerIds=[acts.id("StaffMember", "assistant")])
    told = await open_body(acts, "leader", record, "Klage fra far")
    assert told["record"]["latestVersion"]["body"] == "Tekst"
    leader = {"id": acts.id("StaffMember", "leader")}
    for who, shown in (("teacher", 1), ("leader", 1), ("assistant", 0)):
        node = (await acts.ask(who, SEEN, {"id": record}))["node"]
        assert [(one["person"], one["reason"]) for one in node["openings"]] == [(leader, "Klage fra far")] * shown
    acts.now += HOUR
    assert await body(acts, "leader", record) is None
    assert await body(acts, "teacher", record) == "Tekst"


async def test_a_leader_states_a_reason_or_reads_nothing(acts: Acts) -> None:
    record = await written(acts, "teacher")
    assert codes(await open_body(acts, "leader", record, "  ")) == ["INVALID"]
    assert codes(await open_body(acts, "leader", record, "x" * 501)) == ["INVALID"]
    assert await body(acts, "leader", record) is None


async def test_what_a_leader_reads_anyway_is_not_written_down_as_opened(acts: Acts) -> None:
    record = await written(acts, "teacher", "ASSESSMENT")
    assert (await open_body(acts, "leader", record))["record"]["openings"] == []
    note = await written(acts, "teacher")
    for _ in range(2):
        await open_body(acts, "leader", note)
    assert len(await rows_of(acts, "record_opening", note)) == 1


@pytest.mark.parametrize("who", ["sfo_leader", "other_leader", "officer", "mother", "maths_teacher"])
async def test_nobody_but_the_units_leader_opens_a_note(acts: Acts, who) -> None:
    record = await written(acts, "teacher")
    before = await everything(acts)
    assert codes(await open_body(acts, who, record)) == ["NOT_FOUND"]
    assert await everything(acts) == before


async def test_a_former_leader_opens_no_note_that_is_held_by_c6(place) -> None:
    world = village()
    for enrolment in world.enrolments:
        if enrolment.unit == "school":
            enrolment.until = TODAY + dt.timedelta(days=1)
    acts = await Acts.of(place, world)
    record = await written(acts, "teacher")
    assert codes(await acts.act("leader", HOLD, {"recordId": record})) == []
    acts.now += dt.timedelta(days=1)
    assert await body(acts, "leader", record) is None
    assert codes(await open_body(acts, "leader", record)) == ["NOT_ALLOWED"]
    assert codes(await acts.act("leader", RELEASE, {"recordId": record})) == ["NOT_ALLOWED"]


# --- holds ---


async def test_a_leader_holds_and_releases_a_record_by_l3(acts: Acts) -> None:
    record = await written(acts, "teacher", "ASSESSMENT")
    for _ in range(2):
        assert (await acts.act("leader", HOLD, {"recordId": record}))["record"]["kept"]
    assert codes(await acts.act("teacher", RELEASE, {"recordId": record})) == ["NOT_ALLOWED"]
    assert not (await acts.act("leader", RELEASE, {"recordId": record}))["record"]["kept"]
    [held] = await rows_of(acts, "record_hold", record)
    assert held["ended_at"] is not None


async def test_a_blocked_author_neither_reads_nor_writes_by_r1(place) -> None:
    world = village()
    world.block("teacher", "pupil", TODAY + dt.timedelta(days=1))
    acts = await Acts.of(place, world)
    record = await written(acts, "teacher")
    acts.now += dt.timedelta(days=1)
    assert await body(acts, "teacher", record) == "-"
    assert codes(await rewrite(acts, "teacher", record)) == ["NOT_FOUND"]
    assert codes(await write(acts, "teacher")) == ["NOT_FOUND"]


async def written_by(acts: Acts, who: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(**acts.place.database.admin_connect)
    try:
        return await connection.fetch(
            """select r.id from record r join person p on p.id = r.author_id
               join person_identifier i on i.person_id = p.id where i.number_hash = $1 and p.municipality_id = $2""",
            acts.place.vault.keyed_hash(acts.world.people[who].number or "", "national_id"),
            acts.loaded.municipality,
        )
    finally:
        await connection.close()


async def test_a_block_and_records_at_once_stand_in_the_order_that_the_database_took_by_r1(acts: Acts) -> None:
    """Whatever was written was written before the block was; whoever came after it found nothing."""
    family = Family(acts)
    told = await asyncio.gather(
        *(write(acts, "teacher") for _ in range(4)), family.blocks("leader", "teacher", "StaffMember"),
        *(write(acts, "teacher") for _ in range(8)),
    )  # fmt: skip
    assert codes(told.pop(4)) == []
    written_by_then = [one["record"]["id"] for one in told if not codes(one)]
    assert all(codes(one) in ([], ["NOT_FOUND"]) for one in told)
    assert len(await written_by(acts, "teacher")) == len(written_by_then)
    for record in written_by_then:
        assert await body(acts, "teacher", record) == "-"
    assert codes(await write(acts, "teacher")) == ["NOT_FOUND"]
