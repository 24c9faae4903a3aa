"""Writes a made municipality as files in the real formats: a OneRoster folder, person documents, local facts.

The same municipality gives the same bytes: rows stand in the order in which they were made, times carry the offset of
their day in Oslo, and nothing of the machine or the moment gets in.
"""

# ruff: noqa: SIM905 - columns stand as in the header row
from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from uuid import UUID, uuid5

from demo.facts import Address, Municipality, Person, Responsibility
from demo.maker import instant

FEIDE = UUID("6f1f3c9e-54d3-5b0b-9d6a-7c1d7e2a9a10")
MUNICIPALITY_NUMBER = "3222"
ROSTER_FILES = (
    "academicSessions", "categories", "classes", "classResources", "courses", "courseResources", "demographics",
    "enrollments", "lineItemLearningObjectiveIds", "lineItems", "lineItemScoreScales", "orgs", "resources",
    "resultLearningObjectiveIds", "results", "resultScoreScales", "roles", "scoreScales", "userProfiles",
    "userResources", "users",
)  # fmt: skip
WRITTEN = {"academicSessions", "classes", "enrollments", "orgs", "roles", "users"}


def day(value: dt.date | None) -> str:
    return value.isoformat() if value else ""


def write_table(path: Path, columns: Sequence[str], rows: Iterable[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


def write_roster(m: Municipality, folder: Path) -> None:
    """OneRoster 1.2 CSV, bulk mode: every column of the standard, the ones that nobody fills in empty."""
    folder.mkdir(parents=True, exist_ok=True)
    write_table(folder / "manifest.csv", ("propertyName", "value"), manifest())
    write_table(folder / "academicSessions.csv", SESSION_COLUMNS, sessions(m))
    write_table(folder / "orgs.csv", ORG_COLUMNS, orgs(m))
    write_table(folder / "users.csv", USER_COLUMNS, users(m))
    write_table(folder / "roles.csv", ROLE_COLUMNS, roles(m))
    write_table(folder / "classes.csv", CLASS_COLUMNS, classes(m))
    write_table(folder / "enrollments.csv", ENROLLMENT_COLUMNS, enrollments(m))


def manifest() -> Iterator[dict[str, str]]:
    yield {"propertyName": "manifest.version", "value": "1.0"}
    yield {"propertyName": "oneroster.version", "value": "1.2"}
    for name in ROSTER_FILES:
        yield {"propertyName": f"file.{name}", "value": "bulk" if name in WRITTEN else "absent"}
    yield {"propertyName": "source.systemName", "value": "innsyn demo"}
    yield {"propertyName": "source.systemCode", "value": "innsyn-demo"}


SESSION_COLUMNS = (
    "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear".split(",")
)  # fmt: skip
ORG_COLUMNS = (
    "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId,metadata.no.unitType,metadata.no.phone"
).split(",")
USER_COLUMNS = (
    "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,"
    "sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,resourceSourcedIds,preferredGivenName,"
    "preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns,metadata.no.feideSub"
).split(",")
ROLE_COLUMNS = (
    "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId"
).split(",")
CLASS_COLUMNS = (
    "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,"
    "termSourcedIds,subjects,subjectCodes,periods"
).split(",")
ENROLLMENT_COLUMNS = (
    "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate"
).split(",")


def sessions(m: Municipality) -> Iterator[dict[str, str]]:
    for term in m.terms:
        yield {
            "sourcedId": term.source_id,
            "title": term.title,
            "type": "semester",
            "startDate": day(term.since),
            "endDate": day(term.until),
            "schoolYear": str(term.school_year),
        }


def orgs(m: Municipality) -> Iterator[dict[str, str]]:
    yield {"sourcedId": "kommunen", "name": m.name, "type": "district", "identifier": m.organisation}
    for unit in m.units:
        yield {
            "sourcedId": unit.source_id,
            "name": unit.name,
            "type": "school",
            "identifier": unit.organisation,
            "parentSourcedId": "kommunen",
            "metadata.no.unitType": unit.kind,
            "metadata.no.phone": unit.phone,
        }


def users(m: Municipality) -> Iterator[dict[str, str]]:
    for person in m.people:
        if person.source_id is not None:
            yield {
                "sourcedId": person.source_id,
                "enabledUser": "true",
                "username": person.source_id,
                "givenName": person.given,
                "middleName": person.middle or "",
                "familyName": person.family,
                "identifier": person.number or "",
                "metadata.no.feideSub": str(uuid5(FEIDE, person.source_id)),
            }


def roles(m: Municipality) -> Iterator[dict[str, str]]:
    for index, role in enumerate(m.roles, 1):
        yield {
            "sourcedId": f"rolle-{index:06}",
            "userSourcedId": role.person.source_id or "",
            "roleType": "primary" if role is role.person.roles[0] else "secondary",
            "role": role.role,
            "beginDate": day(role.since),
            "endDate": day(role.until),
            "orgSourcedId": role.unit.source_id if role.unit else "kommunen",
        }


def classes(m: Municipality) -> Iterator[dict[str, str]]:
    for group in m.groups:
        yield {
            "sourcedId": group.source_id,
            "title": group.title,
            "grades": ",".join(f"{grade:02}" for grade in group.grades),
            "classType": "homeroom" if group.homeroom else "scheduled",
            "schoolSourcedId": group.unit.source_id,
            "termSourcedIds": ",".join(group.terms),
        }


def enrollments(m: Municipality) -> Iterator[dict[str, str]]:
    for index, membership in enumerate(m.memberships, 1):
        yield {
            "sourcedId": f"gruppe-{index:06}",
            "classSourcedId": membership.group.source_id,
            "schoolSourcedId": membership.group.unit.source_id,
            "userSourcedId": membership.person.source_id or "",
            "role": membership.role,
            "primary": "true" if membership.primary else "false",
            "beginDate": day(membership.since),
            "endDate": day(membership.until),
        }


# -- Folkeregisteret ---------------------------------------------------------------------------------------------------


def write_persons(m: Municipality, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for person in m.people:
            if person.documented and person.number:
                file.write(json.dumps(document(person), ensure_ascii=False, separators=(",", ":")) + "\n")


def entry(
    since: dt.date | None, until: dt.date | None = None, *, current: bool = True, known: dt.date | None = None
) -> dict[str, object]:
    """What the register says with every element."""
    made: dict[str, object] = {"erGjeldende": current, "kilde": "KILDE_DSF"}
    if since is not None:
        made["ajourholdstidspunkt"] = instant(known or since, 9).isoformat()
        made["gyldighetstidspunkt"] = instant(since, 0).isoformat()
    if until is not None:
        made["opphoerstidspunkt"] = instant(until, 0).isoformat()
    return made


def document(person: Person) -> dict[str, object]:
    told: dict[str, object] = {
        "identifikasjonsnummer": list(identifiers(person)),
        "status": [entry(person.born) | {"status": "bosatt"}],
        "navn": [entry(person.born) | name(person)],
        "foedsel": [
            entry(person.born) | {"foedselsdato": person.born.isoformat(), "foedselsaar": str(person.born.year)}
        ],
    }
    if person.protection:
        told["adressebeskyttelse"] = [entry(since) | {"graderingsnivaa": level} for level, since in person.protection]
    if not any(level == "strengtFortrolig" for level, _ in person.protection):
        if person.address is not None:
            told["bostedsadresse"] = [entry(person.moved_on) | address(person.address, person.moved_on)]
        if person.second_address is not None:
            told["deltBosted"] = [entry(person.moved_on) | address(person.second_address, None)]
    told["familierelasjon"] = [
        entry(max(person.born, other.born))
        | {"relatertPerson": other.number, "relatertPersonsRolle": role, "minRolleForPerson": own}
        for other, role, own in person.family_relations
        if other.number
    ]
    told["foreldreansvar"] = [
        *(responsibility(held) for held in person.responsibilities),
        *(
            entry(since) | ({"ansvar": kind} if kind else {}) | {"ansvarssubjekt": child.number}
            for child, kind, since in person.responsible_for
            if child.number
        ),
    ]
    return {key: value for key, value in told.items() if value}


def identifiers(person: Person) -> Iterator[dict[str, object]]:
    if person.former_number is not None:
        changed = person.born + dt.timedelta(days=1200)
        yield entry(person.born, changed, current=False) | {
            "status": "opphoert",
            "foedselsEllerDNummer": person.former_number,
            "identifikatortype": "dNummer",
        }
    kind = "dNummer" if person.d_number else "foedselsnummer"
    yield entry(person.born) | {
        "status": "iBruk",
        "foedselsEllerDNummer": person.number,
        "identifikatortype": kind,
    }


def name(person: Person) -> dict[str, object]:
    middle = {"mellomnavn": person.middle} if person.middle else {}
    return {"fornavn": person.given, **middle, "etternavn": person.family}


def address(told: Address, moved_on: dt.date | None) -> dict[str, object]:
    number = {"husnummer": str(told.house)} | ({"husbokstav": told.letter} if told.letter else {})
    made: dict[str, object] = {
        "vegadresse": {
            "kommunenummer": MUNICIPALITY_NUMBER,
            "bruksenhetsnummer": told.dwelling,
            "bruksenhetstype": "bolig",
            "adressenavn": told.street,
            "adressenummer": number,
            "poststed": {"poststedsnavn": "LØRENSKOG", "postnummer": told.postal_code},
        },
        "adressegradering": told.grading,
    }
    return made | ({"flyttedato": moved_on.isoformat()} if moved_on else {})


def responsibility(held: Responsibility) -> dict[str, object]:
    told = entry(held.since, held.until, current=held.current, known=held.known)
    if held.kind is not None:
        told["ansvar"] = held.kind
    if held.holder is not None:
        told["ansvarlig"] = held.holder.number
    elif held.organisation is not None:
        told["ansvarligOrganisasjon"] = held.organisation
    elif held.holder_name is not None:
        given, family = held.holder_name
        told["ansvarligUtenIdentifikator"] = {"navn": {"fornavn": given, "etternavn": family}} | (
            {"foedselsdato": held.holder_born.isoformat()} if held.holder_born else {}
        )
    return told


# -- local facts -------------------------------------------------------------------------------------------------------


def write_local_facts(m: Municipality, path: Path) -> None:
    """In the order in which things happened, so a thread stands before its messages."""
    facts = sorted(m.local_facts, key=lambda fact: dt.datetime.fromisoformat(str(fact["at"])))
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for fact in facts:
            file.write(json.dumps(fact, ensure_ascii=False, separators=(",", ":")) + "\n")


# -- contact register and personas -------------------------------------------------------------------------------------


def contacts(m: Municipality) -> dict[str, dict[str, object]]:
    """What the contact register of the demo knows: adults with a number, some reserved, some never registered."""
    grown = m.today.replace(year=m.today.year - 18, day=min(m.today.day, 28))
    known: dict[str, dict[str, object]] = {}
    for index, person in enumerate(m.people):
        if person.number is None or not person.documented or person.born > grown:
            continue
        if index % 41 == 40:
            known[person.number] = {
                "email": None, "mobile": None, "reserved": False, "status": "IKKE_REGISTRERT",
            }  # fmt: skip
            continue
        local = f"{person.given}.{person.family}.{index}".lower()
        for letter, plain in (("æ", "ae"), ("ø", "o"), ("å", "a"), ("é", "e")):
            local = local.replace(letter, plain)
        known[person.number] = {
            "email": f"{local}@example.no",
            "mobile": f"+47009{index:05}",
            "reserved": index % 29 == 28,
            "status": "AKTIV",
        }
    return known
