"""Random histories of what people do about families: after each act, what the oracle says is what the server answers.

`tests/histories.py` for delegates, consents, blocks and confirmations, between messages that show what they open.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from resolvers.ids import TYPE_BYTES, encode
from tests.acts import act
from tests.family import ONCE, TEXTS
from tests.histories import History
from tests.oracle import family
from tests.oracle import family_acts as oracle
from tests.oracle.family import due_tasks, task_handle
from tests.oracle.relations import Relations
from tests.oracle.view import Node, View
from tests.roads.operations import NODE_CELLS, Road, with_fragments
from tests.roads.place import LOGINS, Place
from tests.worlds.world import Acted, Block, Confirmation, Consent, Delegate

T = TypeVar("T")
NAME = "Navn Som Ble Sagt"
FAMILY = with_fragments("query Family($ids: [ID!]!) { nodes(ids: $ids) " + NODE_CELLS + "}")


class FamilyHistory(History):
    async def step(self) -> None:
        steps = (self.register, self.consent, self.consent, self.withdraw, self.end, self.revoke, self.block_by_act,
                 self.lift, self.lift, self.confirm, self.confirm)  # fmt: skip
        if self.random.random() < 0.25:
            await super().step()
        else:
            await self.random.choice(steps)()

    async def block(self) -> None:
        """Not by an import, which knows of nobody's act."""

    # --- who and what ---------------------------------------------------------------------------------------------

    def children(self) -> list[str]:
        return [child for child in self.acts.world.people if Node("Child", child) in self.acts.loaded.ids
                and any(went.child == child for went in self.acts.world.enrolments)]  # fmt: skip

    def actor(self, child: str, *relations: str) -> View:
        """Somebody who stands so to the child, mostly; anybody at all now and then."""
        people = self.acts.people()
        self.random.shuffle(people)
        view = self.view(people[0], self.random.choice(LOGINS))
        if self.random.random() < 0.85:
            for who in people:
                seen = self.view(who, "both")
                if set(seen.relations(child)) & set(relations):
                    return seen
        return view

    def one(self, things: Iterable[T]) -> T | None:
        told = list(things)
        return self.random.choice(told) if told else None

    def person(self, child: str) -> str:
        """An adult with a number, near the child or not."""
        people = [one for one in self.acts.world.people if self.acts.world.people[one].number]
        near = [told.person for told in self.acts.world.delegates if told.child == child]
        near += [held.person for held in self.acts.world.positions if self.acts.world.people[held.person].number]
        return self.random.choice(near if near and self.random.random() < 0.6 else people)

    async def does(self, name: str, view: View, expected: str | None, /, **given: Any) -> Any:
        if name in ONCE:
            given["idempotencyKey"] = self.acts.key()
        text = act(name, TEXTS[name])
        told = await self.carried(name, view.viewer, text, given, view.login, expected)
        await self.learn_tasks()
        return None if expected else told

    async def learn_tasks(self) -> None:
        """The ids of the open tasks; which there are is the oracle's to say."""
        loaded = self.acts.loaded
        for node in [node for node in loaded.ids if node.type == "Task"]:
            del loaded.ids[node]
        people = {told: node.handle for node, told in loaded.ids.items() if node.type == "Child"}
        connection = await asyncpg.connect(**self.acts.place.database.admin_connect)
        try:
            rows = await connection.fetch(
                "select t.id, t.kind, c.child_key as child, p.child_key as person, u.source_id as unit from task t"
                " join person c on c.id = t.child_id left join person p on p.id = t.person_id"
                " left join unit u on u.id = t.unit_id"
                " where t.municipality_id = $1 and t.done_at is null order by t.made_at, t.id",
                loaded.municipality,
            )
        finally:
            await connection.close()

        def handle(key: UUID | None) -> str | None:
            return people[encode(TYPE_BYTES["Child"], key)] if key else None

        for row in rows:
            unit = row["unit"].removeprefix("unit-") if row["unit"] else None
            task = task_handle((row["kind"], str(handle(row["child"])), handle(row["person"]), unit))
            loaded.ids[Node("Task", task)] = encode(TYPE_BYTES["Task"], row["id"])

    def acted(self, relation: str = "", who: str = "", reason: str = "") -> Acted:
        return Acted(who, self.acts.now, relation, NAME, reason)

    def same(self, told: Delegate, other: Delegate | Consent) -> bool:
        person = other.person if isinstance(other, Delegate) else other.delegate
        return (told.child, told.person, told.unit) == (other.child, person, other.unit)

    def live(self, told: Delegate | Consent) -> bool:
        return told.until is None or told.until > self.acts.world.today

    # --- delegates ------------------------------------------------------------------------------------------------

    async def register(self) -> None:
        world, child = self.acts.world, self.one(self.children())
        if child is None:
            return
        view = self.actor(child, "CONTACT_TEACHER", "UNIT_STAFF", "UNIT_LEADER")
        at = [tie.unit for tie in view.ties(child) if tie.unit]
        unit = self.random.choice(at if at and self.random.random() < 0.9 else list(world.units))
        person = self.person(child)
        told = await self.does(
            "registerDelegate", view, oracle.register(view, child, unit, person),
            childId=self.acts.id("Child", child), unitId=self.acts.id("Unit", unit), name=NAME,
            nationalId=world.people[person].number,
        )  # fmt: skip
        if told is None:
            return
        made = Delegate(f"delegate-{len(world.delegates)}-new", person, child, unit, world.today, None,
                        self.acted(who=view.viewer))  # fmt: skip
        earlier = [one for one in world.delegates if self.same(made, one)]
        if earlier and not any(self.live(one) for one in earlier):
            self.end_consents(made)
        world.delegates.append(made)
        self.acts.loaded.ids[Node("Delegate", made.id)] = told["delegate"]["id"]

    def some_delegate(self) -> Delegate | None:
        told = self.one(self.acts.world.delegates)
        later = [one for one in self.acts.world.delegates if self.live(one)]
        return self.random.choice(later) if later and self.random.random() < 0.85 else told

    def end_consents(self, told: Delegate, guardian: str | None = None) -> None:
        for given in self.acts.world.consents:
            if self.same(told, given) and self.live(given) and guardian in (None, given.guardian):
                given.until, given.ended_at = self.acts.world.today, self.acts.now

    async def consent(self) -> None:
        told = self.some_delegate()
        if told is None:
            return
        world, view = self.acts.world, self.actor(told.child, "GUARDIAN")
        expected = oracle.consent(view, told)
        done = await self.does("consentToDelegate", view, expected, delegateId=self.acts.id("Delegate", told.id))
        own = [one for one in world.consents if self.same(told, one) and one.guardian == view.viewer]
        if done is None or any(one.until is None and one.since <= world.today for one in own):
            return
        self.end_consents(told, view.viewer)
        world.consents.append(
            Consent("", view.viewer, told.child, told.person, told.unit, world.today, None, self.acted())
        )

    async def withdraw(self) -> None:
        await self.finish("withdrawConsent")

    async def end(self) -> None:
        if self.random.random() < 0.4:
            await self.finish("endDelegation")

    async def revoke(self) -> None:
        if self.random.random() < 0.4:
            await self.finish("revokeDelegate")

    async def finish(self, name: str) -> None:
        told = self.some_delegate()
        if told is None:
            return
        staff = name == "revokeDelegate"
        wanted = ("CONTACT_TEACHER", "UNIT_STAFF", "UNIT_LEADER") if staff else ("GUARDIAN",)
        view = self.actor(told.child, *wanted)
        expected = (oracle.revoke if staff else oracle.withdraw_or_end)(view, told)
        if await self.does(name, view, expected, delegateId=self.acts.id("Delegate", told.id)) is None:
            return
        self.end_consents(told, view.viewer if name == "withdrawConsent" else None)
        if name != "withdrawConsent":
            for one in self.acts.world.delegates:
                if self.same(told, one) and self.live(one):
                    one.until = self.acts.world.today

    # --- blocks and confirmations -----------------------------------------------------------------------------------

    async def block_by_act(self) -> None:
        child = self.one(self.children())
        if child is None or self.random.random() < 0.5:
            return
        await self.sets_block(child, self.actor(child, "UNIT_LEADER", "CASE_WORKER"), self.person(child))

    async def sets_block(self, child: str, view: View, person: str) -> None:
        world = self.acts.world
        relation = oracle.strict_relation(view, child)
        told = await self.does(
            "setBlock", view, oracle.block(view, child, person), childId=self.acts.id("Child", child), reason="Fare",
            nationalId=world.people[person].number, name=NAME,
        )  # fmt: skip
        if told is not None:
            act = self.acted(str(relation), view.viewer, "Fare")
            block = Block(f"block-{len(world.blocks)}-new", person, child, world.today, None, act)
            world.blocks.append(block)
            self.acts.loaded.ids[Node("Block", block.id)] = told["block"]["id"]

    async def lift(self) -> None:
        known = [one for one in self.acts.world.blocks if self.acts.loaded.ids.get(Node("Block", one.id), "?") != "?"]
        standing = [one for one in known if one.until is None]
        told = self.one(standing if standing and self.random.random() < 0.85 else known)
        if told is None:
            return
        view = self.actor(told.child, "UNIT_LEADER", "CASE_WORKER")
        expected, relation = oracle.lift(view, told), oracle.strict_relation(view, told.child)
        voices = oracle.counting(view, told)
        given = {"blockId": self.acts.id("Block", told.id), "reason": "Enig"}
        if await self.does("liftBlock", view, expected, **given) is None:
            return
        voice = self.acted(str(relation), view.viewer, "Enig")
        told.lifts.append(voice)
        if oracle.is_lifted([*voices, voice]):
            told.until, told.lifted_at = self.acts.world.today, self.acts.now

    async def confirm(self) -> None:
        world = self.acts.world
        due = sorted(due_tasks(Relations(world), world.today), key=str)
        asked = [one for one in due if one[0] == "CONFIRM_GUARDIAN"]
        task = self.one(asked if asked and self.random.random() < 0.85 else due)
        if task is None:
            return
        view = self.actor(task[1], "UNIT_LEADER", "CASE_WORKER")
        relation = oracle.strict_relation(view, task[1])
        given = {"taskId": self.acts.id("Task", task_handle(task))}
        if await self.does("confirmGuardian", view, oracle.confirm(view, task), **given) is not None:
            act = self.acted(str(relation), view.viewer)
            world.confirmations.append(Confirmation("", str(task[2]), task[1], world.today, act))

    # --- what is so afterwards --------------------------------------------------------------------------------------

    async def compare(self, viewers: int) -> None:
        await super().compare(viewers)
        relations = Relations(self.acts.world)
        kinds = ("Child", "Delegate", "Block", "Task", "OtherAdult")
        asked = [told for node, told in self.acts.loaded.ids.items() if node.type in kinds and told != "?"]
        for who in self.random.sample(self.acts.people(), viewers):
            view = View(relations, who, self.random.choice(LOGINS), self.acts.now)
            road = Road("family", FAMILY, {"ids": asked})
            told = await self.acts.place.compare(view, self.acts.loaded.ids, road)
            assert not told, "\n".join(told[:10])


async def run_family(place: Place, seed: int, steps: int, *, viewers: int = 2) -> FamilyHistory:
    history = await FamilyHistory.begin(place, seed)
    assert isinstance(history, FamilyHistory)
    assert family.COLUMNS
    for _ in range(steps):
        before = sum(history.done.values())
        await history.step()
        if sum(history.done.values()) > before:
            await history.compare(viewers)
    return history
