"""Variables and arguments are coerced as graphql-core coerces them, whatever is sent and however plain it is."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLError, build_schema, get_argument_values, get_variable_values, parse
from graphql.execution.values import VariableValues
from graphql.language import FieldNode, OperationDefinitionNode
from hypothesis import given
from hypothesis import strategies as st

from resolvers.engine.limits import DocumentRefused
from resolvers.engine.variables import Variables, arguments_of, never_null

SCHEMA = build_schema("""
    input Filter { unreadOnly: Boolean, ids: [ID!] }
    enum Kind { SCHOOL SFO }
    type Query {
        field(
            id: ID, must: ID!, n: Int, s: String, b: Boolean, many: [ID!], filter: Filter, kind: Kind, five: Int = 5
        ): Int
    }
""")
FIELD = SCHEMA.type_map["Query"].fields["field"]
TYPES = ("ID", "ID!", "Int", "Int!", "String", "String!", "Boolean", "Boolean!", "Float", "[ID!]", "Filter", "Kind")
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**33), 2**33),
    st.sampled_from([2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 1.0, 1.5, "", "SFO", [], ["x"], [None], {}]),
    st.text(max_size=3),
    st.dictionaries(st.sampled_from(["unreadOnly", "ids", "other"]), st.booleans(), max_size=2),
)


def operation(text: str) -> tuple[OperationDefinitionNode, FieldNode]:
    (definition,) = parse(text).definitions
    assert isinstance(definition, OperationDefinitionNode)
    (field,) = definition.selection_set.selections
    assert isinstance(field, FieldNode)
    return definition, field


def outcome(values: VariableValues) -> tuple[str, set[str]]:
    """With the class of each value: 1, 1.0 and true are equal."""
    return repr(sorted(values.coerced.items())), set(values.sources)


@given(
    st.lists(st.tuples(st.sampled_from(TYPES), st.booleans()), min_size=1, max_size=3),
    st.dictionaries(st.sampled_from(["v0", "v1", "v2", "other"]), VALUES),
)
def test_variables_are_read_as_graphql_core_reads_them(kinds: list[tuple[str, bool]], sent: dict[str, Any]) -> None:
    defaults = {"ID": '"d"', "Int": "7", "String": '"d"', "Boolean": "true"}
    declared = [
        f"$v{i}: {kind}" + (f" = {defaults[kind]}" if with_default and kind in defaults else "")
        for i, (kind, with_default) in enumerate(kinds)
    ]
    definition, _ = operation(f'query ({", ".join(declared)}) {{ field(must: "1") }}')
    told = get_variable_values(SCHEMA, definition.variable_definitions or (), dict(sent), hide_suggestions=True)
    reader = Variables(SCHEMA, definition.variable_definitions or ())
    if isinstance(told, VariableValues):
        assert outcome(reader.read(sent)) == outcome(told)
    else:
        with pytest.raises(DocumentRefused):
            reader.read(sent)


@pytest.mark.parametrize(
    ("declared", "asked", "strict"),
    [
        ('$v: ID = "d"', "must: $v", True),
        ('$v: ID = "d"', 'must: "1", id: $v', False),
        ('$v: ID = "d"', 'must: "1", many: [$v]', True),
        ('$v: ID! = "d"', "must: $v", False),  # its own type forbids it
        ("$v: Boolean = true", 'must: "1") @include(if: $v', True),
        ("$v: Int", 'must: "1", five: $v', False),
        ("$v: ID = null", 'must: "1", id: $v', False),
    ],
)
def test_null_is_refused_at_once_where_it_could_only_be_found_out_later(
    declared: str, asked: str, *, strict: bool
) -> None:
    document = parse(f"query ({declared}) {{ field({asked}) }}")
    definition, _ = operation(f"query ({declared}) {{ field({asked}) }}")
    names = never_null(SCHEMA, document, definition)
    assert names == ({"v"} if strict else set())
    reader = Variables(SCHEMA, definition.variable_definitions or (), names)
    assert reader.read({}).coerced.get("v") is not None or not strict
    if strict:
        with pytest.raises(DocumentRefused) as refused:
            reader.read({"v": None})
        assert refused.value.errors[0]["extensions"] == {"code": "BAD_VARIABLE", "variable": "v"}


ARGUMENTS = (
    'must: "1"',
    "must: $id, id: null",
    'must: "1", id: $id, n: $n',
    'must: "1", n: 3, s: "x", b: false, kind: SFO',
    'must: "1", five: $n',
    'must: "1", five: null',
    'must: "1", many: ["a", "b"]',
    'must: "1", many: [$id]',
    'must: "1", filter: {unreadOnly: $b}',
    'must: "1", filter: {unreadOnly: true}, b: $b',
)


@pytest.mark.parametrize("text", ARGUMENTS)
@given(st.dictionaries(st.sampled_from(["id", "n", "b"]), st.sampled_from([None, "x", 4, True])))
def test_arguments_are_read_as_graphql_core_reads_them(text: str, sent: dict[str, Any]) -> None:
    right = {"id": str, "n": int, "b": bool}
    sent = {name: value for name, value in sent.items() if value is None or type(value) is right[name]}
    required = "!" if "must: $id" in text else ""
    if required and sent.get("id") is None:
        sent["id"] = "x"
    definition, field = operation(f"query ($id: ID{required}, $n: Int, $b: Boolean) {{ field({text}) }}")
    values = Variables(SCHEMA, definition.variable_definitions or ()).read(sent)
    read = arguments_of(FIELD, field)
    if sent.get("id") is None and "many: [$id]" in text:
        with pytest.raises(GraphQLError):
            read(values)
        return
    for _ in range(2):  # whoever gets them may change them
        told = read(values)
        assert repr(sorted(told.items())) == repr(sorted(get_argument_values(FIELD, field, values).items()))
        for value in told.values():
            if isinstance(value, list):
                value.append("changed")
        told["changed"] = True
