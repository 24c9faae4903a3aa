"""The leak hunt: asks everything as everybody, and searches every byte that comes back for what is not theirs.

It knows nothing of how the server works. Every value of two municipalities is a canary that says whose it is
(`canaries.py`); the oracle says which canaries a viewer may be given by any road at all (`book.py`); random operations
over the whole schema, acts, provoked errors and flawed requests are sent over HTTP, websockets and server-sent events
(`operations.py`, `sequences.py`, `provoked.py`, `flaws.py`, `wire.py`); and bodies, headers, frames, files and logs are
searched (`search.py`), also within what is base64. A canary that comes to whom it is not granted is a leak, and so is a
refusal that is another for what is closed than for what never was.

What is counted:

- an **operation** is one request, or one event that somebody who listens was told;
- a **decision** is one canary judged in one response: either it was found there, and is granted or a leak; or it is of
  a kind that the operation asks for by a field (`name`, `birthDate`, an id ...), the operation was carried out, and the
  canary, which is not granted, was not found. The report tells the two apart. What is found twice in one response is
  one decision.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.histories import NotAsTheOracleSays
from tests.leakhunt.hunter import Leak, Tally
from tests.leakhunt.place import Log, Town, elsewhere, here
from tests.leakhunt.sequences import sequence


def never() -> bool:
    return False


async def hunt_here(
    town: Town,
    seed: int,
    tally: Tally,
    *,
    steps: int,
    flaws: int = 1,
    log: Log | None = None,
    enough: Callable[[], bool] = never,
) -> None:
    """Acts and questions in turn, by a server in this process; some people listen all the while."""
    if log is not None:
        log.new()
    async with here(town, seed, tally) as (hunter, clock):
        history = sequence(town, hunter, clock, seed)
        for number, asker in enumerate([*(hunter.somebody() for _ in range(6)), *hunter.outsiders()]):
            await hunter.listen(asker, ("websocket", "sse")[number % 2])
        try:
            for number in range(steps):
                if enough():
                    break
                for _ in range(2):
                    await history.go()
                if number % 5 == 0:
                    await town.learn_rows()
                await hunter.round(3, viewers=6, flaws=flaws)
                await asyncio.sleep(0.02)
        except NotAsTheOracleSays as wrong:
            tally.leaks.append(Leak(seed, "an act", "", "", "", str(wrong), ""))
    if log is not None:
        hunter.judge_log(log.new())


async def hunt_elsewhere(
    town: Town, seed: int, tally: Tally, *, rounds: int, flaws: int = 1, enough: Callable[[], bool] = never
) -> None:
    """Questions, refused acts and errors, by `innsyn serve` in a process of its own, whose log is judged too."""
    async with elsewhere(town, seed, tally) as hunter:
        for number, asker in enumerate([*(hunter.somebody() for _ in range(4)), *hunter.outsiders()]):
            await hunter.listen(asker, ("websocket", "sse")[number % 2])
        for _ in range(rounds):
            if enough():
                break
            await hunter.round(3, viewers=6, flaws=flaws)
