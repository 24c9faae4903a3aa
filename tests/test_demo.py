"""The demo municipality: its files are what they say, the same each time, and everybody in the table stands as told."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import httpx
import pytest
from rich.console import Console
from starlette.applications import Starlette
from starlette.routing import Route

from demo.build import build_demo, demo_is_built, open_need_case
from demo.conversations import pools
from demo.files import contacts
from demo.maker import FEWEST_CHILDREN, instant, units_for
from demo.municipality import TooFewChildren, make_municipality, write_municipality
from demo.personas import issue_tokens, print_personas, read_personas
from demo.recipe import kept_recipe
from demo.records import TEXTS
from demo.threads import fill_threads, lengths
from norway.national_id import is_national_id, is_synthetic
from server.app import Serving, open_engine
from server.clock import Clock
from server.data_folder import DataFolder
from server.database import Database
from server.graphql_http import GraphQLOverHTTP
from server.settings import Settings
from server.tokens import Tokens, development_key
from vault import Vault

TODAY = dt.date(2026, 11, 23)
CHILDREN = 150
MESSAGES = 1500

ROLES = {"aide", "districtAdministrator", "principal", "student", "teacher"}

RELATIONS: dict[str, set[str]] = {
    "guardian": {"GUARDIAN"},
    "guardian-apart": {"GUARDIAN"},
    "family-only": set(),
    "guardian-blocked": set(),
    "guardian-confirmed": {"GUARDIAN"},
    "guardian-unconfirmed": set(),
    "guardian-strict": {"GUARDIAN"},
    "guardian-institution": set(),
    "guardian-unknown": set(),
    "guardian-ended": set(),
    "guardian-coming": set(),
    "guardian-of-adult": set(),
    "guardian-d-number": {"GUARDIAN"},
    "delegate": {"DELEGATE"},
    "delegate-resting": set(),
    "delegate-expired": set(),
    "former-participant": set(),
    "contact-teacher": {"EMPLOYED", "CONTACT_TEACHER"},
    "subject-teacher": {"EMPLOYED", "SUBJECT_STAFF"},
    "assistant": {"EMPLOYED", "SUBJECT_STAFF"},
    "former-contact-teacher": {"EMPLOYED"},
    "former-employee": set(),
    "teacher-guardian-private": {"GUARDIAN", "EMPLOYED", "CONTACT_TEACHER"},
    "teacher-guardian-employee": {"GUARDIAN", "EMPLOYED", "CONTACT_TEACHER"},
    "school-leader": {"EMPLOYED", "UNIT_LEADER"},
    "sfo-leader": {"EMPLOYED", "UNIT_LEADER", "UNIT_STAFF"},
    "sfo-staff": {"EMPLOYED", "UNIT_STAFF"},
    "kindergarten-leader": {"EMPLOYED", "UNIT_LEADER", "UNIT_STAFF"},
    "kindergarten-staff": {"EMPLOYED", "UNIT_STAFF"},
    "administrator": {"ADMINISTRATION"},
    "administrator-with-case": {"ADMINISTRATION", "CASE_WORKER"},
    "pupil-15": {"SELF"},
    "pupil-14": set(),
    "pupil-18": {"SELF"},
    "stranger": set(),
    "unknown": set(),
}
"""What each persona is to any child today, reckoned from the tables."""

NOW = "{0}.since <= $2 and ({0}.until is null or $2 < {0}.until)"
TIES = {
    "GUARDIAN": f"select from guardianship g where g.person_id = $1 and {NOW.format('g')}",
    "DELEGATE": f"select from delegation d where d.person_id = $1 and {NOW.format('d')}",
    "EMPLOYED": f"select from position w where w.person_id = $1 and {NOW.format('w')}",
    "ADMINISTRATION": f"select from administrator a where a.person_id = $1 and {NOW.format('a')}",
    "CASE_WORKER": "select from need_case n where n.person_id = $1 and n.opened_at <= $3 and $3 < n.until",
    "SELF": "select from person p join enrolment e on e.child_id = p.id where p.id = $1 and p.turns_15_on <= $2",
    "CONTACT_TEACHER": f"""
        select from group_membership t join group_membership c on c.group_id = t.group_id and c.role = 'STUDENT'
        where t.person_id = $1 and t.role = 'CONTACT_TEACHER' and {NOW.format("t")} and {NOW.format("c")}
        and not exists (select from kinship k where k.child_id = c.person_id and k.person_id = $1)
    """,
    "SUBJECT_STAFF": f"""
        select from group_membership t join group_membership c on c.group_id = t.group_id and c.role = 'STUDENT'
        join unit_group g on g.id = t.group_id join unit u on u.id = g.unit_id and u.kind = 'SCHOOL'
        where t.person_id = $1 and t.role in ('SUBJECT_TEACHER', 'ASSISTANT')
        and {NOW.format("t")} and {NOW.format("c")}
    """,
    "UNIT_STAFF": f"""
        select from position w join unit u on u.id = w.unit_id and u.kind <> 'SCHOOL'
        join enrolment e on e.unit_id = u.id
        where w.person_id = $1 and {NOW.format("w")} and {NOW.format("e")}
    """,
    "UNIT_LEADER": f"""
        select from position w join enrolment e on e.unit_id = w.unit_id
        where w.person_id = $1 and w.role = 'LEADER' and {NOW.format("w")} and {NOW.format("e")}
    """,
}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def tell_nobody(step: str, done: int, total: int) -> None:
    assert 0 <= done <= total or total == 0


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "municipality"
    write_municipality(make_municipality(CHILDREN, 1, TODAY), folder)
    return folder


# -- files ---------------------------------------------------------------------------------------------------------


def test_demo_writes_the_same_bytes_for_the_same_seed(files: Path, tmp_path: Path) -> None:
    write_municipality(make_municipality(CHILDREN, 1, TODAY), tmp_path / "again")
    assert digest(tmp_path / "again") == digest(files)


def test_demo_writes_the_same_bytes_whatever_order_sets_have(files: Path, tmp_path: Path) -> None:
    code = (
        "import datetime as dt, sys; from pathlib import Path;"
        "from demo.municipality import make_municipality, write_municipality;"
        f"write_municipality(make_municipality({CHILDREN}, 1, dt.date({TODAY:%Y, %-m, %-d})), Path(sys.argv[1]))"
    )
    environment = os.environ | {"PYTHONHASHSEED": "4711", "TZ": "Pacific/Auckland", "LANG": "C"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "again")], check=True, env=environment)
    assert digest(tmp_path / "again") == digest(files)


def test_demo_writes_other_people_for_another_seed(files: Path, tmp_path: Path) -> None:
    write_municipality(make_municipality(CHILDREN, 2, TODAY), tmp_path / "other")
    assert digest(tmp_path / "other")["persons.ndjson"] != digest(files)["persons.ndjson"]


@pytest.mark.parametrize("size", [FEWEST_CHILDREN, 333, 2000])
def test_demo_has_as_many_children_as_asked_for(size: int) -> None:
    m = make_municipality(size, 1, TODAY)
    assert len(m.children()) == size
    assert len({person.source_id for person in m.children()}) == size


def test_demo_of_measurement_size_has_forty_units() -> None:
    assert len(make_municipality(10_000, 1, TODAY).units) == 40


def test_demo_does_not_begin_with_too_few_children() -> None:
    with pytest.raises(TooFewChildren):
        make_municipality(FEWEST_CHILDREN - 1, 1, TODAY)


@pytest.mark.parametrize(
    "day", [dt.date(2024, 2, 29), dt.date(2026, 7, 31), dt.date(2026, 8, 1), dt.date(2027, 1, 1), dt.date(2031, 12, 31)]
)
def test_demo_can_be_made_on_any_day(day: dt.date) -> None:
    m = make_municipality(FEWEST_CHILDREN, 3, day)
    assert {persona.id for persona in m.personas} == set(RELATIONS)
    assert all(person.born <= day for person in m.people)


def test_roster_rows_point_at_rows_that_are_there(files: Path) -> None:
    roster = files / "roster"
    orgs = {row["sourcedId"] for row in rows(roster / "orgs.csv")}
    users = {row["sourcedId"] for row in rows(roster / "users.csv")}
    classes = {row["sourcedId"]: row for row in rows(roster / "classes.csv")}
    terms = {row["sourcedId"] for row in rows(roster / "academicSessions.csv")}
    for row in rows(roster / "roles.csv"):
        assert row["userSourcedId"] in users
        assert row["orgSourcedId"] in orgs
        assert row["role"] in ROLES
    for row in classes.values():
        assert row["schoolSourcedId"] in orgs
        assert set(row["termSourcedIds"].split(",")) <= terms
    for row in rows(roster / "enrollments.csv"):
        assert row["userSourcedId"] in users
        assert classes[row["classSourcedId"]]["schoolSourcedId"] == row["schoolSourcedId"]
    for name in ("orgs", "users", "classes", "enrollments", "roles", "academicSessions"):
        ids = Counter(row["sourcedId"] for row in rows(roster / f"{name}.csv"))
        assert ids.most_common(1)[0][1] == 1


def test_every_number_in_the_files_is_valid_and_synthetic(files: Path) -> None:
    for path in files.rglob("*"):
        if path.is_file():
            for number in re.findall(r"(?<![\d+.-])\d{11}(?![\d.])", path.read_text("utf-8")):
                assert is_national_id(number)
                assert is_synthetic(number)


def test_no_phone_number_can_ring_anywhere(files: Path) -> None:
    m = make_municipality(CHILDREN, 1, TODAY)
    phones = [row["metadata.no.phone"] for row in rows(files / "roster" / "orgs.csv") if row["metadata.no.phone"]]
    phones += [str(told["mobile"]) for told in contacts(m).values() if told["mobile"]]
    assert len(phones) > 100
    assert all(phone.replace(" ", "").startswith("+470") and len(phone.replace(" ", "")) == 11 for phone in phones)
    mails = [str(told["email"]) for told in contacts(m).values() if told["email"]]
    assert all(mail.endswith("@example.no") and mail.isascii() for mail in mails)


def documents(files: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (files / "persons.ndjson").read_text("utf-8").splitlines()]


def test_each_person_has_one_document(files: Path) -> None:
    numbers = [
        [entry["foedselsEllerDNummer"] for entry in told["identifikasjonsnummer"] if entry["status"] == "iBruk"]
        for told in documents(files)
    ]
    assert all(len(in_use) == 1 for in_use in numbers)
    assert len({in_use[0] for in_use in numbers}) == len(numbers)


def test_documents_hold_every_unclear_responsibility(files: Path) -> None:
    held = [entry for told in documents(files) for entry in told.get("foreldreansvar", ())]
    assert {"felles", "mor", "andre", "ukjent"} <= {entry.get("ansvar") for entry in held}
    assert any("ansvarligOrganisasjon" in entry for entry in held)
    assert any("ansvarligUtenIdentifikator" in entry for entry in held)
    assert any(not entry["erGjeldende"] for entry in held)
    assert any(entry.get("opphoerstidspunkt", "9") <= TODAY.isoformat() for entry in held)
    assert any(entry["gyldighetstidspunkt"][:10] > TODAY.isoformat() for entry in held)


def test_strictly_protected_people_have_no_address_in_the_files(files: Path) -> None:
    strict = [
        told
        for told in documents(files)
        if any(entry["graderingsnivaa"] == "strengtFortrolig" for entry in told.get("adressebeskyttelse", ()))
    ]
    assert strict
    assert not any("bostedsadresse" in told or "deltBosted" in told for told in strict)
    gradings = {entry["adressegradering"] for told in documents(files) for entry in told.get("bostedsadresse", ())}
    assert {"ugradert", "fortrolig", "klientadresse"} <= gradings


def test_local_facts_point_at_lines_before_them(files: Path) -> None:
    seen: dict[str, dict[str, Any]] = {}
    kinds: Counter[str] = Counter()
    for line in (files / "local.ndjson").read_text("utf-8").splitlines():
        fact = json.loads(line)
        assert fact["id"] not in seen
        assert dt.datetime.fromisoformat(fact["at"]) < instant(TODAY, 0)
        if fact["kind"] in {"message", "read"}:
            assert seen[fact["thread"]]["kind"] == "thread"
        if fact["kind"] == "read":
            assert seen[fact["upTo"]]["thread"] == fact["thread"]
        seen[fact["id"]] = fact
        kinds[fact["kind"]] += 1
    assert {"block", "confirmation", "delegate", "consent", "setting", "thread", "message", "read"} == set(kinds)
    assert sum(1 for fact in seen.values() if fact.get("retracted")) == 1
    assert any(fact.get("joint") for fact in seen.values())


def test_messages_leave_no_placeholder_open() -> None:
    for kind, exchanges in pools(Random(1)).items():
        assert len({line for exchange in exchanges for line in exchange.lines}) > 100, kind
        for exchange in exchanges:
            assert exchange.lines
            for _, text in exchange.lines:
                told = text.format(barn="Vakker", f="Modig", a="Rolig")
                assert "{" not in told
                assert told[0].isupper()


@pytest.mark.parametrize(("threads", "messages"), [(1, 1), (7, 7), (10, 100), (1000, 10_007)])
def test_threads_have_together_exactly_the_messages_asked_for(threads: int, messages: int) -> None:
    made = lengths(threads, messages, Random(1))
    assert (len(made), sum(made), min(made) >= 1) == (threads, messages, True)


# -- in the database -----------------------------------------------------------------------------------------------


async def built(database: Database, path: Path) -> DataFolder:
    folder = DataFolder.at(path / "data")
    await build_demo(database, folder, CHILDREN, MESSAGES, 1, TODAY, tell_nobody)
    await open_need_case(database, folder, Clock(TODAY))
    return folder


async def test_every_persona_stands_as_the_table_says(database: Database, tmp_path: Path) -> None:
    folder = await built(database, tmp_path)
    personas = read_personas(folder)
    vault = Vault.open(folder.keys_file, create=False)
    assert {persona["id"] for persona in personas} == set(RELATIONS)
    connection = await asyncpg.connect(**database.admin_connect)
    try:
        for persona in personas:
            person = await connection.fetchval(
                "select person_id from person_identifier where number_hash = $1",
                vault.keyed_hash(persona["number"], "national_id"),
            )
            assert (person is None) == (persona["id"] == "unknown")
            stands = set()
            for relation, sql in TIES.items():
                arguments = (person, TODAY, Clock(TODAY).now())[: 3 if "$3" in sql else 2]
                if "$2" not in sql:
                    sql += " and $2::date is not null"  # noqa: PLW2901 - every statement takes the day
                if await connection.fetchval(f"select exists ({sql})", *arguments):
                    stands.add(relation)
            assert (persona["id"], stands) == (persona["id"], RELATIONS[persona["id"]])
    finally:
        await connection.close()


async def test_first_start_loads_everything_and_a_second_keeps_it(database: Database, tmp_path: Path) -> None:
    folder = DataFolder.at(tmp_path / "data")
    assert not await demo_is_built(database, folder)
    folder = await built(database, tmp_path)
    assert await demo_is_built(database, folder)
    by_hand = [
        json.loads(line) for line in (folder.municipality_files / "local.ndjson").read_text("utf-8").splitlines()
    ]
    written = Counter(fact["kind"] for fact in by_hand)
    connection = await asyncpg.connect(**database.admin_connect)
    try:
        counts = await connection.fetchrow(
            """
            select (select count(*) from message) as messages, (select count(*) from thread) as threads,
                (select count(*) from message where sent_at >= $1) as late,
                (select count(distinct child_id) from enrolment) as children,
                (select count(*) from unit) as units,
                (select count(*) from thread t where not exists
                    (select from participant p where p.thread_id = t.id and p.side = 'GUARDIAN')) as lonely,
                (select count(*) from message m where not exists
                    (select from participant p where p.thread_id = m.thread_id and p.person_id = m.author_id
                        and p.joined_at <= m.sent_at)) as strangers,
                (select count(*) from thread t where t.last_message_at <>
                    (select max(sent_at) from message m where m.thread_id = t.id)) as wrong,
                (select count(*) from participant p join kinship k using (child_id, person_id)
                    where p.side = 'UNIT') as kin
            """,
            instant(TODAY, 0),
        )
        assert dict(counts) == {
            "messages": MESSAGES + written["message"],
            "threads": MESSAGES // 10 + written["thread"],
            "late": 0,
            "children": CHILDREN,
            "units": units_for(CHILDREN),
            "lonely": 0,
            "strangers": 0,
            "wrong": 0,
            "kin": 0,
        }
        await build_demo(database, folder, 999, 10, 7, TODAY + dt.timedelta(days=3), tell_nobody)
        assert await connection.fetchval("select count(*) from message") == counts["messages"]
        recipe = kept_recipe(folder)
        assert recipe is not None
        assert (recipe.children, recipe.seed, recipe.today) == (CHILDREN, 1, TODAY.isoformat())
    finally:
        await connection.close()


async def test_start_that_was_broken_off_goes_on_where_it_was(database: Database, tmp_path: Path) -> None:
    class BrokenOff(Exception):
        pass

    def break_off(step: str, done: int, total: int) -> None:
        if step == "messages" and done:
            raise BrokenOff

    folder = DataFolder.at(tmp_path / "data")
    with pytest.raises(BrokenOff):
        await build_demo(database, folder, CHILDREN, MESSAGES, 1, TODAY, break_off)
    assert not await demo_is_built(database, folder)
    await build_demo(database, folder, 999, 10, 7, TODAY + dt.timedelta(days=3), tell_nobody)
    assert await demo_is_built(database, folder)
    connection = await asyncpg.connect(**database.admin_connect)
    try:
        assert await connection.fetchval("select count(*) from thread") > MESSAGES // 10
        assert await connection.fetchval("select count(distinct child_id) from enrolment") == CHILDREN
    finally:
        await connection.close()


async def test_bulk_threads_are_told_apart_by_their_seed_alone(database: Database, tmp_path: Path) -> None:
    folder = await built(database, tmp_path)
    connection = await asyncpg.connect(**database.admin_connect)
    try:
        municipality = await connection.fetchval("select id from municipality")
        told = []
        for seed in (5, 5, 6):
            await connection.execute("truncate thread, participant, message, read_pointer cascade")
            await fill_threads(
                connection,
                municipality,
                seed=seed,
                threads=40,
                messages=200,
                now=instant(TODAY, 0),
                progress=tell_nobody,
            )
            found = await connection.fetch("select subject, created_at from thread order by created_at, subject")
            told.append([tuple(row) for row in found])
        assert told[0] == told[1] != told[2]
    finally:
        await connection.close()
    assert folder.municipality_files.is_dir()


@pytest.mark.parametrize("width", [80, 200])
async def test_table_of_personas_holds_a_link_and_a_token_for_each(
    database: Database, tmp_path: Path, width: int
) -> None:
    folder = await built(database, tmp_path)
    told = io.StringIO()
    print_personas(folder, 8123, Console(file=told, width=width))
    printed = told.getvalue()
    for persona in read_personas(folder):
        assert f"http://127.0.0.1:8123/#persona={persona['id']}" in printed
        token = (folder.path / "tokens" / persona["id"]).read_text()
        assert f"{persona['id']} {token}" in printed
        assert (folder.path / "tokens" / persona["id"]).stat().st_mode & 0o077 == 0
    assert not re.search(r"#persona=\S*eyJ", printed)


SEES: dict[str, tuple[str | None, bool, bool]] = {
    "guardian": ("Guardian", True, True),
    "guardian-apart": ("Guardian", True, True),
    "guardian-confirmed": ("Guardian", True, True),
    "guardian-strict": ("Guardian", True, False),
    "guardian-d-number": ("Guardian", True, False),
    "guardian-blocked": ("OtherAdult", False, False),
    "guardian-ended": ("OtherAdult", False, False),
    "delegate": ("OtherAdult", True, True),
    "delegate-resting": ("OtherAdult", False, False),
    "delegate-expired": ("OtherAdult", False, False),
    "former-participant": ("OtherAdult", False, False),
    "teacher-guardian-private": ("Guardian", True, True),
    "teacher-guardian-employee": ("StaffMember", True, True),
    "contact-teacher": ("StaffMember", True, True),
    "subject-teacher": ("StaffMember", True, True),
    "assistant": ("StaffMember", True, True),
    "former-contact-teacher": ("StaffMember", False, False),
    "school-leader": ("StaffMember", True, True),
    "sfo-leader": ("StaffMember", True, True),
    "sfo-staff": ("StaffMember", True, True),
    "kindergarten-leader": ("StaffMember", True, True),
    "kindergarten-staff": ("StaffMember", True, True),
    "administrator": ("StaffMember", False, False),
    "administrator-with-case": ("StaffMember", True, False),
    "pupil-15": ("Child", True, False),
    "pupil-18": ("Child", True, False),
}
"""What the example query shows: who one is, whether any child (oneself too), whether any thread. Others see nothing."""
BY_LOT = {"guardian-strict", "guardian-d-number"}
"""Whether there are threads depends on the seed."""


def named(answer: Any, key: str) -> bool:
    """Whether anything stands under a key, however deep."""
    if isinstance(answer, list):
        return any(named(one, key) for one in answer)
    if isinstance(answer, dict):
        return any((name == key and bool(told)) or named(told, key) for name, told in answer.items())
    return False


async def test_example_query_of_every_persona_shows_what_its_title_says(database: Database, tmp_path: Path) -> None:
    folder = await built(database, tmp_path)
    settings = replace(Settings.read({}), development_login=True)
    vault = Vault.open(folder.keys_file, create=False)
    serving = Serving(folder.path, database.api_connect, settings, TODAY, None)
    tokens = Tokens(vault, (), development_key(folder.path).public_key())
    personas = read_personas(folder)
    issued = issue_tokens(folder, personas)
    async with open_engine(serving, vault) as engine:
        later = Clock(TODAY + dt.timedelta(days=60))
        app = Starlette(
            routes=[
                Route("/graphql", GraphQLOverHTTP(engine, tokens, Clock(TODAY), settings.edge)),
                Route("/later", GraphQLOverHTTP(engine, tokens, later, settings.edge)),
            ]
        )
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            for persona in personas:
                answered = await client.post(
                    "/graphql",
                    json={"query": persona["query"]},
                    headers={"Authorization": f"Bearer {issued[persona['id']]}"},
                )
                told = answered.json()
                assert (persona["id"], told.get("errors")) == (persona["id"], None)
                person, child, thread = SEES.get(persona["id"], (None, False, False))
                who = told["data"]["viewer"]["person"]
                assert (persona["id"], who and who["__typename"]) == (persona["id"], person)
                sees_child = named(told["data"], "relations")
                assert (persona["id"], sees_child) == (persona["id"], child)
                if persona["id"] not in BY_LOT:
                    assert (persona["id"], named(told["data"], "subject") or named(told, "lastMessageAt")) == (
                        persona["id"],
                        thread,
                    )
            coming = {"Authorization": f"Bearer {issued['guardian-coming']}"}
            query = {"query": "{ viewer { children { name } } }"}
            assert (await client.post("/graphql", json=query, headers=coming)).json()["data"]["viewer"][
                "children"
            ] == []
            told = (await client.post("/later", json=query, headers=coming)).json()
            assert told["data"]["viewer"]["children"] == [{"name": "Snill Perle"}]


async def test_records_of_the_demo_are_of_every_kind_and_of_the_cast_teachers_class(
    database: Database, tmp_path: Path
) -> None:
    folder = await built(database, tmp_path)
    await build_demo(database, folder, CHILDREN, MESSAGES, 1, TODAY, tell_nobody)
    [teacher] = [one["number"] for one in read_personas(folder) if one["id"] == "contact-teacher"]
    vault = Vault.open(folder.keys_file, create=False)
    connection = await asyncpg.connect(**database.admin_connect)
    try:
        kinds = await connection.fetch(
            """select r.kind, count(*) from record r join person_identifier i on i.person_id = r.author_id
               where i.number_hash = $1 group by r.kind""",
            vault.keyed_hash(teacher, "national_id"),
        )
        assert {row["kind"] for row in kinds} == set(TEXTS)
        bodies = await connection.fetch("select body_cipher from record_version")
        assert not any(b"Inhalator" in row["body_cipher"] for row in bodies)
    finally:
        await connection.close()
