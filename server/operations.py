"""Operations whose answers go out over a connection that stays open: what websockets and event streams share."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import structlog
from sqlalchemy.exc import DBAPIError

from authz.viewer import Viewer
from resolvers.engine.documents import Prepared
from resolvers.engine.limits import refusal
from resolvers.live import Live
from server.clock import Clock
from server.graphql_http import QUERY_CANCELED, Answer, Executes
from server.logs import described
from server.settings import EdgeLimits
from server.texts import Language, met
from server.tokens import Tokens

log = structlog.get_logger("innsyn.live")


class TooManyConnections(Exception):
    """Of this viewer, or of this process."""


@dataclass
class Operations:
    engine: Executes
    tokens: Tokens
    clock: Clock
    limits: EdgeLimits
    live: Live | None = None
    origins: tuple[str, ...] = ()
    """Besides its own, those whose pages may open a connection."""
    open_connections: int = 0
    by_viewer: Counter[Viewer] = field(default_factory=Counter)

    # --- connections ------------------------------------------------------------------------------------------------

    def may_come_from(self, origin: str | None, host: str) -> bool:
        """Whether a page of that origin may open a connection; what is no browser names none."""
        if origin is None or origin in self.origins:
            return True
        parts = urlsplit(origin)
        return bool(host) and parts.scheme in {"http", "https"} and parts.netloc == host

    def arrive(self, viewer: Viewer) -> None:
        """Raises TooManyConnections; otherwise `leave` has to follow."""
        if self.by_viewer[viewer] >= self.limits.connections_a_viewer:
            raise TooManyConnections
        self.by_viewer[viewer] += 1

    def leave(self, viewer: Viewer) -> None:
        self.by_viewer[viewer] -= 1
        if self.by_viewer[viewer] <= 0:
            del self.by_viewer[viewer]

    # --- answers ----------------------------------------------------------------------------------------------------

    async def run(self, prepared: Prepared, variables: dict[str, Any], viewer: Viewer, language: Language) -> Any:
        """The answer of a query or a mutation. Raises DocumentRefused, MunicipalityNotHere and TimeoutError."""
        cost = prepared.cost(variables)
        try:
            async with asyncio.timeout(self.limits.seconds):
                answer = await self.engine.run(prepared, variables, viewer, self.clock.now(), language)
        except (asyncpg.QueryCanceledError, DBAPIError) as wrong:
            if isinstance(wrong, DBAPIError) and getattr(wrong.orig, "sqlstate", None) != QUERY_CANCELED:
                raise
            raise TimeoutError from None
        return self.told(answer, cost, language)

    async def events(
        self,
        prepared: Prepared,
        variables: dict[str, Any],
        viewer: Viewer,
        language: Language,
        subscribed: Callable[[], Awaitable[None]] | None = None,
    ) -> AsyncGenerator[dict[str, Any], None]:
        """The events of a subscription, each read when it is asked for. `subscribed` is called when nothing that
        happens from then on is missed. Raises what `run` does, and TooSlow.
        """
        if self.live is None:
            raise refusal("SUBSCRIPTIONS_NOT_AVAILABLE", "There are no subscriptions here.")
        cost = prepared.cost(variables)
        async with self.live.subscribed(prepared, variables, viewer) as subscriber:
            if subscribed is not None:
                await subscribed()
            while True:
                event = await subscriber.next()
                yield self.told(event.answer, cost, language, event.cursor)

    @staticmethod
    def told(answer: Answer, cost: int, language: Language, cursor: str | None = None) -> dict[str, Any]:
        """An answer as it is sent."""
        extensions: dict[str, Any] = {"cost": cost}
        if answer.hidden:
            extensions["hidden"] = answer.hidden
        if cursor is not None:
            extensions["cursor"] = cursor
        if not answer.errors:
            return {"data": answer.data, "extensions": extensions}
        return {"errors": all_met(answer.errors, language), "data": answer.data, "extensions": extensions}


def all_met(errors: Any, language: Language) -> list[Mapping[str, Any]]:
    """Errors met while an operation ran, as a client gets them; what nobody foresaw is logged under the id told."""
    request_id = os.urandom(12).hex()
    for error in errors:
        if isinstance(cause := error.get("exception"), BaseException):
            log.error("unexpected", request=request_id, **described(cause))
    return [met(error, language, request_id) for error in errors]


def unexpected(error: Exception, language: Language) -> list[Mapping[str, Any]]:
    return all_met([{"exception": error}], language)
