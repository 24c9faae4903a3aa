"""Every field of the schema, where it comes from and who may have it; built whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    is_non_null_type,
)

from authz import absence as absence_policy
from authz import access_log as access_log_policy
from authz import attachment as attachment_policy
from authz import block as block_policy
from authz import broadcast as broadcast_policy
from authz import child as child_policy
from authz import confirmation as confirmation_policy
from authz import delegate as delegate_policy
from authz import guardian as guardian_policy
from authz import message as message_policy
from authz import need_case as need_case_policy
from authz import other_adult as other_adult_policy
from authz import photo_consent as photo_consent_policy
from authz import recipient as recipient_policy
from authz import record as record_policy
from authz import staff as staff_policy
from authz import subscription as subscription_policy
from authz import substitution as substitution_policy
from authz import task as task_policy
from authz import thread as thread_policy
from authz import unit as unit_policy
from authz import viewer as viewer_policy
from authz.engine.policy import Line
from resolvers import (
    absence,
    access_log,
    attachment,
    block,
    broadcast,
    child,
    confirmation,
    delegate,
    guardian,
    message,
    need_case,
    other_adult,
    photo_consent,
    record,
    staff,
    subscription,
    substitution,
    task,
    thread,
    unit,
    viewer,
)
from resolvers.acts import absence as absence_acts
from resolvers.acts import block as block_acts
from resolvers.acts import delegate as delegate_acts
from resolvers.acts import letter as letter_acts
from resolvers.acts import message as message_acts
from resolvers.acts import need_case as need_case_acts
from resolvers.acts import photo_consent as photo_consent_acts
from resolvers.acts import recipient as recipient_acts
from resolvers.acts import record as record_acts
from resolvers.acts import substitution as substitution_acts
from resolvers.acts import task as task_acts
from resolvers.acts import thread as thread_acts
from resolvers.engine.plan import Catalogue
from resolvers.engine.source import Batch, Entity, Many, Sealed, Source

POLICIES = (
    viewer_policy,
    unit_policy,
    child_policy,
    guardian_policy,
    staff_policy,
    other_adult_policy,
    thread_policy,
    message_policy,
    record_policy,
    attachment_policy,
    absence_policy,
    photo_consent_policy,
    broadcast_policy,
    delegate_policy,
    block_policy,
    confirmation_policy,
    task_policy,
    substitution_policy,
    need_case_policy,
    access_log_policy,
    recipient_policy,
    subscription_policy,
)
PAGES = (
    viewer,
    unit,
    child,
    guardian,
    staff,
    other_adult,
    thread,
    message,
    record,
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
    thread_acts,
    message_acts,
    recipient_acts,
    delegate_acts,
    block_acts,
    task_acts,
    substitution_acts,
    need_case_acts,
    absence_acts,
    letter_acts,
    photo_consent_acts,
    record_acts,
    subscription,
)
PAGED = {
    "Child": "id",
    "Thread": "id",
    "Message": "id",
    "Record": "id",
    "Absence": "id",
    "Broadcast": "id",
    "Task": "id",
    "NeedCase": "id",
    "NeedCaseLook": "at",
    "AccessLogEntry": "at",
}
"""Types that there are connections of, and the field that is open to whoever sees one of them."""
WORKED_OUT = {"PostalAddress", "Contact", "PhotoUse", "AccessExplanation", "AccessReason", "PageInfo", "Problem"}
"""Types whose values come whole from a source of the field above."""


class CatalogueIncomplete(Exception):
    """The schema, the sources and the policy do not name the same fields, or a field that can be hidden is non-null."""


def policy_lines() -> dict[str, Line]:
    """Every line of every policy page; those of connections, which are as open as what they hold; and those of acts,
    with their payloads, which whoever may do the act gets."""
    lines = {name: line for page in POLICIES for name, line in page.LINES.items()}
    for page in POLICIES:
        for name, line in getattr(page, "ALLOWED", {}).items():
            lines[name] = line
            payload = payload_of(name)
            lines |= {field: line for field in all_sources() if field.startswith(f"{payload}.")}
    for type_name, always_open in PAGED.items():
        held = lines[f"{type_name}.{always_open}"]
        for part in ("edges", "nodes", "pageInfo", "totalCount"):
            lines[f"{type_name}Connection.{part}"] = held
        for part in ("node", "cursor"):
            lines[f"{type_name}Edge.{part}"] = held
    return lines


def payload_of(act: str) -> str:
    """The payload type of a field of Mutation, as all of them are named."""
    name = act.removeprefix("Mutation.")
    return f"{name[0].upper()}{name[1:]}Payload"


def all_sources() -> dict[str, Source]:
    return {name: source for page in PAGES for name, source in page.SOURCES.items()}


def fields_of(schema: GraphQLSchema) -> Iterator[tuple[str, GraphQLObjectType | GraphQLInterfaceType, str]]:
    for type_name, described in schema.type_map.items():
        if isinstance(described, GraphQLObjectType | GraphQLInterfaceType) and not type_name.startswith("__"):
            for name in described.fields:
                yield f"{type_name}.{name}", described, name


def catalogue(schema: GraphQLSchema) -> Catalogue:
    """Raises CatalogueIncomplete: at start-up, never at a request."""
    entities = {entity.type_name: entity for page in PAGES for entity in getattr(page, "ENTITIES", ())}
    sources = all_sources()
    lines = policy_lines()
    wrong = list(faults(schema, sources, lines, entities))
    if wrong:
        raise CatalogueIncomplete("; ".join(wrong))
    return Catalogue(schema, entities, sources, lines)


def faults(
    schema: GraphQLSchema, sources: Mapping[str, Source], lines: Mapping[str, Line], entities: Mapping[str, Entity]
) -> Iterator[str]:
    """What is missing or too much, in words."""
    known = set()
    for field_name, described, name in fields_of(schema):
        known.add(field_name)
        if field_name not in lines:
            yield f"{field_name} has no policy line"
            continue
        if isinstance(described, GraphQLInterfaceType) or sourceless(described.name):
            continue
        source = sources.get(field_name)
        if source is None:
            yield f"{field_name} has no source"
            continue
        nullable = not is_non_null_type(described.fields[name].type)
        if lines[field_name].masked and not nullable:
            yield f"{field_name} can be hidden and is non-null"
        if lines[field_name].masked and entities[described.name].mask is None:
            yield f"{field_name} can be hidden, and {described.name} has no mask"
        if (isinstance(source, Batch | Sealed) or (isinstance(source, Many) and source.first)) and not nullable:
            yield f"{field_name} may come to nothing and is non-null"
    logged = {*access_log_policy.ABOUT, *access_log_policy.ADULTS, *access_log_policy.BENEATH}
    unsaid = entities.keys() - logged - access_log_policy.OF_NO_CHILD
    yield from (f"nothing says about whom a {name} is, for the access log" for name in sorted(unsaid))
    yield from (f"the policy names {name}, which is no field" for name in lines.keys() - known)
    yield from (f"there is a source for {name}, which is no field" for name in sources.keys() - known)


def sourceless(type_name: str) -> bool:
    return type_name in WORKED_OUT or type_name.endswith(("Connection", "Edge"))
