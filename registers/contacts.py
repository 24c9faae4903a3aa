"""Phone and e-mail come from KRR, the common contact and reservation register, at the moment somebody asks for them.

KRR's terms forbid keeping them: nothing here stores, caches or logs a contact, and a failure carries none. What KRR
sends is read with tolerance: unknown keys, people it does not know, and times such as `2023-06-13T13:42:34+02`.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Protocol, Self
from urllib.parse import urlsplit

import httpx

from registers.instants import NotADay, read_instant

PATH = "/rest/v2/personer"
CHUNK = 1000
"""KRR takes no more numbers in one call, and one call with all of them is much faster than one for each."""
SECONDS = 3.0
SECONDS_TO_CONNECT = 1.0
FAILURES = 3
"""After so many in a row, KRR is left alone for a while, so that a page is not slow for a field it can do without."""
REST = 30.0
"""Seconds that it is left alone."""

LOOPBACK = {"localhost", "127.0.0.1", "::1"}

Status = Literal["AKTIV", "SLETTET", "IKKE_REGISTRERT"]


class ContactRegisterNotAvailable(Exception):
    """KRR does not answer, or not in its format. Names no person and quotes no answer."""

    code = "CONTACTS_OUT_OF_REACH"


@dataclass(frozen=True, slots=True)
class ContactRecord:
    """What KRR says of one person, now."""

    email: str | None = None
    mobile: str | None = None
    reserved: bool = False
    """Against letters and decisions in digital form; messages may still be announced."""
    status: Status = "IKKE_REGISTRERT"
    notifiable: bool = False
    """KRR's `varslingsstatus`: whether the contact is fresh enough for letters of legal weight."""
    language: str | None = None
    """nb, nn, en or se."""
    email_confirmed_at: dt.datetime | None = None
    mobile_confirmed_at: dt.datetime | None = None

    def __repr__(self) -> str:
        return "ContactRecord(...)"  # it must not reach a log by way of an exception


class ContactDirectory(Protocol):
    """Where contacts are asked for."""

    async def look_up(self, numbers: Sequence[str]) -> dict[str, ContactRecord]:
        """What is known of each national identity number; a number that is not known may be missing.

        Raises ContactRegisterNotAvailable.
        """


class NoContacts:
    """Where no contact register is set up: nobody is known."""

    async def look_up(self, numbers: Sequence[str]) -> dict[str, ContactRecord]:  # noqa: ARG002 the port's signature
        return {}


class Krr:
    """A client of KRR's `personer`, to be used as an async context manager."""

    def __init__(
        self,
        address: str,
        *,
        bearer: Callable[[], Awaitable[str]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`address` is KRR's down to before `/rest`; `bearer` gives a Maskinporten token of scope
        `krr:global/kontaktinformasjon.read`."""
        self._client = httpx.AsyncClient(
            base_url=address,
            timeout=httpx.Timeout(SECONDS, connect=SECONDS_TO_CONNECT),
            follow_redirects=False,
            # A proxy of the environment leads away from loopback.
            trust_env=urlsplit(address).hostname not in LOOPBACK,
        )
        self._bearer = bearer
        self._clock = clock
        self._failures = 0
        self._rests_until = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def look_up(self, numbers: Sequence[str]) -> dict[str, ContactRecord]:
        wanted = list(dict.fromkeys(numbers))
        found: dict[str, ContactRecord] = {}
        for start in range(0, len(wanted), CHUNK):
            found |= await self._ask(wanted[start : start + CHUNK])
        return found

    async def _ask(self, numbers: list[str]) -> dict[str, ContactRecord]:
        if self._clock() < self._rests_until:
            raise ContactRegisterNotAvailable("left alone for a while")
        try:
            headers = {"authorization": f"Bearer {await self._bearer()}"} if self._bearer is not None else {}
            response = await self._client.post(PATH, json={"personidentifikatorer": numbers}, headers=headers)
            response.raise_for_status()
            found = read_people(response.json(), set(numbers))
        except httpx.HTTPStatusError as error:
            # Its text names the address and its request holds the numbers.
            self._failed()
            raise ContactRegisterNotAvailable(f"answered with status {error.response.status_code}") from None
        except httpx.HTTPError as error:
            self._failed()
            raise ContactRegisterNotAvailable(type(error).__name__) from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            self._failed()
            raise ContactRegisterNotAvailable("did not answer in its format") from None
        self._failures = 0
        return found

    def _failed(self) -> None:
        self._failures += 1
        if self._failures >= FAILURES:
            # One more failure after the rest begins another; a success ends it.
            self._rests_until = self._clock() + REST


def read_people(answer: Any, asked: set[str]) -> dict[str, ContactRecord]:
    """The people of an answer by number; those nobody asked for are left out."""
    people = answer["personer"]
    if not isinstance(people, list):
        raise TypeError("personer")
    return {
        person["personidentifikator"]: read_person(person)
        for person in people
        if person.get("personidentifikator") in asked
    }


def read_person(person: Mapping[str, Any]) -> ContactRecord:
    status = person.get("status")
    contact = person.get("kontaktinformasjon")
    if status != "AKTIV" or not isinstance(contact, dict):
        # Of whoever is deleted or not registered KRR sends no contact; if it did, it would not be one to use.
        contact = {}
    return ContactRecord(
        email=text(contact.get("epostadresse")),
        mobile=text(contact.get("mobiltelefonnummer")),
        reserved=person.get("reservasjon") == "JA",
        status=status if status in {"AKTIV", "SLETTET"} else "IKKE_REGISTRERT",
        notifiable=person.get("varslingsstatus") == "KAN_VARSLES",
        language=text(person.get("spraak")) or text(person.get("sprak")),
        email_confirmed_at=latest(contact, "epostadresse_oppdatert", "epostadresse_sist_verifisert"),
        mobile_confirmed_at=latest(contact, "mobiltelefonnummer_oppdatert", "mobiltelefonnummer_sist_verifisert"),
    )


def text(told: Any) -> str | None:
    return (told.strip() or None) if isinstance(told, str) else None


def latest(contact: Mapping[str, Any], *keys: str) -> dt.datetime | None:
    instants = [instant for key in keys if (instant := confirmed_at(contact.get(key))) is not None]
    return max(instants, default=None)


def confirmed_at(told: Any) -> dt.datetime | None:
    try:
        return read_instant(told) if isinstance(told, str) else None
    except NotADay:
        return None
