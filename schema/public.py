"""The schema that clients build on, put together from one page a concept."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import ModuleType

from graphql import GraphQLSchema

from resolvers.catalogue import catalogue
from resolvers.engine.plan import Catalogue
from schema import (
    absence,
    access_log,
    attachment,
    block,
    broadcast,
    child,
    confirmation,
    delegate,
    mutation,
    need_case,
    person,
    photo_consent,
    record,
    record_writing,
    subscription,
    substitution,
    task,
    thread,
    unit,
    viewer,
    writing,
)
from schema.engine_schema import EngineSchema

PAGES: tuple[ModuleType, ...] = (
    viewer,
    unit,
    child,
    person,
    thread,
    record,
    record_writing,
    attachment,
    absence,
    photo_consent,
    broadcast,
    delegate,
    block,
    confirmation,
    task,
    substitution,
    need_case,
    access_log,
    writing,
    mutation,
    subscription,
)
NODES = (
    unit.Unit,
    unit.Group,
    child.Child,
    person.Guardian,
    person.StaffMember,
    person.OtherAdult,
    thread.Thread,
    thread.Message,
    record.Record,
    attachment.Attachment,
    absence.Absence,
    broadcast.Broadcast,
    delegate.Delegate,
    block.Block,
    task.Task,
    substitution.Substitution,
    need_case.NeedCase,
)
SDL_FILE = Path(__file__).parent.parent / "schema.graphql"


def introduce() -> None:
    """Lets each page name the types of the others, which it can import for the type checker only."""
    types = {name: value for page in PAGES for name, value in vars(page).items() if isinstance(value, type)}
    for page in PAGES:
        for name, value in types.items():
            vars(page).setdefault(name, value)


@cache
def public_schema() -> EngineSchema:
    introduce()
    return EngineSchema(
        query=viewer.Query, mutation=mutation.Mutation, subscription=subscription.Subscription, types=[*NODES]
    )


@cache
def public_catalogue() -> Catalogue:
    """Raises CatalogueIncomplete where schema, sources and policy do not agree."""
    return catalogue(graphql_schema())


def graphql_schema() -> GraphQLSchema:
    return public_schema()._schema


def printed_schema() -> str:
    """The SDL with the policy on each field, as `schema.graphql` holds it."""
    return public_schema().as_str() + "\n"
