"""A contact register for the demo: a small HTTP server on loopback that answers as KRR does, about people made up.

It reads `contacts.json` of the data folder: {number: {"email", "mobile", "reserved", "status"}}, all but the number
optional. Whoever is not in it is answered as KRR answers about people it does not know.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CONFIRMED = "2026-08-01T09:00:00+02"
"""KRR writes offsets without minutes; so does this."""
MOST = 1000


def contact_register(contacts: Mapping[str, Mapping[str, Any]]) -> Starlette:
    """The register as an ASGI application."""

    async def people(request: Request) -> Response:
        try:
            asked = (await request.json())["personidentifikatorer"]
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"feilmelding": "personidentifikatorer mangler"}, 400)
        if not isinstance(asked, list) or not 1 <= len(asked) <= MOST:
            return JSONResponse({"feilmelding": "personidentifikatorer: 1 til 1000"}, 400)
        return JSONResponse({"personer": [person(str(number), contacts.get(str(number))) for number in asked]})

    return Starlette(routes=[Route("/rest/v2/personer", people, methods=["POST"])])


def person(number: str, known: Mapping[str, Any] | None) -> dict[str, Any]:
    status = (known or {}).get("status", "AKTIV" if known is not None else "IKKE_REGISTRERT")
    told: dict[str, Any] = {"personidentifikator": number, "status": status, "varslingsstatus": "KAN_IKKE_VARSLES"}
    if known is None or status == "IKKE_REGISTRERT":
        return told
    told["reservasjon"] = "JA" if known.get("reserved") else "NEI"
    told["spraak"] = "nb"
    if status != "AKTIV":
        return told
    contact: dict[str, Any] = {}
    if email := known.get("email"):
        contact |= {"epostadresse": email, "epostadresse_oppdatert": CONFIRMED, "epostadresse_duplisert": "NEI"}
    if mobile := known.get("mobile"):
        contact |= {"mobiltelefonnummer": mobile, "mobiltelefonnummer_oppdatert": CONFIRMED}
    told["kontaktinformasjon"] = contact
    if contact and not known.get("reserved"):
        told["varslingsstatus"] = "KAN_VARSLES"
    return told


@contextmanager
def running_contact_register(file: Path) -> Iterator[str]:
    """Runs the register in a thread for as long as the block lasts; gives its address, down to before `/rest`."""
    contacts = json.loads(file.read_text("utf-8"))
    config = uvicorn.Config(
        contact_register(contacts), host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    listening = config.bind_socket()
    # The thread listens later than whoever is given the address may ask; until it accepts, they wait.
    listening.listen()
    thread = threading.Thread(target=server.run, args=([listening],), name="contact register", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=5)
        listening.close()
