"""The hunter: asks as everybody, over every road, and judges each canary in every byte that comes back."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Protocol

import httpx
from graphql import GraphQLSchema

from tests.leakhunt.book import Book, hex_of
from tests.leakhunt.flaws import Flawed, Flaws, Scene
from tests.leakhunt.operations import Operations, Pool, never
from tests.leakhunt.outsiders import MACHINE
from tests.leakhunt.provoked import provoke
from tests.leakhunt.search import Search
from tests.leakhunt.wire import TRANSPORTS, Asker, Listener, Operation, Told, Wire
from tests.oracle.relations import Relations
from tests.oracle.view import View
from tests.worlds.world import World

LOGINS = ("private", "employee", "both")
CHANGING = ("previewToken", "url", "cursor", "startCursor", "endCursor", "accessLog", "looks")
"""What may differ between two answers that tell the same: it holds an instant or a nonce, or tells of the first."""


@dataclass(frozen=True)
class Leak:
    """A canary that came back to whom it is not granted, and how to make it come back again."""

    seed: int
    how: str
    who: str
    canary: str
    whose: str
    asked: str
    around: str

    def __str__(self) -> str:
        told = f"seed {self.seed}, {self.how} as {self.who}: {self.canary!r} ({self.whose})"
        return f"{told}\n    asked: {self.asked[:1500]}\n    came: {self.around}"


@dataclass
class Tally:
    """What was tried and what was decided."""

    operations: Counter[str] = field(default_factory=Counter)
    """By transport; acts and provoked errors are counted once more, under their own names."""
    responses: int = 0
    bytes: int = 0
    granted: Counter[str] = field(default_factory=Counter)
    """Canaries found and judged granted, by kind."""
    kept_back: Counter[str] = field(default_factory=Counter)
    """Canaries not granted, of the kinds that the operation asks for, that did not come."""
    twins: int = 0
    flaws: Counter[str] = field(default_factory=Counter)
    """Requests with a flaw, each asked of what is there, of what is closed and of nothing; by what came of it."""
    acts: Counter[str] = field(default_factory=Counter)
    canaries: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    leaks: list[Leak] = field(default_factory=list)

    @property
    def decisions(self) -> int:
        return sum(self.granted.values()) + sum(self.kept_back.values()) + len(self.leaks)

    def told(self) -> str:
        roads = {name: self.operations[name] for name in (*TRANSPORTS, "events")}
        found, back = sum(self.granted.values()), sum(self.kept_back.values())
        tried = (
            f"provoked errors {self.operations['provoked']:,}",
            f"acts on what is not there {self.operations['refused acts']:,}",
            f"acts in sequences {sum(self.acts.values()):,}, twins compared {self.twins:,}",
            f"requests with a flaw {sum(self.flaws.values()):,}, each compared with others about something else",
        )
        lines = [
            f"{sum(roads.values()):,} operations: {roads}",
            f"  of them {', '.join(tried)}",
            f"  with a flaw: {dict(self.flaws.most_common())}",
            f"{self.responses:,} responses and events, {self.bytes:,} bytes, {self.canaries:,} canaries",
            f"{self.decisions:,} decisions: {found:,} found and granted, {back:,} asked for and kept back",
            f"  found and granted, by kind: {dict(self.granted.most_common())}",
            f"  kept back, by kind: {dict(self.kept_back.most_common())}",
            f"  refusals: {dict(self.refusals.most_common())}",
            f"  acts: {dict(self.acts.most_common())}",
            f"{len(self.leaks)} leaks",
        ]
        return "\n".join(lines)


class Hunted(Protocol):
    """What is hunted in."""

    schema: GraphQLSchema
    books: list[Book]
    search: Search
    never: dict[str, str]


class Hunter:
    """`now`: the instants between which the server may answer next; one where its clock is held."""

    def __init__(
        self,
        seed: int,
        town: Hunted,
        wire: Wire,
        now: Callable[[], tuple[dt.datetime, ...]],
        tally: Tally,
    ) -> None:
        self.seed = seed
        self.books = town.books
        self.search = town.search
        self.never = town.never
        self.wire = wire
        self.now = now
        self.tally = tally
        self.random = Random(f"hunt {seed}")
        self.pool = Pool(self.random)
        self.operations = Operations(town.schema, self.pool, self.random)
        self.flaws = Flaws(town.schema, self.pool, self.random)
        self.listeners: list[Listener] = []
        self._granted: dict[tuple[Asker, dt.datetime], frozenset[str]] = {}
        self._relations: dict[int, Relations] = {}
        self._totals: list[Counter[str]] = []
        self.before: World | None = None
        self.statements: Callable[[], list[str]] | None = None
        """What the server has asked of its database since this was asked last; null where nobody can say."""
        self.changed()

    # --- who may be given what --------------------------------------------------------------------------------------

    def changed(self) -> None:
        """The world is another: what was known of grants is known no more."""
        for book in self.books:
            book.learn()
        self._granted.clear()
        self._relations = {id(book): Relations(book.world) for book in self.books}
        self._totals = [Counter(book.kinds.values()) for book in self.books]
        self.pool.numbers = [one.number for book in self.books for one in book.world.people.values() if one.number]

    def view(self, asker: Asker, at: dt.datetime) -> View:
        return View(self._relations[id(asker.book)], asker.who, asker.login, at)

    def granted(self, asker: Asker, instants: Iterable[dt.datetime] | None = None) -> frozenset[str]:
        found: frozenset[str] = frozenset()
        for at in instants or self.now():
            key = (asker, at)
            if key not in self._granted:
                self._granted[key] = asker.book.granted(self.view(asker, at))
            found |= self._granted[key]
        return found

    def granted_before(self, asker: Asker) -> frozenset[str]:
        """By the world as it was before the last act."""
        if self.before is None or asker.book is not self.books[0]:
            return frozenset()
        past = replace(asker.book, loaded=replace(asker.book.loaded, world=self.before))
        return frozenset().union(
            *(past.granted(View(Relations(self.before), asker.who, asker.login, at)) for at in self.now())
        )

    def remember(self, book: Book) -> None:
        self.before = deepcopy(book.world)

    def askers(self) -> list[Asker]:
        people = [
            Asker(book, book.world.organisation_number, who, login)
            for book in self.books
            for who, person in book.world.people.items()
            if person.number
            for login in LOGINS
        ]
        return [*people, *self.outsiders()]

    def outsiders(self) -> list[Asker]:
        """A machine client, and somebody whom the municipality does not know, of each."""
        return [
            Asker(book, book.world.organisation_number, who, login)
            for book in self.books
            for who in book.outsiders
            for login in ((MACHINE,) if who == MACHINE else LOGINS)
        ]

    def somebody(self) -> Asker:
        """Somebody to whom much is granted, mostly."""
        drawn = self.random.sample(self.askers(), 3)
        if self.random.random() < 0.2:
            return drawn[0]
        return max(drawn, key=lambda asker: len(self.granted(asker)))

    # --- judging ------------------------------------------------------------------------------------------------------

    def judge(
        self, asker: Asker | None, told: Told, operation: Operation | None, granted: frozenset[str], how: str
    ) -> None:
        self.tally.responses += 1
        self.tally.bytes += len(told.raw)
        for key in self.search.find(told.raw):
            kind = self.kind(key)
            if key in granted:
                self.tally.granted[kind] += 1
            elif operation is not None and is_quoted_name(key, operation.text, told.payload):
                self.tally.kept_back["a name of the document, quoted"] += 1
            else:
                self.leak(asker, told, operation, key, how)
        if operation is not None and operation.kinds and b'"data":{' in told.raw:
            own = Counter(self.kind(key) for key in granted)
            for kind in operation.kinds:
                self.tally.kept_back[kind] += max(0, sum(total[kind] for total in self._totals) - own[kind])

    def kind(self, key: str) -> str:
        for book in self.books:
            if (kind := book.kinds.get(key)) is not None:
                return kind
        return self.never.get(key, "unknown")

    def leak(self, asker: Asker | None, told: Told, operation: Operation | None, key: str, how: str) -> None:
        text = told.raw.decode("utf-8", "replace")
        at = max(0, text.lower().find(key))
        asked = f"{operation.text} {json.dumps(operation.variables, ensure_ascii=False)}" if operation else how
        whose = next((book.whose(key) for book in self.books if key in book.kinds), self.never.get(key, ""))
        who = f"{asker.who} ({asker.login}, {asker.municipality})" if asker else "nobody"
        self.tally.leaks.append(
            Leak(self.seed, f"{told.transport} {how}", who, key, whose, asked, text[max(0, at - 300) : at + 200])
        )

    def wrong(self, asker: Asker, operation: Operation, what: str, came: str) -> None:
        """Something else that must not be, told as a leak is."""
        asked = f"{operation.text} {json.dumps(operation.variables, ensure_ascii=False)}"
        who = f"{asker.who} ({asker.login}, {asker.municipality})"
        self.tally.leaks.append(Leak(self.seed, what, who, "", "", asked, came[:1500]))

    # --- a round ------------------------------------------------------------------------------------------------------

    async def round(self, operations: int, viewers: int = 4, flaws: int = 1) -> None:
        """Some people, one of them unknown here, ask the same operations, each over a road of their own, and try what
        is not to be had."""
        askers = [*(self.somebody() for _ in range(viewers - 1)), self.random.choice(self.outsiders())]
        for number in range(operations):
            self.prepare(askers[number % viewers])
            operation = self.operations.sweep() if number % 3 else self.operations.query()
            for asker in askers:
                await self.read(asker, self.random.choice(("http", "http", "websocket", "sse")), operation)
            asker = self.random.choice(askers)
            self.prepare(asker)
            transport = self.random.choice(TRANSPORTS)
            await (self.refused_act if self.random.random() < 0.4 else self.provoked)(asker, transport)
            for _ in range(flaws):
                await self.flawed(asker, self.random.choice(TRANSPORTS))

    def prepare(self, asker: Asker) -> None:
        """Draws what the operations are given: everybody's ids, and canaries that are not for this viewer."""
        granted = self.granted(asker)
        ids = [(kind, told, hex_of(told) in granted) for book in self.books for kind, told in book.all_ids()]
        self.pool.put(ids)
        foreign = [key for book in self.books for key in book.kinds if key not in granted and not key.startswith("at ")]
        rows = self.random.sample(sorted(self.never), min(4, len(self.never)))
        self.pool.planted = [*self.random.sample(sorted(foreign), min(30, len(foreign))), *rows]

    async def ask(self, transport: str, asker: Asker, operation: Operation, waits: float | None = None) -> Told:
        """`waits`: seconds for the first word of a subscription."""
        self.tally.operations[transport] += 1
        if asker.who not in asker.book.lookers and asker.who not in asker.book.outsiders:
            asker.book.lookers.add(asker.who)
            self._granted.clear()
        try:
            if waits is None:
                told = await self.wire.ask(transport, asker, operation)
            else:
                told = await self.wire.first_event(transport, asker, operation, waits)
        except (httpx.TimeoutException, TimeoutError):
            self.wrong(asker, operation, f"{transport}: no answer came", "")
            return Told(transport, 0, b"", b"")
        self.harvest(told.payload)
        for error in told.payload.get("errors") or ():
            code = str((error.get("extensions") or {}).get("code"))
            self.tally.refusals[code] += 1
            if code in ("UNEXPECTED", "TIMEOUT"):
                self.wrong(asker, operation, f"{transport}: {code}", told.body.decode())
        return told

    async def read(self, asker: Asker, transport: str, operation: Operation) -> None:
        granted = self.granted(asker)
        told = await self.ask(transport, asker, operation)
        self.judge(asker, told, operation, granted | self.granted(asker), "query")
        if self.random.random() < 0.25:
            await self.twin(asker, transport, operation, told, granted)

    async def twin(
        self, asker: Asker, transport: str, operation: Operation, told: Told, granted: frozenset[str]
    ) -> None:
        """What is not the viewer's cannot be told from what never was: the same bytes, the same cost."""
        exchanged = self.exchanged(operation.variables, granted)
        if exchanged == operation.variables:
            return
        other = replace(operation, variables=exchanged)
        again = await self.ask(transport, asker, other)
        self.judge(asker, again, other, granted | self.granted(asker), "twin")
        self.tally.twins += 1
        if steady(told.payload) != steady(again.payload):
            self.wrong(asker, operation, f"{transport} tells what is not there from what is not the viewer's",
                       f"{told.body.decode()[:700]} / {exchanged} {again.body.decode()[:700]}")  # fmt: skip
        if self.statements is not None and not await self.same_work(transport, asker, operation, other):
            self.wrong(asker, operation, f"{transport}: other statements for what is not there", str(exchanged))

    async def same_work(self, transport: str, asker: Asker, one: Operation, other: Operation) -> bool:
        """Whether the database is asked as often for both; something else may have asked it meanwhile."""
        assert self.statements is not None
        for _ in range(4):
            counts = []
            for operation in (one, other):
                self.statements()
                await self.ask(transport, asker, operation)
                counts.append(sorted(self.statements()))
            if counts[0] == counts[1]:
                return True
        return False

    def exchanged(self, value: Any, granted: frozenset[str]) -> Any:
        """The ids of what is not there for the viewer, in the place of each an id of nothing."""
        if isinstance(value, dict):
            return {name: self.exchanged(one, granted) for name, one in value.items()}
        if isinstance(value, list):
            return [self.exchanged(one, granted) for one in value]
        for kind, known in self.pool.ids.items():
            if value in known:
                return value if hex_of(value) in granted else never(kind, self.random)
        return value

    async def refused_act(self, asker: Asker, transport: str) -> None:
        """An act on what is not there for the viewer: refused, whatever else it is told."""
        granted = self.granted(asker)
        view = self.view(asker, self.now()[0])
        names = self.operations.mutations()
        if view.facts.administers(asker.who, view.today):
            names.remove("openNeedCase")
        name = self.random.choice(names)

        def invisible(kind: str) -> str:
            kind = self.random.choice(("Guardian", "StaffMember", "OtherAdult")) if kind in ("", "person") else kind
            known = [one for one in self.pool.ids.get(kind, ()) if hex_of(one) not in granted]
            return self.random.choice(known) if known and self.random.random() < 0.9 else never(kind, self.random)

        operation = self.operations.mutation(name, invisible)
        told = await self.ask(transport, asker, operation)
        self.tally.operations["refused acts"] += 1
        self.judge(asker, told, operation, granted, f"refused {name}")
        done = (told.payload.get("data") or {}).get("r0")
        if done and "problems" in done and not done["problems"]:
            self.wrong(asker, operation, f"{transport}: {name} was carried out on what is not there", str(done))

    async def provoked(self, asker: Asker, transport: str) -> None:
        names = [one for one in self.pool.planted if one.startswith("qz") and len(one) == 10] or ["qzqzqzqzqz"]
        asked = provoke(self.pool.planted or names, names, self.pool, self.random)
        granted = self.granted(asker)
        self.tally.operations["provoked"] += 1
        self.tally.kept_back["what was typed into an error"] += 1
        if asked.operation is not None:
            told = await self.ask(transport, asker, asked.operation)
            self.judge(asker, told, asked.operation, granted, f"provoked: {asked.name}")
            return
        more = dict(asked.more)
        if asked.signed_in:
            more["headers"] = {**more.get("headers", {}), **self.wire.bearer(asker)}
        told = await self.wire.request(asked.method, asked.path, **more)
        self.tally.operations["http"] += 1
        operation = Operation(f"{asked.method} {asked.path} {asked.more}")
        self.judge(asker, told, operation, granted, f"provoked: {asked.name}")

    async def flawed(self, asker: Asker, transport: str, flaw: str = "", word: str = "") -> None:
        """A request that is refused as a whole is refused for what it says: with the ids of what is closed to the
        viewer, or of nothing, in the place of those of what is there, it has the same refusal to the byte. Where it is
        answered, what is closed has the same answer as nothing."""
        granted = self.granted(asker)
        made = self.flaws.make(self.scene(asker), flaw, word)
        if made.subscription and transport == "http":
            transport = self.random.choice(TRANSPORTS[1:])
        by_url = transport == "http" and made.by_url(self.random)
        told: dict[str, Told] = {}
        for name, others in self.versions(made, granted).items():
            operation = replace(made.with_ids(others), by_url=by_url)
            waits = (10.0 if made.sure else 0.3) if made.subscription else None
            came = await self.ask(transport, asker, operation, waits)
            self.judge(asker, came, operation, granted | self.granted(asker), f"flaw: {made.flaw}")
            self.judge_flaw(asker, came, operation, made)
            told[name] = came
        refusals = {refusal_of(came) for came in told.values()}
        how = "refused" if refusals != {None} else "answered"
        self.tally.flaws[f"{made.flaw} {operation.text.partition(' ')[0]} {how}"] += 1
        if len(refusals) > 1:
            came_of = "; ".join(f"{name}: {refusal_of(came) or 'answered'}"[:400] for name, came in told.items())
            self.wrong(asker, made.operation, f"{transport}: a refusal that tells what is there", came_of)
        elif refusals == {None} and steady(told["closed"].payload) != steady(told["missing"].payload):
            came_of = " / ".join(told[name].body.decode()[:700] for name in ("closed", "missing"))
            self.wrong(asker, made.operation, f"{transport}: an answer that tells what is there", came_of)

    def judge_flaw(self, asker: Asker, came: Told, operation: Operation, made: Flawed) -> None:
        transport, refusal = came.transport, refusal_of(came)
        if refusal is None and made.sure and came.status:
            self.wrong(asker, operation, f"{transport}: what cannot be was not refused ({made.flaw})",
                       came.body.decode())  # fmt: skip
        if b"Try again" in came.raw and not came.body:
            self.wrong(asker, operation, f"{transport}: UNEXPECTED", came.raw.decode())
        if operation.act and refusal is None:
            done = (came.payload.get("data") or {}).get(operation.act)
            if done and not done["problems"]:
                self.wrong(
                    asker, operation, f"{transport}: {operation.act} was carried out in spite of a flaw", str(done)
                )

    def versions(self, made: Flawed, granted: frozenset[str]) -> dict[str, dict[str, str]]:
        """What is put in the place of the ids and numbers of a request: of some of them, or of all in an act that
        could be done."""
        known = list(made.ids)
        if made.on_what_is_there and known:
            known = self.random.sample(known, self.random.randint(1, len(known)))
        closed = {one: self.closed(made, one, granted) for one in known}
        missing = {one: self.nothing(made, one) for one in known}
        both = {"closed": closed, "missing": missing}
        return {"open": {}, **both} if made.on_what_is_there else both

    def nothing(self, made: Flawed, one: str) -> str:
        return self.flaws.nobodys() if made.ids[one] == "number" else never(made.ids[one], self.random)

    def closed(self, made: Flawed, one: str, granted: frozenset[str]) -> str:
        """Something else of its kind that is there, and not for the viewer."""
        kind = made.ids[one]
        if kind == "number":
            there = [number for number in self.pool.numbers if number not in granted]
        else:
            there = [known for known in self.pool.ids.get(kind, ()) if hex_of(known) not in granted]
        return self.random.choice(there) if there else self.nothing(made, one)

    def scene(self, asker: Asker) -> Scene:
        """A child that is there for whoever asks, or for the administration any, and where it goes."""
        world, random = asker.book.world, self.random
        scene = Scene(world.today)
        children = {told: node.handle for node, told in asker.book.seen_ids.items() if node.type == "Child"}
        own = [one for one in self.pool.own.get("Child", ()) if one in children]
        if own:
            scene.child = random.choice(own)
            who = children[scene.child]
            units = [went.unit for went in world.enrolments if went.child == who]
            ids = {node.handle: told for node, told in asker.book.seen_ids.items() if node.type == "Unit"}
            scene.unit = ids.get(random.choice(units), "") if units else ""
            scene.number = world.people[who].number or ""
        if not own or random.random() < 0.3:
            scene.number = random.choice([one.number for one in world.people.values() if one.number])
        return scene

    def harvest(self, value: Any) -> None:
        """Keeps what one viewer was given for others to try."""
        if isinstance(value, list):
            for one in value:
                self.harvest(one)
        elif isinstance(value, dict):
            for name, one in value.items():
                if isinstance(one, str):
                    if name in ("cursor", "startCursor", "endCursor"):
                        self.pool.cursors.append(one)
                    elif name == "previewToken":
                        self.pool.previews.append(one)
                    elif name == "url":
                        self.pool.urls.append(one)
                else:
                    self.harvest(one)

    # --- listening ----------------------------------------------------------------------------------------------------

    async def listen(self, asker: Asker, transport: str, operation: Operation | None = None) -> None:
        self.prepare(asker)
        listener = Listener(asker, transport, operation or self.operations.subscription())
        await listener.begin(self.wire)
        self.listeners.append(listener)

    def hear(self) -> None:
        """Judges what listeners were told since the last act: by the world before it and by the one after it."""
        for listener in self.listeners:
            granted: frozenset[str] | None = None
            for frame in listener.drain():
                if granted is None:
                    granted = self.granted(listener.asker) | self.granted_before(listener.asker)
                self.tally.operations["events"] += 1
                if b"UNEXPECTED" in frame:
                    self.wrong(listener.asker, listener.operation, f"{listener.transport}: UNEXPECTED", frame.decode())
                told = Told(listener.transport, 200, frame, frame)
                asks = listener.operation if b'"next"' in frame or frame.startswith(b"data") else None
                self.judge(listener.asker, told, asks, granted, "event")

    async def stop_listening(self) -> None:
        for listener in self.listeners:
            await listener.end()
        self.hear()
        self.listeners.clear()

    # --- logs ---------------------------------------------------------------------------------------------------------

    def judge_log(self, log: bytes) -> None:
        """A log is for nobody: no canary may be in it. Seals of the access log go there on purpose, so that it shows
        what was altered in the database."""
        log = b"\n".join(line for line in log.split(b"\n") if b'"event":"sealed"' not in line)
        told = Told("log", 0, log, log)
        self.tally.bytes += len(log)
        for key in self.search.find(log):
            self.leak(None, told, None, key, "log")
        self.tally.kept_back["in a log"] += sum(sum(total.values()) for total in self._totals) + len(self.never)


def refusal_of(told: Told) -> str | None:
    """How the whole request was refused, without the id of it; null where it was answered, or nothing came yet."""
    if told.payload.get("errors") and told.payload.get("data") is None:
        body = told.body.decode()
    elif not told.body and b"ConnectionClosed" in told.raw:
        body = told.raw.decode()
    else:
        return None
    return f"{told.status} {REQUEST_ID.sub('', body)}"


REQUEST_ID = re.compile(r'(?<="requestId":)\s*"[0-9a-f]{24}"')


def is_quoted_name(key: str, document: str, payload: dict[str, Any]) -> bool:
    """Whether a canary came only as a name that the refused document itself uses for a field or a variable: names are
    the program's, and are quoted to whoever writes it. A value of the document is not."""
    codes = {(error.get("extensions") or {}).get("code") for error in payload.get("errors") or ()}
    if not codes or not codes <= {"GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED"}:
        return False
    return bool(re.search(rf"{key}", WITHIN_QUOTES.sub("", document)))


WITHIN_QUOTES = re.compile(r'"(?:[^"\\]|\\.)*"')


def steady(value: Any) -> Any:
    """An answer without what holds an instant or a nonce."""
    if isinstance(value, list):
        return [steady(one) for one in value]
    if isinstance(value, dict):
        return {name: steady(one) for name, one in value.items() if not name.startswith(CHANGING)}
    return value
