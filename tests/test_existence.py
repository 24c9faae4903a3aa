"""Forbidden and missing are one: in the answer, its price and its counts, and in what the database is asked for it.

Every argument and every field of an input that takes an id is found in the schema and asked three times: with an id
that exists and is closed to the viewer, with one that never was, and with one of another municipality. All three must
have the same answer to the byte, the same cost, the same statements in the same order, and the same plans. That an id
is looked at at all shows by one that the viewer sees, with which something is another. Numbers and names that somebody
is looked up by are asked likewise: known, and of nobody.

Time is not measured here: `just timing` does that, and says how fine a difference it would have seen.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
import pytest
from graphql import build_schema
from sqlalchemy.exc import DBAPIError

from resolvers import ids
from resolvers.engine.limits import DocumentRefused
from tests.acts import Acts, act
from tests.conftest import TestServer, new_database
from tests.furnished import Furnished, furnished
from tests.inputs import Asking, Slot, slots
from tests.live import RECEIVED, town
from tests.recording import SAID, Recorded, Said, plan_of, recorded_place, recording
from tests.worlds.numbers import synthetic_number
from tests.worlds.village import village, with_threads
from vault import Vault

SCHEMA = build_schema(Path(__file__).parent.parent.joinpath("schema.graphql").read_text(encoding="utf-8"))
EVERY_KIND = tuple(ids.TYPE_BYTES)
PERSONS = ("Child", "Guardian", "StaffMember", "OtherAdult")

KINDS: dict[str, tuple[str, ...]] = {
    "node.id": EVERY_KIND,
    "nodes.ids": EVERY_KIND,
    "explainAccess.node": EVERY_KIND,
    "explainAccess.viewer": PERSONS,
    "setBlock.input.personId": ("Guardian", "StaffMember", "OtherAdult", "Delegate"),
    "recipientPreview.input.recipientIds": ("Guardian", "OtherAdult"),
    "startThread.input.recipientIds": ("Guardian", "OtherAdult"),
    "threadId": ("Thread",),
    "unitId": ("Unit",),
    "childId": ("Child",),
    "groupId": ("Group",),
    "upToMessageId": ("Message",),
    "messageId": ("Message",),
    "personId": ("StaffMember",),
    "personIds": ("StaffMember",),
    "readerIds": ("StaffMember",),
    "staffMemberId": ("StaffMember",),
    "delegateId": ("Delegate",),
    "blockId": ("Block",),
    "taskId": ("Task",),
    "substitutionId": ("Substitution",),
    "absenceId": ("Absence",),
    "recordId": ("Record",),
    "caseId": ("NeedCase",),
    "attachmentIds": ("Upload",),
}
"""What an id is of, by the whole path or by its name. An input that is in neither has to be put here."""
NO_IDS = {"idempotencyKey", "messageReceived.threadId"}
"""ID by type, and made by the client; and a subscription, which has a test of its own below."""
VIEWERS = {
    "reportAbsence": "mother",
    "consentToDelegate": "mother",
    "withdrawConsent": "mother",
    "endDelegation": "mother",
    "givePhotoConsent": "mother",
    "withdrawPhotoConsent": "mother",
    "approveNeedCase": "officer",
    "extendNeedCase": "officer",
    "closeNeedCase": "officer",
}
"""Who may do it; everything else the school's leader."""
SEEN_BY_MOTHER = ("Unit", "Group", "Child", "Guardian", "StaffMember", "OtherAdult", "Thread", "Message", "Attachment",
                  "Absence", "Delegate")  # fmt: skip
ID_SLOTS = [slot for slot in slots(SCHEMA) if slot.type_name == "ID" and not {slot.name, str(slot)} & NO_IDS]


def kinds(slot: Slot) -> tuple[str, ...]:
    found = KINDS.get(str(slot)) or KINDS.get(slot.name)
    assert found, f"{slot}: say in KINDS what the id is of"
    return found


def asked_by() -> list[Any]:
    """Every place, every kind of id in it, and whoever asks."""
    cases = []
    for slot in ID_SLOTS:
        by_id = slot.path[0] == "Query" and slot.operation in ("node", "nodes", "explainAccess")
        for kind in kinds(slot):
            who = VIEWERS.get(slot.operation, "leader")
            cases.append((slot, kind, who))
            if by_id and kind in SEEN_BY_MOTHER:
                cases.append((slot, kind, "mother"))
    return [pytest.param(*case, id=f"{case[0]}-{case[1]}-{case[2]}") for case in cases]


@dataclass
class Neighbours:
    """Two municipalities in one database."""

    here: Furnished
    there: Furnished
    admin: asyncpg.Connection[Any]
    asking: Asking

    def closed(self, kind: str, who: str) -> list[str]:
        """Ids that exist and are closed to the viewer, of the same municipality first."""
        acts, told = self.here.acts, self.here.closed[kind]
        if who != "leader":  # the SFO's about the pupil are open to the mother
            told = told[:1]
        if who == "mother" and kind in ("Thread", "Message"):  # the father's, about the same child
            told = [*told, acts.id(kind, "sums" if kind == "Thread" else "sums1")]
        return [*told, *self.there.school[kind]]

    async def ask(self, who: str, text: str, variables: dict[str, Any]) -> tuple[bytes, list[Said]]:
        """The answer, as the edge would write it, and what was asked of the database."""
        acts = self.here.acts
        engine, viewer = acts.place.engine, acts.place.viewer(acts.world, who, "both")
        with recording() as said:
            try:
                prepared = engine.documents.prepare(text, None)
                answer = await engine.run(prepared, variables, viewer, acts.now)
            except DocumentRefused as refused:
                return orjson.dumps({"errors": refused.errors}), list(said)
        told = {"data": answer.data, "errors": answer.errors, "cost": prepared.cost(variables), "hidden": answer.hidden}
        return orjson.dumps(told, default=str), list(said)

    async def asked(self, who: str, slot: Slot, told: str) -> tuple[bytes, list[Said]]:
        text, variables = self.asking.operation(slot, told)
        answer, said = await self.ask(who, text, variables)
        return answer.replace(told.encode(), b"<id>"), said

    async def looked_at(self, who: str, slot: Slot, told: str, missing: tuple[bytes, list[Said]]) -> bool:
        """Whether an id makes another answer than a missing one does, or another number of statements."""
        try:
            answer, said = await self.asked(who, slot, told)
        except DBAPIError as wrong:
            if "undone" not in str(wrong):
                raise
            return True  # an act that would have been carried out
        return answer != missing[0] or len(said) != len(missing[1])


UNDO = """
    create function undo() returns trigger language plpgsql as
    $$ begin raise exception 'undone' using errcode = 'TT001'; end $$;
    do $$ declare one text; begin
        for one in select tablename from pg_tables where schemaname = 'public' and tablename not like 'access_log%' loop
            execute format(
                'create constraint trigger undo after insert or delete %s on %I deferrable initially deferred'
                ' for each row execute function undo()',
                case one when 'message' then '' else 'or update' end, one
            );
        end loop;
    end $$;
"""
"""From here on every act that would have been carried out is undone at its end, and the world stays as it is. That a
message was given to somebody is let through: reading does that."""


@pytest.fixture(scope="module")
async def neighbours(test_server: TestServer, vault: Vault) -> AsyncIterator[Neighbours]:
    async with new_database(test_server) as database, recorded_place(database, vault) as place:
        here, there = await furnished(place), await furnished(place)
        here.acts.now = there.acts.now = max(here.acts.now, there.acts.now) + dt.timedelta(minutes=1)
        admin = await asyncpg.connect(**database.admin_connect)
        await admin.execute(UNDO)
        own = {
            **{name: here.school[kinds_[0]][0] for name, kinds_ in KINDS.items() if "." not in name},
            "recipientIds": here.school["Guardian"][0],
            "personId": here.school["StaffMember"][0],
            "viewer": here.school["Guardian"][0],
            "node": here.school["Child"][0],
            "idempotencyKey": "the same key each time",
            "nationalId": here.acts.world.people["stand_in"].number,
            "name": here.acts.world.people["stand_in"].name,
            "until": (here.acts.world.today + dt.timedelta(days=30)).isoformat(),
            "role": "ASSISTANT",
            "reason": "Det trengs",
        }
        try:
            yield Neighbours(here, there, admin, Asking(SCHEMA, own, here.acts.world.today))
        finally:
            await admin.close()


def never_was(like: str) -> str:
    decoded = ids.decode(like)
    assert decoded
    return ids.encode(ids.TYPE_BYTES[decoded[0]], uuid4())


async def assert_alike(
    admin: asyncpg.Connection[Any], one: tuple[bytes, list[Said]], other: tuple[bytes, list[Said]]
) -> None:
    assert one[0] == other[0]
    assert [said.sql for said in one[1]] == [said.sql for said in other[1]]
    for mine, theirs in zip(one[1], other[1], strict=True):
        assert await plan_of(admin, mine) == await plan_of(admin, theirs)


@pytest.mark.parametrize(("slot", "kind", "who"), asked_by())
async def test_viewer_cannot_tell_a_closed_id_from_one_that_never_was(
    neighbours: Neighbours, slot: Slot, kind: str, who: str
) -> None:
    mine = neighbours.here.school[kind][0]
    nothing = never_was(mine)
    missing = await neighbours.asked(who, slot, nothing)
    assert missing[1], missing[0][:600]
    for told in neighbours.closed(kind, who):
        await assert_alike(neighbours.admin, await neighbours.asked(who, slot, told), missing)
    assert await neighbours.looked_at(who, slot, mine, missing)


async def test_the_schema_has_no_place_for_an_id_that_is_not_tried(neighbours: Neighbours) -> None:
    tried = {str(slot) for slot in ID_SLOTS}
    assert len(tried) > 60
    assert {str(slot) for slot in slots(SCHEMA) if slot.type_name == "ID"} - tried == {
        *(str(slot) for slot in slots(SCHEMA) if slot.name == "idempotencyKey"),
        "messageReceived.threadId",
    }


# --- numbers ------------------------------------------------------------------------------------------------------

NUMBER_SLOTS = [slot for slot in slots(SCHEMA) if slot.name == "nationalId"]
NOBODYS = synthetic_number(dt.date(1991, 3, 9), 148)
"""The number of nobody in either municipality."""


@pytest.mark.parametrize(
    "slot", [slot for slot in NUMBER_SLOTS if slot.operation != "openNeedCase"], ids=lambda slot: slot.operation
)
async def test_whoever_names_a_number_cannot_tell_a_known_one_from_an_unknown_one(
    neighbours: Neighbours, slot: Slot
) -> None:
    """The act goes as far as it can and is undone, so that both run the whole way."""
    known, under_another_name = (neighbours.here.acts.world.people[who].number for who in ("godmother", "uncle"))
    assert known
    assert under_another_name
    recorded: list[tuple[bytes, list[Said]]] = []
    for number in (known, under_another_name, NOBODYS):
        text, variables = neighbours.asking.operation(slot, number)
        variables["input"]["name"] = neighbours.here.acts.world.people["godmother"].name
        with pytest.raises(DBAPIError, match="undone"):
            await neighbours.ask(VIEWERS.get(slot.operation, "leader"), text, variables)
        recorded.append((b"", list(SAID)))
    assert recorded[0][1]
    for other in recorded[1:]:
        await assert_alike(neighbours.admin, recorded[0], other)


@dataclass
class Office:
    """An administration that asks for cases on children it may not learn of."""

    acts: Any

    async def asks(self, **named: Any) -> tuple[bytes, list[Said]]:
        acts = self.acts
        given = {"reason": "Klage på skoleskyss", "idempotencyKey": acts.key(), **named}
        engine, viewer = acts.place.engine, acts.place.viewer(acts.world, "officer", "both")
        text = act("openNeedCase", f"case {{ {CASE} }}")
        with recording() as said:
            answer = await engine.run(engine.documents.prepare(text), {"input": given}, viewer, acts.now)
        case = answer.data["openNeedCase"]["case"]
        assert case.pop("id")
        assert case.pop("askedFor") == (named.get("nationalId") or f"{named['name']}, {named['birthDate']}")
        told = {"data": answer.data, "errors": answer.errors, "hidden": answer.hidden}
        return orjson.dumps(told, default=str), list(said)


CASE = "id state own reason askedFor askedAt openedAt until closedAt approvedByName child { id name }"


async def test_officer_cannot_tell_whom_a_case_that_waits_is_on_or_whether_there_is_anybody(
    test_server: TestServer, vault: Vault
) -> None:
    """Nobody, a protected child, one whom a block closes, one of the own family, an adult, two of one name."""
    world = village()
    born = dt.date(2017, 4, 5)
    for who in ("guarded", "blocked", "kin"):
        world.person(who, born)
        world.enrol(who, "school")
    for who in ("twin", "other_twin"):
        world.person(who, born, name=("Rask", "Elv"))
        world.enrol(who, "school")
    world.protect("guarded")
    world.block("officer", "blocked")
    world.family("kin", "officer")
    async with new_database(test_server) as database, recorded_place(database, vault) as place:
        office = Office(await Acts.of(place, world))
        people = world.people
        await office.asks(nationalId=NOBODYS)  # what is kept from the first question on
        by_number = [
            await office.asks(nationalId=number)
            for number in (NOBODYS, *(people[who].number for who in ("guarded", "blocked", "kin", "mother")))
        ]
        by_name = [
            await office.asks(name=name, birthDate=born.isoformat())
            for name in ("Rask Ingen", *(people[who].name for who in ("guarded", "blocked", "twin")))
        ]
        assert b'"WAITING"' in by_number[0][0]
        admin = await asyncpg.connect(**database.admin_connect)
        try:
            for told in (by_number, by_name):
                for other in told[1:]:
                    await assert_alike(admin, told[0], other)
        finally:
            await admin.close()


# --- cursors ------------------------------------------------------------------------------------------------------


async def test_viewer_cannot_tell_anothers_cursor_from_one_that_was_never_made(neighbours: Neighbours) -> None:
    """Of every list: a sealed cursor of somebody else's, one of another list of their own, and mere letters."""
    own = "{ viewer { threads(first: 1) { edges { cursor } } } }"
    acts = neighbours.here.acts
    sealed = [(await acts.ask(who, own, {}))["viewer"]["threads"]["edges"][0]["cursor"] for who in ("mother", "leader")]
    lists = refused = 0
    for type_ in SCHEMA.type_map.values():
        for name, field in getattr(type_, "fields", {}).items() if type_.name in (*EVERY_KIND, "Viewer") else ():
            if "after" not in getattr(field, "args", {}):
                continue
            lists += 1
            answers = []
            for cursor in ("AAAA", *(sealed if (type_.name, name) != ("Viewer", "threads") else sealed[:1])):
                asked = f"{name}(first: 1, after: $after) {{ totalCount edges {{ cursor }} }}"
                node = neighbours.here.school.get(type_.name, [""])[0]
                text = (
                    f"query ($after: String) {{ viewer {{ {asked} }} }}"
                    if type_.name == "Viewer"
                    else f'query ($after: String) {{ node(id: "{node}") {{ ... on {type_.name} {{ {asked} }} }} }}'
                )
                answer, said = await neighbours.ask("leader", text, {"after": cursor})
                answers.append((answer, [one.sql for one in said]))
            refused += b"BAD_CURSOR" in answers[0][0]
            assert answers[1:] == answers[:-1], (type_.name, name)
    assert lists > 10
    assert refused > lists / 2


# --- subscriptions ------------------------------------------------------------------------------------------------


BACKGROUND = re.compile("unfinished_letters|leave\\(\\)")
"""What a server asks whenever it likes: letters that wait, and the clearing of a connection that was given back."""


async def test_subscriber_cannot_tell_a_closed_thread_from_one_that_never_was(
    tmp_path: Path, test_server: TestServer, vault: Vault
) -> None:
    """From an old cursor on, so that the database is asked for what was missed."""
    world = with_threads(village())
    async with new_database(test_server) as database:
        connect = {**database.api_connect, "connection_class": Recorded}
        async with (
            town(tmp_path, replace(database, api_connect=connect), world) as fjellet,
            fjellet.talk("mother") as talk,
        ):
            after = talk.acknowledged["payload"]["cursor"]
            closed = fjellet.id("Thread", "sums")
            told = []
            for thread in (never_was(closed), closed, never_was(closed)):
                with recording() as said:
                    await talk.subscribe(RECEIVED, thread, thread=thread, after=after)
                    await fjellet.known(talk)
                    assert await talk.hears_nothing()
                told.append(sorted(one.sql for one in said if not BACKGROUND.search(one.sql)))
    assert told[1] == told[2]
    assert told[1]
