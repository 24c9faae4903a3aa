"""Random worlds that reach every relation, and the edges of every period, from a seed.

What is drawn is kept within what a real municipality's files can say; names and times of threads and messages are
unlike each other, so that every order has one answer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from random import Random
from typing import TypeVar

from tests.worlds.random_everyday import make_everyday
from tests.worlds.world import DAY, Contact, Residence, Responsibility, World, oslo

T = TypeVar("T")

DAYS = (
    dt.date(2026, 10, 14),
    dt.date(2026, 10, 25),
    dt.date(2027, 3, 1),
    dt.date(2027, 3, 28),
    dt.date(2028, 2, 29),
    dt.date(2027, 1, 1),
)
HOMES = tuple(f"{street} {number}, 1470 Lørenskog" for street in ("Granveien", "Åsveien") for number in (1, 2, 3, 4))
LEVELS = ("fortrolig", "fortrolig", "strengtFortrolig", "noeNytt")


class Draw:
    """The dice."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def often(self, share: float) -> bool:
        return self.random.random() < share

    def one(self, things: Sequence[T]) -> T:
        return self.random.choice(things)

    def some(self, things: Sequence[T], most: int) -> list[T]:
        return self.random.sample(list(things), min(len(things), self.random.randint(0, most)))


class Maker:
    """Draws one world, part by part."""

    def __init__(self, seed: int, today: dt.date | None = None) -> None:
        self.draw = Draw(seed)
        drawn = self.draw.one(DAYS)
        self.today = today or drawn
        self.first_reading = self.today - 40 * DAY
        self.world = World(self.first_reading)
        self.world.today = self.today
        self.schools = ["school", "other_school"]
        self.units = [*self.schools, "sfo", "kindergarten"]
        self.children: list[str] = []
        self.adults: list[str] = []
        self.staff: list[str] = []
        self.family: dict[str, list[str]] = {}
        self.moment = 0

    def period(self, live: float = 0.7) -> tuple[dt.date, dt.date | None]:
        """A period that holds today as often as `live` says; otherwise one whose edge is near today, or far."""
        today, draw = self.today, self.draw
        begun = (today, today - DAY, today - 20 * DAY, today - 300 * DAY)
        if draw.often(live):
            return draw.one(begun), draw.one((None, None, None, today + DAY, today + 30 * DAY))
        return draw.one(
            (
                (today + DAY, None),
                (today - 300 * DAY, today),
                (today - 300 * DAY, today - DAY),
                (today - 20 * DAY, today - 5 * DAY),
                (today + DAY, today + 30 * DAY),
            )
        )

    def instant(self) -> dt.datetime:
        """An instant before noon today that no other event of the world has; often beside midnight in Oslo."""
        self.moment += 1
        day = self.today - self.draw.random.randint(0, 45) * DAY
        clock = self.draw.one(("00:00", "23:59", "12:00", "08:15", "02:30")) if day < self.today else "00:00"
        return oslo(day, clock, fold=self.draw.random.randint(0, 1)) + dt.timedelta(milliseconds=self.moment)

    def make(self) -> World:
        self.make_units()
        self.make_people()
        self.make_school_days()
        self.make_families()
        self.make_staff()
        self.make_local_facts()
        self.make_threads()
        self.read_again()
        make_everyday(self)
        return self.world

    def make_units(self) -> None:
        world, draw = self.world, self.draw
        world.unit("school", "SCHOOL", "Fjellet skole", "67900001")
        world.unit("other_school", "SCHOOL", "Åsen skole")
        world.unit("sfo", "SFO", "Ørneredet SFO", "67900002")
        world.unit("kindergarten", "KINDERGARTEN", "Bekken barnehage")
        for school in self.schools:
            for name in ("A", "B"):
                ends = (self.today + draw.one((0, 1, 200)) * DAY,) if draw.often(0.4) else ()
                world.group(f"{school}_{name}", school, "CLASS", ends, f"{name} {school}")
            world.group(f"{school}_maths", school, "TEACHING_GROUP", (), f"Matte {school}")
        world.group("foxes", "sfo", "DEPARTMENT", (), "Revene")
        world.group("bears", "kindergarten", "DEPARTMENT", (), "Ælgene")

    def make_people(self) -> None:
        world, draw, today = self.world, self.draw, self.today
        for index in range(draw.random.randint(6, 8)):
            age = draw.one((4, 7, 8, 9, 12, 14, 15, 16, 17, 18))
            born = dt.date(today.year - age, *draw.one(((2, 3), (6, 20), (today.month, min(today.day, 28)))))
            if draw.often(0.3):
                edge = today + draw.one((-1, 0, 1)) * DAY
                born = dt.date(edge.year - draw.one((15, 18)), edge.month, min(edge.day, 28))
            if draw.often(0.1):
                born = draw.one((dt.date(2008, 2, 29), dt.date(2012, 2, 29)))
            child = f"child{index}"
            numbered = draw.often(0.95)
            world.person(child, born, numbered=numbered, birth_known=draw.often(0.95))
            self.children.append(child)
            self.family[child] = []
        for index in range(draw.random.randint(7, 9)):
            known = index > 0 or draw.often(0.5)
            self.adults.append(world.person(f"adult{index}", dt.date(1980, 1 + index, 5), documented=known))
        for index in range(9):
            self.staff.append(world.person(f"staff{index}", dt.date(1975, 1 + index, 9), documented=draw.often(0.5)))
        for index in range(2):
            world.person(f"officer{index}", dt.date(1970, 4 + index, 1), documented=False)
            world.administrator(f"officer{index}", *self.period(0.85))

    def make_school_days(self) -> None:
        world, draw = self.world, self.draw
        for child in self.children:
            units = {draw.one(self.schools), draw.one(self.units)}
            for unit in sorted(units):
                world.enrol(child, unit, *self.period(0.75))
                if draw.often(0.15):
                    begun, over = self.today - 700 * DAY, self.today - 600 * DAY
                    world.enrol(child, unit, begun, over)
                for group in [group.handle for group in world.groups.values() if group.unit == unit]:
                    if draw.often(0.5):
                        world.member(child, group, "STUDENT", *self.period(0.85))

    def numbered(self, people: Sequence[str]) -> list[str]:
        return [person for person in people if self.world.people[person].number]

    def documented(self, people: Sequence[str]) -> list[str]:
        return [person for person in people if person in self.world.readings[0].documents]

    def make_families(self) -> None:
        world, draw = self.world, self.draw
        grown = [*self.adults, *self.staff[:3]]
        for child in self.documented(self.children):
            home = draw.one(HOMES)
            world.lives(child, draw.one((home, home, home, None)), self.today - 100 * DAY)
            for adult in draw.random.sample(grown, draw.random.randint(1, 3)):
                self.family[child].append(adult)
                how = draw.random.random()
                if how < 0.7:
                    world.responsible(adult, child, draw.one(("felles", "mor", "far", "andre")), *self.period(0.85))
                elif how < 0.85:
                    world.responsible(adult, child, draw.one(("ukjent", "nyttAnsvar", "felles")), *self.period(),
                                      current=draw.one((True, False)))  # fmt: skip
                elif adult in world.readings[0].documents:
                    world.document(adult).responsible_for.append(Responsibility(child, "mor", self.today - 90 * DAY))
                if draw.often(0.6):
                    world.family(child, adult, "mor", "barn")
                if adult in world.readings[0].documents and draw.often(0.7):
                    level = "klientadresse" if draw.often(0.02) else None
                    world.document(adult).residences = [
                        Residence(draw.one((home, home, draw.one(HOMES), None)), self.today - 100 * DAY, level)
                    ]
            if draw.often(0.1):
                world.responsible(None, child, "andre", organisation="974761076")
            if draw.often(0.1):
                world.responsible(None, child, "andre", unidentified="Fremmed Fugl")
        for person in self.documented([*self.children, *self.adults]):
            # Whether an adult's own document makes them one "with responsibility" for R3 is left open by the rules.
            if draw.often(0.05) and not world.document(person).responsible_for:
                since = draw.one((self.today - 20 * DAY, self.today - DAY, self.today, None))
                level = draw.one(LEVELS)
                # An address under strengtFortrolig is never stored, so that its end would bring nothing back.
                ending = since is not None and level != "strengtFortrolig"
                until = draw.one((None, None, self.today + DAY)) if ending else None
                world.protect(person, level, since, until)
        for person in [*self.adults, *self.staff]:
            if draw.often(0.97):
                world.contacts[person] = Contact(f"+4799{len(world.contacts):06}", None, draw.often(0.2))

    def make_staff(self) -> None:
        world, draw = self.world, self.draw
        for index, person in enumerate(self.staff):
            unit = self.units[index % 4]
            role = "LEADER" if index < 4 else draw.one(("TEACHER", "ASSISTANT")) if unit in self.schools else "STAFF"
            since, until = self.period(0.85)
            world.employ(person, unit, role, since, until)
            if draw.often(0.3):
                other = draw.one([one for one in self.units if one != unit])
                world.employ(person, other, draw.one(("LEADER", "TEACHER" if other in self.schools else "STAFF")),
                             *self.period())  # fmt: skip
            for group in draw.some([group.handle for group in world.groups.values() if group.unit == unit], 2):
                kinds = ("CONTACT_TEACHER", "CONTACT_TEACHER", "SUBJECT_TEACHER", "ASSISTANT")
                role = draw.one(kinds if world.groups[group].kind == "CLASS" else kinds[2:])
                world.member(person, group, role, *self.period(0.8))
        for adult in draw.some(self.adults, 2):
            world.employ(adult, draw.one(("school", "sfo")), "LEADER", self.today - 10 * DAY)

    def make_local_facts(self) -> None:
        world, draw = self.world, self.draw
        children = self.numbered(self.children)
        everybody = [*self.adults, *self.staff]
        if draw.often(0.3):
            world.settings["delegateConsent"] = "ALL"
        able = [*(held for held in world.positions if held.role == "LEADER"), *world.administrators]
        holding = [held for held in able if held.since <= self.today and (held.until or self.today + DAY) > self.today]
        approvers = (None, *(held.person for held in holding))
        for child in children:
            family = self.family[child]
            for adult in draw.some(self.adults, 2):
                unit = draw.one(self.units)
                world.delegate(adult, child, unit, *self.period(0.85))
                for guardian in family:
                    if guardian != adult and draw.often(0.75):
                        world.consent(guardian, child, adult, unit, *self.period(0.85))
            if draw.often(0.2):
                world.block(draw.one([*family, *everybody]), child, *self.period())
            for adult in [*family, *draw.some(self.adults, 2)]:
                if draw.often(0.7):
                    days = (self.today, self.today - DAY, self.today - 20 * DAY, self.today - 21 * DAY)
                    world.confirm(adult, child, draw.one(days))
            if draw.often(0.7):
                start = oslo(self.today, draw.one(("00:00", "09:00", "11:59")))
                hours = draw.one((1, 8, 24))
                world.need_case(draw.one(("officer0", "officer1", "officer0", "staff8")), child, start,
                                start + dt.timedelta(hours=hours), draw.one(approvers))  # fmt: skip

    def make_threads(self) -> None:
        world, draw = self.world, self.draw
        for child in self.numbered(self.children):
            tied = [*self.family[child], *(told.person for told in world.delegates if told.child == child)]
            visited = [went.unit for went in world.enrolments if went.child == child]
            for number in range(draw.random.randint(0, 3)):
                side = tuple(dict.fromkeys(draw.random.sample(tied, min(len(tied), draw.one((1, 1, 2))))))
                if not side:
                    continue
                unit = draw.one(visited)
                working = [held.person for held in world.positions if held.unit == unit and held.person not in side]
                staff = tuple(dict.fromkeys(draw.some(working, 2)))
                handle = f"{child}_thread{number}"
                start = oslo(self.today - 46 * DAY, "10:00") + dt.timedelta(milliseconds=self.moment)
                self.moment += 1
                world.thread(handle, unit, child, start, side, staff, joint=len(side) > 1)
                self.make_messages(handle, [*side, *staff], [one for one in working if one not in staff])

    def make_messages(self, thread: str, authors: list[str], others: list[str]) -> None:
        world, draw = self.world, self.draw
        times = sorted(self.instant() for _ in range(draw.random.randint(0, 6)))
        for index, at in enumerate(times):
            author = draw.one(others) if others and draw.often(0.1) else draw.one(authors)
            staff = author not in world.threads[thread].guardian_side
            world.message(f"{thread}_{index}", thread, author, at, on_behalf_of_unit=staff and draw.often(0.3),
                          retracted=draw.often(0.1))  # fmt: skip
        if times:
            for person in dict.fromkeys([*draw.some(authors, 2), *draw.some(self.staff, 1)]):
                upto = draw.random.randrange(len(times))
                world.read(thread, person, f"{thread}_{upto}", times[upto] + dt.timedelta(minutes=1))

    def read_again(self) -> None:
        """Some documents come anew some days ago, with somebody moved, an entry gone or an entry new."""
        world, draw = self.world, self.draw
        world.read_again(self.today - 4 * DAY)
        for child in self.documented(self.children):
            if draw.often(0.4):
                document = world.document(child)
                if document.responsibilities and draw.often(0.5):
                    document.responsibilities.pop()
                if draw.often(0.3):
                    adult = draw.one(self.adults)
                    if all(entry.holder != adult for entry in document.responsibilities):
                        world.responsible(adult, child, "felles", self.today - 4 * DAY)
                if draw.often(0.4):
                    document.residences = [Residence(draw.one(HOMES), self.today - 4 * DAY)]
                if draw.often(0.5) and all(told.level != "strengtFortrolig" for told in document.protections):
                    document.protections.clear()


def random_world(seed: int, today: dt.date | None = None) -> World:
    """`today`: the day on which it is held; one of `DAYS` when not told."""
    return Maker(seed, today).make()
