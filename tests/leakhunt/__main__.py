"""The long form of the leak hunt: `python -m tests.leakhunt --decisions 1000000`.

Town after town, until that many decisions and operations are made: two municipalities, a server in this process whose
clock is held, sequences of acts with people listening, and between the acts everybody asks; every third town is asked
of `innsyn serve` in a process of its own instead. Logs are judged too. Ends with an error where anything leaked.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path

from server.data_folder import DataFolder
from server.database import open_database
from tests.conftest import FAST
from tests.leakhunt import hunt_elsewhere, hunt_here
from tests.leakhunt.hunter import Tally
from tests.leakhunt.place import Log, build_town, emptied


async def hunt(folder: Path, told: argparse.Namespace) -> int:
    tally, seed, started, log = Tally(), told.seed, time.monotonic(), Log(folder / "here.log")

    shown = 0

    def enough() -> bool:
        made = tally.decisions >= told.decisions and sum(tally.operations.values()) >= told.operations
        return made or time.monotonic() - started > told.minutes * 60 or len(tally.leaks) >= told.most_leaks

    async with open_database(DataFolder.at(folder / "data"), cluster_settings=FAST) as database:
        while not enough():
            place = folder / f"town-{seed}"
            DataFolder.at(place)
            await emptied(database)
            town = await build_town(place, database, seed)
            if seed % 3 == 0:
                await hunt_elsewhere(town, seed, tally, rounds=told.rounds, flaws=told.flaws, enough=enough)
            else:
                await hunt_here(town, seed, tally, steps=told.rounds, flaws=told.flaws, log=log, enough=enough)
            spent = time.monotonic() - started
            print(
                f"seed {seed}: {tally.decisions:,} decisions ({sum(tally.granted.values()):,} found and granted),"
                f" {len(tally.leaks)} leaks, {spent:.0f} s",
                flush=True,
            )
            for leak in tally.leaks[shown:]:
                print(leak, flush=True)
            shown = len(tally.leaks)
            shutil.rmtree(place)
            seed += 1
    print(f"\n{tally.told()}\n")
    return 1 if tally.leaks else 0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.leakhunt", description=__doc__)
    parser.add_argument("--decisions", type=int, default=1_000_000)
    parser.add_argument("--operations", type=int, default=0, help="so many at the least")
    parser.add_argument("--seed", type=int, default=1, help="of the first town; the next ones count on")
    parser.add_argument("--rounds", type=int, default=25, help="of questions in a town; two acts come before each")
    parser.add_argument("--flaws", type=int, default=5, help="requests with a flaw, after each question")
    parser.add_argument("--minutes", type=float, default=600, help="stop after so long, whatever has been made")
    parser.add_argument("--most-leaks", type=int, default=200, help="stop after so many")
    told = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="innsyn-leakhunt-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        sys.exit(asyncio.run(hunt(folder, told)))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
