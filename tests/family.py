"""Acts about a family in a world, by handles: delegates, consents, blocks, confirmations, tasks and substitutes."""

from __future__ import annotations

import hashlib
from typing import Any

import asyncpg

from resolvers import ids
from tests.acts import Acts, act
from tests.worlds.loading import load
from tests.worlds.numbers import synthetic_number
from tests.worlds.world import TODAY

DELEGATE = (
    "id name active since until adult { id name } registeredBy { id } consents { guardian { id } until withdrawnAt }"
)
BLOCK = "id name since until reason setAs liftedAt lifts { actedAs reason by { id } }"
TASK = "id kind personName doneAt doneBy { id }"
SUBSTITUTION = "id name role since until staffMember { id } groups { role group { id } }"
CHILD = f"id relations delegates {{ {DELEGATE} }} blocks {{ {BLOCK} }} tasks {{ {TASK} }}"

TEXTS = {
    "registerDelegate": f"delegate {{ {DELEGATE} }}",
    "revokeDelegate": f"child {{ {CHILD} }}",
    "consentToDelegate": f"delegate {{ {DELEGATE} }}",
    "withdrawConsent": f"child {{ {CHILD} }}",
    "endDelegation": f"child {{ {CHILD} }}",
    "setBlock": f"block {{ {BLOCK} }}",
    "liftBlock": f"block {{ {BLOCK} }}",
    "confirmGuardian": f"task {{ {TASK} }}",
    "completeTask": f"task {{ {TASK} }}",
    "appointSubstitute": f"substitution {{ {SUBSTITUTION} }}",
    "endSubstitution": f"unit {{ id substitutions {{ {SUBSTITUTION} }} }}",
}
ONCE = {"registerDelegate", "setBlock", "appointSubstitute"}
UNKNOWN = synthetic_number(TODAY.replace(year=1990), 149)
"""The number of nobody in the village."""


class Family:
    """What people of a world do about a family, as the payload that they get."""

    def __init__(self, acts: Acts) -> None:
        self.acts = acts

    async def does(self, who: str, name: str, login: str | None = None, /, **given: Any) -> dict[str, Any]:
        if name in ONCE:
            given.setdefault("idempotencyKey", self.acts.key())
        return await self.acts.act(who, act(name, TEXTS[name]), given, login)

    def number(self, person: str) -> str:
        number = self.acts.world.people[person].number
        assert number
        return number

    async def registers(self, who: str, person: str = "aunt", unit: str = "school", **more: Any) -> dict[str, Any]:
        given = {
            "childId": self.acts.id("Child", "pupil"), "unitId": self.acts.id("Unit", unit),
            "nationalId": self.number(person), "name": "Tante Fredrikke", **more,
        }  # fmt: skip
        return await self.does(who, "registerDelegate", **given)

    async def registered(self, who: str = "teacher", person: str = "aunt", unit: str = "school", **more: Any) -> str:
        """The id of a registration that is expected to go well."""
        told = await self.registers(who, person, unit, **more)
        assert told["problems"] == []
        key: str = told["delegate"]["id"]
        return key

    async def consents(self, who: str, delegate: str, **more: Any) -> dict[str, Any]:
        return await self.does(who, "consentToDelegate", delegateId=delegate, **more)

    async def blocks(self, who: str, person: str, kind: str = "Guardian", **more: Any) -> dict[str, Any]:
        given = {"childId": self.acts.id("Child", "pupil"), "reason": "Besøksforbud", **more}
        if not given.keys() & {"nationalId", "personId"}:
            given["personId"] = self.acts.id(kind, person)
        return await self.does(who, "setBlock", **given)

    async def child(self, who: str, login: str | None = None) -> dict[str, Any] | None:
        """The pupil as the viewer sees them."""
        text = f"query ($id: ID!) {{ node(id: $id) {{ ... on Child {{ {CHILD} }} }} }}"
        told: dict[str, Any] | None = (await self.acts.ask(who, text, {"id": self.acts.id("Child", "pupil")}, login))[
            "node"
        ]
        return told

    async def relations(self, who: str) -> list[str]:
        child = await self.child(who)
        return [] if child is None else list(child["relations"])

    async def digest(self) -> dict[str, str]:
        """What every table holds but the log of who looked, which goes by time: a refused act leaves it as it was."""
        connection = await asyncpg.connect(**self.acts.place.database.admin_connect)
        try:
            tables = await connection.fetch(
                "select tablename from pg_tables where schemaname = 'public' and tablename !~ '^access_log' order by 1"
            )
            found = {}
            for (name,) in tables:
                rows = await connection.fetch(f"select t::text from {name} t order by 1")
                found[name] = hashlib.sha256("\n".join(row[0] for row in rows).encode()).hexdigest()
            return found
        finally:
            await connection.close()

    async def rows(self, question: str) -> list[tuple[Any, ...]]:
        """As the owner; $1 is the pupil's row, since other worlds lie in the same tables."""
        decoded = ids.decode(self.acts.id("Child", "pupil"))
        assert decoded
        connection = await asyncpg.connect(**self.acts.place.database.admin_connect)
        try:
            pupil = await connection.fetchval("select id from person where child_key = $1", decoded[1])
            return [tuple(row) for row in await connection.fetch(question, pupil)]
        finally:
            await connection.close()

    async def rows_on(self, told: str, question: str) -> list[tuple[Any, ...]]:
        """As the owner; $1 is the key in the global id."""
        decoded = ids.decode(told)
        assert decoded
        connection = await asyncpg.connect(**self.acts.place.database.admin_connect)
        try:
            return [tuple(row) for row in await connection.fetch(question, decoded[1])]
        finally:
            await connection.close()

    async def imports_again(self) -> None:
        """Every file of the world once more, as each night."""
        place = self.acts.place
        await load(self.acts.world, place.database, place.vault)
