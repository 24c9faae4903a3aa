"""Consenting to a use of photographs, and withdrawing (section 5): each for themself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Text as SqlText
from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from authz import photo_consent as policy
from authz.engine.sql import ME, table
from models import PhotoConsent, new_key
from resolvers.acting import Acting, Outcome
from resolvers.acts.place import CHILD, UNIT, child_at_unit
from resolvers.engine.source import Act, ReadBack, Source, Told

PURPOSE = bindparam("purpose", type_=SqlText())


async def give_photo_consent(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """Whoever has consented already has, since then."""
    child_id, unit_id = await child_at_unit(acting, given, policy.givable)
    await acting.connection.execute(
        insert_or_not(PhotoConsent)
        .values(
            id=new_key(),
            child_id=child_id,
            unit_id=unit_id,
            person_id=acting.viewer_id,
            purpose=given["purpose"].value,
            given_at=acting.now,
        )
        .on_conflict_do_nothing()
    )
    return {"child": acting.key_of(given["childId"], "Child")}


async def withdraw_photo_consent(acting: Acting, given: Mapping[str, Any]) -> Outcome:
    """At any time, also at a unit that the child has left. Whoever has not consented has nothing to withdraw."""
    child_id, unit_id = await child_at_unit(acting, given, policy.withdrawable)
    row = table(PhotoConsent, "own")
    of = {"child_id": child_id, "unit_id": unit_id, "purpose": given["purpose"].value}
    standing = await acting.row(
        select(row.c.id).where(
            row.c.child_id == CHILD,
            row.c.unit_id == UNIT,
            row.c.purpose == PURPOSE,
            row.c.person_id == ME,
            row.c.withdrawn_at.is_(None),
        ),
        **of,
    )
    if standing is not None:
        own = update(PhotoConsent).where(PhotoConsent.id == standing["id"], PhotoConsent.withdrawn_at.is_(None))
        await acting.write(own.values(withdrawn_at=acting.now))
    return {"child": acting.key_of(given["childId"], "Child")}


SOURCES: dict[str, Source] = {
    "Mutation.givePhotoConsent": Act(give_photo_consent),
    "Mutation.withdrawPhotoConsent": Act(withdraw_photo_consent),
    "GivePhotoConsentPayload.child": ReadBack(("Child",)),
    "GivePhotoConsentPayload.problems": Told(),
    "WithdrawPhotoConsentPayload.child": ReadBack(("Child",)),
    "WithdrawPhotoConsentPayload.problems": Told(),
}
