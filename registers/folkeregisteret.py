"""A person document of Folkeregisteret, read as the register writes it: keys, kinds and traps, and nothing of ours.

Unknown keys are passed over, and a value that the register has come to use since is taken on the safe side: a grading
that is not known protects, a kind of responsibility that is not known opens nothing.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from registers.names import Name
from registers.ndjson import Item, read_items
from registers.plan import Problems

FORTROLIG, STRENGT_FORTROLIG = "FORTROLIG", "STRENGT_FORTROLIG"


class Address(TypedDict):
    """What is encrypted of an address."""

    lines: list[str]
    postalCode: str | None
    city: str | None


@dataclass(frozen=True, slots=True)
class Grading:
    """An entry of adressebeskyttelse, or the grading of an address that is not where the person is registered."""

    level: str
    since: dt.date | None
    until: dt.date | None
    current: bool


@dataclass(frozen=True, slots=True)
class Home:
    """An entry of bostedsadresse."""

    dwelling: str | None
    """The same text for everybody who lives there; null where the register tells no place."""
    address: Address | None
    level: str | None
    since: dt.date | None
    until: dt.date | None
    current: bool


@dataclass(frozen=True, slots=True)
class Responsibility:
    """An entry of foreldreansvar. One with a `subject` is an adult's: the document's person has it for the subject."""

    subject: str | None
    holder: str | None
    holder_name: str | None
    holder_organisation: str | None
    kind: str | None
    since: dt.date | None
    until: dt.date | None
    current: bool


@dataclass(frozen=True, slots=True)
class Relation:
    """An entry of familierelasjon with a person who has a number."""

    related: str
    related_role: str | None
    own_role: str | None


@dataclass(frozen=True, slots=True)
class PersonDocument:
    file: str
    line: int
    numbers: dict[str, bool]
    """Number to whether it is in use."""
    name: Name | None
    born: dt.date | None
    gradings: tuple[Grading, ...]
    homes: tuple[Home, ...]
    responsibilities: tuple[Responsibility, ...]
    relations: tuple[Relation, ...]


def read_persons(path: Path) -> list[PersonDocument]:
    """The documents of a file, one a line; raises `InputRefused` with everything that is wrong."""
    problems = Problems()
    documents = []
    lines: dict[str, int] = {}
    for item in read_items(path, problems):
        document = read_document(item)
        for number in document.numbers:
            if lines.setdefault(number, item.line) != item.line:
                item.wrong("identifikasjonsnummer", f"has a number of line {lines[number]} too; a person is one line")
        documents.append(document)
    problems.refuse_if_any()
    return documents


def read_document(item: Item) -> PersonDocument:
    numbers = _numbers(item)
    return PersonDocument(
        file=item.file,
        line=item.line,
        numbers=numbers,
        name=_name(item),
        born=_born(item),
        gradings=tuple(_gradings(item)),
        homes=tuple(map(_home, item.objects("bostedsadresse"))),
        responsibilities=tuple(_responsibilities(item, numbers)),
        relations=tuple(_relations(item, numbers)),
    )


def _not_ended(entries: Iterable[Item]) -> list[Item]:
    """Entries that are current: those that say so, or else those that do not say."""
    flagged = [(entry.flag("erGjeldende"), entry) for entry in entries]
    return [entry for flag, entry in flagged if flag] or [entry for flag, entry in flagged if flag is None]


def _numbers(item: Item) -> dict[str, bool]:
    numbers: dict[str, bool] = {}
    entries = item.objects("identifikasjonsnummer")
    if not entries:
        item.wrong("identifikasjonsnummer", "must not be missing or empty")
    for entry in entries:
        entry.required("foedselsEllerDNummer")
        number = entry.number("foedselsEllerDNummer")
        current, status = entry.flag("erGjeldende"), entry.text("status")
        in_use = status == "iBruk" if status else current is not False
        if number:
            numbers[number] = numbers.get(number, False) or (in_use and current is not False)
    # A person has one number at a time; a register that says two means the one that is no D-number.
    in_use_now = sorted((number for number, used in numbers.items() if used), key=lambda number: number[0] in "4567")
    return {number: number in in_use_now[:1] for number in numbers}


def _name(item: Item) -> Name | None:
    names = [
        (entry, Name(entry.text("fornavn"), entry.text("mellomnavn"), entry.text("etternavn")))
        for entry in item.objects("navn")
    ]
    current = _not_ended(entry for entry, _ in names)
    return next((name for entry, name in names if entry in current and name.told), None)


def _born(item: Item) -> dt.date | None:
    """The birth date; a year alone is none, and opens nothing."""
    born = [(entry, entry.oslo_day("foedselsdato")) for entry in item.objects("foedsel")]
    current = _not_ended(entry for entry, _ in born)
    return next((day for entry, day in born if entry in current and day), None)


def _level(written: str | None) -> str | None:
    """A grading as a level; one that is not known protects, and a kind of strictly protected is that."""
    word = re.sub(r"[^a-z]", "", (written or "").casefold())
    if word == "ugradert":
        return None
    return STRENGT_FORTROLIG if word.startswith("strengt") else FORTROLIG


def _gradings(item: Item) -> Iterable[Grading]:
    entries = [(entry, entry.text("graderingsnivaa")) for entry in item.objects("adressebeskyttelse")]
    # Whatever kind of address is graded protects; where the person is registered (bostedsadresse) is kept with it.
    for key in sorted(item.value.keys() - {"adressebeskyttelse", "bostedsadresse"}):
        value = item.value[key]
        listed = value if isinstance(value, list) else [value]
        for place, address in enumerate(listed):
            if isinstance(address, dict) and address.get("adressegradering") is not None:
                path = f"{key}[{place}]" if listed is value else key
                entry = Item(address, item.file, item.line, item.place(path), item.problems)
                if written := entry.text("adressegradering"):
                    entries.append((entry, written))
    return filter(None, (_grading(entry, written) for entry, written in entries))


def _grading(entry: Item, written: str | None) -> Grading | None:
    level = _level(written)
    current = entry.flag("erGjeldende") is not False
    since, until = entry.oslo_day("gyldighetstidspunkt"), entry.oslo_day("opphoerstidspunkt")
    return (level and Grading(level, since, until, current)) or None


def _plain(text: str | None) -> str:
    return " ".join(unicodedata.normalize("NFC", text or "").casefold().split())


def _unpadded(text: str | None) -> str:
    return _plain(text).lstrip("0")


def _home(entry: Item) -> Home:
    written = entry.text("adressegradering")
    places = [key for key in ("vegadresse", "matrikkeladresse", "ukjentBosted") if entry.value.get(key) is not None]
    if len(places) > 1:
        entry.wrong(None, f"has both {places[0]} and {places[1]}")
    dwelling, address = None, None
    if street := entry.object("vegadresse"):
        dwelling, address = _street(street)
    elif cadastral := entry.object("matrikkeladresse"):
        dwelling, address = _cadastral(cadastral)
    else:
        entry.object("ukjentBosted")
    return Home(
        dwelling,
        address,
        _level(written) if written else None,
        entry.oslo_day("gyldighetstidspunkt") or entry.oslo_day("flyttedato"),
        entry.oslo_day("opphoerstidspunkt"),
        entry.flag("erGjeldende") is not False,
    )


def _address(place: Item, *lines: str | None) -> Address:
    town = place.object("poststed")
    careful = place.text("coAdressenavn")
    if careful and not careful.casefold().startswith("c/o"):
        careful = f"c/o {careful}"
    return {
        "lines": [line for line in (careful, *lines) if line],
        "postalCode": town.text("postnummer") if town else None,
        "city": town.text("poststedsnavn") if town else None,
    }


def _street(place: Item) -> tuple[str | None, Address]:
    number = place.object("adressenummer")
    house = number.text("husnummer") if number else None
    letter = number.text("husbokstav") if number else None
    extra = place.text("adressetilleggsnavn")
    name = place.text("adressenavn")
    town = place.object("poststed")
    # The municipality and the street's name tell the street; a postal code stands in where the municipality is missing.
    area = place.text("kommunenummer") or (town.text("postnummer") if town else None)
    parts = (
        "veg",
        _plain(area),
        _plain(name or extra),
        _unpadded(house),
        _plain(letter),
        _plain(place.text("bruksenhetsnummer")),
    )
    written = " ".join(filter(None, (name, f"{house or ''}{letter or ''}")))
    return "\n".join(parts) if name or extra else None, _address(place, extra, written)


def _cadastral(place: Item) -> tuple[str | None, Address]:
    numbers = place.object("matrikkelnummer")
    keys = ("gaardsnummer", "bruksnummer", "festenummer")
    told = {key: _integer(numbers, key) if numbers else None for key in keys}
    area = numbers.text("kommunenummer") if numbers else None
    parts = (
        "matrikkel",
        _plain(area),
        *(str(told[key] or 0) for key in keys),
        str(_integer(place, "undernummer") or 0),
        _plain(place.text("bruksenhetsnummer")),
    )
    words = {"gaardsnummer": "gnr.", "bruksnummer": "bnr.", "festenummer": "fnr."}
    written = ", ".join(f"{words[key]} {told[key]}" for key in keys if told[key])
    dwelling = "\n".join(parts) if told["gaardsnummer"] else None
    return dwelling, _address(place, place.text("adressetilleggsnavn"), written)


def _integer(item: Item, key: str) -> int | None:
    value = item.value.get(key)
    if value is None:
        return None
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    item.wrong(key, "must be a whole number")
    return None


def _responsibilities(item: Item, own: dict[str, bool]) -> Iterable[Responsibility]:
    for entry in item.objects("foreldreansvar"):
        subject = entry.number("ansvarssubjekt")
        holder = entry.number("ansvarlig")
        organisation = entry.text("ansvarligOrganisasjon")
        holder_name = _holder_name(entry)
        nameless_subject = entry.object("ansvarssubjektUtenIdentifikator")
        read: dict[str, Any] = {
            "kind": entry.text("ansvar"),
            "since": entry.oslo_day("gyldighetstidspunkt"),
            "until": entry.oslo_day("opphoerstidspunkt"),
        }
        current = entry.flag("erGjeldende") is True
        if subject and subject not in own:
            yield Responsibility(subject, None, None, None, current=current, **read)
        elif nameless_subject is None:
            # Nobody is responsible for themself: such an entry is unclear, and opens nothing.
            holder = None if holder in own else holder
            yield Responsibility(None, holder, holder_name, organisation, current=current, **read)


def _holder_name(entry: Item) -> str | None:
    if (nameless := entry.object("ansvarligUtenIdentifikator")) is None:
        return None
    name = nameless.object("navn")
    parts = (name.text("fornavn"), name.text("mellomnavn"), name.text("etternavn")) if name else ()
    return " ".join(filter(None, parts)) or None


def _relations(item: Item, own: dict[str, bool]) -> Iterable[Relation]:
    for entry in item.objects("familierelasjon"):
        related = entry.number("relatertPerson")
        entry.object("relatertPersonUtenFolkeregisteridentifikator")
        roles = entry.text("relatertPersonsRolle"), entry.text("minRolleForPerson")
        if related and related not in own:
            yield Relation(related, *roles)
