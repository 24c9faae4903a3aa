"""Known attacks on GraphQL servers that no other test is about; `docs/attacks.md` says where each of the others is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.edge import SmallEdge, client, small_edge
from vault import Vault

ASKED = "{ viewer { municipality } }"


@pytest.fixture
async def edge(tmp_path: Path, vault: Vault) -> AsyncIterator[SmallEdge]:
    async with small_edge(tmp_path, vault) as opened:
        yield opened


async def post(edge: SmallEdge, told: Any, **headers: str) -> httpx.Response:
    given = {**edge.bearer(), "content-type": "application/json", **headers}
    async with client(edge) as browser:
        return await browser.post("/graphql", content=json.dumps(told).encode(), headers=given)


def code(answer: httpx.Response) -> str:
    told: str = answer.json()["errors"][0]["extensions"]["code"]
    return told


FLOODS = {
    "batching by array": ([{"query": ASKED}] * 10, "BATCHING_NOT_SUPPORTED"),
    "batching by alias": ("{" + "".join(f" a{n}: slow" for n in range(51)) + " }", "TOO_MANY_ALIASES"),
    "field duplication": ("{" + " slow" * 500 + " }", "TOO_MANY_REPEATS"),
    "directive overloading": ("{ slow" + " @skip(if: true)" * 60 + " }", "TOO_MANY_DIRECTIVES"),
    "unknown directives": ("{ slow" + " @a" * 60 + " }", "TOO_MANY_DIRECTIVES"),
    "circular fragments": ("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
                           "GRAPHQL_VALIDATION_FAILED"),
    "a fragment in itself": ("{ ...A } fragment A on Query { viewer { ...A } }", "GRAPHQL_VALIDATION_FAILED"),
    "fragments that double": (
        "{ ...F0 } " + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(20))
        + " fragment F20 on Query { slow }", "TOO_MANY_FIELDS"),
    "circles through types": (
        "{ viewer { children { " + "guardians { children { " * 10 + "name" + " } }" * 10 + " } } }", "TOO_DEEP"),
    "circular introspection": (
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
        "GRAPHQL_VALIDATION_FAILED"),
    "many operations": (" ".join(f"query Q{n} {{ slow }}" for n in range(50)), "OPERATION_NOT_FOUND"),
    "a long document": ("#" * 30_000 + ASKED, "DOCUMENT_TOO_LONG"),
    "many tokens": ("{ viewer(" + "a: 1 " * 800 + ") { municipality } }", "TOO_MANY_TOKENS"),
    "a list of ids": ("{ nodes(ids: [" + '"x" ' * 600 + "]) { id } }", "PAGE_TOO_LARGE"),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "expected"), FLOODS.values(), ids=FLOODS)
async def test_a_flood_is_refused_before_anything_is_done(edge: SmallEdge, sent: Any, expected: str) -> None:
    answer = await post(edge, {"query": sent} if isinstance(sent, str) else sent)
    assert code(answer) == expected
    assert not edge.engine.begun.is_set()


async def test_nobody_asks_by_the_hash_of_a_document(edge: SmallEdge) -> None:
    """Automatic persisted queries: there are none, so that there is no cache of texts that a stranger could fill."""
    known = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
    assert code(await post(edge, {"extensions": known})) == "BAD_REQUEST"
    both = await post(edge, {"query": ASKED, "extensions": known})
    assert both.json()["data"]["viewer"]


@pytest.mark.parametrize(
    "header",
    ["x-apollo-tracing", "apollo-federation-include-trace", "x-debug", "x-hasura-role", "x-hasura-admin-secret"],
)
async def test_no_header_makes_an_answer_tell_more(edge: SmallEdge, header: str) -> None:
    """Traces and debug modes that other servers have, and roles that they take from a header."""
    plain, asked = await post(edge, {"query": ASKED}), await post(edge, {"query": ASKED}, **{header: "ftv1"})
    assert asked.content == plain.content
    assert asked.json()["extensions"].keys() == {"cost"}


@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "application/graphql"],
)
async def test_a_form_of_another_site_asks_nothing(edge: SmallEdge, kind: str) -> None:
    """Cross-site request forgery: what a page may send without being asked for leave is not taken, nor is a cookie."""
    bodies = {
        "multipart/form-data; boundary=x": b'--x\r\ncontent-disposition: form-data; name="query"\r\n\r\n{a}\r\n--x--'
    }
    body = bodies.get(kind, b"query=mutation{act}")
    async with client(edge) as browser:
        headers = {"content-type": kind, "cookie": f"authorization={edge.token()}"}
        assert (await browser.post("/graphql", content=body, headers=headers)).status_code == 401
        answer = await browser.post("/graphql", content=body, headers={**headers, **edge.bearer()})
    assert (answer.status_code, code(answer)) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_no_error_spells_the_schema_to_whoever_guesses(edge: SmallEdge) -> None:
    """In a field, an argument, a type, an enum, an input field and a variable's value."""
    guesses = (
        "{ viewr { municipality } }",
        "{ viewer { municipalty } }",
        "{ nod(id: 1) { id } }",
        "{ node(idd: 1) { id } }",
        "query ($a: Strin) { node(id: $a) { id } }",
        "{ ... on Chidl { id } }",
        "{ slow @skp(if: true) }",
        "{ viewer { children { threads(filter: { unitd: 1 }) { totalCount } } } }",
        "{ ...Frgment } fragment Fragment on Query { slow }",
    )
    for guess in guesses:
        answer = await post(edge, {"query": guess})
        assert code(answer) == "GRAPHQL_VALIDATION_FAILED"
        assert "Did you mean" not in answer.text, guess
    query = "query ($f: ThreadFilter) { viewer { children { threads(filter: $f) { totalCount } } } }"
    assert "Did you mean" not in (await post(edge, {"query": query, "variables": {"f": {"unitd": 1}}})).text


@pytest.mark.parametrize("name", ["__proto__", "constructor", "__class__", "query", "variables"])
async def test_names_that_mean_something_elsewhere_mean_nothing_here(edge: SmallEdge, name: str) -> None:
    told = await post(
        edge, {"query": ASKED, "variables": {name: {"admin": True}}, name + "x": 1, "__proto__": {"a": 1}}
    )
    assert told.json()["data"]["viewer"]["municipality"]
