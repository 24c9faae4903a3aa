"""Acts in a world, by handles: what the tests of writing say them with."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.view import Node
from tests.roads.place import Place
from tests.worlds.loading import Loaded
from tests.worlds.world import World, oslo

MESSAGE = "id body sentAt retractedAt author { name } onBehalfOf { name } thread { id }"
THREAD = (
    f"id subject joint unreadCount participants {{ side person {{ id name }} }} messages {{ nodes {{ {MESSAGE} }} }}"
)


def act(name: str, told: str) -> str:
    """The text of a mutation."""
    given = f"{name[0].upper()}{name[1:]}Input!"
    return (
        f"mutation ($input: {given}) {{ {name}(input: $input) {{ {told} problems {{ code field message details }} }} }}"
    )


START = act("startThread", f"threads {{ {THREAD} }}")
SEND = act("sendMessage", f"message {{ {MESSAGE} }}")
READ = act("markThreadRead", f"thread {{ {THREAD} }}")
RETRACT = act("retractMessage", f"message {{ {MESSAGE} }}")
ADD = act("addParticipant", f"thread {{ {THREAD} }}")
PREVIEW = """
    query ($input: RecipientPreviewInput!) { recipientPreview(input: $input) {
        recipients { side person { id name } } readers { relation person { name } } unit { name } threads previewToken
        problems { code field } } }
"""


@dataclass
class Acts:
    """A world in a place, whose people act."""

    place: Place
    loaded: Loaded
    now: dt.datetime
    keys: Any = field(default_factory=lambda: itertools.count(1))
    login: str = "both"
    tick = dt.timedelta(seconds=1)
    """Between two acts."""

    @classmethod
    async def of(cls, place: Place, world: World, now: dt.datetime | None = None) -> Acts:
        return cls(place, await place.load(world), now or oslo(world.today))

    @property
    def world(self) -> World:
        return self.loaded.world

    def id(self, kind: str, handle: str) -> str:
        return self.loaded.ids[Node(kind, handle)]

    def people(self) -> list[str]:
        """Everybody who can sign in."""
        return [handle for handle, person in self.world.people.items() if person.number]

    async def ask(self, who: str, text: str, variables: dict[str, Any], login: str | None = None) -> dict[str, Any]:
        engine = self.place.engine
        viewer = self.place.viewer(self.world, who, login or self.login)
        self.now += self.tick
        answer = await engine.run(engine.documents.prepare(text, None), variables, viewer, self.now)
        assert not answer.errors, answer.errors
        assert answer.data is not None
        return answer.data

    async def act(self, who: str, text: str, given: dict[str, Any], login: str | None = None) -> dict[str, Any]:
        [told] = (await self.ask(who, text, {"input": given}, login)).values()
        return told

    def key(self) -> str:
        return f"key {next(self.keys)}"

    async def start(
        self, who: str, unit: str, child: str, *to: str, body: str = "Hei", login: str | None = None, **more: Any
    ) -> dict[str, Any]:
        """`to`: global ids."""
        given = {"unitId": self.id("Unit", unit), "childId": self.id("Child", child), "subject": "Emne", "body": body,
                 "recipientIds": list(to), "idempotencyKey": self.key(), **more}  # fmt: skip
        return await self.act(who, START, given, login)

    async def send(
        self, who: str, thread: str, body: str = "Hei", login: str | None = None, **more: Any
    ) -> dict[str, Any]:
        given = {"threadId": thread, "body": body, "idempotencyKey": self.key(), **more}
        return await self.act(who, SEND, given, login)

    async def preview(self, who: str, **given: Any) -> dict[str, Any]:
        return await self.act(who, PREVIEW, given)

    async def bodies(self, who: str, thread: str) -> list[str | None] | None:
        """What the viewer reads in a thread; null where they do not see it."""
        text = "query ($id: ID!) { node(id: $id) { ... on Thread { messages(first: 500) { nodes { body } } } } }"
        node = (await self.ask(who, text, {"id": thread}))["node"]
        return None if node is None else [one["body"] for one in node["messages"]["nodes"]]

    async def sees(self, who: str, told: str) -> bool:
        """Whether a node is there for the viewer; gives them no text."""
        return (await self.ask(who, "query ($id: ID!) { node(id: $id) { id } }", {"id": told}))["node"] is not None


def codes(told: dict[str, Any]) -> list[str]:
    """The problems of a payload, which has nothing else then."""
    found = [problem["code"] for problem in told["problems"]]
    if found:
        assert not any(value for name, value in told.items() if name != "problems"), told
    return found
