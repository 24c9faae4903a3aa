"""Where a message's fields come from."""

from __future__ import annotations

from functools import partial

from sqlalchemy import case

from authz import message as policy
from models import Message
from resolvers import ids
from resolvers.engine.source import Column, Entity, One, OnePerson, Source
from resolvers.thread import type_on_side

ENTITIES = (Entity("Message", Message, visible=lambda row, keys: policy.visible(policy.written(row), keys)),)

SOURCES: dict[str, Source] = {
    "Message.id": Column(lambda row, _: row.c.id, partial(ids.encode, ids.TYPE_BYTES["Message"])),
    "Message.thread": One("Thread", lambda row, target, _: target.c.id == row.c.thread_id),
    "Message.author": OnePerson(
        lambda row, person, _: person.c.id == row.c.author_id,
        lambda row, _person, _keys: type_on_side(row.c.author_side, row.c.author_id, row.c.child_id),
    ),
    "Message.onBehalfOf": One("Unit", lambda row, target, _: target.c.id == row.c.on_behalf_of, optional=True),
    "Message.body": Column(lambda row, _: case((row.c.retracted_at.is_(None), row.c.body))),
    "Message.sentAt": Column(lambda row, _: row.c.sent_at),
    "Message.retractedAt": Column(lambda row, _: row.c.retracted_at),
}
