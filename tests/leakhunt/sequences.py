"""Sequences of acts over the wire: each changes who may see what, and the world by which answers are judged with it.

Two kinds: those of `tests/histories.py` and `tests/family_histories.py` (threads, messages, colleagues taken in,
delegates, consents, blocks, confirmations), of which the oracle says what comes of each; and absence, photo consents,
records and need cases, of which the server is believed when it says that it was done, and not when it gives anything
away. Whether a need case opens is the oracle's to say; after one is asked for, approved or stopped by a block, the
whole administration lists its cases. Every text in them is a new canary, and some messages carry a file that holds one.
The other acts (unit letters, substitutes, corrections, tasks done, records held) are tried only on what is not there
for whoever tries.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from tests.acts import RETRACT, Acts, act
from tests.family_histories import NAME, FamilyHistory
from tests.histories import NotAsTheOracleSays
from tests.leakhunt.book import Attached
from tests.leakhunt.canaries import KINDS, Mint, tokens_of
from tests.leakhunt.hunter import Hunter
from tests.leakhunt.place import HeldClock, Town
from tests.leakhunt.wire import Asker, Operation, Told
from tests.oracle import acts as oracle
from tests.oracle.records import SHARED_WITH_THE_HOME
from tests.oracle.relations import Relations
from tests.oracle.view import Node, View
from tests.worlds.everyday import PURPOSES, Away
from tests.worlds.records import Opening
from tests.worlds.records import Told as Record
from tests.worlds.world import Acted, NeedCase

TEXTS = ("subject", "body", "reason", "name", "note", "title")
STAFF = ("CONTACT_TEACHER", "SUBJECT_STAFF", "UNIT_STAFF", "UNIT_LEADER")
HOURS = dt.timedelta(hours=8)


@dataclass
class WireActs(Acts):
    """Acts that are carried out over a wire; what comes back is judged when the world has been changed by them."""

    hunter: Hunter = field(kw_only=True)
    clock: HeldClock = field(kw_only=True)
    unjudged: list[tuple[Asker, Told, Operation]] = field(default_factory=list, kw_only=True)

    async def ask(self, who: str, text: str, variables: dict[str, Any], login: str | None = None) -> dict[str, Any]:
        self.now += self.tick
        self.clock.set(self.now)
        self.hunter.books[0].looked_at[self.now] = who
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
    coming: list[Callable[[], Awaitable[None]]] = field(default_factory=list, kw_only=True)
    """What is done next, whatever chance says."""

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
        acts.clock.set(acts.now + acts.tick / 2)  # what is asked now is asked at an instant of its own
        self.hunter.changed()
        for asker, told, operation in acts.unjudged:
            granted = self.hunter.granted(asker) | self.hunter.granted_before(asker)
            self.hunter.judge(asker, told, operation, granted, "act")
        acts.unjudged.clear()
        self.hunter.hear()

    async def step(self) -> None:
        if self.coming:
            await self.coming.pop(0)()
            return
        chance = self.random.random()
        if chance < 0.5:
            await super().step()
            return
        child = self.one(self.children())
        if child is not None and chance < 0.65:
            await self.random.choice((self.need_case, self.need_case, self.approve_case, self.close_case))(child)
        elif child is not None:
            steps = (
                self.away,
                self.away,
                self.confirm_away,
                self.withdraw_away,
                self.photo,
                self.photo,
                self.record,
                self.record,
                self.open_body,
                self.name_reader,
            )
            await self.random.choice(steps)(child)

    def plant(self, given: dict[str, Any]) -> None:
        """New canaries for the texts of an act."""
        enum = given.keys() >= {"firstDay", "reason"}
        for one in TEXTS:
            if one in given and not (enum and one == "reason"):
                given[one] = f"Tekst {self.mint.token()}"
        self.last, self.file = given, None

    async def carried(
        self, name: str, who: str, text: str, given: dict[str, Any], login: str, expected: str | None
    ) -> Any:
        self.plant(given)
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
        told = await self.hunter.wire.request(
            "POST", "/attachments", files=files, headers=self.hunter.wire.bearer(asker)
        )
        self.hunter.tally.operations["http"] += 1
        if told.status == 201:
            self.file = Attached("", told.payload["id"], tokens)
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

    # --- acts that the server is asked about --------------------------------------------------------------------------

    async def does_it(self, name: str, view: View, told: str, /, **given: Any) -> Any:
        """What the act made, or nothing where it was refused."""
        self.plant(given)
        payload = await self.acts.act(view.viewer, act(name, told), given, view.login)
        code = payload["problems"][0]["code"] if payload["problems"] else None
        self.hunter.tally.acts[f"{name} {code or 'done'}"] += 1
        self.typed(given)
        if code is None:
            return next(value for one, value in payload.items() if one != "problems") or {}
        return None

    def at(self, child: str, view: View) -> str:
        """A unit at which the viewer has to do with the child, or one of the child's, mostly."""
        now = [tie.unit for tie in view.ties(child) if tie.unit]
        now = now or [went.unit for went in self.acts.world.enrolments if went.child == child]
        return self.random.choice(now if now and self.random.random() < 0.9 else list(self.acts.world.units))

    def ids(self, child: str, unit: str) -> dict[str, str]:
        return {"childId": self.acts.id("Child", child), "unitId": self.acts.id("Unit", unit)}

    async def away(self, child: str) -> None:
        by_unit = self.random.random() < 0.5
        view = self.actor(child, *(STAFF if by_unit else ("GUARDIAN",)))
        unit, today = self.at(child, view), self.acts.world.today
        made = await self.does_it(
            "registerAbsence" if by_unit else "reportAbsence",
            view,
            "absence { id note reason }",
            **self.ids(child, unit),
            firstDay=today.isoformat(),
            lastDay=today.isoformat(),
            reason="ILLNESS",
            note="",
            idempotencyKey=self.acts.key(),
        )
        if made:
            handle = f"new away {len(self.acts.world.absences)}"
            self.acts.world.absences[handle] = Away(
                handle, child, unit, view.viewer, by_unit, today, today, self.acts.now, note=self.last["note"]
            )
            self.acts.loaded.ids[Node("Absence", handle)] = made["id"]

    def some_absence(self, child: str) -> Away | None:
        told = [one for one in self.acts.world.absences.values() if one.child == child]
        return self.one(told or list(self.acts.world.absences.values()))

    async def confirm_away(self, child: str) -> None:
        told = self.some_absence(child)
        if told:
            view = self.actor(told.child, *STAFF)
            given = {"absenceId": self.acts.id("Absence", told.id)}
            if await self.does_it("confirmAbsence", view, "absence { id note confirmedBy { name } }", **given):
                told.confirmed_by = told.confirmed_by or view.viewer

    async def withdraw_away(self, child: str) -> None:
        told = self.some_absence(child)
        if told:
            view = self.view(told.reporter, "both")
            given = {"absenceId": self.acts.id("Absence", told.id)}
            if await self.does_it("withdrawAbsence", view, "absence { id note endedHow }", **given) is not None:
                told.ended = told.ended or "WITHDRAWN"

    async def photo(self, child: str) -> None:
        view, purpose = self.actor(child, "GUARDIAN"), self.random.choice(PURPOSES)
        unit = self.at(child, view)
        name = self.random.choice(("givePhotoConsent", "givePhotoConsent", "withdrawPhotoConsent"))
        told = "child { id photoConsents { givenAt withdrawnAt givenBy { name } } }"
        if await self.does_it(name, view, told, **self.ids(child, unit), purpose=purpose) is None:
            return
        world = self.acts.world
        live = [
            one
            for one in world.photo_consents
            if (one.child, one.unit, one.person, one.purpose) == (child, unit, view.viewer, purpose)
            and not one.withdrawn
        ]
        if name == "givePhotoConsent" and not live:
            world.photo_consent(view.viewer, child, unit, purpose, at=self.acts.now)
        elif name == "withdrawPhotoConsent":
            for one in live:
                one.withdrawn = self.acts.now

    async def record(self, child: str) -> None:
        view, kind = self.actor(child, *STAFF), self.random.choice(KINDS)
        unit = self.at(child, view)
        made = await self.does_it(
            "writeRecord",
            view,
            "record { id latestVersion { title body } readers { person { name } } }",
            **self.ids(child, unit),
            kind=kind,
            title="",
            body="",
            idempotencyKey=self.acts.key(),
        )
        if made:
            readers = (view.viewer,) if kind in SHARED_WITH_THE_HOME else ()
            told = Record(
                self.last["title"], child, unit, kind, view.viewer, self.acts.now, readers, texts=(self.last["body"],)
            )
            self.hunter.books[0].records.append(told)
            self.hunter.books[0].record_ids[told.handle] = made["id"]

    def some_record(self, child: str) -> Record | None:
        told = [one for one in self.hunter.books[0].records if one.child == child]
        return self.one(told or self.hunter.books[0].records)

    async def open_body(self, child: str) -> None:
        told = self.some_record(child)
        if told:
            view = self.actor(told.child, "UNIT_LEADER")
            made = await self.does_it(
                "openRecordBody",
                view,
                "record { id latestVersion { title body } openings { reason } }",
                recordId=self.hunter.books[0].record_ids[told.handle],
                reason="",
                idempotencyKey=self.acts.key(),
            )
            if made is not None:
                now = self.acts.now
                opening = Opening(view.viewer, now, now + dt.timedelta(hours=1), self.last["reason"])
                told.openings = (*told.openings, opening)

    async def name_reader(self, child: str) -> None:
        told = self.some_record(child)
        reader = told and self.one(
            sorted({held.person for held in self.acts.world.positions if held.unit == told.unit})
        )
        if told and reader:
            view, key = self.actor(told.child, *STAFF), self.hunter.books[0].record_ids[told.handle]
            person = self.acts.id("StaffMember", reader)
            if self.random.random() < 0.6:
                given: dict[str, Any] = {"recordId": key, "personIds": [person]}
                if (
                    await self.does_it("nameRecordReaders", view, "record { id latestVersion { body } }", **given)
                    is not None
                ):
                    told.readers = tuple(dict.fromkeys((*told.readers, reader)))
            else:
                given = {"recordId": key, "personId": person}
                if (
                    await self.does_it("removeRecordReader", view, "record { id latestVersion { body } }", **given)
                    is not None
                ):
                    told.readers = tuple(one for one in told.readers if one != reader)

    CASE = """case { id state reason askedFor askedAt openedAt until closedAt openedByName approvedByName approvedAt
        child { name } }"""

    def administrator(self, *logins: str) -> View:
        admins = [held.person for held in self.acts.world.administrators]
        return self.view(self.random.choice(admins), self.random.choice(logins))

    async def need_case(self, child: str) -> None:
        world, view = self.acts.world, self.administrator("both", "employee")
        number = world.people[child].number
        if number is None:
            return
        made = await self.does_it(
            "openNeedCase", view, self.CASE, nationalId=number, reason="", idempotencyKey=self.acts.key()
        )
        if made:
            now = self.acts.now
            case = NeedCase(
                f"needCase-new-{len(world.need_cases)}", view.viewer, child, now, now + HOURS, None,
                self.last["reason"], opened=False, asked_at=now,
            )  # fmt: skip
            world.need_cases.append(case)
            self.hunter.books[0].need_case_ids[case.id] = made["id"]
            self.hunter.books[0].asked_for[case.id] = number
            self.opens(case, made["state"])
            stops = (self.list_cases, partial(self.stop_case, case)) if self.random.random() < 0.5 else ()
            self.coming += [*stops, self.list_cases]

    def opens(self, case: NeedCase, state: str | None) -> None:
        """Now, unless something keeps it from opening; what the server says of it must be the same."""
        facts, day = Relations(self.acts.world), self.acts.world.today
        kept = facts.blocked(case.person, case.child, day) or facts.kin(case.person, case.child)
        unprotected = facts.protection(case.child, day) == 0 or facts.approved(case, day)
        if facts.administers(case.person, day) and not kept and case.person != case.child and unprotected:
            case.opened, case.at = True, self.acts.now
        if state is not None and (state == "OPEN") != (case.opened and case.at == self.acts.now):
            raise NotAsTheOracleSays(f"{case}: {state}")

    def some_case(self, child: str) -> NeedCase | None:
        known = [one for one in self.acts.world.need_cases if one.id in self.hunter.books[0].need_case_ids]
        return self.one([one for one in known if one.child == child] or known)

    async def approve_case(self, child: str) -> None:
        case = self.some_case(child)
        if case:
            leads = self.random.random() < 0.5
            view = self.actor(case.child, "UNIT_LEADER") if leads else self.administrator("both")
            given = {"caseId": self.hunter.books[0].need_case_ids[case.id]}
            told = await self.does_it("approveNeedCase", view, self.CASE, **given)
            if told is not None:
                now = self.acts.now
                case.by, case.approved_at, case.until = view.viewer, now, now + HOURS
                self.opens(case, told.get("state"))
                self.coming.append(self.list_cases)

    async def close_case(self, child: str) -> None:
        case = self.some_case(child)
        if case:
            view = self.view(case.person, "both")
            given = {"caseId": self.hunter.books[0].need_case_ids[case.id]}
            if await self.does_it("closeNeedCase", view, self.CASE, **given) is not None:
                case.until = case.closed_at = self.acts.now

    async def stop_case(self, case: NeedCase) -> None:
        """A block between whose case it is and its child."""
        if self.acts.world.people[case.person].number:
            await self.sets_block(case.child, self.actor(case.child, "UNIT_LEADER"), case.person)

    async def list_cases(self) -> None:
        """What all of the administration are told of their own and of colleagues' cases."""
        told = self.CASE.replace("case {", "nodes {")
        for who in {held.person: None for held in self.acts.world.administrators}:
            if self.acts.world.people[who].number:
                login = self.random.choice(("both", "employee"))
                await self.acts.ask(who, f"{{ viewer {{ cases {{ totalCount {told} }} }} }}", {}, login)


def sequence(town: Town, hunter: Hunter, clock: HeldClock, seed: int) -> Sequence:
    place: Any = town
    acts = WireActs(place, town.books[0].loaded, clock.now(), hunter=hunter, clock=clock)
    mint = Mint(seed)
    mint.given = {token for key in hunter.search.texts for token in tokens_of(key)}
    return Sequence(acts, Random(f"sequence {seed}"), mint=mint)
