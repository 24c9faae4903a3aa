"""Where consents to photographs come from, and whether a use is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, FromClause, Select, Text, case, cast, func, select

from authz import photo_consent as policy
from authz.engine.sql import ME, Keys, table, word
from models.seen import SeenPhotoConsent, named
from resolvers import ids
from resolvers.engine.run import Run
from resolvers.engine.source import Batch, Column, Entity, Many, One, OnePerson, Rows, Source

ENTITIES = (Entity("PhotoConsent", SeenPhotoConsent),)


def consents(keys: Keys) -> Rows:
    """Oldest first; those that were withdrawn too."""
    row = table(SeenPhotoConsent, "photo_consent")
    return Rows(row, row, [policy.visible(row, keys)], [row.c.given_at, row.c.id], link=row.c.child_id)


def texts(rows: Select[Any]) -> ColumnElement[Any]:
    return func.array(rows.scalar_subquery(), type_=ARRAY(Text()))


def uses(row: FromClause, keys: Keys) -> ColumnElement[str]:
    """What is to be known of every use of the child's photographs that the viewer may ask about, as words: `unit` for
    each unit that is open, `unit:PURPOSE` for each use that is allowed, `me:unit:PURPOSE` for each own consent, `me`
    where the viewer's own consent is asked for."""
    enrolment, opened = policy.open_units(row.c.id, keys)
    units = select(cast(enrolment.c.unit_id, Text())).where(opened).correlate_except(enrolment)
    consent, counts = policy.consents_of(row.c.id)
    use = cast(consent.c.unit_id, Text()).op("||")(word(":")).op("||")(consent.c.purpose)
    allowed = (
        select(use)
        .where(counts)
        .group_by(consent.c.unit_id, consent.c.purpose)
        .having(func.count() == policy.asked_of(row.c.id))
        .correlate_except(consent)
    )
    own = select(word("me:").op("||")(use)).where(counts, consent.c.person_id == ME).correlate_except(consent)
    asked = case((policy.is_asked(row.c.id, keys), word("me")), else_=word(""))
    told = texts(units).op("||")(texts(allowed)).op("||")(texts(own)).op("||")(asked)
    return func.array_to_string(told, word(" "))


async def split(_: Run, values: Sequence[str]) -> Sequence[frozenset[str]]:
    return [frozenset(value.split()) for value in values]


def use_asked_for(told: frozenset[str], arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    """Null for a unit of which the viewer may not know, as for one that never was."""
    unit_id = ids.decode_as("Unit", arguments["unitId"])
    if unit_id is None or str(unit_id) not in told:
        return None
    use = f"{unit_id}:{arguments['purpose'].value}"
    if use in told:
        return {"allowed": True, "reason": "CONSENTED"}
    own_missing = "me" in told and f"me:{use}" not in told
    return {"allowed": False, "reason": "OWN_CONSENT_MISSING" if own_missing else "CONSENT_MISSING"}


SOURCES: dict[str, Source] = {
    "Child.photoConsents": Many("PhotoConsent", consents),
    "Child.photoUseAllowed": Batch(uses, split, is_object=True, pick=use_asked_for),
    "PhotoConsent.unit": One("Unit", lambda row, target, _: target.c.id == row.c.unit_id),
    "PhotoConsent.purpose": Column(lambda row, _: row.c.purpose),
    "PhotoConsent.givenBy": OnePerson(
        lambda row: named(row, "person", "person_id"),
        lambda row, _person, _keys: case((row.c.person_id == row.c.child_id, word("Child")), else_=word("Guardian")),
    ),
    "PhotoConsent.givenAt": Column(lambda row, _: row.c.given_at),
    "PhotoConsent.withdrawnAt": Column(lambda row, _: row.c.withdrawn_at),
}
