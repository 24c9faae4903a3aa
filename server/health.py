"""Whether the process lives and whether it can answer, for whoever starts and stops it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.logs import described
from server.texts import language_of, text

SECONDS = 3.0
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
log = structlog.get_logger("innsyn.health")


def health_routes(check: Callable[[], Awaitable[None]]) -> list[Route]:
    """`/livez` always answers; `/readyz` only where `check`, which asks the database, raises nothing."""

    async def livez(_request: Request) -> Response:
        return JSONResponse({"status": "alive"}, headers=HEADERS)

    async def readyz(request: Request) -> Response:
        try:
            async with asyncio.timeout(SECONDS):
                await check()
        except Exception as error:  # noqa: BLE001 whatever it is, this process is not ready
            log.warning("not ready", **described(error))
            language = language_of(request.headers.get("accept-language", ""))
            told = {"status": "not ready", "message": text("NOT_READY", language)}
            return JSONResponse(told, 503, headers=HEADERS)
        return JSONResponse({"status": "ready"}, headers=HEADERS)

    return [Route("/livez", livez), Route("/readyz", readyz)]
