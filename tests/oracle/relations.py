"""Who stands how to a child on a day: section 2 of the rules, R1 to R4."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

from tests.oracle.facts import CLEAR_KINDS, STRENGT, Facts, covers, oslo_day, turns
from tests.worlds.world import NeedCase, World

STAFF = ("CONTACT_TEACHER", "SUBJECT_STAFF", "UNIT_STAFF", "UNIT_LEADER")


@dataclass(frozen=True)
class Tie:
    """One relation to a child; `unit` where it is a relation at a unit, `left` for a leader whom the child has left."""

    relation: str
    unit: str | None = None
    left: bool = False


class Relations(Facts):
    def __init__(self, world: World) -> None:
        super().__init__(world)
        for name in ("guardian", "delegate", "staff_ties", "protection", "confirmed_enough"):
            setattr(self, name, cache(getattr(self, name)))

    # R1 and R3

    def blocked(self, person: str, child: str, day: dt.date) -> bool:
        return any(
            block.person == person and block.child == child and covers(block.since, block.until, day)
            for block in self.world.blocks
        )

    def confirmed_enough(self, person: str, child: str, day: dt.date) -> bool:
        """R3: for each level at which the child is protected, a confirmation since that protection began."""
        for level in range(1, self.protection(child, day) + 1):
            began = self.began(lambda then, level=level: self.protection(child, then) >= level, day)
            if not any(
                told.person == person and told.child == child and began <= told.since <= day
                for told in self.world.confirmations
            ):
                return False
        return True

    # Family

    def guardian(self, person: str, child: str, day: dt.date) -> bool:
        """GUARDIAN, apart from how they signed in: R4 names the entries that open nothing."""
        responsible = any(
            entry.told.holder == person
            and entry.told.kind in CLEAR_KINDS
            and entry.told.current is True
            and entry.told.organisation is None
            and entry.live(day)
            for entry in self.entries(child)
        )
        born = self.born(child)
        return (
            responsible
            and born is not None
            and day < turns(born, 18)
            and not self.blocked(person, child, day)
            and self.confirmed_enough(person, child, day)
        )

    def guardians(self, child: str, day: dt.date) -> list[str]:
        return [person for person in self.world.people if self.guardian(person, child, day)]

    def delegate(self, person: str, child: str, unit: str, day: dt.date) -> bool:
        """DELEGATE at a unit: registered there, and enough consents of those who are GUARDIAN that day."""
        registered = any(
            told.person == person and told.child == child and told.unit == unit and covers(told.since, told.until, day)
            for told in self.world.delegates
        )
        if not registered or self.blocked(person, child, day) or not self.confirmed_enough(person, child, day):
            return False
        guardians = set(self.guardians(child, day))
        consenting = {
            told.guardian
            for told in self.world.consents
            if told.delegate == person
            and told.child == child
            and told.unit == unit
            and covers(told.since, told.until, day)
        } & guardians
        if self.world.settings.get("delegateConsent", "ONE") == "ALL":
            return bool(guardians) and consenting == guardians
        return bool(consenting)

    # Staff

    def staff_ties(self, person: str, child: str, day: dt.date) -> frozenset[Tie]:
        if self.blocked(person, child, day) or self.kin(person, child) or person == child:
            return frozenset()
        ties = set()
        for handle, unit in self.world.units.items():
            if self.employed(person, handle, day):
                if unit.kind == "SCHOOL":
                    for group in [group.handle for group in self.world.groups.values() if group.unit == handle]:
                        if self.belongs(child, group, day):
                            if self.contains(group, person, ("CONTACT_TEACHER",), day):
                                ties.add(Tie("CONTACT_TEACHER", handle))
                            if self.contains(group, person, ("SUBJECT_TEACHER", "ASSISTANT"), day):
                                ties.add(Tie("SUBJECT_STAFF", handle))
                elif self.enrolled(child, handle, day):
                    ties.add(Tie("UNIT_STAFF", handle))
            if self.leads(person, handle, day):
                if self.enrolled(child, handle, day):
                    ties.add(Tie("UNIT_LEADER", handle))
                elif self.last_day(child, handle, day):
                    ties.add(Tie("UNIT_LEADER", handle, left=True))
        return frozenset(ties)

    def case_worker(self, person: str, child: str, now: dt.datetime) -> bool:
        """CASE_WORKER: an open need case of someone in the administration, 24 hours at the most."""
        day = oslo_day(now)
        if self.blocked(person, child, day) or self.kin(person, child) or not self.administers(person, day):
            return False
        return any(
            case.person == person
            and case.child == child
            and case.opened
            and case.at <= now < min(case.until, case.at + dt.timedelta(hours=24))
            and (self.protection(child, day) == 0 or self.approved(case, day))
            for case in self.world.need_cases
        )

    def approved(self, case: NeedCase, today: dt.date) -> bool:
        """Section 5: for a protected child a second administrator or the leader of a unit of the child's approves; of
        somebody who is kept from the child by R1 or R2 nothing counts."""
        day = oslo_day(case.at)
        if case.by is None or case.by in (case.person, case.child):
            return False
        if self.blocked(case.by, case.child, today) or self.kin(case.by, case.child):
            return False
        return self.administers(case.by, day) or any(
            self.leads(case.by, unit, day) and self.enrolled(case.child, unit, day) for unit in self.world.units
        )

    def is_self(self, person: str, child: str, day: dt.date, login: str) -> bool:
        """SELF: from 15, and from 18 only when signed in as a private person."""
        born = self.born(child)
        if person != child or born is None or not self.is_child(child) or self.blocked(person, child, day):
            return False
        return turns(born, 15) <= day and (day < turns(born, 18) or login in ("private", "both"))

    def ties(self, person: str, child: str, now: dt.datetime, login: str) -> frozenset[Tie]:
        """Every relation of a signed-in viewer to a child."""
        day = oslo_day(now)
        ties = set(self.staff_ties(person, child, day))
        if login in ("private", "both"):
            if self.guardian(person, child, day):
                ties.add(Tie("GUARDIAN"))
            ties |= {Tie("DELEGATE", unit) for unit in self.world.units if self.delegate(person, child, unit, day)}
        if self.case_worker(person, child, now):
            ties.add(Tie("CASE_WORKER"))
        if self.is_self(person, child, day, login):
            ties.add(Tie("SELF"))
        return frozenset(ties)

    def strengt(self, level: int) -> bool:
        return level >= STRENGT
