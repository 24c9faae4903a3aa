"""Folkeregisteret's documents: what each part becomes, and that nothing of it opens more than it says."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from registers.persons import read_persons
from registers.plan import InputRefused, PlanNotApplicable, apply_plan
from server.database import Database
from tests.town import LEADER, NORA, ODIN, TEACHER, TODAY, Town, but, small
from tests.walls import MISKEPT_SIDES
from vault import Vault

MOTHER, FATHER, SISTER, D_NUMBER = "41819077906", "57877940111", "30929043320", "41819077302"
LATER = TODAY + dt.timedelta(7)


def document(number: str, given: str, family: str, **parts: Any) -> dict[str, Any]:
    return {
        "identifikasjonsnummer": [{"erGjeldende": True, "status": "iBruk", "foedselsEllerDNummer": number}],
        "status": [{"erGjeldende": True, "status": "bosatt"}],
        "navn": [{"erGjeldende": True, "fornavn": given, "etternavn": family}],
        "foedsel": [{"erGjeldende": True, "foedselsdato": "2018-03-14", "foedselsaar": "2018"}],
        **parts,
    }


def nora(**parts: Any) -> dict[str, Any]:
    return document(NORA, "VAKKER", "BLOMST", **parts)


def mother(**parts: Any) -> dict[str, Any]:
    born = [{"foedselsdato": "1990-01-01"}]
    return document(MOTHER, "MILD", "BLOMST", **{"foedsel": born, **parts})


def held(holder: str, kind: str = "felles", **more: Any) -> dict[str, Any]:
    return {"erGjeldende": True, "ansvar": kind, "ansvarlig": holder, "gyldighetstidspunkt": "2018-03-14", **more}


def graded(level: str | None, since: str | None = "2026-01-05T00:00:00+01", **more: Any) -> dict[str, Any]:
    return {"erGjeldende": True, "graderingsnivaa": level, "gyldighetstidspunkt": since, **more}


def street(house: str = "7", **more: Any) -> dict[str, Any]:
    return {
        "erGjeldende": True,
        "gyldighetstidspunkt": "2020-01-01T00:00:00Z",
        "vegadresse": {
            "kommunenummer": "3222",
            "bruksenhetsnummer": "H0101",
            "adressenavn": "Skogveien",
            "adressenummer": {"husnummer": house, "husbokstav": "B"},
            "poststed": {"poststedsnavn": "LØRENSKOG", "postnummer": "1470"},
        },
        **more,
    }


@pytest.fixture
async def town(database: Database, vault: Vault, tmp_path: Path) -> Town:
    made = Town(database, vault, tmp_path)
    await made.takes(small())
    return made


async def person(town: Town, number: str) -> Any:
    hashed = town.vault.keyed_hash(number, "national_id").hex()
    ((key,),) = await town.rows(f"select person_id from person_identifier where number_hash = '\\x{hashed}'")
    return key


async def guardians(town: Town) -> set[tuple[Any, ...]]:
    return set(
        await town.rows(
            "select c.name, g.name, s.since, s.until from guardianship s"
            " join person c on c.id = s.child_id join person g on g.id = s.person_id"
        )
    )


BORN = dt.date(2018, 3, 14)
GROWN = dt.date(2036, 3, 14)


async def test_a_document_describes_the_person_whom_the_roster_knows(town: Town) -> None:
    await town.hears(nora())
    assert await town.rows(
        "select source_id, name, birth_date, turns_15_on, turns_18_on, documented_on from person"
        " where source_id = 'nora'"
    ) == [("nora", "VAKKER BLOMST", BORN, dt.date(2033, 3, 14), GROWN, TODAY)]


async def test_a_roster_does_not_rename_whom_the_register_has_named(town: Town) -> None:
    await town.hears(nora())
    await town.takes(small(users=but("Vakker,,Blomst", "Vakker,Ny,Blomst")))
    assert await town.rows("select name from person where source_id = 'nora'") == [("VAKKER BLOMST",)]


async def test_responsibility_on_the_child_s_document_makes_a_guardian(town: Town) -> None:
    await town.hears(nora(foreldreansvar=[held(MOTHER)]), mother())
    assert await guardians(town) == {("VAKKER BLOMST", "MILD BLOMST", BORN, GROWN)}
    assert await town.rows("select kind, is_current, on_child_document, until from parental_responsibility") == [
        ("felles", True, True, None)
    ]


async def test_a_holder_without_a_document_is_known_by_number_alone(town: Town) -> None:
    await town.hears(nora(foreldreansvar=[held(FATHER)]))
    assert await guardians(town) == {("VAKKER BLOMST", "Ukjent", BORN, GROWN)}


@pytest.mark.parametrize(
    "entry",
    [
        held(MOTHER, "ukjent"),
        held(MOTHER, "delt"),
        {**held(MOTHER), "ansvar": None},
        held(MOTHER, erGjeldende=False),
        {**held(MOTHER), "erGjeldende": None},
        held(MOTHER, opphoerstidspunkt="2026-11-22T23:30:00Z"),
        held(MOTHER, gyldighetstidspunkt="2027-01-01"),
        {"erGjeldende": True, "ansvar": "andre", "ansvarligOrganisasjon": "999999999"},
        {
            "erGjeldende": True,
            "ansvar": "andre",
            "ansvarligUtenIdentifikator": {"navn": {"fornavn": "A", "etternavn": "B"}},
        },
        {"erGjeldende": True, "ansvar": "felles", "ansvarlig": NORA},
    ],
    ids=lambda entry: str(entry.get("ansvar")),
)
async def test_an_unclear_entry_opens_nothing_and_becomes_a_task(town: Town, entry: dict[str, Any]) -> None:
    await town.hears(nora(foreldreansvar=[entry]), mother())
    today = f"since <= '{TODAY}' and (until is null or until > '{TODAY}')"
    assert await town.rows(f"select 1 from guardianship where {today}") == []
    assert await town.rows(
        "select u.source_id from task t join unit u on u.id = t.unit_id"
        " where t.kind = 'UNCLEAR_RESPONSIBILITY' order by 1"
    ) == [
        ("sfo",),
        ("skole",),
    ]


async def test_holders_without_a_number_are_kept_by_name_or_organisation(town: Town) -> None:
    nameless = {"navn": {"fornavn": "Anna", "mellomnavn": "B", "etternavn": "Berg"}}
    await town.hears(
        nora(
            foreldreansvar=[
                {"erGjeldende": True, "ansvar": "andre", "ansvarligOrganisasjon": "999999999"},
                {"erGjeldende": True, "ansvar": "andre", "ansvarligUtenIdentifikator": nameless},
            ]
        )
    )
    holders = "select holder_id, holder_name, holder_organisation from parental_responsibility order by 2"
    assert await town.rows(holders) == [(None, "Anna B Berg", None), (None, None, "999999999")]


async def test_an_adult_s_document_opens_nothing_and_becomes_a_task(town: Town) -> None:
    await town.hears(nora(), mother(foreldreansvar=[{"erGjeldende": True, "ansvar": "mor", "ansvarssubjekt": NORA}]))
    assert await guardians(town) == set()
    kin = await town.rows("select p.name from kinship k join person p on p.id = k.person_id")
    assert kin == [("MILD BLOMST",)]
    assert len(await town.rows("select 1 from task where kind = 'CONFLICTING_RESPONSIBILITY'")) == 2


async def test_an_adult_s_document_that_agrees_is_no_task(town: Town) -> None:
    await town.hears(
        nora(foreldreansvar=[held(MOTHER)]),
        mother(foreldreansvar=[{"erGjeldende": True, "ansvar": "felles", "ansvarssubjekt": NORA}]),
    )
    assert await town.rows("select kind from task where done_at is null") == []


async def test_an_entry_that_begins_later_leaves_the_days_of_the_one_before(town: Town) -> None:
    await town.hears(nora(foreldreansvar=[held(MOTHER, gyldighetstidspunkt="2020-01-01T00:00:00+01:00")]), mother())
    renewed = held(MOTHER, gyldighetstidspunkt="2026-11-01T00:00:00+01:00")
    for _ in range(2):
        await town.hears(nora(foreldreansvar=[renewed]), mother(), today=LATER)
    found = await town.rows("select since, until from parental_responsibility where on_child_document order by since")
    assert found == [(dt.date(2020, 1, 1), LATER), (dt.date(2026, 11, 1), None)]


async def test_what_is_gone_from_a_document_has_ended_today(town: Town) -> None:
    await town.hears(
        nora(
            foreldreansvar=[held(MOTHER), held(FATHER)],
            adressebeskyttelse=[graded("fortrolig")],
            bostedsadresse=[street()],
        )
    )
    await town.hears(nora(foreldreansvar=[held(MOTHER)]), today=LATER)
    assert set(await town.rows("select until from parental_responsibility")) == {(LATER,), (None,)}
    assert await town.rows("select until from protection") == [(LATER,)]
    assert await town.rows("select until from residence") == [(LATER,)]


async def test_what_comes_back_begins_when_the_register_says(town: Town) -> None:
    for entries, day in (([held(MOTHER)], TODAY), ([], LATER), ([held(MOTHER)], LATER + dt.timedelta(7))):
        await town.hears(nora(foreldreansvar=entries), mother(), today=day)
    assert await guardians(town) == {("VAKKER BLOMST", "MILD BLOMST", BORN, GROWN)}
    async with town.documents_planned(nora(foreldreansvar=[held(MOTHER)]), mother(), today=LATER) as (_, plan):
        assert not plan.counts["parental responsibilities"].added


async def test_an_entry_that_stopped_being_current_ended_when_the_register_says(town: Town) -> None:
    await town.hears(nora(foreldreansvar=[held(MOTHER)]))
    ended = held(MOTHER, erGjeldende=False, opphoerstidspunkt="2026-11-01T00:00:00+01:00")
    await town.hears(nora(foreldreansvar=[ended]))
    assert await town.rows("select is_current, until from parental_responsibility order by 1") == [
        (False, dt.date(2026, 11, 1)),
        (True, dt.date(2026, 11, 1)),
    ]


async def test_people_who_are_not_in_the_file_are_untouched(town: Town) -> None:
    await town.hears(nora(foreldreansvar=[held(MOTHER)]), mother())
    await town.hears(document(ODIN, "SNILL", "MASKIN"), today=LATER)
    assert await guardians(town) == {("VAKKER BLOMST", "MILD BLOMST", BORN, GROWN)}


async def test_duplicate_entries_are_one(town: Town) -> None:
    await town.hears(
        nora(
            foreldreansvar=[
                held(MOTHER),
                held(MOTHER),
                held(MOTHER, erGjeldende=False),
                held(MOTHER, erGjeldende=False),
            ]
        )
    )
    assert len(await town.rows("select 1 from parental_responsibility")) == 2


async def test_family_relations_are_kept_once_seen(town: Town) -> None:
    relation = {
        "erGjeldende": True,
        "relatertPerson": FATHER,
        "relatertPersonsRolle": "far",
        "minRolleForPerson": "barn",
    }
    nameless = {
        "relatertPersonUtenFolkeregisteridentifikator": {"navn": {"fornavn": "A"}},
        "relatertPersonsRolle": "mor",
    }
    await town.hears(nora(familierelasjon=[relation, nameless]))
    await town.hears(nora())
    assert await town.rows("select related_role, own_role from family_relation") == [("far", "barn")]
    assert await guardians(town) == set()


WHOLE = (
    nora(
        foreldreansvar=[held(MOTHER), held(FATHER, "ukjent"), held(SISTER, erGjeldende=False)],
        familierelasjon=[{"relatertPerson": FATHER, "relatertPersonsRolle": "far", "minRolleForPerson": "barn"}],
        adressebeskyttelse=[graded("fortrolig"), graded("ny gradering", None)],
        bostedsadresse=[street(), street("9", erGjeldende=False, opphoerstidspunkt="2020-01-01")],
    ),
    mother(bostedsadresse=[street("007", gyldighetstidspunkt=None)], foreldreansvar=[{"ansvarssubjekt": NORA}]),
)


@pytest.mark.parametrize("days", [0, 1, 400])
async def test_the_same_file_again_changes_nothing(town: Town, days: int) -> None:
    await town.hears(*WHOLE)
    async with town.documents_planned(*WHOLE, today=TODAY + dt.timedelta(days)) as (_, plan):
        assert plan.empty, plan.counts


# Numbers


async def test_a_d_number_and_the_number_after_it_are_one_person(town: Town) -> None:
    await town.hears(nora(foreldreansvar=[held(D_NUMBER)]))
    grown = mother(
        identifikasjonsnummer=[
            {"erGjeldende": False, "status": "opphoert", "foedselsEllerDNummer": D_NUMBER},
            {"erGjeldende": True, "status": "iBruk", "foedselsEllerDNummer": MOTHER},
        ]
    )
    await town.hears(grown)
    assert await person(town, D_NUMBER) == await person(town, MOTHER)
    numbers = f"select in_use from person_identifier where person_id = '{await person(town, MOTHER)}' order by 1"
    assert await town.rows(numbers) == [(False,), (True,)]
    assert await guardians(town) == {("VAKKER BLOMST", "MILD BLOMST", BORN, GROWN)}


async def test_a_person_has_one_number_at_a_time(town: Town) -> None:
    both = [{"foedselsEllerDNummer": D_NUMBER, "status": "iBruk"}, {"foedselsEllerDNummer": SISTER, "status": "iBruk"}]
    await town.hears(mother(identifikasjonsnummer=both))
    in_use = await town.rows(
        "select number_cipher from person_identifier i join person p on p.id = i.person_id"
        " where in_use and name = 'MILD BLOMST'"
    )
    assert [town.vault.decrypt(cipher, "national_id") for (cipher,) in in_use] == [SISTER]


async def test_a_number_that_is_gone_from_the_document_is_no_longer_in_use(town: Town) -> None:
    both = [
        {"foedselsEllerDNummer": D_NUMBER, "status": "iBruk"},
        {"foedselsEllerDNummer": MOTHER, "status": "opphoert"},
    ]
    await town.hears(mother(identifikasjonsnummer=both))
    await town.hears(mother())
    key = await person(town, MOTHER)
    in_use = await town.rows(f"select number_cipher from person_identifier where in_use and person_id = '{key}'")
    assert [town.vault.decrypt(cipher, "national_id") for (cipher,) in in_use] == [MOTHER]


async def test_a_document_does_not_join_two_people_known_apart(town: Town) -> None:
    numbers = [{"foedselsEllerDNummer": NORA, "status": "iBruk"}, {"foedselsEllerDNummer": ODIN, "status": "opphoert"}]
    (conflict,) = await town.doubts(nora(identifikasjonsnummer=numbers))
    assert "line 1, identifikasjonsnummer: joins two people" in conflict
    assert NORA not in conflict


BEFORE = [
    {"foedselsEllerDNummer": D_NUMBER, "status": "opphoert"},
    {"foedselsEllerDNummer": TEACHER, "status": "iBruk"},
]


def fact(kind: str, line_id: str, day: int, **told: Any) -> dict[str, Any]:
    return {"id": line_id, "kind": kind, "at": f"2026-10-{day:02}T10:00:00Z", "by": D_NUMBER, **told}


async def nowhere(town: Town, key: Any) -> bool:
    columns = await town.rows(
        "select table_name, column_name from information_schema.columns c join information_schema.tables t"
        " using (table_schema, table_name) where table_schema = 'public' and data_type = 'uuid'"
        " and table_type = 'BASE TABLE'"
    )
    found = [where for where in columns if await town.rows(f"select 1 from {where[0]} where {where[1]} = '{key}'")]
    assert not found
    return len(columns) > 30


async def test_whoever_was_known_by_number_alone_becomes_who_they_are_with_all_that_points_at_them(town: Town) -> None:
    period = {"since": "2026-10-01", "until": None}
    thread = {"thread": "t", "author": D_NUMBER, "body": "Hei"}
    await town.notes(
        fact("block", "b", 1, child=ODIN, person=D_NUMBER, reason="x", **period),
        fact("block", "c", 1, child=D_NUMBER, person=LEADER, reason="x", **period),
        fact("confirmation", "k", 1, child=NORA, person=D_NUMBER, since="2026-10-01"),
        fact("delegate", "d", 1, child=NORA, person=D_NUMBER, unit="skole", **period),
        fact("consent", "s", 1, child=NORA, guardian=D_NUMBER, delegate=FATHER, unit="skole", **period),
        fact("needCase", "n", 1, child=NORA, person=D_NUMBER, reason="x", until="2026-10-01T12:00:00Z"),
        fact("thread", "t", 1, child=NORA, unit="skole", subject="x", guardianSide=[D_NUMBER], staffSide=[TEACHER]),
        fact("thread", "u", 1, child=D_NUMBER, unit="skole", subject="y", guardianSide=[MOTHER]),
        fact("message", "m1", 2, **thread),
        fact("message", "m2", 3, **{**thread, "author": TEACHER}),
        fact("message", "m3", 3, **{**thread, "thread": "u", "author": TEACHER}),
        fact("read", "r1", 4, thread="t", person=D_NUMBER, upTo="m2"),
        fact("read", "r2", 4, thread="t", person=TEACHER, upTo="m1"),
    )
    relation = {"relatertPerson": D_NUMBER, "relatertPersonsRolle": "far", "minRolleForPerson": "barn"}
    await town.hears(
        nora(foreldreansvar=[held(D_NUMBER)], familierelasjon=[relation], adressebeskyttelse=[graded("fortrolig")])
    )
    stub, teacher = await person(town, D_NUMBER), await person(town, TEACHER)
    plan = await town.hears(document(TEACHER, "STRENG", "TRAKTOR", identifikasjonsnummer=BEFORE), today=LATER)
    assert plan.counts["joined people"].changed == 1
    assert "line 1, identifikasjonsnummer: joins somebody known by number alone" in plan.warnings[0]
    assert await nowhere(town, stub)
    assert await person(town, D_NUMBER) == teacher
    who = f"person_id = '{teacher}'"
    for table in ("delegate", "confirmation", "need_case", "guardianship", "kinship"):
        assert await town.rows(f"select count(distinct child_id) from {table} where {who}") == [(1,)], table
    assert await town.rows(f"select count(*) from block where {who} or child_id = '{teacher}'") == [(2,)]
    joined_on = dt.datetime(2026, 10, 1, 10, tzinfo=dt.UTC)
    sides = f"select side, joined_at from participant join thread t on t.id = thread_id where {who} and subject = 'x'"
    assert await town.rows(sides) == [("GUARDIAN", joined_on)]
    assert await town.rows(MISKEPT_SIDES) == []
    pointers = f"select body, count(*) over () from read_pointer r join message m on m.id = r.up_to_id where r.{who}"
    assert await town.rows(f"{pointers} and author_id = '{teacher}' and up_to_sent_at > '2026-10-03'") == [("Hei", 1)]
    tasks = f"select kind from task where {who} and done_at is null"
    assert await town.rows(tasks) == [("DEPUTY_NEEDED",)]
    async with town.documents_planned(
        document(TEACHER, "STRENG", "TRAKTOR", identifikasjonsnummer=BEFORE), today=LATER
    ) as (_, again):
        assert again.empty, again.counts


async def test_two_known_by_number_alone_become_one_with_their_first_document(town: Town) -> None:
    both = [{**BEFORE[0]}, {"foedselsEllerDNummer": MOTHER, "status": "iBruk"}]
    await town.hears(nora(foreldreansvar=[held(D_NUMBER), held(MOTHER)]))
    await town.hears(mother(identifikasjonsnummer=both), nora(foreldreansvar=[held(MOTHER)]))
    assert await person(town, D_NUMBER) == await person(town, MOTHER)
    assert await guardians(town) == {("VAKKER BLOMST", "MILD BLOMST", BORN, GROWN)}


async def test_a_roster_s_person_without_a_number_may_turn_out_to_be_known_by_number(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    town = Town(database, vault, tmp_path)
    await town.takes(small(users=but(TEACHER, "")))
    await town.notes(fact("block", "b", 1, child=ODIN, person=TEACHER, reason="x", since="2026-10-01"))
    stub = await person(town, TEACHER)
    await town.takes(small())
    assert await nowhere(town, stub)
    blocked = await town.rows("select source_id from block b join person p on p.id = b.person_id")
    assert blocked == [("lærer",)]


@pytest.mark.parametrize("names", [("SINT", "BLOMST"), ("VAKKER", "HAMMER")])
async def test_a_child_s_number_is_not_joined_to_a_document_of_another_name(town: Town, names: tuple[str, str]) -> None:
    (conflict,) = await town.doubts(document(NORA, *names))
    assert "line 1, navn: contradicts" in conflict


@pytest.mark.parametrize(
    ("given", "middle", "family"),
    [("Vakker Nydelig", None, "Eng-Blomst"), ("VÁKKER", None, "BLÓMST"), ("Nydelig", "Vakker Blomst", "Eng")],
)
async def test_a_child_s_number_is_joined_where_the_names_share_parts(
    town: Town, given: str, middle: str | None, family: str
) -> None:
    name = {"erGjeldende": True, "fornavn": given, "mellomnavn": middle, "etternavn": family}
    await town.hears(nora(navn=[name]))
    assert await town.rows("select count(*) from person where source_id = 'nora' and documented_on is not null") == [
        (1,)
    ]


async def test_a_roster_does_not_join_a_child_s_number_to_a_document_of_another_name(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    town = Town(database, vault, tmp_path)
    await town.takes(small(users=but(NORA, "")))
    await town.hears(document(SISTER, "SINT", "HAMMER"))
    files = small(users=lambda lines: [*lines, f"ny,,true,Vakker,,Hammer,{SISTER},"])
    files["roles"].append("ny,student,skole,,,")
    (conflict,) = await town.refuses(files)
    assert "users.csv, line 8, identifier" in conflict


async def test_a_grown_teacher_s_new_family_name_contradicts_nothing(town: Town) -> None:
    await town.hears(document(TEACHER, "STRENG", "VOGN"))
    assert await town.rows("select name from person where source_id = 'lærer'") == [("STRENG VOGN",)]


# Protection and addresses


@pytest.mark.parametrize(
    ("written", "level"),
    [
        ("fortrolig", "FORTROLIG"),
        ("klientadresse", "FORTROLIG"),
        ("hemmelig", "FORTROLIG"),
        (None, "FORTROLIG"),
        ("strengtFortrolig", "STRENGT_FORTROLIG"),
    ],
)
async def test_a_grading_protects_and_one_that_is_not_known_too(town: Town, written: str | None, level: str) -> None:
    await town.hears(nora(adressebeskyttelse=[graded(written)]))
    assert await town.rows("select level, since, until from protection") == [(level, dt.date(2026, 1, 5), None)]


@pytest.mark.parametrize("kind", ["oppholdsadresse", "deltBosted", "nyAdresse"])
@pytest.mark.parametrize(
    ("written", "level"),
    [("klientadresse", "FORTROLIG"), ("hemmelig", "FORTROLIG"), ("strengtFortrolig", "STRENGT_FORTROLIG")],
)
async def test_a_grading_of_any_other_address_protects(town: Town, kind: str, written: str, level: str) -> None:
    entries = [{"erGjeldende": True, "adressegradering": written}, {"adressegradering": "ugradert"}]
    documents = nora(**{kind: entries}, foreldreansvar=[held(MOTHER)]), mother(**{kind: entries[0]})
    await town.hears(*documents)
    await town.hears(*documents, today=LATER)
    assert await town.rows("select level, since, until from protection") == [(level, TODAY, None)] * 2
    assert await guardians(town) == {("VAKKER BLOMST", "MILD BLOMST", BORN, TODAY)}


async def test_no_grading_does_not_protect(town: Town) -> None:
    await town.hears(nora(adressebeskyttelse=[graded("ugradert"), graded("fortrolig", erGjeldende=False)]))
    assert await town.rows("select 1 from protection") == []


async def test_protection_without_a_day_began_when_it_was_first_known(town: Town) -> None:
    entry = {"graderingsnivaa": "fortrolig"}
    await town.hears(nora(adressebeskyttelse=[entry]))
    await town.hears(nora(adressebeskyttelse=[entry]), today=LATER)
    assert await town.rows("select since, until from protection") == [(TODAY, None)]


@pytest.mark.parametrize(
    "eased",
    [
        pytest.param({}, id="without the part"),
        pytest.param({"adressebeskyttelse": [graded("ugradert")]}, id="ended"),
        pytest.param({"adressebeskyttelse": [graded("fortrolig")]}, id="eased"),
    ],
)
async def test_r3_documents_that_would_end_protections_stop_until_told_to_go_on(
    town: Town, eased: dict[str, Any]
) -> None:
    strict = [graded("strengtFortrolig")]
    await town.hears(nora(adressebeskyttelse=strict), mother(adressebeskyttelse=strict))
    async with town.documents_planned(nora(**eased), today=LATER, max_ended=0.1) as (connection, plan):
        assert "1 of 2 protections" in plan.stop
        with pytest.raises(PlanNotApplicable):
            await apply_plan(connection, plan)
    assert await town.rows("select 1 from protection where until is not null") == []
    async with town.documents_planned(nora(**eased), today=LATER, max_ended=0.5) as (connection, plan):
        await apply_plan(connection, plan)
    assert len(await town.rows("select 1 from protection where until is not null")) == 1


async def test_r3_what_protects_otherwise_or_as_long_as_was_known_ends_nothing(town: Town) -> None:
    here = nora(bostedsadresse=[street(adressegradering="fortrolig")])
    await town.hears(nora(adressebeskyttelse=[graded("fortrolig")]), mother(adressebeskyttelse=[graded("fortrolig")]))
    async with town.documents_planned(here, today=LATER, max_ended=0.1) as (_, plan):
        assert plan.stop is None
    await town.hears(here, today=LATER)
    async with town.documents_planned(here, today=LATER, max_ended=0.1) as (_, plan):
        assert plan.stop is None
    async with town.documents_planned(nora(), today=LATER, max_ended=0.1) as (_, plan):
        assert "1 of 2 protections" in plan.stop


async def test_an_instant_counts_as_its_oslo_day(town: Town) -> None:
    await town.hears(nora(adressebeskyttelse=[graded("fortrolig", "2026-06-30T22:30:00Z")]))
    assert await town.rows("select since from protection") == [(dt.date(2026, 7, 1),)]


async def test_an_unconfirmed_guardian_of_a_protected_child_is_a_task(town: Town) -> None:
    await town.hears(
        nora(foreldreansvar=[held(MOTHER)], adressebeskyttelse=[graded("fortrolig", "2018-03-14")]), mother()
    )
    assert await guardians(town) == set()
    tasks = "select unit_id from task where kind = 'CONFIRM_GUARDIAN' and done_at is null"
    assert len(await town.rows(tasks)) == 2
    confirmation = {"child": NORA, "person": MOTHER, "since": "2026-11-01"}
    await town.notes({"id": "c", "kind": "confirmation", "at": "2026-11-01T10:00:00Z", "by": LEADER, **confirmation})
    assert await town.rows(tasks) == []
    assert await guardians(town) == {("VAKKER BLOMST", "MILD BLOMST", dt.date(2026, 11, 1), GROWN)}


async def address(town: Town, name: str) -> Any:
    ((cipher,),) = await town.rows(
        "select address_cipher from residence r join person p on p.id = r.person_id"
        f" where p.name = '{name}' and until is null"
    )
    return json.loads(town.vault.decrypt(cipher, "address")) if cipher else None


async def test_an_address_is_kept_encrypted(town: Town) -> None:
    await town.hears(nora(bostedsadresse=[street()]))
    assert await address(town, "VAKKER BLOMST") == {
        "lines": ["Skogveien 7B"],
        "postalCode": "1470",
        "city": "LØRENSKOG",
    }
    assert await town.rows("select since, until, known_on, level from residence") == [
        (dt.date(2020, 1, 1), None, TODAY, None)
    ]


async def hashes(town: Town, *homes: Any) -> set[bytes]:
    numbers = (NORA, ODIN, MOTHER, FATHER, SISTER)
    names = {NORA: ("VAKKER", "BLOMST"), ODIN: ("SNILL", "MASKIN")}
    pairs = zip(numbers, homes, strict=False)
    await town.hears(*(document(n, *names.get(n, ("A", "B")), bostedsadresse=[home]) for n, home in pairs))
    return {row[0] for row in await town.rows("select address_hash from residence")}


async def test_people_of_one_dwelling_have_one_hash_however_it_is_written(town: Town) -> None:
    other = street("007", adressegradering="fortrolig")
    other["vegadresse"] |= {"adressenavn": "SKOGVEIEN ", "coAdressenavn": "Berg", "poststed": None}
    other["vegadresse"]["adressenummer"]["husbokstav"] = "b"
    assert len(await hashes(town, street(), other)) == 1


async def test_people_of_different_dwellings_have_different_hashes(town: Town) -> None:
    flat = street()
    flat["vegadresse"]["bruksenhetsnummer"] = "H0201"
    farm = {"matrikkeladresse": {"matrikkelnummer": {"kommunenummer": "3222", "gaardsnummer": 7, "bruksnummer": 2}}}
    assert len(await hashes(town, street(), flat, street("8"), farm, {"ukjentBosted": {}})) == 5


@pytest.mark.parametrize(
    "place",
    [
        {"vegadresse": {}},
        {"vegadresse": {"kommunenummer": "3222", "poststed": {"postnummer": "1470"}}},
        {"matrikkeladresse": {}},
        {"matrikkeladresse": {"matrikkelnummer": {"kommunenummer": "3222"}}},
    ],
)
async def test_what_names_no_place_is_no_address(town: Town, place: dict[str, Any]) -> None:
    await town.hears(nora(bostedsadresse=[place]), mother(bostedsadresse=[place]))
    assert await town.rows("select 1 from residence where address_hash is not null or address_cipher is not null") == []


@pytest.mark.parametrize("protected_first", [True, False])
@pytest.mark.parametrize("by_address", [True, False])
async def test_no_address_is_stored_where_somebody_lives_under_strengt_fortrolig(
    town: Town, *, protected_first: bool, by_address: bool
) -> None:
    strict = (
        mother(bostedsadresse=[street(adressegradering="strengtFortrolig")])
        if by_address
        else mother(bostedsadresse=[street()], adressebeskyttelse=[graded("strengtFortrolig")])
    )
    files = [[strict], [nora(bostedsadresse=[street()])]]
    for documents in files if protected_first else reversed(files):
        await town.hears(*documents)
    assert await town.rows("select count(address_cipher), count(distinct address_hash) from residence") == [(0, 1)]


async def test_an_address_is_stored_again_when_the_protection_is_over(town: Town) -> None:
    await town.hears(nora(bostedsadresse=[street()], adressebeskyttelse=[graded("strengtFortrolig")]))
    assert await address(town, "VAKKER BLOMST") is None
    await town.hears(nora(bostedsadresse=[street()]))
    assert (await address(town, "VAKKER BLOMST"))["city"] == "LØRENSKOG"


STRICT = [{"adressebeskyttelse": [graded("strengtFortrolig", "2026-11-24")]}]
STRICT += [{**STRICT[0], "bostedsadresse": home} for home in ([], [{"adressegradering": "strengtFortrolig"}])]

STRICT += [{"bostedsadresse": [{"adressegradering": "strengtFortrolig", "vegadresse": {}}]}]


@pytest.mark.parametrize("parts", STRICT)
async def test_a_home_that_strengt_fortrolig_hides_still_ties_the_household(town: Town, parts: dict[str, Any]) -> None:
    living = nora(bostedsadresse=[street()])
    await town.hears(living, mother(bostedsadresse=[street()]))
    for documents in ([mother(**parts)], [mother(**parts), living], [living]):
        await town.hears(*documents, today=LATER)
    tied = "select count(*), count(address_cipher) from residence where address_hash is not null and until is null"
    assert await town.rows(tied) == [(2, 0)]
    protected = (
        "select level, until from child_protection c join person p on p.id = c.child_id where name like 'VAKKER%'"
    )
    assert ("STRENGT_FORTROLIG", None) in await town.rows(protected)
    async with town.documents_planned(mother(**parts), living, today=LATER) as (_, plan):
        assert plan.empty, plan.counts
    after = LATER + dt.timedelta(7)
    await town.hears(mother(), today=after)
    assert ("STRENGT_FORTROLIG", after) in await town.rows(protected)


async def test_a_home_under_strengt_fortrolig_ends_where_another_is_told(town: Town) -> None:
    await town.hears(mother(bostedsadresse=[street()]))
    strict = [graded("strengtFortrolig")]
    await town.hears(mother(bostedsadresse=[street("9")], adressebeskyttelse=strict), today=LATER)
    assert len(await town.rows("select 1 from residence where until is null")) == 1


async def test_whoever_moves_left_on_the_day_of_the_move(town: Town) -> None:
    await town.hears(nora(bostedsadresse=[street()]))
    await town.hears(nora(bostedsadresse=[street("9", gyldighetstidspunkt="2026-11-20")]))
    periods = "select since, until from residence order by 1"
    moved = dt.date(2026, 11, 20)
    assert await town.rows(periods) == [(dt.date(2020, 1, 1), moved), (moved, None)]


PERIODS = "select since, until from residence order by known_on, 1 nulls first"


async def test_an_address_without_a_day_is_always_only_with_the_first_document(town: Town) -> None:
    await town.hears(nora(bostedsadresse=[street(gyldighetstidspunkt=None)]))
    left = street("5", gyldighetstidspunkt=None, erGjeldende=False, opphoerstidspunkt="2026-11-01")
    for day in (LATER, LATER, LATER + dt.timedelta(1)):
        await town.hears(nora(bostedsadresse=[street("9", gyldighetstidspunkt=None), left]), today=day)
    assert await town.rows(PERIODS) == [(None, LATER), (LATER, None)]


async def test_a_first_address_that_comes_with_a_later_document_began_when_it_was_known(town: Town) -> None:
    await town.hears(nora())
    await town.hears(nora(bostedsadresse=[street(gyldighetstidspunkt=None)]), today=LATER)
    assert await town.rows(PERIODS) == [(LATER, None)]


# Tasks


async def test_a_teacher_of_the_own_child_is_a_task_for_the_administration(town: Town) -> None:
    await town.hears(nora(foreldreansvar=[held(TEACHER)]))
    tasks = "select p.source_id, t.unit_id from task t join person p on p.id = t.person_id where kind = 'DEPUTY_NEEDED'"
    assert await town.rows(tasks) == [("lærer", None)]
    await town.hears(nora(foreldreansvar=[held(TEACHER)]), today=LATER)
    assert await town.rows(tasks) == [("lærer", None)]


# What cannot be understood


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"identifikasjonsnummer": None}, "identifikasjonsnummer: must not be missing"),
        ({"identifikasjonsnummer": []}, "identifikasjonsnummer: must not be missing"),
        ({"identifikasjonsnummer": "x"}, "identifikasjonsnummer: must be a list"),
        ({"identifikasjonsnummer": ["x"]}, "identifikasjonsnummer[0]: must be an object"),
        ({"identifikasjonsnummer": [{}]}, "identifikasjonsnummer[0].foedselsEllerDNummer: must not be missing"),
        ({"identifikasjonsnummer": [{"foedselsEllerDNummer": "14831899778"}]}, "[0].foedselsEllerDNummer: the check"),
        ({"navn": [{"fornavn": 7}]}, "navn[0].fornavn: must be a text"),
        ({"foedsel": {"foedselsdato": "14.03.2018"}}, "foedsel.foedselsdato: an instant"),
        ({"foedsel": [{"foedselsdato": "2018-02-30"}]}, "foedsel[0].foedselsdato: there is no such day"),
        ({"foreldreansvar": [held("123")]}, "foreldreansvar[0].ansvarlig: a national identity number"),
        ({"foreldreansvar": [held(MOTHER, erGjeldende="true")]}, "foreldreansvar[0].erGjeldende: must be true"),
        ({"foreldreansvar": [held(MOTHER, gyldighetstidspunkt="snart")]}, "foreldreansvar[0].gyldighetstidspunkt"),
        ({"foreldreansvar": [{"ansvarligUtenIdentifikator": "A"}]}, "ansvarligUtenIdentifikator: must be an object"),
        ({"familierelasjon": [{"relatertPerson": MOTHER[:-1]}]}, "familierelasjon[0].relatertPerson"),
        ({"adressebeskyttelse": [graded(7)]}, "adressebeskyttelse[0].graderingsnivaa"),
        ({"postadresse": [{}, {"adressegradering": 7}]}, "postadresse[1].adressegradering: must be a text"),
        ({"bostedsadresse": [street(ukjentBosted={})]}, "bostedsadresse[0]: has both"),
        ({"bostedsadresse": [{"matrikkeladresse": {"matrikkelnummer": {"bruksnummer": "x"}}}]}, "bruksnummer: must"),
    ],
)
def test_a_document_that_cannot_be_understood_names_its_place(tmp_path: Path, parts: dict[str, Any], told: str) -> None:
    path = tmp_path / "persons.ndjson"
    path.write_text("\n".join(map(json.dumps, (mother(), nora(**parts)))))
    with pytest.raises(InputRefused) as refused:
        read_persons(path)
    problems = [str(problem) for problem in refused.value.problems]
    assert any("persons.ndjson, line 2, " in problem and told in problem for problem in problems), problems
    assert not any(number in " ".join(problems) for number in (NORA, MOTHER, "14831899778", MOTHER[:-1]))


def test_a_number_on_two_lines_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "persons.ndjson"
    other = mother()
    other["identifikasjonsnummer"].append({"foedselsEllerDNummer": NORA, "status": "opphoert"})
    path.write_text("\n".join(map(json.dumps, (nora(), other))))
    with pytest.raises(InputRefused) as refused:
        read_persons(path)
    assert [problem.line for problem in refused.value.problems] == [2]


async def test_two_documents_of_one_person_are_refused(town: Town) -> None:
    both = [
        {"foedselsEllerDNummer": D_NUMBER, "status": "opphoert"},
        {"foedselsEllerDNummer": MOTHER, "status": "iBruk"},
    ]
    await town.hears(mother(identifikasjonsnummer=both))
    with pytest.raises(InputRefused, match="line 2, identifikasjonsnummer: is the person of line 1"):
        await town.hears(mother(), document(D_NUMBER, "MILD", "BLOMST"))


def test_unknown_keys_and_values_are_tolerated(tmp_path: Path) -> None:
    path = tmp_path / "persons.ndjson"
    odd = nora(nyttFelt={"a": [1]}, sivilstand="rart", foreldreansvar=[held(MOTHER, "nytt")], status=7)
    path.write_text("\ufeff" + json.dumps(odd) + "\n\n", encoding="utf-8")
    (read,) = read_persons(path)
    assert read.responsibilities[0].kind == "nytt"
