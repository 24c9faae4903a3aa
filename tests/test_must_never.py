"""What must never happen, where no test of a single feature stands against it: `docs/must-never.md` lists them all."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from graphql import GraphQLNamedType, GraphQLSchema, build_schema, get_named_type
from graphql import is_input_object_type as is_input
from graphql import is_object_type as is_object
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from registers.plan import InputRefused, apply_plan
from resolvers.listening import CHANNEL
from server.database import Database
from tests.acts import Acts, codes
from tests.conftest import TestServer
from tests.family import Family
from tests.roads.place import Place
from tests.test_files_http import Desk, opened_desk, sent_file
from tests.test_import_fuzz import FUZZ, JSON, Undone, exchanged, spots
from tests.test_local_facts import line
from tests.test_persons import FATHER, MOTHER, SISTER, document, held, mother, nora
from tests.town import NORA, TODAY, Town, small
from tests.worlds.village import village, with_threads
from tests.worlds.world import DAY
from vault import Vault

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))


# --- who acts -----------------------------------------------------------------------------------------------------

NAMES_SOMEBODY = re.compile(
    r"person|people|guardian|delegate|staff|reader|recipient|participant|user|viewer|member$|author|sender|owner|actor|acting"
    r"|behalf|national|number|login|subject$|^pid|sub$|^by|^as$|^as[A-Z]|who|name$|role|relation|municipality|tenant",
    re.IGNORECASE,
)
"""What an input could be called that says who somebody is."""
WHOM_IT_IS_ABOUT = {
    "AddParticipantInput.personId": "who is taken in",
    "AppointSubstituteInput.name": "who is appointed",
    "AppointSubstituteInput.nationalId": "who is appointed",
    "AppointSubstituteInput.role": "the appointed one's",
    "AppointSubstituteInput.staffMemberId": "who is appointed",
    "ConsentToDelegateInput.delegateId": "whom the viewer consents to",
    "EndDelegationInput.delegateId": "whose delegation ends",
    "NameRecordReadersInput.personIds": "who is named",
    "OpenNeedCaseInput.name": "the child",
    "OpenNeedCaseInput.nationalId": "the child",
    "Query.explainAccess.viewer": "whose access is explained; C9 says to whom",
    "RecipientPreviewInput.recipientIds": "who would get it",
    "RegisterDelegateInput.name": "who is registered",
    "RegisterDelegateInput.nationalId": "who is registered",
    "RemoveRecordReaderInput.personId": "who is removed",
    "RevokeDelegateInput.delegateId": "whose registration ends",
    "SendMessageInput.onBehalfOfUnit": "yes or no; the author is the viewer",
    "SendUnitLetterInput.onBehalfOfUnit": "yes or no; the author is the viewer",
    "SendUnitLetterInput.subject": "the letter's heading",
    "SetBlockInput.name": "who is blocked",
    "SetBlockInput.nationalId": "who is blocked",
    "SetBlockInput.personId": "who is blocked",
    "StartThreadInput.onBehalfOfUnit": "yes or no; the author is the viewer",
    "StartThreadInput.recipientIds": "who gets it",
    "StartThreadInput.subject": "the thread's heading",
    "SubstituteGroupInput.role": "the appointed one's",
    "WithdrawConsentInput.delegateId": "whom the viewer's own consent was to",
    "WriteRecordInput.readerIds": "who may read it",
}
"""Inputs that name somebody, and whom: never the one who asks."""


def inputs(schema: GraphQLSchema) -> Iterator[str]:
    for kind in schema.type_map.values():
        if kind.name.startswith("__"):
            continue
        if is_input(kind):
            yield from (f"{kind.name}.{name}" for name in kind.fields)
        elif is_object(kind):
            yield from (f"{kind.name}.{name}.{told}" for name, field in kind.fields.items() for told in field.args)


def test_no_act_or_question_lets_a_client_say_who_asks(schema: GraphQLSchema) -> None:
    """Whoever adds an input that names somebody has to say here whom, and that it is not the viewer."""
    naming = {told for told in inputs(schema) if NAMES_SOMEBODY.search(told.rpartition(".")[2])}
    assert naming == set(WHOM_IT_IS_ABOUT)


# --- custody ------------------------------------------------------------------------------------------------------

CLOSED_TO_THE_HOME = {"ParentalResponsibility", "ProtectionLevel", "Confirmation", "Block"}
HOME = {"GUARDIAN", "DELEGATE", "SELF", "PARTICIPANT", "MUNICIPALITY"}


def opened_to(kind: GraphQLNamedType, name: str) -> set[str]:
    """The relations that the printed schema says open a field."""
    assert is_object(kind)
    node = kind.fields[name].ast_node
    assert node is not None
    [visible] = [one for one in node.directives or () if one.name.value == "visibleTo"]
    return {
        relation.value
        for argument in visible.arguments or ()
        if argument.name.value == "relations"
        for relation in argument.value.values
    }


def test_no_field_anywhere_leads_the_home_to_custody_protection_or_blocks(schema: GraphQLSchema) -> None:
    leading = {
        f"{kind.name}.{name}": opened_to(kind, name)
        for kind in schema.type_map.values()
        if is_object(kind) and not kind.name.startswith("__")
        for name, field in kind.fields.items()
        if get_named_type(field.type).name in CLOSED_TO_THE_HOME
    }
    assert {"Child.responsibilities", "Child.protectionLevel", "Child.confirmations", "Child.blocks"} <= set(leading)
    assert {field: relations & HOME for field, relations in leading.items() if relations & HOME} == {}


# --- registers ----------------------------------------------------------------------------------------------------

AUNT = SISTER
FAMILY = (
    nora(
        foreldreansvar=[held(MOTHER), held(FATHER, "ukjent", erGjeldende=False), held(AUNT, "andre")],
        familierelasjon=[{"relatertPerson": FATHER, "relatertPersonsRolle": "far", "minRolleForPerson": "barn"}],
    ),
    mother(foreldreansvar=[{"erGjeldende": True, "ansvar": "felles", "ansvarssubjekt": NORA}]),
    document(FATHER, "STOR", "STEIN", foreldreansvar=[{"erGjeldende": True, "ansvar": "far", "ansvarssubjekt": NORA}]),
)
"""A mother with responsibility; a father whose entry is unclear twice over; an aunt with responsibility and a block."""
PLAUSIBLE = (True, False, None, "true", "felles", "far", "mor", "andre", "ukjent", "2018-03-14", "iBruk")
KEPT_OUT = {"STOR STEIN", "Ukjent"}


async def guardians_now(connection: Any) -> set[str]:
    rows = await connection.execute(
        text(
            "select p.name from guardianship g join person p on p.id = g.person_id"
            " where g.since <= :today and (g.until is null or g.until > :today)"
        ),
        {"today": TODAY},
    )
    return set(rows.scalars())


@pytest.fixture
async def family_town(database: Database, vault: Vault, tmp_path: Path) -> Town:
    made = Town(database, vault, tmp_path)
    await made.takes(small())
    await made.hears(*FAMILY)
    await made.notes(line("block", "b", child=NORA, person=AUNT, since="2026-10-01", reason="x"))
    return made


async def let_in(town: Town, documents: Sequence[Any]) -> set[str] | None:
    """Who is guardian once the documents were taken in, which is undone again; null where they are refused."""
    found = None
    with suppress(InputRefused, Undone):
        async with town.documents_planned(*documents) as (connection, plan):
            assert await guardians_now(connection) == {"MILD BLOMST"}
            if not plan.conflicts:
                await apply_plan(connection, plan)
                found = await guardians_now(connection)
            raise Undone
    return found


@settings(FUZZ, max_examples=80)
@given(data=st.data())
async def test_nobody_is_let_in_by_a_document_that_the_register_got_wrong(
    family_town: Town, data: st.DataObject
) -> None:
    """Any value anywhere, of another kind or of another place, in a document that is read once more."""
    documents = list(FAMILY)
    place = data.draw(st.integers(0, len(documents) - 1))
    spot = data.draw(st.sampled_from(spots(documents[place])))
    documents[place] = exchanged(documents[place], spot, data.draw(JSON | st.sampled_from(PLAUSIBLE)))
    assert not (await let_in(family_town, documents) or set()) & KEPT_OUT


async def test_an_entry_that_is_unclear_twice_opens_nothing_when_one_of_the_two_is_clear(family_town: Town) -> None:
    read = 0
    for name in FAMILY[0]["foreldreansvar"][1]:
        for value in PLAUSIBLE:
            changed = exchanged(FAMILY[0], ("foreldreansvar", 1, name), value)
            found = await let_in(family_town, [changed, *FAMILY[1:]])
            read += found is not None
            assert not (found or set()) & KEPT_OUT, (name, value)
    assert read > 10


# --- consent ------------------------------------------------------------------------------------------------------


async def test_a_delegate_loses_what_was_written_once_one_of_all_guardians_withdraws(place: Place) -> None:
    world = with_threads(village())
    world.settings["delegateConsent"] = "ALL"
    acts = await Acts.of(place, world)
    family = Family(acts)
    delegate = await family.registered()
    for guardian in ("mother", "father"):
        assert (await family.consents(guardian, delegate))["problems"] == []
    [thread] = (await acts.start("aunt", "school", "pupil", body="Jeg henter"))["threads"]
    await acts.send("teacher", thread["id"], "Fint")
    assert await acts.bodies("aunt", thread["id"]) == ["Jeg henter", "Fint"]

    assert (await family.does("father", "withdrawConsent", delegateId=delegate))["problems"] == []
    assert await acts.bodies("aunt", thread["id"]) is None
    assert not await acts.sees("aunt", acts.id("Child", "pupil"))
    assert codes(await acts.send("aunt", thread["id"], "Hallo?")) == ["NOT_FOUND"]
    asked = "{ viewer { threads(first: 5) { totalCount nodes { id } } } }"
    assert (await acts.ask("aunt", asked, {}))["viewer"]["threads"] == {"totalCount": 0, "nodes": []}


# --- messages ------------------------------------------------------------------------------------------------------


async def test_t8_a_joint_thread_cannot_be_had_while_the_child_is_protected(place: Place) -> None:
    world = village()
    world.protect("pupil", "fortrolig", world.today - 7 * DAY)
    for guardian in ("mother", "father"):
        world.confirm(guardian, "pupil", world.today)
    acts = await Acts.of(place, world)
    to = [acts.id("Guardian", guardian) for guardian in ("mother", "father")]
    assert codes(await acts.start("teacher", "school", "pupil", *to, joint=True)) == ["NOT_ALLOWED"]
    for one in to:
        assert (await acts.start("teacher", "school", "pupil", one))["problems"] == []


# --- files --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def desk(place: Place, tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened_desk(place, tmp_path) as opened:
        yield opened


async def test_nobody_lists_files_nor_fetches_one_by_its_name_or_its_place(desk: Desk) -> None:
    attachment, _, _ = await sent_file(desk)
    [stored] = desk.stored()
    assert (await desk.fetch("mother", attachment["url"])).status_code == 200
    for address in (
        "/attachments",
        f"/attachments/{attachment['name']}",
        f"/attachments/{stored.name}",
        f"/attachments/../{stored.relative_to(desk.folder)}",
        f"/{stored.relative_to(desk.folder)}",
    ):
        answer = await desk.fetch("mother", address)
        assert answer.status_code in {404, 405}, address
        assert attachment["id"] not in answer.text


# --- what is told beside the answers ------------------------------------------------------------------------------

IDS_ALONE = re.compile(r"\*|[mt] [0-9a-f-]{36} [0-9a-f-]{36}|[sc] [0-9a-f-]{36}")


async def test_processes_tell_each_other_ids_and_nothing_else(place: Place) -> None:
    """Whoever is connected to the database hears what is notified."""
    acts = await Acts.of(place, village())
    heard: list[str] = []
    listener = await asyncpg.connect(**place.database.api_connect)
    try:
        await listener.add_listener(CHANNEL, lambda *told: heard.append(str(told[-1])))
        [thread] = (await acts.start("mother", "school", "pupil", body="Hemmelig", subject="Fortrolig"))["threads"]
        await acts.send("teacher", thread["id"], "Hysj")
        assert (await Family(acts).blocks("leader", "father"))["problems"] == []
        await listener.execute("select 1")
    finally:
        await listener.close()
    assert {told[0] for told in heard} >= {"m", "s"}
    assert [told for told in heard if not IDS_ALONE.fullmatch(told)] == []


async def test_the_databases_own_log_does_not_quote_a_row(test_server: TestServer) -> None:
    """An error that names values in its detail, and one whose statement holds them."""
    connection = await asyncpg.connect(**test_server.superuser)
    secret, number = "Hemmelig Navnesen", "14831899779"
    try:
        log = Path(await connection.fetchval("show data_directory")).parent / "log"
        await connection.execute("create temp table told (name text primary key)")
        await connection.execute("insert into told values ($1)", secret)
        with pytest.raises(asyncpg.UniqueViolationError) as refused:
            await connection.execute("insert into told values ($1)", secret)
        assert secret in str(refused.value.detail)
        with pytest.raises(asyncpg.InvalidTextRepresentationError):
            await connection.execute(f"select cast('x' as int), '{number}'")
    finally:
        await connection.close()
    written = log.read_text(encoding="utf-8", errors="replace")
    assert "duplicate key" in written
    assert secret not in written
    assert number not in written
