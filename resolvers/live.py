"""All subscriptions of a process: who is connected, what happened, and whom of them it concerns.

For the messages that a batch of happenings names, one statement says who of the connected sees each of them now
(`authz/subscription.py`). Their subscriptions get the keys, and the engine reads them as each viewer at delivery.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog

from authz import subscription as policy
from authz.viewer import Viewer
from norway.days import oslo_day
from resolvers import ids
from resolvers.engine.documents import Prepared
from resolvers.engine.engine import Answer, Engine
from resolvers.engine.limits import refusal
from resolvers.gateway import shape_of
from resolvers.listening import ANYTHING, Happening, Listening
from resolvers.subscriber import (
    NOTHING,
    OVERLAP,
    InboxSubscriber,
    MessageSubscriber,
    Position,
    Sent,
    Subscriber,
)
from resolvers.subscription import missed

BATCH = 100
"""Happenings that are dealt out together."""
READS = {"messageReceived": 3, "inboxChanged": 1}
"""So many are read at once: they take turns with requests for the pool's connections."""
REMEMBERED = 5_000
LATE = 0.5
TRIES = 6
log = structlog.get_logger("innsyn.live")


@dataclass(frozen=True)
class LiveLimits:
    waiting: int = 1_000
    """Keys that may wait for one subscription."""
    missed: int = 200
    """Messages that are caught up with."""
    missed_days: int = 7
    seconds: float = 10.0
    """For reading one event."""


@dataclass(eq=False)
class Connected:
    """A viewer with subscriptions."""

    viewer: Viewer
    municipality_id: UUID
    person_id: UUID | None
    messages: set[MessageSubscriber] = field(default_factory=set)
    inboxes: set[InboxSubscriber] = field(default_factory=set)

    def given(self) -> tuple[Any, ...]:
        """In the order of `policy.CONNECTED`."""
        issuer, subject = self.viewer.subject or (None, None)
        viewer = self.viewer
        return self.person_id, self.municipality_id, viewer.number_hash, issuer, subject, viewer.private


class Live:
    """Made once a process; `running` is open for as long as it serves."""

    def __init__(self, engine: Engine, now: Callable[[], dt.datetime], limits: LiveLimits | None = None) -> None:
        self.engine = engine
        self.now = now
        self.limits = limits or LiveLimits()
        self.listening = Listening(engine.gateway.listen, now)
        self._connected: dict[Viewer, Connected] = {}
        self._reads = {name: asyncio.Semaphore(number) for name, number in READS.items()}
        self._dealt: OrderedDict[UUID, None] = OrderedDict()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Live]:
        tasks = [asyncio.create_task(part()) for part in (self.listening.run, self._deal, self._turn)]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # --- subscribing ------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def subscribed(
        self, prepared: Prepared, variables: Mapping[str, Any], viewer: Viewer
    ) -> AsyncIterator[Subscriber]:
        """A subscription for as long as the block lasts. Raises DocumentRefused and MunicipalityNotHere."""
        prepared.cost(variables)
        values = prepared.values(variables)
        asked = self.engine.subscribed(prepared, values)
        same: dict[str, Any] = {
            "reads": self, "prepared": prepared, "values": values, "viewer": viewer, "asked": asked,
            "most": self.limits.waiting,
        }  # fmt: skip
        connected = await self._enter(viewer)
        made: MessageSubscriber | InboxSubscriber
        if asked.name == "inboxChanged":
            made = InboxSubscriber(**same, pause=asyncio.sleep)
            place: set[Any] = connected.inboxes
        else:
            made, place = self._for_messages(same), connected.messages
        place.add(made)
        try:
            self.engine.check_cursors(prepared, values, connected.person_id)
            if isinstance(made, MessageSubscriber) and made.holding is not None:
                await self._catch_up(made)
            yield made
        finally:
            place.discard(made)
            if not connected.messages and not connected.inboxes:
                self._connected.pop(viewer, None)

    async def _enter(self, viewer: Viewer) -> Connected:
        """Asked of the database at each subscription, so that one that waits finds the viewer as they are by then."""
        async with self.engine.gateway.viewer_connection(viewer, self.now()) as (_, standing):
            found = standing["municipality_id"], standing["me"]
        known = self._connected.get(viewer)
        if known is None:
            known = self._connected[viewer] = Connected(viewer, *found)
        known.person_id = found[1]
        return known

    def _for_messages(self, same: dict[str, Any]) -> MessageSubscriber:
        arguments, node = same["asked"].arguments, same["asked"].node
        cursors, now = self.engine.services.cursors, self.now()
        told, after = arguments.get("threadId"), arguments.get("after")
        made = MessageSubscriber(
            **same,
            cursors=cursors,
            position=Position(now),
            thread_id=None if told is None else ids.decode_as("Thread", told) or NOTHING,
            too_much_missed=lambda: Answer(None, [{"extensions": {"code": "TOO_MUCH_MISSED"}}]),
        )
        if after is not None:
            position = Position.opened(cursors, after, same["viewer"])
            if position is None:
                raise refusal("BAD_CURSOR", "This is no cursor of a subscription.", node)
            made.position = position
            made.holding = made.waiting.__class__()
        return made

    async def _catch_up(self, made: MessageSubscriber) -> None:
        since, now = made.position.since, self.now()
        if since < now - dt.timedelta(days=self.limits.missed_days):
            made.miss(now)
            return
        async with self.engine.gateway.viewer_connection(made.viewer, now) as (connection, standing):
            statement = missed(shape_of(standing), one_thread=made.thread_id is not None)
            values = {
                **standing,
                "since": since,
                "happened_id": made.thread_id,
                "limit": self.limits.missed + len(made.position.named) + 1,
            }
            rows = await connection.fetch(statement.sql, *statement.arguments(values)) if statement else []
        found = [Sent(*row) for row in rows]
        if sum(not made.position.has_passed(sent) for sent in found) > self.limits.missed:
            made.miss(now)
        else:
            made.begin_after(found)

    def cursor(self, viewer: Viewer) -> str:
        """Where somebody begins who connects now."""
        return Position(self.now()).sealed(self.engine.services.cursors, viewer)

    async def read(self, subscriber: Subscriber, happened: UUID) -> Answer | None:
        """Reads an event as its subscriber's viewer, now. Raises TimeoutError."""
        async with self._reads[subscriber.asked.name], asyncio.timeout(self.limits.seconds):
            return await self.engine.tell(
                subscriber.prepared, subscriber.values, subscriber.viewer, self.now(), {"happened_id": happened}
            )

    # --- dealing out ------------------------------------------------------------------------------------------------

    async def _turn(self) -> None:
        """Periods are of days: at midnight in Oslo anybody may stand otherwise."""
        day = oslo_day(self.now())
        while True:
            await asyncio.sleep(LATE)
            if (today := oslo_day(self.now())) != day:
                day = today
                self.listening.tell(ANYTHING)

    async def _deal(self) -> None:
        while True:
            happenings = await self.listening.next(BATCH)
            for left in reversed(range(TRIES)):
                try:
                    await self._deal_out(happenings)
                    break
                except Exception as reason:  # noqa: BLE001 whatever it is, those after it are dealt out
                    log.error("not dealt out", raised=type(reason).__qualname__)
                    if not left:
                        self._lose()
                    await asyncio.sleep(LATE)

    def _lose(self) -> None:
        """Nobody knows whom something concerned: everybody is told to look for themselves."""
        now = self.now()
        for connected in self._connected.values():
            for subscriber in connected.messages:
                subscriber.miss(now)
            for inbox in connected.inboxes:
                inbox.touch(None)

    async def _deal_out(self, happenings: list[Happening]) -> None:
        if not self._connected:
            return
        lost = [one.since for one in happenings if one.kind == "lost" and one.since is not None]
        if lost or ANYTHING in happenings:
            await self._find_persons()
        if lost:
            happenings = [*await self._since(min(lost)), *happenings]
        await self._deal_messages([one for one in happenings if one.kind == "m"])
        touched: dict[UUID, set[UUID | None]] = {}
        for one in happenings:
            if one.kind == "t" and one.second is not None:
                touched.setdefault(one.second, set()).add(one.first)
            elif one.kind == "s" and one.first is not None:
                touched.setdefault(one.first, set()).add(None)
        children = {one.first for one in happenings if one.kind == "c" and one.first is not None}
        for person_id in await self._concerned(children):
            touched.setdefault(person_id, set()).add(None)
        everybody = bool(lost) or ANYTHING in happenings
        for connected in list(self._connected.values()):
            for inbox in connected.inboxes if everybody else ():
                inbox.touch(None)
            for thread_id in touched.get(connected.person_id, ()) if connected.person_id else ():
                for inbox in connected.inboxes:
                    inbox.touch(thread_id)

    async def _deal_messages(self, happenings: list[Happening]) -> None:
        threads = {one.first: one.second for one in happenings if one.first and one.second}
        wanted = {thread for entry in self._connected.values() for thread in wanted_threads(entry)}
        if None not in wanted:
            threads = {key: thread for key, thread in threads.items() if thread in wanted}
        if not threads:
            return
        entries = [entry for entry in self._connected.values() if entry.person_id is not None]
        now = self.now()
        values = self._given(entries, {"happened": list(threads), "today": oslo_day(now), "now": now})
        sees: dict[UUID, list[Any]] = {}
        for row in await self.engine.gateway.ask("live_seers", values):
            sees.setdefault(row["id"], []).append(row)
        for message_id, thread_id in threads.items():
            rows = sees.get(message_id, ())
            sent = Sent(message_id, rows[0]["sent_at"]) if rows else None
            for row in rows:
                entry = entries[row["n"] - 1]
                for subscriber in entry.messages:
                    if sent and subscriber.wants(thread_id):
                        subscriber.put(sent)
                for inbox in entry.inboxes:
                    inbox.touch(thread_id)
            self._remember(message_id)

    def _remember(self, message_id: UUID) -> None:
        self._dealt[message_id] = None
        if len(self._dealt) > REMEMBERED:
            self._dealt.popitem(last=False)

    async def _since(self, instant: dt.datetime) -> list[Happening]:
        """The messages that nobody told of while the connection was broken."""
        most = self.limits.waiting
        values = {"since": instant - OVERLAP, "limit": most + 1 + len(self._dealt)}
        rows = await self.engine.gateway.ask("live_sent_since", values)
        found = [Happening("m", *row) for row in rows if row["id"] not in self._dealt]
        if len(found) <= most:
            return found
        self._lose()
        return []

    async def _find_persons(self) -> None:
        """Who is who, anew: an import may have made somebody known, or joined two."""
        entries = list(self._connected.values())
        for row in await self.engine.gateway.ask("live_identities", self._given(entries)):
            entries[row["n"] - 1].person_id = row["person_id"]

    async def _concerned(self, children: Collection[UUID]) -> Iterable[UUID]:
        if not children or not any(entry.inboxes for entry in self._connected.values()):
            return ()
        rows = await self.engine.gateway.ask("live_concerned", {"happened": list(children)})
        return [row[0] for row in rows]

    @staticmethod
    def _given(entries: list[Connected], more: Mapping[str, Any] | None = None) -> dict[str, Any]:
        columns = list(zip(*(entry.given() for entry in entries), strict=True)) or [()] * len(policy.CONNECTED)
        arrays = {f"connected_{name}": list(told) for name, told in zip(policy.CONNECTED, columns, strict=True)}
        return {**arrays, **(more or {})}


def wanted_threads(entry: Connected) -> set[UUID | None]:
    """Null where any will do."""
    return {None} if entry.inboxes else {subscriber.thread_id for subscriber in entry.messages}
