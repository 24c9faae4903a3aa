"""What the server is told from outside: its limits, the issuers it trusts, where the contact register is.

Everything comes from environment variables that begin with INNSYN_; `docs/limits.md` and `docs/http.md` list them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from resolvers.engine.introspection import Introspection
from resolvers.engine.limits import Limits
from server.s3 import Bucket, BucketNotUsable

IssuerKind = Literal["idporten", "feide", "maskinporten"]
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class SettingsNotUsable(Exception):
    """An environment variable does not hold what it should; the text names it."""


@dataclass(frozen=True)
class EdgeLimits:
    """Limits of a request, before it is a document."""

    body_bytes: int = 256 * 1024
    url_bytes: int = 16 * 1024
    token_bytes: int = 8 * 1024
    seconds: float = 10.0
    """For one operation, the database's work included."""
    seconds_to_send: float = 10.0
    """For a client to send its body."""
    seconds_to_stop: int = 20
    """For what is under way when the server is told to stop."""
    file_bytes: int = 25 * 1024 * 1024
    """Of a file that is uploaded."""
    seconds_idle: float = 10.0
    """That an upload may go without a byte."""
    seconds_to_upload: float = 180.0
    seconds_to_download: float = 180.0
    connections: int = 5_000
    """Websockets and event streams of one process."""
    connections_a_viewer: int = 20
    operations_a_connection: int = 20
    """At once, subscriptions included."""
    seconds_to_begin: float = 10.0
    """For a websocket to say who asks."""
    seconds_to_take: float = 10.0
    """For a client to take what it is sent."""
    seconds_between_pings: float = 20.0
    """Of a websocket; who has not answered after as long is gone."""
    waiting: int = 1_000
    """Messages that wait for one subscription."""
    missed: int = 200
    """Messages that a subscription catches up with."""


@dataclass(frozen=True)
class Issuer:
    """Whose tokens are taken, and what one of them must hold."""

    kind: IssuerKind
    issuer: str
    jwks: str
    audiences: Mapping[str, str]
    """Audience to organisation number: a municipality is its audience, since no sign-in token names it."""
    acr: tuple[str, ...] = ()
    """Levels of which the token must name one."""
    scope: str | None = None
    """What a machine client's token must name."""


@dataclass(frozen=True)
class Settings:
    documents: Limits = field(default_factory=Limits)
    edge: EdgeLimits = field(default_factory=EdgeLimits)
    issuers: tuple[Issuer, ...] = ()
    development_login: bool = False
    origins: tuple[str, ...] = ()
    """Besides the server's own, those whose pages may open a websocket."""
    contact_register: str | None = None
    """Where KRR is, down to its /rest; null where there is none."""
    attachments: Bucket | None = None
    """Where files lie; null for a folder in the data folder."""
    told_introspection: Introspection | None = None

    @property
    def introspection(self) -> Introspection:
        """Who may ask the schema about itself. With the development login, whose people are in no register, everybody
        unless told."""
        unless_told = Introspection.EVERYBODY if self.development_login else Introspection.EMPLOYEES
        return self.told_introspection or unless_told

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """Raises SettingsNotUsable."""
        documents, edge = read_limits(environment.get("INNSYN_LIMITS"))
        return cls(
            documents=documents,
            edge=edge,
            issuers=read_issuers(environment.get("INNSYN_ISSUERS")),
            development_login=environment.get("INNSYN_DEV_LOGIN") == "1",
            origins=read_origins(environment.get("INNSYN_ORIGINS")),
            contact_register=checked_url("INNSYN_CONTACT_REGISTER", environment.get("INNSYN_CONTACT_REGISTER")),
            attachments=read_bucket(environment.get("INNSYN_ATTACHMENTS")),
            told_introspection=read_introspection(environment.get("INNSYN_INTROSPECTION")),
        )


def read_introspection(told: str | None) -> Introspection | None:
    """INNSYN_INTROSPECTION is EMPLOYEES, EVERYBODY or NOBODY."""
    if not told:
        return None
    if told not in list(Introspection):
        raise SettingsNotUsable(
            f"INNSYN_INTROSPECTION cannot be {json.dumps(told)}: it is EMPLOYEES, EVERYBODY or NOBODY"
        )
    return Introspection(told)


def read_bucket(told: str | None) -> Bucket | None:
    """INNSYN_ATTACHMENTS is s3://name/prefix?endpoint=https://…&region=…."""
    try:
        return Bucket.parse(told) if told else None
    except BucketNotUsable as wrong:
        raise SettingsNotUsable(f"INNSYN_ATTACHMENTS: {wrong}") from None


def read_limits(told: str | None) -> tuple[Limits, EdgeLimits]:
    """INNSYN_LIMITS is a JSON object of names and numbers, of either kind of limit."""
    documents, edge = Limits(), EdgeLimits()
    if not told:
        return documents, edge
    try:
        wanted = json.loads(told)
    except ValueError:
        raise SettingsNotUsable("INNSYN_LIMITS is not JSON") from None
    if not isinstance(wanted, dict):
        raise SettingsNotUsable('INNSYN_LIMITS is not a JSON object, as {"page": 100} is')
    of_documents = {f.name for f in fields(Limits)}
    of_edge = {f.name for f in fields(EdgeLimits)}
    for name, value in wanted.items():
        if name not in of_documents | of_edge:
            raise SettingsNotUsable(f"INNSYN_LIMITS: there is no limit {name!r}")
        if name == "suggestions":
            right = isinstance(value, bool)
        else:
            right = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
        if not right or (isinstance(value, float) and not name.startswith("seconds")):
            raise SettingsNotUsable(f"INNSYN_LIMITS: {name} cannot be {json.dumps(value)}")
    return (
        replace(documents, **{name: value for name, value in wanted.items() if name in of_documents}),
        replace(edge, **{name: value for name, value in wanted.items() if name in of_edge}),
    )


def read_origins(told: str | None) -> tuple[str, ...]:
    """INNSYN_ORIGINS lists origins as browsers send them: https://app.example, with commas between."""
    origins = tuple(origin.strip() for origin in (told or "").split(",") if origin.strip())
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}":
            raise SettingsNotUsable(f"INNSYN_ORIGINS: {origin} is no origin, as https://app.example is")
    return origins


def read_issuers(told: str | None) -> tuple[Issuer, ...]:
    """INNSYN_ISSUERS names a JSON file: a list of objects with the fields of `Issuer`."""
    if not told:
        return ()
    try:
        entries = json.loads(Path(told).read_text("utf-8"))
        if not isinstance(entries, list):
            raise TypeError("not a list")
        issuers = tuple(read_issuer(entry) for entry in entries)
    except OSError as wrong:
        raise SettingsNotUsable(f"INNSYN_ISSUERS: {told} cannot be read: {wrong.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError) as wrong:
        raise SettingsNotUsable(f"INNSYN_ISSUERS: {told} is not a list of issuers: {wrong}") from None
    if len({issuer.issuer for issuer in issuers}) != len(issuers):
        raise SettingsNotUsable("INNSYN_ISSUERS names an issuer twice")
    if sum(issuer.kind == "feide" for issuer in issuers) > 1:
        # A roster's metadata.no.feideSub does not say whose subject it is.
        raise SettingsNotUsable("INNSYN_ISSUERS names more than one issuer of kind feide")
    return issuers


def read_issuer(entry: Any) -> Issuer:
    kind = entry["kind"]
    if kind not in {"idporten", "feide", "maskinporten"}:
        raise SettingsNotUsable(f"INNSYN_ISSUERS: there is no kind {kind!r}")
    audiences = entry["audiences"]
    if not isinstance(audiences, dict) or not audiences:
        raise SettingsNotUsable("INNSYN_ISSUERS: `audiences` maps an audience to an organisation number")
    acr = entry.get("acr", [])
    if kind == "idporten" and not acr:
        raise SettingsNotUsable("INNSYN_ISSUERS: an idporten issuer needs `acr`, the levels that are enough")
    scope = entry.get("scope")
    if kind == "maskinporten" and not scope:
        raise SettingsNotUsable("INNSYN_ISSUERS: a maskinporten issuer needs `scope`")
    jwks = checked_url("INNSYN_ISSUERS", entry["jwks"])
    return Issuer(kind, str(entry["issuer"]), str(jwks), dict(audiences), tuple(acr), scope)


def checked_url(name: str, url: str | None) -> str | None:
    """An https URL, or plain http on loopback."""
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return url.rstrip("/")
    raise SettingsNotUsable(f"{name}: {url} is not https")
