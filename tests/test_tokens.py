"""A token is taken only whole, in time, from an issuer that is trusted, and it alone says who asks."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hashlib
import hmac
import json
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from authz.viewer import Viewer
from server.settings import Issuer, Settings, SettingsNotUsable
from server.tokens import (
    ASYMMETRIC,
    KEPT_SECONDS,
    IssuerUnreachable,
    TokenRefused,
    Tokens,
    development_key,
    issue_development_token,
)
from tests.edge import MUNICIPALITY, NUMBER
from tests.key_server import KEYS, KeyServer, issued, running_key_server
from vault import Vault

NOW = int(time.time())


@pytest.fixture
def tokens(tmp_path: Path, vault: Vault) -> Tokens:
    return Tokens(vault, (), development_key(tmp_path).public_key())


async def taken(tokens: Tokens, token: str | bytes) -> Viewer | None:
    """The viewer, or null for a token that is refused."""
    try:
        return await tokens.viewer(token if isinstance(token, bytes) else token.encode())
    except TokenRefused:
        return None


def claims(**changed: Any) -> dict[str, Any]:
    whole = {
        "iss": "innsyn-dev",
        "aud": "innsyn",
        "sub": "somebody",
        "pid": NUMBER,
        "municipality": MUNICIPALITY,
        "login": "both",
        "iat": NOW,
        "exp": NOW + 3600,
    } | changed
    return {name: value for name, value in whole.items() if value is not ...}


def signed(folder: Path, **changed: Any) -> str:
    return jwt.encode(claims(**changed), development_key(folder), algorithm="ES256")


@pytest.mark.parametrize(
    ("login", "private", "employee"), [("private", True, False), ("employee", False, True), ("both", True, True)]
)
async def test_a_development_token_names_its_viewer(
    tmp_path: Path, vault: Vault, tokens: Tokens, login: Any, private: bool, employee: bool
) -> None:
    viewer = await taken(tokens, issue_development_token(tmp_path, NUMBER, MUNICIPALITY, login))
    assert viewer == Viewer(MUNICIPALITY, vault.keyed_hash(NUMBER, "national_id"), None, private, employee)


async def test_a_token_that_is_taken_once_is_taken_again_until_it_expires(tmp_path: Path, tokens: Tokens) -> None:
    token = issue_development_token(tmp_path, NUMBER, MUNICIPALITY, ttl=dt.timedelta(seconds=3))
    assert await taken(tokens, token) is await taken(tokens, token) is not None
    await asyncio.sleep(3.1)
    assert await taken(tokens, token) is None
    assert await taken(tokens, token) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": NOW - 1},
        {"exp": ...},
        {"exp": "soon"},
        {"exp": None},
        {"exp": 1e400},
        {"iat": NOW + 3600},
        {"iat": ...},
        {"iat": "now"},
        {"nbf": NOW + 3600},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": ...},
        {"iss": "https://idporten.no"},
        {"iss": ...},
        {"iss": ["innsyn-dev"]},
        {"sub": ...},
        {"pid": ...},
        {"pid": 1817512345},
        {"pid": "0181751234"},
        {"pid": "\u0661" * 11},
        {"pid": [NUMBER]},
        {"municipality": ...},
        {"municipality": None},
        {"municipality": "x' or true"},
        {"login": ...},
        {"login": "root"},
        {"login": ["both"]},
    ],
    ids="-".join,
)
async def test_a_token_that_lacks_or_falsifies_a_claim_is_refused(
    tmp_path: Path, tokens: Tokens, changed: dict[str, Any]
) -> None:
    assert await taken(tokens, signed(tmp_path)) is not None
    if changed.get("exp") == 1e400:
        header = base64.urlsafe_b64encode(b'{"alg":"ES256","typ":"JWT"}').rstrip(b"=").decode()
        body = json.dumps(claims()).replace(str(NOW + 3600), "1e400")
        payload = base64.urlsafe_b64encode(body.encode()).rstrip(b"=").decode()
        signature = jwt.get_algorithm_by_name("ES256").sign(f"{header}.{payload}".encode(), development_key(tmp_path))
        token = f"{header}.{payload}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
    else:
        token = unchecked(tmp_path, changed)
    assert await taken(tokens, token) is None


def unchecked(folder: Path, changed: dict[str, Any]) -> str:
    """A token signed over any claims, where PyJWT would not encode some."""
    return jwt.PyJWS().encode(json.dumps(claims(**changed)).encode(), development_key(folder), algorithm="ES256")


async def test_a_token_that_nobody_signed_is_refused(tmp_path: Path, tokens: Tokens) -> None:
    for name in ("none", "None", "NONE"):
        header = base64.urlsafe_b64encode(json.dumps({"alg": name, "typ": "JWT"}).encode()).rstrip(b"=").decode()
        payload = base64.urlsafe_b64encode(json.dumps(claims()).encode()).rstrip(b"=").decode()
        assert await taken(tokens, f"{header}.{payload}.") is None
        assert await taken(tokens, f"{header}.{payload}") is None


async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(tmp_path: Path, tokens: Tokens) -> None:
    public = development_key(tmp_path).public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=").decode()
    payload = base64.urlsafe_b64encode(json.dumps(claims()).encode()).rstrip(b"=").decode()
    mac = hmac.digest(public, f"{header}.{payload}".encode(), hashlib.sha256)
    assert await taken(tokens, f"{header}.{payload}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}") is None


def test_no_algorithm_without_a_public_key_is_ever_taken() -> None:
    assert not [name for name in ASYMMETRIC if name.lower() == "none" or name.startswith("HS")]


async def test_a_token_of_another_key_or_with_a_changed_letter_is_refused(tmp_path: Path, tokens: Tokens) -> None:
    other = jwt.encode(claims(), ec.generate_private_key(ec.SECP256R1()), algorithm="ES256")
    assert await taken(tokens, other) is None
    embedded = jwt.encode(
        claims(),
        key := ec.generate_private_key(ec.SECP256R1()),
        algorithm="ES256",
        headers={"jwk": json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))},
    )
    assert await taken(tokens, embedded) is None
    token = signed(tmp_path)
    header, payload, signature = token.split(".")
    for place in (0, 10, len(payload) - 2):
        changed = payload[:place] + ("A" if payload[place] != "A" else "B") + payload[place + 1 :]
        assert await taken(tokens, f"{header}.{changed}.{signature}") is None
    assert await taken(tokens, f"{header}.{payload}.{signature[::-1]}") is None


@pytest.mark.parametrize(
    "token",
    [
        b"",
        b"a",
        b"a.b",
        b"a.b.c",
        b"a.b.c.d",
        b"...",
        b"\xff.\xff.\xff",
        b"e30.e30.e30",
        b"W10.W10.",
        b"bnVsbA.bnVsbA.",
    ],
)
async def test_what_is_no_token_is_refused(tokens: Tokens, token: bytes) -> None:
    assert await taken(tokens, token) is None


async def test_a_development_token_is_refused_where_the_login_is_off(tmp_path: Path, vault: Vault) -> None:
    assert await taken(Tokens(vault, (), None), signed(tmp_path)) is None


async def test_refused_tokens_and_taken_ones_are_remembered_within_a_bound(
    tmp_path: Path, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.tokens.KEPT", 3)
    for i in range(6):
        assert await taken(tokens, signed(tmp_path, sub=str(i))) is not None
        assert await taken(tokens, b"nothing") is None
    assert len(tokens._kept) == 3


def test_the_development_key_is_its_owners_alone_and_lasts(tmp_path: Path) -> None:
    first = development_key(tmp_path).private_numbers()
    assert development_key(tmp_path).private_numbers() == first
    assert stat.S_IMODE((tmp_path / "dev-issuer.pem").stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["dev-issuer.pem"]


@pytest.mark.parametrize("ttl", [dt.timedelta(0), dt.timedelta(days=31), dt.timedelta(seconds=-5)])
def test_a_development_token_lives_neither_no_time_nor_for_ever(tmp_path: Path, ttl: dt.timedelta) -> None:
    with pytest.raises(ValueError, match="between"):
        issue_development_token(tmp_path, NUMBER, MUNICIPALITY, ttl=ttl)


# --- issuers of the real world, on loopback ----------------------------------------------------------------------


@pytest.fixture
def key_server() -> Iterator[KeyServer]:
    with running_key_server() as server:
        yield server


AUDIENCES = {"https://innsyn.example/one": "999999991", "https://innsyn.example/two": "999999992"}


def issuers(server: KeyServer) -> tuple[Issuer, ...]:
    return (
        Issuer("idporten", "https://idporten.example", server.url, AUDIENCES, acr=("idporten-loa-high",)),
        Issuer("feide", "https://feide.example", server.url, AUDIENCES, acr=("mfa",)),
        Issuer("maskinporten", "https://maskinporten.example/", server.url, AUDIENCES, scope="innsyn:read"),
    )


def real(issuer: str, *, kid: str = "one", algorithm: str = "RS256", **told: Any) -> str:
    whole = {"iss": issuer, "aud": "https://innsyn.example/one", "iat": NOW, "exp": NOW + 3600} | told
    body = {name: value for name, value in whole.items() if value is not ...}
    return issued(body, kid=kid, algorithm=algorithm)


def idporten(**told: Any) -> str:
    return real("https://idporten.example", **{"pid": NUMBER, "acr": "idporten-loa-high", "sub": "x"} | told)


def feide(**told: Any) -> str:
    return real("https://feide.example", **{"sub": "3c1b", "acr": "mfa"} | told)


def maskinporten(**told: Any) -> str:
    consumer = {"authority": "iso6523-actorid-upis", "ID": "0192:991825827"}
    return real("https://maskinporten.example/", **{"consumer": consumer, "scope": "other:x innsyn:read"} | told)


async def test_each_issuer_says_how_its_people_signed_in(vault: Vault, key_server: KeyServer) -> None:
    tokens = Tokens(vault, issuers(key_server), None)
    guardian = await taken(tokens, idporten())
    assert guardian == Viewer("999999991", vault.keyed_hash(NUMBER, "national_id"), None, private=True, employee=False)
    teacher = await taken(tokens, feide(aud="https://innsyn.example/two"))
    assert teacher == Viewer("999999992", None, ("feide", "3c1b"), private=False, employee=True)
    machine = await taken(tokens, maskinporten())
    assert machine == Viewer("999999991", None, ("maskinporten", "0192:991825827"), private=False, employee=False)


@pytest.mark.parametrize(
    "token",
    [
        idporten(acr="idporten-loa-substantial"),
        idporten(acr=...),
        idporten(pid=...),
        idporten(aud="https://another.example"),
        idporten(aud=list(AUDIENCES)),
        idporten(aud=[]),
        idporten(exp=NOW - 1),
        idporten(exp=...),
        idporten(iat=NOW + 7200, exp=NOW + 9000),
        idporten(kid="two"),
        idporten(iss="https://feide.example"),
        idporten(iss="https://idporten.example/"),
        feide(sub=...),
        feide(sub=""),
        feide(acr="pwd"),
        feide(iss="https://idporten.example"),
        maskinporten(scope="other:x"),
        maskinporten(scope=...),
        maskinporten(scope="innsyn:reader"),
        maskinporten(consumer=...),
        maskinporten(consumer="0192:991825827"),
        maskinporten(consumer={"ID": 5}),
    ],
)
async def test_a_token_that_breaks_its_issuers_policy_is_refused(
    vault: Vault, key_server: KeyServer, token: str
) -> None:
    assert await taken(Tokens(vault, issuers(key_server), None), token) is None


async def test_a_token_of_a_key_that_another_issuer_names_by_url_is_refused(
    vault: Vault, key_server: KeyServer
) -> None:
    forged = jwt.encode(
        jwt.decode(idporten(), options={"verify_signature": False}),
        KEYS["two"],
        algorithm="RS256",
        headers={"kid": "one", "jku": key_server.url},
    )
    assert await taken(Tokens(vault, issuers(key_server), None), forged) is None


async def test_a_new_key_of_an_issuer_is_fetched_but_not_for_every_unknown_one(
    vault: Vault, key_server: KeyServer
) -> None:
    tokens = Tokens(vault, issuers(key_server)[:1], None)
    assert await taken(tokens, idporten()) is not None
    for i in range(5):
        assert await taken(tokens, idporten(kid="two", sub=str(i))) is None
    assert key_server.asked == 1
    key_server.kids.append("two")
    tokens._keys["https://idporten.example"].cooldown_duration = 0
    assert await taken(tokens, idporten(kid="two")) is not None
    assert key_server.asked == 2


async def test_a_token_is_verified_anew_after_a_while(
    vault: Vault, key_server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = Tokens(vault, issuers(key_server)[:1], None)
    token = idporten()
    first = await taken(tokens, token)
    assert await taken(tokens, token) is first
    later = time.time() + KEPT_SECONDS
    monkeypatch.setattr("server.tokens.time", SimpleNamespace(time=lambda: later))
    again = await taken(tokens, token)
    assert again == first
    assert again is not first


async def test_an_issuer_that_cannot_be_reached_is_no_reason_to_refuse(vault: Vault) -> None:
    lost = Issuer("idporten", "https://idporten.example", "http://127.0.0.1:9/jwk", AUDIENCES, ("idporten-loa-high",))
    with pytest.raises(IssuerUnreachable):
        await Tokens(vault, (lost,), None).viewer(idporten().encode())


# --- settings ----------------------------------------------------------------------------------------------------


def issuer_file(folder: Path, entries: Any) -> dict[str, str]:
    (folder / "issuers.json").write_text(json.dumps(entries))
    return {"INNSYN_ISSUERS": str(folder / "issuers.json")}


ENTRY = {
    "kind": "idporten",
    "issuer": "https://idporten.example",
    "jwks": "https://idporten.example/jwks.json",
    "audiences": AUDIENCES,
    "acr": ["idporten-loa-high"],
}


def test_issuers_are_read_from_a_file(tmp_path: Path) -> None:
    (issuer,) = Settings.read(issuer_file(tmp_path, [ENTRY])).issuers
    assert issuer.acr == ("idporten-loa-high",)
    assert issuer.audiences == AUDIENCES


@pytest.mark.parametrize(
    "entries",
    [
        {},
        [1],
        [{**ENTRY, "kind": "other"}],
        [{**ENTRY, "acr": []}],
        [{**ENTRY, "audiences": {}}],
        [{**ENTRY, "jwks": "http://idporten.example/jwks.json"}],
        [{**ENTRY, "jwks": "file:///etc/passwd"}],
        [{**ENTRY, "kind": "maskinporten"}],
        [ENTRY, ENTRY],
        [{**ENTRY, "kind": "feide"}, {**ENTRY, "kind": "feide", "issuer": "https://feide.example"}],
        [{"kind": "idporten"}],
    ],
)
def test_issuers_that_are_not_whole_are_refused_at_start(tmp_path: Path, entries: Any) -> None:
    with pytest.raises(SettingsNotUsable):
        Settings.read(issuer_file(tmp_path, entries))


@pytest.mark.parametrize(
    "told", ['{"page": 0}', '{"page": "9"}', '{"pages": 9}', "[]", "x", '{"page": true}', '{"page": 1.5}']
)
def test_a_limit_that_is_none_is_refused_at_start(told: str) -> None:
    with pytest.raises(SettingsNotUsable):
        Settings.read({"INNSYN_LIMITS": told})


def test_limits_and_the_development_login_are_read_from_the_environment() -> None:
    settings = Settings.read({"INNSYN_LIMITS": '{"page": 9, "seconds": 0.5}', "INNSYN_DEV_LOGIN": "1"})
    assert (settings.documents.page, settings.edge.seconds, settings.development_login) == (9, 0.5, True)
    assert not Settings.read({"INNSYN_DEV_LOGIN": "yes"}).development_login
    with pytest.raises(SettingsNotUsable):
        Settings.read({"INNSYN_CONTACT_REGISTER": "http://kontaktregisteret.example"})
