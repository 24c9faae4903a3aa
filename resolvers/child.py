"""Where a child's fields come from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import orjson
from sqlalchemy import ColumnElement, FromClause, and_, case, cast, func, literal_column, or_, select
from sqlalchemy import Date as SqlDate

from authz import child as policy
from authz import guardian, thread, unit
from authz.engine.policy import Relation, names_of
from authz.engine.sql import Keys, days, exists_in, holds, table, word
from authz.relation import enrolled, left_before
from models import (
    ChildProtection,
    Enrolment,
    Group,
    GroupMembership,
    PersonIdentifier,
    Residence,
    Unit,
)
from models.seen import SeenChild, SeenGuardianship, SeenResponsibility, SeenThread, named
from resolvers import block, confirmation, delegate, ids, need_case, task
from resolvers.engine.run import Run
from resolvers.engine.source import Batch, Column, Connection, Entity, Many, One, Rows, Source

ENTITIES = (
    Entity(
        "Child",
        SeenChild,
        visible=lambda row, keys: policy.visible(row.c.id, keys),
        mask=lambda row, keys: policy.mask(row.c.id, keys),
        key="child_key",
    ),
    Entity("ParentalResponsibility", SeenResponsibility),
)


@cache
def relation_names(mask: int) -> list[str]:
    """The relations in a mask, in the order of section 2."""
    return names_of(Relation(mask))


def number_cipher(person_id: ColumnElement) -> ColumnElement[bytes]:
    """The national identity number in use, encrypted."""
    identifier = table(PersonIdentifier, "identifier")
    return (
        select(identifier.c.number_cipher)
        .where(identifier.c.person_id == person_id, identifier.c.in_use)
        .order_by(identifier.c.number_hash)
        .limit(literal_column("1"))
        .correlate_except(identifier)
        .scalar_subquery()
    )


async def decrypted_numbers(run: Run, ciphers: Sequence[bytes]) -> list[str]:
    return [run.services.vault.decrypt(cipher, "national_id") for cipher in ciphers]


def address_cipher(row: FromClause, keys: Keys) -> ColumnElement[bytes]:
    """The address that is open to the viewer, encrypted; null for any other."""
    residence = table(Residence, "home")
    day = policy.address_day(row.c.id, keys)
    return (
        select(residence.c.address_cipher)
        .where(
            residence.c.person_id == row.c.id,
            policy.residing(residence, day),
            policy.address_opened(row.c.id, residence, keys),
        )
        .order_by(residence.c.since.desc().nulls_last(), residence.c.id.desc())
        .limit(literal_column("1"))
        .correlate_except(residence)
        .scalar_subquery()
    )


async def decrypted_addresses(run: Run, ciphers: Sequence[bytes]) -> list[dict[str, Any]]:
    return [orjson.loads(run.services.vault.decrypt(cipher, "address")) for cipher in ciphers]


def units(keys: Keys) -> Rows:
    """By name. Those the child goes to, and those that the viewer leads and the child has left (C6)."""
    enrolment, row = table(Enrolment, "enrolment"), table(Unit, "unit")
    seen = or_(
        and_(holds(enrolment), policy.unit_opened(enrolment.c.child_id, enrolment.c.unit_id, keys)),
        and_(left_before(enrolment), policy.former_unit_opened(enrolment.c.child_id, enrolment.c.unit_id, keys)),
    )
    home = select(enrolment.c.child_id, enrolment.c.unit_id).distinct().where(seen).subquery("home")
    return Rows(home.join(row, row.c.id == home.c.unit_id), row, [], [row.c.name_key, row.c.id], link=home.c.child_id)


def groups(keys: Keys) -> Rows:
    """By name. Those the child belongs to; for the leader of a unit that the child has left, those it belonged to."""
    membership, group, row = table(GroupMembership, "membership"), table(Group, "of"), table(Group, "unit_group")
    enrolment = table(Enrolment, "past_enrolment")
    was_there = exists_in(
        enrolment,
        enrolment.c.child_id == membership.c.person_id,
        enrolment.c.unit_id == group.c.unit_id,
        left_before(enrolment),
        days(enrolment).op("&&")(days(membership)),
    )
    seen = or_(
        and_(unit.belongs(membership, group), policy.unit_opened(membership.c.person_id, group.c.unit_id, keys)),
        and_(
            membership.c.role == word("STUDENT"),
            was_there,
            ~enrolled(membership.c.person_id, group.c.unit_id),
            policy.former_unit_opened(membership.c.person_id, group.c.unit_id, keys),
        ),
    )
    belongs = (
        select(membership.c.person_id, membership.c.group_id)
        .distinct()
        .select_from(membership.join(group, group.c.id == membership.c.group_id))
        .where(seen)
        .subquery("belongs")
    )
    return Rows(
        belongs.join(row, row.c.id == belongs.c.group_id),
        row,
        [],
        [row.c.name_key, row.c.id],
        link=belongs.c.person_id,
    )


def guardians(_: Keys) -> Rows:
    """By name. Everybody who is GUARDIAN now, apart from how they sign in; the field's mask says who may see them."""
    held = table(SeenGuardianship, "guardianship")
    return Rows(
        held,
        named(held, "guardian", "person_id"),
        [holds(held)],
        [held.c.guardian_name_key, held.c.person_id],
        link=held.c.child_id,
    )


def responsibilities(_: Keys) -> Rows:
    """Oldest first. Every entry of the child's own document, those that open nothing too."""
    row = table(SeenResponsibility, "entry")
    since = func.coalesce(row.c.since, cast(word("-infinity"), SqlDate))
    return Rows(row, row, [row.c.on_child_document], [since, row.c.id], link=row.c.child_id)


def holder(row: FromClause, _: Keys) -> ColumnElement[str]:
    return func.coalesce(row.c.held_by_name, row.c.holder_name, row.c.holder_organisation, word("Ukjent"))


def protection_level(row: FromClause, _: Keys) -> ColumnElement[str]:
    """The strongest at which the child counts as protected today (R3)."""
    protection = table(ChildProtection, "protection_now")
    strongest = func.max(protection.c.level)  # STRENGT_FORTROLIG comes after FORTROLIG in any alphabet
    return (
        select(strongest)
        .where(protection.c.child_id == row.c.id, holds(protection))
        .correlate_except(protection)
        .scalar_subquery()
    )


def threads(keys: Keys) -> Rows:
    """Newest first."""
    row = table(SeenThread, "thread")
    visible = thread.visible(row, keys)
    return Rows(row, row, [visible], [row.c.last_message_at, row.c.id], descending=True, link=row.c.child_id)


SOURCES: dict[str, Source] = {
    "Child.id": Column(lambda row, _: row.c.child_key, partial(ids.encode, ids.TYPE_BYTES["Child"])),
    "Child.name": Column(lambda row, _: row.c.name),
    "Child.relations": Column(lambda row, keys: policy.mask(row.c.id, keys), relation_names),
    "Child.birthDate": Column(lambda row, _: row.c.birth_date),
    "Child.nationalId": Batch(lambda row, _: number_cipher(row.c.id), decrypted_numbers),
    "Child.address": Batch(address_cipher, decrypted_addresses, is_object=True),
    "Child.units": Many("Unit", units),
    "Child.groups": Many("Group", groups),
    "Child.guardians": Many("Guardian", guardians),
    "Child.responsibilities": Many("ParentalResponsibility", responsibilities),
    "Child.delegates": Many("Delegate", delegate.delegates),
    "Child.blocks": Many("Block", block.blocks),
    "Child.protectionLevel": Column(protection_level),
    "Child.confirmations": Many("Confirmation", confirmation.confirmations),
    "Child.tasks": Many("Task", task.tasks),
    "Child.needCases": Many("NeedCase", need_case.cases_on),
    "Child.threads": Connection("Thread", threads),
    "ParentalResponsibility.holder": Column(holder),
    "ParentalResponsibility.guardian": One(
        "Guardian",
        lambda row, target, _: and_(
            target.c.id == row.c.holder_id, guardian.is_guardian(row.c.holder_id, row.c.child_id)
        ),
        optional=True,
    ),
    "ParentalResponsibility.kind": Column(lambda row, _: func.coalesce(row.c.kind, word("ukjent"))),
    "ParentalResponsibility.opensAccess": Column(
        lambda row, _: case((guardian.entry_opens(row), literal_column("true")), else_=literal_column("false"))
    ),
    "ParentalResponsibility.since": Column(lambda row, _: row.c.since),
    "ParentalResponsibility.until": Column(lambda row, _: row.c.until),
}
