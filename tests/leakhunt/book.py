"""The book of canaries: whose each is, and which of them a viewer may be given by any road at all.

What is granted is worked out from the oracle, from nothing of `authz/` or `resolvers/`, coordinate by coordinate: a
value is granted where one of the places at which the rules show it is open. Everything else in the database is granted
to nobody (`rows.py`): keys of rows, hashes, ciphers, what the roster and the files call things, sign-in subjects, and
numbers of before.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from resolvers.ids import decode
from tests.leakhunt.canaries import tokens_of
from tests.leakhunt.search import Search, key_of
from tests.oracle import everyday, family
from tests.oracle import records as shelf
from tests.oracle.view import Node, View
from tests.reference.family import known_as
from tests.worlds.loading import Loaded
from tests.worlds.records import Told
from tests.worlds.world import DAY, Acted, NeedCase, World

PEOPLE = ("Child", "Guardian", "StaffMember", "OtherAdult")


@dataclass
class Attached:
    """A file that was sent with a message."""

    message: str
    id: str
    tokens: tuple[str, ...]


@dataclass
class Book:
    """One municipality's canaries."""

    loaded: Loaded
    search: Search
    records: list[Told] = field(default_factory=list)
    record_ids: dict[str, str] = field(default_factory=dict)
    need_case_ids: dict[str, str] = field(default_factory=dict)
    asked_for: dict[str, str] = field(default_factory=dict)
    """What an administrator said of whom a case is about, by the case."""
    attached: list[Attached] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    """Key to the kind of value that it is."""
    seen_ids: dict[Node, str] = field(default_factory=dict)
    """Every id there ever was, but of tasks."""
    log_is_shown: bool = False
    """Whether who has looked at a child can be asked for."""
    lookers: set[str] = field(default_factory=set)
    looked_at: dict[dt.datetime, str] = field(default_factory=dict)
    """Instants of acts, which are looks too, and who acted."""
    tasks: dict[str, str] = field(default_factory=dict)
    """Ids of tasks, and what they are: one that is done keeps its id, and may be made anew under another."""
    outsiders: dict[str, str] = field(default_factory=dict)
    """Who has a good token here and is nobody in the world; by what the token calls them."""

    @property
    def world(self) -> World:
        return self.loaded.world

    def number_of(self, who: str) -> str | None:
        return self.outsiders.get(who) or self.world.people[who].number

    # --- what there is ----------------------------------------------------------------------------------------------

    def put(self, kind: str, *texts: str | None) -> None:
        known = [text for text in texts if text]
        self.search.know(texts=known)
        for text in known:
            self.kinds[key_of(text)] = kind

    def put_tokens(self, kind: str, *texts: str | None) -> None:
        self.put(kind, *tokens_of(*texts))

    def put_instant(self, *instants: dt.datetime | None) -> None:
        known = [one.astimezone(dt.UTC) for one in instants if one]
        self.search.know(instants=known)
        for one in known:
            self.kinds[key_of(one)] = "instant"

    def learn(self) -> None:
        """Takes in every value of the world; once more after each act."""
        world = self.world
        for person in world.people.values():
            self.put_tokens("name", person.name, *(person.roster_name or ()))
            self.put("birth date", person.born and person.born.isoformat())
            self.put("national id", person.number)
            self.put("never: a number of before", *person.ended_numbers)
            self.put_tokens("never: sign-in subject", person.subject)
        for contact in world.contacts.values():
            self.put("contact", contact.phone, *tokens_of(contact.email))
        for unit in world.units.values():
            self.put_tokens("unit", unit.name)
            self.put("unit", unit.phone)
        for group in world.groups.values():
            self.put_tokens("group", group.name)
        for reading in world.readings:
            for document in reading.documents.values():
                for residence in document.residences:
                    self.put_tokens("address", residence.address)
                for entry in document.responsibilities:
                    self.put_tokens("name", entry.unidentified)
        for thread in world.threads.values():
            self.put_tokens("subject", thread.subject)
            self.put_instant(thread.at)
        for message in world.messages.values():
            self.put_tokens("message", message.body)
            self.put_instant(message.at, message.retracted_at)
        self.put_instant(*(read.at for read in world.reads), *(added.at for added in world.added))
        for away in world.absences.values():
            self.put_tokens("absence note", away.note)
            self.put_instant(away.at)
        for photo in world.photo_consents:
            self.put_instant(photo.at, photo.withdrawn)
        for block in world.blocks:
            self.put_tokens("reason", block.reason if block.act is None else block.act.reason)
            self.put_tokens("told name", *(told_name(block.act)))
            for lift in block.lifts:
                self.put_tokens("reason", lift.reason)
        for delegate in world.delegates:
            self.put_tokens("told name", *told_name(delegate.act))
        for case in world.need_cases:
            self.put_tokens("reason", case.reason)
            self.put_instant(*instants_of(case).values())
        for told in self.records:
            self.put_tokens("record", told.handle, *told.bodies)
            self.put_instant(told.at)
            for opening in told.openings:
                self.put_tokens("reason", opening.reason)
                self.put_instant(opening.at)
        for file in self.attached:
            self.put("file", *file.tokens)
        self.put("never: what a token calls somebody unknown", *self.outsiders.values())
        self.learn_ids()

    def all_ids(self) -> Iterator[tuple[str, str]]:
        """Type and id of everything that has one."""
        yield from ((node.type, told) for node, told in self.seen_ids.items())
        yield from (("Task", told) for told in self.tasks)
        yield from (("Record", told) for told in self.record_ids.values())
        yield from (("NeedCase", told) for told in self.need_case_ids.values())
        yield from (("Attachment", file.id) for file in self.attached)

    def learn_ids(self) -> None:
        for node, told in self.loaded.ids.items():
            if node.type == "Task":
                self.tasks[told] = node.handle
            elif told != "?":
                self.seen_ids[node] = told
        for _, told in self.all_ids():
            self.kinds[hex_of(told)] = "id"

    # --- what is granted ----------------------------------------------------------------------------------------------

    def granted(self, view: View) -> frozenset[str]:
        return frozenset(Grants(self, view).all())

    def counts(self, keys: Iterable[str]) -> Counter[str]:
        return Counter(self.kinds[key] for key in keys if key in self.kinds)

    def whose(self, key: str) -> str:
        """What a canary is, as a finding says it."""
        of = [name for name, values in self.things() if key in values]
        return " ".join([self.kinds.get(key, ""), *(f"of {name}" for name in of)])

    def things(self) -> Iterable[tuple[str, tuple[str | None, ...]]]:
        """Everything that there is, by a name for it, with its canaries."""
        world = self.world
        for handle, person in world.people.items():
            born, contact = person.born and person.born.isoformat(), world.contacts.get(handle)
            names = tokens_of(person.name, *(person.roster_name or ()))
            reached = (contact.phone, *tokens_of(contact.email)) if contact else ()
            yield handle, (*names, *reached, person.number, born, *person.ended_numbers)
        for thread in world.threads.values():
            yield f"thread {thread.id}", (*tokens_of(thread.subject), key_of(thread.at))
        for message in world.messages.values():
            instants = [key_of(at) for at in (message.at, message.retracted_at) if at]
            yield f"message {message.id}", (*tokens_of(message.body), *instants)
        for told in self.records:
            what = f"record {told.kind} about {told.child} at {told.unit} by {told.author}"
            yield what, (*tokens_of(told.handle, *told.bodies), key_of(told.at))
        for node, told_id in self.seen_ids.items():
            yield f"{node.type} {node.handle}", (hex_of(told_id),)
        for told_id, handle in self.tasks.items():
            yield f"Task {handle}", (hex_of(told_id),)


def instants_of(case: NeedCase) -> dict[str, dt.datetime]:
    told = {
        "asked": case.asked_at or case.at,
        "opened": case.at if case.opened else None,
        "until": min(case.until, case.at + DAY) if case.opened else case.until,
        "closed": case.closed_at,
        "approved": case.approved_at,
    }
    return {name: at for name, at in told.items() if at}


def told_name(act: Acted | None) -> tuple[str | None]:
    return (act.told_name if act else None,)


def hex_of(told: str) -> str:
    decoded = decode(told)
    assert decoded is not None
    return decoded[1].hex


class Grants:
    """What one viewer may be given, at one instant, by any road."""

    def __init__(self, book: Book, view: View) -> None:
        self.book = book
        self.view = view
        self.keys: set[str] = set()

    def text(self, *texts: str | None) -> None:
        self.keys.update(tokens_of(*texts))

    def exact(self, *texts: str | None) -> None:
        self.keys.update(text.lower() for text in texts if text)

    def instant(self, *instants: dt.datetime | None) -> None:
        self.keys.update(key_of(one) for one in instants if one)

    def id(self, node: Node) -> None:
        if (told := self.book.seen_ids.get(node)) is not None:
            self.keys.add(hex_of(told))

    def all(self) -> set[str]:
        view = self.view
        for node in self.book.seen_ids:
            if self.is_there(node) and view.sees(node):
                self.id(node)
                self.of_node(node)
        own = view.viewer_node()
        if own is not None:
            self.id(own)
            self.text(view.name(own.handle))
        for child in view.world.people:
            if view.ties(child):
                self.of_child(child)
        for told in self.book.records:
            self.of_record(told)
        self.of_tasks()
        self.of_need_cases()
        if self.book.log_is_shown:
            self.of_looks()
        return self.keys

    def is_there(self, node: Node) -> bool:
        """In a world of before, what came later is not."""
        kept = {"Thread": self.view.world.threads, "Message": self.view.world.messages}.get(node.type)
        return kept is None or node.handle in kept

    def of_node(self, node: Node) -> None:
        view, world = self.view, self.view.world
        if node.type in PEOPLE:
            self.text(view.name(node.handle))
        if node.type == "Guardian" and view.contact_opens(node.handle):
            contact = world.contacts.get(node.handle)
            if contact and not view.contact_closed_by_protection(node.handle):
                self.exact(contact.phone)
                self.text(contact.email)
        elif node.type == "Unit":
            self.text(world.units[node.handle].name)
            self.exact(world.units[node.handle].phone)
        elif node.type == "Group":
            self.text(world.groups[node.handle].name)
        elif node.type == "Thread":
            self.of_thread(node.handle)
        elif node.type == "Absence":
            told = world.absences[node.handle]
            if everyday.opens_absence(view, told):
                self.text(told.note)
                self.instant(told.at)
                if told.corrects:
                    self.id(Node("Absence", told.corrects))
        elif node.type == "Delegate":
            self.of_delegate(node.handle)
        elif node.type == "Block":
            self.of_block(node.handle)

    def of_tasks(self) -> None:
        """Done ones too: to whom a task is open does not hang on whether it waits."""
        for told, handle in self.book.tasks.items():
            kind, child, person, unit = (None if part == "-" else part for part in handle.split("/"))
            if kind and child and family.sees_task(self.view, (kind, child, person, unit)):
                self.keys.add(hex_of(told))
                self.text(person and known_as(self.view, child, person))

    def of_thread(self, thread: str) -> None:
        view = self.view
        told = view.world.threads[thread]
        self.text(told.subject)
        self.instant(told.at)
        for person, (_, joined) in view.facts.participants(thread).items():
            node = view.person_node(person, thread)
            self.id(node)
            self.text(view.name(person))
            self.instant(joined, view.last_read_at(thread, person))
        for message in view.visible_messages(thread):
            self.instant(message.at)
            if message.retracted:
                self.instant(message.retracted_at)
            else:
                self.text(message.body)
                for file in self.book.attached:
                    if file.message == message.id:
                        self.exact(*file.tokens, hex_of(file.id))

    def of_delegate(self, handle: str) -> None:
        view = self.view
        (told,) = (one for one in view.world.delegates if one.id == handle)
        self.text(told.act.told_name if told.act else view.name(told.person))
        self.instant(told.act and told.act.at)
        for given in family.consents(view, told):
            self.id(Node("Guardian", given.guardian))
            self.text(view.name(given.guardian))
            self.instant(given.act and given.act.at, given.ended_at)

    def of_block(self, handle: str) -> None:
        view = self.view
        (told,) = (one for one in view.world.blocks if one.id == handle)
        self.text(told.act.told_name if told.act else known_as(view, told.child, told.person))
        self.text(told.act.reason if told.act else told.reason, *(lift.reason for lift in told.lifts))
        self.instant(told.act and told.act.at, told.lifted_at, *(lift.at for lift in told.lifts))

    def of_child(self, child: str) -> None:
        view, world = self.view, self.view.world
        if view.opens(child, "birthDate"):
            born = view.facts.born(child)
            self.exact(born and born.isoformat())
        if view.opens(child, "nationalId"):
            self.exact(world.people[child].number)
        self.text(view.address(child))
        if view.opens(child, "responsibilities"):
            for entry in view.facts.entries(child):
                self.text(view.name(entry.told.holder) if entry.told.holder else entry.told.unidentified)
        if family.is_strict(view, child):
            for told in family.confirmations(view, child):
                self.text(known_as(view, child, told.person))
                self.instant(told.act and told.act.at)
        for photo in everyday.consents(view, child):
            self.instant(photo.at, photo.withdrawn)
            self.id(Node("Child" if photo.person == child else "Guardian", photo.person))
            self.text(view.name(photo.person))

    def of_record(self, told: Told) -> None:
        view = self.view
        if not shelf.sees(view, told):
            return
        self.keys.add(hex_of(self.book.record_ids[told.handle]))
        self.instant(told.at)
        shown = shelf.openings_seen(view, told)
        for opening in told.openings:
            if opening.leader in shown and view.viewer in (told.author, opening.leader):
                self.text(opening.reason)
                self.instant(opening.at)
        if shelf.reads(view, told):
            self.text(told.handle, *told.bodies)

    def of_looks(self) -> None:
        """C2's row on who has looked, read widely: not which child each of them looked at, but for what was done with a
        need case, which is a look at its child."""
        view, people = self.view, self.view.world.people
        strict = any(family.is_strict(view, child) for child in people)
        if strict:
            self.text(*(view.name(who) for who in self.book.lookers))
        if strict or any("GUARDIAN" in view.relations(child) for child in people):
            about = {at: case.child for case in view.world.need_cases for at in instants_of(case).values()}
            told = {at for at in self.book.looked_at if at not in about or self.hears_of_looks(about[at])}
            self.instant(*told)

    def hears_of_looks(self, child: str) -> bool:
        return any(tie.relation in ("UNIT_LEADER", "GUARDIAN") and not tie.left for tie in self.view.ties(child))

    def of_need_cases(self) -> None:
        """Sections 2 and 5, and C2's column. Whose case it is is told of it, over or not, and so is a leader of a unit
        where the child goes. A colleague in the administration, who is to approve it, is told of one that waits and has
        never been open: one that has been tells by its opening that the child is known, and by waiting now that
        something keeps its owner from the child."""
        view = self.view
        administers = view.facts.administers(view.viewer, view.today)
        for case in view.world.need_cases:
            leads = any(tie.relation == "UNIT_LEADER" and not tie.left for tie in view.ties(case.child))
            own = administers and view.viewer == case.person
            approves = administers and self.waits(case) and not self.kept_from(case.child)
            if not (leads or own or approves):
                continue
            if (told := self.book.need_case_ids.get(case.id)) is not None:
                self.keys.add(hex_of(told))
            self.text(case.reason, view.name(case.person))
            at = instants_of(case)
            self.instant(at["asked"], at["until"])
            if own or approves:
                self.exact(self.book.asked_for.get(case.id))
            if own or leads:
                self.text(case.by and view.name(case.by))
                looks = (one for one, who in self.book.looked_at.items() if who == case.person)
                self.instant(*at.values(), *(one for one in looks if at["asked"] <= one <= at["until"]))

    def waits(self, case: NeedCase) -> bool:
        """For a second person, and has never been open."""
        asks = self.view.facts.administers(case.person, self.view.today)
        return asks and not case.opened and case.by is None and self.view.now < case.until

    def kept_from(self, child: str) -> bool:
        facts, viewer = self.view.facts, self.view.viewer
        return facts.blocked(viewer, child, self.view.today) or facts.kin(viewer, child) or viewer == child
