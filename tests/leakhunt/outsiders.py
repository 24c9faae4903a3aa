"""Whoever has a good token and is nobody here: a machine client, and a person whom the municipality does not know.

The oracle grants them nothing of anybody. The machine client is called as a leader's Feide subject is: the same word of
another issuer's is somebody else.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

from server.settings import Issuer
from tests.leakhunt.canaries import Mint
from tests.worlds.world import World

MACHINE, UNKNOWN = "machine", "unknown"
ISSUER = "https://maskinporten.example/"
SCOPE = "innsyn:read"


def outsiders_of(world: World, mint: Mint) -> dict[str, str]:
    """By what a token calls them: a consumer, and a number that is nobody's."""
    leaders = (world.people[held.person].subject for held in world.positions if held.role == "LEADER")
    named = next(subject for subject in leaders if subject)
    return {MACHINE: named, UNKNOWN: mint.number(mint.day(dt.date(1980, 1, 1)))}


def audience(municipality: str) -> str:
    return f"https://innsyn.example/{municipality}"


def issuer(municipalities: tuple[str, ...], keys: str) -> Issuer:
    """Of machine clients, whose keys are at an address."""
    return Issuer("maskinporten", ISSUER, keys, {audience(one): one for one in municipalities}, scope=SCOPE)


def claims_of(municipality: str, consumer: str, life: dt.timedelta) -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": ISSUER,
        "aud": audience(municipality),
        "iat": now,
        "exp": now + int(life.total_seconds()),
        "scope": SCOPE,
        "consumer": {"authority": "iso6523-actorid-upis", "ID": consumer},
    }
