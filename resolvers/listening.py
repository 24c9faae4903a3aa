"""What happens in the database, whichever process does it: one connection listens, and is made anew when it breaks.

A commit tells ids only (`migrations/versions/0007_live.py`). What was told while nobody listened is lost, so that after
a break everybody has to look for themselves: that is told too, with the last instant at which all was well.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import structlog

CHANNEL = "innsyn"
PULSE = 5.0
"""Seconds between two looks at whether the connection still answers: a network that drops it says nothing."""
PATIENCE = 4.0
REST = (0.05, 0.2, 0.5, 1.0, 2.0)
"""Seconds before each try to connect again, the last one for all that follow."""
KEPT = 10_000
"""Happenings that wait for being dealt out; beyond, they are forgotten, and everybody looks for themselves."""

Connect: TypeAlias = Callable[[], Awaitable["asyncpg.Connection[Any]"]]

log = structlog.get_logger("innsyn.live")


@dataclass(frozen=True, slots=True)
class Happening:
    """`m` message thread, `t` thread person, `s` person, `c` child, `*` anything, `lost` since an instant."""

    kind: str
    first: UUID | None = None
    second: UUID | None = None
    since: dt.datetime | None = None


ANYTHING = Happening("*")


def read_payload(payload: str) -> Happening:
    """What cannot be read, as of a newer version that runs beside this one, may be anything."""
    kind, *ids = payload.split(" ")
    try:
        if (kind, len(ids)) in {("m", 2), ("t", 2), ("s", 1), ("c", 1)}:
            keys = [UUID(told) for told in ids]
            return Happening(kind, keys[0], keys[1] if len(keys) > 1 else None)
    except ValueError:
        pass
    return ANYTHING


class Listening:
    """Hears happenings until it is closed. `next` gives those that wait, in the order of the commits."""

    def __init__(
        self, connect: Callable[[], Awaitable[asyncpg.Connection[Any]]], now: Callable[[], dt.datetime]
    ) -> None:
        self._connect = connect
        self._now = now
        self._waiting: deque[Happening] = deque()
        self._heard = asyncio.Event()
        self._whole = now()
        self.ready = asyncio.Event()
        """Set while it listens."""

    async def next(self, most: int) -> list[Happening]:
        """Waits for one, and gives up to so many."""
        while not self._waiting:
            self._heard.clear()
            await self._heard.wait()
        return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    def tell(self, happening: Happening) -> None:
        if len(self._waiting) >= KEPT:
            self._waiting.clear()
            self._waiting.append(Happening("lost", since=self._whole))
        self._waiting.append(happening)
        self._heard.set()

    async def run(self) -> None:
        tries = 0
        while True:
            broken = self._whole
            try:
                connection = await self._connect()
            except Exception as reason:  # noqa: BLE001 as below
                if tries == 0:
                    log.warning("not listening", raised=type(reason).__qualname__)
            else:
                try:
                    await self._listen(connection, None if tries == 0 else broken)
                    tries = 0
                except Exception as reason:  # noqa: BLE001 whatever it is, it listens again
                    log.warning("not listening", raised=type(reason).__qualname__)
                finally:
                    self.ready.clear()
                    connection.terminate()
            await asyncio.sleep(REST[min(tries, len(REST) - 1)])
            tries += 1

    async def _listen(self, connection: asyncpg.Connection[Any], broken: dt.datetime | None) -> None:
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        await connection.add_listener(CHANNEL, self._hear)
        if broken is not None:
            log.info("listening again")
            self.tell(Happening("lost", since=broken))
        self._whole = self._now()
        self.ready.set()
        while not ended.is_set():
            try:
                await asyncio.wait_for(ended.wait(), PULSE)
            except TimeoutError:
                sound = self._now()
                await connection.execute("select", timeout=PATIENCE)
                self._whole = sound

    def _hear(self, _connection: Any, _process: int, _channel: str, payload: object) -> None:
        self.tell(read_payload(str(payload)))
