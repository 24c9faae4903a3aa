"""Registering another adult on consent, consenting, withdrawing and ending (section 5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, RowMapping, and_, func, insert, or_, select, text

from authz import delegate as policy
from authz.engine.policy import Relation
from authz.engine.sql import HERE, TODAY, Keys, fact, table
from models import Consent, Delegate, Unit, new_key
from resolvers.acting import Acting, Outcome
from resolvers.acts.child import CHILD, UNIT, WHICH, child_key, follow_up, held_as, held_child
from resolvers.acts.number import checked_name, checked_number, person_with_number
from resolvers.engine.source import Act, ReadBack, Source, Told
from resolvers.problems import Text, invalid, not_allowed, not_found

END = text(
    "select end_registrations(cast(:child as uuid), cast(:person as uuid), cast(:unit as uuid),"
    " cast(:guardian as uuid), :registrations, cast(:today as date), cast(:now as timestamptz),"
    " cast(:acting_as as text))"
)
OpenTo: TypeAlias = Callable[[FromClause, Keys], ColumnElement[bool]]
PAST = Text(
    nb="Perioden må begynne i dag eller senere.",
    nn="Perioden må byrje i dag eller seinare.",
    en="The period must begin today or later.",
)
NO_DAYS = Text(
    nb="Perioden må ha minst én dag.", nn="Perioden må ha minst éin dag.", en="The period must have at least one day."
)


def checked_period(acting: Acting, given: Mapping[str, Any]) -> tuple[dt.date, dt.date | None]:
    """From today on; `until` is the first day after it."""
    since: dt.date = given.get("since") or acting.today
    until: dt.date | None = given.get("until")
    if since < acting.today:
        raise invalid(PAST, "input", "since")
    if until is not None and until <= since:
        raise invalid(NO_DAYS, "input", "until")
    return since, until


async def register_delegate(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """Gives no access: that takes consents. Somebody who is registered may be so again, as one would renew it."""
    child_id = await held_child(acting, given["childId"], "input", "childId")
    unit_id = acting.key_of(given["unitId"], "Unit", "input", "unitId")
    unit = table(Unit, "the_unit")
    here = select(unit.c.id).where(unit.c.id == WHICH, unit.c.municipality_id == HERE)
    if await acting.row(here, which=unit_id) is None:
        raise not_found("input", "unitId")
    if not await may_register(acting, child_id, unit_id):
        raise not_allowed("input", "unitId")
    acting.met(child_id, unit_id)
    since, until = checked_period(acting, given)
    name = checked_name(given["name"], "input", "name")
    number = checked_number(given["nationalId"], "input", "nationalId")
    person_id = await person_with_number(acting, number, name)
    if person_id == acting.viewer_id:
        raise not_allowed("input", "nationalId")
    await forget_old_consents(acting, child_id, person_id, unit_id)
    delegate_id = new_key()
    await acting.write(
        insert(Delegate).values(
            id=delegate_id, child_id=child_id, person_id=person_id, unit_id=unit_id, since=since, until=until,
            agreed_until=until, told_name=name, registered_by=acting.viewer_id, registered_at=acting.now,
        )
    )  # fmt: skip
    await follow_up(acting, child_id)
    return {"delegate": delegate_id}


async def may_register(acting: Acting, child_id: UUID, unit_id: UUID) -> bool:
    row = await acting.row(
        select(policy.registers(CHILD, UNIT, acting.keys).label("may")), child_id=child_id, unit_id=unit_id
    )
    return bool(row and row["may"])


async def forget_old_consents(acting: Acting, child_id: UUID, person_id: UUID, unit_id: UUID) -> None:
    """A registration that has run out took its consents with it: a new one asks for new ones."""
    row = fact(Delegate, "earlier")
    same = and_(row.c.child_id == child_id, row.c.person_id == person_id, row.c.unit_id == unit_id)
    live = or_(row.c.until.is_(None), row.c.until > TODAY)
    found = await acting.row(select(func.count().label("all"), func.count().filter(live).label("live")).where(same))
    if found is not None and found["all"] and not found["live"]:
        await end_consents(acting, child_id, person_id, unit_id)


async def end_consents(
    acting: Acting, child_id: UUID, person_id: UUID, unit_id: UUID, guardian_id: UUID | None = None
) -> None:
    """Those that hold today or later: from now on they do not."""
    await end(acting, child_id, person_id, unit_id, guardian=guardian_id, registrations=False, acting_as=None)


async def end(acting: Acting, child_id: UUID, person_id: UUID, unit_id: UUID, **how: Any) -> None:
    """By a function of the database: what R1 or R3 hides from whoever ends it ends too."""
    given = {"child": child_id, "person": person_id, "unit": unit_id, "today": acting.today, "now": acting.now}
    await acting.connection.execute(END, {**given, **how})


async def end_registrations(acting: Acting, found: RowMapping, relation: Relation) -> None:
    """Every registration of the adult for the child at the unit, and the consents: nothing of it is left over."""
    of_adult = (found["child_id"], found["person_id"], found["unit_id"])
    await end(acting, *of_adult, guardian=None, registrations=True, acting_as=relation.name)
    await follow_up(acting, found["child_id"])


async def held_registration(acting: Acting, told: str, known_to: OpenTo = policy.visible) -> tuple[RowMapping, bool]:
    """A registration with its child held, and whether the viewer sees it; NOT_FOUND for one that is not `known_to`
    them, as for an id that never was."""
    delegate_id = acting.key_of(told, "Delegate", "input", "delegateId")
    row = fact(Delegate, "the_delegate")
    known = await acting.row(
        select(row.c.child_id).where(row.c.id == WHICH, known_to(row, acting.keys)), which=delegate_id
    )
    if known is None:
        raise not_found("input", "delegateId")
    await acting.hold_child(known["child_id"], changing=True)
    found = await acting.row(
        select(row, policy.visible(row, acting.keys).label("seen")).where(
            row.c.id == WHICH, known_to(row, acting.keys)
        ),
        which=delegate_id,
    )
    if found is None:
        raise not_found("input", "delegateId")
    if found["seen"]:
        acting.met(found["child_id"], found["unit_id"])
    return found, bool(found["seen"])


async def registration_of_ward(acting: Acting, told: str) -> RowMapping:
    """A registration for a child whose GUARDIAN the viewer is, seen or not: whether it was revoked, or R1 or R3 keeps
    the adult out, is not theirs to find out by taking a consent back."""
    found, seen = await held_registration(acting, told, policy.known)
    if Relation.GUARDIAN not in await held_as(acting, found["child_id"]):
        raise not_allowed("input", "delegateId") if seen else not_found("input", "delegateId")
    return found


async def revoke_delegate(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    found, seen = await held_registration(acting, given["delegateId"])
    if not seen:
        raise not_found("input", "delegateId")
    if found["person_id"] == acting.viewer_id or not await may_register(acting, found["child_id"], found["unit_id"]):
        raise not_allowed("input", "delegateId")
    held = await held_as(acting, found["child_id"])
    order = (Relation.UNIT_LEADER, Relation.CONTACT_TEACHER, Relation.UNIT_STAFF)
    await end_registrations(acting, found, next(one for one in order if one in held))
    return {"child": await child_key(acting, found["child_id"])}


async def end_delegation(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """Any guardian, whoever consented. One that has ended stays as it ended."""
    found = await registration_of_ward(acting, given["delegateId"])
    await end_registrations(acting, found, Relation.GUARDIAN)
    return {"child": await child_key(acting, found["child_id"])}


async def consent_to_delegate(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """A consent that is there already is not given twice; one with another end takes its place."""
    found, seen = await held_registration(acting, given["delegateId"])
    if not seen:
        raise not_found("input", "delegateId")
    if Relation.GUARDIAN not in await held_as(acting, found["child_id"]) or found["person_id"] == acting.viewer_id:
        raise not_allowed("input", "delegateId")
    until: dt.date | None = given.get("until")
    if until is not None and until <= acting.today:
        raise invalid(NO_DAYS, "input", "until")
    if not await consents_already(acting, found, until):
        of_adult = (found["child_id"], found["person_id"], found["unit_id"])
        await end_consents(acting, *of_adult, guardian_id=acting.viewer_id)
        await acting.write(
            insert(Consent).values(
                id=new_key(), child_id=found["child_id"], guardian_id=acting.viewer_id,
                delegate_id=found["person_id"], unit_id=found["unit_id"], since=acting.today, until=until,
                agreed_until=until, given_at=acting.now,
            )
        )  # fmt: skip
        await follow_up(acting, found["child_id"])
    return {"delegate": found["id"]}


async def consents_already(acting: Acting, found: RowMapping, until: dt.date | None) -> bool:
    row = fact(Consent, "own_consent")
    same_end = row.c.until.is_(None) if until is None else row.c.until == until
    given = await acting.row(
        select(func.count().label("found")).where(
            row.c.child_id == found["child_id"],
            row.c.delegate_id == found["person_id"],
            row.c.unit_id == found["unit_id"],
            row.c.guardian_id == acting.viewer_id,
            row.c.since <= TODAY,
            same_end,
        )
    )
    return bool(given and given["found"])


async def withdraw_consent(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """At any time. Without a consent there is nothing to do, and nothing is wrong."""
    found = await registration_of_ward(acting, given["delegateId"])
    of_adult = (found["child_id"], found["person_id"], found["unit_id"])
    await end_consents(acting, *of_adult, guardian_id=acting.viewer_id)
    await follow_up(acting, found["child_id"])
    return {"child": await child_key(acting, found["child_id"])}


SOURCES: dict[str, Source] = {
    "Mutation.registerDelegate": Act(register_delegate, once=True),
    "Mutation.revokeDelegate": Act(revoke_delegate),
    "Mutation.consentToDelegate": Act(consent_to_delegate),
    "Mutation.withdrawConsent": Act(withdraw_consent),
    "Mutation.endDelegation": Act(end_delegation),
    "RegisterDelegatePayload.delegate": ReadBack(("Delegate",)),
    "RegisterDelegatePayload.problems": Told(),
    "RevokeDelegatePayload.child": ReadBack(("Child",)),
    "RevokeDelegatePayload.problems": Told(),
    "ConsentToDelegatePayload.delegate": ReadBack(("Delegate",)),
    "ConsentToDelegatePayload.problems": Told(),
    "WithdrawConsentPayload.child": ReadBack(("Child",)),
    "WithdrawConsentPayload.problems": Told(),
    "EndDelegationPayload.child": ReadBack(("Child",)),
    "EndDelegationPayload.problems": Told(),
}
