"""Reporting and registering absence, taking note of it, correcting and withdrawing it (section 5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Date, RowMapping, Time, Update, and_, bindparam, insert, or_, select, update

from authz import absence as policy
from authz.engine.sql import HERE, table, word
from models import Absence, Setting, new_key
from resolvers import ids
from resolvers.acting import Acting, Outcome
from resolvers.acts.place import CHILD, UNIT, WHICH, child_at_unit
from resolvers.engine.source import Act, ReadBack, Source, Told
from resolvers.problems import ActRefused, Problem, ProblemCode, Text, checked_text, invalid, not_allowed, not_found
from screening.screen import screen

LONGEST_NOTE = 200
MOST_DAYS = 60
AHEAD = dt.timedelta(days=365)
BACK = {"GUARDIAN": dt.timedelta(days=14), "UNIT": dt.timedelta(days=400)}
"""How long ago an absence may have begun: a unit may register a whole school year afterwards."""
FIRST, LAST = bindparam("first_day", type_=Date()), bindparam("last_day", type_=Date())
FROM, TO = bindparam("from_time", type_=Time()), bindparam("to_time", type_=Time())

BACKWARDS = Text(
    nb="Den siste dagen er før den første.", nn="Den siste dagen er før den første.",
    en="The last day is before the first.",
)  # fmt: skip
TOO_FAR = Text(
    nb="Dagene er for langt fra i dag, eller det er flere enn {limit}. Ta kontakt med enheten.",
    nn="Dagane er for langt frå i dag, eller det er fleire enn {limit}. Ta kontakt med eininga.",
    en="The days are too far from today, or there are more than {limit}. Get in touch with the unit.",
)
ODD_TIMES = Text(
    nb="En del av en dag har to klokkeslett, det første før det andre, på én og samme dag.",
    nn="Ein del av ein dag har to klokkeslett, det første før det andre, på ein og same dag.",
    en="A part of a day has two times, the first before the second, on one and the same day.",
)
UNITS_REASON = Text(
    nb="Bare enheten kan si at det ikke er meldt.", nn="Berre eininga kan seie at det ikkje er meldt.",
    en="Only the unit can say that it was not reported.",
)  # fmt: skip
NO_NOTES = Text(
    nb="Kommunen tar ikke imot fritekst om fravær. Velg en årsak.",
    nn="Kommunen tek ikkje imot fritekst om fråvær. Vel ei årsak.",
    en="The municipality takes no free text about absence. Choose a reason.",
)
NUMBER = Text(
    nb="Skriv ikke fødselsnummer her.", nn="Skriv ikkje fødselsnummer her.",
    en="Do not write national identity numbers here.",
)  # fmt: skip
OVERLAPS = Text(
    nb="Det er alt meldt fravær da. Rett det i stedet.", nn="Det er alt meldt fråvær då. Rett det i staden.",
    en="Absence has already been reported then. Correct that one instead.",
)  # fmt: skip
ENDED = Text(
    nb="Fraværet er alt rettet eller trukket tilbake.", nn="Fråværet er alt retta eller trekt tilbake.",
    en="The absence has already been corrected or withdrawn.",
)  # fmt: skip
NOTED = Text(
    nb="Enheten har alt bekreftet fraværet. Ta kontakt med den.",
    nn="Eininga har alt stadfesta fråværet. Ta kontakt med ho.",
    en="The unit has already confirmed the absence. Get in touch with it.",
)


@dataclass(frozen=True)
class Days:
    """When a child is absent, in days and times that make sense."""

    first_day: dt.date
    last_day: dt.date
    from_time: dt.time | None
    to_time: dt.time | None

    @classmethod
    def told(cls, given: Mapping[str, Any], today: dt.date, side: str) -> Days:
        days = cls(given["firstDay"], given["lastDay"], given.get("fromTime"), given.get("toTime"))
        if days.last_day < days.first_day:
            raise invalid(BACKWARDS, "input", "lastDay")
        too_long = (days.last_day - days.first_day).days >= MOST_DAYS
        if days.first_day < today - BACK[side] or days.last_day > today + AHEAD or too_long:
            raise invalid(TOO_FAR, "input", "firstDay", limit=MOST_DAYS)
        times = [time for time in (days.from_time, days.to_time) if time is not None]
        # Before they are compared: a time with an offset and one without cannot be.
        if any(time.tzinfo for time in times):
            raise invalid(ODD_TIMES, "input", "fromTime")
        one_part = len(times) == 2 and times[0] < times[1] and days.first_day == days.last_day
        if times and not one_part:
            raise invalid(ODD_TIMES, "input", "fromTime")
        return days

    @property
    def values(self) -> dict[str, Any]:
        return {"first_day": self.first_day, "last_day": self.last_day, "from_time": self.from_time,
                "to_time": self.to_time}  # fmt: skip


async def checked_note(acting: Acting, given: Mapping[str, Any]) -> str | None:
    """Free text invites what a unit should not be told: there is none unless the municipality lets there be."""
    if given.get("note") is None:
        return None
    setting = table(Setting, "setting")
    allowed = await acting.row(
        select(setting.c.value).where(setting.c.municipality_id == HERE, setting.c.name == word("absenceNote"))
    )
    if allowed is None or allowed["value"] != "ALLOWED":
        raise not_allowed("input", "note", text=NO_NOTES)
    note = checked_text(given["note"], LONGEST_NOTE, "input", "note")
    # Why a child is ill is sensitive by nature, and encrypted; a national identity number is never let through.
    found = [one for one in screen(note) if not one.kind.may_be_acknowledged]
    if found:
        details = [str(one) for one in found]
        raise ActRefused(Problem(ProblemCode.SENSITIVE_CONTENT, NUMBER, ("input", "note"), details=details))
    return note


async def written(
    acting: Acting, about: tuple[UUID, UUID], given: Mapping[str, Any], side: str, corrects: UUID | None = None
) -> UUID:
    """A new absence of the child at the unit, which no standing one may overlap but the one it corrects."""
    child_id, unit_id = about
    days = Days.told(given, acting.today, side)
    reason = given["reason"].value
    if reason == "NOT_REPORTED" and side == "GUARDIAN":
        raise invalid(UNITS_REASON, "input", "reason")
    note = await checked_note(acting, given)
    row = table(Absence, "other")
    same_hours = or_(
        # To whom the times are closed the overlap is of days: by trying they would be found out.
        ~policy.times_seen(CHILD, UNIT, acting.keys),
        row.c.from_time.is_(None),
        FROM.is_(None),
        and_(row.c.from_time < TO, row.c.to_time > FROM),
    )
    overlapping = await acting.rows(
        select(row.c.id).where(
            row.c.child_id == CHILD,
            row.c.unit_id == UNIT,
            row.c.ended_at.is_(None),
            row.c.id.is_distinct_from(WHICH),
            row.c.first_day <= LAST,
            row.c.last_day >= FIRST,
            same_hours,
        ),
        child_id=child_id,
        unit_id=unit_id,
        which=corrects,
        **days.values,
    )
    if overlapping:
        details = [ids.encode(ids.TYPE_BYTES["Absence"], found["id"]) for found in overlapping]
        raise ActRefused(Problem(ProblemCode.CONFLICT, OVERLAPS, ("input", "firstDay"), details=details))
    key, vault = new_key(), acting.services.vault
    by_unit = side == "UNIT"
    await acting.write(
        insert(Absence).values(
            id=key,
            child_id=child_id,
            unit_id=unit_id,
            **days.values,
            reason_cipher=vault.encrypt(reason, "absence_reason"),
            note_cipher=None if note is None else vault.encrypt(note, "absence_note"),
            side=side,
            reported_by=acting.viewer_id,
            reported_at=acting.now,
            confirmed_by=acting.viewer_id if by_unit else None,
            confirmed_at=acting.now if by_unit else None,
            corrects=corrects,
        )
    )
    return key


async def report_absence(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """A guardian tells the unit, which takes note of it."""
    about = await child_at_unit(acting, given, policy.reportable)
    await acting.hold(in_order(*about))
    return {"absence": await written(acting, about, given, "GUARDIAN")}


async def register_absence(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """The unit itself has seen it."""
    about = await child_at_unit(acting, given, policy.registrable)
    await acting.hold(in_order(*about))
    return {"absence": await written(acting, about, given, "UNIT")}


def in_order(child_id: UUID, unit_id: UUID) -> str:
    """Acts on one child's absence from one unit wait for each other: no two that stand may overlap."""
    return f"absence {child_id} {unit_id}"


async def seen_absence(acting: Acting, given: Mapping[str, Any]) -> RowMapping:
    """An absence that the viewer sees, with what they may do about it; NOT_FOUND for any other."""
    key = acting.key_of(given["absenceId"], "Absence", "input", "absenceId")
    row = table(Absence, "the_absence")
    known = await acting.row(
        select(row.c.child_id, row.c.unit_id).where(row.c.id == WHICH, policy.visible(row, acting.keys)), which=key
    )
    if known is None:
        raise not_found("input", "absenceId")
    await acting.hold_child(known["child_id"])
    await acting.hold(in_order(known["child_id"], known["unit_id"]))
    keys = acting.keys
    found = await acting.row(
        select(
            row.c.id, row.c.child_id, row.c.unit_id, row.c.side, row.c.confirmed_at, row.c.ended_at,
            policy.registrable(row.c.child_id, row.c.unit_id, keys).label("confirmable"),
            policy.changeable(row, keys).label("changeable"),
        ).where(row.c.id == WHICH, policy.visible(row, keys)),
        which=key,
    )  # fmt: skip
    if found is None:
        raise not_found("input", "absenceId")
    acting.met(found["child_id"], found["unit_id"])
    return found


async def changeable_absence(acting: Acting, given: Mapping[str, Any]) -> tuple[RowMapping, str]:
    """An absence that the viewer may correct or withdraw, and the side that they do it on."""
    found = await seen_absence(acting, given)
    if not found["changeable"]:
        raise not_allowed("input", "absenceId")
    if found["ended_at"] is not None:
        raise ActRefused(Problem(ProblemCode.CONFLICT, ENDED, ("input", "absenceId")))
    side = "UNIT" if found["confirmable"] else "GUARDIAN"
    if side == "GUARDIAN" and found["confirmed_at"] is not None:
        raise ActRefused(Problem(ProblemCode.TOO_LATE, NOTED, ("input", "absenceId")))
    return found, side


def ended(acting: Acting, absence_id: UUID, how: str) -> Update:
    row = update(Absence).where(Absence.id == absence_id, Absence.ended_at.is_(None))
    return row.values(ended_at=acting.now, ended_by=acting.viewer_id, ended_how=how)


async def correct_absence(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """The one that was there stays as it was, and another stands in its place."""
    found, side = await changeable_absence(acting, given)
    made = await written(acting, (found["child_id"], found["unit_id"]), given, side, corrects=found["id"])
    await acting.write(ended(acting, found["id"], "CORRECTED"))
    return {"absence": made}


async def withdraw_absence(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    found, _ = await changeable_absence(acting, given)
    await acting.write(ended(acting, found["id"], "WITHDRAWN"))
    return {"absence": found["id"]}


async def confirm_absence(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """The unit has taken note. One that is confirmed already stays so, with whoever did it first."""
    found = await seen_absence(acting, given)
    if not found["confirmable"]:
        raise not_allowed("input", "absenceId")
    if found["ended_at"] is not None:
        raise ActRefused(Problem(ProblemCode.CONFLICT, ENDED, ("input", "absenceId")))
    noted = update(Absence).where(Absence.id == found["id"], Absence.confirmed_at.is_(None))
    await acting.write(noted.values(confirmed_at=acting.now, confirmed_by=acting.viewer_id))
    return {"absence": found["id"]}


SOURCES: dict[str, Source] = {
    "Mutation.reportAbsence": Act(report_absence, once=True),
    "Mutation.registerAbsence": Act(register_absence, once=True),
    "Mutation.confirmAbsence": Act(confirm_absence),
    "Mutation.correctAbsence": Act(correct_absence, once=True),
    "Mutation.withdrawAbsence": Act(withdraw_absence),
    "ReportAbsencePayload.absence": ReadBack(("Absence",)),
    "ReportAbsencePayload.problems": Told(),
    "RegisterAbsencePayload.absence": ReadBack(("Absence",)),
    "RegisterAbsencePayload.problems": Told(),
    "ConfirmAbsencePayload.absence": ReadBack(("Absence",)),
    "ConfirmAbsencePayload.problems": Told(),
    "CorrectAbsencePayload.absence": ReadBack(("Absence",)),
    "CorrectAbsencePayload.problems": Told(),
    "WithdrawAbsencePayload.absence": ReadBack(("Absence",)),
    "WithdrawAbsencePayload.problems": Told(),
}
