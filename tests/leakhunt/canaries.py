"""Makes every value of a world a canary: one that is nobody else's, so that where it sings says whose it is.

A text holds a token (`qz` and eight letters), a number, a telephone, a birth date and an instant are each given out
once for all worlds of a hunt. What is left are values that many people share, and that therefore say nothing alone:
enums and booleans, the days of periods and absences, counts, postal codes, the municipality's own name.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from random import Random

from tests.oracle.facts import Facts
from tests.worlds.numbers import synthetic_number
from tests.worlds.records import Opening, Told
from tests.worlds.world import AUTUMN, DAY, LONG_AGO, Residence, World, oslo

TOKEN = re.compile(r"qz[a-z]{8}")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
KINDS = ("ASSESSMENT", "INDIVIDUAL_PLAN", "ANNUAL_REPORT", "LETTER", "NOTE", "HEALTH")


class Mint:
    """Gives out each canary once."""

    def __init__(self, seed: int) -> None:
        self.random = Random(f"mint {seed}")
        self.given: set[object] = set()
        self.count = 0

    def new(self, made: object) -> bool:
        before = len(self.given)
        self.given.add(made)
        return len(self.given) > before

    def token(self) -> str:
        while not self.new(made := "qz" + "".join(self.random.choices(LETTERS, k=8))):
            pass
        return made

    def day(self, wanted: dt.date) -> dt.date:
        """The first day from the wanted one on that is nobody's birthday yet."""
        while not self.new(wanted):
            wanted += DAY
        return wanted

    def number(self, born: dt.date) -> str:
        serial = 0
        while not self.new(made := synthetic_number(born, serial)):
            serial += 1
        return made

    def instant(self, wanted: dt.datetime) -> dt.datetime:
        """A microsecond of its own, less than a millisecond after the wanted instant."""
        self.count = self.count % 990 + 1
        made = wanted + dt.timedelta(microseconds=self.count)
        while not self.new(made):
            made += dt.timedelta(microseconds=1)
        return made

    def phone(self) -> str:
        while not self.new(made := f"+47{self.random.randrange(40_000_000, 99_999_999)}"):
            pass
        return made


def mark(world: World, mint: Mint) -> World:
    """Puts canaries in the place of the world's values; who stands how to whom stays as it is."""
    mint.given |= {LONG_AGO, AUTUMN, *Facts(world).change_days()}  # days of periods, which are told by other fields
    mark_people(world, mint)
    mark_places(world, mint)
    for thread in world.threads.values():
        thread.subject = f"Emne {mint.token()}"
        thread.at = mint.instant(thread.at)
    for message in world.messages.values():
        message.body = f"Hei {mint.token()}"
        message.at = mint.instant(message.at)
    for read in world.reads:
        read.at = mint.instant(read.at)
    for block in world.blocks:
        block.reason = f"Vedtak {mint.token()}"
    for case in world.need_cases:
        case.reason = f"Klage {mint.token()}"
        case.at = mint.instant(case.at)
        case.until = min(mint.instant(case.until), case.at + dt.timedelta(hours=24))
    for away in world.absences.values():
        away.at = mint.instant(away.at)
        away.note = f"Avtale {mint.token()}" if mint.random.random() < 0.7 else None
    for consent in world.photo_consents:
        consent.at = mint.instant(consent.at)
        consent.withdrawn = consent.withdrawn and mint.instant(consent.withdrawn)
    return world


def mark_people(world: World, mint: Mint) -> None:
    for handle, person in world.people.items():
        family = person.family
        person.family = f"{family} {mint.token()}"
        if mint.random.random() < 0.3:
            person.roster_name = (person.given, f"{family} {mint.token()}")
        if person.born:
            person.born = mint.day(person.born)
        if person.number:
            born = person.born or mint.day(dt.date(1980, 1, 1))
            person.number = mint.number(born)
            if mint.random.random() < 0.2:
                person.ended_numbers = (mint.number(born),)
        person.subject = f"feide-{mint.token()}"
        for reading in world.readings:
            if handle in reading.documents:
                reading.documents[handle].born = person.born
    for contact in world.contacts.values():
        contact.phone, contact.email = mint.phone(), f"{mint.token()}@example.no"


def mark_places(world: World, mint: Mint) -> None:
    for unit in world.units.values():
        unit.name = f"{unit.name} {mint.token()}"
        unit.phone = mint.phone()
    for group in world.groups.values():
        group.name = f"{group.name} {mint.token()}"
    homes: dict[str, str] = {}

    def marked(home: Residence) -> None:
        if home.address and not homes.get(home.address):
            street, place = home.address.split(", ")
            name, number = street.rsplit(" ", 1)
            homes[home.address] = f"{name} {mint.token()} {number}, {place} {mint.token()}"
        home.address = home.address and homes[home.address]

    for reading in world.readings:
        for document in reading.documents.values():
            for residence in document.residences:
                if not residence.address or not TOKEN.search(residence.address):
                    marked(residence)
            for told in document.responsibilities:
                if told.unidentified and not TOKEN.search(told.unidentified):
                    told.unidentified = f"Fremmed {mint.token()}"


def make_records(world: World, mint: Mint) -> list[Told]:
    """Records of every kind about the world's children, by people who work where they go."""
    random, made = mint.random, []
    for child, person in world.people.items():
        visited = sorted({went.unit for went in world.enrolments if went.child == child})
        for unit in visited if person.number else ():
            working = sorted({held.person for held in world.positions if held.unit == unit})
            for kind in random.sample(KINDS, random.randint(0, 4)) if working else ():
                at = mint.instant(oslo(world.today - random.randint(1, 30) * DAY, "13:00"))
                leaders = sorted({held.person for held in world.positions if held.unit == unit})
                openings = ()
                if random.random() < 0.3:
                    opened = mint.instant(oslo(world.today, random.choice(("09:00", "11:30"))))
                    openings = (
                        Opening(
                            random.choice(leaders), opened, opened + dt.timedelta(hours=1), f"Innsyn {mint.token()}"
                        ),
                    )
                made.append(
                    Told(
                        mint.token(), child, unit, kind, random.choice(working), at,
                        readers=tuple(random.sample(working, min(len(working), random.randint(0, 2)))),
                        held=random.random() < 0.2,
                        openings=openings,
                        texts=tuple(f"Tekst {mint.token()}" for _ in range(random.randint(1, 2))),
                    )
                )  # fmt: skip
    return made


def tokens_of(*texts: str | None) -> Iterable[str]:
    for text in texts:
        if text:
            yield from TOKEN.findall(text.lower())
