"""Where the fields of need cases come from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy import and_, case, func

from authz import need_case as policy
from authz.engine.sql import ME, Keys, table, word
from models.seen import SeenCaseOnChild, SeenNeedCase
from resolvers import ids
from resolvers.engine.run import Run
from resolvers.engine.source import Batch, Column, Entity, One, Rows, Source

ENTITIES = (Entity("NeedCase", SeenNeedCase, visible=policy.visible),)


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
    "NeedCase.state": Column(policy.state),
    "NeedCase.child": One(
        "Child",
        lambda row, target, keys: and_(target.c.id == row.c.child_id, policy.open_to_viewer(row, keys)),
        optional=True,
    ),
    "NeedCase.askedAt": Column(lambda row, _: func.coalesce(row.c.asked_at, row.c.opened_at)),
    "NeedCase.openedAt": Column(lambda row, keys: case((policy.state(row, keys) != word("WAITING"), row.c.opened_at))),
    "NeedCase.until": Column(lambda row, _: func.least(row.c.until, row.c.opened_at + policy.MOST_HOURS)),
    "NeedCase.closedAt": Column(lambda row, _: row.c.closed_at),
    "NeedCase.approvedByName": Column(lambda row, _: row.c.approver_name),
    "NeedCase.approvedAt": Column(lambda row, _: row.c.approved_at),
}
