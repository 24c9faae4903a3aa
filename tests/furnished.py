"""Two municipalities with one of everything in them: what a viewer sees, and its like that is closed to them.

The school's side is about the pupil; the other school's about the stranger; the SFO's about the pupil again, whom the
school sees and whose SFO it does not.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from resolvers import ids
from resolvers.uploads import begin_upload, finish_upload
from tests.acts import Acts, act
from tests.roads.place import Place
from tests.worlds.records import Told, people_of, write_records
from tests.worlds.village import village, with_threads
from tests.worlds.world import World, oslo

LEADERS = {"school": "leader", "other_school": "other_leader", "sfo": "sfo_leader"}
Ids = dict[str, list[str]]


@dataclass(frozen=True)
class Furnished:
    acts: Acts
    school: Ids
    """By kind, what the school's leader sees. `Upload`: files that wait to be attached by them."""
    closed: Ids
    """By kind, what is there in the same municipality and closed to them."""


def furnished_world() -> World:
    world = with_threads(village())
    day, start = world.today, world.today - dt.timedelta(days=30)
    world.thread("elsewhere", "other_school", "stranger", oslo(start, "09:00"), ("neighbour",), ("other_leader",))
    world.message("elsewhere1", "elsewhere", "neighbour", oslo(start, "09:00"))
    world.message("elsewhere2", "elsewhere", "other_leader", oslo(start, "10:00"))
    for who in ("uncle", "godmother", "stand_in", "second"):
        world.person(who)
    for who in ("ex", "other_ex"):
        world.person(who, name=("Streng", "Grein" if who == "ex" else "Kvist"))
    world.administrator("second")
    for who, child, unit, guardian in (
        ("aunt", "pupil", "school", "mother"),
        ("uncle", "stranger", "other_school", "neighbour"),
        ("godmother", "pupil", "sfo", "mother"),
    ):
        world.delegate(who, child, unit)
        world.consent(guardian, child, who, unit)
    for who, child in (("ex", "pupil"), ("other_ex", "stranger")):
        world.responsible(who, child, kind="ukjent")
        world.block(who, child)
    for handle, child, unit, guardian in (
        ("away", "pupil", "school", "mother"),
        ("away_sfo", "pupil", "sfo", "mother"),
        ("away_elsewhere", "stranger", "other_school", "neighbour"),
    ):
        world.absence(handle, child, unit, guardian, day - dt.timedelta(days=3))
    return world


async def furnished(place: Place) -> Furnished:
    acts = await Acts.of(place, furnished_world())
    world = acts.world
    at = oslo(world.today - dt.timedelta(days=5))
    told = [
        Told("note", "pupil", "school", "NOTE", "leader", at, readers=("teacher",)),
        Told("note_sfo", "pupil", "sfo", "NOTE", "sfo_worker", at),
        Told("note_elsewhere", "stranger", "other_school", "NOTE", "other_leader", at),
    ]
    records = await write_records(told, acts.loaded, place.database, place.vault)
    school: Ids = {}
    closed: Ids = {}

    def put(kind: str, mine: str | list[str], *others: str) -> None:
        school[kind] = [mine] if isinstance(mine, str) else mine
        closed[kind] = list(others)

    def by_handle(kind: str, mine: str, *others: str) -> None:
        put(kind, acts.id(kind, mine), *(acts.id(kind, other) for other in others))

    by_handle("Unit", "school")
    by_handle("Child", "pupil", "stranger")
    by_handle("Group", "3B", "5A", "foxes")
    by_handle("Guardian", "mother", "neighbour")
    by_handle("StaffMember", "teacher", "other_leader")
    by_handle("OtherAdult", "aunt", "uncle")
    by_handle("Thread", "talk", "elsewhere", "afternoon")
    by_handle("Message", "talk2", "elsewhere1", "afternoon1")
    by_handle("Absence", "away", "away_elsewhere", "away_sfo")
    put("Record", records["note"], records["note_elsewhere"], records["note_sfo"])
    delegates = {one.person: one.id for one in world.delegates}
    by_handle("Delegate", delegates["aunt"], delegates["uncle"], delegates["godmother"])
    blocks = {one.person: one.id for one in world.blocks}
    by_handle("Block", blocks["ex"], blocks["other_ex"])
    tasks = await tasks_at(acts)
    put("Task", tasks["school"], tasks["other_school"], tasks["sfo"])
    made = {unit: await made_at(acts, unit) for unit in LEADERS}
    for kind in ("Substitution", "Broadcast", "Attachment", "Upload"):
        put(kind, *(made[unit][kind] for unit in LEADERS))
    cases = [await case_on(acts, *of) for of in (("officer", "pupil"), ("second", "stranger"))]
    put("NeedCase", *cases)
    return Furnished(acts, school, closed)


async def tasks_at(acts: Acts) -> dict[str, str]:
    """An open task of each unit, by handle."""
    units = {told: node.handle for node, told in acts.loaded.ids.items() if node.type == "Unit"}
    connection = await asyncpg.connect(**acts.place.database.admin_connect)
    try:
        rows = await connection.fetch(
            "select t.id, t.unit_id from task t join person p on p.id = t.child_id"
            " where p.municipality_id = $1 and t.unit_id is not null and t.done_at is null and t.kind <> $2"
            " order by t.id",
            acts.loaded.municipality,
            "CONFIRM_GUARDIAN",
        )
    finally:
        await connection.close()
    return {
        units[ids.encode(ids.TYPE_BYTES["Unit"], row["unit_id"])]: ids.encode(ids.TYPE_BYTES["Task"], row["id"])
        for row in rows
    }


async def made_at(acts: Acts, unit: str) -> dict[str, str]:
    """What only acts make, by the unit's leader."""
    who, of_unit = LEADERS[unit], {"unitId": acts.id("Unit", unit)}
    until = (acts.world.today + dt.timedelta(days=90)).isoformat()
    number = acts.world.people["stand_in"].number
    named = {"nationalId": number, "name": acts.world.people["stand_in"].name}
    role = "STAFF" if unit == "sfo" else "ASSISTANT"
    substitute = await well(
        acts, who, "appointSubstitute", "substitution { id }", **of_unit, **named, role=role, until=until
    )
    preview = "query ($input: UnitLetterPreviewInput!) { unitLetterPreview(input: $input) { previewToken } }"
    token = (await acts.ask(who, preview, {"input": of_unit}))["unitLetterPreview"]["previewToken"]
    letter = await well(
        acts, who, "sendUnitLetter", "broadcast { id }", **of_unit, subject="Tur", body="Husk niste", previewToken=token
    )
    thread = {"school": "talk", "other_school": "elsewhere", "sfo": "afternoon"}[unit]
    to = {"threadId": acts.id("Thread", thread), "body": "Her er skjemaet", "attachmentIds": [await upload(acts, who)]}
    sent = await well(acts, who, "sendMessage", "message { attachments { id } }", **to)
    return {
        "Substitution": substitute["substitution"]["id"],
        "Broadcast": letter["broadcast"]["id"],
        "Attachment": sent["message"]["attachments"][0]["id"],
        "Upload": await upload(acts, who),
    }


async def case_on(acts: Acts, who: str, child: str) -> str:
    number = acts.world.people[child].number
    told = await well(acts, who, "openNeedCase", "case { id }", nationalId=number, reason="Klage på skoleskyss")
    case: str = told["case"]["id"]
    return case


async def well(acts: Acts, who: str, name: str, text: str, /, **given: Any) -> dict[str, Any]:
    """An act that is carried out."""
    told = await acts.act(who, act(name, text), {**given, "idempotencyKey": acts.key()})
    assert not told["problems"], (name, told)
    return told


async def upload(acts: Acts, who: str) -> str:
    """A file of somebody's that waits to be attached; what is in it lies nowhere."""
    place = acts.place
    engine = place.database.admin_engine()
    try:
        async with engine.begin() as connection:
            me: UUID = (await people_of(connection, place.vault, acts.loaded))[who]
            standing = {"me": me, "now": acts.now, "municipality_id": acts.loaded.municipality}
            begun = await begin_upload(connection, place.vault, standing, "skjema.pdf", "application/pdf")
            await finish_upload(connection, begun.file_id, 8, acts.now)
    finally:
        await engine.dispose()
    return ids.encode(ids.TYPE_BYTES["Attachment"], begun.file_id)
