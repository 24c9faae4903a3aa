"""Why somebody may see something: the facts of `authz/relation.py`, asked about one node and told in words (C9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, any_, bindparam, false, null, select

from authz import absence, access_log, broadcast, child, delegate, need_case, record, relation, thread, unit
from authz.engine.policy import ANY_RELATION, PRINTED_AS, STAFF, Relation
from authz.engine.sql import ME, UUIDS, holds, table
from models import (
    Absence,
    Attachment,
    Block,
    Broadcast,
    BroadcastRecipient,
    Delegate,
    Enrolment,
    Group,
    GroupMembership,
    Guardianship,
    Message,
    NeedCase,
    Participant,
    Position,
    Record,
    RecordVersion,
    Task,
    Thread,
)
from resolvers import ids
from resolvers.engine.looks import note_row
from resolvers.engine.plan import Catalogue
from resolvers.engine.run import Run
from resolvers.engine.source import Entity
from resolvers.engine.statement import Statement, compiled

WHOM: ColumnElement[UUID] = bindparam("whom", type_=Uuid())
CHILDREN: ColumnElement = bindparam("of_children", type_=UUIDS)
NOTHING: dict[str, Any] = {"visible": False, "reasons": []}
CASE_OR_LEADER = Relation.CASE_WORKER | Relation.UNIT_LEADER


@dataclass(frozen=True)
class Fact:
    """A relation, the SELECT that finds it, and the words for a row of it."""

    relation: Relation
    rows: Callable[[ColumnElement], Select]
    words: Callable[[Any], str]
    dated: bool = True
    """Whether its days are for the viewer: the period of responsibility is a closed column, and the days of a consent
    would tell of protection and blocks."""


OPEN_BEGINNING = dt.date(1900, 1, 1)
"""What a roster's empty beginDate is stored as."""


def begun(since: dt.date | None) -> dt.date | None:
    return None if since == OPEN_BEGINNING else since


def taught_words(what: str) -> Callable[[Any], str]:
    def words(row: Any) -> str:
        since = begun(row["belongs_since"])
        belongs = "the child belongs to" if since is None else f"the child belongs to since {since}"
        return f"{what} of {row['group']} at {row['unit']}, which {belongs}"

    return words


FACTS = (
    Fact(
        Relation.GUARDIAN,
        relation.guardian,
        lambda _: "has parental responsibility for the child, by Folkeregisteret",
        dated=False,
    ),
    Fact(Relation.DELEGATE, relation.delegate, lambda _: "registered by the unit, on consent that counts", dated=False),
    Fact(Relation.CONTACT_TEACHER, relation.contact_teacher, taught_words("contact teacher")),
    Fact(Relation.SUBJECT_STAFF, relation.subject_staff, taught_words("subject teacher or assistant")),
    Fact(
        Relation.UNIT_STAFF,
        relation.unit_staff,
        lambda row: f"employed at {row['unit']}, where the child is enrolled",
    ),
    Fact(Relation.UNIT_LEADER, relation.unit_leader, lambda row: f"leads {row['unit']}, where the child is enrolled"),
    Fact(Relation.FORMER_LEADER, relation.former_leader, lambda row: f"leads {row['unit']}, which the child has left"),
    Fact(Relation.CASE_WORKER, relation.case_worker, lambda _: "has an open need case on the child"),
    Fact(Relation.SELF, relation.oneself, lambda _: "is the child, 15 or older"),
)


@cache
def fact_statement(fact: Fact) -> Statement:
    rows = fact.rows(WHOM).subquery("fact")
    return compiled(select(rows).where(rows.c.child_id == any_(CHILDREN)))


@cache
def opened_fields(type_name: str, held: Relation, catalogue: Catalogue) -> list[str]:
    own = ((name, line) for name, line in catalogue.lines.items() if name.startswith(f"{type_name}."))
    return sorted(name for name, line in own if line.relations & held)


ROLES = {
    "Child": Relation.SELF,
    "Guardian": Relation.GUARDIAN,
    "OtherAdult": Relation.DELEGATE,
    "StaffMember": STAFF | Relation.FORMER_LEADER | Relation.CASE_WORKER,
}


@dataclass(frozen=True)
class Asked:
    """About whom, and what of the facts the asker may be told."""

    person_id: UUID
    is_oneself: bool
    relations: Relation
    """Those of the role that the person was named in: the ids of one person cannot be linked by asking."""
    children: Mapping[UUID, frozenset[UUID] | None] | None
    """When it is about another: on which children the asker may be told facts, being their case worker (null) or the
    leader of these units, whose facts alone those are then. A guardian's other children are not among them. Null for
    oneself: every fact."""

    def values(self) -> dict[str, Any]:
        told: dict[str, Any] = {"whom": self.person_id}
        return told if self.is_oneself else {**told, "private": True}


async def explain_access(run: Run, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What the viewer, or for a leader or case worker another person, sees a node by; nothing for a node that the
    asker does not see, as for an id that never was."""
    decoded = ids.decode(arguments["node"])
    if decoded is None:
        return NOTHING
    type_name, key = decoded
    row_id = await visible_row(run, type_name, key)
    if row_id is None:
        return NOTHING
    asked = await about(run, arguments.get("viewer"), type_name, row_id)
    if asked is None:
        return NOTHING
    await note_node(run, type_name, key, row_id)
    reasons = await Reasons(run, asked, type_name).of(row_id)
    unique = {tuple(str(part) for part in reason.values()): reason for reason in reasons}
    return {"visible": bool(unique), "reasons": list(unique.values())}


async def note_node(run: Run, type_name: str, key: UUID, row_id: UUID) -> None:
    """For the access log: that something is told of whomever the node is about."""
    if type_name in access_log.ADULTS:
        (run.looks.guardians if type_name == "Guardian" else run.looks.other_adults).add(row_id)
    elif type_name in access_log.ABOUT:
        await note_row(run, type_name, key)


@cache
def visible_statement(entity: Entity, shape: Any) -> Statement:
    row = table(entity.model, "node")
    seen = entity.visible(row, shape) if entity.visible else false()
    return compiled(select(row.c.id).where(row.c[entity.key] == bindparam("key", type_=Uuid()), seen))


async def visible_row(run: Run, type_name: str, key: UUID) -> UUID | None:
    """The row of a node that the asker sees now."""
    statement = visible_statement(run.catalogue.entities[type_name], run.keys)
    rows = await run.fetch(statement, {"key": key})
    return rows[0][0] if rows else None


async def about(run: Run, viewer_id: str | None, type_name: str, row_id: UUID) -> Asked | None:
    """Whom the question is about, where it may be asked at all."""
    me = run.values["me"]
    if viewer_id is None:
        return Asked(me, is_oneself=True, relations=ANY_RELATION, children=None)
    decoded = ids.decode(viewer_id)
    if decoded is None or decoded[0] not in ROLES:
        return None
    person_id = await visible_row(run, *decoded)
    if person_id is None or person_id == me:
        return Asked(me, is_oneself=True, relations=ANY_RELATION, children=None) if person_id is not None else None
    if type_name not in {"Child", "Guardian"}:
        return None
    children = [row_id] if type_name == "Child" else await children_of(run, row_id)
    own = await held_relations(run, me, children)
    return Asked(person_id, is_oneself=False, relations=ROLES[decoded[0]], children=own) if own else None


async def held_relations(run: Run, me: UUID, children: list[UUID]) -> dict[UUID, frozenset[UUID] | None]:
    """Those of the children whom the asker leads, with the units, and whose case worker they are, with null."""
    held: dict[UUID, frozenset[UUID] | None] = {}
    for fact in FACTS:
        if fact.relation in CASE_OR_LEADER:
            for row in await run.fetch(fact_statement(fact), {"whom": me, "of_children": children}):
                led: frozenset[UUID] | None = held.get(row["child_id"], frozenset())
                by_case = fact.relation == Relation.CASE_WORKER
                held[row["child_id"]] = None if by_case or led is None else led | {row["unit_id"]}
    return held


async def children_of(run: Run, person_id: UUID) -> list[UUID]:
    guardianship = table(Guardianship, "guardianship")
    statement = compiled(select(guardianship.c.child_id).where(guardianship.c.person_id == WHOM, holds(guardianship)))
    return [row[0] for row in await run.fetch(statement, {"whom": person_id})]


def reason(
    held: Relation, rule: str, words: str, opens: list[str], since: dt.date | None = None, until: dt.date | None = None
) -> dict[str, Any]:
    shown = PRINTED_AS.get(held, held)
    return {"relation": shown.name, "rule": rule, "fact": words, "since": since, "until": until, "opens": opens}


class Reasons:
    """Every fact by which a person sees a node."""

    def __init__(self, run: Run, asked: Asked, type_name: str) -> None:
        self.run = run
        self.asked = asked
        self.type_name = type_name

    async def of(self, row_id: UUID) -> list[dict[str, Any]]:
        asked = {
            "Unit": self.of_unit,
            "Group": self.of_group,
            "Child": self.of_child,
            "Guardian": self.of_guardian,
            "StaffMember": self.of_staff_member,
            "OtherAdult": self.of_other_adult,
            "Thread": self.of_thread,
            "Message": self.of_message,
            "Record": self.of_record,
            "Attachment": self.of_attachment,
            "Absence": self.of_absence,
            "Delegate": lambda key: self.of_matter(Delegate, key, child.DELEGATES),
            "Block": lambda key: self.of_matter(Block, key, child.STRICT),
            "Task": lambda key: self.of_matter(Task, key, child.STRICT),
            "Substitution": self.of_substitution,
            "NeedCase": self.of_need_case,
            "Broadcast": self.of_broadcast,
        }
        return await asked[self.type_name](row_id)

    def opens(self, held: Relation) -> list[str]:
        return opened_fields(self.type_name, held, self.run.catalogue)

    async def by_children(
        self, children: Iterable[UUID], rule: str, among: Relation, at: UUID | None = None
    ) -> list[dict[str, Any]]:
        """The person's relations to the children, of those that count here, at the unit where one is named."""
        told = []
        for fact in FACTS:
            if not fact.relation & among & self.asked.relations:
                continue
            asked = {**self.asked.values(), "of_children": list(children)}
            for row in await self.run.fetch(fact_statement(fact), asked):
                unit_id = row["unit_id"]
                if not self.told_of(row["child_id"], unit_id):
                    continue
                if fact.relation == Relation.CASE_WORKER and not self.cases_told_of(row["child_id"]):
                    continue
                if at is not None and unit_id is not None and unit_id != at:
                    continue
                dated = fact.dated or not self.asked.is_oneself
                days = (begun(row["since"]), row["until"]) if dated else (None, None)
                own_rule = "C6" if fact.relation == Relation.FORMER_LEADER and rule == "C1" else rule
                if self.type_name in access_log.OF_NO_CHILD:
                    # Of a group, say: by the fact about the child that opens it.
                    self.run.looks.made(row["child_id"], unit_id, in_thread=self.type_name == "Broadcast")
                told.append(reason(fact.relation, own_rule, fact.words(row), self.opens(fact.relation), *days))
        return told

    def told_of(self, child_id: UUID, unit_id: UUID | None) -> bool:
        """The asker may be told of a fact about the child, at the unit or at none."""
        if self.asked.children is None:
            return True
        units = self.asked.children.get(child_id, frozenset())
        return units is None or (child_id in self.asked.children and (unit_id is None or unit_id in units))

    def cases_told_of(self, child_id: UUID) -> bool:
        """Another's case is told of to leaders, and to no other case worker (`Child.needCases`)."""
        return self.asked.children is None or self.asked.children.get(child_id) is not None

    def participant(self, words: str) -> dict[str, Any]:
        return reason(Relation.PARTICIPANT, "C7", words, self.opens(Relation.PARTICIPANT))

    async def of_child(self, row_id: UUID) -> list[dict[str, Any]]:
        told = await self.by_children([row_id], "C1", ANY_RELATION)
        if not told and self.asked.is_oneself:
            told = [self.participant("sees a thread about the child")]
        return told

    async def of_guardian(self, row_id: UUID) -> list[dict[str, Any]]:
        seen = ANY_RELATION & ~Relation.FORMER_LEADER
        told = await self.by_children(await children_of(self.run, row_id), "C8", seen)
        if not told and self.asked.is_oneself:
            told = [self.participant("takes part in a thread that the viewer sees")]
        return told

    async def of_staff_member(self, row_id: UUID) -> list[dict[str, Any]]:
        position = table(Position, "position")
        at = compiled(select(position.c.unit_id).where(position.c.person_id == WHOM, holds(position)))
        units = {row[0] for row in await self.run.fetch(at, {"whom": row_id})}
        told = []
        if units & set(self.run.values["employed"]) or row_id == self.asked.person_id:
            words = "employed at the same unit" if row_id != self.asked.person_id else "oneself"
            told.append(reason(Relation.COLLEAGUE, "C8", words, self.opens(Relation.COLLEAGUE)))
        keys = self.run.values
        enrolled_there = await self.children_at(list(units))
        if enrolled_there and not units <= set(keys["employed"]):
            told += await self.by_children(enrolled_there, "C8", ANY_RELATION & ~Relation.FORMER_LEADER)
        return told or [self.participant("takes part in a thread that the viewer sees")]

    async def children_at(self, units: list[UUID]) -> list[UUID]:
        """Children at the units to whom the viewer stands in a relation that says that they are there."""
        enrolment = table(Enrolment, "enrolment")
        there = compiled(
            select(enrolment.c.child_id)
            .distinct()
            .where(
                enrolment.c.unit_id == any_(bindparam("units", type_=UUIDS)),
                holds(enrolment),
                child.unit_opened(enrolment.c.child_id, enrolment.c.unit_id, self.run.keys),
            )
        )
        return [row[0] for row in await self.run.fetch(there, {"units": units})]

    async def of_other_adult(self, row_id: UUID) -> list[dict[str, Any]]:
        row = table(Delegate, "active_delegate")
        found = compiled(
            select(row.c.child_id, row.c.unit_id).where(
                row.c.person_id == bindparam("adult", type_=Uuid()),
                delegate.visible(row, self.run.keys),
                delegate.active(row),
            )
        )
        told = []
        for child_id, unit_id in await self.run.fetch(found, {"adult": row_id}):
            told += await self.by_children([child_id], "C2", child.DELEGATES, at=unit_id)
        if told:
            return told
        words = "oneself" if row_id == self.asked.person_id else "takes part in a thread that the viewer sees"
        return [self.participant(words)]

    async def of_unit(self, row_id: UUID) -> list[dict[str, Any]]:
        told = [reason(Relation.MUNICIPALITY, "C8", "signed in to the municipality", self.opens(Relation.MUNICIPALITY))]
        if row_id in self.run.values["employed"]:
            told.append(reason(Relation.COLLEAGUE, "C8", "employed at the unit", self.opens(Relation.COLLEAGUE)))
        return told

    async def of_group(self, row_id: UUID) -> list[dict[str, Any]]:
        membership, group = table(GroupMembership, "membership"), table(Group, "unit_group")
        found = compiled(
            select(membership.c.person_id, group.c.unit_id)
            .join(group, group.c.id == membership.c.group_id)
            .where(group.c.id == bindparam("group", type_=Uuid()), unit.belongs(membership, group))
        )
        rows = await self.run.fetch(found, {"group": row_id})
        told = await self.by_children([row["person_id"] for row in rows], "C8", ANY_RELATION & ~Relation.FORMER_LEADER)
        held_at = compiled(select(group.c.unit_id).where(group.c.id == bindparam("group", type_=Uuid())))
        (at,) = (row[0] for row in await self.run.fetch(held_at, {"group": row_id}))
        if at in self.run.values["employed"]:
            told.insert(0, reason(Relation.COLLEAGUE, "C8", "employed at the unit", self.opens(Relation.COLLEAGUE)))
        return told

    async def of_matter(self, model: type, row_id: UUID, among: Relation) -> list[dict[str, Any]]:
        """What concerns one child, and one unit where it was made at one (C2)."""
        row = table(model, "matter")
        at_unit = row.c.unit_id if "unit_id" in row.c else null()
        found = compiled(select(row.c.child_id, at_unit).where(row.c.id == bindparam("matter", type_=Uuid())))
        ((child_id, unit_id),) = await self.run.fetch(found, {"matter": row_id})
        return await self.by_children([child_id], "C2", among, at=unit_id)

    async def of_need_case(self, row_id: UUID) -> list[dict[str, Any]]:
        """To the administration the same whoever it is about, and whether it is open or waits."""
        row = table(NeedCase, "need")
        of_case = bindparam("need_case", type_=Uuid())
        found = compiled(
            select(
                row.c.child_id, (row.c.person_id == ME).label("own"), need_case.of_office(row).label("office")
            ).where(row.c.id == of_case)
        )
        (case,) = await self.run.fetch(found, {"need_case": row_id})
        told = []
        if case["office"]:
            words = "of the administration, whose case it is" if case["own"] else "of the administration, to approve it"
            told.append(reason(Relation.CASE_WORKER, "C1", words, self.opens(Relation.CASE_WORKER)))
        leads = self.asked.is_oneself and case["child_id"] is not None
        return told + (await self.by_children([case["child_id"]], "C2", Relation.UNIT_LEADER) if leads else [])

    async def of_substitution(self, _: UUID) -> list[dict[str, Any]]:
        return [reason(Relation.UNIT_LEADER, "C8", "leads the unit", self.opens(Relation.UNIT_LEADER))]

    async def of_thread(self, row_id: UUID) -> list[dict[str, Any]]:
        row = table(Thread, "thread")
        found = compiled(
            select(row.c.id, row.c.child_id, row.c.unit_id).where(row.c.id == bindparam("thread", type_=Uuid()))
        )
        (own,) = await self.run.fetch(found, {"thread": row_id})
        return await self.by_roads(own)

    async def of_message(self, row_id: UUID) -> list[dict[str, Any]]:
        row = table(Message, "message")
        found = compiled(
            select(row.c.thread_id, row.c.child_id, row.c.unit_id).where(row.c.id == bindparam("message", type_=Uuid()))
        )
        (own,) = await self.run.fetch(found, {"message": row_id})
        return await self.by_roads(own)

    async def of_record(self, row_id: UUID) -> list[dict[str, Any]]:
        """C2's rows on records, by the relations that open it; a leader may see that it exists and no more."""
        row = table(Record, "record")
        found = compiled(
            select(row.c.child_id, row.c.unit_id, record.mask(row, self.run.keys).label("mask")).where(
                row.c.id == bindparam("record", type_=Uuid())
            )
        )
        (own,) = await self.run.fetch(found, {"record": row_id})
        reads = Relation(own["mask"])
        if Relation.ADULT_SELF in reads:
            reads |= Relation.SELF
        leads = Relation.UNIT_LEADER | Relation.FORMER_LEADER
        told = await self.by_children([own["child_id"]], "C2", reads | leads, at=own["unit_id"])
        masked = {name for name, line in self.run.catalogue.lines.items() if line.masked}
        for one in told:
            if one["relation"] == "SELF":
                one["opens"] = self.opens(Relation.ADULT_SELF)
            elif one["relation"] == "UNIT_LEADER" and not reads & leads:
                one["opens"] = [name for name in one["opens"] if name not in masked]
        return told

    async def of_attachment(self, row_id: UUID) -> list[dict[str, Any]]:
        row, version = table(Attachment, "attachment"), table(RecordVersion, "version")
        found = compiled(
            select(row.c.message_id, version.c.record_id)
            .select_from(row.outerjoin(version, version.c.id == row.c.record_version_id))
            .where(row.c.id == bindparam("attachment", type_=Uuid()))
        )
        [(message_id, record_id)] = await self.run.fetch(found, {"attachment": row_id})
        return await self.of_message(message_id) if message_id is not None else await self.of_record(record_id)

    async def of_absence(self, row_id: UUID) -> list[dict[str, Any]]:
        row = table(Absence, "absence")
        found = compiled(select(row.c.child_id, row.c.unit_id).where(row.c.id == bindparam("absence", type_=Uuid())))
        (own,) = await self.run.fetch(found, {"absence": row_id})
        return await self.by_children([own["child_id"]], "C2", absence.SEEN | Relation.SELF, at=own["unit_id"])

    async def of_broadcast(self, row_id: UUID) -> list[dict[str, Any]]:
        """A letter is seen by its threads' roads, or by having sent it."""
        row, recipient = table(Broadcast, "broadcast"), table(BroadcastRecipient, "recipient")
        of_letter = bindparam("letter", type_=Uuid())
        (own,) = await self.run.fetch(
            compiled(select(row.c.unit_id, row.c.sender_id).where(row.c.id == of_letter)), {"letter": row_id}
        )
        told = []
        if own["sender_id"] == self.asked.person_id:
            told.append(reason(Relation.COLLEAGUE, "C8", "sent it", self.opens(broadcast.SENDS)))
        children = compiled(select(recipient.c.child_id).distinct().where(recipient.c.broadcast_id == of_letter))
        about = [one[0] for one in await self.run.fetch(children, {"letter": row_id})]
        told += await self.by_children(about[:1], "T3", Relation.CONTACT_TEACHER, at=own["unit_id"])
        return told + await self.by_work(own["unit_id"])

    async def by_roads(self, own: Any) -> list[dict[str, Any]]:
        """T1 to T6, each with the relation by which it holds."""
        child_id, unit_id = own["child_id"], own["unit_id"]
        part = table(Participant, "own_part")
        sides = compiled(
            select(part.c.side).where(part.c.thread_id == bindparam("thread", type_=Uuid()), part.c.person_id == WHOM)
        )
        side = [row[0] for row in await self.run.fetch(sides, {"thread": own[0], "whom": self.asked.person_id})]
        told = []
        for road in thread.ROADS:
            if road.keys == "history" or (road.side is not None and road.side not in side):
                continue
            told += await self.by_children([child_id], road.rules[0], ROAD_RELATIONS[road.keys], at=unit_id)
        return told + await self.by_work(unit_id)

    async def by_work(self, unit_id: UUID) -> list[dict[str, Any]]:
        """The whole history of a unit, also about children who have left (T4, T5, T6)."""
        if unit_id not in self.run.values["history"]:
            return []
        jobs = relation.employment(WHOM).subquery("job")
        found = compiled(select(jobs).where(jobs.c.unit_id == bindparam("unit", type_=Uuid())))
        told = []
        for job in await self.run.fetch(found, {"whom": self.asked.person_id, "unit": unit_id}):
            leads = job["role"] == "LEADER"
            if job["kind"] == "SCHOOL" and not leads:
                continue
            held = Relation.UNIT_LEADER if leads else Relation.UNIT_STAFF
            words = f"{'leads' if leads else 'employed at'} {job['unit']}, and sees its whole history"
            rule = {"SCHOOL": "T4", "SFO": "T5", "KINDERGARTEN": "T6"}[job["kind"]]
            told.append(reason(held, rule, words, self.opens(held), job["since"], job["until"]))
        return told


ROAD_RELATIONS = {
    "guardian": Relation.GUARDIAN,
    "delegate": Relation.DELEGATE,
    "subject_staff": Relation.SUBJECT_STAFF,
    "contact": Relation.CONTACT_TEACHER,
}
