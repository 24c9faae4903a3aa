"""Where the fields of blocks, and of the voices for lifting them, come from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy import ColumnElement, FromClause, and_, func

from authz import block as policy
from authz import staff
from authz.engine.sql import Keys, table
from models import Block, BlockLift
from resolvers import ids
from resolvers.engine.run import Run
from resolvers.engine.source import Batch, Column, Entity, Many, One, Rows, Source

ENTITIES = (Entity("Block", Block, visible=policy.visible), Entity("BlockLift", BlockLift))


def blocks(keys: Keys) -> Rows:
    """Oldest first; those that have ended too."""
    row = table(Block, "block")
    return Rows(row, row, [policy.visible(row, keys)], [row.c.set_at, row.c.id], link=row.c.child_id)


def lifts(keys: Keys) -> Rows:
    """Oldest first."""
    row, block = table(BlockLift, "voice"), table(Block, "voiced")
    return Rows(
        row.join(block, block.c.id == row.c.block_id),
        row,
        [policy.visible(block, keys)],
        [row.c.lifted_at, row.c.id],
        link=row.c.block_id,
    )


def told_name(row: FromClause, _: Keys) -> ColumnElement[str]:
    return func.coalesce(row.c.told_name, func.known_as(row.c.child_id, row.c.person_id))


async def decrypted_reasons(run: Run, ciphers: Sequence[bytes]) -> list[str]:
    return [run.services.vault.decrypt(cipher, "reason") for cipher in ciphers]


SOURCES: dict[str, Source] = {
    "Block.id": Column(lambda row, _: row.c.id, partial(ids.encode, ids.TYPE_BYTES["Block"])),
    "Block.child": One("Child", lambda row, target, _: target.c.id == row.c.child_id),
    "Block.name": Column(told_name),
    "Block.since": Column(lambda row, _: row.c.since),
    "Block.until": Column(lambda row, _: row.c.until),
    "Block.reason": Batch(lambda row, _: row.c.reason_cipher, decrypted_reasons),
    "Block.setBy": One(
        "StaffMember",
        lambda row, target, keys: and_(target.c.id == row.c.set_by, staff.visible(target.c.id, keys)),
        optional=True,
    ),
    "Block.setAs": Column(lambda row, _: row.c.set_as),
    "Block.setAt": Column(lambda row, _: row.c.set_at),
    "Block.liftedAt": Column(lambda row, _: row.c.lifted_at),
    "Block.lifts": Many("BlockLift", lifts),
    "BlockLift.by": One(
        "StaffMember",
        lambda row, target, keys: and_(target.c.id == row.c.lifted_by, staff.visible(target.c.id, keys)),
        optional=True,
    ),
    "BlockLift.actedAs": Column(lambda row, _: row.c.lifted_as),
    "BlockLift.at": Column(lambda row, _: row.c.lifted_at),
    "BlockLift.reason": Batch(lambda row, _: row.c.reason_cipher, decrypted_reasons),
}
