"""Opening, approving, extending and closing a need case.

Nothing that comes of opening one tells whether the child is known, protected, blocked from whoever asks, or of their
family: such a case waits, as one does that nobody approves.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, bindparam, func, insert, or_, select, update

from authz import need_case as policy
from authz.access_log import approves
from authz.engine.sql import ME, table
from authz.walls.functions import ASKED_CHILDREN, REPORT_NEED_CASE
from models import NeedCase, new_key
from resolvers.acting import Acting, Outcome
from resolvers.acts.child import WHICH
from resolvers.acts.number import checked_name, checked_number
from resolvers.engine.source import Act, ReadBack, Source, Told
from resolvers.problems import ActRefused, Problem, ProblemCode, Text, checked_text, invalid, not_allowed, not_found

LONGEST_REASON = 2000
DEFAULT_HOURS, MOST_HOURS = 8, 24
MOST_AT_ONCE, MOST_A_DAY = 10, 30
"""Of one administrator, whatever came of them: who asks for one after the other is looking for whom we know."""
DAY_AGO = bindparam("day_ago", type_=DateTime(timezone=True))

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
AT_ONCE = Text(
    nb="Du har {found} saker som er åpne eller venter, og grensen er {limit}. Lukk en først.",
    nn="Du har {found} saker som er opne eller ventar, og grensa er {limit}. Lukk ei først.",
    en="You have {found} cases that are open or wait, and the limit is {limit}. Close one first.",
)
A_DAY = Text(
    nb="Du har bedt om {found} saker det siste døgnet, og grensen er {limit}.",
    nn="Du har bede om {found} saker det siste døgnet, og grensa er {limit}.",
    en="You have asked for {found} cases in the last 24 hours, and the limit is {limit}.",
)
NOT_OPEN = Text(nb="Saken er ikke åpen.", nn="Saka er ikkje open.", en="The case is not open.")
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
    await within_limits(acting)
    case_id, vault = new_key(), acting.services.vault
    await acting.write(
        insert(NeedCase).values(
            id=case_id, child_id=child_id, person_id=acting.viewer_id, hours=hours, asked_at=acting.now,
            reason_cipher=vault.encrypt(reason, "reason"), told_cipher=vault.encrypt(told, "need case"),
            until=acting.now + dt.timedelta(hours=hours), for_access_log=bool(given.get("forAccessLog")),
        )
    )  # fmt: skip
    await opened(acting, case_id)
    return {"case": case_id}


async def within_limits(acting: Acting) -> None:
    """Counts the viewer's own cases, on somebody or on nobody. Two acts at once are counted one after the other."""
    await acting.hold(f"need cases of {acting.viewer_id}")
    row = table(NeedCase, "own_case")
    lately = or_(~policy.over(row), row.c.asked_at > DAY_AGO)
    counted = select(
        func.count().filter(~policy.over(row)).label("at_once"),
        func.count().filter(row.c.asked_at > DAY_AGO).label("a_day"),
    )
    [found] = await acting.rows(
        counted.where(row.c.person_id == ME, lately), day_ago=acting.now - dt.timedelta(hours=MOST_HOURS)
    )
    for counting, limit, text in (("at_once", MOST_AT_ONCE, AT_ONCE), ("a_day", MOST_A_DAY, A_DAY)):
        if found[counting] >= limit:
            raise ActRefused(Problem(ProblemCode.NOT_ALLOWED, text, ("input",), found=found[counting], limit=limit))


async def opened(acting: Acting, case_id: UUID) -> None:
    """Opens the case, unless something keeps it from opening, and lays the report ready for the leaders of the units
    that the child goes to now. One that was open before and was closed by protection keeps its opening, from which the
    hours run. The same statements are carried out either way, so that the time tells nothing."""
    row = table(NeedCase, "to_open")
    may = select(row.c.id).where(row.c.id == WHICH, policy.may_open(row))
    opening = (
        update(NeedCase).where(NeedCase.id.in_(may)).values(opened_at=func.coalesce(NeedCase.opened_at, acting.now))
    )
    await acting.connection.execute(opening, {**acting.values, "which": case_id})
    await acting.connection.execute(REPORT_NEED_CASE, {"case_id": case_id, "at": acting.now})


async def told_child(acting: Acting, given: Mapping[str, Any]) -> tuple[UUID | None, str]:
    """The one child whom the input names, and how it does; nobody where there is none, or more than one."""
    number, name, born = given.get("nationalId"), given.get("name"), given.get("birthDate")
    if number is not None and name is None and born is None:
        told = checked_number(number, "input", "nationalId")
        hashed = acting.services.vault.keyed_hash(told, "national_id")
        asked: dict[str, Any] = {"told_hash": hashed, "told_name": None, "told_born": None}
    elif number is None and name is not None and born is not None:
        called = checked_name(name, "input", "name")
        told = f"{called}, {born:%Y-%m-%d}"
        asked = {"told_hash": None, "told_name": called, "told_born": born}
    else:
        raise invalid(WHO, "input")
    found = (await acting.connection.execute(ASKED_CHILDREN, asked)).scalars().all()
    return (found[0] if len(found) == 1 else None), told


async def held_case(acting: Acting, told: str, column: Any) -> Any:
    """A case that the viewer sees, with a condition on it, under a lock of its own; NOT_FOUND for any other."""
    case_id = acting.key_of(told, "NeedCase", "input", "caseId")
    await acting.hold(f"need case {case_id}")
    row = table(NeedCase, "the_case")
    found = await acting.row(
        select(
            row, policy.over(row).label("over"), policy.ends_at(row).label("ends_at"), column(row).label("may"),
            approves(row).label("of_another"),
        ).where(row.c.id == WHICH, policy.visible(row, acting.keys)),
        which=case_id,
    )  # fmt: skip
    if found is None:
        raise not_found("input", "caseId")
    if found["of_another"]:
        acting.looks.cases.add((found["child_id"] or found["id"], found["id"]))
    elif found["person_id"] != acting.viewer_id:
        acting.met(found["child_id"])
    return found


async def approve_need_case(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    found = await held_case(acting, given["caseId"], lambda row: policy.approvable(row, acting.keys))
    if found["over"]:
        raise ActRefused(Problem(ProblemCode.TOO_LATE, OVER, ("input", "caseId")))
    if found["person_id"] == acting.viewer_id:
        raise not_allowed("input", "caseId", text=OWN)
    if not found["may"]:
        raise not_allowed("input", "caseId")
    approval = {"approved_by": acting.viewer_id, "approved_at": acting.now}
    until = acting.now + dt.timedelta(hours=found["hours"] or DEFAULT_HOURS)
    await acting.write(update(NeedCase).where(NeedCase.id == found["id"]).values(**approval, until=until))
    await opened(acting, found["id"])
    return {"case": found["id"]}


async def extend_need_case(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """Up to 24 hours from the opening in all. One that waits has no opening yet, whomever it is on."""
    found = await held_case(acting, given["caseId"], policy.is_open)
    await own_and_running(acting, found)
    if not found["may"]:
        raise not_allowed("input", "caseId", text=NOT_OPEN)
    acting.met(found["child_id"])
    if not 1 <= given["hours"] <= MOST_HOURS:
        raise invalid(HOURS, "input", "hours", limit=MOST_HOURS)
    until = found["ends_at"] + dt.timedelta(hours=given["hours"])
    if until > found["opened_at"] + dt.timedelta(hours=MOST_HOURS):
        raise invalid(HOURS, "input", "hours", limit=MOST_HOURS)
    await acting.write(update(NeedCase).where(NeedCase.id == found["id"]).values(until=until))
    return {"case": found["id"]}


async def close_need_case(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    found = await held_case(acting, given["caseId"], policy.is_open)
    await own_and_running(acting, found)
    ended = {"closed_at": acting.now, "until": acting.now}
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
