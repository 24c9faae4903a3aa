"""HTTP as a client meets it: who asks, what is taken, what is answered and what is never told."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from server.clock import Clock
from server.development_login import DevelopmentLoginRefused, check_host
from server.logs import without_exception_text
from server.settings import EdgeLimits, Settings
from server.texts import TEXTS, language_of
from server.tokens import issue_development_token
from tests.edge import MUNICIPALITY, NUMBER, SmallEdge, client, running, small_edge
from vault import Vault

GRAPHQL = "application/graphql-response+json"
WHO = "{ viewer { number subject municipality private employee day } }"
JSON = {"content-type": "application/json"}


@pytest.fixture
async def edge(tmp_path: Path, vault: Vault) -> AsyncIterator[SmallEdge]:
    async with small_edge(tmp_path, vault) as made:
        yield made


@pytest.fixture
async def browser(edge: SmallEdge) -> AsyncIterator[httpx.AsyncClient]:
    """Asks with a good token, and accepts the draft's media type."""
    async with client(edge) as made:
        made.headers.update(edge.bearer() | {"accept": GRAPHQL})
        yield made


async def ask(
    browser: httpx.AsyncClient, query: Any, headers: dict[str, str] | None = None, **more: Any
) -> httpx.Response:
    return await browser.post("/graphql", json={"query": query, **more}, headers=headers)


def code(response: httpx.Response) -> str:
    (error,) = response.json()["errors"]
    return str(error["extensions"]["code"])


# --- who asks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "challenge"),
    [
        ({}, 'Bearer realm="innsyn"'),
        ({"authorization": ""}, 'Bearer realm="innsyn", error="invalid_token"'),
        ({"authorization": "Bearer"}, 'Bearer realm="innsyn", error="invalid_token"'),
        ({"authorization": "Bearer "}, 'Bearer realm="innsyn", error="invalid_token"'),
        ({"authorization": "Bearer x.y.z"}, 'Bearer realm="innsyn", error="invalid_token"'),
        ({"authorization": "Basic a2FyaTprYXJp"}, 'Bearer realm="innsyn", error="invalid_token"'),
        ({"authorization": "Bearer " + "x" * 10_000}, 'Bearer realm="innsyn", error="invalid_token"'),
        ({"cookie": "token=x", "x-viewer": NUMBER, "x-forwarded-user": NUMBER}, 'Bearer realm="innsyn"'),
    ],
)
@pytest.mark.parametrize("query", [WHO, "{ __typename }", "{", "mutation { act }"])
async def test_whoever_has_no_good_token_learns_nothing(
    edge: SmallEdge, headers: dict[str, str], challenge: str, query: str
) -> None:
    async with client(edge) as stranger:
        response = await ask(stranger, query, headers)
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == challenge
        assert response.json() == {
            "errors": [
                {
                    "message": "Sign in: a valid bearer token is needed.",
                    "extensions": {"code": "UNAUTHENTICATED"},
                }
            ]
        }
        got = await stranger.get("/graphql", params={"query": query}, headers=headers)
        assert (got.status_code, got.json()) == (401, response.json())


async def test_two_tokens_at_once_are_refused(edge: SmallEdge) -> None:
    async with client(edge) as stranger:
        both = [("authorization", f"Bearer {edge.token()}")] * 2
        response = await stranger.post("/graphql", json={"query": WHO}, headers=both)
        assert response.status_code == 401


async def test_the_viewer_is_whom_the_token_names(edge: SmallEdge, browser: httpx.AsyncClient, vault: Vault) -> None:
    for login, private, employee in (("private", True, False), ("employee", False, True), ("both", True, True)):
        response = await ask(browser, WHO, edge.bearer(login))
        viewer = response.json()["data"]["viewer"]
        assert viewer["number"] == vault.keyed_hash(NUMBER, "national_id").hex()
        assert (viewer["private"], viewer["employee"], viewer["municipality"]) == (private, employee, MUNICIPALITY)


OTHER = "02817512345"


async def test_nothing_but_the_token_says_who_asks(edge: SmallEdge, browser: httpx.AsyncClient) -> None:
    """Every place in a request that could name somebody else is tried, with a token of that other too."""
    other_token = issue_development_token(edge.folder, OTHER, "888888888")
    plain = (await ask(browser, WHO)).json()["data"]
    names = [
        "viewer",
        "user",
        "pid",
        "number",
        "as",
        "sub",
        "login",
        "access_token",
        "token",
        "actingAs",
        "municipality",
    ]
    for value in (OTHER, other_token, f"Bearer {other_token}"):
        headers = {f"x-{name}": value for name in names} | {
            "x-forwarded-user": value,
            "remote-user": value,
            "from": value,
            "proxy-authorization": value,
            "x-authorization": value,
            "cookie": "; ".join(f"{name}={value}" for name in names),
        }
        told: dict[str, Any] = dict.fromkeys(names, value)
        body = {"query": WHO, "extensions": told, **told, "variables": None}
        response = await browser.post("/graphql", params=told, json=body, headers=headers)
        assert response.json()["data"] == plain
        response = await browser.get("/graphql", params={"query": WHO, **told}, headers=headers)
        assert response.json()["data"] == plain


@pytest.mark.parametrize("name", ["access_token", "token", "authorization"])
async def test_a_token_in_the_address_is_no_token(edge: SmallEdge, name: str) -> None:
    async with client(edge) as stranger:
        response = await stranger.get("/graphql", params={"query": WHO, name: edge.token()})
        assert response.status_code == 401
        body = {"query": WHO, name: edge.token()}
        assert (await stranger.post("/graphql", json=body)).status_code == 401


# --- the draft "GraphQL over HTTP" -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        ("application/json; charset=utf-8", "application/json"),
        ("Application/JSON", "application/json"),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8", GRAPHQL),
        (f"{GRAPHQL}, application/json;q=0.9", GRAPHQL),
        (f"application/json, {GRAPHQL}", GRAPHQL),
        (f"application/json, {GRAPHQL};q=0.5", "application/json"),
        (f"{GRAPHQL};q=0.1, */*;q=0.2", "application/json"),
        (f"{GRAPHQL};q=0, */*", "application/json"),
        (f"application/json;q=0, {GRAPHQL}", GRAPHQL),
        ("application/json;q=0, */*;q=0.1", GRAPHQL),
        ("text/html, application/xhtml+xml, */*;q=0.8", "application/json"),
        ("text/html", None),
        ("application/json;q=0", None),
        ("application/json;q=x", None),
        ("application/json;charset=latin-1", None),
        ("application/graphql", None),
        (",;=,;q", None),
    ],
)
async def test_the_answer_is_of_the_type_that_is_wanted_most(
    edge: SmallEdge, accept: str | None, answered: str | None
) -> None:
    async with client(edge) as asking:
        del asking.headers["accept"]
        headers = edge.bearer() | ({} if accept is None else {"accept": accept})
        response = await ask(asking, WHO, headers)
    if answered is None:
        assert (response.status_code, code(response)) == (406, "NOT_ACCEPTABLE")
    else:
        assert response.status_code == 200
        assert response.headers["content-type"] == f"{answered}; charset=utf-8"


async def test_several_accept_lines_are_one(edge: SmallEdge) -> None:
    async with client(edge) as asking:
        del asking.headers["accept"]
        headers = [("accept", "text/html"), ("accept", GRAPHQL), *edge.bearer().items()]
        response = await asking.post("/graphql", json={"query": WHO}, headers=headers)
        assert response.headers["content-type"].startswith(GRAPHQL)


@pytest.mark.parametrize(
    ("content_type", "taken"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ('Application/JSON;Charset="UTF-8"', True),
        ("application/json; charset=latin-1", False),
        ("application/json; charset=utf-16", False),
        ("text/plain", False),
        ("application/x-www-form-urlencoded", False),
        ("multipart/form-data; boundary=x", False),
        ("application/graphql", False),
        ("text/json", False),
        ("", False),
    ],
)
async def test_a_post_is_json_in_utf_8(browser: httpx.AsyncClient, content_type: str, taken: bool) -> None:
    body = json.dumps({"query": WHO}).encode()
    response = await browser.post("/graphql", content=body, headers={"content-type": content_type})
    assert response.status_code == (200 if taken else 415)
    if not taken:
        assert code(response) == "UNSUPPORTED_MEDIA_TYPE"
        assert response.headers["accept-post"] == "application/json"


async def test_a_compressed_body_is_not_taken(browser: httpx.AsyncClient) -> None:
    response = await browser.post("/graphql", content=b"x", headers=JSON | {"content-encoding": "gzip"})
    assert response.status_code == 415


@pytest.mark.parametrize(
    ("body", "refused_with"),
    [
        (b"", "BAD_REQUEST"),
        (b"{", "BAD_REQUEST"),
        (b"null", "BAD_REQUEST"),
        (b'"{ viewer }"', "BAD_REQUEST"),
        (b"[]", "BATCHING_NOT_SUPPORTED"),
        (b'[{"query": "{ __typename }"}]', "BATCHING_NOT_SUPPORTED"),
        (b"{}", "BAD_REQUEST"),
        (b'{"query": null}', "BAD_REQUEST"),
        (b'{"query": 1}', "BAD_REQUEST"),
        (b'{"query": ["{ __typename }"]}', "BAD_REQUEST"),
        (b'{"query": "{ __typename }", "variables": []}', "BAD_REQUEST"),
        (b'{"query": "{ __typename }", "variables": "{}"}', "BAD_REQUEST"),
        (b'{"query": "{ __typename }", "extensions": 1}', "BAD_REQUEST"),
        (b'{"query": "{ __typename }", "operationName": {}}', "BAD_REQUEST"),
        (b'\xef\xbb\xbf{"query": "{ __typename }"}', "BAD_REQUEST"),
        ('{"query": "{ __typename } # å"}'.encode("latin-1"), "BAD_REQUEST"),
        ('{"query": "{ __typename }"}'.encode("utf-16"), "BAD_REQUEST"),
        (b'{"query": "\\ud800"}', "BAD_REQUEST"),
        (b'{"query": NaN}', "BAD_REQUEST"),
        (b'{"query": "{ __typename }", "variables": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001, "BAD_REQUEST"),
        (b'{"query": ""}', "GRAPHQL_PARSE_FAILED"),
        (b'{"query": "{ __typename }", "operationName": ""}', "OPERATION_NOT_FOUND"),
    ],
)
async def test_a_body_that_is_no_request_is_refused(browser: httpx.AsyncClient, body: bytes, refused_with: str) -> None:
    response = await browser.post("/graphql", content=body, headers=JSON)
    assert (response.status_code, code(response)) == (400, refused_with)
    assert "data" not in response.json()


async def test_null_parameters_and_unknown_ones_are_let_be(browser: httpx.AsyncClient) -> None:
    response = await ask(browser, "{ __typename }", variables=None, operationName=None, extensions=None, id=7)
    assert response.json() == {"data": {"__typename": "Query"}, "extensions": {"cost": 1}}
    response = await ask(browser, "{ __typename }", extensions={"persistedQuery": {"version": 1}})
    assert response.status_code == 200


async def test_a_query_can_be_asked_by_get(browser: httpx.AsyncClient) -> None:
    params = {
        "query": "query A($n: Int) { viewer { pupils(first: $n) { totalCount } } } query Å { viewer { day } }",
        "operationName": "A",
        "variables": '{"n": 3}',
        "extensions": "{}",
        "other": "x",
    }
    params["query"] = params["query"].replace("Å", "B")
    response = await browser.get("/graphql", params=params)
    assert response.status_code == 200
    empty = {"query": "{ __typename }", "variables": "", "extensions": ""}
    assert (await browser.get("/graphql", params=empty)).status_code == 200


@pytest.mark.parametrize(
    "query_string",
    [
        "",
        "query",
        "query=%ff",
        "query={__typename}&query={__typename}",
        "query={__typename}&variables=[]",
        "query={__typename}&variables={",
        "query={__typename}&variables=1",
        "query={__typename}&extensions=x",
        "variables={}",
        "&".join(["query={__typename}", *(f"a{i}=1" for i in range(30))]),
    ],
)
async def test_an_address_that_is_no_request_is_refused(browser: httpx.AsyncClient, query_string: str) -> None:
    response = await browser.get(httpx.URL("http://127.0.0.1:8000/graphql", query=query_string.encode()))
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


async def test_a_long_address_is_refused(browser: httpx.AsyncClient) -> None:
    response = await browser.get("/graphql", params={"query": "{ __typename } #" + "x" * 20_000})
    assert (response.status_code, code(response)) == (414, "URL_TOO_LONG")


async def test_nothing_is_changed_by_get(browser: httpx.AsyncClient) -> None:
    response = await browser.get("/graphql", params={"query": "mutation { act }"})
    assert (response.status_code, code(response)) == (405, "MUTATION_NEEDS_POST")
    assert response.headers["allow"] == "POST"
    both = {"query": "query A { __typename } mutation B { act }", "operationName": "B"}
    assert (await browser.get("/graphql", params=both)).status_code == 405
    assert (await browser.get("/graphql", params=both | {"operationName": "A"})).status_code == 200
    assert (await ask(browser, "mutation { act }")).json()["data"] == {"act": "done"}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "QUERY"])
async def test_other_methods_are_refused(browser: httpx.AsyncClient, method: str) -> None:
    response = await browser.request(method, "/graphql", params={"query": "{ __typename }"})
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"
    assert "access-control-allow-origin" not in response.headers


async def test_a_subscription_is_sent_elsewhere(browser: httpx.AsyncClient) -> None:
    response = await ask(browser, "subscription { happened }")
    assert (response.status_code, code(response)) == (400, "SUBSCRIPTION_NEEDS_WEBSOCKET")


@pytest.mark.parametrize(
    ("query", "variables", "refused_with"),
    [
        ("{", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ gone }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($n: Int!) { viewer { pupils(first: $n) { totalCount } } }", {}, "BAD_VARIABLE"),
        ("query ($n: Int) { viewer { pupils(first: $n) { totalCount } } }", {"n": "SECRET"}, "BAD_VARIABLE"),
        ("{ viewer { pupils(first: 900) { totalCount } } }", {}, "PAGE_TOO_LARGE"),
    ],
)
async def test_a_document_that_is_refused_has_the_status_of_its_media_type(
    browser: httpx.AsyncClient, query: str, variables: dict[str, Any], refused_with: str
) -> None:
    response = await ask(browser, query, variables=variables)
    assert (response.status_code, code(response)) == (400, refused_with)
    assert "data" not in response.json()
    assert "SECRET" not in response.text
    plain = await ask(browser, query, {"accept": "application/json"}, variables=variables)
    assert plain.status_code == 200
    assert plain.json() == response.json()


async def test_a_page_of_another_site_cannot_post(browser: httpx.AsyncClient) -> None:
    """What a browser sends for another site without asking first is refused, and what it asks first is not allowed."""
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        headers = {"content-type": content_type, "origin": "https://elsewhere.example"}
        response = await browser.post("/graphql", content=b'{"query": "mutation { act }"}', headers=headers)
        assert response.status_code == 415
    preflight = {
        "origin": "https://elsewhere.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, content-type",
    }
    response = await browser.options("/graphql", headers=preflight)
    assert response.status_code == 405
    assert not [name for name in response.headers if name.startswith("access-control")]


# --- what is answered --------------------------------------------------------------------------------------------


async def test_every_answer_says_what_it_cost(browser: httpx.AsyncClient) -> None:
    response = await ask(
        browser, "query ($n: Int) { viewer { pupils(first: $n) { nodes { id } } } }", variables={"n": 4}
    )
    assert response.json()["extensions"] == {"cost": 3 + 4}


async def test_what_was_hidden_is_counted_beside_the_answer(browser: httpx.AsyncClient) -> None:
    assert (await ask(browser, "{ hidden }")).json() == {
        "data": {"hidden": None},
        "extensions": {"cost": 1, "hidden": {"Query.hidden": 1}},
    }


async def test_an_answer_is_stored_by_nobody_and_guessed_by_nobody(browser: httpx.AsyncClient) -> None:
    for response in (await ask(browser, WHO), await ask(browser, "{"), await browser.put("/graphql")):
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"


async def test_a_request_id_is_ours_and_not_the_clients(browser: httpx.AsyncClient) -> None:
    told = [await ask(browser, WHO, {"x-request-id": "mine"}) for _ in range(2)]
    ids = {response.headers["x-request-id"] for response in told}
    assert len(ids) == 2
    assert all(re.fullmatch("[0-9a-f]{24}", one) for one in ids)


@pytest.mark.parametrize("accept", [GRAPHQL, "application/json"])
async def test_an_unexpected_error_tells_its_id_and_nothing_else(browser: httpx.AsyncClient, accept: str) -> None:
    response = await ask(browser, "{ broken }", {"accept": accept})
    assert response.status_code == 500
    request_id = response.headers["x-request-id"]
    assert response.json() == {
        "errors": [
            {"message": "Unexpected error.", "extensions": {"code": "UNEXPECTED", "requestId": request_id}},
        ]
    }


async def test_an_error_of_a_field_is_told_by_its_code_alone(browser: httpx.AsyncClient) -> None:
    response = await ask(browser, "{ contact }")
    assert response.status_code == 200
    assert NUMBER not in response.text
    known, unknown, unheard_of = response.json()["errors"]
    assert unheard_of == unknown
    assert known == {
        "message": "The contact register does not answer just now.",
        "path": ["contact"],
        "extensions": {"code": "CONTACTS_OUT_OF_REACH"},
    }
    assert unknown["message"] == "Unexpected error."
    assert unknown["extensions"]["requestId"] == response.headers["x-request-id"]


@pytest.mark.parametrize(
    ("accepted", "told"),
    [
        ("nb-NO,nb;q=0.9,en;q=0.8", "Uventet feil."),
        ("no", "Uventet feil."),
        ("nn-NO", "Uventa feil."),
        ("en", "Unexpected error."),
        ("de, nn;q=0.3, nb;q=0.2", "Uventa feil."),
        ("nb;q=0", "Unexpected error."),
        ("*", "Unexpected error."),
        ("", "Unexpected error."),
        (";;,q=,\x7f", "Unexpected error."),
    ],
)
async def test_people_are_told_in_their_language(browser: httpx.AsyncClient, accepted: str, told: str) -> None:
    response = await ask(browser, "{ broken }", {"accept-language": accepted})
    assert response.json()["errors"][0]["message"] == told
    assert code(response) == "UNEXPECTED"


async def test_limits_are_told_in_the_language_with_their_numbers(browser: httpx.AsyncClient) -> None:
    response = await ask(browser, "{ viewer { pupils(first: 900) { totalCount } } }", {"accept-language": "nn"})
    assert response.json()["errors"][0]["message"] == "Det er bede om ei side på 900, og grensa er 500."


def test_every_text_is_there_in_three_languages() -> None:
    for code, texts in TEXTS.items():
        assert set(texts) == {"en", "nb", "nn"}, code
        names = {tuple(sorted(re.findall(r"\{(\w+)\}", one))) for one in texts.values()}
        assert len(names) == 1, code


def test_a_long_language_header_is_read_no_further_than_it_is_sensible() -> None:
    assert language_of("x," * 100_000 + "nb") == "en"


# --- limits of time and size -------------------------------------------------------------------------------------


async def test_a_body_that_is_too_large_is_refused(browser: httpx.AsyncClient) -> None:
    body = b'{"query": "{ __typename }", "variables": {"a": "' + b"x" * 300_000 + b'"}}'
    response = await browser.post("/graphql", content=body, headers=JSON)
    assert (response.status_code, code(response)) == (413, "BODY_TOO_LARGE")

    async def streamed() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 10_000):
            yield body[start : start + 10_000]

    response = await browser.post("/graphql", content=streamed(), headers=JSON)
    assert (response.status_code, code(response)) == (413, "BODY_TOO_LARGE")


async def test_an_operation_that_takes_too_long_is_stopped(tmp_path: Path, vault: Vault) -> None:
    async with small_edge(tmp_path, vault, limits=EdgeLimits(seconds=0.2)) as edge, client(edge) as asking:
        response = await ask(asking, "{ slow }", edge.bearer())
        assert (response.status_code, code(response)) == (503, "TIMEOUT")
        assert edge.engine.cancelled.is_set()


async def test_a_client_that_leaves_stops_its_work(edge: SmallEdge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.graphql_http.log", structlog.get_logger())
    with structlog.testing.capture_logs() as logs:
        async with running(edge) as (address, _), httpx.AsyncClient(base_url=address) as asking:
            request = asyncio.create_task(ask(asking, "{ slow }", edge.bearer()))
            await edge.engine.begun.wait()
            await asyncio.sleep(0.2)
            assert not edge.engine.cancelled.is_set()
            request.cancel()
            await asyncio.wait_for(edge.engine.cancelled.wait(), 5)
    assert [entry["status"] for entry in logs if entry["event"] == "request"] == [499]


async def test_a_client_that_leaves_while_it_sends_does_no_harm(edge: SmallEdge) -> None:
    async with running(edge) as (address, _):
        host, port = address.removeprefix("http://").split(":")
        _reader, writer = await asyncio.open_connection(host, int(port))
        token = edge.token()
        writer.write(
            f"POST /graphql HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n"
            "content-type: application/json\r\ncontent-length: 100\r\n\r\n{".encode()
        )
        await writer.drain()
        writer.close()
        async with httpx.AsyncClient(base_url=address) as asking:
            assert (await ask(asking, WHO, edge.bearer())).status_code == 200


async def test_a_client_that_sends_slowly_is_not_waited_for(tmp_path: Path, vault: Vault) -> None:
    async with (
        small_edge(tmp_path, vault, limits=EdgeLimits(seconds_to_send=0.2)) as edge,
        running(edge) as (address, _),
    ):
        host, port = address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"POST /graphql HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {edge.token()}\r\n"
            "content-type: application/json\r\ncontent-length: 100\r\n\r\n{".encode()
        )
        told = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        assert told.startswith(b"HTTP/1.1 408 ")
        assert b"BODY_TOO_SLOW" in told


async def test_a_server_that_stops_finishes_what_is_under_way(edge: SmallEdge, monkeypatch: pytest.MonkeyPatch) -> None:
    sleep = asyncio.sleep
    monkeypatch.setattr("tests.edge.asyncio.sleep", lambda seconds: sleep(0.5 if seconds == 30 else seconds))
    async with running(edge) as (address, server), httpx.AsyncClient(base_url=address) as asking:
        request = asyncio.create_task(ask(asking, "{ slow }", edge.bearer()))
        await edge.engine.begun.wait()
        server.should_exit = True
        assert (await request).json()["data"] == {"slow": None}


# --- logs --------------------------------------------------------------------------------------------------------


async def test_a_log_tells_of_the_request_and_not_of_the_person(
    edge: SmallEdge, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A logger that has been used keeps the form it had then.
    monkeypatch.setattr("server.graphql_http.log", structlog.get_logger())
    with structlog.testing.capture_logs() as logs:
        response = await ask(
            browser,
            'query Kari($ids: [ID!]!) { nodes(ids: $ids) { id } node(id: "LITERAL") { id } }',
            variables={"ids": ["VARIABLE"]},
            operationName="Kari",
        )
        await ask(browser, "{ broken }", {"user-agent": "VARIABLE"})
        await ask(browser, "{ contact }")
        await browser.get("/graphql", params={"query": "{ viewer(a: LITERAL) }"})
    assert response.status_code == 200
    written = json.dumps(logs, default=repr)
    for secret in (
        "LITERAL",
        "VARIABLE",
        "Kari",
        NUMBER,
        edge.vault.keyed_hash(NUMBER, "national_id").hex(),
        "127.0.0.1",
    ):
        assert secret not in written
    first = logs[0]
    assert first["request"] == response.headers["x-request-id"]
    assert (first["status"], first["kind"], first["cost"]) == (200, "query", 4)
    assert first["bytes_out"] == len(response.content)
    assert re.fullmatch("[0-9a-f]{16}", first["operation"])
    broken = next(entry for entry in logs if entry["event"] == "unexpected")
    assert broken["raised"] == ["ValueError"]
    assert any("edge.py" in place for place in broken["places"])


def test_an_exception_of_a_library_is_logged_without_its_text() -> None:
    def fail() -> None:
        try:
            raise KeyError(NUMBER)
        except KeyError as first:
            raise ValueError(NUMBER) from first

    with pytest.raises(ValueError, match=NUMBER) as caught:
        fail()
    told = (caught.type, caught.value, caught.tb)
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", (), told)
    event = without_exception_text(None, "error", {"event": "failed", "_record": record})
    assert event["raised"] == ["ValueError", "KeyError"]
    assert record.exc_info is None
    assert NUMBER not in json.dumps(event, default=lambda _: "")


# --- health, clock, development login ----------------------------------------------------------------------------


async def test_health_needs_no_token_and_follows_the_database(tmp_path: Path, vault: Vault) -> None:
    broken: list[bool] = []

    def check() -> None:
        if broken:
            raise OSError(NUMBER)

    async with small_edge(tmp_path, vault, check=check) as edge, client(edge) as asking:
        assert (await asking.get("/livez")).json() == {"status": "alive"}
        assert (await asking.get("/readyz")).json() == {"status": "ready"}
        broken.append(True)
        response = await asking.get("/readyz", headers={"accept-language": "nb"})
        assert (response.status_code, response.json()["message"]) == (503, "Databasen svarer ikke.")
        assert NUMBER not in response.text
        assert (await asking.get("/livez")).status_code == 200


async def test_a_set_day_is_the_day_of_every_request(tmp_path: Path, vault: Vault) -> None:
    async with small_edge(tmp_path, vault, day=dt.date(2024, 2, 29)) as edge, client(edge) as asking:
        day = (await ask(asking, WHO, edge.bearer())).json()["data"]["viewer"]["day"]
        assert day in {"2024-02-28", "2024-02-29"}  # told in UTC, an hour behind
    assert Clock(dt.date(2024, 2, 29)).today() == dt.date(2024, 2, 29)


PERSONAS = [
    {
        "id": "kari",
        "title": "Kari",
        "about": "Guardian",
        "number": NUMBER,
        "login": "private",
        "query": "{ viewer { day } }",
    }
]


@pytest.fixture
async def page(edge: SmallEdge) -> AsyncIterator[httpx.AsyncClient]:
    """The development login's own page."""
    (edge.folder / "personas.json").write_text(json.dumps(PERSONAS))
    async with client(edge) as made:
        yield made


async def test_a_persona_gets_a_token_and_its_number_stays_here(
    edge: SmallEdge, page: httpx.AsyncClient, vault: Vault
) -> None:
    listed = await page.get("/dev/personas")
    assert listed.json() == [{key: value for key, value in PERSONAS[0].items() if key != "number"}]
    assert NUMBER not in listed.text
    own = {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}
    response = await page.post("/dev/token", json={"persona": "kari"}, headers=own)
    assert response.headers["cache-control"] == "no-store"
    token = response.json()["token"]
    viewer = (await ask(page, WHO, {"authorization": f"Bearer {token}"})).json()["data"]["viewer"]
    assert viewer["number"] == vault.keyed_hash(NUMBER, "national_id").hex()
    assert (viewer["private"], viewer["employee"]) == (True, False)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://localhost:8000"},
        {"host": "elsewhere.example"},
        {"host": "elsewhere.example:8000", "origin": "http://elsewhere.example:8000"},
        {"host": "127.0.0.1.elsewhere.example:8000"},
        {"host": ""},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
    ],
)
async def test_a_page_of_another_site_gets_no_token(page: httpx.AsyncClient, headers: dict[str, str]) -> None:
    response = await page.post("/dev/token", content=b'{"persona": "kari"}', headers=JSON | headers)
    assert (response.status_code, code(response)) == (403, "FORBIDDEN_ORIGIN")


@pytest.mark.parametrize("host", ["elsewhere.example", "elsewhere.example:8000", "127.0.0.1.elsewhere.example"])
async def test_a_name_made_to_point_here_does_not_see_the_personas(page: httpx.AsyncClient, host: str) -> None:
    assert (await page.get("/dev/personas", headers={"host": host})).status_code == 403


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "127.9.9.9"])
async def test_this_machine_by_its_own_names_sees_the_personas(page: httpx.AsyncClient, host: str) -> None:
    assert (await page.get("/dev/personas", headers={"host": host})).status_code == 200


@pytest.mark.parametrize("body", [b"", b"[]", b'{"persona": 1}', b"{}", b"x" * 5000, b"\xff"])
async def test_a_persona_is_asked_for_by_its_name(page: httpx.AsyncClient, body: bytes) -> None:
    assert (await page.post("/dev/token", content=body, headers=JSON)).status_code == 400
    response = await page.post("/dev/token", json={"persona": "nobody"})
    assert (response.status_code, code(response)) == (404, "PERSONA_NOT_FOUND")
    assert (await page.get("/dev/token")).status_code == 405


async def test_without_the_development_login_there_is_no_such_thing(tmp_path: Path, vault: Vault) -> None:
    async with small_edge(tmp_path, vault, settings=Settings()) as edge, client(edge) as asking:
        assert (await asking.get("/dev/personas")).status_code == 404
        assert (await asking.post("/dev/token", json={"persona": "kari"})).status_code == 404
        assert (await ask(asking, WHO, edge.bearer())).status_code == 401


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "innsyn.example", "localhost.example", ""])
def test_the_development_login_is_refused_where_others_reach_it(host: str) -> None:
    with pytest.raises(DevelopmentLoginRefused):
        check_host(host)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.53", "::1"])
def test_the_development_login_is_let_on_loopback(host: str) -> None:
    check_host(host)
