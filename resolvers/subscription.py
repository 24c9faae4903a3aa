"""Where the events of subscriptions come from, and which messages somebody missed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, DateTime, FromClause, Uuid, and_, bindparam, select

from authz import message, thread
from authz.engine.sql import Keys, table
from models import Message, Thread
from models.seen import SeenMessage, SeenThread
from resolvers.engine.source import Event, Many, Roads, Rows, Scalar, Source
from resolvers.engine.statement import LIMIT, Statement, compiled, walked
from resolvers.viewer import roads, unread_everywhere

HAPPENED: ColumnElement = bindparam("happened_id", type_=Uuid())
"""The key of the message or the thread that something happened to."""
SINCE: ColumnElement = bindparam("since", type_=DateTime(timezone=True))


def message_told(keys: Keys) -> Rows:
    row = table(SeenMessage, "message")
    return Rows(row, row, [row.c.id == HAPPENED, message.visible(message.written(row), keys)], [row.c.id])


def thread_told(keys: Keys) -> Rows:
    row = table(SeenThread, "thread")
    seen = thread.visible(row, keys)
    return Rows(row, row, [row.c.id == HAPPENED, seen], [row.c.id])


def lively(row: FromClause, _: Keys, arguments: Mapping[str, Any]) -> Sequence[ColumnElement[bool]]:
    """Threads that have a message since then."""
    since = row.c.last_message_at >= SINCE
    return [since, row.c.id == HAPPENED] if arguments.get("thread") else [since]


LIVELY = Roads(lively, roads, Thread, order=("id",))


@lru_cache(maxsize=64)
def missed(shape: frozenset[str], *, one_thread: bool) -> Statement | None:
    """Key and instant of the messages that the viewer sees and that were sent since then, in the order of sending; null
    for a viewer without threads."""
    keys = Keys(shape)
    met = walked(LIVELY, keys, {"thread": one_thread}, None)
    if met is None:
        return None
    row = table(Message, "missed")
    since = and_(row.c.thread_id == met.c.id, row.c.sent_at >= SINCE)
    return compiled(
        select(row.c.id, row.c.sent_at)
        .select_from(met.join(row, since))
        .where(message.visible(message.written(row), keys))
        .order_by(row.c.sent_at, row.c.id)
        .limit(LIMIT)
    )


SOURCES: dict[str, Source] = {
    "Subscription.messageReceived": Event("Message", message_told),
    "Subscription.inboxChanged": Event("Inbox"),
    "Inbox.unreadCount": Scalar(unread_everywhere),
    "Inbox.thread": Many("Thread", thread_told, first=True),
}
