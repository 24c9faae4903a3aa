"""Errors provoked on purpose, each with canaries of others in it: none of them may come back, or reach a log.

A finding here is an echo: whoever asked knew the value, but a proxy, a crash report or a colleague's screen need not.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote

from tests.leakhunt.operations import Pool
from tests.leakhunt.wire import TYPED, Operation


@dataclass
class Asked:
    """A request as it stands; over a websocket or a stream of events where it is an operation alone."""

    name: str
    operation: Operation | None = None
    method: str = "POST"
    path: str = "/graphql"
    more: dict[str, Any] = field(default_factory=dict)
    signed_in: bool = True


def documents(token: str, text: str, random: Random) -> dict[str, tuple[str, dict[str, Any]]]:
    """Documents that are refused, or fields of theirs. `token` can be a name; `text` is any canary."""
    quoted, circle = json.dumps(text), f"{{ ...{token} }}"
    return {
        "unknown field": (f"{{ viewer {{ {token} }} }}", {}),
        "field with a slip": ("{ viewer { childrn { nam } } }", {}),
        "field inside a scalar": (f"{{ viewer {{ municipality {{ {token} }} }} }}", {}),
        "unknown argument": (f"{{ viewer {{ pupils({token}: {quoted}) {{ totalCount }} }} }}", {}),
        "unknown directive": (f"{{ viewer @{token} {{ municipality }} }}", {}),
        "unknown type": (f"{{ viewer {{ person {{ ... on {token} {{ id }} }} }} }}", {}),
        "unknown fragment": (f"{{ viewer {{ ...{token} }} }}", {}),
        "unknown variable": (f"{{ node(id: ${token}) {{ id }} }}", {}),
        "unused variable": (f"query (${token}: Int) {{ viewer {{ municipality }} }}", {}),
        "unused fragment": (f"{{ viewer {{ municipality }} }} fragment {token} on Viewer {{ municipality }}", {}),
        "fragments in a circle": (
            f"{{ viewer {{ ...{token} }} }} fragment {token} on Viewer {{ ...b }} fragment b on Viewer {circle}",
            {},
        ),
        "enum that is none": (
            f'{{ viewer {{ children {{ photoUseAllowed(purpose: {token}, unitId: "x") {{ allowed }} }} }} }}',
            {},
        ),
        "text for a number": (f"{{ viewer {{ pupils(first: {quoted}) {{ totalCount }} }} }}", {}),
        "text for an object": (f"{{ recipientPreview(input: {quoted}) {{ threads }} }}", {}),
        "field of an input that is none": (f"{{ recipientPreview(input: {{{token}: {quoted}}}) {{ threads }} }}", {}),
        "date that is none": (
            f"{{ viewer {{ units {{ absences(on: {quoted}) {{ totalCount }} }} }} }}",
            {},
        ),
        "object for an id": (f"{{ node(id: {{{token}: 1}}) {{ id }} }}", {}),
        "syntax": (f"{{ viewer {{ {quoted} }}", {}),
        "syntax in a name": (f"{{ viewer {{ {token}! }} }}", {}),
        "unfinished text": (f'{{ node(id: "{token}) {{ id }} }}', {}),
        "two operations": (
            f"query {token} {{ viewer {{ municipality }} }} query b {{ viewer {{ municipality }} }}",
            {},
        ),
        "same names apart": (
            "{ viewer { municipality municipality: unreadCount } }",
            {},
        ),
        "too many aliases": ("{ viewer { " + " ".join(f"{token}{n}: municipality" for n in range(80)) + " } }", {}),
        "too deep": ("{ viewer { children { " + "guardians { children { " * 9 + token + " } }" * 9 + " } } }", {}),
        "too long": (f"{{ viewer {{ municipality }} }} # {token * 2500}", {}),
        "too many tokens": ("{ viewer { " + f"{token} " * 2500 + "} }", {}),
        "number variable": ("query ($n: Int) { viewer { pupils(first: $n) { totalCount } } }", {"n": text}),
        "enum variable": (
            "query ($p: PhotoPurpose!) { viewer { children { photoUseAllowed(purpose: $p, unitId: 1) { allowed } } } }",
            {"p": token},
        ),
        "date variable": ("query ($d: Date) { viewer { units { absences(on: $d) { totalCount } } } }", {"d": text}),
        "id variable that is an object": ("query ($i: ID!) { node(id: $i) { id } }", {"i": {token: text}}),
        "input variable with more": (
            "query ($i: RecipientPreviewInput!) { recipientPreview(input: $i) { threads } }",
            {"i": {token: text}},
        ),
        "input variable that is a text": (
            "query ($i: RecipientPreviewInput!) { recipientPreview(input: $i) { threads } }",
            {"i": text},
        ),
        "variable that is missing": ("query ($i: ID!) { node(id: $i) { id } }", {token: text}),
        "id that is no id": (
            "query ($i: ID!) { node(id: $i) { id } explainAccess(node: $i) { visible } }",
            {"i": text},
        ),
        "cursor that is none": (
            "query ($c: String) { viewer { pupils(first: 1, after: $c) { totalCount } } }",
            {"c": text},
        ),
        "page too large": ("query ($n: Int) { viewer { pupils(first: $n) { totalCount } } }", {"n": 100_000_000}),
        "page below zero": (
            "query ($c: String) { viewer { pupils(first: -1, before: $c) { totalCount } } }",
            {"c": text},
        ),
        "mutation with more": (
            "mutation ($i: SendMessageInput!) { sendMessage(input: $i) { problems { code details } } }",
            {"i": {"threadId": text, "body": text, "idempotencyKey": text, token: text}},
        ),
        "mutation of nothing": (
            "mutation ($i: SendMessageInput!) { sendMessage(input: $i) { problems { code message field details } } }",
            {"i": {"threadId": text, "body": f"Gjelder {text}", "idempotencyKey": text}},
        ),
        "act with a number": (
            "mutation ($i: SetBlockInput!) { setBlock(input: $i) { problems { code message field details } } }",
            {"i": {"childId": text, "nationalId": text, "name": text, "reason": text, "idempotencyKey": text}},
        ),
        "subscription to nothing": (
            "subscription ($t: ID) { messageReceived(threadId: $t) { id } inboxChanged { unreadCount } }",
            {"t": text},
        ),
        "subscription to what is none": (f"subscription {{ {token} }}", {}),
        "introspection of what is none": (f"{{ __type(name: {quoted}) {{ name fields {{ name }} }} }}", {}),
    }


def requests(token: str, text: str, pool: Pool, random: Random) -> dict[str, Callable[[], Asked]]:
    """Requests that are no GraphQL requests by the book."""
    body = {"query": "{ viewer { municipality } }", "variables": {"a": text}}
    closing = f"mutation {{ closeNeedCase(input: {{caseId: {json.dumps(text)}}}) {{ problems {{ code }} }} }}"
    ticket = quote(random.choice(pool.urls) if pool.urls and random.random() < 0.7 else f"/attachments/{token}", "/")

    def raw(name: str, content: bytes | str, **headers: str) -> Asked:
        told = {"content": content, "headers": {**TYPED, **{one.replace("_", "-"): v for one, v in headers.items()}}}
        return Asked(name, more=told)

    def file(name: str, shown: str, data: bytes, kind: str) -> Asked:
        return Asked(name, path="/attachments", more={"files": {"file": (shown, data, kind)}})

    return {
        "broken JSON": lambda: raw("broken JSON", f'{{"query": "{{ viewer {text}'),
        "list": lambda: raw("list", json.dumps([body])),
        "text alone": lambda: raw("text alone", json.dumps(text)),
        "query that is no text": lambda: raw("query that is no text", json.dumps({"query": {token: text}})),
        "variables that are a list": lambda: raw("", json.dumps({**body, "variables": [text]})),
        "extensions": lambda: raw("", json.dumps({**body, "extensions": text})),
        "operation that is not there": lambda: raw("", json.dumps({**body, "operationName": text})),
        "not UTF-8": lambda: raw("", b'{"query": "\xff' + text.encode() + b'"}'),
        "wrong media type": lambda: raw("", text, content_type=f"text/{token}"),
        "wrong charset": lambda: raw("", json.dumps(body), content_type=f"application/json; charset={token}"),
        "wrong encoding": lambda: raw("", json.dumps(body), content_encoding=token),
        "unacceptable": lambda: raw("", json.dumps(body), accept=f"text/{token}"),
        "language": lambda: raw("", json.dumps({"query": f"{{ {token} }}"}), accept_language=token),
        "request id of one's own": lambda: raw("", json.dumps(body), x_request_id=token),
        "forwarded": lambda: raw("", json.dumps(body), x_forwarded_for=token, cookie=f"a={token}", forwarded=token),
        "another's token": lambda: Asked(
            "", more={"json": body, "headers": {"authorization": f"Bearer {token}.{token}.x"}}, signed_in=False
        ),
        "basic": lambda: Asked(
            "", more={"json": body, "headers": {"authorization": f"Basic {token}"}}, signed_in=False
        ),
        "nobody": lambda: Asked("", more={"json": {"query": f"{{ {token} }}"}}, signed_in=False),
        "other method": lambda: Asked(
            "", method=random.choice(("PUT", "DELETE", "OPTIONS", "PATCH", "HEAD")), more={"headers": {"x-a": token}}
        ),
        "GET": lambda: Asked(
            "",
            method="GET",
            more={"params": {"query": "{ viewer { " + token + " } }", "variables": json.dumps({"a": text})}},
        ),
        "GET that is broken": lambda: Asked(
            "", method="GET", more={"params": {"query": "{ viewer { municipality } }", "variables": text, token: text}}
        ),
        "mutation by GET": lambda: Asked("", method="GET", more={"params": {"query": closing}}),
        "address too long": lambda: Asked("", method="GET", more={"params": {"query": token * 4000}}),
        "body too large": lambda: raw("", json.dumps({**body, "variables": {"a": token * 40_000}})),
        "path": lambda: Asked("", method="GET", path=f"/{quote(text)}"),
        "path below": lambda: Asked("", method="GET", path=f"/graphql/{quote(text)}"),
        "health": lambda: Asked(
            "", method="GET", path=random.choice(("/livez", "/readyz", "/healthz", "/metrics", "/", "/dev/personas"))
        ),
        "persona": lambda: Asked("", path="/dev/token", more={"json": {"persona": text}}),
        "ticket": lambda: Asked("", method="GET", path=ticket),
        "ticket of nothing": lambda: Asked("", method="GET", path=f"/attachments/{quote(text)}"),
        "file of a wrong type": lambda: file("", f"{token}.exe", text.encode(), "application/x-msdownload"),
        "file that is none": lambda: file("", f"{token}.pdf", text.encode(), "application/pdf"),
        "no file": lambda: Asked("", path="/attachments", more={"files": {token: (token, b"x", "text/plain")}}),
        "form that is broken": lambda: Asked(
            "",
            path="/attachments",
            more={"content": text.encode(), "headers": {"content-type": f"multipart/form-data; boundary={token}"}},
        ),
        "no form": lambda: Asked(
            "", path="/attachments", more={"content": text.encode(), "headers": {"content-type": "text/plain"}}
        ),
    }


def provoke(planted: list[str], names: list[str], pool: Pool, random: Random) -> Asked:
    """One error. `planted`: canaries of others; `names`: those of them that can be a name in a document."""
    token, text = random.choice(names), random.choice(planted)
    if random.random() < 0.6:
        name, (document, variables) = random.choice(list(documents(token, text, random).items()))
        return Asked(name, Operation(document, variables))
    name, made = random.choice(list(requests(token, text, pool, random).items()))
    asked = made()
    asked.name = name
    return asked
