"""The roster: what OneRoster's files mean here, and what they can never do."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from registers.plan import InputRefused, PlanNotApplicable, apply_plan
from registers.roster import plan_roster, read_roster
from server.database import Database
from tests.town import (
    COLUMNS,
    LEADER,
    NORA,
    ODIN,
    ORGANISATION,
    SMALL,
    TEACHER,
    TODAY,
    Files,
    Town,
    but,
    plus,
    small,
    without,
    written,
)
from vault import Vault


@pytest.fixture
def town(database: Database, vault: Vault, tmp_path: Path) -> Town:
    return Town(database, vault, tmp_path)


def refusal(folder: Path) -> list[str]:
    with pytest.raises(InputRefused) as refused:
        read_roster(folder)
    return [str(problem) for problem in refused.value.problems]


START = dt.date(2026, 8, 17)
END = dt.date(2027, 6, 19)
PAST = dt.date(1900, 1, 1)


async def test_a_roster_becomes_units_groups_and_the_people_s_places_in_them(town: Town) -> None:
    plan = await town.takes(small())
    assert await town.rows("select source_id, kind, name, organisation_number, phone, until from unit order by 1") == [
        ("barnehage", "KINDERGARTEN", "Solvang barnehage", None, None, None),
        ("sfo", "SFO", "Fjellsrud SFO", None, None, None),
        ("skole", "SCHOOL", "Fjellsrud skole", "974589095", "67 20 00 00", None),
    ]
    assert await town.rows("select source_id, kind from unit_group order by 1") == [
        ("3b", "CLASS"),
        ("blå", "DEPARTMENT"),
        ("norsk", "TEACHING_GROUP"),
        ("rød", "DEPARTMENT"),
    ]
    assert await town.positions() == [
        ("leder", "skole", "LEADER", PAST, None),
        ("lærer", "skole", "TEACHER", dt.date(2020, 8, 1), None),
        ("vikar", "sfo", "STAFF", PAST, None),
        ("vikar", "skole", "ASSISTANT", PAST, None),
    ]
    assert await town.enrolments() == [
        ("nora", "sfo", dt.date(2024, 8, 19), None),
        ("nora", "skole", dt.date(2024, 8, 19), None),
        ("odin", "barnehage", PAST, None),
    ]
    assert await town.memberships() == [
        ("lærer", "3b", "CONTACT_TEACHER", START, END),
        ("nora", "3b", "STUDENT", START, END),
        ("vikar", "3b", "ASSISTANT", dt.date(2026, 9, 1), dt.date(2027, 3, 1)),
        ("odin", "blå", "STUDENT", PAST, None),
        ("lærer", "norsk", "SUBJECT_TEACHER", START, END),
        ("nora", "norsk", "STUDENT", START, END),
        ("vikar", "rød", "SUBJECT_TEACHER", PAST, None),
    ]
    assert await town.rows("select p.source_id, a.until from administrator a join person p on p.id = person_id") == [
        ("leder", None)
    ]
    assert await town.rows("select organisation_number, name, source_id from municipality") == [
        (ORGANISATION, "Lørenskog", "kommune")
    ]
    assert await town.rows("select name from person where source_id = 'odin'") == [("Snill Rask Maskin",)]
    assert dict(plan.passed_over) == {"role counselor": 1, "role parent": 1, "user without a role here": 1}


async def test_a_roster_brings_nobody_as_family(town: Town) -> None:
    await town.takes(small())
    assert await town.rows("select 1 from person where name like 'Mild%'") == []
    assert await town.rows("select count(*) from person_identifier") == [(4,)]


async def test_a_roster_keeps_a_number_encrypted_beside_its_keyed_hash(town: Town) -> None:
    await town.takes(small())
    ((cipher, hashed),) = await town.rows(
        "select number_cipher, number_hash from person_identifier i join person p on p.id = person_id"
        " where source_id = 'nora'"
    )
    assert town.vault.decrypt(cipher, "national_id") == NORA
    assert hashed == town.vault.keyed_hash(NORA, "national_id")
    everything = await town.rows("select to_jsonb(p)::text || to_jsonb(i)::text from person p, person_identifier i")
    assert not any(NORA in row[0] for row in everything)


@pytest.mark.parametrize("days", [0, 1, 400])
async def test_the_same_roster_again_changes_nothing(town: Town, days: int) -> None:
    await town.takes(small())
    async with town.planned(small(), TODAY + dt.timedelta(days)) as (_, plan):
        assert plan.empty
        assert not any(plan.counts.values())


async def test_a_plan_writes_nothing(town: Town) -> None:
    async with town.planned(small()):
        pass
    for table in ("municipality", "person", "unit", "position"):
        assert await town.rows(f"select count(*) from {table}") == [(0,)]


async def test_a_plan_of_another_transaction_is_not_applied(town: Town) -> None:
    async with town.planned(small()) as (_, plan):
        pass
    async with town.planned(small()) as (connection, _):
        with pytest.raises(PlanNotApplicable):
            await apply_plan(connection, plan)


async def test_a_zip_with_a_bom_other_column_order_and_unknown_columns_means_the_same(town: Town) -> None:
    await town.takes(small())
    before = await town.memberships(), await town.positions(), await town.enrolments()
    packed = town.folder.parent / "roster.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, lines in SMALL.items():
            rows = list(csv.DictReader(io.StringIO("\n".join([COLUMNS[name], *lines]))))
            out = io.StringIO()
            columns = ["metadata.xx.shoe", *reversed(COLUMNS[name].split(","))]
            writer = csv.DictWriter(out, columns, quoting=csv.QUOTE_ALL, restval='a,\r\n"b"')
            writer.writeheader()
            writer.writerows(rows)
            archive.writestr(f"export/{name}.csv", "\ufeff" + out.getvalue())
        archive.writestr("export/manifest.csv", "propertyName,value\noneroster.version,1.2\nfile.users,bulk\n")
        archive.writestr("export/demographics.csv", "never read")
    engine = town.database.admin_engine()
    async with engine.begin() as connection:
        plan = await plan_roster(connection, town.vault, read_roster(packed), TODAY)
        assert plan.empty
    await engine.dispose()
    assert before == (await town.memberships(), await town.positions(), await town.enrolments())


def old_version() -> Files:
    files = small()
    orgs: dict[str, list[str]] = {}
    roles: dict[str, str] = {}
    for line in files.pop("roles"):
        user, role, org = line.split(",")[:3]
        role = {"principal": "administrator", "districtAdministrator": "administrator"}.get(role, role)
        if role != "counselor":
            orgs.setdefault(user, []).append(org)
            roles[user] = role
    files["users"] = [
        f'{line},{roles[line.split(",")[0]]},"{",".join(orgs[line.split(",")[0]])}"' for line in files["users"]
    ]
    return files


async def test_version_1_1_has_roles_in_users(town: Town) -> None:
    columns = {"users": COLUMNS["users"] + ",role,orgSourcedIds"}
    roster = read_roster(written(town.folder, old_version(), columns))
    assert roster.version == "1.1"
    engine = town.database.admin_engine()
    async with engine.begin() as connection:
        await apply_plan(connection, await plan_roster(connection, town.vault, roster, TODAY))
    await engine.dispose()
    assert [row[:3] for row in await town.positions()] == [
        ("leder", "skole", "LEADER"),
        ("lærer", "skole", "TEACHER"),
        # One user has one role in 1.1: the last one here.
        ("vikar", "sfo", "STAFF"),
        ("vikar", "skole", "TEACHER"),
    ]
    assert [row[:2] for row in await town.enrolments()] == [("nora", "sfo"), ("nora", "skole"), ("odin", "barnehage")]
    assert await town.rows("select count(*) from administrator") == [(1,)]


# Periods


async def test_last_year_s_contact_teacher_does_not_stay(town: Town) -> None:
    await town.takes(
        small(
            classes=plus("2b,,2B,homeroom,skole,h25"),
            academicSessions=plus("h25,2025/26,schoolYear,2025-08-18,2026-06-20,2026"),
            enrollments=plus("e8,,2b,skole,lærer,teacher,true,,", "e9,,2b,skole,nora,student,,,"),
        )
    )
    assert [row for row in await town.memberships() if row[1] == "2b"] == [
        ("lærer", "2b", "CONTACT_TEACHER", dt.date(2025, 8, 18), dt.date(2026, 6, 20)),
        ("nora", "2b", "STUDENT", dt.date(2025, 8, 18), dt.date(2026, 6, 20)),
    ]


async def test_a_membership_ends_at_the_last_of_its_class_s_terms_or_earlier_on_its_own_day(town: Town) -> None:
    terms = ["h,,term,2026-08-17,2026-12-20,2027", "v,,term,2027-01-04,2027-06-19,2027"]
    await town.takes(
        small(
            academicSessions=terms,
            classes=but(",h26", ',"h,v"'),
            enrollments=but("e4,,3b,skole,lærer,teacher,true,,", "e4,,3b,skole,lærer,teacher,true,,2026-12-01"),
        )
    )
    ends = {(row[0], row[1]): row[4] for row in await town.memberships()}
    assert ends["nora", "3b"] == END
    assert ends["lærer", "3b"] == dt.date(2026, 12, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"roles": without("nora,student,skole")},
        {"roles": but("nora,student,skole,2024-08-19,,", "nora,student,skole,2024-08-19,,tobedeleted")},
        {"roles": but("nora,student,skole,2024-08-19,,", "nora,student,skole,2024-08-19,2026-11-23,")},
    ],
    ids=["gone", "tobedeleted", "endDate today"],
)
async def test_a_row_once_known_is_ended_and_not_deleted(town: Town, change: Any) -> None:
    await town.takes(small())
    plan = await town.takes(small(**change))
    assert ("nora", "skole", dt.date(2024, 8, 19), TODAY) in await town.enrolments()
    assert plan.counts["enrolments"].ended == 1
    async with town.planned(small(**change), TODAY + dt.timedelta(30)) as (_, again):
        assert again.empty


@pytest.mark.parametrize("change", [("nora,,true", "nora,,false"), ("nora,,true", "nora,tobedeleted,true")])
async def test_a_disabled_or_deleted_user_loses_every_place_now(town: Town, change: tuple[str, str]) -> None:
    await town.takes(small())
    await town.takes(small(users=but(*change)))
    assert all(row[3] == TODAY for row in await town.enrolments() if row[0] == "nora")
    assert all(row[4] == TODAY for row in await town.memberships() if row[0] == "nora")
    assert await town.rows("select count(*) from person where source_id = 'nora'") == [(1,)]


async def test_a_row_that_comes_back_is_live_again_as_a_new_period(town: Town) -> None:
    await town.takes(small())
    await town.takes(small(roles=without("nora,student,skole")))
    later = TODAY + dt.timedelta(7)
    await town.takes(small(), later)
    assert [row for row in await town.enrolments() if row[1] == "skole"] == [
        ("nora", "skole", dt.date(2024, 8, 19), TODAY),
        ("nora", "skole", later, None),
    ]
    async with town.planned(small(), later + dt.timedelta(7)) as (_, plan):
        assert plan.empty


async def test_a_row_that_comes_back_the_same_day_leaves_no_gap(town: Town) -> None:
    for files in (small(), small(roles=without("nora,student,skole")), small()):
        await town.takes(files)
    assert [row for row in await town.enrolments() if row[1] == "skole"] == [
        ("nora", "skole", dt.date(2024, 8, 19), TODAY),
        ("nora", "skole", TODAY, None),
    ]
    async with town.planned(small()) as (_, plan):
        assert plan.empty


async def test_a_unit_and_its_groups_that_are_gone_end(town: Town) -> None:
    await town.takes(small())
    gone = small(
        orgs=without("sfo"),
        roles=lambda lines: [line for line in lines if ",sfo," not in line],
        classes=without("rød"),
        enrollments=without("e7"),
    )
    plan = await town.takes(gone)
    assert await town.rows("select source_id from unit where until is not null") == [("sfo",)]
    assert await town.rows("select source_id from unit_group where until is not null") == [("rød",)]
    assert plan.counts["units"].ended == plan.counts["groups"].ended == 1
    await town.takes(small())
    assert await town.rows("select source_id from unit where until is not null") == []


async def test_the_importer_leaves_rows_that_it_does_not_own(town: Town) -> None:
    await town.takes(small())
    connection = await asyncpg.connect(**town.database.admin_connect)
    await connection.execute("update enrolment set source_id = null")
    await connection.close()
    await town.takes(small(roles=without("nora,student"), enrollments=without("e1", "e2")))
    assert all(row[3] is None for row in await town.enrolments() if row[0] == "nora")


async def test_a_name_and_a_phone_that_change_are_taken_over(town: Town) -> None:
    await town.takes(small())
    plan = await town.takes(small(users=but("Blomst", "Eng"), orgs=but("67 20 00 00", "67 20 00 01")))
    assert await town.rows("select name from person where source_id = 'nora'") == [("Vakker Eng",)]
    assert plan.counts["people"].changed == plan.counts["units"].changed == 1


async def test_a_place_in_a_group_without_a_role_at_its_unit_is_pointed_out(town: Town) -> None:
    plan = await town.takes(small(roles=without("nora,student,skole", "lærer,teacher")))
    assert plan.warnings == [
        "2 times an adult is in a group of a unit without a role at that unit, which opens nothing",
        "2 times a child is in a group of a unit without a role at that unit, which opens nothing",
    ]


# The safety stop


def crowd(size: int, of: int) -> Files:
    """A school of `of` children, of whom the first `size` are in the roster."""
    return small(
        users=plus(*(f"barn{n},,true,Rask,,Elv,," for n in range(of))),
        roles=plus(*(f"barn{n},student,skole,2026-08-17,," for n in range(size))),
    )


async def test_a_roster_that_would_end_more_than_its_share_stops(town: Town) -> None:
    await town.takes(crowd(100, 100))
    async with town.planned(crowd(80, 100), max_ended=0.1) as (connection, plan):
        assert plan.stop is not None
        assert "20 of 105 people" in plan.stop
        with pytest.raises(PlanNotApplicable):
            await apply_plan(connection, plan)
    assert len([row for row in await town.enrolments() if row[3] is None]) == 103


async def test_a_roster_that_may_end_more_goes_on(town: Town) -> None:
    await town.takes(crowd(100, 100))
    await town.takes(crowd(80, 100), max_ended=0.3)
    assert len([row for row in await town.enrolments() if row[3] is None]) == 83


async def test_a_roster_that_ends_less_than_its_share_goes_on(town: Town) -> None:
    await town.takes(crowd(100, 100))
    await town.takes(crowd(95, 100), max_ended=0.1)


async def test_an_export_without_its_enrollments_stops(town: Town) -> None:
    await town.takes(small())
    async with town.planned(small(enrollments=[]), max_ended=0.1) as (_, plan):
        assert plan.stop is not None


async def test_what_ends_on_its_known_day_does_not_count(town: Town) -> None:
    leaving = [f"barn{n},student,skole,2026-08-17,2026-12-24," for n in range(100)]
    await town.takes(crowd(100, 100) | {"roles": small(roles=plus(*leaving))["roles"]})
    async with town.planned(small(), dt.date(2026, 12, 24), max_ended=0.1) as (_, plan):
        assert plan.stop is None


# Who somebody is


def problem_of(conflicts: list[str], *, column: str) -> None:
    assert conflicts
    assert all("users.csv, line " in conflict and f", {column}:" in conflict for conflict in conflicts)
    assert not any(number in " ".join(conflicts) for number in (NORA, ODIN, TEACHER, LEADER))


async def test_a_roster_does_not_change_a_known_number(town: Town) -> None:
    await town.takes(small())
    problem_of(await town.refuses(small(users=but(NORA, "57877940111"))), column="identifier")
    assert await town.rows("select count(*) from person_identifier") == [(4,)]


async def test_a_conflict_is_not_told_as_an_end(town: Town) -> None:
    await town.takes(small())
    async with town.planned(small(users=but(NORA, "57877940111"))) as (_, plan):
        assert plan.conflicts
        assert not any(plan.counts.values())


async def test_a_roster_does_not_join_two_people_known_apart(town: Town) -> None:
    await town.takes(small())
    vacant = small(users=but(NORA, ""))["users"]
    problem_of(await town.refuses(small(users=but("Ny,,Vind,", f"Ny,,Vind,{NORA}")(vacant))), column="identifier")


async def test_a_new_sourced_id_does_not_take_the_person_of_a_known_one(town: Town) -> None:
    await town.takes(small())
    files = small(
        users=lambda lines: [*(line.replace(NORA, "") for line in lines), f"nora2,,true,Vakker,,Blomst,{NORA},"],
        roles=plus("nora2,student,skole,,,"),
    )
    problem_of(await town.refuses(files), column="identifier")


async def test_a_roster_does_not_move_a_feide_subject(town: Town) -> None:
    await town.takes(small())
    vacant = small(users=but("feide-odin", ""))["users"]
    moved = but(f"{NORA},", f"{NORA},feide-odin")(vacant)
    problem_of(await town.refuses(small(users=moved)), column="metadata.no.feideSub")


async def test_a_sourced_id_does_not_become_somebody_else(town: Town) -> None:
    await town.takes(small())
    other = small(users=but(f"Vakker,,Blomst,{NORA}", "Sint,,Hammer,"))
    problem_of(await town.refuses(other), column="sourcedId")


async def test_the_same_sourced_id_and_number_under_another_name_are_the_same_person(town: Town) -> None:
    await town.takes(small())
    await town.takes(small(users=but("Vakker,,Blomst", "Sint,,Hammer")))
    assert await town.rows("select name from person where source_id = 'nora'") == [("Sint Hammer",)]


async def test_a_number_comes_to_a_person_who_had_none(town: Town) -> None:
    await town.takes(small(users=but(NORA, "")))
    await town.takes(small())
    numbered = "select in_use from person_identifier join person p on p.id = person_id where source_id = 'nora'"
    assert await town.rows(numbered) == [(True,)]


async def test_a_person_with_a_new_sourced_id_stays_one_person(town: Town) -> None:
    await town.takes(small())
    await town.takes({name: [line.replace("lærer,", "ansatt-1,") for line in lines] for name, lines in SMALL.items()})
    assert await town.rows("select count(*) from person where name = 'Streng Traktor'") == [(1,)]
    assert ("ansatt-1", "skole", "TEACHER", dt.date(2020, 8, 1), None) in await town.positions()


async def test_a_unit_does_not_become_another_kind(town: Town) -> None:
    await town.takes(small())
    school = small(orgs=but("kommune,sfo,", "kommune,school,"), classes=without("rød"), enrollments=without("e7"))
    (conflict,) = await town.refuses(school)
    assert "orgs.csv, line 4, metadata.no.unitType" in conflict


# What cannot be understood


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"roles": plus("lærer,janitor,skole,,,")}, "roles.csv, line 12, role: is “janitor”"),
        ({"roles": plus("lærer,administrator,skole,,,")}, "roles.csv, line 12, role"),
        ({"enrollments": plus("e9,,3b,skole,lærer,boss,,,")}, "enrollments.csv, line 9, role"),
        ({"roles": plus("hvem,teacher,skole,,,")}, "roles.csv, line 12, userSourcedId"),
        ({"roles": plus("lærer,teacher,hvor,,,")}, "roles.csv, line 12, orgSourcedId"),
        ({"roles": plus("lærer,teacher,skole,17.08.2026,,")}, "roles.csv, line 12, beginDate"),
        ({"roles": plus("lærer,teacher,skole,2026-02-29,,")}, "roles.csv, line 12, beginDate"),
        ({"roles": plus("lærer,teacher,skole,,2026-13-01,")}, "roles.csv, line 12, endDate"),
        ({"roles": plus("lærer,teacher,skole,2026-08-17,2026-08-16,")}, "roles.csv, line 12, endDate"),
        ({"roles": plus("lærer,teacher,skole,,,deleted")}, "roles.csv, line 12, status"),
        ({"roles": plus("lærer,teacher,skole")}, "roles.csv, line 12: has 3 fields where the header has 6"),
        ({"roles": plus('lærer,"teacher,skole,,,')}, "roles.csv, line 12: is not CSV"),
        ({"roles": plus('lærer,"teacher"x,skole,,,')}, "roles.csv, line 12: is not CSV"),
        ({"users": but("nora,,true", "nora,,ja")}, "users.csv, line 2, enabledUser"),
        ({"users": but(NORA, "14831899778")}, "users.csv, line 2, identifier"),
        ({"users": but(NORA, ODIN)}, "users.csv, line 3, identifier: is that of line 2 too"),
        ({"users": but("feide-odin", "feide-lærer")}, "users.csv, line 4, metadata.no.feideSub"),
        ({"users": but("Vakker,,Blomst", ",,")}, "users.csv, line 2, familyName"),
        ({"users": plus("nora,,true,En,,Annen,,")}, "users.csv, line 8, sourcedId"),
        ({"users": but("nora,", ",")}, "users.csv, line 2, sourcedId"),
        ({"orgs": without("kommune")}, "orgs.csv"),
        ({"orgs": plus("k2,,Oslo,district,958935420,,,")}, "orgs.csv, line 6, type"),
        ({"orgs": but("842566142", "42")}, "orgs.csv, line 2, identifier"),
        ({"orgs": but(",kindergarten,", ",barnehage,")}, "orgs.csv, line 5, metadata.no.unitType"),
        ({"orgs": but("974589095,kommune", "974589095,fylke")}, "orgs.csv, line 3, parentSourcedId"),
        ({"orgs": but("Fjellsrud SFO,school", "Fjellsrud SFO,club")}, "orgs.csv, line 4, type"),
        ({"classes": but("3B,homeroom", "3B,klasse")}, "classes.csv, line 2, classType"),
        ({"classes": but("3B,homeroom,skole", "3B,homeroom,kommune")}, "classes.csv, line 2, schoolSourcedId"),
        ({"classes": but("skole,h26", "skole,h27")}, "classes.csv, line 2, termSourcedIds"),
        ({"enrollments": but("e1,,3b,skole", "e1,,3b,sfo")}, "enrollments.csv, line 2, schoolSourcedId"),
        ({"enrollments": but("e1,,3b", "e1,,4b")}, "enrollments.csv, line 2, classSourcedId"),
        ({"enrollments": but("teacher,true", "teacher,yes")}, "enrollments.csv, line 5, primary"),
        ({"enrollments": but("e2,", "e1,")}, "enrollments.csv, line 3, sourcedId"),
        ({"academicSessions": but("2026-08-17", "17/8")}, "academicSessions.csv, line 2, startDate"),
    ],
)
def test_a_row_that_cannot_be_understood_names_its_place(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    problems = refusal(written(tmp_path / "roster", small(**change)))
    assert any(told in problem for problem in problems), problems
    assert not any(number in " ".join(problems) for number in (NORA, ODIN, "14831899778"))


def test_a_row_over_several_lines_is_told_by_its_first(tmp_path: Path) -> None:
    files = small(users=lambda lines: ['ny,,true,"Ny\nog\nlang",,Vind,,', *lines], roles=plus("lærer,boss,skole,,,"))
    files["users"] = [*files["users"][:1], "x,,kanskje,En,,To,,", *files["users"][1:]]
    assert any("users.csv, line 5, enabledUser" in problem for problem in refusal(written(tmp_path / "roster", files)))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("users.csv", b"", "users.csv, line 1: has no header row"),
        ("users.csv", b"sourcedId,givenName\n", "users.csv, line 1, familyName: is missing"),
        ("users.csv", b"sourcedId,givenName,familyName,SourcedID\n", "users.csv, line 1, sourcedId: stands twice"),
        (
            "users.csv",
            "sourcedId,givenName,familyName\na,b,\u00f8\n".encode("latin-1"),
            "users.csv, line 2: is not UTF-8",
        ),
        ("users.csv", b"sourcedId,givenName,familyName\na,\0,c\n", "users.csv, line 2: holds a NUL"),
        ("manifest.csv", b"propertyName,value\noneroster.version,2.0\n", "manifest.csv, line 2, value"),
        ("manifest.csv", b"propertyName,value\nfile.users,delta\n", "delta mode is not read"),
        ("manifest.csv", b"propertyName,value\nfile.users,absent\n", "users.csv is said to be absent"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    folder = written(tmp_path / "roster", small())
    (folder / name).write_bytes(content)
    assert any(told in problem for problem in refusal(folder))


@pytest.mark.parametrize("missing", ["orgs", "users", "roles"])
def test_a_roster_without_a_file_it_needs_is_refused(tmp_path: Path, missing: str) -> None:
    folder = written(tmp_path / "roster", small())
    (folder / "manifest.csv").write_text("propertyName,value\noneroster.version,1.2\n")
    (folder / f"{missing}.csv").unlink()
    assert refusal(folder) == [f"{missing}.csv: is missing"]


def test_what_is_no_roster_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "roster.zip"
    broken.write_bytes(b"PK\x03\x04 and no more")
    for path in (broken, tmp_path / "nowhere"):
        assert len(refusal(path)) == 1


def test_an_error_never_tells_a_number(tmp_path: Path) -> None:
    problems = refusal(written(tmp_path / "roster", small(roles=plus(f"lærer,{NORA},skole,,,"))))
    assert problems == ["roles.csv, line 12, role: is “[number]”, which OneRoster 1.2 does not know"]
