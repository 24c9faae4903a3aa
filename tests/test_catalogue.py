"""The schema, the sources and the policy name the same fields, or nothing starts (design, section 2)."""

from dataclasses import replace

import pytest
from graphql import build_schema

from authz.engine.policy import Relation, opens
from resolvers.catalogue import CatalogueIncomplete, catalogue, faults
from schema.public import SDL_FILE, graphql_schema, printed_schema, public_catalogue


def problems(**changes):
    whole = public_catalogue()
    parts = {"schema": whole.schema, "sources": whole.sources, "lines": whole.lines, "entities": whole.entities}
    return list(faults(**{**parts, **changes}))


def without(mapping, name):
    return {key: value for key, value in mapping.items() if key != name}


def test_catalogue_of_the_public_schema_has_no_fault():
    assert problems() == []


@pytest.mark.parametrize("name", ["Child.birthDate", "Thread.subject", "Viewer.pupils", "ThreadConnection.totalCount"])
def test_catalogue_refuses_a_field_without_a_policy_line(name):
    assert problems(lines=without(public_catalogue().lines, name)) == [f"{name} has no policy line"]


@pytest.mark.parametrize("name", ["Child.birthDate", "Thread.subject", "Viewer.pupils"])
def test_catalogue_refuses_a_field_without_a_source(name):
    assert problems(sources=without(public_catalogue().sources, name)) == [f"{name} has no source"]


def test_catalogue_refuses_a_policy_line_that_names_no_field():
    lines = {**public_catalogue().lines, "Child.shoeSize": opens(Relation.GUARDIAN, "C2")}
    assert problems(lines=lines) == ["the policy names Child.shoeSize, which is no field"]


def test_catalogue_refuses_a_source_that_names_no_field():
    sources = {**public_catalogue().sources, "Child.shoeSize": public_catalogue().sources["Child.name"]}
    assert problems(sources=sources) == ["there is a source for Child.shoeSize, which is no field"]


def test_catalogue_refuses_a_field_that_can_be_hidden_and_is_not_nullable():
    lines = {**public_catalogue().lines, "Child.name": opens(Relation.GUARDIAN, "C2")}
    assert problems(lines=lines) == ["Child.name can be hidden and is non-null"]


def test_catalogue_refuses_a_mask_on_a_type_that_has_none():
    lines = {**public_catalogue().lines, "Unit.phone": opens(Relation.GUARDIAN, "C2")}
    assert problems(lines=lines) == ["Unit.phone can be hidden, and Unit has no mask"]


def test_catalogue_refuses_a_computed_value_that_is_not_nullable():
    sources = {**public_catalogue().sources, "Child.name": public_catalogue().sources["Child.nationalId"]}
    assert problems(sources=sources) == ["Child.name may come to nothing and is non-null"]


def test_catalogue_of_a_foreign_schema_is_not_built():
    with pytest.raises(CatalogueIncomplete, match=r"Query\.secret has no policy line"):
        catalogue(build_schema("type Query { secret: String }"))


def test_schema_file_is_what_the_types_and_the_policy_print():
    assert SDL_FILE.read_text() == printed_schema(), "run `uv run just generate`"


def test_every_field_of_the_schema_bears_its_directive():
    sdl = build_schema(printed_schema())
    bare = [
        f"{name}.{field}"
        for name, described in sdl.type_map.items()
        if not name.startswith("__")
        and hasattr(described, "fields")
        and described.ast_node.kind != "input_object_type_definition"
        for field, definition in described.fields.items()
        if not any(
            directive.name.value in {"visibleTo", "allowedFor"} for directive in definition.ast_node.directives or ()
        )
    ]
    assert bare == []


def test_former_leader_is_printed_as_unit_leader():
    line = opens(Relation.FORMER_LEADER | Relation.GUARDIAN, "C6")
    assert line.printed == ["GUARDIAN", "UNIT_LEADER"]
    assert replace(line, relations=Relation.UNIT_LEADER | Relation.FORMER_LEADER).printed == ["UNIT_LEADER"]


def test_self_from_18_is_printed_as_self():
    assert opens(Relation.ADULT_SELF | Relation.GUARDIAN, "C2").printed == ["GUARDIAN", "SELF"]


def test_graphql_schema_has_no_resolver_beside_the_engine():
    resolvers = {
        field.resolve.__name__
        for name, described in graphql_schema().type_map.items()
        if not name.startswith("__")
        for field in getattr(described, "fields", {}).values()
        if hasattr(field, "resolve")
    }
    assert resolvers == {"no_resolver"}


def test_catalogue_refuses_a_type_of_which_the_access_log_does_not_know_about_whom_it_is():
    entities = {**public_catalogue().entities, "Diary": public_catalogue().entities["Unit"]}
    assert problems(entities=entities) == ["nothing says about whom a Diary is, for the access log"]
