"""Random histories of acts: after each, what the oracle says of the world is what the server answers.

A history goes on in one world. Random viewers start threads, write, retract, read, take colleagues in, and are blocked;
the oracle says what comes of each act, the act is carried out over the engine, and the world is changed by hand where
it was allowed. `python -m tests.histories --acts 2000 --seed 7` is the long form.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import asyncpg

from models import Base
from registers.local import plan_local, read_local
from server.data_folder import DataFolder
from server.database import open_database
from tests.acts import ADD, READ, RETRACT, SEND, START, Acts
from tests.conftest import FAST
from tests.oracle import acts as oracle
from tests.oracle.relations import Relations
from tests.oracle.view import Node, View
from tests.roads.fixtures import opened_place
from tests.roads.place import LOGINS, Place
from tests.worlds.files import write_local
from tests.worlds.loading import carry_out
from tests.worlds.random_world import random_world
from tests.worlds.world import Added, Message, Read
from vault import Vault

ROADS = ("root", "thread", "count")


class NotAsTheOracleSays(AssertionError):
    """An act came to something else, or was followed by something else, than the rules say."""


@dataclass
class History:
    acts: Acts
    random: Random
    done: Counter[str] = field(default_factory=Counter)
    given: set[str] = field(default_factory=set)
    """Messages whose text somebody of the other side has been given."""
    compared: int = 0

    @classmethod
    async def begin(cls, place: Place, seed: int) -> History:
        acts = await Acts.of(place, random_world(seed))
        return cls(acts, Random(seed), given=set(acts.world.messages) - cls.fresh(acts))

    @staticmethod
    def fresh(acts: Acts) -> set[str]:
        """Messages that nobody of the other side has marked as read; an import knows of no other giving."""
        world = acts.world
        relations = Relations(world)
        read = set()
        for told in world.reads:
            sides = relations.participants(told.thread)
            own = sides.get(told.person, ("UNIT", None))[0]
            for message in relations.messages(world.threads[told.thread]):
                if message.at <= world.messages[told.up_to].at and sides[message.author][0] != own:
                    read.add(message.id)
        return set(world.messages) - read

    # --- one step -------------------------------------------------------------------------------------------------

    async def step(self) -> None:
        if self.random.random() < 0.015:
            await self.block()
            return
        kind = self.random.choice([self.start, self.send, self.send, self.send, self.retract, self.read, self.add])
        await kind(*self.somebody(with_threads=kind != self.start))

    def somebody(self, *, with_threads: bool) -> tuple[str, str]:
        """A viewer who stands in a relation to a child, or sees threads, nearly always."""
        people, relations = self.acts.people(), Relations(self.acts.world)
        who, login = self.random.choice(people), self.random.choice(LOGINS)
        for _ in range(15):
            view = View(relations, who, login, self.acts.now)
            found = (
                view.visible_threads() if with_threads else [one for one in self.acts.world.people if view.ties(one)]
            )
            if found or self.random.random() < 0.05:
                break
            who, login = self.random.choice(people), self.random.choice(LOGINS)
        return who, login

    def view(self, who: str, login: str) -> View:
        """As it will be when the next act is carried out."""
        return View(Relations(self.acts.world), who, login, self.acts.now + self.acts.tick)

    def some_node(self) -> Node:
        kinds = ("Guardian", "StaffMember", "OtherAdult")
        return Node(self.random.choice(kinds), self.random.choice(list(self.acts.world.people)))

    def likely(self, of: set[Node]) -> Node:
        """One of those who can be meant, or anybody."""
        told = sorted((one for one in of if one in self.acts.loaded.ids), key=str)
        chosen = self.random.choice(told) if told and self.random.random() < 0.8 else self.some_node()
        return chosen if chosen in self.acts.loaded.ids else self.some_node()

    async def carried(
        self, name: str, who: str, text: str, given: dict[str, Any], login: str, expected: str | None
    ) -> Any:
        before = await self.everything() if expected else None
        told = await self.acts.act(who, text, given, login)
        code = told["problems"][0]["code"] if told["problems"] else None
        if code and before != await self.everything():
            raise NotAsTheOracleSays(f"{who} ({login}) {name} {given}: refused with {code}, and changed something")
        self.done[f"{name} {code or 'done'}"] += 1
        if code != expected:
            raise NotAsTheOracleSays(f"{who} ({login}) {name} {given}: {expected} expected, {code} came")
        return told

    async def everything(self) -> list[Any]:
        """All that is in the database but who looked, which goes by time, as a number and a sum for each table."""
        connection = await asyncpg.connect(**self.acts.place.database.admin_connect)
        try:
            return list(await connection.fetch(" union all ".join(SUMS)))
        finally:
            await connection.close()

    async def start(self, who: str, login: str) -> None:
        world, view = self.acts.world, self.view(who, login)
        children = [child for child in world.people if view.facts.is_child(child)]
        near = [child for child in children if view.ties(child)] or children
        child = self.random.choice(near if self.random.random() < 0.9 else children)
        ats = [tie.unit for tie in view.ties(child) if tie.unit] + [
            one.unit for one in world.enrolments if one.child == child
        ]
        unit = self.random.choice(ats if ats and self.random.random() < 0.9 else list(world.units))
        stands = oracle.standing(view, child, unit)
        pool = (oracle.staff_of if stands.family else oracle.family_of)(view, child, unit)
        to = list(dict.fromkeys(self.likely(pool) for _ in range(self.random.choice((0, 1, 1, 2)))))
        to = [node for node in to if node in self.acts.loaded.ids and node.handle != who]
        joint, for_unit = self.random.random() < 0.2, self.random.random() < 0.2
        if Node("Child", child) not in self.acts.loaded.ids:
            return
        given = {
            "unitId": self.acts.id("Unit", unit), "childId": self.acts.id("Child", child), "subject": "Emne",
            "body": "Hei", "recipientIds": [self.acts.loaded.ids[node] for node in to], "joint": joint,
            "onBehalfOfUnit": for_unit, "idempotencyKey": self.acts.key(),
        }  # fmt: skip
        preview = {name: given[name] for name in ("unitId", "childId", "recipientIds", "joint")}
        if len(to) > 1:
            asked = await self.acts.ask(who, PREVIEW_TOKEN, {"input": preview}, login)
            given["previewToken"] = asked["recipientPreview"]["previewToken"]
        expected = oracle.start(self.view(who, login), unit, child, to, joint=joint, for_unit=for_unit)
        told = await self.carried("start", who, START, given, login, expected)
        if expected is not None:
            return
        family = stands.family
        groups = [to] if family or joint else [[one] for one in to]
        for thread, group in zip(told["threads"], groups, strict=True):
            handle = f"new thread {len(world.threads)}"
            named = tuple(one.handle for one in group)
            sides = ((who,), named) if family else (named, (who,))
            world.thread(handle, unit, child, self.acts.now, *sides, joint=joint)
            world.threads[handle].subject = "Emne"
            self.acts.loaded.ids[Node("Thread", handle)] = thread["id"]
            self.wrote(handle, who, thread["messages"]["nodes"][-1]["id"], for_unit)

    def wrote(self, thread: str, who: str, told: str, for_unit: bool) -> None:
        handle = f"new message {len(self.acts.world.messages)}"
        self.acts.world.messages[handle] = Message(handle, thread, who, self.acts.now, "Hei", for_unit, False)
        self.acts.loaded.ids[Node("Message", handle)] = told

    def some_thread(self, view: View) -> str | None:
        seen = view.visible_threads()
        everything = list(self.acts.world.threads)
        if seen and self.random.random() < 0.85:
            return self.random.choice(seen)
        return self.random.choice(everything) if everything else None

    async def send(self, who: str, login: str) -> None:
        view = self.view(who, login)
        thread = self.some_thread(view)
        if thread is None:
            return
        for_unit = self.random.random() < 0.2
        given = {"threadId": self.acts.id("Thread", thread), "body": "Hei", "onBehalfOfUnit": for_unit,
                 "idempotencyKey": self.acts.key()}  # fmt: skip
        expected = oracle.send(view, thread, for_unit=for_unit)
        told = await self.carried("send", who, SEND, given, login, expected)
        if expected is None:
            self.wrote(thread, who, told["message"]["id"], for_unit)

    def some_message(self, view: View, thread: str, *, own: bool) -> str | None:
        messages = [one for one in self.acts.world.messages.values() if one.thread == thread]
        mine = [one for one in messages if one.author == view.viewer]
        chosen = mine if own and mine and self.random.random() < 0.8 else messages
        return self.random.choice(chosen).id if chosen else None

    async def retract(self, who: str, login: str) -> None:
        mine = [one.thread for one in self.acts.world.messages.values() if one.author == who]
        view = self.view(who, login)
        thread = self.random.choice(mine) if mine and self.random.random() < 0.8 else self.some_thread(view)
        message = thread and self.some_message(view, thread, own=True)
        if not message:
            return
        expected = oracle.retract(view, message, given=message in self.given)
        given = {"messageId": self.acts.id("Message", message)}
        await self.carried("retract", who, RETRACT, given, login, expected)
        told = self.acts.world.messages[message]
        if expected is None and not told.retracted:
            told.retracted, told.retracted_at = True, self.acts.now

    async def read(self, who: str, login: str) -> None:
        view = self.view(who, login)
        thread = self.some_thread(view)
        message = thread and self.some_message(view, thread, own=False)
        if not thread or not message:
            return
        expected = oracle.mark_read(view, thread, message)
        given = {"threadId": self.acts.id("Thread", thread), "upToMessageId": self.acts.id("Message", message)}
        await self.carried("read", who, READ, given, login, expected)
        if expected is None:
            world = self.acts.world
            self.gave(View(Relations(world), who, login, self.acts.now), thread)
            before = [told for told in world.reads if told.thread == thread and told.person == who]
            if not before or world.messages[before[-1].up_to].at < world.messages[message].at:
                world.reads.append(Read("", thread, who, message, self.acts.now))

    async def add(self, who: str, login: str) -> None:
        view = self.view(who, login)
        thread = self.some_thread(view)
        if thread is None:
            return
        about = self.acts.world.threads[thread]
        person = self.likely(oracle.staff_of(view, about.child, about.unit))
        if person not in self.acts.loaded.ids:
            return
        expected = oracle.add(view, thread, person)
        given = {"threadId": self.acts.id("Thread", thread), "personId": self.acts.loaded.ids[person]}
        await self.carried("add", who, ADD, given, login, expected)
        if expected is None:
            self.gave(View(Relations(self.acts.world), who, login, self.acts.now), thread)
            self.acts.world.added.append(Added(thread, person.handle, self.acts.now))

    async def block(self) -> None:
        """R1: from the next request on, whoever had a relation has none."""
        world = self.acts.world
        children = [went.child for went in world.enrolments if world.people[went.child].number]
        people = [held.person for held in world.positions] + [one for one in world.people if world.people[one].number]
        if not children:
            return
        person, child = self.random.choice(people), self.random.choice(children)
        if not world.people[person].number or person == child:
            return
        before = len(world.blocks)
        world.block(person, child, world.today)
        with tempfile.TemporaryDirectory() as folder:
            alone = type(world)(world.today)
            alone.people, alone.blocks = world.people, world.blocks[before:]
            facts = read_local(write_local(alone, Path(folder) / "block.ndjson"))
            async with self.acts.place.database.admin_engine().begin() as connection:
                vault, municipality = self.acts.place.vault, self.acts.loaded.municipality
                await carry_out(connection, await plan_local(connection, vault, municipality, facts, self.acts.now))
        self.done["block"] += 1
        self.acts.loaded.ids[Node("Block", world.blocks[-1].id)] = "?"

    # --- what is so afterwards ------------------------------------------------------------------------------------

    def gave(self, view: View, thread: str) -> None:
        """The viewer was given the texts of the thread's messages: those of the other side are no longer to retract."""
        sides = view.facts.participants(thread)
        own = "GUARDIAN" if oracle.on_family_side(view, thread) else "UNIT"
        for message in view.visible_messages(thread):
            if sides[message.author][0] != own and not message.retracted:
                self.given.add(message.id)

    async def compare(self, viewers: int) -> None:
        """The server's answers to some viewers are the oracle's."""
        for who in self.random.sample(self.acts.people(), viewers):
            login = self.random.choice(LOGINS)
            relations = Relations(self.acts.world)
            place, now = self.acts.place, self.acts.now
            told = await place.agree(self.acts.loaded, [who], [login], now, relations=relations, only=ROADS)
            if told:
                raise NotAsTheOracleSays("\n".join(told[:10]))
            view = View(relations, who, login, now)
            for thread in view.visible_threads():
                self.gave(view, thread)
            self.compared += 1


SUMS = [
    f"select '{name}', count(*), sum(hashtextextended(t::text, 0)) from {name} t"
    for name in sorted(Base.metadata.tables)
    if not name.startswith("access_log")
]
PREVIEW_TOKEN = "query ($input: RecipientPreviewInput!) { recipientPreview(input: $input) { previewToken } }"


async def run(place: Place, seed: int, steps: int, *, viewers: int = 2) -> History:
    history = await History.begin(place, seed)
    for _ in range(steps):
        before = sum(history.done.values())
        await history.step()
        if sum(history.done.values()) > before:
            await history.compare(viewers)
    return history


async def long_form(folder: Path, acts: int, seed: int) -> None:
    done: Counter[str] = Counter()
    compared = 0
    async with (
        open_database(DataFolder.at(folder / "data"), cluster_settings=FAST) as database,
        opened_place(database, Vault.generate()) as place,
    ):
        while sum(done.values()) < acts:
            history = await run(place, seed, 60)
            done += history.done
            compared += history.compared
            print(f"seed {seed}: {sum(done.values()):,} acts, {compared:,} viewers compared", flush=True)
            seed += 1
    for name, count in sorted(done.items()):
        print(f"{count:8,} {name}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.histories", description=__doc__)
    parser.add_argument("--acts", type=int, default=2_000, help="so many at the least")
    parser.add_argument("--seed", type=int, default=1, help="of the first history; the next ones count on")
    told = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="innsyn-histories-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        asyncio.run(long_form(folder, told.acts, told.seed))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
