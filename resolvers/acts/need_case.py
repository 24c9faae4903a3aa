"""Opening, approving, extending and closing a need case.

Nothing that comes of opening one tells whether the child is known, protected, blocked from whoever asks, or of their
family: such a case waits, as one does that nobody approves.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Date, bindparam, func, insert, select, update
from sqlalchemy import Text as SqlText

from authz import need_case as policy
from authz.engine.sql import HERE, table
from models import Enrolment, NeedCase, Person, PersonIdentifier, new_key
from resolvers.acting import Acting, Outcome
from resolvers.acts.child import WHICH
from resolvers.acts.number import HASH, checked_name, checked_number
from resolvers.engine.source import Act, ReadBack, Source, Told
from resolvers.problems import ActRefused, Problem, ProblemCode, Text, checked_text, invalid, not_allowed, not_found

LONGEST_REASON = 2000
DEFAULT_HOURS, MOST_HOURS = 8, 24
NAME = bindparam("told_name", type_=SqlText())
BORN = bindparam("told_born", type_=Date())

WHO = Text(
    nb="Oppgi enten fødselsnummer (nationalId) eller navn og fødselsdato (name og birthDate).",
    nn="Oppgi anten fødselsnummer (nationalId) eller namn og fødselsdato (name og birthDate).",
    en="Say either the number (nationalId), or the name and the birth date (name and birthDate).",
)
HOURS = Text(
    nb="En sak kan være åpen i 1 til {limit} timer i alt.",
    nn="Ei sak kan vere open i 1 til {limit} timar i alt.",
    en="A case can be open for 1 to {limit} hours in all.",
)
OVER = Text(nb="Saken er lukket.", nn="Saka er lukka.", en="The case is closed.")
OWN = Text(
    nb="Den som ber om en sak, kan ikke godkjenne den selv.",
    nn="Den som bed om ei sak, kan ikkje godkjenne henne sjølv.",
    en="Whoever asks for a case cannot approve it themself.",
)


async def open_need_case(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    allowed = await acting.row(select(policy.administers().label("may")))
    if allowed is None or not allowed["may"]:
        raise not_allowed()
    reason = checked_text(given["reason"], LONGEST_REASON, "input", "reason")
    hours = DEFAULT_HOURS if given.get("hours") is None else given["hours"]
    if not 1 <= hours <= MOST_HOURS:
        raise invalid(HOURS, "input", "hours", limit=MOST_HOURS)
    child_id, told = await told_child(acting, given)
    case_id, vault = new_key(), acting.services.vault
    await acting.write(
        insert(NeedCase).values(
            id=case_id, child_id=child_id, person_id=acting.viewer_id, hours=hours, asked_at=acting.now,
            reason_cipher=vault.encrypt(reason, "reason"), told_cipher=vault.encrypt(told, "need case"),
            opened_at=acting.now, until=acting.now + dt.timedelta(hours=hours),
            for_access_log=bool(given.get("forAccessLog")),
        )
    )  # fmt: skip
    return {"case": case_id}


async def told_child(acting: Acting, given: Mapping[str, Any]) -> tuple[UUID | None, str]:
    """The one child whom the input names, and how it does; nobody where there is none, or more than one."""
    number, name, born = given.get("nationalId"), given.get("name"), given.get("birthDate")
    person, enrolment = table(Person, "asked_for"), table(Enrolment, "went")
    is_child = select(enrolment.c.id).where(enrolment.c.child_id == person.c.id).exists()
    if number is not None and name is None and born is None:
        told = checked_number(number, "input", "nationalId")
        identifier = table(PersonIdentifier, "asked_number")
        statement = select(person.c.id).where(
            is_child,
            person.c.id == identifier.c.person_id,
            identifier.c.municipality_id == HERE,
            identifier.c.number_hash == HASH,
        )
        hashed = acting.services.vault.keyed_hash(told, "national_id")
        found = await acting.rows(statement, told_hash=hashed)
    elif number is None and name is not None and born is not None:
        called = checked_name(name, "input", "name")
        told = f"{called}, {born:%Y-%m-%d}"
        statement = select(person.c.id).where(
            is_child,
            person.c.municipality_id == HERE,
            person.c.birth_date == BORN,
            func.lower(person.c.name) == func.lower(NAME),
        )
        found = await acting.rows(statement, told_name=called, told_born=born)
    else:
        raise invalid(WHO, "input")
    return (found[0]["id"] if len(found) == 1 else None), told


async def held_case(acting: Acting, told: str, column: Any) -> Any:
    """A case that the viewer sees, with a condition on it, under a lock of its own; NOT_FOUND for any other."""
    case_id = acting.key_of(told, "NeedCase", "input", "caseId")
    await acting.hold(f"need case {case_id}")
    row = table(NeedCase, "the_case")
    found = await acting.row(
        select(row, policy.over(row).label("over"), column(row).label("may")).where(
            row.c.id == WHICH, policy.visible(row, acting.keys)
        ),
        which=case_id,
    )
    if found is None:
        raise not_found("input", "caseId")
    return found


async def approve_need_case(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    found = await held_case(acting, given["caseId"], lambda row: policy.approvable(row, acting.keys))
    if found["over"]:
        raise ActRefused(Problem(ProblemCode.TOO_LATE, OVER, ("input", "caseId")))
    if found["person_id"] == acting.viewer_id:
        raise not_allowed("input", "caseId", text=OWN)
    if not found["may"]:
        raise not_allowed("input", "caseId")
    opened = {"opened_at": acting.now, "until": acting.now + dt.timedelta(hours=found["hours"] or DEFAULT_HOURS)}
    approval = {"approved_by": acting.viewer_id, "approved_at": acting.now}
    await acting.write(update(NeedCase).where(NeedCase.id == found["id"]).values(**approval, **opened))
    return {"case": found["id"]}


async def extend_need_case(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """Up to 24 hours from the opening in all."""
    found = await held_case(acting, given["caseId"], policy.is_open)
    await own_and_running(acting, found)
    until = found["until"] + dt.timedelta(hours=given["hours"])
    if given["hours"] < 1 or until > found["opened_at"] + dt.timedelta(hours=MOST_HOURS):
        raise invalid(HOURS, "input", "hours", limit=MOST_HOURS)
    await acting.write(update(NeedCase).where(NeedCase.id == found["id"]).values(until=until))
    return {"case": found["id"]}


async def close_need_case(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    found = await held_case(acting, given["caseId"], policy.is_open)
    await own_and_running(acting, found)
    ended = {"closed_at": acting.now, "until": max(acting.now, found["opened_at"])}
    await acting.write(update(NeedCase).where(NeedCase.id == found["id"]).values(**ended))
    return {"case": found["id"]}


async def own_and_running(acting: Acting, found: Any) -> None:
    if found["person_id"] != acting.viewer_id:
        raise not_allowed("input", "caseId")
    if found["over"]:
        raise ActRefused(Problem(ProblemCode.TOO_LATE, OVER, ("input", "caseId")))


SOURCES: dict[str, Source] = {
    "Mutation.openNeedCase": Act(open_need_case, once=True),
    "Mutation.approveNeedCase": Act(approve_need_case),
    "Mutation.extendNeedCase": Act(extend_need_case),
    "Mutation.closeNeedCase": Act(close_need_case),
    **{
        f"{name}NeedCasePayload.{field}": source
        for name in ("Open", "Approve", "Extend", "Close")
        for field, source in (("case", ReadBack(("NeedCase",))), ("problems", Told()))
    },
}
