"""One subscription of one viewer: keys wait in it, and are read as the viewer, at the moment when they are delivered.

Nothing that was read waits here, so that nothing is delivered that the viewer may not see any more.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Protocol
from uuid import UUID

import orjson
from graphql.execution.values import VariableValues

from authz.viewer import Viewer
from resolvers.engine.cursor import Cursors
from resolvers.engine.documents import Prepared
from resolvers.engine.engine import Answer, Subscribed

NOTHING = UUID(int=0)
"""Stands for no thread: no row has it."""
OVERLAP = dt.timedelta(seconds=30)
"""Acts that began this much earlier may be committed after others: a cursor goes back so far, and names what came."""
NAMED = 32
MOST_THREADS = 20
"""That are remembered by one inbox between two looks; of more, only the counts tell."""
AT_LEAST, AT_MOST, RESTS = 1.0, 30.0, 20
"""Seconds between two looks at an inbox: so many times what the last one took, waiting for its turn included. Whose
unread messages take long to count is told the seldomer, and so is everybody while all want theirs counted."""
JUST_AFTER = dt.timedelta(microseconds=1)


class TooSlow(Exception):
    """More waits than may wait: the client does not take what it is sent."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event as it is sent."""

    answer: Answer
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that waits; shared by all who wait for it."""

    id: UUID
    at: dt.datetime


class Reads(Protocol):
    """What a subscriber needs of whoever reads for it."""

    async def read(self, subscriber: Subscriber, happened: UUID) -> Answer | None: ...


@dataclass(eq=False)
class Position:
    """How far a subscription has come: everything before `since`, and after it those that are named."""

    since: dt.datetime
    named: deque[tuple[dt.datetime, str]] = field(default_factory=deque)

    def pass_by(self, sent: Sent) -> None:
        self.named.append((sent.at, sent.id.hex[-8:]))
        self.since = max(self.since, sent.at - OVERLAP)
        while self.named and (len(self.named) > NAMED or self.named[0][0] < self.since):
            self.since = max(self.since, self.named.popleft()[0] + JUST_AFTER)

    def has_passed(self, sent: Sent) -> bool:
        return any(name == sent.id.hex[-8:] for _, name in self.named)

    def sealed(self, cursors: Cursors, viewer: Viewer) -> str:
        told = [[at.isoformat(), name] for at, name in self.named]
        return cursors.seal([self.since, orjson.dumps(told).decode()], bound_to(viewer))

    @classmethod
    def opened(cls, cursors: Cursors, cursor: str, viewer: Viewer) -> Position | None:
        """Null for what is no cursor of this viewer's."""
        values = cursors.open(cursor, bound_to(viewer), [dt.datetime, str])
        if values is None:
            return None
        named = ((dt.datetime.fromisoformat(at), name) for at, name in orjson.loads(values[1]))
        return cls(values[0], deque(named))


def bound_to(viewer: Viewer) -> str:
    number = viewer.number_hash.hex() if viewer.number_hash else ""
    return f"live|{viewer.municipality}|{number}|{viewer.subject}|{viewer.private}|{viewer.employee}"


@dataclass(eq=False, kw_only=True)
class Subscriber:
    reads: Reads
    prepared: Prepared
    values: VariableValues
    viewer: Viewer
    asked: Subscribed
    most: int
    """So many may wait."""
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    async def next(self) -> Told:
        """The next event, read now. Raises TooSlow, and whatever reading raises."""
        raise NotImplementedError

    async def _wait(self) -> None:
        self._woken.clear()
        await self._woken.wait()


@dataclass(eq=False, kw_only=True)
class MessageSubscriber(Subscriber):
    """Waits for messages: of one thread, or of all."""

    cursors: Cursors
    position: Position
    thread_id: UUID | None
    waiting: deque[Sent] = field(default_factory=deque)
    holding: deque[Sent] | None = None
    """What happens while it is found out what was missed, which goes first."""
    too_much_missed: Callable[[], Answer]
    overflowed: bool = False
    missed: bool = False

    def wants(self, thread_id: UUID) -> bool:
        return self.thread_id is None or self.thread_id == thread_id

    def put(self, sent: Sent) -> None:
        queue = self.waiting if self.holding is None else self.holding
        if len(queue) >= self.most:
            self.overflowed = True
        else:
            queue.append(sent)
        self._woken.set()

    def begin_after(self, missed: list[Sent]) -> None:
        """What was missed, then what has happened meanwhile."""
        known = set()
        for sent in missed:
            known.add(sent.id)
            if not self.position.has_passed(sent):
                self.waiting.append(sent)
        self.waiting.extend(sent for sent in self.holding or () if sent.id not in known)
        self.holding = None
        self._woken.set()

    def miss(self, now: dt.datetime) -> None:
        """More happened than is told one by one: the client has to read its inbox, and goes on from here."""
        self.missed, self.holding = True, None
        self.position = Position(now)
        self._woken.set()

    async def next(self) -> Told:
        while True:
            if self.overflowed:
                raise TooSlow
            if self.missed:
                self.missed = False
                return Told(self.too_much_missed(), self.position.sealed(self.cursors, self.viewer))
            if self.waiting:
                sent = self.waiting.popleft()
                answer = await self.reads.read(self, sent.id)
                self.position.pass_by(sent)
                if answer is not None:
                    return Told(answer, self.position.sealed(self.cursors, self.viewer))
            else:
                await self._wait()


@dataclass(eq=False, kw_only=True)
class InboxSubscriber(Subscriber):
    """Waits for the inbox to change; what changed while it was not asked is one change."""

    pause: Callable[[float], Awaitable[None]]
    changed: bool = True
    threads: set[UUID] = field(default_factory=set)
    """In which something changed, `MOST_THREADS` at the most."""
    rest: float = 1.0
    """Seconds between two looks."""
    last: bytes | None = None

    def touch(self, thread_id: UUID | None) -> None:
        self.changed = True
        if thread_id is not None and len(self.threads) < MOST_THREADS:
            self.threads.add(thread_id)
        self._woken.set()

    async def next(self) -> Told:
        while True:
            while not self.changed:
                await self._wait()
            if self.last is not None:
                await self.pause(self.rest)
            threads = list(self.threads)
            self.changed = False
            self.threads.clear()
            answer, told = await self.look(threads[0] if len(threads) == 1 else NOTHING)
            if self.is_new(told):
                return Told(answer)
            if len(threads) > 1:
                # What is asked beside the thread says nothing of it, so that each is told by itself.
                self.changed, self.threads = True, {*threads[1:], *self.threads}
                answer, told = await self.look(threads[0])
                if self.is_new(told):
                    return Told(answer)

    async def look(self, thread_id: UUID) -> tuple[Answer, Mapping[str, Any]]:
        """The inbox as it is, with the thread if the viewer sees it; the longer it takes, the longer the next rest."""
        began = asyncio.get_running_loop().time()
        answer = await self.reads.read(self, thread_id)
        took = asyncio.get_running_loop().time() - began
        self.rest = min(max(AT_LEAST, RESTS * took), AT_MOST)
        assert answer is not None and answer.data is not None  # noqa: PT018, S101 an inbox is no row
        [told] = answer.data.values()
        return answer, told

    def is_new(self, told: Mapping[str, Any]) -> bool:
        """Whether a thread is told of, or something else is another than last time."""
        parts = self.asked.parts
        plain = {key: value for key, value in told.items() if parts.get(key) != "thread"}
        digest = blake2b(orjson.dumps(plain), digest_size=16).digest()
        in_thread = any(value is not None for key, value in told.items() if parts.get(key) == "thread")
        first, known = self.last is None, self.last == digest
        self.last = digest
        return first or in_thread or not known
