"""Writes a world as the three kinds of files that a municipality brings: roster, persons and local facts."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path

from tests.worlds.world import OSLO, Document, Enrolment, Group, Person, Residence, Responsibility, World

UNIT_TYPES = {"SCHOOL": "school", "SFO": "sfo", "KINDERGARTEN": "kindergarten"}
MEMBER_ROLES = {
    "STUDENT": ("student", "false"),
    "CONTACT_TEACHER": ("teacher", "true"),
    "SUBJECT_TEACHER": ("teacher", "false"),
    "ASSISTANT": ("aide", "false"),
}


def roster_days(world: World) -> list[dt.date]:
    """The days on which the world's roster is read: the first, and those on which something is gone from it."""
    told = (*world.enrolments, *world.groups.values())
    return [world.readings[0].day, *sorted({one.gone for one in told if one.gone})]


def write_roster(world: World, folder: Path, day: dt.date | None = None) -> Path:
    """OneRoster 1.2 in a folder, as it is on the day. Sourced ids are the handles, with the kind before them."""
    folder.mkdir(parents=True, exist_ok=True)

    def there(told: Enrolment | Group) -> bool:
        return told.gone is None or (day or world.readings[0].day) < told.gone

    groups = {handle: group for handle, group in world.groups.items() if there(group)}
    terms = {
        f"term-{group.handle}-{index}": end for group in groups.values() for index, end in enumerate(group.term_ends)
    }
    _table(folder / "manifest.csv", ["propertyName", "value"], [["oneroster.version", "1.2"], ["file.users", "bulk"]])
    _table(
        folder / "orgs.csv",
        ["sourcedId", "status", "name", "type", "identifier", "parentSourcedId", "metadata.no.unitType",
         "metadata.no.phone"],
        [
            ["district", "active", world.name, "district", world.organisation_number, "", "", ""],
            *(
                [f"unit-{unit.handle}", "active", unit.name, "school", f"9110000{index:02}", "district",
                 UNIT_TYPES[unit.kind], unit.phone or ""]
                for index, unit in enumerate(world.units.values())
            ),
        ],
    )  # fmt: skip
    _table(
        folder / "users.csv",
        ["sourcedId", "status", "enabledUser", "givenName", "middleName", "familyName", "identifier",
         "metadata.no.feideSub"],
        [
            [f"user-{person.handle}", "active", "true", *_roster_name(person), person.number or "",
             person.subject or ""]
            for person in world.people.values()
            if in_roster(world, person.handle)
        ],
    )  # fmt: skip
    _table(
        folder / "roles.csv",
        ["userSourcedId", "role", "orgSourcedId", "beginDate", "endDate", "status"],
        [
            *(
                [f"user-{held.person}", _position_role(held.role), f"unit-{held.unit}",
                 held.since, held.until or "", "active"]
                for held in world.positions
            ),
            *(
                [f"user-{held.person}", "districtAdministrator", "district", held.since, held.until or "", "active"]
                for held in world.administrators
            ),
            *(
                [f"user-{went.child}", "student", f"unit-{went.unit}", went.since, went.until or "", "active"]
                for went in world.enrolments
                if there(went)
            ),
        ],
    )  # fmt: skip
    _table(
        folder / "classes.csv",
        ["sourcedId", "status", "title", "classType", "schoolSourcedId", "termSourcedIds", "grades"],
        [
            [f"group-{group.handle}", "active", group.name,
             "scheduled" if group.kind == "TEACHING_GROUP" else "homeroom", f"unit-{group.unit}",
             ",".join(f"term-{group.handle}-{index}" for index, _ in enumerate(group.term_ends)), ""]
            for group in groups.values()
        ],
    )  # fmt: skip
    _table(
        folder / "enrollments.csv",
        ["sourcedId", "status", "classSourcedId", "schoolSourcedId", "userSourcedId", "role", "primary", "beginDate",
         "endDate"],
        [
            [f"enrollment-{index}", "active", f"group-{member.group}", f"unit-{world.groups[member.group].unit}",
             f"user-{member.person}", *MEMBER_ROLES[member.role], member.since, member.until or ""]
            for index, member in enumerate(world.memberships)
            if member.group in groups
        ],
    )  # fmt: skip
    _table(
        folder / "academicSessions.csv",
        ["sourcedId", "title", "type", "startDate", "endDate", "schoolYear"],
        [[term, term, "term", end - dt.timedelta(days=300), end, end.year] for term, end in terms.items()],
    )
    return folder


def _roster_name(person: Person) -> tuple[str, str, str]:
    if person.roster_name:
        return person.roster_name[0], "", person.roster_name[1]
    return person.given, person.middle, person.family


def in_roster(world: World, handle: str) -> bool:
    """Whether a person works or learns somewhere, so that the roster names them."""
    return (
        any(held.person == handle for held in world.positions)
        or any(held.person == handle for held in world.administrators)
        or any(went.child == handle for went in world.enrolments)
        or any(member.person == handle for member in world.memberships)
    )


def _position_role(role: str) -> str:
    return {"LEADER": "principal", "TEACHER": "teacher", "ASSISTANT": "aide", "STAFF": "teacher"}[role]


def _table(path: Path, header: list[str], rows: list[list[object]] | list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def write_persons(world: World, documents: dict[str, Document], path: Path) -> Path:
    """One person document a line, in the shape of Folkeregisteret."""
    lines = [_person_document(world, world.people[handle], document) for handle, document in documents.items()]
    path.write_text("".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines), encoding="utf-8")
    return path


def _instant(day: dt.date | None) -> str | None:
    """An instant on that Oslo day, told in UTC: near midnight the UTC day is another, which is the point."""
    if day is None:
        return None
    hour = dt.time(0, 30) if day.toordinal() % 2 else dt.time(23, 30)
    return dt.datetime.combine(day, hour, OSLO).astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _entry(
    *, current: bool | None = True, since: dt.date | None = None, until: dt.date | None = None, **told: object
) -> dict[str, object]:
    whole = {
        "erGjeldende": current,
        "gyldighetstidspunkt": _instant(since),
        "opphoerstidspunkt": _instant(until),
        **told,
    }
    return {key: value for key, value in whole.items() if value is not None}


def _person_document(world: World, person: Person, document: Document) -> dict[str, object]:
    whole: dict[str, object] = {
        "identifikasjonsnummer": [
            _entry(status="iBruk", foedselsEllerDNummer=person.number, identifikatortype="foedselsnummer"),
            *(
                _entry(
                    current=False, status="opphoert", foedselsEllerDNummer=number, identifikatortype="foedselsnummer"
                )
                for number in person.ended_numbers
            ),
        ],
        "status": [_entry(status="bosatt")],
        "navn": [_entry(fornavn=person.given, mellomnavn=person.middle or None, etternavn=person.family)],
        "bostedsadresse": [_residence(residence) for residence in document.residences],
        "adressebeskyttelse": [
            _entry(current=told.current, since=told.since, until=told.until, graderingsnivaa=told.level)
            for told in document.protections
        ],
        "familierelasjon": [
            _entry(
                relatertPerson=world.people[told.related].number,
                relatertPersonsRolle=told.their_role,
                minRolleForPerson=told.own_role,
            )
            for told in document.family
        ],
        "foreldreansvar": [
            *(_responsibility(world, told, "ansvarlig") for told in document.responsibilities),
            *(_responsibility(world, told, "ansvarssubjekt") for told in document.responsible_for),
        ],
    }
    if document.born:
        whole["foedsel"] = [_entry(foedselsdato=document.born.isoformat(), foedselsaar=str(document.born.year))]
    return {key: value for key, value in whole.items() if value}


def _residence(residence: Residence) -> dict[str, object]:
    if residence.address is None:
        graded = {"adressegradering": residence.grading} if residence.grading else {}
        return _entry(since=residence.since, ukjentBosted={"bostedskommune": "3222"}, **graded)
    street, place = residence.address.split(", ")
    name, number = street.rsplit(" ", 1)
    code, city = place.split(" ", 1)
    return _entry(
        since=residence.since,
        flyttedato=residence.since and residence.since.isoformat(),
        adressegradering=residence.grading or "ugradert",
        vegadresse={
            "kommunenummer": "3222",
            "adressenavn": name,
            "adressenummer": {"husnummer": number},
            "poststed": {"poststedsnavn": city, "postnummer": code},
        },
    )


def _responsibility(world: World, told: Responsibility, who: str) -> dict[str, object]:
    number = world.people[told.holder].number if told.holder else None
    unidentified = None
    if told.unidentified:
        given, family = told.unidentified.split(" ")
        unidentified = {"navn": {"fornavn": given, "etternavn": family}}
    return _entry(
        current=told.current,
        since=told.since,
        until=told.until,
        ansvar=told.kind,
        **{who: number, "ansvarligOrganisasjon": told.organisation, "ansvarligUtenIdentifikator": unidentified},
    )


def write_local(world: World, path: Path) -> Path:
    """One local fact a line, threads before their messages, messages before what was read of them."""
    noon = dt.datetime.combine(world.readings[0].day - dt.timedelta(days=1), dt.time(12), OSLO)

    def number(handle: str) -> str:
        told = world.people[handle].number
        assert told is not None, handle
        return told

    def line(kind: str, line_id: str, at: dt.datetime = noon, by: str = "import", **told: object) -> dict[str, object]:
        whole = {"id": line_id, "kind": kind, "at": at.isoformat(), "by": by, **told}
        return {key: value for key, value in whole.items() if value is not None}

    lines = [
        *(line("setting", f"setting-{name}", name=name, value=value) for name, value in world.settings.items()),
        *(
            line("block", told.id, child=number(told.child), person=number(told.person), since=told.since.isoformat(),
                 until=told.until and told.until.isoformat(), reason=told.reason)
            for told in world.blocks
        ),
        *(
            line("confirmation", told.id, child=number(told.child), person=number(told.person),
                 since=told.since.isoformat())
            for told in world.confirmations
        ),
        *(
            line("delegate", told.id, child=number(told.child), person=number(told.person), unit=f"unit-{told.unit}",
                 since=told.since.isoformat(), until=told.until and told.until.isoformat())
            for told in world.delegates
        ),
        *(
            line("consent", told.id, child=number(told.child), guardian=number(told.guardian),
                 delegate=number(told.delegate), unit=f"unit-{told.unit}", since=told.since.isoformat(),
                 until=told.until and told.until.isoformat())
            for told in world.consents
        ),
        *(
            line("thread", told.id, told.at, child=number(told.child), unit=f"unit-{told.unit}", subject=told.subject,
                 joint=told.joint or None, guardianSide=[number(one) for one in told.guardian_side],
                 staffSide=[number(one) for one in told.staff_side])
            for told in world.threads.values()
        ),
        *(
            line("message", told.id, told.at, thread=told.thread, author=number(told.author), body=told.body,
                 onBehalfOfUnit=told.on_behalf_of_unit or None, retracted=told.retracted or None)
            for told in sorted(world.messages.values(), key=lambda message: message.at)
        ),
        *(
            line("read", told.id, told.at, thread=told.thread, person=number(told.person), upTo=told.up_to)
            for told in world.reads
        ),
        *(
            line("needCase", told.id, told.at, number(told.by) if told.by else "import", child=number(told.child),
                 person=number(told.person), reason=told.reason, until=told.until.isoformat())
            for told in world.need_cases
        ),
    ]  # fmt: skip
    path.write_text("".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in lines), encoding="utf-8")
    return path
