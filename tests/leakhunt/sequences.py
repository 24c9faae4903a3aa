"""Sequences of acts over the wire: each changes who may see what, and the world by which answers are judged with it.

The acts are those of `tests/family_histories.py` and `tests/histories.py`: starting threads, writing, retracting,
reading, taking colleagues in, delegates and consents, blocks and their lifting, confirmations. The oracle says what comes
of each. Every text in them is a new canary, and some messages carry a file that holds one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from resolvers.ids import decode
from tests.acts import RETRACT, Acts
from tests.family_histories import NAME, FamilyHistory
from tests.histories import NotAsTheOracleSays
from tests.leakhunt.book import Attached
from tests.leakhunt.canaries import Mint, tokens_of
from tests.leakhunt.hunter import Hunter
from tests.leakhunt.place import HeldClock, Town
from tests.leakhunt.wire import Asker, Operation, Told
from tests.oracle import acts as oracle
from tests.worlds.world import Acted

TEXTS = ("subject", "body", "reason", "name")


@dataclass
class WireActs(Acts):
    """Acts that are carried out over a wire; what comes back is judged when the world has been changed by them."""

    hunter: Hunter = field(kw_only=True)
    clock: HeldClock = field(kw_only=True)
    unjudged: list[tuple[Asker, Told, Operation]] = field(default_factory=list, kw_only=True)

    async def ask(self, who: str, text: str, variables: dict[str, Any], login: str | None = None) -> dict[str, Any]:
        self.now += self.tick
        self.clock.set(self.now)
        asker = Asker(self.hunter.books[0], self.world.organisation_number, who, login or self.login)
        operation = Operation(text, variables)
        told = await self.hunter.ask(self.hunter.random.choice(("http", "websocket", "sse")), asker, operation)
        self.unjudged.append((asker, told, operation))
        data = told.payload.get("data")
        if told.payload.get("errors") or data is None:
            raise NotAsTheOracleSays(f"{who} {text} {variables}: {told.body!r}")
        return dict(data)


@dataclass
class Sequence(FamilyHistory):
    mint: Mint = field(kw_only=True)
    last: dict[str, Any] = field(default_factory=dict, kw_only=True)
    file: Attached | None = field(default=None, kw_only=True)

    @property
    def hunter(self) -> Hunter:
        assert isinstance(self.acts, WireActs)
        return self.acts.hunter

    async def go(self) -> None:
        """One act, and the judgement of everything that came of it."""
        assert isinstance(self.acts, WireActs)
        book, acts = self.hunter.books[0], self.acts
        self.hunter.remember(book)
        await self.step()
        self.hunter.changed()
        for asker, told, operation in acts.unjudged:
            granted = self.hunter.granted(asker) | self.hunter.granted_before(asker)
            self.hunter.judge(asker, told, operation, granted, "act")
        acts.unjudged.clear()
        self.hunter.hear()

    async def carried(
        self, name: str, who: str, text: str, given: dict[str, Any], login: str, expected: str | None
    ) -> Any:
        for one in TEXTS:
            if one in given:
                given[one] = f"Tekst {self.mint.token()}"
        self.last, self.file = given, None
        if name == "send" and self.random.random() < 0.3:
            await self.upload(who, login, given)
        told = await self.acts.act(who, text, given, login)
        code = told["problems"][0]["code"] if told["problems"] else None
        self.hunter.tally.acts[f"{name} {code or 'done'}"] += 1
        self.done[f"{name} {code or 'done'}"] += 1
        self.typed(given)
        if code != expected and not (name == "retract" and {code, expected} <= {None, "TOO_LATE"}):
            raise NotAsTheOracleSays(f"{who} ({login}) {name} {given}: {expected} expected, {code} came")
        self.last["code"] = code
        return told

    def typed(self, given: dict[str, Any]) -> None:
        """What was refused is a canary too: it lies nowhere, and may not come back."""
        self.hunter.books[0].put_tokens("typed", *(given[one] for one in TEXTS if one in given))

    async def upload(self, who: str, login: str, given: dict[str, Any]) -> None:
        """A file that holds a canary, under a name that is one."""
        tokens = (self.mint.token(), self.mint.token())
        asker = Asker(self.hunter.books[0], self.acts.world.organisation_number, who, login)
        files = {"file": (f"{tokens[0]}.txt", f"Fil {tokens[1]}\n".encode(), "text/plain")}
        told = await self.hunter.wire.request("POST", "/attachments", files=files, headers=self.hunter.wire.bearer(asker))
        self.hunter.tally.operations["http"] += 1
        if told.status == 201:
            decoded = decode(told.payload["id"])
            assert decoded
            self.file = Attached("", who, decoded[1].hex, tokens)
            given["attachmentIds"] = [told.payload["id"]]

    def wrote(self, thread: str, who: str, told: str, for_unit: bool) -> None:
        super().wrote(thread, who, told, for_unit)
        world = self.acts.world
        message = next(reversed(world.messages.values()))
        message.body = self.last["body"]
        if world.threads[thread].subject == "Emne":
            world.threads[thread].subject = self.last["subject"]
        if self.file is not None:
            self.file.message = message.id
            self.hunter.books[0].attached.append(self.file)

    def acted(self, relation: str = "", who: str = "", reason: str = "") -> Acted:
        return Acted(who, self.acts.now, relation, self.last.get("name", NAME), self.last.get("reason", reason))

    async def retract(self, who: str, login: str) -> None:
        """Whether a text has been given is for the server to know here: everybody reads at random."""
        mine = [one.thread for one in self.acts.world.messages.values() if one.author == who]
        view = self.view(who, login)
        thread = self.random.choice(mine) if mine and self.random.random() < 0.8 else self.some_thread(view)
        message = thread and self.some_message(view, thread, own=True)
        if not message:
            return
        expected = oracle.retract(view, message, given=False)
        given = {"messageId": self.acts.id("Message", message)}
        await self.carried("retract", who, RETRACT, given, login, expected)
        told = self.acts.world.messages[message]
        if expected is None and self.last["code"] is None and not told.retracted:
            told.retracted, told.retracted_at = True, self.acts.now


def sequence(town: Town, hunter: Hunter, clock: HeldClock, seed: int) -> Sequence:
    place: Any = town
    acts = WireActs(place, town.books[0].loaded, clock.now(), hunter=hunter, clock=clock)
    mint = Mint(seed)
    mint.given = {token for key in hunter.search.texts for token in tokens_of(key)}
    return Sequence(acts, Random(f"sequence {seed}"), mint=mint)
