"""The development login: whoever sits at this machine may ask as any persona of the demo.

It exists only where INNSYN_DEV_LOGIN=1 and only on loopback. A page of another site that the browser shows could reach
loopback too; so the Host must be loopback's (a name that was made to point here is refused), and a token is given only
to a JSON request of the server's own origin, which no other site's page can send.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.texts import language_of, text
from server.tokens import Login, issue_development_token

TTL = dt.timedelta(hours=8)
MOST_BYTES = 2_000
SHOWN = ("id", "title", "about", "login", "query")
"""Of a persona; its number stays here."""
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class DevelopmentLoginRefused(Exception):
    """The development login is on, and the server was to listen where others than this machine reach it."""


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_host(host: str) -> None:
    """Raises DevelopmentLoginRefused for a host that is not loopback's."""
    if not is_loopback(host):
        raise DevelopmentLoginRefused(
            f"INNSYN_DEV_LOGIN=1 lets anyone ask as anyone, so the server listens on loopback only, not on {host}"
        )


def development_routes(folder: Path, municipality: str | None) -> list[Route]:
    """`GET /dev/personas` lists `personas.json` of the data folder, `POST /dev/token` takes {"persona": id} and gives
    {"token"} for it, in the municipality of the demo."""

    async def personas(request: Request) -> Response:
        if not from_here(request):
            return refusal(request, 403, "FORBIDDEN_ORIGIN")
        shown = [{key: persona.get(key) for key in SHOWN} for persona in read_personas(folder)]
        return JSONResponse(shown, headers=HEADERS)

    async def token(request: Request) -> Response:
        if not (from_here(request) and from_own_page(request)):
            return refusal(request, 403, "FORBIDDEN_ORIGIN")
        wanted = await wanted_persona(request)
        if wanted is None:
            return refusal(request, 400, "BAD_REQUEST")
        for persona in read_personas(folder):
            place = persona.get("municipality") or municipality
            if persona["id"] == wanted and place is not None:
                login: Login = persona["login"]
                issued = issue_development_token(folder, persona["number"], place, login, TTL)
                return JSONResponse({"token": issued, "seconds": int(TTL.total_seconds())}, headers=HEADERS)
        return refusal(request, 404, "PERSONA_NOT_FOUND")

    return [Route("/dev/personas", personas), Route("/dev/token", token, methods=["POST"])]


def read_personas(folder: Path) -> list[dict[str, Any]]:
    """The personas of the demo, in its order; none where there was no demo."""
    try:
        told = json.loads((folder / "personas.json").read_text("utf-8"))
    except FileNotFoundError:
        return []
    return [persona for persona in told if isinstance(persona, dict)]


def from_here(request: Request) -> bool:
    """Whether the request names this machine by a loopback name, and no other site's page sent it."""
    host, _, _port = request.headers.get("host", "").rpartition(":")
    host = host or request.headers.get("host", "")
    if not is_loopback(host.strip("[]")):
        return False
    return request.headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}


def from_own_page(request: Request) -> bool:
    """Whether a post comes from the server's own page, or from no page at all, as curl's does."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    origin = request.headers.get("origin")
    return media_type == "application/json" and origin in {None, f"http://{request.headers.get('host')}"}


async def wanted_persona(request: Request) -> str | None:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return None
    try:
        told = json.loads(body)
    except ValueError:
        return None
    wanted = told.get("persona") if isinstance(told, Mapping) else None
    return wanted if isinstance(wanted, str) else None


def refusal(request: Request, status: int, code: str) -> Response:
    language = language_of(request.headers.get("accept-language", ""))
    told = {"errors": [{"message": text(code, language), "extensions": {"code": code}}]}
    return JSONResponse(told, status, headers=HEADERS)
