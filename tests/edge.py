"""What the tests of the edge stand on: a small schema and an engine of graphql-core, to try the edge alone."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from graphql import GraphQLSchema, build_schema, execute
from starlette.applications import Starlette

from authz.viewer import Viewer
from resolvers.engine.documents import Documents, Prepared
from resolvers.engine.limits import Limits
from server.app import Edge, build_app, connections
from server.clock import Clock
from server.settings import EdgeLimits, Settings
from server.tokens import Login, Tokens, development_key, issue_development_token
from vault import Vault

SDL = """
    type Query {
      viewer: Viewer
      node(id: ID!): Child
      nodes(ids: [ID!]!): [Child]!
      slow: String
      broken: String
      hidden: String
      contact: String
    }
    type Viewer { number: String subject: String municipality: String! private: Boolean! employee: Boolean!
      day: String! children: [Child!]! pupils(first: Int, after: String, last: Int, before: String): ChildConnection! }
    interface Person { name: String! }
    type Child implements Person { id: ID! name: String! guardians: [Guardian!]
      threads(filter: ThreadFilter, first: Int, after: String, last: Int, before: String): ThreadConnection! }
    type Guardian implements Person { name: String! children: [Child!]! }
    type Thread { id: ID! subject: String! }
    input ThreadFilter { unitId: ID unreadOnly: Boolean }
    type ChildConnection { edges: [ChildEdge!]! nodes: [Child!]! totalCount: Int! }
    type ChildEdge { node: Child! cursor: String! }
    type ThreadConnection { nodes: [Thread!]! totalCount: Int! }
    type Mutation { act: String }
    type Subscription { happened: String }
"""
NUMBER = "01817512345"
"""Stands for a number; no register has been asked whether it is one."""
MUNICIPALITY = "999999999"


def schema() -> GraphQLSchema:
    return build_schema(SDL)


@dataclass
class SmallAnswer:
    data: Mapping[str, Any] | None
    errors: list[dict[str, Any]] = field(default_factory=list)
    hidden: dict[str, int] = field(default_factory=dict)


class SmallEngine:
    """Tells who asks, and behaves badly when it is asked to."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.documents = Documents(schema(), limits)
        self.cancelled = asyncio.Event()
        self.begun = asyncio.Event()

    async def run(
        self, prepared: Prepared, variables: Mapping[str, Any], viewer: Viewer, now: dt.datetime, _: str
    ) -> SmallAnswer:
        prepared.values(variables)
        told = {
            "number": viewer.number_hash.hex() if viewer.number_hash else None,
            "subject": " ".join(viewer.subject) if viewer.subject else None,
            "municipality": viewer.municipality,
            "private": viewer.private,
            "employee": viewer.employee,
            "day": now.date().isoformat(),
        }
        text = prepared.document.loc.source.body if prepared.document.loc else ""
        if "slow" in text:
            self.begun.set()
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        if "broken" in text:
            raise ValueError(f"row of {NUMBER}")
        if "contact" in text:
            return SmallAnswer(
                {"contact": None},
                [
                    {"message": NUMBER, "path": ["contact"], "extensions": {"code": "CONTACTS_OUT_OF_REACH"}},
                    {"message": NUMBER, "path": ["contact"], "exception": ValueError(NUMBER)},
                    {"message": NUMBER, "path": ["contact"], "extensions": {"code": NUMBER, "row": NUMBER}},
                ],
            )
        result = execute(
            self.documents.schema,
            prepared.document,
            {"viewer": told, "nodes": [], "act": "done"},
            variable_values=dict(variables),
            operation_name=prepared.operation.name.value if prepared.operation.name else None,
        )
        assert not asyncio.iscoroutine(result)
        hidden = {"Query.hidden": 1} if "hidden" in text else {}
        return SmallAnswer(result.data, [dict(error.formatted) for error in result.errors or ()], hidden)


@dataclass
class SmallEdge:
    """An application of the edge over the small engine, and tokens for it."""

    folder: Path
    vault: Vault
    engine: SmallEngine
    app: Starlette

    def token(self, login: Login = "both", **options: Any) -> str:
        return issue_development_token(self.folder, NUMBER, MUNICIPALITY, login, **options)

    def bearer(self, login: Login = "both") -> dict[str, str]:
        return {"authorization": f"Bearer {self.token(login)}"}


@asynccontextmanager
async def small_edge(
    folder: Path,
    vault: Vault,
    *,
    documents: Limits | None = None,
    limits: EdgeLimits | None = None,
    day: dt.date | None = None,
    check: Callable[[], Any] | None = None,
    settings: Settings | None = None,
) -> AsyncIterator[SmallEdge]:
    """The application with its lifespan running."""
    engine = SmallEngine(documents)
    settings = settings or Settings(edge=limits or EdgeLimits(), development_login=True)

    @asynccontextmanager
    async def open_engine() -> AsyncIterator[SmallEngine]:
        yield engine

    async def ready() -> None:
        if check is not None:
            check()

    key = development_key(folder).public_key() if settings.development_login else None
    app = build_app(
        Edge(
            settings=settings,
            open_engine=open_engine,
            tokens=Tokens(vault, settings.issuers, key),
            clock=Clock(day),
            check=ready,
            development=(folder, MUNICIPALITY) if settings.development_login else None,
        )
    )
    async with app.router.lifespan_context(app):
        yield SmallEdge(folder, vault, engine, app)


def client(edge: SmallEdge) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=edge.app, raise_app_exceptions=False), base_url="http://127.0.0.1:8000"
    )


@asynccontextmanager
async def served(app: Starlette, limits: EdgeLimits | None = None) -> AsyncIterator[tuple[str, uvicorn.Server]]:
    """An application, its lifespan running elsewhere, behind a real server on a port of its own."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=5,
        **connections(limits or EdgeLimits()),
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.suppress
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        task = asyncio.create_task(server.serve([listening]))
        while not server.started:  # noqa: ASYNC110 uvicorn has no event for it
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", server
        finally:
            server.should_exit = True
            await task


def running(edge: SmallEdge) -> contextlib.AbstractAsyncContextManager[tuple[str, uvicorn.Server]]:
    return served(edge.app)
