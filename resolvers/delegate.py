"""Where the fields of delegates and of the consents to them come from."""

from __future__ import annotations

from functools import partial

from sqlalchemy import ColumnElement, FromClause, and_, case, func, literal_column

from authz import delegate as policy
from authz import staff
from authz.engine.sql import Keys, table
from models import Consent, Delegate
from models.seen import SeenDelegate
from resolvers import ids
from resolvers.engine.source import Column, Entity, Many, One, Rows, Source

ENTITIES = (Entity("Delegate", SeenDelegate, visible=policy.visible), Entity("Consent", Consent))


def delegates(keys: Keys) -> Rows:
    """Oldest registration first."""
    row = table(SeenDelegate, "delegate")
    return Rows(row, row, [policy.visible(row, keys)], [row.c.registered_at, row.c.id], link=row.c.child_id)


def consents(_: Keys) -> Rows:
    """Oldest first. To the adult at the unit, whichever registration they were for."""
    registered, row = table(Delegate, "consented_to"), table(Consent, "consent")
    same = and_(
        row.c.child_id == registered.c.child_id,
        row.c.delegate_id == registered.c.person_id,
        row.c.unit_id == registered.c.unit_id,
    )
    return Rows(
        registered.join(row, same),
        row,
        [policy.consent_visible(row)],
        [row.c.given_at, row.c.id],
        link=registered.c.id,
    )


def told_name(row: FromClause, _: Keys) -> ColumnElement[str]:
    return func.coalesce(row.c.told_name, row.c.person_name)


SOURCES: dict[str, Source] = {
    "Delegate.id": Column(lambda row, _: row.c.id, partial(ids.encode, ids.TYPE_BYTES["Delegate"])),
    "Delegate.child": One("Child", lambda row, target, _: target.c.id == row.c.child_id),
    "Delegate.unit": One("Unit", lambda row, target, _: target.c.id == row.c.unit_id),
    "Delegate.name": Column(told_name),
    "Delegate.adult": One(
        "OtherAdult",
        lambda row, target, _: and_(target.c.id == row.c.person_id, policy.active(row)),
        optional=True,
    ),
    "Delegate.active": Column(
        lambda row, _: case((policy.active(row), literal_column("true")), else_=literal_column("false"))
    ),
    "Delegate.since": Column(lambda row, _: row.c.since),
    "Delegate.until": Column(lambda row, _: row.c.until),
    "Delegate.registeredAt": Column(lambda row, _: row.c.registered_at),
    "Delegate.registeredBy": One(
        "StaffMember",
        lambda row, target, keys: and_(target.c.id == row.c.registered_by, staff.visible(target.c.id, keys)),
        optional=True,
    ),
    "Delegate.consents": Many("Consent", consents),
    "Consent.guardian": One("Guardian", lambda row, target, _: target.c.id == row.c.guardian_id),
    "Consent.since": Column(lambda row, _: row.c.since),
    "Consent.until": Column(lambda row, _: row.c.until),
    "Consent.givenAt": Column(lambda row, _: row.c.given_at),
    "Consent.withdrawnAt": Column(lambda row, _: row.c.ended_at),
}
