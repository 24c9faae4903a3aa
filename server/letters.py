"""Begins the threads of unit letters in the background of a worker, gently: requests come first.

What is left to do lies in the database, so that a letter goes on where it stopped, in whichever worker, after a restart
or a crash. Several workers share a letter without waiting for each other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from resolvers.acts.letter import begin_next
from resolvers.engine.engine import Engine
from resolvers.engine.mutations import acting_for
from resolvers.gateway import Letter
from server.clock import Clock
from server.logs import described

log = structlog.get_logger("innsyn")
LOOKS_EVERY = 1.0
"""Seconds between two looks for letters, while there is none."""
AT_A_TIME = 20
"""Children of one letter before it is the next letter's turn."""


@asynccontextmanager
async def delivering(engine: Engine, clock: Clock) -> AsyncIterator[None]:
    """Delivers for as long as the block runs. What is under way at its end is undone, and done again later."""
    task = asyncio.create_task(keep_delivering(engine, clock))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def keep_delivering(engine: Engine, clock: Clock) -> None:
    while True:
        try:
            await deliver(engine, clock)
        except Exception as error:  # noqa: BLE001 - the database may be away; there is another look in a second
            log.error("letters wait", **described(error))
        await asyncio.sleep(LOOKS_EVERY)


async def deliver(engine: Engine, clock: Clock) -> None:
    """Until no letter is left that this worker could go on with."""
    while letters := await engine.gateway.unfinished_letters():
        went_on = [await deliver_some(engine, clock, letter) for letter in letters]
        if not any(went_on):
            return


async def deliver_some(engine: Engine, clock: Clock, letter: Letter) -> bool:
    """Some of a letter's threads; false when there was none to begin. One that fails keeps no other from its turn."""
    for done in range(AT_A_TIME):
        began = time.monotonic()
        try:
            async with acting_for(engine, letter.sender, clock.now()) as acting:
                went_on = await begin_next(acting, letter)
        except Exception as error:  # noqa: BLE001 - it is undone, and is tried again at the next look
            log.error("a letter waits", letter=str(letter.broadcast_id), **described(error))
            return False
        if not went_on:
            return done > 0
        # As long a rest as the work took: whoever asks something meanwhile has at least half of this worker.
        await asyncio.sleep(time.monotonic() - began)
    return True
