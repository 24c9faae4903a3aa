"""Where a message's fields come from."""

from __future__ import annotations

from functools import partial

from sqlalchemy import ColumnElement, FromClause, and_, case

from authz import message as policy
from authz.engine.sql import Keys
from models import Message
from resolvers import ids
from resolvers.data_keys import sealed, texts
from resolvers.engine.source import Batch, Column, Entity, One, OnePerson, Sealed, Source
from resolvers.thread import type_on_side

ENTITIES = (Entity("Message", Message, visible=lambda row, keys: policy.visible(policy.written(row), keys)),)


def sealed_body(row: FromClause, _: Keys) -> ColumnElement:
    """Null for nearly every message: for those that were sent without what is sensitive, and for retracted ones."""
    return case((and_(row.c.body_cipher.is_not(None), row.c.retracted_at.is_(None)), sealed(row, "body_cipher")))


SOURCES: dict[str, Source] = {
    "Message.id": Column(lambda row, _: row.c.id, partial(ids.encode, ids.TYPE_BYTES["Message"])),
    "Message.thread": One("Thread", lambda row, target, _: target.c.id == row.c.thread_id),
    "Message.author": OnePerson(
        lambda row, person, _: person.c.id == row.c.author_id,
        lambda row, _person, _keys: type_on_side(row.c.author_side, row.c.author_id, row.c.child_id),
    ),
    "Message.onBehalfOf": One("Unit", lambda row, target, _: target.c.id == row.c.on_behalf_of, optional=True),
    "Message.body": Sealed(
        lambda row, _: case((row.c.retracted_at.is_(None), row.c.body)),
        Batch(sealed_body, texts("message.body")),
        given=policy.newly_given,
    ),
    "Message.sentAt": Column(lambda row, _: row.c.sent_at),
    "Message.retractedAt": Column(lambda row, _: row.c.retracted_at),
}
