"""Where the fields of a unit letter come from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy import ColumnElement, FromClause, and_, func, select

from authz import broadcast as policy
from authz import staff, thread
from authz.engine.sql import Keys, table, word
from models import BroadcastRecipient
from models.seen import SeenBroadcast, SeenThread
from resolvers import ids
from resolvers.engine.run import Run
from resolvers.engine.source import Batch, Column, Connection, Entity, One, Rows, Source

ENTITIES = (Entity("Broadcast", SeenBroadcast, visible=policy.visible),)


def broadcasts(keys: Keys) -> Rows:
    """Newest first."""
    row = table(SeenBroadcast, "broadcast")
    return Rows(row, row, [policy.visible(row, keys)], [row.c.sent_at, row.c.id], descending=True, link=row.c.unit_id)


def threads(keys: Keys) -> Rows:
    """Newest first."""
    recipient, row = table(BroadcastRecipient, "letter_recipient"), table(SeenThread, "thread")
    return Rows(
        recipient.join(row, row.c.id == recipient.c.thread_id),
        row,
        [thread.visible(row, keys)],
        [row.c.last_message_at, row.c.id],
        descending=True,
        link=recipient.c.broadcast_id,
    )


def number_of(row: FromClause, keys: Keys, what: str) -> ColumnElement[int]:
    """How many of the letter's threads are to begin, have begun, were read, were answered."""
    recipient = table(BroadcastRecipient, "counted_recipient")
    delivered = recipient.c.state == word("DELIVERED")
    conditions = {
        "recipients": recipient.c.state != word("LEFT_OUT"),
        "delivered": delivered,
        "read": and_(delivered, policy.has_read(recipient)),
        "answered": and_(delivered, policy.has_answered(recipient)),
    }
    return (
        select(func.count())
        .select_from(recipient)
        .where(recipient.c.broadcast_id == row.c.id, policy.counted(recipient, row, keys), conditions[what])
        .correlate_except(recipient)
        .scalar_subquery()
    )


def counting(what: str) -> Column:
    return Column(lambda row, keys: number_of(row, keys, what))


async def bodies(run: Run, ciphers: Sequence[bytes]) -> list[str]:
    return [run.services.vault.decrypt(cipher, "letter") for cipher in ciphers]


SOURCES: dict[str, Source] = {
    "Unit.broadcasts": Connection("Broadcast", broadcasts),
    "Broadcast.id": Column(lambda row, _: row.c.id, partial(ids.encode, ids.TYPE_BYTES["Broadcast"])),
    "Broadcast.unit": One("Unit", lambda row, target, _: target.c.id == row.c.unit_id),
    "Broadcast.group": One("Group", lambda row, target, _: target.c.id == row.c.group_id, optional=True),
    "Broadcast.sender": One(
        "StaffMember",
        lambda row, target, keys: and_(
            target.c.id == row.c.sender_id, staff.works_there(row.c.sender_id, row.c.unit_id, keys)
        ),
        optional=True,
    ),
    "Broadcast.subject": Column(lambda row, _: row.c.subject),
    "Broadcast.body": Batch(lambda row, _: row.c.body_cipher, bodies),
    "Broadcast.onBehalfOfUnit": Column(lambda row, _: row.c.on_behalf),
    "Broadcast.sentAt": Column(lambda row, _: row.c.sent_at),
    "Broadcast.finishedAt": Column(lambda row, _: row.c.finished_at),
    "Broadcast.recipients": counting("recipients"),
    "Broadcast.delivered": counting("delivered"),
    "Broadcast.read": counting("read"),
    "Broadcast.answered": counting("answered"),
    "Broadcast.threads": Connection("Thread", threads),
}
