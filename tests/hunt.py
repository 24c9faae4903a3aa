"""The long form of the random worlds: `python -m tests.hunt --decisions 1000000`.

Holds every viewer of world after world, signed in each way, against the oracle on every road, until that many decisions
(viewer, node, field, road) are made. Ends with an error where the server and the oracle differ, or where less than one
in twenty of the decisions about a relation and a field fell on either side.
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
from tests.oracle.relations import Relations
from tests.roads.fixtures import opened_place
from tests.roads.place import LOGINS, Place
from tests.roads.tally import Tally
from tests.worlds.random_world import random_world
from tests.worlds.world import DAY, oslo
from vault import Vault


async def hunt(folder: Path, decisions: int, first_seed: int, most_wrong: int) -> int:
    tally, seed, started = Tally(), first_seed, time.monotonic()
    wrong: list[str] = []
    vault = Vault.generate()
    async with (
        open_database(DataFolder.at(folder / "data"), cluster_settings=FAST) as database,
        opened_place(database, vault) as place,
    ):
        while tally.total < decisions and len(wrong) < most_wrong:
            wrong += await hold(place, seed, tally)
            spent = time.monotonic() - started
            print(f"seed {seed}: {tally.total:,} decisions, {len(wrong)} differences, {spent:.0f} s", flush=True)
            seed += 1
    print(f"\n{tally.total:,} decisions on {len(tally.by_road)} roads: {dict(tally.by_road)}")
    for one in {one.split(")", 1)[1]: one for one in reversed(wrong)}.values():
        print(one)
    lopsided = tally.lopsided()
    for one in lopsided:
        print(f"tried too little on one side: {one}")
    return 1 if wrong or lopsided else 0


async def hold(place: Place, seed: int, tally: Tally) -> list[str]:
    world = random_world(seed)
    loaded = await place.load(world)
    relations = Relations(world)
    now = oslo(world.today + seed % 2 * DAY)
    told = await place.agree(loaded, list(world.people), LOGINS, now, relations=relations, tally=tally)
    return [f"seed {seed}: {one}" for one in told]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.hunt", description=__doc__)
    parser.add_argument("--decisions", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1, help="of the first world; the next ones count on")
    parser.add_argument("--most-wrong", type=int, default=50, help="stop after so many differences")
    told = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="innsyn-hunt-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        sys.exit(asyncio.run(hunt(folder, told.decisions, told.seed, told.most_wrong)))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
