"""A small municipality as files, and the database that it is imported into: what the tests of the importers share."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from registers.local import plan_local, read_local
from registers.persons import plan_persons, read_persons
from registers.plan import Plan, PlanNotApplicable, apply_plan
from registers.roster import plan_roster, read_roster
from server.database import Database
from vault import Vault

TODAY = dt.date(2026, 11, 23)
NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
ORGANISATION = "842566142"
NORA, ODIN, TEACHER, LEADER = "14831899779", "02911995525", "21858649835", "09818445196"
"""Numbers of nobody: the month has 80 added."""

COLUMNS = {
    "orgs": "sourcedId,status,name,type,identifier,parentSourcedId,metadata.no.unitType,metadata.no.phone",
    "users": "sourcedId,status,enabledUser,givenName,middleName,familyName,identifier,metadata.no.feideSub",
    "roles": "userSourcedId,role,orgSourcedId,beginDate,endDate,status",
    "classes": "sourcedId,status,title,classType,schoolSourcedId,termSourcedIds",
    "enrollments": "sourcedId,status,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate",
    "academicSessions": "sourcedId,title,type,startDate,endDate,schoolYear",
}
SMALL = {
    "orgs": [
        "kommune,,Lørenskog,district,842566142,,,",
        "skole,,Fjellsrud skole,school,974589095,kommune,school,67 20 00 00",
        "sfo,,Fjellsrud SFO,school,,kommune,sfo,",
        "barnehage,,Solvang barnehage,school,,kommune,kindergarten,",
    ],
    "users": [
        f"nora,,true,Vakker,,Blomst,{NORA},",
        f"odin,,true,Snill,Rask,Maskin,{ODIN},feide-odin",
        f"lærer,,true,Streng,,Traktor,{TEACHER},feide-lærer",
        f"leder,,true,Klok,,Fjord,{LEADER},",
        "vikar,,true,Ny,,Vind,,",
        "mor,,true,Mild,,Blomst,21858649836,",
    ],
    "roles": [
        "nora,student,skole,2024-08-19,,",
        "nora,student,sfo,2024-08-19,,",
        "odin,student,barnehage,,,",
        "lærer,teacher,skole,2020-08-01,,",
        "vikar,aide,skole,,,",
        "vikar,teacher,sfo,,,",
        "leder,principal,skole,,,",
        "leder,districtAdministrator,kommune,,,",
        "lærer,counselor,skole,,,",
        "mor,parent,skole,,,",
    ],
    "classes": [
        "3b,,3B,homeroom,skole,h26",
        "norsk,,Norsk 3B,scheduled,skole,h26",
        "rød,,Rød base,homeroom,sfo,",
        "blå,,Blå avdeling,homeroom,barnehage,",
    ],
    "enrollments": [
        "e1,,3b,skole,nora,student,,,",
        "e2,,norsk,skole,nora,student,,,",
        "e3,,blå,barnehage,odin,student,,,",
        "e4,,3b,skole,lærer,teacher,true,,",
        "e5,,norsk,skole,lærer,teacher,true,,",
        "e6,,3b,skole,vikar,aide,,2026-09-01,2027-03-01",
        "e7,,rød,sfo,vikar,teacher,true,,",
    ],
    "academicSessions": ["h26,2026/27,schoolYear,2026-08-17,2027-06-19,2027"],
}

Files = dict[str, list[str]]


def small(**changed: Any) -> Files:
    """The small municipality, with files replaced, or lines exchanged by a function."""
    files = {name: list(lines) for name, lines in SMALL.items()}
    for name, change in changed.items():
        files[name] = change(files[name]) if callable(change) else change
    return files


def without(*beginnings: str) -> Callable[[list[str]], list[str]]:
    return lambda lines: [line for line in lines if not line.startswith(beginnings)]


def but(old: str, new: str) -> Callable[[list[str]], list[str]]:
    def change(lines: list[str]) -> list[str]:
        assert any(old in line for line in lines)
        return [line.replace(old, new) for line in lines]

    return change


def plus(*more: str) -> Callable[[list[str]], list[str]]:
    return lambda lines: [*lines, *more]


def written(folder: Path, files: Files, columns: dict[str, str] | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, lines in files.items():
        header = (columns or {}).get(name, COLUMNS[name])
        (folder / f"{name}.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return folder


class Town:
    """A database and the files that are imported into it."""

    def __init__(self, database: Database, vault: Vault, folder: Path) -> None:
        self.database = database
        self.vault = vault
        self.folder = folder / "roster"
        self.file = folder / "lines.ndjson"

    @asynccontextmanager
    async def planned(self, files: Files, today: dt.date = TODAY, max_ended: float = 1) -> AsyncIterator[Any]:
        engine = self.database.admin_engine()
        try:
            async with engine.begin() as connection:
                roster = read_roster(written(self.folder, files))
                yield connection, await plan_roster(connection, self.vault, roster, today, max_ended)
        finally:
            await engine.dispose()

    async def takes(self, files: Files, today: dt.date = TODAY, max_ended: float = 1) -> Plan:
        async with self.planned(files, today, max_ended) as (connection, plan):
            await apply_plan(connection, plan)
        return plan

    async def refuses(self, files: Files, today: dt.date = TODAY) -> list[str]:
        """The conflicts that hold a roster back."""
        async with self.planned(files, today) as (connection, plan):
            with pytest.raises(PlanNotApplicable):
                await apply_plan(connection, plan)
        return [str(conflict) for conflict in plan.conflicts]

    def lines(self, *lines: Any) -> Path:
        self.file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
        return self.file

    @asynccontextmanager
    async def documents_planned(
        self, *documents: Any, today: dt.date = TODAY, max_ended: float = 1
    ) -> AsyncIterator[Any]:
        engine = self.database.admin_engine()
        try:
            ((municipality,),) = await self.rows("select id from municipality")
            async with engine.begin() as connection:
                read = read_persons(self.lines(*documents))
                yield connection, await plan_persons(connection, self.vault, municipality, read, today, max_ended)
        finally:
            await engine.dispose()

    async def hears(self, *documents: Any, today: dt.date = TODAY) -> Plan:
        """Takes in documents of Folkeregisteret."""
        async with self.documents_planned(*documents, today=today) as (connection, plan):
            await apply_plan(connection, plan)
        return plan

    async def doubts(self, *documents: Any, today: dt.date = TODAY) -> list[str]:
        """The conflicts that hold documents back."""
        async with self.documents_planned(*documents, today=today) as (connection, plan):
            with pytest.raises(PlanNotApplicable):
                await apply_plan(connection, plan)
        return [str(conflict) for conflict in plan.conflicts]

    @asynccontextmanager
    async def facts_planned(self, *facts: Any, now: dt.datetime = NOW) -> AsyncIterator[Any]:
        engine = self.database.admin_engine()
        try:
            ((municipality,),) = await self.rows("select id from municipality")
            async with engine.begin() as connection:
                read = read_local(self.lines(*facts))
                yield connection, await plan_local(connection, self.vault, municipality, read, now)
        finally:
            await engine.dispose()

    async def notes(self, *facts: Any, now: dt.datetime = NOW) -> Plan:
        """Takes in local facts."""
        async with self.facts_planned(*facts, now=now) as (connection, plan):
            await apply_plan(connection, plan)
        return plan

    async def rows(self, question: str) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(**self.database.admin_connect)
        try:
            return [tuple(row) for row in await connection.fetch(question)]
        finally:
            await connection.close()

    async def positions(self) -> list[tuple[Any, ...]]:
        return await self.rows(
            "select p.source_id, u.source_id, o.role, o.since, o.until from position o"
            " join person p on p.id = o.person_id join unit u on u.id = o.unit_id order by 1, 2, o.role, 4"
        )

    async def enrolments(self) -> list[tuple[Any, ...]]:
        return await self.rows(
            "select p.source_id, u.source_id, e.since, e.until from enrolment e join person p on p.id = e.child_id"
            " join unit u on u.id = e.unit_id order by 1, 2, 3"
        )

    async def memberships(self) -> list[tuple[Any, ...]]:
        return await self.rows(
            "select p.source_id, g.source_id, m.role, m.since, m.until from group_membership m"
            " join person p on p.id = m.person_id join unit_group g on g.id = m.group_id order by 2, 1, 3, 4"
        )
