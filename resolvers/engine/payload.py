"""What an act tells: plain values, and objects that are read back as the viewer sees them after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from graphql import GraphQLObjectType, get_named_type, is_list_type, is_non_null_type
from graphql.language import FieldNode

from authz.access_log import ABOUT
from resolvers.engine import source as kind
from resolvers.engine.looks import note_row
from resolvers.engine.plan import Level, Project

if TYPE_CHECKING:
    from resolvers.engine.planner import Planner
    from resolvers.engine.run import Run


@dataclass(eq=False)
class Reader:
    """A field of a payload whose objects are read back."""

    source: kind.ReadBack
    nodes: list[FieldNode]
    levels: dict[str, Level] = field(default_factory=dict)
    """By type, made when first met."""


@dataclass(eq=False)
class Payload:
    """The part of a payload that is asked for."""

    type_name: str
    steps: list[tuple[str, str, bool, Reader | Payload | Project | None]]
    """Response key, field, whether it is a list, and how its value is made; null for a plain value."""


def plan_payload(planner: Planner, type_name: str, nodes: Sequence[FieldNode]) -> Payload:
    steps: list[tuple[str, str, bool, Reader | Payload | Project | None]] = []
    for key, inner in planner.below(type_name, nodes).items():
        name = inner[0].name.value
        if name == "__typename":
            steps.append((key, name, False, None))
            continue
        source = planner.catalogue.sources[f"{type_name}.{name}"]
        field_type = planner.field_type(type_name, name)
        if isinstance(source, kind.ReadBack):
            steps.append((key, name, source.many, Reader(source, inner)))
            continue
        bare = field_type.of_type if is_non_null_type(field_type) else field_type
        named = get_named_type(field_type)
        made: Payload | Project | None = None
        if isinstance(named, GraphQLObjectType):
            has_sources = any(f"{named.name}.{one}" in planner.catalogue.sources for one in named.fields)
            made = plan_payload(planner, named.name, inner) if has_sources else planner.project(field_type, inner)
        steps.append((key, name, is_list_type(bare), made))
    return Payload(type_name, steps)


async def read_payloads(run: Run, payload: Payload, told: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """An object for each of the values, each kind of thing read back in one statement for all."""
    objects: list[dict[str, Any]] = [{} for _ in told]
    for key, name, many, maker in payload.steps:
        if name == "__typename":
            values: Sequence[Any] = [payload.type_name] * len(told)
        else:
            values = [value.get(name) for value in told]
            if many:
                values = [value or () for value in values]
            if isinstance(maker, Reader):
                values = await read_back(run, maker, values)
            elif isinstance(maker, Payload):
                values = await nested(run, maker, values, many)
            elif isinstance(maker, Project):
                values = [maker.of(list(value) if many else value) for value in values]
        for made, value in zip(objects, values, strict=True):
            made[key] = value
    return objects


async def nested(run: Run, payload: Payload, values: Sequence[Any], many: bool) -> list[Any]:
    flat = [one for value in values for one in (value if many else [value] if value is not None else [])]
    made = iter(await read_payloads(run, payload, flat))
    if many:
        return [[next(made) for _ in value] for value in values]
    return [None if value is None else next(made) for value in values]


async def read_back(run: Run, reader: Reader, values: Sequence[Any]) -> list[Any]:
    many = reader.source.many
    asked: dict[str, dict[UUID, None]] = {}
    places: list[list[tuple[str, UUID]]] = []
    for value in values:
        named = all_named(reader.source, value)
        places.append(named)
        for type_name, key in named:
            asked.setdefault(type_name, {})[key] = None
    rows: dict[tuple[str, UUID], Any] = {}
    for type_name, keys in asked.items():
        groups = await run.groups(level_of(run.planner, reader, type_name), list(keys), None, {})
        rows |= {(type_name, key): records[0] for key, records in groups.items()}
    # Built once for each place, so that what is hidden is counted in each.
    seen = [[place for place in named if place in rows] for named in places]
    made: dict[str, Any] = {}
    for type_name in asked:
        view = level_of(run.planner, reader, type_name).view
        assert view is not None
        records = [rows[place] for named in seen for place in named if place[0] == type_name]
        made[type_name] = iter(await run.build(view, records))
    objects = [[next(made[place[0]]) for place in named] for named in seen]
    return objects if many else [one[0] if one else None for one in objects]


def typed(source: kind.ReadBack, value: Any) -> tuple[str, UUID]:
    return (source.types[0], value) if len(source.types) == 1 else value


def level_of(planner: Planner, reader: Reader, type_name: str) -> Level:
    level = reader.levels.get(type_name)
    if level is None:
        level = reader.levels[type_name] = planner.level_by_id(type_name, reader.nodes, field_name="Payload")
    return level


def all_named(source: kind.ReadBack, value: Any) -> list[tuple[str, UUID]]:
    return [typed(source, one) for one in (value if source.many else [value] if value is not None else [])]


async def note_all(run: Run, source: kind.ReadBack, value: Any) -> None:
    """That each thing is there is told, whatever was asked of it."""
    for type_name, key in all_named(source, value):
        if type_name in ABOUT:
            await note_row(run, type_name, key)


async def all_seen(run: Run, source: kind.ReadBack, value: Any) -> bool:
    """Whether the viewer sees each thing that is named, whatever was asked of it."""
    named = all_named(source, value)
    reader = Reader(source, [])
    for type_name in {place[0] for place in named}:
        wanted = {key for told, key in named if told == type_name}
        groups = await run.groups(level_of(run.planner, reader, type_name), list(wanted), None, {})
        if groups.keys() != wanted:
            return False
    return True
