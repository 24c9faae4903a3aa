"""Where the fields of need cases come from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy import and_, case, func, select

from authz import need_case as policy
from authz.engine.sql import ME, Keys, holds, table
from models import Enrolment, NeedCase
from models.seen import SeenCaseLook, SeenCaseOnChild, SeenNeedCase
from resolvers import ids
from resolvers.access_log import fields_of, subjects
from resolvers.engine.run import Run
from resolvers.engine.source import Batch, Column, Connection, Entity, One, Rows, Source

ENTITIES = (Entity("NeedCase", SeenNeedCase, visible=policy.visible), Entity("NeedCaseLook", SeenCaseLook))


def cases(keys: Keys) -> Rows:
    """Newest first; those that are over too."""
    row = table(SeenNeedCase, "need")
    asked_at = func.coalesce(row.c.asked_at, row.c.opened_at)
    return Rows(row, row, [policy.visible(row, keys)], [asked_at, row.c.id], descending=True)


def cases_on(keys: Keys) -> Rows:
    """Newest first, about one child."""
    row = table(SeenCaseOnChild, "need")
    asked_at = func.coalesce(row.c.asked_at, row.c.opened_at)
    seen = [policy.visible(row, keys), policy.open_to_viewer(row, keys)]
    return Rows(row, row, seen, [asked_at, row.c.id], descending=True, link=row.c.child_id)


def cases_at(keys: Keys) -> Rows:
    """Newest first, about children who go to one unit now."""
    enrolment, row = table(Enrolment, "enrolment"), table(SeenNeedCase, "need")
    home = select(enrolment.c.child_id, enrolment.c.unit_id).distinct().where(holds(enrolment)).subquery("home")
    asked_at = func.coalesce(row.c.asked_at, row.c.opened_at)
    return Rows(
        home.join(row, row.c.child_id == home.c.child_id),
        row,
        [keys.has(home.c.unit_id, "led"), policy.of_leader(row, keys)],
        [asked_at, row.c.id],
        descending=True,
        link=home.c.unit_id,
    )


def looks(keys: Keys) -> Rows:
    """Newest first: an entry of the access log for each operation of whose case it is. Who is to approve it leaves
    entries of their own, which are not among these."""
    log, need = table(SeenCaseLook, "case_log"), table(NeedCase, "looked_in")
    in_case = and_(
        log.c.need_case_id == need.c.id,
        log.c.person_id == need.c.person_id,
        # Only spares the other months.
        log.c.at.between(func.coalesce(need.c.asked_at, need.c.opened_at), need.c.until),
    )
    columns = ("chain_id", "sequence", "at", "operation", "document")
    row = (
        select(*(log.c[name] for name in columns), need.c.id.label("case_id"), need.c.child_id, need.c.person_id)
        .select_from(need.join(log, in_case))
        .subquery("case_look")
    )
    order = [row.c.at, row.c.chain_id, row.c.sequence]
    return Rows(row, row, [policy.looks_shown(row, keys)], order, descending=True, link=row.c.case_id)


async def reasons(run: Run, ciphers: Sequence[bytes]) -> list[str]:
    return [run.services.vault.decrypt(cipher, "reason") for cipher in ciphers]


async def told(run: Run, ciphers: Sequence[bytes]) -> list[str]:
    return [run.services.vault.decrypt(cipher, "need case") for cipher in ciphers]


SOURCES: dict[str, Source] = {
    "NeedCase.id": Column(lambda row, _: row.c.id, partial(ids.encode, ids.TYPE_BYTES["NeedCase"])),
    "NeedCase.openedByName": Column(lambda row, _: row.c.asker_name),
    "NeedCase.own": Column(lambda row, _: row.c.person_id == ME),
    "NeedCase.reason": Batch(lambda row, _: row.c.reason_cipher, reasons),
    "NeedCase.askedFor": Batch(lambda row, keys: case((~policy.of_leader(row, keys), row.c.told_cipher)), told),
    "NeedCase.state": Column(lambda row, _: policy.state(row)),
    "NeedCase.forAccessLog": Column(lambda row, _: row.c.for_access_log),
    "NeedCase.child": One(
        "Child",
        lambda row, target, keys: and_(target.c.id == row.c.child_id, policy.open_to_viewer(row, keys)),
        optional=True,
    ),
    "NeedCase.looks": Connection("NeedCaseLook", looks),
    "NeedCaseLook.at": Column(lambda row, _: row.c.at),
    "NeedCaseLook.subjects": Column(fields_of, subjects),
    "NeedCaseLook.operation": Column(lambda row, _: row.c.operation),
    "NeedCase.askedAt": Column(lambda row, _: func.coalesce(row.c.asked_at, row.c.opened_at)),
    "NeedCase.openedAt": Column(lambda row, _: row.c.opened_at),
    "NeedCase.until": Column(lambda row, _: policy.ends_at(row)),
    "NeedCase.closedAt": Column(lambda row, _: row.c.closed_at),
    "NeedCase.approvedByName": Column(lambda row, _: row.c.approver_name),
    "NeedCase.approvedAt": Column(lambda row, _: row.c.approved_at),
}
