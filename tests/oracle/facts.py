"""What is so on a day: the facts of a world before any rule judges them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from tests.worlds.world import OSLO, Enrolment, Group, Membership, Responsibility, Thread, World

FORTROLIG, STRENGT = 1, 2
GRADINGS = {None: 0, "ugradert": 0, "fortrolig": FORTROLIG, "strengtFortrolig": STRENGT}
CLEAR_KINDS = {"felles", "mor", "far", "medmor", "andre"}


def covers(since: dt.date | None, until: dt.date | None, day: dt.date) -> bool:
    """A period is `since` (inclusive) to `until` (exclusive, may be open)."""
    return since is not None and since <= day and (until is None or day < until)


def grading(level: str | None) -> int:
    """`klientadresse` and gradings that are not known count as fortrolig (R3)."""
    return GRADINGS.get(level, FORTROLIG)


def turns(born: dt.date, years: int) -> dt.date:
    """Whoever is born on 29 February comes of age on 1 March."""
    if (born.month, born.day) == (2, 29):
        leap = (born.year + years) % 4 == 0 and ((born.year + years) % 100 != 0 or (born.year + years) % 400 == 0)
        return dt.date(born.year + years, 2, 29) if leap else dt.date(born.year + years, 3, 1)
    return dt.date(born.year + years, born.month, born.day)


def ended(went: Enrolment) -> dt.date | None:
    """What is gone from the roster ends that day, or never began."""
    ends = [end for end in (went.until, went.gone) if end]
    return min(ends) if ends else None


@dataclass(frozen=True)
class Entry:
    """An entry of parental responsibility and when it was gone from the child's document."""

    told: Responsibility
    gone: dt.date | None

    @property
    def until(self) -> dt.date | None:
        gone = self.gone
        if gone and self.told.since and self.told.current:
            gone = max(gone, self.told.since)  # an entry that was gone before it began never held
        ends = [end for end in (self.told.until, gone) if end]
        return min(ends) if ends else None

    def live(self, day: dt.date) -> bool:
        """One without a beginning is live from birth."""
        return covers(self.told.since or dt.date.min, self.until, day)


class Facts:
    """Questions about a world that need no rule but the meaning of the files."""

    def __init__(self, world: World) -> None:
        self.world = world
        for name in ("change_days", "entries", "residence", "own_level", "residents", "address_level", "kin",
                     "contains", "belongs", "enrolled", "employed", "leads", "participants"):  # fmt: skip
            setattr(self, name, cache(getattr(self, name)))

    # Folkeregisteret: a document is the whole truth; what is gone from it has ended on the day it was read

    def entries(self, child: str) -> tuple[Entry, ...]:
        found: dict[tuple[object, ...], Entry] = {}
        for reading in self.world.readings:
            if child not in reading.documents:
                continue
            now = {
                (told.holder, told.organisation, told.unidentified, told.kind, told.since): told
                for told in reading.documents[child].responsibilities
            }
            for key, entry in found.items():
                if key not in now and entry.gone is None:
                    found[key] = Entry(entry.told, reading.day)
            for key, told in now.items():
                found[key] = Entry(told, None)
        return tuple(found.values())

    def born(self, person: str) -> dt.date | None:
        days = [reading.documents[person].born for reading in self.world.readings if person in reading.documents]
        return days[-1] if days else None

    def residence(self, person: str, day: dt.date) -> tuple[str | None, str | None]:
        """Address and its own grading on a day; (None, None) when nothing is registered then."""
        held: tuple[str | None, str | None] = (None, None)
        for reading in self.world.readings:
            if person not in reading.documents:
                continue
            told = reading.documents[person].residences
            begun = [one for one in told if one.since is None or one.since <= day]
            if begun:
                held = (begun[-1].address, begun[-1].grading)
            elif not told and reading.day <= day:
                held = (None, None)
        return held

    def own_level(self, person: str, day: dt.date) -> int:
        """The protection of the person alone: adressebeskyttelse, and the grading of the address they live at."""
        strongest = grading(self.residence(person, day)[1]) if self.address_known(person, day) else 0
        begun: dict[tuple[str, dt.date | None], dt.date] = {}
        for index, reading in enumerate(self.world.readings):
            if person not in reading.documents:
                continue
            following = [later.day for later in self.world.readings[index + 1 :] if person in later.documents]
            for told in reading.documents[person].protections:
                since = told.since or begun.setdefault((told.level, told.since), reading.day)
                ends = [end for end in (told.until, following[0] if following else None) if end]
                if told.current and covers(since, min(ends) if ends else None, day):
                    strongest = max(strongest, grading(told.level))
        return strongest

    def address_known(self, person: str, day: dt.date) -> bool:
        """An address that the register gives no day for protects from the day it was first known here (R3)."""
        known = [reading for reading in self.world.readings if person in reading.documents]
        undated = [
            reading.day for reading in known if any(one.since is None for one in reading.documents[person].residences)
        ]
        return not undated or undated[0] <= day

    def residents(self, address: str, day: dt.date) -> tuple[str, ...]:
        return tuple(person for person in self.world.people if self.residence(person, day)[0] == address)

    def address_level(self, address: str, day: dt.date) -> int:
        """An address counts as protected at the strongest level of anyone registered at it (C4)."""
        return max((self.own_level(person, day) for person in self.residents(address, day)), default=0)

    def protection(self, child: str, day: dt.date) -> int:
        """R3: the strongest level of the child, everyone responsible for the child, everyone at the child's address."""
        concerned = {child}
        concerned |= {
            entry.told.holder
            for entry in self.entries(child)
            if entry.told.holder and entry.told.current and entry.live(day)
        }
        address = self.residence(child, day)[0]
        if address:
            concerned |= set(self.residents(address, day))
        return max(self.own_level(person, day) for person in concerned)

    def kin(self, person: str, child: str) -> bool:
        """R2: is or was family by the register, either document, live or not, or ever registered as a delegate."""
        for reading in self.world.readings:
            for whose, document in reading.documents.items():
                for family in document.family:
                    if {whose, family.related} == {person, child} and person != child:
                        return True
                if whose == child and any(told.holder == person for told in document.responsibilities):
                    return True
                if whose == person and any(told.holder == child for told in document.responsible_for):
                    return True
        return any(told.person == person and told.child == child for told in self.world.delegates)

    # The roster

    def enrolled(self, child: str, unit: str, day: dt.date) -> bool:
        return any(
            went.child == child and went.unit == unit and covers(went.since, ended(went), day)
            for went in self.world.enrolments
        )

    def last_day(self, child: str, unit: str, today: dt.date) -> dt.date | None:
        """The last day at a unit that the child has left; None for whom it has not left."""
        if self.enrolled(child, unit, today):
            return None
        ends = [
            end
            for went in self.world.enrolments
            if went.child == child and went.unit == unit and (end := ended(went)) and went.since < end <= today
        ]
        return max(ends) - dt.timedelta(days=1) if ends else None

    def employed(self, person: str, unit: str, day: dt.date) -> bool:
        return any(
            held.person == person and held.unit == unit and covers(held.since, held.until, day)
            for held in self.world.positions
        )

    def leads(self, person: str, unit: str, day: dt.date) -> bool:
        return any(
            held.role == "LEADER" and (held.person, held.unit) == (person, unit) and covers(held.since, held.until, day)
            for held in self.world.positions
        )

    def administers(self, person: str, day: dt.date) -> bool:
        return any(held.person == person and covers(held.since, held.until, day) for held in self.world.administrators)

    def membership_holds(self, member: Membership, day: dt.date) -> bool:
        """A membership ends at the earliest of its own end, the last end of its class's terms, and the class's own."""
        group = self.world.groups[member.group]
        ends = [end for end in (member.until, self.term_end(group), group.gone) if end]
        return covers(member.since, min(ends) if ends else None, day)

    def term_end(self, group: Group) -> dt.date | None:
        return max(group.term_ends) if group.term_ends else None

    def contains(self, group: str, person: str, roles: tuple[str, ...], day: dt.date) -> bool:
        return any(
            member.group == group
            and member.person == person
            and member.role in roles
            and self.membership_holds(member, day)
            for member in self.world.memberships
        )

    def belongs(self, child: str, group: str, day: dt.date) -> bool:
        """A child belongs to a group only while enrolled at the group's unit."""
        return self.contains(group, child, ("STUDENT",), day) and self.enrolled(
            child, self.world.groups[group].unit, day
        )

    def is_child(self, person: str) -> bool:
        """Somebody who goes or went to a unit, or for whom anybody has responsibility."""
        return any(went.child == person for went in self.world.enrolments) or bool(self.entries(person))

    # Threads

    def participants(self, thread: str) -> dict[str, tuple[str, dt.datetime]]:
        """Person to side and the instant of joining: staff become participants by writing."""
        told = self.world.threads[thread]
        joined = dict.fromkeys(told.guardian_side, ("GUARDIAN", told.at))
        joined |= dict.fromkeys(told.staff_side, ("UNIT", told.at))
        came = [(message.at, message.author) for message in self.messages(told)]
        came += [(added.at, added.person) for added in self.world.added if added.thread == thread]
        for at, person in sorted(came):
            joined.setdefault(person, ("UNIT", at))
        return joined

    def messages(self, thread: Thread) -> list:
        """Oldest first."""
        return sorted(
            (message for message in self.world.messages.values() if message.thread == thread.id),
            key=lambda message: message.at,
        )

    # Time

    def change_days(self) -> tuple[dt.date, ...]:
        """Every day on which anything in this world can change: between two of them nothing does."""
        world = self.world
        days: set[dt.date | None] = set()
        for period in (*world.positions, *world.administrators, *world.enrolments, *world.memberships, *world.blocks,
                       *world.delegates, *world.consents):  # fmt: skip
            days |= {period.since, period.until}
        days |= {confirmation.since for confirmation in world.confirmations}
        days |= {end for group in world.groups.values() for end in (*group.term_ends, group.gone)}
        days |= {went.gone for went in world.enrolments}
        for reading in world.readings:
            days.add(reading.day)
            for document in reading.documents.values():
                for told in (*document.protections, *document.responsibilities):
                    days |= {told.since, told.until}
                days |= {residence.since for residence in document.residences}
        for person in world.people:
            born = self.born(person)
            if born:
                days |= {turns(born, 15), turns(born, 18)}
        return tuple(sorted(day for day in days if day))

    def began(self, holds: Callable[[dt.date], bool], day: dt.date) -> dt.date:
        """The first day of the unbroken run of days, up to `day`, on which something holds."""
        first = day
        for change in reversed([change for change in self.change_days() if change <= day]):
            if not holds(change):
                break
            first = change
        return first


def oslo_day(instant: dt.datetime) -> dt.date:
    return instant.astimezone(OSLO).date()


def first_instant(day: dt.date) -> dt.datetime:
    """Midnight in Oslo, told in UTC so that it compares right around the nights when the clocks change."""
    return dt.datetime.combine(day, dt.time(0), OSLO).astimezone(dt.UTC)
