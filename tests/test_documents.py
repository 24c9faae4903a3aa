"""Documents are refused for what they are before anything is read, and their cost is known before any row is."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from graphql import get_introspection_query
from hypothesis import given
from hypothesis import strategies as st

from resolvers.engine.documents import Documents, Prepared
from resolvers.engine.limits import DocumentRefused, Limits
from tests.edge import schema

SCHEMA = schema()


def documents(**limits: Any) -> Documents:
    return Documents(SCHEMA, Limits(**limits))


def code(text: str, name: str | None = None, variables: Mapping[str, Any] | None = None, **limits: Any) -> str:
    """The code of the refusal, at whichever stage it comes; `ok` where there is none."""
    try:
        prepared = documents(**limits).prepare(text, name)
        prepared.cost(variables or {})
        prepared.values(variables or {})
    except DocumentRefused as refused:
        codes = {error["extensions"]["code"] for error in refused.errors}
        return "+".join(codes)
    return "ok"


def fan(levels: int) -> str:
    """Fragments that each spread the next one twice: linear to write, exponential to expand."""
    chain = " ".join(f"fragment f{i} on Query {{ ...f{i + 1} ...f{i + 1} }}" for i in range(levels))
    return f"{{ ...f0 }} {chain} fragment f{levels} on Query {{ viewer {{ municipality }} }}"


@pytest.mark.parametrize(
    ("text", "refused_with"),
    [
        ("{ viewer { municipality } }", "ok"),
        (get_introspection_query(), "ok"),
        ("", "GRAPHQL_PARSE_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ viewer { } }", "GRAPHQL_PARSE_FAILED"),
        ("{ viewer(x: " + "[" * 250 + "]" * 250 + ") { municipality } }", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ ...gone }", "GRAPHQL_VALIDATION_FAILED"),
        ("fragment a on Query { viewer { municipality } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ ...a } fragment a on Query { ...a }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", "GRAPHQL_VALIDATION_FAILED"),
        (("{ ...a } fragment a on Query { viewer { children { ...b } } } fragment b on Child { guardians { children {"
          " ...b } } }"), "GRAPHQL_VALIDATION_FAILED"),
        ("type Query { a: Int }", "GRAPHQL_VALIDATION_FAILED"),
        (" " * 20_001, "DOCUMENT_TOO_LONG"),
        ("{ viewer { " + "municipality " * 2_000 + "} }", "DOCUMENT_TOO_LONG"),
        ("{ viewer { " + "a:day " * 700 + "} }", "TOO_MANY_TOKENS"),
        ("#\n" * 3_000 + "{ viewer { day } }", "GRAPHQL_PARSE_FAILED"),
        ("{ viewer { children " + "{ guardians { children " * 8 + "{ id }" + "} }" * 8 + "} }", "TOO_DEEP"),
        ("{" + "... {" * 61 + "viewer { day }" + "}" * 61 + "}", "TOO_DEEP"),
        (fan(20), "TOO_MANY_FIELDS"),
        (fan(50), "TOO_MANY_FIELDS"),
        (fan(100), "TOO_DEEP"),
        ("{ viewer { " + " ".join(f"a{i}: day" for i in range(51)) + " } }", "TOO_MANY_ALIASES"),
        ("{ viewer { day " + "@skip(if: false) " * 51 + "} }", "TOO_MANY_DIRECTIVES"),
        ("{ " + " ".join(f"a{i}: slow" for i in range(21)) + " }", "TOO_MANY_ROOT_FIELDS"),
        ("{ viewer { " + "day " * 120 + "} }", "TOO_MANY_REPEATS"),
        ("{ viewer { pupils(first: -1) { nodes { id } } } }", "BAD_PAGE"),
        ("{ viewer { pupils(first: 501) { nodes { id } } } }", "PAGE_TOO_LARGE"),
        ("{ viewer { pupils(last: 501) { totalCount } } }", "PAGE_TOO_LARGE"),
        ("{ viewer { pupils(first: 1, last: 1) { totalCount } } }", "BAD_PAGE"),
        ('{ viewer { pupils(first: 1, before: "x") { totalCount } } }', "BAD_PAGE"),
        ('{ viewer { pupils(first: 1, after: "x", last: null, before: null) { totalCount } } }', "ok"),
        ("{ viewer { pupils(last: 501) { edges { cursor } } } }", "PAGE_TOO_LARGE"),
        ("{ nodes(ids: [" + '"a" ' * 501 + "]) { id } }", "PAGE_TOO_LARGE"),
        ("{ viewer { pupils(first: 500) { nodes { threads(first: 500) { nodes { id } } } } } }", "TOO_COSTLY"),
        ("query A { slow } query B { slow }", "OPERATION_NOT_FOUND"),
    ],
)  # fmt: skip
def test_a_document_beyond_a_limit_is_refused(text: str, refused_with: str) -> None:
    assert code(text) == refused_with


def test_limits_hold_for_fragments_that_no_operation_spreads() -> None:
    aliases = " ".join(f"a{i}: day" for i in range(60))
    assert code(f"{{ slow }} fragment unused on Viewer {{ {aliases} }}") == "TOO_MANY_ALIASES"


def test_an_operation_is_found_by_its_name() -> None:
    text = "query A { slow } query B { hidden }"
    assert code(text, "B") == "ok"
    assert code(text, "C") == "OPERATION_NOT_FOUND"
    assert documents().prepare(text, "B").operation.name.value == "B"


@pytest.mark.parametrize(
    "text",
    [
        fan(200),
        "{ viewer { children { " + "guardians { children { id name } } " * 100 + "} } }",
        "{" + "viewer { number subject municipality } " * 150 + "}",
        "{ viewer { " + " ".join(f"...f{i}" for i in range(150)) + "} }"
        + " ".join(f"fragment f{i} on Viewer {{ day }}" for i in range(150)),
        "{ ...f0 } " + " ".join(f"fragment f{i} on Query {{ ...f{i + 1} }}" for i in range(240))
        + " fragment f240 on Query { slow }",
        "{ viewer " * 200 + "}" * 200,
    ],
)  # fmt: skip
def test_a_document_made_to_be_dear_is_refused_quickly(text: str) -> None:
    gc.collect()
    started = time.thread_time()  # what else the machine does is not the document's
    code(text)
    assert time.thread_time() - started < 0.3


def test_a_refused_document_says_what_was_found_and_where() -> None:
    with pytest.raises(DocumentRefused) as caught:
        documents().prepare("{ viewer { pupils(first: 600) { nodes { id } } } }")
    (error,) = caught.value.errors
    assert error["extensions"] == {"code": "PAGE_TOO_LARGE", "found": 600, "limit": 500}
    assert error["locations"] == [{"line": 1, "column": 12}]


def cost(text: str, variables: Mapping[str, Any] | None = None) -> int:
    return documents(cost=10**9).prepare(text).cost(variables or {})


def test_a_cost_counts_fields_times_the_entries_above_them() -> None:
    assert cost("{ viewer { day } }") == 2
    # viewer, children, then 5 of {id, name}
    assert cost("{ viewer { children { id name } } }") == 2 + 5 * 2
    # viewer, pupils, nodes, then 7 of {id, guardians, 5 of {name}}
    assert cost("{ viewer { pupils(first: 7) { nodes { id guardians { name } } } } }") == 3 + 7 * (2 + 5)
    assert cost("{ viewer { pupils(last: 7) { edges { node { id } } totalCount } } }") == 4 + 7 * 2
    assert cost("{ viewer { pupils { nodes { id } } } }") == 3 + 50
    assert cost('{ nodes(ids: ["a", "b", "c"]) { id } }') == 1 + 3
    assert cost("{ viewer { ...a ...a } } fragment a on Viewer { day }") == 3


def test_a_cost_follows_the_page_sizes_in_the_variables() -> None:
    text = """query ($n: Int = 10, $m: Int) { viewer {
        pupils(first: $n) { nodes { threads(last: $m) { nodes { id } } } } } }"""
    prepared = documents().prepare(text)
    assert prepared.page_variables == ("m", "n")
    assert prepared.cost({}) == 3 + 10 * (2 + 50)
    assert prepared.cost({"n": 2, "m": 3}) == 3 + 2 * (2 + 3)
    assert prepared.cost({"n": None, "m": 3.0}) == 3 + 50 * (2 + 3)  # null is not the default
    assert code(text, variables={"n": 501}) == "PAGE_TOO_LARGE"
    assert code(text, variables={"n": -1}) == "BAD_PAGE"
    assert code(text, variables={"n": 10**30}) == "PAGE_TOO_LARGE"
    assert code(text, variables={"n": 500, "m": 500}) == "TOO_COSTLY"
    assert code(text, variables={"n": "7"}) == "BAD_VARIABLE"


def test_a_page_is_asked_for_from_one_end_only_whatever_variables_say() -> None:
    text = """query ($first: Int, $after: String, $last: Int = 7, $before: String) { viewer {
        pupils(first: $first, after: $after, last: $last, before: $before) { nodes { id } } } }"""
    assert code(text, variables={"first": 3}) == "BAD_PAGE"
    assert code(text, variables={"last": None, "first": 3, "before": "x"}) == "BAD_PAGE"
    prepared = documents().prepare(text)
    assert prepared.cost({}) == 3 + 7
    assert prepared.cost({"last": None}) == 3 + 50
    assert prepared.cost({"last": None, "first": 400, "after": "x"}) == 3 + 400


def test_a_cost_does_not_follow_skip_and_include() -> None:
    text = """query ($on: Boolean!) { viewer { children @include(if: $on) { id } ...a @skip(if: $on) } }
        fragment a on Viewer { day }"""
    prepared = documents().prepare(text)
    assert prepared.skip_variables == ("on",)
    assert prepared.cost({"on": True}) == prepared.cost({"on": False}) == 2 + 5 + 1


def test_a_mutation_and_a_subscription_are_told_apart() -> None:
    kinds = [documents().prepare(text).kind for text in ("{ slow }", "mutation { act }", "subscription { happened }")]
    assert kinds == ["query", "mutation", "subscription"]


@pytest.mark.parametrize(
    "variables",
    [
        {"n": "SECRET"},
        {"n": ["SECRET"]},
        {"n": {"SECRET": 1}},
        {"n": 1, "f": {"SECRET": 1}},
        {"n": 1, "f": {"unreadOnly": "SECRET"}},
        {"n": 1, "f": "SECRET"},
        {"n": None},
        {},
    ],
)
def test_a_variable_that_cannot_be_read_is_not_repeated(variables: dict[str, Any]) -> None:
    prepared = documents().prepare(
        'query ($n: Int!, $f: ThreadFilter) { node(id: "1") { threads(first: $n, filter: $f) { totalCount } } }'
    )
    with pytest.raises(DocumentRefused) as caught:
        prepared.values(variables)
    assert "SECRET" not in str(caught.value.errors)
    assert caught.value.errors[0]["extensions"]["code"] == "BAD_VARIABLE"


def test_a_variable_nested_too_deeply_is_refused() -> None:
    deep: Any = "x"
    for _ in range(5_000):
        deep = [deep]
    prepared = documents().prepare("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }")
    with pytest.raises(DocumentRefused):
        prepared.values({"ids": deep})


def test_a_document_is_prepared_once_and_a_refused_one_too() -> None:
    kept = documents()
    first = kept.prepare("{ slow }")
    assert kept.prepare("{ slow }") is first
    assert kept.prepare("{ slow }", None) is first
    with pytest.raises(DocumentRefused) as one:
        kept.prepare("{ gone }")
    with pytest.raises(DocumentRefused) as other:
        kept.prepare("{ gone }")
    assert one.value is not other.value
    assert one.value.errors == other.value.errors
    assert one.value.errors[0] is other.value.errors[0]


def test_documents_are_kept_within_a_number_and_a_size() -> None:
    few = documents(cached_documents=3)
    first = few.prepare("{ slow }")
    for i in range(3):
        few.prepare(f"query Q{i} {{ slow }}")
    assert len(few._kept) == 3
    assert few.prepare("{ slow }") is not first
    small = documents(cached_bytes=100_000)
    for i in range(50):
        small.prepare(f"query Q{i} {{ slow }}")
        assert small._bytes <= 100_000
    assert small._bytes == sum(weight for _, weight in small._kept.values())


def test_a_document_weighs_more_with_its_plans_and_goes_with_them() -> None:
    small = documents(cached_bytes=500_000)
    first, second = small.prepare("query A { slow }"), small.prepare("query B { slow }")
    small.grew(first, 200_000)
    small.grew(second, 200_000)
    assert small.prepare("query A { slow }") is first
    small.grew(first, 100_000)
    assert small.prepare("query B { slow }") is not second
    small.grew(second, 10**9)
    small.grew(first, -100_000)
    assert small._bytes == sum(weight for _, weight in small._kept.values()) <= 500_000


def test_suggestions_are_hidden_unless_they_are_asked_for() -> None:
    def message(**limits: Any) -> str:
        with pytest.raises(DocumentRefused) as caught:
            documents(**limits).prepare("{ viewer { municipalty } }")
        return str(caught.value.errors[0]["message"])

    assert "Did you mean" not in message()
    assert "Did you mean" in message(suggestions=True)


@given(st.text(alphabet='{}()[]:$@!.&|="#,\n abfgqr01_"\\', max_size=200))
def test_no_text_does_anything_but_be_prepared_or_refused(text: str) -> None:
    kept = documents()
    try:
        assert isinstance(kept.prepare(text), Prepared)
    except DocumentRefused as refused:
        json.dumps(refused.errors)


WORDS = ["viewer", "children", "guardians", "name", "id", "pupils(first: 3)", "nodes", "edges", "node", "...a", "...b",
         "... on Child", "@skip(if: true)", "x: id", "__typename", "__schema", "{", "}", "{", "}"]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=60), st.lists(st.sampled_from(WORDS), max_size=30))
def test_no_document_of_real_words_does_anything_but_be_prepared_or_refused(one: list[str], other: list[str]) -> None:
    first, second = " ".join(one), " ".join(other)
    text = f"{{ {first} }} fragment a on Viewer {{ {second} }} fragment b on Child {{ ...b {first} }}"
    assert code(text)


@pytest.mark.parametrize(
    "text",
    [
        '{ node(id: {a: "01817512345"}) { name } }',
        '{ viewer { pupils(first: "01817512345") { totalCount } } }',
        "{ viewer { pupils(first: 41817512345) { totalCount } } }",
        '{ viewer { pupils(first: "Navn \\"01817512345\\" å\\n") { totalCount } } }',
        '{ viewer { pupils(first: """Navn\n01817512345""") { totalCount } } }',
        '{ viewer { "01817512345" } }',
        '{ viewer { children { threads(filter: {childId: "1", nothing: "01817512345"}) { totalCount } } } }',
        '{ viewer { children { threads(filter: "01817512345") { totalCount } } } }',
    ],
)
def test_client_is_quoted_no_value_of_a_refused_document(text: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        documents().prepare(text)
    told = json.dumps(refused.value.errors, ensure_ascii=False)
    assert "1817512345" not in told
    assert "…" in told


def test_client_is_quoted_the_names_of_a_refused_document() -> None:
    with pytest.raises(DocumentRefused) as refused:
        documents().prepare('query Q($x: ID) { viewer { nothing(a: "value") } }')
    messages = " ".join(error["message"] for error in refused.value.errors)
    assert "'nothing'" in messages
    assert "'$x'" in messages
