"""The peer: the same answers from plain Strawberry, SQLAlchemy's ORM and DataLoaders, as good tutorials write it.

One DataLoader a relation and request, no query in a loop, parsed and validated documents kept. It applies the rules
that the limit applies, from a few sets that it reads about the viewer at the beginning of a request.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

import asyncpg
import strawberry
from aiodataloader import DataLoader
from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import aliased
from starlette.applications import Starlette
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache

import models
from bench.questions import THREAD, UNIT, global_id, key_of
from models import Block, Delegation, Enrolment, GroupMembership, Guardianship, Kinship, Participant, Person, Position

TODAY = dt.date.fromisoformat(os.environ.get("BENCH_TODAY", "2026-11-02"))
CONNECT = json.loads(os.environ.get("BENCH_CONNECT", "{}"))


async def connect() -> asyncpg.Connection:
    return await asyncpg.connect(**{**CONNECT, "server_settings": {"timezone": "UTC"}})


engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, pool_size=10, max_overflow=0)
Session = async_sessionmaker(engine, expire_on_commit=False)


def now(table: Any) -> ColumnElement[bool]:
    return and_(table.since <= TODAY, or_(table.until.is_(None), table.until > TODAY))


async def rows(statement: Any) -> Sequence[Any]:
    async with Session() as session:
        found: Sequence[Any] = (await session.execute(statement)).all()
        return found


async def objects(statement: Any) -> Sequence[Any]:
    async with Session() as session:
        return (await session.scalars(statement)).all()


OWN, THEIRS = aliased(GroupMembership), aliased(GroupMembership)
TAUGHT = (
    select(THEIRS.person_id, models.Group.unit_id, OWN.role)
    .join(models.Group, models.Group.id == OWN.group_id)
    .join(models.Unit, and_(models.Unit.id == models.Group.unit_id, models.Unit.kind == "SCHOOL"))
    .join(THEIRS, and_(THEIRS.group_id == OWN.group_id, THEIRS.role == "STUDENT", now(THEIRS)))
    .join(Enrolment, and_(Enrolment.child_id == THEIRS.person_id, Enrolment.unit_id == models.Group.unit_id))
    .where(OWN.role != "STUDENT", now(OWN), now(Enrolment))
)
"""Pupils of the groups in which somebody has a teaching role."""


# --- who asks ---------------------------------------------------------------------------------------------------------


class Viewer:
    """What the rules need to know of who asks, read once a request, and the loaders of the request."""

    def __init__(self, person: UUID) -> None:
        self.person = person
        self.loaders = Loaders(self)

    async def read(self) -> Viewer:
        mine = self.person
        async with Session() as session:
            positions = await session.execute(
                select(Position.unit_id, Position.role, models.Unit.kind)
                .join(models.Unit, models.Unit.id == Position.unit_id)
                .where(Position.person_id == mine, now(Position))
            )
            kin = select(Kinship.child_id).where(Kinship.person_id == mine)
            blocks = select(Block.child_id).where(Block.person_id == mine, now(Block))
            closed = await session.scalars(kin.union_all(blocks))
            guardianship = select(Guardianship.child_id).where(Guardianship.person_id == mine, now(Guardianship))
            guardian = await session.scalars(guardianship)
            delegation = select(Delegation.child_id, Delegation.unit_id).where(Delegation.person_id == mine)
            delegate = await session.execute(delegation.where(now(Delegation)))
            told = positions.all()
            # Whoever works nowhere teaches nobody.
            taught = (await session.execute(TAUGHT.where(OWN.person_id == mine))).all() if told else []
        self.employed = {unit for unit, _, _ in told}
        self.led = {unit for unit, role, _ in told if role == "LEADER"}
        self.wide = {unit for unit, role, kind in told if role == "LEADER" or kind != "SCHOOL"}
        self.closed = set(closed)
        self.guardian = set(guardian)
        self.delegate = {(child, unit) for child, unit in delegate}
        pupils = [row for row in taught if row[0] not in self.closed and row[1] in self.employed]
        self.contact = {(child, unit) for child, unit, role in pupils if role == "CONTACT_TEACHER"}
        self.subject = {(child, unit) for child, unit, role in pupils if role != "CONTACT_TEACHER"}
        self.taught = {child for child, _, _ in pupils}
        return self

    def wholly(self, table: Any) -> ColumnElement[bool]:
        """T3 to T6."""
        reasons = []
        if self.wide:
            reasons.append(table.unit_id.in_(self.wide))
        if self.contact:
            reasons.append(tuple_(table.child_id, table.unit_id).in_(self.contact))
        if not reasons:
            return false()
        return and_(or_(*reasons), table.child_id.not_in(self.closed)) if self.closed else or_(*reasons)

    def is_whole(self, thread: models.Thread) -> bool:
        at = (thread.child_id, thread.unit_id)
        return thread.child_id not in self.closed and (thread.unit_id in self.wide or at in self.contact)

    def sees(self) -> ColumnElement[bool]:
        """T1 to T6."""
        sides = []
        if self.guardian or self.delegate:
            family = or_(
                Participant.child_id.in_(self.guardian),
                tuple_(Participant.child_id, Participant.unit_id).in_(self.delegate),
            )
            sides.append(and_(Participant.side == "GUARDIAN", family))
        if self.subject:
            subject = tuple_(Participant.child_id, Participant.unit_id).in_(self.subject)
            sides.append(and_(Participant.side == "UNIT", subject))
        taken_part = select(Participant.thread_id).where(Participant.person_id == self.person, or_(false(), *sides))
        return or_(self.wholly(models.Thread), models.Thread.id.in_(taken_part))

    def sees_message(self) -> ColumnElement[bool]:
        """T7, of messages in threads that the viewer sees."""
        day = func.date(func.timezone("Europe/Oslo", models.Message.sent_at))

        def held(table: Any, *more: ColumnElement[bool]) -> ColumnElement[bool]:
            one = select(table.child_id).where(
                table.person_id == self.person,
                table.child_id == models.Message.child_id,
                table.since <= day,
                or_(table.until.is_(None), table.until > day),
                *more,
            )
            return one.correlate(models.Message).exists()

        taken_part = select(Participant.thread_id).where(
            Participant.thread_id == models.Message.thread_id,
            Participant.person_id == self.person,
            Participant.joined_at <= models.Message.sent_at,
            or_(
                Participant.side == "UNIT",
                held(Guardianship),
                held(Delegation, Delegation.unit_id == models.Message.unit_id),
            ),
        )
        return or_(self.wholly(models.Message), taken_part.exists())


def grouped(keys: Iterable[Any], pairs: Iterable[Any]) -> list[list[Any]]:
    found = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return [found[key] for key in keys]


class Loaders:
    """One for each relation that the types follow; those with a size, one for each size."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.sized: dict[Any, DataLoader[UUID, list[Any]]] = {}

    @cached_property
    def person(self) -> DataLoader[UUID, Person]:
        async def load(keys: list[UUID]) -> list[Person]:
            found = {person.id: person for person in await objects(select(Person).where(Person.id.in_(keys)))}
            return [found[key] for key in keys]

        return DataLoader(load)

    @cached_property
    def participants(self) -> DataLoader[UUID, list[Person]]:
        async def load(keys: list[UUID]) -> list[list[Person]]:
            statement = (
                select(Participant.thread_id, Person)
                .join(Person, Person.id == Participant.person_id)
                .where(Participant.thread_id.in_(keys))
                .order_by(Person.name_key)
            )
            return grouped(keys, await rows(statement))

        return DataLoader(load)

    @cached_property
    def guardians(self) -> DataLoader[UUID, list[Person]]:
        async def load(keys: list[UUID]) -> list[list[Person]]:
            statement = (
                select(Guardianship.child_id, Person)
                .join(Person, Person.id == Guardianship.person_id)
                .where(Guardianship.child_id.in_(keys), now(Guardianship))
                .order_by(Person.name_key)
            )
            return grouped(keys, await rows(statement))

        return DataLoader(load)

    @cached_property
    def enrolments(self) -> DataLoader[UUID, list[Enrolment]]:
        async def load(keys: list[UUID]) -> list[list[Enrolment]]:
            statement = select(Enrolment).where(Enrolment.child_id.in_(keys), Enrolment.since <= TODAY)
            return grouped(keys, ((one.child_id, one) for one in await objects(statement)))

        return DataLoader(load)

    def messages(self, size: int, *, newest: bool) -> DataLoader[UUID, list[models.Message]]:
        async def load(keys: list[UUID]) -> list[list[models.Message]]:
            message = models.Message
            order = (message.sent_at, message.id)
            number = func.row_number().over(
                partition_by=message.thread_id, order_by=[column.desc() for column in order] if newest else order
            )
            seen = select(message.id, number.label("number")).where(
                message.thread_id.in_(keys), self.viewer.sees_message()
            )
            numbered = seen.subquery()
            statement = (
                select(message)
                .join(numbered, and_(numbered.c.id == message.id, numbered.c.number <= size))
                .order_by(message.sent_at, message.id)
            )
            return grouped(keys, ((one.thread_id, one) for one in await objects(statement)))

        return self._sized(("messages", size, newest), load)

    def threads(self, size: int) -> DataLoader[UUID, list[models.Thread]]:
        async def load(keys: list[UUID]) -> list[list[models.Thread]]:
            thread = models.Thread
            number = func.row_number().over(
                partition_by=thread.child_id, order_by=(thread.last_message_at.desc(), thread.id.desc())
            )
            seen = select(thread.id, number.label("number")).where(thread.child_id.in_(keys), self.viewer.sees())
            numbered = seen.subquery()
            statement = (
                select(thread)
                .join(numbered, and_(numbered.c.id == thread.id, numbered.c.number <= size))
                .order_by(numbered.c.number)
            )
            return grouped(keys, ((one.child_id, one) for one in await objects(statement)))

        return self._sized(("threads", size), load)

    def _sized(self, key: Any, load: Any) -> DataLoader[UUID, list[Any]]:
        if key not in self.sized:
            self.sized[key] = DataLoader(load)
        return self.sized[key]


def newest_first(statement: Select[Any], size: int) -> Select[Any]:
    return statement.order_by(models.Thread.last_message_at.desc(), models.Thread.id.desc()).limit(size)


# --- the schema -------------------------------------------------------------------------------------------------------

Info = strawberry.Info["dict[str, Any]", None]
T = TypeVar("T")


def viewer_of(info: Info) -> Viewer:
    viewer: Viewer = info.context["viewer"]
    return viewer


@strawberry.type
class Connection(Generic[T]):
    nodes: list[T]


@strawberry.interface
class Node:
    id: strawberry.ID


@strawberry.type(name="Person")
class PersonType:
    name: str


@strawberry.type(name="Child")
class ChildType:
    row: strawberry.Private[Person]
    name: str

    async def _is_related(self, viewer: Viewer) -> bool:
        if self.row.id in viewer.taught or self.row.id in viewer.guardian:
            return True
        if self.row.id in viewer.closed or not viewer.wide:
            return False
        enrolments = await viewer.loaders.enrolments.load(self.row.id)
        return any(one.unit_id in viewer.wide and (not one.until or one.until > TODAY) for one in enrolments)

    @strawberry.field
    async def birth_date(self, info: Info) -> dt.date | None:
        viewer = viewer_of(info)
        if await self._is_related(viewer):
            return self.row.birth_date
        if self.row.id in viewer.closed or not viewer.led:
            return None
        enrolments = await viewer.loaders.enrolments.load(self.row.id)
        return self.row.birth_date if any(one.unit_id in viewer.led for one in enrolments) else None

    @strawberry.field
    async def guardians(self, info: Info) -> list[PersonType] | None:
        viewer = viewer_of(info)
        if not await self._is_related(viewer):
            return None
        return [PersonType(name=one.name) for one in await viewer.loaders.guardians.load(self.row.id)]

    @strawberry.field
    async def threads(self, info: Info, first: int = 50) -> Connection[ThreadType]:
        found = await viewer_of(info).loaders.threads(first).load(self.row.id)
        return Connection(nodes=[ThreadType.of(one) for one in found])

    @classmethod
    def of(cls, row: Person) -> ChildType:
        return cls(row=row, name=row.name)


@strawberry.type(name="Message")
class MessageType:
    author_id: strawberry.Private[UUID]
    body: str | None
    sent_at: dt.datetime

    @strawberry.field
    async def author(self, info: Info) -> PersonType:
        author = await viewer_of(info).loaders.person.load(self.author_id)
        return PersonType(name=author.name)

    @classmethod
    def of(cls, row: models.Message) -> MessageType:
        return cls(author_id=row.author_id, body=None if row.retracted_at else row.body, sent_at=row.sent_at)


@strawberry.type(name="Participant")
class ParticipantType:
    person: PersonType


@strawberry.type(name="Thread")
class ThreadType(Node):
    row: strawberry.Private[models.Thread]
    subject: str

    @strawberry.field
    async def last_message_at(self, info: Info) -> dt.datetime:
        viewer = viewer_of(info)
        if viewer.is_whole(self.row):
            return self.row.last_message_at
        latest = await viewer.loaders.messages(1, newest=True).load(self.row.id)
        return latest[0].sent_at if latest else self.row.created_at

    @strawberry.field
    async def child(self, info: Info) -> ChildType:
        return ChildType.of(await viewer_of(info).loaders.person.load(self.row.child_id))

    @strawberry.field
    async def participants(self, info: Info) -> list[ParticipantType]:
        people = await viewer_of(info).loaders.participants.load(self.row.id)
        return [ParticipantType(person=PersonType(name=one.name)) for one in people]

    @strawberry.field
    async def latest_message(self, info: Info) -> MessageType | None:
        found = await viewer_of(info).loaders.messages(1, newest=True).load(self.row.id)
        return MessageType.of(found[0]) if found else None

    @strawberry.field
    async def messages(self, info: Info, first: int | None = None, last: int | None = None) -> Connection[MessageType]:
        loader = viewer_of(info).loaders.messages(last or first or 50, newest=last is not None)
        return Connection(nodes=[MessageType.of(one) for one in await loader.load(self.row.id)])

    @classmethod
    def of(cls, row: models.Thread) -> ThreadType:
        return cls(id=strawberry.ID(global_id(THREAD, row.id)), row=row, subject=row.subject)


@strawberry.type(name="Unit")
class UnitType(Node):
    row: strawberry.Private[models.Unit]
    name: str

    @strawberry.field
    async def threads(self, info: Info, first: int = 50) -> Connection[ThreadType]:
        seen = select(models.Thread).where(models.Thread.unit_id == self.row.id, viewer_of(info).sees())
        return Connection(nodes=[ThreadType.of(one) for one in await objects(newest_first(seen, first))])


@strawberry.type(name="Viewer")
class ViewerType:
    @strawberry.field
    async def threads(self, info: Info, first: int = 50) -> Connection[ThreadType]:
        seen = select(models.Thread).where(viewer_of(info).sees())
        return Connection(nodes=[ThreadType.of(one) for one in await objects(newest_first(seen, first))])

    @strawberry.field
    async def pupils(self, info: Info, first: int = 50) -> Connection[ChildType]:
        viewer = viewer_of(info)
        at_units = select(Enrolment.child_id).where(Enrolment.unit_id.in_(viewer.wide), now(Enrolment))
        pupils = (
            select(Person)
            .where(or_(Person.id.in_(viewer.taught), Person.id.in_(at_units)), Person.id.not_in(viewer.closed))
            .order_by(Person.name_key, Person.id)
            .limit(first)
        )
        return Connection(nodes=[ChildType.of(one) for one in await objects(pupils)])


@strawberry.type
class Query:
    @strawberry.field
    async def viewer(self) -> ViewerType:
        return ViewerType()

    @strawberry.field
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:  # noqa: A002 (its name in the contract)
        key, viewer = key_of(id), viewer_of(info)
        if id == global_id(UNIT, key):
            own = select(Person.municipality_id).where(Person.id == viewer.person).scalar_subquery()
            units = await objects(select(models.Unit).where(models.Unit.id == key, models.Unit.municipality_id == own))
            return UnitType(id=id, row=units[0], name=units[0].name) if units else None
        threads = await objects(select(models.Thread).where(models.Thread.id == key, viewer.sees()))
        return ThreadType.of(threads[0]) if threads else None


schema = strawberry.Schema(Query, types=[UnitType, ThreadType], extensions=[ParserCache, ValidationCache])


class Endpoint(GraphQL[dict[str, Any], None]):
    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:  # noqa: ARG002 (strawberry gives it)
        return {"viewer": await Viewer(UUID(request.headers["x-viewer"])).read()}


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[None]:
    yield
    await engine.dispose()


def create_app() -> Starlette:
    app = Starlette(lifespan=lifespan)
    app.mount("/graphql", Endpoint(schema, graphql_ide=None))
    return app
