"""A municipality that is not there, the same one for the same size, seed and day: units, staff, families, ties.

Most families are made by lot here, the ones that a reader of the table of personas meets are written by hand in
`demo/cast.py`. Lists keep everything in the order in which it was made; nothing depends on the order of a set.
"""

# ruff: noqa: SIM905 - a family or a fact is told in one call; names read better as a line than as a list
from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from random import Random

from demo.facts import (
    Address,
    Group,
    Membership,
    Municipality,
    Person,
    Responsibility,
    Term,
    Unit,
    UnitKind,
)
from demo.names import STREETS, family_name, given_name
from demo.numbers import Numbers
from norway.days import OSLO

FEWEST_CHILDREN = 100
CHILDREN_A_UNIT = 250
CLASS_SIZE = 22
DEPARTMENT_SIZE = 18
COHORTS = 15
"""Five years of kindergarten, seven of primary and three of lower secondary school."""

PRIMARY = "Kurland Fjellsrud Benterud Solheim Finstad Rasta Luhr Åsen Hammer Fjellhamar Skårer Nordliåsen".split()
LOWER_SECONDARY = "Kjenn Løkenåsen Vallerud Haneborg Robsrud Vittenberg".split()
KINDERGARTEN = (
    "Blåveisen Tyttebærtua Maurtua Revehiet Trollskogen Solstråla Linerla Eventyrskogen Kongla Humla Marihøna "
    "Ekornhuset Soltun Bjørnehiet Rørvika Skogkanten Tiurtoppen Åkerrosa Løvetanna Stjernehimmelen"
).split()
DEPARTMENTS = "Bjørk Rogn Selje Furu Gran Osp Hegg Einer Or Lønn Alm Ask Hassel Lind Eik".split()


def instant(day: dt.date, hour: int = 12, minute: int = 0) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=OSLO)


def school_year_of(day: dt.date) -> int:
    """The year in which the school year of a day began, on 1 August."""
    return day.year if day.month >= 8 else day.year - 1


def name_at(names: Sequence[str], index: int) -> str:
    """Names of the list, then the same again with a number behind."""
    round_, place = divmod(index, len(names))
    return names[place] if round_ == 0 else f"{names[place]} {round_ + 1}"


def units_for(children: int) -> int:
    return max(8, round(children / CHILDREN_A_UNIT))


class Maker:
    """Makes people, families and ties, and keeps them in the municipality."""

    def __init__(self, children: int, seed: int, today: dt.date) -> None:
        self.rng = Random(f"innsyn municipality {seed}")  # noqa: S311 - a demo wants the same each time, not secrets
        numbers = Numbers(self.rng)
        self.m = Municipality(
            name="Lørenskog kommune (demo)",
            organisation=numbers.organisation(),
            today=today,
            year=school_year_of(today),
            numbers=numbers,
        )
        self.size = children
        self.households = 0
        self.employees = 0
        self.pupils = 0
        self.welfare_office = numbers.organisation()
        """The organisation that has the responsibility for a few children."""
        self.primary: list[Unit] = []
        self.sfo: list[Unit] = []
        self.lower: list[Unit] = []
        self.kindergartens: list[Unit] = []
        self.administration: list[Person] = []
        self.classes: dict[tuple[str, int, int], list[Group]] = {}
        """By unit, school year and grade."""
        self.options: dict[tuple[str, int], list[Group]] = {}
        """Teaching groups by unit and grade."""
        self.departments: dict[str, list[Group]] = {}
        self.employed_parents: list[Person] = []

    # -- days --------------------------------------------------------------------------------------------------------

    @property
    def today(self) -> dt.date:
        return self.m.today

    @property
    def year(self) -> int:
        return self.m.year

    def ago(self, days: int) -> dt.date:
        return self.today - dt.timedelta(days=days)

    def first_day(self, year: int) -> dt.date:
        return dt.date(year, 8, 1)

    def day_in(self, year: int) -> dt.date:
        return dt.date(year, 1, 1) + dt.timedelta(days=self.rng.randrange(365))

    # -- people ------------------------------------------------------------------------------------------------------

    def person(
        self,
        born: dt.date,
        *,
        given: str | None = None,
        family: str | None = None,
        d_number: bool = False,
        documented: bool = True,
    ) -> Person:
        rng = self.rng
        made = Person(
            given=given or given_name(rng),
            middle=family_name(rng) if rng.random() < 0.08 else None,
            family=family or family_name(rng),
            born=born,
            number=self.m.numbers.person(born, d_number=d_number),
            d_number=d_number,
            documented=documented,
        )
        self.m.people.append(made)
        return made

    def adult(self, *, youngest: int = 24, oldest: int = 62, family: str | None = None) -> Person:
        born = self.day_in(self.today.year - self.rng.randint(youngest, oldest))
        return self.person(born, family=family, d_number=self.rng.random() < 0.015)

    def employee(self) -> Person:
        made = self.person(self.day_in(self.today.year - self.rng.randint(24, 62)), documented=False)
        self.employees += 1
        made.source_id = f"ansatt-{self.employees:05}"
        return made

    def new_address(self) -> Address:
        """A house, or a flat in one, where no other household lives."""
        index = self.households
        self.households += 1
        street, rest = STREETS[index % len(STREETS)], index // len(STREETS)
        flat, house = divmod(rest, 120)
        return Address(
            street=street,
            house=house + 1,
            letter=("", "A", "B", "C")[flat % 4],
            dwelling=f"H{flat // 4 + 1:02}01",
            postal_code=str(1470 + index % 7),
        )

    # -- units, groups and who works there ---------------------------------------------------------------------------

    def unit(self, kind: UnitKind, name: str) -> Unit:
        slug = name.lower().replace(" ", "-").replace("æ", "ae").replace("ø", "o").replace("å", "a")
        made = Unit(slug, kind, name, self.m.numbers.organisation(), self.m.numbers.phone())
        self.m.units.append(made)
        return made

    def group(self, unit: Unit, title: str, year: int, *, homeroom: bool = True, grades: tuple[int, ...] = ()) -> Group:
        short = title.lower().replace(" ", "-").replace("æ", "ae").replace("ø", "o").replace("å", "a").replace("–", "-")
        made = Group(f"{unit.source_id}-{year}-{short}", title, homeroom, unit, (f"h{year}", f"v{year + 1}"), grades)
        self.m.groups.append(made)
        unit.groups.append(made)
        return made

    def build_terms(self) -> None:
        for year in (self.year - 1, self.year):
            new_year, end = dt.date(year + 1, 1, 1), self.first_day(year + 1)
            self.m.terms.append(Term(f"h{year}", f"Høsten {year}", self.first_day(year), new_year, year + 1))
            self.m.terms.append(Term(f"v{year + 1}", f"Våren {year + 1}", new_year, end, year + 1))

    def build_units(self) -> None:
        units = units_for(self.size)
        areas = max(2, round(units * 11 / 40))
        lower = max(1, round(units * 4 / 40))
        for index in range(areas):
            name = name_at(PRIMARY, index)
            self.primary.append(self.unit("school", f"{name} skole"))
            self.sfo.append(self.unit("sfo", f"{name} SFO"))
        self.lower = [self.unit("school", f"{name_at(LOWER_SECONDARY, i)} ungdomsskole") for i in range(lower)]
        for index in range(units - 2 * areas - lower):
            self.kindergartens.append(self.unit("kindergarten", f"{name_at(KINDERGARTEN, index)} barnehage"))

    def build_groups(self) -> None:
        cohort = self.size * 0.97 / COHORTS
        for schools, grades in ((self.primary, range(1, 8)), (self.lower, range(8, 11))):
            for index, school in enumerate(schools):
                count = max(2 if index == 0 else 1, round(cohort / len(schools) / CLASS_SIZE))
                for grade in grades:
                    for year in (self.year - 1, self.year):
                        self.classes[school.source_id, year, grade] = [
                            self.group(school, f"{grade}{letter}", year, grades=(grade,))
                            for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:count]
                        ]
                    titles = ("Spansk", "Tysk", "Fransk") if grade >= 8 else ("Lesegruppe", "Mattegruppe")
                    self.options[school.source_id, grade] = [
                        self.group(school, f"{title} {grade}", self.year, homeroom=False, grades=(grade,))
                        for title in titles
                    ]
        for sfo in self.sfo:
            self.departments[sfo.source_id] = [
                self.group(sfo, f"{trinn} trinn", self.year) for trinn in ("1.", "2.", "3. og 4.")
            ]
        for kindergarten in self.kindergartens:
            count = max(2, round(5 * cohort / len(self.kindergartens) / DEPARTMENT_SIZE))
            self.departments[kindergarten.source_id] = [
                self.group(kindergarten, name_at(DEPARTMENTS, i), self.year) for i in range(count)
            ]

    def employ(self, unit: Unit, role: str, *, since: dt.date | None = None, until: dt.date | None = None) -> Person:
        person = self.employee()
        began = since or self.first_day(self.year - self.rng.randint(1, 6))
        self.m.give_role(person, role, unit, began, until)
        if role == "principal":
            unit.leader = person
        elif until is None:
            (unit.teachers if role == "teacher" else unit.aides).append(person)
        return person

    def teaches(self, group: Group, person: Person, *, primary: bool = False, role: str = "teacher") -> None:
        self.m.memberships.append(Membership(group, person, role, primary))
        if primary and group.contact is None:
            group.contact = person

    def build_staff(self) -> None:
        for _ in range(3):
            person = self.employee()
            self.m.give_role(person, "districtAdministrator", None, self.first_day(self.year - 3))
            self.administration.append(person)
        for unit in self.m.units:
            self.employ(unit, "principal", since=self.first_day(self.year - 5))
            if unit.kind == "school":
                self.staff_school(unit)
            else:
                self.staff_departments(unit)

    def staff_school(self, unit: Unit) -> None:
        rng = self.rng
        grades = sorted({grade for group in unit.groups for grade in group.grades})
        now = [group for grade in grades for group in self.classes[unit.source_id, self.year, grade]]
        for _ in range(max(3, round(len(now) * 1.5))):
            self.employ(unit, "teacher")
        for _ in range(max(2, round(len(now) * 0.4))):
            self.employ(unit, "aide")
        # One who quit in spring: the positions of others begin where this one ended.
        self.employ(
            unit, "teacher", since=self.first_day(self.year - 4), until=min(self.ago(20), dt.date(self.year, 6, 20))
        )
        for index, group in enumerate(now):
            contact = unit.teachers[index % len(unit.teachers)]
            self.teaches(group, contact, primary=True)
            if rng.random() < 0.35:
                self.teaches(group, self.colleague(unit, contact), primary=True)
            for _ in range(2 if group.grades[0] >= 8 else 1):
                self.teaches(group, self.colleague(unit, contact))
            if rng.random() < 0.5:
                self.teaches(group, rng.choice(unit.aides), role="aide")
            self.last_years_teacher(unit, group, contact)
        for grade in grades:
            for option in self.options[unit.source_id, grade]:
                self.teaches(option, rng.choice(unit.teachers))

    def colleague(self, unit: Unit, other: Person) -> Person:
        return self.rng.choice([person for person in unit.teachers if person is not other])

    def last_years_teacher(self, unit: Unit, group: Group, contact: Person) -> None:
        """The class below, a year ago: mostly with the same contact teacher, sometimes with one who lost it."""
        before = self.classes.get((unit.source_id, self.year - 1, group.grades[0] - 1))
        if before is not None:
            same = self.rng.random() < 0.75
            earlier = next(other for other in before if other.title[-1] == group.title[-1])
            self.teaches(earlier, contact if same else self.colleague(unit, contact), primary=True)
        if group.grades[0] in {7, 10}:
            last = self.classes[unit.source_id, self.year - 1, group.grades[0]]
            earlier = next(other for other in last if other.title == group.title)
            self.teaches(earlier, self.rng.choice(unit.teachers), primary=True)

    def staff_departments(self, unit: Unit) -> None:
        cohort = self.size * 0.97 / COHORTS
        groups = self.departments[unit.source_id]
        each = 3 if unit.kind == "kindergarten" else max(2, round(4 * cohort / len(self.sfo) * 0.65 / 15 / 3))
        for group in groups:
            for place in range(each):
                person = self.employ(unit, "teacher" if place == 0 else "aide")
                self.teaches(group, person, primary=place == 0, role="teacher" if place == 0 else "aide")
        unit.teachers = unit.teachers + unit.aides

    # -- children at units -------------------------------------------------------------------------------------------

    def goes_to(self, child: Person, unit: Unit, since: dt.date, until: dt.date | None = None) -> None:
        if child.source_id is None:
            self.pupils += 1
            child.source_id = f"barn-{self.pupils:05}"
        self.m.give_role(child, "student", unit, since, until)

    def joins(self, child: Person, group: Group, until: dt.date | None = None) -> None:
        self.m.memberships.append(Membership(group, child, "student", until=until))

    def go_to_school(
        self,
        child: Person,
        area: int,
        grade: int,
        *,
        letter: int | None = None,
        sfo: bool | None = None,
        until: dt.date | None = None,
    ) -> None:
        """A pupil of a grade now: enrolled at school (and SFO), in the classes of this year and the last."""
        rng = self.rng
        school = self.school_of(area, grade)
        began = self.first_day(self.year - (grade - 8 if grade >= 8 else grade - 1))
        if until is not None and until <= began:
            return
        self.goes_to(child, school, began, until)
        now = self.classes[school.source_id, self.year, grade]
        place = rng.randrange(len(now)) if letter is None else letter
        if until is None or until > self.first_day(self.year):
            self.joins(child, now[place], until)
            self.joins(child, rng.choice(self.options[school.source_id, grade]), until)
        earlier_school = self.school_of(area, grade - 1) if grade > 1 else None
        if earlier_school is not None and (until is None or until > self.first_day(self.year - 1)):
            before = self.classes[earlier_school.source_id, self.year - 1, grade - 1]
            self.joins(child, before[min(place, len(before) - 1)], until)
        if grade == 8 and earlier_school is not None:
            self.goes_to(child, earlier_school, self.first_day(self.year - 7), self.first_day(self.year))
        if grade == 1:
            kindergarten = self.kindergarten_of(area)
            self.goes_to(child, kindergarten, self.first_day(self.year - 4), self.first_day(self.year))
        wants_sfo = rng.random() < 0.65 if sfo is None else sfo
        if wants_sfo and grade <= 5:
            club = self.sfo[area]
            left = until or (self.first_day(self.year) if grade == 5 else None)
            self.goes_to(child, club, self.first_day(self.year - grade + 1), left)
            if grade < 5:
                self.joins(child, self.departments[club.source_id][min(grade, 3) - 1], left)

    def school_of(self, area: int, grade: int) -> Unit:
        return self.lower[area % len(self.lower)] if grade >= 8 else self.primary[area]

    def kindergarten_of(self, area: int) -> Unit:
        near = self.kindergartens[area % len(self.kindergartens) :: len(self.primary)]
        return self.rng.choice(near)

    def go_to_kindergarten(
        self,
        child: Person,
        area: int,
        *,
        at: Unit | None = None,
        department: int | None = None,
        until: dt.date | None = None,
    ) -> None:
        unit = at or self.kindergarten_of(area)
        began = self.first_day(max(child.born.year + 1, self.year - 3))
        if until is not None and until <= began:
            until = began + dt.timedelta(days=60)
        self.goes_to(child, unit, began, until)
        groups = self.departments[unit.source_id]
        self.joins(child, groups[department] if department is not None else self.rng.choice(groups), until)

    def place(self, child: Person, area: int, birth_year: int, until: dt.date | None = None) -> None:
        grade = self.year - 5 - birth_year
        if grade < 1:
            self.go_to_kindergarten(child, area, until=until)
        else:
            self.go_to_school(child, area, grade, until=until)
        if not child.roles:  # left before this school year's school began: was in the kindergarten before it
            self.goes_to(child, self.kindergarten_of(area), self.first_day(birth_year + 2), until)

    # -- families ----------------------------------------------------------------------------------------------------

    def related(self, child: Person, parent: Person, role: str) -> None:
        child.family_relations.append((parent, role, "barn"))
        parent.family_relations.append((child, "barn", role))

    def responsible(
        self,
        child: Person,
        holder: Person,
        kind: str | None,
        since: dt.date | None = None,
        until: dt.date | None = None,
        *,
        current: bool = True,
    ) -> None:
        began = since or child.born
        coming = began > self.today
        known = self.ago(10) if coming else None
        child.responsibilities.append(Responsibility(kind, holder, began, until, current, known))
        if current and not coming and kind not in {None, "ukjent"}:
            holder.responsible_for.append((child, kind, began))

    def live_at(self, address: Address, *people: Person) -> None:
        for person in people:
            person.address = address
            person.moved_on = min(self.ago(30), max(person.born, self.ago(self.rng.randint(200, 3000))))

    def parents(self, family: str, oldest: int) -> tuple[Person, Person]:
        rng = self.rng
        made: list[Person] = []
        for _ in range(2):
            old_enough = next((person for person in self.employed_parents if person.born.year <= oldest - 20), None)
            if old_enough is not None and rng.random() < 0.03:
                self.employed_parents.remove(old_enough)
                old_enough.documented = True
                made.append(old_enough)
            else:
                born = self.day_in(oldest - rng.randint(21, 38))
                same_name = family if not made or rng.random() < 0.5 else None
                made.append(self.person(born, family=same_name, d_number=rng.random() < 0.015))
        return made[0], made[1]

    def ordinary_family(self, area: int, birth_years: list[int], leaves: dt.date | None) -> None:
        rng = self.rng
        name = family_name(rng)
        days: dict[int, dt.date] = {}
        children = [self.person(days.setdefault(year, self.day_in(year)), family=name) for year in sorted(birth_years)]
        for child in children:
            self.place(child, area, child.born.year, leaves)
        mother, other = self.parents(name, min(birth_years))
        second = "medmor" if rng.random() < 0.02 else "far"
        apart = rng.random() < 0.24
        home = self.new_address()
        self.live_at(home, mother, *children)
        self.live_at(self.new_address() if apart else home, other)
        if apart and rng.random() < 0.4:
            for child in children:
                child.second_address = other.address
        lot = rng.random()
        for child in children:
            self.related(child, mother, "mor")
            self.related(child, other, second)
            self.share_responsibility(child, mother, other, second, lot)
        if rng.random() < 0.008:
            self.protect_family(children, mother, other)
        elif rng.random() < 0.005:
            self.block(children[0], other, since=self.ago(rng.randint(20, 500)))
        if rng.random() < 0.04:
            self.other_adult(children[0], mother)

    def share_responsibility(self, child: Person, mother: Person, other: Person, second: str, lot: float) -> None:
        """How responsibility is held in one family; `lot` is the same for brothers and sisters."""
        rng = self.rng
        later = min(child.born + dt.timedelta(days=rng.randint(300, 1200)), self.ago(15))
        if lot < 0.81:
            self.responsible(child, mother, "felles")
            self.responsible(child, other, "felles", later if lot < 0.05 else None)
        elif lot < 0.92:
            self.responsible(child, mother, "mor")
        elif lot < 0.935:
            self.responsible(child, other, second)
        elif lot < 0.955:
            self.responsible(child, mother, "mor", later)
            self.responsible(child, other, "felles", child.born, later, current=False)
        elif lot < 0.965:
            self.responsible(child, self.adult(youngest=45, oldest=62), "andre", later)
        elif lot < 0.975:
            self.responsible(child, mother, "ukjent")
        elif lot < 0.98:
            pass
        elif lot < 0.985:
            child.responsibilities.append(Responsibility("andre", None, later, organisation=self.welfare_office))
        elif lot < 0.99:
            self.responsible(child, mother, "felles")
            name = (given_name(rng), family_name(rng))
            child.responsibilities.append(
                Responsibility("felles", None, child.born, holder_name=name, holder_born=self.day_in(1985))
            )
        else:
            self.responsible(child, mother, "mor")
            self.responsible(child, other, "felles", self.today + dt.timedelta(days=rng.randint(20, 90)))

    def protect_family(self, children: Sequence[Person], mother: Person, other: Person) -> None:
        since = self.ago(self.rng.randint(60, 700))
        for person in (*children, mother):
            person.protection.append(("fortrolig", since))
        if mother.address is not None and mother.address is other.address:
            self.live_at(self.new_address(), other)
        if mother.address is not None:
            mother.address.grading = "fortrolig"
        for child in children:
            child.second_address = None
            if self.rng.random() < 0.7:
                self.confirm(child, mother, since=min(since + dt.timedelta(days=3), self.today))

    # -- what the municipality itself knows --------------------------------------------------------------------------

    def fact(self, kind: str, at: dt.datetime, by: str, **told: object) -> str:
        """Adds a line to the local facts and returns its id."""
        line_id = f"{kind}-{len(self.m.local_facts) + 1:05}"
        self.m.local_facts.append(
            {"id": line_id, "kind": kind, "at": at.isoformat(), "by": by}
            | {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in told.items()}
        )
        return line_id

    def unit_of(self, child: Person) -> Unit:
        return next(role.unit for role in child.roles if role.unit is not None)

    def block(self, child: Person, person: Person, since: dt.date) -> None:
        leader = self.unit_of(child).head
        self.fact(
            "block",
            instant(since, 9, 15),
            leader.nid,
            child=child.nid,
            person=person.nid,
            since=since,
            reason="Vedtak lagt fram for enheten.",
        )

    def confirm(self, child: Person, person: Person, since: dt.date) -> None:
        leader = self.unit_of(child).head
        self.fact("confirmation", instant(since, 10), leader.nid, child=child.nid, person=person.nid, since=since)

    def delegate(self, child: Person, person: Person, unit: Unit, since: dt.date, until: dt.date | None = None) -> None:
        told: dict[str, object] = {"child": child.nid, "person": person.nid, "unit": unit.source_id, "since": since}
        self.fact("delegate", instant(since, 11), unit.head.nid, **told, **({"until": until} if until else {}))

    def consent(
        self,
        child: Person,
        guardian: Person,
        delegate: Person,
        unit: Unit,
        since: dt.date,
        until: dt.date | None = None,
    ) -> None:
        told: dict[str, object] = {
            "child": child.nid,
            "guardian": guardian.nid,
            "delegate": delegate.nid,
            "unit": unit.source_id,
            "since": since,
        }
        self.fact("consent", instant(since, 12), guardian.nid, **told, **({"until": until} if until else {}))

    def other_adult(self, child: Person, guardian: Person) -> None:
        """Somebody near the family, registered on consent; the consent stands, ran out or was taken back."""
        unit = self.unit_of(child)
        since = self.ago(self.rng.randint(200, 400))
        ended = self.ago(self.rng.randint(10, 150))
        person = self.adult(youngest=30)
        self.live_at(self.new_address(), person)
        lot = self.rng.random()
        self.delegate(child, person, unit, since, ended if 0.65 <= lot < 0.8 else None)
        self.consent(child, guardian, person, unit, since, ended if lot >= 0.8 else None)

    # -- the whole ---------------------------------------------------------------------------------------------------

    def ordinary_families(self, count: int) -> None:
        """As many children as asked for, spread evenly over years and areas, in families of one to three."""
        rng = self.rng
        areas: list[list[int]] = [[] for _ in self.primary]
        for index in range(count):
            areas[index // COHORTS % len(areas)].append(self.year - 1 - index % COHORTS)
        for area, years in enumerate(areas):
            rng.shuffle(years)
            while years:
                size = min(len(years), rng.choices((1, 2, 3), (45, 42, 13))[0])
                family = [years.pop() for _ in range(size)]
                leaves = self.ago(rng.randint(20, 700)) if rng.random() < 0.035 else None
                self.ordinary_family(area, family, leaves)

    def choose_employed_parents(self) -> None:
        """Half of the staff of that age have children here; who is in the table of personas has no others."""
        known = {persona.number for persona in self.m.personas}
        staff = [person for unit in self.m.units for person in (*unit.teachers, *unit.aides)]
        aged = [
            person
            for person in dict.fromkeys(staff)
            if 28 <= self.today.year - person.born.year <= 45 and person.number not in known
        ]
        self.employed_parents = self.rng.sample(aged, len(aged) // 2)
