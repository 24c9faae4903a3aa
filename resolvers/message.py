"""Where a message's fields come from."""

from __future__ import annotations

from functools import partial

from sqlalchemy import ColumnElement, FromClause, and_, case, func, or_

from authz import message as policy
from authz.engine.sql import Keys
from models.seen import SeenMessage, named
from resolvers import ids
from resolvers.data_keys import sealed, texts
from resolvers.engine.source import Column, Entity, One, OnePerson, Sealed, Source
from resolvers.thread import type_on_side

ENTITIES = (Entity("Message", SeenMessage, visible=lambda row, keys: policy.visible(policy.written(row), keys)),)


def noted(row: FromClause, keys: Keys) -> ColumnElement:
    """Null for nearly every message: but for one that the viewer is the first of the other side to be given, and one
    that lies encrypted because what is sensitive in it was acknowledged."""
    cipher = case((row.c.body_cipher.is_not(None), sealed(row, "body_cipher")))
    key = case((policy.newly_given(row, keys), row.c.id))
    noteworthy = or_(row.c.body_cipher.is_not(None), policy.newly_given(row, keys))
    return case((and_(row.c.retracted_at.is_(None), noteworthy), func.row(key, cipher)))


SOURCES: dict[str, Source] = {
    "Message.id": Column(lambda row, _: row.c.id, partial(ids.encode, ids.TYPE_BYTES["Message"])),
    "Message.thread": One("Thread", lambda row, target, _: target.c.id == row.c.thread_id),
    "Message.author": OnePerson(
        lambda row: named(row, "author", "author_id"),
        lambda row, _person, _keys: type_on_side(row.c.author_side, row.c.author_id, row.c.child_id),
    ),
    "Message.onBehalfOf": One("Unit", lambda row, target, _: target.c.id == row.c.on_behalf_of, optional=True),
    "Message.body": Sealed(
        lambda row, _: case((row.c.retracted_at.is_(None), row.c.body)),
        noted,
        texts("message.body"),
    ),
    "Message.sentAt": Column(lambda row, _: row.c.sent_at),
    "Message.retractedAt": Column(lambda row, _: row.c.retracted_at),
}
